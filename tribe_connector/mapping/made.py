"""What one side made of the other's value: an automation, or Tribe, writes it its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .merge import NUMBER_FIELDS, Policy
from .normalization import canonical


class Made(NamedTuple):
    """Two values that count as the same once it is settled: nobody changed the one into the other.

    Until then Odoo's is still to be told to Tribe, once.
    """

    odoo: object
    tribe: object
    is_settled: bool


def made_of(
    known: Mapping[str, list],
    given: Mapping,
    before: Mapping,
    stored: Mapping,
    *,
    policy: Policy,
    country: object = None,
) -> dict[str, Made]:
    """What is known so far, after Odoo was given some values of Tribe.

    ``before`` is what Odoo had, ``stored`` what it has now. What Odoo made of a value right away
    differs from it. What comes back later, when a scheduled automation looks, is known by being
    what Odoo had before, but for capitals, spaces and punctuation.
    """
    result = {name: Made(*each) for name, each in known.items()}
    for name, value in given.items():
        if name not in stored:
            continue
        now, then = (canonical(name, each, country) for each in (stored[name], before.get(name)))
        wanted = canonical(name, value, country)
        if now != wanted:
            was_known = name in result and _is(name, result[name], stored[name], value, country)
            is_told = policy == "odoo" or name in NUMBER_FIELDS
            result[name] = Made(stored[name], value, was_known or not is_told)
        elif then != wanted and _folded(then) == _folded(wanted) is not None:
            result[name] = Made(before[name], value, False)
        elif name in result and canonical(name, result[name].odoo, country) != wanted:
            del result[name]
    return result


def as_odoo_has(made: Mapping[str, list], tribe: Mapping, country: object = None) -> dict:
    """Tribe's values, as Odoo makes them where that is settled: nobody changed those."""
    values = dict(tribe)
    for name, (odoo, theirs, is_settled) in made.items():
        if is_settled and name in values:
            is_same = canonical(name, values[name], country) == canonical(name, theirs, country)
            values[name] = odoo if is_same else values[name]
    return values


def made_after_telling(made: Mapping[str, list], to_tribe: Mapping) -> dict[str, Made]:
    """What is known after Tribe was told some values: what it makes of them now counts as well."""
    return {
        name: Made(odoo, tribe, is_settled or name in to_tribe)
        for name, (odoo, tribe, is_settled) in made.items()
    }


def agreed_on(made: Mapping[str, Made], given: Mapping, stored: Mapping) -> dict:
    """What both sides agree on after Odoo was given some values: what it stored, or, where that is
    still to be told to Tribe, what Tribe has."""
    return {
        name: given[name] if name in made and not made[name].is_settled else stored[name]
        for name in given
        if name in stored
    }


def _is(name, made, odoo, tribe, country):
    return all(
        canonical(name, one, country) == canonical(name, other, country)
        for one, other in ((made.odoo, odoo), (made.tribe, tribe))
    )


def _folded(value):
    if not isinstance(value, str):
        return None
    return "".join(each for each in value.casefold() if each.isalnum())
