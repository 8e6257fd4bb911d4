"""Deactivated while work waits: what people decided is kept, all else is found again."""

from datetime import timedelta

from odoo import fields
from odoo.tests import Form

from .invoice_case import InvoiceCase
from .test_facts import FactCase


class TestDecidedBefore(FactCase):
    """What somebody decided about an invoice, and was not done yet, is done once it is activated
    again."""

    def deactivate_for_a_while(self):
        self.connection.action_deactivate()
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "deactivate")]))
        kept = set(self.env["tribe.work"].search([]).mapped("reason"))
        self.press_activate()
        self.run_lanes()
        self.assertEqual(self.connection.state, "active")
        return kept

    def test_booked_anyway(self):
        for is_held in (False, True):
            with self.subTest(is_held=is_held):
                tribe_id = self.taken()
                self.company.sale_lock_date = self.today if is_held else False
                self.work(tribe_id).action_book_anyway()
                if is_held:
                    self.run_lanes()
                    self.assert_told(self.work(tribe_id), "invoice_in_locked_period")
                self.company.sale_lock_date = False

                self.assertEqual(self.deactivate_for_a_while(), {"book_anyway"})
                self.run_nightly()

                self.assert_booked_to_the_cent(tribe_id)
                self.assertFalse(self.problems())

    def taken(self):
        """The ID of an invoice that is held: another sale has its number as reference."""
        tribe_id = self.draft(self.line(20.0))
        group = self.connection.legal_entity_ids.vat_group_ids.filtered_domain(
            [("code", "=", "NL21")]
        )
        tax, group.tax_id = group.tax_id, False
        self.send(tribe_id)
        by_hand = self.typed_by_hand(20.0, ref=self.number_of(tribe_id), invoice_date=self.today)
        by_hand.action_post()
        group.tax_id = tax
        self.run_lanes()
        self.look_at("invoice", tribe_id)
        self.assertEqual(self.work(tribe_id).cause, "number")
        return tribe_id

    def test_moved_back(self):
        tribe_id = self.send_new(self.line(100.0))
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.booked_move(tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.assert_only_told(self.problematic(), "payment_undone")
        self.problematic().action_move_back()

        self.assertEqual(self.deactivate_for_a_while(), {"move_back"})

        self.assertEqual(self.phase(tribe_id), "Sent")
        self.assertFalse(self.problems())

    def test_booked_again_after_it_was_told_paid(self):
        tribe_id = self.send_new(self.line(100.0))
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        move = self.booked_move(tribe_id)
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        move.button_cancel()
        self.run_nightly()
        self.link(tribe_id).action_book_again()

        self.assertEqual(self.deactivate_for_a_while(), {"told_paid"})

        self.assertEqual(self.booked_move(tribe_id).state, "posted")
        self.run_nightly()
        self.assert_only_told(self.problematic(), "payment_undone")
        self.problematic().action_move_back()
        self.run_lanes()
        self.assertEqual(self.phase(tribe_id), "Sent")

    def test_all_else_is_found_again(self):
        """Problems, and what just waits."""
        group = self.connection.legal_entity_ids.vat_group_ids.filtered_domain(
            [("code", "=", "NL21")]
        )
        tax, group.tax_id = group.tax_id, False
        held = self.send_new(self.line(100.0))
        self.assert_held(held, "vat_group_without_tax")
        group.tax_id = tax

        self.assertEqual(self.deactivate_for_a_while(), set())

        self.assert_booked_to_the_cent(held)
        self.assertFalse(self.problems())

    def test_how_many_those_are_is_said_before(self):
        group = self.connection.legal_entity_ids.vat_group_ids.filtered_domain(
            [("code", "=", "NL21")]
        )
        group.tax_id = False
        self.send_new(self.line(100.0))
        later = fields.Datetime.now() + timedelta(hours=1)
        self.env["tribe.work"]._add(
            self.connection, "outbound", "partner", self.partner.ids, "save", due=later
        )

        asked = self.connection.action_ask_to_deactivate()

        self.assertEqual(asked["target"], "new")
        ((view_id, _kind),) = asked["views"]
        form = Form(self.env[asked["res_model"]].browse(asked["res_id"]), view=view_id)
        self.assertEqual((form.waiting_count, form.attention_count), (1, 1))
        self.assertEqual(self.connection.state, "active")


class TestDocumentBefore(InvoiceCase):
    """A PDF that is not there yet is looked for a day long, and noted no second time."""

    fetches_documents = True

    def test_a_pdf_is_fetched_once_it_is_activated_again(self):
        tribe_id = self.draft(self.line(100.0))
        self.send(tribe_id)
        move = self.booked_move(tribe_id)
        move.message_main_attachment_id.unlink()
        works = self.env["tribe.work"]
        later = fields.Datetime.now() + timedelta(hours=1)
        works._add(self.connection, "inbound", "document", [tribe_id], "follow", due=later)
        self.connection.action_deactivate()
        self.run_lanes()
        works.search([("kind", "=", "document")]).due = fields.Datetime.now()

        self.press_activate()
        self.run_lanes()

        self.assertTrue(move.message_main_attachment_id)
