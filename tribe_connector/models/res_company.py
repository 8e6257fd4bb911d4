from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_violated_soft_lock_date(self, soft_lock_date_field, date):
        by = self._tribe_as_asker()
        return super(ResCompany, by)._get_violated_soft_lock_date(soft_lock_date_field, date)

    def _get_user_fiscal_lock_date(self, journal, ignore_exceptions=False):
        by = self._tribe_as_asker()
        return super(ResCompany, by)._get_user_fiscal_lock_date(journal, ignore_exceptions)

    def _tribe_as_asker(self):
        """The company as seen by who asked for what is being booked, where they work in it.

        Whose exceptions to lock dates count is all that goes by them: what is booked is made by
        the lane, since whatever is made as by somebody has their default values (``ir.default``).
        """
        asker = self.env.context.get("tribe_asker")
        # No ID: a program brings along any context that it likes, but no record.
        if not isinstance(asker, models.BaseModel) or self not in asker.company_ids:
            return self
        return self.with_user(asker).with_context(allowed_company_ids=self.ids)
