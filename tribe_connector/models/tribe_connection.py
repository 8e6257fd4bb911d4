import ast
import math
import uuid
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..engine.limiter import DatabaseLimiter, ProbingLimiter
from ..engine.problems import FOR_PEOPLE
from ..engine.remote_relation import (
    ADDRESS_NAVIGATIONS,
    NAVIGATIONS,
    ORGANIZATION_CUSTOMER,
    PERSON_CUSTOMER,
    RELATION_SETS,
)
from ..engine.tokens import CONNECT_SECONDS, StoredTokens
from ..mapping import (
    InvoiceFields,
    ValueUnreadable,
    absent_relation_paths,
    clean,
    is_state_known,
    match_states,
    missing_requirements,
    percentage,
    resolve_invoice_fields,
    synchronized_fields,
)
from ..sentence import in_language
from ..tribe_api import (
    TOKEN_HEADER,
    Addresses,
    Client,
    Guid,
    TribeError,
    TribeRefused,
    TribeUnauthorized,
    TribeUnknownSet,
)

IDENTITY_SET = "Relationship_Organization_Identity"
PHASE_SET = "Datastore_Phase_ActivityInvoice"
INVOICING_SETS = {"Activity_Invoice", "ProductLine", PHASE_SET, "Datastore_VatGroup", "Product"}
# The entity types of which Tribe reports changes to us (docs/tribe-api.md, webhooks).
WEBHOOK_TYPES = {
    "Relation.Organization": "organization",
    "Relation.Person": "person",
    "Relationship.Organization.CommercialRelationship.Customer": "customer",
    "Relationship.Organization.Supplier": "supplier",
    "Relationship.Person.CommercialRelationship.Customer": "person_customer",
    "Address": "address",
    "Activity.Invoice": "invoice",
}
CUSTOMER_SETS = (ORGANIZATION_CUSTOMER, PERSON_CUSTOMER)
# Whoever can change these could have the secrets and tokens sent to an address of their own.
SECRETS_GO_TO = ("api_address", "authorization_address")
# Fields of the form that are kept in the credential.
TYPED_SECRETS = ("client_id", "client_secret", "webhook_secret")
POLL_STREAMS = tuple(WEBHOOK_TYPES.values())
# What changes meanwhile is noted: it is done at once, or when it goes on.
# Before that, an estimate of the time left says nothing.
SECONDS_TO_ESTIMATE = 5
RUNNING_STATES = ("initial", "active", "paused")


class TribeConnection(models.Model):
    """One Tribe environment: its addresses, mode, state, schedule and policies."""

    _name = "tribe.connection"
    _inherit = "tribe.sign.in"
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
        "tribe.credential", "connection_id", groups="base.group_system"
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
    own_organization_name = fields.Char(readonly=True, copy=False)
    has_import_id = fields.Boolean(readonly=True, copy=False)
    absent = fields.Json(readonly=True, copy=False, help="Sets and fields this tenant lacks.")
    country_ids = fields.Json(readonly=True, copy=False, help="Tribe's countries by ISO code.")
    state_ids = fields.Json(
        "Tribe's States",
        readonly=True,
        copy=False,
        help="Tribe's states by country code and Odoo's state code.",
    )
    invoice_names = fields.Json(readonly=True, copy=False, help="What Tribe's invoices have.")
    invoice_field_ids = fields.One2many("tribe.invoice.field", "connection_id", "Invoice Fields")
    check_ids = fields.One2many("tribe.check", "connection_id", "What Was Found", readonly=True)
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
        help="Where a customer or supplier who has no number in Odoo gets one. Odoo's number goes "
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
    timezone = fields.Selection("_timezones", required=True, default="Europe/Amsterdam")
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
        help="An invoice that the connector moved to Paid goes back to Sent when its payment is "
        "undone in Odoo.",
    )
    fetch_documents = fields.Boolean(
        "Attach Tribe's PDF",
        default=True,
        help="Tribe's PDF becomes the invoice's main attachment.",
    )
    match_products = fields.Boolean(
        "Products on Lines", help="Lines get the product with the code that Tribe's product has."
    )
    invoices_from = fields.Date(
        "Book Invoices From",
        default=lambda self: fields.Date.context_today(self),
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
        "already stays synchronized.",
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
        help="What failed is tried again after so many seconds, then after twice as many, and so "
        "on up to the longest wait.",
    )
    longest_back_off_seconds = fields.Integer(
        "Longest Wait Between Tries", default=4 * 3600, required=True
    )
    tries_before_giving_up = fields.Integer(
        default=12,
        required=True,
        help="What failed so often is shown to a person, and from then on tried once a night. "
        "With the usual waits 12 tries take almost a day.",
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
        help="While Tribe is unreachable, one call is made every so many seconds.",
    )
    answer_seconds = fields.Integer("Longest Wait for an Answer", default=60, required=True)
    poll_seconds = fields.Integer("Look for Changes Every (Seconds)", default=900, required=True)
    overlap_seconds = fields.Integer(default=60, required=True)
    comparison_days = fields.Integer(
        "Look for Deleted Relations Every (Days)",
        default=7,
        required=True,
        help="At the nightly hour it is looked whether Tribe still has every linked relation, as "
        "the webhook of a deletion can be lost: one call per 40 of them. Nothing is deleted in "
        "Odoo. 0: never.",
    )
    missing_percent = fields.Integer(
        "Missing at Most (%)",
        default=10,
        required=True,
        help="When more of the linked relations are missing in Tribe, a person is asked before "
        "they are unlinked.",
    )
    keep_runs_days = fields.Integer(
        "Keep Runs (Days)",
        default=90,
        required=True,
        help="What was done, and with whom, is forgotten after so many days. Links never are.",
    )
    keep_problems_days = fields.Integer(
        "Keep Problems (Days)",
        default=365,
        required=True,
        help="A problem that nobody solved is given up after so many days; a run tells which.",
    )

    is_running = fields.Boolean(compute="_compute_is_running", search="_search_is_running")

    _hour_valid = models.Constraint(
        "CHECK(nightly_hour BETWEEN 0 AND 23)", "The nightly hour is between 0 and 23."
    )
    _waits_valid = models.Constraint(
        "CHECK(calls_per_window > 0 AND call_window_seconds > 0 AND settle_seconds >= 0"
        " AND back_off_seconds > 0 AND poll_seconds > 0 AND overlap_seconds >= 0"
        " AND longest_back_off_seconds > 0 AND tries_before_giving_up > 0"
        " AND rate_limit_pause_seconds > 0 AND failures_before_pause > 0 AND probe_seconds > 0"
        " AND answer_seconds > 0)",
        "Waits and limits are positive numbers.",
    )
    _comparison_valid = models.Constraint(
        "CHECK(comparison_days >= 0 AND missing_percent BETWEEN 0 AND 100)",
        "Missing at Most is between 0 and 100 percent; 0 days mean that nothing is looked for.",
    )
    _retention_valid = models.Constraint(
        "CHECK(keep_runs_days > 0 AND keep_problems_days > 0)",
        "Runs and problems are kept for at least a day.",
    )

    @api.constrains("relation_domain")
    def _check_relation_domain(self):
        for connection in self:
            try:
                domain = Domain(ast.literal_eval(connection.relation_domain or "[]"))
                self.env["res.partner"].search(domain, limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "Only Contacts That of “%(name)s” is no filter that Odoo understands. "
                        "Choose it with the filter editor.",
                        name=connection.name,
                    )
                ) from error

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
        text = self.env._("%(done)s of %(total)s", done=f"{done:,}", total=f"{total:,}")
        seconds = (fields.Datetime.now() - self.initial_started_at).total_seconds()
        if not done or seconds < SECONDS_TO_ESTIMATE:
            return text
        minutes = math.ceil(seconds / done * (total - done) / 60)
        return self.env._(
            "%(progress)s · about %(minutes)s minutes left", progress=text, minutes=minutes
        )

    @api.model_create_multi
    def create(self, vals_list):
        # What was typed goes to the credential, which needs the connection first.
        for vals in vals_list:
            self._check_addresses_may_change(vals)
        vals_list = [dict(vals) for vals in vals_list]
        typed = [
            {name: vals.pop(name) for name in TYPED_SECRETS if name in vals} for vals in vals_list
        ]
        connections = super().create(vals_list)
        self.env["tribe.credential"].sudo().create(
            [
                {
                    "connection_id": connection.id,
                    "webhook_token": uuid.uuid4().hex + uuid.uuid4().hex,
                }
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
        return connections

    def write(self, vals):
        self._check_addresses_may_change(vals)
        result = super().write(vals)
        # What was typed must not come back with the saved form.
        self.invalidate_recordset([name for name in TYPED_SECRETS if name in vals])
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

    def _check_addresses_may_change(self, vals):
        """Refuse to send the secrets somewhere else, to whoever may not enter them.

        :raises AccessError: for all but system administrators, when an address becomes another
        """
        changed = [
            name
            for name in SECRETS_GO_TO
            if name in vals
            and any(
                vals[name] != current
                for current in (self.mapped(name) or self.default_get([name]).values())
            )
        ]
        if changed and not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._(
                    "Only a system administrator changes Tribe's addresses: the client secret is "
                    "sent there."
                )
            )

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
        """The connections that work, whoever asks."""
        return self.sudo().search([("state", "in", RUNNING_STATES), ("is_demo_data", "=", False)])

    def _older_than(self, date_field, days_field):
        """What of the connections' records is older than each of them says.

        :param date_field: the record's date (datetime, UTC)
        :param days_field: the connection's field with the number of days
        """
        now = fields.Datetime.now()
        return Domain.OR(
            Domain("connection_id", "=", connection.id)
            & Domain(date_field, "<", now - timedelta(days=connection[days_field]))
            for connection in self.with_context(active_test=False).search(Domain.TRUE)
        )

    def _credential(self):
        self.ensure_one()
        return self.env["tribe.credential"].sudo().search([("connection_id", "in", self.ids)])

    # Talking to Tribe

    def _addresses(self):
        self.ensure_one()
        return Addresses(self.api_address, self.authorization_address, self.web_address)

    def _client(self):
        """A client for one piece of work; it opens cursors of its own for token and limit.

        :raises UserError: for demo data
        """
        self.ensure_one()
        return self._client_with(DatabaseLimiter(self))

    def _probing_client(self):
        """A client that also calls a Tribe that could not be reached: its answer ends that."""
        self.ensure_one()
        return self._client_with(ProbingLimiter(self))

    def _client_with(self, limiter):
        self._refuse_demo_data()
        return Client(
            self._addresses(),
            StoredTokens(self),
            limiter,
            mode=self.mode,
            timeout=(CONNECT_SECONDS, self.answer_seconds),
            rate_limit_pause=self.rate_limit_pause_seconds,
        )

    def _refuse_demo_data(self):
        if self.is_demo_data:
            raise UserError(
                self.env._(
                    "“%(name)s” is an example: there is no Tribe behind it. Make a connection of "
                    "your own under Connections.",
                    name=self.name,
                )
            )

    def _import_id(self, record, kind):
        """What we write into Tribe's ``ImportId``: this database, the record, the kind.

        The database's own ID is part of it, so that a copy of a database never takes the
        records of the original for its own.
        """
        suffix = "" if kind in ("organization", "person") else f":{kind}"
        return f"{self._import_id_prefix()}{record.id}{suffix}"

    def _import_id_prefix(self):
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"odoo:{database}:res.partner:"

    def _partner_of_import_id(self, import_id):
        """The partner that an ``ImportId`` of ours names, archived or not; else an empty set."""
        prefix = self._import_id_prefix()
        number = (import_id or "").removeprefix(prefix)
        partners = self.env["res.partner"].with_context(active_test=False)
        if not (import_id or "").startswith(prefix) or not number.isdigit():
            return partners
        return partners.browse(int(number)).exists()

    # Connecting

    def action_connect(self):
        """Sign in, and read what this tenant has; nothing is written in Tribe.

        :raises UserError: with the cause and the remedy.
        """
        self.ensure_one()
        self.check_access("write")
        if self.mode == "off":
            raise UserError(self.env._("Choose another mode than Off, then connect."))
        client = self.sudo()._probing_client()
        try:
            found = self._read_tenant(client)
            # Also what belongs to companies that this user does not work in.
            self.sudo()._store_tenant(found)
        except (TribeError, ValueUnreadable) as error:
            raise UserError(in_language(self.env, error)) from error
        self.sign_in_problem = False
        if self.state == "draft" and not found["blocking"]:
            self.state = "connected"

    def _read_tenant(self, client):
        """What the tenant has, as plain values; only reading calls."""
        client.current_employee()
        schema = client.schema().as_dict()
        missing = missing_requirements(schema)
        found = {
            "identities": _all(
                client,
                IDENTITY_SET,
                expand="Relation($select=ID),Organization($select=ID,Name,VATNumber)",
            ),
            "vat_groups": _all(client, "Datastore_VatGroup"),
            "ledger_accounts": _all(client, "Datastore_GeneralLedgerAccount"),
            "phases": _all(client, PHASE_SET),
            "blocking": [item for item in missing if item.blocking and not _is_invoicing(item)],
            "missing": missing,
        }
        found["invoice_fields"], found["invoice_notes"] = resolve_invoice_fields(schema)
        invoices = schema.get("Activity_Invoice", {"properties": {}, "navigations": {}})
        found["invoice_names"] = [*invoices["properties"], *invoices["navigations"]]
        organization = schema.get("Relation_Organization", {"properties": {}})
        found["has_import_id"] = "ImportId" in organization["properties"]
        found["absent"] = sorted(
            {item.path for item in missing}
            | _absent_navigations(schema)
            | _absent_properties(schema)
            | absent_relation_paths(schema)
        )
        found["own_organization"] = _own_organization(client, found["identities"])
        found["countries"] = _all(client, "Datastore_Country", select="ID,Code")
        found["states"] = []
        if "state_code" in synchronized_fields("organization", found["absent"]):
            found["states"] = _all(
                client, "Datastore_State", expand="Country($select=ID,Code)", select="ID,Code,Name"
            )
        return found

    def _store_tenant(self, found):
        self.write(
            {
                "own_organization_id": found["own_organization"].get("ID", False),
                "own_organization_name": clean(found["own_organization"].get("Name")),
                "has_import_id": found["has_import_id"],
                "absent": found["absent"],
                "country_ids": {
                    (clean(row.get("Code")) or "").upper(): row["ID"] for row in found["countries"]
                },
                "state_ids": self._match_states(found["states"]),
                "invoice_names": found["invoice_names"],
            }
        )
        self.env["tribe.invoice.field"].sudo()._store(self, found["invoice_fields"].as_dict())
        self._store_phases(found["phases"])
        self._store_legal_entities(found["identities"])
        for entity in self.legal_entity_ids:
            _store_mapping_rows(
                entity.vat_group_ids, entity, found["vat_groups"], _vat_group_values
            )
            _store_mapping_rows(
                entity.ledger_account_ids, entity, found["ledger_accounts"], _named_values
            )
        self.env["tribe.check"]._store(self, found)

    def _match_states(self, rows):
        """Tribe's states by country code and Odoo's state code: ``{"NL": {"UT": id}}``."""
        codes = {(clean((row.get("Country") or {}).get("Code")) or "").upper() for row in rows}
        states = self.env["res.country.state"].search([("country_id.code", "in", sorted(codes))])
        return match_states(
            rows, [(state.country_id.code, state.code, state.name) for state in states]
        )

    def _store_phases(self, phases):
        known = {phase.tribe_id: phase for phase in self.phase_ids}
        for sequence, row in enumerate(phases):
            values = {**_named_values(row), "sequence": sequence}
            if row["ID"] in known:
                known[row["ID"]].sudo().write(values)
                continue
            is_draft = (values["code"] or "").lower() == "draft"
            self.env["tribe.phase"].sudo().create(
                {
                    **values,
                    "connection_id": self.id,
                    "tribe_id": row["ID"],
                    "is_booked": not is_draft,
                }
            )

    def _store_legal_entities(self, identities):
        known = {entity.tribe_id: entity for entity in self.legal_entity_ids}
        for row in identities:
            organization = row.get("Organization") or {}
            values = {
                "name": clean(organization.get("Name")) or clean(row.get("Name")) or row["ID"],
                "vat": clean(organization.get("VATNumber")),
            }
            if row["ID"] in known:
                known[row["ID"]].sudo().write(values)
                continue
            self.env["tribe.legal.entity"].sudo().create(
                {
                    **values,
                    "connection_id": self.id,
                    "tribe_id": row["ID"],
                    "company_id": self._company_of(values).id,
                    "is_default": not self.legal_entity_ids,
                }
            )

    def _company_of(self, values):
        """The company that a legal entity obviously is: same VAT number, name, or the only one."""
        companies = self.env["res.company"].search(Domain.TRUE)
        by_vat = companies.filtered(lambda company: values["vat"] and company.vat == values["vat"])
        by_name = companies.filtered(lambda company: company.name == values["name"])
        return (by_vat or by_name or (companies if len(companies) == 1 else by_name))[:1]

    # Plan

    def action_plan(self):
        """Show what the next synchronization would do, record by record; nothing is written.

        :raises UserError: before the connection is connected
        """
        self.ensure_one()
        self._check_manager()
        if self.state == "draft":
            raise UserError(self.env._("Connect “%(name)s” first.", name=self.name))
        connection = self.sudo()
        is_first = connection.state == "connected"
        connection.plan_ids.unlink()
        plan = connection.env["tribe.plan"].create(
            {"connection_id": connection.id, "scope": "initial" if is_first else "changes"}
        )
        plan._start(
            connection._partners_to_start_with() if is_first else connection._waiting_partners()
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan"),
            "res_model": "tribe.plan",
            "res_id": plan.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _waiting_partners(self):
        """The partners that the next run would look at."""
        waiting = self.env["tribe.work"].search(
            [("connection_id", "=", self.id), ("kind", "=", "partner")], order="due, id"
        )
        partners = self.env["res.partner"].browse(
            dict.fromkeys(int(reference) for reference in waiting.mapped("reference"))
        )
        return partners.exists() | self._unlinked_partners()

    # Life cycle

    def action_activate(self):
        """Start: register the webhooks, then the initial synchronization."""
        self.ensure_one()
        self._check_ready()
        self.state = "initial"
        self.env["tribe.work"]._add(self, "outbound", "activate", [self.id], "person")
        self.env["tribe.engine"]._wake("outbound")

    def action_pause(self):
        """Stop working; what arrives meanwhile waits."""
        self.filtered(lambda connection: connection.state in ("initial", "active")).state = "paused"

    def action_resume(self):
        """Go on where it was paused."""
        for connection in self.filtered(lambda connection: connection.state == "paused"):
            connection.state = "initial" if connection._initial_work() else "active"
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"]._wake(direction)

    def action_deactivate(self):
        """Stop for good: what is linked stays linked, the webhooks are removed."""
        for connection in self.filtered(lambda connection: connection.state != "draft"):
            connection.state = "connected"
            waiting = self.env["tribe.work"].sudo()
            waiting.search([("connection_id", "=", connection.id)]).unlink()
            waiting._add(connection, "outbound", "deactivate", [connection.id], "person")
        self.env["tribe.engine"]._wake("outbound")

    def action_run_nightly(self):
        """Do now what is otherwise done at night."""
        for connection in self.filtered(lambda connection: connection.state == "active"):
            connection._refuse_demo_data()
            connection.sudo()._plan_nightly()
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"]._wake(direction)

    def _check_ready(self):
        if self.state not in ("connected", "paused"):
            raise UserError(self.env._("Connect “%(name)s” first.", name=self.name))
        if not self.own_organization_id:
            raise UserError(
                self.env._(
                    "“%(name)s” does not know your own organization in Tribe, to which every "
                    "customer belongs. Fill it in in Tribe's general settings, then connect again.",
                    name=self.name,
                )
            )
        without_company = self.legal_entity_ids.filtered(lambda entity: not entity.company_id)
        if without_company:
            raise UserError(
                self.env._(
                    "Choose the company of legal entity “%(entity)s”, under Legal Entities.",
                    entity=without_company[0].name,
                )
            )
        self.legal_entity_ids._check_journal()
        try:
            self.sudo()._check_coverage(self.sudo()._probing_client())
        except TribeError as error:
            raise UserError(in_language(self.env, error)) from error

    def _check_coverage(self, client):
        """Refuse to go live while open invoices use something that is not mapped.

        :raises UserError: naming what is missing, per legal entity
        """
        if "Activity_Invoice" in self._absent():
            return
        holes = self.env["tribe.invoice.importer"]._unmapped(self, client)
        if holes:
            raise UserError(
                self.env._(
                    "Open invoices in Tribe use what is not mapped yet. Choose a tax or an account "
                    "under Legal Entities, or let Suggest do it:\n%s",
                    "\n".join(
                        f"• {entity.name}: {', '.join(sorted(names))}"
                        for entity, names in holes.items()
                    ),
                )
            )

    def _initial_work(self, besides=()):
        """Whether some partner waits for its first turn, or for another try by itself.

        :param besides: references of partners that have just had their turn
        """
        return bool(self._count_initial_work(besides, limit=1))

    def _count_initial_work(self, besides=(), limit=None):
        return (
            self.env["tribe.work"]
            .sudo()
            .search_count(
                [
                    ("connection_id", "=", self.id),
                    ("kind", "=", "partner"),
                    ("reason", "=", "initial"),
                    ("error_class", "not in", FOR_PEOPLE),
                    ("reference", "not in", list(besides)),
                ],
                limit=limit,
            )
        )

    def _plan_initial(self):
        """Note all customers and suppliers for the initial synchronization."""
        partners = self._partners_to_start_with()
        self.write({"initial_count": len(partners), "initial_started_at": fields.Datetime.now()})
        self.env["tribe.work"]._add(self, "outbound", "partner", partners.ids, "initial")

    def _partners_to_start_with(self):
        """All customers and suppliers of Odoo, in the order in which they are taken."""
        return self.env["res.partner"].search(self._relation_domain(), order="id")

    def _end_initial_when_done(self, besides=()):
        """Become active when nothing of the initial synchronization waits any more.

        :param besides: see ``_initial_work``
        """
        if self.state == "initial" and not self._initial_work(besides):
            self.state = "active"
            # From the beginning, not from now: what Tribe sent before is booked by its from-date.
            streams = [stream for stream in POLL_STREAMS if self._reads_all(stream)]
            self.env["tribe.work"]._add(self, "inbound", "poll", streams, "initial")
            self.env["tribe.engine"]._wake("inbound")

    def _start_polling(self):
        """Look for relations that change in Tribe from now on."""
        now = fields.Datetime.now()
        for stream in POLL_STREAMS:
            if not self._reads_all(stream):
                self.env["tribe.cursor"]._move(self, stream, now)

    def _reads_all(self, stream):
        """Whether a stream is read from its beginning, as nothing of it was read before."""
        if stream == "invoice":
            return True
        return (
            self.initial_scope == "both"
            and stream in ("customer", "person_customer", "supplier")
            and not self.env["tribe.cursor"]._position(self, stream)
        )

    # Schedule

    def _plan_schedule(self):
        """Note what the clock says is to be done."""
        cursors = self.env["tribe.cursor"]
        now = fields.Datetime.now()
        polled = cursors._position(self, "schedule:poll")
        is_due = not polled or polled + timedelta(seconds=self.poll_seconds) <= now
        # A Tribe that cannot be reached is looked at as soon as it is back.
        if is_due and not self._availability().unavailable_since:
            cursors._move(self, "schedule:poll", now)
            self.env["tribe.work"]._add(self, "inbound", "poll", POLL_STREAMS, "poll")
        nightly = cursors._position(self, "schedule:nightly")
        if not nightly or nightly < self._last_nightly_moment():
            cursors._move(self, "schedule:nightly", now)
            if nightly:
                self._plan_nightly()
            self._plan_comparison(now)
        if self.export_moment == "minute":
            self._plan_payments()

    def _plan_nightly(self):
        """Note unlinked customers and suppliers and payments; bring waiting work forward."""
        work = self.env["tribe.work"]
        work._make_due([("connection_id", "=", self.id), ("due", ">", fields.Datetime.now())])
        unlinked = self._unlinked_partners()
        waiting = set(
            work.search([("connection_id", "=", self.id), ("kind", "=", "partner")]).mapped(
                "reference"
            )
        )
        references = [partner.id for partner in unlinked if str(partner.id) not in waiting]
        work._add(self, "outbound", "partner", references, "nightly")
        self.env["tribe.link"]._note_changed_moves(self)
        self._plan_payments()

    def _plan_comparison(self, now):
        """Have deleted relations looked for, if enough nights have passed since the last time."""
        cursors = self.env["tribe.cursor"]
        compared = cursors._position(self, "schedule:comparison")
        # Two nights are not exactly a day apart.
        pause = timedelta(days=self.comparison_days, hours=-12)
        if not self.comparison_days or (compared and now - compared < pause):
            return
        cursors._move(self, "schedule:comparison", now)
        # What was linked just now is there.
        if compared:
            self.env["tribe.relation.comparer"]._begin(self)

    def _unlinked_partners(self):
        """The customers and suppliers of Odoo that Tribe does not know."""
        links = (
            self.env["tribe.link"]
            ._search(
                [
                    ("connection_id", "=", self.id),
                    ("kind", "in", ("organization", "person")),
                    ("partner_id", "!=", False),
                ]
            )
            .subselect("partner_id")
        )
        return self.env["res.partner"].search(
            [*self._relation_domain(), ("id", "not in", links)], order="id"
        )

    def _plan_payments(self):
        """Note the booked invoices of which Tribe does not know that they are (un)paid."""
        of_us = Domain("connection_id", "=", self.id) & Domain("kind", "=", "invoice")
        posted = Domain("state", "!=", "gone") & Domain("move_id.state", "=", "posted")
        is_paid = Domain("move_id.payment_state", "in", self._paid_states())
        untold = Domain("told_paid", "=", False) & is_paid
        if self.tell_unpaid:
            untold |= Domain("paid_by_us", "=", True) & ~is_paid
        moves = self.env["tribe.link"].search(of_us & posted & untold).move_id
        waiting = set(
            self.env["tribe.work"]
            .search([("connection_id", "=", self.id), ("kind", "=", "payment")])
            .mapped("reference")
        )
        references = [move.id for move in moves if str(move.id) not in waiting]
        self.env["tribe.work"]._add(self, "outbound", "payment", references, "nightly")

    def _paid_states(self):
        """The payment states that mean "paid" for Tribe: nothing is to be collected any more."""
        states = ["paid", "reversed"]
        return [*states, "in_payment"] if self.paid_when == "in_payment" else states

    def _due_of_a_save(self):
        """When a saved partner goes to Tribe (datetime, UTC)."""
        if self.export_moment == "minute":
            return fields.Datetime.now()
        return self._last_nightly_moment() + timedelta(days=1)

    def _last_nightly_moment(self):
        """The last time the clock showed the nightly hour in our time zone (datetime, UTC)."""
        zone = pytz.timezone(self.timezone)
        now = pytz.utc.localize(fields.Datetime.now()).astimezone(zone)
        moment = zone.localize(datetime.combine(now.date(), time(self.nightly_hour)))
        if moment > now:
            moment = zone.localize(
                datetime.combine(now.date() - timedelta(days=1), time(self.nightly_hour))
            )
        return moment.astimezone(pytz.utc).replace(tzinfo=None)

    def _retry_held_invoices(self):
        """A mapping was filled: book what waited for it."""
        held = self.env["tribe.work"]._make_due(
            [
                ("connection_id", "in", self.ids),
                ("kind", "=", "invoice"),
                ("error_class", "!=", False),
            ]
        )
        if held:
            self.env["tribe.engine"]._wake("inbound")

    # Who is a customer or supplier

    def _relation_domain(self):
        """The partners that this connection synchronizes. Archived ones are not sent first."""
        return [
            *ast.literal_eval(self.relation_domain or "[]"),
            ("parent_id", "=", False),
            ("company_id", "in", [False, *self._companies().ids]),
            ("id", "not in", self._own_partner_ids()),
            "|",
            "|",
            "|",
            ("customer_rank", ">", 0),
            ("supplier_rank", ">", 0),
            ("tribe_synchronize", "=", True),
            "|",
            ("debtor_number", "!=", False),
            ("creditor_number", "!=", False),
        ]

    def _own_partner_ids(self):
        """The partners that stand for companies of this Odoo: never customers of themselves."""
        return self.env["res.company"].sudo().search(Domain.TRUE).partner_id.ids

    def _companies(self):
        return self.company_id | self.legal_entity_ids.company_id

    # Webhooks

    def _webhook_url(self, entity_type):
        base = self.webhook_address or self.env["ir.config_parameter"].sudo().get_param(
            "web.base.url"
        )
        return f"{base.rstrip('/')}/tribe/webhook/{self.webhook_key}/{entity_type}"

    def _register_webhooks(self, client):
        """Have Tribe report changes to us. Safe to repeat: what is registered stays.

        Returns the refused ones, ``{entity_type: TribeRefused}``: Tribe does not document which
        types it takes. Their changes are found by looking for them.
        """
        registered = {webhook.get("webhookUrl") for webhook in client.webhooks()}
        headers = {TOKEN_HEADER: self._credential().webhook_token}
        refused = {}
        for entity_type in WEBHOOK_TYPES:
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
        for webhook in client.webhooks():
            if f"/tribe/webhook/{self.webhook_key}/" in (webhook.get("webhookUrl") or ""):
                client.delete_webhook(webhook["ID"])

    # What the tenant is like

    def _invoice_fields(self):
        return InvoiceFields.from_dict({row.meaning: row.name for row in self.invoice_field_ids})

    def _phase(self, code):
        """The phase with a code, or an empty set."""
        return self.phase_ids.filtered(lambda phase: phase.code == code)[:1]

    def _absent(self):
        """The sets and fields that this tenant lacks: ``{"Set", "Set/Field"}``."""
        return set(self.absent or ())

    def _lacks(self, entity_set, name):
        """Whether this tenant lacks a set, or a field of it."""
        return bool({entity_set, f"{entity_set}/{name}"} & self._absent())

    @api.model
    def _check_manager(self):
        """Refuse who does not administrate the connector.

        :raises AccessError: for everybody but Tribe CRM administrators
        """
        if not self.env.su and not self.env.user.has_group("tribe_connector.group_manager"):
            raise AccessError(self.env._("Only Tribe CRM administrators decide this."))

    def _synchronized_fields(self, kind):
        """The neutral fields of a kind of relation that this tenant can hold."""
        return synchronized_fields(kind, self._absent())

    def _state_codes(self):
        """Odoo's codes by Tribe's ID of a state."""
        return {
            tribe_id: code
            for states in (self.state_ids or {}).values()
            for code, tribe_id in states.items()
        }

    def _not_in_tribe(self, values):
        """What Tribe cannot hold of some neutral values: ``{field: a sentence why}``."""
        state, country = values.get("state_code"), values.get("country_code")
        if is_state_known(state, country, self.state_ids):
            return {}
        return {
            "state_code": self.env._(
                "Tribe has no state %(state)s in %(country)s, so the state was left as it is "
                "there. Add it in Tribe, then connect again.",
                state=state,
                country=country or self.env._("no country"),
            )
        }


def _all(client, entity_set, **options):
    """All rows of a set; none where a module of Tribe is missing (it is reported elsewhere)."""
    try:
        return [row for page in client.pages(entity_set, **options) for row in page]
    except TribeUnknownSet:
        return []


def _is_invoicing(requirement):
    """Whether only invoices need it: relations are synchronized without the Billing module too."""
    return requirement.path.partition("/")[0] in INVOICING_SETS


def _absent_navigations(schema):
    """The navigations that we would follow and this tenant lacks."""
    wanted = {
        (RELATION_SETS[kind], navigation)
        for kind, navigations in ADDRESS_NAVIGATIONS.items()
        for navigation in navigations
    }
    wanted |= {(entity_set, "AccountManager") for entity_set in CUSTOMER_SETS}
    wanted |= {("Address", navigation) for navigation in NAVIGATIONS.values()}
    return {
        f"{entity_set}/{navigation}"
        for entity_set, navigation in wanted
        if navigation not in schema.get(entity_set, {}).get("navigations", {})
    }


def _absent_properties(schema):
    """The properties by which we would look for possible matches, and this tenant lacks."""
    wanted = {
        ("Relation_Organization", "ChamberOfCommerceNumber"),
        ("Relation_Organization", "EmailAddress"),
        ("Relation_Person", "EmailAddress"),
    }
    return {
        f"{entity_set}/{name}"
        for entity_set, name in wanted
        if name not in schema.get(entity_set, {}).get("properties", {})
    }


def _own_organization(client, identities):
    """The organization that all identities belong to (``ID``, ``Name``); ``{}`` if not just one."""
    ids = {(row.get("Relation") or {}).get("ID") for row in identities} - {None}
    if len(ids) != 1:
        return {}
    (own_id,) = ids
    rows = client.by_values("Relation_Organization", "ID", [Guid(own_id)], select="ID,Name")
    return rows[0] if rows else {"ID": own_id}


def _named_values(row):
    code = clean(row.get("Code"))
    return {"code": code, "name": clean(row.get("Name")) or code or row["ID"]}


def _vat_group_values(row):
    return {**_named_values(row), "percentage": percentage(row.get("Percentage"))}


def _store_mapping_rows(records, entity, rows, values_of):
    """Bring the mapping rows of a legal entity up to date; what was mapped stays mapped."""
    known = {record.tribe_id: record for record in records}
    for row in rows:
        if row["ID"] in known:
            known[row["ID"]].sudo().write(values_of(row))
        else:
            records.sudo().create(
                {**values_of(row), "legal_entity_id": entity.id, "tribe_id": row["ID"]}
            )
