"""With the addons that many use beside it: they are used where they are, and never required.

``partner_firstname``, ``partner_mobile`` and ``base_partner_sequence`` of the Odoo Community
Association, ``base_address_extended`` and ``account_peppol`` of Odoo itself, all installed.
"""

from connector.other_addons import have_models
from connector.test_other_addons import BELGIAN, OutsideCase
from connector.test_relation_fields import FieldCase

from odoo import api, fields, models
from odoo.exceptions import ValidationError


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


class TestPeppol(OutsideCase):
    """Odoo looks up a new contact in Peppol for each company that sends its invoices there."""

    def setUp(self):
        super().setUp()
        self.company.account_peppol_proxy_state = "receiver"
        self.env["ir.default"].set("res.partner", "invoice_edi_format", "ubl_bis3")

    def test_a_new_relation(self):
        row = self.organization(
            VATNumber=BELGIAN,
            InvoiceAddress={"City": "Gent", "Country": {"ID": self.country("BE")}},
        )

        with self.asking_nobody():
            self.look_at("organization", row["ID"])

        partner = self.link(row["ID"]).partner_id
        self.assertEqual(partner.country_id.code, "BE")
        self.assertEqual((partner.peppol_eas, partner.peppol_endpoint), ("0208", "0477472701"))
        self.assertSettled(partner)

    def test_somebody_who_makes_a_contact_has_it_looked_up(self):
        with self.noting_who_is_asked() as asked:
            self.env["res.partner"].create(
                {"name": "Nieuw", "vat": BELGIAN, "country_id": self.env.ref("base.be").id}
            )
        self.assertTrue([each for each in asked if each != BELGIAN])


class ResCityZip(models.Model):
    """As that of ``base_location``."""

    _module = None
    _name = "res.city.zip"
    _description = "ZIP Location"

    name = fields.Char()
    city_id = fields.Many2one("res.city")


class ResPartner(models.Model):
    """What ``base_location`` asks of an address with a place."""

    _module = None
    _name = "res.partner"
    _inherit = ["res.partner"]

    zip_id = fields.Many2one("res.city.zip")

    @api.constrains("zip_id", "country_id", "city_id", "state_id", "zip")
    def _check_zip(self):
        for partner in self.filtered("zip_id"):
            city = partner.zip_id.city_id
            told = (partner.zip, partner.city_id, partner.country_id, partner.state_id)
            if told != (partner.zip_id.name, city, city.country_id, city.state_id):
                raise ValidationError("The zip of the partner differs from that in its location")


class TestPlaces(FieldCase):
    """A place that was chosen for a contact, and has to fit its address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        have_models(cls, ResCityZip, ResPartner)
        country = cls.env.ref("base.nl")
        cls.city = cls.env["res.city"].create({"name": "Utrecht", "country_id": country.id})
        cls.place = cls.env["res.city.zip"].create({"name": "3511 AA", "city_id": cls.city.id})

    def located(self):
        return self.linked(
            street="Weg 1",
            zip="3511 AA",
            city="Utrecht",
            country_id=self.city.country_id.id,
            city_id=self.city.id,
            zip_id=self.place.id,
        )

    def test_a_place_that_no_longer_fits_is_emptied(self):
        belgium = {"ID": self.connection.country_ids["BE"]}
        for change, keeps_city in (
            ({"Postalcode": "1011 AB"}, True),
            ({"Postalcode": None}, True),
            ({"City": "Amsterdam"}, False),
            ({"City": None, "Postalcode": None}, False),
            ({"Country": belgium}, False),
        ):
            with self.subTest(change=change):
                partner = self.located()

                self.change_address(partner, **change)

                self.assertFalse(self.problems())
                self.assertEqual(bool(partner.city_id), keeps_city)
                self.assertFalse(partner.zip_id)
                self.assertSettled(partner)

    def test_it_stays_otherwise(self):
        partner = self.located()

        self.change_address(partner, Street="Steeg", Extra="Achter")
        self.change_relation(partner, PhoneNumber="030 1")

        self.assertEqual(
            (partner.street, partner.zip_id, partner.city_id), ("Steeg 1", self.place, self.city)
        )
        self.assertSettled(partner)

    def test_at_the_invoice_contact(self):
        partner = self.linked(city="Zeist")
        contact = self.located()
        contact.write({"parent_id": partner.id, "type": "invoice", "is_company": False})
        self.env["tribe.link"].search([("partner_id", "=", contact.id)]).unlink()
        self.run_nightly()

        self.change_address(partner, City="Amsterdam")

        self.assertEqual((contact.city, partner.city), ("Amsterdam", "Zeist"))
        self.assertFalse(contact.zip_id or contact.city_id)
        self.assertFalse(self.problems())
