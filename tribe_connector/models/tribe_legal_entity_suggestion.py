from odoo import models
from odoo.exceptions import UserError

from ..engine.only_for import only_for
from ..mapping import (
    DOMESTIC,
    chart_taxes,
    is_about_services,
    is_chart_known,
    vat_country,
    vat_kind,
    what_is_sold,
)
from ..sentence import say


class TribeLegalEntity(models.Model):
    """Suggests taxes and accounts for what Tribe's invoices use."""

    _inherit = "tribe.legal.entity"

    @only_for("Administrator", "write")
    def action_suggest(self):
        """Fill in the taxes and accounts that the chart makes obvious; what is filled in stays.

        :raises UserError: without a company
        """
        for entity in self:
            if not entity.company_id:
                raise UserError(
                    say(self.env, "choose_company_first", entity=entity.name),
                )
            for group in entity.vat_group_ids:
                entity._suggest_for_group(group)
            for ledger in entity.ledger_account_ids:
                entity._suggest_for_ledger(ledger)
            for group in entity.vat_group_ids.filtered("asks_what_it_sells"):
                group.sells = entity._sold_under(group)

    def _suggest_for_group(self, group):
        goods, services = self._taxes_for(group)
        if not group.tax_id:
            group.tax_id = goods
        # The tax for services goes with the one for goods; beside another it would be a guess.
        if not group.service_tax_id and goods and group.tax_id == goods:
            group.service_tax_id = services
        if not group.account_id:
            group.account_id = self._default_income_account()

    def _sold_under(self, group):
        """What a VAT group's name tells, or services where nothing else is sold; else False."""
        ledgers = self.ledger_account_ids
        sells_services = bool(ledgers) and all(ledgers.mapped("is_service"))
        return what_is_sold(group.name) or (sells_services and "services")

    def _taxes_for(self, group):
        """The taxes for goods and for services; each may be empty."""
        taxes = self.env["account.tax"]
        if self._is_of_another_country(group):
            return taxes, taxes
        kind = vat_kind(group.name, group.code, group.percentage)
        goods, services = self._chart_taxes(kind, group.percentage)
        return goods or self._generic_tax(kind, group.percentage), services

    def _is_of_another_country(self, group):
        """Whether the group, or else its name, tells of a country that is not the company's.

        Every legal entity lists all VAT groups of Tribe, also those of the others.
        """
        company = self.company_id
        own = (company.account_fiscal_country_id + company.country_id).mapped("code")
        country = group.country_code or vat_country(group.name)
        return bool(country) and country not in own

    def _charts(self):
        """The company's chart and those it is based on."""
        template = self.env["account.chart.template"].sudo()
        return template._get_parent_template(self.company_id.chart_template)

    def _chart_taxes(self, kind, percentage):
        """The taxes of a known chart for goods and for services; each may be empty."""
        template = self.env["account.chart.template"].with_company(self.company_id)
        taxes = self.env["account.tax"]
        found = [
            (name and template.ref(name, raise_if_not_found=False)) or taxes
            for name in chart_taxes(self._charts(), kind, percentage)
        ]
        # Somebody may have changed it since.
        return [self._usable(tax, percentage) for tax in found]

    def _usable(self, taxes, percentage):
        """Those of some taxes that Tribe's net prices and percentage can be booked with."""
        return taxes.filtered(
            lambda tax: (
                tax.active
                and tax.type_tax_use == "sale"
                and tax.amount == percentage
                and not tax._tribe_problem()
            )
        )

    def _generic_tax(self, kind, percentage):
        """In another chart: the company's ordinary domestic tax of that percentage.

        Of taxes of 0 % a chart has several with different meanings, so none is guessed but where
        there is just one.
        """
        if kind != DOMESTIC:
            return self.env["account.tax"]
        taxes = self._domestic_taxes(percentage)
        if percentage:
            return taxes[:1]
        return taxes if len(taxes) == 1 and not is_chart_known(self._charts()) else taxes.browse()

    def _domestic_taxes(self, percentage):
        """The ordinary sales taxes of the company's own country, the most ordinary one first.

        Not those that fiscal positions bring in (for customers abroad, triangular sales), and
        not those that are due on payment.
        """
        company = self.company_id
        default = company.account_sale_tax_id
        taxes = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(company),
                ("country_id", "=", company.account_fiscal_country_id.id),
            ]
        )
        return (
            self._usable(taxes, percentage)
            .filtered(
                lambda tax: (
                    tax == default
                    or (self._is_domestic(tax) and tax.tax_exigibility != "on_payment")
                )
            )
            .sorted(lambda tax: (tax != default, tax.tax_scope == "service"))
        )

    def _is_domestic(self, tax):
        """As Odoo's ``is_domestic``, which is stored as False for a tax that is duplicated."""
        domestic = self.company_id.domestic_fiscal_position_id
        return not tax.fiscal_position_ids or domestic in tax.fiscal_position_ids

    def _default_income_account(self):
        return (
            self.journal_id.default_account_id
            or self.env["account.journal"]
            .search(
                [
                    *self.env["account.journal"]._check_company_domain(self.company_id),
                    ("type", "=", "sale"),
                    ("default_account_id", "!=", False),
                ],
                limit=1,
            )
            .default_account_id
        )

    def _suggest_for_ledger(self, ledger):
        if not ledger.account_id:
            ledger.account_id = self._account_like(ledger)
            if is_about_services(ledger.name):
                ledger.is_service = True

    def _account_like(self, ledger):
        """The income account with the same code (a longer one filled up with zeros), or name."""
        accounts = (
            self.env["account.account"]
            .with_company(self.company_id)
            .search(
                [
                    *self.env["account.account"]._check_company_domain(self.company_id),
                    ("internal_group", "=", "income"),
                ]
            )
        )
        code, name = (ledger.code or "").strip(), (ledger.name or "").strip()
        same_code = accounts.filtered(lambda account: code and account.code == code)
        filled_up = accounts.filtered(
            lambda account: len(code) > 2 and account.code == code.ljust(len(account.code), "0")
        )
        same_name = accounts.filtered(lambda account: account.name == name)
        found = same_code or filled_up or same_name
        # Charts have several accounts of one name; which one is meant, a person knows.
        return found if len(found) == 1 else found.browse()
