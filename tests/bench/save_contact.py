"""Saving a contact with the addon active, compared with Odoo's own ``write`` of the same."""

import contextlib
import itertools
import time

from tribe_sandbox.process import SandboxProcess

from .core import Measured, Pair, counting_queries, pair
from .inside import SWITCHES, inside

MOST_MORE_QUERIES = 2
SAVES = 20
MOMENTS = ("nightly", "minute")
CONNECTIONS = (1, 5)


def measure(quick: bool) -> Measured:
    """A linked customer gets another telephone number; each save is a transaction."""
    saves = SAVES // 4 if quick else SAVES
    cases = {}
    with inside("tribe_bench_save") as both, contextlib.ExitStack() as stack:
        both.activate()
        both.note("organization", both.relations(1))
        both.run_lanes()
        links = both.env["tribe.link"].search([("kind", "=", "organization")])
        person = both.env.ref("base.user_admin")
        partner = links.partner_id.with_env(both.env(user=person.id, su=False))
        for count in CONNECTIONS:
            add_connections(both, stack, count)
            for moment in MOMENTS:
                both.env["tribe.connection"].search([]).export_moment = moment
                both.commit()
                cases[f"{moment}, {count}"] = Case(both, partner, saves).measure()
    more = {name: each["more_queries"] for name, each in cases.items()}
    triggers = sum(each["triggers"] for each in cases.values())
    worst = max(each["seconds"]["ratio"] for each in cases.values())
    queries = ", ".join(
        f"{name}: {each['queries']} against {each['bare_queries']}" for name, each in cases.items()
    )
    return Measured(
        f"{queries} queries; up to {worst:.1f} x the time; {triggers} triggers",
        max(more.values()) <= MOST_MORE_QUERIES and not triggers,
        cases,
    )


def add_connections(both, stack: contextlib.ExitStack, count: int) -> None:
    """Have so many active connections: each with a Tribe and a company of its own."""
    connections = both.env["tribe.connection"]
    for number in range(connections.search_count([]) + 1, count + 1):
        options = {"seed": number, "relations": 0, "invoices": 0, "switches": SWITCHES}
        sandbox = stack.enter_context(SandboxProcess(**options))
        connection = both.new_connection(sandbox, name=f"Tribe CRM {number}")
        connection.action_connect()
        both.map(connection)
        connection.action_activate()
        both.commit()
        both.run_lanes()


class Case:
    """Saves of one contact, as a person makes them, with and without the addon's ``write``."""

    def __init__(self, both, partner, saves: int):
        self._both = both
        self._partner = partner
        self._saves = saves
        self._numbers = itertools.count(1)
        self._queries: dict[str, int] = {}

    def measure(self) -> dict:
        """The figures of this case."""
        before = self._count_triggers()
        own, bare = self._partner.write, bare_write(self._partner)
        self._save("connector", own), self._save("bare", bare)
        took: Pair = pair(
            lambda: self._save("connector", own),
            lambda: self._save("bare", bare),
        )
        queries, bare_queries = self._queries["connector"], self._queries["bare"]
        triggers = self._count_triggers() - before
        self._both.env["tribe.work"].search([("reason", "=", "save")]).unlink()
        self._both.commit()
        return {
            "queries": queries,
            "bare_queries": bare_queries,
            "more_queries": queries - bare_queries,
            "triggers": triggers,
            "seconds": took.figures(),
        }

    def _save(self, which: str, write) -> float:
        both, seconds = self._both, 0.0
        for number in itertools.islice(self._numbers, self._saves):
            both.commit()
            with counting_queries() as counted:
                started = time.perf_counter()
                write({"phone": f"+31 40 {number:07d}"})
                both.env.flush_all()
                both.env.cr.commit()
                seconds += time.perf_counter() - started
            self._queries[which] = counted.queries
        return seconds / self._saves

    def _count_triggers(self) -> int:
        return self._both.env["ir.cron.trigger"].search_count([])


def bare_write(partner):
    """Odoo's own ``write`` of a contact: that of all that the addon extends."""
    ours = [
        cls
        for cls in type(partner).__mro__
        if cls.__module__.startswith("odoo.addons.tribe_connector.")
        # Not its mixins: they come after much of Odoo's own.
        and cls.__name__ == "ResPartner"
    ]
    return super(ours[-1], partner).write
