from datetime import timedelta, timezone

from odoo import models

from ..codes import (
    RELATION_KINDS,
    RELATIONSHIP_KINDS,
)
from ..sentence import said, sentence
from ..tribe_api import LONGEST_EXCHANGE_SECONDS, TribeNotFound, TribeRefused, changed_since
from ..tribe_names import (
    NAVIGATIONS,
    PARTS_OF,
    RELATIONSHIPS,
)
from .problems import Busy
from .turn import current_turn

# When to look whether there is room again.
FULL_SECONDS = 60


class TribePoller(models.AbstractModel):
    """Looks for what changed in Tribe since the last look; switches webhooks on and off; has the
    contacts go through a connection for which an administrator chose it.

    Webhooks can be lost, so everything is also found by looking. What is found is only noted.
    """

    _name = "tribe.poller"
    _description = "Tribe Poller"

    def _process(self, batch):
        """Do the work rows of one kind."""
        if batch.kind == "entity":
            self._find_entities(batch)
            return
        actions = {
            "poll": self._poll,
            "unplaced": self._take_unplaced,
            "activate": self._activate,
            "deactivate": self._deactivate,
        }
        for reference in batch.references:
            actions[batch.kind](batch, reference)
            batch.done(reference)
            batch.commit()

    def _activate(self, batch, reference):
        connection = batch.connection
        self._forget_sightings(batch)
        for entity_type, error in connection._register_webhooks(batch.client).items():
            batch.log("problem", entity_type, said(error))
        # Before the partners are compared: what changes meanwhile is looked at afterwards.
        connection._start_polling(self._now_in_tribe(batch))
        connection._enqueue_initial()
        batch.done(reference)
        connection._end_initial_when_done()

    def _take_unplaced(self, batch, reference):
        user = self.env["res.users"].browse(int(reference)).exists()
        if batch.connection._take_part(user):
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "unplaced", [reference], "follow"
            )

    def _deactivate(self, batch, _reference):
        batch.connection._remove_webhooks()
        self._forget_sightings(batch)
        # A new transaction sees what webhooks, the schedule or another lane noted meanwhile.
        batch.commit()
        batch.connection._forget_work(but=batch.kind)

    def _forget_sightings(self, batch):
        """Forget which invoices were seen, as nobody looks any more: Tribe says how many.

        :raises TribePaused: when the turn is over before all are forgotten
        """
        turn = current_turn()
        while self.env["tribe.sighting"]._forget_some(batch.connection):
            batch.commit()
            if turn.is_over(LONGEST_EXCHANGE_SECONDS):
                raise turn.over()

    # Links, of which a webhook does not say between what records they are

    def _find_entities(self, batch):
        """Note what some records are, by whose IDs links may be meant, so that they are looked at.

        Where nobody knows, the stream that told of it is looked through. No more is asked of a
        Tribe that does not find records of any type.
        """
        is_answering = True
        for reference in batch.references:
            stream, _colon, tribe_id = reference.partition(":")
            found = self._find_linked(batch.connection, tribe_id)
            if not found and is_answering:
                found, is_answering = self._find_in_tribe(batch.client, tribe_id)
            kind, found_id = found or ("poll", stream)
            works = self.env["tribe.work"]
            works._ask(batch.connection, "inbound", kind, [found_id], "follow")
            batch.done(reference)
            batch.commit()

    def _find_linked(self, connection, tribe_id):
        """``(kind, tribe_id)`` of what to look at for what is linked, or None. Needs no call."""
        links = self.env["tribe.link"]
        link = links._of_tribe(connection, [tribe_id]).get(tribe_id)
        if link and link.kind in RELATIONSHIP_KINDS:
            known = links._of_partners(connection, link.partner_id, RELATION_KINDS)
            link = next(iter(known.values()), links)
        return (link.kind, link.tribe_id) if link and link.tribe_id else None

    def _find_in_tribe(self, client, tribe_id):
        """``((kind, tribe_id) or None, whether Tribe answers such questions)``."""
        try:
            entity_type = str(client.find(tribe_id).get("_Type"))
        except TribeNotFound:
            return None, True
        except TribeRefused:
            return None, False
        kind = self.env["tribe.engine"]._table_of_kinds().by_entity_type.get(entity_type)
        return (kind, tribe_id) if kind else None, True

    # Looking

    def _poll(self, batch, stream):
        connection = batch.connection
        if self.env["tribe.engine"]._table_of_kinds()[stream].entity_set in connection._absent():
            return
        self._check_room(batch)
        cursors = self.env["tribe.cursor"]
        # Also what lies before the last look, where it was passed over then.
        reads_again = "initial" in batch.reasons.get(stream, ())
        since = None if reads_again else cursors._position(connection, stream)
        if stream == "invoice" and not since:
            reason = "initial" if reads_again else "poll"
            comparer = self.env["tribe.invoice.comparer"]
            comparer._begin(connection, connection.invoices_from, reason)
            return
        listing, began = cursors._listing(connection, stream, since)
        for _page in self._look(batch, stream, since, listing):
            began = began or self._now_in_tribe(batch)
            cursors._keep_place(connection, stream, since, listing, began)
            self._check_room(batch)
            # Before Tribe is asked for the next page: lanes wait for what was relied on.
            batch.commit()
        cursors._end(connection, stream, began or self._now_in_tribe(batch))

    def _look(self, batch, stream, since, listing):
        """Note what changed in a stream; yields after each page."""
        if stream == "invoice":
            comparer = self.env["tribe.invoice.comparer"]
            yield from comparer._look_quickly(batch, since, listing)
        elif since or stream in RELATIONSHIPS:
            reads_all = batch.connection._reads_all(stream)
            for found in self._changes(batch, stream, since, listing):
                for kind, ids in found.items():
                    self._note(batch, kind, ids, only_new=reads_all)
                yield

    def _begin_stream(self, batch, stream):
        """From now on what changes in a stream is looked for, unless it is already."""
        cursors = self.env["tribe.cursor"]
        if not cursors._position(batch.connection, stream):
            cursors._move(batch.connection, stream, self._now_in_tribe(batch))

    def _now_in_tribe(self, batch):
        """From when on the next look has to look (datetime, UTC).

        By Tribe's own clock, which its changes bear, and some time before: what is being saved now
        shows up later.
        """
        now = batch.client.clock().astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
        return now - timedelta(seconds=batch.connection._overlap_seconds())

    def _check_room(self, batch):
        """Keep what was noted, and look no further while so much waits: the cursor stays.

        :raises Busy: the same look comes again
        """
        if self.env["tribe.work"]._is_full(batch.connection):
            batch.commit()
            raise Busy(sentence("poll_waits"), FULL_SECONDS)

    def _changes(self, batch, stream, since, listing=None):
        """The records to look at for what changed in a stream: yields ``{kind: [tribe_id]}``.

        :param since: when it was looked at last (datetime, UTC); without it, all there is
        :param listing: behind which rows it goes on (``Listing``); none: at the first
        """
        connection = batch.connection
        kinds = self.env["tribe.engine"]._table_of_kinds()
        for page in batch.client.pages(
            kinds[stream].entity_set,
            filter=since and changed_since(since),
            select="ID,IsFormer" if stream in RELATIONSHIPS and not since else "ID",
            expand=self._relations(connection, stream),
            orderby="ID asc",
            listing=listing,
        ):
            # Who is former was never a customer of Odoo: nothing is imported.
            rows = [row for row in page if row.get("IsFormer") is not True]
            yield self._to_look_at(stream, connection._without_tests(rows))

    def _relations(self, connection, stream):
        """What to expand for the rows of a stream to name their relations, or None."""
        absent = connection._absent()
        entity_set = self.env["tribe.engine"]._table_of_kinds()[stream].entity_set
        expanded = [
            f"{NAVIGATIONS[kind]}($select=ID)"
            for kind in PARTS_OF.get(stream, ())
            if f"{entity_set}/{NAVIGATIONS[kind]}" not in absent
        ]
        return ",".join(expanded) or None

    def _to_look_at(self, stream, rows):
        """The records that some rows of a stream tell to look at: ``{kind: [tribe_id]}``."""
        if stream not in PARTS_OF:
            return {stream: [row["ID"] for row in rows]}
        return {
            kind: [row[navigation]["ID"] for row in rows if row.get(navigation)]
            for kind, navigation in NAVIGATIONS.items()
            if kind in PARTS_OF[stream]
        }

    def _note(self, batch, kind, tribe_ids, *, only_new):
        """Note what was found, once; ``only_new`` passes over what is linked already."""
        if only_new:
            known = self.env["tribe.link"]._of_tribe(batch.connection, tribe_ids)
            tribe_ids = [tribe_id for tribe_id in tribe_ids if tribe_id not in known]
        works = self.env["tribe.work"]
        works._ask(batch.connection, "inbound", kind, list(dict.fromkeys(tribe_ids)), "poll")
