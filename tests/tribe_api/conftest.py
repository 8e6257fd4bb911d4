"""A very small Tribe on the loopback, that answers what a test tells it to."""

import contextlib
import http.server
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import addon_without_odoo  # noqa: F401
import pytest
from hypothesis import settings

from tribe_connector.tribe_api import Addresses, Client, NoLimit, exchange

from .hostile_server import HostileServer

# The same on every machine: no examples kept from earlier runs, no clock.
settings.register_profile("tribe", database=None, deadline=None, derandomize=True)
settings.load_profile("tribe")

# Of a whole exchange. An answer that comes is waited for, on any machine; one that does
# not come is not waited for long.
PATIENT = 60.0
HASTY = 2.0
RECORD = "a1000000-0000-4000-8000-000000000001"


@dataclass
class Answer:
    """What the server does with one request."""

    status: int = 200
    body: object = b""
    headers: dict = field(default_factory=dict)
    # "cut": fewer bytes than promised; "reset": the connection breaks; "silent": no answer.
    trouble: str = ""

    @property
    def patience(self) -> float:
        """The seconds of a client that shall get this answer."""
        return HASTY if self.trouble == "silent" else PATIENT

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def skip_of(path: str) -> int:
    """From which row on a page was asked for."""
    return int(parse_qs(urlsplit(path).query)["$skip"][0])


class FakeTribe:
    """Answers in the given order, the last one for ever; remembers what was asked.

    Or as ``lists`` says.
    """

    def __init__(self):
        self.requests: list[Request] = []
        self.released = threading.Event()
        self._answers = [Answer(body={"ID": RECORD})]
        self._page = None
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answers(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._page = None

    def lists(self, page) -> None:
        """Answer with a page: ``page(skip)`` is its content from a row on."""
        self._page = page

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, path: str) -> Answer:
        if self._page:
            return Answer(body=self._page(skip_of(path)))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _handler(fake):
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_request(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                fake.requests.append(Request(self.command, self.path, dict(self.headers), body))
                self.carry_out(fake._next(self.path))

            do_GET = do_POST = do_PUT = do_DELETE = handle_request

            def carry_out(self, answer):
                if answer.trouble == "silent":
                    fake.released.wait()
                    return
                if answer.trouble == "reset":
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    return
                content = answer.content()
                promised = len(content) + (10 if answer.trouble == "cut" else 0)
                if "Date" in answer.headers:
                    self.send_response_only(answer.status)
                else:
                    self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(content)

            def finish(self):
                with contextlib.suppress(OSError, ValueError):
                    super().finish()

            def log_message(self, *_arguments):
                pass

        return Handler


class FakeTokens:
    def __init__(self):
        self.refused: list[str] = []

    def access_token(self) -> str:
        return "tok-1"

    def renew(self, refused: str) -> str:
        self.refused.append(refused)
        return f"tok-{len(self.refused) + 1}"


class CountingLimit(NoLimit):
    def __init__(self):
        self.acquired = 0
        self.noted: list[float] = []
        self.failures: list[Exception] = []
        self.answers = 0

    def acquire(self) -> None:
        self.acquired += 1

    def note_rate_limited(self, retry_after: float) -> None:
        self.noted.append(retry_after)

    def note_answer(self) -> None:
        self.answers += 1

    def note_failure(self, error) -> None:
        self.failures.append(error)


@pytest.fixture
def tribe():
    fake = FakeTribe()
    yield fake
    fake.close()


@pytest.fixture
def addresses(tribe):
    return Addresses(api=tribe.url, auth=tribe.url, app=tribe.url)


@pytest.fixture
def tokens():
    return FakeTokens()


@pytest.fixture
def limiter():
    return CountingLimit()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Tries again as often as in reality, but at once."""
    monkeypatch.setattr(exchange, "RETRY_PAUSES", tuple(0 for _ in exchange.RETRY_PAUSES))


@pytest.fixture
def make_client(addresses, tokens, limiter):
    def make(mode="live", longest_exchange=PATIENT, addresses=addresses, **options):
        return Client(
            addresses, tokens, limiter, mode=mode, longest_exchange=longest_exchange, **options
        )

    return make


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def hostile():
    """Starts servers that nobody should meet: ``hostile(serve)``."""
    servers = []

    def start(serve):
        servers.append(HostileServer(serve))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
