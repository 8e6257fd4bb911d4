from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from ..engine.lost_race import LOST_RACES

# Odoo notes when a transaction began, which may be committed this much later.
LONGEST_TRANSACTION = timedelta(hours=1)
CHANGED_UNTIL = "schedule:facts"
# So many are compared by the schedule itself, which all connections share: in a few seconds.
MOST_COMPARED = 400


class TribeLink(models.Model):
    """Looks for booked invoices that were changed in Odoo."""

    _inherit = "tribe.link"

    def _ask_whether_well(self):
        """Have those that differed looked at: they were just confirmed as they are in Tribe."""
        for link in self.filtered(lambda link: link.state == "differs"):
            self.env["tribe.work"]._ask(
                link.connection_id, "inbound", "invoice", [link.tribe_id], "again"
            )

    def _note_changed_moves(self, connection):
        """Note which booked invoices are not what they were, by what was changed in Odoo.

        What differed is looked at again: it may be well now, in Odoo or in Tribe.
        """
        of_invoices = Domain("connection_id", "=", connection.id) & Domain("kind", "=", "invoice")
        # What is well is the most by far, and not even read.
        unlike = Domain("move_id", "=", False) | Domain("move_id.state", "!=", "posted")
        linked = of_invoices & Domain("state", "=", "linked")
        looked_at = self.browse()
        changed = self.search(linked & (unlike | self._changed_since_last(connection)))
        # There are more after a bulk change, or the night after the start: a lane has its turns.
        looked_at |= changed[MOST_COMPARED:]
        for link in changed[:MOST_COMPARED]:
            try:
                with self.env.cr.savepoint():
                    link._note_differences(link._move_differences())
            except LOST_RACES:
                # A lane, or the bookkeeper, is at it just now.
                looked_at |= link
        gone = Domain("state", "=", "gone") & Domain("move_id.state", "in", ("draft", "posted"))
        looked_at |= self.search(of_invoices & (Domain("state", "=", "differs") | gone))
        looked_at |= self._credits_of_before(connection)
        # It can be asked for again and again.
        self.env["tribe.work"]._ask(
            connection, "inbound", "invoice", looked_at.mapped("tribe_id"), "nightly"
        )

    def _changed_since_last(self, connection):
        """The domain of what was written to since this was asked for the last time.

        At first nothing: then the facts are looked at when Tribe is told, or tells, something.
        """
        cursors = self.env["tribe.cursor"]
        since = cursors._position(connection, CHANGED_UNTIL)
        cursors._move(connection, CHANGED_UNTIL, fields.Datetime.now())
        if not since:
            return Domain.FALSE
        since -= LONGEST_TRANSACTION
        return Domain("move_id.write_date", ">=", since) | Domain(
            "move_id.line_ids.write_date", ">=", since
        )
