from odoo import api, fields, models

from ..codes import (
    PAID_CODE,
    RELATION_KINDS,
)
from ..engine.sentence_field import SentenceText
from ..sentence import say, together

# What is said of the links of relations that have no contact any more.
ENDED_BY = {
    "gone": "link_deleted_on_both_sides",
    "merged": "link_merged_in_odoo",
    "unlinked": "difference_contact_deleted",
}


class TribeLink(models.Model):
    """Says what is not alike on both sides of a link, and what Tribe is told next."""

    _inherit = "tribe.link"

    difference = SentenceText(readonly=True, help="Differences between Odoo and Tribe.")
    difference_shown = fields.Text(
        "What Differs", compute="_compute_difference_shown", compute_sudo=True
    )
    can_leave_to_odoo = fields.Boolean(compute="_compute_can_leave_to_odoo", compute_sudo=True)
    can_book_again = fields.Boolean(compute="_compute_can_book_again", compute_sudo=True)

    @api.depends("kind", "state", "partner_id", "company_id")
    def _compute_can_leave_to_odoo(self):
        links = self.filtered("id")
        (self - links).can_leave_to_odoo = False
        own = links.partner_id._tribe_own()
        for link in links:
            may = link.kind == "invoice" or (
                link.state in ("merged", "unlinked") and bool(link.tribe_id)
            )
            may |= link.kind in RELATION_KINDS and bool(
                link.partner_id & own or link.partner_id._tribe_elsewhere(link.connection_id)
            )
            link.can_leave_to_odoo = may and link.state != "left_to_odoo"

    @api.depends("kind", "state", "move_id.state")
    def _compute_can_book_again(self):
        for link in self:
            link.can_book_again = bool(link.id) and link._may_be_booked_again()

    def _may_be_booked_again(self):
        """Whether no entry of the invoice is in Odoo, and Tribe still has it."""
        is_booked = self.move_id.state in ("draft", "posted")
        return self.kind == "invoice" and self.state != "gone" and not is_booked

    @api.depends(
        "difference",
        "kind",
        "state",
        "partner_id.display_name",
        "told_paid",
        "paid_by_us",
        "connection_id.tell_unpaid",
        "connection_id.paid_when",
        "move_id.state",
        "move_id.payment_state",
        "move_id.amount_residual",
    )
    @api.depends_context("lang")
    def _compute_difference_shown(self):
        links = self.filtered("id")
        (self - links).difference_shown = False
        for link in links:
            link.difference_shown = "\n".join(link._difference_parts()) or False

    def _difference_parts(self):
        """What is not alike, and what Tribe is not told because of that; each a text.

        Of a relation, what it means that nothing goes through its link any more.
        """
        if self.kind != "invoice":
            return list(filter(None, [self._why_ended()]))
        return [each for each in (self.difference, self._untold_payment()) if each]

    def _where_it_differs(self):
        """What is not alike, and where a person decides about that."""
        if self.kind != "invoice":
            return self.difference_shown
        told = together([self.difference_shown, *self._remedies()])
        return say(self.env, "form_invoice_differs", difference=told)

    def _why_ended(self):
        """Why nothing goes through the link of a relation any more, and what can be done; else
        nothing. What a person left to Odoo is no trouble."""
        if self.kind not in RELATION_KINDS:
            return ""
        if self.state == "gone" and self.partner_id:
            name = self.partner_id._tribe_called()
            return say(self.env, "link_deleted_in_tribe", contact=name)
        return say(self.env, ENDED_BY[self.state]) if self.state in ENDED_BY else ""

    def _why_not_synchronized(self):
        """Why a contact whose link has ended was not synchronized, for who asked for that."""
        contact = self.partner_id._tribe_called()
        left = say(self.env, "contact_left_to_odoo", contact=contact)
        return self._why_ended() or left

    def _untold_payment(self):
        """What Tribe is not told of a payment because the invoice differs; may be empty."""
        if self.kind != "invoice" or self.state != "differs":
            return ""
        exporter = self.env["tribe.payment.exporter"]
        code = exporter._phase_not_in_tribe(self.connection_id, self)
        if code == PAID_CODE:
            return say(self.env, "difference_paid_untold")
        if code and self.connection_id.tell_unpaid:
            return say(self.env, "difference_unpaid_untold")
        return ""

    def _told_next(self):
        """What Tribe is told of the payments of an invoice next, and when; may be empty."""
        connection = self.connection_id
        is_at_work = connection.state == "active" and connection.mode in ("demo", "live")
        if self.kind != "invoice" or not is_at_work or connection not in connection._active():
            return ""
        code = self.env["tribe.payment.exporter"]._wanted_phase(connection, self)
        before = self._phase_before() if code and code != PAID_CODE else None
        phase = before or (code and connection._phase(code))
        if not phase:
            return ""
        is_nightly = connection.export_moment == "nightly"
        when = "payment_told_tonight" if is_nightly else "payment_told_soon"
        return say(self.env, when, phase=phase.name or code)
