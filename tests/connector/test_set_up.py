import uuid
from unittest.mock import patch

from told import assert_only_says

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.models import tribe_connection_tenant as tenant

from .common import ConnectorCase


class TestSetUp(ConnectorCase):
    """The guided set-up: which step is next follows from what is there."""

    def test_the_steps_follow_each_other(self):
        self.assertEqual(self.connection.step, "connect")

        self.connect()
        self.assertEqual(self.connection.step, "map")

        self.map()
        self.assertEqual(self.connection.step, "plan")

        self.connection.action_plan()
        self.run_lanes()
        self.assertEqual(self.connection.step, "activate")

        self.press_activate()
        self.assertEqual(self.connection.step, "synchronize")
        self.assertTrue(self.connection.is_working)

        self.run_lanes()
        self.assertEqual(self.connection.step, "active")
        self.assertFalse(self.connection.is_working)

    def test_coming_back_to_an_unmapped_vat_group(self):
        self.connect()
        self.map()

        self.connection.vat_group_ids[0].tax_id = False

        self.assertEqual(self.connection.step, "map")
        self.assertEqual(
            self.connection.vat_group_mapped_count, self.connection.vat_group_count - 1
        )

    def test_a_tribe_that_does_not_know_its_own_organization(self):
        identity = self.sandbox.rows("Relationship_Organization_Identity")[0]
        other = self.sandbox.create("Relation_Organization", {"Name": "Een ander B.V."})
        self.sandbox.change(
            "Relationship_Organization_Identity", identity["ID"], {"Relation": {"ID": other["ID"]}}
        )

        self.connect()

        self.assertEqual(self.connection.step, "check")
        check = self.connection.check_ids[0]
        self.assertEqual(check.state, "blocking")
        self.assert_only_told(check, "check_no_own_organization_remedy", field="remedy")
        self.assertTrue(check.url.startswith(self.sandbox.address))

    def test_an_address_that_tribe_cannot_reach(self):
        self.connection.mode = "dry_run"

        self.connect()

        (check,) = self.connection.check_ids.filtered(lambda check: check.state == "note")
        unheard = "check_webhooks_do_not_reach_odoo"
        self.assert_only_told(check, unheard, field="name", host="127.0.0.1:9")
        self.assert_only_told(check, f"{unheard}_remedy", field="remedy", minutes=15)

    def refusal(self):
        with self.assertRaises(UserError) as raised:
            self.connect()
        return raised.exception

    def test_a_set_with_more_than_can_be_written_is_not_read(self):
        self.patch(tenant, "MOST_ROWS", 3)

        assert_only_says(self.refusal(), "too_many_records", most=3, set="Datastore_VatGroup")

    def test_more_to_map_than_can_be_written(self):
        self.patch(tenant, "MOST_MAPPING_ROWS", 3)

        assert_only_says(self.refusal(), "too_many_mapping_rows", entities=2)

    def show_another(self, of_set):
        """Have Tribe show another row of a set than before, in place of one."""
        read_all = tenant._all

        def shown(client, entity_set, *args, **options):
            with patch.object(tenant, "MOST_ROWS", 1000):
                found = read_all(client, entity_set, *args, **options)
            if entity_set == of_set:
                found[0] = {**found[0], "ID": str(uuid.uuid4())}
            return found

        self.patch(tenant, "_all", shown)

    def test_what_tribe_had_before_counts_too(self):
        """A Tribe that shows others each time fills nothing without an end."""
        self.connect()
        rows = len(self.connection.vat_group_ids) + len(self.connection.ledger_account_ids)
        self.patch(tenant, "MOST_MAPPING_ROWS", rows + 2 * tenant.ROWS_OF_ENTITY)
        self.connect()

        self.show_another("Datastore_GeneralLedgerAccount")

        told = {"entities": 2, "each": rows // 2 + 1}
        assert_only_says(self.refusal(), "too_many_mapping_rows", **told)

    def test_so_do_the_phases_that_it_had(self):
        self.connect()
        most = len(self.connection.phase_ids)

        self.show_another(tenant.PHASE_SET)
        self.patch(tenant, "MOST_ROWS", most)

        assert_only_says(self.refusal(), "too_many_records", most=most, set=tenant.PHASE_SET)

    def test_more_legal_entities_than_can_be_written(self):
        """Also those of a Tribe that has nothing to map."""
        self.patch(tenant, "ROWS_OF_ENTITY", tenant.MOST_MAPPING_ROWS)

        assert_only_says(self.refusal(), "too_many_mapping_rows", entities=2)

    def test_connecting_again_writes_only_what_changed(self):
        self.connect()
        self.map()
        accounts = self.connection.legal_entity_ids.ledger_account_ids
        (row, *_others) = self.sandbox.rows("Datastore_GeneralLedgerAccount")
        self.sandbox.change("Datastore_GeneralLedgerAccount", row["ID"], {"Name": "Anders"})
        models = (type(accounts), type(self.env["tribe.vat.group"]))
        written = []
        for model in models:
            write = model.write

            def noted(records, vals, write=write):
                written.append((records.ids, vals))
                return write(records, vals)

            self.patch(model, "write", noted)

        self.connect()

        renamed = accounts.filtered(lambda account: account.tribe_id == row["ID"])
        self.assertEqual(set(renamed.mapped("name")), {"Anders"})
        self.assertEqual(
            sorted(written, key=str),
            sorted((([account.id], {"name": "Anders"}) for account in renamed), key=str),
        )

    def test_connecting_again_replaces_what_was_found(self):
        self.connect()
        before = self.connection.check_ids.mapped("name")

        self.connect()

        self.assertEqual(self.connection.check_ids.mapped("name"), before)

    def test_suggest_fills_in_all_legal_entities_at_once(self):
        self.connect()
        self.connection.legal_entity_ids.company_id = self.company

        self.connection.action_suggest()

        self.assertTrue(all(self.connection.legal_entity_ids.mapped("journal_id")))
        self.assertEqual(self.connection.vat_group_mapped_count, len(self.connection.vat_group_ids))
        self.assertTrue(all(group.account_id for group in self.connection.vat_group_ids))

    def test_suggest_leaves_what_was_chosen(self):
        self.connect()
        group = self.connection.vat_group_ids[0]
        group.legal_entity_id.company_id = self.company
        chosen = self.tax("9% ST")
        group.tax_id = chosen

        self.connection.action_suggest()

        self.assertEqual(group.tax_id, chosen)

    def test_the_next_number_is_the_one_a_customer_gets(self):
        partner = self.env["res.partner"].create(
            {"name": "Klant B.V.", "is_company": True, "customer_rank": 1}
        )
        self.connection.next_debtor_number = 70001

        self.activate()

        self.assertEqual(partner.debtor_number, "70001")
        self.assertGreater(self.connection.next_debtor_number, 70001)

    def test_how_high_a_number_may_be_is_written_as_the_reader_does(self):
        self.env["res.lang"]._activate_lang("nl_NL")
        for language, highest in (("en_US", "1,000,000,000"), ("nl_NL", "1.000.000.000")):
            with self.subTest(language), self.assertRaises(ValidationError) as refused:
                self.connection.with_context(lang=language).next_debtor_number = 2_000_000_000
            self.assertIn(highest, str(refused.exception))

    def test_the_next_number_is_of_the_connections_company(self):
        other = self.env["res.company"].create({"name": "AAA Elders B.V."})
        shared = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        of_other = shared.copy({"company_id": other.id, "number_next": 500})
        own = shared.copy({"company_id": self.connection.company_id.id, "number_next": 900})

        self.assertEqual(self.connection.next_debtor_number, 900)
        self.connection.next_debtor_number = 901

        self.assertEqual(own.number_next_actual, 901)
        self.assertEqual(of_other.number_next_actual, 500)
        own.unlink()
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.next_debtor_number, shared.number_next_actual)

    def test_a_manager_sets_up_without_rights_on_sequences(self):
        manager = new_test_user(
            self.env,
            "tribe_manager",
            groups="tribe_connector.group_manager,account.group_account_user",
            company_id=self.company.id,
            company_ids=[fields.Command.set(self.company.ids)],
        )
        connection = self.connection.with_user(manager)
        self.connect()
        self.connection.legal_entity_ids.company_id = self.company
        shared = self.env["ir.sequence"].search([("code", "=", "tribe.creditor")])
        shared.copy({"company_id": self.company.id})

        connection.write({"next_creditor_number": 90001})

        self.assertEqual(self.connection.next_creditor_number, 90001)
        self.assertEqual(connection.step, "map")
