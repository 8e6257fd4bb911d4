from odoo import models

from ..sentence import say


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _tribe_problem(self):
        """Why no amount of Tribe can be booked with this tax, in a sentence; None if it can.

        Tribe's net amounts are booked as prices: a tax that Odoo takes out of the price would
        make them smaller.
        """
        self.ensure_one()
        if self.amount_type != "percent":
            return say(self.env, "tax_not_a_percentage", tax=self.display_name)
        if self.price_include:
            return say(
                self.env,
                "tax_included_in_price",
                tax=self.display_name,
            )
        return None
