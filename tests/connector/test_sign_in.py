"""A person signs in on Tribe's consent page, and stays signed in with tokens that rotate."""

import logging
import math
import socket
from unittest.mock import MagicMock, patch
from urllib.parse import parse_qs, urlsplit

import requests
from markupsafe import escape
from told import assert_says, beginning, containing

from odoo import Command
from odoo.exceptions import UserError
from odoo.http import root
from odoo.tests import HttpCase, new_test_user

from odoo.addons.tribe_connector.controllers import tribe_sign_in as controller
from odoo.addons.tribe_connector.engine import turn
from odoo.addons.tribe_connector.log_filters import REQUEST_LOGGER
from odoo.addons.tribe_connector.models.tribe_sign_in import CALLBACK
from odoo.addons.tribe_connector.sentence import sentence

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

    def send_line(self, line):
        """Send a request of this line, as no library would, and wait until it was answered."""
        parts = urlsplit(self.base_url())
        with socket.create_connection((parts.hostname, parts.port), SECONDS) as connection:
            connection.sendall(
                f"{line}\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
            )
            while connection.recv(65536):
                pass

    def begin(self):
        """Press Sign In with Tribe; returns the address of Tribe's consent page."""
        answer = self.visit(self.press("action_sign_in")["result"]["url"])
        self.assertEqual(answer.status_code, 303)
        return answer.headers["Location"]

    def press(self, button):
        """Press a button in this browser; returns what Odoo answers."""
        params = {
            "model": "tribe.connection",
            "method": button,
            "args": [self.connection.ids],
            "kwargs": {},
        }
        answer = self.url_open(
            f"/web/dataset/call_button/tribe.connection/{button}",
            json={"jsonrpc": "2.0", "method": "call", "params": params},
        )
        self.env.invalidate_all()
        return answer.json()

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
            return error.args[0]
        return self.fail("It connected.")

    @property
    def credential(self):
        self.env.invalidate_all()
        return self.connection._credential()

    def traces(self):
        """What a forged request could leave behind: in the records, and in the session."""
        self.env.flush_all()
        self.env.invalidate_all()
        session = self.session_of_browser()
        return {
            "connection": self.connection.read(["write_date", "sign_in_problem", "state"]),
            "credential": self.credential.read(["write_date"]),
            "session": {name: value for name, value in session.items() if "tribe" in name},
        }

    def session_of_browser(self):
        return root.session_store.get(self.opener.cookies["session_id"])

    def assertNoTrace(self, address, *, code="sign_in_not_begun_here", said=None):
        """Whatever the address asks for, only a page with a sentence comes of it."""
        before = self.traces()

        answer = self.visit(address)

        self.assertEqual(answer.status_code, 400)
        self.assertIn(escape(said or sentence(code)), answer.text)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(answer.headers["X-Frame-Options"], "DENY")
        self.assertNotIn("Location", answer.headers)
        self.assertEqual(self.traces(), before)

    def assertEndsOnTheForm(self, path):
        self.assertTrue(path.endswith(f"action_tribe_connection/{self.connection.id}"), path)

    def assertNotSignedIn(self, code=None, /, **parameters):
        self.assertFalse(self.credential.refresh_token or self.credential.access_token)
        self.assertTrue(self.connection.must_sign_in)
        self.assertEqual(self.connection.state, "draft")
        if code:
            self.assert_problem(code, **parameters)

    def assert_problem(self, code, /, **parameters):
        """Why the sign-in failed is said."""
        self.assert_told(self.connection, code, field="sign_in_problem", **parameters)

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
        self.assertNotSignedIn("consent_access_denied")

    def test_a_scope_that_the_application_lacks(self):
        self.sandbox.switch(allowed_scopes=["read", "write"])

        refusal = requests.get(self.begin(), allow_redirects=False, timeout=SECONDS)
        self.assertEndsOnTheForm(self.come_back(refusal.headers["Location"]))

        self.assertNotSignedIn("consent_invalid_scope")

    def test_what_is_missing_is_said_before_leaving_odoo(self):
        connection = self.connection.with_user(self.administrator)
        connection.client_secret = "new"
        elsewhere = {"authorization_address": "https://auth.tribecrm.nl"}
        for values, code in (
            ({"mode": "off"}, "sign_in_in_mode_off"),
            (
                {"mode": "demo", **elsewhere, "client_secret": "of elsewhere"},
                "address_not_on_this_machine",
            ),
            ({"authorization_address": self.sandbox.address}, "client_credentials_missing"),
            ({"client_secret": "ours", "client_id": False}, "client_credentials_missing"),
            ({"sign_in": "client_credentials"}, "sign_in_with_client_credentials"),
        ):
            connection.write(values)
            with self.subTest(values):
                with self.assert_refused(code) as refused:
                    connection.action_sign_in()
                # Who is led to the address sees the same sentence, and nothing else comes of it.
                said = str(refused.value)
                self.assertNoTrace(f"/tribe/sign-in/{connection.id}", said=said)

    def test_tribe_fails_while_the_code_is_exchanged(self):
        host = urlsplit(self.sandbox.address).netloc
        for fault, status, said in (
            ("status", 503, sentence("tribe_has_problem", host=host, status=503)),
            ("lose_answer", None, beginning(sentence, "network_failed", "error", host=host)),
            ("html", 200, sentence("no_token_in_answer")),
        ):
            self.sandbox.fault(fault, status=status, path_contains="/oauth2/token")
            with self.subTest(fault):
                self.assertEndsOnTheForm(self.sign_in())
                self.assertNotSignedIn()
                self.assertIn(said, self.connection.sign_in_problem)

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

    def test_a_request_ends_before_odoo_ends_it(self):
        self.sign_in()
        self.patch(turn, "LONGEST_REQUEST_SECONDS", 5)
        for button in ("action_connect", "action_activate"):
            with self.subTest(button):
                self.map()
                answer = self.press(button)
                message = answer["error"]["data"]["message"]
                self.assertEqual(message, sentence("tribe_too_slow_for_button"))

        self.sign_in()
        self.assert_problem("tribe_too_slow_for_button")

    def test_all_clients_of_a_request_share_its_time(self):
        self.assertEqual(turn.current_turn().seconds_left(), math.inf)
        requests_of_web = [MagicMock(), MagicMock()]
        of_thread, clock = MagicMock(), MagicMock()
        ends = []
        with patch.object(turn, "request", of_thread), patch.object(turn, "time", clock):
            for which, now in ((0, 100.0), (0, 130.0), (1, 130.0)):
                of_thread._get_current_object.return_value = requests_of_web[which]
                clock.monotonic.return_value = now
                ends.append(turn.current_turn()._ends_at)
        self.assertEqual(ends, [145.0, 145.0, 175.0])

    def test_another_tribe_than_the_one_that_is_linked_is_not_taken(self):
        self.sign_in()
        before = self.connection.own_organization_id
        link = {"connection_id": self.connection.id, "kind": "organization", "tribe_id": before}
        self.env["tribe.link"].create(link)
        self.connection._write_as_connector({"state": "active"})
        own = self.sandbox.rows("Relationship_Organization_Identity")
        other = self.sandbox.create("Relation_Organization", {"Name": "Een ander B.V."})
        for identity in own:
            self.sandbox.change(
                "Relationship_Organization_Identity",
                identity["ID"],
                {"Relation": {"ID": other["ID"]}},
            )
        # Another organization of the same Tribe became the own one.
        self.sign_in()
        self.assertEqual(self.connection.state, "active")
        self.assertEqual(self.connection.own_organization_id, other["ID"])

        self.sandbox.reset(
            seed=20_001,
            switches={
                "webhook_paused": True,
                "redirect_uris": [self.connection.redirect_address],
                "allowed_scopes": ["read", "write", "offline"],
            },
        )

        self.sign_in()

        self.assertEqual(self.connection.own_organization_id, other["ID"])
        self.assertNotSignedIn()
        self.assert_told(
            self.connection, "connection_leads_to_other_tenant", field="sign_in_problem", count=1
        )
        self.assertTrue(self.connection.legal_entity_ids)

    # Forgery

    def test_a_page_that_leads_to_the_beginning_begins_nothing(self):
        address = self.press("action_sign_in")["result"]["url"]
        plain = f"/tribe/sign-in/{self.connection.id}"
        for forged in (plain, f"{plain}?pressed=", f"{plain}?pressed=x", f"{plain}?pressed=%C3%A9"):
            with self.subTest(forged):
                self.assertNoTrace(forged, code="sign_in_page_not_opened_by_button")

        self.assertEqual(self.visit(address).status_code, 303)
        # Once.
        self.assertNoTrace(address, code="sign_in_page_not_opened_by_button")

    def test_the_button_of_another_connection_begins_nothing(self):
        other = self.connection.copy({"client_id": "x", "client_secret": "x"})
        address = self.press("action_sign_in")["result"]["url"]
        pressed = urlsplit(address).query

        not_opened = "sign_in_page_not_opened_by_button"
        self.assertNoTrace(f"/tribe/sign-in/{other.id}?{pressed}", code=not_opened)
        # Without a browser there is nothing to begin with.
        bare = self.connection.with_user(self.administrator).action_sign_in()["url"]
        self.assertNoTrace(bare, code="sign_in_page_not_opened_by_button")

    def test_an_answer_without_our_secret_changes_nothing(self):
        callback = self.decide(self.begin())
        code = parse_qs(urlsplit(callback).query)["code"][0]
        path = self.connection.redirect_path
        states = ("forged-forged", f"{self.connection.id}.x", "", "é", "0")
        for address in (path, CALLBACK, f"{path}/", f"{CALLBACK}/elsewhere"):
            for state in states:
                for answer in (f"code={code}", "error=access_denied&error_hint=Click", "x=y"):
                    with self.subTest(address=address, state=state, answer=answer):
                        self.assertNoTrace(f"{address}?{answer}&state={state}")
        self.assertNoTrace(path)
        self.assertEqual(self.sandbox.calls()["token_requests"], 0)

        # The true answer is still welcome.
        self.come_back(callback)
        self.assertEqual(self.connection.state, "connected")

    def test_an_answer_at_the_address_of_another_connection_changes_nothing(self):
        other = self.connection.copy()
        other.write({"client_id": "x", "client_secret": "x"})
        callback = self.decide(self.begin())
        self.assertNotEqual(self.connection.redirect_address, other.redirect_address)
        for path in (other.redirect_path, CALLBACK):
            self.assertNoTrace(f"{path}?{urlsplit(callback).query}")
        self.assertEqual(self.sandbox.calls()["token_requests"], 0)

        self.come_back(callback)
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(other._credential().refresh_token)

    def test_a_connection_of_before_keeps_the_address_that_is_registered(self):
        self.connection.redirect_path = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(self.connection.redirect_address.endswith(CALLBACK))
        self.sandbox.switch(redirect_uris=[self.connection.redirect_address])

        callback = self.decide(self.begin())
        self.assertNoTrace(f"{CALLBACK}/{self.connection.webhook_key}?{urlsplit(callback).query}")
        self.come_back(callback)

        self.assertEqual(self.connection.state, "connected")

    def test_a_slash_at_the_end_is_no_other_address(self):
        callback = urlsplit(self.decide(self.begin()))

        self.come_back(f"{callback.path}/?{callback.query}")

        self.assertEqual(self.connection.state, "connected")

    def test_only_who_goes_there_uses_an_answer_up(self):
        callback = urlsplit(self.decide(self.begin()))
        address = f"{self.base_url()}{callback.path}?{callback.query}"
        before = self.traces()
        for method in ("HEAD", "POST", "PUT", "OPTIONS"):
            answer = self.opener.request(
                method, address, allow_redirects=False, timeout=SECONDS, data={}
            )
            with self.subTest(method):
                self.assertIn(
                    answer.status_code, (200, 204, 405) if method == "OPTIONS" else (405,)
                )
        self.assertEqual(self.traces(), before)

        self.come_back(callback.geturl())
        self.assertEqual(self.connection.state, "connected")

    def test_the_address_with_the_code_is_told_to_nobody(self):
        callback = self.decide(self.begin())

        answer = self.visit(callback)

        self.assertEqual(answer.status_code, 303)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertNotIn("code=", answer.headers["Location"] + answer.text)

    def test_a_name_in_the_query_is_nobody_elses(self):
        own = f"/tribe/sign-in/{self.connection.id}"
        for path in (CALLBACK, f"{CALLBACK}/abc", own, f"{own}/end"):
            for query in ("self=1", "self=1&_key=2&connection_id=3&endpoint=4", "args=1&params=2"):
                for user in (None, "admin"):
                    with self.subTest(path=path, query=query, user=user):
                        self.authenticate(user, user)
                        self.visit(f"{path}?{query}")

    def test_its_pages_are_none_of_the_website(self):
        """Whose company would decide which connections there are, and whose scripts would run."""
        answer = self.visit(CALLBACK)
        self.assertEqual(answer.status_code, 400)
        self.assertNotRegex(answer.text, r"<script[^>]*\ssrc=")
        for endpoint in (controller.TribeSignIn.begin, controller.TribeSignIn.receive):
            self.assertFalse(endpoint.original_routing.get("website"))

    def test_a_file_is_no_state(self):
        self.begin()
        answer = self.opener.request(
            "GET", f"{self.base_url()}{CALLBACK}", files={"state": b"x"}, timeout=SECONDS
        )
        self.assertLess(answer.status_code, 500)

    def test_no_spelling_of_the_address_is_logged_with_its_code(self):
        code = "c0de-of-the-sign-in"
        paths = ["", "/", "/x", "/x/", "/x/y", "//", "/é", "/%2F"]
        spellings = [
            f"{CALLBACK}{path}?{name}={code}" for path in paths for name in ("code", "CODE")
        ]
        spellings += [
            f"/tribe/%63allback?code={code}",
            f"/tribe/%63allback/x?a=b&code={code}",
            f"//tribe//callback//?code={code}",
            f"/TRIBE/Callback?code={code}",
            f"/tribe/callback%3Fcode={code}",
            f"/web/login?redirect=%2Ftribe%2Fcallback%3Fcode%3D{code}",
            f"/web/login?redirect=%252Ftribe%252Fcallback%253Fcode%253D{code}",
            f"/web/login?redirect=/tribe%25252Fcallback%25253Fcode%25253D{code}",
            f"/web/login?redirect=%{'25' * 40}2Ftribe%{'25' * 40}2Fcallback?code={code}",
        ]
        with self.assertLogs(REQUEST_LOGGER, logging.INFO) as logs:
            for spelling in spellings:
                self.opener.get(
                    f"{self.base_url()}{spelling}", allow_redirects=False, timeout=SECONDS
                )
            for line in (
                f"GET /tribe/callback?x='&code={code} HTTP/1.1",
                f'GET /tribe/callback?x="&code={code} HTTP/1.1',
                f"GET /tribe/callback ?code={code} HTTP/1.1",
                f"GET /tribe/callback?a b code={code}",
                f"GET /tribe/x/../callback?code={code} HTTP/1.1",
                f"GET /tribe/./callback?code={code} HTTP/1.1",
                f"GET /tribe/callback/../x?code={code} HTTP/1.1",
                f"GET /tribe/callback;code={code} HTTP/1.1",
                f"GET http://elsewhere/tribe/callback?code={code} HTTP/1.1",
                f"GET /tribe/callback?code={code}",
                f"/tribe/callback?code={code}",
                f"FOO?/tribe/callback?code={code} HTTP/1.1",
            ):
                spellings.append(line)
                self.send_line(line)
            logging.getLogger(REQUEST_LOGGER).info('"GET %s HTTP/1.1"', "/web?debug=shown")

        text = "\n".join(logs.output)
        self.assertIn("debug=shown", text)
        self.assertGreaterEqual(text.count("***"), len(spellings))
        self.assertNotIn(code, text)

    # The additional proof (PKCE)

    def test_tribe_is_shown_a_proof_that_is_new_each_time(self):
        queries = [parse_qs(urlsplit(self.begin()).query) for _time in range(2)]

        challenges = {query["code_challenge"][0] for query in queries}
        self.assertEqual(len(challenges), 2)
        self.assertEqual(queries[0]["code_challenge_method"], ["S256"])
        verifier = self.session_of_browser()[controller.PENDING]["code_verifier"]
        self.assertTrue(43 <= len(verifier) <= 128)
        self.assertNotIn(verifier, str(queries))

    def test_a_tribe_that_requires_it_checks_it_or_passes_it_over(self):
        for reading in ("required", "checked", "ignored"):
            self.sandbox.switch(pkce=reading)
            with self.subTest(reading):
                self.sign_in()
                self.assertFalse(self.connection.sign_in_problem)
                self.assertTrue(self.credential.refresh_token)
                self.credential._forget_tokens()

    def test_a_code_of_somebody_else_is_of_no_use(self):
        """Put into the answer to our own question, with the right state."""
        self.sandbox.switch(pkce="checked")
        theirs = parse_qs(urlsplit(self.decide(self.begin())).query)["code"][0]
        ours = urlsplit(self.decide(self.begin()))
        state = parse_qs(ours.query)["state"][0]

        self.assertEndsOnTheForm(self.come_back(f"{ours.path}?code={theirs}&state={state}"))

        self.assertNotSignedIn("token_code_ended")

    def test_a_tribe_that_does_not_know_it_is_asked_without_it_the_next_time(self):
        for reading in ("refused", "refused_at_exchange"):
            self.sandbox.switch(pkce=reading)
            self.authenticate("tribe_admin", "tribe_admin")
            with self.subTest(reading):
                address = self.begin()
                if reading == "refused":
                    answer = requests.get(address, allow_redirects=False, timeout=SECONDS)
                    back = answer.headers["Location"]
                else:
                    back = self.decide(address)
                self.assertEndsOnTheForm(self.come_back(back))
                self.assert_problem("consent_invalid_request")
                self.assertFalse(self.credential.refresh_token)

                self.sign_in()

                self.assertFalse(self.connection.sign_in_problem)
                self.assertTrue(self.credential.refresh_token)
                self.credential._forget_tokens()

    # Repetition

    def test_an_answer_is_good_once(self):
        callback = self.decide(self.begin())
        self.come_back(callback)
        refresh_token = self.credential.refresh_token

        self.assertNoTrace(callback)

        self.assertFalse(self.connection.sign_in_problem)
        self.assertEqual(self.credential.refresh_token, refresh_token)
        self.assertEqual(self.sandbox.calls()["token_requests"], 1)
        self.connect()

    def test_an_answer_is_good_in_the_session_that_asked(self):
        callback = self.decide(self.begin())
        self.new_user("other_admin", "base.group_system")
        self.authenticate("other_admin", "other_admin")

        self.assertNoTrace(callback)

        self.assertNotSignedIn()

    def test_an_answer_that_comes_too_late(self):
        with patch.object(controller, "SECONDS_TO_CONSENT", -1):
            callback = self.decide(self.begin())

        self.assertEndsOnTheForm(self.come_back(callback))

        self.assertNotSignedIn("sign_in_took_too_long")

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
        for login, status in (("only_manager", 403), ("stranger", 404)):
            self.authenticate(login, login)
            for path in paths:
                with self.subTest(login=login, path=path):
                    self.assertEqual(self.visit(path).status_code, status)
            self.assertNoTrace(callback)
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
        host = containing("127.0.0.1")
        assert_says(self.refusal_to_connect(), "network_failed", host=host)

        self.connect()

        self.assertFalse(self.connection.must_sign_in)

    def test_a_renewal_whose_answer_is_lost_asks_to_sign_in_again(self):
        self.sign_in()
        self.sandbox.expire_access_tokens()
        self.sandbox.fault("lose_answer", path_contains="/oauth2/token")
        host = containing("127.0.0.1")
        assert_says(self.refusal_to_connect(), "network_failed", host=host)

        assert_says(self.refusal_to_connect(), "token_refresh_ended")

        self.assertTrue(self.connection.must_sign_in)
        asked = self.sandbox.calls()["token_requests"]
        assert_says(self.refusal_to_connect(), "nobody_signed_in")
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
