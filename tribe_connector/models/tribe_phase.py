from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists

from ..codes import DRAFT_CODE, PAID_CODE, SENT_CODES
from ..mapping import clean_start
from ..tribe_api import Guid, TribeUnknownSet, equals

# So many invoices of a phase tell whether invoices have a number in it.
EXAMPLES = 20


class TribePhase(models.Model):
    """A phase of invoices in Tribe (docs/tribe-api.md, Invoices). Known by its ID: a tenant's own
    phases may have no code, and names are translated."""

    _name = "tribe.phase"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Invoice Phase"
    _order = "sequence, id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    code = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    is_draft = fields.Boolean(
        "Draft Phase",
        help="Invoices in this phase were not sent yet. They have no number, and are never booked.",
    )
    is_booked = fields.Boolean(
        "Book Invoices",
        help="Invoices in this phase are booked in Odoo. By default every phase but the draft. "
        "An invoice that is booked already and comes to a phase of your own without this, such as "
        "one for what is written off, stays in it: Tribe is not told that it is paid.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A phase of Tribe is listed once per connection."
    )

    def _auto_init(self):
        is_new = not column_exists(self.env.cr, self._table, "is_draft")
        result = super()._auto_init()
        if is_new:
            self._decide_by_code()
        return result

    def _has_code(self, code):
        """Whether a phase has one of Tribe's own codes, however a tenant writes it."""
        return (clean_start(self.code) or "").lower() == code.lower()

    def _is_paid(self):
        """Whether Tribe calls invoices in this phase paid."""
        return self._has_code(PAID_CODE)

    def _is_left_alone(self):
        """Whether it is a tenant's own phase that invoices are not moved out of: none are booked
        in it."""
        is_own = not any(map(self._has_code, (DRAFT_CODE, *SENT_CODES)))
        return bool(self) and is_own and not (self.is_booked or self.is_draft)

    def _decide_by_code(self):
        """Mark the drafts of an earlier version, which knew one code only.

        The phases of a connection without that code stay undecided until its next Connect.
        """
        self.env.cr.execute(
            SQL(
                """UPDATE tribe_phase phase
                      SET is_draft = COALESCE(lower(phase.code), '') = %(draft)s
                    WHERE EXISTS (SELECT 1 FROM tribe_phase draft
                                   WHERE draft.connection_id = phase.connection_id
                                     AND lower(draft.code) = %(draft)s)""",
                draft=DRAFT_CODE,
            )
        )

    def write(self, vals):
        """Refuse to say for others which invoices are booked: all legal entities go by these.

        :raises UserError: for who does not work in all companies of the connection
        """
        self.connection_id._check_works_in_all_companies()
        before = {phase: (phase.is_draft, phase.is_booked) for phase in self}
        result = super().write(vals)
        decided = self.filtered(lambda phase: (phase.is_draft, phase.is_booked) != before[phase])
        decided.connection_id._look_for_invoices_again()
        return result

    @api.model
    def _undecided(self, connection, rows):
        """Those of Tribe's phases of which it was never decided whether they are drafts."""
        self.flush_model(["is_draft"])
        decided = self.env.execute_query(
            SQL(
                "SELECT tribe_id FROM tribe_phase"
                " WHERE connection_id = %s AND is_draft IS NOT NULL",
                connection.id,
            )
        )
        known = {tribe_id for (tribe_id,) in decided}
        return [row for row in rows if row["ID"] not in known]

    @api.model
    def _drafts(self, client, rows, undecided):
        """Which of Tribe's phases come before sending: ``{tribe_id}``.

        The code tells, where it is one of Tribe's own. Else the invoices do: before sending they
        have no number. Without any, it is the phase that new invoices get, or the first one.

        :param rows: all phases, in Tribe's order
        :param undecided: those that are asked about
        """
        drafts = {row["ID"] for row in rows if _code(row) == DRAFT_CODE}
        silent = []
        for row in undecided:
            if _code(row) in (DRAFT_CODE, *SENT_CODES):
                continue
            has_numbers = _has_numbers(client, row["ID"])
            if has_numbers is None:
                silent.append(row)
            elif not has_numbers:
                drafts.add(row["ID"])
        if not drafts and len(undecided) == len(rows):
            first = [row for row in silent if row.get("IsDefault") is True] or silent
            drafts.update(row["ID"] for row in first[:1])
        return drafts


def _code(row):
    return (clean_start(row.get("Code")) or "").lower()


def _has_numbers(client, phase_id):
    """Whether invoices in a phase have numbers; None where there are no invoices in it."""
    try:
        invoices = client.page(
            "Activity_Invoice",
            filter=equals("Phase/ID", Guid(phase_id)),
            select="ID,Number",
            top=EXAMPLES,
        )
    except TribeUnknownSet:
        return None
    if not invoices:
        return None
    return any(clean_start(invoice.get("Number")) for invoice in invoices)
