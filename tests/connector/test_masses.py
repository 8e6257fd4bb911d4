"""What a person asks for and what Tribe tells, while masses wait that were found by looking."""

from odoo import fields
from odoo.tools import SQL

from odoo.addons.tribe_connector.engine import rounds
from odoo.addons.tribe_connector.engine.kinds import OUR_KINDS
from odoo.addons.tribe_connector.engine.leases import Leases

from .batches import Batches, invented
from .relation_case import RelationCase

MASS = 10_000
# As many where a test makes several masses: of each only the first rows are read.
SMALLER_MASS = 1_000
# Until so many batches later it is the turn of what is urgent.
SOON = 3
FOUND = ("poll", "nightly", "initial", "again")


class TestMasses(Batches, RelationCase):
    def add(self, kind, reference, reason="person", direction="inbound", connection=None):
        self.env["tribe.work"]._add(
            connection or self.connection, direction, kind, [reference], reason
        )

    def when_done(self, add, wanted, most=SOON + 2):
        """After how many batches a record is done that comes after the second one."""

        def meanwhile(number):
            if number == 2:
                add()

        batches = self.batches(2 + most, meanwhile=meanwhile)
        turns = [number for number, batch in enumerate(batches, 1) if wanted in batch.references]
        self.assertTrue(turns, [batch[:2] for batch in batches])
        return turns[0] - 2

    # People and webhooks

    def test_they_come_before_what_was_found(self):
        (real,) = invented(1)
        for mass in FOUND:
            for reason, kind in (("person", "invoice"), ("webhook", "organization")):
                with self.subTest(mass, reason=reason, kind=kind):
                    for each in ("organization", "invoice"):
                        self.insert(self.connection, each, SMALLER_MASS, reason=mass)
                    turn = self.when_done(lambda: self.add(kind, real, reason), real)
                    self.assertLessEqual(turn, 1)

    def test_whatever_is_decided_and_of_whatever_kind(self):
        self.insert(self.connection, "invoice", MASS, reason="poll")
        self.insert(self.connection, "person", MASS, reason="initial")
        cases = [(kind, "webhook") for kind in OUR_KINDS.codes(is_of_record=True)]
        cases += [("invoice", "book_anyway"), ("invoice", "told_paid")]

        def meanwhile(number):
            if number % 2 == 0 and cases:
                added.append((number, *cases[0]))
                self.add(cases[0][0], f"{number}", cases.pop(0)[1])

        added = []
        batches = self.batches(2 * len(cases) + 4, meanwhile=meanwhile)

        self.assertFalse(cases)
        for number, kind, reason in added:
            soon = batches[number : number + SOON]
            self.assertIn({str(number)}, [batch.references for batch in soon], (kind, reason))

    def test_whoever_asks_comes_before_webhooks_too(self):
        (real,) = invented(1)
        for kind in OUR_KINDS.codes(direction="inbound"):
            self.insert(self.connection, kind, SMALLER_MASS, reason="webhook")
            self.insert(self.connection, kind, SMALLER_MASS, reason="follow")
            self.insert(self.connection, kind, SMALLER_MASS, reason="nightly")

        self.assertLessEqual(self.when_done(lambda: self.add("invoice", real), real), SOON)

    def test_what_goes_out_too(self):
        partner, move = 999_999, 999_998
        for mass in ("nightly", "initial", "save"):
            with self.subTest(mass):
                self.insert(
                    self.connection, "partner", SMALLER_MASS, direction="outbound", reason=mass
                )
                turn = self.when_done(
                    lambda: self.add("partner", partner, "person", "outbound"), str(partner)
                )
                self.assertLessEqual(turn, 1)
        for kind, reason in (("payment", "move_back"), ("plan", "person"), ("payment", "nightly")):
            with self.subTest(kind, reason=reason):
                self.insert(
                    self.connection, "partner", SMALLER_MASS, direction="outbound", reason=mass
                )
                turn = self.when_done(lambda: self.add(kind, move, reason, "outbound"), str(move))
                self.assertLessEqual(turn, 1)

    def test_what_could_not_be_done_before_is_a_mass_whoever_asked_for_it(self):
        (real,) = invented(1)
        for reason in ("person", "webhook", "follow"):
            with self.subTest(reason):
                self.insert(
                    self.connection, "invoice", SMALLER_MASS, reason=reason, error_class="person"
                )
                turn = self.when_done(lambda: self.add("invoice", real, "webhook"), real)
                self.assertLessEqual(turn, 1)

    def test_what_follows_from_a_webhook_comes_before_what_was_found(self):
        (real,) = invented(1)
        self.insert(self.connection, "organization", MASS, reason="poll")
        turn = self.when_done(lambda: self.add("organization", real, "follow"), real)
        self.assertLessEqual(turn, SOON)

    # Masses

    def test_a_mass_goes_on_meanwhile(self):
        self.insert(self.connection, "invoice", MASS, reason="initial")

        def meanwhile(_number):
            for kind, reason in (("organization", "person"), ("person", "webhook")):
                self.add(kind, invented(1)[0], reason)

        meanwhile(0)
        kinds = [batch.kind for batch in self.batches(12, meanwhile=meanwhile)]

        for kind in ("organization", "person", "invoice"):
            self.assertGreaterEqual(kinds.count(kind), 3, kinds)

    def test_a_mass_of_one_kind_keeps_no_other_kind_waiting(self):
        self.insert(self.connection, "invoice", MASS, reason="nightly")
        self.insert(self.connection, "organization", MASS, reason="nightly")
        (real,) = invented(1)
        turn = self.when_done(lambda: self.add("document", real, "nightly"), real)
        self.assertLessEqual(turn, SOON)

    def test_what_was_found_of_relations_keeps_its_order(self):
        """So they get their numbers, and so the plan says."""
        kinds = ("organization", "person", "organization", "customer", "person")
        for number, kind in enumerate(kinds):
            self.env["tribe.work"]._add(
                self.connection,
                "inbound",
                kind,
                invented(40),
                "initial",
                due=fields.Datetime.now().replace(year=2020, second=number),
            )
        done = [batch.kind for batch in self.batches(20)]
        self.assertEqual(done, ["customer", "organization", "person", "organization", "person"])

    def test_another_connection_is_not_disturbed(self):
        other = self.connection.copy({"name": "Andere", "mode": "demo"})
        other.state = "active"
        for kind in OUR_KINDS.codes(is_of_record=True):
            for reason in ("person", "webhook", "initial"):
                self.insert(other, kind, SMALLER_MASS // 2, reason=reason)
        (real,) = invented(1)
        for reason in ("person", "webhook", "poll"):
            with self.subTest(reason):
                turn = self.when_done(lambda: self.add("invoice", real, reason), real)
                self.assertLessEqual(turn, 2)
                for kind in OUR_KINDS.codes(is_of_record=True):
                    self.insert(other, kind, SMALLER_MASS // 2, reason="person")

    # What it costs

    def test_a_claim_reads_no_more_however_much_waits(self):
        for kind in ("organization", "invoice"):
            for reason in ("webhook", "poll", "follow"):
                self.insert(self.connection, kind, MASS, reason=reason)
        self.env.cr.execute("ANALYZE tribe_work")
        # As in a process that had turns already.
        self.patch(rounds, "_rounds", {(self.env.cr.dbname, "inbound"): rounds.Rounds()})
        queries = []
        execute_query = type(self.env).execute_query

        def noted(env, query):
            if "head" in query.code:
                queries.append(query)
            return execute_query(env, query)

        self.patch(type(self.env), "execute_query", noted)
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            Leases(self.registry) as leases,
        ):
            before = self.env.cr.sql_log_count
            claimed = self.env(cr=cr)["tribe.engine"]._claim("inbound", leases)
            asked = self.env.cr.sql_log_count - before
            self.assertEqual(len(claimed), 40)

        self.assertLessEqual(asked, MOST_QUERIES)
        self.assertEqual(len(queries), 2)
        for query in queries:
            ((plan,),) = execute_query(self.env, SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", query))
            self.assertLessEqual(sum(rows_read(plan[0]["Plan"])), MOST_ROWS)


# One for each lease, and five more.
MOST_QUERIES = 45
# As many as are looked at for a batch, and a row of each stream.
MOST_ROWS = 4_100


def rows_read(node):
    """How many rows each step of a plan reads of the table of work."""
    if node.get("Relation Name") == "tribe_work":
        removed = node.get("Rows Removed by Filter", 0)
        yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for each in node.get("Plans", ()):
        yield from rows_read(each)
