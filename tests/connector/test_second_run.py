"""A second run right after any run writes nothing, and reads no page twice."""

import math
from collections import Counter

from odoo.addons.tribe_connector.engine.kinds import OUR_KINDS

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

ORGANIZATIONS = 41
PERSONS = 5
# What one call reads at most when it asks by ID (tribe-api.md: 100 a page, but 40 IDs fit).
PAGE = 40
RELATION_STREAMS = [stream for stream in OUR_KINDS.streams if stream != "invoice"]
SETS = (
    "Relation_Organization",
    "Relation_Person",
    "Address",
    ORGANIZATION_CUSTOMER,
    PERSON_CUSTOMER,
    SUPPLIER,
)


class TestSecondRun(RelationCase):
    """One more than a page of organizations, and some persons, that both sides agree on."""

    @classmethod
    def activate_for_all_tests(cls):
        address = {
            "street": "Nieuwe Gracht 12 bis",
            "zip": "3512 LR",
            "city": "Utrecht",
            "country_id": cls.env.ref("base.nl").id,
            "phone": "+31 30 123 45 67",
        }
        cls.partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"Klant {number} B.V.",
                    "is_company": True,
                    "customer_rank": int(number % 3 > 0),
                    "supplier_rank": int(number % 3 < 2),
                    "vat": "NL123456782B90",
                    "website": "https://klant.example",
                    **(address if number % 4 else {}),
                }
                for number in range(ORGANIZATIONS)
            ]
            + [
                {"name": f"Jan van der Berg {number}", "customer_rank": 1, **address}
                for number in range(PERSONS)
            ]
        )
        super().activate_for_all_tests()

    def seed_tribe(self):
        """Tribe stays as the activation left it: that a second run does that is what is tested."""
        self.assertTrue(all(self.partners.mapped("tribe_id")), self.problems())

    def again(self, work):
        """Do some work twice; what the second time cost: ``Counter`` of calls by set."""
        work()
        self.forget_when_written()
        self.sandbox.reset_calls()
        work()
        self.assertEqual(self.sandbox.calls()["writes"], 0, self.sandbox.calls())
        self.assertWroteNothingInOdoo()
        self.assertFalse(self.problems())
        return Counter(call["path"].rpartition("/")[2] for call in self.sandbox.call_log())

    def forget_when_written(self):
        """Have every partner and link last written long ago."""
        self.env.flush_all()
        for table in ("res_partner", "tribe_link"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = '2020-01-01'")
        self.env.invalidate_all()

    def assertWroteNothingInOdoo(self):
        for model in ("res.partner", "tribe.link"):
            records = self.env[model].with_context(active_test=False)
            written = records.search([("write_date", ">", "2020-01-02")])
            self.assertFalse(written, written.mapped("display_name"))

    def assertReadEachPageOnce(self, calls, besides=()):
        """Every started page of relations took at most one call per set.

        ``besides``: sets of which one more page was read, to learn what is to be looked at
        """
        calls = calls - Counter(besides)
        pages = math.ceil(ORGANIZATIONS / PAGE) + math.ceil(PERSONS / PAGE)
        for entity_set in SETS:
            self.assertLessEqual(calls[entity_set], pages, entity_set)

    def test_initial_synchronization(self):
        calls = self.again(self.activate_anew)

        self.assertEqual(self.connection.state, "active")
        self.assertTrue(calls["Relation_Organization"])
        self.assertReadEachPageOnce(calls)

    def activate_anew(self):
        """Press Deactivate and Activate: every partner is compared with its relation."""
        self.connection.action_deactivate()
        self.run_lanes()
        self.press_activate()
        self.run_lanes()

    def test_nightly_costs_one_page_of_each_kind_of_row(self):
        """Where the last row has the number that it had, none before it is gone."""
        kinds = ("Activity_Invoice", *SETS)
        self.assertEqual(self.again(self.run_nightly), dict.fromkeys(kinds, 1))

    def test_poll_of_every_stream(self):
        calls = self.again(lambda: self.poll(*OUR_KINDS.streams))

        self.assertLessEqual(set(SETS), set(calls))
        self.assertReadEachPageOnce(
            calls, besides=[OUR_KINDS[stream].entity_set for stream in OUR_KINDS.streams]
        )

    def test_poll_when_nothing_changed_is_one_page_of_each_stream(self):
        self.poll(*OUR_KINDS.streams)

        calls = self.again(self.poll_long_afterwards)

        # Of invoices what bears a new date, and the newest open ones.
        self.assertEqual(calls.pop("Activity_Invoice"), 2)
        self.assertEqual(set(calls.values()), {1}, calls)
        self.assertEqual(len(calls), len(OUR_KINDS.streams) - 1)

    def poll_long_afterwards(self):
        """Look for changes since a moment at which nothing has changed for long."""
        self.env["tribe.cursor"].search([]).position = "2100-01-01"
        self.poll(*OUR_KINDS.streams)

    def test_synchronize_now(self):
        calls = self.again(lambda: self.synchronize(self.partners))

        self.assertReadEachPageOnce(calls)

    def test_webhooks_about_everything(self):
        calls = self.again(self.report_everything)

        # Whose a relationship or an address is, has to be asked first.
        self.assertReadEachPageOnce(
            calls, besides=(ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER, "Address")
        )

    def report_everything(self):
        """Let a webhook arrive about every relation, relationship and address."""
        for kind in RELATION_STREAMS:
            ids = [row["ID"] for row in self.sandbox.rows(OUR_KINDS[kind].entity_set)]
            self.env["tribe.work"]._add(self.connection, "inbound", kind, ids, "webhook")
        self.run_lanes()

    def test_webhook(self):
        organizations = self.partners.filtered("is_company").mapped("tribe_id")

        calls = self.again(lambda: self.look_at("organization", *organizations))

        self.assertReadEachPageOnce(calls)
