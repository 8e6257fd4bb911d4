from itertools import chain

from odoo import models

from ..codes import RELATION_KINDS
from ..engine.leases import tribe_key
from ..engine.problems import NeedsPerson
from ..mapping import evidence
from ..mapping.likeness import Facts
from ..sentence import Choice, sentence
from ..tribe_names import RELATION_SETS
from .decision import MOST_CANDIDATES, Candidate
from .relation_reader import find_by_import_ids, name_of


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
        having_numbers = list(self._rows_with_numbers(batch, others))
        left = self._left_to_odoo(batch, [row for _partner, _name, row, _link in having_numbers])
        for partner, name, row, link in having_numbers:
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

    def _disown(self, batch, decision):
        """Take our ``ImportId`` off the relations that are not the contact that it names."""
        for row in decision.disowned:
            batch.client.update(RELATION_SETS[row["kind"]], row["ID"], {"ImportId": None})

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
            if self._may_be_named(connection, candidate.partner, decision.partner)
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
