from odoo import models

from ..sentence import Name, say


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _tribe_problem(self):
        """Why no amount of Tribe can be booked with this tax, in a sentence; None if it can.

        A tax of purchases would end up on the wrong line of the VAT return.

        Tribe's net amounts are booked as prices: a tax that Odoo takes out of the price would
        make them smaller.
        """
        self.ensure_one()
        if self.type_tax_use != "sale":
            return say(self.env, "tax_not_of_sales", tax=Name.of(self))
        if self.amount_type != "percent":
            return say(self.env, "tax_not_a_percentage", tax=Name.of(self))
        if self.price_include:
            return say(
                self.env,
                "tax_included_in_price",
                tax=Name.of(self),
            )
        return None

    def _tribe_percentage(self):
        """What is added to an amount: nothing where one part of the tax takes back the other."""
        self.ensure_one()
        of_vat = self.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        )
        return self.amount * sum(of_vat.mapped("factor_percent")) / 100
