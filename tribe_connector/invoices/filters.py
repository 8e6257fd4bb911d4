"""Filters and dates by which invoices are listed."""

from datetime import timedelta

from ..mapping.invoice import EARLIEST_DATE
from ..tribe_api import Guid, any_of


def any_phase(phases):
    """A filter for invoices in some phases; empty for none."""
    return any_of("Phase/ID", [Guid(phase.tribe_id) for phase in phases]) if phases else ""


def day_before(since):
    """The day before an invoice date; no invoice is dated before ``EARLIEST_DATE``."""
    return max(since, EARLIEST_DATE) - timedelta(days=1)
