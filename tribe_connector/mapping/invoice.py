"""A Tribe invoice as exact values. ``invoice_reader`` makes it of what Tribe sends.

Field names: docs/tribe-api.md, Invoices; those that differ per tenant are ``InvoiceFields``.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal

from ..sentence import sentence
from .cents import total_of, vat_by_group, vat_tolerance
from .normalization import ValueUnreadable

# Of Decimal's 28 digits some are left for the decimals.
LARGEST_AMOUNT = Decimal(10) ** 15
# Odoo reckons with years from the dates of an entry, and neither Python nor Odoo writes every year.
EARLIEST_DATE = datetime.date(1900, 1, 1)
LATEST_DATE = datetime.date(2999, 12, 31)


class InvoiceUnreadable(ValueUnreadable):
    """The invoice cannot be booked; the text names the invoice, the cause and the remedy."""


@dataclass(frozen=True)
class InvoiceFields:
    """What this tenant calls the fields that Tribe's public documentation does not name.

    ``legal_entity`` and ``credited`` are navigations, the others properties. ``None``: the
    tenant has no such field.
    """

    date: str | None = None
    due_date: str | None = None
    reference: str | None = None
    legal_entity: str | None = None
    untaxed: str | None = None
    vat: str | None = None
    total: str | None = None
    untaxed_in_currency: str | None = None
    vat_in_currency: str | None = None
    total_in_currency: str | None = None
    final: str | None = None
    credit: str | None = None
    credited: str | None = None

    @classmethod
    def from_dict(cls, names: Mapping[str, str | None]) -> InvoiceFields:
        """The inverse of ``as_dict``; unknown keys are ignored, empty names are ``None``."""
        return cls(**{each.name: names.get(each.name) or None for each in fields(cls)})

    def as_dict(self) -> dict[str, str | None]:
        """All names, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class InvoiceLine:
    """One product line. ``net_total`` and ``vat_amount`` are rounded, in the document's currency.

    ``price`` is per unit, as Tribe shows it; ``discount`` and ``vat_percentage`` are percentages.
    ``quantity`` is only 0 when ``net_total`` is 0.
    """

    tribe_id: str
    description: str
    extra_description: str | None
    quantity: Decimal
    price: Decimal
    discount: Decimal
    net_total: Decimal
    vat_amount: Decimal
    vat_percentage: Decimal | None
    vat_group_id: str | None
    ledger_account_id: str | None
    product_id: str | None
    product_code: str | None
    start_date: datetime.date | None
    end_date: datetime.date | None
    unit: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether this is a line of mere text: no amount, and no VAT group."""
        return not (self.vat_group_id or self.net_total or self.vat_amount)


@dataclass(frozen=True)
class Invoice:
    """An invoice whose lines add up to its totals, which are in ``currency`` and rounded.

    The amounts of a credit invoice are negative, however Tribe writes them.
    """

    tribe_id: str
    number: str
    date: datetime.date
    due_date: datetime.date | None
    currency: str
    phase_id: str | None
    phase_code: str | None
    relationship_id: str
    legal_entity_id: str | None
    subject: str | None
    reference: str | None
    credited_invoice_id: str | None
    lines: tuple[InvoiceLine, ...]
    untaxed: Decimal
    vat: Decimal
    total: Decimal
    is_vat_included: bool = False
    is_final: bool = True

    @property
    def is_credit(self) -> bool:
        """Whether this is a credit invoice: its total is negative, or that of what was free."""
        return self.total < 0 or (self.total == 0 and self.credited_invoice_id is not None)

    def vat_by_group(self, precision: int) -> dict[str | None, Decimal]:
        """VAT per VAT group, adding up to ``vat`` exactly. ``precision``: decimals of the currency.

        Raises ``InvoiceUnreadable`` for a rest of more than max(1, lines / 2) of the smallest coin.
        """
        lines = [line for line in self.lines if not line.is_text]
        tolerance = vat_tolerance(len(self.lines), precision)
        by_group = vat_by_group(lines, self.vat, precision, tolerance)
        if by_group is None:
            raise InvoiceUnreadable(
                sentence(
                    "invoice_vat_differs_from_lines",
                    invoice=self.number,
                    vat=self.vat,
                    lines=total_of(line.vat_amount for line in lines),
                )
            )
        return by_group

    def negative(self) -> Invoice:
        """The same with the amounts of a credit invoice."""
        return replace(
            self,
            lines=tuple(
                replace(
                    line,
                    price=-line.price,
                    net_total=-line.net_total,
                    vat_amount=-line.vat_amount,
                )
                for line in self.lines
            ),
            untaxed=-self.untaxed,
            vat=-self.vat,
            total=-self.total,
        )
