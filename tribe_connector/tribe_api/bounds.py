"""How much of an answer is taken, whoever sends it, and looking at it before anything is built.

What a limit costs is memory: a worker of Odoo stays within 150 MiB of what it had. The table of
all of them is in docs/security.md.
"""

from __future__ import annotations

import re
import sys

from ..sentence import sentence

MEBIBYTE = 1024 * 1024
# Bytes of a whole answer as it comes over the network, from its status line on.
# A page of a hundred invoices with a hundred lines each has some 6 MiB.
JSON_BYTES = 8 * MEBIBYTE
# Tokens of ORY Hydra have less than 4 KiB.
TOKEN_BYTES = 64 * 1024
# Thousands of entity types; those of large products have 8 MiB.
METADATA_BYTES = 20 * MEBIBYTE
# The PDF of an invoice.
FILE_BYTES = 50 * MEBIBYTE
# A line of the head, or around the pieces of a body, as in ``http.client``.
LINE_BYTES = 64 * 1024

# Of one JSON answer: values, levels, and characters of a text.
MOST_VALUES = 250_000
DEEPEST = 64
LONGEST_TEXT = 1_000_000

# Of ``$metadata``: elements and attributes together, levels, and what all sets have together,
# inherited properties and the types they come from included.
MOST_MARKUP = 400_000
# Of elements and attributes that have another name: the parser keeps each until it ends. CSDL 4.01
# has some hundred of them.
MOST_NAMES = 5_000
MOST_INHERITED = 300_000
# Of a name or a type in it; an identifier of OData has 128 characters, after its namespace.
LONGEST_NAME = 512

# Of one listing. A large tenant has 100,000 relations.
MOST_ROWS = 300_000
# So many more may come than Tribe says there are: they are being made meanwhile.
MOST_UNCOUNTED_ROWS = 10_000
# Pages in a row that show only what was shown before: rows move while we page.
MOST_STALE_PAGES = 3
# Pages back, as rows went away meanwhile: as many rows as may come.
MOST_STEPS_BACK = MOST_UNCOUNTED_ROWS // 100
# Of memory, for all rows that are kept together. A page that comes meanwhile takes up to 70 more.
COLLECTED_BYTES = 24 * MEBIBYTE
MOST_WEBHOOKS = 10_000

_TEXT = re.compile(rb'"[^"]*"?')
_LONG_TEXT = re.compile(rb'"[^"]{%d}' % LONGEST_TEXT)
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class TooMuch(ValueError):
    """An answer has more in it than we take; the text says what."""


def check_json(body: bytes) -> None:
    """Raise ``TooMuch`` for JSON of which too much would be built, before it is built.

    Linear, and in C: a character of structure costs as little as one of text.
    """
    if len(body) > JSON_BYTES:
        raise TooMuch(sentence("found_too_large"))
    # Without escapes, each a character, a quotation mark begins or ends a text.
    bare = body.replace(rb"\\", b"x").replace(rb"\"", b"x")
    # A value has at most a name and a text.
    if bare.count(b'"') > 4 * MOST_VALUES:
        raise TooMuch(sentence("found_too_many_values"))
    if _LONG_TEXT.search(bare):
        raise TooMuch(sentence("found_endless_text"))
    bare = _TEXT.sub(b"", bare)
    if sum(map(bare.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise TooMuch(sentence("found_too_many_values"))
    brackets = bare.translate(None, _ALL_BUT_BRACKETS)
    for _level in range(DEEPEST):
        if not brackets:
            return
        # The innermost level goes.
        shorter = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(shorter) == len(brackets):
            # Brackets that do not match are no JSON, which says its reader.
            break
        brackets = shorter
    if len(brackets) > DEEPEST:
        raise TooMuch(sentence("found_nested_too_deeply"))


class Room:
    """What is left of the memory for rows that are kept together, of one set or of several."""

    def __init__(self):
        self._left = COLLECTED_BYTES

    def takes(self, rows: list[dict]) -> bool:
        """Whether some more rows have room; then they are kept."""
        self._left -= _size_of(rows)
        return self._left >= 0


def _size_of(value: object) -> int:
    """The memory of a value of JSON: an empty list of two bytes takes more than thirty times that.

    Names stand once in the memory for all rows of a page.
    """
    names: set[int] = set()
    size, left = 0, [value]
    while left:
        each = left.pop()
        size += sys.getsizeof(each)
        if isinstance(each, dict):
            size += sum(sys.getsizeof(name) for name in each if id(name) not in names)
            names.update(map(id, each))
            left += each.values()
        elif isinstance(each, list):
            left += each
    return size
