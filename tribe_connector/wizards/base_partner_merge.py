from odoo import api, models

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
    RELATIONSHIP_KINDS,
)


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Let the merged contact have one relation of Tribe, and keep the other links without one.

        Odoo would delete a link that violates a constraint, and the relation would come back from
        Tribe as a new contact.
        """
        self._keep_chosen_connection(src_partners, dst_partner)
        self._keep_refused(src_partners, dst_partner)
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
            stays = self._linked_best(of_connection, dst_partner)
            of_stays = of_connection.filtered(lambda link, stays=stays: link.partner_id == stays)
            self._ask_about(connection, of_connection - of_stays, dst_partner)
            # A contact has one link of a kind. Odoo moves foreign keys in SQL, of which what is
            # computed from them learns nothing.
            self.env.flush_all()
            if stays != dst_partner:
                of_stays._keep_import_id()
            of_stays.partner_id = dst_partner
            for link in of_stays.filtered(lambda link: link.state == "linked"):
                self.env["tribe.suggestion"].sudo()._forget(connection, dst_partner, link.tribe_id)
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _update_values(self, src_partners, dst_partner):
        # The reference of a duplicate, which Odoo fills in, is no other number for who has one.
        return super()._update_values(src_partners, dst_partner.with_context(tribe_merging=True))

    def _keep_refused(self, src_partners, dst_partner):
        """Have a merged contact keep what was suggested about each, and what a person refused.

        Odoo would keep whichever of two about one relation it meets first.
        """
        suggestions = self.env["tribe.suggestion"].sudo()
        found = suggestions.search([("partner_id", "in", (src_partners | dst_partner).ids)])
        for same in found.grouped(lambda each: (each.connection_id, each.tribe_id)).values():
            kept = same.sorted(lambda each: each.state != "refused")[:1]
            (same - kept).unlink()
            kept.partner_id = dst_partner

    def _linked_best(self, links, dst_partner):
        """The partner whose link with a relation stays: one that lives goes before one whose
        relation was deleted in Tribe, or is left to Odoo.
        """
        relations = links.filtered(lambda link: link.kind in RELATION_KINDS)
        ranked = relations.sorted(
            lambda link: (
                link.state in DEAD_STATES,
                link.state == "sending",
                link.partner_id != dst_partner,
                link.id,
            )
        )
        return ranked[:1].partner_id

    def _keep_chosen_connection(self, src_partners, dst_partner):
        """Have a merged contact go through its own chosen connection, or the only one of others."""
        chosen = dst_partner._tribe_chosen() or src_partners._tribe_chosen()
        (src_partners | dst_partner)._tribe_choose(chosen.browse())
        if len(chosen) == 1:
            dst_partner._tribe_choose(chosen)

    def _ask_about(self, connection, links, dst_partner):
        """Unlink what was merged away; a relation that still is in Tribe is asked about.

        What a person has left to Odoo stays left, and what was deleted in Tribe stays deleted.
        """
        links._keep_import_id()
        relations = links.filtered(lambda link: link.kind in RELATION_KINDS)
        living = relations.filtered(lambda link: link.state not in DEAD_STATES)
        of_contact = ("partner_id", "agreed", "being_told", "made", "noted")
        links.write(dict.fromkeys(of_contact, False))
        living.write({"state": "merged"})
        relations.write({"merged_into_id": dst_partner.id})
        for relation in living.filtered("tribe_id"):
            self.env["tribe.work"]._add(
                connection, "inbound", relation.kind, [relation.tribe_id], "follow"
            )
        self.env["tribe.engine"].sudo()._wake("inbound")
