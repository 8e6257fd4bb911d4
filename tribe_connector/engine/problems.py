"""The three kinds of problems: try again, needs a person, bug. And what is none: busy.

What tried again too often is given up: it then waits for a person like the second kind.
"""

import logging
from dataclasses import dataclass

import psycopg2
import psycopg2.errors

from odoo.exceptions import RedirectWarning, UserError

from ..mapping import CountryUnknown, ValueUnreadable
from ..sentence import in_language
from ..tribe_api import TribeCredentialsRefused, TribeError, TribePaused, TribeUnavailable

_logger = logging.getLogger(__name__)

TRY_AGAIN = "again"
NEEDS_PERSON = "person"
BUSY = "busy"
BUG = "bug"
# Causes (``tribe.work``'s field) of exceptions that do not bring one.
OTHER = "other"
UNAVAILABLE = "unavailable"
REFUSED_BY_TRIBE = "tribe"
REFUSED_BY_ODOO = "odoo"
UNREADABLE = "unreadable"
STOPPED = "stopped"
GIVEN_UP = "given_up"
# Kinds of problems that do not go away by trying again in a moment.
FOR_PEOPLE = (NEEDS_PERSON, BUG, GIVEN_UP)
# A pause that tells no time.
PAUSE_SECONDS = 1.0


class NeedsPerson(Exception):
    """What only a person can mend. The text names the record, the cause and the remedy.

    ``cause`` is a code of ``tribe.work``'s field of that name: what problems are grouped by.
    """

    def __init__(self, message: str, cause: str = OTHER):
        super().__init__(message)
        self.cause = cause


class AmountsDiffer(UserError):
    """Odoo's amounts of an invoice would not be Tribe's."""

    cause = "amounts"


class TryAgain(Exception):
    """What mends itself. ``seconds``: when to try again at the earliest."""

    def __init__(self, message: str, seconds: float = 0):
        super().__init__(message)
        self.seconds = seconds


PERSON_ERRORS = (NeedsPerson, TribeError, UserError, ValueUnreadable, CountryUnknown)


class Busy(TryAgain):
    """Another worker is at the same record. No problem at all: it comes again in a moment."""


@dataclass(frozen=True)
class Problem:
    """One problem as people see it.

    ``retry_after``: at the earliest after so many seconds, and never before the usual back-off.
    ``cause``: see ``NeedsPerson``.
    """

    kind: str
    text: str
    retry_after: float | None = None
    cause: str = OTHER


def problem_of(error: Exception, env) -> Problem:
    """The problem that an exception stands for, in the language of the environment.

    A bug is logged with its traceback.
    """
    text = in_language(env, error)
    if isinstance(error, TribePaused):
        return Problem(BUSY, text, error.retry_after or PAUSE_SECONDS)
    if isinstance(error, TribeCredentialsRefused):
        # The whole connection waits (engine/availability.py); the record has no problem.
        return Problem(BUSY, text, PAUSE_SECONDS)
    if isinstance(error, TribeUnavailable):
        return Problem(TRY_AGAIN, text, error.retry_after, UNAVAILABLE)
    if isinstance(error, Busy):
        return Problem(BUSY, text, error.seconds)
    if isinstance(error, TryAgain):
        return Problem(TRY_AGAIN, text, error.seconds)
    if isinstance(error, psycopg2.OperationalError):
        return Problem(TRY_AGAIN, env._("Somebody else was saving the same record."), 1)
    if isinstance(error, psycopg2.errors.UniqueViolation):
        return Problem(TRY_AGAIN, env._("Another worker linked the same record first."))
    if isinstance(error, RedirectWarning):
        return Problem(NEEDS_PERSON, str(error.args[0]), cause=REFUSED_BY_ODOO)
    if isinstance(error, PERSON_ERRORS):
        return Problem(NEEDS_PERSON, text, cause=_cause_of(error))
    _logger.error("Unexpected error while synchronizing with Tribe", exc_info=error)
    return Problem(
        BUG,
        env._(
            "Something went wrong in the connector itself (%(error)s). The server log has the "
            "details; please report it.",
            error=type(error).__name__,
        ),
        cause=BUG,
    )


def _cause_of(error: Exception) -> str:
    if isinstance(error, (NeedsPerson, AmountsDiffer)):
        return error.cause
    if isinstance(error, TribeError):
        return REFUSED_BY_TRIBE
    return REFUSED_BY_ODOO if isinstance(error, UserError) else UNREADABLE
