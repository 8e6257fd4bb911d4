from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    ADDRESS_MARK,
    DOUBTED,
    RELATION_KINDS,
    RESTORED,
)
from ..mapping import (
    ADDRESS_FIELDS,
    is_before,
)

# So many other relations are read along, to find out whether one was.
WITNESSES = 3
# No more relations than these share an address in Tribe, where each has its own.
MOST_AT_ADDRESS = 40


class TribeLink(models.Model):
    """Tells an old copy, and a backup of Tribe that was restored, from what Tribe has now."""

    _inherit = "tribe.link"

    shown = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="When the records of Tribe were changed last on which the agreed values rest, by ID.",
    )
    shown_at = fields.Datetime(readonly=True, help="When Tribe first showed those records so.")

    def _older(self, remote):
        """The fields that a read shows as they were before what was read of them once.

        ``(fields, fields, fields)``: those of an old copy, which Tribe may answer from for a while;
        those of a backup that was restored there; and those of what somebody edited there since,
        of which nobody can tell what is from the backup. None of another relation than this one.
        """
        if self.tribe_id != remote.tribe_id:
            return set(), set(), set()
        marks = self.shown or {}
        older, none = remote.older_than(marks), set()
        is_copy = self._seconds_of_old_copies(remote.read_at) > 0
        copied, restored = (older, none) if is_copy else (none, older)
        if not self._is_in_doubt(remote.restored_at):
            return copied, restored, none
        edited = remote.edited_since(marks)
        return copied, remote.shown().keys() - copied - edited, edited - copied

    def _is_in_doubt(self, restored_at):
        """Whether a backup of Tribe was restored since both sides were last seen to be alike.

        :param restored_at: from when on no read is from before that (datetime, UTC), or None
        """
        return bool(restored_at and self.shown_at and self.shown_at < restored_at)

    def _witnesses(self, connection, kind, tribe_ids):
        """The Tribe IDs of a few other linked relations, by which a restored backup shows.

        Of those that were changed last: of them a backup has an earlier state. Not of who was new
        then, whom it need not have at all; nor while a read may be an old copy.
        """
        settled = fields.Datetime.now() - timedelta(seconds=connection.settle_seconds)
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)

        def is_changed_later(model, alias, _query):
            model.flush_model(["shown_at"])
            return SQL(
                "%s > %s + interval '1 day'",
                SQL.identifier(alias, "shown_at"),
                SQL.identifier(alias, "create_date"),
            )

        return self.search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "=", kind)
            & Domain("state", "=", "linked")
            & Domain("tribe_id", "not in", list(tribe_ids))
            & Domain("shown_at", "<=", settled)
            & (Domain("shown_at", ">=", restored_at) if restored_at else Domain.TRUE)
            & Domain.custom(to_sql=is_changed_later),
            order="shown_at DESC, id",
            limit=WITNESSES,
        ).mapped("tribe_id")

    def _restored_at(self, connection, remotes):
        """From when on no read is from before a backup of Tribe was restored, or None.

        That one was is noted where a relation shows by its date as it was before, and no old copy
        explains it. One that is not there proves nothing.

        :param remotes: relations as they were just read, ``{tribe_id: remote}``
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        for tribe_id, link in self._of_tribe(connection, remotes).items():
            if (
                link.state in ("linked", "gone")
                and remotes[tribe_id].is_older_than(link.shown or {})
                and link._seconds_of_old_copies(remotes[tribe_id].read_at) <= 0
                and not link._is_in_doubt(restored_at)
            ):
                return connection._note_restored()
        return restored_at

    def _seconds_of_old_copies(self, read_at):
        """How long from a moment on Tribe may answer from a copy without what it showed last."""
        if not self.shown_at:
            return 0
        shown = (read_at - self.shown_at).total_seconds()
        return self.connection_id.settle_seconds - shown

    def _may_be_old_address(self, read_at):
        """Whether Tribe may have answered from a copy that lacks its address."""
        is_being_told = not {*ADDRESS_FIELDS}.isdisjoint(self.being_told or {})
        return is_being_told or self._seconds_of_old_copies(read_at) > 0

    def _may_be_new(self, read_at):
        """Whether it was made so shortly before a read that this need not show it yet."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        made_at = max(self.sent_at or self.create_date, self.create_date)
        return made_at + wait > read_at

    def _keep_shown(self, remote, merged):
        """Keep how new what was read is; look again where it is an old copy.

        Of what is doubted nothing is kept: it is looked at again once it shows.

        :param merged: what comes of it
        """
        if remote.doubted:
            self.shown = {**(self.shown or {}), DOUBTED: True}
            return
        copied = self._older(remote)[0]
        if copied:
            self.env["tribe.work"]._look_later(self.connection_id, self.kind, self.tribe_id)
        if self._is_in_doubt(remote.restored_at):
            if not (copied or self.being_told or merged.conflicts or merged.to_tribe):
                self._keep_alike(remote)
            return
        kept = self.shown or {}
        marks = {
            tribe_id: kept[tribe_id] if is_before(mark, kept.get(tribe_id)) else mark
            for tribe_id, mark in remote.marks().items()
        }
        if any((self.agreed or {}).get(name) for name in ADDRESS_FIELDS):
            # Nobody has said yet whether it was taken away.
            marks |= remote.marks_of_lost_address(kept)
        if marks != kept:
            now = fields.Datetime.now()
            # Not in doubt again, where it was just found to be alike.
            shown_at = max(now, remote.restored_at or now)
            self.write({"shown": marks or False, "shown_at": shown_at})

    def _keep_alike(self, remote):
        """Both sides are alike since a backup of Tribe was restored: what is there now counts,
        whatever its date.

        Unless it may be a copy from before that, as its dates are those that it had then.
        """
        now, marks = fields.Datetime.now(), remote.marks()
        if not self._is_in_doubt(remote.restored_at) or self._older(remote)[0] or remote.doubted:
            return
        if remote.read_at >= remote.restored_at or marks != self.shown:
            self.write({"shown": marks or False, "shown_at": max(now, remote.restored_at)})

    def _of_addresses(self, connection, address_ids):
        """The linked relations that showed some addresses when they were last read.

        None of an address that more of them show than ``MOST_AT_ADDRESS``: in Tribe each has its
        own, and one deletion would have all of them looked at at once.
        """
        if not address_ids:
            return self.browse()

        def shows(model, alias, _query):
            model.flush_model(["connection_id", "shown"])
            return SQL(
                """
                %(address)s IN (SELECT shown->>%(mark)s FROM tribe_link
                                 WHERE connection_id = %(connection)s
                                   AND shown->>%(mark)s IN %(addresses)s
                                 GROUP BY 1 HAVING count(*) <= %(most)s)
                """,
                address=SQL("%s->>%s", SQL.identifier(alias, "shown"), ADDRESS_MARK),
                mark=ADDRESS_MARK,
                connection=connection.id,
                addresses=tuple(address_ids),
                most=MOST_AT_ADDRESS,
            )

        return self.search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("state", "=", "linked")
            & Domain.custom(to_sql=shows)
        )

    def _address_shown(self):
        """The ID of the address that Tribe showed when it was last read; may be None."""
        return (self.shown or {}).get(ADDRESS_MARK)

    def _forget_address_shown(self):
        """Somebody took the address away: that it is not there is no old copy, nor a backup."""
        address_id = self._address_shown()
        kept = {each: mark for each, mark in self.shown.items() if each != address_id}
        self.shown = {**kept, ADDRESS_MARK: None}
