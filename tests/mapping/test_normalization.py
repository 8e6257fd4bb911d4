"""Formatting alone is never a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping import ORGANIZATION_FIELDS, PERSON_FIELDS, canonical, clean, clean_lines

FIELDS = sorted({*ORGANIZATION_FIELDS, *PERSON_FIELDS})
TEXT_FIELDS = [field for field in FIELDS if field not in ("active", "payment_term_days")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\nJoost de Tester", "Joost de Tester"),
        (" a \t b\u00a0c ", "a b c"),
        ("a\x00b\x07", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("e\u0301", "\u00e9"),
        ("\ud800x", "x"),
        (" ", None),
        ("", None),
        (None, None),
        (False, None),
        (0, "0"),
        (10042, "10042"),
    ],
)
def test_clean_text(text, expected):
    assert clean(text) == expected


def test_lines_of_a_description_stay_lines():
    assert clean_lines("\r\n a  b \r\n\r\n c\x00\n ") == "a b\n\nc"
    assert clean_lines("  \n ") is clean_lines(None) is None


@given(st.text())
def test_clean_text_is_clean_already(text):
    assert clean(clean(text)) == clean(text)


SAME = [
    ("email", "Info@Klant.example", "info@klant.example "),
    ("phone", "+31 (0)20-123 45 67", "0031201234567"),
    ("phone", "020 - 123.45.67", "0201234567"),
    ("mobile", "(06) 12 34 56 78", "0612345678"),
    ("website", "https://www.Klant.example/", "klant.example"),
    ("website", "HTTP://klant.example/Pad/", "www.klant.example/Pad"),
    ("vat", "NL 0012.34.567-B01", "nl001234567b01"),
    ("vat", "BE 0123.456.789", "BE0123456789"),
    ("debtor_number", " 10042 ", "10042"),
    ("creditor_number", 10042, "10042"),
    ("country_code", "nl", "NL"),
    ("zip", "1234 ab", "1234AB"),
    ("name", "Jan  de\nVries", "Jan de Vries"),
    ("city", "Den  Haag", "Den Haag"),
    ("street", "Dorpsstraat 12 A", "Dorpsstraat 12A"),
    ("payment_term_days", 30, 30.0),
    ("active", None, False),
]
DIFFERENT = [
    ("name", "Jan de vries", "Jan de Vries"),
    ("phone", "+31201234567", "0201234567"),
    ("phone", "via de receptie", ""),
    ("website", "klant.example/pad", "klant.example/Pad"),
    ("debtor_number", "0042", "42"),
    ("vat", "-", "?"),
    ("street", "Dorpsstraat 12-2", "Dorpsstraat 122"),
    ("street", "Dorpsstraat 12 2", "Dorpsstraat 122"),
    ("payment_term_days", 0, None),
    ("active", True, None),
]


@pytest.mark.parametrize(("field", "one", "other"), SAME)
def test_written_differently(field, one, other):
    assert canonical(field, one) == canonical(field, other)


@pytest.mark.parametrize(("field", "one", "other"), DIFFERENT)
def test_different(field, one, other):
    assert canonical(field, one) != canonical(field, other)


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_all_kinds_of_empty_are_equal(field):
    assert [canonical(field, empty) for empty in (None, "", False, "  ")] == [None] * 4


WEB_PIECES = st.sampled_from(
    ["https://", "http://", "www.", "A.nl", "/", "x", " ", "+", "00", "(0)"]
)
TEXTS = st.one_of(st.text(), st.lists(WEB_PIECES, max_size=6).map("".join))


@given(st.sampled_from(TEXT_FIELDS), TEXTS)
def test_only_emptiness_is_equal_to_empty(field, text):
    assert (canonical(field, text) is None) == (clean(text) is None)
