"""One invoice on its way from Tribe to the books."""

from functools import cached_property

from odoo.exceptions import UserError

from ..engine.problems import PERSON_ERRORS, OfSome
from ..mapping import ValueUnreadable, clean_start
from ..sentence import LONGEST_ITEM, shortened
from ..tribe_names import NAVIGATIONS, ORGANIZATION_CUSTOMER, PERSON_CUSTOMER

CUSTOMER_SETS = {"organization": ORGANIZATION_CUSTOMER, "person": PERSON_CUSTOMER}
# The context's ``tribe_booking`` while we book. No text: a program brings along any context that
# it likes, but no object of ours, and the journals that are reserved are so for programs too.
BOOKING = object()
# Of what is booked in one go: Odoo takes up to 60 milliseconds for a line on a busy machine, and
# ends a worker that takes longer than two minutes for all that it does.
MOST_LINES = 500
LONGEST_TITLE = 60


def validate(records, moves_of, check):
    """Have Odoo check the values of records; of entries that are booked at once, learn which it
    refuses.

    The others go on meanwhile as if all were well: whoever books them undoes it all
    (``tribe_refused`` in the context, an ``OfSome``).

    :param moves_of: a function from the records to ``{entry: its records}``
    :param check: a function that refuses some records
    """
    refused = records.env.context.get("tribe_refused")
    try:
        check(records)
    except UserError:
        if not isinstance(refused, OfSome):
            raise
        found = {}
        for move, of_move in moves_of(records).items():
            try:
                check(of_move)
            except UserError as error:
                found[move] = error
        if not found:
            raise
        refused.reasons.update(found)


def check_each(records, check, errors=PERSON_ERRORS):
    """Look at all of some records with a function that refuses.

    :param errors: by which it refuses
    :raises OfSome: which it refuses
    """
    refused = OfSome({})
    for record in records:
        try:
            check(record)
        except errors as error:
            refused.reasons[record] = error
    refused.check()


class Mapping:
    """The VAT groups and ledger accounts of a legal entity by their IDs in Tribe.

    There may be thousands, and each line of an invoice looks for two.
    """

    def __init__(self, legal_entity):
        self._none = legal_entity.vat_group_ids.browse(), legal_entity.ledger_account_ids.browse()
        self._groups = {group.tribe_id: group for group in legal_entity.vat_group_ids}
        self._ledgers = {ledger.tribe_id: ledger for ledger in legal_entity.ledger_account_ids}

    def rows(self, group_id, ledger_id):
        """The VAT group and the ledger account with some IDs of Tribe; each may be empty."""
        no_group, no_ledger = self._none
        return self._groups.get(group_id, no_group), self._ledgers.get(ledger_id, no_ledger)


class Booking:
    """One invoice on its way: what Tribe says, and what it means in Odoo.

    It begins with what is read of the invoice itself. The rest is noted step by step, in this
    order: what was asked for it (``note_request``), whose it is by now (``note_relationship``),
    who that is in Odoo (``note_customer``), and on which terms (``note_terms``).
    """

    def __init__(self, invoice, entity, legal_entity, currency, phase):
        self.invoice = invoice
        self.legal_entity = legal_entity
        self.company = legal_entity.company_id
        self.journal = legal_entity.journal_id
        self.currency = currency
        self.phase = phase
        self.customer_name = name_of_customer(entity)
        kinds = {entity_set: kind for kind, entity_set in CUSTOMER_SETS.items()}
        self.relation_kind = kinds.get(entity_set_of(entity.get("Relationship")))
        # Who asked for it and has an exception to a lock date, which counts then.
        self.asker = legal_entity.env["res.users"]
        self.forget_look_ups()
        self.note_request()
        self.note_relationship({})
        self.note_customer(None)
        self.note_terms(None, legal_entity.env["res.users"])

    def forget_look_ups(self):
        """Have looked up anew, in another transaction, what is looked up once in each."""
        # What lines are booked on (``_account_and_tax``).
        self.accounts_and_taxes = {}
        # What keeps an entry from being booked on a date (``_locks``).
        self.locks = {}
        # What has its number (``NumberLookUp``).
        self.numbers = None

    def note_request(self, *, may_share_number=False, was_paid_in_tribe_by_us=False, kept=None):
        """Note what was asked for it.

        :param may_share_number: a person said so, although an invoice in Odoo has the same number
        :param was_paid_in_tribe_by_us: it was booked before, and we reported it as paid
        :param kept: then, what its link knew and the next one needs (``PHASE_BEFORE``)
        """
        self.may_share_number = may_share_number
        self.was_paid_in_tribe_by_us = was_paid_in_tribe_by_us
        self.kept = kept or {}

    def note_relationship(self, row):
        """Note the customer relationship as Tribe has it now; empty where it was not read."""
        self.relationship = row

    def note_customer(self, partner):
        """Note who has that relationship in Odoo, or None."""
        self.partner = partner

    def note_terms(self, payment_term_days, salesperson):
        """Note within how many days it is due, unless Tribe tells that, and whose sale it is."""
        self.payment_term_days = payment_term_days
        self.salesperson = salesperson

    @cached_property
    def mapping(self):
        """What its lines are booked on."""
        return Mapping(self.legal_entity)

    @property
    def mapped_lines(self):
        """Its lines that are booked on something: all but mere text."""
        return [line for line in self.invoice.lines if not line.is_text]

    @property
    def connection(self):
        """The connection that it comes through."""
        return self.legal_entity.connection_id

    @property
    def relation_id(self):
        """The relation that has the customer relationship now; None where that was not read."""
        relation = self.relationship.get(NAVIGATIONS.get(self.relation_kind)) or {}
        return relation.get("ID")

    @property
    def keeps_number(self):
        """Whether Tribe's number is the name of the move."""
        return self.legal_entity.number_policy == "tribe"


def entity_set_of(link):
    """The set of what a navigation leads to: named like the type, with underscores for dots."""
    return ((link or {}).get("_Type") or "").replace(".", "_")


def name_of_customer(entity):
    """What Tribe calls the customer of an invoice, as far as it tells that; may be empty."""
    relationship = entity.get("Relationship") or {}
    try:
        name = clean_start(relationship.get("_Name")) or clean_start(relationship.get("Name"))
    except ValueUnreadable:
        name = None
    return shortened(name or "", LONGEST_ITEM)


def title_of(entity):
    """What a person calls an invoice, however odd its values are."""
    try:
        title = clean_start(entity.get("Number")) or clean_start(entity.get("Subject"))
    except ValueUnreadable:
        title = None
    return (title or entity["ID"])[:LONGEST_TITLE]


def by_company(bookings):
    """The bookings of each company, as lists: one batch never mixes companies.

    Nor does it mix those whose exceptions to lock dates count.
    """
    companies = {}
    for booking in bookings:
        companies.setdefault((booking.company, booking.asker), []).append(booking)
    return companies.values()


def in_pieces(bookings, most_lines):
    """The bookings as lists of so many lines together at most, or of one booking.

    A number is in a list once: the next one that has it sees the first in the books.
    """
    left = list(bookings)
    while left:
        piece, later, lines, numbers = [], [], 0, set()
        for booking in left:
            fits = not piece or lines + len(booking.invoice.lines) <= most_lines
            if later or not fits or booking.invoice.number in numbers:
                later.append(booking)
                continue
            piece.append(booking)
            lines += len(booking.invoice.lines)
            numbers.add(booking.invoice.number)
        yield piece
        left = later
