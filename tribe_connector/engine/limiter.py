"""One limiter per connection over all workers and hosts: Tribe allows so many calls a minute.

A "leaky bucket" kept as one moment in the database: every call moves it on by its share of the
window; how far it lies ahead of the clock says how full the window is.
"""

import time

import psycopg2.errors

from ..tribe_api import TribeUnavailable

# Calls reserved at once, so that not every call costs a query.
RESERVED = 10
# The part of the window's calls that may come at once. Burst and steady rate together never
# exceed the limit in any window.
BURST_SHARE = 0.2
# Workers that reserve at the same moment try again at once, so many times.
ATTEMPTS = 20
# Longer waits go back to the queue instead of holding a worker.
LONGEST_SLEEP_SECONDS = 5.0


class DatabaseLimiter:
    """The ``Limiter`` of tribe_api for one connection."""

    def __init__(self, connection):
        self._registry = connection.env.registry
        self._connection_id = connection.id
        limit = max(connection.calls_per_window, RESERVED)
        burst = limit * BURST_SHARE
        self._seconds_per_call = connection.call_window_seconds / (limit - burst)
        self._burst_seconds = burst * self._seconds_per_call
        self._reserved = 0

    def acquire(self) -> None:
        """Wait for one call.

        :raises TribeUnavailable: when the wait would be long, with ``retry_after``.
        """
        if not self._reserved:
            self._reserve()
        self._reserved -= 1

    def note_rate_limited(self, retry_after: float) -> None:
        """Tribe said 429: let all workers wait so many seconds."""
        self._reserved = 0
        self._execute(
            """UPDATE tribe_rate_limit
                  SET position = GREATEST(position, EXTRACT(epoch FROM clock_timestamp()) + %s)
                WHERE connection_id = %s RETURNING position""",
            [retry_after + self._burst_seconds, self._connection_id],
        )

    def _reserve(self) -> None:
        ahead = self._ahead()
        if ahead > LONGEST_SLEEP_SECONDS:
            raise TribeUnavailable(
                "Tribe's limit of calls is used up for now; this goes on by itself.",
                retry_after=ahead,
            )
        if ahead > 0:
            time.sleep(ahead)
        self._execute(
            """UPDATE tribe_rate_limit
                  SET position = GREATEST(position, EXTRACT(epoch FROM clock_timestamp())) + %s,
                      calls = calls + %s
                WHERE connection_id = %s RETURNING position""",
            [RESERVED * self._seconds_per_call, RESERVED, self._connection_id],
        )
        self._reserved = RESERVED

    def _ahead(self) -> float:
        row = self._execute(
            """SELECT position - EXTRACT(epoch FROM clock_timestamp())
                 FROM tribe_rate_limit WHERE connection_id = %s""",
            [self._connection_id],
        )
        return float(row[0]) - self._burst_seconds if row else 0.0

    def _execute(self, query: str, parameters: list):
        for _attempt in range(ATTEMPTS - 1):
            try:
                return self._execute_once(query, parameters)
            except psycopg2.errors.SerializationFailure:
                # Another worker moved the same row on; ours simply comes after it.
                continue
        return self._execute_once(query, parameters)

    def _execute_once(self, query: str, parameters: list):
        with self._registry.cursor() as cursor:
            cursor.execute(query, parameters, log_exceptions=False)
            return cursor.fetchone()
