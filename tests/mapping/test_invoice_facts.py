"""The one list of facts: what is alike, what differs, and in which order that is told."""

from decimal import Decimal

import pytest

from tribe_connector.mapping.invoice_facts import (
    FACTS,
    OF_CUSTOMER,
    OF_ODOO,
    OF_THE_SAME_SALE,
    TOGETHER,
    agreeing,
    amount_of,
    by_vat_group,
    changed,
    differing,
    differing_keys,
    differing_places,
    is_divided_alike,
    is_same_sale,
    key,
    missing,
    on_other_accounts,
    parts,
    shown,
    summed,
)
from tribe_connector.sentence import MESSAGES

ALL = {
    "number": "2026001",
    "date": "2026-11-28",
    "accounting_date": "2026-11-28",
    "due_date": "2026-12-28",
    "legal_entity": "identity",
    "customer": "relationship",
    "relation": "organization",
    "currency": "EUR",
    "nets": {"7/3": "100.00"},
    "lines": {"group/": "100.00"},
    "products": {"group/product": "100.00"},
    "untaxed": "100.00",
    "vat": "21.00",
    "vat_by_tax": {"3": "21.00"},
    "vat_places": {"vat/3": {"9/12": "21.00"}},
    "early_discount": "",
    "total": "121.00",
}
OTHERS = {
    "number": "2026002",
    "date": "2026-11-29",
    "accounting_date": "2026-12-01",
    "due_date": "2026-12-29",
    "legal_entity": "another identity",
    "customer": "",
    "relation": "another organization",
    "currency": "USD",
    "nets": {"8/3": "100.00"},
    "lines": {"another group/": "100.00"},
    "products": {"group/another product": "100.00"},
    "untaxed": "100.01",
    "vat": "21.01",
    "vat_by_tax": {"4": "21.00"},
    "vat_places": {"vat/3": {"9/13": "21.00"}},
    "early_discount": "5",
    "total": "-121.00",
}


def test_the_examples_are_whole():
    assert [fact.name for fact in FACTS] == list(ALL) == list(OTHERS)


@pytest.mark.parametrize("name", ALL)
def test_each_fact_alone_is_found(name):
    assert differing(ALL, ALL) == []
    assert [fact.name for fact in differing(ALL, {**ALL, name: OTHERS[name]})] == [name]


@pytest.mark.parametrize("name", ALL)
def test_what_one_side_does_not_know_does_not_differ(name):
    without = {key: value for key, value in ALL.items() if key != name}
    assert differing(without, {**ALL, name: OTHERS[name]}) == []
    assert differing({**ALL, name: OTHERS[name]}, without) == []
    assert missing(without) == [name]


def test_they_are_told_in_the_order_of_the_list():
    assert [fact.name for fact in differing(ALL, OTHERS)] == list(ALL)


def test_nothing_is_known_of_what_was_adopted_just_now():
    assert differing(None, ALL) == differing({}, ALL) == []
    assert missing(None) == missing(False) == list(ALL)


@pytest.mark.parametrize(
    ("one", "other"),
    [("121.00", "121.0"), ("0.00", "-0.00"), ("1E+2", "100")],
)
def test_amounts_are_alike_however_they_are_written(one, other):
    assert differing({"total": one}, {"total": other}) == []


def test_amounts_by_key_that_come_to_nothing_are_none():
    amounts = [("a", Decimal("1.10")), ("a", Decimal("-1.10")), ("b", Decimal("2.00"))]
    assert summed(amounts) == {"b": "2.00"}
    assert differing({"nets": {"b": "2.00"}}, {"nets": {"b": "2.00", "c": "0.00"}}) == []
    assert differing_keys({"a": "1", "b": "2"}, {"b": "2", "c": "3"}) == ["a", "c"]
    assert (amount_of({}, "a"), amount_of({"a": "1.10"}, "a")) == (Decimal(0), Decimal("1.10"))


def test_lines_are_by_vat_group_however_they_were_kept():
    older = {"a/1": "60.00", "a/": "40.00", "b/1": "-1.00", "b/2": "1.00"}
    assert by_vat_group(older) == {"a/": "100.00"}
    assert differing({"lines": older}, {"lines": {"a/": "100"}}) == []
    assert differing({"lines": older}, {"lines": {"a/": "100", "b/": "1"}})


@pytest.mark.parametrize(
    ("wanted", "is_alike"),
    [
        ({"9/12": "12.60", "10/12": "8.40"}, True),
        ({"9/12": "12.6", "10/12": "8.4", "11/12": "0.00"}, True),
        ({"9/12": "8.40", "10/12": "12.60"}, False),
        ({"9/12": "21.00"}, False),
        # As an older version kept it.
        (["10/12", "9/12"], True),
        (["9/12"], False),
    ],
)
def test_vat_is_on_accounts_by_its_amounts_where_they_are_known(wanted, is_alike):
    found = {"vat/3": {"9/12": "12.60", "10/12": "8.40"}, "vat/4": {"9/12": "1.00"}}
    assert differing_places({"vat/3": wanted}, found) == ([] if is_alike else ["vat/3"])


@pytest.mark.parametrize(
    ("found", "is_alike"),
    [
        ({"9/12": "12.60", "10/12": "8.40"}, True),
        # Two cents that Tribe rounds otherwise, on whichever.
        ({"9/12": "12.62", "10/12": "8.40"}, True),
        ({"9/12": "12.60", "10/12": "8.42"}, True),
        ({"9/12": "12.61", "10/12": "8.41"}, True),
        ({"9/12": "12.63", "10/12": "8.39"}, False),
        ({"9/12": "12.59", "10/12": "8.41"}, False),
        ({"9/12": "1.00", "10/12": "20.00"}, False),
        # More than rounding can make.
        ({"9/12": "12.63", "10/12": "8.40"}, False),
        # Somewhere else.
        ({"9/12": "12.60", "10/12": "8.40", "11/12": "0.01"}, False),
        ({"9/12": "21.00"}, False),
    ],
)
def test_vat_is_as_its_tax_divides_it_but_for_what_tribe_rounds_otherwise(found, is_alike):
    by_tax = {"9/12": "12.60", "10/12": "8.40"}
    assert is_divided_alike(found, by_tax, Decimal("0.02")) == is_alike


@pytest.mark.parametrize("pair", [("1", "2"), ("", "2"), ("1", "")])
def test_keys_can_be_read_back(pair):
    assert parts(key(*pair)) == pair


def test_what_is_missing_in_a_key_is_empty():
    assert key(None, False) == key("", "") == "/"


@pytest.mark.parametrize("name", OF_THE_SAME_SALE)
def test_one_sale_has_all_of_these_in_common(name):
    assert is_same_sale(ALL, ALL)
    for value in (OTHERS[name], "", None):
        assert not is_same_sale(ALL, {**ALL, name: value})
    without = {key: value for key, value in ALL.items() if key != name}
    assert not is_same_sale(without, without)


def test_one_sale_may_have_other_accounts_and_due_dates():
    rest = {name: OTHERS[name] for name in OTHERS if name not in OF_THE_SAME_SALE}
    assert is_same_sale(ALL, {**ALL, **rest})


def test_facts_are_shown_as_dates_and_amounts():
    assert str(shown("due_date", "2026-12-28")) == "2026-12-28"
    assert not isinstance(shown("due_date", "2026-12-28"), str)
    assert shown("total", "121.00") == Decimal("121.00")
    assert (shown("number", "7"), shown("date", "")) == ("7", "")


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_each_fact_has_a_name_for_people(fact):
    assert fact.label in MESSAGES
    assert fact.inline in MESSAGES


def test_every_fact_goes_together_with_some_once():
    names = [name for together in TOGETHER for name in together]
    assert len(names) == len(set(names))
    assert {fact.name for fact in FACTS} <= set(names)


def test_what_changed_in_tribe_brings_what_goes_together_with_it():
    now = {**ALL, "total": "122.00", "nets": {"8/3": "101.00"}, "due_date": "2026-12-29"}
    assert changed(ALL, now) == {
        "due_date": "2026-12-29",
        **{name: now[name] for name in ("currency", "nets", "lines", "products", "untaxed", "vat")},
        "vat_by_tax": now["vat_by_tax"],
        "total": "122.00",
    }
    assert changed(ALL, ALL) == {}


@pytest.mark.parametrize("name", OF_ODOO)
def test_a_mapping_that_changed_is_no_change_in_tribe(name):
    assert changed(ALL, {**ALL, name: OTHERS[name]}) == {}


def test_both_agree_on_what_goes_together_only_as_a_whole():
    assert agreeing({}, ALL) == []
    assert agreeing(ALL, {}) == []
    assert agreeing(ALL, ALL) == list(TOGETHER)
    assert agreeing({"customer": "new", "relation": "newer"}, {"customer": "new"}) == [OF_CUSTOMER]
    assert agreeing(ALL, {**ALL, "vat": "21.01", "date": OTHERS["date"]}) == [
        names for names in TOGETHER if not {"vat", "date"}.intersection(names)
    ]
    # Without what it means in Odoo nobody can tell.
    unmapped = {name: value for name, value in ALL.items() if name != "nets"}
    assert all("nets" not in names for names in agreeing(unmapped, ALL))


@pytest.mark.parametrize(
    ("wanted", "found", "is_followed"),
    [
        ({"7/3": "10.00"}, {"9/3": "10.00"}, True),
        ({"7/3": "10.00", "8/3": "5.00"}, {"8/3": "15.00"}, True),
        ({"7/3": "10.00", "8/3": "5.00"}, {"9/3": "10.00", "8/3": "5.00"}, True),
        ({"6/3": "10.00", "7/3": "5.00"}, {"9/3": "10.00", "10/3": "5.00"}, True),
        ({"7/3": "10.00", "7/4": "5.00"}, {"9/3": "10.00", "9/4": "5.00"}, True),
        ({"7/3": "10.00"}, {"9/3": "11.00"}, False),
        ({"7/3": "10.00"}, {"9/4": "10.00"}, False),
        ({"7/3": "10.00"}, {"9/3": "4.00", "10/3": "6.00"}, False),
        ({"8/3": "10.00"}, {"9/3": "10.00"}, False),
    ],
)
def test_what_was_on_accounts_that_are_gone_is_on_those_that_have_it(wanted, found, is_followed):
    expected = found if is_followed else wanted
    assert on_other_accounts(wanted, found, {"6", "7"}) == expected


def test_each_tax_follows_alone():
    wanted, found = {"7/3": "10.00", "7/4": "5.00"}, {"9/3": "10.00", "9/4": "6.00"}
    assert on_other_accounts(wanted, found, {"7"}) == {"9/3": "10.00", "7/4": "5.00"}
