"""One laboratory for all of these tests, and their figures at the end of the run."""

import pytest

from .laboratory import laboratory, with_neighbour

FIGURES: list[str] = []


@pytest.fixture(scope="session")
def lab():
    """The laboratory, active and calm."""
    with laboratory() as one:
        yield one


@pytest.fixture(scope="module")
def neighbours(lab):
    """The laboratory, with another tenant for so long."""
    with with_neighbour(lab) as both:
        yield both


@pytest.fixture
def report():
    """A function that has one line printed at the end of the run, passed or failed."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter):
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("faults: figures")
        for line in FIGURES:
            terminalreporter.write_line(line)
