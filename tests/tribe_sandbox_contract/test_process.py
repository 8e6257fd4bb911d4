"""The server as a process: options, store, switches, control. See tribe_sandbox.process."""

import os
import subprocess
import sys

import psutil
import pytest
import requests
from end_to_end.waiting import until
from tribe_sandbox.process import PACKAGE_PARENT, SandboxProcess, give_back, take

from .client import SECONDS, Api, message_of


def test_it_starts_stops_and_says_only_one_line():
    with SandboxProcess(empty=True) as process:
        assert process.address.startswith("http://127.0.0.1:")
        assert Api(process).get("Product").status_code == 200
        address = process.address
        running = process._process
    assert running.returncode == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=SECONDS)


def test_store_in_a_file_keeps_its_rows(tmp_path):
    options = {"store": tmp_path / "tribe.sqlite", "relations": 6, "invoices": 4}
    with SandboxProcess(**options) as process:
        row = process.create("Relation_Organization", {"Name": "Blijft"})
    with SandboxProcess(**options) as process:
        assert process.rows("Relation_Organization", ID=row["ID"]) == [row]


def test_options_of_the_command_line():
    options = {"relations": 6, "invoices": 8, "seed": 3, "today": "2025-03-15"}
    switches = {"write_answer": "id", "number_format": "{sequence}", "rate_limit": 5}
    with SandboxProcess(switches=switches, **options) as process:
        assert process.switch()["write_answer"] == "id"
        assert process.switch()["rate_limit"] == 5
        invoices = [row for row in process.rows("Activity_Invoice") if row["IsFinal"]]
        assert {row["Number"] for row in invoices} == {"1", "2", "3", "4", "5", "6"}
        assert all(row["InvoiceDate"] < "2025-03-15T00" for row in invoices)


def test_unknown_switch_ends_the_start():
    ended = subprocess.run(
        [sys.executable, "-m", "tribe_sandbox", "--switch", "gravity=off"],
        cwd=PACKAGE_PARENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 2
    assert "gravity" in ended.stderr


def test_switches_are_checked(sandbox):
    for wrong in (
        {"gravity": 1},
        {"write_answer": "half"},
        {"rate_limit": "many"},
        {"custom_fields": [{}]},
    ):
        with pytest.raises(RuntimeError, match="400"):
            sandbox.switch(**wrong)


def test_reset_keeps_switches_unless_told(sandbox):
    sandbox.switch(write_answer="id")
    sandbox.reset()
    assert sandbox.switch()["write_answer"] == "id"
    sandbox.reset(switches={"amount_means": "excluding"})
    assert sandbox.switch()["write_answer"] == "full"
    assert sandbox.switch()["amount_means"] == "excluding"


def test_a_person_follows_the_same_rules(sandbox):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.create("Relation_Organization", {"Foo": 1})
    row = sandbox.create("Relation_Organization", {"Name": "X"})
    assert sandbox.change("Relation_Organization", row["ID"], {"Name": "Y"})["Name"] == "Y"
    sandbox.delete("Relation_Organization", row["ID"])
    assert not sandbox.rows("Relation_Organization", ID=row["ID"])


def test_a_person_may_change_settings(sandbox):
    row = sandbox.create(
        "Datastore_VatGroup", {"Name": "DE - 19%", "Code": "DE19", "Percentage": 19}
    )
    assert sandbox.rows("Datastore_VatGroup", Code="DE19") == [row]


def test_nothing_outside_the_api_is_there(sandbox):
    answer = requests.get(f"{sandbox.address}/elsewhere", timeout=SECONDS)
    assert answer.status_code == 404
    assert message_of(answer)


def test_who_takes_one_that_was_given_back_finds_it_as_it_was_seeded():
    options = {"relations": 3, "invoices": 0, "switches": {"legal_entities": 1}}
    children = psutil.Process().children()
    first = take(**options)
    # Odoo's test classes end what is a child of their process.
    assert psutil.Process().children() == children
    seeded = first.rows("Relation_Organization")
    first.create("Relation_Organization", {"Name": "Van een ander B.V."})
    first.switch(legal_entities=2)
    first.fault("status", path_contains="/", times=None)
    assert take(**options) is not first, "somebody has it"

    give_back(first, **options)

    again = take(**options)
    assert again is first
    assert again.rows("Relation_Organization") == seeded
    assert again.switch()["legal_entities"] == 1


def test_one_that_was_taken_ends_with_who_took_it():
    script = "from tribe_sandbox.process import take; print(take(empty=True).address, flush=True)"
    script += "; import os; os.kill(os.getpid(), 9)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
        capture_output=True,
        text=True,
        check=False,
    )
    address = ended.stdout.strip()
    assert address.startswith("http://127.0.0.1:")

    def is_gone():
        try:
            requests.get(address, timeout=60)
        except requests.ConnectionError:
            return True
        return False

    until("the stand-in to end", is_gone)
