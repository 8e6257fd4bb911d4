"""Access tokens, kept in the credential and renewed by one worker at a time."""

import time

from ..sentence import sentence
from ..tribe_api import (
    Addresses,
    Token,
    TribeCredentialsRefused,
    TribePaused,
    TribeSignInEnded,
    create_session,
    exchange_code,
    refresh_token,
    request_token,
)
from .leases import Leases
from .turn import current_turn

# Somewhat longer than whoever renews it may take for that.
RENEWAL_WAIT_SECONDS = 35.0


class StoredTokens:
    """Gives the client the token of a connection (the ``TokenProvider`` of tribe_api).

    Everything happens in cursors of its own: a renewed token must survive the roll-back of the
    work that needed it. Tribe replaces a refresh token at every use and takes the second use of
    one for a theft; so it is used under a lease, and its successor is committed at once.
    """

    def __init__(self, connection, *, compares=False):
        """
        :param compares: for *Connect*, which compares the tenant; nobody else uses a client, or a
            sign-in, of which that was not done yet
        """
        self._compares = compares
        self._registry = connection.env.registry
        self._connection_id = connection.id
        self._connection_name = connection.name
        self._addresses = connection._addresses()
        self._longest_exchange = connection.answer_seconds
        self._turn = current_turn()
        self._rate_limit_pause = connection.rate_limit_pause_seconds
        self._token: Token | None = None
        # The last one that Tribe gave to this worker.
        self.granted: Token | None = None

    def access_token(self) -> str:
        """A token that is good for at least a minute.

        :raises TribeCredentialsRefused: when Tribe does not accept the client ID and secret, or
            a person has to sign in (again).
        """
        if not (self._token and self._token.is_fresh(time.time())):
            self._token = self._stored_or_new(refused=None)
        return self._token.access_token

    def renew(self, refused: str) -> str:
        """Another token than the refused one, which Tribe answered with 401."""
        self._token = self._stored_or_new(refused=refused)
        return self._token.access_token

    def sign_in(self, code: str, redirect_uri: str, code_verifier: str = "") -> None:
        """Exchange the code with which a person came back from Tribe, and keep its tokens.

        :param code_verifier: what the consent page was asked with, if anything
        :raises TribeSignInEnded: when the code is spent or expired
        """
        with Leases(self._registry) as leases:
            # A worker that renews the tokens of an earlier sign-in would overwrite these.
            self._wait_for_turn(leases)
            credential = self._read()
            token = self._requested(
                exchange_code,
                credential,
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=code_verifier,
            )
            # Before anybody finds the token: a person may have signed in somewhere else.
            self._have_it_compared()
            self._store(token, credential)

    def _have_it_compared(self) -> None:
        """Let nobody but *Connect* use what is there, where a Tribe environment is known."""
        with self._registry.cursor() as cursor:
            cursor.execute(
                """UPDATE tribe_connection SET must_compare = TRUE
                    WHERE id = %s AND own_organization_id IS NOT NULL""",
                [self._connection_id],
            )

    def _stored_or_new(self, refused: str | None) -> Token:
        credential = self._read_compared()
        stored = _token_of(credential)
        if self._is_usable(stored, refused):
            return stored
        with Leases(self._registry) as leases:
            self._wait_for_turn(leases)
            # Read again: whoever held the lease may have renewed it, or signed in elsewhere.
            credential = self._read_compared()
            stored = _token_of(credential)
            if self._is_usable(stored, refused):
                return stored
            token = self._renewed(credential)
            self._store(token, credential)
            self.granted = token
            return token

    def _read_compared(self) -> dict:
        """What is stored, for who may use it.

        :raises TribeCredentialsRefused: until *Connect* has seen which Tribe environment it is
        """
        credential = self._read()
        if credential["must_compare"] and not self._compares:
            raise TribeCredentialsRefused(
                sentence("tenant_not_compared", name=self._connection_name)
            )
        return credential

    def _wait_for_turn(self, leases: Leases) -> None:
        seconds = self._turn.seconds_for(RENEWAL_WAIT_SECONDS)
        if not leases.wait_for(f"{self._connection_id}:token", seconds):
            raise TribePaused(sentence("token_renewed_by_other_worker"))

    def _renewed(self, credential: dict) -> Token:
        if credential["sign_in"] == "authorization_code":
            return self._refreshed(credential)
        return self._requested(request_token, credential, scope=credential["scope"] or "")

    def _refreshed(self, credential: dict) -> Token:
        if not credential["refresh_token"]:
            raise TribeSignInEnded(
                sentence(
                    "nobody_signed_in",
                    name=self._connection_name,
                )
            )
        try:
            return self._requested(
                refresh_token, credential, refresh_token=credential["refresh_token"]
            )
        except TribeSignInEnded:
            # Spent for good: the next worker is told so without a call.
            self._store(Token("", 0.0), credential)
            raise

    def _requested(self, request, credential: dict, **grant) -> Token:
        if not credential["client_id"] or not credential["client_secret"]:
            raise TribeCredentialsRefused(
                sentence(
                    "client_credentials_missing_for_token",
                    name=self._connection_name,
                )
            )
        with create_session() as session:
            return request(
                session,
                self._addresses,
                client_id=credential["client_id"],
                client_secret=credential["client_secret"],
                seconds=self._turn.seconds_for(self._longest_exchange),
                rate_limit_pause=self._rate_limit_pause,
                **grant,
            )

    def _read(self) -> dict:
        """What is committed now.

        :raises TribePaused: when it was entered for other addresses than those that are asked here
        """
        with self._registry.cursor() as cursor:
            cursor.execute(
                """SELECT credential.client_id, credential.client_secret, credential.scope,
                          credential.access_token, credential.token_expires_at,
                          credential.refresh_token, connection.sign_in, connection.must_compare,
                          connection.api_address, connection.authorization_address
                     FROM tribe_credential credential
                     JOIN tribe_connection connection ON connection.id = credential.connection_id
                    WHERE connection.id = %s""",
                [self._connection_id],
            )
            credential = cursor.dictfetchone()
        if not credential:
            raise TribePaused(sentence("connection_switched"))
        now = Addresses(
            credential["api_address"], credential["authorization_address"], self._addresses.app
        )
        if now != self._addresses:
            raise TribePaused(sentence("address_changed_meanwhile"))
        return credential

    def _store(self, token: Token, credential: dict) -> None:
        """Keep a token, where the hosts and the client that it is of are still those.

        :param credential: what it was asked for with
        :raises TribePaused: when another address, or another client, was entered meanwhile
        """
        with self._registry.cursor() as cursor:
            cursor.execute(
                """UPDATE tribe_credential credential
                      SET access_token = %(access_token)s, token_expires_at = %(expires_at)s,
                          refresh_token = %(new_refresh_token)s
                     FROM tribe_connection connection
                    WHERE connection.id = credential.connection_id
                      AND connection.id = %(connection_id)s
                      AND connection.api_address = %(api_address)s
                      AND connection.authorization_address = %(authorization_address)s
                      AND credential.client_id IS NOT DISTINCT FROM %(client_id)s
                      AND credential.client_secret IS NOT DISTINCT FROM %(client_secret)s""",
                {
                    **credential,
                    "connection_id": self._connection_id,
                    "access_token": token.access_token or None,
                    "expires_at": token.expires_at,
                    "new_refresh_token": token.refresh_token,
                },
            )
            is_stored = bool(cursor.rowcount)
        if not is_stored:
            # Says so, if it was an address.
            self._read()
            raise TribePaused(sentence("client_changed_meanwhile"))

    @staticmethod
    def _is_usable(token: Token | None, refused: str | None) -> bool:
        return bool(token) and token.access_token != refused and token.is_fresh(time.time())


def _token_of(credential: dict) -> Token | None:
    if not credential["access_token"]:
        return None
    return Token(credential["access_token"], credential["token_expires_at"] or 0)
