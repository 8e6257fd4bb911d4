"""What a listing shows of an invoice: by that it is known whether it changed since it was read."""

from __future__ import annotations

import datetime
import hashlib
import json
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .invoice import InvoiceFields
from .normalization import moment

DATES = ("CreationDate", "LastMutationDate")
_ALWAYS = ("Number", "Currency", *DATES)
# Where a tenant has it: what it means is not known, that it changed is.
_AMOUNT = "Amount"
_NAVIGATIONS = ("Phase", "Relationship")
_LEADING = ("legal_entity", "credited")
_TOTALS = ("total", "total_in_currency")


@dataclass(frozen=True)
class Sight:
    """One invoice as a listing shows it; ``state`` is another whenever anything of that is.

    ``is_bare``: nothing but the ID can be read. ``totals`` are those that it may be booked with.
    ``facts`` are those of ``tribe_facts`` that it shows, and which invoice it credits. ``changed``
    is the last date of a change that it bears (aware).
    """

    tribe_id: str
    state: str
    date: datetime.date | None
    phase_id: str | None
    totals: frozenset[Decimal]
    is_bare: bool
    facts: Mapping[str, str]
    changed: datetime.datetime | None = None


def sight_options(names: InvoiceFields, known: Collection[str]) -> tuple[str, str]:
    """``$select`` and ``$expand`` for the rows of ``sight_of``.

    :param known: what Tribe's invoices have, as far as we know
    """
    expand = [f"{name}($select=ID)" for name in _navigations(names)]
    return ",".join(["ID", *_properties(names, known)]), ",".join(expand)


def sight_of(row: Mapping, names: InvoiceFields, known: Collection[str], timezone: str) -> Sight:
    """What a row shows; the same of a listing and of an invoice that was read as a whole."""
    shown = [_plain(row.get(name)) for name in _properties(names, known)]
    shown += [_id(row.get(name)) for name in _navigations(names)]
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, default=str)
    return Sight(
        tribe_id=row["ID"],
        state=hashlib.blake2b(text.encode(), digest_size=12).hexdigest(),
        date=shown_date(row, names, timezone),
        phase_id=_id(row.get("Phase")),
        totals=frozenset(_totals(row, names)),
        is_bare="Phase" not in row,
        facts=_facts(row, names, timezone),
        changed=max(filter(None, (_moment(row.get(name)) for name in DATES)), default=None),
    )


def shown_date(row: Mapping, names: InvoiceFields, timezone: str) -> datetime.date | None:
    """The date of an invoice, as far as a row shows it and it can be read."""
    return _date(row.get(names.date) if names.date else None, timezone)


def start_of_day(date: datetime.date, timezone: str) -> datetime.datetime:
    """The moment in which a day begins somewhere (aware)."""
    midnight = datetime.time(tzinfo=zoneinfo.ZoneInfo(timezone))
    return datetime.datetime.combine(date, midnight)


def _properties(names: InvoiceFields, known: Collection[str]) -> list[str]:
    found = [name for key, name in names.as_dict().items() if name and key not in _LEADING]
    return list(dict.fromkeys([*_ALWAYS, *found, *({_AMOUNT} & set(known))]))


def _navigations(names: InvoiceFields) -> list[str]:
    found = [name for key, name in names.as_dict().items() if name and key in _LEADING]
    return list(dict.fromkeys([*_NAVIGATIONS, *found]))


def _plain(value: object) -> object:
    """A number is the same with a decimal point and without; one that no float holds is itself."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    return value


def _id(link: object) -> str | None:
    link = link.get("ID") if isinstance(link, Mapping) else link
    return link if isinstance(link, str) else None


def _totals(row: Mapping, names: InvoiceFields):
    for key in _TOTALS:
        name = names.as_dict()[key]
        value = row.get(name) if name else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield abs(Decimal(str(value)))


def _facts(row: Mapping, names: InvoiceFields, timezone: str) -> dict[str, str]:
    dates = {"date": names.date, "due_date": names.due_date}
    found = {key: _date(row.get(name), timezone) for key, name in dates.items() if name}
    facts = {
        "number": row.get("Number"),
        "customer": _id(row.get("Relationship")),
        "currency": row.get("Currency"),
        "credited": _id(row.get(names.credited)) if names.credited else None,
        **{key: date and date.isoformat() for key, date in found.items()},
    }
    return {key: value for key, value in facts.items() if isinstance(value, str)}


def _moment(value: object) -> datetime.datetime | None:
    try:
        return moment(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _date(value: Any, timezone: str) -> datetime.date | None:
    try:
        if len(value) == len("2026-01-01"):
            return datetime.date.fromisoformat(value)
        return moment(value).astimezone(zoneinfo.ZoneInfo(timezone)).date()
    except (AttributeError, OverflowError, TypeError, ValueError):
        return None
