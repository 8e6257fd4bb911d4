from odoo import models


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _tribe_problem(self):
        """Why no amount of Tribe can be booked with this tax, in a sentence; None if it can.

        Tribe's net amounts are booked as prices: a tax that Odoo takes out of the price would
        make them smaller.
        """
        self.ensure_one()
        if self.amount_type != "percent":
            return self.env._(
                "tax “%s” is no plain percentage. Choose one that is.", self.display_name
            )
        if self.price_include:
            return self.env._(
                "tax “%s” is included in prices, but Tribe's amounts without VAT are booked. "
                "Choose one with Included in Price: Tax Excluded.",
                self.display_name,
            )
        return None
