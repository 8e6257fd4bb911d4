"""A person signs in on Tribe's consent page, and stays signed in with tokens that rotate."""

from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user

from odoo.addons.tribe_connector.controllers import tribe_sign_in as controller

from .common import ConnectorCase
from .relation_case import RelationCase

SECONDS = 900
NOBODY = "http://127.0.0.1:9"


class TestSignIn(ConnectorCase, HttpCase):
    """What an administrator, a forger and a crash see of the sign-in."""

    sandbox_options = RelationCase.sandbox_options

    def setUp(self):
        super().setUp()
        self.administrator = self.new_user("tribe_admin", "base.group_system")
        self.connection.sign_in = "authorization_code"
        self.sandbox.switch(
            redirect_uris=[self.connection.redirect_address],
            allowed_scopes=["read", "write", "offline"],
        )
        self.sandbox.reset_calls()
        self.authenticate("tribe_admin", "tribe_admin")

    def url_open(self, url, **options):
        """As Odoo's, without its twelve seconds: a busy machine may take longer."""
        return super().url_open(url, **{"timeout": SECONDS, **options})

    def new_user(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups=groups,
            password=login,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    # A browser that shows where it is sent

    def visit(self, address):
        """Open a page of Odoo; returns the answer, which may send the browser elsewhere."""
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self.url_open(path, allow_redirects=False)
        self.env.invalidate_all()
        self.assertLess(answer.status_code, 500)
        return answer

    def begin(self):
        """Press Sign In with Tribe; returns the address of Tribe's consent page."""
        action = self.connection.with_user(self.administrator).action_sign_in()
        answer = self.visit(action["url"])
        self.assertEqual(answer.status_code, 303)
        return answer.headers["Location"]

    def decide(self, address, decision="allow"):
        """Answer on the consent page; returns the address that Tribe sends the browser to."""
        return self.sandbox.answer_consent(address, decision)

    def come_back(self, address):
        """Follow Odoo's redirects from the callback to the page they end on; returns its path."""
        for _redirect in range(3):
            answer = self.visit(address)
            address = answer.headers["Location"]
            if "/odoo/" in address:
                return urlsplit(address).path
        return self.fail("The sign-in does not end.")

    def sign_in(self):
        """All of it, as a person who says yes."""
        return self.come_back(self.decide(self.begin()))

    def refusal_to_connect(self):
        """Press Connect; the sentence that comes. Keeps what is committed meanwhile, which
        ``assertRaises`` would roll back."""
        try:
            self.connect()
        except UserError as error:
            self.env.invalidate_all()
            return str(error)
        return self.fail("It connected.")

    @property
    def credential(self):
        self.env.invalidate_all()
        return self.connection._credential()

    def assertEndsOnTheForm(self, path):
        self.assertTrue(path.endswith(f"action_tribe_connection/{self.connection.id}"), path)

    def assertNotSignedIn(self, *parts):
        self.assertFalse(self.credential.refresh_token or self.credential.access_token)
        self.assertTrue(self.connection.must_sign_in)
        self.assertEqual(self.connection.state, "draft")
        for part in parts:
            self.assertIn(part, self.connection.sign_in_problem)

    # Signing in

    def test_who_says_yes_is_connected(self):
        self.assertTrue(self.connection.must_sign_in)

        self.assertEndsOnTheForm(self.sign_in())

        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.connection.sign_in_problem)
        self.assertFalse(self.connection.must_sign_in)
        self.assertTrue(self.credential.refresh_token)

    def test_who_works_in_one_of_our_companies_connects_again(self):
        self.sign_in()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.connection.legal_entity_ids[0].company_id = other

        self.sign_in()

        self.assertFalse(self.connection.sign_in_problem)
        self.assertEqual(len(self.connection.legal_entity_ids), 2)

    def test_tribe_is_asked_with_a_secret_that_is_new_each_time(self):
        queries = [parse_qs(urlsplit(self.begin()).query) for _time in range(2)]

        self.assertEqual(queries[0]["redirect_uri"], [self.connection.redirect_address])
        self.assertEqual(queries[0]["scope"], ["read write offline"])
        states = {query["state"][0] for query in queries}
        self.assertEqual(len(states), 2)
        self.assertGreaterEqual(min(map(len, states)), 32)

    def test_who_says_no_is_told_what_to_do(self):
        path = self.come_back(self.decide(self.begin(), "deny"))

        self.assertEndsOnTheForm(path)
        self.assertNotSignedIn("access was denied", "choose Allow")

    def test_a_scope_that_the_application_lacks(self):
        self.sandbox.switch(allowed_scopes=["read", "write"])

        refusal = requests.get(self.begin(), allow_redirects=False, timeout=SECONDS)
        self.assertEndsOnTheForm(self.come_back(refusal.headers["Location"]))

        self.assertNotSignedIn("offline", "Configuration, Applications")

    def test_what_is_missing_is_said_before_leaving_odoo(self):
        connection = self.connection.with_user(self.administrator)
        connection.client_secret = "new"
        for values, remedy in (
            ({"mode": "off"}, "another mode than Off"),
            ({"mode": "demo", "authorization_address": "https://auth.tribecrm.nl"}, "demo mode"),
            ({"authorization_address": self.sandbox.address, "client_id": False}, "no client ID"),
            ({"sign_in": "client_credentials"}, "press Connect"),
        ):
            connection.write(values)
            with self.subTest(values):
                with self.assertRaisesRegex(UserError, remedy):
                    connection.action_sign_in()
                # Who types the address sees the same sentence on the form.
                path = self.come_back(f"/tribe/sign-in/{connection.id}")
                self.assertEndsOnTheForm(path)
                self.assertRegex(connection.sign_in_problem, remedy)

    def test_tribe_fails_while_the_code_is_exchanged(self):
        for fault, status, cause in (
            ("status", 503, "HTTP 503"),
            ("lose_answer", None, "127.0.0.1"),
            ("html", 200, "sign-in address"),
        ):
            self.sandbox.fault(fault, status=status, path_contains="/oauth2/token")
            with self.subTest(fault):
                self.assertEndsOnTheForm(self.sign_in())
                self.assertNotSignedIn(cause)

    def test_signed_in_but_tribe_fails_to_connect(self):
        self.sandbox.fault("status", path_contains="$metadata", times=None)

        self.assertEndsOnTheForm(self.sign_in())

        self.assertTrue(self.credential.refresh_token)
        self.assertTrue(self.connection.sign_in_problem)
        self.assertEqual(self.connection.state, "draft")

        self.sandbox.clear_faults()
        self.connect()
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.connection.sign_in_problem)

    # Forgery and repetition

    def test_an_answer_without_our_secret_changes_nothing(self):
        callback = self.decide(self.begin())
        code = parse_qs(urlsplit(callback).query)["code"][0]
        number = self.connection.id
        for state in (f"{number}.forged-forged", f"{number}.", f"{number}.é", str(number)):
            with self.subTest(state):
                path = self.come_back(f"/tribe/callback?code={code}&state={state}")
                self.assertEndsOnTheForm(path)
                self.assertNotSignedIn("not begun in this browser")
        for nonsense in ("", "?code=x", "?state=0.x&code=x", "?state=999999999.x", "?state=²"):
            self.visit(f"/tribe/callback{nonsense}")
        self.assertEqual(self.sandbox.calls()["token_requests"], 0)

        # The true answer is still welcome.
        self.come_back(callback)
        self.assertEqual(self.connection.state, "connected")

    def test_an_answer_is_good_once(self):
        callback = self.decide(self.begin())
        self.come_back(callback)
        refresh_token = self.credential.refresh_token

        self.assertEndsOnTheForm(self.come_back(callback))

        self.assertIn("answered before", self.connection.sign_in_problem)
        self.assertEqual(self.credential.refresh_token, refresh_token)
        self.assertEqual(self.sandbox.calls()["token_requests"], 1)
        self.connect()

    def test_an_answer_is_good_in_the_session_that_asked(self):
        callback = self.decide(self.begin())
        self.new_user("other_admin", "base.group_system")
        self.authenticate("other_admin", "other_admin")

        self.assertEndsOnTheForm(self.come_back(callback))

        self.assertNotSignedIn("not begun in this browser")

    def test_an_answer_that_comes_too_late(self):
        with patch.object(controller, "SECONDS_TO_CONSENT", -1):
            callback = self.decide(self.begin())

        self.assertEndsOnTheForm(self.come_back(callback))

        self.assertNotSignedIn("longer than ten minutes")

    def test_looking_at_the_last_step_alone_does_nothing(self):
        self.come_back(f"/tribe/sign-in/{self.connection.id}/end")

        self.assertEqual(self.connection.state, "draft")
        self.assertFalse(self.connection.sign_in_problem)

    def test_only_a_system_administrator_of_the_company_signs_in(self):
        callback = self.decide(self.begin())
        self.new_user("only_manager", "tribe_connector.group_manager")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.new_user("stranger", "base.group_system")
        stranger.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        paths = [f"/tribe/sign-in/{self.connection.id}", f"/tribe/sign-in/{self.connection.id}/end"]
        for login, statuses in (("only_manager", {403}), ("stranger", {404, 303})):
            self.authenticate(login, login)
            for path in (*paths, callback):
                with self.subTest(login=login, path=path.partition("?")[0]):
                    self.assertIn(self.visit(path).status_code, statuses)
        self.assertNotSignedIn()

    def test_who_is_not_logged_in_is_sent_to_log_in_without_the_code(self):
        callback = self.decide(self.begin())
        self.authenticate(None, None)

        answer = self.visit(callback)

        self.assertEqual(urlsplit(answer.headers["Location"])[2:4], ("/web/login", ""))
        self.assertNotSignedIn()

    # Staying signed in

    def test_an_expired_token_is_renewed_and_the_refresh_token_replaced(self):
        self.sign_in()
        before = self.credential.refresh_token
        self.sandbox.expire_access_tokens()

        self.connect()

        self.assertNotIn(self.credential.refresh_token, (False, before))
        self.assertEqual(self.sandbox.calls()["token_requests"], 2)

    def test_a_renewal_whose_answer_is_lost_before_tribe_did_it(self):
        self.sign_in()
        self.sandbox.expire_access_tokens()
        self.sandbox.fault("reset", body_contains="refresh_token", path_contains="/oauth2/token")
        self.assertIn("127.0.0.1", self.refusal_to_connect())

        self.connect()

        self.assertFalse(self.connection.must_sign_in)

    def test_a_renewal_whose_answer_is_lost_asks_to_sign_in_again(self):
        self.sign_in()
        self.sandbox.expire_access_tokens()
        self.sandbox.fault("lose_answer", path_contains="/oauth2/token")
        self.assertIn("127.0.0.1", self.refusal_to_connect())

        self.assertRegex(self.refusal_to_connect(), "answer was lost.*press Sign In with Tribe")

        self.assertTrue(self.connection.must_sign_in)
        asked = self.sandbox.calls()["token_requests"]
        self.assertIn("press Sign In with Tribe", self.refusal_to_connect())
        self.assertEqual(self.sandbox.calls()["token_requests"], asked)

        self.sign_in()
        self.assertFalse(self.connection.must_sign_in or self.connection.sign_in_problem)

    def test_work_waits_and_is_no_problem_of_its_own_when_the_sign_in_was_withdrawn(self):
        self.sign_in()
        self.map()
        self.press_activate()
        self.run_lanes()
        self.sandbox.revoke_tokens()

        works = self.env["tribe.work"]._add(
            self.connection,
            "inbound",
            "organization",
            ["11111111-2222-4333-8444-555555555555"],
            "webhook",
        )
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_inbound_1").method_direct_trigger()

        # The connection as a whole waits, and says so (tests/end_to_end/test_sign_in.py).
        self.assertTrue(works.exists())
        self.assertFalse(self.problems())

    def test_tokens_belong_to_the_client_the_server_and_the_way_they_were_asked_for(self):
        for values in (
            {"client_secret": "another"},
            {"client_id": "another"},
            {"authorization_address": NOBODY},
            {"sign_in": "client_credentials"},
        ):
            tokens = {"access_token": "a", "token_expires_at": 9e9, "refresh_token": "r"}
            self.credential.write(tokens)
            self.connection.write({"conflict_policy": "ask"})
            self.assertTrue(self.credential.refresh_token)
            with self.subTest(values):
                self.connection.write(values)
                self.assertFalse(self.credential.access_token or self.credential.refresh_token)
