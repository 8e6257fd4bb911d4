"""Values of Tribe that no field can have are refused in a sentence, not read as others."""

import pytest
from told import raises_sentence

from tribe_connector import hidden_characters
from tribe_connector.hidden_characters import MOST_LOOKED_AT, without_hidden
from tribe_connector.mapping import (
    InvoiceFields,
    InvoiceUnreadable,
    ValueUnreadable,
    address_body,
    canonical,
    check_storable,
    clean,
    clean_lines,
    clean_start,
    file_name,
    in_natural_order,
    is_vat_doubtful,
    is_website,
    join,
    organization_body,
    organization_from_tribe,
    percentage,
    read_invoice,
    split,
    split_street,
    whole_number,
)
from tribe_connector.mapping.normalization import LONGEST_VALUE
from tribe_connector.sentence import sentence


@pytest.mark.parametrize("value", [[], {}, ["a"], {"ID": "a"}])
def test_a_list_is_no_text(value):
    for read in (clean, clean_lines):
        with raises_sentence("value_is_list", ValueUnreadable):
            read(value)
    with pytest.raises(ValueUnreadable):
        organization_from_tribe({"Name": value}, {})


@pytest.mark.parametrize(
    ("value", "number"), [(None, None), ("", None), (0, 0), (30.0, 30), ("14", 14)]
)
def test_whole_numbers(value, number):
    assert whole_number(value, 100) == number


@pytest.mark.parametrize("value", [-1, 101, 1e308, 10**30, "x", [], {}, float("nan"), float("inf")])
def test_what_is_no_whole_number(value):
    with raises_sentence("value_not_a_whole_number", ValueUnreadable, largest=100):
        whole_number(value, 100)
    with pytest.raises(ValueUnreadable):
        organization_from_tribe(
            {}, {"customer": {"PaymentTermInDays": value if value != 101 else 4000}}
        )


def test_percentages():
    assert (percentage(21), percentage(0), percentage("9.5"), percentage(None)) == (
        21,
        0,
        9.5,
        None,
    )
    for value in ("x", -1, 101, [], float("nan"), 10**400):
        with raises_sentence("value_not_a_percentage", ValueUnreadable):
            percentage(value)


def test_a_text_that_is_too_long_names_its_field():
    check_storable({"name": "x" * 1000, "active": True, "payment_term_days": 5, "email": None})
    with raises_sentence(
        "value_too_long", ValueUnreadable, what=sentence("field_debtor_number"), count=3000
    ):
        check_storable({"debtor_number": "x" * 3000})


@pytest.fixture
def looked_at(monkeypatch):
    """How many characters somebody looked at each time: a list that grows."""
    lengths = []
    unseen = hidden_characters._UNSEEN

    class Counted:
        def sub(self, replacement, text):
            lengths.append(len(text))
            return unseen.sub(replacement, text)

    monkeypatch.setattr(hidden_characters, "_UNSEEN", Counted())
    return lengths


WITHOUT_END = "\u00e9" * 300_000


@pytest.mark.parametrize(
    "read",
    [
        lambda text: canonical("city", text),
        lambda text: canonical("vat", text, "NL"),
        lambda text: canonical("street", "a", text),
        lambda text: is_vat_doubtful(text, text),
        is_website,
        clean_start,
        without_hidden,
        lambda text: file_name(text, ".pdf", "x"),
    ],
)
def test_of_a_text_without_end_the_start_is_compared(read, looked_at):
    read(WITHOUT_END)

    assert sum(looked_at) <= 4 * MOST_LOOKED_AT


@pytest.mark.parametrize(
    "read",
    [
        clean,
        clean_lines,
        split_street,
        split,
        in_natural_order,
        lambda text: join("Jan", "", text),
        lambda text: organization_body({"name": text}),
        lambda text: organization_from_tribe({"Name": text}, {}),
        lambda text: address_body({"city": text}, {}),
    ],
)
def test_what_is_kept_of_a_text_without_end_is_not_its_start(read, looked_at):
    with raises_sentence(
        "value_too_long",
        ValueUnreadable,
        what=sentence("a_text"),
        count=len(WITHOUT_END),
        start=WITHOUT_END[:40],
    ):
        read(WITHOUT_END)

    assert max(looked_at, default=0) < LONGEST_VALUE


def test_a_long_line_is_kept_whole():
    text = "\u00e9" * MOST_LOOKED_AT
    assert clean_lines(text) == text


def test_of_a_text_of_many_lines_no_line_is_looked_at(looked_at):
    text = "\u00e9\n" * MOST_LOOKED_AT
    with raises_sentence(
        "value_too_long", ValueUnreadable, what=sentence("a_text"), count=len(text)
    ):
        clean_lines(text)

    assert max(looked_at, default=0) < LONGEST_VALUE


def test_what_nobody_sees_of_a_value_counts(looked_at):
    text = "info@klant.example" + "\u200d" * LONGEST_VALUE
    with raises_sentence(
        "value_too_long", ValueUnreadable, what=sentence("a_text"), count=len(text)
    ):
        organization_from_tribe({"EmailAddress": text}, {})

    assert max(looked_at, default=0) < LONGEST_VALUE


def invoice(**changes):
    line = {"ID": "l", "Quantity": 1, "Price": 100, "TotalExcludingVat": 100, "VatAmount": 21}
    entity = {
        "ID": "i",
        "Number": "1",
        "Date": "2026-01-01",
        "Currency": "EUR",
        "Relationship": {"ID": "r"},
        "ProductLines": [line],
    }
    line |= {name: changes.pop(name) for name in changes.keys() & line.keys()}
    return read_invoice(
        {**entity, **changes},
        InvoiceFields(date="Date"),
        timezone="Europe/Amsterdam",
        digits=2,
        base_currency="EUR",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"Date": "9999-12-31T23:59:59Z"},
        {"Date": "0001-01-01T00:00:00+14:00"},
        {"Date": ["2026-01-01"]},
        {"Number": "9" * 3000},
        {"Number": {"ID": "n"}},
        {"TotalExcludingVat": 1e308},
        {"Price": 10**30},
        {"Quantity": "many"},
        {"VatAmount": "x" * 100_000},
    ],
)
def test_an_invoice_with_such_a_value(changes):
    assert invoice().total == 121
    with pytest.raises(ValueUnreadable) as caught:
        invoice(**changes)
    assert len(str(caught.value)) < 400


def test_lines_in_an_odd_order():
    lines = [{"ID": "a", "SortIndex": "2"}, {"ID": "b", "SortIndex": 1}, {"ID": "c"}]
    assert [line.tribe_id for line in invoice(ProductLines=lines).lines] == ["c", "b", "a"]
    with pytest.raises(InvoiceUnreadable):
        invoice(ProductLines=[*lines, {"ID": "d", "SortIndex": "first"}])
