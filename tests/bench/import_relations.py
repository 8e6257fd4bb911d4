"""Importing relations of Tribe, compared with bare batched ``create`` of the same contacts."""

import itertools
import time

from .core import Measured, counting_queries, pair
from .inside import Inside, capturing_creates, inside

BATCH = 40
MOST_RATIO = 2.0
MOST_MORE_QUERIES = 2.0


def measure(quick: bool) -> Measured:
    """A number, one relationship, no address contact; batches of 40, each committed."""
    size = BATCH if quick else 5 * BATCH
    with inside("tribe_bench_import") as both:
        both.activate()
        env, values = taken_values(both)
        queries: dict[str, list[float]] = {"connector": [], "bare": []}

        def connector() -> float:
            both.note("organization", both.relations(size))
            with counting_queries() as counted:
                seconds = both.timed(both.run_lanes)
            queries["connector"].append(counted.queries / size)
            return seconds / size

        floor = Floor(both, env, values)

        def bare() -> float:
            with counting_queries() as counted:
                seconds = floor.create(size)
            queries["bare"].append(counted.queries / size)
            return seconds / size

        connector(), bare()
        queries = {"connector": [], "bare": []}
        took = pair(connector, bare)
    each = {name: sorted(counts)[len(counts) // 2] for name, counts in queries.items()}
    more = each["connector"] - each["bare"]
    return Measured(
        f"{took.ratio:.2f} x; {each['connector']:.1f} queries each, bare {each['bare']:.1f}",
        took.ratio <= MOST_RATIO and more <= MOST_MORE_QUERIES,
        {"seconds_each": took.figures(), "queries_each": each, "relations_a_turn": size},
    )


class Floor:
    """Bare ``create`` of contacts with the values, the user and the context of the importer."""

    def __init__(self, both: Inside, env, values: dict):
        self._both = both
        self._partners = both.env["res.partner"].with_env(
            both.env(user=env.uid, context=dict(env.context), su=env.su)
        )
        self._values = values
        self._numbers = itertools.count(1)

    def create(self, count: int) -> float:
        """Create so many in batches; returns how many seconds that took."""
        all_values = [
            {
                **self._values,
                "name": f"Aannemer {number} B.V.",
                "email": f"kantoor@aannemer{number}.example",
                "phone": f"+31 30 {number:07d}",
                "debtor_number": f"{700_000 + number}",
            }
            for number in itertools.islice(self._numbers, count)
        ]
        started = time.perf_counter()
        for start in range(0, count, BATCH):
            self._partners.create(all_values[start : start + BATCH])
            self._both.commit()
        return time.perf_counter() - started


def taken_values(both: Inside) -> tuple:
    """With which environment and values the importer creates a contact: ``(env, values)``."""
    with capturing_creates(both.env, "res.partner") as noted:
        both.note("organization", both.relations(BATCH))
        both.run_lanes()
    env, vals_list = max(noted, key=lambda each: len(each[1]))
    return env, vals_list[0]
