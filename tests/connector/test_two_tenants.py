"""Several Tribes in one Odoo: customers of one tenant are never shown to another."""

import contextlib

from end_to_end.waiting import far_hour
from tribe_sandbox.process import SandboxProcess

from odoo import Command
from odoo.tests import new_test_user
from odoo.tests.common import _super_send

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
        sandbox = SandboxProcess(
            relations=0, invoices=0, switches={"rate_limit": UNLIMITED, "webhook_paused": True}
        )
        sandbox.start()
        cls.addClassCleanup(sandbox.stop)
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


class TestTwoTenantsInOneCompany(TenantsCase):
    """They work in the same company: still two tenants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.b.company_id = cls.company
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
