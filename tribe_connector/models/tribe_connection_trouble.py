from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.misc import format_datetime

from ..codes import RESTORED
from ..probe import LATER
from ..sentence import say

# Our scheduled actions (data/ir_cron.xml), and what each is called there.
SCHEDULED_ACTIONS = {
    "cron_schedule": "Tribe CRM: schedule",
    "cron_inbound_1": "Tribe CRM: receive, lane 1",
    "cron_inbound_2": "Tribe CRM: receive, lane 2",
    "cron_outbound": "Tribe CRM: send",
}


class TribeConnection(models.Model):
    """What is wrong with a connection as a whole, and how people hear of it."""

    _name = "tribe.connection"
    _inherit = ["tribe.connection", "mail.thread", "mail.activity.mixin"]

    availability_ids = fields.One2many(
        "tribe.availability", "connection_id", groups="tribe_connector.group_manager"
    )
    unavailable_since = fields.Datetime(
        "Tribe Unreachable Since", compute="_compute_trouble", compute_sudo=True
    )
    next_probe = fields.Datetime("Tried Again", compute="_compute_trouble", compute_sudo=True)
    trouble = fields.Text(compute="_compute_trouble", compute_sudo=True)
    has_unplaced = fields.Boolean(compute="_compute_trouble", compute_sudo=True)

    @api.depends_context("lang", "tz", "uid")
    def _compute_trouble(self):
        for connection in self:
            availability = connection._availability()
            connection.unavailable_since = availability.unavailable_since
            connection.next_probe = availability.next_probe
            sentences = connection._trouble_sentences()
            connection.trouble = "\n".join(sentences)
            connection.has_unplaced = any(
                getattr(each, "code", "") == "contacts_unplaced" for each in sentences
            )

    def write(self, vals):
        result = super().write(vals)
        if "responsible_id" in vals:
            for connection in self.sudo():
                connection._in_language_of_responsible_user()._move_activities()
        return result

    def _availability(self):
        self.ensure_one()
        return self.env["tribe.availability"].sudo().search([("connection_id", "in", self.ids)])

    def _trouble_sentences(self):
        """What is wrong with the connection as a whole, with remedies, the worst first."""
        sentences = (
            self._moved_sentence(),
            self._archived_sentence(),
            self._resting_sentence(),
            self._stops_schedule_sentence(),
            # Which names the missing secret as well.
            self._secret_forgotten_sentence() or self._unavailable_sentence(),
            self._restored_sentence(),
            *self._turned_sentences(),
            *self._scheduled_action_sentences(),
            self._filter_problem(),
            self._unplaced_sentence(self.env.user.company_ids),
            self._webhooks_left_sentence(),
        )
        return [sentence for sentence in sentences if sentence]

    def _scheduled_action_sentences(self):
        """What is said of each of our scheduled actions that does not run."""
        if not self.is_running or self.mode == "off" or self.is_demo_data:
            return []
        sentences = []
        for name, title in SCHEDULED_ACTIONS.items():
            cron = self.env.ref(f"tribe_connector.{name}", raise_if_not_found=False)
            if not cron:
                sentences.append(
                    say(
                        self.env,
                        "scheduled_action_deleted",
                        action=title,
                    )
                )
            elif not cron.sudo().active:
                sentences.append(
                    say(
                        self.env,
                        "scheduled_action_off",
                        action=cron.sudo().name,
                    )
                )
        return sentences

    def _unavailable_sentence(self):
        availability = self._availability()
        if not availability.unavailable_since:
            return ""
        is_refused = availability.is_sign_in_refused
        # As all other moments on the screen; of who is told by mail the clock is not known.
        timezone = self.env.context.get("tz") or self.env.user.tz or self.timezone
        return say(
            self.env,
            "sign_in_refused_since" if is_refused else "tribe_unavailable_since",
            since=format_datetime(self.env, availability.unavailable_since, tz=timezone),
            reason=availability.reason or "",
            next=format_datetime(self.env, availability.next_probe, tz=timezone),
        )

    def _restored_sentence(self):
        """That a backup of Tribe was restored, for a day."""
        settled = self.env["tribe.cursor"]._position(self, RESTORED)
        noticed = settled and settled - timedelta(seconds=self.settle_seconds)
        if not noticed or noticed + timedelta(days=1) < fields.Datetime.now():
            return ""
        return say(self.env, "tribe_restored", moment=noticed)

    def _turned_sentences(self):
        """What the connector needs and Tribe does not do any more, as everyday work showed."""
        if not self.is_running:
            return []
        turned = self._blocking_readings().filtered(lambda reading: reading.how == LATER)
        return [reading._turned_sentence() for reading in turned]

    def _resting_sentence(self):
        """That it was paused because its records end worker after worker."""
        stopped = self.env["tribe.work"]._stopped(self)
        if self.state != "paused" or not stopped:
            return ""
        return say(self.env, "connection_rests", name=self.name, count=len(stopped))

    def _stops_schedule_sentence(self):
        """That it is not planned, as that ended its worker twice."""
        return say(self.env, "schedule_stopped", name=self.name) if self._stops_schedule() else ""

    def _archived_sentence(self):
        if self.active or not (self.is_running or self._waits_to_deactivate()):
            return ""
        return say(
            self.env,
            "connection_archived",
            name=self.name,
        )

    def _webhooks_left_sentence(self):
        """That it was deactivated in a mode in which its webhooks cannot be removed."""
        if self.mode not in ("off", "dry_run") or not self._waits_to_deactivate():
            return ""
        return say(
            self.env,
            "webhooks_left_in_tribe",
            name=self.name,
            mode=dict(self._fields["mode"]._description_selection(self.env))[self.mode],
        )

    def _waits_to_deactivate(self):
        waiting = [("connection_id", "in", self.ids), ("kind", "=", "deactivate")]
        return bool(self.env["tribe.work"].sudo().search_count(waiting, limit=1))
