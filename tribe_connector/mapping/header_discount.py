"""What an invoice's lines come to with the discount on the whole invoice, in each rounding.

Tribe's documentation says neither whether that discount is in the lines' totals already, nor how
the rest is rounded. So every reading is made; the one that agrees with Tribe's totals counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

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
    lines: Sequence[InvoiceLine], factor: Decimal, *, is_vat_included: bool, digits: int
) -> Iterator[Reading]:
    """The readings of lines that count ``factor`` times, the likeliest first.

    Rounded per line; the same with VAT per VAT group; rounded as a whole with VAT per VAT group;
    all of it as a whole. ``is_vat_included``: what the customer pays is rounded, and VAT taken out.
    """
    rounding = _Rounding(lines, is_vat_included, Decimal(1).scaleb(-digits))
    exact = [(line.net_total * factor, line.vat_amount * factor) for line in lines]
    by_line = exact if factor == 1 else rounding.by_line(exact)
    yield rounding.reading(by_line, _sum(vat for _net, vat in by_line))
    if all(line.vat_percentage is not None for line in lines if not line.is_text):
        yield rounding.by_group(by_line)
        yield rounding.by_group(exact)
    yield rounding.reading(exact, rounding.rounded(_sum(vat for _net, vat in exact)))


class _Rounding:
    """The ways to round (net, VAT) amounts of some lines to a coin."""

    def __init__(self, lines: Sequence[InvoiceLine], is_vat_included: bool, coin: Decimal):
        self.lines = lines
        self.is_vat_included = is_vat_included
        self.coin = coin

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(self.coin, rounding=ROUND_HALF_UP)

    def by_line(self, amounts: list) -> list:
        return [
            self.line(net, vat, line.vat_percentage)
            for line, (net, vat) in zip(self.lines, amounts, strict=True)
        ]

    def line(self, net: Decimal, vat: Decimal, percentage: Decimal | None) -> tuple:
        if not self.is_vat_included:
            net = self.rounded(net)
            return net, self.rounded(vat if percentage is None else net * percentage / 100)
        paid = self.rounded(net + vat)
        if percentage is not None:
            net = paid / (1 + percentage / 100)
        return self.rounded(net), paid - self.rounded(net)

    def by_group(self, amounts: list) -> Reading:
        groups: dict[tuple, list[int]] = {}
        for index, line in enumerate(self.lines):
            key = (line.vat_group_id, line.vat_percentage or Decimal(0))
            groups.setdefault(key, []).append(index)
        vat_of_lines = [Decimal(0)] * len(self.lines)
        for (_group, percentage), indexes in groups.items():
            net, vat = (_sum(amounts[index][part] for index in indexes) for part in (0, 1))
            base, whole = (net + vat, 100 + percentage) if self.is_vat_included else (net, 100)
            shares = self.spread(
                [amounts[index][1] for index in indexes], self.rounded(base * percentage / whole)
            )
            for index, share in zip(indexes, shares, strict=True):
                vat_of_lines[index] = share
        return self.reading(amounts, _sum(vat_of_lines), vat_of_lines)

    def reading(self, amounts: list, vat: Decimal, vat_of_lines: list | None = None) -> Reading:
        """The lines with amounts that add up to ``vat`` and to what is left for the net amount."""
        untaxed = self.rounded(_sum(net for net, _vat in amounts))
        if self.is_vat_included:
            untaxed = self.rounded(_sum(map(sum, amounts))) - vat
        net_of_lines = self.spread([net for net, _vat in amounts], untaxed)
        if vat_of_lines is None:
            vat_of_lines = self.spread([vat for _net, vat in amounts], vat)
        return Reading(
            tuple(
                replace(line, net_total=net, vat_amount=of_line)
                for line, net, of_line in zip(self.lines, net_of_lines, vat_of_lines, strict=True)
            ),
            untaxed,
            vat,
        )

    def spread(self, amounts: list[Decimal], total: Decimal) -> list[Decimal]:
        """The amounts, rounded so that they add up; a coin moves on the largest ones first."""
        rounded = [self.rounded(amount) for amount in amounts]
        rest = total - _sum(rounded)
        filled = [index for index, amount in enumerate(amounts) if amount]
        largest_first = sorted(filled, key=lambda index: -abs(amounts[index]))
        if not largest_first:
            return rounded
        rounds, left = divmod(int(abs(rest) / self.coin), len(largest_first))
        for place, index in enumerate(largest_first):
            coins = rounds + (place < left)
            rounded[index] += (coins * self.coin).copy_sign(rest)
        return rounded


def _sum(amounts) -> Decimal:
    return sum(amounts, Decimal(0))
