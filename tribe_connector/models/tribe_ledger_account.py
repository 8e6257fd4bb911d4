from odoo import api, fields, models

from ..invoices.mapped import check_chosen
from .account_account import NO_INCOME_TYPES


class TribeLedgerAccount(models.Model):
    """A general ledger account of Tribe and what a legal entity books it on.

    Its account wins over the VAT group's. It also tells goods from services, for which one VAT
    group can need different taxes.
    """

    _name = "tribe.ledger.account"
    _inherit = "tribe.of.legal.entity"
    _description = "Tribe General Ledger Account"
    _order = "legal_entity_id, code, name, id"
    _check_company_auto = True

    tribe_id = fields.Char("Tribe ID", required=True, index=True, readonly=True)
    code = fields.Char(readonly=True)
    name = fields.Char(required=True, readonly=True)
    account_id = fields.Many2one(
        "account.account",
        check_company=True,
        domain=[("account_type", "not in", NO_INCOME_TYPES)],
    )
    is_service = fields.Boolean(
        "Services",
        help="Select this if the account is used for services. The VAT group's tax for services "
        "then applies.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(legal_entity_id, tribe_id)", "A ledger account is listed once per legal entity."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for account in self:
            account.display_name = (
                f"{account.code} {account.name}" if account.code else account.name
            )

    @api.onchange("account_id", "is_service")
    def _onchange_mapping(self):
        return self._say_how_many_wait()

    @api.model
    def _mapped_to(self):
        return ["account_id"]

    @api.constrains("account_id")
    def _check_account(self):
        check_chosen(self, "account_id")

    def write(self, vals):
        result = super().write(vals)
        if {"account_id", "is_service"} & vals.keys():
            self.legal_entity_id.connection_id._retry_held_invoices()
        return result
