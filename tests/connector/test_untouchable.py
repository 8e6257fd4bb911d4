from told import assert_only_says

from odoo.addons.base.tests.common import new_test_user
from odoo.addons.tribe_connector.sentence import sentence

from .relation_case import RelationCase

TRIBES = "tribe@elders.example"
POLICIES = ("odoo", "tribe", "ask")


class TestUntouchable(RelationCase):
    """What Tribe never writes: with a contact's e-mail address somebody takes over its user."""

    def contact_of(self, groups, login="jan.smit", **values):
        """A private customer who is a user of Odoo, linked with a person of Tribe."""
        user = new_test_user(
            self.env, login, groups=groups, name="Jan Smit", email="jan@klant.example"
        )
        user.partner_id.write({"customer_rank": 1, "phone": "030 1", self.mobile: "06 1"})
        user.partner_id.write(values)
        return user.partner_id

    def linked_contact_of(self, groups, **values):
        partner = self.contact_of(groups, **values)
        self.synchronize(partner)
        self.assertTrue(partner.tribe_id, self.problems())
        return partner

    def change_in_tribe(self, partner, **fields):
        self.sandbox.change("Relation_Person", partner.tribe_id, fields)
        self.look_at("person", partner.tribe_id)

    def notes(self):
        return self.env["tribe.run.line"].search([("action", "=", "note")]).mapped("text")

    def conflicts(self):
        return self.env["tribe.conflict"].search([])

    # Internal users

    def test_what_an_internal_user_is_reached_by_is_never_written(self):
        for policy in POLICIES:
            with self.subTest(policy=policy):
                self.connection.conflict_policy = policy
                partner = self.linked_contact_of("base.group_system", login=f"baas-{policy}")

                self.change_in_tribe(
                    partner,
                    EmailAddress=TRIBES,
                    FirstName="Kwaad",
                    PhoneNumber="020 9",
                    MobilePhoneNumber="06 9",
                )

                self.assertEqual(partner.user_ids.email, "jan@klant.example")
                self.assertEqual(
                    (partner.name, partner.phone, partner[self.mobile]),
                    ("Jan Smit", "030 1", "06 1"),
                )
                row = self.tribe_of(partner)
                self.assertEqual((row["EmailAddress"], row["FirstName"]), (TRIBES, "Kwaad"))
                self.assertFalse(self.conflicts())
                self.assertFalse(self.problems())

    def test_it_is_noted_once_and_a_second_run_writes_nothing(self):
        partner = self.linked_contact_of("base.group_user")
        self.change_in_tribe(partner, EmailAddress=TRIBES)
        (note,) = self.notes()
        assert_only_says(
            note,
            "value_of_internal_user_kept",
            field=sentence("field_email"),
            value=TRIBES,
            partner="Jan Smit",
        )

        self.look_at("person", partner.tribe_id)
        self.synchronize(partner)

        self.assertEqual(self.written(self.run_nightly), 0)
        self.assertEqual(len(self.notes()), 1)
        self.change_in_tribe(partner, EmailAddress="weer@elders.example")
        self.assertEqual(len(self.notes()), 2)

    def test_odoos_later_edits_still_go_to_tribe(self):
        for policy in POLICIES:
            with self.subTest(policy=policy):
                self.connection.conflict_policy = policy
                partner = self.linked_contact_of("base.group_user", login=f"baas-{policy}")
                self.change_in_tribe(partner, EmailAddress=TRIBES)
                partner.email = "nieuw@klant.example"

                self.synchronize(partner)

                self.assertEqual(self.tribe_of(partner)["EmailAddress"], "nieuw@klant.example")
                self.assertEqual(partner.email, "nieuw@klant.example")
                self.assertFalse(self.problems())

    def test_other_fields_are_written_as_before(self):
        partner = self.linked_contact_of("base.group_user", city="Utrecht", zip="3511 AA")
        address = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address, {"City": "Amsterdam"})

        self.change_in_tribe(partner, EmailAddress=TRIBES)

        self.assertEqual((partner.city, partner.email), ("Amsterdam", "jan@klant.example"))

    def test_at_first_sight(self):
        for groups in ("base.group_user", "base.group_portal"):
            for way in ("in", "out"):
                with self.subTest(groups=groups, way=way):
                    number = f"9{way}{groups[-4:]}"
                    partner = self.contact_of(groups, login=number, debtor_number=number)
                    self.connection.conflict_policy = "tribe"
                    row = self.person(
                        FirstName="Jan", LastName="Smit", DebtorNumber=number, EmailAddress=TRIBES
                    )

                    if way == "in":
                        self.look_at("person", row["ID"])
                    else:
                        self.synchronize(partner)

                    self.assertEqual(partner.tribe_id, row["ID"])
                    self.assertEqual(partner.email, "jan@klant.example")

    def test_a_user_who_was_made_after_the_link(self):
        partner = self.linked("Jan Smit", is_company=False, email="jan@klant.example")
        new_test_user(
            self.env,
            "later",
            groups="base.group_user",
            partner_id=partner.id,
            email="jan@klant.example",
        )

        self.change_in_tribe(partner, EmailAddress=TRIBES)

        self.assertEqual(partner.email, "jan@klant.example")
        self.assertEqual(len(self.notes()), 1)

    def test_an_archived_contact_whose_user_may_come_back(self):
        partner = self.linked_contact_of("base.group_user")
        partner.user_ids.active = False
        partner.action_archive()
        self.run_nightly()

        self.change_in_tribe(partner, EmailAddress=TRIBES)

        self.assertEqual(partner.email, "jan@klant.example")

    # Users of the portal

    def test_the_address_of_a_portal_user_is_asked_whatever_the_policy(self):
        for policy in POLICIES:
            with self.subTest(policy=policy):
                self.connection.conflict_policy = policy
                partner = self.linked_contact_of("base.group_portal", login=f"klant-{policy}")

                self.change_in_tribe(partner, EmailAddress=TRIBES, PhoneNumber="020 9")

                self.assertEqual((partner.email, partner.phone), ("jan@klant.example", "020 9"))
                conflict = partner.tribe_link_ids.conflict_ids
                self.assertEqual(
                    (conflict.odoo_value, conflict.tribe_value), ("jan@klant.example", TRIBES)
                )
                self.assertAsked("email_of_signed_in_contact", partner="Jan Smit", address=TRIBES)
                self.assert_never_told(self.problematic(), "both_sides_changed")
                self.assertEqual(self.written(self.run_nightly), 0)
                conflict.action_take_odoo()
                self.run_lanes()
                self.assertFalse(self.problems())

    def test_consent_is_carried_out_once(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)

        self.conflicts().action_take_tribe()
        self.run_lanes()

        self.assertEqual((partner.email, partner.user_ids.email), (TRIBES, TRIBES))
        self.assertFalse(self.conflicts())
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)
        self.change_in_tribe(partner, EmailAddress="weer@elders.example")
        self.assertEqual(partner.email, TRIBES)
        self.assertTrue(self.conflicts())

    def test_consent_is_about_the_address_that_was_shown(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)
        self.conflicts().action_take_tribe()
        self.sandbox.change(
            "Relation_Person", partner.tribe_id, {"EmailAddress": "weer@elders.example"}
        )

        self.look_at("person", partner.tribe_id)

        self.assertEqual(partner.email, "jan@klant.example")
        self.assertEqual(self.conflicts().tribe_value, "weer@elders.example")

    def decided_as_an_ordinary_contact(self):
        """A person has kept Tribe's e-mail address of a contact with which nobody signs in."""
        self.connection.conflict_policy = "ask"
        partner = self.linked("Els Klant", is_company=False, email="els@klant.example")
        self.sandbox.change("Relation_Person", partner.tribe_id, {"EmailAddress": TRIBES})
        partner.email = "els2@klant.example"
        self.look_at("person", partner.tribe_id)
        self.run_lanes()
        conflict = partner.tribe_link_ids.conflict_ids
        self.assertFalse(conflict.warning)
        conflict.action_take_tribe()
        return partner

    def test_consent_is_about_the_users_who_were_shown(self):
        for groups in ("base.group_portal", "base.group_user"):
            with self.subTest(groups=groups):
                partner = self.decided_as_an_ordinary_contact()
                user = new_test_user(
                    self.env,
                    f"els-{groups[-4:]}",
                    groups=groups,
                    name="Els Klant",
                    partner_id=partner.id,
                )
                partner.email = "els2@klant.example"

                self.synchronize(partner)

                self.assertEqual(user.email, "els2@klant.example")
                if groups == "base.group_portal":
                    conflict = partner.tribe_link_ids.conflict_ids
                    self.assertFalse(conflict.decision)
                    self.assertIn(user.login, conflict.warning)
                    self.assertAsked(
                        "email_of_signed_in_contact", partner="Els Klant", address=TRIBES
                    )
                    conflict.action_take_tribe()
                    self.run_lanes()
                    self.assertEqual(user.email, TRIBES)
                    self.assertFalse(self.problems())

    def test_a_second_user_is_asked_about_as_well(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)
        self.conflicts().action_take_tribe()
        new_test_user(self.env, "tweede", groups="base.group_portal", partner_id=partner.id)
        partner.email = "jan@klant.example"

        self.synchronize(partner)

        self.assertEqual(partner.email, "jan@klant.example")
        self.assertIn("tweede", self.conflicts().warning)
        self.assertFalse(self.conflicts().decision)
        self.conflicts().action_take_tribe()
        self.run_lanes()
        self.assertEqual(partner.email, TRIBES)

    def test_a_decision_of_before_its_note_was_kept_is_asked_anew(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)
        self.conflicts().action_take_tribe()
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_conflict SET warned_of = NULL")
        self.env.invalidate_all()

        self.synchronize(partner)

        self.assertEqual(partner.email, "jan@klant.example")
        self.assertTrue(self.conflicts().warning)

    def test_keeping_odoos_tells_tribe_odoos(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)

        self.conflicts().action_take_odoo()
        self.run_lanes()

        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "jan@klant.example")
        self.assertEqual(partner.email, "jan@klant.example")
        self.assertFalse(self.conflicts())
        self.assertFalse(self.problems())

    def test_without_its_user_the_contact_is_like_any_other(self):
        partner = self.linked_contact_of("base.group_portal")
        self.change_in_tribe(partner, EmailAddress=TRIBES)
        partner.user_ids.partner_id = self.customer("Overgezet", is_company=False)

        self.run_nightly()

        self.assertEqual(partner.email, TRIBES)
        self.assertFalse(self.conflicts())

    def test_an_archived_portal_user_may_come_back(self):
        partner = self.linked_contact_of("base.group_portal")
        user = partner.user_ids
        user.active = False

        self.change_in_tribe(partner, EmailAddress=TRIBES)
        self.run_nightly()

        self.assertEqual((partner.email, user.email), ("jan@klant.example",) * 2)
        self.assertAsked("email_of_signed_in_contact", partner="Jan Smit", address=TRIBES)
        self.conflicts().action_take_tribe()
        self.run_lanes()
        self.assertEqual(partner.email, TRIBES)

    # An ImportId is no proof about whom we do not synchronize

    def test_an_import_id_proves_nothing_about_others(self):
        other_company = self.env["res.company"].search([("id", "!=", self.company.id)], limit=1)
        parent = self.customer("Moeder B.V.")
        contacts = {
            "no customer": {"customer_rank": 0},
            "under a company": {"parent_id": parent.id, "customer_rank": 1},
            "of another company": {"company_id": other_company.id, "customer_rank": 1},
        }
        for why, values in contacts.items():
            with self.subTest(why=why):
                contact = self.env["res.partner"].create({"name": "Iemand", **values})
                row = self.person(
                    FirstName="Kwaad",
                    LastName=why,
                    EmailAddress=TRIBES,
                    ImportId=self.connection._import_id(contact, "person"),
                )

                self.look_at("person", row["ID"])

                self.assertFalse(contact.tribe_id)
                self.assertEqual((contact.name, contact.email), ("Iemand", False))
                self.assertEqual(self.link(row["ID"]).partner_id.email, TRIBES)

    def test_an_import_id_that_is_none(self):
        for number in ("99999999999999999999", "²", "0", "-1"):
            with self.subTest(number=number):
                row = self.person(
                    LastName=f"Nummer {number}",
                    ImportId=f"{self.connection._import_id_prefixes()[0]}{number}",
                )

                self.look_at("person", row["ID"])

                self.assertTrue(self.link(row["ID"]).partner_id, self.problems())

    def test_an_import_id_proves_an_archived_customer(self):
        contact = self.customer("Smit", is_company=False, active=False)
        row = self.person(LastName="Smit", ImportId=self.connection._import_id(contact, "person"))

        self.look_at("person", row["ID"])

        self.assertEqual(contact.tribe_id, row["ID"])
