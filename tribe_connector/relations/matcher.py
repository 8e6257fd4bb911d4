from collections import Counter
from dataclasses import replace
from datetime import timezone
from itertools import chain

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import RELATION_KINDS
from ..engine.leases import tribe_key
from ..engine.problems import NeedsPerson, TryAgain
from ..engine.same_text import is_same_text, is_short
from ..mapping import canonical, clean_start, evidence, has_country_code, is_too_long
from ..mapping.evidence import Facts, Outcome, judge
from ..sentence import Choice, sentence
from ..tribe_api import LONGEST_SOUGHT
from ..tribe_names import RELATION_SETS
from . import similarity
from .decision import (
    MOST_CANDIDATES,
    Candidate,
)
from .domains import COMMERCIAL
from .remote_relation import (
    find_by_import_ids,
    find_by_numbers,
    name_of,
)
from .synchronizer import (
    BUSY_SECONDS,
    NUMBER_NAMES,
    NUMBERS,
    WIRE_NUMBERS,
)

# So many contacts that each get the number of the next one are looked at; nobody makes longer
# chains by mistake.
MOST_IN_TURN = 40
# What speaks against two being the same, in a sentence.
AGAINST = {
    evidence.VAT: "against_vat",
    evidence.REGISTRY: "against_company_registry",
    evidence.CONTACT_DETAILS: "against_contact_details",
    evidence.NAME: "against_name",
    evidence.YOUNGER: "against_younger",
    evidence.KIND: "against_kind",
    evidence.LINKED: "against_linked",
    evidence.LEFT_OUT: "against_left_out",
    evidence.ANOTHER: "against_another",
    evidence.NOBODY: "against_nobody",
    evidence.AGAIN: "against_again",
    evidence.NAMESAKE: "against_namesake",
}


class TribeRelationMatcher(models.AbstractModel):
    """Which relation of Tribe a contact of Odoo is, and which it could be.

    Here is gathered what ``mapping.evidence`` judges: what both sides tell of themselves, what a
    person has decided, and how many share a value.
    """

    _name = "tribe.relation.matcher"
    _inherit = "tribe.relation.synchronizer"
    _description = "Tribe Relation Matcher"

    # Proof

    def _find_matches(self, batch, partners):
        """Relations of Tribe that prove to be a partner, and those that do and are kept apart.

        A person said *Different*, the ``ImportId`` of one is on the relation of another, or the
        number of one is that of a relation that is left to Odoo.
        And whose relation still has a number of a partner, which its contact has given up.

        :returns: two of ``{partner_id: [row with kind]}``, and ``{partner_id: [(field, link)]}``
        """
        # Tribe may say of very many that they are one and the same.
        matches = {partner.id: {} for partner in partners}
        apart = {partner.id: [] for partner in partners}
        found = list(self._rows_with_import_id(batch, partners))
        not_one = self._apart(batch, partners, found)
        for partner, row in found:
            if (partner.id, row["ID"]) in not_one:
                apart[partner.id].append(row)
            else:
                matches[partner.id][row["ID"]] = row
        # A relation with our ImportId is ours; numbers then prove nothing more.
        others = partners.filtered(lambda partner: not matches[partner.id])
        refused = self.env["tribe.suggestion"]._refused(batch.connection, others)
        given_up = {partner.id: [] for partner in partners}
        with_numbers = list(self._rows_with_numbers(batch, others))
        left = self._left_to_odoo(batch, [row for _partner, _name, row, _link in with_numbers])
        for partner, name, row, link in with_numbers:
            if link:
                given_up[partner.id].append((name, link))
            elif row["ID"] in left or (partner.id, row["ID"]) in refused:
                apart[partner.id].append(row)
            else:
                matches[partner.id].setdefault(row["ID"], row)
        matches = {partner_id: list(rows.values()) for partner_id, rows in matches.items()}
        return matches, apart, given_up

    def _apart(self, batch, partners, found):
        """Which relations are not a partner, whatever they carry of it: ``{(partner_id, ID)}``.

        :param found: ``(partner, row)`` of some partners
        """
        refused = self.env["tribe.suggestion"]._refused(batch.connection, partners)
        owners = self._owners(batch, {row["ID"] for _partner, row in found})
        return refused | {
            (partner.id, row["ID"])
            for partner, row in found
            if owners.get(row["ID"], partner) != partner
        }

    def _left_to_odoo(self, batch, rows):
        """The IDs of those relations that are left to Odoo, which no other contact is."""
        tribe_ids = {row["ID"] for row in rows}
        return self.env["tribe.link"]._left_to_odoo(batch.connection, tribe_ids)

    def _rows_with_import_id(self, batch, partners):
        """``(partner, row with kind)`` of the relations that carry an ``ImportId`` of ours.

        Of those that are left to Odoo not even that is taken off.
        """
        connection = batch.connection
        own = connection._own_relation_ids()
        for kind in RELATION_KINDS if connection.has_import_id else ():
            import_ids = {
                import_id: partner
                for partner in partners
                for import_id in connection._import_ids(partner, kind)
            }
            found = find_by_import_ids(batch.client, kind, import_ids)
            nobody = own | self._left_to_odoo(batch, chain(*found.values()))
            for import_id, rows in found.items():
                for row in rows:
                    if row["ID"] not in nobody:
                        yield import_ids[import_id], {**row, "kind": kind}

    def _rows_with_numbers(self, batch, partners):
        """The relations that have a number of a partner: ``(partner, field, row with kind, link)``.

        The link is that of a relation whose contact has given the number up; else it is empty.
        """
        own = batch.connection._own_relation_ids()
        for name in WIRE_NUMBERS:
            numbers = {
                partner: partner._tribe_number(batch.connection, name) for partner in partners
            }
            sought = [each for each in numbers.values() if each and len(each) <= LONGEST_SOUGHT]
            found, given_up = self._find_by_numbers(batch, name, sought)
            for partner, number in numbers.items():
                for row in found.get(number, []) if number else ():
                    if row["ID"] not in own:
                        yield partner, name, row, given_up.get(row["ID"])

    def _find_by_numbers(self, batch, name, numbers):
        """The relations that have some debtor or creditor numbers, as ``find_by_numbers``.

        And the links of those whose contact has given that number up: ``{tribe_id: link}``.
        """
        connection = batch.connection
        found = find_by_numbers(connection, batch.client, WIRE_NUMBERS[name], numbers)
        number_of = {row["ID"]: number for number, rows in found.items() for row in rows}
        links = self.env["tribe.link"]._of_tribe(connection, number_of)
        return found, {
            tribe_id: link
            for tribe_id, link in links.items()
            if self._has_given_up(link, name, number_of[tribe_id])
            and self._told_with(batch, name, link) is not None
        }

    def _told_with(self, batch, name, link):
        """The links of those whose numbers Tribe is told for a contact to get its own there.

        That one is among them. They may go around, as where two are swapped. None where Tribe is
        not told, as a person has to decide about one of them first.
        """
        told, waiting = self.env["tribe.link"], link
        while waiting and len(told) < MOST_IN_TURN:
            each = waiting[0]
            key = name, each
            if key not in batch.links_with_number:
                batch.links_with_number[key] = self._links_with_its_number(batch, name, each)
            if batch.links_with_number[key] is None:
                return None
            told |= each
            waiting = (waiting | batch.links_with_number[key]) - told
        return told

    def _links_with_its_number(self, batch, name, link):
        """The links of the relations that have the number which a contact has by now.

        None where Tribe is not told it: it is somebody else's who keeps it, on either side, or
        the contact is of another company or kind by now.
        """
        connection, partner, links = link.connection_id, link.partner_id, self.env["tribe.link"]
        others = partner._tribe_own() | partner._tribe_elsewhere(connection)
        if others or link.kind != partner._tribe_kind():
            return None
        number = partner._tribe_number(connection, name)
        if not number:
            # It gets one that is free.
            return links
        if len(number) > LONGEST_SOUGHT or self._partners_with(connection, name, number) - partner:
            return None
        having = self._having_in_tribe(batch, name, number, link.tribe_id)
        if all(self._is_moving(known, name, row) for row, known in having):
            return links.concat(*(known for _row, known in having))
        return None

    def _having_in_tribe(self, batch, name, number, tribe_id):
        """The other relations that have a number in Tribe, each with its link, if any."""
        connection = batch.connection
        found = find_by_numbers(connection, batch.client, WIRE_NUMBERS[name], [number])
        rows = [row for row in found.get(number, []) if row["ID"] != tribe_id]
        links = self.env["tribe.link"]._of_tribe(connection, [row["ID"] for row in rows])
        return [(row, links.get(row["ID"])) for row in rows]

    def _is_moving(self, link, name, row):
        """Whether the relation of a row gets another number: its contact has another one."""
        return bool(link) and self._has_another_number(link, name, row[WIRE_NUMBERS[name]])

    def _has_another_number(self, link, name, number):
        """Whether a contact has another number than its relation, or gave that up."""
        now = link.partner_id[name]
        has_another = now and canonical(name, now) != canonical(name, number)
        return link.state == "linked" and bool(
            has_another or self._has_given_up(link, name, number)
        )

    def _given_up_first(self, connection, partner, name, other):
        """That the one who had a number before is told first which one it has now."""
        return TryAgain(
            sentence(
                "number_given_up_first",
                field=NUMBER_NAMES[name],
                number=partner._tribe_number(connection, name),
                partner=partner.display_name,
                other=self._name_of_other(connection, other, partner),
            ),
            BUSY_SECONDS,
        )

    def _match(self, batch, decision, rows):
        """Which one relation a partner is, if any; a question where only a person can tell.

        :raises NeedsPerson: when it could be several, is of the other kind or is taken
        """
        partner = decision.partner
        if len(rows) > 1:
            self._ask_which(batch.connection, decision, rows)
        if len(rows) != 1:
            return
        (row,) = rows
        if row["kind"] != partner._tribe_kind():
            if "ImportId" not in row:
                raise self._other_kind(partner, row)
            self._judge(batch, decision, Facts(row["kind"], import_ids=[row["ImportId"]]), row)
            return
        self._check_not_taken(batch, partner, row)
        if not batch.leases.take(tribe_key(batch.connection.id, row["ID"])):
            raise self._busy(partner)
        decision.row = row

    def _check_not_taken(self, batch, partner, row):
        """Refuse the relation of somebody else, or one that an earlier decision is about.

        :raises NeedsPerson: naming both
        """
        owner = batch.owner_by_tribe_id.get(row["ID"])
        owner = owner or self._owners(batch, [row["ID"]]).get(row["ID"], partner)
        if owner != partner:
            raise self._taken(batch.connection, partner, row, owner)

    def _ask_which(self, connection, decision, rows):
        """Have a person say which of several relations a partner is.

        :raises NeedsPerson: where it is a number that several have: one of them gets another
        """
        partner = decision.partner
        if not all("ImportId" in row for row in rows):
            raise self._several(partner, rows)
        own = decision.remote and decision.remote.tribe_id
        decision.candidates = [
            Candidate(partner, row["kind"], row["ID"], name_of(row), evidence.IMPORT_ID)
            # The one that is looked at stands among them.
            for row in sorted(rows, key=lambda row: row["ID"] != own)[:MOST_CANDIDATES]
        ]
        decision.ask(self._could_be(connection, decision))

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
            against = _against(verdict.against, contact.values, relation.values)
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
        if not evidence.is_named_otherwise(contact, relation):
            return ()
        keys = evidence.weak_keys(contact.values)
        counted = self._count_contacts(connection, dict.fromkeys(keys, contact.values))
        counts = [(basis, counted[basis, key], 1) for basis, key in keys]
        counts += [(basis, 1, len(rows)) for (basis, _key), rows in decision.alike.items()]
        return {
            basis
            for basis, contacts, relations in counts
            if basis != evidence.ADDRESS and evidence.is_shared_by_many(contacts, relations)
        }

    def _others_asked(self, connection, others, relation):
        """``(partner, basis, against)`` of the others whom a relation names, as it is shown."""
        for other, basis in others.items():
            contact = self._contact_facts(connection, other, self._relation_link(connection, other))
            verdict = judge(contact, replace(relation, names_another=True))
            yield other, basis, _against(verdict.against, contact.values, relation.values)

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
        for name in NUMBERS:
            if not values.get(name) or evidence.share_number(name, contact, relation):
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
        if not decision.remote or not evidence.is_named_otherwise(contact, relation):
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
                if evidence.is_named_otherwise(contact, relation):
                    values = evidence.of_namesake(contact, relation)
                    wanted.setdefault(relation.kind, []).append((decision, values))
        for kind, of_kind in wanted.items():
            found = self._relations_with(batch, kind, [values for _each, values in of_kind])
            for decision, values in of_kind:
                decision.alike = {
                    pair: found[pair] for pair in evidence.weak_keys(values) if pair in found
                }

    def _namesakes_in_tribe(self, connection, decision, contact, relation):
        """The relations with the name of a contact that share no less with it: ``[Candidate]``.

        Not those that are linked, left to Odoo, kept apart from it or ourselves.
        """
        shared = set(evidence.shared_details(contact, relation))
        rows, bases = {}, {}
        for (basis, _key), found in decision.alike.items():
            for row in found:
                rows[row["ID"]] = {**row, "kind": relation.kind}
                bases.setdefault(row["ID"], []).append(basis)
        named = [
            tribe_id
            for tribe_id, row in rows.items()
            if shared.issubset(bases[tribe_id]) and evidence.is_named_alike(contact, _facts_of(row))
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
            for basis, _key in evidence.weak_keys(values)
            if basis != evidence.ADDRESS
        ]
        if postcode := canonical("zip", values.get("zip")):
            shares.append(_at_postcode(postcode))
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
        former = Facts(relation.kind, numbers={name: {had.get(name)} - {None} for name in NUMBERS})
        return any(evidence.share_number(name, former, relation) for name in NUMBERS)

    def _contact_facts(self, connection, partner, link):
        """What a contact tells of itself; of what is being sent, what was sent."""
        sent = (link.agreed or {}) if link and link.state == "sending" else {}
        values = {**partner._tribe_values(connection), **sent}
        return Facts(
            kind=partner._tribe_kind(),
            values={**values, evidence.REGISTRY: clean_start(partner.company_registry)},
            import_ids=[
                *connection._import_ids(partner, partner._tribe_kind()),
                *filter(None, link.mapped("import_id") if link else ()),
            ],
            numbers={
                name: {partner._tribe_number(connection, name), sent.get(name)} - {None, False}
                for name in NUMBERS
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
                evidence.REGISTRY: clean_start(registry),
            },
            import_ids=[remote.entity.get("ImportId")],
            numbers={name: {values.get(name)} - {None} for name in NUMBERS},
            created=evidence.created_at(remote.entity.get("CreationDate")),
        )

    def _check_numbers_apart(self, partner, rows):
        """Refuse to give Tribe the number of a relation that a partner is not.

        :param rows: the relations that are kept apart from it
        :raises NeedsPerson: naming both
        """
        for row in rows:
            for name, wire in WIRE_NUMBERS.items():
                if wire in row:
                    raise NeedsPerson(
                        sentence(
                            "number_taken_in_tribe",
                            field=NUMBER_NAMES[name],
                            number=row[wire],
                            partner=partner.display_name,
                            relation=name_of(row),
                        ),
                    )

    def _disown(self, batch, decision):
        """Take our ``ImportId`` off the relations that are not the contact that it names."""
        for row in decision.disowned:
            batch.client.update(RELATION_SETS[row["kind"]], row["ID"], {"ImportId": None})

    def _check_number_of_tenant(self, connection, partner, relation):
        """Refuse to take a number for a proof that was given in another tenant: there are two.

        A customer who was deleted in one Tribe, and goes through another connection since, still
        has it.

        :param relation: what the relation of Tribe is called that has a number of the partner
        :raises NeedsPerson: naming both
        """
        links = self.env["tribe.link"].search(
            [
                ("partner_id", "in", partner.ids),
                ("kind", "in", RELATION_KINDS),
                ("connection_id", "!=", connection.id),
                ("connection_id.is_demo_data", "=", False),
            ]
        )
        for agreed in filter(None, links.mapped("agreed")):
            for name in WIRE_NUMBERS:
                number = canonical(name, partner[name])
                if number and canonical(name, agreed.get(name)) == number:
                    raise NeedsPerson(
                        sentence(
                            "number_taken_in_tribe",
                            field=NUMBER_NAMES[name],
                            number=partner[name],
                            partner=partner._tribe_called(),
                            relation=relation,
                        ),
                    )

    def _owners(self, batch, tribe_ids):
        """The partners that relations are linked to: ``{tribe_id: partner}``; in few queries."""
        links = self.env["tribe.link"]._of_tribe(batch.connection, tribe_ids)
        partners = self.env["tribe.link"].concat(*links.values()).partner_id
        others = {*batch.connection._no_longer_linked(partners).ids, False}
        return {
            tribe_id: link.partner_id
            for tribe_id, link in links.items()
            if link.partner_id.id not in others
        }

    # What is weaker

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
            for pair in evidence.weak_keys(each)
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
                _suggested(partner, facts[partner], _facts_of(row), row["ID"], name_of(row), basis)
                for row, basis in _each_once(each, facts[partner], _facts_of)
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
        bases = evidence.SUGGESTIONS[:-1] if kind == "organization" else (evidence.EMAIL,)
        for basis in bases:
            texts = [each[basis] for each in all_values if each.get(basis)]
            rows = similarity.find_by_value(connection, client, kind, basis, texts)
            found |= {(basis, key): each for key, each in rows.items()}
        places = {
            (each["zip"], key[-1])
            for each in all_values
            for basis, key in evidence.weak_keys(each)
            if basis == evidence.ADDRESS
        }
        rows = similarity.find_by_address(connection, client, kind, places)
        return found | {(evidence.ADDRESS, key): each for key, each in rows.items()}

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
        numbers = {name: partner[name] for name in (evidence.VAT, evidence.REGISTRY)}
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
            for pair in evidence.weak_keys(of_partner):
                alike.setdefault(pair, []).append(partner)
        shared = {
            tribe_id: [pair for pair in evidence.weak_keys(each) if pair in alike]
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
                {name: values[remote.tribe_id].get(name) for name in evidence.MADE_OF[basis]}
                for remote in remotes
                if remote.kind == kind
                for basis, _key in shared[remote.tribe_id]
            ]
            for pair, rows in self._relations_with(batch, kind, wanted).items():
                found[(kind, *pair)] = len(rows)
        return found

    def _contacts_of_few(self, connection, all_values):
        """The contacts that Tribe has not, archived or not, that share weak values of few."""
        wanted = {pair: each for each in all_values for pair in evidence.weak_keys(each)}
        contacts = self._count_contacts(connection, wanted)
        shares = Domain.OR(
            self._shares(basis, values)
            for (basis, key), values in wanted.items()
            if (contacts[basis, key] or basis == evidence.ADDRESS)
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
        for basis in evidence.SUGGESTIONS:
            keys = [key for each, key in wanted if each == basis]
            if not keys:
                continue
            names = ("name", "zip") if basis == evidence.ADDRESS else (basis,)
            shares = Domain.OR(self._shares(basis, wanted[basis, key]) for key in keys)
            counted = Counter()
            for *texts, count in partners._read_group(
                shares & self._weak_domain(connection), names, ["__count"]
            ):
                counted[_group_key(basis, texts)] += count
            for key in keys:
                found[basis, key] = counted[key[:2] if basis == evidence.ADDRESS else key]
        return found

    def _shares(self, basis, values):
        """The contacts that share a weak value, as a domain; of an address, all but the number."""
        if basis == evidence.EMAIL:
            return is_same_text("email", values["email"])
        if basis in (evidence.VAT, evidence.REGISTRY):
            return Domain(basis, "in", similarity.variants(values[basis]))
        named = is_same_text("name", values["name"])
        return named & _at_postcode(canonical("zip", values["zip"]))

    def _weak_domain(self, connection):
        """The contacts that could be a relation of a connection."""
        return (
            Domain(COMMERCIAL)
            & Domain("company_id", "in", [False, *connection._companies_of_contacts().ids])
            & Domain("id", "not in", connection._own_partner_ids())
            & connection._tenant_domain()
        )

    # Questions

    def _could_be(self, connection, decision):
        """The question about the candidates of a decision."""
        bases = sorted({candidate.basis for candidate in decision.candidates})
        partners = {candidate.partner for candidate in decision.candidates}
        relations = {candidate.tribe_id: candidate.name for candidate in decision.candidates}
        subject = sentence("relation_in_tribe", relation=decision.candidates[0].name)
        objects = sorted(
            {self._name_of_other(connection, each, decision.partner) for each in partners}
        )
        where = sentence("in_odoo")
        if len(partners) == 1 and (len(relations) > 1 or not decision.remote):
            subject = objects[0] if decision.remote else decision.partner.display_name
            objects = [f"“{name}”" for name in sorted(relations.values())]
            where = sentence("in_tribe")
        parameters = {
            "subject": subject,
            "objects": objects,
            "where": where,
            "basis": [Choice("tribe.suggestion", "basis", basis) for basis in bases],
        }
        # As values of the contact are in it; the possible match tells it where that one is read.
        spoken = [
            each
            for candidate in decision.candidates
            if self._may_be_told(connection, candidate.partner, decision.partner)
            for each in candidate.against
        ]
        against = [each for number, each in enumerate(spoken) if each not in spoken[:number]]
        if against:
            return NeedsPerson(
                sentence("possible_match_contradicted", **parameters, against=against)
            )
        return NeedsPerson(sentence("possible_match", **parameters))

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


def _against(against, odoo, tribe):
    """What speaks against it, in sentences, of the values of both."""
    return [
        sentence(AGAINST[name], odoo=odoo.get(name) or "…", tribe=tribe[name])
        if name in (evidence.VAT, evidence.REGISTRY)
        else sentence(AGAINST[name])
        for name in against
    ]


def _group_key(basis, texts):
    if basis != evidence.ADDRESS:
        return evidence.key_of(basis, *texts)
    name, postcode = texts
    return (canonical("name", name) or "").casefold(), canonical("zip", postcode)


def _at_postcode(postcode):
    """The contacts whose address, or that of an invoice contact, has a postcode, as a domain."""

    def condition(model, alias, _query):
        model.flush_model(["parent_id", "type", "zip"])
        # Who shares it is counted by the own one, which is read for that.
        return SQL(
            """
            COALESCE(%(is_own_short)s, TRUE) AND %(postcode)s IN (
                SELECT CASE
                           WHEN %(is_short)s
                           THEN upper(regexp_replace(there.zip, '[[:space:]-]', '', 'g'))
                       END
                  FROM res_partner there
                 WHERE there.id = %(contact)s.id
                    OR there.parent_id = %(contact)s.id AND there.type = 'invoice'
            )
            """,
            postcode=postcode,
            is_own_short=is_short(SQL.identifier(alias, "zip")),
            is_short=is_short(SQL.identifier("there", "zip")),
            contact=SQL.identifier(alias),
        )

    return Domain.custom(to_sql=condition)


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


def _facts_of(row):
    """What a row of Tribe, with its kind, tells of its relation."""
    return Facts(row["kind"], {"name": row.get("Name")})


def _suggested(partner, contact, relation, tribe_id, name, basis):
    """The candidate of two that share what is no proof."""
    against = _against(evidence.against_suggestion(contact, relation), {}, {})
    return Candidate(partner, relation.kind, tribe_id, name, basis, against)
