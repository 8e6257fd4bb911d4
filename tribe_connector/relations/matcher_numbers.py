from odoo import models

from ..codes import RELATION_KINDS
from ..engine.problems import NeedsPerson, TryAgain
from ..mapping import canonical
from ..sentence import sentence
from ..tribe_api import LONGEST_SOUGHT
from .number_fields import NUMBER_NAMES, WIRE_NUMBERS
from .relation_reader import find_by_numbers, name_of
from .synchronizer import BUSY_SECONDS

# So many contacts that each get the number of the next one are looked at; nobody makes longer
# chains by mistake.
MOST_IN_TURN = 40


class TribeRelationMatcher(models.AbstractModel):
    """Numbers that prove who a contact is, unless they are given up or go around."""

    _inherit = "tribe.relation.matcher"

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
            and self._number_chain(batch, name, link) is not None
        }

    def _number_chain(self, batch, name, link):
        """The links of those whose numbers Tribe is told for a contact to get its own there.

        That one is among them. They may go around, as where two are swapped. None where Tribe is
        not told, as a person has to decide about one of them first.
        """
        chain, waiting = self.env["tribe.link"], link
        while waiting and len(chain) < MOST_IN_TURN:
            each = waiting[0]
            key = name, each
            if key not in batch.links_with_number:
                batch.links_with_number[key] = self._links_with_its_number(batch, name, each)
            if batch.links_with_number[key] is None:
                return None
            chain |= each
            waiting = (waiting | batch.links_with_number[key]) - chain
        return chain

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
