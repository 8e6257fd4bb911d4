"""Who may do what, compared with the table that people read (docs/security.md)."""

from pathlib import Path

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

    def allowed(self, model, user):
        """What a user may do with the records of the connection, in the letters of the table."""
        records = self.ours(model).with_user(user)
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

    def test_nobody_reads_a_secret_back(self):
        values = {"client_secret": "a-secret", "webhook_secret": "a-secret"}
        self.connection.write(values)
        self.connection._credential().write({"access_token": "a-secret"})
        self.env.flush_all()
        self.env.invalidate_all()
        tried = 0
        for model in self.our_models():
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
                    self.assertIn(
                        field.groups, ("base.group_user", "tribe_connector.group_user"), name
                    )
                    checked += 1
        self.assertGreaterEqual(checked, 9)

    def test_every_secret_column_is_hidden_from_everybody(self):
        harmless = {"id", "connection_id", "scope", "client_id", "token_expires_at"}
        harmless |= {"create_uid", "create_date", "write_uid", "write_date"}
        for name, field in self.env["tribe.credential"]._fields.items():
            if field.store and name not in harmless:
                self.assertEqual(field.groups, ".", name)
                self.assertFalse(field.copy, name)
