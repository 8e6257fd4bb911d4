"""The application loses the right to read addresses, or relationships: Tribe then answers as if
there were none. How Tribe answers is not known; this is the worst that it could.
"""

import contextlib
from unittest.mock import patch

from odoo.addons.tribe_connector.models import tribe_link_old_copies
from odoo.addons.tribe_connector.tribe_api.client import Client
from odoo.addons.tribe_connector.tribe_names import (
    ADDRESS_NAVIGATIONS,
    RELATION_SETS,
    RELATIONSHIP_SETS,
)

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase

SETS_OF_ROLES = {name for sets in RELATIONSHIP_SETS.values() for name in sets.values()}
SLOTS = {slot for slots in ADDRESS_NAVIGATIONS.values() for slot in slots}
# What the problem is about: of which one, is the same each night.
TOO_MANY = "too_many_relations_missing"


def no_addresses(entity_set, rows):
    """What Tribe shows without the right to read addresses."""
    if entity_set == "Address":
        return []
    return [{name: None if name in SLOTS else row[name] for name in row} for row in rows]


def no_roles(entity_set, rows):
    """What Tribe shows without the right to read customers and suppliers."""
    return [] if entity_set in SETS_OF_ROLES else rows


@contextlib.contextmanager
def without_right(shown):
    """Tribe shows less than there is."""
    by_values = Client.by_values

    def fewer(client, entity_set, *arguments, **options):
        return shown(entity_set, by_values(client, entity_set, *arguments, **options))

    with patch.object(Client, "by_values", fewer):
        yield


class RightCase(RelationCase):
    is_company = True

    def setUp(self):
        super().setUp()
        self.connection.settle_seconds = 0
        self.partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Jan Klant{number}",
                    "is_company": self.is_company,
                    "customer_rank": 1,
                    "street": f"Kade {number}",
                    "zip": "1234 AB",
                    "city": "Assen",
                    "country_id": self.env.ref("base.nl").id,
                    "phone": "020 1234567",
                }
                for number in range(6)
            ]
        )
        self.synchronize(self.partners)
        self.look()
        self.let_an_hour_pass()

    def let_an_hour_pass(self):
        """None of what is linked is so new that a read need not show it yet."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE tribe_link SET create_date = create_date - interval '1 hour',
                   sent_at = sent_at - interval '1 hour', shown_at = shown_at - interval '1 hour'
            """
        )
        self.env.invalidate_all()

    @property
    def kind(self):
        return "organization" if self.is_company else "person"

    def look(self, partners=None):
        """Webhooks about some of them come."""
        partners = self.partners if partners is None else partners
        self.look_at(self.kind, *partners.mapped("tribe_id"))

    def edit(self, partners=None, **fields):
        """Somebody edits some of them in Tribe."""
        for partner in self.partners if partners is None else partners:
            self.sandbox.change(RELATION_SETS[self.kind], partner.tribe_id, fields)
        self.look(partners)

    def take_away(self, partners):
        """Somebody deletes the addresses of some of them in Tribe, and no webhook tells of it."""
        for partner in partners:
            self.sandbox.delete("Address", self.address_of(partner)["ID"])
        self.edit(partners, EmailAddress="a@b.example")

    def ask_anew(self):
        """A night, in which what waits for a person is tried again."""
        self.run_nightly()

    def addresses(self):
        return self.partners.mapped("city")

    def rows(self):
        """How many addresses and relationships there are in Tribe."""
        sets = ("Address", *SETS_OF_ROLES)
        return {name: len(self.sandbox.rows(name)) for name in sets}


class TestAddressesOfOrganizations(RightCase):
    def test_nobodys_is_emptied_and_one_problem_asks(self):
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy), without_right(no_addresses):
                self.connection.conflict_policy = policy
                self.edit(PhoneNumber=f"030 {policy}")
                self.ask_anew()

                self.assertEqual(self.addresses(), ["Assen"] * 6)
                self.assertEqual(self.partners.mapped("phone"), [f"030 {policy}"] * 6)
                self.assertAsked(TOO_MANY, linked=6, missing=6)
                self.assertFalse(self.env["tribe.conflict"].search_count([]))

        self.ask_anew()
        self.assertFalse(self.problems())

    def test_nothing_is_told_either_and_odoos_arrives_once_they_show_again(self):
        rows = self.rows()
        with without_right(no_addresses):
            self.edit(EmailAddress="a@b.example")
            self.partners[0].city = "Emmen"
            self.partners[1].phone = "020 7654321"
            self.ask_anew()

            self.assertEqual(self.partners[0].city, "Emmen")
            self.assertEqual(self.rows(), rows)
            self.assertEqual(self.tribe_of(self.partners[1])["PhoneNumber"], "020 7654321")
            self.assertAsked(TOO_MANY)

        self.ask_anew()
        self.ask_anew()

        self.assertEqual(self.address_of(self.partners[0])["City"], "Emmen")
        self.assertEqual(self.addresses(), ["Emmen", *["Assen"] * 5])
        self.assertEqual(self.rows(), rows)
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_who_was_edited_in_odoo_alone_arrives_too(self):
        with without_right(no_addresses):
            self.edit(self.partners[:5], EmailAddress="a@b.example")
            self.partners[5].city = "Emmen"
            self.ask_anew()
            self.assertAsked(TOO_MANY)

        self.ask_anew()
        self.ask_anew()

        self.assertEqual(self.address_of(self.partners[5])["City"], "Emmen")
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_what_was_edited_meanwhile_arrives_once_they_show_again(self):
        with without_right(no_addresses):
            self.sandbox.change(
                "Address", self.address_of(self.partners[0])["ID"], {"City": "Zwolle"}
            )
            self.edit(PhoneNumber="030 1")
            self.look_at("address", self.address_of(self.partners[0])["ID"])
            self.assertEqual(self.addresses(), ["Assen"] * 6)

        self.ask_anew()

        self.assertEqual(self.addresses(), ["Zwolle", *["Assen"] * 5])

    def test_a_telephone_number_is_still_one_of_its_country(self):
        with without_right(no_addresses):
            self.edit(PhoneNumber="+31 20 1234567")
            self.ask_anew()
        self.assertEqual(self.partners.mapped("phone"), ["020 1234567"] * 6)

    def let_days_pass(self):
        """All was linked long ago, and looked at since."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET create_date = create_date - interval '9 days'")
        self.env.invalidate_all()

    def test_one_after_the_other_shows_it_too(self):
        """Others are read along with each: by them it shows that a backup was restored as well."""
        self.let_days_pass()
        with without_right(no_addresses):
            for number, partner in enumerate(self.partners):
                self.edit(partner, PhoneNumber=f"030 {number}")

            self.assertEqual(self.addresses(), ["Assen"] * 6)
            self.assertAsked(TOO_MANY, linked=6, missing=6)

    def test_one_is_believed(self):
        self.let_days_pass()
        self.take_away(self.partners[0])
        self.assertEqual(self.addresses(), [False, *["Assen"] * 5])
        self.assertFalse(self.problems())

    def test_a_person_can_say_that_they_were_all_deleted(self):
        self.take_away(self.partners)
        self.assertAsked(TOO_MANY)
        self.assertEqual(self.addresses(), ["Assen"] * 6)

        self.connection.missing_percent = 100
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.addresses(), [False] * 6)
        self.assertFalse(self.problems())

    def test_a_few_are_believed(self):
        self.take_away(self.partners[:3])
        self.assertEqual(self.addresses(), [*[False] * 3, *["Assen"] * 3])
        self.assertFalse(self.problems())

    def test_of_which_a_webhook_told_is_believed(self):
        addresses = [self.address_of(partner)["ID"] for partner in self.partners]
        for address_id in addresses:
            self.sandbox.delete("Address", address_id)
        self.look_at("address", *addresses)
        self.edit(PhoneNumber="030 1")
        self.assertEqual(self.addresses(), [False] * 6)
        self.assertFalse(self.problems())

    def test_one_that_more_show_than_share_one_is_followed_by_nobody(self):
        """Who looked at all of them at once would hold as many leases."""
        shared = self.address_of(self.partners[0])["ID"]
        for link in self.partners.tribe_link_ids.filtered(lambda link: link.kind in RELATION_SETS):
            link.shown = {**link.shown, "address": shared}
        self.sandbox.delete("Address", shared)
        with patch.object(tribe_link_old_copies, "MOST_AT_ADDRESS", 5):
            self.look_at("address", shared)
        self.assertFalse(self.env["tribe.work"].search([]))
        self.assertEqual(self.addresses(), ["Assen"] * 6)
        with patch.object(tribe_link_old_copies, "MOST_AT_ADDRESS", 6):
            self.look_at("address", shared)
        self.assertFalse(self.addresses()[0])

    def test_many_of_many_more_are_believed(self):
        self.connection.missing_percent = 70
        self.take_away(self.partners[:4])
        self.assertEqual(self.addresses(), [*[False] * 4, *["Assen"] * 2])
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.work"].search([]))


class TestAddressesOfPersons(TestAddressesOfOrganizations):
    is_company = False


class TestRelationships(RightCase):
    def test_nobody_gets_a_second_one_and_one_problem_asks(self):
        rows = self.rows()
        with without_right(no_roles):
            self.edit(PhoneNumber="030 1")
            self.ask_anew()

            self.assertEqual(self.rows(), rows)
            self.assertEqual(self.partners.mapped("phone"), ["030 1"] * 6)
            self.assertEqual(self.partners.mapped("active"), [True] * 6)
            self.assertAsked(TOO_MANY, linked=6, missing=6)

            self.partners[0].action_archive()
            self.ask_anew()

        self.ask_anew()
        self.ask_anew()

        self.assertEqual(self.rows(), rows)
        self.assertFalse(self.problems())
        former = [row["IsFormer"] for row in map(self.role_of, self.partners)]
        self.assertEqual(list(map(bool, former)), [True, *[False] * 5])

    def role_of(self, partner):
        (row,) = self.relationships(partner).values()
        return row

    def test_a_few_get_a_new_one(self):
        if not self.is_company:
            return
        for partner in self.partners[:3]:
            self.sandbox.delete(ORGANIZATION_CUSTOMER, self.role_of(partner)["ID"])
        self.look(self.partners[:3])
        self.assertTrue(all(map(self.role_of, self.partners)))
        self.assertFalse(self.problems())


class TestRelationshipsOfPersons(TestRelationships):
    is_company = False
