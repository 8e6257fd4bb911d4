from datetime import date
from decimal import Decimal
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER
from told import sentences_of

from odoo.exceptions import ValidationError
from odoo.http import serialize_exception
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from odoo.addons.tribe_connector.sentence import sentence

from .invoice_case import InvoiceCase


class TestInvoiceAfterBooking(InvoiceCase):
    def booked_with_corrected_cents(self):
        """A booked invoice whose VAT is a cent off from what Odoo calculates."""
        self.sandbox.switch(vat_rounding="line")
        tribe_id = self.send_new(*(self.line(0.12) for _number in range(4)))
        move = self.assert_booked_to_the_cent(tribe_id)
        # 4 x 0.12 x 21 % is 0.10 as a whole, and 4 x 0.03 by line.
        self.assertEqual(move.amount_tax, 0.12)
        return tribe_id, move

    def test_reset_and_confirmed_again_keeps_tribes_cents(self):
        tribe_id, move = self.booked_with_corrected_cents()

        move.button_draft()
        move.invoice_line_ids[0].name = "Een andere omschrijving"
        move.invoice_line_ids[0].price_unit = move.invoice_line_ids[0].price_unit
        move.action_post()

        self.assert_booked_to_the_cent(tribe_id)

    def test_a_mistake_of_ours_does_not_stop_a_bookkeeper(self):
        for broken in ("_tribe_correct_vat", "_tribe_check_facts"):
            tribe_id = self.send_new(self.line(100))
            move = self.assert_booked_to_the_cent(tribe_id)
            with (
                self.subTest(broken),
                patch.object(self.registry["account.move"], broken, lambda *_arguments: {}["bug"]),
                mute_logger("odoo.addons.tribe_connector.models.tribe_synchronized"),
            ):
                move.button_draft()
                move.action_post()

                self.assert_booked_to_the_cent(tribe_id)

    def test_another_total_is_refused(self):
        tribe_id, move = self.booked_with_corrected_cents()
        move.button_draft()
        move.invoice_line_ids[0].price_unit = 500

        number = self.number_of(tribe_id)
        told = {"number": number, "what": sentence("fact_nets")}
        with self.assert_refused("invoice_differs_from_tribe", **told) as refused:
            move.action_post()

        # The web client shows what it does not know by its name as a traceback.
        name = serialize_exception(refused.value)["name"]
        self.assertEqual(name, "odoo.exceptions.UserError")

    def test_a_contact_of_the_customer_may_have_a_payment_term(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.assert_booked_to_the_cent(tribe_id)
        due = move.invoice_date_due
        contact = self.env["res.partner"].create(
            {"name": "Boekhouding", "parent_id": self.partner.id, "type": "invoice"}
        )
        term = {"name": "60 dagen", "line_ids": [(0, 0, {"value_amount": 100.0, "nb_days": 60})]}
        contact.property_payment_term_id = self.env["account.payment.term"].create(term)
        move.button_draft()
        with Form(move) as form:
            form.partner_id = contact
        move.action_post()

        self.assertEqual((move.partner_id, move.invoice_date_due), (contact, due))
        self.assert_booked_to_the_cent(tribe_id)

        # Another invoice gets it, as before.
        typed = self.typed_by_hand(partner_id=contact.id)
        self.assertEqual(typed.invoice_payment_term_id, contact.property_payment_term_id)

    def test_accounts_that_were_merged_are_one(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.assert_booked_to_the_cent(tribe_id)
        account = move.invoice_line_ids.account_id
        kept = account.copy({"code": "899999", "name": "Samengevoegd"})
        other = account.copy({"code": "899998", "name": "Anders"})
        self.env["account.merge.wizard"]._action_merge(kept | account)
        self.env.invalidate_all()
        self.assertEqual(
            (move.invoice_line_ids.account_id, account.exists()), (kept, other - other)
        )

        move.button_draft()
        move.action_post()
        self.run_nightly()
        self.assertFalse(self.problems())

        move.button_draft()
        move.invoice_line_ids.price_unit = 90.0
        with self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_nets")):
            move.action_post()

    def test_other_taxes_are_refused(self):
        tribe_id = self.send_new(self.line(100.0), self.line(100.0, vat="EUIC"))
        move = self.assert_booked_to_the_cent(tribe_id)
        high, eu = move.invoice_line_ids
        same_rate, low, abroad = (self.tax(name) for name in ("21% ST S", "9% ST", "0% EX"))
        for name, line, taxes in (
            ("of the same rate", high, same_rate),
            ("of another rate", high, low),
            ("none", high, low.browse()),
            ("one more", high, high.tax_ids | low),
            ("without any VAT on either", eu, abroad),
        ):
            told = {"number": move.name, "what": sentence("fact_nets")}
            with (
                self.subTest(name),
                self.assert_refused("invoice_differs_from_tribe", **told),
                self.env.cr.savepoint(),
            ):
                move.button_draft()
                line.tax_ids = taxes
                move.action_post()
        self.assertEqual(move.state, "posted")

    def test_taxes_that_changed_places_are_refused(self):
        move = self.booked_move(self.send_new(self.line(100.0), self.line(50.0, vat="NL9")))
        first, second = move.invoice_line_ids
        told = {"number": move.name, "what": sentence("fact_nets")}
        with (
            self.assert_refused("invoice_differs_from_tribe", **told),
            self.env.cr.savepoint(),
        ):
            move.button_draft()
            first.tax_ids, second.tax_ids = second.tax_ids, first.tax_ids
            move.action_post()

    def test_lines_that_only_say_more_are_confirmed_again(self):
        tribe_id = self.send_new(self.line(100.0), self.line(0.0, vat="NL9"))
        move = self.booked_move(tribe_id)
        move.button_draft()
        # Neither a note nor a line of nothing changes the VAT return.
        move.invoice_line_ids = [(0, 0, {"display_type": "line_note", "name": "Dank u"})]
        products = move.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        products.filtered(lambda line: not line.price_unit).unlink()
        move.action_post()
        self.assert_booked_to_the_cent(tribe_id)

    def test_another_number_or_date_is_refused(self):
        _tribe_id, move = self.booked_with_corrected_cents()
        for name, value, what in (
            ("name", "2019-0001", "fact_number"),
            ("invoice_date", date(2019, 1, 1), "fact_invoice_date"),
        ):
            with (
                self.subTest(name),
                self.assert_refused("invoice_differs_from_tribe", what=sentence(what)),
                self.env.cr.savepoint(),
            ):
                move.button_draft()
                move[name] = value
                move.action_post()

    def test_another_total_is_accepted_once_left_to_odoo(self):
        tribe_id, move = self.booked_with_corrected_cents()
        move.button_draft()
        move.invoice_line_ids[0].price_unit = 500

        self.link(tribe_id).action_leave_to_odoo()
        move.action_post()

        self.assertEqual(move.state, "posted")

    def test_a_reset_cancelled_or_deleted_invoice_is_shown_and_not_booked_again(self):
        tribe_ids = [self.send_new(self.line(10.0)) for _number in range(3)]
        moves = [self.booked_move(tribe_id) for tribe_id in tribe_ids]
        moves[0].button_draft()
        moves[1].button_draft()
        moves[1].button_cancel()
        moves[2].button_draft()
        moves[2].with_context(force_delete=True).unlink()

        self.run_nightly()
        self.poll("invoice")

        links = [self.link(tribe_id) for tribe_id in tribe_ids]
        self.assertEqual([link.state for link in links], ["differs"] * 3)
        for link, how in zip(links, ("draft", "cancelled", "deleted"), strict=True):
            self.assert_only_told(link, f"difference_{how}_in_odoo", field="difference")
        self.assertFalse(links[2].move_id)
        self.assertEqual(moves[0].state, "draft")
        moves[0].action_post()
        self.run_nightly()
        self.assertEqual([link.state for link in links], ["linked", "differs", "differs"])

    def test_the_night_that_is_asked_for_again_and_again_is_noted_once(self):
        tribe_id = self.send_new(self.line(10.0))
        self.link(tribe_id).state = "differs"
        for _press in range(3):
            self.connection.action_run_nightly()
        self.assertEqual(len(self.work(tribe_id)), 1)

    def test_a_deleted_or_cancelled_invoice_is_booked_again_when_a_person_says_so(self):
        undoings = {
            "deleted": lambda move: move.with_context(force_delete=True).unlink(),
            "cancelled": lambda move: move.button_cancel(),
        }
        for what, undo in undoings.items():
            with self.subTest(what):
                tribe_id = self.send_new(self.line(10.0))
                move = self.booked_move(tribe_id)
                with self.assert_refused("invoice_still_in_odoo", invoice=move.display_name):
                    self.link(tribe_id).action_book_again()
                move.button_draft()
                undo(move)

                self.link(tribe_id).action_book_again()
                self.run_lanes()

                self.assertNotEqual(self.assert_booked_to_the_cent(tribe_id), move)
                self.assertFalse(self.problems())

    def test_only_invoices_are_booked_again(self):
        partner = self.env["tribe.link"].search([("partner_id", "!=", False)], limit=1).partner_id
        links = partner.tribe_link_ids
        states = links.mapped("state")
        told = links.action_book_again()
        self.assertEqual(told["params"]["outcome"]["message"], sentence("done_meanwhile"))
        self.assertEqual(links.exists().mapped("state"), states)

    def test_the_form_of_an_invoice_says_what_differs(self):
        tribe_id = self.send_new(self.line(10.0))
        move = self.booked_move(tribe_id)
        self.assertFalse(move.tribe_note)
        move.button_draft()
        self.run_nightly()

        groups = "account.group_account_invoice,tribe_connector.group_user"
        user = new_test_user(self.env, "boekhouder", groups)
        seen = move.with_user(user)
        self.assertIn("was reset to draft in Odoo", seen.tribe_note)
        self.assertIn("under Tribe CRM > Synchronized > Booked Invoices", seen.tribe_note)
        self.assertIn("tribe_note", seen.get_view(view_type="form")["arch"])

        self.link(tribe_id).action_leave_to_odoo()
        move.invalidate_recordset()
        self.assertFalse(move.tribe_note)

    def test_a_deleted_invoice_is_still_called_by_its_number(self):
        tribe_id = self.send_new(self.line(10.0))
        move, link = self.booked_move(tribe_id), self.link(tribe_id)
        number = move.name
        self.assertIn(number, link.display_name)

        move.button_draft()
        move.with_context(force_delete=True).unlink()
        self.env.flush_all()
        self.env.invalidate_all()

        self.assertEqual(link.display_name, number)
        views = ("view_tribe_link_invoice_list", "view_tribe_link_form", "view_tribe_link_kanban")
        for name in views:
            with self.subTest(name):
                arch = self.env.ref(f"tribe_connector.{name}").arch
                self.assertIn('name="display_name"', arch)

    def test_a_deleted_invoice_stays_with_its_company(self):
        tribe_id = self.send_new(self.line(10.0))
        move = self.booked_move(tribe_id)
        link, company = self.link(tribe_id), move.company_id
        self.assertEqual(link.company_id, company)
        move.button_draft()
        move.with_context(force_delete=True).unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((link.move_id.id, link.company_id), (False, company))

    def test_what_is_ignored_is_of_the_company_in_which_it_would_be_booked(self):
        tribe_id = self.send_new(self.line(10.0, VatGroup=None))
        work = self.env["tribe.work"].search([("reference", "=", tribe_id)])
        work.action_ignore()
        self.assertEqual(self.link(tribe_id).company_id, self.connection.company_id)

    def test_a_problem_of_a_booked_invoice_can_be_ignored(self):
        tribe_id = self.send_new(self.line(10.0))
        link = self.link(tribe_id)
        work = self.env["tribe.work"]._add(
            self.connection, "inbound", "invoice", [tribe_id], "webhook"
        )
        work.write({"error": "Mis.", "error_class": "person"})

        told = work.action_ignore()["params"]["outcome"]["message"]

        self.assertIn("is left to Odoo", told)
        self.assertEqual(self.link(tribe_id), link)
        self.assertEqual(link.state, "left_to_odoo")

    def test_an_invoice_that_changes_in_tribe_although_final_is_shown(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_id = self.send_new(self.line(10.0))
        move = self.booked_move(tribe_id)
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)

        self.sandbox.change("ProductLine", line["ID"], {"Price": 25.0})
        self.look_at("invoice", tribe_id)

        link = self.link(tribe_id)
        for _day in range(2):
            self.assertEqual(link.state, "differs")
            self.assert_told(
                link,
                "difference_of_fact",
                field="difference",
                what=sentence("compared_total"),
                now=Decimal("30.25"),
                booked=Decimal("12.10"),
            )
            self.run_nightly()
        self.assertEqual(move.amount_total, 12.1)
        self.assertEqual(move.state, "posted")
        self.sandbox.change("ProductLine", line["ID"], {"Price": 10.0})
        self.run_nightly()
        self.assertEqual((link.state, link.difference), ("linked", False))

    def test_another_customer_in_tribe_is_shown(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_id = self.send_new(self.line(10.0))
        others = self.sandbox.rows(ORGANIZATION_CUSTOMER)
        other = next(row for row in others if row["ID"] != self.customer["ID"])

        self.sandbox.change("Activity_Invoice", tribe_id, {"Relationship": {"ID": other["ID"]}})
        self.look_at("invoice", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "differs")
        self.assert_told(self.link(tribe_id), "difference_of_customer", field="difference")
        self.assertEqual(self.booked_move(tribe_id).partner_id, self.partner)

    def test_a_draft_again_in_tribe_is_shown_until_it_is_sent_again(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_id = self.send_new(self.line(10.0))

        self.sandbox.set_phase(tribe_id, "Draft")
        self.look_at("invoice", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "differs")
        self.assert_told(self.link(tribe_id), "difference_draft_in_tribe", field="difference")
        self.assertEqual(self.booked_move(tribe_id).state, "posted")
        self.send(tribe_id)
        self.assertEqual(self.link(tribe_id).state, "linked")

    def test_a_draft_again_without_a_number_is_told_by_the_number_it_was_booked_with(self):
        """As after a backup of Tribe was put back."""
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.back_up()
        self.send(tribe_id)
        number = self.number_of(tribe_id)
        self.assertTrue(self.booked_move(tribe_id))

        self.sandbox.restore()
        self.look_at("invoice", tribe_id)

        told = sentences_of(self.sentences_told(self.link(tribe_id), "difference"))
        self.assertEqual(
            [each.code for each in told],
            ["difference_draft_in_tribe", "difference_no_number_in_tribe"],
        )
        (work,) = self.problematic()
        self.assert_told(work, "number_of_customer", number=number)
        self.assertNotIn(tribe_id, work.error)

    def test_an_invoice_that_vanishes_in_tribe_is_shown_and_kept(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_id = self.send_new(self.line(10.0))
        self.sandbox.delete("Activity_Invoice", tribe_id)

        self.look_at("invoice", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "gone")
        self.assertEqual(self.booked_move(tribe_id).state, "posted")

    def test_the_journal_with_tribes_numbers_is_closed_to_invoices_made_by_hand(self):
        move = self.booked_move(self.send_new(self.line(10.0)))

        with self.assert_refused(
            "journal_reserved_for_tribe", ValidationError, journal=move.journal_id.display_name
        ):
            move.copy({"journal_id": move.journal_id.id, "invoice_date": self.today})

    def test_a_credit_note_made_in_odoo_goes_to_another_journal(self):
        move = self.booked_move(self.send_new(self.line(10.0)))

        reversal = Form(
            self.env["account.move.reversal"].with_context(
                active_model="account.move", active_ids=move.ids
            )
        ).save()
        reversal.refund_moves()

        self.assertEqual(len(reversal.new_move_ids), 1)
        self.assertNotEqual(reversal.new_move_ids.journal_id, move.journal_id)
        self.assertFalse(reversal.new_move_ids.tribe_id)
