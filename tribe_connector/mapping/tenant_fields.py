"""Which names this tenant uses where Tribe's public documentation is silent, and what is missing.

A ``schema`` here is ``{set: {"properties": {name: type}, "navigations": {name: {"type": set,
"collection": bool}}}}``, as ``Schema.as_dict()`` of ``tribe_api`` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..sentence import sentence
from .invoice import InvoiceFields
from .relation import FIELD_PATHS

INVOICE = "Activity_Invoice"
IDENTITY = "Relationship_Organization_Identity"
ORGANIZATION_CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"
SUPPLIER = "Relationship_Organization_Supplier"
PHASE = "Datastore_Phase_ActivityInvoice"

# docs/tribe-api.md, Readings. Most likely name first.
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
    "date": sentence("invoices_without_date_field"),
    "due_date": sentence("invoices_without_due_date_field"),
    "legal_entity": sentence("invoices_without_legal_entity_field"),
    "untaxed": sentence("invoices_without_untaxed_field"),
    "vat": sentence("invoices_without_vat_field"),
    "total": sentence("invoices_without_total_field"),
    "final": sentence("invoices_without_final_field"),
    "credited": sentence("invoices_without_credited_field"),
}
_TOTALS = ("untaxed", "vat", "total")


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
    notes: list[str] = [why for field, why in _WITHOUT.items() if names[field] is None]
    # Any rounding of the VAT agrees with one total.
    if [names[each] for each in _TOTALS].count(None) > 1:
        notes.append(sentence("invoices_with_too_few_totals"))
    return InvoiceFields.from_dict(names), notes


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
    return {path for path in _RELATION_PATHS if not _has(schema, path)}


_ASK_TRIBE = sentence("ask_tribe_about_access")
_ENABLE_BILLING = sentence("switch_on_billing")


_RELATION_PATHS = {
    path for fields in FIELD_PATHS.values() for each in fields.values() for path in each
}
# Fields of relations without which nothing can be done.
_REQUIRED = {"Relation_Organization/Name", "Relation_Organization/DebtorNumber"}


def _requirements() -> Iterable[Requirement]:
    relations = sentence("relations_missing_in_tribe")
    for entity_set in ("Relation_Organization", ORGANIZATION_CUSTOMER, IDENTITY):
        yield Requirement(entity_set, relations, _ASK_TRIBE, True)
    for path in sorted(_REQUIRED):
        yield Requirement(path, relations, _ASK_TRIBE, True)
    for path in (f"{ORGANIZATION_CUSTOMER}/Organization", f"{ORGANIZATION_CUSTOMER}/Relation"):
        yield Requirement(path, relations, _ASK_TRIBE, True)
    yield Requirement(
        f"{IDENTITY}/Relation",
        sentence("own_organization_missing_in_tribe"),
        _ASK_TRIBE,
        True,
    )
    yield from _optional_relations()
    yield from _invoicing()


# What is not synchronized without a set or a field.
_OPTIONAL_RELATIONS = {
    "Relation_Person": sentence("persons_not_synchronized"),
    PERSON_CUSTOMER: sentence("private_customers_not_synchronized"),
    SUPPLIER: sentence("suppliers_not_synchronized"),
    "Relation_Organization/CreditorNumber": sentence("creditor_numbers_not_synchronized"),
    "Relation_Organization/VATNumber": sentence("vat_numbers_not_synchronized"),
    "Relation_Organization/InvoiceAddress": sentence("addresses_not_synchronized"),
    "Relation_Person/DebtorNumber": sentence("debtor_numbers_of_persons_not_synchronized"),
    "Relation_Person/Address": sentence("addresses_of_persons_not_synchronized"),
    "Address": sentence("addresses_not_written"),
    "Address/Country": sentence("countries_not_synchronized"),
    "Datastore_Country": sentence("countries_not_synchronized"),
    "Address/State": sentence("states_not_synchronized"),
    f"{ORGANIZATION_CUSTOMER}/PaymentTermInDays": sentence("payment_terms_not_synchronized"),
    f"{SUPPLIER}/PaymentTermInDays": sentence("payment_terms_of_suppliers_not_synchronized"),
    f"{ORGANIZATION_CUSTOMER}/IsFormer": sentence("former_customers_not_recognized"),
}


def _optional_relations() -> Iterable[Requirement]:
    others = dict.fromkeys(sorted(_RELATION_PATHS - _REQUIRED), sentence("field_not_synchronized"))
    for path, why in (others | _OPTIONAL_RELATIONS).items():
        yield Requirement(path, why, _ASK_TRIBE, False)
    for entity_set in ("Relation_Organization", "Relation_Person", ORGANIZATION_CUSTOMER):
        yield Requirement(
            f"{entity_set}/ImportId",
            sentence("lost_answers_need_person"),
            _ASK_TRIBE,
            False,
        )


def _invoicing() -> Iterable[Requirement]:
    invoices = sentence("invoices_missing_in_tribe")
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
            sentence("account_follows_vat_group"),
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
