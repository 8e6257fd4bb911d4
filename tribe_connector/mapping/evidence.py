"""Whether a contact of Odoo and a relation of Tribe are the same: the one rule of evidence.

Importer, exporter and plan all ask ``judge``. docs/relations.md, Who is who, shows the table:

========  ==============================================  ====================================
first     a person decided                                same, or different
then      a link                                          same (whoever is linked is not judged)
then      our ImportId; a debtor or creditor number       same, but a question when contradicted
then      a VAT or registry number, an e-mail address,    a suggestion, unless many share it
          or name, postcode and house number
else                                                      nothing
========  ==============================================  ====================================
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from .address import split_street
from .normalization import (
    canonical,
    clean_start,
    is_without_country,
    mail_addresses,
    moment,
)
from .person_name import in_natural_order

# What two can share: what proves identity, the strongest first, and what only suggests it.
IMPORT_ID = "import_id"
DEBTOR_NUMBER = "debtor_number"
CREDITOR_NUMBER = "creditor_number"
PROOFS = (IMPORT_ID, DEBTOR_NUMBER, CREDITOR_NUMBER)
VAT = "vat"
REGISTRY = "company_registry"
EMAIL = "email"
ADDRESS = "address"
PHONE = "phone"
SUGGESTIONS = (VAT, REGISTRY, EMAIL, ADDRESS)
# The neutral values of which each of these is made.
MADE_OF = {
    VAT: (VAT,),
    REGISTRY: (REGISTRY,),
    EMAIL: (EMAIL,),
    ADDRESS: ("name", "zip", "street", "country_code"),
}

# What speaks against it, besides a VAT or registry number: nothing that people know them by is
# alike, in what both have of it; and, of an ImportId alone, which anybody can type, that their
# names differ and they share nothing else, or that the contact came later than the relation, is
# of the other kind, or is linked with another relation.
CONTACT_DETAILS = "contact_details"
NAME = "name"
YOUNGER = "younger"
KIND = "kind"
LINKED = "linked"
# Whatever it shares, which anybody can type in Tribe: the contact is none that goes there.
LEFT_OUT = "left_out"
# The relation has the ImportId of one contact and the number of another; or that of nobody, beside
# the number of somebody with another name and nothing else in common: a restored backup of Odoo
# gives numbers again.
ANOTHER = "another"
NOBODY = "nobody"
# The number was somebody else's: the relation is that of a contact which was merged into another
# one, or the contact had its number with a relation that was deleted in Tribe.
AGAIN = "again"
# Somebody else is called as the other one is, and shares as much with it.
NAMESAKE = "namesake"

# What more contacts or relations than so share means nothing: a placeholder, an accountant.
MOST_SHARING = 3
# How far the clocks of Odoo and Tribe may be apart.
CLOCK_SKEW = timedelta(minutes=10)
# A shorter value proves nothing at all, and contradicts nothing: "/" is how Odoo says "no VAT".
_SHORTEST_KEY = 4
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[A-Za-z]")
# "n.v.t.", "-", "000": what people type where there is no number.
_COUNTS = re.compile(r"[1-9]")
_SWISS_TAX = re.compile(r"(?<=^CHE\d{9})(MWST|TVA|IVA|VAT)$", re.ASCII)
# The letters of a register or a country ("KvK 12345678", "BE0477472701", "HRB 1234").
_REGISTER = re.compile(r"^(BE|NL)?(KVK(NR|NUMMER)?)?(BE|NL)?(?=\d)", re.ASCII)
_FRENCH = re.compile(r"FR[0-9A-Z]{2}\d{9}", re.ASCII)


class Outcome(Enum):
    """What two are to each other."""

    SAME = "same"
    DIFFERENT = "different"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    NOTHING = "nothing"


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


@dataclass(frozen=True)
class Verdict:
    """An outcome, what it rests on, and what speaks against it."""

    outcome: Outcome
    basis: str | None = None
    against: tuple[str, ...] = ()


def judge(
    contact: Facts,
    relation: Facts,
    *,
    decision: Outcome | None = None,
    shared_by_many: Collection[str] = (),
) -> Verdict:
    """What a contact and a relation are to each other.

    :param decision: what a person said of the two: ``SAME``, ``DIFFERENT``, or None
    :param shared_by_many: what of ``SUGGESTIONS`` more than ``MOST_SHARING`` contacts or relations
        have as these two do
    """
    if decision:
        return Verdict(decision)
    basis = _proof(contact, relation)
    if basis:
        against = contradictions(contact, relation, basis, shared_by_many)
        return Verdict(Outcome.QUESTION if against else Outcome.SAME, basis, against)
    for basis, key in weak_keys(contact.values):
        if (
            basis not in shared_by_many
            and key == dict(weak_keys(relation.values)).get(basis)
            and suggests(basis, contact, relation)
        ):
            return Verdict(Outcome.SUGGESTION, basis, against_suggestion(contact, relation))
    return Verdict(Outcome.NOTHING)


def suggests(basis: str, contact: Facts, relation: Facts) -> bool:
    """Whether two could be the same because they share something that is no proof.

    A company and who works there have one e-mail address: of two kinds it says nothing, unless
    they have one name too.
    """
    return (
        basis != EMAIL
        or contact.kind == relation.kind
        or bool(_are_alike("name", contact, relation))
    )


def against_suggestion(contact: Facts, relation: Facts) -> tuple[str, ...]:
    """What speaks against two being the same that share what is no proof."""
    return (KIND,) if contact.kind != relation.kind else ()


def contradictions(
    contact: Facts, relation: Facts, basis: str, shared_by_many: Collection[str] = ()
) -> tuple[str, ...]:
    """What speaks against two being the same although they share what is proof."""
    found = [name for name in (VAT, REGISTRY) if _differ(name, contact, relation)]
    if all(_differ(name, contact, relation) for name in ("name", "zip", "email")):
        found.append(CONTACT_DETAILS)
    if not found and is_named_otherwise(contact, relation):
        found += _doubts_of_other_name(contact, relation, basis, shared_by_many)
    if basis == IMPORT_ID:
        if _is_later(contact.created, relation.created):
            found.append(YOUNGER)
        if contact.kind != relation.kind:
            found.append(KIND)
        if contact.is_linked:
            found.append(LINKED)
    if relation.names_another:
        found.append(ANOTHER)
    if relation.has_namesake:
        found.append(NAMESAKE)
    if contact.is_left_out:
        found.append(LEFT_OUT)
    return tuple(found)


def is_named_otherwise(contact: Facts, relation: Facts) -> bool:
    """Whether both have a name, and another one."""
    return _differ("name", contact, relation)


def is_named_alike(one: Facts, other: Facts) -> bool:
    """Whether both have a name, and the same one."""
    return bool(_are_alike("name", one, other))


def of_namesake(contact: Facts, relation: Facts) -> dict:
    """The values by which somebody is sought in Tribe who is the contact rather than the relation.

    What the two share, as Tribe writes it; or whatever the contact has, where that is nothing.
    """
    shared = shared_details(contact, relation)
    values = {**relation.values, "name": contact.values["name"]} if shared else contact.values
    names = (name for basis in shared or SUGGESTIONS for name in MADE_OF[basis])
    return {name: values.get(name) for name in names}


def namesake_shares(namesake: Facts, contact: Facts, relation: Facts) -> list[str]:
    """What a relation shares with another contact that has its name, if no less than with this one.

    Two series of numbers can both start at 1001, and of a family all have one e-mail address.
    """
    if (
        namesake.kind != relation.kind
        or not is_named_alike(namesake, relation)
        or any(_differ(name, namesake, relation) for name in (VAT, REGISTRY))
    ):
        return []
    shared = shared_details(namesake, relation)
    return shared if set(shared).issuperset(shared_details(contact, relation)) else []


def _doubts_of_other_name(
    contact: Facts, relation: Facts, basis: str, shared_by_many: Collection[str]
) -> list[str]:
    """Why two with another name may not be the same, where nothing else is alike.

    Two series of numbers can both start at 1001, and many have no e-mail address.
    """
    if _share_details(contact, relation, shared_by_many):
        return []
    if basis == IMPORT_ID:
        has_number = any(share_number(name, contact, relation) for name in contact.numbers)
        return [] if has_number else [NAME]
    doubts = {
        NAME: not any(map(_COUNTS.search, map(str, relation.numbers[basis]))),
        CONTACT_DETAILS: _are_apart(contact, relation)
        or any(_differ(name, contact, relation) for name in (EMAIL, PHONE)),
        NOBODY: relation.names_nobody,
        AGAIN: relation.has_number_again,
    }
    return [name for name, is_doubtful in doubts.items() if is_doubtful]


def is_shared_by_many(contacts: int, relations: int) -> bool:
    """Whether so many share a value that it means nothing."""
    return max(contacts, relations) > MOST_SHARING


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
        (basis, key_of(basis, values.get(basis))) for basis in (VAT, REGISTRY, EMAIL)
    ]
    keys.append((ADDRESS, address_key(*(values.get(name) for name in MADE_OF[ADDRESS]))))
    return [(basis, key) for basis, key in keys if key]


def created_at(wire: object) -> datetime | None:
    """When a record of Tribe was made (UTC); None where that cannot be read."""
    try:
        return moment(wire)
    except (TypeError, ValueError):
        return None


def _proof(contact: Facts, relation: Facts) -> str | None:
    if set(contact.import_ids) & set(relation.import_ids):
        return IMPORT_ID
    for name in (DEBTOR_NUMBER, CREDITOR_NUMBER):
        if share_number(name, contact, relation):
            return name
    return None


def share_number(name: str, contact: Facts, relation: Facts) -> bool:
    """Whether two have the same debtor or creditor number, however it is written."""
    ours, theirs = (
        {canonical(name, number) for number in side.numbers.get(name, ())} - {None}
        for side in (contact, relation)
    )
    return bool(ours & theirs)


def _share_details(contact: Facts, relation: Facts, shared_by_many: Collection[str]) -> bool:
    """Whether two share something besides what is proof and a name.

    What many share means nothing: branches of a chain have one e-mail address.
    """
    return any(
        each == ADDRESS or each not in shared_by_many for each in shared_details(contact, relation)
    )


def shared_details(contact: Facts, relation: Facts) -> list[str]:
    """What two share besides what is proof and a name (of ``SUGGESTIONS``), the best first."""
    shared = [each for each in (VAT, REGISTRY, EMAIL) if _are_alike(each, contact, relation)]
    return [*shared, ADDRESS] if _are_near(contact, relation) else shared


def _are_near(contact: Facts, relation: Facts) -> bool:
    """Whether two are at one address: a postcode without letters is that of a whole town."""
    if not _are_alike("zip", contact, relation) or _are_apart(contact, relation):
        return False
    is_whole = all(None not in place for place in _places(contact, relation))
    return _tells_street(contact) or is_whole


def _are_apart(contact: Facts, relation: Facts) -> bool:
    """Whether two are at other addresses."""
    streets, houses = (set(place) - {None} for place in _places(contact, relation))
    return (
        any(_differ(name, contact, relation) for name in ("zip", "country_code"))
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


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one - other > CLOCK_SKEW


def _differ(name: str, contact: Facts, relation: Facts) -> bool:
    """Whether both sides have a value, and another one."""
    return _are_alike(name, contact, relation) is False


def _are_alike(name: str, contact: Facts, relation: Facts) -> bool | None:
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
