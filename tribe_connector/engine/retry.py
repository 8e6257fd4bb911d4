"""When what failed comes again, and when it is given up."""

import random
from datetime import timedelta

from odoo import fields

from ..sentence import sentence, together
from .problems import GIVEN_UP, NEEDS_PERSON, TRY_AGAIN, UNAVAILABLE, Problem

# Problems that are tried again by themselves only once a night.
NIGHTLY = (NEEDS_PERSON, GIVEN_UP)
# Waits are longer by up to this share.
JITTER = 0.25
MOST_DOUBLINGS = 20
# Whoever tells when to come back is believed so often; after that the back-off counts as well.
BELIEVED_TRIES = 3


def count_tries(works, problem):
    """How often it was tried, this time included.

    What a person asked for begins anew. So does what waited for a person, and was mended: the
    nights that passed meanwhile must not make it wait for hours when somebody else just saves
    the same record.
    """
    is_asked_for = any(work.reason == "person" and not work.error_class for work in works)
    kinds = works.mapped("error_class")
    is_mended = problem.kind == TRY_AGAIN and NEEDS_PERSON in kinds
    if problem.cause == UNAVAILABLE:
        # What waited for a person still does: only something new about it begins anew, and
        # what follows from our own look at it is not.
        is_new = any(not work.error_class and work.reason != "follow" for work in works)
        is_mended = is_mended and is_new
    if is_asked_for or is_mended:
        return 1
    return max(works.mapped("tries")) + 1


def unless_given_up(connection, problem, tries):
    """A problem as it is, or, when it was tried too often, as one that is given up."""
    if problem.kind == NEEDS_PERSON or tries < connection.tries_before_giving_up:
        return problem
    return Problem(
        GIVEN_UP,
        [sentence("given_up_after_tries", tries=tries, reason=together(problem.text))],
        cause=problem.cause,
    )


def next_try(connection, problem, tries):
    """When what has a problem comes again (datetime, UTC)."""
    if problem.kind in NIGHTLY:
        # By itself only once a night; a person or a filled mapping brings it forward.
        return connection._last_nightly_moment() + timedelta(days=1)
    seconds = problem.retry_after or 0
    if problem.retry_after is None or tries > BELIEVED_TRIES:
        seconds = max(seconds, _back_off_seconds(connection, tries))
    return moment_in(seconds)


def _back_off_seconds(connection, tries):
    seconds = connection.back_off_seconds * 2 ** min(tries - 1, MOST_DOUBLINGS)
    return min(seconds, connection.longest_back_off_seconds)


def moment_in(seconds):
    """Now plus a delay with jitter (datetime, UTC), so that failures do not retry in step."""
    return fields.Datetime.now() + timedelta(seconds=seconds * random.uniform(1, 1 + JITTER))
