"""Who nobody is taken for: ourselves in Tribe, and the other contact of two that one relation names."""

from .common import ORGANIZATION_CUSTOMER
from .test_evidence import EvidenceCase


class TestOwnOrganizations(EvidenceCase):
    """Our own organization in Tribe and its legal entities are none of Odoo's contacts."""

    def own(self, **fields):
        """``{Tribe ID: row}`` of our own organization and a legal entity, with some values."""
        entity = self.connection.legal_entity_ids[:1]
        other = self.sandbox.create("Relation_Organization", {"Name": "Dochter B.V."})
        entity.organization_id = other["ID"]
        for tribe_id in (self.own_id, other["ID"]):
            self.sandbox.change("Relation_Organization", tribe_id, fields)
        return {
            each: self.tribe_row("Relation_Organization", each)
            for each in (self.own_id, other["ID"])
        }

    def assertUntouched(self, own):
        for tribe_id, row in own.items():
            self.assertEqual(self.tribe_row("Relation_Organization", tribe_id), row)

    def assertOfItsOwn(self, partner, own):
        self.assertTrue(partner.tribe_id, self.problems())
        self.assertNotIn(partner.tribe_id, own)
        self.assertUntouched(own)

    def test_by_a_number(self):
        own = self.own(DebtorNumber="1001", VATNumber="NL001234567B01")
        partner = self.customer("Andere B.V.", debtor_number="1001")

        self.synchronize(partner)

        self.assertOfItsOwn(partner, own)
        self.assertEqual((partner.name, partner.vat), ("Andere B.V.", False))
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "1001")

    def test_by_an_import_id(self):
        partner = self.customer("Andere B.V.")
        own = self.own(ImportId=self.import_id(partner), EmailAddress="info@wij.example")

        self.synchronize(partner)

        self.assertOfItsOwn(partner, own)
        self.assertFalse(partner.email)

    def test_what_they_share_suggests_nothing(self):
        own = self.own(EmailAddress="info@wij.example")
        partner = self.customer("Andere B.V.", email="info@wij.example")

        self.synchronize(partner)

        self.assertFalse(self.suggestions())
        self.assertOfItsOwn(partner, own)

    def test_a_lost_answer_is_not_found_there(self):
        partner = self.customer("Andere B.V.")
        self.sandbox.fault("reset", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.synchronize(partner)
        own = self.own(ImportId=self.import_id(partner))
        self.env["tribe.link"].search([("sent_at", "!=", False)]).sent_at = "2020-01-01"
        self.env["tribe.work"].search([]).write({"due": "2020-01-01"})
        self.run_lanes()

        self.assertOfItsOwn(partner, own)

    def test_what_was_suggested_before_cannot_be_linked(self):
        own = self.own()
        partner = self.customer("Andere B.V.")
        for tribe_id in own:
            suggestion = self.env["tribe.suggestion"].create(
                {
                    "connection_id": self.connection.id,
                    "partner_id": partner.id,
                    "kind": "organization",
                    "tribe_id": tribe_id,
                    "tribe_name": "Wij",
                    "basis": "email",
                }
            )
            with self.assert_refused("linking_of_own_organization", relation="Wij"):
                suggestion.action_link()

    def test_a_legal_entity_that_is_a_customer_is_a_contact_of_its_own(self):
        own = self.own(EmailAddress="info@wij.example")
        (entity_id,) = own.keys() - {self.own_id}
        for each in own:
            self.relate(ORGANIZATION_CUSTOMER, Organization=each)
        partner = self.linked("Andere B.V.", email="info@wij.example")
        alike = self.customer("Nog een B.V.", email="info@wij.example", customer_rank=0)

        self.look_at("organization", *own)

        self.assertFalse(self.problems())
        self.assertFalse(self.suggestions())
        contact = self.link(entity_id).partner_id
        self.assertEqual(contact.name, "Dochter B.V.")
        self.assertNotIn(contact, partner | alike)
        self.assertFalse(self.link(self.own_id))

    def test_a_legal_entity_with_the_number_of_a_contact(self):
        self.connection.number_source = "sequence"
        own = self.own(DebtorNumber="1001")
        (entity_id,) = own.keys() - {self.own_id}
        self.relate(ORGANIZATION_CUSTOMER, Organization=entity_id)
        partner = self.customer("Andere B.V.", debtor_number="1001")

        self.look_at("organization", entity_id)

        self.assertNotEqual(partner.tribe_id, entity_id)
        self.assertEqual(self.link(entity_id).partner_id.name, "Dochter B.V.")
        self.assertEqual(self.tribe_row("Relation_Organization", entity_id)["Name"], "Dochter B.V.")

    def test_the_plan_says_so(self):
        own = self.own(DebtorNumber="1001")
        partner = self.customer("Andere B.V.", debtor_number="1001")

        action = self.connection.action_plan()
        self.run_lanes()

        lines = self.env["tribe.plan"].browse(action["res_id"]).line_ids
        line = lines.filtered(lambda each: each.partner_id == partner)
        self.assertEqual(line.action, "create_tribe")
        self.assertUntouched(own)
