"""Which state (province, county) of Odoo a state of Tribe is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from .normalization import clean

# No state has a longer one; a character can be taken apart into eighteen.
LONGEST_NAME = 200


def match_states(
    tribe_states: Iterable[Mapping], odoo_states: Iterable[tuple[str, str, str]]
) -> dict[str, dict[str, str]]:
    """Tribe's IDs by country code and Odoo's state code: ``{"NL": {"UT": id}}``.

    ``tribe_states`` are rows with ``Code``, ``Name`` and an expanded ``Country``;
    ``odoo_states`` are ``(country code, state code, name)``. The code tells, with or without its
    country in front ("NL-UT"); else the name. What matches nothing is left out.
    """
    codes, names = {}, {}
    for country, code, name in odoo_states:
        codes[country.upper(), code.upper()] = code.upper()
        names[country.upper(), _bare(name)] = code.upper()
    by_name: dict[str, dict[str, str]] = {}
    by_code: dict[str, dict[str, str]] = {}
    for row in tribe_states:
        country = (clean((row.get("Country") or {}).get("Code")) or "").upper()
        code = (clean(row.get("Code")) or "").upper().removeprefix(f"{country}-")
        if (country, code) in codes:
            by_code.setdefault(country, {})[codes[country, code]] = row["ID"]
        elif (country, _bare(row.get("Name"))) in names:
            name = names[country, _bare(row.get("Name"))]
            by_name.setdefault(country, {})[name] = row["ID"]
    return {
        country: by_name.get(country, {}) | by_code.get(country, {})
        for country in sorted(by_name.keys() | by_code.keys())
    }


def _bare(name: object) -> str:
    """A name without case and accents, and without what Odoo puts behind it in brackets."""
    text = (clean(str(name or "")[:LONGEST_NAME]) or "").partition(" (")[0]
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
