"""A lane keeps to its time: Odoo ends a cron that takes long, and its other crons wait."""

import time

from .relation_case import RelationCase


class TestLane(RelationCase):
    """A customer waits to be sent."""

    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create(
            {"name": "Wacht B.V.", "is_company": True, "customer_rank": 1}
        )
        self.env["tribe.work"]._add(
            self.connection, "outbound", "partner", [self.partner.id], "nightly"
        )
        self.cron = self.env.ref("tribe_connector.cron_outbound")
        self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]).unlink()

    def run_lane(self, seconds):
        """Call the lane as Odoo's cron does, when it has so many seconds left."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            cron, progress = self.cron.with_env(self.env(cr=cr))._add_progress()
            engine = cron.env["tribe.engine"].with_context(
                cron_id=cron.id, cron_end_time=time.monotonic() + seconds
            )
            engine._run_lane("outbound")
            done = progress.done
        self.env.invalidate_all()
        return done

    def test_in_time_the_customer_is_sent(self):
        self.assertTrue(self.run_lane(60))
        self.assertTrue(self.partner.tribe_id)

    def test_after_its_time_nothing_is_begun_and_the_lane_comes_again(self):
        self.sandbox.reset_calls()
        self.assertFalse(self.run_lane(-1))
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assertFalse(self.partner.tribe_id)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]))
