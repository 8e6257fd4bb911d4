import re

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.tribe_connector.sentence import sentence

from .roles_case import RolesCase

SECRETS = ("client_id", "client_secret", "webhook_secret", "credential_ids", "has_client_secret")


@tagged("post_install", "-at_install")
class TestAccessRights(RolesCase):
    """Who sees and may do what."""

    def test_who_has_none_of_our_groups_reads_none_of_our_records(self):
        for model in self.our_models():
            for user in (self.outsider, self.portal, self.env.ref("base.public_user")):
                with self.subTest(model=model, user=user.login), self.assertRaises(AccessError):
                    self.found(model, user)

    def test_employees_see_the_tribe_id_of_a_partner(self):
        partner = self.partner.with_user(self.outsider)

        self.assertEqual(partner.tribe_id, "relation")
        self.assertEqual(partner.debtor_number, "D-1")
        self.assertEqual(partner.action_open_in_tribe()["url"], self.link.tribe_url)
        with self.assertRaises(AccessError):
            partner.tribe_link_ids.read(["tribe_id"])

    def test_a_portal_user_reads_and_filters_no_number(self):
        own = self.portal.partner_id.with_user(self.portal)
        names = ("debtor_number", "creditor_number", "tribe_id", "tribe_mobile", "tribe_state")
        for name in names:
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    own.read([name])
                with self.assertRaises(AccessError):
                    own.search([(name, "!=", False)])
                with self.assertRaises(AccessError):
                    own.write({name: "D-3"})

    def test_a_portal_user_saves_its_own_address(self):
        self.env["tribe.work"].search([]).unlink()
        # The portal writes with all rights, as the user.
        self.portal.partner_id.with_user(self.portal).sudo().write({"city": "Utrecht"})

        works = self.env["tribe.work"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(works.mapped("reference"), [str(self.portal.partner_id.id)])

    def test_our_users_see_everything_of_their_company_but_the_secrets(self):
        own_to_administrators = {
            "tribe.availability",
            "tribe.credential",
            "tribe.cursor",
            "tribe.rate.limit",
            "tribe.sighting",
        }
        for model in set(self.our_models()) - own_to_administrators:
            if self.env[model].search([]):
                self.assertTrue(self.found(model, self.user), model)
        for user in (self.user, self.manager):
            with self.assertRaises(AccessError):
                self.found("tribe.credential", user)
            for name in SECRETS:
                with self.subTest(user=user.login, name=name), self.assertRaises(AccessError):
                    self.connection.with_user(user).read([name])
            self.assertFalse(
                set(SECRETS) & self.env["tribe.connection"].with_user(user).fields_get().keys()
            )

    def test_an_administrator_sets_the_secret_and_never_reads_it_on_the_connection(self):
        connection = self.connection.with_user(self.administrator)
        connection.client_secret = "new-secret"
        self.env.flush_all()
        self.env.invalidate_all()

        (row,) = connection.read(["client_secret", "webhook_secret", "has_client_secret"])
        self.assertEqual((row["client_secret"], row["webhook_secret"]), (False, False))
        self.assertTrue(row["has_client_secret"])
        self.assertEqual(self.connection._credential().client_secret, "new-secret")

    def test_a_changed_secret_forgets_the_token(self):
        credential = self.connection._credential()
        credential.write({"access_token": "token", "token_expires_at": 9e9})
        self.connection.client_secret = "new-secret"

        self.assertFalse(credential.access_token)

    def test_a_copied_connection_has_no_secret(self):
        copy = self.connection.copy()

        credential = copy._credential()
        self.assertFalse(credential.client_id or credential.client_secret)
        self.assertNotEqual(copy.webhook_key, self.connection.webhook_key)
        self.assertEqual(copy.state, "draft")

    def test_our_users_look_and_do_not_touch(self):
        for model in set(self.our_models()) - {
            "tribe.availability",
            "tribe.credential",
            "tribe.cursor",
            "tribe.rate.limit",
            "tribe.sighting",
        }:
            records = self.env[model].search([]).with_user(self.user)
            with self.subTest(model), self.assertRaises(AccessError):
                records[:1].check_access("write") if records else records.check_access("create")
        with self.assertRaises(AccessError):
            self.link.with_user(self.user).action_send_again()
        with self.assertRaises(AccessError):
            self.connection.with_user(self.user).action_connect()

    def test_nobody_forges_links_or_work(self):
        for user in (self.manager, self.administrator):
            for model in ("tribe.link", "tribe.work", "tribe.run"):
                for operation in ("create", "write", "unlink"):
                    with self.subTest(model=model, operation=operation):
                        self.assertFalse(
                            self.env[model].with_user(user).has_access(operation),
                        )

    def test_a_manager_changes_settings(self):
        self.connection.with_user(self.manager).write({"conflict_policy": "ask"})
        self.entity.with_user(self.manager).write({"is_default": True})

        self.assertEqual(self.connection.conflict_policy, "ask")

    def test_a_manager_does_not_have_the_secrets_sent_elsewhere(self):
        connection = self.connection.with_user(self.manager)
        refusal = re.escape(sentence("addresses_only_for_system_administrators"))
        for name in ("api_address", "authorization_address"):
            with self.assertRaisesRegex(AccessError, refusal):
                connection.write({name: "https://elsewhere.example"})
            with self.assertRaises(AccessError):
                connection.create({"name": "Another", name: "https://elsewhere.example"})
            connection.write({name: self.connection[name]})
        self.assertTrue(connection.create({"name": "With Tribe's addresses"}))

    def test_a_manager_of_another_company_sees_nothing(self):
        for model in self.models_of_tenants():
            with self.subTest(model):
                self.assertFalse(self.found(model, self.elsewhere))
                with self.assertRaises(AccessError):
                    self.ours(model).with_user(self.elsewhere).read(["display_name"])

    def test_who_keeps_the_books_of_a_legal_entity_sees_its_links(self):
        self.assertFalse(self.found("tribe.link", self.elsewhere))

        self.entity.company_id = self.other_company

        self.assertTrue(self.found("tribe.link", self.elsewhere))
        self.assertTrue(self.found("tribe.run.line", self.elsewhere))
        self.assertFalse(self.found("tribe.connection", self.elsewhere))

    def test_without_a_company_a_record_is_seen_where_its_connection_is(self):
        """Its legal entity has none yet, or what waits names none: not everybody's then."""
        self.entity.company_id = False
        self.env["tribe.work"].search([]).company_id = False
        for model in ("legal.entity", "vat.group", "ledger.account", "work"):
            with self.subTest(model):
                self.assertTrue(self.found(f"tribe.{model}", self.manager))
                self.assertFalse(self.found(f"tribe.{model}", self.elsewhere))
                with self.assertRaises(AccessError):
                    self.ours(f"tribe.{model}").with_user(self.elsewhere).read(["display_name"])
        with self.assertRaises(AccessError):
            self.entity.with_user(self.elsewhere).company_id = self.other_company
