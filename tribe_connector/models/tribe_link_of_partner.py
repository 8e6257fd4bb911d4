from odoo import api, models
from odoo.tools import SQL

from ..codes import (
    ALSO_ENDED,
    DEAD_STATES,
    LINKED_BEFORE,
    RELATION_KINDS,
)
from ..mapping import (
    PAYMENT_TERM_FIELDS,
    canonical,
)


class TribeLink(models.Model):
    """The links of contacts: which there are, and what several connections agree on about one."""

    _inherit = "tribe.link"

    def _of_import_ids(self, connection, import_ids):
        """The links of relations that were being sent when their contact was merged or deleted.

        :returns: ``{import_id: link}``, of those whose relation was not seen yet
        """
        links = self.search(
            [
                ("connection_id", "=", connection.id),
                ("import_id", "in", list(import_ids)),
                ("tribe_id", "=", False),
            ]
        )
        return {link.import_id: link for link in links}

    def _keep_import_id(self):
        """Keep by what Tribe knows a contact that is being sent, and is about to be no more."""
        for link in self.filtered(
            lambda link: link.state == "sending" and link.kind in RELATION_KINDS
        ):
            if link.connection_id.has_import_id and not link.import_id:
                link.import_id = link.connection_id._import_id(link.partner_id, link.kind)

    def _of_same_partner(self):
        """The links with relations of the contact of this one, through all connections that run."""
        return self | self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("kind", "in", RELATION_KINDS),
                ("state", "=", "linked"),
                ("connection_id", "in", self.connection_id._active().ids),
            ]
        )

    def _is_current_elsewhere(self):
        """Whether the contact is a customer or supplier of another connection, and both sides agree
        on that."""
        return any(
            (link.agreed or {}).get("active") and "active" not in (link.noted or {})
            for link in self._of_same_partner() - self
        )

    def _was_former(self):
        """Whether the relationship of this link had ended when it was read last."""
        return (self.agreed or {}).get("active") is False

    def _also_ended(self):
        """The IDs of other relationships of the kind that the connector ended with this one."""
        return (self.agreed or {}).get(ALSO_ENDED, [])

    def _note_also_ended(self, tribe_id):
        """Note that another relationship of the kind is ended with this one."""
        also = list(dict.fromkeys([*self._also_ended(), tribe_id]))
        self.agreed = {**(self.agreed or {}), ALSO_ENDED: also}

    def _is_agreed_elsewhere(self, name, number):
        """Whether the contact has a number through another connection, on both sides."""
        return any(
            canonical(name, (link.agreed or {}).get(name)) == canonical(name, number)
            for link in self._of_same_partner() - self
        )

    def _is_number_agreed(self, name):
        """Whether both sides have the number that the contact has by now."""
        number = self.partner_id._tribe_number(self.connection_id, name)
        agreed = (self.agreed or {}).get(name)
        return bool(number) and canonical(name, agreed) == canonical(name, number)

    def _archived_by_us(self):
        """The links through one of which the connector archived the contact.

        Whatever became of that one, or of its connection, since.
        """
        return self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("kind", "in", RELATION_KINDS),
                ("archived_by_us", "=", True),
            ]
        )

    def _join(self, connection, kind, tribe_id, partner, agreed=False):
        """The link of a contact and a relation that are one, made or changed.

        One that is being sent is this one: its answer was lost. One that is gone was deleted in
        Tribe, and made anew there. One of a contact that was deleted in Odoo is taken over.
        """
        own = next(iter(self._of_partners(connection, partner, RELATION_KINDS).values()), self)
        left = self._of_tribe(connection, [tribe_id]).get(tribe_id, self)
        if own.state == "gone" and not agreed:
            # Nothing is, about this one; whose the contact is outlives it all the same.
            agreed = {LINKED_BEFORE: True}
        if left:
            (own - left).unlink()
        if left.state == "merged":
            self._ask_no_more_about(connection, tribe_id)
        link = left or own
        values = {
            "tribe_id": tribe_id,
            "kind": kind,
            "partner_id": partner.id,
            "merged_into_id": False,
            "state": "linked",
            "agreed": agreed,
            "import_id": False,
            # What Odoo made of its values as another contact's.
            "made": False,
        }
        if link:
            link.write(values)
        else:
            link = self.create({**values, "connection_id": connection.id})
        return link

    def _ask_no_more_about(self, connection, tribe_id):
        """Have a relation looked at whose contact was merged: nobody is asked any more what becomes
        of it."""
        self.env["tribe.work"]._add_again(
            [
                ("connection_id", "=", connection.id),
                ("direction", "=", "inbound"),
                ("reference", "=", tribe_id),
            ],
            "follow",
        )
        self.env["tribe.engine"]._wake("inbound")

    @api.model
    def _forget_terms(self, connections):
        """Forget which payment terms were agreed on: Odoo keeps them for each company.

        Those of the company that a connection has now are another's, not an edit of anybody.
        """
        if not connections:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_link SET agreed = agreed - %s::text[]"
                " WHERE connection_id = ANY(%s) AND jsonb_typeof(agreed) = 'object'",
                list(PAYMENT_TERM_FIELDS.values()),
                connections.ids,
            )
        )
        self.invalidate_model(["agreed"])

    def _note_deleted_partners(self, partners):
        """Say of the links of some partners, about to be deleted, that they no longer link."""
        for link in self.search(
            [("partner_id", "in", partners.ids), ("kind", "in", RELATION_KINDS)]
        ):
            link._keep_import_id()
            if link.state not in DEAD_STATES:
                link.state = "unlinked"
