import hmac
import secrets
import time

from werkzeug.exceptions import Forbidden, MethodNotAllowed, NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..log_filters import hide_codes
from ..models.tribe_sign_in import CALLBACK, PRESSED
from ..sentence import in_language, read_stored, say, stored
from ..tribe_api import TribeError, TribeProofRefused, consent_refusal, new_code_verifier
from .raw_dispatcher import RawDispatcher

SECONDS_TO_CONSENT = 600
CONNECTIONS = "/odoo/action-tribe_connector.action_tribe_connection"
# What the session keeps: the attempt that is under way, how the last one ended, and the connection
# whose Tribe did not take the additional proof (PKCE).
PENDING = "tribe_sign_in_pending"
OUTCOME = "tribe_sign_in_outcome"
WITHOUT_PROOF = "tribe_sign_in_without_proof"
# The address of the callback, which has the code, goes nowhere else.
GUARDED = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}

hide_codes(CALLBACK)


class TribeSignIn(http.Controller):
    """A system administrator signs in on Tribe's consent page (authorization code).

    Three steps of the browser: to Tribe, back with a code, and on to the connection's form. What
    goes wrong on the way is a sentence on that form. Whoever cannot prove that they began here
    leaves no trace, in the database or in the session: they are shown a page.
    """

    @http.route(
        "/tribe/sign-in/<int:connection_id>",
        type=RawDispatcher.routing_type,
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def begin(self, connection_id):
        """Go to Tribe, with two secrets that only this session knows.

        Only once for each time that the button was pressed: any page can lead here.
        """
        self._refuse_all_but_get()
        connection = self._connection(connection_id)
        state = secrets.token_urlsafe(32)
        has_proof = request.session.get(WITHOUT_PROOF) != connection_id
        code_verifier = new_code_verifier() if has_proof else ""
        try:
            address = connection._consent_address(state, code_verifier)
        except UserError as error:
            # The button has asked before.
            return self._notice(str(error))
        if not self._take_pressed(connection_id, request.httprequest.args.get("pressed", "")):
            return self._notice(say(request.env, "sign_in_page_not_opened_by_button"))
        request.session[PENDING] = {
            "state": state,
            "code_verifier": code_verifier,
            "path": connection._redirect_path(),
            "connection_id": connection_id,
            "user_id": request.env.uid,
            "expires_at": time.time() + SECONDS_TO_CONSENT,
        }
        return request.redirect(address, local=False)

    # Not auth="user": Odoo would put the code into the address of its log-in page.
    @http.route(
        [CALLBACK, f"{CALLBACK}/<string:_key>"],
        type=RawDispatcher.routing_type,
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def receive(self, _key=""):
        """Tribe sends the browser back: with a code, or with the reason why not."""
        self._refuse_all_but_get()
        if request.env.user._is_public():
            return _guarded(request.redirect("/web/login"))
        query = request.httprequest.args
        pending = self._take_pending(query.get("state", ""))
        if not pending:
            return self._notice(say(request.env, "sign_in_not_begun_here"))
        connection = self._connection(pending["connection_id"])
        problem = self._attempt_problem(pending)
        if not problem:
            problem = self._answer_problem(connection, pending, query)
        # As it is kept: whoever reads it later does so in another language.
        request.session[OUTCOME] = {"connection_id": connection.id, "problem": stored(problem)}
        return _guarded(request.redirect(f"/tribe/sign-in/{connection.id}/end"))

    @http.route(
        "/tribe/sign-in/<int:connection_id>/end",
        type=RawDispatcher.routing_type,
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def end(self, connection_id):
        """Connect when the sign-in went well, and show the form either way.

        A request of its own: the code of the one before is good once, so that one must never be
        repeated, as Odoo does with a transaction that could not be serialized.
        """
        self._refuse_all_but_get()
        connection = self._connection(connection_id)
        outcome = request.session.pop(OUTCOME, None)
        if outcome and outcome["connection_id"] == connection_id:
            problem = outcome["problem"]
            connection._end_sign_in(read_stored(problem) if problem else [])
        return request.redirect(f"{CONNECTIONS}/{connection_id}")

    @staticmethod
    def _refuse_all_but_get():
        # Werkzeug takes HEAD for GET. Who only looks at a link must not use it up.
        if request.httprequest.method != "GET":
            raise MethodNotAllowed(["GET"])

    def _connection(self, connection_id):
        """The connection, for a system administrator of its company."""
        if not request.env.user.has_group("base.group_system"):
            raise Forbidden
        connections = request.env["tribe.connection"].with_context(active_test=False)
        connection = connections.search([("id", "=", connection_id)])
        if not connection:
            raise NotFound
        return connection

    def _take_pressed(self, connection_id, pressed):
        """Whether the button of this connection was pressed in this session; it counts once."""
        noted = request.session.get(PRESSED) or {}
        if noted.get("connection_id") != connection_id or not hmac.compare_digest(
            noted["pressed"].encode(), pressed.encode()
        ):
            return False
        del request.session[PRESSED]
        return True

    def _take_pending(self, state):
        """The attempt that this browser began and this request answers; None if there is none.

        It is forgotten at once: it is good for one answer. The path is the connection's own, so
        that no other Tribe can answer in its place.
        """
        pending = request.session.get(PENDING) or {}
        expected = pending.get("state", "")
        if (
            not expected
            or not hmac.compare_digest(expected.encode(), state.encode())
            or request.httprequest.path.rstrip("/") != pending.get("path")
        ):
            return None
        return request.session.pop(PENDING)

    def _attempt_problem(self, pending):
        """Why an attempt that was begun here is not good any more; or an empty text."""
        if pending["user_id"] != request.env.uid:
            return say(request.env, "sign_in_begun_by_somebody_else")
        if pending["expires_at"] < time.time():
            return say(request.env, "sign_in_took_too_long")
        return ""

    def _answer_problem(self, connection, pending, query):
        """Take the code of the query. Returns the sentence of what went wrong, or an empty text."""
        code_verifier = pending["code_verifier"]
        code, error = query.get("code", ""), query.get("error", "")
        try:
            if error or not code:
                raise consent_refusal(
                    error,
                    query.get("error_description", ""),
                    query.get("error_hint", ""),
                    with_proof=bool(code_verifier),
                )
            connection.sudo()._take_code(code, code_verifier)
        except TribeProofRefused as refusal:
            request.session[WITHOUT_PROOF] = connection.id
            return in_language(request.env, refusal)
        except TribeError as refusal:
            return in_language(request.env, refusal)
        return ""

    def _notice(self, sentence):
        """A page with a sentence, which notes nothing anywhere."""
        return _guarded(
            request.render(
                "tribe_connector.sign_in_notice",
                {"sentence": sentence, "connections": CONNECTIONS},
                status=400,
            )
        )


def _guarded(response):
    response.headers.update(GUARDED)
    return response
