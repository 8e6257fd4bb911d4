"""When something does not do: tries, giving up, telling people.

A Tribe that is down needs cursors that outlive a roll-back: tests/faults/test_tribe_down.py.
"""

import contextlib
from datetime import timedelta
from unittest.mock import patch

from markupsafe import escape
from told import assert_only_says, assert_says

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools.misc import format_datetime

from odoo.addons.tribe_connector.engine import run_lines
from odoo.addons.tribe_connector.engine.availability import Availability
from odoo.addons.tribe_connector.sentence import say, sentence
from odoo.addons.tribe_connector.tribe_api import TribeCredentialsRefused, TribeUnavailable

from .relation_case import RelationCase

CUSTOMER_SET = "Relationship_Organization_CommercialRelationship_Customer"


class TroubleCase(RelationCase):
    def work(self):
        """The one row of work that has a problem."""
        (work,) = self.env["tribe.work"].search([("error_class", "!=", False)])
        return work

    def run_schedule(self):
        """Let a minute of the clock pass, and the lanes run."""
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()

    def pass_time(self, **duration):
        """Age everything that waits."""
        self.env.flush_all()
        seconds = timedelta(**duration).total_seconds()
        for table, column in (
            ("tribe_work", "due"),
            ("tribe_availability", "next_probe"),
            ("tribe_availability", "unavailable_since"),
            ("tribe_availability", "failing_since"),
            ("tribe_cursor", "position"),
        ):
            self.env.cr.execute(
                f"UPDATE {table} SET {column} = {column} - make_interval(secs => %s)", [seconds]
            )
        self.env.cr.execute("UPDATE tribe_rate_limit SET position = position - %s", [seconds])
        # By then Tribe shows what it was told, if it took it.
        self.env.cr.execute("UPDATE tribe_link SET being_told = NULL")
        self.env.invalidate_all()

    def seconds_until(self, moment):
        return (moment - fields.Datetime.now()).total_seconds()


class TestTries(TroubleCase):
    def changed_partner(self, **fault):
        """A linked partner that changed, and of which Tribe refuses the change as told."""
        partner = self.linked()
        partner.phone = "030 123"
        self.sandbox.fault("status", path_contains="Relation_Organization(", **fault)
        return partner

    def waiting(self):
        """What waits, but for a last look at what Tribe was told when its answer was lost."""
        return self.env["tribe.work"].search([("reason", "!=", "again")])

    def phone_in_tribe(self, partner):
        return self.tribe_of(partner)["PhoneNumber"]

    @contextlib.contextmanager
    def due_again_in(self, seconds):
        """What is done inside fails, and is to be tried again in so many seconds, or some more."""
        begun = fields.Datetime.now()
        yield
        due, ended = self.work().due, fields.Datetime.now()
        self.assertGreaterEqual(due, begun + timedelta(seconds=seconds))
        self.assertLessEqual(due, ended + timedelta(seconds=1.25 * seconds))

    def test_a_form_that_is_not_saved_yet_has_no_trouble(self):
        with self.assertNoLogs("odoo.domains"):
            self.assertFalse(self.env["tribe.connection"].new({"name": "Nieuw"}).trouble)

    def test_every_try_waits_longer_and_no_two_records_wait_alike(self):
        self.connection.back_off_seconds = 1800
        partner = self.changed_partner(times=None)
        with self.due_again_in(1800):
            self.synchronize(partner)
        for number in range(1, 4):
            self.pass_time(hours=6)
            with self.due_again_in(1800 * 2**number):
                self.run_lanes()
            self.assertEqual(self.work().tries, number + 1)

    def test_tribes_own_hint_is_respected(self):
        partner = self.changed_partner(headers={"Retry-After": "1800"})

        with self.due_again_in(1800):
            self.synchronize(partner)

    def test_what_fails_too_often_is_given_up_with_its_reason(self):
        self.connection.tries_before_giving_up = 3
        partner = self.changed_partner(times=None)
        self.synchronize(partner)
        for _try in range(2):
            self.pass_time(hours=5)
            self.run_lanes()

        work = self.work()
        self.assertEqual(work.error_class, "given_up")
        self.assert_only_told(work, "given_up_after_tries", tries=3)
        self.assert_told(work, "tribe_has_problem", status=503)
        self.assertEqual(self.connection.attention_count, 1)

        # A person brings it back, with a fresh number of tries; here it still fails.
        work.action_retry()
        self.run_lanes()
        self.assertEqual((self.work().error_class, self.work().tries), ("again", 1))

        # And the next night does what the person would do.
        self.sandbox.clear_faults()
        self.run_nightly()
        self.assertFalse(self.waiting())
        self.assertEqual(self.phone_in_tribe(partner), "030 123")

    def test_a_problem_that_stays_is_in_the_runs_once(self):
        self.connection.tries_before_giving_up = 1
        partner = self.changed_partner(times=None)
        for _time in range(3):
            self.synchronize(partner)

        self.assertEqual(self.work().error_class, "given_up")
        lines = self.env["tribe.run.line"].search([("action", "=", "problem")])
        self.assertEqual(lines.mapped("name"), [self.work().record_name])

    def problems_in_runs(self):
        return self.env["tribe.run.line"].search_count([("action", "=", "problem")])

    def fail_and_mend(self, partner, phone):
        """A change that Tribe refuses; then it takes it."""
        partner.phone = phone
        self.sandbox.fault("status", path_contains="Relation_Organization(", times=None)
        self.synchronize(partner)
        self.assertEqual(self.work().error_class, "given_up")
        self.sandbox.clear_faults()
        self.synchronize(partner)
        self.assertFalse(self.waiting())

    def test_what_fails_again_each_time_it_was_mended_does_not_fill_the_runs(self):
        self.connection.tries_before_giving_up = 1
        partner = self.linked()
        runs = self.env["tribe.run"]
        with patch.object(run_lines, "MOST_PROBLEMS", 3):
            for number in range(5):
                self.fail_and_mend(partner, f"030 12{number}")
            self.assertEqual(self.problems_in_runs(), 3)
            self.assertEqual(sum(runs.search([]).mapped("failed")), 5)

            # The next day they are told again.
            for run in runs.search([]):
                run.date -= timedelta(days=1, minutes=1)
            self.fail_and_mend(partner, "030 999")
            self.assertEqual(self.problems_in_runs(), 4)

    def test_nor_does_what_tribe_has_wrong_in_another_way_each_time(self):
        partner = self.linked()
        tribe_id = partner.tribe_id
        lines = [("action", "=", "note")]
        with patch.object(run_lines, "MOST_PROBLEMS", 3):
            for number in range(5):
                website = {"Website": f"javascript:alert({number})"}
                self.sandbox.change("Relation_Organization", tribe_id, website)
                self.look_at("organization", tribe_id)
            self.assertEqual(self.env["tribe.run.line"].search_count(lines), 3)
        # What is the matter now is told where the contact is.
        self.assertIn("alert(4)", str(self.link(tribe_id).noted))

    def test_nor_does_what_tribe_changes_again_and_again(self):
        partner = self.linked()
        runs = self.env["tribe.run"]
        before = sum(runs.search([]).mapped("changed"))
        with patch.object(run_lines, "MOST_CHANGES", 3):
            for number in range(5):
                self.sandbox.change(
                    "Relation_Organization", partner.tribe_id, {"PhoneNumber": f"030 {number}"}
                )
                self.look_at("organization", partner.tribe_id)
            lines = [("action", "=", "update_odoo")]
            self.assertEqual(self.env["tribe.run.line"].search_count(lines), 3)
        self.assertEqual(partner.phone, "030 4")
        # All of them are counted.
        self.assertEqual(sum(runs.search([]).mapped("changed")) - before, 5)

    def test_a_later_save_brings_back_what_was_given_up(self):
        self.connection.tries_before_giving_up = 1
        partner = self.changed_partner()
        self.synchronize(partner)
        self.assertEqual(self.work().error_class, "given_up")

        self.connection.export_moment = "minute"
        partner.email = "nieuw@klant.example"
        self.run_lanes()

        self.assertFalse(self.waiting())
        self.assertEqual(self.phone_in_tribe(partner), "030 123")

    def test_what_waited_for_a_person_for_long_is_tried_again_at_once(self):
        partner = self.changed_partner(times=1)
        self.env["tribe.work"].search([]).write(
            {"error": "Choose a tax.", "error_class": "person", "tries": 11}
        )
        self.synchronize(partner)

        work = self.work()
        self.assertEqual(work.tries, 1)
        self.assertLess(self.seconds_until(work.due), 2.5 * self.connection.back_off_seconds)

    def test_what_a_person_has_to_do_stays_while_tribe_cannot_be_reached(self):
        partner = self.changed_partner(times=None)
        problem = {"error": "Choose a tax.", "error_class": "person", "cause": "vat_group"}
        self.env["tribe.work"].search([]).write(problem)
        self.assertEqual(self.connection.attention_count, 1)

        for _try in range(3):
            self.synchronize(partner)
            self.pass_time(hours=25)
            self.run_lanes()
            work = self.work()
            self.assertEqual({name: work[name] for name in problem}, problem)
        self.assertEqual(self.connection.attention_count, 1)
        # Without anything new about it, it is tried less and less often.
        self.assertGreater(work.tries, 1)

        self.sandbox.clear_faults()
        self.pass_time(hours=25)
        self.run_lanes()
        self.assertFalse(self.waiting())

    def test_whoever_asks_again_leaves_the_row_to_the_lane_that_may_be_at_it(self):
        partner = self.changed_partner(times=1)
        self.synchronize(partner)
        work = self.work()
        due = work.due

        work.action_retry()
        partner.action_synchronize_with_tribe()
        self.connection.action_run_nightly()
        self.assertEqual(work.due, due)

        self.run_lanes()
        self.assertFalse(self.waiting())

    def test_connecting_again_tries_again_what_had_a_problem(self):
        partner = self.changed_partner(times=1, headers={"Retry-After": "1800"})
        self.synchronize(partner)
        self.assertTrue(self.problems())

        with self.enter_registry_test_mode():
            self.connection.action_connect()
        self.run_lanes()

        self.assertFalse(self.problems())
        self.assertEqual(self.phone_in_tribe(partner), "030 123")

    def test_what_is_ignored_rests_until_it_changes_again(self):
        self.connection.tries_before_giving_up = 1
        partner = self.changed_partner()
        self.run_nightly()

        self.work().action_ignore()

        self.assertFalse(self.waiting())
        of_partner = [("name", "=", partner.name)]
        line = self.env["tribe.run.line"].search(of_partner, order="id desc", limit=1)
        self.assert_only_told(line, "ignored_by", field="text", user=self.env.user.name)
        self.assert_told(line, "tribe_has_problem", field="text", status=503)
        self.run_nightly()
        self.assertNotEqual(self.phone_in_tribe(partner), "030 123")

        partner.email = "nieuw@klant.example"
        self.run_nightly()
        self.assertEqual(self.phone_in_tribe(partner), "030 123")

    def in_doubt(self):
        """A contact that Tribe does not know, and that could be a relation of Tribe; both."""
        relation = self.organization(Name="Anders B.V.", EmailAddress="info@klant.example")
        partner = self.customer(email="info@klant.example")
        self.run_nightly()
        self.assertAsked("possible_match")
        return partner, relation

    def ignored(self):
        partner, relation = self.in_doubt()
        self.work().action_ignore()
        return partner, relation

    def assert_ignored(self):
        for _night in range(2):
            self.run_nightly()
            self.assertFalse(self.problems())
            self.assertFalse(self.env["tribe.work"].search([]))

    def test_what_is_ignored_of_somebody_who_is_not_linked_rests_every_night(self):
        self.ignored()
        self.assert_ignored()

    def test_until_the_contact_is_saved(self):
        partner, _relation = self.ignored()
        partner.phone = "030 123"
        self.run_nightly()
        self.assertAsked("possible_match")
        # From then on it is a problem like any other.
        self.run_nightly()
        self.assertAsked("possible_match")
        self.work().action_ignore()
        self.assert_ignored()

    def test_or_somebody_asks_about_it(self):
        partner, _relation = self.ignored()
        self.synchronize(partner)
        self.assertAsked("possible_match")

    def test_or_the_relation_is_another_one_in_tribe(self):
        partner, relation = self.ignored()
        self.sandbox.change("Relation_Organization", relation["ID"], {"Name": "Nog Anders B.V."})
        self.run_nightly()
        self.assertAsked("possible_match")

        self.work().action_ignore()
        self.sandbox.change(
            "Relation_Organization", relation["ID"], {"EmailAddress": "x@y.example"}
        )
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertTrue(partner.tribe_id)
        self.run_nightly()
        self.assertFalse(self.env["tribe.cursor"].search([("stream", "=like", "ignored:%")]))

    def test_only_what_was_ignored_rests(self):
        self.ignored()
        self.organization(Name="Derde B.V.", EmailAddress="info@klant.example")
        self.run_nightly()
        self.assertAsked("possible_match")
        self.assertIn("Derde", self.work().error)

    def test_what_is_given_up_and_ignored_rests_as_well(self):
        self.connection.tries_before_giving_up = 1
        partner = self.customer()
        refused = {"path_contains": CUSTOMER_SET, "method": "POST", "times": None}
        self.sandbox.fault("status", **refused)
        self.run_nightly()
        self.assertEqual(self.work().error_class, "given_up")
        self.work().action_ignore()
        self.assert_ignored()
        partner.email = "nieuw@klant.example"
        self.run_nightly()
        self.assertEqual(self.work().error_class, "given_up")

    def test_what_merely_waits_is_called_by_its_name(self):
        partner = self.linked()
        partner.phone = "030 123"

        self.assertEqual(self.env["tribe.work"].search([]).display_name, f"Contact {partner.name}")

    def test_only_what_has_a_problem_can_be_ignored(self):
        partner = self.linked()
        partner.phone = "030 123"
        work = self.env["tribe.work"].search([])
        self.assertTrue(work)
        work.action_ignore()
        self.assertEqual(self.env["tribe.work"].search([]), work)

    def test_a_mistake_in_noting_a_problem_neither_stops_nor_repeats_the_lane(self):
        partner = self.changed_partner()
        with (
            patch.object(type(self.env["tribe.run"]), "create", side_effect=ZeroDivisionError),
            self.assertLogs("odoo.addons.tribe_connector", "ERROR"),
        ):
            self.synchronize(partner)

        works = self.env["tribe.work"].search([("error_class", "=", "bug")])
        self.assertTrue(works)
        self.assertGreater(self.seconds_until(min(works.mapped("due"))), 50)

    def test_one_connection_that_cannot_be_planned_does_not_stop_another(self):
        broken = self.connection.copy({"name": "Kapot", "mode": "demo"})
        broken.state = "active"
        self.env["tribe.cursor"].search([("stream", "=", "schedule:poll")]).unlink()
        plan = type(self.connection)._enqueue_due

        def plan_all_but_the_broken_one(connection):
            if connection == broken:
                raise ZeroDivisionError
            return plan(connection)

        with (
            patch.object(type(self.connection), "_enqueue_due", plan_all_but_the_broken_one),
            self.assertLogs("odoo.addons.tribe_connector", "ERROR"),
        ):
            self.run_schedule()

        polls = self.env["tribe.work"].search([("kind", "=", "poll")])
        self.assertEqual(polls.connection_id, self.connection)
        self.assertEqual(len(polls), 7)


class TestOutcome(TroubleCase):
    """What a button tells of the work that it asked for."""

    def failed(self):
        """A contact that Tribe refused: its row of work."""
        self.connection.tries_before_giving_up = 1
        partner = self.linked()
        partner.phone = "030 123"
        self.sandbox.fault("status", path_contains="Relation_Organization(", status=503, times=None)
        self.synchronize(partner)
        return self.work()

    def outcome(self, action):
        """What the web client is told when it looks again."""
        return self.env["tribe.work"].look_at_outcome(**action["params"]["watched"])

    def synchronize_now(self, contacts):
        """As the action in the menu of contacts does it."""
        action = self.env.ref("tribe_connector.action_partner_synchronize")
        context = {"active_model": "res.partner", "active_ids": contacts.ids}
        return action.with_context(**context).run()

    def test_what_came_of_synchronizing_a_contact_now_is_told(self):
        contact = self.linked()
        action = self.synchronize_now(contact)
        self.run_lanes()
        outcome = self.outcome(action)
        self.assertEqual(outcome["level"], "success", outcome)
        self.assertIn(contact.name, outcome["message"])

    def gone_in_tribe(self, name="Weg in Tribe B.V."):
        """A linked contact whose relation somebody deleted in Tribe since."""
        contact = self.linked(name)
        link = self.link(contact.tribe_id)
        self.connection.settle_seconds = 0
        self.sandbox.delete("Relation_Organization", link.tribe_id)
        self.look_at("organization", link.tribe_id)
        return contact, link

    def test_synchronizing_who_was_deleted_in_tribe_is_no_success(self):
        contact, _link = self.gone_in_tribe()
        action = self.synchronize_now(contact)
        self.run_lanes()

        outcome = self.outcome(action)

        self.assertEqual(outcome["level"], "warning", outcome)
        self.assertEqual(
            outcome["message"], say(self.env, "link_deleted_in_tribe", contact=contact.name)
        )

    def test_nor_is_synchronizing_who_is_left_to_odoo(self):
        contact = self.linked()
        self.link(contact.tribe_id).state = "left_to_odoo"
        action = self.synchronize_now(contact)
        self.run_lanes()

        outcome = self.outcome(action)

        self.assertEqual(outcome["level"], "warning", outcome)
        self.assertEqual(
            outcome["message"], say(self.env, "contact_left_to_odoo", contact=contact.name)
        )

    def test_who_was_deleted_in_tribe_is_not_counted_as_done(self):
        contact, _link = self.gone_in_tribe()
        action = self.synchronize_now(contact | self.linked())
        self.run_lanes()

        outcome = self.outcome(action)

        self.assertEqual(outcome["level"], "warning", outcome)
        self.assertIn(say(self.env, "not_synchronized_any_more", count=1), outcome["message"])
        self.assertIn("1 done.", outcome["message"])

    def test_a_contact_says_that_it_was_deleted_in_tribe(self):
        contact, link = self.gone_in_tribe()

        told = say(self.env, "link_deleted_in_tribe", contact=contact.name)
        self.assertEqual(contact.tribe_note, told)
        self.assertEqual(link.difference_shown, told)
        self.assertFalse(link.tribe_url)

    def test_what_keeps_a_contact_from_being_synchronized_now_is_told(self):
        work = self.failed()
        action = self.synchronize_now(self.env["res.partner"].browse(int(work.reference)))
        self.run_lanes()

        outcome = self.outcome(action)

        self.assertEqual(outcome["level"], "warning", outcome)
        told = sentence("still_not_done", problem=self.work().error)
        self.assertEqual(outcome["message"], told)

    def test_that_no_connection_sends_a_contact_is_told(self):
        stranger = self.env["res.partner"].create({"name": "Niemand"})

        told = self.synchronize_now(stranger)["params"]["outcome"]["message"]

        self.assertEqual(told, sentence("nothing_to_synchronize"))

    def test_what_is_done_again_is_told_when_it_is_done(self):
        work = self.failed()
        name = work.display_name
        self.sandbox.clear_faults()

        action = work.action_retry()
        self.assertFalse(self.outcome(action)["is_final"])
        self.run_lanes()

        outcome = self.outcome(action)
        self.assertTrue(outcome["is_final"])
        self.assertEqual(outcome["level"], "success")
        self.assertIn(name, outcome["message"])

    def test_what_fails_again_is_told_with_its_reason(self):
        work = self.failed()
        action = work.action_retry()
        self.run_lanes()

        # The row that somebody may have open stays.
        self.assertEqual(self.work(), work)
        outcome = self.outcome(action)
        self.assertTrue(outcome["is_final"])
        self.assertEqual(outcome["level"], "warning")
        self.assert_told(work, "tribe_has_problem", status=503)
        self.assertIn(work.error, outcome["message"])

    def test_of_several_it_is_told_how_many(self):
        work = self.failed()
        other = work.copy({"reference": self.customer("Ander").id, "error_class": "person"})
        self.assertNotEqual(work.reference, other.reference)

        action = (work + other).action_retry()
        self.sandbox.clear_faults()
        self.assertEqual(self.outcome(action)["message"], "2 are being worked on; look again soon.")
        self.sandbox.fault("status", path_contains="Relation_Organization(", status=503)
        self.run_lanes()

        message = self.outcome(action)["message"]
        self.assertIn(f"1 done. {sentence('still_need_attention', count=1)}", message)

    def test_what_waits_for_the_connection_says_so_at_once(self):
        work = self.failed()
        self.connection.action_pause()

        outcome = self.outcome(work.action_retry())

        self.assertTrue(outcome["is_final"])
        self.assertIn(sentence("headline_paused"), outcome["message"])

    def test_a_button_for_what_is_gone_says_so_and_does_nothing(self):
        work = self.failed()
        work.copy({"reference": "1"}).unlink()
        gone = self.env["tribe.work"].browse(work.id + 1)
        self.assertFalse(gone.exists())
        for button in ("action_retry", "action_ignore", "action_adopt", "action_book_anyway"):
            with self.subTest(button):
                action = getattr(gone, button)()
                message = action["params"]["outcome"]["message"]
                self.assertEqual(message, sentence("done_meanwhile"))
        self.assertEqual(self.work(), work)

    def test_whoever_may_not_decide_is_refused_before_it_is_looked_at(self):
        user = new_test_user(self.env, "plain", "base.group_user,tribe_connector.group_user")
        work = self.env["tribe.work"].with_user(user).browse(10**6)
        for button in ("action_ignore", "action_adopt", "action_book_anyway"):
            with self.subTest(button), self.assertRaises(AccessError):
                getattr(work, button)()
        outsider = new_test_user(self.env, "outsider", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["tribe.work"].with_user(outsider).look_at_outcome(
                [], [[1, "invoice", "x", "y"]]
            )


class TestTellingPeople(TroubleCase):
    def setUp(self):
        super().setUp()
        self.boekhouder = new_test_user(
            self.env, "boekhouder", "base.group_user", email="boekhouder@odoo.example"
        )
        self.connection.responsible_id = self.boekhouder

    def need_a_person(self):
        """Two relations of Tribe have the number of one partner; returns what is told of it."""
        for name in ("Een", "Twee"):
            self.organization(Name=name, DebtorNumber="77")
        partner = self.customer("Wie", debtor_number="77")
        self.synchronize(partner)
        of_partner = self.problematic().filtered(lambda work: work.reference == str(partner.id))
        return of_partner.error

    def assert_counted(self, count, html):
        self.assertIn(escape(sentence("records_need_attention", count=count)), html)

    def activities(self):
        return self.connection.activity_ids

    def mails(self):
        return self.env["mail.mail"].search([("email_to", "like", "boekhouder")])

    def test_the_chosen_user_gets_one_activity_with_the_sentences(self):
        problem = self.need_a_person()

        for _minute in range(3):
            self.run_schedule()

        (activity,) = self.activities()
        self.assertEqual(activity.user_id, self.boekhouder)
        self.assert_counted(1, activity.note)
        code = "contact_could_be_several_relations"
        assert_only_says(problem, code, partner="Wie", count=2)
        self.assertIn(escape(problem), activity.note)

    # Who left, or was replaced

    def test_who_left_is_told_nothing_any_more(self):
        for leave in (
            {"active": False},
            {"group_ids": [(6, 0, self.env.ref("base.group_portal").ids)]},
        ):
            with self.subTest(leave):
                self.need_a_person()
                self.told()
                self.mails().unlink()
                self.env["tribe.cursor"].search([("stream", "=", "trouble:mail")]).unlink()
                self.boekhouder.write(leave)

                self.connection._tell_trouble()

                self.assertEqual(self.activities().user_id, self.connection.create_uid)
                self.assertFalse(self.mails())
                self.boekhouder.write(
                    {"active": True, "group_ids": [(6, 0, self.env.ref("base.group_user").ids)]}
                )

    def test_without_whoever_made_it_an_administrator_of_its_company_is_told(self):
        manager = new_test_user(
            self.env,
            "beheerder",
            "base.group_user,tribe_connector.group_manager",
            company_id=self.connection.company_id.id,
            company_ids=self.connection.company_id.ids,
        )
        for gone in self.connection._administrators() - manager - self.env.user:
            gone.active = False
        self.boekhouder.active = False
        self.env.cr.execute("UPDATE tribe_connection SET create_uid = %s", [self.boekhouder.id])
        self.connection.invalidate_recordset()
        self.assertIn(self.connection._responsible_user(), manager | self.env.user)
        self.assertIn(manager, self.connection._administrators())

    def test_what_was_told_goes_to_who_is_told_now(self):
        self.need_a_person()
        self.told()
        other = new_test_user(self.env, "opvolger", "base.group_user")
        self.connection.responsible_id = other

        self.connection._tell_trouble()

        (activity,) = self.activities()
        self.assertEqual(activity.user_id, other)

    # Problems of other companies

    def in_other_company(self, name="Geheime klant B.V.", count=1):
        """A record of another company in which the connection works needs a person."""
        other = self.env["res.company"].create({"name": f"Bedrijf van {name}"})
        self.connection.legal_entity_ids[0].write({"company_id": other.id, "journal_id": False})
        for number in range(count):
            partner = self.customer(f"{name} {number}", company_id=other.id)
            for each in ("x", "y"):
                self.organization(Name=f"{name} {number}{each}", DebtorNumber=f"88{number}")
            partner.debtor_number = f"88{number}"
            self.synchronize(partner)
        works = self.env["tribe.work"].search([("error_class", "=", "person")])
        self.assertEqual(
            works.filtered(lambda work: work.company_id == other).mapped("tries"), [1] * count
        )
        return other

    def told(self):
        """All that was told, by activity and by mail."""
        self.connection.mode = "live"
        self.connection._tell_trouble()
        return "\n".join([self.activities().note, *self.mails().mapped("body_html")])

    def test_a_problem_of_another_company_is_only_counted(self):
        problem = self.need_a_person()
        self.in_other_company(count=3)

        told = self.told()

        self.assert_counted(4, told)
        self.assertIn(sentence("records_of_other_companies", count=3), told)
        self.assertIn(escape(problem), told)
        self.assertNotIn("Geheime", told)

    def test_even_for_who_works_there_because_others_read_the_note_too(self):
        other = self.in_other_company()
        self.boekhouder.company_ids |= other
        self.assertNotIn("Geheime", self.told())

    def test_who_does_not_work_in_its_company_is_told_how_many(self):
        problem = self.need_a_person()
        other = self.env["res.company"].create({"name": "Elders B.V."})
        self.boekhouder.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})

        told = self.told()

        self.assert_counted(1, told)
        self.assertNotIn(escape(problem), told)
        self.assertNotIn("Wie", told)

    def test_a_check_of_a_legal_entity_is_for_who_works_in_its_company(self):
        other = self.env["res.company"].create({"name": "Geheim B.V.", "vat": "NL820646660B01"})
        entity = self.connection.legal_entity_ids[0]
        entity.write({"company_id": other.id, "journal_id": False, "vat": "NL123456782B90"})
        self.env["tribe.check"]._store_legal_entities(entity)
        checks = self.env["tribe.check"].search([("legal_entity_id", "=", entity.id)])
        self.assert_only_told(
            checks,
            "check_vat_number_of_company_differs",
            field="name",
            company="Geheim B.V.",
            vat="NL123456782B90",
            other="NL820646660B01",
        )
        reader = new_test_user(self.env, "lezer", "tribe_connector.group_user")

        self.assertFalse(checks.with_user(reader)._filtered_access("read"))
        reader.company_ids |= other
        checks.invalidate_recordset()
        companies = reader.company_ids.ids
        seen = checks.with_user(reader).with_context(allowed_company_ids=companies)
        self.assertTrue(seen._filtered_access("read"))

    def test_what_comes_from_tribe_is_text_in_it(self):
        for name in ("<b>Een</b>", "Twee"):
            self.organization(Name=name, DebtorNumber="77")
        self.synchronize(self.customer("Wie", debtor_number="77"))

        self.run_schedule()

        self.assertIn("&lt;b&gt;Een", self.activities().note)

    def test_recovery_clears_it_and_says_so(self):
        self.need_a_person()
        self.run_schedule()
        self.sandbox.change(
            "Relation_Organization", self.named("Twee")[0]["ID"], {"DebtorNumber": "78"}
        )
        self.run_nightly()
        self.assertFalse(self.problems())

        self.run_schedule()

        self.assertFalse(self.activities())
        self.assertIn("Nothing needs attention", self.connection.message_ids[0].body)

    def test_who_put_the_activity_away_is_not_told_again(self):
        self.need_a_person()
        self.run_schedule()
        self.activities().action_done()

        self.run_schedule()

        self.assertFalse(self.activities())

    # What others put among the activities of a connection

    def planted(self):
        """An activity of our type, put on the connection by an employee of another company."""
        other = self.env["res.company"].create({"name": "Bedrijf B"})
        employee = new_test_user(
            self.env, "elders", "base.group_user", company_id=other.id, company_ids=other.ids
        )
        self.assertFalse(self.connection.with_user(employee).has_access("read"))
        activity = self.env["mail.activity"].with_user(employee).create({"user_id": employee.id})
        activity.write(
            {
                "res_model_id": self.env["ir.model"]._get_id("tribe.connection"),
                "res_id": self.connection.id,
                "activity_type_id": self.env.ref("tribe_connector.mail_activity_type_trouble").id,
                "note": "Mine",
            }
        )
        return activity.sudo()

    def assert_left_alone(self, planted):
        self.assertIn("Mine", planted.note)
        self.assertEqual(planted.user_id.login, "elders")

    def test_nothing_is_told_in_an_activity_that_somebody_else_put_there_before(self):
        planted = self.planted()
        problem = self.need_a_person()
        self.run_schedule()

        self.assert_left_alone(planted)
        told = self.activities() - planted
        self.assertEqual(told.user_id, self.boekhouder)
        self.assertIn(escape(problem), told.note)

    def test_nor_in_one_that_comes_afterwards(self):
        self.need_a_person()
        self.run_schedule()
        told = self.activities()
        planted = self.planted()
        self.run_schedule()

        self.assert_left_alone(planted)
        self.assertEqual(self.activities(), told | planted)

        # Nor is it taken away with our own when all is well again.
        self.env["tribe.work"].search([]).unlink()
        self.run_schedule()
        self.assertEqual(self.activities(), planted)

    def test_nor_is_it_moved_to_who_is_told_now(self):
        self.need_a_person()
        planted = self.planted()

        self.connection.responsible_id = new_test_user(self.env, "opvolger", "base.group_user")

        self.assert_left_alone(planted)

    def test_the_activity_is_nobodys_own_whoever_runs_the_schedule(self):
        """Odoo lets everybody change what they made, wherever it is."""
        manager = new_test_user(self.env, "planner", "base.group_system")
        self.need_a_person()

        for _minute in range(2):
            self.connection.with_user(manager).sudo()._tell_trouble()

        (activity,) = self.activities()
        self.assertTrue(activity.create_uid._is_superuser())
        with self.assertRaises(AccessError):
            activity.with_user(self.planted().user_id).note = "Mine"

    def test_nobody_is_told_below_the_threshold(self):
        self.connection.attention_threshold = 2
        self.need_a_person()

        self.run_schedule()

        self.assertFalse(self.activities())

    def test_a_mail_goes_out_at_most_once_a_day_and_never_from_a_demo(self):
        problem = self.need_a_person()
        self.run_schedule()
        self.assertFalse(self.mails())

        self.connection.mode = "live"
        for _minute in range(3):
            self.run_schedule()
        self.assertEqual(len(self.mails()), 1)
        self.assertIn(escape(problem), self.mails().body_html)

        self.pass_time(hours=25)
        self.run_schedule()
        self.assertEqual(len(self.mails()), 2)

    def test_a_refused_sign_in_is_no_tribe_that_is_down(self):
        self.fails_with(TribeCredentialsRefused(sentence("token_invalid_client")))
        trouble = self.connection.trouble
        self.assertIn("not been able to sign in with Tribe since", trouble)
        self.assertIn("client ID with this client secret", trouble)
        self.assertEqual(self.connection.headline, trouble)
        self.assertNotIn("reached", trouble)
        self.assertNotIn("by themselves", trouble)
        self.connection.availability_ids.unavailable_since -= timedelta(hours=2)
        self.run_schedule()
        self.assertIn("not been able to sign in with Tribe", self.activities().note)

        self.connection.failures_before_pause = 1
        self.fails_with(TribeUnavailable("HTTP 503."))
        self.assertIn("cannot be reached since", self.connection.trouble)

    def fails_with(self, error):
        """What a call did, for the whole connection."""
        with self.enter_registry_test_mode():
            Availability(self.connection).note_failure(error)
        self.env.invalidate_all()

    def test_moments_are_told_by_the_clock_of_the_reader(self):
        down = self.env["tribe.availability"].search([("connection_id", "=", self.connection.id)])
        noon = fields.Datetime.to_datetime("2026-01-15 12:00:00")
        down.write({"unavailable_since": noon, "next_probe": noon, "reason": "HTTP 503."})
        reader = new_test_user(
            self.env, "reader", groups="tribe_connector.group_manager", company_id=self.company.id
        )
        for clock in ("Asia/Tokyo", "America/New_York", False):
            reader.tz = clock
            self.env.invalidate_all()
            since = format_datetime(self.env, noon, tz=clock or self.connection.timezone)
            with self.subTest(clock):
                read = self.connection.with_user(reader).with_context(tz=clock)
                self.assert_trouble(read, "tribe_unavailable_since", since=since, next=since)
                self.assertIn(since, read.headline)

    def test_a_tribe_that_is_down_for_long_is_told(self):
        down = self.env["tribe.availability"].search([("connection_id", "=", self.connection.id)])
        just_now = fields.Datetime.now() - timedelta(minutes=5)
        soon = fields.Datetime.now() + timedelta(hours=1)
        down.write({"unavailable_since": just_now, "next_probe": soon, "reason": "HTTP 503."})
        self.run_schedule()
        self.assertFalse(self.activities())
        self.assert_trouble(self.connection, "tribe_unavailable_since", reason="HTTP 503.")

        down.unavailable_since -= timedelta(hours=2)
        self.run_schedule()
        assert_says(self.connection._sentences_to_tell(), "tribe_unavailable_since")
        self.assertIn("HTTP 503.", self.activities().note)

        down.write({"unavailable_since": False, "next_probe": False})
        self.run_schedule()
        self.assertFalse(self.activities())
