"""Webhooks: administration, signing and delivery. docs/tribe-api.md."""

import base64
import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from . import moments
from .errors import bad_request, not_found
from .values import shown_id

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
KEPT_DELIVERIES = 5000
ENTITY_MUTATIONS = {
    "created": "EntityCreationMutation",
    "updated": "EntityUpdateMutation",
    "deleted": "EntityDeletionMutation",
}

# As what an update arrives, for each position of a switch.
UPDATES_AS = {
    "entity": ["EntityUpdateMutation"],
    "relationship": ["RelationshipUpdateMutation"],
    "both": ["EntityUpdateMutation", "RelationshipUpdateMutation"],
}


def sign(secret, body):
    """Return base64(HMAC-SHA512(secret, body)); *secret* is text, *body* bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha512).digest()).decode()


@dataclass
class Delivery:
    """One message to one webhook, and what became of it."""

    webhook: dict
    payload: dict
    due: float
    at: str
    attempts: list = field(default_factory=list)
    status: str = "waiting"

    def report(self):
        """Return what the control API tells about it."""
        return {
            "webhookId": self.webhook["ID"],
            "webhookUrl": self.webhook["WebhookUrl"],
            "entityType": self.webhook["EntityType"],
            "payload": self.payload,
            "at": self.at,
            "status": self.status,
            "attempts": self.attempts,
        }


class Webhooks:
    """The registered webhooks and one thread that delivers to them, in order."""

    def __init__(self, store, switches, secret):
        self.secret = secret
        self._store = store
        self._switches = switches
        self._waiting = deque()
        self._recent = deque(maxlen=KEPT_DELIVERIES)
        self._changed = threading.Condition()
        self._in_flight = False
        self._stopped = False
        self._random = random.Random(0)
        self._thread = threading.Thread(target=self._deliver_forever, daemon=True)
        self._thread.start()

    # --- administration -----------------------------------------------------------------------

    def list(self):
        """Return all webhooks as the REST call shows them."""
        return [_shown(row) for row in self._store.rows("Webhook")]

    def create(self, schema, content):
        """Register a webhook for *content* and return it; raises ApiError (400)."""
        if not isinstance(content, dict):
            raise bad_request("A JSON object was expected.")
        unknown = set(content) - {"entityType", "webhookUrl", "headers"}
        if unknown:
            raise bad_request(f"Unknown field '{sorted(unknown)[0]}'.")
        row = dict.fromkeys(self._store.families["Webhook"])
        row.update(
            ID=str(uuid.uuid4()),
            _Type="Webhook",
            CreationDate=moments.now(),
            EntityType=_checked_type(schema, content.get("entityType")),
            WebhookUrl=_checked_url(content.get("webhookUrl")),
            Headers=json.dumps(_checked_headers(content.get("headers"))),
        )
        row["_Name"] = row["EntityType"]
        with self._store.transaction():
            self._store.insert("Webhook", row)
        answer = _shown(row)
        if self._switches.webhook_secret_in_answer:
            answer["secret"] = self.secret
        return answer

    def delete(self, identifier):
        """Remove a webhook; raises ApiError (404)."""
        with self._store.transaction():
            if self._store.row("Webhook", identifier.lower()) is None:
                raise not_found(f"There is no webhook {identifier}.")
            self._store.delete("Webhook", identifier.lower())

    # --- delivery -----------------------------------------------------------------------------

    def publish(self, mutations):
        """Queue a delivery for every webhook that listens to one of the *mutations*."""
        hooks = self._store.rows("Webhook")
        if not hooks:
            return
        with self._changed:
            for mutation in mutations:
                for payload in self._payloads(mutation):
                    for hook in hooks:
                        if hook["EntityType"] == mutation.wire_type:
                            self._queue(hook, payload)
            self._changed.notify_all()

    def send(self, wire_type, payload):
        """Queue a message that no mutation stands for, to every webhook for this entity type."""
        with self._changed:
            for hook in self._store.rows("Webhook"):
                if hook["EntityType"] == wire_type:
                    self._queue(hook, payload)
            self._changed.notify_all()

    def _payloads(self, mutation):
        kinds = [ENTITY_MUTATIONS.get(mutation.kind)]
        if mutation.kind == "phase":
            kinds = UPDATES_AS[self._switches.phase_change_mutation]
        elif mutation.kind == "updated" and ".CommercialRelationship." in mutation.wire_type:
            kinds = UPDATES_AS[self._switches.relationship_mutation]
        return [self._payload(kind, mutation) for kind in kinds]

    def _payload(self, kind, mutation):
        if kind.startswith("Relationship"):
            link = mutation.identifier
            if mutation.kind == "phase":
                # A link's own ID: nothing in the API resolves it.
                link = str(uuid.uuid5(uuid.NAMESPACE_OID, f"phase of {link}"))
            payload = {"relationshipId": link}
        else:
            payload = {"entityId": mutation.identifier}
        payload = {name: shown_id(value, self._switches) for name, value in payload.items()}
        if self._switches.webhook_payload == "typed":
            payload.update(type=kind, entityType=mutation.wire_type)
        return payload

    def _queue(self, hook, payload):
        due, at = time.monotonic() + self._switches.webhook_delay, moments.now()
        delivery = Delivery(hook, payload, due, at)
        self._recent.append(delivery)
        if self._random.random() < self._switches.webhook_drop_rate:
            delivery.status = "dropped"
            return
        self._waiting.append(delivery)
        if self._random.random() < self._switches.webhook_duplicate_rate:
            copy = Delivery(hook, payload, due, at)
            self._recent.append(copy)
            self._waiting.append(copy)

    def wake(self):
        """Look at the switches again: deliveries may no longer be held back."""
        with self._changed:
            self._changed.notify_all()

    def wait_until_idle(self, seconds):
        """Wait until nothing is left to deliver; return whether that came within *seconds*.

        Returns at once when deliveries are held back by the switch.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: self._switches.webhook_paused or self._is_idle(), timeout=seconds
            )

    def _is_idle(self):
        return not self._waiting and not self._in_flight

    def deliveries(self):
        """Return reports on the recent deliveries, oldest first."""
        with self._changed:
            return [one.report() for one in self._recent]

    def forget_deliveries(self):
        """Drop what is waiting and what was recorded."""
        with self._changed:
            self._waiting.clear()
            self._recent.clear()
            self._random = random.Random(0)
            self._changed.notify_all()

    def stop(self):
        """End the delivering thread; what is waiting is not sent."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _deliver_forever(self):
        with requests.Session() as session:
            session.trust_env = False
            while True:
                delivery = self._next()
                if delivery is None:
                    return
                self._deliver(session, delivery)
                with self._changed:
                    self._in_flight = False
                    self._changed.notify_all()

    def _next(self):
        with self._changed:
            while not self._stopped:
                ready = self._waiting and not self._switches.webhook_paused
                pause = self._waiting[0].due - time.monotonic() if ready else None
                if ready and pause <= 0:
                    self._in_flight = True
                    return self._take()
                self._changed.wait(pause)
        return None

    def _take(self):
        if self._switches.webhook_reorder:
            self._waiting.rotate(self._random.randrange(len(self._waiting)))
        return self._waiting.popleft()

    def _deliver(self, session, delivery):
        delivery.status = "failed"
        for pause in (0.0, *self._switches.webhook_retry_delays):
            self._wait_unless_stopped(pause)
            outcome = self._attempt(session, delivery)
            delivery.attempts.append(outcome)
            if isinstance(outcome, int) and 200 <= outcome < 300:
                delivery.status = "delivered"
                return

    def _wait_unless_stopped(self, seconds):
        if seconds:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, timeout=seconds)

    def _attempt(self, session, delivery):
        hook = delivery.webhook
        message = {"webhookId": hook["ID"], "payload": delivery.payload}
        body = json.dumps(message, separators=(",", ":")).encode()
        headers = {one["name"]: one["value"] for one in json.loads(hook["Headers"])}
        headers["Content-Type"] = "application/json"
        headers[self._switches.webhook_signature_header] = sign(self.secret, body)
        try:
            answer = session.post(
                hook["WebhookUrl"],
                data=body,
                headers=headers,
                timeout=self._switches.webhook_timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return type(error).__name__
        return answer.status_code


def _shown(row):
    return {
        "id": row["ID"],
        "entityType": row["EntityType"],
        "webhookUrl": row["WebhookUrl"],
        "headers": json.loads(row["Headers"]),
    }


def _checked_type(schema, entity_type):
    known = {one.wire_type for one in schema.types.values() if not one.is_abstract}
    if entity_type not in known:
        raise bad_request(f"The entity type '{entity_type}' is unknown.")
    return entity_type


def _checked_url(url):
    if not isinstance(url, str):
        raise bad_request("The webhookUrl is required.")
    parts = urlsplit(url)
    is_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not parts.hostname or not (parts.scheme == "https" or is_loopback):
        raise bad_request("The webhookUrl must be an HTTPS address.")
    return url


def _checked_headers(headers):
    headers = headers or []
    is_list = isinstance(headers, list) and all(isinstance(one, dict) for one in headers)
    if not is_list or not all(
        set(one) == {"name", "value"} and all(isinstance(v, str) for v in one.values())
        for one in headers
    ):
        raise bad_request("Each header must have a name and a value.")
    return headers
