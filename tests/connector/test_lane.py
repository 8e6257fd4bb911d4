"""A lane keeps to its time: Odoo ends a cron that takes long, and its other crons wait."""

import contextlib
import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import ValidationError

from odoo.addons.base.models import ir_cron
from odoo.addons.tribe_connector.engine import claiming, rounds, turn
from odoo.addons.tribe_connector.tribe_api import Turn

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

    def assertNothingBegun(self):
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assertFalse(self.partner.tribe_id)
        self.assertComesAgain()

    def assertComesAgain(self):
        """The lane is called again at once; nothing is noted against the customer."""
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]))
        work = self.env["tribe.work"].search([("reference", "=", str(self.partner.id))])
        self.assertEqual((set(work.mapped("tries")), set(work.mapped("error"))), ({0}, {False}))

    def test_what_is_read_after_a_commit_is_read_at_once(self):
        """Not row by row, as what is read through the rows of work, which a commit forgets."""
        queries = []

        def process(_exporter, batch):
            batch.commit()
            phases = batch.connection.phase_ids
            self.assertGreater(len(phases), 1)
            before = batch.env.cr.sql_log_count
            phases.mapped("tribe_id")
            queries.append(batch.env.cr.sql_log_count - before)
            for reference in batch.references:
                batch.done(reference)

        with patch.object(self.registry["tribe.relation.exporter"], "_process", process):
            self.run_lanes()

        self.assertEqual(queries, [1], self.problems())

    def test_in_time_the_customer_is_sent(self):
        self.assertTrue(self.run_lane(common.LONG))
        self.assertTrue(self.partner.tribe_id)

    def test_after_its_time_nothing_is_begun_and_the_lane_comes_again(self):
        self.sandbox.reset_calls()
        self.assertFalse(self.run_lane(-1))
        self.assertNothingBegun()

    def test_a_call_that_could_not_end_in_time_is_not_begun(self):
        self.sandbox.reset_calls()
        # Odoo waits for all that one worker does in a row, not for each lane.
        self.patch(turn, "LONGEST_ROW_SECONDS", 5)
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertNothingBegun()

        # A person's button is no lane.
        self.connect()
        self.assertTrue(self.sandbox.calls()["total"])

    def test_a_lane_whose_time_is_up_between_two_calls_goes_on_in_the_next_turn(self):
        self.sandbox.reset_calls()

        def seconds_left(_turn):
            return 0 if self.sandbox.calls()["total"] else 45

        self.patch(Turn, "seconds_left", seconds_left)
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.sandbox.calls()["total"], 1)
        self.assertComesAgain()

        self.patch(Turn, "seconds_left", lambda _turn: 45)
        self.env["tribe.work"].search([]).due = "2020-01-01"
        self.run_lanes()
        self.assertTrue(self.partner.tribe_id)
        self.assertFalse(self.problems())

    def test_lanes_that_a_worker_does_in_a_row_share_their_time(self):
        first, second = self.registry.cursor(), self.registry.cursor()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        self.patch(turn, "LONGEST_ROW_SECONDS", 45)
        long_ago = SimpleNamespace(monotonic=lambda: time.monotonic() - 40)
        with self.subTest("the first lane"), turn.job_of_row(first, 1):
            self.assertGreater(turn.current_turn().seconds_left(), 40)
        self.patch(turn, "time", long_ago)
        turn.begin_row(first)
        self.patch(turn, "time", time)
        with self.subTest("a later lane"), turn.job_of_row(first, 1):
            self.assertLess(turn.current_turn().seconds_left(), 6)
        with self.subTest("the next row"), turn.job_of_row(second, 1):
            self.assertGreater(turn.current_turn().seconds_left(), 40)
        self.assertEqual(turn.current_turn().seconds_for(30), 30)


class TestAfterOtherTests(RelationCase):
    """What a process remembers of the lanes of other tests is no part of a test."""

    def setUp(self):
        inbound = self.env.ref("tribe_connector.cron_inbound_1")
        self.patch(turn._row, "late", frozenset({inbound.id}))
        had = rounds.Rounds([self.connection.id])
        self.patch(rounds, "_rounds", {(self.env.cr.dbname, "outbound"): had})
        super().setUp()

    def test_a_lane_leaves_its_time_to_none_that_was_late_in_another_test(self):
        self.assertTrue(self.linked().tribe_id)

    def test_nobody_had_a_turn(self):
        self.assertFalse(rounds._rounds)


class TestLongestWait(RelationCase):
    """How long an answer is waited for."""

    def test_more_than_odoo_allows_is_refused_with_the_reason(self):
        self.connection.answer_seconds = 30
        with self.assert_refused(
            "answer_seconds_too_long", ValidationError, name="Tribe CRM", seconds=31
        ):
            self.connection.answer_seconds = 31

    def test_what_an_earlier_version_allowed_becomes_the_most(self):
        self.env.cr.execute("UPDATE tribe_connection SET answer_seconds = 60")
        self.env["tribe.connection"].init()
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.answer_seconds, 30)


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
        engines = self.registry["tribe.engine"]
        commit = engines._commit

        def commit_slowly(engine, processed, **options):
            commit(engine, processed, **options)
            return 0 if processed else common.LONG

        with (
            patch.object(engines, "_commit", commit_slowly),
            patch.object(ir_cron, "MIN_RUNS_PER_JOB", 1),
            patch.object(ir_cron, "MIN_TIME_PER_JOB", 0),
        ):
            yield

    def test_on_a_slow_machine_all_is_done_too(self):
        partners = self.customers(3)
        with patch.object(claiming, "BATCH", 1), self.slow_machine():
            self.run_lanes()

        self.assertTrue(all(partners.mapped("tribe_id")), self.problems())
        self.assertFalse(self.due_work())

    def test_more_rounds_than_twenty_are_no_failure(self):
        partners = self.customers(25)
        with patch.object(claiming, "BATCH", 1), self.slow_machine():
            self.run_lanes()

        self.assertTrue(all(partners.mapped("tribe_id")), self.problems())

    def test_when_nothing_gets_done_it_says_of_what(self):
        (partner,) = self.customers(1)
        self.connection.mode = "off"

        with self.assertRaisesRegex(AssertionError, f"Nothing is done.*partner.*{partner.id}"):
            self.run_lanes()

    def test_work_that_leads_to_work_for_ever_is_noticed(self):
        partners = self.customers(1)

        def echo(exporter, batch):
            batch.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partners.ids, "nightly"
            )
            for reference in batch.references:
                batch.done(reference)

        with (
            patch.object(common, "MOST_WORK", 5),
            patch.object(type(self.env["tribe.relation.exporter"]), "_process", echo),
            self.slow_machine(),
            self.assertRaisesRegex(AssertionError, "no end"),
        ):
            self.run_lanes()
