"""What some invoices tell of how a tenant calculates. Pure; each invoice is looked at and let go.

An invoice tells something only where the possible ways come to different amounts; it votes then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ..mapping import InvoiceFields
from ..mapping.invoice import LARGEST_AMOUNT

CENT = Decimal("0.01")
# What floating-point numbers are exact to, of amounts of money.
NOISE = Decimal("0.0000001")
DIGITS_OF_CENTS = 2


class Totals:
    """Counts the votes of invoices: ``votes[reading][word]``."""

    def __init__(self, names: InvoiceFields, digits: Callable[[str], int]):
        """
        :param digits: the decimals of a currency by its code
        """
        self._names = names
        self._digits = digits
        self.votes: dict[str, Counter] = {}

    def add(self, invoice: Mapping) -> None:
        """Look at one invoice with its ``ProductLines``."""
        looked_at = _Invoice(invoice, self._names, self._digits)
        if not looked_at.lines:
            return
        for reading, words in looked_at.votes():
            self.votes.setdefault(reading, Counter()).update(words)

    def word(self, reading: str) -> str | None:
        """What the invoices tell of a reading: one word, ``mixed``, or nothing."""
        words = list(self.votes.get(reading, ()))
        if len(words) > 1:
            # One line that is not rounded is enough: others may be whole by chance.
            return {"line_totals": "unrounded", "coins": "own"}.get(reading, "mixed")
        return words[0] if words else None


class _Invoice:
    """One invoice: amounts in its own currency where Tribe has them, else the plain ones."""

    def __init__(self, row: Mapping, names: InvoiceFields, digits: Callable[[str], int]):
        self.row = row
        self.names = names
        self.currency = row.get("Currency") if isinstance(row.get("Currency"), str) else ""
        self.digits = digits(self.currency)
        rows = [each for each in row.get("ProductLines") or () if isinstance(each, Mapping)]
        self.uses_own = any(each.get("TotalExcludingVatInCurrency") is not None for each in rows)
        self.lines = [_Line(each, "InCurrency" if self.uses_own else "") for each in rows]
        self.discount = _percentage(row.get("DiscountPercentage")) or Decimal(0)
        self.factor = 1 - self.discount / 100
        self.is_inclusive = row.get("IsVatIncluded") is True

    def votes(self):
        yield "amount", self.amount()
        yield "line_totals", self.line_totals()
        yield "coins", self.coins()
        yield "base_currency", self.base_currency()
        yield "credits", self.credits()
        yield "header_discount", self.header_discount()
        yield "vat_rounding", self.vat_rounding()
        yield "line_vat", self.line_vat()
        yield "line_vat_discount", self.line_vat_discount()

    # What Tribe tells

    def header(self, plain: str) -> Decimal | None:
        """A total of the invoice by its meaning: ``untaxed``, ``vat`` or ``total``."""
        meaning = f"{plain}_in_currency" if self.uses_own else plain
        name = self.names.as_dict()[meaning]
        return _decimal(self.row.get(name)) if name else None

    def sum(self, name: str) -> Decimal | None:
        amounts = [getattr(line, name) for line in self.lines]
        return None if None in amounts else sum(amounts, Decimal(0))

    @property
    def spare(self) -> Decimal:
        """What rounding each line may come to."""
        return CENT * (len(self.lines) + 1) / 2

    # Votes

    def amount(self):
        amount = _decimal(self.row.get("Amount"))
        untaxed, total = self.header("untaxed"), self.header("total")
        if untaxed is None and not self.discount:
            untaxed = self.sum("net")
        if total is None and not self.discount:
            total = self.sum("paid")
        if amount is None:
            return ["nothing"] if "Amount" in self.row and total else []
        if None in (untaxed, total) or _is(untaxed, total):
            return []
        if _is(amount, total):
            return ["including"]
        return ["excluding"] if _is(amount, untaxed) else ["other"]

    def line_totals(self):
        coin = Decimal(1).scaleb(-max(self.digits, DIGITS_OF_CENTS))
        words = []
        for line in self.lines:
            amounts = [each for each in (line.net, line.paid) if each is not None]
            if any(abs(each - _rounded(each, coin)) > NOISE for each in amounts):
                words.append("unrounded")
            elif line.is_price_unrounded(self.factor, coin):
                words.append("rounded")
        return words

    def coins(self):
        """In a currency without cents, or with smaller coins."""
        if self.digits == DIGITS_OF_CENTS or not self.currency:
            return []
        amounts = [self.header(each) for each in ("untaxed", "vat", "total")]
        amounts = [each for each in amounts if each is not None]
        has_smaller = any(abs(each - _rounded(each, CENT)) > NOISE for each in amounts)
        has_cents = any(abs(each - _rounded(each, Decimal(1))) > NOISE for each in amounts)
        if self.digits > DIGITS_OF_CENTS:
            return ["own"] if has_smaller else []
        if has_cents:
            return ["cents"]
        exact = any(line.is_price_unrounded(self.factor, Decimal(1)) for line in self.lines)
        return ["own"] if amounts and exact else []

    def base_currency(self):
        name = "TotalExcludingVat"
        pairs = [
            (_decimal(line.row.get(name)), _decimal(line.row.get(f"{name}InCurrency")))
            for line in self.lines
        ]
        filled = [pair for pair in pairs if None not in pair and any(pair)]
        are_same = filled and all(_is(plain, own) for plain, own in filled)
        return [self.currency.upper()] if are_same and is_currency(self.currency) else []

    def credits(self):
        total = self.header("total")
        total = self.sum("paid") if total is None else total
        if total is None or not total:
            return []
        marked = self.names.credit and self.row.get(self.names.credit) is True
        credited = self.names.credited and self.row.get(self.names.credited)
        if total < 0:
            return ["negative"]
        return ["positive"] if marked or credited else []

    def header_discount(self):
        if not self.discount:
            return []
        whole = self.sum("paid" if self.is_inclusive else "net")
        told = self.header("total" if self.is_inclusive else "untaxed")
        if whole is None or abs(whole - whole * self.factor) <= 2 * self.spare:
            return []
        if told is not None:
            if abs(told - whole) <= self.spare:
                return ["lines"]
            return ["header"] if abs(told - whole * self.factor) <= self.spare else []
        priced = [line.priced() for line in self.lines]
        if None in priced:
            return []
        priced = sum(priced, Decimal(0))
        if abs(whole - priced * self.factor) <= self.spare:
            return ["lines"]
        return ["header"] if abs(whole - priced) <= self.spare else []

    def vat_rounding(self):
        """Whether the VAT is that of each line, or of each VAT group, where these differ."""
        if self.discount or "unrounded" in self.line_totals():
            return []
        if not all(line.has_vat_of_its_rate(self.is_inclusive) for line in self.lines):
            return []
        told = self.header("vat")
        if told is None:
            total, untaxed = self.header("total"), self.header("untaxed")
            untaxed = self.sum("net") if untaxed is None and not self.is_inclusive else untaxed
            total = self.sum("paid") if total is None and self.is_inclusive else total
            if None in (total, untaxed):
                return []
            told = total - untaxed
        coin = Decimal(1).scaleb(-min(self.digits, DIGITS_OF_CENTS))
        per_line = sum((_rounded(line.vat, coin) for line in self.lines), Decimal(0))
        groups: dict = {}
        for line in self.lines:
            base = line.paid if self.is_inclusive else line.net
            groups[line.rate] = groups.get(line.rate, Decimal(0)) + base
        per_group = sum(
            (
                _rounded(base * rate / (100 + rate if self.is_inclusive else 100), coin)
                for rate, base in groups.items()
            ),
            Decimal(0),
        )
        if _is(per_line, per_group):
            return []
        if _is(told, per_line):
            return ["line"]
        return ["group"] if _is(told, per_group) else []

    def line_vat(self):
        for line in self.lines:
            told = line.amount("VatAmount")
            if not line.discount or None in (told, line.net, line.paid) or not line.vat:
                continue
            before = line.vat / (1 - line.discount / 100) if line.discount < 100 else None
            if before is None or abs(before - line.vat) <= 3 * CENT:
                continue
            if abs(told - line.vat) <= CENT:
                yield "after_discount"
            elif abs(told - before) <= 2 * CENT:
                yield "before_discount"

    def line_vat_discount(self):
        """Only where the lines' totals do not have the discount on the whole already."""
        if list(self.header_discount()) != ["header"]:
            return
        for line in self.lines:
            told = line.amount("VatAmountIncludingDiscount")
            if None in (told, line.net, line.paid) or abs(line.vat * self.discount) <= 3:
                continue
            if abs(told - line.vat) <= CENT:
                yield "line"
            elif abs(told - line.vat * self.factor) <= CENT:
                yield "whole"


class _Line:
    def __init__(self, row: Mapping, suffix: str):
        self.row = row
        self.suffix = suffix
        self.net = self.amount("TotalExcludingVat")
        self.paid = self.amount("TotalIncludingVat")
        self.discount = _percentage(row.get("DiscountPercentage")) or Decimal(0)
        self.rate = _percentage(row.get("VatPercentage"))

    @property
    def vat(self) -> Decimal:
        return self.paid - self.net

    def amount(self, name: str) -> Decimal | None:
        return _decimal(self.row.get(f"{name}{self.suffix}"))

    def priced(self) -> Decimal | None:
        """What quantity, price and the line's own discount come to, where that is an amount."""
        quantity, price = _decimal(self.row.get("Quantity")), self.amount("Price")
        if None in (quantity, price):
            return None
        return _usual(quantity * price * (1 - self.discount / 100))

    def is_price_unrounded(self, factor: Decimal, coin: Decimal) -> bool:
        """Whether what it comes to, with or without the discount on the whole, is not rounded."""
        priced = self.priced()
        return priced is not None and all(
            abs(each - _rounded(each, coin)) > NOISE for each in (priced, priced * factor)
        )

    def has_vat_of_its_rate(self, is_inclusive: bool) -> bool:
        """A line whose customer owes the VAT may have a rate, and no VAT."""
        if None in (self.net, self.paid, self.rate):
            return False
        base, whole = (self.paid, 100 + self.rate) if is_inclusive else (self.net, 100)
        return abs(base * self.rate / whole - self.vat) <= CENT


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return _usual(number)


def _usual(number: Decimal) -> Decimal | None:
    """A number that can be rounded to any coin; None for one that nothing comes to."""
    return number if number.is_finite() and abs(number) <= LARGEST_AMOUNT else None


def _percentage(value: object) -> Decimal | None:
    number = _decimal(value)
    return number if number is not None and 0 <= number <= 100 else None


def _rounded(amount: Decimal, coin: Decimal) -> Decimal:
    return amount.quantize(coin, rounding=ROUND_HALF_UP)


def _is(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= NOISE


def shape_of(number: str) -> str:
    """Which characters an invoice number has where: digits as 9, letters as A."""
    marks = ["9" if each.isdecimal() else "A" if each.isalpha() else each for each in number[:40]]
    return "".join(each if each in "9A-/._ #" else "?" for each in marks)


def is_currency(code: object) -> bool:
    """Whether a value can be the code of a currency."""
    return isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha()


def most_common(values: Sequence[str]) -> str | None:
    """What is there most often."""
    return Counter(values).most_common(1)[0][0] if values else None
