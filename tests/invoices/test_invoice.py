from decimal import Decimal

from connector.common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER
from told import containing

from odoo.addons.tribe_connector.engine.problems import NeedsPerson

from .invoice_case import InvoiceCase


class TestInvoice(InvoiceCase):
    def test_a_sent_invoice_is_posted_with_everything_of_tribe(self):
        tribe_id = self.send_new(self.line(100.0), self.line(12.5, 3.0, "NL9"))

        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual(move.partner_id, self.partner)
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(move.currency_id.name, "EUR")
        self.assertEqual(move.invoice_date, self.today)
        self.assertIn(move.journal_id, self.connection.legal_entity_ids.journal_id)
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax("21% ST") | self.tax("9% ST"))
        self.assertEqual(move.tribe_id, tribe_id)
        self.assertTrue(move.tribe_url.endswith(f"/entity/{tribe_id}"))

    def test_a_draft_is_not_booked(self):
        tribe_id = self.draft(self.line(100.0))

        self.look_at("invoice", tribe_id)

        self.assertFalse(self.booked_move(tribe_id))
        self.assertFalse(self.problems())

    def test_the_same_event_twice_books_once(self):
        tribe_id = self.send_new(self.line(100.0))

        self.look_at("invoice", tribe_id)
        self.poll("invoice")

        moves = self.env["account.move"].search([("tribe_id", "=", tribe_id)])
        self.assertEqual(len(moves), 1)

    def test_an_invoice_of_an_unknown_customer_brings_the_customer(self):
        organization = self.sandbox.create("Relation_Organization", {"Name": "Onbekend B.V."})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

        tribe_id = self.send_new(self.line(50.0))

        move = self.assert_booked_to_the_cent(tribe_id)
        self.assertEqual(move.partner_id.name, "Onbekend B.V.")
        self.assertEqual(move.partner_id.tribe_id, organization["ID"])

    def test_who_owes_it_is_told_before_it_is_booked(self):
        """A private customer who got a company in Odoo, and nobody has looked at him since."""
        person = self.sandbox.create("Relation_Person", {"LastName": "Jansen"})["ID"]
        own = {"Relation": {"ID": self.connection.own_organization_id}}
        customer = self.sandbox.create(PERSON_CUSTOMER, {**own, "Person": {"ID": person}})
        self.look_at("person", person)
        partner = self.link(person).partner_id
        company = self.env["res.partner"].create({"name": "Werkgever B.V.", "is_company": True})
        partner.parent_id = company
        told = self.env["tribe.run.line"].search([])

        relationship = {"Relationship": {"ID": customer["ID"]}}
        moves = [self.send_new(self.line(100.0), **relationship) for _number in range(2)]

        for tribe_id in moves:
            move = self.assert_booked_to_the_cent(tribe_id)
            self.assertEqual((move.partner_id, move.commercial_partner_id), (partner, company))
        lines = self.env["tribe.run.line"].search([], order="id") - told
        (note,) = lines.filtered(lambda line: line.action == "note")
        self.assert_told(note, "claimed_from_company", field="text", company=company.name)
        self.assertEqual(lines[0], note)

    def test_prices_that_include_vat_give_tribes_totals(self):
        tribe_id = self.send_new(
            self.line(12.1), self.line(7.77, 3.0), self.line(19.99, 2.0, "NL9"), IsVatIncluded=True
        )

        self.assert_booked_to_the_cent(tribe_id)

    def test_vat_rounded_per_line_or_per_group_is_booked_as_tribe_has_it(self):
        for rounding in ("line", "group"):
            with self.subTest(rounding=rounding):
                self.sandbox.switch(vat_rounding=rounding)
                tribe_id = self.send_new(*(self.line(0.07 + number / 100) for number in range(9)))

                self.assert_booked_to_the_cent(tribe_id)

    def test_a_quantity_with_more_decimals_than_odoo_keeps_gives_tribes_total(self):
        tribe_id = self.send_new(self.line(99.99, 1.3333), self.line(10.0, 0.004))

        self.assert_booked_to_the_cent(tribe_id)

    def test_a_paid_invoice_becomes_paid_in_tribe(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)

        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.run_nightly()

        (phase,) = self.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")
        self.assertEqual(self.tribe_row("Activity_Invoice", tribe_id)["Phase"], phase["ID"])


class TestInvoiceProblems(InvoiceCase):
    def test_an_unmapped_vat_group_holds_the_invoice_until_it_is_mapped(self):
        groups = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL9"
        )
        groups.tax_id = False
        held = self.send_new(self.line(10.0, vat="NL9"))
        row = self.tribe_row("Activity_Invoice", held)
        self.assert_held(
            held, "vat_group_without_tax", number=row["Number"], group=containing("NL - 9%")
        )
        booked = self.send_new(self.line(10.0))
        self.assert_booked_to_the_cent(booked)

        groups.tax_id = self.tax("9% ST")
        self.run_lanes()

        self.assert_booked_to_the_cent(held)
        self.assertFalse(self.problems())

    def test_an_inactive_currency_holds_the_invoice(self):
        self.sandbox.switch(foreign_currency=True)
        self.env.ref("base.DKK").active = False

        tribe_id = self.send_new(self.line(10.0), Currency="DKK")

        self.assert_held(tribe_id, "currency_not_active", currency="DKK")

    def test_a_currency_that_is_deactivated_later_changes_nothing_that_is_booked(self):
        self.sandbox.switch(foreign_currency=True)
        krone = self.env.ref("base.DKK")
        krone.active = True
        krone.rate_ids.create({"currency_id": krone.id, "name": "2020-01-01", "rate": 7.5})
        tribe_id = self.send_new(self.line(10.0), Currency="DKK")
        self.assertEqual(self.booked_move(tribe_id).currency_id, krone)

        krone.active = False
        self.look_at("invoice", tribe_id)

        self.assertEqual((self.link(tribe_id).state, self.problems()), ("linked", []))

    def test_a_currency_is_no_beginning_of_what_tribe_calls_it(self):
        """Odoo cuts what it looks for to the length of the field."""
        importer = self.env["tribe.invoice.importer"]
        self.assertEqual(importer._currency({"Currency": " eur "}).name, "EUR")
        with self.assertRaisesRegex(NeedsPerson, "EURO"):
            importer._currency({"Currency": "EURO", "Number": "20260001"})

    def test_a_locked_period_holds_the_invoice(self):
        self.company.sale_lock_date = self.today

        tribe_id = self.send_new(self.line(10.0))

        self.assert_held(tribe_id, "invoice_in_locked_period", date=self.today, lock=self.today)

    def test_a_number_that_is_taken_holds_the_invoice(self):
        first = self.send_new(self.line(10.0))
        move = self.booked_move(first)
        taken = str(int(move.name) + 1)
        # From before the journal was reserved for Tribe.
        self.connection.legal_entity_ids.number_policy = "odoo"
        move.copy({"name": taken, "invoice_date": self.today}).action_post()
        self.connection.legal_entity_ids.number_policy = "tribe"

        second = self.send_new(self.line(20.0))

        self.assert_held(second, "invoice_number_taken", number=taken, move=taken)

    def test_a_tax_of_another_percentage_holds_the_invoice(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL21").tax_id = self.tax("9% ST")

        tribe_id = self.send_new(self.line(100.0))

        self.assert_held(
            tribe_id,
            "vat_of_groups_differs",
            tax="9% ST",
            tribe=Decimal(21),
            odoo=Decimal(9),
            # That of 9% has the same tax, rightly.
            groups=groups.filtered(lambda group: group.code == "NL21")[:1].mapped("name"),
            entities=groups.legal_entity_id.filtered("is_default").mapped("name"),
        )
        work = self.work(tribe_id)
        self.assertTrue(work.can_open_mapping)
        self.assertEqual(work.action_open_mapping()["res_model"], "tribe.vat.group")

    def test_a_line_without_a_vat_group_is_to_be_mended_in_tribe(self):
        tribe_id = self.send_new(self.line(100.0, vat=None))

        self.assert_held(tribe_id, "line_without_vat_group", number=self.number_of(tribe_id))
        self.assertEqual(self.work(tribe_id).cause, "unreadable")

    def test_one_bad_invoice_does_not_stop_the_others(self):
        self.sandbox.switch(foreign_currency=True)
        self.env.ref("base.DKK").active = False
        good = [self.draft(self.line(float(number))) for number in range(1, 6)]
        bad = self.draft(self.line(10.0), Currency="DKK")
        for tribe_id in [*good[:2], bad, *good[2:]]:
            self.sandbox.set_phase(tribe_id, "Sent")

        self.look_at("invoice", *good[:2], bad, *good[2:])

        for tribe_id in good:
            self.assert_booked_to_the_cent(tribe_id)
        self.assert_held(bad, "currency_not_active", currency="DKK")
