from itertools import chain, islice
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL, unique

from ..codes import (
    ASKED,
    FOLLOWING,
    FOUND,
    TOLD,
    URGENCY,
    WORKING_STATES,
)
from .leases import journal_key, record_key
from .limiter import BURST_OF_WINDOW, LONGEST_SLEEP_SECONDS
from .rounds import rounds_of

# Records worked on at once: as many as one call to Tribe reads by their IDs.
BATCH = 40
# How many waiting records are looked at for ones that nobody else works on.
CANDIDATES = 400
# From how many rows they are taken, several of which may be about one record. And how far due
# rows are counted: beyond that, only that there are many matters.
ROWS = 4000


class Stream(NamedTuple):
    """What is due of one connection, kind and urgency (``URGENCY``)."""

    connection_id: int
    kind: str
    urgency: int
    # The IDs of those in which it is done.
    journals: list[int]
    is_of_relations: bool

    def fills(self, other):
        """Whether a batch of the other one may have some of this."""
        is_alike = self[:2] == other[:2] and self.is_of_relations
        return is_alike and {self.urgency, other.urgency} == {TOLD, FOLLOWING}

    def share(self):
        """With what it takes turns within its connection and urgency.

        What was found of relations keeps its order: so numbers are given, and so the plan says.
        """
        is_in_order = self.urgency in (FOLLOWING, FOUND) and self.is_of_relations
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
    """Claiming: which work is done next, in turns, and by one worker at a time."""

    _inherit = "tribe.engine"

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
                works = {self._lease_of(*stream[:2], reference): reference for reference in more}
                taken += [works[key] for key in leases.take_each(works)]
        if not taken:
            leases.give_back(filter(leases.holds, keys))
        return taken

    def _lease_of(self, connection_id, kind, reference):
        """The name of the lease on the record that work is about."""
        return record_key(connection_id, self._table_of_kinds()[kind].leased, reference)

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
        leases.give_back(self._lease_of(connection_id, kind, reference) for reference in others)
        alone._begin()
        # Before Tribe is asked, and at once: webhooks about the same records wait for it.
        self._commit(0)
        return alone

    def _streams(self, direction):
        """Of what work is due, in the order in which it is done, as ``Stream``.

        Of each only the first row is read, so that it costs the same however many wait.
        """
        kinds = self._table_of_kinds()
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
                booked=kinds.codes(in_journals=True),
                heads=self._heads(direction, fields.Datetime.now(), most=1),
                first_kinds=kinds.codes(is_first=True),
            )
        )
        return [Stream(*row, kinds[row[1]].is_of_relations) for row in rows]

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
            kinds=list(self._table_of_kinds().codes(direction=direction)),
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
        connections wait, and in a copy of the database all of them.
        """
        kinds = self._table_of_kinds()
        self.env["tribe.work"].flush_model()
        connections = self.env["tribe.connection"]
        here = connections._here()
        connections.flush_model(["state", "mode", "is_demo_data", "active", *here])
        states = ("active",) if direction == "inbound" else WORKING_STATES
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
            AND %s
            """,
            kinds.codes(only_reads=True),
            here["database_uuid"],
            here["database_name"],
            states,
            kinds.codes(in_every_state=True),
            self._is_tribe_there(),
        )

    def _is_tribe_there(self):
        """Of which connections (``work``) the Tribe can be called, as SQL.

        Nothing is started while it cannot be reached, nor while it wants a pause: it would only
        fail.
        """
        return SQL(
            """
            NOT EXISTS (
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
            BURST_OF_WINDOW,
            LONGEST_SLEEP_SECONDS,
        )
