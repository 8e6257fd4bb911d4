import contextlib

from odoo import models

from ..engine.problems import NeedsPerson
from ..mapping import ValueUnreadable
from ..mapping.invoice_facts import changed, differing, missing, only
from ..sentence import said, sentence
from .entry_facts import vat_places_by_tax


class TribeInvoiceImporter(models.AbstractModel):
    """Compares what is booked already with what Tribe has by now."""

    _inherit = "tribe.invoice.importer"

    def _compare_with_tribe(self, batch, links):
        """Compare booked invoices with what Tribe has by now, before it is told of payments.

        Each with its lease.

        :return: what kept some from being compared: ``{link: exception}``
        """
        entities = self._load_invoices(batch, links.mapped("tribe_id"))
        self._learn(batch, entities.values())
        # No row that was changed stays locked while Tribe is asked.
        batch.commit()
        relationships = self._load_relationships(batch, entities.values())
        # A new transaction sees what was saved meanwhile.
        batch.commit()
        failures = {}

        def compare(part):
            for link in part:
                relationship = relationships.get(link.tribe_id, {})
                self._compare_booked(batch, link, entities[link.tribe_id], relationship)

        gone = links.filtered(lambda link: link.tribe_id not in entities)
        self._note_gone_invoices(batch, gone.mapped("tribe_id"), {})
        for link in links - gone:
            batch.apply_splitting_on_error([link], compare, failures.__setitem__)
        batch.commit()
        return failures

    def _compare_booked(self, batch, link, entity, relationship):
        """An invoice that is booked already: note its phase, and what changed in Tribe since."""
        before = _state_of(link)
        seen = self._compare_phase(batch, link, entity)
        if link.paid_by_us and not (link.told_paid or link._is_moved_back()):
            # Both sides call it open: what Tribe was told once is over.
            link.paid_by_us = False
        self._compare_facts(batch, link, entity, relationship)
        if _state_of(link) == before and not seen.is_news:
            self._look_once_more(batch, link.tribe_id)

    def _compare_phase(self, batch, link, entity):
        """Note in which phase an invoice is; returns what the read shows of what we told of it."""
        phase = self._phase_of(batch.connection, entity)
        seen = link._see({"phase": phase.tribe_id}, {}, batch.began)
        link._keep_told(seen)
        if "phase" in seen.hidden or link.phase_id == phase:
            return seen
        is_paid = phase._is_paid()
        if "phase" in seen.arrived:
            is_paid_by_us = is_paid
        else:
            # Where ours was taken back (``_is_moved_back``), Paid is somebody else's word by now.
            is_paid_by_us = link.paid_by_us and (link.told_paid or not is_paid)
        if is_paid and not is_paid_by_us and not link.told_paid and link.move_id:
            self.env["tribe.invoice.booker"]._note_paid_in_tribe(link.move_id)
        link.write({"phase_id": phase.id, "told_paid": is_paid, "paid_by_us": is_paid_by_us})
        return seen

    def _compare_facts(self, batch, link, entity, relationship):
        """Note what is not what it was when an invoice was booked."""
        legal_entity = self._find_legal_entity(batch.connection, entity)
        link._complete_legal_entity(legal_entity)
        is_moved = link._legal_entity() not in (None, legal_entity.tribe_id)
        if self._is_booked_elsewhere(legal_entity) and not is_moved:
            return
        if link.state in ("linked", "differs", "gone"):
            differences = self._tribe_differences(batch, link, entity, relationship)
            differences += link._move_differences()
            unsettled = link._settle_credits(only_new=True)
            link._note_differences([*differences, *unsettled], is_looked_at=True)

    def _tribe_differences(self, batch, link, entity, relationship):
        """Note what Tribe has otherwise than it was agreed; what else it tells, as sentences."""
        named = self._find_legal_entity(batch.connection, entity)
        booked = named and link._legal_entities([link._legal_entity()])
        try:
            # The other one may have no books here.
            booking = self._read_booking(batch.connection, entity, booked - named)
            # What was adopted, or booked before this was kept, gets it here.
            link._credits_now(booking.invoice.credited_invoice_id)
            booking.note_relationship(relationship)
            self._complete_facts(link, booking)
        except (NeedsPerson, ValueUnreadable) as error:
            return self._draft_or_without_number(batch.connection, entity) or said(error)
        is_named = self._named_legal_entity(batch.connection, entity)
        of_entity = {"legal_entity": named.tribe_id} if is_named else {}
        link._note_in_tribe(self._changed_in_tribe(link, booking, of_entity))
        return [sentence("difference_draft_in_tribe")] if booking.phase.is_draft else []

    def _draft_or_without_number(self, connection, entity):
        """What keeps a booked invoice from being read that is a draft again; may be empty."""
        reasons = []
        if self._phase_of(connection, entity).is_draft:
            reasons.append(sentence("difference_draft_in_tribe"))
        if not entity.get("Number"):
            reasons.append(sentence("difference_no_number_in_tribe"))
        return reasons

    def _changed_in_tribe(self, link, booking, of_entity):
        """What Tribe has otherwise than it was agreed, with what it means in Odoo."""
        booker = self.env["tribe.invoice.booker"]
        now = {**booker._facts_in_tribe(booking), **of_entity}
        if not differing(link.agreed, now):
            return {}
        means = {"accounting_date": self._accounting_date_of_adopted(booking, link.move_id)}
        # What is not mapped nobody can have booked so.
        with contextlib.suppress(NeedsPerson, ValueUnreadable):
            means |= booker._facts_of(booking)
        return changed(link.agreed, {**means, **now})

    def _complete_facts(self, link, booking):
        """Keep the facts that were not known when an invoice was linked.

        Of one that somebody made in Odoo all of them, as Tribe has them, with VAT where its taxes
        have it. Of one that an older version booked what that did not keep, as it is in the books.

        :raises NeedsPerson: for what is not mapped
        """
        booker = self.env["tribe.invoice.booker"]
        if not link.agreed:
            self._read_term(booking)
            link.agreed = {
                **booker._facts_of(booking),
                "due_date": booker._due_date(booking).isoformat(),
                "accounting_date": self._accounting_date_of_adopted(booking, link.move_id),
                "vat_places": vat_places_by_tax(link.move_id),
                "keeps_number": False,
            }
        elif names := missing(link.agreed):
            now = booker._facts_in_tribe(booking)
            known = only(now, ("lines", "relation"))
            if not differing(link.agreed, now):
                known |= only(now, ("products",))
            if link.move_id.state == "posted":
                known |= link._facts_in_odoo()
            added = {name: known[name] for name in names if name in known}
            if added:
                link.agreed = {**link.agreed, **added}

    def _accounting_date_of_adopted(self, booking, move):
        """The invoice date; in a period that is locked any later one that somebody chose."""
        booker, date = self.env["tribe.invoice.booker"], booking.invoice.date
        if move.date and move.date > date and booker._locks(booking, date):
            date = move.date
        return date.isoformat()

    def _note_gone_invoices(self, batch, tribe_ids, failures):
        """Booked invoices that are no longer in Tribe: shown, and kept."""
        self.env["tribe.sighting"]._forget(batch.connection, tribe_ids)
        numbers = []
        for tribe_id, link in self.env["tribe.link"]._of_tribe(batch.connection, tribe_ids).items():
            if link.state in ("linked", "differs"):
                link.write({"state": "gone", "difference": sentence("difference_deleted_in_tribe")})
                numbers.append(link._booked_number())
            if link._needs_attention():
                failures[tribe_id] = link._problem(), link._booked_number(), link.company_id
        self._look_for_made_anew(batch.connection, [*filter(None, numbers)])

    def _look_for_made_anew(self, connection, numbers):
        """Have those looked at again that are held because a deleted one has their number."""
        if not numbers:
            return
        held = [
            ("connection_id", "=", connection.id),
            ("kind", "=", "invoice"),
            ("cause", "=", "number"),
            ("record_name", "in", numbers),
        ]
        if self.env["tribe.work"]._add_again(held, "follow"):
            self.env["tribe.engine"]._wake("inbound")


def _state_of(link):
    """What a look at a booked invoice may change."""
    return (link.phase_id, link.state, link.difference, link.credited_tribe_id)
