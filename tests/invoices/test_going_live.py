from datetime import timedelta

from connector.common import ConnectorCase
from told import containing

from odoo.exceptions import ValidationError

from odoo.addons.tribe_connector.invoices import importer_unmapped
from odoo.addons.tribe_connector.sentence import sentence


class TestGoingLive(ConnectorCase):
    """What is checked, shown and correctable before the first booking."""

    sandbox_options = {"relations": 10, "invoices": 20}

    def setUp(self):
        super().setUp()
        self.connect()

    def field(self, meaning):
        return self.connection.invoice_field_ids.filtered(lambda row: row.meaning == meaning)

    def test_what_tribe_calls_its_fields_is_found(self):
        self.assertEqual(self.field("date").name, "InvoiceDate")
        self.assertEqual(self.field("legal_entity").name, "Identity")
        self.assertEqual(self.field("total").name, "TotalIncludingVat")

    def test_another_name_for_a_field_is_found_on_connecting_again(self):
        self.sandbox.switch(invoice_date_name="Date")

        self.connect()

        self.assertEqual(self.field("date").name, "Date")

    def test_a_corrected_field_stays_corrected(self):
        self.field("due_date").name = "CloseDate"

        self.connect()

        self.assertEqual(self.field("due_date").name, "CloseDate")

    def test_a_field_that_somebody_emptied_stays_empty(self):
        """Of a Tribe that never sets the mark, which has another one later."""
        self.field("final").name = False

        self.connect()
        self.connect()
        self.assertFalse(self.field("final").name)

        self.sandbox.switch(final_flag_name="IsFinalized")
        self.connect()
        self.assertEqual(self.field("final").name, "IsFinalized")

    def test_a_field_that_was_not_there_is_found_once_it_is(self):
        self.sandbox.switch(final_flag_name="")
        self.connect()
        self.assertFalse(self.field("final").name)

        self.sandbox.switch(final_flag_name="IsFinal")
        self.connect()
        self.assertEqual(self.field("final").name, "IsFinal")

    def test_a_field_that_tribe_does_not_have_is_refused_with_the_ones_it_has(self):
        with self.assert_refused(
            "invoice_field_unknown",
            ValidationError,
            name="Factuurdatum",
            known=containing("InvoiceDate"),
        ):
            self.field("date").name = "Factuurdatum"

    def test_a_field_that_vanished_holds_the_invoice(self):
        self.map()
        self.press_activate()
        self.sandbox.switch(invoice_date_name="Date")

        self.run_lanes()

        self.assertTrue(self.problems())
        for work in self.problematic():
            self.assert_only_told(work, "invoice_fields_gone", names=containing("InvoiceDate"))

    def test_a_mapping_that_open_invoices_need_is_asked_for(self):
        self.map()
        self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL21"
        ).tax_id = False

        with self.assert_refused("activate_unmapped", holes=containing("NL - 21%")):
            self.press_activate()
        self.assertEqual(self.connection.state, "connected")

    def test_goods_or_services_is_asked_for_where_open_invoices_have_no_account(self):
        self.map()
        groups = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL21"
        )
        # On another line of the VAT return.
        groups.service_tax_id = self.tax("9% ST")
        for product in self.sandbox.rows("Product"):
            self.sandbox.change("Product", product["ID"], {"GeneralLedgerAccount": None})
        asked = sentence("goods_or_services", group=groups[0].name)

        with self.assert_refused("activate_unmapped", holes=containing(asked)):
            self.press_activate()

        groups.sells = "services"
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")

    def test_a_mapping_that_no_open_invoice_needs_is_not_asked_for(self):
        self.map()
        self.sandbox.reset(relations=10, invoices=0)
        self.connection.legal_entity_ids.vat_group_ids.tax_id = False

        self.press_activate()

        self.assertEqual(self.connection.state, "initial")

    def test_a_mapping_that_only_older_open_invoices_need_is_not_asked_for(self):
        self.map()
        self.connection.legal_entity_ids.vat_group_ids.tax_id = False
        self.connection.invoices_from = self.today + timedelta(days=2)

        self.press_activate()

        self.assertEqual(self.connection.state, "initial")

    def test_of_very_many_open_invoices_the_newest_are_looked_at(self):
        self.map()
        self.sandbox.switch(page_limit=3)
        self.patch(importer_unmapped, "PAGES_OF_BUTTON", 2)
        self.sandbox.reset_calls()

        self.press_activate()

        asked = [call for call in self.sandbox.call_log() if "Activity_Invoice" in call["path"]]
        self.assertEqual(len(asked), 2)
        self.assertIn("desc", asked[0]["query"])
        self.assertEqual(self.connection.state, "initial")

    def test_a_legal_entity_without_a_journal_cannot_go_live(self):
        self.connection.legal_entity_ids.company_id = self.company

        no_journal = containing(sentence("no_journal_yet"))
        with self.assert_refused("activate_unmapped", holes=no_journal):
            self.press_activate()

    def test_a_journal_that_cannot_keep_tribes_numbers_cannot_go_live(self):
        self.map()
        journal = self.connection.legal_entity_ids[0].journal_id
        journal.restrict_mode_hash_table = True
        with self.assert_refused("journal_hashed", journal=journal.display_name):
            self.press_activate()
        journal.restrict_mode_hash_table = False
        journal.sequence_override_regex = False

        with self.assert_refused("journal_reads_dates", journal=journal.display_name):
            self.press_activate()
        self.connection.legal_entity_ids[0].number_policy = "odoo"
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")
