import contextlib
import math
import re
import uuid
from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import RELATION_KINDS, RUNNING_STATES, TRIAL
from ..engine.leases import (
    Leases,
    button_keys,
)
from ..engine.limiter import DatabaseLimiter, ProbingLimiter
from ..engine.problems import NeedsPerson
from ..engine.tokens import StoredTokens
from ..engine.turn import current_turn
from ..relations.contact_filter import (
    FilterRefused,
    has_long_value,
    not_understood,
    read_filter,
)
from ..relations.domains import (
    COMMERCIAL,
    CUSTOMERS_AND_SUPPLIERS,
)
from ..sentence import LONGEST_ITEM, in_language, say, sentence
from ..tribe_api import (
    LONGEST_EXCHANGE_SECONDS,
    TOKEN_HEADER,
    Addresses,
    Client,
    TribeRefused,
    TribeUnauthorized,
)
from .tribe_credential import new_webhook_token

# Fields of the form that are kept in the credential.
TYPED_SECRETS = ("client_id", "client_secret", "webhook_secret")
# Stream of tribe.cursor: when *Only Contacts That* took too long at night.
SLOW_FILTER = "schedule:slow filter"
# Streams of tribe.cursor: when it was begun to plan, and has not come to its end; and once more.
BEGUN = ("schedule:begun", "schedule:begun again")
# Before that, an estimate of the time left says nothing.
SECONDS_TO_ESTIMATE = 5
# Beyond it PostgreSQL would refuse an ID, and all that is looked for with it.
HIGHEST_ID = 2**31 - 1
# That of a new connection, and of the dates of its invoices (tribe.legal.entity).
DEFAULT_TIMEZONE = "Europe/Amsterdam"
# No Domain.FALSE, for which Odoo asks nothing.
NOBODY = Domain("id", "<", 0)
# For looking once through all contacts by a filter, which with very long texts of them takes
# PostgreSQL minutes: the schedule of all connections does so.
LONGEST_QUERY = "10s"
# When its records were set apart so often from one night to the next, as they ended the workers at
# them, it is paused: they may end every worker there is, one after the other.
STOPPED_TO_REST = 3
# Less than from one night to the next, of which an administrator says when it is.
STOPPED_HOURS = 20
# A hundred years: beyond it there are no dates to calculate with.
MOST_DAYS = 36_500
# Of one company, archived ones too: lanes look at each of them whenever they look for work.
MOST_CONNECTIONS = 100
POSITIVE = (
    *("calls_per_window", "call_window_seconds", "back_off_seconds", "poll_seconds"),
    *("longest_back_off_seconds", "tries_before_giving_up", "rate_limit_pause_seconds"),
    *("failures_before_pause", "probe_seconds", "answer_seconds"),
)
NOT_NEGATIVE = ("settle_seconds", "overlap_seconds", "comparison_days")
DAYS_KEPT = ("keep_runs_days", "keep_problems_days")
# What the contacts and invoices of all companies go by: which are booked, what is on them, what
# Tribe is told of them, which side wins, how many are unlinked without a question, how long a
# problem is one, and of which company payment terms and numbers are.
OF_ALL_COMPANIES = (
    *("invoices_from", "match_products", "fetch_documents", "paid_when", "tell_unpaid"),
    *("conflict_policy", "number_source", "missing_percent", *DAYS_KEPT, "company_id"),
    # What stops their bookings, at once or in effect. *Pause* is for whoever sees an emergency.
    *("mode", "active", "sign_in", "timezone", "dates_tell", *POSITIVE, *NOT_NEGATIVE),
)


class TribeConnection(models.Model):
    """One Tribe environment: its addresses, mode, state, schedule and policies."""

    _name = "tribe.connection"
    _inherit = ["tribe.sign.in", "tribe.written.by.connector"]
    _description = "Tribe Connection"
    _order = "name, id"

    name = fields.Char(required=True, default="Tribe CRM")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    state = fields.Selection(
        [
            ("draft", "Not Connected"),
            ("connected", "Connected"),
            ("initial", "Initial Synchronization"),
            ("active", "Active"),
            ("paused", "Paused"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    mode = fields.Selection(
        [
            ("off", "Off"),
            ("dry_run", "Dry Run (reads, never writes)"),
            ("demo", "Demo (a stand-in on this machine)"),
            ("live", "Live"),
        ],
        required=True,
        default="live",
        help="Off: nothing is read or written, as in every neutralized copy of a database.\n"
        "Dry Run: Tribe is read, and the plan tells what would happen. Nothing is written, in Odoo "
        "or in Tribe: what changes waits until the mode is Live.\n"
        "Demo: as Live, with a stand-in for Tribe on this machine and with nothing else.\n"
        "Live: both sides are kept alike.",
    )
    api_address = fields.Char("API Address", required=True, default="https://api.tribecrm.nl")
    authorization_address = fields.Char(
        "Sign-in Address", required=True, default="https://auth.tribecrm.nl"
    )
    web_address = fields.Char(required=True, default="https://app.tribecrm.nl")
    webhook_address = fields.Char(
        "Address for Webhooks",
        help="Where Tribe reaches this Odoo. Empty: the system parameter web.base.url.",
    )
    is_demo_data = fields.Boolean(
        readonly=True,
        copy=False,
        help="An example from the demo data: there is no Tribe behind it, and nothing ever runs.",
    )
    webhook_key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )
    credential_ids = fields.One2many(
        "tribe.credential", "connection_id", readonly=True, groups="base.group_system"
    )
    client_id = fields.Char(
        "Client ID",
        compute="_compute_client",
        inverse="_inverse_client_id",
        groups="base.group_system",
    )
    client_secret = fields.Char(
        compute="_compute_client",
        inverse="_inverse_client_secret",
        groups="base.group_system",
        help="Stored, never shown again. Enter it anew to replace it.",
    )
    has_client_secret = fields.Boolean(compute="_compute_client", groups="base.group_system")
    webhook_secret = fields.Char(
        compute="_compute_client",
        inverse="_inverse_webhook_secret",
        groups="base.group_system",
        help="Only where Tribe shows one; our own token header protects the webhooks as well.",
    )

    own_organization_id = fields.Char(readonly=True, copy=False)
    must_compare = fields.Boolean(
        readonly=True,
        copy=False,
        help="Another client was entered, or somebody signed in, since Connect compared the Tribe "
        "environment with the one that is linked.",
    )
    own_organization_name = fields.Char(readonly=True, copy=False)
    has_import_id = fields.Boolean(readonly=True, copy=False)
    absent = fields.Json(readonly=True, copy=False, help="Sets and fields this tenant lacks.")
    # Not prefetched: a save of any contact reads the connections.
    country_ids = fields.Json(
        readonly=True, copy=False, prefetch=False, help="Tribe's countries by ISO code."
    )
    state_ids = fields.Json(
        "Tribe's States",
        readonly=True,
        copy=False,
        prefetch=False,
        help="Tribe's states by country code and Odoo's state code.",
    )
    invoice_names = fields.Json(
        readonly=True, copy=False, prefetch=False, help="What Tribe's invoices have."
    )
    invoice_date_type = fields.Char(
        readonly=True, copy=False, help="The type of the invoice date in Tribe's metadata."
    )
    invoice_field_ids = fields.One2many("tribe.invoice.field", "connection_id", "Invoice Fields")
    check_ids = fields.One2many("tribe.check", "connection_id", "What Was Found", readonly=True)
    reading_ids = fields.One2many("tribe.reading", "connection_id", "How Tribe Works")
    phase_ids = fields.One2many("tribe.phase", "connection_id", "Invoice Phases")
    legal_entity_ids = fields.One2many("tribe.legal.entity", "connection_id", "Legal Entities")

    conflict_policy = fields.Selection(
        [("odoo", "Odoo Wins"), ("tribe", "Tribe Wins"), ("ask", "Ask a Person")],
        "Both Sides Changed",
        required=True,
        default="odoo",
    )
    number_source = fields.Selection(
        [
            ("sequence", "From Odoo's Sequences"),
            ("ref", "The Contact's Reference"),
            ("tribe", "Tribe's, Where Odoo Has None"),
        ],
        "Debtor and Creditor Numbers",
        required=True,
        # Numbers that customers know already stay.
        default="tribe",
        help="How customers and suppliers without a number in Odoo get one. Odoo's number goes "
        "to Tribe, in place of Tribe's own.\n"
        "From Odoo's sequences: the next free one, debtors and creditors apart.\n"
        "The contact's reference: the field Reference of the contact; from the sequence where it "
        "is empty. When the reference changes later, the number follows it.\n"
        "Tribe's, where Odoo has none: the number that Tribe has already; from the sequence where "
        "Tribe has none either.",
    )
    export_moment = fields.Selection(
        [("nightly", "Every Night"), ("minute", "Within a Minute")],
        "Odoo to Tribe",
        required=True,
        default="nightly",
    )
    nightly_hour = fields.Integer(default=2)
    timezone = fields.Selection("_timezones", required=True, default=DEFAULT_TIMEZONE)
    paid_when = fields.Selection(
        [
            ("paid", "Reconciled with the Bank"),
            ("in_payment", "A Payment Is Registered"),
        ],
        "Paid Means",
        required=True,
        default="in_payment",
    )
    tell_unpaid = fields.Boolean(
        "Undone Payments",
        help="An invoice that the connector moved to Paid goes back to the phase that it had "
        "before when its payment is undone in Odoo.",
    )
    fetch_documents = fields.Boolean(
        "Attach Tribe's PDF",
        default=True,
        help="Tribe's PDF becomes the invoice's main attachment, unless it has one already.",
    )
    match_products = fields.Boolean(
        "Products on Lines",
        help="Lines get the product with the code that Tribe's product has. Of a stock product "
        "that is valued in real time Odoo books the cost when the invoice is posted, delivered or "
        "not.",
    )
    invoices_from = fields.Date(
        "Book Invoices From",
        # Not the day that it is for a user whose time zone is not known, or another one.
        default=lambda self: fields.Date.context_today(self.with_context(tz=DEFAULT_TIMEZONE)),
        help="Invoices with an earlier date in Tribe are not booked. Empty: all of them.",
    )

    initial_scope = fields.Selection(
        [
            ("odoo", "Odoo's Go to Tribe"),
            ("both", "Odoo's Go to Tribe, and Tribe's Come to Odoo"),
        ],
        "At the Start",
        required=True,
        default="odoo",
        help="Which customers and suppliers are synchronized when the connection is activated. "
        "From then on, what is new or changed goes both ways.",
    )
    relation_domain = fields.Char(
        "Only Contacts That",
        default="[]",
        help="Narrows which customers and suppliers of Odoo are sent to Tribe. Who is linked "
        "already stays synchronized.\n"
        "It may use the contact's own fields, such as its country, city and tags (category_id), "
        "and the code and name of its country and state.",
    )
    initial_count = fields.Integer(
        readonly=True, copy=False, help="How many contacts the initial synchronization began with."
    )
    initial_started_at = fields.Datetime(readonly=True, copy=False)
    progress_percent = fields.Float(compute="_compute_progress")
    progress_text = fields.Char("Progress", compute="_compute_progress")
    plan_ids = fields.One2many("tribe.plan", "connection_id", "Plans")
    plan_id = fields.Many2one("tribe.plan", "Last Plan", compute="_compute_plan_id")
    suggestion_count = fields.Integer(compute="_compute_counts")
    conflict_count = fields.Integer(compute="_compute_counts")

    calls_per_window = fields.Integer("Calls Allowed", default=1000, required=True)
    call_window_seconds = fields.Integer("In Seconds", default=60, required=True)
    settle_seconds = fields.Integer(
        default=900,
        required=True,
        help="How long after a lost answer the request is not sent again, as Tribe may still "
        "be applying it.",
    )
    back_off_seconds = fields.Integer(
        "Try Again After",
        default=60,
        required=True,
        help="Seconds before the first retry. Each further retry waits twice as long, up to the "
        "longest wait.",
    )
    longest_back_off_seconds = fields.Integer(
        "Longest Wait Between Tries", default=4 * 3600, required=True
    )
    tries_before_giving_up = fields.Integer(
        default=12,
        required=True,
        help="What failed so often needs attention, and is retried once a night from then on. "
        "With the default waits, 12 tries take 16 to 20 hours.",
    )
    rate_limit_pause_seconds = fields.Integer(
        "Wait After Too Many Calls",
        default=60,
        required=True,
        help="Tribe asks for at least a minute after it refused a call because of its limit.",
    )
    failures_before_pause = fields.Integer(
        "Failures Before Pausing",
        default=5,
        required=True,
        help="After so many calls in a row without an answer Tribe counts as unreachable: no work "
        "is started until it answers again.",
    )
    probe_seconds = fields.Integer(
        "Look Whether Tribe Is Back Every",
        default=60,
        required=True,
        help="While Tribe is unreachable, one call is made every so many seconds. The schedule "
        "runs once a minute, so less than 60 has no effect.",
    )
    answer_seconds = fields.Integer(
        "Longest Wait for an Answer",
        default=int(LONGEST_EXCHANGE_SECONDS),
        required=True,
        help="Of a whole call, from looking up the name of Tribe's server to the last byte. 30 at "
        "most: Odoo ends a worker that waits longer.",
    )
    poll_seconds = fields.Integer(
        "Look for Changes Every (Seconds)",
        default=900,
        required=True,
        help="Finds what no webhook told. The schedule runs once a minute, so less than 60 has no "
        "effect.",
    )
    overlap_seconds = fields.Integer(default=300, required=True)
    dates_tell = fields.Boolean(
        "Dates Tell of Every Change",
        help="Tribe changes the date of an invoice with each change of it, also of its phase. Then "
        "a night reads what bears a new date, and no more where the number of invoices is right. "
        "Once a week all are read; a change that no date told of switches this off.",
    )
    comparison_days = fields.Integer(
        "Look for Deleted Relations Every (Days)",
        default=7,
        required=True,
        help="During the nightly job, check that every linked relation still exists in Tribe, in "
        "case the webhook of a deletion was missed: one call per 40 relations. The same is done "
        "each night after something was deleted in Tribe, which takes six calls to see. "
        "Nothing is deleted in Odoo. 0: never.",
    )
    missing_percent = fields.Integer(
        "Missing at Most (%)",
        default=10,
        required=True,
        help="When more of the linked relations are missing in Tribe, you are asked before they "
        "are unlinked. Up to three are unlinked without asking, unless they are more than half.",
    )
    keep_runs_days = fields.Integer(
        "Keep Runs (Days)",
        default=90,
        required=True,
        help="Runs and their lines are deleted after this many days. Links are kept.",
    )
    keep_problems_days = fields.Integer(
        "Keep Problems (Days)",
        default=365,
        required=True,
        help="A problem that nobody solved is given up after so many days; a run tells which.",
    )

    is_running = fields.Boolean(compute="_compute_is_running", search="_search_is_running")

    _webhook_key_unique = models.UniqueIndex(
        "(webhook_key)", "Two connections cannot have the same key for their webhooks."
    )

    def init(self):
        result = super().init()
        # Earlier versions allowed more.
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_connection SET answer_seconds = %(most)s"
                " WHERE answer_seconds > %(most)s",
                most=int(LONGEST_EXCHANGE_SECONDS),
            )
        )
        return result

    @api.constrains("company_id")
    def _check_count(self):
        every = self.with_context(active_test=False)
        for company in self.company_id:
            if every.search_count([("company_id", "=", company.id)]) > MOST_CONNECTIONS:
                raise ValidationError(
                    say(
                        self.env,
                        "too_many_connections",
                        company=company.name,
                        most=MOST_CONNECTIONS,
                    )
                )

    @api.constrains("nightly_hour", *POSITIVE, *NOT_NEGATIVE, *DAYS_KEPT, "missing_percent")
    def _check_numbers(self):
        # Not in the database, which cannot name the connection, and explains with the whole row.
        for connection in self:
            if problem := connection._number_problem():
                raise ValidationError(
                    say(self.env, "connection_problem", name=connection.name, problem=problem)
                )

    def _number_problem(self):
        """What is wrong with its numbers, in a sentence; empty where nothing is."""
        if not 0 <= self.nightly_hour <= 23:
            return say(self.env, "nightly_hour_out_of_range")
        if any(self[name] <= 0 for name in POSITIVE) or any(
            self[name] < 0 for name in NOT_NEGATIVE
        ):
            return say(self.env, "limits_not_positive")
        if not (0 <= self.comparison_days <= MOST_DAYS and 0 <= self.missing_percent <= 100):
            return say(self.env, "missing_at_most_out_of_range")
        if not all(0 < self[name] <= MOST_DAYS for name in DAYS_KEPT):
            return say(self.env, "keep_days_out_of_range")
        return ""

    @api.model
    def _check_entered(self, vals):
        """Refuse to empty what must be filled, before PostgreSQL explains it with the whole row;
        and a name without end, as the row is read at every save of a contact.

        :raises ValidationError: naming the field
        """
        if len(str(vals.get("name") or "")) > LONGEST_ITEM:
            raise ValidationError(
                say(
                    self.env,
                    "connection_name_too_long",
                    count=len(str(vals["name"])),
                    most=LONGEST_ITEM,
                )
            )
        for name in vals:
            field = self._fields.get(name)
            is_needed = field and field.required and field.type in ("char", "many2one", "selection")
            if is_needed and not field.convert_to_cache(vals[name], self, validate=False):
                raise ValidationError(
                    say(
                        self.env,
                        "connection_field_empty",
                        field=field._description_string(self.env),
                    )
                )

    @api.constrains("answer_seconds")
    def _check_answer_seconds(self):
        # Not in the database, which cannot name the connection.
        for connection in self:
            if connection.answer_seconds > LONGEST_EXCHANGE_SECONDS:
                raise ValidationError(
                    say(
                        self.env,
                        "answer_seconds_too_long",
                        name=connection.name,
                        seconds=connection.answer_seconds,
                    )
                )

    @api.model
    def _timezones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    def _compute_client(self):
        for connection in self:
            credential = connection._credential()
            connection.client_id = credential.client_id
            connection.client_secret = False
            connection.webhook_secret = False
            connection.has_client_secret = bool(credential.client_secret)

    def _inverse_client_id(self):
        for connection in self:
            connection._credential().client_id = connection.client_id

    def _inverse_client_secret(self):
        for connection in self.filtered("client_secret"):
            connection._credential().client_secret = connection.client_secret

    def _inverse_webhook_secret(self):
        for connection in self.filtered("webhook_secret"):
            connection._credential().webhook_secret = connection.webhook_secret

    def _compute_plan_id(self):
        for connection in self:
            connection.plan_id = connection.plan_ids[:1]

    def _compute_progress(self):
        for connection in self:
            total = connection.initial_count
            left = connection._count_initial_work() if connection.state == "initial" else 0
            done = max(total - left, 0)
            running = connection.state == "initial" and total
            connection.progress_percent = 100.0 * done / total if running else 0.0
            connection.progress_text = running and connection._progress_text(done, total)

    def _progress_text(self, done, total):
        """How far the initial synchronization is, and how long it takes: one line."""
        shown = self.env["tribe.message"]._shown
        text = self.env._(
            "%(done)s of %(total)s", done=shown(Decimal(done)), total=shown(Decimal(total))
        )
        seconds = (fields.Datetime.now() - self.initial_started_at).total_seconds()
        if not 0 < done < total or seconds < SECONDS_TO_ESTIMATE:
            return text
        minutes = math.ceil(seconds / done * (total - done) / 60)
        return self.env._(
            "%(progress)s · about %(minutes)s minutes left", progress=text, minutes=minutes
        )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # A default in the context, or a user's own, is entered as well.
            self._check_entered(self.default_get([*self._fields.keys() - vals.keys()]) | vals)
        # What was typed goes to the credential, which needs the connection first.
        vals_list = [dict(vals) for vals in vals_list]
        typed = [
            {name: vals.pop(name) for name in TYPED_SECRETS if name in vals} for vals in vals_list
        ]
        connections = super().create(vals_list)
        self.env["tribe.credential"].sudo().create(
            [
                {"connection_id": connection.id, "webhook_token": new_webhook_token()}
                for connection in connections
            ]
        )
        for model in ("tribe.rate.limit", "tribe.availability"):
            self.env[model].sudo().create(
                [{"connection_id": connection.id} for connection in connections]
            )
        for connection, values in zip(connections, typed, strict=True):
            if values:
                connection.write(values)
        connections._check_relation_domain()
        return connections

    def write(self, vals):
        self._check_entered(vals)
        self._check_own_company(vals)
        self._check_may_filter(vals)
        self._check_may_say_for_others(vals)
        self._check_rests(vals)
        archived = self.filtered(lambda connection: not connection.active)
        before = {connection: connection.invoices_from for connection in self}
        companies = {connection: connection.company_id for connection in self}
        result = super().write(vals)
        moved = self.filtered(lambda connection: connection.company_id != companies[connection])
        self.env["tribe.link"].sudo()._forget_terms(moved)
        self.filtered(
            lambda connection: connection.invoices_from != before[connection]
        )._look_for_invoices_again()
        if "relation_domain" in vals:
            self._check_relation_domain()
            # Another one may be fast, and what it stopped is planned again.
            self.env["tribe.cursor"].sudo()._forget(self, SLOW_FILTER, *BEGUN)
        unarchived = archived.filtered("active")
        for connection in unarchived.filtered("is_running"):
            connection._check_alone_in_tenant()
        unarchived._catch_up()
        # What was typed must not come back with the saved form.
        self.invalidate_recordset([name for name in TYPED_SECRETS if name in vals])
        if "mode" in vals:
            # What waited for another mode is done at once.
            for direction in ("inbound", "outbound"):
                self.env["tribe.engine"]._wake(direction)
        if "export_moment" in vals or "nightly_hour" in vals:
            for connection in self:
                self.env["tribe.work"].sudo().search(
                    [
                        ("connection_id", "=", connection.id),
                        ("reason", "=", "save"),
                        ("error_class", "=", False),
                    ]
                ).write({"due": connection._due_of_a_save()})
        return result

    def _check_may_filter(self, vals):
        """Refuse to say which contacts go, of a company in which the user does not work.

        What is then sent or counted would be a question about contacts that they may not read.

        :raises AccessError: naming the connection
        """
        if self.env.su or "relation_domain" not in vals:
            return
        own = set(self.env.user._get_company_ids())
        for connection in self.sudo():
            is_other = connection.relation_domain != vals["relation_domain"]
            if is_other and not set(connection._companies().ids) <= own:
                raise AccessError(
                    say(self.env, "filter_serves_other_companies", name=connection.name)
                )

    def _check_may_say_for_others(self, vals):
        """Refuse to say what companies go by in which the user does not work.

        :raises UserError: naming the connection and the setting
        """
        for name in set(OF_ALL_COMPANIES) & vals.keys():
            field = self._fields[name]
            for connection in self:
                wanted = field.convert_to_record(
                    field.convert_to_cache(vals[name], connection), connection
                )
                if wanted != connection[name] and not connection._works_in_all_companies():
                    raise connection._refused_for_others(field)

    def _check_rests(self, vals):
        """Refuse another company while it runs: whose contacts go and are known, their numbers and
        payment terms would be another one's from one moment to the next.

        :raises UserError: naming the connection
        """
        if "company_id" not in vals:
            return
        wanted = self._fields["company_id"].convert_to_cache(vals["company_id"], self)
        for connection in self:
            if connection.is_running and connection.company_id.id != wanted:
                raise UserError(say(self.env, "company_while_running", name=connection.name))

    def _refused_for_others(self, field):
        """What says that a setting is for those to change who work in all companies."""
        title = field._description_string(self.env)
        return UserError(
            say(self.env, "setting_serves_other_companies", name=self.sudo().name, field=title)
        )

    def _check_relation_domain(self):
        """Refuse a filter that is none, or that could tell its writer more than they may read.

        No constraint: Odoo checks those with all rights, and a filter is looked at with its
        writer's.

        :raises ValidationError: naming the connection, the field, and what to use instead
        """
        partners = self.env["res.partner"]
        for connection in self:
            try:
                domain = read_filter(connection.relation_domain, partners)
                try:
                    partners.search(Domain(domain) & NOBODY, limit=1)
                except Exception as error:
                    raise not_understood() from error
            except FilterRefused as error:
                raise ValidationError(connection._filter_sentence(error)) from error

    def _filter_sentence(self, error):
        return say(
            self.env,
            "filter_refused",
            name=self.name,
            cause=in_language(self.env, error),
        )

    @api.model
    def _check_own_company(self, vals):
        """Refuse a company of others: whoever could choose one would get its contacts.

        :param vals: what is to be written on a connection or a legal entity
        :raises AccessError: for a company that the user does not work in
        """
        company_id = self._fields["company_id"].convert_to_cache(vals.get("company_id"), self)
        if company_id and not self.env.su and company_id not in self.env.user._get_company_ids():
            raise AccessError(say(self.env, "company_not_own"))

    @api.depends("state")
    def _compute_is_running(self):
        for connection in self:
            connection.is_running = connection.state in RUNNING_STATES

    def _search_is_running(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in", RUNNING_STATES) if True in value else Domain.FALSE

    @api.model
    def _active(self):
        """The connections that work, whoever asks.

        Not the archived ones, nor those of the original of this copy: when they go on, they catch
        up (``_catch_up``).
        """
        return self.sudo().search(
            Domain("state", "in", RUNNING_STATES)
            & Domain("is_demo_data", "=", False)
            & Domain("active", "=", True)
            & self._made_here()
        )

    def _older_than(self, date_field, days_field):
        """What of the connections' records is older than each of them says.

        :param date_field: the record's date (datetime, UTC)
        :param days_field: the connection's field with the number of days
        """
        now = fields.Datetime.now()
        return Domain.OR(
            Domain("connection_id", "=", connection.id)
            # One that an earlier version let say more does not stop the others.
            & Domain(date_field, "<", now - timedelta(days=min(connection[days_field], MOST_DAYS)))
            for connection in self.with_context(active_test=False).search(Domain.TRUE)
        )

    def _credential(self):
        self.ensure_one()
        return self.env["tribe.credential"].sudo().search([("connection_id", "in", self.ids)])

    # Talking to Tribe

    def _addresses(self):
        self.ensure_one()
        return Addresses(self.api_address, self.authorization_address, self.web_address)

    def _client(self, **options):
        """A client for one piece of work; it opens cursors of its own for token and limit.

        :param options: as ``Client`` takes them
        :raises UserError: for demo data, and in a copy of the database
        """
        self.ensure_one()
        return self._client_with(DatabaseLimiter(self), **options)

    def _probing_client(self):
        """A client that also calls a Tribe that could not be reached: its answer ends that."""
        self.ensure_one()
        return self._client_with(ProbingLimiter(self))

    def _connecting_client(self):
        """As ``_probing_client``, to see which Tribe environment this is."""
        self.ensure_one()
        return self._client_with(ProbingLimiter(self), StoredTokens(self, compares=True))

    def _client_with(self, limiter, tokens=None, **options):
        self._refuse_demo_data()
        self._refuse_moved()
        return Client(
            self._addresses(),
            tokens or StoredTokens(self),
            limiter,
            **{
                "mode": self.mode,
                "longest_exchange": self.answer_seconds,
                "turn": current_turn(),
                "rate_limit_pause": self.rate_limit_pause_seconds,
                **self.env["tribe.reading"]._client_options(self),
                **options,
            },
        )

    @contextlib.contextmanager
    def _asking_for_button(self):
        """While a button asks Tribe, which keeps a worker of the web from everybody's requests.

        One of a user, and one of the connections of a company: a slow Tribe takes no more.

        :raises UserError: at once, for another one
        """
        with Leases(self.env.registry) as leases:
            if not all(map(leases.take, button_keys(self.env.uid, self.company_id.id))):
                raise UserError(say(self.env, "tribe_asked_for_button"))
            yield

    def _refuse_demo_data(self):
        if self.is_demo_data:
            raise UserError(
                say(
                    self.env,
                    "connection_is_example",
                    name=self.name,
                )
            )

    def _import_id(self, record, kind):
        """What we write into Tribe's ``ImportId``: this database, the record, the kind.

        The database's own ID is part of it, so that a copy of a database never takes the
        records of the original for its own.
        """
        return self._import_ids(record, kind)[0]

    def _import_ids(self, record, kind):
        """What Tribe's ``ImportId`` of a record of ours can be: as we write it now, then as we
        wrote it before this database was moved.
        """
        suffix = "" if kind in ("organization", "person") else f":{kind}"
        return [f"{prefix}{record.id}{suffix}" for prefix in self._import_id_prefixes()]

    def _import_id_prefixes(self):
        uuids = [self._here()["database_uuid"], *(self.sudo().former_uuids or ())]
        return [f"odoo:{uuid}:res.partner:" for uuid in uuids]

    def _partner_of_import_id(self, import_id):
        """The partner that an ``ImportId`` of ours names, archived or not; else an empty set.

        Anybody can type one into Tribe, so it is no proof about whom this connection does not
        synchronize: who is linked or being sent, or is among its customers and suppliers. Who is
        left to Odoo is none of these.

        :raises NeedsPerson: when only *Only Contacts That* could tell, which cannot be used
        """
        partner = self._partner_named_by(import_id)
        if not partner:
            return partner
        links = self.env["tribe.link"]._of_partners(self, partner, RELATION_KINDS).values()
        if any(link.state == "left_to_odoo" for link in links):
            return partner.browse()
        if links:
            return partner - self._no_longer_linked(partner)
        return self._relations_among(partner)

    def _partner_named_by(self, import_id):
        """The partner whose ID is in an ``ImportId`` of ours; an empty set where there is none."""
        partners = self.env["res.partner"].with_context(active_test=False)
        for prefix in self._import_id_prefixes():
            number = (import_id or "").removeprefix(prefix)
            is_ours = (import_id or "").startswith(prefix) and number.isdecimal()
            # As we write it: with a zero in front nobody would find the relation by it.
            if is_ours and int(number) <= HIGHEST_ID and number == str(int(number)):
                return partners.browse(int(number)).exists() or self._merged_of(import_id)
        return partners

    def _merged_of(self, import_id):
        """The partner into which one was merged while it was being sent; may be empty."""
        links = self.env["tribe.link"]._of_import_ids(self, [import_id])
        return self.env["tribe.link"].concat(*links.values()).partner_id

    def _is_import_id_of_ours(self, import_id):
        """Whether an ``ImportId`` is one that we write for a contact, whoever that was."""
        return any(
            import_id.startswith(prefix) and import_id.removeprefix(prefix).isdecimal()
            for prefix in self._import_id_prefixes()
        )

    # Who is a customer or supplier

    def _relation_domain(self):
        """The partners that this connection synchronizes. Archived ones are not sent first.

        :raises UserError: when *Only Contacts That* cannot be used
        """
        if problem := self._filter_problem():
            raise UserError(problem)
        return (
            Domain(self._contact_filter())
            & Domain(self._unfiltered_domain())
            & self._tenant_domain()
        )

    def _relations_among(self, partners):
        """Those of some partners that this connection synchronizes: whoever sends goes by it.

        :raises NeedsPerson: when *Only Contacts That*, which they depend on, cannot be used
        """
        among = self._of_tenant(partners.filtered_domain(self._unfiltered_domain()))
        if not among or not self._has_filter():
            return among
        try:
            found = self._search_filter(Domain("id", "in", among.ids))
        except FilterRefused as error:
            raise NeedsPerson(self._held_sentence(error)) from error
        return among.filtered(lambda partner: partner.id in found.ids)

    def _perhaps_relations_among(self, partners):
        """Those of some partners to look at, such as after a save: rather more than less.

        Whatever the filter says that goes wrong, or takes Python long: who is sent is decided
        later, by the database.
        """
        among = self._of_tenant(partners.filtered_domain(self._unfiltered_domain()))
        try:
            contact_filter = self._contact_filter()
            slow = among.filtered(lambda partner: has_long_value(contact_filter, partner))
            return slow | (among - slow).filtered_domain(contact_filter)
        except psycopg2.Error:
            raise
        except Exception:  # noqa: BLE001 - told by _filter_problem
            return among

    def _has_filter(self):
        return self.relation_domain not in (False, "", "[]")

    def _search_filter(self, domain, limit=None):
        """Whom *Only Contacts That* lets through, archived or not, by the database alone.

        Odoo also evaluates domains in Python, where some mean something else.

        :raises FilterRefused: when it cannot be evaluated
        """
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        try:
            with self._filtering():
                return partners.search(Domain(self._contact_filter()) & domain, limit=limit)
        except (psycopg2.OperationalError, FilterRefused):
            raise
        except Exception as error:
            raise not_understood() from error

    @contextlib.contextmanager
    def _filtering(self):
        """While the database looks for whom *Only Contacts That* lets through.

        :raises FilterRefused: when that takes too long
        """
        if not self._has_filter():
            yield
            return
        cursor = self.env.cr
        try:
            with cursor.savepoint():
                cursor.execute("SELECT current_setting('statement_timeout')")
                (before,) = cursor.fetchone()
                limit = "SELECT set_config('statement_timeout', %s, true)"
                cursor.execute(limit, [LONGEST_QUERY])
                yield
                cursor.execute(limit, [before])
        except psycopg2.errors.QueryCanceled as error:
            raise FilterRefused(sentence("filter_too_slow")) from error

    def _search_filtered(self, domain, **options):
        """The partners of a domain in which *Only Contacts That* is.

        :raises UserError: when that takes too long
        """
        try:
            with self._filtering():
                return self.env["res.partner"].search(domain, **options)
        except FilterRefused as error:
            raise UserError(self._held_sentence(error)) from error

    def _contact_filter(self):
        """*Only Contacts That*, as a domain.

        :raises FilterRefused: for what is not evaluated (``relations/contact_filter.py``)
        """
        return read_filter(self.relation_domain, self.env["res.partner"])

    def _filter_problem(self):
        """Why *Only Contacts That* cannot be used, in a sentence; empty where it can.

        It may be from before such filters were refused, and a field that it names may have been
        deleted since it was entered.
        """
        if not self._has_filter():
            return ""
        if self.env["tribe.cursor"].sudo()._position(self, SLOW_FILTER):
            return self._held_sentence(sentence("filter_too_slow"))
        try:
            # Of nobody: PostgreSQL says what it does not understand before it looks at contacts, of
            # which each may have long texts, and the schedule of all connections asks each minute.
            self._search_filter(NOBODY, limit=1)
        except FilterRefused as error:
            return self._held_sentence(error)
        return ""

    def _held_sentence(self, error):
        return say(self.env, "filter_held", cause=self._filter_sentence(error))

    def _unfiltered_domain(self):
        return [
            *COMMERCIAL,
            ("company_id", "in", [False, *self._companies_of_contacts().ids]),
            ("id", "not in", self._own_partner_ids()),
            *CUSTOMERS_AND_SUPPLIERS,
        ]

    def _own_partner_ids(self):
        """The partners that stand for companies of this Odoo: never customers of themselves."""
        return self.env["res.partner"]._tribe_own_ids()

    def _own_relation_ids(self):
        """Tribe's IDs of our own organization and its legal entities: nobody's customers here."""
        own = {self.own_organization_id, *self.legal_entity_ids.mapped("organization_id")}
        return own - {False}

    def _companies(self):
        return self.company_id | self.legal_entity_ids.filtered("is_booked").company_id

    def _companies_of_contacts(self):
        """The companies whose contacts can be customers here.

        As Odoo's own rule: whoever works in a branch works with the contacts of the company above.
        """
        return self._companies().parent_ids

    # Webhooks

    def _webhook_url(self, entity_type):
        base = self.webhook_address or self.env["ir.config_parameter"].sudo().get_param(
            "web.base.url"
        )
        return f"{base.rstrip('/')}/tribe/webhook/{self.webhook_key}/{entity_type}"

    def _register_webhooks(self, client):
        """Have Tribe report changes to us. Safe to repeat: what is registered stays.

        But for what leads to an older address of this Odoo, where nobody listens any more.

        Returns the refused ones, ``{entity_type: TribeRefused}``: Tribe does not document which
        types it takes. Their changes are found by looking for them.
        """
        entity_types = self.env["tribe.engine"]._table_of_kinds().by_entity_type
        addresses = {self._webhook_url(entity_type) for entity_type in entity_types}
        ours = self._own_webhooks(client)
        kept = {*addresses, self._webhook_url(TRIAL)} if self._is_trying() else addresses
        for webhook in ours:
            if webhook["webhookUrl"] not in kept:
                client.delete_webhook(webhook["ID"])
        registered = {webhook["webhookUrl"] for webhook in ours}
        headers = {TOKEN_HEADER: self._credential().webhook_token}
        refused = {}
        for entity_type in entity_types:
            url = self._webhook_url(entity_type)
            if url in registered or entity_type.replace(".", "_") in self._absent():
                continue
            try:
                client.create_webhook(entity_type, url, headers)
            except TribeUnauthorized:
                raise
            except TribeRefused as error:
                refused[entity_type] = error
        return refused

    def _remove_webhooks(self):
        """Take our webhooks out of Tribe, whatever address they were registered with."""
        client = self._client()
        for webhook in self._own_webhooks(client):
            client.delete_webhook(webhook["ID"])

    def _own_webhooks(self, client, entity_type=None):
        """The webhooks in Tribe that lead to this connection, also at an older address of ours.

        Known by the key, which is random and of no other connection. A copy that makes a
        connection of its own has another key, and one that goes on with ours is refused a client.
        """
        kind = re.escape(entity_type) if entity_type else "[^/?#]+"
        address = re.compile(rf"https?://[^?#]+/tribe/webhook/{re.escape(self.webhook_key)}/{kind}")
        return [
            webhook
            for webhook in client.webhooks()
            if address.fullmatch(webhook.get("webhookUrl") or "")
        ]
