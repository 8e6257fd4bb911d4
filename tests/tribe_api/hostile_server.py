"""Servers that nobody should meet. Each is told what to do with a connection that it got.

What it does is a function of the address that was asked for, of what sends bytes, and of what
waits so many seconds, unless the other side goes.
"""

import contextlib
import functools
import gzip
import itertools
import json
import re
import socket
import threading
import uuid

# The pause between two bytes.
BYTE_SECONDS = 0.02
# For threads to end that were told to; never waited for where all is well.
LONG = 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(begin, again):
    """Something at once, then something else byte by byte without end."""

    def serve(_target, send, wait):
        send(begin)
        for byte in itertools.cycle(again):
            send(bytes([byte]))
            wait(BYTE_SECONDS)

    return serve


def silence(_target, send, wait):
    """An answer that begins, and is never heard of again."""
    send(b"HTTP/1.1 200")
    wait(LONG)


DRIPS = {
    "status line": drip(b"HTTP/1.1 ", b"2"),
    "headers": drip(HEAD, b"X-A: b\r\n"),
    "one header": drip(HEAD + b"X-A: ", b"b"),
    "100 Continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": drip(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "body without end": drip(HEAD + b"Connection: close\r\n\r\n", b"x"),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "size of a chunk": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "silence": silence,
}


class HostileServer:
    """Takes connections on the loopback; ``serve`` says what each of them gets."""

    def __init__(self, serve):
        self._serve = serve
        self._released = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.asked = 0
        self.cut = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self._released.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(LONG)

    def _listen(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            request = connection.recv(65536)
            target = request.partition(b" ")[2].partition(b" ")[0].decode("ascii", "replace")
            self.asked += 1
            try:
                self._serve(target, connection.sendall, self._wait(connection))
            except OSError:
                self.cut.set()

    def _wait(self, connection):
        def wait(seconds):
            if self._released.is_set():
                raise OSError
            connection.settimeout(seconds)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    raise OSError("the other side has ended it")

        return wait


# Whole answers. Each entry is a function that makes the bytes: some are large.


def plain(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer whose length is told as it is."""
    return whole(body, f"Content-Length: {len(body)}", *headers, status=status)


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer with these headers, and what follows them."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(body: bytes, *headers: str) -> bytes:
    return whole(body, "Transfer-Encoding: chunked", *headers)


@functools.cache
def _zipped_noughts(times: int) -> bytes:
    body = b"0" * 100_000_000
    for _time in range(times):
        body = gzip.compress(body, 1)
    return body


def zipped(*, times: int, encoding: str = "gzip", to: str = "") -> bytes:
    """A hundred megabytes, in a few kilobytes; ``to`` is where it redirects."""
    headers = [f"Content-Encoding: {encoding}", *([f"Location: {to}"] if to else [])]
    return plain(_zipped_noughts(times), *headers, status="302 Found" if to else "200 OK")


def retry_after(text: str) -> bytes:
    return plain(b"", f"Retry-After: {text}", status="503 Service Unavailable")


def metadata(schema: str) -> bytes:
    return plain(f"<Edmx><DataServices><Schema>{schema}</Schema></DataServices></Edmx>".encode())


def derived_types(count: int, sets: int) -> str:
    """A line of types, each with a property and derived from the one before."""
    types = "".join(
        f'<EntityType Name="T{n}" BaseType="O.T{n - 1}"><Property Name="P{n}" Type="Edm.Int32"/>'
        "</EntityType>"
        for n in range(count)
    )
    return types + "".join(
        f'<EntitySet Name="S{n}" EntityType="O.T{n}"/>' for n in range(count - sets, count)
    )


BOMBS = {
    "gzip": lambda: zipped(times=1),
    "gzip in gzip": lambda: zipped(times=2, encoding="gzip, gzip"),
    "deflate": lambda: zipped(times=1, encoding="deflate"),
    "gzip behind a redirect": lambda: zipped(times=1, to="http://127.0.0.1:1/"),
    "unknown encoding": lambda: zipped(times=1, encoding="zstd, x-made-up"),
    "empty lists": lambda: plain(b"[" + b"[]," * 2_600_000 + b"[]]"),
    "empty objects": lambda: plain(b'{"value":[' + b"{}," * 2_600_000 + b"{}]}"),
    "numbers": lambda: plain(b"[" + b"1," * 4_000_000 + b"1]"),
    "names": lambda: plain(b"{" + b",".join(b'"%x":1' % n for n in range(600_000)) + b"}"),
    "depth": lambda: plain(b"[" * 4_000_000 + b"]" * 4_000_000),
    "a little too deep": lambda: plain(b"[" * 100 + b"]" * 100),
    "a long text": lambda: plain(b'{"ID": "' + b"x" * 8_000_000 + b'"}'),
    "escapes": lambda: plain(b'["' + b"\\u0000" * 1_300_000 + b'"]'),
    "an open text": lambda: plain(b'["' + b'\\"' * 4_000_000),
    "a long number": lambda: plain(b"[" + b"9" * 8_000_000 + b"]"),
    "too large": lambda: plain(b" " * (9 * 1024 * 1024) + b"{}"),
    "too large, in pieces": lambda: chunked((b"10000\r\n" + b" " * 65536 + b"\r\n") * 150),
    "too large, without a length": lambda: whole(b" " * 9_500_000, "Connection: close"),
}
LIES = {
    "too short a length": lambda: whole(b'{"ID": 1}' * 9, "Content-Length: 5"),
    "too long a length": lambda: whole(b"{}", "Content-Length: 900"),
    "a length without end": lambda: whole(b"{}", f"Content-Length: {'9' * 5000}"),
    "a huge length": lambda: whole(b"{}", "Content-Length: 99999999999999"),
    "a negative length": lambda: whole(b"{}", "Content-Length: -1"),
    "a length in words": lambda: whole(b"{}", "Content-Length: two"),
    "several lengths": lambda: whole(b"{}", "Content-Length: 1", "Content-Length: 2"),
    "a length and pieces": lambda: chunked(b"zz\r\n", "Content-Length: 2"),
    "a negative piece": lambda: chunked(b"-5\r\nhello\r\n"),
    "a huge piece": lambda: chunked(b"f" * 40 + b"\r\nhello"),
    "the rest as a piece": lambda: chunked(b"-1\r\n" + b" " * 9_000_000),
    "a piece without a size": lambda: chunked(b"\r\n\r\n"),
    "a size without end": lambda: chunked(b"0" * 9_000_000),
    "an extension without end": lambda: chunked(b"1;" + b"x" * 9_000_000),
    "trailers without end": lambda: chunked(b"0\r\n" + (b"X-A: " + b"b" * 400 + b"\r\n") * 22_000),
    "one trailer without end": lambda: chunked(b"0\r\nX-A: " + b"x" * 9_000_000),
}
HEADS = {
    "many headers": lambda: plain(b"{}", *[f"X-{n}: x" for n in range(1000)]),
    "large headers": lambda: plain(b"{}", *[f"X-{n}: {'x' * 60_000}" for n in range(99)]),
    "a long header": lambda: plain(b"{}", f"X-Long: {'x' * 100_000}"),
    "what is no header": lambda: plain(b"{}", "this is no header", ": nor is this"),
    "a flood of 100": lambda: (b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 400 + b"\r\n\r\n") * 21_000,
    "a flood of 103": lambda: b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100,
    "a long status line": lambda: b"HTTP/1.1 200 " + b"x" * 100_000,
    "a status in words": lambda: plain(b"{}", status="fine OK"),
    "a status of its own": lambda: plain(b"{}", status="999 Nonsense"),
    "HTTP 0.9": lambda: b'{"value": []}',
    "nothing": lambda: b"",
    "a redirect": lambda: plain(b"", "Location: http://169.254.169.254/", status="302 Found"),
    "a redirect to no address": lambda: plain(b"", "Location: http://[", status="302 Found"),
    "a redirect to odd bytes": lambda: plain(b"", "Location: http://\xff/", status="302 Found"),
    "a year of its own": lambda: retry_after(f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"),
    "a zone of its own": lambda: retry_after("Mon, 01 Jan 2020 00:00:00 +99999999999999"),
    "an hour of its own": lambda: retry_after(f"Mon, 01 Jan 2020 {'9' * 20}:00:00 GMT"),
    "switching protocols": lambda: plain(b"", "Upgrade: x", status="101 Switching Protocols"),
    "a refusal without end": lambda: plain(
        b'{"error":{"message":"' + b"ab " * 300_000 + b'"}}', status="400 Bad Request"
    ),
}
MARKUP = {
    "elements": lambda: metadata("<a/>" * 2_000_000),
    "attributes": lambda: metadata("<a " + " ".join(f'q{n:x}=">"' for n in range(900_000)) + "/>"),
    "names of attributes": lambda: metadata("".join(f'<a q{n:x}=""/>' for n in range(900_000))),
    "names of elements": lambda: metadata("".join(f"<q{n:x}/>" for n in range(900_000))),
    "a long attribute": lambda: metadata(f'<EntityType Name="{"x" * 15_000_000}"/>'),
    "a long text": lambda: metadata("x" * 15_000_000),
    "a comment": lambda: metadata("<!--" + "x" * 15_000_000 + "-->"),
    "depth": lambda: metadata("<a>" * 2_000_000),
    "a document type": lambda: plain(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
    "entities": lambda: plain(
        b"<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;&a;'>]><a>&b;</a>"
    ),
    "derived types, all with sets": lambda: metadata(derived_types(20_000, 20_000)),
    "too large": lambda: plain(b" " * (21 * 1024 * 1024)),
}
WHOLE = {**BOMBS, **LIES, **HEADS}


def answer(make) -> object:
    """What serves such an answer, and then closes the connection."""

    def serve(_target, send, _wait):
        send(make())

    return serve


# Listings


def rows(first: int, count: int) -> list[dict]:
    return [
        {"ID": f"00000000-0000-4000-8000-{number:012}"} for number in range(first, first + count)
    ]


def listing(page):
    """What serves pages: ``page(skip)`` is the content of the one from a row on."""

    def serve(target, send, _wait):
        found = re.search(r"skip=(\d+)", target)
        send(plain(json.dumps(page(int(found[1]) if found else 0)).encode()))

    return serve


# As many characters as a text may have, four bytes each in Python, in as many as an answer takes.
LARGEST = {f"T{number}": "\U0001f600" + "x" * 999_900 for number in range(8)}


def largest_row(_skip) -> dict:
    """One row, another one each time, and more of them; as large as an answer may be."""
    changed = {"CreationDate": "2025-01-01T00:00:00Z", "LastMutationDate": "2026-01-01T00:00:00Z"}
    row = {"ID": str(uuid.uuid4()), "Number": "1", "Currency": "EUR", **changed, **LARGEST}
    row["ProductLines"] = [{"ID": str(uuid.uuid4()), **changed}]
    return {"value": [row], "@odata.nextLink": "x"}


LISTINGS = {
    "more rows than are counted": lambda skip: {"value": rows(skip, 100), "@odata.count": 10},
    "the same rows again": lambda skip: {"value": rows(skip % 200, 100), "@odata.count": 10**9},
    "the same rows in three": lambda skip: {"value": rows(skip % 300, 100)},
    "the same page": lambda _skip: {"value": rows(0, 100)},
    "a next page for ever": lambda _skip: {"value": rows(0, 3), "@odata.nextLink": "x"},
    "more rows than a page": lambda skip: {"value": rows(skip, 20_000), "@odata.count": 5},
}
