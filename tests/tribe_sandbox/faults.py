"""Misbehaviour on demand: answers that are lost, late, wrong or cut. docs/tribe-api.md.

A fault is chosen for each request that fits it, as often as it says.
"""

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field, fields

from werkzeug.wrappers import Response

KINDS = (
    *("lose_answer", "status", "timeout", "reset", "cut_body", "html", "slow"),
    *("empty", "broken_json", "drip", "repeat_rows", "moving_page"),
)
DEFAULT_SECONDS = {"timeout": 300.0, "slow": 2.0, "drip": 300.0}
DEFAULT_STATUS = {"status": 503, "html": 502, "empty": 200, "broken_json": 200}
HTML = "<html><head><title>{0}</title></head><body><h1>{0} Bad Gateway</h1></body></html>"
API_PATH = "/v1/"


class UnknownFault(ValueError):
    """The description of a fault has an unknown kind or field."""


class ConnectionCut(Exception):
    """Send *payload* as it is, then end the connection, with a reset or by closing it.

    It goes in pieces with a *wait* (a function) after each of them, in as many as *pieces* says.
    """

    def __init__(self, payload=b"", with_reset=False, pieces=1, wait=None):
        super().__init__("connection cut")
        self.payload = payload
        self.with_reset = with_reset
        self._pieces = pieces
        self._wait = wait

    def parts(self):
        """Yield the parts of the payload, each when its time has come."""
        size = max(1, -(-len(self.payload) // self._pieces))
        for start in range(0, len(self.payload), size):
            yield self.payload[start : start + size]
            if self._wait:
                self._wait()


@dataclass
class Fault:
    """What to do to which requests.

    ``path_contains`` is looked for in path and query; without it only API calls are meant.
    ``body_contains`` is looked for in the request's body. The first ``skip`` fitting requests are
    spared; after ``times`` (None: no end) the fault is spent. ``applied`` says whether the request
    is carried out before things go wrong. ``seconds`` is how long "slow" and "timeout" wait, and
    how long a "drip" takes for its whole answer, headers included, which comes in so many
    ``pieces`` (0: byte by byte). "repeat_rows" has a page show its first rows twice; "moving_page"
    has a later page skip a row, as when a row before it went away meanwhile.
    ``label`` is what the page that set it calls it.
    """

    kind: str
    method: str = ""
    path_contains: str = ""
    body_contains: str = ""
    times: int = 1
    skip: int = 0
    probability: float = 1.0
    status: int = 0
    seconds: float = 0.0
    pieces: int = 20
    headers: dict = field(default_factory=dict)
    body: str = ""
    applied: bool = False
    label: str = ""

    def fits(self, method, target, body):
        """Tell whether a request is meant."""
        if self.method and self.method.upper() != method:
            return False
        if self.body_contains and self.body_contains.encode() not in body:
            return False
        if self.path_contains:
            return self.path_contains in target
        return target.startswith(API_PATH)


def parse_fault(description):
    """Return the Fault that a dict describes; raises UnknownFault."""
    known = {one.name for one in fields(Fault)}
    unknown = set(description) - known
    if unknown or description.get("kind") not in KINDS:
        raise UnknownFault(f"A fault has a kind of {KINDS} and fields of {sorted(known)}.")
    # Null means "not given", but for the number of times, where it means "without end".
    given = {k: v for k, v in description.items() if v is not None or k == "times"}
    return Fault(**given)


class FaultInjector:
    """The faults that are set, and how each is carried out. ``struck``: how often, by method."""

    def __init__(self):
        self._lock = threading.Lock()
        self._cleared = threading.Event()
        self.struck = Counter()
        self.clear()

    def clear(self):
        """Forget all faults and let go of requests that are being held."""
        with self._lock:
            self._faults = []
            self._random = random.Random(0)
            self._cleared.set()
            self._cleared = threading.Event()

    def add(self, fault):
        """Set one more fault."""
        with self._lock:
            self._faults.append(fault)

    def pending(self):
        """Return the faults that may still strike."""
        with self._lock:
            return [fault for fault in self._faults if fault.times is None or fault.times > 0]

    def choose(self, method, target, body):
        """Return the first fault that strikes this request, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(method, target, body) and self._strikes(fault):
                    self.struck[method] += 1
                    return fault
        return None

    def _strikes(self, fault):
        if fault.times is not None and fault.times <= 0:
            return False
        if self._random.random() >= fault.probability:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.times is not None:
            fault.times -= 1
        return True

    def carry_out(self, fault, answer):
        """Return the Response to send instead, or raise ConnectionCut.

        *answer* carries out the request and returns its true Response.
        """
        return getattr(self, f"_{fault.kind}")(fault, answer)

    def _hold(self, fault):
        self._cleared.wait(fault.seconds or DEFAULT_SECONDS[fault.kind])

    def _lose_answer(self, fault, answer):
        answer()
        raise ConnectionCut()

    def _reset(self, fault, answer):
        if fault.applied:
            answer()
        raise ConnectionCut(with_reset=True)

    def _timeout(self, fault, answer):
        if fault.applied:
            answer()
        self._hold(fault)
        raise ConnectionCut()

    def _slow(self, fault, answer):
        self._hold(fault)
        return answer()

    def _cut_body(self, fault, answer):
        response = answer()
        body = response.get_data()
        raise ConnectionCut(head_bytes(response) + body[: len(body) // 2])

    def _drip(self, fault, answer):
        response = answer()
        payload = head_bytes(response) + response.get_data()
        pieces = fault.pieces or len(payload)
        pause = (fault.seconds or DEFAULT_SECONDS["drip"]) / pieces
        cleared = self._cleared
        raise ConnectionCut(
            payload,
            pieces=pieces,
            wait=lambda: cleared.wait(pause),
        )

    def _repeat_rows(self, _fault, answer):
        return _with_rows(answer(), lambda rows: rows + rows[:2])

    def _moving_page(self, _fault, answer):
        return _with_rows(answer(), lambda rows: rows[1:])

    def _status(self, fault, answer):
        message = {"error": {"code": None, "message": "The stand-in was told to fail."}}
        return self._replacement(fault, answer, json.dumps(message), "application/json")

    def _html(self, fault, answer):
        status = fault.status or DEFAULT_STATUS["html"]
        return self._replacement(fault, answer, HTML.format(status), "text/html")

    def _empty(self, fault, answer):
        return self._replacement(fault, answer, "", "application/json")

    def _broken_json(self, fault, answer):
        return self._replacement(fault, answer, '{"value":[{"ID":', "application/json")

    def _replacement(self, fault, answer, body, content_type):
        status = fault.status or DEFAULT_STATUS[fault.kind]
        if fault.applied:
            response = answer()
            # A refusal is never made to look like a success: nobody could tell.
            if response.status_code >= 400 > status:
                return response
        return Response(
            fault.body or body,
            status=status,
            headers=fault.headers,
            content_type=content_type,
        )


def _with_rows(response, change):
    """The same answer with other rows, where it has rows."""
    content = response.get_json(silent=True) if response.is_json else None
    if isinstance(content, dict) and isinstance(content.get("value"), list):
        response.set_data(json.dumps({**content, "value": change(content["value"])}))
    return response


def head_bytes(response):
    """Return status line and headers of a Response as they go over the wire."""
    lines = [f"HTTP/1.1 {response.status}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
