"""Access tokens, kept in the credential and renewed by one worker at a time."""

import time

from ..tribe_api import (
    Token,
    TribeCredentialsRefused,
    TribeUnavailable,
    create_session,
    request_token,
)
from .lease import Leases

RENEWAL_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = (10.0, 30.0)


class StoredTokens:
    """Gives the client the token of a connection (the ``TokenProvider`` of tribe_api).

    Everything happens in cursors of its own: a renewed token must survive the roll-back of the
    work that needed it.
    """

    def __init__(self, connection):
        self._registry = connection.env.registry
        self._connection_id = connection.id
        self._connection_name = connection.name
        self._addresses = connection._addresses()
        self._token: Token | None = None

    def access_token(self) -> str:
        """A token that is good for at least a minute.

        :raises TribeCredentialsRefused: when Tribe does not accept the client ID and secret.
        """
        if not (self._token and self._token.is_fresh(time.time())):
            self._token = self._stored_or_new(refused=None)
        return self._token.access_token

    def renew(self, refused: str) -> str:
        """Another token than the refused one, which Tribe answered with 401."""
        self._token = self._stored_or_new(refused=refused)
        return self._token.access_token

    def _stored_or_new(self, refused: str | None) -> Token:
        stored, _credential = self._read()
        if self._is_usable(stored, refused):
            return stored
        with Leases(self._registry) as leases:
            if not leases.wait_for(f"{self._connection_id}:token", RENEWAL_WAIT_SECONDS):
                raise TribeUnavailable("Another worker is renewing the access token; wait a bit.")
            # Read again: whoever held the lease may have renewed it.
            stored, credential = self._read()
            if self._is_usable(stored, refused):
                return stored
            return self._request_and_store(credential)

    def _request_and_store(self, credential: dict) -> Token:
        if not credential["client_id"] or not credential["client_secret"]:
            raise TribeCredentialsRefused(
                f"The connection “{self._connection_name}” has no client ID or no client secret: "
                "enter both, as Tribe shows them under Configuration > Applications."
            )
        with create_session() as session:
            token = request_token(
                session,
                self._addresses,
                client_id=credential["client_id"],
                client_secret=credential["client_secret"],
                scope=credential["scope"] or "",
                timeout=TIMEOUT_SECONDS,
            )
        self._store(token)
        return token

    def _read(self) -> tuple[Token | None, dict]:
        with self._registry.cursor() as cursor:
            cursor.execute(
                """SELECT client_id, client_secret, scope, access_token, token_expires_at
                     FROM tribe_credential WHERE connection_id = %s""",
                [self._connection_id],
            )
            credential = cursor.dictfetchone() or dict.fromkeys(
                ("client_id", "client_secret", "scope", "access_token")
            )
        if not credential["access_token"]:
            return None, credential
        token = Token(
            credential["access_token"],
            credential["token_expires_at"] or 0,
            None,
            credential["scope"] or "",
        )
        return token, credential

    def _store(self, token: Token) -> None:
        with self._registry.cursor() as cursor:
            cursor.execute(
                """UPDATE tribe_credential SET access_token = %s, token_expires_at = %s
                    WHERE connection_id = %s""",
                [token.access_token, token.expires_at, self._connection_id],
            )

    @staticmethod
    def _is_usable(token: Token | None, refused: str | None) -> bool:
        return bool(token) and token.access_token != refused and token.is_fresh(time.time())
