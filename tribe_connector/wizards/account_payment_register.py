from odoo import models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    def _create_payments(self):
        """As Odoo's; no lane writes to the invoices of Tribe that are paid meanwhile."""
        self.line_ids.move_id._tribe_keep_lanes_off()
        return super()._create_payments()
