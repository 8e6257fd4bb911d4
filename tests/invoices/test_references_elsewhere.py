"""No lane follows what somebody's records refer to into the books of a company of others.

Odoo lets who works in one company refer to records of any by RPC, and then stops where their
rights end. Ours end nowhere.
"""

import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .test_credit_note import CreditCase


class ElsewhereCase(CreditCase):
    """A company of others with its books, and a bookkeeper of ours who has nothing there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create(
            {"name": "Elders B.V.", "country_id": cls.env.ref("base.nl").id}
        )
        cls.env["account.chart.template"].try_loading("nl", cls.elsewhere, install_demo=False)
        cls.theirs = cls.env["res.partner"].create(
            {"name": "Klant van elders", "company_id": cls.elsewhere.id}
        )
        cls.bookkeeper = new_test_user(
            cls.env,
            "bookkeeper",
            groups="base.group_user,account.group_account_invoice,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def booked_elsewhere(self, price=5000.0, **values):
        """A draft of the other company."""
        return (
            self.env["account.move"]
            .with_company(self.elsewhere)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": self.elsewhere.id,
                    "partner_id": self.theirs.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Geheim", "price_unit": price, "tax_ids": False})
                    ],
                    **values,
                }
            )
        )

    def posted_elsewhere(self, price=5000.0, **values):
        move = self.booked_elsewhere(price, **values)
        move.action_post()
        return move

    def by_rpc(self, records, values):
        """What the bookkeeper writes, in a request of its own."""
        self.env.flush_all()
        self.env.invalidate_all()
        own = records.with_env(self.env(user=self.bookkeeper, su=False, context={}))
        own.write(values)
        self.env.flush_all()
        self.env.invalidate_all()

    def picture(self):
        """All that the other company has in its books, and of contacts."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = {
            "account.move": ["name", "state", "payment_state", "amount_residual", "write_date"],
            "account.move.line": [
                "move_id",
                "balance",
                "amount_residual",
                "reconciled",
                "full_reconcile_id",
                "matching_number",
            ],
            "account.payment": ["state"],
            "res.partner": ["name", "vat", "street", "active", "customer_rank", "write_date"],
        }
        return {
            model: self.env[model]
            .with_context(active_test=False)
            .search_read([("company_id", "=", self.elsewhere.id)], fields, order="id")
            for model, fields in names.items()
        }

    def settled(self, price=100.0):
        """An invoice and the credit note that settles it; their IDs in Tribe."""
        invoice = self.send_new(self.line(price))
        credit = self.credit_of(invoice, -price)
        self.assert_settled(invoice, credit)
        return invoice, credit

    def settled_in_dollars(self):
        """The same by two rates, so with an exchange difference."""
        self.dollars_at_two_rates()
        invoice, credit = self.credited_in_dollars()
        self.assert_settled(invoice, credit)
        return invoice, credit

    def partials(self, tribe_id):
        lines = self.booked_move(tribe_id).line_ids
        return lines.matched_debit_ids | lines.matched_credit_ids

    def assert_stands_still(self, invoice, credit):
        """The two are as they were, and it is told why."""
        self.assertEqual(self.booked_move(credit).reversed_entry_id, self.booked_move(invoice))
        self.assertEqual(self.open_amounts(invoice, credit), [0.0, 0.0])
        link = self.link(credit)
        self.assertEqual(link.state, "differs")
        self.assert_told(link, "credit_reconciled_elsewhere", field="difference")


class TestTakenApart(ElsewhereCase):
    """What settles a credit note and its invoice is undone without touching anybody else's."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")

    def credits_another(self, credit):
        """Tribe says so."""
        another = self.send_new(self.line(100.0))
        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": another}})
        self.look_at("invoice", credit)

    def has_another_customer(self, credit):
        """Who has no right in Tribe may write what Odoo calculates."""
        other = self.env["res.partner"].create({"name": "Tussendoor"})
        self.by_rpc(self.booked_move(credit), {"commercial_partner_id": other.id})
        self.run_nightly()
        self.look_at("invoice", credit)

    def assert_left_alone(self, refer):
        """Nothing is taken apart while a reference leads elsewhere.

        :param refer: has the settled pair (two Tribe IDs) refer to the other company
        """
        invoice, credit = self.settled()
        refer(invoice, credit)
        before = self.picture()

        self.credits_another(credit)
        self.assertEqual(self.picture(), before)
        self.assert_stands_still(invoice, credit)

        self.run_nightly()
        self.look_at("invoice", credit)
        self.assertEqual(self.picture(), before)
        self.assert_stands_still(invoice, credit)

    def test_a_customer_that_is_only_written_takes_nothing_apart(self):
        invoice, credit = self.settled()

        self.has_another_customer(credit)

        self.assert_settled(invoice, credit)

    def test_an_entry_of_others_is_no_exchange_difference_of_the_two(self):
        for is_posted in (True, False):
            theirs = self.posted_elsewhere() if is_posted else self.booked_elsewhere()
            with self.subTest(is_posted=is_posted), self.assertRaises(AccessError):
                theirs.with_user(self.bookkeeper).read(["name"])

            def refer(invoice, _credit, theirs=theirs):
                self.by_rpc(self.partials(invoice), {"exchange_move_id": theirs.id})

            self.assert_left_alone(refer)

    def test_nor_is_an_invoice_of_the_same_company(self):
        own = self.typed_by_hand()
        own.action_post()
        invoice, credit = self.settled()
        self.by_rpc(self.partials(invoice), {"exchange_move_id": own.id})

        self.credits_another(credit)

        self.assertEqual((own.state, own.payment_state), ("posted", "not_paid"))
        self.assert_stands_still(invoice, credit)

    def test_an_exchange_difference_of_the_two_is_reversed_as_ever(self):
        invoice, credit = self.settled_in_dollars()
        difference = self.partials(invoice).exchange_move_id
        self.assertTrue(difference)

        self.credits_another(credit)

        self.assertEqual(difference.reversal_move_ids.state, "posted")
        self.assertEqual(self.open_amounts(invoice, credit), [151.25, 151.25])

    def test_what_is_reconciled_elsewhere_stays_so(self):
        theirs = self.posted_elsewhere()
        self.env["account.payment.register"].with_company(self.elsewhere).with_context(
            active_model="account.move", active_ids=theirs.ids
        ).create({})._create_payments()
        lines = theirs.line_ids
        self.assertTrue(lines.full_reconcile_id)

        def refer(invoice, _credit):
            full = lines.full_reconcile_id.id
            self.by_rpc(self.partials(invoice), {"full_reconcile_id": full})

        self.assert_left_alone(refer)

    def test_what_others_have_refer_to_the_two_keeps_them_together_for_nobody(self):
        """A full reconciliation has the lines that Odoo gave its number."""
        intruder = new_test_user(
            self.env,
            "intruder",
            groups="base.group_user,account.group_account_invoice",
            company_id=self.elsewhere.id,
            company_ids=self.elsewhere.ids,
        )
        draft, paid = self.booked_elsewhere(), self.posted_elsewhere()
        self.env["account.payment.register"].with_company(self.elsewhere).with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        for theirs in (draft.line_ids[:1], paid.line_ids.matched_credit_ids):
            with self.subTest(theirs._name):
                invoice, credit = self.settled()
                full = self.partials(invoice).full_reconcile_id
                theirs.with_user(intruder).write({"full_reconcile_id": full.id})
                self.env.flush_all()
                self.env.invalidate_all()

                self.credits_another(credit)

                # The credit note settles the other one now.
                self.assertEqual(self.open_amounts(invoice, credit), [121.0, 0.0])
                self.assertEqual(sum(paid.line_ids.mapped("amount_residual")), 0.0)


class TestTakenApartInABranch(ElsewhereCase):
    """A branch has the journals of its company, and its bookkeeper sees nothing of another's."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")
        self.dollars_at_two_rates()
        self.paid = self.paid_in_dollars(self.branch_of(self.company))

    def paid_in_dollars(self, branch):
        """An invoice of a branch that was paid by another rate."""
        line = {"name": "Geheim", "price_unit": 12500.0, "tax_ids": False}
        move = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": branch.id,
                    "partner_id": self.env["res.partner"].create({"name": "Klant"}).id,
                    "currency_id": self.env.ref("base.USD").id,
                    "invoice_date": self.today - timedelta(days=20),
                    "invoice_line_ids": [Command.create(line)],
                }
            )
        )
        move.action_post()
        register = self.env["account.payment.register"].with_company(branch)
        register.with_context(active_model="account.move", active_ids=move.ids).create(
            {"payment_date": self.today, "journal_id": self.bank.id}
        )._create_payments()
        return move

    def lines_of(self, move):
        return move.line_ids.filtered(lambda each: each.account_type == "asset_receivable")

    def difference_of(self, move):
        return self.lines_of(move).matched_credit_ids.exchange_move_id

    def take_apart(self, values):
        """Have the reconciliation of two settled ones refer elsewhere, and credit another one."""
        invoice, credit = self.settled()
        self.by_rpc(self.partials(invoice), values)
        another = self.send_new(self.line(100.0))
        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": another}})
        self.look_at("invoice", credit)
        self.env.invalidate_all()
        self.assert_stands_still(invoice, credit)

    def test_the_exchange_difference_of_another_is_none_of_the_two(self):
        difference = self.difference_of(self.paid)
        self.assertEqual(difference.state, "posted")
        self.take_apart({"exchange_move_id": difference.id})
        self.assertFalse(difference.reversal_move_ids)

    def test_nor_is_that_of_another_invoice_of_the_same_company(self):
        own, _credit = self.settled_in_dollars()
        difference = self.partials(own).exchange_move_id
        self.assertTrue(difference)
        self.take_apart({"exchange_move_id": difference.id})
        self.assertFalse(difference.reversal_move_ids)

    def test_what_another_reconciled_stays_so(self):
        full = self.lines_of(self.paid).full_reconcile_id
        self.assertTrue(full)
        self.take_apart({"full_reconcile_id": full.id})
        self.assertEqual(self.lines_of(self.paid).full_reconcile_id, full)


class TestSettled(ElsewhereCase):
    def test_what_is_reconciled_with_an_entry_of_others_is_left_alone(self):
        theirs = self.posted_elsewhere(21.0)
        spare, _credit = self.settled()
        invoice = self.sent(self.line(100.0))
        credit = self.credit_of(invoice)
        line = self.receivable(self.booked_move(credit))
        self.by_rpc(
            self.partials(spare),
            {
                "debit_move_id": self.receivable(theirs).id,
                "credit_move_id": line.id,
                "amount": 21.0,
                "debit_amount_currency": 21.0,
                "credit_amount_currency": 21.0,
            },
        )
        before = self.picture()

        self.look_at("invoice", invoice)

        self.assertEqual(self.picture(), before)
        self.assertFalse(self.booked_move(credit).reversed_entry_id)
        self.assertEqual(self.open_amounts(invoice), [121.0])
        self.assert_told(self.link(credit), "credit_reconciled_elsewhere", field="difference")

    def test_nor_is_a_full_reconciliation_of_others_that_a_line_refers_to(self):
        theirs = self.posted_elsewhere()
        self.env["account.payment.register"].with_company(self.elsewhere).with_context(
            active_model="account.move", active_ids=theirs.ids
        ).create({})._create_payments()
        full = theirs.line_ids.full_reconcile_id
        self.assertTrue(full)
        invoice = self.sent(self.line(100.0))
        credit = self.credit_of(invoice)
        line = self.receivable(self.booked_move(credit))
        self.by_rpc(line, {"full_reconcile_id": full.id})
        before = self.picture()

        self.look_at("invoice", invoice)

        self.assertEqual(self.picture(), before)
        self.assertEqual(self.open_amounts(invoice, credit), [121.0, 121.0])
        self.assert_told(self.link(credit), "credit_reconciled_elsewhere", field="difference")

    def receivable(self, move):
        return move.line_ids.filtered(lambda each: each.account_type == "asset_receivable")


class TestPaidByOthers(ElsewhereCase):
    """Whoever works elsewhere may settle any invoice by a program, and Odoo then calls it paid.

    Tribe is not told so: there it would be for good.
    """

    def setUp(self):
        super().setUp()
        self.invoice = self.send_new(self.line(100.0))
        self.move = self.booked_move(self.invoice)

    def receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def reconcile(self, env, debit, credit):
        return env["account.partial.reconcile"].create(
            {
                "debit_move_id": debit.id,
                "credit_move_id": credit.id,
                "amount": 121.0,
                "debit_amount_currency": 121.0,
                "credit_amount_currency": 121.0,
            }
        )

    def intruder(self):
        """In a request of a bookkeeper of the other company."""
        intruder = new_test_user(
            self.env,
            "intruder",
            groups="base.group_user,account.group_account_invoice",
            company_id=self.elsewhere.id,
            company_ids=self.elsewhere.ids,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env(user=intruder, su=False, context={})

    def test_whoever_does_not_see_it_settles_it_with_nothing(self):
        receivable = self.receivable(self.move)
        theirs = self.receivable(self.posted_elsewhere(121.0, move_type="out_refund"))
        income = self.move.line_ids.filtered(lambda line: line.account_type == "income")
        credit = self.receivable(self.booked_move(self.send_new(self.line(-100.0))))
        other = self.receivable(self.posted_elsewhere(121.0))
        intruder = self.intruder()
        for kind, line in (("own line", income), ("credit", credit), ("theirs", theirs)):
            with self.subTest(kind), self.assertRaises(AccessError):
                self.reconcile(intruder, receivable, line)
        own = self.reconcile(intruder, other, theirs)
        with self.subTest("moved onto it"), self.assertRaises(AccessError):
            own.debit_move_id = receivable

        self.run_nightly()

        self.assertEqual(self.move.amount_residual, 121.0)
        self.assertFalse(self.is_paid_in_tribe())
        here = self.reconcile(self.env, receivable, credit)
        with self.subTest("with a difference"), self.assertRaises(AccessError):
            here.with_env(intruder).exchange_move_id = other.move_id

    def test_a_person_is_asked_and_tribe_is_told_once_it_is_undone_and_paid(self):
        theirs = self.posted_elsewhere(121.0, move_type="out_refund")
        # By a program with all rights, or before this was refused.
        self.reconcile(self.env, self.receivable(self.move), self.receivable(theirs))
        self.assertEqual((self.move.payment_state, self.move.amount_residual), ("reversed", 0.0))

        self.run_nightly()

        self.assertFalse(self.is_paid_in_tribe())
        link = self.link(self.invoice)
        self.assertEqual((link.state, link.told_paid), ("differs", False))
        self.assert_told(link, "difference_settled_by_others", field="difference")
        self.assertNotIn(self.elsewhere.name, link.difference_shown)
        self.assertNotIn(theirs.name, link.difference_shown)
        self.assert_only_told(self.problematic(), "invoice_differs")

        self.move.line_ids.remove_move_reconcile()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        ).create({})._create_payments()
        self.run_nightly()

        self.assertTrue(self.is_paid_in_tribe())
        self.assertFalse(self.problems())

    def is_paid_in_tribe(self):
        (paid,) = self.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")
        return self.tribe_row("Activity_Invoice", self.invoice)["Phase"] == paid["ID"]

    def test_what_a_branch_settles_is_told(self):
        name = "Filiaal van Elders"
        branch = self.env["res.company"].create({"name": name, "parent_id": self.company.id})
        self.assertFalse(self.move._tribe_is_settled_by_others())
        credit = self.credit_of(self.invoice)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET company_id = %s WHERE id = %s",
            [branch.id, self.booked_move(credit).id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.booked_move(credit).company_id, branch)
        self.assertFalse(self.move._tribe_is_settled_by_others())


class TestConfirmedAgain(ElsewhereCase):
    """Who confirms an invoice of Tribe again does so with no more rights than their own."""

    def test_its_vat_is_corrected_with_the_rights_of_who_confirms_it(self):
        spare, _credit = self.settled()
        invoice = self.send_new(self.line(100.0))
        move = self.booked_move(invoice).with_user(self.bookkeeper)
        move.button_draft()
        tax_line = move.line_ids.filtered("tax_line_id")
        theirs = self.posted_elsewhere()
        for refers, is_refused in ((False, False), (True, True)):
            with self.subTest(refers=refers):
                self.by_rpc(tax_line, {"amount_currency": -21.01})
                if refers:
                    self.by_rpc(tax_line, {"matching_number": "P1"})
                    self.by_rpc(
                        self.partials(spare),
                        {"debit_move_id": tax_line.id, "exchange_move_id": theirs.id},
                    )
                before = self.picture()

                if is_refused:
                    with self.assertRaises(AccessError):
                        self.confirmed(move)
                else:
                    self.confirmed(move)
                    self.assertEqual(tax_line.sudo().amount_currency, -21.0)
                    move.button_draft()

                self.assertEqual(self.picture(), before)

    def confirmed(self, move, context=()):
        """In a request of its own, undone when it is refused."""
        self.env.flush_all()
        self.env.invalidate_all()
        with self.env.cr.savepoint():
            own = self.env(user=self.bookkeeper, su=False, context=dict(context))
            move.with_env(own).action_post()

    def test_what_is_made_when_it_is_settled_has_nobodys_default_values(self):
        theirs = self.posted_elsewhere()
        attachment = self.env["ir.attachment"].create(
            {"name": "Geheim", "raw": b"Geheim", "res_model": theirs._name, "res_id": theirs.id}
        )
        message = theirs.message_post(body="Geheim")
        taken = {
            "attachment_ids": [Command.set(attachment.ids)],
            "message_ids": [Command.set(message.ids)],
        }
        entered = [
            {
                "field_id": self.env["ir.model.fields"]._get("account.move", name).id,
                "user_id": self.bookkeeper.id,
                "json_value": json.dumps(value),
            }
            for name, value in taken.items()
        ]
        for where in ("context", "entered"):
            with self.subTest(where):
                invoice, credit = self.settled_in_dollars()
                refund = self.booked_move(credit)
                self.partials(invoice).unlink()
                refund.button_draft()
                refund.reversed_entry_id = False
                if where == "entered":
                    self.env["ir.default"].with_user(self.bookkeeper).create(entered)
                    self.env.registry.clear_cache()

                self.confirmed(
                    refund,
                    {f"default_{name}": value for name, value in taken.items()}
                    if where == "context"
                    else {},
                )

                self.env.invalidate_all()
                self.assert_settled(invoice, credit)
                self.assertTrue(self.partials(invoice).exchange_move_id)
                self.assertEqual((attachment.res_id, message.res_id), (theirs.id, theirs.id))


class TestCustomer(ElsewhereCase):
    def test_whoever_owes_it_elsewhere_becomes_no_customer(self):
        self.assertFalse(self.theirs.customer_rank)
        with self.assertRaises(AccessError):
            self.by_rpc(self.partner, {"commercial_partner_id": self.theirs.id})
        # As an earlier version left it.
        self.partner.commercial_partner_id = self.theirs
        before = self.picture()

        held = self.send_new(self.line(100.0))

        self.assertEqual(self.picture(), before)
        number = self.number_of(held)
        self.assert_held(held, "invoice_customer_of_other_company", number=number)


class TestDeliveryAddress(ElsewhereCase):
    """Odoo takes a customer's first delivery address, and refuses one of another company."""

    def delivery_address(self, company):
        return self.env["res.partner"].create(
            {
                "name": "Magazijn",
                "parent_id": self.partner.id,
                "type": "delivery",
                "company_id": company.id,
            }
        )

    def test_an_invoice_is_booked_without_that_of_others(self):
        for private in (False, True):
            with self.subTest(private=private):
                self.partner.company_id = private and self.company
                address = self.delivery_address(self.elsewhere)

                booked = self.booked_move(self.send_new(self.line(100.0)))

                self.assertEqual(booked.state, "posted")
                self.assertEqual(booked.partner_shipping_id, self.partner)
                address.unlink()

    def test_so_is_a_credit_note(self):
        invoice = self.send_new(self.line(100.0))
        self.delivery_address(self.elsewhere)

        self.assert_settled(invoice, self.credit_of(invoice, -100.0))

    def test_it_is_booked_with_one_of_the_company_or_of_all(self):
        for company in (self.company, self.env["res.company"]):
            with self.subTest(company.name):
                address = self.delivery_address(company)
                booked = self.booked_move(self.send_new(self.line(100.0)))
                self.assertEqual(booked.partner_shipping_id, address)
                address.active = False

    def test_a_branch_delivers_to_one_of_the_company_above(self):
        self.partner.company_id = self.company
        address = self.delivery_address(self.company)
        self.company.child_ids = [Command.create({"name": "Filiaal"})]
        branch = self.company.child_ids

        taken = self.env["tribe.invoice.booker"]._delivery_address(self.partner, branch)

        self.assertEqual(taken, address)
