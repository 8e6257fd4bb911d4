from odoo import fields, models

from ..codes import RELATION_KINDS
from ..engine.problems import TryAgain
from ..mapping import (
    ADDRESS_FIELDS,
    address_body,
    organization_body,
    person_body,
    relationship_body,
)
from ..sentence import sentence
from ..tribe_api import Guid, TribeError
from ..tribe_names import ADDRESS_NAVIGATIONS, NAVIGATIONS, RELATION_SETS, RELATIONSHIP_SETS


class TribeRelationCreator(models.AbstractModel):
    """Creates relations and relationships in Tribe: never twice, whatever is lost on the way.

    What is about to be sent is noted first, for good; without an answer it is looked for in Tribe
    before it is sent again.
    """

    _name = "tribe.relation.creator"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Creator"

    def _create_relation(self, batch, decision):
        """Create a partner in Tribe: the relation and its relationship in one call."""
        partner = decision.partner
        self._check_given_up(batch, decision)
        kind = partner._tribe_kind()
        values, notes = self._values_to_create(batch, decision)
        body = self._relation_body(batch, partner, values)
        link = self._mark_as_sending(batch, partner, kind, agreed=values)
        answer = self._send_relationships(
            batch, partner, kind, decision.relationships[0], {NAVIGATIONS[kind]: body}
        )
        created = (answer.get(NAVIGATIONS[kind]) or {}).get("ID")
        if created:
            link.write({"tribe_id": created, "state": "linked"})
        if decision.numbers:
            partner._tribe_import_context().write(decision.numbers)
            self._forget_echoes(batch.connection, partner)
        batch.log("create_tribe", partner.display_name, partner=partner)
        self._log_notes(batch, link, notes)

    def _check_given_up(self, batch, decision):
        """Have Tribe be told first which number the one has who had that of a new relation.

        :raises TryAgain: as long as it was not; who that is is looked at before
        """
        connection, partner = batch.connection, decision.partner
        for name, link in decision.given_up:
            if not link._is_number_agreed(name):
                self._have_looked_at(batch, link.partner_id)
                raise self._given_up_first(connection, partner, name, link.partner_id)

    def _have_looked_at(self, batch, partner):
        """Have a contact looked at now, unless it waits for somebody, or for its next try."""
        works = self.env["tribe.work"]
        has_problem = works.search_count(
            [
                ("connection_id", "=", batch.connection.id),
                ("direction", "=", "outbound"),
                ("reference", "=", str(partner.id)),
                ("error_class", "!=", False),
            ],
            limit=1,
        )
        if not has_problem:
            works._add(batch.connection, "outbound", "partner", partner.ids, "follow")
            self.env["tribe.engine"]._wake("outbound")
            batch.commit()

    def _values_to_create(self, batch, decision):
        """The neutral values of a new relation, and notes: ``(values, {field: sentence})``."""
        partner = decision.partner
        values = {**partner._tribe_values(batch.connection), **decision.numbers}
        notes = batch.connection._not_in_tribe(values)
        doubtful = partner._tribe_doubtful(values, values.get("country_code"))
        values = {name: value for name, value in values.items() if name not in notes}
        return values, {**notes, **doubtful}

    def _relation_body(self, batch, partner, values):
        """What Tribe is told of a new relation, with its address.

        :raises CountryUnknown: when Tribe lacks the country
        """
        kind = partner._tribe_kind()
        body = self._relation_fields(batch.connection, partner, kind, values)
        if any(values.get(name) for name in ADDRESS_FIELDS):
            slot = ADDRESS_NAVIGATIONS[kind][0]
            body[slot] = self._address_body(batch.connection, values)
        if batch.connection.has_import_id:
            body["ImportId"] = batch.connection._import_id(partner, kind)
        return body

    def _mark_as_sending(self, batch, partner, kind, agreed=False):
        """Note, for good, that a relation or relationship is about to be sent.

        :param agreed: the values of a relation, by whose number it can be found as well
        """
        links = self.env["tribe.link"]
        kinds = RELATION_KINDS if kind in RELATION_KINDS else (kind,)
        known = links._of_partners(batch.connection, partner, kinds)
        link = next(iter(known.values()), links)
        values = {
            "state": "sending",
            "sent_at": fields.Datetime.now(),
            "tribe_id": False,
            "agreed": agreed,
            "import_id": False,
            "being_told": False,
        }
        if link:
            link.write({**values, "kind": kind})
        else:
            link = links.create(
                {
                    **values,
                    "connection_id": batch.connection.id,
                    "kind": kind,
                    "partner_id": partner.id,
                }
            )
        return link

    def _send_relationships(self, batch, partner, kind, relationship, body):
        """Create a customer or supplier relationship; ``body`` names or contains the relation."""
        link = self._mark_as_sending(batch, partner, relationship)
        batch.commit()
        body = {"Relation": {"ID": batch.connection.own_organization_id}, **body}
        entity_set = RELATIONSHIP_SETS[kind][relationship]
        body |= relationship_body(
            relationship, partner._tribe_values(batch.connection, [relationship])
        )
        if batch.connection.has_import_id:
            body["ImportId"] = batch.connection._import_id(partner, relationship)
        answer = batch.client.create(entity_set, body)
        if answer.get("ID"):
            link.write({"tribe_id": answer["ID"], "state": "linked"})
        return answer

    def _create_missing_relationships(self, batch, partner, link):
        """Tell Tribe what else a partner is; returns those kinds of relationship."""
        missing = self._missing_roles(batch.connection, partner)
        if not missing:
            return []
        links = self.env["tribe.link"]._of_partners(batch.connection, partner, missing)
        for kind in missing:
            if (partner.id, kind) in links:
                self._check_settled(batch, partner, links[partner.id, kind])
            body = {NAVIGATIONS[link.kind]: {"ID": link.tribe_id}}
            answer = self._send_relationships(batch, partner, link.kind, kind, body)
            if not answer.get("ID"):
                # Its ID is learnt by looking: an answer may tell nothing.
                self.env["tribe.work"]._add(
                    batch.connection, "outbound", "partner", partner.ids, "follow"
                )
        return missing

    def _complete(self, batch, partners):
        """Learn the IDs of the relations that were created inside their relationships."""
        links = self._links_by_partner(batch.connection, partners)
        unknown = partners.filtered(lambda partner: not links[partner.id].tribe_id)
        found = self._created_relations(batch, unknown)
        for partner in unknown:
            if partner.id not in found:
                # Tribe may show it later: it is looked for before anything is sent again.
                batch.failed(
                    str(partner.id),
                    TryAgain(
                        sentence("accepted_and_not_shown", contact=partner.display_name),
                        batch.connection.back_off_seconds,
                    ),
                    partner.display_name,
                )
        batch.apply_splitting_on_error(
            [partner for partner in unknown if partner.id in found],
            lambda part: [
                links[partner.id].write({"tribe_id": found[partner.id], "state": "linked"})
                for partner in part
            ],
            lambda partner, error: batch.failed(str(partner.id), error, partner.display_name),
        )
        batch.commit()
        for partner in self._still_open(batch, partners):
            self._complete_one(batch, partner, links[partner.id])

    def _complete_one(self, batch, partner, link):
        """Create the second relationship of who is customer and supplier."""
        reference = str(partner.id)
        try:
            self._create_missing_relationships(batch, partner, link)
            batch.done(reference)
            batch.commit()
        except Exception as error:  # noqa: BLE001 - classified by the batch
            batch.rollback()
            if isinstance(error, TribeError) and not error.outcome_unknown:
                self._forget_sending(batch, partner)
            batch.failed(reference, error, partner.display_name)

    def _created_relations(self, batch, partners):
        """``{partner_id: relation_id}``, read from the relationships just created."""
        found = {}
        links = self.env["tribe.link"]._of_partners(
            batch.connection, partners, ("customer", "supplier")
        )
        for kind, sets in RELATIONSHIP_SETS.items():
            navigation = NAVIGATIONS[kind]
            for relationship, entity_set in sets.items():
                wanted = {
                    link.tribe_id: link.partner_id.id
                    for link in links.values()
                    if link.kind == relationship
                    and link.tribe_id
                    and link.partner_id._tribe_kind() == kind
                }
                if not wanted:
                    continue
                rows = batch.client.by_values(
                    entity_set,
                    "ID",
                    [Guid(tribe_id) for tribe_id in wanted],
                    expand=f"{navigation}($select=ID)",
                    select="ID",
                )
                found |= {
                    wanted[row["ID"]]: row[navigation]["ID"] for row in rows if row.get(navigation)
                }
        return found

    # What Tribe is told, as it names it

    def _still_open(self, batch, partners):
        still_open = set(batch.references)
        return partners.filtered(lambda partner: str(partner.id) in still_open)

    def _relation_fields(self, connection, partner, kind, values, before=None):
        """The fields of a relation itself, as Tribe names them.

        :param before: the parts of a person's name as Tribe has them
        """
        if kind == "organization":
            body = organization_body(values)
        else:
            body = person_body(values, partner._tribe_person_name(before))
        return self._present(connection, RELATION_SETS[kind], body)

    def _address_body(self, connection, values, country_code=None):
        """The address fields of some neutral values, as Tribe names them."""
        address = {name: values[name] for name in ADDRESS_FIELDS if name in values}
        return address_body(
            address, connection.country_ids or {}, country_code, connection.state_ids
        )

    def _present(self, connection, entity_set, body):
        """A body without the fields that this tenant lacks (the connection's report has them)."""
        absent = connection._absent()
        return {name: value for name, value in body.items() if f"{entity_set}/{name}" not in absent}
