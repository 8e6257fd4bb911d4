"""What Tribe posts to us when something changed: is it really Tribe, and what is it about.

Tribe developer site, webhooks. The name of the signature's header is not public, so every header
is compared; only who knows the secret can make one that fits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

TOKEN_HEADER = "X-Tribe-Connector-Token"

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_WORD = re.compile(r"[0-9A-Za-z_.-]{1,128}")
# Of names that are told further: no value, whatever it is, is taken for one.
_HEADER = re.compile(r"[A-Za-z]+(-[A-Za-z]+){0,6}")
_NAME = re.compile(r"_{0,2}[A-Za-z]{1,30}")
MOST_NAMES = 8


class WebhookUnreadable(ValueError):
    """The body of a webhook is not what Tribe sends."""


@dataclass(frozen=True)
class Event:
    """Something changed; look it up. Any of the values may be unknown (``None``)."""

    webhook_id: str | None = None
    entity_id: str | None = None
    relationship_id: str | None = None
    entity_type: str | None = None
    mutation: str | None = None


def signature(secret: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA512 of the raw body, 88 characters."""
    digest = hmac.new(secret.encode(), body, hashlib.sha512).digest()
    return base64.b64encode(digest).decode()


def is_authentic(
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    secret: str | None,
    token: str | None,
) -> bool:
    """Whether the headers prove that the sender knows our secret or our token.

    Every header is compared, in constant time. Without a secret and without a token nothing is
    authentic.
    """
    expected = signature(secret, body).encode() if secret else None
    authentic = False
    for name, value in headers:
        sent = value.strip().encode("utf-8", "replace")
        if expected is not None:
            authentic |= hmac.compare_digest(sent, expected)
        if token and name.lower() == TOKEN_HEADER.lower():
            authentic |= hmac.compare_digest(sent, token.encode())
    return authentic


def header_of_signature(
    headers: Iterable[tuple[str, str]], body: bytes, secret: str | None
) -> str | None:
    """The name of the header with Tribe's signature; None where none is known to be it.

    By our secret; without one the header whose name says so.
    """
    expected = signature(secret, body) if secret else None
    by_name = None
    for name, value in headers:
        if not _HEADER.fullmatch(name):
            continue
        if expected and hmac.compare_digest(value.strip().encode(), expected.encode()):
            return name
        if "signature" in name.lower() and by_name is None:
            by_name = name
    return by_name


def shape_of_payload(body: bytes) -> str:
    """The names of what a webhook tells, in order, and of none of its values."""
    try:
        content = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return ""
    payload = content.get("payload") if isinstance(content, dict) else None
    names = payload if isinstance(payload, dict) else content
    if not isinstance(names, dict):
        return ""
    return ", ".join(sorted(filter(_NAME.fullmatch, names))[:MOST_NAMES])


def parse_event(body: bytes) -> Event:
    """Read ``{"webhookId": ..., "payload": {...}}``; unknown or odd values become ``None``.

    Raises ``WebhookUnreadable`` when the body is not a JSON object.
    """
    try:
        content = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise WebhookUnreadable("The body of the webhook is not JSON.") from None
    if not isinstance(content, dict):
        raise WebhookUnreadable("The body of the webhook is not a JSON object.")
    payload = content.get("payload")
    if not isinstance(payload, dict):
        payload = content
    kinds = [_matching(_WORD, payload.get(key)) for key in ("mutation", "type", "__typename")]
    return Event(
        webhook_id=_matching(_ID, content.get("webhookId")),
        entity_id=_matching(_ID, payload.get("entityId")),
        relationship_id=_matching(_ID, payload.get("relationshipId")),
        entity_type=_matching(_WORD, payload.get("entityType"))
        or _first(kind for kind in kinds if not _is_mutation(kind)),
        mutation=_first(kind for kind in kinds if _is_mutation(kind)),
    )


def _is_mutation(kind: str | None) -> bool:
    return kind is not None and kind.endswith("Mutation")


def _first(kinds: Iterable[str | None]) -> str | None:
    return next((kind for kind in kinds if kind), None)


def _matching(pattern: re.Pattern, value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
