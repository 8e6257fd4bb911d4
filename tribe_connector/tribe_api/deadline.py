"""An exchange in a thread of its own, which can be given up when its time is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..sentence import sentence
from .errors import TribeUnavailable
from .session import Session

# So many exchanges with a host that were given up may still be ending; then no other is begun.
MOST_ABANDONED = 5


class ExchangeAbandoned(TribeUnavailable):
    """An exchange was given up. Its session is of no use any more."""


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer. Header names ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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


def within(
    seconds: float,
    work: Callable[[], Answer],
    session: Session,
    url: str,
    changes_something: bool,
) -> Answer:
    """What ``work`` returns or raises, unless the time is up first: then it is given up."""
    host = host_in(url)
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


def host_in(url: str) -> str:
    """The host of an address, to be told."""
    return urlsplit(url).netloc or "Tribe"
