from odoo import api, fields, models

from ..invoices.mapped import problems_of
from ..sentence import codes_of, say

# Of invoices that wait for a mapping.
CAUSES = ("vat_group", "ledger_account", "mapping")
# Of those whose amounts are others, that wait for another tax.
OTHER_VAT = {"vat_differs", "vat_of_groups_differs"}


class TribeOfLegalEntity(models.AbstractModel):
    """Mixin of what a legal entity of Tribe has: seen where that one is."""

    _name = "tribe.of.legal.entity"
    _inherit = "tribe.written.by.connector"
    _description = "Of a Legal Entity of Tribe"

    legal_entity_id = fields.Many2one(
        "tribe.legal.entity", required=True, index=True, ondelete="cascade", readonly=True
    )
    connection_id = fields.Many2one(
        "tribe.connection",
        compute="_compute_connection_id",
        store=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True
    )
    is_booked = fields.Boolean("Book in Odoo", compute="_compute_is_booked", compute_sudo=True)
    warning = fields.Text(
        "What Is Wrong",
        compute="_compute_warning",
        help="Why invoices wait that use what is chosen here.",
    )

    @api.depends("legal_entity_id.connection_id")
    def _compute_connection_id(self):
        for record in self:
            record.connection_id = record._known_entity().connection_id

    # By itself: a row on the form of a connection, which shows the company, keeps the connection of
    # that form. Were it given the saved one, Odoo would have the form delete the row.
    @api.depends("legal_entity_id.company_id")
    def _compute_company_id(self):
        for record in self:
            record.company_id = record._known_entity().company_id

    @api.depends("legal_entity_id.is_booked")
    def _compute_is_booked(self):
        for record in self:
            record.is_booked = record._known_entity().is_booked

    @api.depends(lambda self: [*self._mapped_to(), "is_booked"])
    @api.depends_context("uid", "lang")
    def _compute_warning(self):
        for record in self:
            record.warning = "\n".join(record._warnings()) or False

    @api.model
    def _mapped_to(self):
        """The fields in which it is chosen what is booked on."""
        return []

    def _warnings(self):
        """What is wrong with what is chosen, as sentences."""
        return problems_of(self, self._mapped_to())

    def _known_entity(self):
        """The legal entity; of what is only pretended, in an onchange, none that is not read."""
        entity = self.legal_entity_id
        is_known = self.id or entity._origin.sudo(False).has_access("read")
        return entity if is_known else entity.browse()

    def _say_how_many_wait(self):
        """What a form says of the invoices that wait for a mapping, before one is saved."""
        entity = self._origin.legal_entity_id
        works = self.env["tribe.work"].search(
            [
                ("connection_id", "in", entity.connection_id.ids),
                ("company_id", "in", entity.company_id.ids),
                ("kind", "=", "invoice"),
                ("cause", "in", (*CAUSES, "amounts")),
            ]
        )
        count = len(
            works.filtered(lambda work: work.cause in CAUSES or OTHER_VAT & {*codes_of(work.error)})
        )
        if not count:
            return None
        message = say(self.env, "invoices_wait_for_mapping", count=count, entity=entity.name)
        title = self.env._("Invoices in Tribe")
        return {"warning": {"title": title, "message": message, "type": "notification"}}
