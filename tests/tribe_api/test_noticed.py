"""What a call shows by the way of how a tenant works."""

import pytest

from tribe_connector.sentence import sentence
from tribe_connector.tribe_api import Guid, Page, TribeRefused, any_of, contains, equals
from tribe_connector.tribe_api.errors import TribeUnauthorized
from tribe_connector.tribe_api.noticed import noticed_of_page, noticed_of_refusal

IDS = [Guid(f"00000000-0000-4000-8000-0000000000{number:02}") for number in range(40)]
CHANGED = "(CreationDate ge 2026-01-01T00:00:00Z or LastMutationDate ge 2026-01-01T00:00:00Z)"


SAID = sentence("request_refused", record="Relation_Organization", status=400)


def refused(status=400, detail=""):
    return TribeRefused(SAID, status=status, detail=detail)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (contains("ImportId", "odoo:1"), "contains"),
        (CHANGED, "date_filter"),
        (equals("Phase/ID", IDS[0]), "path_filter"),
        (any_of("Phase/ID", IDS[:3]), "path_filter"),
        (any_of("ID", IDS), "or_terms"),
        (equals("InvoiceDate", None), "null_filter"),
    ],
)
def test_a_filter_that_is_refused(condition, code):
    assert noticed_of_refusal(refused(), condition) == {code: "refused"}


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        # Of several, it may be any.
        (refused(), any_of("Organization/ID", IDS)),
        (refused(), f"{CHANGED} and Phase/ID eq {IDS[0]}"),
        # Something else is refused.
        (refused(), None),
        (refused(), equals("ID", IDS[0])),
        (refused(status=404), contains("Name", "a")),
        (refused(status=422), contains("Name", "a")),
        (refused(detail="The property 'Foo' is not defined."), contains("Foo", "a")),
        (TribeUnauthorized(SAID, status=400), contains("Name", "a")),
    ],
)
def test_what_says_nothing_of_a_filter(error, condition):
    assert noticed_of_refusal(error, condition) == {}


@pytest.mark.parametrize(
    ("shown", "count", "is_announced", "skip", "noticed"),
    [
        (20, 50, False, 0, {"page_size": "20"}),
        (20, None, True, 0, {"page_size": "20", "next_link": "yes"}),
        (100, 150, False, 0, {}),
        # The last page, and one of whose rest nobody knows.
        (20, 120, False, 100, {}),
        (20, None, False, 0, {}),
        (0, 50, False, 0, {}),
    ],
)
def test_a_page_that_is_short(shown, count, is_announced, skip, noticed):
    page = Page([{"ID": each} for each in range(shown)], count, is_announced)
    assert noticed_of_page(page, {"$top": 100, "$skip": skip}) == noticed
