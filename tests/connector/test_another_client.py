"""Another application of Tribe may be another Tribe: no link is used before Connect has seen it."""

import time
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.engine import lanes, tokens
from odoo.addons.tribe_connector.tribe_api import Token, TribeCredentialsRefused

from .common import CRONS
from .relation_case import RelationCase


class TestAnotherClient(RelationCase):
    def setUp(self):
        super().setUp()
        # A lane would wait ten seconds for what it must not do.
        self.patch(lanes, "SOON_SECONDS", 0)
        self.partner = self.env["res.partner"].create(
            {"name": "Onze klant", "is_company": True, "customer_rank": 1, "phone": "030 1"}
        )
        self.synchronize(self.partner)
        self.links = self.partner.tribe_link_ids.filtered("tribe_id")
        self.assertTrue(self.links)
        self.before = self.connection.own_organization_id

    def synchronize(self, partner):
        partner.action_synchronize_with_tribe()
        self.run_lanes()

    def enter_client(self):
        """Enter another client, of what is now at the same address."""
        for client_id in ("another", self.sandbox.client_id):
            self.connection.write(
                {"client_id": client_id, "client_secret": self.sandbox.client_secret}
            )
        self.env.flush_all()

    def change_sign_in(self):
        """Sign in as the application, where it was a person who had signed in."""
        for way in ("authorization_code", "client_credentials"):
            self.connection.sign_in = way
        self.env.flush_all()

    def sign_in(self):
        """Come back from Tribe's consent page, before the request that connects."""
        token = Token(self.token(), time.time() + 3600, "refresh")
        with (
            patch.object(tokens, "exchange_code", lambda *_args, **_options: token),
            self.enter_registry_test_mode(),
        ):
            tokens.StoredTokens(self.connection).sign_in("code", "https://odoo.example/callback")
        self.env.invalidate_all()

    def token(self):
        """One that Tribe takes."""
        with self.enter_registry_test_mode():
            return tokens.StoredTokens(self.connection).access_token()

    def everything_at_night(self):
        """A save, a webhook, a look at the stream and the night, for the lanes."""
        self.partner.phone = "030 2"
        self.partner.action_synchronize_with_tribe()
        organization = self.links.filtered(lambda link: link.kind == "organization")
        tribe_ids = organization.mapped("tribe_id")
        works = self.env["tribe.work"]
        works._add(self.connection, "inbound", "organization", tribe_ids, "webhook")
        works._add(self.connection, "inbound", "comparison", tribe_ids, "nightly")
        with self.enter_registry_test_mode():
            for cron in CRONS.values():
                self.env.ref(f"tribe_connector.{cron}").method_direct_trigger()
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()

    def test_who_waited_while_somebody_signed_in_is_refused(self):
        credential = self.env["tribe.credential"].search([])
        credential.filtered(lambda each: each.connection_id == self.connection).access_token = False
        self.env.flush_all()

        def signed_in_meanwhile(waiting, _leases):
            waiting._have_it_compared()

        with (
            patch.object(tokens.StoredTokens, "_wait_for_turn", signed_in_meanwhile),
            self.assertRaises(TribeCredentialsRefused),
        ):
            self.token()

    def test_nothing_of_another_tribe_is_used(self):
        for change in (self.enter_client, self.change_sign_in, self.sign_in):
            with self.subTest(change.__name__):
                states = self.links.mapped("state")
                self.connection._write_as_connector({"state": "active"})
                change()
                self.sandbox.reset(seed=20_001, switches={"webhook_paused": True})
                rows = self.sandbox.rows("Relation_Organization")

                self.everything_at_night()

                self.assertEqual(self.sandbox.rows("Relation_Organization"), rows)
                self.assertEqual(self.links.mapped("state"), states)
                # What the connection then says of itself (tests/end_to_end/test_sign_in.py).
                with self.assertRaisesRegex(TribeCredentialsRefused, "press Connect"):
                    self.token()

                self.connect()

                self.assertEqual(self.connection.state, "draft")
                self.assertIn("another Tribe environment", self.connection.sign_in_problem)
                self.assertEqual(self.connection.own_organization_id, self.before)
                self.sandbox.reset(keep_webhooks=False, switches={"webhook_paused": True})
                self.connect()

    def test_the_same_tribe_goes_on_once_it_was_seen(self):
        self.enter_client()
        self.everything_at_night()
        (organization,) = self.links.filtered(lambda link: link.kind == "organization")
        row = self.tribe_row("Relation_Organization", organization.tribe_id)
        self.assertNotEqual(row["PhoneNumber"], "030 2")

        self.connect()
        # What was put off for a second is due by now.
        self.env["tribe.work"].search([("error_class", "=", False)]).due = fields.Datetime.now()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        row = self.tribe_row("Relation_Organization", organization.tribe_id)
        self.assertEqual(row["PhoneNumber"], "030 2")
        self.assertFalse(self.connection.trouble)
