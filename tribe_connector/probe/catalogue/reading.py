"""What a reading is: one question about a tenant, and what it can turn out to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .words import WORDS

# Where a reading is found: in ``$metadata``, by reading records, by writing one of our own, or only
# when the connector works.
METADATA, READING, WRITING, LATER = "metadata", "reading", "writing", "later"
# What a reading can be beside words: a number, or what the tenant or the book of ISO calls it.
NUMBER, NAME = "number", "name"
# Nothing that is counted has more; Python refuses to read a number of thousands.
MOST_DIGITS = 9
# What is said of one that was not found: it may be seen later, or only by writing.
NOT_SEEN, NOT_BY_READING, TOO_SLOW = (
    "reading_not_seen",
    "reading_cannot_be_seen",
    "reading_too_slow",
)


@dataclass(frozen=True)
class Reading:
    """One question about a tenant, and what we do with its answer.

    ``values`` are words of ``WORDS``, ``NUMBER`` or ``NAME``; ``assumed`` is what holds until it
    was found. ``unsupported`` are the words with which the connector cannot work, with the sentence
    of the remedy. ``unseen`` is the sentence of what to do where it was not seen. With
    ``is_correctable`` a person may say otherwise: then that counts. ``use`` is for the
    documentation.
    """

    code: str
    title: str
    how: str
    values: tuple[str, ...]
    assumed: str
    use: str
    unsupported: Mapping[str, str] = field(default_factory=dict)
    unseen: str = "reading_not_there_yet"
    is_correctable: bool = False

    def takes(self, value: str) -> bool:
        """Whether a value is one that this reading can have."""
        if value in WORDS:
            return value in self.values
        if NUMBER in self.values and value.isascii() and value.isdecimal():
            return len(value) <= MOST_DIGITS and int(value) > 0
        return NAME in self.values and value != ""


# What many readings can be.
YES_NO = ("yes", "no")
YES_NO_REFUSED = ("yes", "no", "refused")
A_NAME = (NAME, "none")
# What is done with an answer that changes nothing.
OF_EITHER_KIND = "nothing goes by it: both are read"


def written(
    code: str,
    title: str,
    values: tuple[str, ...],
    assumed: str,
    use: str,
    unsupported: Mapping[str, str] | None = None,
    is_correctable: bool = False,
) -> Reading:
    """A reading that is found by writing."""
    return Reading(
        code,
        title,
        WRITING,
        values,
        assumed,
        use,
        unsupported or {},
        unseen="reading_try_writing",
        is_correctable=is_correctable,
    )
