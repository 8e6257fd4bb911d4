"""Looking finds what a webhook would have told: webhooks get lost, and some cannot receive any."""

from collections import Counter
from datetime import timedelta
from unittest import mock

from odoo import fields

from odoo.addons.tribe_connector.engine.batch import Batch
from odoo.addons.tribe_connector.engine.leases import Leases
from odoo.addons.tribe_connector.models import tribe_work_queue
from odoo.addons.tribe_connector.relations.relation_reader import load_relations
from odoo.addons.tribe_connector.tribe_api import exchange

from .relation_case import RelationCase

# Longer than any test.
FOR_GOOD = 10.0**9
IMPORTER = "odoo.addons.tribe_connector.relations.importer"


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
        batch = Batch(env["tribe.engine"], connection, Leases(self.registry), work)
        env["tribe.poller"]._process(batch)

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


class TestInterrupted(LookingCase):
    """A look that cannot come to its end goes on where it was."""

    def setUp(self):
        super().setUp()
        # Whatever Tribe does, no call is the last one for long.
        self.connection.failures_before_pause = 10**6
        self.sandbox.switch(page_limit=4)
        self.read = Counter()

    def count_rows(self):
        """Count how often each row is listed from here on, in ``read``."""

        def parsed(body, parse=exchange.parsed_json):
            found = parse(body)
            rows = found.get("value", []) if isinstance(found, dict) else []
            self.read.update(row["ID"] for row in rows if set(row) <= {"ID", "Organization"})
            return found

        return mock.patch.object(exchange, "parsed_json", parsed)

    def look_in_pieces(self, stream, calls, meanwhile=lambda: None):
        """Look, with each page failing after so many; returns how often that was."""
        self.env["tribe.work"]._add(self.connection, "inbound", "poll", [stream], "poll")
        interruptions = 0
        while self.env["tribe.work"].search([]):
            fault = {"path_contains": "CreationDate%20ge", "skip": calls, "times": None}
            self.sandbox.fault("status", status=500, **fault)
            self.run_lanes()
            self.sandbox.clear_faults()
            self.env["tribe.work"].search([]).due = "2020-01-01"
            interruptions += 1
            self.assertLess(interruptions, 40)
            meanwhile()
        return interruptions

    def renamed(self, count):
        """So many relations that were renamed in Tribe, all in the same second."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Klant {number} B.V.", "is_company": True, "customer_rank": 1}
                for number in range(count)
            ]
        )
        self.synchronize(partners)
        self.poll("organization")
        for partner in partners:
            self.rename(partner, f"Hernoemd {partner.id}")
        return partners

    def assert_all_are_renamed(self, partners):
        self.assertEqual(partners.mapped("name"), [f"Hernoemd {each.id}" for each in partners])
        self.assertFalse(self.problems())

    def test_no_row_is_read_more_than_twice(self):
        partners = self.renamed(30)
        with self.count_rows():
            interruptions = self.look_in_pieces("organization", 3)
        self.assertGreater(interruptions, 3)
        self.assert_all_are_renamed(partners)
        self.assertLessEqual(set(partners.mapped("tribe_id")), set(self.read))
        self.assertLessEqual(max(self.read.values()), 2)

    def test_no_row_is_skipped_where_rows_come_and_go_meanwhile(self):
        partners = self.renamed(30)
        gone = iter([self.organization(Name=f"Weg {number}")["ID"] for number in range(30)])

        def move():
            self.sandbox.delete("Relation_Organization", next(gone))
            self.organization(Name="Nieuw B.V.")

        self.look_in_pieces("organization", 3, move)
        self.assert_all_are_renamed(partners)

    def test_what_changes_behind_the_place_is_found_by_the_next_look(self):
        partners = self.renamed(30)
        first = partners.sorted("tribe_id")[:1]
        self.look_in_pieces("organization", 3, lambda: self.rename(first, "Nog eens"))
        self.poll("organization")
        self.assert_all_are_renamed(partners - first)
        self.assertEqual(first.name, "Nog eens")

    def test_relations_of_relationships_come_too(self):
        partners = self.renamed(30)
        for partner in partners:
            ((entity_set, row),) = self.relationships(partner).items()
            self.sandbox.change(entity_set, row["ID"], {"PaymentTermInDays": 45})
        with self.count_rows():
            self.look_in_pieces("customer", 3)
        self.assertLessEqual(max(self.read.values()), 2)
        days = partners.property_payment_term_id.line_ids
        self.assertEqual((days.mapped("nb_days"), len(days)), ([45], 1))

    def test_a_look_for_which_there_is_no_room_goes_on_too(self):
        partners = self.renamed(30)
        self.env["tribe.work"]._add(self.connection, "inbound", "poll", ["organization"], "poll")
        self.patch(tribe_work_queue, "MOST_WAITING", 10)
        stops = 0
        with self.count_rows():
            while works := self.env["tribe.work"].search([]):
                works.due = "2020-01-01"
                self.run_lanes()
                stops += 1
                self.assertLess(stops, 40)
        self.assertGreater(stops, 2)
        self.assert_all_are_renamed(partners)
        self.assertLessEqual(max(self.read.values()), 2)

    def test_what_was_noted_before_it_was_deactivated_is_looked_for_again(self):
        new = [self.organization(Name=f"Nieuw {number}")["ID"] for number in range(12)]
        self.sandbox.fault("status", status=500, times=None, path_contains="ID%20eq")
        page = {"path_contains": "CreationDate%20ge", "skip": 3, "times": None}
        self.sandbox.fault("status", status=500, **page)
        self.poll("organization")
        self.connection.action_deactivate()
        self.run_lanes()
        self.sandbox.clear_faults()
        self.press_activate()
        self.run_lanes()

        self.poll("organization")

        self.assertTrue(all(self.link(tribe_id).partner_id for tribe_id in new))


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
