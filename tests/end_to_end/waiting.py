"""Waiting for something with an end, instead of sleeping and hoping."""

import threading
import time


class TooLate(AssertionError):
    """Something did not happen in time."""


def until(what: str, condition, seconds: float, pause: float = 0.2):
    """Wait until a condition gives something true; returns that.

    :raises TooLate: naming what was waited for
    """
    clock = threading.Event()
    give_up_at = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > give_up_at:
            raise TooLate(f"{what}: not within {seconds:.0f} s")
        clock.wait(pause)
