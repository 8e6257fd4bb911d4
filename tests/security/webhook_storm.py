"""Webhook requests that nobody should send, at random but the same for a seed."""

import base64
import json
import random
import socket
from dataclasses import dataclass

ENTITY_TYPE = "Relation.Organization"
SECONDS_TO_ANSWER = 900
LARGEST = 64 * 1024
METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO", "post")
GUID = "00000000-1111-4222-8333-444444444444"
JSON_VALUES = (
    *(None, True, 0, -1, 1e308, 10**400, "", "x", "\0", "\ud800", GUID, GUID * 2, "../../etc"),
    *([], {}, [[]], {"entityId": {}}, [GUID], "<script>alert(1)</script>", "'; DROP TABLE x;--"),
)
KEYS = ("payload", "entityId", "relationshipId", "webhookId", "type", "entityType", "__proto__")


@dataclass(frozen=True)
class Shot:
    """One request as it goes over the wire. ``proves``: whether it carries our token."""

    raw: bytes
    proves: bool


class Storm:
    """Makes requests for one connection's webhook."""

    def __init__(self, seed: int, key: str, token: str, token_header: str):
        self._random = random.Random(seed)
        self._key = key
        self._token = token
        self._token_header = token_header

    def shot(self) -> Shot:
        """The next request."""
        choose = self._random
        proves = choose.random() < 0.4
        method = "POST" if choose.random() < 0.8 else choose.choice(METHODS)
        target = f"/tribe/webhook/{self._key}/{ENTITY_TYPE}"
        if choose.random() < 0.2:
            target = self._odd_target()
        body = self._body()
        headers = ["Host: 127.0.0.1", f"Content-Type: {self._content_type()}"]
        if proves:
            headers.append(f"{self._token_header}: {self._token}")
        headers += self._odd_headers()
        headers += self._length(body)
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "Connection: close", "", ""])
        return Shot(head.encode("utf-8", "surrogateescape") + body, proves)

    def _odd_target(self) -> str:
        key = self._key
        return self._random.choice(
            (
                f"/tribe/webhook/{key}/Relation.Unknown",
                f"/tribe/webhook/{key}/",
                f"/tribe/webhook//{ENTITY_TYPE}",
                f"/tribe/webhook/{key}/../../web/database/manager",
                f"/tribe/webhook/%00/{ENTITY_TYPE}",
                f"/tribe/webhook/{key}%00/{ENTITY_TYPE}",
                f"/tribe/webhook/{key}/{ENTITY_TYPE}%0d%0aX-Injected:%201",
                f"/tribe/webhook/%ff%fe/{ENTITY_TYPE}",
                f"/tribe/webhook/{GUID}/{ENTITY_TYPE}",
                f"/tribe/webhook/{key}/{ENTITY_TYPE}?self=1&key=2&entity_type=Address&db=other",
                f"/tribe/webhook/{key}/{'A' * 5000}",
                f"/tribe/webhook/{key}'--/{ENTITY_TYPE}",
                f"/tribe/webhook/{key.upper()}/{ENTITY_TYPE}",
                f"//tribe/webhook/{key}/{ENTITY_TYPE}",
                f"http://elsewhere.example/tribe/webhook/{key}/{ENTITY_TYPE}",
            )
        )

    def _content_type(self) -> str:
        return self._random.choice(
            (
                *("application/json", "application/json; charset=utf-16", "text/plain", "x", ""),
                *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"),
                *("multipart/form-data", "application/xml", "application/json; charset=nonsense"),
            )
        )

    def _odd_headers(self) -> list[str]:
        name = self._token_header
        choices = (
            [],
            [],
            [],
            [f"{name}: {self._token[:-1]}x"],
            [f"{name}: "],
            [f"{name}: \udcff\udcfe"],
            [f"X-Signature: {base64.b64encode(bytes(64)).decode()}"],
            [f"X-{number}: {'v' * 100}" for number in range(60)],
            [f"X-Long: {'v' * 8000}"],
            ["Content-Encoding: gzip"],
            ["Expect: 100-continue"],
            ["Cookie: session_id=../../../../etc/passwd; frontend_lang=xx; db=other"],
            ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: elsewhere.example"],
            ["Authorization: Bearer nonsense", "X-Odoo-Database: other"],
            ["Range: bytes=0-1", "If-Modified-Since: yesterday", "Accept-Language: \udcff"],
        )
        return self._random.choice(choices)

    def _length(self, body: bytes) -> list[str]:
        # A length of the wrong size would only make both sides wait.
        if self._random.random() < 0.03:
            return [f"Content-Length: {self._random.choice(('abc', '-1', '1e3', '', '0'))}"]
        return [f"Content-Length: {len(body)}"]

    def _body(self) -> bytes:
        choose = self._random
        kind = choose.random()
        if kind < 0.35:
            return json.dumps(self._object()).encode("utf-8", "surrogatepass")
        if kind < 0.5:
            text = json.dumps({"payload": {"entityId": GUID}}).encode()
            return text[: choose.randrange(len(text))] + choose.choice((b"", b"\0", b"\xff", b"}"))
        if kind < 0.6:
            return b"[" * choose.choice((10, 900, 30_000)) + b"]" * choose.choice((0, 900))
        if kind < 0.65:
            return b"x" * choose.choice((LARGEST, LARGEST + 1, 300_000))
        if kind < 0.75:
            text = json.dumps({"payload": {"entityId": GUID}})
            return text.encode(choose.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7")))
        if kind < 0.85:
            return b"self=1&key=2&entity_type=3&payload=4&csrf_token=5"
        if kind < 0.9:
            field = b'Content-Disposition: form-data; name="self"; filename="../../x"\r\n\r\nv\r\n'
            return b"--b\r\n" + field + choose.choice((b"--b--\r\n", b"", b"--b\r\n"))
        return bytes(choose.randrange(256) for _byte in range(choose.randrange(400)))

    def _object(self, depth: int = 0):
        choose = self._random
        if depth > 3 or choose.random() < 0.3:
            return choose.choice(JSON_VALUES)
        return {choose.choice(KEYS): self._object(depth + 1) for _key in range(3)}


def status_of(port: int, raw: bytes) -> int:
    """Send one request to a port of loopback; the status of the answer, 0 where there is none."""
    with socket.create_connection(("127.0.0.1", port), SECONDS_TO_ANSWER) as connection:
        try:
            connection.sendall(raw)
            answer = connection.makefile("rb").readline()
        except ConnectionError:
            # Refused while we were still sending.
            return 0
    parts = answer.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
