from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def _compute_journal_id(self):
        """Propose another journal for the reversal of an invoice of Tribe: that one is reserved."""
        result = super()._compute_journal_id()
        for reversal in self:
            moves = reversal.move_ids
            if reversal.journal_id in moves._tribe_reserved_journals():
                reversal.journal_id = moves[:1]._tribe_ordinary_journal()
        return result
