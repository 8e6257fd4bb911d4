"""The judge is judged first: what the reference model allows, and what it calls a difference."""

from decimal import Decimal

import pytest

from .reference_model import (
    CHANGED,
    DRAFT,
    GONE,
    INTERNAL,
    ODOO,
    PORTAL,
    TRIBE,
    Contents,
    ReferenceModel,
)

VALUES = {"name": "S1 Klant", "phone": "1"}


def model(policy=ODOO):
    one = ReferenceModel(policy)
    one.created("S1", VALUES)
    return one


def contents(in_odoo=VALUES, in_tribe=VALUES, **others):
    """Both systems with one linked customer each, unless the keywords say otherwise."""
    state = {"number": "10001", "active": True}
    given = {
        "odoo": {"S1": [{"id": 7, "tribe_id": "t", **state, **in_odoo}]},
        "tribe": {"S1": [{"id": "t", **state, **in_tribe}]},
        "relationships": {"t": [{"active": True}]},
        "moves": {},
        "phases": {},
        "leftovers": [],
    }
    return Contents(**{**given, **others})


def test_two_equal_systems_have_no_differences():
    assert model().differences(contents()) == []


@pytest.mark.parametrize(
    ("edits", "policy", "allowed"),
    [
        ([(ODOO, "2")], ODOO, {"2"}),
        ([(TRIBE, "2")], ODOO, {"2"}),
        ([(ODOO, "2"), (ODOO, "3")], TRIBE, {"3"}),
        ([(TRIBE, "2"), (ODOO, "3")], ODOO, {"3"}),
        ([(ODOO, "3"), (TRIBE, "2")], ODOO, {"2", "3"}),
        ([(ODOO, "3"), (TRIBE, "2")], TRIBE, {"2"}),
    ],
)
def test_who_may_have_the_last_word(edits, policy, allowed):
    one = model(policy)
    for side, value in edits:
        one.edited("S1", side, "phone", value)
    assert one.relations["S1"].allowed("phone", policy) == allowed


@pytest.mark.parametrize(
    ("before", "after", "policy", "allowed"),
    [
        ([(ODOO, "2")], [], TRIBE, {"2"}),
        ([(TRIBE, "2")], [], ODOO, {"1", "2"}),
        ([(ODOO, "2"), (TRIBE, "3")], [], TRIBE, {"2", "3"}),
        ([(ODOO, "2")], [(ODOO, "3")], ODOO, {"3"}),
        ([(ODOO, "2")], [(TRIBE, "3")], TRIBE, {"2", "3"}),
        ([], [(TRIBE, "3")], TRIBE, {"1", "3"}),
        ([], [(TRIBE, "3"), (ODOO, "2")], ODOO, {"2"}),
        ([], [(ODOO, "2")], TRIBE, {"2"}),
    ],
)
def test_a_restored_backup_undoes_nothing_in_odoo(before, after, policy, allowed):
    one = model(policy)
    for side, value in before:
        one.edited("S1", side, "phone", value)
    one.restored("S1")
    for side, value in after:
        one.edited("S1", side, "phone", value)
    assert one.relations["S1"].allowed("phone", policy) == allowed


def test_what_nobody_had_read_before_a_restore_may_look_as_if_it_never_arrived():
    one = model(TRIBE)
    one.edited("S1", ODOO, "phone", "2")
    one.restored("S1", is_unseen=True)
    assert one.relations["S1"].allowed("phone", TRIBE) == {"1", "2"}


def test_where_copies_lag_nobody_can_know_which_of_two_edits_wins():
    one = model(TRIBE)
    one.edited("S1", ODOO, "phone", "2")
    one.edited("S1", TRIBE, "phone", "3")
    two = {**VALUES, "phone": "2"}
    assert one.differences(contents(in_odoo=two, in_tribe=two))
    one.copies_lag = True
    assert one.differences(contents(in_odoo=two, in_tribe=two)) == []
    assert one.differences(contents())


def test_a_customer_of_another_tenant_is_doubled():
    of_one, of_two = {**VALUES, "company": 1}, {**VALUES, "company": 2}
    assert model().differences(contents(in_odoo=of_one, in_tribe=of_one)) == []
    assert model().differences(contents(in_odoo=of_one, in_tribe=of_two))


@pytest.mark.parametrize(
    ("user", "edits", "in_odoo", "in_tribe"),
    [
        (INTERNAL, [(TRIBE, "2")], {"1"}, {"1", "2"}),
        (INTERNAL, [(ODOO, "3"), (TRIBE, "2")], {"3"}, {"2", "3"}),
        (INTERNAL, [(TRIBE, "2"), (ODOO, "3")], {"3"}, {"3"}),
        (PORTAL, [(TRIBE, "2")], {"1"}, {"1"}),
        (PORTAL, [(ODOO, "3"), (TRIBE, "2")], {"3"}, {"3"}),
    ],
)
def test_what_tribe_never_writes_of_who_signs_in(user, edits, in_odoo, in_tribe):
    one = ReferenceModel(TRIBE)
    one.created("S1", {"email": "1"})
    one.signs_in("S1", user)
    for side, value in edits:
        one.edited("S1", side, "email", value)
    relation = one.relations["S1"]
    assert relation.allowed("email", TRIBE, ODOO) == in_odoo
    assert relation.allowed("email", TRIBE, TRIBE) == in_tribe
    assert relation.may_differ("email") == (len(in_tribe) > 1)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"odoo": {}}, "lost"),
        ({"tribe": {}}, "lost"),
        ({"tribe": {"S1": [{"id": "t", "number": "1"}, {"id": "u", "number": "2"}]}}, "doubled"),
        ({"relationships": {}}, "half"),
        ({"relationships": {"t": [{"active": True}] * 2}}, "doubled"),
        ({"leftovers": ["a link is being sent"]}, "half"),
    ],
)
def test_what_is_wrong_with_a_customer(given, kind):
    differences = model().differences(contents(**given))
    assert differences
    assert any(difference.startswith(kind) for difference in differences)


def test_a_lost_edit_and_an_old_value_that_came_back_are_seen():
    one = model()
    one.edited("S1", ODOO, "phone", "2")
    both_old = one.differences(contents())
    assert [difference[:4] for difference in both_old] == ["lost", "lost"]
    new = {**VALUES, "phone": "2"}
    assert one.differences(contents(in_odoo=new, in_tribe=new)) == []
    assert one.differences(contents(in_odoo=new))


LINES = [(Decimal(3), Decimal("9.99"), Decimal(21))]
MOVE = {"state": "posted", "total": 36.26, "partner": 7, "entity": "e"}
LINKED = {"state": "linked", "codes": []}
GOOD = {"moves": {"i": [MOVE]}, "phases": {"i": "Sent"}, "links": {"i": LINKED}}


def model_with_invoice():
    one = model()
    one.sent("i", "S1", LINES, "e")
    return one


def test_an_invoice_is_booked_once_to_the_cent_and_told_when_it_is_paid():
    one = model_with_invoice()
    assert one.differences(contents(**GOOD)) == []
    for wrong in (
        {"moves": {}},
        {"moves": {"i": [MOVE, MOVE]}},
        {"moves": {"i": [{**MOVE, "state": "draft"}]}},
        {"moves": {"i": [{**MOVE, "total": 36.27}]}},
        {"moves": {"i": [{**MOVE, "total": -36.26}]}},
        {"moves": {"i": [{**MOVE, "partner": 8}]}},
        {"moves": {"i": [{**MOVE, "entity": "another"}]}},
        {"phases": {"i": "Paid"}},
        {"links": {}},
        {"problems": {"i": ["differs"]}},
    ):
        assert len(one.differences(contents(**{**GOOD, **wrong}))) == 1
    one.paid("i")
    assert len(one.differences(contents(**GOOD))) == 1


@pytest.mark.parametrize(
    ("state", "link", "code", "phase"),
    [
        (CHANGED, "differs", "", "Sent"),
        (DRAFT, "differs", "difference_draft_in_tribe", "Draft"),
        (GONE, "gone", "difference_deleted_in_tribe", None),
    ],
)
def test_what_becomes_of_an_invoice_in_tribe_is_told_and_it_is_never_paid(state, link, code, phase):
    one = model_with_invoice()
    one.in_tribe("i", state)
    one.paid("i")
    told = {
        "links": {"i": {"state": link, "codes": [code]}},
        "problems": {"i": ["differs"]},
        "phases": {"i": phase},
    }
    assert one.differences(contents(**{**GOOD, **told})) == []
    for wrong in (
        {"links": {"i": LINKED}},
        {"problems": {}},
        {"problems": {"i": ["differs", "differs"]}},
        {"phases": {"i": "Paid"}},
    ):
        assert len(one.differences(contents(**{**GOOD, **told, **wrong}))) == 1
    one.in_tribe("i")
    assert one.differences(contents(**{**GOOD, "phases": {"i": "Paid"}})) == []


def test_what_somebody_typed_is_asked_about_until_it_is_adopted():
    one = model_with_invoice()
    one.typed("i")
    asked = {"moves": {}, "links": {}, "problems": {"i": ["number"]}}
    assert one.differences(contents(**{**GOOD, **asked})) == []
    assert one.differences(contents(**GOOD))
    one.adopted("i")
    assert one.differences(contents(**{**GOOD, "moves": {"i": [{**MOVE, "entity": None}]}})) == []
    assert one.differences(contents(**{**GOOD, **asked}))


@pytest.mark.parametrize(("price", "phase"), [("9.99", "Paid"), ("5.00", "Sent")])
def test_a_credit_is_settled_with_its_invoice(price, phase):
    one = model_with_invoice()
    one.sent("c", "S1", [(Decimal(-3), Decimal(price), Decimal(21))], "e", credits="i")
    total = one.invoices["c"].total
    good = {
        "moves": {"i": [MOVE], "c": [{**MOVE, "total": float(total)}]},
        "links": {"i": LINKED, "c": LINKED},
        "phases": {"i": phase, "c": "Paid"},
        "settled": {frozenset("ci"): float(-total)},
    }
    assert one.differences(contents(**good)) == []
    for wrong in ({"settled": {}}, {"phases": {"i": phase, "c": "Sent"}}):
        assert len(one.differences(contents(**{**good, **wrong}))) == 1
