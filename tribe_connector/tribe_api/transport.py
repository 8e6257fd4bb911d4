"""One HTTP exchange: time-outs, size, redirects, and whether a write may have been applied.

Everything that leaves this package leaves through ``send``.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from ..sentence import sentence
from .addresses import is_loopback
from .bounds import JSON_BYTES
from .content import retry_after
from .deadline import Answer, host_in, within
from .errors import RATE_LIMIT_PAUSE, TribeError, TribeRateLimited, TribeUnavailable
from .session import AnswerTooLarge, Session

# Of a whole exchange: look-up of the name, connecting, TLS, sending, headers and body.
LONGEST_EXCHANGE_SECONDS = 30.0
# Of connecting alone: whoever was not reached was sent nothing, for sure.
CONNECT_SECONDS = 10.0
SPARE_SECONDS = 5.0
_PIECE = 64 * 1024


class ConnectionBroken(TribeUnavailable):
    """The connection failed or broke off. Reading again at once is reasonable."""


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

    work = functools.partial(
        _exchange,
        session,
        method,
        url,
        seconds=seconds,
        most_bytes=most_bytes,
        auth=auth,
        headers=headers,
        data=data,
    )
    with _told_as_unavailable(url, changes_something), reading(url, changes_something):
        answer = within(seconds, work, session, url, changes_something)
    _raise_when_unusable(answer, url, changes_something, rate_limit_pause)
    return answer


def _exchange(
    session: Session,
    method: str,
    url: str,
    *,
    seconds: float,
    most_bytes: int,
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None,
) -> Answer:
    """Send a request and read its answer, for as long as that takes."""
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


@contextlib.contextmanager
def _told_as_unavailable(url: str, changes_something: bool) -> Iterator[None]:
    """What fails on the way becomes a ``TribeUnavailable`` that says what it was."""
    try:
        yield
    except _NETWORK_FAILURES as error:
        raise _network_failure(error, url, changes_something) from None
    except _Compressed:
        raise TribeUnavailable(
            sentence("answer_compressed", host=host_in(url)), outcome_unknown=changes_something
        ) from None
    except AnswerTooLarge:
        raise TribeUnavailable(
            sentence("answer_too_large", host=host_in(url)), outcome_unknown=changes_something
        ) from None


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
                host=host_in(url),
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


def _raise_when_unusable(
    answer: Answer, url: str, changes_something: bool, rate_limit_pause: float
) -> None:
    if answer.status == 429:
        raise TribeRateLimited(
            sentence("calls_limited_by_tribe"),
            retry_after=retry_after(answer.headers),
            pause=rate_limit_pause,
        )
    if 300 <= answer.status < 400:
        raise TribeUnavailable(
            sentence(
                "address_redirects",
                host=host_in(url),
            ),
            outcome_unknown=changes_something,
        )
    if answer.status >= 500 or answer.status in (408, 425) or answer.status < 200:
        raise TribeUnavailable(
            sentence(
                "tribe_has_problem",
                host=host_in(url),
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
            host=host_in(url),
        )
        return TribeUnavailable(message, outcome_unknown=unknown)
    if any(_is_timeout(each) for each in causes):
        message = sentence(
            "no_answer_in_time",
            host=host_in(url),
        )
        return TribeUnavailable(message, outcome_unknown=unknown)
    message = sentence(
        "network_failed",
        host=host_in(url),
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
