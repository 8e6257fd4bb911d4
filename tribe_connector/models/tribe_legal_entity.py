from odoo import api, fields, models

JOURNAL_SEQUENCE_PATTERN = r"^(?P<prefix1>.*?)(?P<seq>\d{0,9})(?P<suffix>\D*?)$"


class TribeLegalEntity(models.Model):
    """A legal entity (identity) of Tribe and the company that keeps its books in Odoo."""

    _name = "tribe.legal.entity"
    _description = "Tribe Legal Entity"
    _order = "is_default desc, name, id"
    _check_company_auto = True

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    vat = fields.Char("VAT Number", readonly=True)
    is_default = fields.Boolean(
        "Default", help="Invoices of which Tribe does not tell the legal entity belong to this one."
    )
    company_id = fields.Many2one("res.company", index=True)
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'sale'), ('company_id', '=', company_id)]",
        help="A journal for Tribe's invoices alone, so that they can keep Tribe's numbers.",
    )
    number_policy = fields.Selection(
        [
            ("tribe", "Tribe's Number"),
            ("odoo", "Odoo's Number, Tribe's as Reference"),
        ],
        "Invoice Number",
        required=True,
        default="tribe",
    )
    timezone = fields.Selection(
        "_timezones",
        required=True,
        default="Europe/Amsterdam",
        help="Tribe sends moments in UTC; the date of an invoice is the one in this time zone.",
    )
    vat_group_ids = fields.One2many("tribe.vat.group", "legal_entity_id", "VAT Groups")
    ledger_account_ids = fields.One2many(
        "tribe.ledger.account", "legal_entity_id", "General Ledger Accounts"
    )
    unmapped_vat_groups = fields.Integer(compute="_compute_unmapped_vat_groups")

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A legal entity of Tribe is listed once per connection."
    )

    @api.model
    def _timezones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    @api.depends("vat_group_ids.tax_id")
    def _compute_unmapped_vat_groups(self):
        for entity in self:
            entity.unmapped_vat_groups = len(
                entity.vat_group_ids.filtered(lambda group: not group.tax_id)
            )

    def write(self, vals):
        result = super().write(vals)
        if vals.get("is_default"):
            others = self.connection_id.legal_entity_ids - self
            others.filtered("is_default").write({"is_default": False})
        if {"company_id", "journal_id", "is_default", "timezone"} & vals.keys():
            self.connection_id._retry_held_invoices()
        return result

    def action_create_journal(self):
        """Create the sales journal in which invoices keep Tribe's numbers.

        The sequence pattern takes numbers in any order (Odoo's ``sequence.mixin`` would read a
        year or a month into some of them); hashing would refuse a lower number after a higher.
        """
        for entity in self.filtered(lambda entity: entity.company_id and not entity.journal_id):
            company = entity.company_id
            entity.journal_id = (
                self.env["account.journal"]
                .with_company(company)
                .create(
                    {
                        "name": self.env._("Tribe CRM invoices"),
                        "code": entity._free_journal_code(),
                        "type": "sale",
                        "company_id": company.id,
                        "sequence_override_regex": JOURNAL_SEQUENCE_PATTERN,
                        "restrict_mode_hash_table": False,
                        "refund_sequence": False,
                        # Never the journal that Odoo proposes for an invoice made by hand.
                        "sequence": 99,
                    }
                )
            )

    def _free_journal_code(self):
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id)])
            .mapped("code")
        )
        codes = ("TRIBE", *(f"TRI{number}" for number in range(2, 99)))
        return next(code for code in codes if code not in taken)
