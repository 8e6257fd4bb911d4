import json

import psycopg2.errors

from odoo import fields, models
from odoo.tools import SQL

from ..codes import TRIAL
from .tribe_work_queue import MOST_WAITING

# From so many records of a kind on that webhooks named and nobody has looked at yet, what is not
# linked is looked for instead: whoever floods us invents them.
MOST_UNCLAIMED = 1000
# And so many of which only Tribe knows what they are, as each of those costs a call.
MOST_UNCLAIMED_ENTITIES = 40
# How often a webhook is noted anew when others were noted, or claimed, at the same moment.
TRIES = 5


class TribeWork(models.Model):
    """What a webhook notes: one row for a record, until a lane claims it."""

    _inherit = "tribe.work"

    is_unclaimed = fields.Boolean(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="A webhook noted it, and no lane has claimed it: it also stands for all webhooks "
        "about the record that arrive meanwhile.",
    )

    _unclaimed_unique = models.UniqueIndex("(connection_id, kind, reference) WHERE is_unclaimed")

    def _note_webhook(self, connection, kind, reference):
        """Note what a webhook says, unless that is noted and unclaimed; and wake a lane.

        The only write of its transaction, which is begun anew when others come in between.

        :param reference: the Tribe ID; of an ``entity``, after the stream that told of it
        """
        for attempt in range(TRIES):
            try:
                self._insert_unclaimed(connection.id, kind, reference)
                if connection.state == "active":
                    self.env["tribe.engine"].sudo()._wake_once("inbound", reference)
                return
            except psycopg2.errors.SerializationFailure:
                if attempt == TRIES - 1:
                    raise
                self.env.cr.rollback()

    def _note_trial_webhook(self, connection, facts):
        """Note the first webhook of a try, and what it is like; and have the next step done.

        Nothing is noted where nobody tries. As with others, a second one is left out.
        """
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                        reason, due, created, tries, is_unclaimed, facts)
                SELECT connection.id, connection.company_id, 'outbound', %(kind)s,
                       connection.id::text, 'webhook', %(now)s, %(now)s, 0, TRUE, %(facts)s::jsonb
                  FROM tribe_connection connection
                 WHERE connection.id = %(connection)s
                   AND EXISTS (SELECT 1 FROM tribe_work
                                WHERE connection_id = connection.id AND kind = %(kind)s)
                    ON CONFLICT (connection_id, kind, reference) WHERE is_unclaimed DO NOTHING
                """,
                connection=connection.id,
                kind=TRIAL,
                now=now,
                facts=json.dumps(facts),
            ),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            self.env["tribe.engine"].sudo()._wake("outbound")

    def _insert_unclaimed(self, connection_id, kind, reference):
        """Insert a row that nothing is lost by leaving out: PostgreSQL looks at what there is now.

        It leaves the row out where an unclaimed one is, and waits where one is just being claimed.
        A lane commits the claim before it asks Tribe.
        """
        now = fields.Datetime.now()
        stream, tribe_id = reference.split(":") if kind == "entity" else (kind, reference)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                        reason, due, created, tries, is_unclaimed)
                SELECT connection.id, connection.company_id, 'inbound',
                       CASE WHEN crowd.is_one THEN 'poll' ELSE %(kind)s END,
                       CASE WHEN crowd.is_one THEN %(stream)s ELSE %(reference)s END,
                       'webhook', %(now)s, %(now)s, 0, TRUE
                  FROM tribe_connection connection,
                       LATERAL (SELECT %(crowded)s AS is_one) AS crowd
                 WHERE connection.id = %(connection)s
                    ON CONFLICT (connection_id, kind, reference) WHERE is_unclaimed DO NOTHING
                """,
                connection=connection_id,
                kind=kind,
                reference=reference,
                stream=stream,
                now=now,
                crowded=self._is_crowded(connection_id, kind, tribe_id),
            ),
            log_exceptions=False,
        )

    def _is_crowded(self, connection_id, kind, tribe_id):
        """Whether a record is looked for instead of being noted, as SQL.

        Not what is linked: its deletion would not be found so soon, and it is not invented.
        """
        if kind == "poll":
            return SQL("FALSE")
        most = MOST_UNCLAIMED_ENTITIES if kind == "entity" else MOST_UNCLAIMED
        return SQL(
            """
            ((SELECT count(*) FROM (SELECT 1 FROM tribe_work
                                     WHERE is_unclaimed AND connection_id = %s AND kind = %s
                                     LIMIT %s) unclaimed) >= %s
             OR (SELECT count(*) FROM (SELECT 1 FROM tribe_work
                                        WHERE connection_id = %s AND direction = 'inbound'
                                        LIMIT %s) waiting) >= %s)
            AND NOT EXISTS (SELECT 1 FROM tribe_link WHERE connection_id = %s AND tribe_id = %s)
            """,
            connection_id,
            kind,
            most,
            most,
            connection_id,
            MOST_WAITING,
            MOST_WAITING,
            connection_id,
            tribe_id,
        )
