"""A record that ends its worker does not end the next ones for ever."""

from unittest.mock import patch

import psycopg2.errors

from odoo import fields

from odoo.addons.tribe_connector.engine.batch import Batch

from .relation_case import RelationCase


class Killed(BaseException):
    """What nobody catches: Odoo ends a worker that is over its time."""


class TestStoppedWorker(RelationCase):
    def setUp(self):
        super().setUp()
        self.good, self.bad, self.other = (
            self.customer(name) for name in ("Vooraan B.V.", "Fataal B.V.", "Achteraan B.V.")
        )
        (self.good | self.bad | self.other).action_synchronize_with_tribe()
        self.begun = []

    def run_until_it_ends(self, most=10):
        """Run the lanes, again after each worker that ended; returns how many did."""
        exporter = self.registry["tribe.relation.exporter"]
        process = exporter._process

        def process_or_end(handler, batch):
            self.begun.append(list(batch.references))
            if str(self.bad.id) in batch.references:
                raise Killed
            return process(handler, batch)

        with patch.object(exporter, "_process", process_or_end):
            for ended in range(most):
                try:
                    self.run_lanes()
                    return ended
                except Killed:
                    self.env.invalidate_all()
        raise AssertionError("it ends worker after worker")

    def works(self):
        return self.env["tribe.work"].search([("reference", "=", str(self.bad.id))])

    def test_it_is_set_apart_and_the_others_go_on(self):
        self.assertEqual(self.run_until_it_ends(), 2)

        self.assertEqual(self.begun[1:2], [[str(self.good.id)]])
        self.assertTrue(self.good.tribe_id and self.other.tribe_id, self.problems())
        self.assertAsked("worker_stopped")
        self.assertEqual(self.works().cause, "stopped")
        self.assertGreater(self.works().due, fields.Datetime.now())

    def test_afterwards_it_is_tried_alone_and_ends_one_worker_at_most(self):
        self.run_until_it_ends()
        self.begun.clear()
        new = self.customer("Later B.V.")
        new.action_synchronize_with_tribe()
        self.works().action_retry()

        self.assertEqual(self.run_until_it_ends(), 1)

        self.assertIn([str(self.bad.id)], self.begun)
        self.assertTrue(new.tribe_id)
        self.assertAsked("worker_stopped")

    def test_once_mended_it_is_done(self):
        self.run_until_it_ends()
        self.works().action_retry()

        self.run_lanes()

        self.assertTrue(self.bad.tribe_id)
        self.assertFalse(self.works())

    def test_whoever_was_only_in_the_same_batch_counts_from_nought_again(self):
        exporter = self.registry["tribe.relation.exporter"]
        with patch.object(exporter, "_process", side_effect=Killed), self.assertRaises(Killed):
            self.run_lanes()
        self.env.invalidate_all()

        self.run_lanes()

        self.assertFalse(self.env["tribe.work"].search([]), self.problems())
        self.assertTrue(self.good.tribe_id and self.bad.tribe_id and self.other.tribe_id)

    def test_a_transaction_that_is_lost_is_no_worker_that_ended(self):
        self.run_lanes()
        finish, lost = Batch.finish, [psycopg2.errors.SerializationFailure("lost")] * 5
        row = self.organization()

        def finish_or_lose(batch):
            if lost:
                raise lost.pop()
            return finish(batch)

        with patch.object(Batch, "finish", finish_or_lose):
            self.look_at("organization", row["ID"])

        self.assertFalse(lost)
        self.assertFalse(self.problems())
        self.assertTrue(self.link(row["ID"]).partner_id)

    def test_a_commit_that_is_lost_is_no_worker_that_ended(self):
        self.run_lanes()
        crons = self.registry["ir.cron"]
        commit, lost = crons._commit_progress, [psycopg2.errors.SerializationFailure("lost")] * 5
        row = self.organization()

        def commit_or_lose(cron, processed=0, **progress):
            if processed and lost:
                raise lost.pop()
            return commit(cron, processed, **progress)

        with patch.object(crons, "_commit_progress", commit_or_lose):
            self.look_at("organization", row["ID"])

        self.assertFalse(lost)
        self.assertFalse(self.problems())
        self.assertTrue(self.link(row["ID"]).partner_id)

    def test_who_changes_the_rows_while_a_lost_transaction_is_noted_makes_no_ended_worker(self):
        self.run_lanes()
        works = self.registry["tribe.work"]
        finish, end = Batch.finish, works._end
        lost = [psycopg2.errors.SerializationFailure("lost")] * 5
        changed = list(lost)
        row = self.organization()

        def finish_or_lose(batch):
            if lost:
                raise lost.pop()
            return finish(batch)

        def end_or_lose(work):
            if changed and len(changed) > len(lost):
                raise changed.pop()
            return end(work)

        with (
            patch.object(Batch, "finish", finish_or_lose),
            patch.object(works, "_end", end_or_lose),
        ):
            self.look_at("organization", row["ID"])

        self.assertFalse(lost or changed)
        self.assertFalse(self.problems())
        self.assertTrue(self.link(row["ID"]).partner_id)
