from odoo import api, fields, models


class TribeRun(models.Model):
    """What one piece of work did: counts, and lines for what a person should see."""

    _name = "tribe.run"
    _description = "Tribe Run"
    _order = "id desc"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    direction = fields.Selection(
        [("inbound", "Tribe to Odoo"), ("outbound", "Odoo to Tribe")], required=True, readonly=True
    )
    kind = fields.Char(readonly=True)
    date = fields.Datetime(default=fields.Datetime.now, readonly=True)
    calls = fields.Integer("API Calls", readonly=True)
    done = fields.Integer(readonly=True)
    failed = fields.Integer(readonly=True)
    line_ids = fields.One2many("tribe.run.line", "run_id", readonly=True)

    @api.depends("kind", "date")
    def _compute_display_name(self):
        for run in self:
            run.display_name = f"{run.kind} {fields.Datetime.to_string(run.date)}"
