"""What the tests of invoices share: a customer that both systems know, and invoices in Tribe."""

from contextlib import contextmanager
from decimal import Decimal
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER, ConnectorCase


class InvoiceCase(ConnectorCase):
    """Invoices that a test makes in Tribe, for a customer that both systems know."""

    sandbox_options = {"relations": 10, "invoices": 0}
    # A batch more for each invoice, and of no interest to most tests.
    fetches_documents = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.let_payments_wait_for_the_bank()
        cls.activate_for_all_tests()
        cls.connection.fetch_documents = cls.fetches_documents
        cls.bring_a_customer_to_odoo()

    @classmethod
    def let_payments_wait_for_the_bank(cls):
        """Give the bank's ways to pay an account for what was not on a statement yet."""
        chart = cls.env["account.chart.template"].with_company(cls.company)
        cls.bank = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "bank")], limit=1
        )
        cls.bank.inbound_payment_method_line_ids.payment_account_id = chart.ref(
            "account_journal_payment_debit_account_id"
        )
        cls.bank.outbound_payment_method_line_ids.payment_account_id = chart.ref(
            "account_journal_payment_credit_account_id"
        )

    @classmethod
    def bring_a_customer_to_odoo(cls):
        """One of those that Tribe has at the start of every test."""
        customers = cls.sandbox.rows(ORGANIZATION_CUSTOMER)
        cls.customer = next(row for row in customers if not row["IsFormer"])
        tribe_id = cls.customer["Organization"]
        cls.env["tribe.work"]._add(cls.connection, "inbound", "organization", [tribe_id], "poll")
        cls.run_lanes()
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
            "VatGroup": vat and {"ID": self.vat_group(vat)},
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

    def typed_by_hand(self, price=20.0, **values):
        """An invoice that a bookkeeper typed, before it is confirmed."""
        line = {"name": "Werk", "price_unit": price, "tax_ids": [(6, 0, self.tax("21% ST").ids)]}
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": self.today,
                "invoice_line_ids": [(0, 0, line)],
                **values,
            }
        )

    @contextmanager
    def unasserted(self):
        """Invoices are confirmed as by a version that asserted fewer facts."""
        moves = self.registry["account.move"]
        with (
            patch.object(moves, "_tribe_check_facts", lambda *_arguments: None),
            patch.object(moves, "_tribe_correct_vat", lambda *_arguments: None),
        ):
            yield

    @classmethod
    def branch_of(cls, company, name=None):
        """A branch, with the chart of its company."""
        values = {"name": name or f"Filiaal van {company.name}", "parent_id": company.id}
        branch = cls.env["res.company"].create({**values, "country_id": False})
        cls.env["account.chart.template"].try_loading("nl", branch, install_demo=False)
        return branch

    def book_in(self, company, entities=None):
        """Have legal entities book in a company; by default all."""
        for entity in entities or self.connection.legal_entity_ids:
            entity.journal_id = False
            entity.vat_group_ids.write(
                {"tax_id": False, "service_tax_id": False, "account_id": False}
            )
            entity.ledger_account_ids.write({"account_id": False})
            entity.company_id = company
            entity.action_create_journal()
            entity.action_suggest()

    def work(self, tribe_id):
        """What waits of an invoice, or is in trouble."""
        return self.env["tribe.work"].search([("reference", "=", tribe_id)])

    def number_of(self, tribe_id):
        """Tribe's number of an invoice."""
        return self.tribe_row("Activity_Invoice", tribe_id)["Number"]

    def assert_held(self, tribe_id, code, /, **parameters):
        """The invoice is not booked, and the one sentence that is told says why."""
        self.assertFalse(self.booked_move(tribe_id))
        self.assert_only_told(self.problematic(), code, **parameters)

    def difference_shown(self, link):
        """What a link's form shows as different, as sentences."""
        sentences = [link.difference, link._untold_payment()]
        shown = "\n".join(filter(None, sentences)) or False
        self.assertEqual(link.difference_shown, shown)
        return sentences

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
