"""Tribe is down, for a day or for a moment; or it only allows so many calls."""

import random
import time

from choices import IS_FULL
from end_to_end.waiting import until

from host.odoo_server import free_port

from .laboratory import WAITS, values_of
from .reference_model import ODOO, TRIBE, ReferenceModel

CUSTOMERS = 1000 if IS_FULL else 50
DAY = 24 * 3600
TICKS = 3
# Longer than any test.
PAUSE_SECONDS = 6 * 3600


class Customers:
    """Some customers that both sides know, and one change of each on either side."""

    def __init__(self, lab, letter: str, count: int):
        self.lab = lab
        self.chance = random.Random(letter)
        self.model = ReferenceModel(ODOO)
        self.partners: dict[str, int] = {}
        for number in range(count):
            marker = f"{letter}-{number}"
            values = values_of(marker, self.chance)
            self.model.created(marker, values)
            self.partners[marker] = lab.make_in_odoo(marker, values)
        lab.run_once()
        found = lab.contents(self.model).tribe
        self.relations = {marker: rows[0]["id"] for marker, rows in found.items()}

    def change(self) -> None:
        """Everybody gets another phone number in Odoo and another e-mail address in Tribe."""
        for marker in self.partners:
            values = values_of(marker, self.chance)
            self.model.edited(marker, ODOO, "phone", values["phone"])
            self.lab.odoo.write("res.partner", [self.partners[marker]], phone=values["phone"])
            self.model.edited(marker, TRIBE, "email", values["email"])
            self.lab.edit_in_tribe(self.relations[marker], "email", values["email"])


def wait_until_unreachable(lab) -> str:
    """Let time pass until the connection says that Tribe cannot be reached; returns how."""

    def trouble():
        lab.tick()
        (row,) = lab.odoo.rows("tribe.connection", [], ["trouble"])
        return row["trouble"]

    return until("the connection to say that Tribe is down", trouble)


def activities(lab) -> list[dict]:
    return lab.odoo.rows("mail.activity", [["res_model", "=", "tribe.connection"]], ["note"])


def test_a_day_without_tribe_is_made_up_for_in_one_run(lab, report):
    customers = Customers(lab, "D", CUSTOMERS)
    lab.sandbox.switch(webhook_drop_rate=1.0)
    lab.sandbox.fault("status", path_contains="/", times=None)
    customers.change()
    lab.press("action_run_nightly")
    assert "HTTP 503" in wait_until_unreachable(lab)

    lab.age(DAY)
    lab.sandbox.reset_calls()
    begun = time.monotonic()
    for _minute in range(TICKS):
        lab.tick()
    calls = lab.sandbox.calls()
    # Odoo itself runs the schedule too, once a minute, if this takes so long.
    looks = TICKS + 1 + (time.monotonic() - begun) // 60
    assert 1 <= calls["total"] + calls["token_requests"] <= looks, "only to see if it is back"
    ((tries,),) = lab.query("SELECT max(tries) FROM tribe_work")
    assert tries <= 5, "nothing burns its tries on a Tribe that is down"
    (activity,) = activities(lab)
    assert "Tribe cannot be reached since" in activity["note"]

    lab.calm_down()
    lab.sandbox.reset_calls()
    started = time.monotonic()
    until("Tribe to be found again", lambda: lab.tick() or not lab.is_unreachable())
    lab.run_once()

    calls = lab.sandbox.calls()
    report(
        f"a day's outage, {2 * CUSTOMERS} changes: right after one run, "
        f"{time.monotonic() - started:.0f} s, {calls['total']} calls, {calls['refused']} refused"
    )
    assert customers.model.differences(lab.contents(customers.model)) == []
    assert calls["refused"] == 0
    lab.tick()
    # What storms left different on purpose is told all the same.
    assert not any("Tribe cannot be reached" in each["note"] for each in activities(lab))


def test_a_tribe_that_refuses_connections_is_down_too(lab):
    customers = Customers(lab, "R", 3)
    lead_sign_in_to(lab, f"http://127.0.0.1:{free_port()}")
    lab.sandbox.expire_access_tokens()
    try:
        customers.change()
        lab.press("action_run_nightly")
        assert "failed" in wait_until_unreachable(lab)
    finally:
        lead_sign_in_to(lab, lab.sandbox.address)

    _runs, differences = lab.recover(customers.model)
    assert differences == []


def lead_sign_in_to(lab, address):
    """What a network does: nobody entered another address, which would need *Connect*."""
    lab.query("UPDATE tribe_connection SET authorization_address = %s", [address])


def test_a_withdrawn_secret_is_one_trouble_and_not_one_per_record(lab):
    customers = Customers(lab, "W", 3)
    before = lab.problems()
    lab.odoo.write("tribe.connection", [lab.connection_id], client_secret="ingetrokken")
    try:
        customers.change()
        lab.press("action_run_nightly")
        assert "client secret" in wait_until_unreachable(lab)
        assert lab.problems() == before
    finally:
        lab.odoo.write(
            "tribe.connection", [lab.connection_id], client_secret=lab.sandbox.client_secret
        )

    _runs, differences = lab.recover(customers.model)
    assert differences == []


def test_after_a_429_the_whole_connection_makes_a_pause(lab):
    customers = Customers(lab, "P", 2)
    lab.odoo.write("tribe.connection", [lab.connection_id], rate_limit_pause_seconds=PAUSE_SECONDS)
    lab.sandbox.fault("status", status=429, method="PUT", times=1)
    try:
        customers.change()
        lab.press("action_run_nightly")
        until("the pause", lambda: lab.seconds_of_pause() > PAUSE_SECONDS / 2)
        # What had leave for its call already, makes it.
        lab.run_each_lane()
        lab.sandbox.reset_calls()
        lab.press("action_run_nightly")
        lab.run_each_lane()
        assert lab.sandbox.calls()["total"] == 0
        lab.age(PAUSE_SECONDS)
    finally:
        lab.odoo.write(
            "tribe.connection",
            [lab.connection_id],
            rate_limit_pause_seconds=WAITS["rate_limit_pause_seconds"],
        )

    _runs, differences = lab.recover(customers.model)
    assert differences == []


def test_two_hosts_together_never_exceed_the_limit(lab, report):
    # So low that the work would be done much sooner without it.
    limit, window = 12, 4
    customers = Customers(lab, "L", 12)
    # Counted by us: what two hosts have leave for at different moments may reach a busy Tribe at
    # the same one.
    lab.sandbox.switch(rate_limit=10**6)
    lab.odoo.write(
        "tribe.connection",
        [lab.connection_id],
        calls_per_window=limit,
        call_window_seconds=window,
    )
    lab.sandbox.reset_calls()
    started = time.monotonic()
    try:
        customers.change()
        runs, differences = lab.recover(customers.model)
        calls, seconds = lab.sandbox.calls(), time.monotonic() - started
    finally:
        lab.sandbox.switch(rate_limit=1000)
        lab.odoo.write(
            "tribe.connection",
            [lab.connection_id],
            calls_per_window=1000,
            call_window_seconds=60,
        )

    report(
        f"limit of {limit} calls in {window} s, two hosts: {calls['total']} calls in "
        f"{seconds:.0f} s, right after {runs} runs"
    )
    # In no time at all, a window's worth.
    assert calls["total"] <= limit * (seconds / window + 1)
    assert calls["total"] > limit, "the limit was not put to the test"
    assert differences == []
