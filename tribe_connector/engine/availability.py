"""A circuit breaker per connection over all workers and hosts: is Tribe there?

After so many failures in a row no work is started any more, so that nothing burns its tries on a
Tribe that is down. The schedule then makes one call from time to time; the first answer ends it.
"""

import time

from ..sentence import said, stored
from ..tribe_api import TribeCredentialsRefused, TribeEndless, TribeError
from .separate_transaction import execute_apart

# An answer is noted at most this often: it only matters after a failure.
NOTED_EVERY_SECONDS = 1.0


class Availability:
    """What the calls of one worker tell about Tribe, in the row that all workers share."""

    def __init__(self, connection):
        self._env = connection.env
        self._registry = connection.env.registry
        self._connection_id = connection.id
        self._failures_before_pause = connection.failures_before_pause
        self._probe_seconds = connection.probe_seconds
        self._noted_at = float("-inf")

    def note_answer(self) -> None:
        """Tribe answered: whatever failed before is over."""
        if time.monotonic() - self._noted_at < NOTED_EVERY_SECONDS:
            return
        execute_apart(
            self._registry,
            """UPDATE tribe_availability
                  SET failures = 0, failing_since = NULL, unavailable_since = NULL,
                      next_probe = NULL, reason = NULL, is_sign_in_refused = FALSE
                WHERE connection_id = %s AND failures > 0""",
            [self._connection_id],
        )
        self._noted_at = time.monotonic()

    def note_failure(self, error: TribeError) -> bool:
        """Tribe did not answer, or we cannot sign in. True when calls are to stop now."""
        self._noted_at = float("-inf")
        # Without credentials every call fails: there is nothing to wait for. Of a list without
        # end every page was an answer, so its failures would never be in a row.
        is_sign_in_refused = isinstance(error, TribeCredentialsRefused)
        is_final = is_sign_in_refused or isinstance(error, TribeEndless)
        row = execute_apart(
            self._registry,
            """UPDATE tribe_availability
                  SET failures = failures + 1,
                      reason = %(reason)s,
                      is_sign_in_refused = %(is_sign_in_refused)s,
                      failing_since = COALESCE(failing_since, moment.now),
                      unavailable_since = CASE
                          WHEN failures + 1 >= %(threshold)s
                          THEN COALESCE(unavailable_since, failing_since, moment.now) END,
                      next_probe = CASE
                          WHEN failures + 1 >= %(threshold)s
                          THEN moment.now + make_interval(secs => %(seconds)s) END
                 FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now) AS moment
                WHERE connection_id = %(connection)s
            RETURNING unavailable_since IS NOT NULL""",
            {
                "connection": self._connection_id,
                "reason": str(stored(said(error))),
                "is_sign_in_refused": is_sign_in_refused,
                "threshold": 1 if is_final else self._failures_before_pause,
                "seconds": max(self._probe_seconds, error.retry_after or 0.0),
            },
        )
        return bool(row) and row[0]

    def begin_probe(self) -> bool:
        """Whether Tribe is to be tried now; if so, that counts, however it ends.

        Also when there was no time left for the question, or the worker ended: the next time the
        Tribes of others come first.
        """
        row = execute_apart(
            self._registry,
            """UPDATE tribe_availability
                  SET next_probe = moment.now + make_interval(secs => %(seconds)s)
                 FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now) AS moment
                WHERE connection_id = %(connection)s AND unavailable_since IS NOT NULL
                  AND next_probe <= moment.now
            RETURNING TRUE""",
            {"connection": self._connection_id, "seconds": self._probe_seconds},
        )
        return row is not None

    def seconds_until_probe(self) -> float | None:
        """How long Tribe is left alone; None when it is there."""
        row = execute_apart(
            self._registry,
            """SELECT EXTRACT(epoch FROM next_probe - clock_timestamp() AT TIME ZONE 'UTC')
                 FROM tribe_availability
                WHERE connection_id = %s AND unavailable_since IS NOT NULL""",
            [self._connection_id],
        )
        return max(float(row[0]), 0.0) if row else None
