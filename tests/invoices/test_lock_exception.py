"""Exceptions to a lock date that are for one user: they count where that user asks for a booking.

Odoo grants them under *Lock Dates*, for everybody or "for me", and looks for those of who posts.
"""

from datetime import timedelta

from odoo.tests import new_test_user

from .invoice_case import InvoiceCase

BOOKKEEPER = "account.group_account_invoice,tribe_connector.group_user"


class TestLockException(InvoiceCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(invoice_day_offset=-10)
        self.day = self.today - timedelta(days=10)
        self.company.sale_lock_date = self.today
        self.anna = new_test_user(self.env, "anna", groups=BOOKKEEPER)
        self.bert = new_test_user(self.env, "bert", groups=BOOKKEEPER)

    def grant(self, user, **values):
        """An exception as *Lock Dates* makes it."""
        return self.env["account.lock_exception"].create(
            {
                "company_id": self.company.id,
                "user_id": user.id,
                "sale_lock_date": self.day - timedelta(days=1),
                "end_datetime": False,
                **values,
            }
        )

    def held(self):
        """An invoice that is held, as its period is locked."""
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)
        return tribe_id

    def try_again(self, tribe_id, user):
        self.work(tribe_id).with_user(user).sudo(False).action_retry()
        self.run_lanes()

    def test_it_counts_for_whom_it_is(self):
        tribe_id = self.held()
        self.grant(self.anna)
        # Nobody asked: it does not count for the connector itself.
        self.run_nightly()
        self.run_lanes()
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

        self.try_again(tribe_id, self.bert)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

        self.try_again(tribe_id, self.anna)
        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual((move.invoice_date, move.date), (self.day, self.day))
        self.assertEqual(self.problems(), [])

        # Nor does it differ from Tribe afterwards.
        self.run_nightly()
        self.run_lanes()
        self.assertEqual(self.booked_move(tribe_id).tribe_link_ids.state, "linked")
        self.assertEqual(self.problems(), [])

    def test_the_note_says_who_asked(self):
        tribe_id = self.held()
        self.grant(self.anna)
        self.try_again(tribe_id, self.anna)
        notes = self.booked_move(tribe_id).message_ids
        self.assertIn(self.anna.partner_id, notes.author_id)

    def test_of_two_that_wait_each_counts_for_its_own(self):
        first = self.held()
        second = self.send_new(self.line(200.0))
        self.grant(self.anna)
        self.work(first).with_user(self.anna).sudo(False).action_retry()
        self.work(second).with_user(self.bert).sudo(False).action_retry()
        self.run_lanes()
        self.assert_booked_to_the_cent(first)
        self.assert_held(second, "invoice_in_locked_period", lock=self.today)

    def test_it_does_not_count_once_it_has_ended(self):
        tribe_id = self.held()
        self.grant(self.anna, end_datetime=self.env.cr.now() - timedelta(minutes=1))
        self.try_again(tribe_id, self.anna)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

    def test_it_counts_for_nobody_who_may_not_post(self):
        tribe_id = self.held()
        seller = new_test_user(self.env, "seller", groups="tribe_connector.group_user")
        self.grant(seller)
        self.try_again(tribe_id, seller)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

    def test_books_that_are_locked_for_good_know_none(self):
        self.company.hard_lock_date = self.day
        tribe_id = self.send_new(self.line(100.0))
        self.grant(self.anna)
        self.try_again(tribe_id, self.anna)
        self.assert_held(tribe_id, "invoice_in_period_locked_for_good", lock=self.day)

    def test_it_counts_for_an_invoice_that_is_booked_again(self):
        exception = self.grant(self.env["res.users"])
        tribe_id = self.send_new(self.line(100.0))
        move = self.assert_booked_to_the_cent(tribe_id)
        move.button_draft()
        move.button_cancel()
        exception.action_revoke()
        manager = new_test_user(
            self.env,
            "manager",
            groups="account.group_account_invoice,tribe_connector.group_manager",
        )
        self.grant(manager)
        move.tribe_link_ids.with_user(manager).sudo(False).action_book_again()
        self.run_lanes()
        again = self.assert_booked_to_the_cent(tribe_id)
        self.assertNotEqual(again, move)
        self.assertEqual(again.date, self.day)
