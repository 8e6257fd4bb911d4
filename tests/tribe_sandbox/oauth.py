"""The authorization server. docs/tribe-api.md 1.4, 1.5 and 1.7."""

import secrets
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode


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


@dataclass(frozen=True)
class Grant:
    """What a code or refresh token stands for."""

    scope: str
    redirect_uri: str = ""


class AuthorizationServer:
    """Hands out and checks tokens. All state is in memory: a reset or restart forgets it."""

    def __init__(self, client_id, client_secret, switches):
        self.client_id = client_id
        self.client_secret = client_secret
        self._switches = switches
        self._lock = threading.Lock()
        self.revoke_all()

    def revoke_all(self):
        """Forget every token, refresh token and code."""
        self._tokens = {}
        self._refresh_tokens = {}
        self._codes = {}

    def client_of(self, access_token):
        """Return the client that a live access token belongs to, or None."""
        expiry = self._tokens.get(access_token, 0.0)
        return self.client_id if time.monotonic() < expiry else None

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

    def authorize(self, query):
        """Answer an authorization request (dict) with the address to redirect to.

        Consent is given at once. Raises OAuthError when there is nowhere to redirect to.
        """
        if query.get("client_id") != self.client_id:
            raise OAuthError(401, "invalid_client", "The client is unknown.")
        redirect_uri = query.get("redirect_uri")
        if not redirect_uri:
            raise OAuthError(400, "invalid_request", "The redirect_uri is missing.")
        state = query.get("state", "")
        problem = self._authorization_problem(query, state)
        if problem:
            answer = {
                "error": problem[0],
                "error_description": problem[1],
                "error_hint": problem[1],
            }
        else:
            answer = {"code": self._new_code(query, redirect_uri)}
        separator = "&" if "?" in redirect_uri else "?"
        return f"{redirect_uri}{separator}{urlencode({**answer, 'state': state})}"

    def _authorization_problem(self, query, state):
        if len(state) < 8:
            return "invalid_state", "The state must have at least 8 characters."
        if query.get("response_type") != "code":
            return "unsupported_response_type", "The response type must be 'code'."
        if self._refused_scopes(query.get("scope", "")):
            return "invalid_scope", "A scope is not configured for this application."
        return None

    def _new_code(self, query, redirect_uri):
        code = secrets.token_urlsafe(24)
        self._codes[code] = Grant(query.get("scope", ""), redirect_uri)
        return code

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
        return self._issue(Grant(scope))

    def _refused_scopes(self, scope):
        return set(scope.split()) - set(self._switches.allowed_scopes)

    def _authorization_code(self, form):
        grant = self._codes.pop(form.get("code"), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri"):
            raise OAuthError(400, "invalid_grant", "The code is unknown, used or not for this URI.")
        return self._issue_with_refresh(grant)

    def _refresh(self, form):
        grant = self._refresh_tokens.pop(form.get("refresh_token"), None)
        if grant is None:
            raise OAuthError(400, "invalid_grant", "The refresh token is unknown or was used.")
        return self._issue_with_refresh(grant)

    def _issue_with_refresh(self, grant):
        answer = self._issue(grant)
        if "offline" in grant.scope.split():
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self._refresh_tokens[answer["refresh_token"]] = grant
        return answer

    def _issue(self, grant):
        token = secrets.token_urlsafe(32)
        lifetime = self._switches.expires_in
        self._tokens[token] = time.monotonic() + lifetime
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": lifetime,
            "scope": grant.scope,
        }
