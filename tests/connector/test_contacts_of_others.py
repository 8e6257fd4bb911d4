"""A contact of all companies that another company's people use too, or take for their own."""

from types import SimpleNamespace
from unittest.mock import patch

from told import assert_only_says, containing

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.engine.batch import Batch
from odoo.addons.tribe_connector.engine.problems import NeedsPerson

from .common import ORGANIZATION_CUSTOMER
from .other_addons import overriding
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


class TestSearch(OthersCase):
    """Who works beside another company finds by no search whom that company's Tribe has."""

    def test_no_contact_of_all_companies_is_found_by_its_link(self):
        partner = self.customer_of(self.a, "Klant van A")
        self.synchronize(partner)
        link = partner.tribe_link_ids[:1]
        self.assertTrue(link.tribe_id)
        user = self.user_in("b_user", "tribe_connector.group_user", self.other)
        partners = self.env["res.partner"].with_user(user)

        for field in ("tribe_link_ids", "tribe_link_ids.tribe_id", "tribe_link_ids.connection_id"):
            for operator, value in (("!=", False), ("in", link.ids), ("any", [])):
                with self.subTest(f"{field} {operator}"):
                    try:
                        found = partners.search([(field, operator, value)])
                    except (AccessError, ValueError):
                        continue
                    self.assertNotIn(partner.id, found.ids)

    def test_nor_by_synchronizing_it(self):
        linked = self.customer_of(self.a, "Klant van A")
        self.synchronize(linked)
        nobodys = self.env["res.partner"].create({"name": "Niemand"})
        groups = "tribe_connector.group_user,base.group_partner_manager"
        user = self.user_in("b_user", groups, self.other)
        self.env["tribe.work"].search([]).unlink()

        answers = [
            partner.with_user(user).action_synchronize_with_tribe() for partner in linked | nobodys
        ]

        self.assertEqual(*answers)
        self.assertIn("Nothing was sent", answers[0]["params"]["outcome"]["message"])
        self.assertFalse(self.env["tribe.work"].search([]))


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
        with self.assert_refused(
            "conflict_email_needs_consent", AccessError, contact="Klant met portaal"
        ):
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


class TestCompanyOfTheContact(OthersCase):
    """A linked contact that is given a company in which its connection does not work."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.b, "Gedeelde B.V.", EmailAddress="van@b.example")
        self.synchronize(self.partner)

    def become_a(self, **values):
        self.partner.write({"company_id": self.company.id, "phone": "030-PRIVATE", **values})

    def of_b(self):
        with self.in_tenant(self.b):
            return self.tribe_row("Relation_Organization", self.relation_id(self.partner))

    def everything_of_b_users(self):
        groups = "tribe_connector.group_manager,base.group_partner_manager"
        user = self.env["res.users"].search([("login", "=", "b_reader")])
        user = user or self.user_in("b_reader", groups, self.other)
        found = []
        for model in ("tribe.work", "tribe.run.line", "tribe.plan.line", "tribe.link"):
            for record in self.env[model].with_user(user).search([]):
                found += [str(value) for value in record.read()[0].values()]
        return "\n".join(found)

    def test_it_is_not_sent_any_more(self):
        self.become_a(name="Geheime naam", street="Priveweg 1")
        self.env.flush_all()
        self.assertNotIn("Geheime naam", self.everything_of_b_users())

        self.synchronize(self.partner)
        self.run_nightly()

        row = self.of_b()
        self.assertEqual((row["Name"], row["PhoneNumber"]), ("Gedeelde B.V.", None))
        works = self.problematic()
        self.assert_only_told(
            works, "contact_of_company_elsewhere", partner="Gedeelde B.V.", connection=self.b.name
        )
        self.assertNotIn(self.company.name, works.error)

    def test_it_is_told_where_its_connection_is(self):
        """As it is called in Tribe: who works there alone cannot read the contact any more."""
        self.become_a(name="Geheime naam", debtor_number="GEHEIM-1", vat="NL820646660B01")
        user = self.user_in("b_user", "tribe_connector.group_user", self.other)
        for look in (
            lambda: self.synchronize(self.partner),
            lambda: self.change_in(self.b, self.partner, PhoneNumber="030-1"),
        ):
            self.env["tribe.work"].search([]).unlink()
            look()
            self.run_nightly()

            works = self.env["tribe.work"].with_user(user).search([("error_class", "!=", False)])
            self.assert_told(
                works,
                "contact_of_company_elsewhere",
                partner="Gedeelde B.V.",
                connection=self.b.name,
            )
            self.assertIn("Gedeelde B.V.", " ".join(works.mapped("display_name")))
            told = self.everything_of_b_users()
            for secret in ("Geheime naam", "GEHEIM-1", "030-PRIVATE", "820646660"):
                self.assertNotIn(secret, told)

    def test_its_tribe_changes_nothing_of_it(self):
        self.become_a()
        before = self.now(self.partner)

        self.change_in(self.b, self.partner, Name="Hernoemd", VATNumber="NL123456782B90")

        self.assertEqual(self.now(self.partner), before)
        self.assertTrue(self.problems())

    def test_nor_archives_it(self):
        self.become_a()
        with self.in_tenant(self.b):
            for each in self.sandbox.rows(
                ORGANIZATION_CUSTOMER, Organization=self.relation_id(self.partner)
            ):
                self.sandbox.change(ORGANIZATION_CUSTOMER, each["ID"], {"IsFormer": True})
            self.look_at("organization", self.relation_id(self.partner))

        self.assertTrue(self.partner.active)

    def test_whatever_was_decided_nothing_is_written(self):
        self.become_a()
        refused = self.partner._tribe_refused(self.b, {"name": "Hernoemd", "city": "Elders"})
        self.assertEqual(refused, {"name", "city"})

    def test_its_company_set_back_goes_on(self):
        self.become_a()
        self.synchronize(self.partner)
        self.partner.company_id = self.other

        self.synchronize(self.partner)

        self.assertEqual(self.of_b()["PhoneNumber"], "030-PRIVATE")
        self.assertFalse(self.problems())

    def test_left_to_odoo_is_asked_no_more(self):
        self.become_a()
        self.synchronize(self.partner)
        link = self.partner.tribe_link_ids.filtered("can_leave_to_odoo")
        self.assertEqual(link.kind, "organization")

        link.action_leave_to_odoo()
        self.run_lanes()
        self.change_in(self.b, self.partner, Name="Hernoemd")

        self.assertFalse(self.problems())
        self.assertEqual(self.partner.name, "Gedeelde B.V.")

    def test_a_plan_does_not_know_it(self):
        self.become_a(name="Geheime naam")
        self.b.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).unlink()
        self.run_lanes()

        self.assertNotIn("Geheime naam", self.everything_of_b_users())

    def test_a_contact_of_the_company_above_a_branch_is_the_branchs(self):
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        self.give(self.b, branch)
        self.become_a()

        self.synchronize(self.partner)

        self.assertEqual(self.of_b()["PhoneNumber"], "030-PRIVATE")
        self.assertFalse(self.problems())
        self.assertEqual(self.b._of_tenant(self.partner), self.partner)
        self.assertIn(self.partner, self.env["res.partner"].search(self.b._tenant_domain()))

    def test_a_contact_of_the_company_above_two_branches_is_for_an_administrator_to_place(self):
        for connection in (self.a, self.b):
            branch = self.env["res.company"].create(
                {"name": f"Filiaal {connection.id}", "parent_id": self.company.id}
            )
            self.give(connection, branch)
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE tribe_legal_entity SET company_id = %s WHERE connection_id = %s",
                [connection.company_id.id, connection.id],
            )
        self.env.invalidate_all()
        partner = self.env["res.partner"].create(
            {
                "name": "Hoofdklant B.V.",
                "is_company": True,
                "customer_rank": 1,
                "company_id": self.company.id,
            }
        )

        self.assertFalse(self.a._of_tenant(partner) | self.b._of_tenant(partner))
        unplaced = self.env["res.partner"].search(self.a._unplaced_domain(self.company))
        self.assertIn(partner, unplaced)

        partner._tribe_choose(self.a)
        self.assertEqual(self.a._of_tenant(partner), partner)
        self.assertFalse(self.b._of_tenant(partner))

    def test_whose_it_is_in_sql(self):
        found = self.env["res.partner"].search(self.b._tenant_domain())
        self.assertIn(self.partner, found)

        self.become_a()

        self.assertFalse(self.b._of_tenant(self.partner))
        self.assertNotIn(self.partner, self.env["res.partner"].search(self.b._tenant_domain()))


class TestInvoiceAddress(OthersCase):
    """An invoice address of another company below a customer of all."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.b, "Gedeelde B.V.")
        self.address = self.env["res.partner"].create(
            {
                "parent_id": self.partner.id,
                "type": "invoice",
                "name": "Factuur",
                "street": "Geheimstraat 1",
                "zip": "1234 AB",
                "city": "Geheimstad",
                "country_id": self.env.ref("base.nl").id,
                "company_id": self.company.id,
            }
        )
        self.synchronize(self.partner)

    def addresses_of_b(self):
        with self.in_tenant(self.b):
            return {row["City"] for row in self.sandbox.rows("Address")}

    def test_it_goes_to_no_tribe(self):
        self.assertNotIn("Geheimstad", self.addresses_of_b())
        self.assertFalse(self.problems())

    def test_no_tribe_writes_it(self):
        self.partner.write({"street": "Markt 1", "zip": "5678 CD", "city": "Eigenstad"})
        self.synchronize(self.partner)
        with self.in_tenant(self.b):
            (row,) = self.sandbox.rows("Address", City="Eigenstad")
            self.sandbox.change("Address", row["ID"], {"City": "Elders"})
            self.look_at("organization", self.relation_id(self.partner))
        self.env.invalidate_all()

        self.assertEqual((self.address.city, self.partner.city), ("Geheimstad", "Elders"))

    def test_one_of_the_connections_company_or_of_all_goes(self):
        for company, city in ((self.other, "Ede"), (self.env["res.company"], "Epe")):
            self.address.write({"company_id": company.id, "city": city})
            self.synchronize(self.partner)
            self.assertIn(city, self.addresses_of_b())


class TestPutBelow(OthersCase):
    """What is below a customer has a say in its address, VAT number and payment terms, so nobody
    puts a contact below one that they may not read.
    """

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.a, "Geheime klant")
        self.partner.company_id = self.company
        self.user = self.user_in(
            "b_contacts", "base.group_user,base.group_partner_manager", self.other
        )

    def contact(self, user=None, **values):
        """A contact that a user makes, in a request of its own."""
        self.env.flush_all()
        self.env.invalidate_all()
        contacts = self.env["res.partner"].with_user(user or self.user)
        values = {"name": "Factuur", "type": "invoice", "street": "Postbus 666", **values}
        return contacts.with_context(tracking_disable=True).create(values)

    def refused(self):
        """Odoo's own refusal, and nothing of what was asked."""
        return self.assertRaises(AccessError)

    def test_no_contact_is_made_below_a_customer_of_others(self):
        for values in (
            {"type": "invoice"},
            {"type": "other"},
            {"type": "contact"},
            {"type": "other", "company_id": self.other.id},
            {"type": "contact", "company_id": self.other.id},
        ):
            with self.subTest(values), self.refused():
                self.contact(parent_id=self.partner.id, **values)
        self.assertFalse(self.partner.child_ids)

    def test_nor_by_a_default_value_of_ones_own(self):
        defaults = self.env["ir.default"].with_user(self.user)
        defaults.set("res.partner", "parent_id", self.partner.id, user_id=True)
        with self.refused():
            self.contact()

    def test_nor_is_one_moved_there(self):
        contact = self.contact()
        for name in ("parent_id", "commercial_partner_id"):
            with self.subTest(name), self.refused():
                contact.write({name: self.partner.id})
                contact.flush_recordset()

    def test_nor_made_below_a_contact_of_all_that_is_below_it(self):
        below = self.env["res.partner"].create(
            {"name": "Inkoop", "parent_id": self.partner.id, "company_id": False}
        )
        with self.refused():
            self.contact(parent_id=below.id, company_id=self.other.id)

    def test_below_one_that_is_read_everybody_puts_what_they_want(self):
        self.partner.company_id = False
        contact = self.contact(parent_id=self.partner.id)
        self.assertEqual(contact.commercial_partner_id, self.partner)
        contact.write({"parent_id": False})
        contact.write({"parent_id": self.partner.id})
        # Saving what is there already asks for nothing more.
        self.partner.company_id = self.company
        contact.sudo().write({"company_id": False, "type": "other"})
        self.env.invalidate_all()
        contact.write({"street": "Markt 1", "phone": "030 1234567"})
        self.assertEqual(contact.street, "Markt 1")

    def test_nobody_elsewhere_says_where_the_invoices_of_a_customer_go(self):
        """By a contact without a company that is below one of another company."""
        invoice, other, archived = (
            self.env["res.partner"].create(
                {"name": "Inkoop", "parent_id": self.partner.id, "company_id": False, **values}
            )
            for values in ({"type": "invoice"}, {"type": "other"}, {"type": "invoice"})
        )
        archived.active = False
        for contact, values in (
            (invoice, {"street": "Postbus 666"}),
            (invoice, {"city": "Boefstad"}),
            (invoice, {"type": "other"}),
            (invoice, {"active": False}),
            (other, {"type": "invoice", "street": "Postbus 666"}),
            (other, {"company_id": self.other.id}),
            (archived, {"active": True}),
        ):
            with (
                self.subTest(values),
                self.assert_refused("address_of_other_company", AccessError),
            ):
                contact.with_user(self.user).write(values)
        invoice.with_user(self.user).write({"phone": "030 1234567"})
        self.assertEqual(invoice.phone, "030 1234567")
        here = self.user_in(
            "a_contacts", "base.group_user,base.group_partner_manager", self.company
        )
        invoice.with_user(here).write({"street": "Kade 1"})
        self.assertEqual(invoice.street, "Kade 1")

    def test_so_do_who_works_there_and_code_with_all_rights(self):
        colleague = self.user_in(
            "a_contacts", "base.group_user,base.group_partner_manager", self.company
        )
        contact = self.contact(colleague, parent_id=self.partner.id)
        made = (
            contact.with_user(self.user)
            .sudo()
            .create({"name": "Ook", "parent_id": self.partner.id})
        )
        self.assertEqual(self.partner.child_ids, contact.sudo() | made)

    def test_its_tribe_keeps_its_address_and_still_writes_it(self):
        country = self.env.ref("base.nl").id
        self.partner.write(
            {"street": "Dam 1", "zip": "1012 JS", "city": "Amsterdam", "country_id": country}
        )
        self.synchronize(self.partner)
        with self.refused():
            self.contact(parent_id=self.partner.id, city="Boefstad")
        self.partner.phone = "020 1234567"
        self.synchronize(self.partner)
        (address,) = self.sandbox.rows("Address", City="Amsterdam")

        self.sandbox.change("Address", address["ID"], {"City": "Zeist"})
        self.look_at("organization", self.relation_id(self.partner))

        self.assertEqual(self.partner.city, "Zeist")


class TestTakenOver(OthersCase):
    """Nobody comes to see a link by giving its contact their company, or by merging it."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.a, "Klant van A B.V.")
        self.b_admin = self.user_in(
            "b_admin", "tribe_connector.group_manager,base.group_partner_manager", self.other
        )
        self.secret = self.relation_id(self.partner)

    def assertUnseen(self):
        self.env.flush_all()
        self.env.invalidate_all()
        for model in ("tribe.link", "tribe.work", "tribe.conflict", "tribe.suggestion"):
            found = self.env[model].with_user(self.b_admin).search([])
            self.assertNotIn(self.a, found.sudo().connection_id, model)
        for model, path in (("tribe.run.line", "run_id"), ("tribe.plan.line", "plan_id")):
            found = self.env[model].with_user(self.b_admin).search([])
            self.assertNotIn(self.a, found.sudo()[path].connection_id, model)

    def take(self):
        self.partner.with_user(self.b_admin).company_id = self.other

    def test_by_its_company(self):
        self.env["tribe.suggestion"].create(
            {
                "connection_id": self.a.id,
                "partner_id": self.partner.id,
                "kind": "organization",
                "tribe_id": "another",
                "basis": "email",
            }
        )
        self.partner.tribe_link_ids[0].conflict_ids.create(
            {"link_id": self.partner.tribe_link_ids[0].id, "field_name": "phone"}
        )
        self.take()
        self.synchronize(self.partner)
        self.run_nightly()

        self.assertUnseen()
        told = self.partner.with_user(self.b_admin).read(["tribe_id", "tribe_url"])[0]
        self.assertFalse(told["tribe_id"] or told["tribe_url"])
        found = self.env["res.partner"].with_user(self.b_admin)
        self.assertFalse(found.search([("tribe_id", "=", self.secret)]))

    def test_by_a_merge(self):
        mine = (
            self.env["res.partner"]
            .with_user(self.b_admin)
            .create({"name": "Van B", "company_id": self.other.id, "is_company": True})
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.b_admin)
        wizard._merge([self.partner.id, mine.id], mine)

        self.assertUnseen()

    def test_what_is_done_with_it_is_not_seen_either(self):
        self.take()
        self.change_in(self.a, self.partner, PhoneNumber="030-FROM-A")

        self.assertUnseen()
        self.assertFalse(self.partner.phone)

    def test_who_works_in_both_sees_it_and_leaves_it_to_odoo(self):
        self.take()
        self.synchronize(self.partner)
        self.b_admin.company_ids += self.company
        companies = (self.company + self.other).ids
        links = self.env["tribe.link"].with_user(self.b_admin)
        links = links.with_context(allowed_company_ids=companies)
        link = links.search([("tribe_id", "=", self.secret)])
        self.assertTrue(link.can_leave_to_odoo)

        link.action_leave_to_odoo()

        self.assertEqual(link.state, "left_to_odoo")

    def test_invoices_are_seen_in_their_company_whoever_books_there_now(self):
        move = self.invoice(self.partner, self.other)
        link = self.env["tribe.link"].create(
            {"connection_id": self.a.id, "kind": "invoice", "tribe_id": "x", "move_id": move.id}
        )
        self.env.flush_all()
        self.assertTrue(link.with_user(self.b_admin).has_access("read"))


class TestGone(OthersCase):
    """A customer who was deleted in one Tribe, and moved to another."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.b, "Verhuisde B.V.", DebtorNumber="7001")
        self.synchronize(self.partner)
        self.gone = self.partner.tribe_link_ids.filtered(lambda link: link.kind == "organization")
        self.secret = self.gone.tribe_id
        self.vanish()

    def vanish(self):
        """Their Tribe says that there is no such relation, once."""
        self.no_old_copies()
        found = "odoo.addons.tribe_connector.relations.importer.load_relations"
        with patch(found, return_value={}), self.in_tenant(self.b):
            self.look_at("organization", self.secret)
        self.assertEqual(self.gone.state, "gone")

    def show(self, **values):
        with self.in_tenant(self.b):
            self.sandbox.change("Relation_Organization", self.secret, values)
            self.look_at("organization", self.secret)
        self.env.invalidate_all()

    def move(self):
        """To A, by an invoice there."""
        self.invoice(self.partner, self.company)
        self.synchronize(self.partner)
        self.assertIn(self.a, self.connections_of(self.partner))

    def assertLeftAlone(self):
        self.partner.write({"name": "Nieuwe naam", "phone": "030-PRIVATE"})
        self.show(EmailAddress=ATTACKERS)
        self.synchronize(self.partner)
        self.run_nightly()

        self.assertEqual(self.gone.state, "gone")
        self.assertFalse(self.partner.email)
        with self.in_tenant(self.b):
            row = self.tribe_row("Relation_Organization", self.secret)
        self.assertEqual((row["Name"], row["PhoneNumber"]), ("Verhuisde B.V.", None))
        self.assertFalse(self.b._of_tenant(self.partner))
        self.assertNotIn(self.partner, self.env["res.partner"].search(self.b._tenant_domain()))
        self.assertNotIn("Nieuwe naam", self.told_as_problem())

    def told_as_problem(self):
        works = self.env["tribe.work"].search([("connection_id", "=", self.b.id)])
        lines = self.env["tribe.run.line"].search([("run_id.connection_id", "=", self.b.id)])
        return str([*works.mapped("error"), *works.mapped("display_name"), *lines.mapped("name")])

    def test_who_moved_is_reached_no_more(self):
        self.move()
        self.assertLeftAlone()
        self.assert_only_told(self.problematic(), "relation_there_again", relation="Verhuisde B.V.")
        self.assertEqual(self.tribe_of_a()["PhoneNumber"], "030-PRIVATE")

        with self.in_tenant(self.b):
            self.sandbox.delete("Relation_Organization", self.secret)
            self.look_at("organization", self.secret)
        self.assertFalse(self.problems())

    def tribe_of_a(self):
        link = self.partner.tribe_link_ids.filtered(lambda link: link.connection_id == self.a)
        return self.tribe_row(
            "Relation_Organization",
            link.filtered(lambda each: each.kind == "organization").tribe_id,
        )

    def test_nor_who_is_only_invoiced_elsewhere_as_yet(self):
        for post in (True, False):
            self.invoice(self.partner, self.company, post=post)
            self.assertLeftAlone()

    def test_nor_who_was_invoiced_by_both(self):
        self.invoice(self.partner, self.other)
        self.invoice(self.partner, self.company)
        self.assertLeftAlone()
        self.assert_trouble(self.b, "contacts_unplaced", count="1")

    def test_nor_whoever_has_a_company_of_another(self):
        self.partner.company_id = self.company
        self.assertLeftAlone()

    def test_nor_by_a_new_relation_there(self):
        self.move()
        before = self.now(self.partner)
        import_id = self.b._import_id(self.partner, "organization")

        by_import_id = self.customer_of(self.b, "Vervalst B.V.", ImportId=import_id)
        by_number = self.customer_of(self.b, "Andere B.V.", DebtorNumber="7001")

        self.assertNotIn(self.partner, by_import_id | by_number)
        self.assertEqual(self.now(self.partner), before)
        self.assertEqual(self.gone.state, "gone")

    def test_nor_by_a_contact_with_the_number_of_its_relation(self):
        self.move()
        other = self.customer("Klant van B B.V.", company_id=self.other.id, debtor_number="7001")
        self.partner.name = "Nieuwe naam"
        self.synchronize(other)

        self.assertEqual(self.gone.partner_id, other)
        self.assertNotIn("Nieuwe naam", self.told_as_problem())

    def test_nor_by_an_invoice_there(self):
        self.move()
        importer = self.env["tribe.invoice.importer"]
        customers = self.env["tribe.link"].search(
            [("connection_id", "=", self.b.id), ("kind", "=", "customer")]
        )
        self.assertEqual(customers.partner_id, self.partner)
        ids = [*customers.mapped("tribe_id"), self.secret]
        self.assertFalse(importer._linked_partners(SimpleNamespace(connection=self.b), ids))

    def test_a_save_notes_nothing_there(self):
        self.move()
        self.env["tribe.work"].search([]).unlink()
        self.partner.phone = "030 2"
        self.env.flush_all()
        self.assertEqual(self.env["tribe.work"].search([]).connection_id, self.a)

    def test_a_plan_there_does_not_know_it(self):
        self.move()
        self.partner.name = "Nieuwe naam"
        self.env["tribe.work"]._add(self.b, "inbound", "organization", [self.secret], "webhook")
        self.b.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).unlink()
        self.run_lanes()
        lines = self.b.plan_id.line_ids
        self.assertEqual((lines.mapped("name"), lines.action), (["Verhuisde B.V."], "question"))
        self.assertFalse(lines.partner_id)

    def test_who_only_did_not_show_comes_back(self):
        self.show(EmailAddress="van@b.example")
        self.assertEqual((self.gone.state, self.partner.email), ("linked", "van@b.example"))
        self.vanish()
        self.invoice(self.partner, self.other)
        self.show(PhoneNumber="030 5")
        self.assertEqual((self.gone.state, self.partner.phone), ("linked", "030 5"))

    def test_of_two_tenants_of_a_company_neither_is_meant_by_an_invoice(self):
        self.give(self.b, self.company)
        self.invoice(self.partner, self.company)
        self.show(EmailAddress="van@b.example")
        self.assertEqual((self.gone.state, self.partner.email), ("linked", "van@b.example"))


class TestLinesOfRuns(OthersCase):
    """A connection of A with a legal entity in B's company: B's users see nothing of A's own."""

    def setUp(self):
        super().setUp()
        self.a.legal_entity_ids[0].write(
            {"company_id": self.other.id, "journal_id": False, "is_booked": False}
        )
        self.reader = self.user_in("b_reader", "tribe_connector.group_user", self.other)
        self.customer("Geheime B.V.", company_id=self.company.id, email="geheim@a.example")

    def lines(self, action="problem"):
        return self.env["tribe.run.line"].search([("action", "=", action)])

    def assertSeenByAAlone(self):
        self.env.flush_all()
        lines = self.lines()
        self.assertTrue(lines)
        self.assertEqual(lines.company_id, self.company)
        self.assertFalse(lines.with_user(self.reader).search([("id", "in", lines.ids)]))

    def test_a_problem_about_what_is_not_in_odoo_yet(self):
        row = self.organization(Name="Lijkt op B.V.", EmailAddress="geheim@a.example")
        self.look_at("organization", row["ID"])
        self.assert_told(
            self.lines(),
            "possible_match",
            field="text",
            subject=containing("Lijkt op B.V."),
            objects=[containing("Geheime B.V.")],
        )
        self.assertSeenByAAlone()

    def test_a_problem_about_the_connection(self):
        batch = self.batch()
        batch.log("problem", "Relation.Person", "Tribe refused the webhook.")
        batch._write_run()
        self.assertSeenByAAlone()

    def test_what_is_about_a_contact_of_all_companies_is_seen_in_both(self):
        partner = self.customer_of(self.a, "Van allen B.V.")
        line = self.lines("create_odoo")
        self.assertEqual(line.partner_id, partner)
        self.assertFalse(line.company_id)
        self.assertTrue(line.with_user(self.reader).has_access("read"))

    def batch(self):
        works = self.env["tribe.work"]._add(self.a, "outbound", "activate", [self.a.id], "person")
        return Batch(self.env["tribe.engine"], self.a, None, works)


class TestNamed(OthersCase):
    """What is told of a relation names no contact to who may not read it."""

    secret = "Geheime klant B.V."

    def setUp(self):
        super().setUp()
        # A company in which no other connection works.
        self.books = self.env["res.company"].create({"name": "Boeken van A B.V."})
        self.a.legal_entity_ids[0].write({"company_id": self.books.id, "journal_id": False})
        self.reader = self.user_in("a_reader", "tribe_connector.group_user", self.company)
        self.there = self.user_in("reader_there", "tribe_connector.group_user", self.books)
        self.partner = self.customer(
            self.secret, company_id=self.books.id, debtor_number="888", vat="NL123456782B90"
        )

    def relation(self, **values):
        return self.organization(**{"Name": "Relatie", "DebtorNumber": "888", **values})

    def look(self, *rows):
        self.look_at("organization", *(row["ID"] for row in rows))
        self.env.flush_all()

    def texts(self, user, models=("tribe.work", "tribe.run.line", "tribe.suggestion")):
        """All that somebody reads of some models."""
        self.env.invalidate_all()
        found = []
        for model in models:
            for record in self.env[model].with_user(user).search([]):
                found += [str(value) for value in record.read()[0].values()]
        return "\n".join(found)

    def assertToldThere(self):
        """The problem is read in the company of the contact, and not in the connection's."""
        self.assertTrue(self.problematic())
        self.assertNotIn("Geheim", self.texts(self.reader))
        self.assertIn("Geheim", self.texts(self.there, ("tribe.work",)))

    def test_two_relations_with_its_number(self):
        self.look(self.relation(), self.relation(Name="Nog een"))
        self.assertToldThere()

    def test_a_relation_and_another_one_later(self):
        self.relation(Name="Nog een")
        self.look(self.relation())
        self.assert_told(self.problematic(), "contact_could_be_several_relations")
        self.assertToldThere()

    def test_a_text_that_is_too_long(self):
        self.partner.street = "x" * 3000
        self.look(self.relation())
        self.assertToldThere()

    def test_a_number_of_another_tenant(self):
        self.env["tribe.link"].create(
            {
                "connection_id": self.b.id,
                "kind": "organization",
                "tribe_id": "elders",
                "partner_id": self.partner.id,
                "state": "gone",
                "agreed": {"debtor_number": "888"},
            }
        )
        self.look(self.relation())
        self.assertToldThere()

    def test_what_speaks_against_it(self):
        self.look(self.relation(VATNumber="NL820646660B01"))
        self.assertToldThere()

    def test_a_relation_of_the_other_kind(self):
        row = self.person(LastName="Iemand", DebtorNumber="888")
        self.look_at("person", row["ID"])
        self.assertToldThere()

    def alfa(self, **values):
        """A contact of the connection's own company, where its problems are read."""
        values = {"company_id": self.company.id, "vat": "NL001234567B01", **values}
        return self.customer("Alfa B.V.", **values)

    def named_twice(self, alfa):
        """A relation with the ImportId of one and the number of the other; nothing else agrees."""
        return self.relation(
            VATNumber="NL820646660B01",
            ChamberOfCommerceNumber="87654321",
            ImportId=self.a._import_id(alfa, "organization"),
        )

    def test_what_speaks_against_a_contact_named_beside_it(self):
        self.partner.company_registry = "12345678"
        row = self.named_twice(self.alfa())
        self.look(row)

        self.assertEqual(self.problematic().company_id, self.company)
        self.assert_told(self.problematic(), "possible_match_contradicted")
        # Of the one that may be named here it is told, and of the other one where that is read.
        read = self.texts(self.reader)
        for value in ("NL001234567B01", "NL820646660B01"):
            self.assertIn(value, read)
        for value in ("Geheim", "NL123456782B90", "12345678"):
            self.assertNotIn(value, read)
        suggestion = self.env["tribe.suggestion"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(suggestion.company_id, self.books)
        self.assert_told(suggestion, "against_vat", field="against", odoo="NL123456782B90")

    def test_what_speaks_against_a_contact_named_beside_one_that_is_sent(self):
        """The other way round: the problem is read where the one that is sent is."""
        self.partner.debtor_number = "999"
        alfa = self.alfa(debtor_number="888")
        self.named_twice(self.partner)
        self.synchronize(self.partner)
        self.env.flush_all()

        self.assertEqual(self.problematic().company_id, self.books)
        self.assert_told(self.problematic(), "possible_match_contradicted")
        read = self.texts(self.there)
        self.assertIn("NL123456782B90", read)
        for value in (alfa.name, "NL001234567B01"):
            self.assertNotIn(value, read)

    def test_what_speaks_against_a_contact_named_beside_it_in_a_plan(self):
        self.named_twice(self.alfa())
        self.a.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).unlink()
        self.run_lanes()

        read = self.texts(self.reader, ("tribe.plan.line", "tribe.suggestion"))
        self.assertIn("NL001234567B01", read)
        self.assertNotIn("NL123456782B90", read)

    def test_whatever_is_told_at_any_step(self):
        """Odoo and addons name what they like, and so may we."""
        importer = self.env.registry["tribe.relation.importer"]
        row = self.relation()
        for step in (
            "_judge",
            "_check_number_of_tenant",
            "_check_first_with",
            "_compare_relation",
            "_check_can_apply",
            "_merge",
            "_link_relation",
            "_update_contact",
            "_join",
            "_apply_to_odoo",
        ):
            for error in NeedsPerson, UserError:
                text = f"{self.secret} {step}"
                raising = patch.object(importer, step, side_effect=error(text))
                with self.subTest(f"{step} {error.__name__}"), raising:
                    self.problematic().unlink()
                    self.look(row)
                    self.assertFalse(self.link(row["ID"]).partner_id)
                    self.assertToldThere()

    def test_later_it_is_about_what_the_connections_company_may_know(self):
        row = self.relation(VATNumber="NL820646660B01")
        self.look(row)
        self.assertEqual(self.problematic().company_id, self.books)
        self.partner.debtor_number = "1"
        of_a = [
            self.customer(f"Privé {number}", company_id=self.company.id, debtor_number="888")
            for number in range(2)
        ]

        self.look(row)

        self.assert_told(self.problematic(), "numbers_of_several_contacts")
        self.assertEqual(self.problematic().company_id, self.company)
        self.assertNotIn(of_a[0].name, self.texts(self.there))

    def test_a_plan(self):
        self.relation()
        self.relation(Name="Nog een")
        self.a.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).unlink()
        self.run_lanes()
        self.assertTrue(self.env["tribe.plan.line"].search([("company_id", "=", self.books.id)]))
        self.assertNotIn("Geheim", self.texts(self.reader, ("tribe.plan.line",)))


class TestFamily(OthersCase):
    """What Odoo shares between a customer and a contact above or below that is another's."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.b, "Gedeelde B.V.")
        self.partner.write({"street": "Markt 1", "zip": "5678 CD", "city": "Oud"})
        self.synchronize(self.partner)

    def relative(self, **values):
        """A contact in the family of the customer; below it, unless the values say otherwise."""
        return self.env["res.partner"].create(
            {"name": "Verwant", "parent_id": self.partner.id, "type": "contact", **values}
        )

    def change_in_b(self, city="Kwaadstad"):
        """Their Tribe changes what is shared, and a name, which is not."""
        with self.in_tenant(self.b):
            (row,) = self.sandbox.rows("Address", City=self.partner.city)
            self.sandbox.change("Address", row["ID"], {"City": city})
        self.change_in(self.b, self.partner, VATNumber="NL820646660B01", Name="Hernoemd B.V.")

    def shared(self, partner):
        return partner.city, partner.zip, partner.vat

    def assertKept(self, *relatives, vat=False):
        """Nothing of it is taken over, but for a VAT number that the customer has alone."""
        before = [self.shared(each) for each in (self.partner, *relatives)]
        self.assertFalse(before[0][-1])
        before[0] = (*before[0][:-1], vat)
        name = self.partner.name

        self.change_in_b()

        self.assertEqual([self.shared(each) for each in (self.partner, *relatives)], before)
        self.assertEqual(self.partner.name, "Hernoemd B.V.")
        self.assertFalse(self.problems())
        notes = self.env["tribe.run.line"].search([("action", "=", "note")]).mapped("text")
        for field in ("field_city", *(() if vat else ("field_vat",))):
            (note,) = [text for text in notes if text.parameters["field"].code == field]
            assert_only_says(note, "shared_value_kept", partner=name)
            self.assertNotIn("Verwant", note)

    def test_one_below_of_another_company(self):
        self.assertKept(self.relative(company_id=self.company.id))

    def test_one_far_below_archived(self):
        between = self.relative(name="Tussen")
        relative = self.relative(parent_id=between.id, company_id=self.company.id, active=False)
        self.assertKept(between, relative)

    def test_a_customer_of_another_connection_above(self):
        above = self.customer_of(self.a, "Verwant B.V.")
        self.partner.parent_id = above
        above.write({"street": "Markt 1", "zip": "5678 CD", "city": "Oud"})
        self.synchronize(above | self.partner)

        self.assertKept(above, vat="NL820646660B01")

        self.run_nightly()
        self.assertFalse(self.sandbox.rows("Address", City="Kwaadstad"))
        # Nor the other way round.
        (row,) = self.sandbox.rows("Address", City="Oud")
        self.sandbox.change("Address", row["ID"], {"City": "Elders"})
        self.look_at("organization", self.relation_id(above))
        self.assertEqual((above.city, self.partner.city), ("Oud", "Oud"))

    def test_one_beside_that_is_invoiced_by_another_alone(self):
        holding = self.env["res.partner"].create({"name": "Holding", "is_company": True})
        relative = self.relative(is_company=True, parent_id=holding.id)
        self.invoice(relative, self.company)
        self.partner.parent_id = holding
        self.assertKept(relative, holding, vat="NL820646660B01")

    def test_an_invoice_address_of_another_company_shares_the_vat_number_alone(self):
        relative = self.relative(type="invoice", company_id=self.company.id, city="Post")
        vat = self.partner.vat
        self.change_in_b()
        self.assertEqual((relative.vat, self.partner.vat), (vat, vat))
        self.assertEqual((relative.city, self.partner.city), ("Post", "Kwaadstad"))

    def test_an_invoice_address_that_is_a_customer_of_another_connection(self):
        relative = self.customer_of(self.a, "Verwant B.V.")
        relative.write({"parent_id": self.partner.id, "type": "invoice", "city": "Geheimstad"})
        self.synchronize(self.partner)
        with self.in_tenant(self.b):
            self.assertFalse(self.sandbox.rows("Address", City="Geheimstad"))

        self.change_in_b()

        self.assertEqual((relative.city, self.partner.city), ("Geheimstad", "Kwaadstad"))

    def test_whoever_is_nobodys_or_ours_too_gets_it(self):
        relatives = self.relative() | self.relative(company_id=self.other.id)
        self.change_in_b()
        for each in (self.partner, *relatives):
            self.assertEqual(self.shared(each), ("Kwaadstad", "5678 CD", "NL820646660B01"))

    def test_what_odoo_changes_goes_to_tribe(self):
        self.relative(company_id=self.company.id)
        self.partner.city = "Nieuw"
        self.synchronize(self.partner)
        with self.in_tenant(self.b):
            self.assertTrue(self.sandbox.rows("Address", City="Nieuw"))

    def test_one_above_whoever_is_said_to_owe_it(self):
        """Another addon, or an earlier version of this one, let its maker say both by RPC."""
        theirs = self.env["res.partner"].create(
            {"name": "Verwant", "is_company": True, "company_id": self.company.id}
        )
        own = self.env["res.partner"].create({"name": "Eigen", "is_company": True})
        for levels in (1, 2):
            with self.subTest(levels=levels):
                partner = theirs
                for level in range(levels):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    partner = self.env["res.partner"].create(
                        {
                            "name": f"Klant {levels}.{level}",
                            "is_company": True,
                            "type": "other",
                            "lang": "en_US",
                            "company_id": self.other.id,
                            "parent_id": partner.id,
                        }
                    )
                    partner.write({"commercial_partner_id": own.id})
                partner.customer_rank = 1
                self.synchronize(partner)
                self.assertTrue(self.relation_id(partner), self.problems())
                self.assertEqual(partner.commercial_partner_id, own)

                self.change_in(self.b, partner, VATNumber="NL820646660B01")

                self.assertEqual((partner.vat, theirs.vat), (False, False))
                self.assertFalse(self.problems())

    def test_it_takes_no_more_queries_for_many_contacts(self):
        partner = self.partner.browse(self.partner.id)

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partner._tribe_untouchable(self.b, {"city": "Elders", "vat": "NL820646660B01"})
            return self.env.cr.sql_log_count - before

        def with_contacts(count):
            below = {"name": "Contact", "parent_id": self.partner.id}
            self.env["res.partner"].create([below] * count)
            return queries()

        with_contacts(1)
        self.assertEqual(with_contacts(1), with_contacts(50))


class TestCompanyGivenByAddon(TenantsCase):
    """An addon gives a contact a company in which its connection does not work, as it is saved."""

    def giving(self, name):
        """While it lasts, whoever is called so gets the company with each save."""

        def write(original, records, vals):
            result = original(records, vals)
            if "company_id" not in vals:
                given = records.filtered(lambda each: each.name == name and not each.company_id)
                given.write({"company_id": self.other.id})
            return result

        return overriding(self.registry, "res.partner", write=write)

    def assert_asked_until_set_back(self, partner):
        self.assertEqual(partner.company_id, self.other)
        self.run_nightly()
        self.assertAsked("contact_of_company_elsewhere", connection=self.a.name)

        partner.company_id = False
        partner.email = "weer@klant.example"
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "weer@klant.example")

    def test_by_an_edit_of_tribe(self):
        for way in ("webhook", "person"):
            with self.subTest(way):
                partner = self.linked(f"Klant {way}", phone="030 1", company_id=self.company.id)
                partner.company_id = False
                self.run_nightly()
                with self.giving(partner.name):
                    edited = {"PhoneNumber": "030 2"}
                    self.sandbox.change("Relation_Organization", partner.tribe_id, edited)
                    if way == "webhook":
                        self.look_at("organization", partner.tribe_id)
                    else:
                        self.synchronize(partner)
                self.assertEqual(partner.phone, "030 2")
                self.assert_asked_until_set_back(partner)

    def test_by_the_number_that_it_gets(self):
        partner = self.customer("Nieuw B.V.")
        partner._tribe_choose(self.a)
        with self.giving(partner.name):
            self.synchronize(partner)
        self.assertTrue(partner.debtor_number)
        self.assert_asked_until_set_back(partner)
