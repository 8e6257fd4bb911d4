"""The mapping is filled in on the form of the connection."""

from odoo.tests import Form, new_test_user

from odoo.addons.tribe_connector.sentence import sentence

from .invoice_case import InvoiceCase


class TestMappingForm(InvoiceCase):
    def setUp(self):
        super().setUp()
        manager = new_test_user(
            self.env,
            "manager",
            groups="tribe_connector.group_manager,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.group, self.ledger = (
            self.connection.vat_group_ids[0],
            self.connection.ledger_account_ids[0],
        )
        self.tax, self.account = self.group.tax_id, self.group.account_id
        self.assertTrue(self.tax and self.account)
        self.group.tax_id = False
        self.rows = self.all_rows()
        self.env.flush_all()
        self.env.invalidate_all()
        self.form = Form(
            self.connection.with_user(manager), "tribe_connector.view_tribe_connection_form"
        )

    def all_rows(self):
        connection = self.connection
        return [
            connection.vat_group_ids,
            connection.ledger_account_ids,
            connection.legal_entity_ids,
            connection.phase_ids,
        ]

    def save(self):
        """Save the form: whatever was not chosen stays, also as the form shows it."""
        shown = [self.form.vat_group_ids, self.form.ledger_account_ids]
        self.assertEqual([len(each) for each in shown], [len(each) for each in self.rows[:2]])
        self.form.save()
        self.assertEqual(self.all_rows(), self.rows)

    def test_a_tax_and_an_account_are_chosen(self):
        with self.form.ledger_account_ids.edit(0) as row:
            row.account_id = self.account
        with self.form.vat_group_ids.edit(0) as row:
            row.tax_id = self.tax
        self.save()
        self.assertEqual((self.group.tax_id, self.ledger.account_id), (self.tax, self.account))

    def test_a_group_without_a_tax_says_that_invoices_wait(self):
        self.assertEqual(self.group.warning, str(sentence("vat_group_lacks_tax")))
        self.group.legal_entity_id.is_booked = False
        self.assertFalse(self.group.warning)

    def test_what_is_booked_is_chosen(self):
        sent = self.connection.phase_ids.mapped("code").index("Sent")
        with self.form.phase_ids.edit(sent) as row:
            row.is_booked = False
        self.save()
        self.assertFalse(self.connection.phase_ids[sent].is_booked)

    def test_another_setting_is_chosen(self):
        self.form.invoices_from = "2026-01-01"
        self.save()
