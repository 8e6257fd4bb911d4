"""Another worker books in the journal: what waits for it costs no calls meanwhile."""

import contextlib
from unittest.mock import patch

from odoo.addons.tribe_connector.engine import claiming, lanes
from odoo.addons.tribe_connector.engine.batch import Batch
from odoo.addons.tribe_connector.engine.leases import (
    Leases,
    journal_key,
)
from odoo.addons.tribe_connector.sentence import codes_of

from .invoice_case import InvoiceCase

ROUNDS = 10


class TestBusyJournal(InvoiceCase):
    def setUp(self):
        super().setUp()
        self.journals = self.connection.legal_entity_ids.journal_id
        self.tribe_ids = [self.draft(self.line(100.0)) for _number in range(3)]
        for tribe_id in self.tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        self.note("invoice", *self.tribe_ids)
        self.sandbox.reset_calls()

    def note(self, kind, *tribe_ids):
        self.env["tribe.work"]._add(self.connection, "inbound", kind, tribe_ids, "webhook")

    @contextlib.contextmanager
    def busy(self, journals):
        """Another worker is at some journals."""
        with Leases(self.registry) as leases:
            for journal in journals:
                self.assertTrue(leases.take(journal_key(journal.id)))
            yield

    def run_rounds(self):
        """What a lane does in some rounds, each when what it put off is due again."""
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            Leases(self.registry) as leases,
            patch.object(lanes.time, "sleep"),
        ):
            engine = self.env(cr=cr)["tribe.engine"]
            for _round in range(ROUNDS):
                engine._work_on("inbound", leases)
                engine.env["tribe.work"].search([]).due = "2020-01-01"
                engine._commit(0)
        self.env.invalidate_all()

    def assert_waiting(self):
        self.assertFalse(self.problematic())
        self.assertEqual(len(self.env["tribe.work"].search([])), len(self.tribe_ids))

    def test_what_waits_for_a_journal_is_not_read(self):
        for journals in (self.journals, self.journals[:1]):
            with self.subTest(len(journals)), self.busy(journals):
                self.run_rounds()
                self.assertEqual(self.sandbox.calls()["total"], 0)
                self.assert_waiting()

        self.run_rounds()

        for tribe_id in self.tribe_ids:
            self.assert_booked_to_the_cent(tribe_id)

    def test_nor_are_pdfs_looked_at(self):
        self.run_rounds()
        self.note("document", *self.tribe_ids)
        with self.busy(self.journals):
            self.sandbox.reset_calls()
            self.run_rounds()
            self.assertEqual(self.sandbox.calls()["total"], 0)
        self.assert_waiting()

    def test_other_work_is_done_meanwhile(self):
        row = self.sandbox.create("Relation_Organization", {"Name": "Intussen B.V."})
        self.note("organization", row["ID"])
        with self.busy(self.journals):
            self.run_rounds()
        self.assert_waiting()

    def test_a_lane_that_has_nothing_of_it_to_do_keeps_no_journal(self):
        """Another lane is at the very invoices that wait."""
        keys = [f"{self.connection.id}:tribe:{tribe_id}" for tribe_id in self.tribe_ids]
        with Leases(self.registry) as others:
            for key in keys:
                self.assertTrue(others.take(key))
            with self.enter_registry_test_mode(), Leases(self.registry) as leases:
                self.assertFalse(self.env["tribe.engine"]._claim("inbound", leases))
                self.assertFalse(any(leases.holds(journal_key(each.id)) for each in self.journals))

    def test_a_journal_of_which_the_books_are_elsewhere_is_not_waited_for(self):
        entity = self.connection.legal_entity_ids.filtered(lambda each: not each.is_default)[:1]
        entity.is_booked = False
        with self.busy(entity.journal_id):
            self.run_rounds()
        for tribe_id in self.tribe_ids:
            self.assert_booked_to_the_cent(tribe_id)

    def test_what_is_busy_is_the_journal(self):
        """It became so since the work was claimed."""
        told = []
        take = Leases.take

        def take_nothing_later(leases, key):
            return not key.startswith("account.journal") and take(leases, key)

        def failed(batch, reference, error, *details):
            told.extend(error.args)
            batch.done(reference)

        claim = claiming.TribeEngine._claim

        def claim_and_lose(engine, *arguments):
            claimed = claim(engine, *arguments)
            self.patch(Leases, "take", take_nothing_later)
            return claimed

        with (
            patch.object(claiming.TribeEngine, "_claim", claim_and_lose),
            patch.object(Batch, "failed", failed),
        ):
            self.run_rounds()

        self.assertEqual(set(codes_of(told)), {"invoices_being_booked"})
