from odoo import api, fields, models

from ..mapping import canonical


class TribeLegalEntity(models.Model):
    """A legal entity (identity) of Tribe and the company that keeps its books in Odoo."""

    _name = "tribe.legal.entity"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Legal Entity"
    _order = "is_default desc, name, id"
    _check_company_auto = True

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    vat = fields.Char("VAT Number", readonly=True)
    organization_id = fields.Char("Tribe ID of the Organization", readonly=True)
    is_default = fields.Boolean(
        "Default", help="Used for invoices for which Tribe specifies no legal entity."
    )
    is_booked = fields.Boolean(
        "Book in Odoo",
        default=True,
        help="Off: the books of this legal entity are elsewhere. Its invoices are not booked, and "
        "it needs no company, journal or mapping.",
    )
    company_id = fields.Many2one("res.company", index=True)
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        # With Tribe's numbers a branch needs one of its own (``_check_own_journal``).
        domain="[('type', '=', 'sale')]"
        " + ([('company_id', '=', company_id)] if number_policy == 'tribe' else [])",
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
    locked_period = fields.Selection(
        [("hold", "Wait"), ("first_open_day", "Book on the First Open Day")],
        "In a Locked Period",
        required=True,
        default="hold",
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
    serves_others = fields.Boolean(
        "Serves Other Companies",
        compute="_compute_serves_others",
        help="Its connection also works for companies in which you do not work.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A legal entity of Tribe is listed once per connection."
    )

    @api.model
    def _timezones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    @api.depends("vat_group_ids.tax_id", "is_booked")
    def _compute_unmapped_vat_groups(self):
        for entity in self:
            groups = entity.vat_group_ids if entity.is_booked else entity.vat_group_ids.browse()
            entity.unmapped_vat_groups = len(groups.filtered(lambda group: not group.tax_id))

    @api.depends_context("uid")
    def _compute_serves_others(self):
        for entity in self:
            connection = entity._origin.connection_id
            entity.serves_others = bool(connection) and not connection._works_in_all_companies()

    def write(self, vals):
        self.env["tribe.connection"]._check_own_company(vals)
        if "is_default" in vals:
            self._check_works_in_all("is_default", self.connection_id)
        if vals.get("company_id"):
            joined = self.filtered(lambda entity: entity.company_id.id != vals["company_id"])
            self._check_works_in_all("company_id", joined.connection_id.filtered("is_running"))
        switched_on = self.filtered(lambda entity: vals.get("is_booked") and not entity.is_booked)
        before = {entity: entity._numbering() for entity in self}
        result = super().write(vals)
        self._follow_numbering(before)
        self._check_chosen_journal(before)
        switched_on.connection_id._look_for_invoices_again()
        if {"company_id", "is_booked"} & vals.keys():
            self.env["tribe.check"]._store_legal_entities(self)
        if vals.get("is_default"):
            # Also those that this user does not see. Of several the last one stays.
            for connection, chosen in self.sudo().grouped("connection_id").items():
                others = connection.legal_entity_ids - chosen[-1]
                others.filtered("is_default").write({"is_default": False})
        if {
            "company_id",
            "is_booked",
            "journal_id",
            "is_default",
            "timezone",
            "locked_period",
            "number_policy",
        } & vals.keys():
            self.connection_id._retry_held_invoices()
        return result

    def _check_works_in_all(self, name, connections):
        """Refuse to change for others what they all go by.

        In whose books what names no legal entity comes; and while a connection runs, which
        companies it works for: those who work in all the others would not any more.

        Also for who does not see the connection: its name is on the form of the legal entity.

        :param name: the field
        :raises AccessError: for who may not change the legal entity or the connection at all
        :raises UserError: naming the connection, for who does not work in all its companies
        """
        self.check_access("write")
        for connection in connections:
            if not connection._works_in_all_companies():
                raise connection._refused_for_others(self._fields[name])
        connections.check_access("write")

    def _vat_of_company(self):
        """The company's VAT number where it is another than Tribe's; else empty."""
        vat = self.company_id.sudo().vat
        if not self.vat or not vat or vat == "/":
            return ""
        return "" if self._has_vat_of(self.company_id) else vat

    def _has_vat_of(self, company):
        """Whether a company has the VAT number of this legal entity, however it is written."""
        country = company.sudo().country_id.code
        own, other = (canonical("vat", vat, country) for vat in (self.vat, company.sudo().vat))
        return bool(own) and own == other

    def _company_like(self, companies):
        """The one of some companies that this legal entity seems to be: same VAT number or name.

        Branches share the number of their company; then the name tells which one is meant.
        """
        same_vat = companies.filtered(self._has_vat_of)
        same_vat = same_vat.filtered(lambda company: company.parent_id not in same_vat)
        same_name = companies.filtered(lambda company: company.name == self.name)
        found = same_vat & same_name or same_vat or same_name
        return found if len(found) == 1 else found.browse()

    def _can_book(self):
        """Whether invoices of Tribe can still come in: in this database, by this connection."""
        connection = self.connection_id
        return (
            self.is_booked
            and connection.active
            and connection.state != "draft"
            and not connection._is_moved()
        )
