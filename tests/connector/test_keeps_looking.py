"""What everyday work shows of how Tribe works is kept, and told once."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.probe import LATER, READING

from .common import ConnectorCase
from .relation_case import RelationCase

FOR_GOOD = 10.0**9


class KeepsLookingCase(RelationCase):
    sandbox_options = {"relations": 5, "invoices": 6}

    @classmethod
    def map(cls):
        """There are invoices."""
        ConnectorCase.map.__func__(cls)

    def row(self, code):
        return self.connection.reading_ids.filtered(lambda row: row.code == code)

    def know(self, **values):
        """What Connect found."""
        readings = self.env["tribe.reading"]
        readings._learn(self.connection, values, READING)

    def notes(self):
        """What runs tell of how Tribe works."""
        lines = self.env["tribe.run.line"].search([("action", "=", "note")])
        codes = ("reading_turned", "reading_turned_blocking")
        return [each for each in self.sentences_told(lines, "text") if each.code in codes]

    def notes_of(self, code):
        """How often runs tell of one reading."""
        return sum(each.parameters["reading"].value == code for each in self.notes())

    def refuse(self, condition):
        self.sandbox.fault("status", status=400, path_contains=condition, times=None)


class TestKeepsLooking(KeepsLookingCase):
    def test_a_filter_that_is_refused_now(self):
        self.know(date_filter="answered")
        self.refuse("LastMutationDate%20ge")

        for _number in range(3):
            self.poll("customer")

        row = self.row("date_filter")
        self.assertEqual((row.value, row.how, row.state), ("refused", LATER, "blocking"))
        self.assertEqual(len(self.notes()), 1)
        self.assert_trouble(self.connection, "reading_turned_blocking")
        checks = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_told(checks, "reading_filter_needed", field="remedy")

        # Connect looks once more.
        self.know(date_filter="answered")
        self.assertEqual(row.how, READING)
        self.assertFalse(self.connection._trouble_sentences())

    def test_a_count_that_is_refused_now_is_not_asked_for_any_more(self):
        self.know(count="answered")
        self.sandbox.switch(count_option="refused")
        self.poll("organization")
        self.assertEqual((self.row("count").value, self.row("count").how), ("refused", LATER))
        self.assertEqual(len(self.notes()), 1)
        self.assertFalse(self.connection.trouble)

        self.sandbox.reset_calls()
        self.poll("organization")
        self.assertEqual(self.sandbox.calls()["total"], 1)
        self.assertEqual(len(self.notes()), 1)

    def test_a_page_that_is_shorter(self):
        self.know(page_size="100")
        self.sandbox.switch(page_limit=4)
        self.env["tribe.cursor"]._move(self.connection, "organization", "2000-01-01 00:00:00")
        self.poll("organization")

        self.assertEqual(self.row("page_size").value, "4")
        self.assertEqual(self.notes_of("page_size"), 1)
        self.assertEqual([str(each) for each in self.notes()][1:], [])
        # A larger one is no news: pages may be short at any time.
        self.sandbox.switch(page_limit=6)
        self.env["tribe.cursor"]._move(self.connection, "organization", "2000-01-01 00:00:00")
        self.poll("organization")
        self.assertEqual(self.row("page_size").value, "4")
        self.assertEqual(self.notes_of("page_size"), 1)

    def test_what_a_person_corrected_stays(self):
        self.know(page_size="100")
        groups = "tribe_connector.group_manager"
        user = new_test_user(self.env, "administrates", groups=groups, company_id=self.company.id)
        self.row("page_size").with_user(user).value = "50"
        self.sandbox.switch(page_limit=4)
        self.env["tribe.cursor"]._move(self.connection, "organization", "2000-01-01 00:00:00")

        self.poll("organization")

        row = self.row("page_size")
        self.assertEqual((row.value, row.found), ("50", "4"))

    def test_a_link_that_nobody_can_resolve(self):
        self.know(entity_by_id="yes")
        unknown = "00000000-0000-4000-8000-00000000abcd"
        self.look_at("entity", f"customer:{unknown}")
        # There is none, which says nothing of the others.
        self.assertEqual(self.row("entity_by_id").value, "yes")

        self.sandbox.switch(entity_by_id=False)
        self.look_at("entity", f"customer:{unknown}")
        self.assertEqual(self.row("entity_by_id").value, "no")
        self.assertEqual(len(self.notes()), 1)

    def test_a_phase_that_is_new(self):
        self.know(phases="Draft, Sent, Paid")
        self.sandbox.switch(extra_phases=["Reminder"])
        invoice = next(row for row in self.sandbox.rows("Activity_Invoice") if row["Number"])
        self.sandbox.set_phase(invoice["ID"], "Reminder")

        self.look_at("invoice", invoice["ID"])

        self.assertEqual(self.row("phases").value, "Draft, Sent, Paid, +1")
        self.assertEqual(self.row("phases").how, LATER)

    def test_a_field_that_is_gone(self):
        self.know(known_names="none")
        partner = self.linked(website="https://klant.example")
        self.sandbox.switch(absent_fields=["Relation_Organization/Website"])
        self.look_at("organization", partner.tribe_id)

        self.assertIn("Relation_Organization/Website", self.row("known_names").value)

    def test_a_lag_that_grew(self):
        self.know(lag="5")
        partner = self.changed()
        self.sandbox.switch(query_lag=FOR_GOOD)
        partner.phone = "030 2"
        self.run_nightly()
        self.age_told(partner, 60)
        self.look_at("organization", partner.tribe_id)

        self.assertGreaterEqual(int(self.row("lag").value), 55)
        self.assertLess(int(self.row("lag").value), 3600)
        self.assertEqual(len(self.notes()), 1)
        self.assertGreaterEqual(self.connection._seconds_of_lag(), 55)

        self.look_at("organization", partner.tribe_id)
        self.assertEqual(len(self.notes()), 1)

    def test_without_dates_it_may_be_that_somebody_took_it_back(self):
        self.know(lag="5")
        partner = self.changed()
        partner.phone = "030 2"
        self.sandbox.switch(write_answer="id", query_lag=FOR_GOOD)
        self.run_nightly()
        self.assertNotIn("stamp", self.link(partner.tribe_id).being_told["phone"])
        self.age_told(partner, 60, stamp=None)
        self.look_at("organization", partner.tribe_id)
        self.assertEqual(self.row("lag").value, "5")

    def test_one_that_did_not(self):
        self.know(lag="300")
        partner = self.changed()
        self.sandbox.switch(query_lag=FOR_GOOD)
        partner.phone = "030 2"
        self.run_nightly()
        self.age_told(partner, 60)
        self.look_at("organization", partner.tribe_id)
        self.assertEqual(self.row("lag").value, "300")
        self.assertFalse(self.notes())

    def changed(self):
        """A partner whose relation has a date of change in Tribe."""
        partner = self.linked(phone="030 0")
        partner.phone = "030 1"
        self.run_nightly()
        return partner

    def age_told(self, partner, seconds, stamp="2099-01-01T00:00:00Z"):
        """As if Tribe had been told so many seconds ago, and had dated it later than before.

        Its dates have seconds: in the second of the change before, the date would be the same.
        """
        link = self.link(partner.tribe_id)
        at = fields.Datetime.to_string(fields.Datetime.now() - timedelta(seconds=seconds))
        dated = {"at": at, **({"stamp": stamp} if stamp else {})}
        link.being_told = {name: entry | dated for name, entry in link.being_told.items()}

    def test_a_usual_day_says_nothing(self):
        partner = self.linked(phone="030 1")
        partner.phone = "030 2"
        self.run_nightly()
        self.poll("organization", "customer", "invoice")
        self.assertFalse(self.notes())
        self.assertNotIn(LATER, self.connection.reading_ids.filtered("found_at").mapped("how"))
