"""Who says where Tribe is, and what another host is told of what the old one knew."""

import time
from unittest.mock import patch

from told import assert_says

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.tribe_connector.engine import tokens
from odoo.addons.tribe_connector.engine.batch import Batch
from odoo.addons.tribe_connector.tests.roles_case import RolesCase
from odoo.addons.tribe_connector.tribe_api import Token, TribePaused

from .sentence_case import SentenceCase

ADDRESSES = ("api_address", "authorization_address", "web_address", "webhook_address")
ELSEWHERE = "https://elsewhere.example"
TRIBE = {
    "api_address": "https://api.tribecrm.nl",
    "authorization_address": "https://auth.tribecrm.nl",
    "web_address": "https://app.tribecrm.nl",
    "webhook_address": "https://odoo.example",
}
SECRETS = {
    "client_secret": "client secret",
    "webhook_secret": "webhook secret",
    "webhook_token": "webhook token",
    "access_token": "access token",
    "refresh_token": "refresh token",
}


@tagged("post_install", "-at_install")
class TestAddressesOfConnection(SentenceCase, RolesCase):
    def setUp(self):
        super().setUp()
        self.connection.write({**TRIBE, "mode": "live"})
        self.connection.state = "active"
        self.credential = self.connection._credential()
        self.enter_secrets()

    def enter_secrets(self):
        self.credential.write({"client_id": "our-client"})
        for name, value in SECRETS.items():
            self.credential.write({name: value})

    def left(self):
        """The secrets that are still what they were."""
        self.env.flush_all()
        self.env.invalidate_all()
        return {name for name, value in SECRETS.items() if self.credential[name] == value}

    # Who

    def test_only_a_system_administrator_says_where_they_are(self):
        connection = self.connection.with_user(self.manager)
        for name in ADDRESSES:
            with self.subTest(name):
                with self.assert_refused("addresses_only_for_system_administrators", AccessError):
                    connection.write({name: ELSEWHERE})
                with self.assert_refused("addresses_only_for_system_administrators", AccessError):
                    connection.create({"name": "New", name: ELSEWHERE})
                with self.assert_refused("addresses_only_for_system_administrators", AccessError):
                    connection.with_context(**{f"default_{name}": ELSEWHERE}).create(
                        {"name": "New"}
                    )
                connection.write({name: self.connection[name]})
                self.assertTrue(connection.create({"name": "As they are"}))
                self.connection.with_user(self.administrator).write({name: ELSEWHERE})
                self.assertEqual(self.connection[name], ELSEWHERE)

    def test_a_default_value_of_ones_own_does_not_say_it(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        for name in ADDRESSES:
            defaults = self.env["ir.default"].with_user(self.manager)
            defaults.set("tribe.connection", name, ELSEWHERE, user_id=True)
            with self.subTest(name):
                with self.assert_refused("addresses_only_for_system_administrators", AccessError):
                    connections.create({"name": "New"})
                result = connections.load(["name"], [["Imported"]])
                self.assertFalse(result["ids"])
            self.env["ir.default"].search([("user_id", "=", self.manager.id)]).unlink()

    def test_an_import_does_not_say_it(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        for name in ADDRESSES:
            for columns, row in (
                (["name", name], ["New", ELSEWHERE]),
                ([".id", name], [self.connection.id, ELSEWHERE]),
            ):
                with self.subTest(columns):
                    self.assertFalse(connections.load(columns, [row])["ids"])
        self.env.invalidate_all()
        self.assertEqual({name: self.connection[name] for name in TRIBE}, TRIBE)

    def test_a_copy_of_other_addresses_is_for_system_administrators(self):
        with self.assert_refused("addresses_only_for_system_administrators", AccessError):
            self.connection.with_user(self.manager).copy()
        self.connection.webhook_address = False
        self.assertTrue(self.connection.with_user(self.manager).copy())
        self.connection.api_address = ELSEWHERE
        with self.assert_refused("addresses_only_for_system_administrators", AccessError):
            self.connection.with_user(self.manager).copy()
        self.assertTrue(self.connection.with_user(self.administrator).copy())

    # What they are like

    def test_what_is_no_address_is_refused_when_it_is_entered(self):
        wrong = {
            name: [
                "javascript:alert(1)",
                "http://elsewhere.example",
                "https://user@elsewhere.example",
                "https://elsewhere.example/?a=b",
                "https://elsewhere.example/#a",
                "https://",
                "elsewhere.example",
                "https://elsewhere.example\\@other.example",
                "https://else where.example",
            ]
            for name in ADDRESSES
        }
        wrong["api_address"].append("https://10.0.0.1")
        for name, addresses in wrong.items():
            for address in addresses:
                with (
                    self.subTest(name=name, address=address),
                    self.assertRaises(ValidationError),
                    self.env.cr.savepoint(),
                ):
                    self.connection.write({name: address})

    def test_our_own_address_may_be_where_tribe_does_not_reach_it(self):
        for address in (
            "https://10.0.0.1:8069",
            "http://127.0.0.1:8069",
            "http://localhost:8069",
            "https://odoo.example/prefix/",
            False,
        ):
            self.connection.webhook_address = address
            self.assertTrue(self.connection._webhook_url("Address"))

    def test_without_an_address_it_is_that_of_odoo(self):
        self.connection.webhook_address = False
        self.env["ir.config_parameter"].set_param("web.base.url", "https://our.example/")

        url = self.connection._webhook_url("Address")

        self.assertTrue(url.startswith("https://our.example/tribe/webhook/"), url)

    # What another host is told

    def test_the_same_host_keeps_all(self):
        for values in (
            {"api_address": "https://API.tribecrm.nl/"},
            {"api_address": "https://api.tribecrm.nl:443"},
            {"authorization_address": "HTTPS://auth.tribecrm.nl/"},
            {"web_address": ELSEWHERE},
            {"webhook_address": ELSEWHERE},
        ):
            with self.subTest(values):
                self.connection.write(values)
                self.assertLessEqual({"client_secret", "webhook_token"}, self.left())
                self.assertEqual(self.connection.state, "active")
                self.assertFalse(self.connection.trouble)

    def test_another_server_that_signs_in_is_told_no_secret(self):
        for address in (
            ELSEWHERE,
            "https://auth.tribecrm.nl:8443",
            "http://127.0.0.1:9",
        ):
            self.connection.write({"authorization_address": TRIBE["authorization_address"]})
            self.enter_secrets()
            with self.subTest(address):
                self.connection.write({"authorization_address": address})
                self.assertEqual(self.left(), {"webhook_secret", "webhook_token"})
                self.assertEqual(self.credential.client_id, "our-client")

    def test_another_api_is_told_nothing_and_connected_anew(self):
        self.connection.write({"api_address": ELSEWHERE})

        self.assertEqual(self.left(), set())
        self.assertGreaterEqual(len(self.credential.webhook_token), 64)
        self.assertEqual(self.connection.state, "draft")

    def test_a_secret_entered_together_with_the_address_is_for_the_new_host(self):
        self.connection.with_user(self.administrator).write(
            {"api_address": ELSEWHERE, "client_secret": "of elsewhere"}
        )

        self.assertEqual(self.credential.client_secret, "of elsewhere")

    def test_it_is_said_until_the_secret_is_entered(self):
        self.connection.write({"authorization_address": ELSEWHERE})
        self.env.invalidate_all()

        for reader in (self.manager, self.administrator):
            connection = self.connection.with_user(reader)
            self.assert_trouble(connection, "client_secret_forgotten", name="Tribe CRM")
            self.assertEqual(connection.trouble.count("\n"), 0)
        assert_says(self.connection._sentences_to_tell(), "client_secret_forgotten")

        self.connection.with_user(self.administrator).client_secret = "of elsewhere"
        self.env.invalidate_all()

        self.assertFalse(self.connection.trouble)
        self.assertFalse(self.connection._sentences_to_tell())

    # Meanwhile

    def move_elsewhere(self, name="api_address"):
        """What a system administrator does, and is committed before anything else goes on."""
        self.connection.with_user(self.administrator).write(
            {name: ELSEWHERE, "client_secret": "of elsewhere"}
        )
        self.env.flush_all()

    def test_a_token_that_was_under_way_is_not_kept_for_another_host(self):
        for request, changes in (
            ("request_token", {}),
            ("refresh_token", {"sign_in": "authorization_code"}),
        ):
            for name in ("api_address", "authorization_address"):
                self.connection.write({**TRIBE, **changes})
                self.enter_secrets()
                stored = tokens.StoredTokens(self.connection)

                def answer(*_args, moved=name, **_options):
                    self.move_elsewhere(moved)
                    return Token("of the old host", time.time() + 3600, "of the old host")

                with (
                    self.subTest(request=request, name=name),
                    patch.object(tokens, request, answer),
                    self.enter_registry_test_mode(),
                    self.assert_refused("address_changed_meanwhile", TribePaused),
                ):
                    stored.access_token()
                self.env.invalidate_all()
                kept = (self.credential.access_token, self.credential.refresh_token)
                self.assertEqual(kept, (False, False))

    def test_a_sign_in_that_was_under_way_is_not_kept_for_another_host(self):
        stored = tokens.StoredTokens(self.connection)

        def answer(*_args, **_options):
            self.move_elsewhere()
            return Token("of the old host", time.time() + 3600, "of the old host")

        with (
            patch.object(tokens, "exchange_code", answer),
            self.enter_registry_test_mode(),
            self.assert_refused("address_changed_meanwhile", TribePaused),
        ):
            stored.sign_in("code", "https://odoo.example/callback")
        self.env.invalidate_all()
        self.assertFalse(self.credential.access_token or self.credential.refresh_token)

    def test_a_token_of_another_client_is_not_kept(self):
        self.credential.write({"access_token": False})

        def answer(*_args, **_options):
            self.credential.write({"client_id": "another"})
            self.env.flush_all()
            return Token("of the old client", time.time() + 3600)

        with (
            patch.object(tokens, "request_token", answer),
            self.enter_registry_test_mode(),
            self.assert_refused("client_changed_meanwhile", TribePaused),
        ):
            tokens.StoredTokens(self.connection).access_token()
        self.env.invalidate_all()
        self.assertFalse(self.credential.access_token)

    def test_who_began_at_the_old_host_is_given_no_secret_of_the_new_one(self):
        for name in ("api_address", "authorization_address"):
            self.connection.write(TRIBE)
            self.enter_secrets()
            stored = tokens.StoredTokens(self.connection)
            self.move_elsewhere(name)
            self.credential.write(
                {"access_token": "of elsewhere", "token_expires_at": time.time() + 3600}
            )
            self.env.flush_all()
            asked = []
            with (
                self.subTest(name),
                patch.object(tokens, "request_token", lambda *_args, **sent: asked.append(sent)),
                self.enter_registry_test_mode(),
            ):
                for ask in (stored.access_token, lambda tokens=stored: tokens.renew("refused")):
                    with self.assert_refused("address_changed_meanwhile", TribePaused):
                        ask()
            self.assertFalse(asked)

    def test_webhooks_are_not_registered_at_the_old_host_with_the_new_token(self):
        """Whatever an administrator has done at the new host by then."""
        for name in ("api_address", "authorization_address"):
            self.connection.write({**TRIBE, "state": "active"})
            works = self.env["tribe.work"]._add(
                self.connection, "outbound", "activate", [self.connection.id], "person"
            )
            batch = Batch(self.env["tribe.engine"], self.connection, None, works)
            client = batch.client
            self.move_elsewhere(name)
            self.connection.state = "active"
            self.env.flush_all()
            with (
                self.subTest(name),
                patch.object(type(client), "webhooks", return_value=[]),
                self.enter_registry_test_mode(),
                self.assert_refused("connection_switched", TribePaused),
            ):
                self.connection._register_webhooks(client)
