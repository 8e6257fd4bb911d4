"""Tribe answers nonsense: everything is done or held with a sentence, and nothing half."""

import contextlib
import logging
import os
import random
from pathlib import Path

from choices import IS_FULL
from told import is_sentence

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.tribe_connector.engine import lanes

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER, ConnectorCase
from .mutations import Mutator, replace_body

ANSWERS = 2000 if IS_FULL else 60
SEED = int(os.environ.get("TRIBE_FUZZ_SEED", "5"))
SETS = {
    "organization": "Relation_Organization",
    "person": "Relation_Person",
    "customer": ORGANIZATION_CUSTOMER,
    "person_customer": PERSON_CUSTOMER,
    "supplier": SUPPLIER,
    "address": "Address",
    "invoice": "Activity_Invoice",
    "document": "Activity_Invoice",
}
# By how much the resident memory may grow after the first quarter.
GROWTH = 1.15


class LogKeeper(logging.Handler):
    """Keeps what is logged as an error, or with a traceback."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def emit(self, record):
        if record.levelno >= logging.ERROR or record.exc_info:
            self.kept.append(self.format(record))


@tagged("post_install", "-at_install")
class TestFuzzedAnswers(ConnectorCase):
    """Real answers of the stand-in, made wrong on their way to the real connector."""

    looks_how_tribe_works = True

    mutator = None
    share = 0.0

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        response = super()._request_handler(session, request, **options)
        is_answer = request.url.startswith(cls.sandbox.address)
        if is_answer and cls.mutator and cls.mutator.changes(cls.share):
            replace_body(response, cls.mutator.body(response.content))
        return response

    def setUp(self):
        super().setUp()
        self.activate()
        self.assertFalse(self.problems())
        self.random = random.Random(SEED)
        self.ids = {
            kind: [row["ID"] for row in self.sandbox.rows(name)] for kind, name in SETS.items()
        }
        # Nobody waits for what is due in a moment.
        self.patch(lanes, "SOON_SECONDS", 0)
        self.log = LogKeeper()
        odoo = logging.getLogger("odoo")
        odoo.addHandler(self.log)
        self.addCleanup(odoo.removeHandler, self.log)
        self.addCleanup(odoo.setLevel, odoo.level)
        odoo.setLevel(logging.WARNING)
        logging.getLogger("odoo.addons.tribe_connector").error("It is kept.")
        self.assertEqual(self.log.kept, ["It is kept."])
        self.log.kept.clear()

    @contextlib.contextmanager
    def wrong_answers(self, mutator, share=0.5):
        type(self).mutator, type(self).share = mutator, share
        try:
            yield
        finally:
            type(self).mutator = None

    def test_whatever_tribe_answers(self):
        mutator = Mutator(SEED)
        memory = []
        rounds = 0
        while mutator.mutated < ANSWERS:
            rounds += 1
            with self.subTest(round=rounds):
                self.one_round(mutator)
            memory.append(_resident_pages())
            self.assertLess(rounds, 10 * ANSWERS, "nothing is made wrong")
        print(f"{mutator.mutated} wrong answers in {rounds} rounds, seed {SEED}")
        self.assertLess(memory[-1], GROWTH * memory[len(memory) // 4], memory)

        self.heals()

    def one_round(self, mutator):
        """Some work, done with wrong answers; what is left of it must be explained."""
        # What was held is looked at again in another round.
        self.env["tribe.work"].search([]).unlink()
        self.log.kept.clear()
        self.note_some_work()
        with self.wrong_answers(mutator):
            self.run_lanes()

        self.assertEqual(self.log.kept, [])
        # What is only looked at once more has nothing to explain.
        for work in self.env["tribe.work"].search([("reason", "not in", ("save", "again"))]):
            self.assertIn(work.error_class, ("again", "person"), f"{work.kind} {work.reason}")
            told = self.sentences_told(work)
            self.assertTrue(told and all(map(is_sentence, told)), told)
        self.assert_nothing_half()

    def note_some_work(self):
        works = self.env["tribe.work"]
        for kind in self.random.sample(sorted(SETS), 3):
            ids = self.random.sample(self.ids[kind], min(3, len(self.ids[kind])))
            works._add(self.connection, "inbound", kind, ids, "webhook")
        stream = self.random.choice(("organization", "person", "invoice", "address", "supplier"))
        works._add(self.connection, "inbound", "poll", [stream], "poll")
        partners = self.env["res.partner"].search([("tribe_id", "!=", False)])
        changed = self.random.choice(partners)
        changed.phone = f"030 {self.random.randrange(10**6)}"
        new = self.env["res.partner"].create(
            {"name": f"Nieuw {self.random.randrange(10**6)} B.V.", "customer_rank": 1}
        )
        new.is_company = True
        works._add(self.connection, "outbound", "partner", [changed.id, new.id], "person")

    def assert_nothing_half(self):
        """No partner without its link, no link without its record, no invoice in between."""
        links = self.env["tribe.link"].search([])
        for link in links.filtered(lambda link: link.state == "linked"):
            self.assertTrue(link.tribe_id, link.kind)
            self.assertTrue(link.partner_id or link.move_id, link.kind)
        moves = self.env["account.move"].search(
            [("journal_id", "in", self.connection.legal_entity_ids.journal_id.ids)]
        )
        self.assertEqual(moves, links.move_id)
        for move in moves:
            agreed = move.tribe_link_ids.agreed
            self.assertEqual(move.state, "posted")
            self.assertEqual(f"{move.amount_total_signed:.2f}", agreed["total"])
            self.assertEqual(move.name, agreed["number"])

    def heals(self):
        """Right answers, and everything is right."""
        works = self.env["tribe.work"]
        for kind in ("organization", "person", "invoice"):
            works._add(self.connection, "inbound", kind, self.ids[kind], "webhook")
        self.run_lanes()
        self.assertEqual(self.log.kept, [])

    def test_connecting(self):
        mutator = Mutator(SEED)
        for _time in range(100 if IS_FULL else 12):
            with contextlib.suppress(UserError), self.env.cr.savepoint():
                with self.wrong_answers(mutator, share=0.4):
                    self.connect()
                self.env.flush_all()
            self.env.invalidate_all()
        self.assertGreater(mutator.mutated, 20)
        self.assertEqual(self.log.kept, [])


def _resident_pages():
    """How much memory this process has, in pages."""
    return int(Path("/proc/self/statm").read_text().split()[1])
