import time

from werkzeug.exceptions import RequestEntityTooLarge

from odoo import http
from odoo.http import request

from ..codes import RUNNING_STATES, TRIAL
from ..engine.trial import HEARD
from ..tribe_api import (
    WebhookUnreadable,
    header_of_signature,
    is_authentic,
    is_guid,
    parse_event,
    shape_of_payload,
)
from .raw_dispatcher import RawDispatcher
from .refusal_counter import WINDOW_SECONDS, RefusalCounter

# Tribe sends one mutation at a time; its largest is far below this.
MAXIMUM_BYTES = 64 * 1024

_refusals = RefusalCounter()


class TribeWebhook(http.Controller):
    """Tribe says that something changed: note it, wake a lane, answer."""

    # Not auth="none": its cursor is read-only by default.
    @http.route(
        "/tribe/webhook/<string:key>/<string:entity_type>",
        type=RawDispatcher.routing_type,
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAXIMUM_BYTES,
    )
    def receive(self, key, entity_type):
        """Take one webhook. 204 once it is stored; 403 unless it proves to come from
        Tribe, 413 when it is larger than any mutation, 429 instead of both for who was refused
        too often within a minute.

        Nothing is stored, logged or parsed before that proof, and whoever proves it is never
        refused.
        """
        try:
            body = request.httprequest.get_data()
        except RequestEntityTooLarge:
            return self._refuse(413)
        connection = self._authentic_connection(key, entity_type, body)
        if not connection:
            return self._refuse(403)
        try:
            event = parse_event(body)
        except WebhookUnreadable:
            return request.make_response("The webhook is not readable.", status=400)
        if entity_type == TRIAL:
            self._note_trial(connection, body, event)
        elif connection.state in RUNNING_STATES:
            kinds = request.env["tribe.engine"]._table_of_kinds()
            self._note(connection, kinds.by_entity_type[entity_type], event)
        return request.make_response("", status=204)

    def _refuse(self, status):
        # Answered here: raised, Odoo would log it and render a page for it.
        if not _refusals.note(request.httprequest.remote_addr or ""):
            return request.make_response("", status=status)
        return request.make_response("", {"Retry-After": str(WINDOW_SECONDS)}, status=429)

    def _authentic_connection(self, key, entity_type, body):
        """The connection whose secret or token the request proves to know; may be empty.

        One query at most: refusing has to cost less than asking.
        """
        credentials = request.env["tribe.credential"].sudo()
        entity_types = request.env["tribe.engine"]._table_of_kinds().by_entity_type
        if entity_type not in (*entity_types, TRIAL) or not is_guid(key):
            return credentials.connection_id
        credential = credentials._of_webhook(key)
        is_proven = is_authentic(
            request.httprequest.headers.items(),
            body,
            secret=credential.webhook_secret or None,
            token=credential.webhook_token or None,
        )
        return credential.connection_id if is_proven else credentials.connection_id

    def _note_trial(self, connection, body, event):
        """Note of what shape a webhook is with which writing is tried: names, and no value."""
        secret = connection._credential().webhook_secret or None
        headers = request.httprequest.headers.items()
        facts = {
            "at": time.time(),
            "webhook_header": header_of_signature(headers, body, secret) or "none",
            "webhook_payload": shape_of_payload(body),
            "webhook_kind": event.mutation or "none",
        }
        request.env["tribe.work"].sudo()._note_trial_webhook(connection, {HEARD: facts})

    def _note(self, connection, kind, event):
        """Note what to look at. What names no record may name a link, which Tribe is asked about;
        else all are looked at."""
        reference = kind
        if is_guid(event.entity_id):
            reference = event.entity_id.lower()
        elif is_guid(event.relationship_id):
            kind, reference = "entity", f"{kind}:{event.relationship_id.lower()}"
        else:
            kind = "poll"
        request.env["tribe.work"].sudo()._note_webhook(connection, kind, reference)
