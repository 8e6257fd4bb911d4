import logging

import psycopg2
import psycopg2.pool

from odoo import api, models

from ..engine.turn import begin_row, job_of_row

_logger = logging.getLogger(__name__)


class IrCron(models.Model):
    _inherit = "ir.cron"

    def method_direct_trigger(self):
        self.browse().check_access("write")
        begin_row(self.env.cr)
        return super().method_direct_trigger()

    @api.model
    def _notifydb(self):
        """Wake the scheduled actions; where no connection is left for it, they look every minute.

        Odoo does it after the commit: what was noted is noted, and a webhook is to be told so.
        """
        try:
            return super()._notifydb()
        except (psycopg2.OperationalError, psycopg2.pool.PoolError) as error:
            _logger.info("The scheduled actions are woken by the clock: %s", error)
            return None

    @classmethod
    def _process_job(cls, cron_cr, job):
        """Note when the first job of a row began: Odoo waits for all of them together."""
        with job_of_row(cron_cr, job["id"]):
            return super()._process_job(cron_cr, job)
