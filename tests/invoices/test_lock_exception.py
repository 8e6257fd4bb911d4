"""Exceptions to a lock date that are for one user: they count where that user asks for a booking.

Odoo grants them under *Lock Dates*, for everybody or "for me", and looks for those of who posts.
"""

from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import SQL

from .test_credit_note import CreditCase

BOOKKEEPER = "account.group_account_invoice,tribe_connector.group_user"


class LockExceptionCase(CreditCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(invoice_day_offset=-10)
        self.day = self.today - timedelta(days=10)
        self.company.sale_lock_date = self.today
        self.anna = new_test_user(self.env, "anna", groups=BOOKKEEPER)
        self.bert = new_test_user(self.env, "bert", groups=BOOKKEEPER)

    def grant(self, user, **values):
        """An exception as *Lock Dates* makes it."""
        return self.env["account.lock_exception"].create(
            {
                "company_id": self.company.id,
                "user_id": user.id,
                "sale_lock_date": self.day - timedelta(days=1),
                "end_datetime": False,
                **values,
            }
        )

    def held(self):
        """An invoice that is held, as its period is locked."""
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)
        return tribe_id

    def try_again(self, tribe_id, user):
        self.work(tribe_id).with_user(user).sudo(False).action_retry()
        self.run_lanes()


class TestLockException(LockExceptionCase):
    def test_it_counts_for_whom_it_is(self):
        tribe_id = self.held()
        self.grant(self.anna)
        # Nobody asked: it does not count for the connector itself.
        self.run_nightly()
        self.run_lanes()
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

        self.try_again(tribe_id, self.bert)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

        self.try_again(tribe_id, self.anna)
        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual((move.invoice_date, move.date), (self.day, self.day))
        self.assertEqual(self.problems(), [])

        # Nor does it differ from Tribe afterwards.
        self.run_nightly()
        self.run_lanes()
        self.assertEqual(self.booked_move(tribe_id).tribe_link_ids.state, "linked")
        self.assertEqual(self.problems(), [])

    def test_the_note_says_who_asked(self):
        tribe_id = self.held()
        self.grant(self.anna)
        self.try_again(tribe_id, self.anna)
        notes = self.booked_move(tribe_id).message_ids
        self.assertIn(self.anna.partner_id, notes.author_id)

    def test_of_two_that_wait_each_counts_for_its_own(self):
        first = self.held()
        second = self.send_new(self.line(200.0))
        self.grant(self.anna)
        self.work(first).with_user(self.anna).sudo(False).action_retry()
        self.work(second).with_user(self.bert).sudo(False).action_retry()
        self.run_lanes()
        self.assert_booked_to_the_cent(first)
        self.assert_held(second, "invoice_in_locked_period", lock=self.today)

    def test_it_does_not_count_once_it_has_ended(self):
        tribe_id = self.held()
        self.grant(self.anna, end_datetime=self.env.cr.now() - timedelta(minutes=1))
        self.try_again(tribe_id, self.anna)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

    def test_it_counts_for_nobody_who_may_not_post(self):
        tribe_id = self.held()
        seller = new_test_user(self.env, "seller", groups="tribe_connector.group_user")
        self.grant(seller)
        self.try_again(tribe_id, seller)
        self.assert_held(tribe_id, "invoice_in_locked_period", lock=self.today)

    def test_books_that_are_locked_for_good_know_none(self):
        self.company.hard_lock_date = self.day
        tribe_id = self.send_new(self.line(100.0))
        self.grant(self.anna)
        self.try_again(tribe_id, self.anna)
        self.assert_held(tribe_id, "invoice_in_period_locked_for_good", lock=self.day)

    def test_it_counts_for_an_invoice_that_is_booked_again(self):
        exception = self.grant(self.env["res.users"])
        tribe_id = self.send_new(self.line(100.0))
        move = self.assert_booked_to_the_cent(tribe_id)
        move.button_draft()
        move.button_cancel()
        exception.action_revoke()
        manager = new_test_user(
            self.env,
            "manager",
            groups="account.group_account_invoice,tribe_connector.group_manager",
        )
        self.grant(manager)
        move.tribe_link_ids.with_user(manager).sudo(False).action_book_again()
        self.run_lanes()
        again = self.assert_booked_to_the_cent(tribe_id)
        self.assertNotEqual(again, move)
        self.assertEqual(again.date, self.day)


class TestMadeByTheLanes(LockExceptionCase):
    """Who asked has a say in lock dates alone: what is booked is made by the lanes, as ever."""

    def enter(self, user, model, **values):
        """Have a user enter default values of their own."""
        defaults = self.env(user=user, su=False, context={})["ir.default"]
        for name, value in values.items():
            defaults.set(model, name, value, user_id=True)

    def made_by(self, user):
        """How many rows of each table a user made, and wrote last: ``{table: (made, written)}``."""
        self.env.flush_all()
        names = sorted(
            name
            for name, model in self.env.registry.items()
            if model._auto and model._log_access and not name.startswith("tribe.")
        )
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s, count(*) FILTER (WHERE create_uid = %s),"
                    " count(*) FILTER (WHERE write_uid = %s) FROM %s",
                    name,
                    user.id,
                    user.id,
                    SQL.identifier(self.env[name]._table),
                )
                for name in names
                if not self.env[name]._abstract and self.env[name]._table_query is None
            )
        )
        return {name: counts for name, *counts in rows}

    def elsewhere(self):
        """An entry of a company in which nobody here works, with an attachment and a message."""
        company = self.env["res.company"].create({"name": "Elders B.V."})
        self.env["account.chart.template"].try_loading("nl", company, install_demo=False)
        line = {"name": "Werk", "price_unit": 5.0, "tax_ids": []}
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.env["res.partner"].create({"name": "Klant"}).id,
                    "invoice_line_ids": [Command.create(line)],
                }
            )
        )
        attachment = self.env["ir.attachment"].create(
            {"name": "Geheim", "raw": b"Geheim", "res_model": move._name, "res_id": move.id}
        )
        return move, attachment, move.message_post(body="Geheim")

    def test_what_they_entered_as_default_values_is_in_nothing(self):
        theirs, attachment, message = self.elsewhere()
        tribe_id = self.held()
        self.grant(self.anna)
        of_records = {"attachment_ids": [[6, 0, attachment.ids]]}
        self.enter(
            self.anna,
            "account.move",
            **of_records,
            message_ids=[[6, 0, message.ids]],
            narration="Van Anna",
            invoice_origin="Van Anna",
        )
        self.enter(self.anna, "account.move.line", sequence=77)
        self.enter(self.anna, "mail.message", **of_records, child_ids=[[6, 0, message.ids]])

        self.try_again(tribe_id, self.anna)

        move = self.assert_booked_to_the_cent(tribe_id)
        self.env.invalidate_all()
        self.assertEqual((attachment.res_id, message.res_id), (theirs.id, theirs.id))
        self.assertFalse(message.parent_id)
        self.assertFalse(move.message_ids.attachment_ids)
        # What the company writes on its invoices is there, if anything.
        self.assertNotIn("Van Anna", move.narration or "")
        self.assertFalse(move.invoice_origin)
        self.assertNotIn(77, move.line_ids.mapped("sequence"))

    def test_nothing_is_made_in_their_name(self):
        """Nor what comes of it, such as the exchange difference of a credit note."""
        self.dollars_at_two_rates()
        self.company.sale_lock_date = False
        invoice = self.send_new(self.line(100.0, PriceInCurrency=125.0), Currency="USD")
        self.company.sale_lock_date = self.today
        self.sandbox.switch(invoice_day_offset=0)
        credit = self.send_new(
            self.line(-100.0, PriceInCurrency=-125.0),
            Currency="USD",
            CreditedInvoice={"ID": invoice},
        )
        self.assert_held(credit, "invoice_in_locked_period", lock=self.today)
        self.grant(self.anna)
        self.work(credit).with_user(self.anna).sudo(False).action_retry()
        before = self.made_by(self.anna)

        self.run_lanes()

        self.assert_settled(invoice, credit)
        lines = self.booked_move(credit).line_ids
        self.assertTrue((lines.matched_debit_ids | lines.matched_credit_ids).exchange_move_id)
        made = self.made_by(self.anna)
        self.assertEqual({name: each for name, each in made.items() if each != before[name]}, {})

    def test_nobody_names_another_in_the_context(self):
        """A program brings along any context that it likes."""
        self.grant(self.anna)
        lock_dates = [
            self.company.with_user(self.bert)
            .with_context(tribe_asker=named)
            ._get_violated_lock_dates(self.day, True, self.booking_journal())
            for named in (False, self.anna.id, self.anna.ids, str(self.anna))
        ]
        self.assertEqual(lock_dates, [[(self.today, "sale_lock_date")]] * 4)

    def booking_journal(self):
        return self.connection.legal_entity_ids.journal_id[:1]
