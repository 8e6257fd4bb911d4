from odoo import models

from ..invoices.booking import validate


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _validate_fields(self, field_names, excluded_names=()):
        """As Odoo's; of entries that a lane books at once it is learnt which are refused."""
        of_fields = [*field_names], [*excluded_names]

        def check(lines):
            super(AccountMoveLine, lines)._validate_fields(*of_fields)  # noqa: UP008 - not of ``self``

        return validate(self, lambda lines: lines.grouped("move_id"), check)

    def _reconcile_plan_with_sync(self, plan_list, all_amls):
        """As Odoo's; no lane writes to the invoices of Tribe among them meanwhile."""
        all_amls.move_id._tribe_keep_lanes_off()
        return super()._reconcile_plan_with_sync(plan_list, all_amls)
