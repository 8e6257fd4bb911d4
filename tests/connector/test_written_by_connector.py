"""What only the connector writes is written by nobody else, whichever way they try."""

import psycopg2
from told import containing

from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tribe_connector.tests.roles_case import RolesCase

from .sentence_case import SentenceCase

FORGED = "f0r9ed"


@tagged("post_install", "-at_install")
class TestWrittenByConnector(SentenceCase, RolesCase):
    """Stored readonly fields: by write, create, copy, import, context and default values."""

    def writers(self):
        return (self.manager, self.administrator)

    def written_by_connector(self, model):
        """The fields of ours that no screen lets anybody type in."""
        return sorted(
            name
            for name, field in self.env[model]._fields.items()
            if field.store
            and field.readonly
            and name not in MAGIC_COLUMNS
            and "tribe_connector" in field._modules
        )

    def value_of(self, model, name):
        """Some value that the field takes, and does not have yet."""
        field = self.env[model]._fields[name]
        values = {
            "boolean": True,
            "integer": 7,
            "float": 7.0,
            "json": {"a": 1},
            "datetime": "2020-01-01 00:00:00",
            "one2many": [],
        }
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.type == "many2one":
            return self.env[field.comodel_name].search([], limit=1).id
        return values.get(field.type, FORGED)

    def records(self):
        """A record of each model that somebody may write, and of Odoo's that have our fields."""
        for model in self.our_models():
            record = self.ours(model)[:1]
            if any(record.with_user(user).has_access("write") for user in self.writers()):
                yield record
        yield self.partner
        yield self.env["account.move"].create({"partner_id": self.partner.id})

    def test_nobody_writes_them(self):
        tried = 0
        for record in self.records():
            for name in self.written_by_connector(record._name):
                for user in self.writers():
                    with (
                        self.subTest(model=record._name, name=name, user=user.login),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        value = self.value_of(record._name, name)
                        record.with_user(user).write({name: value})
                        self.env.flush_all()
                    tried += 1
        self.assertGreater(tried, 80)

    def test_a_manager_creates_no_connection_with_them(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        for name in self.written_by_connector("tribe.connection"):
            with self.subTest(name), self.assertRaises(AccessError):
                connections.create({"name": "New", name: self.value_of(connections._name, name)})

    def test_what_is_refused_is_named(self):
        with self.assert_refused(
            "written_by_connector",
            AccessError,
            model="Tribe Connection",
            fields=containing("“State”", "“Webhook Key”"),
        ):
            self.connection.with_user(self.manager).write(
                {"name": "x", "state": "draft", "webhook_key": FORGED}
            )

    def test_the_context_and_default_values_fill_in_none(self):
        names = [
            name
            for name in self.written_by_connector("tribe.connection")
            if self.env["tribe.connection"]._fields[name].type in ("char", "selection", "boolean")
            and self.env["tribe.connection"]._fields[name].groups is None
        ]
        values = {name: self.value_of("tribe.connection", name) for name in names}
        self.assertGreater(len(values), 5)
        connections = self.env["tribe.connection"].with_user(self.manager)
        by_context = connections.with_context(
            **{f"default_{name}": value for name, value in values.items()}
        ).create({"name": "By context"})
        for name, value in values.items():
            self.env["ir.default"].with_user(self.manager).set(
                "tribe.connection", name, value, user_id=True
            )
        by_default = connections.create({"name": "By default"})

        for connection in (by_context, by_default):
            for name, value in values.items():
                with self.subTest(connection=connection.name, name=name):
                    self.assertNotEqual(connection[name], value)
            self.assertEqual(connection.state, "draft")

    def test_an_import_brings_none(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        before = connections.search_count([])

        result = connections.load(["name", "state"], [["Imported", "Active"]])

        self.assertFalse(result["ids"])
        self.assertEqual(connections.search_count([]), before)

    def test_a_copy_begins_anew(self):
        copied = self.connection.with_user(self.manager)
        self.connection.write({"api_address": "https://api.tribecrm.nl"})
        self.connection.write({"authorization_address": "https://auth.tribecrm.nl"})
        self.connection.write({"state": "active", "own_organization_id": FORGED})

        new = copied.copy()

        self.assertEqual(new.state, "draft")
        self.assertFalse(new.own_organization_id)
        self.assertNotEqual(new.webhook_key, self.connection.webhook_key)

    def test_what_is_for_people_is_still_theirs(self):
        entity = self.entity.with_user(self.manager)
        self.connection.with_user(self.manager).write(
            {"name": "Ours", "legal_entity_ids": [(1, entity.id, {"number_policy": "odoo"})]}
        )

        self.assertEqual((self.connection.name, entity.number_policy), ("Ours", "odoo"))
        with self.assertRaises(AccessError):
            self.connection.with_user(self.manager).write(
                {"legal_entity_ids": [(1, entity.id, {"tribe_id": FORGED})]}
            )

    def test_the_buttons_still_write_them_for_who_may_press_them(self):
        connection = self.connection.with_user(self.manager)
        connection.action_pause()
        self.assertEqual(connection.state, "paused")
        connection.action_resume()
        self.assertEqual(connection.state, "active")
        connection.action_deactivate()
        self.assertEqual(connection.state, "connected")
        with self.assertRaises(AccessError):
            self.connection.with_user(self.elsewhere).action_pause()

    def test_no_two_connections_have_one_key(self):
        other = self.env["tribe.connection"].create({"name": "Another"})

        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.env.cr.savepoint(),
        ):
            other.webhook_key = self.connection.webhook_key
            self.env.flush_all()
