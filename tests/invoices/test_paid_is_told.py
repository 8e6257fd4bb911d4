"""What is told paid: what Tribe has by now, and what nobody disputes."""

from connector.common import ORGANIZATION_CUSTOMER
from told import assert_never_says, assert_says

from odoo.addons.tribe_connector.sentence import sentence

from .test_credit_note import CreditCase
from .test_facts import FactCase


class TellingCase(FactCase, CreditCase):
    def change_the_price(self, tribe_id, price):
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"Price": price})

    def assert_asked(self, tribe_id, code, state="differs"):
        """The link says what differs, and that is the one problem there is."""
        link = self.link(tribe_id)
        self.assertEqual(link.state, state)
        assert_says(self.sentences_told(link, "difference"), code)
        self.assert_only_told(self.problematic(), "invoice_differs")
        self.assert_told(self.problematic(), code)

    def assert_told_paid(self, *tribe_ids):
        for tribe_id in tribe_ids:
            self.assertEqual(self.phase(tribe_id), "Paid")
            link = self.link(tribe_id)
            self.assertEqual((link.state, link.told_paid), ("linked", True))
        self.assertFalse(self.problems())


class TestWhatTribeHasByNow(TellingCase):
    """What was changed in Tribe, and nobody has looked at since, is seen before it is told."""

    def setUp(self):
        super().setUp()
        self.tribe_id = self.send_new(self.line(100.0))

    def pay_and_wait(self):
        self.pay(self.booked_move(self.tribe_id))
        self.run_nightly()

    def test_a_draft_again_is_not_paid_over(self):
        self.sandbox.set_phase(self.tribe_id, "Draft")
        self.pay_and_wait()

        self.assertEqual(self.phase(self.tribe_id), "Draft")
        self.assert_asked(self.tribe_id, "difference_draft_in_tribe")

        self.sandbox.set_phase(self.tribe_id, "Sent")
        self.run_nightly()
        self.assert_told_paid(self.tribe_id)

    def test_nor_is_another_amount(self):
        self.change_the_price(self.tribe_id, 200.0)
        self.pay_and_wait()

        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assert_asked(self.tribe_id, "difference_of_fact")

        self.change_the_price(self.tribe_id, 100.0)
        self.run_nightly()
        self.assert_told_paid(self.tribe_id)

    def test_nor_another_customer(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Ander B.V."})
        moved = {"Organization": {"ID": organization["ID"]}}
        self.sandbox.change(ORGANIZATION_CUSTOMER, self.customer["ID"], moved)
        self.pay_and_wait()

        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assert_asked(self.tribe_id, "difference_of_customer")

    def test_nothing_is_told_of_books_that_are_elsewhere(self):
        """What is not compared could be anything by now."""
        entity = self.connection.legal_entity_ids.filtered("is_default")
        older = self.link(self.send_new(self.line(50.0)))
        again = self.send_new(self.line(60.0))
        self.assertEqual(self.link(self.tribe_id)._legal_entity(), entity.tribe_id)
        older.agreed = {
            name: value for name, value in older.agreed.items() if name != "legal_entity"
        }
        entity.is_booked = False
        self.change_the_price(self.tribe_id, 200.0)
        self.sandbox.set_phase(again, "Draft")
        for tribe_id in (self.tribe_id, older.tribe_id, again):
            self.pay(self.booked_move(tribe_id))
        self.run_nightly()

        phases = [self.phase(each) for each in (self.tribe_id, older.tribe_id, again)]
        self.assertEqual(phases, ["Sent", "Sent", "Draft"])
        self.assertFalse(self.problems())
        self.assertFalse(self.connection._untold_payments())

        entity.is_booked = True
        self.run_nightly()
        self.assertEqual(self.phase(older.tribe_id), "Paid")
        for tribe_id in (self.tribe_id, again):
            self.assertEqual(self.link(tribe_id).state, "differs")
            self.assertNotEqual(self.phase(tribe_id), "Paid")

    def test_what_was_told_stays_told_once_the_books_are_elsewhere(self):
        self.pay_and_wait()
        self.connection.legal_entity_ids.is_booked = False
        self.booked_move(self.tribe_id).line_ids.remove_move_reconcile()
        for is_told in (False, True):
            with self.subTest(is_told=is_told):
                self.connection.tell_unpaid = is_told
                self.run_nightly()
                self.assertEqual(self.phase(self.tribe_id), "Paid")
                self.assertFalse(self.problems())

    def test_what_is_deleted_is_asked_about_at_once(self):
        self.connection.missing_percent = 100
        self.sandbox.delete("Activity_Invoice", self.tribe_id)
        self.pay_and_wait()

        self.assert_asked(self.tribe_id, "difference_deleted_in_tribe", state="gone")
        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "payment")]))

    def test_nor_within_a_minute(self):
        self.connection.export_moment = "minute"
        self.sandbox.set_phase(self.tribe_id, "Draft")
        self.pay(self.booked_move(self.tribe_id))
        self.pass_a_minute()

        self.assertEqual(self.phase(self.tribe_id), "Draft")
        self.assert_asked(self.tribe_id, "difference_draft_in_tribe")

    def test_what_tribe_calls_paid_by_now_is_not_told_again(self):
        self.sandbox.set_phase(self.tribe_id, "Paid")
        self.pay(self.booked_move(self.tribe_id))
        self.sandbox.reset_calls()
        self.run_nightly()

        self.assertEqual(self.sandbox.calls()["writes"], 0)
        self.assert_told_paid(self.tribe_id)

    def test_nor_is_it_moved_back_over_what_somebody_did_there(self):
        self.connection.tell_unpaid = True
        self.pay_and_wait()
        self.assert_told_paid(self.tribe_id)
        self.sandbox.set_phase(self.tribe_id, "Draft")
        self.booked_move(self.tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()

        self.assertEqual(self.phase(self.tribe_id), "Draft")
        self.assert_asked(self.tribe_id, "difference_draft_in_tribe")

    def test_what_a_person_has_moved_back_is_looked_at_too(self):
        self.pay_and_wait()
        self.booked_move(self.tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assert_only_told(self.problematic(), "payment_undone")
        self.sandbox.set_phase(self.tribe_id, "Draft")
        self.problematic().action_move_back()
        self.run_lanes()

        self.assertEqual(self.phase(self.tribe_id), "Draft")
        self.assert_asked(self.tribe_id, "difference_draft_in_tribe")

    def test_many_are_read_together(self):
        tribe_ids = [self.send_new(self.line(100.0 + number)) for number in range(5)]
        self.pay(*map(self.booked_move, tribe_ids))
        self.change_the_price(tribe_ids[2], 200.0)
        self.env["tribe.link"].flush_model()
        self.connection._enqueue_payments()
        self.sandbox.reset_calls()
        self.run_lanes()
        calls = self.sandbox.calls()

        told = [tribe_id for tribe_id in tribe_ids if tribe_id != tribe_ids[2]]
        self.assertEqual([self.phase(each) for each in told], ["Paid"] * 4)
        self.assert_asked(tribe_ids[2], "difference_of_fact")
        self.assertEqual(calls["writes"], 4)
        # Invoices and their customers; once more of the one that differs, for its problem.
        self.assertLessEqual(calls["total"] - calls["writes"], 4)

    def test_one_that_cannot_be_read_leaves_the_others_alone(self):
        other = self.send_new(self.line(50.0))
        self.pay(self.booked_move(self.tribe_id), self.booked_move(other))
        self.change_the_price(self.tribe_id, None)
        self.run_nightly()

        self.assertEqual([self.phase(self.tribe_id), self.phase(other)], ["Sent", "Paid"])
        self.assertTrue(self.link(other).told_paid)


class TestWhatSettlesIt(TellingCase):
    """An invoice is not told Paid by what nobody knows to be so: a credit that differs."""

    def setUp(self):
        super().setUp()
        self.tribe_id = self.send_new(self.line(100.0))
        self.credit_id = self.credit_of(self.tribe_id)
        self.assert_settled(self.tribe_id, self.credit_id)

    def assert_neither_told(self):
        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assertEqual(self.link(self.tribe_id).state, "linked")
        self.assertFalse(self.connection._untold_payments())

    def test_a_credit_that_is_deleted_in_tribe_settles_nothing_until_that_is_decided(self):
        self.sandbox.delete("Activity_Invoice", self.credit_id)
        self.look_at("invoice", self.credit_id)
        self.run_nightly()

        self.assert_neither_told()
        self.assert_asked(self.credit_id, "difference_deleted_in_tribe", state="gone")

        self.link(self.credit_id).action_leave_to_odoo()
        self.run_nightly()
        self.assert_told_paid(self.tribe_id)

    def test_nor_does_one_of_another_amount(self):
        self.change_the_price(self.credit_id, -10.0)
        self.look_at("invoice", self.credit_id)
        self.run_nightly()

        self.assert_neither_told()
        self.assert_asked(self.credit_id, "difference_of_fact")

        self.change_the_price(self.credit_id, -100.0)
        self.run_nightly()
        self.assert_told_paid(self.tribe_id, self.credit_id)

    def test_nor_one_that_nobody_looked_at_since(self):
        self.change_the_price(self.credit_id, -10.0)
        self.run_nightly()

        self.assertEqual([self.phase(self.tribe_id), self.phase(self.credit_id)], ["Sent", "Sent"])
        self.assert_asked(self.credit_id, "difference_of_fact")

    def test_nor_is_the_credit_told_while_its_invoice_differs(self):
        self.change_the_price(self.tribe_id, 200.0)
        self.look_at("invoice", self.tribe_id)
        self.run_nightly()

        self.assertEqual([self.phase(self.tribe_id), self.phase(self.credit_id)], ["Sent", "Sent"])
        self.assert_asked(self.tribe_id, "difference_of_fact")

    def test_what_was_told_already_is_not_taken_back_for_that(self):
        self.connection.tell_unpaid = True
        self.run_nightly()
        self.assert_told_paid(self.tribe_id, self.credit_id)
        self.change_the_price(self.credit_id, -10.0)
        self.look_at("invoice", self.credit_id)
        self.connection._enqueue_payments(self.link(self.tribe_id))
        self.run_lanes()

        self.assertEqual(self.phase(self.tribe_id), "Paid")
        self.assert_asked(self.credit_id, "difference_of_fact")


class TestAdoptedCredit(TellingCase):
    def test_one_of_another_amount_is_not_settled_before_it_is_mended(self):
        invoice = self.send_new(self.line(100.0))
        number = str(int(self.booked_move(invoice).name) + 1)
        by_hand = self.typed_by_hand(
            100.0, ref=number, move_type="out_refund", invoice_date=self.today
        )
        by_hand.action_post()
        credit = self.credit_of(invoice, -10.0)
        self.work(credit).action_adopt()
        self.run_lanes()
        # Whichever of the two is looked at.
        self.look_at("invoice", invoice)
        self.run_nightly()

        self.assertEqual(self.open_amounts(invoice, credit), [121.0, 121.0])
        self.assertFalse(by_hand.reversed_entry_id)
        self.assertEqual(self.phase(invoice), "Sent")
        self.assert_asked(credit, "difference_of_fact")

        by_hand.button_draft()
        by_hand.invoice_line_ids.price_unit = 10.0
        by_hand.action_post()
        self.run_nightly()
        self.assertEqual(self.open_amounts(invoice, credit), [108.9, 0.0])
        self.assertFalse(self.problems())


class TestMovedBackInTribe(TellingCase):
    """Somebody in Tribe takes our Paid back: that is a question, and not told over each night."""

    def setUp(self):
        super().setUp()
        self.tribe_id = self.send_new(self.line(100.0))
        self.move = self.booked_move(self.tribe_id)
        self.pay(self.move)
        self.run_nightly()
        self.look_at("invoice", self.tribe_id)
        self.assert_told_paid(self.tribe_id)
        self.sandbox.set_phase(self.tribe_id, "Sent")

    def assert_moved_back(self):
        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assert_asked(self.tribe_id, "difference_moved_back_in_tribe")
        assert_never_says(self.difference_shown(self.link(self.tribe_id)), "difference_paid_untold")

    def assert_nothing_left(self, phase):
        self.assertEqual(self.phase(self.tribe_id), phase)
        self.assertEqual(self.link(self.tribe_id).state, "linked")
        self.assertFalse(self.problems())

    def test_it_stays_a_question_until_tribe_calls_it_paid_again(self):
        for tell_unpaid in (False, True):
            self.connection.tell_unpaid = tell_unpaid
            self.look_at("invoice", self.tribe_id)
            self.assert_moved_back()
            self.run_nightly()
            self.assert_moved_back()

        self.sandbox.set_phase(self.tribe_id, "Paid")
        self.run_nightly()
        self.assert_nothing_left("Paid")

        # By now that is Tribe's own word.
        self.move.line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assert_nothing_left("Paid")

    def test_once_the_payment_is_undone_in_odoo_too_all_begins_anew(self):
        self.look_at("invoice", self.tribe_id)
        self.assert_begins_anew_when_undone()

    def test_where_it_was_open_in_odoo_already_nobody_is_asked_any_more(self):
        self.assert_begins_anew_when_undone()

    def assert_begins_anew_when_undone(self):
        """The payment is undone in Odoo, too; then it is paid once more."""
        self.move.line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assert_nothing_left("Sent")

        self.pay(self.move)
        self.run_nightly()
        self.assert_told_paid(self.tribe_id)

    def test_a_draft_that_is_sent_again_was_moved_back_too(self):
        for code in ("Draft", "Sent"):
            self.sandbox.set_phase(self.tribe_id, code)
            self.look_at("invoice", self.tribe_id)
        self.run_nightly()
        self.assert_moved_back()

    def test_left_to_odoo_it_is_never_told_again(self):
        self.look_at("invoice", self.tribe_id)
        self.link(self.tribe_id).action_leave_to_odoo()
        self.run_nightly()

        self.assertEqual(self.phase(self.tribe_id), "Sent")
        self.assertFalse(self.problems())


class TestBookedAgain(TellingCase):
    """That we told Paid is still known of an invoice that is booked again."""

    def told_and_cancelled(self, is_deleted=False):
        """The ID of an invoice that was told Paid, and whose entry was taken away since."""
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.run_nightly()
        self.assert_told_paid(tribe_id)
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        if is_deleted:
            move.with_context(force_delete=True).unlink()
        else:
            move.button_cancel()
        self.run_nightly()
        return tribe_id

    def assert_booked_again(self, tribe_id):
        move = self.booked_move(tribe_id)
        self.assertEqual((move.state, move.amount_residual), ("posted", 121.0))
        words = sentence("paid_in_tribe_not_booked")
        self.assertFalse(move.message_ids.filtered(lambda each: words in each.body))

    def test_what_is_open_by_now_is_a_question(self):
        for is_deleted in (False, True):
            with self.subTest(is_deleted=is_deleted):
                tribe_id = self.told_and_cancelled(is_deleted)
                self.link(tribe_id).action_book_again()
                self.run_lanes()
                self.run_nightly()

                self.assert_booked_again(tribe_id)
                self.assert_only_told(self.problematic(), "payment_undone")
                self.problematic().action_move_back()
                self.run_lanes()
                self.assertEqual(self.phase(tribe_id), "Sent")
                self.assertFalse(self.problems())

    def test_or_told_where_undone_payments_are(self):
        self.connection.tell_unpaid = True
        tribe_id = self.told_and_cancelled()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.run_nightly()

        self.assert_booked_again(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Sent")
        self.assertFalse(self.problems())

    def test_also_when_it_was_held_in_between(self):
        tribe_id = self.told_and_cancelled()
        group = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL21"
        )
        tax, group.tax_id = group.tax_id, False
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.assert_held(tribe_id, "vat_group_without_tax")
        self.look_at("invoice", tribe_id)
        self.run_nightly()
        self.assert_held(tribe_id, "vat_group_without_tax")

        group.tax_id = tax
        self.run_nightly()
        self.run_nightly()
        self.assert_booked_again(tribe_id)
        self.assert_only_told(self.problematic(), "payment_undone")

    def test_or_adopted_instead(self):
        tribe_id = self.told_and_cancelled()
        by_hand = self.typed_by_hand(100.0, ref=self.number_of(tribe_id), invoice_date=self.today)
        by_hand.action_post()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.work(tribe_id).action_adopt()
        self.run_lanes()
        self.run_nightly()

        self.assertEqual(self.booked_move(tribe_id), by_hand)
        self.assert_only_told(self.problematic(), "payment_undone")

    def test_what_tribe_itself_calls_paid_stays_its_own_word(self):
        tribe_id = self.send_new(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Paid")
        self.look_at("invoice", tribe_id)
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.button_cancel()
        self.run_nightly()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")
        self.assertFalse(self.problems())
