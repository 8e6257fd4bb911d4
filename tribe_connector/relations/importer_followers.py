from odoo import models

from ..tribe_api import Guid
from ..tribe_names import NAVIGATIONS, RELATIONSHIPS
from .relation_reader import relation_ids_of


class TribeRelationImporter(models.AbstractModel):
    """What leads to a relation: its customer and supplier relationships, and its addresses."""

    _inherit = "tribe.relation.importer"

    def _follow_relationships(self, batch):
        entity_set, kind = RELATIONSHIPS[batch.kind]
        found = relation_ids_of(batch.client, kind, entity_set, batch.references)
        links = self.env["tribe.link"]
        known = links._of_tribe(batch.connection, batch.references)
        for link in known.values():
            # A relationship that was deleted in Tribe still tells its relation through its link.
            relation = self._relation_link(batch.connection, link.partner_id)
            if link.tribe_id not in found and relation.tribe_id:
                found[link.tribe_id] = relation.tribe_id
        self._enqueue_relations(batch, kind, found.values())
        self._finish(batch)

    def _follow_addresses(self, batch):
        rows = batch.client.by_values(
            "Address",
            "ID",
            [Guid(reference) for reference in batch.references],
            expand=",".join(f"{navigation}($select=ID)" for navigation in NAVIGATIONS.values()),
            select="ID",
        )
        for kind, navigation in NAVIGATIONS.items():
            ids = [row[navigation]["ID"] for row in rows if row.get(navigation)]
            self._enqueue_relations(batch, kind, ids)
        self._follow_lost_addresses(batch, {*batch.references} - {row["ID"] for row in rows})
        self._finish(batch)

    def _follow_lost_addresses(self, batch, address_ids):
        """Have the relations looked at whose address Tribe told of, and has no more.

        Tribe is believed once that can be no old copy any more; not while a person is asked why it
        shows so few: an address that was edited then looks as if it was deleted.
        """
        comparer = self.env["tribe.relation.comparer"]
        links = self.env["tribe.link"]._of_addresses(batch.connection, address_ids)
        leased = links.filtered(lambda link: self._take_both(batch, link.tribe_id, None))
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        for link in links:
            address_id = link._address_shown()
            if address_id not in address_ids or comparer._is_asked(batch.connection, link.kind):
                continue
            if link not in leased:
                batch.failed(address_id, self._busy(link.partner_id))
            elif link._seconds_of_old_copies(batch.began) > 0:
                self.env["tribe.work"]._look_later(batch.connection, "address", address_id)
            else:
                link._forget_address_shown()
                self._enqueue_relations(batch, link.kind, [link.tribe_id])

    def _enqueue_relations(self, batch, kind, relation_ids):
        self.env["tribe.work"]._add(batch.connection, "inbound", kind, relation_ids, "follow")

    def _finish(self, batch):
        batch.done(*batch.references)
