"""The main job of the product, in a world of its own."""

import os
import random

import pytest
from choices import IS_FULL
from tribe_sandbox.combinations import HIGHEST_SEED, drawn

from host.databases import Databases

from .main_job import MainJob
from .odoo_log import alarms
from .world import world

DATABASE = "tribe_main_job"
# More organizations than a page has; with --full, as `./dev demo` does it, about twice as many.
SANDBOX = {} if IS_FULL else {"relations": 160, "invoices": 50}


# Tenants that work in other ways, from a seed of chance that each test's name has. Left alone is
# what the job itself reads otherwise, which it does as any program; what is no tenant that the
# connector claims; and what only takes time.
COMBINATIONS = 3
LEFT_ALONE = {
    *("total_excluding_vat_name", "total_including_vat_name", "vat_amount_name", "line_vat"),
    *("vat_rounding", "header_discount", "header_discounts", "line_totals", "line_vat_discount"),
    *("legal_entity_name", "legal_entity_means", "legal_entities", "draft_code", "billing_module"),
    *("base_currency", "foreign_currency", "coins", "sending_finalises", "query_lag"),
    *("redirect_uris", "invoice_day", "page_limit"),
    *("rate_limit", "rate_window", "rate_counts_refused", "retry_after"),
    *("webhook_paused", "webhook_drop_rate", "webhook_delay", "webhook_timeout"),
}
FIRST = int(os.environ.get("TRIBE_COMBINATION_SEED") or random.randrange(HIGHEST_SEED))


ONLY_FULL = pytest.mark.skipif(not IS_FULL, reason="Only with --full.")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param({}, id="told by webhooks"),
        pytest.param({"is_told": False}, id="without any webhook", marks=ONLY_FULL),
        *(
            pytest.param(
                {"switches": drawn(seed, LEFT_ALONE)},
                id=f"TRIBE_COMBINATION_SEED={seed}",
                marks=ONLY_FULL,
            )
            for seed in range(FIRST, FIRST + COMBINATIONS)
        ),
        pytest.param(
            {"create": Databases.create_with_demo_data}, id="beside the demo data", marks=ONLY_FULL
        ),
    ],
)
def finished_job(request):
    """The main job, done, while both systems still run."""
    options = {"switches": {}, **request.param}
    sandbox = {**SANDBOX, "switches": options.pop("switches")}
    with world(DATABASE, sandbox_options=sandbox, **options) as both:
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
