"""Whether an answer has the shape that was asked for, before anybody reads it.

A key of Tribe is a GUID, and an expanded navigation is a record, a list of records or ``null``
(docs/tribe-api.md, Reading).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .query import is_guid

# The navigations we expand that lead to several records.
COLLECTIONS = frozenset({"ProductLines"})


def is_record(value: object, expand: str | None = None) -> bool:
    """Whether a value is a record with a key, and holds records where ``expand`` names them."""
    return (
        isinstance(value, dict)
        and is_guid(value.get("ID"))
        and all(
            _is_expanded(value.get(name), name in COLLECTIONS, inner)
            for name, inner in expansions(expand).items()
        )
    )


def is_written(answer: object, body: Mapping) -> bool:
    """Whether a value answers a write of ``body``: a record, of which keys may be missing."""
    if not isinstance(answer, dict) or not is_guid(answer.get("ID") or _NO_KEY):
        return False
    nested = {name: value for name, value in body.items() if isinstance(value, Mapping)}
    return all(
        answer.get(name) is None or is_written(answer[name], value)
        for name, value in nested.items()
    )


def expansions(expand: str | None) -> dict[str, str]:
    """The navigations of an ``$expand``, each with its own: ``{"Phase": "", ...}``."""
    named = {}
    for item in _split(expand or "", ","):
        name, _bracket, options = item.partition("(")
        inner = [
            option.removeprefix("$expand=")
            for option in _split(options.removesuffix(")"), ";")
            if option.startswith("$expand=")
        ]
        named[name] = inner[0] if inner else ""
    return named


_NO_KEY = "00000000-0000-0000-0000-000000000000"


def _is_expanded(value: object, is_collection: bool, expand: str) -> bool:
    if value is None:
        return True
    if is_collection:
        return isinstance(value, list) and all(is_record(each, expand) for each in value)
    return is_record(value, expand)


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts of a text between separators that are not inside brackets."""
    depth, start = 0, 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and not depth:
            yield text[start:position]
            start = position + 1
    if text[start:]:
        yield text[start:]
