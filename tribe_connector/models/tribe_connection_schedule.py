from datetime import date, datetime, time, timedelta

import pytz
from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..codes import (
    RELATION_KINDS,
    RESTORED,
)
from ..engine.problems import STOPPED
from .tribe_connection import (
    BEGUN,
    SLOW_FILTER,
)

# From one look through all invoices that are booked to the next, in days.
WEEK = 7
# What is older is looked at then only.
MOST_MONTHS = 4


class TribeConnection(models.Model):
    """What is done when: every minute, at night, once a week, when something was saved."""

    _inherit = "tribe.connection"

    def _enqueue_due(self):
        """Note what the clock says is to be done."""
        cursors = self.env["tribe.cursor"]
        now = fields.Datetime.now()
        polled = cursors._position(self, "schedule:poll")
        is_due = not polled or polled + timedelta(seconds=self.poll_seconds) <= now
        # A Tribe that cannot be reached is looked at as soon as it is back.
        if is_due and not self._availability().unavailable_since:
            cursors._move(self, "schedule:poll", now)
            self._note_polls()
        if self.export_moment == "minute":
            self._enqueue_payments()

    def _note_polls(self):
        """Note that all streams are looked at, but for those of which that waits already."""
        polls = [("connection_id", "=", self.id), ("kind", "=", "poll"), ("reason", "=", "poll")]
        waiting = self.env["tribe.work"].search([*polls, ("error_class", "=", False)])
        streams = self.env["tribe.engine"]._table_of_kinds().streams
        left = set(streams) - set(waiting.mapped("reference"))
        streams = [stream for stream in streams if stream in left]
        self.env["tribe.work"]._add(self, "inbound", "poll", streams, "poll")

    def _is_night(self):
        """Whether the nightly hour has come since it was planned for the last time."""
        nightly = self.env["tribe.cursor"]._position(self, "schedule:nightly")
        return not nightly or nightly < self._last_nightly_moment()

    def _bring_night_forward(self):
        """Have a piece of what waits done this night; returns whether there may be more.

        What fails for a person from now on is due when the next night comes, and not before.
        """
        next_night = self._last_nightly_moment() + timedelta(days=1)
        works = self.env["tribe.work"]
        is_first = not self.env["tribe.cursor"]._position(self, "schedule:nightly")
        return not is_first and works._bring_forward(self, before=next_night) > 0

    def _begin_night(self):
        """Note that the night is planned; returns whether it is another one than the first."""
        cursors = self.env["tribe.cursor"]
        is_first = not cursors._position(self, "schedule:nightly")
        cursors._move(self, "schedule:nightly", fields.Datetime.now())
        return not is_first

    def _enqueue_nightly(self):
        """Note all that is looked at each night."""
        now = fields.Datetime.now()
        self._enqueue_comparison(now)
        self._enqueue_invoice_look(now)
        self._enqueue_unlinked()
        self.env["tribe.link"]._note_changed_moves(self)
        self._enqueue_payments(self._undone_payments())

    def _enqueue_unlinked(self):
        """Note the customers and suppliers of Odoo that Tribe does not know."""
        work = self.env["tribe.work"]
        unlinked = self._unlinked_at_night()
        noted = [("connection_id", "=", self.id), ("kind", "=", "partner")]
        waiting = {reference for (reference,) in work._read_group(noted, ["reference"])}
        references = [partner.id for partner in unlinked if str(partner.id) not in waiting]
        work._add(self, "outbound", "partner", references, "nightly")

    def _unlinked_at_night(self):
        """Whom Tribe does not know; nobody, by a filter that cannot be used.

        One that took too long is tried again each night, and told of meanwhile.
        """
        cursors = self.env["tribe.cursor"]
        cursors._forget(self, SLOW_FILTER)
        if self._filter_problem():
            return self.env["res.partner"]
        try:
            unlinked = self._unlinked_partners()
        except UserError:
            cursors._move(self, SLOW_FILTER, fields.Datetime.now())
            return self.env["res.partner"]
        self.env["tribe.work"]._forget_ignored_but(self, unlinked)
        return unlinked

    def _begin_schedule(self):
        """Note when it was planned: the next time those come first that were not."""
        cursors = self.env["tribe.cursor"]
        now = fields.Datetime.now()
        cursors._move(self, "schedule:plan", now)
        begun, again = BEGUN
        cursors._move(self, again if cursors._position(self, begun) else begun, now)

    def _end_schedule(self):
        """Note that planning came to its end, whatever came of it."""
        self.env["tribe.cursor"]._forget(self, *BEGUN)

    def _stops_schedule(self):
        """Whether planning it ended its worker twice: it is tried again a day later."""
        _begun, again = BEGUN
        stopped = self.env["tribe.cursor"].sudo()._position(self, again)
        return bool(stopped) and fields.Datetime.now() < stopped + timedelta(days=1)

    def _longest_ago_first(self):
        """These connections, those first that were not planned, or told of, for the longest."""
        cursors = self.env["tribe.cursor"].search(
            [("connection_id", "in", self.ids), ("stream", "=", "schedule:plan")]
        )
        planned = {cursor.connection_id: cursor.position for cursor in cursors}
        return self.sorted(lambda connection: planned.get(connection, datetime.min))

    def _enqueue_comparison(self, now):
        """Have it seen whether relations were deleted; and all that are linked read, if enough
        nights have passed since the last time."""
        if not self.comparison_days:
            return
        cursors, comparer = self.env["tribe.cursor"], self.env["tribe.relation.comparer"]
        comparer._enqueue_lost_rows(self)
        compared = cursors._position(self, "schedule:comparison")
        # Two nights are not exactly a day apart.
        pause = timedelta(days=self.comparison_days, hours=-12)
        if compared and now - compared < pause:
            return
        cursors._move(self, "schedule:comparison", now)
        # What was linked just now is there.
        if compared:
            comparer._enqueue_parts(self)

    def _note_restored(self):
        """Note that a backup of Tribe was restored, and have all that is linked looked at.

        Returns from when on no read is from before that (datetime, UTC).
        """
        moment = fields.Datetime.now() + timedelta(seconds=self.settle_seconds)
        self.env["tribe.cursor"]._move(self, RESTORED, moment)
        self.env["tribe.relation.comparer"]._enqueue_all_again(self)
        return moment

    def _enqueue_invoice_look(self, now):
        """Have the invoices of open periods looked through; once a week, all that are booked."""
        cursors = self.env["tribe.cursor"]
        looked = cursors._position(self, "schedule:invoices")
        comparer = self.env["tribe.invoice.comparer"]
        # Seven nights are not exactly a week.
        if not looked or now - looked >= timedelta(days=WEEK, hours=-12):
            cursors._move(self, "schedule:invoices", now)
            comparer._begin(self, self._booked_since(), "nightly")
        else:
            comparer._begin_night(self, self._open_since())

    def _booked_since(self):
        """The first day of which an invoice is, or would be, booked; None: of any day.

        What is booked stays, and is looked at, when the books begin later from now on.
        """
        first = self.invoices_from or None
        booked = first and self.env["tribe.sighting"]._first_linked(self)
        return min(first, booked) if booked else first

    def _open_since(self):
        """The first day that is open in any company in which invoices are booked.

        No more than some months back; what is older is looked at once a week.
        """
        companies = self.legal_entity_ids.filtered("is_booked").company_id or self.company_id
        locked = min(max(_lock_dates(company), default=date.min) for company in companies)
        today = fields.Date.context_today(self.with_context(tz=self.timezone))
        first = [today - relativedelta(months=MOST_MONTHS), self.invoices_from or date.min]
        # The last day there is has none after it.
        return max(*first, min(locked, today) + timedelta(days=1))

    def _unlinked_partners(self):
        """The customers and suppliers of Odoo that Tribe does not know."""
        links = (
            self.env["tribe.link"]
            ._search(
                [
                    ("connection_id", "=", self.id),
                    ("kind", "in", ("organization", "person")),
                    ("partner_id", "!=", False),
                ]
            )
            .subselect("partner_id")
        )
        return self._search_filtered(
            self._relation_domain() & Domain("id", "not in", links), order="id"
        )

    def _enqueue_payments(self, others=None):
        """Note the booked invoices of which Tribe does not know that they are (un)paid.

        :param others: links of what is to be looked at as well
        """
        links = self._untold_payments()
        moves = (links | others if others else links).move_id
        self.env["tribe.work"]._add(self, "outbound", "payment", moves.ids, "nightly")

    def _untold_payments(self):
        """The links of those invoices, but for the ones for which work is there already."""
        untold = Domain("told_paid", "=", False) & self._is_paid()
        if self.tell_unpaid:
            untold |= Domain("paid_by_us", "=", True) & self._is_open()
        exporter = self.env["tribe.payment.exporter"]
        covering = {}
        return self._links_of_payments(untold).filtered(
            lambda link: exporter._phase_not_in_tribe(self, link, covering)
        )

    def _undone_payments(self):
        """The links of invoices of which a person has to say what Tribe is told: told paid, and
        open again."""
        if self.tell_unpaid:
            return self.env["tribe.link"]
        exporter = self.env["tribe.payment.exporter"]
        told = Domain("paid_by_us", "=", True) & self._is_open()
        covering = {}
        return self._links_of_payments(told).filtered(
            lambda link: exporter._is_undone(self, link, covering)
        )

    def _is_paid(self):
        return Domain("move_id.payment_state", "in", self._paid_states())

    def _is_open(self):
        return ~self._is_paid() | Domain("move_id.amount_residual", "!=", 0)

    def _links_of_payments(self, domain):
        """The links of booked invoices that are alike, and of which no payment waits."""
        of_us = Domain("connection_id", "=", self.id) & Domain("kind", "=", "invoice")
        agreed = Domain("state", "=", "linked") & Domain("move_id.state", "=", "posted")
        noted = set(
            self.env["tribe.work"]
            .search([("connection_id", "=", self.id), ("kind", "=", "payment")])
            .mapped("reference")
        )
        links = self.env["tribe.link"].search(of_us & agreed & domain)
        return links.filtered(lambda link: str(link.move_id.id) not in noted)

    def _paid_states(self):
        """The payment states that mean "paid" for Tribe: nothing is to be collected any more."""
        states = ["paid", "reversed"]
        return [*states, "in_payment"] if self.paid_when == "in_payment" else states

    def _due_of_a_save(self):
        """When a saved partner goes to Tribe (datetime, UTC)."""
        if self.export_moment == "minute":
            return fields.Datetime.now()
        return self._last_nightly_moment() + timedelta(days=1)

    def _last_nightly_moment(self):
        """The last time the clock showed the nightly hour in our time zone (datetime, UTC)."""
        zone = pytz.timezone(self.timezone)
        now = pytz.utc.localize(fields.Datetime.now()).astimezone(zone)
        moment = zone.localize(datetime.combine(now.date(), time(self.nightly_hour)))
        if moment > now:
            moment = zone.localize(
                datetime.combine(now.date() - timedelta(days=1), time(self.nightly_hour))
            )
        return moment.astimezone(pytz.utc).replace(tzinfo=None)

    def _catch_up(self):
        """It goes on after a time in which no save was noted: look at all that is linked.

        Only who differs from what both sides agreed on costs a call.
        """
        for connection in self.filtered("is_running").sudo():
            links = (
                self.env["tribe.link"]
                .sudo()
                .search(
                    [
                        ("connection_id", "=", connection.id),
                        ("kind", "in", RELATION_KINDS),
                        ("partner_id", "!=", False),
                    ]
                )
            )
            partners = links.partner_id
            self.env["tribe.work"]._ask(connection, "outbound", "partner", partners.ids, "nightly")
        for direction in ("inbound", "outbound") if self else ():
            self.env["tribe.engine"]._wake(direction)

    def _retry_problems(self):
        """Tribe can be reached again, or has something new: do what waited for that."""
        self.env["tribe.work"]._add_again(self._problems_to_retry(), "person")
        # Also what has no problem of its own, as it never came to its turn.
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"]._wake(direction)

    def _look_for_invoices_again(self):
        """Look at all invoices of Tribe once more: some were passed over that now are booked."""
        for connection in self.sudo().filtered("is_running"):
            works = self.env["tribe.work"].sudo()
            works._ask(connection, "inbound", "poll", ["invoice"], "initial")
            self.env["tribe.engine"]._wake("inbound")

    def _retry_held_invoices(self):
        """A mapping was filled: book what waited for it."""
        invoices = self._problems_to_retry() & Domain("kind", "=", "invoice")
        if self.env["tribe.work"]._add_again(invoices, "person"):
            self.env["tribe.engine"]._wake("inbound")

    def _problems_to_retry(self):
        """Of which work a person has all that may have been mended done again at once.

        What ended its worker only comes again at night, or when it is asked for itself.
        """
        return (
            Domain("connection_id", "in", self.ids)
            & Domain("error_class", "!=", False)
            & Domain("cause", "!=", STOPPED)
        )


def _lock_dates(company):
    """Up to when the books of a company are closed for sales, its parents' dates included."""
    names = ("fiscalyear_lock_date", "sale_lock_date", "hard_lock_date")
    dates = [each[name] for each in company.parent_ids for name in names]
    return [each for each in dates if each]
