"""Filters and query strings as Tribe reads them."""

import datetime
from decimal import Decimal
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.tribe_api import (
    Guid,
    any_of,
    at_least,
    both,
    contains,
    either,
    equals,
    literal,
    query_string,
)

ID = "a1000000-0000-4000-8000-000000000001"
AMSTERDAM_WINTER = datetime.timezone(datetime.timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (Decimal("12.50"), "12.50"),
        ("O'Brien", "'O''Brien'"),
        ("", "''"),
        (ID, f"'{ID}'"),
        (Guid(ID), ID),
        (datetime.date(2026, 1, 5), "2026-01-05"),
        (
            datetime.datetime(2026, 1, 1, 0, 0, 0, 999, tzinfo=AMSTERDAM_WINTER),
            "2025-12-31T23:00:00Z",
        ),
    ],
)
def test_a_literal(value, written):
    assert literal(value) == written


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), datetime.datetime(2026, 1, 1), object(), b"x"],
)
def test_what_tribe_could_misread_is_no_literal(value):
    with pytest.raises((ValueError, TypeError)):
        literal(value)


@pytest.mark.parametrize("text", ["", "x", ID + "0", f"{{{ID}}}", ID[:-1] + "g", f"{ID}\n"])
def test_only_a_guid_is_a_guid(text):
    with pytest.raises(ValueError):
        Guid(text)


def test_expressions():
    assert equals("Phase/Code", "Sent") == "Phase/Code eq 'Sent'"
    assert contains("ImportId", "odoo:1") == "contains(ImportId,'odoo:1')"
    assert at_least("Amount", 5) == "Amount ge 5"
    assert any_of("ID", [Guid(ID)]) == f"(ID eq {ID})"
    assert any_of("Number", ["1", "2"]) == "(Number eq '1' or Number eq '2')"
    assert both("a", either("b", "c")) == "(a and (b or c))"
    assert both(None, "a", "") == "a"
    assert either() == ""


def test_nothing_to_compare_with_is_a_mistake():
    with pytest.raises(ValueError):
        any_of("ID", [])


@pytest.mark.parametrize("path", ["", "a b", "a eq 1 or b", "a/", "/a", "1a", "a'"])
def test_a_path_is_only_names_and_slashes(path):
    with pytest.raises(ValueError):
        equals(path, 1)


def test_options_without_a_value_are_left_out():
    assert query_string({"$top": 0, "$filter": None, "$expand": "", "$skip": 5}) == "$top=0&$skip=5"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_arrives_as_it_was_without_a_plus(text):
    query = query_string({"$filter": f"x{text}", "$top": 1})
    assert "+" not in query and " " not in query
    assert query.isascii()
    assert parse_qsl(query) == [("$filter", f"x{text}"), ("$top", "1")]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_ends_its_own_literal(text):
    quoted = unquote(literal(text).replace("%", "%25"))
    assert quoted.startswith("'") and quoted.endswith("'")
    assert "'" not in quoted[1:-1].replace("''", "")
