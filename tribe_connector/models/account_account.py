from odoo import models

from ..sentence import say

# What Odoo offers for no income account either (its ACCOUNT_DOMAIN of products).
NO_INCOME_TYPES = (
    "asset_receivable",
    "liability_payable",
    "asset_cash",
    "liability_credit_card",
    "off_balance",
)


class AccountAccount(models.Model):
    _inherit = "account.account"

    def _tribe_problem(self, _company=None):
        """Why no line of Tribe's invoices is booked on this account, in a sentence; or None."""
        self.ensure_one()
        if self.account_type in NO_INCOME_TYPES:
            types = dict(self._fields["account_type"]._description_selection(self.env))
            return say(
                self.env,
                "account_of_wrong_type",
                account=self.display_name,
                type=types[self.account_type],
            )
        return None
