from datetime import timedelta

from odoo import fields, models

from ..engine.problems import Busy
from ..mapping import (
    is_before,
    look,
    oldest,
    tell,
)
from ..sentence import sentence

# An old copy is looked at again so soon at the earliest.
FIRST_LOOK_SECONDS = 5


class TribeLink(models.Model):
    """What Tribe was told, and its reads may not show yet."""

    _inherit = "tribe.link"

    sent_at = fields.Datetime(
        readonly=True, help="When the request that creates the record in Tribe was last sent."
    )
    being_told = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What Tribe was told, and had before, until a read of Tribe shows it.",
    )

    def _settled_at(self):
        """When Tribe has surely applied what was last sent (datetime, UTC); None if nothing was."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        return self.sent_at + wait if self.sent_at else None

    def _note_told(self, values, before):
        """Note what Tribe is about to be told, and what it has as far as we know."""
        now = fields.Datetime.to_string(fields.Datetime.now())
        self.being_told = tell(self.being_told, values, before, now)

    def _forget_told(self, names):
        """Forget what Tribe was told of some fields: it has refused it."""
        kept = {name: each for name, each in self.being_told.items() if name not in names}
        self.being_told = kept or False

    def _told_since(self, read_at):
        """What was told before shows in a read of a moment (datetime as text, UTC)."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        return fields.Datetime.to_string(read_at - wait)

    def _see(self, shown, stamps, read_at, country_code=None):
        """What a read of a moment shows of what Tribe was told (``mapping.Seen``)."""
        return look(
            self.being_told,
            shown,
            stamps=stamps,
            since=self._told_since(read_at),
            country_code=country_code,
        )

    def _keep_told(self, seen):
        """Keep what is still to be seen in Tribe, and look again where a read is an old copy."""
        if seen.told != (self.being_told or {}):
            self.being_told = seen.told or False
        if seen.is_old:
            self._look_again_at_old_copy(seen.told)

    def _lag_shown(self, seen, stamps, began):
        """How many seconds Tribe's queries are behind at least, by a read of before our last write.

        Only by its dates: without these it may be that somebody took back what was told. None where
        nothing shows it.

        :param seen: what the read shows of what was told (``mapping.Seen``)
        :param began: a moment before the read (datetime, UTC)
        """

        seconds = [
            (began - fields.Datetime.to_datetime(entry["at"])).total_seconds()
            for name, entry in seen.told.items()
            if name in seen.hidden and is_before(stamps.get(name), entry.get("stamp"))
        ]
        return max(seconds, default=None)

    def _look_again_at_old_copy(self, told):
        """Have Tribe looked at again in a moment: what was read is what it had before."""
        self.env["tribe.work"]._look_later(
            self.connection_id, self.kind, self.tribe_id, self._seconds_to_next_look(told)
        )

    def _seconds_to_next_look(self, told):
        """How long to wait for Tribe to show what it was told: each time twice as long.

        At last until it surely shows it.
        """
        told_at = fields.Datetime.to_datetime(oldest(told))
        return self._seconds_to_next_copy((fields.Datetime.now() - told_at).total_seconds())

    def _seconds_to_next_copy(self, seconds):
        """How long to wait for Tribe to answer from a newer copy than one so many seconds old."""
        left = self.connection_id.settle_seconds - seconds + 1
        shown = self.connection_id._seconds_of_lag() - seconds
        return max(min(max(seconds, FIRST_LOOK_SECONDS, shown), left), 1)

    def _check_no_old_copy(self, remote, name):
        """Refuse to tell Tribe anything while it answers from an old copy, or seems to.

        It may be a backup that was restored, which shows by its dates alone: what is told would
        give it a new one, and all else that is from the backup would be an edit of somebody there.

        :param name: what the contact is called
        :raises Busy: as long as that may be
        """
        left = self._seconds_of_old_copies(remote.read_at)
        if left > 0 and self._older(remote)[0]:
            seconds = self._seconds_to_next_copy(self.connection_id.settle_seconds - left)
            raise Busy(sentence("not_shown_yet", contact=name), seconds)
