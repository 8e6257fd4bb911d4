from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..codes import RUNNING_STATES
from ..engine.only_for import only_for
from ..help_page import help_page
from ..sentence import say
from ..tribe_api import TribeError

# PostgreSQL keeps no higher one, and the numbers that follow need room.
HIGHEST_NUMBER = 1_000_000_000


class TribeConnection(models.Model):
    """The guided set-up: which step comes next follows from what is there, so anybody can leave
    and come back.
    """

    _inherit = "tribe.connection"

    step = fields.Selection(
        [
            ("connect", "Connect"),
            ("check", "Check"),
            ("map", "Map"),
            ("plan", "Plan"),
            ("activate", "Activate"),
            ("synchronize", "Synchronize"),
            ("active", "Active"),
        ],
        compute="_compute_step",
    )
    vat_group_ids = fields.One2many("tribe.vat.group", "connection_id", "VAT Groups")
    ledger_account_ids = fields.One2many(
        "tribe.ledger.account", "connection_id", "General Ledger Accounts"
    )
    legal_entity_count = fields.Integer(compute="_compute_mapped")
    vat_group_count = fields.Integer(compute="_compute_mapped")
    vat_group_mapped_count = fields.Integer("VAT Groups Mapped", compute="_compute_mapped")
    ledger_account_count = fields.Integer(compute="_compute_mapped")
    ledger_account_mapped_count = fields.Integer(
        "General Ledger Accounts Mapped", compute="_compute_mapped"
    )
    has_gaps = fields.Boolean(
        compute="_compute_mapped",
        help="A legal entity that is booked lacks its company or journal, or a VAT group its tax.",
    )
    can_suggest = fields.Boolean(compute="_compute_mapped")
    next_debtor_number = fields.Integer(
        compute="_compute_next_numbers",
        inverse="_inverse_next_debtor_number",
        help="The debtor number of the next customer that has none; numbers in use are passed "
        "over.",
    )
    next_creditor_number = fields.Integer(
        compute="_compute_next_numbers",
        inverse="_inverse_next_creditor_number",
        help="The creditor number of the next supplier that has none; numbers in use are passed "
        "over.",
    )
    plan_summary = fields.Text(compute="_compute_plan_summary")
    is_working = fields.Boolean(
        compute="_compute_is_working", help="Something goes on that can be watched."
    )
    help_url = fields.Char("Help", compute="_compute_help_url")

    @api.depends_context("lang")
    def _compute_help_url(self):
        self.help_url = help_page(self.env)

    @api.onchange("invoices_from", "phase_ids")
    def _onchange_what_is_booked(self):
        """Say how many invoices of Tribe another setting concerns, before it is saved."""
        connection = self._origin
        booked = self.phase_ids.filtered(lambda phase: phase.is_booked and not phase.is_draft)
        is_other = (
            self.invoices_from != connection.invoices_from
            or booked._origin != connection._booking_phases()
        )
        may_ask = connection.has_access("write") and connection._works_in_all_companies()
        if not (is_other and may_ask and connection.is_running):
            return None
        count = connection._count_concerned(self.invoices_from, booked._origin)
        if not count:
            return None
        message = say(self.env, "invoices_concerned", count=count)
        return {"warning": {"title": self.env._("Invoices in Tribe"), "message": message}}

    def _count_concerned(self, since, phases):
        """How many invoices from a date on, in some phases, are not booked yet.

        None where Tribe cannot be asked just now.
        """
        try:
            with self._asking_for_button():
                return self.env["tribe.invoice.comparer"]._count_unlinked(
                    self.sudo(), since, phases
                )
        except (TribeError, UserError):
            return None

    @api.depends("plan_ids.summary")
    def _compute_plan_summary(self):
        for connection in self:
            connection.plan_summary = connection.plan_id.summary

    @api.depends("state", "check_ids.state", "has_gaps", "plan_ids.state", "plan_ids.scope")
    def _compute_step(self):
        for connection in self:
            connection.step = connection._next_step()

    def _next_step(self):
        if self.state == "draft":
            return "check" if "blocking" in self.check_ids.mapped("state") else "connect"
        if self.state in RUNNING_STATES:
            running = "synchronize" if self._initial_work() else "active"
            return {"initial": "synchronize", "active": "active"}.get(self.state, running)
        if "blocking" in self.check_ids.mapped("state"):
            return "check"
        if self.has_gaps:
            return "map"
        is_planned = self.plan_id.scope == "initial" and self.plan_id.state == "ready"
        return "activate" if is_planned else "plan"

    @api.depends(
        "legal_entity_ids.company_id",
        "legal_entity_ids.is_booked",
        "legal_entity_ids.journal_id",
        "vat_group_ids.tax_id",
        "vat_group_ids.account_id",
        "ledger_account_ids.account_id",
    )
    def _compute_mapped(self):
        for connection in self:
            entities = connection.legal_entity_ids.filtered("is_booked")
            groups = connection.vat_group_ids.filtered("is_booked")
            ledgers = connection.ledger_account_ids.filtered("is_booked")
            connection.legal_entity_count = len(connection.legal_entity_ids)
            connection.vat_group_count = len(groups)
            connection.vat_group_mapped_count = len(groups.filtered("tax_id"))
            connection.ledger_account_count = len(ledgers)
            connection.ledger_account_mapped_count = len(ledgers.filtered("account_id"))
            connection.has_gaps = not connection.legal_entity_ids or not (
                all(entity.company_id and entity.journal_id for entity in entities)
                and all(group.tax_id for group in groups)
            )
            with_company = entities.filtered("company_id")
            connection.can_suggest = bool(
                with_company.filtered(lambda entity: not entity.journal_id)
                or with_company.vat_group_ids.filtered(lambda group: not group.tax_id)
                or with_company.ledger_account_ids.filtered(lambda ledger: not ledger.account_id)
            )

    def _compute_next_numbers(self):
        for connection in self:
            debtor, creditor = map(connection._shown_sequence, ("debtor", "creditor"))
            connection.next_debtor_number = debtor.number_next_actual
            connection.next_creditor_number = creditor.number_next_actual

    def _shown_sequence(self, kind):
        """As ``_number_sequence``, of no company that an onchange only pretends it to be of."""
        saved = self._origin
        is_own = self.env.su or self.company_id.id in self.env.user._get_company_ids()
        return (saved or (self if is_own else self.browse()))._number_sequence(kind)

    def _inverse_next_debtor_number(self):
        for connection in self:
            connection._set_next_number("debtor", connection.next_debtor_number)

    def _inverse_next_creditor_number(self):
        for connection in self:
            connection._set_next_number("creditor", connection.next_creditor_number)

    def _set_next_number(self, kind, number):
        sequence = self._number_sequence(kind)
        if sequence.number_next_actual == number:
            return
        if not sequence.company_id and not self.env.is_system():
            raise AccessError(
                say(
                    self.env,
                    "sequence_shared_by_companies",
                    name=self.name,
                    code=f"tribe.{kind}",
                )
            )
        if not 0 < number <= HIGHEST_NUMBER:
            raise ValidationError(
                say(
                    self.env,
                    "next_number_out_of_range",
                    name=self.name,
                    number=Decimal(number),
                    highest=Decimal(HIGHEST_NUMBER),
                )
            )
        sequence.number_next_actual = number

    def _number_sequence(self, kind):
        """The sequence of the connection's company, else the shared one."""
        return (
            self.env["ir.sequence"]
            .sudo()
            .search(
                [
                    ("code", "=", f"tribe.{kind}"),
                    ("company_id", "in", [self.company_id.id, False]),
                ],
                order="company_id",
                limit=1,
            )
        )

    @api.depends("state", "mode")
    def _compute_is_working(self):
        for connection in self:
            connection.is_working = connection.state == "initial" and connection.mode in (
                "demo",
                "live",
            )

    @only_for("Administrator", "write")
    def action_suggest(self):
        """Fill in what is obvious for all legal entities: journals, taxes, accounts.

        What is filled in already stays.
        """
        entities = self.legal_entity_ids.filtered(lambda each: each.is_booked and each.company_id)
        entities.action_create_journal()
        entities.action_suggest()
