from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..sentence import in_language, say, sentence
from ..tribe_api import TribeError, host_of
from ..tribe_names import POLL_STREAMS

# When its records were set apart so often from one night to the next, as they ended the workers at
# them, it is paused: they may end every worker there is, one after the other.
STOPPED_TO_REST = 3
# Less than from one night to the next, of which an administrator says when it is.
STOPPED_HOURS = 20


class TribeConnection(models.Model):
    """The plan, and then: activated, paused, resumed, deactivated."""

    _inherit = "tribe.connection"

    serves_others = fields.Boolean(
        "Also Serves Other Companies",
        compute="_compute_serves_others",
        help="It also works for companies that you do not work in.",
    )

    # Plan

    @only_for("Administrator", "write")
    def action_plan(self):
        """Show what the next synchronization would do, record by record; nothing is written.

        :raises UserError: before the connection is connected
        """
        self.ensure_one()
        if self.state == "draft":
            raise UserError(say(self.env, "connect_first", name=self.name))
        self._check_relation_domain()
        self._refuse_moved()
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
        return self._of_tenant(partners.exists()) | self._unlinked_partners()

    # Life cycle

    @only_for("Administrator", "write")
    def action_activate(self):
        """Start: register the webhooks, then the initial synchronization."""
        self.ensure_one()
        self._check_ready()
        self._write_as_connector({"state": "initial"})
        self.env["tribe.work"]._add(self, "outbound", "activate", [self.id], "person")
        self.env["tribe.engine"]._wake("outbound")

    @only_for("Administrator", "write")
    def action_pause(self):
        """Stop working; what arrives meanwhile waits."""
        working = self.filtered(lambda connection: connection.state in ("initial", "active"))
        working._write_as_connector({"state": "paused"})

    def _rest_when_workers_end(self):
        """Pause, when its records ended too many workers: others wait for those."""
        if self.state in ("initial", "active") and self._has_ended_workers():
            self.state = "paused"

    def _has_ended_workers(self, kind=None):
        """Whether its records, or those of a kind, ended the workers that were at them so often in
        so many hours.

        What was set apart counts each time, whichever record it was and whoever went on since. What
        was merely begun when Odoo was started anew is never set apart: it comes to its end.
        """
        stopped = self.env["tribe.run"].search_count(
            [
                ("connection_id", "=", self.id),
                ("has_stopped", "=", True),
                ("date", ">=", fields.Datetime.now() - timedelta(hours=STOPPED_HOURS)),
                *([("kind", "=", kind)] if kind else []),
            ],
            limit=STOPPED_TO_REST,
        )
        return stopped >= STOPPED_TO_REST

    @only_for("Administrator", "write")
    def action_resume(self):
        """Go on where it was paused."""
        for connection in self.filtered(lambda connection: connection.state == "paused"):
            connection._check_alone_in_tenant()
            state = "initial" if connection._initial_work() else "active"
            connection._write_as_connector({"state": state})
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"]._wake(direction)

    @only_for("Administrator")
    def action_ask_to_deactivate(self):
        """Show what goes with *Deactivate*, and how much of it there is."""
        self.ensure_one()
        view = self.env.ref("tribe_connector.view_tribe_connection_deactivate")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Deactivate"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    @only_for("Administrator", "write")
    def action_deactivate(self):
        """Stop for good: what is linked stays linked, the webhooks are removed.

        :raises UserError: for who does not work in all companies that it works for
        """
        self._check_works_in_all_companies()
        for connection in self.filtered(lambda connection: connection.state != "draft"):
            connection._write_as_connector({"state": "connected"})
            connection._forget_work()
            self.env["tribe.work"].sudo()._add(
                connection, "outbound", "deactivate", [connection.id], "person"
            )
        self.env["tribe.engine"]._wake("outbound")

    def _forget_work(self, but=False):
        """Remove what waits for a deactivated connection, except for one kind of work, and for
        what is found by no look at the next activation.

        Unless somebody activated it again meanwhile.
        """
        if self.state == "connected":
            self.env["tribe.work"].sudo()._remove_all(self, but)
            # What was noted of the rows before them is removed.
            self.env["tribe.cursor"].sudo()._forget_places(self)

    @only_for("Administrator", "write")
    def action_run_nightly(self):
        """Do now what is otherwise done at night."""
        running = self.filtered(lambda each: each.state == "active" and each.active)
        for connection in running:
            connection._refuse_demo_data()
            self.env["tribe.work"]._add_again(
                [("connection_id", "=", connection.id), ("due", ">", fields.Datetime.now())],
                "nightly",
            )
            connection.sudo()._enqueue_nightly()
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"]._wake(direction)
        return self.env["tribe.work"]._tell(
            self.env._("It is being done now. What came of it is under Synchronized > Runs.")
        )

    def _check_ready(self):
        if self.state in ("initial", "active"):
            raise UserError(
                say(
                    self.env,
                    "already_active",
                    name=self.name,
                )
            )
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
        self._check_alone_in_tenant()
        # Also those that this user does not see.
        booked = self.sudo().legal_entity_ids.filtered("is_booked")
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
        self._check_relation_domain()
        try:
            with self._asking_for_button():
                self.sudo()._check_coverage(self.sudo()._probing_client())
        except TribeError as error:
            raise UserError(in_language(self.env, error)) from error

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

    # The checks are done at an uninstall as well, which has all rights: a program may pretend one
    # (``_force_unlink``).
    @api.ondelete(at_uninstall=True)
    def _check_works_in_all_companies(self):
        """Refuse to end what somebody else's company goes by: its mapping, links and webhooks.

        :raises UserError: naming the connection, for a user who does not work there
        """
        for connection in self:
            if not connection._works_in_all_companies():
                raise UserError(
                    say(
                        self.env,
                        "connection_serves_other_companies",
                        name=connection.name,
                    )
                )

    @api.ondelete(at_uninstall=True)
    def _check_is_deactivated(self):
        """Refuse to delete what runs, or what is just having its webhooks removed.

        Where they cannot be removed, such as from a Tribe that is no more, they stay.

        :raises UserError: naming the connection, and what is lost with it
        """
        for connection in self._not_uninstalled():
            if connection.is_running:
                count = connection.sudo()._count_links()
                raise UserError(
                    say(self.env, "delete_while_running", name=connection.name, count=count)
                )
            if connection._is_deactivating():
                raise UserError(say(self.env, "delete_while_deactivating", name=connection.name))

    @api.ondelete(at_uninstall=True)
    def _check_leaves_nobody_to_others(self):
        """Refuse to forget whose customers contacts are while another connection could send them.

        Now, or once it is activated.

        :raises UserError: naming the connection, for who works not in all companies of that other
            one either
        """
        connections = self.sudo().with_context(active_test=False)
        real = connections.search([("is_demo_data", "=", False)])
        others = (real - self).filtered(
            lambda other: not other.with_env(self.env)._works_in_all_companies()
        )
        for connection in self._not_uninstalled().sudo():
            count = len(connection._partners_linked_and_open_to(others)) if others else 0
            if count:
                raise UserError(
                    say(
                        self.env,
                        "delete_leaves_contacts_to_others",
                        name=connection.name,
                        count=count,
                    )
                )

    def _not_uninstalled(self):
        """These connections but for the made-up ones; none while Odoo uninstalls the addon."""
        is_uninstall = self.env.su and self.env.context.get(MODULE_UNINSTALL_FLAG)
        return self.browse() if is_uninstall else self.filtered(lambda each: not each.is_demo_data)

    def _partners_linked_and_open_to(self, others):
        """The contacts that are linked with a relation of this Tribe, or were.

        Of no company, or of one with whose contacts one of some other connections works.
        """
        companies = [False, *others._companies_of_contacts().ids]
        links = Domain("connection_id", "=", self.id) & Domain("partner_id", "!=", False)
        of_others = Domain("partner_id.company_id", "in", companies)
        return self.env["tribe.link"].search(links & of_others).partner_id

    def _is_deactivating(self):
        """Whether a lane is about to remove its webhooks, and nothing keeps it from that."""
        is_on = self.active and self.mode in ("demo", "live") and not self.is_moved
        waiting = [("connection_id", "=", self.id), ("kind", "=", "deactivate")]
        waiting += [("error_class", "=", False)]
        return (
            is_on
            and not self._availability().unavailable_since
            and bool(self.env["tribe.work"].sudo().search_count(waiting, limit=1))
        )

    @api.depends_context("uid")
    def _compute_serves_others(self):
        for connection in self:
            saved = connection._origin
            connection.serves_others = bool(saved) and not saved._works_in_all_companies()

    def _works_in_all_companies(self):
        """Whether the user works in all companies that go by it."""
        companies = self.sudo()._companies_that_go_by_it()
        return self.env.su or set(companies.ids) <= set(self.env.user._get_company_ids())

    def _companies_that_go_by_it(self):
        """Its own company, and those of its legal entities and of what it booked.

        Not those of drafts, which whoever works in a company moves there. Nor those of its
        contacts: a contact of all companies gets the company of whoever wants it.
        """
        of_invoices = self.env["tribe.link"]._read_group(
            [
                ("connection_id", "=", self.id),
                ("kind", "=", "invoice"),
                ("move_id.state", "=", "posted"),
                ("company_id", "!=", False),
            ],
            ["company_id"],
        )
        return (self.company_id | self.legal_entity_ids.company_id).union(
            *(company for (company,) in of_invoices)
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
            streams = [stream for stream in POLL_STREAMS if self._reads_all(stream)]
            self.env["tribe.work"]._add(self, "inbound", "poll", streams, "initial")
            self.env["tribe.engine"]._wake("inbound")

    def _start_polling(self, beginning):
        """Look for relations that change in Tribe from a moment on (datetime, UTC).

        Where they were looked for before, from there: nobody told what changed since.
        """
        cursors = self.env["tribe.cursor"]
        for stream in POLL_STREAMS:
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
