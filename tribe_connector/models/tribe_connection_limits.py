from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..sentence import say
from ..tribe_api import (
    LONGEST_EXCHANGE_SECONDS,
)
from .tribe_connection import DAYS_KEPT, NOT_NEGATIVE, POSITIVE

# A hundred years: beyond it there are no dates to calculate with.
MOST_DAYS = 36_500


class TribeConnection(models.Model):
    """The waits and limits of a connection: each is one setting."""

    _inherit = "tribe.connection"

    calls_per_window = fields.Integer("Calls Allowed", default=1000, required=True)
    call_window_seconds = fields.Integer("In Seconds", default=60, required=True)
    settle_seconds = fields.Integer(
        default=900,
        required=True,
        help="How long after a lost answer the request is not sent again, as Tribe may still "
        "be applying it.",
    )
    back_off_seconds = fields.Integer(
        "Try Again After",
        default=60,
        required=True,
        help="Seconds before the first retry. Each further retry waits twice as long, up to the "
        "longest wait.",
    )
    longest_back_off_seconds = fields.Integer(
        "Longest Wait Between Tries", default=4 * 3600, required=True
    )
    tries_before_giving_up = fields.Integer(
        default=12,
        required=True,
        help="What failed so often needs attention, and is retried once a night from then on. "
        "With the default waits, 12 tries take 16 to 20 hours.",
    )
    rate_limit_pause_seconds = fields.Integer(
        "Wait After Too Many Calls",
        default=60,
        required=True,
        help="Tribe asks for at least a minute after it refused a call because of its limit.",
    )
    failures_before_pause = fields.Integer(
        "Failures Before Pausing",
        default=5,
        required=True,
        help="After so many calls in a row without an answer Tribe counts as unreachable: no work "
        "is started until it answers again.",
    )
    probe_seconds = fields.Integer(
        "Look Whether Tribe Is Back Every",
        default=60,
        required=True,
        help="While Tribe is unreachable, one call is made every so many seconds. The schedule "
        "runs once a minute, so less than 60 has no effect.",
    )
    answer_seconds = fields.Integer(
        "Longest Wait for an Answer",
        default=int(LONGEST_EXCHANGE_SECONDS),
        required=True,
        help="Of a whole call, from looking up the name of Tribe's server to the last byte. 30 at "
        "most: Odoo ends a worker that waits longer.",
    )
    poll_seconds = fields.Integer(
        "Look for Changes Every (Seconds)",
        default=900,
        required=True,
        help="Finds what no webhook told. The schedule runs once a minute, so less than 60 has no "
        "effect.",
    )
    overlap_seconds = fields.Integer(default=300, required=True)
    dates_tell = fields.Boolean(
        "Dates Tell of Every Change",
        help="Tribe changes the date of an invoice with each change of it, also of its phase. Then "
        "a night reads what bears a new date, and no more where the number of invoices is right. "
        "Once a week all are read; a change that no date told of switches this off.",
    )
    comparison_days = fields.Integer(
        "Look for Deleted Relations Every (Days)",
        default=7,
        required=True,
        help="During the nightly job, check that every linked relation still exists in Tribe, in "
        "case the webhook of a deletion was missed: one call per 40 relations. The same is done "
        "each night after something was deleted in Tribe, which takes six calls to see. "
        "Nothing is deleted in Odoo. 0: never.",
    )
    missing_percent = fields.Integer(
        "Missing at Most (%)",
        default=10,
        required=True,
        help="When more of the linked relations are missing in Tribe, you are asked before they "
        "are unlinked. Up to three are unlinked without asking, unless they are more than half.",
    )
    keep_runs_days = fields.Integer(
        "Keep Runs (Days)",
        default=90,
        required=True,
        help="Runs and their lines are deleted after this many days. Links are kept.",
    )
    keep_problems_days = fields.Integer(
        "Keep Problems (Days)",
        default=365,
        required=True,
        help="A problem that nobody solved is given up after so many days; a run tells which.",
    )

    def init(self):
        result = super().init()
        # Earlier versions allowed more.
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_connection SET answer_seconds = %(most)s"
                " WHERE answer_seconds > %(most)s",
                most=int(LONGEST_EXCHANGE_SECONDS),
            )
        )
        return result

    @api.constrains("nightly_hour", *POSITIVE, *NOT_NEGATIVE, *DAYS_KEPT, "missing_percent")
    def _check_numbers(self):
        # Not in the database, which cannot name the connection, and explains with the whole row.
        for connection in self:
            if problem := connection._number_problem():
                raise ValidationError(
                    say(self.env, "connection_problem", name=connection.name, problem=problem)
                )

    def _number_problem(self):
        """What is wrong with its numbers, in a sentence; empty where nothing is."""
        if not 0 <= self.nightly_hour <= 23:
            return say(self.env, "nightly_hour_out_of_range")
        if any(self[name] <= 0 for name in POSITIVE) or any(
            self[name] < 0 for name in NOT_NEGATIVE
        ):
            return say(self.env, "limits_not_positive")
        if not (0 <= self.comparison_days <= MOST_DAYS and 0 <= self.missing_percent <= 100):
            return say(self.env, "missing_at_most_out_of_range")
        if not all(0 < self[name] <= MOST_DAYS for name in DAYS_KEPT):
            return say(self.env, "keep_days_out_of_range")
        return ""

    @api.constrains("answer_seconds")
    def _check_answer_seconds(self):
        # Not in the database, which cannot name the connection.
        for connection in self:
            if connection.answer_seconds > LONGEST_EXCHANGE_SECONDS:
                raise ValidationError(
                    say(
                        self.env,
                        "answer_seconds_too_long",
                        name=connection.name,
                        seconds=connection.answer_seconds,
                    )
                )

    def _older_than(self, date_field, days_field):
        """What of the connections' records is older than each of them says.

        :param date_field: the record's date (datetime, UTC)
        :param days_field: the connection's field with the number of days
        """
        now = fields.Datetime.now()
        return Domain.OR(
            Domain("connection_id", "=", connection.id)
            # One that an earlier version let say more does not stop the others.
            & Domain(date_field, "<", now - timedelta(days=min(connection[days_field], MOST_DAYS)))
            for connection in self.with_context(active_test=False).search(Domain.TRUE)
        )
