"""Access tokens from Tribe's authorization server (OAuth2, ORY Hydra)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import requests

from .addresses import Addresses
from .errors import TribeCredentialsRefused, TribeUnavailable
from .transport import Answer, detail, is_header_safe, no_auth, parsed_json, send

# Only used when the answer does not say; a token that ends earlier is renewed after a 401.
ASSUMED_LIFETIME = 3600.0


@dataclass(frozen=True)
class Token:
    """An access token. ``expires_at`` is in seconds since the epoch; ``repr`` shows no secret."""

    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    scope: str = ""

    def is_fresh(self, now: float, margin: float = 60.0) -> bool:
        """Whether the token is still good at ``now`` (epoch seconds) plus ``margin`` seconds."""
        return now + margin < self.expires_at


def request_token(
    session: requests.Session,
    addresses: Addresses,
    *,
    client_id: str,
    client_secret: str,
    scope: str = "",
    timeout: tuple[float, float] = (10.0, 60.0),
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
    return _granted(session, addresses, form, timeout)


def refresh_token(
    session: requests.Session,
    addresses: Addresses,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    timeout: tuple[float, float] = (10.0, 60.0),
) -> Token:
    """A new token for a refresh token, which Tribe rotates: the one that comes back replaces it.

    Raises as ``request_token``; with ``outcome_unknown`` the old refresh token may be spent.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    return _granted(session, addresses, form, timeout)


def _granted(
    session: requests.Session,
    addresses: Addresses,
    form: dict[str, str],
    timeout: tuple[float, float],
) -> Token:
    addresses.check_transport()
    asked_at = time.time()
    answer = send(
        session,
        "POST",
        addresses.token,
        timeout=timeout,
        changes_something="refresh_token" in form,
        auth=no_auth,
        headers={"Accept": "application/json"},
        data=form,
    )
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
            "The sign-in address did not answer with a token. Check that it is Tribe's "
            "authorization server, such as https://auth.tribecrm.nl.",
            outcome_unknown="refresh_token" in form,
        )
    renewed = content.get("refresh_token")
    scope = content.get("scope")
    return Token(
        access_token=content["access_token"],
        expires_at=asked_at + _lifetime(content.get("expires_in")),
        refresh_token=renewed if isinstance(renewed, str) else form.get("refresh_token"),
        scope=scope if isinstance(scope, str) else form.get("scope", ""),
    )


def _lifetime(expires_in: object) -> float:
    try:
        seconds = float(expires_in)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ASSUMED_LIFETIME
    return max(seconds, 0.0) if math.isfinite(seconds) else ASSUMED_LIFETIME


_MEANINGS = {
    "invalid_client": (
        "Tribe does not accept the client ID with this client secret. Copy both again from the "
        "application in Tribe (Configuration, Applications)."
    ),
    "unauthorized_client": (
        "The application in Tribe is not allowed to sign in this way. Give it the Client "
        "Credentials flow in Tribe (Configuration, Applications)."
    ),
    "unsupported_grant_type": (
        "Tribe does not offer this way to sign in. Check that the sign-in address is Tribe's "
        "authorization server, such as https://auth.tribecrm.nl."
    ),
    "invalid_scope": (
        "The application in Tribe may not ask for this scope. Remove `offline` from the scope, "
        "or leave the scope empty."
    ),
    "access_denied": (
        "Tribe denies access to this application. Let a Tribe administrator check the "
        "application in Tribe (Configuration, Applications)."
    ),
    "invalid_request": (
        "Tribe could not read the request for a token. Check the client ID, the secret and the "
        "scope of the connection."
    ),
}
_REFRESH_REFUSED = "The sign-in with Tribe has ended or was withdrawn. Connect to Tribe again."
# Not a refusal but a failure of the server (RFC 6749, section 4.1.2.1).
_TRANSIENT = ("server_error", "temporarily_unavailable")


def _refusal(answer: Answer, form: dict[str, str]) -> TribeCredentialsRefused | TribeUnavailable:
    code = _error_code(answer)
    if code in _TRANSIENT or (code is None and answer.status not in (401, 403)):
        return TribeUnavailable(
            f"The sign-in address answered HTTP {answer.status} without a reason. Check that it is "
            "Tribe's authorization server, such as https://auth.tribecrm.nl."
        )
    sentence = _meaning(code or "invalid_client", form)
    said = detail(answer.body, form["client_secret"], form.get("refresh_token", ""))
    return TribeCredentialsRefused(
        f"{sentence} Tribe says: {code}. {said}".strip() if code else sentence
    )


def _meaning(code: str, form: dict[str, str]) -> str:
    if code == "invalid_grant":
        # Seen at Tribe: a scope that the application lacks is answered with invalid_grant.
        code = "invalid_scope"
        if "refresh_token" in form:
            return _REFRESH_REFUSED
    return _MEANINGS.get(
        code,
        "Tribe refused to give a token. Check the application in Tribe (Configuration, "
        "Applications).",
    )


def _error_code(answer: Answer) -> str | None:
    try:
        content = parsed_json(answer.body)
    except ValueError:
        return None
    code = content.get("error") if isinstance(content, dict) else None
    return code[:60] if isinstance(code, str) and code.replace("_", "").isalpha() else None
