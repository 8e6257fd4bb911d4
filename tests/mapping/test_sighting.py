"""What a listing shows of an invoice, and an invoice that was read as a whole."""

import datetime

import addon_without_odoo  # noqa: F401
import pytest

from tribe_connector.mapping import InvoiceFields, sight_of, sight_options, start_of_day

ID = "a1000000-0000-4000-8000-000000000001"
PHASE = "a1000000-0000-4000-8000-000000000002"
NAMES = InvoiceFields(
    date="InvoiceDate",
    due_date="DueDate",
    total="TotalIncludingVat",
    total_in_currency="TotalIncludingVatInCurrency",
    legal_entity="Identity",
)
KNOWN = ("Amount", "Number", "Subject")
ROW = {
    "ID": ID,
    "Number": "2026-1",
    "Currency": "EUR",
    "CreationDate": "2026-01-05T09:00:00Z",
    "LastMutationDate": None,
    "InvoiceDate": "2026-01-04T23:00:00Z",
    "DueDate": None,
    "TotalIncludingVat": 121,
    "TotalIncludingVatInCurrency": -121.5,
    "Amount": 121.0,
    "Phase": {"ID": PHASE},
    "Relationship": {"ID": ID},
    "Identity": None,
}
READ = {
    **ROW,
    "Subject": "Onderhoud",
    "TotalIncludingVat": 121.0,
    "Phase": {"ID": PHASE, "Name": "Verzonden", "Code": "Sent"},
    "Relationship": {"ID": ID, "_Type": "Relationship.Organization.Customer"},
    "ProductLines": [{"ID": ID}],
}


def sight(row):
    return sight_of(row, NAMES, KNOWN, "Europe/Amsterdam")


def test_a_listing_asks_for_what_the_state_is_made_of():
    select, expand = sight_options(NAMES, KNOWN)
    assert set(select.split(",")) == ROW.keys() - {"Phase", "Relationship", "Identity"}
    assert expand == "Phase($select=ID),Relationship($select=ID),Identity($select=ID)"
    assert "Amount" not in sight_options(NAMES, ())[0]


def test_the_state_is_the_same_of_a_listing_and_of_what_was_read():
    assert sight(ROW) == sight(READ)


@pytest.mark.parametrize("name", sorted(ROW.keys() - {"ID"}))
def test_the_state_is_another_when_anything_of_it_is(name):
    for other in ("other", {"ID": "other"}):
        assert sight({**ROW, name: other}).state != sight(ROW).state


def test_what_is_not_of_the_state_changes_nothing():
    assert sight({**READ, "Subject": "Anders", "ProductLines": []}) == sight(READ)


def test_what_a_row_shows_besides():
    shown = sight(ROW)
    assert (shown.tribe_id, shown.phase_id, shown.is_bare) == (ID, PHASE, False)
    assert shown.date == datetime.date(2026, 1, 5)
    assert {float(total) for total in shown.totals} == {121.0, 121.5}
    assert shown.changed == datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.timezone.utc)
    assert sight({**ROW, "InvoiceDate": "2026-01-05"}).date == datetime.date(2026, 1, 5)
    assert shown.facts == {
        "number": "2026-1",
        "customer": ID,
        "currency": "EUR",
        "date": "2026-01-05",
    }


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "",
        "x" * 10,
        "9999-12-31T23:59:59Z",
        5,
        [],
        {},
        True,
        "2026-13-45",
        1e308,
        10**400,
        "é",
    ],
)
def test_nothing_odd_stops_a_look(odd):
    for name in ROW.keys() - {"ID"}:
        assert sight({**ROW, name: odd}).tribe_id == ID
    bare = sight({"ID": ID})
    assert bare.is_bare
    assert (bare.date, bare.phase_id, bare.changed, bare.totals) == (None, None, None, frozenset())


def test_a_day_begins_at_midnight_there():
    moment = start_of_day(datetime.date(2026, 7, 1), "Europe/Amsterdam")
    assert moment.astimezone(datetime.timezone.utc).isoformat() == "2026-06-30T22:00:00+00:00"
