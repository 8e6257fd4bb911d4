from odoo import fields, models
from odoo.fields import Domain

NO_TOKENS = {"access_token": False, "token_expires_at": 0, "refresh_token": False}


class TribeCredential(models.Model):
    """The secrets and tokens of one connection, for system administrators only.

    Apart from the connection, so that whoever may change its settings cannot read them. Nobody
    reads a secret back, not even a system administrator: the fields are for our own code only.
    """

    _name = "tribe.credential"
    _description = "Tribe Credential"
    _rec_name = "connection_id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    client_id = fields.Char("Client ID", copy=False)
    client_secret = fields.Char(copy=False, groups=fields.NO_ACCESS)
    scope = fields.Char(default="read write")
    access_token = fields.Char(copy=False, groups=fields.NO_ACCESS)
    token_expires_at = fields.Float(
        help="Seconds since 1970, so that all hosts agree.", copy=False, digits=(16, 3)
    )
    refresh_token = fields.Char(
        help="Of a sign-in on Tribe's consent page. Tribe replaces it at every use.",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    webhook_token = fields.Char(
        help="Our own random value, sent back by Tribe in a header of every webhook.",
        copy=False,
        groups=fields.NO_ACCESS,
    )
    webhook_secret = fields.Char(
        help="The secret with which Tribe signs webhooks, where the tenant shows one.",
        copy=False,
        groups=fields.NO_ACCESS,
    )

    _connection_unique = models.Constraint(
        "UNIQUE(connection_id)", "A connection has one credential."
    )

    def write(self, vals):
        # A token belongs to the client that asked for it.
        if {"client_id", "client_secret", "scope"} & vals.keys():
            vals = {**vals, **NO_TOKENS}
        return super().write(vals)

    def _of_webhook(self, key):
        """The credential of the connection that has a webhook key, or an empty set.

        Empty as well when the connection is archived, and in a copy of its database.

        In one query: whoever is refused for it must not cost more.
        """
        return self.sudo().search_fetch(
            Domain(
                "connection_id",
                "any",
                Domain("webhook_key", "=", key)
                & Domain("active", "=", True)
                & self.env["tribe.connection"]._made_here(),
            ),
            ["connection_id", "webhook_token", "webhook_secret"],
            limit=1,
        )

    def _forget_tokens(self):
        """Let the next call ask for new tokens, or a person sign in."""
        self.write(NO_TOKENS)
