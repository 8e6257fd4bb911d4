from unittest.mock import patch

from odoo.addons.tribe_connector.engine import turn
from odoo.addons.tribe_connector.models import tribe_invoice_booker, tribe_invoice_importer

from .invoice_case import InvoiceCase


class TestManyLines(InvoiceCase):
    """What Odoo could not book before it ends the worker is not begun."""

    def test_an_invoice_with_too_many_lines_is_held_and_can_be_adopted(self):
        self.patch(tribe_invoice_booker, "MOST_LINES", 2)
        two = self.send_new(*[self.line(10.0)] * 2)
        three = self.send_new(*[self.line(10.0)] * 3)

        self.assert_booked_to_the_cent(two)
        number = self.number_of(three)
        self.assert_held(three, "invoice_has_too_many_lines", number=number, lines=3, most=2)
        self.assertEqual(self.work(three).error_class, "person")

        by_hand = self.typed_by_hand(30.0, ref=number)
        by_hand.action_post()
        self.work(three).action_adopt()
        self.run_lanes()
        self.assertEqual(self.booked_move(three), by_hand)

    def test_invoices_with_many_lines_together_are_booked_in_several_turns(self):
        self.patch(tribe_invoice_importer, "MOST_LINES", 3)
        tribe_ids = [self.draft(*[self.line(10.0)] * 2) for _number in range(3)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        booked = []
        importer = self.registry["tribe.invoice.importer"]
        book = importer._book

        def noted(self, session, bookings):
            booked.append(len(bookings))
            # Odoo took all of the turn for it.
            turn._row.started -= turn.LONGEST_ROW_SECONDS
            return book(self, session, bookings)

        with patch.object(importer, "_book", noted):
            self.look_at("invoice", *tribe_ids)
            waiting = self.env["tribe.work"].search([("reference", "in", tribe_ids)])
            self.assertEqual(set(waiting.mapped("error")) - {False}, set())
            for _turn in range(2):
                self.env["tribe.work"].search([("reference", "in", tribe_ids)]).due = "2000-01-01"
                self.run_lanes()

        self.assertEqual(booked, [1, 1, 1])
        for tribe_id in tribe_ids:
            self.assert_booked_to_the_cent(tribe_id)
