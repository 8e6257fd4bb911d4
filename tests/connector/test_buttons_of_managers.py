"""Only Tribe CRM administrators start, pause and stop a connection, also by RPC."""

import contextlib
import re
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.engine.leases import (
    Leases,
    button_keys,
)
from odoo.addons.tribe_connector.sentence import sentence

from .relation_case import RelationCase

BUTTONS = (
    "action_activate",
    "action_ask_to_deactivate",
    "action_deactivate",
    "action_pause",
    "action_plan",
    "action_resume",
    "action_run_nightly",
)


class TestButtonsOfManagers(RelationCase):
    def test_a_user_starts_and_stops_nothing(self):
        user = new_test_user(
            self.env,
            "reader",
            groups="base.group_user,tribe_connector.group_user",
            company_id=self.company.id,
        )
        self.customer("Wacht nog")
        before = self.env["tribe.work"].search([])
        for state in ("active", "paused"):
            self.connection.state = state
            for button in BUTTONS:
                with self.subTest(f"{button}, {state}"), self.assertRaises(AccessError):
                    getattr(self.connection.with_user(user), button)()
        self.assertEqual(self.env["tribe.work"].search([]), before)
        self.assertEqual(self.connection.state, "paused")

    def test_a_slow_tribe_takes_one_worker_of_a_user_and_of_a_company(self):
        self.map()
        self.connection._write_as_connector({"state": "connected"})
        of_user, of_company = button_keys(self.env.uid, self.company.id)
        # A session of its own, as that of another worker.
        with Leases(self.registry) as leases:
            for key in (of_user, of_company):
                self.assertTrue(leases.take(key))
                for button in ("action_connect", "action_activate"):
                    self.sandbox.reset_calls()
                    said = re.escape(sentence("tribe_asked_for_button"))
                    with (
                        self.subTest(f"{button}, {key}"),
                        self.enter_registry_test_mode(),
                        self.assertRaisesRegex(UserError, said),
                    ):
                        getattr(self.connection, button)()
                    self.assertEqual(self.sandbox.calls()["total"], 0)
                leases.give_back([key])
            others = button_keys(self.env.uid + 1, self.company.id + 1)
            self.assertTrue(all(map(leases.take, others)))
            self.connect()
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")

    def test_a_worker_is_taken_until_what_tribe_has_is_written(self):
        """How long that takes is Tribe's to say too."""
        connections = self.registry["tribe.connection"]
        asking, storing = connections._asking_for_button, connections._store_tenant
        events = []

        @contextlib.contextmanager
        def asking_is_noted(connection):
            with asking(connection):
                yield
            events.append("given back")

        def storing_is_noted(connection, found):
            storing(connection, found)
            events.append("written")

        with (
            patch.object(connections, "_asking_for_button", asking_is_noted),
            patch.object(connections, "_store_tenant", storing_is_noted),
        ):
            self.connect()

        self.assertEqual(events, ["written", "given back"])
