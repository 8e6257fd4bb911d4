import re

from werkzeug.exceptions import Forbidden

from odoo import http
from odoo.http import request

from ..models.tribe_connection import WEBHOOK_TYPES
from ..tribe_api import WebhookUnreadable, is_authentic, parse_event

# Tribe sends one mutation at a time; its largest is far below this.
MAXIMUM_BYTES = 64 * 1024

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class TribeWebhook(http.Controller):
    """Tribe says that something changed: note it, wake a lane, answer."""

    # Not auth="none": its cursor is read-only by default.
    @http.route(
        "/tribe/webhook/<string:key>/<string:entity_type>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAXIMUM_BYTES,
    )
    def receive(self, key, entity_type):
        """Take one webhook. 204 once it is stored; 403 unless it proves to come from
        Tribe, 413 when it is larger than any mutation.

        Nothing is stored, logged or parsed before that proof.
        """
        body = request.httprequest.get_data()
        connection = self._authentic_connection(key, entity_type, body)
        try:
            event = parse_event(body)
        except WebhookUnreadable:
            return request.make_response("The webhook is not readable.", status=400)
        if connection.state in ("initial", "active", "paused"):
            self._note(connection, WEBHOOK_TYPES[entity_type], event)
        return request.make_response("", status=204)

    def _authentic_connection(self, key, entity_type, body):
        """The connection whose secret or token the request proves to know."""
        connection = request.env["tribe.connection"].sudo().search([("webhook_key", "=", key)])
        credential = connection and connection._credential()
        if not (
            connection
            and entity_type in WEBHOOK_TYPES
            and is_authentic(
                request.httprequest.headers.items(),
                body,
                secret=credential.webhook_secret or None,
                token=credential.webhook_token or None,
            )
        ):
            raise Forbidden
        return connection

    def _note(self, connection, kind, event):
        """Note what to look at. A link between records is not a record: then all are looked at."""
        work = request.env["tribe.work"].sudo()
        is_record = event.entity_id and _GUID.fullmatch(event.entity_id)
        kind, reference = (kind, event.entity_id.lower()) if is_record else ("poll", kind)
        work._add(connection, "inbound", kind, [reference], "webhook")
        if connection.state == "active":
            request.env["tribe.engine"].sudo()._wake("inbound", reference)
