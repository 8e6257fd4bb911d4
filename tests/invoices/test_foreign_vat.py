"""Taxes of another country, where the company has a VAT number or has none."""

from odoo.exceptions import ValidationError

from .invoice_case import InvoiceCase


class TestForeignVat(InvoiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgian, cls.german = (cls.tax_of(country) for country in ("be", "de"))
        cls.group = cls.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NL9" and group.company_id == cls.company
        )[:1]

    @classmethod
    def tax_of(cls, code):
        country = cls.env.ref(f"base.{code}")
        group = cls.env["account.tax.group"].create(
            {"name": code, "country_id": country.id, "company_id": cls.company.id}
        )
        return cls.tax("9% ST").copy(
            {"name": f"9% {code}", "country_id": country.id, "tax_group_id": group.id}
        )

    def position(self, tax=None, **values):
        """The fiscal position with the company's VAT number in the country of a tax."""
        country = (tax or self.belgian).country_id
        numbers = {"BE": "BE0477472701", "DE": "DE462612124"}
        return self.env["account.fiscal.position"].create(
            {
                "name": country.name,
                "country_id": country.id,
                "foreign_vat": numbers[country.code],
                **values,
            }
        )

    def test_it_is_chosen_where_the_company_has_a_number(self):
        for field in ("tax_id", "service_tax_id"):
            for values in ({"active": False}, {"foreign_vat": False}, None):
                position = values is not None and self.position(**values)
                with (
                    self.subTest(field, values=values),
                    self.assert_refused("tax_of_other_country", ValidationError, tax="9% be (BE)"),
                    self.env.cr.savepoint(),
                ):
                    self.group[field] = self.belgian
                if position:
                    position.unlink()
        self.position(self.german)
        refused = self.assert_refused("tax_of_other_country", ValidationError)
        with refused, self.env.cr.savepoint():
            self.group.tax_id = self.belgian
        self.position()
        self.group.tax_id = self.belgian
        self.group.service_tax_id = self.german
        self.assertFalse(self.group.warning)

    def test_its_position_goes(self):
        position = self.position()
        self.group.tax_id = self.belgian
        position.active = False
        self.assertTrue(self.group.warning)

        tribe_id = self.send_new(self.line(100.0, vat="NL9"))

        self.assert_held(tribe_id, "invoice_taxes_of_countries")
        self.assert_held(
            tribe_id, "tax_of_other_country", tax="9% be (BE)", company=self.company.name
        )
        self.assertTrue(self.work(tribe_id).can_open_mapping)
        position.active = True
        self.run_nightly()
        self.assertEqual(self.booked_move(tribe_id).fiscal_position_id, position)

    def test_taxes_of_several_countries(self):
        self.position()
        self.position(self.german)
        self.group.tax_id = self.belgian
        self.group.service_tax_id = self.german
        self.group.sells = "services"
        for other in ("NL21", "NL9"):
            with self.subTest(other):
                tribe_id = self.send_new(self.line(100.0, vat="NL9"), self.line(100.0, vat=other))
                if other == "NL9":
                    self.assertEqual(
                        self.booked_move(tribe_id).fiscal_position_id.country_id.code, "DE"
                    )
                else:
                    self.assert_held(
                        tribe_id, "taxes_of_several_countries", countries=["Germany", "Netherlands"]
                    )
                    self.work(tribe_id).action_ignore()

    def test_a_branch_has_the_number_of_its_company(self):
        branch = self.env["res.company"].create(
            {
                "name": "Filiaal",
                "parent_id": self.company.id,
                "country_id": self.company.country_id.id,
            }
        )
        self.assertTrue(self.belgian._tribe_problem(branch))
        self.position()
        self.assertFalse(self.belgian._tribe_problem(branch))
        self.assertFalse(self.tax("21% ST")._tribe_problem(branch))

    def test_a_company_without_a_country(self):
        self.company.account_fiscal_country_id = False
        tribe_id = self.send_new(self.line(100.0))
        self.assert_held(tribe_id, "company_without_fiscal_country", company=self.company.name)
        self.company.account_fiscal_country_id = self.company.country_id
        self.run_nightly()
        self.assert_booked_to_the_cent(tribe_id)

    def test_the_position_stays_when_the_address_changes(self):
        position = self.position()
        self.group.tax_id = self.belgian
        move = self.booked_move(self.send_new(self.line(100.0, vat="NL9")))
        address = self.env["res.partner"].create(
            {"name": "Magazijn", "parent_id": self.partner.id, "type": "delivery"}
        )
        for field in ("partner_shipping_id", "partner_id"):
            with self.subTest(field):
                move.button_draft()
                move[field] = address
                move.action_post()
                self.assertEqual((move.state, move.fiscal_position_id), ("posted", position))
        by_hand = self.typed_by_hand()
        self.assertNotEqual(by_hand.fiscal_position_id, position)
