"""What Tribe refuses, as an exception."""

from __future__ import annotations

import re

from ..sentence import Sentence, sentence
from .content import detail
from .deadline import Answer
from .errors import (
    TribeNotFound,
    TribeRefused,
    TribeUnauthorized,
    TribeUnknownSet,
    with_what_tribe_said,
)
from .paths import is_set_name

# Efficy's n8n node and Olingo word it differently; both name an entity type or set.
_UNKNOWN_SET = re.compile(
    r"entity ?(type|set)\b.*(not found|unknown|does not exist|not defined)"
    r"|(cannot find|unknown|no such)( the)? entity ?(type|set)\b",
    re.IGNORECASE,
)


def refusal(answer: Answer, url: str, secrets: tuple[str, ...]) -> TribeRefused:
    """The exception for an answer that refuses: by its status, and by what Tribe says."""
    said = detail(answer.body, *secrets)
    kind, told = _kind_of(answer.status, said, url.partition("?")[0].rpartition("/")[2])
    return kind(with_what_tribe_said(told, said), status=answer.status, detail=said)


def _kind_of(status: int, said: str, path: str) -> tuple[type[TribeRefused], Sentence]:
    if status in (401, 403):
        return TribeUnauthorized, sentence("not_allowed_to_application")
    if _is_about_a_set(status, said, path):
        return TribeUnknownSet, sentence("set_unknown_in_tribe", set=path.partition("(")[0])
    if status in (404, 410):
        return TribeNotFound, sentence("record_not_in_tribe", record=path)
    return TribeRefused, sentence("request_refused", record=path, status=status)


def _is_about_a_set(status: int, said: str, path: str) -> bool:
    if status not in (400, 404):
        return False
    without_reason = status == 404 and not said and is_set_name(path)
    return without_reason or _UNKNOWN_SET.search(said) is not None
