"""How a journal reads numbers follows whose numbers are in it."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.models.tribe_legal_entity_journal import (
    JOURNAL_SEQUENCE_PATTERN,
)

from .invoice_case import InvoiceCase


class TestPatternFollowsPolicy(InvoiceCase):
    def setUp(self):
        super().setUp()
        self.entity = self.connection.legal_entity_ids.filtered("is_default")
        self.last_year = self.today.replace(month=1, day=1) - timedelta(days=1)

    def send_on(self, date):
        """An invoice of a date; returns its entry."""
        self.sandbox.switch(invoice_day_offset=(date - self.today).days)
        move = self.booked_move(self.send_new(self.line(100.0)))
        self.assertEqual((move.state, move.invoice_date), ("posted", date), self.problems())
        return move

    def assert_numbered_by_year(self):
        for date in (self.last_year, self.today):
            for number in ("00001", "00002"):
                move = self.send_on(date)
                self.assertEqual(move.name, f"{move.journal_id.code}/{date.year}/{number}")

    def test_odoo_begins_anew_each_year(self):
        self.entity.number_policy = "odoo"
        self.assert_numbered_by_year()

    def test_so_it_does_in_one_that_is_made_for_its_numbers(self):
        self.entity.write({"journal_id": False, "number_policy": "odoo"})
        self.entity.action_create_journal()
        self.assertFalse(self.entity.journal_id.sequence_override_regex)
        self.assert_numbered_by_year()

    def test_tribes_numbers_are_kept_again(self):
        for is_used in (False, True):
            with self.subTest(is_used=is_used):
                self.entity.number_policy = "odoo"
                if is_used:
                    self.send_on(self.today)
                self.entity.number_policy = "tribe"
                move = self.send_on(self.last_year)
                self.assertEqual(move.name, move.payment_reference)
                self.entity.write({"journal_id": False})
                self.entity.action_create_journal()

    def test_what_has_tribes_number_keeps_it(self):
        move = self.send_on(self.last_year)
        self.entity.number_policy = "odoo"
        self.assertEqual(self.entity.journal_id.sequence_override_regex, JOURNAL_SEQUENCE_PATTERN)
        number = move.name
        move.button_draft()
        move.action_post()
        self.assertEqual((move.state, move.name), ("posted", number))

    def test_another_legal_entity_has_tribes_numbers_there(self):
        other = self.entity.create(
            {
                "connection_id": self.connection.id,
                "tribe_id": "7d1c7d29-6a4e-4a2e-9d2f-0c5f6d1f0a11",
                "name": "Tweede",
                "company_id": self.company.id,
                "journal_id": self.entity.journal_id.id,
            }
        )
        other.number_policy = "odoo"
        self.assertEqual(other.journal_id.sequence_override_regex, JOURNAL_SEQUENCE_PATTERN)
        self.entity.number_policy = "odoo"
        self.assertFalse(other.journal_id.sequence_override_regex)
        other.number_policy = "tribe"
        self.assertEqual(other.journal_id.sequence_override_regex, JOURNAL_SEQUENCE_PATTERN)

    def test_an_ordinary_journal_is_left_alone(self):
        ordinary = self.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.connection.legal_entity_ids.journal_id.ids),
            ],
            limit=1,
        )
        self.entity.write({"journal_id": ordinary.id, "number_policy": "odoo"})
        with self.assert_refused("journal_reads_dates"), self.env.cr.savepoint():
            self.entity.number_policy = "tribe"
        own = r"^(?P<prefix1>.*?)(?P<seq>\d*)(?P<suffix>\D*?)$"
        ordinary.sequence_override_regex = own
        self.entity.locked_period = "first_open_day"
        self.entity.write({"journal_id": False})
        self.entity.write({"journal_id": ordinary.id})
        self.assertEqual(ordinary.sequence_override_regex, own)

    def test_whoever_may_not_change_journals_changes_none(self):
        manager = new_test_user(
            self.env,
            "beheerder",
            groups="tribe_connector.group_manager,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        entity = self.entity.with_user(manager).sudo(False)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            entity.number_policy = "odoo"
        self.assertEqual(self.entity.journal_id.sequence_override_regex, JOURNAL_SEQUENCE_PATTERN)
