"""Records of Tribe, read by their IDs, by values, or as a list, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from ..sentence import sentence
from .bounds import Room
from .errors import (
    TribeEndless,
    TribeNotFound,
    TribeRecordUnreadable,
    TribeRefused,
    TribeUnauthorized,
    TribeUnknownSet,
)
from .exchange import Exchanges
from .listing import PAGE_SIZE, Endless, Listing, Page
from .noticed import noticed_of_page, noticed_of_refusal
from .paths import checked_set, record_path
from .query import any_of, equals, in_calls, query_string
from .shape import is_record
from .transport import reading

BAD_REQUEST = 400


class Reader(Exchanges):
    """The part of a ``Client`` that reads records."""

    def get(
        self,
        entity_set: str,
        entity_id: str,
        *,
        expand: str | None = None,
        select: str | None = None,
    ) -> dict:
        """One record. Raises ``TribeNotFound`` when there is none."""
        options = {"$expand": expand, "$select": select}
        return self._one(record_path(entity_set, entity_id), options)

    def find(self, entity_id: str) -> dict:
        """A record of any type by its ID: what all types have, with its ``_Type``.

        Raises ``TribeRefused`` when there is none, or where Tribe does not find records this way.
        """
        try:
            return self.get("Entity", entity_id)
        except (TribeNotFound, TribeUnauthorized):
            raise
        except TribeRefused:
            self.noticed["entity_by_id"] = "no"
            raise

    def page(
        self,
        entity_set: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int = PAGE_SIZE,
        skip: int = 0,
    ) -> list[dict]:
        """At most ``top`` records, from the ``skip``-th on. Raises ``TribeUnknownSet``."""
        return self._rows(
            entity_set,
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
            },
        ).rows

    def pages(
        self,
        entity_set: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = "ID asc",
        room: Room | None = None,
        listing: Listing | None = None,
        spares_unreadable: bool = False,
    ) -> Iterator[list[dict]]:
        """All records that match, a page at a time, none twice and none passed over.

        Rows that move while we page can come back; they are recognized by their ID. Those that move
        up, because others go away, are found by pages that overlap (``listing``). How many rows a
        page has is Tribe's affair, and may change: all ends when as many came as Tribe says that
        there are, or, when it does not say, where nothing follows. Raises ``TribeUnavailable`` when
        Tribe keeps sending the same pages, or pages without end.

        :param room: what takes the rows, where they are kept
        :param listing: behind which rows, in the same order, it goes on; says how far it came
        :param spares_unreadable: of a record that cannot be read only the ``ID`` comes, and the
            others come too
        """
        options = self._listing_options(filter, expand, select, orderby)
        return self._listed(entity_set, options, room, listing, spares_unreadable)

    def all_rows(
        self,
        entity_set: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = "ID asc",
    ) -> list[dict]:
        """As ``pages``, all in one list, of which there is an end: for what is not many.

        For tests and by hand.
        """
        options = self._listing_options(filter, expand, select, orderby)
        return list(chain.from_iterable(self._listed(entity_set, options, Room())))

    def count(self, entity_set: str, *, filter: str | None = None) -> int | None:
        """How many records match; None where Tribe does not count."""
        options = self._listing_options(filter, None, "ID", "ID asc")
        return self._counted_rows(entity_set, {**options, "$top": 1}).count

    def by_values(
        self,
        entity_set: str,
        path: str,
        values: Iterable,
        *,
        expand: str | None = None,
        select: str | None = None,
        room: Room | None = None,
        beside: Iterable = (),
    ) -> list[dict]:
        """All records whose ``path`` equals one of ``values`` (``Guid`` or ``str``), none twice.

        Tribe has no ``in``, so the values go as comparisons, as many in a call as it can take. By
        their IDs come only records that were asked for, whatever Tribe answers: each is work to do.

        :param room: what takes the rows, where others are kept with them
        :param beside: a few other values, of which the first call asks as well
        """
        wanted = list(dict.fromkeys(values))
        room = room or Room()
        found: dict[str, dict] = {}
        others = list(beside)
        for part in in_calls(wanted, lambda value: equals(path, value)):
            asked, others = [*part, *others], []
            options = self._listing_options(any_of(path, asked), expand, select, "ID asc")
            pages = self._listed(entity_set, options, room)
            rows = _of_ids(pages, asked) if path == "ID" else chain.from_iterable(pages)
            for row in rows:
                found.setdefault(row["ID"], row)
        return list(found.values())

    def look(self, entity_set: str, query: str, *, expand: str | None = None) -> Page:
        """A page as Tribe answers one query string, sent as it is, with what it tells of the list.

        For who looks how Tribe reads a query. ``expand`` is that of the query.
        """
        return self._page(entity_set, query, expand)

    def _listing_options(
        self, filter: str | None, expand: str | None, select: str | None, orderby: str | None
    ) -> dict[str, object]:
        return {
            "$filter": filter,
            "$expand": expand,
            "$select": select,
            "$orderby": orderby,
            "$top": self._page_size,
        }

    def _listed(
        self,
        entity_set: str,
        options: Mapping[str, object],
        room: Room | None,
        listing: Listing | None = None,
        spares_unreadable: bool = False,
    ) -> Iterator[list[dict]]:
        """The pages of a listing: the rows that are new."""
        listing = listing or Listing()
        while listing.is_more:
            here = {**options, "$skip": listing.skip}
            page = self._counted_rows(entity_set, here, spares_unreadable)
            try:
                fresh = listing.take(page)
            except Endless as error:
                raise self._endless(error.args[0]) from None
            if room and not room.takes(fresh):
                raise self._endless(sentence("found_endless_list"))
            if fresh:
                yield fresh

    def _read(self, path: str, query: str) -> Any:
        url = f"{self._addresses.odata}/{path}" + (f"?{query}" if query else "")
        answer = self._exchange("GET", url)
        with reading(url, False):
            return self._content(answer, changes_something=False)

    def _counted_rows(
        self, entity_set: str, options: Mapping[str, Any], spares_unreadable: bool = False
    ) -> Page:
        """As ``_rows``, asking for the count; without one where Tribe refuses to count."""
        if self._is_counting_refused:
            return self._rows(entity_set, options, spares_unreadable)
        counted = {**options, "$count": "true"}
        try:
            page = self._page(
                entity_set, query_string(counted), options.get("$expand"), spares_unreadable
            )
        except TribeUnknownSet:
            raise
        except TribeRefused as error:
            if error.status != BAD_REQUEST:
                raise
            answer = self._rows(entity_set, options, spares_unreadable)
            self._is_counting_refused = True
            self.noticed["count"] = "refused"
            return answer
        self.noticed |= noticed_of_page(page, options)
        return page

    def _rows(
        self, entity_set: str, options: Mapping[str, Any], spares_unreadable: bool = False
    ) -> Page:
        query = query_string(options)
        try:
            page = self._page(entity_set, query, options.get("$expand"), spares_unreadable)
        except TribeRefused as error:
            self.noticed |= noticed_of_refusal(error, options.get("$filter"))
            raise
        self.noticed |= noticed_of_page(page, options)
        return page

    def _page(
        self, entity_set: str, query: str, expand: str | None, spares_unreadable: bool = False
    ) -> Page:
        with self._noting():
            content = self._read(checked_set(entity_set), query)
            rows = content.get("value") if isinstance(content, dict) else None
            if not isinstance(rows, list):
                raise self._unreadable(
                    sentence("found_no_list_of_records"), changes_something=False
                )
        # Tribe is there, and its other records may be as they should.
        with reading(self._addresses.odata, False):
            if spares_unreadable:
                rows = [_readable(row, expand) for row in rows]
            are_records = all(is_record(row, expand) for row in rows)
        if not are_records:
            raise TribeRecordUnreadable(sentence("record_unreadable"))
        return Page(rows, _count_of(content), bool(content.get("@odata.nextLink")))

    def _endless(self, found: str) -> TribeEndless:
        error = TribeEndless(
            sentence(
                "answer_unreadable",
                found=found,
                address=self._addresses.api,
            )
        )
        self._limiter.note_failure(error)
        return error

    def _one(self, path: str, options: Mapping[str, Any]) -> dict:
        with self._noting():
            content = self._read(path, query_string(options))
            with reading(self._addresses.odata, False):
                if not is_record(content, options.get("$expand")):
                    raise self._unreadable(sentence("found_no_record"), changes_something=False)
            return content


def _readable(row: Any, expand: str | None) -> Any:
    """A row, or nothing of it but its ID where it has one."""
    is_whole = is_record(row, expand) or not is_record(row)
    return row if is_whole else {"ID": row["ID"]}


def _count_of(content: dict) -> int | None:
    count = content.get("@odata.count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _of_ids(pages: Iterator[list[dict]], ids: Iterable[str]) -> Iterator[dict]:
    """Of some pages the rows with these IDs; no more is read once all of them came."""
    missing = {each.lower() for each in ids}
    for rows in pages:
        for row in rows:
            if row["ID"].lower() in missing:
                missing.remove(row["ID"].lower())
                yield row
        if not missing:
            # There is one record of each ID: nothing is left to look for.
            return
