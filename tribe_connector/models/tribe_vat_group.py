from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL, float_compare
from odoo.tools.sql import column_exists

from ..invoices.mapped import check_chosen
from ..sentence import Name, say
from .account_account import NO_INCOME_TYPES


class TribeVatGroup(models.Model):
    """A VAT group of Tribe and what a legal entity books it on."""

    _name = "tribe.vat.group"
    _inherit = "tribe.of.legal.entity"
    _description = "Tribe VAT Group"
    _order = "legal_entity_id, percentage desc, name, id"
    _check_company_auto = True

    tribe_id = fields.Char("Tribe ID", required=True, index=True, readonly=True)
    code = fields.Char(readonly=True)
    name = fields.Char(required=True, readonly=True)
    percentage = fields.Float(readonly=True, digits=(6, 3), aggregator=None)
    country_code = fields.Char(readonly=True, help="Country of the VAT group in Tribe.")
    tax_id = fields.Many2one(
        "account.tax",
        "Sales Tax",
        check_company=True,
        domain=[("type_tax_use", "=", "sale")],
    )
    service_tax_id = fields.Many2one(
        "account.tax",
        "Sales Tax for Services",
        check_company=True,
        domain=[("type_tax_use", "=", "sale")],
        help="Used for general ledger accounts marked as services. Empty: the same as for goods.",
    )
    sells = fields.Selection(
        [("goods", "Goods"), ("services", "Services")],
        "Without a Ledger Account",
        help="What is sold where a line has no general ledger account, which tells it otherwise: "
        "a line without a product, for instance. Goods and services are on different lines of "
        "the VAT return, so nothing is guessed.",
    )
    asks_what_it_sells = fields.Boolean(compute="_compute_asks_what_it_sells")
    account_id = fields.Many2one(
        "account.account",
        "Income Account",
        check_company=True,
        domain=[("account_type", "not in", NO_INCOME_TYPES)],
        help="Used where the general ledger account of the product is not mapped.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(legal_entity_id, tribe_id)", "A VAT group is listed once per legal entity."
    )

    def _auto_init(self):
        is_new = not column_exists(self.env.cr, self._table, "sells")
        result = super()._auto_init()
        if is_new:
            self._sell_goods_as_before()
        return result

    def _sell_goods_as_before(self):
        """Go on booking as an earlier version, which took everything else for goods."""
        self.env.cr.execute(
            SQL("UPDATE tribe_vat_group SET sells = 'goods' WHERE service_tax_id IS NOT NULL")
        )

    @api.model
    def _mapped_to(self):
        return ["tax_id", "service_tax_id", "account_id"]

    def _warnings(self):
        if not self.tax_id and self.is_booked:
            return [say(self.env, "vat_group_lacks_tax"), *super()._warnings()]
        taxes = (self.tax_id | self.service_tax_id)._filtered_access("read")
        # An amount that is no percentage is told anyway.
        taxes = taxes.filtered(lambda tax: tax.amount_type == "percent")
        return super()._warnings() + [
            say(
                self.env,
                "tax_of_other_percentage",
                tax=Name.of(tax),
                odoo=Decimal(f"{tax._tribe_percentage():g}"),
                tribe=Decimal(f"{self.percentage:g}"),
            )
            for tax in taxes
            if float_compare(tax._tribe_percentage(), self.percentage, precision_digits=3)
        ]

    # One for each: what is chosen now is judged, and no other field with it that was chosen before.

    @api.constrains("tax_id")
    def _check_tax(self):
        check_chosen(self, "tax_id")

    @api.constrains("service_tax_id")
    def _check_service_tax(self):
        check_chosen(self, "service_tax_id")

    @api.constrains("account_id")
    def _check_account(self):
        check_chosen(self, "account_id")

    @api.onchange("tax_id", "service_tax_id", "sells", "account_id")
    def _onchange_mapping(self):
        return self._say_how_many_wait()

    @api.depends("tax_id", "service_tax_id", "sells")
    def _compute_asks_what_it_sells(self):
        for group in self:
            group.asks_what_it_sells = not group.sells and group._tells_services_apart()

    def _tells_services_apart(self):
        """Whether goods and services are on different lines of the VAT return."""
        goods, services = self.tax_id, self.service_tax_id
        return bool(goods and services) and any(
            goods[name].tag_ids != services[name].tag_ids
            for name in ("invoice_repartition_line_ids", "refund_repartition_line_ids")
        )

    def _tax_of(self, ledger):
        """The tax of what is booked on a ledger account, or on none; empty where nobody chose it.

        :param ledger: the general ledger account of a line, if it has one
        """
        if not ledger and self.asks_what_it_sells:
            return self.tax_id.browse()
        is_service = ledger.is_service if ledger else self.sells == "services"
        return (is_service and self.service_tax_id) or self.tax_id

    def write(self, vals):
        result = super().write(vals)
        if {"tax_id", "service_tax_id", "sells", "account_id"} & vals.keys():
            self.legal_entity_id.connection_id._retry_held_invoices()
        return result
