from odoo import fields, models


def is_draft_code(code):
    """Whether a phase with this code comes before sending (docs/tribe-api.md, phases)."""
    return (code or "").lower() == "draft"


class TribePhase(models.Model):
    """A phase of invoices in Tribe (docs/tribe-api.md, phases). Known by code, never by name."""

    _name = "tribe.phase"
    _description = "Tribe Invoice Phase"
    _order = "sequence, id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    code = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    is_booked = fields.Boolean(
        "Book Invoices",
        help="Invoices in this phase are booked in Odoo. By default every phase after the draft.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A phase of Tribe is listed once per connection."
    )
