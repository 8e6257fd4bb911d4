from odoo import api, fields, models
from odoo.tools.misc import format_datetime

# Forgotten at once; each batch is a transaction of its own.
VACUUM_BATCH = 1000


class TribeRun(models.Model):
    """What one piece of work did: counts, and lines for what a person should see."""

    _name = "tribe.run"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Run"
    _order = "id desc"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    direction = fields.Selection(
        [("inbound", "Tribe to Odoo"), ("outbound", "Odoo to Tribe")], required=True, readonly=True
    )
    kind = fields.Selection("_kinds", readonly=True)
    date = fields.Datetime(default=fields.Datetime.now, index=True, readonly=True)
    calls = fields.Integer("API Calls", readonly=True)
    seconds = fields.Float(readonly=True, help="How long Tribe took to answer all calls together.")
    webhooks = fields.Integer(readonly=True, help="How many records a webhook of Tribe reported.")
    changed = fields.Integer(readonly=True, help="Records that were changed or linked, and notes.")
    done = fields.Integer(readonly=True)
    failed = fields.Integer(
        "Not Done",
        readonly=True,
        help="What waits for a person, or is tried again. A problem that is known already is not "
        "listed once more: it is under Needs Attention.",
    )
    looked_at = fields.Integer(compute="_compute_looked_at")
    has_stopped = fields.Boolean(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What it was about ended its worker whenever it was begun.",
    )
    line_ids = fields.One2many("tribe.run.line", "run_id", readonly=True)

    _stopped_index = models.Index("(connection_id, date) WHERE has_stopped")

    @api.autovacuum
    def _vacuum_old(self):
        """Forget runs that are older than their connection says, with their lines."""
        old = self.env["tribe.connection"]._older_than("date", "keep_runs_days")
        runs = self.search(old, order="id", limit=VACUUM_BATCH)
        runs.unlink()
        return len(runs), len(runs) == VACUUM_BATCH

    @api.model
    def _kinds(self):
        return self.env["tribe.work"]._fields["kind"]._description_selection(self.env)

    @api.depends("done", "failed")
    def _compute_looked_at(self):
        for run in self:
            run.looked_at = run.done + run.failed

    @api.depends("kind", "date")
    def _compute_display_name(self):
        kinds = dict(self._kinds())
        for run in self:
            run.display_name = f"{kinds.get(run.kind, '')} {format_datetime(self.env, run.date)}"
