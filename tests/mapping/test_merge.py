"""Three-way merge: what both sides agreed on decides who changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.mapping import ADDRESS, address_line, canonical, leave_alone, merge

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


@pytest.mark.parametrize("policy", POLICIES)
def test_what_may_be_from_a_backup_is_asked_where_both_changed_it(policy):
    sides = one("a"), one("b"), one("c")
    asked = ({}, {}, {"email": ("b", "c")})
    assert parts(merge(*sides, policy=policy, outdated={"email": "ask"})) == asked
    chosen = merge(*sides, policy=policy, outdated={"email": "ask"}, decided={"email": "odoo"})
    assert parts(chosen) == ({}, {"email": "b"}, {})


@pytest.mark.parametrize("policy", POLICIES)
def test_an_address_that_may_be_from_a_backup_is_asked_where_both_changed_it(policy):
    sides = ({"street": street, "city": "Delft"} for street in ("A 1", "B 2", "C 3"))
    outdated = dict.fromkeys(("street", "city"), "ask")
    assert parts(merge(*sides, policy=policy, outdated=outdated))[:2] == ({}, {})


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


FIELDS = ["email", "phone", "name", "debtor_number", "customer_payment_term_days", "active"]
ADDRESS_PARTS = ["street", "zip", "city"]
TEXTS = st.sampled_from([None, "", False, "a", "A", " a", "1", "+1", "0 1", "b"])


def values_of(field):
    if field == "active":
        return st.booleans()
    if field == "customer_payment_term_days":
        return st.sampled_from([None, False, 0, 14, 30])
    return TEXTS


def some_fields():
    names = [*FIELDS, *ADDRESS_PARTS]
    return st.fixed_dictionaries({}, optional={field: values_of(field) for field in names})


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
    assert set(moved) <= (odoo.keys() & tribe.keys()) | {ADDRESS}


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
def test_fields_outside_of_the_address_do_not_influence_each_other(agreed, odoo, tribe, policy):
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


# What each side has of a Dutch customer, with the code of the country and without it.
NUMBERS_ABROAD = [
    ("phone", "+31 20 1234567", "020 1234567"),
    ("phone", "+31 20 1234567", "020-123 45 67"),
    ("mobile", "0031 6 12345678", "06 12345678"),
    ("vat", "NL123456782B90", "1234.56.782.B90"),
]
MOVES = [("BE", "NL"), ("NL", "BE"), ("BE", "BE")]


def then_again(odoo, tribe, agreed, country, policy="ask"):
    """What is merged when both sides have what they got, and moved to a country."""
    first = merge(agreed, odoo, tribe, policy=policy)
    there = {"country_code": country}
    again = merge(
        first.agreed,
        {**odoo, **first.to_odoo, **there},
        {**tribe, **first.to_tribe, **there},
        policy=policy,
    )
    return first, again


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("in_odoo", "in_tribe"), MOVES)
@pytest.mark.parametrize(("name", "full", "national"), NUMBERS_ABROAD)
def test_a_number_stays_where_it_is_when_its_owner_moves_abroad(
    name, full, national, in_odoo, in_tribe, policy
):
    agreed = {"country_code": "NL", name: full}
    odoo = {"country_code": in_odoo, name: full}
    tribe = {"country_code": in_tribe, name: national}
    first, again = then_again(odoo, tribe, agreed, "BE", policy)
    assert name not in {**first.to_odoo, **first.to_tribe, **first.conflicts}
    assert first.agreed == {"country_code": "BE", name: full}
    # Nor is it changed by the next look, or by one that shows Tribe as it was.
    assert parts(again) == ({}, {}, {})
    assert again.agreed == first.agreed
    late = merge(first.agreed, {**odoo, "country_code": "BE"}, tribe, policy=policy)
    assert name not in {**late.to_odoo, **late.to_tribe, **late.conflicts}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("in_odoo", "in_tribe"), MOVES)
@pytest.mark.parametrize(("name", "full", "national"), NUMBERS_ABROAD)
def test_a_number_of_tribe_with_its_country_comes_along_abroad(
    name, full, national, in_odoo, in_tribe, policy
):
    agreed = {"country_code": "NL", name: national}
    odoo = {"country_code": in_odoo, name: national}
    tribe = {"country_code": in_tribe, name: full}
    first, again = then_again(odoo, tribe, agreed, "BE", policy)
    assert {**first.to_odoo, "country_code": "BE"} == {"country_code": "BE", name: full}
    assert name not in {**first.to_tribe, **first.conflicts}
    assert parts(again) == ({}, {}, {})


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("in_odoo", "in_tribe"), MOVES)
@pytest.mark.parametrize(
    ("name", "full", "national", "new"),
    [
        ("phone", "+31 20 1234567", "020 1234567", "+32 3 234 56 78"),
        ("mobile", "+31 6 12345678", "06 12345678", "0470 12 34 56"),
        ("vat", "NL123456782B90", "123456782B90", "BE0477472701"),
    ],
)
@pytest.mark.parametrize("has_country", [True, False])
def test_a_number_that_is_edited_on_the_way_abroad_arrives(
    name, full, national, new, has_country, in_odoo, in_tribe, policy
):
    kept, other = (full, national) if has_country else (national, full)
    agreed = {"country_code": "NL", name: kept}
    in_odoo, in_tribe = {"country_code": in_odoo}, {"country_code": in_tribe}
    edited = merge(agreed, {**in_odoo, name: new}, {**in_tribe, name: other}, policy=policy)
    assert edited.to_tribe.get(name) == new
    assert name not in {**edited.to_odoo, **edited.conflicts}
    edited = merge(agreed, {**in_odoo, name: kept}, {**in_tribe, name: new}, policy=policy)
    assert edited.to_odoo.get(name) == new
    assert name not in {**edited.to_tribe, **edited.conflicts}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "full", "national"), NUMBERS_ABROAD)
def test_the_country_that_is_added_to_a_number_abroad_arrives(name, full, national, policy):
    agreed = {"country_code": "BE", name: national}
    edited = {**agreed, name: full}
    assert parts(merge(agreed, edited, agreed, policy=policy)) == ({}, {name: full}, {})
    assert parts(merge(agreed, agreed, edited, policy=policy)) == ({name: full}, {}, {})


@pytest.mark.parametrize(
    ("name", "full", "national"),
    [
        ("phone", "+32 3 234 56 78", "03 234 56 78"),
        ("phone", "+45 32 12 34 56", "32123456"),
        ("vat", "BE0477472701", "477.472.701"),
        ("vat", "EL123456789", "123456789"),
    ],
)
@pytest.mark.parametrize("country", ["NL", "XX", None])
def test_a_number_without_its_country_is_the_same_wherever_it_is_from(
    name, full, national, country
):
    agreed = {"country_code": country, name: full}
    assert parts(merge(agreed, {**agreed, name: national}, agreed, policy="ask")) == ({}, {}, {})
    assert parts(merge(agreed, agreed, {**agreed, name: national}, policy="ask")) == ({}, {}, {})
    other = {**agreed, name: national[:-1] + "9" if national[-1] != "9" else national[:-1] + "8"}
    assert merge(agreed, agreed, other, policy="ask").to_odoo == {name: other[name]}


def of_a_country():
    """The fields that are read in a country, in several forms."""
    forms = {
        "country_code": ["NL", "BE", None],
        "phone": ["020 1234567", "+31201234567", "+32 20 1234567", "+32 3 234 56 78", None],
        "vat": ["123456789", "DE123456789", "BE0123456789", "NL123456782B90", None],
    }
    return st.fixed_dictionaries({name: st.sampled_from(each) for name, each in forms.items()})


@given(of_a_country(), of_a_country(), of_a_country(), st.sampled_from(POLICIES))
def test_what_is_read_in_a_country_comes_to_rest(agreed, odoo, tribe, policy):
    for _look in range(2):
        merged = merge(agreed, odoo, tribe, policy=policy)
        assert not merged.to_odoo.keys() & merged.to_tribe.keys()
        agreed, odoo, tribe = (
            merged.agreed,
            {**odoo, **merged.to_odoo},
            {**tribe, **merged.to_tribe},
        )
    assert parts(merge(agreed, odoo, tribe, policy=policy)) == ({}, {}, merged.conflicts)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_state_with_the_same_code_in_another_country_is_another_one(policy):
    agreed = {"country_code": "US", "state_code": "CA", "city": "Pula"}
    moved = {**agreed, "country_code": "IT"}
    there = {"country_code": "IT", "state_code": "CA"}
    assert parts(merge(agreed, moved, agreed, policy=policy)) == ({}, there, {})
    assert parts(merge(agreed, agreed, moved, policy=policy)) == (there, {}, {})
    assert parts(merge(agreed, moved, moved, policy=policy)) == ({}, {}, {})
    assert parts(merge({}, moved, {**moved, "country_code": None}, policy=policy)) == (
        {},
        {"country_code": "IT"},
        {},
    )


def test_what_a_side_cannot_hold_stays_as_it_is_there():
    agreed = {"state_code": None, "days": 30, "city": "Ede"}
    odoo = {"state_code": "UT", "days": 30, "city": "Ede"}
    tribe = {"state_code": None, "days": 45, "city": "Zeist"}
    merged = merge(agreed, odoo, tribe, policy="ask", apart=["state_code"])
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
    odoo = {**odoo, "city": "Zeist"}
    again = merge(merged.agreed, odoo, tribe, policy="ask")
    assert (again.to_odoo, again.to_tribe) == ({"days": 45}, {"state_code": "UT"})


@pytest.mark.parametrize("side", ["to_odoo", "to_tribe"])
def test_a_state_that_a_side_cannot_hold_goes_with_its_country(side):
    here = {"state_code": "UT", "country_code": "NL", "city": "Utrecht"}
    there = {"state_code": "BY", "country_code": "DE", "city": "Ulm"}
    odoo, tribe = (here, there) if side == "to_odoo" else (there, here)
    refused = {"state_code": "No."}
    not_in = {"not_in_odoo": refused, "not_in_tribe": {}}
    if side == "to_tribe":
        not_in = {"not_in_odoo": {}, "not_in_tribe": refused}

    merged = merge(here, odoo, tribe, policy="ask", apart=refused)
    leave_alone(merged, odoo, tribe, **not_in)

    assert getattr(merged, side) == {**there, "state_code": None} == merged.agreed
    assert merged.notes == refused
    # And that is all.
    held = {"odoo": odoo, "tribe": tribe, side.removeprefix("to_"): merged.agreed}
    again = merge(merged.agreed, held["odoo"], held["tribe"], policy="ask", apart=refused)
    leave_alone(again, held["odoo"], held["tribe"], **not_in)
    assert parts(again) == ({}, {}, {})
    assert again.agreed == merged.agreed


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


def place(street, postcode, city, **more):
    return {"street": street, "zip": postcode, "city": city, **more}


BEFORE = place("Kerkstrat 1", "1011 AB", "Amsterdam")
CORRECTED = place("Kerkstraat 1", "1011 AB", "Amsterdam")
MOVED = place("Dorpsweg 9", "3500 AB", "Utrecht")
MOVED_ON = place("Bosweg 3", "3700 AA", "Zeist")
# Both sides changed it: a street corrected here, moved there; different parts; one part emptied.
BOTH_CHANGED = [
    (BEFORE, CORRECTED, MOVED),
    (BEFORE, MOVED, CORRECTED),
    (BEFORE, CORRECTED, {**BEFORE, "zip": "1012 AB"}),
    (BEFORE, CORRECTED, {**BEFORE, "city": "Diemen"}),
    (BEFORE, {**BEFORE, "zip": None}, MOVED),
    (BEFORE, place(None, None, None), MOVED),
    (BEFORE, CORRECTED, {**BEFORE, "country_code": "BE"}),
    # At first sight.
    (None, CORRECTED, MOVED),
    (None, place("Kerkstraat 1", None, None), place(None, "3500 AB", "Utrecht")),
    # The same street, of which there is one in every town.
    (None, place("Kerkstraat 1", "1011 AB", None), place("Kerkstraat 1", None, "Utrecht")),
    (None, place(None, None, "Amsterdam"), MOVED),
    # Filled in on one side, while the other one moves.
    ({**BEFORE, "zip": None}, BEFORE, {**MOVED, "zip": None}),
    ({**BEFORE, "country_code": None}, BEFORE, {**MOVED, "country_code": None}),
    # Emptied on one side, filled in on the other.
    (
        {**BEFORE, "street2": None},
        {**BEFORE, "street2": "1e"},
        {**BEFORE, "street2": None, "zip": None},
    ),
    (place(None, None, None), CORRECTED, MOVED),
    (None, CORRECTED, {**CORRECTED, "city": "Diemen"}),
    # A part that both had agreed on, and another that one side only has since.
    ({"street": "Kerkstrat 1"}, CORRECTED, {**MOVED, "street": "Kerkstrat 1", "zip": None}),
]


@pytest.mark.parametrize("policy", ["odoo", "tribe"])
@pytest.mark.parametrize(("agreed", "odoo", "tribe"), BOTH_CHANGED)
def test_an_address_that_both_sides_changed_is_one_sides_address(agreed, odoo, tribe, policy):
    odoo, tribe = {"country_code": "NL", **odoo}, {"country_code": "NL", **tribe}
    agreed = agreed and {"country_code": "NL", **agreed}
    result = merge(agreed, odoo, tribe, policy=policy)
    winner = odoo if policy == "odoo" else tribe
    assert {**odoo, **result.to_odoo} == {**tribe, **result.to_tribe} == winner
    assert result.conflicts == {}


@pytest.mark.parametrize(("agreed", "odoo", "tribe"), BOTH_CHANGED)
def test_an_address_that_both_sides_changed_is_one_question(agreed, odoo, tribe):
    odoo, tribe = {"country_code": "NL", **odoo}, {"country_code": "NL", **tribe}
    agreed = agreed and {"country_code": "NL", **agreed}
    result = merge(agreed, odoo, tribe, policy="ask")
    assert parts(result) == ({}, {}, {ADDRESS: (address_line(odoo), address_line(tribe))})
    for side, there in (("odoo", odoo), ("tribe", tribe)):
        decided = merge(agreed, odoo, tribe, policy="ask", decided={ADDRESS: side})
        shared = odoo.keys() & tribe.keys()
        held = {**odoo, **decided.to_odoo}
        assert {name: held[name] for name in shared} == {name: there[name] for name in shared}
        assert decided.conflicts == {}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("agreed", "odoo", "tribe", "to_odoo", "to_tribe"),
    [
        (BEFORE, CORRECTED, BEFORE, {}, {"street": "Kerkstraat 1"}),
        (BEFORE, BEFORE, MOVED, MOVED, {}),
        (BEFORE, place(None, None, None), BEFORE, {}, place(None, None, None)),
        # Both corrected the street alike, and one of them the postcode too.
        (BEFORE, CORRECTED, {**CORRECTED, "zip": "1012 AB"}, {"zip": "1012 AB"}, {}),
        (BEFORE, CORRECTED, {**CORRECTED, "street": "Kerkstraat  1 "}, {}, {}),
        # At first sight each has what the other one lacks, at the same place.
        (
            None,
            place("Kerkstraat 1", "1011 AB", None),
            place(None, "1011AB", "Amsterdam"),
            {"city": "Amsterdam"},
            {"street": "Kerkstraat 1"},
        ),
        (None, place(None, None, None), MOVED, MOVED, {}),
        (None, MOVED, place(None, "", None), {}, MOVED),
        # A mere country, such as Odoo's default, is no address that could be changed.
        (
            None,
            place(None, None, None, country_code="NL"),
            {**MOVED, "country_code": "DE"},
            {**MOVED, "country_code": "DE"},
            {},
        ),
        (
            {"country_code": "NL", **place(None, None, None)},
            {**MOVED, "country_code": "NL"},
            place(None, None, None, country_code="BE"),
            {},
            {**MOVED, "country_code": "NL"},
        ),
        # Whoever only fills in what the other one lacks has changed nothing.
        (
            {**CORRECTED, "zip": None, "country_code": None},
            {**CORRECTED, "zip": None, "country_code": "NL"},
            {**CORRECTED, "country_code": None},
            {"zip": "1011 AB"},
            {"country_code": "NL"},
        ),
        (
            None,
            {**CORRECTED, "country_code": "NL", "state_code": "NH", "street2": None},
            {**CORRECTED, "country_code": None, "state_code": None, "street2": "1e"},
            {"street2": "1e"},
            {"country_code": "NL", "state_code": "NH"},
        ),
        (
            None,
            place("Kerkstraat 1", None, "Amsterdam", street2="1e"),
            place("Kerkstraat 1", "1011 AB", "Amsterdam", street2=None),
            {"zip": "1011 AB"},
            {"street2": "1e"},
        ),
    ],
)
def test_an_address_that_one_side_changed_needs_no_policy(
    agreed, odoo, tribe, to_odoo, to_tribe, policy
):
    result = merge(agreed, odoo, tribe, policy=policy)
    assert parts(result) == (to_odoo, to_tribe, {})


def test_what_was_decided_of_the_fields_of_an_address_still_counts():
    def merged(**decided):
        return merge(
            BEFORE, {**MOVED, "street": "Kerkstraat 1"}, MOVED_ON, policy="ask", decided=decided
        )

    every = {"street": "tribe", "zip": "tribe", "city": "tribe"}
    assert parts(merged(**every)) == (MOVED_ON, {}, {})
    # A person chose so.
    of_both = merged(**every | {"street": "odoo"})
    assert of_both.to_tribe == {"street": "Kerkstraat 1"}
    assert of_both.to_odoo == {"zip": MOVED_ON["zip"], "city": MOVED_ON["city"]}
    # Somebody who answered a part of it is asked about the whole.
    assert list(merged(street="tribe").conflicts) == [ADDRESS]
    assert parts(merged(street="odoo", address="tribe")) == (MOVED_ON, {}, {})


@pytest.mark.parametrize("policy", POLICIES)
def test_an_address_that_only_odoo_may_change_goes_whole_or_not_at_all(policy):
    def merged(odoo, tribe, agreed=BEFORE):
        return merge(agreed, odoo, tribe, policy=policy, only_odoo=BEFORE.keys())

    # Odoo changed any of it: its address.
    back = {name: value for name, value in CORRECTED.items() if value != MOVED[name]}
    assert parts(merged(CORRECTED, MOVED)) == ({}, back, {})
    city = {**BEFORE, "city": "Diemen"}
    assert parts(merged(CORRECTED, city)) == (
        {},
        {"street": "Kerkstraat 1", "city": "Amsterdam"},
        {},
    )
    # For leave_alone, which takes it back.
    assert parts(merged(BEFORE, MOVED)) == (MOVED, {}, {})
    assert not merged(CORRECTED, MOVED, None).conflicts


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, None),
        (place(None, False, ""), None),
        ({"country_code": "NL"}, "(NL)"),
        (MOVED, "Dorpsweg 9, 3500 AB Utrecht"),
        (
            {**MOVED, "street2": " 1e  etage ", "state_code": "UT", "country_code": "NL"},
            "Dorpsweg 9, 1e etage, 3500 AB Utrecht, UT (NL)",
        ),
    ],
)
def test_an_address_is_one_line(values, line):
    assert address_line(values) == line


def test_another_form_of_an_address_is_the_same_line():
    other = place("Dorpsweg  9", "3500ab", "UTRECHT", country_code="nl")
    line = address_line({**MOVED, "country_code": "NL"})
    assert canonical(ADDRESS, line) == canonical(ADDRESS, address_line(other))
    assert canonical(ADDRESS, line) != canonical(ADDRESS, address_line(MOVED))


@given(some_fields(), some_fields(), some_fields(), st.sampled_from(POLICIES))
def test_an_address_is_never_half_of_each(agreed, odoo, tribe, policy):
    """But where both are of one place, and each only has what the other one lacks."""
    result = merge(agreed, odoo, tribe, policy=policy)
    here = [name for name in result.to_odoo if name in ADDRESS_PARTS]
    there = [name for name in result.to_tribe if name in ADDRESS_PARTS]
    if here and there:
        assert not any(canonical(name, odoo[name]) for name in here)
        assert not any(canonical(name, tribe[name]) for name in there)
        assert not any(canonical(name, agreed.get(name)) for name in here + there)
        assert canonical("zip", odoo.get("zip")) or canonical("city", odoo.get("city"))
    assert not (ADDRESS in result.conflicts and (here or there))
