from odoo import api, fields, models
from odoo.fields import Domain

from ..codes import (
    ENDED_STATES,
    RELATION_KINDS,
)


class TribeLink(models.Model):
    """The binding between a record of Tribe and one of Odoo, of whatever kind.

    It outlives both: what was once created or booked is never created or booked again. The
    agreed values are the ones both sides last had in common, in the neutral form of ``mapping``.
    """

    _name = "tribe.link"
    _inherit = ["tribe.written.by.connector", "tribe.invoice.facts"]
    _description = "Tribe Link"
    _rec_name = "tribe_id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    kind = fields.Selection(
        [
            ("organization", "Organization"),
            ("person", "Person"),
            ("customer", "Customer"),
            ("supplier", "Supplier"),
            ("invoice", "Invoice"),
        ],
        required=True,
        readonly=True,
    )
    tribe_id = fields.Char("Tribe ID", index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", index=True, ondelete="set null", readonly=True)
    move_id = fields.Many2one("account.move", index=True, ondelete="set null", readonly=True)
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True
    )
    state = fields.Selection(
        [
            ("sending", "Being Sent"),
            ("linked", "Linked"),
            ("differs", "Differs"),
            ("gone", "Deleted in Tribe"),
            ("unlinked", "Deleted in Odoo"),
            ("merged", "Merged in Odoo"),
            ("left_to_odoo", "Left to Odoo"),
        ],
        required=True,
        default="linked",
        readonly=True,
        index=True,
    )
    import_id = fields.Char(
        "ImportId",
        readonly=True,
        index="btree_not_null",
        help="What the relation has of a contact that was merged or deleted while it was sent.",
    )
    # Also what is another company's: payment terms, for one. Nobody reads it but the connector.
    agreed = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    made = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What an automation made of Tribe's values in Odoo, by field: Odoo's, Tribe's, and"
        " whether the two count as the same.",
    )
    noted = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The notes about it that a person was told, by field.",
    )
    conflict_ids = fields.One2many("tribe.conflict", "link_id", "Conflicts", readonly=True)
    merged_into_id = fields.Many2one(
        "res.partner", readonly=True, ondelete="set null", help="The contact it was merged into."
    )
    closed_by_us = fields.Boolean(
        readonly=True, help="The connector ended this relationship in Tribe, so it may reopen it."
    )
    archived_by_us = fields.Boolean(
        readonly=True, help="The connector archived this partner, so it may unarchive it."
    )
    phase_id = fields.Many2one("tribe.phase", readonly=True, ondelete="set null")
    told_paid = fields.Boolean("Paid in Tribe", readonly=True)
    paid_by_us = fields.Boolean(
        readonly=True, help="The connector moved the invoice to Paid, so it may move it back."
    )
    tribe_url = fields.Char("In Tribe", compute="_compute_tribe_url")

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A record of Tribe is linked once."
    )
    _partner_unique = models.Constraint(
        "UNIQUE(connection_id, kind, partner_id)",
        "A partner is linked to one relation of Tribe.",
    )
    # For the witnesses of each read.
    _changed_index = models.Index(
        "(connection_id, kind, shown_at) WHERE shown_at > create_date + interval '1 day'"
    )
    _move_unique = models.Constraint(
        "UNIQUE(connection_id, kind, move_id)", "An invoice is linked to one invoice of Tribe."
    )

    def init(self):
        result = super().init()
        # An earlier version kept it when the relation was linked anew.
        self.env.cr.execute(
            "UPDATE tribe_link SET merged_into_id = NULL"
            " WHERE merged_into_id IS NOT NULL AND partner_id IS NOT NULL"
        )
        return result

    def write(self, vals):
        if vals.get("state") in ENDED_STATES:
            self.conflict_ids.unlink()
        return super().write(vals)

    @api.depends("partner_id.company_id", "move_id.company_id", "merged_into_id.company_id")
    def _compute_company_id(self):
        for link in self:
            partner = link.partner_id or link.merged_into_id
            company = link.move_id.company_id or partner.company_id
            if link.kind == "invoice" and not link.move_id:
                # Of which one it was: what was booked is not told to others once it is deleted.
                company = link.company_id
            # Computed with all rights: nothing is told of a link that is only pretended, as
            # anybody may in an onchange of a contact. So are the other fields.
            link.company_id = bool(link.id) and company

    @api.depends(
        *("tribe_id", "agreed", "kind", "state", "move_id.display_name"),
        *("partner_id.display_name", "merged_into_id.display_name"),
    )
    def _compute_display_name(self):
        for link in self:
            # Who may see the link sees what it is called, without any right in accounting.
            contact = (link.partner_id or link.merged_into_id).sudo()
            called = link.move_id.sudo().display_name or contact._tribe_called()
            name = bool(link.id) and (called or link._booked_number())
            number = link.tribe_id or link.import_id
            if link.kind in RELATION_KINDS and link.state in ENDED_STATES and not name:
                # What it was called is forgotten.
                name = self.env._("Deleted contact (%s)", number)
            link.display_name = name or number

    def _called_in_tribe(self):
        """What a relation was called on both sides when they were last alike."""
        return (self.agreed or {}).get("name") or self.tribe_id or ""

    def _booked_number(self):
        """The number of an invoice that was booked, also when it was deleted since."""
        return self.kind == "invoice" and (self.agreed or {}).get("number")

    @api.model
    def _facts_depend_on(self):
        return ["agreed", "kind", "move_id"]

    def _known_facts(self):
        return (self.agreed or {}) if self.kind == "invoice" else {}

    @api.depends("tribe_id", "connection_id", "state")
    def _compute_tribe_url(self):
        for link in self:
            connection = link.connection_id.sudo()
            is_there = bool(link.id and link.tribe_id) and link.state != "gone"
            link.tribe_url = is_there and connection._addresses().entity_link(link.tribe_id)

    @api.model
    def _seen_by_employees(self, domain):
        """The links of a domain that the companies of whoever asks may see, with all rights.

        Every employee sees the Tribe ID of a contact, without a right on links; but only where a
        user of Tribe CRM in the same companies would see the link.
        """
        seen = self.env["ir.rule"]._compute_domain(self._name) if not self.env.su else Domain.TRUE
        return self.sudo().search(Domain(domain) & seen, order="id")

    def _of_tribe(self, connection, tribe_ids):
        """The links of some records of Tribe, by Tribe ID: ``{tribe_id: link}``."""
        links = self.search(
            [("connection_id", "=", connection.id), ("tribe_id", "in", list(tribe_ids))]
        )
        return {link.tribe_id: link for link in links}

    def _taken(self, connection, tribe_ids):
        """The IDs of those relations that are linked to a contact, or left to Odoo."""
        links = self._of_tribe(connection, tribe_ids)
        return {
            tribe_id
            for tribe_id, link in links.items()
            if link.partner_id or link.state == "left_to_odoo"
        }

    def _left_to_odoo(self, connection, tribe_ids):
        """The IDs of those relations that a person left to Odoo: no other contact is one."""
        links = self._of_tribe(connection, tribe_ids)
        return {tribe_id for tribe_id, link in links.items() if link.state == "left_to_odoo"}

    def _of_partners(self, connection, partners, kinds):
        """The links of some partners: ``{(partner_id, kind): link}``."""
        links = self.search(
            [
                ("connection_id", "=", connection.id),
                ("partner_id", "in", partners.ids),
                ("kind", "in", list(kinds)),
            ]
        )
        return {(link.partner_id.id, link.kind): link for link in links}
