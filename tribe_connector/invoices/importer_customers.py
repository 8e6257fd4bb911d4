from odoo import models

from ..engine.leases import journal_key, partner_key
from ..engine.problems import NEEDS_PERSON, PERSON_ERRORS, Busy, NeedsPerson, TryAgain, judged
from ..mapping import LONGEST_TERM_IN_DAYS, clean_start, whole_number
from ..relations.relation_reader import load_relations
from ..sentence import sentence, together
from .booking import CUSTOMER_SETS, check_each

BUSY_SECONDS = 1


class TribeInvoiceImporter(models.AbstractModel):
    """The customer of an invoice, made first where it is missing, and on which terms."""

    _inherit = "tribe.invoice.importer"

    def _find_customers(self, batch, bookings, failures):
        """Fill in the partner of each booking; a customer that is missing in Odoo is made first.

        A customer whose invoices a company has come to owe is looked at as well: that says so.
        """
        partners = self._customers_now(batch, bookings)
        claimed = self._with_company_not_noted(batch, partners.values())
        missing = [
            booking
            for booking in bookings
            if partners.get(booking.invoice.relationship_id) in (None, *claimed)
        ]
        problems = {}

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = self._failure(booking, error)

        if missing:
            partners |= self._import_customers(batch, missing, problems)
        found = []
        for booking in bookings:
            booking.note_customer(partners.get(booking.invoice.relationship_id))
            if booking.partner:
                found.append(booking)
            else:
                fail(booking, self._customer_problem(batch, booking, problems))
        batch.apply_splitting_on_error(found, lambda part: self._take_customers(batch, part), fail)

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

    def _with_company_not_noted(self, batch, partners):
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

    def _take_customers(self, batch, bookings):
        """Take the customers of some bookings for oneself, and have them be customers in Odoo.

        :raises OfSome: which cannot be taken
        """
        check_each(
            bookings, lambda booking: self._take_customer(batch, booking), (*PERSON_ERRORS, Busy)
        )
        partners = self.env["res.partner"].union(*(booking.partner for booking in bookings))
        partners._tribe_become_customer()

    def _take_customer(self, batch, booking):
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
            bookings, lambda part: check_each(part, self._read_term), fail
        )

    def _read_term(self, booking):
        relationship, days = booking.relationship, None
        # Where Tribe tells the due date, nothing depends on the term.
        if not booking.invoice.due_date:
            days = whole_number(relationship.get("PaymentTermInDays"), LONGEST_TERM_IN_DAYS)
        booking.note_terms(days, self._salesperson(booking, relationship.get("AccountManager")))

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
