from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..codes import RUNNING_STATES
from ..sentence import LONGEST_ITEM, say
from .tribe_credential import new_webhook_token

# Fields of the form that are kept in the credential.
TYPED_SECRETS = ("client_id", "client_secret", "webhook_secret")
# Stream of tribe.cursor: when *Only Contacts That* took too long at night.
SLOW_FILTER = "schedule:slow filter"
# Streams of tribe.cursor: when it was begun to plan, and has not come to its end; and once more.
BEGUN = ("schedule:begun", "schedule:begun again")
# That of a new connection, and of the dates of its invoices (tribe.legal.entity).
DEFAULT_TIMEZONE = "Europe/Amsterdam"
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
    is_demo_data = fields.Boolean(
        readonly=True,
        copy=False,
        help="An example from the demo data: there is no Tribe behind it, and nothing ever runs.",
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
    plan_ids = fields.One2many("tribe.plan", "connection_id", "Plans")
    plan_id = fields.Many2one("tribe.plan", "Last Plan", compute="_compute_plan_id")
    suggestion_count = fields.Integer(compute="_compute_counts")
    conflict_count = fields.Integer(compute="_compute_counts")

    is_running = fields.Boolean(compute="_compute_is_running", search="_search_is_running")

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

    @api.model
    def _timezones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    def _compute_plan_id(self):
        for connection in self:
            connection.plan_id = connection.plan_ids[:1]

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
