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
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .likeness import (
    ADDRESS,
    EMAIL,
    MADE_OF,
    PHONE,
    REGISTRY,
    SUGGESTIONS,
    VAT,
    Facts,
    are_alike,
    are_apart,
    differ,
    is_named_alike,
    is_named_otherwise,
    share_number,
    shared_details,
    weak_keys,
)
from .normalization import (
    moment,
)

# What two can share that proves identity, the strongest first.
IMPORT_ID = "import_id"
DEBTOR_NUMBER = "debtor_number"
CREDITOR_NUMBER = "creditor_number"
PROOFS = (IMPORT_ID, DEBTOR_NUMBER, CREDITOR_NUMBER)

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
# "n.v.t.", "-", "000": what people type where there is no number.
_COUNTS = re.compile(r"[1-9]")


class Outcome(Enum):
    """What two are to each other."""

    SAME = "same"
    DIFFERENT = "different"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    NOTHING = "nothing"


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
        or bool(are_alike("name", contact, relation))
    )


def against_suggestion(contact: Facts, relation: Facts) -> tuple[str, ...]:
    """What speaks against two being the same that share what is no proof."""
    return (KIND,) if contact.kind != relation.kind else ()


def contradictions(
    contact: Facts, relation: Facts, basis: str, shared_by_many: Collection[str] = ()
) -> tuple[str, ...]:
    """What speaks against two being the same although they share what is proof."""
    found = [name for name in (VAT, REGISTRY) if differ(name, contact, relation)]
    if all(differ(name, contact, relation) for name in ("name", "zip", "email")):
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
        or any(differ(name, namesake, relation) for name in (VAT, REGISTRY))
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
        CONTACT_DETAILS: are_apart(contact, relation)
        or any(differ(name, contact, relation) for name in (EMAIL, PHONE)),
        NOBODY: relation.names_nobody,
        AGAIN: relation.has_number_again,
    }
    return [name for name, is_doubtful in doubts.items() if is_doubtful]


def is_shared_by_many(contacts: int, relations: int) -> bool:
    """Whether so many share a value that it means nothing."""
    return max(contacts, relations) > MOST_SHARING


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


def _share_details(contact: Facts, relation: Facts, shared_by_many: Collection[str]) -> bool:
    """Whether two share something besides what is proof and a name.

    What many share means nothing: branches of a chain have one e-mail address.
    """
    return any(
        each == ADDRESS or each not in shared_by_many for each in shared_details(contact, relation)
    )


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one - other > CLOCK_SKEW
