"""Names of sets and IDs of records, as parts of an address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .query import is_guid

_SET = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_ID_IN_LOCATION = re.compile(r"\(([\w-]{1,64})\)/?$", re.ASCII)


def is_set_name(name: str) -> bool:
    """Whether a text can be the name of an entity set, or of a property."""
    return _SET.fullmatch(name) is not None


def is_id(text: str) -> bool:
    """Whether a text can be the ID of a record."""
    return _ID.fullmatch(text) is not None


def checked_set(entity_set: str) -> str:
    if not is_set_name(entity_set):
        raise ValueError(f"not an entity set: {entity_set!r}")
    return entity_set


def checked_id(entity_id: str) -> str:
    if not is_id(entity_id):
        raise ValueError(f"not an ID: {entity_id!r}")
    return entity_id


def record_path(entity_set: str, entity_id: str) -> str:
    return f"{checked_set(entity_set)}({checked_id(entity_id)})"


def id_in_headers(headers: Mapping[str, str]) -> str | None:
    for name in ("Location", "OData-EntityId"):
        match = _ID_IN_LOCATION.search(headers.get(name) or "")
        if match and is_guid(match.group(1)):
            return match.group(1)
    return None
