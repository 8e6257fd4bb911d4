"""An invoice of Tribe has the number of one that is in Odoo: which of them can be one sale."""

import itertools
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.tribe_connector.tribe_api import Client

from .invoice_case import InvoiceCase, cents


class SameNumberCase(InvoiceCase):
    """Invoices that Tribe shows with numbers which a test chooses."""

    def setUp(self):
        super().setUp()
        # Else nothing that is booked can be deleted.
        self.sandbox.switch(final_invoice_writable="all")
        self.numbers = {}
        by_values = Client.by_values

        def with_numbers(client, entity_set, *arguments, **options):
            rows = by_values(client, entity_set, *arguments, **options)
            if entity_set != "Activity_Invoice":
                return rows
            return [
                {**row, "Number": self.numbers.get(row["ID"], row.get("Number"))} for row in rows
            ]

        self.enterContext(patch.object(Client, "by_values", with_numbers))

    def send_with(self, number, *lines, **values):
        """Send an invoice that has a number; returns its ID."""
        tribe_id = self.draft(*(lines or [self.line(100.0)]), **values)
        self.numbers[tribe_id] = number
        self.send(tribe_id)
        return tribe_id

    def assert_taken(self, tribe_id, remedy, move):
        """Not booked, as an invoice in Odoo has the number; with what can be done about it."""
        self.assertFalse(self.booked_move(tribe_id))
        held = self.work(tribe_id)
        self.assert_only_told(held, "invoice_number_taken", move=move.name)
        self.assert_only_told(held, remedy)
        self.assertEqual(held.can_adopt, "_adopt" in remedy)
        self.assertEqual(held.can_book_anyway, "_book" in remedy)
        return held

    def assert_adopted(self, tribe_id, move):
        """The invoice in Odoo is the one of Tribe, and nothing needs attention."""
        self.assertEqual(self.booked_move(tribe_id), move)
        self.assertEqual(move.tribe_id, tribe_id)
        link = self.link(tribe_id)
        self.assertEqual((link.state, link.difference), ("linked", False))
        self.assertEqual(self.problems(), [])


class TestMadeAnew(SameNumberCase):
    """Deleted in Tribe, and made anew there with the same number."""

    def booked(self):
        """An invoice of Tribe that is booked; its ID, its entry and its number."""
        tribe_id = self.send_new(self.line(100.0))
        return tribe_id, self.booked_move(tribe_id), self.number_of(tribe_id)

    def delete(self, tribe_id):
        """Delete an invoice in Tribe, and look."""
        self.sandbox.delete("Activity_Invoice", tribe_id)
        self.look_at("invoice", tribe_id)

    def test_it_is_adopted_with_each_policy(self):
        for policy, remedy in (
            ("tribe", "number_of_deleted_adopt_or_cancel"),
            ("odoo", "number_taken_adopt_or_book"),
        ):
            with self.subTest(policy):
                self.connection.legal_entity_ids.number_policy = policy
                before, move, number = self.booked()
                self.delete(before)

                anew = self.send_with(number)
                held = self.assert_taken(anew, remedy, move)
                held.action_adopt()
                self.run_lanes()

                self.assert_adopted(anew, move)
                # What became of the first one is still known.
                self.assertEqual(self.link(before).state, "gone")
                self.assertEqual(self.link(before).display_name, number)
                move.button_draft()
                move.action_post()
                self.assertEqual(move.state, "posted")
                self.run_nightly()
                self.assert_adopted(anew, move)

    def test_all_that_agree_are_adopted_at_once(self):
        before, move, number = self.booked()
        self.delete(before)
        anew = self.send_with(number)
        self.assertEqual(self.work(anew).move_to_adopt_id, move)

        self.problematic().action_adopt_agreeing()
        self.run_lanes()

        self.assert_adopted(anew, move)

    def test_the_deleted_one_is_not_adopted_by_itself(self):
        before, _move, _number = self.booked()
        self.delete(before)
        work = self.work(before)
        self.assert_only_told(work, "difference_deleted_in_tribe")
        self.assertFalse(work.can_adopt or work.taken_by_id)

    def test_that_it_was_deleted_is_seen_when_the_new_one_comes(self):
        """Webhooks may be lost, or come in any order."""
        for policy, remedy in (
            ("tribe", "number_of_deleted_adopt_or_cancel"),
            ("odoo", "number_taken_adopt_or_book"),
        ):
            with self.subTest(policy):
                self.connection.legal_entity_ids.number_policy = policy
                before, move, number = self.booked()
                self.sandbox.delete("Activity_Invoice", before)

                anew = self.send_with(number)

                self.assertEqual(self.link(before).state, "gone")
                self.assert_taken(anew, remedy, move).action_adopt()
                self.run_lanes()
                self.assert_adopted(anew, move)

    def test_two_that_tribe_has_with_one_number(self):
        for policy, remedy in (
            ("tribe", "number_given_twice_by_tribe"),
            ("odoo", "number_given_twice_book_or_ignore"),
        ):
            with self.subTest(policy):
                self.connection.legal_entity_ids.number_policy = policy
                _before, move, number = self.booked()
                twice = self.send_with(number)
                held = self.assert_taken(twice, remedy, move)
                self.run_nightly()
                self.assert_taken(twice, remedy, move)
                # To compare the two.
                self.assertEqual(held.taken_by_id, move)
                self.assertEqual(held.action_open_record()["res_id"], move.id)
                if policy == "odoo":
                    held.action_book_anyway()
                    self.run_lanes()
                    self.assertEqual(self.booked_move(twice).state, "posted")
                    self.assertNotEqual(self.booked_move(twice), move)
                else:
                    held.action_ignore()
                self.assertEqual(self.problems(), [])

    def test_two_that_come_at_once_with_one_number(self):
        for policy, remedy in (
            ("tribe", "number_given_twice_by_tribe"),
            ("odoo", "number_given_twice_book_or_ignore"),
        ):
            with self.subTest(policy):
                self.connection.legal_entity_ids.number_policy = policy
                both = [self.draft(self.line(100.0)) for _number in range(2)]
                for tribe_id in both:
                    self.numbers[tribe_id] = f"F{policy}"
                    self.sandbox.set_phase(tribe_id, "Sent")

                self.look_at("invoice", *both)

                booked, held = sorted(both, key=lambda each: not self.booked_move(each))
                self.assert_taken(held, remedy, self.booked_move(booked))

    def test_tribe_begins_its_numbers_anew_each_year(self):
        self.connection.legal_entity_ids.number_policy = "odoo"
        self.sandbox.switch(invoice_day_offset=-300)
        self.send_with("17")
        self.sandbox.switch(invoice_day_offset=0)

        again = self.send_with("17")

        self.assertEqual(self.booked_move(again).state, "posted", self.problems())

    def test_odoo_gave_it_to_another_one_of_tribe(self):
        """As where it goes on behind Tribe's numbers in their journal."""
        self.connection.legal_entity_ids.number_policy = "odoo"
        first = self.booked_move(self.send_with("17"))

        second = self.send_with(first.name)

        self.assertEqual(self.booked_move(second).state, "posted", self.problems())

    def test_it_is_another_sale(self):
        before, move, number = self.booked()
        self.delete(before)
        anew = self.send_with(number, self.line(70.0))
        self.assert_taken(anew, "number_of_deleted_adopt_or_cancel", move)

        move.button_draft()
        move.button_cancel()
        self.run_nightly()

        self.assertEqual(self.booked_move(anew).name, number)
        self.assertEqual(self.booked_move(anew).amount_untaxed, 70.0)
        self.assertEqual(self.problems(), [])

    def test_another_total_is_shown(self):
        before, move, number = self.booked()
        self.delete(before)
        anew = self.send_with(number, self.line(70.0))
        self.work(anew).action_adopt()
        self.run_lanes()
        self.assertEqual(self.booked_move(anew), move)
        self.assert_only_told(self.problematic(), "difference_of_fact")
        self.assertEqual(cents(move.amount_untaxed), cents(100))

    def test_the_deleted_one_was_left_to_odoo(self):
        before, move, number = self.booked()
        self.delete(before)
        self.link(before).action_leave_to_odoo()
        anew = self.send_with(number)

        self.assert_taken(anew, "number_taken_adopt_or_renumber", move).action_adopt()
        self.run_lanes()

        self.assert_adopted(anew, move)
        self.assertEqual(self.link(before).state, "left_to_odoo")

    def test_a_payment_is_told_of_the_new_one(self):
        before, move, number = self.booked()
        self.delete(before)
        anew = self.send_with(number)
        self.work(anew).action_adopt()
        self.run_lanes()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.run_nightly()
        self.assertTrue(self.link(anew).told_paid)
        self.assertFalse(self.link(before).told_paid)

    def test_the_credit_note_of_the_deleted_one_stays_settled(self):
        before, move, number = self.booked()
        credit = self.send_new(self.line(-100.0), CreditedInvoice={"ID": before})
        self.assertEqual(move.amount_residual, 0.0)
        self.delete(before)
        anew = self.send_with(number)

        self.work(anew).action_adopt()
        self.run_lanes()
        self.look_at("invoice", credit, anew)

        self.assertEqual(self.booked_move(anew), move)
        self.assertEqual(self.booked_move(credit).reversed_entry_id, move)
        self.assertEqual(move.amount_residual, 0.0)

    def test_an_adopted_one_is_adopted_anew(self):
        self.connection.legal_entity_ids.number_policy = "odoo"
        by_hand = self.typed_by_hand(100.0, ref="H-1", invoice_date=self.today)
        by_hand.action_post()
        before = self.send_with("H-1")
        self.work(before).action_adopt()
        self.run_lanes()
        self.assert_adopted(before, by_hand)
        self.delete(before)

        anew = self.send_with("H-1")
        self.assert_taken(anew, "number_taken_adopt_or_book", by_hand).action_adopt()
        self.run_lanes()

        self.assert_adopted(anew, by_hand)


class TestAnotherSale(SameNumberCase):
    """A reference is a number of Tribe by chance."""

    def by_hand(self, price=100.0, days=0, **values):
        """A posted invoice that a bookkeeper typed, dated so many days from now."""
        values = {"ref": "1001", "invoice_date": self.today + timedelta(days=days), **values}
        move = self.typed_by_hand(price, **values)
        move.action_post()
        return move

    def another_customer(self):
        return self.env["res.partner"].create({"name": "Heel andere klant"}).id

    def test_what_can_be_the_same_sale(self):
        another, dollar = self.another_customer(), self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create({"currency_id": dollar.id, "name": "2000-01-01"})
        address = self.partner.create({"name": "Crediteuren", "parent_id": self.partner.id})
        numbers = itertools.count(1001)
        for price, days, values, is_taken in (
            (100.0, 0, {}, True),
            (100.0, -30, {}, True),
            (100.0, 30, {}, True),
            # Customer or total, around that day.
            (80.0, -30, {}, True),
            (80.0, 0, {"partner_id": address.id}, True),
            (100.0, 0, {"partner_id": another}, True),
            (80.0, 0, {"partner_id": another}, False),
            (100.0, 0, {"partner_id": another, "currency_id": dollar.id}, False),
            # Tribe has given that number only now.
            (100.0, -300, {}, False),
            (100.0, -300, {"partner_id": another}, False),
            # Typed later, when the period was locked: both.
            (100.0, 300, {}, True),
            (80.0, 300, {}, False),
            (100.0, 300, {"partner_id": another}, False),
            # What is owed is no credit note.
            (100.0, 0, {"move_type": "out_refund"}, False),
            (100.0, 0, {"ref": False, "payment_reference": "{}"}, True),
            (80.0, 0, {"ref": "{} / PO 7", "partner_id": another}, False),
            (80.0, 0, {"ref": False, "name": "{}", "partner_id": another}, False),
            (80.0, 0, {"ref": False, "name": "{}"}, True),
        ):
            with self.subTest(price=price, days=days, **values):
                number = str(next(numbers))
                named = {
                    name: text.format(number) if isinstance(text, str) else text
                    for name, text in {"ref": "{}", **values}.items()
                }
                move = self.by_hand(price, days, **named)
                tribe_id = self.send_with(number)
                if is_taken:
                    self.assert_taken(tribe_id, "number_taken_adopt_or_book", move)
                else:
                    self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())

    def test_a_credit_of_tribe(self):
        for price, move_type, is_taken in (
            (100.0, "out_refund", True),
            (80.0, "out_refund", True),
            (100.0, "out_invoice", False),
        ):
            with self.subTest(price=price, move_type=move_type):
                move = self.by_hand(price, move_type=move_type, ref=f"{move_type} {price}")
                tribe_id = self.send_with(move.ref, self.line(-100.0))
                if is_taken:
                    self.assert_taken(tribe_id, "number_taken_adopt_or_book", move)
                else:
                    self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())

    def test_a_draft_without_a_date(self):
        draft = self.typed_by_hand(80.0, ref="1001", invoice_date=False)
        tribe_id = self.send_with("1001")
        self.assertFalse(self.booked_move(tribe_id))
        self.assert_only_told(self.work(tribe_id), "invoice_that_is_a_draft")
        self.assertEqual(self.work(tribe_id).taken_by_id, draft)

    def test_the_one_that_can_be_it_is_adopted(self):
        self.by_hand(days=-300)
        self.by_hand(80.0, partner_id=self.another_customer())
        move = self.by_hand(80.0)
        tribe_id = self.send_with("1001")
        held = self.assert_taken(tribe_id, "number_taken_adopt_or_book", move)
        self.assertEqual(held.taken_by_id, move)
        held.action_adopt()
        self.run_lanes()
        self.assertEqual(self.booked_move(tribe_id), move)

    def test_a_customer_who_is_new_in_odoo(self):
        """Whose contact is made before the invoice is booked."""
        customers = self.sandbox.rows("Relationship_Organization_CommercialRelationship_Customer")
        self.customer = next(
            row for row in customers if row["ID"] != self.customer["ID"] and not row["IsFormer"]
        )
        self.by_hand(80.0, partner_id=self.another_customer())
        taken = self.by_hand(100.0, ref="1002", partner_id=self.another_customer())

        booked, held = self.send_with("1001"), self.send_with("1002")

        self.assertEqual(self.booked_move(booked).state, "posted", self.problems())
        self.assert_taken(held, "number_taken_adopt_or_book", taken)

    def test_the_number_in_the_journal_itself_is_taken_whosever_it_is(self):
        entity = self.connection.legal_entity_ids.filtered("is_default")
        self.connection.legal_entity_ids.number_policy = "odoo"
        entity.journal_id.default_account_id = self.account("income")
        move = self.by_hand(
            80.0,
            -300,
            ref=False,
            name="1001",
            partner_id=self.another_customer(),
            journal_id=entity.journal_id.id,
        )
        self.connection.legal_entity_ids.number_policy = "tribe"

        tribe_id = self.send_with("1001")

        self.assert_taken(tribe_id, "number_taken_adopt_or_renumber", move)
