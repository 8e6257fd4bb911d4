from odoo import models


class AccountMove(models.Model):
    """Whether an invoice of Tribe is paid, and with what it is settled."""

    _inherit = "account.move"

    def _tribe_is_settled(self, covering=None):
        """Whether nothing of this invoice remains to be collected once its payments come in.

        With Odoo's accounting app an invoice is In Payment as soon as a payment without a journal
        entry is registered, also one of a part.

        :param covering: of which payments it is known already (``dict``), for who asks of many
            invoices: one payment may be for all of them
        """
        if self.currency_id.is_zero(self.amount_residual):
            return self._tribe_is_settled_by_posted()
        states = {"in_process"}
        if not self.currency_id.compare_amounts(self.amount_residual, self.amount_total):
            # Later a validated one may be what the bank has paid: no part of what is open.
            states.add("paid")
        payments = self.matched_payment_ids.filtered(
            lambda payment: not payment.move_id and payment.state in states
        )
        if not payments:
            return False
        covering = {} if covering is None else covering
        key = payments, self.company_id
        if key not in covering:
            covering[key] = self._tribe_is_covered_by(payments)
        return covering[key]

    def _tribe_is_covered_by(self, payments):
        """Whether payments of this company come to what is open of all their invoices."""
        # In the first payment's currency, by the rate of that day: as Odoo proposed its amount.
        currency, company, day = payments[0].currency_id, self.company_id, payments[0].date
        coming = sum(
            payment.currency_id._convert(payment.amount_signed, currency, company, day)
            for payment in payments
        )
        # One payment may be for several invoices.
        remaining = sum(
            move.currency_id._convert(
                -move.direction_sign * move.amount_residual, currency, company, day
            )
            for move in payments.invoice_ids
        )
        return currency.compare_amounts(abs(coming), abs(remaining)) >= 0

    def _tribe_is_settled_by_posted(self):
        """Whether all that settles this invoice counts: Odoo keeps a draft reconciled with it."""
        return all(move.state == "posted" for move in self._tribe_settling())

    def _tribe_is_settled_by_others(self):
        """Whether it is settled by an entry of a company with which it has none in common above.

        Odoo reconciles nothing across, but takes it of a program, whatever who calls it may read.
        """
        return bool(self._tribe_settling().company_id.root_id - self.company_id.root_id)

    def _tribe_settling(self):
        """These invoices, and what is reconciled with them (``account.move``)."""
        lines = self.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        partials = lines.matched_debit_ids | lines.matched_credit_ids
        return self | (partials.debit_move_id | partials.credit_move_id).move_id
