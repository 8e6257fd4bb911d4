"""Tribe's queries lag behind its writes, and its webhooks come at once: nothing is undone."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.relations import (
    exporter,
    importer,
)

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

# Longer than any test.
FOR_GOOD = 10.0**9
# How a relation gets its first address: method, path and kind.
FIRST_ADDRESSES = (
    ("POST", "Address", "person"),
    ("PUT", "Relation_Organization", "organization"),
)


def _earlier(text, moment):
    return fields.Datetime.to_string(fields.Datetime.to_datetime(text) - moment)


class TestRelationLag(RelationCase):
    def setUp(self):
        super().setUp()
        self.partner = self.linked(
            phone="030 1",
            email="een@klant.example",
            street="Kerkstraat 1",
            zip="3512 LR",
            city="Utrecht",
            country_id=self.env.ref("base.nl").id,
        )
        # What is read from here on shows all that was told.
        self.synchronize(self.partner)

    def lag(self):
        """From now on queries show what is there now."""
        self.sandbox.switch(query_lag=FOR_GOOD)

    def catch_up(self):
        self.sandbox.switch(query_lag=0.0)

    def webhook(self, kind="organization", tribe_id=None):
        self.look_at(kind, tribe_id or self.partner.tribe_id)

    def later(self):
        """What is to be looked at once more, and when: ``[(kind, reference)]``."""
        works = self.env["tribe.work"].search([("reason", "=", "again")])
        return [(work.kind, work.reference) for work in works]

    def pass_time(self, seconds=None):
        """Let so many seconds pass; by default as long as Tribe may take to show what it has."""
        seconds = self.connection.settle_seconds + 2 if seconds is None else seconds
        moment = timedelta(seconds=seconds)
        for work in self.env["tribe.work"].search([]):
            work.due -= moment
        for link in self.env["tribe.link"].search([("being_told", "!=", False)]):
            told = {
                name: {**entry, "at": _earlier(entry["at"], moment)}
                for name, entry in link.being_told.items()
            }
            link.being_told = told
        self.env.flush_all()
        self.run_lanes()

    def assertEverywhere(self, phone):
        self.assertEqual(self.partner.phone, phone)
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], phone)
        self.assertFalse(self.problems())

    # An edit in Odoo stays

    def test_the_webhook_of_our_own_write_undoes_nothing(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        for _number in range(3):
            self.webhook()
            self.assertEverywhere("030 2")

        self.catch_up()
        self.pass_time(10)

        self.assertEverywhere("030 2")
        self.assertFalse(self.later())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_nor_does_it_of_any_value(self):
        belgium = self.env.ref("base.be")
        term = self.env.ref("account.account_payment_term_30days")
        values = {
            "name": "Anders B.V.",
            "email": "twee@klant.example",
            "website": "https://klant.example",
            "vat": "BE0477472701",
            "street": "Dorpsweg 9",
            "street2": "t.a.v. Jan",
            "zip": "1000",
            "city": "Brussel",
            "country_id": belgium.id,
            "property_payment_term_id": term.id,
        }
        self.lag()
        self.partner.write(values)
        self.run_nightly()
        self.webhook()
        self.synchronize(self.partner)

        for name, value in values.items():
            now = self.partner[name]
            self.assertEqual(now.id if hasattr(now, "id") else now, value, name)
        self.catch_up()
        self.pass_time(10)
        self.assertEqual(self.address_of(self.partner)["City"], "Brussel")
        self.assertEqual(self.partner.city, "Brussel")
        self.assertEqual(self.written(lambda: self.synchronize(self.partner)), 0)
        self.assertFalse(self.problems())

    def test_edits_one_after_the_other(self):
        self.lag()
        for phone in ("030 2", "030 3", "030 1", "030 4", "030 1"):
            self.partner.phone = phone
            self.run_nightly()
            self.webhook()
            self.assertEverywhere(phone)
        self.catch_up()
        self.webhook()
        self.pass_time()
        self.assertEverywhere("030 1")

    def test_what_came_between_is_an_old_copy_too(self):
        self.lag()
        for phone in ("030 2", "030 1"):
            self.partner.phone = phone
            self.run_nightly()
        # The copy catches up with the first of the two.
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 2"}
        )
        self.lag()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 1"}
        )
        self.without_stamps()

        self.webhook()

        self.assertEverywhere("030 1")

    def without_stamps(self):
        """As in a Tribe whose answers tell no mutation date."""
        for link in self.env["tribe.link"].search([("being_told", "!=", False)]):
            link.being_told = {
                name: {key: each for key, each in entry.items() if key != "stamp"}
                for name, entry in link.being_told.items()
            }

    def test_an_address_is_written_over_an_old_copy(self):
        self.lag()
        for city in ("Breda", "Utrecht"):
            self.partner.city = city
            self.run_nightly()
            self.webhook()
        self.assertEqual(self.address_of(self.partner)["City"], "Utrecht")
        self.assertEqual(self.partner.city, "Utrecht")
        self.assertFalse(self.problems())

    def test_a_new_address_is_made_once(self):
        person = self.customer("Jan Jansen", is_company=False)
        self.synchronize(person)
        before = len(self.sandbox.rows("Address"))
        self.lag()
        for city in ("Breda", "Tilburg"):
            person.city = city
            self.run_nightly()
            self.look_at("person", person.tribe_id)
            self.assertEqual(person.city, city)
        self.catch_up()
        self.pass_time()
        self.assertEqual(self.address_of(person)["City"], "Tilburg")
        self.assertEqual(len(self.sandbox.rows("Address")), before + 1)
        self.assertFalse(self.problems())

    def told_an_address(self, kind):
        """A contact whose relation has no address, and gets its first; queries lag from now on.

        Returns it and how many addresses Tribe has.
        """
        partner = self.linked(f"Jan {kind}", is_company=kind == "organization")
        self.pass_time()
        self.synchronize(partner)
        self.lag()
        partner.write({"street": "Weg 5", "zip": "1012 AB", "city": "Breda"})
        return partner, len(self.sandbox.rows("Address"))

    def retry(self):
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

    def assert_one_address_in_the_end(self, partner, before):
        self.catch_up()
        self.pass_time()
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["City"], "Breda")
        self.assertEqual(len(self.sandbox.rows("Address")), before + 1)
        self.assertFalse(self.problems())

    def test_a_new_address_whose_answer_was_lost_is_made_once(self):
        for method, path, kind in FIRST_ADDRESSES:
            with self.subTest(kind):
                partner, before = self.told_an_address(kind)
                self.sandbox.fault("lose_answer", method=method, path_contains=path)
                self.run_nightly()
                self.retry()
                self.run_nightly()
                self.assert_one_address_in_the_end(partner, before)

    def test_so_is_one_after_which_something_else_was_refused(self):
        """It is there, and does not show."""
        term = self.env.ref("account.account_payment_term_30days")
        for _method, _path, kind in FIRST_ADDRESSES:
            with self.subTest(kind):
                partner, before = self.told_an_address(kind)
                partner.property_payment_term_id = term
                self.sandbox.fault("status", status=400, method="PUT", path_contains="Customer")
                self.run_nightly()
                self.retry()
                self.assert_one_address_in_the_end(partner, before)

    def test_a_new_address_that_was_refused_waits_for_nothing(self):
        """Nor one that was not sent, as Tribe refused what came before it."""
        for method, path, kind in (
            *FIRST_ADDRESSES,
            ("PUT", "Relation_Person", "person"),
        ):
            with self.subTest(kind, path=path):
                partner, before = self.told_an_address(kind)
                if kind == "person":
                    partner.phone = "030 9"
                self.sandbox.fault("status", status=400, method=method, path_contains=path)
                self.run_nightly()
                self.assertEqual(len(self.problems()), 1)
                self.retry()

                self.assertEqual(len(self.sandbox.rows("Address")), before + 1)
                self.assertFalse(self.problems())
                self.catch_up()
                self.pass_time()

    def test_archived_and_unarchived(self):
        """Each time the read shows what was before."""
        self.lag()
        for number in range(2):
            self.partner.action_archive()
            self.run_nightly()
            self.webhook()
            self.assertFalse(self.partner.active)
            self.assertTrue(self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["IsFormer"])
            self.partner.action_unarchive()
            self.run_nightly()
            self.webhook()
            self.assertTrue(self.partner.active)
            self.assertFalse(
                self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["IsFormer"], number
            )
        self.catch_up()
        self.pass_time()
        self.assertTrue(self.partner.active)
        self.assertEqual(self.written(lambda: self.synchronize(self.partner)), 0)

    # An edit in Tribe arrives

    def test_an_edit_that_the_read_does_not_show_is_looked_at_once_more(self):
        self.lag()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 7"}
        )
        self.webhook()
        self.assertEqual(self.partner.phone, "030 1")
        self.assertEqual(self.later(), [("organization", self.partner.tribe_id)])

        self.catch_up()
        self.pass_time()

        self.assertEverywhere("030 7")
        self.assertFalse(self.later())

    def test_at_most_once(self):
        self.lag()
        for _number in range(5):
            self.webhook()
        self.assertEqual(len(self.later()), 1)
        self.pass_time()
        self.assertFalse(self.later())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_whatever_is_looked_at_before_leaves_the_last_look(self):
        for number, reason in enumerate(("poll", "person", "follow")):
            with self.subTest(reason=reason):
                phone = f"030 7{number}"
                self.lag()
                self.sandbox.change(
                    "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": phone}
                )
                self.webhook()
                self.env["tribe.work"]._add(
                    self.connection, "inbound", "organization", [self.partner.tribe_id], reason
                )
                self.run_lanes()
                self.assertNotEqual(self.partner.phone, phone)
                self.assertTrue(self.later())

                self.catch_up()
                self.pass_time()

                self.assertEverywhere(phone)
                self.assertFalse(self.later())

    def test_an_edit_just_before_the_last_look_of_another_one(self):
        self.lag()
        self.webhook()
        self.pass_time(self.connection.settle_seconds - 10)
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 7"}
        )
        self.webhook()
        # The last look of the first one, which is too early for the second.
        self.pass_time(12)
        self.assertEqual(self.partner.phone, "030 1")

        self.catch_up()
        self.pass_time()

        self.assertEverywhere("030 7")
        self.assertFalse(self.later())

    def test_an_edit_after_ours_that_shows_after_ours(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.webhook()
        # Of the edit, which the copy that shows ours does not have yet.
        self.webhook()
        self.lag()
        self.pass_time(10)
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"EmailAddress": "twee@klant.example"}
        )
        self.assertEqual(self.partner.email, "een@klant.example")

        self.catch_up()
        self.pass_time()

        self.assertEqual(self.partner.email, "twee@klant.example")
        self.assertEverywhere("030 2")
        self.assertFalse(self.later())

    def test_an_old_copy_is_looked_at_soon_although_a_last_look_waits(self):
        self.lag()
        self.webhook()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.webhook()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 7"}
        )
        self.catch_up()

        self.pass_time(10)

        self.assertEverywhere("030 7")

    def test_not_when_it_shows_something(self):
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 7"}
        )
        self.webhook()
        self.assertFalse(self.later())
        # The echo of our own write.
        self.partner.phone = "030 8"
        self.run_nightly()
        self.webhook()
        self.assertFalse(self.later())

    def test_of_an_address_or_a_relationship(self):
        address = self.address_of(self.partner)
        customer = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.lag()
        self.sandbox.change("Address", address["ID"], {"City": "Breda"})
        self.webhook("address", address["ID"])
        self.sandbox.change(ORGANIZATION_CUSTOMER, customer["ID"], {"IsFormer": True})
        self.webhook("customer", customer["ID"])
        self.assertTrue(self.partner.active)

        self.catch_up()
        self.pass_time()

        self.assertEqual(self.partner.city, "Breda")
        self.assertFalse(self.partner.active)

    def test_an_edit_after_ours_wins_although_the_read_shows_neither(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 7"}
        )
        self.webhook()
        self.assertEqual(self.partner.phone, "030 2")

        self.catch_up()
        self.pass_time(10)

        self.assertEverywhere("030 7")

    def test_of_another_field_too(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"EmailAddress": "drie@klant.example"}
        )
        self.webhook()
        self.catch_up()
        self.pass_time(10)
        self.assertEverywhere("030 2")
        self.assertEqual(self.partner.email, "drie@klant.example")

    def test_what_tribe_took_back_counts_once_it_must_show(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 1"}
        )
        self.without_stamps()
        self.webhook()
        self.catch_up()
        self.webhook()
        self.assertEqual(self.partner.phone, "030 2")

        self.pass_time()

        self.assertEverywhere("030 1")
        self.assertFalse(self.later())

    def test_at_once_where_tribe_says_when_it_was_changed(self):
        self.partner.phone = "030 2"
        self.run_nightly()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 1"}
        )
        self.webhook()
        self.assertEverywhere("030 1")

    def test_an_old_copy_is_looked_at_a_bounded_number_of_times(self):
        self.lag()
        self.partner.phone = "030 2"
        self.run_nightly()
        self.webhook()
        looks = 0
        while self.later():
            looks += 1
            self.assertLess(looks, 15)
            work = self.env["tribe.work"].search([("reason", "=", "again")])
            self.assertEqual(len(work), 1)
            self.pass_time((work.due - fields.Datetime.now()).total_seconds() + 0.5)
        self.assertGreater(looks, 4)

    # What waits to be looked at once more is no trouble

    def test_the_dashboard_says_that_all_is_in_sync(self):
        self.webhook()
        self.assertTrue(self.later())
        self.assertEqual(self.connection.waiting_count, 0)
        self.assertEqual(self.connection.relation_waiting_count, 0)

    # Lost answers

    def test_a_lost_answer_and_taken_back(self):
        self.lag()
        self.sandbox.fault("lose_answer", method="PUT", times=1)
        self.partner.phone = "030 2"
        self.run_nightly()
        self.partner.phone = "030 1"
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.catch_up()
        self.pass_time(10)
        self.run_nightly()

        self.assertEverywhere("030 1")

    def test_an_old_copy_from_before_what_was_told_last_and_what_was_refused_since(self):
        """Even where Tribe wins what both sides have changed."""
        self.connection.conflict_policy = "tribe"
        place = {"street": "Weg 2", "city": "Breda"}
        self.lag()
        self.partner.write({"phone": "030 2", **place})
        self.run_nightly()
        for path in ("Relation_Organization", "Address"):
            self.sandbox.fault("status", status=400, method="PUT", path_contains=path)
            self.partner.write({"phone": "030 3", "street": "Weg 3"})
            self.run_nightly()
            self.assertEqual(len(self.problems()), 1)
            self.partner.write({"phone": "030 4", "street": "Weg 4"})
            self.webhook()
            self.assertEqual((self.partner.phone, self.partner.street), ("030 4", "Weg 4"))

        self.retry()
        self.catch_up()
        self.pass_time()

        self.assertEverywhere("030 4")
        self.assertEqual((self.partner.street, self.partner.city), ("Weg 4", "Breda"))
        self.assertEqual(self.address_of(self.partner)["City"], "Breda")

    def test_former_was_written_the_answer_lost_and_then_unarchived(self):
        for first in ("webhook", "retry", "button"):
            with self.subTest(first):
                self.partner.action_archive()
                self.sandbox.fault("lose_answer", method="PUT", times=1)
                self.run_nightly()
                row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
                self.assertTrue(row["IsFormer"])
                self.partner.action_unarchive()
                if first == "webhook":
                    self.webhook("customer", row["ID"])
                if first == "button":
                    self.synchronize(self.partner)
                self.env["tribe.work"].search([]).action_retry()
                self.run_lanes()

                self.assertTrue(self.partner.active)
                row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
                self.assertFalse(row["IsFormer"])
                self.assertFalse(self.problems())

    def test_both_relationships_of_which_one_answer_is_lost(self):
        partner = self.linked("Beide B.V.", supplier_rank=1)
        partner.action_archive()
        self.sandbox.fault("lose_answer", method="PUT", times=1, skip=1)
        self.run_nightly()
        partner.action_unarchive()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        for entity_set in (ORGANIZATION_CUSTOMER, SUPPLIER):
            self.assertFalse(self.relationships(partner)[entity_set]["IsFormer"])
        self.assertTrue(partner.active)

    def test_a_stale_read_after_it_was_ended(self):
        self.lag()
        self.partner.action_archive()
        self.run_nightly()
        self.webhook()
        self.catch_up()
        self.webhook()
        self.partner.action_unarchive()
        self.run_nightly()
        self.assertFalse(self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["IsFormer"])
        self.assertTrue(self.partner.active)

    def test_what_cannot_be_reopened_is_told(self):
        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.webhook("customer", row["ID"])
        self.assertFalse(self.partner.active)
        self.partner.action_unarchive()
        for _number in range(2):
            self.run_nightly()
            self.synchronize(self.partner)

        self.assertTrue(self.partner.active)
        self.assertTrue(self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["IsFormer"])
        lines = self.env["tribe.run.line"].search(
            [("partner_id", "=", self.partner.id), ("action", "=", "note")]
        )
        self.assertEqual(len(lines), 1)
        self.assert_only_told(
            lines, "relation_stays_former", field="text", relation=self.partner.name
        )
        self.assertEqual(self.written(lambda: self.synchronize(self.partner)), 0)


class TestCopiesOfSeveralAges(RelationCase):
    """Tribe may answer a query from an older copy than it answered the query before."""

    def setUp(self):
        super().setUp()
        self.tribe_id = self.organization(Name="Nieuw in Tribe")["ID"]
        self.look_at("organization", self.tribe_id)
        self.partner = self.link(self.tribe_id).partner_id

    @contextlib.contextmanager
    def old_copy(self):
        """Queries are answered from a copy that does not have the relation yet."""
        with contextlib.ExitStack() as stack:
            for module in (importer, exporter):
                stack.enter_context(patch.object(module, "load_relations", return_value={}))
            yield

    def assertSynchronized(self):
        self.assertEqual(self.link(self.tribe_id).state, "linked")
        self.partner.phone = "030 7"
        self.env["tribe.work"].search([]).action_retry()
        self.run_nightly()
        row = self.tribe_row("Relation_Organization", self.tribe_id)
        self.assertEqual(row["PhoneNumber"], "030 7")
        self.assertFalse(self.problems())

    def test_what_was_just_read_is_not_deleted(self):
        with self.old_copy():
            self.look_at("organization", self.tribe_id)

        self.assertSynchronized()

    def test_nor_when_something_is_to_be_sent(self):
        self.partner.phone = "030 6"
        with self.old_copy():
            self.run_nightly()

        self.assertSynchronized()

    def test_nor_where_that_is_decided_late(self):
        with self.old_copy(), self.late_after(importer, "load_relations"):
            self.look_at("organization", self.tribe_id)

        self.assertSynchronized()

    def test_what_was_read_long_ago_is(self):
        self.no_old_copies()
        with self.old_copy():
            self.look_at("organization", self.tribe_id)

        self.assertEqual(self.link(self.tribe_id).state, "gone")

    def test_what_was_deleted_is_believed_once_no_copy_can_be_so_old(self):
        self.sandbox.delete("Relation_Organization", self.tribe_id)
        self.look_at("organization", self.tribe_id)
        self.assertEqual(self.link(self.tribe_id).state, "linked")

        self.no_old_copies()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.link(self.tribe_id).state, "gone")
        self.assertFalse(self.problems())
