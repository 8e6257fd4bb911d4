import math
from collections import namedtuple
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import partial

from odoo import models

from ..engine.problems import FOR_PEOPLE, NeedsPerson
from ..mapping.invoice_facts import differing
from ..relations.comparer import ALWAYS_PLAUSIBLE
from ..sentence import sentence
from ..tribe_api import Guid, Listing, Room, any_of, both, changed_since, equals, in_calls
from ..tribe_names import INVOICE_SET
from .filters import any_phase, day_before

# Of one row of work: then other work has its turn.
PAGES = 100
# A look by dates alone, as its reference says; and how far such looks came (tribe.cursor).
BY_DATES = "dates/"
DATES_STREAM = "invoices:dates"
# A look through all invoices from a date on (None: all there are): its reference, and when it was
# noted, as a text that can be compared.
Look = namedtuple("Look", "since begun")


class TribeInvoiceComparer(models.AbstractModel):
    """Looks through Tribe's invoices for what a webhook would have told.

    A listing shows of each invoice whether it is still as it was when it was last read
    (``tribe.sighting``): what is not is noted, and the importer decides. A quick look is for what
    bears a new date and for the newest open ones. A full look goes through all from a date on, page
    by page, and goes on behind what it has seen; what is linked and not seen is noted at its end.
    """

    _name = "tribe.invoice.comparer"
    _description = "Tribe Invoice Comparer"

    # A quick look

    def _look_quickly(self, batch, since, listing):
        """Note what changed; yields after each page.

        A phase change may leave the date of an invoice alone (it is only a link), so the newest
        open invoices are looked at as well, as far back as there is something new.

        :param since: when it was looked at last (datetime, UTC)
        :param listing: behind which of those with a new date it goes on
        """
        connection, client = batch.connection, batch.client
        listings = self._listings(connection, [changed_since(since)])
        for rows in self._pages(client, listings, listing=listing):
            self._note_news(batch, rows)
            yield
        for rows in self._open_pages(connection, client):
            is_news = self._note_news(batch, rows)
            yield
            if not is_news:
                return

    # A full look

    def _begin_night(self, connection, since):
        """Have the invoices of open periods looked at, by dates alone where those tell of all."""
        goes_by_dates = connection.dates_tell and since and connection._invoice_fields().date
        if goes_by_dates and self.env["tribe.cursor"]._position(connection, DATES_STREAM):
            waiting = self._looks_waiting(connection, by_dates=True)
            if not any(_reaches(look.since, since) for look in waiting):
                self._add_look(connection, since, "nightly", by_dates=True)
        else:
            self._begin(connection, since, "nightly")

    def _begin(self, connection, since, reason):
        """Have all invoices from a date on looked through, unless a look that waits does that.

        One for a setting (``initial``) begins anew: an earlier one went by the old setting.
        """
        waiting = self._looks_waiting(connection)
        if reason == "initial" or not any(_reaches(look.since, since) for look in waiting):
            self._add_look(connection, since, reason)

    def _add_look(self, connection, since, reason, *, by_dates=False):
        begun = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        reference = f"{BY_DATES if by_dates else ''}{since or '-'}/{begun}"
        self.env["tribe.work"]._add(connection, "inbound", "invoices", [reference], reason)

    def _looks_waiting(self, connection, *, by_dates=False):
        """The full looks that wait, or that a lane is at; or those by dates alone."""
        works = self.env["tribe.work"].search(
            [("connection_id", "=", connection.id), ("kind", "=", "invoices")]
        )
        return [
            _look_of(reference.removeprefix(BY_DATES))
            for reference in works.mapped("reference")
            if reference.startswith(BY_DATES) == by_dates
        ]

    def _process(self, batch):
        """Do the work rows of some looks."""
        for reference in batch.references:
            try:
                if reference.startswith(BY_DATES):
                    self._look_by_dates(batch, reference.removeprefix(BY_DATES))
                else:
                    self._look_through(batch, reference)
                batch.done(reference)
            except NeedsPerson as error:
                batch.failed(reference, error, sentence("linked_invoices"))
            batch.commit()

    def _look_through(self, batch, reference):
        connection = batch.connection
        if INVOICE_SET in connection._absent() or self._is_replaced(connection, reference):
            return
        poller, sightings = self.env["tribe.poller"], self.env["tribe.sighting"]
        seen = sightings._seen_by(connection, reference)
        if not seen and "initial" in batch.reasons[reference]:
            sightings._forget_unlinked_states(connection)
        # No row stays locked while Tribe is asked.
        batch.commit()
        since = _look_of(reference).since
        listings = self._full_listings(connection, since)
        pages = self._pages(batch.client, listings, listing=Listing(seen))
        for number, rows in enumerate(pages, start=1):
            self._note_news(batch, rows, reference)
            poller._begin_stream(batch, "invoice")
            if number == 1 and not seen:
                began = poller._now_in_tribe(batch)
                self.env["tribe.cursor"]._move(connection, DATES_STREAM, began)
            poller._check_room(batch)
            batch.commit()
            if number == PAGES:
                works = self.env["tribe.work"]
                works._add(connection, "inbound", "invoices", [reference], "follow")
                return
        poller._begin_stream(batch, "invoice")
        self._note_missing(batch, reference, since)
        sightings._forget_unseen(connection, since, reference)

    def _look_by_dates(self, batch, reference):
        """What bears a date since the last night; all of the period where the number differs."""
        connection, cursors = batch.connection, self.env["tribe.cursor"]
        poller = self.env["tribe.poller"]
        since = _look_of(reference).since
        before = cursors._position(connection, DATES_STREAM)
        listing, began = cursors._listing(connection, DATES_STREAM, before)
        listings = self._listings(connection, [changed_since(before)])
        for rows in self._pages(batch.client, listings, listing=listing):
            began = began or poller._now_in_tribe(batch)
            self._note_news(batch, rows)
            cursors._keep_place(connection, DATES_STREAM, before, listing, began)
            poller._check_room(batch)
            batch.commit()
        count = self._count(batch.client, self._periods(connection, since))
        cursors._end(connection, DATES_STREAM, began or poller._now_in_tribe(batch))
        day = day_before(since)
        if count is None or count != self.env["tribe.sighting"]._count(connection, day):
            self._begin(connection, since, "nightly")

    def _count_unlinked(self, connection, since, phases):
        """How many invoices from a date on, in some phases, are neither linked nor held already;
        None: not known.
        """
        if not phases:
            return 0
        client = connection._probing_client()
        periods = self._periods(connection, since)
        count = self._count(client, [both(any_phase(phases), period) for period in periods])
        known = connection.env["tribe.sighting"]._linked_from(connection, since, "")
        known = {tribe_id for tribe_id, _is_seen in known} | self._held_from(connection, since)
        return count and max(count - len(known), 0)

    def _held_from(self, connection, since):
        """The invoices from a date on that are held for a person, as far as their date is known."""
        works = connection.env["tribe.work"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", "invoice"),
                ("error_class", "in", FOR_PEOPLE),
            ]
        )
        return {
            work.reference
            for work in works
            if (day := (work.facts or {}).get("date")) and (not since or day >= since.isoformat())
        }

    def _is_replaced(self, connection, reference):
        """Whether a later look reaches as far back."""
        look = _look_of(reference)
        return any(
            each.begun > look.begun and _reaches(each.since, look.since)
            for each in self._looks_waiting(connection)
        )

    def _note_missing(self, batch, reference, since):
        """Note what is linked and was not seen: it was deleted, or is something else by now.

        :raises NeedsPerson: when it is so much that a right may be lacking
        """
        connection, sightings = batch.connection, self.env["tribe.sighting"]
        linked = sightings._linked_from(connection, since, reference)
        missing = _unseen(linked)
        allowed = max(
            len(linked) * connection.missing_percent / 100,
            min(ALWAYS_PLAUSIBLE, len(linked) / 2),
        )
        if len(missing) > allowed:
            self._look_for_undated(batch, missing, reference)
            missing = _unseen(sightings._linked_from(connection, since, reference))
        if len(missing) > allowed:
            # The next time it looks anew.
            sightings._begin_anew(connection, reference)
            raise NeedsPerson(
                sentence(
                    "too_many_invoices_missing",
                    linked=len(linked),
                    missing=len(missing),
                    percent=math.ceil(100 * len(missing) / len(linked)),
                )
            )
        self.env["tribe.work"]._ask(connection, "inbound", "invoice", missing, "follow")

    def _look_for_undated(self, batch, missing, look):
        """See what has no date any more, which no listing by dates shows: a draft again.

        The oldest first, as after a backup was restored what is newer is gone; until some are asked
        for of which none shows.
        """
        poller = self.env["tribe.poller"]
        ids = [Guid(tribe_id) for tribe_id in missing]
        for part in in_calls(ids, partial(equals, "ID")):
            # No row stays locked while Tribe is asked.
            batch.commit()
            rows = self._asked_for(batch, part)
            if not rows:
                break
            self._note_news(batch, rows, look)
            poller._check_room(batch)

    def _asked_for(self, batch, tribe_ids):
        """The rows of some invoices, each once, whatever else Tribe shows and how much of it."""
        listings = self._listings(batch.connection, [any_of("ID", tribe_ids)])
        missing, rows = {tribe_id.lower() for tribe_id in tribe_ids}, []
        for page in self._pages(batch.client, listings, room=Room()):
            for row in page:
                if row["ID"].lower() in missing:
                    missing.remove(row["ID"].lower())
                    rows.append(row)
            if not missing:
                break
        return rows

    # What is news

    def _note_news(self, batch, rows, look=None):
        """Note what is not as it was when it was read; returns whether there was something.

        What is not linked and is in no phase in which invoices are booked concerns nobody.

        :raises NeedsPerson: where so many are known that no more can be noted
        """
        connection = batch.connection
        sightings = self.env["tribe.sighting"]
        if not sightings._has_room(connection):
            raise NeedsPerson(
                sentence("too_many_invoices_seen", most=Decimal(sightings._most_seen()))
            )
        sights = [connection._sight_of(row) for row in rows]
        connection._learn_phases(batch, {sight.phase_id for sight in sights})
        tribe_ids = [sight.tribe_id for sight in sights]
        links = self.env["tribe.link"]._of_tribe(connection, tribe_ids)
        states = sightings._states(connection, tribe_ids)
        states |= self._note_as_booked(connection, zip(sights, rows, strict=True), links, states)
        news = self._news_among(connection, sights, links, states)
        if look and connection.dates_tell:
            found = [each for each in sights if each.tribe_id in states and each.tribe_id in news]
            self._check_dates_tell(batch, found)
        self.env["tribe.work"]._ask(connection, "inbound", "invoice", news, "poll")
        sightings._note_seen(connection, sights, look)
        return bool(news)

    def _note_as_booked(self, connection, sights, links, states):
        """Note as read what is booked and not known here, and shows nothing new.

        An earlier version booked it, and kept no state; or it was forgotten on deactivating.

        :param sights: each with its row
        :return: their states: ``{tribe_id: state}``
        """
        agreed = [
            sight
            for sight, row in sights
            if sight.tribe_id in links
            and sight.tribe_id not in states
            and self._is_as_booked(links[sight.tribe_id], sight, row)
        ]
        self.env["tribe.sighting"]._note_read(connection, agreed)
        return {sight.tribe_id: sight.state for sight in agreed}

    def _news_among(self, connection, sights, links, states):
        """Those of some invoices (IDs) that are not as they were read, and concern somebody."""
        phases = set(connection._booking_phases().mapped("tribe_id"))
        unreadable = [sight.tribe_id for sight in sights if sight.is_bare]
        held = self._waiting_among(connection, unreadable) if unreadable else ()
        return [
            sight.tribe_id
            for sight in sights
            if states.get(sight.tribe_id) != sight.state
            and (sight.is_bare or sight.tribe_id in links or sight.phase_id in phases)
            and sight.tribe_id not in held
        ]

    def _is_as_booked(self, link, sight, row):
        """Whether a listing shows nothing of an invoice but what its link says."""
        agreed = link.agreed or {}
        total = agreed.get("total")
        if link.state != "linked" or total is None or abs(Decimal(total)) not in sight.totals:
            return False
        entity = self.env["tribe.invoice.importer"]._find_legal_entity(link.connection_id, row)
        return (
            link.phase_id.tribe_id == sight.phase_id
            and link._legal_entity() in (None, entity.tribe_id)
            and sight.facts.get("credited") == (link.credited_tribe_id or None)
            and not differing(agreed, sight.facts)
        )

    def _check_dates_tell(self, batch, changed):
        """Trust no dates any more where a change was found that bears an old one.

        What waits already was found before, by its date.
        """
        connection = batch.connection
        looked = self.env["tribe.cursor"]._position(connection, "invoice")
        waiting = self._waiting_among(connection, [sight.tribe_id for sight in changed])
        if looked and any(
            sight.changed
            and sight.changed < looked.replace(tzinfo=timezone.utc)
            and sight.tribe_id not in waiting
            for sight in changed
        ):
            connection.dates_tell = False
            batch.log("problem", connection.name, sentence("dates_do_not_tell"))

    def _waiting_among(self, connection, tribe_ids):
        """Those of some invoices that wait already, with or without a problem."""
        waiting = [("connection_id", "=", connection.id), ("kind", "=", "invoice")]
        works = self.env["tribe.work"].search([*waiting, ("reference", "in", tribe_ids)])
        return set(works.mapped("reference"))


def _unseen(linked):
    """Those of some linked invoices that a look did not see (``_linked_from``)."""
    return [tribe_id for tribe_id, is_seen in linked if not is_seen]


def _look_of(reference):
    since, _slash, begun = reference.partition("/")
    return Look(None if since == "-" else date.fromisoformat(since), begun)


def _reaches(since, other):
    """Whether a look from one date on reaches as far back as one from another."""
    return since is None or (other is not None and since <= other)
