"""Invoices of a period that nobody can open any more."""

from datetime import timedelta

from .invoice_case import InvoiceCase


class TestLockedForGood(InvoiceCase):
    def setUp(self):
        super().setUp()
        self.entity = self.connection.legal_entity_ids.filtered("is_default")
        self.lock = self.today - timedelta(days=5)
        self.sandbox.switch(invoice_day_offset=-10)
        self.company.hard_lock_date = self.lock

    def assert_held_for_good(self, tribe_id):
        self.assert_held(
            tribe_id,
            "invoice_in_period_locked_for_good",
            date=self.today - timedelta(days=10),
            lock=self.lock,
        )

    def test_it_is_booked_on_the_first_open_day(self):
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held_for_good(tribe_id)

        self.entity.locked_period = "first_open_day"
        self.run_lanes()

        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual(move.date, self.lock + timedelta(days=1))

    def test_it_is_booked_by_hand_on_an_open_day_and_adopted(self):
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held_for_good(tribe_id)
        by_hand = self.typed_by_hand(
            100.0, ref=self.number_of(tribe_id), invoice_date=self.today - timedelta(days=10)
        )
        by_hand.action_post()
        self.assertGreater(by_hand.date, self.lock)

        self.work(tribe_id).action_adopt()
        self.run_lanes()

        self.assertEqual(self.booked_move(tribe_id), by_hand)
        self.assertEqual(self.problems(), [])

    def test_a_later_lock_that_can_be_opened_does_not_help(self):
        self.company.sale_lock_date = self.today
        self.assert_held_for_good(self.send_new(self.line(100.0)))

    def test_only_the_other_lock(self):
        self.company.sale_lock_date = self.today
        self.sandbox.switch(invoice_day_offset=-1)
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

    def test_an_exception_for_everybody_opens_the_other_one(self):
        self.company.sale_lock_date = self.today
        self.sandbox.switch(invoice_day_offset=-1)
        self.env["account.lock_exception"].create(
            {
                "company_id": self.company.id,
                "user_id": False,
                "sale_lock_date": self.lock,
                "end_datetime": False,
            }
        )
        self.assert_booked_to_the_cent(self.send_new(self.line(100.0)))
