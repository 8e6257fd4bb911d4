from odoo import models

from ..engine.turn import begin_row, job_of_row


class IrCron(models.Model):
    _inherit = "ir.cron"

    def method_direct_trigger(self):
        self.browse().check_access("write")
        begin_row(self.env.cr)
        return super().method_direct_trigger()

    @classmethod
    def _process_job(cls, cron_cr, job):
        """Note when the first job of a row began: Odoo waits for all of them together."""
        with job_of_row(cron_cr):
            return super()._process_job(cron_cr, job)
