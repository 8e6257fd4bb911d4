from datetime import timedelta
from unittest.mock import patch

from told import containing

from odoo import fields

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase

STREAMS = ("organization", "customer")


def in_an_hour(_poller, _batch):
    return fields.Datetime.now() + timedelta(hours=1)


class TestActivatedAgain(RelationCase):
    """What changed on either side while a connection was deactivated."""

    def deactivate(self):
        with self.enter_registry_test_mode():
            self.connection.action_deactivate()
        self.run_lanes()

    def activate(self):
        self.press_activate()
        self.run_lanes()
        self.assertEqual(self.connection.state, "active")

    def leave_out(self, name):
        """Have *Only Contacts That* leave out whoever is called so."""
        self.connection.relation_domain = f"[('name', 'not ilike', '{name}')]"

    def former(self, partner):
        return [
            row["IsFormer"] is True
            for row in self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=partner.tribe_id)
        ]

    def change_in_tribe(self, partner, **fields):
        kind = "Organization" if partner.is_company else "Person"
        self.sandbox.change(f"Relation_{kind}", partner.tribe_id, fields)

    def end_in_tribe(self, partner, is_former):
        (row,) = self.relationships(partner).values()
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": is_former})

    def below_a_company(self):
        person = self.linked("Jan Jansen", is_company=False, phone="030 1")
        person.parent_id = self.customer("Firma", customer_rank=0)
        self.run_nightly()
        return person

    def test_who_was_archived_is_ended_in_tribe(self):
        noted, during = self.linked("Voor B.V."), self.linked("Tijdens B.V.")
        noted.active = False
        self.deactivate()
        during.active = False

        self.activate()

        self.assertEqual(self.former(noted), [True])
        self.assertEqual(self.former(during), [True])
        self.assertFalse(self.problems())

    def test_who_was_archived_comes_back_from_either_side(self):
        ended, archived = self.linked("In Tribe B.V."), self.linked("In Odoo B.V.")
        self.end_in_tribe(ended, True)
        self.look_at("organization", ended.tribe_id)
        archived.active = False
        self.run_nightly()
        self.assertEqual((ended.active, self.former(archived)), (False, [True]))
        self.deactivate()
        self.end_in_tribe(ended, False)
        archived.active = True

        self.activate()

        self.assertTrue(ended.active)
        self.assertEqual(self.former(archived), [False])

    def test_who_is_linked_is_looked_at_whatever_is_sent(self):
        left_out, person = self.linked("Buiten B.V.", phone="030 1"), self.below_a_company()
        self.leave_out("Buiten")
        self.deactivate()
        for partner in (left_out, person):
            with self.subTest(partner=partner.name):
                partner.email = "odoo@klant.example"
                self.change_in_tribe(partner, PhoneNumber="030 2")

        self.activate()

        for partner in (left_out, person):
            with self.subTest(partner=partner.name):
                self.assertEqual(self.tribe_of(partner)["EmailAddress"], "odoo@klant.example")
                self.assertEqual(partner.phone, "030 2")
        self.assertFalse(self.problems())

    def test_who_was_merged_away_is_asked_about_again(self):
        source, target = self.linked("Blijft Over B.V."), self.linked("Blijft B.V.")
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"partner_ids": [(6, 0, (source | target).ids)], "dst_partner_id": target.id}
        )
        wizard.action_merge()
        self.run_lanes()
        about = {
            "relation": containing("Blijft Over B.V."),
            "partner": containing("Blijft B.V."),
        }
        self.assertAsked("relation_of_merged_contact", **about)
        self.deactivate()
        self.assertFalse(self.problems())

        self.activate()

        self.assertAsked("relation_of_merged_contact", **about)

    def test_who_was_entered_in_tribe_meanwhile_comes(self):
        self.poll(*STREAMS)
        waited = self.organization(Name="Wachtte B.V.")
        works = self.env["tribe.work"]
        works._add(self.connection, "inbound", "organization", [waited["ID"]], "webhook")
        self.deactivate()
        entered = self.organization(Name="Intussen B.V.")

        # Long afterwards: neither is among what changes just now.
        with patch.object(type(self.env["tribe.poller"]), "_now_in_tribe", in_an_hour):
            self.activate()
        self.poll(*STREAMS)

        for row in (waited, entered):
            self.assertTrue(self.link(row["ID"]).partner_id, row["Name"])

    def test_the_plan_shows_them(self):
        archived, left_out = self.linked("Weg B.V."), self.linked("Buiten B.V.", phone="030 1")
        same = self.linked("Zelfde B.V.")
        person = self.below_a_company()
        self.leave_out("Buiten")
        self.deactivate()
        archived.active = False
        left_out.phone = person.phone = "030 2"

        action = self.connection.action_plan()
        self.run_lanes()

        plan = self.env["tribe.plan"].browse(action["res_id"])
        planned = {line.partner_id: line.action for line in plan.line_ids}
        self.assertEqual(
            planned,
            {archived: "deactivate", left_out: "update", person: "update", same: "same"},
        )

    def test_nobody_new_is_sent_and_who_is_left_stays_left(self):
        left, gone = self.linked("Gelaten B.V.", phone="030 1"), self.linked("Weg B.V.")
        self.link(left.tribe_id).state = "left_to_odoo"
        tribe_id = gone.tribe_id
        gone.tribe_link_ids.sent_at = "2020-01-01"
        self.sandbox.delete("Relation_Organization", tribe_id)
        self.look_at("organization", tribe_id)
        self.leave_out("Nieuw")
        self.deactivate()
        left.write({"phone": "030 2", "active": False})
        gone.active = False
        self.customer("Nieuw B.V.")
        self.customer("Gearchiveerd B.V.", active=False)

        self.assertEqual(self.written(self.activate), 0)

        self.assertEqual(self.link(tribe_id).state, "gone")
        self.assertFalse(self.named("Nieuw B.V.") + self.named("Gearchiveerd B.V."))

    def test_they_cost_no_call_of_their_own(self):
        one, other, third = (self.linked(f"Klant {number} B.V.") for number in range(3))
        calls = []
        for _activation in range(2):
            self.deactivate()
            self.sandbox.reset_calls()
            self.activate()
            calls.append(self.sandbox.calls()["total"])
            one.active = False
            self.leave_out(other.name)
            self.run_nightly()
        self.assertEqual(calls[0], calls[1])
        self.assertEqual(self.former(third), [False])
