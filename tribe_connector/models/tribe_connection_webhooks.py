import re
import uuid

from odoo import fields, models

from ..codes import TRIAL
from ..tribe_api import (
    TOKEN_HEADER,
    TribeRefused,
    TribeUnauthorized,
)


class TribeConnection(models.Model):
    """The webhooks by which Tribe reports changes to a connection."""

    _inherit = "tribe.connection"

    webhook_address = fields.Char(
        "Address for Webhooks",
        help="Where Tribe reaches this Odoo. Empty: the system parameter web.base.url.",
    )
    webhook_key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )
    _webhook_key_unique = models.UniqueIndex(
        "(webhook_key)", "Two connections cannot have the same key for their webhooks."
    )

    def _webhook_url(self, entity_type):
        base = self.webhook_address or self.env["ir.config_parameter"].sudo().get_param(
            "web.base.url"
        )
        return f"{base.rstrip('/')}/tribe/webhook/{self.webhook_key}/{entity_type}"

    def _register_webhooks(self, client):
        """Have Tribe report changes to us. Safe to repeat: what is registered stays.

        But for what leads to an older address of this Odoo, where nobody listens any more.

        Returns the refused ones, ``{entity_type: TribeRefused}``: Tribe does not document which
        types it takes. Their changes are found by looking for them.
        """
        entity_types = self.env["tribe.engine"]._table_of_kinds().by_entity_type
        addresses = {self._webhook_url(entity_type) for entity_type in entity_types}
        ours = self._own_webhooks(client)
        kept = {*addresses, self._webhook_url(TRIAL)} if self._is_trying() else addresses
        for webhook in ours:
            if webhook["webhookUrl"] not in kept:
                client.delete_webhook(webhook["ID"])
        registered = {webhook["webhookUrl"] for webhook in ours}
        headers = {TOKEN_HEADER: self._credential().webhook_token}
        refused = {}
        for entity_type in entity_types:
            url = self._webhook_url(entity_type)
            if url in registered or entity_type.replace(".", "_") in self._absent():
                continue
            try:
                client.create_webhook(entity_type, url, headers)
            except TribeUnauthorized:
                raise
            except TribeRefused as error:
                refused[entity_type] = error
        return refused

    def _remove_webhooks(self):
        """Take our webhooks out of Tribe, whatever address they were registered with."""
        client = self._client()
        for webhook in self._own_webhooks(client):
            client.delete_webhook(webhook["ID"])

    def _own_webhooks(self, client, entity_type=None):
        """The webhooks in Tribe that lead to this connection, also at an older address of ours.

        Known by the key, which is random and of no other connection. A copy that makes a
        connection of its own has another key, and one that goes on with ours is refused a client.
        """
        kind = re.escape(entity_type) if entity_type else "[^/?#]+"
        address = re.compile(rf"https?://[^?#]+/tribe/webhook/{re.escape(self.webhook_key)}/{kind}")
        return [
            webhook
            for webhook in client.webhooks()
            if address.fullmatch(webhook.get("webhookUrl") or "")
        ]
