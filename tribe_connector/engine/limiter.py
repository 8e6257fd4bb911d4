"""One limiter per connection over all workers and hosts: Tribe allows so many calls a minute.

A "leaky bucket" kept as one moment in the database: every call moves it on by its share of the
window; how far it lies ahead of the clock says how full the window is.
"""

import time

from ..sentence import sentence
from ..tribe_api import TribeError, TribePaused
from .availability import Availability
from .separate_transaction import execute_apart

# Calls reserved at once, so that not every call costs a query.
MOST_RESERVED = 10
# A reserved call is made within this part of the window, or it is asked for again.
RESERVED_SHARE = 1 / 60
# Reserved calls are made a moment later, and the network moves them on: stay below the limit.
USED_SHARE = 0.95
# The part of the window's calls that may come at once. Burst and steady rate together never
# exceed the limit in any window.
BURST_SHARE = 0.2
FEWEST_CALLS = 10
# Longer waits go back to the queue instead of holding a worker.
LONGEST_SLEEP_SECONDS = 5.0
# So do many short ones: Odoo ends a worker that is busy for two minutes (limit_time_real).
LONGEST_SLEEPS_SECONDS = 20.0
# The shortest wait for a place.
MOMENT = 0.01
# A full bucket is this part of the window ahead of the clock.
BURST_OF_WINDOW = BURST_SHARE / (1 - BURST_SHARE)


class DatabaseLimiter:
    """The ``Limiter`` of tribe_api for one connection. No call while Tribe is not there."""

    def __init__(self, connection):
        self._registry = connection.env.registry
        self._connection_id = connection.id
        self._availability = Availability(connection)
        limit = max(connection.calls_per_window, FEWEST_CALLS) * USED_SHARE
        self._burst_seconds = connection.call_window_seconds * BURST_OF_WINDOW
        self._seconds_per_call = connection.call_window_seconds / (limit * (1 - BURST_SHARE))
        self._size = min(MOST_RESERVED, int(limit * BURST_SHARE))
        self._reserved_seconds = connection.call_window_seconds * RESERVED_SHARE
        self._reserved = 0
        self._reserved_until = 0.0
        self._sleep_left = LONGEST_SLEEPS_SECONDS

    def acquire(self) -> None:
        """Wait for one call.

        :raises TribePaused: when the wait would be long, with ``retry_after``.
        """
        if not self._reserved or time.monotonic() > self._reserved_until:
            self._check_available()
            self._reserve()
        self._reserved -= 1

    def note_rate_limited(self, retry_after: float) -> None:
        """Tribe said 429: let all workers wait so many seconds."""
        self._reserved = 0
        execute_apart(
            self._registry,
            """UPDATE tribe_rate_limit
                  SET position = GREATEST(position, EXTRACT(epoch FROM clock_timestamp()) + %s)
                WHERE connection_id = %s""",
            [retry_after + self._burst_seconds, self._connection_id],
        )

    def note_answer(self) -> None:
        """Tribe is there."""
        self._availability.note_answer()

    def note_failure(self, error: TribeError) -> None:
        """Tribe did not answer, or we cannot sign in."""
        if self._availability.note_failure(error):
            self._reserved = 0

    def _check_available(self) -> None:
        seconds = self._availability.seconds_until_probe()
        if seconds is not None:
            raise TribePaused(sentence("tribe_unavailable_for_now"), retry_after=seconds)

    def _reserve(self) -> None:
        while not self._take_place():
            ahead = self._seconds_until_free()
            if ahead > min(LONGEST_SLEEP_SECONDS, self._sleep_left):
                raise TribePaused(
                    sentence("call_limit_used_up"),
                    retry_after=ahead,
                )
            time.sleep(ahead)
            self._sleep_left -= ahead
        self._reserved = self._size
        self._reserved_until = time.monotonic() + self._reserved_seconds

    def _take_place(self) -> bool:
        """Move the bucket on by our calls, unless it is full. In one statement: others do too."""
        row = execute_apart(
            self._registry,
            """UPDATE tribe_rate_limit
                  SET position = GREATEST(position, moment.now) + %(seconds)s,
                      calls = calls + %(calls)s
                 FROM (SELECT EXTRACT(epoch FROM clock_timestamp()) AS now) AS moment
                WHERE connection_id = %(connection)s
                  AND GREATEST(position, moment.now) + %(seconds)s <= moment.now + %(burst)s
            RETURNING position""",
            {
                "connection": self._connection_id,
                "seconds": self._size * self._seconds_per_call,
                "calls": self._size,
                "burst": self._burst_seconds,
            },
        )
        return row is not None

    def _seconds_until_free(self) -> float:
        row = execute_apart(
            self._registry,
            """SELECT position - EXTRACT(epoch FROM clock_timestamp())
                 FROM tribe_rate_limit WHERE connection_id = %s""",
            [self._connection_id],
        )
        ahead = float(row[0]) if row else 0.0
        return max(ahead + self._size * self._seconds_per_call - self._burst_seconds, MOMENT)


class ProbingLimiter(DatabaseLimiter):
    """Also calls a Tribe that was not there: the one call that finds out, or a person's."""

    def _check_available(self) -> None:
        """Asks nobody."""
