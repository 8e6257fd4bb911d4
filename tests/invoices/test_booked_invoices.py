"""The list of booked invoices, and the form of one of them."""

from odoo.tests import new_test_user

from .invoice_case import InvoiceCase


class TestBookedInvoices(InvoiceCase):
    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env, "reader", groups="base.group_user,tribe_connector.group_user"
        )
        self.booked = self.link(self.send_new(self.line(100.0)))

    def found(self, text, operator="ilike"):
        """What a user without any right in accounting finds by the name of a customer."""
        links = self.env["tribe.link"].with_user(self.user)
        return links.search([("customer_name", operator, text), ("kind", "=", "invoice")])

    def test_it_is_found_by_its_customer(self):
        name = self.booked.customer_name
        self.assertEqual(self.found(name[1:6].upper()), self.booked)
        self.assertEqual(self.found(name, "="), self.booked)
        self.assertFalse(self.found(f"{name}%"))
        self.assertFalse(self.found("%"))

    def test_an_ignored_one_is_found_too(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = False
        ignored = self.send_new(self.line(50.0, vat="NL9"))
        self.problematic().action_ignore()

        found = self.found(self.booked.customer_name)

        self.assertEqual(found, self.booked | self.link(ignored))

    def test_a_held_one_is_found_by_its_customer(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = False
        self.send_new(self.line(50.0, vat="NL9"))
        works = self.env["tribe.work"].with_user(self.user)

        found = works.search([("customer_name", "ilike", self.booked.customer_name)])

        self.assertEqual(found, self.problematic())
        self.assertFalse(works.search([("customer_name", "ilike", "Niemand")]))

    def test_what_is_typed_in_odoo_is_not_in_tribe(self):
        for kind in ("out_invoice", "in_invoice"):
            with self.subTest(kind):
                moves = self.env["account.move"].with_context(default_move_type=kind)
                told = moves.onchange({}, [], {"tribe_id": {}, "tribe_url": {}, "name": {}})
                self.assertFalse(told["value"]["tribe_id"] or told["value"]["tribe_url"])

    def test_it_is_booked_again_where_nothing_is_in_odoo(self):
        self.assertFalse(self.booked.can_book_again)

        self.booked.move_id.button_draft()
        self.booked.move_id.button_cancel()

        self.assertTrue(self.booked.can_book_again)
        self.booked.action_book_again()

    def test_who_runs_what_is_done_at_night_is_told_where_to_look(self):
        self.assertIn("Runs", str(self.connection.action_run_nightly()))
