"""Archived connections, and databases that are not the one a connection was made in."""

from end_to_end.tribe_reader import TribeReader

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.hooks import uninstall_hook

from .relation_case import RelationCase

CRONS = ("cron_schedule", "cron_outbound", "cron_inbound_1", "cron_inbound_2")


class MovedCase(RelationCase):
    """A connection that runs, with a linked customer."""

    def setUp(self):
        super().setUp()
        self.partner = self.linked()
        with self.enter_registry_test_mode():
            self.connection._register_webhooks(self.connection._client())
        self.runs = self.env["tribe.run"].search([])
        self.sandbox.reset_calls()

    def let_the_crons_run(self):
        """All crons, twice: what the first one notes, the others have seen."""
        self.env.flush_all()
        for _time in range(2):
            for cron in CRONS:
                with self.enter_registry_test_mode():
                    self.env.ref(f"tribe_connector.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def webhooks(self):
        """The addresses of the webhooks that Tribe has, asked by somebody else."""
        tribe = self.sandbox
        reader = TribeReader(tribe.address, tribe.client_id, tribe.client_secret)
        return [webhook["webhookUrl"] for webhook in reader.webhooks()]

    def change_both_sides(self):
        """A contact and a relation that the other side does not know yet; returns the contact."""
        self.partner.phone = "030 1"
        values = {"EmailAddress": "a@b.nl"}
        self.sandbox.change("Relation_Organization", self.partner.tribe_id, values)
        work = self.env["tribe.work"]
        work._add(self.connection, "inbound", "organization", [self.partner.tribe_id], "webhook")
        self.env["tribe.cursor"].search([]).position = "2020-01-01"
        return self.customer("Nieuw B.V.")

    def assert_nothing_was_done(self, new):
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assertFalse(new.tribe_id)
        self.assertFalse(self.partner.email)
        self.assertFalse(self.problems())
        self.assertEqual(self.env["tribe.run"].search([]), self.runs)

    def assert_all_is_done(self, new):
        self.env["tribe.cursor"].search([("stream", "=", "schedule:poll")]).position = "2020-01-01"
        self.connection.action_run_nightly()
        self.let_the_crons_run()
        self.run_lanes()
        self.assertEqual(self.partner.email, "a@b.nl")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")
        self.assertTrue(new.tribe_id)
        self.assertFalse(self.problems())


class TestArchived(MovedCase):
    def test_one_that_is_not_saved_yet_is_no_copy(self):
        new = self.env["tribe.connection"].new({"name": "Nieuw"})
        self.assertFalse(new.is_moved)
        self.assertFalse(new.trouble)

    def test_it_stops_and_goes_on_when_it_is_unarchived(self):
        self.connection.active = False
        new = self.change_both_sides()
        (self.partner | new).action_synchronize_with_tribe()
        self.let_the_crons_run()

        self.assert_nothing_was_done(new)
        self.assert_trouble(self.connection, "connection_archived", name=self.connection.name)

        self.connection.active = True
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.trouble)
        self.assert_all_is_done(new)

    def test_what_waits_stays_and_what_is_saved_meanwhile_is_found(self):
        self.partner.phone = "030 1"
        self.connection.active = False
        # Somebody who sees archived records saves, too.
        self.partner.with_context(active_test=False).city = "Zeist"
        saved = self.env["tribe.work"].search([("reason", "=", "save")])
        self.let_the_crons_run()
        self.assertEqual(self.env["tribe.work"].search([("reason", "=", "save")]), saved)
        saved.unlink()

        self.connection.active = True
        self.run_lanes()

        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")

    def test_unarchived_only_what_changed_costs_calls(self):
        self.connection.active = False
        self.connection.active = True
        self.run_lanes()

        self.assertEqual(self.sandbox.calls()["total"], 0)

    def test_deactivated_while_archived_its_webhooks_go_later(self):
        self.connection.active = False
        self.connection.action_deactivate()
        self.let_the_crons_run()
        self.assertEqual(len(self.webhooks()), 7)
        self.assert_trouble(self.connection, "connection_archived", name=self.connection.name)

        self.connection.active = True
        self.run_lanes()
        self.assertEqual(len(self.webhooks()), 0)

    def test_uninstalling_removes_its_webhooks_too(self):
        self.connection.active = False
        self.env.flush_all()
        with self.enter_registry_test_mode():
            uninstall_hook(self.env)
        self.assertEqual(len(self.webhooks()), 0)


class TestMoved(MovedCase):
    """The database is another one: it has another uuid, or another name."""

    def move(self, how="uuid"):
        self.env.flush_all()
        if how == "uuid":
            self.env["ir.config_parameter"].set_param("database.uuid", "another-uuid")
        else:
            self.connection.sudo().database_name = "the_original"

    def test_a_copy_does_nothing_at_all(self):
        for how in ("uuid", "name"):
            with self.subTest(how), self.env.cr.savepoint() as savepoint:
                self.move(how)
                new = self.change_both_sides()
                (self.partner | new).action_synchronize_with_tribe()
                self.connection.action_run_nightly()
                self.let_the_crons_run()

                self.assert_nothing_was_done(new)
                savepoint.rollback()

    def test_a_copy_takes_no_webhook_of_the_original_away(self):
        for how in ("uuid", "name"):
            with self.subTest(how), self.env.cr.savepoint() as savepoint:
                self.move(how)
                self.sandbox.reset_calls()
                self.connection.action_deactivate()
                self.let_the_crons_run()
                with self.enter_registry_test_mode():
                    uninstall_hook(self.env)

                self.assertEqual(self.sandbox.calls()["total"], 0)
                self.assertEqual(len(self.webhooks()), 7)
                savepoint.rollback()

    def test_every_button_that_talks_to_tribe_says_why_not(self):
        self.move()
        for button in ("action_connect", "action_activate", "action_plan", "action_sign_in"):
            self.connection.state = "connected"
            with (
                self.subTest(button),
                self.assert_refused("database_is_copy", name=self.connection.name),
                self.enter_registry_test_mode(),
            ):
                getattr(self.connection, button)()
        self.assertEqual(self.sandbox.calls()["total"], 0)

    def test_the_form_says_so(self):
        self.assertFalse(self.connection.is_moved)
        self.assertFalse(self.connection.trouble)
        self.move()
        self.connection.invalidate_recordset()

        self.assertTrue(self.connection.is_moved)
        self.assert_trouble(self.connection, "database_is_copy", name=self.connection.name)

    def test_a_connection_made_in_the_copy_works(self):
        self.move()
        self.connection.action_deactivate()
        other = self.env["tribe.connection"].create(
            {
                "name": "Nieuw",
                "mode": "demo",
                "api_address": self.sandbox.address,
                "authorization_address": self.sandbox.address,
                "web_address": self.sandbox.address,
                "webhook_address": "http://127.0.0.1:9",
                "client_id": self.sandbox.client_id,
                "client_secret": self.sandbox.client_secret,
            }
        )
        self.assertFalse(other.is_moved)
        with self.enter_registry_test_mode():
            other.action_connect()
        other.legal_entity_ids.company_id = self.company
        other.legal_entity_ids.action_create_journal()
        with self.enter_registry_test_mode():
            other.action_activate()
        self.let_the_crons_run()

        self.assertEqual(other.state, "active")
        # The original's seven, and its own.
        self.assertEqual(len(self.webhooks()), 14)
        self.assertFalse(other.copy().is_moved)

    def assert_goes_on_when_told(self, how):
        self.move(how)
        new = self.change_both_sides()
        self.let_the_crons_run()
        self.assert_nothing_was_done(new)
        self.assertTrue(self.connection.is_moved)

        self.connection.action_is_original()

        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.trouble)
        self.assertFalse(self.connection.is_moved)
        self.assert_all_is_done(new)
        self.assertEqual(len(self.webhooks()), 7)

    def test_the_moved_original_goes_on(self):
        self.assert_goes_on_when_told("uuid")

    def test_the_renamed_original_goes_on(self):
        self.assert_goes_on_when_told("name")

    def test_import_ids_of_before_stay_ours(self):
        before = self.connection._import_id(self.partner, "organization")
        self.move()
        self.connection.action_is_original()

        now = self.connection._import_id(self.partner, "organization")
        self.assertIn("another-uuid", now)
        for import_id in (before, now):
            self.assertEqual(self.connection._partner_of_import_id(import_id), self.partner)
        for foreign in (before.replace("odoo:", "odoo:x"), f"{before}:customer", "", None):
            self.assertFalse(self.connection._partner_of_import_id(foreign))

    def test_a_relation_with_an_import_id_of_before_is_found_again(self):
        partner = self.customer("Eerder B.V.", email="info@eerder.example")
        row = self.organization(
            Name="Heet nu anders",
            EmailAddress="info@eerder.example",
            ImportId=self.connection._import_id(partner, "organization"),
        )
        self.move()
        self.connection.action_is_original()
        self.synchronize(partner)

        self.assertEqual(partner.tribe_id, row["ID"], self.problems())
        self.assertEqual(len(self.sandbox.rows("Relation_Organization", Name="Eerder B.V.")), 1)

    def test_what_was_being_sent_before_is_found_again(self):
        partner = self.customer("Onderweg B.V.")
        self.connection.settle_seconds = 0
        self.sandbox.fault("lose_answer", method="POST", path_contains="Customer", times=1)
        partner.action_synchronize_with_tribe()
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(
            self.env["tribe.link"]
            ._of_partners(self.connection, partner, ("organization",))[partner.id, "organization"]
            .state,
            "sending",
        )

        self.move()
        self.connection.action_is_original()
        self.synchronize(partner)

        self.assertTrue(partner.tribe_id, self.problems())
        self.assertEqual(len(self.named("Onderweg B.V.")), 1)

    def test_moved_twice_and_back(self):
        first = self.connection._import_id(self.partner, "person")
        uuids = self.env["ir.config_parameter"]
        original = uuids.get_param("database.uuid")
        for uuid in ("second", "third", original):
            uuids.set_param("database.uuid", uuid)
            self.connection.action_is_original()
        self.assertEqual(self.connection._import_id(self.partner, "person"), first)
        self.assertEqual(set(self.connection.sudo().former_uuids), {"second", "third"})

    def test_only_a_system_administrator_says_so(self):
        groups = "base.group_user,tribe_connector.group_manager"
        manager = new_test_user(self.env, "beheerder", groups)
        self.move()

        with self.assert_refused("only_for_system_administrators", AccessError):
            self.connection.with_user(manager).action_is_original()
        for values in ({"database_uuid": "another-uuid"}, {"former_uuids": ["x"]}):
            for user in (manager, self.env.ref("base.user_admin")):
                with self.assertRaises(AccessError):
                    self.connection.with_user(user).write(values)
        self.assertTrue(self.connection.is_moved)

    def update_from_before_it_was_noted(self, made):
        """The addon is updated; the connection is from before or after the database's uuid."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE tribe_connection
               SET database_uuid = NULL, database_name = NULL,
                   create_date = (SELECT write_date FROM ir_config_parameter
                                   WHERE key = 'database.uuid') + %s::interval
            """,
            [made],
        )
        self.env.invalidate_all()
        self.env["tribe.connection"].init()
        self.env.invalidate_all()

    def test_a_copy_that_is_updated_does_not_take_itself_for_the_original(self):
        # As Odoo's database manager does with a duplicate and a restored copy.
        self.env["ir.config_parameter"].init(force=True)
        for _time in range(2):
            self.update_from_before_it_was_noted(made="-1 day")

        self.assertTrue(self.connection.is_moved)
        self.assert_trouble(self.connection, "database_is_copy", name=self.connection.name)
        self.assert_nothing_was_done(self.work_in_a_copy())

        self.connection.action_is_original()
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.is_moved)
        self.assertFalse(self.connection.sudo().former_uuids)
        self.partner.phone = "030 1"
        self.run_nightly()
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")

    def work_in_a_copy(self):
        new = self.change_both_sides()
        (self.partner | new).action_synchronize_with_tribe()
        self.let_the_crons_run()
        return new

    def test_what_was_not_noted_is_filled_in_by_an_update(self):
        self.update_from_before_it_was_noted(made="1 day")

        self.assertFalse(self.connection.is_moved)
        self.partner.phone = "030 1"
        self.run_nightly()
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")


class TestAddressOfWebhooks(MovedCase):
    def test_activating_again_leaves_none_at_an_older_address(self):
        self.connection.webhook_address = "http://127.0.0.1:10"
        self.connection.state = "connected"
        self.press_activate()
        self.run_lanes()

        self.assertEqual(len(self.webhooks()), 7)
        for address in self.webhooks():
            self.assertTrue(address.startswith("http://127.0.0.1:10/"), address)
