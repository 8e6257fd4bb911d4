from unittest.mock import patch

from odoo.tools import mute_logger

from .invoice_case import InvoiceCase

PAID = "Paid"


class TestOneBadInvoice(InvoiceCase):
    """Three booked invoices are looked at again at once, of which one cannot be compared."""

    def test_the_others_are_compared(self):
        tribe_ids = [self.send_new(self.line(100)) for _number in range(3)]
        bad = self.booked_move(tribe_ids[1])
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, PAID)

        def fail(_importer, move):
            if move == bad:
                # What PostgreSQL refuses ends the transaction with all that is in it.
                self.env.cr.execute("SELECT 1 / 0")

        with (
            patch.object(self.registry["tribe.invoice.importer"], "_note_paid_in_tribe", fail),
            mute_logger("odoo.sql_db"),
            patch("odoo.addons.tribe_connector.engine.problems._logger.error"),
        ):
            self.look_at("invoice", *tribe_ids)

        phases = [self.link(tribe_id).phase_id.code for tribe_id in tribe_ids]
        self.assertEqual((phases[0], phases[2]), (PAID, PAID))
        self.assertNotEqual(phases[1], PAID)
        self.assertEqual(len(self.problems()), 1)
