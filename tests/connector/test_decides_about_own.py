"""An administrator of one company decides about the links of its own connections, and no others."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.tribe_connector.tests.roles_case import RolesCase


@tagged("post_install", "-at_install")
class TestDecidesAboutOwn(RolesCase):
    """The contact is one of all companies, linked with the Tribe of two of them."""

    def setUp(self):
        super().setUp()
        self.shared = self.env["tribe.link"].search(
            [("connection_id", "=", self.shared_connection.id)]
        )
        # Seen by the manager of the first company, who has a legal entity there, too.
        self.assertTrue(self.shared.with_user(self.manager).has_access("read"))

    def theirs(self, model):
        return self.ours(model, self.other_connection).with_user(self.manager)

    def refused(self, decide):
        with self.assertRaises(AccessError), self.cr.savepoint():
            decide()

    def test_possible_matches_and_conflicts_of_others_are_neither_seen_nor_decided(self):
        for connection in (self.other_connection, self.shared_connection):
            for model, decisions in {
                "tribe.suggestion": ("action_link", "action_refuse"),
                "tribe.conflict": ("action_take_odoo", "action_take_tribe"),
            }.items():
                records = self.ours(model, connection).with_user(self.manager)
                self.assertFalse(records.search([("id", "in", records.ids)]))
                for decision in decisions:
                    with self.subTest(f"{connection.id} {decision}"):
                        self.refused(getattr(records, decision))

    def test_links_are_made_changed_and_deleted_by_nobody(self):
        for link in (self.link, self.shared):
            record = link.with_user(self.manager)
            self.refused(record.unlink)
            self.refused(lambda r=record: r.write({"state": "left_to_odoo"}))
            self.refused(lambda r=record: r.copy())

    def test_a_link_that_is_seen_by_a_legal_entity_is_decided_where_its_connection_is(self):
        link = self.shared
        for state, decision in (
            ("merged", "action_leave_to_odoo"),
            ("left_to_odoo", "action_follow_again"),
            ("sending", "action_send_again"),
        ):
            with self.subTest(decision):
                link.state = state
                self.refused(getattr(link.with_user(self.manager), decision))
                self.assertEqual(link.state, state)

                getattr(link.with_user(self.elsewhere), decision)()

                if decision != "action_send_again":
                    self.assertNotEqual(link.state, state)

    def test_an_invoice_is_decided_in_its_own_company(self):
        link = self.env["tribe.link"].create(
            {
                "connection_id": self.shared_connection.id,
                "kind": "invoice",
                "tribe_id": "an invoice",
                "company_id": self.company.id,
                "state": "differs",
            }
        )
        link.with_user(self.manager).action_leave_to_odoo()

        self.assertEqual(link.state, "left_to_odoo")

    def test_deciding_asks_for_no_contact_of_another_connection(self):
        suggestion = self.ours("tribe.suggestion")
        theirs = self.ours("tribe.link", self.other_connection)
        theirs.tribe_id = suggestion.tribe_id
        self.env["tribe.work"].search([("kind", "=", "partner")]).unlink()

        suggestion.with_user(self.manager).action_refuse()

        asked = self.env["tribe.work"].search(
            [("connection_id", "=", self.connection.id), ("kind", "=", "partner")]
        )
        self.assertNotIn(str(theirs.partner_id.id), asked.mapped("reference"))


@tagged("post_install", "-at_install")
class TestFilterIsNoQuestion(RolesCase):
    """One connection, two companies: who works in one of them learns nothing of the other's."""

    def setUp(self):
        super().setUp()
        # The one that runs in both companies.
        self.connection.state = "connected"
        self.shared_connection.state = "active"
        self.secret = self.new_partner("D-9")
        self.secret.write({"company_id": self.company.id, "city": "Geheim"})
        self.seen = self.new_partner("D-8")
        self.seen.write({"company_id": self.other_company.id, "city": "Geheim"})
        self.asks = "[('city', '=', 'Geheim')]"

    def test_who_works_in_one_of_its_companies_does_not_say_whom_it_sends(self):
        connection = self.shared_connection.with_user(self.elsewhere)
        with self.assertRaisesRegex(AccessError, "works in all of them"):
            connection.relation_domain = self.asks
        self.assertEqual(connection.relation_domain, "[]")
        # A form that is saved as it was, and when changes go, is theirs.
        connection.write({"relation_domain": "[]", "export_moment": "minute"})

        both = self.company + self.other_company
        self.elsewhere.company_ids = [Command.set(both.ids)]
        connection.relation_domain = self.asks

        self.assertEqual(connection.relation_domain, self.asks)

    def test_a_plan_tells_and_counts_whom_its_reader_may_read(self):
        self.shared_connection.relation_domain = self.asks
        connection = self.shared_connection.with_user(self.elsewhere)
        connection.action_plan()

        plan = connection.plan_ids
        self.assertEqual(plan.line_ids.partner_id, self.seen.with_user(self.elsewhere))
        self.assertEqual((plan.total_count, plan.progress_text), (1, "0 of 1"))
        self.assertNotIn("Klant D-9", str(plan.line_ids.read()))
        self.assertEqual(self.env["tribe.plan.line"].search_count([("plan_id", "=", plan.id)]), 2)
