"""A relation that was deleted in Tribe without a word: found by looking for what is linked."""

from unittest.mock import patch

from told import containing

from odoo.addons.tribe_connector.relations import comparer

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase

SETS = {"organization": "Relation_Organization", "person": "Relation_Person"}
ORGANIZATIONS = 12
# Of a night: organizations, persons, their customer relationships, addresses.
ROW_CALLS = 5


class ComparisonCase(RelationCase):
    def setUp(self):
        super().setUp()
        self.partners = self.link_organizations(ORGANIZATIONS) + self.linked(
            "Jan Smit", is_company=False
        )
        self.connection.settle_seconds = 0
        self.pass_night()
        self.sandbox.reset_calls()

    def let_all_be_old(self):
        """Nobody looked at anything since the night before."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET write_date = '2020-01-01'")
        self.env.invalidate_all()

    def link_organizations(self, count):
        """So many new customers that both sides know."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Klant {number} B.V.", "is_company": True, "customer_rank": 1}
                for number in range(count)
            ]
        )
        self.synchronize(partners)
        self.assertTrue(all(partners.mapped("tribe_id")), self.problems())
        return partners

    def let_days_pass(self, days):
        """What the schedule did last was so many days ago."""
        self.env.cr.execute(
            "UPDATE tribe_cursor SET position = position - %s * interval '1 day' "
            "WHERE stream LIKE 'schedule:%%'",
            [days],
        )
        self.env.invalidate_all()

    def pass_night(self, days=1):
        """Let the schedule run after the nightly hour, so many days after it last did."""
        self.let_days_pass(days)
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        # Looking for changes, and through invoices, costs its own calls.
        self.env["tribe.work"].search([("kind", "in", ("poll", "invoices"))]).unlink()
        self.run_lanes()

    def delete_in_tribe(self, partners):
        for partner in partners:
            kind = "organization" if partner.is_company else "person"
            self.sandbox.delete(SETS[kind], partner.tribe_id)

    def gone(self):
        """The partners whose relation counts as deleted."""
        return self.env["tribe.link"].search([("state", "=", "gone")]).partner_id

    def calls(self):
        return self.sandbox.calls()["total"]


class TestRelationComparison(ComparisonCase):
    def test_what_was_deleted_without_a_webhook_is_unlinked(self):
        deleted = self.partners[3] + self.partners[-1]
        # The only private person: that all of them are gone, nobody believes.
        self.connection.missing_percent = 100
        self.delete_in_tribe(deleted)

        self.pass_night(days=7)

        self.assertEqual(self.gone(), deleted)
        self.assertEqual(deleted.mapped("active"), [True, True])
        lines = self.env["tribe.run.line"].search([("partner_id", "in", deleted.ids)])
        self.assert_told(lines, "relation_deleted_in_tribe", field="text")
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_the_button_does_it_too(self):
        deleted = self.partners[3]
        self.delete_in_tribe(deleted)

        self.run_nightly()

        self.assertEqual(self.gone(), deleted)

    def lose_for_a_week(self):
        """Two relations that do not show for a week, as without a right, and then do again."""
        lost = self.partners[3] + self.partners[4]
        self.sandbox.back_up()
        self.delete_in_tribe(lost)
        self.pass_night(days=7)
        self.assertEqual(self.gone(), lost)
        self.sandbox.restore()
        return lost

    def test_what_shows_again_is_linked_again(self):
        lost = self.lose_for_a_week()
        lost[0].phone = "030 123"

        self.pass_night(days=7)
        self.run_nightly()

        self.assertFalse(self.gone())
        self.assertEqual(self.tribe_of(lost[0])["PhoneNumber"], "030 123")
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_who_asks_for_one_that_shows_again_has_it_linked_again(self):
        lost = self.lose_for_a_week()

        lost[0].action_synchronize_with_tribe()
        self.run_lanes()

        self.assertEqual(self.gone(), lost[1])

    def test_who_asks_for_one_that_is_deleted_is_told_and_nothing_else_happens(self):
        deleted = self.partners[3]
        self.delete_in_tribe(deleted)
        self.pass_night(days=7)

        for _time in range(2):
            deleted.action_synchronize_with_tribe()
            self.run_lanes()

        self.assertEqual(self.gone(), deleted)
        lines = self.env["tribe.run.line"].search([("partner_id", "=", deleted.id)])
        self.assertEqual(lines.filtered(lambda line: line.action == "problem")[1:].ids, [])
        self.assertFalse(self.problems())

    def test_it_takes_one_call_for_forty_linked_relations(self):
        self.link_organizations(30)
        self.pass_night()
        self.let_all_be_old()
        self.sandbox.reset_calls()

        self.pass_night(days=7)

        # 42 organizations, 1 person, and their relationships.
        self.assertEqual(self.calls(), ROW_CALLS + 6)
        self.assertFalse(self.gone())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_all_are_read_once_a_week(self):
        self.let_all_be_old()
        self.pass_night(days=6)
        self.assertEqual(self.calls(), ROW_CALLS)

        self.pass_night(days=1)
        self.assertEqual(self.calls(), 2 * ROW_CALLS + 4)

        self.pass_night(days=1)
        self.assertEqual(self.calls(), 3 * ROW_CALLS + 4)

    def test_it_can_be_switched_off(self):
        self.connection.comparison_days = 0

        self.pass_night(days=100)

        self.assertEqual(self.calls(), 0)

    def test_a_tribe_that_shows_no_rows_unlinks_nobody(self):
        self.sandbox.fault("status", status=200, body='{"value": []}', method="GET", times=None)

        self.pass_night(days=7)

        self.assertFalse(self.gone())
        self.assertEqual(len(self.problems()), 2)
        self.assert_told(
            self.problematic(),
            "too_many_relations_missing",
            linked=12,
            missing=12,
            partner=containing("B.V."),
            percent=100,
        )

        # It is asked once, not once a week.
        self.pass_night(days=7)
        self.assertEqual(len(self.problems()), 2)

        # And ends by itself when Tribe shows them again.
        self.sandbox.clear_faults()
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertFalse(self.gone())

    def test_a_person_can_say_that_they_were_all_deleted(self):
        self.delete_in_tribe(self.partners)
        self.pass_night(days=7)
        self.assertFalse(self.gone())

        self.connection.missing_percent = 100
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.gone(), self.partners)
        self.assertFalse(self.problems())

    def test_far_fewer_than_linked_is_a_question_too(self):
        self.delete_in_tribe(self.partners[:4])

        self.pass_night(days=7)

        self.assertFalse(self.gone())
        self.assertAsked("too_many_relations_missing", missing=4, percent=34)

    def test_a_failed_reading_concludes_nothing_and_goes_on_where_it_was(self):
        links = self.env["tribe.link"].search([("kind", "=", "organization")], order="id")
        first, last = links[0].partner_id, links[-1].partner_id
        self.delete_in_tribe(first + last)
        self.sandbox.fault("status", method="GET", path_contains=last.tribe_id)
        with patch.object(comparer, "PART", 5):
            self.pass_night(days=7)
            # The first part was read, and its missing one was looked at; the second failed.
            self.assertEqual(self.env["tribe.work"].search([]).mapped("kind"), ["comparison"])
            self.assertEqual(self.gone(), first)
            self.sandbox.reset_calls()

            self.env["tribe.work"].search([]).action_retry()
            self.run_lanes()

        self.assertEqual(self.gone(), first + last)
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_an_address_that_was_deleted_without_a_webhook_is_taken_away(self):
        partner = self.linked("Met adres B.V.", street="Dorpsstraat 1", city="Utrecht")
        self.sandbox.delete("Address", self.address_of(partner)["ID"])

        self.pass_night(days=7)

        self.assertFalse(partner.city)
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_that_all_addresses_are_gone_nobody_believes(self):
        partners = [
            self.linked(f"Adres {number} B.V.", street="Dorpsstraat 1", city="Utrecht")
            for number in range(10)
        ]
        for partner in partners:
            self.sandbox.delete("Address", self.address_of(partner)["ID"])

        self.pass_night(days=7)

        self.assertEqual({partner.city for partner in partners}, {"Utrecht"})
        self.assertAsked("too_many_relations_missing", missing=10)

    def test_those_without_an_address_say_nothing_about_addresses(self):
        self.connection.missing_percent = 30
        partners = [
            self.linked(f"Adres {number} B.V.", street="Dorpsstraat 1", city="Utrecht")
            for number in range(4)
        ]
        for partner in partners:
            self.sandbox.delete("Address", self.address_of(partner)["ID"])

        self.pass_night(days=7)

        self.assertEqual({partner.city for partner in partners}, {"Utrecht"})
        self.assertAsked("too_many_relations_missing", linked=4, missing=4)

    def test_an_edit_that_nobody_told_of_arrives(self):
        partner = self.linked("Met adres B.V.", street="Dorpsstraat 1", city="Utrecht")
        self.look_at("organization", partner.tribe_id)
        self.env["tribe.work"].search([]).unlink()
        # It was read long before the edit.
        link = self.link(partner.tribe_id)
        dates = {each: "2020-01-01T00:00:00Z" for each in link.shown if each != "address"}
        link.shown = {**link.shown, **dates}
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Zwolle"})

        self.pass_night(days=7)

        self.assertEqual(partner.city, "Zwolle")
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_a_relationship_that_was_deleted_without_a_webhook_has_its_relation_looked_at(self):
        partner = self.partners[0]
        (row,) = self.relationships(partner).values()
        self.sandbox.delete(ORGANIZATION_CUSTOMER, row["ID"])
        self.sandbox.reset_calls()

        self.pass_night(days=7)

        read = [call["query"] for call in self.sandbox.call_log() if "Relation_Org" in call["path"]]
        # It is compared with the others, and looked at alone.
        self.assertGreater(sum(partner.tribe_id in query for query in read), 1)
        self.assertFalse(self.env["tribe.work"].search([]))


class TestAtNight(ComparisonCase):
    """Whether something is gone is seen without reading all that is linked."""

    def test_what_was_deleted_is_found(self):
        deleted = self.partners[3]
        self.let_all_be_old()
        self.delete_in_tribe(deleted)
        self.pass_night()
        self.assertEqual(self.gone(), deleted)
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_a_relationship_that_was_deleted_is_found(self):
        partner = self.partners[0]
        ((entity_set, row),) = self.relationships(partner).items()
        self.let_all_be_old()
        self.sandbox.delete(entity_set, row["ID"])
        self.pass_night()
        ((_set, anew),) = self.relationships(partner).items()
        self.assertNotEqual(anew["ID"], row["ID"])

    def test_an_address_that_was_deleted_is_found(self):
        partner = self.linked("Met adres B.V.", street="Dorpsstraat 1", city="Utrecht")
        self.pass_night()
        self.let_all_be_old()
        self.sandbox.delete("Address", self.address_of(partner)["ID"])
        self.pass_night()
        self.assertFalse(partner.city)

    def test_an_invoice_address_is_missed_beside_another_one(self):
        row = self.sandbox.create("Relation_Organization", {"Name": "Twee adressen B.V."})
        for slot, city in (("InvoiceAddress", "Zwolle"), ("VisitingAddress", "Assen")):
            values = {slot: {"City": city, "Street": "Kade"}}
            self.sandbox.change("Relation_Organization", row["ID"], values)
        self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertEqual(partner.city, "Zwolle")
        self.pass_night()
        self.let_all_be_old()
        (address,) = self.sandbox.rows("Address", City="Zwolle")
        self.sandbox.delete("Address", address["ID"])

        self.pass_night()

        self.assertEqual(partner.city, "Assen")

    def test_what_was_made_and_deleted_on_one_day_is_found(self):
        partner = self.linked("Van vandaag B.V.")
        self.delete_in_tribe(partner)
        self.pass_night()
        self.assertEqual(self.gone(), partner)

    def test_a_quiet_night_costs_a_call_for_each_kind_of_row(self):
        self.link_organizations(30)
        self.pass_night()
        self.let_all_be_old()
        self.sandbox.reset_calls()
        self.pass_night()
        self.assertEqual(self.calls(), ROW_CALLS)

    def test_a_tribe_that_shows_no_rows_is_asked_about(self):
        self.sandbox.fault("status", status=200, body='{"value": []}', method="GET", times=None)
        self.pass_night()
        self.assertFalse(self.gone())
        # Organizations and persons.
        self.assertEqual(len(self.problems()), 2)
        self.assert_told(self.problematic(), "too_many_relations_missing", linked=12, missing=12)

    def test_what_was_seen_to_be_gone_is_read_after_an_interruption(self):
        deleted = self.partners[3]
        self.let_all_be_old()
        self.delete_in_tribe(deleted)
        self.sandbox.fault("status", path_contains="Relation_Person", times=None)
        self.pass_night()
        self.sandbox.clear_faults()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertEqual(self.gone(), deleted)
