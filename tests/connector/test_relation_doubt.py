from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, SUPPLIER, UNLIMITED
from .relation_case import RelationCase


class TestRelationDoubt(RelationCase):
    """Answers of Tribe that are lost, late, short or no: nothing is created twice."""

    def lose_answer(self, entity_set, **fault):
        """Have Tribe carry out the next creation in a set, and lose its answer."""
        self.sandbox.fault("lose_answer", method="POST", path_contains=entity_set, **fault)

    def send(self, partner):
        """Send a new partner, whatever becomes of it."""
        partner.action_synchronize_with_tribe()
        self.run_lanes()

    def works(self):
        """What is not done."""
        return self.env["tribe.work"].search([("kind", "=", "partner")])

    def assertWaiting(self):
        """It is tried again, later, by itself."""
        self.assertEqual(
            self.works().mapped("error_class"), ["again"], self.works().mapped("error")
        )

    def back_off(self):
        """The time to try again has come."""
        self.works().write({"due": "2020-01-01"})
        self.run_lanes()

    def settle(self):
        """The time in which Tribe may still be applying a request is over."""
        links = self.env["tribe.link"].search([("state", "=", "sending")])
        for link in links:
            link.sent_at -= timedelta(seconds=self.connection.settle_seconds + 1)
        self.back_off()

    def assertOnce(self, partner, roles=1):
        """The partner is one relation of Tribe, with its relationships and its number."""
        self.assertFalse(self.works(), self.works().mapped("error"))
        self.assertEqual([row["ID"] for row in self.named(partner.name)], [partner.tribe_id])
        self.assertEqual(len(self.relationships(partner)), roles)
        for entity_set in self.relationships(partner):
            self.assertEqual(len(self.sandbox.rows(entity_set, Organization=partner.tribe_id)), 1)
        self.assertEqual(set(partner.tribe_link_ids.mapped("state")), {"linked"})
        self.assertEqual(len(partner.tribe_link_ids), 1 + roles)
        self.assertTrue(partner.debtor_number)
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], partner.debtor_number)

    def test_a_lost_answer_is_looked_up(self):
        partner = self.customer()
        self.lose_answer(ORGANIZATION_CUSTOMER)
        self.send(partner)
        self.assertWaiting()
        self.assertFalse(partner.tribe_id)

        self.back_off()

        self.assertOnce(partner)

    def test_a_request_that_never_arrived_is_sent_again_after_the_settle_time(self):
        partner = self.customer()
        self.sandbox.fault("reset", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.send(partner)
        self.back_off()
        self.assertWaiting()
        self.assertFalse(self.named("Klant B.V."))

        self.settle()

        self.assertOnce(partner)

    def test_who_was_being_sent_at_an_unknown_moment_is_sent_again(self):
        partner = self.customer()
        self.env["tribe.link"].create(
            {
                "connection_id": self.connection.id,
                "kind": "organization",
                "partner_id": partner.id,
                "state": "sending",
            }
        )

        partner.tribe_link_ids.action_send_again()
        self.run_lanes()

        self.assertOnce(partner)

    def test_a_request_that_arrives_late_is_not_sent_again(self):
        partner = self.customer()
        self.lose_answer(ORGANIZATION_CUSTOMER)
        self.sandbox.switch(query_lag=UNLIMITED)
        self.send(partner)
        self.back_off()
        self.assertWaiting()

        self.sandbox.switch(query_lag=0)
        self.settle()

        self.assertOnce(partner)

    def test_what_was_looked_for_too_early_is_not_sent_again(self):
        """The settle time ends while Tribe is asked: what it shows is from before."""
        partner = self.customer()
        self.lose_answer(ORGANIZATION_CUSTOMER)
        self.sandbox.switch(query_lag=UNLIMITED)
        self.send(partner)
        creator = type(self.env["tribe.relation.exporter"])
        find, now, passed = creator._find_sent, fields.Datetime.now, timedelta()

        def find_slowly(*arguments):
            nonlocal passed
            found = find(*arguments)
            passed = timedelta(seconds=self.connection.settle_seconds + 1)
            return found

        with (
            patch.object(creator, "_find_sent", find_slowly),
            patch.object(fields.Datetime, "now", lambda *_arguments: now() + passed),
        ):
            self.back_off()
        self.assertEqual(len(self.named(partner.name)), 1)

        self.sandbox.switch(query_lag=0)
        self.settle()

        self.assertOnce(partner)

    def test_a_lost_answer_about_the_second_relationship(self):
        partner = self.customer(supplier_rank=1)
        self.lose_answer(SUPPLIER)
        self.send(partner)
        self.assertWaiting()
        self.assertTrue(partner.tribe_id)

        self.back_off()

        self.assertOnce(partner, roles=2)

    def test_a_second_relationship_that_never_arrived(self):
        partner = self.customer(supplier_rank=1)
        self.sandbox.fault("reset", method="POST", path_contains=SUPPLIER)
        self.send(partner)
        self.back_off()
        self.assertWaiting()
        self.assertEqual(set(self.relationships(partner)), {ORGANIZATION_CUSTOMER})

        self.settle()

        self.assertOnce(partner, roles=2)

    def test_short_answers(self):
        for answer in ("id", "empty"):
            with self.subTest(answer):
                self.sandbox.switch(write_answer=answer)
                partner = self.customer(f"Klant {answer}", supplier_rank=1)
                self.send(partner)
                self.assertOnce(partner, roles=2)

    def test_a_short_answer_about_what_does_not_show_yet(self):
        self.sandbox.switch(write_answer="id", query_lag=UNLIMITED)
        partner = self.customer()
        self.send(partner)
        self.assertWaiting()

        self.sandbox.switch(query_lag=0)
        self.back_off()

        self.assertOnce(partner)

    def test_an_empty_answer_without_any_id(self):
        partner = self.customer()
        self.sandbox.fault(
            "empty", method="POST", path_contains=ORGANIZATION_CUSTOMER, applied=True
        )
        self.send(partner)
        self.back_off()

        self.assertOnce(partner)

    def test_a_full_answer_about_what_does_not_show_yet(self):
        self.sandbox.switch(query_lag=UNLIMITED)
        partner = self.customer(supplier_rank=1)
        self.send(partner)
        self.assertWaiting()

        self.sandbox.switch(query_lag=0)
        self.back_off()

        self.assertOnce(partner, roles=2)

    def test_a_webhook_about_what_is_in_doubt_links_it(self):
        partner = self.customer()
        self.lose_answer(ORGANIZATION_CUSTOMER)
        self.send(partner)

        self.look_at("organization", self.named("Klant B.V.")[0]["ID"])
        self.back_off()

        self.assertOnce(partner)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Klant B.V.")]), 1)

    # A plain no

    def test_a_refusal_is_a_problem_and_leaves_nothing_in_doubt(self):
        partner = self.customer()
        self.sandbox.fault("status", status=400, method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.send(partner)
        self.assertAsked(
            "tribe_says",
            sentence=sentence("request_refused", record=ORGANIZATION_CUSTOMER, status=400),
            said="The stand-in was told to fail",
        )
        self.assertEqual(self.works().record_name, "Klant B.V.")
        self.assertFalse(partner.tribe_link_ids)

        self.works().action_retry()
        self.run_lanes()
        self.assertOnce(partner)

    def test_a_refusal_of_the_second_relationship_keeps_the_first(self):
        partner = self.customer(supplier_rank=1)
        self.sandbox.fault("status", status=400, method="POST", path_contains=SUPPLIER)
        self.send(partner)
        self.assertAsked("request_refused", record=SUPPLIER, status=400)
        self.assertEqual(
            {(link.kind, link.state) for link in partner.tribe_link_ids},
            {("organization", "linked"), ("customer", "linked")},
        )

        self.works().action_retry()
        self.run_lanes()
        self.assertOnce(partner, roles=2)

    def test_one_refusal_does_not_stop_the_others(self):
        partners = self.customer("Een") | self.customer("Twee") | self.customer("Drie")
        self.sandbox.fault("status", status=400, method="POST", body_contains="Twee")
        self.send(partners)

        self.assertEqual(
            [bool(tribe_id) for tribe_id in partners.mapped("tribe_id")], [True, False, True]
        )
        self.assertAsked("request_refused", status=400)

    def test_a_refused_change_is_tried_again_as_a_whole(self):
        partner = self.linked()
        partner.write({"phone": "030 1", "street": "Weg 1"})
        self.sandbox.fault("status", status=400, method="PUT", body_contains="Weg")
        self.run_nightly()
        self.assertAsked("request_refused", status=400)

        self.env["tribe.work"].search([("error_class", "=", "person")]).action_retry()
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")
        self.assertEqual(self.address_of(partner)["Street"], "Weg")
        self.assertFalse(self.problems())


class TestEnteredInTribeWithoutTheNumberWhileBeingSent(RelationCase):
    """A relation without the number of a contact that is being sent, and with its address."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer(email="info@klant.example", debtor_number="1001")
        self.sending = self.env["tribe.link"].create(
            {
                "connection_id": self.connection.id,
                "kind": "organization",
                "partner_id": self.partner.id,
                "state": "sending",
                "sent_at": fields.Datetime.now(),
                "agreed": self.partner._tribe_values(self.connection),
            }
        )
        self.row = self.organization(Name="Klant B.V.", EmailAddress="info@klant.example")
        self.look_at("organization", self.row["ID"])

    def suggestion(self):
        return self.env["tribe.suggestion"].search([])

    def test_it_is_a_possible_match(self):
        self.assertFalse(self.link(self.row["ID"]))
        self.assertEqual(self.suggestion().partner_id, self.partner)

        self.suggestion().action_link()
        self.run_lanes()

        self.assertEqual(self.partner.tribe_id, self.row["ID"])
        self.assertEqual(self.tribe_of(self.partner)["DebtorNumber"], "1001")

    def test_what_was_sent_arrives_after_all(self):
        sent = self.organization(
            Name="Klant B.V.",
            DebtorNumber="1001",
            ImportId=self.connection._import_id(self.partner, "organization"),
        )
        self.look_at("organization", sent["ID"])
        self.run_nightly()

        self.assertEqual(self.partner.tribe_id, sent["ID"])
        self.assertFalse(self.suggestion())
        # Nobody keeps the other one from coming.
        other = self.link(self.row["ID"]).partner_id
        self.assertTrue(other)
        self.assertNotEqual(other, self.partner)


class TestRelationDoubtWithoutImportId(TestRelationDoubt):
    """The same in a tenant whose relations have no ImportId: the number tells, or a person."""

    sandbox_options = {**RelationCase.sandbox_options, "switches": {"import_id": False}}

    def test_a_request_that_never_arrived_is_sent_again_after_the_settle_time(self):
        partner = self.customer()
        self.sandbox.fault("reset", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        self.send(partner)
        self.back_off()
        self.assertWaiting()
        with self.assert_refused("tribe_may_still_create", partner="Klant B.V."):
            partner.tribe_link_ids.action_send_again()

        self.settle()
        self.assertAsked("answer_lost_without_import_id", contact="Klant B.V.")
        self.assertFalse(self.named("Klant B.V."))

        partner.tribe_link_ids.action_send_again()
        self.run_lanes()
        self.assertOnce(partner)

    def test_a_request_that_arrives_late_is_not_sent_again(self):
        partner = self.customer()
        self.lose_answer(ORGANIZATION_CUSTOMER)
        self.sandbox.switch(query_lag=UNLIMITED)
        self.send(partner)
        self.settle()
        self.assertAsked("answer_lost_without_import_id", contact="Klant B.V.")

        self.sandbox.switch(query_lag=0)
        self.works().action_retry()
        self.run_lanes()
        self.assertOnce(partner)
