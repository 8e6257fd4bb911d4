"""Counts and remembers API calls, for tests that care how many there were."""

import threading
from collections import Counter, deque

from . import moments

KEPT_CALLS = 2000
WRITING_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class CallLog:
    """What reached /v1/ and /oauth2/ since the last reset. The control API is not counted."""

    def __init__(self):
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        """Start counting anew."""
        with self._lock:
            self._by = Counter()
            self._writes = 0
            self._tokens = 0
            self._refused = 0
            self._log = deque(maxlen=KEPT_CALLS)

    def record(self, method, path, query, body):
        """Count one request that came in; returns its entry, in which ``answer`` is noted later.

        Token requests carry secrets, so they are counted and not kept.
        """
        call = {"method": method, "path": path, "query": query, "at": moments.now()}
        with self._lock:
            if path.startswith("/oauth2/"):
                self._tokens += 1
                return call
            self._by[f"{method} {call_name(path)}"] += 1
            if path.startswith("/v1/odata/") and method in WRITING_METHODS:
                self._writes += 1
            call["body"] = body.decode("utf-8", "replace")
            self._log.append(call)
        return call

    def record_refusal(self):
        """Count one call that was over the rate limit."""
        with self._lock:
            self._refused += 1

    def report(self):
        """Return the counts: total, by method and set, writes, token requests, refused calls."""
        with self._lock:
            return {
                "total": sum(self._by.values()),
                "by": dict(self._by),
                "writes": self._writes,
                "token_requests": self._tokens,
                "refused": self._refused,
            }

    def log(self):
        """Return the recent calls, oldest first: method, path, raw query, body, at and answer.

        ``answer`` is the HTTP status, or the kind of the fault that took its place.
        """
        with self._lock:
            return [dict(call) for call in self._log]


def call_name(path):
    """Return the set (or the last fixed part) that a path under /v1/ is about."""
    service, _, rest = path.removeprefix("/v1/").partition("/")
    return rest.partition("/")[0].partition("(")[0] if service == "odata" else service
