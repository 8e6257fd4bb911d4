"""Somebody chooses another mode, archives or deactivates while a batch is being worked on."""

from unittest.mock import patch

from odoo.addons.tribe_connector.relations.exporter import TribeRelationExporter

from .invoice_case import InvoiceCase

SWITCHES = {
    "dry run": {"mode": "dry_run"},
    "off": {"mode": "off"},
    "archived": {"active": False},
    "deactivated": {"state": "connected"},
}
BACK = {"mode": "demo", "active": True, "state": "active"}


class TestSwitchedInBatch(InvoiceCase):
    """What is committed now counts, not what was when the batch began."""

    def switching(self, model, method, time, values):
        """Have somebody else switch, and commit, when a method is entered for the n-th time."""
        original, connection_id, calls = getattr(model, method), self.connection.id, []

        def wrapped(this, batch, *args):
            calls.append(1)
            if len(calls) == time:
                this.env["tribe.connection"].browse(connection_id).write(values)
                this.env.flush_all()
                batch._engine._commit(0)
            return original(this, batch, *args)

        return patch.object(model, method, wrapped)

    def run_once(self, direction):
        cron = {"outbound": "cron_outbound", "inbound": "cron_inbound_1"}[direction]
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(f"tribe_connector.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def switch_back(self):
        self.connection.write(BACK)
        self.env["tribe.work"].search([]).due = "2020-01-01"
        self.run_lanes()

    def in_tribe(self, partners):
        names = partners.mapped("name")
        rows = self.sandbox.rows("Relation_Organization")
        return sorted(row["Name"] for row in rows if row["Name"] in names)

    def test_no_write_in_tribe_is_begun_any_more(self):
        for how, values in SWITCHES.items():
            with self.subTest(how):
                partners = self.env["res.partner"].create(
                    [
                        {"name": f"Serie {how} {number}", "is_company": True, "customer_rank": 1}
                        for number in range(4)
                    ]
                )
                partners.action_synchronize_with_tribe()
                with self.switching(TribeRelationExporter, "_carry_out", 2, values):
                    self.run_once("outbound")

                self.assertEqual(len(self.in_tribe(partners)), 1)
                self.assertFalse(self.problems())

                self.switch_back()
                partners.action_synchronize_with_tribe()
                self.run_lanes()
                self.assertEqual(self.in_tribe(partners), sorted(partners.mapped("name")))
                self.assertTrue(all(partner.tribe_id for partner in partners))

    def test_no_invoice_is_posted_any_more(self):
        for how, values in SWITCHES.items():
            for method in ("_load_invoices", "_prepare"):
                with self.subTest(f"{how}, {method}"):
                    sent = [self.draft(self.line(10.0 + number)) for number in range(3)]
                    for tribe_id in sent:
                        self.sandbox.set_phase(tribe_id, "Sent")
                    self.env["tribe.work"]._add(
                        self.connection, "inbound", "invoice", sent, "webhook"
                    )
                    importer = self.registry["tribe.invoice.importer"]
                    with self.switching(importer, method, 1, values):
                        self.run_once("inbound")

                    self.assertFalse([each for each in sent if self.booked_move(each)])
                    self.assertFalse(self.problems())

                    self.switch_back()
                    for tribe_id in sent:
                        self.assert_booked_to_the_cent(tribe_id)

    def test_in_a_pause_the_batch_ends(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Pauze {number}", "is_company": True, "customer_rank": 1}
                for number in range(3)
            ]
        )
        partners.action_synchronize_with_tribe()
        with self.switching(TribeRelationExporter, "_carry_out", 2, {"state": "paused"}):
            self.run_once("outbound")

        self.assertEqual(len(self.in_tribe(partners)), 3)
