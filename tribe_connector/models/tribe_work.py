import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    ASKED_BY,
    BOOK_ANYWAY,
    DECISIONS,
    MOVE_BACK,
    PHASE_BEFORE,
    RELATION_KINDS,
    TOLD_PAID,
    TRIAL,
)
from ..engine.only_for import only_for
from ..engine.problems import DIFFERS, FOR_PEOPLE, STOPPED, UNDONE
from ..engine.sentence_field import SentenceName, SentenceText
from ..help_page import help_page
from ..mapping import mail_addresses
from ..mapping.invoice_facts import is_same_sale
from ..sentence import MESSAGES, codes_of, say, sentence, stored
from .tribe_run import VACUUM_BATCH

# How many rows are brought forward, or done again at a button, at once.
PIECE = 4_000
# When so much waits of one connection, nothing that is not linked is looked for until that is done.
MOST_WAITING = 50_000
# Of what records of Odoo the ID is the reference.
MODELS = {"partner": "res.partner", "payment": "account.move"}
# With what is said of a number that is taken, the invoice can be booked as well (*Book Anyway*).
WITH_NUMBER_OF_ANOTHER = {
    "number_taken_adopt_or_book",
    "number_given_twice_book_or_ignore",
    "invoice_number_taken_beside",
}
# Where a mapping is filled in or corrected, by cause: an action, a filter of its search view.
MAPPINGS = {
    "vat_group": ("action_tribe_vat_group", "unmapped"),
    "ledger_account": ("action_tribe_ledger_account", "unmapped"),
    "legal_entity": ("action_tribe_legal_entity", "incomplete"),
    # The tax of a VAT group has another percentage.
    "amounts": ("action_tribe_vat_group", None),
    # Its form has all of them.
    "mapping": ("action_tribe_legal_entity", None),
}


def _about(work):
    """The links that a row of work about a relation or a contact is about, as a domain."""
    about = ("tribe_id", "=", work.reference)
    if work.kind == "partner":
        about = ("partner_id", "=", int(work.reference))
    return Domain("connection_id", "=", work.connection_id.id) & Domain(*about)


class TribeWork(models.Model):
    """ "Look at this": what is to be done, in both directions.

    Rows are only added; several about one record are done at once. A row is deleted when its work
    is done, so what is here is what is waiting or in trouble.
    """

    _name = "tribe.work"
    _inherit = ["tribe.written.by.connector", "tribe.invoice.facts"]
    _description = "Tribe Work"
    _rec_name = "record_name"
    _order = "due, id"
    _log_access = False

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    direction = fields.Selection(
        [("inbound", "Tribe to Odoo"), ("outbound", "Odoo to Tribe")], required=True, readonly=True
    )
    kind = fields.Selection(
        [
            ("organization", "Organization"),
            ("person", "Person"),
            ("customer", "Customer"),
            ("person_customer", "Private Customer"),
            ("supplier", "Supplier"),
            ("address", "Address"),
            ("invoice", "Invoice"),
            ("document", "PDF of an Invoice"),
            ("entity", "Find Out What Changed"),
            ("poll", "Look for Changes"),
            ("comparison", "Look for Deleted Relations"),
            ("invoices", "Look Through Invoices"),
            ("partner", "Contact"),
            ("payment", "Payment"),
            ("plan", "Plan"),
            ("unplaced", "Contacts That No Connection Sends"),
            ("activate", "Activation"),
            ("deactivate", "Deactivation"),
            (TRIAL, "Try Writing"),
        ],
        required=True,
        readonly=True,
    )
    reference = fields.Char(
        required=True,
        readonly=True,
        index=True,
        help="Which record: its Tribe ID on the way in, its Odoo ID on the way out.",
    )
    reason = fields.Selection(
        [
            ("webhook", "Webhook"),
            ("poll", "Changed in Tribe"),
            ("save", "Saved in Odoo"),
            ("initial", "Initial Synchronization"),
            ("nightly", "Nightly"),
            ("person", "Asked for"),
            ("follow", "Follows from Other Work"),
            ("again", "Looked at Once More"),
            (BOOK_ANYWAY, "Asked to Book Anyway"),
            (MOVE_BACK, "Asked to Move Back"),
            (TOLD_PAID, "Asked to Book Again, Paid in Tribe"),
        ],
        required=True,
        readonly=True,
    )
    due = fields.Datetime(required=True, readonly=True)
    created = fields.Datetime(default=fields.Datetime.now, readonly=True)
    transaction = fields.Char(
        readonly=True,
        index="btree_not_null",
        help="The database transaction of a save, so that it counts once.",
    )
    tries = fields.Integer(readonly=True)
    error = SentenceText(readonly=True)
    error_class = fields.Selection(
        [
            ("again", "Tries Again"),
            ("person", "Needs a Person"),
            ("bug", "Bug"),
            ("given_up", "Given Up"),
        ],
        index=True,
        readonly=True,
    )
    cause = fields.Selection(
        [
            ("vat_group", "A VAT group has no sales tax"),
            ("ledger_account", "A general ledger account has no account"),
            ("legal_entity", "A legal entity has no company or journal"),
            ("mapping", "A journal, a tax or an account cannot be used"),
            ("set_up", "Tribe is set up differently than when it was connected"),
            ("customer", "The customer is missing"),
            ("doubt", "Two records could be the same"),
            ("both_changed", "Both sides differ"),
            ("sign_in", "A user's e-mail address differs"),
            ("kind", "A company on one side, a person on the other"),
            ("number", "A number is taken"),
            ("period", "The period is locked"),
            ("currency", "A currency or its rate is missing"),
            ("amounts", "The amounts are not the same"),
            (DIFFERS, "A booked invoice is not the same on both sides"),
            (UNDONE, "A payment was undone"),
            ("archive", "Odoo cannot archive it"),
            ("lost", "Tribe's answer was lost"),
            ("missing", "Tribe does not show what is linked"),
            ("tribe", "Tribe refused it"),
            ("odoo", "Odoo refused it"),
            ("unreadable", "Something is missing or wrong in Tribe"),
            ("unavailable", "Tribe cannot be reached"),
            ("stopped", "It stopped the worker"),
            ("bug", "Something is wrong in the connector"),
            ("other", "Another reason"),
        ],
        index=True,
        readonly=True,
    )
    record_name = SentenceName("Record", readonly=True)
    email = fields.Char(
        "E-mail Addresses",
        compute="_compute_email",
        store=True,
        help="Those in the problem. Odoo's privacy look-up searches them, and the record's name.",
    )
    facts = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What is known of an invoice that is held; of a contact, the numbers drawn for it.",
    )
    tribe_url = fields.Char("In Tribe", compute="_compute_tribe_url")
    help_url = fields.Char("Help", compute="_compute_help_url")
    partner_id = fields.Many2one("res.partner", compute="_compute_records")
    move_id = fields.Many2one("account.move", compute="_compute_records")
    taken_by_id = fields.Many2one(
        "account.move",
        "Has the Number",
        compute="_compute_taken_by_id",
        help="The invoice in Odoo that has the number of this one.",
    )
    can_open_mapping = fields.Boolean(compute="_compute_can_open_mapping")
    can_adopt = fields.Boolean(compute="_compute_can_adopt")
    can_book_anyway = fields.Boolean(compute="_compute_can_book_anyway")
    can_ignore = fields.Boolean(compute="_compute_can_ignore")
    can_leave_to_odoo = fields.Boolean(compute="_compute_can_decide_about_booked")
    can_book_again = fields.Boolean(compute="_compute_can_decide_about_booked")
    can_move_back = fields.Boolean(compute="_compute_can_decide_about_booked")
    move_to_adopt_id = fields.Many2one(
        "account.move", "Invoice in Odoo", compute="_compute_move_to_adopt_id"
    )

    @api.depends("kind", "reference")
    @api.depends_context("uid")
    def _compute_records(self):
        links = self.env["tribe.link"].search([("tribe_id", "in", self.mapped("reference"))])
        by_tribe_id = {(link.connection_id, link.tribe_id): link for link in links}
        for work in self:
            number = int(work.reference) if work.reference and work.reference.isdigit() else False
            link = by_tribe_id.get((work.connection_id, work.reference), links.browse())
            work.partner_id = number if work.kind == "partner" else link.partner_id
            work.move_id = number if work.kind == "payment" else link.move_id
            if not self.env.su:
                # Odoo tells what a linked record is called to whoever reads the link to it.
                work.partner_id -= work._partner_elsewhere() | work._partner_of_others()

    @api.depends("record_name", "error")
    def _compute_email(self):
        for work in self:
            work.email = mail_addresses(stored(work.record_name), stored(work.error))

    @api.depends("kind", "reference")
    def _compute_tribe_url(self):
        works = self.filtered("id")
        (self - works).tribe_url = False
        of_records = self.env["tribe.engine"]._table_of_kinds().codes(is_of_record=True)
        for work in works:
            addresses = work.connection_id.sudo()._addresses()
            work.tribe_url = work.kind in of_records and addresses.entity_link(work.reference)

    @api.depends("error")
    @api.depends_context("lang")
    def _compute_help_url(self):
        for work in self:
            codes = [code for code in codes_of(work.error) if code in MESSAGES]
            work.help_url = help_page(work.env, "messages", *codes[:1])

    @api.depends("kind", "reference", "record_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for work in self:
            name = work.record_name or work._name_in_odoo() or work.reference
            work.display_name = f"{kinds.get(work.kind)} {name}"

    def _name_in_odoo(self):
        """What the contact or invoice is called that this is about; nothing, if it is gone, or
        another company's."""
        if not self.id:
            return ""
        partner = self.partner_id - self._partner_elsewhere()
        record = (self.move_id or partner).sudo().exists()
        # It may have been given to another company since this was noted.
        is_seen = self.env.su or record.company_id <= self.env.user.company_ids
        if not record or not is_seen:
            return ""
        return record.display_name if self.move_id else record._tribe_called()

    def _partner_of_others(self):
        """The contact that this is about if the reader does not work in its company."""
        return self.partner_id.filtered(
            lambda partner: partner.sudo().exists().company_id - self.env.user.company_ids
        )

    def _partner_elsewhere(self):
        """The contact that this is about if it is of a company where the connection is not."""
        return self.partner_id.sudo().exists()._tribe_elsewhere(self.sudo().connection_id)

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

        :return: whether any of it is due already
        """
        partners = self.env["res.partner"].browse(partner_ids)
        company_ids = self._company_ids(connection, partners)
        now = fields.Datetime.now()
        noted = self.env.execute_query(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                        reason, due, created, transaction, tries)
                SELECT %(connection)s, saved.company_id, 'outbound', 'partner', saved.id::text,
                       'save',
                       CASE WHEN EXISTS (
                           SELECT 1 FROM tribe_work
                            WHERE connection_id = %(connection)s
                              AND kind = 'partner'
                              AND reference = saved.id::text
                              AND error_class IN %(for_people)s
                              AND cause IS DISTINCT FROM %(stopped)s)
                       THEN %(now)s::timestamp ELSE %(due)s::timestamp END,
                       now() AT TIME ZONE 'UTC', txid_current()::text, 0
                  FROM unnest(%(partners)s::int[], %(companies)s::int[]) AS saved(id, company_id)
                 WHERE NOT EXISTS (
                           SELECT 1 FROM tribe_work
                            WHERE transaction = txid_current()::text
                              AND connection_id = %(connection)s
                              AND kind = 'partner'
                              AND reference = saved.id::text)
                RETURNING due
                """,
                connection=connection.id,
                companies=[company_ids[str(partner.id)] for partner in partners],
                due=connection._due_of_a_save(),
                for_people=FOR_PEOPLE,
                now=now,
                partners=partners.ids,
                stopped=STOPPED,
            )
        )
        return any(due <= fields.Datetime.now() for (due,) in noted)

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

    @api.autovacuum
    def _vacuum_given_up(self):
        """Give up problems that are older than their connection says, and say so in a run.

        What merely waits is never given up. An invoice is found again by the next look through
        all, as it is still not booked; *Ignore* ends that.
        """
        old = self.env["tribe.connection"]._older_than("created", "keep_problems_days")
        works = self.search(
            old & Domain("error_class", "!=", False), order="id", limit=VACUUM_BATCH
        )
        for connection, of_connection in (
            works.filtered(lambda work: work.kind == "invoice").grouped("connection_id").items()
        ):
            self.env["tribe.sighting"]._forget_states(connection, of_connection.mapped("reference"))
        works._leave(
            lambda work: say(
                work.env,
                "given_up_after_days",
                days=work.connection_id.keep_problems_days,
                problem=work.error,
            )
        )
        return len(works), len(works) == VACUUM_BATCH

    def _leave(self, sentence_of):
        """Take problems away that nobody solved, and say so in a run.

        :param sentence_of: a function from a row to what the run says of it
        """
        for (connection, direction), works in self.grouped(
            lambda work: (work.connection_id, work.direction)
        ).items():
            lines = [
                fields.Command.create(
                    {
                        "action": "problem",
                        "name": work.record_name or work.reference,
                        "text": sentence_of(work),
                        "company_id": work.company_id.id,
                    }
                )
                for work in works
            ]
            self.env["tribe.run"].create(
                {
                    "connection_id": connection.id,
                    "direction": direction,
                    "failed": len(works),
                    "line_ids": lines,
                }
            )
        self._remove()

    def _add_again(self, domain, reason):
        """Have what waits in some rows done now; returns the directions that it has."""
        return set(self._rows_again(domain, reason).sudo().mapped("direction"))

    def _kinds_of_administrators(self):
        """The kinds of work that this user may not ask for."""
        return [] if self.env["tribe.connection"].has_access("write") else [TRIAL]

    def _rows_again(self, domain, reason):
        """The same; returns the rows that were added for it, or wait for the same reason already.

        Those rows are left alone and others are added: a lane may be at them at this very moment,
        and what a user saves must not meet that. The lane does all rows of a record at once.

        No more than ``PIECE`` of them, those that were tried least first: the rest has the night.
        A try of how Tribe works is begun by administrators alone.
        """
        now = fields.Datetime.now()
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
                chosen.subselect(),
                waiting.ids,
            )
        )
        self.invalidate_model(flush=False)
        return waiting | self.browse(number for (number,) in added)

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

    @only_for("User")
    def action_retry(self):
        """Try again now, with as many tries as at first."""
        added = self._rows_again([("id", "in", self.ids)], "person")
        added._wake_lanes()
        return added._watch(self, is_left=True)

    @only_for("User")
    def action_open_record(self):
        """Open the contact or invoice in Odoo that this is about."""
        self.ensure_one()
        record = self.move_id or self.partner_id or self.taken_by_id
        if not record:
            return self._tell_it_is_gone()
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    @api.depends("cause")
    def _compute_can_open_mapping(self):
        for work in self:
            work.can_open_mapping = work.cause in MAPPINGS

    @only_for("User")
    def action_open_mapping(self):
        """Open the list in which the tax, account or journal is chosen."""
        self.ensure_one()
        if not self.can_open_mapping:
            return self._tell_it_is_gone()
        name, search_filter = MAPPINGS[self.cause]
        action = self.env["ir.actions.act_window"]._for_xml_id(f"tribe_connector.{name}")
        context = {"search_default_by_entity": 1}
        if search_filter:
            context[f"search_default_{search_filter}"] = 1
        domain = [("connection_id", "=", self.connection_id.id)]
        return {**action, "context": context, "domain": domain}

    @api.depends("kind", "error_class", "cause", "facts")
    @api.depends_context("uid")
    def _compute_can_ignore(self):
        ignorable = self.env["tribe.engine"]._table_of_kinds().codes(can_ignore=True)
        for work in self:
            is_ignorable = work.kind in ignorable and work.cause != DIFFERS
            # What only tries again is nothing to decide about.
            is_for_people = work.error_class in FOR_PEOPLE
            work.can_ignore = (
                is_for_people
                and (is_ignorable or work.cause == UNDONE)
                and work._is_of_known_company()
            )

    def _is_of_known_company(self):
        """Whether it is known whose this is, or the user works in all companies that it can be of.

        Before an invoice was read it may be of any legal entity.
        """
        is_unknown = self.kind == "invoice" and set(self.sudo().facts or ()) <= {
            PHASE_BEFORE,
            ASKED_BY,
        }
        return not is_unknown or self.connection_id._works_in_all_companies()

    @api.depends("cause", "kind", "reference")
    def _compute_can_decide_about_booked(self):
        of_relations = self._relations_to_leave()
        for work in self:
            differs = work.cause == DIFFERS and work.kind == "invoice"
            links = work._links() if differs else self.env["tribe.link"]
            work.can_leave_to_odoo = differs or work in of_relations
            work.can_book_again = any(link.sudo()._may_be_booked_again() for link in links)
            work.can_move_back = work.cause == UNDONE

    @api.model
    def _facts_depend_on(self):
        return ["facts", "reference", "cause"]

    def _known_facts(self):
        # Of what is booked its link has them.
        booked = self._links() if self.cause == DIFFERS else self.env["tribe.link"]
        return self.facts or booked[:1]._known_facts()

    def _links(self):
        """The links of the invoices of Tribe that these are about, as their reader sees them."""
        return self.env["tribe.link"].search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("kind", "=", "invoice"),
                ("tribe_id", "in", self.mapped("reference")),
            ]
        )

    def _relations_to_leave(self):
        """The links of relations that a person may leave to Odoo, of what is asked about them.

        :return: ``{work: links}``, of those that have any
        """
        asked = self.filtered(
            lambda work: (
                work.error_class in FOR_PEOPLE and work.kind in (*RELATION_KINDS, "partner")
            )
        )
        links = self.env["tribe.link"].search(
            Domain("kind", "in", RELATION_KINDS) & Domain.OR(map(_about, asked))
        )
        leavable = links.filtered("can_leave_to_odoo")
        found = {work: leavable.filtered_domain(_about(work)) for work in asked}
        return {work: each for work, each in found.items() if each}

    @only_for("Administrator")
    def action_leave_to_odoo(self):
        """Accept what Odoo has of booked invoices that differ from Tribe, and of relations."""
        works = self.filtered("can_leave_to_odoo")
        booked = works.filtered(lambda work: work.kind == "invoice")
        links = booked._links().union(*works._relations_to_leave().values())
        return links.action_leave_to_odoo() if links else self._tell_it_is_gone()

    @only_for("Administrator")
    def action_book_again(self):
        """Book invoices anew whose entry was deleted or cancelled in Odoo."""
        links = self.filtered("can_book_again")._links()
        return links.action_book_again() if links else self._tell_it_is_gone()

    @only_for("Administrator")
    def action_move_back(self):
        """Have Tribe told that invoices are not paid any more, which it was told they were."""
        works = self.filtered("can_move_back")
        if not works:
            return self._tell_it_is_gone()
        added = works._rows_again([("id", "in", works.ids)], MOVE_BACK)
        added._wake_lanes()
        return added._watch(works, is_left=True)

    @api.depends("kind", "cause", "record_name")
    def _compute_taken_by_id(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            moves = self.env["account.move"]
            if is_taken:
                moves = work._moves_to_adopt() or work._moves_to_adopt(also_of_tribe=True)
            work.taken_by_id = moves if len(moves) == 1 else False

    @api.depends("kind", "record_name")
    def _compute_can_adopt(self):
        for work in self:
            work.can_adopt = work.kind == "invoice" and len(work._moves_to_adopt()) == 1

    def _moves_to_adopt(self, *, also_of_tribe=False):
        """The invoices in Odoo that this invoice of Tribe may be: no other's, same number.

        :param also_of_tribe: take in those that another invoice of Tribe is, to compare the two
        """
        moves = self.env["account.move"].sudo()
        if not self.id or not self.record_name:
            return moves
        booker = moves.env["tribe.invoice.booker"]
        work = self.sudo()
        connection = work.connection_id
        # None of a company in which whoever asks does not work.
        own = self.env.user._get_company_ids()
        companies = self.company_id or connection._companies()
        for company in companies.filtered(lambda company: company.id in own):
            found = booker._all_with_number(company, self.record_name)
            moves |= found if also_of_tribe else booker._that_may_be_adopted(connection, found)
        # The one that was booked for this very invoice is adopted already.
        moves -= work._links().move_id
        # The journal has a number once, whosever it is.
        in_journal = moves.filtered(
            lambda move: (
                move.name == self.record_name and move.journal_id in move._tribe_reserved_journals()
            )
        )
        others = moves - in_journal
        return in_journal | booker._of_same_sale(connection, others, work.facts or {})

    @api.depends("kind", "cause", "facts", "record_name")
    def _compute_move_to_adopt_id(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            work.move_to_adopt_id = is_taken and work._move_that_agrees()

    def _move_that_agrees(self):
        """The invoice in Odoo that surely is the one of Tribe (``is_same_sale``)."""
        moves = self._moves_to_adopt()
        facts = self.sudo().facts
        if len(moves) != 1 or not facts:
            return moves.browse()
        links = self.env["tribe.link"].sudo()
        relation_id = facts.get("relation")
        if relation_id and not links._of_tribe(self.connection_id, [relation_id]):
            # The customer relationship was moved to somebody who is not in Odoo yet.
            return moves.browse()
        booker = moves.env["tribe.invoice.booker"]
        ours = booker._facts_if_adopted(self.connection_id, moves, facts)
        return moves if is_same_sale(facts, ours) else moves.browse()

    @only_for("Administrator")
    def action_adopt_agreeing(self):
        """Adopt those that agree (``is_same_sale``); the rest stays a question."""
        agreeing = self.filtered("move_to_adopt_id")
        if not agreeing:
            return self._tell_it_is_gone()
        return agreeing.action_adopt()

    @api.depends("kind", "cause", "error")
    def _compute_can_book_anyway(self):
        for work in self:
            is_taken = work.kind == "invoice" and work.cause == "number"
            remedy = getattr(work.error, "parameters", {}).get("remedy")
            codes = codes_of([work.error, remedy])
            work.can_book_anyway = is_taken and not WITH_NUMBER_OF_ANOTHER.isdisjoint(codes)

    @only_for("Administrator")
    def action_book_anyway(self):
        """The invoice in Odoo with this number is another sale: book the one of Tribe too."""
        works = self.filtered("can_book_anyway")
        if not works:
            return self._tell_it_is_gone()
        added = works._rows_again([("id", "in", works.ids)], BOOK_ANYWAY)
        added._wake_lanes()
        return added._watch(works, is_left=True)

    @only_for("Administrator")
    def action_adopt(self):
        """Take the invoice that already has Tribe's number for the one of Tribe.

        :raises UserError: when there is none, or more than one
        """
        adopted = self.env["account.move"]
        for work in self.sudo():
            moves = work._moves_to_adopt()
            if work.kind != "invoice" or len(moves) != 1:
                raise UserError(
                    say(
                        self.env,
                        "adopting_needs_one",
                        count=len(moves),
                        number=work.record_name or sentence("nothing"),
                    )
                )
            connection, tribe_id = work.connection_id, work.reference
            # Until the two were compared nobody knows whether they are alike.
            difference = sentence("difference_adopted")
            work._let_go_of(moves)
            work._close_with_link(
                {"move_id": moves.id, "state": "differs", "difference": difference}
            )
            self._add(connection, "inbound", "invoice", [tribe_id], "person")
            adopted += moves.with_env(self.env)
        self.env["tribe.engine"].sudo()._wake("inbound")
        return self._tell(
            self.env._("Adopted: %s.", ", ".join(adopted.sudo().mapped("display_name"))),
            move=adopted if len(adopted) == 1 else None,
            is_left=True,
        )

    def _let_go_of(self, move):
        """Take an entry from the invoice of Tribe that it was booked for and is no more."""
        links = self.env["tribe.invoice.booker"]._links_of(self.connection_id, move)
        links.move_id = False
        # Before another one is linked with it.
        links.flush_recordset(["move_id"])
        # Nobody has to decide about that one any more.
        about = [
            ("connection_id", "=", self.connection_id.id),
            ("reference", "in", links.mapped("tribe_id")),
        ]
        self._add_again(about, "follow")

    @only_for("Administrator")
    def action_ignore(self):
        """Leave these problems: invoices are never booked, others rest until they change again.

        A contact that Tribe does not know rests until its problem is another one, or it is saved.
        An invoice stays listed as left to Odoo; a run tells of the others.
        """
        works = self.filtered("can_ignore").sudo()
        if not works:
            return self._tell_it_is_gone()
        told = works._ignored_sentence()
        invoices = works.filtered(lambda work: work.kind == "invoice")
        undone = works.filtered(lambda work: work.cause == UNDONE)
        # As if Tribe had said so: then it stays paid there.
        undone._links_of_payments().write({"paid_by_us": False})
        for work in invoices:
            work._close_with_link(
                {
                    "state": "left_to_odoo",
                    "difference": False,
                    **self.env["tribe.link"]._decision(),
                }
            )
        (works - invoices)._keep_ignored()
        (works - invoices)._leave(
            lambda work: say(
                work.env,
                "ignored_by",
                user=work.env.user.name,
                problem=work.error,
            )
        )
        return self._tell(told, is_left=True)

    def _links_of_payments(self):
        """The links of the booked invoices whose payments these are about."""
        payments = self.filtered(lambda work: work.kind == "payment")
        return self.env["tribe.link"].search(
            [
                ("connection_id", "in", payments.connection_id.ids),
                ("kind", "=", "invoice"),
                ("move_id", "in", [int(each) for each in payments.mapped("reference")]),
            ]
        )

    def _ignored_sentence(self):
        """What ignoring these does, said to who did it."""
        if len(self) > 1:
            return self.env._("%s ignored.", len(self))
        if self.kind == "invoice":
            return self.env._(
                "Ignored: %s is left to Odoo. It is listed under Booked Invoices.",
                self.display_name,
            )
        return self.env._("Ignored: %s rests until it changes again.", self.display_name)

    def _close_with_link(self, values):
        """End the work on an invoice; whatever is booked of it is noted on its one link."""
        if self.reason == TOLD_PAID:
            values = {**values, "told_paid": True, "paid_by_us": True}
        links = self.env["tribe.link"]
        known = links._of_tribe(self.connection_id, [self.reference]).get(self.reference)
        if known:
            known.write(values)
        else:
            # Of what is adopted the facts are read once more, with what they mean in Odoo.
            facts = (
                False
                if values.get("move_id")
                else {"number": self.record_name} | (self.facts or {})
            )
            links.create(
                {
                    "connection_id": self.connection_id.id,
                    "kind": "invoice",
                    "tribe_id": self.reference,
                    "company_id": self.company_id.id,
                    "agreed": facts,
                    **values,
                }
            )
        self._remove()
