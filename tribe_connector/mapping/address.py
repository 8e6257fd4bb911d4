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

# A PO box has its number last, whatever the country.
_PO_BOX_WORDS = (
    r"post(?:bus|fach|boks|box)|p\.? ?o\.? ?box|bo[i\u00ee]te postale|b\.? ?p\.?|cs|tsa|box"
    r"|antwoordnummer|freepost|case postale"
)
_PO_BOX = re.compile(_PO_BOX_WORDS, re.IGNORECASE)
_PO_BOX_LINE = re.compile(rf"(?:{_PO_BOX_WORDS}) .*", re.IGNORECASE)
_PO_BOX_THEN_NUMBER = re.compile(
    rf"(?P<street>{_PO_BOX_WORDS}) (?P<number>\d{{1,5}})(?P<suffix>)", re.IGNORECASE
)
_WORDS = (
    r"bis|ter|quater|hs\.?|huis|rd|rood|bus|bte\.?|bo[i\u00ee]te|box|apt\.?|app\.?|appartement"
    r"|lejl\.?|st\.?|th\.?|tv\.?|mf\.?|sal|kld?\.?|og|eg|etg\.?|lgh|tr|leil\.?|unit|kamer|hoog|links"
    r"|en|und|et|and|&|rechts|achter|voor|boven|beneden|sous|zw"
)
_FRENCH_STREETS = (
    r"rue|avenue|av\.?|boulevard|bd|blvd|place|pl\.?|chemin|impasse|all[\u00e9e]e|quai|route|cours"
    r"|passage|square|cit\u00e9"
)
# Each can be read in one way only, so that a line without an end that fits is given up at once: a
# Roman number of one letter is a letter.
_PIECE = (
    rf"(?:(?:{_WORDS})(?!\w)|[IVX]{{2,4}}(?!\w)|[^\W\d_]\d{{0,4}}(?!\w)|\d{{1,4}}(?:e|\.)?(?!\w))"
)
_YEAR_BEFORE_NUMBER = r"(?!(?:1\d|20)\d\d(?:-\d{4})? \d)"

_STREET_THEN_NUMBER = re.compile(
    rf"(?P<street>(?:\d+\. )?(?=\S*[^\W\d_]).*?) {_YEAR_BEFORE_NUMBER}(?P<number>\d{{1,5}})(?!\d)"
    rf"(?P<suffix>{_PIECE}?(?:(?:, |[-/ ]){_PIECE})*)",
    re.IGNORECASE,
)
_NUMBER_THEN_STREET = re.compile(
    r"(?P<number>\d{1,5})(?!\d)"
    rf"(?P<suffix>(?: [^\W\d_]),?(?= (?:{_FRENCH_STREETS}) )"
    r"|(?:[-/]\d{1,5}[^\W\d_]?|[^\W\d_])?(?: ?(?:bis|ter|quater))?(?:,(?= [^\W\d_]))?) "
    r"(?P<street>.*[^\W\d_].*)",
    re.IGNORECASE,
)
# No street line is longer; splitting one would take a while.
_LONGEST_LINE = 250


def split_street(text: object, country_code: object = None) -> StreetParts:
    """Street, house number and suffix of a line, in the order of the country.

    What cannot be told apart stays whole in ``street``, without a number.
    ``join_street(*split_street(text, country), country) == clean(text)``, ``""`` for ``None``.
    """
    line = clean(text) or ""
    match = len(line) <= _LONGEST_LINE and _pattern(line, country_code).fullmatch(line)
    if match:
        parts = StreetParts(match["street"], int(match["number"]), match["suffix"])
        if join_street(*parts, country_code) == line:
            return parts
    return StreetParts(line, None, "")


def _pattern(line: str, country_code: object) -> re.Pattern:
    if _PO_BOX_LINE.fullmatch(line):
        return _PO_BOX_THEN_NUMBER
    return _NUMBER_THEN_STREET if is_number_first(country_code) else _STREET_THEN_NUMBER


def join_street(
    street: object, house_number: object, suffix: object, country_code: object = None
) -> str:
    """The parts as one line, in the order of the country.

    ``house_number`` may be the float of Tribe's JSON (``34.0`` is 34). ``suffix`` follows the
    number as it is.
    """
    number = (_number_text(house_number) or "") + _verbatim(suffix)
    name = clean(street) or ""
    number_first = is_number_first(country_code) and not _PO_BOX.fullmatch(name)
    ordered = (number, name) if number_first else (name, number)
    return clean(" ".join(ordered)) or ""


def suffix_from_tribe(suffix: object) -> str:
    """Tribe's trimmed suffix as it follows a number: ``"a"``, but ``" bis"`` and ``" 2"``."""
    text = clean(suffix) or ""
    stands_apart = re.match(r"\d|[^\W\d_]{2}", text)
    return f" {text}" if stands_apart else text


def street_for_tribe(parts: StreetParts) -> str | None:
    """The street of ``split_street`` as Tribe keeps it: without a comma before the number."""
    if parts.house_number is None:
        return clean(parts.street)
    return clean(parts.street.rstrip(", "))


def suffix_for_tribe(suffix: str) -> str | None:
    """The suffix of ``split_street`` as Tribe keeps it: trimmed, without a comma after it."""
    return clean(suffix.rstrip(", "))


def is_number_first(country_code: object) -> bool:
    """Whether addresses of this country (ISO code) start with the house number."""
    return (clean(country_code) or "").upper() in _NUMBER_FIRST


def _number_text(house_number: object) -> str | None:
    if isinstance(house_number, float) and house_number.is_integer():
        house_number = int(house_number)
    return clean(house_number)


def _verbatim(suffix: object) -> str:
    return suffix if isinstance(suffix, str) else ""
