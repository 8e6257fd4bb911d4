"""Three-way merge: what both sides agreed on decides who changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.mapping import canonical, leave_alone, merge

POLICIES = ("odoo", "tribe", "ask")


def parts(result):
    return result.to_odoo, result.to_tribe, result.conflicts


CASES = [
    # agreed, Odoo, Tribe -> to Odoo, to Tribe (whatever the policy)
    ("a", "a", "a", None, None),
    ("a", "b", "a", None, "b"),
    ("a", "a", "b", "b", None),
    ("a", "b", "b", None, None),
    ("a", "A ", "a", None, None),
    ("a", None, "a", None, ...),
    ("a", "a", None, ..., None),
    (..., "a", None, None, "a"),
    (..., None, "a", "a", None),
    (..., "a", "A", None, None),
    (None, "a", None, None, "a"),
]


def one(value):
    return {} if value is ... else {"email": value}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("agreed", "odoo", "tribe", "to_odoo", "to_tribe"), CASES)
def test_when_one_side_changed_no_policy_is_needed(agreed, odoo, tribe, to_odoo, to_tribe, policy):
    result = merge(one(agreed), one(odoo), one(tribe), policy=policy)
    expected = [
        {"email": None} if value is ... else {} if value is None else {"email": value}
        for value in (to_odoo, to_tribe)
    ]
    assert parts(result) == (*expected, {})


@pytest.mark.parametrize("agreed", [..., "a"])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("odoo", ({}, {"email": "b"}, {})),
        ("tribe", ({"email": "c"}, {}, {})),
        ("ask", ({}, {}, {"email": ("b", "c")})),
    ],
)
def test_when_both_sides_changed_the_policy_decides(agreed, policy, expected):
    assert parts(merge(one(agreed), one("b"), one("c"), policy=policy)) == expected


def test_a_conflict_keeps_what_was_agreed():
    assert merge({"email": "a"}, one("b"), one("c"), policy="ask").agreed == {"email": "a"}
    assert merge(None, one("b"), one("c"), policy="ask").agreed == {}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("number", ["debtor_number", "creditor_number"])
@pytest.mark.parametrize("agreed", [{}, "1", "2"])
def test_odoos_number_always_wins(policy, number, agreed):
    before = {number: agreed} if agreed else None
    assert parts(merge(before, {number: "1"}, {number: "2"}, policy=policy)) == (
        {},
        {number: "1"},
        {},
    )
    assert parts(merge(before, {number: None}, {number: "2"}, policy=policy)) == (
        {number: "2"},
        {},
        {},
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_a_name_is_never_emptied(policy):
    agreed = {"name": "Klant"}
    assert merge(agreed, {"name": "Klant"}, {"name": None}, policy=policy).to_tribe == agreed
    assert merge(agreed, {"name": ""}, {"name": "Klant"}, policy=policy).to_odoo == agreed


def test_a_field_that_one_side_does_not_have_is_left_alone():
    result = merge({"vat": "x"}, {"mobile": "1"}, {"website": "2"}, policy="odoo")
    assert parts(result) == ({}, {}, {})
    assert result.agreed == {"vat": "x"}


def test_an_archived_partner_ends_the_customer():
    result = merge({"active": True}, {"active": False}, {"active": True}, policy="tribe")
    assert result.to_tribe == {"active": False}


def test_only_three_policies():
    with pytest.raises(ValueError):
        merge({}, {}, {}, policy="newest")


FIELDS = ["email", "phone", "name", "zip", "debtor_number", "customer_payment_term_days", "active"]
TEXTS = st.sampled_from([None, "", False, "a", "A", " a", "1", "+1", "0 1", "b"])


def values_of(field):
    if field == "active":
        return st.booleans()
    if field == "customer_payment_term_days":
        return st.sampled_from([None, False, 0, 14, 30])
    return TEXTS


def some_fields():
    return st.fixed_dictionaries({}, optional={field: values_of(field) for field in FIELDS})


def same(one_side, other_side):
    shared = one_side.keys() & other_side.keys()
    return all(canonical(key, one_side[key]) == canonical(key, other_side[key]) for key in shared)


@given(some_fields(), some_fields(), some_fields(), st.sampled_from(["odoo", "tribe"]))
def test_after_a_merge_both_sides_hold_what_is_agreed(agreed, odoo, tribe, policy):
    result = merge(agreed, odoo, tribe, policy=policy)
    odoo, tribe = {**odoo, **result.to_odoo}, {**tribe, **result.to_tribe}
    assert same(odoo, tribe)
    shared = odoo.keys() & tribe.keys()
    assert same(result.agreed, {key: odoo[key] for key in shared})
    assert shared <= result.agreed.keys()


@given(some_fields(), some_fields(), some_fields(), st.sampled_from(POLICIES))
def test_merging_again_changes_nothing_more(agreed, odoo, tribe, policy):
    first = merge(agreed, odoo, tribe, policy=policy)
    again = merge(
        first.agreed, {**odoo, **first.to_odoo}, {**tribe, **first.to_tribe}, policy=policy
    )
    assert parts(again) == ({}, {}, first.conflicts)
    assert again.agreed == first.agreed


@given(some_fields(), some_fields(), some_fields(), st.sampled_from(POLICIES))
def test_a_value_moves_in_one_direction_only(agreed, odoo, tribe, policy):
    result = merge(agreed, odoo, tribe, policy=policy)
    moved = [*result.to_odoo, *result.to_tribe, *result.conflicts]
    assert len(moved) == len(set(moved))
    assert set(moved) <= odoo.keys() & tribe.keys()


MIRRORED = {"odoo": "tribe", "tribe": "odoo", "ask": "ask"}
WITHOUT_NUMBERS = some_fields().map(
    lambda values: {key: value for key, value in values.items() if key != "debtor_number"}
)


@given(WITHOUT_NUMBERS, WITHOUT_NUMBERS, WITHOUT_NUMBERS, st.sampled_from(POLICIES))
def test_but_for_numbers_the_sides_are_each_others_mirror(agreed, odoo, tribe, policy):
    here = merge(agreed, odoo, tribe, policy=policy)
    there = merge(agreed, tribe, odoo, policy=MIRRORED[policy])
    assert (here.to_odoo, here.to_tribe) == (there.to_tribe, there.to_odoo)
    assert here.conflicts == {key: pair[::-1] for key, pair in there.conflicts.items()}


@given(some_fields(), some_fields(), some_fields(), st.sampled_from(POLICIES))
def test_fields_do_not_influence_each_other(agreed, odoo, tribe, policy):
    whole = merge(agreed, odoo, tribe, policy=policy)
    for field in FIELDS:
        alone = [{key: side[key] for key in side if key == field} for side in (agreed, odoo, tribe)]
        piece = merge(*alone, policy=policy)
        for name in ("to_odoo", "to_tribe", "conflicts"):
            assert getattr(piece, name).get(field, ...) == getattr(whole, name).get(field, ...)


@given(some_fields(), some_fields(), some_fields())
def test_nothing_given_is_changed(agreed, odoo, tribe):
    before = dict(agreed), dict(odoo), dict(tribe)
    merge(agreed, odoo, tribe, policy="odoo")
    assert (agreed, odoo, tribe) == before


def test_a_national_form_is_no_change_in_its_country():
    sides = {"country_code": "NL", "phone": "020 1234567", "vat": "123456782B90"}
    other = {"country_code": "NL", "phone": "+31 20 123 45 67", "vat": "NL123456782B90"}
    merged = merge({}, sides, other, policy="ask")
    assert (merged.to_odoo, merged.to_tribe, merged.conflicts) == ({}, {}, {})


def test_a_number_without_country_code_is_the_same_after_a_move_abroad():
    agreed = {"country_code": "NL", "phone": "020 1234567"}
    merged = merge(agreed, {**agreed, "country_code": "BE"}, agreed, policy="ask")
    assert merged.to_tribe == {"country_code": "BE"}


def test_what_a_side_cannot_hold_stays_as_it_is_there():
    agreed = {"state_code": None, "days": 30, "city": "Ede"}
    odoo = {"state_code": "UT", "days": 30, "city": "Ede"}
    tribe = {"state_code": None, "days": 45, "city": "Zeist"}
    merged = merge(agreed, odoo, tribe, policy="ask")
    leave_alone(
        merged,
        odoo,
        tribe,
        not_in_odoo={"days": "No such term."},
        not_in_tribe={"state_code": "No."},
    )
    assert merged.to_odoo == {"city": "Zeist"}
    assert merged.to_tribe == {}
    assert merged.agreed == {"state_code": None, "days": 30, "city": "Zeist"}
    assert merged.notes == {"days": "No such term.", "state_code": "No."}
    # Once both can hold it, it goes.
    again = merge(merged.agreed, {**odoo, "city": "Zeist"}, tribe, policy="ask")
    assert (again.to_odoo, again.to_tribe) == ({"days": 45}, {"state_code": "UT"})


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("agreed", "odoo", "tribe", "to_odoo", "to_tribe"),
    [
        # Tribe changed it: for leave_alone, which takes it back.
        ("a", "a", "b", "b", None),
        # Odoo changed it, whatever Tribe has.
        ("a", "b", "a", None, "b"),
        ("a", "b", "c", None, "b"),
        ("a", "b", "b", None, None),
    ],
)
def test_what_only_odoo_may_change_is_no_conflict(agreed, odoo, tribe, to_odoo, to_tribe, policy):
    result = merge(
        one(agreed),
        one(odoo),
        one(tribe),
        policy=policy,
        only_odoo=["email"],
        with_consent=["email"],
    )
    assert parts(result) == (
        one(to_odoo) if to_odoo else {},
        one(to_tribe) if to_tribe else {},
        {},
    )


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("agreed", ["a", ...])
def test_what_needs_consent_waits_for_it_whatever_the_policy(agreed, policy):
    def merged(decided, odoo="a"):
        return merge(
            one(agreed),
            one(odoo),
            one("b"),
            policy=policy,
            decided=decided,
            with_consent=["email"],
        )

    if agreed == "a" or policy != "odoo":
        assert parts(merged({})) == ({}, {}, {"email": ("a", "b")})
        assert merged({}).agreed == one(agreed)
    assert parts(merged({"email": "tribe"})) == ({"email": "b"}, {}, {})
    assert parts(merged({"email": "odoo"})) == ({}, {"email": "a"}, {})
    # What only Odoo changed goes as ever.
    back = merge(one("b"), one("a"), one("b"), policy=policy, with_consent=["email"])
    assert parts(back) == ({}, {"email": "a"}, {})
