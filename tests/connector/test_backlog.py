"""However much waits of one connection: the schedule, which all share, takes it bit by bit."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.models import tribe_work_queue, tribe_work_webhook

from .test_two_tenants import TenantsCase
from .test_webhook_flood import invented


class Killed(BaseException):
    """What nobody catches: Odoo ends a worker that is over its time."""


class BacklogCase(TenantsCase):
    def works(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env["tribe.work"].search(domain)

    def wait(self, connection, count, **values):
        """Relations that failed, and are tried again in a while."""
        works = self.env["tribe.work"]._add(
            connection, "inbound", "organization", invented(count), "poll"
        )
        later = fields.Datetime.now() + timedelta(hours=1)
        works.write({"due": later, "tries": 1, "error_class": "again", **values})
        return works

    def run_schedule(self):
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()

    def let_it_be_night(self, *connections):
        """The night has come, and was not planned."""
        for connection in connections:
            self.env["tribe.cursor"]._move(connection, "schedule:nightly", "2020-01-01")

    def due(self, works):
        return works.filtered(lambda work: work.due <= fields.Datetime.now())


class TestNight(BacklogCase):
    def setUp(self):
        super().setUp()
        self.patch(tribe_work_queue, "PIECE", 3)

    def test_what_waits_is_brought_forward_itself_in_pieces(self):
        waiting = self.wait(self.a, 8)
        self.let_it_be_night(self.a)

        with patch.object(type(self.env["tribe.engine"]), "_is_late", lambda _engine: True):
            for done in (3, 6, 8, 8):
                self.run_schedule()
                self.assertEqual(len(self.due(waiting)), done)

        self.assertEqual(self.works(kind="organization"), waiting)
        waiting.due = fields.Datetime.now() + timedelta(hours=1)
        self.run_schedule()
        self.assertFalse(self.due(waiting))

    def test_with_time_left_all_is_brought_forward_at_once(self):
        waiting = self.wait(self.a, 8)
        self.let_it_be_night(self.a)
        self.run_schedule()
        self.assertEqual(self.due(waiting), waiting)

    def test_what_failed_since_the_night_came_waits_for_the_next_one(self):
        tomorrow = self.a._last_nightly_moment() + timedelta(days=1)
        waiting = self.wait(self.a, 2, due=tomorrow, error_class="person")
        self.let_it_be_night(self.a)
        self.run_schedule()
        self.assertFalse(self.due(waiting))

    def test_a_night_that_ends_its_worker_is_not_planned_again(self):
        self.let_it_be_night(self.a)
        planned = []

        def end(connection):
            planned.append(connection)
            connection.env.cr.rollback()
            raise Killed

        with patch.object(type(self.a), "_enqueue_nightly", end):
            for _minute in range(3):
                with contextlib.suppress(Killed):
                    self.run_schedule()
        self.assertEqual(planned, [self.a])

    def test_whoever_ends_the_worker_comes_last_the_next_time(self):
        self.a.name, self.b.name = "ZZZ", "AAA"
        self.env["tribe.cursor"].search([("stream", "=", "schedule:poll")]).unlink()
        connection = type(self.a)
        plan = connection._enqueue_due

        def plan_or_end(planned):
            if planned.id == self.b.id:
                raise Killed
            return plan(planned)

        with patch.object(connection, "_enqueue_due", plan_or_end):
            for _minute in range(2):
                with contextlib.suppress(Killed):
                    self.run_schedule()
        self.assertTrue(self.env["tribe.cursor"]._position(self.a, "schedule:poll"))

    def test_the_button_has_a_piece_done_what_was_tried_least_first(self):
        often, seldom = self.wait(self.a, 3, tries=5), self.wait(self.a, 3)
        self.a.action_run_nightly()
        added = self.works(reason="nightly", kind="organization")
        self.assertEqual(set(added.mapped("reference")), set(seldom.mapped("reference")))
        self.assertFalse(self.due(often | seldom))

    def test_a_mended_mapping_has_a_piece_done_at_once(self):
        self.wait(self.a, 8, error_class="person")
        self.a._retry_problems()
        self.assertEqual(len(self.works(reason="person")), 3)


class TestMostThatWaits(BacklogCase):
    def setUp(self):
        super().setUp()
        for module in (tribe_work_queue, tribe_work_webhook):
            self.patch(module, "MOST_WAITING", 15)

    def poll(self):
        self.env["tribe.work"]._add(self.b, "inbound", "poll", ["organization"], "poll")
        self.run_lanes()

    def test_no_more_is_looked_for_until_that_is_done(self):
        self.env["tribe.cursor"]._move(self.b, "organization", "2020-01-01 00:00:00")
        waiting = self.wait(self.b, 15, due="2100-01-01")
        with self.in_tenant(self.b):
            row = self.organization()
        self.poll()
        self.assertFalse(self.link(row["ID"]))
        poll = self.works(connection_id=self.b.id, kind="poll")
        self.assertFalse(poll.error_class)

        waiting.unlink()
        poll.due = fields.Datetime.now()
        self.run_lanes()
        self.assertTrue(self.link(row["ID"]).partner_id)
        self.assertFalse(self.works(connection_id=self.b.id))

    def test_a_look_ends_there_and_begins_anew(self):
        self.env["tribe.cursor"]._move(self.b, "organization", "2020-01-01 00:00:00")
        before = self.env["tribe.cursor"]._position(self.b, "organization")
        with self.in_tenant(self.b):
            rows = [self.organization() for _number in range(7)]
        note = self.registry["tribe.poller"]._note

        def note_invented(poller, batch, kind, ids, *, only_new):
            return note(poller, batch, kind, [*ids, *invented(15)], only_new=only_new)

        with patch.object(self.registry["tribe.poller"], "_note", note_invented):
            self.poll()
        self.assertEqual(self.env["tribe.cursor"]._position(self.b, "organization"), before)

        self.works(kind="poll").due = fields.Datetime.now()
        self.run_lanes()
        self.assertGreater(self.env["tribe.cursor"]._position(self.b, "organization"), before)
        self.assertTrue(all(self.link(row["ID"]).partner_id for row in rows))

    def test_webhooks_about_what_is_not_linked_have_it_looked_for(self):
        self.wait(self.b, 15)
        for tribe_id in invented(3):
            self.env["tribe.work"]._note_webhook(self.b, "organization", tribe_id)
        self.assertEqual(len(self.works(connection_id=self.b.id, kind="organization")), 15)
        self.assertEqual(len(self.works(connection_id=self.b.id, kind="poll")), 1)

    def test_what_people_save_keeps_nothing_of_tribe_out(self):
        """Anybody who may change contacts saves as often as he likes, until the night."""
        self.b.export_moment = "nightly"
        partner = self.env["res.partner"].create({"name": "Klant", "customer_rank": 1})
        for number in range(20):
            partner.phone = f"030 {number}"
            self.env.flush_all()
            # Another transaction each time.
            self.env.cr.execute("UPDATE tribe_work SET transaction = NULL")
        saves = self.works(reason="save", connection_id=self.b.id)
        saves |= self.env["tribe.work"]._add(
            self.b, "outbound", "partner", range(10**6, 10**6 + 20), "save", due="2100-01-01"
        )
        with self.in_tenant(self.b):
            told, found = self.organization(), self.organization(Name="Gezocht B.V.")

        self.env["tribe.work"]._note_webhook(self.b, "organization", told["ID"])
        self.assertFalse(self.works(kind="poll"))
        self.poll()

        for row in (told, found):
            self.assertTrue(self.link(row["ID"]).partner_id)

    def test_of_many_notes_of_a_contact_one_of_each_reason_is_read(self):
        """Saves of people, and what looks of our own want told (``follow``)."""
        partner = self.env["res.partner"].create({"name": "Klant", "customer_rank": 1})
        self.env["tribe.work"].search([]).unlink()
        for reason in ("save", "follow") * 30:
            self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], reason)
        failed = self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], "save")
        failed.write({"error_class": "again", "tries": 1})
        asked = self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], "person")
        self.env.flush_all()

        self.env["tribe.work"]._leave_last(self.b.id, "partner", [str(partner.id)])

        left = self.works(connection_id=self.b.id)
        self.assertIn(failed, left)
        self.assertIn(asked, left)
        self.assertEqual(set((left - failed - asked).mapped("reason")), {"save", "follow"})
        self.assertEqual(len(left - failed - asked), 2)

    def test_a_poll_that_waits_is_not_noted_again(self):
        for _minute in range(3):
            self.env["tribe.cursor"]._move(self.a, "schedule:poll", "2020-01-01")
            self.run_schedule()
        self.assertEqual(len(self.works(connection_id=self.a.id, kind="poll")), 7)

    def test_who_is_deactivated_is_done_with_all_of_it(self):
        self.wait(self.b, 20)
        self.b.action_deactivate()
        self.env.invalidate_all()
        self.assertEqual(self.works(connection_id=self.b.id).mapped("kind"), ["deactivate"])
