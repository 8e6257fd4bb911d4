"""One street line in Odoo; street, house number and suffix in Tribe, whose number is numeric."""

from __future__ import annotations

import re
from typing import NamedTuple

from .normalization import clean


class StreetParts(NamedTuple):
    """The parts of a street line.

    ``suffix`` keeps the white space in front of it (``" bis"`` but ``"a"``), so that nothing of
    the line is lost; on the wire it is trimmed, and ``suffix_from_tribe`` puts it back.
    """

    street: str
    house_number: int | None
    suffix: str


# Where the number stands in front of the street.
_NUMBER_FIRST = frozenset(["AU", "CA", "FR", "GB", "IE", "LU", "MC", "NZ", "UK", "US"])

_WORDS = (
    r"bis|ter|quater|hs|huis|rd|bus|bte\.?|bo[i\u00ee]te|box|apt\.?|app\.?|appartement|lejl\.?"
    r"|st\.?|th\.?|tv\.?|mf\.?|og|eg|lgh|leil\.?|unit|kamer|hoog|links|rechts|boven|beneden|zw"
)
_PIECE = (
    rf"(?:(?:{_WORDS})(?!\w)|[IVX]{{1,4}}(?!\w)|[^\W\d_]\d{{0,4}}(?!\w)|\d{{1,4}}(?:e|\.)?(?!\w))"
)
_YEAR_BEFORE_NUMBER = r"(?!(?:1\d|20)\d\d(?:-\d{4})? \d)"

_STREET_THEN_NUMBER = re.compile(
    rf"(?P<street>\S*[^\W\d_].*?) {_YEAR_BEFORE_NUMBER}(?P<number>\d{{1,5}})(?!\d)"
    rf"(?P<suffix>{_PIECE}?(?:(?:, |[-/ ]){_PIECE})*)",
    re.IGNORECASE,
)
_NUMBER_THEN_STREET = re.compile(
    r"(?P<number>\d{1,5})(?!\d)"
    r"(?P<suffix>,(?= [^\W\d_])|(?:[-/]\d{1,5})?[^\W\d_]?(?: ?(?:bis|ter|quater))?) "
    r"(?P<street>.*[^\W\d_].*)",
    re.IGNORECASE,
)


def split_street(text: object, country_code: object = None) -> StreetParts:
    """Street, house number and suffix of a line, in the order of the country.

    What cannot be told apart stays whole in ``street``, without a number.
    ``join_street(*split_street(text, country), country) == clean(text)``, ``""`` for ``None``.
    """
    line = clean(text) or ""
    pattern = _NUMBER_THEN_STREET if is_number_first(country_code) else _STREET_THEN_NUMBER
    match = pattern.fullmatch(line)
    if match:
        parts = StreetParts(match["street"], int(match["number"]), match["suffix"])
        if join_street(*parts, country_code) == line:
            return parts
    return StreetParts(line, None, "")


def join_street(
    street: object, house_number: object, suffix: object, country_code: object = None
) -> str:
    """The parts as one line, in the order of the country.

    ``house_number`` may be the float of Tribe's JSON (``34.0`` is 34). ``suffix`` follows the
    number as it is.
    """
    number = (_number_text(house_number) or "") + _verbatim(suffix)
    name = clean(street) or ""
    ordered = (number, name) if is_number_first(country_code) else (name, number)
    return clean(" ".join(ordered)) or ""


def suffix_from_tribe(suffix: object) -> str:
    """Tribe's trimmed suffix as it follows a number: ``"a"``, but ``" bis"`` and ``" 2"``."""
    text = clean(suffix) or ""
    stands_apart = re.match(r"\d|[^\W\d_]{2}", text)
    return f" {text}" if stands_apart else text


def suffix_for_tribe(suffix: str) -> str | None:
    """The suffix of ``split_street`` as Tribe keeps it: trimmed, without a mere comma."""
    return None if suffix.strip() == "," else clean(suffix)


def is_number_first(country_code: object) -> bool:
    """Whether addresses of this country (ISO code) start with the house number."""
    return (clean(country_code) or "").upper() in _NUMBER_FIRST


def _number_text(house_number: object) -> str | None:
    if isinstance(house_number, float) and house_number.is_integer():
        house_number = int(house_number)
    return clean(house_number)


def _verbatim(suffix: object) -> str:
    return suffix if isinstance(suffix, str) else ""
