"""Looking finds what a webhook would have told: webhooks get lost, and some cannot receive any."""

from datetime import timedelta
from unittest import mock

from odoo import fields

from odoo.addons.tribe_connector.engine.lease import Leases
from odoo.addons.tribe_connector.engine.remote_relation import load_relations
from odoo.addons.tribe_connector.engine.session import Session

from .relation_case import RelationCase

# Longer than any test.
FOR_GOOD = 10.0**9
IMPORTER = "odoo.addons.tribe_connector.models.tribe_relation_importer"


def moved_clock(minutes):
    """While Odoo's clock is so many minutes ahead of that of Tribe."""
    now = fields.Datetime.now
    ahead = timedelta(minutes=minutes)
    return mock.patch.object(fields.Datetime, "now", staticmethod(lambda: now() + ahead))


class LookingCase(RelationCase):
    """Both sides agree; no webhook arrives."""

    def rename(self, partner, name):
        """Somebody renames a contact's relation in Tribe."""
        entity_set = "Relation_Organization" if partner.is_company else "Relation_Person"
        self.sandbox.change(entity_set, partner.tribe_id, {"Name": name})

    def cursor(self, stream):
        return self.env["tribe.cursor"].search([("stream", "=", stream)])


class TestClocks(LookingCase):
    def test_a_change_is_found_whatever_time_it_is_in_odoo(self):
        for minutes in (-10, -5, 0, 5, 10):
            with self.subTest(minutes), moved_clock(minutes):
                partner = self.linked(f"Klant {minutes}")
                self.poll("organization")
                self.rename(partner, f"Hernoemd {minutes}")
                self.poll("organization")
                self.assertEqual(partner.name, f"Hernoemd {minutes}")

    def test_a_change_that_shows_up_two_minutes_later_is_found(self):
        partner = self.linked()
        self.sandbox.switch(query_lag=FOR_GOOD)
        self.rename(partner, "Hernoemd B.V.")
        self.poll("organization")
        self.assertEqual(partner.name, "Klant B.V.")
        # That look was two minutes after the change.
        self.cursor("organization").position += timedelta(minutes=2)

        self.sandbox.switch(query_lag=0.0)
        self.poll("organization")

        self.assertEqual(partner.name, "Hernoemd B.V.")


class TestWhatWaits(LookingCase):
    """What is found, and has a row of work already."""

    def poll_now(self, env, stream):
        """Have another lane look at a stream at this very moment."""
        connection = self.connection.with_env(env)
        work = env["tribe.work"]._add(connection, "inbound", "poll", [stream], "poll")
        session = Session(env["tribe.engine"], connection, Leases(self.registry), work)
        env["tribe.poller"]._process(session)

    def test_what_changes_while_a_lane_is_at_it_is_looked_at_again(self):
        partner = self.linked()
        self.rename(partner, "Eerst B.V.")

        def load_and_change(connection, *arguments):
            found = load_relations(connection, *arguments)
            if not self.named("Daarna B.V."):
                self.rename(partner, "Daarna B.V.")
                self.poll_now(connection.env, "organization")
            return found

        load = f"{IMPORTER}.load_relations"
        with mock.patch(load, load_and_change):
            self.look_at("organization", partner.tribe_id)

        self.assertFalse(self.problems())
        self.assertEqual(partner.name, "Daarna B.V.")
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_what_is_held_and_was_mended_in_tribe_is_looked_at(self):
        row = self.organization(Name="Veel te lang " * 100)
        self.look_at("organization", row["ID"])
        self.assertTrue(self.problems())
        self.assertFalse(self.link(row["ID"]).partner_id)

        self.sandbox.change("Relation_Organization", row["ID"], {"Name": "Kort B.V."})
        self.poll("organization")

        self.assertFalse(self.problems())
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Kort B.V.")

    def test_what_only_waits_is_not_noted_twice(self):
        partner = self.linked()
        self.rename(partner, "Eerst B.V.")
        with self.enter_registry_test_mode(), self.registry.cursor() as cursor:
            for _number in range(2):
                self.poll_now(self.env(cr=cursor), "organization")
        works = self.env["tribe.work"].search([("kind", "=", "organization")])
        self.assertEqual(works.mapped("reference"), [partner.tribe_id])


class TestClocksAtTheStart(LookingCase):
    activated = False

    def test_what_changes_after_activating_is_found_whatever_time_it_is_in_odoo(self):
        partner = self.customer()
        with moved_clock(10):
            self.press_activate()
            self.run_lanes()
        self.rename(partner, "Hernoemd B.V.")
        self.poll("organization")
        self.assertEqual(partner.name, "Hernoemd B.V.")
