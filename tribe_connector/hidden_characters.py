"""Characters that nobody sees, and that make a text look like another one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

# Control characters that are no white space, which PostgreSQL (NUL) refuses; halves of surrogate
# pairs.
_CONTROL = "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff"
# Unicode's "format" characters: zero-width marks that word processors leave behind, tags, marks
# that turn the direction of writing, with which "fdp.exe" is read as "exe.pdf".
_FORMAT = "Cf"
# Nothing beyond them is one: two planes of scripts, and the tags.
_PLANES_WITH_FORMAT = (range(0x20000), range(0xE0000, 0xE1000))
# These of them are seen: signs over Arabic, Syriac and Kaithi numbers. What becomes of joiners
# depends on what they stand between.
_SEEN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    "\u200c\u200d"
)
# Letters, marks and symbols by their category, but blank: fillers of Hangul, Khmer and Braille.
_BLANK = "\u3164\u115f\u1160\uffa0\u17b4\u17b5\u034f\u180b\u180c\u180d\u180f\u2800"
_UNSEEN = re.compile(
    "[{}{}{}]".format(
        _CONTROL,
        _BLANK,
        "".join(
            character
            for character in map(chr, chain(*_PLANES_WITH_FORMAT))
            if unicodedata.category(character) == _FORMAT and character not in _SEEN
        ),
    )
)
# Persian and the languages of India write them inside of words, and emoji are made with one.
_JOINER = re.compile("[\u200c\u200d]")
_JOINERS_IN_A_ROW = re.compile("[\u200c\u200d]{2,}")
# They choose a shape of the character before them.
_LOOSE_SELECTOR = re.compile(
    "(?:(?<=[\\s\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])|^)[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
# No language piles more marks upon one letter (Unicode's "stream-safe" text, UAX #15). To put
# many into their order takes the square of their number.
_MOST_MARKS = 30
# A field of Odoo takes millions of characters, from whoever may change a contact, and a lane would
# look at nothing else.
MOST_LOOKED_AT = 50_000


def without_hidden(text: str) -> str:
    """A text without them, and without piles of marks; white space of any kind stays.

    Of a text with more than ``MOST_LOOKED_AT`` characters only so many are left.
    """
    text = _UNSEEN.sub("", text[:MOST_LOOKED_AT])
    if text.isascii():
        return text
    text = _JOINERS_IN_A_ROW.sub("", _LOOSE_SELECTOR.sub("", text))
    return _without_piles(_JOINER.sub(_joiner_inside, text))


def _without_piles(text: str) -> str:
    # By each character once: a text has few different ones, and most have no marks at all.
    marks_of = {character: _count_marks(character) for character in set(text)}
    return "".join(_up_to_most_marks(text, marks_of)) if any(marks_of.values()) else text


def _count_marks(character: str) -> int:
    """How many marks a character is; 0 for one that is none.

    Some that are no marks are taken apart into marks.
    """
    parts = unicodedata.normalize("NFKD", character)
    return len(parts) if all(map(unicodedata.combining, parts)) else 0


def _up_to_most_marks(text: str, marks_of: dict[str, int]) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + marks_of[character] if marks_of[character] else 0
        if marks <= _MOST_MARKS:
            yield character


def _joiner_inside(match: re.Match) -> str:
    """The joiner, where it has something to join."""
    before = match.string[max(match.start() - 1, 0) : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return match[0] if _is_joined(before) and _is_joined(after) else ""


def _is_joined(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "LMS"
