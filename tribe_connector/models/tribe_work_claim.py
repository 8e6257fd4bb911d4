import psycopg2.errors

from odoo import fields, models
from odoo.tools import SQL

from ..codes import ASKED_FOR, URGENCY
from ..engine.problems import STOPPED, NeedsPerson
from ..sentence import sentence

# A record that was begun so often and never came to an end is what ended the worker. Once, it can
# be any of its batch, or somebody started Odoo anew.
MOST_BEGINNINGS = 2


class TribeWork(models.Model):
    """What a lane claims, and what it never came to the end of."""

    _inherit = "tribe.work"

    begun = fields.Integer(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="How often a lane began it without coming to the end; nothing while nobody is at it.",
    )

    # No other by ``due``: PostgreSQL would read all that waits elsewhere for the first of a stream.
    _stream_index = models.Index(f"(direction, connection_id, kind, ({URGENCY}), due, id)")

    def _begin(self):
        """Note that a lane claims these rows: what is told or asked of their records from now on
        needs another row.

        It has to be committed before the work begins: it is all that is left of a worker that ends.
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_work SET is_unclaimed = FALSE, begun = COALESCE(begun, 0) + 1"
                " WHERE id IN %s",
                self._ids or (0,),
            ),
            log_exceptions=False,
        )
        self.invalidate_recordset(["is_unclaimed", "begun"], flush=False)

    def _begun_connections(self, direction):
        """The connections of which something was begun, and is not at its end."""
        begun = [("direction", "=", direction), ("begun", ">", 0)]
        # What was set apart waits for its time.
        return self.search([*begun, ("due", "<=", fields.Datetime.now())]).connection_id

    def _end(self):
        """Note that the lane came to the end, and the worker lives: they come again."""
        self.exists().begun = 0

    def _first_alone(self):
        """Of rows that nobody is at: those of one record, if some of them were begun before.

        One of those may have ended its worker, so it must not take the others with it again.
        """
        begun = self.filtered(lambda work: work.begun or work.cause == STOPPED)[:1]
        return self.filtered(lambda work: work.reference == begun.reference) if begun else self

    def _check_it_ends(self):
        """Refuse to begin once more what ended its worker whenever it was begun.

        :raises NeedsPerson: naming nothing, as it could be the name
        """
        if self._stops_workers() or self._waits_as_stopped() or self._rests():
            raise NeedsPerson(sentence("worker_stopped"))

    def _stops_workers(self):
        """Whether these rows of one record were begun too often, and never came to an end."""
        return max(self.mapped("begun"), default=0) > MOST_BEGINNINGS

    def _rests(self):
        """Whether these are of a kind that ended as many workers as have a connection pause, and is
        done in every state of it. Whoever asks for it, it waits for another day."""
        kind = self[:1].kind
        in_every_state = self.env["tribe.engine"]._table_of_kinds().codes(in_every_state=True)
        return kind in in_every_state and self.connection_id._has_ended_workers(kind)

    def _waits_as_stopped(self):
        """Whether the record was set apart, and neither the night has come nor has a person asked.

        Whatever else is told of it, as often as anybody likes, waits with it.
        """
        stopped = self.filtered(lambda work: work.cause == STOPPED)
        is_due = any(work.due <= fields.Datetime.now() for work in stopped)
        is_asked_for = any(work.reason in ASKED_FOR and not work.error_class for work in self)
        return bool(stopped) and not is_due and not is_asked_for

    def _stopped(self, connections):
        """What ended its worker whenever it was begun, was set apart and waits for a person."""
        return self.search([("connection_id", "in", connections.ids), ("cause", "=", STOPPED)])

    def _ask(self, connection, direction, kind, references, reason):
        """As ``_add``, but for what waits already for the same reason; returns all these rows.

        What a lane is at, or what is held, is noted once more: it was read before.
        """
        asked = SQL(
            "SELECT %s::int AS connection_id, %s AS kind, unnest(%s::varchar[]) AS reference",
            connection.id,
            kind,
            [str(reference) for reference in references],
        )
        waiting = self.sudo()._waiting(asked, reason)
        known = set(waiting.mapped("reference"))
        left = [reference for reference in references if str(reference) not in known]
        return waiting | self._add(connection, direction, kind, left, reason)

    def _waiting(self, asked, reason):
        """The rows that a lane will come to next, and has not begun, about some records.

        They stay that way until this transaction is over, and then the lane sees what was done in
        it: one that a lane is just at does not count. Nobody waits for a lane here.

        :param asked: ``connection_id``, ``kind`` and ``reference`` of the records, as SQL
        """
        self.flush_model()
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        """
                        SELECT waiting.id
                          FROM tribe_work waiting JOIN (%s) asked
                            ON asked.connection_id = waiting.connection_id
                               AND asked.kind = waiting.kind
                               AND asked.reference = waiting.reference
                         WHERE waiting.reason = %s AND waiting.due <= %s
                           AND waiting.error_class IS NULL AND COALESCE(waiting.begun, 0) = 0
                         ORDER BY waiting.id
                           FOR SHARE OF waiting SKIP LOCKED
                        """,
                        asked,
                        reason,
                        fields.Datetime.now(),
                    ),
                    log_exceptions=False,
                )
                return self.browse(number for (number,) in self.env.cr.fetchall())
        except psycopg2.errors.SerializationFailure:
            # A lane began some of them since this transaction did: none counts.
            return self.browse()
