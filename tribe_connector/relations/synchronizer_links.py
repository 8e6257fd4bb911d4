from odoo import models

from ..codes import ALSO_ENDED, RELATION_KINDS
from ..engine.problems import TryAgain
from ..sentence import sentence
from ..tribe_names import RELATIONSHIP_SETS
from .remote_relation import role_name


class TribeRelationSynchronizer(models.AbstractModel):
    """Links of contacts to relations, and to their customer and supplier relationships."""

    _inherit = "tribe.relation.synchronizer"

    def _join(self, batch, decision):
        """Link a contact and a relation that are one and the same. Returns the link."""
        partner = decision.partner
        link = self.env["tribe.link"]._join(
            batch.connection,
            decision.remote.kind,
            decision.tribe_id,
            partner,
            agreed=self._agreed(decision) or False,
        )
        self.env["tribe.suggestion"]._forget(batch.connection, partner, decision.tribe_id)
        batch.log("link", partner.display_name, partner=partner)
        return link

    def _link_relationships(self, link, remote):
        """Link the customer and supplier relationships of a linked relation.

        Those that were deleted in Tribe are linked no longer.
        """
        self._deleted_relationships(link.connection_id, link.partner_id, remote).unlink()
        ids = [row["ID"] for row in remote.relationships.values()]
        known = self.env["tribe.link"].search(
            [
                ("connection_id", "=", link.connection_id.id),
                ("kind", "in", list(remote.relationships)),
                "|",
                ("partner_id", "=", link.partner_id.id),
                ("tribe_id", "in", ids),
            ]
        )
        new = []
        for kind, row in remote.relationships.items():
            of_partner = known.filtered(
                lambda each: each.kind == kind and each.partner_id == link.partner_id
            )
            # That of a partner who was deleted in Odoo, or of the one from whom Tribe moved it.
            of_others = known.filtered(lambda each: each.tribe_id == row["ID"]) - of_partner
            if of_partner:
                of_others.unlink()
                known -= of_others
            if existing := of_partner or of_others:
                self._update_relationship_link(existing, link, kind, row)
            else:
                new.append(self._relationship_link_values(link, kind, row))
        known.create(new)

    def _link_new_relationships(self, connection, links, remotes):
        """As ``_link_relationships``, of contacts that were just created: few queries for all."""
        ids = [row["ID"] for remote in remotes for row in remote.relationships.values()]
        known = self.env["tribe.link"]._of_tribe(connection, ids)
        new = []
        for link, remote in zip(links, remotes, strict=True):
            for kind, row in remote.relationships.items():
                if row["ID"] in known:
                    self._update_relationship_link(known[row["ID"]], link, kind, row)
                else:
                    new.append(self._relationship_link_values(link, kind, row))
        links.create(new)

    def _relationship_link_values(self, link, kind, row):
        """What the link of a relationship of a linked relation is made with."""
        return {
            "connection_id": link.connection_id.id,
            "kind": kind,
            "tribe_id": row["ID"],
            "partner_id": link.partner_id.id,
            "state": "linked",
            "agreed": {"active": row.get("IsFormer") is not True},
        }

    def _update_relationship_link(self, existing, link, kind, row):
        """Have a link be the one of a relationship of a linked relation."""
        values = self._relationship_link_values(link, kind, row)
        is_another = existing.tribe_id not in (row["ID"], False)
        # What Tribe is being told, or does not show yet, is no word of somebody there.
        is_being_sent = role_name(kind) in (link.being_told or {})
        if is_another or (values["agreed"]["active"] and not is_being_sent):
            values["closed_by_us"] = False
        elif existing._also_ended():
            values["agreed"] |= {ALSO_ENDED: existing._also_ended()}
        current = existing._convert_to_write({name: existing[name] for name in values})
        changed = {name: value for name, value in values.items() if current[name] != value}
        if changed:
            existing.write(changed)

    def _deleted_relationships(self, connection, partner, remote):
        """The links of a partner to relationships that Tribe has no more.

        Not to those that were made just before it was read: they need not show yet.
        """
        return self._not_shown_relationships(connection, partner, remote).filtered(
            lambda link: not link._may_be_new(remote.read_at)
        )

    def _not_shown_relationships(self, connection, partner, remote):
        """The links of a partner to relationships that a read does not show, but could.

        Beside a role that goes on, not to one that had ended: nothing ends with it. Nor where so
        many do not show that nobody is believed to have deleted it.
        """
        sets = RELATIONSHIP_SETS[remote.kind]
        readable = [kind for kind, name in sets.items() if name not in connection._absent()]
        links = self.env["tribe.link"]._of_partners(connection, partner, readable)
        return self.env["tribe.link"].concat(
            *(
                link
                for (_partner, kind), link in links.items()
                if link.tribe_id
                and kind not in remote.relationships
                and kind not in remote.doubted
                and not (remote.is_current and link._was_former())
            )
        )

    def _check_surely_gone(self, batch, link):
        """What was just sent may not show yet in Tribe, which reads from a copy of its data; nor
        what was just read, as there may be several copies.

        :raises TryAgain: until it shows by now wherever it is read
        """
        settled_at = link._settled_at()
        is_new = settled_at and settled_at > batch.began
        if is_new or link._seconds_of_old_copies(batch.began) > 0:
            code = "not_shown_yet" if is_new else "not_shown_any_more"
            raise TryAgain(
                sentence(code, contact=link.partner_id._tribe_called()),
                batch.connection.back_off_seconds,
            )

    def _unlink_gone(self, batch, link, name):
        """Say of a link that its relation was deleted in Tribe; the contact stays.

        One through which nothing ever went is none: a person pressed *Link* when the relation was
        there no more. What becomes of its contact is decided anew; not of who was linked before
        (``LINKED_BEFORE``), and so is this Tribe's.
        """
        partner = link.partner_id
        if partner and not link.agreed:
            works = self.env["tribe.work"]
            works._add(batch.connection, "outbound", "partner", partner.ids, "follow")
            self.env["tribe.engine"]._wake("outbound")
            link.unlink()
        else:
            link.state = "gone"
        batch.log("problem", name, sentence("relation_deleted_in_tribe"), partner=partner)

    def _relation_link(self, connection, partner):
        """The link of a partner to its relation, of either kind."""
        found = self.env["tribe.link"]._of_partners(connection, partner, RELATION_KINDS)
        return next(iter(found.values()), self.env["tribe.link"])

    def _links_by_partner(self, connection, partners):
        """``{partner_id: link}`` of partners that have a link to a relation."""
        links = self.env["tribe.link"]._of_partners(connection, partners, RELATION_KINDS)
        return {partner_id: link for (partner_id, _kind), link in links.items()}

    def _wanted_roles(self, partner):
        """What Tribe should know this partner as: ``["customer", "supplier"]``.

        Nothing, for a private person from whom something is bought: an employee, say.
        """
        wanted = ["customer"] if partner._tribe_is_customer() else []
        if partner._tribe_is_supplier() and partner._tribe_kind() == "organization":
            wanted.append("supplier")
        return wanted

    def _missing_roles(self, connection, partner, remote=None):
        """What a partner is that Tribe does not know it as: ``["customer", "supplier"]``.

        :param remote: the relation as it was just read, if it was
        """
        if not partner.active:
            return []
        links = self.env["tribe.link"]._of_partners(connection, partner, ("customer", "supplier"))
        deleted = remote and self._deleted_relationships(connection, partner, remote)
        known = {
            kind
            for (_partner, kind), link in links.items()
            if link.tribe_id and not (deleted and link in deleted)
        }
        return [kind for kind in self._wanted_roles(partner) if kind not in known]
