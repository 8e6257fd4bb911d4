"""Another day's state: a backup of Tribe that somebody restored."""

import pytest

from .client import CUSTOMERS


def test_a_restored_backup_knows_nothing_of_what_happened_since(api, sandbox):
    customer = api.rows(CUSTOMERS, top=1)[0]
    sandbox.back_up()
    made = api.new_customer()["ID"]
    api.put(f"{CUSTOMERS}({customer['ID']})", {"IsFormer": True})
    told = len(sandbox.deliveries())

    sandbox.restore()

    assert api.get(f"{CUSTOMERS}({made})").status_code == 404
    assert api.read(f"{CUSTOMERS}({customer['ID']})")["IsFormer"] is customer["IsFormer"]
    assert len(sandbox.deliveries()) == told
    sandbox.restore()
    assert len(api.all_rows(CUSTOMERS)) == len(sandbox.rows(CUSTOMERS))


def test_a_restored_backup_follows_the_switches_of_today(api, sandbox):
    sandbox.back_up()
    sandbox.switch(reference_name="YourReference")
    sandbox.restore()
    assert "YourReference" in api.rows("Activity_Invoice", top=1)[0]


def test_without_a_backup_there_is_nothing_to_restore(sandbox):
    sandbox.back_up()
    sandbox.reset()
    with pytest.raises(RuntimeError, match="no backup"):
        sandbox.restore()
