"""With the addons that many use beside it: they are used where they are, and never required.

``partner_firstname``, ``partner_mobile`` and ``base_partner_sequence`` of the Odoo Community
Association, ``base_address_extended`` of Odoo itself, all installed.
"""

from connector.test_relation_fields import FieldCase


class TestNames(FieldCase):
    """First and last name apart in Odoo; first, middle and last in Tribe."""

    def person_of(self, firstname, lastname):
        return self.linked(
            name=False, firstname=firstname, lastname=lastname, is_company=False, ref=False
        )

    def parts(self, partner):
        row = self.tribe_of(partner)
        return row["FirstName"], row["MiddleName"], row["LastName"]

    def test_both_parts_go_and_come(self):
        partner = self.person_of("Gabriel José", "van der Berg Smit")
        self.assertEqual(self.parts(partner), ("Gabriel José", "van der", "Berg Smit"))
        self.assertSettled(partner)

        self.change_relation(partner, FirstName="Jan", MiddleName=None, LastName="Willem Smit")
        self.assertEqual((partner.firstname, partner.lastname), ("Jan", "Willem Smit"))
        self.assertSettled(partner)

        partner.firstname = "Johan"
        self.run_nightly()
        self.assertEqual(self.parts(partner), ("Johan", None, "Willem Smit"))
        partner.lastname = "van Dijk"
        self.run_nightly()
        self.assertEqual(self.parts(partner), ("Johan", "van", "Dijk"))
        self.assertSettled(partner)

    def test_one_word_is_a_last_name(self):
        partner = self.person_of(False, "Madonna")
        self.assertEqual(self.parts(partner), (None, None, "Madonna"))
        self.assertSettled(partner)

    def test_the_order_of_the_name_in_odoo_does_not_matter(self):
        for order in ("last_first", "last_first_comma", "first_last"):
            with self.subTest(order):
                self.env["ir.config_parameter"].set_param("partner_names_order", order)
                partner = self.person_of("Anna", "de Vries")
                self.assertEqual(self.parts(partner), ("Anna", "de", "Vries"))
                self.change_relation(partner, LastName="Wit")
                self.assertEqual((partner.firstname, partner.lastname), ("Anna", "de Wit"))
                self.assertSettled(partner)

    def test_a_new_person_of_tribe_has_both_parts(self):
        row = self.person(FirstName="Jan", MiddleName="van 't", LastName="Hof")
        self.look_at("person", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertEqual((partner.firstname, partner.lastname), ("Jan", "van 't Hof"))
        self.assertSettled(partner)

    def test_an_organization_has_one_name(self):
        partner = self.linked("De Vries, Bakker en Zonen")
        self.assertEqual(self.tribe_of(partner)["Name"], "De Vries, Bakker en Zonen")
        self.change_relation(partner, Name="Bakker en Zonen")
        self.assertEqual(partner.name, "Bakker en Zonen")
        self.assertSettled(partner)


class TestMobile(FieldCase):
    """The field of ``partner_mobile`` takes the place of ours."""

    def test_mobile_goes_and_comes(self):
        partner = self.linked("Jan Smit", is_company=False, mobile="06 1234 5678")
        self.assertEqual(self.tribe_of(partner)["MobilePhoneNumber"], "06 1234 5678")
        self.change_relation(partner, MobilePhoneNumber="06 8765 4321")
        self.assertEqual((partner.mobile, partner.tribe_mobile), ("06 8765 4321", False))
        self.assertSettled(partner)


class TestStreets(FieldCase):
    """Street, house and door number apart in Odoo."""

    def street_of(self, partner):
        row = self.address_of(partner)
        return row["Street"], row["HouseNumber"], row["HouseNumberSuffix"]

    def test_a_street_that_was_entered_in_parts(self):
        for country, parts, in_tribe in (
            ("nl", ("Dorpsstraat", "12", "A"), ("Dorpsstraat", 12, "A")),
            ("nl", ("Dorpsstraat", "12a", False), ("Dorpsstraat", 12, "a")),
            ("nl", ("Dorpsstraat", "12-14", "bis"), ("Dorpsstraat", 12, "-14 bis")),
            ("be", ("Wetstraat", "16", "bus 3"), ("Wetstraat", 16, "bus 3")),
            ("fr", ("rue de la Paix", "12", "bis"), ("rue de la Paix", 12, "bis")),
        ):
            with self.subTest(country=country, parts=parts):
                names = ("street_name", "street_number", "street_number2")
                partner = self.linked(country_id=self.env.ref(f"base.{country}").id)
                partner.write(dict(zip(names, parts, strict=True)))
                self.run_nightly()
                self.assertEqual(self.street_of(partner), in_tribe)
                self.assertSettled(partner)

    def test_only_the_suffix_changed_in_tribe(self):
        partner = self.linked(
            street_name="Dorpsstraat", street_number="12", country_id=self.env.ref("base.nl").id
        )
        for suffix, house, door in (("a", "12a", False), ("-14 bis", "12-14", "bis")):
            self.change_address(partner, HouseNumberSuffix=suffix)
            self.assertEqual(
                (partner.street_name, partner.street_number, partner.street_number2),
                ("Dorpsstraat", house, door),
            )
            self.assertSettled(partner)

    def test_what_cannot_be_split_survives(self):
        partner = self.linked(street="p/a Jansen, tweede deur links")
        self.assertEqual(self.street_of(partner), ("p/a Jansen, tweede deur links", None, None))
        self.change_address(partner, Street="Gebouw Zuid, hoofdingang")
        self.assertEqual(partner.street, "Gebouw Zuid, hoofdingang")
        self.assertSettled(partner)


class TestReferences(FieldCase):
    """``base_partner_sequence`` gives every company a reference."""

    def setUp(self):
        super().setUp()
        self.connection.number_source = "ref"
        # That addon's sequence belongs to the first company of the database.
        self.env["ir.sequence"].search([("code", "=", "res.partner")]).company_id = False

    def test_the_reference_is_the_number(self):
        partner = self.linked(supplier_rank=1)
        contact = self.customer("Contact", parent_id=partner.id, is_company=False, customer_rank=0)

        self.assertTrue(partner.ref)
        self.assertEqual(contact.ref, partner.ref)
        self.assertEqual(
            (partner.debtor_number, partner.creditor_number), (partner.ref, partner.ref)
        )
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], partner.ref)
        self.assertSettled(partner)

    def test_a_new_customer_of_tribe_gets_its_reference_as_number(self):
        row = self.organization(DebtorNumber="T-1")
        self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertTrue(partner.ref)
        self.assertEqual(partner.debtor_number, partner.ref)
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], partner.ref)
        self.assertSettled(partner)
