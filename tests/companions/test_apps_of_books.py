"""In a company's database: stock that is valued in real time, and real addons of the books."""

from datetime import timedelta

from invoices.invoice_case import InvoiceCase, cents

from odoo.addons.tribe_connector.sentence import sentence


class TestStock(InvoiceCase):
    """Products on Lines, with a product whose cost is booked when it is sold."""

    def stock_product(self, code):
        """A product of Odoo that is on stock, and valued in real time at 60.00."""
        expense, valuation = (
            self.account(kind) for kind in ("expense_direct_cost", "asset_current")
        )
        category = self.env["product.category"].create(
            {
                "name": "Voorraad",
                "property_valuation": "real_time",
                "property_cost_method": "standard",
                "property_account_expense_categ_id": expense.id,
                "property_stock_valuation_account_id": valuation.id,
            }
        )
        return self.env["product.product"].create(
            {
                "name": "Doos",
                "default_code": code,
                "is_storable": True,
                "categ_id": category.id,
                "standard_price": 60.0,
            }
        )

    def test_what_odoo_books_of_its_cost_is_no_difference(self):
        self.connection.match_products = True
        (in_tribe, *_others) = self.sandbox.rows("Product")
        product = self.stock_product(in_tribe["Code"])
        line = self.line(100.0, Product={"ID": in_tribe["ID"]})

        move = self.assert_booked_to_the_cent(self.send_new(line))
        credit = self.booked_move(self.send_new({**line, "Price": -40.0}))

        self.assertEqual((credit.state, credit.move_type), ("posted", "out_refund"))
        self.assertEqual(cents(credit.amount_total), cents(48.4))
        for each in move, credit:
            self.assertEqual(each.invoice_line_ids.product_id, product)
        cost = move.line_ids.filtered(lambda line: line.display_type == "cogs")
        self.assertEqual(sorted(cost.mapped("balance")), [-60.0, 60.0])
        self.assertEqual(cents(move.amount_residual), cents(121.0))
        self.assertFalse(self.problems())
        self.assertFalse(self.link(move.tribe_id).difference_shown)
        move.button_draft()
        move.action_post()
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertFalse(self.link(move.tribe_id).difference_shown)


class TestLockedJournal(InvoiceCase):
    """With account_journal_lock_date."""

    def setUp(self):
        super().setUp()
        self.entities = self.connection.legal_entity_ids

    def test_the_period_is_what_an_invoice_waits_for(self):
        self.entities.journal_id.fiscalyear_lock_date = self.today
        tribe_id = self.send_new(self.line(10.0))

        self.assert_held(tribe_id, "invoice_in_locked_journal", lock=self.today)
        self.assertEqual(self.problematic().cause, "period")
        self.entities.journal_id.fiscalyear_lock_date = False
        self.run_nightly()
        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.problems())

    def test_it_may_be_booked_on_the_first_open_day(self):
        self.entities.locked_period = "first_open_day"
        self.entities.journal_id.fiscalyear_lock_date = self.today + timedelta(days=2)

        move = self.assert_booked_to_the_cent(self.send_new(self.line(10.0)))

        self.assertEqual(move.date, self.today + timedelta(days=3))

    def test_what_is_locked_for_others_alone_is_open(self):
        self.entities.journal_id.period_lock_date = self.today
        self.assert_booked_to_the_cent(self.send_new(self.line(10.0)))


class TestDiscountOfTheCustomer(InvoiceCase):
    """With account_global_discount."""

    def test_it_is_the_net_amount_that_differs(self):
        discount = self.env["global.discount"].create(
            {
                "name": "Vaste klant",
                "discount": 10.0,
                "discount_scope": "sale",
                "company_id": self.company.id,
                "account_id": self.account("income").id,
            }
        )
        self.partner.customer_global_discount_ids = discount
        tribe_id = self.send_new(self.line(1000.0))

        self.assert_held(tribe_id, "invoice_would_differ", what=sentence("fact_nets"))
        self.assertEqual(self.problematic().cause, "amounts")

        self.partner.customer_global_discount_ids = False
        self.run_nightly()
        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.problems())


class TestVatThatAPositionRequires(InvoiceCase):
    """With account_fiscal_position_vat_check."""

    def test_it_is_told_with_what_the_addon_says(self):
        """A position is that of the company's VAT number abroad."""
        belgium = self.env.ref("base.be")
        group = self.env["account.tax.group"].create(
            {"name": "BE", "country_id": belgium.id, "company_id": self.company.id}
        )
        position = self.env["account.fiscal.position"].create(
            {
                "name": "België",
                "company_id": self.company.id,
                "country_id": belgium.id,
                "foreign_vat": "BE0477472701",
                "vat_required": True,
            }
        )
        tax = self.tax("9% ST").copy(
            {"name": "9% BE", "country_id": belgium.id, "tax_group_id": group.id}
        )
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = tax
        self.partner.vat = False
        tribe_id = self.send_new(self.line(10.0, vat="NL9"))

        self.assertFalse(self.booked_move(tribe_id))
        self.assertEqual(self.problematic().cause, "odoo")
        self.assertIn(position.name, self.problems()[0])

        position.vat_required = False
        self.run_nightly()
        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.problems())
