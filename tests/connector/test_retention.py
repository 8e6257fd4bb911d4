"""What is forgotten, when, and what never is."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.tribe_connector.models import tribe_run
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tests.common import create_connection

from .sentence_case import SentenceCase

PERSON = "Femke de Vries"
MAIL = "femke.devries@particulier.example"


class RetentionCase(SentenceCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = create_connection(cls.env)

    def days_ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def new_run(self, days, connection=None):
        return self.env["tribe.run"].create(
            {
                "connection_id": (connection or self.connection).id,
                "direction": "inbound",
                "date": self.days_ago(days),
                "line_ids": [Command.create({"action": "link", "name": PERSON})],
            }
        )

    def new_work(self, days, **values):
        work = self.env["tribe.work"]._add(self.connection, "inbound", "person", ["x"], "webhook")
        work.write({"created": self.days_ago(days), **values})
        return work

    def problem(self, days):
        return self.new_work(
            days, error="Choose another number.", error_class="person", record_name=PERSON
        )

    def vacuum(self):
        """What Odoo does once a day, as often as there is something left."""
        for vacuum in (
            self.env["tribe.run"]._vacuum_old,
            self.env["tribe.plan"]._vacuum_old,
            self.env["tribe.work"]._vacuum_given_up,
        ):
            for _batch in range(100):
                if not vacuum()[1]:
                    break


@tagged("post_install", "-at_install")
class TestRetention(RetentionCase):
    """Runs and problems end some day; links and waiting work never do."""

    def test_odoo_calls_it_every_day(self):
        methods = {"_vacuum_old": ("tribe.run", "tribe.plan"), "_vacuum_given_up": ("tribe.work",)}
        for method, models in methods.items():
            for model in models:
                self.assertTrue(getattr(type(self.env[model]), method)._autovacuum)

    def test_old_runs_go_with_their_lines(self):
        old, recent = self.new_run(91), self.new_run(89)
        lines = old.line_ids

        self.vacuum()

        self.assertFalse(old.exists() or lines.exists())
        self.assertTrue(recent.line_ids.exists())

    def test_old_plans_go_with_their_lines(self):
        plans = self.env["tribe.plan"].create(
            [
                {
                    "connection_id": self.connection.id,
                    "scope": "changes",
                    "date": self.days_ago(days),
                    "line_ids": [Command.create({"name": PERSON})],
                }
                for days in (91, 89)
            ]
        )
        lines = plans.line_ids

        self.vacuum()

        self.assertEqual(plans.exists(), plans[1])
        self.assertEqual(lines.exists(), plans[1].line_ids)

    def test_each_connection_says_how_long(self):
        other = create_connection(self.env, name="Other", keep_runs_days=10, active=False)
        here, there = self.new_run(20), self.new_run(20, other)

        self.vacuum()

        self.assertTrue(here.exists())
        self.assertFalse(there.exists())

    def test_in_batches(self):
        self.patch(tribe_run, "VACUUM_BATCH", 2)
        runs = self.env["tribe.run"].concat(*(self.new_run(100 + day) for day in range(5)))

        self.assertEqual(self.env["tribe.run"]._vacuum_old(), (2, True))
        self.assertEqual(len(runs.exists()), 3)
        self.vacuum()

        self.assertFalse(runs.exists())

    def test_a_problem_that_nobody_solves_is_given_up_and_told(self):
        old, recent = self.problem(366), self.problem(364)

        self.vacuum()

        self.assertEqual((old | recent).exists(), recent)
        run = self.env["tribe.run"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(run.line_ids.mapped("name"), [PERSON])
        self.assert_only_told(
            run.line_ids,
            "given_up_after_days",
            field="text",
            days=365,
            problem="Choose another number.",
        )

    def test_what_waits_is_never_given_up(self):
        waiting = self.new_work(4000)

        self.vacuum()

        self.assertTrue(waiting.exists())

    def test_links_stay(self):
        link = self.env["tribe.link"].create(
            {"connection_id": self.connection.id, "kind": "person", "tribe_id": "x"}
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET create_date = '2001-01-01'")

        self.vacuum()

        self.assertTrue(link.exists())

    def refused_days(self):
        return self.assert_refused(
            "connection_problem",
            ValidationError,
            name="Tribe CRM",
            problem=sentence("keep_days_out_of_range"),
        )

    def test_no_days_is_no_answer(self):
        for name in ("keep_runs_days", "keep_problems_days"):
            for days in (0, -1, 36_501, 2**31 - 1):
                with (
                    self.subTest(name=name, days=days),
                    self.refused_days(),
                    self.env.cr.savepoint(),
                ):
                    self.connection[name] = days
                    self.env.flush_all()

    def test_one_that_keeps_forever_does_not_stop_the_others(self):
        """As an earlier version let people enter."""
        other = create_connection(self.env, name="Other")
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_connection SET keep_runs_days = 2000000000,"
                " keep_problems_days = 2000000000 WHERE id = %s",
                other.id,
            )
        )
        self.env.invalidate_all()
        old = self.new_run(100) | self.new_run(20)
        kept = self.new_run(4000, other)
        problem = self.problem(366)

        self.vacuum()

        self.assertEqual(old.exists(), old[1])
        self.assertTrue(kept.exists())
        self.assertFalse(problem.exists())


@tagged("post_install", "-at_install")
class TestPrivacy(RetentionCase):
    """Odoo's privacy look-up finds what we hold about a person, and deleting forgets it."""

    def setUp(self):
        super().setUp()
        if "privacy.lookup.wizard" not in self.env:
            self.skipTest("Odoo's Privacy is not installed here.")

    def look_up(self, name=PERSON, email=MAIL):
        """What the look-up finds of ours: a set of records."""
        wizard = self.env["privacy.lookup.wizard"].create({"name": name, "email": email})
        wizard.action_lookup()
        return {
            self.env[line.res_model].browse(line.res_id)
            for line in wizard.line_ids
            if line.res_model.startswith("tribe.")
        }

    def new_line(self, **values):
        run = self.new_run(1)
        run.line_ids.write({"name": "x", **values})
        return run.line_ids

    def person(self):
        partner = self.env["res.partner"].create({"name": PERSON, "email": MAIL})
        link = self.env["tribe.link"].create(
            {
                "connection_id": self.connection.id,
                "kind": "person",
                "tribe_id": "x",
                "partner_id": partner.id,
                "agreed": {"name": PERSON, "email": MAIL},
                "being_told": {"email": MAIL},
            }
        )
        return partner, link

    def test_links_and_lines_of_a_contact(self):
        partner, link = self.person()
        line = self.new_line(partner_id=partner.id)

        self.assertEqual(self.look_up(), {link, line})

    def test_lines_and_work_that_name_somebody_who_is_no_contact(self):
        lines = [self.new_line(name=PERSON), self.new_line(text=f"Nobody has {MAIL.upper()}.")]
        works = [
            self.problem(1),
            self.new_work(1, error=f"{MAIL} is no number.", error_class="person"),
        ]
        self.new_line(name="Somebody Else", text="other@particulier.example")
        plan = self.env["tribe.plan"].create(
            {
                "connection_id": self.connection.id,
                "scope": "changes",
                "line_ids": [
                    Command.create({"name": PERSON}),
                    Command.create(
                        {"name": "x", "changes": [{"field": "email", "old": None, "new": MAIL}]}
                    ),
                    Command.create(
                        {"name": "y", "changes": [{"field": "phone", "old": None, "new": "030 1"}]}
                    ),
                ],
            }
        )

        self.assertEqual(self.look_up(), {*lines, *works, *plan.line_ids[:2]})

    def test_deleting_what_was_found(self):
        self.new_line(name=PERSON)
        self.problem(1)
        wizard = self.env["privacy.lookup.wizard"].create({"name": PERSON, "email": MAIL})
        wizard.action_lookup()

        wizard.line_ids.action_unlink_all()

        self.assertFalse(self.look_up())

    def test_a_deleted_contact_leaves_no_value_behind(self):
        partner, link = self.person()
        line = self.new_line(name=PERSON, text=f"Its address is {MAIL}.", partner_id=partner.id)
        self.env["tribe.conflict"].create(
            {"link_id": link.id, "field_name": "email", "odoo_value": MAIL, "tribe_value": PERSON}
        )

        partner.unlink()
        self.env.flush_all()

        for table in ("tribe_link", "tribe_run_line", "tribe_conflict"):
            self.env.cr.execute(f"SELECT to_json(t)::text FROM {table} t")
            text = str(self.env.cr.fetchall())
            self.assertNotIn(PERSON, text)
            self.assertNotIn(MAIL, text)
        self.assertEqual((link.tribe_id, link.exists(), line.exists()), ("x", link, line))
        self.assertFalse(self.look_up())
