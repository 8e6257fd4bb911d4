from itertools import islice
from operator import itemgetter

from odoo import models
from odoo.fields import Domain

from ..engine import weak_match
from ..engine.lease import tribe_key
from ..engine.literal_pattern import literal_pattern
from ..engine.problems import NeedsPerson
from ..engine.relation_decision import MOST_CANDIDATES, Candidate
from ..engine.remote_relation import find_by_import_ids, find_by_numbers, name_of
from ..mapping import is_too_long
from ..sentence import Choice, sentence
from ..tribe_api import LONGEST_SOUGHT
from .tribe_link import RELATION_KINDS
from .tribe_relation_synchronizer import WIRE_NUMBERS


class TribeRelationMatcher(models.AbstractModel):
    """Which relation of Tribe a contact of Odoo is, and which it could be.

    Our ``ImportId`` and the debtor or creditor number are proof. What is weaker (VAT, registry
    number, e-mail, address) makes a candidate: a person links the two, or refuses.
    """

    _name = "tribe.relation.matcher"
    _inherit = "tribe.relation.synchronizer"
    _description = "Tribe Relation Matcher"

    # Proof

    def _find_matches(self, session, partners):
        """Relations of Tribe that each partner may be: ``{partner_id: [row with kind]}``."""
        connection = session.connection
        matches = {partner.id: {} for partner in partners}
        if connection.has_import_id:
            for kind in RELATION_KINDS:
                import_ids = {
                    import_id: partner
                    for partner in partners
                    for import_id in connection._import_ids(partner, kind)
                }
                for import_id, rows in find_by_import_ids(session.client, kind, import_ids).items():
                    matches[import_ids[import_id].id] |= {
                        row["ID"]: {**row, "kind": kind} for row in rows
                    }
        for name, wire in WIRE_NUMBERS.items():
            numbers = {partner: partner._tribe_number(connection, name) for partner in partners}
            sought = [each for each in numbers.values() if each and len(each) <= LONGEST_SOUGHT]
            found = find_by_numbers(connection, session.client, wire, sought)
            for partner, number in numbers.items():
                # A relation with our ImportId is ours; numbers then prove nothing more.
                if number and not any("ImportId" in row for row in matches[partner.id].values()):
                    matches[partner.id] |= {row["ID"]: row for row in found.get(number, [])}
        return {partner_id: list(rows.values()) for partner_id, rows in matches.items()}

    def _only_match(self, session, partner, rows):
        """The one relation that a partner is, or None.

        :raises NeedsPerson: when it could be several, is of the other kind or is taken
        """
        if len(rows) > 1:
            raise self._several(partner, rows)
        if not rows:
            return None
        (row,) = rows
        if row["kind"] != partner._tribe_kind():
            raise self._other_kind(partner, row)
        owner = session.claims.setdefault(row["ID"], self._owner(session, row["ID"]) or partner)
        if owner != partner:
            raise self._taken(session.connection, partner, row, owner)
        if not session.leases.take(tribe_key(session.connection.id, row["ID"])):
            raise self._busy(partner)
        return row

    def _owner(self, session, tribe_id):
        """The partner that a relation is linked to, or an empty set."""
        links = self.env["tribe.link"]
        owner = links._of_tribe(session.connection, [tribe_id]).get(tribe_id, links).partner_id
        return owner - session.connection._no_longer_linked(owner)

    # What is weaker

    def _candidates_in_tribe(self, session, partners):
        """Relations of Tribe that unlinked partners could be.

        Not the ones that are linked to somebody, nor what a person refused before.

        :returns: ``{partner_id: ([Candidate], how many more there are)}``
        """
        shared = {partner: [] for partner in partners}
        for kind in RELATION_KINDS:
            of_kind = partners.filtered(lambda partner, kind=kind: partner._tribe_kind() == kind)
            for partner, rows, basis in self._weak_rows(session, kind, of_kind):
                shared[partner].append((rows, basis))
        tribe_ids = {row["ID"] for found in shared.values() for rows, _b in found for row in rows}
        linked = {
            tribe_id
            for tribe_id, link in self.env["tribe.link"]
            ._of_tribe(session.connection, tribe_ids)
            .items()
            if link.partner_id
        }
        refused = self.env["tribe.suggestion"]._refused(session.connection, partners)
        return {
            partner.id: _first_candidates(
                Candidate(partner, partner._tribe_kind(), row["ID"], name_of(row), basis)
                for row, basis in _each_once(found)
                if row["ID"] not in linked and (partner.id, row["ID"]) not in refused
            )
            for partner, found in shared.items()
        }

    def _weak_rows(self, session, kind, partners):
        """``(partner, rows, basis)`` for what a partner and relations of Tribe share."""
        if not partners:
            return
        connection, client = session.connection, session.client
        values = {partner: self._weak_values(connection, partner) for partner in partners}
        bases = weak_match.BASES[:-1] if kind == "organization" else (weak_match.EMAIL,)
        for basis in bases:
            texts = [each[basis] for each in values.values() if each[basis]]
            rows = weak_match.find_by_value(connection, client, kind, basis, texts)
            for partner in partners:
                yield partner, rows.get(weak_match.key_of(basis, values[partner][basis]), []), basis
        keys = {partner: values[partner][weak_match.ADDRESS] for partner in partners}
        places = {
            (partner._tribe_values(connection).get("zip"), key[-1])
            for partner, key in keys.items()
            if key
        }
        rows = weak_match.find_by_address(connection, client, kind, places)
        for partner in partners:
            yield partner, rows.get(keys[partner], []), weak_match.ADDRESS

    def _weak_values(self, connection, partner):
        """What a partner can share with a relation: ``{basis: value}``."""
        if partner._tribe_too_long(connection):
            # Nobody looks at it, but by the rest it can be somebody all the same.
            names = ("name", "vat", "email", "zip", "street")
            texts = {name: partner[name] for name in names}
            values = {name: text for name, text in texts.items() if not is_too_long(text)}
        else:
            values = partner._tribe_values(connection)
        registry = partner.company_registry
        return {
            weak_match.VAT: values.get("vat"),
            weak_match.REGISTRY: None if is_too_long(registry) else registry,
            weak_match.EMAIL: values.get("email"),
            weak_match.ADDRESS: weak_match.address_key(
                *(values.get(name) for name in ("name", "zip", "street", "country_code"))
            ),
        }

    def _candidates_in_odoo(self, session, remotes):
        """Unlinked contacts that relations could be.

        :returns: ``{tribe_id: ([Candidate], how many more there are)}``
        """
        partners = self._weak_partners(session, remotes)
        refused = self.env["tribe.suggestion"]._refused(session.connection, partners)
        alike = {}
        for partner in partners:
            values = self._weak_values(session.connection, partner)
            for basis, key in _weak_keys(values):
                alike.setdefault((partner._tribe_kind(), basis, key), []).append(partner)
        found = {}
        for remote in remotes:
            keys = _weak_keys(self._weak_values_of(remote))
            shared = [(alike.get((remote.kind, basis, key), []), basis) for basis, key in keys]
            found[remote.tribe_id] = _first_candidates(
                Candidate(partner, remote.kind, remote.tribe_id, remote.name, basis)
                for partner, basis in _each_once(shared, lambda partner: partner.id)
                if (partner.id, remote.tribe_id) not in refused
            )
        return found

    def _weak_partners(self, session, remotes):
        """Contacts, archived or not, that share something with one of some relations."""
        connection = session.connection
        shared = Domain.FALSE
        for remote in remotes:
            values = remote.values()
            registry = remote.entity.get("ChamberOfCommerceNumber")
            if weak_match.key_of(weak_match.VAT, values.get("vat")):
                shared |= Domain("vat", "in", weak_match.variants(values["vat"]))
            if weak_match.key_of(weak_match.REGISTRY, registry):
                shared |= Domain("company_registry", "in", weak_match.variants(registry))
            if weak_match.key_of(weak_match.EMAIL, values.get("email")):
                shared |= Domain("email", "=ilike", literal_pattern(values.get("email")))
            if values.get("zip") and values["name"]:
                shared |= Domain("name", "=ilike", literal_pattern(values["name"]))
        if shared.is_false():
            return self.env["res.partner"]
        linked = self.env["tribe.link"]._search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("partner_id", "!=", False)
        )
        domain = (
            shared
            & Domain("parent_id", "=", False)
            & Domain("company_id", "in", [False, *connection._companies().ids])
            & Domain("id", "not in", connection._own_partner_ids())
            & Domain("id", "not in", linked.subselect("partner_id"))
            & connection._tenant_domain()
        )
        return self.env["res.partner"].with_context(active_test=False).search(domain, order="id")

    def _weak_values_of(self, remote):
        values = remote.values()
        return {
            weak_match.VAT: values.get("vat"),
            weak_match.REGISTRY: remote.entity.get("ChamberOfCommerceNumber"),
            weak_match.EMAIL: values.get("email"),
            weak_match.ADDRESS: weak_match.address_key(
                *(values.get(name) for name in ("name", "zip", "street", "country_code"))
            ),
        }

    # Questions

    def _could_be(self, connection, decision):
        """The question about the candidates of a decision."""
        bases = sorted({candidate.basis for candidate in decision.candidates})
        partners = {candidate.partner for candidate in decision.candidates}
        subject = sentence("relation_in_tribe", relation=decision.candidates[0].name)
        objects = sorted({self._name_of_other(connection, each) for each in partners})
        where = sentence("in_odoo")
        if len(partners) == 1 and not decision.remote:
            subject = decision.partner.display_name
            objects = [f"“{candidate.name}”" for candidate in decision.candidates]
            where = sentence("in_tribe")
        if decision.more_candidates:
            objects.append(sentence("and_more", count=decision.more_candidates))
        return NeedsPerson(
            sentence(
                "possible_match",
                subject=subject,
                objects=objects,
                where=where,
                basis=[Choice("tribe.suggestion", "basis", basis) for basis in bases],
            ),
        )

    def _several(self, partner, rows):
        return NeedsPerson(
            sentence(
                "contact_could_be_several_relations",
                partner=partner.display_name,
                count=len(rows),
                names=sorted(name_of(row) for row in rows),
            ),
        )

    def _other_kind(self, partner, row):
        return NeedsPerson(
            sentence(
                "contact_of_other_kind",
                partner=partner.display_name,
                relation=name_of(row),
            ),
        )

    def _taken(self, connection, partner, row, owner):
        other = owner and self._name_of_other(connection, owner, partner)
        return NeedsPerson(
            sentence(
                "number_of_linked_relation",
                partner=partner.display_name,
                relation=name_of(row),
                other=other or sentence("a_deleted_contact"),
            ),
        )


def _weak_keys(values):
    """What some values (``{basis: value}``) are compared by: ``(basis, key)``, the best first."""
    for basis in weak_match.BASES:
        is_key = basis == weak_match.ADDRESS
        key = values[basis] if is_key else weak_match.key_of(basis, values[basis])
        if key:
            yield basis, key


def _each_once(found, key_of=itemgetter("ID")):
    """``(record, basis)`` of ``([record], basis)``: of each record the first basis."""
    seen = set()
    for records, basis in found:
        for record in records:
            key = key_of(record)
            if key not in seen:
                seen.add(key)
                yield record, basis


def _first_candidates(candidates):
    """Those that a person is shown, and how many more there are."""
    candidates = iter(candidates)
    return list(islice(candidates, MOST_CANDIDATES)), sum(1 for _each in candidates)
