"""A hostile Tribe, wherever we read: its connection pauses, and nobody else notices.

With threads, and with processes as workers (prefork).
"""

import os
import time
from itertools import islice
from pathlib import Path

import pytest
from choices import IS_FULL
from end_to_end.odoo_api import OdooError
from end_to_end.waiting import until
from end_to_end.world import world
from tribe_sandbox.process import SandboxProcess

from .database import execute
from .hostile_tribe import LARGEST, POINTS, HostileTribe, chosen, largest_by_id
from .resident_memory import MOST_GROWTH_KILOBYTES, ResidentMemory

SEED = int(os.environ.get("TRIBE_FUZZ_SEED", "14"))
# Of each of the two kinds of Odoo.
SERVERS = 100 if IS_FULL else 4
ANSWERS = 1000 if IS_FULL else 12
MODES = {
    "threads": {"max_cron_threads": 2},
    "prefork": {"workers": 2, "max_cron_threads": 2},
}
# Odoo ends a worker that is busy for so long, and says so. Its own setting: with processes as
# workers it counts more than a minute of waiting, too (docs/developing.md).
LIMIT_SECONDS = 120
ANSWER_SECONDS = 3
WAITS = {
    "settle_seconds": 3,
    "back_off_seconds": 1,
    "longest_back_off_seconds": 2,
    "probe_seconds": 3,
    "answer_seconds": ANSWER_SECONDS,
    # One is enough to see that it counts; that three are counted is in tests/faults.
    "failures_before_pause": 1,
    "rate_limit_pause_seconds": 1,
    "export_moment": "minute",
}
LIMIT = 120
FAULTS = Path(__file__).parents[1] / "faults"


class Hostility:
    """One Odoo with two connections: that of a Tribe that can be hostile, and an honest one."""

    def __init__(self, both, hostile, honest, database):
        self.both = both
        self.database = database
        self.hostile = hostile
        self.honest = honest
        self._count = 0
        both.connect(**WAITS)
        both.activate()
        self.honest_id = self._connect_the_honest_one()
        both.odoo.write(
            "tribe.connection",
            [both.connection_id],
            api_address=hostile.address,
            authorization_address=hostile.address,
            web_address=hostile.address,
        )
        both.odoo.write(
            "tribe.connection", [both.connection_id], client_secret=both.sandbox.client_secret
        )
        (self._schedule_id,) = both.odoo.call(
            "ir.cron", "search", domain=[["cron_name", "=", "Tribe CRM: schedule"]]
        )
        both.press("action_connect")
        # Another API is another Tribe: it is activated anew.
        both.press("action_activate")
        until("the hostile one", lambda: self.row(both.connection_id)["state"] == "active", LIMIT)
        self.make_customer()
        self.let_the_honest_one_work()

    def _connect_the_honest_one(self) -> int:
        """In a company of its own, so that each customer is of one of the two."""
        odoo, honest = self.both.odoo, self.honest
        self.company_id = odoo.create("res.company", name="Eerlijk B.V.")
        connection_id = odoo.create(
            "tribe.connection",
            name="Eerlijk",
            company_id=self.company_id,
            mode="demo",
            api_address=honest.address,
            authorization_address=honest.address,
            web_address=honest.address,
            webhook_address=self.both.server.address,
            client_id=honest.client_id,
            client_secret=honest.client_secret,
            invoices_from=False,
            **WAITS,
        )
        odoo.call("tribe.connection", "action_connect", [connection_id])
        self._book_in_its_company(connection_id)
        odoo.call("tribe.connection", "action_activate", [connection_id])
        until("the honest one", lambda: self.row(connection_id)["state"] == "active")
        return connection_id

    def _book_in_its_company(self, connection_id: int) -> None:
        """Both Tribes have the same legal entities, so that both would be given one company."""
        entities = self.both.odoo.rows(
            "tribe.legal.entity", [["connection_id", "=", connection_id]], ["id"]
        )
        ids = [entity["id"] for entity in entities]
        self.both.odoo.write("tribe.legal.entity", ids, company_id=self.company_id)

    def row(self, connection_id: int) -> dict:
        (found,) = self.both.odoo.rows(
            "tribe.connection", [["id", "=", connection_id]], ["state", "trouble"]
        )
        return found

    def trouble(self) -> str:
        """What the hostile one's connection says; if nothing, a minute of the schedule passes."""
        said = self.row(self.both.connection_id)["trouble"]
        if not said:
            self.tick()
        return said

    def tick(self) -> None:
        """Let a minute of the schedule pass."""
        try:
            self.both.odoo.call("ir.cron", "method_direct_trigger", [self._schedule_id])
        except OdooError as error:
            assert "already executing" in str(error)

    def make_customer(self, company_id: int | None = None) -> str:
        """Somebody saves a customer of a company in Odoo, by default of the hostile Tribe's."""
        self._count += 1
        name = f"Klant {self._count} B.V."
        self.both.odoo.create(
            "res.partner",
            name=name,
            is_company=True,
            customer_rank=1,
            company_id=company_id or self._company_of(self.both.connection_id),
        )
        return name

    def _company_of(self, connection_id: int) -> int:
        (found,) = self.both.odoo.rows(
            "tribe.connection", [["id", "=", connection_id]], ["company_id"]
        )
        return found["company_id"][0]

    def let_the_honest_one_work(self) -> None:
        """A customer is saved, and is in the honest Tribe."""
        name = self.make_customer(self.company_id)
        until(
            f"{name} in the honest Tribe",
            lambda: self.honest.rows("Relation_Organization", Name=name),
            LIMIT,
        )

    def connect(self) -> str:
        """Press Connect; what it says."""
        try:
            self.both.press("action_connect")
        except OdooError as error:
            assert 400 <= error.status < 500, error
            return str(error)
        return ""

    def cause_work(self, point: str) -> None:
        """Make lanes read at some point."""
        if point == "token":
            self.both.sandbox.expire_access_tokens()
        if point == "webhooks":
            self.both.press("action_deactivate")
        else:
            self.make_customer()

    def recover(self, point: str) -> None:
        """All is well again."""
        self.hostile.be_good()
        until("the connection to go on", self._goes_on, LIMIT)
        if point == "webhooks":
            self.both.press("action_activate")
            until(
                "the beginning",
                lambda: self.row(self.both.connection_id)["state"] == "active",
                LIMIT,
            )

    def _goes_on(self) -> bool:
        self.tick()
        return not self.row(self.both.connection_id)["trouble"]


@pytest.fixture(scope="module", params=MODES)
def hostility(request):
    options = {"relations": 3, "invoices": 0}
    database = f"tribe_hostile_{request.param}"
    with (
        SandboxProcess(**options, seed=2) as honest,
        world(
            database,
            seed=None,
            sandbox_options=options,
            limit_time_real=LIMIT_SECONDS,
            **MODES[request.param],
        ) as both,
        HostileTribe(both.sandbox.address) as hostile,
    ):
        yield Hostility(both, hostile, honest, database)


@pytest.fixture
def watched(hostility):
    """Nothing is left of what was hostile, in the log or in the memory; no worker was ended."""
    server = hostility.both.server
    pids = set(server.pids())
    said = len(server.log_text())
    memory = ResidentMemory(sorted(pids))
    started = time.monotonic()
    yield
    growth = memory.growth()
    log = server.log_text()[said:]
    print(
        f"{time.monotonic() - started:.0f} s, seed {SEED}; growth at the peak, in MiB: "
        f"{sorted(each // 1024 for each in growth.values())}"
    )
    assert "Traceback" not in log
    assert "time limit" not in log and "timeout" not in log
    assert set(server.pids()) == pids, "a worker was ended"
    assert max(growth.values()) < MOST_GROWTH_KILOBYTES


def test_hostile_servers_pause_their_own_connection_alone(hostility, watched):
    points = ("token", "page", "webhooks")
    # Each point at least once.
    first = [(point, *next(chosen(SEED, (point,), servers=True))[1:]) for point in points]
    for point, name, serve in [*first, *islice(chosen(SEED, points, servers=True), SERVERS - 3)]:
        hostility.hostile.strike(point, serve)
        hostility.cause_work(point)
        said = until(f"the pause, {name} at {point}", hostility.trouble, LIMIT)
        assert hostility.hostile.struck, f"{name} at {point}: {said}"
        hostility.let_the_honest_one_work()
        assert not hostility.row(hostility.honest_id)["trouble"]
        hostility.recover(point)


def test_hostile_answers_are_sentences(hostility, watched):
    points = ("token", "record", "metadata", "page")
    for point, name, serve in islice(chosen(SEED, points, servers=False), ANSWERS):
        hostility.hostile.strike(point, serve)
        if point == "token":
            hostility.both.sandbox.expire_access_tokens()
        said = hostility.connect()
        assert hostility.hostile.struck, f"{name} at {point}"
        assert said and len(said) < 700, f"{name} at {point}: {said[:1000]}"
    assert set(POINTS) >= set(points)
    hostility.recover("page")
    hostility.let_the_honest_one_work()


def test_the_largest_invoices_are_looked_at_and_let_go(hostility, watched):
    """Connect looks at recent ones, a page after the other."""
    hostility.hostile.strike("invoices", LARGEST)
    said = hostility.connect()
    assert hostility.hostile.struck > 10, said
    assert not said
    hostility.recover("page")


def test_what_was_not_asked_for_is_not_kept(hostility, watched, server):
    """Of what no listing by dates shows any more, a lane asks by the IDs."""
    execute(
        server,
        hostility.database,
        "INSERT INTO tribe_link (connection_id, kind, tribe_id, state, company_id)"
        " SELECT id, 'invoice', gen_random_uuid()::text, 'linked', company_id"
        "   FROM tribe_connection, generate_series(1, 10) WHERE id = %s",
        [hostility.both.connection_id],
    )
    hostility.hostile.strike("invoices by ID", largest_by_id)
    hostility.both.press("action_run_nightly")
    said = until("the pause", hostility.trouble, LIMIT)
    assert "an endless list" in said, said
    hostility.recover("page")
