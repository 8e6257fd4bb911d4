"""Many webhooks about few relations: how many calls they cost, and how soon all is applied."""

import threading
import time

from end_to_end.world import World, world

from .core import Measured
from .in_tribe import ORGANIZATION
from .real import make_relations, note

WEBHOOKS = 2000
RELATIONS = 360
A_SECOND = 22
MOST_CALLS = 100
MOST_SECONDS = 10.0
LONGEST_SECONDS = 240
SWITCHES = {"rate_limit": 10**6}


def measure(quick: bool) -> Measured:
    """Each is about a telephone number that a person changed in Tribe."""
    part = 5 if quick else 1
    webhooks, relations = WEBHOOKS // part, RELATIONS // part
    options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world("tribe_bench_flood", seed=None, sandbox_options=options, max_cron_threads=2) as both:
        both.connect()
        both.map()
        both.activate()
        ids = make_relations(both, relations)
        note(both, ids)
        both.wait_until_idle()
        both.sandbox.reset_calls()
        told = tell(both, ids, webhooks)
        applied = seconds_until_applied(both, told)
        calls = both.sandbox.calls()
        problems = both.problems()
    late = f"applied {applied:.0f} s after the last" if applied else "not all applied"
    return Measured(
        f"{calls['total']} calls for {webhooks} webhooks about {relations}, {late}",
        # A smaller flood says nothing about the number of calls.
        applied is not None and applied <= MOST_SECONDS and calls["total"] <= MOST_CALLS
        if not quick
        else None,
        {"calls": calls, "webhooks": webhooks, "relations": relations}
        | {"applied_after_seconds": applied, "problems": problems},
    )


def tell(both: World, ids: list[str], count: int) -> dict[str, str]:
    """Have so many changes told, evenly in time; the last number of each: ``{ID: phone}``."""
    told, clock, started = {}, threading.Event(), time.monotonic()
    for number in range(count):
        clock.wait(max(started + number / A_SECOND - time.monotonic(), 0))
        tribe_id, phone = ids[number % len(ids)], f"+31 30 {number:07d}"
        both.sandbox.change(ORGANIZATION, tribe_id, {"PhoneNumber": phone})
        told[tribe_id] = phone
    return told


def seconds_until_applied(both: World, told: dict[str, str]) -> float | None:
    """How long after the last change Odoo has all; None where that does not come."""
    clock, started = threading.Event(), time.monotonic()
    while time.monotonic() - started < LONGEST_SECONDS:
        rows = both.odoo.rows(
            "res.partner", [["tribe_id", "in", list(told)]], ["tribe_id", "phone"]
        )
        if {row["tribe_id"]: row["phone"] for row in rows} == told:
            return time.monotonic() - started
        clock.wait(0.5)
    return None
