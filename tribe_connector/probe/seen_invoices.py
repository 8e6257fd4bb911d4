"""What some sent invoices show of how a tenant works."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping, Sequence

from ..mapping import ValueUnreadable, read_invoice
from .dating import CHANGED, ENOUGH, is_touched, touch
from .tenant import Tenant
from .totals import Totals, is_currency, most_common, shape_of

# No longer invoice is booked, and each line takes its time.
MOST_LINES = 500
# Lines whose dates are compared with those of their invoices.
MOST_TOUCHES = 100


class SeenInvoices:
    """What some sent invoices show. Nothing of an invoice is kept but words of ours, short marks
    and its ID: it may have any size.
    """

    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.names = tenant.names
        self.zone = zoneinfo.ZoneInfo(tenant.timezone)
        self.totals = Totals(tenant.names, tenant.digits)
        self.ids: set[str] = set()
        self.due, self.final, self.inclusive = [], [], []
        self.days: list[str] = []
        self.shapes: list[str] = []
        self.currencies: set[str] = set()
        self.readable: list[bool] = []
        self.touches: list[str | None] = []
        self.is_phase_undated = False

    def add(self, row: Mapping) -> None:
        if row["ID"] in self.ids or len(row.get("ProductLines") or ()) > MOST_LINES:
            return
        self.ids.add(row["ID"])
        self.totals.add(row)
        names = self.names
        if names.due_date:
            self.due.append(bool(row.get(names.due_date)))
        if names.final and row.get(names.final) is not None:
            self.final.append(row[names.final] is True)
        self.inclusive.append(row.get("IsVatIncluded") is True)
        if names.date and isinstance(row.get(names.date), str):
            self.days.append(_time_of_day(row[names.date], self.zone))
        if number := row.get("Number"):
            self.shapes.append(shape_of(str(number)))
        currency = row.get("Currency")
        if is_currency(currency):
            self.currencies.add(currency.upper())
        lines = [line for line in row.get("ProductLines") or () if line.get(CHANGED)]
        self.touches += [touch(line, row) for line in lines[: MOST_TOUCHES - len(self.touches)]]
        code = str((row.get("Phase") or {}).get("Code") or "")
        if code.lower() == "paid" and row.get(CHANGED) in (None, row.get("CreationDate")):
            self.is_phase_undated = True
        if names.date:
            self.readable.append(self.is_readable(row))

    def is_readable(self, row: Mapping) -> bool:
        currency = row.get("Currency")
        try:
            invoice = read_invoice(
                row,
                self.names,
                timezone=self.tenant.timezone,
                digits=self.tenant.digits(currency if isinstance(currency, str) else ""),
                base_currency=self.tenant.base_currency,
            )
            invoice.vat_by_group(self.tenant.digits(invoice.currency))
        except ValueUnreadable:
            return False
        return True

    def values(self):
        yield "due_date_filled", _how_often(self.due)
        # One or two may not be final by themselves.
        is_enough = any(self.final) or len(self.final) >= ENOUGH
        yield "final_filled", _how_often(self.final) if is_enough else None
        yield "prices_including", _how_often(self.inclusive)
        kinds = set(self.days)
        yield "invoice_day", kinds.pop() if len(kinds) == 1 else "other" if kinds else None
        yield "invoice_number", most_common(self.shapes)
        yield "currencies", ", ".join(sorted(self.currencies))
        often = {"always": "all", "sometimes": "some", "never": "none"}
        # One or two may be wrong by themselves.
        is_enough = any(self.readable) or len(self.readable) >= ENOUGH
        yield "totals", often.get(_how_often(self.readable)) if is_enough else None
        if self.is_phase_undated:
            yield "phase_touches", "no"
        yield "line_touches", is_touched(self.touches)
        for reading in self.totals.votes:
            yield reading, self.word(reading)

    def word(self, reading: str) -> str | None:
        word = self.totals.word(reading)
        if word == "mixed":
            # Several currencies cannot all be Tribe's own.
            return {"amount": "other", "base_currency": None}.get(reading, word)
        return word


def expand_of_invoices(tenant: Tenant) -> str:
    """What reading an invoice needs, as far as this tenant has it."""

    def has(entity_set: str, name: str) -> bool:
        return name in tenant.schema.get(entity_set, {"navigations": {}})["navigations"]

    names = tenant.names
    parts = ["Phase", "Relationship($select=ID)"]
    inner = []
    if has("ProductLine", "VatGroup"):
        inner.append("VatGroup($select=ID,Percentage)")
    if has("ProductLine", "Product"):
        inner.append("Product($select=ID,Name)")
    parts.append(f"ProductLines($expand={','.join(inner)})" if inner else "ProductLines")
    parts += [f"{name}($select=ID)" for name in (names.legal_entity, names.credited) if name]
    return ",".join(parts)


def _time_of_day(text: str, zone: zoneinfo.ZoneInfo) -> str:
    if len(text) == len("2026-01-01"):
        return "day"
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        here = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return "other"
    if here.time() == datetime.time():
        return "midnight_here"
    in_utc = moment.astimezone(datetime.timezone.utc)
    return "midnight_utc" if in_utc.time() == datetime.time() else "other"


def _how_often(flags: Sequence[bool]) -> str | None:
    if not flags:
        return None
    return "always" if all(flags) else "sometimes" if any(flags) else "never"
