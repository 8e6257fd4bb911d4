"""Who is taken for nobody else: we in Tribe, and either of two contacts that a relation names."""

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase
from .test_evidence import AGAINST_VAT, BAKKER, VISSER, EvidenceCase


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


class TestSettled(EvidenceCase):
    """What was being sent when the answer was lost is judged like any other pair."""

    fault = "reset"

    def lose(self, partner):
        self.sandbox.fault(self.fault, method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.synchronize(partner)
        return self.env["tribe.link"].search(
            [("partner_id", "=", partner.id), ("kind", "=", "organization")]
        )

    def settle(self):
        self.env["tribe.work"].search([("kind", "=", "partner")]).write({"due": "2020-01-01"})
        self.run_lanes()

    def assertNotBecome(self, partner, row, basis):
        self.assertAskedAbout(partner, row, basis, AGAINST_VAT, sentence("against_contact_details"))
        self.assertEqual((partner.name, partner.vat), ("Bakker Bouw B.V.", BAKKER["vat"]))
        self.suggestions().action_link()
        self.run_lanes()
        self.assertEqual(partner.tribe_id, row["ID"])

    def test_a_forged_import_id(self):
        partner = self.bakker()
        self.lose(partner)
        row = self.organization(**VISSER, ImportId=self.import_id(partner))
        self.settle()
        self.assertNotBecome(partner, row, "import_id")

    def test_what_did_arrive_is_linked(self):
        partner = self.bakker()
        self.fault = "lose_answer"
        self.lose(partner)
        self.settle()
        self.assertTrue(partner.tribe_id)
        self.assertFalse(self.problems())


class TestSettledByNumber(TestSettled):
    """The same, in a Tribe without ``ImportId``."""

    sandbox_options = {**RelationCase.sandbox_options, "switches": {"import_id": False}}

    def test_a_forged_import_id(self):
        """There is none; but somebody else was given the number since."""
        partner = self.bakker()
        number = self.lose(partner).agreed["debtor_number"]
        row = self.organization(DebtorNumber=number, **VISSER)
        self.settle()
        self.assertNotBecome(partner, row, "debtor_number")

    def test_a_number_that_was_typed_since(self):
        partner = self.bakker()
        row = self.organization(DebtorNumber="7001", **VISSER)
        self.lose(partner)
        partner.debtor_number = "7001"
        self.settle()
        self.assertNotBecome(partner, row, "debtor_number")
