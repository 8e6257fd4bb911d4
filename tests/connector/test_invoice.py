from datetime import date
from decimal import Decimal

from .common import CRONS, ORGANIZATION_CUSTOMER, ConnectorCase


class InvoiceCase(ConnectorCase):
    """Invoices that a test makes in Tribe, for a customer that both systems know."""

    sandbox_options = {"relations": 10, "invoices": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.let_payments_wait_for_the_bank()
        cls.activate_for_all_tests()
        cls.bring_a_customer_to_odoo()

    @classmethod
    def let_payments_wait_for_the_bank(cls):
        """Give the bank's ways to pay an account for what was not on a statement yet."""
        chart = cls.env["account.chart.template"].with_company(cls.company)
        bank = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "bank")], limit=1
        )
        bank.inbound_payment_method_line_ids.payment_account_id = chart.ref(
            "account_journal_payment_debit_account_id"
        )
        bank.outbound_payment_method_line_ids.payment_account_id = chart.ref(
            "account_journal_payment_credit_account_id"
        )

    @classmethod
    def bring_a_customer_to_odoo(cls):
        """One of those that Tribe has at the start of every test."""
        customers = cls.sandbox.rows(ORGANIZATION_CUSTOMER)
        cls.customer = next(row for row in customers if not row["IsFormer"])
        tribe_id = cls.customer["Organization"]
        with cls.class_in_registry_test_mode():
            cls.env["tribe.work"]._add(
                cls.connection, "inbound", "organization", [tribe_id], "webhook"
            )
            cls.env.flush_all()
            cls.env.ref(f"tribe_connector.{CRONS['inbound']}").method_direct_trigger()
        cls.env.invalidate_all()
        cls.partner = cls.env["res.partner"].search([("tribe_id", "=", tribe_id)])

    def vat_group(self, code):
        """Tribe's VAT group with a code."""
        (group,) = self.connection.legal_entity_ids.vat_group_ids.filtered_domain(
            [("code", "=", code)]
        )[:1]
        return group.tribe_id

    def line(self, price, quantity=1.0, vat="NL21", **values):
        """A product line, as Tribe takes it."""
        return {
            "Description": "Werk",
            "Quantity": quantity,
            "Price": price,
            "VatGroup": {"ID": self.vat_group(vat)},
            **values,
        }

    def draft(self, *lines, **values):
        """An invoice in Tribe that is not sent yet; returns its ID."""
        row = self.sandbox.create(
            "Activity_Invoice",
            {
                "Subject": "Onderhoud",
                "Currency": "EUR",
                "Relationship": {"ID": self.customer["ID"]},
                "ProductLines": list(lines),
                **values,
            },
        )
        return row["ID"]

    def send(self, tribe_id):
        """Send an invoice in Tribe, and let the connector look; returns Tribe's row."""
        self.sandbox.set_phase(tribe_id, "Sent")
        self.look_at("invoice", tribe_id)
        return self.tribe_row("Activity_Invoice", tribe_id)

    def send_new(self, *lines, **values):
        """Make and send an invoice; returns its ID."""
        tribe_id = self.draft(*lines, **values)
        self.send(tribe_id)
        return tribe_id

    def assert_booked_to_the_cent(self, tribe_id):
        """The invoice is posted with Tribe's number, date and totals; returns the move."""
        row = self.tribe_row("Activity_Invoice", tribe_id)
        move = self.booked_move(tribe_id)
        self.assertEqual(move.state, "posted", self.problems())
        self.assertEqual(move.name, row["Number"])
        self.assertEqual(
            (cents(move.amount_untaxed), cents(move.amount_tax), cents(move.amount_total)),
            (
                cents(row["TotalExcludingVat"]),
                cents(row["VatAmount"]),
                cents(row["TotalIncludingVat"]),
            ),
        )
        return move


def cents(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"))


class TestInvoice(InvoiceCase):
    def test_a_sent_invoice_is_posted_with_everything_of_tribe(self):
        tribe_id = self.send_new(self.line(100.0), self.line(12.5, 3.0, "NL9"))

        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual(move.partner_id, self.partner)
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(move.currency_id.name, "EUR")
        self.assertEqual(move.invoice_date, date.today())
        self.assertIn(move.journal_id, self.connection.legal_entity_ids.journal_id)
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax("21% ST") | self.tax("9% ST"))
        self.assertEqual(move.tribe_id, tribe_id)
        self.assertTrue(move.tribe_url.endswith(f"/entity/{tribe_id}"))

    def test_a_draft_is_not_booked(self):
        tribe_id = self.draft(self.line(100.0))

        self.look_at("invoice", tribe_id)

        self.assertFalse(self.booked_move(tribe_id))
        self.assertFalse(self.problems())

    def test_the_same_event_twice_books_once(self):
        tribe_id = self.send_new(self.line(100.0))

        self.look_at("invoice", tribe_id)
        self.poll("invoice")

        moves = self.env["account.move"].search([("tribe_id", "=", tribe_id)])
        self.assertEqual(len(moves), 1)

    def test_an_invoice_of_an_unknown_customer_brings_the_customer(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Onbekend B.V."})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

        tribe_id = self.send_new(self.line(50.0))

        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual(move.partner_id.name, "Onbekend B.V.")
        self.assertEqual(move.partner_id.tribe_id, organization["ID"])

    def test_prices_that_include_vat_give_tribes_totals(self):
        tribe_id = self.send_new(
            self.line(12.1), self.line(7.77, 3.0), self.line(19.99, 2.0, "NL9"), IsVatIncluded=True
        )

        self.assert_booked_to_the_cent(tribe_id)

    def test_vat_rounded_per_line_or_per_group_is_booked_as_tribe_has_it(self):
        for rounding in ("line", "group"):
            with self.subTest(rounding=rounding):
                self.sandbox.switch(vat_rounding=rounding)
                tribe_id = self.send_new(*(self.line(0.07 + number / 100) for number in range(9)))

                self.assert_booked_to_the_cent(tribe_id)

    def test_a_quantity_with_more_decimals_than_odoo_keeps_gives_tribes_total(self):
        tribe_id = self.send_new(self.line(99.99, 1.3333), self.line(10.0, 0.004))

        self.assert_booked_to_the_cent(tribe_id)

    def test_a_paid_invoice_becomes_paid_in_tribe(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)

        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.run_nightly()

        (phase,) = self.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")
        self.assertEqual(self.tribe_row("Activity_Invoice", tribe_id)["Phase"], phase["ID"])


class TestInvoiceProblems(InvoiceCase):
    def assert_held(self, tribe_id, *words):
        """The invoice is not booked, and one sentence says why, with some words."""
        self.assertFalse(self.booked_move(tribe_id))
        (problem,) = self.problems()
        for word in words:
            self.assertIn(word, problem)

    def test_an_unmapped_vat_group_holds_the_invoice_until_it_is_mapped(self):
        groups = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL9"
        )
        groups.tax_id = False
        held = self.send_new(self.line(10.0, vat="NL9"))
        row = self.tribe_row("Activity_Invoice", held)
        self.assert_held(held, row["Number"], "NL - 9%", "VAT Groups")
        booked = self.send_new(self.line(10.0))
        self.assert_booked_to_the_cent(booked)

        groups.tax_id = self.tax("9% ST")
        self.run_lanes()

        self.assert_booked_to_the_cent(held)
        self.assertFalse(self.problems())

    def test_an_inactive_currency_holds_the_invoice(self):
        self.sandbox.switch(foreign_currency=True)
        self.env.ref("base.DKK").active = False

        tribe_id = self.send_new(self.line(10.0), Currency="DKK")

        self.assert_held(tribe_id, "DKK", "Currencies")

    def test_a_locked_period_holds_the_invoice(self):
        self.company.sale_lock_date = date.today()

        tribe_id = self.send_new(self.line(10.0))

        self.assert_held(tribe_id, "locked", "Open the period")

    def test_a_number_that_is_taken_holds_the_invoice(self):
        first = self.send_new(self.line(10.0))
        move = self.booked_move(first)
        taken = str(int(move.name) + 1)
        # From before the journal was reserved for Tribe.
        self.connection.legal_entity_ids.number_policy = "odoo"
        move.copy({"name": taken, "invoice_date": date.today()}).action_post()
        self.connection.legal_entity_ids.number_policy = "tribe"

        second = self.send_new(self.line(20.0))

        self.assert_held(second, taken, "taken")

    def test_a_tax_of_another_percentage_holds_the_invoice(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL21").tax_id = self.tax("9% ST")

        tribe_id = self.send_new(self.line(100.0))

        self.assert_held(tribe_id, "21", "9", "percentage")

    def test_one_bad_invoice_does_not_stop_the_others(self):
        self.sandbox.switch(foreign_currency=True)
        self.env.ref("base.DKK").active = False
        good = [self.draft(self.line(float(number))) for number in range(1, 6)]
        bad = self.draft(self.line(10.0), Currency="DKK")
        for tribe_id in [*good[:2], bad, *good[2:]]:
            self.sandbox.set_phase(tribe_id, "Sent")

        self.look_at("invoice", *good[:2], bad, *good[2:])

        for tribe_id in good:
            self.assert_booked_to_the_cent(tribe_id)
        self.assert_held(bad, "DKK")
