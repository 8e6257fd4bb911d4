"""What Odoo makes when a credit note of a branch is settled comes into the books of the branch.

Odoo has the journal for exchange differences in the company above, and takes the first company
that has it of those in which somebody works.
"""

from datetime import date

from odoo import Command
from odoo.tests import new_test_user

from .invoice_case import today_in_tribe
from .test_credit_note import CreditCase


class TestBooksOfABranch(CreditCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        for day, rate in ((date(2020, 1, 1), 1.25), (today_in_tribe(), 1.5)):
            values = {"currency_id": dollar.id, "name": day, "rate": rate, "company_id": False}
            dollar.rate_ids.create(values)
        self.branch = self.branch_of(self.company)
        self.book_in(self.branch)

    def branch_of(self, company):
        name = f"Filiaal van {company.name}"
        values = {"name": name, "parent_id": company.id, "country_id": False}
        branch = self.env["res.company"].create(values)
        self.env["account.chart.template"].try_loading("nl", branch, install_demo=False)
        return branch

    def book_in(self, company):
        for entity in self.connection.legal_entity_ids:
            entity.journal_id = False
            entity.vat_group_ids.write(
                {"tax_id": False, "service_tax_id": False, "account_id": False}
            )
            entity.ledger_account_ids.write({"account_id": False})
            entity.company_id = company
            entity.action_create_journal()
            entity.action_suggest()

    def booked(self, is_named=False):
        """An invoice and its credit note by two rates; their IDs in Tribe.

        :param is_named: whether the credit note names the invoice
        """
        self.sandbox.switch(invoice_day_offset=-10)
        invoice = self.send_new(self.line(100.0, PriceInCurrency=125.0), Currency="USD")
        self.sandbox.switch(invoice_day_offset=0)
        named = {"CreditedInvoice": {"ID": invoice}} if is_named else {}
        line = self.line(-100.0, PriceInCurrency=-125.0)
        return invoice, self.send_new(line, Currency="USD", **named)

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
        self.assert_settled(*self.booked(is_named=True))
        self.assert_booked_in_branch(1)

    def test_that_of_one_that_names_it_later(self):
        invoice, credit = self.booked()
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
        invoice, credit = self.booked(is_named=True)
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
        invoice, credit = self.booked(is_named=True)
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
        invoice, credit = self.booked()
        self.credits_now(credit, invoice)
        self.assert_settled(invoice, credit)
        self.assert_booked_in_branch(1)

        another = self.send_new(self.line(100.0))
        self.credits_now(credit, another)
        self.assertEqual(self.open_amounts(invoice), [151.25])
        self.assert_booked_in_branch(2)
