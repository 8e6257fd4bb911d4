"""What a contact of Odoo and a relation of Tribe have in common, however each side writes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .address import split_street
from .normalization import (
    canonical,
    clean_start,
    is_without_country,
    mail_addresses,
)
from .person_name import in_natural_order

# What two can share, of which nothing proves that they are the same; and a telephone number, which
# can only speak against it.
VAT = "vat"
REGISTRY = "company_registry"
EMAIL = "email"
ADDRESS = "address"
PHONE = "phone"
# Those that are one value each.
SINGLE_VALUES = (VAT, REGISTRY, EMAIL)
SUGGESTIONS = (*SINGLE_VALUES, ADDRESS)
# The best first; and the neutral values of which each is made.
MADE_OF = {
    VAT: (VAT,),
    REGISTRY: (REGISTRY,),
    EMAIL: (EMAIL,),
    ADDRESS: ("name", "zip", "street", "country_code"),
}
# A shorter value proves nothing at all, and contradicts nothing: "/" is how Odoo says "no VAT".
_SHORTEST_KEY = 4
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[A-Za-z]")
_SWISS_TAX = re.compile(r"(?<=^CHE\d{9})(MWST|TVA|IVA|VAT)$", re.ASCII)
# The letters of a register or a country ("KvK 12345678", "BE0477472701", "HRB 1234").
_REGISTER = re.compile(r"^(BE|NL)?(KVK(NR|NUMMER)?)?(BE|NL)?(?=\d)", re.ASCII)
_FRENCH = re.compile(r"FR[0-9A-Z]{2}\d{9}", re.ASCII)


@dataclass(frozen=True)
class Facts:
    """What one side tells of itself.

    ``values`` are neutral values, with the registry number as ``company_registry``;
    ``import_ids`` what Tribe's ``ImportId`` of it is, or can be; ``numbers`` its debtor and
    creditor numbers by field. ``is_linked``: with another record of the other side.
    ``is_left_out``: a contact that is not synchronized. ``names_another``: a relation that has
    what is proof of another contact too; ``names_nobody``: an ImportId of ours that is nobody's;
    ``has_number_again``: a number that may have been given a second time; ``has_namesake``:
    somebody who is linked with nobody has the name of one of the two, and shares no less with it.
    """

    kind: str
    values: Mapping = field(default_factory=dict)
    import_ids: Collection[str] = ()
    numbers: Mapping[str, Collection[str]] = field(default_factory=dict)
    created: datetime | None = None
    is_linked: bool = False
    is_left_out: bool = False
    names_another: bool = False
    names_nobody: bool = False
    has_number_again: bool = False
    has_namesake: bool = False


def is_named_otherwise(contact: Facts, relation: Facts) -> bool:
    """Whether both have a name, and another one."""
    return differ("name", contact, relation)


def is_named_alike(one: Facts, other: Facts) -> bool:
    """Whether both have a name, and the same one."""
    return bool(are_alike("name", one, other))


def key_of(basis: str, text: object) -> str | None:
    """A value as it is compared, or None: what is too short proves nothing at all."""
    value = canonical(basis, text) if basis != REGISTRY else canonical("vat", text)
    return value if value and len(value) >= _SHORTEST_KEY else None


def address_key(
    name: object, zip_code: object, street: object, country_code: object = None
) -> tuple | None:
    """Name, postcode and house number as they are compared; None unless all three are there."""
    parts = split_street(street, country_code)
    return address_key_of_parts(name, zip_code, parts.house_number)


def address_key_of_parts(name: object, zip_code: object, house_number: object) -> tuple | None:
    """As ``address_key``, of an address whose house number stands apart (a number)."""
    named, postcode = canonical("name", name), canonical("zip", zip_code)
    if not named or not postcode or not house_number or not isinstance(house_number, (int, float)):
        return None
    return named.casefold(), postcode, int(house_number)


def weak_keys(values: Mapping) -> list[tuple[str, object]]:
    """What some values are compared by where nothing proves: ``[(basis, key)]``, best first."""
    keys: list[tuple[str, object]] = [
        (basis, key_of(basis, values.get(basis))) for basis in SINGLE_VALUES
    ]
    keys.append((ADDRESS, address_key(*(values.get(name) for name in MADE_OF[ADDRESS]))))
    return [(basis, key) for basis, key in keys if key]


def share_number(name: str, contact: Facts, relation: Facts) -> bool:
    """Whether two have the same debtor or creditor number, however it is written."""
    ours, theirs = (
        {canonical(name, number) for number in side.numbers.get(name, ())} - {None}
        for side in (contact, relation)
    )
    return bool(ours & theirs)


def shared_details(contact: Facts, relation: Facts) -> list[str]:
    """What two share besides what is proof and a name (of ``SUGGESTIONS``), the best first."""
    shared = [each for each in SINGLE_VALUES if are_alike(each, contact, relation)]
    return [*shared, ADDRESS] if _are_near(contact, relation) else shared


def _are_near(contact: Facts, relation: Facts) -> bool:
    """Whether two are at one address: a postcode without letters is that of a whole town."""
    if not are_alike("zip", contact, relation) or are_apart(contact, relation):
        return False
    is_whole = all(None not in place for place in _places(contact, relation))
    return _tells_street(contact) or is_whole


def are_apart(contact: Facts, relation: Facts) -> bool:
    """Whether two are at other addresses."""
    streets, houses = (set(place) - {None} for place in _places(contact, relation))
    return (
        any(differ(name, contact, relation) for name in ("zip", "country_code"))
        or len(houses) > 1
        or (len(streets) > 1 and not _tells_street(contact))
    )


def _places(contact: Facts, relation: Facts) -> list[tuple]:
    """The streets of both, and their house numbers; None where one has none."""
    parts = [
        split_street(side.values.get("street"), side.values.get("country_code"))
        for side in (contact, relation)
    ]
    streets = [canonical("street", part.street) for part in parts]
    return [
        tuple(street and street.casefold() for street in streets),
        tuple(part.house_number for part in parts),
    ]


def _tells_street(side: Facts) -> bool:
    """Whether a postcode is that of a street, as in the Netherlands and in Great Britain."""
    return bool(_LETTER.search(canonical("zip", side.values.get("zip")) or ""))


def differ(name: str, contact: Facts, relation: Facts) -> bool:
    """Whether both sides have a value, and another one."""
    return are_alike(name, contact, relation) is False


def are_alike(name: str, contact: Facts, relation: Facts) -> bool | None:
    """Whether both sides have the same value; None where one has none."""
    ours, theirs = (_compared(name, side.values) for side in (contact, relation))
    if not ours or not theirs:
        return None
    return (
        bool(ours & theirs)
        or _is_same_vat(name, ours, theirs)
        or _is_same_phone(name, contact.values, relation.values)
    )


def _is_same_phone(name: str, ours: Mapping, theirs: Mapping) -> bool:
    """Whether only one of two telephone numbers has its country in front."""
    numbers = ours.get(name), theirs.get(name)
    return name == PHONE and any(
        is_without_country(name, *pair) for pair in (numbers, numbers[::-1])
    )


def _compared(name: str, values: Mapping) -> set[str]:
    """The ways in which a value is compared; none for what is empty, or too short."""
    value = values.get(name)
    if name in (VAT, PHONE):
        value = canonical(name, value, values.get("country_code"))
    if name in (VAT, REGISTRY):
        return set(filter(None, [_number_of(name, key_of(name, value))]))
    if name == EMAIL and (addresses := mail_addresses(value)):
        return set(addresses.split(", "))
    if name == "name":
        value = in_natural_order(clean_start(value))
    key = canonical(name, value)
    return {key.casefold()} if key else set()


def _number_of(name: str, key: str | None) -> str | None:
    """What tells one VAT or registry number from another; None for a word, which is none.

    "CHE-123.456.788 TVA" has the tax behind it; "KvK 01234567" the register in front, and zeros
    that others leave out.
    """
    if not key or not _DIGIT.search(key):
        return None
    if name == VAT:
        return _SWISS_TAX.sub("", key)
    return _REGISTER.sub("", key).lstrip("0") or key


def _is_same_vat(name: str, ours: set[str], theirs: set[str]) -> bool:
    """Whether only one of two VAT numbers has its country in front.

    Or, of a French one, also the key of its national number (SIREN).
    """
    if name != VAT:
        return False
    (our,), (their,) = ours, theirs
    pairs = ((our, their), (their, our))
    return any(
        one == other[2:] or (_FRENCH.fullmatch(one) and one[4:] == other.removeprefix("FR"))
        for one, other in pairs
    )
