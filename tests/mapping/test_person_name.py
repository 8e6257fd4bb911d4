"""One name into three, and back to the same one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mapping import clean, join, split

NAMES = """
Jan Jansen | Jan | | Jansen
Jan de Vries | Jan | de | Vries
Jan De Vries | Jan | De | Vries
Anna van der Berg | Anna | van der | Berg
Anna van den Berg | Anna | van den | Berg
Kees van de Kamp | Kees | van de | Kamp
Kees van 't Hof | Kees | van 't | Hof
Kees van't Hof | Kees | van't | Hof
Piet in 't Veld | Piet | in 't | Veld
Piet in het Veld | Piet | in het | Veld
Joost op den Kamp | Joost | op den | Kamp
Joost op 't Hof | Joost | op 't | Hof
Truus uit den Boogaard | Truus | uit den | Boogaard
Truus aan de Stegge | Truus | aan de | Stegge
Truus bij de Vaate | Truus | bij de | Vaate
Truus onder de Linden | Truus | onder de | Linden
Truus over de Vest | Truus | over de | Vest
Truus voor den Dag | Truus | voor den | Dag
Corrie ten Boom | Corrie | ten | Boom
Gerrit ter Horst | Gerrit | ter | Horst
Gerrit te Riele | Gerrit | te | Riele
Gerrit den Hartog | Gerrit | den | Hartog
Jan Peter Balkenende | Jan Peter | | Balkenende
J.P. Balkenende | J.P. | | Balkenende
J. P. Balkenende | J. P. | | Balkenende
A.B.C. van Dijk | A.B.C. | van | Dijk
Jan-Willem van der Meer | Jan-Willem | van der | Meer
Anna Jansen-Bakker | Anna | | Jansen-Bakker
Anna Jansen-de Vries | Anna | | Jansen-de Vries
Anna de Vries-van der Berg | Anna | de | Vries-van der Berg
Anna Vries - de Boer | Anna | | Vries - de Boer
van der Berg | | van der | Berg
De Vries | | De | Vries
Op den Kamp | | Op den | Kamp
Jansen | | | Jansen
de | | | de
Jan de | Jan | | de
Peter Van den Bossche | Peter | Van den | Bossche
Herman Vanden Bossche | Herman | Vanden | Bossche
Els Vandenbroucke | Els | | Vandenbroucke
Dirk De Wever | Dirk | De | Wever
Ursula von der Leyen | Ursula | von der | Leyen
Johann Wolfgang von Goethe | Johann Wolfgang | von | Goethe
Karl-Theodor zu Guttenberg | Karl-Theodor | zu | Guttenberg
Hans vom Berg | Hans | vom | Berg
Eva zur Linde | Eva | zur | Linde
Georg von und zu Stein | Georg | von und zu | Stein
Charles de Gaulle | Charles | de | Gaulle
Jean de la Fontaine | Jean | de la | Fontaine
Marie du Bois | Marie | du | Bois
Pierre des Champs | Pierre | des | Champs
Charles d'Artagnan | Charles | | d'Artagnan
Yves Le Goff | Yves | Le | Goff
Pablo de los Santos | Pablo | de los | Santos
Penélope de la Cruz | Penélope | de la | Cruz
Benicio del Toro | Benicio | del | Toro
José Ortega y Gasset | José | | Ortega y Gasset
Josep Puig i Cadafalch | Josep | | Puig i Cadafalch
María del Carmen García | María del Carmen | | García
Juan de Dios Ramírez | Juan de Dios | | Ramírez
Maria de los Ángeles Ruiz | Maria de los Ángeles | | Ruiz
João da Silva | João | da | Silva
Leonardo di Caprio | Leonardo | di | Caprio
Luca della Robbia | Luca | della | Robbia
Lars af Klint | Lars | af | Klint
Björn Åkesson | Björn | | Åkesson
Karen von Blixen | Karen | von | Blixen
Jan Jansen jr. | Jan | | Jansen jr.
Jan de Vries MSc | Jan | de | Vries MSc
Martin Luther King Jr. | Martin Luther | | King Jr.
Jack Ma | Jack | | Ma
'   Jan   de    Vries ' | Jan | de | Vries
Vries, Jan de | Jan | de | Vries
de Vries, Jan | Jan | de | Vries
Berg, Anna van der | Anna | van der | Berg
Van den Bossche, Peter | Peter | Van den | Bossche
Jansen, Jan Willem | Jan Willem | | Jansen
Goethe, Johann Wolfgang von | Johann Wolfgang | von | Goethe
Hof,Kees van 't | Kees | van 't | Hof
"""


def table(text):
    for line in text.strip().splitlines():
        yield tuple(cell.strip() for cell in line.split("|"))


@pytest.mark.parametrize(("name", "first", "middle", "last"), list(table(NAMES)))
def test_a_name_has_three_parts(name, first, middle, last):
    assert split(name.strip("'") if name.startswith("'  ") else name) == (first, middle, last)


def test_the_table_is_long_enough_to_mean_something():
    assert len(list(table(NAMES))) >= 60


@pytest.mark.parametrize("empty", [None, False, "", "  ", "\x00"])
def test_no_name_has_no_parts(empty):
    assert split(empty) == ("", "", "")


@pytest.mark.parametrize("name", ["Jansen, Bakker, Smit", ", Jan", "Jansen,", "Jansen, jr."])
def test_a_comma_that_turns_nothing_around_stays(name):
    assert join(*split(name)) == clean(name)


WORDS = st.sampled_from(
    "Jan de van der 't in und y - Jansen-de jr. Maria del Carmen dios ii \u2019t op , Ma. i".split()
)
NAMES_OF_WORDS = st.lists(WORDS, max_size=8).map(" ".join)


@given(st.one_of(st.text(), NAMES_OF_WORDS))
@example("maria de dios")
def test_a_split_name_joins_to_itself(name):
    if "," not in name:
        assert join(*split(name)) == (clean(name) or "")


@given(st.one_of(st.text(), NAMES_OF_WORDS))
def test_tribe_always_gets_the_last_name_it_requires(name):
    assert bool(split(name).last) == bool(clean(name))


@given(st.one_of(st.text(), NAMES_OF_WORDS))
def test_what_comes_back_from_tribe_is_stable(name):
    once = join(*split(name))
    if "," not in once:
        assert join(*split(once)) == once
