from odoo import models

from ..mapping import sight_options, start_of_day
from ..tribe_api import TribeRefused, TribeUnknownSet, at_least, both, either, equals
from ..tribe_names import INVOICE_SET
from .filters import any_phase, day_before

BAD_REQUEST = 400
DATE_TYPE = "Edm.Date"


class TribeInvoiceComparer(models.AbstractModel):
    """Which listings of Tribe show the invoices that are looked at."""

    _inherit = "tribe.invoice.comparer"

    def _open_pages(self, connection, client, also=None):
        """The open invoices that are booked, or would be, the newest first; page by page.

        :param also: what to expand as well
        """
        phases = any_phase(connection._open_phases())
        if not phases:
            return
        names = connection._invoice_fields()
        newest_first = f"{names.date} desc,ID asc" if names.date else "ID desc"
        periods = self._periods(connection, connection.invoices_from)
        listings = self._listings(connection, [both(phases, period) for period in periods], phases)
        for listing in listings if also else ():
            listing["expand"] += f",{also}"
        yield from self._pages(client, listings, orderby=newest_first)

    def _full_listings(self, connection, since):
        """Drafts have no date; of what has none, only what would be booked is looked at."""
        names = connection._invoice_fields()
        phases = connection.phase_ids.filtered(lambda phase: not phase.is_draft)
        if not names.date:
            return self._listings(connection, [any_phase(phases)])
        if not since:
            return self._listings(connection, [""])
        booked = any_phase(connection._booking_phases())
        undated = booked and both(equals(names.date, None), booked)
        periods = [either(period, undated) for period in self._periods(connection, since)]
        return self._listings(connection, periods, any_phase(phases))

    def _periods(self, connection, since):
        """Filters for the invoices from a date on: in the type that Tribe's date has, or may have.

        In any time zone, so from a day before.
        """
        names = connection._invoice_fields()
        if not (names.date and since):
            return [""]
        day = day_before(since)
        moments = [start_of_day(day, connection.timezone), day]
        if connection.invoice_date_type == DATE_TYPE:
            moments.reverse()
        return [at_least(names.date, moment) for moment in moments]

    def _listings(self, connection, filters, otherwise=None):
        """How to list invoices, each in case Tribe refuses the one before; without options that
        name a field that this tenant no longer has, at last.
        """
        select, expand = sight_options(connection._invoice_fields(), connection.invoice_names or ())
        listings = [{"filter": each, "select": select, "expand": expand} for each in filters]
        last = filters[0] if otherwise is None else otherwise
        return [*listings, {"filter": last, "expand": "Phase($select=ID)"}]

    def _pages(self, client, listings, **options):
        """The pages of the first listing that Tribe does not refuse."""
        for number, listing in enumerate(listings, start=1):
            pages = client.pages(INVOICE_SET, **listing, **options, spares_unreadable=True)
            try:
                first = next(pages, None)
            except TribeUnknownSet:
                raise
            except TribeRefused as error:
                if error.status != BAD_REQUEST or number == len(listings):
                    raise
                continue
            if first is not None:
                yield first
                yield from pages
            return

    def _count(self, client, filters):
        """How many invoices Tribe has by the first filter that it does not refuse, or None."""
        for each in filters:
            try:
                return client.count(INVOICE_SET, filter=each)
            except TribeUnknownSet:
                raise
            except TribeRefused as error:
                if error.status != BAD_REQUEST:
                    raise
        return None
