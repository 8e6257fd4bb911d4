from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from .common import create_connection

# The same for all: they say nothing of any company.
OF_NO_CONNECTION = ("tribe.message",)


class RolesCase(TransactionCase):
    """Two companies and three tenants, with a record of each of our models, and users of each kind.

    The first company has ``connection``, the other one ``other_connection`` and
    ``shared_connection``, which has a legal entity in each of the two.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Met Tribe"})
        cls.other_company = cls.env["res.company"].create({"name": "Met een ander Tribe"})
        cls.partner = cls.new_partner("D-1")
        cls.connection = cls.new_tenant("first", cls.company, cls.partner)
        cls.entity = cls.connection.legal_entity_ids
        cls.link = cls.env["tribe.link"].search([("connection_id", "=", cls.connection.id)])
        cls.other_connection = cls.new_tenant("other", cls.other_company, cls.new_partner("D-3"))
        cls.shared_connection = cls.new_tenant("shared", cls.other_company, cls.new_partner("D-4"))
        cls.new_legal_entity("shared first", cls.shared_connection, cls.company)
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
    def new_partner(cls, number):
        """A customer of all companies."""
        return cls.env["res.partner"].create(
            {
                "name": f"Klant {number}",
                "is_company": True,
                "debtor_number": number,
                "customer_rank": 1,
            }
        )

    @classmethod
    def new_legal_entity(cls, name, connection, company):
        """A legal entity with its mapping."""
        entity = cls.env["tribe.legal.entity"].create(
            {
                "connection_id": connection.id,
                "tribe_id": f"entity {name}",
                "name": f"Wij, {name}",
                "company_id": company.id,
            }
        )
        of_entity = {"legal_entity_id": entity.id, "name": "Een", "code": "1"}
        cls.env["tribe.vat.group"].create({**of_entity, "tribe_id": f"vat {name}"})
        cls.env["tribe.ledger.account"].create({**of_entity, "tribe_id": f"ledger {name}"})
        return entity

    @classmethod
    def new_tenant(cls, name, company, partner):
        """A connection with a record of each of our models; ``partner`` is linked by it."""
        # One runs alone, so that contacts of all companies are its own.
        state = "active" if name == "first" else "connected"
        connection = create_connection(cls.env, company_id=company.id, state=state)
        cls.new_legal_entity(name, connection, company)
        of_connection = {"connection_id": connection.id}
        cls.env["tribe.phase"].create({**of_connection, "tribe_id": "phase", "name": "Sent"})
        # The first one's is what the tests speak of.
        relation = "relation" if name == "first" else f"relation {name}"
        link = cls.env["tribe.link"].create(
            {
                **of_connection,
                "kind": "organization",
                "tribe_id": relation,
                "partner_id": partner.id,
            }
        )
        cls.new_records(name, connection, partner, relation)
        cls.env["tribe.conflict"].create({"link_id": link.id, "field_name": "phone"})
        cls.env["tribe.cursor"]._move(connection, "organization", "2026-01-01")
        cls.env["tribe.sighting"].create({**of_connection, "tribe_id": f"invoice {name}"})
        return connection

    @classmethod
    def new_records(cls, name, connection, partner, relation):
        """What a connection did with a contact that is linked with a relation, and has to do."""
        of_connection = {"connection_id": connection.id}
        cls.env["tribe.run"].create(
            {
                **of_connection,
                "direction": "inbound",
                "line_ids": [
                    Command.create({"action": "link", "partner_id": partner.id, "name": "x"})
                ],
            }
        )
        cls.env["tribe.check"].create({**of_connection, "state": "ok", "name": "Signed in"})
        cls.env["tribe.reading"].create(
            {**of_connection, "code": "page_size", "how": "reading", "value": "100"}
        )
        cls.env["tribe.invoice.field"].create({**of_connection, "meaning": "date"})
        cls.env["tribe.work"]._add(connection, "inbound", "person", [relation], "poll")
        cls.env["tribe.plan"].create(
            {
                **of_connection,
                "scope": "changes",
                "line_ids": [Command.create({"partner_id": partner.id})],
            }
        )
        cls.env["tribe.suggestion"].create(
            {
                **of_connection,
                "partner_id": partner.id,
                "kind": "organization",
                "tribe_id": f"other relation {name}",
                "basis": "email",
            }
        )

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

    def models_of_tenants(self):
        """Those whose records belong to a connection."""
        return [model for model in self.our_models() if model not in OF_NO_CONNECTION]

    def ours(self, model, connection=None):
        """The records of a model that belong to a connection (the first), with all rights."""
        connection = connection or self.connection
        paths = {
            "tribe.connection": "id",
            "tribe.vat.group": "legal_entity_id.connection_id",
            "tribe.ledger.account": "legal_entity_id.connection_id",
            "tribe.plan.line": "plan_id.connection_id",
            "tribe.run.line": "run_id.connection_id",
        }
        if model in OF_NO_CONNECTION:
            return self.env[model].search([])
        path = paths.get(model, "connection_id")
        records = self.env[model].search([(path, "=", connection.id)])
        self.assertTrue(records, model)
        return records

    def found(self, model, user):
        """What of that a user finds and reads."""
        records = self.env[model].with_user(user).search([("id", "in", self.ours(model).ids)])
        return records.read(["display_name"])
