from datetime import timedelta

from odoo.exceptions import UserError

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
YOUNGER = timedelta(hours=1)


class EvidenceCase(RelationCase):
    """What the tests of evidence ask of both sides."""

    def bakker(self, **values):
        return self.customer("Bakker Bouw B.V.", **{**BAKKER, **values})

    def import_id(self, partner):
        return self.connection._import_id(partner, partner._tribe_kind())

    def make_younger(self, partner):
        """As in a backup of Odoo that gave its number a second time: the contact came later."""
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date + %s WHERE id = %s",
            [YOUNGER, partner.id],
        )
        partner.invalidate_recordset(["create_date"])

    def suggestions(self):
        return self.env["tribe.suggestion"].search([])

    def row(self, row):
        """A relation as it is now."""
        return self.tribe_row(
            "Relation_Organization" if "VATNumber" in row else "Relation_Person", row["ID"]
        )

    def assertAskedAbout(self, partner, row, basis, *against):
        """The two are a possible match, with what contradicts; neither has changed."""
        suggestion = self.suggestions()
        self.assertEqual(
            (suggestion.partner_id, suggestion.tribe_id, suggestion.basis, suggestion.state),
            (partner, row["ID"], basis, "open"),
        )
        for part in against:
            self.assertIn(part, suggestion.against)
        self.assertAsked("could be", "but", *against)
        self.assertFalse(partner.tribe_id)
        self.assertEqual(self.row(row)["Name"], row["Name"])


class TestNumberContradicted(EvidenceCase):
    """A number proves identity, unless the evidence contradicts it: then a person decides."""

    def test_the_customer_of_odoo_is_a_question(self):
        for name, fields, against in (
            ("vat", OF_VAT, "NL001234567B01"),
            ("contact", OF_CONTACT, "e-mail"),
            ("registry", {"ChamberOfCommerceNumber": "87654321"}, "87654321"),
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

    def test_the_relation_of_tribe_is_a_question(self):
        partner = self.bakker(debtor_number="1001")
        row = self.organization(DebtorNumber="1001", **VISSER)

        self.look_at("organization", row["ID"])

        self.assertAskedAbout(partner, row, "debtor_number", "NL001234567B01", "NL123456782B90")
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
        self.assertAskedAbout(person, other, "debtor_number", "e-mail")

    def test_what_is_written_otherwise_or_missing_contradicts_nothing(self):
        for number, (fields, values) in enumerate(
            (
                ({"VATNumber": "nl 1234.56.782 b90"}, {}),
                ({"VATNumber": "123456782B90"}, {}),
                ({"VATNumber": "/"}, {}),
                ({}, {"vat": "/"}),
                ({"EmailAddress": "iemand@elders.example"}, {}),
                (OF_CONTACT | {"EmailAddress": "INFO@bakker.example"}, {}),
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

        self.assertAsked("1001", "Visser Transport B.V.", "another number")
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
        self.assertEqual(len(self.problems()), 2)
        for problem in self.problems():
            self.assertIn("1001", problem)

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

        self.assertAskedAbout(partner, self.row(row), "debtor_number", "NL001234567B01")


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
            self.assertAskedAbout(beta, row, "import_id", "later")
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
        self.sandbox.fault("lose_answer", method="POST", path_contains="Customer")
        self.run_lanes()
        # As if Tribe still showed what was taken off.
        self.sandbox.change(
            "Relation_Organization", row["ID"], {"ImportId": self.import_id(beta)}
        )  # fmt: skip

        self.env["tribe.work"].search([]).write({"due": "2020-01-01"})
        self.run_lanes()

        self.assertTrue(beta.tribe_id and beta.tribe_id != row["ID"], self.problems())

    def test_a_clock_that_differs_a_little_proves_nothing_against_it(self):
        partner = self.customer("Beta B.V.")
        row = self.organization(Name="Beta", ImportId=self.import_id(partner))
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

        self.assertAskedAbout(contact, row, "import_id", "e-mail")
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
            self.assertAskedAbout(person, row, "import_id", "private person")
            self.env["tribe.work"].search([]).unlink()
        with self.assertRaisesRegex(UserError, "private person"):
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
        self.assertAsked("could be", "linked")

        self.suggestions().action_refuse()
        self.run_lanes()

        self.assertEqual(self.link(row["ID"]).partner_id.name, "Kopie")
        self.assertFalse(self.row(row)["ImportId"])
        self.assertNotEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.problems())

    def test_one_on_two_relations_is_decided_about_each(self):
        partner = self.customer("Beta B.V.")
        ours, copy = (
            self.organization(Name=name, ImportId=self.import_id(partner))
            for name in ("Beta", "Kopie")
        )
        self.synchronize(partner)
        self.assertAsked("could be", "“Beta”", "“Kopie”")

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
        self.assertAsked("Gamma B.V.", "linked to")


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
        self.assertAsked("1003", "Drie B.V.")
        self.assertEqual(self.row(other)["DebtorNumber"], "1003")


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
        self.assertAsked("could be", "NL001234567B01")

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
        self.assertIn(
            "NL001234567B01", lines.filtered(lambda each: each.partner_id == partner).text
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
            self.assertIn("1001", line.text)
        self.assertEqual(self.row(alfa)["ImportId"], self.import_id(beta))
