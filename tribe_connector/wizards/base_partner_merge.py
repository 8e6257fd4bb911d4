from odoo import api, models

from ..models.tribe_link import RELATION_KINDS, RELATIONSHIP_KINDS


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Let the merged contact have one relation of Tribe, and keep the other links without one.

        Odoo would delete a link that violates a constraint, and the relation would come back from
        Tribe as a new contact.
        """
        links = (
            self.env["tribe.link"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", (src_partners | dst_partner).ids),
                    ("kind", "in", (*RELATION_KINDS, *RELATIONSHIP_KINDS)),
                ]
            )
        )
        for connection in links.connection_id:
            of_connection = links.filtered(lambda link: link.connection_id == connection)
            linked = of_connection.filtered(lambda link: link.kind in RELATION_KINDS).partner_id
            stays = dst_partner if dst_partner in linked else linked[:1]
            of_connection.filtered(lambda link: link.partner_id != stays).partner_id = False
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
