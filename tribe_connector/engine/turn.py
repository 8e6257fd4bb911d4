"""The turn of this thread: how long Odoo has been waiting for it.

Odoo ends a cron worker that takes longer than `limit_time_real` (120 seconds by default), in the
middle of whatever it does. What counts is not one job: a worker does all jobs of a database that
are ready in a row, with one cursor (`_process_jobs` of odoo/addons/base/models/ir_cron.py), and is
looked at again when all of them are done. With processes as workers (`workers` above 0) the time
in which it waited for the first of them counts too, up to 70 seconds of it (`WorkerCron.sleep` of
odoo/service/server.py).

A worker of the web is ended after the same time, in the middle of a request: whoever pressed a
button sees no sentence then.
"""

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator

from odoo.http import request

from ..sentence import sentence
from ..tribe_api import LONGEST_EXCHANGE_SECONDS, Turn

# From the first job of the row to the end of our last exchange with Tribe; what Odoo leaves of the
# rest is for writing down what Tribe answered.
LONGEST_ROW_SECONDS = 45.0
# From the first client of a request to the end of its last exchange with Tribe. A person waits,
# and the others for one worker less (``_asking_for_button`` of tribe.connection).
LONGEST_REQUEST_SECONDS = 45.0
TOO_LONG = sentence("tribe_too_slow_for_button")


class _Row(threading.local):
    """The jobs that this thread does with one cursor."""

    cursor = staticmethod(lambda: None)
    started = 0.0
    # Which job runs, where one does, and whether the row's time was over when it began.
    job_id = None
    is_late = False
    # The jobs that had no time although they had work to do, in this row and in the one before.
    late = frozenset()
    late_before = frozenset()


class _WebRequest(threading.local):
    """The request of a browser or an API that this thread answers."""

    request = staticmethod(lambda: None)
    started = 0.0


_row = _Row()
_web_request = _WebRequest()


@contextlib.contextmanager
def job_of_row(cursor, job_id: int):
    """While one job runs. Jobs with one cursor are one row."""
    if _row.cursor() is not cursor:
        begin_row(cursor)
    _row.job_id = job_id
    _row.is_late = current_turn().is_over(LONGEST_EXCHANGE_SECONDS)
    try:
        yield
    finally:
        _row.job_id = None


def begin_row(cursor) -> None:
    """From now on time counts."""
    _row.cursor = weakref.ref(cursor)
    _row.started = time.monotonic()
    _row.late_before, _row.late = _row.late, frozenset()


def come_first_next() -> None:
    """The job that runs has work to do. If it had no time for it in this row, because of others,
    these leave it theirs in this thread's next row.

    Odoo begins each row with the same jobs (``_get_all_ready_jobs`` orders them by priority).
    """
    if _row.job_id and _row.is_late:
        _row.late |= {_row.job_id}


def others_come_first() -> bool:
    """Whether the job that runs is to leave its time to those that came too late before."""
    return bool(_row.job_id and _row.late_before and _row.job_id not in _row.late_before)


def current_turn() -> Turn:
    """What is left of the row, or of the request, for calls to Tribe; elsewhere there is no hurry.

    All clients of one request share its time, also when Odoo repeats it.
    """
    if _row.job_id:
        return Turn(_row.started + LONGEST_ROW_SECONDS)
    if not request:
        return Turn()
    current = request._get_current_object()
    if _web_request.request() is not current:
        _web_request.request = weakref.ref(current)
        _web_request.started = time.monotonic()
    return Turn(_web_request.started + LONGEST_REQUEST_SECONDS, when_over=TOO_LONG)


def is_turn_over() -> bool:
    """Whether nothing that takes long is to be begun any more."""
    return current_turn().is_over(LONGEST_EXCHANGE_SECONDS)


def in_time(items: Iterable, late: Callable) -> Iterator:
    """Some items, one after the other, as long as the turn lasts.

    The first always: else what takes long would never be done.

    :param late: called with each of the others, and why it is not begun any more
    """
    for number, item in enumerate(items):
        if number and is_turn_over():
            late(item, current_turn().over())
        else:
            yield item
