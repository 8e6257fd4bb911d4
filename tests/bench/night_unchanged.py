"""The night of very many linked contacts of which nothing changed."""

import re
import statistics
from collections.abc import Callable

from .core import Measured, counting_queries
from .inside import Inside, inside
from .multitude import multiply

LINKED = 100_000
NIGHTS = 3
MOST_QUERIES = 13
# Of records by their own IDs, and not by that of a phase.
BY_ID = re.compile(r"(?<![/F])ID(%20|\+)eq")


def measure(quick: bool) -> Measured:
    """Noting what is done at night, and then the lanes; what looks for changes is told apart."""
    linked = LINKED // 10 if quick else LINKED
    with inside("tribe_bench_night") as both:
        both.activate()
        both.note("organization", both.relations(1))
        both.run_lanes()
        links = both.env["tribe.link"].search([("kind", "=", "organization")])
        multiply(both.env, links.partner_id, 1, linked)
        # That one was linked long ago, too.
        both.env.cr.execute("UPDATE tribe_link SET write_date = now() - interval '30 days'")
        plan = both.connection._enqueue_nightly
        # The first night reads where the listings end.
        night(both, plan)
        nights = [night(both, plan) for _number in range(NIGHTS)]
    queries, calls = (
        statistics.median(each[name] for each in nights) for name in ("queries_of_plan", "calls")
    )
    last = nights[-1]
    return Measured(
        f"{queries:.0f} queries to note it, {last['queries_of_lanes']} of the lanes,"
        f" {calls:.0f} calls ({last['writes']} writes), {last['seconds']:.1f} s",
        queries <= MOST_QUERIES and not last["calls_by_id"] and not last["writes"],
        {"linked": linked, "nights": nights},
    )


def night(both: Inside, plan: Callable[[], object]) -> dict:
    """What one night costs.

    :param plan: notes what is done in it
    """
    both.commit()
    both.sandbox.reset_calls()
    with counting_queries() as of_plan:
        planned = both.timed(plan)
    both.commit()
    with counting_queries() as of_lanes:
        done = both.timed(both.run_lanes)
    calls = both.sandbox.calls()
    paths = [call["query"] for call in both.sandbox.call_log()]
    return {
        "queries_of_plan": of_plan.queries,
        "queries_of_lanes": of_lanes.queries,
        "seconds": planned + done,
        "calls": calls["total"],
        "writes": calls["writes"],
        "by": calls["by"],
        # Those that ask for records by their IDs, and not for what is new of a set.
        "calls_by_id": sum(map(bool, map(BY_ID.search, paths))),
    }
