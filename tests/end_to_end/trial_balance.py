"""The books of each company against Tribe's invoices, from outside.

Tribe's side goes through the mapping as Odoo shows it: legal entity to company, ledger account to
account, VAT group to tax. Odoo's side is the sum of all posted customer invoices, so that one
booked twice, or by another door, is seen too.
"""

from collections import defaultdict
from decimal import Decimal

from .world import World

LINES = "ProductLines($expand=VatGroup,Product($expand=GeneralLedgerAccount))"
POSTED = [
    ["parent_state", "=", "posted"],
    ["move_id.move_type", "in", ["out_invoice", "out_refund"]],
]
# What a balance is of, by the kind of journal item, and what it is kept per.
KINDS = {
    "product": ("net", ["company_id", "account_id", "tax_ids"]),
    "tax": ("VAT", ["company_id", "tax_line_id"]),
    "payment_term": ("receivable", ["company_id"]),
}

Balances = dict[tuple, Decimal]


def of_odoo(world: World) -> Balances:
    """``{(what, company, ...): balance}``; income is negative, as in any trial balance."""
    balances: Balances = {}
    posted = [*POSTED, ["move_id", "not in", world.linked_elsewhere("move_id")]]
    for kind, (what, groups) in KINDS.items():
        rows = world.odoo.call(
            "account.move.line",
            "formatted_read_group",
            domain=[*posted, ["display_type", "=", kind]],
            groupby=groups,
            aggregates=["balance:sum"],
        )
        for row in rows:
            key = (what, *(row[group] and row[group][0] for group in groups))
            balances[key] = _cents(row["balance:sum"])
    return _without_zeros(balances)


def of_tribe(world: World) -> Balances:
    """The same, from the invoices of Tribe that are to be booked."""
    mapping = _Mapping(world)
    balances: Balances = defaultdict(Decimal)
    for invoice in world.tribe.rows("Activity_Invoice", f"Phase,Identity,{LINES}"):
        if invoice["Phase"]["Code"] == "Draft":
            continue
        entity, company = mapping.entity_and_company(invoice)
        balances["receivable", company] += _cents(invoice["TotalIncludingVat"])
        for line in invoice["ProductLines"]:
            account, tax = mapping.account_and_tax(entity, line)
            balances["net", company, account, tax] -= _cents(line["TotalExcludingVat"])
            balances["VAT", company, tax] -= _cents(line["VatAmount"])
    return _without_zeros(balances)


def differences(tribe: Balances, odoo: Balances) -> list[str]:
    """A sentence for each balance that is not the same on both sides."""
    return [
        f"{key}: {tribe.get(key, 0)} in Tribe, {odoo.get(key, 0)} in Odoo"
        for key in sorted(tribe.keys() | odoo.keys())
        if tribe.get(key) != odoo.get(key)
    ]


class _Mapping:
    """What the bookkeeper chose, as Odoo shows it."""

    def __init__(self, world: World):
        entities = world.odoo.rows(
            "tribe.legal.entity", world.own, ["tribe_id", "company_id", "is_default"]
        )
        self._entities = {row["tribe_id"]: row for row in entities}
        self._default = next(row for row in entities if row["is_default"])
        self._groups = _by_entity(
            world, "tribe.vat.group", ["tax_id", "service_tax_id", "sells", "account_id"]
        )
        self._ledgers = _by_entity(world, "tribe.ledger.account", ["account_id", "is_service"])

    def entity_and_company(self, invoice: dict) -> tuple[int, int]:
        """The legal entity and the company of an invoice (IDs in Odoo)."""
        named = (invoice.get("Identity") or {}).get("ID")
        row = self._entities[named] if named else self._default
        return row["id"], row["company_id"][0]

    def account_and_tax(self, entity: int, line: dict) -> tuple[int, int]:
        """The account and the tax that a line belongs on (IDs in Odoo)."""
        group = self._groups[entity, line["VatGroup"]["ID"]]
        ledger_id = ((line["Product"] or {}).get("GeneralLedgerAccount") or {}).get("ID")
        ledger = self._ledgers.get((entity, ledger_id), {})
        account = ledger.get("account_id") or group["account_id"]
        is_service = ledger["is_service"] if ledger else group["sells"] == "services"
        tax = (is_service and group["service_tax_id"]) or group["tax_id"]
        return account[0], tax[0]


def _by_entity(world: World, model: str, fields: list[str]) -> dict[tuple[int, str], dict]:
    rows = world.odoo.rows(model, [], ["legal_entity_id", "tribe_id", *fields])
    return {(row["legal_entity_id"][0], row["tribe_id"]): row for row in rows}


def _without_zeros(balances: Balances) -> Balances:
    return {key: balance for key, balance in balances.items() if balance}


def _cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))
