"""A credit note and the invoice that it credits, whichever comes second and whatever brings it."""

import random
from datetime import date, timedelta
from unittest.mock import ANY

from connector.common import ORGANIZATION_CUSTOMER
from told import assert_says

from odoo.exceptions import UserError

from odoo.addons.tribe_connector.sentence import sentence

from .invoice_case import InvoiceCase

FIRST_START = 60


class CreditCase(InvoiceCase):
    def sent(self, *lines, **values):
        """An invoice that is sent in Tribe, and that the connector did not look at yet."""
        tribe_id = self.draft(*lines, **values)
        self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_id

    def credit_of(self, tribe_id, price=-100.0, **values):
        """A credit invoice of Tribe that is booked; returns its ID."""
        return self.send_new(self.line(price), CreditedInvoice={"ID": tribe_id}, **values)

    def dollars_at_two_rates(self):
        """Have a dollar be worth less today than in all the years before."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        for day, rate in ((date(2020, 1, 1), 1.25), (self.today, 1.5)):
            values = {"currency_id": dollar.id, "name": day, "rate": rate, "company_id": False}
            dollar.rate_ids.create(values)

    def credited_in_dollars(self, is_named=True):
        """An invoice and its credit note by these two rates; their IDs in Tribe.

        :param is_named: whether the credit note names the invoice
        """
        self.sandbox.switch(invoice_day_offset=-10)
        invoice = self.send_new(self.line(100.0, PriceInCurrency=125.0), Currency="USD")
        self.sandbox.switch(invoice_day_offset=0)
        named = {"CreditedInvoice": {"ID": invoice}} if is_named else {}
        line = self.line(-100.0, PriceInCurrency=-125.0)
        return invoice, self.send_new(line, Currency="USD", **named)

    def another_customer(self):
        """A customer of Tribe; what is made in Tribe from now on is for that one."""
        organization = self.sandbox.create("Relation_Organization", {"Name": "Ander B.V."})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

    def open_amounts(self, *tribe_ids):
        return [self.booked_move(tribe_id).amount_residual for tribe_id in tribe_ids]

    def assert_settled(self, invoice, credit):
        """Both are posted, linked and closed; nothing is shown as different."""
        move, refund = self.booked_move(invoice), self.booked_move(credit)
        self.assertEqual((move.state, refund.state), ("posted", "posted"), self.problems())
        self.assertEqual(refund.reversed_entry_id, move)
        self.assertEqual((move.amount_residual, refund.amount_residual), (0.0, 0.0))
        for tribe_id in (invoice, credit):
            link = self.link(tribe_id)
            self.assertEqual((link.state, link.difference_shown), ("linked", False))

    def assert_shown(self, invoice, credit, *causes, **parameters):
        """Both stay open and unlinked, and the credit's link says why, with both numbers.

        :param causes: what is not alike (the codes of its sentence) with what it is of either
        """
        move, refund = self.booked_move(invoice), self.booked_move(credit)
        self.assertEqual((move.state, refund.state), ("posted", "posted"), self.problems())
        self.assertFalse(refund.reversed_entry_id)
        self.assertEqual(move.amount_residual, move.amount_total)
        self.assertEqual(refund.amount_residual, refund.amount_total)
        link = self.link(credit)
        self.assertEqual(link.state, "differs")
        shown = self.difference_shown(link)
        names = {"credit": refund.name, "invoice": move.name}
        assert_says(shown, "credit_not_settled", **names, **parameters)
        for what, of_credit, of_invoice in causes:
            what = sentence(what)
            assert_says(shown, "unlike_another", what=what, credit=of_credit, invoice=of_invoice)
        self.assertEqual(self.link(invoice).state, "linked")


class TestCreditOfNothing(CreditCase):
    def test_an_invoice_of_nothing_is_credited(self):
        """All of it was given away: nothing is open, and the two belong together."""
        invoice = self.send_new(self.line(100.0, DiscountPercentage=100.0))
        credit = self.send_new(
            self.line(-100.0, DiscountPercentage=100.0), CreditedInvoice={"ID": invoice}
        )
        self.assertEqual(self.booked_move(credit).move_type, "out_refund")
        self.assert_settled(invoice, credit)


class TestCreditBeforeItsInvoice(CreditCase):
    def test_the_credit_is_looked_at_first(self):
        invoice = self.sent(self.line(100.0))
        credit = self.credit_of(invoice)
        self.assertEqual(self.open_amounts(credit), [121.0])

        self.look_at("invoice", invoice)

        self.assert_settled(invoice, credit)
        self.run_nightly()
        paid = self.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")[0]["ID"]
        phases = [self.tribe_row("Activity_Invoice", each)["Phase"] for each in (invoice, credit)]
        self.assertEqual(phases, [paid, paid])

    def test_both_come_in_one_batch(self):
        invoice = self.sent(self.line(100.0))
        credit = self.sent(self.line(-100.0), CreditedInvoice={"ID": invoice})

        self.look_at("invoice", credit, invoice)

        self.assert_settled(invoice, credit)

    def test_several_partial_credits_come_first(self):
        invoice = self.sent(self.line(100.0))
        credits = [self.credit_of(invoice, price) for price in (-40.0, -35.0)]

        self.look_at("invoice", invoice)

        self.assertEqual(self.open_amounts(invoice, *credits), [30.25, 0.0, 0.0])
        moves = [self.booked_move(credit).reversed_entry_id for credit in credits]
        self.assertEqual(moves, [self.booked_move(invoice)] * 2)

    def test_the_invoice_was_held_until_its_vat_group_was_mapped(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        group = groups.filtered(lambda group: group.code == "NL9")
        group.tax_id = False
        invoice = self.send_new(self.line(111.01, vat="NL9"))
        credit = self.credit_of(invoice)
        self.assertFalse(self.booked_move(invoice))

        group.tax_id = self.tax("9% ST")
        self.run_lanes()

        self.assert_settled(invoice, credit)

    def test_the_invoice_was_held_until_its_period_was_opened(self):
        self.company.sale_lock_date = self.today - timedelta(days=5)
        self.sandbox.switch(invoice_day_offset=-10)
        invoice = self.send_new(self.line(100.0))
        self.sandbox.switch(invoice_day_offset=0)
        credit = self.credit_of(invoice)
        self.assertFalse(self.booked_move(invoice))

        self.company.sale_lock_date = False
        self.run_nightly()

        self.assert_settled(invoice, credit)

    def test_an_invoice_typed_by_hand_is_adopted_later(self):
        for is_draft in (False, True):
            with self.subTest(is_draft=is_draft):
                last = self.booked_move(self.send_new(self.line(10.0)))
                by_hand = self.typed_by_hand(100.0, ref=str(int(last.name) + 1))
                if not is_draft:
                    by_hand.action_post()
                invoice = self.send_new(self.line(100.0))
                credit = self.credit_of(invoice)
                self.assertFalse(self.booked_move(invoice))

                self.work(invoice).action_adopt()
                self.run_lanes()
                if is_draft:
                    self.assertEqual(self.open_amounts(credit), [121.0])
                    by_hand.action_post()
                    self.run_nightly()

                self.assertEqual(self.booked_move(invoice), by_hand)
                self.assert_settled(invoice, credit)

    def test_a_credit_note_typed_by_hand_is_adopted_later(self):
        invoice = self.send_new(self.line(100.0))
        number = str(int(self.booked_move(invoice).name) + 1)
        by_hand = self.typed_by_hand(100.0, ref=number, move_type="out_refund")
        by_hand.action_post()
        credit = self.credit_of(invoice)
        self.assertFalse(self.booked_move(credit))

        self.work(credit).action_adopt()
        self.run_lanes()

        self.assertEqual(self.booked_move(credit), by_hand)
        self.assert_settled(invoice, credit)

    def test_credited_invoices_of_a_first_start_come_in_any_order(self):
        pairs = []
        for number in range(FIRST_START):
            invoice = self.sent(self.line(100.0 + number))
            credit = self.sent(self.line(-100.0 - number), CreditedInvoice={"ID": invoice})
            pairs.append((invoice, credit))
        ids = [tribe_id for pair in pairs for tribe_id in pair]
        random.Random(7).shuffle(ids)

        self.look_at("invoice", *ids)

        for invoice, credit in pairs:
            self.assert_settled(invoice, credit)


class TestCreditAndInvoiceLater(CreditCase):
    def setUp(self):
        super().setUp()
        self.invoice = self.send_new(self.line(100.0))
        self.credit = self.credit_of(self.invoice)

    def test_a_bookkeeper_who_takes_the_two_apart_is_not_contradicted(self):
        self.booked_move(self.credit).line_ids.remove_move_reconcile()

        self.look_at("invoice", self.credit, self.invoice)
        self.run_nightly()

        self.assertEqual(self.open_amounts(self.invoice, self.credit), [121.0, 121.0])

    def test_either_is_settled_again_when_it_is_confirmed_again(self):
        for tribe_id in (self.invoice, self.credit):
            with self.subTest(credit=tribe_id == self.credit):
                move = self.booked_move(tribe_id)
                move.button_draft()
                move.line_ids.remove_move_reconcile()

                move.action_post()
                self.run_nightly()

                self.assert_settled(self.invoice, self.credit)

    def test_an_invoice_that_is_booked_again_is_settled_again(self):
        move = self.booked_move(self.invoice)
        move.button_draft()
        move.button_cancel()

        self.link(self.invoice).action_book_again()
        self.run_lanes()

        self.assertNotEqual(self.booked_move(self.invoice), move)
        self.assert_settled(self.invoice, self.credit)

    def test_what_an_older_version_booked_in_the_wrong_order_is_settled_when_looked_at(self):
        refund = self.booked_move(self.credit)
        refund.line_ids.remove_move_reconcile()
        refund.reversed_entry_id = False
        self.link(self.credit).credited_tribe_id = False

        self.look_at("invoice", self.credit)

        self.assert_settled(self.invoice, self.credit)

    def test_what_an_older_version_booked_first_is_settled_when_its_invoice_comes(self):
        for is_night_first in (True, False):
            with self.subTest(is_night_first=is_night_first):
                invoice = self.sent(self.line(100.0))
                credit = self.credit_of(invoice)
                self.link(credit).credited_tribe_id = False
                cursors = self.env["tribe.cursor"].search([("stream", "=", "schedule:credits")])
                cursors.unlink()

                if is_night_first:
                    self.run_nightly()
                self.look_at("invoice", invoice)
                self.run_nightly()

                self.assert_settled(invoice, credit)

    def left_to_odoo(self, invoice):
        """An invoice that is otherwise in Odoo, and left so."""
        move = self.booked_move(invoice)
        move.button_draft()
        self.link(invoice).action_leave_to_odoo()
        move.invoice_date_due += timedelta(days=9)
        return move

    def assert_settled_with_left(self, invoice, credit):
        self.assertEqual(self.booked_move(credit).reversed_entry_id, self.booked_move(invoice))
        self.assertEqual(self.open_amounts(invoice, credit), [0.0, 0.0])
        states = [(self.link(each).state, self.link(each).difference) for each in (invoice, credit)]
        self.assertEqual(states, [("left_to_odoo", False), ("linked", False)])

    def test_an_invoice_that_is_left_to_odoo_is_settled_with_its_credit(self):
        for is_credited_first in (False, True):
            with self.subTest(is_credited_first=is_credited_first):
                invoice = self.send_new(self.line(100.0))
                move = self.left_to_odoo(invoice)
                if is_credited_first:
                    credit = self.credit_of(invoice)
                    self.assertEqual(self.booked_move(credit).amount_residual, 121.0)
                    move.action_post()
                else:
                    move.action_post()
                    credit = self.credit_of(invoice)
                self.assert_settled_with_left(invoice, credit)
                self.run_nightly()
                self.look_at("invoice", invoice, credit)
                self.assert_settled_with_left(invoice, credit)
                self.assertFalse(self.problems())

    def test_an_invoice_that_is_left_to_odoo_with_another_customer_is_told_once(self):
        invoice = self.send_new(self.line(100.0))
        move = self.left_to_odoo(invoice)
        move.partner_id = self.env["res.partner"].create({"name": "Heel andere klant"})
        move.action_post()
        credit = self.credit_of(invoice)

        self.assertEqual(self.open_amounts(invoice, credit), [121.0, 121.0])
        shown = self.difference_shown(self.link(credit))
        assert_says(shown, "credit_not_settled", other="Heel andere klant")
        self.assertEqual(self.link(invoice).state, "left_to_odoo")
        self.link(credit).action_leave_to_odoo()
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_a_credit_that_is_left_to_odoo_is_settled_by_nobody(self):
        invoice = self.send_new(self.line(100.0))
        credit = self.credit_of(invoice)
        self.booked_move(credit).line_ids.remove_move_reconcile()
        refund = self.booked_move(credit)
        refund.button_draft()
        # Odoo itself would settle a reversal.
        refund.reversed_entry_id = False
        self.link(credit).action_leave_to_odoo()
        refund.action_post()
        self.assertEqual(self.open_amounts(invoice), [121.0])
        self.booked_move(invoice).button_draft()
        self.booked_move(invoice).action_post()
        self.assertEqual(self.open_amounts(invoice), [121.0])

    def test_credits_of_nothing_are_looked_at_only_once(self):
        credit = self.send_new(self.line(-50.0))
        self.run_nightly()
        works = self.env["tribe.work"]

        self.env["tribe.link"]._note_changed_moves(self.connection)

        self.assertEqual(self.open_amounts(credit), [60.5])
        self.assertFalse(works.search([("kind", "=", "invoice")]))

    def test_an_invoice_that_is_paid_already_leaves_its_credit_open(self):
        invoice = self.send_new(self.line(100.0))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.booked_move(invoice).ids
        ).create({})._create_payments()

        credit = self.credit_of(invoice)

        self.assertEqual(self.open_amounts(invoice, credit), [0.0, 121.0])
        self.assertEqual(self.booked_move(credit).reversed_entry_id, self.booked_move(invoice))
        self.assertEqual(self.link(credit).state, "linked")

    def test_what_odoo_refuses_to_settle_is_booked_shown_and_tried_again(self):
        invoice = self.sent(self.line(100.0))
        credit = self.credit_of(invoice)
        lines = type(self.env["account.move.line"])
        locked = "De deur is op slot"

        def refuse(lines):
            raise UserError(f"{locked}.")

        with self.subTest("refused"):
            original = lines.reconcile
            lines.reconcile = refuse
            try:
                self.look_at("invoice", invoice)
                self.assert_shown(invoice, credit, why=locked)
                self.run_nightly()
                self.assert_shown(invoice, credit, why=locked)
            finally:
                lines.reconcile = original

        self.run_nightly()

        self.assert_settled(invoice, credit)


class TestCreditOfAnotherCustomer(CreditCase):
    """A credit note of one customer never settles the invoice of another one."""

    def test_it_is_booked_and_shown_whichever_comes_second(self):
        first, customer = self.partner.name, self.customer
        for credit_first in (False, True):
            with self.subTest(credit_first=credit_first):
                self.customer = customer
                invoice = self.sent(self.line(100.0))
                if not credit_first:
                    self.look_at("invoice", invoice)
                self.another_customer()

                credit = self.credit_of(invoice)
                if credit_first:
                    self.look_at("invoice", invoice)

                self.assert_shown(
                    invoice,
                    credit,
                    ("unlike_customer", "Ander B.V.", first),
                    customer="Ander B.V.",
                    other=first,
                )
                (problem,) = self.problematic().filtered(lambda work: work.reference == credit)
                self.assert_told(problem, "credit_not_settled", customer="Ander B.V.")

    def test_what_was_settled_is_taken_apart_when_either_gets_another_customer(self):
        self.sandbox.switch(final_invoice_writable="all")
        other = self.env["res.partner"].create({"name": "Andere Klant"})
        for is_credit in (True, False):
            for is_apart in (False, True):
                with self.subTest(is_credit=is_credit, is_apart=is_apart):
                    invoice = self.send_new(self.line(100.0))
                    credit = self.credit_of(invoice)
                    self.assert_settled(invoice, credit)
                    move = self.booked_move(credit if is_credit else invoice)
                    if is_apart:
                        move.line_ids.remove_move_reconcile()
                    move.button_draft()
                    move.partner_id = other

                    with self.unasserted():
                        move.action_post()

                    self.assert_apart(invoice, credit)
                    for _night in range(2):
                        self.run_nightly()
                        self.look_at("invoice", invoice, credit)
                        self.assert_apart(invoice, credit)
                        self.assertEqual(self.link(credit).state, "differs")
                    self.assertEqual(self.phases(invoice, credit), ["Sent", "Sent"])

                    move.button_draft()
                    move.partner_id = self.partner
                    move.action_post()
                    self.run_nightly()
                    self.assert_settled(invoice, credit)
                    self.assertEqual(self.phases(invoice, credit), ["Paid", "Paid"])

    def assert_apart(self, invoice, credit):
        self.assertFalse(self.booked_move(credit).reversed_entry_id)
        self.assertEqual(self.open_amounts(invoice, credit), [121.0, 121.0])

    def phases(self, *tribe_ids):
        rows = self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        codes = {row["ID"]: row["Code"] for row in rows}
        return [codes[self.tribe_row("Activity_Invoice", each)["Phase"]] for each in tribe_ids]

    def test_only_these_two_are_taken_apart(self):
        invoice = self.send_new(self.line(100.0))
        credits = [self.credit_of(invoice, price) for price in (-40.0, -35.0)]
        self.assertEqual(self.open_amounts(invoice, *credits), [30.25, 0.0, 0.0])
        refund = self.booked_move(credits[0])
        refund.button_draft()
        refund.partner_id = self.env["res.partner"].create({"name": "Andere Klant"})

        with self.unasserted():
            refund.action_post()
        self.run_nightly()

        self.assertEqual(self.open_amounts(invoice, *credits), [78.65, 48.4, 0.0])
        states = [self.link(each).state for each in (invoice, *credits)]
        self.assertEqual(states, ["linked", "differs", "linked"])

    def test_what_was_settled_is_taken_apart_in_another_currency_or_account(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        dollar.rate_ids.create({"currency_id": dollar.id, "name": "2020-01-01", "rate": 1.25})
        receivable = self.account("asset_receivable").copy({"code": "139998"})

        def in_dollars(refund):
            refund.currency_id = dollar

        def on_another_account(refund):
            line = refund.line_ids.filtered(lambda each: each.account_type == "asset_receivable")
            line.account_id = receivable

        for change, what, now in (
            (in_dollars, "unlike_currency", "USD"),
            (on_another_account, "unlike_receivable_account", receivable.display_name),
        ):
            with self.subTest(what):
                invoice = self.send_new(self.line(100.0))
                credit = self.credit_of(invoice)
                refund = self.booked_move(credit)
                refund.button_draft()
                change(refund)

                with self.unasserted():
                    refund.action_post()
                self.assert_shown(invoice, credit, (what, now, ANY))
                self.run_nightly()
                shown = self.difference_shown(self.link(credit))
                assert_says(shown, "unlike_another", what=sentence(what), credit=now)
                self.assertEqual(self.open_amounts(invoice), [121.0])

    def test_what_was_settled_by_hand_is_not_taken_apart(self):
        invoice, credit = self.shown()
        moves = self.booked_move(invoice) | self.booked_move(credit)
        lines = moves.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        lines.reconcile()

        self.run_nightly()

        self.assertEqual(self.open_amounts(invoice, credit), [0.0, 0.0])
        shown = self.difference_shown(self.link(credit))
        assert_says(shown, "credit_not_settled", customer="Ander B.V.")

    def shown(self):
        invoice = self.send_new(self.line(100.0))
        self.another_customer()
        credit = self.credit_of(invoice)
        self.assert_shown(invoice, credit, customer="Ander B.V.")
        return invoice, credit

    def test_it_stays_shown_until_it_is_mended_in_tribe(self):
        self.sandbox.switch(final_invoice_writable="all")
        invoice, credit = self.shown()
        right = self.send_new(self.line(100.0))

        for _night in range(2):
            self.run_nightly()
            self.look_at("invoice", invoice, credit)
            self.assert_shown(invoice, credit, customer="Ander B.V.", other=self.partner.name)

        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": right}})
        self.run_nightly()
        self.assert_settled(right, credit)
        self.assertEqual(self.open_amounts(invoice), [121.0])

    def test_the_customer_is_mended_in_tribe_and_not_in_odoo(self):
        _invoice, credit = self.shown()
        refund = self.booked_move(credit)
        with (
            self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_customer")),
            self.env.cr.savepoint(),
        ):
            refund.button_draft()
            refund.partner_id = self.partner
            refund.action_post()

    def test_left_to_odoo_it_is_a_matter_of_odoo(self):
        invoice, credit = self.shown()

        self.link(credit).action_leave_to_odoo()
        self.run_nightly()
        self.look_at("invoice", invoice, credit)

        self.assertEqual(self.link(credit).state, "left_to_odoo")
        self.assertEqual(self.open_amounts(invoice, credit), [121.0, 121.0])

    def test_paid_back_it_is_not_told_while_it_is_shown(self):
        invoice, credit = self.shown()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.booked_move(credit).ids
        ).create({})._create_payments()

        self.run_nightly()

        assert_says(self.difference_shown(self.link(credit)), "difference_paid_untold")
        self.assertNotEqual(
            self.tribe_row("Activity_Invoice", credit)["Phase"],
            self.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")[0]["ID"],
        )

    def test_another_currency_or_receivable_account_is_shown_too(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        dollar.rate_ids.create({"currency_id": dollar.id, "name": "2020-01-01", "rate": 1.25})
        invoice = self.send_new(self.line(100.0))

        foreign = self.send_new(
            self.line(-100.0, PriceInCurrency=-125.0),
            Currency="USD",
            CreditedInvoice={"ID": invoice},
        )
        self.assert_shown(invoice, foreign, ("unlike_currency", "USD", "EUR"))

        receivable = self.account("asset_receivable").copy({"code": "139999"})
        self.partner.with_company(self.company).property_account_receivable_id = receivable
        credit = self.credit_of(invoice)
        own = receivable.display_name
        self.assert_shown(invoice, credit, ("unlike_receivable_account", own, ANY))


class TestSignsOfACredit(CreditCase):
    """What is given back is a quantity; the totals were right whichever sign is turned."""

    def test_a_credit_note_reads_as_what_it_credits(self):
        written = {(-3.0, 100.0): (3, 100), (3.0, -100.0): (3, 100), (2.0, 25.0): (2, -25)}
        for rounding, discount in ((None, None), (0.0, 10), (7.0, 12.5)):
            with self.subTest(discount=discount, line=rounding):
                lines = [
                    self.line(price, quantity, DiscountPercentage=rounding)
                    for quantity, price in written
                ]
                tribe_id = self.send_new(*lines, DiscountPercentage=discount)

                move = self.booked_move(tribe_id)
                self.assertEqual((move.state, move.move_type), ("posted", "out_refund"))
                self.assertEqual(move.amount_total, -self.total_in_tribe(tribe_id))
                shown = [(line.quantity, line.price_unit > 0) for line in move.invoice_line_ids]
                self.assertEqual(shown, [(3, True), (3, True), (2, False)])
                if not discount:
                    prices = move.invoice_line_ids.mapped("price_unit")
                    self.assertEqual(prices, [price for _quantity, price in written.values()])

    def test_a_line_that_is_given_back_on_an_invoice_stays_as_in_tribe(self):
        move = self.booked_move(self.send_new(self.line(500.0), self.line(100.0, -3.0)))
        self.assertEqual(move.move_type, "out_invoice")
        line = move.invoice_line_ids[1]
        self.assertEqual((line.quantity, line.price_unit), (-3.0, 100.0))

    def total_in_tribe(self, tribe_id):
        return self.tribe_row("Activity_Invoice", tribe_id)["TotalIncludingVat"]
