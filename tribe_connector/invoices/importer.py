from odoo import models

from ..codes import ASKED_BY, BOOK_ANYWAY, COMPARED, PHASE_BEFORE, TOLD_PAID
from ..engine.problems import TOLD_REASONS, NeedsPerson
from ..engine.turn import in_time
from ..mapping import read_alone
from ..mapping.invoice_facts import OF_THE_SAME_SALE, only
from ..sentence import sentence
from .booking import MOST_LINES, by_company, in_pieces, name_of_customer, title_of


class TribeInvoiceImporter(models.AbstractModel):
    """Tribe to Odoo: invoices in a booking phase become posted invoices."""

    _name = "tribe.invoice.importer"
    _description = "Tribe Invoice Importer"

    def _process(self, batch):
        """Do the work rows of some invoices."""
        if "Activity_Invoice" in batch.connection._absent():
            raise NeedsPerson(
                sentence("tribe_has_no_invoices"),
            )
        entities = self._load_invoices(batch, batch.references)
        self._learn(batch, entities.values())
        # A new transaction: looks note what they see in the same table.
        batch.commit()
        sightings = self.env["tribe.sighting"]
        sightings._note_read(batch.connection, map(batch.connection._sight_of, entities.values()))
        failures = {}
        gone = [reference for reference in batch.references if reference not in entities]
        self._note_gone_invoices(batch, gone, failures)
        self._book_in_pieces(batch, self._prepare(batch, entities, failures), failures)
        for reference in batch.references:
            if reference in failures:
                batch.failed(reference, *failures[reference])
            else:
                batch.done(reference)

    def _book_in_pieces(self, batch, bookings, failures):
        """Book some invoices, a company and so many lines at a time."""

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = self._failure(booking, error)

        # What was held before is likely to be so again.
        held = [each for each in bookings if each.invoice.tribe_id in batch.held]
        fresh = [each for each in bookings if each not in held]
        pieces = [
            piece
            for company_bookings in (*by_company(fresh), *by_company(held))
            for piece in in_pieces(company_bookings, MOST_LINES)
        ]

        def late(piece, error):
            for booking in piece:
                fail(booking, error)

        for piece in in_time(pieces, late):
            batch.apply_splitting_on_error(
                piece, lambda part: self.env["tribe.invoice.booker"]._book(batch, part), fail
            )

    def _failure(self, booking, error):
        """What ``Batch.failed`` needs to know of an invoice that cannot be booked."""
        return error, booking.invoice.number, booking.company, self._known_facts(booking)

    def _facts_of_held(self, connection, entity):
        """The same of an invoice that may not be readable; then nothing."""
        try:
            return self._known_facts(self._read_booking(connection, entity))
        except Exception:  # noqa: BLE001 - why it is held is known already
            return {}

    def _known_facts(self, booking):
        """What people know an invoice by that is not booked; *Adopt* compares it as well."""
        facts = self.env["tribe.invoice.booker"]._facts_in_tribe(booking)
        known = {name: facts[name] for name in (*OF_THE_SAME_SALE, "relation") if name in facts}
        return {**known, **booking.kept, "customer_name": booking.customer_name}

    def _facts_read_alone(self, connection, entity):
        """The same of an invoice that cannot be read whole, as far as it can be."""
        legal_entity = self._find_legal_entity(connection, entity)
        default = legal_entity.default_get(["timezone"])["timezone"]
        try:
            facts = read_alone(
                entity,
                connection._invoice_fields(),
                timezone=legal_entity.timezone or default,
                base_currency=legal_entity.company_id.currency_id.name or "",
            )
            # What a customer is called is forgotten with the contact, which needs the ID.
            named = {"customer_name": name_of_customer(entity)} if facts.get("customer") else {}
        except Exception:  # noqa: BLE001 - why it is held is known already
            return {}
        return {**facts, **named}

    def _prepare(self, batch, entities, failures):
        """What is to be booked (``Booking``); what cannot be goes to ``failures``."""
        known = self.env["tribe.link"]._of_tribe(batch.connection, entities)
        wanted = self._compare_or_read(batch, entities, known, failures)
        for tribe_id, link in known.items():
            if tribe_id not in failures and link._needs_attention():
                failures[tribe_id] = link._problem(), link._booked_number(), link.company_id
        # No row that was changed stays locked while Tribe is asked: a user's save could meet it.
        batch.commit()
        wanted = self._check_with_relationships(batch, entities, wanted, failures)
        self._find_customers(batch, wanted, failures)
        batch.commit()
        self._read_terms(batch, wanted, failures)
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        return [booking for booking in wanted if booking.invoice.tribe_id not in failures]

    def _compare_or_read(self, batch, entities, known, failures):
        """Compare what is booked already, and read what is new; returns what is to be booked.

        :param known: ``{tribe_id: link}``
        """
        compared = [entities[each] for each, link in known.items() if link.state in COMPARED]
        relationships = self._load_relationships(batch, compared)
        wanted = []

        def held(tribe_id, error, facts):
            entity = entities[tribe_id]
            company = self._find_legal_entity(batch.connection, entity).company_id
            facts = {**facts, **self._kept(batch, tribe_id)}
            failures[tribe_id] = (error, title_of(entity), company, facts)

        def fail(tribe_id, error):
            held(tribe_id, error, self._facts_of_held(batch.connection, entities[tribe_id]))

        def late(tribe_id, error):
            failures[tribe_id] = error, title_of(entities[tribe_id])

        def compare(part):
            for tribe_id in part:
                relationship = relationships.get(tribe_id, {})
                self._compare_booked(batch, known[tribe_id], entities[tribe_id], relationship)

        # Of what is new Tribe is asked more, so that comes last.
        for tribe_id in in_time(sorted(entities, key=lambda each: each not in known), late):
            if tribe_id in known:
                batch.apply_splitting_on_error([tribe_id], compare, fail)
                continue
            entity = entities[tribe_id]
            try:
                if booking := self._read_to_book(batch, entity):
                    wanted.append(booking)
            except Exception as error:  # noqa: BLE001 - classified by the batch
                # Not read again: of many lines that takes long.
                held(tribe_id, error, self._facts_read_alone(batch.connection, entity))
        return wanted

    def _check_with_relationships(self, batch, entities, bookings, failures):
        """Read whose the invoices are by now, then check them; returns what can be booked.

        In this order: of one that is held *Adopt* asks who its customer is.
        """
        rows = self._load_relationships(
            batch, [entities[each.invoice.tribe_id] for each in bookings]
        )
        checked = []

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = self._failure(booking, error)

        self.env["tribe.invoice.booker"]._look_up_numbers(bookings)
        for booking in in_time(bookings, fail):
            booking.note_relationship(rows.get(booking.invoice.tribe_id, {}))
            try:
                self._check_bookable(booking)
                checked.append(booking)
            except Exception as error:  # noqa: BLE001 - classified by the batch
                fail(booking, error)
        return checked

    def _look_once_more(self, batch, tribe_id):
        """Look once more, later, when Tribe told of a change and the read shows none."""
        reasons = batch.reasons.get(tribe_id, set())
        if reasons & TOLD_REASONS:
            works = self.env["tribe.work"]
            works._look_once_more(batch.connection, "invoice", tribe_id, reasons)

    def _read_to_book(self, batch, entity):
        """One invoice with its legal entity, or None where it is not to be booked."""
        connection = batch.connection
        phase = self._phase_of(connection, entity)
        if phase.is_draft:
            self._look_once_more(batch, entity["ID"])
        if phase not in connection._booking_phases():
            return None
        if self._is_booked_elsewhere(self._find_legal_entity(connection, entity)):
            return None
        # Not read whole: nothing in it has to be right.
        if self._is_older(connection, entity):
            return None
        booking = self._read_booking(connection, entity)
        if connection.invoices_from and booking.invoice.date < connection.invoices_from:
            return None
        self._note_request(batch, booking)
        return booking

    def _note_request(self, batch, booking):
        """Note with an invoice what was asked for it, and by whom."""
        tribe_id = booking.invoice.tribe_id
        reasons = batch.reasons.get(tribe_id, ())
        booking.note_request(
            may_share_number=BOOK_ANYWAY in reasons,
            was_paid_in_tribe_by_us=TOLD_PAID in reasons,
            kept=self._kept(batch, tribe_id),
        )
        if asked_by := batch.asked.get(tribe_id, {}).get(ASKED_BY):
            booker = self.env["tribe.invoice.booker"]
            booking.asker = booker._asker_with_exception(booking, asked_by)

    def _kept(self, batch, tribe_id):
        """What the link of an invoice knew that is booked again: ``{PHASE_BEFORE: phase ID}``."""
        return only(batch.asked.get(tribe_id, {}), (PHASE_BEFORE,))

    def _check_bookable(self, booking):
        """Refuse what Tribe may still change, and what Odoo could not book."""
        self._check_final(booking)
        if not booking.currency.active:
            raise self._currency_not_active(booking.invoice.number, booking.currency.name)
        booker = self.env["tribe.invoice.booker"]
        booker._check_open(booking)
        booker._check_taxes(booking)

    def _check_final(self, booking):
        """Refuse what Tribe itself does not call final: its number and amounts may change."""
        if not booking.invoice.is_final:
            raise NeedsPerson(
                sentence(
                    "invoice_not_final",
                    number=booking.invoice.number,
                    phase=booking.phase.name,
                ),
            )
