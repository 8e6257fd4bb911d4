"""One list of facts of an invoice: each, changed alone, is told in each place that asks for it."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER
from told import assert_says, says, sentences_of, with_inner

from odoo import Command
from odoo.exceptions import UserError

from odoo.addons.tribe_connector.mapping.invoice_facts import FACTS
from odoo.addons.tribe_connector.models import tribe_link_changed
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tribe_api.client import Client

from .test_payment import PaymentCase

# What a person can change of an invoice by changing something else: then the first of these is
# told, in the order of the list.
CHANGED_IN_ODOO = {
    "number": ("number",),
    "date": ("date",),
    "accounting_date": ("accounting_date",),
    "due_date": ("due_date",),
    "customer": ("customer",),
    "currency": ("currency",),
    "account": ("nets",),
    "tax": ("nets",),
    "untaxed": ("nets", "untaxed"),
    "vat": ("vat",),
    "total": ("nets", "total"),
    "vat_account": ("vat_places",),
    "vat_grid": ("vat_places",),
    "net_grid": ("vat_places",),
    "early_discount": ("early_discount",),
}


class FactCase(PaymentCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")

    def another_account(self):
        accounts = self.env["account.account"].search(
            [("company_ids", "in", self.company.ids), ("account_type", "=", "income")], limit=2
        )
        return accounts[1]

    def another_tax(self):
        number = self.env["account.tax"].search_count([("name", "like", "21% anders")])
        return self.tax("21% ST").copy({"name": f"21% anders {number}"})

    def dollar(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        return dollar

    def early_discount(self, move):
        """A term with the due date of an invoice, and less VAT when it is paid earlier."""
        days = (move.invoice_date_due - move.invoice_date).days
        return self.env["account.payment.term"].create(
            {
                "name": "Eerder is minder",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": days})
                ],
            }
        )

    def change_in_odoo(self, move, fact):
        """What a bookkeeper may change of a draft."""
        line = move.invoice_line_ids[:1]
        dates = {"date": move.date, "invoice_date_due": move.invoice_date_due}
        changes = {
            "number": lambda: {"name": f"2019-{move.id}"},
            "date": lambda: {"invoice_date": move.invoice_date - timedelta(days=1)},
            "accounting_date": lambda: {"date": move.date - timedelta(days=1)},
            "due_date": lambda: {
                "invoice_payment_term_id": False,
                "invoice_date_due": move.invoice_date_due + timedelta(days=9),
            },
            "customer": lambda: {"partner_id": self.another_contact().id},
            "early_discount": lambda: {"invoice_payment_term_id": self.early_discount(move).id},
            "currency": lambda: {"currency_id": self.dollar().id},
        }
        changes_of_line = {
            "account": lambda: {"account_id": self.another_account().id},
            "tax": lambda: {"tax_ids": [Command.set(self.another_tax().ids)]},
            "untaxed": lambda: {"price_unit": line.price_unit + 5},
            "total": lambda: {"price_unit": line.price_unit + 5},
        }
        vat_line = move.line_ids.filtered("tax_line_id")
        if fact == "vat":
            vat_line.amount_currency -= 5
        elif fact == "vat_account":
            vat_line.account_id = line.account_id
        elif fact == "vat_grid":
            vat_line.tax_tag_ids = False
        elif fact == "net_grid":
            line.tax_tag_ids = vat_line.tax_tag_ids
        elif fact in changes:
            move.write(changes[fact]())
        else:
            line.write(changes_of_line[fact]())
        if fact == "date":
            # Odoo lets both follow.
            move.write(dates)

    @contextmanager
    def tribe_shows(self, **changes):
        """Tribe's invoices are read with other values."""
        by_values = Client.by_values

        def changed(client, entity_set, *arguments, **options):
            rows = by_values(client, entity_set, *arguments, **options)
            if entity_set == "Activity_Invoice":
                return [{**row, **changes} for row in rows]
            return rows

        with patch.object(Client, "by_values", changed):
            yield

    def another_contact(self):
        return self.env["res.partner"].create({"name": "Heel andere klant"})

    def assert_fact_told(self, texts, *facts):
        """One of some facts is told, by the name that people know it by."""
        found = list(with_inner(sentences_of(texts)))
        labels = [sentence(each.label) for each in FACTS if each.name in facts]
        labels += [sentence(each.inline) for each in FACTS if each.name in facts]
        wanted = [
            text
            for text in found
            if any(label.code == getattr(text, "code", None) for label in labels)
            or ("vat" in facts and says(text, "vat_was_changed", {}))
            or ("customer" in facts and says(text, "difference_of_customer", {}))
        ]
        self.assertTrue(wanted, f"{facts}: {texts}")

    def assert_needs_attention(self, tribe_id, *facts):
        link = self.link(tribe_id)
        self.assertEqual(link.state, "differs")
        work = self.problematic().filtered(lambda work: work.reference == tribe_id)
        self.assertEqual((len(work), work.cause), (1, "differs"))
        self.assert_told(work, "invoice_differs")
        self.assert_told(work, "remedy_differs")
        self.assert_names_the_customer(tribe_id)
        self.assert_fact_told(self.sentences_told(work), *facts)

    def assert_names_the_customer(self, tribe_id):
        """What needs attention names the invoice by its number and whose it is."""
        work = self.problematic().filtered(lambda work: work.reference == tribe_id)
        self.assert_told(
            work,
            "number_of_customer",
            number=self.link(tribe_id)._booked_number(),
            customer=self.booked_move(tribe_id).commercial_partner_id.name,
        )
        # As it was agreed: an entry may have another one, which is then what differs.
        self.assertTrue(self.link(tribe_id).invoice_date)
        self.assertEqual(work.invoice_date, self.link(tribe_id).invoice_date)


class TestEveryFactInEveryPlace(FactCase):
    def test_the_list_is_whole(self):
        self.assertEqual(
            [fact.name for fact in FACTS],
            [
                "number",
                "date",
                "accounting_date",
                "due_date",
                "legal_entity",
                "customer",
                "relation",
                "currency",
                "nets",
                "lines",
                "products",
                "untaxed",
                "vat",
                "vat_by_tax",
                "vat_places",
                "early_discount",
                "total",
            ],
        )

    def test_confirming_again_refuses_it(self):
        for fact, told in CHANGED_IN_ODOO.items():
            with self.subTest(fact):
                move = self.booked_move(self.send_new(self.line(100.0)))
                with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                    move.button_draft()
                    self.change_in_odoo(move, fact)
                    move.action_post()
                self.assert_fact_told([refused.exception], *told)
                self.assertEqual(move.state, "posted")

    def confirmed_unasserted(self):
        """An invoice for each fact that was changed in Odoo: ``{fact: Tribe ID}``."""
        ids = {fact: self.send_new(self.line(100.0)) for fact in CHANGED_IN_ODOO}
        with self.unasserted():
            for fact, tribe_id in ids.items():
                move = self.booked_move(tribe_id)
                move.button_draft()
                self.change_in_odoo(move, fact)
                move.action_post()
        return ids

    def assert_none_is_told_paid(self, ids):
        for fact, tribe_id in ids.items():
            with self.subTest(fact):
                self.assert_needs_attention(tribe_id, *CHANGED_IN_ODOO[fact])
                self.assertEqual(self.phase(tribe_id), "Sent")
        self.problematic().action_leave_to_odoo()
        self.run_lanes()
        self.assertFalse(self.problems())

    def test_what_was_confirmed_unasserted_is_found_at_night(self):
        # The first night only begins to watch what is changed in Odoo.
        self.run_nightly()
        ids = self.confirmed_unasserted()
        self.run_nightly()
        for fact, tribe_id in ids.items():
            with self.subTest(fact):
                self.assert_needs_attention(tribe_id, *CHANGED_IN_ODOO[fact])
        for tribe_id in ids.values():
            self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assert_none_is_told_paid(ids)

    def test_the_schedule_compares_no_more_than_it_has_time_for(self):
        """A lane does the others: the schedule is all connections'."""
        self.run_nightly()
        ids = self.confirmed_unasserted()
        self.assertGreater(len(ids), 3)
        self.patch(tribe_link_changed, "MOST_COMPARED", 2)
        compared = []
        links = self.registry["tribe.link"]
        differences = links._move_differences

        def noted(link):
            compared.append(link.tribe_id)
            return differences(link)

        with patch.object(links, "_move_differences", noted):
            links._note_changed_moves(self.env["tribe.link"], self.connection)
        self.assertEqual(len(compared), 2)

        self.run_lanes()

        for fact, tribe_id in ids.items():
            with self.subTest(fact):
                self.assert_needs_attention(tribe_id, *CHANGED_IN_ODOO[fact])

    def test_what_was_confirmed_unasserted_is_never_told_paid(self):
        ids = self.confirmed_unasserted()
        for tribe_id in ids.values():
            self.pay(self.booked_move(tribe_id))
        self.connection._enqueue_payments()
        self.run_lanes()
        self.assert_none_is_told_paid(ids)

    def test_adopting_shows_it(self):
        values = {
            "date": {"invoice_date": self.today - timedelta(days=1), "date": self.today},
            "due_date": {
                # The customer's term would tell it else.
                "invoice_payment_term_id": False,
                "invoice_date_due": self.today + timedelta(days=99),
            },
            "accounting_date": {"date": self.today + timedelta(days=1)},
            "customer": {
                "partner_id": self.env["res.partner"].create({"name": "Heel andere klant"}).id
            },
            "currency": {"currency_id": self.dollar().id},
        }
        for fact, told in CHANGED_IN_ODOO.items():
            if fact in ("number", "vat"):
                # Without its number it cannot be adopted, and Odoo calculates VAT itself.
                continue
            with self.subTest(fact):
                number = str(int(self.booked_move(self.send_new(self.line(10.0))).name) + 1)
                by_hand = self.typed_by_hand(100.0, ref=number, invoice_date=self.today)
                by_hand.invoice_line_ids.account_id = self.account("income")
                by_hand.write(values.get(fact, {}))
                if fact not in values:
                    self.change_in_odoo(by_hand, fact)
                by_hand.action_post()
                tribe_id = self.send_new(self.line(100.0))
                self.work(tribe_id).action_adopt()
                self.run_lanes()
                self.assert_needs_attention(tribe_id, *told)
                self.problematic().action_leave_to_odoo()
                self.run_lanes()

    def test_an_adopted_draft_is_confirmed_only_with_vat_where_its_tax_has_it(self):
        for fact in ("vat_account", "vat_grid", "net_grid"):
            with self.subTest(fact):
                number = str(int(self.booked_move(self.send_new(self.line(10.0))).name) + 1)
                draft = self.typed_by_hand(100.0, ref=number, invoice_date=self.today)
                draft.invoice_line_ids.account_id = self.account("income")
                self.change_in_odoo(draft, fact)
                tribe_id = self.send_new(self.line(100.0))
                self.work(tribe_id).action_adopt()
                self.run_lanes()
                with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                    draft.action_post()
                self.assert_fact_told([refused.exception], "vat_places")
                # Odoo books VAT anew, as the tax has it.
                line = draft.invoice_line_ids
                taxes = line.tax_ids
                line.tax_ids = False
                line.tax_ids = taxes
                draft.action_post()
                self.run_nightly()
                self.assertEqual(self.link(tribe_id).state, "linked")
                self.assertFalse(self.problems())

    def test_an_adopted_draft_is_confirmed_only_as_it_is_in_tribe(self):
        changed = ("date", "due_date", "customer", "currency", "account", "tax", "total")
        for fact in (*changed, "early_discount"):
            with self.subTest(fact):
                number = str(int(self.booked_move(self.send_new(self.line(10.0))).name) + 1)
                draft = self.typed_by_hand(100.0, ref=number, invoice_date=self.today)
                draft.invoice_line_ids.account_id = self.account("income")
                tribe_id = self.send_new(self.line(100.0))
                self.work(tribe_id).action_adopt()
                self.run_lanes()
                self.assertEqual(self.link(tribe_id).state, "differs")
                with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                    self.change_in_odoo(draft, fact)
                    draft.action_post()
                self.assert_fact_told([refused.exception], *CHANGED_IN_ODOO[fact])
                draft.invalidate_recordset()
                draft.action_post()
                self.run_nightly()
                self.assertEqual(self.link(tribe_id).state, "linked")
                self.assertFalse(self.problems())

    def test_another_value_in_tribe_is_shown_and_cleared_by_itself(self):
        names = self.connection._invoice_fields()
        yesterday = f"{self.today - timedelta(days=2)}T12:00:00Z"
        other = next(
            row for row in self.sandbox.rows(ORGANIZATION_CUSTOMER) if row != self.customer
        )
        ledgers = self.sandbox.rows("Datastore_GeneralLedgerAccount")
        self.assertTrue(ledgers)
        changes = {
            "number": {"Number": "ANDERS"},
            "date": {names.date: yesterday},
            "due_date": {names.due_date: yesterday},
            "customer": {"Relationship": {"ID": other["ID"]}},
        }
        for fact, values in changes.items():
            with self.subTest(fact):
                tribe_id = self.send_new(self.line(100.0))
                with self.tribe_shows(**values):
                    self.look_at("invoice", tribe_id)
                self.assert_needs_attention(tribe_id, fact)
                self.run_nightly()
                self.assertEqual(self.link(tribe_id).state, "linked")
                self.assertFalse(self.problems())

    def test_another_vat_group_with_the_same_amounts_is_shown(self):
        tribe_id = self.send_new(self.line(100.0, vat="NLVERLEGD"))
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        for code, is_alike in (("EUIC", False), ("NLVERLEGD", True)):
            self.sandbox.change(
                "ProductLine", line["ID"], {"VatGroup": {"ID": self.vat_group(code)}}
            )
            self.look_at("invoice", tribe_id)
            if is_alike:
                self.assertEqual(self.link(tribe_id).state, "linked")
                self.assertFalse(self.problems())
            else:
                self.assert_needs_attention(tribe_id, "lines")

    def test_a_mapping_that_changes_later_changes_nothing_that_is_booked(self):
        tribe_id = self.send_new(self.line(100.0))
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.account_id = self.another_account()
        self.look_at("invoice", tribe_id)
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.action_post()
        self.run_nightly()
        self.assertEqual(self.link(tribe_id).state, "linked")

    def test_a_tax_that_changes_later_may_be_followed_or_not(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        repartition = move.line_ids.tax_repartition_line_id
        account, grids = repartition.account_id, repartition.tag_ids
        repartition.account_id = account.copy({"code": "159998"})
        repartition.tag_ids = grids[:1].copy({"name": "anders"})
        for is_followed in (False, True):
            with self.subTest(is_followed=is_followed):
                move.button_draft()
                vat_line = move.line_ids.filtered("tax_line_id")
                vat_line.account_id = repartition.account_id if is_followed else account
                vat_line.tax_tag_ids = repartition.tag_ids if is_followed else grids
                move.action_post()
                vat_line = move.line_ids.filtered("tax_line_id")
                self.assertEqual(vat_line.account_id == repartition.account_id, is_followed)
                self.run_nightly()
                self.look_at("invoice", tribe_id)
                self.assertEqual(self.link(tribe_id).state, "linked")

    def test_what_an_older_version_booked_is_asserted_from_its_next_look_on(self):
        tribe_id = self.send_new(self.line(100.0))
        link, move = self.link(tribe_id), self.booked_move(tribe_id)
        older = ("number", "date", "customer", "currency", "untaxed", "vat", "total")
        older += ("is_vat_included", "vat_by_tax")
        link.agreed = {name: link.agreed[name] for name in older}
        self.look_at("invoice", tribe_id)
        self.assertEqual((link.state, link.difference), ("linked", False))
        with (
            self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_due_date")),
            self.env.cr.savepoint(),
        ):
            move.button_draft()
            move.invoice_date_due += timedelta(days=9)
            move.action_post()

    def test_a_discount_that_an_older_version_let_be_stays(self):
        tribe_id = self.send_new(self.line(100.0))
        link, move = self.link(tribe_id), self.booked_move(tribe_id)
        link.agreed = {
            name: value for name, value in link.agreed.items() if name != "early_discount"
        }
        with self.unasserted():
            move.button_draft()
            self.change_in_odoo(move, "early_discount")
            move.action_post()
        self.run_nightly()
        self.look_at("invoice", tribe_id)
        self.assertEqual((link.state, link.difference), ("linked", False))
        move.button_draft()
        move.action_post()
        self.assertEqual(move.state, "posted")

    def test_another_journal_would_give_another_number(self):
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        )
        for policy, is_refused in (("tribe", True), ("odoo", False)):
            with self.subTest(policy):
                self.connection.legal_entity_ids.number_policy = policy
                tribe_id = self.send_new(self.line(100.0))
                move = self.booked_move(tribe_id)
                move.button_draft()
                move.name = False
                move.journal_id = (journal - move.journal_id)[0]
                if is_refused:
                    with (
                        self.assert_refused(
                            "invoice_differs_from_tribe", what=sentence("fact_number")
                        ),
                        self.env.cr.savepoint(),
                    ):
                        move.action_post()
                else:
                    # Tribe's number is its payment reference wherever it is.
                    move.action_post()
                    self.run_nightly()
                    link = self.link(tribe_id)
                    self.assertEqual((link.state, link.difference), ("linked", False))

    def test_a_customers_address_is_the_customer(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.partner_id = self.env["res.partner"].create(
            {"name": "Crediteuren", "parent_id": self.partner.id, "type": "invoice"}
        )
        move.action_post()
        self.run_nightly()
        self.assertEqual(self.link(tribe_id).state, "linked")

    def test_contacts_that_are_merged_are_still_the_customer(self):
        tribe_id = self.send_new(self.line(100.0))
        kept = self.env["res.partner"].create({"name": self.partner.name})
        self.env["base.partner.merge.automatic.wizard"]._merge((kept | self.partner).ids, kept)
        move = self.booked_move(tribe_id)
        self.assertEqual(move.partner_id, kept)
        move.button_draft()
        move.action_post()
        self.run_nightly()
        self.assertEqual(self.link(tribe_id).state, "linked")


class TestNeedsAttention(FactCase):
    def differing(self):
        tribe_id = self.send_new(self.line(100.0))
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"Price": 200.0})
        self.look_at("invoice", tribe_id)
        return tribe_id, line

    def test_a_difference_is_told_like_any_problem_and_clears_by_itself(self):
        tribe_id, line = self.differing()
        self.assert_needs_attention(tribe_id, "total")
        self.assertEqual(self.connection.attention_count, 1)
        self.connection._tell_trouble()
        activity = self.connection.activity_ids
        self.assertIn(self.link(tribe_id).display_name.split()[0], activity.note)
        work = self.problematic()
        self.assertTrue(work.can_leave_to_odoo)
        self.assertFalse(work.can_ignore or work.can_adopt or work.can_book_again)
        opened = work.action_open_record()
        self.assertEqual(opened["res_id"], self.booked_move(tribe_id).id)

        self.sandbox.change("ProductLine", line["ID"], {"Price": 100.0})
        self.run_nightly()
        self.assertFalse(self.problems())
        self.connection._tell_trouble()
        self.assertFalse(self.connection.activity_ids)

    def test_what_is_deleted_in_tribe_is_told_until_it_is_left_to_odoo(self):
        tribe_id = self.send_new(self.line(100.0))
        self.sandbox.delete("Activity_Invoice", tribe_id)
        for _night in range(2):
            self.run_nightly()
            self.look_at("invoice", tribe_id)
            self.assertEqual(self.link(tribe_id).state, "gone")
            self.assert_told(self.problematic(), "difference_deleted_in_tribe")
            self.assert_told(self.problematic(), "remedy_deleted_in_tribe")
            self.assert_names_the_customer(tribe_id)
        move = self.booked_move(tribe_id)
        self.assertIn(sentence("remedy_deleted_in_tribe"), move.tribe_note)
        self.assertEqual(self.connection.invoice_differs_count, 1)
        listed = self.connection.action_open_differing_invoices()
        self.assertEqual(self.env["tribe.link"].search(listed["domain"]), self.link(tribe_id))
        self.assertFalse(self.problematic().can_book_again)
        self.problematic().action_leave_to_odoo()
        self.run_lanes()
        self.assertFalse(self.problems())
        self.assertFalse(self.connection.invoice_differs_count)

    def test_what_is_gone_on_both_sides_is_no_problem(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.button_cancel()
        self.run_nightly()
        self.assertTrue(self.problematic().can_book_again)
        self.sandbox.delete("Activity_Invoice", tribe_id)
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_what_an_older_version_left_differing_is_told_from_the_next_night_on(self):
        tribe_id, _line = self.differing()
        self.problematic().unlink()
        gone = self.send_new(self.line(100.0))
        self.sandbox.delete("Activity_Invoice", gone)
        self.link(gone).state = "gone"
        self.run_nightly()
        self.assertEqual(set(self.problematic().mapped("reference")), {tribe_id, gone})

    def test_who_left_it_to_odoo_is_kept(self):
        tribe_id, _line = self.differing()
        self.problematic().action_leave_to_odoo()
        link = self.link(tribe_id)
        self.assertEqual(link.state, "left_to_odoo")
        self.assertEqual(link.decided_by_id, self.env.user)
        self.assertTrue(link.decided_at)

    def test_it_is_booked_again_from_there(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.button_cancel()
        self.run_nightly()
        self.assert_told(self.problematic(), "remedy_not_booked")
        self.assert_never_told(self.problematic(), "remedy_differs")
        self.problematic().action_book_again()
        self.run_lanes()
        self.assertNotEqual(self.assert_booked_to_the_cent(tribe_id), move)
        self.assertFalse(self.problems())

    def test_the_form_says_it_once(self):
        tribe_id, _line = self.differing()
        note = self.booked_move(tribe_id).tribe_note
        assert_says([self.link(tribe_id).difference], "difference_of_fact")
        self.assertEqual(note.count(self.link(tribe_id).difference.splitlines()[0]), 1)


class TestBookedTwice(FactCase):
    def test_the_old_one_remembers_that_it_was_booked_again(self):
        self.connection.legal_entity_ids.number_policy = "odoo"
        tribe_id = self.send_new(self.line(100.0))
        old = self.booked_move(tribe_id)
        old.button_draft()
        old.button_cancel()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        new = self.booked_move(tribe_id)
        self.assertNotEqual(new, old)

        old.button_draft()
        with (
            self.assert_refused("invoice_booked_again", invoice=new.name),
            self.env.cr.savepoint(),
        ):
            old.action_post()

        new.button_draft()
        new.button_cancel()
        old.action_post()
        self.assertEqual(old.state, "posted")

    def test_a_copy_of_it_is_another_invoice(self):
        self.connection.legal_entity_ids.number_policy = "odoo"
        tribe_id = self.send_new(self.line(100.0))
        old = self.booked_move(tribe_id)
        old.button_draft()
        old.button_cancel()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("id", "!=", old.journal_id.id)], limit=1
        )
        copied = old.copy({"journal_id": journals.id, "invoice_date": self.today})
        copied.action_post()
        self.assertEqual(copied.state, "posted")


class TestUndonePayment(FactCase):
    def undone(self):
        """The ID of an invoice that was told Paid, and whose direct debit was undone."""
        tribe_id = self.send_new(self.line(100.0))
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.booked_move(tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        return tribe_id

    def test_it_needs_attention_and_is_moved_back_when_somebody_says_so(self):
        tribe_id = self.undone()
        self.assert_only_told(self.problematic(), "payment_undone")
        self.assertTrue(self.problematic().can_move_back)

        self.problematic().action_move_back()
        self.run_lanes()

        self.assertEqual(self.phase(tribe_id), "Sent")
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_it_is_gone_once_it_is_paid_again(self):
        tribe_id = self.undone()
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_ignored_it_stays_paid_in_tribe(self):
        tribe_id = self.undone()
        self.problematic().action_ignore()
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_where_undone_payments_are_told_nobody_is_asked(self):
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.booked_move(tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")
        self.assertFalse(self.problems())


class TestToldPaid(FactCase):
    def test_a_credit_note_is_not_told_while_its_invoice_is_a_draft(self):
        invoice = self.send_new(self.line(100.0))
        move = self.booked_move(invoice)
        credit = self.send_new(self.line(-100.0), CreditedInvoice={"ID": invoice})
        move.button_draft()
        self.connection._enqueue_payments()
        self.run_lanes()
        self.assertEqual(self.phase(credit), "Sent")
        move.action_post()
        self.run_nightly()
        self.assertEqual([self.phase(invoice), self.phase(credit)], ["Paid", "Paid"])

    def test_the_phase_is_known_however_its_code_is_written(self):
        for code in ("paid", "PAID"):
            with self.subTest(code):
                self.connection._phase("Paid").code = code
                tribe_id = self.send_new(self.line(100.0))
                self.pay(self.booked_move(tribe_id))
                self.run_nightly()
                self.assertEqual(self.phase(tribe_id), "Paid")
                self.assertTrue(self.link(tribe_id).told_paid)
                paid = self.draft(self.line(100.0))
                self.sandbox.set_phase(paid, "Sent")
                self.sandbox.set_phase(paid, "Paid")
                self.look_at("invoice", paid)
                self.assertTrue(self.link(paid).told_paid)


class TestIgnored(FactCase):
    def test_it_keeps_number_customer_amount_who_and_when(self):
        for is_known in (True, False):
            with self.subTest(is_known=is_known):
                vat_group = self.connection.legal_entity_ids.vat_group_ids.filtered(
                    lambda group: group.code == "NL9"
                )
                vat_group.tax_id = False
                if not is_known:
                    self.another_customer()
                tribe_id = self.send_new(self.line(100.0, vat="NL9"))
                self.problematic().action_ignore()

                link = self.link(tribe_id)
                row = self.tribe_row("Activity_Invoice", tribe_id)
                self.assertEqual(link.display_name, row["Number"])
                name = "Ander B.V." if not is_known else self.partner.name
                self.assertEqual(link.customer_name, name)
                self.assertEqual(link.amount_total, 109.0)
                self.assertEqual(link.currency_id.name, "EUR")
                self.assertEqual(link.invoice_date, self.today)
                self.assertEqual(link.decided_by_id, self.env.user)
                self.assertTrue(link.decided_at)

    def test_it_keeps_what_can_be_read_of_one_that_cannot_be_read_whole(self):
        """The one that is booked by hand, and ignored: Tribe does not let it be corrected."""
        self.sandbox.switch(final_invoice_writable="all")
        changes = (
            ({"TotalExcludingVat": 77.0}, ("EUR", 121.0)),
            ({"TotalExcludingVat": 77.0, "TotalIncludingVat": None}, ("EUR", 0.0)),
            ({"Currency": "XXX"}, (False, 121.0)),
            ({self.connection._invoice_fields().date: "gisteren"}, ("EUR", 121.0)),
        )
        for values, (currency, total) in changes:
            with self.subTest(values):
                tribe_id = self.draft(self.line(100.0))
                self.sandbox.set_phase(tribe_id, "Sent")
                with self.tribe_shows(**values):
                    self.look_at("invoice", tribe_id)
                self.problematic().action_ignore()

                link = self.link(tribe_id)
                is_dated = "gisteren" not in values.values()
                self.assertEqual(link.display_name, self.number_of(tribe_id))
                self.assertEqual(link.customer_name, self.partner.name)
                self.assertEqual(link.invoice_date, is_dated and self.today)
                self.assertEqual((link.currency_id.name, link.amount_total), (currency, total))

    def another_customer(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Ander B.V."})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

    def test_the_customers_name_goes_with_the_contact(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = False
        tribe_id = self.send_new(self.line(100.0, vat="NL9"))
        self.problematic().action_ignore()
        link, number = self.link(tribe_id), self.number_of(tribe_id)
        self.assertEqual(link.customer_name, self.partner.name)

        self.partner.unlink()

        self.assertFalse(link.customer_name)
        self.assertEqual((link.display_name, link.amount_total), (number, 109.0))

    def test_it_is_booked_after_all(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        vat_group = groups.filtered(lambda group: group.code == "NL9")
        vat_group.tax_id = False
        tribe_id = self.send_new(self.line(100.0, vat="NL9"))
        self.problematic().action_ignore()
        vat_group.tax_id = self.tax("9% ST")
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.assertEqual(self.booked_move(tribe_id).state, "posted")


class TestAdoptAllThatAgree(FactCase):
    """As after the connection was made anew: the books have everything, the links are gone."""

    def setUp(self):
        super().setUp()
        self.ids = [self.send_new(self.line(100.0 + number)) for number in range(6)]
        self.moves = [self.booked_move(tribe_id) for tribe_id in self.ids]
        self.env["tribe.link"].search([("kind", "=", "invoice")]).unlink()
        self.look_at("invoice", *self.ids)
        self.assertEqual(len(self.problems()), 6)

    def plan(self):
        action = self.connection.action_plan_adoption()
        self.assertEqual(action["res_model"], "tribe.work")
        return self.env["tribe.work"].search(action["domain"])

    def test_the_plan_shows_what_agrees_and_then_it_is_adopted(self):
        planned = self.plan()
        self.assertEqual(set(planned.mapped("reference")), set(self.ids))
        self.assertEqual(planned.move_to_adopt_id, self.env["account.move"].union(*self.moves))
        shown = planned.filtered(lambda work: work.reference == self.ids[0])
        self.assertEqual(
            (shown.record_name, shown.customer_name, shown.amount_total, shown.invoice_date),
            (self.moves[0].name, self.partner.name, 121.0, self.today),
        )
        self.assertFalse(self.env["tribe.link"].search([("kind", "=", "invoice")]))

        planned.action_adopt_agreeing()
        self.run_lanes()

        for tribe_id, move in zip(self.ids, self.moves, strict=True):
            self.assertEqual(self.booked_move(tribe_id), move)
            self.assertEqual(
                (self.link(tribe_id).state, self.link(tribe_id).difference), ("linked", False)
            )
        self.assertFalse(self.problems())

    def test_what_does_not_agree_is_left(self):
        with self.unasserted():
            changes = (
                {"partner_id": self.env["res.partner"].create({"name": "Een ander"}).id},
                {"invoice_date": self.today - timedelta(days=1), "date": self.today},
                {
                    "invoice_line_ids": [
                        Command.update(self.moves[2].invoice_line_ids.id, {"price_unit": 5})
                    ]
                },
                {"currency_id": self.dollar().id},
                # The same total with other VAT: what is declared would be wrong.
                {
                    "invoice_line_ids": [
                        Command.update(
                            self.moves[4].invoice_line_ids.id,
                            {
                                "tax_ids": [Command.set(self.tax("9% ST").ids)],
                                "price_unit": self.moves[4].amount_total / 1.09,
                            },
                        )
                    ]
                },
            )
            total = self.moves[4].amount_total
            for move, values in zip(self.moves, changes, strict=False):
                move.button_draft()
                move.write(values)
                move.action_post()
        self.assertEqual(self.moves[4].amount_total, total)
        self.assertEqual(set(self.plan().mapped("reference")), set(self.ids[5:]))

        # Also when somebody asks for all.
        self.problematic().action_adopt_agreeing()
        self.run_lanes()

        self.assertEqual(set(self.problematic().mapped("reference")), set(self.ids[:5]))
        self.assertEqual([self.booked_move(each) for each in self.ids[5:]], self.moves[5:])

    def test_it_is_the_invoice_of_who_has_the_relationship_now(self):
        """The relationship was moved, and no relation was looked at since."""
        (other,) = [
            row
            for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)
            if row["Organization"] != self.customer["Organization"] and not row["IsFormer"]
        ][:1]
        self.env["tribe.work"]._add(
            self.connection, "inbound", "organization", [other["Organization"]], "poll"
        )
        self.run_lanes()
        partner = self.env["res.partner"].search([("tribe_id", "=", other["Organization"])])
        before, right = self.moves[:2]
        with self.unasserted():
            right.button_draft()
            right.partner_id = partner
            right.action_post()
        self.sandbox.change(
            ORGANIZATION_CUSTOMER,
            self.customer["ID"],
            {"Organization": {"ID": other["Organization"]}},
        )
        self.look_at("invoice", *self.ids[:2])

        self.assertEqual(self.plan().move_to_adopt_id & (before | right), right)
        self.problematic().action_adopt_agreeing()
        self.run_lanes()
        self.assertEqual(self.booked_move(self.ids[1]), right)
        self.assertEqual(self.link(self.ids[1]).state, "linked")
        self.assertFalse(self.link(self.ids[0]))

    def test_nothing_is_taken_for_one_whose_customer_is_not_in_odoo(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Ander B.V."})
        self.sandbox.change(
            ORGANIZATION_CUSTOMER,
            self.customer["ID"],
            {"Organization": {"ID": organization["ID"]}},
        )
        self.look_at("invoice", *self.ids)
        self.assertFalse(self.plan().move_to_adopt_id)
