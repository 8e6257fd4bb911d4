from odoo import fields, models


class TribeConnection(models.Model):
    """What is typed and never shown again: it goes to the credential of the connection."""

    _inherit = "tribe.connection"

    credential_ids = fields.One2many(
        "tribe.credential", "connection_id", readonly=True, groups="base.group_system"
    )
    client_id = fields.Char(
        "Client ID",
        compute="_compute_client",
        inverse="_inverse_client_id",
        groups="base.group_system",
    )
    client_secret = fields.Char(
        compute="_compute_client",
        inverse="_inverse_client_secret",
        groups="base.group_system",
        help="Stored, never shown again. Enter it anew to replace it.",
    )
    has_client_secret = fields.Boolean(compute="_compute_client", groups="base.group_system")
    webhook_secret = fields.Char(
        compute="_compute_client",
        inverse="_inverse_webhook_secret",
        groups="base.group_system",
        help="Only where Tribe shows one; our own token header protects the webhooks as well.",
    )

    def _compute_client(self):
        for connection in self:
            credential = connection._credential()
            connection.client_id = credential.client_id
            connection.client_secret = False
            connection.webhook_secret = False
            connection.has_client_secret = bool(credential.client_secret)

    def _inverse_client_id(self):
        for connection in self:
            connection._credential().client_id = connection.client_id

    def _inverse_client_secret(self):
        for connection in self.filtered("client_secret"):
            connection._credential().client_secret = connection.client_secret

    def _inverse_webhook_secret(self):
        for connection in self.filtered("webhook_secret"):
            connection._credential().webhook_secret = connection.webhook_secret

    def _credential(self):
        self.ensure_one()
        return self.env["tribe.credential"].sudo().search([("connection_id", "in", self.ids)])
