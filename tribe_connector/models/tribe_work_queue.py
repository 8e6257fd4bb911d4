import json
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    ASKED_BY,
    DECISIONS,
    TRIAL,
)
from ..engine.problems import FOR_PEOPLE, STOPPED

# How many rows are brought forward, or done again at a button, at once.
PIECE = 4_000
# When so much waits of one connection, nothing that is not linked is looked for until that is done.
MOST_WAITING = 50_000
# Of what records of Odoo the ID is the reference.
MODELS = {"partner": "res.partner", "payment": "account.move"}


class TribeWork(models.Model):
    """Notes what is to be done, brings it forward, and takes it away once it is done."""

    _inherit = "tribe.work"

    def _add(self, connection, direction, kind, references, reason, due=None):
        """Note that some records are to be looked at.

        :param references: Tribe IDs (inbound) or Odoo IDs (outbound)
        :param due: when at the earliest (datetime, UTC); now by default
        """
        company_ids = {}
        if kind in MODELS:
            records = self.env[MODELS[kind]].browse(int(reference) for reference in references)
            company_ids = self._company_ids(connection, records.exists())
        return self.sudo().create(
            [
                {
                    "connection_id": connection.id,
                    "company_id": company_ids.get(str(reference), connection.company_id.id),
                    "direction": direction,
                    "kind": kind,
                    "reference": str(reference),
                    "reason": reason,
                    "due": due or fields.Datetime.now(),
                }
                for reference in dict.fromkeys(references)
            ]
        )

    def _look_later(self, connection, kind, tribe_id, seconds=None):
        """Have a record of Tribe looked at once more, unless that waits already.

        :param seconds: after which time; by default once Tribe surely shows what it was told
        """
        waiting = [("connection_id", "=", connection.id), ("kind", "=", kind)]
        waiting += [("reference", "=", tribe_id), ("reason", "=", "again")]
        # One that a lane is just at is done by then.
        if not self.search_count([*waiting, ("begun", "in", (False, 0))], limit=1):
            seconds = connection.settle_seconds if seconds is None else seconds
            due = fields.Datetime.now() + timedelta(seconds=seconds)
            self._add(connection, "inbound", kind, [tribe_id], "again", due=due)

    def _look_once_more(self, connection, kind, tribe_id, reasons):
        """Have looked again at what Tribe told of and a read does not show: it may be an old copy.

        As soon as Tribe shows a change, as far as that is known; and where it does not show then,
        once it surely does.

        :param reasons: why it was read
        """
        seconds = None if "again" in reasons else connection._seconds_to_show()
        self._look_later(connection, kind, tribe_id)
        if seconds:
            due = fields.Datetime.now() + timedelta(seconds=seconds)
            self._add(connection, "inbound", kind, [tribe_id], "again", due=due)

    def _go_on_trying(self, connection, facts, seconds):
        """Note the next step of a try, and what it has to know; returns the row."""
        due = fields.Datetime.now() + timedelta(seconds=seconds)
        work = self._add(connection, "outbound", TRIAL, [connection.id], "follow", due=due)
        work.facts = facts
        return work

    def _company_ids(self, connection, records):
        """The company by which work about each of some contacts or invoices is seen, by reference.

        That of the record, and of the connection where it has none.
        """
        return {
            str(record.id): (record.company_id or connection.company_id).id
            for record in records.sudo()
        }

    def _ask_for_partners(self, connection, partners):
        """Note that a person wants some partners compared with Tribe now; returns the rows."""
        return self._ask(connection, "outbound", "partner", partners.ids, "person")

    def _add_saved_partners(self, connection, partner_ids):
        """Note saved partners, once per transaction and partner.

        In one statement, and within the transaction of the save: if that (or a part of it) is
        rolled back, so is the note. Whoever waits for a person is tried at once: the save may have
        mended it.
        """
        partners = self.env["res.partner"].browse(partner_ids)
        company_ids = self._company_ids(connection, partners)
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                        reason, due, created, transaction, tries)
                SELECT %(connection)s, saved.company_id, 'outbound', 'partner', saved.id::text,
                       'save',
                       CASE WHEN %(waits_for_person)s
                       THEN %(now)s::timestamp ELSE %(due)s::timestamp END,
                       now() AT TIME ZONE 'UTC', txid_current()::text, 0
                  FROM unnest(%(partners)s::int[], %(companies)s::int[]) AS saved(id, company_id)
                 WHERE NOT %(is_noted)s
                """,
                connection=connection.id,
                companies=[company_ids[str(partner.id)] for partner in partners],
                due=connection._due_of_a_save(),
                is_noted=_has_work(connection, SQL("transaction = txid_current()::text")),
                now=now,
                partners=partners.ids,
                waits_for_person=_has_work(
                    connection,
                    SQL("error_class IN %s AND cause IS DISTINCT FROM %s", FOR_PEOPLE, STOPPED),
                ),
            )
        )

    def _leave_last(self, connection_id, kind, references):
        """Of the rows about some records that nobody began with, leave the last of each reason.

        There is one for each save, say, and people, or their programs, save often.
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM tribe_work earlier
                 USING (SELECT reference, reason, max(id) AS id FROM tribe_work
                         WHERE connection_id = %(connection)s AND kind = %(kind)s
                           AND reference = ANY(%(references)s) AND error_class IS NULL
                         GROUP BY reference, reason) last
                 WHERE earlier.connection_id = %(connection)s AND earlier.kind = %(kind)s
                   AND earlier.reference = last.reference AND earlier.id < last.id
                   AND earlier.reason = last.reason AND earlier.error_class IS NULL
                   AND COALESCE(earlier.begun, 0) = 0 AND COALESCE(earlier.tries, 0) = 0
                """,
                connection=connection_id,
                kind=kind,
                references=list(references),
            ),
            log_exceptions=False,
        )
        self.invalidate_model(flush=False)

    def _forget_saves(self, connection, partner_ids):
        """Take back the notes about partners that this transaction itself saved."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM tribe_work
                 WHERE transaction = txid_current()::text AND reason = 'save'
                   AND connection_id = %s AND kind = 'partner' AND reference = ANY(%s)
                """,
                connection.id,
                [str(partner_id) for partner_id in partner_ids],
            )
        )
        self.invalidate_model(flush=False)

    def _remove(self):
        """Take rows away whose work is done, without a line in Odoo's log for each."""
        if self:
            self.flush_recordset()
            # A user who mends a mapping may bring them forward at this very moment; then the work
            # comes again, and that is no error to be logged.
            self.env.cr.execute(
                SQL("DELETE FROM tribe_work WHERE id IN %s", self._ids), log_exceptions=False
            )
            self.invalidate_recordset(flush=False)

    def _remove_all(self, connection, but):
        """Take away what waits for a connection, except for one kind, however much it is.

        And except for what nobody finds again: what people decided, and a PDF of what was booked.
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "DELETE FROM tribe_work WHERE connection_id = %s AND kind NOT IN %s"
                " AND reason NOT IN %s",
                connection.id,
                (but or "", "document"),
                DECISIONS,
            ),
            log_exceptions=False,
        )
        self.invalidate_model(flush=False)

    def _add_again(self, domain, reason):
        """Have what waits in some rows done now; returns the directions that it has."""
        return set(self._rows_again(domain, reason).sudo().mapped("direction"))

    def _kinds_of_administrators(self):
        """The kinds of work that this user may not ask for."""
        return [] if self.env["tribe.connection"].has_access("write") else [TRIAL]

    def _rows_again(self, domain, reason):
        """Have what waits in some rows done now; returns the rows that were added for it, or wait
        for the same reason already.

        Those rows are left alone and others are added: a lane may be at them at this very moment,
        and what a user saves must not meet that. The lane does all rows of a record at once.

        No more than ``PIECE`` of them, those that were tried least first: the rest has the night.
        A try of how Tribe works is begun by administrators alone.
        """
        chosen = self.sudo()._search(
            Domain(domain)
            & Domain("connection_id.is_demo_data", "=", False)
            & Domain("kind", "not in", self._kinds_of_administrators()),
            order="tries, id",
            limit=PIECE,
        )
        if not chosen:
            return self.browse()
        asked = SQL(
            "SELECT DISTINCT connection_id, kind, reference FROM tribe_work WHERE id IN %s",
            chosen.subselect(),
        )
        waiting = self._waiting(asked, reason)
        return waiting | self._copy_to_do_now(chosen.subselect(), reason, waiting)

    def _copy_to_do_now(self, chosen, reason, waiting):
        """Add a row that is due now for each record of some rows; returns the added ones.

        :param chosen: the IDs of those rows, as SQL
        :param waiting: rows whose records need no other one
        """
        now = fields.Datetime.now()
        added = self.env.execute_query(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                        reason, due, created, tries, facts)
                SELECT DISTINCT connection_id, company_id, direction, kind, reference,
                       %s, %s::timestamp, %s::timestamp, 0,
                       CASE kind WHEN 'invoice' THEN %s::jsonb END
                  FROM tribe_work
                 WHERE id IN %s
                   AND (connection_id, kind, reference) NOT IN (
                           SELECT connection_id, kind, reference FROM tribe_work WHERE id = ANY(%s))
             RETURNING id
                """,
                reason,
                now,
                now,
                json.dumps({ASKED_BY: self.env.uid}),
                chosen,
                waiting.ids,
            )
        )
        self.invalidate_model(flush=False)
        return self.browse(number for (number,) in added)

    def _bring_forward(self, connection, before):
        """Have what waits for its time done now, ``PIECE`` rows of it; returns how many those were.

        The rows themselves, as there may be very many: not what a lane may be at, nor what ended
        its worker. Buttons add others (``_rows_again``).

        :param before: only what is due before this moment (datetime, UTC)
        """
        self.flush_model()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                UPDATE tribe_work SET due = %s
                 WHERE id IN (SELECT id FROM tribe_work
                               WHERE connection_id = %s AND due > %s AND due < %s
                                 AND COALESCE(begun, 0) = 0 AND cause IS DISTINCT FROM %s
                               ORDER BY tries, id LIMIT %s FOR UPDATE SKIP LOCKED)
                """,
                now,
                connection.id,
                now,
                before,
                STOPPED,
                PIECE,
            ),
            log_exceptions=False,
        )
        self.invalidate_model(["due"], flush=False)
        return self.env.cr.rowcount

    def _is_full(self, connection):
        """Whether so much waits of a connection that nothing new is to be looked for.

        What people save waits for the night, however much it is, and keeps nothing out.
        """
        waiting = [("connection_id", "=", connection.id), ("direction", "=", "inbound")]
        return self.search_count(waiting, limit=MOST_WAITING) >= MOST_WAITING

    def _wake_lanes(self):
        """Have lanes come to these rows soon."""
        for direction in set(self.sudo().mapped("direction")):
            self.env["tribe.engine"].sudo()._wake(direction)


def _has_work(connection, condition):
    """Whether there is work of a kind about the contact ``saved``, as SQL."""
    return SQL(
        """
        EXISTS (SELECT 1 FROM tribe_work
                 WHERE connection_id = %s AND kind = 'partner' AND reference = saved.id::text
                   AND %s)
        """,
        connection.id,
        condition,
    )
