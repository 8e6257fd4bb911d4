"""docs/performance.md has the rows that ./dev bench measures, and their targets."""

import re
from pathlib import Path

import pytest
from bench.rows import ROWS

from host import command_line

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "performance.md"
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| (.+?) \| .+ \| (.+?) \|$", re.MULTILINE)


def test_the_page_has_each_row_with_its_target():
    written = {
        name: (int(number), work, target)
        for number, name, work, target in ROW.findall(PAGE.read_text())
    }
    assert written == {
        name: (row.number, row.work, row.target) for name, row in sorted(ROWS.items())
    }


def test_numbers_are_given_once():
    assert len({row.number for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_each_row_has_a_module_that_measures_it(name):
    module = CHECKOUT / "tests" / "bench" / f"{name}.py"
    assert "\ndef measure(" in module.read_text()


def test_what_bench_is_told():
    options = command_line.parsed(["bench", "calls", "--quick", "--json", "figures.json"])
    assert (options.names, options.quick, options.json) == (["calls"], True, "figures.json")
