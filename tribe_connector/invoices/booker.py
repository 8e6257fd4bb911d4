import contextlib
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import escape_psql
from odoo.tools.misc import format_date, get_lang

from ..codes import DEAD_STATES
from ..engine.lost_race import is_of_transaction
from ..engine.problems import PERSON_ERRORS, NeedsPerson, OfSome, refusal_of
from ..engine.same_text import is_same_text
from ..engine.turn import is_turn_over
from ..mapping.cents import rounded, vat_by_tax
from ..mapping.invoice import LATEST_DATE
from ..mapping.invoice_facts import can_be_same_sale, key, summed, text, tribe_facts
from ..sentence import Money, Name, say, sentence, together
from .booking import (
    BOOKING,
    MOST_LINES,
    vat_places,
)

# The lock dates that account_journal_lock_date gives a journal; the second one is for whoever is
# no accounting administrator.
LOCK_OF_OTHERS = "period_lock_date"
LOCKS_OF_JOURNAL = ("fiscalyear_lock_date", LOCK_OF_OTHERS)


class TribeInvoiceBooker(models.AbstractModel):
    """From an invoice of Tribe that is read and complete to a posted one in Odoo."""

    _name = "tribe.invoice.booker"
    _description = "Tribe Invoice Booker"

    def _due_date(self, booking):
        if booking.invoice.due_date:
            return booking.invoice.due_date
        return booking.invoice.date + timedelta(days=int(booking.payment_term_days or 0))

    def _book(self, batch, bookings):
        """Create, correct, post and check some invoices of one company, all or nothing.

        :raises OfSome: what is wrong with some of them
        """
        company = bookings[0].company
        self._check_each(bookings, self._check_open)
        refused = OfSome({})
        moves = (
            self.env["account.move"]
            .with_company(company)
            .with_context(
                lang=self._language(company),
                tracking_disable=True,
                tribe_booking=BOOKING,
                tribe_asker=bookings[0].asker,
                tribe_refused=refused,
            )
            .create([self._move_values(booking) for booking in bookings])
            # From here on Odoo refuses in the language of who is told.
            .with_context(lang=self.env.lang)
        )
        of_move = dict(zip(moves, bookings, strict=True))
        with self._of_bookings(of_move):
            refused.check()
            self._check_each(moves, lambda move: self._check_taken_on(of_move[move], move))
            # Linked first: what is linked gets Tribe's VAT, and no other totals, when it is posted.
            # A credit note and its invoice are settled then, too.
            self._link_moves(batch, bookings, moves)
            self._post(moves)
            refused.check()
            self._check_each(moves, lambda move: self._check_posted(of_move[move], move))
        self._note_origin(bookings, moves)
        for move, booking in of_move.items():
            self._keep_vat_places(move)
            if booking.phase._is_paid() and not booking.was_told_paid:
                self._note_paid_in_tribe(move)
            batch.log("post", move.name, move=move)
        if batch.connection.fetch_documents:
            self.env["tribe.work"]._add(
                batch.connection,
                "inbound",
                "document",
                [booking.invoice.tribe_id for booking in bookings],
                "follow",
            )

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

    def _check_each(self, records, check):
        """Look at all of some records with a function that refuses.

        :raises OfSome: which it refuses
        """
        refused = OfSome({})
        for record in records:
            try:
                check(record)
            except PERSON_ERRORS as error:
                refused.reasons[record] = error
        refused.check()

    @contextlib.contextmanager
    def _of_bookings(self, of_move):
        """What is wrong with entries is wrong with what they are booked for: ``{move: booking}``"""
        try:
            yield
        except OfSome as error:
            known = [move for move in of_move if move in error.reasons]
            OfSome({of_move[move]: error.reasons[move] for move in known}).check()
            # Of an entry that Odoo made along with them, such as an exchange difference.
            raise next(iter(error.reasons.values())) from error

    def _post(self, moves):
        """Post some entries; to know which of them Odoo refuses, one after the other.

        :raises OfSome: which of them cannot be posted; what was posted is to be undone then
        """
        try:
            with self.env.cr.savepoint():
                moves._post(soft=False)
        except OfSome:
            raise
        except Exception as error:
            if is_of_transaction(error):
                raise
            if len(moves) > 1:
                OfSome(dict(self._refused_alone(moves))).check()
            raise

    def _refused_alone(self, moves):
        """Those of some entries that cannot be posted, and why, as long as there is time."""
        for move in moves:
            if is_turn_over():
                return
            try:
                with self.env.cr.savepoint():
                    move._post(soft=False)
            except OfSome as error:
                yield from error.reasons.items()
            except Exception as error:
                if is_of_transaction(error):
                    raise
                yield move, error

    def _note_paid_in_tribe(self, move):
        """Tribe's word about a payment is no payment in the books: it is only noted."""
        move.message_post(body=self._say_in(move.company_id, "paid_in_tribe_not_booked"))

    def _note_origin(self, bookings, moves):
        """Have the audit trail say where entries come from: their changes are not tracked.

        As said by who asked for them, where an exception of theirs counted.
        """
        moves._message_log_batch(
            {
                move.id: self._say_in(
                    booking.company, "booked_from_tribe", number=booking.invoice.number
                )
                for booking, move in zip(bookings, moves, strict=True)
            },
            author_id=bookings[0].asker.partner_id.id or None,
        )

    def _language(self, company):
        """The language in which the books of a company are kept, whoever is told of problems."""
        # One that is not installed any more Odoo refuses in whatever is done.
        return get_lang(self.env, company.partner_id.lang).code

    def _say_in(self, company, code, **parameters):
        """A sentence in the language of a company."""
        return say(self.with_context(lang=self._language(company)).env, code, **parameters)

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
        told = {"number": booking.invoice.number, "date": booking.invoice.date, "lock": lock}
        for_good = [each for each, kind in locks if kind == "hard_lock_date"]
        if for_good:
            told["lock"] = max(for_good)
            raise NeedsPerson(sentence("invoice_in_period_locked_for_good", **told))
        if name in LOCKS_OF_JOURNAL:
            raise NeedsPerson(
                sentence("invoice_in_locked_journal", journal=Name.of(booking.journal), **told)
            )
        raise NeedsPerson(sentence("invoice_in_locked_period", **told))

    def _accounting_date(self, booking):
        """The date of the entry: the invoice's, or the first open day where that is allowed."""
        date = booking.invoice.date
        while locks := self._locks(booking, date):
            date = max(lock for lock, _name in locks) + timedelta(days=1)
        return date

    def _locks(self, booking, date):
        """What keeps an entry from being booked on a date: ``[(lock date, its field)]``."""
        company = booking.company.with_context(tribe_asker=booking.asker)
        return [
            *company._get_violated_lock_dates(date, True, booking.journal),
            *self._locks_of_journal(booking.journal, date),
        ]

    def _locks_of_journal(self, journal, date):
        """The same of account_journal_lock_date, which is known by its fields."""
        names = [name for name in LOCKS_OF_JOURNAL if name in journal._fields]
        if self.env.user.has_group("account.group_account_manager"):
            names = [name for name in names if name != LOCK_OF_OTHERS]
        return [(journal[name], name) for name in names if journal[name] and date <= journal[name]]

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

    def _check_number(self, booking):
        """Refuse a number that is in use: Odoo would refuse it late, or book the sale twice."""
        number = booking.invoice.number
        if booking.keeps_number:
            in_journal = self.env["account.move"].search(
                [
                    ("name", "=", number),
                    ("journal_id", "=", booking.journal.id),
                    # A cancelled one gives its number free (Odoo's index on names).
                    ("state", "!=", "cancel"),
                ],
                limit=1,
            )
            if in_journal:
                raise self._number_taken(
                    booking, in_journal, self._remedy_in_journal(booking, in_journal)
                )
        if not booking.may_share_number:
            self._check_number_elsewhere(booking)

    def _check_number_elsewhere(self, booking):
        """Refuse a number by which the sale may be in the books already."""
        every = self._all_with_number(booking.company, booking.invoice.number)
        elsewhere = self._that_may_be_adopted(booking.connection, every)
        facts = self._facts_in_tribe(booking)
        if same := self._of_same_sale(booking.connection, elsewhere, facts):
            raise self._number_taken(booking, same[0], sentence("number_taken_adopt_or_book"))
        twice = (every - elsewhere).filtered(
            lambda move: self._was_given(booking, self._links_of(booking.connection, move))
        )
        if same := self._of_same_sale(booking.connection, twice, facts):
            self._look_whether_deleted(booking.connection, same)
            raise self._number_taken(
                booking, same[0], sentence("number_given_twice_book_or_ignore")
            )
        # Before other books are asked for its total: one that contradicts itself asks nothing.
        booking.invoice.vat_by_group(booking.currency.decimal_places)
        if self._is_booked_beside(booking):
            # Who sees the books of this company may not see those: nothing of them is told.
            raise NeedsPerson(
                sentence(
                    "invoice_number_taken_beside",
                    number=booking.invoice.number,
                    total=Money(abs(booking.invoice.total), booking.currency.name),
                )
            )

    def _was_given(self, booking, link):
        """Whether Tribe gave the number of an invoice to another one that is booked.

        Legal entities may have the same numbers, and Odoo may give an entry any.
        """
        entities = (None, booking.legal_entity.tribe_id)
        return link._booked_number() == booking.invoice.number and link._legal_entity() in entities

    def _remedy_in_journal(self, booking, move):
        links = self._links_of(booking.connection, move)
        if links.state == "gone":
            return sentence("number_of_deleted_adopt_or_cancel")
        if not links or links.state in DEAD_STATES:
            return sentence("number_taken_adopt_or_renumber")
        self._look_whether_deleted(booking.connection, move)
        return sentence("number_given_twice_by_tribe")

    def _look_whether_deleted(self, connection, moves):
        """Have Tribe asked for those that it gave the same number: it may have made one anew."""
        tribe_ids = self._links_of(connection, moves).mapped("tribe_id")
        self.env["tribe.work"]._ask(connection, "inbound", "invoice", tribe_ids, "follow")

    def _links_of(self, connection, moves):
        """The links of some entries through a connection: one of each."""
        return moves.tribe_link_ids.filtered(lambda link: link.connection_id == connection)

    def _of_same_sale(self, connection, moves, facts):
        """Those of some entries with the number of an invoice of Tribe that can be its sale.

        :param facts: what is known of that invoice
        """
        return moves.filtered(
            lambda move: can_be_same_sale(facts, self._facts_if_adopted(connection, move, facts))
        )

    def _facts_if_adopted(self, connection, move, facts):
        """The facts of an entry, as if it were linked to an invoice of Tribe."""
        link = self.env["tribe.link"].new(
            {
                "connection_id": connection.id,
                "kind": "invoice",
                "move_id": move.id,
                "agreed": {**facts, "keeps_number": False},
            }
        )
        return link._facts_in_odoo()

    def _number_taken(self, booking, move, remedy):
        return NeedsPerson(
            sentence(
                "invoice_number_taken",
                number=booking.invoice.number,
                total=Money(abs(booking.invoice.total), booking.currency.name),
                # A draft has no number yet.
                move=move.name or sentence("invoice_that_is_a_draft"),
                customer=move.commercial_partner_id._tribe_called(),
                total_of_move=Money(Decimal(str(move.amount_total)), move.currency_id.name),
                journal=Name.of(move.journal_id),
                remedy=remedy,
            ),
        )

    def _is_booked_beside(self, booking):
        """Whether a company above, or a branch, has the same sale with its number.

        All of them are one business. A number alone says nothing: each may have its own series,
        and then one would be asked about for ever.
        """
        if not booking.partner:
            # It is looked at again when it is booked.
            return False
        company, invoice = booking.company, booking.invoice
        companies = company.with_context(active_test=False).search(
            [("id", "child_of", company.root_id.id), ("id", "!=", company.id)]
        )
        moves = self._moves_with_number(booking.connection, companies, invoice.number)
        return any(
            (move.move_type == "out_refund") == invoice.is_credit
            and move.commercial_partner_id == booking.partner.commercial_partner_id
            and move.currency_id == booking.currency
            and Decimal(str(move.amount_total)) == abs(invoice.total)
            for move in moves
        )

    def _moves_with_number(self, connection, companies, number):
        """Those of some companies with a number of Tribe that an invoice of Tribe may be."""
        return self._that_may_be_adopted(connection, self._all_with_number(companies, number))

    def _that_may_be_adopted(self, connection, moves):
        """Those of some invoices that were typed by hand, or booked through another connection.

        Or whose own invoice of Tribe was deleted there, or left to Odoo: what else this connection
        booked is known by its link.
        """
        return moves.filtered(
            lambda move: all(link.state in DEAD_STATES for link in self._links_of(connection, move))
        )

    def _all_with_number(self, companies, number):
        """Customer invoices of some companies that have a number of Tribe as number or reference.

        Or at the beginning of that, as an entry has it that Odoo numbers.
        """
        return self.env["account.move"].search(
            [
                ("company_id", "in", companies.ids),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "!=", "cancel"),
                "|",
                "|",
                "|",
                ("name", "=", number),
                ("ref", "=", number),
                ("ref", "=like", f"{escape_psql(number)} / %"),
                ("payment_reference", "=", number),
            ]
        )

    def _move_values(self, booking):
        invoice = booking.invoice
        sign = -1 if invoice.is_credit else 1
        return {
            "move_type": "out_refund" if invoice.is_credit else "out_invoice",
            "name": invoice.number if booking.keeps_number else False,
            "is_move_sent": True,
            "journal_id": booking.journal.id,
            "company_id": booking.company.id,
            "partner_id": booking.partner.id,
            "partner_shipping_id": self._delivery_address(booking.partner, booking.company).id,
            "currency_id": booking.currency.id,
            "invoice_date": invoice.date,
            "date": self._accounting_date(booking),
            # Both set by us: the customer's own term could carry a discount that changes amounts.
            "invoice_payment_term_id": False,
            # A company may have one by default, which would change the total.
            "invoice_cash_rounding_id": False,
            "invoice_date_due": self._due_date(booking),
            "invoice_user_id": booking.salesperson.id,
            "fiscal_position_id": self._fiscal_position(booking).id,
            "ref": self._reference(booking),
            "payment_reference": invoice.number,
            "invoice_line_ids": [
                fields.Command.create(self._line_values(booking, line, sign))
                for line in invoice.lines
            ],
        }

    def _fiscal_position(self, booking):
        return self._taxes(booking)._tribe_fiscal_position(booking.company)

    def _taxes(self, booking):
        """The taxes of all lines.

        :raises NeedsPerson: for what is not mapped
        """
        lines = [line for line in booking.invoice.lines if not line.is_text]
        taxes = {self._account_and_tax(booking, line)[1] for line in lines}
        return self.env["account.tax"].union(*taxes)

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

    @api.model
    def _delivery_address(self, partner, company):
        """The one that Odoo would take, or the customer where that is one of another company.

        Odoo takes it whoever's it is, and then refuses the invoice.
        """
        address = partner.browse(partner.address_get(["delivery"])["delivery"])
        return address.filtered_domain(partner._check_company_domain(company)) or partner

    def _reference(self, booking):
        """The customer's reference; with Tribe's number where Odoo gives the move another one."""
        invoice = booking.invoice
        if booking.keeps_number:
            return invoice.reference or invoice.subject
        return " / ".join(filter(None, (invoice.number, invoice.reference)))

    def _line_values(self, booking, line, sign):
        if line.is_text:
            return {"display_type": "line_note", "name": self._line_text(booking, line)}
        account, tax = self._account_and_tax(booking, line)
        quantity, price, discount = self._amounts(booking, line)
        if sign < 0:
            # What is given back is a quantity on a credit note; a price only where it has to be.
            quantity, price = (-quantity, price) if quantity < 0 else (quantity, -price)
        return {
            "name": self._line_text(booking, line) or booking.invoice.number,
            "product_id": self._product(booking, line).id,
            **self._unit(booking, line),
            "quantity": float(quantity),
            "price_unit": float(price),
            "discount": float(discount),
            "account_id": account.id,
            "tax_ids": [fields.Command.set(tax.ids)],
        }

    def _line_text(self, booking, line):
        """Description, extra description and period, a line each.

        Dates as the customer writes them, who gets the invoice.
        """
        language = booking.partner.lang or self._language(booking.company)
        dates = filter(None, (line.start_date, line.end_date))
        period = " - ".join(format_date(self.env, date, lang_code=language) for date in dates)
        texts = (line.description, line.extra_description, period)
        return "\n".join(text for text in texts if text)

    def _product(self, booking, line):
        """The product with Tribe's code, where that is wanted and there is just one."""
        products = self.env["product.product"]
        if not line.product_code or not booking.legal_entity.connection_id.match_products:
            return products
        found = products.search(
            [
                ("default_code", "=", line.product_code),
                *products._check_company_domain(booking.company),
            ],
            limit=2,
        )
        return found if len(found) == 1 else products

    def _unit(self, booking, line):
        """Odoo's unit with the name of Tribe's, in the company's language; else its own choice."""
        unit = (
            self.env["uom.uom"]
            .with_context(lang=self._language(booking.company))
            .search(is_same_text("name", line.unit), limit=2)
            if line.unit
            else self.env["uom.uom"]
        )
        return {"product_uom_id": unit.id} if len(unit) == 1 else {}

    def _amounts(self, booking, line):
        """Quantity, price and discount that give the net total to the cent.

        Tribe's own where they do; else the net price at full precision. Odoo keeps quantities and
        discounts with two decimals (its settings), so more of them would change the total.
        """
        precisions = self.env["decimal.precision"]
        quantity = rounded(line.quantity, precisions.precision_get("Product Unit")) or Decimal(1)
        discount = rounded(line.discount, precisions.precision_get("Discount"))
        total = quantity * line.price * (1 - discount / 100)
        # To the last digit: Odoo adds the lines up before it rounds.
        if total == line.net_total:
            return quantity, line.price, discount
        return quantity, line.net_total / quantity, Decimal(0)

    def _account_and_tax(self, booking, line):
        """What a line is booked on; the ledger account also tells goods from services."""
        group, ledger = booking.mapping.rows(line.vat_group_id, line.ledger_account_id)
        tax = group._tax_of(ledger)
        account = ledger.account_id or group.account_id
        if not (tax and account):
            raise NeedsPerson(self._unmapped_sentence(booking, line, tax))
        problem = tax._tribe_problem()
        if problem:
            raise NeedsPerson(
                sentence(
                    "tax_unusable",
                    number=booking.invoice.number,
                    problem=problem,
                ),
            )
        told = {"number": booking.invoice.number, "entity": booking.legal_entity.name}
        if not account.active:
            raise NeedsPerson(sentence("account_archived", account=Name.of(account), **told))
        if not tax.active:
            raise NeedsPerson(sentence("tax_archived", tax=Name.of(tax), **told))
        return account, tax

    def _unmapped_sentence(self, booking, line, tax):
        """What a line lacks: something on it in Tribe, or what is chosen for that here."""
        group, ledger = booking.mapping.rows(line.vat_group_id, line.ledger_account_id)
        number, entity = booking.invoice.number, booking.legal_entity.name
        if not line.vat_group_id:
            return sentence("line_without_vat_group", number=number, line=line.description)
        if not group or (group.tax_id and line.ledger_account_id and not ledger):
            return sentence("line_uses_what_is_unknown", number=number, line=line.description)
        if not tax and group.tax_id:
            return sentence(
                "vat_group_sells_goods_or_services",
                number=number,
                line=line.description,
                group=group.name,
                entity=entity,
            )
        if not tax:
            return sentence("vat_group_without_tax", number=number, group=group.name, entity=entity)
        if ledger:
            return sentence(
                "ledger_account_without_account",
                number=number,
                ledger=ledger.display_name,
                entity=entity,
            )
        return sentence(
            "line_without_ledger_account",
            number=number,
            line=line.description,
            group=group.name,
            entity=entity,
        )

    def _vat_by_tax(self, booking):
        """Tribe's VAT per tax of Odoo: ``{account.tax: Decimal}``, as on the credit note itself."""
        sign = -1 if booking.invoice.is_credit else 1
        by_tax = vat_by_tax(
            [
                (line, self._account_and_tax(booking, line)[1])
                for line in booking.invoice.lines
                if not line.is_text
            ],
            booking.invoice.vat_by_group(booking.currency.decimal_places),
        )
        return {tax: sign * vat for tax, vat in by_tax.items()}

    def _check_posted(self, booking, move):
        """Refuse an accounting date that Odoo moved (what else Tribe says, posting checks).

        :raises NeedsPerson: naming both dates
        """
        expected = self._accounting_date(booking)
        if move.date != expected:
            raise NeedsPerson(
                sentence(
                    "invoice_date_would_differ",
                    number=booking.invoice.number,
                    odoo=move.date,
                    expected=expected,
                ),
            )

    def _keep_vat_places(self, move):
        """Agree on accounts and grids as they were posted: some countries' addons set them then."""
        for link in move.tribe_link_ids:
            link.agreed = {**link.agreed, "vat_places": vat_places(move)}

    def _link_moves(self, batch, bookings, moves):
        self.env["tribe.link"].create(
            [
                {
                    "connection_id": batch.connection.id,
                    "kind": "invoice",
                    "tribe_id": booking.invoice.tribe_id,
                    "credited_tribe_id": booking.invoice.credited_invoice_id,
                    "move_id": move.id,
                    "phase_id": booking.phase.id,
                    "told_paid": booking.phase._is_paid(),
                    "paid_by_us": booking.phase._is_paid() and booking.was_told_paid,
                    "agreed": {
                        **self._facts_of(booking),
                        "due_date": self._due_date(booking).isoformat(),
                        "accounting_date": self._accounting_date(booking).isoformat(),
                        "keeps_number": booking.keeps_number,
                        "partner_id": booking.partner.id,
                        **booking.kept,
                    },
                }
                for booking, move in zip(bookings, moves, strict=True)
            ]
        )

    def _facts_in_tribe(self, booking):
        """Tribe's facts, with the relation that has the customer relationship, if that is known."""
        relation = {"relation": booking.relation_id} if booking.relation_id else {}
        return {**tribe_facts(booking.invoice), **relation}

    def _facts_of(self, booking):
        """What is agreed once it is booked: Tribe's facts, and what they mean in Odoo.

        :raises NeedsPerson: for what is not mapped
        """
        nets = []
        for line in booking.invoice.lines:
            if not line.is_text:
                account, tax = self._account_and_tax(booking, line)
                nets.append((key(account.id, tax.id), line.net_total))
        return {
            **self._facts_in_tribe(booking),
            "legal_entity": booking.legal_entity.tribe_id,
            "nets": summed(nets),
            "is_vat_included": booking.invoice.is_vat_included,
            "early_discount": "",
            "vat_by_tax": {
                str(tax.id): text(vat) for tax, vat in self._vat_by_tax(booking).items()
            },
        }
