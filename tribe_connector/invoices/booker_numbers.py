from decimal import Decimal

from odoo import models
from odoo.fields import Domain
from odoo.tools import escape_psql

from ..codes import DEAD_STATES
from ..engine.problems import NeedsPerson
from ..mapping.invoice_facts import can_be_same_sale
from ..sentence import Money, Name, sentence
from .number_look_up import NumberLookUp


class TribeInvoiceBooker(models.AbstractModel):
    """Refuses a number of Tribe that is in use, and finds what may be the same sale."""

    _inherit = "tribe.invoice.booker"

    def _check_number(self, booking):
        """Refuse a number that is in use: Odoo would refuse it late, or book the sale twice."""
        if booking.keeps_number and (in_journal := self._numbers(booking).in_journal(booking)):
            raise self._number_taken(
                booking, in_journal, self._remedy_in_journal(booking, in_journal)
            )
        if not booking.may_share_number:
            self._check_number_elsewhere(booking)

    def _look_up_numbers(self, bookings):
        """Have what has the numbers of some invoices looked up for all of them at once."""
        look_up = NumberLookUp(self, bookings)
        for booking in bookings:
            booking.numbers = look_up

    def _numbers(self, booking):
        """What has its number, looked up together with others where that was prepared."""
        if booking.numbers is None:
            booking.numbers = NumberLookUp(self, [booking])
        return booking.numbers

    def _check_number_elsewhere(self, booking):
        """Refuse a number by which the sale may be in the books already."""
        every = self._numbers(booking).in_company(booking)
        elsewhere = self._that_may_be_adopted(booking.connection, every)
        facts = self._facts_in_tribe(booking)
        if same := self._of_same_sale(booking.connection, elsewhere, facts):
            raise self._number_taken(booking, same[0], sentence("number_taken_adopt_or_book"))
        twice = (every - elsewhere).filtered(
            lambda move: self._was_given(booking, self._links_of(booking.connection, move))
        )
        if same := self._of_same_sale(booking.connection, twice, facts):
            self._look_whether_deleted(booking.connection, same)
            raise self._number_taken(
                booking, same[0], sentence("number_given_twice_book_or_ignore")
            )
        # Before other books are asked for its total: one that contradicts itself asks nothing.
        booking.invoice.vat_by_group(booking.currency.decimal_places)
        if self._is_booked_beside(booking):
            # Who sees the books of this company may not see those: nothing of them is told.
            raise NeedsPerson(
                sentence(
                    "invoice_number_taken_beside",
                    number=booking.invoice.number,
                    total=Money(abs(booking.invoice.total), booking.currency.name),
                )
            )

    def _was_given(self, booking, link):
        """Whether Tribe gave the number of an invoice to another one that is booked.

        Legal entities may have the same numbers, and Odoo may give an entry any.
        """
        entities = (None, booking.legal_entity.tribe_id)
        return link._booked_number() == booking.invoice.number and link._legal_entity() in entities

    def _remedy_in_journal(self, booking, move):
        links = self._links_of(booking.connection, move)
        if links.state == "gone":
            return sentence("number_of_deleted_adopt_or_cancel")
        if not links or links.state in DEAD_STATES:
            return sentence("number_taken_adopt_or_renumber")
        self._look_whether_deleted(booking.connection, move)
        return sentence("number_given_twice_by_tribe")

    def _look_whether_deleted(self, connection, moves):
        """Have Tribe asked for those that it gave the same number: it may have made one anew."""
        tribe_ids = self._links_of(connection, moves).mapped("tribe_id")
        self.env["tribe.work"]._ask(connection, "inbound", "invoice", tribe_ids, "follow")

    def _links_of(self, connection, moves):
        """The links of some entries through a connection: one of each."""
        return moves.tribe_link_ids.filtered(lambda link: link.connection_id == connection)

    def _of_same_sale(self, connection, moves, facts):
        """Those of some entries with the number of an invoice of Tribe that can be its sale.

        :param facts: what is known of that invoice
        """
        return moves.filtered(
            lambda move: can_be_same_sale(facts, self._facts_if_adopted(connection, move, facts))
        )

    def _facts_if_adopted(self, connection, move, facts):
        """The facts of an entry, as if it were linked to an invoice of Tribe."""
        link = self.env["tribe.link"].new(
            {
                "connection_id": connection.id,
                "kind": "invoice",
                "move_id": move.id,
                "agreed": {**facts, "keeps_number": False},
            }
        )
        return link._facts_in_odoo()

    def _number_taken(self, booking, move, remedy):
        return NeedsPerson(
            sentence(
                "invoice_number_taken",
                number=booking.invoice.number,
                total=Money(abs(booking.invoice.total), booking.currency.name),
                # A draft has no number yet.
                move=move.name or sentence("invoice_that_is_a_draft"),
                customer=move.commercial_partner_id._tribe_called(),
                total_of_move=Money(Decimal(str(move.amount_total)), move.currency_id.name),
                journal=Name.of(move.journal_id),
                remedy=remedy,
            ),
        )

    def _is_booked_beside(self, booking):
        """Whether a company above, or a branch, has the same sale with its number.

        All of them are one business. A number alone says nothing: each may have its own series,
        and then one would be asked about for ever.
        """
        if not booking.partner:
            # It is looked at again when it is booked.
            return False
        invoice = booking.invoice
        beside = self._numbers(booking).beside(booking)
        moves = self._that_may_be_adopted(booking.connection, beside)
        return any(
            (move.move_type == "out_refund") == invoice.is_credit
            and move.commercial_partner_id == booking.partner.commercial_partner_id
            and move.currency_id == booking.currency
            and Decimal(str(move.amount_total)) == abs(invoice.total)
            for move in moves
        )

    def _companies_beside(self, company):
        """The company above it, and all branches but itself."""
        return company.with_context(active_test=False).search(
            [("id", "child_of", company.root_id.id), ("id", "!=", company.id)]
        )

    def _moves_with_number(self, connection, companies, number):
        """Those of some companies with a number of Tribe that an invoice of Tribe may be."""
        return self._that_may_be_adopted(connection, self._all_with_number(companies, number))

    def _that_may_be_adopted(self, connection, moves):
        """Those of some invoices that were typed by hand, or booked through another connection.

        Or whose own invoice of Tribe was deleted there, or left to Odoo: what else this connection
        booked is known by its link.
        """
        return moves.filtered(
            lambda move: all(link.state in DEAD_STATES for link in self._links_of(connection, move))
        )

    def _all_with_number(self, companies, number):
        """Customer invoices of some companies that have a number of Tribe as number or reference.

        Or at the beginning of that, as an entry has it that Odoo numbers.
        """
        return self._all_with_numbers(companies, [number])

    def _all_with_numbers(self, companies, numbers):
        """As ``_all_with_number``, with any of some numbers."""
        has_number = Domain.OR(
            [
                Domain("name", "in", numbers),
                Domain("ref", "in", numbers),
                Domain("payment_reference", "in", numbers),
                *(Domain("ref", "=like", f"{escape_psql(number)} / %") for number in numbers),
            ]
        )
        return self.env["account.move"].search(
            Domain("company_id", "in", companies.ids)
            & Domain("move_type", "in", ("out_invoice", "out_refund"))
            & Domain("state", "!=", "cancel")
            & has_number
        )
