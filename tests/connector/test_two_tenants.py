"""Several Tribes in one Odoo: customers of one tenant are never shown to another."""

import contextlib
from unittest.mock import patch

from end_to_end.waiting import far_hour
from psycopg2 import IntegrityError
from told import assert_says, containing
from tribe_sandbox import process

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tests.common import _super_send
from odoo.tools import mute_logger

from odoo.addons.tribe_connector.models import (
    tribe_connection_customers,
    tribe_connection_tenant,
)
from odoo.addons.tribe_connector.sentence import sentence

from .common import LONG, ORGANIZATION_CUSTOMER, UNLIMITED
from .relation_case import RelationCase

# What Tribe could change of a contact.
KEPT = ("name", "email", "vat", "active", "debtor_number", "customer_rank", "company_id")


class TenantsCase(RelationCase):
    """Two tenants, a stand-in each: A is the connection of the other tests, B is beside it."""

    @classmethod
    def setUpClass(cls):
        cls.tenants = {}
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Bedrijf B B.V."})
        cls.a, cls.b = cls.connection, cls.add_tenant("Tribe B", cls.other)

    @classmethod
    def add_tenant(cls, name, company):
        """Another connection in a company, active, with a Tribe of its own."""
        switches = {"rate_limit": UNLIMITED, "webhook_paused": True}
        # Of its own: no two tenants have an organization with the same ID.
        seed = len(cls.tenants) + 2
        options = {"relations": 0, "invoices": 0, "seed": seed, "switches": switches}
        sandbox = process.take(**options)
        cls.addClassCleanup(process.give_back, sandbox, **options)
        connection = cls.env["tribe.connection"].create(
            {
                "name": name,
                "company_id": company.id,
                "mode": "demo",
                "api_address": sandbox.address,
                "authorization_address": sandbox.address,
                "web_address": sandbox.address,
                "webhook_address": "http://127.0.0.1:9",
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "calls_per_window": UNLIMITED,
                "invoices_from": False,
                "nightly_hour": far_hour(),
                "back_off_seconds": LONG,
            }
        )
        cls.tenants[connection] = sandbox
        with cls.class_in_registry_test_mode():
            connection.action_connect()
            connection.legal_entity_ids.is_booked = False
            connection.action_activate()
        cls.env.invalidate_all()
        cls.run_lanes()
        return connection

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        if any(request.url.startswith(each.address) for each in cls.tenants.values()):
            return _super_send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        for sandbox in self.tenants.values():
            sandbox.reset(keep_webhooks=False, switches={"webhook_paused": True})

    @contextlib.contextmanager
    def in_tenant(self, connection):
        """What the helpers of RelationCase do inside, they do in this one's Tribe."""
        before = self.sandbox, self.connection, self.own_id
        cls = type(self)
        cls.sandbox = self.tenants.get(connection, before[0])
        cls.connection, cls.own_id = connection, connection.own_organization_id
        try:
            yield
        finally:
            cls.sandbox, cls.connection, cls.own_id = before

    def in_tribe(self, connection):
        """The names of the organizations in a tenant, but for its own."""
        with self.in_tenant(connection):
            return {row["Name"] for row in self.sandbox.rows("Relation_Organization")}

    def customer_of(self, connection, name="Klant van A B.V.", **values):
        """A customer who came from a tenant; without a company, as Odoo's contacts are."""
        with self.in_tenant(connection):
            row = self.organization(Name=name, **values)
            self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertEqual(partner.name, name)
        self.assertFalse(partner.company_id)
        return partner

    def now(self, partner):
        return {name: partner[name] for name in KEPT}

    def connections_of(self, partner):
        return partner.tribe_link_ids.connection_id

    def invoice(self, partner, company, move_type="out_invoice", post=True):
        """An invoice in a company; a chart of accounts is not needed for that."""
        if not self.env["account.journal"].search([("company_id", "=", company.id)]):
            self.env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [
                        (0, 0, {"name": "Werk", "quantity": 1, "price_unit": 10, "tax_ids": []})
                    ],
                }
            )
        )
        if post:
            move.action_post()
        return move

    def deleted_there(self, connection, partners):
        """Delete some customers in a Tribe, and have it seen."""
        links = self.env["tribe.link"]._of_partners(connection, partners, ("organization",))
        with self.in_tenant(connection):
            for link in links.values():
                for row in self.sandbox.rows(ORGANIZATION_CUSTOMER):
                    if row["Organization"] == link.tribe_id:
                        self.sandbox.delete(ORGANIZATION_CUSTOMER, row["ID"])
                self.sandbox.delete("Relation_Organization", link.tribe_id)
        self.no_old_copies()
        with self.in_tenant(connection):
            for link in links.values():
                self.look_at("organization", link.tribe_id)
                self.assertEqual(link.state, "gone")

    def everything_told(self, connection):
        """All texts that a connection's users could read."""
        found = []
        for model, names in {
            "tribe.work": ("error", "record_name", "display_name"),
            "tribe.run.line": ("name", "text"),
            "tribe.plan.line": ("name", "text", "details"),
            "tribe.suggestion": ("display_name",),
            "tribe.conflict": ("display_name",),
            "tribe.link": ("display_name",),
        }.items():
            records = self.env[model].search([])
            path = {"tribe.run.line": "run_id", "tribe.plan.line": "plan_id"}.get(model)
            for record in records:
                if (record[path] if path else record).connection_id == connection:
                    found += [str(record[name]) for name in names if record[name]]
        return "\n".join(found)


class TestTwoTenants(TenantsCase):
    """Each in a company of its own."""

    def test_a_customer_of_one_is_not_sent_to_the_other(self):
        partner = self.customer_of(self.a, EmailAddress="geheim@klant.example")
        partner.tribe_synchronize = True
        partner.phone = "030 1"

        self.synchronize(partner)
        self.a.action_run_nightly()
        self.b.action_run_nightly()
        self.run_lanes()

        self.assertEqual(self.connections_of(partner), self.a)
        self.assertNotIn(partner.name, self.in_tribe(self.b))
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")
        self.assertFalse(self.problems())

    def test_a_save_notes_nothing_for_the_other(self):
        partner = self.customer_of(self.a)
        self.env["tribe.work"].search([]).unlink()

        partner.phone = "030 2"
        partner.flush_recordset()

        self.assertEqual(self.env["tribe.work"].search([]).connection_id, self.a)

    def test_the_same_number_in_the_other_is_another_customer(self):
        partner = self.customer_of(self.a, DebtorNumber="5001", EmailAddress="a@klant.example")
        before = self.now(partner)

        other = self.customer_of(self.b, "Klant van B B.V.", DebtorNumber="5001")
        self.run_nightly()

        self.assertNotEqual(partner, other)
        self.assertEqual(self.now(partner), before)
        self.assertEqual(other.debtor_number, "5001")
        self.assertEqual(self.connections_of(other), self.b)
        self.assertEqual(self.tribe_of(partner)["Name"], partner.name)
        # And each goes on in its own Tribe.
        other.phone = "030 3"
        self.synchronize(other)
        self.assertNotIn(other.name, self.in_tribe(self.a))
        self.assertFalse(self.problems())

    def test_an_import_id_of_the_others_customer_proves_nothing(self):
        partner = self.customer_of(self.a)
        before = self.now(partner)

        other = self.customer_of(
            self.b, "Vervalst B.V.", ImportId=self.b._import_id(partner, "organization")
        )

        self.assertNotEqual(partner, other)
        self.assertEqual(self.now(partner), before)

    def test_no_possible_match_with_the_others_customer(self):
        self.customer_of(self.a, EmailAddress="zelfde@klant.example", VATNumber="NL123456782B90")

        other = self.customer_of(
            self.b,
            "Lijkt op B.V.",
            EmailAddress="zelfde@klant.example",
            VATNumber="NL123456782B90",
        )

        self.assertFalse(self.env["tribe.suggestion"].search([]))
        self.assertEqual(self.connections_of(other), self.b)

    def test_a_possible_match_of_before_is_not_linked(self):
        partner = self.customer_of(self.a)
        with self.in_tenant(self.b):
            row = self.organization(Name="Lijkt op B.V.")
        suggestion = self.env["tribe.suggestion"].create(
            {
                "connection_id": self.b.id,
                "partner_id": partner.id,
                "kind": "organization",
                "tribe_id": row["ID"],
                "tribe_name": row["Name"],
                "basis": "email",
            }
        )

        with self.assert_refused(
            "contact_of_other_connection", contact=partner.display_name
        ) as refused:
            suggestion.action_link()

        self.assertNotIn(self.a.name, str(refused.value).replace(self.b.name, ""))
        self.assertEqual(self.connections_of(partner), self.a)

    def test_a_possible_match_of_before_is_taken_back(self):
        partner, mine = self.customer_of(self.a), self.customer_of(self.b, "Klant van B B.V.")
        suggestions = self.env["tribe.suggestion"].create(
            [
                {
                    "connection_id": self.b.id,
                    "partner_id": each.id,
                    "kind": "organization",
                    "tribe_id": f"another {each.id}",
                    "basis": "email",
                }
                for each in (partner, mine)
            ]
        )

        self.env["tribe.suggestion"]._vacuum_of_others()

        self.assertEqual(suggestions.exists().partner_id, mine)

    def test_former_in_the_other_archives_nobody(self):
        partner = self.customer_of(self.a, DebtorNumber="5002")
        with self.in_tenant(self.b):
            row = self.organization(Name="Andere B.V.", DebtorNumber="5002")
            for each in self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"]):
                self.sandbox.change(ORGANIZATION_CUSTOMER, each["ID"], {"IsFormer": True})
            self.look_at("organization", row["ID"])

        self.assertTrue(partner.active)

    def test_the_reference_is_a_number_in_its_own_tenant_only(self):
        self.b.number_source = "ref"
        partner = self.customer_of(self.a, DebtorNumber="5003")

        partner.ref = "KLANT-A"

        self.assertEqual(partner.debtor_number, "5003")

    def test_a_plan_of_the_other_does_not_know_it(self):
        partner = self.customer_of(self.a, "Geheime klant B.V.", DebtorNumber="5004")
        # What an earlier version noted.
        self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], "save")
        with self.in_tenant(self.b):
            row = self.organization(Name="Nieuw in B.V.", DebtorNumber="5004")
        self.env["tribe.work"]._add(self.b, "inbound", "organization", [row["ID"]], "webhook")

        self.b.action_plan()
        self.env["tribe.work"].search([("kind", "!=", "plan")]).unlink()
        self.run_lanes()

        lines = self.b.plan_id.line_ids
        self.assertEqual(lines.mapped("name"), ["Nieuw in B.V."])
        self.assertEqual(lines.action, "create_odoo")
        self.assertNotIn("Geheime", self.everything_told(self.b))

    def test_what_was_noted_before_is_done_without_a_word(self):
        partner = self.customer_of(self.a, "Geheime klant B.V.")
        self.b.relation_domain = "[]"
        self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], "person")

        self.run_lanes()

        self.assertFalse(self.env["tribe.work"].search([]))
        self.assertNotIn("Geheime", self.everything_told(self.b))

    def test_nor_when_the_filter_of_the_other_cannot_be_used(self):
        partner = self.customer_of(self.a, "Geheime klant B.V.")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_connection SET relation_domain = %s WHERE id = %s",
            ["[('x_gone', '=', 1)]", self.b.id],
        )
        self.env.invalidate_all()
        self.env["tribe.work"]._add(self.b, "outbound", "partner", [partner.id], "person")

        self.run_lanes()

        self.assertNotIn("Geheime", self.everything_told(self.b))

    # A contact that nobody is linked with

    def test_a_contact_of_a_company_goes_to_its_tenant(self):
        for connection, company in ((self.a, self.company), (self.b, self.other)):
            partner = self.customer(f"Klant van {company.name}", company_id=company.id)
            self.synchronize(partner)
            self.assertEqual(self.connections_of(partner), connection)

    def test_a_contact_that_nobody_can_place_goes_nowhere_and_is_counted(self):
        partner = self.customer("Van niemand B.V.", debtor_number="5005")
        self.synchronize(partner)
        self.run_nightly()

        self.assertFalse(partner.tribe_link_ids)
        self.assertFalse(self.problems())
        for connection in (self.a, self.b):
            self.assertNotIn(partner.name, self.in_tribe(connection))
            self.assert_trouble(connection, "contacts_unplaced", count="1")
            self.assertNotIn(partner.name, connection.trouble)
        # Nor is it found by its number.
        other = self.customer_of(self.b, "Andere B.V.", DebtorNumber="5005")
        self.assertNotEqual(partner, other)

        partner.company_id = self.company
        self.synchronize(partner)
        self.assertEqual(self.connections_of(partner), self.a)
        self.assertFalse(self.a.trouble)

    def test_the_count_is_of_contacts_that_its_reader_may_know(self):
        """*Only Contacts That* would be a question about each of the others."""
        self.b.legal_entity_ids[0].write({"company_id": self.company.id, "is_booked": True})
        self.customer("Geheim B.V.", company_id=self.company.id)
        for companies, is_told in ((self.other, False), (self.other | self.company, True)):
            reader = self.manager_of(companies)
            connection = self.b.with_user(reader).with_company(self.other)
            if is_told:
                self.assert_trouble(connection, "contacts_unplaced", count="1")
            else:
                self.assertFalse(connection.trouble)
        self.assertFalse(self.b._sentences_to_tell())

    def test_work_is_seen_where_its_contact_is(self):
        self.b.legal_entity_ids[0].write({"company_id": self.company.id, "is_booked": True})
        self.b.export_moment = "nightly"
        reader = self.manager_of(self.other)
        partner = self.customer("Geheim B.V.")
        self.env["tribe.work"]._add_saved_partners(self.b, partner.ids)
        shared = self.env["tribe.work"].search([("connection_id", "=", self.b.id)])
        partner.company_id = self.company
        self.env.flush_all()
        self.env["tribe.work"]._add(self.b, "outbound", "partner", partner.ids, "nightly")
        self.env["tribe.work"].search([]).transaction = False
        self.env["tribe.work"]._add_saved_partners(self.b, partner.ids)

        works = self.env["tribe.work"].with_user(reader).search([])

        self.assertEqual(works, shared)
        self.assertNotIn("Geheim", "".join(works.mapped("display_name")))

    def manager_of(self, companies):
        number = len(self.env["res.users"].search([]))
        return new_test_user(
            self.env,
            f"manager{number}",
            groups="tribe_connector.group_manager",
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    def test_invoices_place_a_contact(self):
        partner = self.customer("Klant met factuur B.V.")
        self.invoice(partner, self.other)

        self.synchronize(partner)

        self.assertEqual(self.connections_of(partner), self.b)
        self.assertFalse(self.b.trouble)

    def test_invoices_in_both_place_nobody(self):
        for state in ("posted", "draft"):
            partner = self.customer(f"Klant {state} B.V.")
            self.invoice(partner, self.other)
            self.invoice(partner, self.company, post=state == "posted")

            self.synchronize(partner)

            self.assertFalse(partner.tribe_link_ids)

    def test_entries_and_drafts_place_nobody(self):
        partner = self.customer("Klant met concept B.V.")
        self.invoice(partner, self.other, post=False)
        self.synchronize(partner)
        self.assertFalse(partner.tribe_link_ids)

    def test_without_the_other_it_is_as_ever(self):
        partner = self.customer("Van niemand B.V.")
        for values in ({"active": False}, {"active": True, "state": "connected"}):
            self.b.write(values)
            self.assertIn(partner, self.env["res.partner"].search(self.a._relation_domain()))
            self.assertEqual(self.a._relations_among(partner), partner)
            self.assertFalse(self.a.trouble)
        self.b.state = "active"
        self.assertFalse(self.a._relations_among(partner))

    def test_customers_of_an_archived_connection_stay_its_own(self):
        partner = self.customer_of(self.b, "Klant van vroeger B.V.")
        self.b.active = False

        self.synchronize(partner)
        self.run_nightly()

        self.assertEqual(self.connections_of(partner), self.b)
        self.assertNotIn(partner.name, self.in_tribe(self.a))

    def test_so_do_those_that_its_tribe_deleted_before(self):
        """Nobody in the other company asked for them, and its Tribe may not know them."""
        partners = self.env["res.partner"].union(
            *(
                self.customer_of(self.b, name, DebtorNumber=number)
                for name, number in (("Van B 1", "5001"), ("Van B 2", "5002"))
            )
        )
        self.deleted_there(self.b, partners)
        self.b.action_deactivate()
        self.run_lanes()

        self.a.action_run_nightly()
        self.run_lanes()

        self.assertEqual(self.connections_of(partners[0]), self.b)
        self.assertNotIn("Van B 1", self.in_tribe(self.a))
        # A person is told, and may have them sent after all.
        companies = self.env.companies
        self.assertEqual(self.a._unplaced(companies, 10), partners)
        self.a._take(partners[0])
        self.run_lanes()
        self.assertIn("Van B 1", self.in_tribe(self.a))
        self.assertNotIn("Van B 2", self.in_tribe(self.a))

    def test_a_connection_that_knows_whose_they_are_is_not_deleted_beside_another(self):
        partner = self.customer_of(self.b)
        manager = self.manager_of(self.other)
        self.b.legal_entity_ids.sudo().company_id = False
        self.b.action_deactivate()
        self.run_lanes()
        # Nor by who pretends an uninstall.
        for context in ({}, {"_force_unlink": True}):
            with self.assert_refused("delete_leaves_contacts_to_others", name=self.b.name, count=1):
                self.b.with_user(manager).sudo(False).with_context(**context).unlink()

        # Nor beside one that could begin to send them.
        self.a.action_deactivate()
        self.run_lanes()
        for values in ({}, {"active": False}, {"active": True, "state": "draft"}):
            self.a.write(values)
            with self.assert_refused("delete_leaves_contacts_to_others", name=self.b.name, count=1):
                self.b.with_user(manager).sudo(False).unlink()

        self.a.unlink()
        self.b.with_user(manager).sudo(False).unlink()
        self.assertFalse(self.connections_of(partner))

    def test_one_whose_contacts_are_of_its_company_alone_is_deleted_beside_another(self):
        partner = self.customer_of(self.b)
        partner.company_id = self.other
        self.b.legal_entity_ids.sudo().company_id = False
        self.b.action_deactivate()
        self.run_lanes()
        self.b.with_user(self.manager_of(self.other)).sudo(False).unlink()
        self.assertFalse(self.connections_of(partner))

    def test_who_works_in_the_companies_of_both_may_delete_it(self):
        self.customer_of(self.b)
        self.b.action_deactivate()
        self.run_lanes()
        self.b.with_user(self.manager_of(self.company | self.other)).sudo(False).unlink()
        self.assertFalse(self.b.exists())

    def test_who_is_linked_with_both_stays_linked_with_both(self):
        partner = self.customer_of(self.a)
        with self.in_tenant(self.b):
            row = self.organization(Name=partner.name)
        self.env["tribe.link"].create(
            {
                "connection_id": self.b.id,
                "kind": "organization",
                "tribe_id": row["ID"],
                "partner_id": partner.id,
            }
        )
        partner.phone = "030 9"

        self.synchronize(partner)

        self.assertEqual(self.connections_of(partner), self.a | self.b)
        for connection in (self.a, self.b):
            with self.in_tenant(connection):
                (row,) = self.named(partner.name)
            self.assertEqual(row["PhoneNumber"], "030 9")

    def test_a_save_costs_one_query_more_at_most(self):
        for partner in (
            self.customer_of(self.a),
            self.customer("Met bedrijf B.V.", company_id=self.company.id),
        ):
            with self.subTest(partner=partner.name):
                self.queries_of_a_save(partner)
                together = self.queries_of_a_save(partner)
                with self.without_tenants():
                    apart = self.queries_of_a_save(partner)
                self.assertLessEqual(together - apart, 1)

    def queries_of_a_save(self, partner):
        self.env.invalidate_all()
        self.env["tribe.work"].search([]).unlink()
        partner.mapped("name")
        before = self.env.cr.sql_log_count
        partner.phone = f"030 {before}"
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    @contextlib.contextmanager
    def without_tenants(self):
        """As if nobody looked which tenant a contact is of."""
        connections = type(self.env["tribe.connection"])
        before = connections._of_tenant
        connections._of_tenant = lambda _self, partners: partners
        try:
            yield
        finally:
            connections._of_tenant = before


class CustomerOfBothCase(TenantsCase):
    """Two duplicates, each a customer of one tenant, were merged in Odoo: one contact is both."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.a, "Gedeeld B.V.")
        other = self.customer_of(self.b, "Gedeeld BV")
        relations = (self.partner | other).tribe_link_ids.filtered(
            lambda link: link.kind == "organization"
        )
        self.ids = {link.connection_id: link.tribe_id for link in relations}
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.partner.id, other.id], self.partner
        )
        self.nights()

    def nights(self):
        """The night of each tenant."""
        (self.a + self.b).action_run_nightly()
        self.run_lanes()

    def relationship(self, connection):
        """The customer relationship in a tenant."""
        with self.in_tenant(connection):
            (row,) = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=self.ids[connection])
        return row

    def change(self, connection, is_former):
        """Somebody ends, or reopens, the customer in a tenant; the night follows."""
        row = self.relationship(connection)
        with self.in_tenant(connection):
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": is_former})
            self.look_at("organization", self.ids[connection])
        self.nights()

    def assertCurrent(self, *, odoo, a, b):
        self.assertEqual(
            (
                self.partner.active,
                *(not self.relationship(c)["IsFormer"] for c in (self.a, self.b)),
            ),
            (odoo, a, b),
        )
        self.assertFalse(self.problems())

    def notes(self):
        return self.env["tribe.run.line"].search(
            [("partner_id", "=", self.partner.id), ("action", "=", "note")]
        )

    def in_each(self, name):
        """A field of the relation in A and in B."""
        found = []
        for connection in (self.a, self.b):
            with self.in_tenant(connection):
                found.append(self.tribe_row("Relation_Organization", self.ids[connection])[name])
        return found


class TestCustomerOfBoth(CustomerOfBothCase):
    def test_ended_in_one_it_is_a_customer_of_the_other(self):
        self.change(self.a, True)

        self.assertCurrent(odoo=True, a=False, b=True)
        self.assert_only_told(
            self.notes(), "contact_stays_active", field="text", partner="Gedeeld B.V."
        )
        for connection in (self.a, self.b):
            with self.in_tenant(connection):
                self.assertEqual(self.written(self.nights), 0)
        self.assertEqual(len(self.notes()), 1)

    def test_the_plan_says_so_too(self):
        row = self.relationship(self.a)
        with self.in_tenant(self.a):
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.a.mode = "dry_run"
        self.env["tribe.work"]._look_later(self.a, "organization", self.ids[self.a])

        action = self.a.action_plan()
        self.run_lanes()

        lines = self.env["tribe.plan"].browse(action["res_id"]).line_ids
        self.assertEqual(lines.partner_id, self.partner)
        self.assertNotIn("deactivate", lines.mapped("action"))

    def test_reopened_there_nothing_happens_in_the_other(self):
        self.change(self.a, True)
        self.change(self.a, False)

        self.assertCurrent(odoo=True, a=True, b=True)

    def test_ended_in_both_it_is_archived(self):
        for first, last in ((self.a, self.b), (self.b, self.a)):
            with self.subTest(first=first.name):
                self.change(first, True)
                self.assertTrue(self.partner.active)
                self.change(last, True)
                self.assertCurrent(odoo=False, a=False, b=False)

                self.change(last, False)
                self.change(first, False)
                self.assertCurrent(odoo=True, a=True, b=True)

    def test_reopened_in_the_one_that_ended_first_the_other_stays_former(self):
        self.change(self.a, True)
        self.change(self.b, True)

        self.change(self.a, False)

        self.assertCurrent(odoo=True, a=True, b=False)
        with self.in_tenant(self.b):
            self.assertEqual(self.written(self.nights), 0)
        # And it ends with the first one again.
        self.change(self.a, True)
        self.assertCurrent(odoo=False, a=False, b=False)

    def test_its_number_may_be_somebody_elses_in_the_other(self):
        """Two series that both count from 1001: all else goes to both."""
        self.partner.debtor_number = "5001"
        self.nights()
        somebody = self.customer_of(self.b, "Ander van B", DebtorNumber="5002")
        self.partner.write({"debtor_number": "5002", "phone": "030 44"})

        for _night in range(2):
            self.nights()

        self.assertEqual(self.in_each("PhoneNumber"), ["030 44", "030 44"])
        self.assertEqual(self.in_each("DebtorNumber"), ["5002", "5001"])
        self.assertFalse(self.problems())
        self.assert_only_told(
            self.notes(),
            "number_kept_in_tribe",
            field="text",
            number="5002",
            partner="Gedeeld B.V.",
        )
        with self.in_tenant(self.b):
            values = {"EmailAddress": "b@gedeeld.example"}
            self.sandbox.change("Relation_Organization", self.ids[self.b], values)
            self.look_at("organization", self.ids[self.b])
        self.nights()
        self.assertEqual(self.partner.email, "b@gedeeld.example")
        self.assertEqual(somebody.debtor_number, "5002")
        self.assertFalse(self.problems())

        # It goes with the next change once that one has another.
        somebody.debtor_number = "5003"
        self.nights()
        self.partner.phone = "030 45"
        self.nights()
        self.assertEqual(self.in_each("DebtorNumber"), ["5002", "5002"])

    def test_a_number_that_is_free_in_neither_is_a_question(self):
        for connection in (self.a, self.b):
            self.customer_of(connection, "Ander B.V.", DebtorNumber="5002")
        self.partner.debtor_number = "5002"

        for _night in range(2):
            self.nights()

        for connection in (self.a, self.b):
            work = self.problematic().filtered(lambda each, c=connection: each.connection_id == c)
            self.assert_only_told(work, "number_of_two_contacts", number="5002")

    def test_archived_in_odoo_it_ends_in_both(self):
        self.partner.action_archive()
        self.nights()
        self.assertCurrent(odoo=False, a=False, b=False)

        self.partner.action_unarchive()
        self.nights()
        self.assertCurrent(odoo=True, a=True, b=True)

    def test_who_is_archived_by_a_person_stays_so_in_spite_of_both(self):
        self.partner.action_archive()
        self.nights()

        self.change(self.a, False)

        self.assertCurrent(odoo=False, a=True, b=False)

    def test_a_tenant_that_is_no_more_keeps_nobody_active(self):
        self.b.action_archive()

        self.change(self.a, True)

        self.assertFalse(self.partner.active)


class TestNumbersOfTenants(TenantsCase):
    """Numbers belong to a connection: another tenant's proves nothing, and is nobody's business."""

    def setUp(self):
        super().setUp()
        self.theirs = self.customer_of(
            self.a,
            "Geheime klant B.V.",
            DebtorNumber="1001",
            EmailAddress="geheim@klant.example",
            VATNumber="NL123456782B90",
        )
        self.before = self.now(self.theirs)
        self.in_a = self.tribe_of(self.theirs)

    def tearDown(self):
        """Whatever happens with the number in B, nothing does in A, and nobody there is named."""
        self.env.invalidate_all()
        self.assertEqual(self.now(self.theirs), self.before)
        self.assertEqual(self.tribe_of(self.theirs), self.in_a)
        self.assertNotIn("Geheim", self.everything_told(self.b))
        self.assertNotIn("geheim", self.everything_told(self.b))
        super().tearDown()

    def own(self, name="Klant van B B.V.", **values):
        """A contact of B that Tribe does not know yet."""
        return self.customer(name, company_id=self.other.id, **values)

    def assertOwn(self, partner, number="1001"):
        self.assertEqual(self.connections_of(partner), self.b)
        self.assertEqual(partner.debtor_number, number)
        self.assertFalse(self.problems())

    def row(self, **values):
        return self.organization(**{"Name": "Klant van B B.V.", "DebtorNumber": "1001", **values})

    def test_by_a_poll(self):
        with self.in_tenant(self.b):
            row = self.row()
            self.poll("organization", "customer")
        self.assertOwn(self.link(row["ID"]).partner_id)

    def test_by_the_webhook_of_each_kind_of_record(self):
        with self.in_tenant(self.b):
            row = self.row()
            for each in self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"]):
                self.look_at("customer", each["ID"])
        self.assertOwn(self.link(row["ID"]).partner_id)

    def test_by_the_first_synchronization_and_its_plan(self):
        own = self.own(debtor_number="1001")
        with self.in_tenant(self.b):
            other = self.row(Name="Alleen in Tribe B.V.", DebtorNumber="1002")
            mine = self.row()
            self.b.action_deactivate()
            self.run_lanes()
            self.b.initial_scope = "both"
            self.b.action_plan()
            self.run_lanes()
            lines = {line.tribe_id: line for line in self.b.plan_id.line_ids}
            self.assertEqual(lines[mine["ID"]].partner_id, own)
            self.assertEqual(lines[mine["ID"]].action, "link")
            self.assertEqual(lines[other["ID"]].action, "create_odoo")
            self.assertNotIn(self.theirs, self.b.plan_id.line_ids.partner_id)
            with self.class_in_registry_test_mode():
                self.b.action_activate()
            self.run_lanes()
        self.assertEqual(self.link(mine["ID"]).partner_id, own)
        self.assertOwn(own)

    def test_by_an_export(self):
        own = self.own(debtor_number="1001")
        self.synchronize(own)
        self.assertOwn(own)
        with self.in_tenant(self.b):
            self.assertEqual(self.tribe_of(own)["DebtorNumber"], "1001")

    def test_entered_by_a_person(self):
        own = self.own()
        self.synchronize(own)
        self.assertNotEqual(own.debtor_number, "1001")
        own.debtor_number = "1001"
        self.synchronize(own)
        self.assertOwn(own)
        with self.in_tenant(self.b):
            self.assertEqual(self.tribe_of(own)["DebtorNumber"], "1001")

    def test_changed_in_tribe(self):
        for source in ("sequence", "tribe"):
            self.b.number_source = source
            own = self.customer_of(self.b, f"Klant {source} B.V.", DebtorNumber=f"2001{source}")
            number = own.debtor_number
            with self.in_tenant(self.b):
                (row,) = self.named(own.name)
                self.sandbox.change("Relation_Organization", row["ID"], {"DebtorNumber": "1001"})
                self.look_at("organization", row["ID"])
                self.run_nightly()
                self.assertEqual(self.tribe_of(own)["DebtorNumber"], number)
            self.assertOwn(own, number)

    def test_drawn_from_the_sequence(self):
        sequence = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        for is_shared in (True, False):
            if not is_shared:
                sequence = sequence.copy({"company_id": self.other.id})
            sequence.number_next_actual = 1001
            own = self.own(f"Klant {is_shared} B.V.")
            self.synchronize(own)
            # The one of the first is its own tenant's.
            self.assertOwn(own, "1001" if is_shared else "1002")

    def test_from_the_reference(self):
        self.b.number_source = "ref"
        own = self.own(ref="1001")
        self.synchronize(own)
        self.assertOwn(own)

    def test_a_question_names_its_own_tenant_alone(self):
        own = self.own(debtor_number="1001")
        self.synchronize(own)
        other = self.own("Dubbel B.V.", debtor_number="1001")
        self.synchronize(other)
        self.assert_only_told(
            self.problematic(),
            "number_of_two_contacts",
            number="1001",
            partner=other.display_name,
            other=own.display_name,
        )

    def test_that_of_a_relation_in_the_same_tenant_is_a_question_there(self):
        with self.in_tenant(self.b):
            self.row(Name="Van B zelf B.V.", roles=())
        own = self.own()
        self.synchronize(own)
        own.debtor_number = "1001"
        self.synchronize(own)
        self.assert_only_told(
            self.problematic(),
            "number_taken_in_tribe",
            number="1001",
            partner=own.display_name,
            relation=containing("Van B zelf"),
        )

    def test_of_a_contact_that_nobody_can_place(self):
        unplaced = self.customer("Van niemand B.V.", debtor_number="1001")
        own = self.customer_of(self.b, "Klant van B B.V.", DebtorNumber="1001")
        self.assertOwn(own)
        self.assertNotEqual(own, unplaced)

    def test_an_edit_of_each_goes_to_its_own(self):
        own = self.own(debtor_number="1001")
        self.synchronize(own)
        with self.in_tenant(self.b):
            self.sandbox.change(
                "Relation_Organization", self.tribe_of(own)["ID"], {"EmailAddress": "b@b.example"}
            )
            self.look_at("organization", self.tribe_of(own)["ID"])
        self.assertEqual(own.email, "b@b.example")
        self.run_nightly()
        self.assertOwn(own)


class TestMovedWithNumber(TenantsCase):
    """Deleted in the Tribe of A, and a customer of B since: the number was given by A."""

    def setUp(self):
        super().setUp()
        self.partner = self.customer_of(self.a, "Verhuisde B.V.", DebtorNumber="1001")
        self.synchronize(self.partner)
        self.no_old_copies()
        link = self.partner.tribe_link_ids.filtered(lambda each: each.kind == "organization")
        self.sandbox.delete("Relation_Organization", link.tribe_id)
        self.look_at("organization", link.tribe_id)
        self.assertEqual(link.state, "gone", self.problems())
        self.invoice(self.partner, self.other)
        self.env["tribe.work"].search([]).unlink()

    def assertTwo(self, row):
        """B's own customer with that number is not this one; somebody is asked."""
        self.assert_told(
            self.problematic(),
            "number_taken_in_tribe",
            number="1001",
            partner=self.partner.display_name,
            relation="Van B zelf B.V.",
        )
        with self.in_tenant(self.b):
            now = self.tribe_row("Relation_Organization", row["ID"])
        self.assertEqual((now["Name"], now["DebtorNumber"]), ("Van B zelf B.V.", "1001"))
        self.assertEqual(self.partner.name, "Verhuisde B.V.")
        self.assertFalse(self.link(row["ID"]))

    def row(self, **options):
        with self.in_tenant(self.b):
            return self.organization(Name="Van B zelf B.V.", DebtorNumber="1001", **options)

    def test_it_proves_nothing_when_it_is_sent(self):
        row = self.row(roles=())
        self.synchronize(self.partner)
        self.assertTwo(row)
        # With a number of its own it goes on.
        self.partner.debtor_number = "1002"
        self.synchronize(self.partner)
        self.assertFalse(self.problems())
        self.assertIn(self.partner.name, self.in_tribe(self.b))

    def test_nor_when_it_comes_in(self):
        row = self.row()
        with self.in_tenant(self.b):
            self.look_at("organization", row["ID"])
        self.assertTwo(row)

    def test_nor_in_a_plan(self):
        row = self.row(roles=())
        self.b.action_plan()
        self.run_lanes()
        line = self.b.plan_id.line_ids.filtered("partner_id")
        self.assertEqual((line.partner_id, line.action), (self.partner, "question"))
        self.assertFalse(self.link(row["ID"]))

    def test_free_there_it_stays(self):
        self.synchronize(self.partner)
        self.assertFalse(self.problems())
        self.assertEqual(self.partner.debtor_number, "1001")
        self.assertIn(self.partner.name, self.in_tribe(self.b))


class TestUnplaced(TenantsCase):
    """An administrator chooses once through which connection those go whom nobody can place."""

    def unplaced(self, count=3, **values):
        return self.env["res.partner"].union(
            *(self.customer(f"Van niemand {number} B.V.", **values) for number in range(count))
        )

    def chosen_in(self, connection, partners, *, is_sent=True):
        """Choose some contacts in the list of a connection, and press the button."""
        action = connection.action_open_unplaced()
        shown = self.env["res.partner"].search(action["domain"])
        (partners & shown).with_context(**action["context"]).action_go_through_connection()
        if is_sent:
            self.run_lanes()
        else:
            self.env["tribe.work"].search([("kind", "=", "partner")]).unlink()
        return shown

    def test_all_go_through_the_one_that_was_chosen(self):
        partners = self.unplaced()
        self.assertTrue(self.a.has_unplaced and self.b.has_unplaced)

        with patch.object(tribe_connection_customers, "PART", 2):
            self.b.action_take_unplaced()
            self.run_lanes()

        self.assertFalse(self.problems())
        for partner in partners:
            self.assertEqual(self.connections_of(partner), self.b)
            self.assertFalse(partner.company_id)
            self.assertIn(partner.name, self.in_tribe(self.b))
            self.assertNotIn(partner.name, self.in_tribe(self.a))
        self.assertFalse(self.a.has_unplaced or self.b.has_unplaced)
        self.assertFalse(self.a.trouble or self.b.trouble)
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_some_go_through_each(self):
        partners = self.unplaced()
        self.assertEqual(self.chosen_in(self.a, partners[0]), partners)
        self.assertEqual(self.chosen_in(self.b, partners[1:]), partners[1:])
        self.assertEqual(self.connections_of(partners[0]), self.a)
        self.assertEqual(self.connections_of(partners[1:]), self.b)
        # Who was chosen is chosen no more.
        self.chosen_in(self.a, partners)
        self.assertEqual(self.connections_of(partners[1:]), self.b)

    def test_a_choice_goes_before_what_is_invoiced_since(self):
        (partner,) = self.unplaced(1)
        self.chosen_in(self.a, partner, is_sent=False)
        self.invoice(partner, self.other)
        with self.in_tenant(self.b):
            self.run_nightly()
        self.assertNotIn(self.b, self.connections_of(partner))

        self.run_nightly()
        self.assertEqual(self.connections_of(partner), self.a)

    def test_it_places_who_was_invoiced_by_both(self):
        (partner,) = self.unplaced(1)
        self.invoice(partner, self.other)
        self.invoice(partner, self.company)
        self.chosen_in(self.a, partner)
        self.assertEqual(self.connections_of(partner), self.a)

    def test_a_company_that_is_set_since_goes_before_it(self):
        (partner,) = self.unplaced(1)
        self.chosen_in(self.b, partner, is_sent=False)
        partner.company_id = self.company
        self.synchronize(partner)
        self.assertEqual(self.connections_of(partner), self.a)
        self.b.action_run_nightly()
        self.run_nightly()
        self.assertEqual(self.connections_of(partner), self.a)

    def test_a_refusal_of_tribe_does_not_undo_it(self):
        (partner,) = self.unplaced(1)
        partner.country_id = self.env.ref("base.aq")
        self.chosen_in(self.a, partner)
        self.assertTrue(self.problems())
        self.assertFalse(self.a.has_unplaced)
        partner.country_id = False
        self.run_nightly()
        self.assertEqual(self.connections_of(partner), self.a)

    def test_of_a_connection_that_is_gone_it_counts_no_more(self):
        (partner,) = self.unplaced(1)
        self.chosen_in(self.b, partner, is_sent=False)
        self.b.active = False
        self.synchronize(partner)
        self.assertEqual(self.connections_of(partner), self.a)

    def test_a_merged_contact_keeps_it(self):
        kept, merged = self.unplaced(2)
        self.chosen_in(self.b, merged, is_sent=False)
        both = self.unplaced(1)
        self.chosen_in(self.a, both, is_sent=False)
        self.env["base.partner.merge.automatic.wizard"]._merge([kept.id, merged.id], kept)
        # And of two choices that of the one that is kept.
        self.env["base.partner.merge.automatic.wizard"]._merge([kept.id, both.id], kept)
        self.b.action_run_nightly()
        self.run_nightly()
        self.assertEqual(self.connections_of(kept), self.b)

    def test_nobody_else_chooses(self):
        (partner,) = self.unplaced(1)
        number = len(self.env["res.users"].search([]))
        for groups, company, connection in (
            ("tribe_connector.group_user,base.group_partner_manager", self.company, self.a),
            ("tribe_connector.group_manager,base.group_partner_manager", self.company, self.b),
        ):
            number += 1
            user = new_test_user(self.env, f"chooser{number}", groups=groups, company_id=company.id)
            own = partner.with_user(user).with_context(tribe_connection=connection.id)
            with self.assertRaises(AccessError):
                own.action_go_through_connection()
            with self.assertRaises(AccessError):
                connection.with_user(user).action_take_unplaced()
            with self.assertRaises(AccessError):
                connection.with_user(user).write({"chosen_partner_ids": [(4, partner.id)]})
        self.run_lanes()
        self.assertFalse(partner.tribe_link_ids)

    def test_nor_whoever_is_another_ones(self):
        """Whatever is selected: of others, and linked ones, nobody changes hands."""
        theirs = self.customer_of(self.b, "Klant van B B.V.")
        of_company = self.customer("Van B B.V.", company_id=self.other.id)
        placed = self.customer("Met factuur B.V.")
        self.invoice(placed, self.other)
        partners = (theirs | of_company | placed).with_context(tribe_connection=self.a.id)
        partners.action_go_through_connection()
        self.a.action_take_unplaced()
        self.run_lanes()
        self.assertNotIn(self.a, self.connections_of(partners))

    def chooser(self, login, groups="tribe_connector.group_manager,base.group_partner_manager"):
        """Somebody who works in B's company alone."""
        return new_test_user(
            self.env,
            login,
            groups=groups,
            company_id=self.other.id,
            company_ids=[Command.set(self.other.ids)],
        )

    def test_nor_who_may_not_change_contacts(self):
        (partner,) = self.unplaced(1)
        user = self.chooser("no_contacts", "tribe_connector.group_manager")
        with self.assertRaises(AccessError):
            self.b.with_user(user).action_take_unplaced()
        self.run_lanes()
        self.assertFalse(partner.tribe_link_ids)

    def test_who_lost_the_right_or_left_since_takes_nobody(self):
        (partner,) = self.unplaced(1)
        for number, step in enumerate(("right", "archived", "deleted")):
            user = self.chooser(f"leaving{number}")
            self.b.with_user(user).action_take_unplaced()
            if step == "right":
                user.group_ids -= self.env.ref("base.group_partner_manager")
            elif step == "archived":
                user.active = False
            else:
                user.unlink()
            self.run_lanes()
            self.assertFalse(partner.tribe_link_ids, step)
        self.assertFalse(self.problems())

    def test_nor_whom_employees_of_another_ones_company_made(self):
        """A new customer of theirs may not be invoiced yet."""
        of_a = new_test_user(
            self.env,
            "of_a",
            groups="base.group_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        theirs = self.unplaced(1)
        theirs = theirs.with_user(of_a).create(
            {"name": "Nieuw van A B.V.", "is_company": True, "customer_rank": 1}
        )
        theirs = self.env["res.partner"].browse(theirs.id)
        user = self.chooser("taker")
        connection = self.b.with_user(user)

        shown = self.env["res.partner"].search(connection.action_open_unplaced()["domain"])
        own = theirs.with_user(user).with_context(tribe_connection=self.b.id)
        own.action_go_through_connection()
        connection.action_take_unplaced()
        self.run_lanes()

        self.assertNotIn(theirs, shown)
        self.assertFalse(theirs.tribe_link_ids)
        of_a.active = False
        connection.action_take_unplaced()
        self.run_lanes()
        self.assertFalse(theirs.tribe_link_ids)
        # Where it was made, or by who works in both.
        self.assertEqual(self.chosen_in(self.a, theirs), theirs)
        self.assertEqual(self.connections_of(theirs), self.a)

    def test_a_contact_has_one_choice(self):
        (partner,) = self.unplaced(1)
        partner._tribe_choose(self.a)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "INSERT INTO tribe_connection_chosen_partner (connection_id, partner_id)"
                " VALUES (%s, %s)",
                [self.b.id, partner.id],
            )
        partner._tribe_choose(self.b)
        self.assertEqual(partner._tribe_chosen(), self.b)

    def test_only_contacts_that_the_administrator_may_see(self):
        self.b.legal_entity_ids[0].write({"company_id": self.company.id, "is_booked": True})
        secret = self.customer("Geheim B.V.", company_id=self.company.id)
        shared = self.customer("Van niemand B.V.")
        user = new_test_user(
            self.env,
            "van_b",
            groups="tribe_connector.group_manager,base.group_partner_manager",
            company_id=self.other.id,
            company_ids=[Command.set(self.other.ids)],
        )
        connection = self.b.with_user(user).with_company(self.other)
        self.assertEqual(connection.action_open_unplaced()["domain"], [("id", "in", shared.ids)])
        connection.action_take_unplaced()
        self.run_lanes()
        self.assertEqual(self.connections_of(shared), self.b)
        self.assertFalse(secret.tribe_link_ids)


class TestTwoTenantsInOneCompany(TenantsCase):
    """They work in the same company: still two tenants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.give(cls.b, cls.company)
        cls.c = cls.add_tenant("Tribe C", cls.other)

    def test_each_has_its_own_customers(self):
        partners = {
            connection: self.customer_of(
                connection,
                f"Klant van {connection.name}",
                DebtorNumber="6001",
                EmailAddress="zelfde@klant.example",
            )
            for connection in (self.a, self.b, self.c)
        }
        for partner in partners.values():
            partner.write({"phone": "030 6", "company_id": False})
            self.synchronize(partner)
        self.run_nightly()

        for connection, partner in partners.items():
            self.assertEqual(self.connections_of(partner), connection)
            self.assertEqual(partner.debtor_number, "6001")
            names = {name for name in self.in_tribe(connection) if name.startswith("Klant van")}
            self.assertEqual(names, {partner.name})
        self.assertFalse(self.problems())

    def test_the_company_alone_places_nobody_of_two(self):
        partner = self.customer("Van wie B.V.", company_id=self.company.id)
        self.invoice(partner, self.company)
        self.synchronize(partner)
        self.assertFalse(partner.tribe_link_ids)
        self.assert_trouble(self.a, "contacts_unplaced", count="1")
        self.assertFalse(self.c.trouble)

        of_c = self.customer("Van C B.V.", company_id=self.other.id)
        self.synchronize(of_c)
        self.assertEqual(self.connections_of(of_c), self.c)


class TestSameTenantTwice(RelationCase):
    """Made anew, because it did not work, or in another company: each record would come twice."""

    def setUp(self):
        super().setUp()
        self.partner = self.linked("Klant B.V.", email="info@klant.example")

    def anew(self, **values):
        """Another connection with the same Tribe, connected."""
        names = (
            "mode",
            "api_address",
            "authorization_address",
            "web_address",
            "webhook_address",
            "calls_per_window",
            "nightly_hour",
            "back_off_seconds",
        )
        connection = self.env["tribe.connection"].create(
            {
                "name": "Opnieuw",
                "company_id": self.company.id,
                "client_id": self.sandbox.client_id,
                "client_secret": self.sandbox.client_secret,
                "invoices_from": False,
                **{name: self.connection[name] for name in names},
                **values,
            }
        )
        with self.enter_registry_test_mode():
            connection.action_connect()
        connection.legal_entity_ids.is_booked = False
        return connection

    def assertRefused(self, connection, button, other="“Tribe CRM”"):
        with self.enter_registry_test_mode(), self.assertRaises(UserError) as refused:
            getattr(connection, button)()
        assert_says(
            refused.exception,
            "tenant_of_other_connection",
            name=connection.name,
            other=other,
        )

    def assertChecked(self, connection, other):
        self.assertEqual(connection.step, "check")
        check = connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_only_told(check, "check_tenant_of_other", field="name", other=other)
        self.assert_only_told(check, "check_tenant_of_other_remedy", field="remedy")

    def test_the_first_one_was_archived(self):
        self.connection.active = False
        anew = self.anew()

        self.assertChecked(anew, "“Tribe CRM”")
        self.assertRefused(anew, "action_activate")
        # The remedy.
        anew.active = False
        self.connection.active = True
        self.look_at("organization", self.partner.tribe_id)
        self.assertEqual(
            self.env["res.partner"].search([("name", "=", "Klant B.V.")]), self.partner
        )

    def test_the_first_one_was_deactivated(self):
        self.connection.action_deactivate()
        anew = self.anew()

        self.assertRefused(anew, "action_activate")
        # The remedy.
        anew.active = False
        self.press_activate()
        self.assertTrue(self.connection.is_running)

    def test_the_first_one_runs_or_is_paused(self):
        anew = self.anew()

        self.assertRefused(anew, "action_activate")
        self.connection.action_pause()
        self.assertRefused(anew, "action_activate")

    def test_nor_do_both_go_on(self):
        anew = self.anew()
        anew.state = "paused"
        self.assertRefused(anew, "action_resume")

        self.connection.active = False
        anew.state = "active"
        with self.assertRaises(UserError):
            self.connection.active = True
        self.env.invalidate_all()

    def test_one_of_another_company_is_named_to_who_works_there(self):
        elsewhere = self.env["res.company"].create({"name": "Elders B.V."})
        anew = self.anew(company_id=elsewhere.id)
        self.assertChecked(anew, sentence("connection_of_other_company"))
        user = new_test_user(
            self.env,
            "elders",
            groups="base.group_user,tribe_connector.group_manager,base.group_system",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        self.assertRefused(
            anew.with_user(user), "action_activate", sentence("connection_of_other_company")
        )
        self.assertRefused(anew, "action_activate")

    def test_without_links_the_new_one_is_used(self):
        self.connection.action_deactivate()
        self.env["tribe.link"].search([("connection_id", "=", self.connection.id)]).unlink()
        anew = self.anew()

        with self.enter_registry_test_mode():
            anew.action_activate()

        self.assertTrue(anew.is_running)

    def test_one_that_runs_does_not_become_the_second(self):
        """Signed in anew, or connected with another application of Tribe."""
        own_id = self.own_id
        identities = self.sandbox.rows("Relationship_Organization_Identity")
        other = self.sandbox.create("Relation_Organization", {"Name": "Een ander B.V."})
        self.assign(identities, other["ID"])
        anew = self.anew()
        with self.enter_registry_test_mode():
            anew.action_activate()
        self.assign(identities, own_id)

        self.assertRefused(anew, "action_connect")
        self.assertEqual(anew.own_organization_id, other["ID"])
        # Whoever comes back from the consent page is told so on the connection, for all to read.
        self.give(anew, self.env["res.company"].create({"name": "Elders B.V."}))
        self.assertRefused(anew, "action_connect", sentence("connection_of_other_company"))
        # The first one is its own all the same.
        self.connect()
        self.assertEqual(self.connection.state, "active")

    def assign(self, identities, organization_id):
        """Say in Tribe whose the legal entities are."""
        for identity in identities:
            self.sandbox.change(
                "Relationship_Organization_Identity",
                identity["ID"],
                {"Relation": {"ID": organization_id}},
            )


class TestOrganizationClaimed(TenantsCase):
    """Whatever another server says that its own organization is, keeps nobody from their Tribe."""

    def setUp(self):
        super().setUp()
        self.customer_of(self.b, "Klant van B B.V.")

    def claim(self):
        """B's Tribe says that it is A's."""
        own = {"ID": self.a.own_organization_id, "Name": "Wij"}
        with (
            self.enter_registry_test_mode(),
            patch.object(tribe_connection_tenant, "_own_organization", return_value=own),
        ):
            self.b.action_connect()
        self.assertEqual(self.b.own_organization_id, self.a.own_organization_id)
        self.assertTrue(self.b.is_running)

    def assertActivated(self):
        self.a.legal_entity_ids.is_booked = False
        with self.enter_registry_test_mode():
            self.a.action_activate()
        self.assertTrue(self.a.is_running)

    def test_who_pauses_goes_on(self):
        self.customer_of(self.a)
        self.claim()

        self.a.action_pause()
        self.a.action_resume()
        self.assertEqual(self.a.state, "active")
        self.a.action_pause()
        self.assertActivated()
        self.a.active = False
        self.a.active = True
        self.assertTrue(self.a.active)

    def test_who_begins_begins(self):
        self.a.action_deactivate()
        self.assertFalse(self.a.sudo()._count_links())
        self.claim()
        for state in ("archived", "deactivated", "running"):
            with self.subTest(state):
                self.b.active = state != "archived"
                self.b._write_as_connector(
                    {"state": "active" if state == "running" else "connected"}
                )
                self.connect()
                self.assertNotIn("blocking", self.a.check_ids.mapped("state"))
                self.assertActivated()
                self.a.action_deactivate()
