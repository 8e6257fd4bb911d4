"""When two values are the same value, written differently."""

from __future__ import annotations

import re
import unicodedata

# Zero-width marks that word processors leave behind; nobody sees or means them.
_INVISIBLE = "\u00ad\u200b\u2060\ufeff"


def clean(text: object) -> str | None:
    """Text as people mean it: trimmed, single spaces, no control characters; empty is ``None``.

    Takes ``str``, numbers, ``None`` and ``False`` (Odoo's empty). Unicode comes back composed.
    """
    if text is None or text is False:
        return None
    visible = "".join(map(_visible, str(text)))
    return " ".join(unicodedata.normalize("NFC", visible).split()) or None


def clean_lines(text: object) -> str | None:
    """As ``clean``, but line by line; empty lines at both ends go."""
    if text is None or text is False:
        return None
    lines = [clean(line) or "" for line in str(text).splitlines()]
    return "\n".join(lines).strip("\n") or None


def canonical(field: str, value: object) -> str | int | bool | None:
    """A value of a neutral field for comparison only, never to be stored.

    ``None``, ``""`` and ``False`` are equal, but for ``active``, which is a yes or no.
    """
    if field == "active":
        return bool(value)
    if field == "payment_term_days":
        return None if value is None or value is False or value == "" else int(value)
    text = clean(value)
    if text is None:
        return None
    # A value of nothing but punctuation is still something that a person wrote.
    return _CANONICAL.get(field, str)(text) or text


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    # Cc: control characters, which PostgreSQL (NUL) refuses; Cs: halves of surrogate pairs.
    if character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cs"):
        return ""
    return character


def _email(text: str) -> str:
    return text.lower()


def _phone(text: str) -> str:
    international = re.match(r"\s*(\+|00)", text) is not None
    if international:
        # "+31 (0)20 ..." shows the zero that is only dialled inside the country.
        text = text.replace("(0)", "")
    digits = "".join(re.findall(r"[0-9]", text))
    if not digits:
        return text
    if not international:
        return digits
    return "+" + digits.removeprefix("00")


def _website(text: str) -> str:
    bare = re.sub(r"^((https?://)|(www\.))+", "", text, flags=re.IGNORECASE).rstrip("/")
    host, slash, path = bare.partition("/")
    return host.lower() + slash + path


def _vat(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def _upper(text: str) -> str:
    return text.upper()


def _zip(text: str) -> str:
    return text.upper().replace(" ", "")


def _street(text: str) -> str:
    # "12 A" and "12A", "12, rue" and "12 rue": Tribe keeps the number apart and forgets which.
    return re.sub(r"(?<=\d)[ ,]+(?=[^\W\d_])", "", text)


_CANONICAL = {
    "email": _email,
    "phone": _phone,
    "mobile": _phone,
    "website": _website,
    "vat": _vat,
    "country_code": _upper,
    "zip": _zip,
    "street": _street,
}
