from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.tribe_connector.tribe_api import Client

from .common import ORGANIZATION_CUSTOMER
from .mutations import OddAnswers
from .relation_case import RelationCase

REFUSAL = "Deze klant wordt geweigerd."


class TestOneBadRecord(RelationCase):
    """Three records at once, of which one cannot be done: the others are, and it says why."""

    def three(self, **values):
        """Three customers that know no relation of Tribe yet, by number."""
        return self.env["res.partner"].union(
            *(self.customer(name, debtor_number=f"D-{name}", **values) for name in "ABC")
        )

    def relations(self, **fields):
        return [
            self.organization(Name=name, DebtorNumber=f"D-{name}", PhoneNumber="030 1", **fields)
            for name in "ABC"
        ]

    def refusing(self, method, name, error=None):
        """While it lasts, one record of Odoo refuses something, as another addon could."""
        model_class = self.registry["res.partner"]
        original = getattr(model_class, method)

        def refuse(records, *arguments, **options):
            if name in records.mapped("display_name") + _names(arguments):
                raise error or UserError(REFUSAL)
            return original(records, *arguments, **options)

        return patch.object(model_class, method, refuse)

    def assertTwoAreLinked(self, names="AC"):
        linked = self.env["res.partner"].search([("tribe_id", "!=", False)])
        self.assertEqual(sorted(linked.mapped("name")), list(names), self.problems())

    def assertRefused(self, code="said_by_odoo", /, **parameters):
        self.assert_only_told(self.problematic(), code, **(parameters or {"text": REFUSAL}))

    # Tribe to Odoo

    def test_links_by_number(self):
        self.three()
        rows = self.relations()

        with self.refusing("write", "B"):
            self.look_at("organization", *(row["ID"] for row in rows))

        self.assertTwoAreLinked()
        self.assertRefused()
        # Whoever looks at a run that failed sees what was looked at, not only what went well.
        failed = self.env["tribe.run"].search([("failed", ">", 0)], limit=1)
        self.assertEqual(failed.looked_at, failed.done + 1)
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertTwoAreLinked("ABC")
        self.assertFalse(self.problems())

    def test_new_relations(self):
        rows = self.relations()

        with self.refusing("create", "B"):
            self.look_at("organization", *(row["ID"] for row in rows))

        self.assertTwoAreLinked()
        self.assertRefused()

    def test_new_relations_of_which_one_fails_after_it_was_made(self):
        rows = self.relations()

        with self.refusing("_tribe_values", "B"):
            self.look_at("organization", *(row["ID"] for row in rows))

        self.assertTwoAreLinked()
        self.assertRefused()

    def linked_three(self):
        partners = self.three()
        self.synchronize(partners)
        self.assertTwoAreLinked("ABC")
        return partners

    def test_changed_relations(self):
        partners = self.linked_three()
        for partner in partners:
            self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 2"})

        with self.refusing("write", "B"):
            self.look_at("organization", *partners.mapped("tribe_id"))

        self.assertEqual(partners.mapped("phone"), ["030 2", False, "030 2"])
        self.assertRefused()

    def test_relations_that_cannot_be_compared(self):
        partners = self.linked_three()
        for error in (UserError(REFUSAL), KeyError(REFUSAL)):
            with self.subTest(error=error):
                phone = f"030 {type(error).__name__[:1]}"
                for partner in partners:
                    self.sandbox.change(
                        "Relation_Organization", partner.tribe_id, {"PhoneNumber": phone}
                    )

                with self.refusing("_tribe_values", "B", error), self.muted():
                    self.look_at("organization", *partners.mapped("tribe_id"))

                self.assertEqual(partners.mapped("phone"), [phone, partners[1].phone, phone])
                self.assertNotEqual(partners[1].phone, phone)
                self.assertEqual(len(self.problems()), 1)

    def muted(self):
        """The log of a bug of ours, which is expected."""
        return patch("odoo.addons.tribe_connector.engine.problems._logger.error")

    # Odoo to Tribe

    def test_contacts_that_cannot_be_compared(self):
        partners = self.linked_three()
        for error in (UserError(REFUSAL), KeyError(REFUSAL)):
            with self.subTest(error=error):
                phone = f"030 {type(error).__name__[:1]}"
                partners.phone = phone

                with self.refusing("_tribe_values", "B", error), self.muted():
                    self.synchronize(partners)

                told = [self.tribe_of(partner)["PhoneNumber"] for partner in partners]
                self.assertEqual((told[0], told[2]), (phone, phone))
                self.assertNotEqual(told[1], phone)
                self.assertEqual(len(self.problems()), 1)

    def test_contacts_of_which_one_gets_no_number(self):
        partners = self.three()
        partners[1].debtor_number = False
        self.env["ir.sequence"].search([("code", "=", "tribe.debtor")]).unlink()

        self.synchronize(partners)

        self.assertTwoAreLinked()
        self.assertRefused("sequence_missing", code="tribe.debtor")

    def test_what_was_being_sent_of_which_one_cannot_be_settled(self):
        partners = self.three()
        for partner in partners:
            self.organization(
                Name=partner.name,
                ImportId=self.connection._import_id(partner, "organization"),
            )
        for partner in partners:
            self.env["tribe.link"].create(
                {
                    "connection_id": self.connection.id,
                    "kind": "organization",
                    "partner_id": partner.id,
                    "state": "sending",
                    "sent_at": "2020-01-01",
                }
            )
        exporter = self.registry["tribe.relation.exporter"]
        settle_one = exporter._settle_one

        def refuse_one(self, batch, partner, *found):
            if partner.id == partners[1].id:
                raise UserError(REFUSAL)
            settle_one(self, batch, partner, *found)

        with patch.object(exporter, "_settle_one", refuse_one):
            self.synchronize(partners)

        linked = partners.filtered("tribe_id")
        self.assertEqual(linked.mapped("name"), ["A", "C"], self.problems())
        self.assertEqual(self.problems(), [REFUSAL])

    # The work itself

    def test_what_is_done_and_then_undone_is_not_done(self):
        """A handler that fails after a record is done, before its commit: the record is told."""
        partners = self.three()

        def process(_exporter, batch):
            batch.done(batch.references[0])
            raise UserError(REFUSAL)

        with patch.object(self.registry["tribe.relation.exporter"], "_process", process):
            self.synchronize(partners)

        self.assertEqual(self.problems(), [REFUSAL] * 3)


class TestOneOddAnswer(OddAnswers, RelationCase):
    """Three relations at once, of which Tribe sends one as it should not."""

    def setUp(self):
        super().setUp()
        partners = self.env["res.partner"].union(
            *(self.customer(name, debtor_number=f"D-{name}") for name in "ABC")
        )
        self.synchronize(partners)
        self.partners = partners
        self.relationships = {
            row["Organization"]: row["ID"] for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)
        }
        self.bad = partners[1].tribe_id

    def assert_only_the_odd_one_waits(self, kind, entity_set, tribe_id, values, number):
        phone = f"030 {number}"
        for partner in self.partners:
            self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": phone})
        references = self.partners.mapped("tribe_id")
        if kind == "customer":
            references = [self.relationships[each] for each in references]

        with self.answering(entity_set, tribe_id, values):
            self.look_at(kind, *references)

        self.assertEqual((self.partners[0].phone, self.partners[2].phone), (phone, phone))
        self.assertNotEqual(self.partners[1].phone, phone)
        self.assert_only_told(self.problematic(), "record_unreadable")
        self.assertFalse(self.connection.trouble)
        self.env["tribe.work"].search([]).unlink()

    def test_a_relationship_whose_organization_is_none(self):
        bad = self.relationships[self.bad]
        oddities = ("x", ["x"], 5, {}, {"ID": None}, {"ID": 5}, {"ID": "nope"})
        for number, organization in enumerate(oddities):
            for kind in ("customer", "organization"):
                with self.subTest(kind=kind, organization=organization):
                    self.assert_only_the_odd_one_waits(
                        kind,
                        ORGANIZATION_CUSTOMER,
                        bad,
                        {"Organization": organization},
                        f"{number} {kind[0]}",
                    )

    def test_a_relation_whose_address_is_none(self):
        for number, address in enumerate(("x", {"ID": "nope"}, {"ID": self.bad, "Country": "NL"})):
            with self.subTest(address=address):
                self.assert_only_the_odd_one_waits(
                    "organization",
                    "Relation_Organization",
                    self.bad,
                    {"InvoiceAddress": address},
                    number,
                )

    def test_what_is_sent_to_tribe(self):
        self.partners.phone = "030 8"

        with self.answering("Relation_Organization", self.bad, {"InvoiceAddress": "x"}):
            self.synchronize(self.partners)

        told = [self.tribe_of(partner)["PhoneNumber"] for partner in self.partners]
        self.assertEqual((told[0], told[2]), ("030 8", "030 8"))
        self.assertNotEqual(told[1], "030 8")
        self.assertEqual(len(self.problems()), 1)


class TestWhatTribeRefusesToBeAsked(RelationCase):
    """A value for which Tribe cannot be asked is the affair of its own contact."""

    def two_beside(self, **values):
        """A new customer, a linked one that has changed, and a third one with some values."""
        self.changed = self.linked("Linked")
        self.changed.phone = "030 1"
        self.bad = self.customer("Bad", **values)
        return self.customer("New") | self.changed | self.bad

    def assertTwoAreDone(self):
        self.assertTrue(self.named("New"))
        self.assertEqual(self.tribe_of(self.changed)["PhoneNumber"], "030 1")
        works = self.env["tribe.work"].search([("kind", "=", "partner")])
        self.assertLessEqual(set(works.mapped("reference")), {str(self.bad.id)})

    def test_values_that_are_too_long_to_look_for(self):
        long = "a1" * 10_000
        cases = (
            {"email": f"{long}@x.example"},
            {"vat": f"NL{long}"},
            {"company_registry": long},
            {"company_registry": "1234" + "." * 20_000},
            {"debtor_number": long},
            {"zip": long, "street": "Dorpsstraat 1"},
            {"zip": "1234" + "-" * 20_000, "street": "Dorpsstraat 1"},
        )
        for values in cases:
            with self.subTest(fields=list(values)):
                partners = self.two_beside(**values)
                self.synchronize(partners)
                self.assertTwoAreDone()
                for row in self.named("New"):
                    self.sandbox.change("Relation_Organization", row["ID"], {"Name": "Was new"})
                self.env["tribe.work"].search([]).unlink()

    def test_a_number_that_is_too_long_to_look_for_waits_for_a_person(self):
        number = "9" * 300
        self.synchronize(self.customer("Bad", debtor_number=number))
        self.assertFalse(self.named("Bad"))
        self.assertAsked("number_too_long_to_look_for", partner="Bad", count=300)

    def test_another_reason_of_tribe(self):
        partners = self.two_beside(email="ziek@x.example")
        self.refuse_everything_about(self.bad)

        self.synchronize(partners)

        self.assertTwoAreDone()
        self.assert_only_told(self.problematic(), "request_refused", status=400)

    def test_what_is_refused_to_the_application_is_not_asked_again_for_each(self):
        partners = self.two_beside(email="ziek@x.example")
        asked = "EmailAddress%20eq"
        self.sandbox.fault("status", status=403, path_contains=asked, times=None)

        with patch.object(Client, "pages", autospec=True, side_effect=Client.pages) as read:
            self.synchronize(partners)

        filters = [call.kwargs.get("filter") or "" for call in read.mock_calls]
        self.assertEqual(sum("EmailAddress eq" in each for each in filters), 1)
        self.assertEqual(set(self.problematic().mapped("reference")), set(map(str, partners.ids)))

    def test_a_plan(self):
        partners = self.two_beside(email="ziek@x.example")
        self.refuse_everything_about(self.bad)

        action = self.connection.action_plan()
        self.run_lanes()

        plan = self.env["tribe.plan"].browse(action["res_id"])
        self.assertEqual(plan.state, "ready", plan.problem)
        actions = {line.partner_id: line.action for line in plan.line_ids}
        self.assertEqual(
            [actions[partner] for partner in partners], ["create_tribe", "update", "question"]
        )
        line = plan.line_ids.filtered(lambda line: line.partner_id == self.bad)
        self.assert_told(line, "request_refused", field="text", status=400)

    def refuse_everything_about(self, partner):
        """Tribe refuses each look for the e-mail address of a contact, which is in no ID of it."""
        self.sandbox.fault(
            "status", status=400, method="GET", path_contains=partner.email[:3], times=None
        )


def _names(arguments):
    """The names in the values of a create."""
    lists = [each for each in arguments if isinstance(each, list)]
    return [values.get("name") for each in lists for values in each if isinstance(values, dict)]
