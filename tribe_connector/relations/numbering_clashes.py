from odoo import models

from ..engine.problems import FOR_PEOPLE, NeedsPerson
from ..mapping import NUMBER_FIELDS, leave_alone
from ..sentence import sentence
from ..tribe_api import LONGEST_SOUGHT
from .matcher_numbers import MOST_IN_TURN
from .number_fields import NUMBER_NAMES, WIRE_NUMBERS
from .relation_reader import name_of

# The cause of problems about a number that two have.
OF_NUMBER = "number"


class TribeRelationNumbering(models.AbstractModel):
    """Numbers that two have, in Odoo or in Tribe."""

    _inherit = "tribe.relation.numbering"

    def _check_numbers_unique(self, connection, partner):
        """Refuse a number that two contacts of Odoo have: only one can be the relation.

        And one that Tribe cannot be asked for: some relation may have it.

        :raises NeedsPerson: naming both
        """
        for name in NUMBER_FIELDS:
            self._check_number_unique(connection, partner, name)

    def _check_number_unique(self, connection, partner, name):
        """As ``_check_numbers_unique``, of one number."""
        number = partner._tribe_number(connection, name)
        if number and len(number) > LONGEST_SOUGHT:
            raise NeedsPerson(
                sentence(
                    "number_too_long_to_look_for",
                    field=NUMBER_NAMES[name],
                    partner=partner.display_name,
                    count=len(number),
                    longest=LONGEST_SOUGHT,
                ),
            )
        others = number and self._partners_with(connection, name, number) - partner
        if others:
            raise NeedsPerson(
                sentence(
                    "number_of_two_contacts",
                    field=NUMBER_NAMES[name],
                    number=number,
                    partner=partner.display_name,
                    other=self._name_of_other(connection, others[0], partner),
                ),
            )

    def _check_numbers_free_in_tribe(self, batch, decision):
        """Refuse to tell Tribe a changed number that another contact or relation has.

        One that is free in another Tribe, of which the contact is a customer too, is left alone
        here: no number is free in both, maybe.

        :raises NeedsPerson: naming both
        """
        partner, link = decision.partner, decision.link
        for name in WIRE_NUMBERS:
            number = decision.merged.to_tribe.get(name)
            if not number or decision.numbers.get(name, partner.ref) != partner.ref:
                continue
            try:
                self._check_number_free_in_tribe(batch, decision, name, number)
            except NeedsPerson:
                if not (link and link._is_agreed_elsewhere(name, number)):
                    raise
                kept = sentence(
                    "number_kept_in_tribe",
                    field=NUMBER_NAMES[name],
                    number=number,
                    partner=partner.display_name,
                )
                leave_alone(
                    decision.merged,
                    decision.odoo,
                    decision.remote.values(),
                    not_in_odoo={},
                    not_in_tribe={name: kept},
                )

    def _check_number_free_in_tribe(self, batch, decision, name, number):
        """As ``_check_numbers_free_in_tribe``, of one number.

        A number that was just drawn is free. So is that of a relation whose contact has another
        one, or gave it up: it is told the other one, as Odoo's numbers win. That is how two are
        swapped. Not where it is not told that, or waits for a person.

        :raises TryAgain: as long as it waits
        """
        connection, partner = batch.connection, decision.partner
        self._check_number_unique(connection, partner, name)
        having = self._having_in_tribe(batch, name, number, decision.tribe_id)
        # Before it is followed who gets which number, which takes a call for each.
        staying = [row for row, link in having if not self._is_moving(link, name, row)]
        if staying or len(having) > MOST_IN_TURN:
            raise self._taken_in_tribe(partner, name, number, (staying or [having[0][0]])[0])
        for row, link in having:
            chain = self._number_chain(batch, name, link)
            if chain is None:
                raise self._taken_in_tribe(partner, name, number, row)
            chain = chain.filtered(lambda each: each.partner_id != partner)
            for waiting in self._waiting_for_person(connection, chain.partner_id):
                raise self._given_up_first(connection, partner, name, waiting)
            decision.given_up += [(name, each) for each in chain]

    def _taken_in_tribe(self, partner, name, number, row):
        return NeedsPerson(
            sentence(
                "number_taken_in_tribe",
                field=NUMBER_NAMES[name],
                number=number,
                partner=partner.display_name,
                relation=name_of(row),
            ),
        )

    def _waiting_for_person(self, connection, partners):
        """Those of some contacts that Tribe was to be told of, but something else is asked first.

        Their numbers are looked at by themselves. Who was saved since is tried again.
        """
        works = self.env["tribe.work"].search(
            [
                ("connection_id", "=", connection.id),
                ("direction", "=", "outbound"),
                ("kind", "=", "partner"),
                ("reference", "in", [str(partner.id) for partner in partners]),
            ]
        )
        asked = works.filtered(
            lambda work: work.error_class in FOR_PEOPLE and work.cause != OF_NUMBER
        )
        saved = works.filtered(lambda work: not work.error_class)
        references = {*asked.mapped("reference")} - {*saved.mapped("reference")}
        return partners.filtered(lambda partner: str(partner.id) in references)

    def _check_given_up_sent(self, batch, decision):
        """Refuse to tell a number that another one of this batch still has, as it has failed.

        :raises TryAgain: naming that one
        """
        for name, link in decision.given_up:
            if batch.has_failed(str(link.partner_id.id)) and not link._is_number_agreed(name):
                raise self._given_up_first(
                    batch.connection, decision.partner, name, link.partner_id
                )
