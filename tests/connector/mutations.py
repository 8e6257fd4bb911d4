"""Answers of Tribe made wrong, at random but the same for a seed."""

import contextlib
import copy
import io
import json
import random

import urllib3

HTML = "<script>alert('tribe')</script><img src=x onerror=alert(1)>"
GUID = "deadbeef-0000-4000-8000-00000000dead"
# Some of them are no JSON; json.dumps writes NaN and the infinities as Python reads them.
VALUES = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, float("nan"), float("inf"), -0.0),
    *("", " ", "0", "NaN", "text", HTML, GUID, GUID.upper(), "2026-13-45", "9999-12-31T23:59:59Z"),
    *("\0", "a\0b", "\ud800", "\u202e\u200b\ufeff", "\r\n\t\x1b[31m", "🧾" * 50, "é" * 5000),
    *([], {}, [[]], [None], {"ID": None}, {"ID": GUID}, [{"ID": GUID}], {"ID": {"ID": GUID}}),
    *("x" * 200_000, ["x"] * 1000, {"a": {"b": {"c": [1, {"d": None}]}}}),
)
BODIES = (
    *(b"", b"null", b"[]", b"{}", b"5", b'"text"', b"\xff\xfe\x00", b"{", b"[" * 100_000),
    *(b'{"value":null}', b'{"value":{}}', b'{"value":[null]}', b'{"value":[[]]}', b"<html></html>"),
    *(b'{"value":[{"ID":null}]}', b'{"value":[{"ID":5}]}', b'{"value":[{"ID":"x"}]}'),
    *(b'{"error":{"message":"\\u0000"}}', b'{"value":[]}', b'{"ID":"\\ud800"}'),
)


class Mutator:
    """Makes answers wrong. ``mutated`` counts them."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.mutated = 0

    def changes(self, share):
        """Whether the next answer is to be made wrong; ``share`` of all are."""
        return self._random.random() < share

    def body(self, body):
        """A wrong body in place of a right one (bytes, JSON or XML)."""
        self.mutated += 1
        if self._random.random() < 0.1:
            return self._random.choice(BODIES)
        if self._random.random() < 0.05:
            return body[: self._random.randrange(len(body) + 1)]
        try:
            content = json.loads(body)
        except ValueError:
            return self._text(body)
        for _time in range(self._random.choice((1, 1, 1, 2, 5))):
            content = self._changed(content)
        return json.dumps(content).encode("utf-8", "surrogatepass")

    def _text(self, body):
        """Some other bytes in the middle, as for the XML of the metadata."""
        start = self._random.randrange(len(body) + 1)
        end = min(len(body), start + self._random.choice((0, 1, 20, 400)))
        filling = self._random.choice((b"", b"\0", b"<", b"&", b"\xff", b"<!DOCTYPE x>", b"x" * 99))
        return body[:start] + filling + body[end:]

    def _changed(self, content):
        places = list(_places(content))
        if not places:
            return self._value()
        holder, key = self._random.choice(places)
        kind = self._random.random()
        if kind < 0.15:
            del holder[key]
        elif kind < 0.25 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif kind < 0.35:
            other, name = self._random.choice(places)
            holder[key] = copy.deepcopy(other[name])
        elif kind < 0.40:
            holder[key] = _nested(self._random.choice((2, 20)))
        else:
            holder[key] = self._value()
        return content

    def _value(self):
        # A copy: it may be changed further.
        return copy.deepcopy(self._random.choice(VALUES))


def _places(content):
    """Everywhere a value is held: ``(holder, key)``, of all depths alike."""
    items = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    for key, value in items:
        yield content, key
        yield from _places(value)


def _nested(depth):
    value = "deep"
    for _level in range(depth):
        value = {"value": [value]}
    return value


def replace_body(response, body):
    """Have an answer that was read be another one, which comes over the network."""
    response.headers["Content-Length"] = str(len(body))
    response.raw = urllib3.HTTPResponse(
        io.BytesIO(body), response.headers, response.status_code, preload_content=False
    )


class OddAnswers:
    """For a test case: one record of Tribe has odd values, as long as that lasts."""

    odd = None

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        response = super()._request_handler(session, request, **options)
        if cls.odd and f"/{cls.odd[0]}?" in request.url and response.ok:
            _entity_set, tribe_id, values = cls.odd
            content = response.json()
            for row in content["value"]:
                if row["ID"] == tribe_id:
                    row.update(values)
            replace_body(response, json.dumps(content).encode())
        return response

    @contextlib.contextmanager
    def answering(self, entity_set, tribe_id, values):
        """Where Tribe sends this record of a set, it has these values."""
        type(self).odd = entity_set, tribe_id, values
        try:
            yield
        finally:
            type(self).odd = None
