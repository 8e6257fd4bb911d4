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
from .prober import MOST_CALLS, Findings, probe
from .tenant import Tenant, shown_names, shown_phases
from .trial_organization import TEST_IMPORT_ID, TEST_NAME, is_test_organization
from .writing import Trial
from .report import told_headers, told_schema, told_value

__all__ = [
    "LATER",
    "METADATA",
    "MOST_CALLS",
    "NOT_BY_READING",
    "NOT_SEEN",
    "READING",
    "READINGS",
    "TEST_IMPORT_ID",
    "TEST_NAME",
    "TOO_SLOW",
    "WORDS",
    "WRITING",
    "Findings",
    "Reading",
    "Tenant",
    "Trial",
    "is_test_organization",
    "probe",
    "shown_names",
    "shown_phases",
    "told_headers",
    "told_schema",
    "told_value",
]
