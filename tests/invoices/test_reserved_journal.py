"""A journal with Tribe's numbers: who may choose one, and what it keeps out."""

from connector.other_addons import have_models

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tests import Form

from odoo.addons.tribe_connector.models.tribe_legal_entity_journal import (
    JOURNAL_SEQUENCE_PATTERN,
)

from .invoice_case import InvoiceCase


class TestReservedJournal(InvoiceCase):
    """Bookkeepers keep their own journal, and their own invoices."""

    def setUp(self):
        super().setUp()
        self.entity = self.connection.legal_entity_ids[:1]
        self.reserved = self.entity.journal_id
        self.ordinary = self.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", self.company.id),
                ("id", "!=", self.reserved.id),
            ],
            limit=1,
        )
        self.reserved.default_account_id = self.ordinary.default_account_id

    def another(self):
        """A journal for Tribe's numbers that is empty."""
        account = self.ordinary.default_account_id
        return self.reserved.copy({"code": "TRI9", "default_account_id": account.id})

    def other_reserved(self):
        """The journal of another legal entity of the company, which comes first of all."""
        journal = self.another()
        journal.sequence = -1
        self.env["tribe.legal.entity"].create(
            {
                "connection_id": self.connection.id,
                "tribe_id": "7d1c7d29-6a4e-4a2e-9d2f-0c5f6d1f0a11",
                "name": "Tweede",
                "company_id": self.company.id,
                "journal_id": journal.id,
            }
        )
        return journal

    def reversal(self, move):
        """The wizard that makes a credit note, as it is opened."""
        wizard = self.env["account.move.reversal"]
        return Form(wizard.with_context(active_model="account.move", active_ids=move.ids)).save()

    def choose_as_before(self, journal):
        """What could be saved before it was refused."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_legal_entity SET journal_id = %s WHERE id = %s",
            [journal.id, self.entity.id],
        )
        self.env.invalidate_all()

    def refused_as_reserved(self, journal):
        name = journal.display_name
        return self.assert_refused("journal_reserved_for_tribe", ValidationError, journal=name)

    def assert_every_step_works(self, posted):
        """Reset, confirmed, reset and cancelled, and that from the draft once more."""
        number = posted.name
        posted.button_draft()
        posted.action_post()
        posted.button_draft()
        posted.button_cancel()
        posted.button_draft()
        posted.action_post()
        self.env.flush_all()
        self.assertEqual((posted.state, posted.name), ("posted", number))

    def test_the_ordinary_sales_journal_is_refused_when_it_is_chosen(self):
        with self.assert_refused("journal_reads_dates", journal=self.ordinary.display_name):
            self.entity.journal_id = self.ordinary

    def test_so_it_is_when_tribes_number_is_chosen_afterwards(self):
        self.entity.write({"number_policy": "odoo", "journal_id": self.ordinary.id})

        with self.assert_refused("journal_reads_dates", journal=self.ordinary.display_name):
            self.entity.number_policy = "tribe"

    def test_a_journal_with_other_invoices_is_refused(self):
        journal = self.another()
        self.assertEqual(journal.sequence_override_regex, JOURNAL_SEQUENCE_PATTERN)
        self.typed_by_hand(journal_id=journal.id)

        with self.assert_refused("journal_has_other_invoices", journal=journal.display_name):
            self.entity.journal_id = journal

        self.entity.write({"number_policy": "odoo", "journal_id": journal.id})
        self.assertEqual(self.entity.journal_id, journal)

    def test_an_empty_one_and_the_one_that_create_journal_makes_are_fine(self):
        self.entity.journal_id = self.another()
        self.entity.journal_id = False
        self.entity.action_create_journal()
        self.assertTrue(self.entity.journal_id)

    def test_the_journal_of_a_connection_that_is_deleted_can_be_chosen_again(self):
        self.booked_move(self.send_new(self.line(10.0)))
        other = self.connection.copy({"name": "Opnieuw"})
        entity = self.env["tribe.legal.entity"].create(
            {
                "connection_id": other.id,
                "tribe_id": self.entity.tribe_id,
                "name": "Opnieuw",
                "company_id": self.company.id,
            }
        )
        self.connection.action_deactivate()
        self.run_lanes()
        self.connection.unlink()
        self.env.invalidate_all()

        entity.journal_id = self.reserved

        self.assertEqual(entity.journal_id, self.reserved)

    def test_what_was_chosen_before_keeps_nobody_from_saving(self):
        self.choose_as_before(self.ordinary)

        self.entity.write({"timezone": "Europe/Brussels", "journal_id": self.ordinary.id})

        self.assertEqual(self.entity.timezone, "Europe/Brussels")

    def test_invoices_that_have_their_number_stay_the_bookkeepers(self):
        posted = self.typed_by_hand(journal_id=self.ordinary.id)
        posted.action_post()
        draft = self.typed_by_hand(journal_id=self.ordinary.id)
        self.choose_as_before(self.ordinary)

        self.assert_every_step_works(posted)

        draft.button_cancel()
        draft.button_draft()
        with self.refused_as_reserved(self.ordinary):
            draft.action_post()
        draft.journal_id = self.another()
        draft.action_post()
        with self.refused_as_reserved(self.ordinary):
            self.typed_by_hand(journal_id=self.ordinary.id)

    def test_an_invoice_whose_link_is_gone_stays_the_bookkeepers(self):
        tribe_id = self.send_new(self.line(10.0))
        move = self.booked_move(tribe_id)
        self.link(tribe_id).unlink()

        self.assert_every_step_works(move)

    def test_a_duplicate_of_an_invoice_of_tribe_comes_into_another_journal(self):
        self.other_reserved()
        booked = self.booked_move(self.send_new(self.line(10.0)))

        copy = booked.copy()

        self.assertEqual(copy.journal_id, self.ordinary)
        copy.invoice_date = booked.invoice_date
        copy.action_post()
        self.assertEqual((copy.state, copy.amount_total), ("posted", booked.amount_total))

    def test_so_does_what_replaces_a_reversed_one(self):
        booked = self.booked_move(self.send_new(self.line(10.0)))

        made = self.env["account.move"].browse(self.reversal(booked).modify_moves()["res_id"])

        self.assertEqual(made.journal_id, self.ordinary)

    def test_a_duplicate_of_another_invoice_stays_in_its_journal(self):
        second = self.another()
        for journal in self.ordinary | second:
            with self.subTest(journal=journal.code):
                copy = self.typed_by_hand(journal_id=journal.id).copy()
                self.assertEqual(copy.journal_id, journal)

    def test_a_duplicate_does_not_come_into_an_archived_journal(self):
        booked = self.booked_move(self.send_new(self.line(10.0)))
        self.another().write({"sequence": -1, "active": False})

        self.assertEqual(booked.copy().journal_id, self.ordinary)

    def test_a_duplicate_is_refused_where_there_is_no_other_journal(self):
        booked = self.booked_move(self.send_new(self.line(10.0)))
        self.env["account.journal"].search(
            [("type", "=", "sale"), ("id", "!=", self.reserved.id)]
        ).active = False

        with self.refused_as_reserved(self.reserved):
            booked.copy()

    def test_a_credit_note_is_not_proposed_in_the_journal_of_another_legal_entity(self):
        self.other_reserved()
        booked = self.booked_move(self.send_new(self.line(10.0)))

        self.assertEqual(self.reversal(booked).journal_id, self.ordinary)

    def test_one_moved_into_it_is_refused(self):
        posted = self.typed_by_hand(journal_id=self.ordinary.id)
        posted.action_post()
        posted.button_draft()
        posted.name = False

        with self.refused_as_reserved(self.reserved):
            posted.journal_id = self.reserved

    def test_where_nothing_can_come_in_any_more_it_is_an_ordinary_journal(self):
        def elsewhere():
            self.connection.sudo().database_name = "the_original"

        for how, change in {
            "archived": lambda: self.connection.write({"active": False}),
            "not connected": lambda: self.connection.write({"state": "draft"}),
            "copy": elsewhere,
            "books elsewhere": lambda: self.entity.write({"is_booked": False}),
        }.items():
            with self.subTest(how), self.env.cr.savepoint() as savepoint:
                change()
                self.typed_by_hand(journal_id=self.reserved.id).action_post()
                savepoint.rollback()
        with self.refused_as_reserved(self.reserved):
            self.typed_by_hand(journal_id=self.reserved.id)


class TestJournalOfAnother(InvoiceCase):
    """Tribe numbers only in a journal of its own company and connection."""

    def setUp(self):
        super().setUp()
        self.entity = self.connection.legal_entity_ids[:1]
        self.branch = self.env["res.company"].create(
            {
                "name": "Filiaal",
                "parent_id": self.company.id,
                "country_id": self.company.country_id.id,
            }
        )
        self.other = self.other_entity(self.branch)
        # Invoices of the branch's own users, as a manager who works there alone.
        self.manager = self.env["res.users"].create(
            {
                "name": "Filiaalhouder",
                "login": "filiaal",
                "company_id": self.branch.id,
                "company_ids": [(6, 0, self.branch.ids)],
                "group_ids": [
                    (4, self.env.ref("tribe_connector.group_manager").id),
                    (4, self.env.ref("account.group_account_manager").id),
                ],
            }
        )

    def other_entity(self, company):
        """The legal entity of another connection, of a company."""
        connection = self.connection.copy({"name": "Tribe 2", "company_id": company.id})
        return self.env["tribe.legal.entity"].create(
            {
                "connection_id": connection.id,
                "tribe_id": "7d1c7d29-6a4e-4a2e-9d2f-0c5f6d1f0a11",
                "name": "Filiaal",
                "company_id": company.id,
            }
        )

    def unused(self):
        """A journal for Tribe's numbers that is nobody's."""
        return self.entity.journal_id.copy({"code": "TRI9"})

    def test_a_journal_of_the_company_above_keeps_its_own_numbers(self):
        other = self.other.with_user(self.manager)
        for journal in (self.entity.journal_id, self.unused()):
            with (
                self.subTest(journal=journal.code),
                self.assert_refused("journal_of_other_company"),
            ):
                other.write({"journal_id": journal.id, "number_policy": "tribe"})
        self.env.invalidate_all()

    def test_nor_is_one_kept_that_becomes_the_journal_of_the_company_above(self):
        entity = self.other_entity(self.company)
        entity.action_create_journal()

        with self.assert_refused("journal_of_other_company", name=entity.name):
            entity.company_id = self.branch

    def test_neither_of_two_connections_numbers_in_the_journal_of_the_other(self):
        entity = self.other_entity(self.company)
        for policy in ("tribe", "odoo"):
            with (
                self.subTest(policy=policy),
                self.assert_refused("journal_of_other_connection", name=entity.name),
            ):
                entity.write({"journal_id": self.entity.journal_id.id, "number_policy": policy})
        entity.write({"journal_id": self.unused().id, "number_policy": "odoo"})
        with self.assert_refused("journal_of_other_connection", name=self.entity.name):
            self.entity.journal_id = entity.journal_id

    def test_where_odoo_numbers_all_share_a_journal(self):
        journal = self.unused()
        self.entity.write({"journal_id": journal.id, "number_policy": "odoo"})

        self.other.write({"journal_id": journal.id, "number_policy": "odoo"})

        self.assertEqual(self.other.journal_id, journal)

    def test_the_branch_has_one_made(self):
        self.other.action_create_journal()

        self.assertEqual(self.other.journal_id.company_id, self.branch)


class AccountMove(models.Model):
    """As account_debit_note has it."""

    _module = None
    _name = "account.move"
    _inherit = ["account.move"]

    debit_origin_id = fields.Many2one("account.move", copy=False)


class TestDebitNote(InvoiceCase):
    """account_debit_note copies an invoice, and names the journal of that one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        have_models(cls, AccountMove)
        cls.reserved = cls.connection.legal_entity_ids[:1].journal_id
        cls.ordinary = cls.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", cls.company.id),
                ("id", "not in", cls.connection.legal_entity_ids.journal_id.ids),
            ],
            limit=1,
        )

    def second(self):
        """Another ordinary journal."""
        account = self.ordinary.default_account_id
        return self.ordinary.copy({"code": "TWEE", "default_account_id": account.id})

    def debit_note(self, move, **values):
        return move.copy(
            {
                "journal_id": move.journal_id.id,
                "debit_origin_id": move.id,
                "move_type": "out_invoice",
                "ref": move.name,
                "invoice_date": move.invoice_date,
                **values,
            }
        )

    def test_it_comes_into_an_ordinary_journal(self):
        for price in (10.0, -10.0):
            with self.subTest(price):
                move = self.booked_move(self.send_new(self.line(price)))

                made = self.debit_note(move)

                self.assertEqual(made.journal_id, self.ordinary)
                made.action_post()
                self.assertEqual((made.state, made.tribe_id), ("posted", False))

    def test_or_where_somebody_wants_it(self):
        move = self.booked_move(self.send_new(self.line(10.0)))
        second = self.second()
        self.assertEqual(self.debit_note(move, journal_id=second.id).journal_id, second)

    def test_that_of_an_invoice_that_is_not_tribes_stays_where_that_is(self):
        second = self.second()
        move = self.typed_by_hand(journal_id=second.id)
        move.action_post()
        self.assertEqual(self.debit_note(move).journal_id, second)

    def test_any_other_copy_into_the_reserved_journal_is_refused(self):
        move = self.booked_move(self.send_new(self.line(10.0)))
        with self.assert_refused("journal_reserved_for_tribe", ValidationError):
            move.copy({"journal_id": self.reserved.id, "invoice_date": self.today})
