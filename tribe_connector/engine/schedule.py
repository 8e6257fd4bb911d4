import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

from ..codes import WORKING_STATES
from ..tribe_api import LONGEST_EXCHANGE_SECONDS, TribeError
from .availability import Availability
from .lanes import LANES
from .lost_race import giving_way
from .turn import come_first_next, current_turn, is_turn_over, others_come_first

_logger = logging.getLogger(__name__)


class TribeEngine(models.AbstractModel):
    """The schedule: notes each minute what the clock says is to be done, and wakes the lanes."""

    _inherit = "tribe.engine"

    @api.private
    def _run_schedule(self):
        """Note what the clock says is to be done, tell, and wake the lanes. Called by a cron.

        Tribe is asked last, as that may take all the time there is, or the worker.
        """
        self._check_may_schedule()
        with giving_way(self.env.cr):
            self._commit(0)
            self._enqueue_in_turns()

    def _enqueue_in_turns(self):
        connections = self.env["tribe.connection"]
        # Also what was deactivated, as long as its webhooks are still in Tribe.
        works = self.env["tribe.work"]
        stopping = works.search([("kind", "=", "deactivate")]).connection_id
        # And what was paused by itself, of which people hear.
        resting = works._stopped(connections.search([("state", "=", "paused")])).connection_id
        told = stopping | resting
        running = (
            (Domain("state", "in", WORKING_STATES) | Domain("id", "in", told.ids))
            & Domain("mode", "!=", "off")
            & Domain("is_demo_data", "=", False)
            & Domain("active", "=", True)
            & connections._made_here()
        )
        connections = connections.search(running)
        # One that ends the worker keeps nobody waiting twice, nor what comes after all of them.
        for connection in connections._longest_ago_first():
            if connection._stops_schedule():
                self._apart(connection, self._tell_it_stops)
                continue
            self._apart(
                connection,
                self._begin_schedule,
                self._enqueue_due,
                self._enqueue_night,
                self._tell_trouble,
                self._end_schedule,
            )
        self._wake_for_due()
        stopping = connections.filtered(lambda connection: connection._stops_schedule())
        self._probe_in_turns(connections - resting - stopping)

    def _wake_for_due(self):
        """Start the lanes that have something to do."""
        for direction in LANES:
            if self._count_due(direction):
                for lane in self._lanes(direction):
                    lane._trigger()
        self._commit(0)

    def _probe_in_turns(self, connections):
        """Call each Tribe that could not be reached, as many as there is time for.

        Whoever was called longest ago comes first, so that a slow one keeps nobody waiting twice.
        """
        turn = current_turn()
        waiting = self.env["tribe.availability"].search(
            [
                ("connection_id", "in", connections.ids),
                ("unavailable_since", "!=", False),
                ("next_probe", "<=", fields.Datetime.now()),
            ],
            order="next_probe, id",
        )
        for connection in waiting.connection_id:
            if others_come_first() or turn.is_over(LONGEST_EXCHANGE_SECONDS):
                come_first_next()
                return
            # What its answer changes is planned and told at once.
            self._apart(
                connection, self._probe, self._enqueue_due, self._enqueue_night, self._tell_trouble
            )
            self._wake_for_due()

    def _apart(self, connection, *steps):
        """Take steps for one connection; a failure of one stops neither the next nor the others."""
        connection = connection._in_language_of_responsible_user()
        for step in steps:
            try:
                step(connection)
                self._commit(0)
            except psycopg2.OperationalError as error:
                self._recover(error)
            except Exception:
                _logger.exception("Planning for the connection %s failed", connection.id)
                self.env.cr.rollback()

    def _probe(self, connection):
        """Make one call to a Tribe that could not be reached; its answer starts the work again."""
        if not Availability(connection).begin_probe():
            return
        try:
            connection._probing_client().current_employee()
        except TribeError as error:
            _logger.info("Tribe still cannot be reached: %s", error)

    def _enqueue_due(self, connection):
        if connection.state == "active":
            connection._enqueue_due()

    def _begin_schedule(self, connection):
        connection._begin_schedule()

    def _end_schedule(self, connection):
        connection._end_schedule()

    def _tell_it_stops(self, connection):
        connection._tell_it_stops()

    def _enqueue_night(self, connection):
        """Bring forward what waits, in pieces, and then note what is looked at each night.

        What there is no time for is left to the next minute. Each piece is committed, and so is
        that the night is planned: one that ends the worker is not planned again and again.
        """
        if connection.state != "active" or not connection._is_night():
            return
        while connection._bring_night_forward():
            self._commit(0)
            if self._is_late():
                return
        is_another = connection._begin_night()
        self._commit(0)
        if is_another:
            connection._enqueue_nightly()
        else:
            connection._enqueue_comparison(fields.Datetime.now())

    def _is_late(self):
        """Whether the time of this turn is over."""
        return is_turn_over()

    def _tell_trouble(self, connection):
        connection._tell_trouble()
