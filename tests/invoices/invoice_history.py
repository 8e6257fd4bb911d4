"""What both systems must show of an invoice after a history: a model without the connector.

An ``Invoice`` is one as people see it: what Tribe has, the entry in Odoo, what people decided, and
who said that it is paid. It is written from the promises of the product, not from its code.
"""

from dataclasses import dataclass, field, fields
from decimal import Decimal

DRAFT, SENT, REMINDED, PAID = "Draft", "Sent", "Herinnerd", "Paid"
PHASES = (DRAFT, SENT, REMINDED, PAID)
# Who called it Paid in Tribe; either, where that depends on what the connector saw in between.
US, PERSON, EITHER = "us", "person", "either"
# Somebody in Tribe took our Paid back; perhaps, where it was not paid for a while since.
PERHAPS = "perhaps"
IS_THERE = ("draft", "posted")
STATES = {
    "": "difference_deleted_in_odoo",
    "cancel": "difference_cancelled_in_odoo",
}
# By which names a fact is told, any of which will do.
LABELS = {
    "number": {"compared_number"},
    "date": {"compared_date", "compared_accounting_date"},
    "due_date": {"compared_due_date"},
    "customer": {"field_customer", "difference_of_customer"},
    "nets": {"compared_lines", "compared_nets", "compared_untaxed"},
    "vat": {"fact_vat", "compared_vat_by_tax", "compared_vat_places"},
    "total": {"compared_total"},
}
OF_AMOUNTS = ("nets", "vat", "total")


@dataclass(frozen=True)
class Facts:
    """What both sides must have in common. Amounts are negative where the customer is credited."""

    number: str
    date: object
    due_date: object
    customer: int
    # By VAT group.
    nets: frozenset
    vat: Decimal
    total: Decimal

    def unlike(self, other):
        """The names of what is another one there."""
        return [
            each.name
            for each in fields(self)
            if getattr(self, each.name) != getattr(other, each.name)
        ]


@dataclass
class Settings:
    """What a person can set, and what an invoice needs of it."""

    unmapped: set = field(default_factory=set)
    first_day: object = None
    locked_until: object = None
    books_reminded: bool = True
    tells_unpaid: bool = False
    # Whether the books of the second legal entity are in Odoo.
    books_second: bool = True


@dataclass
class Truth:
    """What may be told of an invoice (codes), and of what at least one code has to be."""

    state: str
    allowed: set = field(default_factory=set)
    required: list = field(default_factory=list)

    def tell(self, *codes):
        """One of some codes must be told, and all may be."""
        self.required.append(set(codes))
        self.allowed |= set(codes)


@dataclass(eq=False)
class Invoice:
    """One invoice on both sides. ``entry`` is what Odoo has, whose state is ``""`` without one."""

    index: int
    tribe_id: str
    credited: object = None
    # Of the second legal entity
    is_second: bool = False
    # In Tribe
    is_deleted: bool = False
    phase: str = DRAFT
    in_tribe: Facts | None = None
    # In Odoo
    is_linked: bool = False
    entry: object = None
    state: str = ""
    in_odoo: Facts | None = None
    is_paid: bool = False
    is_told_paid: bool = False
    # What both last had in common.
    agreed: Facts | None = None
    was_confirmed: bool = True
    is_adopted: bool = False
    payments: list = field(default_factory=list)
    was_paid_in_part: bool = False
    # Invoices that somebody typed with its number, with the facts of each, and entries that were
    # cancelled for another.
    typed: list = field(default_factory=list)
    typed_as: list = field(default_factory=list)
    # Whether it was booked beside what was typed.
    is_beside_typed: bool = False
    former: list = field(default_factory=list)
    # What people decided
    is_left: bool = False
    may_share_number: bool = False
    is_apart: bool = False
    may_move_back: bool = False
    paid_by: str = ""
    moved_back: object = False

    def __repr__(self):
        kind = f"credit of {self.credited.index}" if self.credited else "invoice"
        return f"{kind} {self.index}"

    @property
    def may_be_credited(self):
        """Whether somebody in Tribe can make a credit note of it."""
        return not (self.is_deleted or self.credited)

    @property
    def may_be_typed(self):
        """Whether somebody who does not see it in Odoo can type it there."""
        is_known = self.is_linked or self.typed
        return not (self.is_deleted or is_known) and self.phase != DRAFT

    @property
    def may_be_taken_apart(self):
        """Whether somebody in Odoo can have it settle its invoice no more, and only that."""
        return self.credited and self.state == "posted" and not self.payments

    @property
    def is_open(self):
        """Whether it can be paid in Odoo."""
        return self.state == "posted" and bool(self.entry.amount_residual)

    # What people in Tribe do

    def move_in_tribe(self, phase):
        """Somebody in Tribe moves it to another phase."""
        if phase == self.phase:
            return
        if phase == PAID:
            self.paid_by = EITHER if self.moved_back else PERSON
            self.moved_back = False
        elif self.phase == PAID and self.paid_by:
            self.moved_back = {US: True, EITHER: PERHAPS}.get(self.paid_by, False)
            self.paid_by = ""
        self.phase = phase

    # What the connector tells Tribe

    def see_phase(self, phase):
        """Tribe has another phase than people gave it: the connector told it so."""
        if phase == PAID:
            self.paid_by, self.moved_back = US, False
        else:
            self.paid_by, self.may_move_back = "", False
        self.phase = phase

    # What must come of it

    def is_left_alone(self, settings):
        """Whether it is in a phase in which nothing is booked, so nothing is told of it."""
        return self.phase == REMINDED and not settings.books_reminded

    def is_kept_elsewhere(self, settings):
        """Whether its books are not in Odoo: it is neither booked nor compared, nor told of."""
        return self.is_second and not settings.books_second

    def is_to_be_booked(self, settings):
        """Whether Odoo should have it, if nothing is wrong."""
        is_elsewhere = self.is_kept_elsewhere(settings)
        if self.phase == DRAFT or is_elsewhere or self.is_left_alone(settings):
            return False
        return not settings.first_day or self.in_tribe.date >= settings.first_day

    def reasons_to_hold(self, settings):
        """The codes of what keeps it from being booked; each of them is true."""
        found = set()
        if any(group in settings.unmapped for group, _net in self.in_tribe.nets):
            found.add("vat_group_without_tax")
        if settings.locked_until and self.in_tribe.date <= settings.locked_until:
            found.add("invoice_in_locked_period")
        if not self.may_share_number and any(map(self.can_be_same_sale, self.typed_as)):
            found.add("invoice_number_taken")
        return found

    def can_be_same_sale(self, typed):
        """Whether what was typed with its number (``Facts``) is it, with its customer or total."""
        total, customer = self.in_tribe.total, self.in_tribe.customer
        is_alike = typed.customer == customer or typed.total == total
        return is_alike and (typed.total < 0) == (total < 0)

    def truth(self, settings):
        """What must be shown of one that is linked."""
        if self.is_left:
            return Truth("left_to_odoo")
        if self.is_deleted:
            gone = Truth("gone", {"difference_deleted_in_tribe"})
            if self.state in IS_THERE:
                gone.required.append({"difference_deleted_in_tribe"})
            return gone
        truth = Truth("linked")
        if self.phase == DRAFT:
            truth.tell("difference_draft_in_tribe")
        if self.state != "posted":
            draft = ("difference_never_confirmed", "difference_draft_in_odoo")
            truth.tell(STATES.get(self.state) or draft[self.was_confirmed])
        self._compare(truth, settings)
        self._compare_payment(truth, settings)
        if truth.required:
            truth.state = "differs"
        return truth

    def _compare(self, truth, settings):
        ours = self.in_odoo if self.state == "posted" else self.agreed
        unlike = self.in_tribe.unlike(ours) if ours else []
        others = [[name] for name in unlike if name not in OF_AMOUNTS]
        for names in ([name for name in unlike if name in OF_AMOUNTS], *others):
            if names:
                truth.tell(*set().union(*(LABELS[name] for name in names)))
        if self.is_adopted and not self.agreed and self.reasons_to_hold(settings):
            truth.tell("vat_group_without_tax", *truth.allowed)

    def _compare_payment(self, truth, settings):
        if self.is_paid and self.moved_back and not self.is_left_alone(settings):
            truth.allowed.add("difference_moved_back_in_tribe")
            if self.moved_back is True:
                truth.required.append({"difference_moved_back_in_tribe"})

    def is_compared(self):
        """Whether it is linked, and the same in Tribe and in Odoo as far as people know."""
        return self.is_linked and not (self.is_left or self.is_deleted)

    def must_be_settled(self):
        """Whether it is a credit note that goes with its invoice by now."""
        other = self.credited
        return bool(
            other
            and self.is_compared()
            and other.is_linked
            and not other.is_deleted
            and self.state == other.state == "posted"
        )

    def is_of_same_customer(self):
        """Whether the entries of a credit note and its invoice are of one customer."""
        return self.in_odoo.customer == self.credited.in_odoo.customer

    def is_of_another_total(self):
        """Whether it was adopted with another total: then it settles nothing."""
        return self.is_adopted and (not self.agreed or self.in_odoo.total != self.agreed.total)
