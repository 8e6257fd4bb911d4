"""What is known of a tenant before it is probed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..mapping import InvoiceFields

ORGANIZATION = "Relation_Organization"
INVOICE = "Activity_Invoice"
KNOWN_PHASES = ("draft", "sent", "paid")
MOST_NAMES = 5


@dataclass(frozen=True)
class Tenant:
    """What *Connect* has read of a tenant already. ``digits`` are the decimals of a currency."""

    schema: Mapping
    is_inherited: bool
    names: InvoiceFields
    missing: Sequence[str]
    phases: Sequence[Mapping]
    drafts: frozenset
    countries: Sequence[Mapping]
    identities: Sequence[Mapping]
    own_id: str | None
    timezone: str
    digits: Callable[[str], int]
    base_currency: str

    def has(self, entity_set: str, name: str = "") -> bool:
        """Whether the tenant has a set, and a field of this name in it."""
        content = self.schema.get(entity_set)
        if content is None:
            return False
        return not name or name in content["properties"] or name in content["navigations"]


def shown_phases(rows: Sequence[Mapping]) -> str:
    """Phases by their code, in order: those of Tribe; a tenant's own are counted."""
    codes = [str(row.get("Code") or "").strip() for row in rows]
    known = [code for code in codes if code.lower() in KNOWN_PHASES]
    own = len(codes) - len(known)
    return ", ".join([*known, *([f"+{own}"] if own else [])]) or "none"


def shown_names(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    names = sorted(names)
    rest = len(names) - MOST_NAMES
    return ", ".join([*names[:MOST_NAMES], *([f"+{rest}"] if rest > 0 else [])]) or "none"


def yes_or_no(value: bool) -> str:
    """The word of a reading that is true or not."""
    return "yes" if value else "no"
