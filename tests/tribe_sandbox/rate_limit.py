"""Tribe's rate limit: a sliding window per client. docs/tribe-api.md."""

import threading
import time
from collections import defaultdict, deque


class RateLimiter:
    """Counts the calls of each client within the window that the switches set."""

    def __init__(self, switches):
        self._switches = switches
        self._lock = threading.Lock()
        self._calls = defaultdict(deque)

    def admit(self, client):
        """Take one call of *client* into account and tell whether it is allowed."""
        with self._lock:
            now = time.monotonic()
            calls = self._calls[client]
            while calls and calls[0] <= now - self._switches.rate_window:
                calls.popleft()
            allowed = len(calls) < self._switches.rate_limit
            if allowed or self._switches.rate_counts_refused:
                calls.append(now)
            return allowed

    def reset(self):
        """Forget all calls."""
        with self._lock:
            self._calls.clear()
