"""What has the numbers of some invoices of Tribe, looked up at once for all of them."""

from functools import cached_property


class NumberLookUp:
    """Which entries have the numbers of some bookings, as the transaction shows them.

    Each kind of entry is looked up when the first booking asks for it.
    """

    def __init__(self, booker, bookings):
        self._booker = booker
        self._bookings = bookings
        self._of_companies = {}
        self._beside = {}

    def in_journal(self, booking):
        """The entry with the number of an invoice in its journal; may be empty."""
        key = booking.journal, booking.invoice.number
        return self._in_journals.get(key, self._booker.env["account.move"])

    def in_company(self, booking):
        """The customer invoices of its company that have the number of an invoice."""
        return self._having(booking, booking.company)

    def beside(self, booking):
        """Those of the company above, and of branches."""
        company = booking.company
        if company not in self._beside:
            self._beside[company] = self._booker._companies_beside(company)
        return self._having(booking, self._beside[company])

    @cached_property
    def _in_journals(self):
        keeping = [booking for booking in self._bookings if booking.keeps_number]
        moves = self._booker.env["account.move"].search(
            [
                ("name", "in", [booking.invoice.number for booking in keeping]),
                ("journal_id", "in", [booking.journal.id for booking in keeping]),
                # A cancelled one gives its number free (Odoo's index on names).
                ("state", "!=", "cancel"),
            ]
        )
        return {(move.journal_id, move.name): move for move in reversed(moves)}

    def _having(self, booking, companies):
        key = booking.company, companies
        if key not in self._of_companies:
            numbers = [
                each.invoice.number for each in self._bookings if each.company == booking.company
            ]
            moves = self._booker._all_with_numbers(companies, numbers)
            self._of_companies[key] = [(move, _numbers_of(move)) for move in moves]
        number = booking.invoice.number
        return (
            self._booker.env["account.move"]
            .browse()
            .concat(
                *(
                    move
                    for move, numbers in self._of_companies[key]
                    if number in numbers or move.ref and move.ref.startswith(f"{number} / ")
                )
            )
        )


def _numbers_of(move):
    """What an entry may have the number of an invoice in."""
    return {move.name, move.ref, move.payment_reference} - {False}
