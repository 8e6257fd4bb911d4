from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError

from ..engine.problems import NeedsPerson, refusal_of
from ..mapping.invoice import LATEST_DATE
from ..sentence import Name, sentence, together
from .booking import MOST_LINES

# The lock dates that account_journal_lock_date gives a journal; the second one is for whoever is
# no accounting administrator.
LOCK_OF_OTHERS = "period_lock_date"
LOCKS_OF_JOURNAL = ("fiscalyear_lock_date", LOCK_OF_OTHERS)


class TribeInvoiceBooker(models.AbstractModel):
    """Refuses, before anything is booked, what Odoo could not book as Tribe has it."""

    _inherit = "tribe.invoice.booker"

    def _check_open(self, booking):
        """Refuse before booking what Odoo would silently move to another date or number."""
        self._check_journal(booking)
        self._check_period(booking)
        self._check_rate(booking)
        self._check_number(booking)
        self._check_lines(booking)

    def _check_lines(self, booking):
        """Refuse what Odoo could not book before it ends the worker, with all that it did."""
        lines = len(booking.invoice.lines)
        if lines > MOST_LINES:
            raise NeedsPerson(
                sentence(
                    "invoice_has_too_many_lines",
                    number=booking.invoice.number,
                    lines=lines,
                    most=MOST_LINES,
                )
            )

    def _check_journal(self, booking):
        problem = booking.legal_entity._journal_problem()
        if problem:
            raise NeedsPerson(
                sentence(
                    "invoice_journal_unusable",
                    number=booking.invoice.number,
                    entity=booking.legal_entity.name,
                    problem=problem,
                ),
            )

    def _check_period(self, booking):
        locks = self._locks(booking, booking.invoice.date)
        if not locks:
            return
        lock, name = max(locks)
        # Books that are locked for good have no first open day.
        if booking.legal_entity.locked_period == "first_open_day" and lock < LATEST_DATE:
            return
        named = {"number": booking.invoice.number, "date": booking.invoice.date, "lock": lock}
        for_good = [each for each, kind in locks if kind == "hard_lock_date"]
        if for_good:
            named["lock"] = max(for_good)
            raise NeedsPerson(sentence("invoice_in_period_locked_for_good", **named))
        if name in LOCKS_OF_JOURNAL:
            raise NeedsPerson(
                sentence("invoice_in_locked_journal", journal=Name.of(booking.journal), **named)
            )
        raise NeedsPerson(sentence("invoice_in_locked_period", **named))

    def _accounting_date(self, booking):
        """The date of the entry: the invoice's, or the first open day where that is allowed."""
        date = booking.invoice.date
        while locks := self._locks(booking, date):
            date = max(lock for lock, _name in locks) + timedelta(days=1)
        return date

    def _locks(self, booking, date):
        """What keeps an entry from being booked on a date: ``[(lock date, its field)]``."""
        if date not in booking.locks:
            company = booking.company.with_context(tribe_asker=booking.asker)
            booking.locks[date] = [
                *company._get_violated_lock_dates(date, True, booking.journal),
                *self._locks_of_journal(booking.journal, date),
            ]
        return booking.locks[date]

    def _locks_of_journal(self, journal, date):
        """The same of account_journal_lock_date, which is known by its fields."""
        names = [name for name in LOCKS_OF_JOURNAL if name in journal._fields]
        if self.env.user.has_group("account.group_account_manager"):
            names = [name for name in names if name != LOCK_OF_OTHERS]
        return [(journal[name], name) for name in names if journal[name] and date <= journal[name]]

    def _asker_with_exception(self, booking, user_id):
        """Who asked for a booking, where an exception to a lock date is theirs; else nobody.

        Odoo looks for those of whoever posts (``_get_user_lock_date`` in
        ``account/models/company.py``), and a lane does that: ``res.company`` looks for theirs
        then. They must be allowed to post there by hand.
        """
        nobody = self.env["res.users"]
        asker = nobody.browse(user_id).exists().filtered("active")
        if booking.company not in asker.company_ids:
            return nobody
        if not asker.has_group("account.group_account_invoice"):
            return nobody
        exceptions = self.env["account.lock_exception"].search_count(
            [
                ("user_id", "=", asker.id),
                ("company_id", "in", booking.company.parent_ids.ids),
                ("state", "=", "active"),
            ],
            limit=1,
        )
        return asker if exceptions else nobody

    def _check_taken_on(self, booking, move):
        """Refuse what another addon takes on no such date, before anything else does.

        :raises NeedsPerson: with what it says
        """
        try:
            move._check_fiscal_lock_dates()
        except UserError as error:
            raise NeedsPerson(
                sentence(
                    "invoice_date_refused_by_odoo",
                    number=booking.invoice.number,
                    date=move.date,
                    reason=together(refusal_of(error, self.env)),
                )
            ) from error

    def _check_rate(self, booking):
        """Without a rate Odoo would book a foreign amount one to one."""
        company = booking.company
        if booking.currency == company.currency_id:
            return
        rate = self.env["res.currency.rate"].search(
            [
                ("currency_id", "=", booking.currency.id),
                ("company_id", "in", [False, company.root_id.id]),
                ("name", "<=", booking.invoice.date),
            ],
            limit=1,
        )
        if not rate:
            raise NeedsPerson(
                sentence(
                    "invoice_without_currency_rate",
                    number=booking.invoice.number,
                    currency=booking.currency.name,
                    date=booking.invoice.date,
                ),
            )

    def _check_taxes(self, booking):
        """Refuse taxes that Odoo takes in no invoice of the company, or not in one."""
        problem = self._taxes(booking)._tribe_problem_of_country(booking.company)
        if problem:
            raise NeedsPerson(
                sentence(
                    "invoice_taxes_of_countries",
                    number=booking.invoice.number,
                    problem=problem,
                ),
            )
