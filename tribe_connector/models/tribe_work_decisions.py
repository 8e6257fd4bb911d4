from odoo import api, fields, models
from odoo.fields import Domain

from ..codes import (
    ASKED_BY,
    MOVE_BACK,
    PHASE_BEFORE,
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..engine.problems import DIFFERS, FOR_PEOPLE, UNDONE
from ..sentence import say
from .tribe_run import VACUUM_BATCH


def _about(work):
    """The links that a row of work about a relation or a contact is about, as a domain."""
    about = ("tribe_id", "=", work.reference)
    if work.kind == "partner":
        about = ("partner_id", "=", int(work.reference))
    return Domain("connection_id", "=", work.connection_id.id) & Domain(*about)


class TribeWork(models.Model):
    """What a person decides about a problem."""

    _inherit = "tribe.work"

    can_ignore = fields.Boolean(compute="_compute_can_ignore")
    can_leave_to_odoo = fields.Boolean(compute="_compute_can_decide_about_booked")
    can_book_again = fields.Boolean(compute="_compute_can_decide_about_booked")
    can_move_back = fields.Boolean(compute="_compute_can_decide_about_booked")

    @api.autovacuum
    def _vacuum_given_up(self):
        """Give up problems that are older than their connection says, and say so in a run.

        What merely waits is never given up. An invoice is found again by the next look through
        all, as it is still not booked; *Ignore* ends that.
        """
        old = self.env["tribe.connection"]._older_than("created", "keep_problems_days")
        works = self.search(
            old & Domain("error_class", "!=", False), order="id", limit=VACUUM_BATCH
        )
        for connection, of_connection in (
            works.filtered(lambda work: work.kind == "invoice").grouped("connection_id").items()
        ):
            self.env["tribe.sighting"]._forget_states(connection, of_connection.mapped("reference"))
        works._leave(
            lambda work: say(
                work.env,
                "given_up_after_days",
                days=work.connection_id.keep_problems_days,
                problem=work.error,
            )
        )
        return len(works), len(works) == VACUUM_BATCH

    def _leave(self, sentence_of):
        """Take problems away that nobody solved, and say so in a run.

        :param sentence_of: a function from a row to what the run says of it
        """
        for (connection, direction), works in self.grouped(
            lambda work: (work.connection_id, work.direction)
        ).items():
            lines = [
                fields.Command.create(
                    {
                        "action": "problem",
                        "name": work.record_name or work.reference,
                        "text": sentence_of(work),
                        "company_id": work.company_id.id,
                    }
                )
                for work in works
            ]
            self.env["tribe.run"].create(
                {
                    "connection_id": connection.id,
                    "direction": direction,
                    "failed": len(works),
                    "line_ids": lines,
                }
            )
        self._remove()

    @api.depends("kind", "error_class", "cause", "facts")
    @api.depends_context("uid")
    def _compute_can_ignore(self):
        ignorable = self.env["tribe.engine"]._table_of_kinds().codes(can_ignore=True)
        for work in self:
            is_ignorable = work.kind in ignorable and work.cause != DIFFERS
            # What only tries again is nothing to decide about.
            is_for_people = work.error_class in FOR_PEOPLE
            work.can_ignore = (
                is_for_people
                and (is_ignorable or work.cause == UNDONE)
                and work._is_of_known_company()
            )

    def _is_of_known_company(self):
        """Whether it is known whose this is, or the user works in all companies that it can be of.

        Before an invoice was read it may be of any legal entity.
        """
        is_unknown = self.kind == "invoice" and set(self.sudo().facts or ()) <= {
            PHASE_BEFORE,
            ASKED_BY,
        }
        return not is_unknown or self.connection_id._works_in_all_companies()

    @api.depends("cause", "kind", "reference")
    def _compute_can_decide_about_booked(self):
        of_relations = self._relations_to_leave()
        for work in self:
            differs = work.cause == DIFFERS and work.kind == "invoice"
            links = work._links() if differs else self.env["tribe.link"]
            work.can_leave_to_odoo = differs or work in of_relations
            work.can_book_again = any(link.sudo()._may_be_booked_again() for link in links)
            work.can_move_back = work.cause == UNDONE

    def _links(self):
        """The links of the invoices of Tribe that these are about, as their reader sees them."""
        return self.env["tribe.link"].search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("kind", "=", "invoice"),
                ("tribe_id", "in", self.mapped("reference")),
            ]
        )

    def _relations_to_leave(self):
        """The links of relations that a person may leave to Odoo, of what is asked about them.

        :return: ``{work: links}``, of those that have any
        """
        asked = self.filtered(
            lambda work: (
                work.error_class in FOR_PEOPLE and work.kind in (*RELATION_KINDS, "partner")
            )
        )
        links = self.env["tribe.link"].search(
            Domain("kind", "in", RELATION_KINDS) & Domain.OR(map(_about, asked))
        )
        leavable = links.filtered("can_leave_to_odoo")
        found = {work: leavable.filtered_domain(_about(work)) for work in asked}
        return {work: each for work, each in found.items() if each}

    @only_for("Administrator")
    def action_leave_to_odoo(self):
        """Accept what Odoo has of booked invoices that differ from Tribe, and of relations."""
        works = self.filtered("can_leave_to_odoo")
        booked = works.filtered(lambda work: work.kind == "invoice")
        links = booked._links().union(*works._relations_to_leave().values())
        return links.action_leave_to_odoo() if links else self._tell_it_is_gone()

    @only_for("Administrator")
    def action_book_again(self):
        """Book invoices anew whose entry was deleted or cancelled in Odoo."""
        links = self.filtered("can_book_again")._links()
        return links.action_book_again() if links else self._tell_it_is_gone()

    @only_for("Administrator")
    def action_move_back(self):
        """Have Tribe told that invoices are not paid any more, which it was told they were."""
        works = self.filtered("can_move_back")
        if not works:
            return self._tell_it_is_gone()
        added = works._rows_again([("id", "in", works.ids)], MOVE_BACK)
        added._wake_lanes()
        return added._watch(works, is_left=True)

    @only_for("Administrator")
    def action_ignore(self):
        """Leave these problems: invoices are never booked, others rest until they change again.

        A contact that Tribe does not know rests until its problem is another one, or it is saved.
        An invoice stays listed as left to Odoo; a run tells of the others.
        """
        works = self.filtered("can_ignore").sudo()
        if not works:
            return self._tell_it_is_gone()
        told = works._ignored_sentence()
        invoices = works.filtered(lambda work: work.kind == "invoice")
        undone = works.filtered(lambda work: work.cause == UNDONE)
        # As if Tribe had said so: then it stays paid there.
        undone._links_of_payments().write({"paid_by_us": False})
        for work in invoices:
            work._close_with_link(
                {
                    "state": "left_to_odoo",
                    "difference": False,
                    **self.env["tribe.link"]._decision(),
                }
            )
        (works - invoices)._keep_ignored()
        (works - invoices)._leave(
            lambda work: say(
                work.env,
                "ignored_by",
                user=work.env.user.name,
                problem=work.error,
            )
        )
        return self._tell(told, is_left=True)

    def _links_of_payments(self):
        """The links of the booked invoices whose payments these are about."""
        payments = self.filtered(lambda work: work.kind == "payment")
        return self.env["tribe.link"].search(
            [
                ("connection_id", "in", payments.connection_id.ids),
                ("kind", "=", "invoice"),
                ("move_id", "in", [int(each) for each in payments.mapped("reference")]),
            ]
        )

    def _ignored_sentence(self):
        """What ignoring these does, said to who did it."""
        if len(self) > 1:
            return self.env._("%s ignored.", len(self))
        if self.kind == "invoice":
            return self.env._(
                "Ignored: %s is left to Odoo. It is listed under Booked Invoices.",
                self.display_name,
            )
        return self.env._("Ignored: %s rests until it changes again.", self.display_name)
