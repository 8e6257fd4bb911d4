"""How a tenant of Tribe works, found out by looking. Knows ``tribe_api``, never Odoo."""

from .catalogue import (
    NOT_BY_READING,
    NOT_SEEN,
    LATER,
    METADATA,
    READING,
    READINGS,
    TOO_SLOW,
    WORDS,
    WRITING,
    Reading,
)
from .prober import MOST_CALLS, Findings, Tenant, probe

__all__ = [
    "LATER",
    "METADATA",
    "MOST_CALLS",
    "NOT_BY_READING",
    "NOT_SEEN",
    "READING",
    "READINGS",
    "TOO_SLOW",
    "WORDS",
    "WRITING",
    "Findings",
    "Reading",
    "Tenant",
    "probe",
]
