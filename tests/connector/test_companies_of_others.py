"""What an administrator of the app writes never leads into a company of others."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.tribe_connector.tests.roles_case import RolesCase


@tagged("post_install", "-at_install")
class TestCompaniesOfOthers(RolesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # All that anybody could have in accounting; the company is what is missing.
        cls.manager.group_ids += cls.env.ref("account.group_account_manager")
        for company in (cls.company, cls.other_company):
            cls.env["account.chart.template"].try_loading("generic_coa", company=company)
        cls.of = {
            company: {
                "tax_id": cls.first("account.tax", company, ("type_tax_use", "=", "sale")),
                "service_tax_id": cls.first("account.tax", company, ("type_tax_use", "=", "sale")),
                "account_id": cls.first(
                    "account.account", company, ("account_type", "=", "income")
                ),
                "journal_id": cls.first("account.journal", company, ("type", "=", "sale")),
            }
            for company in (cls.company, cls.other_company)
        }
        # What a journal must be for Tribe's numbers has tests of its own.
        cls.env["tribe.legal.entity"].search([]).number_policy = "odoo"
        cls.mapped = {
            "tribe.legal.entity": ("journal_id",),
            "tribe.vat.group": ("tax_id", "service_tax_id", "account_id"),
            "tribe.ledger.account": ("account_id",),
        }

    @classmethod
    def first(cls, model, company, condition):
        field = "company_ids" if model == "account.account" else "company_id"
        return cls.env[model].search([(field, "in", company.ids), condition], limit=1)

    def refused(self, step, message):
        """That something is refused, with a sentence; whatever was done of it is undone."""
        with self.subTest(message), self.assertRaises(UserError):
            step()
            self.env.flush_all()

    def test_own_records_map_to_own_ones(self):
        for model, names in self.mapped.items():
            record = self.ours(model).with_user(self.manager)
            for name in names:
                record.write({name: self.of[self.company][name].id})
                self.assertEqual(record[name].sudo(), self.of[self.company][name])

    def test_a_mapping_takes_nothing_of_another_company(self):
        for model, names in self.mapped.items():
            record = self.ours(model).with_user(self.manager)
            for name in names:
                foreign = self.of[self.other_company][name]
                self.assertTrue(foreign, name)
                self.refused(
                    lambda r=record, n=name, f=foreign: r.write({n: f.id}), f"{model}.{name}"
                )
                self.refused(
                    lambda r=record, n=name, f=foreign: self.loaded(r, f"{n}/.id", str(f.id)),
                    f"{model}.{name}, loaded",
                )

    def test_a_mapping_of_another_company_is_not_written(self):
        for model, names in self.mapped.items():
            record = self.ours(model, self.other_connection).with_user(self.manager)
            for name in names:
                own = self.of[self.company][name]
                self.refused(lambda r=record, n=name, o=own: r.write({n: o.id}), f"{model}.{name}")

    def test_nor_through_the_connection(self):
        foreign = self.ours("tribe.legal.entity", self.other_connection)
        connection = self.connection.with_user(self.manager)
        for command in (
            Command.create({"tribe_id": "x", "name": "x"}),
            Command.update(foreign.id, {"is_booked": False}),
            Command.link(foreign.id),
            Command.delete(foreign.id),
            Command.set(foreign.ids),
        ):
            self.refused(
                lambda c=command: connection.write({"legal_entity_ids": [c]}), f"{command}"
            )
        self.assertEqual(foreign.connection_id, self.other_connection)

    def test_nobody_makes_or_gives_a_connection_to_a_company_of_others(self):
        connections = self.env["tribe.connection"].with_user(self.manager)
        other = self.other_company
        self.refused(lambda: connections.create({"name": "x", "company_id": other.id}), "create")
        self.refused(
            lambda: connections.with_context(default_company_id=other.id).create({"name": "x"}),
            "a default in the context",
        )
        self.refused(
            lambda: self.connection.with_user(self.manager).write({"company_id": other.id}),
            "write",
        )
        self.refused(
            lambda: self.connection.with_user(self.manager).copy({"company_id": other.id}), "copy"
        )
        self.refused(
            lambda: self.loaded(
                self.connection.with_user(self.manager), "company_id/.id", str(other.id)
            ),
            "load",
        )
        self.refused(
            lambda: self.loaded(connections, "company_id/.id", str(other.id)), "load of a new one"
        )
        self.env["ir.default"].set("tribe.connection", "company_id", other.id)
        self.refused(lambda: connections.create({"name": "x"}), "a default of everybody")

    def test_nobody_gives_a_legal_entity_to_a_company_of_others(self):
        entity = self.entity.with_user(self.manager)
        other = self.other_company
        self.refused(lambda: entity.write({"company_id": other.id}), "write")
        self.refused(lambda: self.loaded(entity, "company_id/.id", str(other.id)), "load")
        connection = self.connection.with_user(self.manager)
        values = {"legal_entity_ids": [Command.update(entity.id, {"company_id": other.id})]}
        self.refused(lambda: connection.write(values), "through the connection")
        self.refused(lambda: connection.web_save(values, {}), "by the web client")

    def test_a_company_that_was_not_chosen_counts_as_of_others_when_creating(self):
        both = self.new_user("both_of_them", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        connections = self.env["tribe.connection"].with_user(both)
        here = connections.with_context(allowed_company_ids=self.company.ids)
        other = self.other_company.id
        self.refused(lambda: here.create({"name": "x", "company_id": other}), "not chosen")
        self.assertTrue(
            connections.with_context(allowed_company_ids=[other]).create(
                {"name": "x", "company_id": other}
            )
        )

    def loaded(self, records, column, value):
        """Import one value, of a record that is there or of a new one."""
        names, row = ["name", column], ["x", value]
        if records:
            names, row = [".id", column], [str(records.id), value]
        messages = records.browse().load(names, [row])["messages"]
        if messages:
            raise UserError(repr(messages))
