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
        self._keep_chosen_connection(src_partners, dst_partner)
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
            # Odoo moves foreign keys in SQL, of which what is computed from them learns nothing.
            of_connection.filtered(lambda link: link.partner_id == stays).partner_id = dst_partner
            stays = dst_partner
            self._ask_about(
                connection,
                of_connection.filtered(lambda link: link.partner_id != stays),
                dst_partner,
            )
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _keep_chosen_connection(self, src_partners, dst_partner):
        """Have a merged contact go through its own chosen connection, or the only one of others."""
        chosen = dst_partner._tribe_chosen() or src_partners._tribe_chosen()
        (src_partners | dst_partner)._tribe_choose(chosen.browse())
        if len(chosen) == 1:
            dst_partner._tribe_choose(chosen)

    def _ask_about(self, connection, links, dst_partner):
        """Unlink what was merged away; its relation still is in Tribe, so a person is asked."""
        relations = links.filtered(lambda link: link.kind in RELATION_KINDS and link.tribe_id)
        of_contact = ("partner_id", "agreed", "being_told", "made", "noted")
        links.write(dict.fromkeys(of_contact, False))
        relations.write({"state": "merged", "merged_into_id": dst_partner.id})
        for relation in relations:
            self.env["tribe.work"]._add(
                connection, "inbound", relation.kind, [relation.tribe_id], "follow"
            )
        self.env["tribe.engine"].sudo()._wake("inbound")
