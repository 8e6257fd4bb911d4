"""How soon a change in Tribe is visible in Odoo while very many relations are imported."""

import contextlib
import threading
import time

import psycopg2
from end_to_end.world import World, world

from .core import Measured, percentile
from .in_tribe import ORGANIZATION
from .real import make_relations, note

IMPORTED = 10_000
WATCHED = 50
A_SECOND = 5
SECONDS = 60
QUICK_SECONDS = 20
MOST_SECONDS = 2.0
LOOK_SECONDS = 0.02
# Only to end what would hang.
LONGEST_SECONDS = 120
SWITCHES = {"rate_limit": 10**6}
PHONES = "SELECT id, phone FROM res_partner WHERE phone LIKE '+31 30%%'"


def measure(quick: bool) -> Measured:
    """The webhook tells of each change; another session looks at the database all the time."""
    seconds, count = (QUICK_SECONDS, IMPORTED // 20) if quick else (SECONDS, IMPORTED)
    options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world(
        "tribe_bench_visible", seed=None, sandbox_options=options, max_cron_threads=2
    ) as both:
        both.connect(calls_per_window=10**6)
        both.map()
        both.activate()
        ids = make_relations(both, WATCHED)
        note(both, ids)
        both.wait_until_idle()
        many = make_relations(both, count)
        idle = Changes(both, ids).run(QUICK_SECONDS, first=1)
        note(both, many)
        busy = Changes(both, ids).run(seconds, first=100_000)
        left = len(both.odoo.rows("tribe.work", [["reason", "=", "poll"]], ["id"]))
    return Measured(
        f"p95 {busy['p95']:.1f} s (p50 {busy['p50']:.1f} s) while it runs,"
        f" p95 {idle['p95']:.1f} s when idle; {left} of {count} left at the end",
        # An import that ends before the changes do says too little.
        busy["p95"] <= MOST_SECONDS if left else None,
        {"busy": busy, "idle": idle, "imported": count, "left": left},
    )


class Changes:
    """Telephone numbers that people change in Tribe, each another one."""

    def __init__(self, both: World, ids: list[str]):
        self._both = both
        self._ids = ids
        self._changed: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._is_over = threading.Event()

    def run(self, seconds: int, first: int) -> dict:
        """Change so long, and wait until all are visible; the figures."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        clock, started = threading.Event(), time.monotonic()
        count = seconds * A_SECOND
        for number in range(count):
            clock.wait(max(started + number / A_SECOND - time.monotonic(), 0))
            phone = f"+31 30 {first + number:07d}"
            self._changed[phone] = time.monotonic()
            self._both.sandbox.change(
                ORGANIZATION, self._ids[number % len(self._ids)], {"PhoneNumber": phone}
            )
        give_up_at = time.monotonic() + LONGEST_SECONDS
        last = list(self._changed)[-len(self._ids) :]
        while set(last) - self._took.keys() and time.monotonic() < give_up_at:
            clock.wait(0.1)
        self._is_over.set()
        watcher.join()
        took = [self._seconds_of(phone, number) for number, phone in enumerate(self._changed)]
        return {
            "changes": count,
            "p50": percentile(took, 0.5),
            "p95": percentile(took, 0.95),
            "most": max(took),
        }

    def _seconds_of(self, phone: str, number: int) -> float:
        """Where a later change of the same was visible first, it was by then."""
        later = list(self._changed)[number :: len(self._ids)]
        seen = [self._took[each] for each in later if each in self._took]
        return min(seen, default=time.monotonic()) - self._changed[phone]

    def _watch(self) -> None:
        options = self._both.server._server.connection_options()
        connection = psycopg2.connect(dbname=self._both.server.database, **options)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            while not self._is_over.wait(LOOK_SECONDS):
                cursor.execute(PHONES)
                now = time.monotonic()
                for _partner, phone in cursor.fetchall():
                    self._took.setdefault(phone, now)
