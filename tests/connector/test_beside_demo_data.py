"""A real connection beside that of the demo data, whose made-up customers are nobody's."""

from .relation_case import RelationCase
from .test_two_tenants import TenantsCase


class ExampleMixin:
    """Demo data: a connection without a Tribe, with a customer that it says to be linked."""

    def setUp(self):
        super().setUp()
        self.example = self.connection.copy({"name": "Voorbeeld"})
        self.example.write({"is_demo_data": True, "state": "active"})
        self.made_up = self.customer("Bakker Software B.V.", debtor_number="10001", city="Zeist")
        for kind, tribe_id in ("organization", "made-up"), ("customer", "made-up customer"):
            self.env["tribe.link"].create(
                {
                    "connection_id": self.example.id,
                    "kind": kind,
                    "tribe_id": tribe_id,
                    "partner_id": self.made_up.id,
                }
            )


class TestBesideDemoData(ExampleMixin, RelationCase):
    def test_a_made_up_customer_never_goes_to_a_real_tribe(self):
        self.run_nightly()
        self.made_up.phone = "030 1234567"
        self.synchronize(self.made_up)
        self.run_nightly()
        self.assertFalse(self.named(self.made_up.name))
        self.assertEqual(self.made_up.tribe_link_ids.connection_id, self.example)
        self.assertFalse(self.problems())

    def test_a_relation_with_its_number_is_another_customer(self):
        for values in {"Name": "Zuid Bouw B.V."}, {"Name": self.made_up.name}:
            with self.subTest(values):
                row = self.organization(DebtorNumber="10001", **values)
                self.look_at("organization", row["ID"])
                partner = self.link(row["ID"]).partner_id
                self.assertTrue(partner, self.problems())
                self.assertNotEqual(partner, self.made_up)
                self.assertEqual(partner.debtor_number, "10001")
                self.assertFalse(self.env["tribe.suggestion"].search([]))
                self.assertFalse(self.problems())
                self.sandbox.delete("Relation_Organization", row["ID"])
                partner.unlink()

    def test_activating_again_matches_none(self):
        self.connection.action_deactivate()
        self.run_lanes()
        row = self.organization(Name="Zuid Bouw B.V.", DebtorNumber="10001")
        self.press_activate()
        self.run_lanes()
        self.assertNotEqual(self.link(row["ID"]).partner_id, self.made_up)
        self.assertFalse(self.named(self.made_up.name))
        self.assertFalse(self.problems())

    def test_a_contact_of_the_real_one_is_numbered_as_ever(self):
        """Its number is free in the real Tribe, whose customers are another tenant's."""
        partner = self.linked("Zuid Bouw B.V.", debtor_number="10001")
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "10001")
        self.assertFalse(self.problems())


class TestTwoTenantsBesideDemoData(ExampleMixin, TenantsCase):
    def test_nobody_is_asked_whose_made_up_customers_are(self):
        for connection in self.a, self.b:
            self.assertFalse(connection._unplaced(self.env["res.company"].search([]), 10))
            self.assertFalse(connection.has_unplaced)
