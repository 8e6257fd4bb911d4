"""What one more invoice costs in a batch, counted in queries."""

from .invoice_case import InvoiceCase

FEW, MANY = 5, 25
# Odoo's own are two for each of three lines; the queue takes two for each row. What is corrected is
# written, too.
MOST_EACH, MOST_CORRECTED = 9, 11


class TestQueriesOfBooking(InvoiceCase):
    """What is the same for all of a batch is looked up once; Odoo does some for each line.

    Measured as the slope, so that what a batch costs as a whole does not count.
    """

    def setUp(self):
        super().setUp()
        # What is asked only once is asked here.
        self.queries(1, self.line(100.0))

    def queries(self, count, *lines):
        tribe_ids = [self.draft(*lines) for _number in range(count)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        self.env["tribe.work"]._add(self.connection, "inbound", "invoice", tribe_ids, "poll")
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.run_lanes()
        count = self.env.cr.sql_log_count - before
        for tribe_id in tribe_ids:
            self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())
        return count

    def each(self, *lines):
        """How many queries one more invoice takes."""
        few, many = self.queries(FEW, *lines), self.queries(MANY, *lines)
        return (many - few) / (MANY - FEW)

    def test_an_ordinary_invoice(self):
        self.assertLessEqual(self.each(*[self.line(100.0)] * 3), MOST_EACH)

    def test_one_of_which_tribe_rounds_the_vat_otherwise(self):
        lines = [self.line(0.12)] * 3
        self.company.tax_calculation_rounding_method = "round_globally"
        self.assertLessEqual(self.each(*lines), MOST_CORRECTED)
        move = self.env["account.move"].search([("tribe_id", "!=", False)], limit=1)
        # Each line rounded; 0.08 of the whole.
        self.assertEqual(move.amount_tax, 0.09)
