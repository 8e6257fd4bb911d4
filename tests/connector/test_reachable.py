"""What others can call and reach: the tables of docs/reachable.md, and every call as every role."""

import os
from pathlib import Path

from odoo import Command
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from odoo.addons.tribe_connector.tests.roles_case import RolesCase

from .sentence_case import SentenceCase
from .surface import (
    MODULE,
    OUR_PREFIX,
    fields_of_others,
    fields_with_all_rights,
    places_with_all_rights,
    public_methods,
    routes,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "reachable.md"
# From the one who may least to the one who may most.
ORDER = ("Public", "Portal", "No group", "User", "Administrator", "System")
WHO = {"Employee": "No group", "User": "User", "Administrator": "Administrator", "System": "System"}
# Odoo's own rights are asked for as well: to read invoices, to change contacts.
LACKING = {
    ("account.move", "what they read", "No group"),
    ("account.move", "what they read", "User"),
    ("res.partner", "what they change", "User"),
}
HOSTILE = (None, "", -1, 2**40, [], [None], {}, {"a": 1}, "' OR 1=1 --", [[1, 2]], True, 1.5)


def table_of(title):
    """The rows below a heading of the document, as lists of cells without their quotes."""
    rows, is_wanted = [], False
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("#"):
            is_wanted = line.lstrip("# ") == title
        elif is_wanted and line.startswith("|"):
            rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows[2:]


@tagged("post_install", "-at_install")
class TestTheTables(RolesCase):
    """What is in the document is what is there; a new method, field, address or sudo is red."""

    def compare(self, title, actual):
        """
        :param actual: the rows as they are; the document may have one more cell, written by hand
        """
        actual = [[str(cell) for cell in row] for row in actual]
        rows = table_of(title)
        documented = [row[: len(actual[0])] for row in rows]
        if os.environ.get("TRIBE_SHOW_REACHABLE"):
            print(f"## {title}")
            print("\n".join(f"| {' | '.join(row)} |" for row in actual))
        self.assertEqual(sorted(documented), sorted(actual), f"docs/reachable.md, {title}")
        for row in rows:
            self.assertTrue(all(row), row)

    def test_models(self):
        models = self.env.registry.items()
        ours = {name: model for name, model in models if name.startswith(OUR_PREFIX)}
        self.compare(
            "Models",
            [
                (name, "no records" if model._abstract else "records")
                for name, model in ours.items()
            ],
        )

    def test_methods(self):
        methods = public_methods(self.env.registry)
        self.compare("Methods", [(*key, *value) for key, value in methods.items()])

    def test_fields_that_we_add(self):
        fields = fields_of_others(self.env.registry)
        self.compare("Fields of other models", [(*key, groups) for key, groups in fields.items()])

    def test_addresses(self):
        found = routes()
        self.compare("Addresses", [(path, *row) for path, row in found.items()])

    def test_no_exception_of_odoo_goes_out_by_another_name(self):
        """Odoo's web client knows them by their names, and shows any other as a traceback."""
        found, ours = [UserError, RedirectWarning], []
        for cls in found:
            found += cls.__subclasses__()
            ours += [each for each in cls.__subclasses__() if each.__module__.startswith(MODULE)]
        self.assertFalse(ours)

    def test_places_with_all_rights(self):
        self.compare(
            "Where our code has all rights",
            [
                (file, ", ".join(f"{name} {count}" for name, count in places.items()))
                for file, places in places_with_all_rights().items()
            ],
        )

    def test_fields_with_all_rights(self):
        found = fields_with_all_rights(self.env.registry)
        self.compare(
            "Fields that are calculated with all rights",
            [(model, ", ".join(names)) for model, names in found.items()],
        )


@tagged("post_install", "-at_install")
class TestCalls(SentenceCase, RolesCase):
    """Every public method by the way that RPC takes, as each role, with records and with none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whoever maps needs Odoo's own rights to taxes and journals as well.
        needed = ("account.group_account_manager", "base.group_partner_manager")
        (cls.manager | cls.elsewhere | cls.administrator).write(
            {"group_ids": [Command.link(cls.env.ref(name).id) for name in needed]}
        )
        cls.roles = {
            "Public": cls.env.ref("base.public_user"),
            "Portal": cls.portal,
            "No group": cls.outsider,
            "User": cls.user,
            "Administrator": cls.manager,
            "System": cls.administrator,
        }
        # Nothing is called: what is asked here is who comes that far.
        tenants = (cls.connection, cls.other_connection, cls.shared_connection)
        for connection in tenants:
            connection.mode = "off"
        cls.moves = {}
        for company in (cls.company, cls.other_company):
            cls.env["account.chart.template"].try_loading("generic_coa", company=company)
            cls.moves[company] = cls.new_move(company)
        cls.env["tribe.legal.entity"].search([]).action_create_journal()

    @classmethod
    def journal(cls, company):
        entity = cls.env["tribe.legal.entity"].search([("company_id", "=", company.id)], limit=1)
        if not entity.journal_id:
            entity.action_create_journal()
        return entity.journal_id

    @classmethod
    def new_move(cls, company):
        return (
            cls.env["account.move"]
            .with_company(company)
            .create({"move_type": "out_invoice", "partner_id": cls.partner.id})
        )

    def target(self, model, company):
        """A record of a model that is of a company, with all rights."""
        if model == "account.move":
            return self.moves[company]
        if model == "res.partner":
            return self.env["res.partner"].create({"name": "Van ons", "company_id": company.id})
        if model == "res.config.settings":
            return self.env[model]
        own = {self.company: self.connection, self.other_company: self.other_connection}
        return self.ours(model, own[company])[:1]

    def call(self, user, model, method, ids, *args, **options):
        """The outcome of a call, which then is undone: "done" (or a sentence that something else
        is in the way), or the name of what refused it.
        """
        env = self.env(user=user, su=False, context={})
        env.flush_all()
        env.invalidate_all()
        head = [] if self.is_of_model(model, method) else [ids]
        outcome = "done"
        with self.env.cr.savepoint(flush=False) as savepoint:
            try:
                call_kw(env[model], method, [*head, *args], options)
                env.flush_all()
            except AccessError:
                outcome = "AccessError"
            except UserError:
                pass
            finally:
                savepoint.rollback()
                env.invalidate_all(flush=False)
        return outcome

    def is_of_model(self, model, method):
        return getattr(getattr(self.env.registry[model], method), "_api_model", False)

    def our_calls(self):
        """The rows of the table that say themselves who may."""
        for model, method, on, who in table_of("Methods"):
            if who != "as Odoo's" and not self.env[model]._abstract:
                yield model, method, on, who

    def arguments(self, method):
        return ([], []) if method == "look_at_outcome" else ()

    def test_as_every_role(self):
        tried = 0
        for model, method, on, who in self.our_calls():
            least = ORDER.index(WHO[who])
            for role, user in self.roles.items():
                is_allowed = ORDER.index(role) >= least and (model, on, role) not in LACKING
                expected = "done" if is_allowed else "AccessError"
                outcomes = {"none": expected, "ours": expected}
                targets = {"none": [], "ours": self.target(model, self.company).ids}
                if on != "–":
                    outcomes["of others"] = "AccessError"
                    targets["of others"] = self.target(model, self.other_company).ids
                for name, ids in targets.items():
                    with self.subTest(f"{model}.{method} of {name} as {role}"):
                        arguments = self.arguments(method)
                        self.assertEqual(
                            self.call(user, model, method, ids, *arguments), outcomes[name]
                        )
                        tried += 1
        self.assertGreater(tried, 700)

    def test_elsewhere_with_a_connection_of_their_own(self):
        for model, method, on, _who in self.our_calls():
            if on == "–":
                continue
            with self.subTest(f"{model}.{method}"):
                for company, outcome in (
                    (self.company, "AccessError"),
                    (self.other_company, "done"),
                ):
                    ids = self.target(model, company).ids
                    self.assertEqual(self.call(self.elsewhere, model, method, ids), outcome)

    def test_two_records_one_of_which_is_of_others(self):
        for model, method, on, _who in self.our_calls():
            if on == "–":
                continue
            both = self.target(model, self.company) + self.target(model, self.other_company)
            with self.subTest(f"{model}.{method}"):
                self.assertEqual(
                    self.call(self.administrator, model, method, both.ids), "AccessError"
                )

    def test_no_record_wakes_no_lane(self):
        triggers = self.env["ir.cron.trigger"].search([])
        works = self.env["tribe.work"].search([])
        for model, method, on, _who in self.our_calls():
            if on != "–":
                for user in self.roles.values():
                    self.call(user, model, method, [])
        self.assertEqual(self.env["ir.cron.trigger"].search([]), triggers)
        self.assertEqual(self.env["tribe.work"].search([]), works)

    def test_what_is_no_record(self):
        """IDs that are none: a sentence, or what Odoo itself says of them; no fault of ours."""
        for model, method, on, _who in self.our_calls():
            if on != "–":
                for ids in ([2**31 - 1], [2**40], [-1], []):
                    with self.subTest(f"{model}.{method} of {ids}"):
                        self.assertEqual(self.call(self.administrator, model, method, ids), "done")

    def test_models_without_records(self):
        for model, method, _on, who in table_of("Methods"):
            if self.env[model]._abstract and who != "as Odoo's":
                for ids in ([], [1]):
                    with self.subTest(f"{model}.{method} of {ids}"):
                        for user in self.roles.values():
                            self.assertEqual(self.call(user, model, method, ids), "AccessError")

    def test_hostile_arguments(self):
        """Of look_at_outcome, the only one of ours that takes any."""
        for first in HOSTILE:
            for second in (*HOSTILE, [[first, first, first, first]], [[2**40, "x", "y", "z"]]):
                with self.subTest(first=first, second=second):
                    self.assertEqual(
                        self.call(self.user, "tribe.work", "look_at_outcome", [], first, second),
                        "done",
                    )

    def test_a_hostile_context(self):
        connection = self.connection
        for value in ([1], {"a": 1}, True):
            for model, method, on, _who in self.our_calls():
                if on == "–":
                    continue
                context = {
                    "tribe_area": value,
                    "plan_action": value,
                    "tribe_booking": value,
                    "tribe_connection": value,
                }
                with self.subTest(f"{model}.{method}", value=value):
                    outcome = self.call(
                        self.administrator,
                        model,
                        method,
                        self.target(model, self.company).ids,
                        context=context,
                    )
                    self.assertEqual(outcome, "done")
        self.assertTrue(connection.exists())

    def test_a_context_does_not_open_a_reserved_journal(self):
        journal = self.journal(self.company)
        income = self.env["account.account"].search(
            [("company_ids", "in", self.company.ids), ("account_type", "=", "income")], limit=1
        )
        values = {
            "move_type": "out_invoice",
            "partner_id": self.partner.id,
            "journal_id": journal.id,
            "invoice_line_ids": [
                Command.create({"name": "x", "price_unit": 1, "account_id": income.id})
            ],
        }
        for context in ({}, {"tribe_booking": True}, {"tribe_booking": "BOOKING"}):
            moves = self.env["account.move"].with_user(self.manager).with_context(context)
            with (
                self.subTest(context),
                self.assert_refused("journal_reserved_for_tribe"),
            ):
                moves.create(values)

    def test_other_parts_are_private(self):
        """Nothing of ours but what is in the table can be called."""
        for name in ("_add", "_wake", "_client", "_credential", "_post", "_rows_again", "init"):
            for model in ("tribe.work", "tribe.engine", "tribe.connection", "account.move"):
                with self.subTest(f"{model}.{name}"):
                    try:
                        outcome = self.call(self.administrator, model, name, [])
                    except AttributeError:
                        # Odoo's answer for what does not exist.
                        continue
                    self.assertEqual(outcome, "AccessError")
