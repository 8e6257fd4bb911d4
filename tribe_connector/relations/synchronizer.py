from contextlib import contextmanager

import psycopg2

from odoo import models

from ..codes import SAME
from ..engine.leases import partner_key, tribe_key
from ..engine.problems import Busy, NeedsPerson, is_refused_by_odoo, refusal_of
from ..sentence import Choice, say, sentence, together
from .number_fields import with_numbers

# A record that another worker is at comes again so soon.
BUSY_SECONDS = 2


class TribeRelationSynchronizer(models.AbstractModel):
    """What the services of relations have in common."""

    _name = "tribe.relation.synchronizer"
    _description = "Tribe Relation Synchronizer"

    @contextmanager
    def _alone(self, decision):
        """What goes wrong while one thing is decided is a question about that one alone.

        :raises psycopg2.Error: as it is: the transaction is lost, with all that it decided
        """
        try:
            yield
        except psycopg2.Error:
            raise
        except Exception as error:  # noqa: BLE001 - classified by the batch
            decision.ask(error)

    def _of_relation(self, error, name, numbers):
        """What Odoo or an addon refuses, as a problem of the relation that it is about.

        Once what was begun is undone. Any other exception comes back as it is.

        :param numbers: neutral values, of which the debtor and creditor number are told
        """
        if not is_refused_by_odoo(error):
            return error
        called = with_numbers(name, numbers)
        reason = together(
            [
                sentence("said_by_odoo", text=as_sentence(each))
                if each.code == "said_by_odoo"
                else each
                for each in refusal_of(error, self.env)
            ]
        )
        return NeedsPerson(sentence("odoo_refuses_relation", relation=called, reason=reason))

    def _too_long(self, connection, partners, links):
        """Those of some partners with a text that nobody may look at: ``{partner: problem}``.

        Not those who are left as they are in any case.
        """
        left = partners.filtered(
            lambda partner: (
                partner.id in links and links[partner.id].state in ("gone", "left_to_odoo")
            )
        )
        return (partners - left)._tribe_too_long(connection)

    def _changed_sentence(self, values):
        return sentence("fields_changed", fields=self._labels(values))

    def _labels(self, names):
        partners = self.env["res.partner"]
        return sorted(partners._tribe_label(name) for name in names)

    # What is Odoo's own, or another company's

    def _decide_others(self, connection, decisions):
        """Ask about the linked contacts that are Odoo's own, or of a company in which the
        connection does not work, and do nothing else with them.

        What a person has left to Odoo, or is gone in Tribe, is not asked.
        """
        partners = self.env["res.partner"].browse(
            decision.partner.id for decision in decisions if decision.partner
        )
        own = partners._tribe_own()
        others = own | partners._tribe_elsewhere(connection)
        for decision in decisions:
            if not decision.partner or decision.partner not in others:
                continue
            decision.action = SAME
            if decision.link and decision.link.state in ("left_to_odoo", "gone"):
                continue
            if decision.link and decision.partner not in own:
                decision.called = decision.link._called_in_tribe()
                text = decision.partner._tribe_elsewhere_sentence(connection, decision.called)
                decision.ask(NeedsPerson(text))
                continue
            try:
                decision.partner._tribe_check_ours(connection)
            except NeedsPerson as error:
                decision.ask(error)

    def _changed_kind(self, partner, link):
        """The question about a linked contact that is a person now, or a company."""
        return NeedsPerson(
            sentence(
                "contact_changed_kind",
                partner=partner._tribe_called(),
                kind=Choice("tribe.link", "kind", link.kind),
            ),
        )

    def _name_of_other(self, connection, other, partner=None):
        """What a contact is called where the problem of a partner is read."""
        if not self._may_be_named(connection, other, partner):
            return say(self.env, "contact_of_other_company")
        return other._tribe_called()

    def _may_be_named(self, connection, other, partner=None):
        """Whether a contact is read by all who read the problem of a partner.

        Or, without a partner, that of what is not in Odoo yet: its connection's company reads it.
        """
        company = (partner and partner.company_id) or connection.company_id
        return not other.company_id or other.company_id == company

    def _busy(self, partner):
        return Busy(
            sentence("contact_being_received", contact=partner._tribe_called()),
            BUSY_SECONDS,
        )

    def _take_both(self, batch, tribe_id, partner):
        """Take the leases on both sides of a link; False when another worker is on it."""
        connection_id = batch.connection.id
        taken = not tribe_id or batch.leases.take(tribe_key(connection_id, tribe_id))
        return taken and (not partner or batch.leases.take(partner_key(connection_id, partner.id)))


def as_sentence(text):
    """Odoo's message on one line, ending in a full stop."""
    line = " ".join(str(text).split())
    return line if line.endswith((".", "!", "?")) else f"{line}."
