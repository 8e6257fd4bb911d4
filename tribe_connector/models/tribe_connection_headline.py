from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.tools.misc import format_datetime, format_time

from .tribe_poller import STREAM_SETS

# So many looks at Tribe may be missed before that is said.
LOOKS_TO_MISS = 4


class Headline(NamedTuple):
    """The worst that is true of a connection: how bad, the sentence, what a click on it opens."""

    level: str
    text: str
    opens: str = "action_open_form"


class TribeConnection(models.Model):
    """The one sentence that the dashboard says of a connection, in the language of its reader."""

    _inherit = "tribe.connection"  # pylint: disable=consider-merging-classes-inherited

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

    def _compute_headline(self):
        for connection in self:
            headline = connection._headline()
            connection.headline = headline.text
            connection.headline_level = headline.level

    def action_open_headline(self):
        """What the headline is about: a list, or the connection."""
        self.ensure_one()
        return getattr(self, self._headline().opens)()

    def _headline(self):
        """The worst that is true; of records only what the reader may see."""
        return (
            self._standstill_headline()
            or self._trouble_headline()
            or self._records_headline()
            or self._under_way_headline()
        )

    def _standstill_headline(self):
        """Why nothing happens, if somebody wants it so."""
        if not self.active:
            return Headline("warning", self.env._("Archived: nothing is synchronized."))
        if self.state == "draft":
            return Headline("info", self.env._("Not connected yet."))
        if self.mode == "off":
            return Headline(
                "warning", self.env._("Off: nothing is synchronized until another mode is chosen.")
            )
        if self.state == "connected":
            return Headline(
                "info", self.env._("Connected, and not activated yet: nothing is synchronized.")
            )
        if self.state == "paused":
            return Headline(
                "warning", self.env._("Paused: what changes waits until somebody presses Resume.")
            )
        return None

    def _trouble_headline(self):
        sentences = self.sudo()._trouble_sentences()
        return Headline("danger", sentences[0]) if sentences else None

    def _records_headline(self):
        """What waits for a person."""
        if count := self.attention_count:
            text = (
                self.env._("1 record needs attention.")
                if count == 1
                else self.env._("%s records need attention.", count)
            )
            return Headline("danger", text, "action_open_attention")
        if count := self.invoice_differs_count:
            text = (
                self.env._("1 booked invoice differs from Tribe.")
                if count == 1
                else self.env._("%s booked invoices differ from Tribe.", count)
            )
            return Headline("warning", text, "action_open_differing_invoices")
        if count := self.suggestion_count + self.conflict_count:
            opens = "action_open_suggestions" if self.suggestion_count else "action_open_conflicts"
            text = (
                self.env._("1 question to decide.")
                if count == 1
                else self.env._("%s questions to decide.", count)
            )
            return Headline("warning", text, opens)
        return None

    def _under_way_headline(self):
        """What goes on by itself, or that all is well."""
        if self.mode == "dry_run":
            return Headline(
                "warning", self.env._("Dry run: Tribe is read, and nothing is written there.")
            )
        if self.state == "initial":
            return Headline("info", self.env._("The initial synchronization is running."))
        look = self._last_look()
        if look and fields.Datetime.now() - look > timedelta(
            seconds=LOOKS_TO_MISS * self.poll_seconds
        ):
            return Headline(
                "warning",
                self.env._(
                    "Tribe was last looked at on %s. See what waits; if nothing does, Odoo's "
                    "scheduled actions do not run.",
                    self._moment(look),
                ),
                "action_open_waiting",
            )
        return self._waiting_headline() or Headline(
            "success",
            self.env._("All in sync. Last look at Tribe: %s.", self._moment(look))
            if look
            else self.env._("All in sync."),
            "action_open_runs",
        )

    def _waiting_headline(self):
        works = self.relation_waiting_count + self.invoice_waiting_count
        count = works + self.untold_count
        if not count:
            return None
        since = works and self.oldest_waiting
        text = self.env._("1 change waits") if count == 1 else self.env._("%s changes wait", count)
        if since:
            text = self.env._(
                "%(changes)s, since %(moment)s", changes=text, moment=self._moment(since)
            )
        return Headline(
            "info", f"{text}.", "action_open_waiting" if works else "action_open_untold"
        )

    def _last_look(self):
        """Up to when all that Tribe has was looked at (datetime, UTC); None before the first."""
        absent = self.sudo()._absent()
        streams = [stream for stream, name in STREAM_SETS.items() if name not in absent]
        (position,) = (
            self.env["tribe.cursor"]
            .sudo()
            ._read_group(
                [("connection_id", "=", self.id), ("stream", "in", streams)],
                [],
                ["position:min"],
            )[0]
        )
        return position + timedelta(seconds=self.overlap_seconds) if position else None

    def _moment(self, moment):
        """A moment as its reader says it: of today only the time."""
        today = fields.Date.context_today(self)
        if fields.Datetime.context_timestamp(self, moment).date() == today:
            return format_time(self.env, moment, time_format="short")
        return format_datetime(self.env, moment, dt_format="short")
