from werkzeug.exceptions import Forbidden, RequestEntityTooLarge

from odoo import http
from odoo.http import request

from ..models.tribe_connection import WEBHOOK_TYPES
from ..tribe_api import WebhookUnreadable, is_authentic, parse_event

# Tribe sends one mutation at a time; its largest is far below this.
MAXIMUM_BYTES = 64 * 1024


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
    )
    def receive(self, key, entity_type):
        """Take one webhook. 204 once it is stored; 403 unless it proves to come from Tribe.

        Nothing is stored, logged or parsed before that proof.
        """
        body = self._body()
        connection = self._authentic_connection(key, entity_type, body)
        try:
            event = parse_event(body)
        except WebhookUnreadable:
            return request.make_response("The webhook is not readable.", status=400)
        if connection.state in ("initial", "active", "paused"):
            self._note(connection, WEBHOOK_TYPES[entity_type], event)
        return request.make_response("", status=204)

    def _body(self):
        if (request.httprequest.content_length or 0) > MAXIMUM_BYTES:
            raise RequestEntityTooLarge
        body = request.httprequest.stream.read(MAXIMUM_BYTES + 1)
        if len(body) > MAXIMUM_BYTES:
            raise RequestEntityTooLarge
        return body

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
        if event.entity_id:
            work._add(connection, "inbound", kind, [event.entity_id], "webhook")
        else:
            work._add(connection, "inbound", "poll", [kind], "webhook")
        if connection.state == "active":
            request.env["tribe.engine"].sudo()._wake("inbound", event.entity_id or kind)
