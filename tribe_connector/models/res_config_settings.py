from odoo import fields, models
from odoo.fields import Domain

from ..engine.only_for import only_for


class ResConfigSettings(models.TransientModel):
    """The block in Odoo's Settings that leads to the connections."""

    _inherit = "res.config.settings"

    tribe_connection_ids = fields.Many2many(
        "tribe.connection", compute="_compute_tribe_connection_ids", string="Tribe Connections"
    )

    def _compute_tribe_connection_ids(self):
        self.tribe_connection_ids = self.env["tribe.connection"].search(Domain.TRUE)

    @only_for("User", operation=None)
    def action_open_tribe(self):
        """Open the dashboard, or the set-up while there is no connection."""
        return self.env["tribe.connection"]._open_app()
