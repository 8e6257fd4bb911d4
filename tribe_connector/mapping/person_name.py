"""One name in Odoo, three in Tribe: first name, middle name (the Dutch prefix) and last name."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from .normalization import clean


class PersonName(NamedTuple):
    """The parts as Tribe keeps them; each may be ``""``."""

    first: str
    middle: str
    last: str


# Dutch, Flemish, German, French, Spanish, Portuguese, Italian and Nordic particles.
_PARTICLES = frozenset(
    """
    van von vom vander vanden van't van\u2019t de den der des del della dello di da das dos do du
    la le las los het 't \u2019t \u2018t 's \u2019s ten ter te thoe zu zum zur af av auf ver
    v.d. v/d v.
    """.split()
)
# Arabic ones, which are given names in front: "Ben Bot", "Al Jansen".
_PARTICLES_INSIDE = frozenset("el al ben bin ibn".split())
# These are also ordinary words or given names; only before an article are they particles.
_PREPOSITIONS = frozenset("aan achter bij boven in onder op over tot uit uyt voor und".split())
_ARTICLES = frozenset("de den der het 't \u2019t \u2018t la le zu".split())
# "Ortega y Gasset", "Puig i Cadafalch": one surname.
_CONJUNCTIONS = frozenset("y i".split())
_SUFFIXES = frozenset("jr sr ii iii iv phd msc bsc mba llm esq junior senior jnr snr".split())
# Behind a comma nobody is called so.
_TITLES = _SUFFIXES | frozenset("dr drs mr ir ing prof ba ds em llb mphil bba meng beng".split())
# Written in any other way they are initials or a given name: "Smit, R.A.", "Nguyen, Ma".
_TITLES_IN_CAPITALS = frozenset("AA ACCA CA CFA CPA DBA EMBA MA MPA RA RB RC RE RT RV".split())
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
# Given names that hold a particle: "Maria del Carmen", "Juan de Dios".
_DEVOTIONS = frozenset(
    """
    carmen pilar mar rosario socorro consuelo dolores angeles \u00e1ngeles mercedes nieves dios
    """.split()
)
_DEVOTED = frozenset("maria mar\u00eda m\u00aa ma. juan jos\u00e9 jose".split())
# Spaniards have two surnames. Of three words, the middle one is a surname when it is one of the
# most common (Instituto Nacional de Estad\u00edstica), or ends like one.
_SPANISH_SURNAMES = frozenset(
    """
    garcia moreno munoz romero alonso navarro torres ramos serrano blanco molina morales ortega
    delgado castro ortiz rubio marin sanz iglesias medina garrido cortes castillo santos guerrero
    prieto cruz calvo herrera vidal pena flores cabrera campos vega fuentes rojas aguilar
    pascual lorenzo montero hidalgo gimeno ibarra salazar rivera vargas soto reyes ruiz diaz gil
    """.split()
)
_SPANISH_ENDING = "ez"


def join(first: object, middle: object, last: object) -> str:
    """The parts as one name, with single spaces; ``""`` when there are none."""
    return " ".join(part for part in map(clean, (first, middle, last)) if part)


def split(name: object) -> PersonName:
    """The parts of a name; particles go to ``middle``, one word is a last name.

    ``join(*split(name)) == in_natural_order(name)``. The last name is empty only when the name
    is.
    """
    text = clean(name) or ""
    return _turned_around(text) or _in_order(text.split(" "))


def in_natural_order(name: object) -> str:
    """The name with single spaces, first name first: ``"Vries, Jan de"`` is ``"Jan de Vries"``."""
    text = clean(name) or ""
    turned = _turned_around(text)
    return join(*turned) if turned else text


def split_like(name: object, before: PersonName | None) -> PersonName:
    """As ``split``, but what was not edited keeps the part of ``before`` that it was in."""
    text = in_natural_order(name)
    if before is None or not clean(before.last):
        return split(text)
    first, middle, last = (clean(part) or "" for part in before)
    if text == join(first, middle, last):
        return PersonName(first, middle, last)
    surname = join("", middle, last)
    if f" {text}".endswith(f" {surname}"):
        return PersonName(text.removesuffix(surname).rstrip(), middle, last)
    if first and text.startswith(f"{first} "):
        return PersonName(first, *_surname_like(text.removeprefix(first).lstrip(), middle, last))
    return split(text)


def split_surname_like(first: object, surname: object, before: PersonName | None) -> PersonName:
    """The parts of a name whose first name and surname are known apart."""
    text = join("", "", surname)
    middle, last = (clean(part) or "" for part in before[1:]) if before else ("", "")
    parts = (middle, last) if last and text == join("", middle, last) else None
    return PersonName(clean(first) or "", *(parts or _surname_like(text, middle, last)))


def split_surname(surname: object) -> tuple[str, str]:
    """The particles of a surname and the rest: ``"van der Berg"`` is ``("van der", "Berg")``."""
    words = (clean(surname) or "").split(" ")
    end_of_particles = _particles_from(words, 0)
    return " ".join(words[:end_of_particles]), " ".join(words[end_of_particles:])


def _surname_like(surname: str, middle: str, last: str) -> tuple[str, str]:
    """The middle and last name of an edited surname, in the way of what it was before."""
    if middle and surname.startswith(f"{middle} "):
        return middle, surname.removeprefix(middle).lstrip()
    had_particles_in_last_name = not middle and split_surname(last)[0]
    return ("", surname) if had_particles_in_last_name else split_surname(surname)


def _turned_around(text: str) -> PersonName | None:
    """``"Vries, Jan de"``, ``"Vries de, Jan"`` and ``"de Vries, Jan"``; ``None`` when this is not
    such a name."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if not comma or not last or not first or "," in first:
        return None
    words, surname = first.split(" "), last.split(" ")
    given, start = _end_without_particles(words, 0), _particles_from(surname, 0)
    end = _end_without_particles(surname, start)
    if _is_title(words[-1]) or _are_two_names(surname[start:end], words[:given]):
        return None
    if any(_INITIALS.fullmatch(word) for word in surname[start : end - 1]):
        # "J. Smit, directeur": that is a whole name already.
        return None
    if words[0][0].islower() and not surname[end - 1][0].islower():
        # "Jan Jansen, directeur": no given name follows the comma.
        return None
    middle = words[given:] + surname[end:] + surname[:start]
    return PersonName(" ".join(words[:given]), " ".join(middle), " ".join(surname[start:end]))


def _are_two_names(surname: list[str], given: list[str]) -> bool:
    """Whether both sides of a comma can be whole names, as in "Jan Smit, Els Smit".

    Not "Jansen-de Vries, Anna Maria": that is one surname.
    """
    is_double = any(word == "-" or _binds(word) for word in surname)
    surnames = [word for word in surname if word.lower() not in _PARTICLES]
    givens = [word for word in given if word.lower() not in _PARTICLES]
    return len(surnames) > 1 and len(givens) > 1 and not is_double


def _end_without_particles(words: list[str], start: int) -> int:
    """Where the particles begin that words end with; at least one word is before them."""
    end = len(words)
    while end > start + 1 and _is_particle_at(words, end - 1):
        end -= 1
    return end


def _in_order(words: list[str]) -> PersonName:
    start = _surname_start(words)
    end_of_particles = _particles_from(words, start)
    return PersonName(
        " ".join(words[:start]),
        " ".join(words[start:end_of_particles]),
        " ".join(words[end_of_particles:]),
    )


def _surname_start(words: list[str]) -> int:
    for index in range(_given_names(words), len(words) - 1):
        if _particles_from(words, index) > index:
            return index
        if index and (_binds(words[index]) or words[index + 1] == "-"):
            return index
        if index and index + 2 < len(words) and words[index + 1].lower() in _CONJUNCTIONS:
            return index
        if "," in words[index]:
            return index
        if index and index + 2 == len(words) and _is_spanish_surname(words[index]):
            return index
    last = len(words) - 1
    while last > 0 and (_is_suffix(words[last]) or _is_title_behind_two_words(words, last)):
        last -= 1
    return last


def _given_names(words: list[str]) -> int:
    """How many words at the start are one given name, such as "Maria del Carmen"."""
    if words[0].lower() not in _DEVOTED:
        return 0
    for index in range(1, min(4, len(words) - 1)):
        if words[index].lower() in _DEVOTIONS and index > 1:
            return index + 1
        if words[index].lower() not in _PARTICLES:
            return 0
    return 0


def _particles_from(words: list[str], start: int) -> int:
    """Where the particles that start here end; at least one word is left for the last name."""
    index = start
    while index < len(words) - 1 and _is_particle_at(words, index):
        index += 1
    return index


def _is_particle_at(words: list[str], index: int) -> bool:
    word = words[index].lower()
    if word in _PARTICLES or (index and word in _PARTICLES_INSIDE):
        return True
    following = words[index + 1].lower() if index + 1 < len(words) else ""
    return word in _PREPOSITIONS and following in _ARTICLES


def _binds(word: str) -> bool:
    """ "Jansen-de" as in "Jansen-de Vries": the surname starts here."""
    before, hyphen, particle = word.rpartition("-")
    return bool(hyphen and before) and particle.lower() in _PARTICLES


def _is_spanish_surname(word: str) -> bool:
    bare = "".join(
        character
        for character in unicodedata.normalize("NFD", word.lower())
        if unicodedata.category(character) != "Mn"
    )
    long_enough = len(bare) > len(_SPANISH_ENDING) + 1
    return bare in _SPANISH_SURNAMES or (long_enough and bare.endswith(_SPANISH_ENDING))


def _is_suffix(word: str) -> bool:
    return word.lower().replace(".", "") in _SUFFIXES


def _is_title_behind_two_words(words: list[str], index: int) -> bool:
    """Whether it is as in "Jan Smit RA"; in "Jan MA" it is how somebody is called."""
    return index > 1 and words[index] in _TITLES_IN_CAPITALS


def _is_title(word: str) -> bool:
    return word in _TITLES_IN_CAPITALS or word.lower().replace(".", "") in _TITLES
