"""One name in Odoo, three in Tribe: first name, middle name (the Dutch prefix) and last name."""

from __future__ import annotations

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
    """.split()
)
# These are also ordinary words or given names; only before an article are they particles.
_PREPOSITIONS = frozenset("aan achter bij boven in onder op over tot uit uyt voor und".split())
_ARTICLES = frozenset("de den der het 't \u2019t \u2018t la le zu".split())
# "Ortega y Gasset", "Puig i Cadafalch": one surname.
_CONJUNCTIONS = frozenset("y i".split())
_SUFFIXES = frozenset("jr sr ii iii iv phd msc bsc mba llm esq junior senior jnr snr".split())
# Given names that hold a particle: "Maria del Carmen", "Juan de Dios".
_DEVOTIONS = frozenset(
    """
    carmen pilar mar rosario socorro consuelo dolores angeles \u00e1ngeles mercedes nieves dios
    """.split()
)
_DEVOTED = frozenset("maria mar\u00eda m\u00aa ma. juan jos\u00e9 jose".split())


def join(first: object, middle: object, last: object) -> str:
    """The parts as one name, with single spaces; ``""`` when there are none."""
    return " ".join(part for part in map(clean, (first, middle, last)) if part)


def split(name: object) -> PersonName:
    """The parts of a name; particles go to ``middle``, one word is a last name.

    ``join(*split(name)) == clean(name)`` but for ``"Last, First"``, which is turned around. The
    last name is empty only when the name is.
    """
    text = clean(name) or ""
    return _turned_around(text) or _in_order(text.split(" "))


def _turned_around(text: str) -> PersonName | None:
    """``"Vries, Jan de"`` and ``"de Vries, Jan"``; ``None`` when this is not such a name."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if not comma or not last or not first or "," in first:
        return None
    if all(map(_is_suffix, first.split(" "))):
        return None
    words = first.split(" ")
    given = len(words)
    while given > 1 and _is_particle_at(words, given - 1):
        given -= 1
    surname = last.split(" ")
    particles = _particles_from(surname, 0)
    middle = words[given:] + surname[:particles]
    return PersonName(" ".join(words[:given]), " ".join(middle), " ".join(surname[particles:]))


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
    last = len(words) - 1
    while last > 0 and _is_suffix(words[last]):
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
    if word in _PARTICLES:
        return True
    following = words[index + 1].lower() if index + 1 < len(words) else ""
    return word in _PREPOSITIONS and following in _ARTICLES


def _binds(word: str) -> bool:
    """ "Jansen-de" as in "Jansen-de Vries": the surname starts here."""
    before, hyphen, particle = word.rpartition("-")
    return bool(hyphen and before) and particle.lower() in _PARTICLES


def _is_suffix(word: str) -> bool:
    return word.lower().replace(".", "") in _SUFFIXES
