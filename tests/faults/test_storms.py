"""Storms: mixed faults while people work on both sides, and afterwards nothing is lost or doubled.

Some rage one after the other before anything is repaired.

One seed alone, on the terminal:  TRIBE_STORM_SEED=17 ./dev test tests/faults/test_storms.py
Some of them:                     TRIBE_STORM_SEED=1-5,17 ./dev test tests/faults/test_storms.py
"""

import time

import pytest

from .books import WORKS
from .reference_model import SIDES, ReferenceModel
from .seeds import asked_for
from .storm import FAULTS, SWITCHES, Storm, policy_of

# Of the first twenty those ten that have every fault, switch and work, and most of them twice.
USUAL = "2,3,5,7,9,10,14,16,17,20"
STORMS = asked_for("TRIBE_STORM_SEED", usual=USUAL, full="1-200")
IN_A_ROW = 5


def rows_of(seeds: list[int]) -> list[list[int]]:
    """Some storms in rows; in one row the same side wins."""
    rows = []
    for side in SIDES:
        same = [seed for seed in seeds if policy_of(seed) == side]
        rows += [same[start : start + IN_A_ROW] for start in range(0, len(same), IN_A_ROW)]
    return rows


ROWS = rows_of(STORMS)


def test_the_usual_storms_have_every_fault_switch_and_work(monkeypatch):
    monkeypatch.delenv("TRIBE_STORM_SEED", raising=False)
    monkeypatch.setenv("TRIBE_FULL_TESTS", "")
    seeds = asked_for("TRIBE_STORM_SEED", usual=USUAL, full="")
    drawn = [Storm(seed, ReferenceModel(policy_of(seed))) for seed in seeds]
    assert {name for storm in drawn for name in storm.faults} == set(FAULTS)
    assert {name for storm in drawn for name in storm.switches} == set(SWITCHES)
    assert {work for storm in drawn for work in storm.books.works} == set(WORKS)
    assert {storm.restores for storm in drawn} == {False, True}


@pytest.fixture(scope="module")
def storms(neighbours):
    """All storms with their customers, which both sides know and agree on, each with an invoice."""
    return neighbours.prepare(
        [
            Storm(seed, model)
            for row in ROWS
            for model in [ReferenceModel(policy_of(row[0]))]
            for seed in row
        ]
    )


@pytest.mark.parametrize("seeds", ROWS, ids=lambda seeds: "-".join(map(str, seeds)))
def test_storms_in_a_row(lab, storms, report, seeds):
    row = [storms[seed] for seed in seeds]
    model = row[0].model
    assert model.differences(lab.contents(model)) == [], "before the storms"

    lab.neighbour.back_up()
    for storm in row:
        started = time.monotonic()
        try:
            storm.rage(lab)
        finally:
            storm.end(lab)
        report(
            f"{storm}: {storm.strikes.total()} faults ({storm.told_strikes()}) in "
            f"{time.monotonic() - started:.1f} s"
        )
    calmed = time.monotonic()
    runs, differences = lab.recover(model)

    report(
        f"after storms {seeds}: right after {runs} runs ({time.monotonic() - calmed:.1f} s); "
        f"{lab.summary(differences)}"
    )
    for difference in differences:
        report(f"  {difference}")
    again = ",".join(map(str, seeds))
    assert differences == [], f"TRIBE_STORM_SEED={again} ./dev test tests/faults/test_storms.py"
