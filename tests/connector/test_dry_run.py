"""The mode Dry Run: what changes waits, and nothing is written on either side."""

from odoo import fields

from .common import ConnectorCase

LANES = ("cron_schedule", "cron_outbound", "cron_inbound_1")
TRIBE_SETS = (
    "Relation_Organization",
    "Relation_Person",
    "Relationship_Organization_CommercialRelationship_Customer",
    "Address",
    "Activity_Invoice",
)


class TestDryRun(ConnectorCase):
    """A connection that runs, and is switched to Dry Run and back."""

    sandbox_options = {"relations": 12, "invoices": 6, "switches": {"legal_entities": 1}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activate_for_all_tests()

    def setUp(self):
        super().setUp()
        self.run_lanes()
        self.partner = self.env["res.partner"].create(
            {"name": "Klant B.V.", "is_company": True, "customer_rank": 1}
        )
        self.partner.action_synchronize_with_tribe()
        self.run_lanes()
        self.assertTrue(self.partner.tribe_id, self.problems())
        self.connection.mode = "dry_run"

    def let_the_crons_run(self):
        """All crons, twice: what the first one notes, the others have seen."""
        for _time in range(2):
            for cron in LANES:
                with self.enter_registry_test_mode():
                    self.env.ref(f"tribe_connector.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def everything(self):
        """What a person sees of both sides."""
        self.env.flush_all()
        self.env.invalidate_all()
        partners = self.env["res.partner"].with_context(active_test=False).search([])
        moves = self.env["account.move"].search([])
        tribe = {
            row["ID"]: {k: v for k, v in row.items() if not k.endswith("MutationDate")}
            for entity_set in TRIBE_SETS
            for row in self.sandbox.rows(entity_set)
        }
        with self.enter_registry_test_mode():
            webhooks = sorted(hook["webhookUrl"] for hook in self.connection._client().webhooks())
        return {
            "contacts": partners.read(["name", "phone", "email", "active", "debtor_number"]),
            "invoices": moves.read(["name", "state", "payment_state", "amount_total"]),
            "links": self.env["tribe.link"].search([]).read(["tribe_id", "state", "partner_id"]),
            "tribe": tribe,
            "webhooks": webhooks,
        }

    def change_both_sides(self):
        """A contact, a relation and an invoice that the other side does not know yet."""
        self.partner.phone = "030 1"
        new = self.env["res.partner"].create(
            {"name": "Nieuw B.V.", "is_company": True, "customer_rank": 1}
        )
        self.change_in_tribe()
        invoice = next(
            row for row in self.sandbox.rows("Activity_Invoice") if not self.booked(row["ID"])
        )
        self.sandbox.set_phase(invoice["ID"], "Sent")
        work = self.env["tribe.work"]
        work._add(self.connection, "inbound", "organization", [self.partner.tribe_id], "webhook")
        work._add(self.connection, "inbound", "invoice", [invoice["ID"]], "webhook")
        return new, invoice["ID"]

    def change_in_tribe(self):
        values = {"EmailAddress": "a@b.nl"}
        self.sandbox.change("Relation_Organization", self.partner.tribe_id, values)

    def booked(self, tribe_id):
        return bool(self.booked_move(tribe_id))

    def test_nothing_is_written_on_either_side_and_nothing_is_lost(self):
        new, invoice = self.change_both_sides()
        before = self.everything()
        self.sandbox.reset_calls()

        self.connection.action_run_nightly()
        (self.partner | new).action_synchronize_with_tribe()
        self.let_the_crons_run()

        self.assertEqual(self.sandbox.calls()["writes"], 0)
        self.assertEqual(self.everything(), before)
        self.assertFalse(self.problems())
        self.assertTrue(self.connection.waiting_count)

        self.connection.mode = "demo"
        self.run_lanes()

        self.assertTrue(new.tribe_id)
        self.assertEqual(self.partner.email, "a@b.nl")
        row = self.tribe_row("Relation_Organization", self.partner.tribe_id)
        self.assertEqual(row["PhoneNumber"], "030 1")
        self.assertEqual(self.booked_move(invoice).state, "posted")
        self.assertFalse(self.problems())

    def test_looking_goes_on_and_what_it_finds_waits(self):
        self.change_in_tribe()
        cursors = self.env["tribe.cursor"]
        cursors.search([("stream", "=", "schedule:poll")]).position = "2020-01-01"

        self.let_the_crons_run()

        waiting = self.env["tribe.work"].search([("reference", "=", self.partner.tribe_id)])
        self.assertEqual(waiting.mapped("reason"), ["poll"])
        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "poll")]))
        self.assertFalse(self.partner.email)

    def test_the_plan_tells_what_waits(self):
        self.partner.phone = "030 1"
        action = self.connection.action_plan()
        self.let_the_crons_run()

        plan = self.env["tribe.plan"].browse(action["res_id"])
        self.assertEqual(plan.state, "ready", plan.problem)
        line = plan.line_ids.filtered(lambda line: line.partner_id == self.partner)
        self.assertIn("030 1", line.details)

    def test_activating_is_refused_with_the_remedy(self):
        self.connection.state = "connected"
        self.sandbox.reset_calls()

        with (
            self.assert_refused("activate_in_dry_run", name="Tribe CRM"),
            self.enter_registry_test_mode(),
        ):
            self.connection.action_activate()

        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "activate")]))

    def test_deactivated_its_webhooks_go_when_it_is_live(self):
        for mode in ("dry_run", "off"):
            with self.subTest(mode):
                self.connection.mode = "demo"
                with self.enter_registry_test_mode():
                    self.connection._register_webhooks(self.connection._client())
                self.connection.state = "active"
                self.connection.mode = mode
                self.connection.action_deactivate()
                self.let_the_crons_run()

                self.connection.mode = "dry_run"
                self.assertEqual(len(self.everything()["webhooks"]), 7)
                self.assert_trouble(self.connection, "webhooks_left_in_tribe", name="Tribe CRM")

                self.connection.mode = "demo"
                self.run_lanes()
                self.assertEqual(self.everything()["webhooks"], [])
                self.assertFalse(self.connection.trouble)

    def test_the_form_says_what_each_mode_does(self):
        said = self.env["tribe.connection"].fields_get(["mode"])["mode"]["help"]
        for mode in ("Off", "Dry Run", "Demo", "Live"):
            self.assertIn(f"{mode}:", said)

    def test_a_switch_of_mode_wakes_the_lanes(self):
        self.partner.action_synchronize_with_tribe()
        triggers = self.env["ir.cron.trigger"]
        lane = self.env.ref("tribe_connector.cron_outbound")
        triggers.search([]).unlink()

        self.connection.mode = "demo"

        waiting = triggers.search([("cron_id", "=", lane.id)])
        self.assertTrue(waiting)
        self.assertLessEqual(waiting[0].call_at, fields.Datetime.now())
