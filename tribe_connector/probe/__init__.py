"""How a tenant of Tribe works, found out by looking. Knows ``tribe_api``, never Odoo."""

from .catalogue import (
    LATER,
    METADATA,
    READING,
    READINGS,
    WORDS,
    WRITING,
    Reading,
)

__all__ = [
    "LATER",
    "METADATA",
    "READING",
    "READINGS",
    "WORDS",
    "WRITING",
    "Reading",
]
