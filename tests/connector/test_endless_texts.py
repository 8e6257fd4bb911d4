from unittest.mock import patch

from told import assert_says

from odoo.addons.tribe_connector import hidden_characters
from odoo.addons.tribe_connector.sentence import Label

from .relation_case import RelationCase
from .test_plan import PlanCase

ENDLESS = "é" * 60_000
# To show such a name would take Odoo the square of it.
BLANKS = "a" + " " * 60_000 + "b"
MOST = 20_000


class TestEndlessTexts(RelationCase):
    """Whoever may change a contact can write millions of characters into it: it waits for a
    person, nobody looks at it any further, and everybody else goes on."""

    def setUp(self):
        super().setUp()
        self.looked_at = 0
        unseen = hidden_characters._UNSEEN
        counting = self

        class Counted:
            def sub(self, replacement, text):
                counting.looked_at += len(text)
                return unseen.sub(replacement, text)

        self.startPatcher(patch.object(hidden_characters, "_UNSEEN", Counted()))

    def assertHeld(self, field, contact="Klant B.V.", model="res.partner"):
        self.assertAsked("contact_value_too_long", what=Label(model, field), contact=contact)
        self.assertLess(self.looked_at, MOST)

    def test_whoever_saves_it_is_not_kept(self):
        partner = self.linked()

        partner.write({"city": ENDLESS, "street": ENDLESS, "ref": ENDLESS})
        self.customer(city=ENDLESS, email=ENDLESS)

        # Names alone.
        self.assertLess(self.looked_at, 1000)

    def test_every_text_of_a_linked_contact(self):
        for field in (
            "name",
            "email",
            "phone",
            self.mobile,
            "website",
            "vat",
            "ref",
            "debtor_number",
            "creditor_number",
            "company_registry",
            "street",
            "street2",
            "zip",
            "city",
        ):
            with self.subTest(field):
                partner = self.linked(f"Klant {field}")
                self.looked_at = 0
                # What is not told to Tribe is looked at when something else is.
                partner.with_context(no_vat_validation=True).write(
                    {"phone": "030 1", field: ENDLESS}
                )

                self.assertEqual(self.written(self.run_nightly), 0)

                called = f"{ENDLESS[:200]}…" if field == "name" else f"Klant {field}"
                self.assertHeld(field, called)
                partner.write({field: False, "name": "Klaar"})
                self.env["tribe.work"].search([]).unlink()

    def test_a_new_customer_and_the_others_go(self):
        self.customer(city=ENDLESS)
        other = self.customer("Ander B.V.")

        self.run_nightly()

        self.assertHeld("city")
        self.assertTrue(other.tribe_id)
        self.assertFalse(self.named("Klant B.V."))

    def test_it_goes_once_it_is_shortened(self):
        partner = self.customer(city=ENDLESS)
        self.run_nightly()

        partner.city = "Utrecht"
        self.run_nightly()

        self.assertEqual(self.address_of(partner)["City"], "Utrecht")
        self.assertFalse(self.problems())

    def test_a_name_of_blanks(self):
        partner = self.customer(BLANKS)

        with self.not_shown(partner):
            self.run_nightly()

        self.assertHeld("name", f"{BLANKS[:1]} …")

    def test_the_name_of_the_company_of_a_person(self):
        person = self.linked("Jan Smit", is_company=False)
        company = self.env["res.partner"].create({"name": BLANKS, "is_company": True})
        person.parent_id = company
        person.phone = "030 1"
        self.looked_at = 0

        with self.not_shown(person):
            self.run_nightly()

        self.assertHeld("commercial_company_name", "Jan Smit")

    def test_the_address_of_an_invoice_contact(self):
        partner = self.linked()
        self.env["res.partner"].create(
            {"type": "invoice", "parent_id": partner.id, "street": ENDLESS}
        )

        self.run_nightly()

        self.assertHeld("street", "Klant B.V., Invoice")

    def test_a_state(self):
        partner = self.linked(country_id=self.env.ref("base.us").id)
        state = self.env["res.country.state"].create(
            {"name": "Staat", "code": ENDLESS, "country_id": partner.country_id.id}
        )
        partner.state_id = state

        self.run_nightly()

        self.assertHeld("code", model="res.country.state")

    def test_what_tribe_changes_is_not_taken_over_meanwhile(self):
        partner = self.linked()
        partner.city = ENDLESS
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 1"})
        self.looked_at = 0

        self.look_at("organization", partner.tribe_id)

        self.assertHeld("city")
        self.assertEqual((partner.city, partner.phone), (ENDLESS, False))

    def test_a_contact_that_a_relation_is_by_its_number(self):
        partner = self.customer(debtor_number="D-1", creditor_number="C-1", city=ENDLESS)
        self.organization(Name="Klant B.V.", DebtorNumber="D-1")

        self.look_at("organization", self.named("Klant B.V.")[0]["ID"])

        self.assertHeld("city")
        self.assertFalse(partner.tribe_id)

    def test_a_contact_that_a_relation_could_be(self):
        self.customer(email="a@klant.example", name=ENDLESS, street=ENDLESS, vat="/")
        row = self.organization(Name="Relatie B.V.", EmailAddress="a@klant.example")

        self.look_at("organization", row["ID"])

        self.assertAsked("possible_match")
        self.assertLess(self.looked_at, MOST)

    def test_one_that_is_left_to_odoo_asks_nothing(self):
        partner = self.linked()
        self.link(partner.tribe_id).state = "left_to_odoo"
        partner.city = ENDLESS

        self.run_nightly()

        self.assertFalse(self.problems())

    def not_shown(self, partner):
        """While it lasts, nobody has Odoo show what a contact is called."""
        model_class = self.registry["res.partner"]
        original = model_class._compute_display_name

        def refuse(records):
            self.assertNotIn(partner, records)
            return original(records)

        return patch.object(model_class, "_compute_display_name", refuse)


class TestEndlessTextsOfAPlan(PlanCase):
    """What waits for a person later is a question before."""

    def test_it_is_a_question(self):
        partner, other = self.customer(city=ENDLESS), self.customer("Ander B.V.")

        plan = self.plan()

        line = self.line(plan, partner)
        self.assertEqual(line.action, "question")
        assert_says(line.text, "contact_value_too_long", what=Label("res.partner", "city"))
        self.assertEqual(self.line(plan, other).action, "create_tribe")
