"""Booking Sent invoices of Tribe, compared with bare batches of the same entries, posted."""

import itertools
import random
import time

from .core import Measured, counting_queries, pair
from .in_tribe import CUSTOMER
from .inside import Inside, capturing_creates, inside

BATCH = 50
MOST_RATIO = 1.25
# 4.6 on average.
LINES = (4, 5, 5, 4, 5)
CUSTOMERS = 10
INVOICE = "Activity_Invoice"
PHASE = "Datastore_Phase_ActivityInvoice"
# What our booking keeps in the context for itself alone.
OWN_STATE = ("tribe_refused", "tribe_asker")


def measure(quick: bool) -> Measured:
    """Ten customers, one company; without PDFs."""
    size = BATCH if quick else 4 * BATCH
    with inside("tribe_bench_book") as both:
        both.activate(fetch_documents=False)
        both.note("organization", both.relations(CUSTOMERS))
        both.run_lanes()
        tribe = Invoices(both)
        with capturing_creates(both.env, "account.move") as noted:
            both.note("invoice", tribe.send(BATCH))
            both.run_lanes()
        env, _values = noted[0]
        floor = Floor(both, env, [vals for _env, vals_list in noted for vals in vals_list])
        queries: dict[str, list[float]] = {"connector": [], "bare": []}

        def connector() -> float:
            both.note("invoice", tribe.send(size))
            with counting_queries() as counted:
                seconds = both.timed(both.run_lanes)
            queries["connector"].append(counted.queries / size)
            return seconds / size

        def bare() -> float:
            with counting_queries() as counted:
                seconds = floor.book(size)
            queries["bare"].append(counted.queries / size)
            return seconds / size

        bare()
        took = pair(connector, bare)
    each = {name: sorted(counts)[len(counts) // 2] for name, counts in queries.items()}
    return Measured(
        f"{took.ratio:.2f} x; {each['connector']:.1f} queries each, bare {each['bare']:.1f}",
        took.ratio <= MOST_RATIO,
        {"seconds_each": took.figures(), "queries_each": each, "invoices_a_turn": size},
    )


class Invoices:
    """Invoices that are made and sent in Tribe."""

    def __init__(self, both: Inside):
        self._sandbox = both.sandbox
        customers = self._sandbox.rows(CUSTOMER)
        self._customers = itertools.cycle([row["ID"] for row in customers])
        self._lines = itertools.cycle(LINES)
        self._group = self._sandbox.rows("Datastore_VatGroup", Code="NL21")[0]["ID"]
        # As they come: of many an invoice Odoo rounds VAT otherwise than Tribe does.
        self._random = random.Random(0)

    def send(self, count: int, **columns) -> list[str]:
        """Make and send so many; returns their IDs. ``columns`` is what else they have."""
        made = []
        for _number in range(count):
            row = self._sandbox.create(
                INVOICE,
                {
                    "Subject": "Onderhoud",
                    "Currency": "EUR",
                    "Relationship": {"ID": next(self._customers)},
                    "ProductLines": [self._line(line) for line in range(next(self._lines))],
                    **columns,
                },
            )
            self._sandbox.set_phase(row["ID"], "Sent")
            made.append(row["ID"])
        return made

    def _line(self, number: int) -> dict:
        return {
            "Description": f"Werkzaamheden {number + 1}",
            "Quantity": float(self._random.randint(1, 12)),
            "Price": round(self._random.uniform(1, 750), 2),
            "VatGroup": {"ID": self._group},
        }


class Floor:
    """Bare batches of the entries that the connector booked, under other numbers."""

    def __init__(self, both: Inside, env, vals_list: list[dict], prefix: str = "BARE"):
        self._both = both
        self._prefix = prefix
        context = {name: it for name, it in env.context.items() if name not in OWN_STATE}
        self._moves = both.env["account.move"].with_env(
            both.env(user=env.uid, context=context, su=env.su)
        )
        self._vals_list = itertools.cycle(vals_list)
        self._numbers = itertools.count(1)

    def book(self, count: int) -> float:
        """Create and post so many in batches; returns how many seconds that took."""
        every = [self._next() for _number in range(count)]
        started = time.perf_counter()
        for start in range(0, count, BATCH):
            moves = self._moves.create(every[start : start + BATCH])
            moves._post(soft=False)
            self._both.commit()
        return time.perf_counter() - started

    def _next(self) -> dict:
        vals, number = next(self._vals_list), f"{self._prefix}{next(self._numbers):06d}"
        return {**vals, "name": number, "payment_reference": number}
