from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.sentence import Choice, sentence

from .common import ORGANIZATION_CUSTOMER
from .relation_case import LEAD, RelationCase
from .test_relation_histories import vat_number

ADDRESS = {"street": "Dorpsstraat 12a", "zip": "1012 AB", "city": "Amsterdam"}
TRIBE_ADDRESS = {
    "Street": "Dorpsstraat",
    "HouseNumber": 12,
    "HouseNumberSuffix": "a",
    "Postalcode": "1012AB",
    "City": "Amsterdam",
}


class TestSuggestion(RelationCase):
    """What looks alike without a number in common: a person links it, or refuses."""

    def suggestions(self):
        return self.env["tribe.suggestion"].search([])

    def assertSuggested(self, partner, row, basis):
        """The two are shown as a possible match, and nothing was created."""
        suggestion = self.suggestions()
        self.assertEqual(
            (suggestion.partner_id, suggestion.tribe_id, suggestion.basis, suggestion.state),
            (partner, row["ID"], basis, "open"),
        )
        self.assertFalse(partner.tribe_id)
        self.assertAsked("possible_match", basis=[Choice("tribe.suggestion", "basis", basis)])

    # Odoo to Tribe

    def test_a_new_customer_with_the_vat_number_of_a_relation(self):
        row = self.organization(Name="Klant in Tribe", VATNumber="NL 1234.56.782.B90")
        partner = self.customer("Klant in Odoo", vat="NL123456782B90")
        self.sandbox.change("Relation_Organization", row["ID"], {"VATNumber": "nl123456782b90"})

        self.synchronize(partner)

        self.assertSuggested(partner, row, "vat")
        self.assertFalse(self.named("Klant in Odoo"))

    def test_what_two_share_is_shown_as_odoo_has_it(self):
        """Which number, address or e-mail address it is: by that a person tells who is who."""
        values = {
            "debtor_number": "31003",
            "creditor_number": "50057",
            "vat": "NL123456782B90",
            "company_registry": "12345678",
            "email": "info@klant.example",
        }
        partner = self.customer("Klant", **values, **ADDRESS)
        suggestion = self.env["tribe.suggestion"].create(
            {
                "connection_id": self.connection.id,
                "partner_id": partner.id,
                "kind": "organization",
                "tribe_id": "00000000-0000-0000-0000-000000000001",
                "basis": "import_id",
            }
        )
        reader = new_test_user(
            self.env(su=False),
            "lezer",
            groups="tribe_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        shown = {**values, "address": "Dorpsstraat 12a, 1012 AB, Amsterdam", "import_id": False}

        for basis, value in shown.items():
            suggestion.basis = basis
            self.assertEqual(suggestion.with_user(reader).sudo(False).shared, value, basis)

    def test_a_new_customer_with_the_registry_number_of_a_lead(self):
        row = self.organization(roles=[LEAD], Name="Een lead", ChamberOfCommerceNumber="12345678")
        partner = self.customer("Klant", company_registry="12345678")

        self.synchronize(partner)

        self.assertSuggested(partner, row, "company_registry")

    def test_a_new_person_with_the_e_mail_address_of_a_person(self):
        row = self.person(LastName="Smit", EmailAddress="j.smit@thuis.example")
        partner = self.customer("Jan Smit", is_company=False, email="J.Smit@thuis.example")

        self.synchronize(partner)

        self.assertSuggested(partner, row, "email")

    def test_a_new_customer_with_name_postcode_and_house_number_of_a_relation(self):
        row = self.organization(Name="Bakker B.V.", InvoiceAddress=TRIBE_ADDRESS)
        partner = self.customer("Bakker b.v.", **ADDRESS)

        self.synchronize(partner)

        self.assertSuggested(partner, row, "address")

    def test_a_postcode_of_a_whole_city_is_not_read_as_a_whole(self):
        for number in range(101):
            self.organization(
                roles=[],
                Name=f"Brussel {number}",
                InvoiceAddress={**TRIBE_ADDRESS, "Postalcode": "1000", "HouseNumber": 100 + number},
            )
        partner = self.customer("Bakker B.V.", **{**ADDRESS, "zip": "1000"})
        self.sandbox.reset_calls()

        self.synchronize(partner)

        self.assertTrue(partner.tribe_id)
        # Of organizations, and of persons.
        self.assertEqual(self.sandbox.calls()["by"]["GET Address"], 2)

    def test_another_house_number_is_somebody_else(self):
        self.organization(Name="Bakker B.V.", InvoiceAddress={**TRIBE_ADDRESS, "HouseNumber": 14})
        partner = self.customer("Bakker B.V.", **ADDRESS)

        self.synchronize(partner)

        self.assertFalse(self.suggestions())
        self.assertTrue(partner.tribe_id)

    def test_a_relation_that_is_linked_already_is_no_match(self):
        first = self.linked("Vestiging Een", vat="NL123456782B90")
        second = self.customer("Vestiging Twee", vat="NL123456782B90")

        self.synchronize(second)

        self.assertFalse(self.suggestions())
        self.assertTrue(second.tribe_id and second.tribe_id != first.tribe_id)

    def test_link_makes_them_one(self):
        row = self.organization(
            roles=[LEAD], Name="In Tribe", VATNumber="NL123456782B90", PhoneNumber="030 1"
        )
        partner = self.customer("In Odoo", vat="NL123456782B90")
        self.synchronize(partner)

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertEqual(partner.phone, "030 1")
        self.assertEqual(self.tribe_of(partner)["Name"], "In Odoo")
        self.assertIn(ORGANIZATION_CUSTOMER, self.relationships(partner))
        self.assertTrue(partner.debtor_number)
        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_whoever_presses_is_told_and_a_second_time_that_it_was_decided(self):
        self.organization(Name="In Tribe", VATNumber="NL123456782B90")
        self.synchronize(self.customer("In Odoo", vat="NL123456782B90"))
        suggestion = self.suggestions()

        told = suggestion.action_link()["params"]["outcome"]["message"]
        self.assertIn("In Odoo – In Tribe", told)

        for button in ("action_link", "action_refuse"):
            told = getattr(suggestion, button)()["params"]["outcome"]["message"]
            self.assertEqual(told, sentence("done_meanwhile"))

    def test_a_name_with_a_full_stop_is_followed_by_no_other(self):
        self.organization(Name="In Tribe N.V.", VATNumber="NL123456782B90")
        self.synchronize(self.customer("In Odoo", vat="NL123456782B90"))

        told = self.suggestions().action_refuse()["params"]["outcome"]["message"]

        self.assertTrue(told.endswith("In Tribe N.V."), told)

    def test_different_lets_the_customer_be_created(self):
        self.organization(Name="In Tribe", VATNumber="NL123456782B90")
        partner = self.customer("In Odoo", vat="NL123456782B90")
        self.synchronize(partner)

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertEqual(len(self.named("In Odoo")), 1)
        self.assertTrue(partner.tribe_id)
        self.assertFalse(self.problems())
        self.assertEqual(self.suggestions().state, "refused")

    def test_a_contact_that_was_linked_meanwhile_is_not_linked_twice(self):
        self.organization(Name="In Tribe", VATNumber="NL123456782B90")
        partner = self.customer("In Odoo", vat="NL123456782B90")
        self.synchronize(partner)
        self.organization(Name="De Echte", DebtorNumber="D-7")
        partner.debtor_number = "D-7"
        suggestion = self.suggestions().copy_data()[0]
        self.synchronize(partner)
        self.assertFalse(self.suggestions())

        # As when it was shown a moment before.
        with self.assert_refused("linked_already", partner="In Odoo"):
            self.suggestions().create(suggestion).action_link()

    # Tribe to Odoo

    def test_a_new_relation_with_the_vat_number_of_a_contact(self):
        partner = self.customer("In Odoo", vat="NL123456782B90", customer_rank=0)
        row = self.organization(Name="In Tribe", VATNumber="NL 1234.56.782.B90")

        self.look_at("organization", row["ID"])

        self.assertSuggested(partner, row, "vat")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "In Tribe")]))

    def test_a_new_relation_with_the_address_of_an_archived_contact(self):
        partner = self.customer("Bakker B.V.", active=False, **ADDRESS)
        row = self.organization(Name="Bakker B.V.", InvoiceAddress=TRIBE_ADDRESS)

        self.look_at("organization", row["ID"])

        self.assertSuggested(partner, row, "address")

    def test_link_takes_the_new_relation_for_the_contact(self):
        partner = self.customer("In Odoo", email="info@klant.example", customer_rank=0)
        row = self.organization(Name="In Tribe", EmailAddress="info@klant.example")
        self.look_at("organization", row["ID"])

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertEqual(partner.customer_rank, 1)
        self.assertFalse(self.problems())

    def test_different_lets_the_relation_become_a_contact(self):
        self.customer("In Odoo", email="info@klant.example", customer_rank=0)
        row = self.organization(Name="In Tribe", EmailAddress="info@klant.example")
        self.look_at("organization", row["ID"])

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertEqual(self.link(row["ID"]).partner_id.name, "In Tribe")
        self.assertFalse(self.problems())

    # Of another kind

    def alike(self, *bases):
        """``(basis, side that is looked at first, number, values in Odoo, values in Tribe)``."""
        cases = ((basis, side) for basis in bases for side in ("odoo", "tribe"))
        for number, (basis, side) in enumerate(cases):
            text = {
                "vat": vat_number(number, 1),
                "company_registry": f"1234567{number}",
                "email": f"jan@smit{number}.example",
            }.get(basis)
            place = {"Postalcode": f"100{number} AB", "Street": "Weg", "HouseNumber": 5}
            wire = {
                "vat": "VATNumber",
                "company_registry": "ChamberOfCommerceNumber",
                "email": "EmailAddress",
            }.get(basis)
            if basis == "address":
                ours = {"zip": f"100{number} AB", "street": "Weg 5"}
                yield basis, side, number, ours, {"InvoiceAddress": place}
            else:
                yield basis, side, number, {basis: text}, {wire: text}

    def assertSuggestedOfOtherKind(self, partner, row, basis):
        """Both are there, and wait for a person, who is told that their kinds differ."""
        suggestion = self.suggestions().filtered(lambda each: each.partner_id == partner)
        self.assertEqual(
            (suggestion.tribe_id, suggestion.basis, suggestion.state), (row["ID"], basis, "open")
        )
        self.assertEqual(suggestion.against, sentence("against_kind"))
        self.assertFalse(partner.tribe_id)
        self.assertFalse(self.link(row["ID"]))

    def test_a_person_in_odoo_and_an_organization_in_tribe(self):
        for basis, side, number, ours, theirs in self.alike(
            "vat", "company_registry", "email", "address"
        ):
            with self.subTest(basis, side=side):
                name = f"Smit{number}, Jan" if basis == "email" else f"Jan Smit{number}"
                partner = self.customer(name, is_company=False, **ours)
                row = self.organization(Name=f"Jan Smit{number}", **theirs)
                self.look_from(side, partner, "organization", row)

                self.assertSuggestedOfOtherKind(partner, row, basis)

    def test_an_organization_in_odoo_and_a_person_in_tribe(self):
        for basis, side, number, ours, theirs in self.alike("email", "address"):
            with self.subTest(basis, side=side):
                if basis == "address":
                    theirs = {"Address": theirs["InvoiceAddress"]}
                partner = self.customer(f"Jan Smit{number}", **ours)
                row = self.person(FirstName="Jan", LastName=f"Smit{number}", **theirs)
                self.look_from(side, partner, "person", row)

                self.assertSuggestedOfOtherKind(partner, row, basis)

    def test_the_e_mail_address_of_a_company_and_of_who_works_there_is_no_match(self):
        for basis, side, number, ours, theirs in self.alike("email"):
            with self.subTest(basis, side=side):
                partner = self.customer(f"Jan Smit{number}", is_company=False, **ours)
                row = self.organization(Name=f"Klant {number} B.V.", **theirs)
                self.look_from(side, partner, "organization", row)

                self.assertFalse(self.suggestions())
                self.assertFalse(self.problems())

    def test_who_is_made_the_same_kind_can_be_linked(self):
        partner = self.customer("Jan Smit", is_company=False, vat="NL123456782B90")
        row = self.organization(Name="Jan Smit", VATNumber="NL123456782B90")
        self.synchronize(partner)
        with self.assert_refused("linking_of_other_kind"):
            self.suggestions().action_link()

        partner.is_company = True
        self.run_nightly()
        self.assertFalse(self.suggestions().against)
        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_whoever_is_different_and_of_another_kind_are_two(self):
        partner = self.customer("Jan Smit", is_company=False, vat="NL123456782B90")
        row = self.organization(Name="Jan Smit", VATNumber="NL123456782B90")
        self.look_from("odoo", partner, "organization", row)
        self.look_at("organization", row["ID"])

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertTrue(partner.tribe_id and partner.tribe_id != row["ID"])
        self.assertTrue(self.link(row["ID"]).partner_id)
        self.assertFalse(self.problems())

    def look_from(self, side, partner, kind, row):
        if side == "odoo":
            self.synchronize(partner)
        else:
            self.look_at(kind, row["ID"])

    # What is no match any more

    def suggested(self):
        """A contact and a relation that share an e-mail address, both waiting."""
        row = self.organization(Name="In Tribe", EmailAddress="info@klant.example")
        partner = self.customer("In Odoo", email="info@klant.example")
        self.synchronize(partner)
        self.look_at("organization", row["ID"])
        self.assertEqual(self.suggestions().partner_id, partner)
        return partner, row

    def assertNothingWaits(self):
        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.suggestion_count, 0)

    def test_what_was_shared_is_mended_in_odoo(self):
        partner, row = self.suggested()

        partner.email = "anders@klant.example"
        self.run_nightly()

        self.assertNothingWaits()
        self.assertTrue(partner.tribe_id and partner.tribe_id != row["ID"])
        self.assertEqual(self.link(row["ID"]).partner_id.name, "In Tribe")

    def test_what_was_shared_is_mended_in_tribe(self):
        partner, row = self.suggested()

        self.sandbox.change("Relation_Organization", row["ID"], {"EmailAddress": "a@b.example"})
        self.look_at("organization", row["ID"])

        self.assertNothingWaits()
        self.assertEqual(self.link(row["ID"]).partner_id.name, "In Tribe")
        self.assertTrue(partner.tribe_id and partner.tribe_id != row["ID"])

    def test_the_contact_is_linked_by_its_number(self):
        partner, row = self.suggested()
        real = self.organization(Name="In Odoo", DebtorNumber="1500")

        partner.debtor_number = "1500"
        self.run_nightly()

        self.assertNothingWaits()
        self.assertEqual(partner.tribe_id, real["ID"])
        self.assertEqual(self.link(row["ID"]).partner_id.name, "In Tribe")

    def test_the_relation_is_linked_by_its_number(self):
        partner, row = self.suggested()
        real = self.customer("De Echte", debtor_number="1500", customer_rank=0)

        self.sandbox.change("Relation_Organization", row["ID"], {"DebtorNumber": "1500"})
        real.customer_rank = 1
        self.look_at("organization", row["ID"])

        self.assertEqual(real.tribe_id, row["ID"])
        self.assertNothingWaits()
        self.assertTrue(partner.tribe_id)

    def test_the_relation_is_deleted_in_tribe(self):
        partner, row = self.suggested()

        self.sandbox.delete("Relation_Organization", row["ID"])
        self.look_at("organization", row["ID"])

        self.assertNothingWaits()
        self.assertEqual(len(self.named("In Odoo")), 1)
        self.assertTrue(partner.tribe_id)

    def test_one_of_several_is_no_match_any_more(self):
        rows = [
            self.organization(roles=[LEAD], Name=f"Lead {number}", VATNumber="NL123456782B90")
            for number in range(2)
        ]
        partner = self.customer("In Odoo", vat="NL123456782B90")
        self.synchronize(partner)
        self.assertEqual(len(self.suggestions()), 2)

        self.sandbox.change("Relation_Organization", rows[0]["ID"], {"VATNumber": None})
        self.synchronize(partner)

        self.assertEqual(self.suggestions().tribe_id, rows[1]["ID"])

    def test_link_with_a_relation_that_was_deleted_is_decided_anew(self):
        for looked_at in ("partner", "organization"):
            with self.subTest(looked_at):
                row = self.organization(Name="Weg", EmailAddress=f"{looked_at}@klant.example")
                partner = self.customer(f"Klant {looked_at}", email=f"{looked_at}@klant.example")
                self.synchronize(partner)
                self.sandbox.delete("Relation_Organization", row["ID"])

                self.suggestions().action_link()
                if looked_at == "organization":
                    self.env["tribe.work"]._remove_all(self.connection, False)
                    self.look_at("organization", row["ID"])
                else:
                    self.run_lanes()

                self.assertNothingWaits()
                self.assertEqual(len(self.named(partner.name)), 1)
                self.assertEqual(partner.tribe_id, self.named(partner.name)[0]["ID"])
                self.assertFalse(self.link(row["ID"]))

    # Several

    def test_several_are_shown_at_once(self):
        for number in range(3):
            self.organization(roles=[LEAD], Name=f"Lead {number}", VATNumber="NL123456782B90")
        partner = self.customer("In Odoo", vat="NL123456782B90")

        self.synchronize(partner)

        self.assertEqual(len(self.suggestions()), 3)
        self.assertAsked(
            "possible_match", subject="In Odoo", objects=["“Lead 0”", "“Lead 1”", "“Lead 2”"]
        )

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertTrue(partner.tribe_id)

    def test_of_many_relations_with_one_import_id_ten_are_shown(self):
        partner = self.customer("Bakker Bouw B.V.")
        import_id = self.connection._import_id(partner, "organization")
        rows = [self.organization(Name="Bakker", ImportId=import_id) for _number in range(14)]

        for row in rows:
            self.look_at("organization", row["ID"])

        self.assertEqual(len(self.suggestions()), 10)
        self.assertFalse(partner.tribe_id)

    def test_what_a_contact_is_compared_by_is_read_once_for_all_relations(self):
        for number in range(3):
            self.customer(f"Klant {number}", email="info@klant.example", customer_rank=0)
        rows = [
            self.organization(Name=f"In Tribe {number}", EmailAddress="info@klant.example")
            for number in range(3)
        ]
        matcher = type(self.env["tribe.relation.importer"])
        with patch.object(
            matcher, "_weak_values", autospec=True, side_effect=matcher._weak_values
        ) as read:
            self.look_at("organization", *[row["ID"] for row in rows])

        self.assertEqual(read.call_count, 3)
        self.assertEqual(len(self.suggestions()), 9)
