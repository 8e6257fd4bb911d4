"""Which seeds a test runs: "17", "3-9", or the usual ones."""

import os


def asked_for(variable: str, *, usual: int, full: int) -> list[int]:
    """The seeds that an environment variable names, else 1, 2, 3 ... of them."""
    number = full if os.environ.get("TRIBE_FULL_TESTS") else usual
    first, _dash, last = os.environ.get(variable, f"1-{number}").partition("-")
    return list(range(int(first), int(last or first) + 1))
