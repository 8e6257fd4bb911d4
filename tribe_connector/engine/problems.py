"""The three kinds of problems: try again, needs a person, bug. And what is none: busy.

What tried again too often is given up: it then waits for a person like the second kind.
"""

import logging
from dataclasses import dataclass

import psycopg2
import psycopg2.errors

from odoo.exceptions import RedirectWarning, UserError

from ..mapping import CountryUnknown, ValueUnreadable
from ..sentence import LINE, MESSAGES, Label, Sentence, said, sentence
from ..tribe_api import (
    TribeCredentialsRefused,
    TribeError,
    TribePaused,
    TribeRecordUnreadable,
    TribeRefused,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
)

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
# Of booked invoices: one is not the same on both sides; one was told paid, and is open again.
DIFFERS = "differs"
UNDONE = "undone"
GIVEN_UP = "given_up"
# Kinds of problems that do not go away by trying again in a moment.
FOR_PEOPLE = (NEEDS_PERSON, BUG, GIVEN_UP)
# Rows of work but for what is merely looked at once more (as the action of what waits).
BEING_DONE = ["|", ("error_class", "!=", False), ("reason", "!=", "again")]
# Why something is looked at (``tribe.work``) of which Tribe told that it changed.
TOLD_REASONS = {"webhook", "follow"}
# A pause that tells no time.
PAUSE_SECONDS = 1.0


class NeedsPerson(Exception):
    """What only a person can mend. The sentences name the record, the cause and the remedy.

    The first one says what the problem is grouped by.
    """

    def __init__(self, *sentences: Sentence):
        super().__init__(*sentences)

    def __str__(self):
        return LINE.join(map(str, self.args))


class TryAgain(Exception):
    """What mends itself. ``seconds``: when to try again at the earliest."""

    def __init__(self, message: str, seconds: float = 0):
        super().__init__(message)
        self.seconds = seconds


class OfSome(Exception):
    """Which of the records that were done at once cannot be, and why: ``{record: exception}``.

    Nothing is known against the others.
    """

    def __init__(self, reasons: dict):
        super().__init__(*reasons.values())
        self.reasons = reasons

    def check(self) -> None:
        """Raise it where there is something wrong with any of them."""
        if self.reasons:
            raise self


PERSON_ERRORS = (NeedsPerson, TribeError, UserError, ValueUnreadable, CountryUnknown)


class Busy(TryAgain):
    """Another worker is at the same record. No problem at all: it comes again in a moment."""


@dataclass(frozen=True)
class Problem:
    """One problem as people see it.

    ``text``: sentences (``sentence.Sentence``), of which each reader sees a translation.
    ``retry_after``: at the earliest after so many seconds, and never before the usual back-off.
    ``cause``: a code of ``tribe.work``'s field of that name, by which problems are grouped.
    """

    kind: str
    text: list[Sentence]
    retry_after: float | None = None
    cause: str = OTHER


def problem_of(error: Exception, env) -> Problem:
    """The problem that an exception stands for.

    A bug is logged with its traceback.
    """
    problem = judged(error, env)
    if problem.kind == BUG:
        _logger.error("Unexpected error while synchronizing with Tribe", exc_info=error)
    return problem


def judged(error: Exception, env) -> Problem:
    """The same without a word in the log, for who makes another problem of it."""
    text = _sentences_of(error)
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
        return Problem(TRY_AGAIN, [sentence("record_being_saved")], 1)
    if isinstance(error, psycopg2.errors.UniqueViolation) and _is_of_ours(error):
        return Problem(TRY_AGAIN, [sentence("record_linked_by_other_worker")])
    if is_refused_by_odoo(error):
        return Problem(NEEDS_PERSON, refusal_of(error, env), cause=REFUSED_BY_ODOO)
    if isinstance(error, PERSON_ERRORS):
        return Problem(NEEDS_PERSON, text, cause=_cause_of(error))
    return Problem(BUG, [sentence("bug", error=type(error).__name__)], cause=BUG)


def is_refused_by_odoo(error: Exception) -> bool:
    """Whether Odoo, an addon or the database refuses values, and we did not say so ourselves."""
    if isinstance(error, psycopg2.IntegrityError):
        return not _is_of_ours(error)
    return isinstance(error, (UserError, RedirectWarning)) and not any(
        isinstance(each, Sentence) for each in said(error)
    )


def refusal_of(error: Exception, env) -> list[Sentence]:
    """Why Odoo refuses values, once what was begun with them is undone."""
    if not isinstance(error, psycopg2.IntegrityError):
        return _sentences_of(error)
    model = _model_of(error, env)
    if isinstance(error, psycopg2.errors.NotNullViolation):
        name = error.diag.column_name
        return [
            sentence(
                "required_in_odoo",
                field=Label(model._name, name) if name in model._fields else name,
                model=env["ir.model"]._get(model._name).name,
            )
        ]
    return [sentence("said_by_odoo", text=model._sql_error_to_message(error))]


def _is_of_ours(error: psycopg2.Error) -> bool:
    """Whether what the database refuses concerns a table of the connector itself."""
    return (error.diag.table_name or "tribe_").startswith("tribe_")


def _model_of(error: psycopg2.Error, env):
    """The model in whose table something was refused, else any."""
    for model_class in env.registry.values():
        if model_class._table == error.diag.table_name and not model_class._abstract:
            return env[model_class._name]
    return env["base"]


def _sentences_of(error: Exception) -> list[Sentence]:
    """What an exception says. What Odoo says is kept in the language in which it said so."""
    if isinstance(error, RedirectWarning):
        return [sentence("said_by_odoo", text=str(error.args[0]))]
    return [
        each if isinstance(each, Sentence) else sentence("said_by_odoo", text=each)
        for each in said(error)
    ]


def _cause_of(error: Exception) -> str:
    (first, *_others) = _sentences_of(error)
    if cause := MESSAGES[first.code]["cause"]:
        return cause
    if isinstance(error, NeedsPerson):
        return OTHER
    if isinstance(error, TribeError):
        return REFUSED_BY_TRIBE
    return REFUSED_BY_ODOO if isinstance(error, UserError) else UNREADABLE


def is_of_one_record(error: Exception) -> bool:
    """Whether an exception that ended a batch can be the fault of one record in it."""
    if isinstance(error, TribeRefused):
        return not isinstance(error, (TribeUnauthorized, TribeUnknownSet))
    if isinstance(error, (TribeError, NeedsPerson, TryAgain, psycopg2.OperationalError)):
        return isinstance(error, TribeRecordUnreadable)
    return True
