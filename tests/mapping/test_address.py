"""One street line into street, number and suffix, and back to the same line."""

import addresses
import apart
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tribe_connector.mapping import (
    address_body,
    canonical,
    clean,
    join_street,
    organization_from_tribe,
)
from tribe_connector.mapping import split_street as split

ROWS = list(addresses.table())
COUNTRIES = st.sampled_from([None, "NL", "BE", "DE", "FR", "GB", "SE", "NO", "DK"])
PIECES = st.sampled_from(
    # The last one is twelve in Arabic digits.
    "Dorpsstraat rue 12 12a 012 1940 5 A - -3 /2 bis bus , 3. tv 12, de hs BP \u0661\u0662".split()
)
# Control characters, emoji, right to left, and lines of any length.
ANY_TEXT = st.text(max_size=200) | st.text(
    alphabet="\x00\x07 a1-\u05d0\u0627\u202e\U0001f600", max_size=40
)
LONG_TEXT = st.text(alphabet="a 1,-", min_size=1, max_size=5).map(lambda text: (text * 1000)[:1000])
ANY_LINE = st.one_of(ANY_TEXT, LONG_TEXT, st.lists(PIECES, max_size=6).map(" ".join))


def there_and_back(line, country):
    """The street line that Odoo gets back of what it sent to Tribe."""
    body = address_body({"street": line}, {}, country_code=country)
    address = {**body, "City": "x", "Country": {"Code": country}}
    return organization_from_tribe({"InvoiceAddress": address}, {})["street"]


@pytest.mark.parametrize(("country", "line", "parts"), ROWS)
def test_a_line_has_three_parts(country, line, parts):
    assert split(line, country) == parts


@pytest.mark.parametrize(("country", "line", "parts"), ROWS)
def test_a_line_survives_the_way_to_tribe_and_back(country, line, parts):
    assert join_street(*parts, country) == line
    back = there_and_back(line, country)
    assert canonical("street", back) == canonical("street", line)
    assert there_and_back(back, country) == back


def test_the_table_is_long_enough_to_mean_something():
    countries = [country.upper() for country, _line, _parts in ROWS]
    assert len(ROWS) >= 150
    assert all(countries.count(country) >= 10 for country in "NL BE DE FR GB SE NO DK".split())


@pytest.mark.parametrize("number", [34, 34.0, "34"])
def test_tribes_number_may_be_a_float(number):
    assert join_street("Dorpsstraat", number, "a", "NL") == "Dorpsstraat 34a"
    assert join_street("High Street", number, None, "GB") == "34 High Street"


@pytest.mark.parametrize("number", [None, ""])
def test_a_street_without_a_number_is_only_a_street(number):
    assert join_street(" Dorpsstraat ", number, "", "NL") == "Dorpsstraat"


@pytest.mark.parametrize("street", ["PO Box", "Postbus", "BP"])
def test_the_number_of_a_po_box_is_last_in_every_country(street):
    assert join_street(street, 12.0, None, "GB") == f"{street} 12"


@given(ANY_LINE, COUNTRIES)
@example("Kerkstraat 12 2", "NL")
def test_a_split_line_joins_to_itself(line, country):
    assert join_street(*split(line, country), country) == (clean(line) or "")


@given(ANY_LINE, COUNTRIES)
@example("0, 0A", "FR")
@example("a, 1", "NL")
@example(", 1", "NL")
def test_a_line_that_went_to_tribe_and_back_is_no_change(line, country):
    assert canonical("street", there_and_back(line, country)) == canonical("street", line)


@given(ANY_LINE, COUNTRIES)
def test_what_comes_back_from_tribe_is_stable(line, country):
    back = there_and_back(line, country)
    assert there_and_back(back, country) == back


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        ("a", "Dorpsstraat 12a"),
        ("A3", "Dorpsstraat 12A3"),
        ("bis", "Dorpsstraat 12 bis"),
        ("2", "Dorpsstraat 12 2"),
        ("-2", "Dorpsstraat 12-2"),
        ("/2", "Dorpsstraat 12/2"),
        (" ", "Dorpsstraat 12"),
    ],
)
def test_a_suffix_from_tribe_is_written_the_usual_way(suffix, line):
    address = {"Street": "Dorpsstraat", "HouseNumber": 12.0, "HouseNumberSuffix": suffix}
    assert organization_from_tribe({"PostalAddress": address}, {})["street"] == line


# Of each kind of piece that may follow a number, and of what may stand in front of it.
REPEATED = ("V", "IV", "a", "b2", "12", "3e", "4.", "bis", "st.", "&", "Straat 1", "Straat", "1")


@pytest.mark.parametrize("country", ["NL", "FR"])
def test_no_line_takes_long_whatever_it_repeats(country):
    """The bound only ends what would hang: a line of which each piece can be read in two ways."""
    lines = [
        f"Straat 1{glue}{glue.join([piece] * 60)} !"[:250]
        for piece in REPEATED
        for glue in (" ", ", ", "-", "/", "")
    ]
    apart.run(
        "from tribe_connector.mapping import split_street\n"
        "for line in sys.argv[3:]: split_street(line, sys.argv[2])",
        country,
        *lines,
    )
