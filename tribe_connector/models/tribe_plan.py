from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_datetime

from ..codes import SAME
from ..engine.only_for import only_for
from ..mapping import canonical
from .tribe_plan_line import ACTIONS
from .tribe_run import VACUUM_BATCH


class TribePlan(models.Model):
    """What a synchronization would do, record by record, without doing it.

    It is made by the very decisions that the synchronization itself takes. A line is there from
    the start for every contact and relation; it is filled when that one was looked at.
    """

    _name = "tribe.plan"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Plan"
    _order = "id desc"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    scope = fields.Selection(
        [("initial", "Initial Synchronization"), ("changes", "What Waits Now")],
        "Covers",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("making", "Being Made"), ("ready", "Ready")],
        required=True,
        default="making",
        readonly=True,
    )
    date = fields.Datetime(default=fields.Datetime.now, readonly=True)
    relations_listed = fields.Boolean(
        readonly=True, help="Tribe was asked which of its relations concern this plan."
    )
    numbers_planned = fields.Json(
        groups=fields.NO_ACCESS,
        readonly=True,
        help="How many numbers of each sequence the lines so far would take.",
    )
    line_ids = fields.One2many("tribe.plan.line", "plan_id", readonly=True)
    total_count = fields.Integer("Records", compute="_compute_counts")
    looked_at_count = fields.Integer("Looked At", compute="_compute_counts")
    create_tribe_count = fields.Integer("Create in Tribe", compute="_compute_counts")
    create_odoo_count = fields.Integer("Create in Odoo", compute="_compute_counts")
    link_count = fields.Integer("Link", compute="_compute_counts")
    update_count = fields.Integer("Change", compute="_compute_counts")
    deactivate_count = fields.Integer("Deactivate", compute="_compute_counts")
    gone_count = fields.Integer("Unlink", compute="_compute_counts")
    question_count = fields.Integer("In Doubt", compute="_compute_counts")
    same_count = fields.Integer("Already the Same", compute="_compute_counts")
    # What the live bar shows (static/src/live_progress).
    is_working = fields.Boolean(compute="_compute_progress")
    progress_percent = fields.Float(compute="_compute_progress")
    progress_text = fields.Char("Progress", compute="_compute_progress")
    problem = fields.Text(compute="_compute_problem")
    summary = fields.Text(compute="_compute_summary")

    @api.autovacuum
    def _vacuum_old(self):
        """Forget plans as old as the runs that are forgotten, with their lines."""
        old = self.env["tribe.connection"]._older_than("date", "keep_runs_days")
        plans = self.search(old, order="id", limit=VACUUM_BATCH)
        plans.unlink()
        return len(plans), len(plans) == VACUUM_BATCH

    def _compute_counts(self):
        counts = {
            (plan.id, action): count
            for plan, action, count in self.env["tribe.plan.line"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id", "action"], ["__count"]
            )
        }
        for plan in self:
            of_plan = {
                action: count for (plan_id, action), count in counts.items() if plan_id == plan.id
            }
            plan.total_count = sum(of_plan.values())
            plan.looked_at_count = plan.total_count - of_plan.get(False, 0)
            for action in ACTIONS:
                plan[f"{action}_count"] = of_plan.get(action, 0)

    @api.depends("state")
    @api.depends_context("lang")
    def _compute_progress(self):
        for plan in self:
            plan.is_working = plan.state == "making"
            done, total = plan.looked_at_count, plan.total_count
            plan.progress_percent = 100.0 * done / total if total else 0.0
            plan.progress_text = self.env._("%(done)s of %(total)s", done=done, total=total)

    @api.depends_context("lang", "uid")
    def _compute_problem(self):
        works = self.env["tribe.work"].search(
            [
                ("kind", "=", "plan"),
                ("reference", "in", [str(plan_id) for plan_id in self.ids]),
                ("error_class", "!=", False),
            ]
        )
        errors = {work.reference: work.error for work in works}
        for plan in self:
            plan.problem = errors.get(str(plan.id), False)

    @api.depends("line_ids.action", "state")
    @api.depends_context("lang")
    def _compute_summary(self):
        for plan in self:
            plan.summary = plan._summary()

    def _summary(self):
        """The plan in one line."""
        if self.state == "making":
            return self.env._(
                "%(done)s of %(total)s records were looked at so far. Nothing is written, in "
                "Odoo or in Tribe.",
                done=self.looked_at_count,
                total=self.total_count,
            )
        parts = [
            self.env._("%(what)s: %(count)s.", what=label, count=self[f"{action}_count"])
            for action, label in self.env["tribe.plan.line"]
            ._fields["action"]
            ._description_selection(self.env)
            if action != SAME and self[f"{action}_count"]
        ]
        if not parts:
            return self.env._("Everything is the same on both sides: nothing is to be done.")
        return " ".join(parts)

    @api.depends("scope", "date")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        scopes = dict(self._fields["scope"]._description_selection(self.env))
        for plan in self:
            date = format_datetime(self.env, plan.date, dt_format="short")
            plan.display_name = f"{scopes.get(plan.scope, '')} {date}".strip()

    def _start(self, partners):
        """Have the plan made, in the background.

        :param partners: the contacts that it concerns, in the order in which they are taken
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_plan_line (plan_id, partner_id, name, company_id)
                SELECT %s, partner.id, partner.complete_name, partner.company_id
                  FROM unnest(%s::int[]) WITH ORDINALITY AS wanted(id, position)
                  JOIN res_partner partner USING (id)
                 ORDER BY wanted.position
                """,
                self.id,
                partners.ids,
            )
        )
        self.invalidate_recordset(["line_ids"])
        self.env["tribe.work"]._add(self.connection_id, "outbound", "plan", [self.id], "person")
        self.env["tribe.engine"].sudo()._wake("outbound")

    def _add_relations(self, found):
        """Add a line for each of some relations of Tribe: ``{tribe_id: kind}``."""
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_plan_line (plan_id, tribe_id, kind, name)
                SELECT %s, tribe_id, kind, tribe_id
                  FROM unnest(%s::varchar[], %s::varchar[]) AS found(tribe_id, kind)
                """,
                self.id,
                list(found.keys()),
                list(found.values()),
            )
        )
        self.invalidate_recordset(["line_ids"])

    def _planned(self, field, values):
        """Which of some values of a field (``partner_id``, ``tribe_id``) lines have already."""
        groups = self.env["tribe.plan.line"]._read_group(
            [("plan_id", "=", self.id), (field, "in", list(values))], [field]
        )
        return {value for (value,) in groups}

    def _next_lines(self, count):
        """The next lines to look at: contacts, or relations, never both."""
        lines = self.env["tribe.plan.line"].search(
            [("plan_id", "=", self.id), ("action", "=", False)], order="id", limit=count
        )
        partners = lines.filtered("partner_id")
        return partners or lines

    def _line_with(self, name, number):
        """A line after which somebody has a number, or an empty set."""
        return self.env["tribe.plan.line"].search(
            [("plan_id", "=", self.id), (name, "=", canonical(name, number))], limit=1
        )

    def _numbers_taken(self, name):
        """How many numbers of a sequence the lines so far would take."""
        return (self.numbers_planned or {}).get(name, 0)

    def _take_numbers(self, name, count):
        self.numbers_planned = {**(self.numbers_planned or {}), name: count}

    @only_for("User")
    def action_show_lines(self):
        """Open the lines of one action, named by the context's ``action``."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "tribe_connector.action_tribe_plan_line"
        )
        wanted = self.env.context.get("plan_action")
        action["domain"] = [("plan_id", "=", self.id)]
        action["context"] = {f"search_default_{wanted}": 1} if wanted else {}
        return action

    @only_for("Administrator")
    def action_make_again(self):
        """Make the plan anew: something was decided or changed since."""
        self.ensure_one()
        return self.connection_id.action_plan()

    @only_for("Administrator")
    def action_activate(self):
        """Carry it out: activate the connection."""
        self.ensure_one()
        self.connection_id.action_activate()
        return {
            "type": "ir.actions.act_window",
            "res_model": "tribe.connection",
            "res_id": self.connection_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
