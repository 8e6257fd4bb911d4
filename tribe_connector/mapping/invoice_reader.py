"""From an ``Activity_Invoice`` of Tribe to an ``Invoice``, or why it cannot be booked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

from .cents import DIGITS_OF_CENTS, coin_of, total_of
from .invoice import Invoice, InvoiceFields
from .invoice_lines import LineReader
from .invoice_totals import StatedTotals, TotalsDisagree, read_totals
from .invoice_values import EXACT_DECIMALS, id_of
from .normalization import ValueUnreadable, clean


def read_invoice(
    entity: Mapping,
    fields: InvoiceFields,
    *,
    timezone: str,
    digits: int,
    base_currency: str,
) -> Invoice:
    """Read an ``Activity_Invoice`` with ``Phase``, ``Relationship`` and ``ProductLines`` expanded.

    The lines need ``VatGroup`` and ``Product(GeneralLedgerAccount)``. ``timezone`` is that of the
    legal entity (``Europe/Amsterdam``): Tribe sends midnight of a day as an evening in UTC.
    ``digits`` are the decimals of the document's currency. When that is not ``base_currency``, or
    when Tribe's own base currency turns out to be another one, the amounts "in currency" count.
    Raises ``InvoiceUnreadable`` when something that a booking needs is missing, or when the totals
    do not add up.
    """
    return InvoiceReader(entity, fields, timezone, digits, base_currency).invoice()


def read_alone(
    entity: Mapping, fields: InvoiceFields, *, timezone: str, base_currency: str
) -> dict[str, str]:
    """What an invoice is known by (``invoice_facts``), of one that cannot be read whole.

    Each as far as it can be read by itself; the total is the one that Tribe names.
    """
    try:
        # Without its lines, which may be what is wrong with it.
        alone = {**entity, "ProductLines": []}
        reader = InvoiceReader(alone, fields, timezone, EXACT_DECIMALS, base_currency)
    except ValueUnreadable:
        return {}
    facts = {}
    for name, read in (
        ("number", reader.number),
        ("date", lambda: reader.required_date().isoformat()),
        ("customer", lambda: id_of(entity.get("Relationship"))),
        ("currency", lambda: reader.currency),
        ("total", lambda: f"{reader.named_total().normalize():f}"),
    ):
        try:
            facts[name] = read()
        except ValueUnreadable:
            continue
    return {name: value for name, value in facts.items() if value}


class InvoiceReader(LineReader):
    """Reads one invoice: its lines, and what Tribe states of it as a whole."""

    def invoice(self) -> Invoice:
        """All of it, checked: the lines add up to the totals."""
        entity, names = self.entity, self.names
        number, date = self.number(), self.required_date()
        if not self.currency:
            raise self.unreadable("invoice_without_currency")
        relationship_id = id_of(entity.get("Relationship"))
        if relationship_id is None:
            raise self.unreadable("invoice_without_customer")
        try:
            reading = read_totals([self.line(each) for each in self.rows()], self.stated_totals())
        except TotalsDisagree as error:
            raise self.unreadable(error.code, **error.parameters) from None
        phase = entity.get("Phase") or {}
        invoice = Invoice(
            tribe_id=str(entity["ID"]),
            number=number,
            date=date,
            due_date=self.date_of_entry(names.due_date),
            currency=self.currency,
            phase_id=id_of(phase),
            phase_code=clean(phase.get("Code")),
            relationship_id=relationship_id,
            legal_entity_id=id_of(self.named(entity, names.legal_entity)),
            subject=self.short(entity.get("Subject"), "invoice_subject_label"),
            reference=self.short(self.named(entity, names.reference), "invoice_reference_label"),
            credited_invoice_id=id_of(self.named(entity, names.credited)),
            lines=reading.lines,
            untaxed=reading.untaxed,
            vat=reading.vat,
            total=reading.total,
            is_vat_included=bool(entity.get("IsVatIncluded")),
            # Empty is not the same as no: a tenant may know only the phase.
            is_final=self.named(entity, names.final) is not False,
        )
        return self.with_sign_of_credit(invoice)

    def with_sign_of_credit(self, invoice: Invoice) -> Invoice:
        """The invoice; where Tribe marks a credit invoice, and writes it positive, negative."""
        if invoice.total <= 0:
            return invoice
        if self.named(self.entity, self.names.credit) is True:
            return invoice.negative()
        if invoice.credited_invoice_id:
            raise self.unreadable(
                "invoice_credit_not_negative",
            )
        return invoice

    def number(self) -> str:
        """Tribe's number of the invoice."""
        number = self.short(_whole(self.entity.get("Number")), "invoice_number_label")
        if number is None:
            raise self.unreadable("invoice_without_number")
        return number

    def required_date(self) -> datetime.date:
        """The invoice date."""
        date = self.date_of_entry(self.names.date)
        if date is None:
            raise self.unreadable(
                "invoice_without_date",
            )
        return date

    def stated_totals(self) -> StatedTotals:
        """What Tribe states of the invoice as a whole."""
        untaxed, vat, total = self.header_totals()
        rows = self.rows()

        def sum_of(name: str) -> Decimal:
            return total_of(self.exactly(row.get(name)) or Decimal(0) for row in rows)

        in_own_currency = (
            (sum_of("TotalExcludingVat"), sum_of("TotalIncludingVat"))
            if self.uses_amounts_in_currency
            else None
        )
        return StatedTotals(
            untaxed=untaxed,
            vat=vat,
            total=total,
            amount=self.exactly(self.entity.get("Amount")),
            discount=self.decimal(self.entity.get("DiscountPercentage")) or Decimal(0),
            is_vat_included=bool(self.entity.get("IsVatIncluded")),
            digits=self.digits,
            coin=coin_of(min(self.digits, DIGITS_OF_CENTS)),
            in_own_currency=in_own_currency,
            vat_less_discount=tuple(self.amount(row, "VatAmountIncludingDiscount") for row in rows),
        )

    def header_totals(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """What Tribe calls the net total, the VAT and the total of the invoice."""
        names = self.names
        chosen = (
            (names.untaxed_in_currency, names.vat_in_currency, names.total_in_currency)
            if self.uses_amounts_in_currency
            else (names.untaxed, names.vat, names.total)
        )
        untaxed, vat, total = (self.exactly(self.named(self.entity, name)) for name in chosen)
        return untaxed, vat, total

    def named_total(self) -> Decimal:
        """The total that Tribe names, negative where Tribe marks a credit invoice; 0 without."""
        total = self.header_totals()[2] or Decimal(0)
        return -abs(total) if self.named(self.entity, self.names.credit) is True else total


def _whole(value: object) -> object:
    # Some activity types have a numeric number, which arrives as 1601.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value
