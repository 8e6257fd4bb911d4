from odoo.exceptions import AccessError

from odoo.addons.base.tests.common import new_test_user
from odoo.addons.tribe_connector.sentence import sentence

from .relation_case import RelationCase


class TestConflict(RelationCase):
    """Fields that were changed on both sides: a person decides each, the others go their way."""

    def setUp(self):
        super().setUp()
        self.connection.conflict_policy = "ask"
        self.partner = self.linked("Klant B.V.", email="oud@klant.example", phone="030 1")

    def change_both(self):
        """Name and e-mail change on both sides, the phone in Odoo only."""
        self.partner.write({"name": "Van Odoo", "email": "odoo@klant.example", "phone": "030 2"})
        self.sandbox.change(
            "Relation_Organization",
            self.partner.tribe_id,
            {"Name": "Van Tribe", "EmailAddress": "tribe@klant.example"},
        )
        self.look_at("organization", self.partner.tribe_id)

    def conflict(self, name):
        return self.env["tribe.conflict"].search([("field_name", "=", name)])

    def decide(self, **sides):
        for name, side in sides.items():
            getattr(self.conflict(name), f"action_take_{side}")()
        self.run_lanes()

    def names(self):
        return self.partner.name, self.tribe_of(self.partner)["Name"]

    def emails(self):
        return self.partner.email, self.tribe_of(self.partner)["EmailAddress"]

    def test_both_values_are_shown_and_what_is_no_conflict_goes_on(self):
        self.change_both()

        name, email = self.conflict("name"), self.conflict("email")
        self.assertEqual((name.odoo_value, name.tribe_value), ("Van Odoo", "Van Tribe"))
        self.assertEqual((email.label, email.tribe_value), ("E-mail", "tribe@klant.example"))
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        fields = [sentence("field_email"), sentence("field_name")]
        self.assertAsked("both_sides_changed", relation="Van Odoo", fields=fields)

    def test_what_is_made_equal_in_tribe_is_asked_no_more(self):
        self.change_both()
        made_equal = {"Name": "Van Odoo", "EmailAddress": "odoo@klant.example"}
        self.sandbox.change("Relation_Organization", self.partner.tribe_id, made_equal)

        self.look_at("organization", self.partner.tribe_id)

        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.conflict"].search([]))

    def test_what_a_later_look_shows_to_be_equal_is_asked_no_more(self):
        self.change_both()
        made_equal = {"Name": "Van Odoo", "EmailAddress": "odoo@klant.example"}
        self.sandbox.change("Relation_Organization", self.partner.tribe_id, made_equal)

        works = self.env["tribe.work"]
        works._look_later(self.connection, "organization", self.partner.tribe_id, 0)
        self.run_lanes()

        self.assertFalse(self.problems())

    def test_what_tribe_refused_and_has_by_now_is_asked_no_more(self):
        self.partner.phone = "030 2"
        self.sandbox.fault("status", path_contains="Relation_Organization(", status=400)
        self.synchronize(self.partner)
        self.assertTrue(self.problems())
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 2"}
        )

        self.look_at("organization", self.partner.tribe_id)

        self.assertFalse(self.problems())

    def test_a_look_of_our_own_asks_nobody_anew(self):
        self.change_both()
        works = self.env["tribe.work"]
        works._look_later(self.connection, "organization", self.partner.tribe_id, 0)
        asked = self.problematic()
        self.run_lanes()

        self.assertEqual(self.problematic(), asked)

    def move_both(self, **more):
        """Odoo corrects a street, Tribe has another address. Returns the partner."""
        partner = self.linked(
            "Verhuisd B.V.",
            street="Kerkstrat 1",
            zip="1011 AB",
            city="Amsterdam",
            country_id=self.env.ref("base.nl").id,
        )
        partner.street = "Kerkstraat 1"
        (belgium,) = self.sandbox.rows("Datastore_Country", Code="BE")
        moved = {"Street": "Dorpsweg", "HouseNumber": 9, "Postalcode": "9000", "City": "Gent"}
        moved |= {"Country": {"ID": belgium["ID"]}, **more}
        address = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address, moved)
        self.look_at("address", address)
        return partner

    def address(self, partner):
        """The address of the contact, and in Tribe."""
        row = self.address_of(partner)
        return (
            (partner.street, partner.zip, partner.city),
            (f"{row['Street']} {int(row['HouseNumber'])}", row["Postalcode"], row["City"]),
        )

    def test_an_address_is_one_question(self):
        for side, address in (
            ("odoo", ("Kerkstraat 1", "1011 AB", "Amsterdam")),
            ("tribe", ("Dorpsweg 9", "9000", "Gent")),
        ):
            with self.subTest(side):
                partner = self.move_both()
                conflict = self.env["tribe.conflict"].search([])
                self.assertEqual((conflict.field_name, conflict.label), ("address", "Address"))
                self.assertAsked(
                    "both_sides_changed",
                    relation="Verhuisd B.V.",
                    fields=[sentence("field_address")],
                )
                # Asked again, it is the same question.
                self.look_at("organization", partner.tribe_id)
                self.assertEqual(self.env["tribe.conflict"].search([]), conflict)
                self.decide(address=side)
                self.assertEqual(self.address(partner), (address, address))
                self.assertFalse(self.env["tribe.conflict"].search([]))
                self.assertFalse(self.problems())
                self.assertEqual(self.written(self.run_nightly), 0)

    def test_at_first_sight_an_address_differs(self):
        self.customer("Nieuw B.V.", debtor_number="D-1", street="Kerkstraat 1", city="Utrecht")
        there = {"Street": "Dorpsweg", "HouseNumber": 9, "City": "Utrecht"}
        self.organization(Name="Nieuw B.V.", DebtorNumber="D-1", InvoiceAddress=there)
        self.run_nightly()
        fields = [sentence("field_address")]
        self.assertAsked("both_sides_differ", relation="Nieuw B.V.", fields=fields)

    def test_a_decision_about_an_address_that_changed_since_is_asked_anew(self):
        partner = self.move_both()
        self.conflict("address").action_take_odoo()
        address = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address, {"HouseNumber": 10})

        self.run_lanes()

        self.assertFalse(self.conflict("address").decision)
        self.assertIn("Dorpsweg 10", self.conflict("address").tribe_value)
        self.assertEqual(self.address(partner)[1][0], "Dorpsweg 10")

    def before_the_update(self, partner):
        """The fields of an address as they were asked about before it was one value."""
        sides = {
            "street": ("Kerkstraat 1", "Dorpsweg 9"),
            "zip": ("1012 AB", "9000"),
            "city": ("Amsterdam Centrum", "Gent"),
        }
        self.conflict("address").unlink()
        for name, (odoo, tribe) in sides.items():
            self.env["tribe.conflict"].create(
                {
                    "link_id": partner.tribe_link_ids.filtered("tribe_url")[:1].id,
                    "field_name": name,
                    "odoo_value": odoo,
                    "tribe_value": tribe,
                }
            )
        partner.write({"zip": "1012 AB", "city": "Amsterdam Centrum"})

    def test_what_was_asked_before_the_update_is_decided_as_it_is_answered(self):
        netherlands = {"ID": self.connection.country_ids["NL"]}
        for sides, address in (
            ({"street": "tribe", "zip": "tribe", "city": "tribe"}, ("Dorpsweg 9", "9000", "Gent")),
            (
                {"street": "odoo", "zip": "odoo", "city": "odoo"},
                ("Kerkstraat 1", "1012 AB", "Amsterdam Centrum"),
            ),
            # As somebody chose it.
            (
                {"street": "odoo", "zip": "tribe", "city": "tribe"},
                ("Kerkstraat 1", "9000", "Gent"),
            ),
        ):
            with self.subTest(sides):
                partner = self.move_both(Country=netherlands)
                self.before_the_update(partner)
                for name, side in sides.items():
                    self.assertTrue(self.conflict(name).label)
                    getattr(self.conflict(name), f"action_take_{side}")()
                self.run_lanes()
                self.assertEqual(self.address(partner), (address, address))
                self.assertFalse(self.env["tribe.conflict"].search([]))

    def test_what_was_asked_before_the_update_becomes_one_question(self):
        """Also where only a part of it was answered: nothing is written of that."""
        partner = self.move_both(Country={"ID": self.connection.country_ids["NL"]})
        self.before_the_update(partner)
        before = self.address(partner)

        self.decide(street="tribe")

        self.assertEqual(self.address(partner), before)
        self.assertEqual(self.env["tribe.conflict"].search([]).mapped("field_name"), ["address"])
        self.decide(address="tribe")
        self.assertEqual(self.address(partner)[0], ("Dorpsweg 9", "9000", "Gent"))

    def test_a_country_is_shown_by_its_name_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("nl_NL")
        for code, dutch in (("nl", "Nederland"), ("be", "België")):
            self.env.ref(f"base.{code}").update_field_translations("name", {"nl_NL": dutch})
        partner = self.move_both()

        conflict = self.conflict("address")
        self.assertEqual(conflict.odoo_shown, "Kerkstraat 1, 1011 AB Amsterdam, Netherlands")
        self.assertEqual(conflict.tribe_shown, "Dorpsweg 9, 9000 Gent, Belgium")
        dutch = conflict.with_context(lang="nl_NL")
        self.assertIn("Nederland", dutch.odoo_shown)
        self.assertIn("België", dutch.tribe_shown)
        self.decide(address="tribe")
        self.assertEqual(partner.country_id, self.env.ref("base.be"))

    def test_the_form_of_the_contact_says_so(self):
        user = new_test_user(self.env, "van de app", "base.group_user,tribe_connector.group_user")
        partner = self.partner.with_user(user)
        self.assertFalse(partner.tribe_note)
        self.change_both()

        partner.invalidate_recordset()
        self.assertIn("was changed in Odoo and in Tribe: E-mail, Name", partner.tribe_note)
        self.assertIn("under Conflicts", partner.tribe_note)
        self.assertIn("tribe_note", partner.get_view(view_type="form")["arch"])
        outsider = new_test_user(self.env, "niet van de app", "base.group_user")
        arch = self.partner.with_user(outsider).get_view(view_type="form")["arch"]
        self.assertNotIn("tribe_note", arch)

        self.decide(name="odoo", email="tribe")
        partner.invalidate_recordset()
        self.assertFalse(partner.tribe_note)

    def test_each_field_is_decided_by_itself(self):
        self.change_both()

        self.decide(name="odoo", email="tribe")

        self.assertEqual(self.names(), ("Van Odoo", "Van Odoo"))
        self.assertEqual(self.emails(), ("tribe@klant.example", "tribe@klant.example"))
        self.assertFalse(self.env["tribe.conflict"].search([]))
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_one_decision_leaves_the_other_question_open(self):
        self.change_both()

        self.decide(name="tribe")

        self.assertEqual(self.names(), ("Van Tribe", "Van Tribe"))
        self.assertFalse(self.conflict("name"))
        self.assertTrue(self.conflict("email"))
        self.assertAsked("both_sides_changed", fields=[sentence("field_email")])

    def test_a_decision_about_values_that_changed_since_is_asked_anew(self):
        self.change_both()
        self.conflict("name").action_take_odoo()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"Name": "Alweer Anders"}
        )

        self.run_lanes()

        name = self.conflict("name")
        self.assertEqual((name.tribe_value, name.decision), ("Alweer Anders", False))
        self.assertEqual(self.names(), ("Van Odoo", "Alweer Anders"))

    def test_making_both_the_same_ends_the_question(self):
        self.change_both()
        self.partner.write({"name": "Van Tribe", "email": "tribe@klant.example"})

        self.run_nightly()

        self.assertFalse(self.env["tribe.conflict"].search([]))
        self.assertFalse(self.problems())

    def test_merging_the_contact_ends_the_question(self):
        self.change_both()
        stays = self.linked("Blijft B.V.")

        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((stays | self.partner).ids, stays)

        self.assertFalse(self.env["tribe.conflict"].search([]))

    def test_leaving_the_contact_to_odoo_ends_the_question(self):
        self.change_both()
        self.partner.company_id = self.env["res.company"].create({"name": "Elders B.V."})
        self.run_nightly()

        self.link(self.partner.tribe_id).action_leave_to_odoo()
        self.run_lanes()

        self.assertFalse(self.env["tribe.conflict"].search([]))

    def test_deleting_the_relation_ends_the_question(self):
        self.change_both()
        tribe_id = self.partner.tribe_id
        self.connection.settle_seconds = 0
        self.sandbox.delete("Relation_Organization", tribe_id)

        self.look_at("organization", tribe_id)

        self.assertFalse(self.env["tribe.conflict"].search([]))

    def test_asking_twice_shows_it_once(self):
        self.change_both()
        self.look_at("organization", self.partner.tribe_id)
        self.run_nightly()

        self.assertEqual(len(self.env["tribe.conflict"].search([])), 2)
        self.assertEqual(len(self.problems()), 1)

    def test_only_an_administrator_decides(self):
        self.change_both()
        user = new_test_user(
            self.env(su=False),
            "lezer",
            groups="tribe_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

        with self.assertRaises(AccessError):
            self.conflict("name").with_user(user).sudo(False).action_take_odoo()
