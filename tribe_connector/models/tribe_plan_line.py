from odoo import api, fields, models

from ..codes import (
    CREATE_ODOO,
    CREATE_TRIBE,
    DEACTIVATE,
    GONE,
    LINK,
    QUESTION,
    SAME,
    UPDATE,
)
from ..engine.sentence_field import SentenceText
from ..mapping import mail_addresses
from ..sentence import say, stored

ACTIONS = (CREATE_TRIBE, CREATE_ODOO, LINK, UPDATE, DEACTIVATE, GONE, QUESTION, SAME)


class TribePlanLine(models.Model):
    """What a plan means for one contact, its relation in Tribe, or both.

    ``changes`` is ``[{"side": "odoo" | "tribe", "field": neutral name, "old": …, "new": …}]``.
    """

    _name = "tribe.plan.line"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Plan Line"
    _order = "id"

    plan_id = fields.Many2one(
        "tribe.plan", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", index=True, ondelete="cascade", readonly=True)
    kind = fields.Selection([("organization", "Organization"), ("person", "Person")], readonly=True)
    tribe_id = fields.Char("Tribe ID", index=True, readonly=True)
    tribe_url = fields.Char("In Tribe", compute="_compute_tribe_url")
    name = fields.Char("Record", readonly=True)
    action = fields.Selection(
        [
            (CREATE_TRIBE, "Create in Tribe"),
            (CREATE_ODOO, "Create in Odoo"),
            (LINK, "Link"),
            (UPDATE, "Change"),
            (DEACTIVATE, "Deactivate"),
            (GONE, "Unlink"),
            (QUESTION, "In Doubt"),
            (SAME, "Already the Same"),
        ],
        index=True,
        readonly=True,
        help="Empty until this record was looked at.",
    )
    changes = fields.Json(readonly=True)
    change_count = fields.Integer("Number of Changes", readonly=True)
    debtor_number = fields.Char(index="btree_not_null", readonly=True)
    creditor_number = fields.Char(index="btree_not_null", readonly=True)
    text = SentenceText("Question", readonly=True)
    email = fields.Char(
        "E-mail Addresses",
        compute="_compute_email",
        store=True,
        help="Those in the line. Odoo's privacy look-up searches them, and the record's name.",
    )
    details = fields.Text(compute="_compute_details")

    @api.depends("name", "text", "changes")
    def _compute_email(self):
        for line in self:
            values = (change.get(side) for change in line.changes or [] for side in ("old", "new"))
            line.email = mail_addresses(line.name, stored(line.text), *values)

    @api.depends("tribe_id")
    def _compute_tribe_url(self):
        lines = self.filtered("id")
        (self - lines).tribe_url = False
        for line in lines:
            addresses = line.plan_id.connection_id.sudo()._addresses()
            line.tribe_url = line.tribe_id and addresses.entity_link(line.tribe_id)

    @api.depends("action", "changes", "text")
    @api.depends_context("lang")
    def _compute_details(self):
        for line in self:
            changes = [line._described(change) for change in line.changes or []]
            if changes and line.action == QUESTION:
                changes.insert(0, say(self.env, "question_other_changes"))
            line.details = "\n".join(filter(None, [line.text, *changes]))

    def _described(self, change):
        """One change as people read it: ``Phone in Tribe: 020 555 → 020 556``."""
        sides = {"odoo": self.env._("in Odoo"), "tribe": self.env._("in Tribe")}
        partners, name = self.env["res.partner"], change["field"]
        label = partners._tribe_label(name)
        old, new = (
            self._shown(partners._tribe_shown(name, change[side])) for side in ("old", "new")
        )
        arrow = f"{old} → {new}" if old else new
        return f"{label} {sides[change['side']]}: {arrow}"

    def _shown(self, value):
        if value is True:
            return self.env._("yes")
        if value is False:
            return self.env._("no")
        return "" if value is None else str(value)
