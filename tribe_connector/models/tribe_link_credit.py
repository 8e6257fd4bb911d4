from odoo import fields, models
from odoo.exceptions import UserError

from ..codes import COMPARED
from ..engine.problems import NeedsPerson
from ..invoices.entry_facts import entry_facts
from ..mapping.invoice_facts import differing
from ..sentence import sentence


class TribeLink(models.Model):
    """A credit note and the invoice that it credits in Tribe: settled, whichever comes second."""

    _inherit = "tribe.link"

    credited_tribe_id = fields.Char(
        "Credited Invoice",
        index="btree_not_null",
        readonly=True,
        help="The Tribe ID of the invoice that this one credits.",
    )

    def _settle_credits(self, only_new=False):
        """Settle each of these with the invoice that it credits, and with what credits it.

        Never an obstacle: what cannot be settled is shown on the link of the credit note.

        :param only_new: leave alone what was settled once; a bookkeeper may have taken it apart
        :return: what keeps these themselves from being settled, as sentences
        """
        sentences = []
        for credit, invoice in self._credit_pairs():
            unsettled = credit._settle_with(invoice, only_new)
            if credit in self and unsettled:
                sentences.append(unsettled)
            # One that differs already is looked at again at night, and then says all of it.
            if unsettled and credit.state == "linked":
                credit._note_differences([unsettled])
        return sentences

    def _credits_now(self, tribe_id):
        """Note which invoice this one credits in Tribe.

        What was settled with the one that it credited before is taken apart.

        :raises NeedsPerson: where that cannot be; then nothing is noted, and it comes again
        """
        before = self.credited_tribe_id
        if (before or False) == (tribe_id or False):
            return
        invoice = self._of_tribe(self.connection_id, [before]).get(before) if before else None
        refund = self.move_id
        if invoice and refund.reversed_entry_id and refund.reversed_entry_id == invoice.move_id:
            self._take_apart(*self._in_their_books(refund, invoice.move_id))
        self.credited_tribe_id = tribe_id

    def _credits_of_before(self, connection):
        """The credit notes of which an older version did not note what they credit.

        They are looked at once in the life of a connection.
        """
        cursors = self.env["tribe.cursor"]
        if cursors._position(connection, "schedule:credits"):
            return self.browse()
        cursors._move(connection, "schedule:credits", fields.Datetime.now())
        return self.search(
            [
                ("connection_id", "=", connection.id),
                ("state", "=", "linked"),
                ("credited_tribe_id", "=", False),
                ("move_id.move_type", "=", "out_refund"),
            ]
        )

    def _credit_pairs(self):
        """The credit notes and invoices of Tribe that belong together, both posted, as links.

        Also of an invoice that is left to Odoo: what is compared with Tribe is its credit note.
        """
        credited = self.filtered("credited_tribe_id")
        others = self.search(
            [
                ("connection_id", "in", self.connection_id.ids),
                "|",
                ("tribe_id", "in", credited.mapped("credited_tribe_id")),
                ("credited_tribe_id", "in", self.filtered("tribe_id").mapped("tribe_id")),
            ]
        )
        booked = (self | others).filtered(lambda link: link.move_id.state == "posted")
        left = booked.filtered(lambda link: link.state == "left_to_odoo")
        # Who calls knows that its own are there.
        compared = booked.filtered(lambda link: link in self or link.state in COMPARED) - left
        invoices = {
            (link.connection_id, link.tribe_id): link
            for link in compared | left
            if link.move_id.move_type == "out_invoice"
        }
        for credit in compared.filtered(lambda link: link.move_id.move_type == "out_refund"):
            invoice = invoices.get((credit.connection_id, credit.credited_tribe_id))
            if invoice and (credit in self or invoice in self):
                yield credit, invoice

    def _settle_with(self, invoice, only_new=False):
        """Make this credit note the reversal of an invoice and reconcile both, or neither.

        What was settled, and is no pair any more, is taken apart again: Odoo keeps a
        reconciliation while one of them is a draft, and settles a reversal by itself.

        :param only_new: leave alone what was settled once, as long as it is a pair
        :return: what keeps it from that; empty when it is done, or somebody decided otherwise
        """
        refund, move = self._in_their_books(self.move_id, invoice.move_id)
        other = refund.reversed_entry_id
        if other and other != move and other.state == "posted":
            # Somebody said so in Odoo.
            return ""
        unlike = self._what_is_unlike(refund, move)
        was_settled = other == move
        if only_new and was_settled and not unlike:
            return ""
        try:
            with self.env.cr.savepoint():
                if not unlike and not (self | invoice)._comes_to_another_total():
                    self._settle(refund, move)
                elif unlike and was_settled:
                    self._take_apart(refund, move)
        except NeedsPerson as error:
            return error.args[0]
        except UserError as error:
            return self._not_settled(refund, move, str(error).rstrip("."))
        return self._not_settled(refund, move, unlike) if unlike else ""

    def _in_their_books(self, refund, move):
        """The two as by who works in the company of the invoice alone.

        What Odoo makes of them is in a journal of the company above a branch, and comes into the
        first company of who makes it that may use that one.
        """
        return [
            each.with_context(allowed_company_ids=move.company_id.ids) for each in (refund, move)
        ]

    def _comes_to_another_total(self):
        """Whether an entry that was adopted has another total than its invoice of Tribe.

        Or may have: nobody compared the two yet. It would settle what Tribe does not call settled.
        """
        return any(
            not link.agreed
            or "total" in {fact.name for fact in differing(link.agreed, entry_facts(link.move_id))}
            for link in self
        )

    def _settle(self, refund, move):
        self._check_reconciled_here(refund, move)
        refund.reversed_entry_id = move
        lines = self._receivables(refund | move).filtered(lambda line: not line.reconciled)
        # What one of them lacks was paid, or settled with something else.
        if len(lines.move_id) == 2:
            lines.reconcile()

    def _take_apart(self, refund, move):
        """Undo what settles these two, and only that: payments and other credits stay."""
        self._check_reconciled_here(refund, move)
        refund.reversed_entry_id = False
        self._settling(refund, move).unlink()

    def _settling(self, refund, move):
        """What settles these two with each other (``account.partial.reconcile``)."""
        lines = (refund | move).line_ids
        partials = lines.matched_debit_ids | lines.matched_credit_ids
        return partials.filtered(
            lambda each: (each.debit_move_id | each.credit_move_id).move_id == refund | move
        )

    def _matched_with(self, lines):
        """The lines that are reconciled with some, each with one of them."""
        return lines.matched_debit_ids.debit_move_id | lines.matched_credit_ids.credit_move_id

    def _reconciled_with(self, lines):
        """Some lines with all that they are reconciled with, and what that is reconciled with."""
        reached = lines
        while found := self._matched_with(lines) - reached:
            reached, lines = reached | found, found
        return reached

    def _lines_of_full(self, full):
        """The lines that Odoo reconciled fully: they have its number, which nobody enters.

        Any other line may refer to it, as whoever wrote that one wanted.
        """
        lines = full.reconciled_line_ids
        return lines.filtered(lambda line: line.matching_number == str(line.full_reconcile_id.id))

    def _check_reconciled_here(self, refund, move):
        """Refuse to touch a reconciliation that leads to what is none of the two's own.

        Who reconciles in one company may have it refer to any entry of any company, and Odoo then
        reverses or deletes that entry as an exchange difference: with our rights, which are all.

        :raises NeedsPerson: without a name of what it leads to
        """
        lines, company = (refund | move).line_ids, move.company_id
        reconciled = self._reconciled_with(lines)
        settling = self._settling(refund, move)
        differences = settling.exchange_move_id
        of_others = [
            # Branches are reconciled with each other, and share the journal.
            (reconciled.move_id | refund).company_id.root_id - company.root_id,
            differences.journal_id - lines._get_exchange_journal(company),
            differences.company_id - company,
            self._matched_with(differences.line_ids) - lines,
            differences.filtered(lambda each: not self._matched_with(each.line_ids) & lines),
            # Reconciling, Odoo gives another one to all lines that have this number.
            self._lines_of_full(settling.full_reconcile_id | lines.full_reconcile_id) - reconciled,
        ]
        if any(of_others):
            raise NeedsPerson(
                sentence(
                    "credit_reconciled_elsewhere",
                    credit=refund.name,
                    customer=refund.commercial_partner_id._tribe_called(),
                )
            )

    def _what_is_unlike(self, refund, move):
        """What is another one on a credit note than on its invoice; empty when they match."""
        compared = (
            (
                sentence("unlike_customer"),
                # As it is now: a posted entry keeps the company above that its customer had.
                refund.partner_id.commercial_partner_id,
                move.partner_id.commercial_partner_id,
            ),
            (sentence("unlike_company"), refund.company_id, move.company_id),
            (sentence("unlike_currency"), refund.currency_id, move.currency_id),
            (
                sentence("unlike_receivable_account"),
                self._receivables(refund).account_id,
                self._receivables(move).account_id,
            ),
        )
        return [
            sentence(
                "unlike_another",
                what=what,
                credit=", ".join(ours.mapped("display_name")),
                invoice=", ".join(theirs.mapped("display_name")),
            )
            for what, ours, theirs in compared
            if ours != theirs
        ]

    def _not_settled(self, refund, move, why):
        if refund.company_id != move.company_id:
            # Who reads this works in the company of the credit note, and perhaps not in the other.
            return sentence(
                "credit_of_other_company",
                credit=refund.name,
                customer=refund.commercial_partner_id._tribe_called(),
            )
        return sentence(
            "credit_not_settled",
            credit=refund.name,
            customer=refund.commercial_partner_id._tribe_called(),
            invoice=move.name,
            other=move.commercial_partner_id._tribe_called(),
            why=why,
        )

    def _receivables(self, moves):
        return moves.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
