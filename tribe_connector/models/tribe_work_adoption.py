from odoo import api, fields, models
from odoo.exceptions import UserError

from ..codes import (
    BOOK_ANYWAY,
    TOLD_PAID,
)
from ..engine.only_for import only_for
from ..mapping.invoice_facts import is_same_sale
from ..sentence import codes_of, say, sentence

# With what is said of a number that is taken, the invoice can be booked as well (*Book Anyway*).
WITH_NUMBER_OF_ANOTHER = {
    "number_taken_adopt_or_book",
    "number_given_twice_book_or_ignore",
    "invoice_number_taken_beside",
}


class TribeWork(models.Model):
    """An invoice of Tribe whose number Odoo has already: adopt that one, or book both."""

    _inherit = "tribe.work"

    taken_by_id = fields.Many2one(
        "account.move",
        "Has the Number",
        compute="_compute_taken_by_id",
        help="The invoice in Odoo that has the number of this one.",
    )
    can_adopt = fields.Boolean(compute="_compute_can_adopt")
    can_book_anyway = fields.Boolean(compute="_compute_can_book_anyway")
    move_to_adopt_id = fields.Many2one(
        "account.move", "Invoice in Odoo", compute="_compute_move_to_adopt_id"
    )

    @api.depends("kind", "cause", "record_name")
    def _compute_taken_by_id(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            moves = self.env["account.move"]
            if is_taken:
                moves = work._moves_to_adopt() or work._moves_to_adopt(also_of_tribe=True)
            work.taken_by_id = moves if len(moves) == 1 else False

    @api.depends("kind", "record_name")
    def _compute_can_adopt(self):
        for work in self:
            work.can_adopt = work.kind == "invoice" and len(work._moves_to_adopt()) == 1

    def _moves_to_adopt(self, *, also_of_tribe=False):
        """The invoices in Odoo that this invoice of Tribe may be: no other's, same number.

        :param also_of_tribe: take in those that another invoice of Tribe is, to compare the two
        """
        moves = self.env["account.move"].sudo()
        if not self.id or not self.record_name:
            return moves
        booker = moves.env["tribe.invoice.booker"]
        work = self.sudo()
        connection = work.connection_id
        # None of a company in which whoever asks does not work.
        own = self.env.user._get_company_ids()
        companies = self.company_id or connection._companies()
        for company in companies.filtered(lambda company: company.id in own):
            found = booker._all_with_number(company, self.record_name)
            moves |= found if also_of_tribe else booker._that_may_be_adopted(connection, found)
        # The one that was booked for this very invoice is adopted already.
        moves -= work._links().move_id
        # The journal has a number once, whosever it is.
        in_journal = moves.filtered(
            lambda move: (
                move.name == self.record_name and move.journal_id in move._tribe_reserved_journals()
            )
        )
        others = moves - in_journal
        return in_journal | booker._of_same_sale(connection, others, work.facts or {})

    @api.depends("kind", "cause", "facts", "record_name")
    def _compute_move_to_adopt_id(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            work.move_to_adopt_id = is_taken and work._move_that_agrees()

    def _move_that_agrees(self):
        """The invoice in Odoo that surely is the one of Tribe (``is_same_sale``)."""
        moves = self._moves_to_adopt()
        facts = self.sudo().facts
        if len(moves) != 1 or not facts:
            return moves.browse()
        links = self.env["tribe.link"].sudo()
        relation_id = facts.get("relation")
        if relation_id and not links._of_tribe(self.connection_id, [relation_id]):
            # The customer relationship was moved to somebody who is not in Odoo yet.
            return moves.browse()
        booker = moves.env["tribe.invoice.booker"]
        ours = booker._facts_if_adopted(self.connection_id, moves, facts)
        return moves if is_same_sale(facts, ours) else moves.browse()

    @only_for("Administrator")
    def action_adopt_agreeing(self):
        """Adopt those that agree (``is_same_sale``); the rest stays a question."""
        agreeing = self.filtered("move_to_adopt_id")
        if not agreeing:
            return self._tell_it_is_gone()
        return agreeing.action_adopt()

    @api.depends("kind", "cause", "error")
    def _compute_can_book_anyway(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            remedy = getattr(work.error, "parameters", {}).get("remedy")
            codes = codes_of([work.error, remedy])
            work.can_book_anyway = is_taken and not WITH_NUMBER_OF_ANOTHER.isdisjoint(codes)

    @only_for("Administrator")
    def action_book_anyway(self):
        """The invoice in Odoo with this number is another sale: book the one of Tribe too."""
        works = self.filtered("can_book_anyway")
        if not works:
            return self._tell_it_is_gone()
        added = works._rows_again([("id", "in", works.ids)], BOOK_ANYWAY)
        added._wake_lanes()
        return added._watch(works, is_left=True)

    @only_for("Administrator")
    def action_adopt(self):
        """Take the invoice that already has Tribe's number for the one of Tribe.

        :raises UserError: when there is none, or more than one
        """
        adopted = self.env["account.move"]
        for work in self.sudo():
            moves = work._moves_to_adopt()
            if work.kind != "invoice" or len(moves) != 1:
                raise UserError(
                    say(
                        self.env,
                        "adopting_needs_one",
                        count=len(moves),
                        number=work.record_name or sentence("nothing"),
                    )
                )
            connection, tribe_id = work.connection_id, work.reference
            # Until the two were compared nobody knows whether they are alike.
            difference = sentence("difference_adopted")
            work._let_go_of(moves)
            work._close_with_link(
                {"move_id": moves.id, "state": "differs", "difference": difference}
            )
            self._add(connection, "inbound", "invoice", [tribe_id], "person")
            adopted += moves.with_env(self.env)
        self.env["tribe.engine"].sudo()._wake("inbound")
        return self._tell(
            self.env._("Adopted: %s.", ", ".join(adopted.sudo().mapped("display_name"))),
            move=adopted if len(adopted) == 1 else None,
            is_left=True,
        )

    def _let_go_of(self, move):
        """Take an entry from the invoice of Tribe that it was booked for and is no more."""
        links = self.env["tribe.invoice.booker"]._links_of(self.connection_id, move)
        links.move_id = False
        # Before another one is linked with it.
        links.flush_recordset(["move_id"])
        # Nobody has to decide about that one any more.
        about = [
            ("connection_id", "=", self.connection_id.id),
            ("reference", "in", links.mapped("tribe_id")),
        ]
        self._add_again(about, "follow")

    def _close_with_link(self, values):
        """End the work on an invoice; whatever is booked of it is noted on its one link."""
        if self.reason == TOLD_PAID:
            values = {**values, "told_paid": True, "paid_by_us": True}
        links = self.env["tribe.link"]
        known = links._of_tribe(self.connection_id, [self.reference]).get(self.reference)
        if known:
            known.write(values)
        else:
            # Of what is adopted the facts are read once more, with what they mean in Odoo.
            facts = (
                False
                if values.get("move_id")
                else {"number": self.record_name} | (self.facts or {})
            )
            links.create(
                {
                    "connection_id": self.connection_id.id,
                    "kind": "invoice",
                    "tribe_id": self.reference,
                    "company_id": self.company_id.id,
                    "agreed": facts,
                    **values,
                }
            )
        self._remove()
