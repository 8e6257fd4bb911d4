import logging
import math
import time
from datetime import timedelta
from itertools import chain, islice
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE
from odoo.tools import SQL, unique

from ..codes import (
    ASKED,
    FOLLOWING,
    FOUND,
    IN_EVERY_STATE,
    INBOUND_KINDS,
    OUTBOUND_KINDS,
    READING,
    TOLD,
    TRIAL,
    URGENCY,
)
from ..tribe_api import LONGEST_EXCHANGE_SECONDS, TribeError
from .availability import Availability
from .batch import Batch
from .leases import (
    Leases,
    journal_key,
)
from .limiter import (
    BURST_OF_WINDOW,
    LONGEST_SLEEP_SECONDS,
)
from .lost_race import giving_way
from .rounds import rounds_of
from .turn import (
    come_first_next,
    current_turn,
    is_turn_over,
    others_come_first,
)

_logger = logging.getLogger(__name__)

KINDS = {"inbound": INBOUND_KINDS, "outbound": OUTBOUND_KINDS}
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
    "entity": "tribe.poller",
    "poll": "tribe.poller",
    "comparison": "tribe.relation.comparer",
    "invoices": "tribe.invoice.comparer",
    "partner": "tribe.relation.exporter",
    "plan": "tribe.relation.planner",
    "payment": "tribe.payment.exporter",
    "unplaced": "tribe.poller",
    "activate": "tribe.poller",
    "deactivate": "tribe.poller",
    TRIAL: "tribe.trial",
}
# What only tells which relation to look at is done first, so that each is looked at once.
FIRST = ("entity", "poll", "customer", "person_customer", "supplier", "address")
OF_RELATIONS = [kind for kind, model in HANDLERS.items() if model == "tribe.relation.importer"]
# What is done in the journals of a connection, in each of which one worker is at a time.
IN_JOURNALS = ("invoice", "document")
# Records worked on at once: as many as one call to Tribe reads by their IDs.
BATCH = 40
# How many waiting records are looked at for ones that nobody else works on.
CANDIDATES = 400
# From how many rows they are taken, several of which may be about one record. And how far due
# rows are counted: beyond that, only that there are many matters.
ROWS = 4000
# Work due within so many seconds is waited for. No longer: Odoo has few cron workers, and a lane
# that waits keeps one of them from everybody's other work.
SOON_SECONDS = 3
# How long to wait for another worker who is at all the due records.
BUSY_SECONDS = 0.2
# What arrives while a lane waits is begun within so many seconds.
GLANCE_SECONDS = 0.5


class Stream(NamedTuple):
    """What is due of one connection, kind and urgency (``URGENCY``)."""

    connection_id: int
    kind: str
    urgency: int
    # The IDs of those in which it is done.
    journals: list[int]

    def fills(self, other):
        """Whether a batch of the other one may have some of this."""
        is_alike = self[:2] == other[:2] and self.kind in OF_RELATIONS
        return is_alike and {self.urgency, other.urgency} == {TOLD, FOLLOWING}

    def share(self):
        """With what it takes turns within its connection and urgency.

        What was found of relations keeps its order: so numbers are given, and so the plan says.
        """
        is_in_order = self.urgency in (FOLLOWING, FOUND) and self.kind in OF_RELATIONS
        return "relations" if is_in_order else self.kind


# Who takes turns, and within that: connections; what is asked for, what Tribe told, and the rest;
# what follows from other work and what was found; kinds.
SHARES = (
    lambda stream: stream.connection_id,
    lambda stream: (stream.connection_id, min(stream.urgency, FOLLOWING)),
    lambda stream: (stream.connection_id, "rest", stream.urgency),
    lambda stream: (stream.connection_id, stream.urgency, stream.share()),
)


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
        return max((due - fields.Datetime.now()).total_seconds(), BUSY_SECONDS)

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
            (Domain("state", "in", ("initial", "active")) | Domain("id", "in", told.ids))
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

    def _commit(self, processed, remaining=None):
        """Commit; returns the seconds left for this run of the cron."""
        if processed or remaining is not None:
            return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        # Most commits: Odoo would read the progress each time, to write what is there already.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return max(self.env.context.get("cron_end_time", math.inf) - time.monotonic(), 0)

    # Claiming

    def _claim(self, direction, leases):
        """Due work of one connection and kind that nobody else works on, with its leases taken."""
        rounds = rounds_of(
            self.env.cr.dbname,
            direction,
            had=lambda: self.env["tribe.work"]._begun_connections(direction).ids,
        )
        streams = self._streams(direction)
        waiting = {stream.connection_id for stream in streams}
        # Where nothing waited, what comes next has the order of ``_streams`` again: who asks first
        # whose an address is looks at its relation once.
        rounds.forget(lambda name: isinstance(name, tuple) and name[0] not in waiting)
        for stream in rounds.in_turn(streams, *SHARES):
            references = self._take_batch(direction, stream, streams, leases)
            if references:
                for share in SHARES:
                    rounds.had(share(stream))
                return self._claim_rows(stream.connection_id, stream.kind, references, leases)
        return self.env["tribe.work"]

    def _take_batch(self, direction, stream, streams, leases):
        """The records of one batch, with their leases.

        Of relations, what follows from other work and what Tribe told fill one batch together:
        each call reads as many as there is room for.

        What is booked in journals at which another lane is would wait for it once it was read, and
        then be read again: nothing of it is begun.
        """
        keys = [journal_key(journal) for journal in stream.journals]
        taken = []
        if all(leases.take(key) for key in keys):
            candidates = iter(self._candidates_to_fill(direction, stream, streams))
            while more := list(islice(candidates, BATCH - len(taken))):
                works = {_work_key(*stream[:2], reference): reference for reference in more}
                taken += [works[key] for key in leases.take_each(works)]
        if not taken:
            leases.give_back(filter(leases.holds, keys))
        return taken

    def _claim_rows(self, connection_id, kind, references, leases):
        """All rows about some records, as rows that webhooks do not count on any more."""
        # A new transaction: what another worker did with these rows before we got the leases.
        self._commit(0)
        if kind == "partner":
            self.env["tribe.work"]._leave_last(connection_id, kind, references)
        claimed = self.env["tribe.work"].search(
            [
                ("connection_id", "=", connection_id),
                ("kind", "=", kind),
                # Also what waits for its time: all that is about a record is done with it.
                ("reference", "in", references),
            ]
        )
        alone = claimed._first_alone()
        others = set(references) - set(alone.mapped("reference"))
        leases.give_back(_work_key(connection_id, kind, reference) for reference in others)
        alone._begin()
        # Before Tribe is asked, and at once: webhooks about the same records wait for it.
        self._commit(0)
        return alone

    def _streams(self, direction):
        """Of what work is due, in the order in which it is done, as ``Stream``.

        Of each only the first row is read, so that it costs the same however many wait.
        """
        entities = self.env["tribe.legal.entity"]
        entities.flush_model(["connection_id", "journal_id", "is_booked"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT work.connection_id, work.kind, work.urgency,
                       CASE WHEN work.kind IN %(booked)s
                            THEN ARRAY(SELECT DISTINCT journal_id FROM tribe_legal_entity
                                        WHERE connection_id = work.connection_id AND is_booked
                                          AND journal_id IS NOT NULL
                                        ORDER BY journal_id)
                            ELSE '{}' END
                  FROM %(heads)s
                 ORDER BY work.urgency, work.kind IN %(first_kinds)s DESC, head.due, head.id
                """,
                booked=IN_JOURNALS,
                heads=self._heads(direction, fields.Datetime.now(), most=1),
                first_kinds=FIRST,
            )
        )
        return [Stream(*row) for row in rows]

    def _candidates_to_fill(self, direction, stream, streams):
        """The references of a stream, then those of others that may fill its batch; each once."""
        others = [each for each in streams if each != stream and each.fills(stream)]
        found = (self._candidates(direction, each) for each in (stream, *others))
        return unique(chain.from_iterable(found))

    def _candidates(self, direction, stream):
        """The references of which work is due in a stream, in the order in which they are done.

        Only the head of the queue is read, so that a claim costs the same however long it is.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT head.reference
                  FROM (SELECT reference, due, id
                          FROM tribe_work
                         WHERE direction = %s AND connection_id = %s AND kind = %s
                           AND %s = %s AND due <= %s
                         ORDER BY due, id
                         LIMIT %s) head
                 GROUP BY head.reference
                 ORDER BY min(head.due), min(head.id)
                 LIMIT %s
                """,
                direction,
                stream.connection_id,
                stream.kind,
                SQL(URGENCY),
                stream.urgency,
                fields.Datetime.now(),
                ROWS,
                CANDIDATES,
            )
        )
        return [reference for (reference,) in rows]

    def _count_due(self, direction):
        """How many rows are due, as far as ``ROWS``."""
        ((count,),) = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %s) AS due",
                self._heads(direction, fields.Datetime.now(), most=ROWS),
                ROWS,
            )
        )
        return count

    def _heads(self, direction, moment, most):
        """The first rows, as many as ``most``, of each connection, kind and urgency (``work``) that
        may be worked on, due at a moment: ``head``, as SQL.

        No more are read, so that it costs the same however many wait.
        """
        return SQL(
            """
            (SELECT connection.id AS connection_id, of_direction.kind, all_urgencies.urgency
               FROM tribe_connection connection, unnest(%(kinds)s) AS of_direction(kind),
                    generate_series(%(asked)s, %(found)s) AS all_urgencies(urgency)) AS work,
            LATERAL (SELECT first.due, first.id FROM tribe_work first
                      WHERE first.direction = %(direction)s
                        AND first.connection_id = work.connection_id
                        AND first.kind = work.kind AND %(urgency)s = work.urgency
                        AND first.due <= %(moment)s
                      ORDER BY first.due, first.id LIMIT %(most)s) AS head
            WHERE %(may_be_done)s
            """,
            kinds=list(KINDS[direction]),
            asked=ASKED,
            found=FOUND,
            urgency=SQL(URGENCY),
            direction=direction,
            moment=moment,
            most=most,
            may_be_done=self._may_be_done(direction),
        )

    def _may_be_done(self, direction):
        """Of which connections what kinds of ``work`` may be done, apart from its time.

        While the initial synchronization runs, nothing of Tribe comes in: it could be what we
        are just sending. In dry run Tribe is read, and nothing is done with it. Archived
        connections wait, and in a copy of the database all of them. Nothing is started while
        Tribe cannot be reached, nor while it wants a pause: it would only fail.
        """
        self.env["tribe.work"].flush_model()
        connections = self.env["tribe.connection"]
        here = connections._here()
        connections.flush_model(["state", "mode", "is_demo_data", "active", *here])
        states = ("active",) if direction == "inbound" else ("initial", "active")
        return SQL(
            """
            EXISTS (
                SELECT 1 FROM tribe_connection connection
                 WHERE connection.id = work.connection_id
                   AND (connection.mode IN ('demo', 'live')
                        OR connection.mode = 'dry_run' AND work.kind IN %s)
                   AND connection.is_demo_data IS NOT TRUE
                   AND connection.active
                   AND connection.database_uuid = %s AND connection.database_name = %s
                   AND (connection.state IN %s OR work.kind IN %s))
            AND NOT EXISTS (
                SELECT 1 FROM tribe_availability availability
                 WHERE availability.connection_id = work.connection_id
                   AND availability.unavailable_since IS NOT NULL)
            AND NOT EXISTS (
                SELECT 1 FROM tribe_rate_limit rate_limit
                  JOIN tribe_connection connection ON connection.id = rate_limit.connection_id
                 WHERE rate_limit.connection_id = work.connection_id
                   AND rate_limit.position - EXTRACT(epoch FROM clock_timestamp())
                       > connection.call_window_seconds * %s + %s)
            """,
            READING,
            here["database_uuid"],
            here["database_name"],
            states,
            IN_EVERY_STATE,
            BURST_OF_WINDOW,
            LONGEST_SLEEP_SECONDS,
        )

    # Doing

    def _do(self, claimed, leases):
        """Have one batch done; whatever happens, every row ends done or with its problem."""
        # By itself: what is read through the rows is read one by one once a commit forgot these.
        connection = claimed.connection_id.with_prefetch()._in_language_of_responsible_user()
        claimed = claimed.with_env(connection.env)
        batch = Batch(self.with_env(connection.env), connection, leases, claimed)
        try:
            claimed._check_it_ends()
            batch.split_on_error(batch.env[HANDLERS[claimed[0].kind]]._process)
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


def _work_key(connection_id, kind, reference):
    if kind == "partner":
        return f"{connection_id}:res.partner:{reference}"
    if kind == "payment":
        return f"{connection_id}:account.move:{reference}"
    return f"{connection_id}:tribe:{reference}"
