"""The rule of evidence: its table, and what holds for every contact and every relation."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.mapping import evidence, likeness
from tribe_connector.mapping.evidence import Outcome, judge
from tribe_connector.mapping.likeness import Facts

NOON = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
BAKKER = {
    "name": "Bakker Bouw B.V.",
    "zip": "1012 AB",
    "email": "info@bakker.example",
    "vat": "NL123456782B90",
    "company_registry": "12345678",
    "street": "Dorpsstraat 12",
    "country_code": "NL",
}
VISSER = {
    "name": "Visser Transport",
    "zip": "3511 AA",
    "email": "info@visser.example",
    "vat": "NL001234567B01",
    "company_registry": "87654321",
    "street": "Kade 1",
    "country_code": "NL",
}
NUMBER = {"debtor_number": ["1001"]}


def contact(*names, **facts):
    """A contact with some values of Bakker."""
    values = {name: BAKKER[name] for name in names}
    return Facts(**{"kind": "organization", "values": values, "created": NOON, **facts})


def relation(values, **facts):
    return Facts(**{"kind": "organization", "values": values, "created": NOON, **facts})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vat", "nl 1234.56.782.b90"),
        ("vat", "123456782B90"),
        ("vat", "/"),
        ("vat", ""),
        ("company_registry", "1234 5678"),
        ("company_registry", False),
        ("email", "INFO@Bakker.example"),
        ("email", "iemand@elders.example; info@bakker.example"),
        ("zip", "1012ab"),
        ("name", "BAKKER BOUW b.v."),
    ],
)
def test_what_is_written_otherwise_contradicts_nothing(name, text):
    others = {key: VISSER[key] for key in ("name", "zip", "email")}
    if name in ("vat", "company_registry"):
        others = {}
    side = relation({**others, name: text}, numbers=NUMBER)

    verdict = judge(contact(*BAKKER, numbers=NUMBER), side)

    assert verdict == evidence.Verdict(Outcome.SAME, "debtor_number")


@pytest.mark.parametrize(
    ("names", "against"),
    [
        (["vat"], ("vat",)),
        (["company_registry"], ("company_registry",)),
        (["name", "zip", "email"], ("contact_details",)),
        (["vat", "company_registry", "name", "zip", "email"],
         ("vat", "company_registry", "contact_details")),
    ],
)  # fmt: skip
def test_what_contradicts_a_number_or_an_import_id(names, against):
    values = {name: VISSER[name] for name in names}
    # Our ImportId beside the number: of it alone see below.
    for proof in ({"numbers": NUMBER}, {"numbers": NUMBER, "import_ids": ["odoo:1"]}):
        verdict = judge(contact(*BAKKER, **proof), relation(values, **proof))
        assert verdict.against == against
        assert verdict.outcome == (Outcome.QUESTION if against else Outcome.SAME)


@pytest.mark.parametrize(
    ("values", "against"),
    [
        ({"name": VISSER["name"], "zip": VISSER["zip"]}, ("contact_details",)),
        ({"name": VISSER["name"], "email": VISSER["email"]}, ("contact_details",)),
        ({"name": VISSER["name"]}, ()),
        ({"zip": VISSER["zip"]}, ()),
        ({"zip": VISSER["zip"], "email": VISSER["email"]}, ()),
        ({"name": VISSER["name"], "zip": VISSER["zip"], "email": BAKKER["email"]}, ()),
        ({"name": VISSER["name"], "zip": BAKKER["zip"], "email": VISSER["email"]}, ()),
        ({"name": VISSER["name"], "zip": VISSER["zip"], "vat": BAKKER["vat"]}, ()),
        ({"name": BAKKER["name"], "zip": VISSER["zip"]}, ()),
    ],
)
def test_what_is_missing_on_one_side_makes_no_stranger_the_same(values, against):
    """Two series of numbers can both start at 1001; our ImportId beside the number settles it."""
    theirs = relation(values, numbers=NUMBER)
    assert judge(contact(*BAKKER, numbers=NUMBER), theirs).against == against
    both = {"numbers": NUMBER, "import_ids": ["odoo:1"]}
    assert judge(contact(*BAKKER, **both), relation(values, **both)).against == ()


GENT = {"name": "Café De Zwaan", "zip": "9000", "country_code": "BE"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"street": "Kerkstraat 12"}, {"street": "Veldstraat 12"}),
        ({"street": "Kerkstraat 12"}, {"street": "Kerkstraat 14"}),
        ({"email": "zwaan@gent.example"}, {"email": "garage@gent.example"}),
        (
            {"email": "zwaan@gent.example", "street": "Industriezone Noord"},
            {"email": "garage@gent.example", "street": "Industriezone Noord"},
        ),
        ({}, {"country_code": "LU"}),
    ],
)
def test_a_postcode_of_a_whole_town_is_nothing_in_common(ours, theirs):
    theirs = relation({**GENT, "name": "Garage Pietersen", **theirs}, numbers=NUMBER)
    ours = Facts("organization", {**GENT, **ours}, numbers=NUMBER)
    assert judge(ours, theirs).against == ("contact_details",)


@pytest.mark.parametrize(
    "details", [{"street": "Kerkstraat 12"}, {"street": "KERKSTRAAT 12 bus 3"}, {}]
)
def test_who_is_at_the_same_address_of_a_town_may_be_called_otherwise(details):
    ours = Facts("organization", {**GENT, "street": "Kerkstraat 12"}, numbers=NUMBER)
    theirs = relation({**GENT, "name": "De Zwaan", **details}, numbers=NUMBER)
    assert judge(ours, theirs).against == ()


@pytest.mark.parametrize(
    ("phone", "against"),
    [
        ("030 9999999", ("contact_details",)),
        ("+32 30 7654321", ("contact_details",)),
        ("020-123 45 67", ()),
        ("+31 20 1234567", ()),
        ("", ()),
    ],
)
def test_a_telephone_number_where_nothing_else_can_be_compared(phone, against):
    ours = {"name": "Bakkerij Jansen", "phone": "0201234567"}
    theirs = {"name": "Garage Pietersen", "phone": phone}
    ours = Facts("organization", ours, numbers=NUMBER)
    assert judge(ours, relation(theirs, numbers=NUMBER)).against == against


@pytest.mark.parametrize("proof", [{"numbers": NUMBER}, {"import_ids": ["odoo:1"]}])
def test_what_many_share_is_nothing_in_common(proof):
    values = {**VISSER, "email": BAKKER["email"], "vat": BAKKER["vat"], "company_registry": None}
    ours, theirs = contact(*BAKKER, **proof), relation(values, **proof)
    for many, is_same in (((), True), (("email",), True), (("email", "vat"), False)):
        verdict = judge(ours, theirs, shared_by_many=many)
        assert (verdict.outcome == Outcome.SAME) == is_same


@pytest.mark.parametrize("number", ["n.v.t.", "-", "0", "000", "geen"])
def test_what_is_no_number_needs_something_else_in_common(number):
    numbers = {"debtor_number": [number]}
    ours = contact("name", "email", numbers=numbers)
    for values, against in (
        ({"name": VISSER["name"]}, ("name",)),
        ({"name": BAKKER["name"]}, ()),
        ({"name": VISSER["name"], "email": BAKKER["email"]}, ()),
    ):
        assert judge(ours, relation(values, numbers=numbers)).against == against


@pytest.mark.parametrize(
    ("ours", "theirs", "against"),
    [
        ({"created": NOON + timedelta(hours=1)}, {}, ("younger",)),
        ({"created": NOON + timedelta(minutes=5)}, {}, ()),
        ({"created": None}, {}, ()),
        ({"created": NOON + timedelta(days=9)}, {"created": None}, ()),
        ({"kind": "person"}, {}, ("kind",)),
        ({"is_linked": True}, {}, ("linked",)),
    ],
)
def test_what_contradicts_an_import_id_alone(ours, theirs, against):
    ours, theirs = {"import_ids": ["odoo:1"], **ours}, {"import_ids": ["odoo:1"], **theirs}
    assert judge(contact(**ours), relation({}, **theirs)).against == against
    by_number = {"import_ids": (), "numbers": NUMBER}
    assert judge(contact(**ours | by_number), relation({}, **theirs | by_number)).against == ()


@pytest.mark.parametrize("proof", [{"numbers": NUMBER}, {"import_ids": ["odoo:1"]}])
def test_what_names_another_contact_too_contradicts(proof):
    ours, theirs = contact(*BAKKER, **proof), relation(BAKKER, names_another=True, **proof)
    assert judge(ours, theirs).against == ("another",)


@pytest.mark.parametrize(
    ("values", "against"),
    [
        ({"name": VISSER["name"]}, ("nobody",)),
        ({"name": VISSER["name"], "email": VISSER["email"]}, ("contact_details", "nobody")),
        ({"name": VISSER["name"], "vat": VISSER["vat"]}, ("vat",)),
        ({"name": VISSER["name"], "email": BAKKER["email"]}, ()),
        ({"name": VISSER["name"], "vat": BAKKER["vat"]}, ()),
        ({"name": BAKKER["name"], "email": VISSER["email"]}, ()),
        ({}, ()),
    ],
)
def test_a_number_beside_the_import_id_of_nobody(values, against):
    """A restored backup of Odoo gives numbers again; the same contact made anew is the same."""
    theirs = relation(values, numbers=NUMBER, names_nobody=True)
    assert judge(contact(*BAKKER, numbers=NUMBER), theirs).against == against


@pytest.mark.parametrize(
    ("values", "against"),
    [
        ({}, ("name",)),
        ({"email": VISSER["email"]}, ("name",)),
        ({"zip": VISSER["zip"], "email": VISSER["email"]}, ("contact_details",)),
        ({"vat": VISSER["vat"]}, ("vat",)),
        ({"street": BAKKER["street"]}, ("name",)),
        ({"email": BAKKER["email"]}, ()),
        ({"zip": BAKKER["zip"]}, ()),
        ({"vat": BAKKER["vat"]}, ()),
        ({"company_registry": BAKKER["company_registry"]}, ()),
        ({"name": BAKKER["name"]}, ()),
        ({"name": "BAKKER  Bouw b.v."}, ()),
        ({"name": None}, ()),
    ],
)
def test_an_import_id_on_another_name_needs_something_else_in_common(values, against):
    """Anybody can type one into Tribe, for a relation that has nothing but a name."""
    ours = contact(*BAKKER, import_ids=["odoo:1"], numbers={"debtor_number": ["7"]})
    side = {"name": VISSER["name"], **values}
    assert judge(ours, relation(side, import_ids=["odoo:1"])).against == against
    assert judge(ours, relation(side, import_ids=["odoo:1"], numbers=NUMBER)).against == against


def test_a_name_that_is_turned_around_is_the_same_name():
    ours = Facts("person", {"name": "Vries, Jan de"}, import_ids=["odoo:1"])
    theirs = Facts("person", {"name": "Jan de Vries"}, import_ids=["odoo:1"])
    assert judge(ours, theirs).outcome == Outcome.SAME


def test_vat_numbers_of_two_countries_contradict():
    ours = Facts("organization", {"vat": "NL123456789"}, numbers=NUMBER)
    for other in ("BE0123456789", "DE123456789", "CHE-123.456.789"):
        verdict = judge(ours, relation({"vat": other}, numbers=NUMBER))
        assert verdict.outcome == Outcome.QUESTION


@pytest.mark.parametrize(
    ("name", "basis"),
    [("vat", "vat"), ("company_registry", "company_registry"), ("email", "email")],
)
def test_what_only_suggests(name, basis):
    side = relation({**VISSER, name: BAKKER[name]})
    assert judge(contact(*BAKKER), side) == evidence.Verdict(Outcome.SUGGESTION, basis)
    assert judge(contact(*BAKKER), side, shared_by_many=[basis]).outcome == Outcome.NOTHING


def test_name_postcode_and_house_number_suggest_together():
    place = ("name", "zip", "street", "country_code")
    side = relation({name: BAKKER[name] for name in place})
    assert judge(contact(*BAKKER), side).basis == "address"
    for name in place[:3]:
        other = relation({**side.values, name: VISSER[name]})
        assert judge(contact(*BAKKER), other).outcome == Outcome.NOTHING


def test_more_than_three_is_many():
    assert not evidence.is_shared_by_many(3, 3)
    assert evidence.is_shared_by_many(4, 1)
    assert evidence.is_shared_by_many(1, 4)


@pytest.mark.parametrize("wire", ["", None, 5, "gisteren", {}, [], "2026-13-01T00:00:00Z", "12:00"])
def test_a_moment_that_cannot_be_read_is_none(wire):
    assert evidence.created_at(wire) is None


def test_moments_as_tribe_may_write_them():
    for wire in (
        "2026-11-29T12:00:00Z",
        "2026-11-29T12:00:00.1234567Z",
        "2026-11-29T13:00:00+01:00",
    ):
        assert evidence.created_at(wire) == NOON


# For every contact and every relation


def few(*values):
    """One of a few values, or none: so that two sides often share one."""
    return st.sampled_from([None, "", *values])


VALUES = st.fixed_dictionaries(
    {
        "name": few("Bakker", "bakker ", "Visser"),
        "zip": few("1012 AB", "1012ab", "3511AA"),
        "email": few("a@b.example", "A@B.example", "c@d.example", "geen"),
        "vat": few("NL123456782B90", "123456782b90", "BE123456782", "/"),
        "company_registry": few("12345678", "1234 5678", "87654321"),
        "street": few("Weg 1", "Weg 2"),
        "country_code": few("NL", "BE"),
    }
)
SIDES = st.builds(
    Facts,
    kind=st.sampled_from(["organization", "person"]),
    values=VALUES,
    import_ids=st.sets(st.sampled_from(["odoo:1", "odoo:2"]), max_size=2),
    numbers=st.dictionaries(
        st.sampled_from(["debtor_number", "creditor_number"]),
        st.sets(st.sampled_from(["1001", "1002"]), max_size=2),
    ),
    created=st.none()
    | st.integers(-600, 600).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    is_linked=st.booleans(),
)
DECISIONS = st.sampled_from([None, Outcome.SAME, Outcome.DIFFERENT])
MANY = st.sets(st.sampled_from(likeness.SUGGESTIONS))


def proofs(ours, theirs):
    shared = {"import_id"} if ours.import_ids & theirs.import_ids else set()
    return shared | {
        name for name, numbers in ours.numbers.items() if numbers & theirs.numbers.get(name, set())
    }


@given(SIDES, SIDES, DECISIONS, MANY)
def test_the_rule(ours, theirs, decision, many):
    verdict = judge(ours, theirs, decision=decision, shared_by_many=many)
    proved = proofs(ours, theirs)
    if decision:
        assert verdict.outcome == decision
    elif verdict.outcome == Outcome.SAME:
        assert verdict.basis in proved
        assert not evidence.contradictions(ours, theirs, verdict.basis)
    elif verdict.outcome == Outcome.QUESTION:
        assert verdict.basis in proved
        assert verdict.against == evidence.contradictions(ours, theirs, verdict.basis) != ()
    else:
        assert not proved
        assert verdict.outcome in (Outcome.SUGGESTION, Outcome.NOTHING)
        assert verdict.basis not in many
        is_of_other_kind = verdict.basis and ours.kind != theirs.kind
        assert verdict.against == ((evidence.KIND,) if is_of_other_kind else ())


@pytest.mark.parametrize(
    ("basis", "name", "outcome"),
    [
        ("vat", "Anders", Outcome.SUGGESTION),
        ("company_registry", "Anders", Outcome.SUGGESTION),
        ("email", "Anders", Outcome.NOTHING),
        ("email", None, Outcome.NOTHING),
        ("email", "de Vries, Jan", Outcome.SUGGESTION),
    ],
)
def test_what_suggests_that_two_of_another_kind_are_the_same(basis, name, outcome):
    value = {"vat": "NL123456782B90", "company_registry": "12345678"}.get(basis, "j@k.example")
    ours = Facts("organization", {"name": "Jan de Vries", basis: value})
    theirs = Facts("person", {"name": name, basis: value})
    for sides in ((ours, theirs), (theirs, ours)):
        assert judge(*sides).outcome == outcome


@given(VALUES, VALUES)
def test_what_is_the_same_for_people_never_contradicts(ours, theirs):
    """Whoever has the same name, postcode or e-mail address is contradicted by VAT alone."""
    sides = Facts("organization", ours), Facts("organization", theirs)
    swapped = evidence.contradictions(*reversed(sides), "debtor_number")
    found = evidence.contradictions(*sides, "debtor_number")
    assert found == swapped
    if any(
        (ours[name] or "").strip().lower().replace(" ", "")
        == (theirs[name] or "").strip().lower().replace(" ", "")
        for name in ("name", "zip", "email")
    ):
        assert evidence.CONTACT_DETAILS not in found
    assert evidence.contradictions(sides[0], sides[0], "debtor_number") == ()


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "country"),
    [
        ("company_registry", "0477.472.701", "BE0477472701", "BE"),
        ("company_registry", "KvK 12345678", "12345678", "NL"),
        ("company_registry", "01234567", "1234567", "NL"),
        ("vat", "CHE-123.456.788 TVA", "CHE123456788", "CH"),
        ("vat", "CHE-123.456.788 MWST", "CHE-123.456.788 IVA", "CH"),
        ("vat", "FR23334175221", "334175221", "FR"),
        ("vat", "334 175 221", "FR 23 334175221", None),
        ("vat", "geen", "NL123456782B90", "NL"),
        ("company_registry", "onbekend", "12345678", "NL"),
    ],
)
def test_a_number_of_the_same_register_contradicts_nothing(name, ours, theirs, country):
    for mine, yours in ((ours, theirs), (theirs, ours)):
        one = Facts("organization", {name: mine, "country_code": country}, numbers=NUMBER)
        other = relation({name: yours, "country_code": country}, numbers=NUMBER)

        assert judge(one, other).outcome == Outcome.SAME


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("company_registry", "HRB 12345", "HRA 12345"),
        ("company_registry", "KvK 12345678", "12345679"),
        ("vat", "CHE-123.456.788 TVA", "CHE123456789"),
        ("vat", "FR23334175221", "334175222"),
    ],
)
def test_another_number_contradicts(name, ours, theirs):
    one = Facts("organization", {name: ours}, numbers=NUMBER)

    assert judge(one, relation({name: theirs}, numbers=NUMBER)).outcome == Outcome.QUESTION
