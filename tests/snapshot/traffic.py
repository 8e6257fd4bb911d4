"""Histories and plans that are the same every time: what is sent to Tribe, and what is there then.

``./dev snapshot`` runs these, ``./dev test`` does not: nothing is asserted here but what the
histories assert themselves. Each history becomes a file.
"""

import os
import random
import tempfile
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote_plus, urlsplit

from connector import test_plan, test_relation_histories
from hypothesis.internal.conjecture.providers import HypothesisProvider
from invoices import test_invoice_histories
from tribe_sandbox import process

from .clock import Clock
from .records import all_rows
from .text import Placeholders, write

FOLDER = Path(os.environ["TRIBE_SNAPSHOT"]) / "traffic"
# Of chance once, and the same ever since.
SEED = 19
HISTORIES = 6
PLANS = 2


class Recorded:
    """Writes what a case sends to Tribe, and at the end what Odoo has, to files."""

    # What its files are called.
    recorded_as = ""

    @classmethod
    def setUpClass(cls):
        cls.clock = Clock(Path(tempfile.gettempdir()) / f"tribe-snapshot-{os.getpid()}.clock")
        cls.clock.start()
        cls.addClassCleanup(cls.clock.stop)
        cls.classPatch(process.SandboxProcess, "module", "snapshot.stand_in")
        random.seed(SEED)
        cls.sent, cls.written = [], 0
        super().setUpClass()

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        target = urlsplit(request.url)
        of_people = target.path.startswith("/sandbox/")
        if of_people and request.method != "GET":
            cls.clock.go_on()
        answer = "nothing"
        try:
            response = super()._request_handler(session, request, **options)
            answer = response.status_code
            return response
        finally:
            if not of_people or request.method != "GET":
                who = "people" if of_people else "connector"
                query = f"?{unquote_plus(target.query)}" if target.query else ""
                body = f" {_body(target, request)}" if request.body else ""
                at = f"{target.scheme}://{target.netloc}"
                cls.sent.append(
                    f"{who} {request.method} {at}{target.path}{query}{body} -> {answer}"
                )

    @classmethod
    def run_lanes(cls):
        cls.clock.go_on()
        cls.sent.append("-- lanes")
        super().run_lanes()

    @classmethod
    def record(cls, env):
        """Write what was sent since the last time, and what Odoo has now; first that is the set-up.

        To be called once before anything is done.
        """
        placeholders = Placeholders()
        lines = list(map(placeholders.settle, cls.sent))
        cls.sent.clear()
        env.flush_all()
        lines += all_rows(env, placeholders, with_set_up=not cls.written)
        write(FOLDER / f"{cls.recorded_as}-{cls.written}.txt", lines)
        cls.written += 1


class RecordedHistories(Recorded):
    """Histories drawn by Hypothesis, each of them in a file."""

    test_the_same_histories_every_time = None
    test_histories_of_chance = None

    def begin_history(self):
        savepoint = super().begin_history()
        if not self.written:
            self.record(self.env)
        return savepoint

    def end_history(self, savepoint):
        self.record(self.env)
        super().end_history(savepoint)

    def test_histories(self):
        # Hypothesis draws some numbers from the source: another source, other histories.
        with patch.object(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None):
            self.play(HISTORIES, SEED)


class RelationTraffic(RecordedHistories, test_relation_histories.TestRelationHistories):
    recorded_as = "relations"


class InvoiceTraffic(RecordedHistories, test_invoice_histories.TestInvoiceHistories):
    recorded_as = "invoices"
    fetches_documents = True


class PlanTraffic(Recorded, test_plan.TestPlanOfRandomData):
    recorded_as = "plans"
    looks_how_tribe_works = True
    test_random_data = None

    def test_plans(self):
        """A plan before activation, and one of what waits later."""
        self.record(self.env)
        for seed in range(PLANS):
            with self.env.cr.savepoint() as savepoint:
                self.seed_tribe()
                self.plan_and_edit(random.Random(seed), "odoo" if seed % 2 else "both")
                self.record(self.env)
                savepoint.rollback()
            self.env.invalidate_all()

    def plan_and_edit(self, chance, scope):
        """The same data for the same chance."""
        self.connection.initial_scope = scope
        self.connection.conflict_policy = chance.choice(["odoo", "tribe", "ask"])
        partners, rows = self.random_side(chance)
        self.plan()
        self.activate()
        self.run_nightly()
        for partner in chance.sample(partners, 4):
            partner.write({"phone": "030 7", "city": "Zeist"})
        for row in chance.sample(rows, 4):
            sets = "Organization" if "VATNumber" in row else "Person"
            self.sandbox.change(f"Relation_{sets}", row["ID"], {"EmailAddress": "n@klant.example"})
        self.customer("Nieuw B.V.")
        self.organization(Name="Uit Tribe")
        self.plan()
        self.run_nightly()


def _body(target, request):
    """What was sent, on one line; of a request for a token only what it has."""
    body = request.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    if target.path.startswith("/oauth2/"):
        return " ".join(part.partition("=")[0] for part in text.split("&"))
    return " ".join(text.split())
