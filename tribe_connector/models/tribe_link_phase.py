from odoo import models

from ..codes import PHASE_BEFORE


class TribeLink(models.Model):
    """The phase of a booked invoice: whether Paid was taken back, and which one was before it."""

    _inherit = "tribe.link"

    def _is_moved_back(self):
        """Whether Tribe has our Paid no longer: somebody there took it back, and Odoo has it.

        ``paid_by_us`` is kept for that, without ``told_paid``.
        """
        exporter = self.env["tribe.payment.exporter"]
        is_left_alone = self.phase_id._is_left_alone()
        is_taken_back = self.paid_by_us and not self.told_paid and not is_left_alone
        return is_taken_back and exporter._is_paid(self.connection_id, self)

    def _keep_phase_before(self):
        """Keep in which phase it is before Tribe is told Paid: there it belongs if that ends."""
        if self.agreed and self.phase_id and not self.phase_id._is_paid():
            self.agreed = {**self.agreed, PHASE_BEFORE: self.phase_id.tribe_id}

    def _phase_before(self):
        """That phase; empty where it is not known, or nothing that was sent is in it any more."""
        tribe_id = (self.agreed or {}).get(PHASE_BEFORE)
        return self.connection_id.phase_ids.filtered(
            lambda phase: (
                phase.tribe_id == tribe_id
                and not (phase.is_draft or phase._is_paid() or phase._is_left_alone())
            )
        )

    def _forget_phase_before(self):
        """Have it go back to Sent; returns whether that is another phase than was kept."""
        agreed = dict(self.agreed or {})
        is_known = bool(agreed.pop(PHASE_BEFORE, None))
        if is_known:
            self.agreed = agreed
        return is_known
