import contextlib
import functools
import itertools

from odoo import models

from ..codes import (
    ASKED_BY,
    BOOK_ANYWAY,
    COMPARED,
    PHASE_BEFORE,
    TOLD_PAID,
)
from ..engine.leases import (
    journal_key,
    partner_key,
)
from ..engine.problems import NEEDS_PERSON, TOLD_REASONS, Busy, NeedsPerson, TryAgain, judged
from ..engine.turn import in_time
from ..mapping import (
    LONGEST_TERM_IN_DAYS,
    ValueUnreadable,
    clean,
    clean_start,
    read_alone,
    read_invoice,
    whole_number,
)
from ..mapping.invoice_facts import (
    OF_THE_SAME_SALE,
    changed,
    differing,
    missing,
    only,
)
from ..relations.relation_reader import load_relations
from ..sentence import said, say, sentence, together
from ..tribe_api import Guid
from ..tribe_names import NAVIGATIONS
from .booking import (
    CUSTOMER_SETS,
    MOST_LINES,
    Booking,
    Mapping,
    by_company,
    entity_set_of,
    in_pieces,
    name_of_customer,
)
from .entry_facts import vat_places_by_tax

BUSY_SECONDS = 1
LONGEST_TITLE = 60
# So many are read while somebody waits for it: they take seconds.
PAGES_OF_BUTTON = 10
ACCOUNT_MANAGER = "AccountManager($select=ID,EmailAddress;$expand=Person($select=EmailAddress))"


class TribeInvoiceImporter(models.AbstractModel):
    """Tribe to Odoo: invoices in a booking phase become posted invoices."""

    _name = "tribe.invoice.importer"
    _inherit = "tribe.invoice.booker"
    _description = "Tribe Invoice Importer"

    def _process(self, batch):
        """Do the work rows of some invoices."""
        if "Activity_Invoice" in batch.connection._absent():
            raise NeedsPerson(
                sentence("tribe_has_no_invoices"),
            )
        entities = self._load(batch, batch.references)
        self._learn(batch, entities.values())
        # A new transaction: looks note what they see in the same table.
        batch.commit()
        sightings = self.env["tribe.sighting"]
        sightings._note_read(batch.connection, map(batch.connection._sight_of, entities.values()))
        failures = {}
        gone = [reference for reference in batch.references if reference not in entities]
        self._note_gone(batch, gone, failures)
        bookings = self._prepare(batch, entities, failures)

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
            batch.apply_splitting_on_error(piece, lambda part: self._book(batch, part), fail)
        for reference in batch.references:
            if reference in failures:
                batch.failed(reference, *failures[reference])
            else:
                batch.done(reference)

    def _failure(self, booking, error):
        """What ``Batch.failed`` needs to know of an invoice that cannot be booked."""
        return error, booking.invoice.number, booking.company, self._known_facts(booking)

    def _facts_of_held(self, connection, entity):
        """The same of an invoice that may not be readable; then nothing."""
        try:
            return self._known_facts(self._read_booking(connection, entity))
        except Exception:  # noqa: BLE001 - why it is held is told already
            return {}

    def _known_facts(self, booking):
        """What people know an invoice by that is not booked; *Adopt* compares it as well."""
        facts = self._facts_in_tribe(booking)
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
        except Exception:  # noqa: BLE001 - why it is held is told already
            return {}
        return {**facts, **named}

    # Reading

    def _load(self, batch, tribe_ids):
        """Some invoices with all that a booking needs, in one call: ``{tribe_id: entity}``."""
        names = batch.connection._invoice_fields()
        links = [name for name in (names.legal_entity, names.credited) if name]
        rows = batch.client.by_values(
            "Activity_Invoice",
            "ID",
            [Guid(tribe_id) for tribe_id in tribe_ids],
            expand=",".join(
                [
                    "Phase",
                    "Relationship",
                    "ProductLines($expand=VatGroup,Product($expand=GeneralLedgerAccount,Unit))",
                    *(f"{name}($select=ID)" for name in links),
                ]
            ),
        )
        return {row["ID"]: row for row in rows}

    def _learn(self, batch, invoices):
        """Read again what Tribe added since Connect and these invoices use."""
        batch.connection._learn_phases(batch, {_id_of(each, "Phase") for each in invoices})
        newer = [each for each in invoices if not self._is_older(batch.connection, each)]
        lines = [line for invoice in newer for line in invoice.get("ProductLines") or []]
        batch.connection._learn_mapping(
            batch,
            {_id_of(line, "VatGroup") for line in lines},
            {_id_of(line.get("Product") or {}, "GeneralLedgerAccount") for line in lines},
        )

    def _unmapped(self, connection, client):
        """What open invoices use and is not mapped: ``{legal entity: {name, ...}}``. Only reads.

        Of those that would be booked, and of very many the newest: somebody waits for it.
        """
        expand = (
            "ProductLines($select=ID;$expand=VatGroup($select=ID),"
            "Product($select=ID;$expand=GeneralLedgerAccount($select=ID)))"
        )
        holes = {}
        mapping_of = functools.cache(Mapping)
        pages = self.env["tribe.invoice.comparer"]._open_pages(connection, client, expand)
        for page in itertools.islice(pages, PAGES_OF_BUTTON):
            for entity in page:
                self._note_holes(connection, entity, mapping_of, holes)
        return holes

    def _note_holes(self, connection, invoice, mapping_of, holes):
        legal_entity = self._find_legal_entity(connection, invoice)
        if self._is_older(connection, invoice) or self._is_booked_elsewhere(legal_entity):
            return
        if not legal_entity.journal_id:
            holes.setdefault(legal_entity, set()).add(say(self.env, "no_journal_yet"))
        for line in invoice.get("ProductLines") or []:
            group_id = (line.get("VatGroup") or {}).get("ID")
            ledger_id = ((line.get("Product") or {}).get("GeneralLedgerAccount") or {}).get("ID")
            group, ledger = mapping_of(legal_entity).rows(group_id, ledger_id)
            if group and not group.tax_id:
                holes.setdefault(legal_entity, set()).add(group.name)
            elif group and not group._tax_of(ledger):
                asked = say(self.env, "goods_or_services", group=group.name)
                holes.setdefault(legal_entity, set()).add(asked)
            if not (ledger.account_id or group.account_id) and (ledger or group):
                holes.setdefault(legal_entity, set()).add((ledger or group).display_name)

    def _prepare(self, batch, entities, failures):
        """What is to be booked (``Booking``); what cannot be goes to ``failures``."""
        known = self.env["tribe.link"]._of_tribe(batch.connection, entities)
        wanted = self._look_at_each(batch, entities, known, failures)
        for tribe_id, link in known.items():
            if tribe_id not in failures and link._needs_attention():
                failures[tribe_id] = link._problem(), link._booked_number(), link.company_id
        # No row that was changed stays locked while Tribe is asked: a user's save could meet it.
        batch.commit()
        wanted = self._look_at_relationships(batch, entities, wanted, failures)
        self._find_customers(batch, wanted, failures)
        batch.commit()
        self._read_terms(batch, wanted, failures)
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        return [booking for booking in wanted if booking.invoice.tribe_id not in failures]

    def _look_at_each(self, batch, entities, known, failures):
        """Compare what is booked already, and read what is new; returns what is to be booked.

        :param known: ``{tribe_id: link}``
        """
        compared = [entities[each] for each, link in known.items() if link.state in COMPARED]
        relationships = self._relationships(batch, compared)
        wanted = []

        def held(tribe_id, error, facts):
            entity = entities[tribe_id]
            company = self._find_legal_entity(batch.connection, entity).company_id
            facts = {**facts, **self._kept(batch, tribe_id)}
            failures[tribe_id] = (error, _title(entity), company, facts)

        def fail(tribe_id, error):
            held(tribe_id, error, self._facts_of_held(batch.connection, entities[tribe_id]))

        def late(tribe_id, error):
            failures[tribe_id] = error, _title(entities[tribe_id])

        def compare(part):
            for tribe_id in part:
                relationship = relationships.get(tribe_id, {})
                self._compare(batch, known[tribe_id], entities[tribe_id], relationship)

        # Of what is new Tribe is asked more, so that comes last.
        for tribe_id in in_time(sorted(entities, key=lambda each: each not in known), late):
            if tribe_id in known:
                batch.apply_splitting_on_error([tribe_id], compare, fail)
                continue
            entity = entities[tribe_id]
            try:
                if booking := self._read(batch, entity):
                    wanted.append(booking)
            except Exception as error:  # noqa: BLE001 - classified by the batch
                # Not read again: of many lines that takes long.
                held(tribe_id, error, self._facts_read_alone(batch.connection, entity))
        return wanted

    def _compare_with_tribe(self, batch, links):
        """Compare booked invoices with what Tribe has by now, before it is told of payments.

        Each with its lease.

        :return: what kept some from being compared: ``{link: exception}``
        """
        entities = self._load(batch, links.mapped("tribe_id"))
        self._learn(batch, entities.values())
        # No row that was changed stays locked while Tribe is asked.
        batch.commit()
        relationships = self._relationships(batch, entities.values())
        # A new transaction sees what was saved meanwhile.
        batch.commit()
        failures = {}

        def compare(part):
            for link in part:
                relationship = relationships.get(link.tribe_id, {})
                self._compare(batch, link, entities[link.tribe_id], relationship)

        gone = links.filtered(lambda link: link.tribe_id not in entities)
        self._note_gone(batch, gone.mapped("tribe_id"), {})
        for link in links - gone:
            batch.apply_splitting_on_error([link], compare, failures.__setitem__)
        batch.commit()
        return failures

    def _look_at_relationships(self, batch, entities, bookings, failures):
        """Read whose the invoices are by now, then check them; returns what can be booked.

        In this order: of one that is held *Adopt* asks who its customer is.
        """
        rows = self._relationships(batch, [entities[each.invoice.tribe_id] for each in bookings])
        checked = []

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = self._failure(booking, error)

        for booking in in_time(bookings, fail):
            booking.relationship = rows.get(booking.invoice.tribe_id, {})
            try:
                self._check_bookable(booking)
                checked.append(booking)
            except Exception as error:  # noqa: BLE001 - classified by the batch
                fail(booking, error)
        return checked

    def _compare(self, batch, link, entity, relationship):
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
        phase = self._phase(batch.connection, entity)
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
            self._note_paid_in_tribe(link.move_id)
        link.write({"phase_id": phase.id, "told_paid": is_paid, "paid_by_us": is_paid_by_us})
        return seen

    def _look_once_more(self, batch, tribe_id):
        """Look once more, later, when Tribe told of a change and the read shows none."""
        reasons = batch.reasons.get(tribe_id, set())
        if reasons & TOLD_REASONS:
            works = self.env["tribe.work"]
            works._look_once_more(batch.connection, "invoice", tribe_id, reasons)

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
            booking.relationship = relationship
            self._complete_facts(link, booking)
        except (NeedsPerson, ValueUnreadable) as error:
            return self._draft_or_without_number(batch.connection, entity) or said(error)
        is_named = self._named_legal_entity(batch.connection, entity)
        of_entity = {"legal_entity": named.tribe_id} if is_named else {}
        link._note_in_tribe(self._changed_in_tribe(link, booking, of_entity))
        return [sentence("difference_draft_in_tribe")] if booking.phase.is_draft else []

    def _draft_or_without_number(self, connection, entity):
        """What keeps a booked invoice from being read that is a draft again; may be empty."""
        told = []
        if self._phase(connection, entity).is_draft:
            told.append(sentence("difference_draft_in_tribe"))
        if not entity.get("Number"):
            told.append(sentence("difference_no_number_in_tribe"))
        return told

    def _changed_in_tribe(self, link, booking, of_entity):
        """What Tribe has otherwise than it was agreed, with what it means in Odoo."""
        now = {**self._facts_in_tribe(booking), **of_entity}
        if not differing(link.agreed, now):
            return {}
        means = {"accounting_date": self._accounting_date_of_adopted(booking, link.move_id)}
        # What is not mapped nobody can have booked so.
        with contextlib.suppress(NeedsPerson, ValueUnreadable):
            means |= self._facts_of(booking)
        return changed(link.agreed, {**means, **now})

    def _complete_facts(self, link, booking):
        """Keep the facts that were not known when an invoice was linked.

        Of one that somebody made in Odoo all of them, as Tribe has them, with VAT where its taxes
        have it. Of one that an older version booked what that did not keep, as it is in the books.

        :raises NeedsPerson: for what is not mapped
        """
        if not link.agreed:
            self._read_term(booking)
            link.agreed = {
                **self._facts_of(booking),
                "due_date": self._due_date(booking).isoformat(),
                "accounting_date": self._accounting_date_of_adopted(booking, link.move_id),
                "vat_places": vat_places_by_tax(link.move_id),
                "keeps_number": False,
            }
        elif names := missing(link.agreed):
            now = self._facts_in_tribe(booking)
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
        date = booking.invoice.date
        if move.date and move.date > date and self._locks(booking, date):
            date = move.date
        return date.isoformat()

    def _note_gone(self, batch, tribe_ids, failures):
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

    def _phase(self, connection, entity):
        phase_id = (entity.get("Phase") or {}).get("ID")
        return connection.phase_ids.filtered(lambda phase: phase.tribe_id == phase_id)

    def _is_older(self, connection, entity):
        """Whether an invoice is from before the books begin, as far as its date can be read."""
        timezone = self._find_legal_entity(connection, entity).timezone or connection.timezone
        date = connection._sight_of(entity, timezone).date
        return bool(date and connection.invoices_from and date < connection.invoices_from)

    def _read(self, batch, entity):
        """One invoice with its legal entity, or None where it is not to be booked."""
        connection = batch.connection
        phase = self._phase(connection, entity)
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
        reasons = batch.reasons.get(entity["ID"], ())
        booking.may_share_number = BOOK_ANYWAY in reasons
        booking.was_told_paid = TOLD_PAID in reasons
        booking.kept = self._kept(batch, entity["ID"])
        if asked_by := batch.asked.get(entity["ID"], {}).get(ASKED_BY):
            booking.asker = self._asker_with_exception(booking, asked_by)
        return booking

    def _kept(self, batch, tribe_id):
        """What the link of an invoice knew that is booked again: ``{PHASE_BEFORE: phase ID}``."""
        return only(batch.asked.get(tribe_id, {}), (PHASE_BEFORE,))

    def _check_bookable(self, booking):
        """Refuse what Tribe may still change, and what Odoo could not book."""
        self._check_final(booking)
        if not booking.currency.active:
            raise self._currency_not_active(booking.invoice.number, booking.currency.name)
        self._check_open(booking)
        self._check_taxes(booking)

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

    def _read_booking(self, connection, entity, legal_entity=None):
        """What an invoice says and means, checked but for the mapping.

        :param legal_entity: for which it is read; by default the one that it names
        :raises NeedsPerson, ValueUnreadable: with what is missing and the remedy
        """
        self._check_fields(connection, entity)
        legal_entity = legal_entity or self._legal_entity(connection, entity)
        currency = self._currency(entity)
        invoice = read_invoice(
            entity,
            connection._invoice_fields(),
            timezone=legal_entity.timezone,
            digits=currency.decimal_places,
            base_currency=legal_entity.company_id.currency_id.name,
        )
        return Booking(invoice, entity, legal_entity, currency, self._phase(connection, entity))

    def _check_fields(self, connection, entity):
        """Refuse an invoice without a field that this tenant had when it was connected."""
        names = connection._invoice_fields().as_dict().values()
        missing = [name for name in names if name and name not in entity]
        if missing:
            raise NeedsPerson(
                sentence(
                    "invoice_fields_gone",
                    names=", ".join(missing),
                    number=_title(entity),
                ),
            )

    def _find_legal_entity(self, connection, entity):
        """The legal entity that an invoice names, else the default one; may be empty."""
        tribe_id = self._named_legal_entity(connection, entity)
        # Some tenants may link the organization behind the identity.
        found = connection.legal_entity_ids.filtered(
            lambda each: (
                tribe_id in (each.tribe_id, each.organization_id) if tribe_id else each.is_default
            )
        )
        return found if len(found) == 1 else found.browse()

    @staticmethod
    def _named_legal_entity(connection, entity):
        """The Tribe ID of the legal entity that an invoice names; may be empty."""
        name = connection._invoice_fields().legal_entity
        link = entity.get(name) if name else None
        # What is no link is none that we know, and never the default one.
        return link.get("ID") if isinstance(link, dict) else link

    def _is_booked_elsewhere(self, legal_entity):
        """Whether Odoo does not keep the books of a legal entity that is known here."""
        return bool(legal_entity) and not legal_entity.is_booked

    def _legal_entity(self, connection, entity):
        """The legal entity of an invoice, with all that booking needs.

        :raises NeedsPerson: when it is unknown here, or has no company or journal
        """
        legal_entity = self._find_legal_entity(connection, entity)
        number = _title(entity)
        if not legal_entity:
            is_named = self._named_legal_entity(connection, entity)
            code = "invoice_legal_entity_unknown" if is_named else "invoice_names_no_legal_entity"
            raise NeedsPerson(sentence(code, number=number))
        if not legal_entity.company_id or not legal_entity.journal_id:
            raise NeedsPerson(
                sentence(
                    "legal_entity_incomplete",
                    number=number,
                    entity=legal_entity.name,
                ),
            )
        return legal_entity

    def _currency(self, entity):
        code = (clean(entity.get("Currency")) or "").upper()
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)], limit=1)
            # Odoo looks for no more of a code than the field can hold.
            .filtered(lambda currency: currency.name == code)
        )
        if not currency:
            raise self._currency_not_active(_title(entity), code or sentence("no_currency"))
        return currency

    def _currency_not_active(self, number, currency):
        return NeedsPerson(sentence("currency_not_active", number=number, currency=currency))

    # Customers

    def _find_customers(self, batch, bookings, failures):
        """Fill in the partner of each booking; a customer that is missing in Odoo is made first.

        So is looked at for whom another one has come to owe what is invoiced: that is told then.
        """
        partners = self._customers_now(batch, bookings)
        untold = self._with_company_untold(batch, partners.values())
        missing = [
            booking
            for booking in bookings
            if partners.get(booking.invoice.relationship_id) in (None, *untold)
        ]
        problems = {}

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = self._failure(booking, error)

        if missing:
            partners |= self._import_customers(batch, missing, problems)
        for booking in bookings:
            booking.partner = partners.get(booking.invoice.relationship_id)
            if not booking.partner:
                failures[booking.invoice.tribe_id] = self._failure(
                    booking, self._customer_problem(batch, booking, problems)
                )
                continue
            batch.apply_splitting_on_error(
                [booking], lambda part: self._check_customer(batch, *part), fail
            )

    def _customers_now(self, batch, bookings):
        """Who has the customer relationships of some invoices: ``{relationship_id: partner}``.

        It may have been moved to another relation since that was last looked at.
        """
        relations = {
            booking.invoice.relationship_id: booking.relation_id or booking.invoice.relationship_id
            for booking in bookings
        }
        found = self._linked_partners(batch, {*relations, *relations.values()})
        for booking in bookings:
            relation_id, known = booking.relation_id, found.get(booking.invoice.relationship_id)
            if relation_id and known and found.get(relation_id) != known:
                self.env["tribe.work"]._ask(
                    batch.connection, "inbound", booking.relation_kind, [relation_id], "follow"
                )
        return {
            relationship_id: found[relation_id]
            for relationship_id, relation_id in relations.items()
            if relation_id in found
        }

    def _with_company_untold(self, batch, partners):
        """Those of some customers of whom it is still to be told that their company owes it all."""
        synchronizer = self.env["tribe.relation.synchronizer"]
        claimed = [partner for partner in partners if partner._tribe_claimed_sentence()]
        links = {
            partner: synchronizer._relation_link(batch.connection, partner) for partner in claimed
        }
        return [
            partner
            for partner, link in links.items()
            if link and synchronizer._has_parent_to_report(batch.connection, partner, link)
        ]

    def _check_customer(self, batch, booking):
        """Take the customer of a booking for oneself.

        :raises NeedsPerson: for one of another company, who is not named, or whose name Odoo could
            not show
        :raises Busy: when another worker is at it, or at the journal
        """
        if self._is_customer_of_other_company(booking):
            raise NeedsPerson(
                sentence("invoice_customer_of_other_company", number=booking.invoice.number)
            )
        booking.partner._tribe_check_names()
        self._take_leases(batch, booking)
        booking.partner._tribe_become_customer()

    def _is_customer_of_other_company(self, booking):
        """Whether Odoo would refuse the customer, and name it to whoever books the invoice.

        Or who owes it all. As Odoo's own rule: a branch has the contacts of the company above.
        """
        owing = booking.partner | booking.partner.commercial_partner_id
        return bool(owing.company_id - booking.company.parent_ids)

    def _take_leases(self, batch, booking):
        """Book alone in a journal, since a new number touches its neighbours, and alone for a
        customer, whose rank it raises.

        :raises Busy: when another worker is at one of them
        """
        partner = booking.partner
        if not batch.leases.take(partner_key(batch.connection.id, partner.id)):
            contact = partner._tribe_called()
            raise Busy(sentence("contact_being_synchronized", contact=contact), BUSY_SECONDS)
        if not batch.leases.take(journal_key(booking.journal.id)):
            raise Busy(sentence("invoices_being_booked"), BUSY_SECONDS)

    def _read_terms(self, batch, bookings, failures):
        """Fill in payment term and salesperson of each booking."""

        def fail(booking, error):
            failures.setdefault(booking.invoice.tribe_id, self._failure(booking, error))

        batch.apply_splitting_on_error(
            bookings, lambda part: self._check_each(part, self._read_term), fail
        )

    def _relationships(self, batch, entities):
        """The customer relationships of some invoices as Tribe has them now: ``{invoice_id: row}``.

        One call for each kind, before anything is changed: no lock is held then.
        """
        absent = batch.connection._absent()
        rows = {}
        for kind, entity_set in CUSTOMER_SETS.items():
            of_kind = {
                entity["ID"]: entity["Relationship"].get("ID")
                for entity in entities
                if entity_set_of(entity.get("Relationship")) == entity_set
            }
            if not of_kind or entity_set in absent:
                continue
            expand = f"{NAVIGATIONS[kind]}($select=ID)"
            if f"{entity_set}/AccountManager" not in absent:
                expand += f",{ACCOUNT_MANAGER}"
            found = batch.client.by_values(
                entity_set, "ID", {Guid(each) for each in of_kind.values()}, expand=expand
            )
            by_id = {row["ID"]: row for row in found}
            for invoice_id, relationship_id in of_kind.items():
                rows[invoice_id] = by_id.get(relationship_id, {})
        return rows

    def _read_term(self, booking):
        relationship = booking.relationship
        # Where Tribe tells the due date, nothing depends on the term.
        if not booking.invoice.due_date:
            booking.payment_term_days = whole_number(
                relationship.get("PaymentTermInDays"), LONGEST_TERM_IN_DAYS
            )
        booking.salesperson = self._salesperson(booking, relationship.get("AccountManager"))

    def _salesperson(self, booking, employee):
        """The employee whose e-mail address is that of Tribe's account manager; may be empty."""
        employee = employee or {}
        addresses = [
            address.lower()
            for address in (
                clean_start(employee.get("EmailAddress")),
                clean_start((employee.get("Person") or {}).get("EmailAddress")),
            )
            if address
        ]
        users = self.env["res.users"].search(
            [
                ("company_ids", "in", booking.company.id),
                ("share", "=", False),
                "|",
                ("login", "in", addresses),
                ("email_normalized", "in", addresses),
            ],
            limit=2,
        )
        return users if len(users) == 1 else users.browse()

    def _linked_partners(self, batch, tribe_ids):
        """The partners of some relations or relationships: ``{tribe_id: partner}``."""
        links = self.env["tribe.link"]._of_tribe(batch.connection, tribe_ids)
        partners = self.env["tribe.link"].concat(*links.values()).partner_id
        partners -= batch.connection._no_longer_linked(partners)
        return {
            tribe_id: link.partner_id
            for tribe_id, link in links.items()
            if link.partner_id in partners
        }

    def _import_customers(self, batch, bookings, problems):
        """Make the customers of some invoices: ``{relationship_id: partner}``.

        :param problems: gets ``{relationship_id: (exception, company)}`` for the ones that could
            not be, and in which company the reason is read
        """
        found = {}
        for kind in CUSTOMER_SETS:
            relations = {
                booking.invoice.relationship_id: booking.relation_id
                for booking in bookings
                if booking.relation_kind == kind and booking.relation_id
            }
            if not relations:
                continue
            remotes = load_relations(batch.connection, batch.client, kind, set(relations.values()))
            failures = {}
            self.env["tribe.relation.importer"]._import(batch, list(remotes.values()), failures)
            # Before Tribe is asked about the next kind.
            batch.commit()
            partners = self._linked_partners(batch, set(relations.values()))
            for relationship_id, relation_id in relations.items():
                if relation_id in partners:
                    found[relationship_id] = partners[relation_id]
                elif relation_id in failures:
                    error, _name, company = failures[relation_id]
                    problems[relationship_id] = error, company
        return found

    def _customer_problem(self, batch, booking, problems):
        """Why an invoice has no customer, as an exception.

        What no person can mend is the same whatever it was met in: a mistake of ours, a race that
        was lost, a Tribe that cannot be reached.
        """
        number = booking.invoice.number
        error, company = problems.get(booking.invoice.relationship_id, (None, None))
        company = company or batch.connection.company_id
        if not error:
            return NeedsPerson(sentence("invoice_customer_missing", number=number))
        problem = judged(error, self.env)
        if problem.kind != NEEDS_PERSON and not isinstance(error, TryAgain):
            return error
        if not isinstance(error, Busy) and booking.company != company:
            # The reason may name contacts, of the connection's company or of that one.
            batch.log("problem", number, problem.text, company=company)
            elsewhere = sentence(
                "invoice_waits_for_customer_elsewhere",
                number=number,
                connection=batch.connection.name,
            )
            if isinstance(error, TryAgain):
                return TryAgain(elsewhere, error.seconds)
            return NeedsPerson(elsewhere)
        if isinstance(error, TryAgain):
            return error
        return NeedsPerson(
            sentence("invoice_waits_for_customer", number=number, problem=together(problem.text))
        )


def _state_of(link):
    """What a look at a booked invoice may change."""
    return (link.phase_id, link.state, link.difference, link.credited_tribe_id)


def _id_of(row, name):
    """The Tribe ID that a navigation leads to, or None."""
    return (row.get(name) or {}).get("ID")


def _title(entity):
    """What a person calls an invoice, however odd its values are."""
    try:
        title = clean_start(entity.get("Number")) or clean_start(entity.get("Subject"))
    except ValueUnreadable:
        title = None
    return (title or entity["ID"])[:LONGEST_TITLE]
