from datetime import timedelta

from choices import IS_FULL

from odoo.addons.tribe_connector.sentence import Choice, sentence

from .relation_case import RelationCase

BAKKER = {
    "vat": "NL123456782B90",
    "email": "info@bakker.example",
    "street": "Dorpsstraat 12",
    "zip": "1012 AB",
    "city": "Amsterdam",
}
VISSER = {
    "Name": "Visser Transport B.V.",
    "VATNumber": "NL001234567B01",
    "EmailAddress": "info@visser.example",
    "InvoiceAddress": {
        "Street": "Kade",
        "HouseNumber": 1,
        "Postalcode": "3511 AA",
        "City": "Utrecht",
    },
}
# What of Visser says that it is another, alone.
OF_VAT = {name: VISSER[name] for name in ("Name", "VATNumber")}
OF_CONTACT = {name: VISSER[name] for name in ("Name", "EmailAddress", "InvoiceAddress")}
AGAINST_VAT = sentence("against_vat", odoo="NL123456782B90", tribe="NL001234567B01")
AGAINST_REGISTRY = sentence("against_company_registry", odoo="12345678", tribe="87654321")
AGAINST_CONTACT = sentence("against_contact_details")
YOUNGER = timedelta(hours=1)


class EvidenceCase(RelationCase):
    """What the tests of evidence ask of both sides."""

    def bakker(self, **values):
        return self.customer("Bakker Bouw B.V.", **{**BAKKER, **values})

    def import_id(self, partner):
        return self.connection._import_id(partner, partner._tribe_kind())

    def make_younger(self, partner, by=YOUNGER):
        """As in a backup of Odoo that gave its number a second time: the contact came later."""
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date + %s WHERE id = %s",
            [by, partner.id],
        )
        partner.invalidate_recordset(["create_date"])

    def suggestions(self):
        return self.env["tribe.suggestion"].search([])

    def cost(self, work):
        """How many SQL queries and reads of Tribe some work makes."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.sandbox.reset_calls()
        before = self.env.cr.sql_log_count
        work()
        calls = self.sandbox.calls()
        return self.env.cr.sql_log_count - before, calls["total"] - calls["writes"]

    def assertNoDearer(self, shared, alone):
        self.assertFalse(self.suggestions())
        self.assertLessEqual(shared[0], alone[0] * 1.1)
        self.assertLessEqual(shared[1], alone[1] + 6)

    def row(self, row):
        """A relation as it is now."""
        return self.tribe_row(
            "Relation_Organization" if "VATNumber" in row else "Relation_Person", row["ID"]
        )

    def assertAskedAbout(self, partner, row, basis, *against):
        """The two are a possible match, with what contradicts; neither has changed.

        :param against: sentences
        """
        suggestion = self.suggestions()
        self.assertEqual(
            (suggestion.partner_id, suggestion.tribe_id, suggestion.basis, suggestion.state),
            (partner, row["ID"], basis, "open"),
        )
        basis = Choice("tribe.suggestion", "basis", basis)
        self.assertAsked("possible_match_contradicted", basis=[basis])
        for each in against:
            self.assert_told(suggestion, each.code, field="against", **each.parameters)
            self.assertAsked(each.code, **each.parameters)
        self.assertFalse(partner.tribe_id)
        if "Name" in row:
            self.assertEqual(self.row(row)["Name"], row["Name"])


class TestNumberOfWhoIsLeftOut(EvidenceCase):
    """Anybody can type a number in Tribe: it fetches nobody whom the connection does not send."""

    def assertAskedAndNotSent(self, partner, number):
        row = self.organization(Name="Lokaas", DebtorNumber=number)
        self.look_at("organization", row["ID"])
        self.run_nightly()

        self.assertAskedAbout(partner, row, "debtor_number", sentence("against_left_out"))
        self.assertFalse(self.row(row)["EmailAddress"])
        self.assertFalse(partner.customer_rank and partner.tribe_id)
        return row

    def test_a_customer_that_the_filter_leaves_out(self):
        self.connection.relation_domain = "[('city', '=', 'Utrecht')]"
        self.assertAskedAndNotSent(self.bakker(debtor_number="777"), "777")

    def test_a_contact_that_is_no_customer_by_its_reference(self):
        self.connection.number_source = "ref"
        self.assertAskedAndNotSent(self.bakker(customer_rank=0, ref="777"), "777")

    def test_nor_with_an_import_id_beside_it(self):
        self.connection.relation_domain = "[('city', '=', 'Utrecht')]"
        partner = self.bakker(debtor_number="777")
        row = self.organization(
            Name=partner.name, DebtorNumber="777", ImportId=self.import_id(partner)
        )

        self.look_at("organization", row["ID"])
        self.run_nightly()

        self.assertFalse(partner.tribe_id)
        self.assertFalse(self.row(row)["EmailAddress"])
        self.assert_told(self.suggestions(), sentence("against_left_out").code, field="against")

    def test_a_private_supplier(self):
        partner = self.bakker(customer_rank=0, supplier_rank=1, is_company=False)
        row = self.person(LastName=partner.name, ImportId=self.import_id(partner))

        self.look_at("person", row["ID"])
        self.run_nightly()

        self.assertAskedAbout(partner, row, "import_id", sentence("against_left_out"))
        self.assertFalse(self.tribe_row("Relation_Person", row["ID"])["EmailAddress"])
        self.assertFalse(partner.customer_rank)

    def test_a_person_decides(self):
        self.connection.relation_domain = "[('city', '=', 'Utrecht')]"
        partner = self.bakker(debtor_number="777")
        row = self.assertAskedAndNotSent(partner, "777")

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])

    def test_whoever_is_sent_is_found_by_it(self):
        self.connection.relation_domain = "[('city', '=', 'Amsterdam')]"
        partner = self.bakker(debtor_number="777")
        row = self.organization(Name=partner.name, DebtorNumber="777")

        self.look_at("organization", row["ID"])

        self.assertEqual(partner.tribe_id, row["ID"])


class TestNumberContradicted(EvidenceCase):
    """A number proves identity, unless the evidence contradicts it: then a person decides."""

    def test_the_customer_of_odoo_is_a_question(self):
        for name, fields, against in (
            ("vat", OF_VAT, AGAINST_VAT),
            ("contact", OF_CONTACT, AGAINST_CONTACT),
            ("registry", {"ChamberOfCommerceNumber": "87654321"}, AGAINST_REGISTRY),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.seed_tribe()
                partner = self.bakker(debtor_number="1001", company_registry="12345678")
                row = self.organization(**{"Name": "V", "DebtorNumber": "1001", **fields})

                self.synchronize(partner)

                self.assertAskedAbout(partner, row, "debtor_number", against)
                self.assertFalse(self.named(partner.name))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_no_hidden_character_is_told_of_a_registry_number(self):
        partner = self.bakker(debtor_number="1001", company_registry="1234\u202e5678")
        row = self.organization(
            Name="V", DebtorNumber="1001", ChamberOfCommerceNumber="8765\u202e4321"
        )
        self.look_at("organization", row["ID"])
        self.synchronize(partner)
        told = f"{self.suggestions().against} {self.problems()}"
        self.assertIn("87654321", told)
        self.assertIn("12345678", told)
        self.assertNotIn("\u202e", told)
        self.assertNotIn("\\u202e", told)

    def test_the_relation_of_tribe_is_a_question(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)

        self.look_at("organization", row["ID"])

        self.assertAskedAbout(partner, row, "debtor_number", AGAINST_VAT, AGAINST_CONTACT)
        self.assertFalse(self.env["res.partner"].search([("name", "=", row["Name"])]))

    def test_a_creditor_number_and_a_private_person(self):
        supplier = self.bakker(customer_rank=0, supplier_rank=1, creditor_number="2001")
        row = self.organization(CreditorNumber="2001", **VISSER)
        self.synchronize(supplier)
        self.assertAskedAbout(supplier, row, "creditor_number")
        self.suggestions().unlink()
        self.env["tribe.work"].search([]).unlink()

        person = self.customer(
            "Jan Smit", is_company=False, email="jan@smit.example", zip="1012 AB",
            debtor_number="1002",
        )  # fmt: skip
        other = self.person(
            LastName="Bos",
            EmailAddress="piet@bos.example",
            DebtorNumber="1002",
            Address={"Postalcode": "3511 AA"},
        )
        self.look_at("person", other["ID"])
        self.assertAskedAbout(person, other, "debtor_number", AGAINST_CONTACT)

    def test_two_series_of_numbers_where_one_side_has_no_e_mail_address(self):
        for number, (fields, values) in enumerate(
            (
                (OF_CONTACT, {"email": False}),
                (OF_CONTACT | {"EmailAddress": None}, {}),
                (OF_CONTACT | {"InvoiceAddress": {"City": "Utrecht"}}, {}),
                (OF_CONTACT, {"vat": False, "email": False}),
                ({"Name": "Visser", "EmailAddress": "info@visser.example"}, {"zip": False}),
            ),
            1001,
        ):
            with self.subTest(fields=fields, values=values):
                partner = self.bakker(debtor_number=f"{number}", **values)
                row = self.organization(**{**fields, "DebtorNumber": f"{number}"})

                self.synchronize(partner)

                self.assertFalse(partner.tribe_id)
                self.assertEqual(self.row(row)["Name"], fields["Name"])
                self.assertIn(row["ID"], self.suggestions().mapped("tribe_id"))

    def test_what_is_written_otherwise_or_missing_contradicts_nothing(self):
        for number, (fields, values) in enumerate(
            (
                # First: what many of these have means nothing.
                (OF_CONTACT | {"EmailAddress": "INFO@bakker.example"}, {}),
                ({"VATNumber": "nl 1234.56.782 b90"}, {}),
                ({"VATNumber": "123456782B90"}, {}),
                ({"VATNumber": "/"}, {}),
                ({}, {"vat": "/"}),
                ({"Name": "Bakker Bouw B.V.", "EmailAddress": "iemand@elders.example"}, {}),
                (OF_CONTACT | {"InvoiceAddress": {"Postalcode": "1012ab"}}, {}),
                (OF_CONTACT | {"Name": "BAKKER BOUW b.v."}, {}),
            ),
            1001,
        ):
            with self.subTest(fields=fields, values=values):
                partner = self.bakker(debtor_number=f"{number}", **values)
                row = self.organization(**{"Name": "X", "DebtorNumber": f"{number}", **fields})

                self.synchronize(partner)

                self.assertEqual(partner.tribe_id, row["ID"], self.problems())

    def test_link_stands_although_contradicted(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)
        self.look_at("organization", row["ID"])

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertEqual(self.row(row)["Name"], "Bakker Bouw B.V.")
        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())
        self.look_at("organization", row["ID"])
        self.synchronize(partner)
        self.assertFalse(self.problems())

    def test_different_gives_the_relation_another_number_of_the_sequence(self):
        self.connection.number_source = "sequence"
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)
        self.look_at("organization", row["ID"])

        self.suggestions().action_refuse()
        self.run_lanes()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        other = self.link(row["ID"]).partner_id
        self.assertEqual(other.name, "Visser Transport B.V.", self.problems())
        self.assertNotIn(other.debtor_number, (False, "1001"))
        self.assertEqual(self.row(row)["DebtorNumber"], other.debtor_number)
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "1001")
        self.assertFalse(self.problems())
        self.assertEqual(self.suggestions().state, "refused")

    def test_different_asks_for_a_number_of_somebody_who_stays_in_tribe(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(roles=[], DebtorNumber="1001", **VISSER)
        self.synchronize(partner)

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertAsked("number_taken_in_tribe", number="1001", relation="Visser Transport B.V.")
        self.assertFalse(partner.tribe_id)
        partner.debtor_number = "1002"
        self.synchronize(partner)
        self.assertTrue(partner.tribe_id and partner.tribe_id != row["ID"])
        self.assertFalse(self.problems())

    def test_different_where_numbers_are_tribes_asks_for_another(self):
        self.connection.number_source = "tribe"
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)
        self.look_at("organization", row["ID"])

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertFalse(self.link(row["ID"]))
        self.assertEqual(len(self.problematic()), 2)
        for work in self.problematic():
            self.assert_told(
                work,
                "number_taken_in_odoo" if work.direction == "inbound" else "number_taken_in_tribe",
                number="1001",
            )

        self.sandbox.change("Relation_Organization", row["ID"], {"DebtorNumber": "1002"})
        self.look_at("organization", row["ID"])
        self.run_nightly()

        self.assertEqual(self.link(row["ID"]).partner_id.debtor_number, "1002")
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "1001")
        self.assertFalse(self.problems())

    def test_a_mended_value_links_and_the_question_goes(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **OF_VAT)
        self.synchronize(partner)

        partner.vat = row["VATNumber"]
        self.synchronize(partner)

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())

    def test_what_a_contact_shared_before_is_shown_with_what_contradicts_now(self):
        partner = self.bakker(customer_rank=0)
        row = self.organization(Name="Visser", EmailAddress=BAKKER["email"])
        self.look_at("organization", row["ID"])
        self.assertEqual(self.suggestions().basis, "email")

        self.sandbox.change(
            "Relation_Organization",
            row["ID"],
            {"DebtorNumber": "1001", "VATNumber": VISSER["VATNumber"]},
        )
        partner.debtor_number = "1001"
        self.look_at("organization", row["ID"])

        self.assertAskedAbout(partner, self.row(row), "debtor_number", AGAINST_VAT)


class TestImportId(EvidenceCase):
    """Our ImportId proves a contact that was there when the relation was made, and no other."""

    def test_a_restored_backup_gave_the_number_of_a_contact_again(self):
        beta = self.customer("Beta B.V.")
        row = self.organization(Name="Alfa", ImportId=self.import_id(beta))
        self.make_younger(beta)

        for look in (
            lambda: self.synchronize(beta),
            lambda: self.look_at("organization", row["ID"]),
        ):
            look()
            self.assertAskedAbout(beta, row, "import_id", sentence("against_younger"))
            self.env["tribe.work"].search([]).unlink()

    def test_different_takes_our_import_id_off(self):
        beta = self.customer("Beta B.V.")
        row = self.organization(Name="Alfa", ImportId=self.import_id(beta))
        self.make_younger(beta)
        for look in (
            lambda: self.look_at("organization", row["ID"]),
            lambda: self.synchronize(beta),
        ):
            look()
        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertFalse(self.problems())
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Alfa")
        self.assertTrue(beta.tribe_id and beta.tribe_id != row["ID"])
        self.assertFalse(self.row(row)["ImportId"])
        self.assertEqual(self.tribe_of(beta)["ImportId"], self.import_id(beta))

    def test_different_takes_it_off_one_who_stays_in_tribe(self):
        beta = self.customer("Beta B.V.")
        row = self.organization(
            roles=[], Name="Alfa", ImportId=self.import_id(beta)
        )  # fmt: skip
        self.make_younger(beta)
        self.synchronize(beta)

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertTrue(beta.tribe_id and beta.tribe_id != row["ID"])
        self.assertFalse(self.row(row)["ImportId"])

    def test_a_lost_answer_is_not_found_in_what_was_refused(self):
        beta = self.customer("Beta B.V.")
        row = self.organization(
            roles=[], Name="Alfa", ImportId=self.import_id(beta)
        )  # fmt: skip
        self.make_younger(beta)
        self.synchronize(beta)
        self.suggestions().action_refuse()
        # What is made of it now is made after it.
        self.make_younger(beta, -YOUNGER)
        self.sandbox.fault("lose_answer", method="POST", path_contains="Customer")
        self.run_lanes()
        # As if Tribe still showed what was taken off.
        self.sandbox.change(
            "Relation_Organization", row["ID"], {"ImportId": self.import_id(beta)}
        )  # fmt: skip

        self.env["tribe.work"].search([]).write({"due": "2020-01-01"})
        self.run_lanes()

        self.assertTrue(beta.tribe_id and beta.tribe_id != row["ID"], self.problems())

    def test_one_with_zeros_in_front_is_none_of_ours(self):
        partner = self.customer("Bakker Bouw B.V.")
        prefix, _colon, number = self.import_id(partner).rpartition(":")
        row = self.organization(Name="Iemand", ImportId=f"{prefix}:00{number}")

        self.look_at("organization", row["ID"])

        self.assertFalse(self.problems())
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Iemand")
        self.assertFalse(self.env["tribe.work"].search([("reference", "=", row["ID"])]))

    def test_a_clock_that_differs_a_little_proves_nothing_against_it(self):
        partner = self.customer("Beta B.V.")
        row = self.organization(Name="Beta B.V.", ImportId=self.import_id(partner))
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date + interval '1 minute' WHERE id = %s",
            [partner.id],
        )
        partner.invalidate_recordset(["create_date"])

        self.look_at("organization", row["ID"])

        self.assertEqual(partner.tribe_id, row["ID"])

    def test_a_forged_one_on_somebody_else(self):
        contact = self.customer(
            "Jan Smit", is_company=False, email="jan@smit.example", zip="1012AB"
        )
        row = self.person(
            LastName="Kwaad",
            EmailAddress="kwaad@elders.example",
            Address={"Postalcode": "3511 AA"},
            ImportId=self.import_id(contact),
        )

        self.look_at("person", row["ID"])

        self.assertAskedAbout(contact, row, "import_id", AGAINST_CONTACT)
        self.assertEqual(contact.email, "jan@smit.example")

    def test_one_of_the_other_kind_can_be_kept_apart(self):
        person = self.customer("Jan Smit", is_company=False)
        row = self.organization(
            Name="Alfa B.V.", ImportId=self.connection._import_id(person, "person")
        )
        for look in (
            lambda: self.synchronize(person),
            lambda: self.look_at("organization", row["ID"]),
        ):
            look()
            self.assertAskedAbout(person, row, "import_id", sentence("against_kind"))
            self.env["tribe.work"].search([]).unlink()
        with self.assert_refused("linking_of_other_kind", relation="Alfa B.V."):
            self.suggestions().action_link()

        self.look_at("organization", row["ID"])
        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertEqual(self.link(row["ID"]).partner_id.name, "Alfa B.V.")
        self.assertFalse(self.row(row)["ImportId"])

    def test_one_of_a_contact_that_is_linked_can_be_kept_apart(self):
        partner = self.linked()
        row = self.organization(Name="Kopie", ImportId=self.import_id(partner))
        self.look_at("organization", row["ID"])
        self.assertAsked("against_linked")

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertEqual(self.link(row["ID"]).partner_id.name, "Kopie")
        self.assertFalse(self.row(row)["ImportId"])
        self.assertNotEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_a_forged_one_on_somebody_of_whom_only_the_name_is_known(self):
        """Nothing can be compared, and anybody can type an ImportId into Tribe."""
        full = {"email": "jan@smit.example", "zip": "1012AB"}
        for number, (name, values, fields) in enumerate(
            (
                ("Jan Smit", full, {"LastName": "Kwaad"}),
                ("Jan Smit", {}, {"LastName": "Kwaad", "EmailAddress": "kwaad@elders.example"}),
                ("Jan Smit", full, {"LastName": "Kwaad", "EmailAddress": "kwaad@elders.example"}),
                ("Jan Smit", full, {"LastName": "Kwaad", "DebtorNumber": "9999"}),
            ),
        ):
            with self.subTest(number):
                self.suggestions().unlink()
                self.env["tribe.work"].search([]).unlink()
                contact = self.customer(name, is_company=False, **values)
                row = self.person(**fields, ImportId=self.import_id(contact))
                for look in (
                    lambda row=row: self.look_at("person", row["ID"]),
                    lambda contact=contact: self.synchronize(contact),
                ):
                    look()
                    self.assertAskedAbout(contact, row, "import_id", sentence("against_name"))
                    self.assertFalse(contact.email and contact.email != full["email"])
                    self.env["tribe.work"].search([]).unlink()

    def test_one_on_somebody_of_another_name_who_shares_something(self):
        for number, (values, fields) in enumerate(
            (
                ({"email": "jan@smit.example"}, {"EmailAddress": "Jan@Smit.example"}),
                ({"zip": "1012AB"}, {"Address": {"Postalcode": "1012 ab"}}),
                ({"debtor_number": "1007"}, {"DebtorNumber": "1007"}),
            )
        ):
            with self.subTest(number):
                contact = self.customer("Jan Smit", is_company=False, **values)
                row = self.person(LastName="Smid", **fields, ImportId=self.import_id(contact))
                self.look_at("person", row["ID"])
                self.assertEqual(contact.tribe_id, row["ID"], self.problems())

        turned = self.customer("Vries, Jan de", is_company=False)
        row = self.person(
            FirstName="Jan", MiddleName="de", LastName="Vries", ImportId=self.import_id(turned)
        )
        self.look_at("person", row["ID"])
        self.assertEqual(turned.tribe_id, row["ID"], self.problems())

    def test_one_on_two_relations_of_one_batch_or_of_two(self):
        for name, is_one_batch in (("one", True), ("two", False)):
            with self.subTest(name):
                partner = self.customer(f"Beta {name}")
                rows = [
                    self.organization(Name=partner.name, ImportId=self.import_id(partner))
                    for _number in range(2)
                ]
                if is_one_batch:
                    self.look_at("organization", *(row["ID"] for row in rows))
                else:
                    for row in rows:
                        self.look_at("organization", row["ID"])

                self.assertEqual(
                    {each.tribe_id for each in self.suggestions()}, {row["ID"] for row in rows}
                )
                self.assertFalse(partner.tribe_id)
                self.assertEqual(len(self.problematic()), 2)
                for work in self.problematic():
                    self.assert_told(work, "possible_match", subject=partner.name)

                copy = rows[1]["ID"]
                self.suggestions().filtered(lambda each, c=copy: each.tribe_id == c).action_refuse()
                self.run_lanes()

                self.assertEqual(partner.tribe_id, rows[0]["ID"])
                self.assertNotIn(self.link(copy).partner_id, (partner, partner.browse()))
                self.assertFalse(self.row(rows[1])["ImportId"])
                self.assertFalse(self.problems())
                self.suggestions().unlink()

    def test_one_and_the_number_on_two_relations(self):
        """Where an ImportId proves, a number proves nothing more, whoever is looked at first."""
        for name, order in (("first", (0, 1)), ("last", (1, 0)), ("once", None)):
            with self.subTest(name):
                partner = self.customer(f"Beta {name}", debtor_number=name)
                rows = [
                    self.organization(Name=partner.name, ImportId=self.import_id(partner)),
                    self.organization(Name=partner.name, DebtorNumber=name),
                ]
                for ids in [[each] for each in order] if order else [(0, 1)]:
                    self.look_at("organization", *(rows[each]["ID"] for each in ids))

                self.assertEqual(partner.tribe_id, rows[0]["ID"])
                self.assertFalse(self.link(rows[1]["ID"]))
                works = self.problematic().filtered(lambda each: each.direction == "inbound")
                self.assertEqual(works.mapped("reference"), [rows[1]["ID"]])
                self.assert_told(works, "number_of_linked_contact", partner=partner.name)
                self.env["tribe.work"].search([]).unlink()

    def test_one_on_two_relations_is_decided_about_each(self):
        partner = self.customer("Beta B.V.")
        ours, copy = (
            self.organization(Name=name, ImportId=self.import_id(partner))
            for name in ("Beta B.V.", "Kopie")
        )
        self.synchronize(partner)
        self.assertAsked("possible_match", objects=["“Beta B.V.”", "“Kopie”"])

        self.suggestions().filtered(lambda each: each.tribe_id == copy["ID"]).action_refuse()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, ours["ID"])
        self.assertFalse(self.row(copy)["ImportId"])
        self.assertFalse(self.problems())

    def test_one_on_the_relation_of_somebody_else_proves_nothing(self):
        alfa = self.linked("Alfa B.V.")
        row = self.tribe_of(alfa)
        beta = self.customer("Beta B.V.")
        self.sandbox.change(
            "Relation_Organization", row["ID"], {"ImportId": self.import_id(beta)}
        )  # fmt: skip

        self.synchronize(beta)

        self.assertFalse(self.problems())
        self.assertTrue(beta.tribe_id and beta.tribe_id != row["ID"])
        self.assertEqual(alfa.tribe_id, row["ID"])
        self.assertFalse(self.row(row)["ImportId"])

        gamma = self.customer("Gamma B.V.", debtor_number="1007")
        self.sandbox.change(
            "Relation_Organization",
            row["ID"],
            {"ImportId": self.import_id(gamma), "DebtorNumber": "1007"},
        )
        self.synchronize(gamma)
        self.assertFalse(gamma.tribe_id)
        self.assertAsked("number_of_linked_relation", partner="Gamma B.V.")


class TestSwappedNumbers(EvidenceCase):
    """Two numbers that are swapped end where Odoo has them, without a third one."""

    def setUp(self):
        super().setUp()
        self.een = self.linked("Een B.V.", debtor_number="1001")
        self.twee = self.linked("Twee B.V.", debtor_number="1002")

    def assertNumbers(self, een, twee):
        self.assertFalse(self.problems())
        for partner, number in ((self.een, een), (self.twee, twee)):
            self.assertEqual(partner.debtor_number, number)
            self.assertEqual(self.tribe_of(partner)["DebtorNumber"], number)

    def test_in_odoo(self):
        self.een.debtor_number, self.twee.debtor_number = "1002", "1001"
        self.run_nightly()
        self.assertNumbers("1002", "1001")

    def test_in_tribe(self):
        for partner, number in ((self.een, "1002"), (self.twee, "1001")):
            self.sandbox.change(
                "Relation_Organization", partner.tribe_id, {"DebtorNumber": number}
            )  # fmt: skip
        self.look_at("organization", self.een.tribe_id, self.twee.tribe_id)
        self.run_nightly()
        self.assertNumbers("1001", "1002")

    def test_in_a_ring(self):
        drie = self.linked("Drie B.V.", debtor_number="1003")
        self.een.debtor_number = "1002"
        self.twee.debtor_number = "1003"
        drie.debtor_number = "1001"
        self.run_nightly()
        self.assertNumbers("1002", "1003")
        self.assertEqual(self.tribe_of(drie)["DebtorNumber"], "1001")

    def test_a_number_of_somebody_who_keeps_it_is_a_question(self):
        other = self.organization(roles=[], Name="Drie B.V.", DebtorNumber="1003")
        self.een.debtor_number = "1003"
        self.run_nightly()
        self.assertAsked("number_taken_in_tribe", number="1003", relation="Drie B.V.")
        self.assertEqual(self.row(other)["DebtorNumber"], "1003")


class TestNumberedByTwoSeries(EvidenceCase):
    """Both sides know the same customers, and gave the same numbers in another order."""

    NAMES = ("Bakker B.V.", "Visser B.V.", "Slager B.V.")
    VATS = ("NL123456782B90", "NL001234567B01", "NL002345678B01")

    def test_who_is_told_apart_is_offered_the_right_one_and_ends_with_odoos_number(self):
        partners = self.env["res.partner"].concat(
            *(
                self.customer(name, vat=vat, debtor_number=number)
                for name, vat, number in zip(
                    self.NAMES, self.VATS, ("1001", "1002", "1003"), strict=True
                )
            )
        )
        rows = [
            self.organization(Name=name, VATNumber=vat, DebtorNumber=number)
            for name, vat, number in zip(
                self.NAMES, self.VATS, ("1002", "1003", "1001"), strict=True
            )
        ]
        for look in (
            lambda: self.synchronize(partners),
            lambda: self.look_at("organization", *(row["ID"] for row in rows)),
            self.run_nightly,
        ):
            look()
            for suggestion in self.suggestions().filtered(lambda each: each.state == "open"):
                if not suggestion.exists():
                    # One of the two was linked before it.
                    continue
                is_same = suggestion.partner_id.name == suggestion.tribe_name
                (suggestion.action_link if is_same else suggestion.action_refuse)()
                self.run_lanes()

        for partner, row, number in zip(partners, rows, ("1001", "1002", "1003"), strict=True):
            self.assertEqual(partner.tribe_id, row["ID"], self.problems())
            self.assertEqual(partner.debtor_number, number)
            self.assertEqual(self.row(row)["DebtorNumber"], number)
        self.run_nightly()
        self.assertFalse(self.problems())


class TestDecided(EvidenceCase):
    """What a person decided stays decided."""

    def test_another_link_forgets_no_refusal(self):
        partner = self.bakker(debtor_number="1001")
        self.organization(DebtorNumber="1001", **VISSER)
        self.synchronize(partner)
        refused = self.suggestions()
        refused.action_refuse()
        other = self.organization(Name="Bakker", VATNumber="NL123456782B90")
        self.sandbox.change("Relation_Organization", refused.tribe_id, {"DebtorNumber": "7"})
        self.synchronize(partner)

        (self.suggestions() - refused).action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, other["ID"])
        self.assertEqual(self.suggestions(), refused)

    def test_different_can_be_undone(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(roles=[], DebtorNumber="1001", **VISSER)
        self.synchronize(partner)
        self.suggestions().action_refuse()
        self.run_lanes()

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_the_place_of_a_deleted_contact_can_be_taken(self):
        gone = self.linked("Weg B.V.", debtor_number="1001")
        tribe_id = gone.tribe_id
        gone.unlink()
        self.sandbox.change("Relation_Organization", tribe_id, {"VATNumber": "NL001234567B01"})
        partner = self.bakker(debtor_number="1001")
        self.synchronize(partner)
        self.assertAsked("against_vat", tribe="NL001234567B01")

        self.suggestions().action_link()
        self.run_lanes()

        self.assertEqual(partner.tribe_id, tribe_id)
        self.assertFalse(self.problems())


class TestSharedByMany(EvidenceCase):
    """What more than a few share means nothing: an accountant's e-mail, a placeholder."""

    SHARED = 5

    def test_relations_that_share_a_value(self):
        for number in range(self.SHARED):
            self.organization(roles=[], Name=f"R{number}", EmailAddress="geen@odoo.example")
        partner = self.customer("Nieuw", email="Geen@odoo.example")

        self.synchronize(partner)

        self.assertFalse(self.suggestions())
        self.assertTrue(partner.tribe_id)

    def test_contacts_that_share_a_value(self):
        self.organization(Name="R", VATNumber="NL123456782B90")
        partners = self.env["res.partner"].concat(
            *(self.customer(f"K{number}", vat="NL123456782B90") for number in range(self.SHARED))
        )

        self.synchronize(partners)

        self.assertFalse(self.suggestions())
        self.assertTrue(all(partners.mapped("tribe_id")))

    def test_a_relation_that_shares_with_many_contacts_or_relations(self):
        for number in range(self.SHARED):
            self.customer(f"K{number}", email="geen@odoo.example", customer_rank=0)
        row = self.organization(Name="Een", EmailAddress="geen@odoo.example")
        self.look_at("organization", row["ID"])
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Een")

        self.customer("Alleen", email="kantoor@fiscaal.example", customer_rank=0)
        rows = [
            self.organization(Name=f"R{number}", EmailAddress="kantoor@fiscaal.example")
            for number in range(self.SHARED)
        ]
        self.look_at("organization", *(row["ID"] for row in rows))
        self.assertFalse(self.suggestions())
        for row in rows:
            self.assertTrue(self.link(row["ID"]).partner_id)

    def test_an_address_and_a_registry_number_of_many(self):
        for number in range(self.SHARED):
            self.organization(
                roles=[],
                Name="Klant",
                ChamberOfCommerceNumber="12345678",
                InvoiceAddress={"Street": "Weg", "HouseNumber": 1, "Postalcode": "1012 AB"},
                EmailAddress=f"{number}@klant.example",
            )
        partner = self.customer("Klant", street="Weg 1", zip="1012AB", company_registry="12345678")

        self.synchronize(partner)

        self.assertFalse(self.suggestions())
        self.assertTrue(partner.tribe_id)

    def test_a_value_of_three_is_still_a_question(self):
        for number in range(3):
            self.organization(roles=[], Name=f"R{number}", EmailAddress="info@klant.example")
        self.synchronize(self.customer("Nieuw", email="info@klant.example"))
        self.assertEqual(len(self.suggestions()), 3)

    def test_relations_of_many_cost_no_more_calls_and_queries(self):
        def cost(values):
            partners = self.env["res.partner"].concat(
                *(
                    self.customer(f"K{values[0]}{number}", email=values[number % len(values)])
                    for number in range(20)
                )
            )
            cost = self.cost(lambda: self.synchronize(partners))
            self.assertTrue(all(partners.mapped("tribe_id")), self.problems())
            return cost

        for number in range(300):
            self.organization(
                roles=[], Name=f"R{number}", EmailAddress=f"gedeeld{number % 5}@odoo.example"
            )
        alone = cost([f"eigen{number}@odoo.example" for number in range(20)])
        shared = cost([f"gedeeld{number}@odoo.example" for number in range(5)])

        self.assertNoDearer(shared, alone)

    def test_contacts_of_many_cost_no_more_calls_and_queries(self):
        def cost(values):
            rows = [
                self.organization(
                    Name=f"R{values[0]}{number}", EmailAddress=values[number % len(values)]
                )
                for number in range(20)
            ]
            cost = self.cost(lambda: self.look_at("organization", *(row["ID"] for row in rows)))
            self.assertTrue(all(self.link(row["ID"]).partner_id for row in rows), self.problems())
            return cost

        self.env["res.partner"].create(
            [
                {
                    "name": f"K{number}",
                    "is_company": True,
                    "email": f"gedeeld{number % 5}@odoo.example",
                }
                for number in range(300)
            ]
        )
        alone = cost([f"eigen{number}@odoo.example" for number in range(20)])
        shared = cost([f"gedeeld{number}@odoo.example" for number in range(5)])

        self.assertNoDearer(shared, alone)


class TestSharedByThousands(EvidenceCase):
    """2,000 contacts and 2,000 relations that share five values: not 800,000 questions."""

    COUNT = 2000 if IS_FULL else 120
    VALUES = 5
    BATCH = 40

    def setUp(self):
        super().setUp()
        self.partners = self.env["res.partner"].create(
            [
                {
                    "name": f"K{number}",
                    "is_company": True,
                    "customer_rank": 1,
                    **self.shared(number, "email", "vat"),
                }
                for number in range(self.COUNT)
            ]
        )
        self.env.flush_all()
        self.rows = [
            self.organization(Name=f"R{number}", **self.shared(number, "EmailAddress", "VATNumber"))
            for number in range(self.COUNT)
        ]

    def shared(self, number, email, vat):
        """One of five values: of an accountant, or of a fiscal unity."""
        which = number % self.VALUES
        if which:
            return {email: f"info@kantoor{which}.example"}
        return {vat: "NL123456782B90"}

    def test_a_batch_costs_what_it_costs_without_shared_values(self):
        alone = self.env["res.partner"].concat(
            *(self.customer(f"A{number}", email=f"a{number}@a.example") for number in range(40))
        )
        shared = self.partners[: self.BATCH]
        costs = [self.cost(lambda each=each: self.synchronize(each)) for each in (alone, shared)]
        self.assertTrue(all((alone | shared).mapped("tribe_id")), self.problems())
        self.assertNoDearer(costs[1], costs[0])

        alone = [
            self.organization(Name=f"B{number}", EmailAddress=f"b{number}@b.example")
            for number in range(self.BATCH)
        ]
        shared = self.rows[: self.BATCH]
        costs = [
            self.cost(lambda each=each: self.look_at("organization", *(row["ID"] for row in each)))
            for each in (alone, shared)
        ]
        for row in alone + shared:
            self.assertTrue(self.link(row["ID"]).partner_id, self.problems())
        self.assertNoDearer(costs[1], costs[0])
        self.assertFalse(self.problems())

    def test_all_of_them(self):
        if not IS_FULL:
            self.skipTest("Only with --full.")
        self.synchronize(self.partners)
        self.look_at("organization", *(row["ID"] for row in self.rows))

        self.assertLessEqual(len(self.suggestions()), self.VALUES)
        self.assertLessEqual(len(self.problems()), self.VALUES)
        self.assertTrue(all(self.partners.mapped("tribe_id")))
        for row in self.rows:
            self.assertTrue(self.link(row["ID"]).partner_id)


class TestEvidenceInThePlan(EvidenceCase):
    """The plan asks what importer and exporter would ask."""

    activated = False

    def plan(self):
        with self.enter_registry_test_mode():
            self.connection.action_plan()
        self.run_lanes()
        return self.env["tribe.plan"].search([], order="id desc", limit=1)

    def test_what_contradicts_is_a_question(self):
        self.connection.initial_scope = "both"
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)
        beta = self.customer("Beta B.V.")
        alfa = self.organization(Name="Alfa", ImportId=self.import_id(beta))
        self.make_younger(beta)

        lines = self.plan().line_ids

        self.assertEqual(
            set(lines.mapped("action")), {"question"}, lines.read(["name", "action", "text"])
        )
        self.assert_told(
            lines.filtered(lambda each: each.partner_id == partner),
            AGAINST_VAT.code,
            field="text",
            **AGAINST_VAT.parameters,
        )
        pairs = {(each.partner_id, each.tribe_id) for each in self.suggestions()}
        self.assertEqual(pairs, {(partner, row["ID"]), (beta, alfa["ID"])})

        self.suggestions().action_refuse()
        lines = self.plan().line_ids
        of_alfa = lines.filtered(lambda each: each.tribe_id == alfa["ID"])
        self.assertEqual(of_alfa.action, "create_odoo")
        self.assertEqual(
            lines.filtered(lambda each: each.partner_id == beta).action, "create_tribe"
        )
        # They still share a number.
        for line in lines.filtered(
            lambda each: each.tribe_id == row["ID"] or each.partner_id == partner
        ):
            self.assertEqual(line.action, "question")
            code = "number_taken_in_tribe" if line.partner_id else "number_taken_in_odoo"
            self.assert_told(line, code, field="text", number="1001")
        self.assertEqual(self.row(alfa)["ImportId"], self.import_id(beta))
