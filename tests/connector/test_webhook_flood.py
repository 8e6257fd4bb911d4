"""Webhooks that prove to be Tribe's, too many of them: everybody else still has a turn."""

from unittest.mock import patch

from psycopg2 import OperationalError
from psycopg2.pool import PoolError

from odoo import sql_db

from odoo.addons.tribe_connector.models import tribe_work_webhook
from odoo.addons.tribe_connector.relations import importer

from .batches import Batches, invented
from .relation_case import RelationCase

KINDS = ("organization", "person", "customer", "person_customer", "supplier", "address", "invoice")


class TestWebhookFlood(Batches, RelationCase):
    def works(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env["tribe.work"].search(domain)

    def tell(self, kind, tribe_ids, connection=None):
        """What the controller does with webhooks."""
        for tribe_id in tribe_ids:
            self.env["tribe.work"]._note_webhook(connection or self.connection, kind, tribe_id)

    def triggers(self):
        lanes = self.env["tribe.engine"]._lanes("inbound")
        return [
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", lane.id)]) for lane in lanes
        ]

    def test_many_about_one_record_are_one_row_until_it_is_claimed(self):
        partner = self.linked()
        self.tell("organization", [partner.tribe_id] * 373)
        self.assertEqual(len(self.works(kind="organization")), 1)

        self.run_lanes()
        # Nothing showed, so it is looked at once more, later.
        self.assertEqual(self.works().mapped("reason"), ["again"])
        self.tell("organization", [partner.tribe_id])
        self.assertEqual(self.works().mapped("reason"), ["webhook", "again"])

    def test_one_that_arrives_while_it_is_worked_on_comes_again(self):
        partner = self.linked()
        load, names = importer.load_relations, ["Gewijzigd na het lezen B.V."]

        def load_and_then_it_changes(*arguments):
            found = load(*arguments)
            if names:
                self.sandbox.change(
                    "Relation_Organization", partner.tribe_id, {"Name": names.pop()}
                )
                self.tell("organization", [partner.tribe_id] * 2)
            return found

        self.tell("organization", [partner.tribe_id] * 2)
        with patch.object(importer, "load_relations", load_and_then_it_changes):
            self.run_lanes()

        self.assertEqual(partner.name, "Gewijzigd na het lezen B.V.")
        self.assertFalse(self.works())

    def test_a_problem_is_no_reason_to_leave_a_webhook_out(self):
        partner = self.linked()
        self.tell("organization", [partner.tribe_id])
        self.sandbox.fault("status", path_contains="Relation_Organization", times=None)
        self.run_lanes()
        self.assertTrue(self.works().error)
        self.sandbox.clear_faults()
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"Name": "Later B.V."})

        self.tell("organization", [partner.tribe_id])
        self.run_lanes()

        self.assertEqual(partner.name, "Later B.V.")
        self.assertFalse(self.works())

    def test_a_webhook_that_waits_in_a_pause_is_one_row_too(self):
        self.connection.state = "paused"
        self.tell("organization", invented(1) * 20)
        self.assertEqual(len(self.works()), 1)
        self.connection.state = "active"

    def test_one_trigger_for_each_lane_while_one_waits(self):
        self.env["ir.cron.trigger"].search([]).unlink()

        self.tell("organization", invented(50))

        self.assertEqual(self.triggers(), [1, 1])

    # Turns

    def test_what_was_noted_is_no_failure_when_nobody_can_be_woken(self):
        """After the commit: a webhook that is stored is answered as stored."""
        for error in (PoolError("The Connection Pool Is Full"), OperationalError("too many")):
            with patch.object(sql_db, "db_connect", side_effect=error) as connect:
                self.env["ir.cron"]._notifydb()
            connect.assert_called_once()

    def test_a_flood_of_one_kind_keeps_no_other_waiting(self):
        self.insert(self.connection, "customer", 10_000)
        (real,) = invented(1)
        for kind in ("organization", "invoice", "person"):
            self.tell(kind, [real])

        batches = self.batches(6)

        for kind in ("organization", "invoice", "person"):
            turn = [number for number, batch in enumerate(batches) if batch[1] == kind]
            self.assertTrue(turn and turn[0] <= 4, [batch[:2] for batch in batches])

    def test_a_flood_of_one_connection_keeps_no_other_waiting(self):
        other = self.connection.copy({"name": "Andere", "mode": "demo"})
        other.state = "active"
        for kind in KINDS:
            self.insert(other, kind, 2_000)
        (real,) = invented(1)
        self.tell("organization", [real])

        batches = self.batches(4)

        turn = [number for number, batch in enumerate(batches) if batch[2] == {real}]
        self.assertTrue(turn and turn[0] <= 2, [batch[:2] for batch in batches])

    def test_what_tells_which_relation_to_look_at_still_comes_first(self):
        (real,) = invented(1)
        for kind in ("organization", "address", "invoice", "customer"):
            self.tell(kind, [real])
        kinds = [kind for _connection, kind, _references in self.batches(9)]
        self.assertEqual(set(kinds[:2]), {"address", "customer"})

    # Too many of one kind

    def crowded(self, most=10):
        return patch.object(tribe_work_webhook, "MOST_UNCLAIMED", most)

    def test_beyond_a_number_it_is_looked_for_instead(self):
        partner = self.linked()
        self.run_nightly()
        row = self.organization(Name="Echte klant B.V.")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"Name": "Ook echt B.V."})
        with self.crowded():
            self.tell("organization", invented(200))
            self.tell("organization", [row["ID"]])
            self.assertEqual(len(self.works(kind="organization")), 10)
            self.assertEqual(self.works(kind="poll").mapped("reference"), ["organization"])
            # What is linked is not invented.
            self.tell("organization", [partner.tribe_id])
            self.assertEqual(len(self.works(kind="organization")), 11)
            # Nor does one kind crowd another.
            self.tell("person", invented(1))
            self.assertEqual(len(self.works(kind="person")), 1)

        self.run_lanes()

        self.assertTrue(self.link(row["ID"]).partner_id)
        self.assertEqual(partner.name, "Ook echt B.V.")
        self.assertFalse(self.works())

    def test_what_tribe_does_not_have_costs_one_call_a_batch(self):
        # Whose token is fetched with it.
        self.tell("person", invented(1))
        self.run_lanes()
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.sandbox.reset_calls()
                self.tell(kind, invented(40))
                self.run_lanes()
                self.assertEqual(self.sandbox.calls()["total"], 1)
                self.assertFalse(self.works())
