"""The main job of the product, in a world of its own."""

import os

import pytest

from .main_job import MainJob
from .odoo_log import alarms
from .world import world

DATABASE = "tribe_main_job"
# More organizations than a page has; with --full, as `./dev demo` does it, about twice as many.
IS_FULL = os.environ.get("TRIBE_FULL_TESTS") == "1"
SANDBOX = {} if IS_FULL else {"relations": 160, "invoices": 50}


ONLY_FULL = pytest.mark.skipif(not IS_FULL, reason="Only with --full.")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param({}, id="told by webhooks"),
        pytest.param({"is_told": False}, id="without any webhook", marks=ONLY_FULL),
    ],
)
def finished_job(request):
    """The main job, done, while both systems still run."""
    with world(DATABASE, sandbox_options=SANDBOX, **request.param) as both:
        job = MainJob(both)
        job.run()
        yield job


def test_every_fact_of_the_main_job_holds(finished_job, subtests):
    assert finished_job.table
    for fact, figure, holds in finished_job.table:
        with subtests.test(fact):
            assert holds, figure


def test_odoo_logs_no_warning_and_no_deprecation(finished_job):
    assert alarms(finished_job.world.server.log_text()) == []
