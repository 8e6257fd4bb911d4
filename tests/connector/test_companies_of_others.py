"""What an administrator of the app writes never leads into a company of others."""

from copy import deepcopy
from unittest.mock import patch
from uuid import uuid4

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.tribe_connector.models.tribe_connection import NOT_NEGATIVE, POSITIVE
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

    # What an onchange tells of records that are only pretended

    def told(self, user, model, values, specification, **context):
        """What the web client is answered; nothing where it is refused."""
        records = self.env[model].with_user(user).with_context(**context)
        self.env.flush_all()
        self.env.invalidate_all()
        try:
            return str(records.onchange(deepcopy(values), [], specification)["value"])
        except AccessError:
            return ""

    def test_a_link_that_is_pretended_tells_nothing_of_another_company(self):
        user = self.new_user(
            "of_the_other",
            "tribe_connector.group_user,base.group_partner_manager,account.group_account_invoice",
            self.other_company,
        )
        secret = self.env["res.partner"].create(
            {"name": "GEHEIM", "company_id": self.company.id, "is_company": True}
        )
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": self.company.id,
                "partner_id": secret.id,
                "name": "GEHEIM 1",
            }
        )
        self.connection.web_address = "https://geheim.example"
        self.link.write({"partner_id": secret.id, "tribe_id": "GEHEIM", "difference": "GEHEIM"})
        link = self.env["tribe.link"].create(
            {
                "connection_id": self.connection.id,
                "kind": "invoice",
                "move_id": move.id,
                "tribe_id": "GEHEIM 2",
            }
        )
        conflict = self.ours("tribe.conflict")
        conflict.write({"warned_of": self.env.user.ids, "tribe_value": "GEHEIM"})
        shown = {
            "display_name": {},
            "tribe_url": {},
            "difference_shown": {},
            "company_id": {"fields": {"display_name": {}}},
            "conflict_ids": {"fields": {"warning": {}, "tribe_url": {}}},
        }
        of_the_record = {"tribe_link_ids": {}, "tribe_id": {}, "tribe_url": {}}
        of_a_link = {"tribe_link_ids": {"fields": shown}, "tribe_id": {}, "tribe_url": {}}
        pretended = (
            [0, "v", {"kind": "invoice", "state": "differs", "move_id": move.id}],
            [0, "v", {"connection_id": self.connection.id, "tribe_id": "x"}],
            [0, "v", {"partner_id": secret.id}],
            [0, "v", {"conflict_ids": [[0, "w", {"warned_of": self.manager.ids}]]}],
            [0, "v", {"conflict_ids": [[4, conflict.id, 0]]}],
            [4, self.link.id, 0],
            [4, link.id, 0],
            [1, link.id, {"state": "differs"}],
            [6, 0, (self.link + link).ids],
        )
        invoices = {"invoice_ids": [[4, move.id, 0]]}
        of_invoices = {"invoice_ids": {"fields": {"tribe_id": {}, "tribe_url": {}}}}
        hidden = ("GEHEIM", "geheim", self.company.name, "tribe_manager", self.env.user.login)
        for command in pretended:
            child = {"child_ids": [[0, "u", {"tribe_link_ids": [command]}]]}
            for model, values, asked in (
                ("res.partner", {"tribe_link_ids": [command]}, of_a_link),
                ("res.partner", {"tribe_link_ids": [command]}, of_the_record),
                ("res.partner", child, {"child_ids": {"fields": of_a_link}}),
                ("account.move", {"tribe_link_ids": [command]}, of_a_link),
                ("account.move", {"tribe_link_ids": [command]}, of_the_record),
                ("res.partner", invoices, of_invoices),
                (
                    "res.partner",
                    {"child_ids": [[0, "u", invoices]]},
                    {"child_ids": {"fields": of_invoices}},
                ),
            ):
                with self.subTest(model=model, values=values, asked=tuple(asked)):
                    told = self.told(user, model, values, asked, default_move_type="out_invoice")
                    self.assertFalse([word for word in hidden if word in told], told)

    def test_what_is_pretended_of_a_record_tells_nothing_of_another_company(self):
        self.company.name = "GEHEIM B.V."
        self.connection.name = "GEHEIM"
        secret = self.env["res.partner"].create(
            {"name": "GEHEIM", "company_id": self.company.id, "is_company": True}
        )
        self.link.partner_id = secret
        user = self.new_user(
            "pretends",
            "tribe_connector.group_manager,base.group_system,base.group_partner_manager,"
            "account.group_account_invoice",
            self.other_company,
        )
        hidden = {"res.partner": secret, "tribe.link": self.link}
        for parent in (*self.our_models(), "res.partner", "account.move"):
            for lines, field in self.env[parent]._fields.items():
                if field.type != "one2many" or field.comodel_name not in self.our_models():
                    continue
                for line in self.pretended_of(field.comodel_name, hidden):
                    values, asked = {lines: [[0, "v", line]]}, self.calculated(field.comodel_name)
                    with self.subTest(parent=parent, lines=lines, line=line):
                        specification = {lines: {"fields": asked}}
                        self.assertNotIn("GEHEIM", self.told(user, parent, values, specification))
        for line in self.pretended_of("tribe.conflict", hidden):
            values = {"tribe_link_ids": [[0, "v", {"conflict_ids": [[0, "w", line]]}]]}
            asked = {"conflict_ids": {"fields": self.calculated("tribe.conflict")}}
            specification = {"tribe_link_ids": {"fields": asked}}
            with self.subTest(line=line):
                self.assertNotIn("GEHEIM", self.told(user, "res.partner", values, specification))

    def pretended_of(self, model, hidden):
        """Values of a record of a model, each of which leads to something of another company."""
        for name, field in self.env[model]._fields.items():
            comodel = field.comodel_name
            if field.type == "many2one" and not field.compute:
                record = hidden.get(comodel)
                if not record and comodel in self.models_of_tenants():
                    record = self.ours(comodel)[:1]
                if record:
                    yield {name: record.id}

    def calculated(self, model):
        """What is asked of a model: all that is calculated, with the names of records."""
        return {
            name: {"fields": {"display_name": {}}} if field.relational else {}
            for name, field in self.env[model]._fields.items()
            if field.compute and not field.groups
        }

    def test_what_is_pretended_of_ones_own_is_told(self):
        entity = self.ours("tribe.legal.entity")[:1]
        entity.company_id = self.company
        other = self.new_user("other", "tribe_connector.group_manager", self.other_company)
        for user, company in ((self.manager, self.company), (other, False)):
            groups = self.env["tribe.vat.group"].with_user(user)
            with self.subTest(user.login):
                group = groups.new({"legal_entity_id": entity.id})
                self.assertEqual(
                    (group.company_id or False, group.is_booked), (company, bool(company))
                )

    def test_a_company_that_is_pretended_tells_none_of_its_numbers(self):
        shared = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        shared.copy({"company_id": self.company.id, "number_next": 98765})
        values = {"company_id": self.company.id}
        asked = {"next_debtor_number": {}}
        manager = self.new_user(
            "manager_of_the_other", "tribe_connector.group_manager", self.other_company
        )

        self.assertNotIn("98765", self.told(manager, "tribe.connection", values, asked))
        own = self.other_connection.with_user(manager).onchange(values, ["company_id"], asked)
        self.assertNotIn("98765", str(own))
        self.assertIn("98765", self.told(self.manager, "tribe.connection", values, asked))

    # What others go by

    def test_nobody_ends_what_a_company_of_others_goes_by(self):
        other_manager = self.new_user(
            "ends_it", "tribe_connector.group_manager", self.other_company
        )
        both = self.new_user("works_in_both", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        shared = self.shared_connection
        of_an_invoice = self.other_connection
        move = self.env["account.move"].with_company(self.company).create({"move_type": "entry"})
        # As if it had been booked.
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET state = 'posted' WHERE id = %s", move.ids)
        self.env.invalidate_all()
        self.assertEqual(move.company_id, self.company)
        self.ours("tribe.link", of_an_invoice).copy(
            {"kind": "invoice", "tribe_id": "booked", "move_id": move.id, "partner_id": False}
        )
        (shared | of_an_invoice).state = "active"
        for connection in (shared, of_an_invoice):
            ending = connection.with_user(other_manager)
            self.refused(ending.unlink, "delete")
            # What Odoo's own uninstall says; a program may say it too.
            self.refused(ending.with_context(_force_unlink=True).unlink, "delete")
            self.refused(ending.action_deactivate, "deactivate")
            self.assertEqual(connection.state, "active")
            self.assertTrue(self.ours("tribe.link", connection))
            ending.action_pause()
            ending.action_resume()
            connection.with_user(both).action_deactivate()
            self.assertEqual(connection.state, "connected")
            self.without_webhooks(connection).with_user(both).unlink()
            self.assertFalse(connection.exists())

    def without_webhooks(self, connection):
        """A connection that was deactivated, once a lane has removed its webhooks."""
        waiting = [("connection_id", "=", connection.id), ("kind", "=", "deactivate")]
        self.env["tribe.work"].search(waiting).unlink()
        return connection

    def test_a_contact_that_others_take_for_their_own_takes_the_connection_from_nobody(self):
        """Whoever may write a contact of all companies may give it a company of theirs."""
        above = self.env["res.company"].create({"name": "Boven"})
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": above.id})
        of_branch = self.new_tenant("branch", branch, self.new_partner("D-5"))
        for connection, theirs in ((self.other_connection, self.company), (of_branch, above)):
            own = self.new_user(theirs.name, "tribe_connector.group_manager", connection.company_id)
            groups = "base.group_user,base.group_partner_manager"
            taking = self.new_user(f"in {theirs.name}", groups, theirs)
            connection.state = "active"
            partner = self.ours("tribe.link", connection).partner_id
            partner.with_user(taking).company_id = theirs
            with self.subTest(theirs.name):
                self.assertEqual(self.ours("tribe.link", connection).company_id, theirs)
                says = connection.with_user(own)
                says.write({"paid_when": "paid", "conflict_policy": "tribe", "mode": "off"})
                says.phase_ids.is_booked = True
                says.action_deactivate()
                says.active = False
                self.assertEqual(connection.state, "connected")

    def test_who_does_not_work_in_all_companies_leads_no_invoices_elsewhere(self):
        other_manager = self.new_user(
            "leads_them", "tribe_connector.group_manager", self.other_company
        )
        shared = self.shared_connection
        field = self.ours("tribe.invoice.field", shared)
        self.refused(lambda: field.with_user(other_manager).write({"name": False}), "lead")
        both = self.new_user("works_in_all", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        field.with_user(both).write({"name": False})
        self.assertFalse(field.name)

    def test_nor_says_what_all_companies_go_by(self):
        other_manager = self.new_user("says", "tribe_connector.group_manager", self.other_company)
        both = self.new_user("says_for_all", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        third = self.env["res.company"].create({"name": "Derde"})
        for user in (other_manager, both):
            user.company_ids += third
        shared = self.shared_connection
        # A date of which nobody is asked in Tribe.
        shared.state = "connected"
        for name, value in (
            ("invoices_from", "2020-01-01"),
            ("invoices_from", False),
            ("match_products", True),
            ("fetch_documents", False),
            ("paid_when", "paid"),
            ("tell_unpaid", True),
            ("conflict_policy", "tribe"),
            ("number_source", "ref"),
            ("missing_percent", 100),
            ("keep_runs_days", 1),
            ("keep_problems_days", 1),
            ("mode", "off"),
            ("active", False),
            ("active", True),
            *((name, 77) for name in (*POSITIVE, *NOT_NEGATIVE) if name != "answer_seconds"),
            ("answer_seconds", 7),
            ("company_id", third.id),
        ):
            before = shared._fields[name].convert_to_write(shared[name], shared)
            says = shared.with_user(other_manager)
            self.refused(lambda vals={name: value}, says=says: says.write(vals), name)
            self.assertEqual(shared._fields[name].convert_to_write(shared[name], shared), before)
            # A form may send along what was not touched.
            says.write({name: before, "nightly_hour": 3})
            shared.with_user(both).write({name: value})
            now = shared._fields[name].convert_to_write(shared[name], shared)
            self.assertNotEqual(now, before)
        self.connection.with_user(self.manager).write({"invoices_from": "2020-01-01"})

    def test_nor_is_told_how_many_invoices_it_concerns(self):
        other_manager = self.new_user("counts", "tribe_connector.group_manager", self.other_company)
        both = self.new_user("counts_all", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        self.shared_connection.state = "active"
        counts = patch.object(
            self.registry["tribe.connection"], "_count_concerned", lambda *_args: 12345
        )
        for user, is_told in ((other_manager, False), (both, True)):
            connection = self.shared_connection.with_user(user)
            vals = {"invoices_from": "2020-01-01"}
            with self.subTest(user.login), counts:
                found = connection.onchange(vals, ["invoices_from"], {"invoices_from": {}})
                self.assertEqual(bool(found.get("warning")), is_told)

    def test_a_merged_contact_is_told_where_it_is_seen(self):
        private = self.new_partner("D-6")
        private.company_id = self.company
        link = self.ours("tribe.link", self.shared_connection)
        link.write({"partner_id": False, "merged_into_id": private.id})
        self.assertEqual(link.company_id, self.company)

    def test_what_only_waits_or_may_be_another_companys_invoice_is_ignored_by_nobody(self):
        both = self.new_user("all_of_them", "tribe_connector.group_manager")
        both.company_ids += self.other_company
        alone = self.new_user("there_alone", "tribe_connector.group_manager", self.other_company)
        facts = {"number": "2026-1"}
        for error_class, is_read, ignoring in (
            ("again", False, ()),
            ("again", True, ()),
            ("person", False, (both,)),
            ("person", True, (both, alone)),
        ):
            work = self.env["tribe.work"]._add(
                self.shared_connection, "inbound", "invoice", [str(uuid4())], "webhook"
            )
            work.write({"error_class": error_class, "facts": is_read and facts, "error": "Oei"})
            for user in (both, alone):
                with self.subTest(error_class, is_read=is_read, user=user.login):
                    self.assertEqual(work.with_user(user).can_ignore, user in ignoring)
            if alone not in ignoring:
                work.with_user(alone).action_ignore()
                self.assertTrue(work.exists())

    def test_waiting_work_tells_no_contact_that_is_another_companys_now(self):
        contact = self.new_partner("D-7")
        contact.company_id = self.company
        work = self.env["tribe.work"]._add(
            self.shared_connection, "outbound", "partner", contact.ids, "save"
        )
        self.assertEqual(work.with_user(self.manager).partner_id, contact)
        contact.company_id = self.other_company
        self.env.invalidate_all()
        self.assertFalse(work.with_user(self.manager).partner_id)

    def test_nobody_runs_what_is_scheduled_as_themselves(self):
        """Odoo lets everybody run the code of a scheduled action that they know the number of."""
        engine = self.registry["tribe.engine"]
        for name in ("cron_inbound_1", "cron_inbound_2", "cron_outbound", "cron_schedule"):
            action = self.env.ref(f"tribe_connector.{name}").ir_actions_server_id
            for user in (self.outsider, self.user, self.manager, self.portal):
                with (
                    self.subTest(name, user=user.login),
                    patch.object(engine, "_commit", side_effect=AssertionError("it was begun")),
                    self.assertRaises(AccessError),
                ):
                    action.with_user(user).run()

    def test_who_works_there_alone_ends_it(self):
        connection = self.connection.with_user(self.manager)
        connection.action_deactivate()
        connection = self.without_webhooks(connection)
        linked = self.env["tribe.link"].search([("connection_id", "=", connection.id)]).partner_id
        linked.company_id = False
        self.refused(connection.unlink, "contacts that another connection could send")

        # Nor of one with whose contacts another connection works.
        linked.company_id = self.company
        self.refused(connection.unlink, "contacts of a company that another connection has too")

        self.manager.company_ids = self.env["res.company"].search([])
        self.assertTrue(connection.unlink())

    def test_shared_numbers_are_set_by_system_administrators_alone(self):
        connection = self.connection.with_user(self.manager)
        for name, code in (
            ("next_debtor_number", "tribe.debtor"),
            ("next_creditor_number", "tribe.creditor"),
        ):
            shared = self.env["ir.sequence"].search([("code", "=", code)])
            with self.subTest(name):
                self.refused(lambda n=name: connection.write({n: 4321}), "shared")
                self.refused(
                    lambda n=name: connection.create({"name": "New", n: 4321}), "shared, new one"
                )
                connection.write({name: connection[name]})
                self.connection.with_user(self.administrator).write({name: 4321})
                self.assertEqual(shared.number_next_actual, 4321)

                own = shared.copy({"company_id": self.company.id})
                connection.write({name: 5000})
                self.assertEqual(own.number_next_actual, 5000)
                self.assertEqual(shared.number_next_actual, 4321)
                for wrong in (0, -1, 2**31 - 1):
                    self.refused(lambda n=name, w=wrong: connection.write({n: w}), f"{wrong}")
                self.assertEqual(own.number_next_actual, 5000)

    def loaded(self, records, column, value):
        """Import one value, of a record that is there or of a new one."""
        names, row = ["name", column], ["x", value]
        if records:
            names, row = [".id", column], [str(records.id), value]
        messages = records.browse().load(names, [row])["messages"]
        if messages:
            raise UserError(repr(messages))
