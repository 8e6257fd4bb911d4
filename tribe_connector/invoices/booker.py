import contextlib

from odoo import models
from odoo.tools.misc import get_lang

from ..engine.lost_race import is_of_transaction
from ..engine.problems import NeedsPerson, OfSome
from ..engine.turn import is_turn_over
from ..sentence import say, sentence
from .booking import BOOKING, check_each
from .entry_facts import vat_places


class TribeInvoiceBooker(models.AbstractModel):
    """From an invoice of Tribe that is read and complete to a posted one in Odoo."""

    _name = "tribe.invoice.booker"
    _description = "Tribe Invoice Booker"

    def _book(self, batch, bookings):
        """Create, correct, post and check some invoices of one company, all or nothing.

        :raises OfSome: what is wrong with some of them
        """
        for booking in bookings:
            booking.forget_look_ups()
        self._look_up_numbers(bookings)
        check_each(bookings, self._check_open)
        refused = OfSome({})
        moves = self._create_moves(bookings, refused)
        of_move = dict(zip(moves, bookings, strict=True))
        with self._of_bookings(of_move):
            refused.check()
            check_each(moves, lambda move: self._check_taken_on(of_move[move], move))
            # Linked first: what is linked gets Tribe's VAT, and no other totals, when it is posted.
            # A credit note and its invoice are settled then, too.
            self._link_moves(batch, bookings, moves)
            self._post(moves)
            refused.check()
            check_each(moves, lambda move: self._check_posted(of_move[move], move))
        self._note_booked(batch, of_move)

    def _create_moves(self, bookings, refused):
        """The entries of some invoices of one company, not posted yet.

        :param refused: gets those of which Odoo refuses the values (``booking.validate``)
        """
        company = bookings[0].company
        return (
            self.env["account.move"]
            .with_company(company)
            .with_context(
                lang=self._language(company),
                tracking_disable=True,
                tribe_booking=BOOKING,
                tribe_asker=bookings[0].asker,
                tribe_refused=refused,
            )
            .create([self._move_values(booking) for booking in bookings])
            # From here on Odoo refuses in the language of who is told.
            .with_context(lang=self.env.lang)
        )

    def _note_booked(self, batch, of_move):
        """Note what was booked (``{move: booking}``), and have its PDFs fetched."""
        bookings = [*of_move.values()]
        self._note_origin(bookings, self.env["account.move"].concat(*of_move))
        for move, booking in of_move.items():
            self._keep_vat_places(move)
            if booking.phase._is_paid() and not booking.was_paid_in_tribe_by_us:
                self._note_paid_in_tribe(move)
            batch.log("post", move.name, move=move)
        if batch.connection.fetch_documents:
            self.env["tribe.work"]._add(
                batch.connection,
                "inbound",
                "document",
                [booking.invoice.tribe_id for booking in bookings],
                "follow",
            )

    @contextlib.contextmanager
    def _of_bookings(self, of_move):
        """What is wrong with entries is wrong with what they are booked for: ``{move: booking}``"""
        try:
            yield
        except OfSome as error:
            known = [move for move in of_move if move in error.reasons]
            OfSome({of_move[move]: error.reasons[move] for move in known}).check()
            # Of an entry that Odoo made along with them, such as an exchange difference.
            raise next(iter(error.reasons.values())) from error

    def _post(self, moves):
        """Post some entries; to know which of them Odoo refuses, one after the other.

        :raises OfSome: which of them cannot be posted; what was posted is to be undone then
        """
        try:
            with self.env.cr.savepoint():
                moves._post(soft=False)
        except OfSome:
            raise
        except Exception as error:
            if is_of_transaction(error):
                raise
            if len(moves) > 1:
                OfSome(dict(self._refused_alone(moves))).check()
            raise

    def _refused_alone(self, moves):
        """Those of some entries that cannot be posted, and why, as long as there is time."""
        for move in moves:
            if is_turn_over():
                return
            try:
                with self.env.cr.savepoint():
                    move._post(soft=False)
            except OfSome as error:
                yield from error.reasons.items()
            except Exception as error:
                if is_of_transaction(error):
                    raise
                yield move, error

    def _note_paid_in_tribe(self, move):
        """Tribe's word about a payment is no payment in the books: it is only noted."""
        move.message_post(body=self._say_in(move.company_id, "paid_in_tribe_not_booked"))

    def _note_origin(self, bookings, moves):
        """Have the audit trail say where entries come from: their changes are not tracked.

        As said by who asked for them, where an exception of theirs counted.
        """
        moves._message_log_batch(
            {
                move.id: self._say_in(
                    booking.company, "booked_from_tribe", number=booking.invoice.number
                )
                for booking, move in zip(bookings, moves, strict=True)
            },
            author_id=bookings[0].asker.partner_id.id or None,
        )

    def _language(self, company):
        """The language in which the books of a company are kept, whoever is told of problems."""
        # One that is not installed any more Odoo refuses in whatever is done.
        return get_lang(self.env, company.partner_id.lang).code

    def _say_in(self, company, code, **parameters):
        """A sentence in the language of a company."""
        return say(self.with_context(lang=self._language(company)).env, code, **parameters)

    def _check_posted(self, booking, move):
        """Refuse an accounting date that Odoo moved (what else Tribe says, posting checks).

        :raises NeedsPerson: naming both dates
        """
        expected = self._accounting_date(booking)
        if move.date != expected:
            raise NeedsPerson(
                sentence(
                    "invoice_date_would_differ",
                    number=booking.invoice.number,
                    odoo=move.date,
                    expected=expected,
                ),
            )

    def _keep_vat_places(self, move):
        """Agree on accounts and grids as they were posted: some countries' addons set them then."""
        for link in move.tribe_link_ids:
            link.agreed = {**link.agreed, "vat_places": vat_places(move)}

    def _link_moves(self, batch, bookings, moves):
        self.env["tribe.link"].create(
            [
                {
                    "connection_id": batch.connection.id,
                    "kind": "invoice",
                    "tribe_id": booking.invoice.tribe_id,
                    "credited_tribe_id": booking.invoice.credited_invoice_id,
                    "move_id": move.id,
                    "phase_id": booking.phase.id,
                    "told_paid": booking.phase._is_paid(),
                    "paid_by_us": booking.phase._is_paid() and booking.was_paid_in_tribe_by_us,
                    "agreed": {
                        **self._facts_of(booking),
                        "due_date": self._due_date(booking).isoformat(),
                        "accounting_date": self._accounting_date(booking).isoformat(),
                        "keeps_number": booking.keeps_number,
                        "partner_id": booking.partner.id,
                        **booking.kept,
                    },
                }
                for booking, move in zip(bookings, moves, strict=True)
            ]
        )
