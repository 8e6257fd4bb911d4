from odoo import models

from ..sentence import Name, say


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _tribe_problem(self, company=None):
        """Why no amount of Tribe can be booked with this tax, in a sentence; None if it can.

        A tax of purchases would end up on the wrong line of the VAT return.

        Tribe's net amounts are booked as prices: a tax that Odoo takes out of the price would
        make them smaller.

        :param company: in which it is booked, where that matters as well
        """
        self.ensure_one()
        if self.type_tax_use != "sale":
            return say(self.env, "tax_not_of_sales", tax=Name.of(self))
        if self.amount_type != "percent":
            return say(self.env, "tax_not_a_percentage", tax=Name.of(self))
        if self.price_include:
            return say(
                self.env,
                "tax_included_in_price",
                tax=Name.of(self),
            )
        # Of a company that has no country yet it is not known.
        if company and company.account_fiscal_country_id:
            return self._tribe_problem_of_country(company)
        return None

    def _tribe_problem_of_country(self, company):
        """Why Odoo takes these taxes in no invoice of a company, in a sentence; None if it does."""
        if self and not company.account_fiscal_country_id:
            return say(self.env, "company_without_fiscal_country", company=company.name)
        abroad = self.filtered(lambda tax: tax.country_id != company.account_fiscal_country_id)
        if len(self.country_id) > 1:
            return say(
                self.env,
                "taxes_of_several_countries",
                countries=[Name.of(country) for country in self.country_id.sorted("code")],
            )
        if abroad and not abroad._tribe_fiscal_position(company):
            return say(
                self.env,
                "tax_of_other_country",
                tax=Name.of(abroad[0]),
                country=Name.of(abroad.country_id),
                company=company.name,
            )
        return None

    def _tribe_fiscal_position(self, company):
        """The one with the company's VAT number in the country of these taxes; none at home.

        Odoo takes taxes of another country only with that. It changes none of them.
        """
        positions = self.env["account.fiscal.position"]
        countries = self.country_id - company.account_fiscal_country_id
        in_country = [("foreign_vat", "!=", False), ("country_id", "in", countries.ids)]
        own = positions._check_company_domain(company)
        return positions.sudo().search([*own, *in_country], limit=1) if countries else positions

    def _tribe_percentage(self):
        """What is added to an amount: nothing where one part of the tax takes back the other."""
        self.ensure_one()
        of_vat = self.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        )
        return self.amount * sum(of_vat.mapped("factor_percent")) / 100
