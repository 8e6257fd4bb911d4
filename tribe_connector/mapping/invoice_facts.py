"""The facts of a booked invoice: what Tribe and the books must have in common.

One list, asked for in every place: after posting, when an entry is confirmed again, when one is
adopted, when differences are looked for, and before Tribe is told anything. Facts are kept as
texts, or as texts by key, so that JSON keeps them exact.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from .invoice import Invoice

# What separates an account from a tax in a key.
SEPARATOR = "/"


class Fact(NamedTuple):
    """One fact, with what it is called (codes of sentences): alone, and within a sentence."""

    name: str
    label: str
    inline: str


# In the order in which they are told. ``nets`` are of Odoo's accounts and taxes, ``lines`` of
# Tribe's VAT groups and ``products`` of its products: a mapping may change after booking, and so
# may the general ledger account of a product, which is not the invoice's own.
FACTS = (
    Fact("number", "compared_number", "fact_number"),
    Fact("date", "compared_date", "fact_invoice_date"),
    Fact("accounting_date", "compared_accounting_date", "fact_accounting_date"),
    Fact("due_date", "compared_due_date", "fact_due_date"),
    # In whose books it is. What names none belongs to the default one, which may change.
    Fact("legal_entity", "compared_legal_entity", "fact_legal_entity"),
    Fact("customer", "field_customer", "fact_customer"),
    # Who has that relationship: it can be moved from one relation of Tribe to another.
    Fact("relation", "field_customer", "fact_customer"),
    Fact("currency", "compared_currency", "fact_currency"),
    Fact("nets", "compared_nets", "fact_nets"),
    Fact("lines", "compared_lines", "fact_lines"),
    Fact("products", "compared_lines", "fact_lines"),
    Fact("untaxed", "compared_untaxed", "fact_untaxed"),
    Fact("vat", "fact_vat", "fact_vat"),
    Fact("vat_by_tax", "compared_vat_by_tax", "fact_vat_by_tax"),
    # How much on which account, and in which grids of the VAT return: as it was booked.
    Fact("vat_places", "compared_vat_places", "fact_vat_places"),
    # By which less VAT would be owed once it is paid early: Tribe has none.
    Fact("early_discount", "compared_early_discount", "fact_early_discount"),
    Fact("total", "compared_total", "fact_total"),
)
DATES = ("date", "accounting_date", "due_date")
AMOUNTS = ("untaxed", "vat", "total")
# Amounts by key.
BY_KEY = ("nets", "lines", "products", "vat_by_tax")
OF_CUSTOMER = ("customer", "relation")
# What only goes together: nobody books Tribe's new total with the VAT of before.
TOGETHER = (
    ("number",),
    ("date", "accounting_date"),
    ("due_date",),
    ("legal_entity",),
    OF_CUSTOMER,
    (
        "currency",
        "nets",
        "lines",
        "products",
        "untaxed",
        "vat",
        "vat_by_tax",
        "is_vat_included",
        "total",
    ),
    ("vat_places",),
    ("early_discount",),
)
# What Tribe itself does not tell: it is what the rest means in Odoo.
OF_ODOO = ("accounting_date", "nets", "vat_by_tax", "vat_places", "early_discount")
# What two invoices have in common that are taken for one without asking about each.
# The same total with other VAT would be declared wrong.
OF_THE_SAME_SALE = ("number", "date", "customer", "currency", "untaxed", "total")
OF_TOTAL = ("currency", "total")
# An entry that is dated further away is not typed for an invoice without a reason.
MOST_DAYS_APART = 183


def tribe_facts(invoice: Invoice) -> dict:
    """What Tribe tells of an invoice. A due date only where it tells one."""
    products = summed(
        (key(line.vat_group_id, line.product_id), line.net_total)
        for line in invoice.lines
        if not line.is_text
    )
    facts = {
        "number": invoice.number,
        "date": invoice.date.isoformat(),
        "customer": invoice.relationship_id,
        "currency": invoice.currency,
        "lines": by_vat_group(products),
        "products": products,
        "untaxed": text(invoice.untaxed),
        "vat": text(invoice.vat),
        "total": text(invoice.total),
    }
    if invoice.due_date:
        facts["due_date"] = invoice.due_date.isoformat()
    return facts


def key(first: object, second: object) -> str:
    """The key of an amount by two things, each of which may be missing."""
    return f"{first or ''}{SEPARATOR}{second or ''}"


def parts(of_key: str) -> tuple[str, str]:
    """The inverse of ``key``."""
    first, _separator, second = of_key.partition(SEPARATOR)
    return first, second


def summed(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, str]:
    """Amounts by key, without those that come to nothing."""
    sums: dict[str, Decimal] = {}
    for of_key, amount in amounts:
        sums[of_key] = sums.get(of_key, Decimal(0)) + amount
    return {of_key: text(amount) for of_key, amount in sums.items() if amount}


def text(amount: Decimal) -> str:
    """An amount as it is kept: 0.00 has no sign."""
    return str(amount + 0)


def differing(wanted: Mapping | None, found: Mapping) -> list[Fact]:
    """The facts that both have, and that are not alike, in the order of the list."""
    wanted = wanted or {}
    return [
        fact
        for fact in FACTS
        if fact.name in wanted
        and fact.name in found
        and not _is_alike(fact.name, wanted[fact.name], found[fact.name])
    ]


def changed(agreed: Mapping | None, now: Mapping) -> dict:
    """What Tribe has otherwise than it was agreed, with all that goes together with it.

    :param now: what would be agreed if it were booked now
    """
    names = {fact.name for fact in differing(agreed, now)}.difference(OF_ODOO)
    return {
        name: now[name]
        for together in TOGETHER
        if names.intersection(together)
        for name in together
        if name in now
    }


def agreeing(theirs: Mapping, ours: Mapping) -> list[tuple[str, ...]]:
    """What is alike in Tribe and in the books, of what goes together."""
    return [
        together
        for together in TOGETHER
        if (names := [name for name in together if name in ours])
        and all(name in theirs and _is_alike(name, theirs[name], ours[name]) for name in names)
    ]


def only(facts: Mapping, names: Iterable[str]) -> dict:
    """Some of the facts, as far as they are known."""
    return {name: facts[name] for name in names if name in facts}


def missing(agreed: Mapping | None) -> list[str]:
    """The facts that an older version did not keep."""
    return [fact.name for fact in FACTS if fact.name not in (agreed or {})]


def is_same_sale(one: Mapping, other: Mapping) -> bool:
    """Whether two invoices have all in common that makes them one sale, and nothing is unknown."""
    return all(one.get(name) for name in OF_THE_SAME_SALE) and _have_in_common(
        one, other, OF_THE_SAME_SALE
    )


def can_be_same_sale(theirs: Mapping, ours: Mapping) -> bool:
    """Whether an entry with the number of an invoice of Tribe can be that one.

    Dated around the same day it has the customer or the total; much later, as what is typed when
    its period is locked, both. Long before, Tribe had not given the number yet. What is not known
    of the invoice of Tribe can be anything.
    """
    is_credit, is_ours_credit = (_amount(side.get("total")) < 0 for side in (theirs, ours))
    if theirs.get("total") and is_credit != is_ours_credit:
        return False
    days = _days_after(theirs.get("date"), ours.get("date"))
    alike = [_have_in_common(theirs, ours, names) for names in (("customer",), OF_TOTAL)]
    if abs(days) <= MOST_DAYS_APART:
        return any(alike)
    return days > 0 and all(alike)


def _days_after(day: str | None, other: str | None) -> int:
    """How many days the second of two dates is after the first; 0 where one is not known."""
    if not (day and other):
        return 0
    return (datetime.date.fromisoformat(other) - datetime.date.fromisoformat(day)).days


def _have_in_common(theirs: Mapping, ours: Mapping, names: Iterable[str]) -> bool:
    """Whether all that is known of some facts of the first is alike on the second."""
    return all(
        ours.get(name) and _is_alike(name, theirs[name], ours[name])
        for name in names
        if theirs.get(name)
    )


def by_vat_group(lines: Mapping) -> dict[str, str]:
    """Amounts by VAT group alone: ``lines`` of an older version are by ledger account as well."""
    return summed(
        (key(parts(of_key)[0], None), _amount(amount)) for of_key, amount in lines.items()
    )


def differing_keys(wanted: Mapping, found: Mapping) -> list[str]:
    """The keys with another amount on one side than on the other."""
    keys = dict.fromkeys([*wanted, *found])
    return [each for each in keys if _amount(wanted.get(each)) != _amount(found.get(each))]


def on_other_accounts(wanted: Mapping, found: Mapping, gone: set[str]) -> dict:
    """``nets`` with what was on accounts that are gone on those which have it now.

    For each tax: where it comes to the same, and on no more accounts than before.
    """
    nets = dict(wanted)
    for taxes in {parts(each)[1] for each in wanted if parts(each)[0] in gone}:
        keys = [each for each in differing_keys(wanted, found) if parts(each)[1] == taxes]
        lost = [each for each in keys if parts(each)[0] in gone]
        before, now = (sum(_amount(side.get(each)) for each in keys) for side in (wanted, found))
        if before == now and len(keys) <= 2 * len(lost):
            nets = {each: amount for each, amount in nets.items() if each not in keys}
            nets |= {each: found[each] for each in keys if each in found}
    return nets


def differing_places(wanted: Mapping, found: Mapping) -> list[str]:
    """What is in other places on one side than on the other, of what both have."""
    return [
        what for what in wanted if what in found and not _is_in_place(wanted[what], found[what])
    ]


def is_divided_alike(found: Mapping, by_tax: Mapping, most_corrected: Decimal) -> bool:
    """Whether VAT is where its tax has it, but for what Tribe rounds otherwise in total.

    :param most_corrected: how much that is at most
    """
    # On whichever of the lines: each has at most all of it.
    totals = [sum(map(_amount, each.values()), Decimal(0)) for each in (found, by_tax)]
    corrected = min(abs(totals[0] - totals[1]), most_corrected)
    places = differing_keys(by_tax, found)
    return {*places} <= {*by_tax} and all(
        abs(_amount(found.get(each)) - _amount(by_tax[each])) <= corrected for each in places
    )


def amount_of(amounts: Mapping, of_key: str) -> Decimal:
    """The amount of a key, 0.00 where there is none."""
    return Decimal(amounts.get(of_key) or "0.00")


def shown(name: str, value: str) -> object:
    """A fact as the value that people are shown."""
    if name in AMOUNTS:
        return Decimal(value)
    if name in DATES and value:
        return datetime.date.fromisoformat(value)
    return value


def _is_alike(name: str, one: Any, other: Any) -> bool:
    if name == "lines":
        one, other = by_vat_group(one), by_vat_group(other)
    if name in BY_KEY:
        return not differing_keys(one, other)
    if name == "vat_places":
        return not differing_places(one, other)
    if name in AMOUNTS:
        return _amount(one) == _amount(other)
    return one == other


def _is_in_place(wanted: Mapping | list, found: Mapping) -> bool:
    if isinstance(wanted, Mapping):
        return not differing_keys(wanted, found)
    # An older version kept no amounts.
    return sorted(wanted) == sorted(found)


def _amount(value: Any) -> Decimal:
    return Decimal(value or 0)
