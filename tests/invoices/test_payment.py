"""Payments: what is fully paid in Odoo becomes Paid in Tribe, in whatever way it was paid."""

from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER
from told import assert_never_says, assert_says

from odoo import models
from odoo.orm.model_classes import add_to_registry
from odoo.tests import Form, new_test_user

from odoo.addons.tribe_connector.sentence import say, sentence

from .invoice_case import InvoiceCase


class PaymentCase(InvoiceCase):
    def phase(self, tribe_id):
        """The code of the phase of an invoice in Tribe."""
        phase_id = self.tribe_row("Activity_Invoice", tribe_id)["Phase"]
        return self.tribe_row("Datastore_Phase_ActivityInvoice", phase_id)["Code"]

    def pay(self, *moves, **values):
        """Register a payment in Odoo; returns it."""
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=[move.id for move in moves]
        )
        if len(moves) > 1:
            values["group_payment"] = True
        return wizard.create(values)._create_payments()

    def receive(self, amount, *moves):
        """A line of a bank statement, reconciled with what is open of invoices."""
        lines = self.env["account.move"].union(*moves).line_ids
        self.reconcile_with_the_bank(
            amount, lines.filtered(lambda line: line.account_type == "asset_receivable")
        )

    def receive_registered(self, payment):
        """A line of a bank statement, reconciled with the journal entry of a payment."""
        outstanding, _counterpart, _write_off = payment._seek_for_lines()
        self.reconcile_with_the_bank(payment.amount, outstanding)

    def reconcile_with_the_bank(self, amount, lines):
        # As Odoo's own tests do it: the screen for it is not in Community.
        statement_line = self.env["account.bank.statement.line"].create(
            {"journal_id": self.bank.id, "payment_ref": "Overboeking", "amount": amount}
        )
        _bank, suspense, _others = statement_line._seek_for_lines()
        suspense.account_id = lines.account_id
        (suspense + lines).reconcile()

    def pass_a_minute(self):
        """Let the schedule run as the clock has it do, then the lanes."""
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.run_lanes()

    def send_foreign(self):
        """An invoice of 151.25 USD, 121.00 EUR by then; a dollar is worth less since."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        for day, rate in ((date(2020, 1, 1), 1.25), (self.today - timedelta(days=2), 1.6)):
            dollar.rate_ids.create({"currency_id": dollar.id, "name": day, "rate": rate})
        self.sandbox.switch(invoice_day_offset=-40)
        return self.send_new(self.line(100.0, PriceInCurrency=125.0), Currency="USD")


class TestPayment(PaymentCase):
    def test_a_partial_payment_is_not_told(self):
        tribe_id = self.send_new(self.line(100.0))

        self.pay(self.booked_move(tribe_id), amount=50)
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Sent")

    def test_the_invoice_says_when_tribe_is_told(self):
        user = new_test_user(
            self.env,
            "bookkeeper",
            groups="tribe_connector.group_user,account.group_account_invoice",
        )
        move = self.booked_move(self.send_new(self.line(100.0)))
        seen = move.with_user(user)
        self.assertFalse(seen.tribe_untold)

        self.pay(move)
        for moment, code in (
            ("nightly", "payment_told_tonight"),
            ("minute", "payment_told_soon"),
        ):
            self.connection.export_moment = moment
            self.env.invalidate_all()
            told = say(self.env, code, phase=self.connection._phase("Paid").name)
            self.assertEqual(seen.tribe_untold, told)
        with self.subTest("nothing is told while it rests"):
            self.connection.action_pause()
            self.env.invalidate_all()
            self.assertFalse(seen.tribe_untold)
            self.connection.action_resume()

        self.run_nightly()
        self.assertFalse(seen.tribe_untold)

    def test_one_payment_over_several_invoices_pays_them_all(self):
        tribe_ids = [self.send_new(self.line(100.0)), self.send_new(self.line(50.0))]

        self.pay(*(self.booked_move(tribe_id) for tribe_id in tribe_ids))
        self.run_nightly()

        self.assertEqual([self.phase(tribe_id) for tribe_id in tribe_ids], ["Paid", "Paid"])

    def test_an_invoice_settled_by_a_credit_note_is_paid(self):
        invoice = self.send_new(self.line(100.0))
        credit = self.send_new(self.line(-100.0), CreditedInvoice={"ID": invoice})

        self.run_nightly()

        self.assertEqual([self.phase(invoice), self.phase(credit)], ["Paid", "Paid"])

    def test_a_write_off_pays_the_rest(self):
        tribe_id = self.send_new(self.line(100.0))

        self.pay(
            self.booked_move(tribe_id),
            amount=120.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.account("expense").id,
        )
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_an_undone_payment_goes_back_only_where_that_is_wanted(self):
        for tell_unpaid, expected in ((False, "Paid"), (True, "Sent")):
            with self.subTest(tell_unpaid=tell_unpaid):
                self.connection.tell_unpaid = tell_unpaid
                tribe_id = self.send_new(self.line(100.0))
                self.pay(self.booked_move(tribe_id))
                self.run_nightly()
                self.assertEqual(self.phase(tribe_id), "Paid")

                self.booked_move(tribe_id).line_ids.remove_move_reconcile()
                self.run_nightly()

                self.assertEqual(self.phase(tribe_id), expected)

    def test_what_tribe_calls_paid_is_noted_and_never_paid_in_odoo_nor_taken_back(self):
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.sandbox.set_phase(tribe_id, "Paid")

        self.look_at("invoice", tribe_id)
        self.run_nightly()

        self.assertEqual(move.payment_state, "not_paid")
        self.assertIn(sentence("paid_in_tribe_not_booked"), move.message_ids[0].body)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_sent_and_paid_at_once_does_not_slip_through(self):
        tribe_id = self.draft(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        self.sandbox.set_phase(tribe_id, "Paid")

        self.poll("invoice")

        self.assert_booked_to_the_cent(tribe_id)

    def test_a_line_of_the_bank_pays_an_invoice(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)

        self.receive(121.0, move)
        self.run_nightly()

        self.assertFalse(move.reconciled_payment_ids)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_one_line_of_the_bank_pays_several_invoices(self):
        tribe_ids = [self.send_new(self.line(100.0)), self.send_new(self.line(50.0))]

        self.receive(181.5, *(self.booked_move(tribe_id) for tribe_id in tribe_ids))
        self.run_nightly()

        self.assertEqual([self.phase(tribe_id) for tribe_id in tribe_ids], ["Paid", "Paid"])

    def test_a_line_of_the_bank_that_pays_a_part_is_not_told_until_the_rest_comes(self):
        tribe_id = self.send_new(self.line(100.0))
        for amount, expected in ((50.0, "Sent"), (71.0, "Paid")):
            self.receive(amount, self.booked_move(tribe_id))
            self.run_nightly()

            self.assertEqual(self.phase(tribe_id), expected)

    def test_a_credit_note_of_the_bookkeeper_settles_the_invoice(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)

        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        Form(wizard).save().refund_moves()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")

        move.reversal_move_ids.action_post()
        self.run_nightly()

        self.assertEqual(move.payment_state, "reversed")
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_credit_note_of_tribe_that_is_paid_back_is_paid(self):
        tribe_id = self.send_new(self.line(-100.0))

        payment = self.pay(self.booked_move(tribe_id))
        self.run_nightly()

        self.assertEqual(payment.payment_type, "outbound")
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_payment_that_is_undone_before_the_night_is_not_told(self):
        for way in ("cancelled", "deleted"):
            with self.subTest(way):
                tribe_id = self.send_new(self.line(100.0))
                payment = self.pay(self.booked_move(tribe_id))

                payment.action_draft()
                if way == "cancelled":
                    payment.action_cancel()
                else:
                    payment.unlink()
                self.run_nightly()

                self.assertEqual(self.phase(tribe_id), "Sent")

    def test_a_foreign_invoice_is_paid_whatever_became_of_the_rate(self):
        for currency in ("USD", "EUR"):
            with self.subTest(currency):
                tribe_id = self.send_foreign()
                move = self.booked_move(tribe_id)

                self.pay(move, currency_id=self.env.ref(f"base.{currency}").id)
                self.run_nightly()

                self.assertTrue(move.line_ids.matched_credit_ids.exchange_move_id)
                self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_payment_is_told_within_a_minute_by_setting(self):
        tribe_id = self.send_new(self.line(100.0))
        self.pay(self.booked_move(tribe_id))
        for moment, expected in (("nightly", "Sent"), ("minute", "Paid")):
            self.connection.export_moment = moment
            self.pass_a_minute()

            self.assertEqual(self.phase(tribe_id), expected)

    def test_where_odoo_has_no_in_payment_a_registered_payment_is_paid_at_once(self):
        # Community alone does not wait for the bank, and calls the invoice Paid.
        self.connection.paid_when = "paid"
        tribe_id = self.send_new(self.line(100.0))

        self.pay(self.booked_move(tribe_id))
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")


class TestPaidMeans(PaymentCase):
    """With Odoo's accounting app, an invoice is In Payment until the bank has paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.have_invoices_in_payment()

    @classmethod
    def have_invoices_in_payment(cls):
        """Override the one method by which Odoo knows that its accounting app is installed.

        The app is Enterprise. With it, a payment has no journal entry where its method has no
        account.
        """
        move_class = cls.registry["account.move"]
        # After a class that changed its models, Odoo's test case sets them up anew.
        cls.addClassCleanup(setattr, move_class, "_base_classes__", move_class._base_classes__)

        class AccountMove(models.Model):
            _module = None
            _name = "account.move"
            _inherit = ["account.move"]

            def _get_invoice_in_payment_state(self):
                return "in_payment"

        add_to_registry(cls.registry, AccountMove)
        cls.registry._setup_models__(cls.cr, [])

    def leave_out_journal_entries(self):
        """Have payments that are registered without one, as a new database has them."""
        methods = self.bank.inbound_payment_method_line_ids
        (methods + self.bank.outbound_payment_method_line_ids).payment_account_id = False

    def pay_in_payment(self, tribe_id, **values):
        """Register a payment; the invoice is In Payment then. Returns the payment."""
        move = self.booked_move(tribe_id)
        payment = self.pay(move, **values)
        self.assertEqual(move.payment_state, "in_payment")
        return payment

    def assert_paid_by_the_last(self, tribe_id, *payments):
        """Register some payments: Tribe is told by the last of them, and not before."""
        for number, values in enumerate(payments, start=1):
            self.pay_in_payment(tribe_id, **values)
            self.run_nightly()

            expected = "Paid" if number == len(payments) else "Sent"
            self.assertEqual(self.phase(tribe_id), expected)

    def test_a_registered_payment_is_told(self):
        tribe_id = self.send_new(self.line(100.0))

        payment = self.pay_in_payment(tribe_id)
        self.run_nightly()

        self.assertTrue(payment.move_id)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_registered_payment_waits_for_the_bank_by_setting(self):
        self.connection.paid_when = "paid"
        tribe_id = self.send_new(self.line(100.0))
        payment = self.pay_in_payment(tribe_id)
        payment.action_validate()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")

        self.receive_registered(payment)
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_payment_without_a_journal_entry_is_told(self):
        self.leave_out_journal_entries()
        for is_validated in (False, True):
            with self.subTest(is_validated=is_validated):
                tribe_id = self.send_new(self.line(100.0))
                payment = self.pay_in_payment(tribe_id)
                if is_validated:
                    payment.action_validate()
                self.run_nightly()

                self.assertFalse(payment.move_id)
                self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_payment_without_a_journal_entry_waits_for_the_bank_by_setting(self):
        self.leave_out_journal_entries()
        self.connection.paid_when = "paid"
        tribe_id = self.send_new(self.line(100.0))
        payment = self.pay_in_payment(tribe_id)
        payment.action_validate()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")

        self.receive(121.0, self.booked_move(tribe_id))
        self.run_nightly()

        self.assertFalse(payment.move_id)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_line_of_the_bank_needs_no_payment(self):
        self.connection.paid_when = "paid"
        tribe_id = self.send_new(self.line(100.0))

        self.receive(121.0, self.booked_move(tribe_id))
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_partial_payment_without_a_journal_entry_is_not_told_until_the_rest_is_paid(self):
        # Odoo says In Payment of both.
        self.leave_out_journal_entries()
        tribe_id = self.send_new(self.line(100.0))

        self.assert_paid_by_the_last(tribe_id, {"amount": 50.0}, {"amount": 71.0})

    def test_what_the_bank_has_paid_is_not_counted_twice(self):
        self.leave_out_journal_entries()
        tribe_id = self.send_new(self.line(100.0))
        self.pay_in_payment(tribe_id, amount=60.0)
        self.receive(60.0, self.booked_move(tribe_id))

        self.assert_paid_by_the_last(tribe_id, {"amount": 40.0}, {"amount": 21.0})

    def test_one_payment_without_a_journal_entry_over_several_invoices(self):
        self.leave_out_journal_entries()
        # Which invoice a part belongs to, nobody knows before the bank has paid.
        for amount, expected in ((150.0, "Sent"), (181.5, "Paid")):
            with self.subTest(amount=amount):
                tribe_ids = [self.send_new(self.line(100.0)), self.send_new(self.line(50.0))]

                self.pay(*map(self.booked_move, tribe_ids), amount=amount)
                self.run_nightly()

                self.assertEqual([self.phase(each) for each in tribe_ids], [expected, expected])

    def test_each_invoice_of_such_a_payment_is_looked_at_once(self):
        """The schedule of all connections asks of all of them each minute."""
        self.leave_out_journal_entries()
        tribe_ids = [self.send_new(self.line(amount)) for amount in (10.0, 20.0, 30.0)]
        self.pay(*map(self.booked_move, tribe_ids))
        currencies = self.registry["res.currency"]
        with patch.object(
            currencies, "_convert", autospec=True, side_effect=currencies._convert
        ) as converted:
            untold = self.connection._untold_payments()

        self.assertEqual(set(untold.mapped("tribe_id")), set(tribe_ids))
        # The payment, and each of its invoices.
        self.assertEqual(converted.call_count, 4)

    def test_a_credit_note_and_a_payment_without_a_journal_entry_settle_together(self):
        self.leave_out_journal_entries()
        tribe_id = self.send_new(self.line(100.0))
        self.send_new(self.line(-40.0), CreditedInvoice={"ID": tribe_id})

        self.pay_in_payment(tribe_id)
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_a_credit_note_is_paid_back_without_a_journal_entry(self):
        self.leave_out_journal_entries()
        tribe_id = self.send_new(self.line(-100.0))

        self.assert_paid_by_the_last(tribe_id, {"amount": 50.0}, {"amount": 71.0})

    def test_a_foreign_invoice_is_paid_without_a_journal_entry_in_whatever_currency(self):
        self.leave_out_journal_entries()
        tribe_id = self.send_foreign()
        dollar, euro = self.env.ref("base.USD").id, self.env.ref("base.EUR").id

        # 151.25 USD are 94.53 EUR by now, and 70.00 USD 43.75 EUR.
        self.assert_paid_by_the_last(
            tribe_id,
            {"amount": 70.0, "currency_id": dollar},
            {"amount": 30.0, "currency_id": euro},
            {"amount": 20.78, "currency_id": euro},
        )

    def test_a_payment_without_a_journal_entry_that_is_undone_before_the_night(self):
        self.leave_out_journal_entries()
        for way in ("action_reject", "unlink"):
            with self.subTest(way):
                tribe_id = self.send_new(self.line(100.0))

                getattr(self.pay_in_payment(tribe_id), way)()
                self.run_nightly()

                self.assertEqual(self.phase(tribe_id), "Sent")

    def test_a_payment_that_turns_out_to_be_a_part_is_taken_back_where_that_is_wanted(self):
        self.leave_out_journal_entries()
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        payment = self.pay_in_payment(tribe_id)
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")

        payment.action_reject()
        self.pay_in_payment(tribe_id, amount=50.0)
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Sent")


class TestPaymentOfWhatDiffers(PaymentCase):
    """What differs from Tribe is not told as paid; a sentence says so, until the two agree."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")
        self.tribe_id = self.send_new(self.line(100.0))

    def change_the_price(self, price):
        """What nobody should do: another amount on an invoice that is final."""
        (line,) = self.sandbox.rows("ProductLine", Activity=self.tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"Price": price})

    def pay_and_wait(self):
        self.pay(self.booked_move(self.tribe_id))
        self.run_nightly()

    def assert_not_told(
        self, differs, /, phase="Sent", untold="difference_paid_untold", **parameters
    ):
        """Tribe was not told, and what is shown says so beside what differs (codes)."""
        self.assertEqual(self.phase(self.tribe_id), phase)
        link = self.link(self.tribe_id)
        self.assertEqual(link.state, "differs")
        shown = self.difference_shown(link)
        assert_says(shown, differs, **parameters)
        assert_says(shown, untold)

    def assert_total_not_told(self, **options):
        """So, where Tribe now has another total."""
        self.assert_not_told(
            "difference_of_fact",
            what=sentence("compared_total"),
            now=Decimal(242),
            booked=Decimal(121),
            **options,
        )

    def assert_told_by_itself(self, phase="Paid"):
        self.assertEqual(self.phase(self.tribe_id), phase)
        link = self.link(self.tribe_id)
        self.assertEqual((link.state, link.difference_shown), ("linked", False))
        self.assertFalse(self.problems())

    def test_another_total_in_tribe_is_not_told_until_it_is_mended(self):
        self.change_the_price(200.0)
        self.look_at("invoice", self.tribe_id)
        shown = self.difference_shown(self.link(self.tribe_id))
        assert_never_says(shown, "difference_paid_untold")
        assert_never_says(shown, "difference_unpaid_untold")

        self.pay_and_wait()
        self.assert_total_not_told()
        self.run_nightly()
        self.assert_total_not_told()

        self.change_the_price(100.0)
        self.run_nightly()
        self.assert_told_by_itself()

    def test_neither_is_it_where_the_payment_came_first(self):
        self.pay(self.booked_move(self.tribe_id))
        self.change_the_price(200.0)
        self.look_at("invoice", self.tribe_id)
        self.assert_total_not_told()

        self.run_nightly()
        self.assert_total_not_told()

        self.change_the_price(100.0)
        self.look_at("invoice", self.tribe_id)
        self.assert_told_by_itself()

    def test_a_draft_again_is_not_frozen_over_whoever_edits_it(self):
        self.sandbox.set_phase(self.tribe_id, "Draft")
        self.look_at("invoice", self.tribe_id)

        self.pay_and_wait()
        self.assert_not_told("difference_draft_in_tribe", phase="Draft")

        self.sandbox.set_phase(self.tribe_id, "Sent")
        self.look_at("invoice", self.tribe_id)
        self.assert_told_by_itself()

    def test_another_customer_in_tribe_is_not_told(self):
        other = next(
            row
            for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)
            if row["ID"] != self.customer["ID"]
        )
        changes = {"Relationship": {"ID": other["ID"]}}
        self.sandbox.change("Activity_Invoice", self.tribe_id, changes)
        self.look_at("invoice", self.tribe_id)

        self.pay_and_wait()

        self.assert_not_told("difference_of_customer")

    def test_a_payment_that_waits_already_is_not_told_either(self):
        move = self.booked_move(self.tribe_id)
        self.pay(move)
        self.env["tribe.work"]._add(self.connection, "outbound", "payment", move.ids, "nightly")
        self.change_the_price(200.0)

        self.look_at("invoice", self.tribe_id)

        self.assert_total_not_told()
        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "payment")]))

    def test_nor_within_a_minute(self):
        self.connection.export_moment = "minute"
        self.change_the_price(200.0)
        self.look_at("invoice", self.tribe_id)
        self.pay(self.booked_move(self.tribe_id))

        self.pass_a_minute()

        self.assert_total_not_told()

    def test_what_is_undone_is_not_told_either_until_it_is_mended(self):
        self.connection.tell_unpaid = True
        self.pay_and_wait()
        self.change_the_price(200.0)
        self.look_at("invoice", self.tribe_id)

        self.booked_move(self.tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assert_total_not_told(phase="Paid", untold="difference_unpaid_untold")

        self.change_the_price(100.0)
        self.run_nightly()
        self.assert_told_by_itself("Sent")

    def test_what_is_deleted_in_tribe_is_not_told(self):
        self.sandbox.delete("Activity_Invoice", self.tribe_id)
        self.look_at("invoice", self.tribe_id)

        self.pay_and_wait()

        self.assertEqual(self.link(self.tribe_id).state, "gone")
        self.assert_only_told(self.problematic(), "invoice_differs")

    def test_what_a_person_left_to_odoo_is_not_told(self):
        self.change_the_price(200.0)
        self.look_at("invoice", self.tribe_id)
        self.link(self.tribe_id).action_leave_to_odoo()

        self.pay_and_wait()

        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assertEqual(self.link(self.tribe_id).state, "left_to_odoo")

    def test_what_was_adopted_is_told_once_it_is_found_alike(self):
        for price, expected in ((25.0, "Sent"), (20.0, "Paid")):
            with self.subTest(price=price):
                number = str(int(self.tribe_row("Activity_Invoice", self.tribe_id)["Number"]) + 1)
                by_hand = self.typed_by_hand(price, ref=number)
                by_hand.action_post()
                self.pay(by_hand)
                self.tribe_id = self.send_new(self.line(20.0))
                self.work(self.tribe_id).action_adopt()
                # Before anybody compared the two.
                self.connection._enqueue_payments()
                self.assertFalse(self.env["tribe.work"].search([("kind", "=", "payment")]))

                self.run_nightly()

                self.assertEqual(self.phase(self.tribe_id), expected)
