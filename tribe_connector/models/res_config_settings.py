from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.only_for import only_for
from ..help_page import help_page


class ResConfigSettings(models.TransientModel):
    """The block in Odoo's Settings that leads to the connections."""

    _inherit = "res.config.settings"

    tribe_connection_ids = fields.Many2many(
        "tribe.connection", compute="_compute_tribe_connection_ids", string="Tribe Connections"
    )
    tribe_help_url = fields.Char("Help", compute="_compute_tribe_help_url")

    def _compute_tribe_connection_ids(self):
        self.tribe_connection_ids = self.env["tribe.connection"].search(Domain.TRUE)

    @api.depends_context("lang")
    def _compute_tribe_help_url(self):
        self.tribe_help_url = help_page(self.env)

    @only_for("User", operation=None)
    def action_open_tribe(self):
        """Open the dashboard, or the set-up while there is no connection."""
        return self.env["tribe.connection"]._open_app()
