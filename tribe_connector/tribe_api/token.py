"""Access tokens from Tribe's authorization server (OAuth2, ORY Hydra)."""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from ..hidden_characters import without_hidden
from ..sentence import Sentence, sentence
from .addresses import Addresses
from .bounds import TOKEN_BYTES
from .content import blotted, detail, parsed_json
from .deadline import Answer
from .errors import (
    RATE_LIMIT_PAUSE,
    TribeCredentialsRefused,
    TribeProofRefused,
    TribeSignInEnded,
    TribeUnavailable,
    with_what_tribe_said,
)
from .session import Session
from .transport import LONGEST_EXCHANGE_SECONDS, is_header_safe, no_auth, reading, send

# Only used when nothing says; a token that ends earlier is renewed after a 401.
ASSUMED_LIFETIME = 3600.0
# Of what a token says of itself, which nobody has proven.
LONGEST_LIFETIME_IN_TOKEN = 24 * 3600.0
# Tribe developer site, authentication: the state has at least 8 characters.
SHORTEST_STATE = 8
# Without it Tribe gives no refresh token (ORY Hydra).
OFFLINE = "offline"
# What a token request can use up: it is not simply sent again.
_SPENT_BY_USE = ("code", "refresh_token")
_SHOWN_LENGTH = 300


@dataclass(frozen=True)
class Token:
    """An access token. ``expires_at`` is in seconds since the epoch; ``repr`` shows no secret.

    ``end_told`` is what told when it ends: ``expires_in``, ``jwt`` (the token itself) or
    ``nothing``; ``lifetime`` are its seconds.
    """

    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    scope: str = ""
    lifetime: float = ASSUMED_LIFETIME
    end_told: str = "nothing"

    def is_fresh(self, now: float, margin: float = 60.0) -> bool:
        """Whether the token is still good at ``now`` (epoch seconds) plus ``margin`` seconds."""
        return now + margin < self.expires_at


def request_token(
    session: Session,
    addresses: Addresses,
    *,
    client_id: str,
    client_secret: str,
    scope: str = "",
    seconds: float = LONGEST_EXCHANGE_SECONDS,
    rate_limit_pause: float = RATE_LIMIT_PAUSE,
) -> Token:
    """A token for the application itself (client credentials).

    Credentials go in the form body and an empty scope is left out (Tribe developer site, getting
    started with Postman). Raises ``TribeCredentialsRefused``, ``TribeUnavailable`` or
    ``TribeAddressInvalid``.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }
    if scope.strip():
        form["scope"] = " ".join(scope.split())
    return _granted(session, addresses, form, seconds, rate_limit_pause)


def new_code_verifier() -> str:
    """A secret of one sign-in (PKCE, RFC 7636): the code is good only together with it."""
    return secrets.token_urlsafe(64)


def consent_address(
    addresses: Addresses,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    scope: str = "",
    code_verifier: str = "",
) -> str:
    """Where a person's browser goes to let this application in (authorization code).

    ``redirect_uri`` must be registered in Tribe, letter by letter. `offline` is added to the
    scope. With a ``code_verifier`` its hash goes along, and ``exchange_code`` must be given the
    same. Raises ``TribeAddressInvalid``, and ``ValueError`` for a state that Tribe refuses.
    """
    addresses.check_transport()
    if len(state) < SHORTEST_STATE:
        raise ValueError("the state is too short")
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(dict.fromkeys([*scope.split(), OFFLINE])),
        "state": state,
    }
    if code_verifier:
        query |= {"code_challenge": _challenge(code_verifier), "code_challenge_method": "S256"}
    return f"{addresses.consent}?{urlencode(query, quote_via=quote)}"


def exchange_code(
    session: Session,
    addresses: Addresses,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str,
    code_verifier: str = "",
    seconds: float = LONGEST_EXCHANGE_SECONDS,
    rate_limit_pause: float = RATE_LIMIT_PAUSE,
) -> Token:
    """The tokens for a code that came back from the consent page; a code is good once.

    Raises as ``request_token``, ``TribeSignInEnded`` for a code that is spent or expired, and
    ``TribeProofRefused`` when the sign-in may go well without a ``code_verifier``.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    if code_verifier:
        form["code_verifier"] = code_verifier
    return _granted(session, addresses, form, seconds, rate_limit_pause)


def _challenge(code_verifier: str) -> str:
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def consent_refusal(
    error: str, description: str = "", hint: str = "", *, with_proof: bool = False
) -> TribeCredentialsRefused:
    """The error for which Tribe sent a person back without a code, as a sentence.

    ``with_proof`` says whether the request had a ``code_verifier``.
    """
    code = error[:60] if error.replace("_", "").isalpha() else ""
    said = " ".join(without_hidden(hint or description).split())[:_SHOWN_LENGTH]
    if with_proof and code == _UNREADABLE:
        return TribeProofRefused(_with_reason(_PROOF_REFUSED, code, said))
    meaning = _CONSENT_MEANINGS.get(code, sentence("sign_in_refused"))
    return TribeCredentialsRefused(_with_reason(meaning, code, said))


def refresh_token(
    session: Session,
    addresses: Addresses,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    seconds: float = LONGEST_EXCHANGE_SECONDS,
    rate_limit_pause: float = RATE_LIMIT_PAUSE,
) -> Token:
    """A new token for a refresh token, which Tribe rotates: the one that comes back replaces it.

    Raises as ``request_token``, and ``TribeSignInEnded`` for one that is spent or revoked; with
    ``outcome_unknown`` the old refresh token may be spent.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    return _granted(session, addresses, form, seconds, rate_limit_pause)


def _granted(
    session: Session,
    addresses: Addresses,
    form: dict[str, str],
    seconds: float,
    rate_limit_pause: float,
) -> Token:
    addresses.check_transport()
    asked_at = time.time()
    answer = send(
        session,
        "POST",
        addresses.token,
        seconds=seconds,
        most_bytes=TOKEN_BYTES,
        changes_something=_spends(form),
        auth=no_auth,
        headers={"Accept": "application/json"},
        data=form,
        rate_limit_pause=rate_limit_pause,
    )
    with reading(addresses.token, _spends(form)):
        if answer.status >= 400:
            raise _refusal(answer, form)
        return _token(answer, form, asked_at)


def _token(answer: Answer, form: dict[str, str], asked_at: float) -> Token:
    try:
        content = parsed_json(answer.body)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not is_header_safe(content.get("access_token")):
        raise TribeUnavailable(
            sentence("no_token_in_answer"),
            outcome_unknown=_spends(form),
        )
    renewed = content.get("refresh_token")
    scope = content.get("scope")
    lifetime, end_told = _lifetime(content, asked_at)
    return Token(
        access_token=content["access_token"],
        expires_at=asked_at + lifetime,
        refresh_token=renewed if isinstance(renewed, str) else form.get("refresh_token"),
        scope=scope if isinstance(scope, str) else form.get("scope", ""),
        lifetime=lifetime,
        end_told=end_told,
    )


def _spends(form: dict[str, str]) -> bool:
    return any(name in form for name in _SPENT_BY_USE)


def _lifetime(content: Mapping, asked_at: float) -> tuple[float, str]:
    """How many seconds a token lives, and what tells it."""
    seconds = _finite(content.get("expires_in"))
    if seconds is not None:
        return max(seconds, 0.0), "expires_in"
    claims = _claims(content["access_token"])
    ends_at = _finite(claims.get("exp"))
    begins_at = _finite(claims.get("iat"))
    # By Tribe's own clock where it tells both.
    seconds = (ends_at or 0.0) - (asked_at if begins_at is None else begins_at)
    if seconds > 0:
        return min(seconds, LONGEST_LIFETIME_IN_TOKEN), "jwt"
    return ASSUMED_LIFETIME, "nothing"


def _claims(token: str) -> Mapping:
    """What a JWT says of itself; nothing of any other token. Its signature is Tribe's affair."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = parsed_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _finite(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


_MEANINGS = {
    "invalid_client": sentence("token_invalid_client"),
    "unauthorized_client": sentence("token_unauthorized_client"),
    "unsupported_grant_type": sentence("token_unsupported_grant"),
    "invalid_scope": sentence("token_invalid_scope"),
    "access_denied": sentence("token_access_denied"),
    "invalid_request": sentence("token_invalid_request"),
}
_ENDED = {
    "refresh_token": sentence("token_refresh_ended"),
    "code": sentence("token_code_ended"),
}
_CONSENT_MEANINGS = {
    "access_denied": sentence("consent_access_denied"),
    "invalid_scope": sentence("consent_invalid_scope"),
}
# How a server answers a parameter that it does not know.
_UNREADABLE = "invalid_request"
_PROOF_REFUSED = sentence("consent_invalid_request")
# Not a refusal but a failure of the server (RFC 6749, section 4.1.2.1).
_TRANSIENT = ("server_error", "temporarily_unavailable")


def _refusal(answer: Answer, form: dict[str, str]) -> TribeCredentialsRefused | TribeUnavailable:
    hidden = [form.get(name, "") for name in ("client_secret", "code_verifier", *_SPENT_BY_USE)]
    code = _error_code(answer, *hidden)
    if code in _TRANSIENT or (code is None and answer.status not in (401, 403)):
        return TribeUnavailable(
            sentence(
                "token_refused_without_reason",
                status=answer.status,
            )
        )
    said = detail(answer.body, *hidden)
    if code == _UNREADABLE and "code_verifier" in form:
        return TribeProofRefused(_with_reason(_PROOF_REFUSED, code, said))
    spent = next((name for name in _SPENT_BY_USE if name in form), None)
    if code == "invalid_grant" and spent:
        return TribeSignInEnded(_with_reason(_ENDED[spent], code, said))
    return TribeCredentialsRefused(
        _with_reason(_meaning(code or "invalid_client"), code or "", said)
    )


def _with_reason(refusal: Sentence, code: str, said: str) -> Sentence:
    return with_what_tribe_said(refusal, code and (said or code))


def _meaning(code: str) -> Sentence:
    # Seen at Tribe: a scope that the application lacks is answered with invalid_grant.
    known = "invalid_scope" if code == "invalid_grant" else code
    return _MEANINGS.get(
        known,
        sentence("token_refused"),
    )


def _error_code(answer: Answer, *secrets: str) -> str | None:
    try:
        content = parsed_json(answer.body)
    except ValueError:
        return None
    code = content.get("error") if isinstance(content, dict) else None
    if not isinstance(code, str) or not code.replace("_", "").isalpha():
        return None
    return blotted(code[:60], *secrets)
