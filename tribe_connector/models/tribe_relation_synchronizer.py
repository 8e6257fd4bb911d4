from odoo import models

from ..engine.lease import partner_key, tribe_key
from ..engine.problems import NeedsPerson
from ..engine.remote_relation import RELATION_SETS, RELATIONSHIP_SETS
from ..mapping import (
    ADDRESS_FIELDS,
    Merge,
    address_body,
    canonical,
    merge,
    organization_body,
    person_body,
)
from .tribe_link import RELATION_KINDS

NUMBERS = {"debtor_number": "customer", "creditor_number": "supplier"}
NUMBER_NAMES = {"debtor_number": "Debtor number", "creditor_number": "Creditor number"}


class TribeRelationSynchronizer(models.AbstractModel):
    """What importer and exporter of relations have in common: matching, merging, linking."""

    _name = "tribe.relation.synchronizer"
    _description = "Tribe Relation Synchronizer"

    # Comparing

    def _merge(self, connection, agreed, odoo, remote):
        """Which value goes where (``mapping.Merge``).

        :raises NeedsPerson: when both sides changed a field and the policy is to ask
        """
        merged = merge(agreed, odoo, remote.values(), policy=connection.conflict_policy)
        if merged.conflicts:
            raise NeedsPerson(
                self.env._(
                    "“%(relation)s” was changed in Odoo and in Tribe (%(fields)s). Make both the "
                    "same, or let one side win under Both Sides Changed on the connection.",
                    relation=odoo["name"] or remote.name,
                    fields=_names(merged.conflicts),
                )
            )
        return merged

    def _differs_from_agreed(self, values, agreed):
        """Whether a partner changed since both sides last agreed."""
        return any(
            name not in agreed or canonical(name, value) != canonical(name, agreed[name])
            for name, value in values.items()
        )

    # Writing to Odoo

    def _apply_to_odoo(self, session, link, to_odoo, agreed, remote):
        """Write neutral values to Odoo, and note on the link what both sides now agree on."""
        partner = link.partner_id
        self._check_numbers_free(partner, to_odoo)
        values = {name: value for name, value in to_odoo.items() if name != "active"}
        if values:
            partner._tribe_write(values)
        agreed = dict(agreed)
        if "active" in to_odoo:
            agreed["active"] = self._apply_active(link, to_odoo["active"])
        if agreed != link.agreed:
            link.agreed = agreed
        self._link_relationships(link, remote)
        self._raise_ranks(partner, remote)
        if values:
            session.log("update_odoo", partner.display_name, _names(values), partner=partner)

    def _apply_active(self, link, active):
        """Archive, or unarchive what we archived. Returns whether the partner is active now."""
        partner = link.partner_id
        if partner.active and not active:
            partner._tribe_import_context().action_archive()
            link.archived_by_us = True
        elif active and not partner.active and link.archived_by_us:
            partner._tribe_import_context().action_unarchive()
            link.archived_by_us = False
        return partner.active

    def _check_numbers_free(self, partner, values):
        """Refuse a number of Tribe that another partner has already."""
        for name in NUMBERS:
            if not values.get(name):
                continue
            others = self._partners_with(name, values[name]) - partner
            if others:
                raise NeedsPerson(
                    self.env._(
                        "%(field)s %(number)s of “%(relation)s” in Tribe is already the number of "
                        "%(partner)s in Odoo. Give one of them another number.",
                        field=NUMBER_NAMES[name],
                        number=values[name],
                        relation=partner.name or values.get("name"),
                        partner=others[0].display_name,
                    )
                )

    def _partners_with(self, name, number):
        return (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search([(name, "=", number), ("parent_id", "=", False)])
        )

    def _raise_ranks(self, partner, remote):
        """A customer (supplier) of Tribe is one in Odoo: its rank is at least 1."""
        ranks = {"customer": "customer_rank", "supplier": "supplier_rank"}
        vals = {ranks[kind]: 1 for kind in remote.relationships if not partner[ranks[kind]]}
        if vals:
            partner.write(vals)

    # Linking

    def _link_relationships(self, link, remote):
        """Link the customer and supplier relationships of a linked relation."""
        links = self.env["tribe.link"]
        known = links._of_partners(link.connection_id, link.partner_id, ("customer", "supplier"))
        for kind, row in remote.relationships.items():
            existing = known.get((link.partner_id.id, kind))
            if not existing:
                links.create(
                    {
                        "connection_id": link.connection_id.id,
                        "kind": kind,
                        "tribe_id": row["ID"],
                        "partner_id": link.partner_id.id,
                    }
                )
            elif existing.tribe_id != row["ID"]:
                existing.write({"tribe_id": row["ID"], "state": "linked"})

    def _relation_link(self, connection, partner):
        """The link of a partner to its relation, of either kind."""
        found = self.env["tribe.link"]._of_partners(connection, partner, RELATION_KINDS)
        return next(iter(found.values()), self.env["tribe.link"])

    def _take_both(self, session, tribe_id, partner):
        """Take the leases on both sides of a link; False when another worker is on it."""
        connection_id = session.connection.id
        taken = not tribe_id or session.leases.take(tribe_key(connection_id, tribe_id))
        return taken and (
            not partner or session.leases.take(partner_key(connection_id, partner.id))
        )

    # Writing to Tribe

    def _write_to_tribe(self, session, link, merged: Merge, odoo, remote):
        """Write what goes to Tribe, in as few calls as there are records to change.

        Returns what both sides agree on once Odoo is written too.
        """
        values = dict(merged.to_tribe)
        agreed = dict(merged.agreed)
        active = values.pop("active", None)
        self._write_relation(session, remote, values)
        self._write_address(session, remote, values, odoo)
        if active is not None:
            agreed["active"] = self._write_active(session, link, remote, active)
        if values:
            partner = link.partner_id
            session.log("update_tribe", partner.display_name, _names(values), partner=partner)
        return agreed

    def _write_relation(self, session, remote, values):
        body_of = organization_body if remote.kind == "organization" else person_body
        body = self._present(session.connection, RELATION_SETS[remote.kind], body_of(values))
        if body:
            session.client.update(RELATION_SETS[remote.kind], remote.tribe_id, body)

    def _write_address(self, session, remote, values, odoo):
        changed = {name: values[name] for name in ADDRESS_FIELDS if name in values}
        if not changed:
            return
        country_ids = session.connection.country_ids or {}
        slot = remote.invoice_address()
        if slot and slot is remote.shown_address():
            if "country_code" in changed:
                # Street and house number are split the way of the country.
                changed["street"] = odoo["street"]
            body = address_body(changed, country_ids, odoo["country_code"])
            session.client.update("Address", slot["ID"], body)
            return
        body = address_body({name: odoo[name] for name in ADDRESS_FIELDS}, country_ids)
        if slot:
            session.client.update("Address", slot["ID"], body)
        elif remote.kind == "organization":
            session.client.update(
                RELATION_SETS[remote.kind], remote.tribe_id, {"InvoiceAddress": body}
            )
        else:
            session.client.create("Address", {**body, "Person": {"ID": remote.tribe_id}})

    def _write_active(self, session, link, remote, active):
        """End the relationships, or reopen the ones that we ended.

        Returns whether the relation is a customer or supplier in Tribe afterwards.
        """
        links = self.env["tribe.link"]._of_partners(
            link.connection_id, link.partner_id, ("customer", "supplier")
        )
        for kind, row in remote.relationships.items():
            relationship_link = links.get((link.partner_id.id, kind), self.env["tribe.link"])
            is_former = row.get("IsFormer") is True
            may_change = relationship_link.closed_by_us if active else True
            if active == is_former and may_change:
                entity_set = RELATIONSHIP_SETS[remote.kind][kind]
                session.client.update(entity_set, row["ID"], {"IsFormer": not active})
                row["IsFormer"] = not active
                relationship_link.closed_by_us = not active
        return remote.is_current

    def _present(self, connection, entity_set, body):
        """A body without the fields that this tenant lacks (they are on the connection's report)."""
        absent = connection._absent()
        return {name: value for name, value in body.items() if f"{entity_set}/{name}" not in absent}


def _names(values):
    return ", ".join(sorted(values))
