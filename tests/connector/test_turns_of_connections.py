"""No connection's Tribe, and none of its records, keeps the others' waiting."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.tribe_api import Client, Turn

from .test_two_tenants import TenantsCase


class Killed(BaseException):
    """What nobody catches: Odoo ends a worker that is over its time."""


class TestProbes(TenantsCase):
    """Neither Tribe can be reached; B, by its name, comes before A."""

    def setUp(self):
        super().setUp()
        self.b.name = "AAA"
        (self.a | self.b).failures_before_pause = 1
        self.let_probe(self.a | self.b)

    def down(self, connection):
        return self.env["tribe.availability"].search([("connection_id", "=", connection.id)])

    def let_probe(self, connections):
        now = fields.Datetime.now()
        for connection in connections:
            row = self.down(connection)
            row.write(
                {
                    "failures": 5,
                    "unavailable_since": row.unavailable_since or now,
                    "next_probe": (row.next_probe or now) - timedelta(days=1),
                }
            )

    def run_schedule(self):
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()

    def test_a_slow_tribe_lets_the_others_be_found_again(self):
        """Its first call takes the whole turn."""
        slow = self.tenants[self.b]
        # A token for each call, so that the probe of B never comes to its question.
        slow.switch(expires_in=0)
        self.env["tribe.credential"].search([("connection_id", "=", self.b.id)]).write(
            {"access_token": False}
        )
        with patch.object(
            Turn, "seconds_left", lambda _turn: 0 if slow.calls()["total"] else 45
        ):
            for _minute in range(2):
                slow.reset_calls()
                self.run_schedule()
                self.let_probe(self.b)

        self.assertFalse(self.down(self.a).unavailable_since)
        self.assertTrue(self.down(self.b).unavailable_since)

    def test_a_probe_that_ends_its_worker_keeps_nobody_from_hearing_and_planning(self):
        (self.a | self.b).responsible_id = self.env.ref("base.user_admin")
        self.env["tribe.cursor"].search([("stream", "=like", "schedule:%")]).unlink()
        for connection in self.a | self.b:
            self.down(connection).unavailable_since = "2020-01-01"
        # Odoo's assertRaises would undo what was committed before.
        with (
            patch.object(Client, "current_employee", side_effect=Killed) as asked,
            contextlib.suppress(Killed),
        ):
            self.run_schedule()
        asked.assert_called_once()
        self.env.invalidate_all()

        for connection in self.a | self.b:
            self.assertIn("cannot be reached since", connection.activity_ids.note)
            self.assertTrue(self.env["tribe.cursor"]._position(connection, "schedule:nightly"))
