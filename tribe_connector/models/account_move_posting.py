import contextlib
from decimal import Decimal
from functools import partial

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError

from ..engine.problems import OfSome
from ..mapping.cents import rounded, vat_tolerance, vat_tolerance_where_included
from ..sentence import Name, say, sentence
from .tribe_link_facts import BEFORE_VAT


class AccountMove(models.Model):
    """Confirming an invoice of Tribe: it gets Tribe's VAT, and has to have Tribe's facts."""

    _inherit = "account.move"

    def _post(self, soft=True):
        """Give invoices of Tribe the VAT that Tribe calculated, refuse other facts, settle credits.

        Also when a bookkeeper resets one to draft and confirms it again: Odoo then calculates
        VAT anew, and would lose the cents in which Tribe's rounding differs.
        """
        # Nothing of ours comes before Odoo's own refusal, which comes late.
        if self:
            self.check_access("write")
        self._tribe_keep_lanes_off(with_links=True)
        # A draft of before the journal was reserved takes its number only now.
        self._check_tribe_journal()
        self._tribe_check_booked_once()
        all_links = self._tribe_links()
        links = all_links.filtered(lambda link: link.state != "left_to_odoo")
        # With no more rights than who confirms it: it undoes what a line is reconciled with.
        moves = [(link.move_id.with_env(self.env), link) for link in links]
        with self._tribe_correcting(moves):
            self._tribe_look_at_each(moves, lambda move, link: move._tribe_before_posting(link))
        posted = super()._post(soft)
        # Looked up at once for many; for a person each in the step that may fail.
        customers = links._expected_customers() if self._tribe_is_booking() else {}
        self._tribe_look_at_each(
            [(move, link) for move, link in moves if move in posted],
            lambda move, link: move._tribe_after_posting(link, customers.get(link)),
        )
        if booked := all_links.filtered(lambda link: link.move_id in posted):
            booked.move_id._tribe_as_in_tribe(booked._settle_credits)
            booked.move_id._tribe_as_in_tribe(booked._ask_whether_well)
        return posted

    def _tribe_look_at_each(self, moves, look):
        """Look at entries and their links (``[(move, link)]``) with a function that may refuse one.

        :raises OfSome: which it refuses, where we book them at once
        """
        refused = OfSome({})
        for move, link in moves:
            try:
                look(move, link)
            except UserError as error:
                if not self._tribe_is_booking():
                    raise
                refused.reasons[move] = error
        refused.check()

    @contextlib.contextmanager
    def _tribe_correcting(self, moves):
        """Meanwhile VAT is corrected: Odoo balances all that a lane books once, at the end.

        :param moves: entries and their links (``[(move, link)]``)
        """
        differing = self.browse()
        if self._tribe_is_booking():
            differing = differing.concat(
                *(move for move, link in moves if any(move._tribe_other_vat(link)))
            )
        if not differing:
            yield
            return
        container = {"records": differing}
        with differing._check_balanced(container), differing._sync_dynamic_lines(container):
            yield

    def _tribe_before_posting(self, link):
        # Else VAT would be said to differ, and what was changed would not.
        if not self._tribe_is_booking():
            self._tribe_as_in_tribe(partial(link._follow_tribe, is_confirming=True))
            self._tribe_as_in_tribe(partial(self._tribe_check_facts, link, BEFORE_VAT))
        self._tribe_as_in_tribe(partial(self._tribe_correct_vat, link))

    def _tribe_after_posting(self, link, customer):
        # Odoo may only now have moved it out of a locked period.
        self._tribe_as_in_tribe(link._follow_tribe)
        self._tribe_as_in_tribe(partial(self._tribe_check_facts, link, None, customer))
        self._tribe_as_in_tribe(link._keep_accounting_date)

    def _tribe_as_in_tribe(self, step):
        """Take a step in the confirming of an invoice, which only Odoo and we may refuse.

        Anything else that goes wrong in it is ours, and no bookkeeper has to wait for that.
        """
        if self._tribe_is_booking():
            step()
        else:
            self._tribe_apart(step, intended=(UserError, RedirectWarning))

    def _tribe_check_booked_once(self):
        """Refuse an entry whose invoice of Tribe was booked again since, by *Book Again*.

        :raises UserError: naming the other one
        """
        before = self.sudo().filtered("tribe_booked_before")
        if not before:
            return
        ids = before.mapped("tribe_booked_before")
        links = self.env["tribe.link"].sudo().search([("tribe_id", "in", ids)])
        for move in before:
            others = links.filtered(
                lambda link, move=move: (
                    link.tribe_id == move.tribe_booked_before
                    and link.move_id != move
                    and link.move_id.state in ("draft", "posted")
                )
            ).move_id
            if others:
                raise UserError(
                    say(
                        self.env,
                        "invoice_booked_again",
                        number=move.display_name,
                        invoice=others[0].name,
                    )
                )

    def _tribe_correct_vat(self, link):
        """Set the VAT of each tax to Tribe's; some cents at most (the link's ``vat_by_tax``).

        :raises UserError: where the difference is more than rounding can explain
        """
        sign = 1 if self.move_type == "out_refund" else -1
        for tax, tax_lines, vat, computed in self._tribe_other_vat(link):
            difference = sign * vat - computed
            if abs(difference) > self._tribe_tolerance(tax, link):
                # Of other net amounts VAT is another one, too; those tell what is wrong.
                self._tribe_check_facts(link, BEFORE_VAT)
                # Adding 0 turns -0.00 into 0.00.
                raise UserError(self._tribe_vat_differs(link, tax, vat, sign * computed + 0))
            if tax_lines:
                tax_lines[0].amount_currency += float(difference)
            else:
                self._tribe_add_vat(tax, difference)

    def _tribe_other_vat(self, link):
        """The taxes with other VAT in Tribe: ``(tax, its lines, Tribe's VAT, what they have)``.

        What the lines have is positive where it is a debit.
        """
        sign = 1 if self.move_type == "out_refund" else -1
        vat_by_tax = (link.agreed or {}).get("vat_by_tax") or {}
        for tax_id, vat in vat_by_tax.items():
            tax = self.env["account.tax"].browse(int(tax_id))
            tax_lines = self.line_ids.filtered(lambda line, tax=tax: line.tax_line_id == tax)
            computed = rounded(
                Decimal(str(sum(tax_lines.mapped("amount_currency")))),
                self.currency_id.decimal_places,
            )
            if sign * Decimal(vat) != computed:
                yield tax, tax_lines, Decimal(vat), computed

    def _tribe_vat_differs(self, link, tax, tribe, odoo):
        """What is said of VAT that is another in Tribe, and where it can be wrong."""
        parameters = {
            "number": link.agreed["number"],
            "tax": Name.of(tax),
            "tribe": tribe,
            "odoo": odoo,
        }
        # Once it was booked, it is not the set-up that is wrong.
        if self.posted_before:
            return say(self.env, "vat_was_changed", **parameters)
        groups = link.env["tribe.vat.group"].search(
            [
                ("legal_entity_id.connection_id", "=", link.connection_id.id),
                ("legal_entity_id.journal_id", "=", self.journal_id.id),
                "|",
                ("tax_id", "=", tax.id),
                ("service_tax_id", "=", tax.id),
            ]
        )
        # Those of another percentage than their tax, where there are any.
        groups = groups.filtered(lambda group: group.percentage != tax.amount) or groups
        if not groups:
            return say(self.env, "vat_differs", **parameters)
        return say(
            self.env,
            "vat_of_groups_differs",
            **parameters,
            groups=groups.mapped("name"),
            entities=groups.legal_entity_id.mapped("name"),
        )

    def _tribe_tolerance(self, tax, link):
        """By how much rounding can make Tribe's VAT another than Odoo's."""
        lines = len(self.invoice_line_ids.filtered(lambda line: line.display_type == "product"))
        digits = self.currency_id.decimal_places
        if not (link.agreed or {}).get("is_vat_included"):
            return vat_tolerance(lines, digits)
        method = self.company_id.tax_calculation_rounding_method
        return vat_tolerance_where_included(
            lines, Decimal(str(tax.amount)), digits, rounds_lines=method == "round_per_line"
        )

    def _tribe_add_vat(self, tax, amount):
        """Book VAT where Odoo calculates none: lines that cancel out, but not in Tribe's cents."""
        is_refund = self.move_type == "out_refund"
        of_tax = tax.refund_repartition_line_ids if is_refund else tax.invoice_repartition_line_ids
        repartition = of_tax.filtered(lambda line: line.repartition_type == "tax")[:1]
        base = self.invoice_line_ids.filtered(lambda line: tax in line.tax_ids)[:1]
        self.env["account.move.line"].create(
            {
                "move_id": self.id,
                "display_type": "tax",
                "name": tax.name,
                "tax_repartition_line_id": repartition.id,
                "tax_tag_ids": [fields.Command.set(repartition.tag_ids.ids)],
                "account_id": (repartition.account_id or base.account_id).id,
                "partner_id": self.commercial_partner_id.id,
                "currency_id": self.currency_id.id,
                "amount_currency": float(amount),
            }
        )

    def _tribe_check_facts(self, link, names=None, customer=None):
        """Refuse an entry that has not the facts of Tribe (``mapping.invoice_facts``).

        :param names: of the facts to be looked at; by default all of them
        :param customer: whom the link has, where that is known already
        :raises UserError: naming the first difference
        """
        for fact, tribe, odoo in link._facts_that_differ(
            is_confirming=True, asked=names, customer=customer
        ):
            number = link.agreed.get("number") or self.name
            if tribe is None:
                raise UserError(say(self.env, "invoice_customer_differs", number=number))
            is_booking = self._tribe_is_booking()
            raise UserError(
                say(
                    self.env,
                    "invoice_would_differ" if is_booking else "invoice_differs_from_tribe",
                    number=number,
                    what=sentence(fact.inline),
                    tribe=tribe or "-",
                    odoo=odoo or "-",
                )
            )
