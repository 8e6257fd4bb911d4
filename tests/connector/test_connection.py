from functools import partial
from unittest.mock import patch

from told import assert_says

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tests.common import _super_send

from odoo.addons.tribe_connector.models import tribe_connection
from odoo.addons.tribe_connector.models.tribe_connection_tenant import _usual_names
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tests.common import create_connection
from odoo.addons.tribe_connector.tribe_api import bounds

from .common import ORGANIZATION_CUSTOMER, ConnectorCase
from .relation_case import RelationCase

# Nothing listens there.
NOBODY = "http://127.0.0.1:9"


class TestConnection(ConnectorCase):
    """Pressing Connect: what is wrong is said, with its remedy."""

    looks_how_tribe_works = True

    sandbox_options = RelationCase.sandbox_options

    def assertNotConnected(self, code, /, **parameters):
        with self.assertRaises(UserError) as caught:
            self.connect()
        assert_says(caught.exception, code, **parameters)
        self.assertEqual(self.connection.state, "draft")

    def press_activate(self):
        with self.enter_registry_test_mode():
            self.connection.action_activate()

    def test_all_is_well(self):
        self.connect()

        self.assertEqual(self.connection.state, "connected")
        self.assertTrue(self.connection.own_organization_id)
        self.assertTrue(self.connection.has_import_id)
        self.assertEqual(len(self.connection.legal_entity_ids), 2)
        self.assertEqual(set(self.connection.check_ids.mapped("state")), {"ok"})
        self.assertEqual(self.sandbox.calls()["writes"], 0)

    def test_a_tribe_without_vat_numbers_is_connected(self):
        self.sandbox.switch(absent_fields=["Relation_Organization/VATNumber"])
        self.connect()

        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(len(self.connection.legal_entity_ids), 2)
        self.assertFalse(any(self.connection.legal_entity_ids.mapped("vat")))
        self.assert_told(
            self.connection.check_ids,
            "check_missing",
            field="name",
            path="Relation_Organization/VATNumber",
        )

    def test_connecting_again_keeps_what_was_mapped(self):
        self.connect()
        self.map()
        mapped = self.connection.legal_entity_ids.vat_group_ids.mapped("tax_id.id")
        phases = self.connection.phase_ids
        phases.is_booked = False

        self.connect()

        self.assertEqual(self.connection.legal_entity_ids.vat_group_ids.mapped("tax_id.id"), mapped)
        self.assertEqual(self.connection.phase_ids, phases)
        self.assertFalse(any(phases.mapped("is_booked")))

    def test_a_wrong_secret(self):
        self.connection.client_secret = "wrong"

        self.assertNotConnected("token_invalid_client")

    def test_no_secret(self):
        self.connection._credential().client_secret = False

        self.assertNotConnected("client_credentials_missing_for_token", name="Tribe CRM")

    def test_an_unreachable_host(self):
        self.connection.write(
            {"authorization_address": NOBODY, "client_secret": self.sandbox.client_secret}
        )

        self.assertNotConnected("network_failed", host="127.0.0.1:9")

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        if request.url.startswith(NOBODY):
            return _super_send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def test_an_address_that_is_not_tribe(self):
        self.sandbox.fault("html", path_contains="GetCurrentEmployee", status=200)

        self.assertNotConnected("answer_unreadable", address=self.sandbox.address)

    def test_demo_mode_stays_on_this_machine(self):
        self.connection.api_address = "https://api.tribecrm.nl"

        self.assertNotConnected(
            "address_not_on_this_machine",
            what=sentence("address_api"),
            address="https://api.tribecrm.nl",
        )

    def test_a_refused_scope(self):
        for error in ("invalid_grant", "invalid_scope"):
            self.sandbox.switch(allowed_scopes=["read"], refused_scope_error=error)
            with self.subTest(error):
                self.assertNotConnected("token_invalid_scope")

    def test_mode_off(self):
        self.connection.mode = "off"
        self.sandbox.reset_calls()

        self.assertNotConnected("connect_in_mode_off")
        self.assertEqual(self.sandbox.calls()["total"], 0)

    def test_activating_before_connecting(self):
        with self.assert_refused("connect_first", name="Tribe CRM"):
            self.press_activate()

    def test_what_is_kept_of_all_sets_together_has_an_end(self):
        self.patch(bounds, "COLLECTED_BYTES", 20_000)

        self.assertNotConnected("found_endless_list")

    def test_what_tribe_calls_its_countries_is_kept_only_where_it_is_a_code(self):
        """Whoever saves a contact pays for what is kept."""
        for code in ("x" * 900_000, "NLD", "N", ""):
            self.sandbox.create("Datastore_Country", {"Name": "Land", "Code": code})
        self.connect()

        self.assertIn("NL", self.connection.country_ids)
        self.assertEqual({len(code) for code in self.connection.country_ids}, {2})

    def test_of_what_tribes_invoices_have_only_usual_names_are_kept(self):
        names = _usual_names(["Number", "x" * 129], map(str, range(5000)))
        self.assertEqual((names[0], names[1], len(names)), ("Number", "0", 1000))

    def test_without_the_billing_module_relations_still_work(self):
        self.sandbox.switch(billing_module=False)
        partner = self.env["res.partner"].create(
            {"name": "Klant B.V.", "is_company": True, "customer_rank": 1}
        )
        self.connect()
        lacking = self.connection.check_ids.filtered(lambda check: check.state == "note")
        self.assert_told(lacking[0], "check_missing", field="name", path="Activity_Invoice")
        self.assert_only_told(lacking[0], "switch_on_billing", field="remedy")
        self.assertEqual(self.connection.state, "connected")

        self.map()
        self.press_activate()
        self.run_lanes()
        self.poll("invoice", "organization")

        self.assertTrue(partner.tribe_id)
        self.assertFalse(self.problems())

    def test_without_import_id_it_is_said(self):
        self.sandbox.switch(import_id=False)

        self.connect()

        self.assertFalse(self.connection.has_import_id)
        self.assert_told(
            self.connection.check_ids[0],
            "check_missing",
            field="name",
            path="Relation_Organization/ImportId",
            why=sentence("lost_answers_need_person"),
        )

    def test_two_companies_and_a_legal_entity_without_one(self):
        self.connect()
        self.map()
        entity = self.connection.legal_entity_ids[0]
        entity.write({"journal_id": False, "company_id": False})

        with self.assert_refused("activate_without_company", entity=entity.name):
            self.press_activate()


class TestLifeCycle(RelationCase):
    """Activate, pause, resume, deactivate, modes, and what webhooks lose."""

    def test_what_is_active_is_not_activated_once_more(self):
        for state in ("initial", "active"):
            self.connection.state = state
            with self.assert_refused("already_active", name="Tribe CRM"):
                self.press_activate()

    def test_off_does_nothing(self):
        partner = self.linked()
        partner.phone = "030 1"
        self.connection.mode = "off"
        self.sandbox.reset_calls()
        self.connection.action_run_nightly()
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()

        self.assertEqual(self.sandbox.calls()["total"], 0)

        self.connection.mode = "demo"
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")

    def test_while_paused_nothing_happens_and_nothing_is_lost(self):
        partner = self.linked()
        self.connection.action_pause()
        self.connection.export_moment = "minute"
        partner.phone = "030 1"
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"EmailAddress": "a@b.nl"})
        work = self.env["tribe.work"]
        work._add(self.connection, "inbound", "organization", [partner.tribe_id], "webhook")
        self.sandbox.reset_calls()
        with self.enter_registry_test_mode():
            for cron in ("cron_outbound", "cron_inbound_1", "cron_schedule"):
                self.env.ref(f"tribe_connector.{cron}").method_direct_trigger()
        self.assertEqual(self.sandbox.calls()["total"], 0)

        self.connection.action_resume()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")
        self.assertEqual(partner.email, "a@b.nl")

    def test_webhooks_are_registered_once_and_removed(self):
        client = self.connection._client
        with self.enter_registry_test_mode():
            client().create_webhook("Relation.Person", "https://elsewhere.example/hook", {})
        self.connection.action_deactivate()
        self.run_lanes()
        for _time in range(2):
            self.connection.state = "connected"
            self.press_activate()
            self.run_lanes()

        registered = self.urls()
        self.assertEqual(len(registered), 8)
        self.assertEqual(len(set(registered)), 8)
        self.assertEqual(len([url for url in registered if self.connection.webhook_key in url]), 7)

        # Even when our own address changed since.
        self.connection.webhook_address = "https://new.example"
        self.connection.action_deactivate()
        self.run_lanes()
        self.assertEqual(self.urls(), ["https://elsewhere.example/hook"])
        self.assertEqual(self.connection.state, "connected")

    def test_only_our_own_webhooks_are_removed(self):
        """Those with our key in the path: also where this Odoo was before, and nothing alike."""
        self.connection.action_deactivate()
        self.run_lanes()
        key = self.connection.webhook_key
        other = self.connection.copy()
        theirs = [
            other._webhook_url("Address"),
            f"https://elsewhere.example/hook?from=/tribe/webhook/{key}/Address",
            f"https://elsewhere.example/hook#/tribe/webhook/{key}/Address",
            f"https://elsewhere.example/tribe/webhook/{key}x/Address",
            "https://elsewhere.example/tribe/webhook//Address",
        ]
        before = f"https://before.example/prefix/tribe/webhook/{key}/Address"
        with self.enter_registry_test_mode():
            client = self.connection._client()
            for url in (*theirs, before):
                client.create_webhook("Address", url, {})

        self.press_activate()
        self.run_lanes()
        self.assertEqual(len(self.urls()), len(theirs) + 7)
        self.assertNotIn(before, self.urls())

        self.connection.action_deactivate()
        self.run_lanes()
        self.assertEqual(sorted(self.urls()), sorted(theirs))

    def test_another_api_is_connected_and_activated_anew(self):
        partner = self.linked()
        self.connection.api_address = "http://127.0.0.1:9"
        partner.phone = "030 1"
        self.assertEqual(self.connection.state, "draft")
        with self.assert_refused("connect_first", name="Tribe CRM"):
            self.press_activate()

        self.connection.write(
            {"api_address": self.sandbox.address, "client_secret": self.sandbox.client_secret}
        )
        self.connect()
        self.press_activate()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")

    def test_work_waits_for_a_forgotten_secret_and_is_no_problem_of_its_own(self):
        partner = self.linked()
        self.connection.export_moment = "minute"
        self.connection.authorization_address = self.sandbox.address.replace("127.0.0.1", "[::1]")
        self.sandbox.reset_calls()
        partner.phone = "030 1"
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
        self.assertFalse(self.problems())
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assert_trouble(self.connection, "client_secret_forgotten", name="Tribe CRM")

        self.connection.write(
            {
                "authorization_address": self.sandbox.address,
                "client_secret": self.sandbox.client_secret,
            }
        )
        self.connect()
        # It was put off for a second, which may not be over yet.
        self.env["tribe.work"].search([]).due = fields.Datetime.now()
        self.run_lanes()

        self.assertFalse(self.connection.trouble)
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")

    def urls(self):
        """The addresses of all webhooks in Tribe."""
        with self.enter_registry_test_mode():
            return [webhook["webhookUrl"] for webhook in self.connection._client().webhooks()]

    def test_what_is_linked_stays_linked_when_deactivated(self):
        partner = self.linked()
        tribe_id = partner.tribe_id
        partner.phone = "030 1"

        self.connection.action_deactivate()
        self.run_lanes()
        self.assertEqual(partner.tribe_id, tribe_id)
        self.assertFalse(self.env["tribe.work"].search([]))

        partner.email = "nieuw@klant.example"
        self.assertFalse(self.env["tribe.work"].search([]))
        self.press_activate()
        self.run_lanes()
        row = self.tribe_of(partner)
        self.assertEqual((row["PhoneNumber"], row["EmailAddress"]), ("030 1", partner.email))

    def test_what_is_noted_while_it_is_deactivated_is_forgotten(self):
        """By a webhook that Tribe sent before ours were removed, or by the schedule."""
        partner = self.linked()
        self.connection.action_deactivate()
        work = self.env["tribe.work"]
        work._note_webhook(self.connection, "organization", partner.tribe_id)
        work._add(self.connection, "inbound", "poll", ["invoice"], "poll")

        self.run_lanes()
        self.assertFalse(work.search([]))

    def test_a_type_that_takes_no_webhook_does_not_stop_the_others(self):
        self.connection.action_deactivate()
        self.run_lanes()
        self.sandbox.fault("status", status=400, method="POST", body_contains='"Address"')

        self.press_activate()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(len(self.urls()), 6)
        lines = self.env["tribe.run.line"].search([("action", "=", "problem")])
        self.assertEqual(lines[-1:].name, "Address")

    def test_a_poll_finds_what_webhooks_lost(self):
        partner = self.linked(street="Weg 1")
        address = self.address_of(partner)
        other = self.linked("Ander")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 1"})
        self.sandbox.change("Address", address["ID"], {"City": "Zeist"})
        customer = self.relationships(other)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, customer["ID"], {"IsFormer": True})
        new = self.organization(Name="Nieuw in Tribe")
        person = self.person(FirstName="Jan", LastName="Smit")
        # The time to look again has come.
        cursors = self.env["tribe.cursor"]
        cursors.search([("stream", "=", "schedule:poll")]).position = "2020-01-01"
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.run_lanes()

        self.assertEqual((partner.phone, partner.city), ("030 1", "Zeist"))
        self.assertFalse(other.active)
        self.assertEqual(self.link(new["ID"]).partner_id.name, "Nieuw in Tribe")
        self.assertEqual(self.link(person["ID"]).partner_id.name, "Jan Smit")

        # And looks further from there.
        cursors.search([]).position = "2099-01-01"
        self.sandbox.reset_calls()
        self.poll("organization")
        self.assertEqual(self.sandbox.calls()["total"], 1)

    def test_a_webhook_of_tribe_carries_our_token(self):
        self.connection.action_deactivate()
        self.run_lanes()
        self.press_activate()
        self.run_lanes()
        with self.enter_registry_test_mode():
            webhooks = self.connection._client().webhooks()

        token = self.connection._credential().webhook_token
        self.assertEqual(len(webhooks), 7)
        for webhook in webhooks:
            self.assertEqual([header["value"] for header in webhook["headers"]], [token])


class TestDeleted(RelationCase):
    """A connection is deleted only once it is deactivated, and its webhooks are gone."""

    def assert_stays(self, code, /, **parameters):
        with self.assert_refused(code, name=self.connection.name, **parameters):
            self.connection.unlink()
        self.assertTrue(self.connection.exists())

    def webhooks(self):
        with self.enter_registry_test_mode():
            return self.connection._own_webhooks(self.connection._client())

    def test_what_runs_is_not_deleted(self):
        partner = self.linked()
        count = self.env["tribe.link"].search_count([("connection_id", "=", self.connection.id)])
        for values in (
            *({"state": state} for state in ("initial", "active", "paused")),
            {"active": False},
            {"mode": "off"},
            {"mode": "dry_run"},
        ):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.connection.write(values)
                self.assert_stays("delete_while_running", count=count)
                savepoint.rollback()
        self.assertTrue(partner.tribe_link_ids)

    def test_one_of_several_that_runs_keeps_all(self):
        other = self.connection.copy({"name": "Ander"})
        with self.assert_refused("delete_while_running", name=self.connection.name):
            (other | self.connection).unlink()
        self.assertTrue(other.exists())

    def test_nor_by_who_pretends_an_uninstall(self):
        groups = "tribe_connector.group_manager,base.group_user"
        manager = new_test_user(self.env, "beheer", groups, company_ids=self.env.companies.ids)
        connection = self.connection.with_user(manager).with_context(_force_unlink=True)
        with self.assert_refused("delete_while_running", name=self.connection.name):
            connection.unlink()

    def test_its_webhooks_are_removed_before(self):
        self.linked()
        self.connection.action_deactivate()
        self.assert_stays("delete_while_deactivating")

        self.run_lanes()
        self.assertFalse(self.webhooks())
        self.connection.unlink()
        self.assertFalse(self.connection.exists())

    def test_where_its_webhooks_cannot_be_removed_it_can_still_be_deleted(self):
        """As when nobody pays for that Tribe any more."""
        self.connection.action_deactivate()
        waiting = self.env["tribe.work"].search([("kind", "=", "deactivate")])
        for record, values in (
            (self.connection, {"mode": "off"}),
            (self.connection, {"mode": "dry_run"}),
            (self.connection, {"active": False}),
            (self.connection, {"database_uuid": "of the original"}),
            (waiting, {"error_class": "again"}),
            (self.connection._availability(), {"unavailable_since": fields.Datetime.now()}),
        ):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                record.write(values)
                self.connection.unlink()
                self.assertFalse(self.connection.exists())
                savepoint.rollback()
            self.env.invalidate_all()

    def test_the_example_can_be_deleted(self):
        example = self.connection.copy({"name": "Voorbeeld", "is_demo_data": True})
        example.write({"is_demo_data": True, "state": "active"})
        example.unlink()
        self.assertFalse(example.exists())


class TestCompanyOfConnection(RelationCase):
    """Whose contacts go, and whose payment terms count, is another company's only at rest."""

    def test_it_is_not_changed_while_it_runs(self):
        other = self.env["res.company"].create({"name": "Nieuw B.V."})
        for values in (
            *({"state": state} for state in ("initial", "active", "paused")),
            {"active": False},
            {"mode": "off"},
        ):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.connection.write(values)
                with self.assert_refused("company_while_running", name=self.connection.name):
                    self.connection.company_id = other
                self.connection.write({"company_id": self.company.id, "name": "Anders"})
                self.assertEqual(self.connection.company_id, self.company)
                savepoint.rollback()

    def test_a_company_has_so_many_at_most(self):
        """Lanes look at each of them whenever they look for work."""
        other = self.env["res.company"].create({"name": "Nieuw B.V."})
        values = {"company_id": other.id, "state": "draft"}
        self.enterContext(patch.object(tribe_connection, "MOST_CONNECTIONS", 2))
        create_connection(self.env, **values)
        last = create_connection(self.env, **values)
        last.active = False
        refused = partial(
            self.assert_refused, "too_many_connections", ValidationError, company=other.name, most=2
        )
        with refused(), self.env.cr.savepoint():
            create_connection(self.env, **values)
        self.connection.state = "connected"
        with refused(), self.env.cr.savepoint():
            self.connection.company_id = other

        last.unlink()
        create_connection(self.env, **values)

    def test_it_is_changed_once_it_is_deactivated(self):
        partner = self.linked()
        other = self.env["res.company"].create({"name": "Nieuw B.V."})
        self.connection.action_deactivate()
        self.run_lanes()

        self.connection.company_id = other
        self.press_activate()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(partner.tribe_link_ids.mapped("state"), ["linked", "linked"])
        self.assertFalse(self.problems())
