from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def _compute_journal_id(self):
        """Propose another journal for the reversal of an invoice of Tribe: that one is reserved."""
        result = super()._compute_journal_id()
        for reversal in self:
            reserved = reversal.move_ids._tribe_reserved_journals()
            if reversal.journal_id in reserved:
                company = reversal.move_ids.company_id[:1]
                reversal.journal_id = (
                    self.env["account.journal"].search(
                        [
                            *self.env["account.journal"]._check_company_domain(company),
                            ("type", "=", "sale"),
                            ("id", "not in", reserved.ids),
                        ],
                        limit=1,
                    )
                    or reversal.journal_id
                )
        return result
