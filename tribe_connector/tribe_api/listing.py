"""Where a listing is, page by page. Pure: it is told the pages, and says from where the next is.

Tribe pages by position, and rows move while we page: when one goes away, those behind it move up.
So each page begins with the last row of the one before. One that begins with another row, or has
none, says that rows before it went away; then the rows that moved up are looked for again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..sentence import sentence
from .bounds import MOST_ROWS, MOST_STALE_PAGES, MOST_STEPS_BACK, MOST_UNCOUNTED_ROWS

# Tribe developer site, rate limits: at most 100 records per GET.
PAGE_SIZE = 100


@dataclass(frozen=True)
class Page:
    """One page; how many rows there are, if Tribe says so; whether it announces another."""

    rows: list[dict]
    count: int | None = None
    is_announced: bool = False


class Endless(Exception):
    """A listing has no end; the text (``args[0]``) says how that was seen."""


class Place(NamedTuple):
    """Where a listing was interrupted: how many rows were read, and the ID of the last."""

    position: int
    last_id: str


class Listing:
    """How far a listing was read: ``skip`` is where the next page begins, while ``is_more``.

    :param seen: the IDs of the rows that were read before, to go on behind them
    :param place: what is known of them where nobody kept all. Rows may have come in before its
        row, or gone away, since: it is looked for on the page there and on the one before. Where it
        is on neither, all is read anew
    """

    def __init__(self, seen: Iterable[str] = (), place: Place | None = None):
        self.is_more = True
        # Whether rows went away, or came in, before the place where it went on.
        self.is_moved = False
        self._seen = {place.last_id} if place else set(seen)
        self._position = place.position if place else len(self._seen)
        self._is_sought = bool(place)
        self._goes_on = bool(self._position)
        # A row of the page before. A Tribe whose pages have one row has none to spare.
        self._overlap = min(self._position, 1)
        # Rows of the largest page: the size of a page is Tribe's affair.
        self._size = 0
        # Where it was when rows were found to be missing: up to there little is new.
        self._furthest = 0
        self._steps_back = 0
        self._stale = 0
        self._previous: list[str] = []

    @property
    def skip(self) -> int:
        return self._position - self._overlap

    @property
    def place(self) -> Place | None:
        """Behind which rows it goes on, once there was one."""
        return Place(self._position, self._previous[-1]) if self._previous else None

    def take(self, page: Page) -> list[dict]:
        """The rows of the page at ``skip`` that are new.

        :raises Endless: for the same pages, or pages without end
        """
        ids = [row["ID"] for row in page.rows]
        self._size = max(self._size, len(ids))
        is_behind = bool(ids) and ids[0] in self._seen
        self.is_moved |= self._is_sought and not is_behind
        if self._is_sought:
            is_behind = not self._seen.isdisjoint(ids)
        if self._overlap and not is_behind:
            self._step_back()
            return []
        self._is_sought = False
        return self._taken(page, ids)

    def _step_back(self) -> None:
        if self._is_sought and self._steps_back:
            # Neither here nor on the page before.
            self._position = 0
        self._steps_back += 1
        if self._steps_back > MOST_STEPS_BACK:
            raise Endless(sentence("found_endless_list"))
        self._furthest = max(self._furthest, self._position)
        self._position = max(self._position - (self._size or PAGE_SIZE), 0)
        self._overlap = min(self._position, 1)
        self._previous = []

    def _taken(self, page: Page, ids: list[str]) -> list[dict]:
        fresh = _unseen(page.rows, self._seen)
        # A row that a page shows twice is one row.
        shown = len(set(ids))
        is_known = self._position < self._furthest
        self._position = self.skip + shown
        self._stale = 0 if fresh or is_known else self._stale + 1
        # The last row alone ends a listing whose rows nobody counts.
        # One that goes on does not know yet whether pages have more rows than one.
        is_end = shown <= self._overlap and not (self._overlap and self._goes_on)
        self._goes_on = False
        if not is_end and (ids == self._previous or self._stale >= MOST_STALE_PAGES):
            raise Endless(sentence("found_same_page_twice"))
        most = MOST_ROWS
        if page.count is not None and page.count > 0:
            most = min(MOST_ROWS, page.count + MOST_UNCOUNTED_ROWS)
        if len(self._seen) > most:
            raise Endless(sentence("found_endless_list"))
        self._previous = ids
        self._overlap = int(shown > 1)
        is_full = len(ids) >= PAGE_SIZE
        self.is_more = not is_end and (is_full or page.is_announced or self._position != page.count)
        return fresh


def _unseen(rows: list[dict], seen: set[str]) -> list[dict]:
    fresh = []
    for row in rows:
        if row["ID"] not in seen:
            seen.add(row["ID"])
            fresh.append(row)
    return fresh
