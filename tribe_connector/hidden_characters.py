"""Characters that nobody sees, and that make a text look like another one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Control characters that are no white space, which PostgreSQL (NUL) refuses; halves of surrogate
# pairs.
_CONTROL = re.compile("[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff]")
# Unicode's "format" characters: zero-width marks that word processors leave behind, tags, marks
# that turn the direction of writing, with which "fdp.exe" is read as "exe.pdf".
_FORMAT = "Cf"
# These of them are seen: signs over Arabic, Syriac and Kaithi numbers.
_SEEN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Letters, marks and symbols by their category, but blank: fillers of Hangul, Khmer and Braille.
_BLANK = frozenset("\u3164\u115f\u1160\uffa0\u17b4\u17b5\u034f\u180b\u180c\u180d\u180f\u2800")
# Persian and the languages of India write them inside of words, and emoji are made with one.
_JOINERS = re.compile("[\u200c\u200d]")
# They choose a shape of the character before them.
_LOOSE_SELECTOR = re.compile(
    "(?:(?<=[\\s\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])|^)[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
# No language piles more marks upon one letter (Unicode's "stream-safe" text, UAX #15). To put
# many into their order takes the square of their number.
_MOST_MARKS = 30
# Each is looked at in Python, in some 15 microseconds. A field of Odoo takes millions of them, from
# whoever may change a contact, and a lane would look at nothing else.
MOST_LOOKED_AT = 50_000


def without_hidden(text: str) -> str:
    """A text without them, and without piles of marks; white space of any kind stays.

    Of a text with more than ``MOST_LOOKED_AT`` characters only so many are left.
    """
    text = _CONTROL.sub("", text[:MOST_LOOKED_AT])
    if text.isascii():
        return text
    text = "".join(filter(_is_seen, text))
    text = _JOINERS.sub(_joiner_inside, _LOOSE_SELECTOR.sub("", text))
    return "".join(_without_piles(text))


def _is_seen(character: str) -> bool:
    if character in _BLANK:
        return False
    return (
        unicodedata.category(character) != _FORMAT
        or character in _SEEN
        or bool(_JOINERS.match(character))
    )


def _without_piles(characters: Iterable[str]) -> Iterator[str]:
    marks = 0
    for character in characters:
        # Some that are no marks are taken apart into marks.
        parts = unicodedata.normalize("NFKD", character)
        is_mark = all(map(unicodedata.combining, parts))
        marks = marks + len(parts) if is_mark else 0
        if marks <= _MOST_MARKS:
            yield character


def _joiner_inside(match: re.Match) -> str:
    """The joiner, where it has something to join."""
    before = match.string[max(match.start() - 1, 0) : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return match[0] if _is_joined(before) and _is_joined(after) else ""


def _is_joined(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "LMS"
