"""Waiting for something with an end, instead of sleeping and hoping."""

import datetime
import threading
import time
from zoneinfo import ZoneInfo

# The time zone that a new connection has.
ZONE = ZoneInfo("Europe/Amsterdam")
# Only to end what would hang: no machine is that slow.
SECONDS = 900


class TooLate(AssertionError):
    """Something did not happen in time."""


def until(what: str, condition, seconds: float = SECONDS, pause: float = 0.2):
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


def far_hour() -> int:
    """The hour half a day from now, for the nightly run: it does not come during a test."""
    return (datetime.datetime.now(ZONE).hour + 12) % 24
