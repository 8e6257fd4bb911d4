from odoo import models
from odoo.fields import Domain

from ..codes import RELATION_KINDS
from ..engine.leases import number_key
from ..engine.problems import NeedsPerson
from ..mapping import NUMBER_FIELDS, canonical
from ..sentence import sentence
from .domains import COMMERCIAL, has_written
from .number_fields import NUMBER_NAMES


class TribeRelationSynchronizer(models.AbstractModel):
    """Who has a debtor or creditor number in Odoo, or is about to get it."""

    _inherit = "tribe.relation.synchronizer"

    def _check_numbers_free(self, batch, partner, remote, values):
        """Refuse a number of Tribe that another partner has already, or is about to get."""
        for name in NUMBER_FIELDS:
            if not values.get(name):
                continue
            if not self._take_number(batch, name, values[name]):
                raise self._busy(partner)
            self._check_first_with(batch, (name, values[name]), remote)
            others = self._partners_with(batch.connection, name, values[name]) - partner
            if others:
                raise NeedsPerson(
                    sentence(
                        "number_taken_in_odoo",
                        field=NUMBER_NAMES[name],
                        number=values[name],
                        relation=partner.name or values.get("name"),
                        partner=self._name_of_other(batch.connection, others[0], partner),
                    ),
                )

    def _take_number(self, batch, name, number):
        """Take the lease on giving somebody a number; False when another worker has it.

        Two relations with one number may come to two workers at the same moment. Neither would
        see the partner that the other one is making.
        """
        return batch.leases.take(number_key(batch.connection.id, name, number))

    def _check_first_with(self, batch, key, remote):
        """Two relations of one batch that would be one partner, or have one number, are a question.

        :param key: the partner, or ``(field, number)``
        """
        if isinstance(key, tuple):
            key = (key[0], canonical(*key))
        first = batch.first_relation_with.setdefault(key, remote)
        if first.tribe_id != remote.tribe_id:
            raise self._same_number(remote, first.name)

    def _same_number(self, remote, other):
        return NeedsPerson(
            sentence(
                "relations_with_same_number",
                relation=remote.name,
                other=other,
            ),
        )

    def _partners_with(self, connection, name, number):
        """The partners of the connection's tenant with a number, archived or not.

        Whoever is linked keeps it, also as a person who is under a company since; who is being
        sent with it has it already.
        """
        having = self._partners_by_number(connection, name, [number])
        return having.get(canonical(name, number), self.env["res.partner"])

    def _partners_by_number(self, connection, name, numbers):
        """As ``_partners_with``, of many numbers at the cost of one: ``{compared: partners}``."""
        compared = {canonical(name, number) for number in numbers}
        companies = [False, *connection._companies_of_contacts().ids]
        linked = self.env["tribe.link"]._search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("partner_id", "!=", False)
            & Domain("state", "!=", "gone")
        )
        is_one = Domain(COMMERCIAL) | Domain("id", "in", linked.subselect("partner_id"))
        has_number = has_written(name, compared) & is_one
        if connection.number_source == "ref":
            has_number |= Domain(name, "=", False) & has_written("ref", compared)
        found = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                has_number
                & Domain("company_id", "in", companies)
                & Domain("id", "not in", connection._own_partner_ids())
                & connection._tenant_domain()
            )
            .grouped(lambda partner: canonical(name, partner._tribe_number(connection, name)))
        )
        sent = self._partners_being_sent(connection, name)
        nobody = self.env["res.partner"]
        return {
            number: found.get(number, nobody) | sent.get(number, nobody)
            for number in compared & (found.keys() | sent.keys())
        }

    def _partners_being_sent(self, connection, name):
        """Whom we sent to Tribe with a number, and whose answer was lost: ``{compared: partners}``.

        The number is not on the partner yet: it is written when Tribe has it.
        """
        sending = self.env["tribe.link"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "in", RELATION_KINDS),
                ("state", "=", "sending"),
                ("tribe_id", "=", False),
            ]
        )
        links = sending.grouped(lambda link: canonical(name, (link.agreed or {}).get(name)))
        return {number: of_number.partner_id for number, of_number in links.items()}
