"""One invoice on its way from Tribe to the books."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from .remote_relation import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER

CUSTOMER_SETS = {"organization": ORGANIZATION_CUSTOMER, "person": PERSON_CUSTOMER}
# The reason of work (``tribe.work``) with which a person has an invoice booked although another
# one has its number.
BOOK_ANYWAY = "book_anyway"
# The context's ``tribe_booking`` while we book. No text: a program brings along any context that
# it likes, but no object of ours, and the journals that are reserved are so for programs too.
BOOKING = object()
# Of what is booked in one go: Odoo takes up to 60 milliseconds for a line on a busy machine, and
# ends a worker that takes longer than two minutes for all that it does.
MOST_LINES = 500


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
    """One invoice on its way: what Tribe says, and what it means in Odoo."""

    def __init__(self, invoice, entity, legal_entity, currency, phase):
        self.invoice = invoice
        self.legal_entity = legal_entity
        self.company = legal_entity.company_id
        self.journal = legal_entity.journal_id
        self.currency = currency
        self.phase = phase
        self.partner = None
        self.payment_term_days = None
        # A person said so, although an invoice in Odoo has the same number.
        self.may_share_number = False
        self.salesperson = legal_entity.env["res.users"]
        # A set is named like the type, with dots turned into underscores.
        relationship_set = ((entity.get("Relationship") or {}).get("_Type") or "").replace(".", "_")
        kinds = {entity_set: kind for kind, entity_set in CUSTOMER_SETS.items()}
        self.relation_kind = kinds.get(relationship_set)

    @cached_property
    def mapping(self):
        """What its lines are booked on."""
        return Mapping(self.legal_entity)

    @property
    def connection(self):
        """The connection that it comes through."""
        return self.legal_entity.connection_id

    @property
    def keeps_number(self):
        """Whether Tribe's number is the name of the move."""
        return self.legal_entity.number_policy == "tribe"


def booked_facts(invoice):
    """What was booked, for comparing with Tribe later: texts, so that JSON keeps them exact."""
    return {
        "number": invoice.number,
        "date": invoice.date.isoformat(),
        "customer": invoice.relationship_id,
        "currency": invoice.currency,
        **_amounts(invoice.untaxed, invoice.vat, invoice.total),
    }


def move_facts(move):
    """The same of an invoice that somebody else made in Odoo, as far as it can be compared."""
    if not move:
        return {}
    sign = -1 if move.move_type == "out_refund" else 1
    digits = move.currency_id.decimal_places
    amounts = (
        sign * rounded(Decimal(str(amount)), digits)
        for amount in (move.amount_untaxed, move.amount_tax, move.amount_total)
    )
    # A draft may have no date yet.
    date = {"date": move.invoice_date.isoformat()} if move.invoice_date else {}
    return {**date, "currency": move.currency_id.name, **_amounts(*amounts)}


def _amounts(untaxed, vat, total):
    # Adding 0 turns -0.00 into 0.00.
    return {"untaxed": str(untaxed + 0), "vat": str(vat + 0), "total": str(total + 0)}


def fact_shown(name, fact):
    """A fact of ``booked_facts`` as the value that people are shown."""
    if name in ("untaxed", "vat", "total"):
        return Decimal(fact)
    return date.fromisoformat(fact) if name == "date" else fact


def by_company(bookings):
    """The bookings of each company, as lists: one batch never mixes companies."""
    companies = {}
    for booking in bookings:
        companies.setdefault(booking.company, []).append(booking)
    return companies.values()


def in_pieces(bookings, most_lines):
    """The bookings as lists of so many lines together at most, or of one booking."""
    piece, lines = [], 0
    for booking in bookings:
        if piece and lines + len(booking.invoice.lines) > most_lines:
            yield piece
            piece, lines = [], 0
        piece.append(booking)
        lines += len(booking.invoice.lines)
    if piece:
        yield piece


def rounded(number, digits):
    """A Decimal rounded half up, as Tribe and Odoo do."""
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
