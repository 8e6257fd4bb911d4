from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from .common import create_connection


class RolesCase(TransactionCase):
    """One record of each of our models, in one company, and a user of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Met Tribe"})
        cls.other_company = cls.env["res.company"].create({"name": "Zonder Tribe"})
        cls.connection = create_connection(cls.env, company_id=cls.company.id)
        of_connection = {"connection_id": cls.connection.id}
        cls.partner = cls.env["res.partner"].create(
            {"name": "Klant B.V.", "is_company": True, "debtor_number": "D-1", "customer_rank": 1}
        )
        cls.entity = cls.env["tribe.legal.entity"].create(
            {**of_connection, "tribe_id": "entity", "name": "Wij", "company_id": cls.company.id}
        )
        of_entity = {"legal_entity_id": cls.entity.id, "name": "Een", "code": "1"}
        cls.env["tribe.vat.group"].create({**of_entity, "tribe_id": "vat"})
        cls.env["tribe.ledger.account"].create({**of_entity, "tribe_id": "ledger"})
        cls.env["tribe.phase"].create({**of_connection, "tribe_id": "phase", "name": "Sent"})
        cls.link = cls.env["tribe.link"].create(
            {
                **of_connection,
                "kind": "organization",
                "tribe_id": "relation",
                "partner_id": cls.partner.id,
            }
        )
        cls.env["tribe.run"].create(
            {
                **of_connection,
                "direction": "inbound",
                "line_ids": [
                    Command.create({"action": "link", "partner_id": cls.partner.id, "name": "x"})
                ],
            }
        )
        cls.env["tribe.check"].create({**of_connection, "state": "ok", "name": "Signed in"})
        cls.env["tribe.invoice.field"].create({**of_connection, "meaning": "date"})
        cls.env["tribe.work"]._add(cls.connection, "inbound", "person", ["relation"], "poll")
        cls.env["tribe.plan"].create(
            {
                **of_connection,
                "scope": "changes",
                "line_ids": [Command.create({"partner_id": cls.partner.id})],
            }
        )
        cls.env["tribe.suggestion"].create(
            {
                **of_connection,
                "partner_id": cls.partner.id,
                "kind": "organization",
                "tribe_id": "other relation",
                "basis": "email",
            }
        )
        cls.env["tribe.conflict"].create({"link_id": cls.link.id, "field_name": "phone"})
        cls.env["tribe.cursor"]._move(cls.connection, "organization", "2026-01-01")
        cls.user = cls.new_user("tribe_user", "tribe_connector.group_user")
        cls.manager = cls.new_user("tribe_manager", "tribe_connector.group_manager")
        cls.outsider = cls.new_user("no_tribe", "base.group_user")
        cls.elsewhere = cls.new_user(
            "elsewhere", "tribe_connector.group_manager,base.group_system", cls.other_company
        )
        cls.administrator = cls.new_user("administrator", "base.group_system")
        cls.portal = new_test_user(cls.env, "portal_of_tribe", groups="base.group_portal")
        cls.portal.partner_id.write({"debtor_number": "D-2", "customer_rank": 1})

    @classmethod
    def new_user(cls, login, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def our_models(self):
        """The names of all models with records that this addon brings."""
        return sorted(
            name
            for name, model in self.env.registry.items()
            if model._original_module == "tribe_connector" and not model._abstract
        )

    def ours(self, model):
        """The records of a model that belong to the connection, with all rights."""
        paths = {
            "tribe.connection": "id",
            "tribe.vat.group": "legal_entity_id.connection_id",
            "tribe.ledger.account": "legal_entity_id.connection_id",
            "tribe.plan.line": "plan_id.connection_id",
            "tribe.run.line": "run_id.connection_id",
        }
        path = paths.get(model, "connection_id")
        records = self.env[model].search([(path, "=", self.connection.id)])
        self.assertTrue(records, model)
        return records

    def found(self, model, user):
        """What of that a user finds and reads."""
        records = self.env[model].with_user(user).search([("id", "in", self.ours(model).ids)])
        return records.read(["display_name"])
