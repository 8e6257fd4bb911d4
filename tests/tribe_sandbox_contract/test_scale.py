"""Twenty thousand relations: reading stays even, page after page."""

import time

import pytest
from tribe_sandbox.process import SandboxProcess

from .client import Api

RELATIONS = 20000


@pytest.fixture(scope="module")
def big():
    with SandboxProcess(relations=RELATIONS, invoices=0) as process:
        yield Api(process)


def seconds_for(api, set_name="Relation_Organization", **options):
    started = time.perf_counter()
    rows = api.rows(set_name, top=100, **options)
    assert rows
    return time.perf_counter() - started


def test_last_page_costs_about_as_much_as_the_first(big):
    options = {"orderby": "LastMutationDate asc,ID asc", "expand": "InvoiceAddress"}
    first = min(seconds_for(big, skip=0, **options) for _ in range(3))
    last = min(seconds_for(big, skip=13000, **options) for _ in range(3))
    assert last < first + 0.1


@pytest.mark.parametrize(
    "expression", ["DebtorNumber eq '10500'", "ImportId eq 'odoo:1' or DebtorNumber eq '10500'"]
)
def test_numbers_are_found_at_once(big, expression):
    assert seconds_for(big, "Relation", filter=expression) < 0.1


@pytest.mark.parametrize(
    "expression",
    [
        "contains(Name,'O''Brien')",
        "InvoiceAddress/City eq 'Utrecht'",
        "CreationDate ge 2020-01-01T00:00:00Z or LastMutationDate ge 2020-01-01T00:00:00Z",
    ],
)
def test_filters_are_quick(big, expression):
    assert seconds_for(big, filter=expression) < 0.3
