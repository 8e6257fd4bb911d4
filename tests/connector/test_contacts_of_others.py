"""A contact of all companies that another company's people use too, or take for their own."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .test_two_tenants import TenantsCase

ATTACKERS = "aanvaller@elders.example"


class OthersCase(TenantsCase):
    def user_in(self, login, groups, company, **values):
        return new_test_user(
            self.env, login, groups=groups, company_id=company.id, company_ids=company.ids, **values
        )

    def relation_id(self, partner):
        return partner.tribe_link_ids.filtered(lambda link: link.kind == "organization").tribe_id

    def change_in(self, connection, partner, **values):
        """Somebody changes a linked customer in a Tribe, and Odoo is told."""
        with self.in_tenant(connection):
            self.sandbox.change("Relation_Organization", self.relation_id(partner), values)
            self.look_at("organization", self.relation_id(partner))
        self.env.invalidate_all()


class TestConsent(OthersCase):
    """The e-mail address of a user comes from Tribe when somebody consents who could change it."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.b, "Klant met portaal")
        self.partner.email = "echt@klant.example"
        self.synchronize(self.partner)
        self.portal = self.user_in(
            "portal_of_a",
            "base.group_portal",
            self.company,
            partner_id=self.partner.id,
            name=self.partner.name,
            email=self.partner.email,
        )
        self.change_in(self.b, self.partner, EmailAddress=ATTACKERS)
        self.conflict = self.env["tribe.conflict"].search([("field_name", "=", "email")])
        self.assertEqual(self.conflict.tribe_value, ATTACKERS)

    def take_as(self, login, groups, companies):
        user = self.user_in(login, groups, companies[0])
        user.company_ids = companies
        taken = self.conflict.with_user(user).with_context(allowed_company_ids=companies.ids)
        taken.action_take_tribe()
        self.run_lanes()
        self.env.invalidate_all()

    def test_who_may_not_change_the_contact_gives_its_user_to_nobody(self):
        with self.assertRaisesRegex(AccessError, "Klant met portaal"):
            self.take_as("b_admin", "tribe_connector.group_manager", self.other)

        self.assertEqual(self.partner.email, "echt@klant.example")
        self.assertFalse(self.conflict.decision)

    def test_nor_who_may_not_see_the_user(self):
        groups = "tribe_connector.group_manager,base.group_partner_manager"
        with self.assertRaises(AccessError):
            self.take_as("b_admin", groups, self.other)

        self.assertEqual(self.portal.email, "echt@klant.example")

    def test_who_works_in_both_and_may_change_contacts_decides(self):
        groups = "tribe_connector.group_manager,base.group_partner_manager"
        self.take_as("both_admin", groups, self.other + self.company)

        self.assertEqual(self.partner.email, ATTACKERS)

    def test_odoos_is_kept_by_every_administrator(self):
        user = self.user_in("b_admin", "tribe_connector.group_manager", self.other)
        self.conflict.with_user(user).action_take_odoo()
        self.run_lanes()
        self.env.invalidate_all()

        self.assertEqual(self.partner.email, "echt@klant.example")
        self.assertFalse(self.env["tribe.conflict"].search([]))
