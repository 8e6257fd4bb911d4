"""Other addons that change journals."""

from connector.other_addons import overriding

from odoo.addons.tribe_connector.sentence import sentence

from .invoice_case import InvoiceCase


class TestHashedJournals(InvoiceCase):
    """As with account_journal_restrict_mode, every journal is hashed."""

    fetches_documents = True

    def setUp(self):
        super().setUp()

        def create(original, journals, vals_list):
            made = original(journals, vals_list)
            made.restrict_mode_hash_table = True
            return made

        self.enterContext(overriding(self.registry, "account.journal", create=create))
        self.entity = self.connection.legal_entity_ids[:1]
        self.entity.journal_id = False

    def test_create_journal_says_what_can_be_done_and_makes_none(self):
        journals = self.env["account.journal"].search([])
        with (
            self.assert_refused("journal_hashed"),
            self.env.cr.savepoint(),
        ):
            self.entity.action_create_journal()
        self.env.invalidate_all()
        self.assertEqual(self.env["account.journal"].search([]), journals)
        self.assertIn("let Odoo number", sentence("journal_hashed", journal=""))

    def test_with_odoos_number_all_of_it_works(self):
        self.entity.number_policy = "odoo"
        self.entity.action_create_journal()
        self.assertTrue(self.entity.journal_id.restrict_mode_hash_table)

        invoice = self.send_new(self.line(100.0), Identity={"ID": self.entity.tribe_id})
        credit = self.send_new(
            self.line(-40.0),
            Identity={"ID": self.entity.tribe_id},
            CreditedInvoice={"ID": invoice},
        )

        moves = [self.booked_move(each) for each in (invoice, credit)]
        self.assertEqual([move.state for move in moves], ["posted"] * 2, self.problems())
        self.assertEqual([move.amount_residual for move in moves], [72.6, 0.0])
        self.assertTrue(all(move.inalterable_hash for move in moves))
        self.assertTrue(all(move.message_main_attachment_id for move in moves))
        self.assertFalse(self.problems())
