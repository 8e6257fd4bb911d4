from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools.misc import format_datetime, format_time

from ..codes import TRIAL
from ..engine.only_for import only_for
from ..engine.problems import FOR_PEOPLE
from ..sentence import say

# So many looks at Tribe may be missed before that is said.
LOOKS_TO_MISS = 4
# Work that is about the connection as a whole, and about no record.
WORK_OF_THE_CONNECTION = (
    "poll",
    "activate",
    "deactivate",
    "comparison",
    "invoices",
    "plan",
    "unplaced",
    TRIAL,
)


class Headline(NamedTuple):
    """The worst that is true of a connection: how bad, the sentence, what a click on it opens."""

    level: str
    text: str
    opens: str = "action_open_form"


class TribeConnection(models.Model):
    """The one sentence that the dashboard says of a connection, in the language of its reader."""

    _inherit = "tribe.connection"

    headline = fields.Text(compute="_compute_headline")
    headline_level = fields.Selection(
        [
            ("danger", "Wrong"),
            ("warning", "To Look At"),
            ("info", "On Its Way"),
            ("success", "Well"),
        ],
        compute="_compute_headline",
    )

    @api.depends_context("lang", "tz", "uid")
    def _compute_headline(self):
        for connection in self:
            headline = connection._headline()
            connection.headline = headline.text
            connection.headline_level = headline.level

    @only_for("User")
    def action_open_headline(self):
        """What the headline is about: a list, or the connection."""
        self.ensure_one()
        return getattr(self, self._headline().opens)()

    def _headline(self):
        """The worst that is true; of records only what the reader may see."""
        return (
            self._copy_headline()
            or self._standstill_headline()
            or self._sign_in_headline()
            or self._trouble_headline()
            or self._records_headline()
            or self._under_way_headline()
        )

    def _copy_headline(self):
        """Worse than all that follows: nothing else on the form is true of a copy."""
        sentence = self.sudo()._moved_sentence()
        return Headline("danger", sentence) if sentence else None

    def _sign_in_headline(self):
        """That nothing can be asked, or that the last sign-in went wrong."""
        if self.is_demo_data:
            return Headline(
                "info",
                say(self.env, "headline_example"),
            )
        if self.sudo().must_sign_in:
            return Headline(
                "danger",
                say(self.env, "headline_nobody_signed_in"),
            )
        return Headline("danger", self.sign_in_problem) if self.sign_in_problem else None

    def _standstill_headline(self):
        """Why nothing happens, if somebody wants it so."""
        if not self.active:
            return Headline("warning", say(self.env, "headline_archived"))
        if self.state == "draft":
            return Headline("info", say(self.env, "headline_not_connected"))
        if self.mode == "off":
            return Headline("warning", say(self.env, "headline_off"))
        if self.state == "connected":
            return Headline("info", say(self.env, "headline_not_activated"))
        if self.state == "paused":
            return self._paused_headline()
        return None

    def _paused_headline(self):
        if resting := self.sudo()._resting_sentence():
            return Headline("danger", resting, "action_open_attention")
        paused = say(self.env, "headline_paused")
        records = self._records_headline()
        if not records:
            return Headline("warning", paused)
        return records._replace(text=f"{paused} {records.text}")

    def _trouble_headline(self):
        sentences = self.sudo()._trouble_sentences()
        return Headline("danger", sentences[0]) if sentences else None

    def _records_headline(self):
        """What waits for a person."""
        if count := self.attention_count:
            text = (
                say(self.env, "headline_one_record_needs_attention")
                if count == 1
                else say(self.env, "headline_records_need_attention", count=count)
            )
            return Headline("danger", text, "action_open_attention")
        if count := self.invoice_differs_count:
            text = (
                say(self.env, "headline_one_invoice_differs")
                if count == 1
                else say(self.env, "headline_invoices_differ", count=count)
            )
            return Headline("warning", text, "action_open_differing_invoices")
        if count := self.suggestion_count + self.conflict_count:
            opens = "action_open_suggestions" if self.suggestion_count else "action_open_conflicts"
            text = (
                say(self.env, "headline_one_question")
                if count == 1
                else say(self.env, "headline_questions", count=count)
            )
            return Headline("warning", text, opens)
        return None

    def _under_way_headline(self):
        """What goes on by itself, or that all is well."""
        if self.mode == "dry_run":
            return Headline("warning", say(self.env, "headline_dry_run"))
        return (
            self._failing_headline()
            or self._initial_headline()
            or self._unseen_headline()
            or self._waiting_headline()
            or Headline(
                "success",
                say(self.env, "headline_in_sync", moment=self._moment(self._last_look())),
                "action_open_runs",
            )
        )

    def _works_of_the_connection(self, *kinds):
        works = self.env["tribe.work"].sudo()
        return works.search([("connection_id", "=", self.id), ("kind", "in", kinds)], order="id")

    def _failing_headline(self):
        """That looking at Tribe, or activating, goes wrong and is tried again."""
        failing = self._works_of_the_connection(*WORK_OF_THE_CONNECTION).filtered(
            lambda work: work.error and work.error_class not in FOR_PEOPLE
        )
        if not failing:
            return None
        return Headline(
            "warning",
            say(
                self.env,
                "headline_connection_work_fails",
                moment=self._moment(failing[0].due),
                reason=failing[0].error,
            ),
            "action_open_waiting",
        )

    def _initial_headline(self):
        if self.state != "initial":
            return None
        if self._works_of_the_connection("activate") or self.sudo()._initial_work():
            return Headline("info", say(self.env, "headline_initial"))
        return Headline(
            "warning",
            say(self.env, "headline_initial_stuck"),
        )

    def _unseen_headline(self):
        """That not all of Tribe was looked at, or not lately."""
        if self._unread_streams():
            if self._works_of_the_connection("poll"):
                return Headline(
                    "info",
                    say(self.env, "headline_first_look"),
                    "action_open_waiting",
                )
            return Headline(
                "warning",
                say(self.env, "headline_never_fully_looked"),
            )
        look = self._last_look()
        if fields.Datetime.now() - look <= timedelta(seconds=LOOKS_TO_MISS * self.poll_seconds):
            return None
        return Headline(
            "warning",
            say(
                self.env,
                "headline_last_look_long_ago",
                moment=self._moment(look),
            ),
            "action_open_waiting",
        )

    def _waiting_headline(self):
        works = self.relation_waiting_count + self.invoice_waiting_count
        count = works + self.untold_count
        if not count:
            return None
        since = works and self.oldest_waiting
        text = (
            say(self.env, "headline_one_change_waits")
            if count == 1
            else say(self.env, "headline_changes_wait", count=count)
        )
        if since:
            text = say(self.env, "headline_waits_since", changes=text, moment=self._moment(since))
        return Headline(
            "info", f"{text}.", "action_open_waiting" if works else "action_open_untold"
        )

    def _cursors_of_streams(self):
        """How far what this Tribe has was read: ``{stream: position}``, None where never."""
        absent = self.sudo()._absent()
        found = self.env["tribe.cursor"].sudo().search([("connection_id", "=", self.id)])
        kinds = self.env["tribe.engine"]._table_of_kinds()
        positions = {cursor.stream: cursor.position for cursor in found}
        return {
            stream: positions.get(stream)
            for stream in kinds.streams
            if kinds[stream].entity_set not in absent
        }

    def _unread_streams(self):
        return [stream for stream, position in self._cursors_of_streams().items() if not position]

    def _last_look(self):
        """Up to when all that Tribe has was looked at (datetime, UTC)."""
        return min(self._cursors_of_streams().values()) + timedelta(seconds=self._overlap_seconds())

    def _moment(self, moment):
        """A moment as its reader says it: of today only the time."""
        today = fields.Date.context_today(self)
        if fields.Datetime.context_timestamp(self, moment).date() == today:
            return format_time(self.env, moment, time_format="short")
        return format_datetime(self.env, moment, dt_format="short")
