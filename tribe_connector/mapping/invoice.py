"""A Tribe invoice as exact values, or the reason why it cannot be booked.

Tribe sends money as floating-point numbers; here it is ``Decimal``, rounded to the currency.
Field names: docs/tribe-api.md, Invoices; those that differ per tenant are ``InvoiceFields``.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ..sentence import sentence
from .invoice_totals import Told, TotalsDisagree, read_totals
from .normalization import ValueUnreadable, check_length, clean, clean_lines, clean_start, moment

# Beyond what any currency needs; Decimal keeps 28 digits.
MOST_DECIMALS = 30
LARGEST_AMOUNT = Decimal(10) ** 15
# Odoo reckons with years from the dates of an entry, and neither Python nor Odoo writes every year.
EARLIEST_DATE = datetime.date(1900, 1, 1)
LATEST_DATE = datetime.date(2999, 12, 31)
# What floating-point numbers are exact to: more decimals of an amount are noise.
EXACT_DECIMALS = 8


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

        Tribe does not say whether it rounds VAT per line or per group: both are tried. A rest of
        at most max(1, lines / 2) of the smallest coin goes to the taxed group with the largest
        net amount. Raises ``InvoiceUnreadable`` for more than that.
        """
        lines = [line for line in self.lines if not line.is_text]
        by_line = _sums((line.vat_amount, line.vat_group_id) for line in lines)
        if sum(by_line.values()) == self.vat:
            return by_line
        by_group = _rounded_per_group(lines, precision)
        if by_group is not None and sum(by_group.values()) == self.vat:
            return by_group
        return self._with_rest(by_line, precision)

    def _with_rest(
        self, by_line: dict[str | None, Decimal], precision: int
    ) -> dict[str | None, Decimal]:
        rest = self.vat - sum(by_line.values())
        allowed = max(Decimal(1), Decimal(len(self.lines)) / 2).scaleb(-precision)
        net = _sums((line.net_total, line.vat_group_id) for line in self.lines)
        taxed = [group for group, amount in by_line.items() if amount]
        if not taxed or abs(rest) > allowed:
            raise InvoiceUnreadable(
                sentence(
                    "invoice_vat_differs_from_lines",
                    invoice=self.number,
                    vat=self.vat,
                    lines=sum(by_line.values(), Decimal(0)),
                )
            )
        largest = max(taxed, key=lambda group: abs(net[group]))
        return {**by_line, largest: by_line[largest] + rest}


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
    return _Reader(entity, fields, timezone, digits, base_currency).invoice()


def read_alone(
    entity: Mapping, fields: InvoiceFields, *, timezone: str, base_currency: str
) -> dict[str, str]:
    """What an invoice is known by (``invoice_facts``), of one that cannot be read whole.

    Each as far as it can be read by itself; the total is the one that Tribe names.
    """
    try:
        # Without its lines, which may be what is wrong with it.
        alone = {**entity, "ProductLines": []}
        reader = _Reader(alone, fields, timezone, EXACT_DECIMALS, base_currency)
    except ValueUnreadable:
        return {}
    facts = {}
    for name, read in (
        ("number", reader.number),
        ("date", lambda: reader.required_date().isoformat()),
        ("customer", lambda: _id(entity.get("Relationship"))),
        ("currency", lambda: reader.currency),
        ("total", lambda: f"{reader.total().normalize():f}"),
    ):
        try:
            facts[name] = read()
        except ValueUnreadable:
            continue
    return {name: value for name, value in facts.items() if value}


class _Reader:
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
                    line=_description(row),
                )
        return bool(differing)

    def differs(self, row: Mapping) -> bool:
        in_currency = self.money(row.get("TotalExcludingVatInCurrency"))
        return bool(in_currency) and in_currency != self.money(row.get("TotalExcludingVat"))

    def invoice(self) -> Invoice:
        entity, names = self.entity, self.names
        number, date = self.number(), self.required_date()
        if not self.currency:
            raise self.unreadable("invoice_without_currency")
        relationship_id = _id(entity.get("Relationship"))
        if relationship_id is None:
            raise self.unreadable("invoice_without_customer")
        try:
            reading = read_totals([self.line(each) for each in self.rows()], self.told())
        except TotalsDisagree as error:
            raise self.unreadable(error.code, **error.parameters) from None
        phase = entity.get("Phase") or {}
        invoice = Invoice(
            tribe_id=str(entity["ID"]),
            number=number,
            date=date,
            due_date=self.date_of_entry(names.due_date),
            currency=self.currency,
            phase_id=_id(phase),
            phase_code=clean(phase.get("Code")),
            relationship_id=relationship_id,
            legal_entity_id=_id(self.named(entity, names.legal_entity)),
            subject=self.short(entity.get("Subject"), "invoice_subject_label"),
            reference=self.short(self.named(entity, names.reference), "invoice_reference_label"),
            credited_invoice_id=_id(self.named(entity, names.credited)),
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
            return _negative(invoice)
        if invoice.credited_invoice_id:
            raise self.unreadable(
                "invoice_credit_not_negative",
            )
        return invoice

    def number(self) -> str:
        number = self.short(_whole(self.entity.get("Number")), "invoice_number_label")
        if number is None:
            raise self.unreadable("invoice_without_number")
        return number

    def short(self, value: object, label: str) -> str | None:
        text = clean(value)
        check_length(text, sentence(label))
        return text

    def required_date(self) -> datetime.date:
        date = self.date_of_entry(self.names.date)
        if date is None:
            raise self.unreadable(
                "invoice_without_date",
            )
        return date

    def rows(self) -> list[Mapping]:
        if "ProductLines" not in self.entity:
            raise self.unreadable("invoice_without_lines")
        rows = self.entity["ProductLines"] or []
        return sorted(rows, key=lambda row: self.decimal(row.get("SortIndex")) or 0)

    def line(self, row: Mapping) -> InvoiceLine:
        """One line, with its amounts as Tribe has them: not rounded yet."""
        product = row.get("Product") or {}
        group = row.get("VatGroup") or {}
        quantity = self.decimal(row.get("Quantity"))
        percentage = self.decimal(row.get("VatPercentage"))
        if percentage is None:
            percentage = self.decimal(group.get("Percentage"))
        net = self.net(row, percentage)
        if net and quantity == 0:
            raise self.unreadable(
                "invoice_line_with_quantity_zero",
                net=self.rounded(net),
                line=_description(row),
            )
        return InvoiceLine(
            tribe_id=str(row.get("ID") or ""),
            description=_description(row),
            extra_description=clean_lines(row.get("ExtraDescription")),
            quantity=Decimal(1) if quantity is None else quantity,
            price=self.decimal(row.get(self.amount_name("Price"))) or Decimal(0),
            discount=self.decimal(row.get("DiscountPercentage")) or Decimal(0),
            net_total=net,
            vat_amount=self.line_vat(row, net, percentage),
            vat_percentage=percentage,
            vat_group_id=_id(group),
            ledger_account_id=_id(product.get("GeneralLedgerAccount")),
            product_id=_id(product),
            product_code=clean(product.get("Code")),
            start_date=self.date(row.get("StartDate")),
            end_date=self.date(row.get("EndDate")),
            unit=clean((product.get("Unit") or {}).get("Name")),
        )

    def net(self, row: Mapping, percentage: Decimal | None) -> Decimal:
        net = self.amount(row, "TotalExcludingVat")
        if net is not None:
            return net
        including = self.amount(row, "TotalIncludingVat")
        if including is not None and percentage is not None:
            net = self.exact(including * 100 / (100 + percentage))
            # Tribe's own VAT where that is it, to the cent.
            return including - self.fitting(self.vat_amounts(row), including - net)
        # A line of mere text has no amounts at all.
        if not self.decimal(row.get("Price")) and not self.decimal(row.get("PriceInCurrency")):
            return self.rounded(Decimal(0))
        raise self.unreadable(
            "invoice_line_without_total_in_currency",
            currency=self.currency,
            line=_description(row),
        )

    def line_vat(self, row: Mapping, net: Decimal, percentage: Decimal | None) -> Decimal:
        including = self.amount(row, "TotalIncludingVat")
        if including is not None:
            # Which of Tribe's two VAT amounts counts the discount is not said; the totals are
            # what the customer pays.
            return including - net
        amounts = self.vat_amounts(row)
        if percentage is not None and amounts:
            fitting = self.fitting(amounts, self.exact(net * percentage / 100))
            return fitting if fitting in amounts else self.other_vat(row, amounts, fitting)
        if amounts:
            return amounts[0]
        if not net:
            return self.rounded(Decimal(0))
        if percentage is None:
            raise self.unreadable(
                "invoice_line_without_vat",
                line=_description(row),
            )
        return self.exact(net * percentage / 100)

    def vat_amounts(self, row: Mapping) -> list[Decimal]:
        """Both VAT amounts of a line: which discounts they count is not said."""
        both = (self.amount(row, name) for name in ("VatAmount", "VatAmountIncludingDiscount"))
        return [amount for amount in both if amount is not None]

    def fitting(self, amounts: list[Decimal], calculated: Decimal) -> Decimal:
        """The amount that is what was calculated, but for its rounding; else that."""
        closest = min(amounts, key=lambda each: abs(each - calculated), default=calculated)
        is_rounded = abs(closest - calculated) <= Decimal(1).scaleb(-self.digits)
        return closest if is_rounded else calculated

    def other_vat(self, row: Mapping, amounts: list[Decimal], calculated: Decimal) -> Decimal:
        """The VAT of a line of which neither amount is that of its net amount.

        Where the first does not count the line's discount, the second counts that on the whole
        too; else the first is what Tribe says, also where the customer owes the VAT.
        """
        is_before_discount = bool(self.decimal(row.get("DiscountPercentage")))
        return calculated if len(set(amounts)) == 2 and is_before_discount else amounts[0]

    def told(self) -> Told:
        """What Tribe says of the invoice as a whole."""
        untaxed, vat, total = self.header_totals()
        rows = self.rows()

        def sum_of(name: str) -> Decimal:
            return sum((self.exactly(row.get(name)) or Decimal(0) for row in rows), Decimal(0))

        in_own_currency = (
            (sum_of("TotalExcludingVat"), sum_of("TotalIncludingVat"))
            if self.uses_amounts_in_currency
            else None
        )
        return Told(
            untaxed=untaxed,
            vat=vat,
            total=total,
            amount=self.exactly(self.entity.get("Amount")),
            discount=self.decimal(self.entity.get("DiscountPercentage")) or Decimal(0),
            is_vat_included=bool(self.entity.get("IsVatIncluded")),
            digits=self.digits,
            coin=Decimal(1).scaleb(-min(self.digits, 2)),
            in_own_currency=in_own_currency,
            vat_less_discount=tuple(self.amount(row, "VatAmountIncludingDiscount") for row in rows),
        )

    def header_totals(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        names = self.names
        chosen = (
            (names.untaxed_in_currency, names.vat_in_currency, names.total_in_currency)
            if self.uses_amounts_in_currency
            else (names.untaxed, names.vat, names.total)
        )
        untaxed, vat, total = (self.exactly(self.named(self.entity, name)) for name in chosen)
        return untaxed, vat, total

    def total(self) -> Decimal:
        """The total that Tribe names, negative where Tribe marks a credit invoice; 0 without."""
        total = self.header_totals()[2] or Decimal(0)
        return -abs(total) if self.named(self.entity, self.names.credit) is True else total

    def amount(self, row: Mapping, name: str) -> Decimal | None:
        return self.exactly(row.get(self.amount_name(name)))

    def amount_name(self, name: str) -> str:
        return f"{name}InCurrency" if self.uses_amounts_in_currency else name

    def money(self, value: object) -> Decimal | None:
        amount = self.decimal(value)
        return None if amount is None else self.rounded(amount)

    def rounded(self, amount: Decimal) -> Decimal:
        return _rounded(amount, self.digits)

    def exactly(self, value: object) -> Decimal | None:
        """An amount as Tribe has it, perhaps with more decimals than the currency."""
        amount = self.decimal(value)
        return None if amount is None else self.exact(amount)

    @staticmethod
    def exact(amount: Decimal) -> Decimal:
        return _rounded(amount, EXACT_DECIMALS)

    def decimal(self, value: object) -> Decimal | None:
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

    @staticmethod
    def named(entity: Mapping, name: str | None) -> object:
        return entity.get(name) if name else None

    def unreadable(self, code: str, **parameters: object) -> InvoiceUnreadable:
        return InvoiceUnreadable(sentence(code, invoice=self.title, **parameters))


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _date(text: str, zone: zoneinfo.ZoneInfo) -> datetime.date:
    if _DATE.fullmatch(text):
        return datetime.date.fromisoformat(text)
    return moment(text).astimezone(zone).date()


def _description(row: Mapping) -> str:
    product = row.get("Product") or {}
    texts = (row.get("Description"), row.get("LocalizedDescription"), product.get("Name"))
    return next(filter(None, map(clean_lines, texts)), "") or ""


def _negative(invoice: Invoice) -> Invoice:
    return replace(
        invoice,
        lines=tuple(
            replace(
                line,
                price=-line.price,
                net_total=-line.net_total,
                vat_amount=-line.vat_amount,
            )
            for line in invoice.lines
        ),
        untaxed=-invoice.untaxed,
        vat=-invoice.vat,
        total=-invoice.total,
    )


def _id(link: object) -> str | None:
    """The ID of an expanded navigation, or of a property that holds an ID."""
    return clean(link.get("ID") if isinstance(link, Mapping) else link)


def _whole(value: object) -> object:
    # Some activity types have a numeric number, which arrives as 1601.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _sums(amounts: Iterable[tuple[Decimal, str | None]]) -> dict[str | None, Decimal]:
    sums: dict[str | None, Decimal] = {}
    for amount, group in amounts:
        sums[group] = sums.get(group, Decimal(0)) + amount
    return sums


def _rounded_per_group(
    lines: Iterable[InvoiceLine], precision: int
) -> dict[str | None, Decimal] | None:
    """VAT of each group's net amount; ``None`` when a line has no percentage."""
    nets: dict[tuple[str | None, Decimal], Decimal] = {}
    for line in lines:
        if line.vat_percentage is None:
            return None
        key = (line.vat_group_id, line.vat_percentage)
        nets[key] = nets.get(key, Decimal(0)) + line.net_total
    return _sums(
        (_rounded(net * percentage / 100, precision), group)
        for (group, percentage), net in nets.items()
    )
