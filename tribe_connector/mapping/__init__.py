"""Values of Tribe <-> values of Odoo. Pure functions: no input or output, no Odoo."""

from .address import StreetParts, join_street, split_street
from .invoice import Invoice, InvoiceFields, InvoiceLine, InvoiceUnreadable, read_invoice
from .merge import NUMBER_FIELDS, REQUIRED_FIELDS, Merge, Policy, merge
from .normalization import canonical, clean, clean_lines
from .person_name import PersonName, join, split
from .relation import (
    ADDRESS_FIELDS,
    ORGANIZATION_FIELDS,
    PERSON_FIELDS,
    CountryUnknown,
    address_body,
    organization_address,
    organization_body,
    organization_from_tribe,
    person_address,
    person_body,
    person_from_tribe,
    relationship_body,
)
from .tenant_fields import Requirement, missing_requirements, resolve_invoice_fields
from .vat_kind import (
    DOMESTIC,
    EXPORT,
    INTRA_COMMUNITY,
    REVERSE_CHARGED,
    is_about_services,
    vat_kind,
)

__all__ = [
    "ADDRESS_FIELDS",
    "DOMESTIC",
    "EXPORT",
    "INTRA_COMMUNITY",
    "NUMBER_FIELDS",
    "ORGANIZATION_FIELDS",
    "PERSON_FIELDS",
    "REQUIRED_FIELDS",
    "REVERSE_CHARGED",
    "CountryUnknown",
    "Invoice",
    "InvoiceFields",
    "InvoiceLine",
    "InvoiceUnreadable",
    "Merge",
    "PersonName",
    "Policy",
    "Requirement",
    "StreetParts",
    "address_body",
    "canonical",
    "clean",
    "clean_lines",
    "is_about_services",
    "join",
    "join_street",
    "merge",
    "missing_requirements",
    "organization_address",
    "organization_body",
    "organization_from_tribe",
    "person_address",
    "person_body",
    "person_from_tribe",
    "read_invoice",
    "relationship_body",
    "resolve_invoice_fields",
    "split",
    "split_street",
    "vat_kind",
]
