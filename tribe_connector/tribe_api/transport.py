"""One HTTP exchange: time-outs, size, redirects, and whether a write may have been applied.

Everything that leaves this package leaves through ``send``.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import http.client
import io
import json
import math
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from ..hidden_characters import without_hidden
from ..sentence import sentence
from .addresses import is_loopback
from .bounds import JSON_BYTES, check_json
from .errors import RATE_LIMIT_PAUSE, TribeError, TribeRateLimited, TribeUnavailable
from .session import AnswerTooLarge, Session

# Of a whole exchange: look-up of the name, connecting, TLS, sending, headers and body.
LONGEST_EXCHANGE_SECONDS = 30.0
# Of connecting alone: whoever was not reached was sent nothing, for sure.
CONNECT_SECONDS = 10.0
SPARE_SECONDS = 5.0
# So many exchanges with a host that were given up may still be ending; then no other is begun.
MOST_ABANDONED = 5
LONGEST_RETRY_AFTER = 24 * 3600.0
_PIECE = 64 * 1024
_DETAIL_LENGTH = 300
_READ_OF_A_DETAIL = 3000
# Fewer characters of one than this are no help to anybody.
_PIECE_OF_A_SECRET = 8


class ConnectionBroken(TribeUnavailable):
    """The connection failed or broke off. Reading again at once is reasonable."""


class ExchangeAbandoned(TribeUnavailable):
    """An exchange was given up. Its session is of no use any more."""


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer. Header names ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    session: Session,
    method: str,
    url: str,
    *,
    seconds: float = LONGEST_EXCHANGE_SECONDS,
    most_bytes: int = JSON_BYTES,
    changes_something: bool,
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None = None,
    rate_limit_pause: float = RATE_LIMIT_PAUSE,
) -> Answer:
    """Send one request and read the whole answer, within so many seconds and bytes.

    ``session`` is one of ``create_session``. Redirects are not followed, because the token would go
    along. Raises ``TribeAddressInvalid`` for a host that is at no public address;
    ``TribeUnavailable`` for a network error, a time-out, a redirect, a 5xx, and an answer that is
    oversized, cut or compressed, with ``outcome_unknown`` when ``changes_something`` and the
    request may have arrived; its ``ExchangeAbandoned`` when the time is up, after which the
    session cannot be used any more; ``TribeRateLimited`` for a 429, after which at least
    ``rate_limit_pause`` seconds are to be waited.
    """

    def exchange() -> Answer:
        session.expect(most_bytes)
        with session.request(
            method,
            url,
            data=data,
            # Nothing is decoded, so nothing small becomes large, whatever the library's version.
            headers={**headers, "Accept-Encoding": "identity"},
            # Given even when there is nothing to add: without it a .netrc file would win.
            auth=auth,
            # Beyond the deadline, which alone says that the time is up.
            timeout=(min(CONNECT_SECONDS, seconds + SPARE_SECONDS), seconds + SPARE_SECONDS),
            allow_redirects=False,
            stream=True,
            proxies=_proxies(url),
        ) as response:
            return Answer(response.status_code, response.headers, _read(response, most_bytes))

    try:
        with reading(url, changes_something):
            answer = _within(seconds, exchange, session, url, changes_something)
    except _NETWORK_FAILURES as error:
        raise _network_failure(error, url, changes_something) from None
    except _Compressed:
        raise TribeUnavailable(
            sentence(
                "answer_compressed",
                host=_host(url),
            ),
            outcome_unknown=changes_something,
        ) from None
    except AnswerTooLarge:
        raise TribeUnavailable(
            sentence(
                "answer_too_large",
                host=_host(url),
            ),
            outcome_unknown=changes_something,
        ) from None
    if answer.status == 429:
        raise TribeRateLimited(
            sentence("calls_limited_by_tribe"),
            retry_after=retry_after(answer.headers),
            pause=rate_limit_pause,
        )
    _raise_when_unusable(answer, url, changes_something)
    return answer


@contextlib.contextmanager
def reading(url: str, changes_something: bool) -> Iterator[None]:
    """Read what was sent: whatever it makes go wrong becomes a ``TribeUnavailable``.

    The failures that ``send`` tells apart go on as they are.
    """
    try:
        yield
    except (TribeError, *_NETWORK_FAILURES, _Compressed, AnswerTooLarge):
        raise
    except Exception as error:  # noqa: BLE001 - nobody can list what odd bytes lead to
        raise TribeUnavailable(
            sentence(
                "answer_cannot_be_read",
                host=_host(url),
                error=type(error).__name__,
            ),
            outcome_unknown=changes_something,
        ) from None


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Adds nothing; for requests whose credentials are in the body."""
    return request


def bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Adds the token as a header. Raises ``TribeUnavailable`` when it cannot be one."""
    if not is_header_safe(token):
        raise TribeUnavailable(sentence("token_unusable"))

    def add_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return add_header


def is_header_safe(token: object) -> bool:
    """Whether a token is visible ASCII; anything else ends up, readable, in a library's error."""
    return isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]+", token) is not None


def parsed_json(body: bytes):
    """The JSON value of a body. Raises ``ValueError`` for anything that is not strict JSON.

    Its ``TooMuch`` is for more than anybody needs, of which nothing was built. Characters that no
    database keeps (NUL, halves of surrogate pairs) are left out of texts.
    """
    check_json(body)
    text = body.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_not_a_number, parse_float=_finite)
        return _storable(value) if _UNSTORABLE.search(text) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def detail(body: bytes, *secrets: str) -> str:
    """The server's own error message in one short line, or ``""``.

    Reads OData's ``{"error": {"message": ...}}`` and OAuth's ``{"error": ..., "error_description":
    ...}``. Any of ``secrets`` that the server echoes is blotted out, and so is a piece of one.
    """
    try:
        content = parsed_json(body)
    except ValueError:
        return ""
    message = _message_of(content)
    for secret in filter(None, secrets):
        # Whole ones before the text is cut, which could leave a piece too short to be known.
        message = message.replace(secret, "***")
    message = " ".join(without_hidden(message[:_READ_OF_A_DETAIL]).split())
    return blotted(message, *secrets)[:_DETAIL_LENGTH]


def blotted(text: str, *secrets: str) -> str:
    """A text without any piece of a secret: cut, or with some of its characters escaped."""
    for secret in filter(None, secrets):
        length = min(_PIECE_OF_A_SECRET, len(secret))
        pieces = {secret[n : n + length] for n in range(len(secret) - length + 1)}
        hidden: set[int] = set()
        for start in range(len(text) - length + 1):
            if text[start : start + length] in pieces:
                hidden.update(range(start, start + length))
        # A mark for each run of hidden characters.
        text = "".join(
            "***" if each in hidden else text[each]
            for each in range(len(text))
            if not (each in hidden and each - 1 in hidden)
        )
    return text


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of a ``Retry-After`` header, given as a number or a date; else ``None``."""
    text = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        seconds = (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def moment_of(headers: Mapping[str, str]) -> datetime.datetime | None:
    """When an answer was given, by the server's own clock (aware, UTC); ``None`` where it does not
    say, or says what nobody can read."""
    try:
        moment = email.utils.parsedate_to_datetime((headers.get("Date") or "").strip())
        if moment.tzinfo is None:
            # HTTP knows no other time zone (RFC 9110, 5.6.7).
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        return moment.astimezone(datetime.timezone.utc)
    except (TypeError, ValueError, OverflowError):
        return None


class _Exchange(threading.Thread):
    """One exchange in a thread of its own. It touches no cursor and no record.

    Time-outs of sockets are between two pieces, which a server that drips always keeps, and a
    name that is being looked up cannot be interrupted at all. A thread can be left alone.
    """

    # Those that were given up and have not ended yet: (host, thread).
    abandoned: set[tuple[str, threading.Thread]] = set()
    _lock = threading.Lock()

    def __init__(self, work: Callable[[], Answer]):
        # A daemon: it must not keep Odoo from ending.
        super().__init__(name="tribe_connector.exchange", daemon=True)
        self._work = work
        self._answer: Answer | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._answer = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error

    def result(self) -> Answer:
        if self._error is not None:
            raise self._error
        assert self._answer is not None, "the thread has ended"
        return self._answer

    def abandon(self, host: str) -> None:
        with self._lock:
            self.abandoned.add((host, self))

    @classmethod
    def count_abandoned(cls, host: str) -> int:
        """How many with a host were given up and still run."""
        with cls._lock:
            cls.abandoned -= {each for each in cls.abandoned if not each[1].is_alive()}
            return sum(each == host for each, _thread in cls.abandoned)


def _within(
    seconds: float,
    work: Callable[[], Answer],
    session: Session,
    url: str,
    changes_something: bool,
) -> Answer:
    """What ``work`` returns or raises, unless the time is up first: then it is given up."""
    host = _host(url)
    if _Exchange.count_abandoned(host) >= MOST_ABANDONED:
        raise TribeUnavailable(
            sentence(
                "requests_kept_open",
                host=host,
            )
        )
    exchange = _Exchange(work)
    exchange.start()
    exchange.join(seconds)
    if not exchange.is_alive():
        return exchange.result()
    exchange.abandon(host)
    was_reached = session.cut()
    raise ExchangeAbandoned(
        sentence(
            "no_answer_within",
            host=host,
            seconds=f"{seconds:g}",
        ),
        outcome_unknown=changes_something and was_reached,
    )


class _Compressed(Exception):
    pass


def _read(response: requests.Response, most_bytes: int) -> bytes:
    """The body as it came. What it promises to be is looked at before it is read."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise _Compressed
    promised = response.headers.get("Content-Length", "")
    is_promised = re.fullmatch(r"\d{1,18}", promised, re.ASCII) is not None
    is_chunked = "Transfer-Encoding" in response.headers
    if is_promised and not is_chunked and int(promised) > most_bytes:
        raise AnswerTooLarge
    # Its content is not copied, unlike that of a list of pieces. It is let go at once when the
    # answer fails: the error and the thread know each other, and stay until garbage is collected.
    with io.BytesIO() as body:
        try:
            for piece in response.raw.stream(_PIECE, decode_content=False):
                body.write(piece)
        except ValueError:
            # The size of a piece is negative.
            raise requests.exceptions.ChunkedEncodingError("no size") from None
        is_cut = is_promised and not is_chunked and body.tell() != int(promised)
        # Older urllib3 takes a cut body for a whole one.
        if is_cut and _has_body(response):
            raise requests.exceptions.ChunkedEncodingError("cut")
        return body.getvalue()


def _has_body(response: requests.Response) -> bool:
    return response.status_code not in (204, 304)


def _proxies(url: str) -> dict[str, Any]:
    # A proxy of the environment must not carry the demo's traffic off this machine.
    if is_loopback(urlsplit(url).hostname):
        return {"http": None, "https": None, "all": None}
    return {}


def _raise_when_unusable(answer: Answer, url: str, changes_something: bool) -> None:
    if 300 <= answer.status < 400:
        raise TribeUnavailable(
            sentence(
                "address_redirects",
                host=_host(url),
            ),
            outcome_unknown=changes_something,
        )
    if answer.status >= 500 or answer.status in (408, 425) or answer.status < 200:
        raise TribeUnavailable(
            sentence(
                "tribe_has_problem",
                host=_host(url),
                status=answer.status,
            ),
            retry_after=retry_after(answer.headers),
            outcome_unknown=changes_something,
        )


def _network_failure(error: Exception, url: str, changes_something: bool) -> TribeUnavailable:
    causes = list(_causes(error))
    never_sent = any(isinstance(each, _BEFORE_SENDING) for each in causes)
    unknown = changes_something and not never_sent
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        message = sentence(
            "certificate_not_verified",
            host=_host(url),
        )
        return TribeUnavailable(message, outcome_unknown=unknown)
    if any(_is_timeout(each) for each in causes):
        message = sentence(
            "no_answer_in_time",
            host=_host(url),
        )
        return TribeUnavailable(message, outcome_unknown=unknown)
    message = sentence(
        "network_failed",
        host=_host(url),
        error=type(causes[-1]).__name__,
    )
    return ConnectionBroken(message, outcome_unknown=unknown)


def _is_timeout(error: BaseException) -> bool:
    # urllib3 counts a refused connection among its time-outs.
    refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    return isinstance(error, _TIMEOUTS) and not refused


_BEFORE_SENDING = (
    requests.ConnectTimeout,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)


# Those of requests, and what reading a body raises below it.
_NETWORK_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, outermost first: libraries hide it in three places."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or current in seen:
            continue
        seen.append(current)
        yield current
        waiting += [getattr(current, "reason", None), *current.args, current.__cause__]


def _host(url: str) -> str:
    return urlsplit(url).netloc or "Tribe"


def _message_of(content: object) -> str:
    if not isinstance(content, dict):
        return ""
    error = content.get("error")
    if isinstance(error, dict):
        return _text(error.get("message"))
    parts = [content.get("error_description"), content.get("error_hint"), content.get("message")]
    said = ""
    for part in filter(None, map(_text, parts)):
        # Tribe's server gives the hint once more in the description.
        if part.rstrip(".") not in said:
            said = f"{said} {part}".lstrip()
    return said or _text(error)


def _text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _not_a_number(name: str):
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large for a number")
    return value


_UNSTORABLE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def _storable(value):
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode().replace("\0", "")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value
