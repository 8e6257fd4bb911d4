"""In a company's database: its automations and its salespeople, and real addons of contacts."""

from connector.test_relation_fields import FieldCase

from odoo.exceptions import AccessError


class TestSalesperson(FieldCase):
    """Somebody who sees his own contacts only, by a rule of the company's."""

    def setUp(self):
        super().setUp()
        groups = ("base.group_user", "base.group_partner_manager", "sales_team.group_sale_salesman")
        self.seller = self.env["res.users"].create(
            {
                "name": "Verkoper",
                "login": "verkoper",
                "group_ids": [(6, 0, [self.env.ref(group).id for group in groups])],
            }
        )
        self.own = self.linked("Eigen B.V.", user_id=self.seller.id)
        self.other = self.linked("Van een ander B.V.")

    def as_seller(self, partner):
        return partner.with_user(self.seller).with_context(self.seller.context_get())

    def test_the_rule_holds(self):
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.as_seller(self.other).read(["name"])

    def test_a_save_is_told(self):
        self.as_seller(self.own).phone = "030 1"
        self.run_nightly()
        self.assertEqual(self.tribe_of(self.own)["PhoneNumber"], "030 1")
        self.assertSettled(self.own)

    def test_a_new_one_is_told(self):
        partner = self.as_seller(self.env["res.partner"]).create(
            {"name": "Nieuw B.V.", "is_company": True, "user_id": self.seller.id}
        )
        partner.sudo().customer_rank = 1
        self.run_nightly()
        self.assertTrue(partner.sudo().tribe_id, self.problems())

    def test_a_contact_below_one_that_is_not_seen_is_moved_and_deleted(self):
        contact = self.env["res.partner"].create(
            {"name": "Jan", "parent_id": self.other.id, "user_id": self.seller.id}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.as_seller(contact).parent_id = self.own
        self.assertEqual(contact.parent_id, self.own)
        contact.parent_id = self.other
        self.env.flush_all()
        self.env.invalidate_all()
        self.as_seller(contact).unlink()
        self.assertFalse(contact.exists())
        self.run_nightly()
        self.assertFalse(self.problems())


class TestAutomation(FieldCase):
    """It writes to each contact once more, in the transaction of whoever saves."""

    def test_nothing_goes_to_and_fro(self):
        row = self.organization(Name="Klant B.V.", DebtorNumber="1001")
        self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertEqual(partner.x_seen, partner.display_name)

        self.change_relation(partner, Name="Anders B.V.")

        self.assertEqual(partner.x_seen, partner.display_name)
        self.assertSettled(partner)


class TestPlaces(FieldCase):
    """With base_location: a place that no longer fits the address is emptied."""

    def test_another_postcode_or_city_of_tribe(self):
        country = self.env.ref("base.nl")
        city = self.env["res.city"].create({"name": "Utrecht", "country_id": country.id})
        place = self.env["res.city.zip"].create({"name": "3511 AA", "city_id": city.id})
        for change in ({"Postalcode": "1011 AB"}, {"City": "Amsterdam"}, {"Postalcode": None}):
            with self.subTest(change=change):
                partner = self.linked(street="Weg 1", country_id=country.id, zip_id=place.id)
                self.assertEqual(self.address_of(partner)["City"], "Utrecht")

                self.change_address(partner, **change)

                self.assertFalse(self.problems())
                self.assertFalse(partner.zip_id)
                self.assertSettled(partner)


class TestCompanyOfNewContacts(FieldCase):
    """With partner_company_default: new contacts are in the company of whoever makes them."""

    def test_one_of_tribe_is_in_none(self):
        self.env["ir.default"].search([("field_id.name", "=", "company_id")]).unlink()
        partners = self.env["res.partner"].with_context(test_partner_company_default=True)
        self.assertTrue(partners.create({"name": "Van Odoo"}).company_id)
        lanes = self.env.context
        self.addClassCleanup(setattr, type(self), "env", self.env)
        type(self).env = self.env(context={**lanes, "test_partner_company_default": True})

        row = self.organization(Name="Van Tribe B.V.")
        self.look_at("organization", row["ID"])

        self.assertFalse(self.link(row["ID"]).partner_id.company_id)


class TestChosenInvoiceContact(FieldCase):
    """With partner_contact_address_default: the invoice contact that somebody chose."""

    def test_the_chosen_one_goes_and_comes(self):
        partner = self.linked(city="Hoofddorp")
        first, second = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": partner.id, "type": "invoice", "city": name}
                for name in ("Eerst", "Tweede")
            ]
        )
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["City"], "Eerst")

        partner.partner_invoice_id = second
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["City"], "Tweede")
        self.change_address(partner, City="Zeist")
        self.assertEqual((first.city, second.city, partner.city), ("Eerst", "Zeist", "Hoofddorp"))
        self.assertSettled(partner)
