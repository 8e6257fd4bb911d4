"""What the headers and the body of an answer say."""

from __future__ import annotations

import datetime
import email.utils
import json
import math
import re
from collections.abc import Mapping

from ..hidden_characters import without_hidden
from .bounds import check_json

LONGEST_RETRY_AFTER = 24 * 3600.0
_DETAIL_LENGTH = 300
_READ_OF_A_DETAIL = 3000
# Fewer characters of one than this are no help to anybody.
_PIECE_OF_A_SECRET = 8


def parsed_json(body: bytes):
    """The JSON value of a body. Raises ``ValueError`` for anything that is not strict JSON.

    Its ``TooMuch`` is for more than anybody needs, of which nothing was built. Characters that no
    database keeps (NUL, halves of surrogate pairs) are left out of texts.
    """
    check_json(body)
    text = body.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_not_a_number, parse_float=_finite)
        return _storable(value) if _UNSTORABLE.search(text) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def detail(body: bytes, *secrets: str) -> str:
    """The server's own error message in one short line, or ``""``.

    Reads OData's ``{"error": {"message": ...}}`` and OAuth's ``{"error": ..., "error_description":
    ...}``. Any of ``secrets`` that the server echoes is blotted out, and so is a piece of one.
    """
    try:
        content = parsed_json(body)
    except ValueError:
        return ""
    message = _message_of(content)
    for secret in filter(None, secrets):
        # Whole ones before the text is cut, which could leave a piece too short to be known.
        message = message.replace(secret, "***")
    message = " ".join(without_hidden(message[:_READ_OF_A_DETAIL]).split())
    return blotted(message, *secrets)[:_DETAIL_LENGTH]


def blotted(text: str, *secrets: str) -> str:
    """A text without any piece of a secret: cut, or with some of its characters escaped."""
    for secret in filter(None, secrets):
        length = min(_PIECE_OF_A_SECRET, len(secret))
        pieces = {secret[n : n + length] for n in range(len(secret) - length + 1)}
        hidden: set[int] = set()
        for start in range(len(text) - length + 1):
            if text[start : start + length] in pieces:
                hidden.update(range(start, start + length))
        # A mark for each run of hidden characters.
        text = "".join(
            "***" if each in hidden else text[each]
            for each in range(len(text))
            if not (each in hidden and each - 1 in hidden)
        )
    return text


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of a ``Retry-After`` header, given as a number or a date; else ``None``."""
    text = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        seconds = (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def moment_of(headers: Mapping[str, str]) -> datetime.datetime | None:
    """When an answer was given, by the server's own clock (aware, UTC); ``None`` where it does not
    say, or says what nobody can read."""
    try:
        moment = email.utils.parsedate_to_datetime((headers.get("Date") or "").strip())
        if moment.tzinfo is None:
            # HTTP knows no other time zone (RFC 9110, 5.6.7).
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        return moment.astimezone(datetime.timezone.utc)
    except (TypeError, ValueError, OverflowError):
        return None


def _message_of(content: object) -> str:
    if not isinstance(content, dict):
        return ""
    error = content.get("error")
    if isinstance(error, dict):
        return _text(error.get("message"))
    parts = [content.get("error_description"), content.get("error_hint"), content.get("message")]
    said = ""
    for part in filter(None, map(_text, parts)):
        # Tribe's server gives the hint once more in the description.
        if part.rstrip(".") not in said:
            said = f"{said} {part}".lstrip()
    return said or _text(error)


def _text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _not_a_number(name: str):
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large for a number")
    return value


_UNSTORABLE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def _storable(value):
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode().replace("\0", "")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value
