"""A discount on the whole invoice, in a tenant whose invoices have no totals but ``Amount``."""

from decimal import Decimal
from itertools import product

from .invoice_case import InvoiceCase, cents

TOTAL_NAMES = ("total_excluding_vat_name", "total_including_vat_name", "vat_amount_name")
# In the lines' totals already, or not.
DISCOUNTS = ("lines", "header")


class TestInvoiceDiscount(InvoiceCase):
    def be_without_totals(self):
        """Tribe's invoices have no total but Amount, and the connector learns of it."""
        self.sandbox.switch(**dict.fromkeys(TOTAL_NAMES, ""))
        self.connect()

    def lines(self):
        return [self.line(33.33, 3.0), self.line(0.07, 5.0), self.line(19.99, vat="NL9")]

    def test_it_counts_once_whether_or_not_the_lines_have_it(self):
        self.be_without_totals()
        for discount, means in product(DISCOUNTS, ("including", "excluding")):
            with self.subTest(discount=discount, means=means):
                self.sandbox.switch(header_discount=discount, amount_means=means)

                tribe_id = self.send_new(*self.lines(), DiscountPercentage=5)

                move = self.booked_move(tribe_id)
                self.assertEqual(move.state, "posted", self.problems())
                amount = cents(self.tribe_row("Activity_Invoice", tribe_id)["Amount"])
                name = {"including": "amount_total", "excluding": "amount_untaxed"}[means]
                self.assertEqual(cents(move[name]), amount)
                # 120.33 less 5 %, and its VAT, each within a cent.
                self.assertAlmostEqual(move.amount_untaxed, 114.31, delta=0.011)
                self.assertAlmostEqual(move.amount_tax, 21.73, delta=0.021)
                self.assertEqual(
                    cents(sum(move.invoice_line_ids.mapped("price_subtotal"))),
                    cents(move.amount_untaxed),
                )

    def test_without_a_discount_nothing_changes(self):
        self.be_without_totals()
        for means, rounding in product(("including", "excluding", "nothing"), ("line", "group")):
            with self.subTest(means=means, rounding=rounding):
                self.sandbox.switch(amount_means=means, vat_rounding=rounding)

                move = self.booked_move(self.send_new(*self.lines()))

                self.assertEqual(move.state, "posted", self.problems())
                self.assertEqual(cents(move.amount_untaxed), cents(120.33))

    def test_without_any_total_it_is_held_until_a_person_ignores_it(self):
        self.be_without_totals()
        for discount in DISCOUNTS:
            with self.subTest(discount=discount):
                self.sandbox.switch(header_discount=discount, amount_means="nothing")

                tribe_id = self.send_new(*self.lines(), DiscountPercentage=5)

                self.assert_held(
                    tribe_id,
                    "invoice_discount_without_total",
                    invoice=self.number_of(tribe_id),
                    discount=Decimal(5),
                )
                self.work(tribe_id).action_ignore()
                self.run_nightly()
                self.assertFalse(self.problems())

    def test_what_can_be_both_with_and_without_it_is_held(self):
        self.be_without_totals()
        self.sandbox.switch(header_discount="header", amount_means="including")

        # 100 less 17.3554 % and 21 % VAT are 100 again.
        tribe_id = self.send_new(self.line(100.0), DiscountPercentage=17.3554)

        self.assert_held(
            tribe_id,
            "invoice_discount_ambiguous",
            discount=Decimal("17.3554"),
            amount=Decimal(100),
        )

    def test_with_all_totals_it_is_booked_too_where_the_lines_do_not_have_it(self):
        for rounding in ("line", "group"):
            with self.subTest(rounding=rounding):
                self.sandbox.switch(header_discount="header", vat_rounding=rounding)

                tribe_id = self.send_new(*self.lines(), DiscountPercentage=5)

                self.assert_booked_to_the_cent(tribe_id)

    def test_a_credit_note_has_it_too(self):
        self.be_without_totals()
        self.sandbox.switch(header_discount="header")
        invoice = self.send_new(self.line(100.0), DiscountPercentage=10)

        credit = self.send_new(
            self.line(-100.0), DiscountPercentage=10, CreditedInvoice={"ID": invoice}
        )

        moves = self.booked_move(invoice) | self.booked_move(credit)
        self.assertEqual(moves.mapped("amount_total"), [108.9, 108.9])
        self.assertEqual(moves.mapped("amount_residual"), [0.0, 0.0])
