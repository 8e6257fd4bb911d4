import os
import random

from odoo.exceptions import UserError

from odoo.addons.tribe_connector.engine.remote_relation import load_relations
from odoo.addons.tribe_connector.mapping import canonical

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

RELATION_SETS = ("Relation_Organization", "Relation_Person")
TRIBE_SETS = (*RELATION_SETS, ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER, "Address")


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
        self.assertIn("could be 2 relations of Tribe", line.text)
        self.assertEqual(plan.question_count, 1)
        self.assertEqual(plan.summary, "1 in doubt.")

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

    def test_it_needs_a_connection(self):
        self.connection.state = "draft"

        with self.assertRaisesRegex(UserError, "first"):
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


class TestPlanComesTrue(PlanCase):
    """What the plan shows is what then happens, record by record and value by value."""

    data_sets = 20 if os.environ.get("TRIBE_FULL_TESTS") else 3

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
                self.sandbox.reset(switches={})
                self.sandbox.switch(webhook_paused=True)
                self.compare_plan_and_run(seed)
                savepoint.rollback()
            self.env.invalidate_all()

    def compare_plan_and_run(self, seed):
        chance = random.Random(seed)
        self.connection.initial_scope = chance.choice(["odoo", "both"])
        self.connection.conflict_policy = chance.choice(["odoo", "tribe", "ask"])
        partners, _rows = self.random_side(chance)
        before_tribe, before_odoo = self.snapshot()

        plan = self.plan()
        self.activate()
        # What Tribe has to be told of a relation that came in goes at night.
        self.env["tribe.work"]._make_due([("error_class", "=", False)])
        self.run_lanes()

        after_tribe, after_odoo = self.snapshot()
        self.assert_lines_came_true(plan, before_odoo, after_odoo)
        self.assert_nothing_else_happened(plan, before_odoo, after_odoo, before_tribe, after_tribe)
        self.assertEqual(
            sorted(plan.line_ids.filtered(lambda line: line.action == "question").mapped("text")),
            sorted(self.problems()),
        )
        self.assertTrue(partners)

    def assert_lines_came_true(self, plan, before, after):
        for line in plan.line_ids:
            partner = line.partner_id or self.link(line.tribe_id).partner_id
            if line.action in ("question", "same"):
                continue
            self.assertTrue(partner.tribe_id, (line.action, line.name))
            if line.tribe_id:
                self.assertEqual(partner.tribe_id, line.tribe_id)
            remote = self.values_in_tribe(partner)
            for change in line.changes:
                name, new = change["field"], change["new"]
                if name in ("customer", "supplier"):
                    continue
                held = after[partner.id] if change["side"] == "odoo" else remote
                self.assertEqual(
                    canonical(name, held[name]), canonical(name, new), (line.name, change)
                )
                if change["side"] == "odoo" and partner.id in before:
                    self.assertEqual(
                        canonical(name, before[partner.id][name]), canonical(name, change["old"])
                    )

    def assert_nothing_else_happened(self, plan, odoo, odoo_after, tribe, tribe_after):
        created = plan.line_ids.filtered(lambda line: line.action == "create_odoo")
        self.assertEqual(len(odoo_after) - len(odoo), len(created))
        relations = {
            row["ID"] for entity_set in RELATION_SETS for row in self.sandbox.rows(entity_set)
        }
        created = plan.line_ids.filtered(lambda line: line.action == "create_tribe")
        self.assertEqual(len(relations - tribe.keys()), len(created))
        planned = {
            (line.partner_id.id, change["field"])
            for line in plan.line_ids
            for change in line.changes or []
            if change["side"] == "odoo"
        }
        for partner_id, values in odoo.items():
            for name, value in values.items():
                if not name.endswith("_rank") and (partner_id, name) not in planned:
                    self.assertEqual(odoo_after[partner_id].get(name), value, (partner_id, name))

    def values_in_tribe(self, partner):
        """The neutral values of a partner's relation."""
        with self.enter_registry_test_mode():
            remotes = load_relations(
                self.connection,
                self.connection._client(),
                partner._tribe_kind(),
                [partner.tribe_id],
            )
        return remotes[partner.tribe_id].values()
