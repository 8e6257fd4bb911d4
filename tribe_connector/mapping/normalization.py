"""When two values are the same value, written differently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..hidden_characters import MOST_LOOKED_AT, without_hidden
from ..sentence import sentence

# In bytes. PostgreSQL's indexes take up to 2,704 for all columns of a row, and Odoo's have two such
# texts: an invoice's number and the prefix of its sequence, a contact's name and its company's.
LONGEST_TEXT = 1000
# In characters, those included that nobody sees: a value that is looked at is read many times.
LONGEST_VALUE = 4 * LONGEST_TEXT
LONGEST_FILE_NAME = 150
_NO_FILE_NAME = re.compile(r'[/\\:*?"<>|]')
# Without a dot: a host can have a port ("klant.example:8080").
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):", re.IGNORECASE)
# Bounded, so that a long text without an address is read once.
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# One address, perhaps with a name before it. Whose domain is there, nobody looks up.
_ONE_MAIL = re.compile(r"(?:[^<>@]{0,200}<)?[^\s<>@]{1,64}@[^\s<>@.]+(?:\.[^\s<>@.]+)+>?")

_FRACTION = re.compile(r"\.\d+", re.ASCII)

# Calling code, and the trunk prefix that is only dialled inside the country (ITU-T E.164).
_DIALLING = {
    "AT": ("43", "0"),
    "BE": ("32", "0"),
    "CH": ("41", "0"),
    "DE": ("49", "0"),
    "DK": ("45", ""),
    "ES": ("34", ""),
    "FI": ("358", "0"),
    "FR": ("33", "0"),
    "GB": ("44", "0"),
    "IE": ("353", "0"),
    "IT": ("39", ""),
    "LU": ("352", ""),
    "NL": ("31", "0"),
    "NO": ("47", ""),
    "PL": ("48", ""),
    "PT": ("351", ""),
    "SE": ("46", "0"),
}
# Shorter ones are extensions and the like, which have no international form.
_SHORTEST_NATIONAL_NUMBER = 7
# Countries whose VAT numbers carry a prefix; Greece's is not its country code.
_VAT_PREFIXES = {
    code: code
    for code in (
        "AT BE BG CY CZ DE DK EE ES FI FR GB HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
    )
} | {"GR": "EL"}


class ValueUnreadable(ValueError):
    """A value of Tribe is none that its field can have; the text says which, and the remedy."""


def clean(text: object) -> str | None:
    """Text as people mean it: trimmed, single spaces, no control characters; empty is ``None``.

    Takes ``str``, numbers, ``None`` and ``False`` (Odoo's empty). Unicode comes back composed.
    Raises ``ValueUnreadable`` for what is no single value, and for a text of more than
    ``LONGEST_VALUE`` characters: what is kept is never the mere start of something.
    """
    if text is None or text is False:
        return None
    if isinstance(text, (dict, list)):
        raise ValueUnreadable(sentence("value_is_list"))
    text = str(text)
    if len(text) > LONGEST_VALUE:
        raise _too_long(text, sentence("a_text"))
    return _clean_line(text) or None


def _clean_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", without_hidden(text)).split())


def clean_start(text: object) -> str | None:
    """As ``clean``, of the start of a text without end: to compare or to name, never to be kept."""
    return clean(text[:LONGEST_VALUE] if isinstance(text, str) else text)


def file_name(text: object, ending: str, otherwise: str) -> str:
    """The name of a file of one kind: no folders, nothing hidden, and its ending is ``ending``."""
    name = _NO_FILE_NAME.sub("-", clean_start(text) or otherwise)[:LONGEST_FILE_NAME].strip(" .")
    return name if name.lower().endswith(ending) else f"{name or 'x'}{ending}"


def is_website(text: object) -> bool:
    """Whether a browser may be led there: a scheme is http or https, if there is one."""
    scheme = _SCHEME.match(clean_start(text) or "")
    return not scheme or scheme[1].lower() in ("http", "https")


def clean_lines(text: object) -> str | None:
    """As ``clean``, but line by line, of up to ``MOST_LOOKED_AT`` characters; empty lines at both
    ends go.
    """
    if not isinstance(text, str):
        return clean(text)
    if len(text) > MOST_LOOKED_AT:
        raise _too_long(text, sentence("a_text"))
    return "\n".join(map(_clean_line, text.splitlines())).strip("\n") or None


def moment(text: Any) -> datetime:
    """A moment of Tribe, which is UTC unless it says otherwise. Raises ``ValueError``."""
    # Python 3.10 reads neither "Z" nor every number of decimals.
    found = datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def whole_number(value: object, largest: int) -> int | None:
    """A number of Tribe as an ``int``; empty is ``None``.

    Raises ``ValueUnreadable`` for anything that is no number from 0 to ``largest``.
    """
    if value is None or value is False or value == "":
        return None
    try:
        number = int(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= largest:
        raise ValueUnreadable(
            sentence(
                "value_not_a_whole_number",
                value=str(value)[:40],
                largest=largest,
            )
        )
    return number


def percentage(value: object) -> float | None:
    """A percentage of Tribe; empty is ``None``. Raises ``ValueUnreadable`` for no number to 100."""
    if value is None or value is False or value == "":
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not 0 <= number <= 100:
        raise ValueUnreadable(
            sentence(
                "value_not_a_percentage",
                value=str(value)[:40],
            )
        )
    return number


def check_length(text: str | None, what: str) -> None:
    """Raise ``ValueUnreadable`` for a text that is too long for a database to look up."""
    if text is not None and is_too_long(text):
        raise _too_long(text, what)


def is_too_long(text: object) -> bool:
    """Whether a value of either side is a text that is too long for a database to look up."""
    return isinstance(text, str) and (
        # To count the bytes of a text without end takes a while.
        len(text) > LONGEST_TEXT or len(text.encode("utf-8", "replace")) > LONGEST_TEXT
    )


def _too_long(text: str, what: str) -> ValueUnreadable:
    return ValueUnreadable(sentence("value_too_long", what=what, count=len(text), start=text[:40]))


def mail_addresses(*texts: object) -> str | None:
    """The e-mail addresses that texts mention, in lower case, once each, separated by commas."""
    found = (address for text in texts if isinstance(text, str) for address in _MAIL.findall(text))
    return ", ".join(dict.fromkeys(address.lower() for address in found)) or None


def is_email_doubtful(text: object) -> bool:
    """Whether a text is no e-mail address, nor several that are separated by commas."""
    value = clean_start(text)
    if value is None:
        return False
    return not all(_ONE_MAIL.fullmatch(each.strip()) for each in re.split("[,;]", value))


def canonical(field: str, value: Any, country_code: object = None) -> Any:
    """A value of a neutral field for comparison only, never to be stored.

    ``None``, ``""`` and ``False`` are equal, but for ``active``, which is a yes or no. With a
    country, national forms of telephone and VAT numbers equal the international ones; so give
    two values that are compared the same country.
    """
    if field == "active":
        return bool(value)
    if field.endswith("payment_term_days"):
        return None if value is None or value is False or value == "" else int(value)
    text = clean_start(value)
    if text is None:
        return None
    country = (clean_start(country_code) or "").upper()
    if field in _CANONICAL_IN_COUNTRY:
        return _CANONICAL_IN_COUNTRY[field](text, country) or text
    # A value of nothing but punctuation is still something that a person wrote.
    return _CANONICAL.get(field, str)(text) or text


def is_without_country(field: str, value: object, full: object) -> bool:
    """Whether a telephone or VAT number is another one (``full``) without the code of its country.

    Of whichever country: the owner may have moved since.
    """
    countries = _COUNTRIES.get(field)
    wanted = canonical(field, full) if countries else None
    if not countries or wanted is None or canonical(field, value) == wanted:
        return False
    return any(canonical(field, value, country) == wanted for country in countries)


def _email(text: str) -> str:
    return text.lower()


def _phone(text: str, country: str) -> str:
    international = re.match(r"\(?(\+|00)", text) is not None
    if international:
        # "+31 (0)20 ..." shows the zero that is only dialled inside the country.
        text = text.replace("(0)", "")
    # Words ("ask for Jan") are no formatting, and stay.
    number = re.sub(r"[\s().\-\u2010-\u2015/]", "", text).lower()
    if international:
        return "+" + re.sub(r"^(\+|00)", "", number) if number.strip("+0") else number
    return _international_phone(number, country)


def _international_phone(number: str, country: str) -> str:
    if country not in _DIALLING or len(number) < _SHORTEST_NATIONAL_NUMBER:
        return number
    code, trunk = _DIALLING[country]
    if not number[0].isdecimal() or not number.startswith(trunk):
        return number
    return f"+{code}{number.removeprefix(trunk)}"


def _website(text: str) -> str:
    bare = re.sub(r"^((https?://)|(www\.))+", "", text, flags=re.IGNORECASE).rstrip("/")
    host = re.split(r"[/?#]", bare)[0]
    return host.lower() + bare[len(host) :]


def _vat(text: str, country: str) -> str:
    number = "".join(character for character in text.upper() if character.isalnum())
    if number.startswith("GR"):
        number = "EL" + number[2:]
    prefix = _VAT_PREFIXES.get(country, "")
    if number and number[:2] not in _VAT_PREFIXES.values():
        number = prefix + number
    # Belgium's numbers had nine digits once; a zero was put in front of them.
    return re.sub(r"^BE(?=\d{9}$)", "BE0", number)


def _upper(text: str) -> str:
    return text.upper()


def _zip(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def _street(text: str) -> str:
    # "12 A" and "12A", "12, rue" and "12 rue", "rue, 12" and "rue 12": Tribe keeps the number
    # apart and forgets which.
    text = " ".join(text.replace(",", " ").split())
    return re.sub(r"(?<=\d) (?=[^\W\d_])", "", text)


def _address(text: str) -> str:
    # Numbers stay apart, and so do words: "Weg 1, 23 AB" is not "Weg 12, 3AB".
    text = " ".join(re.sub(r"[\W_]", " ", text).split())
    return re.sub(r"(?<=\d) (?=[^\W\d_])", "", text).casefold()


_CANONICAL = {
    "address": _address,
    "email": _email,
    "website": _website,
    "country_code": _upper,
    "state_code": _upper,
    "zip": _zip,
    "street": _street,
    "debtor_number": str.casefold,
    "creditor_number": str.casefold,
}
_CANONICAL_IN_COUNTRY = {"phone": _phone, "mobile": _phone, "vat": _vat}
# Those of which the national form of such a number is known.
_COUNTRIES: Mapping[str, Iterable[str]] = {
    "phone": _DIALLING,
    "mobile": _DIALLING,
    "vat": _VAT_PREFIXES,
}
