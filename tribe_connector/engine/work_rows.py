"""What the rows of ``tribe.work`` about a record say, and what they tell of a problem."""

from odoo import fields

from ..codes import ASKED_FOR, DECISIONS
from ..sentence import codes_of
from .problems import FOR_PEOPLE, TOLD_REASONS, UNAVAILABLE


def asked_facts(works) -> dict:
    """What was noted with what a person asked for, of the rows of one record."""
    return {
        name: fact
        for work in works.sorted("id")
        if work.reason in ASKED_FOR
        for name, fact in (work.facts or {}).items()
    }


def row_to_keep(works):
    """Of the rows about one record the one that tells of its problem.

    The row that people see stays the same one: they may have it open.
    """
    decided = works.filtered(lambda work: work.reason in DECISIONS)
    decided = decided.sorted(lambda work: DECISIONS.index(work.reason))
    return (decided or works.filtered("error_class") or works)[0]


def reason_of(work) -> str:
    """Why a record is worked on.

    A look that was to come later is done with what comes before it, and may find as old a copy as
    the one before: as if Tribe told of the change only now. What of Tribe has become a problem was
    read since it was told, so nobody tells of it any more.
    """
    is_known = work.direction == "inbound" and work.error_class in FOR_PEOPLE
    if is_known and work.reason in TOLD_REASONS:
        return "problem"
    is_early = work.due > fields.Datetime.now() and not work.error_class
    return "follow" if work.reason == "again" and is_early else work.reason


def values_of_problem(work, problem) -> dict:
    """The values with which a row tells of a problem.

    While Tribe cannot be reached, what a person has to do stays as it is.
    """
    if (
        problem.cause == UNAVAILABLE
        and work.error_class in FOR_PEOPLE
        and work.cause != UNAVAILABLE
    ):
        return {}
    return {"error": problem.text, "error_class": problem.kind, "cause": problem.cause}


def tells_of(work, problem) -> bool:
    """Whether a row tells of a problem of this kind already, whatever values it names."""
    return work.error_class == problem.kind and codes_of(work.error) == codes_of(problem.text)
