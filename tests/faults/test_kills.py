"""Kills: Odoo ends at once in the middle of its work, and afterwards nothing is lost or doubled.

One seed alone, on the terminal:  TRIBE_KILL_SEED=7 ./dev test tests/faults/test_kills.py
"""

import time

import pytest

from .kill import Kill
from .seeds import asked_for

KILLS = asked_for("TRIBE_KILL_SEED", usual="1-10", full="1-100")


@pytest.fixture(scope="module")
def kills(neighbours):
    """All kills with their customers, which both sides know and agree on, each with invoices."""
    return neighbours.prepare([Kill(seed) for seed in KILLS])


@pytest.mark.parametrize("seed", KILLS)
def test_kill(lab, kills, report, seed):
    kill, started = kills[seed], time.monotonic()
    assert kill.model.differences(lab.contents(kill.model)) == [], "before the kill"

    kill.strike(lab)
    struck = time.monotonic()
    runs, differences = lab.recover(kill.model)

    report(
        f"{kill}: {struck - started:.1f} s, right after {runs} runs "
        f"({time.monotonic() - struck:.1f} s); {lab.summary(differences)}"
    )
    for difference in differences:
        report(f"  {difference}")
    assert differences == [], f"TRIBE_KILL_SEED={seed} ./dev test tests/faults/test_kills.py"
