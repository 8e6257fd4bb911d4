"""A Tribe that drips holds no worker, and nobody else's work."""

import pytest
from end_to_end.waiting import until
from end_to_end.world import world
from tribe_sandbox.process import SandboxProcess

from .tenant import CUSTOMER

# Odoo ends a worker that is busy for so long; as short as it goes beside a machine that is slow.
LIMIT_SECONDS = 30
# Each call to Tribe may take so long.
ANSWER_SECONDS = 2
# More often than any time-out between two bytes, and for longer than Odoo waits.
DRIP = {"seconds": 300.0, "pieces": 600}
FAILURES = 3
WAITS = {
    "settle_seconds": 3,
    "back_off_seconds": 1,
    "longest_back_off_seconds": 2,
    "probe_seconds": 2,
    "answer_seconds": ANSWER_SECONDS,
    "failures_before_pause": FAILURES,
    "export_moment": "minute",
}


@pytest.fixture
def two_connections():
    """Two connections of one Odoo with one cron worker: (world, stand-in, the name of each)."""
    options = {"relations": 5, "invoices": 0}
    with (
        SandboxProcess(**options, seed=2) as other,
        world(
            "tribe_drip",
            seed=None,
            sandbox_options=options,
            max_cron_threads=1,
            limit_time_real=LIMIT_SECONDS,
        ) as both,
    ):
        both.connect(**WAITS)
        both.activate()
        yield both, other


def connect_the_other(both, other) -> int:
    """Make and activate a connection with another Tribe."""
    connection_id = both.odoo.create(
        "tribe.connection",
        name="Gewoon",
        mode="demo",
        api_address=other.address,
        authorization_address=other.address,
        web_address=other.address,
        webhook_address=both.server.address,
        client_id=other.client_id,
        client_secret=other.client_secret,
        invoices_from=False,
        **WAITS,
    )
    both.odoo.call("tribe.connection", "action_connect", [connection_id])
    both.choose_companies(connection_id)
    both.odoo.call("tribe.connection", "action_activate", [connection_id])
    return connection_id


def row(both, connection_id: int) -> dict:
    (found,) = both.odoo.rows(
        "tribe.connection", [["id", "=", connection_id]], ["state", "trouble"]
    )
    return found


def customers_of(both) -> list[int]:
    """Contacts that were sent to the first Tribe, when there was no other: they are its own."""
    customers = [
        both.odoo.create("res.partner", name=f"Nat {number} B.V.", is_company=True, customer_rank=1)
        for number in range(FAILURES)
    ]
    until(
        "the customers in Tribe",
        lambda: both.sandbox.rows("Relation_Organization", Name=f"Nat {FAILURES - 1} B.V."),
        120,
    )
    return customers


def test_a_tribe_that_drips_pauses_its_own_connection_and_nothing_else(two_connections):
    both, other = two_connections
    customers = customers_of(both)
    other_id = connect_the_other(both, other)
    until("the other connection", lambda: row(both, other_id)["state"] == "active", 120)
    both.wait_until_idle()
    both.sandbox.fault("drip", path_contains="/v1/", times=None, **DRIP)

    for customer in customers:
        both.odoo.write("res.partner", [customer], website="https://nat.example")

    def trouble():
        both.tick()
        return row(both, both.connection_id)["trouble"]

    said = until("the connection to pause", trouble, 120)
    assert f"did not answer within {ANSWER_SECONDS} s" in said
    assert both.sandbox.calls()["struck"], "it was the drip"

    # The only cron worker is free for the other one.
    customer = other.rows(CUSTOMER)[0]
    other.change("Relation_Organization", customer["Organization"], {"Name": "Droog B.V."})
    until(
        "the other connection's work",
        lambda: both.odoo.rows("res.partner", [["name", "=", "Droog B.V."]], ["name"]),
        60,
    )
    assert not row(both, other_id)["trouble"]
    log = both.server.log_text()
    assert "time limit" not in log, "Odoo took a lane for one that hangs"
    assert "Initiating shutdown" not in log

    both.sandbox.clear_faults()
    until("the connection to go on", lambda: both.tick() or not trouble(), 120)
    until(
        "what waited",
        lambda: (
            len(both.sandbox.rows("Relation_Organization", Website="https://nat.example"))
            == FAILURES
        ),
        120,
    )
