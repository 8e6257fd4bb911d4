"""The door that every call to Tribe's API goes through.

Tribe developer site, rate limits: 1,000 calls a minute per application and environment.
"""

from __future__ import annotations

from typing import Protocol


class Limiter(Protocol):
    """Shares Tribe's allowance among all who use it."""

    def acquire(self) -> None:
        """Wait for a place for one call. May raise ``TribeRateLimited`` instead of waiting."""

    def note_rate_limited(self, retry_after: float) -> None:
        """Tribe answered 429: no call before this many seconds have passed."""


class NoLimit:
    """For tests and for single calls by hand."""

    def acquire(self) -> None:
        """Never waits."""

    def note_rate_limited(self, retry_after: float) -> None:
        """Remembers nothing."""
