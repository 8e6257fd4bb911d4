"""One street line into street, number and suffix, and back to the same line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mapping import address_body, canonical, clean, join_street, organization_from_tribe
from mapping import split_street as split

LINES = """
NL | Dorpsstraat 12 | Dorpsstraat | 12 |
NL | Dorpsstraat 12a | Dorpsstraat | 12 | a
NL | Dorpsstraat 12 A | Dorpsstraat | 12 | _A
NL | Dorpsstraat 12-A | Dorpsstraat | 12 | -A
NL | Dorpsstraat 12-14 | Dorpsstraat | 12 | -14
NL | Dorpsstraat 12-14 bis | Dorpsstraat | 12 | -14 bis
NL | Dorpsstraat 12 bis | Dorpsstraat | 12 | _bis
NL | Dorpsstraat 12bis | Dorpsstraat | 12 | bis
NL | Kerkstraat 12hs | Kerkstraat | 12 | hs
NL | Kerkstraat 12-hs | Kerkstraat | 12 | -hs
NL | Kerkstraat 12 III | Kerkstraat | 12 | _III
NL | Kerkstraat 12-2 | Kerkstraat | 12 | -2
NL | Kerkstraat 12 2 | Kerkstraat | 12 | _2
NL | Kerkstraat 12A3 | Kerkstraat | 12 | A3
NL | Kerkstraat 12 rd | Kerkstraat | 12 | _rd
NL | Kerkstraat 12 2e | Kerkstraat | 12 | _2e
NL | Plein 1944 5 | Plein 1944 | 5 |
NL | Plein 1940-1945 12 | Plein 1940-1945 | 12 |
NL | 1e Weteringplantsoen 12 | 1e Weteringplantsoen | 12 |
NL | 2e Kostverlorenkade 12-hs | 2e Kostverlorenkade | 12 | -hs
NL | Burg. van der Lelystraat 7 | Burg. van der Lelystraat | 7 |
NL | 's-Gravenweg 100 | 's-Gravenweg | 100 |
NL | Postbus 1234 | Postbus | 1234 |
NL | Antwoordnummer 10001 | Antwoordnummer | 10001 |
NL | Gebouw 3 Parklaan 12 | Gebouw 3 Parklaan | 12 |
NL | Dorpsstraat | Dorpsstraat | |
NL | Dorpsstraat ong. | Dorpsstraat ong. | |
NL | Dorpsstraat 012 | Dorpsstraat 012 | |
NL | Dorpsstraat 123456 | Dorpsstraat 123456 | |
NL | 12 | 12 | |
NL | p/a Jansen, tweede deur links | p/a Jansen, tweede deur links | |
- | Dorpsstraat 12a | Dorpsstraat | 12 | a
BE | Wetstraat 16 | Wetstraat | 16 |
BE | Wetstraat 16 bus 3 | Wetstraat | 16 | _bus 3
BE | Wetstraat 16/3 | Wetstraat | 16 | /3
BE | Rue de la Loi 16 boîte 3 | Rue de la Loi | 16 | _boîte 3
BE | Rue de la Loi 16 bte 3 | Rue de la Loi | 16 | _bte 3
BE | Rue de la Loi, 16 | Rue de la Loi, | 16 |
DE | Hauptstraße 5 | Hauptstraße | 5 |
DE | Hauptstr. 5a | Hauptstr. | 5 | a
DE | Hauptstraße 5-7 | Hauptstraße | 5 | -7
DE | Straße des 17. Juni 135 | Straße des 17. Juni | 135 |
DE | Hauptstraße 5/2 | Hauptstraße | 5 | /2
DE | Am Markt 1 B | Am Markt | 1 | _B
FR | 12 rue de la Paix | rue de la Paix | 12 |
FR | 12, rue de la Paix | rue de la Paix | 12 | ,
FR | 12 bis rue de la Paix | rue de la Paix | 12 | _bis
FR | 12bis rue de la Paix | rue de la Paix | 12 | bis
FR | 12 ter avenue Foch | avenue Foch | 12 | _ter
FR | 12B rue de la Paix | rue de la Paix | 12 | B
FR | 12-14 rue du 8 Mai 1945 | rue du 8 Mai 1945 | 12 | -14
FR | rue de la Paix | rue de la Paix | |
FR | Bâtiment C, 12 rue X | Bâtiment C, 12 rue X | |
FR | Hameau du Bois 12 | Hameau du Bois 12 | |
GB | 221B Baker Street | Baker Street | 221 | B
UK | 10 Downing Street | Downing Street | 10 |
gb | 12-14 High Street | High Street | 12 | -14
GB | 12/3 Leith Walk | Leith Walk | 12 | /3
GB | Flat 3, 12 High Street | Flat 3, 12 High Street | |
GB | The Old Rectory | The Old Rectory | |
SE | Storgatan 5 | Storgatan | 5 |
SE | Storgatan 5 B | Storgatan | 5 | _B
SE | Storgatan 5 lgh 1102 | Storgatan | 5 | _lgh 1102
NO | Karl Johans gate 22 | Karl Johans gate | 22 |
NO | Karl Johans gate 22B | Karl Johans gate | 22 | B
DK | Vesterbrogade 12 | Vesterbrogade | 12 |
DK | Vesterbrogade 12, 3. tv | Vesterbrogade | 12 | , 3. tv
DK | Vesterbrogade 12, st. th | Vesterbrogade | 12 | , st. th
DK | Vesterbrogade 12C, 2 | Vesterbrogade | 12 | C, 2
"""


def table():
    for row in LINES.strip().splitlines():
        country, line, street, number, suffix = (cell.strip() for cell in row.split("|"))
        yield country, line, street, int(number) if number else None, suffix.replace("_", " ")


COUNTRIES = st.sampled_from([None, "NL", "BE", "DE", "FR", "GB", "SE", "NO", "DK"])
PIECES = st.sampled_from(
    # The last one is twelve in Arabic digits.
    "Dorpsstraat rue 12 12a 012 1940 5 A - -3 /2 bis bus , 3. tv 12, de hs \u0661\u0662".split()
)
ANY_LINE = st.one_of(st.text(), st.lists(PIECES, max_size=6).map(" ".join))


@pytest.mark.parametrize(("country", "line", "street", "number", "suffix"), list(table()))
def test_a_line_has_three_parts(country, line, street, number, suffix):
    assert split(line, country) == (street, number, suffix)


def test_the_table_is_long_enough_to_mean_something():
    assert len(list(table())) >= 60


@pytest.mark.parametrize("number", [34, 34.0, "34"])
def test_tribes_number_may_be_a_float(number):
    assert join_street("Dorpsstraat", number, "a", "NL") == "Dorpsstraat 34a"
    assert join_street("High Street", number, None, "GB") == "34 High Street"


@pytest.mark.parametrize("number", [None, ""])
def test_a_street_without_a_number_is_only_a_street(number):
    assert join_street(" Dorpsstraat ", number, "", "NL") == "Dorpsstraat"


@given(ANY_LINE, COUNTRIES)
@example("Kerkstraat 12 2", "NL")
def test_a_split_line_joins_to_itself(line, country):
    assert join_street(*split(line, country), country) == (clean(line) or "")


@given(ANY_LINE, COUNTRIES)
@example("0, 0A", "FR")
def test_a_line_that_went_to_tribe_and_back_is_no_change(line, country):
    body = address_body({"street": line}, {}, country_code=country)
    address = {**body, "City": "x", "Country": {"Code": country}}
    back = organization_from_tribe({"InvoiceAddress": address}, [])["street"]
    assert canonical("street", back) == canonical("street", line)


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
    assert organization_from_tribe({"PostalAddress": address}, [])["street"] == line
