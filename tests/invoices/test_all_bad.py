"""What a batch of invoices costs that cannot be booked, measured by one that can."""

import contextlib
from unittest.mock import patch

from connector.common import LONG, ORGANIZATION_CUSTOMER
from connector.mutations import OddAnswers

from odoo.exceptions import UserError, ValidationError

from odoo.addons.account.models.account_move import AccountMove
from odoo.addons.tribe_connector.engine import turn
from odoo.addons.tribe_connector.invoices.booking import BOOKING
from odoo.addons.tribe_connector.tribe_api import turn as turn_of_tribe

from .invoice_case import InvoiceCase

COUNT = 12
# Of the queries of a good batch: what is said of each before another one is begun.
MOST = 1.5
# And where each has to be asked for alone, or tried alone to the very end of what Odoo does with
# it: nothing is shared then of what good ones look up at once.
MOST_ASKED_ALONE = 2
MOST_ALONE = 4.5
REFUSAL = "Deze niet."
DIFFERS = "invoice_would_differ"


class BadCase(OddAnswers, InvoiceCase):
    """Invoices that come at once, and what can be wrong with some of them."""

    def setUp(self):
        super().setUp()
        self.groups = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL21"
        )
        self.sandbox.switch(due_date_name="")
        self.connect()
        # What is asked only once is asked here.
        self.queries(self.sent(1))

    def sent(self, count=COUNT, **values):
        tribe_ids = [self.draft(self.line(100.0), **values) for _number in range(count)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_ids

    def queries(self, tribe_ids):
        """How many queries it takes to look at some invoices."""
        self.env["tribe.work"]._add(self.connection, "inbound", "invoice", tribe_ids, "poll")
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.run_lanes()
        return self.env.cr.sql_log_count - before

    def assert_booked(self, tribe_ids):
        for tribe_id in tribe_ids:
            self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())

    def assert_each_held(self, tribe_ids):
        """And nothing else is."""
        self.assertEqual(set(self.problematic().mapped("reference")), set(tribe_ids))
        for tribe_id in tribe_ids:
            self.assertFalse(self.link(tribe_id))

    def numbers(self, tribe_ids):
        return {self.number_of(tribe_id) for tribe_id in tribe_ids}

    # What Odoo or an addon refuses

    def refusing(self, name, *, before, numbers=None):
        """While this lasts an addon refuses invoices, in a method of Odoo; by default all.

        :param before: whether it looks before Odoo has done it, or afterwards
        """
        original = getattr(AccountMove, name)

        def check(moves):
            for move in moves:
                if of_lane(move) and (numbers is None or move.payment_reference in numbers):
                    raise UserError(REFUSAL)

        def refuse(moves, *arguments, **options):
            if before:
                check(moves)
            done = original(moves, *arguments, **options)
            if not before:
                check(done)
            return done

        return patch.object(AccountMove, name, refuse)

    def constraint(self, model, *fields, which=lambda _record: True):
        """While this lasts an addon has a constraint, which nothing that a lane makes meets."""

        def check(records):
            for record in records:
                if of_lane(record) and which(record):
                    raise ValidationError(REFUSAL)

        check._constrains = fields
        methods = self.registry[model]._constraint_methods
        return patch.object(self.registry[model], "_constraint_methods", [*methods, check])

    def other_due_date(self):
        """While this lasts an addon gives invoices another due date when they are posted."""
        post = AccountMove._post

        def post_otherwise(moves, *arguments, **options):
            posted = post(moves, *arguments, **options)
            if of_lane(moves):
                posted.invoice_date_due = "2039-01-01"
            return posted

        return patch.object(AccountMove, "_post", post_otherwise)

    @contextlib.contextmanager
    def vat_of_another_percentage(self):
        tax = self.groups.tax_id
        self.groups.tax_id = self.tax("9% ST")
        yield
        self.groups.tax_id = tax

    @contextlib.contextmanager
    def tax_of_another_country(self):
        country = self.env.ref("base.be")
        group = self.env["account.tax.group"].create(
            {"name": "BE", "country_id": country.id, "company_id": self.company.id}
        )
        tax = self.groups.tax_id
        values = {"name": "21% BE", "country_id": country.id, "tax_group_id": group.id}
        position = self.env["account.fiscal.position"].create(
            {"name": "BE", "country_id": country.id, "foreign_vat": "BE0477472701"}
        )
        self.groups.tax_id = tax.copy(values)
        position.active = False
        yield
        self.groups.tax_id = tax


def of_lane(records):
    return records.env.context.get("tribe_booking") is BOOKING


class TestAllBad(BadCase):
    """Twelve invoices come at once, and none of them can be booked."""

    measured = None

    def of_good_ones(self):
        """How many queries good ones take."""
        if not self.measured:
            tribe_ids = self.sent()
            type(self).measured = self.queries(tribe_ids)
            self.assert_booked(tribe_ids)
        return self.measured

    def assert_costs(self, bad, most, code):
        """Each of them is held, and all of that costs at most so much of what good ones cost."""
        good, tribe_ids = self.of_good_ones(), self.sent()
        with bad:
            self.assertLessEqual(self.queries(tribe_ids), most * good)
        self.assert_each_held(tribe_ids)
        for work in self.problematic():
            self.assert_told(work, code)

    def test_vat_of_another_percentage(self):
        self.assert_costs(self.vat_of_another_percentage(), MOST, "vat_of_groups_differs")

    def test_a_tax_of_another_country(self):
        self.assert_costs(self.tax_of_another_country(), MOST, "invoice_taxes_of_countries")

    def test_a_fact_that_differs_after_posting(self):
        self.assert_costs(self.other_due_date(), MOST, DIFFERS)

    def test_a_constraint_of_an_addon(self):
        for model, name in (("account.move", "partner_id"), ("account.move.line", "name")):
            with self.subTest(model):
                self.assert_costs(self.constraint(model, name), MOST, "said_by_odoo")
                self.env["tribe.work"].search([]).unlink()

    def test_an_addon_that_refuses_to_post(self):
        self.assert_costs(self.refusing("_post", before=True), MOST, "said_by_odoo")

    def test_an_addon_that_refuses_what_is_posted_or_created(self):
        for name in ("_post", "create"):
            with self.subTest(name):
                refusing = self.refusing(name, before=False)
                self.assert_costs(refusing, MOST_ALONE, "said_by_odoo")
                self.env["tribe.work"].search([]).unlink()

    def test_a_payment_term_that_is_none(self):
        self.assert_costs(self.of_customer(PaymentTermInDays=-1), MOST, "value_not_a_whole_number")

    @contextlib.contextmanager
    def of_customer(self, **values):
        before = {name: self.customer[name] for name in values}
        self.sandbox.change(ORGANIZATION_CUSTOMER, self.customer["ID"], values)
        yield
        self.sandbox.change(ORGANIZATION_CUSTOMER, self.customer["ID"], before)

    def test_a_customer_of_another_shape(self):
        odd = self.answering(ORGANIZATION_CUSTOMER, self.customer["ID"], {"AccountManager": "Jan"})
        self.assert_costs(odd, MOST_ASKED_ALONE, "record_unreadable")


class TestSomeBad(BadCase):
    """Of twelve invoices some cannot be booked."""

    def attempts(self, tribe_ids):
        """How many entries are made at once each time."""
        create, made = AccountMove.create, []

        def noted(moves, vals_list):
            made.append(len(vals_list))
            return create(moves, vals_list)

        with patch.object(AccountMove, "create", noted):
            self.queries(tribe_ids)
        return made

    def test_what_is_said_of_one_costs_the_others_one_time_more(self):
        for count in (1, COUNT // 2):
            with self.subTest(count):
                bad = [*self.sent(count, ProductLines=[self.line(100.0, vat="NL9")])]
                good = self.sent(COUNT - count)
                group = self.groups.legal_entity_id.vat_group_ids.filtered(
                    lambda group: group.code == "NL9"
                )
                group.tax_id = self.tax("21% ST")

                self.assertEqual(self.attempts([*good, *bad]), [COUNT, len(good)])

                self.assert_booked(good)
                self.assert_each_held(bad)
                self.env["tribe.work"].search([]).unlink()

    def test_so_does_one_that_an_addon_refuses_to_post(self):
        for before in (True, False):
            with self.subTest(before=before):
                tribe_ids = self.sent()
                bad = tribe_ids[5:6]
                with self.refusing("_post", before=before, numbers=self.numbers(bad)):
                    self.assertEqual(self.attempts(tribe_ids), [COUNT, COUNT - 1])
                self.assert_booked([each for each in tribe_ids if each not in bad])
                self.assert_each_held(bad)
                self.env["tribe.work"].search([]).unlink()

    def test_one_that_cannot_be_made_has_the_others_made_in_ever_larger_parts(self):
        # In the order in which Tribe sends them.
        tribe_ids = sorted(self.sent())
        bad = tribe_ids[:1]
        with self.refusing("create", before=False, numbers=self.numbers(bad)):
            self.assertEqual(self.attempts(tribe_ids), [12, 1, 1, 2, 4, 4])
        self.assert_booked(tribe_ids[1:])
        self.assert_each_held(bad)

    def test_of_many_that_cannot_be_made_none_is_tried_twice_alone(self):
        tribe_ids = sorted(self.sent())
        bad = tribe_ids[::2]
        with self.refusing("create", before=False, numbers=self.numbers(bad)):
            made = self.attempts(tribe_ids)
        self.assertEqual(made.count(1), COUNT)
        self.assertLessEqual(len(made), 1 + 1.5 * COUNT)
        self.assert_booked(tribe_ids[1::2])
        self.assert_each_held(bad)

    def test_an_entry_that_is_made_along_with_them_and_refused(self):
        post = AccountMove._post
        journal = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.company.id)], limit=1
        )

        def post_with_entry(moves, *arguments, **options):
            if of_lane(moves) and moves[0].is_invoice():
                moves.create({"move_type": "entry", "journal_id": journal.id})
            return post(moves, *arguments, **options)

        tribe_ids = self.sent(2)
        refusing = self.constraint(
            "account.move", "journal_id", which=lambda move: move.move_type == "entry"
        )
        with refusing, patch.object(AccountMove, "_post", post_with_entry):
            self.queries(tribe_ids)

        self.assert_each_held(tribe_ids)
        for work in self.problematic():
            self.assert_told(work, "said_by_odoo")

    def test_what_was_held_before_is_not_made_with_what_is_new(self):
        bad = self.sent(3)
        with self.refusing("create", before=False):
            self.queries(bad)
            new = self.sent(2)
            self.problematic().due = "2020-01-01"
        with self.refusing("create", before=False, numbers=self.numbers(bad)):
            self.assertEqual(self.attempts(new)[:2], [2, 3])
        self.assert_booked(new)
        self.assert_each_held(bad)

    def test_what_there_is_no_time_for_is_done_in_the_next_turns(self):
        """Each attempt takes all the time of a turn."""
        self.patch(turn_of_tribe, "NEXT_TURN_SECONDS", LONG)
        for name, before in (("create", False), ("_post", True), ("_post", False)):
            with self.subTest(name, before=before):
                waiting = tribe_ids = self.sent(4)
                bad, good = tribe_ids[:2], tribe_ids[2:]
                with self.slow(name), self.refusing(name, before=before, numbers=self.numbers(bad)):
                    while waiting:
                        self.assertLessEqual(len(self.attempts(waiting)), 2)
                        before_turn, waiting = waiting, self.waiting()
                        self.assertLess(len(waiting), len(before_turn))
                self.assert_booked(good)
                self.assert_each_held(bad)
                self.env["tribe.work"].search([]).unlink()

    def waiting(self):
        """The invoices that wait for the next turn, whose time begins."""
        works = self.env["tribe.work"].search([("error", "=", False)])
        works.due = "2020-01-01"
        return list(dict.fromkeys(works.mapped("reference")))

    def slow(self, name):
        """Odoo takes all of a turn each time it does something."""
        original = getattr(AccountMove, name)

        def take_long(*arguments):
            turn._row.started -= turn.LONGEST_ROW_SECONDS
            return original(*arguments)

        return patch.object(AccountMove, name, take_long)
