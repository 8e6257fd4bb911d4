"""A secret goes in, and comes out only towards Tribe."""

import logging
import traceback

import psycopg2
from told import assert_only_says

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.tribe_connector.engine.tokens import StoredTokens
from odoo.addons.tribe_connector.tests.roles_case import RolesCase
from odoo.addons.tribe_connector.tribe_api import Token

from .sentence_case import SentenceCase

SECRET = "s3cr3t-of-the-tenant"
HIDDEN = ("client_secret", "access_token", "webhook_token", "webhook_secret")
SQL_LOGGER = "odoo.sql_db"


@tagged("post_install", "-at_install")
class TestSecrets(SentenceCase, RolesCase):
    """Neither reading, searching, grouping, exporting, copying nor logging shows a secret."""

    def setUp(self):
        super().setUp()
        self.credential = self.connection._credential()
        self.credential.write(dict.fromkeys(HIDDEN, SECRET))
        self.env.flush_all()
        self.env.invalidate_all()

    def users(self):
        return (self.outsider, self.user, self.manager, self.administrator, self.portal)

    def assert_no_answer(self, ask):
        """There is no answer: no right, or nothing that can be asked for."""
        try:
            answer = ask()
        except (AccessError, ValueError):
            return
        self.fail(f"The answer was {answer}.")

    def test_searching_does_not_guess_it_letter_by_letter(self):
        for user in self.users():
            for name in HIDDEN:
                credentials = self.env["tribe.credential"].with_user(user)
                connections = self.env["tribe.connection"].with_user(user)
                with self.subTest(user=user.login, name=name):
                    self.assert_no_answer(lambda: credentials.search([(name, "=like", "s%")]))
                    self.assert_no_answer(
                        lambda: connections.search([(f"credential_ids.{name}", "=like", "s%")])
                    )
                    self.assert_no_answer(lambda: credentials.search([], order=name))
            for name in ("client_secret", "webhook_secret"):
                with self.subTest(user=user.login, name=name):
                    self.assert_no_answer(lambda: connections.search([(name, "=like", "s%")]))

    def test_grouping_does_not_show_it(self):
        for user in self.users():
            for name in HIDDEN:
                credentials = self.env["tribe.credential"].with_user(user)
                with self.subTest(user=user.login, name=name):
                    self.assert_no_answer(lambda: credentials.formatted_read_group([], [name]))
                    self.assert_no_answer(
                        lambda: credentials.formatted_read_group([], [], [f"{name}:max"])
                    )

    def test_an_export_does_not_show_it(self):
        connection = self.connection.with_user(self.administrator)
        for name in HIDDEN:
            with self.subTest(name):
                self.assert_no_answer(
                    lambda: self.credential.with_user(self.administrator).export_data([name])
                )
                self.assert_no_answer(lambda: connection.export_data([f"credential_ids/{name}"]))
        exported = connection.export_data(["name", "client_secret", "webhook_secret"])

        self.assertEqual(exported["datas"], [["Tribe CRM", "", ""]])

    def test_saving_a_form_does_not_send_it_back(self):
        connection = self.connection.with_user(self.administrator)
        asked = {name: {} for name in ("name", "client_secret", "webhook_secret")}
        values = {"client_secret": SECRET, "webhook_secret": SECRET}

        self.assertNotIn(SECRET, str(connection.web_save(values, asked)))
        new = self.env["tribe.connection"].with_user(self.administrator)
        self.assertNotIn(SECRET, str(new.web_save({"name": "New", **values}, asked)))

    def test_the_fields_are_not_even_told(self):
        for user in (self.manager, self.administrator):
            told = self.env["tribe.credential"].with_user(user)
            if told.has_access("read"):
                self.assertFalse(set(HIDDEN) & told.fields_get().keys())

    def test_a_copy_has_none(self):
        copied = self.connection.copy()._credential()

        self.assertFalse(copied.client_secret or copied.access_token or copied.webhook_secret)
        self.assertNotEqual(copied.webhook_token, SECRET)
        self.assertNotIn(SECRET, str(self.credential.copy_data()))

    # What PostgreSQL tells of a row that it refuses

    def test_no_constraint_is_explained_with_the_row(self):
        """Of a column that must not be empty, and of a check, it shows all columns."""
        explained = self.env.execute_query(
            SQL(
                """SELECT conname FROM pg_constraint
                    WHERE conrelid = 'tribe_credential'::regclass AND contype NOT IN ('p', 'u', 'f')
                      AND conname != 'tribe_credential_id_not_null'"""
            )
        )
        filled = self.env.execute_query(
            SQL(
                """SELECT attname FROM pg_attribute
                    WHERE attrelid = 'tribe_credential'::regclass
                      AND attnum > 0 AND attnotnull AND attname != 'id'"""
            )
        )

        self.assertEqual((explained, filled), ([], []))

    def test_no_refusal_of_a_connection_tells_the_row(self):
        """Where columns are that nobody reads, such as the uuid of the database."""
        explained = self.env.execute_query(
            SQL(
                """SELECT conname FROM pg_constraint
                    WHERE conrelid = 'tribe_connection'::regclass AND contype = 'c'"""
            )
        )
        self.assertEqual(explained, [])
        connection = self.connection.with_user(self.manager)
        empty = "connection_field_empty"
        for values, code in (
            ({"name": "x" * 201}, "connection_name_too_long"),
            ({"missing_percent": 999}, "missing_at_most_out_of_range"),
            ({"comparison_days": 2**31 - 1}, "missing_at_most_out_of_range"),
            ({"nightly_hour": 24}, "nightly_hour_out_of_range"),
            ({"nightly_hour": -1}, "nightly_hour_out_of_range"),
            ({"calls_per_window": 0}, "limits_not_positive"),
            ({"settle_seconds": -1}, "limits_not_positive"),
            ({"keep_runs_days": 0}, "keep_days_out_of_range"),
            ({"attention_threshold": 0}, "thresholds_out_of_range"),
            ({"unavailable_hours": 2**31 - 1}, "thresholds_out_of_range"),
            ({"company_id": False}, empty),
            ({"company_id": "2"}, empty),
            ({"name": False}, empty),
            ({"mode": False}, empty),
            ({"timezone": False}, empty),
        ):
            for do in (
                lambda values=values: connection.write(values),
                lambda values=values: connection.create({"name": "Tribe CRM", **values}),
                lambda values=values: connection.with_context(
                    **{f"default_{name}": value for name, value in values.items()}
                ).create({} if "name" in values else {"name": "Tribe CRM"}),
            ):
                with (
                    self.subTest(values),
                    self.assert_refused(code, ValidationError) as refused,
                    self.env.cr.savepoint(),
                ):
                    do()
                    self.env.flush_all()
                if code not in (empty, "connection_name_too_long"):
                    assert_only_says(refused.value, "connection_problem", name="Tribe CRM")

    def test_a_portal_user_is_not_told_what_needs_attention(self):
        connection = self.connection.with_user(self.manager)
        with self.assert_refused("responsible_not_internal", ValidationError, name="Tribe CRM"):
            connection.responsible_id = self.portal
        connection.responsible_id = self.user
        connection.responsible_id = False

    def test_nobody_points_it_elsewhere(self):
        other = self.connection.copy()
        credential = self.credential.with_user(self.administrator)
        connection = self.connection.with_user(self.administrator)
        for value in (False, other.id, 10**9):
            self.assert_told_without_secret(lambda: credential.write({"connection_id": value}))
            self.assert_told_without_secret(
                lambda: credential.load([".id", "connection_id/.id"], [[credential.id, value]])
            )
        for command in ((3, credential.id), (2, credential.id), (5,), (4, credential.id)):
            for target in (connection, other.with_user(self.administrator)):
                self.assert_told_without_secret(lambda: target.write({"credential_ids": [command]}))
        self.assert_told_without_secret(lambda: credential.copy())
        self.assert_told_without_secret(lambda: credential.create({"connection_id": other.id}))
        self.assert_told_without_secret(lambda: credential.write({"token_expires_at": 0}))

        self.assertEqual(self.connection._credential(), self.credential)
        self.assertEqual(self.credential.client_secret, SECRET)

    def assert_told_without_secret(self, do):
        """It is refused, or changes nothing; what the client is sent does not have the secret."""
        try:
            with self.env.cr.savepoint():
                told = str(do())
                self.env.flush_all()
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the client
            # As odoo/http.py, serialize_exception.
            told = "".join(traceback.format_exception(error)) + repr(error.args)
            self.assertIsInstance(error, AccessError)
        self.assertNotIn(SECRET, told)
        self.env.invalidate_all()

    def test_a_system_administrator_writes_what_is_asked_for(self):
        for values in ({"scope": "read"}, {"client_id": "another"}):
            self.credential.write({"access_token": SECRET, "refresh_token": SECRET})
            self.credential.with_user(self.administrator).write(values)
            self.env.flush_all()

            with self.subTest(values):
                for name, value in values.items():
                    self.assertEqual(self.credential[name], value)
                self.assertFalse(self.credential.access_token or self.credential.refresh_token)

    def test_what_no_application_has_is_refused_in_a_sentence(self):
        connection = self.connection.with_user(self.administrator)
        for nonsense in ("a\0b", "a\nb", "a\ud800b", "x" * 10_000_000):
            for record, name in (
                (self.credential.with_user(self.administrator), "client_id"),
                (self.credential.with_user(self.administrator), "scope"),
                (connection, "client_id"),
                (connection, "client_secret"),
                (connection, "webhook_secret"),
            ):
                with (
                    self.subTest(f"{record._name}, {name}, {nonsense[:5]!r}"),
                    self.assert_refused(
                        "credential_unusable", ValidationError, name="Tribe CRM"
                    ) as caught,
                    self.env.cr.savepoint(),
                ):
                    record.write({name: nonsense})
                self.assertLess(len(str(caught.value)), 500)

    def test_the_log_of_sql_leaves_it_out(self):
        with self.assertLogs(SQL_LOGGER, logging.DEBUG) as logs:
            self.credential.write({"client_secret": SECRET + "2", "access_token": SECRET})
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(self.credential.client_secret, SECRET + "2")
            with self.enter_registry_test_mode():
                tokens = StoredTokens(self.connection)
                tokens._store(Token(SECRET, 9e9), tokens._read())
            self.env["tribe.connection"].search([("name", "=", "is logged")])
        text = "\n".join(logs.output)

        self.assertIn("is logged", text)
        self.assertIn("not shown", text)
        self.assertNotIn(SECRET, text)

    def test_a_failing_query_does_not_tell_it(self):
        with (
            self.assertLogs(SQL_LOGGER, logging.ERROR) as logs,
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE tribe_credential SET access_token = %s, token_expires_at = 'x'", [SECRET]
            )

        self.assertNotIn(SECRET, "\n".join(logs.output))
