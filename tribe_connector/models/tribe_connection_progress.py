import math
from decimal import Decimal

from odoo import fields, models

# Before that, an estimate of the time left says nothing.
SECONDS_TO_ESTIMATE = 5


class TribeConnection(models.Model):
    """How far the initial synchronization of a connection is."""

    _inherit = "tribe.connection"

    initial_count = fields.Integer(
        readonly=True, copy=False, help="How many contacts the initial synchronization began with."
    )
    initial_started_at = fields.Datetime(readonly=True, copy=False)
    progress_percent = fields.Float(compute="_compute_progress")
    progress_text = fields.Char("Progress", compute="_compute_progress")

    def _compute_progress(self):
        for connection in self:
            total = connection.initial_count
            left = connection._count_initial_work() if connection.state == "initial" else 0
            done = max(total - left, 0)
            running = connection.state == "initial" and total
            connection.progress_percent = 100.0 * done / total if running else 0.0
            connection.progress_text = running and connection._progress_text(done, total)

    def _progress_text(self, done, total):
        """How far the initial synchronization is, and how long it takes: one line."""
        shown = self.env["tribe.message"]._shown
        text = self.env._(
            "%(done)s of %(total)s", done=shown(Decimal(done)), total=shown(Decimal(total))
        )
        seconds = (fields.Datetime.now() - self.initial_started_at).total_seconds()
        if not 0 < done < total or seconds < SECONDS_TO_ESTIMATE:
            return text
        minutes = math.ceil(seconds / done * (total - done) / 60)
        return self.env._(
            "%(progress)s · about %(minutes)s minutes left", progress=text, minutes=minutes
        )
