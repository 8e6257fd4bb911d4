from itertools import islice

from odoo import fields, models

from ..engine.problems import NeedsPerson
from ..engine.remote_relation import find_by_numbers
from ..mapping import clean
from .tribe_relation_synchronizer import NUMBER_NAMES, NUMBERS, WIRE_NUMBERS

SEQUENCES = {"debtor_number": "tribe.debtor", "creditor_number": "tribe.creditor"}


class TribeRelationNumbering(models.AbstractModel):
    """Debtor and creditor numbers: everyone has one, and nobody has another's."""

    _name = "tribe.relation.numbering"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Numbering"

    def _missing_numbers(self, partner, values):
        """Which numbers this partner should have and has not."""
        wanted = self._wanted_relationships(partner)
        return [
            name
            for name, relationship in NUMBERS.items()
            if name in values and relationship in wanted and not values[name]
        ]

    def _decide_numbers(self, session, decisions):
        """Give a number to who has none: the reference or the next of the sequence.

        Only kept in the decision until Tribe has it: a row of the partner must not stay locked
        meanwhile.
        """
        connection = session.connection
        for name in NUMBERS:
            without = []
            for decision in decisions:
                with self._alone(decision):
                    if not self._lacks_number(connection, decision, name):
                        continue
                    reference = decision.partner._tribe_reference(connection)
                    if reference:
                        decision.numbers[name] = reference
                    else:
                        without.append(decision)
            try:
                numbers = self._free_numbers(session, name, len(without))
            except NeedsPerson as error:
                for decision in without:
                    decision.ask(error)
                continue
            for decision, number in zip(without, numbers, strict=True):
                decision.numbers[name] = number

    def _lacks_number(self, connection, decision, name):
        """Whether a customer (supplier) of either side has no number that counts."""
        remote = decision.remote
        values = decision.partner._tribe_values(connection)
        told = self._told_values(connection, remote, values) if remote else {}
        if name not in values or values[name] or told.get(name):
            return False
        try:
            kinds = set(self._wanted_relationships(decision.partner))
        except NeedsPerson:
            return False
        return NUMBERS[name] in kinds | set(remote.relationships if remote else ())

    def _free_numbers(self, session, name, count):
        """So many numbers of our sequence that neither Odoo nor Tribe uses.

        :raises NeedsPerson: when there is no sequence
        """
        if not count:
            return []
        sequence = self._sequence(session.connection, name)
        free = []
        while len(free) < count:
            drawn = [sequence.next_by_id() for _missing in range(count - len(free))]
            numbers = [number for number in drawn if self._take_number(session, name, number)]
            free += self._unused(session, name, numbers)
        return free

    def _peek_numbers(self, session, name, count, position=0):
        """What ``_free_numbers`` would return, without drawing: ``(numbers, new position)``.

        :param position: how many numbers of the sequence count as drawn already, free or not
        """
        if not count:
            return [], position
        upcoming = self._upcoming_numbers(session.connection, name, position)
        free = []
        while len(free) < count:
            numbers = list(islice(upcoming, count - len(free)))
            position += len(numbers)
            free += self._unused(session, name, numbers)
        return free, position

    def _upcoming_numbers(self, connection, name, position):
        """The numbers that a sequence gives after the next ``position`` ones, without end."""
        sequence = self._sequence(connection, name)
        current = sequence
        if sequence.use_date_range:
            today = fields.Date.today()
            current = sequence.date_range_ids.filtered(
                lambda period: period.date_from <= today <= period.date_to
            )[:1]
            sequence = sequence.with_context(ir_sequence_date_range=current.date_from or today)
        # A period that is still to be made starts at 1.
        number = current.number_next_actual if current else 1
        number += position * sequence.number_increment
        while True:
            yield sequence.get_next_char(number)
            number += sequence.number_increment

    def _sequence(self, connection, name):
        """The sequence of the connection's company, else the shared one."""
        sequence = self.env["ir.sequence"].search(
            [
                ("code", "=", SEQUENCES[name]),
                ("company_id", "in", [connection.company_id.id, False]),
            ],
            order="company_id",
            limit=1,
        )
        if not sequence:
            raise NeedsPerson(
                self.env._(
                    "There is no sequence for the field %(field)s. Make one with the code "
                    "%(code)s, under Settings > Technical > Sequences.",
                    field=NUMBER_NAMES[name],
                    code=SEQUENCES[name],
                ),
                cause="set_up",
            )
        return sequence

    def _unused(self, session, name, numbers):
        """The numbers that neither a contact of Odoo nor a relation of Tribe has."""
        taken = find_by_numbers(session.connection, session.client, WIRE_NUMBERS[name], numbers)
        return [
            number
            for number in numbers
            if number not in taken and not self._partners_with(session.connection, name, number)
        ]

    # Numbers that two have

    def _check_numbers_unique(self, connection, partner):
        """Refuse a number that two contacts of Odoo have: only one can be the relation.

        :raises NeedsPerson: naming both
        """
        for name in NUMBERS:
            number = partner._tribe_number(connection, name)
            others = number and self._partners_with(connection, name, number) - partner
            if others:
                raise NeedsPerson(
                    self.env._(
                        "%(field)s %(number)s is the number of %(partner)s and of %(other)s in "
                        "Odoo. Give one of them another number.",
                        field=NUMBER_NAMES[name],
                        number=number,
                        partner=partner.display_name,
                        other=self._name_of_other(connection, others[0], partner),
                    ),
                    cause="number",
                )

    def _check_numbers_free_in_tribe(self, session, decision):
        """Refuse to tell Tribe a changed number that another contact or relation has.

        A number that was just drawn is free.

        :raises NeedsPerson: naming both
        """
        partner = decision.partner
        for name, wire in WIRE_NUMBERS.items():
            number = decision.merged.to_tribe.get(name)
            if not number or decision.numbers.get(name, partner.ref) != partner.ref:
                continue
            self._check_numbers_unique(session.connection, partner)
            found = find_by_numbers(session.connection, session.client, wire, [number])
            rows = [row for row in found.get(number, []) if row["ID"] != decision.tribe_id]
            if rows:
                raise NeedsPerson(
                    self.env._(
                        "%(field)s %(number)s of %(partner)s in Odoo is already the number of "
                        "“%(relation)s” in Tribe. Give one of the two another number.",
                        field=NUMBER_NAMES[name],
                        number=number,
                        partner=partner.display_name,
                        relation=clean(rows[0].get("Name")) or rows[0]["ID"],
                    ),
                    cause="number",
                )
