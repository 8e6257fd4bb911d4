"""One name into three, and back to the same one."""

import names
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tribe_connector.mapping import (
    PersonName,
    clean,
    in_natural_order,
    join,
    person_body,
    person_from_tribe,
    split,
    split_like,
    split_surname,
)

ROWS = list(names.table())
WORDS = st.sampled_from(
    "Jan de van der 't in und y - Jansen-de jr. Maria del Carmen dios ii \u2019t op , Ma. i".split()
)
# Control characters, emoji, right to left, and names of any length.
ANY_TEXT = st.text(max_size=200) | st.text(
    alphabet="\x00\x07 ,aB-\u05d0\u0627\u202e\U0001f600", max_size=40
)
LONG_TEXT = st.text(alphabet="ad e,", min_size=1, max_size=6).map(lambda text: (text * 1000)[:1000])
ANY_NAME = st.one_of(ANY_TEXT, LONG_TEXT, st.lists(WORDS, max_size=8).map(" ".join))


def there_and_back(name, before=None):
    """The name that Odoo gets back of what it sent to Tribe."""
    return person_from_tribe(person_body({"name": name}, before), {})["name"]


@pytest.mark.parametrize(("country", "name", "parts"), ROWS)
def test_a_name_has_three_parts(country, name, parts):
    assert split(name) == parts


@pytest.mark.parametrize(("country", "name", "parts"), ROWS)
def test_a_name_survives_the_way_to_tribe_and_back(country, name, parts):
    assert there_and_back(name) == in_natural_order(name)
    assert split_like(there_and_back(name), PersonName(*parts)) == parts


def test_the_table_is_long_enough_to_mean_something():
    countries = [country for country, _name, _parts in ROWS]
    assert len(ROWS) >= 150
    assert all(countries.count(country) >= 7 for country in "NL BE DE FR GB ES SE NO DK".split())


@pytest.mark.parametrize("empty", [None, False, "", "  ", "\x00"])
def test_no_name_has_no_parts(empty):
    assert split(empty) == ("", "", "")


def test_spaces_are_no_part_of_a_name():
    assert split("   Jan   de    Vries ") == ("Jan", "de", "Vries")


@pytest.mark.parametrize("name", ["Jansen, Bakker, Smit", ", Jan", "Jansen,", "Jansen, jr."])
def test_a_comma_that_turns_nothing_around_stays(name):
    assert join(*split(name)) == clean(name)


@pytest.mark.parametrize(
    ("before", "name", "parts"),
    [
        # Not edited: the parts of Tribe, however odd.
        (("Jan", "", "Willem Smit"), "Jan Willem Smit", ("Jan", "", "Willem Smit")),
        (("J.", "", "van der Berg"), "J. van der Berg", ("J.", "", "van der Berg")),
        (("", "", "Jan Smit"), "Jan Smit", ("", "", "Jan Smit")),
        # Only the first name was.
        (("Jan", "", "Willem Smit"), "Johan Willem Smit", ("Johan", "", "Willem Smit")),
        (("Jan", "van", "Dijk"), "Jan-Willem van Dijk", ("Jan-Willem", "van", "Dijk")),
        (("Jan", "", "Smit"), "Smit", ("", "", "Smit")),
        (("", "", "Smit"), "Jan Smit", ("Jan", "", "Smit")),
        # Only the last name was.
        (("Anna Maria", "", "Smit"), "Anna Maria Smid", ("Anna Maria", "", "Smid")),
        (("Jan", "", "Willem Smit"), "Jan Willem Smid", ("Jan", "", "Willem Smid")),
        (("Anna", "van", "Dijk"), "Anna van Dijck", ("Anna", "van", "Dijck")),
        (("Anna", "", "Smit"), "Anna van Dijk", ("Anna", "van", "Dijk")),
        (("Anna", "", "van Dijk"), "Anna van Dijck", ("Anna", "", "van Dijck")),
        # Another name altogether, or nothing to go by.
        (("Anna", "van", "Dijk"), "Piet de Boer", ("Piet", "de", "Boer")),
        (("Anna", "van", ""), "Anna van Dijk", ("Anna", "van", "Dijk")),
        (None, "Anna van Dijk", ("Anna", "van", "Dijk")),
        # Turned around in Odoo.
        (("Jan", "", "Willem Smit"), "Willem Smit, Jan", ("Jan", "", "Willem Smit")),
    ],
)
def test_what_was_not_edited_keeps_its_part(before, name, parts):
    assert split_like(name, PersonName(*before) if before else None) == parts


@pytest.mark.parametrize(
    ("surname", "parts"),
    [
        ("van der Berg", ("van der", "Berg")),
        ("Smit", ("", "Smit")),
        ("de", ("", "de")),
        ("", ("", "")),
    ],
)
def test_a_surname_has_two_parts(surname, parts):
    assert split_surname(surname) == parts


@given(ANY_NAME)
@example("maria de dios")
def test_a_split_name_joins_to_itself(name):
    assert join(*split(name)) == in_natural_order(name)
    if "," not in name:
        assert in_natural_order(name) == (clean(name) or "")


@given(ANY_NAME, st.builds(PersonName, ANY_NAME, ANY_NAME, ANY_NAME))
def test_parts_from_before_change_nothing_of_the_name(name, before):
    parts = split_like(name, before)
    assert join(*parts) == in_natural_order(name)
    assert bool(parts.last) == bool(clean(name))


@given(st.builds(PersonName, ANY_NAME, ANY_NAME, ANY_NAME))
def test_parts_from_tribe_go_back_as_they_came(sent):
    name = person_from_tribe(
        {"FirstName": sent.first, "MiddleName": sent.middle, "LastName": sent.last}, {}
    )["name"]
    cleaned = PersonName(*(clean(part) or "" for part in sent))
    if cleaned.last and in_natural_order(name) == name:
        assert split_like(name, sent) == cleaned


def words_of(name):
    """What a name consists of, in any order; commas part it like spaces."""
    return sorted(name.replace(",", " ").split())


@given(ANY_NAME)
@example("Jan Smit, Els Smit")
@example("Smit, J., dr.")
@example("Vries de, J.")
def test_no_part_of_a_name_is_lost_on_the_way(name):
    back = there_and_back(name) or ""
    assert words_of(back) == words_of(clean(name) or "")
    if "," in back:
        assert back == clean(name)


@given(ANY_NAME)
@example("Jan Smit, Els Smit")
@example("Smit, J., dr.")
@example("Jansen, directeur")
@example("Maria de dios, Anna")
def test_a_first_name_is_of_one_person_and_no_surname(name):
    """Whoever gives another first name in Tribe changes nothing else of the name."""
    assert "," not in split(name).first


@given(ANY_NAME)
def test_tribe_always_gets_the_last_name_it_requires(name):
    assert bool(split(name).last) == bool(clean(name))


@given(ANY_NAME)
def test_what_comes_back_from_tribe_is_stable(name):
    once = in_natural_order(name)
    if "," not in once:
        assert in_natural_order(once) == once
