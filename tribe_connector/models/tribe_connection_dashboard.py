import json
from ast import literal_eval
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools.misc import format_date

from ..codes import RELATION_KINDS
from ..engine.only_for import only_for
from ..engine.problems import BEING_DONE, FOR_PEOPLE
from ..sentence import Name, say

# Kinds of work (tribe.work) about relations and about invoices.
RELATION_WORK = (
    *RELATION_KINDS,
    "customer",
    "person_customer",
    "supplier",
    "address",
    "comparison",
    "partner",
)
INVOICE_WORK = ("invoice", "document", "payment", "invoices")
GRAPH_DAYS = 30


class TribeConnection(models.Model):
    """What the dashboard shows of a connection: numbers, each with the list behind it."""

    _inherit = "tribe.connection"

    relation_count = fields.Integer("Relations in Sync", compute="_compute_counts")
    relation_waiting_count = fields.Integer("Relations Waiting", compute="_compute_counts")
    relation_attention_count = fields.Integer(
        "Relations That Need Attention", compute="_compute_counts"
    )
    invoice_count = fields.Integer("Invoices in Sync", compute="_compute_counts")
    invoice_waiting_count = fields.Integer("Invoices Waiting", compute="_compute_counts")
    invoice_attention_count = fields.Integer(
        "Invoices That Need Attention", compute="_compute_counts"
    )
    invoice_differs_count = fields.Integer("Invoices That Differ", compute="_compute_counts")
    untold_count = fields.Integer("Payments Not Told Yet", compute="_compute_untold_count")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    attention_count = fields.Integer("Needs Attention", compute="_compute_counts")
    taken_count = fields.Integer("Numbers Taken", compute="_compute_counts")
    oldest_waiting = fields.Datetime(compute="_compute_counts")
    last_run = fields.Datetime(compute="_compute_runs")
    next_run = fields.Datetime(compute="_compute_next_run")
    webhook_seen = fields.Datetime("Last Webhook", compute="_compute_runs")
    calls_last_minute = fields.Integer("API Calls in the Last Minute", compute="_compute_runs")
    calls_last_day = fields.Integer("API Calls in 24 Hours", compute="_compute_runs")
    dashboard_graph = fields.Text(compute="_compute_dashboard_graph")

    def _compute_counts(self):
        for connection in self:
            of_us = [("connection_id", "in", connection.ids)]
            links = {
                (kind, state): count
                for kind, state, count in self.env["tribe.link"]._read_group(
                    of_us, ["kind", "state"], ["__count"]
                )
            }
            connection.relation_count = sum(links.get((k, "linked"), 0) for k in RELATION_KINDS)
            connection.invoice_count = links.get(("invoice", "linked"), 0)
            connection.invoice_differs_count = links.get(("invoice", "differs"), 0) + len(
                connection._deleted_and_booked()
            )
            works = self.env["tribe.work"]._read_group(
                [*of_us, *BEING_DONE], ["kind", "error_class"], ["__count", "created:min"]
            )
            in_trouble = [work for work in works if work[1] in FOR_PEOPLE]
            waiting = [work for work in works if work[1] not in FOR_PEOPLE]
            connection.relation_waiting_count = _count(waiting, RELATION_WORK)
            connection.invoice_waiting_count = _count(waiting, INVOICE_WORK)
            connection.waiting_count = _count(waiting)
            connection.relation_attention_count = _count(in_trouble, RELATION_WORK)
            connection.invoice_attention_count = _count(in_trouble, INVOICE_WORK)
            connection.attention_count = _count(in_trouble)
            connection.suggestion_count = self.env["tribe.suggestion"].search_count(
                [*of_us, ("state", "=", "open")]
            )
            connection.conflict_count = self.env["tribe.conflict"].search_count(
                [*of_us, ("decision", "=", False)]
            )
            connection.taken_count = self.env["tribe.work"].search_count(
                [*of_us, ("kind", "=", "invoice"), ("cause", "=", "number")]
            )
            moments = [created for *_, created in waiting if created]
            connection.oldest_waiting = min(moments, default=False)

    def _compute_untold_count(self):
        for connection in self:
            connection.untold_count = len(connection._visible_untold_payments())

    def _visible_untold_payments(self):
        """What Tribe is told of payments when that is due; of the companies that are chosen."""
        is_active = self.state not in ("draft", "connected")
        links = self.sudo()._untold_payments() if is_active else self.env["tribe.link"]
        return links.with_env(self.env)._filtered_access("read")

    def _compute_runs(self):
        runs = self.env["tribe.run"]
        for connection in self:
            of_us = [("connection_id", "in", connection.ids)]
            connection.last_run = runs.search(of_us, limit=1).date
            connection.calls_last_minute = connection._calls_in(60)
            connection.calls_last_day = connection._calls_in(24 * 3600)
            # A webhook leaves a row of work first, and a run when that is done.
            noted = self.env["tribe.work"]._read_group(
                [*of_us, ("reason", "=", "webhook")], [], ["created:max"]
            )[0][0]
            done = runs.search([*of_us, ("webhooks", ">", 0)], limit=1).date
            connection.webhook_seen = max(filter(None, (noted, done)), default=False)

    def _calls_in(self, seconds):
        """The calls to Tribe of the runs in the last so many seconds."""
        since = fields.Datetime.now() - timedelta(seconds=seconds)
        domain = [("connection_id", "in", self.ids), ("date", ">=", since)]
        return self.env["tribe.run"]._read_group(domain, [], ["calls:sum"])[0][0] or 0

    def _compute_next_run(self):
        """When the clock next makes something due: a look for changes, or the night."""
        cursors = self.env["tribe.cursor"].sudo()
        for connection in self:
            polled = cursors._position(connection, "schedule:poll")
            moments = [connection._last_nightly_moment() + timedelta(days=1)]
            if polled:
                moments.append(polled + timedelta(seconds=connection.poll_seconds))
            connection.next_run = connection.state == "active" and max(
                min(moments), fields.Datetime.now()
            )

    def _compute_dashboard_graph(self):
        """Records changed on either side per day, for the widget ``dashboard_graph``."""
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=ago) for ago in reversed(range(GRAPH_DAYS))]
        # In the same days: a program tells no time zone, and Odoo would group by days in UTC.
        runs = self.env["tribe.run"].with_context(tz=self.env.tz.zone)
        for connection in self:
            changed = {
                moment.date(): count
                for moment, count in runs._read_group(
                    [("connection_id", "in", connection.ids), ("date", ">=", days[0])],
                    ["date:day"],
                    ["changed:sum"],
                )
            }
            connection.dashboard_graph = json.dumps(
                [
                    {
                        "key": self.env._("Records changed"),
                        "values": [
                            {
                                "label": format_date(self.env, day, date_format="d MMM"),
                                "value": changed.get(day, 0),
                                "type": "past",
                            }
                            for day in days
                        ],
                    }
                ]
            )

    # The lists behind the numbers

    @only_for("User")
    def action_open_relations(self):
        """The relations that are in sync."""
        return self._list_of("action_tribe_link_relations", [("state", "=", "linked")])

    @only_for("User")
    def action_open_invoices(self):
        """The booked invoices that are as Tribe has them."""
        return self._list_of("action_tribe_link_invoices", [("state", "=", "linked")])

    @only_for("User")
    def action_open_differing_invoices(self):
        """The booked invoices that changed since, on either side, or were deleted in Tribe."""
        deleted = self._deleted_and_booked()
        unlike = ["|", ("state", "=", "differs"), ("id", "in", deleted.ids)]
        return self._list_of("action_tribe_link_invoices", unlike)

    def _deleted_and_booked(self):
        """The invoices that were deleted in Tribe while their entry is there, as far as seen."""
        gone = self.env["tribe.link"].search(
            [("connection_id", "in", self.ids), ("kind", "=", "invoice"), ("state", "=", "gone")]
        )
        # Whoever sees the link may know that, without any right in accounting.
        return gone.filtered(lambda link: link.sudo()._needs_attention())

    @only_for("User")
    def action_open_untold(self):
        """The invoices whose payment Tribe does not know of yet."""
        links = self._visible_untold_payments()
        return self._list_of("action_tribe_link_invoices", [("id", "in", links.ids)])

    @only_for("User")
    def action_open_suggestions(self):
        """The possible matches to decide."""
        return self._list_of("action_tribe_suggestion", [("state", "=", "open")])

    @only_for("User")
    def action_open_conflicts(self):
        """The conflicts to decide."""
        return self._list_of("action_tribe_conflict", [("decision", "=", False)])

    @only_for("User")
    def action_open_waiting(self):
        """What waits for its turn; of the area in the context (relation, invoice), else all."""
        return self._list_of("action_tribe_work_waiting", self._area_domain())

    @only_for("User")
    def action_open_attention(self):
        """What needs a person; of the area in the context (relation, invoice), else all."""
        return self._list_of("action_tribe_work_attention", self._area_domain())

    @only_for("Administrator")
    def action_plan_adoption(self):
        """The plan of *Adopt All That Agree*: which invoice in Odoo is taken for which of Tribe.

        Only those whose number, customer, date, VAT and total are the same; the others stay a
        question.
        """
        held = self.env["tribe.work"].search(
            [("connection_id", "=", self.id), ("kind", "=", "invoice"), ("cause", "=", "number")]
        )
        agreeing = held.filtered("move_to_adopt_id")
        action = self._list_of("action_tribe_work_adoption", [("id", "in", agreeing.ids)])
        return {**action, "name": self.env._("Adopt All That Agree")}

    @only_for("User")
    def action_open_runs(self):
        """What ran, as a list."""
        return self._list_of("action_tribe_run", [])

    @only_for("User")
    def action_open_chart(self):
        """What changed in the last 30 days, as a graph."""
        since = fields.Date.context_today(self) - timedelta(days=GRAPH_DAYS - 1)
        action = self._list_of("action_tribe_run", [("date", ">=", since)])
        action["views"] = sorted(action["views"], key=lambda view: view[1] != "graph")
        return action

    @only_for("User")
    def action_open_form(self):
        """The connection itself."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _area_domain(self):
        # As text: a program may put anything in the context.
        area = str(self.env.context.get("tribe_area"))
        kinds = {"relation": RELATION_WORK, "invoice": INVOICE_WORK}.get(area)
        return [("kind", "in", kinds)] if kinds else []

    def _list_of(self, name, domain):
        """An action of ours, narrowed down to this connection and a domain."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"tribe_connector.{name}")
        own = [("connection_id", "=", self.id), *domain]
        return {**action, "domain": literal_eval(action["domain"] or "[]") + own}

    @api.model
    def _open_app(self):
        """What the app opens with: the dashboard, or the set-up while there is nothing to show."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "tribe_connector.action_tribe_dashboard"
        )
        connections = self.with_context(active_test=False)
        has_some = connections.search_count([], limit=1) or self._of_other_companies()
        if not has_some and self.has_access("create"):
            action |= {
                "name": self.env._("Set Up"),
                "view_mode": "form",
                "views": [(False, "form")],
            }
        return action

    @api.model
    def get_empty_list_help(self, help_message):
        """Say that a connection is another company's, before somebody makes a second one."""
        others = self._of_other_companies()
        if not others:
            return super().get_empty_list_help(help_message)
        # Whoever may choose a company may know its name.
        companies = others.company_id & self.env.user.company_ids
        if companies:
            names = [Name.of(company) for company in companies]
            told = say(self.env, "connection_of_company_not_chosen", companies=names)
        else:
            told = say(self.env, "connection_of_company_elsewhere")
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p>') % told

    @api.model
    def _of_other_companies(self):
        """Where none is of the companies that are chosen: those that the person has to do with.

        Of another company of theirs, or of one that books for a company that is chosen.
        """
        if not self.sudo(False).has_access("read"):
            return self.browse()
        own = self.env.user.company_ids
        chosen = self.env.companies & own
        # The web client reads the help of an action with all rights.
        connections = self.sudo().with_context(active_test=False)
        if connections.search_count([("company_id", "in", chosen.ids)], limit=1):
            return connections.browse()
        return connections.search(
            [
                "|",
                ("company_id", "in", own.ids),
                ("legal_entity_ids.company_id", "in", chosen.ids),
            ]
        )


def _count(works, kinds=None):
    """How many rows of work, of some kinds or of all."""
    return sum(count for kind, _class, count, _created in works if not kinds or kind in kinds)
