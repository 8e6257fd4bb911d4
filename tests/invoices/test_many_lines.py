import uuid
from decimal import Decimal
from unittest.mock import patch

from told import assert_says

from odoo.addons.tribe_connector.engine import turn
from odoo.addons.tribe_connector.invoices import (
    booker_checks,
    importer,
)
from odoo.addons.tribe_connector.sentence import MOST_ITEMS, sentence
from odoo.addons.tribe_connector.tribe_api import Turn
from odoo.addons.tribe_connector.tribe_api.client import Client

from .invoice_case import InvoiceCase

AMOUNTS = (
    *("Price", "VatAmount", "TotalExcludingVat", "TotalIncludingVat"),
    *("TotalExcludingVatInCurrency", "TotalIncludingVatInCurrency", "VatAmountInCurrency"),
)


class TestManyLines(InvoiceCase):
    """What Odoo could not book before it ends the worker is not begun."""

    def test_an_invoice_with_too_many_lines_is_held_and_can_be_adopted(self):
        self.patch(booker_checks, "MOST_LINES", 2)
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

    def test_what_is_held_is_read_once(self):
        self.connection.legal_entity_ids.vat_group_ids.tax_id = False
        importer = self.registry["tribe.invoice.importer"]
        with patch.object(
            importer, "_read_booking", autospec=True, side_effect=importer._read_booking
        ) as read:
            tribe_id = self.send_new(self.line(10.0))

        self.assertTrue(self.work(tribe_id).error)
        self.assertEqual(read.call_count, 1)

    def test_invoices_with_many_lines_together_are_booked_in_several_turns(self):
        self.patch(importer, "MOST_LINES", 3)
        tribe_ids = [self.draft(*[self.line(10.0)] * 2) for _number in range(3)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        booked = []
        flow = self.registry["tribe.invoice.booker"]
        book = flow._book

        def noted(self, batch, bookings):
            booked.append(len(bookings))
            # Odoo took all of the turn for it.
            turn._row.started -= turn.LONGEST_ROW_SECONDS
            return book(self, batch, bookings)

        with patch.object(flow, "_book", noted):
            self.look_at("invoice", *tribe_ids)
            waiting = self.env["tribe.work"].search([("reference", "in", tribe_ids)])
            self.assertEqual(set(waiting.mapped("error")) - {False}, set())
            for _turn in range(2):
                self.env["tribe.work"].search([("reference", "in", tribe_ids)]).due = "2000-01-01"
                self.run_lanes()

        self.assertEqual(booked, [1, 1, 1])
        for tribe_id in tribe_ids:
            self.assert_booked_to_the_cent(tribe_id)

    def done_in_turns(self, method, tribe_ids):
        """Which invoices are done in each batch where each of them takes all of the turn."""
        self.patch(turn, "current_turn", lambda: Turn(ends_at=0))
        flow = self.registry["tribe.invoice.importer"]
        takes_long = getattr(flow, method)
        batches = []

        def noted(self, batch, *args):
            batches.append(batch)
            return takes_long(self, batch, *args)

        self.patch(flow, method, noted)
        self.look_at("invoice", *tribe_ids)
        for _turn in tribe_ids[1:]:
            late = self.env["tribe.work"].search([("kind", "=", "invoice"), ("error", "=", False)])
            late.due = "2000-01-01"
            self.run_lanes()
        return [batches.count(batch) for batch in dict.fromkeys(batches)]

    def test_booked_invoices_with_many_lines_are_compared_in_several_turns(self):
        tribe_ids = [self.send_new(self.line(10.0)) for _number in range(3)]

        done = self.done_in_turns("_compare_booked", tribe_ids)

        # Each of them once more, as Tribe told of a change that does not show.
        self.assertGreaterEqual(len(done), 3)
        self.assertEqual(set(done), {1})
        self.assertFalse(self.problematic())

    def test_so_are_new_ones_that_cannot_be_booked_read(self):
        tribe_ids = [self.draft(self.line(10.0)) for _number in range(3)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        self.connection.legal_entity_ids.vat_group_ids.tax_id = False
        self.env["tribe.work"].search([]).unlink()

        self.assertEqual(self.done_in_turns("_read_to_book", tribe_ids), [1, 1, 1])
        self.assertEqual(len(self.problematic()), 3)


class TestManyAmounts(InvoiceCase):
    """Of what differs only as much is looked up as is told."""

    COUNT = 300

    def differing(self, count, key):
        return {key(): "1.00" for _number in range(count)}

    def queries(self, link, name, amounts):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        link._shown_of_both(name, amounts, {})
        return self.env.cr.sql_log_count - before

    def test_accounts_and_taxes(self):
        link = self.link(self.send_new(self.line(10.0)))
        ids = iter(range(10**6, 10**7))
        for name, key in (
            ("nets", lambda: f"{next(ids)}/{next(ids)}+{next(ids)}"),
            ("vat_by_tax", lambda: str(next(ids))),
            ("lines", lambda: f"{uuid.uuid4()}/{uuid.uuid4()}"),
        ):
            with self.subTest(name):
                few = self.queries(link, name, self.differing(MOST_ITEMS + 1, key))
                many = self.queries(link, name, self.differing(self.COUNT, key))
                self.assertLessEqual(many, few)

    def test_rows_of_mapping_are_not_gone_through_for_each_line(self):
        tribe_id = self.send_new(self.line(1.0 * self.COUNT))
        gone_through = []
        for model in ("tribe.vat.group", "tribe.ledger.account"):
            filtered = self.registry[model].filtered

            def noted(records, func, filtered=filtered):
                if callable(func):
                    gone_through.append(len(records))
                return filtered(records, func)

            self.patch(self.registry[model], "filtered", noted)
        by_values = Client.by_values

        def other_lines(client, entity_set, path, values, **options):
            rows = by_values(client, entity_set, path, values, **options)
            for row in rows if entity_set == "Activity_Invoice" else ():
                (line,) = row["ProductLines"]
                line |= {
                    name: value / self.COUNT for name, value in line.items() if name in AMOUNTS
                }
                row["ProductLines"] = [
                    {**line, "ID": str(uuid.uuid4()), "VatGroup": {"ID": str(uuid.uuid4())}}
                    for _number in range(self.COUNT)
                ]
            return rows

        self.patch(Client, "by_values", other_lines)
        self.look_at("invoice", tribe_id)

        self.assertEqual(sum(gone_through), 0)
        more = str(sentence("and_more", count=self.COUNT + 1 - MOST_ITEMS))
        self.assertIn(more, self.link(tribe_id).difference)

    def test_what_is_known_is_named(self):
        link = self.link(self.send_new(self.line(10.0)))
        (key,) = link.agreed["lines"]
        group = self.connection.legal_entity_ids.vat_group_ids.filtered_domain(
            [("tribe_id", "=", self.vat_group("NL21"))]
        )[:1]
        (shown,), _booked = link._shown_of_both("lines", {key: "12.00"}, {key: "10.00"})
        assert_says([shown], "amount_of", amount=Decimal("12.00"))
        self.assertIn(group.name, shown)
