"""Twenty thousand relations: reading stays even, page after page.

What a reading costs is counted in steps of SQLite, which are the same on every machine.
"""

import datetime
from urllib.parse import quote

import pytest
from tribe_sandbox.sandbox import Sandbox, Settings
from tribe_sandbox.seed import Size
from tribe_sandbox.server import Gateway
from werkzeug.test import Client

RELATIONS = 20000
# SQLite tells of its steps a hundred at a time.
STEPS = 100
# To look at each relation once. Sorting all of them takes several times as much.
STEPS_OF_ALL = 10 * RELATIONS
# To go past so many rows of an index.
SKIPPED = 13000
STEPS_TO_SKIP = 8 * SKIPPED


class Reader:
    """Reads sets of a large Tribe in this very process, and counts the steps."""

    def __init__(self, sandbox):
        self._store = sandbox.store
        self._client = Client(Gateway(sandbox, verbose=False))
        form = {
            "grant_type": "client_credentials",
            "client_id": sandbox.oauth.client_id,
            "client_secret": sandbox.oauth.client_secret,
        }
        token = self._client.post("/oauth2/token", data=form).json["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def steps_for(self, set_name="Relation_Organization", **options):
        """How many steps a page takes, with query options without their dollar sign."""
        asked = {"top": 100, **options}.items()
        query = "&".join(f"${name}={quote(str(value))}" for name, value in asked)
        count = 0

        def note():
            nonlocal count
            count += STEPS

        self._store._connection.set_progress_handler(note, STEPS)
        try:
            answer = self._client.get(
                f"/v1/odata/{set_name}", query_string=query, headers=self._headers
            )
        finally:
            self._store._connection.set_progress_handler(None, STEPS)
        assert answer.json["value"]
        return count


@pytest.fixture(scope="module")
def big():
    size = Size(seed=1, relations=RELATIONS, invoices=0, today=datetime.date(2026, 3, 16))
    sandbox = Sandbox(Settings(":memory:", size, is_empty=False, switches={}))
    yield Reader(sandbox)
    sandbox.close()


def test_last_page_costs_about_as_much_as_the_first(big):
    options = {"orderby": "LastMutationDate asc,ID asc", "expand": "InvoiceAddress"}
    first = big.steps_for(skip=0, **options)
    last = big.steps_for(skip=SKIPPED, **options)
    assert last < first + STEPS_TO_SKIP


def test_numbers_are_found_at_once(big):
    assert big.steps_for("Relation", filter="DebtorNumber eq '10500'") < RELATIONS / 10


@pytest.mark.parametrize(
    "expression",
    [
        "ImportId eq 'odoo:1' or DebtorNumber eq '10500'",
        "contains(Name,'O''Brien')",
        "InvoiceAddress/City eq 'Utrecht'",
        "CreationDate ge 2020-01-01T00:00:00Z or LastMutationDate ge 2020-01-01T00:00:00Z",
    ],
)
def test_filters_are_quick(big, expression):
    assert big.steps_for(filter=expression) < STEPS_OF_ALL
