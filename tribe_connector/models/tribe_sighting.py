from odoo import fields, models
from odoo.tools import SQL

# Of one connection. Beyond it nothing more is noted: a Tribe may list as many as it likes.
MOST_SEEN = 1_000_000
# What PostgreSQL deletes in some tenths of a second.
FORGOTTEN_AT_ONCE = 50_000


class TribeSighting(models.Model):
    """How an invoice of Tribe was when it was last read, so that looking costs what changed.

    Lanes alone read and write it, many rows in one statement, in the order of their IDs: so two of
    them never wait for each other. It says nothing about what is booked, that is the link's.
    """

    _name = "tribe.sighting"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Sighting"
    _rec_name = "tribe_id"
    _log_access = False

    connection_id = fields.Many2one(
        "tribe.connection", required=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    state = fields.Char(
        readonly=True, help="What a listing showed when it was last read; empty until then."
    )
    date = fields.Date(readonly=True, help="The invoice date that Tribe showed last.")
    look = fields.Char(readonly=True, help="Which look through all invoices saw it last.")

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "An invoice of Tribe is seen once per connection."
    )
    _look_index = models.Index("(connection_id, look)")

    def init(self):
        result = super().init()
        # A Tribe may show other invoices at each look, and each draws an ID, which all connections
        # share. Odoo's own type has two billion of them.
        self.env.cr.execute(
            """
            ALTER TABLE tribe_sighting ALTER COLUMN id TYPE bigint;
            ALTER SEQUENCE tribe_sighting_id_seq AS bigint
            """
        )
        return result

    def _states(self, connection, tribe_ids):
        """The states of those invoices that were read before: ``{tribe_id: state}``."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT tribe_id, state FROM tribe_sighting"
                    " WHERE connection_id = %s AND tribe_id = ANY(%s) AND state IS NOT NULL",
                    connection.id,
                    list(tribe_ids),
                )
            )
        )

    def _note_read(self, connection, sights):
        """Note how some invoices (``mapping.Sight``) are that were just read."""
        self._upsert(connection, sights, SQL("state = excluded.state, date = excluded.date"))

    def _note_seen(self, connection, sights, look=None):
        """Note that some invoices were listed; by which look through all of them, if by one."""
        self._upsert(
            connection,
            sights,
            SQL("date = excluded.date, look = COALESCE(excluded.look, known.look)"),
            is_read=False,
            look=look,
        )

    def _upsert(self, connection, sights, change, *, is_read=True, look=None):
        """Change what is known and add the rest.

        Apart: a row that conflicts uses up an ID before PostgreSQL sees it.
        """
        sights = sorted({sight.tribe_id: sight for sight in sights}.values(), key=_tribe_id)
        if not sights:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH sight AS MATERIALIZED (
                    SELECT * FROM unnest(%(ids)s::varchar[], %(states)s::varchar[],
                                         %(dates)s::date[]) AS sight(tribe_id, state, date)
                ), seen AS MATERIALIZED (
                    SELECT known.id, known.tribe_id, sight.state, sight.date, %(look)s AS look
                      FROM tribe_sighting known JOIN sight ON sight.tribe_id = known.tribe_id
                     WHERE known.connection_id = %(connection)s
                     ORDER BY known.tribe_id
                       FOR UPDATE OF known
                ), changed AS (
                    UPDATE tribe_sighting known SET %(change)s
                      FROM seen AS excluded WHERE known.id = excluded.id
                )
                INSERT INTO tribe_sighting AS known (connection_id, tribe_id, state, date, look)
                SELECT %(connection)s, sight.tribe_id, sight.state, sight.date, %(look)s
                  FROM sight
                 WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.tribe_id = sight.tribe_id)
                 ORDER BY sight.tribe_id
                    ON CONFLICT (connection_id, tribe_id) DO UPDATE SET %(change)s
                """,
                connection=connection.id,
                look=look,
                ids=[sight.tribe_id for sight in sights],
                states=[sight.state if is_read else None for sight in sights],
                dates=[sight.date for sight in sights],
                change=change,
            ),
            log_exceptions=False,
        )

    def _forget(self, connection, tribe_ids):
        """Forget some invoices: they are gone."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM tribe_sighting WHERE connection_id = %s AND tribe_id = ANY(%s)",
                connection.id,
                list(tribe_ids),
            ),
            log_exceptions=False,
        )

    def _forget_some(self, connection):
        """Forget as many invoices of a connection as take a moment; whether there may be more."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM tribe_sighting WHERE id IN (
                    SELECT id FROM tribe_sighting WHERE connection_id = %s ORDER BY id LIMIT %s)
                """,
                connection.id,
                FORGOTTEN_AT_ONCE,
            ),
            log_exceptions=False,
        )
        return self.env.cr.rowcount == FORGOTTEN_AT_ONCE

    def _forget_states(self, connection, tribe_ids):
        """Have some invoices read by the next look that sees them, changed or not."""
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_sighting SET state = NULL"
                " WHERE connection_id = %s AND tribe_id = ANY(%s)",
                connection.id,
                list(tribe_ids),
            ),
            log_exceptions=False,
        )

    def _forget_unlinked_states(self, connection):
        """What was passed over is read again: by another setting it may be booked now."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE tribe_sighting SET state = NULL
                 WHERE connection_id = %s AND state IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM tribe_link link
                                    WHERE link.connection_id = tribe_sighting.connection_id
                                      AND link.tribe_id = tribe_sighting.tribe_id)
                """,
                connection.id,
            ),
            log_exceptions=False,
        )

    def _seen_by(self, connection, look):
        """The Tribe IDs of what a look has seen so far."""
        rows = self.env.execute_query(
            SQL(
                "SELECT tribe_id FROM tribe_sighting WHERE connection_id = %s AND look = %s",
                connection.id,
                look,
            )
        )
        return {tribe_id for (tribe_id,) in rows}

    def _begin_anew(self, connection, look):
        """Have a look begin at its beginning."""
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_sighting SET look = NULL WHERE connection_id = %s AND look = %s",
                connection.id,
                look,
            ),
            log_exceptions=False,
        )

    def _forget_unseen(self, connection, since, look):
        """Forget what is not linked, from a date on, that a look through all did not see."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM tribe_sighting
                 WHERE connection_id = %s AND look IS DISTINCT FROM %s
                   AND (%s::date IS NULL OR date IS NULL OR date >= %s)
                   AND NOT EXISTS (SELECT 1 FROM tribe_link link
                                    WHERE link.connection_id = tribe_sighting.connection_id
                                      AND link.tribe_id = tribe_sighting.tribe_id)
                """,
                connection.id,
                look,
                since,
                since,
            ),
            log_exceptions=False,
        )

    def _most_seen(self):
        """How many invoices of a connection are noted at most."""
        return MOST_SEEN

    def _has_room(self, connection):
        """Whether more can be noted; where not, some of what nobody looks at is forgotten.

        That is what is not linked and before *Book Invoices From*, or without a date.
        """
        ((count,),) = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM"
                " (SELECT 1 FROM tribe_sighting WHERE connection_id = %s LIMIT %s) AS known",
                connection.id,
                MOST_SEEN,
            )
        )
        if count < MOST_SEEN:
            return True
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM tribe_sighting WHERE id IN (
                    SELECT id FROM tribe_sighting known
                     WHERE connection_id = %s AND (date IS NULL OR date < %s)
                       AND NOT EXISTS (SELECT 1 FROM tribe_link link
                                        WHERE link.connection_id = known.connection_id
                                          AND link.tribe_id = known.tribe_id)
                     LIMIT %s)
                """,
                connection.id,
                connection.invoices_from or None,
                FORGOTTEN_AT_ONCE,
            ),
            log_exceptions=False,
        )
        return self.env.cr.rowcount > 0

    def _count(self, connection, since):
        """How many invoices from a date on are known."""
        ((count,),) = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM tribe_sighting WHERE connection_id = %s AND date >= %s",
                connection.id,
                since,
            )
        )
        return count

    def _linked_invoices(self, connection):
        """The linked invoices, each with its sighting and its entry, if there are any, as SQL."""
        self.env["tribe.link"].flush_model()
        return SQL(
            """
            tribe_link link
              LEFT JOIN tribe_sighting sighting
                ON sighting.connection_id = link.connection_id
                   AND sighting.tribe_id = link.tribe_id
              LEFT JOIN account_move move ON move.id = link.move_id
             WHERE link.connection_id = %s AND link.kind = 'invoice'
               AND link.state IN ('linked', 'differs') AND link.tribe_id IS NOT NULL
            """,
            connection.id,
        )

    def _first_linked(self, connection):
        """The earliest date of a linked invoice, or None."""
        ((first,),) = self.env.execute_query(
            SQL(
                """
                SELECT min(COALESCE(sighting.date, move.invoice_date))
                  FROM %s
                """,
                self._linked_invoices(connection),
            )
        )
        return first

    def _linked_from(self, connection, since, look):
        """The linked invoices from a date on: ``[(tribe_id, whether a look saw it)]``.

        Those without a date as well.
        """
        period = SQL("TRUE")
        if since:
            period = SQL("COALESCE(sighting.date, move.invoice_date, %s) >= %s", since, since)
        return self.env.execute_query(
            SQL(
                """
                SELECT link.tribe_id, COALESCE(sighting.look = %s, FALSE)
                  FROM %s
                   AND %s
                 ORDER BY link.id
                """,
                look,
                self._linked_invoices(connection),
                period,
            )
        )


def _tribe_id(sight):
    return sight.tribe_id
