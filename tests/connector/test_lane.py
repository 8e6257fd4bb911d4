"""A lane keeps to its time: Odoo ends a cron that takes long, and its other crons wait."""

import contextlib
import time
from unittest.mock import patch

from odoo.addons.base.models import ir_cron
from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.tribe_connector.models import tribe_engine

from . import common
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
        self.assertTrue(self.run_lane(common.LONG))
        self.assertTrue(self.partner.tribe_id)

    def test_after_its_time_nothing_is_begun_and_the_lane_comes_again(self):
        self.sandbox.reset_calls()
        self.assertFalse(self.run_lane(-1))
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assertFalse(self.partner.tribe_id)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]))


class TestRunLanes(RelationCase):
    """What the tests wait with: it ends when all is done, and when nothing more gets done."""

    def customers(self, count):
        """Customers whose turn it is to be sent."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Klant {number} B.V.", "is_company": True, "customer_rank": 1}
                for number in range(count)
            ]
        )
        self.env["tribe.work"]._add(self.connection, "outbound", "partner", partners.ids, "nightly")
        return partners

    @contextlib.contextmanager
    def slow_machine(self):
        """The time of a lane is up after its first batch, and Odoo does not call it again."""
        commit = IrCron._commit_progress

        def commit_slowly(cron, processed=0, **options):
            commit(cron, processed, **options)
            return 0 if processed else common.LONG

        with (
            patch.object(IrCron, "_commit_progress", commit_slowly),
            patch.object(ir_cron, "MIN_RUNS_PER_JOB", 1),
            patch.object(ir_cron, "MIN_TIME_PER_JOB", 0),
        ):
            yield

    def test_on_a_slow_machine_all_is_done_too(self):
        partners = self.customers(3)
        with patch.object(tribe_engine, "BATCH", 1), self.slow_machine():
            self.run_lanes()

        self.assertTrue(all(partners.mapped("tribe_id")), self.problems())
        self.assertFalse(self.due_work())

    def test_more_rounds_than_twenty_are_no_failure(self):
        partners = self.customers(25)
        with patch.object(tribe_engine, "BATCH", 1), self.slow_machine():
            self.run_lanes()

        self.assertTrue(all(partners.mapped("tribe_id")), self.problems())

    def test_when_nothing_gets_done_it_says_of_what(self):
        (partner,) = self.customers(1)
        self.connection.mode = "off"

        with self.assertRaisesRegex(AssertionError, f"Nothing is done.*partner.*{partner.id}"):
            self.run_lanes()

    def test_work_that_leads_to_work_for_ever_is_noticed(self):
        partners = self.customers(1)

        def echo(exporter, session):
            session.env["tribe.work"]._add(
                session.connection, "outbound", "partner", partners.ids, "nightly"
            )
            for reference in session.references:
                session.done(reference)

        with (
            patch.object(common, "MOST_WORK", 5),
            patch.object(type(self.env["tribe.relation.exporter"]), "_process", echo),
            self.slow_machine(),
            self.assertRaisesRegex(AssertionError, "no end"),
        ):
            self.run_lanes()
