"""Queries that lag behind writes: from when on, and for how long. docs/tribe-api.md."""

import pytest
from tribe_sandbox import store as store_module
from tribe_sandbox.store import Store

from .client import CUSTOMERS, FOR_GOOD


class Clock:
    """Shows the time that a test sets; a machine that was just started shows a small one."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(store_module, "time", made)
    return made


@pytest.fixture
def store(clock):
    made = Store(":memory:")
    made.execute("CREATE TABLE Seen (name TEXT)")
    yield made
    made.close()


def write(store, name):
    with store.transaction():
        store.execute("INSERT INTO Seen VALUES (?)", (name,))


def seen(store):
    return [row["name"] for row in store.query("SELECT name FROM Seen")]


def test_queries_may_lag_behind_writes(api, sandbox):
    sandbox.switch(query_lag=FOR_GOOD)
    customer = api.new_customer()
    assert customer["Name"] == "Klant B.V."
    assert api.get(f"{CUSTOMERS}({customer['ID']})").status_code == 404
    sandbox.switch(query_lag=0.0)
    assert api.get(f"{CUSTOMERS}({customer['ID']})").status_code == 200


def test_a_lag_is_told_by_reset_too(api, sandbox):
    sandbox.reset(switches={"query_lag": FOR_GOOD})
    api.authorize()
    customer = api.new_customer()
    assert api.rows(CUSTOMERS)
    assert api.get(f"{CUSTOMERS}({customer['ID']})").status_code == 404


@pytest.mark.parametrize("uptime", [5.0, 599.0, 601.0, 10.0**8])
def test_a_lag_begins_when_it_is_switched_on(store, clock, uptime):
    clock.now = uptime
    write(store, "before")
    store.lag_behind(600.0)
    assert seen(store) == ["before"]

    clock.now += 599.0
    write(store, "after")
    assert seen(store) == ["before"]

    store.lag_behind(0.0)
    assert seen(store) == ["before", "after"]


def test_a_lag_is_over_when_it_is_as_long_ago_as_it_says(store, clock):
    store.lag_behind(600.0)
    write(store, "first")
    clock.now += 599.0
    assert seen(store) == []
    clock.now += 1.0
    assert seen(store) == ["first"]

    write(store, "second")
    assert seen(store) == ["first"]


def test_a_lag_for_good_outlasts_every_test(store, clock):
    store.lag_behind(float(FOR_GOOD))
    for hours in range(100):
        clock.now = hours * 3600.0
        write(store, str(hours))
    assert seen(store) == []
