from dataclasses import replace
from datetime import timezone

from odoo import models
from odoo.fields import Domain

from ..engine.problems import TryAgain
from ..engine.same_text import is_same_text
from ..mapping import NUMBER_FIELDS, canonical, clean_start, evidence, has_country_code, likeness
from ..mapping.evidence import Outcome, judge
from ..mapping.likeness import Facts
from ..sentence import sentence
from .decision import MOST_CANDIDATES, Candidate, against_sentences
from .domains import at_postcode
from .relation_reader import name_of
from .similarity import facts_of_row


class TribeRelationMatcher(models.AbstractModel):
    """What speaks for and against a contact being a relation (``mapping.evidence``)."""

    _inherit = "tribe.relation.matcher"

    def _judge(self, batch, decision, relation, row, *, is_left_out=False):
        """Leave it to a person where something speaks against what is proof.

        :param relation: what is known of the relation (``Facts``)
        :param is_left_out: whether the contact is none that the connection synchronizes
        :raises TryAgain: when the proof is there no more
        """
        connection, partner = batch.connection, decision.partner
        contact = self._contact_facts(connection, partner, decision.link)
        contact = replace(contact, is_left_out=is_left_out)
        remote = decision.remote
        refused = remote and self.env["tribe.suggestion"]._refused_of(connection, [remote.tribe_id])
        others = self._named_besides(connection, decision, contact, relation, refused)
        namesakes = self._namesakes(connection, decision, contact, relation, refused)
        in_tribe = self._namesakes_in_tribe(connection, decision, contact, relation)
        relation = replace(
            relation,
            names_another=bool(others),
            has_namesake=bool(namesakes or in_tribe),
            names_nobody=self._names_nobody(connection, remote, contact, refused),
            has_number_again=self._has_number_again(connection, decision.link, relation, row),
        )
        shared = self._shared_by_many(connection, decision, contact, relation)
        verdict = judge(contact, relation, shared_by_many=shared)
        if verdict.outcome == Outcome.QUESTION:
            against = against_sentences(verdict.against, contact.values, relation.values)
            decision.candidates = [
                *(
                    Candidate(each, relation.kind, row["ID"], name_of(row), basis, speaking)
                    for each, basis, speaking in (
                        (partner, verdict.basis, against),
                        *self._others_asked(connection, namesakes | others, relation),
                    )
                ),
                *in_tribe,
            ]
            decision.ask(self._could_be(connection, decision))
        elif verdict.outcome != Outcome.SAME:
            raise TryAgain(sentence("not_shown_yet", contact=partner.display_name))

    def _shared_by_many(self, connection, decision, contact, relation):
        """What of a contact so many have that it says nothing, where the name says no more."""
        if not likeness.is_named_otherwise(contact, relation):
            return ()
        keys = likeness.weak_keys(contact.values)
        counted = self._count_contacts(connection, dict.fromkeys(keys, contact.values))
        counts = [(basis, counted[basis, key], 1) for basis, key in keys]
        counts += [(basis, 1, len(rows)) for (basis, _key), rows in decision.alike.items()]
        return {
            basis
            for basis, contacts, relations in counts
            if basis != likeness.ADDRESS and evidence.is_shared_by_many(contacts, relations)
        }

    def _others_asked(self, connection, others, relation):
        """``(partner, basis, against)`` of the others whom a relation names, as it is shown."""
        for other, basis in others.items():
            contact = self._contact_facts(connection, other, self._relation_link(connection, other))
            verdict = judge(contact, replace(relation, names_another=True))
            yield other, basis, against_sentences(verdict.against, contact.values, relation.values)

    def _named_besides(self, connection, decision, contact, relation, refused):
        """Whom else a relation carries the proof of, and which: ``{partner: basis}``.

        Its ``ImportId`` is that of one and its number of another. Not whom a person keeps apart
        from it; nor by a number, which may have been given up, who is linked, nor by one that so
        many have that it means nothing.

        :param refused: the pairs about the relation that a person keeps apart
        """
        partner, remote = decision.partner, decision.remote
        if not remote:
            return {}
        named = connection._partner_of_import_id(remote.entity.get("ImportId"))
        found = dict.fromkeys(named, evidence.IMPORT_ID)
        values = remote.values()
        for name in NUMBER_FIELDS:
            if not values.get(name) or likeness.share_number(name, contact, relation):
                continue
            having = self._partners_with(connection, name, values[name])
            if evidence.is_shared_by_many(len(having), 1):
                continue
            for other in having:
                link = self._relation_link(connection, other)
                if not link.tribe_id or link.state == "gone":
                    found.setdefault(other, name)
        return {
            other: basis
            for other, basis in found.items()
            if other != partner and (other.id, remote.tribe_id) not in refused
        }

    def _namesakes(self, connection, decision, contact, relation, refused):
        """Who else has the name of a relation, and what both share: ``{partner: basis}``.

        Not whom a person keeps apart from it.

        :param refused: the pairs about the relation that a person keeps apart
        """
        found = {}
        if not decision.remote or not likeness.is_named_otherwise(contact, relation):
            return found
        for other in self._contacts_named(connection, relation.values) - decision.partner:
            facts = Facts(other._tribe_kind(), self._weak_values(connection, other))
            shared = evidence.namesake_shares(facts, contact, relation)
            if shared and (other.id, decision.tribe_id) not in refused:
                found[other] = shared[0]
        return found

    def _look_for_namesakes(self, batch, decisions):
        """Read which relations share a value with contacts that are named otherwise than theirs.

        In few calls for all of them.
        """
        connection = batch.connection
        wanted = {}
        for decision in decisions:
            with self._alone(decision):
                contact = self._contact_facts(connection, decision.partner, decision.link)
                relation = self._relation_facts(decision.remote)
                if likeness.is_named_otherwise(contact, relation):
                    values = evidence.of_namesake(contact, relation)
                    wanted.setdefault(relation.kind, []).append((decision, values))
        for kind, of_kind in wanted.items():
            found = self._relations_with(batch, kind, [values for _each, values in of_kind])
            for decision, values in of_kind:
                decision.alike = {
                    pair: found[pair] for pair in likeness.weak_keys(values) if pair in found
                }

    def _namesakes_in_tribe(self, connection, decision, contact, relation):
        """The relations with the name of a contact that share no less with it: ``[Candidate]``.

        Not those that are linked, left to Odoo, kept apart from it or ourselves.
        """
        shared = set(likeness.shared_details(contact, relation))
        rows, bases = {}, {}
        for (basis, _key), found in decision.alike.items():
            for row in found:
                rows[row["ID"]] = {**row, "kind": relation.kind}
                bases.setdefault(row["ID"], []).append(basis)
        named = [
            tribe_id
            for tribe_id, row in rows.items()
            if shared.issubset(bases[tribe_id])
            and likeness.is_named_alike(contact, facts_of_row(row))
        ]
        if not named:
            return []
        partner = decision.partner
        others = connection._own_relation_ids() | self.env["tribe.link"]._taken(connection, named)
        refused = self.env["tribe.suggestion"]._refused(connection, partner)
        return [
            Candidate(partner, relation.kind, each, name_of(rows[each]), bases[each][0])
            for each in named
            if each not in others and (partner.id, each) not in refused
        ]

    def _contacts_named(self, connection, values):
        """The contacts that Tribe has not, archived or not, with a name and something else."""
        shares = [
            self._shares(basis, values)
            for basis, _key in likeness.weak_keys(values)
            if basis != likeness.ADDRESS
        ]
        if postcode := canonical("zip", values.get("zip")):
            shares.append(at_postcode(postcode))
        named = is_same_text("name", values["name"]) & Domain.OR(shares)
        return (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(named & self._unlinked_domain(connection), limit=MOST_CANDIDATES, order="id")
        )

    def _names_nobody(self, connection, remote, contact, refused):
        """Whether a relation carries an ``ImportId`` of ours of nobody who is synchronized.

        As after a restored backup of Odoo. Where the link still tells that it was deleted, its
        place can be taken, and what a person keeps apart says nothing.

        :param refused: the pairs about the relation that a person keeps apart
        """
        import_id = remote and remote.entity.get("ImportId")
        if not import_id or import_id in contact.import_ids:
            return False
        if not connection._is_import_id_of_ours(import_id):
            return False
        link = self.env["tribe.link"]._of_tribe(connection, [remote.tribe_id])
        named = connection._partner_named_by(import_id)
        return (
            not link
            and (named.id, remote.tribe_id) not in refused
            and not connection._partner_of_import_id(import_id)
        )

    def _has_number_again(self, connection, link, relation, row):
        """Whether the number of a relation may have been given a second time, in Odoo or in Tribe.

        It is the relation of a contact that was merged into another one, whose number is free in
        Odoo since; or the contact had the number with a relation that is gone.

        :param link: that of the contact
        """
        of_relation = self.env["tribe.link"]._of_tribe(connection, [row["ID"]]).get(row["ID"])
        if of_relation and (of_relation.state == "merged" or of_relation.merged_into_id):
            return True
        had = (link.agreed or {}) if link and link.state == "gone" else {}
        former = Facts(
            relation.kind, numbers={name: {had.get(name)} - {None} for name in NUMBER_FIELDS}
        )
        return any(likeness.share_number(name, former, relation) for name in NUMBER_FIELDS)

    def _contact_facts(self, connection, partner, link):
        """What a contact tells of itself; of what is being sent, what was sent."""
        sent = (link.agreed or {}) if link and link.state == "sending" else {}
        values = {**partner._tribe_values(connection), **sent}
        return Facts(
            kind=partner._tribe_kind(),
            values={**values, likeness.REGISTRY: clean_start(partner.company_registry)},
            import_ids=[
                *connection._import_ids(partner, partner._tribe_kind()),
                *filter(None, link.mapped("import_id") if link else ()),
            ],
            numbers={
                name: {partner._tribe_number(connection, name), sent.get(name)} - {None, False}
                for name in NUMBER_FIELDS
            },
            created=partner.create_date and partner.create_date.replace(tzinfo=timezone.utc),
            is_linked=bool(link and link.tribe_id and link.state != "gone"),
        )

    def _relation_facts(self, remote):
        """What a relation tells of itself."""
        values = remote.values()
        registry = remote.entity.get("ChamberOfCommerceNumber")
        return Facts(
            kind=remote.kind,
            values={
                **values,
                # What a country is called in Tribe is nothing to compare.
                **({} if has_country_code(values) else {"country_code": None}),
                likeness.REGISTRY: clean_start(registry),
            },
            import_ids=[remote.entity.get("ImportId")],
            numbers={name: {values.get(name)} - {None} for name in NUMBER_FIELDS},
            created=evidence.created_at(remote.entity.get("CreationDate")),
        )
