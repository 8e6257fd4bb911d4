from itertools import islice

from odoo import fields, models

from ..engine.leases import number_key
from ..engine.problems import NeedsPerson
from ..mapping import NUMBER_FIELDS, canonical
from ..sentence import Label, sentence
from ..tribe_api import VALUES_PER_CALL
from .number_fields import NUMBER_NAMES, ROLE_OF_NUMBER, WIRE_NUMBERS
from .relation_reader import find_by_numbers

SEQUENCES = {"debtor_number": "tribe.debtor", "creditor_number": "tribe.creditor"}
# How often it is looked for free numbers, so many at a time as one call can ask for. Other
# companies may use the same sequence, and Tribe can say of all numbers that it has them.
MOST_ROUNDS = 10
# What contacts of Odoo have costs no call and is passed over, but for more than anybody types.
MOST_PASSED_OVER = 4000


class TribeRelationNumbering(models.AbstractModel):
    """Debtor and creditor numbers: everyone has one, and nobody has another's."""

    _name = "tribe.relation.numbering"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Numbering"

    def _missing_numbers(self, partner, values):
        """Which numbers this partner should have and has not."""
        wanted = self._wanted_roles(partner)
        return [
            name
            for name, relationship in ROLE_OF_NUMBER.items()
            if name in values and relationship in wanted and not values[name]
        ]

    def _decide_numbers(self, batch, decisions):
        """Give a number to who has none: the reference or the next of the sequence.

        Only kept in the decision until Tribe has it: a row of the partner must not stay locked
        meanwhile.
        """
        connection = batch.connection
        for name in NUMBER_FIELDS:
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
            kept = self._numbers_kept(batch, name, without)
            for decision in without:
                decision.numbers |= (
                    {name: kept[decision.partner]} if decision.partner in kept else {}
                )
            without = [decision for decision in without if name not in decision.numbers]
            try:
                numbers = self._free_numbers(batch, name, len(without))
            except NeedsPerson as error:
                for decision in without:
                    decision.ask(error)
                continue
            for decision, number in zip(without, numbers, strict=True):
                decision.numbers[name] = number
                batch.kept.setdefault(str(decision.partner.id), {})[name] = number

    def _numbers_kept(self, batch, name, decisions):
        """What was drawn for some before, and they did not get: ``{partner: number}``.

        Else each try would draw anew, of a sequence that other companies may use as well.
        """
        partners = {str(decision.partner.id): decision.partner for decision in decisions}
        for work in self.env["tribe.work"].search(
            [
                ("connection_id", "=", batch.connection.id),
                ("kind", "=", "partner"),
                ("reference", "in", list(partners)),
                ("facts", "!=", False),
            ]
        ):
            batch.kept.setdefault(work.reference, {**work.facts})
        drawn = {
            batch.kept[reference][name]: partner
            for reference, partner in partners.items()
            if name in batch.kept.get(reference, {})
        }
        free = self._leased_unused(batch, name, list(drawn)) if drawn else ()
        return {drawn[number]: number for number in free}

    def _lacks_number(self, connection, decision, name):
        """Whether a customer (supplier) of either side has no number that counts."""
        remote = decision.remote
        values = decision.partner._tribe_values(connection)
        tribe = self._values_from_tribe(connection, remote, values, decision.link) if remote else {}
        if name not in values or values[name] or tribe.get(name):
            return False
        kinds = set(self._wanted_roles(decision.partner))
        return ROLE_OF_NUMBER[name] in kinds | set(remote.roles_held if remote else ())

    def _free_numbers(self, batch, name, count):
        """So many numbers of our sequence that neither Odoo nor Tribe uses.

        They are drawn once they are known to be free, and this worker has the leases on them.

        :raises NeedsPerson: when there is no sequence, or all of its next numbers are taken
        """
        free, seen = [], {}
        for _round in range(MOST_ROUNDS):
            missing = count - len(free)
            if not missing:
                break
            seen = self._look_ahead(batch, name, missing, 0, self._leased_unused)
            usable = {number for number, is_free in seen.items() if is_free}
            if len(usable) < missing:
                self._give_back(batch, name, usable)
                break
            drawn = self._draw(batch, name, missing, seen)
            # Nobody looked at what came instead of numbers that another worker drew meanwhile.
            unseen = [number for number in drawn if number not in seen]
            usable |= set(self._leased_unused(batch, name, unseen))
            free += [number for number in drawn if number in usable]
            self._give_back(batch, name, usable - set(drawn))
        if len(free) < count:
            raise self._too_few_are_free(batch.connection, name, seen)
        return free

    def _draw(self, batch, name, count, seen):
        """Draw so many numbers of the sequence, but for those that are seen to be taken."""
        sequence = self._sequence(batch.connection, name)
        drawn = []
        for _number in seen:
            number = sequence.next_by_id()
            if seen.get(number, True):
                drawn.append(number)
            if len(drawn) == count:
                break
        return drawn

    def _peek_numbers(self, batch, name, count, position=0):
        """What ``_free_numbers`` would return, without drawing: ``(numbers, new position)``.

        :param position: how many numbers of the sequence count as drawn already, free or not
        """
        if not count:
            return [], position
        seen = self._look_ahead(batch, name, count, position, self._unused)
        free = [number for number, is_free in seen.items() if is_free][:count]
        if len(free) < count:
            raise self._too_few_are_free(batch.connection, name, seen)
        return free, position + list(seen).index(free[-1]) + 1

    def _look_ahead(self, batch, name, count, position, check):
        """The next numbers of the sequence, without drawing: ``{number: whether it is free}``.

        At least so many are free, unless a person should say which number is next.

        :param check: which of some numbers are free, as ``_unused``
        """
        upcoming = self._upcoming_numbers(batch.connection, name, position)
        seen, rounds = {}, 0
        while rounds < MOST_ROUNDS and len(seen) < MOST_PASSED_OVER:
            missing = count - sum(seen.values())
            if missing <= 0:
                break
            # A call asks for many as well as for one.
            numbers = list(islice(upcoming, max(missing, VALUES_PER_CALL) if seen else missing))
            free = set(check(batch, name, numbers))
            seen |= {number: number in free for number in numbers}
            rounds += bool(free) or not self._all_of_contacts(batch.connection, name, numbers)
        return seen

    def _all_of_contacts(self, connection, name, numbers):
        """Whether contacts of Odoo have all of these numbers."""
        having = self._partners_by_number(connection, name, numbers)
        return all(canonical(name, number) in having for number in numbers)

    def _leased_unused(self, batch, name, numbers):
        """As ``_unused``, of the numbers that no other worker gives to somebody.

        The leases on the others are given back at once: each takes a place in a table that all
        databases of the server share.
        """
        keys = {number: number_key(batch.connection.id, name, number) for number in numbers}
        new = [number for number in numbers if not batch.leases.holds(keys[number])]
        held = set(batch.leases.take_each(keys.values()))
        leased = [number for number in numbers if keys[number] in held]
        free = self._unused(batch, name, leased)
        batch.leases.give_back(
            keys[number] for number in new if number in leased and number not in free
        )
        return free

    def _give_back(self, batch, name, numbers):
        """Let go of the leases on numbers that are given to nobody."""
        keys = [number_key(batch.connection.id, name, number) for number in numbers]
        batch.leases.give_back(key for key in keys if batch.leases.holds(key))

    def _too_few_are_free(self, connection, name, seen):
        numbers = list(seen)
        return NeedsPerson(
            sentence(
                "too_few_numbers_are_free",
                field=NUMBER_NAMES[name],
                first=numbers[0],
                last=numbers[-1],
                next=Label("tribe.connection", f"next_{name}"),
                connection=connection.name,
            ),
        )

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
        # PostgreSQL knows it, and Odoo only remembers what it was. A period that is still to be
        # made starts at 1.
        current.invalidate_recordset(["number_next_actual"])
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
                sentence(
                    "sequence_missing",
                    field=NUMBER_NAMES[name],
                    code=SEQUENCES[name],
                ),
            )
        return sequence

    def _unused(self, batch, name, numbers):
        """The numbers that neither a contact of Odoo nor a relation of Tribe has."""
        having = self._partners_by_number(batch.connection, name, numbers)
        numbers = [number for number in numbers if canonical(name, number) not in having]
        taken = find_by_numbers(batch.connection, batch.client, WIRE_NUMBERS[name], numbers)
        return [number for number in numbers if number not in taken]
