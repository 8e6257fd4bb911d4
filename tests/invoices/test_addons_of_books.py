"""Other addons that lock a journal, hash all of them, or change what an invoice comes to."""

from datetime import timedelta

from connector.other_addons import have_models, overriding

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.tribe_connector.sentence import sentence

from .invoice_case import InvoiceCase


class AccountJournal(models.Model):
    """As account_journal_lock_date has it."""

    _module = None
    _name = "account.journal"
    _inherit = ["account.journal"]

    fiscalyear_lock_date = fields.Date()
    period_lock_date = fields.Date()


def check_dates_of_journal(original, moves):
    """As account_journal_lock_date does it."""
    original(moves)
    for move in moves:
        locks = [move.journal_id.fiscalyear_lock_date]
        if not move.env.user.has_group("account.group_account_manager"):
            locks.append(move.journal_id.period_lock_date)
        if any(lock and move.date <= lock for lock in locks):
            raise UserError("Niet in dit dagboek.")


class TestLockedJournal(InvoiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        have_models(cls, AccountJournal)

    def setUp(self):
        super().setUp()
        self.entities = self.connection.legal_entity_ids
        self.journal = self.entities.journal_id[:1]
        addon = overriding(
            self.registry, "account.move", _check_fiscal_lock_dates=check_dates_of_journal
        )
        self.enterContext(addon)

    def test_the_period_is_what_an_invoice_waits_for(self):
        self.entities.journal_id.fiscalyear_lock_date = self.today
        tribe_id = self.send_new(self.line(10.0))

        self.assert_held(
            tribe_id,
            "invoice_in_locked_journal",
            date=self.today,
            lock=self.today,
            journal=self.journal.display_name,
        )
        self.assertEqual(self.problematic().cause, "period")

        self.entities.journal_id.fiscalyear_lock_date = False
        self.run_nightly()
        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.problems())

    def test_it_may_be_booked_on_the_first_open_day(self):
        """After both locks, whichever is later."""
        self.entities.locked_period = "first_open_day"
        for of_journal, of_company in ((2, 1), (1, 2)):
            with self.subTest(of_journal=of_journal, of_company=of_company):
                day = self.today
                self.entities.journal_id.fiscalyear_lock_date = day + timedelta(days=of_journal)
                self.company.sale_lock_date = day + timedelta(days=of_company)

                move = self.assert_booked_to_the_cent(self.send_new(self.line(10.0)))

                self.assertEqual(move.date, day + timedelta(days=3))
                self.assertEqual(move.invoice_date, day)

    def test_what_is_locked_for_others_alone_is_open(self):
        """Whoever the lanes work as is an accounting administrator."""
        self.entities.journal_id.period_lock_date = self.today
        self.assert_booked_to_the_cent(self.send_new(self.line(10.0)))

    def test_one_of_before_that_day_leaves_the_others_alone(self):
        self.entities.journal_id.fiscalyear_lock_date = self.today - timedelta(days=5)
        tribe_ids = []
        for offset in (0, -10, 0):
            self.sandbox.switch(invoice_day_offset=offset)
            tribe_ids.append(self.draft(self.line(10.0)))
            self.sandbox.set_phase(tribe_ids[-1], "Sent")
        self.look_at("invoice", *tribe_ids)
        self.assertEqual([bool(self.booked_move(each)) for each in tribe_ids], [True, False, True])
        self.assert_only_told(self.problematic(), "invoice_in_locked_journal")


class TestRefusedDate(InvoiceCase):
    """An addon that takes entries on some dates only, known by nothing but what it refuses."""

    def test_it_is_told_as_a_period(self):
        def refuse(original, moves):
            original(moves)
            raise UserError("Niet op deze dag.")

        with overriding(self.registry, "account.move", _check_fiscal_lock_dates=refuse):
            tribe_id = self.send_new(self.line(10.0))

        self.assert_held(
            tribe_id,
            "invoice_date_refused_by_odoo",
            date=self.today,
            reason=sentence("said_by_odoo", text="Niet op deze dag."),
        )
        self.assertEqual(self.problematic().cause, "period")
        self.problematic().action_retry()
        self.run_lanes()
        self.assert_booked_to_the_cent(tribe_id)


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


class TestDiscountOfTheCustomer(InvoiceCase):
    """As with account_global_discount, a line comes to an invoice because of its customer."""

    def discounting(self, percent, **values):
        def create(original, moves, vals_list):
            made = original(moves, vals_list)
            for move in made.filtered(lambda move: move.partner_id == self.partner):
                first = move.invoice_line_ids[:1]
                discount = -move.amount_untaxed * percent / 100
                line = {
                    "name": "Korting",
                    "price_unit": discount,
                    "account_id": first.account_id.id,
                    "tax_ids": first.tax_ids.ids,
                    **values,
                }
                move.write({"invoice_line_ids": [(0, 0, line)]})
            return made

        return overriding(self.registry, "account.move", create=create)

    def test_it_is_the_net_amount_that_differs(self):
        for percent in (10, 0.01):
            with self.subTest(percent), self.discounting(percent):
                tribe_id = self.send_new(self.line(1000.0))

                told = self.problematic()
                self.assertFalse(self.booked_move(tribe_id))
                self.assert_only_told(told, "invoice_would_differ", what=sentence("fact_nets"))
                self.assertEqual(told.cause, "amounts")
                told.unlink()

    def test_also_on_a_line_without_vat(self):
        with self.discounting(10, tax_ids=False):
            tribe_id = self.send_new(self.line(1000.0))
        self.assert_held(tribe_id, "invoice_would_differ", what=sentence("fact_nets"))

    def test_a_tax_of_another_percentage_is_told_as_before(self):
        self.tax("21% ST").amount = 9
        tribe_id = self.send_new(self.line(1000.0))
        self.assert_held(tribe_id, "vat_of_groups_differs")
