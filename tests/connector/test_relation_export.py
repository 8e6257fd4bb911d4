from odoo.fields import Command

from odoo.addons.tribe_connector.sentence import Choice, sentence

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import RelationCase


class TestRelationExport(RelationCase):
    """Odoo to Tribe: what was saved in Odoo, on an active connection."""

    def waiting(self, partner):
        """The work that waits for a partner."""
        return self.env["tribe.work"].search(
            [("kind", "=", "partner"), ("reference", "=", str(partner.id))]
        )

    def test_a_mere_country_stays(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)

        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

        self.assertEqual(partner.country_id.code, "NL")
        self.assertFalse(self.problems())

    # When

    def test_a_change_goes_at_night_and_not_before(self):
        partner = self.linked()

        partner.phone = "030 1"
        self.run_lanes()
        self.assertFalse(self.tribe_of(partner)["PhoneNumber"])

        self.run_nightly()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")
        self.assertFalse(self.waiting(partner))

    def test_a_change_goes_at_once_by_setting(self):
        partner = self.linked()
        partner.phone = "030 1"

        self.connection.export_moment = "minute"
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")

        partner.email = "nieuw@klant.example"
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "nieuw@klant.example")

    def test_a_customer_of_a_first_invoice_goes_at_night(self):
        partner = self.customer(customer_rank=0)
        self.run_nightly()
        self.assertFalse(partner.tribe_id)

        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [Command.create({"name": "Werk", "price_unit": 100.0})],
            }
        ).action_post()
        self.run_nightly()

        self.assertEqual(self.tribe_of(partner)["Name"], "Klant B.V.")

    def test_nothing_changed_is_no_call(self):
        partners = self.linked("Een", supplier_rank=1) | self.linked("Jan Smit", is_company=False)
        partners.write({"comment": "Niet voor Tribe"})
        for partner in partners:
            partner.name = partner.name
        self.sandbox.reset_calls()

        self.run_nightly()

        self.assertEqual(self.sandbox.calls()["total"], 0)

    def test_one_change_of_many_is_one_write(self):
        partners = self.env["res.partner"]
        for name in ("Een", "Twee", "Drie"):
            partners |= self.linked(name)
        partners[0].phone = "030 1"
        partners[1].name = partners[1].name

        self.assertEqual(self.written(self.run_nightly), 1)

    # What a save notes

    def test_a_save_notes_a_partner_once_per_transaction(self):
        partner = self.linked()
        self.waiting(partner).unlink()

        partner.phone = "030 1"
        partner.email = "nieuw@klant.example"
        self.customer("Contact", parent_id=partner.id, customer_rank=0).city = "Utrecht"

        self.assertEqual(self.waiting(partner).mapped("reason"), ["save"])

    def test_a_save_that_is_rolled_back_notes_nothing(self):
        partner = self.linked()
        self.waiting(partner).unlink()

        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            partner.phone = "030 1"
            self.env.flush_all()
            self.assertTrue(self.waiting(partner))
            raise ZeroDivisionError

        self.assertFalse(self.waiting(partner))

    def test_who_is_no_customer_is_not_noted(self):
        partner = self.customer(customer_rank=0)
        partner.phone = "030 1"

        self.assertFalse(self.waiting(partner))

    # What goes

    def test_all_fields_of_an_organization(self):
        partner = self.linked()
        partner.write(
            {
                "name": "Nieuw B.V.",
                "email": "nieuw@klant.example",
                "phone": "030 1",
                "website": "https://klant.example",
                "vat": "NL123456782B90",
                "debtor_number": "D-77",
            }
        )
        self.run_nightly()

        row = self.tribe_of(partner)
        self.assertEqual(row["Name"], "Nieuw B.V.")
        self.assertEqual(row["EmailAddress"], "nieuw@klant.example")
        self.assertEqual(row["PhoneNumber"], "030 1")
        self.assertEqual(row["Website"], "https://klant.example")
        self.assertIn("123456782B90", row["VATNumber"])
        self.assertEqual(row["DebtorNumber"], "D-77")

        partner.write({"phone": False, "website": False, "vat": False})
        self.run_nightly()
        row = self.tribe_of(partner)
        self.assertFalse(row["PhoneNumber"] or row["Website"] or row["VATNumber"])

    def test_all_fields_of_a_person(self):
        partner = self.linked("Jan Smit", is_company=False)
        partner.write({"name": "Jan de Wit", "tribe_mobile": "06 1", "street": "Weg 1"})
        self.run_nightly()

        row = self.tribe_of(partner)
        self.assertEqual((row["MiddleName"], row["LastName"]), ("de", "Wit"))
        self.assertEqual(row["MobilePhoneNumber"], "06 1")
        self.assertEqual(self.address_of(partner)["HouseNumber"], 1)

        partner.street = "Weg 2"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 2)
        self.assertEqual(len(self.sandbox.rows("Address", Person=partner.tribe_id)), 1)

    def test_an_address_of_another_country_is_split_its_way(self):
        partner = self.linked(street="12 Nieuweweg", country_id=self.env.ref("base.nl").id)
        self.assertEqual(self.address_of(partner)["Street"], "12 Nieuweweg")

        partner.country_id = self.env.ref("base.de")
        partner.street = "Hauptstraße 12"
        self.run_nightly()

        row = self.address_of(partner)
        self.assertEqual((row["Street"], row["HouseNumber"]), ("Hauptstraße", 12))

    def test_a_country_that_tribe_lacks_is_a_problem(self):
        partner = self.linked()
        partner.country_id = self.env.ref("base.aq")

        self.run_nightly()

        self.assertAsked("country_not_in_tribe", code="AQ")

    def test_the_invoice_address_goes(self):
        partner = self.linked(street="Bezoekweg 1")
        child = self.customer(
            "Crediteuren", type="invoice", parent_id=partner.id, customer_rank=0, street="Weg 5"
        )
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 5)

        child.street = "Weg 6"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 6)

        child.unlink()
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["Street"], "Bezoekweg")

    def from_tribe(self, **fields):
        """A partner that came from an organization of Tribe."""
        row = self.organization(**fields)
        self.look_at("organization", row["ID"])
        self.run_nightly()
        return self.link(row["ID"]).partner_id

    def test_an_emptied_address_is_not_taken_back_from_the_visiting_address(self):
        for kept in ({}, {"Country": {"ID": self.connection.country_ids["NL"]}}):
            with self.subTest(kept):
                visiting = {"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht", **kept}
                partner = self.from_tribe(VisitingAddress=visiting)
                partner.write({"street": False, "city": False})
                self.run_nightly()
                self.look_at("organization", partner.tribe_id)

                self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)
                self.assertFalse(partner.street or partner.city)
                row = self.tribe_row("Address", self.tribe_of(partner)["VisitingAddress"])
                self.assertEqual((row["Street"], row["City"]), ("Bezoekweg", "Utrecht"))

                partner.street = "Postbus 99"
                self.run_nightly()
                self.assertEqual(self.address_of(partner)["Street"], "Postbus")

    def test_both_sides_change_a_part_of_the_visiting_address(self):
        visiting = {"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht"}
        partner = self.from_tribe(VisitingAddress=visiting)
        address = self.tribe_of(partner)["VisitingAddress"]

        partner.street = "Nieuweweg 2"
        self.sandbox.change("Address", address, {"City": "Zeist"})
        self.synchronize(partner)
        self.look_at("organization", partner.tribe_id)

        self.assertEqual((partner.street, partner.city), ("Nieuweweg 2", "Zeist"))
        row = self.address_of(partner)
        self.assertEqual((row["Street"], row["HouseNumber"]), ("Nieuweweg", 2))
        self.assertEqual(row["City"], "Zeist")

    def test_a_country_of_odoo_keeps_the_street_of_tribe(self):
        partner = self.linked(street="Oudeweg 1", country_id=self.env.ref("base.nl").id)
        address = self.address_of(partner)["ID"]

        partner.country_id = self.env.ref("base.de")
        self.sandbox.change("Address", address, {"Street": "Nieuweweg"})
        self.synchronize(partner)
        self.look_at("organization", partner.tribe_id)

        self.assertEqual((partner.street, partner.country_id.code), ("Nieuweweg 1", "DE"))
        self.assertEqual(self.address_of(partner)["Street"], "Nieuweweg")

    def test_a_country_of_tribe_keeps_the_street_of_odoo(self):
        partner = self.linked(street="Oudeweg 1", country_id=self.env.ref("base.nl").id)
        address = self.address_of(partner)["ID"]

        partner.street = "Nieuweweg 1"
        country = {"ID": self.connection.country_ids["FR"]}
        self.sandbox.change("Address", address, {"Country": country})
        self.synchronize(partner)
        self.look_at("organization", partner.tribe_id)

        self.assertEqual((partner.street, partner.country_id.code), ("Nieuweweg 1", "FR"))

    def test_who_becomes_a_supplier_gets_the_relationship(self):
        partner = self.linked()
        partner.supplier_rank = 1

        self.run_nightly()

        self.assertEqual(set(self.relationships(partner)), {ORGANIZATION_CUSTOMER, SUPPLIER})
        self.assertEqual(self.tribe_of(partner)["CreditorNumber"], partner.creditor_number)
        self.assertTrue(partner.creditor_number)

    def test_a_company_that_became_a_person_is_a_problem(self):
        partner = self.linked()
        partner.is_company = False

        self.run_nightly()

        self.assertAsked(
            "contact_changed_kind",
            partner="Klant B.V.",
            kind=Choice("tribe.link", "kind", "organization"),
        )

    # Former

    def test_archive_ends_and_unarchive_reopens_each_relationship(self):
        partner = self.linked(supplier_rank=1)
        partner.action_archive()
        self.run_nightly()
        for row in self.relationships(partner).values():
            self.assertTrue(row["IsFormer"])
            self.assertTrue(row["FormerDate"])

        partner.action_unarchive()
        self.run_nightly()
        for row in self.relationships(partner).values():
            self.assertFalse(row["IsFormer"])

    def test_unarchive_reopens_only_what_we_ended(self):
        partner = self.linked(supplier_rank=1)
        supplier = self.relationships(partner)[SUPPLIER]
        self.sandbox.change(SUPPLIER, supplier["ID"], {"IsFormer": True})
        self.look_at("supplier", supplier["ID"])

        partner.action_archive()
        self.run_nightly()
        partner.action_unarchive()
        self.run_nightly()

        rows = self.relationships(partner)
        self.assertFalse(rows[ORGANIZATION_CUSTOMER]["IsFormer"])
        self.assertTrue(rows[SUPPLIER]["IsFormer"])

    def test_what_tribe_ended_once_more_stays_ended(self):
        partner = self.linked()
        customer_id = self.relationships(partner)[ORGANIZATION_CUSTOMER]["ID"]
        partner.action_archive()
        self.run_nightly()
        # Somebody in Tribe reopens it and ends it again.
        for is_former in (False, True):
            self.sandbox.change(ORGANIZATION_CUSTOMER, customer_id, {"IsFormer": is_former})
            self.look_at("customer", customer_id)

        partner.action_unarchive()
        self.run_nightly()

        self.assertTrue(self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"])

    # Both sides

    def both_change(self, partner):
        """Both sides change the name and, each, another field."""
        partner.write({"name": "Van Odoo", "phone": "030 1"})
        self.sandbox.change(
            "Relation_Organization",
            partner.tribe_id,
            {"Name": "Van Tribe", "EmailAddress": "tribe@klant.example"},
        )
        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

    def assertMerged(self, partner, name):
        row = self.tribe_of(partner)
        self.assertEqual(
            (partner.name, partner.phone, partner.email), (name, "030 1", row["EmailAddress"])
        )
        self.assertEqual((row["Name"], row["PhoneNumber"]), (name, "030 1"))
        self.assertEqual(row["EmailAddress"], "tribe@klant.example")
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_both_sides_changed_and_odoo_wins(self):
        partner = self.linked()
        self.connection.conflict_policy = "odoo"

        self.both_change(partner)

        self.assertMerged(partner, "Van Odoo")

    def test_both_sides_changed_and_tribe_wins(self):
        partner = self.linked()
        self.connection.conflict_policy = "tribe"

        self.both_change(partner)

        self.assertMerged(partner, "Van Tribe")

    def test_both_sides_changed_and_a_person_is_asked(self):
        partner = self.linked()
        self.connection.conflict_policy = "ask"

        self.both_change(partner)
        self.assertTrue(self.problems())
        for work in self.problematic():
            self.assert_only_told(
                work,
                "both_sides_changed",
                relation="Van Odoo",
                fields=[sentence("field_name")],
            )
        self.assertEqual(self.tribe_of(partner)["Name"], "Van Tribe")
        self.assertEqual(partner.name, "Van Odoo")

        partner.name = "Van Tribe"
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertMerged(partner, "Van Tribe")
