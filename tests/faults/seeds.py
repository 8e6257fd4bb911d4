"""Which seeds a test runs: "17", "3-9", "3,17,40", or the usual ones."""

import os


def asked_for(variable: str, *, usual: str, full: str) -> list[int]:
    """The seeds that an environment variable names, else the usual ones, or all."""
    named = full if os.environ.get("TRIBE_FULL_TESTS") else usual
    seeds: list[int] = []
    for part in os.environ.get(variable, named).split(","):
        first, _dash, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds
