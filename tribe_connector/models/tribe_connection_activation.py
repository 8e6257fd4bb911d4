from odoo import fields, models
from odoo.exceptions import UserError

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..sentence import in_language, say, sentence
from ..tribe_api import TribeError, host_of


class TribeConnection(models.Model):
    """Activates a connection: what has to be right before, and the initial synchronization."""

    _inherit = "tribe.connection"

    @only_for("Administrator", "write")
    def action_activate(self):
        """Start: register the webhooks, then the initial synchronization."""
        self.ensure_one()
        self._check_ready()
        self._write_as_connector({"state": "initial"})
        self.env["tribe.work"]._add(self, "outbound", "activate", [self.id], "person")
        self.env["tribe.engine"]._wake("outbound")

    def _check_ready(self):
        """Refuse to activate what is not connected, set up and mapped.

        :raises UserError: with the cause and the remedy
        """
        self._check_may_begin()
        self._check_alone_in_tenant()
        # Also those that this user does not see.
        booked = self.sudo().legal_entity_ids.filtered("is_booked")
        self._check_legal_entities(booked)
        self._check_relation_domain()
        try:
            with self._asking_for_button():
                self.sudo()._check_coverage(self.sudo()._probing_client())
        except TribeError as error:
            raise UserError(in_language(self.env, error)) from error

    def _check_may_begin(self):
        """Refuse to activate in a state or mode, or against a Tribe, in which nothing can work.

        :raises UserError: naming the connection, or what Tribe does
        """
        if self.state in ("initial", "active"):
            raise UserError(say(self.env, "already_active", name=self.name))
        if self.state not in ("connected", "paused"):
            raise UserError(say(self.env, "connect_first", name=self.name))
        self._refuse_moved()
        if self.mode == "dry_run":
            raise UserError(
                say(
                    self.env,
                    "activate_in_dry_run",
                    name=self.name,
                )
            )
        if not self.own_organization_id:
            raise UserError(
                say(
                    self.env,
                    "activate_without_own_organization",
                    name=self.name,
                )
            )
        if reading := self._blocking_readings()[:1]:
            raise UserError(
                say(
                    self.env,
                    "activate_against_reading",
                    reading=reading._title(),
                    found=reading._sentence(),
                    remedy=reading._remedy(),
                )
            )

    def _check_legal_entities(self, booked):
        """Refuse to book for a legal entity that is not set up, or in a company of somebody else.

        :param booked: the legal entities that are booked
        :raises UserError: naming the first of them, or the connection
        """
        without_company = booked.filtered(lambda entity: not entity.company_id)
        if without_company:
            raise UserError(
                say(
                    self.env,
                    "activate_without_company",
                    entity=without_company[0].name,
                )
            )
        self._check_legal_entity_is_known(booked)
        self._check_works_in_all(booked)
        booked._check_journal()

    def _check_legal_entity_is_known(self, booked):
        """Refuse to book in several companies where no field says of which an invoice is: all would
        come into the books of one.

        :param booked: the legal entities that are booked
        """
        is_needed = len(booked.company_id) > 1 and self._booking_phases()
        if is_needed and not self._invoice_fields().legal_entity:
            raise UserError(say(self.env, "activate_without_legal_entity_field", name=self.name))

    def _check_alone_in_tenant(self, *, is_kept=False):
        """Refuse to work with a Tribe environment a second time: each record would come twice.

        :param is_kept: whether what is told may stay, for all who read this connection
        :raises UserError: naming the other connection, for who may know it
        """
        other = self._other_of_tenant()
        if not other:
            return
        may_know = other.with_env(self.env)._filtered_access("read")
        if is_kept:
            may_know = may_know.filtered(lambda other: other.company_id == self.company_id)
        raise UserError(
            say(
                self.env,
                "tenant_of_other_connection",
                name=self.name,
                other=may_know._called_as_other(),
            )
        )

    def _other_of_tenant(self):
        """The connection that works with the same Tribe environment, or has links into it.

        One with links counts although it was deactivated or archived, unless this one has its own;
        none that came with a copy of another database, nor one of another server: that could say
        of any environment that it is its own.
        """
        if not self.own_organization_id:
            return self.browse()
        server = host_of(self.api_address)
        others = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("own_organization_id", "=", self.own_organization_id),
                    ("id", "!=", self.id),
                    ("is_demo_data", "=", False),
                ],
                order="id",
            )
            .filtered(lambda other: not other.is_moved and host_of(other.api_address) == server)
        )
        working = others.filtered(lambda other: other.active and other.is_running)
        if not working and not self.sudo()._count_links():
            working = others.filtered(lambda other: other._count_links())
        return working[:1]

    def _called_as_other(self):
        """What a connection is called in a sentence about another one; empty where nobody may
        know it.
        """
        return f"“{self.name}”" if self else sentence("connection_of_other_company")

    def _check_works_in_all(self, entities):
        """Refuse to have invoices booked, and contacts sent, in a company of somebody else.

        :raises UserError: naming the legal entity, for a user who does not work in its company
        """
        own = self.env.user._get_company_ids()
        elsewhere = entities.filtered(lambda entity: entity.company_id.id not in own)
        if elsewhere and not self.env.su:
            raise UserError(
                say(
                    self.env,
                    "activate_in_company_elsewhere",
                    entity=elsewhere[0].name,
                    name=self.name,
                )
            )

    def _check_coverage(self, client):
        """Refuse to go live while open invoices use something that is not mapped.

        :raises UserError: naming what is missing, per legal entity
        """
        if "Activity_Invoice" in self._absent():
            return
        holes = self.env["tribe.invoice.importer"]._unmapped(self, client)
        if holes:
            raise UserError(
                say(
                    self.env,
                    "activate_unmapped",
                    holes="\n".join(
                        f"• {entity.name}: {', '.join(sorted(names))}"
                        for entity, names in holes.items()
                    ),
                )
            )

    def _initial_work(self):
        """Whether some partner waits for its first turn."""
        return bool(self._count_initial_work(limit=1))

    def _count_initial_work(self, limit=None):
        """How many partners wait for their first turn: whoever failed is tried again by itself, or
        waits for a person, and keeps nobody waiting.
        """
        return (
            self.env["tribe.work"]
            .sudo()
            .search_count(
                [
                    ("connection_id", "=", self.id),
                    ("kind", "=", "partner"),
                    ("reason", "=", "initial"),
                    ("error_class", "=", False),
                ],
                limit=limit,
            )
        )

    def _enqueue_initial(self):
        """Note all customers and suppliers, and who is linked, for the initial synchronization."""
        partners = self._partners_to_start_with()
        self.write({"initial_count": len(partners), "initial_started_at": fields.Datetime.now()})
        works = self.env["tribe.work"]
        works._add(self, "outbound", "partner", partners.ids, "initial")
        # Their contact is another one now: what is to become of them is asked again.
        merged = self.env["tribe.link"].search(
            [
                ("connection_id", "=", self.id),
                ("kind", "in", RELATION_KINDS),
                ("tribe_id", "!=", False),
                ("state", "=", "merged"),
            ]
        )
        for kind, links in merged.grouped("kind").items():
            works._add(self, "inbound", kind, links.mapped("tribe_id"), "initial")

    def _partners_to_start_with(self):
        """All customers and suppliers of Odoo, and who is linked, in the order in which they are
        taken.

        Who is linked may be archived, left out by *Only Contacts That* or below a company, and was
        changed on either side while it was deactivated, when nobody noted it.
        """
        links = self.env["tribe.link"].search(
            [
                ("connection_id", "=", self.id),
                ("kind", "in", RELATION_KINDS),
                ("partner_id", "!=", False),
                ("state", "not in", DEAD_STATES),
            ]
        )
        partners = self._search_filtered(self._relation_domain()) | links.partner_id
        return partners.sorted("id")

    def _end_initial_when_done(self):
        """Become active once nobody waits for the first turn of the initial synchronization."""
        if self.state == "initial" and not self._initial_work():
            self.state = "active"
            # From the beginning, not from now: what Tribe sent before is booked by its from-date.
            all_streams = self.env["tribe.engine"]._table_of_kinds().streams
            streams = [stream for stream in all_streams if self._reads_all(stream)]
            self.env["tribe.work"]._add(self, "inbound", "poll", streams, "initial")
            self.env["tribe.engine"]._wake("inbound")

    def _start_polling(self, beginning):
        """Look for relations that change in Tribe from a moment on (datetime, UTC).

        Where they were looked for before, from there: nobody told what changed since.
        """
        cursors = self.env["tribe.cursor"]
        for stream in self.env["tribe.engine"]._table_of_kinds().streams:
            if not self._reads_all(stream) and not cursors._position(self, stream):
                cursors._move(self, stream, beginning)

    def _reads_all(self, stream):
        """Whether a stream is read from its beginning, as nothing of it was read before."""
        if stream == "invoice":
            return True
        return (
            self.initial_scope == "both"
            and stream in ("customer", "person_customer", "supplier")
            and not self.env["tribe.cursor"]._position(self, stream)
        )
