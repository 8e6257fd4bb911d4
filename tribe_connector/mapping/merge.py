"""Which side's value goes where, judged by what both sides last agreed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from .normalization import canonical, clean, is_without_country

Policy = Literal["odoo", "tribe", "ask"]
Winner = Literal["odoo", "tribe", "ask", "both"]

# Tribe's own Odoo link: a number made by Odoo overwrites Tribe's.
NUMBER_FIELDS: tuple[str, ...] = ("debtor_number", "creditor_number")
# Neither side accepts these empty.
REQUIRED_FIELDS: tuple[str, ...] = ("name",)
ADDRESS_FIELDS: tuple[str, ...] = (
    "street",
    "street2",
    "zip",
    "city",
    "country_code",
    "state_code",
)
# An address is one value: half of one and half of another is where nobody lives.
ADDRESS = "address"
# The code of the country at the end of an ``address_line``.
COUNTRY_OF_LINE = re.compile(r" ?\(([A-Za-z]{2})\)$")
# What says where; a mere country is no address yet.
_PLACE = ("street", "street2", "zip", "city")


@dataclass(frozen=True)
class Merge:
    """What to write where.

    ``conflicts`` has ``(Odoo's value, Tribe's value)`` per field, and under ``ADDRESS`` both
    addresses (``address_line``); ``changed`` names those about what both once agreed on, and
    ``outdated`` those of which Tribe may show an older state.
    ``agreed`` is what both sides hold once ``to_odoo`` and ``to_tribe`` are written. ``notes`` has
    a sentence for a person per field that could not go to a side, or is doubtful.
    """

    to_odoo: dict = field(default_factory=dict)
    to_tribe: dict = field(default_factory=dict)
    conflicts: dict[str, tuple] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    outdated: set[str] = field(default_factory=set)
    agreed: dict = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What decides where both sides changed a field, and what a side's value may not do.

    ``policy``: the side that wins, or a conflict (``"ask"``). ``decided`` says per field which side
    a person chose. ``only_odoo`` are fields that Tribe's values never reach in Odoo: what Odoo
    changed goes to Tribe, what Tribe changed is for ``leave_alone``. ``with_consent`` are fields
    for which Tribe's value is a conflict until a person has decided, whatever the policy. ``apart``
    are fields that a side cannot hold: they differ for good, and are no change of an address.
    ``outdated`` are fields that Tribe shows as they were before it showed what was agreed on, or
    that may be (a backup was restored), each with a policy: they are told anew where Odoo wins by
    that, and else a conflict. With ``"ask"`` one that both sides changed is a conflict as well.
    """

    policy: Policy
    decided: Mapping[str, Policy] = field(default_factory=dict)
    only_odoo: Collection[str] = ()
    with_consent: Collection[str] = ()
    apart: Collection[str] = ()
    outdated: Mapping[str, Policy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.policy not in get_args(Policy):
            raise ValueError(f"unknown policy {self.policy!r}")

    def policy_for(self, *names: str) -> Policy:
        """Which side wins where both changed these fields, of which Tribe's may be outdated."""
        return "ask" if any(self.outdated.get(name) == "ask" for name in names) else self.policy


def merge(agreed: Mapping | None, odoo: Mapping, tribe: Mapping, **options: Any) -> Merge:
    """Compare the neutral values of both sides, where both have the field.

    One side changed since ``agreed``: its value. Both did: the side of the policy, or a conflict,
    for which the agreed value stays. Nothing agreed yet: a filled value goes before an empty one.
    Numbers: Odoo's, if it has one, else Tribe's. The fields of an address are one value
    (``_address_winners``).

    Who moves abroad keeps the numbers: one that merely has the code of its country no more is the
    one that was agreed on, and a national form is read in the country of then, too.

    :param options: those of ``Rules``, of which ``policy`` is required
    """
    rules = Rules(**options)
    odoo, tribe = (_with_country(values, agreed or {}) for values in (odoo, tribe))
    sides = _Sides(agreed or {}, odoo, tribe)
    result = Merge(agreed=dict(sides.agreed))
    shared = [name for name in odoo if name in tribe]
    address = [name for name in shared if name in ADDRESS_FIELDS and name not in rules.apart]
    for name in shared:
        if name not in address:
            sides.move(result, name, _winner(sides, name, rules))
    for name, winner in _winners_of_address(sides, address, rules).items():
        sides.move(result, name, winner)
    older = {ADDRESS if name in address else name for name in rules.outdated}
    result.outdated.update(result.conflicts.keys() & older)
    return result


def _winner(sides: _Sides, name: str, rules: Rules) -> Winner:
    """The side whose value of a field goes, that is none of an address."""
    unit = ADDRESS if name in ADDRESS_FIELDS else name
    winner = sides.winner(name, rules.decided.get(unit, rules.policy_for(name)))
    if name in rules.only_odoo and winner in ("tribe", "ask"):
        return "odoo" if sides.has_odoo_changed(name) else "tribe"
    if name in rules.with_consent and winner == "tribe":
        return rules.decided.get(name, "ask")
    if name in rules.outdated and winner == "tribe" and name not in NUMBER_FIELDS:
        return _winner_of_outdated(unit, rules.outdated[name], rules.decided)
    return winner


def _winners_of_address(sides: _Sides, address: Collection[str], rules: Rules) -> dict[str, Winner]:
    """As ``_address_winners``, also where Tribe shows an older address than was agreed on."""
    policy = rules.policy_for(*address)
    winners = _address_winners(sides, address, policy, rules.decided, rules.only_odoo)
    from_tribe = [name for name, winner in winners.items() if winner == "tribe"]
    policies = {rules.outdated[name] for name in from_tribe if name in rules.outdated}
    if not policies or {*from_tribe} & {*rules.only_odoo}:
        return winners
    chosen = "ask" if "ask" in policies else policies.pop()
    winner = _winner_of_outdated(ADDRESS, chosen, rules.decided)
    return winners | {name: winner for name, each in winners.items() if each != "both"}


def _with_country(values: Mapping, agreed: Mapping) -> dict:
    """Some values, with the code of its country where a number had one that was agreed on."""
    return {
        name: agreed[name] if is_without_country(name, value, agreed.get(name)) else value
        for name, value in values.items()
    }


def _winner_of_outdated(unit: str, policy: Policy, decided: Mapping[str, Policy]) -> Policy:
    """Which side wins where Tribe shows, or may show, an older state than was agreed on."""
    return decided.get(unit, "odoo" if policy == "odoo" else "ask")


def address_line(values: Mapping) -> str | None:
    """An address as one line of text, the code of its country in brackets; None without one."""
    place = " ".join(filter(None, (clean(values.get(name)) for name in ("zip", "city"))))
    street, street2, state, country = (
        clean(values.get(name)) for name in ("street", "street2", "state_code", "country_code")
    )
    parts = ", ".join(filter(None, (street, street2, place, state)))
    return " ".join(filter(None, (parts, country and f"({country})"))) or None


def has_place(values: Mapping) -> bool:
    """Whether an address says where: a mere country does not."""
    return any(canonical(name, values.get(name)) is not None for name in _PLACE)


def value_of(name: str, values: Mapping) -> object:
    """The value of a field, or of ``ADDRESS``, as a conflict has it."""
    return address_line(values) if name == ADDRESS else values.get(name)


def leave_alone(
    merged: Merge,
    odoo: Mapping,
    tribe: Mapping,
    *,
    not_in_odoo: Mapping[str, str],
    not_in_tribe: Mapping[str, str],
) -> None:
    """Take back what a side cannot hold: each keeps what it has, and a note says why.

    ``not_in_odoo`` and ``not_in_tribe`` have a sentence per field. The side that cannot follow
    counts as agreed, so the field goes by itself once it can. Only a state goes with its country.
    """
    for values, refused, kept in (
        (merged.to_odoo, not_in_odoo, odoo),
        (merged.to_tribe, not_in_tribe, tribe),
    ):
        moves_abroad = "country_code" in values and "country_code" not in refused
        for name in [name for name in values if name in refused]:
            merged.agreed[name] = _value(name, kept)
            merged.notes[name] = refused[name]
            if name == "state_code" and moves_abroad and merged.agreed[name]:
                values[name] = merged.agreed[name] = None
            else:
                del values[name]


@dataclass(frozen=True)
class _Sides:
    """What both sides have, and what they last agreed on."""

    agreed: Mapping
    odoo: Mapping
    tribe: Mapping

    @cached_property
    def country(self) -> object:
        """The country in which values are compared: the one to which a side has moved, if any."""
        before, odoo, tribe = (
            # A side that does not show it has not moved.
            canonical("country_code", values.get("country_code", self.agreed.get("country_code")))
            for values in (self.agreed, self.odoo, self.tribe)
        )
        if before is None:
            return odoo or tribe
        return tribe if odoo == before else odoo

    def canonical(self, name: str, country: object = None) -> tuple:
        """What was agreed on, Odoo's value and Tribe's value of a field, to compare them.

        In a country, or in that of now.
        """
        values = (self.agreed, self.odoo, self.tribe)
        before, mine, theirs = (_compared(name, each, country or self.country) for each in values)
        return before, mine, theirs

    def winner(self, name: str, chosen: Policy) -> Winner:
        """The side whose value of a field goes; ``chosen`` where both changed it."""
        before, mine, theirs = self.canonical(name)
        if mine == theirs:
            return "both"
        if name in NUMBER_FIELDS:
            return "tribe" if mine is None else "odoo"
        if name not in self.agreed or name in REQUIRED_FIELDS:
            if mine is None:
                return "tribe"
            if theirs is None:
                return "odoo"
        countries = (None, self.agreed.get("country_code")) if name in self.agreed else ()
        for country in countries:
            before, mine, theirs = self.canonical(name, country)
            if theirs == before:
                return "odoo"
            if mine == before:
                return "tribe"
        return chosen

    def has_odoo_changed(self, name: str) -> bool:
        """Whether Odoo has another value than both agreed on."""
        before, mine, _theirs = self.canonical(name)
        return name in self.agreed and before != mine

    def is_filled_in(self, name: str) -> bool:
        """Whether one side has what the other one lacks, and both lacked."""
        before, *now = self.canonical(name)
        return before is None and None in now

    def is_same(self, *names: str) -> bool:
        """Whether both sides have the same of some fields, and have them."""
        now = [self.canonical(name)[1:] for name in names]
        return all(mine is not None and mine == theirs for mine, theirs in now)

    def move(self, result: Merge, name: str, winner: str) -> None:
        """Note what the winner of a field means."""
        mine, theirs = _value(name, self.odoo), _value(name, self.tribe)
        if winner == "ask":
            unit = ADDRESS if name in ADDRESS_FIELDS else name
            result.conflicts[unit] = value_of(unit, self.odoo), value_of(unit, self.tribe)
            result.changed.update({unit} if name in self.agreed else ())
            return
        if winner == "odoo":
            result.to_tribe[name] = mine
        if winner == "tribe":
            result.to_odoo[name] = theirs
        result.agreed[name] = theirs if winner == "tribe" else mine


def _compared(name: str, values: Mapping, country: object) -> object:
    """A value to compare; a state is one of its own country, whose codes others have as well."""
    value = canonical(name, values.get(name), country)
    if name == "state_code" and value is not None:
        return canonical("country_code", values.get("country_code") or country), value
    return value


def _address_winners(
    sides: _Sides,
    names: Collection[str],
    policy: Policy,
    decided: Mapping[str, Policy],
    only_odoo: Collection[str],
) -> dict[str, Winner]:
    """Which side wins each field of an address.

    All from one side, unless each only fills in what the other lacks: a whole address is chosen.
    """
    winners: dict[str, Winner] = {name: sides.winner(name, "ask") for name in names}
    differing = [name for name in names if winners[name] != "both"]
    votes = {winners[name] for name in differing}
    if votes <= {"odoo"} or votes == {"tribe"}:
        return winners
    if "ask" not in votes and _complete_each_other(sides, differing):
        return winners
    winner = _only_one_that_says_where(sides, names) or decided.get(ADDRESS)
    if not winner and all(name in decided for name in differing):
        # Before an address was asked about as a whole, its fields were.
        return winners | {name: decided[name] for name in differing}
    winner = winner or policy
    if winner != "odoo" and any(name in only_odoo for name in differing):
        winner = "odoo" if any(map(sides.has_odoo_changed, differing)) else "tribe"
    return winners | dict.fromkeys(differing, winner)


def _complete_each_other(sides: _Sides, differing: Collection[str]) -> bool:
    """Whether two addresses are of one place, and only fill in what the other one lacks."""
    is_one_place = sides.is_same("zip") or sides.is_same("street", "city")
    return is_one_place and all(map(sides.is_filled_in, differing))


def _only_one_that_says_where(sides: _Sides, names: Collection[str]) -> Policy | None:
    """The side that has an address, where there was none and the other has a mere country."""
    before, odoo, tribe = (
        any(canonical(name, values.get(name)) is not None for name in _PLACE if name in names)
        for values in (sides.agreed, sides.odoo, sides.tribe)
    )
    if before or odoo == tribe:
        return None
    return "odoo" if odoo else "tribe"


def _value(name: str, values: Mapping) -> object:
    value = values[name]
    if name == "active":
        return bool(value)
    return None if value is False or value == "" else value
