"""Which seeds a test runs: "17", "3-9", "3,17,40", or the usual ones."""

import os


def asked_for(variable: str, *, usual: int, full: int) -> list[int]:
    """The seeds that an environment variable names, else 1, 2, 3 ... of them."""
    number = full if os.environ.get("TRIBE_FULL_TESTS") else usual
    seeds: list[int] = []
    for part in os.environ.get(variable, f"1-{number}").split(","):
        first, _dash, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds
