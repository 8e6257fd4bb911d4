"""What a mapping refuses, whoever enters it: a screen's domain alone keeps no program from it."""

from decimal import Decimal

from told import assert_says

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.tribe_connector.tests.roles_case import RolesCase


@tagged("post_install", "-at_install")
class TestMappingIsChecked(RolesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.group_ids += cls.env.ref("account.group_account_manager")
        for company in (cls.company, cls.other_company):
            cls.env["account.chart.template"].try_loading("generic_coa", company=company)
        cls.env["tribe.legal.entity"].search([]).number_policy = "odoo"

    def setUp(self):
        super().setUp()
        self.group = self.ours("tribe.vat.group").with_user(self.manager)
        self.ledger = self.ours("tribe.ledger.account").with_user(self.manager)
        self.rows = {
            self.group: ("tax_id", "service_tax_id", "account_id"),
            self.ledger: ("account_id",),
        }

    def first(self, model, *conditions, company=None):
        company = company or self.company
        field = "company_ids" if model == "account.account" else "company_id"
        domain = [(field, "in", company.ids), *conditions]
        (found,) = self.env[model].search(domain, limit=1)
        return found

    def account(self, account_type, company=None):
        return self.first("account.account", ("account_type", "=", account_type), company=company)

    def tax(self, use):
        return self.first("account.tax", ("type_tax_use", "=", use))

    def refused(self, record, name, chosen, *words):
        """That neither a write nor an import takes something, and one sentence says why."""
        with self.subTest(f"{record._name}.{name}: {chosen.display_name}"):
            with self.assertRaises(ValidationError) as refusal, self.cr.savepoint():
                record.write({name: chosen.id})
            for word in words:
                self.assertIn(word, str(refusal.exception))
            (message, *_more) = self.loaded(record, name, chosen)
            self.assertIn(words[-1], message["message"])
            self.env.invalidate_all()
            self.assertFalse(record[name])

    def loaded(self, record, name, chosen):
        """What an import says."""
        rows = [[str(record.id), str(chosen.id)]]
        return record.browse().load([".id", f"{name}/.id"], rows)["messages"]

    def test_a_tax_of_purchases(self):
        tax = self.tax("purchase")
        for name in ("tax_id", "service_tax_id"):
            words = (self.group.name, self.entity.name, tax.display_name, "Choose one that is")
            self.refused(self.group, name, tax, *words)

    def test_an_account_on_which_no_income_is_booked(self):
        self.off_balance()
        for row in self.rows:
            for kind in ("asset_receivable", "liability_payable", "asset_cash", "off_balance"):
                account = self.account(kind)
                words = (row.display_name, account.display_name, "Choose an income account")
                self.refused(row, "account_id", account, *words)

    def off_balance(self):
        values = {"name": "Buiten de balans", "code": "999998", "account_type": "off_balance"}
        accounts = self.env["account.account"].with_company(self.company)
        accounts.create({**values, "company_ids": self.company.ids})

    def test_what_is_archived(self):
        for row, names in self.rows.items():
            for name in names:
                chosen = self.tax("sale") if "tax" in name else self.account("income")
                chosen = chosen.copy({"name": f"Oud {row._name} {name}"})
                chosen.active = False
                self.refused(row, name, chosen, row.display_name, chosen.name, "archived")

    def test_an_account_of_anybody_before_there_is_a_company(self):
        self.entity.company_id = False
        for row in self.rows:
            theirs = self.account("income", self.other_company).sudo()
            with self.assertRaisesRegex(UserError, "Choose the company of"):
                row.account_id = theirs

    def test_income_and_what_is_deferred_are_taken(self):
        for row in self.rows:
            for kind in ("income", "income_other", "liability_current"):
                row.account_id = self.account(kind)
        self.group.write({"tax_id": self.tax("sale").id, "service_tax_id": self.tax("sale").id})

    def test_what_was_chosen_before_keeps_nobody_from_saving_the_rest(self):
        row = self.ours("tribe.vat.group")
        self.env.cr.execute(
            "UPDATE tribe_vat_group SET tax_id = %s, account_id = %s WHERE id = %s",
            [self.tax("purchase").id, self.account("asset_cash").id, row.id],
        )
        self.env.invalidate_all()

        self.group.service_tax_id = self.tax("sale")
        row.name = "Anders in Tribe"
        self.env.flush_all()

        self.assertEqual(self.group.tax_id, self.tax("purchase"))
        self.assertEqual(self.group.account_id, self.account("asset_cash"))

    def test_a_branch_takes_what_its_company_has(self):
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        self.manager.company_ids += branch
        self.entity.company_id = branch

        self.group.write({"tax_id": self.tax("sale").id, "account_id": self.account("income").id})

        self.assertEqual(self.group.tax_id, self.tax("sale"))

    def test_a_journal_of_purchases(self):
        journal = self.first("account.journal", ("type", "=", "purchase"))
        entity = self.entity.with_user(self.manager)
        with self.assertRaisesRegex(UserError, f"{entity.name}.*is no sales journal"):
            entity.journal_id = journal

    def test_who_is_told_is_somebody_who_can_be(self):
        gone = new_test_user(self.env, "who_left", groups="tribe_connector.group_user")
        gone.active = False
        connection = self.connection.with_user(self.manager)
        with self.assertRaisesRegex(ValidationError, f"{connection.name}.*is archived"):
            connection.responsible_id = gone

    def test_the_row_says_at_once_why_invoices_will_wait(self):
        tax = self.group.tax_id = self.tax("sale")
        tax.amount, self.group.sudo().percentage = 21.0, 9.0
        self.env.invalidate_all()
        warnings = self.group._warnings()
        assert_says(
            warnings, "tax_of_other_percentage", tax=tax.display_name, odoo=Decimal(21), tribe=9
        )
        self.assertEqual(self.group.warning, "\n".join(warnings))

        with self.subTest("one part of the tax takes back the other"):
            self.group.sudo().percentage = 0.0
            lines = {"repartition_type": "tax", "factor_percent": -100.0}
            both = [(0, 0, {**lines, "document_type": each}) for each in ("invoice", "refund")]
            tax.repartition_line_ids = both
            self.env.invalidate_all()
            self.assertFalse(self.group.warning)
        with self.subTest("before it is saved"):
            new = self.group.new(origin=self.group)
            new.percentage = 6.0
            self.assertTrue(new.warning)
        with self.subTest("archived since"):
            account = self.ledger.account_id = self.account("income")
            self.assertFalse(self.ledger.warning)
            account.active = False
            self.env.invalidate_all()
            self.assertIn(account.name, self.ledger.warning)

    def test_what_the_reader_may_not_see_is_not_judged(self):
        tax = self.tax("sale")
        self.group.tax_id = tax
        self.group.sudo().percentage = tax.amount + 1
        theirs = self.first(
            "account.tax", ("type_tax_use", "=", "sale"), company=self.other_company
        )
        self.env.invalidate_all()
        self.assertTrue(self.group.warning)

        pretended = self.group.new({"tax_id": theirs.id}, origin=self.group)

        self.assertFalse(pretended.warning)
