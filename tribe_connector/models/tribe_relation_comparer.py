import math

from odoo import fields, models

from ..engine.problems import NEEDS_PERSON, Busy, NeedsPerson
from ..engine.remote_relation import (
    ADDRESS_MARK,
    ADDRESS_NAVIGATIONS,
    RELATION_SETS,
    RELATIONSHIP_SETS,
    changed_at,
)
from ..mapping import ADDRESS_FIELDS
from ..sentence import sentence
from ..tribe_api import Guid
from .tribe_link import DOUBTED, RELATION_KINDS, RELATIONSHIP_KINDS, RESTORED

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

    def _begin(self, connection, kinds=RELATION_KINDS):
        """Note the first part of each kind, unless an earlier comparison still waits."""
        unfinished = {_kind(work) for work in self._waiting(connection)}
        references = [f"{kind}:0" for kind in kinds if kind not in unfinished]
        self.env["tribe.work"]._add(connection, "inbound", "comparison", references, "nightly")

    def _waiting(self, connection):
        """The parts that are still to be compared, or are asked about."""
        return self.env["tribe.work"].search(
            [("connection_id", "=", connection.id), ("kind", "=", "comparison")]
        )

    def _is_asked(self, connection, kind):
        """Whether a person is asked why Tribe does not show so much of what is linked."""
        return any(
            _kind(work) == kind and work.error_class == NEEDS_PERSON
            for work in self._waiting(connection)
        )

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
        missing = self._missing(connection, session.client, kind, links, dates)
        missing |= self._shown_again(connection, session.client, kind, gone)
        missing |= _changed(links, dates)
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

    def _missing(self, connection, client, kind, links, dates):
        """The links of what Tribe does not show, or shows without an address or a relationship
        that it had.

        :param dates: gets when what it shows was changed last, by ID
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
            self._check_plausible(connection, links, gone)
            with_address = (links - gone).filtered(lambda link: slots and _has_address(link))
            without_address = with_address.filtered(
                lambda link: not any(map(shown[link.tribe_id].get, slots))
            )
            self._check_plausible(connection, with_address, without_address, ALWAYS_PLAUSIBLE)
        relationships = self._relationships(connection, links - gone)
        ended = self._missing_relationships(connection, client, kind, relationships, dates)
        self._check_plausible(connection, relationships, ended)
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
            if _has_address(link) and link._address_shown() and not link._may_be_old_address()
        ]
        of_partner = {link.partner_id: remotes[link.tribe_id] for link in links}
        sets, absent = RELATIONSHIP_SETS[kind], connection._absent()
        roles = [
            (of_partner[link.partner_id], link.kind)
            for link in self._relationships(connection, links)
            if link.kind in sets and sets[link.kind] not in absent and not link._may_be_new()
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


def _kind(work):
    """Of which kind of relation a part is."""
    return _kind_and_position(work.reference)[0]


def _kind_and_position(reference):
    """``organization:17``: of which kind, and after which link."""
    kind, _colon, position = reference.partition(":")
    return kind, int(position)
