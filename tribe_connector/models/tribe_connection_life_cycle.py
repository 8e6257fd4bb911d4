from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.only_for import only_for
from ..sentence import say

# When its records were set apart so often from one night to the next, as they ended the workers at
# them, it is paused: they may end every worker there is, one after the other.
STOPPED_TO_REST = 3
# Less than from one night to the next, of which an administrator says when it is.
STOPPED_HOURS = 20


class TribeConnection(models.Model):
    """The plan, and then: paused, resumed, deactivated; whose consent that needs."""

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
