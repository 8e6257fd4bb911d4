"""Webhooks that name only a link: Tribe is asked what it is, and the record is looked at."""

from unittest.mock import patch

from odoo.addons.tribe_connector.engine.kinds import OUR_KINDS
from odoo.addons.tribe_connector.models import tribe_work_webhook

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import LEAD, RelationCase
from .test_webhook_flood import invented

STREAMS = {
    ORGANIZATION_CUSTOMER: "customer",
    PERSON_CUSTOMER: "person_customer",
    SUPPLIER: "supplier",
}


class TestLinkMutations(RelationCase):
    def setUp(self):
        super().setUp()
        # From here on a look finds what changed, and its token is fetched.
        self.poll(*OUR_KINDS.streams)

    def tell(self, stream, *ids):
        """What the controller does with webhooks that have only a relationshipId."""
        for each in ids:
            self.env["tribe.work"]._note_webhook(self.connection, "entity", f"{stream}:{each}")

    def tell_and_look(self, stream, *ids):
        """The sets that are read then."""
        self.tell(stream, *ids)
        self.sandbox.reset_calls()
        self.run_lanes()
        self.assertFalse(self.env["tribe.work"].search([("kind", "in", ("entity", "poll"))]))
        return [call["path"].rpartition("/")[2].partition("(")[0] for call in self.calls()]

    def calls(self):
        return self.sandbox.call_log()

    def hide_from_looking(self):
        """Have no look find anything: what is found then was named."""
        self.env["tribe.cursor"].search([]).position = "2100-01-01"

    def test_a_new_customer_or_supplier(self):
        person = self.sandbox.create("Relation_Person", {"LastName": "Jansen"})
        rows = {
            ORGANIZATION_CUSTOMER: self.organization(roles=[ORGANIZATION_CUSTOMER]),
            SUPPLIER: self.organization(roles=[SUPPLIER]),
            PERSON_CUSTOMER: person,
        }
        self.relate(PERSON_CUSTOMER, Person=person["ID"])
        self.hide_from_looking()
        for entity_set, row in rows.items():
            navigation = "Person" if entity_set == PERSON_CUSTOMER else "Organization"
            (relationship,) = self.sandbox.rows(entity_set, **{navigation: row["ID"]})
            with self.subTest(entity_set):
                called = self.tell_and_look(STREAMS[entity_set], relationship["ID"])
                self.assertEqual(called[0], "Entity")
                self.assertTrue(self.link(row["ID"]).partner_id, self.problems())

    def test_a_customer_that_both_sides_know_costs_no_call_to_find(self):
        partner = self.linked()
        relationship = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, relationship["ID"], {"IsFormer": True})
        self.hide_from_looking()

        called = self.tell_and_look("customer", relationship["ID"])

        self.assertNotIn("Entity", called)
        self.assertFalse(partner.active)

    def test_whatever_record_the_link_is_said_to_be(self):
        """Tribe may mean the relation, or its address, by the ID of a link."""
        partner = self.linked(street="Kerkstraat 1", city="Utrecht")
        address = self.address_of(partner)
        self.hide_from_looking()
        self.sandbox.change("Address", address["ID"], {"City": "Breda"})
        self.tell_and_look("customer", address["ID"])
        self.assertEqual(partner.city, "Breda")

        row = self.organization(Name="Nieuw B.V.")
        self.tell_and_look("customer", row["ID"])
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Nieuw B.V.")

    def test_what_is_not_found_is_looked_for(self):
        row = self.organization()

        called = self.tell_and_look("customer", *invented(3))

        self.assertEqual(called[:4].count("Entity"), 3)
        self.assertEqual(called.count("Entity"), 3)
        self.assertTrue(self.link(row["ID"]).partner_id)

    def test_a_tenant_that_finds_no_record_by_its_id_is_asked_once(self):
        self.sandbox.switch(entity_by_id=False)
        row = self.organization()

        called = self.tell_and_look("customer", *invented(5))

        self.assertEqual(called.count("Entity"), 1)
        self.assertTrue(self.link(row["ID"]).partner_id)

    def test_so_is_one_that_refuses_it(self):
        for status in (400, 403, 405):
            with self.subTest(status):
                self.sandbox.fault("status", path_contains="/Entity(", status=status, times=None)
                row = self.organization()
                self.tell_and_look("customer", *invented(5))
                self.assertTrue(self.link(row["ID"]).partner_id)
                self.sandbox.clear_faults()

    def test_of_a_type_that_is_not_synchronized_one_look_is_what_comes_of_it(self):
        leads = [self.organization(roles=[LEAD])["ID"] for _number in range(5)]
        ids = [row["ID"] for row in self.sandbox.rows(LEAD) if row["Organization"] in leads]
        self.hide_from_looking()

        called = self.tell_and_look("customer", *ids)

        self.assertEqual(called.count("Entity"), 5)
        self.assertEqual(len(called), 6)

    def test_while_tribe_cannot_be_reached_it_waits(self):
        partner = self.linked()
        row = self.organization()
        (relationship,) = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.hide_from_looking()
        self.tell("customer", relationship["ID"])
        self.sandbox.fault("status", path_contains="/Entity(", status=503, times=None)
        self.run_lanes()
        self.assertEqual(self.env["tribe.work"].search([]).mapped("kind"), ["entity"])

        self.sandbox.clear_faults()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertTrue(self.link(row["ID"]).partner_id)
        self.assertTrue(partner.active)

    def test_too_many_are_looked_for_instead(self):
        partner = self.linked()
        relationship = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        with patch.object(tribe_work_webhook, "MOST_UNCLAIMED_ENTITIES", 10):
            self.tell("customer", *invented(200))
            self.tell("supplier", *invented(200))
            works = self.env["tribe.work"].search([])
            self.assertEqual(len(works.filtered(lambda work: work.kind == "entity")), 10)
            polls = works.filtered(lambda work: work.kind == "poll")
            self.assertEqual(set(polls.mapped("reference")), {"customer", "supplier"})
            # What is linked is not invented, and costs nothing.
            self.tell("customer", relationship["ID"])
            self.assertEqual(self.env["tribe.work"].search_count([("kind", "=", "entity")]), 11)

        self.sandbox.reset_calls()
        self.run_lanes()

        self.assertLess(self.sandbox.calls()["total"], 30)
        self.assertFalse(self.env["tribe.work"].search([("kind", "in", ("entity", "poll"))]))

    def test_many_about_one_link_are_one_row(self):
        self.tell("customer", *invented(1) * 50)
        self.assertEqual(self.env["tribe.work"].search_count([("kind", "=", "entity")]), 1)

    def test_in_dry_run_it_is_found_out_and_nothing_is_done(self):
        row = self.organization()
        (relationship,) = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.hide_from_looking()
        self.connection.mode = "dry_run"
        self.tell("customer", relationship["ID"])
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_inbound_1").method_direct_trigger()
        self.assertEqual(self.env["tribe.work"].search([]).mapped("kind"), ["customer"])
        self.assertFalse(self.link(row["ID"]))
