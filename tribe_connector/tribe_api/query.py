"""OData expressions and query strings, written the way Tribe reads them.

Tribe has no ``in``; spaces must be ``%20``, never ``+`` (docs/tribe-api.md, Reading).
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from urllib.parse import quote

# Forty IDs in a filter stay below the 8 KB that servers accept for an address.
VALUES_PER_CALL = 40
# So do longer values, of which fewer go in a call: so many characters, as they stand in an address.
CHARACTERS_PER_CALL = 4_000
# Characters of a value that is worth a look. Twelve stand for one of them in an address, at most.
LONGEST_SOUGHT = 200
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PATH = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


def is_guid(value: object) -> bool:
    """Whether a value is a Tribe ID."""
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


class Guid(str):
    """A Tribe ID that is written without quotes. Raises ``ValueError`` when it is not a GUID."""

    __slots__ = ()

    def __new__(cls, value: str):
        if not is_guid(value):
            raise ValueError(f"not a GUID: {value!r}")
        return super().__new__(cls, value)


def literal(value) -> str:
    """One value as an OData literal.

    Takes ``None``, ``Guid``, ``str``, ``bool``, ``int``, ``float``, ``Decimal``, ``date`` and an
    aware ``datetime`` (sent as UTC, whole seconds). Raises ``ValueError`` for a naive date-time
    or a number that is not finite, ``TypeError`` for anything else.
    """
    if value is None:
        return "null"
    if isinstance(value, Guid):
        return str.__str__(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, datetime.datetime):
        return _moment(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"no OData literal for {type(value).__name__}")


def equals(path: str, value) -> str:
    """``path eq value``."""
    return f"{_checked(path)} eq {literal(value)}"


def contains(path: str, text: str) -> str:
    """``contains(path,'text')``; Tribe ignores case here (Tribe developer site, OData)."""
    return f"contains({_checked(path)},{literal(str(text))})"


def at_least(path: str, value) -> str:
    """``path ge value``."""
    return f"{_checked(path)} ge {literal(value)}"


def any_of(path: str, values: Iterable) -> str:
    """``(path eq a or path eq b)``. Raises ``ValueError`` when there are no values."""
    terms = [equals(path, value) for value in values]
    if not terms:
        raise ValueError("any_of needs at least one value")
    return "(" + " or ".join(terms) + ")"


def in_calls(values: Iterable, term: Callable[..., str]) -> Iterator[list]:
    """Values in parts, each of which one call can ask for.

    :param term: gives the filter for one value; those of a part are joined by ``or``
    """
    part: list = []
    length = 0
    for value in values:
        needed = len(_quoted(" or " + term(value)))
        if part and (len(part) == VALUES_PER_CALL or length + needed > CHARACTERS_PER_CALL):
            yield part
            part, length = [], 0
        part.append(value)
        length += needed
    if part:
        yield part


def either(*filters: str | None) -> str:
    """At least one of the filters holds. Empty filters are left out; none gives ``""``."""
    return _joined(" or ", filters)


def both(*filters: str | None) -> str:
    """All of the filters hold. Empty filters are left out; none gives ``""``."""
    return _joined(" and ", filters)


def changed_since(moment: datetime.datetime) -> str:
    """A filter for what bears a date from a moment on.

    :param moment: in UTC, without a time zone
    """
    since = moment.replace(tzinfo=datetime.timezone.utc)
    # Tribe leaves the mutation date of a new record empty.
    return either(at_least("CreationDate", since), at_least("LastMutationDate", since))


def query_string(options: Mapping[str, object]) -> str:
    """Options such as ``{"$top": 100}`` as a query string; those that are ``None`` or ``""`` go.

    A space becomes ``%20`` and a plus sign ``%2B``.
    """
    return "&".join(
        f"{quote(name, safe='$')}={_quoted(value)}"
        for name, value in options.items()
        if value is not None and value != ""
    )


# Left as they are, so that forty IDs in a filter stay far below the length servers accept.
_READABLE = "(),/':$"


def _quoted(value: object) -> str:
    return quote(str(value), safe=_READABLE)


def _joined(word: str, filters: Iterable[str | None]) -> str:
    filled = [each for each in filters if each]
    if len(filled) < 2:
        return "".join(filled)
    return "(" + word.join(filled) + ")"


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"not a property path: {path!r}")
    return path


def _number(value: int | float | Decimal) -> str:
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")
    if isinstance(value, float):
        value = Decimal(repr(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _moment(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a date-time needs a time zone")
    in_utc = value.astimezone(datetime.timezone.utc)
    return in_utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
