"""A number may be taken in the books of a company above, or of a branch: of the same business.

Each may have a series of its own there, so the number alone says nothing.
"""

from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.tribe_api.client import Client

from .invoice_case import cents
from .test_facts import FactCase

TAKEN = "invoice_number_taken_beside"


class TestNumberOfABranch(FactCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.branch_of(cls.company)
        cls.another = cls.branch_of(cls.company, "Een ander filiaal")
        cls.unrelated = cls.env["res.company"].create(
            {"name": "Heel ander bedrijf", "country_id": cls.env.ref("base.nl").id}
        )
        cls.env["account.chart.template"].try_loading("nl", cls.unrelated, install_demo=False)

    def setUp(self):
        super().setUp()
        self.book_in(self.branch)

    def by_hand(self, company, price=100.0, places=(("ref", "{}"),), **values):
        """What somebody typed in a company with the number that Tribe gives next, posted.

        :param places: where the number is
        """
        number = str(int(self.booked_move(self.send_new(self.line(10.0))).name) + 1)
        taxes = self.env["account.tax"].search(
            [("company_id", "parent_of", company.id), ("name", "=", "21% ST")], limit=1
        )
        line = {"name": "Met de hand", "price_unit": price, "tax_ids": [Command.set(taxes.ids)]}
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "partner_id": self.partner.id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [Command.create(line)],
                    **{field: place.format(number) for field, place in places},
                    **values,
                }
            )
        )
        move.action_post()
        self.assertEqual((move.company_id, move.state), (company, "posted"))
        return move

    def assert_asked(self, tribe_id):
        row = self.tribe_row("Activity_Invoice", tribe_id)
        total = (abs(cents(row["TotalIncludingVat"])), "EUR")
        self.assert_held(tribe_id, TAKEN, number=row["Number"], total=total)

    def assert_unasked(self, tribe_id):
        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.problems())

    def test_it_is_asked_about_an_entry_above_below_or_beside(self):
        for own, company in (
            (self.branch, self.company),
            (self.branch, self.another),
            (self.company, self.branch),
        ):
            with self.subTest(f"{own.name}, {company.name}"):
                self.book_in(own)
                self.by_hand(company)
                tribe_id = self.send_new(self.line(100.0))
                self.assert_asked(tribe_id)
                self.work(tribe_id).action_ignore()
                self.run_lanes()
                self.run_nightly()
                self.assertFalse(self.problems())

    def test_it_is_found_wherever_it_is_in_its_own_company(self):
        for place in (("name", "{}"), ("payment_reference", "{}"), ("ref", "{} / PO 7")):
            with self.subTest(place):
                by_hand = self.by_hand(self.company, places=[place])
                tribe_id = self.send_new(self.line(100.0))
                self.assert_asked(tribe_id)
                by_hand.button_draft()
                self.run_nightly()
                self.assert_asked(tribe_id)
                by_hand.button_cancel()
                self.run_nightly()
                self.assert_unasked(tribe_id)

    def test_a_credit_note(self):
        self.by_hand(self.company, move_type="out_refund")
        self.assert_asked(self.send_new(self.line(-100.0)))

    def test_it_is_booked_all_the_same_once_somebody_says_so(self):
        by_hand = self.by_hand(self.company)
        tribe_id = self.send_new(self.line(100.0))
        work = self.work(tribe_id)
        self.assertTrue(work.can_book_anyway)
        self.assertTrue(work.can_ignore)
        work.action_book_anyway()
        self.run_lanes()
        self.assertNotEqual(self.assert_booked_to_the_cent(tribe_id), by_hand)
        self.run_nightly()
        self.look_at("invoice", tribe_id)
        self.assertEqual(self.link(tribe_id).state, "linked")
        self.assertFalse(self.problems())

    def test_it_is_never_adopted(self):
        self.by_hand(self.company)
        tribe_id = self.send_new(self.line(100.0))
        work = self.work(tribe_id)
        self.assertFalse(work.can_adopt or work.taken_by_id or work.move_to_adopt_id)
        with self.assert_refused("adopting_needs_one"):
            work.action_adopt()
        self.assertNotIn(work, self.env["tribe.work"].search(self.plan_of_adoption()))
        self.assert_asked(tribe_id)

    def plan_of_adoption(self):
        action = self.connection.action_plan_adoption()
        return action.get("domain") or [("id", "=", 0)]

    def test_who_sees_the_branch_alone_learns_nothing_of_the_entry(self):
        by_hand = self.by_hand(self.company)
        by_hand.narration = "Geheim"
        tribe_id = self.send_new(self.line(100.0))
        user = new_test_user(
            self.env,
            "of the branch",
            groups="tribe_connector.group_manager,account.group_account_invoice",
            company_id=self.branch.id,
            company_ids=[Command.set(self.branch.ids)],
        )
        self.env.flush_all()
        self.env.invalidate_all()
        context = {"allowed_company_ids": self.branch.ids}
        work = self.work(tribe_id).with_env(self.env(user=user, su=False, context=context))
        self.assertEqual(work.company_id, self.branch)
        for said in (work.error, work.display_name):
            for secret in (by_hand.name, by_hand.journal_id.name, self.company.name):
                self.assertNotIn(secret, (said or "").replace(self.branch.name, ""))
        self.assertFalse(work.taken_by_id)
        work.action_book_anyway()
        self.run_lanes()
        self.assert_booked_to_the_cent(tribe_id)

    def test_the_same_number_of_another_sale_is_not_asked_about(self):
        """Two series that both begin at 1 meet at each number."""
        other = self.env["res.partner"].create({"name": "Heel andere klant"})
        dollar = self.env.ref("base.USD")
        dollar.active = True
        for values in (
            {"partner_id": other.id},
            {"price": 100.01},
            {"currency_id": dollar.id},
            {"move_type": "out_refund"},
        ):
            with self.subTest(values):
                self.by_hand(self.company, **values)
                self.assert_unasked(self.send_new(self.line(100.0)))

    def test_nor_is_the_one_of_an_unrelated_company(self):
        self.by_hand(self.unrelated)
        self.assert_unasked(self.send_new(self.line(100.0)))

    def test_what_the_connector_booked_for_another_branch_is_known(self):
        """Tribe may have a series for each of its legal entities."""
        first, second = self.connection.legal_entity_ids[:2]
        self.book_in(self.another, second)
        ids = []
        for entity in (first, second):
            ids.append(self.draft(self.line(100.0), Identity={"ID": entity.tribe_id}))
            self.sandbox.set_phase(ids[-1], "Sent")
            with self.tribe_shows(Number="1"):
                self.look_at("invoice", ids[-1])
        moves = [self.booked_move(tribe_id) for tribe_id in ids]
        self.assertEqual([move.company_id for move in moves], [self.branch, self.another])
        self.assertEqual([move.name for move in moves], ["1", "1"])
        self.assertFalse(self.problems())

    def test_a_tribe_that_contradicts_itself_learns_no_total_of_them(self):
        """Tribe could guess, and nothing would be booked of a wrong guess."""
        move = self.by_hand(self.company, price=102.0)
        tribe_id = self.draft(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        by_values = Client.by_values

        def guessed(client, entity_set, *arguments, **options):
            rows = by_values(client, entity_set, *arguments, **options)
            if entity_set != "Activity_Invoice":
                return rows
            total, vat = move.amount_total, cents(move.amount_total) - 100
            return [{**row, "TotalIncludingVat": total, "VatAmount": float(vat)} for row in rows]

        with patch.object(Client, "by_values", guessed):
            self.look_at("invoice", tribe_id)

        self.assert_held(tribe_id, "invoice_vat_differs_from_lines")
