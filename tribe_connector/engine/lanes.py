import logging
import math
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE
from odoo.tools import SQL

from ..tribe_api import LONGEST_EXCHANGE_SECONDS
from .batch import Batch
from .kinds import KINDS, table_of
from .leases import Leases
from .lost_race import giving_way
from .turn import (
    come_first_next,
    current_turn,
    others_come_first,
)

_logger = logging.getLogger(__name__)

LANES = {
    "inbound": ("cron_inbound_1", "cron_inbound_2"),
    "outbound": ("cron_outbound",),
}
# Work due within so many seconds is waited for. No longer: Odoo has few cron workers, and a lane
# that waits keeps one of them from everybody's other work.
SOON_SECONDS = 3
# How long to wait for another worker who is at all the due records.
SHORTEST_WAIT_SECONDS = 0.2
# What arrives while a lane waits is begun within so many seconds.
GLANCE_SECONDS = 0.5


class TribeEngine(models.AbstractModel):
    """The lanes: claims work, has it done, commits, looks at the time left.

    ``_commit`` is the only place where work is committed (the leases, the tokens and the limiter
    have cursors of their own).
    """

    _name = "tribe.engine"
    _description = "Tribe Engine"

    @api.model
    def _kinds(self):
        """The kinds of work (``Kind``), for another addon to add its own."""
        return KINDS

    @api.model
    def _table_of_kinds(self):
        """All kinds of work, and what follows from them (``Kinds``)."""
        return table_of(tuple(self._kinds()))

    @api.model
    def _wake(self, direction, reference=""):
        """Start a lane soon. The reference spreads records over the lanes."""
        if lane := self._lane_of(direction, reference):
            lane._trigger()

    def _wake_once(self, direction, reference=""):
        """As ``_wake``, with one trigger for all who call it before the lane starts.

        A trigger that Odoo is just taking away to start the lane, which may have looked at the
        work already, is locked, and does not count. One that counts stays until this transaction
        is over, and then the lane sees what was noted in it.

        :raises psycopg2.errors.SerializationFailure: when it was taken away since this
            transaction began
        """
        lane = self._lane_of(direction, reference)
        if not lane:
            return
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM ir_cron_trigger WHERE cron_id = %s AND call_at <= %s"
                " ORDER BY id DESC LIMIT 1 FOR KEY SHARE SKIP LOCKED",
                lane.id,
                fields.Datetime.now(),
            ),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            self.env.cr.postcommit.add(lane._notifydb)
        else:
            lane._trigger()

    def _lane_of(self, direction, reference):
        """One of the lanes, always the same for a reference; None where there is no lane."""
        lanes = self._lanes(direction)
        return lanes[sum(reference.encode()) % len(lanes)] if lanes else None

    def _lanes(self, direction):
        """The scheduled actions of a direction that are there and active, as a list.

        Somebody may have deleted one or switched it off; the connection says so.
        """
        lanes = [
            self.env.ref(f"tribe_connector.{lane}", raise_if_not_found=False)
            for lane in LANES[direction]
        ]
        return [lane.sudo() for lane in lanes if lane and lane.sudo().active]

    def _check_may_schedule(self):
        """Refuse whoever is no scheduled action: Odoo has the code of one run by who knows its ID.

        :raises AccessError: as Odoo does, for who may not change scheduled actions
        """
        self.env["ir.cron"].check_access("write")

    @api.private
    def _run_lane(self, direction):
        """Do due work of one direction until there is none or the time is up. Called by a cron.

        Odoo calls it again, up to ten times, after the time is up (``_run_job`` of
        odoo/addons/base/models/ir_cron.py); then nothing is begun. Nor is it when other lanes
        before this one, in the same worker, have used up the time for calls to Tribe: then they
        leave it to this one the next time.
        """
        self._check_may_schedule()
        turn = current_turn()
        with Leases(self.env.registry) as leases, giving_way(self.env.cr):
            seconds_left = 0 if others_come_first() else self._commit(0)
            while seconds_left > 0 and not turn.is_over(LONGEST_EXCHANGE_SECONDS):
                try:
                    seconds_left = self._work_on(direction, leases)
                except psycopg2.OperationalError as error:
                    # Somebody else changed the same rows at the same moment.
                    self._recover(error)
                    seconds_left = self._commit(0)
            # Also what is due in a moment, because the time was up in the middle of it.
            if self._seconds_until_due(direction) is not None:
                come_first_next()
                self._wake(direction)
                self._commit(0)

    def _work_on(self, direction, leases):
        """Do one batch, or wait for the next one. Returns the seconds left; 0 at the end."""
        leases.give_back_all()
        claimed = self._claim(direction, leases)
        if claimed:
            try:
                self._do(claimed, leases)
                return self._commit(len(claimed), remaining=self._count_due(direction))
            except psycopg2.OperationalError as error:
                # Somebody else changed the same rows at the same moment; the worker lives.
                self._recover(error)
            return self._note_end(claimed)
        wait = self._seconds_until_due(direction)
        if wait:
            time.sleep(min(wait, GLANCE_SECONDS))
            return self._commit(0, remaining=0)
        self._commit(0, remaining=0)
        return 0

    def _note_end(self, claimed):
        """Note that the worker lives, of what comes again; returns the seconds left."""
        for _attempt in range(MAX_TRIES_ON_CONCURRENCY_FAILURE):
            try:
                claimed._end()
                self.env.flush_all()
                return self._commit(0)
            except psycopg2.OperationalError as error:
                # Somebody else changes these rows as well.
                self._recover(error)
        return self._commit(0)

    def _recover(self, error):
        """Go on after a failed transaction.

        :raises psycopg2.OperationalError: when the connection with PostgreSQL itself is gone
        """
        _logger.info("The work comes again: %s", error)
        if self.env.cr.connection.closed:
            raise error
        self.env.cr.rollback()

    def _seconds_until_due(self, direction):
        """How long to wait for work that another worker is at, or that is due in a moment.

        None when there is no such work. A trigger for later would only be seen by the next look
        of the cron workers, in a minute.
        """
        ((due,),) = self.env.execute_query(
            SQL(
                "SELECT min(head.due) FROM %s",
                self._heads(
                    direction, fields.Datetime.now() + timedelta(seconds=SOON_SECONDS), most=1
                ),
            )
        )
        if not due:
            return None
        return max((due - fields.Datetime.now()).total_seconds(), SHORTEST_WAIT_SECONDS)

    def _commit(self, processed, remaining=None):
        """Commit; returns the seconds left for this run of the cron."""
        if processed or remaining is not None:
            return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        # Most commits: Odoo would read the progress each time, to write what is there already.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return max(self.env.context.get("cron_end_time", math.inf) - time.monotonic(), 0)

    def _do(self, claimed, leases):
        """Have one batch done; whatever happens, every row ends done or with its problem."""
        # By itself: what is read through the rows is read one by one once a commit forgot these.
        connection = claimed.connection_id.with_prefetch()._in_language_of_responsible_user()
        claimed = claimed.with_env(connection.env)
        batch = Batch(self.with_env(connection.env), connection, leases, claimed)
        try:
            claimed._check_it_ends()
            batch.split_on_error(
                batch.env[self._table_of_kinds()[claimed[0].kind].handler]._process
            )
            batch.check_may_change_odoo()
        except Exception as error:  # noqa: BLE001 - no error of an item may escape the cron
            batch.rollback()
            batch.fail_rest(error)
        try:
            batch.finish()
            if batch.kind == "partner":
                connection._end_initial_when_done()
            self.env.flush_all()
        except psycopg2.OperationalError:
            # The rows stay as they were and come again.
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self.env.cr.rollback()
            batch.postpone_all(error)
