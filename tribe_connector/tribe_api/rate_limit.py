"""The door that every call to Tribe's API goes through.

Tribe developer site, rate limits: 1,000 calls a minute per application and environment.
"""

from __future__ import annotations

from typing import Protocol

from .errors import TribeError


class Limiter(Protocol):
    """Shares Tribe's allowance among all who use it, and remembers whether Tribe is there."""

    def acquire(self) -> None:
        """Wait for a place for one call. May raise ``TribePaused`` instead of waiting."""

    def note_rate_limited(self, retry_after: float) -> None:
        """Tribe answered 429: no call before this many seconds have passed."""

    def note_answer(self) -> None:
        """Tribe answered something sensible, be it a refusal."""

    def note_failure(self, error: TribeError) -> None:
        """Nothing usable came back, or we cannot sign in."""


class NoLimit:
    """For tests and for single calls by hand."""

    def acquire(self) -> None:
        """Never waits."""

    def note_rate_limited(self, retry_after: float) -> None:
        """Remembers nothing."""

    def note_answer(self) -> None:
        """Remembers nothing."""

    def note_failure(self, error: TribeError) -> None:
        """Remembers nothing."""
