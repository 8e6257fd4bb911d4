"""What the maintainers are told of a tenant: how it works, and nothing of anybody.

Only what is ours goes out as it is: codes, words, and names of which each word is in
``vocabulary.py``. What a tenant could have named itself is counted.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from itertools import accumulate

from ..tribe_api import is_guid
from .catalogue import NAME, WORDS, Reading
from .vocabulary import HIDDEN, is_told, told_name

# Of all sets together. Tribe has some thousand; what is inherited counts in each set.
MOST_NAMES = 20_000
# Digits and letters as ``shape_of`` writes them.
_SHAPE = re.compile(r"[9A\-/._ #?]+")
_MOST_DIGITS_OF_A_NUMBER = 9


def told_value(reading: Reading, value: str, currencies: Container[str] = ()) -> str | None:
    """A value of a reading, without any word that a tenant may have chosen.

    :param currencies: codes that are told
    """
    if not reading.takes(value):
        return None
    if value in WORDS or (value.isdecimal() and len(value) <= _MOST_DIGITS_OF_A_NUMBER):
        return value
    if NAME not in reading.values:
        return HIDDEN
    if _SHAPE.fullmatch(value):
        return value
    return told_name(value, currencies)


def told_headers(names: Iterable[str]) -> list[str]:
    """The names of headers, in the order of the alphabet."""
    return sorted({told_name(name.lower()) for name in names})


def told_schema(sets: Mapping[str, Mapping]) -> dict:
    """The names and types of a tenant's ``$metadata``; what bears other names is counted.

    Beyond ``MOST_NAMES``, sets are left out, and counted as well.

    :param sets: as ``Schema.as_dict`` returns it
    """
    names = _Names()
    known = {name: content for name, content in sets.items() if names.is_told(name)}
    room = dict(zip(known, accumulate(map(_size, known.values())), strict=True))
    told = {
        name: _told_set(content, names)
        for name, content in known.items()
        if room[name] <= MOST_NAMES
    }
    hidden = sets.keys() - known.keys()
    return {
        "sets": dict(sorted(told.items())),
        "custom_sets": sum(map(_is_custom, hidden)),
        "other_sets": sum(not _is_custom(name) for name in hidden),
        "left_out_sets": len(known) - len(told),
    }


class _Names:
    """Looks at each name once: most sets inherit the same."""

    def __init__(self) -> None:
        self.told = functools.cache(told_name)
        self.is_told = functools.cache(is_told)


def _size(content: Mapping) -> int:
    return len(content["properties"]) + len(content["navigations"])


def _told_set(content: Mapping, names: _Names) -> dict:
    properties = {name: names.told(edm_type) for name, edm_type in content["properties"].items()}
    links = {
        name: (
            f"{'many ' if link['collection'] else ''}"
            f"{link['type'] if names.is_told(link['type']) else HIDDEN}"
        )
        for name, link in content["navigations"].items()
    }
    kinds = {**properties, **dict.fromkeys(links, "link")}
    hidden = {name: kind for name, kind in kinds.items() if not names.is_told(name)}
    return {
        "fields": _of_told_names(properties, names),
        "links": _of_told_names(links, names),
        "custom": _counted(kind for name, kind in hidden.items() if _is_custom(name)),
        "others": _counted(kind for name, kind in hidden.items() if not _is_custom(name)),
    }


def _of_told_names(types: Mapping[str, str], names: _Names) -> dict[str, str]:
    return {name: kind for name, kind in sorted(types.items()) if names.is_told(name)}


def _counted(kinds: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(kinds).items()))


def _is_custom(name: str) -> bool:
    """Whether Tribe made the name, a UUID, for what somebody added to this tenant."""
    return is_guid(name.removeprefix("_").replace("__", "-"))
