from odoo import models
from odoo.fields import Domain

from ..engine.problems import FOR_PEOPLE, STOPPED, TOLD_REASONS
from ..mapping import canonical


class TribeRelationImporter(models.AbstractModel):
    """Takes over in Odoo what Tribe changed, and has the exporter do the rest."""

    _inherit = "tribe.relation.importer"

    def _update_contacts(self, batch, decisions):
        for decision in decisions:
            # Those before it were committed meanwhile, one by one.
            self._check_unchanged(batch.connection, decision)
            self._update_contact(batch, decision, decision.link)

    def _update_contact(self, batch, decision, link):
        """Take over what Tribe changed; what Odoo changed too is left to the exporter.

        :param link: the decision's; or the one just made, which a rollback takes away again
        """
        merged, remote = decision.merged, decision.remote
        partner = link.partner_id
        if not self._take_both(batch, remote.tribe_id, partner):
            raise self._busy(partner)
        before = self._agreed(decision) or {}
        agreed = {
            name: value for name, value in merged.agreed.items() if name not in merged.to_tribe
        } | {name: before[name] for name in merged.to_tribe if name in before}
        if link.state == "gone":
            # It only did not show: reading may lag behind, and rights may come back.
            link.state = "linked"
        batch.notice_lag(link._lag_shown(decision.seen, remote.stamps(), batch.began))
        link._keep_told(decision.seen)
        link._keep_shown(remote, merged)
        self._enqueue_second_look(batch, decision)
        self._follow_deleted_relationships(batch, partner, remote)
        refusal = self._apply_to_odoo(batch, link, merged.to_odoo, agreed, remote)
        self._log_notes(batch, link, merged.notes, merged.to_tribe)
        self._forget_echoes(batch.connection, partner)
        is_our_look = batch.reasons.get(decision.tribe_id) == {"again"}
        if merged.to_tribe and (is_our_look or self._is_sent_again(before, merged.to_tribe)):
            # Nothing new about what Tribe may have refused before; or nothing that Odoo changed.
            due = batch.connection._due_of_a_save()
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow", due=due
            )
        elif merged.to_tribe:
            self.env["tribe.work"]._add_saved_partners(batch.connection, partner.ids)
        is_open = merged.conflicts or decision.error or refusal
        if is_open or self._may_be_mended(link, merged, is_our_look):
            # Asked in one place only, by the exporter.
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _may_be_mended(self, link, merged, is_our_look):
        """Whether a contact has a question that what Tribe shows now may have answered."""
        if link.conflict_ids and not merged.conflicts:
            return True
        asked = (
            Domain("connection_id", "=", link.connection_id.id)
            & Domain("kind", "=", "partner")
            & Domain("reference", "=", str(link.partner_id.id))
            & Domain("error_class", "in", FOR_PEOPLE)
            & Domain("cause", "!=", STOPPED)
        )
        # Tribe told of a change. Our own looks ask again and again.
        return not is_our_look and bool(self.env["tribe.work"].search_count(asked, limit=1))

    def _follow_deleted_relationships(self, batch, partner, remote):
        """Who is a customer in Odoo becomes one in Tribe again: archiving says that it is none."""
        missing = self._not_shown_relationships(batch.connection, partner, remote)
        if missing - self._deleted_relationships(batch.connection, partner, remote):
            self.env["tribe.work"]._look_later(batch.connection, remote.kind, remote.tribe_id)
        elif missing:
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _enqueue_second_look(self, batch, decision):
        """Look once more, later, when Tribe told of a change and the read shows none.

        It may be an old copy: webhooks come at once.
        """
        reasons = batch.reasons.get(decision.tribe_id, set())
        merged, seen = decision.merged, decision.seen
        is_something = merged.to_odoo or merged.to_tribe or merged.conflicts or seen.is_news
        if reasons & TOLD_REASONS and not is_something:
            self.env["tribe.work"]._look_once_more(
                batch.connection, decision.remote.kind, decision.tribe_id, reasons
            )

    def _is_sent_again(self, agreed, to_tribe):
        """Whether Tribe is to be told something that Odoo has as it was agreed on.

        Such as a number that only Tribe changed, or what a restored backup does not have.
        """
        return any(
            name in agreed and canonical(name, agreed[name]) == canonical(name, value)
            for name, value in to_tribe.items()
        )

    def _link_relations(self, batch, decisions):
        for decision in decisions:
            self._link_relation(batch, decision)

    def _link_relation(self, batch, decision):
        """Link a relation with the contact that it is, and bring both together.

        A link that is being sent is this one: its answer was lost. One that is gone was deleted
        in Tribe, and made anew there.
        """
        self._check_unchanged(batch.connection, decision)
        link = self._join(batch, decision)
        self._update_contact(batch, decision, link)
