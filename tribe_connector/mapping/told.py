"""What Tribe was told of a record, until a read shows it: its queries may lag behind its writes.

Each value that is told is kept with the ones that Tribe had before. A read that shows one of those
is an old copy, for as long as Tribe may need; whatever else it shows is newer than what was told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .normalization import canonical, moment

# Whoever changes one value more often within the time of a lag is a program.
MOST_BEFORE = 10
_DECIMALS = re.compile(r"\.(\d{1,9})", re.ASCII)
# What a read shows of a value that was told.
SHOWN, OLD, NEWER, UNSURE = "shown", "old", "newer", "unsure"


@dataclass(frozen=True)
class Seen:
    """What a read shows of what was told.

    ``hidden`` is what Tribe has by now although the read shows what it had before, ``arrived``
    what it has although its answer was lost, and ``told`` what is still to be seen. ``ours`` names
    what nobody has edited in Tribe since it was told: it has what it was told, or had before.
    ``is_old``: the read is an old copy; ``is_news``: it is the first to show something that was
    told.
    """

    hidden: dict = field(default_factory=dict)
    arrived: dict = field(default_factory=dict)
    told: dict = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    is_old: bool = False
    is_news: bool = False


def tell(told: Mapping | None, values: Mapping, before: Mapping, moment: str) -> dict:
    """What is to be kept before Tribe is told of some values.

    ``told`` is what was kept so far, ``before`` what Tribe has as far as we know, ``moment`` now.
    """
    kept = {name: _entry(entry) for name, entry in (told or {}).items()}
    for name, value in values.items():
        earlier = [before.get(name)]
        if name in kept:
            earlier = [*kept[name]["before"], kept[name]["value"], *earlier]
        kept[name] = {
            "value": value,
            "before": _distinct(name, earlier)[-MOST_BEFORE:],
            "at": moment,
            "is_answered": False,
        }
    return kept


def answer(told: Mapping | None, values: Mapping, stamps: Mapping) -> dict:
    """What is to be kept once Tribe has answered that it has some values.

    ``stamps`` has the mutation dates of the records that were written, where the answer tells
    another one than the record had.
    """
    kept = dict(told or {})
    for name, value in values.items():
        if name in kept:
            kept[name] = {**kept[name], "value": value, "is_answered": True}
            if stamps.get(name):
                kept[name]["stamp"] = stamps[name]
    return kept


def without_unanswered(told: Mapping, since: str) -> dict:
    """What was told, but for what Tribe never answered to and was told before ``since``."""
    return {
        name: entry
        for name, entry in told.items()
        if _entry(entry)["is_answered"] or _entry(entry)["at"] > since
    }


def is_unanswered(told: Mapping | None) -> bool:
    """Whether Tribe was told of something, and its answer is not known."""
    return any(not _entry(entry)["is_answered"] for entry in (told or {}).values())


def before_telling(told: Mapping | None, name: str) -> list:
    """What Tribe had of a value before it was told another one, which may not show yet."""
    return list(_entry((told or {})[name])["before"]) if name in (told or {}) else []


def oldest(told: Mapping) -> str:
    """When the first of what is still to be seen was told, as far as that was kept."""
    return min(filter(None, (_entry(entry)["at"] for entry in told.values())))


def is_before(stamp: object, other: object) -> bool:
    """Whether one mutation date is earlier than another; not where one cannot be read."""
    try:
        return _instant(stamp) < _instant(other)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _instant(stamp: str) -> tuple[datetime, str]:
    """A moment and its decimals, which not every Python reads."""
    decimals = _DECIMALS.search(stamp)
    return moment(stamp), decimals[1].ljust(9, "0") if decimals else "0" * 9


def look(
    told: Mapping | None,
    shown: Mapping,
    *,
    stamps: Mapping,
    since: str,
    country_code: object = None,
) -> Seen:
    """Compare what a read shows with what Tribe was told.

    ``stamps`` has the mutation date of the record that each value was read from. What was told
    before ``since`` shows by now: whatever else is read is somebody's edit in Tribe.
    """
    entries = {name: _entry(entry) for name, entry in (told or {}).items() if name in shown}
    verdicts = {
        name: _verdict(name, entry, shown[name], stamps.get(name), since, country_code)
        for name, entry in entries.items()
    }
    by_verdict = {
        verdict: {name: entries[name] for name, each in verdicts.items() if each == verdict}
        for verdict in (OLD, SHOWN, UNSURE)
    }
    return Seen(
        hidden={n: e["value"] for n, e in by_verdict[OLD].items() if e["is_answered"]},
        arrived={n: e["value"] for n, e in by_verdict[SHOWN].items() if not e["is_answered"]},
        told=by_verdict[OLD] | by_verdict[UNSURE],
        ours=frozenset(
            name
            for name, entry in entries.items()
            if verdicts[name] in (SHOWN, OLD) or entry["at"] > since and verdicts[name] == UNSURE
        ),
        is_old=bool(by_verdict[OLD]),
        is_news=bool(by_verdict[SHOWN]),
    )


def _verdict(
    name: str, entry: Mapping, shown: object, stamp: object, since: str, country_code: object
) -> str:
    """What a read shows of one value: the one that was told, an old one, or something newer."""
    read = canonical(name, shown, country_code)
    is_before = read in (canonical(name, each, country_code) for each in entry["before"])
    is_over = entry["at"] <= since
    if read == canonical(name, entry["value"], country_code):
        # It may be what it had before as well: what came between is still to be seen then.
        return UNSURE if is_before and not is_over else SHOWN
    if is_before and not is_over and not _is_newer(stamp, entry):
        return OLD
    # It never arrived, or it did and somebody took it back: who tells it again will know.
    is_unknown = not entry["is_answered"] and (is_before or not entry["before"])
    return UNSURE if is_unknown else NEWER


def _is_newer(stamp: object, entry: Mapping) -> bool:
    """Whether a record was read as it was after what was told. Some tenants do not say."""
    written = entry.get("stamp")
    return isinstance(written, str) and isinstance(stamp, str) and stamp >= written


def _entry(written: object) -> dict:
    """What is kept of a value. Before the ones that Tribe had were kept, it was the value alone."""
    if isinstance(written, dict):
        return written
    return {"value": written, "before": [], "at": "", "is_answered": False}


def _distinct(name: str, values: list) -> list:
    by_canonical = {canonical(name, value): value for value in values}
    return list(by_canonical.values())
