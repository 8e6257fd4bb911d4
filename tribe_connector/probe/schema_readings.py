"""What can be told of a tenant from its ``$metadata``, without a call."""

from __future__ import annotations

from collections.abc import Iterator

from ..tribe_api import is_guid
from .tenant import INVOICE, ORGANIZATION, Tenant, shown_names, yes_or_no

PAYMENT_REFERENCES = (
    *("PaymentReference", "PaymentFeature", "PaymentId", "StructuredCommunication"),
    *("StructuredReference", "OGM", "KID", "OCR"),
)


def readings_of_schema(tenant: Tenant) -> Iterator[tuple[str, object]]:
    """What a tenant's fields say of how it works, by the codes of the readings."""
    yield "known_names", shown_names(tenant.missing)
    yield "invoicing", yes_or_no(tenant.has(INVOICE))
    yield "import_id", yes_or_no(tenant.has(ORGANIZATION, "ImportId"))
    yield "metadata_style", "inherited" if tenant.is_inherited else "flat"
    yield "custom_fields", _custom_fields(tenant)
    if tenant.has("Product"):
        yield "product_price", _kind_of(tenant, "Product", "Price")
    if tenant.has("Relation"):
        yield "relation_name", yes_or_no(tenant.has("Relation", "Name"))
    yield "legal_entities", len(tenant.identities) or "none"
    if tenant.has(INVOICE):
        yield from _names_of_invoices(tenant)


def _kind_of(tenant: Tenant, entity_set: str, name: str) -> str:
    content = tenant.schema[entity_set]
    kinds = {"property": content["properties"], "navigation": content["navigations"]}
    return next((kind for kind, names in kinds.items() if name in names), "none")


def _custom_fields(tenant: Tenant) -> str:
    """A UUID, its hyphens as two underscores; an identifier cannot begin with a digit."""
    names = {
        name
        for content in tenant.schema.values()
        for name in (*content["properties"], *content["navigations"])
        if is_guid(name.removeprefix("_").replace("__", "-"))
    }
    if not names:
        return "none"
    needless = any(name.startswith("_") and not name[1].isdigit() for name in names)
    return "prefix_always" if needless else "prefix_where_needed"


def _names_of_invoices(tenant: Tenant) -> Iterator[tuple[str, object]]:
    content, names = tenant.schema[INVOICE], tenant.names
    for code, name in (
        ("invoice_date", names.date),
        ("due_date", names.due_date),
        ("reference", names.reference),
        ("total_untaxed", names.untaxed),
        ("total_vat", names.vat),
        ("total", names.total),
        ("final_mark", names.final),
        ("credit_mark", names.credit),
        ("credit_link", names.credited),
        ("legal_entity", names.legal_entity),
    ):
        yield code, name or "none"
    properties, navigations = content["properties"], content["navigations"]
    references = [name for name in PAYMENT_REFERENCES if name in properties]
    yield "payment_reference", references[0] if references else "none"
    types = {"Edm.Date": "day", "Edm.DateTimeOffset": "moment"}
    yield "invoice_date_type", types.get(properties.get(names.date), "none")
    target = navigations.get(names.legal_entity, {}).get("type")
    means = {ORGANIZATION: "organization", "Relationship_Organization_Identity": "identity"}
    yield "legal_entity_means", means.get(target, "none")
    lines = tenant.schema.get("ProductLine", {"navigations": {}})["navigations"]
    to_invoice = [name for name, link in lines.items() if link["type"] == INVOICE]
    yield "line_invoice", min(to_invoice, default="none")
