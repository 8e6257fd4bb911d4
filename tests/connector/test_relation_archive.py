from unittest.mock import patch

from choices import each_choice

from odoo.exceptions import UserError

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase
from .test_relation_restored import wait_for_next_second


class TestWhoCannotBeArchived(RelationCase):
    """Ended in Tribe, and not archived in Odoo: because of a user, or as an addon refuses it."""

    def ended_with_user(self, name, **values):
        """A contact with a user, whose relation is ended in Tribe, and the user."""
        partner = self.linked(name, **values)
        user = self.env["res.users"].create(
            {
                "name": name,
                "login": name,
                "partner_id": partner.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.end_in_tribe(partner)
        return partner, user

    def end_in_tribe(self, partner, is_former=True):
        for entity_set, row in self.relationships(partner).items():
            self.sandbox.change(entity_set, row["ID"], {"IsFormer": is_former})
        self.look_at_relations(partner)

    def look_at_relations(self, partner):
        self.look_at("organization" if partner.is_company else "person", partner.tribe_id)

    def change_in_tribe(self, partner, **fields):
        kind = "Organization" if partner.is_company else "Person"
        self.sandbox.change(f"Relation_{kind}", partner.tribe_id, fields)
        self.look_at_relations(partner)

    def assertAskedOfUser(self, partner, user):
        self.assertTrue(partner.active)
        self.assertAsked(
            "contact_cannot_be_archived",
            partner=partner.display_name,
            reason=sentence("contact_has_user", users=user.display_name),
        )

    def test_who_cannot_be_archived_is_synchronized_but_for_that(self):
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                name = "Portaal" if is_company else "Jan Jansen"
                partner, user = self.ended_with_user(
                    name, is_company=is_company, phone="030 1", email="a@a.example"
                )
                for night in range(2):
                    partner.email = f"{night}@a.example"
                    self.change_in_tribe(partner, PhoneNumber=f"030 {night}9")
                    self.assertEqual(partner.phone, f"030 {night}9")
                    self.run_nightly()
                    self.assertEqual(self.tribe_of(partner)["EmailAddress"], partner.email)
                    self.assertAskedOfUser(partner, user)
                self.assertEqual(self.written(self.run_nightly), 0)
                self.assertTrue(
                    all(row["IsFormer"] for row in self.relationships(partner).values())
                )

                # It goes by itself.
                user.active = False
                self.run_nightly()
                self.assertFalse(partner.active)
                self.assertFalse(self.problems())
                self.end_in_tribe(partner, is_former=False)
                self.assertTrue(partner.active)

    def test_who_cannot_be_archived_and_is_current_again_is_asked_about_no_more(self):
        partner, _user = self.ended_with_user("Portaal B.V.")
        self.end_in_tribe(partner, is_former=False)
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertTrue(partner.active)
        # Who is archived in Odoo then is ended in Tribe.
        partner.user_ids.active = False
        partner.active = False
        self.run_nightly()
        self.assertTrue(all(row["IsFormer"] for row in self.relationships(partner).values()))

    def test_a_conflict_of_who_cannot_be_archived_is_asked_as_well(self):
        self.connection.conflict_policy = "ask"
        partner, user = self.ended_with_user("Portaal B.V.", phone="030 1")
        partner.phone = "030 5"
        self.change_in_tribe(partner, PhoneNumber="030 2", Website="https://tribe.example")

        self.assertAskedOfUser(partner, user)
        self.assertAsked("both_sides_changed", relation=partner.display_name)
        self.assertEqual(partner.website, "https://tribe.example")
        partner.tribe_link_ids.conflict_ids.action_take_odoo()
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 5")
        self.assertAskedOfUser(partner, user)

    def test_what_another_addon_refuses_to_archive_is_synchronized_but_for_that(self):
        partner = self.linked("Klant B.V.", phone="030 1")

        def refuse(partners):
            partners.comment = "half of it"
            raise UserError("Not while it has orders.")

        with patch.object(type(partner), "action_archive", refuse):
            self.end_in_tribe(partner)
            self.change_in_tribe(partner, PhoneNumber="030 2")
            partner.email = "odoo@a.example"
            self.run_nightly()

            self.assertAsked(
                "contact_cannot_be_archived",
                partner=partner.display_name,
                reason="Not while it has orders.",
            )
            self.assertTrue(partner.active)
            self.assertFalse(partner.comment)
            self.assertEqual(partner.phone, "030 2")
            self.assertEqual(self.tribe_of(partner)["EmailAddress"], "odoo@a.example")
            self.assertEqual(self.written(self.run_nightly), 0)
        self.run_nightly()
        self.assertFalse(partner.active)
        self.assertFalse(self.problems())

    def test_a_plan_shows_who_cannot_be_archived_with_what_else_changes(self):
        partner, user = self.ended_with_user("Portaal B.V.", phone="030 1")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 2"})
        self.env["tribe.work"]._add(
            self.connection, "inbound", "organization", [partner.tribe_id], "webhook"
        )
        action = self.connection.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).due = "2050-01-01"
        self.run_lanes()

        (line,) = self.env["tribe.plan"].browse(action["res_id"]).line_ids
        self.assertEqual(line.action, "question")
        self.assertEqual([each["field"] for each in line.changes], ["phone"])
        self.assert_told(
            line,
            "contact_cannot_be_archived",
            field="text",
            partner=partner.display_name,
            reason=sentence("contact_has_user", users=user.display_name),
        )


class TestEndsThatTribeShowsNoMore(RelationCase):
    """``IsFormer`` comes no more: an ended role stays ended, a current one stays current."""

    def setUp(self):
        super().setUp()
        self.connection.settle_seconds = 0
        self.ended = self.linked("Oud B.V.")
        self.ended_person = self.linked("Jan Smit", is_company=False)
        self.current = self.linked("Klant B.V.")
        self.was_supplier = self.linked("Leverancier B.V.", supplier_rank=1)
        for partner in (self.ended, self.current):
            # One of before, of the same kind.
            row = self.relate(ORGANIZATION_CUSTOMER, Organization=partner.tribe_id)
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.end(self.ended, ORGANIZATION_CUSTOMER)
        self.end(self.ended_person, PERSON_CUSTOMER)
        self.end(self.was_supplier, SUPPLIER)
        self.partners = self.ended + self.ended_person + self.current + self.was_supplier
        self.edit(PhoneNumber="030 1")
        self.was = self.was_told()

    def end(self, partner, entity_set):
        links = self.env["tribe.link"].search([("partner_id", "=", partner.id)])
        role = "supplier" if entity_set == SUPPLIER else "customer"
        linked = links.filtered(lambda link: link.kind == role)
        self.sandbox.change(entity_set, linked.tribe_id, {"IsFormer": True})

    def edit(self, **fields):
        for partner in self.partners:
            kind = "Organization" if partner.is_company else "Person"
            self.sandbox.change(f"Relation_{kind}", partner.tribe_id, fields)
            self.look_at(kind.lower(), partner.tribe_id)
        self.run_nightly()

    def was_told(self):
        """What Tribe has of all relationships, and which contacts are active."""
        sets = (ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER)
        rows = [row for each in sets for row in self.sandbox.rows(each)]
        former = {row["ID"]: bool(row["IsFormer"]) for row in rows}
        return former, self.partners.mapped("active")

    def test_what_has_ended_stays_ended_and_what_is_current_current(self):
        self.assertEqual(self.partners.mapped("active"), [False, False, True, True])
        self.sandbox.switch(absent_fields=["Relationship/IsFormer"])

        self.edit(PhoneNumber="030 2")
        self.edit(PhoneNumber="030 3")

        self.assertEqual(self.partners.mapped("phone"), ["030 3"] * 4)
        self.sandbox.switch(absent_fields=[])
        self.assertEqual(self.was_told(), self.was)
        self.assertFalse(self.problems())

    def test_what_is_new_is_current(self):
        self.sandbox.switch(absent_fields=["Relationship/IsFormer"])
        row = self.organization(Name="Nieuw B.V.")
        self.look_at("organization", row["ID"])
        self.assertTrue(self.link(row["ID"]).partner_id.active)


class TestReopenedSoon(RelationCase):
    """What Odoo told is taken back in Tribe within the time that a read may be an old copy."""

    def told(self, partner, active):
        """Archive a contact in Odoo, or take it back, and tell Tribe."""
        # Tribe's dates have seconds: only a later one says what was changed afterwards.
        wait_for_next_second()
        partner.active = active
        self.run_nightly()
        former = [row["IsFormer"] for row in self.relationships(partner).values()]
        self.assertEqual({bool(each) for each in former}, {not active})

    def change(self, partner, is_former):
        """Somebody in Tribe ends or reopens the relationships, and webhooks tell of it."""
        wait_for_next_second()
        for entity_set, row in self.relationships(partner).items():
            self.sandbox.change(entity_set, row["ID"], {"IsFormer": is_former})
        self.look(partner)

    def look(self, partner):
        self.look_at("organization" if partner.is_company else "person", partner.tribe_id)

    def each_customer(self, check):
        """Check something of customers of both kinds, and of a supplier, with each policy."""
        whos = ({}, {"supplier_rank": 1}, {"is_company": False})
        for policy, values in each_choice(("ask", "tribe", "odoo"), whos):
            self.connection.conflict_policy = policy
            with self.subTest(policy, **values):
                check(self.linked(f"{policy} {values}", **values))

    def assertStays(self, partner, *, active, is_former):
        self.look(partner)
        self.run_nightly()
        self.assertEqual(partner.active, active)
        former = [row["IsFormer"] for row in self.relationships(partner).values()]
        self.assertEqual({bool(each) for each in former}, {is_former})
        self.assertFalse(self.problems())

    def test_who_was_archived_in_odoo_is_not_ended_again(self):
        def check(partner):
            self.told(partner, active=False)
            self.change(partner, is_former=False)
            self.assertStays(partner, active=False, is_former=False)

        self.each_customer(check)

    def test_nor_who_was_ended_in_tribe_before(self):
        def check(partner):
            self.change(partner, is_former=True)
            self.change(partner, is_former=False)
            self.told(partner, active=False)
            self.change(partner, is_former=False)
            self.assertStays(partner, active=False, is_former=False)

        self.each_customer(check)

    def test_who_was_unarchived_in_odoo_is_archived_again(self):
        def check(partner):
            self.told(partner, active=False)
            self.look(partner)
            self.told(partner, active=True)
            self.change(partner, is_former=True)
            self.assertStays(partner, active=False, is_former=True)

        self.each_customer(check)
