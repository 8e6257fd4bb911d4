"""What users enter as default values is in nothing that code makes with all rights.

Every employee writes Odoo's ``ir.default``, for themselves; it is filled in by ``sudo`` too.
"""

import json
from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged

from odoo.addons.tribe_connector.tests.common import create_connection
from odoo.addons.tribe_connector.tests.roles_case import RolesCase

FORGED = "f0r9ed"
# Of a child record, where it has such a field.
FORGED_NAMES = ("field_name", "name", "tribe_id", "client_id", "stream", "reason", "meaning")
SECRETS = ("client_id", "client_secret", "webhook_secret")


@tagged("post_install", "-at_install")
class TestDefaultValuesOfUsers(RolesCase):
    """Personal default values, and those for all users, of who is no system administrator."""

    def enterers(self):
        return (self.outsider, self.user, self.manager)

    def forged(self, model, name):
        """Some value for a field, as ``ir.default`` keeps it."""
        field = self.env[model]._fields[name]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.type == "many2one":
            return self.env[field.comodel_name].search([], limit=1).id
        if field.type == "many2many":
            return [[6, 0, self.env[field.comodel_name].search([], limit=1).ids]]
        if field.type == "one2many":
            child = self.env[field.comodel_name]._fields
            names = [each for each in FORGED_NAMES if each in child]
            return [[0, 0, {name: FORGED for name in names if child[name].type == "char"}]]
        values = {"boolean": True, "integer": 7, "float": 7.0, "monetary": 7.0, "json": {"a": 1}}
        moments = {"datetime": "2020-01-01 00:00:00", "date": "2020-01-01"}
        return {**values, **moments}.get(field.type, FORGED)

    def enter(self, user, model, names=None, for_all=False):
        """Enter a default value for each field of ours of a model, or for some; returns them."""
        values = {
            name: self.forged(model, name)
            for name, field in self.env[model]._fields.items()
            if "tribe_connector" in field._modules and (not names or name in names)
        }
        # As ir.default's own set(), which empties the caches for each.
        self.env["ir.default"].with_user(user).create(
            [
                {
                    "field_id": self.env["ir.model.fields"]._get(model, name).id,
                    "user_id": not for_all and user.id,
                    "json_value": json.dumps(value),
                }
                for name, value in values.items()
            ]
        )
        return values

    def defaults(self, user, model):
        """What our code gets by default when a user presses a button, but for what is random and
        the time.
        """
        records = self.env[model].with_user(user).with_context({}).sudo()
        return {
            name: value
            for name, value in records.default_get(list(records._fields)).items()
            if name not in ("webhook_key", "created", "date") or FORGED in str(value)
        }

    def facts(self, records):
        """What some records say of themselves that two tenants have in common."""
        records.invalidate_recordset()
        names = [
            name
            for name, field in records._fields.items()
            if field.store and name not in MAGIC_COLUMNS
        ]
        rows = records.read(names, load=False)
        return [{name: self.in_common(row[name]) for name in names} for row in rows]

    def in_common(self, value):
        """A value, or of what is each tenant's own whether it is there, and not forged."""
        if isinstance(value, datetime):
            return value.year == 2020
        if isinstance(value, bool | float | dict):
            return value
        return bool(value), FORGED in str(value), len(value) if isinstance(value, list) else 1

    def tenant_of_manager(self, name):
        """Another tenant, of which our code makes all at the push of a button."""
        with patch.object(type(self), "env", self.env(user=self.manager, su=True, context={})):
            return self.new_tenant(name, self.other_company, self.new_partner(f"D-{name}"))

    def test_nobody_enters_one_for_all(self):
        for user in self.enterers():
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["ir.default"].with_user(user).set("tribe.link", "told_paid", True)

    def test_of_each_model_and_field(self):
        tried = 0
        root = self.env.ref("base.user_root")
        for model in (*self.our_models(), "res.partner", "account.move"):
            for user, by in [(user, user) for user in self.enterers()] + [(self.manager, root)]:
                with self.subTest(model=model, user=user.login, by=by.login):
                    before = self.defaults(user, model)
                    savepoint = self.env.cr.savepoint()
                    entered = self.enter(by, model, for_all=by == root)
                    self.assertEqual(self.defaults(user, model), before)
                    savepoint.rollback()
                    self.env.registry.clear_cache()
                    tried += len(entered)
        self.assertGreater(tried, 500)

    def test_records_that_code_makes(self):
        usual = self.tenant_of_manager("usual")
        for model in self.our_models():
            self.assertTrue(self.enter(self.manager, model), model)
        made = self.tenant_of_manager("made")

        for model in self.our_models():
            with self.subTest(model):
                self.assertEqual(
                    self.facts(self.ours(model, made)), self.facts(self.ours(model, usual))
                )

    def test_a_decision_about_an_e_mail_address_is_not_forged(self):
        self.env["ir.default"].with_user(self.manager).set(
            "tribe.link",
            "conflict_ids",
            [
                [
                    0,
                    0,
                    {
                        "field_name": "email",
                        "odoo_value": "echt@klant.example",
                        "tribe_value": "aanvaller@elders.example",
                        "decision": "tribe",
                        "warned_of": list(range(3000)),
                    },
                ]
            ],
            user_id=True,
        )
        self.enter(self.manager, "tribe.conflict")
        self.enter(self.manager, "tribe.link", ("move_id", "merged_into_id", "agreed"))
        suggestion = self.ours("tribe.suggestion").with_user(self.manager)
        self.link.unlink()

        suggestion.action_link()

        link = self.env["tribe.link"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(link.partner_id, self.partner)
        self.assertFalse(self.env["tribe.conflict"].search([("link_id", "=", link.id)]))
        self.assertFalse(link.move_id or link.merged_into_id or link.agreed)

    def test_no_command_reaches_records_of_others(self):
        """A command for a record of another company's Tribe, that is taken along by ``sudo``."""
        others = self.ours("tribe.conflict", self.other_connection)
        line = self.ours("tribe.plan.line", self.other_connection)
        before = (others.read(), line.read())
        commands = {
            ("tribe.link", "conflict_ids"): [[4, others.id]],
            ("tribe.plan", "line_ids"): [[4, line.id]],
        }
        for (model, name), value in commands.items():
            self.env["ir.default"].with_user(self.manager).create(
                {
                    "field_id": self.env["ir.model.fields"]._get(model, name).id,
                    "user_id": self.manager.id,
                    "json_value": json.dumps(value),
                }
            )
        self.link.unlink()

        self.ours("tribe.suggestion").with_user(self.manager).action_link()
        self.connection.state = "connected"
        self.connection.with_user(self.manager).action_plan()

        self.assertEqual((others.read(), line.read()), before)
        self.assertNotIn(line, self.ours("tribe.plan").line_ids)

    def test_a_problem_is_not_forged(self):
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        self.env["tribe.work"].search([]).unlink()
        self.enter(self.user, "tribe.work", ("error", "error_class", "record_name", "tries"))

        self.partner.with_user(self.user).action_synchronize_with_tribe()

        work = self.env["tribe.work"].search([("kind", "=", "partner")])
        self.assertTrue(work)
        self.assertFalse(any(work.mapped(lambda each: each.error or each.error_class)))
        self.assertFalse(any(work.mapped(lambda each: each.record_name or each.tries)))

    def test_what_is_logged_on_a_connection_has_nobodys(self):
        """Who Is Told is chosen by people, and takes an activity away that nobody needs then."""
        connection = self.connection
        connection.responsible_id = self.manager
        work = self.env["tribe.work"]._add(connection, "inbound", "person", ["relation"], "poll")
        work.write({"error_class": "person", "error": "Oei"})
        connection._tell_trouble()
        self.assertTrue(connection._trouble_activities())
        child = {"model": connection._name, "res_id": connection.id, "body": FORGED}
        self.env["ir.default"].with_user(self.manager).create(
            {
                "field_id": self.env["ir.model.fields"]._get("mail.message", "child_ids").id,
                "user_id": self.manager.id,
                "json_value": json.dumps([[0, 0, {**child, "child_ids": [[5]]}]]),
            }
        )
        self.env.registry.clear_cache()
        before = connection.message_ids

        connection.with_user(self.manager).with_context({}).write(
            {"attention_threshold": 99999, "responsible_id": False}
        )

        self.env.invalidate_all()
        self.assertFalse(connection._trouble_activities())
        logged = connection.message_ids - before
        self.assertEqual(len(logged), 1)
        self.assertFalse(logged.child_ids)
        self.assertNotIn(FORGED, logged.body)

    def test_secrets_are_for_system_administrators(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        self.enter(self.manager, "tribe.credential")

        connection = connections.create({"name": "Own"})

        credential = connection.sudo()._credential()
        self.assertEqual([credential[name] for name in SECRETS], [False] * 3)
        self.assertEqual(credential.scope, "read write")
        self.assertNotEqual(credential.webhook_token, FORGED)
        for name in SECRETS:
            with self.subTest(name), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.enter(self.manager, "tribe.connection", (name,))
                connections.create({"name": "Another"})

    def test_what_a_user_makes_has_their_own(self):
        """Of what people enter themselves, default values are theirs, as everywhere in Odoo."""
        self.enter(self.manager, "tribe.connection", ("nightly_hour",))

        own = self.env["tribe.connection"].with_user(self.manager).create({"name": "Own"})

        self.assertEqual(own.nightly_hour, 7)
        self.assertNotEqual(create_connection(self.env).nightly_hour, 7)

    def test_the_lanes_have_nobodys(self):
        """What they make of Odoo's own models has default values as Odoo fills them in: of the
        user of the scheduled action, whom only a system administrator chooses.
        """
        crons = self.env["ir.cron"].search([("model_id.model", "=", "tribe.engine")])
        self.assertEqual(len(crons), 4)
        self.assertEqual(crons.user_id, self.env.ref("base.user_root"))
        for user in self.enterers():
            with self.assertRaises(AccessError):
                crons.with_user(user).write({"user_id": user.id})
