"""Very many partners: plan and initial synchronization in chunks, killed and resumed in the middle.

Only with ``--full``; TRIBE_SCALE says how many (20,000). Prints what it took.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from choices import IS_FULL

from .waiting import until
from .world import world

SIZE = int(os.environ.get("TRIBE_SCALE", "20000"))
RELATIONS = max(SIZE // 20, 20)
# Memory is measured from here on: until then Odoo fills its caches.
WARM = min(2000, SIZE // 4)
MOST_GROWTH = 1.15
MOST_SECONDS = SIZE * 1.0 + 600
# Nobody waits for Tribe's limit here, nor for its webhooks about what we just wrote.
SWITCHES = {"rate_limit": 10**9, "webhook_drop_rate": 1.0}
WAITS = {"settle_seconds": 3, "back_off_seconds": 1}
LIMITS = {"calls_per_window": 10**6, "call_window_seconds": 1}
RELATION_SETS = ("Relation_Organization", "Relation_Person")
ROW_SETS = (
    *RELATION_SETS,
    "Relationship_Organization_CommercialRelationship_Customer",
    "Relationship_Person_CommercialRelationship_Customer",
    "Relationship_Organization_Supplier",
    "Address",
)
MEBIBYTE = 2**20

pytestmark = pytest.mark.skipif(not IS_FULL, reason="Only with --full.")


@dataclass
class Watch:
    """How far something is, and what the memory of one Odoo process does meanwhile."""

    both: object
    # How many partners were taken so far.
    count: Callable[[], int]
    started_at: float = field(default_factory=time.monotonic)
    curve: list = field(default_factory=list)

    def __post_init__(self):
        self.process = psutil.Process(self.both.server.pid)

    def look(self) -> int:
        """Note memory and progress; returns how many partners were taken."""
        taken = self.count()
        self.curve.append((taken, self.process.memory_info().rss))
        return taken

    def wait_until(self, condition) -> None:
        """Look every few seconds until a condition on the number of partners holds."""
        until(
            "very many partners",
            lambda: condition(self.look()),
            seconds=MOST_SECONDS,
            pause=2,
        )

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return time.monotonic() - self.started_at

    @property
    def growth(self) -> float:
        """The most memory after warming up, in terms of what it was then."""
        first = self.curve[0][0]
        warm = [rss for taken, rss in self.curve if taken - first >= WARM]
        return max(warm) / warm[0] if warm else 1.0

    def __str__(self):
        step = max(len(self.curve) // 10, 1)
        points = [
            f"{taken}: {rss / MEBIBYTE:.0f} MiB"
            for taken, rss in [*self.curve[::step], self.curve[-1]]
        ]
        return f"{self.seconds / 60:.1f} minutes, memory x{self.growth:.2f} ({', '.join(points)})"


def test_initial_synchronization_of_very_many_partners(capsys, monkeypatch):
    monkeypatch.setenv("TRIBE_SCALE", str(SIZE))
    with world(
        "tribe_scale",
        seed=Path(__file__).with_name("odoo_scale_seed.py"),
        sandbox_options={"relations": RELATIONS, "invoices": 0, "switches": SWITCHES},
        max_cron_threads=2,
    ) as both:
        before = count_relations(both)
        shared = count_shared(both)
        both.connect(**WAITS, **LIMITS)
        both.map()
        both.sandbox.reset_calls()

        both.press("action_plan")
        plan = Watch(both, lambda: count_planned(both))
        plan.wait_until(lambda _planned: plan_row(both)["state"] == "ready")
        calls = both.sandbox.calls()
        tell(capsys, f"plan of {SIZE} partners, {calls['total']} calls: {plan}")
        assert plan.growth <= MOST_GROWTH
        assert calls["writes"] == 0
        assert plan_row(both)["create_tribe_count"] == SIZE - shared
        assert plan_row(both)["link_count"] == shared

        both.sandbox.reset_calls()
        both.press("action_activate")
        first = Watch(both, lambda: count_linked(both))
        first.wait_until(lambda linked: linked >= SIZE // 2)
        both.server.kill()
        both.server.start()
        second = Watch(both, lambda: count_linked(both))
        second.wait_until(lambda _linked: both.state() == "active")
        both.wait_until_idle(600)

        calls = both.sandbox.calls()
        tell(capsys, f"{SIZE} partners, {shared} of them in Tribe already; {calls['total']} calls")
        tell(capsys, f"until killed: {first}")
        tell(capsys, f"after that: {second}")
        assert_each_partner_is_one_relation(both)
        assert count_relations(both) == before + SIZE - shared
        assert first.growth <= MOST_GROWTH
        assert second.growth <= MOST_GROWTH

        both.sandbox.reset_calls()
        night = time.monotonic()
        both.run_nightly()
        calls = both.sandbox.calls()["total"]
        tell(capsys, f"the first night: {calls} calls, {time.monotonic() - night:.1f} s")
        # A page of invoices; and the IDs of all relations, relationships and addresses, once.
        rows = [len(both.sandbox.rows(entity_set)) for entity_set in ROW_SETS]
        assert calls <= 1 + sum(count // 99 + 2 for count in rows)


def tell(capsys, line: str) -> None:
    """Print a line, whatever becomes of the test."""
    with capsys.disabled():
        print(f"\n{line}", end="", flush=True)


def plan_row(both) -> dict:
    """The only plan, with its counts."""
    (row,) = both.odoo.rows(
        "tribe.plan", [], ["state", "looked_at_count", "create_tribe_count", "link_count"]
    )
    return row


def count_planned(both) -> int:
    """The partners that the plan has looked at so far."""
    return plan_row(both)["looked_at_count"]


def count_linked(both) -> int:
    """The partners that are linked so far."""
    return both.odoo.call(
        "tribe.link",
        "search_count",
        domain=[["kind", "in", ["organization", "person"]], ["tribe_id", "!=", False]],
    )


def count_relations(both) -> int:
    """The organizations and persons of Tribe."""
    return sum(len(both.sandbox.rows(entity_set)) for entity_set in RELATION_SETS)


def count_shared(both) -> int:
    """The partners of Odoo that have the number of an organization of Tribe."""
    return both.odoo.call("res.partner", "search_count", domain=[["debtor_number", "!=", False]])


def assert_each_partner_is_one_relation(both) -> None:
    """Each customer is linked to a relation of its own, with its number, and nothing is asked."""
    assert both.problems() == []
    partners = both.odoo.rows(
        "res.partner",
        [["customer_rank", ">", 0], ["parent_id", "=", False]],
        ["tribe_id", "debtor_number", "creditor_number", "supplier_rank"],
    )
    numbers = {
        row["ID"]: row["DebtorNumber"]
        for entity_set in RELATION_SETS
        for row in both.sandbox.rows(entity_set)
    }
    assert len({partner["tribe_id"] for partner in partners}) == len(partners) == SIZE
    for partner in partners:
        assert partner["debtor_number"] == numbers[partner["tribe_id"]]
        assert bool(partner["creditor_number"]) == bool(partner["supplier_rank"])
    assert len({partner["debtor_number"] for partner in partners}) == SIZE
