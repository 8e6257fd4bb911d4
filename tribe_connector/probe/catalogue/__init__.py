"""All that public documentation does not settle about a tenant of Tribe, one row each.

Imports nothing from outside this folder: docs/tribe-api.md is made from it without Odoo
(``./dev messages``).
"""

from .invoice_fields import INVOICE_FIELDS, PHASES
from .invoices import INVOICES
from .lists import LISTS
from .names import NAMES
from .reading import (
    LATER,
    METADATA,
    NAME,
    NOT_BY_READING,
    NOT_SEEN,
    NUMBER,
    READING,
    TOO_SLOW,
    WRITING,
    Reading,
)
from .signing_in import SIGNING_IN
from .webhooks import WEBHOOKS
from .words import WORDS
from .writing import WRITING_READINGS

READINGS: dict[str, Reading] = {
    each.code: each
    for each in (
        *SIGNING_IN,
        *NAMES,
        *LISTS,
        *PHASES,
        *INVOICE_FIELDS,
        *INVOICES,
        *WRITING_READINGS,
        *WEBHOOKS,
    )
}

__all__ = [
    "LATER",
    "METADATA",
    "NAME",
    "NOT_BY_READING",
    "NOT_SEEN",
    "NUMBER",
    "READING",
    "READINGS",
    "TOO_SLOW",
    "WORDS",
    "WRITING",
    "Reading",
]
