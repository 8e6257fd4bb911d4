"""Looking finds what a webhook would have told of an invoice, at the cost of what changed."""

import re
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock
from urllib.parse import unquote_plus

from connector.common import ORGANIZATION_CUSTOMER
from dateutil.relativedelta import relativedelta

from odoo import fields

from odoo.addons.tribe_connector.engine import poller
from odoo.addons.tribe_connector.invoices import comparer
from odoo.addons.tribe_connector.invoices.comparer import DATES_STREAM
from odoo.addons.tribe_connector.models import (
    tribe_connection_tenant,
    tribe_sighting,
)
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tribe_api import Client, Page, Turn, bounds, exchange

from .invoice_case import InvoiceCase

DAY = 24 * 3600


class LookingCase(InvoiceCase):
    """No webhook arrives."""

    # Not done at night: looking for changes, and for deleted relations, costs its own calls.
    left_out = ("poll", "comparison")

    def setUp(self):
        super().setUp()
        # The first night of a connection finds nothing to look through.
        self.connection._begin_night()

    def sent(self, price=100.0, **values):
        """An invoice that was sent in Tribe without a word; returns its ID."""
        tribe_id = self.draft(self.line(price), **values)
        self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_id

    def all_sent(self, count):
        return [self.sent(10.0 + number) for number in range(count)]

    def look(self):
        """Let a quarter of an hour pass: a quick look."""
        self.poll("invoice")

    def forget_changes(self, seconds=DAY):
        """Have the last look be long after the last change: no date tells of it any more."""
        for cursor in self.env["tribe.cursor"].search([("stream", "=", "invoice")]):
            cursor.position += timedelta(seconds=seconds)

    def pass_night(self, days=1):
        """Let the schedule run after the nightly hour, so many days after it last did."""
        self.env.cr.execute(
            "UPDATE tribe_cursor SET position = position - %s * interval '1 day' "
            "WHERE stream LIKE 'schedule:%%'",
            [days],
        )
        self.env.invalidate_all()
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env["tribe.work"].search([("kind", "in", self.left_out)]).unlink()
        self.run_lanes()

    def calls(self, work):
        """How many calls some work takes."""
        self.sandbox.reset_calls()
        work()
        return self.sandbox.calls()["total"]

    def phase_in_odoo(self, tribe_id):
        return self.link(tribe_id).phase_id.code

    def assert_booked(self, *tribe_ids):
        for tribe_id in tribe_ids:
            self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())


class TestQuickLook(LookingCase):
    def test_what_was_sent_is_booked(self):
        tribe_ids = self.all_sent(3)
        self.look()
        self.assert_booked(*tribe_ids)
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_what_is_booked_and_changes_is_seen(self):
        self.sandbox.switch(final_invoice_writable="all")
        paid, changed = self.all_sent(2)
        self.look()
        self.sandbox.set_phase(paid, "Paid")
        (line,) = self.sandbox.rows("ProductLine", Activity=changed)
        self.sandbox.change("ProductLine", line["ID"], {"Price": 1.0})

        self.look()

        self.assertEqual(self.phase_in_odoo(paid), "Paid")
        self.assertEqual(self.link(changed).state, "differs")

    def test_a_phase_that_no_date_tells_of_is_seen(self):
        tribe_id = self.sent()
        self.forget_changes()
        self.look()
        self.assert_booked(tribe_id)

    def test_a_quiet_look_costs_no_more_the_more_there_is(self):
        self.sandbox.switch(page_limit=2)
        tribe_ids = self.all_sent(14)
        self.look()
        self.assert_booked(*tribe_ids)
        self.forget_changes()

        self.assertLessEqual(self.calls(self.look), 5)

    def test_open_ones_from_before_the_books_begin_cost_nothing(self):
        self.connection.invoices_from = self.today
        self.run_lanes()
        self.sandbox.switch(invoice_day=f"{self.today - timedelta(days=90)}", page_limit=2)
        self.all_sent(12)
        self.look()
        self.forget_changes()

        self.assertLessEqual(self.calls(self.look), 5)
        self.assertFalse(self.env["tribe.link"].search([("kind", "=", "invoice")]))

    def test_it_looks_as_far_back_as_there_is_something_new(self):
        self.sandbox.switch(page_limit=5)
        tribe_ids = self.all_sent(14)
        self.forget_changes()

        self.look()

        self.assert_booked(*tribe_ids)

    def test_what_is_held_is_read_once_and_again_when_it_changes(self):
        tribe_id = self.draft(self.line(10.0), Currency="XXX")
        self.sandbox.set_phase(tribe_id, "Sent")
        self.look()
        self.assertTrue(self.problems())
        self.forget_changes()
        self.assertLessEqual(self.calls(self.look), 3)

        self.sandbox.switch(final_invoice_writable="all")
        self.sandbox.change("Activity_Invoice", tribe_id, {"Currency": "EUR"})
        self.look()

        self.assertFalse(self.problems())
        self.assert_booked(tribe_id)

    def test_a_database_from_before_reads_nothing_of_what_is_as_it_was_booked(self):
        same, other = self.all_sent(2)
        self.look()
        self.env.cr.execute("DELETE FROM tribe_sighting")
        self.sandbox.set_phase(other, "Paid")
        self.forget_changes()

        # By date, the open ones.
        self.assertEqual(self.calls(self.look), 2)
        self.pass_night()
        self.assertEqual(self.phase_in_odoo(other), "Paid")

    def test_a_tenant_whose_dates_are_days(self):
        self.seed_tribe(invoice_date_type="Edm.Date")
        self.connection.invoices_from = self.today - timedelta(days=30)
        for is_known in (False, True):
            with self.subTest(is_known=is_known):
                if is_known:
                    self.connect()
                tribe_id = self.sent()
                self.forget_changes()
                self.look()
                self.assert_booked(tribe_id)
                self.forget_changes()
                self.assertLessEqual(self.calls(self.look), 5)

    def test_one_that_cannot_be_read_keeps_no_other_back(self):
        good, bad = self.all_sent(2)

        def parsed(body, parse=exchange.parsed_json):
            found = parse(body)
            for row in found.get("value", []) if isinstance(found, dict) else []:
                if row.get("ID") == bad:
                    row["Relationship"] = "none"
            return found

        with mock.patch.object(exchange, "parsed_json", parsed):
            self.look()
            self.assert_booked(good)
            self.assertEqual(self.problematic().mapped("reference"), [bad])
            self.look()
            self.assertEqual(self.problematic().tries, 1)


class TestManyLooks(LookingCase):
    def numbers_used(self):
        self.env.cr.execute("SELECT last_value FROM tribe_sighting_id_seq")
        return self.env.cr.fetchone()

    def test_looking_at_what_is_known_uses_up_no_numbers(self):
        """All connections share them."""
        tribe_ids = self.all_sent(3)
        self.look()
        self.pass_night()
        self.assert_booked(*tribe_ids)
        before = self.numbers_used()

        for day in range(3):
            self.forget_changes()
            self.look()
            self.pass_night(day + 1)
            self.look_at("invoice", *tribe_ids)

        self.assertEqual(self.numbers_used(), before)
        new = self.sent()
        self.look()
        self.assert_booked(new)
        self.assertEqual(self.numbers_used(), (before[0] + 1,))

    def test_there_are_more_numbers_than_any_tribe_can_use_up(self):
        """One may show other invoices at each look."""
        self.addCleanup(self.continue_at, *self.numbers_used())
        self.continue_at(2**31 - 1)

        tribe_ids = self.all_sent(3)
        self.look()
        self.assert_booked(*tribe_ids)
        self.pass_night()

        self.assert_booked(*tribe_ids)
        self.assertFalse(self.problems())

    def continue_at(self, number):
        self.env.cr.execute("SELECT setval('tribe_sighting_id_seq', %s)", [number])


class TestFullLook(LookingCase):
    def works(self):
        return self.env["tribe.work"].search([("kind", "=", "invoices")])

    def test_a_night_finds_what_no_date_tells_of(self):
        self.sandbox.switch(final_invoice_writable="all")
        paid, draft_again, deleted, unseen = self.all_sent(4)
        self.sandbox.set_phase(unseen, "Draft")
        self.look()
        self.assert_booked(paid, draft_again, deleted)
        for tribe_id in (paid, unseen):
            self.sandbox.set_phase(tribe_id, "Paid")
        self.sandbox.set_phase(draft_again, "Draft")
        self.sandbox.delete("Activity_Invoice", deleted)
        self.forget_changes()

        self.pass_night()

        self.assertEqual(self.phase_in_odoo(paid), "Paid")
        self.assert_booked(unseen)
        self.assertEqual(self.link(draft_again).state, "differs")
        self.assertEqual(self.link(deleted).state, "gone")
        # What differs needs attention; nothing else waits.
        works = self.env["tribe.work"].search([])
        self.assertEqual(set(works.mapped("reference")), {draft_again, deleted})

    def test_the_button_finds_what_a_night_finds(self):
        self.sandbox.switch(final_invoice_writable="all")
        for dates_tell in (False, True):
            with self.subTest(dates_tell=dates_tell):
                self.connection.dates_tell = dates_tell
                self.sandbox.switch(phase_touches_invoice=dates_tell)
                paid, deleted = self.all_sent(2)
                self.look()
                self.assert_booked(paid, deleted)
                # The first press is the weekly look, of all.
                self.run_nightly()
                self.sandbox.set_phase(paid, "Paid")
                self.sandbox.delete("Activity_Invoice", deleted)

                self.run_nightly()

                self.assertEqual(self.phase_in_odoo(paid), "Paid")
                self.assertEqual(self.link(deleted).state, "gone")

    def test_the_button_pressed_again_and_again_looks_once(self):
        self.look()
        for dates_tell in (False, True):
            with self.subTest(dates_tell=dates_tell):
                self.connection.dates_tell = dates_tell
                self.run_nightly()
                for _time in range(3):
                    self.connection.action_run_nightly()
                self.assertEqual(len(self.works()), 1)
                self.run_lanes()

    def test_a_quiet_night_costs_a_call_for_99(self):
        self.sandbox.switch(page_limit=5)
        tribe_ids = self.all_sent(21)
        self.look()
        self.assert_booked(*tribe_ids)
        # Pages of five that overlap by one: as for 495 invoices on pages of a hundred.
        self.assertLessEqual(self.calls(self.pass_night), 21 / 4 + 2)

    def test_an_interrupted_look_goes_on_and_reads_nothing_twice(self):
        self.sandbox.switch(page_limit=5)
        self.connection.phase_ids.filtered(lambda phase: phase.code == "Sent").is_booked = False
        self.run_lanes()
        self.all_sent(45)
        self.env["tribe.cursor"].search([("stream", "=", "invoice")]).unlink()
        self.env.cr.execute("DELETE FROM tribe_sighting")
        with mock.patch.object(comparer, "PAGES", 2):
            calls = self.calls(self.look)
        # 45 rows at four new ones a page; each row of work but the first overlaps once more.
        self.assertLessEqual(calls, 2 * 45 / 5)
        self.env.cr.execute("SELECT count(*) FROM tribe_sighting WHERE look IS NOT NULL")
        self.assertEqual(self.env.cr.fetchone(), (45,))
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_so_many_are_not_taken_for_deleted(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_ids = self.all_sent(8)
        self.look()
        self.assert_booked(*tribe_ids)
        for tribe_id in tribe_ids[:4]:
            self.sandbox.delete("Activity_Invoice", tribe_id)
        self.forget_changes()

        self.pass_night()

        self.assert_told(
            self.problematic(), "too_many_invoices_missing", linked=8, missing=4, percent=50
        )
        self.assertEqual(set(self.link(each).state for each in tribe_ids), {"linked"})

        self.connection.missing_percent = 50
        self.problematic().action_retry()
        self.run_lanes()
        self.assertEqual(
            [self.link(each).state for each in tribe_ids], ["gone"] * 4 + ["linked"] * 4
        )
        self.assertEqual(set(self.problematic().mapped("reference")), set(tribe_ids[:4]))

    def drafts_again(self, count):
        """Some invoices that were sent, and drafts again since a backup of Tribe was restored."""
        tribe_ids = [self.draft(self.line(50.0 + number)) for number in range(count)]
        self.sandbox.back_up()
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        self.look()
        self.assert_booked(*tribe_ids)
        self.sandbox.restore()
        return tribe_ids

    def test_drafts_again_are_told_as_such_however_many_they_are(self):
        """No listing of invoices with a date shows them."""
        self.connection.invoices_from = self.today
        self.all_sent(3)
        self.look()
        tribe_ids = self.drafts_again(5)
        self.forget_changes()

        self.pass_night()

        self.assert_never_told(self.problematic(), "too_many_invoices_missing")
        self.assertEqual(set(self.problematic().mapped("reference")), set(tribe_ids))
        for work in self.problematic():
            self.assert_told(work, "difference_draft_in_tribe")

    def test_drafts_again_are_not_counted_among_those_that_are_missing(self):
        self.connection.invoices_from = self.today
        gone = self.all_sent(8)
        self.look()
        drafts = self.drafts_again(2)
        self.sandbox.switch(final_invoice_writable="all")
        for tribe_id in gone[:6]:
            self.sandbox.delete("Activity_Invoice", tribe_id)
        self.forget_changes()

        self.pass_night()

        self.assert_told(self.problematic(), "too_many_invoices_missing", linked=10, missing=6)
        for tribe_id in drafts:
            self.assert_told(self.link(tribe_id), "difference_draft_in_tribe", field="difference")
        self.assertEqual({self.link(each).state for each in gone}, {"linked"})

    @contextmanager
    def answering_for_drafts(self, make_page):
        """Have Tribe answer so when invoices are asked for by their IDs alone.

        :param make_page: a function from how many pages came, and the page that would come
        """
        look, asked = Client._page, []

        def page(self, entity_set, query, *args):
            found = look(self, entity_set, query, *args)
            # Not when they are read whole, as what was found then is.
            is_wanted = re.search(r"filter=\(?ID eq (?!.*ProductLines)", unquote_plus(query))
            if entity_set != "Activity_Invoice" or not is_wanted:
                return found
            asked.append(query)
            return make_page(len(asked), found)

        with mock.patch.object(Client, "_page", page):
            yield asked

    def test_what_was_not_asked_for_has_no_room(self):
        """Tribe may answer with others, of any size, without an end."""
        self.connection.invoices_from = self.today
        self.look()
        self.drafts_again(5)
        self.forget_changes()
        most = 20

        def endless(count, _page):
            row = {"ID": str(uuid.uuid4()), "Subject": "x" * 10 * bounds.MEBIBYTE}
            return Page([row] if count < most else [], is_announced=count < most)

        with self.answering_for_drafts(endless) as asked:
            self.pass_night()

        self.assertLess(len(asked), 5)
        self.assert_never_told(self.problematic(), "too_many_invoices_missing")

    def test_only_those_that_were_asked_for_are_noted(self):
        self.connection.invoices_from = self.today
        self.look()
        tribe_ids = self.drafts_again(5)
        self.forget_changes()
        others = [str(uuid.uuid4()) for _number in range(3)]

        def with_others(_count, page):
            return Page([*({"ID": each} for each in others), *page.rows], is_announced=True)

        with self.answering_for_drafts(with_others) as asked:
            self.pass_night()

        # All of them are there: nothing is left to look for.
        self.assertEqual(len(asked), 1)
        self.assertEqual(set(self.problematic().mapped("reference")), set(tribe_ids))
        sighted = self.env["tribe.sighting"].search([("tribe_id", "in", others)])
        self.assertFalse(sighted)

    def test_books_that_begin_earlier_get_what_is_paid_too(self):
        self.connection.invoices_from = self.today
        self.run_lanes()
        self.sandbox.switch(invoice_day=f"{self.today - timedelta(days=60)}")
        still_open, paid = self.all_sent(2)
        self.sandbox.set_phase(paid, "Paid")
        self.look()
        self.forget_changes()
        self.assertFalse(self.link(still_open) | self.link(paid))

        self.connection.invoices_from = self.today - timedelta(days=365)
        self.run_lanes()

        self.assert_booked(still_open, paid)

    def warning(self, **values):
        """What the form says while something is changed, before it is saved."""
        phases = {"phase_ids": {"fields": {"is_booked": {}, "is_draft": {}}}}
        return self.warning_of(self.connection, phases, **values)

    def warning_of(self, record, also=(), **values):
        """The same of another form, with what else it shows."""
        spec = {**dict.fromkeys(values, {}), **dict(also)}
        with self.enter_registry_test_mode():
            found = record.onchange(values, list(values), spec)
        return found.get("warning", {}).get("message")

    def test_how_many_it_concerns_is_said_before(self):
        self.connection.invoices_from = self.today
        self.run_lanes()
        self.sandbox.switch(invoice_day=f"{self.today - timedelta(days=60)}")
        self.all_sent(3)
        earlier = self.today - timedelta(days=365)
        self.sandbox.reset_calls()

        says = sentence("invoices_concerned", count=3)
        self.assertEqual(self.warning(invoices_from=f"{earlier}"), str(says))
        self.assertEqual(self.sandbox.calls()["total"], 1)
        self.assertIsNone(self.warning(invoices_from=f"{self.today}"))
        # One that is held already stays so.
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = False
        self.sandbox.switch(invoice_day=f"{self.today}")
        held = self.draft(self.line(10.0, vat="NL9"))
        self.sandbox.set_phase(held, "Sent")
        self.look()
        self.assertEqual(self.problematic().reference, held)
        self.assertEqual(self.warning(invoices_from=f"{earlier}"), str(says))
        self.sandbox.fault("status", status=503, method="GET", times=None)
        self.assertIsNone(self.warning(invoices_from=f"{earlier}"))

    def test_how_many_wait_for_a_mapping_is_said_before(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        group = groups.filtered(lambda group: group.tribe_id == self.vat_group("NL21"))[:1]
        entity, tax = group.legal_entity_id, group.tax_id
        self.assertIsNone(self.warning_of(group, tax_id=tax.id))
        groups.tax_id = False
        tribe_ids = self.all_sent(2)
        self.look()
        self.sandbox.reset_calls()

        says = sentence("invoices_wait_for_mapping", count=2, entity=entity.name)
        self.assertEqual(self.warning_of(group, tax_id=tax.id), str(says))
        ledger = entity.ledger_account_ids[:1]
        account = self.account("income")
        self.assertEqual(self.warning_of(ledger, account_id=account.id), str(says))
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assertFalse(self.booked_move(tribe_ids[0]))

        group.tax_id = tax
        self.run_lanes()
        self.assert_booked(*tribe_ids)
        self.assertIsNone(self.warning_of(group, tax_id=False))

    def test_those_that_wait_because_of_another_percentage_are_counted_as_well(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        group = groups.filtered(lambda group: group.tribe_id == self.vat_group("NL21"))[:1]
        tax = group.tax_id
        group.tax_id = self.tax("9% ST")
        self.all_sent(2)
        self.look()
        self.assert_told(self.problematic(), "vat_of_groups_differs")

        says = sentence("invoices_wait_for_mapping", count=2, entity=group.legal_entity_id.name)
        self.assertEqual(self.warning_of(group, tax_id=tax.id), str(says))

    def test_a_phase_that_is_booked_later_gets_what_is_in_it(self):
        phase = self.connection.phase_ids.filtered(lambda phase: phase.code == "Paid")
        phase.is_booked = False
        self.run_lanes()
        tribe_id = self.sent()
        self.sandbox.set_phase(tribe_id, "Paid")
        self.look()
        self.assertFalse(self.link(tribe_id))
        self.forget_changes()

        phase.is_booked = True
        self.run_lanes()

        self.assert_booked(tribe_id)

    def test_open_periods_begin_after_the_latest_lock_date(self):
        since = self.connection._open_since
        self.assertEqual(since(), self.today - relativedelta(months=4))
        self.company.fiscalyear_lock_date = self.today - timedelta(days=40)
        self.assertEqual(since(), self.today - timedelta(days=39))
        self.company.sale_lock_date = self.today - timedelta(days=20)
        self.assertEqual(since(), self.today - timedelta(days=19))
        self.connection.invoices_from = self.today - timedelta(days=2)
        self.assertEqual(since(), self.today - timedelta(days=2))

    def test_what_is_older_is_looked_at_once_a_week(self):
        self.sandbox.switch(invoice_day=f"{self.today - timedelta(days=200)}")
        tribe_id = self.sent()
        self.look()
        self.assert_booked(tribe_id)
        self.pass_night(7)
        self.sandbox.set_phase(tribe_id, "Paid")
        self.forget_changes()

        self.pass_night(6)
        self.assertEqual(self.phase_in_odoo(tribe_id), "Sent")
        self.pass_night(1)
        self.assertEqual(self.phase_in_odoo(tribe_id), "Paid")

    def test_what_was_booked_stays_looked_at_when_the_books_begin_later(self):
        self.sandbox.switch(final_invoice_writable="all")
        self.sandbox.switch(invoice_day=f"{self.today - timedelta(days=20)}")
        paid, deleted, same = self.all_sent(3)
        self.look()
        self.assert_booked(paid, deleted, same)
        self.connection.invoices_from = self.today
        self.run_lanes()
        self.sandbox.set_phase(paid, "Paid")
        self.sandbox.delete("Activity_Invoice", deleted)
        self.forget_changes()

        self.pass_night(7)

        self.assertEqual(self.phase_in_odoo(paid), "Paid")
        self.assertEqual(self.link(deleted).state, "gone")
        self.assertEqual(self.link(same).state, "linked")

    def test_what_changed_while_it_was_deactivated_is_seen(self):
        self.sandbox.switch(final_invoice_writable="all")
        other = next(
            row
            for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)
            if not row["IsFormer"] and row["ID"] != self.customer["ID"]
        )
        entity = self.connection.legal_entity_ids.filtered(lambda entity: not entity.is_default)
        entity.write({"is_booked": False, "company_id": False, "journal_id": False})
        changes = {
            "customer": {"Relationship": {"ID": other["ID"]}},
            "currency": {"Currency": "USD"},
            "legal entity": {"Identity": {"ID": entity.tribe_id}},
        }
        tribe_ids = dict(zip(changes, self.all_sent(3), strict=True))
        same = self.sent()
        self.look()
        self.assert_booked(same, *tribe_ids.values())
        self.connection.action_deactivate()
        self.run_lanes()
        for name, tribe_id in tribe_ids.items():
            self.sandbox.change("Activity_Invoice", tribe_id, changes[name])
        with self.enter_registry_test_mode():
            self.connection.action_activate()

        self.run_lanes()

        for name, tribe_id in tribe_ids.items():
            with self.subTest(name):
                self.assertEqual(self.link(tribe_id).state, "differs")
        self.assertEqual(self.link(same).state, "linked")

    def test_deactivating_forgets_what_was_seen(self):
        self.all_sent(2)
        self.look()
        self.assertTrue(self.env["tribe.sighting"].search([]))
        self.connection.action_deactivate()
        self.run_lanes()
        self.env.invalidate_all()
        self.assertFalse(self.env["tribe.sighting"].search([]))

    def test_there_is_an_end_to_what_is_noted_as_seen(self):
        """A Tribe may list as many as it likes, also of phases that are never booked."""
        self.all_sent(2)
        self.look()
        self.patch(tribe_sighting, "MOST_SEEN", 2)
        tribe_id = self.sent()

        self.look()

        self.assert_told(self.problematic(), "too_many_invoices_seen", most=2)
        self.assertFalse(self.booked_move(tribe_id))

        # What is not linked, and nobody looks at, makes room.
        self.env.cr.execute(
            "UPDATE tribe_sighting SET date = NULL, tribe_id = 'x' || id WHERE id IN"
            " (SELECT min(id) FROM tribe_sighting)"
        )
        self.problematic().action_retry()
        self.run_lanes()
        self.assert_booked(tribe_id)

    def test_what_has_no_date_is_forgotten_too_once_it_is_not_seen(self):
        self.all_sent(1)
        self.look()
        self.env.cr.execute(
            "INSERT INTO tribe_sighting (connection_id, tribe_id) VALUES (%s, 'gone')",
            [self.connection.id],
        )

        self.pass_night(days=7)

        self.env.invalidate_all()
        self.assertFalse(self.env["tribe.sighting"].search([("tribe_id", "=", "gone")]))

    def test_very_many_are_forgotten_in_several_turns(self):
        """Tribe says how many there are: all at once could end the lane of all connections."""
        self.all_sent(5)
        self.look()
        self.patch(tribe_sighting, "FORGOTTEN_AT_ONCE", 2)
        left, sightings = [], self.env["tribe.sighting"]

        class ShortTurn(Turn):
            def is_over(self, longest):
                left.append(sightings.search_count([]))
                return True

        self.connection.action_deactivate()
        with mock.patch.object(poller, "current_turn", ShortTurn):
            self.run_lanes()
            while works := self.env["tribe.work"].search([]):
                works.due = fields.Datetime.now()
                self.run_lanes()

        self.assertEqual(left, [3, 1])
        self.assertFalse(sightings.search([]))
        self.assertFalse(self.problems())


class TestWhatIsNewInTribe(LookingCase):
    """What somebody added in Tribe after Connect."""

    def new_phase(self, name):
        row = self.sandbox.create("Datastore_Phase_ActivityInvoice", {"Code": name, "Name": name})
        return row["ID"]

    def in_phase(self, phase_id):
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        self.sandbox.change("Activity_Invoice", tribe_id, {"Phase": {"ID": phase_id}})
        return tribe_id

    def test_a_phase_that_is_new_is_read_at_a_look(self):
        tribe_id = self.in_phase(self.new_phase("Incasso"))
        self.look()
        self.assert_booked(tribe_id)
        self.assertEqual(self.phase_in_odoo(tribe_id), "Incasso")

    def test_a_phase_that_is_new_is_read_after_a_webhook(self):
        tribe_id = self.in_phase(self.new_phase("Incasso"))
        self.look_at("invoice", tribe_id)
        self.assert_booked(tribe_id)

    def test_what_a_person_decided_about_the_others_stays(self):
        paid = self.connection.phase_ids.filtered(lambda phase: phase.code == "Paid")
        paid.is_booked = False
        self.run_lanes()
        self.in_phase(self.new_phase("Incasso"))
        self.look()
        self.assertFalse(paid.is_booked)

    def test_a_vat_group_that_is_new_is_named_and_once_mapped_booked(self):
        row = self.sandbox.create(
            "Datastore_VatGroup", {"Code": "NLNEW", "Name": "NL - nieuw", "Percentage": 21}
        )
        line = {**self.line(10.0), "VatGroup": {"ID": row["ID"]}}
        tribe_id = self.draft(line)
        self.sandbox.set_phase(tribe_id, "Sent")
        self.look()
        groups = self.connection.legal_entity_ids.vat_group_ids
        new = groups.filtered(lambda group: group.tribe_id == row["ID"])
        self.assertEqual(set(new.mapped("name")), {"NL - nieuw"})
        self.assertEqual(self.problematic().mapped("cause"), ["vat_group"])

        new.tax_id = self.tax("21% ST")
        new.account_id = self.account("income")
        self.run_lanes()

        self.assert_booked(tribe_id)

    def many_more(self, count=30):
        """Somebody, or a hostile Tribe, has many more of each; returns one VAT group of them."""
        for number in range(count):
            self.new_phase(f"Meer {number}")
            values = {"Code": f"M{number}", "Name": f"Meer {number}"}
            self.sandbox.create("Datastore_GeneralLedgerAccount", values)
            row = self.sandbox.create("Datastore_VatGroup", {**values, "Percentage": 21})
        return row["ID"]

    def rows(self):
        """How many phases, VAT groups and accounts are known here."""
        self.env.invalidate_all()
        connection = self.connection
        return [
            len(connection.phase_ids),
            len(connection.vat_group_ids),
            len(connection.ledger_account_ids),
        ]

    def with_group(self, group_id):
        tribe_id = self.draft({**self.line(10.0), "VatGroup": {"ID": group_id}})
        self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_id

    def test_only_what_invoices_show_is_kept(self):
        phases, groups, ledgers = self.rows()
        self.with_group(self.many_more())
        self.in_phase(self.new_phase("Incasso"))

        self.look()

        entities = len(self.connection.legal_entity_ids)
        self.assertEqual(self.rows(), [phases + 1, groups + entities, ledgers])

    def test_there_is_an_end_to_what_is_kept(self):
        phases, groups, ledgers = self.rows()
        entities = len(self.connection.legal_entity_ids)
        each = (groups + ledgers) // entities + tribe_connection_tenant.ROWS_OF_ENTITY
        # Room for one more of each legal entity.
        self.patch(tribe_connection_tenant, "MOST_MAPPING_ROWS", entities * (each + 1))
        for _number in range(3):
            self.with_group(self.many_more(1))
        held = [self.in_phase(self.new_phase("Incasso")) for _number in range(3)]
        self.patch(tribe_connection_tenant, "MOST_ROWS", phases + 1)
        self.patch(tribe_connection_tenant, "_all", self.without_end(tribe_connection_tenant._all))

        self.look()
        self.look_at("invoice", *held)

        self.assertEqual(self.rows(), [phases + 1, groups + entities, ledgers])
        causes = self.problematic().mapped("error")
        self.assertEqual(len([each for each in causes if "not known here" in each]), 2)

    def without_end(self, read_all):
        """``_all`` without its own bound: what one call brings is no more than that."""

        def read(*args, **options):
            with mock.patch.object(tribe_connection_tenant, "MOST_ROWS", 1000):
                return read_all(*args, **options)

        return read

    def test_what_stays_unknown_is_asked_for_once(self):
        tribe_ids = [self.in_phase(self.new_phase(f"Fase {number}")) for number in range(3)]
        self.sandbox.fault("status", status=500, path_contains="Datastore_Phase", times=None)
        self.look()
        self.sandbox.clear_faults()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assert_booked(*tribe_ids)


class TestDatesThatTell(LookingCase):
    """A Tribe that changes the date of an invoice with every change of it."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(phase_touches_invoice=True, final_invoice_writable="all", page_limit=5)
        self.connection.dates_tell = True
        self.tribe_ids = self.all_sent(12)
        self.look()
        self.assert_booked(*self.tribe_ids)
        # The first is the weekly one, of all.
        self.pass_night()

    def forget_changes(self):
        super().forget_changes()
        cursors = self.env["tribe.cursor"].search([("stream", "=", DATES_STREAM)])
        cursors.position += timedelta(days=1)

    def test_a_night_costs_what_bears_a_new_date(self):
        self.forget_changes()
        self.assertLessEqual(self.calls(self.pass_night), 2)
        self.assertTrue(self.connection.dates_tell)

    def test_it_finds_what_changed(self):
        self.sandbox.set_phase(self.tribe_ids[0], "Paid")
        self.pass_night()
        self.assertEqual(self.phase_in_odoo(self.tribe_ids[0]), "Paid")
        self.assertTrue(self.connection.dates_tell)

    def test_it_finds_what_was_deleted_by_the_number_of_invoices(self):
        self.sandbox.delete("Activity_Invoice", self.tribe_ids[0])
        self.forget_changes()
        self.pass_night()
        self.assertEqual(self.link(self.tribe_ids[0]).state, "gone")
        self.problematic().action_leave_to_odoo()
        self.forget_changes()
        self.assertLessEqual(self.calls(self.pass_night), 3)

    def test_a_change_that_no_date_told_of_ends_it(self):
        self.sandbox.switch(phase_touches_invoice=False)
        self.sandbox.set_phase(self.tribe_ids[0], "Paid")
        self.forget_changes()
        self.pass_night()
        self.assertEqual(self.phase_in_odoo(self.tribe_ids[0]), "Sent")

        self.forget_changes()
        self.pass_night(7)

        self.assertEqual(self.phase_in_odoo(self.tribe_ids[0]), "Paid")
        self.assertFalse(self.connection.dates_tell)
        lines = self.env["tribe.run.line"].search([])
        self.assert_told(lines, "dates_do_not_tell", field="text")


class TestInterruptedByDates(LookingCase):
    """Very many bear a new date, and Tribe cannot be reached for long."""

    def setUp(self):
        super().setUp()
        self.connection.failures_before_pause = 10**6
        self.connection.phase_ids.is_booked = False
        self.run_lanes()
        self.sandbox.switch(phase_touches_invoice=True, page_limit=5)
        self.connection.dates_tell = True
        self.tribe_ids = self.all_sent(40)
        for stream in ("invoice", DATES_STREAM):
            self.env["tribe.cursor"]._move(self.connection, stream, "2020-01-01")
        self.read = Counter()

    def count_rows(self):
        """Count how often each invoice is listed from here on, in ``read``."""

        def parsed(body, parse=exchange.parsed_json):
            found = parse(body)
            rows = found.get("value", []) if isinstance(found, dict) else []
            self.read.update(row["ID"] for row in rows if "InvoiceDate" in row)
            return found

        return mock.patch.object(exchange, "parsed_json", parsed)

    def in_pieces(self, begin):
        """Have each page by dates fail after three of them, until nothing waits."""
        interruptions = 0
        with self.count_rows():
            begin()
            while works := self.env["tribe.work"].search([]):
                works.due = "2020-01-01"
                fault = {"path_contains": "CreationDate%20ge", "skip": 3, "times": None}
                self.sandbox.fault("status", status=500, **fault)
                self.run_lanes()
                self.sandbox.clear_faults()
                interruptions += 1
                self.assertLess(interruptions, 40)
        self.assertGreater(interruptions, 3)
        self.assertEqual(set(self.read), set(self.tribe_ids))

    def test_a_quick_look_goes_on(self):
        works = self.env["tribe.work"]
        self.in_pieces(lambda: works._add(self.connection, "inbound", "poll", ["invoice"], "poll"))
        self.assertLessEqual(max(self.read.values()), 2)

    def test_a_night_goes_on(self):
        comparer = self.env["tribe.invoice.comparer"]
        since = self.connection._open_since()
        self.in_pieces(lambda: comparer._begin_night(self.connection, since))
        self.assertLessEqual(max(self.read.values()), 2)


class TestGivenUp(LookingCase):
    """A problem that nobody solved is taken away one day, and the invoice is still not booked."""

    def setUp(self):
        super().setUp()
        self.groups = self.connection.legal_entity_ids.vat_group_ids
        self.taxes = {group: group.tax_id for group in self.groups}
        self.groups.tax_id = False
        self.invoice = self.sent()
        self.look()
        self.assert_held(self.invoice, "vat_group_without_tax")

    def give_up(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_work SET created = created - interval '400 days'")
        self.env.invalidate_all()
        self.env["tribe.work"]._vacuum_given_up()
        self.assertFalse(self.work(self.invoice))

    def look_through(self):
        self.env["tribe.invoice.comparer"]._begin(self.connection, None, "nightly")
        self.run_lanes()

    def test_the_next_look_finds_it(self):
        for _time in range(2):
            self.give_up()
            self.look_through()
            self.assert_held(self.invoice, "vat_group_without_tax")

    def test_what_was_mended_meanwhile_is_booked(self):
        self.give_up()
        for group, tax in self.taxes.items():
            group.tax_id = tax
        self.look_through()
        self.assert_booked(self.invoice)

    def test_what_was_ignored_is_left_alone(self):
        self.work(self.invoice).action_ignore()
        self.give_up()
        self.look_through()
        self.assertFalse(self.problematic())
        self.assertFalse(self.booked_move(self.invoice))
