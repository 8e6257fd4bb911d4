"""A relation that is being created when everything goes wrong is there once, and linked.

Odoo runs here as in production: with processes as workers (prefork).
"""

import psutil
import pytest
import requests
from end_to_end.waiting import until
from end_to_end.world import world

CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
# The scaled clock: seconds instead of a quarter of an hour.
WAITS = {"settle_seconds": 3, "back_off_seconds": 1}
# Until Odoo is killed.
ANSWER_HELD_BACK_SECONDS = 600
PREFORK = {"workers": 2, "max_cron_threads": 3}


@pytest.fixture(scope="module")
def active_world():
    """Both systems, activated without any customer; saved partners go out within a minute."""
    with world(
        "tribe_crash",
        seed=None,
        sandbox_options={"relations": 10, "invoices": 0},
        **PREFORK,
    ) as both:
        both.connect(export_moment="minute", **WAITS)
        both.activate()
        yield both


def save_customer(both, name: str) -> int:
    """Save a customer in Odoo, as a salesperson does."""
    return both.odoo.create("res.partner", name=name, is_company=True, customer_rank=1)


def relations_named(both, name: str) -> list[dict]:
    """The organizations of Tribe with a name."""
    return both.sandbox.rows("Relation_Organization", Name=name)


def wait_until_linked(both, partner_id: int) -> str:
    """Wait until a partner has its Tribe ID; returns that."""

    def tribe_id():
        (row,) = both.odoo.rows("res.partner", [["id", "=", partner_id]], ["tribe_id"])
        return row["tribe_id"]

    return until("the link", tribe_id)


def assert_there_once_and_linked(both, partner_id: int, name: str) -> None:
    """The partner is linked to the only relation of its name, which is a customer once."""
    tribe_id = wait_until_linked(both, partner_id)
    both.wait_until_idle()
    (relation,) = relations_named(both, name)
    assert relation["ID"] == tribe_id
    assert len(both.sandbox.rows(CUSTOMER, Organization=tribe_id)) == 1
    assert both.problems() == []


def test_all_kinds_of_processes_live_and_the_lanes_run(active_world):
    both, name = active_world, "Voorgevorkt B.V."
    partner_id = save_customer(both, name)

    assert_there_once_and_linked(both, partner_id, name)

    # The master, its workers, and the one for long polling: for ever the same.
    pids = set(both.server.pids())
    assert len(pids) == 1 + PREFORK["workers"] + PREFORK["max_cron_threads"] + 1
    (long_polling,) = (pid for pid in pids if "gevent" in psutil.Process(pid).cmdline())
    assert requests.get(both.server.long_polling_health, timeout=60).json() == {"status": "pass"}
    assert long_polling in both.server.pids()
    assert "ImportError" not in both.server.log_text()


def test_nothing_of_an_odoo_is_left_when_it_was_stopped(active_world):
    server = active_world.server
    pids = server.pids()

    server.stop()

    assert server.pids() == []
    assert not any(map(psutil.pid_exists, pids))
    server.start()
    assert set(server.pids()).isdisjoint(pids)


def test_odoo_killed_between_the_request_and_the_commit(active_world):
    both, name = active_world, "Gesneuveld B.V."
    both.sandbox.fault(
        "timeout",
        method="POST",
        path_contains=CUSTOMER,
        applied=True,
        seconds=ANSWER_HELD_BACK_SECONDS,
        times=1,
    )
    partner_id = save_customer(both, name)
    # Tribe has created it and keeps its answer back: the commit of the ID cannot have happened.
    until("the relation in Tribe", lambda: relations_named(both, name))

    both.server.kill()
    both.server.start()
    # Wakes the lanes now; by itself it would be the schedule, within a minute.
    both.press("action_run_nightly")

    assert_there_once_and_linked(both, partner_id, name)


def test_answer_lost_after_the_write_was_applied(active_world):
    both, name = active_world, "Antwoord Kwijt B.V."
    both.sandbox.fault("lose_answer", method="POST", path_contains=CUSTOMER, times=1)

    partner_id = save_customer(both, name)

    assert_there_once_and_linked(both, partner_id, name)
