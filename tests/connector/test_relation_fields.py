"""Every synchronized field, both ways, on a real Odoo and the stand-in."""

from told import assert_only_says, containing

from odoo import Command

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

# Field in Odoo, Odoo's new value, field in Tribe, Tribe's new value.
OF_BOTH = [
    ("email", "odoo@klant.example", "EmailAddress", "tribe@klant.example"),
    ("phone", "030 1234567", "PhoneNumber", "030 7654321"),
]
OF_ORGANIZATION = [
    *OF_BOTH,
    ("name", "Van Odoo B.V.", "Name", "Van Tribe B.V."),
    ("website", "https://odoo.example", "Website", "https://tribe.example"),
    ("vat", "NL123456782B90", "VATNumber", "NL001234567B01"),
]
OF_PERSON = [*OF_BOTH, ("mobile", "06 12345678", "MobilePhoneNumber", "06 87654321")]
OF_ADDRESS = [
    ("street2", "2e verdieping", "Extra", "Achterhuis"),
    ("zip", "3511 AB", "Postalcode", "1012 LG"),
    ("city", "Utrecht", "City", "Amsterdam"),
]


class FieldCase(RelationCase):
    """Changes on either side, and what a second look does."""

    def change_relation(self, partner, **fields):
        """Change the relation of a partner in Tribe, and have it noticed."""
        kind = "Organization" if partner.is_company else "Person"
        self.sandbox.change(f"Relation_{kind}", partner.tribe_id, fields)
        self.look_at(kind.lower(), partner.tribe_id)

    def change_address(self, partner, **fields):
        """Change the address of a partner in Tribe, and have it noticed."""
        address_id = self.address_of(partner)["ID"]
        self.sandbox.change("Address", address_id, fields)
        self.look_at("address", address_id)

    def change_relationship(self, partner, entity_set, **fields):
        """Change a customer or supplier of Tribe, and have it noticed."""
        kinds = {ORGANIZATION_CUSTOMER: "customer", PERSON_CUSTOMER: "person_customer"}
        row = self.relationships(partner)[entity_set]
        self.sandbox.change(entity_set, row["ID"], fields)
        self.look_at(kinds.get(entity_set, "supplier"), row["ID"])

    def state(self, name):
        """Tribe's link to one of its states."""
        return {"ID": self.sandbox.rows("Datastore_State", Name=name)[0]["ID"]}

    def notes(self):
        """The notes of all runs."""
        return self.env["tribe.run.line"].search([("action", "=", "note")]).mapped("text")

    def assertSettled(self, partners):
        """A second look, from either side, changes nothing on either side."""
        self.assertFalse(self.problems())
        self.env.flush_all()
        everybody = partners | partners.child_ids
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = '2020-01-01' WHERE id IN %s",
            [tuple(everybody.ids)],
        )
        self.env.invalidate_all()

        def look_again():
            self.look_at_relations(partners)
            self.synchronize(partners)
            self.run_nightly()

        self.assertEqual(self.written(look_again), 0)
        self.assertEqual({each.write_date.year for each in everybody}, {2020})
        self.assertFalse(self.problems())

    def look_at_relations(self, partners):
        """Have it noticed that the relations of some partners changed in Tribe."""
        for kind, some in partners.grouped(lambda each: each.is_company).items():
            self.look_at("organization" if kind else "person", *some.mapped("tribe_id"))


class TestRelationFields(FieldCase):
    """Names, addresses and the rest of a relation."""

    def there_and_back(self, entity_set, row_of, table, **values):
        """Every field of a table goes to Tribe, and comes from there; each with its own partner.

        ``values`` are those of all partners.
        """
        partners = {line: self.customer(f"Klant {line[0]}", **values) for line in table}
        everybody = self.env["res.partner"].union(*partners.values())
        self.synchronize(everybody)
        self.assertTrue(all(everybody.mapped("tribe_id")), self.problems())

        for line, partner in partners.items():
            partner[line[0]] = line[1]
        self.assertEqual(self.written(self.run_nightly), len(table))
        for (field, value, wire, _of_tribe), partner in partners.items():
            with self.subTest(field=field, to="Tribe"):
                self.assertEqual(row_of(partner)[wire], value)
        self.assertSettled(everybody)

        for (_field, _of_odoo, wire, value), partner in partners.items():
            self.sandbox.change(entity_set, row_of(partner)["ID"], {wire: value})
        self.look_at_relations(everybody)
        for (field, _of_odoo, _wire, value), partner in partners.items():
            with self.subTest(field=field, to="Odoo"):
                self.assertEqual(partner[field], value)
        self.assertSettled(everybody)

        for line, partner in partners.items():
            if line[0] != "name":
                partner[line[0]] = False
        self.run_nightly()
        for (field, _of_odoo, wire, _of_tribe), partner in partners.items():
            if field != "name":
                with self.subTest(field=field, to="emptied"):
                    self.assertFalse(row_of(partner)[wire])
        self.assertSettled(everybody)

    def test_fields_of_an_organization(self):
        country = self.env.ref("base.nl").id
        for ranks in (
            {"customer_rank": 1},
            {"customer_rank": 0, "supplier_rank": 1},
            {"customer_rank": 1, "supplier_rank": 1},
        ):
            with self.subTest(**ranks):
                self.there_and_back(
                    "Relation_Organization",
                    self.tribe_of,
                    OF_ORGANIZATION,
                    country_id=country,
                    **ranks,
                )

    def test_fields_of_a_person(self):
        table = [
            (self.mobile if field == "mobile" else field, *values) for field, *values in OF_PERSON
        ]
        self.there_and_back("Relation_Person", self.tribe_of, table, is_company=False)

    def test_fields_of_an_address(self):
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                self.there_and_back(
                    "Address", self.address_of, OF_ADDRESS, is_company=is_company, street="Weg 1"
                )

    # Formatting

    def test_formatting_alone_is_never_a_change(self):
        partner = self.linked(
            email="Info@Klant.example",
            phone="020 - 123 45 67",
            website="klant.example",
            vat="NL123456782B90",
            street="Dorpsstraat 12 A, 2 hoog",
            zip="1012 lg",
            city="Den  Haag",
            country_id=self.env.ref("base.nl").id,
        )
        odoo = partner.read()[0]

        self.change_address(partner, HouseNumberSuffix="a 2 hoog ", Postalcode="1012LG")
        self.change_address(partner, HouseNumberSuffix="A 2 hoog", City=" Den Haag")
        self.change_relation(
            partner,
            Name="\nKlant  B.V. ",
            EmailAddress="info@klant.example ",
            PhoneNumber="+31 (0)20 1234567",
            Website="HTTPS://www.Klant.example/",
            VATNumber="nl 1234.56.782.b90",
        )
        self.change_address(partner, HouseNumberSuffix="A 2 hoog")
        changed = {
            name
            for name, value in partner.read()[0].items()
            if value != odoo[name] and name not in ("street", "__last_update", "write_date")
        }
        self.assertFalse(changed & {"email", "phone", "website", "vat", "zip", "city", "name"})
        self.assertSettled(partner)

        partner.write(
            {
                "email": "INFO@klant.example",
                "phone": "0031 20 1234567",
                "website": "http://www.klant.example",
                "vat": "123456782B90",
                "zip": "1012 LG",
            }
        )
        self.assertEqual(self.written(self.run_nightly), 0)
        self.assertSettled(partner)

    def test_what_odoo_would_make_another_number_of_stays_as_it_was_typed(self):
        """Odoo fills a Dutch number up with zeros, whatever it is."""
        for number in ("12345678", "0477472701", "GEEN", "n.v.t."):
            with self.subTest(number):
                partner = self.linked(f"Klant {number}", country_id=self.env.ref("base.nl").id)
                self.sandbox.change(
                    "Relation_Organization", partner.tribe_id, {"VATNumber": number}
                )

                self.look_at("organization", partner.tribe_id)
                self.run_nightly()

                self.assertEqual(partner.vat, number)
                self.assertEqual(self.tribe_of(partner)["VATNumber"], number)

    def test_a_number_of_the_country_that_somebody_moves_to_is_that_ones(self):
        for policy in ("odoo", "ask", "tribe"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                partner = self.linked(
                    f"Verhuisd {policy}",
                    street="Weg 1",
                    zip="1012 AB",
                    city="Amsterdam",
                    vat="NL123456782B90",
                    country_id=self.env.ref("base.nl").id,
                )
                country = {"ID": self.connection.country_ids["BE"]}
                address = {"Country": country, "Postalcode": "2000", "City": "Antwerpen"}
                self.sandbox.change("Address", self.address_of(partner)["ID"], address)
                self.sandbox.change(
                    "Relation_Organization", partner.tribe_id, {"VATNumber": "0477472701"}
                )

                self.look_at("organization", partner.tribe_id)
                self.run_nightly()

                self.assertEqual(partner.vat.removeprefix("BE"), "0477472701")
                tribe = self.tribe_of(partner)["VATNumber"]
                self.assertEqual(tribe.removeprefix("BE"), "0477472701")

    def test_that_there_is_no_number_is_told_to_nobody(self):
        partner = self.linked(vat="/")
        self.assertFalse(self.tribe_of(partner)["VATNumber"])

        partner.phone = "030 1"
        self.run_nightly()
        self.assertFalse(self.tribe_of(partner)["VATNumber"])
        self.look_at("organization", partner.tribe_id)
        self.assertEqual(partner.vat, "/")

    def test_a_doubtful_vat_number_is_a_note_and_no_refusal(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)

        self.change_relation(partner, VATNumber="NL999999999B99")

        self.assertEqual(partner.vat, "NL999999999B99")
        assert_only_says(self.notes(), "vat_number_wrong", vat="NL999999999B99")
        self.assertSettled(partner)

    def test_what_is_no_email_address_is_a_note_and_no_refusal(self):
        partner = self.linked()

        self.change_relation(partner, EmailAddress="info@@klant")

        self.assertEqual(partner.email, "info@@klant")
        assert_only_says(self.notes(), "email_wrong", email="info@@klant")
        self.assertSettled(partner)

    def test_a_country_of_tribe_without_a_code_is_a_note(self):
        netherlands = self.env.ref("base.nl")
        partner = self.linked(street="Weg 1", city="Ede", country_id=netherlands.id)
        before = self.address_of(partner)["Country"]
        row = self.sandbox.create("Datastore_Country", {"Name": "Kosovo"})

        self.change_address(partner, Country={"ID": row["ID"]}, City="Pristina")

        self.assertEqual(partner.country_id, netherlands)
        self.assertEqual(partner.city, "Pristina")
        assert_only_says(self.notes(), "country_not_in_odoo", country="Kosovo")
        self.assertSettled(partner)
        partner.city = "Peja"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["Country"], row["ID"])
        self.assertEqual(self.address_of(partner)["City"], "Peja")
        self.assertSettled(partner)

        self.change_address(partner, Country={"ID": before})
        self.change_address(partner, Country=None)
        self.assertFalse(partner.country_id)
        self.assertSettled(partner)

    def test_a_new_contact_in_a_country_without_a_code_is_made(self):
        row = self.sandbox.create("Datastore_Country", {"Name": "Kosovo"})
        address = {"City": "Pristina", "Country": {"ID": row["ID"]}}
        relation = self.organization(Name="Kosovaar", InvoiceAddress=address)
        self.look_at("organization", relation["ID"])

        partner = self.link(relation["ID"]).partner_id
        self.assertEqual(partner.city, "Pristina")
        self.assertFalse(partner.country_id)
        assert_only_says(self.notes(), "country_not_in_odoo", country="Kosovo")
        self.assertSettled(partner)
        self.assertEqual(self.address_of(partner)["Country"], row["ID"])

    # What a tenant lacks

    def test_what_tribe_lacks_is_not_emptied_in_odoo(self):
        lacking = [
            "Relation_Organization/Website",
            "Address/State",
            "Address/Extra",
            "Relationship_Organization_Supplier/PaymentTermInDays",
        ]
        self.seed_tribe(absent_fields=lacking)
        self.connect()
        values = {
            "website": "https://klant.example",
            "street": "Weg 1",
            "street2": "Achterhuis",
            "country_id": self.env.ref("base.us").id,
            "state_id": self.env.ref("base.state_us_5").id,
            "supplier_rank": 1,
        }
        partner = self.linked(**values)
        self.change_relation(partner, EmailAddress="tribe@klant.example")
        partner.website = "https://nieuw.example"
        self.sandbox.reset_calls()
        self.run_nightly()

        # Nothing is told, and no relation is read: only whether a row went away.
        calls = self.sandbox.calls()
        self.assertEqual(calls["writes"], 0)
        self.assertEqual(set(calls["by"].values()), {1})
        self.assertEqual(partner.website, "https://nieuw.example")
        self.assertEqual(partner.street2, "Achterhuis")
        self.assertEqual(partner.state_id, self.env.ref("base.state_us_5"))
        self.assertEqual(partner.email, "tribe@klant.example")
        self.assertSettled(partner)

    def test_what_tribe_shows_no_more_is_not_emptied_in_odoo(self):
        address = {"street": "Weg 1", "zip": "1000 AA", "city": "Ede"}
        lacking = [
            "Relation_Organization/Website",
            "Relation_Organization/VATNumber",
            "Address/City",
            "Address/Street",
            "Relation_Person/MobilePhoneNumber",
            "Relation_Person/FirstName",
            f"{ORGANIZATION_CUSTOMER}/PaymentTermInDays",
        ]
        term = self.env["account.payment.term"].search(
            [("line_ids.nb_days", "=", 30), ("line_ids.delay_type", "=", "days_after")], limit=1
        )
        company = {"website": "https://klant.example", "vat": "NL123456782B90", **address}
        company["property_payment_term_id"] = term.id
        person = {"is_company": False, self.mobile: "06 12345678", **address}
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy):
                self.sandbox.switch(absent_fields=[])
                self.connect()
                self.connection.conflict_policy = policy
                partners = self.linked(f"Klant {policy}", **company)
                partners |= self.linked(f"Jan {policy}", **person)
                self.no_old_copies()
                before = [partner._tribe_values(self.connection) for partner in partners]
                self.sandbox.switch(absent_fields=lacking)

                for partner in partners:
                    self.change_relation(partner, PhoneNumber="030 7654321")
                self.run_nightly()

                for partner, values in zip(partners, before, strict=True):
                    after = partner._tribe_values(self.connection)
                    kept = {name: values[name] for name in after if name != "phone"}
                    self.assertEqual(after, {**kept, "phone": "030 7654321"})
                    self.assertEqual(partner.city, "Ede")
                    self.assertEqual(partner.street, "Weg 1")
                self.assertEqual(partners[0].vat, "NL123456782B90")
                self.assertEqual(partners[0].website, "https://klant.example")
                self.assertEqual(partners[0].property_payment_term_id, term)
                self.assertEqual(partners[1][self.mobile], "06 12345678")
                self.assertEqual(self.env["tribe.conflict"].search_count([]), 0)
                for partner in partners:
                    notes = [text for text in self.notes() if partner.name in text]
                    assert_only_says(notes, "fields_not_shown", partner=partner.name)
                self.assertSettled(partners)

    def test_that_tribe_shows_a_field_no_more_is_learnt_at_once(self):
        partner = self.linked(website="https://klant.example", vat="NL123456782B90")
        self.no_old_copies()
        lacking = ["Relation_Organization/VATNumber", "Relation_Organization/Website"]
        self.sandbox.switch(absent_fields=lacking)
        self.change_relation(partner, PhoneNumber="030 1")

        self.assertLessEqual({*lacking}, self.connection._absent())
        self.assert_told(
            self.connection.check_ids,
            "check_missing",
            field="name",
            path="Relation_Organization/VATNumber",
        )
        partner.write(
            {"vat": "NL001234567B01", "website": "https://nieuw.example", "email": "a@b.c"}
        )
        self.run_nightly()
        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "a@b.c")
        self.assertEqual(partner.vat, "NL001234567B01")
        self.assertSettled(partner)

    def test_an_address_without_country_is_a_problem_until_connect(self):
        """Its country is asked for by name. Nobody is synchronized then; the sentence says how."""
        partner = self.linked(street="Weg 1", zip="1000 AA", city="Ede")
        self.no_old_copies()
        self.sandbox.switch(absent_fields=["Address/Country", "Address/State"])
        self.change_relation(partner, PhoneNumber="030 1")
        self.assert_told(
            self.problematic(), "request_refused", record="Relation_Organization", status=400
        )

        self.connect()
        self.run_lanes()

        self.assertEqual(partner.phone, "030 1")
        self.assertEqual(partner.city, "Ede")
        self.assertFalse(self.problems())

    # Names

    def test_a_persons_name_goes_in_parts_and_comes_as_one(self):
        partner = self.linked("Anna van der Berg", is_company=False)
        row = self.tribe_of(partner)
        self.assertEqual(
            (row["FirstName"], row["MiddleName"], row["LastName"]), ("Anna", "van der", "Berg")
        )

        self.change_relation(partner, FirstName="Anna Maria", LastName="Berg - Smit")
        self.assertEqual(partner.name, "Anna Maria van der Berg - Smit")
        self.assertSettled(partner)

    def test_parts_of_tribe_stay_where_the_name_was_not_edited(self):
        partner = self.linked("Jan Smit", is_company=False)
        self.change_relation(partner, FirstName="Jan", MiddleName=None, LastName="Willem Smit")
        self.assertEqual(partner.name, "Jan Willem Smit")

        partner.phone = "030 1"
        self.run_nightly()
        self.assertEqual(self.tribe_of(partner)["LastName"], "Willem Smit")

        partner.name = "Johan Willem Smit"
        self.run_nightly()
        row = self.tribe_of(partner)
        self.assertEqual((row["FirstName"], row["LastName"]), ("Johan", "Willem Smit"))
        self.assertSettled(partner)

    def test_a_name_that_is_turned_around_stays_so_in_odoo(self):
        partner = self.linked("Vries, Jan de", is_company=False)
        row = self.tribe_of(partner)
        self.assertEqual(
            (row["FirstName"], row["MiddleName"], row["LastName"]), ("Jan", "de", "Vries")
        )
        self.assertSettled(partner)
        self.assertEqual(partner.name, "Vries, Jan de")

    # Addresses

    def test_only_the_suffix_changed(self):
        partner = self.linked(street="Dorpsstraat 12-14 bis", street2="Achterhuis", city="Ede")
        self.change_address(partner, HouseNumberSuffix="-16", Latitude=52.0)
        self.assertEqual(partner.street, "Dorpsstraat 12-16")
        self.assertEqual((partner.street2, partner.city), ("Achterhuis", "Ede"))
        self.assertSettled(partner)

        partner.street = "Dorpsstraat 12-18"
        self.assertEqual(self.written(self.run_nightly), 1)
        row = self.address_of(partner)
        self.assertEqual((row["Street"], row["HouseNumber"]), ("Dorpsstraat", 12))
        self.assertEqual(row["HouseNumberSuffix"], "-18")
        self.assertEqual((row["Extra"], row["City"], row["Latitude"]), ("Achterhuis", "Ede", 52.0))
        self.assertSettled(partner)

    def test_what_cannot_be_split_survives(self):
        partner = self.linked(street="p/a Jansen, tweede deur links")
        self.assertEqual(self.address_of(partner)["Street"], "p/a Jansen, tweede deur links")
        self.assertIsNone(self.address_of(partner)["HouseNumber"])
        self.assertSettled(partner)

    def test_an_invoice_contact_without_an_address_is_passed_over(self):
        partner = self.linked(street="Weg 1", city="Ede")
        contact = self.customer(
            "Facturen",
            type="invoice",
            parent_id=partner.id,
            customer_rank=0,
            email="facturen@klant.example",
        )
        self.assertEqual(self.written(self.run_nightly), 0)

        contact.street = "Postbus 12"
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["HouseNumber"], 12)
        self.assertFalse(self.address_of(partner)["City"])
        self.assertSettled(partner)

        contact.action_archive()
        self.synchronize(partner)
        self.assertEqual(self.address_of(partner)["City"], "Ede")
        self.assertSettled(partner)

    def test_an_invoice_address_that_tribe_empties_gives_way_to_the_partners_own(self):
        partner = self.linked(street="Weg 1", city="Ede")
        contact = self.customer(
            "Facturen", type="invoice", parent_id=partner.id, customer_rank=0, street="Postbus 12"
        )
        self.run_nightly()

        self.change_address(partner, Street=None, HouseNumber=None)
        self.run_nightly()

        self.assertFalse(contact.street)
        self.assertEqual((partner.street, partner.city), ("Weg 1", "Ede"))
        self.assertEqual(self.address_of(partner)["Street"], "Weg")
        self.assertSettled(partner)

    # Country and state

    def test_a_state_goes_and_comes_by_code_or_name(self):
        netherlands = self.env.ref("base.nl")
        states = {state.code: state for state in netherlands.state_ids}
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                partner = self.linked(
                    "Smit",
                    is_company=is_company,
                    country_id=netherlands.id,
                    state_id=states["UT"].id,
                )
                self.assertEqual(self.address_of(partner)["State"], self.state("Utrecht")["ID"])
                self.assertSettled(partner)

                self.change_address(partner, State=self.state("Noord-Holland"))
                self.assertEqual(partner.state_id, states["NH"])
                self.change_address(partner, State=self.state("Zeeland"))
                self.assertEqual(partner.state_id, states["ZE"])
                self.assertSettled(partner)

                partner.write(
                    {
                        "country_id": self.env.ref("base.us").id,
                        "state_id": self.env.ref("base.state_us_5").id,
                    }
                )
                self.assertEqual(self.written(self.run_nightly), 1)
                self.assertEqual(self.address_of(partner)["State"], self.state("California")["ID"])
                self.assertSettled(partner)

                partner.state_id = False
                self.run_nightly()
                self.assertIsNone(self.address_of(partner)["State"])
                self.assertSettled(partner)

    def test_a_state_that_odoo_lacks_is_left_alone_with_a_note(self):
        netherlands = self.env.ref("base.nl")
        utrecht = netherlands.state_ids.filtered(lambda state: state.code == "UT")
        partner = self.linked(country_id=netherlands.id, state_id=utrecht.id, city="Utrecht")

        self.change_address(partner, State=self.state("Nergensland"), City="Nergenshuizen")

        self.assertEqual((partner.state_id, partner.city), (utrecht, "Nergenshuizen"))
        assert_only_says(self.notes()[0], "state_not_in_odoo", state="Nergensland")
        self.assertSettled(partner)
        self.assertEqual(self.address_of(partner)["State"], self.state("Nergensland")["ID"])

    def test_a_website_that_a_browser_must_not_follow_is_left_alone_with_a_note(self):
        partner = self.linked(website="https://klant.example")

        self.change_relation(partner, Website="javascript:alert(1)//", PhoneNumber="0201234567")

        self.assertEqual(partner.website, "https://klant.example")
        self.assertIn("1234567", partner.phone.replace(" ", ""))
        address = containing("javascript:alert(1)//")
        assert_only_says(self.notes()[0], "website_not_an_address", website=address)
        self.assertSettled(partner)

        self.change_relation(partner, Website="https://nieuw.example")
        self.assertEqual(partner.website, "https://nieuw.example")

    def test_a_state_that_tribe_lacks_is_left_alone_with_a_note(self):
        netherlands = self.env.ref("base.nl")
        states = {state.code: state for state in netherlands.state_ids}
        partner = self.linked(country_id=netherlands.id, state_id=states["DR"].id, city="Assen")
        assert_only_says(self.notes()[0], "state_not_in_tribe", state="DR")
        self.assertSettled(partner)

        partner.write({"state_id": states["GR"].id, "city": "Groningen"})
        self.run_nightly()

        self.assertEqual(self.address_of(partner)["City"], "Groningen")
        self.assertIsNone(self.address_of(partner)["State"])
        self.assertSettled(partner)

        self.connection.conflict_policy = "tribe"
        self.change_address(partner, State=self.state("Utrecht"))
        self.assertEqual(partner.state_id, states["UT"])

    # Who moves abroad

    def abroad(self, name, **values):
        """A Dutch customer whose numbers have their country in Odoo, and not in Tribe."""
        values |= {"phone": "+31 20 1234567", "country_id": self.env.ref("base.nl").id}
        partner = self.linked(name, street="Damrak 1", city="Amsterdam", **values)
        national = {"PhoneNumber": "020 1234567"}
        if partner.is_company:
            national["VATNumber"] = "123456782B90"
        else:
            national["MobilePhoneNumber"] = "06 12345678"
        self.change_relation(partner, **national)
        return partner, national

    def test_who_moves_abroad_keeps_the_numbers_on_both_sides(self):
        belgium, in_tribe = self.env.ref("base.be"), self.connection.country_ids["BE"]
        kinds = (
            {"is_company": True, "vat": "NL123456782B90"},
            {"is_company": False, self.mobile: "+31 6 12345678"},
        )
        for moved in ("in Odoo", "in Tribe", "on both"):
            for values in kinds:
                with self.subTest(moved=moved, is_company=values["is_company"]):
                    partner, national = self.abroad(f"Smit {moved}", **values)
                    before = {name: partner[name] for name in ("phone", "vat", self.mobile)}
                    if moved != "in Tribe":
                        partner.write({"country_id": belgium.id, "city": "Antwerpen"})
                    if moved != "in Odoo":
                        self.change_address(partner, Country={"ID": in_tribe}, City="Antwerpen")
                    self.run_nightly()
                    self.look_at_relations(partner)

                    self.assertEqual(partner.country_id, belgium)
                    self.assertEqual(self.address_of(partner)["Country"], in_tribe)
                    self.assertEqual({name: partner[name] for name in before}, before)
                    row = self.tribe_of(partner)
                    self.assertEqual({name: row[name] for name in national}, national)
                    self.assertSettled(partner)
                    self.assertFalse(self.notes())

    def test_a_number_of_who_moved_abroad_is_changed_on_either_side(self):
        partner, _national = self.abroad("Smit", vat="NL123456782B90")
        partner.write({"country_id": self.env.ref("base.be").id, "phone": "+32 3 234 56 78"})
        self.run_nightly()
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "+32 3 234 56 78")

        self.change_relation(partner, VATNumber="BE0477472701")
        self.assertEqual(partner.vat, "BE0477472701")
        self.assertSettled(partner)

    def test_a_state_with_the_same_code_in_another_country_is_another_one(self):
        belgium, in_tribe = self.env.ref("base.be"), self.connection.country_ids["BE"]
        netherlands = self.env.ref("base.nl")
        utrecht = netherlands.state_ids.filtered(lambda state: state.code == "UT")
        there = self.env["res.country.state"].create(
            {"name": "Utopie", "code": "UT", "country_id": belgium.id}
        )
        country = {"Country": {"ID": in_tribe}}
        self.sandbox.create("Datastore_State", {"Code": "UT", "Name": "Utopie", **country})
        self.connect()
        here = {"country_id": netherlands.id, "state_id": utrecht.id}
        utopia = self.state("Utopie")

        partner = self.linked("In Odoo", **here)
        partner.write({"country_id": belgium.id, "state_id": there.id})
        self.run_nightly()
        self.assertEqual(self.address_of(partner)["State"], utopia["ID"])
        self.assertSettled(partner)

        partner = self.linked("In Tribe", **here)
        self.change_address(partner, State=utopia, **country)
        self.assertEqual(partner.state_id, there)
        self.assertSettled(partner)

        # Somebody in Tribe chose the country, and not yet the state.
        partner = self.linked("Only the Country", **here)
        self.change_address(partner, **country)
        self.assertEqual(partner.country_id, belgium)
        self.assertFalse(partner.state_id)
        assert_only_says(self.notes()[0], "state_not_in_odoo", state="Utrecht")
        self.assertSettled(partner)

    def test_an_address_may_be_a_country_only(self):
        germany = self.env.ref("base.de")
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                partner = self.linked("Smit", is_company=is_company, country_id=germany.id)
                self.assertSettled(partner)
                self.assertEqual(partner.country_id, germany)

    def test_a_country_that_odoo_lacks_is_left_alone_with_a_note(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)
        netherlands = self.env.ref("base.nl")
        country = self.sandbox.rows("Datastore_Country", Code="CH")[0]
        self.env.ref("base.ch").code = "QQ"

        self.change_address(partner, Country={"ID": country["ID"]}, City="Bern")

        self.assertEqual((partner.country_id, partner.city), (netherlands, "Bern"))
        assert_only_says(self.notes()[0], "country_not_in_odoo", country="CH")
        self.assertSettled(partner)

    def test_a_code_is_no_beginning_of_another_one(self):
        """Odoo cuts what it looks for to the length of the field."""
        kosovo, netherlands = self.env.ref("base.xk"), self.env.ref("base.nl")
        partner = self.linked(country_id=netherlands.id)
        country = self.sandbox.rows("Datastore_Country", Code="CH")[0]
        self.sandbox.change("Datastore_Country", country["ID"], {"Code": f"{kosovo.code}9"})

        self.change_address(partner, Country={"ID": country["ID"]}, City="Bern")

        self.assertEqual((partner.country_id, partner.city), (netherlands, "Bern"))
        self.assertIn("XK9", self.notes()[0])
        self.assertSettled(partner)


class TestPaymentTerms(FieldCase):
    """Payment terms: days in Tribe, a term of the connection's company in Odoo."""

    def setUp(self):
        super().setUp()
        self.env["account.payment.term"].search([]).active = False
        self.terms = {days: self.term(days) for days in (0, 14, 30, 60)}

    def term(self, days, **values):
        """A payment term that is all due after so many days."""
        return self.env["account.payment.term"].create(
            {
                "name": f"{days} days",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": days})
                ],
                **values,
            }
        )

    def in_company(self, partner):
        return partner.with_company(self.company)

    def days(self, partner, entity_set):
        return self.relationships(partner)[entity_set]["PaymentTermInDays"]

    def test_a_term_goes_and_comes(self):
        for name, entity_set, values in (
            ("property_payment_term_id", ORGANIZATION_CUSTOMER, {}),
            ("property_payment_term_id", PERSON_CUSTOMER, {"is_company": False}),
            (
                "property_supplier_payment_term_id",
                SUPPLIER,
                {"customer_rank": 0, "supplier_rank": 1},
            ),
        ):
            with self.subTest(entity_set):
                partner = self.in_company(
                    self.linked("Smit", **values, **{name: self.terms[30].id})
                )
                self.assertEqual(self.days(partner, entity_set), 30)
                self.assertSettled(partner)

                partner[name] = self.terms[0]
                self.assertEqual(self.written(self.run_nightly), 1)
                self.assertEqual(self.days(partner, entity_set), 0)
                self.assertSettled(partner)

                self.change_relationship(partner, entity_set, PaymentTermInDays=14)
                self.assertEqual(partner[name], self.terms[14])
                self.assertSettled(partner)

                self.change_relationship(partner, entity_set, PaymentTermInDays=None)
                self.assertFalse(partner[name])
                self.assertSettled(partner)

    def test_another_company_of_the_connection_takes_no_term_away(self):
        """Each company of Odoo has its own term of a contact."""
        partner = self.in_company(self.linked(property_payment_term_id=self.terms[30].id))
        self.look_at("organization", partner.tribe_id)
        self.term(30, company_id=False)
        other = self.env["res.company"].create({"name": "Nieuw B.V."})

        self.give(self.connection, other)
        partner.phone = "030 1"
        self.run_nightly()
        self.look_at("organization", partner.tribe_id)

        self.assertEqual(self.days(partner, ORGANIZATION_CUSTOMER), 30)
        self.assertEqual(partner.property_payment_term_id, self.terms[30])
        new = partner.with_company(other).property_payment_term_id
        self.assertEqual(new.line_ids.mapped("nb_days"), [30])

    def test_customer_and_supplier_have_each_their_own(self):
        partner = self.in_company(
            self.linked(
                supplier_rank=1,
                property_payment_term_id=self.terms[30].id,
                property_supplier_payment_term_id=self.terms[60].id,
            )
        )
        self.assertEqual(self.days(partner, ORGANIZATION_CUSTOMER), 30)
        self.assertEqual(self.days(partner, SUPPLIER), 60)

        self.change_relationship(partner, SUPPLIER, PaymentTermInDays=14)
        self.assertEqual(partner.property_payment_term_id, self.terms[30])
        self.assertEqual(partner.property_supplier_payment_term_id, self.terms[14])
        self.assertSettled(partner)

    def test_who_becomes_a_supplier_tells_the_term_along(self):
        partner = self.linked(property_supplier_payment_term_id=self.terms[60].id)
        partner.supplier_rank = 1

        self.run_nightly()

        self.assertEqual(self.days(partner, SUPPLIER), 60)
        self.assertSettled(partner)

    def test_who_becomes_a_supplier_in_tribe_brings_the_term_along(self):
        partner = self.in_company(self.linked())
        supplier = self.sandbox.create(
            SUPPLIER,
            {
                "Relation": {"ID": self.own_id},
                "Organization": {"ID": partner.tribe_id},
                "PaymentTermInDays": 14,
            },
        )
        self.look_at("supplier", supplier["ID"])

        self.assertEqual(partner.property_supplier_payment_term_id, self.terms[14])
        self.run_nightly()
        self.assertSettled(partner)

    def test_days_without_a_term_are_a_note_until_there_is_one(self):
        partner = self.in_company(self.linked(property_payment_term_id=self.terms[30].id))

        self.change_relationship(partner, ORGANIZATION_CUSTOMER, PaymentTermInDays=45)
        self.assertEqual(partner.property_payment_term_id, self.terms[30])
        assert_only_says(self.notes()[0], "payment_term_not_in_odoo", days=45)
        self.assertSettled(partner)
        self.assertEqual(self.days(partner, ORGANIZATION_CUSTOMER), 45)

        term = self.term(45, company_id=False)
        self.look_at("organization", partner.tribe_id)
        self.assertEqual(partner.property_payment_term_id, term)
        self.assertSettled(partner)

    def test_a_term_that_is_not_simply_days_is_neither_told_nor_overwritten(self):
        half = {"value": "percent", "value_amount": 50}
        others = (
            self.term(7, line_ids=[Command.create(half), Command.create({**half, "nb_days": 30})]),
            self.term(
                7,
                line_ids=[
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100,
                            "nb_days": 7,
                            "delay_type": "days_after_end_of_month",
                        }
                    )
                ],
            ),
            self.term(7, early_discount=True, discount_percentage=2, discount_days=3),
        )
        partner = self.in_company(self.linked(property_payment_term_id=self.terms[30].id))
        for term in others:
            with self.subTest(term=term.line_ids[:1].delay_type, lines=len(term.line_ids)):
                partner.property_payment_term_id = term
                self.run_nightly()
                self.assertEqual(self.days(partner, ORGANIZATION_CUSTOMER), 30)

                self.change_relationship(partner, ORGANIZATION_CUSTOMER, PaymentTermInDays=14)
                self.assertEqual(partner.property_payment_term_id, term)
                self.assertSettled(partner)
                self.change_relationship(partner, ORGANIZATION_CUSTOMER, PaymentTermInDays=30)
        self.change_relationship(partner, ORGANIZATION_CUSTOMER, PaymentTermInDays=7)
        self.assertFalse(self.problems())

    def test_another_companys_term_is_not_told(self):
        partner = self.in_company(self.linked(property_payment_term_id=self.terms[30].id))
        other = self.env["res.company"].create({"name": "Ander"})
        term = self.term(60, company_id=other.id)

        partner.with_company(other).property_payment_term_id = term

        self.assertEqual(self.written(self.run_nightly), 0)
        self.change_relationship(partner, ORGANIZATION_CUSTOMER, PaymentTermInDays=14)
        self.assertEqual(partner.property_payment_term_id, self.terms[14])
        self.assertEqual(partner.with_company(other).property_payment_term_id, term)

    def test_a_new_customer_of_tribe_brings_its_term_or_gets_odoos_default(self):
        self.env["ir.default"].set(
            "res.partner", "property_payment_term_id", self.terms[30].id, company_id=self.company.id
        )
        brought, default = (self.organization(Name=name, roles=()) for name in ("Een", "Twee"))
        for row, days in ((brought, 14), (default, None)):
            self.sandbox.create(
                ORGANIZATION_CUSTOMER,
                {
                    "Relation": {"ID": self.own_id},
                    "Organization": {"ID": row["ID"]},
                    "PaymentTermInDays": days,
                },
            )
        self.look_at("organization", brought["ID"], default["ID"])
        partners = {
            name: self.in_company(self.link(row["ID"]).partner_id)
            for name, row in (("brought", brought), ("default", default))
        }

        self.assertEqual(partners["brought"].property_payment_term_id, self.terms[14])
        self.assertEqual(partners["default"].property_payment_term_id, self.terms[30])
        self.run_nightly()
        self.assertEqual(self.days(partners["default"], ORGANIZATION_CUSTOMER), 30)
        for partner in partners.values():
            self.assertSettled(partner)
