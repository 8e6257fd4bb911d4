"""What looks cost where a tenant has very many invoices: calls, counted.

With ``--full`` 100,000 on pages of a hundred; else 120 on pages of five. A quarter are drafts, half
are open.
"""

from collections import Counter
from datetime import timedelta
from unittest import mock

from choices import IS_FULL
from dateutil.relativedelta import relativedelta

from odoo.addons.tribe_connector.tribe_api import exchange

from .test_looking import LookingCase

INVOICES = 100_000 if IS_FULL else 120
SEEDED = 1_000 if IS_FULL else 40
PAGE = 100 if IS_FULL else 5
CALLS_TO_INTERRUPTION = 200 if IS_FULL else 10


class TestManyInvoices(LookingCase):
    """A tenant whose invoices are those of another system's books: none is booked here."""

    # What a night costs is all that it does.
    left_out = ("poll",)

    def setUp(self):
        super().setUp()
        self.connection.phase_ids.is_booked = False
        self.run_lanes()
        # Whatever Tribe does, no call is the last one for long.
        self.connection.failures_before_pause = 10**6
        self.seed_tribe(invoices=SEEDED, page_limit=PAGE, phase_touches_invoice=True)
        self.sandbox.multiply_invoices(INVOICES // SEEDED)
        self.read = Counter()

    def seed_tribe(self, *, invoices=0, **switches):
        switches = {"webhook_paused": True, **switches}
        self.sandbox.reset(keep_webhooks=True, invoices=invoices, switches=switches)

    def count_rows(self):
        """Count how often each invoice is read from here on, in ``read``."""

        def parsed(body, parse=exchange.parsed_json):
            found = parse(body)
            rows = found.get("value", []) if isinstance(found, dict) else []
            self.read.update(row["ID"] for row in rows if "InvoiceDate" in row and "ID" in row)
            return found

        return mock.patch.object(exchange, "parsed_json", parsed)

    def begin_first_look(self):
        self.env["tribe.invoice.comparer"]._begin(self.connection, None, "initial")

    def interrupt(self):
        """Have every call fail after so many, until ``go_on``."""
        self.sandbox.fault("status", status=500, times=None, skip=CALLS_TO_INTERRUPTION)

    def go_on(self):
        """Have what waits after a failure be due."""
        self.sandbox.clear_faults()
        self.env["tribe.work"].search([]).due = "2020-01-01"

    def pass_night(self, days=1):
        """To its end: on a slow machine the turn of a lane is over before."""
        super().pass_night(days)
        while works := self.env["tribe.work"].search([("kind", "=", "invoices")]):
            works.due = "2020-01-01"
            self.run_lanes()

    def seen(self):
        self.env.cr.execute("SELECT count(*) FROM tribe_sighting WHERE look IS NOT NULL")
        return self.env.cr.fetchone()[0]

    def test_what_looks_and_nights_cost(self):
        interruptions = 0
        self.begin_first_look()
        with self.count_rows():
            while self.env["tribe.work"].search([]):
                self.interrupt()
                self.run_lanes()
                self.go_on()
                interruptions += 1
                self.assertLessEqual(interruptions, INVOICES / PAGE)
        self.assertGreater(interruptions, 2)
        self.assertEqual(self.seen(), INVOICES)
        self.assertEqual(len(self.read), INVOICES)
        self.assertLessEqual(max(self.read.values()), 2)

        self.look()
        self.forget_changes()
        with self.subTest("a quiet look"):
            self.assertLessEqual(self.calls(self.look), 5)

        # The first is the weekly one, of what is older too.
        self.pass_night()
        open_periods = self.in_open_periods()
        with self.subTest("a quiet night", invoices=open_periods):
            calls = self.calls(self.pass_night)
            self.assertLessEqual(calls, open_periods / (PAGE - 1) + 15)

        self.connection.dates_tell = True
        self.pass_night()
        self.forget_changes()
        with self.subTest("a quiet night by dates"):
            self.assertLessEqual(self.calls(self.pass_night), 20)

    def in_open_periods(self):
        first = f"{self.today - relativedelta(months=4) - timedelta(days=1)}"
        rows = self.sandbox.rows("Activity_Invoice")
        return sum(bool(row["InvoiceDate"]) and row["InvoiceDate"] >= first for row in rows)
