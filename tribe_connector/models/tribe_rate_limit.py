from odoo import fields, models


class TribeRateLimit(models.Model):
    """How much of Tribe's limit of calls is used, shared by all workers (engine/limiter.py)."""

    _name = "tribe.rate.limit"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Rate Limit"
    _rec_name = "connection_id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    position = fields.Float(
        help="Seconds since 1970 up to which calls were given out.",
        digits=(16, 6),
        readonly=True,
        default=0.0,
    )
    calls = fields.Integer("Calls Given Out", readonly=True, default=0)

    _connection_unique = models.Constraint(
        "UNIQUE(connection_id)", "A connection has one rate limit."
    )
