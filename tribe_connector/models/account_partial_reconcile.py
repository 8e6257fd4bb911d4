from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """As Odoo's; no lane writes to the invoices of Tribe that it was about meanwhile."""
        if self:
            self.check_access("unlink")
        (self.debit_move_id | self.credit_move_id).move_id._tribe_keep_lanes_off()
        return super().unlink()
