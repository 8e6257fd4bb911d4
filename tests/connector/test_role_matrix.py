"""Who may do what, compared with the table that people read (docs/security.md)."""

from pathlib import Path

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.tribe_connector.tests.roles_case import RolesCase

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
OPERATIONS = {"R": "read", "W": "write", "C": "create", "D": "unlink"}
NOTHING = "–"


def documented():
    """The table of the document: ``{model: {role: letters}}``."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    start = next(index for index, row in enumerate(rows) if row[0] == "Model")
    roles = rows[start][1:]
    table = {}
    for model, *cells in rows[start + 2 :]:
        if not model.startswith("tribe."):
            break
        table[model] = dict(zip(roles, cells, strict=True))
    return table


@tagged("post_install", "-at_install")
class TestRoleMatrix(RolesCase):
    """The table in the document is what Odoo does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roles = {
            "No group": cls.outsider,
            "User": cls.user,
            "Administrator": cls.manager,
            "Administrator elsewhere": cls.elsewhere,
            "System": cls.administrator,
            "Portal": cls.portal,
            "Public": cls.env.ref("base.public_user"),
        }

    def secret_fields(self, model):
        """The fields of a model that hold, or take in, a secret."""
        of_forms = {"tribe.connection": ["client_secret", "webhook_secret"]}
        hidden = [name for name, field in self.env[model]._fields.items() if field.groups == "."]
        return of_forms.get(model, []) + hidden

    def allowed(self, model, user, connection=None):
        """What a user may do with the records of a connection, in the letters of the table."""
        records = self.ours(model, connection).with_user(user)
        letters = [
            letter for letter, operation in OPERATIONS.items() if records.has_access(operation)
        ]
        if any(self.enters(records[:1], name) for name in self.secret_fields(model)):
            letters.append("S")
        return "".join(letters) or NOTHING

    def enters(self, record, name):
        try:
            with self.env.cr.savepoint():
                record.write({name: "entered"})
        except AccessError:
            return False
        return True

    def test_the_table_is_what_odoo_does(self):
        actual = {
            model: {role: self.allowed(model, user) for role, user in self.roles.items()}
            for model in self.our_models()
        }

        self.assertEqual(actual, documented())

    def test_it_is_the_same_for_a_legal_entity_without_a_company(self):
        """Not everybody's: it is mapped where its connection is."""
        self.entity.company_id = False
        self.env["tribe.work"].search([]).company_id = False
        self.env.flush_all()
        self.env.invalidate_all()

        self.test_the_table_is_what_odoo_does()

    def test_it_is_the_same_the_other_way_round(self):
        """Administrator elsewhere has connections too, and is there what others are here."""
        table = documented()
        # One of its legal entities is of the first company, where its books are kept.
        kept = {f"tribe.{name}" for name in ("legal.entity", "vat.group", "ledger.account")}
        kept |= {f"tribe.{name}" for name in ("link", "run.line")}
        for connection in (self.other_connection, self.shared_connection):
            for model in self.models_of_tenants():
                if connection == self.shared_connection and model in kept:
                    continue
                with self.subTest(connection=connection, model=model):
                    self.assertEqual(
                        self.allowed(model, self.elsewhere, connection), table[model]["System"]
                    )
                    for user in (self.user, self.manager, self.administrator):
                        self.assertEqual(self.allowed(model, user, connection), NOTHING)

    def test_books_are_mapped_where_they_are_kept(self):
        """Of two legal entities of one connection each company maps its own."""
        for user, company in (
            (self.manager, self.company),
            (self.elsewhere, self.other_company),
        ):
            for model in ("legal.entity", "vat.group", "ledger.account"):
                records = self.ours(f"tribe.{model}", self.shared_connection).with_user(user)
                seen = records._filtered_access("write")
                with self.subTest(user=user.login, model=model):
                    self.assertEqual(len(records), 2)
                    self.assertEqual(seen.sudo().company_id, company)

    def test_who_works_in_two_companies_sees_the_chosen_one(self):
        both = self.new_user("both", "tribe_connector.group_manager,base.group_system")
        both.company_ids += self.other_company
        alone = {self.company: self.administrator, self.other_company: self.elsewhere}
        for company, user in alone.items():
            for model in self.models_of_tenants():
                with self.subTest(company=company.name, model=model):
                    chosen = self.env[model].with_user(both)
                    chosen = chosen.with_context(allowed_company_ids=company.ids)
                    self.assertEqual(
                        self.of_tests(chosen), self.of_tests(self.env[model].with_user(user))
                    )
        others = self.env["tribe.connection"].with_user(self.elsewhere)
        with self.assertRaises(AccessError):
            others.with_context(allowed_company_ids=self.company.ids).search([])

    def test_a_branch_and_its_company_do_not_see_each_other(self):
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        partner = self.new_partner("D-5")
        connection = self.new_tenant("branch", branch, partner)
        of_branch = self.new_user(
            "branch", "tribe_connector.group_manager,base.group_system", branch
        )
        table = documented()
        for model in self.models_of_tenants():
            with self.subTest(model):
                self.assertEqual(self.allowed(model, of_branch, connection), table[model]["System"])
                self.assertEqual(self.allowed(model, of_branch), NOTHING)
                self.assertEqual(self.allowed(model, self.administrator, connection), NOTHING)

    def of_tests(self, model):
        """Which of the records that a user finds are of one of our three tenants."""
        tenants = (self.connection, self.other_connection, self.shared_connection)
        known = {each for one in tenants for each in self.ours(model._name, one).ids}
        return known & set(model.search([]).ids)

    def test_no_field_leads_from_what_is_seen_to_what_is_hidden(self):
        """All that users read of three tenants, and what computed fields make of it."""
        of_first = self.shared_connection.legal_entity_ids.filtered(
            lambda entity: entity.company_id == self.company
        )
        self.env["tribe.check"].create(
            {
                "connection_id": self.shared_connection.id,
                "legal_entity_id": of_first.id,
                "state": "note",
                "name": "Wij, shared first, has another VAT number",
            }
        )
        self.link.tribe_id = "relation first"
        self.partner.tribe_synchronize = True
        self.env.flush_all()
        hidden = {
            self.user: ("relation other", "Wij, other", "Wij, shared'"),
            self.administrator: ("relation other", "Wij, other", "Wij, shared'"),
            self.elsewhere: ("relation first", "Wij, first", "Wij, shared first"),
            self.outsider: ("relation other", "Wij,"),
        }
        read = 0
        for user, texts in hidden.items():
            for name in [*self.our_models(), "res.partner"]:
                self.env.invalidate_all()
                model = self.env[name].with_user(user)
                if model.has_access("read"):
                    told = repr(model.search_read([], self.our_fields(model)))
                    for text in texts:
                        with self.subTest(user=user.login, model=name, text=text):
                            self.assertNotIn(text, told)
                            read += 1
        self.assertGreater(read, 100)

    @staticmethod
    def our_fields(model):
        """The fields of a model that its reader may read; of Odoo's models those of ours."""
        ours = model._original_module == "tribe_connector"
        return [
            name
            for name in model.fields_get(attributes=["type"])
            if ours or "tribe_connector" in model._fields[name]._modules
        ]

    def test_counts_are_of_what_is_seen(self):
        """The dashboard of a connection, to two users of one company and to nobody else."""
        names = ("suggestion_count", "conflict_count", "relation_count", "waiting_count")
        # The contacts of the other tenants are of all companies, so each was noted for all.
        self.env["tribe.work"].search([("direction", "=", "outbound")]).unlink()
        self.env.invalidate_all()
        for connection, user in (
            (self.connection, self.user),
            (self.other_connection, self.elsewhere),
        ):
            (row,) = connection.with_user(user).read(names)
            self.assertEqual([row[name] for name in names], [1, 1, 1, 1])
        with self.assertRaises(AccessError):
            self.other_connection.with_user(self.user).read(names)
        (plan,) = self.ours("tribe.plan").with_user(self.user).read(["total_count"])
        self.assertEqual(plan["total_count"], 1)

    def test_the_relation_of_a_shared_contact_is_told_where_its_link_is_seen(self):
        contact = self.ours("tribe.link", self.other_connection).partner_id
        here = contact.with_user(self.outsider)
        # That it was saved waits here as well, as it is of all companies.
        self.env["tribe.work"].search([("direction", "=", "outbound")]).unlink()
        self.env.invalidate_all()
        self.assertFalse(here.tribe_id)
        self.assertFalse(here.tribe_url)
        self.assertNotIn(contact.id, here.search([("tribe_id", "!=", False)]).ids)
        self.assertNotIn(contact.id, here.search([("tribe_id", "=like", "relation%")]).ids)
        self.assertIn(contact.id, here.search([("tribe_id", "=", False)]).ids)
        self.assertFalse(contact.with_user(self.user).tribe_state)
        found = contact.with_user(self.user).search([("tribe_state", "!=", False)])
        self.assertNotIn(contact, found)
        self.assertEqual(found & self.partner, self.partner)

        there = contact.with_user(self.elsewhere)
        self.assertEqual(there.tribe_id, "relation other")
        self.assertEqual(there.tribe_state, "waiting")
        self.assertIn(contact.id, there.search([("tribe_id", "=", "relation other")]).ids)
        self.assertIn(contact.id, there.search([("tribe_id", "!=", False)]).ids)
        self.assertEqual(there.sudo().tribe_id, "relation other")

    def test_nobody_posts_on_a_connection_that_they_may_not_change(self):
        for user in (self.user, self.elsewhere, self.outsider, self.portal):
            connection = self.connection.with_user(user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                connection.message_post(body="Hello")
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["ir.attachment"].with_user(user).create(
                    {
                        "name": "x",
                        "raw": b"x",
                        "res_model": connection._name,
                        "res_id": connection.id,
                    }
                )
        for user in (self.elsewhere, self.outsider, self.portal):
            message = self.connection._message_log(body="Said to colleagues")
            with self.subTest(user.login), self.assertRaises(AccessError):
                message.with_user(user).read(["body"])
            self.assertFalse(self.connection.with_user(user).message_subscribe(user.partner_id.ids))
            self.assertNotIn(user.partner_id, self.connection.sudo().message_partner_ids)
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.connection.with_user(user).activity_schedule(
                    "mail.mail_activity_data_todo", user_id=user.id
                )
        self.assertTrue(self.connection.with_user(self.manager).message_post(body="Hello"))

    def test_nobody_reads_a_secret_back(self):
        values = {"client_secret": "a-secret", "webhook_secret": "a-secret"}
        self.connection.write(values)
        self.connection._credential().write({"access_token": "a-secret"})
        self.env.flush_all()
        self.env.invalidate_all()
        tried = 0
        for model in self.models_of_tenants():
            for role, user in self.roles.items():
                for name in self.secret_fields(model):
                    with self.subTest(model=model, role=role, name=name):
                        self.assertFalse(self.read_as(user, model, name))
                        tried += 1
        self.assertGreaterEqual(tried, 6 * len(self.roles))

    def read_as(self, user, model, name):
        try:
            return self.ours(model).with_user(user).read([name])[0][name]
        except AccessError:
            return None

    def test_our_fields_of_contacts_and_invoices_are_for_employees(self):
        checked = 0
        for model in ("res.partner", "account.move"):
            for name, field in self.env[model]._fields.items():
                if field._modules == ("tribe_connector",):
                    groups = ("base.group_user", "tribe_connector.group_user", fields.NO_ACCESS)
                    self.assertIn(field.groups, groups, name)
                    checked += 1
        self.assertGreaterEqual(checked, 9)

    def test_every_secret_column_is_hidden_from_everybody(self):
        harmless = {"id", "connection_id", "scope", "client_id", "token_expires_at"}
        harmless |= {"create_uid", "create_date", "write_uid", "write_date"}
        for name, field in self.env["tribe.credential"]._fields.items():
            if field.store and name not in harmless:
                self.assertEqual(field.groups, ".", name)
                self.assertFalse(field.copy, name)
