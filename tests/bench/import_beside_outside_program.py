"""Importing relations, compared with an outside program that reads Tribe and writes Odoo."""

import itertools
import time

from end_to_end.waiting import until
from end_to_end.world import World, world
from tribe_sandbox.process import SandboxProcess

from .core import TURNS, Measured, pair
from .in_tribe import ORGANIZATION
from .rate import count_linked
from .real import make_relations, note

EACH = 200
QUICK_EACH = 40
QUICK_TURNS = 3
LEAST_RATIO = 12
SWITCHES = {"rate_limit": 10**6}


def measure(quick: bool) -> Measured:
    """Both with what it takes to read Tribe; the program asks Odoo for each before it makes it."""
    each = QUICK_EACH if quick else EACH
    options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world(
        "tribe_bench_outside", seed=None, sandbox_options=options, max_cron_threads=2
    ) as both:
        both.connect(calls_per_window=10**6)
        both.map()
        both.activate()
        program = OutsideProgram(both.sandbox, both)
        imported(both, each)
        took = pair(
            lambda: program.run(each),
            lambda: imported(both, each),
            QUICK_TURNS if quick else TURNS,
        )
    return Measured(
        f"{took.ratio:.1f} x faster",
        took.ratio >= LEAST_RATIO,
        {"seconds_each": took.figures(), "relations_a_turn": each},
    )


def imported(both: World, count: int) -> float:
    """How many seconds each of so many relations takes that the connector imports."""
    ids = make_relations(both, count)
    expected = count_linked(both) + count
    started = time.monotonic()
    note(both, ids)
    until("the import", lambda: count_linked(both) >= expected, pause=0.05)
    return (time.monotonic() - started) / count


class OutsideProgram:
    """What somebody writes in a day: for each relation a look-up by its number, and a create."""

    def __init__(self, sandbox: SandboxProcess, both: World):
        self._sandbox = sandbox
        self._both = both
        self._numbers = itertools.count(1)

    def run(self, count: int) -> float:
        """How many seconds each of so many takes."""
        for number in itertools.islice(self._numbers, count):
            self._sandbox.create(
                ORGANIZATION,
                {
                    "Name": f"Aannemer {number} B.V.",
                    "DebtorNumber": f"{700_000 + number}",
                    "EmailAddress": f"kantoor@aannemer{number}.example",
                    "PhoneNumber": f"+31 30 {number:07d}",
                },
            )
        started = time.monotonic()
        rows = self._both.tribe.rows(ORGANIZATION)
        mine = [row for row in rows if (row["DebtorNumber"] or "").startswith("7")][-count:]
        for row in mine:
            self._create(row)
        return (time.monotonic() - started) / count

    def _create(self, row: dict) -> None:
        odoo = self._both.odoo
        odoo.call("res.partner", "search", domain=[["debtor_number", "=", row["DebtorNumber"]]])
        odoo.create(
            "res.partner",
            name=row["Name"],
            is_company=True,
            customer_rank=1,
            debtor_number=row["DebtorNumber"],
            email=row["EmailAddress"],
            phone=row["PhoneNumber"],
        )
