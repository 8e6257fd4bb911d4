"""What Odoo makes when a credit note of a branch is settled comes into the books of the branch.

Odoo has the journal for exchange differences in the company above, and takes the first company
that has it of those in which somebody works.
"""

from odoo import Command
from odoo.tests import new_test_user

from .test_credit_note import CreditCase


class TestBooksOfABranch(CreditCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")
        self.dollars_at_two_rates()
        self.branch = self.branch_of(self.company)
        self.book_in(self.branch)

    def credits_now(self, credit, invoice):
        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": invoice}})
        self.look_at("invoice", credit)

    def differences(self):
        return self.env["account.move"].search(
            [("journal_id", "=", self.branch.currency_exchange_journal_id.id)]
        )

    def assert_booked_in_branch(self, count):
        """That many exchange differences, reversals included, all posted in the branch."""
        differences = self.differences()
        self.assertEqual(
            [(each.company_id, each.state) for each in differences],
            [(self.branch, "posted")] * count,
        )

    def test_that_of_one_that_names_its_invoice_at_once(self):
        self.assert_settled(*self.credited_in_dollars())
        self.assert_booked_in_branch(1)

    def test_that_of_one_that_names_it_later(self):
        invoice, credit = self.credited_in_dollars(is_named=False)
        self.credits_now(credit, invoice)
        self.assert_settled(invoice, credit)
        self.assert_booked_in_branch(1)

    def test_that_of_one_that_is_confirmed_again(self):
        bookkeeper = new_test_user(
            self.env,
            "bookkeeper",
            groups="base.group_user,account.group_account_invoice",
            company_id=self.branch.id,
            company_ids=[Command.set(self.branch.ids)],
        )
        invoice, credit = self.credited_in_dollars()
        before = self.differences()
        self.env.flush_all()
        self.env.invalidate_all()
        context = {"allowed_company_ids": self.branch.ids}
        own = self.env(user=bookkeeper, su=False, context=context)
        refund = self.booked_move(credit).with_env(own)
        refund.line_ids.remove_move_reconcile()
        refund.button_draft()
        refund.reversed_entry_id = False

        refund.action_post()

        self.assert_settled(invoice, credit)
        # That of before, its reversal, and the new one.
        self.assert_booked_in_branch(3)
        self.assertLess(before, self.differences())

    def test_the_reversal_of_one_that_credits_another(self):
        invoice, credit = self.credited_in_dollars()
        another = self.send_new(self.line(100.0))
        self.credits_now(credit, another)
        self.assertEqual(self.open_amounts(invoice), [151.25])
        self.assert_booked_in_branch(2)

    def test_so_it_is_below_a_company_in_which_odoobot_does_not_work(self):
        head = self.env["res.company"].create(
            {"name": "Hoofd", "country_id": self.env.ref("base.nl").id}
        )
        self.env["account.chart.template"].try_loading("nl", head, install_demo=False)
        self.branch = self.branch_of(head)
        self.book_in(self.branch)
        invoice, credit = self.credited_in_dollars(is_named=False)
        self.credits_now(credit, invoice)
        self.assert_settled(invoice, credit)
        self.assert_booked_in_branch(1)

        another = self.send_new(self.line(100.0))
        self.credits_now(credit, another)
        self.assertEqual(self.open_amounts(invoice), [151.25])
        self.assert_booked_in_branch(2)
