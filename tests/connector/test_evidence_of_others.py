"""Who is taken for nobody else: we in Tribe, and either of two contacts that a relation names."""

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import RelationCase
from .test_evidence import AGAINST_VAT, BAKKER, VISSER, EvidenceCase

ANOTHER = sentence("against_another")
NOBODY = sentence("against_nobody")


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


class TestOneRelationOfTwoContacts(EvidenceCase):
    """A relation that has the ImportId of one contact, and the number of another, is a question."""

    def two(self, **values):
        alfa = self.customer("Alfa B.V.", zip="3511 AA", debtor_number="7001")
        visser = self.customer("Visser Transport B.V.", debtor_number="7002", **values)
        row = self.organization(
            **VISSER, DebtorNumber="7002", ImportId=self.import_id(alfa)
        )  # fmt: skip
        self.env["tribe.work"].search([]).unlink()
        return alfa, visser, row

    def looks(self, alfa, visser, row):
        """Whoever is looked at first."""

        def send(partners):
            for partner in partners:
                self.env["tribe.work"]._add(
                    self.connection, "outbound", "partner", partner.ids, "person"
                )
            self.run_lanes()

        return {
            "relation": lambda: self.look_at("organization", row["ID"]),
            "number": lambda: send([visser]),
            "import_id": lambda: send([alfa]),
            "number, import_id": lambda: send([visser, alfa]),
            "import_id, number": lambda: send([alfa, visser]),
        }

    def assertBothAsked(self, alfa, visser, row):
        self.assertEqual(
            {(each.partner_id, each.basis, each.tribe_id) for each in self.suggestions()},
            {(alfa, "import_id", row["ID"]), (visser, "debtor_number", row["ID"])},
        )
        for each in self.suggestions():
            self.assert_told(each, ANOTHER.code, field="against")
        for work in self.problematic():
            self.assert_told(work, "possible_match_contradicted")
        self.assertFalse(alfa.tribe_id or visser.tribe_id)
        self.assertFalse(alfa.vat)
        self.assertEqual(self.row(row)["Name"], row["Name"])

    def test_both_are_asked_about(self):
        alfa, visser, row = self.two()
        for name, look in self.looks(alfa, visser, row).items():
            with self.subTest(name):
                look()
                self.assertBothAsked(alfa, visser, row)
                self.env["tribe.work"].search([]).unlink()
                self.suggestions().unlink()

    def test_link_and_the_other_becomes_a_relation_of_its_own(self):
        alfa, visser, row = self.two()
        self.look_at("organization", row["ID"])
        self.suggestions().filtered(lambda each: each.partner_id == visser).action_link()
        self.run_lanes()
        self.synchronize(alfa)

        self.assertEqual(visser.tribe_id, row["ID"])
        self.assertTrue(alfa.tribe_id and alfa.tribe_id != row["ID"], self.problems())
        self.assertEqual(self.row(row)["Name"], row["Name"])
        self.assertFalse(self.problems())

    def test_different_leaves_the_other(self):
        alfa, visser, row = self.two()
        self.look_at("organization", row["ID"])
        self.suggestions().filtered(lambda each: each.partner_id == alfa).action_refuse()
        self.run_lanes()
        self.look_at("organization", row["ID"])

        self.assertEqual(visser.tribe_id, row["ID"], self.problems())
        self.assertNotEqual(alfa.tribe_id, row["ID"])

    def test_a_number_drawn_for_somebody_whose_answer_was_lost(self):
        one = self.customer("X B.V.")
        self.sandbox.fault("lose_answer", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.synchronize(one)
        links = self.env["tribe.link"].search([("partner_id", "=", one.id)])
        number = next(filter(None, links.mapped("agreed")))["debtor_number"]
        other = self.customer("Y B.V.", debtor_number=number)
        self.synchronize(other)

        self.assertFalse(other.tribe_id)
        self.assertEqual(self.named("X B.V.")[0]["DebtorNumber"], number)
        work = self.problematic().filtered(lambda each: each.reference == str(other.id))
        self.assert_told(work, "number_of_two_contacts", other="X B.V.")

        other.debtor_number = "7009"
        self.env["tribe.work"].search([]).write({"due": "2020-01-01"})
        self.run_lanes()
        self.assertTrue(one.tribe_id and other.tribe_id, self.problems())
        self.assertEqual((one.debtor_number, other.debtor_number), (number, "7009"))

    def test_a_number_being_sent_is_drawn_for_nobody_else(self):
        one = self.customer("X B.V.")
        sequence = self.env["tribe.relation.numbering"]._sequence(self.connection, "debtor_number")
        before = sequence.number_next_actual
        self.sandbox.fault("reset", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.synchronize(one)
        sequence.number_next_actual = before
        other = self.linked("Y B.V.")
        links = self.env["tribe.link"].search([("partner_id", "=", one.id)])
        number = next(filter(None, links.mapped("agreed")))["debtor_number"]
        self.assertNotEqual(other.debtor_number, number)


class TestNumberOfMany(EvidenceCase):
    """A number that more than three contacts have is nobody's: "0", say."""

    def setUp(self):
        super().setUp()
        # Nobody in Odoo would get it.
        self.connection.number_source = "sequence"
        self.many = self.env["res.partner"].concat(
            *(self.customer(f"Nummer {number}", debtor_number="0") for number in range(40))
        )

    def assertNobodyIsAsked(self, tribe_id):
        self.assertFalse(self.env["tribe.suggestion"].search([]))
        waiting = self.problematic().filtered(lambda work: work.reference == tribe_id)
        self.assertFalse(waiting, waiting.mapped("error"))
        partner = self.link(tribe_id).partner_id
        self.assertTrue(partner)
        self.assertNotIn(partner, self.many)
        return partner

    def test_beside_our_import_id_it_names_nobody(self):
        for number in range(2):
            partner = self.customer(f"Klant {number}")
            row = self.organization(
                Name=partner.name, ImportId=self.import_id(partner), DebtorNumber="0"
            )
            self.look_at("organization", row["ID"])

            self.assertEqual(self.assertNobodyIsAsked(row["ID"]), partner)

    def test_a_relation_with_it_becomes_a_contact_of_its_own(self):
        for number in range(2):
            row = self.organization(Name=f"Relatie {number}", DebtorNumber="0")
            self.look_at("organization", row["ID"])

            partner = self.assertNobodyIsAsked(row["ID"])
            self.assertNotIn(partner.debtor_number, (False, "0"))

    def test_each_number_of_a_relation_counts_by_itself(self):
        partner = self.customer("Leverancier", customer_rank=0, creditor_number="6001")
        row = self.organization(
            Name="Leverancier",
            DebtorNumber="0",
            CreditorNumber="6001",
            roles=(ORGANIZATION_CUSTOMER, SUPPLIER),
        )
        self.look_at("organization", row["ID"])

        self.assertEqual(self.assertNobodyIsAsked(row["ID"]), partner)
        self.assertNotIn(partner.debtor_number, (False, "0"))
        self.assertEqual(partner.creditor_number, "6001")

    def test_two_that_few_have_are_not_one_that_many_have(self):
        for number in range(2):
            self.customer(f"Debiteur {number}", debtor_number="5001")
            self.customer(f"Crediteur {number}", creditor_number="6001")
        row = self.organization(
            DebtorNumber="5001", CreditorNumber="6001", roles=(ORGANIZATION_CUSTOMER, SUPPLIER)
        )
        self.look_at("organization", row["ID"])

        waiting = self.problematic().filtered(lambda work: work.reference == row["ID"])
        self.assert_told(waiting, "numbers_of_several_contacts")
        self.assertFalse(self.link(row["ID"]))

    def test_one_that_is_written_otherwise_is_the_same(self):
        partner = self.customer("Klant", debtor_number="d1001")
        self.customer("Ander", debtor_number="D1001")
        row = self.organization(
            Name="Klant", ImportId=self.import_id(partner), DebtorNumber="D1001"
        )
        self.look_at("organization", row["ID"])

        self.assertNobodyIsAsked(row["ID"])


class TestOneRelationOfTwoContactsInThePlan(EvidenceCase):
    """The plan asks what is asked later, whoever comes first."""

    activated = False

    def test_both_are_asked_about(self):
        partners = self.env["res.partner"]
        for first in ("number", "import_id"):
            of_number, of_id = partners, partners
            for which in (first, "other"):
                if which == "number" or (which == "other" and first == "import_id"):
                    of_number = self.customer(f"Visser {first}", debtor_number=f"700 {first}")
                else:
                    of_id = self.customer(f"Alfa {first}")
            self.organization(
                Name="Visser", DebtorNumber=f"700 {first}", ImportId=self.import_id(of_id)
            )
            partners |= of_number | of_id

        action = self.connection.action_plan()
        self.run_lanes()

        lines = self.env["tribe.plan"].browse(action["res_id"]).line_ids
        lines = lines.filtered(lambda each: each.partner_id in partners)
        self.assertEqual(len(lines.partner_id), 4)
        self.assertEqual(set(lines.mapped("action")), {"question"}, self.problems())


class TestNumberOfDeletedRelation(EvidenceCase):
    """A relation was deleted in Tribe, and somebody enters one there again."""

    def setUp(self):
        super().setUp()
        row = self.organization(
            Name="Klant B.V.", DebtorNumber="7001", EmailAddress="info@klant.example"
        )
        self.look_at("organization", row["ID"])
        self.partner = self.link(row["ID"]).partner_id
        self.no_old_copies()
        (customer,) = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.sandbox.delete(ORGANIZATION_CUSTOMER, customer["ID"])
        self.sandbox.delete("Relation_Organization", row["ID"])
        self.look_at("organization", row["ID"])
        self.assertFalse(self.partner.tribe_id)

    def entered(self, **fields):
        row = self.organization(**fields)
        self.look_at("organization", row["ID"])
        return row

    def test_the_same_one_entered_again_is_linked(self):
        row = self.entered(Name="Klant B.V.", DebtorNumber="7001")

        self.assertEqual(self.partner.tribe_id, row["ID"])

    def test_the_same_one_entered_again_without_its_number_is_a_possible_match(self):
        row = self.entered(Name="Klant B.V.", EmailAddress="info@klant.example")

        suggestion = self.suggestions()
        self.assertEqual(
            (suggestion.partner_id, suggestion.tribe_id, suggestion.basis),
            (self.partner, row["ID"], "email"),
        )
        self.run_nightly()
        self.assertEqual(self.suggestions(), suggestion)

        suggestion.action_link()
        self.run_lanes()
        self.assertEqual(self.partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_one_that_is_kept_apart_from_it_becomes_a_contact(self):
        row = self.entered(Name="Klant Twee B.V.", EmailAddress="info@klant.example")

        self.assertEqual(self.suggestions().partner_id, self.partner)
        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertNotIn(self.link(row["ID"]).partner_id, (self.partner, self.partner.browse()))
        self.assertFalse(self.problems())

    def test_one_that_was_given_its_number_by_hand_is_linked(self):
        self.partner.debtor_number = "8001"
        row = self.entered(Name="Heel Anders B.V.", DebtorNumber="8001")

        self.assertEqual(self.partner.tribe_id, row["ID"])


class TestImportIdOfNobody(EvidenceCase):
    """A backup of Odoo was restored: what was made since is no more, and numbers come again."""

    def lost_import_id(self):
        prefix = self.import_id(self.company.partner_id).rpartition(":")[0]
        return f"{prefix}:987654"

    def looks(self, partner, row):
        return (
            lambda: self.synchronize(partner),
            lambda: self.look_at("organization", row["ID"]),
        )

    def test_somebody_else_with_its_number_is_a_question(self):
        beta = self.customer("Beta B.V.", debtor_number="7005", phone="030 1")
        row = self.organization(
            Name="Alfa B.V.", DebtorNumber="7005", ImportId=self.lost_import_id(),
            EmailAddress="info@alfa.example", VATNumber=VISSER["VATNumber"],
        )  # fmt: skip
        for look in self.looks(beta, row):
            look()
            self.assertAskedAbout(beta, row, "debtor_number", NOBODY)
            self.assertFalse(beta.email)
            self.env["tribe.work"].search([]).unlink()

        self.suggestions().action_link()
        self.run_lanes()
        self.assertEqual(beta.tribe_id, row["ID"])

    def test_the_same_one_made_anew_is_linked(self):
        for number, (values, fields) in enumerate(
            (
                ({}, {"Name": "Beta 0"}),
                ({"email": "info@beta.example"}, {"EmailAddress": "INFO@beta.example"}),
                ({"vat": BAKKER["vat"]}, {"VATNumber": BAKKER["vat"]}),
            )
        ):
            for is_inbound in (False, True):
                with self.subTest(number=number, is_inbound=is_inbound):
                    debtor = f"700{number}{is_inbound:d}"
                    partner = self.customer(f"Beta {number}", debtor_number=debtor, **values)
                    row = self.organization(
                        DebtorNumber=debtor, ImportId=self.lost_import_id(), **fields
                    )
                    self.looks(partner, row)[is_inbound]()
                    self.assertEqual(partner.tribe_id, row["ID"], self.problems())

    def test_deleted_in_odoo_and_made_anew_under_another_name(self):
        old = self.linked("Oud B.V.", debtor_number="7006")
        tribe_id = old.tribe_id
        old.unlink()
        new = self.customer("Nieuw B.V.", debtor_number="7006")
        self.synchronize(new)
        self.assertEqual(new.tribe_id, tribe_id, self.problems())

    def test_one_of_another_database_proves_nothing(self):
        partner = self.customer("Beta B.V.", debtor_number="7007")
        row = self.organization(
            Name="Alfa B.V.", DebtorNumber="7007", ImportId="odoo:elders:res.partner:987654"
        )
        self.synchronize(partner)
        self.assertEqual(partner.tribe_id, row["ID"], self.problems())


class TestBranchesOfAChain(EvidenceCase):
    """Branches share an e-mail address or a VAT number, so that says nothing of two of them."""

    EMAIL = "info@keten.example"
    BREDA = {
        "Name": "Keten Breda",
        "EmailAddress": EMAIL,
        "InvoiceAddress": {"Street": "Markt", "HouseNumber": 1, "Postalcode": "4811 AA"},
    }

    def setUp(self):
        super().setUp()
        self.env["res.partner"].create(
            [
                {
                    "name": f"Keten {number}",
                    "is_company": True,
                    "email": self.EMAIL,
                    "vat": "NL123456782B90",
                }
                for number in range(5)
            ]
        )

    def utrecht(self, **values):
        return self.customer(
            "Keten Utrecht", email=self.EMAIL, street="Neude 1", zip="3511 AA", **values
        )

    def assertAskedAboutBoth(self, partner, row):
        for look in (
            lambda: self.synchronize(partner),
            lambda: self.look_at("organization", row["ID"]),
            self.run_nightly,
        ):
            look()
            self.assertFalse(partner.tribe_id)
            self.assertEqual(self.row(row)["Name"], "Keten Breda")
            self.assertEqual(partner.name, "Keten Utrecht")
        self.assertEqual(self.suggestions().mapped("tribe_id"), [row["ID"]])

    def test_a_number_of_two_series(self):
        partner = self.utrecht(debtor_number="8001")
        row = self.organization(DebtorNumber="8001", **self.BREDA)
        self.assertAskedAboutBoth(partner, row)

    def test_a_number_and_the_vat_number_of_a_fiscal_unity(self):
        partner = self.utrecht(debtor_number="8001", vat="NL123456782B90")
        row = self.organization(DebtorNumber="8001", VATNumber="NL123456782B90", **self.BREDA)
        self.assertAskedAboutBoth(partner, row)

    def test_an_import_id_that_was_given_again(self):
        partner = self.utrecht()
        row = self.organization(ImportId=self.import_id(partner), **self.BREDA)
        self.assertAskedAboutBoth(partner, row)

    def test_of_the_same_name_it_is_the_same_branch(self):
        partner = self.utrecht(debtor_number="8001")
        row = self.organization(DebtorNumber="8001", **self.BREDA | {"Name": "Keten Utrecht"})
        self.look_at("organization", row["ID"])
        self.assertEqual(partner.tribe_id, row["ID"])


class TestSamePostcode(EvidenceCase):
    """Outside the Netherlands a postcode is that of a whole town."""

    def look(self, number, house):
        partner = self.bakker(
            debtor_number=number, vat=False, email=False, street="Meir 12", zip="2000"
        )
        address = {"Street": "Meir", "HouseNumber": house, "Postalcode": "2000"}
        row = self.organization(Name="Visser", DebtorNumber=number, InvoiceAddress=address)
        self.look_at("organization", row["ID"])
        return partner, row

    def test_another_house_in_it_is_another_address(self):
        partner, row = self.look("9001", 80)
        self.assertFalse(partner.tribe_id)
        self.assertEqual(self.suggestions().mapped("tribe_id"), [row["ID"]])

    def test_the_same_house_is_the_same_address(self):
        partner, row = self.look("9002", 12)
        self.assertEqual(partner.tribe_id, row["ID"])
