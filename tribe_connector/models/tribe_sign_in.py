import secrets
import uuid
from urllib.parse import urlencode

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from ..engine.only_for import only_for
from ..engine.problems import problem_of
from ..engine.sentence_field import SentenceChar
from ..engine.tokens import StoredTokens
from ..sentence import in_language, say
from ..tribe_api import TribeError, consent_address

# Where Tribe sends the browser back to: below it each connection has a path of its own, so that
# what one Tribe answers is never taken for the answer of another.
CALLBACK = "/tribe/callback"
# What the session keeps: in which connection the button was pressed, and a secret of that.
PRESSED = "tribe_sign_in_pressed"


class TribeSignIn(models.AbstractModel):
    """How a connection signs in with Tribe: as the application, or as a person who lets it in.

    The two flows of docs/tribe-api.md, Addresses and tokens: client credentials, and the
    authorization code of Tribe's consent page.
    """

    _name = "tribe.sign.in"
    _description = "Sign-In with Tribe"

    sign_in = fields.Selection(
        [
            ("client_credentials", "Client Credentials"),
            ("authorization_code", "Tribe's Consent Page"),
        ],
        "Sign In With",
        required=True,
        default="client_credentials",
        help="Client Credentials: Odoo works in Tribe as the application itself. Tribe's Consent "
        "Page: a person signs in with Tribe and lets Odoo work on their behalf.",
    )
    redirect_address = fields.Char(
        compute="_compute_redirect_address",
        help="Register it in Tribe with the application, letter by letter: where Tribe's consent "
        "page sends you back to.",
    )
    redirect_path = fields.Char(
        readonly=True,
        copy=False,
        help="Empty for a connection of before it had its own: what is registered in Tribe stays.",
    )
    must_sign_in = fields.Boolean(compute="_compute_must_sign_in")
    sign_in_problem = SentenceChar(readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        # No default of the field: it would be given to the connections of before as well.
        for connection in connections.sudo():
            connection.redirect_path = f"{CALLBACK}/{uuid.uuid4()}"
        return connections

    def _compute_redirect_address(self):
        for connection in self:
            # Before it is saved there is none that could be registered.
            connection.redirect_address = (
                f"{connection.get_base_url().rstrip('/')}{connection._redirect_path()}"
                if connection._origin
                else False
            )

    def _redirect_path(self):
        return self._origin.sudo().redirect_path or CALLBACK

    @api.depends("sign_in")
    def _compute_must_sign_in(self):
        for connection in self:
            connection.must_sign_in = (
                connection.sign_in == "authorization_code"
                and not connection._origin._credential().refresh_token
            )

    def write(self, vals):
        # Tokens belong to who signed in, and to the server that gave them.
        others = self.filtered(
            lambda connection: any(
                name in vals and connection[name] != vals[name]
                for name in ("sign_in", "authorization_address")
            )
        )
        result = super().write(vals)
        # Whose they will be can be of another Tribe environment. Comparing is written here, too.
        if others:
            others.sudo()._compare_before_use()
        for connection in others:
            connection._credential()._forget_tokens()
        return result

    @only_for("System", "write")
    def action_sign_in(self):
        """Go to Tribe's consent page.

        :raises UserError: with the cause and the remedy
        """
        self.ensure_one()
        self._check_can_sign_in()
        address = f"/tribe/sign-in/{self.id}"
        if request:
            # Any page can lead to the address; only this session knows what was pressed in it.
            pressed = secrets.token_urlsafe(32)
            request.session[PRESSED] = {"connection_id": self.id, "pressed": pressed}
            address = f"{address}?{urlencode({'pressed': pressed})}"
        return {"type": "ir.actions.act_url", "url": address, "target": "self"}

    def _check_can_sign_in(self):
        if self.mode == "off":
            raise UserError(say(self.env, "sign_in_in_mode_off"))
        self._refuse_moved()
        if self.sign_in != "authorization_code":
            raise UserError(
                say(
                    self.env,
                    "sign_in_with_client_credentials",
                    name=self.name,
                )
            )
        credential = self._credential()
        if not credential.client_id or not credential.client_secret:
            raise UserError(
                say(
                    self.env,
                    "client_credentials_missing",
                    name=self.name,
                )
            )
        try:
            self._addresses().check(self.mode)
        except TribeError as error:
            raise UserError(in_language(self.env, error)) from error

    def _consent_address(self, state, code_verifier):
        """Where the browser goes to sign in.

        :param state: our secret of this one attempt, which comes back
        :param code_verifier: the one that only the exchange of the code shows, or an empty text
        :raises UserError: with the cause and the remedy
        """
        self._check_can_sign_in()
        credential = self._credential()
        return consent_address(
            self._addresses(),
            client_id=credential.client_id,
            redirect_uri=self.redirect_address,
            state=state,
            scope=credential.scope or "",
            code_verifier=code_verifier,
        )

    def _take_code(self, code, code_verifier):
        """Exchange the code from Tribe's consent page for tokens, which are kept at once.

        Nothing is written in this transaction, so that it is never done twice by Odoo's
        repetition of a request that could not be serialized: a code is good once.

        :raises TribeError: with the cause and the remedy
        """
        StoredTokens(self).sign_in(code, self.redirect_address, code_verifier)

    def _end_sign_in(self, problem):
        """Note how the sign-in ended; when it went well, connect.

        :param problem: the sentences of what went wrong; empty when it went well
        """
        self._write_as_connector({"sign_in_problem": problem or self._connection_problem()})

    def _connection_problem(self):
        try:
            with self.env.cr.savepoint():
                self.action_connect()
        except psycopg2.OperationalError:
            # Odoo repeats the request.
            raise
        except Exception as error:  # noqa: BLE001 - becomes a sentence; a bug is logged
            return in_language(self.env, problem_of(error, self.env).text)
        return self.sign_in_problem
