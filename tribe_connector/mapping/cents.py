"""Rounding: to which coin, by how much it can make VAT another one, and where a rest goes.

All that an invoice of Tribe needs, from reading its lines to the tax lines in Odoo. Which way Tribe
itself rounded is found by trying (``header_discount``, ``invoice_totals``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .invoice import InvoiceLine

Key = TypeVar("Key", bound=Hashable)

# Tribe's own amounts have cents, whatever the invoice's currency has.
DIGITS_OF_CENTS = 2


def coin_of(digits: int) -> Decimal:
    """The smallest coin of a currency with so many decimals."""
    return Decimal(1).scaleb(-digits)


CENT = coin_of(DIGITS_OF_CENTS)


def rounded(amount: Decimal, digits: int, half: str = ROUND_HALF_UP) -> Decimal:
    """An amount in coins; halves are rounded up, as Tribe and Odoo do."""
    return amount.quantize(coin_of(digits), rounding=half)


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The sum of some amounts, a ``Decimal`` also of none."""
    return sum(amounts, Decimal(0))


def sums(amounts: Iterable[tuple[Key, Decimal]]) -> dict[Key, Decimal]:
    """Amounts added up by key."""
    by_key: dict[Key, Decimal] = {}
    for key, amount in amounts:
        by_key[key] = by_key.get(key, Decimal(0)) + amount
    return by_key


def vat_tolerance(lines: int, digits: int) -> Decimal:
    """By how much rounding can make the VAT of so many lines another one.

    Half a coin a line, and one coin at least.
    """
    return max(Decimal(1), Decimal(lines) / 2).scaleb(-digits)


def vat_tolerance_where_included(
    lines: int, percentage: Decimal, digits: int, *, rounds_lines: bool
) -> Decimal:
    """The same where prices include VAT: Tribe rounds the net amounts too, which Odoo starts from.

    Half a coin a line and its VAT, and half a coin each time Odoo rounds: per line
    (``rounds_lines``) or once.
    """
    with_vat = lines * (1 + percentage / 100)
    return ((with_vat + (lines if rounds_lines else 1)) / 2).scaleb(-digits)


def vat_by_group(
    lines: Sequence[InvoiceLine], vat: Decimal, digits: int, tolerance: Decimal
) -> dict[str | None, Decimal] | None:
    """VAT per VAT group, adding up to *vat* exactly; None where that is more than rounding.

    Tribe does not say whether it rounds VAT per line or per group: both are tried. A rest of at
    most *tolerance* goes to the taxed group with the largest net amount.
    """
    by_line = sums((line.vat_group_id, line.vat_amount) for line in lines)
    if sum(by_line.values()) == vat:
        return by_line
    by_group = _rounded_per_group(lines, digits)
    if by_group is not None and sum(by_group.values()) == vat:
        return by_group
    rest = vat - sum(by_line.values())
    net = sums((line.vat_group_id, line.net_total) for line in lines)
    taxed = [group for group, amount in by_line.items() if amount]
    if not taxed or abs(rest) > tolerance:
        return None
    largest = max(taxed, key=lambda group: abs(net[group]))
    return {**by_line, largest: by_line[largest] + rest}


def _rounded_per_group(
    lines: Iterable[InvoiceLine], digits: int
) -> dict[str | None, Decimal] | None:
    """VAT of each group's net amount; ``None`` when a line has no percentage."""
    nets: dict[tuple[str | None, Decimal], Decimal] = {}
    for line in lines:
        if line.vat_percentage is None:
            return None
        key = (line.vat_group_id, line.vat_percentage)
        nets[key] = nets.get(key, Decimal(0)) + line.net_total
    return sums(
        (group, rounded(net * percentage / 100, digits))
        for (group, percentage), net in nets.items()
    )


def vat_by_tax(
    lines: Iterable[tuple[InvoiceLine, Key]], of_groups: Mapping[str | None, Decimal]
) -> dict[Key, Decimal]:
    """VAT per tax of Odoo, adding up to that of the VAT groups.

    What a group has more or less than its lines goes to the tax of its largest line.

    :param lines: each with the tax that it is booked with
    """
    by_tax: dict[Key, Decimal] = {}
    rests = dict(of_groups)
    largest: dict[str | None, tuple[Decimal, Key]] = {}
    for line, tax in lines:
        group = line.vat_group_id
        by_tax[tax] = by_tax.get(tax, Decimal(0)) + line.vat_amount
        rests[group] -= line.vat_amount
        if group not in largest or abs(line.net_total) > largest[group][0]:
            largest[group] = (abs(line.net_total), tax)
    for group, rest in rests.items():
        if rest:
            by_tax[largest[group][1]] += rest
    return by_tax
