from collections import Counter

from odoo import models
from odoo.fields import Domain

from ..codes import RELATION_KINDS
from ..engine.same_text import is_same_text
from ..mapping import canonical, evidence, is_too_long, likeness
from ..mapping.likeness import Facts
from . import similarity
from .decision import Candidate, against_sentences
from .domains import COMMERCIAL, at_postcode
from .relation_reader import name_of
from .similarity import facts_of_row


class TribeRelationMatcher(models.AbstractModel):
    """Whom a contact or a relation could be, by what is no proof."""

    _inherit = "tribe.relation.matcher"

    def _candidates_in_tribe(self, batch, partners):
        """Relations of Tribe that unlinked partners could be: ``{partner_id: [Candidate]}``.

        Not the ones that are linked to somebody, left to Odoo or ourselves, nor what a person
        refused before.
        """
        connection = batch.connection
        values = {partner: self._weak_values(connection, partner) for partner in partners}
        facts = {partner: Facts(partner._tribe_kind(), each) for partner, each in values.items()}
        shared = [
            (partner, kind, pair, rows_of[pair])
            for kind in RELATION_KINDS
            if (rows_of := self._relations_with(batch, kind, list(values.values())))
            for partner, each in values.items()
            for pair in likeness.weak_keys(each)
            if pair in rows_of and not evidence.is_shared_by_many(1, len(rows_of[pair]))
        ]
        contacts = self._count_contacts(
            connection, {pair: values[partner] for partner, _kind, pair, _rows in shared}
        )
        found = {partner: [] for partner in partners}
        for partner, kind, pair, rows in shared:
            if not evidence.is_shared_by_many(contacts[pair], len(rows)):
                rows = [{**row, "kind": kind} for row in rows]
                found[partner].append((rows, pair[0]))
        tribe_ids = {row["ID"] for each in found.values() for rows, _b in each for row in rows}
        others = connection._own_relation_ids()
        others |= self.env["tribe.link"]._taken(connection, tribe_ids)
        refused = self.env["tribe.suggestion"]._refused(connection, partners)
        return {
            partner.id: [
                _suggested(
                    partner, facts[partner], facts_of_row(row), row["ID"], name_of(row), basis
                )
                for row, basis in _each_once(each, facts[partner], facts_of_row)
                if row["ID"] not in others and (partner.id, row["ID"]) not in refused
            ]
            for partner, each in found.items()
        }

    def _relations_with(self, batch, kind, all_values):
        """Relations of Tribe that share some weak values: ``{(basis, key): [row]}``.

        Of what many share, not all.
        """
        connection, client = batch.connection, batch.client
        found = {}
        bases = likeness.SINGLE_VALUES if kind == "organization" else (likeness.EMAIL,)
        for basis in bases:
            texts = [each[basis] for each in all_values if each.get(basis)]
            rows = similarity.find_by_value(connection, client, kind, basis, texts)
            found |= {(basis, key): each for key, each in rows.items()}
        places = {
            (each["zip"], key[-1])
            for each in all_values
            for basis, key in likeness.weak_keys(each)
            if basis == likeness.ADDRESS
        }
        rows = similarity.find_by_address(connection, client, kind, places)
        return found | {(likeness.ADDRESS, key): each for key, each in rows.items()}

    def _weak_values(self, connection, partner):
        """What a partner can share with a relation, among its neutral values."""
        if partner._tribe_too_long(connection):
            # Nobody looks at it, but by the rest it can be somebody all the same.
            names = ("name", "vat", "email", "zip", "street")
            texts = {name: partner[name] for name in names}
            values = {name: text for name, text in texts.items() if not is_too_long(text)}
        else:
            values = partner._tribe_values(connection)
        # Also of a person, who has none of these in Tribe.
        numbers = {name: partner[name] for name in (likeness.VAT, likeness.REGISTRY)}
        return values | {n: None if is_too_long(text) else text for n, text in numbers.items()}

    def _candidates_in_odoo(self, batch, remotes):
        """Unlinked contacts that relations could be: ``{tribe_id: [Candidate]}``."""
        connection = batch.connection
        facts = {remote.tribe_id: self._relation_facts(remote) for remote in remotes}
        values = {tribe_id: each.values for tribe_id, each in facts.items()}
        partners = self._contacts_of_few(connection, values.values())
        refused = self.env["tribe.suggestion"]._refused(connection, partners)
        alike, contacts = {}, {}
        for partner in partners:
            of_partner = self._weak_values(connection, partner)
            contacts[partner] = Facts(partner._tribe_kind(), of_partner)
            for pair in likeness.weak_keys(of_partner):
                alike.setdefault(pair, []).append(partner)
        shared = {
            tribe_id: [pair for pair in likeness.weak_keys(each) if pair in alike]
            for tribe_id, each in values.items()
        }
        relations = self._count_relations(batch, remotes, values, shared)
        found = {}
        for remote in remotes:
            relation = facts[remote.tribe_id]
            of_few = [
                (alike[pair], pair[0])
                for pair in shared[remote.tribe_id]
                if not evidence.is_shared_by_many(len(alike[pair]), relations[(remote.kind, *pair)])
            ]
            found[remote.tribe_id] = [
                _suggested(
                    partner, contacts[partner], relation, remote.tribe_id, remote.name, basis
                )
                for partner, basis in _each_once(of_few, relation, contacts.get)
                if (partner.id, remote.tribe_id) not in refused
            ]
        return found

    def _count_relations(self, batch, remotes, values, shared):
        """How many relations of Tribe share weak values with contacts: ``Counter``.

        :param shared: ``{tribe_id: [(basis, key)]}``
        """
        found = Counter()
        for kind in RELATION_KINDS:
            wanted = [
                {name: values[remote.tribe_id].get(name) for name in likeness.MADE_OF[basis]}
                for remote in remotes
                if remote.kind == kind
                for basis, _key in shared[remote.tribe_id]
            ]
            for pair, rows in self._relations_with(batch, kind, wanted).items():
                found[(kind, *pair)] = len(rows)
        return found

    def _contacts_of_few(self, connection, all_values):
        """The contacts that Tribe has not, archived or not, that share weak values of few."""
        wanted = {pair: each for each in all_values for pair in likeness.weak_keys(each)}
        contacts = self._count_contacts(connection, wanted)
        shares = Domain.OR(
            self._shares(basis, values)
            for (basis, key), values in wanted.items()
            if (contacts[basis, key] or basis == likeness.ADDRESS)
            and not evidence.is_shared_by_many(contacts[basis, key], 1)
        )
        partners = self.env["res.partner"].with_context(active_test=False)
        if shares.is_false():
            return partners
        return partners.search(shares & self._unlinked_domain(connection), order="id")

    def _unlinked_domain(self, connection):
        """The contacts that Tribe has not, and that could be a relation of a connection."""
        linked = self.env["tribe.link"]._search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("partner_id", "!=", False)
            # Somebody may have entered in Tribe again whom it has no more, or has not got yet.
            & Domain("state", "not in", ("gone", "sending"))
        )
        unlinked = Domain("id", "not in", linked.subselect("partner_id"))
        return unlinked & self._weak_domain(connection)

    def _count_contacts(self, connection, wanted):
        """How many contacts, linked or not, share some weak values: ``Counter {(basis, key)}``.

        Of an address, how many have the name and the postcode. One query for each basis.

        :param wanted: ``{(basis, key): neutral values}``
        """
        partners = self.env["res.partner"].with_context(active_test=False)
        found = Counter()
        for basis in likeness.SUGGESTIONS:
            keys = [key for each, key in wanted if each == basis]
            if not keys:
                continue
            names = ("name", "zip") if basis == likeness.ADDRESS else (basis,)
            shares = Domain.OR(self._shares(basis, wanted[basis, key]) for key in keys)
            counted = Counter()
            for *texts, count in partners._read_group(
                shares & self._weak_domain(connection), names, ["__count"]
            ):
                counted[_group_key(basis, texts)] += count
            for key in keys:
                found[basis, key] = counted[key[:2] if basis == likeness.ADDRESS else key]
        return found

    def _shares(self, basis, values):
        """The contacts that share a weak value, as a domain; of an address, all but the number."""
        if basis == likeness.EMAIL:
            return is_same_text("email", values["email"])
        if basis in (likeness.VAT, likeness.REGISTRY):
            return Domain(basis, "in", similarity.variants(values[basis]))
        named = is_same_text("name", values["name"])
        return named & at_postcode(canonical("zip", values["zip"]))

    def _weak_domain(self, connection):
        """The contacts that could be a relation of a connection."""
        return (
            Domain(COMMERCIAL)
            & Domain("company_id", "in", [False, *connection._companies_of_contacts().ids])
            & Domain("id", "not in", connection._own_partner_ids())
            & connection._tenant_domain()
        )


def _group_key(basis, texts):
    if basis != likeness.ADDRESS:
        return likeness.key_of(basis, *texts)
    name, postcode = texts
    return (canonical("name", name) or "").casefold(), canonical("zip", postcode)


def _each_once(found, facts, facts_of):
    """``(record, basis)`` of ``([record], basis)``: of each record the first basis that counts.

    :param facts: what is known of what the records could be the same as
    :param facts_of: tells what is known of one of the records
    """
    seen = []
    for records, basis in found:
        for record in records:
            if record not in seen and evidence.suggests(basis, facts, facts_of(record)):
                seen.append(record)
                yield record, basis


def _suggested(partner, contact, relation, tribe_id, name, basis):
    """The candidate of two that share what is no proof."""
    against = against_sentences(evidence.against_suggestion(contact, relation), {}, {})
    return Candidate(partner, relation.kind, tribe_id, name, basis, against)
