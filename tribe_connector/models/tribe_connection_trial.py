from odoo import api, fields, models
from odoo.exceptions import UserError

from ..codes import TRIAL
from ..engine.only_for import only_for
from ..probe import is_test_organization
from ..sentence import say


class TribeConnection(models.Model):
    """Trying how Tribe takes writes, which a person asks for."""

    _inherit = "tribe.connection"

    test_organization_id = fields.Char(
        readonly=True,
        copy=False,
        help="Tribe's ID of the organization with which writing was tried, while it is in Tribe.",
    )
    can_try_writing = fields.Boolean(compute="_compute_trial", compute_sudo=True)
    trial_state = fields.Selection(
        [("running", "Being Tried"), ("failed", "Failed")],
        "Try Writing",
        compute="_compute_trial",
        compute_sudo=True,
    )
    trial_problem = fields.Text(
        "Why Writing Could Not Be Tried", compute="_compute_trial", compute_sudo=True
    )

    @api.depends("state", "mode", "active", "is_demo_data", "serves_others")
    @api.depends_context("lang", "tz", "uid")
    def _compute_trial(self):
        for connection in self:
            works = connection._trials()
            failed = works.filtered("error_class")
            connection.trial_state = (failed and "failed") or (works and "running") or False
            connection.trial_problem = failed[:1].error
            may_write = connection.mode in ("demo", "live") and connection.state != "draft"
            connection.can_try_writing = (
                may_write
                and connection.active
                and not connection.is_moved
                and not connection.is_demo_data
                and (not works or bool(failed))
            )

    def _trials(self):
        """The steps of a try that wait, or could not be done."""
        saved = self._origin.ids
        return self.env["tribe.work"].search(
            [("connection_id", "in", saved), ("kind", "=", TRIAL)], order="id"
        )

    def _without_tests(self, rows):
        """Rows of relations of Tribe, but for the organizations with which writing was tried."""
        tested = self.test_organization_id
        return [row for row in rows if row["ID"] != tested and not is_test_organization(row)]

    def _is_trying(self):
        return bool(self.sudo()._trials())

    @only_for("Administrator", "write")
    def action_try_writing(self):
        """Have an organization made, changed and deleted in Tribe, to see how it takes that.

        :raises UserError: where nothing may be written, and for who does not work in all companies
        """
        self.ensure_one()
        self._check_works_in_all_companies()
        self._refuse_demo_data()
        self._refuse_moved()
        if self.mode not in ("demo", "live") or not self.active:
            raise UserError(say(self.env, "trial_in_mode", name=self.name))
        if self.state == "draft":
            raise UserError(say(self.env, "connect_first", name=self.name))
        trials = self.sudo()._trials()
        if not trials or trials.filtered("error_class"):
            self.env["tribe.work"]._ask(self, "outbound", TRIAL, [self.id], "person")
            self.env["tribe.engine"]._wake("outbound")
        return self.env["tribe.work"]._tell(
            self.env._("It is being tried. What was found shows here after some minutes.")
        )

    def _absent_for_trial(self):
        """The paths that this tenant lacks, as far as a try uses them."""
        absent = set(self._absent())
        return absent if self.has_import_id else {*absent, "Relation_Organization/ImportId"}
