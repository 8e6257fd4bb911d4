"""What belongs to an invoice and comes late, or was moved: its customer, credit and PDF."""

from datetime import timedelta

from connector.common import ORGANIZATION_CUSTOMER

from odoo import fields

from .test_credit_note import CreditCase


class TestMovedRelationship(CreditCase):
    """A customer relationship is moved to another organization: duplicates merged in Tribe."""

    def setUp(self):
        super().setUp()
        self.customer_before = self.customer
        self.another_customer()
        self.other = self.customer
        self.other_partner = self.booked_move(self.send_new(self.line(10.0))).partner_id
        self.customer = self.customer_before

    def move_relationship(self, organization_id):
        self.sandbox.change(
            ORGANIZATION_CUSTOMER, self.customer["ID"], {"Organization": {"ID": organization_id}}
        )

    def test_an_open_invoice_is_booked_on_who_has_it_now(self):
        invoice = self.sent(self.line(100.0))
        self.move_relationship(self.other["Organization"])

        self.look_at("invoice", invoice)

        self.assertEqual(self.booked_move(invoice).partner_id, self.other_partner)
        self.assertEqual(self.link(invoice).state, "linked")
        self.look_at("organization", self.other["Organization"], self.customer["Organization"])
        self.look_at("invoice", invoice)
        self.run_nightly()
        self.assertEqual(
            (self.link(invoice).state, self.link(invoice).difference), ("linked", False)
        )
        self.assertFalse(self.problems())

    def test_one_whom_odoo_does_not_have_yet_is_made_first(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Nieuw B.V."})
        invoice = self.sent(self.line(100.0))
        self.move_relationship(organization["ID"])

        self.look_at("invoice", invoice)

        self.assertEqual(self.booked_move(invoice).partner_id.name, "Nieuw B.V.")
        self.assertEqual(self.link(invoice).state, "linked")

    def test_what_was_booked_before_is_shown_until_it_is_moved_back(self):
        for is_relation_first in (True, False):
            with self.subTest(is_relation_first=is_relation_first):
                invoice = self.send_new(self.line(100.0))
                self.move_relationship(self.other["Organization"])
                if is_relation_first:
                    self.look_at("organization", self.other["Organization"])

                self.look_at("invoice", invoice)

                link = self.link(invoice)
                self.assertEqual(link.state, "differs")
                self.assert_told(link, "difference_of_customer", field="difference")
                self.move_relationship(self.customer_before["Organization"])
                self.look_at("organization", self.customer_before["Organization"])
                self.run_nightly()
                self.assertEqual((link.state, link.difference), ("linked", False))
                self.assertFalse(self.problems())

    def test_a_credit_of_it_is_settled_whoever_has_it(self):
        self.move_relationship(self.other["Organization"])
        invoice = self.sent(self.line(100.0))
        credit = self.credit_of(invoice)
        self.look_at("invoice", invoice)
        self.assert_settled(invoice, credit)


class TestCreditOfAnother(CreditCase):
    def test_the_credit_is_moved_to_another_invoice_in_tribe(self):
        self.sandbox.switch(final_invoice_writable="all")
        first, second = (self.send_new(self.line(100.0)) for _number in range(2))
        credit = self.credit_of(first)
        self.assert_settled(first, credit)

        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": second}})
        self.look_at("invoice", credit)

        self.assert_settled(second, credit)
        self.assertEqual(self.open_amounts(first), [121.0])

    def test_the_credit_gets_its_invoice_only_after_it_was_booked(self):
        self.sandbox.switch(final_invoice_writable="all")
        invoice = self.send_new(self.line(100.0))
        credit = self.send_new(self.line(-100.0))
        self.sandbox.change("Activity_Invoice", credit, {"CreditedInvoice": {"ID": invoice}})
        self.look_at("invoice", credit)
        self.assert_settled(invoice, credit)

    def test_both_are_adopted_in_any_order(self):
        for is_credit_first in (True, False):
            with self.subTest(is_credit_first=is_credit_first):
                invoice = self.send_new(self.line(100.0))
                credit = self.credit_of(invoice)
                moves = self.booked_move(invoice) | self.booked_move(credit)
                self.booked_move(credit).line_ids.remove_move_reconcile()
                self.booked_move(credit).reversed_entry_id = False
                (self.link(invoice) | self.link(credit)).unlink()
                self.look_at("invoice", invoice, credit)
                self.assertEqual(len(self.problems()), 2)
                order = (credit, invoice) if is_credit_first else (invoice, credit)
                for tribe_id in order:
                    self.work(tribe_id).action_adopt()
                    self.run_lanes()
                self.assertEqual(self.booked_move(invoice) | self.booked_move(credit), moves)
                self.assert_settled(invoice, credit)


class TestLatePdf(CreditCase):
    fetches_documents = True

    def later(self, **duration):
        """Let time pass: what waits, and what was booked, is older."""
        delta = timedelta(**duration)
        for work in self.env["tribe.work"].search([]):
            work.due -= delta
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_link SET create_date = create_date - %s WHERE kind = 'invoice'", [delta]
        )
        self.env.invalidate_all()
        self.run_lanes()

    def without_pdf(self):
        """A booked invoice whose PDF Tribe does not have yet, and the row of it."""
        invoice = self.sent(self.line(100.0))
        (attachment,) = self.sandbox.rows("Attachment", Invoice=invoice)
        self.sandbox.delete("Attachment", attachment["ID"])
        self.look_at("invoice", invoice)
        self.assertFalse(self.booked_move(invoice).message_main_attachment_id)
        return invoice, attachment

    def test_it_is_looked_for_again_and_found(self):
        invoice, attachment = self.without_pdf()
        waiting = self.work(invoice)
        self.assertEqual((waiting.kind, waiting.error_class), ("document", False))
        self.assertGreater(waiting.due, fields.Datetime.now())
        self.later(minutes=2)
        self.assertFalse(self.booked_move(invoice).message_main_attachment_id)
        self.sandbox.create(
            "Attachment",
            {
                "Description": "Factuur",
                "Invoice": {"ID": invoice},
                "File": {"Name": "f.pdf", "MimeType": "application/pdf", "Data": "JVBERi0xLjQ="},
            },
        )
        self.later(hours=1)
        self.assertTrue(self.booked_move(invoice).message_main_attachment_id)
        self.assertFalse(self.work(invoice))

    def test_it_is_looked_for_a_bounded_number_of_times(self):
        invoice, _attachment = self.without_pdf()
        looks = 0
        while self.work(invoice) and looks < 50:
            looks += 1
            due = max(self.work(invoice).mapped("due"))
            self.later(seconds=(due - fields.Datetime.now()).total_seconds() + 1)
        self.assertLess(looks, 15)
        self.assertGreater(looks, 3)
        self.assertFalse(self.problems())
