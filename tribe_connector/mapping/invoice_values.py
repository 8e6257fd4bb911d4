"""Single values of an invoice as Tribe sends them: amounts, dates and texts, or why not.

Tribe sends money as floating-point numbers; here it is ``Decimal``, rounded to the currency.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from ..sentence import sentence
from .cents import rounded
from .invoice import EARLIEST_DATE, LARGEST_AMOUNT, LATEST_DATE, InvoiceFields, InvoiceUnreadable
from .normalization import check_length, clean, clean_lines, clean_start, moment

# Beyond what any currency needs; Decimal keeps 28 digits.
MOST_DECIMALS = 30
# What floating-point numbers are exact to: more decimals of an amount are noise.
EXACT_DECIMALS = 8
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class ValueReader:
    """Reads values of one invoice (``entity``), in its currency and its time zone."""

    def __init__(
        self, entity: Mapping, names: InvoiceFields, timezone: str, digits: int, base_currency: str
    ):
        self.entity = entity
        self.names = names
        self.zone = zoneinfo.ZoneInfo(timezone)
        self.digits = digits
        self.title = (
            clean_start(entity.get("Number"))
            or clean_start(entity.get("ID"))
            or sentence("without_number")
        )
        self.currency = (clean(entity.get("Currency")) or "").upper()
        self.uses_amounts_in_currency = (
            self.currency != base_currency.upper() or self.has_other_amounts_in_currency()
        )

    def has_other_amounts_in_currency(self) -> bool:
        """Whether the amounts "in currency" are others than those in Tribe's base currency.

        Then that is not the document's currency, whatever the company's is. The line has to say so
        too: left over from another currency, they must not be booked.
        """
        differing = [row for row in self.entity.get("ProductLines") or [] if self.differs(row)]
        for row in differing:
            if (clean(row.get("Currency")) or "").upper() != self.currency:
                raise self.unreadable(
                    "invoice_line_other_in_currency",
                    plain=self.money(row.get("TotalExcludingVat")),
                    other=self.money(row.get("TotalExcludingVatInCurrency")),
                    line=description_of(row),
                )
        return bool(differing)

    def differs(self, row: Mapping) -> bool:
        """Whether a line has another amount in currency than in Tribe's own."""
        in_currency = self.money(row.get("TotalExcludingVatInCurrency"))
        return bool(in_currency) and in_currency != self.money(row.get("TotalExcludingVat"))

    def amount(self, row: Mapping, name: str) -> Decimal | None:
        """An amount of a line, in the document's currency; not rounded."""
        return self.exactly(row.get(self.amount_name(name)))

    def amount_name(self, name: str) -> str:
        """What the field with an amount in the document's currency is called."""
        return f"{name}InCurrency" if self.uses_amounts_in_currency else name

    def money(self, value: object) -> Decimal | None:
        """A rounded amount, None for what is empty."""
        amount = self.decimal(value)
        return None if amount is None else self.rounded(amount)

    def rounded(self, amount: Decimal) -> Decimal:
        """An amount in the coins of the document's currency."""
        return rounded(amount, self.digits)

    def exactly(self, value: object) -> Decimal | None:
        """An amount as Tribe has it, perhaps with more decimals than the currency."""
        amount = self.decimal(value)
        return None if amount is None else self.exact(amount)

    @staticmethod
    def exact(amount: Decimal) -> Decimal:
        return rounded(amount, EXACT_DECIMALS)

    def decimal(self, value: object) -> Decimal | None:
        """A number as Tribe wrote it; None for what is empty."""
        if value is None or isinstance(value, bool) or value == "":
            return None
        try:
            # The shortest text of a float is the number that Tribe wrote.
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if (
            not number.is_finite()
            or abs(number) > LARGEST_AMOUNT
            or int(number.as_tuple().exponent) < -MOST_DECIMALS
        ):
            raise self.unreadable(
                "invoice_amount_not_a_number",
                amount=str(value)[:40],
            )
        return number

    def date(self, value: object) -> datetime.date | None:
        """The day of a moment, in the time zone of the legal entity; None for what is empty."""
        text = clean(value)
        if text is None:
            return None
        try:
            return _date(text, self.zone)
        except (ValueError, OverflowError):
            raise self.unreadable(
                "invoice_date_unreadable",
                date=text[:40],
            ) from None

    def date_of_entry(self, name: str | None) -> datetime.date | None:
        """A date that the entry will bear; that of a line is text, and may be any."""
        date = self.date(self.named(self.entity, name))
        if date and not EARLIEST_DATE <= date <= LATEST_DATE:
            raise self.unreadable("invoice_date_out_of_range", date=date)
        return date

    def short(self, value: object, label: str) -> str | None:
        """A text that fits the field of Odoo, or None.

        :raises ValueUnreadable: with what it is called (code of a sentence)
        """
        text = clean(value)
        check_length(text, sentence(label))
        return text

    @staticmethod
    def named(entity: Mapping, name: str | None) -> object:
        """The value of a field that has another name in each tenant; None where it has none."""
        return entity.get(name) if name else None

    def unreadable(self, code: str, **parameters: object) -> InvoiceUnreadable:
        """Why the invoice cannot be booked, as an exception that names it."""
        return InvoiceUnreadable(sentence(code, invoice=self.title, **parameters))


def id_of(link: object) -> str | None:
    """The ID of an expanded navigation, or of a property that holds an ID."""
    return clean(link.get("ID") if isinstance(link, Mapping) else link)


def description_of(row: Mapping) -> str:
    """What a line is about, or at least the name of its product."""
    product = row.get("Product") or {}
    texts = (row.get("Description"), row.get("LocalizedDescription"), product.get("Name"))
    return next(filter(None, map(clean_lines, texts)), "") or ""


def _date(text: str, zone: zoneinfo.ZoneInfo) -> datetime.date:
    if _DATE.fullmatch(text):
        return datetime.date.fromisoformat(text)
    return moment(text).astimezone(zone).date()
