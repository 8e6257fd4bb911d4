"""A Tribe invoice as exact values, or the reason why it cannot be booked.

Tribe sends money as floating-point numbers; here it is ``Decimal``, rounded to the currency.
Field names: docs/tribe-api.md, invoices; those that differ per tenant are ``InvoiceFields``.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ..sentence import sentence
from .header_discount import Reading, readings
from .normalization import ValueUnreadable, check_length, clean, clean_lines, clean_start, moment

# Beyond what any currency needs; Decimal keeps 28 digits.
MOST_DECIMALS = 30
LARGEST_AMOUNT = Decimal(10) ** 15


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
        """Whether this is a credit invoice: its total is negative."""
        return self.total < 0

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
        lines = tuple(self.line(each) for each in self.rows())
        if reading := self.reading_with_discount(lines):
            lines, untaxed, vat, total = reading.lines, reading.untaxed, reading.vat, reading.total
        else:
            lines = self.with_cents_of_groups(lines)
            untaxed, vat, total = self.totals(lines)
        phase = entity.get("Phase") or {}
        invoice = Invoice(
            tribe_id=str(entity["ID"]),
            number=number,
            date=date,
            due_date=self.date(self.named(entity, names.due_date)),
            currency=self.currency,
            phase_id=_id(phase),
            phase_code=clean(phase.get("Code")),
            relationship_id=relationship_id,
            legal_entity_id=_id(self.named(entity, names.legal_entity)),
            subject=self.short(entity.get("Subject"), "invoice_subject_label"),
            reference=self.short(self.named(entity, names.reference), "invoice_reference_label"),
            credited_invoice_id=_id(self.named(entity, names.credited)),
            lines=lines,
            untaxed=untaxed,
            vat=vat,
            total=total,
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
        date = self.date(self.named(self.entity, self.names.date))
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
        product = row.get("Product") or {}
        group = row.get("VatGroup") or {}
        net, quantity = self.net(row), self.decimal(row.get("Quantity"))
        percentage = self.decimal(row.get("VatPercentage"))
        if percentage is None:
            percentage = self.decimal(group.get("Percentage"))
        if net and quantity == 0:
            raise self.unreadable(
                "invoice_line_with_quantity_zero",
                net=net,
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

    def net(self, row: Mapping) -> Decimal:
        net = self.amount(row, "TotalExcludingVat")
        if net is not None:
            return net
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
        for name in ("VatAmount", "VatAmountIncludingDiscount"):
            amount = self.amount(row, name)
            if amount is not None:
                return amount
        if not net:
            return self.rounded(Decimal(0))
        if percentage is None:
            raise self.unreadable(
                "invoice_line_without_vat",
                line=_description(row),
            )
        return self.rounded(net * percentage / 100)

    def reading_with_discount(self, lines: tuple[InvoiceLine, ...]) -> Reading | None:
        """What agrees with Tribe's totals where the discount on the whole, or ``Amount``, decides.

        None: there is no such discount, and the totals by name are all that there is.
        """
        discount = self.decimal(self.entity.get("DiscountPercentage")) or Decimal(0)
        amount = self.only_amount()
        if not discount and amount is None:
            return None
        if amount is None and self.header_totals() == (None, None, None):
            raise self.unreadable(
                "invoice_discount_without_total",
                discount=discount,
            )
        factor = 1 - discount / 100
        as_they_are = self.first_that_agrees(lines, Decimal(1))
        reduced = self.first_that_agrees(lines, factor)
        if discount and self.fits_both(lines, factor, as_they_are, reduced):
            raise self.unreadable(
                "invoice_discount_ambiguous",
                discount=discount,
                amount=self.total_that_is_told(),
            )
        if as_they_are or reduced:
            self.check_amount(lines, discount, is_reduced=not as_they_are)
            return as_they_are or reduced
        if self.may_be_as_it_is(lines, factor):
            self.check_amount(lines, discount, is_reduced=False)
            return None
        raise self.disagrees(lines, discount)

    def fits_both(
        self,
        lines: tuple[InvoiceLine, ...],
        factor: Decimal,
        as_they_are: Reading | None,
        reduced: Reading | None,
    ) -> bool:
        """Whether the totals can be those with the discount and those without it."""
        if as_they_are and reduced:
            return as_they_are.untaxed != reduced.untaxed
        amount = self.only_amount()
        if amount is None or not (as_they_are or reduced):
            return False
        return self.is_in_base_currency(amount, Decimal(1) if reduced else factor)

    def check_amount(
        self, lines: tuple[InvoiceLine, ...], discount: Decimal, *, is_reduced: bool
    ) -> None:
        """Refuse an ``Amount`` that has the discount where the totals by name do not, or reverse.

        Any other one is not looked at: what it means is not documented.
        """
        amount = self.money(self.entity.get("Amount"))
        if not discount or not amount or self.only_amount() is not None:
            return
        factors = [Decimal(1), 1 - discount / 100]
        if is_reduced:
            factors.reverse()
        fits, fits_other = (self.may_mean(amount, lines, each) for each in factors)
        if fits_other and not fits:
            raise self.unreadable(
                "invoice_discount_in_one_total",
                discount=discount,
                total=self.total_that_is_told(),
                amount=amount,
            )

    def may_mean(self, amount: Decimal, lines: tuple[InvoiceLine, ...], factor: Decimal) -> bool:
        return self.is_in_base_currency(amount, factor) or any(
            amount in (reading.untaxed, reading.total) for reading in self.readings(lines, factor)
        )

    def only_amount(self) -> Decimal | None:
        """``Amount``, where Tribe gives no other total of the invoice.

        Not documented: with or without VAT, in the document's currency or Tribe's own.
        """
        untaxed, _vat, total = self.header_totals()
        is_only = untaxed is None and total is None
        return self.money(self.entity.get("Amount")) if is_only else None

    def first_that_agrees(self, lines: tuple[InvoiceLine, ...], factor: Decimal) -> Reading | None:
        return next(filter(self.agrees, self.readings(lines, factor)), None)

    def readings(self, lines: tuple[InvoiceLine, ...], factor: Decimal) -> Iterable[Reading]:
        is_vat_included = bool(self.entity.get("IsVatIncluded"))
        return readings(lines, factor, is_vat_included=is_vat_included, digits=self.digits)

    def agrees(self, reading: Reading) -> bool:
        """Whether a reading has every total that Tribe gives."""
        read = (reading.untaxed, reading.vat, reading.total)
        agrees = (
            of_tribe in (None, amount)
            for of_tribe, amount in zip(self.header_totals(), read, strict=True)
        )
        return all(agrees) and self.only_amount() in (None, reading.untaxed, reading.total)

    def may_be_as_it_is(self, lines: tuple[InvoiceLine, ...], factor: Decimal) -> bool:
        """Whether the lines' net amounts are right, though a total is not so to the cent.

        VAT has cents to spare (``totals``), and so has an ``Amount`` in Tribe's own currency.
        """
        untaxed, amount = self.header_totals()[0], self.only_amount()
        if amount is None:
            return untaxed is not None and untaxed == _net(self.with_cents_of_groups(lines))
        is_whole, is_reduced = (self.is_in_base_currency(amount, by) for by in (1, factor))
        return is_whole and (factor == 1 or not is_reduced)

    def is_in_base_currency(self, amount: Decimal, factor: Decimal | int) -> bool:
        """Whether an amount can be that of the lines in Tribe's own currency, if it is another."""
        if not self.uses_amounts_in_currency:
            return False
        rows = self.rows()
        spare = Decimal(len(rows) + 1).scaleb(-self.digits) / 2
        for name in ("TotalExcludingVat", "TotalIncludingVat"):
            whole = sum((self.money(row.get(name)) or Decimal(0) for row in rows), Decimal(0))
            if abs(whole * factor - amount) <= spare:
                return True
        return False

    def total_that_is_told(self) -> Decimal | None:
        untaxed, vat, total = self.header_totals()
        told = (self.only_amount(), untaxed, total, vat)
        return next((amount for amount in told if amount is not None), None)

    def disagrees(self, lines: tuple[InvoiceLine, ...], discount: Decimal) -> InvoiceUnreadable:
        whole = next(iter(self.readings(lines, Decimal(1))))
        if not discount:
            return self.unreadable(
                "invoice_amount_differs_from_lines",
                amount=self.total_that_is_told(),
                untaxed=whole.untaxed,
                total=whole.total,
            )
        reduced = next(iter(self.readings(lines, 1 - discount / 100)))
        return self.unreadable(
            "invoice_amount_differs_from_lines_with_discount",
            amount=self.total_that_is_told(),
            untaxed=whole.untaxed,
            total=whole.total,
            reduced=reduced.untaxed,
            reduced_total=reduced.total,
            discount=discount,
        )

    def with_cents_of_groups(self, lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
        """The lines, adding up to the net amount of an invoice whose prices include VAT.

        Where Tribe takes the VAT out of each VAT group, the groups round otherwise than the lines.
        What the customer pays stays; a cent moves between net and VAT of each line that is needed,
        the largest first. All of them on one line could turn its sign.
        """
        untaxed, vat, total = self.header_totals()
        if untaxed is None and vat is not None and total is not None:
            untaxed = total - vat
        if untaxed is None or not self.entity.get("IsVatIncluded") or _net(lines) == untaxed:
            return lines
        moved = self.vat_out_of_groups(lines)
        return moved if _net(moved) == untaxed else lines

    def vat_out_of_groups(self, lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
        groups: dict[tuple[str | None, Decimal], list[int]] = {}
        for index, line in enumerate(lines):
            key = (line.vat_group_id, line.vat_percentage or Decimal(0))
            groups.setdefault(key, []).append(index)
        moved = list(lines)
        for (_group, percentage), indexes in groups.items():
            vat = sum(lines[index].vat_amount for index in indexes)
            including = sum(lines[index].net_total for index in indexes) + vat
            rest = self.rounded(including * percentage / (100 + percentage)) - vat
            largest_first = sorted(indexes, key=lambda index: -abs(lines[index].net_total))
            cent = Decimal(1).scaleb(-self.digits).copy_sign(rest)
            for index in largest_first[: int(rest / cent)]:
                line = lines[index]
                moved[index] = replace(
                    line, net_total=line.net_total - cent, vat_amount=line.vat_amount + cent
                )
        return tuple(moved)

    def totals(self, lines: Iterable[InvoiceLine]) -> tuple[Decimal, Decimal, Decimal]:
        net_of_lines = sum((line.net_total for line in lines), self.rounded(Decimal(0)))
        vat_of_lines = sum((line.vat_amount for line in lines), self.rounded(Decimal(0)))
        untaxed, vat, total = self.header_totals()
        if untaxed is None:
            untaxed = net_of_lines
        if vat is None:
            vat = vat_of_lines if total is None else total - untaxed
        if total is None:
            total = untaxed + vat
        if untaxed != net_of_lines:
            raise self.unreadable(
                "invoice_untaxed_differs_from_lines",
                untaxed=untaxed,
                lines=net_of_lines,
            )
        if untaxed + vat != total:
            raise self.unreadable(
                "invoice_total_differs_from_sum",
                total=total,
                untaxed=untaxed,
                vat=vat,
                sum=untaxed + vat,
            )
        return untaxed, vat, total

    def header_totals(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        names = self.names
        chosen = (
            (names.untaxed_in_currency, names.vat_in_currency, names.total_in_currency)
            if self.uses_amounts_in_currency
            else (names.untaxed, names.vat, names.total)
        )
        untaxed, vat, total = (self.money(self.named(self.entity, name)) for name in chosen)
        return untaxed, vat, total

    def amount(self, row: Mapping, name: str) -> Decimal | None:
        return self.money(row.get(self.amount_name(name)))

    def amount_name(self, name: str) -> str:
        return f"{name}InCurrency" if self.uses_amounts_in_currency else name

    def money(self, value: object) -> Decimal | None:
        amount = self.decimal(value)
        return None if amount is None else self.rounded(amount)

    def rounded(self, amount: Decimal) -> Decimal:
        return _rounded(amount, self.digits)

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
            or number.as_tuple().exponent < -MOST_DECIMALS
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


def _net(lines: Iterable[InvoiceLine]) -> Decimal:
    return sum((line.net_total for line in lines), Decimal(0))


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
