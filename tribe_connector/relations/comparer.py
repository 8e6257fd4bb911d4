import math
from datetime import timedelta
from itertools import chain

from odoo import fields, models

from ..codes import (
    ADDRESS_MARK,
    DOUBTED,
    RELATION_KINDS,
    RELATIONSHIP_KINDS,
    RESTORED,
)
from ..engine.problems import NEEDS_PERSON, Busy, NeedsPerson
from ..mapping import ADDRESS_FIELDS
from ..sentence import sentence
from ..tribe_api import Guid
from ..tribe_names import (
    ADDRESS_NAVIGATIONS,
    RELATION_SETS,
    RELATIONSHIP_SETS,
)
from .remote_relation import changed_at

# Links of one part, and so of one commit: ten calls.
PART = 400
# So many of a part may be missing, whatever its size, unless they are more than half of it.
ALWAYS_PLAUSIBLE = 3
# The reference of a look whether rows went away; and when the one before began (tribe.cursor).
ROWS = "rows"
LAST_NIGHT = "schedule:rows"
# A link that was written since bears when its transaction began.
LONGEST_TRANSACTION = timedelta(hours=1)
# What is read of each record.
SHOWN = "ID,CreationDate,LastMutationDate"


class TribeRelationComparer(models.AbstractModel):
    """Looks whether Tribe still has the linked relations, their addresses and relationships: the
    webhook of a deletion can be lost. And as new as it showed them once: nothing tells of a backup
    that was restored.

    The links are read in parts, in the order of their IDs. A row of work is one part and leads to
    the row of the next, so a comparison that is interrupted goes on where it was. Nothing is
    concluded here: what is missing, older, or there again is looked at as if a webhook had told of
    it.

    Each night only whether anything went away is looked at: the rows of each kind are read in the
    order in which they were made, behind the last one that was read. Where that one has another
    number, something before it is gone. What was made since, and is gone already, is among the
    links that were written since.
    """

    _name = "tribe.relation.comparer"
    _description = "Tribe Relation Comparer"

    def _begin(self, connection, kinds=RELATION_KINDS):
        """Note the first part of each kind, unless an earlier comparison still waits."""
        unfinished = self._unfinished(connection)
        references = [f"{kind}:0" for kind in kinds if kind not in unfinished]
        self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "nightly")

    def _waiting(self, connection):
        """The parts that are still to be compared, or are asked about."""
        return self.env["tribe.work"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", "comparison"),
                ("reference", "!=", ROWS),
            ]
        )

    def _unfinished(self, connection):
        """Of which kinds a comparison of all that is linked waits."""
        parts = map(_part_of, self._waiting(connection).mapped("reference"))
        return {kind for kind, _position, since in parts if not since}

    def _is_asked(self, connection, kind):
        """Whether a person is asked why Tribe does not show so much of what is linked."""
        return any(
            _part_of(work.reference)[0] == kind and work.error_class == NEEDS_PERSON
            for work in self._waiting(connection)
        )

    def _begin_night(self, connection):
        """Note that it is looked whether rows went away."""
        self.env["tribe.work"]._ask(connection, "inbound", "comparison", [ROWS], "nightly")

    def _begin_anew(self, connection):
        """Note the first part of each kind, also where a comparison is under way."""
        references = [f"{kind}:0" for kind in RELATION_KINDS]
        self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "follow")

    def _process(self, batch):
        """Do the work rows of some parts."""
        self._check_no_old_copies(batch.connection)
        for reference in batch.references:
            try:
                if reference == ROWS:
                    self._look_for_lost_rows(batch)
                else:
                    kind, position, since = _part_of(reference)
                    look = self._look_at_recent if since else self._compare
                    look(batch, kind, position, *filter(None, [since]))
                batch.done(reference)
            except NeedsPerson as error:
                batch.failed(reference, error, sentence("linked_relations"))
            batch.commit()

    def _check_no_old_copies(self, connection):
        """What is read just after a backup of Tribe was restored may be a copy from before that.

        :raises Busy: as long as that may be
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        wait = restored_at and (restored_at - fields.Datetime.now()).total_seconds()
        if wait and wait > 0:
            raise Busy(sentence("linked_relations"), wait)

    def _look_for_lost_rows(self, batch):
        """Have all that is linked compared where rows went away; else what is new of it."""
        connection, cursors = batch.connection, self.env["tribe.cursor"]
        began = fields.Datetime.now()
        for entity_set in self._linked_sets(connection):
            self._read_rows(batch, entity_set, began)
        before = cursors._position(connection, LAST_NIGHT)
        if before and not self._unfinished(connection):
            since = before - LONGEST_TRANSACTION
            references = [f"{kind}:0:{since}" for kind in RELATION_KINDS]
            self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "nightly")
        cursors._move(connection, LAST_NIGHT, began)

    def _linked_sets(self, connection):
        """The entity sets of which records are linked here, and of their addresses."""
        of_tribe = [("connection_id", "=", connection.id), ("tribe_id", "!=", False)]
        groups = self.env["tribe.link"]._read_group(of_tribe, ["kind"])
        kinds = {kind for (kind,) in groups}
        found = []
        for kind in filter(kinds.__contains__, RELATION_KINDS):
            found.append(RELATION_SETS[kind])
            found += [name for role, name in RELATIONSHIP_SETS[kind].items() if role in kinds]
        found += ["Address"] if found else []
        return [entity_set for entity_set in found if entity_set not in connection._absent()]

    def _read_rows(self, batch, entity_set, began):
        """Read the rows of a set that are new; have all that is linked compared where others
        went away."""
        connection, cursors = batch.connection, self.env["tribe.cursor"]
        listing, _began = cursors._listing(connection, entity_set, None)
        pages = batch.client.pages(
            entity_set, select="ID", orderby="CreationDate asc,ID asc", listing=listing
        )
        # Also behind the last page: where all others are known, it shows nothing new.
        for _rows in chain(pages, [()]):
            if listing.is_moved:
                self._begin(connection)
            cursors._keep_place(connection, entity_set, None, listing, began)
            batch.commit()

    def _look_at_recent(self, batch, kind, position, since):
        """Look at those relations of a part that are missing, of what was written since a moment.

        So many that a right may be lacking are left to the comparison of all.
        """
        connection, works = batch.connection, self.env["tribe.work"]
        recent = [*self._of_kind(connection, kind, position), ("write_date", ">=", since)]
        links = self.env["tribe.link"].search(recent, order="id", limit=PART)
        present = links.filtered(lambda link: link.state != "gone")
        try:
            missing = self._missing(connection, batch.client, kind, present, {}, ALWAYS_PLAUSIBLE)
        except NeedsPerson:
            self._begin(connection)
            return
        works._add(connection, "inbound", kind, missing.mapped("tribe_id"), "follow")
        if len(links) == PART:
            rest = f"{kind}:{links[-1].id}:{since}"
            works._add(connection, "inbound", "comparison", [rest], "follow")

    def _compare(self, batch, kind, position):
        """Compare the part of the links whose IDs follow ``position``."""
        links, is_last = self._part(batch.connection, kind, position)
        connection, works = batch.connection, self.env["tribe.work"]
        last, gone = links[-1:], links.filtered(lambda link: link.state == "gone")
        links -= gone
        dates = {}
        try:
            missing, doubt = self._missing(connection, batch.client, kind, links, dates), None
        except NeedsPerson as error:
            missing, doubt = links.browse(), error
        # What shows is looked at, whatever comes of what is missing.
        shown = links.filtered(lambda link: link.tribe_id in dates)
        missing |= _changed(shown, dates) | self._still_in_doubt(connection, shown, dates)
        missing |= self._shown_again(connection, batch.client, kind, gone)
        works._add(connection, "inbound", kind, missing.mapped("tribe_id"), "follow")
        if doubt:
            raise doubt
        if not is_last:
            works._add(connection, "inbound", "comparison", [f"{kind}:{last.id}"], "follow")

    def _still_in_doubt(self, connection, links, dates):
        """Those of some links that are to be looked at since a backup of Tribe was restored.

        What is as it was is alike: whoever edits it in Tribe from now on changes just that. Not by
        its dates alone where a question is open, as nobody has said yet which side is right.
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        doubted = links.filtered(
            lambda link: link.state == "linked" and link._is_in_doubt(restored_at)
        )
        unchanged = doubted.filtered(
            lambda link: not (link.being_told or link.conflict_ids) and _is_as_it_was(link, dates)
        )
        unchanged.shown_at = fields.Datetime.now()
        return doubted - unchanged

    def _part(self, connection, kind, position):
        """``(links, whether they are the last)``.

        What is left after the last whole part belongs to it: a few links alone would tell little.
        """
        links = self.env["tribe.link"].search(
            self._of_kind(connection, kind, position), order="id", limit=2 * PART
        )
        is_last = len(links) < 2 * PART
        return (links, True) if is_last else (links[:PART], False)

    def _of_kind(self, connection, kind, position):
        """The domain of the linked relations of a kind whose links follow ``position``."""
        return [
            ("connection_id", "=", connection.id),
            ("kind", "=", kind),
            ("state", "in", ("linked", "merged", "gone")),
            ("tribe_id", "!=", False),
            ("id", ">", position),
        ]

    def _missing(self, connection, client, kind, links, dates, few=None):
        """The links of what Tribe does not show, or shows without an address or a relationship
        that it had.

        :param dates: gets when what it shows was changed last, by ID
        :param few: how many are believed in any case; by default not more than half
        :raises NeedsPerson: for more than can be believed
        """
        absent = connection._absent()
        slots = [
            slot
            for slot in ADDRESS_NAVIGATIONS[kind]
            if f"{RELATION_SETS[kind]}/{slot}" not in absent
        ]
        gone = without_address = links.browse()
        if RELATION_SETS[kind] not in absent:
            shown = self._shown(client, RELATION_SETS[kind], links, slots)
            dates |= _dates(
                [row for each in shown.values() for row in (each, *map(each.get, slots))]
            )
            gone = links.filtered(lambda link: link.tribe_id not in shown)
            self._check_plausible(connection, links, gone, few)
            with_address = (links - gone).filtered(lambda link: slots and _has_address(link))
            without_address = with_address.filtered(
                lambda link: not any(map(shown[link.tribe_id].get, slots))
            )
            self._check_plausible(connection, with_address, without_address, ALWAYS_PLAUSIBLE)
            # Another one fills in for it.
            without_address |= (links - gone).filtered(
                lambda link: (
                    slots and (link.shown or {}).get(ADDRESS_MARK, link.tribe_id) not in dates
                )
            )
        relationships = self._relationships(connection, links - gone)
        ended = self._missing_relationships(connection, client, kind, relationships, dates)
        self._check_plausible(connection, relationships, ended, few)
        ended = links.filtered(lambda link: link.partner_id in ended.partner_id)
        return gone | without_address | ended

    def _doubt(self, connection, client, kind, remotes):
        """Doubt what some relations do not show, where so many lack it that a right may be lost.

        As where all are compared: a comparison then asks. While it does, nothing of it is believed.

        :param remotes: relations as they were just read, ``{tribe_id: remote}``
        """
        lacking = [each for each in self._lacking(connection, kind, remotes) if each[1]]
        if lacking and not self._is_asked(connection, kind):
            lacking = [
                each for each in lacking if self._are_too_many(connection, *each, ALWAYS_PLAUSIBLE)
            ]
            if not lacking or self._is_plausible(connection, client, kind):
                return
            self._begin(connection, [kind])
            self.env["tribe.engine"]._wake("inbound")
        for _had, lacks in lacking:
            for remote, what in lacks:
                remote.doubted |= {what}

    def _lacking(self, connection, kind, remotes):
        """What some relations had, and do not show: ``[(those that had it, those that lack it)]``.

        Each of them is ``(remote, what)``: first the addresses, then the relationships. Not what an
        old copy explains, or a backup that was restored, nor an address of which a webhook told.
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        links = self.env["tribe.link"]
        links = links.concat(*links._of_tribe(connection, remotes).values()).filtered(
            lambda link: (
                link.partner_id and link.state == "linked" and not link._is_in_doubt(restored_at)
            )
        )
        addresses = [
            (remotes[link.tribe_id], ADDRESS_MARK)
            for link in links
            if _has_address(link)
            and link._address_shown()
            and not link._may_be_old_address(remotes[link.tribe_id].read_at)
        ]
        of_partner = {link.partner_id: remotes[link.tribe_id] for link in links}
        sets, absent = RELATIONSHIP_SETS[kind], connection._absent()
        roles = [
            (of_partner[link.partner_id], link.kind)
            for link in self._relationships(connection, links)
            if link.kind in sets
            and sets[link.kind] not in absent
            and not link._may_be_new(of_partner[link.partner_id].read_at)
        ]
        return [
            (addresses, [each for each in addresses if each[0].lacks_address]),
            (roles, [each for each in roles if each[1] not in each[0].relationships]),
        ]

    def _is_plausible(self, connection, client, kind):
        """Whether Tribe shows most of what the first of all linked relations have."""
        links, _is_last = self._part(connection, kind, 0)
        links = links[:PART].filtered(lambda link: link.state != "gone")
        try:
            self._missing(connection, client, kind, links, {})
        except NeedsPerson:
            return False
        return True

    def _shown_again(self, connection, client, kind, gone):
        """The links of relations that were deleted in Tribe and are there again.

        A backup was restored, or a right that was lacking came back: nothing tells of that.
        """
        if not gone or RELATION_SETS[kind] in connection._absent():
            return gone.browse()
        shown = self._shown(client, RELATION_SETS[kind], gone)
        return gone.filtered(lambda link: link.tribe_id in shown)

    def _relationships(self, connection, links):
        """The links of the customer and supplier relationships of some linked relations.

        Not of those that had ended: with them nothing ends.
        """
        known = links.browse()
        partners = links.partner_id
        known = known.concat(*known._of_partners(connection, partners, RELATIONSHIP_KINDS).values())
        return known.filtered(
            lambda link: link.tribe_id and link.state == "linked" and not link._was_former()
        )

    def _missing_relationships(self, connection, client, kind, links, dates):
        """Those of some relationships that Tribe does not show.

        :param kind: of the relations whose relationships they are
        :param dates: gets when what it shows was changed last, by ID
        """
        missing = links.browse()
        for relationship, entity_set in RELATIONSHIP_SETS[kind].items():
            part = links.filtered(lambda link, of=relationship: link.kind == of)
            if part and entity_set not in connection._absent():
                shown = self._shown(client, entity_set, part)
                dates |= _dates(shown.values())
                missing |= part.filtered(lambda link, among=shown: link.tribe_id not in among)
        return missing

    def _shown(self, client, entity_set, links, slots=()):
        """What Tribe shows of some links, with the IDs of some navigations: ``{tribe_id: row}``."""
        ids = [Guid(tribe_id) for tribe_id in links.mapped("tribe_id")]
        expand = ",".join(f"{slot}($select={SHOWN})" for slot in slots)
        rows = client.by_values(entity_set, "ID", ids, select=SHOWN, expand=expand or None)
        return {row["ID"]: row for row in rows}

    def _are_too_many(self, connection, had, lacks, few):
        """Whether more of some are missing than can be believed, and more than a few."""
        return len(lacks) > max(len(had) * connection.missing_percent / 100, few)

    def _check_plausible(self, connection, links, missing, few=None):
        """Refuse to believe that so many were deleted: a right may be lacking.

        :param few: how many are believed in any case; by default not more than half
        :raises NeedsPerson: with how many are missing
        """
        if few is None:
            few = min(ALWAYS_PLAUSIBLE, len(links) / 2)
        if self._are_too_many(connection, links, missing, few):
            raise NeedsPerson(
                sentence(
                    "too_many_relations_missing",
                    linked=len(links),
                    missing=len(missing),
                    partner=self._example(connection, missing),
                    percent=math.ceil(100 * len(missing) / len(links)),
                ),
            )

    def _example(self, connection, missing):
        """What one of the missing is called, for everybody who sees the connection."""
        shown = missing.filtered(
            lambda link: link.company_id in (link.company_id.browse(), connection.company_id)
        )
        return shown[:1].display_name or missing[0].tribe_id


def _has_address(link):
    """Whether both sides agreed on an address."""
    return any((link.agreed or {}).get(name) for name in ADDRESS_FIELDS)


def _dates(rows):
    """When some rows of Tribe, or None, were changed last, by ID."""
    return {row["ID"]: changed_at(row) for row in rows if row and row.get("ID")}


def _changed(links, dates):
    """The links of what Tribe shows with another date than when it was read last.

    It is older, or nobody told of an edit. And what was doubted then: either side may wait for it.
    """

    def is_changed(link):
        marks = link.shown or {}
        return DOUBTED in marks or any(
            dates.get(tribe_id) not in (None, mark) for tribe_id, mark in marks.items()
        )

    return links.filtered(is_changed)


def _is_as_it_was(link, dates):
    """Whether Tribe shows all that a link rests on, with the dates that it had."""
    marks = {each: mark for each, mark in link.shown.items() if each != ADDRESS_MARK}
    return all(dates.get(tribe_id) == mark for tribe_id, mark in marks.items())


def _part_of(reference):
    """``organization:17``: of which kind, and after which link; a third one says since when."""
    kind, position, *since = reference.split(":", 2)
    return kind, int(position), since[0] if since else None
