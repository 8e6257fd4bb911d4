"""Whether a VAT number can exist. Nothing is looked up: its form and check digits are judged."""

from __future__ import annotations

from stdnum import get_cc_module
from stdnum.eu.vat import MEMBER_STATES

from .normalization import canonical, clean_start
from .relation import COUNTRY_CODE_LENGTH

# "EL" is Greece's prefix, "XI" Northern Ireland's; both are other countries for stdnum.
_COUNTRIES_OF_PREFIX = {"EL": "GR", "XI": "GB"}


def is_vat_doubtful(vat: object, country_code: object = None) -> bool:
    """Whether a VAT number has a wrong form for its country: that of its prefix, else the given.

    One without any digit is none in any country. An empty one, ``/`` (Odoo's "none") and one of a
    country without known rules are not doubtful.
    """
    text = clean_start(vat)
    if text is None or text == "/":
        return False
    if not any(map(str.isdigit, text)):
        return True
    country = (clean_start(country_code) or "").upper()
    number = str(canonical("vat", text, country))
    prefix = number[:2]
    if prefix.lower() in MEMBER_STATES or prefix in _COUNTRIES_OF_PREFIX:
        country = _COUNTRIES_OF_PREFIX.get(prefix, prefix)
    rules = get_cc_module(country.lower(), "vat") if len(country) == COUNTRY_CODE_LENGTH else None
    if rules is None:
        return False
    return not (rules.is_valid(text) or rules.is_valid(number))
