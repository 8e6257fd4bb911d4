import json
import os
import random
import string
import tempfile
from pathlib import Path
from unittest.mock import patch

from choices import IS_FULL

from odoo.addons.tribe_connector.mapping import ADDRESS, ADDRESS_FIELDS, canonical, value_of
from odoo.addons.tribe_connector.models.tribe_synchronized import NUMBERS
from odoo.addons.tribe_connector.relations.relation_reader import load_relations
from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

KINDS = {"organization": "Relation_Organization", "person": "Relation_Person"}
RELATION_SETS = tuple(KINDS.values())
DEMO_SEED = Path(__file__).parents[1] / "end_to_end" / "odoo_seed.py"
TRIBE_SETS = (*RELATION_SETS, ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER, "Address")


def unit(name):
    """What a plan calls a neutral field: an address is one value."""
    return ADDRESS if name in ADDRESS_FIELDS else name


class PlanCase(RelationCase):
    """A connection that was not activated yet, and a plan of it."""

    activated = False

    def plan(self):
        """Press Show Plan, and wait until it is made."""
        action = self.connection.action_plan()
        self.run_lanes()
        plan = self.env["tribe.plan"].browse(action["res_id"])
        self.assertEqual(plan.state, "ready", plan.problem)
        return plan

    def line(self, plan, record):
        """The line about a partner, or about a row of Tribe."""
        if isinstance(record, dict):
            return plan.line_ids.filtered(lambda line: line.tribe_id == record["ID"])
        return plan.line_ids.filtered(lambda line: line.partner_id == record)

    def changes(self, line):
        """``{(side, field): (old, new)}`` of a line."""
        return {(c["side"], c["field"]): (c["old"], c["new"]) for c in line.changes or []}

    def activate(self):
        self.press_activate()
        self.run_lanes()

    def snapshot(self):
        """Everything that a run could change, on both sides."""
        tribe = {
            row["ID"]: {
                name: value for name, value in row.items() if not name.endswith("MutationDate")
            }
            for entity_set in TRIBE_SETS
            for row in self.sandbox.rows(entity_set)
        }
        partners = self.env["res.partner"].with_context(active_test=False).search([])
        odoo = {
            partner.id: {
                **partner._tribe_values(self.connection),
                "customer_rank": partner.customer_rank,
                "supplier_rank": partner.supplier_rank,
            }
            for partner in partners
        }
        return tribe, odoo


class TestPlan(PlanCase):
    """What the plan says, before anything is written."""

    def test_a_number_that_no_index_takes_is_a_question(self):
        endless = "".join(random.Random(1).choices(string.ascii_letters, k=4000))
        row = self.organization(Name="In Tribe", DebtorNumber=endless)
        partner = self.customer("In Odoo", debtor_number="D-77")
        self.organization(Name="In Odoo", DebtorNumber="D-77", CreditorNumber=endless)

        self.connection.initial_scope = "both"
        plan = self.plan()

        for record in (row, partner):
            line = self.line(plan, record)
            self.assertEqual(line.action, "question")
            self.assertIn("has 4000 characters in Tribe", line.text)

    def test_it_writes_nothing_on_either_side(self):
        self.customer("Klant B.V.", debtor_number="D-1", phone="030 1")
        self.customer("Nieuw B.V.")
        self.organization(Name="Klant", DebtorNumber="D-1", EmailAddress="info@klant.example")
        self.env.flush_all()
        before = self.snapshot()
        sequence = self.env.ref("tribe_connector.sequence_debtor").number_next_actual

        self.assertEqual(self.written(self.plan), 0)

        self.assertEqual(self.snapshot(), before)
        self.assertFalse(self.env["tribe.link"].search([]))
        self.env.ref("tribe_connector.sequence_debtor").invalidate_recordset()
        self.assertEqual(
            self.env.ref("tribe_connector.sequence_debtor").number_next_actual, sequence
        )
        self.assertEqual(self.connection.state, "connected")

    def test_a_new_customer_is_shown_with_every_value_it_gets(self):
        partner = self.customer("Nieuw B.V.", phone="030 1", street="Dorpsstraat 1")
        partner.country_id = self.env.ref("base.nl")

        line = self.line(self.plan(), partner)

        self.assertEqual(line.action, "create_tribe")
        changes = self.changes(line)
        self.assertEqual(changes["tribe", "name"], (None, "Nieuw B.V."))
        self.assertEqual(changes["tribe", "customer"], (None, True))
        number = self.env.ref("tribe_connector.sequence_debtor").get_next_char(
            self.env.ref("tribe_connector.sequence_debtor").number_next_actual
        )
        self.assertEqual(changes["tribe", "debtor_number"], (None, number))
        self.assertEqual(changes["odoo", "debtor_number"], (None, number))
        self.assertIn("Name in Tribe: Nieuw B.V.", line.details)
        self.assertEqual(changes["tribe", "address"], (None, "Dorpsstraat 1 (NL)"))
        self.assertIn("Address in Tribe: Dorpsstraat 1, Netherlands", line.details)

    def test_a_match_is_shown_with_what_changes_on_which_side(self):
        partner = self.customer("Klant B.V.", debtor_number="D-1", phone="030 1")
        self.organization(
            Name="Klant", DebtorNumber="D-1", EmailAddress="info@klant.example", PhoneNumber="030 1"
        )

        line = self.line(self.plan(), partner)

        self.assertEqual(line.action, "link")
        self.assertEqual(
            self.changes(line),
            {
                ("tribe", "name"): ("Klant", "Klant B.V."),
                ("odoo", "email"): (None, "info@klant.example"),
            },
        )
        self.assertIn("Name in Tribe: Klant → Klant B.V.", line.details)

    def test_what_is_in_doubt_says_why(self):
        partner = self.customer("Klant B.V.", debtor_number="D-1")
        self.organization(Name="Eerste", DebtorNumber="D-1")
        self.organization(Name="Tweede", DebtorNumber="D-1")

        plan = self.plan()

        line = self.line(plan, partner)
        self.assertEqual(line.action, "question")
        self.assert_told(
            line,
            "contact_could_be_several_relations",
            field="text",
            partner="Klant B.V.",
            count=2,
            names=["Eerste", "Tweede"],
        )
        self.assertEqual(plan.question_count, 1)
        self.assertEqual(plan.summary, "In Doubt: 1.")

    def test_what_differs_at_first_sight_was_changed_by_nobody(self):
        self.connection.conflict_policy = "ask"
        partner = self.customer("Klant B.V.", debtor_number="D-1", phone="030 1", city="Utrecht")
        self.organization(Name="Klant B.V.", DebtorNumber="D-1", PhoneNumber="030 2")

        line = self.line(self.plan(), partner)

        self.assertEqual(line.action, "question")
        said, others, *changes = line.details.splitlines()
        self.assertIn("is not the same in Odoo and in Tribe: Phone. Choose", said)
        self.assertNotIn("changed in", line.details)
        self.assertIn("the other changes are made", others)
        self.assertIn("Address in Tribe: Utrecht", changes)

        self.activate()
        self.assertAsked("both_sides_differ", fields=[sentence("field_phone")])
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 2")
        partner.phone = "030 3"
        self.run_nightly()
        self.assertAsked("both_sides_differ", fields=[sentence("field_phone")])

    def test_a_possible_match_is_decided_before_activation(self):
        partner = self.customer("In Odoo", vat="NL123456782B90")
        row = self.organization(Name="In Tribe", VATNumber="NL123456782B90")
        self.assertEqual(self.line(self.plan(), partner).action, "question")

        self.env["tribe.suggestion"].search([]).action_link()

        self.assertEqual(self.line(self.plan(), partner).action, "update")
        self.activate()
        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_tribes_customers_come_only_when_that_was_chosen(self):
        self.connection.number_source = "tribe"
        row = self.organization(Name="Alleen in Tribe", DebtorNumber="T-1")
        former = self.organization(Name="Vroeger", roles=[])
        self.sandbox.change(
            ORGANIZATION_CUSTOMER,
            self.relate(ORGANIZATION_CUSTOMER, Organization=former["ID"])["ID"],
            {"IsFormer": True},
        )
        self.assertFalse(self.line(self.plan(), row))

        self.connection.initial_scope = "both"
        plan = self.plan()

        self.assertEqual(self.line(plan, row).action, "create_odoo")
        self.assertFalse(self.line(plan, former))
        self.activate()
        partner = self.link(row["ID"]).partner_id
        self.assertEqual((partner.name, partner.debtor_number), ("Alleen in Tribe", "T-1"))
        self.assertFalse(self.link(former["ID"]))

    def test_without_that_choice_nothing_comes_from_tribe(self):
        row = self.organization(Name="Alleen in Tribe", DebtorNumber="T-1")

        self.activate()

        self.assertFalse(self.link(row["ID"]))
        self.assertFalse(self.problems())

    def test_it_is_made_in_parts_and_goes_on_after_an_interruption(self):
        for number in range(90):
            self.customer(f"Klant {number}")
        self.sandbox.fault("status", method="GET", path_contains="Relation_", times=1, skip=6)
        action = self.connection.action_plan()
        self.run_lanes()
        plan = self.env["tribe.plan"].browse(action["res_id"])
        self.assertEqual(plan.state, "making")
        self.assertTrue(0 < plan.looked_at_count < 90, plan.looked_at_count)
        self.assertIn("of 90 records were looked at so far", plan.summary)
        self.assertTrue(plan.problem)

        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual((plan.state, plan.create_tribe_count), ("ready", 90))
        self.assertEqual(len(plan.line_ids), 90)

    def test_it_is_called_after_its_moment_as_the_reader_writes_it(self):
        self.env["res.lang"]._activate_lang("nl_NL")
        plan = self.plan()
        plan.date = "2026-11-24 08:20:28"

        self.env.user.tz = "Europe/Amsterdam"

        def name(lang):
            return plan.with_context(lang=lang).display_name

        self.assertEqual(name("en_US"), "Initial Synchronization 11/24/26, 9:20\u202fAM")
        self.assertTrue(name("nl_NL").endswith(" 24-11-2026, 09:20"), name("nl_NL"))

    def test_its_summary_is_read_like_its_buttons(self):
        self.customer("Nieuw B.V.")
        self.customer("Klant B.V.", debtor_number="D-1")
        self.organization(Name="Klant", DebtorNumber="D-1")

        self.assertEqual(self.plan().summary, "Create in Tribe: 1. Link: 1.")

    def test_it_needs_a_connection(self):
        self.connection.state = "draft"

        with self.assert_refused("connect_first", name=self.connection.name):
            self.connection.action_plan()

    def test_a_later_plan_shows_what_waits(self):
        partner = self.customer("Klant B.V.", email="info@klant.example")
        same = self.customer("Ongewijzigd B.V.")
        self.activate()
        partner.phone = "030 5"
        new = self.customer("Nieuw B.V.")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"EmailAddress": None})
        lead = self.organization(Name="Uit Tribe")

        plan = self.plan()

        self.assertEqual(plan.scope, "changes")
        self.assertEqual(
            self.changes(self.line(plan, partner)),
            {
                ("tribe", "phone"): (None, "030 5"),
                ("odoo", "email"): ("info@klant.example", None),
            },
        )
        self.assertEqual(self.line(plan, new).action, "create_tribe")
        self.assertEqual(self.line(plan, lead).action, "create_odoo")
        self.assertFalse(self.line(plan, same).filtered(lambda line: line.action != "same"))
        self.assertFalse(new.tribe_id)

    def test_a_later_plan_shows_an_address_that_was_changed_in_tribe(self):
        partner = self.customer("Klant B.V.", street="Kade 1", city="Utrecht", zip="3511 AB")
        self.activate()
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Zeist"})

        plan = self.plan()

        self.assertEqual(
            self.changes(self.line(plan, partner)),
            {("odoo", "address"): ("Kade 1, 3511 AB Utrecht", "Kade 1, 3511 AB Zeist")},
        )


class TestPlanIsUndone(PlanCase):
    """What deciding does, whoever wrote its code, is undone: a plan only reads."""

    writes_before_it_asks = True

    def setUp(self):
        super().setUp()
        self.partner = self.customer("Klant B.V.", phone="030 1")
        self.other = self.customer("Ander B.V.")
        # A plan is made as if its mode were Live.
        self.assertEqual(self.connection.mode, "demo")

    def writing(self, method, also=lambda batch: None):
        """Patch a step of the exporter: it writes contacts and a setting, too."""
        exporter = type(self.env["tribe.relation.exporter"])
        original = getattr(exporter, method)

        def step(steps, batch, *arguments):
            partner = steps.env["res.partner"].browse(self.partner.id)
            partner.write({"phone": "066 6", "comment": "by a plan"})
            steps.env["res.partner"].create({"name": "Made by a plan", "parent_id": partner.id})
            steps.env["ir.config_parameter"].set_param("tribe.made_by_a_plan", "yes")
            partner.message_post(body="by a plan")
            steps.env["tribe.work"].search([]).write({"tries": 99})
            steps.env.flush_all()
            also(batch)
            return original(steps, batch, *arguments)

        return patch.object(exporter, method, step)

    def assert_nothing_is_left(self):
        self.env.invalidate_all()
        self.assertEqual(self.partner.phone, "030 1")
        self.assertFalse(self.partner.comment)
        self.assertFalse(self.partner.child_ids)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Made by a plan")]))
        self.assertFalse(self.env["ir.config_parameter"].get_param("tribe.made_by_a_plan"))
        self.assertFalse(self.partner.message_ids.filtered(lambda m: "by a plan" in m.body))
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_what_deciding_writes_in_odoo_is_undone(self):
        for step in (
            "_decide_contacts",
            "_compare_contact",
            "_candidates_in_tribe",
            "_values_to_create",
        ):
            with self.subTest(step), self.writing(step):
                plan = self.plan()
                self.assertEqual(len(plan.line_ids), 2)
                self.assertEqual(set(plan.line_ids.mapped("action")), {"create_tribe"})
            self.assert_nothing_is_left()

    def test_what_deciding_writes_in_tribe_is_refused_and_the_line_says_so(self):
        for step in ("_values_to_create", "_candidates_in_tribe", "_decide_contacts"):
            with (
                self.subTest(step),
                self.writing(step, lambda batch: batch.client.create("Relation_Person", {})),
            ):
                self.sandbox.reset_calls()

                plan = self.plan()

                self.assertEqual(self.sandbox.calls()["writes"], 0)
                for partner in (self.partner, self.other):
                    line = self.line(plan, partner)
                    self.assertEqual(line.action, "question")
                    self.assert_told(line, "client_only_reads", field="text")
            self.assert_nothing_is_left()

    def test_one_line_that_tries_to_write_does_not_stop_the_others(self):
        exporter = type(self.env["tribe.relation.exporter"])
        original = exporter._decide_unlinked

        def step(steps, batch, partners, links):
            if self.partner.id in partners.ids:
                batch.client.update("Relation_Organization", "1", {})
            return original(steps, batch, partners, links)

        with patch.object(exporter, "_decide_unlinked", step):
            plan = self.plan()

        self.assert_told(self.line(plan, self.partner), "client_only_reads", field="text")
        self.assertEqual(self.line(plan, self.other).action, "create_tribe")

    def test_a_relation_that_is_planned_is_undone_too(self):
        self.connection.initial_scope = "both"
        row = self.organization(Name="Alleen in Tribe", VATNumber="NL810433941B01")
        importer = type(self.env["tribe.relation.importer"])
        original = importer._decide_relations

        def step(steps, batch, remotes):
            made = steps.env["res.partner"].create({"name": "Made by a plan", "is_company": True})
            decisions = original(steps, batch, remotes)
            for decision in decisions:
                decision.action, decision.partner = "link", made
            steps.env.flush_all()
            return decisions

        with patch.object(importer, "_decide_relations", step):
            plan = self.plan()

        line = self.line(plan, row)
        self.assertEqual((line.action, line.name), ("link", "Made by a plan"))
        self.assertFalse(line.partner_id)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Made by a plan")]))

    def test_its_questions_stay(self):
        self.partner.vat = "NL123456782B90"
        row = self.organization(Name="In Tribe", VATNumber="NL123456782B90")

        with self.writing("_decide_contacts"):
            plan = self.plan()

        self.assertEqual(self.line(plan, self.partner).action, "question")
        suggestion = self.env["tribe.suggestion"].search([])
        self.assertEqual((suggestion.partner_id, suggestion.tribe_id), (self.partner, row["ID"]))
        self.assert_nothing_is_left()


class PlanComesTrueCase(PlanCase):
    """What the plan shows is what then happens, record by record and value by value."""

    def compare_plan_and_run(self):
        _tribe, before_odoo = self.snapshot()
        values_before = self.values_in_tribe()

        plan = self.plan()
        self.activate()
        # What Tribe has to be told of a relation that came in goes at night.
        self.env["tribe.work"]._add_again([("error_class", "=", False)], "person")
        self.run_lanes()

        _tribe, after_odoo = self.snapshot()
        values_after = self.values_in_tribe()
        self.assert_lines_came_true(plan, before_odoo, after_odoo, values_after)
        self.assert_nothing_else_came_to_odoo(plan, before_odoo, after_odoo)
        self.assert_nothing_else_came_to_tribe(plan, values_before, values_after)
        self.assertEqual(
            sorted(plan.line_ids.filtered(lambda line: line.action == "question").mapped("text")),
            sorted(self.problems()),
        )
        return plan

    def assert_lines_came_true(self, plan, before, after, in_tribe):
        """Of new numbers all that were foretold, and no other, were given: who gets which depends
        on where a lane's turn ends on a slow machine.
        """
        foretold, given = [], []
        for line in plan.line_ids:
            partner = line.partner_id or self.link(line.tribe_id).partner_id
            if line.action in ("question", "same"):
                continue
            self.assertTrue(partner.tribe_id, (line.action, line.name))
            if line.tribe_id:
                self.assertEqual(partner.tribe_id, line.tribe_id)
            remote = in_tribe[partner.tribe_id]
            for change in line.changes:
                name, new = change["field"], change["new"]
                if name in ("customer", "supplier"):
                    continue
                held = after[partner.id] if change["side"] == "odoo" else remote
                if name in NUMBERS and not change["old"]:
                    foretold.append((name, new))
                    given.append((name, value_of(name, held)))
                    continue
                self.assertEqual(
                    canonical(name, value_of(name, held)), canonical(name, new), (line.name, change)
                )
                if change["side"] == "odoo" and partner.id in before:
                    self.assertEqual(
                        canonical(name, value_of(name, before[partner.id])),
                        canonical(name, change["old"]),
                    )
        self.assertEqual(sorted(given), sorted(foretold))

    def assert_nothing_else_came_to_odoo(self, plan, before, after):
        created = plan.line_ids.filtered(lambda line: line.action == "create_odoo")
        self.assertEqual(len(after) - len(before), len(created))
        planned = self.planned(plan, "odoo", "partner_id")
        for partner_id, values in before.items():
            for name, value in values.items():
                if not name.endswith("_rank") and (partner_id, unit(name)) not in planned:
                    self.assertEqual(after[partner_id].get(name), value, (partner_id, name))

    def assert_nothing_else_came_to_tribe(self, plan, before, after):
        created = plan.line_ids.filtered(lambda line: line.action == "create_tribe")
        self.assertEqual(len(after.keys() - before.keys()), len(created))
        planned = self.planned(plan, "tribe", "tribe_id")
        for tribe_id, values in before.items():
            for name, value in values.items():
                if (tribe_id, unit(name)) not in planned:
                    self.assertEqual(after[tribe_id].get(name), value, (tribe_id, name))

    def planned(self, plan, side, key):
        """``{(record, field)}`` of what is to change on one side."""
        return {
            (line[key].id if key == "partner_id" else line[key], change["field"])
            for line in plan.line_ids
            for change in line.changes or []
            if change["side"] == side
        }

    def values_in_tribe(self):
        """The neutral values of all relations of Tribe, by ID."""
        with self.enter_registry_test_mode():
            client = self.connection._client()
            remotes = {}
            for kind, entity_set in KINDS.items():
                ids = [row["ID"] for row in self.sandbox.rows(entity_set)]
                remotes |= load_relations(self.connection, client, kind, ids)
        return {tribe_id: remote.values() for tribe_id, remote in remotes.items()}


class TestPlanOfRandomData(PlanComesTrueCase):
    data_sets = 20 if IS_FULL else 3

    def random_side(self, chance):
        """Partners and relations that share some numbers, values and doubts."""
        partners, rows = [], []
        for number in range(14):
            partners.append(
                self.customer(
                    f"Klant {number}",
                    customer_rank=chance.choice([1, 1, 0]),
                    supplier_rank=chance.choice([0, 0, 1]),
                    tribe_synchronize=True,
                    is_company=chance.random() > 0.2,
                    debtor_number=chance.choice([False, f"D-{number}", f"D-{number // 2}"]),
                    phone=chance.choice([False, "030 1", f"030 {number}"]),
                    email=chance.choice([False, f"k{number}@klant.example"]),
                    vat=chance.choice([False, False, "NL123456782B90", "BE0477472701"]),
                    street=chance.choice([False, f"Dorpsstraat {number}a"]),
                    zip=chance.choice([False, "1012 AB"]),
                    country_id=chance.choice([False, self.env.ref("base.nl").id]),
                )
            )
        for number in range(14):
            fields = {
                "PhoneNumber": chance.choice([None, "030 1", f"030 {number}"]),
                "EmailAddress": chance.choice([None, f"k{number}@klant.example"]),
                "DebtorNumber": chance.choice([None, f"D-{number}", f"D-{number + 7}"]),
                "VATNumber": chance.choice([None, "BE0477472701", "NL810433941B01"]),
            }
            if chance.random() > 0.25:
                rows.append(
                    self.organization(
                        Name=f"Klant {number}",
                        roles=chance.choice([[ORGANIZATION_CUSTOMER], [SUPPLIER], []]),
                        **fields,
                    )
                )
            else:
                del fields["VATNumber"]
                rows.append(self.person(FirstName="Klant", LastName=str(number), **fields))
        return partners, rows

    def test_random_data(self):
        for seed in range(self.data_sets):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.seed_tribe()
                chance = random.Random(seed)
                self.connection.initial_scope = chance.choice(["odoo", "both"])
                self.connection.conflict_policy = chance.choice(["odoo", "tribe", "ask"])
                self.random_side(chance)
                self.assertTrue(self.compare_plan_and_run().line_ids)
                savepoint.rollback()
            self.env.invalidate_all()


class TestPlanOfTheDemo(PlanComesTrueCase):
    """The data that ``./dev demo`` shows: the stand-in's own relations, and Odoo's.

    All of them with ``--full``; else more than a page, of the same kinds.
    """

    relations = 300 if IS_FULL else 160
    sandbox_options = {"relations": relations, "invoices": 0}

    def fill_odoo(self):
        """Run the demo's own script on what Tribe has."""
        customers = self.sandbox.rows(ORGANIZATION_CUSTOMER)
        current = {row["Organization"] for row in customers if not row["IsFormer"]}
        organizations = [
            row
            for row in self.sandbox.rows("Relation_Organization")
            if row["DebtorNumber"] and row["ID"] in current
        ]
        with tempfile.TemporaryDirectory() as folder:
            tribe = Path(folder) / "tribe.json"
            tribe.write_text(json.dumps({"organizations": organizations}))
            with (
                patch.dict(os.environ, {"SEED_TRIBE": str(tribe)}),
                patch.object(self.env.cr, "commit"),
            ):
                exec(compile(DEMO_SEED.read_text(), str(DEMO_SEED), "exec"), {"env": self.env})
        self.env.flush_all()

    def test_it_comes_true_record_by_record(self):
        self.fill_odoo()
        self.connection.initial_scope = "both"

        plan = self.compare_plan_and_run()

        print(len(plan.line_ids), plan.summary)
        self.assertGreater(len(plan.line_ids), self.relations * 2 / 3)
        for count in ("create_tribe_count", "create_odoo_count", "link_count"):
            self.assertTrue(plan[count], count)
