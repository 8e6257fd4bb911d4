"""Formatting alone is never a change."""

import sys
import unicodedata

import apart
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.mapping import (
    ORGANIZATION_FIELDS,
    PERSON_FIELDS,
    canonical,
    clean,
    clean_lines,
    file_name,
    is_website,
    mail_addresses,
)

FIELDS = sorted({*ORGANIZATION_FIELDS, *PERSON_FIELDS})
TEXT_FIELDS = [field for field in FIELDS if not field.endswith(("active", "term_days"))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\nJoost de Tester", "Joost de Tester"),
        (" a \t b\u00a0c ", "a b c"),
        ("a\x00b\x07", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("e\u0301", "\u00e9"),
        ("\ud800x", "x"),
        ("factuur\u202efdp.exe", "factuurfdp.exe"),
        ("\u200e\u200fa\u2066b\u2069\u061c", "ab"),
        ("\u3164\u200c\u2062\U000e0041\ufff9\u180e", None),
        ("\u115f\u1160\uffa0\u200d\ufe0f\u2800", None),
        ("Jan\u200c \u200dde\u2062 V\U000e0041ries\ufff9", "Jan de Vries"),
        ("\u0645\u06cc\u200c\u0631\u0648\u062f", "\u0645\u06cc\u200c\u0631\u0648\u062f"),
        ("\U0001f469\u200d\U0001f373 \u2764\ufe0f", "\U0001f469\u200d\U0001f373 \u2764\ufe0f"),
        ("a\u200c\u200db\u200c", "ab"),
        ("a\u2028b\u2029c", "a b c"),
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


def test_no_more_marks_are_piled_upon_a_letter_than_a_language_does():
    pile = "x" + "\u0316" * 100 + "y" + "\u0316" * 30
    assert clean(pile) == "x" + "\u0316" * 30 + "y" + "\u0316" * 30


def test_a_long_pile_of_marks_takes_no_longer_than_other_text():
    apart.run(
        "from tribe_connector.mapping import clean, clean_lines\n"
        "for pile in ('\\u0301\\u0316', '\\u0f73', ('\\u0301\\u0316' * 15) + '\\u200d\\u200d'):\n"
        "    line = 'a' + pile * (49000 // len(pile))\n"
        "    clean(line[:4000]), clean_lines(line)"
    )


def test_nothing_hidden_is_left_of_any_character():
    turning = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    # A million others are not asked about: that takes seconds.
    asked = {
        each
        for each in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(each) in ("Cc", "Cs", "Cf")
        or unicodedata.bidirectional(each) in turning
    }
    kept = {each for each in asked if clean(f"a{each}b") != "ab"}
    hidden = {each for each in kept if unicodedata.category(each) in ("Cc", "Cs", "Cf")}
    # White space, which becomes a space; signs of numbers; what joins the letters of a word.
    seen = {each for each in hidden if not each.isspace()}
    assert {unicodedata.name(each).split()[0] for each in seen} <= {
        "ARABIC",
        "SYRIAC",
        "KAITHI",
        "ZERO",
    }
    assert {each for each in seen if "ZERO" in unicodedata.name(each)} == {"\u200c", "\u200d"}
    assert not [each for each in kept if unicodedata.bidirectional(each) in turning]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Factuur 12.pdf", "Factuur 12.pdf"),
        ("Factuur.PDF", "Factuur.PDF"),
        ("factuur\u202efdp.exe", "factuurfdp.exe.pdf"),
        ("../../etc/passwd", "-..-etc-passwd.pdf"),
        ("C:\\map\\x.pdf", "C--map-x.pdf"),
        ("a\r\nb\x00.pdf", "a b.pdf"),
        ("x" * 5000 + ".pdf", "x" * 150 + ".pdf"),
        ("...", "x.pdf"),
        ("a\u2028b\u3164.pdf", "a b.pdf"),
        ("", "INV-2026-1.pdf"),
        (None, "INV-2026-1.pdf"),
    ],
)
def test_a_file_name_is_one(text, expected):
    assert file_name(text, ".pdf", "INV/2026/1") == expected


@given(st.text(max_size=200))
def test_clean_text_is_clean_already(text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("website", "is_one"),
    [
        ("klant.example", True),
        ("https://klant.example/a:b", True),
        ("HTTP://klant.example", True),
        ("klant.example:8080/pad", True),
        ("", True),
        (None, True),
        ("javascript:alert(1)//", False),
        ("JavaScript:1/alert(1)//https://klant.example", False),
        ("\u200bjava\x00script:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("ftp://klant.example", False),
    ],
)
def test_what_is_a_web_address(website, is_one):
    assert is_website(website) is is_one


SAME = [
    ("address", "Weg 12 a, 1012 AB Ede (NL)", "weg 12A 1012AB ede (nl)"),
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
    ("street", "12 bis, rue de la Paix", "12 bis rue de la Paix"),
    ("street", "Rue de la Loi, 16", "Rue de la Loi 16"),
    ("vat", "GR094019245", "EL 094019245"),
    ("vat", "BE477472701", "BE0477.472.701"),
    ("website", "http://klant.example?a=B", "Klant.example?a=B"),
    ("zip", "1234-AB", "1234 ab"),
    ("state_code", "ut", "UT"),
    ("customer_payment_term_days", 30, 30.0),
    ("active", None, False),
]
DIFFERENT = [
    ("address", "Weg 1, 23 AB Ede (NL)", "Weg 12, 3AB Ede (NL)"),
    ("address", "Weg 1 2, 3 Ede", "Weg 12, 3 Ede"),
    ("name", "Jan de vries", "Jan de Vries"),
    ("phone", "+31201234567", "0201234567"),
    ("phone", "via de receptie", ""),
    ("phone", "020 1234567 (Jan)", "020 1234567 (Piet)"),
    ("website", "klant.example/pad", "klant.example/Pad"),
    ("debtor_number", "0042", "42"),
    ("vat", "-", "?"),
    ("street", "Dorpsstraat 12-2", "Dorpsstraat 122"),
    ("street", "Dorpsstraat 12 2", "Dorpsstraat 122"),
    ("supplier_payment_term_days", 0, None),
    ("active", True, None),
]


@pytest.mark.parametrize(("field", "one", "other"), SAME)
def test_written_differently(field, one, other):
    assert canonical(field, one) == canonical(field, other)


@pytest.mark.parametrize(("field", "one", "other"), DIFFERENT)
def test_different(field, one, other):
    assert canonical(field, one) != canonical(field, other)


@pytest.mark.parametrize(
    ("country", "field", "national", "international"),
    [
        ("NL", "phone", "020 - 123 45 67", "+31 20 1234567"),
        ("nl", "mobile", "06-12345678", "0031 6 12 34 56 78"),
        ("BE", "phone", "02 123 45 67", "+32 (0)2 1234567"),
        ("DE", "phone", "(030) 12 34 56", "+49 30 123456"),
        ("FR", "phone", "01.23.45.67.89", "+33 1 23 45 67 89"),
        ("GB", "phone", "020 7946 0000", "+44 20 7946 0000"),
        ("SE", "phone", "08-123 456 78", "+46 8 123 456 78"),
        ("NO", "phone", "22 12 34 56", "+47 22 12 34 56"),
        ("DK", "phone", "33 12 34 56", "+45 33 12 34 56"),
        ("NL", "vat", "0012.34.567.B01", "NL001234567B01"),
        ("GR", "vat", "094019245", "EL094019245"),
        ("BE", "vat", "0477.472.701", "BE0477472701"),
    ],
)
def test_in_its_country_a_national_form_is_the_international_one(
    country, field, national, international
):
    assert canonical(field, national, country) == canonical(field, international, country)
    assert canonical(field, national) != canonical(field, international)


@pytest.mark.parametrize(
    ("country", "field", "one", "other"),
    [
        ("NL", "phone", "+32 20 1234567", "020 1234567"),
        ("NL", "phone", "112", "+31112"),
        ("NL", "phone", "vraag naar Jan", "+31vraagnaarjan"),
        ("NL", "vat", "BE0477472701", "0477472701"),
        ("US", "vat", "12-3456789", "US123456789"),
    ],
)
def test_in_its_country_what_differs_still_differs(country, field, one, other):
    assert canonical(field, one, country) != canonical(field, other, country)


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_all_kinds_of_empty_are_equal(field):
    assert [canonical(field, empty) for empty in (None, "", False, "  ")] == [None] * 4


WEB_PIECES = st.sampled_from(
    ["https://", "http://", "www.", "A.nl", "/", "x", " ", "+", "00", "(0)"]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(WEB_PIECES, max_size=6).map("".join))


@given(st.sampled_from(TEXT_FIELDS), TEXTS, st.sampled_from([None, "NL", "GR", "DK"]))
def test_only_emptiness_is_equal_to_empty(field, text, country):
    assert (canonical(field, text, country) is None) == (clean(text) is None)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("Jan Smit", "Jan@Smit.example is twice jan@smit.example."), "jan@smit.example"),
        (("a@b.nl", "en c.d+e@sub.f-g.nl"), "a@b.nl, c.d+e@sub.f-g.nl"),
        (("", None, False), None),
        (("no address", "a@b", "@", "a@.nl"), None),
        (("@" * 50_000, "a" * 50_000), None),
    ],
)
def test_mail_addresses_in_texts(texts, found):
    assert mail_addresses(*texts) == found
