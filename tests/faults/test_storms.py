"""Storms: mixed faults while people work on both sides, and afterwards nothing is lost or doubled.

One seed alone, on the terminal:  TRIBE_STORM_SEED=17 ./dev test tests/faults/test_storms.py
Some of them:                     TRIBE_STORM_SEED=1-5 ./dev test tests/faults/test_storms.py
"""

import os
import time

import pytest

from .storm import Storm

STORMS = 200 if os.environ.get("TRIBE_FULL_TESTS") else 20


def seeds() -> list[int]:
    """The seeds that are asked for, else 1, 2, 3 ..."""
    first, _dash, last = os.environ.get("TRIBE_STORM_SEED", f"1-{STORMS}").partition("-")
    return list(range(int(first), int(last or first) + 1))


@pytest.fixture(scope="module")
def storms(lab):
    """All storms with their customers, which both sides know and agree on, each with an invoice."""
    prepared = {seed: Storm(seed) for seed in seeds()}
    for storm in prepared.values():
        storm.make_customers(lab)
    lab.run_once()
    for storm in prepared.values():
        storm.send_first_invoice(lab)
    lab.run_once()
    return prepared


@pytest.mark.parametrize("seed", seeds())
def test_storm(lab, storms, report, seed):
    storm, started = storms[seed], time.monotonic()
    assert storm.model.differences(lab.contents(storm.model)) == [], "before the storm"

    storm.rage(lab)
    raged = time.monotonic()
    try:
        runs, differences = lab.recover(storm.model)
    finally:
        storm.end(lab)

    figures = ", ".join(
        f"{sum(difference.startswith(kind) for difference in differences)} {kind}"
        for kind in ("lost", "doubled", "half")
    )
    report(
        f"{storm}: {raged - started:.1f} s, right after {runs} runs "
        f"({time.monotonic() - raged:.1f} s); {figures}"
    )
    assert differences == [], f"TRIBE_STORM_SEED={seed} ./dev test tests/faults/test_storms.py"
