from odoo import fields, models

from ..engine.sentence_field import SentenceText


class TribeAvailability(models.Model):
    """Whether Tribe can be reached, shared by all workers (engine/availability.py).

    In a table of its own: a worker that notes a failure never meets a user who saves settings.
    """

    _name = "tribe.availability"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Availability"
    _rec_name = "connection_id"
    _log_access = False

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    failures = fields.Integer(
        readonly=True, default=0, help="Calls in a row that Tribe did not answer."
    )
    failing_since = fields.Datetime(readonly=True)
    unavailable_since = fields.Datetime(
        readonly=True, help="Since when no work is started, because Tribe is not there."
    )
    is_sign_in_refused = fields.Boolean(
        "Sign-in Refused",
        readonly=True,
        help="Tribe is there, and a person has to mend how we sign in.",
    )
    next_probe = fields.Datetime(readonly=True, help="When Tribe is tried again.")
    reason = SentenceText(readonly=True)

    _connection_unique = models.Constraint(
        "UNIQUE(connection_id)", "A connection has one availability."
    )
