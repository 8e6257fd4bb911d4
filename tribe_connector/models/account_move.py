from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import column_exists, create_column

from ..engine.only_for import only_for
from ..invoices.booking import BOOKING, validate
from ..sentence import Name, say


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
            sentences = [link._told_next() for link in by_move.get(move._origin, ())]
            move.tribe_untold = "\n".join(filter(None, sentences)) or False

    @api.constrains("journal_id", "move_type")
    def _check_tribe_journal(self):
        """Keep a journal with Tribe's numbers free of new invoices made by hand.

        Such an invoice would take the number that Tribe gives out next. One that has its number
        there already takes none: it is posted, cancelled and reset as in any journal.
        """
        if self._tribe_is_booking():
            return
        for move in self.filtered(lambda move: not move._tribe_has_number()):
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

    def _tribe_has_number(self):
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

    def _tribe_is_booking(self):
        """Whether it is a lane that books these."""
        return self.env.context.get("tribe_booking") is BOOKING

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
