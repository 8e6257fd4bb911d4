"""Looking finds what a webhook would have told: webhooks get lost, and some cannot receive any."""

from datetime import timedelta
from unittest import mock

from odoo import fields

from .relation_case import RelationCase

# Longer than any test.
FOR_GOOD = 10.0**9


class LookingCase(RelationCase):
    """Both sides agree; no webhook arrives."""

    def odoos_clock(self, minutes):
        """Odoo's clock, so many minutes ahead of that of Tribe."""
        now = fields.Datetime.now
        ahead = timedelta(minutes=minutes)
        return mock.patch.object(fields.Datetime, "now", staticmethod(lambda: now() + ahead))

    def rename(self, partner, name):
        """Somebody renames a contact's relation in Tribe."""
        entity_set = "Relation_Organization" if partner.is_company else "Relation_Person"
        self.sandbox.change(entity_set, partner.tribe_id, {"Name": name})

    def cursor(self, stream):
        return self.env["tribe.cursor"].search([("stream", "=", stream)])


class TestClocks(LookingCase):
    def test_a_change_is_found_whatever_time_it_is_in_odoo(self):
        for minutes in (-10, -5, 0, 5, 10):
            with self.subTest(minutes), self.odoos_clock(minutes):
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


class TestClocksAtTheStart(LookingCase):
    activated = False

    def test_what_changes_after_activating_is_found_whatever_time_it_is_in_odoo(self):
        partner = self.customer()
        with self.odoos_clock(10):
            self.press_activate()
            self.run_lanes()
        self.rename(partner, "Hernoemd B.V.")
        self.poll("organization")
        self.assertEqual(partner.name, "Hernoemd B.V.")
