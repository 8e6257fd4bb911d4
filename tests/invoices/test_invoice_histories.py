"""Histories of invoices that nobody thought of: people at work in Tribe and in Odoo, in any order.

Drawn by Hypothesis, played on the stand-in and in Odoo. What must come of them is in
``invoice_history``. ``./dev test`` plays the same ten every time; with ``--full`` there are 90 more
(TRIBE_HISTORIES) from a seed of chance, which is printed and can be given as TRIBE_HISTORY_SEED. A
history that fails is printed step by step, the shortest that Hypothesis finds.
"""

import sys
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connector.common import ORGANIZATION_CUSTOMER, TAXES
from connector.history_case import HistoryMixin
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from told import is_sentence, sentences_of, with_inner

from odoo import Command
from odoo.exceptions import UserError

from odoo.addons.tribe_connector.engine.kinds import OUR_KINDS

from .invoice_case import cents
from .invoice_history import (
    DRAFT,
    EITHER,
    IS_THERE,
    PAID,
    PERHAPS,
    PERSON,
    PHASES,
    REMINDED,
    SENT,
    US,
    Facts,
    Invoice,
    Settings,
)
from .test_looking import LookingCase

WEEK = 7
# Days before today: what is locked, or from before the books begin, and what is not.
LONG_AGO, LOCKED, TODAY = 10, 5, 0
VAT = {code: TAXES[code] for code in ("NL21", "NL9", "NLVERLEGD")}

PRICES = st.sampled_from([10.0, 99.99, 100.0, 333.33])
LINES = st.lists(st.tuples(PRICES, st.sampled_from(list(VAT))), min_size=1, max_size=2)
CUSTOMERS = st.integers(0, 1)
# Which of those that there are.
PICK = st.integers(0, 99)
PICKS = st.lists(st.integers(0, 99), min_size=1, max_size=6)
# What a bookkeeper does with an entry that was reset.
EDITS = st.sampled_from(["nothing", "as in Tribe", "price", "customer"])
# Buttons at a problem, with the field that says whether they are there.
DECISIONS = {
    "adopt": "can_adopt",
    "book_anyway": "can_book_anyway",
    "book_again": "can_book_again",
    "move_back": "can_move_back",
    "leave_to_odoo": "can_leave_to_odoo",
    "ignore": "can_ignore",
    "retry": "error",
}


def where(is_it):
    """A rule is only played where there is an invoice for it."""
    return precondition(lambda self: any(map(is_it, self.all)))


class History(RuleBasedStateMachine):
    """People at work in both systems, and the connector between them."""

    def __init__(self, case):
        super().__init__()
        self.case = case
        self.env = case.env
        self.sandbox = case.sandbox
        self.connection = case.connection
        self.all = []
        self.events = []
        self.seen = 0
        self.settings = Settings()
        self.savepoint = case.begin_history()
        self.customers = [case.customer, case.second_customer()]
        self.entities = self.connection.legal_entity_ids[:2]
        phases = self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        self.phases = {row["ID"]: row["Code"] or row["Name"] for row in phases}
        # What Odoo had when nobody had touched it since.
        self.kept = {}

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self.settle()
        finally:
            self.case.end_history(self.savepoint)

    @initialize(
        drawn=st.lists(st.tuples(LINES, CUSTOMERS), min_size=2, max_size=2),
        tells_unpaid=st.booleans(),
        is_credited=st.booleans(),
        is_booked=st.sampled_from([True, True, False]),
    )
    def begin(self, drawn, tells_unpaid, is_credited, is_booked):
        """What is there on an ordinary morning."""
        self.settings.tells_unpaid = self.connection.tell_unpaid = tells_unpaid
        for lines, customer in drawn:
            self._new(lines, customer, TODAY, SENT)
        if is_credited:
            self.credit_in_tribe(0, 1, None, SENT)
        if is_booked:
            self._night()

    # People in Tribe

    @rule(
        lines=LINES,
        customer=CUSTOMERS,
        days=st.sampled_from([TODAY, TODAY, LONG_AGO]),
        phase=st.sampled_from([DRAFT, SENT, SENT, REMINDED]),
        is_second=st.booleans(),
    )
    def new_in_tribe(self, lines, customer, days, phase, is_second):
        self._new(lines, customer, days, phase, is_second=is_second)

    @rule(
        pick=PICK,
        part=st.sampled_from([1, 1, 0.5, 2]),
        customer=st.sampled_from([None, None, None, 0, 1]),
        phase=st.sampled_from([DRAFT, SENT, SENT]),
    )
    @where(lambda each: each.may_be_credited)
    def credit_in_tribe(self, pick, part, customer, phase):
        """It may be sent before its invoice is."""
        credited = self._one(pick, lambda each: each.may_be_credited)
        lines = [(-abs(row["Price"]) * part, row["vat"]) for row in self._lines(credited)]
        if customer is None:
            customer = self._customer_in_tribe(credited)
        self._new(lines, customer, TODAY, phase, credited, credited.is_second)

    @rule(
        pick=PICK,
        change=st.sampled_from(["line", "customer", "credited"]),
        price=PRICES,
        vat=st.sampled_from([None, *VAT]),
        other=PICK,
    )
    @where(lambda each: not each.is_deleted)
    def edit_in_tribe(self, pick, change, price, vat, other):
        invoice = self._one(pick, lambda each: not each.is_deleted)
        self._did(f"edited {change}", invoice)
        if change == "line":
            row = self._lines(invoice)[0]
            values = {"Price": -price if row["Price"] < 0 else price}
            if vat:
                values["VatGroup"] = {"ID": self.case.vat_group(vat)}
            self.sandbox.change("ProductLine", row["ID"], values)
        elif change == "customer":
            customer = self.customers[1 - self._customer_in_tribe(invoice)]
            self._change(invoice, {"Relationship": {"ID": customer["ID"]}})
        elif invoice.credited and any(each.may_be_credited for each in self.all):
            invoice.credited = self._one(other, lambda each: each.may_be_credited)
            self._change(invoice, {"CreditedInvoice": {"ID": invoice.credited.tribe_id}})

    @rule(pick=PICK, phase=st.sampled_from([*PHASES, SENT]))
    @where(lambda each: not each.is_deleted)
    def move_in_tribe(self, pick, phase):
        self._move(self._one(pick, lambda each: not each.is_deleted), phase)

    @rule(pick=PICK)
    @where(lambda each: not each.is_deleted)
    def delete_in_tribe(self, pick):
        invoice = self._one(pick, lambda each: not each.is_deleted)
        self.sandbox.delete("Activity_Invoice", invoice.tribe_id)
        self._did("deleted", invoice)
        invoice.is_deleted = True

    # People in Odoo

    @rule(pick=PICK, part=st.sampled_from([1, 1, 0.5]))
    @where(lambda each: each.is_open)
    def pay_in_odoo(self, pick, part):
        invoice = self._one(pick, lambda each: each.is_open)
        amount = round(invoice.entry.amount_residual * part, 2)
        self._did("paid", invoice)
        invoice.payments.append(self.case.pay(invoice.entry, amount=amount))
        invoice.was_paid_in_part = True
        self._touched()

    @rule(pick=PICK)
    @where(lambda each: each.payments)
    def undo_payment_in_odoo(self, pick):
        invoice = self._one(pick, lambda each: each.payments)
        payment = invoice.payments.pop()
        payment.action_draft()
        payment.action_cancel()
        self._did("unpaid", invoice)
        self._touched()

    @rule(pick=PICK, edit=EDITS)
    @where(lambda each: each.state == "posted")
    def reset_and_confirm_in_odoo(self, pick, edit):
        invoice = self._one(pick, lambda each: each.state == "posted")
        before = invoice.in_odoo
        refused = self._try(self._reset, invoice) or self._try(self._confirm, invoice, edit)
        self._check_confirmed(invoice, edit, before, refused)

    @rule(pick=PICK)
    @where(lambda each: each.state == "posted")
    def reset_in_odoo(self, pick):
        invoice = self._one(pick, lambda each: each.state == "posted")
        self._did("reset", invoice)
        self._try(self._reset, invoice)

    @rule(pick=PICK, edit=EDITS)
    @where(lambda each: each.state == "draft")
    def confirm_in_odoo(self, pick, edit):
        invoice = self._one(pick, lambda each: each.state == "draft")
        refused = self._try(self._confirm, invoice, edit)
        self._check_confirmed(invoice, edit, invoice.agreed, refused)

    @rule(pick=PICK, is_deleted=st.booleans())
    @where(lambda each: each.state in IS_THERE)
    def cancel_or_delete_in_odoo(self, pick, is_deleted):
        invoice = self._one(pick, lambda each: each.state in IS_THERE)
        self._did("cancelled", invoice)
        self._try(self._cancel, invoice, is_deleted)

    @rule(pick=PICK)
    @where(lambda each: each.may_be_taken_apart)
    def take_apart_in_odoo(self, pick):
        """A bookkeeper has a credit note not settle its invoice."""
        invoice = self._one(pick, lambda each: each.may_be_taken_apart)
        invoice.entry.line_ids.remove_move_reconcile()
        invoice.is_apart = True
        self._did("apart", invoice)
        self._touched()

    @rule(pick=PICK, is_same=st.booleans(), is_posted=st.booleans())
    @where(lambda each: each.may_be_typed)
    def type_by_hand_in_odoo(self, pick, is_same, is_posted):
        """Somebody types an invoice of Tribe with its number before it is booked."""
        self._type(self._one(pick, lambda each: each.may_be_typed), is_same, is_posted)

    @rule(lines=LINES, is_same=st.booleans(), is_posted=st.booleans())
    def type_a_new_one_in_odoo(self, lines, is_same, is_posted):
        """Somebody types what was sent in Tribe just now."""
        invoice = self._new(lines, 0, TODAY, SENT)
        self._type(invoice, is_same, is_posted)

    @rule(pick=PICK)
    @where(lambda each: each.former and each.state in IS_THERE)
    def confirm_the_former_in_odoo(self, pick):
        """An entry that was cancelled and booked again is confirmed after all."""
        invoice = self._one(pick, lambda each: each.former and each.state in IS_THERE)
        former = [move for move in invoice.former if move.exists() and move.state == "cancel"]
        if not former:
            return

        def confirm():
            former[0].button_draft()
            former[0].action_post()

        refused = self._try(confirm)
        self._did("former", invoice)
        self.case.assertTrue(refused, f"{invoice} is in the books twice")

    # People who are asked

    @rule(pick=PICK)
    @precondition(lambda self: self._problems())
    def decide(self, pick):
        """Somebody presses a button at a problem."""
        buttons = [
            (decision, work, invoice)
            for work, invoice in self._problems()
            for decision, is_there in DECISIONS.items()
            if invoice and work[is_there]
        ]
        if buttons:
            self._press(*buttons[pick % len(buttons)])

    @rule(pick=PICK, is_booked=st.booleans())
    @where(lambda each: each.is_linked)
    def decide_at_link(self, pick, is_booked):
        """Somebody presses Book Again or Leave to Odoo under Booked Invoices."""
        invoice = self._one(pick, lambda each: each.is_linked)
        link = self.case.link(invoice.tribe_id)
        if is_booked and link.can_book_again:
            self._did("book_again", invoice)
            self._booked_again(invoice)
            link.action_book_again()
            self._run()
        elif not is_booked and link.can_leave_to_odoo:
            self._did("leave_to_odoo", invoice)
            link.action_leave_to_odoo()
            invoice.is_left = True

    # Settings

    @rule(name=st.sampled_from(["mapping", "lock", "from", "phase", "entity", "unpaid"]))
    def set_up_otherwise(self, name):
        now = self.settings
        if name == "mapping":
            self._map(bool(now.unmapped))
        elif name == "lock":
            self._lock(not now.locked_until)
        elif name == "from":
            now.first_day = None if now.first_day else self.case.today - timedelta(LOCKED)
            self.connection.invoices_from = now.first_day or False
        elif name == "phase":
            self._book_in_reminded(not now.books_reminded)
        elif name == "entity":
            self._book_second(not now.books_second)
        else:
            now.tells_unpaid = self.connection.tell_unpaid = not now.tells_unpaid
        # Lanes are woken; nights of the tests leave out some work.
        self._run()

    # The connector

    @rule(picks=PICKS, times=st.integers(1, 2), at_once=st.booleans())
    def deliver(self, picks, times, at_once):
        """Some webhooks arrive, in any order, perhaps twice, and are worked on now or later."""
        self._collect_events()
        for pick in picks:
            if self.events:
                event = self.events.pop(pick % len(self.events))
                for _time in range(times):
                    self._arrive(event)
        if at_once:
            self._run()

    @rule(picks=PICKS)
    def lose(self, picks):
        """Some webhooks never arrive."""
        self._collect_events()
        for pick in picks:
            if self.events:
                self.events.pop(pick % len(self.events))

    @rule()
    def look(self):
        self._add("poll", "invoice", "poll")
        self._run()

    @rule()
    def night(self):
        self._night()

    @rule()
    def lanes(self):
        self._run()

    # The end

    def settle(self):
        """After some nights all that is shown is true, also when what was in the way is gone."""
        self._collect_events()
        for event in self.events:
            self._arrive(event)
        self._end()
        self._map(True)
        self._lock(False)
        self._book_in_reminded(True)
        self._book_second(True)
        self.connection.invoices_from = self.settings.first_day = None
        self._run()
        self._end()

    def _end(self):
        for _night in range(2):
            self._night(WEEK)
        self._check()
        self.sandbox.reset_calls()
        self._night(WEEK)
        writes = [call for call in self.sandbox.call_log() if call["method"] != "GET"]
        self.case.assertEqual(self.sandbox.calls()["writes"], 0, writes)
        self._check()

    def _check(self):
        case = self.case
        told = {}
        for work, invoice in self._problems():
            case.assertTrue(invoice, f"{work.kind} {work.reference}: {work.error}")
            kind = "payment" if work.kind == "payment" else "invoice"
            case.assertNotIn((invoice, kind), told, f"{invoice} is told twice")
            told[invoice, kind] = work
        works = self.env["tribe.work"].search([("error_class", "=", False)])
        case.assertFalse(works, [(work.kind, work.reference, work.reason) for work in works])
        for invoice in self.all:
            if invoice.is_linked:
                self._check_linked(invoice, told.get((invoice, "invoice")))
            else:
                self._check_unlinked(invoice, told.get((invoice, "invoice")))
            self._check_payment(invoice, told.get((invoice, "payment")))
            self._check_settled(invoice)
            self._check_once(invoice)

    def _check_unlinked(self, invoice, work):
        case = self.case
        is_wanted = not invoice.is_deleted and invoice.is_to_be_booked(self.settings)
        reasons = invoice.reasons_to_hold(self.settings) if is_wanted else set()
        if not is_wanted:
            case.assertFalse(work, f"{invoice} is not to be booked: {work and work.error}")
            return
        case.assertTrue(reasons, f"{invoice} is not booked: {work and work.error}")
        case.assertTrue(work, f"Nothing says that {invoice} is held: {reasons}")
        codes = self._codes(work.error)
        case.assertTrue(codes & reasons, f"{invoice}: {codes} instead of {reasons}")

    def _check_linked(self, invoice, work):
        case, truth = self.case, invoice.truth(self.settings)
        if invoice.is_kept_elsewhere(self.settings):
            # What differed then is told as it was.
            return
        self._expect_settling(invoice, truth)
        link = case.link(invoice.tribe_id)
        codes = self._codes(link.difference)
        case.assertEqual(link.state, truth.state, f"{invoice}: {codes}, not {truth}")
        case.assertLessEqual(codes, truth.allowed, f"{invoice} tells what is not true")
        for required in truth.required:
            case.assertTrue(codes & required, f"{invoice} tells {codes}, and not {required}")
        case.assertEqual(bool(work), bool(truth.required), f"{invoice}: {work and work.error}")
        if work:
            case.assertIn("invoice_differs", self._codes(work.error))

    def _expect_settling(self, invoice, truth):
        if invoice.must_be_settled() and not invoice.is_of_same_customer():
            truth.allowed.add("credit_not_settled")
            if not (invoice.is_apart or self._is_of_another_total(invoice)):
                truth.required.append({"credit_not_settled"})
                truth.state = "differs"

    def _is_of_another_total(self, credit):
        return credit.is_of_another_total() or credit.credited.is_of_another_total()

    def _check_settled(self, credit):
        if not credit.must_be_settled() or self._is_of_another_total(credit):
            return
        case, refund, entry = self.case, credit.entry, credit.credited.entry
        if not credit.is_of_same_customer():
            case.assertNotEqual(refund.reversed_entry_id, entry, f"{credit} is linked")
            return
        case.assertEqual(refund.reversed_entry_id, entry, f"{credit} is not linked")
        self._did("settled", credit)
        may_be_open = credit.was_paid_in_part or credit.credited.was_paid_in_part or credit.is_apart
        if not may_be_open:
            rest = min(refund.amount_residual, entry.amount_residual)
            case.assertFalse(rest, f"{credit} is not settled")

    def _check_payment(self, invoice, work):
        case = self.case
        link = case.link(invoice.tribe_id)
        is_left_alone = invoice.is_left_alone(self.settings)
        is_left_alone |= invoice.is_kept_elsewhere(self.settings)
        is_undone = (
            invoice.phase == PAID
            and invoice.paid_by in (US, EITHER)
            and not (invoice.is_paid or is_left_alone)
            and invoice.is_linked
            and invoice.state == "posted"
            and link.state == "linked"
        )
        if work:
            case.assertTrue(is_undone, f"{invoice}: {work.error}")
            case.assertEqual(self._codes(work.error), {"payment_undone"})
        elif is_undone and invoice.paid_by == US:
            case.fail(f"Nobody is asked about the payment of {invoice}")
        if work and self.settings.tells_unpaid:
            case.fail(f"Tribe is not told that {invoice} is unpaid: {work.error}")
        if link.state == "linked" and invoice.is_paid and not self._is_disputed(invoice):
            is_told = invoice.phase == PAID or is_left_alone
            case.assertTrue(is_told, f"Tribe is not told that {invoice} is paid")

    def _is_disputed(self, invoice):
        settling = self._settling(invoice.entry)
        others = [each for each in self.all if each.entry and each.entry in settling]
        states = {self.case.link(each.tribe_id).state for each in others}
        return not states <= {"linked", "left_to_odoo"}

    def _check_once(self, invoice):
        may_be_twice = invoice.may_share_number or invoice.is_beside_typed
        if may_be_twice or invoice.is_deleted or not invoice.in_tribe:
            return
        number = invoice.in_tribe.number
        moves = number and self.env["account.move"].search(
            [
                ("state", "!=", "cancel"),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("company_id", "=", self.case.company.id),
                "|",
                ("name", "=", number),
                ("ref", "=", number),
            ]
        )
        self.case.assertLessEqual(len(moves or ()), 1, f"{invoice} is in the books twice")

    # Steps of the connector

    def _run(self):
        self.case.run_lanes()
        self._see()

    def _night(self, days=1):
        self.case.pass_night(days)
        self._see()

    def _add(self, kind, reference, reason):
        self.env["tribe.work"]._add(self.connection, "inbound", kind, [reference], reason)

    def _collect_events(self):
        deliveries = self.sandbox.deliveries()
        for each in deliveries[self.seen :]:
            kind, payload = OUR_KINDS.by_entity_type[each["entityType"]], each["payload"]
            # What tells of a link has that one's ID, which leads to nothing.
            of_link = "entity", f"{kind}:{payload.get('relationshipId')}"
            self.events.append((kind, payload["entityId"]) if "entityId" in payload else of_link)
        self.seen = len(deliveries)

    def _arrive(self, event):
        self._add(*event, "webhook")

    def _problems(self):
        """The problems, each with the invoice that it is about, in a order of our own."""
        found = []
        for work in self.case.problematic():
            about = [
                each
                for each in self.all
                if work.reference in (each.tribe_id, str(each.entry.id if each.entry else ""))
            ]
            found.append((work, about[0] if about else None))
        return sorted(found, key=lambda each: (each[1].index if each[1] else -1, each[0].kind))

    def _did(self, what, invoice):
        """Note that something was really done, and whether to what is booked."""
        self.case.done[what] += 1
        self.case.done[f"{what} booked"] += invoice.is_linked

    # Steps of people

    def _new(self, lines, customer, days, phase, credited=None, is_second=False):
        self.sandbox.switch(invoice_day_offset=-days)
        values = {"CreditedInvoice": {"ID": credited.tribe_id}} if credited else {}
        tribe_id = self.case.draft(
            *[self.case.line(price, vat=vat) for price, vat in lines],
            Relationship={"ID": self.customers[customer]["ID"]},
            Identity={"ID": self.entities[is_second].tribe_id},
            **values,
        )
        invoice = Invoice(len(self.all), tribe_id, credited, is_second)
        self.all.append(invoice)
        self._did("credit" if credited else "new", invoice)
        self._move(invoice, phase)
        return invoice

    def _one(self, pick, is_it):
        """One of those invoices that there are."""
        found = [each for each in self.all if is_it(each)]
        return found[pick % len(found)]

    def _move(self, invoice, phase):
        (phase_id,) = [each for each, code in self.phases.items() if code == phase]
        self._did(phase, invoice)
        self._change(invoice, {"Phase": {"ID": phase_id}})
        invoice.move_in_tribe(phase)

    def _type(self, invoice, is_same, is_posted):
        partner = self._partner(self._customer_in_tribe(invoice))
        if not partner:
            return
        facts = self._facts_in_tribe(self._row(invoice))
        sign = -1 if facts.total < 0 else 1
        lines = [
            {
                "name": "Werk",
                "price_unit": sign * line["Price"] + (0 if is_same else 7),
                "account_id": self.case.account("income").id,
                "tax_ids": [Command.set(self.case.tax(VAT[line["vat"]]).ids)],
            }
            for line in self._lines(invoice)
        ]
        move = self.env["account.move"].create(
            {
                "move_type": "out_refund" if sign < 0 else "out_invoice",
                "partner_id": partner.id,
                "invoice_date": facts.date,
                "invoice_payment_term_id": False,
                "invoice_date_due": facts.due_date,
                "ref": facts.number,
                "invoice_line_ids": [Command.create(line) for line in lines],
            }
        )
        if is_posted:
            move.action_post()
        invoice.typed.append(move)
        self._did("typed", invoice)
        self._touched()

    def _press(self, decision, work, invoice):
        self._decided(decision, work, invoice)
        self._did(decision, invoice)
        getattr(work, f"action_{decision}")()
        self._run()

    def _change(self, invoice, values):
        self.sandbox.change("Activity_Invoice", invoice.tribe_id, values)

    def _try(self, step, *arguments):
        """Take a step wholly or not at all; returns why Odoo refused it."""
        try:
            with self.env.cr.savepoint():
                step(*arguments)
        except UserError as error:
            self.env.invalidate_all()
            return error
        finally:
            self._touched()
        return None

    def _reset(self, invoice):
        invoice.entry.button_draft()

    def _confirm(self, invoice, edit):
        entry = invoice.entry
        if edit == "customer":
            other = 1 - invoice.in_odoo.customer
            entry.partner_id = self._partner(other) or self.case.partner
        elif edit == "price":
            entry.invoice_line_ids[0].price_unit += 5
        elif edit == "as in Tribe" and not invoice.is_deleted:
            self._edit_as_in_tribe(entry, invoice)
        entry.action_post()

    def _edit_as_in_tribe(self, entry, invoice):
        customer = self._partner(self._customer_in_tribe(invoice))
        if customer and customer != entry.partner_id:
            entry.partner_id = customer
        sign = -1 if entry.move_type == "out_refund" else 1
        for line, row in zip(entry.invoice_line_ids, self._lines(invoice), strict=True):
            values = {
                "price_unit": sign * row["Price"],
                "tax_ids": [Command.set(self.case.tax(VAT[row["vat"]]).ids)],
            }
            line.write(values)

    def _check_confirmed(self, invoice, edit, before, refused):
        """An entry that is as it was is never refused, and another one only if Tribe has it."""
        case = self.case
        self._did(f"{edit} refused" if refused else f"{edit} confirmed", invoice)
        if refused:
            is_locked = self.settings.locked_until
            if edit == "nothing" and not is_locked and not invoice.is_adopted:
                case.fail(f"{invoice} is refused as it was: {refused}")
            return
        invoice.is_apart = False
        for credit in self.all:
            if credit.credited == invoice:
                credit.is_apart = False
        invoice.was_confirmed = True
        if invoice.is_left or not before or invoice.state != "posted":
            return
        theirs = invoice.in_tribe or before
        for name in ("number", "date", "due_date", "customer", "nets", "vat", "total"):
            values = {getattr(each, name) for each in (before, theirs, invoice.agreed or before)}
            case.assertIn(getattr(invoice.in_odoo, name), values, f"{name} of {invoice}")

    def _cancel(self, invoice, is_deleted):
        entry = invoice.entry
        self._did("cancelled", invoice)
        if entry.state == "posted":
            entry.button_draft()
        if is_deleted:
            entry.with_context(force_delete=True).unlink()
        else:
            entry.button_cancel()

    def _decided(self, decision, work, invoice):
        if decision == "adopt":
            invoice.is_adopted, invoice.was_confirmed = True, False
            invoice.was_confirmed = invoice.typed[0].posted_before
            invoice.agreed = None
        elif decision == "book_anyway":
            invoice.may_share_number = True
        elif decision == "book_again":
            self._booked_again(invoice)
        elif decision == "move_back":
            invoice.may_move_back = True
        elif decision == "leave_to_odoo":
            invoice.is_left = True
        elif work.kind == "payment":
            if decision == "ignore":
                invoice.paid_by = PERSON
        elif decision == "ignore":
            invoice.is_left = True

    def _booked_again(self, invoice):
        if invoice.entry:
            invoice.former.append(invoice.entry)
        invoice.is_left = invoice.is_adopted = False
        invoice.was_confirmed = True
        invoice.is_linked, invoice.entry, invoice.state = False, None, ""
        invoice.agreed = None
        invoice.payments.clear()
        invoice.typed = [move for move in invoice.typed if move.exists()]

    def _map(self, is_filled):
        groups = self.connection.legal_entity_ids.vat_group_ids
        tax = self.case.tax(VAT["NL9"]) if is_filled else False
        groups.filtered(lambda group: group.code == "NL9").tax_id = tax
        self.settings.unmapped = set() if is_filled else {"NL9"}

    def _lock(self, is_locked):
        day = self.case.today - timedelta(LOCKED) if is_locked else None
        self.case.company.sale_lock_date = day or False
        self.settings.locked_until = day

    def _book_in_reminded(self, is_booked):
        phases = self.connection.phase_ids
        phases.filtered(lambda phase: phase.name == REMINDED).is_booked = is_booked
        self.settings.books_reminded = is_booked

    def _book_second(self, is_booked):
        self.entities[1].is_booked = self.settings.books_second = is_booked

    # Looking

    def _row(self, invoice):
        return self.case.tribe_row("Activity_Invoice", invoice.tribe_id)

    def _lines(self, invoice):
        codes = {self.case.vat_group(code): code for code in VAT}
        rows = self.sandbox.rows("ProductLine", Activity=invoice.tribe_id)
        return [{**row, "vat": codes[row["VatGroup"]]} for row in rows]

    def _customer_in_tribe(self, invoice):
        ids = [customer["ID"] for customer in self.customers]
        return ids.index(self._row(invoice)["Relationship"])

    def _partner(self, customer):
        return self.case.link(self.customers[customer]["Organization"]).partner_id

    def _codes(self, text):
        """The codes of what is told; of a fact what it is called."""
        codes = set()
        for each in with_inner(sentences_of(text)):
            if not is_sentence(each):
                self.case.fail(f"It has no code: {each}")
            if each.code == "difference_of_fact":
                codes.add(each.parameters["what"].code)
            elif each in sentences_of(text) or each.code.startswith("difference_"):
                codes.add(each.code)
        return codes

    def _facts_in_tribe(self, row):
        lines = {}
        codes = {self.case.vat_group(code): code for code in VAT}
        for line in self.sandbox.rows("ProductLine", Activity=row["ID"]):
            code = codes[line["VatGroup"]]
            lines[code] = lines.get(code, 0) + cents(line["TotalExcludingVat"])
        names = self.connection._invoice_fields()
        ids = [customer["ID"] for customer in self.customers]
        return Facts(
            row["Number"],
            day_of(row[names.date]),
            day_of(row[names.due_date]),
            ids.index(row["Relationship"]),
            frozenset((code, net) for code, net in lines.items() if net),
            cents(row["VatAmount"]),
            cents(row["TotalIncludingVat"]),
        )

    def _facts_in_odoo(self, move, number):
        sign = -1 if move.move_type == "out_refund" else 1
        codes = {self.case.tax(name): code for code, name in VAT.items()}
        lines = {}
        for line in move.invoice_line_ids:
            code = codes[line.tax_ids]
            lines[code] = lines.get(code, 0) + sign * cents(line.price_subtotal)
        partners = [self._partner(customer) for customer in range(len(self.customers))]
        return Facts(
            number if number in (move.name, move.ref) else move.name,
            move.invoice_date,
            move.invoice_date_due,
            partners.index(move.partner_id) if move.partner_id in partners else None,
            frozenset((code, net) for code, net in lines.items() if net),
            sign * cents(move.amount_tax),
            sign * cents(move.amount_total),
        )

    def _settling(self, entry):
        lines = entry.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        partials = lines.matched_debit_ids | lines.matched_credit_ids
        return (partials.debit_move_id | partials.credit_move_id).move_id - entry

    def _touched(self):
        """People did something in Odoo: from now on that is how it is."""
        for invoice in self.all:
            self._see_entry(invoice)

    def _see_entry(self, invoice):
        if invoice.entry is not None and not invoice.entry.exists():
            invoice.entry = None
        entry = invoice.entry
        invoice.state = entry.state if entry else ""
        typed = [move for move in invoice.typed if move.exists()]
        invoice.typed_as = [self._facts_in_odoo(move, move.ref) for move in typed]
        invoice.in_odoo = None
        if entry:
            number = (invoice.in_tribe or invoice.agreed).number
            invoice.in_odoo = self._facts_in_odoo(entry, number)
        is_settled = invoice.state == "posted" and not entry.amount_residual
        invoice.is_paid = bool(
            is_settled and all(move.state == "posted" for move in self._settling(entry))
        )
        if invoice.moved_back and not invoice.is_paid:
            invoice.moved_back = PERHAPS

    def _see(self):
        """Take over what both systems have now, and look whether the connector may do that."""
        rows = {row["ID"]: row for row in self.sandbox.rows("Activity_Invoice")}
        for invoice in self.all:
            self._see_in_tribe(invoice, rows.get(invoice.tribe_id))
        for invoice in self.all:
            self._see_in_odoo(invoice)
        for invoice in self.all:
            self._see_phase(invoice, rows.get(invoice.tribe_id))

    def _see_in_tribe(self, invoice, row):
        self.case.assertEqual(bool(row), not invoice.is_deleted, f"{invoice} in Tribe")
        if row and row["Number"]:
            invoice.in_tribe = self._facts_in_tribe(row)

    def _see_in_odoo(self, invoice):
        case = self.case
        link = case.link(invoice.tribe_id)
        is_new = bool(link.move_id) and not invoice.is_linked
        before = (invoice.state, invoice.in_odoo) if invoice.entry else None
        if invoice.entry and not is_new:
            case.assertEqual(link.move_id, invoice.entry, f"{invoice} has another entry")
        case.assertFalse(invoice.is_linked and not link, f"The link of {invoice} is gone")
        invoice.is_linked = bool(link)
        invoice.entry = link.move_id or None
        invoice.typed = [move for move in invoice.typed if move.exists() and move != link.move_id]
        self._see_entry(invoice)
        if before and not is_new:
            after = (invoice.state, invoice.in_odoo)
            case.assertEqual(after, before, f"The entry of {invoice} was changed")
        if is_new and not invoice.is_adopted:
            self._check_booked(invoice)
            invoice.is_beside_typed = bool(invoice.typed)
        if invoice.is_adopted and not invoice.agreed and invoice.in_tribe:
            invoice.agreed = invoice.in_tribe
        if invoice.state == "posted" and invoice.in_tribe == invoice.in_odoo:
            invoice.agreed = invoice.in_odoo

    def _check_booked(self, invoice):
        """It was booked just now: as it is in Tribe, and rightly."""
        case = self.case
        case.assertEqual(invoice.state, "posted", repr(invoice))
        case.assertFalse(invoice.is_deleted, repr(invoice))
        case.assertEqual(invoice.in_odoo, invoice.in_tribe, repr(invoice))
        case.assertEqual(invoice.entry.company_id, case.company)
        case.assertEqual(invoice.entry.journal_id, self.entities[invoice.is_second].journal_id)
        case.assertTrue(invoice.is_to_be_booked(self.settings), f"{invoice} is booked")
        case.assertFalse(invoice.reasons_to_hold(self.settings), f"{invoice} is booked")

    def _see_phase(self, invoice, row):
        """What the connector told Tribe, it may tell."""
        if not row:
            return
        phase = self.phases[row["Phase"]]
        if phase == invoice.phase:
            return
        case, link = self.case, self.case.link(invoice.tribe_id)
        case.assertEqual(link.state, "linked", f"Tribe is told {phase} of {invoice}")
        is_elsewhere = invoice.is_kept_elsewhere(self.settings)
        case.assertFalse(is_elsewhere, f"Tribe is told {phase} of {invoice}")
        if phase == PAID:
            case.assertTrue(invoice.is_paid, f"Tribe is told that {invoice} is paid")
        else:
            case.assertFalse(invoice.is_paid, f"Tribe is told that {invoice} is unpaid")
            case.assertIn(invoice.paid_by, (US, EITHER), f"{invoice} was not told by us")
            is_wanted = self.settings.tells_unpaid or invoice.may_move_back
            case.assertTrue(is_wanted, f"Nobody wants {invoice} moved back")
        invoice.see_phase(phase)
        self._did(f"told {phase}", invoice)


class TestInvoiceHistories(HistoryMixin, LookingCase):
    machine = History
    steps = 18
    same_every_time = 10
    sandbox_options = {
        **LookingCase.sandbox_options,
        "switches": {"uncoded_phases": [REMINDED], "final_invoice_writable": "all"},
    }

    def setUp(self):
        super().setUp()
        # Of a handful of invoices all may have been deleted.
        self.connection.write({"settle_seconds": 0, "missing_percent": 100})
        with self.enter_registry_test_mode():
            self.connection._register_webhooks(self.connection._client())
        # The first night only begins to watch what is changed in Odoo.
        self.pass_night()
        self.env.flush_all()
        # How often each thing was done: without any, nothing is tried.
        self.done = Counter()

    def pass_night(self, days=1):
        """What waits for a person is tried again in the night after, so it is aged as well."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_work SET due = due - %s * interval '1 day'", [days])
        super().pass_night(days)

    def pay(self, move, **values):
        """Register a payment in Odoo; returns it."""
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        return wizard.create(values)._create_payments()

    def second_customer(self):
        """A customer of Tribe whom Odoo does not have yet."""
        organization = self.sandbox.create("Relation_Organization", {"Name": "Ander B.V."})
        return self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

    def begin_history(self):
        self.env.flush_all()
        self.sandbox.reset(keep_webhooks=True, switches={"webhook_paused": True})
        return self.env.cr.savepoint()


def day_of(moment):
    """The day in the legal entity's time zone of a moment that Tribe tells."""
    at = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return at.astimezone(ZoneInfo("Europe/Amsterdam")).date()
