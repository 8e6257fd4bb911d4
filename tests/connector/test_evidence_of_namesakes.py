"""Two series of numbers and a family of two or three, who share what few have."""

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER
from .test_evidence import EvidenceCase

NAMESAKE = sentence("against_namesake")
VAT = "NL123456782B90"


def at(street, number, zip_code):
    """The address of a relation of Tribe."""
    return {"Street": street, "HouseNumber": number, "Postalcode": zip_code}


class TestNamesakeInOdoo(EvidenceCase):
    """Who is named as the relation stands beside the contact that has its number."""

    def gent_and_brugge(self):
        """Two branches with one e-mail address, numbered crosswise: contacts and relations."""
        gent = self.customer(
            "Zwaan Gent", debtor_number="1001", email="i@zwaan.example", street="Kerkstraat 1",
            zip="9000",
        )  # fmt: skip
        brugge = self.customer(
            "Zwaan Brugge", debtor_number="1002", email="i@zwaan.example", street="Markt 5",
            zip="8000",
        )  # fmt: skip
        rows = [
            self.organization(
                Name="Zwaan Brugge",
                DebtorNumber="1001",
                EmailAddress="I@zwaan.example",
                InvoiceAddress=at("Markt", 5, "8000"),
            ),
            self.organization(
                Name="Zwaan Gent",
                DebtorNumber="1002",
                EmailAddress="i@zwaan.example",
                InvoiceAddress=at("Kerkstraat", 1, "9000"),
            ),
        ]
        return gent, brugge, rows

    def assertNobodyLinked(self, partners, rows):
        """Nothing was written; each relation could be who has its number, or its name."""
        self.assertFalse(any(partners.mapped("tribe_id")))
        for row in rows:
            self.assertEqual(self.row(row)["Name"], row["Name"])
        pairs = {(each.partner_id, each.tribe_id) for each in self.suggestions()}
        self.assertEqual(pairs, {(partner, row["ID"]) for partner in partners for row in rows})
        for each in self.suggestions():
            if each.basis == "debtor_number":
                self.assert_told(each, NAMESAKE.code, field="against")
            else:
                self.assertEqual(each.partner_id.name, each.tribe_name)
                self.assertFalse(each.against)

    def test_branches_with_one_e_mail_address(self):
        gent, brugge, rows = self.gent_and_brugge()

        self.look_at("organization", *(row["ID"] for row in rows))
        self.run_nightly()

        self.assertNobodyLinked(gent | brugge, rows)

    def test_who_is_sent_first(self):
        gent, brugge, rows = self.gent_and_brugge()

        self.synchronize(gent | brugge)

        self.assertNobodyLinked(gent | brugge, rows)

    def test_a_person_links_each_with_its_namesake(self):
        gent, brugge, rows = self.gent_and_brugge()
        self.look_at("organization", *(row["ID"] for row in rows))
        self.run_nightly()

        for partner, row in ((gent, rows[1]), (brugge, rows[0])):
            self.suggestions().filtered(
                lambda each, partner=partner, row=row: (
                    (each.partner_id, each.tribe_id) == (partner, row["ID"])
                )
            ).action_link()
            self.run_lanes()
        self.run_nightly()

        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())
        for partner, row, number in ((gent, rows[1], "1001"), (brugge, rows[0], "1002")):
            self.assertEqual(partner.tribe_id, row["ID"])
            self.assertEqual(self.row(row)["DebtorNumber"], number)

    def test_a_fiscal_unity(self):
        mother = self.customer("Moeder", debtor_number="1003", vat=VAT, email="m@m.example")
        daughter = self.customer("Dochter", debtor_number="1004", vat=VAT, email="d@d.example")
        rows = [
            self.organization(
                Name="Dochter", DebtorNumber="1003", VATNumber=VAT, EmailAddress="d@d.example"
            ),
            self.organization(
                Name="Moeder", DebtorNumber="1004", VATNumber=VAT, EmailAddress="m@m.example"
            ),
        ]
        self.look_at("organization", *(row["ID"] for row in rows))
        self.run_nightly()
        self.assertNobodyLinked(mother | daughter, rows)

    def test_a_household(self):
        place = {"is_company": False, "street": "Weg 1", "zip": "1012 AB"}
        jan = self.customer("Jan Smit", debtor_number="1005", **place)
        piet = self.customer("Piet Smit", debtor_number="1006", **place)
        home = {"Address": at("Weg", 1, "1012 AB"), "LastName": "Smit"}
        rows = [
            self.person(FirstName="Piet", DebtorNumber="1005", **home),
            self.person(FirstName="Jan", DebtorNumber="1006", **home),
        ]
        self.look_at("person", *(row["ID"] for row in rows))
        self.run_nightly()
        self.assertNobodyLinked(jan | piet, rows)

    def test_a_namesake_that_is_linked_kept_apart_or_has_less_in_common_says_nothing(self):
        for name in ("linked", "refused", "less"):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.seed_tribe()
                email = {"email": "i@zwaan.example"}
                other = self.customer("Zwaan Brugge", customer_rank=0, **email)
                if name == "linked":
                    other.customer_rank = 1
                    self.synchronize(other)
                gent = self.customer("Zwaan Gent", debtor_number="1001", vat=VAT, **email)
                row = self.organization(
                    Name="Zwaan Brugge",
                    DebtorNumber="1001",
                    EmailAddress="i@zwaan.example",
                    VATNumber=VAT if name == "less" else None,
                )
                if name == "refused":
                    self.env["tribe.suggestion"].create(
                        {
                            "connection_id": self.connection.id,
                            "partner_id": other.id,
                            "kind": "organization",
                            "tribe_id": row["ID"],
                            "tribe_name": row["Name"],
                            "basis": "email",
                            "state": "refused",
                        }
                    )

                self.look_at("organization", row["ID"])

                self.assertEqual(gent.tribe_id, row["ID"], self.problems())
                savepoint.rollback()
                self.env.invalidate_all()


class TestNamesakeInTribe(EvidenceCase):
    """Who is named as the contact stands beside the relation that has its number."""

    def gent(self, **values):
        """A contact, its namesake in Tribe, and another branch there that has its number."""
        partner = self.customer(
            "Zwaan Gent", debtor_number="1001", email="i@zwaan.example", **values
        )
        branch = {"EmailAddress": "i@zwaan.example", "roles": []}
        namesake = self.organization(Name="ZWAAN Gent", DebtorNumber="1002", **branch)
        other = self.organization(Name="Zwaan Brugge", DebtorNumber="1001", **branch)
        return partner, namesake, other

    def assertAskedWhich(self, partner, *rows):
        self.assertFalse(partner.tribe_id)
        self.assertEqual(self.suggestions().partner_id, partner)
        self.assertEqual(set(self.suggestions().mapped("tribe_id")), {row["ID"] for row in rows})
        of_number = self.suggestions().filtered(lambda each: each.basis == "debtor_number")
        self.assertEqual(of_number.tribe_id, rows[1]["ID"])
        self.assert_told(of_number, NAMESAKE.code, field="against")
        self.assertFalse((self.suggestions() - of_number).against)

    def test_the_contact_is_a_question(self):
        partner, *rows = self.gent()
        self.synchronize(partner)
        self.assertAskedWhich(partner, *rows)

        self.suggestions().filtered(lambda each: each.basis == "email").action_link()
        self.run_lanes()
        self.assertEqual(partner.tribe_id, rows[0]["ID"])

    def test_the_relation_is_a_question(self):
        partner, *rows = self.gent()
        self.relate(ORGANIZATION_CUSTOMER, Organization=rows[1]["ID"])
        self.look_at("organization", rows[1]["ID"])
        self.assertAskedWhich(partner, *rows)

    def test_a_namesake_that_is_linked_kept_apart_or_has_less_in_common_says_nothing(self):
        for name in ("linked", "refused", "less"):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.seed_tribe()
                partner, namesake, other = self.gent(vat=VAT)
                if name == "less":
                    self.sandbox.change("Relation_Organization", other["ID"], {"VATNumber": VAT})
                if name == "linked":
                    self.env["tribe.link"].create(
                        {
                            "connection_id": self.connection.id,
                            "kind": "organization",
                            "partner_id": self.customer("Wie dan ook").id,
                            "tribe_id": namesake["ID"],
                        }
                    )
                if name == "refused":
                    self.env["tribe.suggestion"].create(
                        {
                            "connection_id": self.connection.id,
                            "partner_id": partner.id,
                            "kind": "organization",
                            "tribe_id": namesake["ID"],
                            "tribe_name": namesake["Name"],
                            "basis": "email",
                            "state": "refused",
                        }
                    )

                self.synchronize(partner)

                self.assertEqual(partner.tribe_id, other["ID"], self.problems())
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_many_relations_share_is_nothing_in_common(self):
        for number in range(4):
            self.organization(Name=f"R{number}", EmailAddress="i@zwaan.example", roles=[])
        partner = self.customer(
            "Zwaan Gent", debtor_number="1001", email="i@zwaan.example", zip="9000"
        )
        row = self.organization(
            Name="Zwaan Brugge",
            DebtorNumber="1001",
            EmailAddress="i@zwaan.example",
            InvoiceAddress=at("Markt", 5, "8000"),
        )

        self.synchronize(partner)

        self.assertAskedAbout(partner, row, "debtor_number", sentence("against_contact_details"))

    def test_no_calls_for_who_is_named_as_its_relation(self):
        reads = []
        for number, name in enumerate(("Warm", "Zwaan Gent", "Gent"), 1001):
            email = f"i@{number}.example"
            self.customer(
                "Warm" if name == "Warm" else "Zwaan Gent",
                debtor_number=f"{number}",
                email=email,
            )
            row = self.organization(Name=name, DebtorNumber=f"{number}", EmailAddress=email)
            reads.append(self.cost(lambda row=row: self.look_at("organization", row["ID"]))[1])
            self.assertTrue(self.link(row["ID"]).partner_id, self.problems())
        _warm, named_alike, named_otherwise = reads
        self.assertEqual(named_otherwise, named_alike + 1)
