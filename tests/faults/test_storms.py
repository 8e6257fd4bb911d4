"""Storms: mixed faults while people work on both sides, and afterwards nothing is lost or doubled.

One seed alone, on the terminal:  TRIBE_STORM_SEED=17 ./dev test tests/faults/test_storms.py
Some of them:                     TRIBE_STORM_SEED=1-5,17 ./dev test tests/faults/test_storms.py
"""

import time

import pytest

from .seeds import asked_for
from .storm import Storm

STORMS = asked_for("TRIBE_STORM_SEED", usual=20, full=200)


@pytest.fixture(scope="module")
def storms(lab):
    """All storms with their customers, which both sides know and agree on, each with an invoice."""
    return lab.prepare([Storm(seed) for seed in STORMS])


@pytest.mark.parametrize("seed", STORMS)
def test_storm(lab, storms, report, seed):
    storm, started = storms[seed], time.monotonic()
    assert storm.model.differences(lab.contents(storm.model)) == [], "before the storm"

    storm.rage(lab)
    raged = time.monotonic()
    try:
        runs, differences = lab.recover(storm.model)
    finally:
        storm.end(lab)

    report(
        f"{storm}: {storm.strikes.total()} faults ({storm.told_strikes()}) in "
        f"{raged - started:.1f} s, right after {runs} runs "
        f"({time.monotonic() - raged:.1f} s); {lab.summary(differences)}"
    )
    assert differences == [], f"TRIBE_STORM_SEED={seed} ./dev test tests/faults/test_storms.py"
