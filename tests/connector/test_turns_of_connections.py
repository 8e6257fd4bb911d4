"""No connection's Tribe, and none of its records, keeps the others' waiting."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import BaseCase, tagged

from odoo.addons.tribe_connector.engine import rounds, turn
from odoo.addons.tribe_connector.models import ir_cron
from odoo.addons.tribe_connector.tribe_api import Client, Turn

from .test_two_tenants import TenantsCase


class Killed(BaseException):
    """What nobody catches: Odoo ends a worker that is over its time."""


class TestProbes(TenantsCase):
    """Neither Tribe can be reached; B, by its name, comes before A."""

    def setUp(self):
        super().setUp()
        self.b.name = "AAA"
        (self.a | self.b).failures_before_pause = 1
        self.let_probe(self.a | self.b)

    def down(self, connection):
        return self.env["tribe.availability"].search([("connection_id", "=", connection.id)])

    def let_probe(self, connections):
        now = fields.Datetime.now()
        for connection in connections:
            row = self.down(connection)
            row.write(
                {
                    "failures": 5,
                    "unavailable_since": row.unavailable_since or now,
                    "next_probe": (row.next_probe or now) - timedelta(days=1),
                }
            )

    def run_schedule(self):
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()

    def test_a_slow_tribe_lets_the_others_be_found_again(self):
        """Its first call takes the whole turn."""
        slow = self.tenants[self.b]
        # A token for each call, so that the probe of B never comes to its question.
        slow.switch(expires_in=0)
        self.env["tribe.credential"].search([("connection_id", "=", self.b.id)]).write(
            {"access_token": False}
        )
        with patch.object(Turn, "seconds_left", lambda _turn: 0 if slow.calls()["total"] else 45):
            for _minute in range(2):
                slow.reset_calls()
                self.run_schedule()
                self.let_probe(self.b)

        self.assertFalse(self.down(self.a).unavailable_since)
        self.assertTrue(self.down(self.b).unavailable_since)

    def test_a_probe_that_ends_its_worker_keeps_nobody_from_hearing_and_planning(self):
        (self.a | self.b).responsible_id = self.env.ref("base.user_admin")
        self.env["tribe.cursor"].search([("stream", "=like", "schedule:%")]).unlink()
        for connection in self.a | self.b:
            self.down(connection).unavailable_since = "2020-01-01"
        # Odoo's assertRaises would undo what was committed before.
        with (
            patch.object(Client, "current_employee", side_effect=Killed) as asked,
            contextlib.suppress(Killed),
        ):
            self.run_schedule()
        asked.assert_called_once()
        self.env.invalidate_all()

        for connection in self.a | self.b:
            self.assertIn("cannot be reached since", connection.activity_ids.note)
            self.assertTrue(self.env["tribe.cursor"]._position(connection, "schedule:nightly"))

    def test_who_ends_the_schedule_keeps_no_tribe_from_being_found_again(self):
        """Planning B ends the worker, whatever it is that takes so long."""
        self.b.responsible_id = self.env.ref("base.user_admin")
        connections = self.registry["tribe.connection"]
        plan = connections._enqueue_due

        def plan_or_end(connection):
            if connection == self.b:
                raise Killed
            return plan(connection)

        (self.a | self.b).write({"state": "active"})
        ended = 0
        with patch.object(connections, "_enqueue_due", plan_or_end):
            for _minute in range(4):
                try:
                    self.run_schedule()
                except Killed:
                    ended += 1
                    self.env.invalidate_all()

        self.assertEqual(ended, 2)
        self.assertFalse(self.down(self.a).unavailable_since)
        self.assertIn("planning it took longer", self.b.trouble)
        self.assertIn("planning it took longer", self.b.activity_ids.note)

        self.b.relation_domain = "[('city', '!=', 'Utrecht')]"
        self.run_schedule()

        self.assertNotIn("planning it took longer", self.b.trouble)
        self.assertFalse(self.down(self.b).unavailable_since)


class TestRows(TenantsCase):
    """Odoo does all jobs that are ready in a row, always in the same order, and B's Tribe is slow:
    its first answer takes all the time of a row."""

    def test_a_slow_tribe_keeps_nobody_from_being_sent_and_found_again(self):
        slow = self.tenants[self.b]
        self.patch(Turn, "seconds_left", lambda _turn: 0 if slow.calls()["total"] else 45)
        self.have_looked_at(400)
        partner = self.customer("Wacht B.V.", company_id=self.a.company_id.id)
        self.env["tribe.work"]._add(self.a, "outbound", "partner", partner.ids, "person")
        down = self.env["tribe.availability"].search([("connection_id", "=", self.a.id)])

        self.run_row()
        self.assertFalse(partner.tribe_id)
        # The second lane of what is received comes first, too.
        for _time in range(2):
            self.run_row()
        self.assertTrue(partner.tribe_id)

        down.write({"failures": 5, "unavailable_since": "2020-01-01", "next_probe": "2020-01-01"})
        for _time in range(3):
            self.run_row()
        self.assertFalse(down.unavailable_since)

    def test_who_is_slow_has_its_turns_too(self):
        slow = self.tenants[self.b]
        self.patch(Turn, "seconds_left", lambda _turn: 0 if slow.calls()["total"] else 45)
        self.have_looked_at(120)
        had_time = 0
        for number in range(6):
            partner = self.customer(f"Wacht {number} B.V.", company_id=self.a.company_id.id)
            self.env["tribe.work"]._add(self.a, "outbound", "partner", partner.ids, "person")
            self.run_row()
            had_time += slow.calls()["total"]
        self.assertGreater(had_time, 1)

    def have_looked_at(self, count):
        """Relations of B's Tribe wait to be looked at."""
        ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]
        self.env["tribe.work"]._add(self.b, "inbound", "organization", ids, "poll")

    def run_row(self):
        """What one worker does: all four scheduled actions, as Odoo orders them."""
        self.tenants[self.b].reset_calls()
        crons = [
            self.env.ref(f"tribe_connector.{name}")
            for name in ("cron_inbound_1", "cron_inbound_2", "cron_outbound", "cron_schedule")
        ]
        turn.begin_row(self.env.cr)
        with (
            patch.object(ir_cron, "begin_row", lambda _cursor: None),
            self.enter_registry_test_mode(),
        ):
            for cron in sorted(crons, key=lambda each: (each.priority, each.id)):
                cron.method_direct_trigger()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestRounds(BaseCase):
    """Whoever had a turn longest ago comes first."""

    def turns(self, waits, count=12):
        """Who has the first turns.

        :param waits: a function from the number of a turn to who waits then
        """
        by_turn, found = rounds.Rounds(), []
        for number in range(count):
            found.append(by_turn.order(waits(number))[0])
            by_turn.had(found[-1])
        return found

    def test_whoever_waits_now_and_then_comes_next(self):
        """What comes while another one is at work waits for that alone."""
        found = self.turns(lambda number: ["mass", "now and then"] if number % 2 else ["mass"])
        self.assertEqual(found, ["mass", "now and then"] * 6)

    def test_nobody_waits_for_more_than_a_turn_of_each_other(self):
        """However the others come and go."""
        others = ["one", "two", "three"]
        found = self.turns(lambda number: ["mass", others[number % 3]])
        for number in range(len(found) - 3):
            self.assertIn("mass", found[number : number + 4])

    def test_a_new_process_begins_behind_those_at_whom_the_last_one_was(self):
        self.assertEqual(rounds.Rounds(["begun"]).order(["begun", "other"]), ["other", "begun"])


class EndingCase(TenantsCase):
    """Some records of A end each worker that is at them; a new one begins with an empty memory."""

    def setUp(self):
        super().setUp()
        self.responsible = self.env.ref("base.user_admin")
        self.a.responsible_id = self.responsible
        self.ending = self.env["res.partner"]
        self.patch(rounds, "_rounds", {})

    def customers(self, connection, *names):
        """Customers who wait to be sent, in this order."""
        partners = self.env["res.partner"].union(
            *(self.customer(name, company_id=connection.company_id.id) for name in names)
        )
        self.env["tribe.work"].search([("reference", "in", partners.mapped("id"))]).unlink()
        self.env["tribe.work"]._add(connection, "outbound", "partner", partners.ids, "person")
        return partners

    def run_worker(self):
        """A new process does what is due; whether it lived."""
        rounds._rounds.clear()
        exporter = self.registry["tribe.relation.exporter"]
        process = exporter._process

        def process_or_end(handler, session):
            if set(session.references) & {str(partner.id) for partner in self.ending}:
                raise Killed
            return process(handler, session)

        with (
            patch.object(exporter, "_process", process_or_end),
            self.enter_registry_test_mode(),
        ):
            try:
                self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
                return True
            except Killed:
                return False
            finally:
                self.env.invalidate_all()

    def tell_of(self, partners, reason="save"):
        self.env["tribe.work"]._add(self.a, "outbound", "partner", partners.ids, reason)

    def stopped(self):
        return self.env["tribe.work"].search([("cause", "=", "stopped")])

    def count_ended(self):
        """Run workers until one lives; returns how many ended."""
        for ended in range(20):
            if self.run_worker():
                return ended
        raise AssertionError("it ends worker after worker")

    def many(self):
        """Every other one ends its worker."""
        partners = self.customers(self.a, *(f"Klant {number} B.V." for number in range(12)))
        self.ending = partners[::2]
        return partners

    def run_schedule(self):
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()


class TestEndedWorkers(EndingCase):
    def test_a_new_process_begins_with_the_others(self):
        self.ending = self.customers(self.a, "Fataal B.V.")
        ours = self.customers(self.b, "Wacht B.V.")

        self.assertFalse(self.run_worker())
        self.assertFalse(ours.tribe_id)
        self.assertFalse(self.run_worker())

        self.assertTrue(ours.tribe_id)

    def test_a_connection_that_ends_worker_after_worker_rests_and_says_so(self):
        self.many()
        self.assertLessEqual(self.count_ended(), 4)

        self.assertEqual((self.a.state, self.b.state), ("paused", "active"))
        self.assertIn("stopped the worker", self.a.headline)
        self.assertEqual(self.a.headline_level, "danger")
        self.assertIn("press Resume", self.a.trouble)
        self.assertEqual(self.a.action_open_headline()["res_model"], "tribe.work")
        self.run_schedule()
        self.assertIn("press Resume", self.a.activity_ids.note)
        ours = self.customers(self.b, "Wacht B.V.")
        self.assertEqual(self.count_ended(), 0)
        self.assertTrue(ours.tribe_id)

    def test_resume_goes_on_and_once_mended_all_is_done(self):
        partners = self.many()
        self.count_ended()
        self.run_schedule()
        self.ending = self.env["res.partner"]

        self.a.action_resume()
        self.stopped().action_retry()
        self.assertEqual(self.count_ended(), 0)
        # On a slow machine one turn is not enough.
        self.run_lanes()
        self.run_schedule()

        self.assertEqual(self.a.state, "active")
        self.assertTrue(all(partner.tribe_id for partner in partners), self.problems())
        self.assertFalse(self.a.activity_ids)

    def test_whoever_goes_on_without_mending_loses_two_workers_at_most(self):
        self.many()
        self.count_ended()

        self.a.action_resume()

        self.assertLessEqual(self.count_ended(), 2)
        self.assertEqual(self.a.state, "paused")

    def test_each_resume_without_mending_rests_again(self):
        partners = self.many()
        self.count_ended()

        for _time in range(3):
            self.a.action_resume()
            self.tell_of(partners)
            self.assertLessEqual(self.count_ended(), 2)
            self.assertEqual(self.a.state, "paused")

    def test_what_is_told_of_a_record_that_was_set_apart_ends_no_worker(self):
        partners = self.customers(self.a, "Fataal B.V.", "Goed B.V.")
        self.ending = partners[:1]
        self.assertEqual(self.count_ended(), 2)

        for reason in ("save", "webhook", "poll", "nightly", "follow"):
            self.tell_of(partners, reason)
            self.assertEqual(self.count_ended(), 0, reason)
        with self.enter_registry_test_mode():
            self.a.action_connect()
        self.assertEqual(self.count_ended(), 0)

        self.assertEqual(self.a.state, "active")
        self.assertEqual(self.stopped().partner_id, self.ending)
        self.assertEqual(self.env["tribe.work"].search([]), self.stopped())
        self.ending = self.env["res.partner"]
        self.stopped().action_retry()
        self.assertTrue(self.run_worker())
        self.assertFalse(self.problems())

    def test_one_record_tried_again_and_again_has_its_connection_rest(self):
        self.ending = self.customers(self.a, "Fataal B.V.")
        self.count_ended()
        for _time in range(2):
            self.assertEqual(self.a.state, "active")
            self.stopped().action_retry()
            self.assertEqual(self.count_ended(), 1)

        self.assertEqual(self.a.state, "paused")
        self.assertIn("stopped the worker", self.a.headline)

    def test_two_that_are_tried_each_night_have_nothing_rest(self):
        self.ending = self.customers(self.a, "Fataal B.V.", "Dodelijk B.V.")
        self.count_ended()

        for _night in range(3):
            self.env["tribe.run"].search([]).date = "2020-01-01"
            self.stopped().due = "2020-01-01"
            self.assertEqual(self.count_ended(), 2)

        self.assertEqual(self.a.state, "active")

    def test_nor_does_another_nightly_hour_begin_the_count_anew(self):
        self.ending = self.customers(self.a, "Fataal B.V.")
        self.count_ended()
        for _time in range(2):
            # The night was a moment ago.
            now = fields.Datetime.now()
            self.a.write({"timezone": "UTC", "nightly_hour": now.hour})
            earlier = now.replace(minute=0, second=0) - timedelta(hours=1)
            self.env["tribe.run"].search([("has_stopped", "=", True)]).date = earlier
            self.stopped().action_retry()
            self.assertEqual(self.count_ended(), 1)

        self.assertEqual(self.a.state, "paused")

    def test_odoo_started_anew_three_times_is_no_reason_to_rest(self):
        for number in range(3):
            partners = self.customers(self.a, f"Een {number} B.V.", f"Twee {number} B.V.")
            self.ending = partners
            self.assertFalse(self.run_worker())
            self.ending = self.env["res.partner"]
            self.assertTrue(self.run_worker())
            self.assertTrue(all(partner.tribe_id for partner in partners))
        self.assertEqual(self.a.state, "active")
        self.assertFalse(self.problems())


class TestEndedInEveryState(EndingCase):
    """What is done of a connection that is paused or deactivated ends no worker after worker."""

    def assertRests(self, press, model, method):
        """Somebody presses it again and again; the others go on, and so does it another day."""
        ended = 0
        with patch.object(self.registry[model], method, side_effect=Killed):
            for _press in range(8):
                press()
                ended += self.count_ended()
        self.assertLessEqual(ended, 6)
        self.assertEqual(self.stopped().connection_id, self.a)
        ours = self.customers(self.b, "Wacht B.V.")
        self.assertEqual(self.count_ended(), 0)
        self.assertTrue(ours.tribe_id)

        self.env["tribe.run"].search([("has_stopped", "=", True)]).date = "2020-01-01"
        before = self.env["tribe.work"].search([])
        press()
        pressed = self.env["tribe.work"].search([]) - before
        self.assertTrue(pressed)
        self.assertTrue(self.run_worker())
        self.run_lanes()
        self.assertFalse(pressed.exists())

    def test_deactivate(self):
        self.assertRests(self.a.action_deactivate, "tribe.poller", "_deactivate")

    def test_a_plan(self):
        self.customer("Klant B.V.", company_id=self.company.id)
        self.assertRests(self.a.action_plan, "tribe.relation.planner", "_process")

    def test_what_other_records_ended_keeps_nobody_from_deactivating(self):
        self.many()
        self.count_ended()
        self.assertEqual(self.a.state, "paused")
        self.a.action_deactivate()
        self.assertTrue(self.run_worker())
        self.assertFalse(self.stopped())
