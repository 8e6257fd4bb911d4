from unittest.mock import patch

from odoo import fields
from odoo.fields import Command

from odoo.addons.tribe_connector.sentence import Choice, sentence
from odoo.addons.tribe_connector.tribe_api import TribePaused
from odoo.addons.tribe_connector.tribe_api.client import Client

from .common import LONG, ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase


class TestRelationExport(RelationCase):
    """Odoo to Tribe: what was saved in Odoo, on an active connection."""

    def waiting(self, partner):
        """The work that waits for a partner."""
        return self.env["tribe.work"].search(
            [("kind", "=", "partner"), ("reference", "=", str(partner.id))]
        )

    def test_a_mere_country_stays(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)

        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

        self.assertEqual(partner.country_id.code, "NL")
        self.assertFalse(self.problems())

    def test_an_employee_with_bills_stays_in_odoo(self):
        """Nobody is asked to make a customer of it, however it comes to be looked at."""
        for source in ("sequence", "ref", "tribe"):
            with self.subTest(source=source):
                self.connection.number_source = source
                partner = self.customer(
                    f"Els {source}", is_company=False, customer_rank=0, supplier_rank=1, ref="E-1"
                )
                self.run_nightly()
                partner.phone = "030 1"
                self.run_nightly()
                action = self.connection.action_plan()
                self.run_lanes()
                plan = self.env["tribe.plan"].browse(action["res_id"])
                self.assertEqual(plan.state, "ready")
                self.assertNotIn(partner, plan.line_ids.partner_id)
                self.synchronize(partner)

                self.assertFalse(partner.tribe_link_ids or partner.debtor_number)
                self.assertFalse(self.named(partner.name, "Relation_Person"))
                self.assertFalse(self.problems())
                notes = self.env["tribe.run.line"].search([("partner_id", "=", partner.id)])
                self.assertEqual(len(notes), 1)
                self.assert_told(notes, "private_supplier_stays_in_odoo", field="text")
                # Who marks it means that it is to be sent.
                partner.tribe_synchronize = True
                self.run_nightly()
                self.assertAsked("supplier_is_private_person", contact=partner.name)
                # A company is a supplier like any other.
                partner.write({"is_company": True, "ref": f"E-{source}"})
                self.run_nightly()
                self.assertEqual(set(self.relationships(partner)), {SUPPLIER})

    def test_what_was_not_sent_since_the_turn_was_over_is_sent_in_the_next(self):
        """Whoever was created just before is still to be looked at, for which no time is left."""
        partners = self.customer("Eerst") | self.customer("Dan")
        sent = []

        def unless_over(original):
            def call(client, *arguments, **options):
                if sent:
                    raise TribePaused(sentence("turn_over"), retry_after=LONG)
                return original(client, *arguments, **options)

            return call

        def create(client, *arguments, **options):
            answer = unless_over(client_create)(client, *arguments, **options)
            sent.append(arguments)
            return answer

        client_create = Client.create
        with (
            patch.object(Client, "create", create),
            patch.object(Client, "by_values", unless_over(Client.by_values)),
        ):
            self.synchronize(partners)
        self.assertEqual(len(sent), 1)
        self.env["tribe.work"].search([]).due = fields.Datetime.now()
        self.run_lanes()

        self.assertFalse(self.problems())
        self.assertEqual([len(self.named(partner.name)) for partner in partners], [1, 1])
        self.assertTrue(all(partner.tribe_id for partner in partners))

    # When

    def test_a_change_goes_at_night_and_not_before(self):
        partner = self.linked()

        partner.phone = "030 1"
        self.run_lanes()
        self.assertFalse(self.tribe_of(partner)["PhoneNumber"])

        self.run_nightly()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")
        self.assertFalse(self.waiting(partner))

    def test_a_change_goes_at_once_by_setting(self):
        partner = self.linked()
        partner.phone = "030 1"

        self.connection.export_moment = "minute"
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 1")

        partner.email = "nieuw@klant.example"
        self.run_lanes()
        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "nieuw@klant.example")

    def test_a_customer_of_a_first_invoice_goes_at_night(self):
        partner = self.customer(customer_rank=0)
        self.run_nightly()
        self.assertFalse(partner.tribe_id)

        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [Command.create({"name": "Werk", "price_unit": 100.0})],
            }
        ).action_post()
        self.run_nightly()

        self.assertEqual(self.tribe_of(partner)["Name"], "Klant B.V.")

    def test_nothing_changed_is_no_call(self):
        partners = self.linked("Een", supplier_rank=1) | self.linked("Jan Smit", is_company=False)
        partners.write({"comment": "Niet voor Tribe"})
        for partner in partners:
            partner.name = partner.name
        self.sandbox.reset_calls()

        self.run_nightly()

        # Of invoices, and whether a row went away, which are looked at each night.
        calls = self.sandbox.calls()
        self.assertEqual(calls["writes"], 0)
        self.assertEqual(
            calls["by"],
            dict.fromkeys(
                (
                    "GET Activity_Invoice",
                    "GET Relation_Organization",
                    "GET Relation_Person",
                    f"GET {ORGANIZATION_CUSTOMER}",
                    f"GET {PERSON_CUSTOMER}",
                    f"GET {SUPPLIER}",
                    "GET Address",
                ),
                1,
            ),
        )

    def test_one_change_of_many_is_one_write(self):
        partners = self.env["res.partner"]
        for name in ("Een", "Twee", "Drie"):
            partners |= self.linked(name)
        partners[0].phone = "030 1"
        partners[1].name = partners[1].name

        self.assertEqual(self.written(self.run_nightly), 1)

    # What a save notes

    def test_a_save_notes_a_partner_once_per_transaction(self):
        partner = self.linked()
        self.waiting(partner).unlink()

        partner.phone = "030 1"
        partner.email = "nieuw@klant.example"
        self.customer("Contact", parent_id=partner.id, customer_rank=0).city = "Utrecht"

        self.assertEqual(self.waiting(partner).mapped("reason"), ["save"])

    def test_a_save_that_is_rolled_back_notes_nothing(self):
        partner = self.linked()
        self.waiting(partner).unlink()

        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            partner.phone = "030 1"
            self.env.flush_all()
            self.assertTrue(self.waiting(partner))
            raise ZeroDivisionError

        self.assertFalse(self.waiting(partner))

    def test_who_is_no_customer_is_not_noted(self):
        partner = self.customer(customer_rank=0)
        partner.phone = "030 1"

        self.assertFalse(self.waiting(partner))

    # What goes

    def test_all_fields_of_an_organization(self):
        partner = self.linked()
        partner.write(
            {
                "name": "Nieuw B.V.",
                "email": "nieuw@klant.example",
                "phone": "030 1",
                "website": "https://klant.example",
                "vat": "NL123456782B90",
                "debtor_number": "D-77",
            }
        )
        self.run_nightly()

        row = self.tribe_of(partner)
        self.assertEqual(row["Name"], "Nieuw B.V.")
        self.assertEqual(row["EmailAddress"], "nieuw@klant.example")
        self.assertEqual(row["PhoneNumber"], "030 1")
        self.assertEqual(row["Website"], "https://klant.example")
        self.assertIn("123456782B90", row["VATNumber"])
        self.assertEqual(row["DebtorNumber"], "D-77")

        partner.write({"phone": False, "website": False, "vat": False})
        self.run_nightly()
        row = self.tribe_of(partner)
        self.assertFalse(row["PhoneNumber"] or row["Website"] or row["VATNumber"])

    def test_all_fields_of_a_person(self):
        partner = self.linked("Jan Smit", is_company=False)
        partner.write({"name": "Jan de Wit", self.mobile: "06 1", "street": "Weg 1"})
        self.run_nightly()

        row = self.tribe_of(partner)
        self.assertEqual((row["MiddleName"], row["LastName"]), ("de", "Wit"))
        self.assertEqual(row["MobilePhoneNumber"], "06 1")
        self.assertEqual(self.address_of(partner)["HouseNumber"], 1)

        partner.street = "Weg 2"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 2)
        self.assertEqual(len(self.sandbox.rows("Address", Person=partner.tribe_id)), 1)

    def test_an_address_of_another_country_is_split_its_way(self):
        partner = self.linked(street="12 Nieuweweg", country_id=self.env.ref("base.nl").id)
        self.assertEqual(self.address_of(partner)["Street"], "12 Nieuweweg")

        partner.country_id = self.env.ref("base.de")
        partner.street = "Hauptstraße 12"
        self.run_nightly()

        row = self.address_of(partner)
        self.assertEqual((row["Street"], row["HouseNumber"]), ("Hauptstraße", 12))

    def test_a_country_that_tribe_lacks_is_a_problem(self):
        partner = self.linked()
        partner.country_id = self.env.ref("base.aq")

        self.run_nightly()

        self.assertAsked("country_not_in_tribe", code="AQ")

    def test_the_invoice_address_goes(self):
        partner = self.linked(street="Bezoekweg 1")
        child = self.customer(
            "Crediteuren", type="invoice", parent_id=partner.id, customer_rank=0, street="Weg 5"
        )
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 5)

        child.street = "Weg 6"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 6)

        child.unlink()
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["Street"], "Bezoekweg")

    def from_tribe(self, **fields):
        """A partner that came from an organization of Tribe."""
        row = self.organization(**fields)
        self.look_at("organization", row["ID"])
        self.run_nightly()
        return self.link(row["ID"]).partner_id

    def test_an_emptied_address_is_not_taken_back_from_the_visiting_address(self):
        for kept in ({}, {"Country": {"ID": self.connection.country_ids["NL"]}}):
            with self.subTest(kept):
                visiting = {"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht", **kept}
                partner = self.from_tribe(VisitingAddress=visiting)
                partner.write({"street": False, "city": False})
                self.run_nightly()
                self.look_at("organization", partner.tribe_id)

                self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)
                self.assertFalse(partner.street or partner.city)
                row = self.tribe_row("Address", self.tribe_of(partner)["VisitingAddress"])
                self.assertEqual((row["Street"], row["City"]), ("Bezoekweg", "Utrecht"))

                partner.street = "Postbus 99"
                self.run_nightly()
                self.assertEqual(self.address_of(partner)["Street"], "Postbus")

    def emptied(self, policy, **fault):
        """A contact whose invoice address is emptied in Odoo; Tribe has a visiting address too."""
        self.connection.conflict_policy = policy
        partner = self.from_tribe(
            Name=f"Leeg {policy}",
            InvoiceAddress={"Street": "Dorpsweg", "HouseNumber": 9, "City": "Zeist"},
            VisitingAddress={"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht"},
        )
        self.assertEqual(partner.street, "Dorpsweg 9")
        partner.write({"street": False, "city": False})
        if fault:
            self.sandbox.fault("lose_answer", method="PUT", path_contains="Address", **fault)
        self.run_nightly()
        return partner

    def assertEmptied(self, partner):
        self.look_at("organization", partner.tribe_id)
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertFalse(partner.street or partner.city)
        self.assertFalse(self.address_of(partner)["Street"])
        self.assertFalse(self.problems())
        self.assertFalse(self.env["tribe.conflict"].search([]))
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)

    def test_an_emptied_address_lets_no_other_one_appear_as_a_change(self):
        for policy in ("odoo", "ask", "tribe"):
            with self.subTest(policy):
                self.assertEmptied(self.emptied(policy))

    def test_nor_where_the_answer_was_lost(self):
        for policy in ("odoo", "ask", "tribe"):
            with self.subTest(policy):
                self.assertEmptied(self.emptied(policy, times=1))

    def test_nor_where_a_person_chose_that_it_is_emptied(self):
        self.connection.conflict_policy = "ask"
        partner = self.from_tribe(
            InvoiceAddress={"Street": "Dorpsweg", "HouseNumber": 9, "City": "Zeist"},
            VisitingAddress={"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht"},
        )
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Breda"})
        partner.write({"street": False, "city": False})
        self.run_nightly()
        self.env["tribe.conflict"].search([]).action_take_odoo()
        self.run_lanes()
        self.assertEmptied(partner)

    def addresses(self, partner):
        """Street, house number, postcode, city and country: of the contact, and in Tribe."""
        here = partner.street, partner.zip or None, partner.city or None, partner.country_id.code
        row = self.address_of(partner)
        street = f"{row['Street']} {int(row['HouseNumber'])}"
        countries = self.connection.country_ids.items()
        code = next((code for code, tribe_id in countries if tribe_id == row["Country"]), False)
        return here, (street, row["Postalcode"] or None, row["City"] or None, code)

    def assertBoth(self, partner, *address):
        """Both sides have this address, and neither is written again."""
        self.assertEqual(self.addresses(partner), (address, address))
        self.look_at("organization", partner.tribe_id)
        self.assertEqual(self.written(self.run_nightly), 0)
        self.assertFalse(self.problems())

    def test_both_sides_change_another_part_of_the_visiting_address(self):
        visiting = {"Street": "Bezoekweg", "HouseNumber": 1, "City": "Utrecht"}
        for policy, address in (
            ("odoo", ("Nieuweweg 2", None, "Utrecht", False)),
            ("tribe", ("Bezoekweg 1", None, "Zeist", False)),
        ):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                partner = self.from_tribe(Name=policy, VisitingAddress=visiting)
                row = self.tribe_of(partner)["VisitingAddress"]
                partner.street = "Nieuweweg 2"
                self.sandbox.change("Address", row, {"City": "Zeist"})
                self.synchronize(partner)
                self.look_at("organization", partner.tribe_id)
                here = partner.street, partner.zip or None, partner.city, partner.country_id.code
                self.assertEqual(here, address)
                row = self.tribe_of(partner)["InvoiceAddress"] or row
                row = self.tribe_row("Address", row)
                self.assertEqual(f"{row['Street']} {int(row['HouseNumber'])}", address[0])
                self.assertEqual(row["City"], address[2])
                self.assertEqual(self.written(self.run_nightly), 0)

    def test_both_sides_move(self):
        """A street corrected on one side, another address on the other: one of the two."""
        before = {"street": "Kerkstrat 1", "zip": "1011 AB", "city": "Amsterdam"}
        moved = {"Street": "Dorpsweg", "HouseNumber": 9, "Postalcode": "3500 AB", "City": "Utrecht"}
        for policy, comes_from, address in (
            ("odoo", "tribe", ("Kerkstraat 1", "1011 AB", "Amsterdam", False)),
            ("odoo", "odoo", ("Kerkstraat 1", "1011 AB", "Amsterdam", False)),
            ("tribe", "odoo", ("Dorpsweg 9", "3500 AB", "Utrecht", False)),
            ("tribe", "tribe", ("Dorpsweg 9", "3500 AB", "Utrecht", False)),
        ):
            with self.subTest(policy=policy, seen_first_by=comes_from):
                self.connection.conflict_policy = policy
                partner = self.linked(f"{policy} {comes_from}", **before)
                partner.street = "Kerkstraat 1"
                self.sandbox.change("Address", self.address_of(partner)["ID"], moved)
                if comes_from == "tribe":
                    self.look_at("organization", partner.tribe_id)
                self.run_nightly()
                self.assertBoth(partner, *address)

    def test_a_part_that_the_other_side_lacks_is_no_change_of_the_address(self):
        netherlands = self.env.ref("base.nl").id
        partner = self.linked(street="Oudeweg 1", city="Utrecht")
        partner.country_id = netherlands
        address = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address, {"Postalcode": "3511 AB"})
        self.run_nightly()
        self.look_at("organization", partner.tribe_id)
        self.assertBoth(partner, "Oudeweg 1", "3511 AB", "Utrecht", "NL")

    def test_a_mere_country_of_odoo_is_no_address(self):
        partner = self.customer(country_id=self.env.ref("base.nl").id, debtor_number="D-1")
        country = {"ID": self.connection.country_ids["DE"]}
        hall = {"Street": "Domplatz", "HouseNumber": 3, "City": "Erfurt", "Country": country}
        self.organization(Name="Klant B.V.", DebtorNumber="D-1", InvoiceAddress=hall)
        self.run_nightly()
        self.assertBoth(partner, "Domplatz 3", None, "Erfurt", "DE")

    def test_a_country_alone_keeps_the_street(self):
        partner = self.linked(street="Oudeweg 1", country_id=self.env.ref("base.nl").id)
        partner.country_id = self.env.ref("base.de")
        self.run_nightly()
        self.assertBoth(partner, "Oudeweg 1", None, None, "DE")

        country = {"ID": self.connection.country_ids["NL"]}
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"Country": country})
        self.look_at("organization", partner.tribe_id)
        self.assertBoth(partner, "Oudeweg 1", None, None, "NL")

    def test_who_becomes_a_supplier_gets_the_relationship(self):
        partner = self.linked()
        partner.supplier_rank = 1

        self.run_nightly()

        self.assertEqual(set(self.relationships(partner)), {ORGANIZATION_CUSTOMER, SUPPLIER})
        self.assertEqual(self.tribe_of(partner)["CreditorNumber"], partner.creditor_number)
        self.assertTrue(partner.creditor_number)

    def test_a_company_that_became_a_person_is_a_problem(self):
        partner = self.linked()
        partner.is_company = False

        self.run_nightly()

        self.assertAsked(
            "contact_changed_kind",
            partner="Klant B.V.",
            kind=Choice("tribe.link", "kind", "organization"),
        )

    def test_a_contact_of_another_kind_gets_nothing_from_tribe(self):
        company = self.linked(email="oud@klant.example")
        person = self.linked("Jan Jansen", is_company=False, email="oud@jan.example")
        employee = self.linked("Bedrijf B.V.", email="oud@bedrijf.example")
        ids = {each: each.tribe_id for each in (company, person, employee)}
        company.is_company = False
        person.is_company = True
        employee.write({"is_company": False, "parent_id": self.customer("Moeder B.V.").id})
        for partner in ids:
            kind = "person" if partner == person else "organization"
            self.sandbox.change(
                f"Relation_{kind.title()}", ids[partner], {"EmailAddress": "nieuw@elders.example"}
            )
            if kind == "organization":
                for row in self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=ids[partner]):
                    self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})

            self.look_at(kind, ids[partner])

            with self.subTest(partner.name):
                self.assertTrue(partner.email.startswith("oud@"))
                self.assertTrue(partner.active)
                self.assertEqual(set(self.problematic().mapped("cause")), {"kind"})

    def test_what_tribe_has_comes_once_the_kind_is_mended(self):
        partner = self.linked(email="oud@klant.example")
        tribe_id = partner.tribe_id
        partner.is_company = False
        change = {"EmailAddress": "nieuw@klant.example"}
        self.sandbox.change("Relation_Organization", tribe_id, change)
        self.look_at("organization", tribe_id)
        self.run_nightly()

        partner.is_company = True
        self.run_nightly()

        self.assertEqual(partner.email, "nieuw@klant.example")
        self.assertFalse(self.problems())

    # Former

    def test_archive_ends_and_unarchive_reopens_each_relationship(self):
        partner = self.linked(supplier_rank=1)
        partner.action_archive()
        self.run_nightly()
        for row in self.relationships(partner).values():
            self.assertTrue(row["IsFormer"])
            self.assertTrue(row["FormerDate"])

        partner.action_unarchive()
        self.run_nightly()
        for row in self.relationships(partner).values():
            self.assertFalse(row["IsFormer"])

    def test_unarchive_reopens_only_what_we_ended(self):
        partner = self.linked(supplier_rank=1)
        supplier = self.relationships(partner)[SUPPLIER]
        self.sandbox.change(SUPPLIER, supplier["ID"], {"IsFormer": True})
        self.look_at("supplier", supplier["ID"])

        partner.action_archive()
        self.run_nightly()
        partner.action_unarchive()
        self.run_nightly()

        rows = self.relationships(partner)
        self.assertFalse(rows[ORGANIZATION_CUSTOMER]["IsFormer"])
        self.assertTrue(rows[SUPPLIER]["IsFormer"])

    def test_what_tribe_ended_once_more_stays_ended(self):
        partner = self.linked()
        customer_id = self.relationships(partner)[ORGANIZATION_CUSTOMER]["ID"]
        partner.action_archive()
        self.run_nightly()
        # Somebody in Tribe reopens it and ends it again.
        for is_former in (False, True):
            self.sandbox.change(ORGANIZATION_CUSTOMER, customer_id, {"IsFormer": is_former})
            self.look_at("customer", customer_id)

        partner.action_unarchive()
        self.run_nightly()

        self.assertTrue(self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"])

    # Both sides

    def both_change(self, partner):
        """Both sides change the name and, each, another field."""
        partner.write({"name": "Van Odoo", "phone": "030 1"})
        self.sandbox.change(
            "Relation_Organization",
            partner.tribe_id,
            {"Name": "Van Tribe", "EmailAddress": "tribe@klant.example"},
        )
        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

    def assertMerged(self, partner, name):
        row = self.tribe_of(partner)
        self.assertEqual(
            (partner.name, partner.phone, partner.email), (name, "030 1", row["EmailAddress"])
        )
        self.assertEqual((row["Name"], row["PhoneNumber"]), (name, "030 1"))
        self.assertEqual(row["EmailAddress"], "tribe@klant.example")
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_both_sides_changed_and_odoo_wins(self):
        partner = self.linked()
        self.connection.conflict_policy = "odoo"

        self.both_change(partner)

        self.assertMerged(partner, "Van Odoo")

    def test_both_sides_changed_and_tribe_wins(self):
        partner = self.linked()
        self.connection.conflict_policy = "tribe"

        self.both_change(partner)

        self.assertMerged(partner, "Van Tribe")

    def test_both_sides_changed_and_a_person_is_asked(self):
        partner = self.linked()
        self.connection.conflict_policy = "ask"

        self.both_change(partner)
        self.assertTrue(self.problems())
        for work in self.problematic():
            self.assert_only_told(
                work,
                "both_sides_changed",
                relation="Van Odoo",
                fields=[sentence("field_name")],
            )
        self.assertEqual(self.tribe_of(partner)["Name"], "Van Tribe")
        self.assertEqual(partner.name, "Van Odoo")

        partner.name = "Van Tribe"
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertMerged(partner, "Van Tribe")
