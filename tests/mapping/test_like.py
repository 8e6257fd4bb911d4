"""A text is compared with the pattern of a search as PostgreSQL does."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.like import is_like, pieces_of

TEXTS = st.text(alphabet="ab]", max_size=12)
PATTERNS = st.text(alphabet="ab]%_\\", max_size=6)


def like(text, pattern):
    return is_like(text, pieces_of(pattern, is_whole=True))


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("abc", "abc", True),
        ("abc", "a%", True),
        ("abc", "%c", True),
        ("abc", "a_c", True),
        ("abc", "_", False),
        ("ab", "ab%b", False),
        ("a%c", "a\\%c", True),
        ("abc", "a\\%c", False),
        ("", "%", True),
        ("", "_", False),
    ],
)
def test_patterns(text, pattern, expected):
    assert like(text, pattern) is expected


@given(TEXTS, PATTERNS)
def test_it_is_what_a_regular_expression_says(text, pattern):
    expression, characters = "", iter(pattern)
    for character in characters:
        if character == "\\":
            expression += re.escape(next(characters, ""))
        else:
            expression += {"%": ".*", "_": "."}.get(character, re.escape(character))
    assert like(text, pattern) is bool(re.fullmatch(expression, text, re.DOTALL))


def test_many_characters_that_may_be_any_cost_no_more():
    text, looked_at = "a" * 2_000, Counter()

    class Counted(str):
        __slots__ = ()

        def __getitem__(self, place):
            looked_at[place] += 1
            return super().__getitem__(place)

    for pattern in ("_" * 900 + "b", "a_" * 450 + "b", "a" + "_" * 900 + "b"):
        looked_at.clear()
        assert not is_like(Counted(text), pieces_of(pattern, is_whole=False))
        assert sum(looked_at.values()) <= len(text), pattern
    assert is_like(text, pieces_of("a" + "_" * 1_998 + "a", is_whole=False))


def test_a_part_is_found_anywhere():
    assert is_like("xxabyy", pieces_of("a_", is_whole=False))
    assert not is_like("xxabyy", pieces_of("b_x", is_whole=False))
