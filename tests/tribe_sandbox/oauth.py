"""The authorization server. docs/tribe-api.md."""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

SHORTEST_STATE = 8


class OAuthError(Exception):
    """A refused token request: an HTTP status and the OAuth2 error fields."""

    def __init__(self, status, error, description):
        super().__init__(description)
        self.status = status
        self._error = error
        self._description = description

    def body(self):
        """Return the JSON shape that ORY Hydra writes."""
        return {
            "error": self._error,
            "error_description": self._description,
            "error_hint": self._description,
            "status_code": self.status,
        }


class NowhereToReturn(Exception):
    """An authorization request that names no client or address to go back to: a page says so."""


class Refused(Exception):
    """A wrong authorization request; ``address`` takes the browser back with the reason."""

    def __init__(self, address):
        super().__init__("refused")
        self.address = address


@dataclass(frozen=True)
class Consent:
    """What an application asks a person for."""

    redirect_uri: str
    scope: str
    state: str
    code_challenge: str = ""


@dataclass
class Family:
    """All tokens that descend from one consent. Once revoked none of them is good any more."""

    scope: str
    revoked: bool = False


@dataclass
class Code:
    """An authorization code: good once, and not for long."""

    redirect_uri: str
    family: Family
    expiry: float
    code_challenge: str = ""
    used: bool = False


@dataclass
class RefreshToken:
    """A refresh token: good once, as each use gives the next one."""

    family: Family
    used: bool = False


@dataclass(frozen=True)
class AccessToken:
    """An access token and when it ends (monotonic seconds)."""

    family: Family
    expiry: float


@dataclass
class Issued:
    """Everything that was handed out and may still come back, by its text."""

    consents: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    refresh_tokens: dict = field(default_factory=dict)
    access_tokens: dict = field(default_factory=dict)


class AuthorizationServer:
    """Hands out and checks tokens. All state is in memory: a reset or restart forgets it."""

    def __init__(self, client_id, client_secret, switches):
        self.client_id = client_id
        self.client_secret = client_secret
        self._switches = switches
        self._lock = threading.Lock()
        self.revoke_all()

    def revoke_all(self):
        """Forget every token, refresh token, code and question to a person."""
        self._issued = Issued()

    def expire_access_tokens(self):
        """End all access tokens, as time would; refresh tokens stay good."""
        self._issued.access_tokens = {}

    def client_of(self, access_token):
        """Return the client that a live access token belongs to, or None."""
        token = self._issued.access_tokens.get(access_token)
        if token is None or token.family.revoked or time.monotonic() >= token.expiry:
            return None
        return self.client_id

    # --- the consent page ---------------------------------------------------------------------

    def ask(self, query):
        """Take an authorization request (dict). Returns ``(challenge, Consent)`` to show a person.

        Raises NowhereToReturn when nobody may be redirected, and Refused with the address to
        redirect to when the request itself is wrong.
        """
        consent = Consent(
            self._registered_uri(query),
            query.get("scope", ""),
            query.get("state", ""),
            query.get("code_challenge", "") if self._checks_proofs() else "",
        )
        problem = self._authorization_problem(query, consent)
        if problem:
            raise Refused(_refusal(consent, *problem))
        challenge = secrets.token_urlsafe(24)
        self._issued.consents[challenge] = consent
        return challenge, consent

    def decide(self, challenge, is_allowed):
        """Take a person's answer, once. Returns the address to redirect to.

        Raises NowhereToReturn for a question that was not asked or is already answered.
        """
        with self._lock:
            consent = self._issued.consents.pop(challenge, None)
            if consent is None:
                raise NowhereToReturn("This question was already answered. Begin again.")
            if not is_allowed:
                return _refusal(consent, "access_denied", "The resource owner denied the request.")
            return _returning(consent, {"code": self._new_code(consent), "scope": consent.scope})

    def _registered_uri(self, query):
        if query.get("client_id") != self.client_id:
            raise NowhereToReturn("The application is not known: its client_id is wrong.")
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri not in self._switches.redirect_uris:
            raise NowhereToReturn(
                f"The redirect_uri '{redirect_uri}' is not registered with the application."
            )
        return redirect_uri

    def _authorization_problem(self, query, consent):
        if len(consent.state) < SHORTEST_STATE:
            return "invalid_state", "The state must have at least 8 characters."
        if query.get("response_type") != "code":
            return "unsupported_response_type", "The response type must be 'code'."
        if self._refused_scopes(consent.scope):
            return "invalid_scope", "A scope is not configured for this application."
        return self._challenge_problem(query)

    def _challenge_problem(self, query):
        given = "code_challenge" in query or "code_challenge_method" in query
        if self._switches.pkce == "refused" and given:
            return "invalid_request", "The parameter 'code_challenge' is not known."
        if self._switches.pkce == "required" and not given:
            return "invalid_request", "Clients must include a code_challenge."
        if given and self._checks_proofs() and query.get("code_challenge_method") != "S256":
            return "invalid_request", "The code_challenge_method must be 'S256'."
        return None

    def _checks_proofs(self):
        return self._switches.pkce in ("required", "checked")

    def _new_code(self, consent):
        code = secrets.token_urlsafe(24)
        expiry = time.monotonic() + self._switches.code_lifetime
        self._issued.codes[code] = Code(
            consent.redirect_uri, Family(consent.scope), expiry, consent.code_challenge
        )
        return code

    # --- tokens -------------------------------------------------------------------------------

    def token(self, form):
        """Answer a token request (dict of form fields); raises OAuthError."""
        with self._lock:
            self._check_client(form)
            grants = {
                "client_credentials": self._client_credentials,
                "authorization_code": self._authorization_code,
                "refresh_token": self._refresh,
            }
            grant = grants.get(form.get("grant_type"))
            if grant is None:
                raise OAuthError(400, "unsupported_grant_type", "The grant type is not supported.")
            return grant(form)

    def _check_client(self, form):
        known = form.get("client_id") == self.client_id
        if not known or not secrets.compare_digest(
            form.get("client_secret", "").encode(), self.client_secret.encode()
        ):
            raise OAuthError(401, "invalid_client", "Client authentication failed")

    def _client_credentials(self, form):
        scope = form.get("scope", "")
        if self._refused_scopes(scope):
            error = self._switches.refused_scope_error
            raise OAuthError(400, error, "A scope is not configured for this application.")
        return self._issue(Family(scope))

    def _refused_scopes(self, scope):
        return set(scope.split()) - set(self._switches.allowed_scopes)

    def _authorization_code(self, form):
        code = self._issued.codes.get(form.get("code"))
        if code is None or code.redirect_uri != form.get("redirect_uri"):
            raise OAuthError(400, "invalid_grant", "The code is unknown or not for this URI.")
        if time.monotonic() >= code.expiry:
            raise OAuthError(400, "invalid_grant", "The code has expired.")
        self._check_verifier(code, form.get("code_verifier", ""))
        self._spend(code, "The code was used before.")
        return self._issue_with_refresh(code.family)

    def _check_verifier(self, code, verifier):
        if self._switches.pkce.startswith("refused") and verifier:
            raise OAuthError(400, "invalid_request", "The parameter 'code_verifier' is not known.")
        if not code.code_challenge:
            return
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not 43 <= len(verifier) <= 128 or challenge != code.code_challenge:
            raise OAuthError(400, "invalid_grant", "The PKCE code challenge did not match.")

    def _refresh(self, form):
        token = self._issued.refresh_tokens.get(form.get("refresh_token"))
        if token is None or token.family.revoked:
            raise OAuthError(400, "invalid_grant", "The refresh token is unknown or revoked.")
        self._spend(token, "The refresh token was used before.")
        return self._issue_with_refresh(token.family)

    @staticmethod
    def _spend(once, complaint):
        """Use a code or refresh token. A second use is a theft: the whole family is revoked."""
        if once.used:
            once.family.revoked = True
            raise OAuthError(400, "invalid_grant", complaint)
        once.used = True

    def _issue_with_refresh(self, family):
        answer = self._issue(family)
        if "offline" in family.scope.split():
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self._issued.refresh_tokens[answer["refresh_token"]] = RefreshToken(family)
        return answer

    def _issue(self, family):
        lifetime = self._switches.expires_in
        is_jwt = self._switches.token_style == "jwt"
        token = _jwt(lifetime) if is_jwt else secrets.token_urlsafe(32)
        self._issued.access_tokens[token] = AccessToken(family, time.monotonic() + lifetime)
        return {
            "access_token": token,
            "token_type": "bearer",
            **({} if is_jwt else {"expires_in": lifetime}),
            "scope": family.scope,
        }


def _jwt(lifetime):
    """Return a token that says itself when it ends; nobody but its issuer can check its end."""
    now = int(time.time())
    claims = {"iat": now, "exp": now + lifetime, "jti": secrets.token_urlsafe(16)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in encoded), secrets.token_urlsafe(32)])


def _refusal(consent, error, description):
    return _returning(
        consent, {"error": error, "error_description": description, "error_hint": description}
    )


def _returning(consent, answer):
    separator = "&" if "?" in consent.redirect_uri else "?"
    return f"{consent.redirect_uri}{separator}{urlencode({**answer, 'state': consent.state})}"
