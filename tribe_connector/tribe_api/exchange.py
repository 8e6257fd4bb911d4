"""The one way out to Tribe, with what holds for every call: the mode, the limit, the token."""

from __future__ import annotations

import contextlib
import datetime
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from ..sentence import sentence
from .addresses import MODES, Addresses, Mode
from .bounds import JSON_BYTES, TooMuch
from .content import moment_of, parsed_json
from .deadline import Answer, ExchangeAbandoned
from .errors import (
    RATE_LIMIT_PAUSE,
    TribeCredentialsRefused,
    TribePaused,
    TribeRateLimited,
    TribeRefused,
    TribeUnavailable,
    TribeWriteForbidden,
)
from .listing import PAGE_SIZE
from .rate_limit import Limiter
from .refusal import refusal
from .session import create_session
from .token import Token
from .transport import LONGEST_EXCHANGE_SECONDS, ConnectionBroken, bearer, reading, send
from .turn import Turn

# Nobody's clock is so wrong; then it is no clock, such as that of a cache.
MOST_CLOCK_DIFFERENCE = datetime.timedelta(days=1)
# Seconds before the second and the third try of a GET whose connection broke.
RETRY_PAUSES = (0.2, 1.0)
USER_AGENT = "Tribe Connector for Odoo"


class TokenProvider(Protocol):
    """Keeps the access token, over all workers."""

    def access_token(self) -> str:
        """A token that is still good."""

    def renew(self, refused: str) -> str:
        """Another token, after Tribe answered 401 to ``refused``. Called once per request."""


class Exchanges:
    """The calls of one client, each with a token and within the limit (``Client``)."""

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
                raise refusal(answer, url, secrets)
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


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _believable(moment: datetime.datetime | None) -> datetime.datetime | None:
    is_near = moment is not None and abs(moment - _now()) <= MOST_CLOCK_DIFFERENCE
    return moment if is_near else None
