"""The main job in the database of a company that has used Odoo for years (``COMPANY``).

Sale, stock, purchase, website, point of sale and more, addons of the Odoo Community Association,
three companies of which one is a branch, look-ups in VIES, automations and a rule for salespeople.
"""

import functools

import pytest
from end_to_end.main_job import MainJob
from end_to_end.odoo_log import alarms
from end_to_end.outside import noting_who_is_asked
from end_to_end.world import world

from host.databases import COMPANY, Databases

DATABASE = "tribe_company_main_job"
SANDBOX = {"relations": 60, "invoices": 40}


@pytest.fixture(scope="module")
def asked():
    """Whom outside of this machine anybody asked."""
    with noting_who_is_asked() as noted:
        yield noted


@pytest.fixture(scope="module")
def finished_job(asked):
    """The main job, done, while both systems still run."""
    create = functools.partial(Databases.create_with_addon, ground=COMPANY)
    with world(DATABASE, create=create, sandbox_options=SANDBOX) as both:
        job = MainJob(both)
        job.run()
        yield job


def test_every_fact_of_the_main_job_holds(finished_job, subtests):
    assert finished_job.table
    for fact, figure, holds in finished_job.table:
        with subtests.test(fact):
            assert holds, figure


def test_the_company_looks_up_vat_numbers(finished_job):
    rows = finished_job.odoo.rows("res.company", [], ["vat_check_vies"])
    assert [row["vat_check_vies"] for row in rows].count(True) == 3


def test_nobody_outside_is_asked(finished_job, asked):
    numbers = finished_job.odoo.rows("res.partner", [["vat", "!=", False]], ["vat"])
    assert numbers
    assert asked == []


def test_odoo_logs_no_warning_and_no_deprecation(finished_job):
    assert alarms(finished_job.world.server.log_text()) == []
