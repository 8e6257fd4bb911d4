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

    def test_a_country_is_shown_by_its_name_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("nl_NL")
        for code, dutch in (("nl", "Nederland"), ("be", "België")):
            self.env.ref(f"base.{code}").update_field_translations("name", {"nl_NL": dutch})
        partner = self.linked("Verhuisd B.V.", country_id=self.env.ref("base.de").id)
        partner.country_id = self.env.ref("base.nl")
        (belgium,) = self.sandbox.rows("Datastore_Country", Code="BE")
        address = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address, {"Country": {"ID": belgium["ID"]}})
        self.look_at("address", address)

        conflict = self.conflict("country_code")
        self.assertEqual((conflict.odoo_shown, conflict.tribe_shown), ("Netherlands", "Belgium"))
        dutch = conflict.with_context(lang="nl_NL")
        self.assertEqual((dutch.odoo_shown, dutch.tribe_shown), ("Nederland", "België"))
        self.decide(country_code="tribe")
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
