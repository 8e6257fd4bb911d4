import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..sentence import say

NO_TOKENS = {"access_token": False, "token_expires_at": 0, "refresh_token": False}
# What people copy from Tribe.
TYPED = ("client_id", "client_secret", "scope", "webhook_secret")
LONGEST_TYPED = 1000


def new_webhook_token():
    """A secret of ours for the webhooks of one connection: 64 characters."""
    return secrets.token_hex(32)


class TribeCredential(models.Model):
    """The secrets and tokens of one connection, for system administrators only.

    Apart from the connection, so that whoever may change its settings cannot read them. Nobody
    reads a secret back, not even a system administrator: the fields are for our own code only.
    """

    _name = "tribe.credential"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Credential"
    _rec_name = "connection_id"

    # Not required: of a column that is, PostgreSQL tells an error with the whole row, and Odoo
    # sends that to whoever caused it. For the same reason the table has no checks.
    connection_id = fields.Many2one(
        "tribe.connection", index=True, ondelete="cascade", readonly=True
    )
    client_id = fields.Char("Client ID", copy=False)
    client_secret = fields.Char(copy=False, groups=fields.NO_ACCESS)
    scope = fields.Char(default="read write")
    access_token = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    token_expires_at = fields.Float(
        help="Seconds since 1970, so that all hosts agree.",
        readonly=True,
        copy=False,
        digits=(16, 3),
    )
    refresh_token = fields.Char(
        help="Of a sign-in on Tribe's consent page. Tribe replaces it at every use.",
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
    )
    webhook_token = fields.Char(
        help="Our own random value, sent back by Tribe in a header of every webhook.",
        readonly=True,
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

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_typed(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_typed(vals)
        # Another application can be of another Tribe environment, whatever its address is.
        others = self.filtered(
            lambda each: "client_id" in vals and (each.client_id or "") != (vals["client_id"] or "")
        )
        others.connection_id.sudo()._compare_before_use()
        result = super().write(vals)
        # A token belongs to the client that asked for it.
        if {"client_id", "client_secret", "scope"} & vals.keys():
            self._forget_tokens()
        return result

    def _check_typed(self, vals):
        """Refuse what no application in Tribe has, before the database complains about it.

        :raises ValidationError: naming the connection, never the value
        """
        for name in TYPED:
            value = vals.get(name) or ""
            if len(value) > LONGEST_TYPED or not value.isprintable():
                raise ValidationError(
                    say(
                        self.env,
                        "credential_unusable",
                        field=self._fields[name]._description_string(self.env),
                        name=self.sudo().connection_id[:1].name or "",
                    )
                )

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
        self.sudo().write(NO_TOKENS)
