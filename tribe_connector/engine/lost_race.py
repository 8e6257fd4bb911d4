"""Lanes and people who write the same rows at the same moment: a lane gives way, and quietly.

PostgreSQL has one of two transactions that change one row wait for the other, and then fail, to be
tried again. A lane hardly waits, so that it holds nothing of what somebody else wants meanwhile; it
tries again by itself, which is no alarm.
"""

import contextlib
import logging
import threading

import psycopg2
import psycopg2.errors

LOST_RACES = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)
# Less than after what PostgreSQL looks for a deadlock (``deadlock_timeout``, a second): a lane has
# given way before somebody else is chosen to.
LONGEST_WAIT = "100ms"
# Where Odoo logs each statement that failed (odoo/sql_db.py, Cursor.execute), with its exception.
SQL_LOGGER = logging.getLogger("odoo.sql_db")


def is_of_transaction(error: Exception) -> bool:
    """Whether something is wrong with PostgreSQL itself, or with all of a transaction."""
    return isinstance(error, psycopg2.OperationalError) and not isinstance(error, LOST_RACES)


class _Thread(threading.local):
    """What this thread does."""

    is_giving_way = False


_thread = _Thread()


class _NoAlarm(logging.Filter):
    """Logs at INFO that a lane lost a race."""

    def filter(self, record: logging.LogRecord) -> bool:
        is_lost = isinstance(record.args, tuple) and any(
            isinstance(argument, LOST_RACES) for argument in record.args
        )
        if not (is_lost and _thread.is_giving_way):
            return True
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return SQL_LOGGER.isEnabledFor(logging.INFO)


SQL_LOGGER.addFilter(_NoAlarm())


@contextlib.contextmanager
def giving_way(cursor):
    """While a lane works with a cursor, which is to be committed before it does anything.

    The connection has its own time again when Odoo next takes it from its pool.
    """
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
    was_giving_way, _thread.is_giving_way = _thread.is_giving_way, True
    try:
        yield
    finally:
        _thread.is_giving_way = was_giving_way
