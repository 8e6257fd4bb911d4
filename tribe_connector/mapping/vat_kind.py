"""What kind of VAT a VAT group stands for, judged by its name and code.

Tribe's VAT groups have a name, a code and a percentage; that a group is reverse-charged or for
another country is only in the words (docs/tribe-api.md, VAT groups). So this is a suggestion for
a person, never a booking.
"""

from __future__ import annotations

import re

DOMESTIC = "domestic"
REVERSE_CHARGED = "reverse_charged"
INTRA_COMMUNITY = "intra_community"
EXPORT = "export"

# Words of Dutch, English, German, French, Danish, Swedish and Norwegian; the first match counts.
_WORDS = (
    (
        INTRA_COMMUNITY,
        r"intra|\bicp\b|\bicl\b|\beu\b|binnen de eu|within eu|innergemeinschaft|communautaire",
    ),
    (
        REVERSE_CHARGED,
        r"verleg|reverse|medecontract|cocontract|co-contract|autoliquid|omvendt|omvänd|snudd"
        r"|steuerschuldner|reverse.?charge",
    ),
    (
        EXPORT,
        r"export|buiten|outside|non.?eu|niet.?eu|drittland|hors|utanför|uden for|utenfor",
    ),
)
_SERVICES = re.compile(
    r"dienst|service|prestation|ydelse|tjänst|tjenest|advies|consult|uren|hours|stunden",
    re.IGNORECASE,
)


def vat_kind(name: str | None, code: str | None, percentage: float | None) -> str:
    """One of ``DOMESTIC``, ``REVERSE_CHARGED``, ``INTRA_COMMUNITY``, ``EXPORT``.

    Whatever has a percentage is domestic: the other three are charged elsewhere or not at all.
    """
    if percentage:
        return DOMESTIC
    text = f"{name or ''} {code or ''}".lower()
    if re.search(_WORDS[2][1], text):
        return EXPORT
    return next((kind for kind, words in _WORDS if re.search(words, text)), DOMESTIC)


def is_about_services(name: str | None) -> bool:
    """Whether the name of a ledger account says that services are booked on it."""
    return bool(_SERVICES.search(name or ""))
