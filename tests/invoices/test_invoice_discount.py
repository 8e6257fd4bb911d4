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

    def test_the_prices_tell_what_an_amount_with_and_without_it_can_be(self):
        self.be_without_totals()
        # 100 less 17.3554 % and 21 % VAT are 100 again.
        for discount, price, untaxed in (("header", 100.0, 82.64), ("lines", 121.0, 100.0)):
            with self.subTest(discount):
                self.sandbox.switch(header_discount=discount, amount_means="including")

                tribe_id = self.send_new(self.line(price), DiscountPercentage=17.3554)

                move = self.booked_move(tribe_id)
                self.assertEqual(move.state, "posted", self.problems())
                self.assertEqual(move.amount_untaxed, untaxed)

    def test_what_can_be_both_with_and_without_it_is_held(self):
        self.be_without_totals()
        self.sandbox.switch(header_discount="header", amount_means="including")
        tribe_id = self.draft(self.line(100.0), DiscountPercentage=17.3554)
        self.sandbox.set_phase(tribe_id, "Sent")
        # No price tells which one it is.
        self.sandbox.switch(absent_fields=["ProductLine/Price", "ProductLine/PriceInCurrency"])

        self.look_at("invoice", tribe_id)

        self.assert_held(
            tribe_id,
            "invoice_discount_ambiguous",
            discount=Decimal("17.3554"),
            amount=Decimal(100),
        )

    def test_the_vat_of_the_lines_tells_of_it_where_no_total_does(self):
        self.be_without_totals()
        self.sandbox.switch(
            header_discount="header", amount_means="nothing", line_vat_discount="whole"
        )

        move = self.booked_move(self.send_new(self.line(100.0), DiscountPercentage=10))

        self.assertEqual(move.state, "posted", self.problems())
        self.assertEqual((move.amount_untaxed, move.amount_tax), (90.0, 18.9))

    def test_line_totals_may_be_kept_unrounded(self):
        for discount, included, rounding in product(DISCOUNTS, (False, True), ("line", "group")):
            with self.subTest(discount=discount, included=included, rounding=rounding):
                self.sandbox.switch(
                    line_totals="unrounded",
                    line_vat_discount="whole",
                    header_discount=discount,
                    vat_rounding=rounding,
                )
                lines = [self.line(113.715)] * 3 + [self.line(0.125, 3.0, vat="NL9")]

                tribe_id = self.send_new(*lines, DiscountPercentage=5, IsVatIncluded=included)

                self.assert_booked_to_the_cent(tribe_id)

    def test_totals_may_be_missing_one_by_one(self):
        for name in TOTAL_NAMES:
            with self.subTest(name):
                self.sandbox.switch(header_discount="header", **{name: ""})
                self.connect()

                move = self.booked_move(self.send_new(*self.lines(), DiscountPercentage=5))

                self.assertEqual(move.state, "posted", self.problems())
                self.assertEqual(move.amount_untaxed, 114.31)

    def test_a_currency_without_cents_is_booked_in_its_own_coin(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        yen.rate_ids.unlink()
        values = {"currency_id": yen.id, "name": "2020-01-01", "rate": 160}
        self.env["res.currency.rate"].create(values)
        for coins, total in (("own", 109), ("cents", 109)):
            with self.subTest(coins):
                self.sandbox.switch(coins=coins)
                lines = [{**self.line(0.0, 3.0), "PriceInCurrency": 33.33}]
                del lines[0]["Price"]

                tribe_id = self.send_new(*lines, Currency="JPY", DiscountPercentage=10)

                move = self.booked_move(tribe_id)
                self.assertEqual(move.state, "posted", self.problems())
                self.assertEqual((move.currency_id, move.amount_total), (yen, total))

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
