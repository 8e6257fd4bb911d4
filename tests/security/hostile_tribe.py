"""A Tribe that is the stand-in, but for one kind of address, at which it is hostile."""

import contextlib
import http.client
import http.server
import random
import re
import threading
from urllib.parse import unquote_plus, urlsplit

from tribe_api.hostile_server import (
    DRIPS,
    LISTINGS,
    MARKUP,
    WHOLE,
    answer,
    largest_row,
    listing,
)

# Where we read, and what is hostile there.
POINTS = {
    "token": r"/oauth2/token",
    "record": r"GetCurrentEmployee",
    "metadata": r"\$metadata",
    "page": r"skip=",
    "webhooks": r"/v1/webhooks",
    "download": r"/odata-file/",
    # What the probe looks at, and what is asked for by its ID.
    "invoices": r"Activity_Invoice\?.*ProductLines",
    "invoices by ID": r"Activity_Invoice\?",
}
# What is odd, yet no failure: what it says may be what was asked for.
HARMLESS = {"what is no header"}
# A refusal of one record, however long: its work needs attention, and Tribe is there.
REFUSALS = {"a refusal without end"}
WHOLE_ANSWERS = {name: answer(make) for name, make in WHOLE.items() if name not in HARMLESS}
DESCRIPTIONS = {name: answer(make) for name, make in MARKUP.items()}
ENDLESS = {name: listing(page) for name, page in LISTINGS.items()}
LARGEST = listing(largest_row)


def largest_by_id(target, send, wait):
    """No invoice, but where some are asked for by their IDs: others then, without an end."""
    serve = LARGEST if re.search(r"filter=\(?ID eq", unquote_plus(target)) else NOTHING
    serve(target, send, wait)


NOTHING = listing(lambda _skip: {"value": []})
SERVERS = {
    "token": {**WHOLE_ANSWERS, **DRIPS},
    "record": {**WHOLE_ANSWERS, **DRIPS},
    "metadata": {**WHOLE_ANSWERS, **DRIPS, **DESCRIPTIONS},
    "page": {**WHOLE_ANSWERS, **DRIPS, **ENDLESS},
    "webhooks": {**WHOLE_ANSWERS, **DRIPS},
    "download": {**WHOLE_ANSWERS, **DRIPS},
}


def chosen(seed: int, points: tuple[str, ...], *, servers: bool):
    """Draws ``(point, name, serve)`` without end, the same for a seed.

    ``servers``: what makes a connection pause, drips too; else answers of any kind that are whole.
    """
    left_out = REFUSALS if servers else DRIPS.keys()
    choose = random.Random(seed)
    while True:
        point = choose.choice(points)
        name = choose.choice(sorted(SERVERS[point].keys() - left_out))
        yield point, name, SERVERS[point][name]


class HostileTribe:
    """Hands everything to the stand-in, but for what is struck."""

    def __init__(self, address: str):
        self._behind = urlsplit(address).netloc
        self._strike: tuple[re.Pattern, object] | None = None
        # How often it was hostile.
        self.struck = 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HostileTribe":
        return self

    def __exit__(self, *_exception) -> None:
        self.be_good()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def strike(self, point: str, serve) -> None:
        """Be hostile at one kind of address, from now on."""
        self.struck = 0
        self._strike = (re.compile(POINTS[point]), serve)

    def be_good(self) -> None:
        """Be the stand-in at every address."""
        self._strike = None

    def _handler(tribe):  # noqa: C901 - a class, not a function
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_request(self):
                self.close_connection = True
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                strike = tribe._strike
                with contextlib.suppress(OSError):
                    if strike and strike[0].search(self.path):
                        tribe.struck += 1
                        strike[1](self.path, self.connection.sendall, self._wait(strike))
                    else:
                        self._hand_on(body)

            do_GET = do_POST = do_PUT = do_DELETE = handle_request

            def _wait(self, strike):
                def wait(seconds):
                    if tribe._strike is not strike:
                        raise OSError("that was enough")
                    self.connection.settimeout(seconds)
                    with contextlib.suppress(TimeoutError):
                        if not self.connection.recv(1):
                            raise OSError("the other side has ended it")

                return wait

            def _hand_on(self, body):
                behind = http.client.HTTPConnection(tribe._behind, timeout=900)
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name not in ("Connection", "Content-Length", "Host")
                }
                behind.request(self.command, self.path, body or None, headers)
                found = behind.getresponse()
                content = found.read()
                self.send_response(found.status)
                for name, value in found.getheaders():
                    if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                behind.close()

            def log_message(self, *_arguments):
                pass

        return Handler
