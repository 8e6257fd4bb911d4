"""Which reading of an invoice's lines has the totals that Tribe gives.

One place for all of them: the totals of the lines and of the invoice, both VAT amounts of a line,
``Amount``, and the discount on the whole invoice, which is in some of them and not in others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from .cents import CENT, DIGITS_OF_CENTS, coin_of, rounded, total_of, vat_tolerance
from .header_discount import Reading, in_coins, readings

if TYPE_CHECKING:
    from .invoice import InvoiceLine

# Tribe keeps a price with four decimals.
HALF_OF_A_PRICE = Decimal("0.00005")


class TotalsDisagree(Exception):
    """No reading of the lines has Tribe's totals, or two of them have. A code, with parameters."""

    def __init__(self, code: str, **parameters: object):
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class StatedTotals:
    """What Tribe states of an invoice beside its lines; ``None``: nothing.

    ``untaxed``, ``vat`` and ``total`` are its totals by name. ``amount`` is not documented: with
    or without VAT, in the document's currency or Tribe's own. ``discount`` is a percentage.
    """

    untaxed: Decimal | None
    vat: Decimal | None
    total: Decimal | None
    amount: Decimal | None
    discount: Decimal
    is_vat_included: bool
    digits: int
    # (net, with VAT) of all lines in Tribe's own currency, where the document has another one.
    in_own_currency: tuple[Decimal, Decimal] | None = None
    # Of each line its VAT "including discount": that of the line, perhaps that of the whole too.
    vat_less_discount: tuple[Decimal | None, ...] = ()
    # The larger one of a cent and the currency's coin.
    coin: Decimal = CENT

    @property
    def by_name(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """The totals by name."""
        return self.untaxed, self.vat, self.total

    def rounded(self, digits: int) -> StatedTotals:
        """The same in another coin, with the third of two totals.

        Rounded to a coin that is larger than Tribe's they need not add up any more: then the VAT
        is what is left.
        """
        untaxed, vat, total = self.by_name
        if untaxed is None and vat is not None and total is not None:
            untaxed = total - vat
        if total is None and untaxed is not None and vat is not None:
            total = untaxed + vat
        if vat is None and untaxed is not None and total is not None:
            vat = total - untaxed
        is_sum = _are_a_sum(untaxed, vat, total)
        untaxed, vat, total, amount = (
            None if each is None else rounded(each, digits)
            for each in (untaxed, vat, total, self.amount)
        )
        if is_sum and untaxed is not None and total is not None:
            vat = total - untaxed
        return replace(self, untaxed=untaxed, vat=vat, total=total, amount=amount, digits=digits)

    def may_be_in(self, digits: int) -> bool:
        """Whether Tribe may have rounded to so many digits: no total by name has more of them.

        Those of a currency without cents may have been counted in cents.
        """
        coin = coin_of(digits)
        return digits >= self.digits or all(
            each is None or each == each.quantize(coin) for each in self.by_name
        )


def read_totals(lines: Sequence[InvoiceLine], stated: StatedTotals) -> Reading:
    """The lines, rounded, with the net amounts and totals that Tribe tells.

    The amounts of the lines are as Tribe has them, perhaps with more decimals than the currency.
    Tribe may round to cents also what has no cents, or smaller coins: so both are tried, the
    smallest coin first; cents only where the totals have no smaller coins.

    :raises TotalsDisagree: with what cannot be made out
    """
    coins = sorted({stated.digits, DIGITS_OF_CENTS}, reverse=True)
    totals = [
        _Totals(tuple(lines), stated.rounded(digits))
        for digits in coins
        if stated.may_be_in(digits)
    ]
    for find in (_Totals.agreeing, _Totals.nearly):
        for each in totals:
            if reading := each.reading(find):
                is_finer = each.stated.digits > stated.digits
                return in_coins(reading, stated.digits) if is_finer else reading
    raise totals[0].disagreement()


def _are_a_sum(untaxed: Decimal | None, vat: Decimal | None, total: Decimal | None) -> bool | None:
    """Whether three totals add up; None where Tribe does not tell all of them."""
    if untaxed is None or vat is None or total is None:
        return None
    return untaxed + vat == total


class _Totals:
    """A reading counts the lines in whole, or less the discount (``factor``)."""

    def __init__(self, lines: tuple[InvoiceLine, ...], stated: StatedTotals):
        self.lines = lines
        self.stated = stated
        self.factor = 1 - stated.discount / 100

    def reading(self, find: Callable) -> Reading | None:
        """What *find* (``agreeing`` or ``nearly``) finds; raises where it can be another one."""
        if not self.stated.discount:
            return find(self, 1)
        if self.stated.by_name == (None, None, None) and self.stated.amount is None:
            return self.by_vat_alone()
        whole, reduced = find(self, 1), find(self, self.factor)
        if not (whole or reduced):
            return None
        if self.fits_both(whole, reduced):
            whole, reduced = self.settled(whole, reduced)
        self.check_amount(is_reduced=not whole)
        if not reduced:
            self.check_vat()
        return whole or reduced

    # Readings

    def readings(self, factor: Decimal | int) -> Iterator[Reading]:
        is_reduced = factor != 1 and self.vat_is_reduced
        return readings(
            self.lines,
            Decimal(factor),
            is_vat_included=self.stated.is_vat_included,
            digits=self.stated.digits,
            vat_of_lines=[each or Decimal(0) for each in self.stated.vat_less_discount]
            if is_reduced
            else None,
        )

    def agreeing(self, factor: Decimal | int) -> Reading | None:
        """The first reading with every total that Tribe gives, ``Amount`` too if one has it.

        :raises TotalsDisagree: where one reading has the only total without VAT, another with it
        """
        found = [each for each in self.readings(factor) if self.agrees(each)]
        amount = self.stated.amount
        without = [each for each in found if each.untaxed == amount]
        including = [each for each in found if each.total == amount]
        if both := [each for each in without if each in including]:
            return both[0]
        if self.only_amount() is not None and without and including:
            raise TotalsDisagree("invoice_amount_with_or_without_vat", amount=amount)
        return next(iter(without or including or found), None)

    def agrees(self, reading: Reading) -> bool:
        read = (reading.untaxed, reading.vat, reading.total)
        agrees = (
            of_tribe in (None, amount)
            for of_tribe, amount in zip(self.stated.by_name, read, strict=True)
        )
        return all(agrees) and self.only_amount() in (None, reading.untaxed, reading.total)

    def nearly(self, factor: Decimal | int) -> Reading | None:
        """A reading whose net amounts are right, though a total is not so to the cent.

        VAT has cents to spare (``Invoice.vat_by_group``), and so has an ``Amount`` in Tribe's own
        currency.
        """
        first = next(self.readings(factor))
        if self.only_amount() is not None:
            return first if factor == 1 and self.is_whole_in_own_currency() else None
        untaxed, vat, total = self.stated.by_name
        if _are_a_sum(untaxed, vat, total) is False:
            return None
        for each in self.readings(factor):
            if untaxed not in (None, each.untaxed):
                continue
            of_total = vat if total is None else total - each.untaxed
            if of_total is None:
                continue
            is_rounding = abs(of_total - each.vat) <= self.spare()
            # Without a discount nothing else is possible; what is too much is said of the VAT.
            if is_rounding or not self.stated.discount:
                return replace(each, vat=of_total)
        return None

    def spare(self) -> Decimal:
        """By how much rounding can make a total another one."""
        return vat_tolerance(len(self.lines), self.stated.digits)

    def by_vat_alone(self) -> Reading:
        """A discount, and no total of the invoice: the lines' VAT may tell that it has it.

        Only where each rounding comes to the same: no total tells which one is Tribe's.
        """
        found = list(self.readings(self.factor)) if self.vat_is_reduced else []
        if len({(each.untaxed, each.vat) for each in found}) != 1:
            raise TotalsDisagree("invoice_discount_without_total", discount=self.stated.discount)
        return found[0]

    # What tells whether the lines have the discount

    def fits_both(self, whole: Reading | None, reduced: Reading | None) -> bool:
        """Whether the totals can be those with the discount and those without it."""
        if whole and reduced:
            return whole.untaxed != reduced.untaxed
        amount = self.only_amount()
        if amount is None:
            return False
        return self.is_in_own_currency(amount, Decimal(1) if reduced else self.factor)

    def settled(
        self, whole: Reading | None, reduced: Reading | None
    ) -> tuple[Reading | None, Reading | None]:
        """Of two readings the one that the lines' VAT, or their prices, speak for."""
        is_before = True if self.vat_is_reduced else self.lines_are_before_discount()
        if is_before is True and reduced:
            return None, reduced
        if is_before is False and whole:
            return whole, None
        raise TotalsDisagree(
            "invoice_discount_ambiguous",
            discount=self.stated.discount,
            amount=self.stated_total(),
        )

    @cached_property
    def vat_is_reduced(self) -> bool:
        """Whether the lines' VAT "including discount" has the discount, and their totals not."""
        if not self.stated.discount or not self.stated.vat_less_discount:
            return False
        if None in self.stated.vat_less_discount:
            return False
        vat = total_of(line.vat_amount for line in self.lines)
        stated, spare = self.sum_of_vat_less_discount(), self.spare()
        return abs(stated - vat * self.factor) <= spare < abs(stated - vat)

    def sum_of_vat_less_discount(self) -> Decimal:
        return total_of(filter(None, self.stated.vat_less_discount))

    def lines_are_before_discount(self) -> bool | None:
        """Whether quantities and prices make the lines' totals, or these are less the discount.

        None: neither, or it cannot be told.
        """
        priced = spare = totals = Decimal(0)
        for line in self.lines:
            priced += line.quantity * line.price * (1 - line.discount / 100)
            totals += line.net_total + (line.vat_amount if self.stated.is_vat_included else 0)
            spare += self.stated.coin / 2 + abs(line.quantity) * HALF_OF_A_PRICE
        is_before = abs(totals - priced) <= spare
        is_after = abs(totals - priced * self.factor) <= spare
        return is_before if is_before != is_after else None

    def check_amount(self, *, is_reduced: bool) -> None:
        """Refuse an ``Amount`` that has the discount where the totals by name do not, or reverse.

        Any other one is not looked at: what it means is not documented.
        """
        amount = self.stated.amount
        if not amount or self.only_amount() is not None:
            return
        factors = [Decimal(1), self.factor]
        if is_reduced:
            factors.reverse()
        fits, fits_other = (self.may_mean(amount, each) for each in factors)
        if fits_other and not fits:
            raise TotalsDisagree(
                "invoice_discount_in_one_total",
                discount=self.stated.discount,
                total=self.stated_total(),
                amount=amount,
            )

    def check_vat(self) -> None:
        """Refuse lines whose VAT has the discount where the totals do not have it."""
        if self.vat_is_reduced:
            raise TotalsDisagree(
                "invoice_discount_in_vat_only",
                discount=self.stated.discount,
                total=self.stated_total(),
                vat=self.sum_of_vat_less_discount(),
            )

    def may_mean(self, amount: Decimal, factor: Decimal) -> bool:
        return self.is_in_own_currency(amount, factor) or any(
            amount in (reading.untaxed, reading.total) for reading in self.readings(factor)
        )

    def only_amount(self) -> Decimal | None:
        """``Amount``, where Tribe gives no other total of the invoice."""
        is_only = self.stated.untaxed is None and self.stated.total is None
        return self.stated.amount if is_only else None

    def is_whole_in_own_currency(self) -> bool:
        amount = self.stated.amount
        if amount is None:
            return False
        is_reduced = self.stated.discount and self.is_in_own_currency(amount, self.factor)
        return self.is_in_own_currency(amount, 1) and not is_reduced

    def is_in_own_currency(self, amount: Decimal, factor: Decimal | int) -> bool:
        """Whether an amount can be that of the lines in Tribe's own currency, if it is another."""
        spare = (len(self.lines) + 1) * CENT / 2
        return any(
            abs(whole * factor - amount) <= spare for whole in self.stated.in_own_currency or ()
        )

    # What is said

    def stated_total(self) -> Decimal | None:
        stated = self.stated
        return next(
            (
                amount
                for amount in (self.only_amount(), stated.untaxed, stated.total, stated.vat)
                if amount is not None
            ),
            None,
        )

    def disagreement(self) -> TotalsDisagree:
        """Which totals no reading of the lines has."""
        untaxed, vat, total = self.stated.by_name
        whole, reduced = (next(self.readings(factor)) for factor in (1, self.factor))
        has_whole, has_reduced = (
            untaxed in {None, *(each.untaxed for each in self.readings(factor))}
            for factor in (1, self.factor)
        )
        is_no_sum = _are_a_sum(untaxed, vat, total) is False
        if self.only_amount() is None and is_no_sum and (has_whole or has_reduced):
            return TotalsDisagree(
                "invoice_total_differs_from_sum",
                total=total,
                untaxed=untaxed,
                vat=vat,
                sum=total_of(filter(None, (untaxed, vat))),
            )
        if self.stated.discount:
            return TotalsDisagree(
                "invoice_amount_differs_from_lines_with_discount",
                amount=self.stated_total(),
                untaxed=whole.untaxed,
                total=whole.total,
                reduced=reduced.untaxed,
                reduced_total=reduced.total,
                discount=self.stated.discount,
            )
        if self.only_amount() is not None:
            return TotalsDisagree(
                "invoice_amount_differs_from_lines",
                amount=self.stated.amount,
                untaxed=whole.untaxed,
                total=whole.total,
            )
        return TotalsDisagree(
            "invoice_untaxed_differs_from_lines", untaxed=untaxed, lines=whole.untaxed
        )
