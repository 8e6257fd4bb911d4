from unittest.mock import patch

import psycopg2.errors
from connector.common import ORGANIZATION_CUSTOMER
from lxml import etree
from told import containing

from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.models.tribe_connection import OF_ALL_COMPANIES
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tribe_api import TribeUnavailable

from .invoice_case import InvoiceCase


class TestLegalEntity(InvoiceCase):
    """Two legal entities of Tribe, two companies of Odoo with different charts of accounts."""

    @classmethod
    def map(cls):
        """The first legal entity with the Dutch chart, the second with a generic one."""
        cls.other_company = cls.env["res.company"].create(
            {
                "name": "Voorbeeld Diensten B.V.",
                "country_id": cls.company.country_id.id,
                "currency_id": cls.company.currency_id.id,
            }
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.other_company, install_demo=False
        )
        cls.other_company.currency_id = cls.company.currency_id
        cls.dutch, cls.generic = cls.connection.legal_entity_ids
        cls.generic.company_id = cls.other_company
        cls.dutch.company_id = cls.company
        cls.connection.legal_entity_ids.action_create_journal()
        cls.connection.legal_entity_ids.action_suggest()
        cls.dutch.vat_group_ids.account_id = cls.account("income")
        tax = cls.env["account.tax"].search(
            [("company_id", "=", cls.other_company.id), ("type_tax_use", "=", "sale")], limit=1
        )
        tax.amount = 21
        cls.generic.vat_group_ids.tax_id = tax
        cls.generic.vat_group_ids.account_id = cls.account("income", cls.other_company)

    def send_for(self, entity, *lines, **values):
        """Send an invoice of a legal entity; returns its ID."""
        return self.send_new(*lines, Identity={"ID": entity.tribe_id}, **values)

    def as_user_of(self, company, name=""):
        """The environment of an administrator of the connector who works in one company."""
        user = new_test_user(
            self.env,
            f"only in {company.ids} {name}".strip(),
            groups="tribe_connector.group_manager,account.group_account_invoice",
            company_id=company[0].id,
            company_ids=[(6, 0, company.ids)],
        )
        # What others have read is not asked for again.
        self.env.invalidate_all()
        return self.env(user=user, su=False)

    def test_each_legal_entity_books_in_its_company_with_its_own_chart(self):
        for entity, company in ((self.dutch, self.company), (self.generic, self.other_company)):
            with self.subTest(entity.name):
                tribe_id = self.send_for(entity, self.line(100.0))

                move = self.assert_booked_to_the_cent(tribe_id)
                self.assertEqual(move.company_id, company)
                self.assertEqual(move.journal_id, entity.journal_id)
                self.assertEqual(move.invoice_line_ids.account_id, self.account("income", company))
                self.assertEqual(move.invoice_line_ids.tax_ids.company_id, company)
                self.assertEqual(move.partner_id, self.partner)

    def test_invoices_of_both_in_one_batch_are_kept_apart(self):
        tribe_ids = []
        for entity in (self.dutch, self.generic, self.dutch, self.generic):
            tribe_id = self.draft(self.line(10.0), Identity={"ID": entity.tribe_id})
            self.sandbox.set_phase(tribe_id, "Sent")
            tribe_ids.append(tribe_id)

        self.look_at("invoice", *tribe_ids)

        companies = [self.assert_booked_to_the_cent(tribe_id).company_id for tribe_id in tribe_ids]
        self.assertEqual(companies, [self.company, self.other_company] * 2)

    def test_an_invoice_without_a_legal_entity_belongs_to_the_default_one(self):
        self.generic.is_default = True
        self.assertFalse(self.dutch.is_default)

        tribe_id = self.draft(self.line(10.0))
        # A new invoice of Tribe gets one by itself.
        self.sandbox.change("Activity_Invoice", tribe_id, {"Identity": None})
        self.assertFalse(self.send(tribe_id)["Identity"])

        move = self.booked_move(tribe_id)
        self.assertEqual(move.company_id, self.other_company)

    def test_a_legal_entity_may_be_named_by_the_organization_behind_it(self):
        self.sandbox.switch(legal_entity_means="organization", legal_entity_name="Organization")
        self.connect()
        organization = {"ID": self.generic.organization_id}

        tribe_id = self.send_new(self.line(10.0), Organization=organization)
        self.assertEqual(self.assert_booked_to_the_cent(tribe_id).company_id, self.other_company)

        unknown = {"ID": self.customer["Organization"]}
        held = self.send_new(self.line(10.0), Organization=unknown)
        number = self.number_of(held)
        self.assert_held(held, "invoice_legal_entity_unknown", number=number)

    def test_a_danish_company_is_booked_in_kroner_although_tribe_counts_in_euros(self):
        self.other_company.currency_id = self.env.ref("base.DKK")
        self.other_company.currency_id.active = True

        tribe_id = self.send_for(
            self.generic, self.line(13.4, PriceInCurrency=100.0), Currency="DKK"
        )

        row, move = self.tribe_row("Activity_Invoice", tribe_id), self.booked_move(tribe_id)
        self.assertEqual((row["TotalExcludingVat"], row["TotalIncludingVat"]), (13.4, 16.21))
        self.assertEqual(move.state, "posted", self.problems())
        self.assertEqual(move.currency_id, self.other_company.currency_id)
        self.assertEqual(
            (move.amount_untaxed, move.amount_tax, move.amount_total), (100.0, 21.0, 121.0)
        )
        self.assertEqual(move.invoice_line_ids.price_unit, 100.0)

    def test_a_lock_of_one_company_does_not_hold_the_other(self):
        self.company.sale_lock_date = "2100-01-01"

        held = self.send_for(self.dutch, self.line(10.0))
        booked = self.send_for(self.generic, self.line(10.0))

        self.assertFalse(self.booked_move(held))
        self.assert_booked_to_the_cent(booked)

    def test_a_tax_of_another_company_cannot_be_chosen(self):
        with self.assertRaisesRegex(UserError, "company"):
            self.generic.vat_group_ids[0].tax_id = self.tax("21% ST")

    def test_who_works_in_one_company_sees_nothing_of_the_other_through_us(self):
        mine = self.send_for(self.dutch, self.line(10.0))
        theirs = self.send_for(self.generic, self.line(10.0))
        self.company.sale_lock_date = self.other_company.sale_lock_date = self.today
        held = [self.send_for(entity, self.line(20.0)) for entity in (self.dutch, self.generic)]
        own = self.as_user_of(self.company)

        links = own["tribe.link"].search([("kind", "=", "invoice")])
        self.assertEqual(links.mapped("tribe_id"), [mine])
        self.assertNotIn(theirs, own["account.move"].search([]).mapped("tribe_id"))
        self.assertEqual(own["tribe.legal.entity"].search([]).mapped("name"), [self.dutch.name])
        self.assertEqual(own["tribe.work"].search([]).mapped("reference"), held[:1])
        other = self.as_user_of(self.other_company)
        self.assertEqual(other["tribe.work"].search([]).mapped("reference"), held[1:])
        numbers = [self.tribe_row("Activity_Invoice", each)["Number"] for each in held]
        told = own["tribe.run.line"].search([("action", "=", "problem")]).mapped("name")
        self.assertIn(numbers[0], told)
        self.assertNotIn(numbers[1], told)
        self.assertEqual(
            own["tribe.vat.group"].search([]).legal_entity_id.mapped("name"), [self.dutch.name]
        )

    # Books that are elsewhere

    def test_invoices_of_books_that_are_elsewhere_are_not_booked(self):
        self.generic.write({"is_booked": False, "company_id": False, "journal_id": False})

        elsewhere = self.send_for(self.generic, self.line(10.0))
        here = self.send_for(self.dutch, self.line(10.0))

        self.assertFalse(self.booked_move(elsewhere) or self.work(elsewhere))
        self.assertFalse(self.problems())
        self.assert_booked_to_the_cent(here)

    def test_what_was_held_goes_away_and_comes_back(self):
        self.generic.vat_group_ids.tax_id = False
        held = self.send_for(self.generic, self.line(10.0))
        self.assertTrue(self.problems())

        self.generic.is_booked = False
        self.run_lanes()
        self.assertFalse(self.work(held) or self.booked_move(held))

        self.generic.is_booked = True
        self.run_lanes()
        self.assert_told(self.problematic()[0], "vat_group_without_tax", entity=self.generic.name)

    def test_all_that_was_passed_over_is_booked_when_it_is_switched_on(self):
        """Also what Tribe paid meanwhile, which a look for changes would not find."""
        self.generic.is_booked = False
        passed_over = [self.send_for(self.generic, self.line(10.0)) for _number in range(2)]
        self.sandbox.set_phase(passed_over[1], "Paid")
        self.poll("invoice")
        self.sandbox.reset_calls()
        self.assertFalse(any(self.booked_move(each) for each in passed_over))

        self.generic.is_booked = True
        self.run_lanes()

        for tribe_id in passed_over:
            self.assert_booked_to_the_cent(tribe_id)

    def test_the_default_one_may_be_elsewhere(self):
        self.generic.write({"is_default": True, "is_booked": False})
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.change("Activity_Invoice", tribe_id, {"Identity": None})

        self.send(tribe_id)

        self.assertFalse(self.booked_move(tribe_id) or self.work(tribe_id))

    def default_entities(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.connection.legal_entity_ids.filtered("is_default")

    def test_who_works_in_all_companies_chooses_the_one_default(self):
        """Else who leads the connection has invoices of the others come into their own books."""
        self.generic.is_default = True
        # Who works in the one company does not even see the connection.
        for company, entity in (
            (self.company, self.dutch),
            (self.other_company, self.generic),
        ):
            for is_default in (True, False):
                with self.subTest(company.name, is_default=is_default):
                    own = entity.with_env(self.as_user_of(company, is_default))
                    self.assertTrue(own.serves_others)
                    with self.assert_refused(
                        "setting_serves_other_companies", name=self.connection.name
                    ):
                        own.is_default = is_default
                    self.assertEqual(self.default_entities(), self.generic)

        env = self.as_user_of(self.company | self.other_company)
        self.assertFalse(self.dutch.with_env(env).serves_others)
        self.dutch.with_env(env).is_default = True
        self.assertEqual(self.default_entities(), self.dutch)

    def test_a_running_connection_gets_another_company_from_who_works_in_all(self):
        """Else those who worked in all of them do not lead it any more."""
        third = self.env["res.company"].create({"name": "Derde bedrijf"})
        self.generic.journal_id = False
        own = self.generic.with_env(self.as_user_of(self.other_company | third))
        with self.assert_refused("setting_serves_other_companies", name=self.connection.name):
            own.company_id = third
        self.env.invalidate_all()
        self.assertEqual(self.generic.company_id, self.other_company)

        env = self.as_user_of(self.company | third, "leads")
        with self.assert_refused("setting_serves_other_companies", name=self.connection.name):
            self.dutch.with_env(env).company_id = third

    def test_a_draft_that_somebody_moves_makes_no_company_one_of_the_connections(self):
        third = self.env["res.company"].create({"name": "Derde bedrijf"})
        move = self.booked_move(self.send_for(self.dutch, self.line(10.0)))
        both = self.connection.with_env(self.as_user_of(self.company | self.other_company))
        move.button_draft()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET company_id = %s WHERE id = %s", [third.id, move.id]
        )
        self.env.cr.execute(
            "UPDATE tribe_link SET company_id = %s WHERE move_id = %s", [third.id, move.id]
        )
        self.env.invalidate_all()

        self.assertFalse(both.serves_others)
        both.paid_when = "in_payment"
        self.assertEqual(self.connection.paid_when, "in_payment")

    def test_the_form_shows_what_is_for_others_to_change(self):
        arch = etree.fromstring(
            self.env["tribe.connection"].get_view(
                self.env.ref("tribe_connector.view_tribe_connection_form").id, "form"
            )["arch"]
        )
        shown = {
            node.get("name"): node.get("readonly")
            for node in arch.iter("field")
            if not any(True for _above in node.iterancestors("field"))
        }
        for name in {*OF_ALL_COMPANIES, "phase_ids", "invoice_field_ids"} - {"active"}:
            self.assertEqual(shown[name], "serves_others", name)
        entities = self.connection.legal_entity_ids
        arch = etree.fromstring(entities.get_view(view_type="form")["arch"])
        (default,) = arch.xpath("//field[@name='is_default']")
        self.assertEqual(default.get("readonly"), "serves_others")
        own = self.connection.with_env(self.as_user_of(self.company))
        both = self.connection.with_env(self.as_user_of(self.company | self.other_company))
        self.assertTrue(own.serves_others)
        self.assertFalse(both.serves_others)
        self.assertFalse(own.new({"company_id": self.company.id}).serves_others)

    def test_two_default_ones_hold_what_names_none(self):
        """An earlier version let both be."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_legal_entity SET is_default = TRUE")
        self.env.invalidate_all()
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.change("Activity_Invoice", tribe_id, {"Identity": None})

        self.send(tribe_id)

        self.assert_told(self.problematic(), "invoice_names_no_legal_entity", number=containing(""))
        self.dutch.is_default = True
        self.run_lanes()
        self.assert_booked_to_the_cent(tribe_id)

    def test_who_shares_the_connection_switches_their_own_one_off_and_on(self):
        env = self.as_user_of(self.other_company)
        generic = self.generic.with_env(env)
        for values in ({"is_booked": False}, {"is_booked": True}):
            generic.write(values)
            self.env.flush_all()
            self.env.invalidate_all()
        self.run_lanes()

        self.generic.vat_group_ids.tax_id = False
        self.send_for(self.generic, self.line(10.0))
        asked = self.problematic().with_env(env).action_retry()["params"]["watched"]
        self.connection.action_pause()
        self.env.flush_all()
        self.env.invalidate_all()
        outcome = env["tribe.work"].look_at_outcome(asked["added_ids"], asked["subjects"])
        self.assertTrue(outcome["is_final"])
        self.assertEqual(
            outcome["message"], "It waits. Whoever administrates the connection sees why."
        )

    def test_who_shares_the_connection_gives_their_own_one_up(self):
        generic = self.generic.with_env(self.as_user_of(self.other_company))
        generic.journal_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        generic.company_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.generic.company_id)

    def test_what_was_booked_before_raises_no_problem(self):
        tribe_id = self.send_for(self.generic, self.line(10.0))
        move = self.assert_booked_to_the_cent(tribe_id)

        self.generic.write({"is_booked": False, "company_id": False, "journal_id": False})
        self.look_at("invoice", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "linked")
        self.assertFalse(self.link(tribe_id).difference)
        self.assertEqual(move.state, "posted")

    def test_activating_does_not_ask_for_what_is_elsewhere(self):
        open_invoice = self.send_for(self.generic, self.line(10.0, vat="NL9"))
        self.generic.vat_group_ids.write({"tax_id": False, "account_id": False})
        self.connection.action_pause()
        holes = containing(self.generic.name)
        with self.assert_refused("activate_unmapped", holes=holes):
            self.press_activate()

        self.generic.is_booked = False
        self.press_activate()

        self.assertEqual(self.connection.state, "initial")
        self.assertTrue(open_invoice)

    def test_a_credit_note_tells_nothing_of_another_companys_invoice(self):
        theirs = self.env["res.partner"].create({"name": "Hun klant"})
        account = self.account("asset_receivable", self.other_company).copy({"name": "Hun"})
        for is_credit_first in (False, True):
            with self.subTest(is_credit_first=is_credit_first):
                invoice = self.draft(self.line(100.0), Identity={"ID": self.generic.tribe_id})
                self.sandbox.set_phase(invoice, "Sent")
                if not is_credit_first:
                    self.look_at("invoice", invoice)
                credit = self.send_for(
                    self.dutch, self.line(-100.0), CreditedInvoice={"ID": invoice}
                )
                self.look_at("invoice", invoice)
                move = self.booked_move(invoice)
                move.button_draft()
                move.partner_id = theirs
                move.line_ids.filtered("date_maturity").account_id = account
                with self.unasserted():
                    move.action_post()
                self.run_nightly()

                refund = self.booked_move(credit)
                reader = self.as_user_of(self.company, f"{is_credit_first}")
                link = self.link(credit).with_env(reader)
                self.assertEqual((link.state, refund.reversed_entry_id.id), ("differs", False))
                for told in (link.difference, link.difference_shown):
                    self.assertIn(refund.name, told)
                    self.assertIn("another company", told)
                    for secret in (move.name, theirs.name, account.name, self.other_company.name):
                        self.assertNotIn(secret, told)

    def test_what_an_earlier_version_told_of_it_is_taken_back_at_night(self):
        invoice = self.send_for(self.generic, self.line(100.0))
        credit = self.send_for(self.dutch, self.line(-100.0), CreditedInvoice={"ID": invoice})
        self.link(credit).difference = "Niet van jullie: F-1 van Hun klant."

        self.run_nightly()

        self.assertIn("another company", self.link(credit).difference)
        self.assertNotIn("Hun klant", self.link(credit).difference)

    def new_customer(self, **fields):
        """A new customer of Tribe alone; returns the row of the relationship."""
        row = self.sandbox.create("Relation_Organization", {"Name": "Nieuw B.V.", **fields})
        relation = {"ID": self.connection.own_organization_id}
        return self.sandbox.create(
            ORGANIZATION_CUSTOMER, {"Relation": relation, "Organization": {"ID": row["ID"]}}
        )

    def told_to(self, company):
        """All that somebody who works in one company reads of problems and in the runs."""
        env = self.as_user_of(company, "reader")
        self.env.flush_all()
        self.env.invalidate_all()
        texts = env["tribe.work"].search([]).mapped("error")
        return "\n".join(filter(None, texts + env["tribe.run.line"].search([]).mapped("text")))

    def secret(self, name, **values):
        """A contact of the connection's company alone."""
        return self.env["res.partner"].create(
            {"name": name, "is_company": True, "company_id": self.company.id, **values}
        )

    def test_one_stays_the_default_when_several_are_made_it_at_once(self):
        entities = self.connection.legal_entity_ids

        entities.write({"is_default": True})

        self.assertEqual(len(entities.filtered("is_default")), 1)

    def test_a_customer_in_doubt_names_no_contact_of_the_connections_company(self):
        self.secret("SECRET 1", email="secret@a.example")
        self.secret("SECRET 2", debtor_number="77003", customer_rank=1)
        self.secret("SECRET 3", creditor_number="77003", supplier_rank=1)
        self.secret("SECRET 4", debtor_number="77005", is_company=False, customer_rank=1)
        self.env["tribe.work"].search([]).unlink()
        customers = (
            self.new_customer(EmailAddress="secret@a.example"),
            self.new_customer(DebtorNumber="77003", CreditorNumber="77003"),
            self.new_customer(DebtorNumber="77005"),
        )

        for customer in customers:
            held = self.send_for(self.generic, self.line(10.0), Relationship={"ID": customer["ID"]})
            self.assertFalse(self.booked_move(held))
            self.assert_told(
                self.work(held),
                "invoice_waits_for_customer_elsewhere",
                number=self.number_of(held),
            )

        self.assertNotIn("SECRET", self.told_to(self.other_company))
        # Whoever may know them is told the reason.
        told = self.told_to(self.company)
        for number in range(1, 5):
            self.assertIn(f"SECRET {number}", told)

    def test_nor_one_of_a_legal_entitys_company_to_the_connections(self):
        self.secret("SECRET", company_id=self.other_company.id, debtor_number="77009")
        customer = self.new_customer(DebtorNumber="77009")
        self.new_customer(DebtorNumber="77009")

        held = self.send_for(self.dutch, self.line(10.0), Relationship={"ID": customer["ID"]})

        self.assert_told(self.work(held), "invoice_waits_for_customer_elsewhere")
        self.assertNotIn("SECRET", self.told_to(self.company))
        self.assertIn("SECRET", self.told_to(self.other_company))

    def test_a_customer_in_doubt_is_told_where_the_connection_is(self):
        self.secret("SECRET", email="secret@a.example")
        customer = self.new_customer(EmailAddress="secret@a.example")

        held = self.send_for(self.dutch, self.line(10.0), Relationship={"ID": customer["ID"]})

        self.assert_held(held, "invoice_waits_for_customer")
        self.assertIn("SECRET", self.work(held).error)

    def test_what_goes_wrong_with_a_customer_is_what_it_is_elsewhere(self):
        """Whichever company the invoice is for: none of it names a contact."""
        errors = {
            "a mistake of ours": (KeyError("SECRET"), "bug", "bug"),
            "a race": (
                psycopg2.errors.SerializationFailure("SECRET"),
                "again",
                "record_being_saved",
            ),
            "another lane": (
                psycopg2.errors.UniqueViolation("SECRET"),
                "again",
                "record_linked_by_other_worker",
            ),
            "Tribe": (
                TribeUnavailable(sentence("tribe_unavailable_for_now")),
                "again",
                "tribe_unavailable_for_now",
            ),
        }
        for entity in (self.dutch, self.generic):
            for what, (error, error_class, code) in errors.items():
                with self.subTest(what, entity=entity.name):
                    customer = {"ID": self.new_customer()["ID"]}
                    with (
                        patch.object(
                            self.registry["tribe.relation.importer"],
                            "_create_contacts",
                            side_effect=error,
                        ),
                        patch("odoo.addons.tribe_connector.engine.problems._logger.error") as log,
                    ):
                        held = self.send_for(entity, self.line(10.0), Relationship=customer)

                    work = self.work(held)
                    self.assertEqual(work.error_class, error_class)
                    self.assert_only_told(work, code)
                    told = self.env["tribe.run.line"].search([]).mapped("text")
                    self.assertNotIn("SECRET", str([*told, work.error]))
                    self.assertEqual(log.called, error_class == "bug")
                    work.action_retry()
                    self.run_lanes()
                    self.assertEqual(self.booked_move(held).state, "posted", self.problems())

    def test_a_customer_of_another_company_is_not_named(self):
        self.partner.write({"name": "SECRET", "company_id": self.company.id})
        self.env["tribe.work"].search([]).unlink()

        held = self.send_for(self.generic, self.line(10.0))

        number = self.number_of(held)
        self.assert_held(held, "invoice_customer_of_other_company", number=number)
        self.assertNotIn("SECRET", self.told_to(self.other_company))

    def test_nor_one_of_a_third_company(self):
        third = self.env["res.company"].create({"name": "Derde"})
        self.partner.write({"name": "SECRET", "company_id": third.id})
        self.env["tribe.work"].search([]).unlink()

        held = self.send_for(self.generic, self.line(10.0))

        self.assert_held(held, "invoice_customer_of_other_company")
        self.assertNotIn("SECRET", self.told_to(self.other_company))

        # What its remedy asks for.
        self.partner.company_id = False
        self.work(held).action_retry()
        self.run_lanes()
        self.assert_booked_to_the_cent(held)

    def test_nor_does_an_adopted_invoice_name_a_contact_of_another_company(self):
        tribe_id = self.send_for(self.dutch, self.line(100.0))
        # As of one that was typed by hand: what Tribe had is not known.
        self.link(tribe_id).agreed = False
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.partner_id = self.env["res.partner"].create({"name": "Andere klant"})
        move.action_post()
        for company, is_named in ((self.company, True), (self.other_company, False)):
            with self.subTest(company.name):
                self.partner.company_id = company

                self.look_at("invoice", tribe_id)

                told = self.link(tribe_id).with_env(self.as_user_of(self.company, company.name))
                self.assertEqual(self.partner.name in told.difference, is_named, told.difference)
                self.assertIn("customer", told.difference.lower())
