"""Which side's value goes where, judged by what both sides last agreed on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from .normalization import canonical

Policy = Literal["odoo", "tribe", "ask"]

# Tribe's own Odoo link: a number made by Odoo overwrites Tribe's.
NUMBER_FIELDS: tuple[str, ...] = ("debtor_number", "creditor_number")
# Neither side accepts these empty.
REQUIRED_FIELDS: tuple[str, ...] = ("name",)


@dataclass(frozen=True)
class Merge:
    """What to write where.

    ``conflicts`` has ``(Odoo's value, Tribe's value)`` per field; ``agreed`` is what both sides
    hold once ``to_odoo`` and ``to_tribe`` are written. ``notes`` has a sentence for a person per
    field that could not go to a side, or is doubtful.
    """

    to_odoo: dict = field(default_factory=dict)
    to_tribe: dict = field(default_factory=dict)
    conflicts: dict[str, tuple] = field(default_factory=dict)
    agreed: dict = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def merge(
    agreed: Mapping | None,
    odoo: Mapping,
    tribe: Mapping,
    *,
    policy: Policy,
    decided: Mapping[str, Policy] | None = None,
    only_odoo: Collection[str] = (),
    with_consent: Collection[str] = (),
) -> Merge:
    """Compare the neutral values of both sides, field by field, where both have the field.

    One side changed since ``agreed``: its value. Both did: the policy's side, or a conflict
    (``"ask"``), for which the agreed value stays; ``decided`` says per field which side a person
    chose. Nothing agreed yet: a filled value goes before an empty one. Numbers: Odoo's, if it has
    one, else Tribe's.

    ``only_odoo`` are fields that Tribe's values never reach in Odoo: what Odoo changed goes to
    Tribe, what Tribe changed is for ``leave_alone``. ``with_consent`` are fields for which Tribe's
    value is a conflict until a person has decided, whatever the policy.
    """
    if policy not in get_args(Policy):
        raise ValueError(f"unknown policy {policy!r}")
    result = Merge(agreed=dict(agreed or {}))
    country = odoo.get("country_code") or tribe.get("country_code")
    for name in odoo:
        if name not in tribe:
            continue
        chosen = (decided or {}).get(name, policy)
        winner = _winner(name, agreed or {}, odoo, tribe, chosen, country)
        if name in only_odoo and winner in ("tribe", "ask"):
            winner = "odoo" if _changed(name, agreed or {}, odoo, country) else "tribe"
        elif name in with_consent and winner == "tribe":
            winner = (decided or {}).get(name, "ask")
        mine, theirs = _value(name, odoo), _value(name, tribe)
        if winner == "ask":
            result.conflicts[name] = (mine, theirs)
            continue
        if winner == "odoo":
            result.to_tribe[name] = mine
        if winner == "tribe":
            result.to_odoo[name] = theirs
        result.agreed[name] = theirs if winner == "tribe" else mine
    return result


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
    counts as agreed, so the field goes by itself once it can.
    """
    for values, refused, kept in (
        (merged.to_odoo, not_in_odoo, odoo),
        (merged.to_tribe, not_in_tribe, tribe),
    ):
        for name in [name for name in values if name in refused]:
            del values[name]
            merged.agreed[name] = _value(name, kept)
            merged.notes[name] = refused[name]


def _winner(
    name: str, agreed: Mapping, odoo: Mapping, tribe: Mapping, policy: Policy, country: object
) -> Policy | Literal["both"]:
    mine, theirs = (canonical(name, values[name], country) for values in (odoo, tribe))
    if mine == theirs:
        return "both"
    if name in NUMBER_FIELDS:
        return "tribe" if mine is None else "odoo"
    if name not in agreed or name in REQUIRED_FIELDS:
        if mine is None:
            return "tribe"
        if theirs is None:
            return "odoo"
    if name in agreed:
        before = canonical(name, agreed[name], country)
        if theirs == before:
            return "odoo"
        if mine == before:
            return "tribe"
    return policy


def _changed(name: str, agreed: Mapping, values: Mapping, country: object) -> bool:
    """Whether a side has another value than both agreed on."""
    before, now = (canonical(name, each.get(name), country) for each in (agreed, values))
    return name in agreed and before != now


def _value(name: str, values: Mapping) -> object:
    value = values[name]
    if name == "active":
        return bool(value)
    return None if value is False or value == "" else value
