"""What an invoice's lines come to with the discount on the whole invoice, in each rounding.

Tribe's documentation says neither whether that discount is in the lines' totals already, nor how
the rest is rounded. So every reading is made; the one that agrees with Tribe's totals counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from .cents import coin_of, rounded, total_of

if TYPE_CHECKING:
    from .invoice import InvoiceLine


@dataclass(frozen=True)
class Reading:
    """Lines whose net amounts add up to ``untaxed``, and their VAT to ``vat``."""

    lines: tuple[InvoiceLine, ...]
    untaxed: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        """What the customer pays."""
        return self.untaxed + self.vat


def readings(
    lines: Sequence[InvoiceLine],
    factor: Decimal,
    *,
    is_vat_included: bool,
    digits: int,
    vat_of_lines: Sequence[Decimal] | None = None,
) -> Iterator[Reading]:
    """The readings of lines that count ``factor`` times, the likeliest first.

    Rounded per line; the same with VAT per VAT group; rounded as a whole with VAT per VAT group;
    all of it as a whole. The amounts of the lines may have more decimals than the currency.
    ``is_vat_included``: what the customer pays is rounded, and VAT taken out. ``vat_of_lines``:
    the VAT of each line with the discount, where Tribe gives it.

    Halves are rounded up, and then down: as floating-point numbers they are often a bit less.
    """
    for half in (ROUND_HALF_UP, ROUND_HALF_DOWN):
        rounding = _Rounding(lines, is_vat_included, digits, half)
        exact = [(line.net_total * factor, line.vat_amount * factor) for line in lines]
        if vat_of_lines is not None:
            yield from rounding.with_vat(exact, vat_of_lines)
        by_line = rounding.by_line(exact, calculates_vat=factor != 1)
        yield rounding.reading(by_line, total_of(vat for _net, vat in by_line))
        yield rounding.by_group(by_line)
        yield rounding.by_group(exact)
        yield rounding.reading(exact, rounding.rounded(total_of(vat for _net, vat in exact)))


def in_coins(reading: Reading, digits: int) -> Reading:
    """A reading in larger coins; its VAT is what is left."""
    rounding = _Rounding(reading.lines, False, digits, ROUND_HALF_UP)
    vat = rounding.rounded(reading.total) - rounding.rounded(reading.untaxed)
    return rounding.reading([(line.net_total, line.vat_amount) for line in reading.lines], vat)


class _Rounding:
    """The ways to round (net, VAT) amounts of some lines to a coin."""

    def __init__(self, lines: Sequence[InvoiceLine], is_vat_included: bool, digits: int, half: str):
        self.lines = lines
        self.is_vat_included = is_vat_included
        self.digits = digits
        self.coin = coin_of(digits)
        self.half = half
        self.groups: dict[tuple, list[int]] = {}
        for index, line in enumerate(lines):
            key = (line.vat_group_id, self.percentage(line))
            self.groups.setdefault(key, []).append(index)

    def rounded(self, amount: Decimal) -> Decimal:
        return rounded(amount, self.digits, self.half)

    def percentage(self, line: InvoiceLine) -> Decimal | None:
        """The percentage that a line's VAT is calculated with; None where it is not.

        A VAT group whose VAT the customer owes may have a percentage, and no VAT.
        """
        percentage = line.vat_percentage
        if percentage is None:
            return None if line.vat_amount or line.net_total else Decimal(0)
        differs = abs(line.net_total * percentage / 100 - line.vat_amount)
        return percentage if differs <= self.coin * (1 + percentage / 100) else None

    def by_line(self, amounts: list, *, calculates_vat: bool) -> list:
        return [
            self.line(net, vat, self.percentage(line) if calculates_vat else None)
            for line, (net, vat) in zip(self.lines, amounts, strict=True)
        ]

    def line(self, net: Decimal, vat: Decimal, percentage: Decimal | None) -> tuple:
        if not self.is_vat_included:
            rounded = self.rounded(net)
            if percentage is not None:
                return rounded, self.rounded(rounded * percentage / 100)
            return rounded, self.rounded(net + vat) - rounded
        paid = self.rounded(net + vat)
        if percentage is not None:
            net = paid / (1 + percentage / 100)
        return self.rounded(net), paid - self.rounded(net)

    def with_vat(self, amounts: list, vat_of_lines: Sequence[Decimal]) -> Iterator[Reading]:
        """Readings with the VAT that Tribe gives for each line, rounded by line or as a whole."""
        if self.is_vat_included:
            paid = [net + vat for net, vat in amounts]
            exact = [(one - vat, vat) for one, vat in zip(paid, vat_of_lines, strict=True)]
        else:
            exact = [(net, vat) for (net, _), vat in zip(amounts, vat_of_lines, strict=True)]
        by_line = [
            (self.rounded(net + vat) - self.rounded(vat), self.rounded(vat))
            if self.is_vat_included
            else (self.rounded(net), self.rounded(vat))
            for net, vat in exact
        ]
        for each in (by_line, exact):
            yield self.reading(each, self.rounded(total_of(vat for _net, vat in each)))

    def by_group(self, amounts: list) -> Reading:
        vat_of_lines = [Decimal(0)] * len(self.lines)
        for (_group, percentage), indexes in self.groups.items():
            net, vat = (total_of(amounts[index][part] for index in indexes) for part in (0, 1))
            if percentage is not None:
                base, whole = (net + vat, 100 + percentage) if self.is_vat_included else (net, 100)
                vat = base * percentage / whole
            shares = self.spread([amounts[index][1] for index in indexes], self.rounded(vat))
            for index, share in zip(indexes, shares, strict=True):
                vat_of_lines[index] = share
        return self.reading(amounts, total_of(vat_of_lines), vat_of_lines)

    def reading(self, amounts: list, vat: Decimal, vat_of_lines: list | None = None) -> Reading:
        """The lines with amounts that add up to ``vat`` and to what is left for the net amount."""
        if vat_of_lines is None:
            vat_of_lines = self.spread([vat for _net, vat in amounts], vat)
        untaxed = self.rounded(total_of(net for net, _vat in amounts))
        if self.is_vat_included:
            untaxed = self.rounded(total_of(net + vat for net, vat in amounts)) - vat
        exact = [net for net, _vat in amounts]
        net_of_lines = self.spread(self.net_by_group(amounts, vat_of_lines), untaxed, exact)
        return Reading(
            tuple(
                replace(line, net_total=net, vat_amount=of_line)
                for line, net, of_line in zip(self.lines, net_of_lines, vat_of_lines, strict=True)
            ),
            untaxed,
            vat,
        )

    def net_by_group(self, amounts: list, vat_of_lines: list) -> list:
        """The net amounts of the lines, which add up to that of each VAT group: its tax base."""
        net_of_lines = [net for net, _vat in amounts]
        for indexes in self.groups.values():
            net = self.rounded(total_of(net_of_lines[index] for index in indexes))
            if self.is_vat_included:
                paid = self.rounded(total_of(sum(amounts[index]) for index in indexes))
                net = paid - total_of(vat_of_lines[index] for index in indexes)
            shares = self.spread([net_of_lines[index] for index in indexes], net)
            for index, share in zip(indexes, shares, strict=True):
                net_of_lines[index] = share
        return net_of_lines

    def spread(
        self, amounts: list[Decimal], total: Decimal, sizes: list[Decimal] | None = None
    ) -> list[Decimal]:
        """The amounts, rounded so that they add up; a coin moves on the largest ones first.

        *sizes*: what they were before they were rounded, which may be more than nothing.
        """
        sizes = amounts if sizes is None else sizes
        rounded = [self.rounded(amount) for amount in amounts]
        rest = total - total_of(rounded)
        filled = [index for index, size in enumerate(sizes) if size]
        largest_first = sorted(filled, key=lambda index: -abs(sizes[index]))
        if not largest_first:
            return rounded
        rounds, left = divmod(int(abs(rest) / self.coin), len(largest_first))
        for place, index in enumerate(largest_first):
            coins = rounds + (place < left)
            rounded[index] += (coins * self.coin).copy_sign(rest)
        return rounded
