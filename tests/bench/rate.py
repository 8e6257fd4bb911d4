"""How fast real Odoo processes export while Tribe's limit counts: rows of exports share it."""

import random
import time
from datetime import datetime

from end_to_end.waiting import until
from end_to_end.world import World

ANSWER_SECONDS = 0.25
LIMIT = 1000
WINDOW_SECONDS = 60.0
# On its way to Tribe a call is delayed by up to so many seconds.
MOST_JITTER = 2.0
JITTERS = 20
# Nobody waits for webhooks about what we just wrote.
SWITCHES = {"rate_limit": LIMIT, "rate_window": WINDOW_SECONDS, "webhook_drop_rate": 1.0}
# Only to end what would hang.
LONGEST_SECONDS = 1800
WARM_RELATIONS = 5


def answer_slowly(both: World) -> None:
    """Have Tribe take its time for each answer from here on."""
    both.sandbox.fault("slow", seconds=ANSWER_SECONDS, times=None)


def count_linked(both: World) -> int:
    """The contacts that are linked so far."""
    return both.odoo.call(
        "tribe.link",
        "search_count",
        domain=[["kind", "in", ["organization", "person"]], ["tribe_id", "!=", False]],
    )


def watch(both: World, seconds: float) -> dict:
    """What goes on for so long, once it has begun; it must not come to its end meanwhile."""
    before = count_linked(both)
    until(
        "the first exports", lambda: count_linked(both) >= before + WARM_RELATIONS, LONGEST_SECONDS
    )
    both.sandbox.reset_calls()
    linked, started = count_linked(both), time.monotonic()
    time.sleep(seconds)
    calls, done = both.sandbox.calls(), count_linked(both) - linked
    took = time.monotonic() - started
    arrived = [
        datetime.fromisoformat(call["at"].replace("Z", "+00:00")).timestamp()
        for call in both.sandbox.call_log()
    ]
    return {
        "seconds": round(took, 1),
        "calls": calls["total"],
        "calls_a_minute": round(calls["total"] / took * 60),
        "customers": done,
        "customers_a_minute": round(done / took * 60, 1),
        "calls_each": round(calls["total"] / max(done, 1), 2),
        "answers_429": calls["refused"],
        "most_in_a_window": most_in_a_window(arrived, seconds),
    }


def most_in_a_window(arrived: list[float], seconds: float) -> int | None:
    """How many calls arrive within Tribe's window at most, over many draws of their delays.

    None where it was watched for less than a window.
    """
    if seconds < WINDOW_SECONDS:
        return None
    chance, most = random.Random(0), 0
    for _draw in range(JITTERS):
        moments = sorted(moment + chance.uniform(0, MOST_JITTER) for moment in arrived)
        first = 0
        for last, moment in enumerate(moments):
            while moments[first] <= moment - WINDOW_SECONDS:
                first += 1
            most = max(most, last - first + 1)
    return most
