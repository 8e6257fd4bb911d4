"""What is booked is in the company's language and its audit trail, whoever is told of problems."""

from connector.common import ORGANIZATION_CUSTOMER
from told import tell

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.sentence import say

from .invoice_case import InvoiceCase

JANUARY = {"StartDate": "2026-01-02T00:00:00Z", "EndDate": "2026-01-31T00:00:00Z"}


class TestLanguage(InvoiceCase):
    """A Dutch company with French customers; who is told of problems reads American English."""

    def setUp(self):
        super().setUp()
        for language in ("nl_NL", "fr_FR"):
            self.env["res.lang"]._activate_lang(language)
        self.env["ir.module.module"]._load_module_terms(["tribe_connector"], ["nl_NL"])
        told = new_test_user(self.env, "told", groups="tribe_connector.group_manager", lang="en_US")
        told.company_ids = [Command.link(self.company.id)]
        self.connection.responsible_id = told
        self.company.partner_id.lang = "nl_NL"

    def new_customer(self, name="Nieuw B.V."):
        """A customer that is in Tribe alone; returns the ID of the organization."""
        organization = self.sandbox.create("Relation_Organization", {"Name": name})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )
        return organization["ID"]

    def made(self, tribe_id):
        return self.env["res.partner"].search([("tribe_id", "=", tribe_id)])

    def test_a_period_is_written_as_the_customer_does_else_as_the_company(self):
        for language, period in {
            "fr_FR": "02/01/2026 - 31/01/2026",
            "en_US": "01/02/2026 - 01/31/2026",
            False: "02-01-2026 - 31-01-2026",
        }.items():
            with self.subTest(language):
                self.partner.lang = language

                move = self.booked_move(self.send_new(self.line(10.0, **JANUARY)))

                self.assertEqual(move.invoice_line_ids.name, f"Werk\n{period}")

    def test_texts_of_odoo_are_the_companys(self):
        self.tax("21% ST").with_context(lang="nl_NL").name = "Hoog tarief"

        move = self.booked_move(self.send_new(self.line(10.0)))

        self.assertEqual(move.line_ids.filtered("tax_line_id").name, "Hoog tarief")

    def test_so_are_notes_on_an_invoice(self):
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.set_phase(tribe_id, "Paid")
        self.look_at("invoice", tribe_id)

        move = self.booked_move(tribe_id)
        dutch = say(self.env(context={"lang": "nl_NL"}), "paid_in_tribe_not_booked")
        self.assertNotEqual(dutch, say(self.env(context={"lang": "en_US"}), dutch.code))
        self.assertTrue(any(dutch in body for body in move.message_ids.mapped("body")))

    def test_a_new_contact_has_the_companys_language(self):
        tribe_id = self.new_customer()
        self.look_at("organization", tribe_id)
        self.assertEqual(self.made(tribe_id).lang, "nl_NL")

        # Also one that an invoice brings along.
        tribe_id = self.new_customer("Anders B.V.")
        self.send_new(self.line(10.0))
        self.assertEqual(self.made(tribe_id).lang, "nl_NL")

    def test_a_language_that_is_no_more_keeps_nothing_from_being_done(self):
        """Odoo lets one go that only contacts have who are archived."""
        self.company.partner_id.active = False
        language = self.env["res.lang"].search([("code", "=", "nl_NL")])
        self.env["res.partner"].search([("lang", "=", "nl_NL")]).lang = "en_US"
        language.active = False
        self.assertEqual(self.company.partner_id.lang, "nl_NL")
        tribe_id = self.new_customer()

        move = self.assert_booked_to_the_cent(self.send_new(self.line(10.0, **JANUARY)))

        self.assertEqual(move.partner_id, self.made(tribe_id))
        self.assertEqual(move.partner_id.lang, "en_US")

    def test_what_somebody_chose_for_a_contact_stays(self):
        tribe_id = self.new_customer()
        self.look_at("organization", tribe_id)
        self.made(tribe_id).lang = "fr_FR"

        self.sandbox.change("Relation_Organization", tribe_id, {"Name": "Nouveau"})
        self.look_at("organization", tribe_id)

        self.assertEqual(self.made(tribe_id).name, "Nouveau")
        self.assertEqual(self.made(tribe_id).lang, "fr_FR")

    def test_a_company_without_a_language_leaves_it_to_odoo(self):
        self.company.partner_id.lang = False
        tribe_id = self.new_customer()
        self.look_at("organization", tribe_id)
        default = self.env["ir.default"]._get("res.partner", "lang")
        self.assertEqual(self.made(tribe_id).lang, default)


class TestAuditTrail(InvoiceCase):
    """A company that keeps a restrictive audit trail."""

    def setUp(self):
        super().setUp()
        self.company.restrictive_audit_trail = True

    def trail(self, move):
        """What Odoo's report of the audit trail shows of an entry."""
        messages = self.env["mail.message"].search([("account_audit_log_move_id", "=", move.id)])
        return messages.filtered(lambda message: message.message_type == "notification")

    def assert_in_trail(self, tribe_id):
        move = self.booked_move(tribe_id)
        said = say(self.env, "booked_from_tribe", number=self.number_of(tribe_id))
        (entry,) = self.trail(move)
        self.assertIn(said, entry.account_audit_log_preview)
        self.assertTrue(entry.account_audit_log_restricted)
        return entry

    def test_what_is_booked_is_in_it(self):
        entity = self.connection.legal_entity_ids
        tribe_ids = [self.draft(self.line(price)) for price in (10.0, 20.0, -30.0)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        self.look_at("invoice", *tribe_ids)
        # With Odoo's number, too: the trail has Tribe's.
        entity.journal_id = False
        entity.number_policy = "odoo"
        entity.journal_id = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)], limit=1
        )
        tribe_ids.append(self.send_new(self.line(40.0)))

        for tribe_id in tribe_ids:
            with self.subTest(tell(self.problems())):
                entry = self.assert_in_trail(tribe_id)
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    entry.unlink()

    def test_a_company_that_keeps_one_later_has_what_was_booked_before(self):
        self.company.restrictive_audit_trail = False
        tribe_id = self.send_new(self.line(10.0))
        self.company.restrictive_audit_trail = True
        self.assert_in_trail(tribe_id)
