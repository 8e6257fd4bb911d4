import math

from odoo import fields, models

from ..engine.problems import Busy, NeedsPerson
from ..engine.remote_relation import (
    ADDRESS_MARK,
    ADDRESS_NAVIGATIONS,
    RELATION_SETS,
    RELATIONSHIP_SETS,
    changed_at,
)
from ..mapping import ADDRESS_FIELDS, is_before
from ..sentence import sentence
from ..tribe_api import Guid
from .tribe_link import RELATION_KINDS, RELATIONSHIP_KINDS, RESTORED

# Links of one part, and so of one commit: ten calls.
PART = 400
# So many of a part may be missing, whatever its size, unless they are more than half of it.
ALWAYS_PLAUSIBLE = 3
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
    """

    _name = "tribe.relation.comparer"
    _description = "Tribe Relation Comparer"

    def _begin(self, connection):
        """Note the first part of each kind, unless an earlier comparison still waits."""
        works = self.env["tribe.work"]
        waiting = works.search([("connection_id", "=", connection.id), ("kind", "=", "comparison")])
        unfinished = {_kind_and_position(work.reference)[0] for work in waiting}
        references = [f"{kind}:0" for kind in RELATION_KINDS if kind not in unfinished]
        works._add(connection, "inbound", "comparison", references, "nightly")

    def _begin_anew(self, connection):
        """Note the first part of each kind, also where a comparison is under way."""
        references = [f"{kind}:0" for kind in RELATION_KINDS]
        self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "follow")

    def _process(self, session):
        """Do the work rows of some parts."""
        self._check_no_old_copies(session.connection)
        for reference in session.references:
            try:
                self._compare(session, *_kind_and_position(reference))
                session.done(reference)
            except NeedsPerson as error:
                session.failed(reference, error, sentence("linked_relations"))
            session.commit()

    def _check_no_old_copies(self, connection):
        """What is read just after a backup of Tribe was restored may be a copy from before that.

        :raises Busy: as long as that may be
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        wait = restored_at and (restored_at - fields.Datetime.now()).total_seconds()
        if wait and wait > 0:
            raise Busy(sentence("linked_relations"), wait)

    def _compare(self, session, kind, position):
        """Compare the part of the links whose IDs follow ``position``."""
        links, is_last = self._part(session.connection, kind, position)
        connection, works = session.connection, self.env["tribe.work"]
        last, gone = links[-1:], links.filtered(lambda link: link.state == "gone")
        links -= gone
        dates = {}
        missing = self._missing(session, kind, links, dates)
        self._check_plausible(connection, links, missing)
        relationships = self._relationships(connection, links - missing)
        ended = self._missing_relationships(session, kind, relationships, dates)
        self._check_plausible(connection, relationships, ended)
        missing |= links.filtered(lambda link: link.partner_id in ended.partner_id)
        missing |= self._shown_again(session, kind, gone) | _older(links, dates)
        missing |= self._still_in_doubt(connection, links, dates)
        works._add(connection, "inbound", kind, missing.mapped("tribe_id"), "follow")
        if not is_last:
            works._add(connection, "inbound", "comparison", [f"{kind}:{last.id}"], "follow")

    def _still_in_doubt(self, connection, links, dates):
        """Those of some links that are to be looked at since a backup of Tribe was restored.

        What is as it was is alike: whoever edits it in Tribe from now on changes just that.
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        doubted = links.filtered(
            lambda link: link.state == "linked" and link._is_in_doubt(restored_at)
        )
        unchanged = doubted.filtered(
            lambda link: not link.being_told and _is_as_it_was(link, dates)
        )
        unchanged.shown_at = fields.Datetime.now()
        return doubted - unchanged

    def _part(self, connection, kind, position):
        """``(links, whether they are the last)``.

        What is left after the last whole part belongs to it: a few links alone would tell little.
        """
        links = self.env["tribe.link"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", kind),
                ("state", "in", ("linked", "merged", "gone")),
                ("tribe_id", "!=", False),
                ("id", ">", position),
            ],
            order="id",
            limit=2 * PART,
        )
        is_last = len(links) < 2 * PART
        return (links, True) if is_last else (links[:PART], False)

    def _missing(self, session, kind, links, dates):
        """The links of what Tribe does not show, or shows without the address that it had.

        :param dates: gets when what it shows was changed last, by ID
        """
        absent = session.connection._absent()
        if RELATION_SETS[kind] in absent:
            return links.browse()
        slots = [
            slot
            for slot in ADDRESS_NAVIGATIONS[kind]
            if f"{RELATION_SETS[kind]}/{slot}" not in absent
        ]
        shown = self._shown(session, RELATION_SETS[kind], links, slots)
        dates |= _dates([row for each in shown.values() for row in (each, *map(each.get, slots))])
        return links.filtered(
            lambda link: (
                link.tribe_id not in shown
                or (slots and _has_address(link) and not any(map(shown[link.tribe_id].get, slots)))
            )
        )

    def _shown_again(self, session, kind, gone):
        """The links of relations that were deleted in Tribe and are there again.

        A backup was restored, or a right that was lacking came back: nothing tells of that.
        """
        if not gone or RELATION_SETS[kind] in session.connection._absent():
            return gone.browse()
        shown = self._shown(session, RELATION_SETS[kind], gone)
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

    def _missing_relationships(self, session, kind, links, dates):
        """Those of some relationships that Tribe does not show.

        :param kind: of the relations whose relationships they are
        :param dates: gets when what it shows was changed last, by ID
        """
        missing = links.browse()
        for relationship, entity_set in RELATIONSHIP_SETS[kind].items():
            part = links.filtered(lambda link, of=relationship: link.kind == of)
            if part and entity_set not in session.connection._absent():
                shown = self._shown(session, entity_set, part)
                dates |= _dates(shown.values())
                missing |= part.filtered(lambda link, among=shown: link.tribe_id not in among)
        return missing

    def _shown(self, session, entity_set, links, slots=()):
        """What Tribe shows of some links, with the IDs of some navigations: ``{tribe_id: row}``."""
        ids = [Guid(tribe_id) for tribe_id in links.mapped("tribe_id")]
        expand = ",".join(f"{slot}($select={SHOWN})" for slot in slots)
        rows = session.client.by_values(entity_set, "ID", ids, select=SHOWN, expand=expand or None)
        return {row["ID"]: row for row in rows}

    def _check_plausible(self, connection, links, missing):
        """Refuse to believe that so many were deleted: a right may be lacking.

        :raises NeedsPerson: with how many are missing
        """
        allowed = max(
            len(links) * connection.missing_percent / 100, min(ALWAYS_PLAUSIBLE, len(links) / 2)
        )
        if len(missing) > allowed:
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


def _older(links, dates):
    """The links of what Tribe shows as it was before it was read once."""
    return links.filtered(
        lambda link: any(
            is_before(dates.get(tribe_id), mark) for tribe_id, mark in (link.shown or {}).items()
        )
    )


def _is_as_it_was(link, dates):
    """Whether Tribe shows all that a link rests on, with the dates that it had."""
    marks = {each: mark for each, mark in link.shown.items() if each != ADDRESS_MARK}
    return all(dates.get(tribe_id) == mark for tribe_id, mark in marks.items())


def _kind_and_position(reference):
    """``organization:17``: of which kind, and after which link."""
    kind, _colon, position = reference.partition(":")
    return kind, int(position)
