"""Buttons that are pressed again and again: what waits waits once, and costs others nothing."""

from unittest.mock import patch

from odoo import fields

from .relation_case import RelationCase

MANY = 20_000


class TestAskedFlood(RelationCase):
    def works(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env["tribe.work"].search(domain)

    def problem(self):
        """A contact whose work needs a person."""
        partner = self.linked(debtor_number="501")
        self.synchronize(self.customer("Dubbel B.V.", debtor_number="501"))
        problem = self.works(error_class="person")
        self.assertTrue(problem)
        return partner, problem[:1]

    def test_try_again_is_noted_once(self):
        _partner, problem = self.problem()
        watched = [problem.action_retry()["params"]["watched"]["added_ids"] for _press in range(5)]

        asked = {"reference": problem.reference, "reason": "person", "error_class": False}
        self.assertEqual(len(self.works(**asked)), 1)
        self.assertEqual(watched, watched[:1] * 5)
        self.run_lanes()
        problem.action_retry()
        self.assertEqual(len(self.works(**asked)), 1)

    def test_synchronize_with_tribe_is_noted_once(self):
        partners = self.linked("Een B.V.") | self.linked("Twee B.V.")
        partners[0].action_synchronize_with_tribe()
        for _press in range(5):
            partners.action_synchronize_with_tribe()

        self.assertEqual(len(self.works(reason="person")), 2)

    def test_a_save_or_a_problem_is_no_reason_to_leave_it_out(self):
        partner, _problem = self.problem()
        partner.phone = "030 1"
        partner.action_synchronize_with_tribe()

        self.assertTrue(self.works(reference=str(partner.id), reason="person"))

    def test_what_a_lane_is_at_is_noted_anew(self):
        """It may have read already what the person changed."""
        partner = self.linked()
        exporter = self.registry["tribe.relation.exporter"]
        process, asked = exporter._process, []

        def process_and_ask(handler, batch):
            if not asked:
                asked.append(True)
                handler.env["res.partner"].browse(partner.id).action_synchronize_with_tribe()
            else:
                asked.append(batch.references)
            return process(handler, batch)

        partner.action_synchronize_with_tribe()
        with patch.object(exporter, "_process", process_and_ask):
            self.run_lanes()

        self.assertEqual(asked, [True, [str(partner.id)]])

    def test_all_that_is_linked_is_looked_at_once(self):
        partner = self.linked()
        for _press in range(3):
            self.connection._catch_up()

        self.assertEqual(len(self.works(reference=str(partner.id))), 1)

    # What waits elsewhere

    def rows_read(self, work):
        """How many rows of work are read meanwhile."""

        def read():
            self.env.cr.execute(
                "SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0)"
                " FROM pg_stat_xact_user_tables WHERE relname = 'tribe_work'"
            )
            return self.env.cr.fetchone()[0]

        before = read()
        work()
        return read() - before

    def test_a_queue_that_stands_still_costs_the_lanes_nothing(self):
        self.env.cr.execute(
            """
            INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference, reason,
                                    due, created, tries)
            SELECT %s, %s, 'outbound', 'partner', 'x' || number, 'person', %s, %s, 0
              FROM generate_series(1, %s) AS number
            """,
            [
                self.connection.id,
                self.company.id,
                fields.Datetime.now(),
                fields.Datetime.now(),
                MANY,
            ],
        )
        self.env.cr.execute("ANALYZE tribe_work")
        engine = self.env["tribe.engine"]
        self.assertGreater(engine._count_due("outbound"), 1000)
        self.connection.state = "paused"
        self.env.flush_all()

        for question in ("_count_due", "_seconds_until_due", "_streams"):
            with self.subTest(question):
                answers = []
                read = self.rows_read(
                    lambda question=question: answers.append(getattr(engine, question)("outbound"))
                )
                self.assertFalse(answers[0])
                self.assertLess(read, MANY / 100)
        self.env.cr.execute("DELETE FROM tribe_work WHERE reference LIKE 'x%%'")
