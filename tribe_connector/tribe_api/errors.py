"""What can go wrong between us and Tribe, one class per remedy.

``str(error)`` is a sentence for a person: it names the cause and the remedy, and never holds a
secret, a token or the body of a request.
"""

from __future__ import annotations

from ..sentence import Sentence, sentence

# Tribe developer site, rate limits: after a 429, wait at least one minute.
RATE_LIMIT_PAUSE = 60.0


class TribeError(Exception):
    """Every failure of this package.

    ``retry_after`` is the number of seconds to wait before another try, or ``None`` when Tribe
    gave no hint. ``outcome_unknown`` is true when a write may have been applied all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ):
        super().__init__(message)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class TribeUnavailable(TribeError):
    """Nothing usable came back: no network, a time-out, a server error, an unreadable answer."""


class TribeRecordUnreadable(TribeUnavailable):
    """Tribe is there, but one of the records that it sent is not what was asked for."""


class TribeEndless(TribeUnavailable):
    """A listing that never ends. Each of its pages was an answer, so it counts by itself."""


class TribeRateLimited(TribeUnavailable):
    """Tribe answered 429. ``retry_after`` is at least ``pause`` seconds."""

    retry_after: float

    def __init__(
        self, message: str, *, retry_after: float | None = None, pause: float = RATE_LIMIT_PAUSE
    ):
        super().__init__(message, retry_after=max(pause, retry_after or 0.0))


class TribePaused(TribeUnavailable):
    """No call was made: all calls of this connection wait for a moment."""


class TribeRefused(TribeError):
    """Tribe understood the request and said no. ``detail`` is Tribe's own message, or empty."""

    def __init__(self, message: str, *, status: int, detail: str = ""):
        super().__init__(message)
        self.status = status
        self.detail = detail


class TribeNotFound(TribeRefused):
    """The record does not exist in Tribe, or no longer."""


class TribeUnknownSet(TribeRefused):
    """The tenant has no such entity set: a module is missing."""


class TribeUnauthorized(TribeRefused):
    """The token was refused even after a renewal, or lacks the rights."""


class TribeCredentialsRefused(TribeError):
    """The authorization server refused the client ID, the secret, the scope or the grant."""


class TribeSignInEnded(TribeCredentialsRefused):
    """The code or the refresh token is spent, expired or revoked: a person must sign in again."""


class TribeProofRefused(TribeCredentialsRefused):
    """Tribe did not take the proof of PKCE (RFC 7636): the next sign-in leaves it out."""


class TribeWriteForbidden(TribeError):
    """The connection's mode forbids this request. Nothing was sent."""


class TribeAddressInvalid(TribeError):
    """An address is not one that secrets may be sent to. Nothing was sent."""


def with_what_tribe_said(refusal: Sentence, said: str) -> Sentence:
    """A refusal with Tribe's own words behind it, if there are any."""
    return sentence("tribe_says", sentence=refusal, said=said.rstrip(". ")) if said else refusal
