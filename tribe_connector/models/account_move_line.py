from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _reconcile_plan_with_sync(self, plan_list, all_amls):
        """As Odoo's; no lane writes to the invoices of Tribe among them meanwhile."""
        all_amls.move_id._tribe_keep_lanes_off()
        return super()._reconcile_plan_with_sync(plan_list, all_amls)
