"""$filter. docs/tribe-api.md."""

import pytest

from .client import CUSTOMERS, message_of


def names(api, expression):
    return {row["Name"] for row in api.rows("Product", filter=expression)}


@pytest.fixture
def product(api):
    row = {"Name": "Kwast 100%_O'Brien Zoë", "Code": "KW", "SalesPrice": 12.5, "IsInactive": False}
    return api.created("Product", row)


@pytest.mark.parametrize(
    "expression",
    [
        "Code eq 'KW'",
        "Name eq 'Kwast 100%_O''Brien Zoë'",
        "contains(Name,'o''brien')",
        "contains(Name,'100%_O')",
        "contains(Name,'ZOË')",
        "startswith(Name,'kwast')",
        "endswith(Name,'ZOË')",
        "SalesPrice eq 12.5 and Code eq 'KW'",
        "SalesPrice gt 12 and SalesPrice lt 13 and Code ne 'ART-001' and Code eq 'KW'",
        "not (Code ne 'KW')",
        "(Code eq 'KW' or Code eq 'none') and not contains(Name,'x')",
        "IsInactive eq false and Code eq 'KW'",
        "LocalizedName eq null and Description eq null and Code eq 'KW'",
        "not IsInactive and Code eq 'KW'",
    ],
)
def test_expressions_find_the_product(api, product, expression):
    assert names(api, expression) == {product["Name"]}


@pytest.mark.parametrize(
    "expression",
    ["contains(Name,'100_O')", "Code eq 'kw'", "Code eq null", "SalesPrice gt 1000000"],
)
def test_expressions_find_nothing(api, product, expression):
    assert not names(api, expression)


def test_equality_may_ignore_case_by_switch(api, sandbox, product):
    sandbox.switch(string_equality="case_insensitive")
    assert names(api, "Code eq 'kw'") == {product["Name"]}


def test_not_equal_includes_null(api):
    assert len(api.rows("Product", filter="Description ne 'x'")) == 30


def test_moments_compare_in_any_zone(api, product):
    created = product["CreationDate"]
    assert product["Name"] in names(api, f"CreationDate ge {created}")
    local = created.replace("Z", "+00:00")
    assert product["Name"] in names(api, f"CreationDate le {local}")
    assert product["Name"] not in names(api, f"CreationDate gt {created}")
    fraction = created.replace("Z", ".500Z")
    assert product["Name"] not in names(api, f"CreationDate ge {fraction}")
    assert product["Name"] in names(api, f"CreationDate lt {fraction}")


def test_links_can_be_followed(api):
    sent = api.rows("Activity_Invoice", filter="Phase/Code eq 'Sent'", expand="Phase")
    assert sent and {row["Phase"]["Code"] for row in sent} == {"Sent"}
    customer = api.rows(CUSTOMERS, top=1, expand="Organization($expand=VisitingAddress)")[0]
    organisation = customer["Organization"]["ID"]
    found = api.rows(CUSTOMERS, filter=f"Organization/ID eq {organisation}")
    assert [row["ID"] for row in found] == [customer["ID"]]
    by_city = api.rows(CUSTOMERS, filter="Organization/VisitingAddress/City eq 'Utrecht'")
    assert by_city


def test_order_can_follow_links(api):
    rows = api.rows("Activity_Invoice", orderby="Phase/Code desc,ID", expand="Phase($select=Code)")
    codes = [row["Phase"]["Code"] for row in rows]
    assert codes == sorted(codes, reverse=True)


def test_change_cursor_as_a_real_client_writes_it(api, product):
    since = product["CreationDate"]
    expression = f"(CreationDate ge {since} or LastMutationDate ge {since}) and Code eq 'KW'"
    assert names(api, expression) == {product["Name"]}


def test_a_hundred_ids_fit_in_one_filter(api, sandbox):
    identifiers = [row["ID"] for row in sandbox.rows("Address")][:60]
    terms = " or ".join(f"ID eq {one}" for one in identifiers * 2)
    assert len(api.rows("Address", filter=f"({terms})")) == len(identifiers)


@pytest.mark.parametrize(
    "expression",
    [
        "Code in ('KW','X')",
        "Code has 'KW'",
        "code eq 'KW'",
        "Foo/Bar eq 1",
        "Code eq 1601",
        "SalesPrice eq '12'",
        "ID eq 'e1000000-0000-4000-8000-000000000007'",
        "CreationDate ge '2026-01-01T00:00:00Z'",
        "CreationDate ge 2026-01-01T00:00:00",
        "CreationDate ge 2026-01-01",
        "CreationDate ge 2026-02-31T00:00:00Z",
        "IsInactive eq 'false'",
        "IsInactive eq 0",
        "Code EQ 'KW'",
        "Code eq 'KW",
        "Code eq 'KW' and",
        "(Code eq 'KW'",
        "Code",
        "VatGroup eq null",
        "ProductLine/Quantity gt 1",
        "ProductLine/any(l:l/Quantity gt 1)",
        "tolower(Code) eq 'kw'",
        "contains(SalesPrice,'1')",
        "contains(Code)",
        "SalesPrice add 1 eq 2",
        "",
    ],
)
def test_what_tribe_does_not_understand_is_400(api, expression):
    answer = api.get("Product", filter=expression)
    assert answer.status_code == 400, answer.text
    assert message_of(answer)
