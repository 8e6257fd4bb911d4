from odoo import models


class AccountPaymentTerm(models.Model):
    _inherit = "account.payment.term"

    def _tribe_net_days(self):
        """The number of days of a term that is all due so many days after the invoice.

        None for any other term (instalments, end of month, early payment discount): Tribe knows
        days only.
        """
        self.ensure_one()
        line = self.line_ids
        is_net = (
            len(line) == 1
            and line.value == "percent"
            and line.value_amount == 100
            and line.delay_type == "days_after"
            and not self.early_discount
        )
        return line.nb_days if is_net else None

    def _tribe_of_days(self, company, days):
        """The term of a company, or a shared one, of so many net days; or an empty set."""
        # Archived ones do not count, whatever else the context looks at.
        terms = self.with_context(active_test=True).search(self._check_company_domain(company))
        found = terms.filtered(lambda term: term._tribe_net_days() == days)
        return found.sorted(lambda term: not term.company_id)[:1]
