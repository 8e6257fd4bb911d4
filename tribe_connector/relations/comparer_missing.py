import math

from odoo import models

from ..codes import ADDRESS_MARK, RELATIONSHIP_KINDS, RESTORED
from ..engine.problems import NeedsPerson
from ..mapping import ADDRESS_FIELDS
from ..sentence import sentence
from ..tribe_api import Guid
from ..tribe_names import ADDRESS_NAVIGATIONS, RELATION_SETS, RELATIONSHIP_SETS
from .comparer import ALWAYS_PLAUSIBLE
from .remote_relation import changed_at

# What is read of each record.
SHOWN = "ID,CreationDate,LastMutationDate"


class TribeRelationComparer(models.AbstractModel):
    """What Tribe does not show of the linked relations, and whether that can be believed."""

    _inherit = "tribe.relation.comparer"

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
        relationships = self._relationship_links(connection, links - gone)
        ended = self._missing_relationship_links(connection, client, kind, relationships, dates)
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
            self._enqueue_parts(connection, [kind])
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
            for link in self._relationship_links(connection, links)
            if link.kind in sets
            and sets[link.kind] not in absent
            and not link._may_be_new(of_partner[link.partner_id].read_at)
        ]
        return [
            (addresses, [each for each in addresses if each[0].lacks_address]),
            (roles, [each for each in roles if each[1] not in each[0].relationships]),
        ]

    def _shown_again(self, connection, client, kind, gone):
        """The links of relations that were deleted in Tribe and are there again.

        A backup was restored, or a right that was lacking came back: nothing tells of that.
        """
        if not gone or RELATION_SETS[kind] in connection._absent():
            return gone.browse()
        shown = self._shown(client, RELATION_SETS[kind], gone)
        return gone.filtered(lambda link: link.tribe_id in shown)

    def _relationship_links(self, connection, links):
        """The links of the customer and supplier relationships of some linked relations.

        Not of those that had ended: with them nothing ends.
        """
        known = links.browse()
        partners = links.partner_id
        known = known.concat(*known._of_partners(connection, partners, RELATIONSHIP_KINDS).values())
        return known.filtered(
            lambda link: link.tribe_id and link.state == "linked" and not link._was_former()
        )

    def _missing_relationship_links(self, connection, client, kind, links, dates):
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
