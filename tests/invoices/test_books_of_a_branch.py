"""What Odoo makes when a credit note of a branch is settled comes into the books of the branch.

Odoo has the journal for exchange differences in the company above, and takes the first company
that has it of those in which somebody works.
"""

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from .invoice_case import InvoiceCase
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


class TestOfferedInABranch(InvoiceCase):
    """What is offered to a branch is what Odoo offers there, the company's above it, too."""

    def setUp(self):
        super().setUp()
        self.branch = self.branch_of(self.company)
        self.entity = self.connection.legal_entity_ids[:1]
        self.entity.journal_id = False
        self.entity.vat_group_ids.write({"tax_id": False, "account_id": False})
        self.entity.company_id = self.branch

    def offered(self, record, name, **values):
        """What a field of a record offers in its form."""
        field = record.fields_get([name], ["domain", "relation"])[name]
        known = {"company_id": self.entity.company_id.id, "number_policy": "tribe", **values}
        domain = field["domain"]
        domain = safe_eval(domain, known) if isinstance(domain, str) else domain
        return self.env[field["relation"]].with_company(self.branch).search(domain)

    def sales_of_odoo(self, model, name):
        """What Odoo has for sales in the branch."""
        records = self.env[model]
        return records.search([*records._check_company_domain(self.branch), (name, "=", "sale")])

    def test_taxes_and_accounts(self):
        taxes = self.sales_of_odoo("account.tax", "type_tax_use")
        self.assertGreater(len(taxes), 10)
        group, ledger = self.entity.vat_group_ids[:1], self.entity.ledger_account_ids[:1]
        for name in ("tax_id", "service_tax_id"):
            self.assertEqual(self.offered(group, name), taxes)
        for row in (group, ledger):
            accounts = self.offered(row, "account_id")
            self.assertIn(self.account("income"), accounts)
            self.assertGreater(len(accounts), 100)

    def test_journals(self):
        """With Tribe's numbers a branch needs one of its own."""
        journals = self.sales_of_odoo("account.journal", "type")
        above = journals.filtered(lambda journal: journal.company_id == self.company)
        self.assertTrue(above)
        self.assertEqual(self.offered(self.entity, "journal_id", number_policy="odoo"), journals)
        self.assertEqual(self.offered(self.entity, "journal_id"), journals - above)

    def test_it_is_booked_on_what_was_suggested_with_the_companys_product(self):
        self.connection.match_products = True
        self.entity.action_create_journal()
        self.entity.action_suggest()
        (product,) = self.sandbox.rows("Product")[:1]
        elsewhere = self.env["res.company"].create({"name": "Elders"})
        for company, is_taken in ((self.company, True), (self.branch, True), (elsewhere, False)):
            with self.subTest(company.name):
                code = f"P{company.id}"
                self.sandbox.change("Product", product["ID"], {"Code": code})
                ours = self.env["product.product"].create(
                    {"name": "Werk", "default_code": code, "company_id": company.id}
                )

                tribe_id = self.send_new(
                    self.line(10.0, Product={"ID": product["ID"]}),
                    Identity={"ID": self.entity.tribe_id},
                )

                move = self.booked_move(tribe_id)
                self.assertEqual(move.state, "posted", self.problems())
                self.assertEqual(move.company_id, self.branch)
                self.assertEqual(move.invoice_line_ids.tax_ids.company_id, self.company)
                self.assertEqual(
                    move.invoice_line_ids.product_id, ours if is_taken else ours.browse()
                )

    def test_below_a_branch(self):
        below = self.branch_of(self.branch)
        self.entity.company_id = below
        self.entity.action_create_journal()
        self.entity.action_suggest()
        group = self.entity.vat_group_ids.filtered(lambda group: group.code == "NL21")
        self.assertEqual(group.tax_id.company_id, self.company)

        tribe_id = self.send_new(self.line(10.0), Identity={"ID": self.entity.tribe_id})

        move = self.booked_move(tribe_id)
        self.assertEqual((move.state, move.company_id), ("posted", below), self.problems())
