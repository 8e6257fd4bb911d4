from datetime import timedelta
from itertools import chain

from odoo import fields, models

from ..codes import ADDRESS_MARK, DOUBTED, RELATION_KINDS, RESTORED
from ..engine.problems import NEEDS_PERSON, Busy, NeedsPerson
from ..sentence import sentence
from ..tribe_names import RELATION_SETS, RELATIONSHIP_SETS

# Links of one part, and so of one commit: ten calls.
PART = 400
# So many of a part may be missing, whatever its size, unless they are more than half of it.
ALWAYS_PLAUSIBLE = 3
# The reference of a look whether rows went away; and when the one before began (tribe.cursor).
ROWS = "rows"
LAST_NIGHT = "schedule:rows"
# A link that was written since bears when its transaction began.
LONGEST_TRANSACTION = timedelta(hours=1)


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

    def _enqueue_parts(self, connection, kinds=RELATION_KINDS):
        """Note the first part of each kind, unless an earlier comparison still waits."""
        unfinished = self._unfinished(connection)
        references = [f"{kind}:0" for kind in kinds if kind not in unfinished]
        self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "nightly")

    def _waiting_parts(self, connection):
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
        parts = map(_parsed_part, self._waiting_parts(connection).mapped("reference"))
        return {kind for kind, _position, since in parts if not since}

    def _is_asked(self, connection, kind):
        """Whether a person is asked why Tribe does not show so much of what is linked."""
        return any(
            _parsed_part(work.reference)[0] == kind and work.error_class == NEEDS_PERSON
            for work in self._waiting_parts(connection)
        )

    def _enqueue_lost_rows(self, connection):
        """Note that it is looked whether rows went away."""
        self.env["tribe.work"]._ask(connection, "inbound", "comparison", [ROWS], "nightly")

    def _enqueue_all_again(self, connection):
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
                    kind, position, since = _parsed_part(reference)
                    look = self._compare_recent_part if since else self._compare_part
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
                self._enqueue_parts(connection)
            cursors._keep_place(connection, entity_set, None, listing, began)
            batch.commit()

    def _compare_recent_part(self, batch, kind, position, since):
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
            self._enqueue_parts(connection)
            return
        works._add(connection, "inbound", kind, missing.mapped("tribe_id"), "follow")
        if len(links) == PART:
            rest = f"{kind}:{links[-1].id}:{since}"
            works._add(connection, "inbound", "comparison", [rest], "follow")

    def _compare_part(self, batch, kind, position):
        """Compare the part of the links whose IDs follow ``position``."""
        links, is_last = self._next_part(batch.connection, kind, position)
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

    def _next_part(self, connection, kind, position):
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

    def _is_plausible(self, connection, client, kind):
        """Whether Tribe shows most of what the first of all linked relations have."""
        links, _is_last = self._next_part(connection, kind, 0)
        links = links[:PART].filtered(lambda link: link.state != "gone")
        try:
            self._missing(connection, client, kind, links, {})
        except NeedsPerson:
            return False
        return True


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


def _parsed_part(reference):
    """``organization:17``: of which kind, and after which link; a third one says since when."""
    kind, position, *since = reference.split(":", 2)
    return kind, int(position), since[0] if since else None
