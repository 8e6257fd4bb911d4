"""Which names this tenant uses where Tribe's public documentation is silent, and what is missing.

A ``schema`` here is ``{set: {"properties": {name: type}, "navigations": {name: {"type": set,
"collection": bool}}}}``, as ``Schema.as_dict()`` of ``tribe_api`` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..sentence import _lt
from .invoice import InvoiceFields
from .relation import FIELD_PATHS

INVOICE = "Activity_Invoice"
IDENTITY = "Relationship_Organization_Identity"
ORGANIZATION_CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"
SUPPLIER = "Relationship_Organization_Supplier"
PHASE = "Datastore_Phase_ActivityInvoice"

# docs/tribe-api.md, what is discovered. Most likely name first.
_CANDIDATES: dict[str, tuple[str, ...]] = {
    "date": ("InvoiceDate", "Date"),
    "due_date": ("DueDate", "ExpirationDate", "InvoiceDueDate"),
    "reference": ("CustomerReference", "Reference"),
    "untaxed": ("TotalExcludingVat",),
    "vat": ("VatAmount", "TotalVat", "TotalVatAmount"),
    "total": ("TotalIncludingVat",),
    "untaxed_in_currency": ("TotalExcludingVatInCurrency",),
    "vat_in_currency": ("VatAmountInCurrency", "TotalVatInCurrency", "TotalVatAmountInCurrency"),
    "total_in_currency": ("TotalIncludingVatInCurrency",),
    "final": ("IsFinal", "Final", "IsFinalized"),
    "credit": ("IsCredit", "IsCreditInvoice", "IsCreditNote"),
}
_LEGAL_ENTITY = ("Identity", "LegalEntity", "Organization")
_CREDITED = ("CreditedInvoice", "CreditInvoiceFor", "OriginalInvoice", "CreditFor")

# What is missed where it is missing.
_WITHOUT = {
    "date": _lt(
        "Tribe's invoices have no date field that we recognize, so no invoice can be booked. "
        "Enter its name in the connection's settings."
    ),
    "due_date": _lt(
        "Tribe's invoices have no due date that we recognize. The due date follows from the "
        "invoice date and the customer's payment term."
    ),
    "legal_entity": _lt(
        "Tribe's invoices have no legal entity that we recognize. All invoices are booked for "
        "the default legal entity."
    ),
    "untaxed": _lt(
        "Tribe's invoices have no total excluding VAT that we recognize. It is taken from the "
        "lines, and compared with the other totals that Tribe gives."
    ),
    "vat": _lt(
        "Tribe's invoices have no VAT total that we recognize. It is taken from the lines, and "
        "compared with the other totals that Tribe gives."
    ),
    "total": _lt(
        "Tribe's invoices have no total including VAT that we recognize. It is taken from the "
        "lines, and compared with the other totals that Tribe gives."
    ),
    "final": _lt(
        "Tribe's invoices have no mark for final that we recognize. Every invoice after the "
        "phase Draft counts as final."
    ),
    "credited": _lt(
        "Tribe's credit invoices do not name the invoice they credit. Odoo's credit notes are "
        "not linked to the invoice."
    ),
}


@dataclass(frozen=True)
class Requirement:
    """Something the tenant lacks. ``path`` is a set, or ``set/field``.

    ``blocking`` when the connector cannot do its work without it.
    """

    path: str
    why: str
    remedy: str
    blocking: bool


def resolve_invoice_fields(schema: Mapping) -> tuple[InvoiceFields, list[str]]:
    """The tenant's field names on invoices, and a sentence for each one that is missing."""
    names: dict[str, str | None] = {
        field: _first(candidates, _properties(schema, INVOICE))
        for field, candidates in _CANDIDATES.items()
    }
    navigations = _navigations(schema, INVOICE)
    # A link to an identity is the legal entity, whatever a tenant calls it.
    to_identity = [name for name, target in navigations.items() if target["type"] == IDENTITY]
    names["legal_entity"] = _first(_LEGAL_ENTITY, to_identity) or _first(
        (*sorted(to_identity), *_LEGAL_ENTITY), navigations
    )
    names["credited"] = _first(_CREDITED, navigations)
    fields = InvoiceFields.from_dict(names)
    return fields, [why for field, why in _WITHOUT.items() if names[field] is None]


def missing_requirements(schema: Mapping) -> list[Requirement]:
    """What the connector needs and this tenant does not have; blocking ones first."""
    missing = [each for each in _REQUIREMENTS if not _has(schema, each.path)]
    # A missing set says enough: its fields need no lines of their own.
    absent = {each.path for each in missing if "/" not in each.path}
    told = [
        each
        for each in missing
        if "/" not in each.path or each.path.partition("/")[0] not in absent
    ]
    return sorted(told, key=lambda each: not each.blocking)


def absent_relation_paths(schema: Mapping) -> set[str]:
    """The sets and fields of relations that we would read or write, and this tenant lacks."""
    paths = {path for fields in FIELD_PATHS.values() for each in fields.values() for path in each}
    return {path for path in paths if not _has(schema, path)}


_ASK_TRIBE = _lt("Ask Tribe whether the application has access to it.")
_ENABLE_BILLING = _lt("Have the Billing module of Tribe switched on, or switch invoices off here.")


def _requirements() -> Iterable[Requirement]:
    relations = _lt("Customers and suppliers cannot be synchronized without it.")
    for entity_set in ("Relation_Organization", ORGANIZATION_CUSTOMER, IDENTITY):
        yield Requirement(entity_set, relations, _ASK_TRIBE, True)
    for path in ("Relation_Organization/Name", "Relation_Organization/DebtorNumber"):
        yield Requirement(path, relations, _ASK_TRIBE, True)
    for path in (f"{ORGANIZATION_CUSTOMER}/Organization", f"{ORGANIZATION_CUSTOMER}/Relation"):
        yield Requirement(path, relations, _ASK_TRIBE, True)
    yield Requirement(
        f"{IDENTITY}/Relation",
        _lt("Your own organization, to which customers are linked, cannot be found without it."),
        _ASK_TRIBE,
        True,
    )
    yield from _optional_relations()
    yield from _invoicing()


# What is not synchronized without a set or a field.
_OPTIONAL_RELATIONS = {
    "Relation_Person": _lt("Private persons are not synchronized without it."),
    PERSON_CUSTOMER: _lt("Private customers are not synchronized without it."),
    SUPPLIER: _lt("Suppliers are not synchronized without it."),
    "Relation_Organization/CreditorNumber": _lt("Creditor numbers are not synchronized."),
    "Relation_Organization/VATNumber": _lt("VAT numbers are not synchronized."),
    "Relation_Organization/InvoiceAddress": _lt("Addresses are not synchronized."),
    "Relation_Person/DebtorNumber": _lt("Debtor numbers of persons are not synchronized."),
    "Relation_Person/Address": _lt("Addresses of persons are not synchronized."),
    "Address": _lt("Changed addresses cannot be written to Tribe."),
    "Address/Country": _lt("Countries are not synchronized."),
    "Datastore_Country": _lt("Countries are not synchronized."),
    "Address/State": _lt("States are not synchronized."),
    f"{ORGANIZATION_CUSTOMER}/PaymentTermInDays": _lt("Payment terms are not synchronized."),
    f"{SUPPLIER}/PaymentTermInDays": _lt("Payment terms of suppliers are not synchronized."),
    f"{ORGANIZATION_CUSTOMER}/IsFormer": _lt("Ended customers are not recognized."),
}


def _optional_relations() -> Iterable[Requirement]:
    for path, why in _OPTIONAL_RELATIONS.items():
        yield Requirement(path, why, _ASK_TRIBE, False)
    for entity_set in ("Relation_Organization", "Relation_Person", ORGANIZATION_CUSTOMER):
        yield Requirement(
            f"{entity_set}/ImportId",
            _lt(
                "After a lost answer we cannot look up whether the record was created, so a person "
                "is asked."
            ),
            _ASK_TRIBE,
            False,
        )


def _invoicing() -> Iterable[Requirement]:
    invoices = _lt("Invoices cannot be booked without it.")
    yield Requirement(INVOICE, invoices, _ENABLE_BILLING, True)
    for field in ("Number", "Currency", "Phase", "ProductLines", "Relationship"):
        yield Requirement(f"{INVOICE}/{field}", invoices, _ASK_TRIBE, True)
    yield Requirement(PHASE, invoices, _ENABLE_BILLING, True)
    yield Requirement(f"{PHASE}/Code", invoices, _ASK_TRIBE, True)
    yield Requirement("Datastore_VatGroup", invoices, _ASK_TRIBE, True)
    yield Requirement(f"{INVOICE}/ProductLines/VatGroup", invoices, _ASK_TRIBE, True)
    yield Requirement(f"{INVOICE}/ProductLines/TotalExcludingVat", invoices, _ASK_TRIBE, True)
    for path in (
        "Datastore_GeneralLedgerAccount",
        "Product/GeneralLedgerAccount",
        f"{INVOICE}/ProductLines/Product",
    ):
        yield Requirement(
            path,
            _lt("The account of a line follows from its VAT group instead of its product."),
            _ASK_TRIBE,
            False,
        )


_REQUIREMENTS: tuple[Requirement, ...] = tuple(_requirements())


def _has(schema: Mapping, path: str) -> bool:
    entity_set, _slash, rest = path.partition("/")
    if entity_set not in schema:
        return False
    first, _slash, deeper = rest.partition("/")
    if not first:
        return True
    target = _navigations(schema, entity_set).get(first)
    if deeper:
        # Where the schema does not tell what it leads to, the first reading will.
        return target is not None and (
            target["type"] not in schema or _has(schema, f"{target['type']}/{deeper}")
        )
    return target is not None or first in _properties(schema, entity_set)


def _first(candidates: Iterable[str], available: Iterable[str]) -> str | None:
    names = set(available)
    return next((name for name in candidates if name in names), None)


def _properties(schema: Mapping, entity_set: str) -> Mapping:
    return schema.get(entity_set, {}).get("properties", {})


def _navigations(schema: Mapping, entity_set: str) -> Mapping:
    return schema.get(entity_set, {}).get("navigations", {})
