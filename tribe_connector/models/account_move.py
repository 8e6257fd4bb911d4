from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    tribe_link_ids = fields.One2many(
        "tribe.link", "move_id", "Tribe Links", groups="tribe_connector.group_user"
    )
    tribe_id = fields.Char(
        "Tribe ID",
        compute="_compute_tribe_id",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        copy=False,
        groups="base.group_user",
    )
    tribe_url = fields.Char(
        "In Tribe", compute="_compute_tribe_url", compute_sudo=True, groups="base.group_user"
    )

    @api.depends("tribe_link_ids.tribe_id")
    def _compute_tribe_id(self):
        for move in self:
            move.tribe_id = move.tribe_link_ids[:1].tribe_id

    @api.depends("tribe_id")
    def _compute_tribe_url(self):
        for move in self:
            move.tribe_url = move.tribe_id and move.tribe_link_ids[:1].tribe_url

    def action_open_in_tribe(self):
        """Open this invoice in Tribe's web app."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tribe_url, "target": "new"}
