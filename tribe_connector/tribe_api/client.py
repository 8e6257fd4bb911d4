"""Tribe's OData API, call by call.

The conventions (100 rows a page, partial ``PUT``, ``POST`` with an ID as an update) are those of
docs/tribe-api.md. Every method raises a ``TribeError`` and nothing else for what goes wrong
outside; a ``ValueError`` is a mistake of the caller.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Protocol
from urllib.parse import quote

from ..sentence import sentence
from .addresses import MODES, Addresses, Mode
from .bounds import (
    FILE_BYTES,
    JSON_BYTES,
    METADATA_BYTES,
    MOST_WEBHOOKS,
    Room,
    TooMuch,
)
from .errors import (
    RATE_LIMIT_PAUSE,
    TribeCredentialsRefused,
    TribeEndless,
    TribeNotFound,
    TribePaused,
    TribeRateLimited,
    TribeRecordUnreadable,
    TribeRefused,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
    TribeWriteForbidden,
    with_what_tribe_said,
)
from .listing import PAGE_SIZE, Endless, Listing, Page
from .metadata import Schema
from .noticed import noticed_of_page, noticed_of_refusal
from .query import any_of, equals, in_calls, is_guid, query_string
from .rate_limit import Limiter
from .session import create_session
from .shape import is_record, is_written
from .token import Token
from .transport import (
    LONGEST_EXCHANGE_SECONDS,
    Answer,
    ConnectionBroken,
    ExchangeAbandoned,
    bearer,
    detail,
    moment_of,
    parsed_json,
    reading,
    send,
)
from .turn import Turn

# Nobody's clock is so wrong; then it is no clock, such as that of a cache.
MOST_CLOCK_DIFFERENCE = datetime.timedelta(days=1)
# Seconds before the second and the third try of a GET whose connection broke.
RETRY_PAUSES = (0.2, 1.0)
BAD_REQUEST = 400
USER_AGENT = "Tribe Connector for Odoo"

_SET = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_ID_IN_LOCATION = re.compile(r"\(([\w-]{1,64})\)/?$", re.ASCII)
# Efficy's n8n node and Olingo word it differently; both name an entity type or set.
_UNKNOWN_SET = re.compile(
    r"entity ?(type|set)\b.*(not found|unknown|does not exist|not defined)"
    r"|(cannot find|unknown|no such)( the)? entity ?(type|set)\b",
    re.IGNORECASE,
)


class TokenProvider(Protocol):
    """Keeps the access token, over all workers."""

    def access_token(self) -> str:
        """A token that is still good."""

    def renew(self, refused: str) -> str:
        """Another token, after Tribe answered 401 to ``refused``. Called once per request."""


class Client:
    """One Tribe environment, through one connection of ours. Not for use by several threads.

    ``longest_exchange`` is how many seconds a whole exchange may take, ``turn`` the time in which
    all of them have to end, ``rate_limit_pause`` the least number of seconds to wait after a 429;
    ``calls`` counts the HTTP calls made, ``seconds`` the time they took, ``header_names`` are those
    of the last answer. The mode is the last barrier: ``off`` refuses everything, ``dry_run``
    refuses writes, ``demo`` refuses every host but this machine. With ``reads_only`` writes are
    refused in every mode. ``before_write`` is called before everything but a read, and may refuse
    it: the mode is the one of when this was made. ``page_size`` are the rows that a list asks for
    at once, ``counts`` whether it asks how many there are.
    """

    def __init__(
        self,
        addresses: Addresses,
        tokens: TokenProvider,
        limiter: Limiter,
        *,
        mode: Mode,
        reads_only: bool = False,
        before_write: Callable[[], None] | None = None,
        longest_exchange: float = LONGEST_EXCHANGE_SECONDS,
        turn: Turn | None = None,
        rate_limit_pause: float = RATE_LIMIT_PAUSE,
        page_size: int = PAGE_SIZE,
        counts: bool = True,
    ):
        if mode not in MODES:
            raise ValueError(f"unknown mode {mode!r}")
        self.calls = 0
        self.seconds = 0.0
        self._addresses = addresses
        self._tokens = tokens
        self._limiter = limiter
        self._mode = mode
        self._reads_only = reads_only
        self._before_write = before_write
        self._longest_exchange = longest_exchange
        self._turn = turn or Turn()
        self._rate_limit_pause = rate_limit_pause
        self._session = create_session()
        self._page_size = page_size
        self._is_counting_refused = not counts
        self._answered_at: datetime.datetime | None = None
        # How Tribe answered the last write: the status, and what the answer has of the record.
        self.write_answer = ""
        # How Tribe works, as far as a call showed it by the way: readings (``probe``) by code.
        self.noticed: dict[str, str] = {}
        # Of the last answer.
        self.header_names: tuple[str, ...] = ()

    def clock(self) -> datetime.datetime:
        """What time it was in Tribe when it last answered (aware, UTC).

        Tribe's changes bear the time of its own clock. Ours, where Tribe does not tell.
        """
        return self._answered_at or _now()

    @property
    def tells_time(self) -> bool:
        """Whether Tribe told its time with the last answer."""
        return self._answered_at is not None

    @property
    def granted(self) -> Token | None:
        """The token that Tribe gave for this client, unless there was one already."""
        return getattr(self._tokens, "granted", None)

    # Reading

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
        return self._one(_record(entity_set, entity_id), options)

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
        """As ``pages``, all in one list, of which there is an end: for what is not many."""
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
        seen: set[str] = set()
        found: list[dict] = []
        room = room or Room()
        others = list(beside)
        for part in in_calls(wanted, lambda value: equals(path, value)):
            asked, others = [*part, *others], []
            missing = {value.lower() for value in asked}
            options = self._listing_options(any_of(path, asked), expand, select, "ID asc")
            for rows in self._listed(entity_set, options, room):
                unseen = [row for row in rows if row["ID"] not in seen]
                seen.update(row["ID"] for row in unseen)
                if path != "ID":
                    found += unseen
                    continue
                for row in unseen:
                    if row["ID"].lower() in missing:
                        missing.remove(row["ID"].lower())
                        found.append(row)
                if not missing:
                    # There is one record of each ID: nothing is left to look for.
                    break
        return found

    def look(self, entity_set: str, query: str, *, expand: str | None = None) -> Page:
        """A page as Tribe answers one query string, sent as it is, with what it tells of the list.

        For who looks how Tribe reads a query. ``expand`` is that of the query.
        """
        return self._page(entity_set, query, expand)

    def schema(self) -> Schema:
        """What this tenant has: modules add and remove entity sets and fields."""
        with self._noting():
            url = f"{self._addresses.odata}/$metadata"
            accept = "application/xml"
            answer = self._exchange("GET", url, accept=accept, most_bytes=METADATA_BYTES)
            with reading(url, False):
                return Schema.from_edmx(answer.body)

    def current_employee(self) -> dict:
        """The (virtual) employee we act as; the cheapest way to test a connection."""
        return self._one("GetCurrentEmployee()", {})

    def download(self, entity_set: str, entity_id: str, file_property: str) -> bytes:
        """The content of a file, such as ``download("Attachment", id, "File")``."""
        if not _SET.fullmatch(file_property):
            raise ValueError(f"not a property: {file_property!r}")
        key = quote(_checked_id(entity_id))
        url = f"{self._addresses.files}/{_checked_set(entity_set)}/{key}/{file_property}"
        with self._noting():
            return self._exchange("GET", url, accept="*/*", most_bytes=FILE_BYTES).body

    # Writing

    def create(  # pylint: disable=method-required-super
        self, entity_set: str, body: Mapping
    ) -> dict:
        """Create a record, with its children when the body nests them.

        The answer may be the record, only its ``ID``, or ``{}`` when Tribe names nothing.
        """
        return self._written("POST", f"{self._addresses.odata}/{_checked_set(entity_set)}", body)

    def update(self, entity_set: str, entity_id: str, body: Mapping) -> dict:
        """Change only the fields in the body (a ``PUT``, yet partial: Tribe developer site)."""
        return self._written(
            "PUT", f"{self._addresses.odata}/{_record(entity_set, entity_id)}", body
        )

    def update_by_post(self, entity_set: str, entity_id: str, body: Mapping) -> dict:
        """Change a record by ``POST`` with its ID, as Tribe asks for the phase of an invoice."""
        return self.create(entity_set, {"ID": _checked_id(entity_id), **body})

    def delete(self, entity_set: str, entity_id: str) -> None:
        """Delete a record that we made for a test: nobody's records are deleted across.

        Raises ``TribeNotFound`` when it is gone already.
        """
        with self._noting():
            self._exchange("DELETE", f"{self._addresses.odata}/{_record(entity_set, entity_id)}")

    # Webhooks

    def webhooks(self) -> list[dict]:
        """The webhooks of the tenant, each with its ``ID``."""
        with self._noting():
            answer = self._exchange("GET", self._addresses.webhooks)
            with reading(self._addresses.webhooks, False):
                return self._webhooks_of(answer)

    def _webhooks_of(self, answer: Answer) -> list[dict]:
        content = self._content(answer, changes_something=False)
        if isinstance(content, dict):
            content = content.get("value", content.get("data"))
        if not isinstance(content, list) or not all(map(_is_webhook, content)):
            raise self._unreadable(sentence("found_no_list_of_webhooks"), changes_something=False)
        if len(content) > MOST_WEBHOOKS:
            raise self._unreadable(sentence("found_too_many_webhooks"), changes_something=False)
        return [_with_id(each) for each in content]

    def create_webhook(self, entity_type: str, url: str, headers: Mapping[str, str]) -> dict:
        """Ask Tribe to report changes of one entity type (``Relation.Organization``) to ``url``.

        The field names are those of Efficy's first n8n node: probable, not documented.
        """
        body = {
            "entityType": entity_type,
            "webhookUrl": url,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
        }
        with self._noting():
            secrets = tuple(headers.values())
            content = self._answered("POST", self._addresses.webhooks, body, secrets)
            with reading(self._addresses.webhooks, True):
                return _with_id(content)

    def delete_webhook(self, webhook_id: str) -> None:
        """Stop the reports of one webhook. Raises ``TribeNotFound`` when it is gone already."""
        with self._noting():
            self._exchange("DELETE", f"{self._addresses.webhooks}/{_checked_id(webhook_id)}")

    # The one way out

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        """Tell the limiter how an exchange went, once its answer was read."""
        try:
            yield
        except TribePaused:
            raise
        except (TribeUnavailable, TribeCredentialsRefused) as error:
            if isinstance(error, TribeRateLimited):
                self._limiter.note_rate_limited(error.retry_after)
            self._limiter.note_failure(error)
            raise
        except TribeRefused:
            self._limiter.note_answer()
            raise
        self._limiter.note_answer()

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
            content = self._read(_checked_set(entity_set), query)
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

    def _one(self, path: str, options: Mapping[str, Any]) -> dict:
        with self._noting():
            content = self._read(path, query_string(options))
            with reading(self._addresses.odata, False):
                if not is_record(content, options.get("$expand")):
                    raise self._unreadable(sentence("found_no_record"), changes_something=False)
            return content

    def _written(self, method: str, url: str, body: Mapping) -> dict:
        with self._noting():
            content = self._answered(method, url, body)
            with reading(url, True):
                if not is_written(content, body):
                    raise self._unreadable(sentence("found_no_record"), changes_something=True)
            return content

    def _answered(
        self, method: str, url: str, body: Mapping, secrets: tuple[str, ...] = ()
    ) -> dict:
        answer = self._exchange(method, url, body=body, secrets=secrets)
        content: Any = {}
        with reading(url, True):
            if answer.body.strip():
                content = self._content(answer, changes_something=True)
            if not isinstance(content, dict):
                raise self._unreadable(sentence("found_no_record"), changes_something=True)
            named = _id_in_headers(answer.headers)
            self.write_answer = f"{answer.status} {_what_answers(content, named)}"
            return {"ID": named, **content} if named else content

    def _content(self, answer: Answer, *, changes_something: bool) -> Any:
        try:
            return parsed_json(answer.body)
        except TooMuch as error:
            raise self._unreadable(error.args[0], changes_something=changes_something) from None
        except ValueError:
            raise self._unreadable(
                sentence("found_no_json"), changes_something=changes_something
            ) from None

    def _unreadable(self, found: str, *, changes_something: bool) -> TribeUnavailable:
        return TribeUnavailable(
            sentence(
                "answer_unreadable",
                found=found,
                address=self._addresses.api,
            ),
            outcome_unknown=changes_something,
        )

    def _exchange(
        self,
        method: str,
        url: str,
        *,
        body: Mapping | None = None,
        secrets: tuple[str, ...] = (),
        accept: str = "application/json",
        most_bytes: int = JSON_BYTES,
    ) -> Answer:
        """``secrets`` are those of the body; a reason that tells them is told without them."""
        self._pass_barrier(method)
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        token = self._tokens.access_token()
        answer = self._tried(method, url, token, data, accept, most_bytes)
        secrets = (token, *secrets)
        if answer.status == 401:
            token = self._tokens.renew(token)
            secrets = (token, *secrets)
            answer = self._tried(method, url, token, data, accept, most_bytes)
        if answer.status >= 400:
            with reading(url, method != "GET"):
                raise _refusal(answer, url, secrets)
        return answer

    def _tried(
        self,
        method: str,
        url: str,
        token: str,
        data: bytes | None,
        accept: str,
        most_bytes: int,
    ) -> Answer:
        # Only what changes nothing is tried again: a write that got lost may have arrived.
        for pause in RETRY_PAUSES if method == "GET" else ():
            try:
                return self._once(method, url, token, data, accept, most_bytes)
            except ConnectionBroken:
                time.sleep(pause)
        return self._once(method, url, token, data, accept, most_bytes)

    def _once(
        self,
        method: str,
        url: str,
        token: str,
        data: bytes | None,
        accept: str,
        most_bytes: int,
    ) -> Answer:
        headers = {"Accept": accept, "User-Agent": USER_AGENT}
        if data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        self._limiter.acquire()
        longest = self._turn.seconds_for(self._longest_exchange)
        self.calls += 1
        started = time.monotonic()
        try:
            answer = send(
                self._session,
                method,
                url,
                seconds=longest,
                most_bytes=most_bytes,
                changes_something=method != "GET",
                auth=bearer(token),
                headers=headers,
                data=data,
                rate_limit_pause=self._rate_limit_pause,
            )
        except ExchangeAbandoned:
            self._session = create_session()
            raise
        finally:
            self.seconds += time.monotonic() - started
        self._answered_at = _believable(moment_of(answer.headers))
        self.header_names = tuple(answer.headers)
        return answer

    def _pass_barrier(self, method: str) -> None:
        if self._mode == "off":
            raise TribeWriteForbidden(sentence("mode_off"))
        if self._mode == "dry_run" and method != "GET":
            raise TribeWriteForbidden(sentence("mode_dry_run"))
        if self._reads_only and method != "GET":
            raise TribeWriteForbidden(sentence("client_only_reads"))
        if self._before_write and method != "GET":
            self._before_write()
        self._addresses.check(self._mode)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _believable(moment: datetime.datetime | None) -> datetime.datetime | None:
    is_near = moment is not None and abs(moment - _now()) <= MOST_CLOCK_DIFFERENCE
    return moment if is_near else None


def _refusal(answer: Answer, url: str, secrets: tuple[str, ...]) -> TribeRefused:
    said = detail(answer.body, *secrets)
    status = answer.status
    if status in (401, 403):
        return TribeUnauthorized(
            with_what_tribe_said(
                sentence("not_allowed_to_application"),
                said,
            ),
            status=status,
            detail=said,
        )
    path = url.partition("?")[0].rpartition("/")[2]
    if _is_about_a_set(status, said, path):
        return TribeUnknownSet(
            with_what_tribe_said(
                sentence(
                    "set_unknown_in_tribe",
                    set=path.partition("(")[0],
                ),
                said,
            ),
            status=status,
            detail=said,
        )
    if status in (404, 410):
        return TribeNotFound(
            with_what_tribe_said(
                sentence(
                    "record_not_in_tribe",
                    record=path,
                ),
                said,
            ),
            status=status,
            detail=said,
        )
    return TribeRefused(
        with_what_tribe_said(
            sentence(
                "request_refused",
                record=path,
                status=status,
            ),
            said,
        ),
        status=status,
        detail=said,
    )


def _is_about_a_set(status: int, said: str, path: str) -> bool:
    if status not in (400, 404):
        return False
    without_reason = status == 404 and not said and _SET.fullmatch(path) is not None
    return without_reason or _UNKNOWN_SET.search(said) is not None


def _checked_set(entity_set: str) -> str:
    if not _SET.fullmatch(entity_set):
        raise ValueError(f"not an entity set: {entity_set!r}")
    return entity_set


def _checked_id(entity_id: str) -> str:
    if not _ID.fullmatch(entity_id):
        raise ValueError(f"not an ID: {entity_id!r}")
    return entity_id


def _record(entity_set: str, entity_id: str) -> str:
    return f"{_checked_set(entity_set)}({_checked_id(entity_id)})"


def _is_webhook(row: object) -> bool:
    return (
        isinstance(row, dict)
        and _ID.fullmatch(_with_id(row).get("ID") or "") is not None
        and isinstance(row.get("webhookUrl") or "", str)
    )


def _with_id(row: dict) -> dict:
    named = row.get("ID") or row.get("id") or row.get("webhookId")
    return {**row, "ID": str(named)} if named else row


def _readable(row: Any, expand: str | None) -> Any:
    """A row, or nothing of it but its ID where it has one."""
    is_whole = is_record(row, expand) or not is_record(row)
    return row if is_whole else {"ID": row["ID"]}


def _count_of(content: dict) -> int | None:
    count = content.get("@odata.count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _what_answers(content: dict, named: str | None) -> str:
    """What an answer to a write has of the record, in a word."""
    if set(content) - {"ID", "@odata.context"}:
        return "record"
    if content.get("ID"):
        return "id"
    return "location" if named else "nothing"


def _id_in_headers(headers: Mapping[str, str]) -> str | None:
    for name in ("Location", "OData-EntityId"):
        match = _ID_IN_LOCATION.search(headers.get(name) or "")
        if match and is_guid(match.group(1)):
            return match.group(1)
    return None
