from decimal import Decimal
from functools import partial

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools.sql import column_exists, create_column

from ..engine.only_for import only_for
from ..engine.problems import OfSome
from ..invoices.booking import (
    BOOKING,
    validate,
)
from ..mapping.cents import rounded, vat_tolerance, vat_tolerance_where_included
from ..sentence import Name, say, sentence
from .tribe_link_facts import BEFORE_VAT


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "tribe.synchronized"]
    _tribe_link_field = "move_id"
    _tribe_work_kind = "payment"

    tribe_link_ids = fields.One2many(
        "tribe.link",
        "move_id",
        "Tribe Links",
        readonly=True,
        # Odoo searches in them without the rules of links: it would tell what others linked.
        groups=fields.NO_ACCESS,
    )
    tribe_id = fields.Char(
        "Tribe ID",
        compute="_compute_tribe_id",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        copy=False,
        groups="base.group_user",
    )
    tribe_url = fields.Char(
        "In Tribe", compute="_compute_tribe_url", compute_sudo=True, groups="base.group_user"
    )

    tribe_untold = fields.Text(
        "Tribe Is Told Next",
        compute="_compute_tribe_untold",
        groups="tribe_connector.group_user",
        help="What Tribe is told of the payments of this invoice, and when.",
    )
    tribe_booked_before = fields.Char(
        "Booked Before for Tribe",
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="The Tribe ID of the invoice that it was booked for, until Book Again was pressed.",
    )

    def write(self, vals):
        if vals:
            self._tribe_keep_lanes_off()
        result = super().write(vals)
        is_by_person = not self._tribe_is_booking()
        if vals.get("state") in ("draft", "cancel") and is_by_person:
            self.sudo().filtered("tribe_id")._tribe_links()._ask_whether_well()
        return result

    def _tribe_keep_lanes_off(self, with_links=False):
        """As of contacts, but for those that whoever asks may not write: nobody else holds them.

        Which invoices are Tribe's is known without a query.
        """
        own = self if self.env.su else self._filtered_access("write")
        # What was read with all rights to know that: Odoo's own checks of what is written come
        # before its check of who writes, and would answer out of the cache.
        (self - own).invalidate_recordset()
        of_tribe = own.sudo().filtered("tribe_id").with_env(self.env)
        return super(AccountMove, of_tribe)._tribe_keep_lanes_off(with_links)

    def _auto_init(self):
        # Empty at once: no invoice of before has a link, and there may be a million of them.
        if not column_exists(self.env.cr, self._table, "tribe_id"):
            create_column(self.env.cr, self._table, "tribe_id", "varchar")
        return super()._auto_init()

    @api.depends("tribe_link_ids.tribe_id")
    def _compute_tribe_id(self):
        for move in self:
            # With all rights: not for links that an onchange only pretends to be of the invoice.
            move.tribe_id = bool(move.id) and move.tribe_link_ids[:1].tribe_id

    @api.depends("tribe_id")
    def _compute_tribe_url(self):
        for move in self:
            is_there = bool(move.id and move.tribe_id)
            move.tribe_url = is_there and move.tribe_link_ids[:1].tribe_url

    @api.depends("payment_state", "amount_residual", "state")
    @api.depends_context("uid", "lang")
    def _compute_tribe_untold(self):
        # Whose links the reader sees; what becomes of them does not depend on the reader.
        links = self.env["tribe.link"].search([("move_id", "in", self._origin.ids)])
        by_move = links.sudo().grouped("move_id")
        for move in self:
            told = [link._told_next() for link in by_move.get(move._origin, ())]
            move.tribe_untold = "\n".join(filter(None, told)) or False

    @api.constrains("journal_id", "move_type")
    def _check_tribe_journal(self):
        """Keep a journal with Tribe's numbers free of new invoices made by hand.

        Such an invoice would take the number that Tribe gives out next. One that has its number
        there already takes none: it is posted, cancelled and reset as in any journal.
        """
        if self._tribe_is_booking():
            return
        for move in self.filtered(lambda move: not move._has_number()):
            if (
                move.is_invoice(include_receipts=True)
                and move.journal_id in move._tribe_reserved_journals(running=True)
                and not move.sudo().tribe_link_ids
            ):
                raise ValidationError(
                    say(
                        self.env,
                        "journal_reserved_for_tribe",
                        journal=Name.of(move.journal_id),
                    )
                )

    def _validate_fields(self, field_names, excluded_names=()):
        """As Odoo's; of those that a lane books at once it is learnt which are refused."""
        of_fields = [*field_names], [*excluded_names]

        def check(moves):
            super(AccountMove, moves)._validate_fields(*of_fields)  # noqa: UP008 - not of ``self``

        return validate(self, lambda moves: {move: move for move in moves}, check)

    def copy_data(self, default=None):
        """Have a duplicate of an invoice of Tribe come into a journal that takes it.

        So does a debit note (account_debit_note), which names the journal of its invoice.
        """
        vals_list = super().copy_data(default)
        if "journal_id" not in (default or {}) or "debit_origin_id" in default:
            for move, vals in zip(self, vals_list, strict=True):
                if (
                    move.is_invoice(include_receipts=True)
                    and vals.get("journal_id") == move.journal_id.id
                    and move.journal_id in move._tribe_reserved_journals(running=True)
                ):
                    vals["journal_id"] = move._tribe_ordinary_journal().id
        return vals_list

    def _has_number(self):
        """Whether it was posted once, and kept its number."""
        return self.posted_before and bool(self.name) and self.name != "/"

    def _tribe_ordinary_journal(self):
        """The first sales journal of the company in which numbers are not Tribe's, else its own."""
        journals = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.company_id),
                ("type", "=", "sale"),
                # Odoo copies with those that are archived.
                ("active", "=", True),
            ]
        )
        return (journals - self._tribe_reserved_journals(journals=journals))[:1] or self.journal_id

    def _tribe_reserved_journals(self, running=False, journals=None):
        """Those of their journals, or of some others, in which numbers are Tribe's.

        :param running: only where invoices of Tribe can still come in
        """
        journals = self.journal_id if journals is None else journals
        entities = (
            self.env["tribe.legal.entity"]
            .sudo()
            .search([("journal_id", "in", journals.ids), ("number_policy", "=", "tribe")])
        )
        if running:
            entities = entities.filtered(lambda entity: entity._can_book())
        return entities.journal_id

    @only_for("Employee")
    def action_open_in_tribe(self):
        """Open this invoice in Tribe's web app."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tribe_url, "target": "new"}

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
        self._tribe_look_at_each(moves, lambda move, link: move._tribe_before_posting(link))
        posted = super()._post(soft)
        self._tribe_look_at_each(
            [(move, link) for move, link in moves if move in posted],
            lambda move, link: move._tribe_after_posting(link),
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

    def _tribe_before_posting(self, link):
        # Else VAT would be said to differ, and what was changed would not.
        if not self._tribe_is_booking():
            self._tribe_as_in_tribe(partial(link._follow_tribe, is_confirming=True))
            self._tribe_as_in_tribe(partial(self._tribe_check_facts, link, BEFORE_VAT))
        self._tribe_as_in_tribe(partial(self._tribe_correct_vat, link))

    def _tribe_after_posting(self, link):
        # Odoo may only now have moved it out of a locked period.
        self._tribe_as_in_tribe(link._follow_tribe)
        self._tribe_as_in_tribe(partial(self._tribe_check_facts, link))
        self._tribe_as_in_tribe(link._keep_accounting_date)

    def _tribe_is_booking(self):
        """Whether it is a lane that books these."""
        return self.env.context.get("tribe_booking") is BOOKING

    def _tribe_as_in_tribe(self, step):
        """Take a step in the confirming of an invoice, which only Odoo and we may refuse.

        Anything else that goes wrong in it is ours, and no bookkeeper has to wait for that.
        """
        if self._tribe_is_booking():
            step()
        else:
            self._tribe_apart(step, intended=(UserError, RedirectWarning))

    def _tribe_links(self):
        """The links of these moves, whoever asks; those left to Odoo need not be as in Tribe.

        Of what another connection adopted meanwhile, those of an archived one count no more: it
        never looks again.

        As the lanes have them: what Odoo makes when credits are settled would else get the default
        values of who confirms, and with all rights also what these may not touch.
        """
        env = self.env
        if not self._tribe_is_booking():
            env = env(user=SUPERUSER_ID, context={"lang": env.lang})
        links = (
            env["tribe.link"].sudo().search([("move_id", "in", self.ids), ("kind", "=", "invoice")])
        )
        if len(links) == len(links.move_id):
            return links
        current = links.filtered("connection_id.active")
        return current | links.filtered(lambda link: link.move_id not in current.move_id)

    def _tribe_correct_vat(self, link):
        """Set the VAT of each tax to Tribe's; some cents at most (the link's ``vat_by_tax``).

        :raises UserError: where the difference is more than rounding can explain
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
            difference = sign * Decimal(vat) - computed
            if not difference:
                continue
            if abs(difference) > self._tribe_tolerance(tax, link):
                # Of other net amounts VAT is another one, too; those tell what is wrong.
                self._tribe_check_facts(link, BEFORE_VAT)
                # Adding 0 turns -0.00 into 0.00.
                raise UserError(
                    self._tribe_vat_differs(link, tax, Decimal(vat), sign * computed + 0)
                )
            if tax_lines:
                tax_lines[0].amount_currency += float(difference)
            else:
                self._tribe_add_vat(tax, difference)

    def _tribe_vat_differs(self, link, tax, tribe, odoo):
        """What is said of VAT that is another in Tribe, and where it can be wrong."""
        told = {
            "number": link.agreed["number"],
            "tax": Name.of(tax),
            "tribe": tribe,
            "odoo": odoo,
        }
        # Once it was booked, it is not the set-up that is wrong.
        if self.posted_before:
            return say(self.env, "vat_was_changed", **told)
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
            return say(self.env, "vat_differs", **told)
        return say(
            self.env,
            "vat_of_groups_differs",
            **told,
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

    def _tribe_check_facts(self, link, names=None):
        """Refuse an entry that has not the facts of Tribe (``mapping.invoice_facts``).

        :param names: of the facts to be looked at; by default all of them
        :raises UserError: naming the first difference
        """
        for fact, tribe, odoo in link._facts_that_differ(is_confirming=True, asked=names):
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

    @api.depends("partner_id")
    def _compute_invoice_payment_term_id(self):
        """As Odoo's; an invoice of Tribe has its due date, whoever of the customer gets it."""
        of_tribe = self.filtered(lambda move: move._origin.tribe_id)
        terms = {move: move.invoice_payment_term_id for move in of_tribe}
        result = super()._compute_invoice_payment_term_id()
        for move, term in terms.items():
            move.invoice_payment_term_id = term
        return result

    @api.depends("partner_id", "partner_shipping_id")
    def _compute_fiscal_position_id(self):
        """As Odoo's; an invoice of Tribe keeps its own, which goes with its taxes."""
        of_tribe = self.filtered(lambda move: move._origin.tribe_id)
        positions = {move: move.fiscal_position_id for move in of_tribe}
        result = super()._compute_fiscal_position_id()
        for move, position in positions.items():
            move.fiscal_position_id = position
        return result

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
