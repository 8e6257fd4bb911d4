import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.lease import Leases
from ..engine.session import Session

_logger = logging.getLogger(__name__)

LANES = {
    "inbound": ("cron_inbound_1", "cron_inbound_2"),
    "outbound": ("cron_outbound",),
}
HANDLERS = {
    "organization": "tribe.relation.importer",
    "person": "tribe.relation.importer",
    "customer": "tribe.relation.importer",
    "person_customer": "tribe.relation.importer",
    "supplier": "tribe.relation.importer",
    "address": "tribe.relation.importer",
    "invoice": "tribe.invoice.importer",
    "document": "tribe.document.importer",
    "poll": "tribe.poller",
    "partner": "tribe.relation.exporter",
    "plan": "tribe.relation.planner",
    "payment": "tribe.payment.exporter",
    "activate": "tribe.poller",
    "deactivate": "tribe.poller",
}
# Records worked on at once: as many as one call to Tribe reads by their IDs.
BATCH = 40
# How many waiting records are looked at for ones that nobody else works on.
CANDIDATES = 400
# Work due within so many seconds is waited for.
SOON_SECONDS = 10
# How long to wait for another worker who is at all the due records.
BUSY_SECONDS = 0.2


class TribeEngine(models.AbstractModel):
    """The lanes: claims work, has it done, commits, looks at the time left.

    ``_commit`` is the only place where work is committed (the leases, the tokens and the limiter
    have cursors of their own).
    """

    _name = "tribe.engine"
    _description = "Tribe Engine"

    @api.model
    def _wake(self, direction, reference=""):
        """Start a lane soon. The reference spreads records over the lanes."""
        lanes = LANES[direction]
        lane = lanes[sum(reference.encode()) % len(lanes)]
        self.env.ref(f"tribe_connector.{lane}").sudo()._trigger()

    @api.private
    def _run_lane(self, direction):
        """Do due work of one direction until there is none or the time is up. Called by a cron."""
        with Leases(self.env.registry) as leases:
            seconds_left = 1.0
            while seconds_left > 0:
                leases.give_back_all()
                claimed = self._claim(direction, leases)
                if claimed:
                    self._do(claimed, leases)
                    seconds_left = self._commit(len(claimed), remaining=self._count_due(direction))
                elif wait := self._seconds_until_due(direction):
                    time.sleep(wait)
                    seconds_left = self._commit(0, remaining=0)
                else:
                    self._commit(0, remaining=0)
                    return
            if self._count_due(direction):
                self._wake(direction)
                self._commit(0)

    def _seconds_until_due(self, direction):
        """How long to wait for work that another worker is at, or that is due in a moment.

        None when there is no such work. A trigger for later would only be seen by the next look
        of the cron workers, in a minute.
        """
        ((due,),) = self.env.execute_query(
            SQL(
                "SELECT min(work.due) FROM tribe_work work WHERE %s",
                self._is_due(direction, fields.Datetime.now() + timedelta(seconds=SOON_SECONDS)),
            )
        )
        if not due:
            return None
        return max((due - fields.Datetime.now()).total_seconds(), BUSY_SECONDS)

    @api.private
    def _run_schedule(self):
        """Note what the clock says is to be done, and wake the lanes. Called by a cron."""
        running = [("state", "=", "active"), ("is_demo_data", "=", False)]
        for connection in self.env["tribe.connection"].search(running):
            connection._plan_schedule()
        for direction in LANES:
            if self._count_due(direction):
                for lane in LANES[direction]:
                    self.env.ref(f"tribe_connector.{lane}")._trigger()
        self._commit(0)

    def _commit(self, processed, remaining=None):
        """Commit; returns the seconds left for this run of the cron."""
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    # Claiming

    def _claim(self, direction, leases):
        """Due work of one connection and kind that nobody else works on, with its leases taken."""
        candidates = self._candidates(direction)
        chosen = []
        for candidate in candidates:
            if chosen and candidate[:2] != chosen[0][:2]:
                continue
            if leases.take(_work_key(candidate)):
                chosen.append(candidate)
            if len(chosen) == BATCH:
                break
        if not chosen:
            return self.env["tribe.work"]
        # A new transaction: what another worker did with these rows before we got the leases.
        self._commit(0)
        connection_id, kind = chosen[0][:2]
        return self.env["tribe.work"].search(
            [
                ("connection_id", "=", connection_id),
                ("kind", "=", kind),
                ("reference", "in", [reference for *_, reference in chosen]),
                # A problem that waits for the night is solved with it, or told anew.
                "|",
                ("due", "<=", fields.Datetime.now()),
                ("error_class", "!=", False),
            ]
        )

    def _candidates(self, direction):
        """``[(connection_id, kind, reference)]``, longest due first."""
        return self.env.execute_query(
            SQL(
                """
                SELECT work.connection_id, work.kind, work.reference
                  FROM tribe_work work
                 WHERE %s
                 GROUP BY work.connection_id, work.kind, work.reference
                 ORDER BY min(work.due), min(work.id)
                 LIMIT %s
                """,
                self._is_due(direction),
                CANDIDATES,
            )
        )

    def _count_due(self, direction):
        ((count,),) = self.env.execute_query(
            SQL("SELECT count(*) FROM tribe_work work WHERE %s", self._is_due(direction))
        )
        return count

    def _is_due(self, direction, moment=None):
        """What may be worked on now, or at another moment.

        While the initial synchronization runs, nothing of Tribe comes in: it could be what we
        are just sending.
        """
        self.env["tribe.work"].flush_model()
        self.env["tribe.connection"].flush_model(["state", "mode", "is_demo_data"])
        states = ("active",) if direction == "inbound" else ("initial", "active")
        return SQL(
            """
            work.direction = %s AND work.due <= %s AND EXISTS (
                SELECT 1 FROM tribe_connection connection
                 WHERE connection.id = work.connection_id AND connection.mode != 'off'
                   AND connection.is_demo_data IS NOT TRUE
                   AND (connection.state IN %s OR work.kind IN ('deactivate', 'plan')))
            """,
            direction,
            moment or fields.Datetime.now(),
            states,
        )

    # Doing

    def _do(self, claimed, leases):
        """Have one batch done; whatever happens, every row ends done or with its problem."""
        connection = claimed.connection_id
        session = Session(self, connection, leases, claimed)
        try:
            self.env[HANDLERS[claimed[0].kind]]._process(session)
        except Exception as error:  # noqa: BLE001 - no error of an item may escape the cron
            session.rollback()
            session.fail_rest(error)
        try:
            session.finish()
            self.env.flush_all()
        except psycopg2.Error as error:
            # The rows stay as they were and come again.
            _logger.info("The work comes again: %s", error)
            session.rollback()

    def _back_off(self, connection, tries):
        """When something is tried again (datetime, UTC): longer each time, an hour at most."""
        seconds = min(connection.back_off_seconds * 2 ** min(tries, 10), 3600)
        return fields.Datetime.now() + timedelta(seconds=seconds)


def _work_key(candidate):
    connection_id, kind, reference = candidate
    if kind == "partner":
        return f"{connection_id}:res.partner:{reference}"
    if kind == "payment":
        return f"{connection_id}:account.move:{reference}"
    return f"{connection_id}:tribe:{reference}"
