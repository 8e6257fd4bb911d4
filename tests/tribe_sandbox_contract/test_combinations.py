"""Combinations of switches are drawn from all of them, and alike from the same seed."""

import pytest
from tribe_sandbox.combinations import POSITIONS, drawn, other_positions
from tribe_sandbox.switches import SWITCHES, checked


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_has_other_positions(name):
    positions = other_positions(name)

    # The day that it is in Tribe is that of the test.
    assert positions or name == "invoice_day"
    for position in positions:
        assert checked({name: position})[name] == position


def test_no_position_is_of_nothing():
    assert POSITIONS.keys() <= SWITCHES.keys()


def test_every_position_is_drawn():
    seen = {name: [] for name in SWITCHES}
    for seed in range(1000):
        for name, position in drawn(seed).items():
            seen[name].append(position)

    for name, positions in seen.items():
        assert all(each in positions for each in other_positions(name)), name


def test_a_seed_draws_the_same_whatever_is_left_alone():
    whole = drawn(17)
    left_alone = set(list(whole)[:3])

    assert drawn(17) == whole
    assert drawn(17, left_alone) == {
        name: position for name, position in whole.items() if name not in left_alone
    }
