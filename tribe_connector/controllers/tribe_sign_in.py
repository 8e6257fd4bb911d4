import hmac
import secrets
import time

from werkzeug.exceptions import Forbidden, NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..engine.access_log import hide_codes
from ..models.tribe_sign_in import CALLBACK
from ..sentence import in_language
from ..tribe_api import TribeError, consent_refusal

SECONDS_TO_CONSENT = 600
CONNECTIONS = "/odoo/action-tribe_connector.action_tribe_connection"
# What the session keeps: the attempt that is under way, and how the last one ended.
PENDING = "tribe_sign_in_pending"
OUTCOME = "tribe_sign_in_outcome"

hide_codes(CALLBACK)


class TribeSignIn(http.Controller):
    """A system administrator signs in on Tribe's consent page (authorization code).

    Three steps of the browser: to Tribe, back with a code, and on to the connection's form. What
    goes wrong on the way is a sentence on that form.
    """

    @http.route(
        "/tribe/sign-in/<int:connection_id>",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def begin(self, connection_id):
        """Go to Tribe, with a secret that only this session knows."""
        connection = self._connection(connection_id)
        state = f"{connection_id}.{secrets.token_urlsafe(32)}"
        try:
            address = connection._consent_address(state)
        except UserError as error:
            return self._end(connection, str(error))
        request.session[PENDING] = {
            "state": state,
            "connection_id": connection_id,
            "user_id": request.env.uid,
            "expires_at": time.time() + SECONDS_TO_CONSENT,
        }
        return request.redirect(address, local=False)

    # Not auth="user": Odoo would put the code into the address of its log-in page.
    @http.route(CALLBACK, type="http", auth="public", methods=["GET"], sitemap=False)
    def receive(self, state="", code="", error="", **details):
        """Tribe sends the browser back: with a code, or with the reason why not."""
        if request.env.user._is_public():
            return request.redirect("/web/login")
        try:
            connection = self._connection(self._connection_id(state))
        except NotFound:
            return request.redirect(CONNECTIONS)
        problem = self._state_problem(state)
        if not problem:
            problem = self._answer_problem(connection, code, error, details)
        return self._end(connection, problem)

    @http.route(
        "/tribe/sign-in/<int:connection_id>/end",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def end(self, connection_id):
        """Connect when the sign-in went well, and show the form either way.

        A request of its own: the code of the one before is good once, so that one must never be
        repeated, as Odoo does with a transaction that could not be serialized.
        """
        connection = self._connection(connection_id)
        outcome = request.session.pop(OUTCOME, None)
        if outcome and outcome["connection_id"] == connection_id:
            connection._end_sign_in(outcome["problem"])
        return request.redirect(f"{CONNECTIONS}/{connection_id}")

    def _connection(self, connection_id):
        """The connection, for a system administrator of its company."""
        if not request.env.user.has_group("base.group_system"):
            raise Forbidden
        connections = request.env["tribe.connection"].with_context(active_test=False)
        connection = connections.search([("id", "=", connection_id)])
        if not connection:
            raise NotFound
        return connection

    @staticmethod
    def _connection_id(state):
        """Which form to end on. Proves nothing; ``_state_problem`` does."""
        number = state.partition(".")[0]
        return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0

    def _state_problem(self, state):
        """Why this is not the answer to the sign-in that this person began here; or an empty text.

        The right state is forgotten at once: it is good for one answer.
        """
        pending = request.session.get(PENDING) or {}
        expected = pending.get("state", "")
        if not expected or not hmac.compare_digest(expected.encode(), state.encode()):
            return request.env._(
                "This sign-in was not begun in this browser, or was answered before. Nothing was "
                "changed. Press Sign In with Tribe again."
            )
        del request.session[PENDING]
        if pending["user_id"] != request.env.uid:
            return request.env._(
                "Somebody else began this sign-in. Press Sign In with Tribe yourself."
            )
        if pending["expires_at"] < time.time():
            return request.env._(
                "The sign-in took longer than ten minutes. Press Sign In with Tribe again."
            )
        return ""

    def _answer_problem(self, connection, code, error, details):
        """Take the code. Returns the sentence of what went wrong, or an empty text."""
        try:
            if error or not code:
                raise consent_refusal(
                    error, details.get("error_description", ""), details.get("error_hint", "")
                )
            connection.sudo()._take_code(code)
        except TribeError as refusal:
            return in_language(request.env, refusal)
        return ""

    def _end(self, connection, problem):
        request.session[OUTCOME] = {"connection_id": connection.id, "problem": problem}
        return request.redirect(f"/tribe/sign-in/{connection.id}/end")
