from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """As Odoo's, but of Tribe's invoices only for who may read them."""
        partials = super().create(vals_list)
        partials._tribe_check_reconciles_own()
        return partials

    def write(self, vals):
        """As Odoo's, but of Tribe's invoices only for who may read them."""
        self._tribe_check_reconciles_own()
        result = super().write(vals)
        self._tribe_check_reconciles_own()
        return result

    def _tribe_check_reconciles_own(self):
        """Refuse who reconciles invoices of Tribe that they do not see.

        Odoo has no rule of companies for reconciliations: a request with numbers that were guessed
        would have an invoice paid, and Tribe told so.

        :raises AccessError: Odoo's own
        """
        lines = (self.sudo().debit_move_id | self.sudo().credit_move_id).filtered(
            "move_id.tribe_id"
        )
        if lines:
            lines.with_env(self.env).check_access("read")

    def unlink(self):
        """As Odoo's; no lane writes to the invoices of Tribe that it was about meanwhile."""
        if not self:
            # Odoo asks for this with each line that it changes.
            return super().unlink()
        self.check_access("unlink")
        (self.debit_move_id | self.credit_move_id).move_id._tribe_keep_lanes_off()
        return super().unlink()
