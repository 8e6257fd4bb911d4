from odoo import models

from ..codes import CREATE_ODOO, LINK
from ..engine.problems import NeedsPerson
from ..mapping import canonical, evidence
from ..sentence import sentence
from .number_fields import WIRE_NUMBERS, number_sentences, numbers_of


class TribeRelationImporter(models.AbstractModel):
    """Which contact an unlinked relation is, if any."""

    _inherit = "tribe.relation.importer"

    def _look_for_partners(self, batch, decisions):
        """Which contact each unlinked relation is, if any."""
        refused = self.env["tribe.suggestion"]._refused_of(
            batch.connection, [decision.tribe_id for decision in decisions]
        )
        having = self._partners_with_numbers(batch.connection, decisions)
        for decision in decisions:
            with self._alone(decision):
                self._look_for_partner(batch, decision, refused, having)
        found = [each for each in decisions if each.action == LINK]
        self._look_for_namesakes(batch, found)
        for decision in found:
            if decision.action == LINK:
                with self._alone(decision):
                    self._judge_found(batch, decision)
        self._check_import_ids_lead_to_one(batch, decisions)
        for decision in decisions:
            if decision.action == LINK:
                with self._alone(decision):
                    self._check_first_with(batch, decision.partner, decision.remote)
        found = [each for each in decisions if each.action == LINK]
        self._check_numbers_lead_to_one(batch, found, refused)
        own = batch.connection._own_relation_ids()
        new = [
            each for each in decisions if each.action == CREATE_ODOO and each.tribe_id not in own
        ]
        candidates = self._candidates_in_odoo(batch, [each.remote for each in new])
        for decision in new:
            decision.candidates = candidates[decision.tribe_id]
            if decision.candidates:
                decision.ask(self._could_be(batch.connection, decision))
            elif decision.has_number_apart:
                with self._alone(decision):
                    self._check_new_numbers_free(batch, decision.remote)

    def _partners_with_numbers(self, connection, decisions):
        """The contacts that have the numbers of some relations: ``{(field, number): partners}``."""
        numbers = {}
        for decision in decisions:
            for name, number in numbers_of(decision.remote):
                numbers.setdefault(name, set()).add(number)
        found = {
            name: self._partners_by_number(connection, name, of_name)
            for name, of_name in numbers.items()
        }
        nobody = self.env["res.partner"]
        return {
            (name, number): found[name].get(canonical(name, number), nobody)
            for name, of_name in numbers.items()
            for number in of_name
        }

    def _look_for_partner(self, batch, decision, refused, having):
        """Which contact a relation seems to be: by our ``ImportId``, then by number.

        :param refused: the pairs that a person keeps apart
        :param having: the contacts that have its numbers, as ``_partners_with_numbers``
        """
        remote = decision.remote
        partner = self._matching_partner(batch, decision, refused, having)
        if not partner:
            for key in numbers_of(remote):
                self._check_first_with(batch, key, remote)
            return
        partner._tribe_check_length(partner._tribe_address_partner(batch.connection))
        decision.link = self._relation_link(batch.connection, partner)
        decision.action = LINK

    def _judge_found(self, batch, decision):
        is_synchronized = self._is_synchronized(batch.connection, decision.partner, decision.link)
        self._judge(
            batch,
            decision,
            self._relation_facts(decision.remote),
            decision.remote.entity,
            is_left_out=not is_synchronized,
        )

    def _is_synchronized(self, connection, partner, link):
        """Whether a contact is linked, being sent, or goes to Tribe in any case."""
        is_linked = bool(link) and (link.state == "sending" or link.tribe_id)
        if is_linked and link.state != "gone":
            return True
        return bool(connection._relations_among(partner) and self._wanted_roles(partner))

    def _check_import_ids_lead_to_one(self, batch, decisions):
        """Whose ``ImportId`` another relation of Tribe has too, is not this one for certain.

        Nor by a number: that proves nothing more when an ``ImportId`` does.
        """
        connection = batch.connection
        found = [each for each in decisions if each.action == LINK]
        rows = {each.partner: {} for each in found}
        partners = self.env["res.partner"].concat(*rows)
        with_import_id = list(self._rows_with_import_id(batch, partners))
        apart = self._apart(batch, partners, with_import_id)
        for partner, row in with_import_id:
            if (partner.id, row["ID"]) not in apart:
                rows[partner][row["ID"]] = row
        for decision in found:
            partner, remote = decision.partner, decision.remote
            of_partner = list(rows[partner].values())
            if all(row["ID"] == remote.tribe_id for row in of_partner):
                continue
            with self._alone(decision):
                if connection._partner_of_import_id(remote.entity.get("ImportId")) != partner:
                    raise self._number_of_linked(connection, remote, partner)
                self._ask_which(connection, decision, of_partner)

    def _check_numbers_lead_to_one(self, batch, decisions, refused):
        """Whose number several relations of Tribe have is none of them for certain."""
        rows = {decision.partner.id: {} for decision in decisions}
        for name in WIRE_NUMBERS:
            by_number = {
                each.partner._tribe_number(batch.connection, name): each.partner.id
                for each in decisions
            }
            numbers = [number for number in by_number if number]
            found, given_up = self._find_by_numbers(batch, name, numbers)
            for number in numbers:
                for row in found.get(number, []):
                    if (by_number[number], row["ID"]) not in refused and row["ID"] not in given_up:
                        rows[by_number[number]][row["ID"]] = row
        for decision in decisions:
            of_partner = list(rows[decision.partner.id].values())
            named = batch.connection._partner_of_import_id(decision.remote.entity.get("ImportId"))
            if len(of_partner) > 1 and named != decision.partner:
                decision.ask(self._several(decision.partner, of_partner))

    def _matching_partner(self, batch, decision, refused, having):
        """The partner that a relation proves to be: by our ``ImportId``, then by number.

        :param refused: the pairs that a person keeps apart
        :param having: the contacts that have its numbers, as ``_partners_with_numbers``
        """
        connection, remote = batch.connection, decision.remote
        if remote.tribe_id in connection._own_relation_ids():
            # A legal entity that is a customer is a contact of its own.
            self._check_new_numbers_free(batch, remote)
            return self.env["res.partner"]
        named = connection._partner_of_import_id(remote.entity.get("ImportId"))
        if (named.id, remote.tribe_id) in refused:
            decision.disowned = [{"ID": remote.tribe_id, "kind": remote.kind}]
            named = named.browse()
        partner = named or self._partner_by_number(batch, decision, refused, having)
        if not partner:
            return partner
        # From here on problems are told where the contact is read.
        decision.partner = partner
        if not named:
            self._check_number_of_tenant(connection, partner, remote.name)
        partner._tribe_check_ours(connection)
        if partner._tribe_kind() != remote.kind and not named:
            raise NeedsPerson(
                sentence(
                    "relation_of_other_kind",
                    relation=remote.name,
                    partner=partner._tribe_called(),
                ),
            )
        if not self._take_both(batch, None, partner):
            raise self._busy(partner)
        link = self._relation_link(connection, partner)
        if link.tribe_id and link.state != "gone" and not named:
            raise self._number_of_linked(connection, remote, partner)
        return partner

    def _number_of_linked(self, connection, remote, partner):
        """The question about a relation with a number of a contact that is another one's."""
        numbers = dict(numbers_of(remote))
        shared = {
            name: number
            for name, number in numbers.items()
            if canonical(name, number) == canonical(name, partner._tribe_number(connection, name))
        }
        return NeedsPerson(
            sentence(
                "number_of_linked_contact",
                relation=remote.name,
                # Of who is being sent it may be known in Tribe alone.
                numbers=number_sentences(shared or numbers),
                partner=partner._tribe_called(),
            ),
        )

    def _partner_by_number(self, batch, decision, refused, having):
        connection, remote = batch.connection, decision.remote
        found = apart = self.env["res.partner"]
        for each in numbers_of(remote):
            partners = having[each]
            refusing = partners.filtered(lambda partner: (partner.id, remote.tribe_id) in refused)
            # "0", say: it is nobody's.
            is_nobodys = evidence.is_shared_by_many(len(partners - refusing), 1)
            apart |= partners if is_nobodys else refusing
            found |= partners.browse() if is_nobodys else partners - refusing
        if len(found) > 1:
            raise NeedsPerson(
                sentence(
                    "numbers_of_several_contacts",
                    relation=remote.name,
                    partners=[self._name_of_other(connection, each) for each in found],
                ),
            )
        decision.has_number_apart = bool(apart and not found)
        return found

    def _check_new_numbers_free(self, batch, remote):
        """Refuse the numbers of a relation that becomes a new contact, where another has them."""
        values = self._values_of_new(batch.connection, remote)
        self._check_numbers_free(batch, self.env["res.partner"], remote, values)
