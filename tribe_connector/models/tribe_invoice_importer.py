from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo import fields, models
from odoo.tools import LazyTranslate
from odoo.tools.misc import format_date

from ..engine.lease import journal_key, partner_key
from ..engine.problems import Busy, NeedsPerson, TryAgain
from ..engine.remote_relation import (
    ORGANIZATION_CUSTOMER,
    PERSON_CUSTOMER,
    load_relations,
    relation_ids_of,
)
from ..mapping import InvoiceUnreadable, read_invoice
from ..tribe_api import Guid, any_of

CUSTOMER_SETS = {"organization": ORGANIZATION_CUSTOMER, "person": PERSON_CUSTOMER}
PAID_CODE = "Paid"
BUSY_SECONDS = 1
ACCOUNT_MANAGER = "AccountManager($select=ID,EmailAddress;$expand=Person($select=EmailAddress))"
_lt = LazyTranslate(__name__)
FACT_NAMES = {
    "number": _lt("Number"),
    "date": _lt("Date"),
    "currency": _lt("Currency"),
    "untaxed": _lt("Amount without VAT"),
    "vat": _lt("VAT"),
    "total": _lt("Total"),
}


class TribeInvoiceImporter(models.AbstractModel):
    """Tribe to Odoo: invoices in a booking phase become posted invoices."""

    _name = "tribe.invoice.importer"
    _description = "Tribe Invoice Importer"

    def _process(self, session):
        """Do the work rows of some invoices."""
        if "Activity_Invoice" in session.connection._absent():
            raise NeedsPerson(
                self.env._(
                    "This Tribe has no invoices: its Billing module is not active, or our "
                    "application may not use it. Ask Tribe, then connect again."
                )
            )
        entities = self._load(session)
        self._note_gone(session, [r for r in session.references if r not in entities])
        failures = {}
        bookings = self._prepare(session, entities, failures)

        def fail(booking, error):
            failures[booking.invoice.tribe_id] = (error, booking.invoice.number)

        for company_bookings in _by_company(bookings):
            session.halves(company_bookings, lambda part: self._book(session, part), fail)
        for reference in session.references:
            if reference in failures:
                session.failed(reference, *failures[reference])
            else:
                session.done(reference)

    # Reading

    def _load(self, session):
        """The invoices with all that a booking needs, in one call: ``{tribe_id: entity}``."""
        names = session.connection._invoice_fields()
        links = [name for name in (names.legal_entity, names.credited) if name]
        rows = session.client.by_values(
            "Activity_Invoice",
            "ID",
            [Guid(reference) for reference in session.references],
            expand=",".join(
                [
                    "Phase",
                    "Relationship",
                    "ProductLines($expand=VatGroup,Product($expand=GeneralLedgerAccount,Unit))",
                    *(f"{name}($select=ID)" for name in links),
                ]
            ),
        )
        return {row["ID"]: row for row in rows}

    def _unmapped(self, connection, client):
        """What open invoices use and is not mapped: ``{legal entity: {name, ...}}``. Only reads."""
        codes = connection.phase_ids.filtered("is_booked").mapped("code")
        open_codes = [code for code in codes if code != PAID_CODE]
        legal_entity = connection._invoice_fields().legal_entity
        expand = (
            "ProductLines($select=ID;$expand=VatGroup($select=ID),"
            "Product($select=ID;$expand=GeneralLedgerAccount($select=ID)))"
        )
        if legal_entity:
            expand += f",{legal_entity}($select=ID)"
        holes = {}
        if not open_codes:
            return holes
        for page in client.pages(
            "Activity_Invoice",
            filter=any_of("Phase/Code", open_codes),
            expand=expand,
            select="ID,Number",
        ):
            for entity in page:
                self._note_holes(connection, entity, holes)
        return holes

    def _note_holes(self, connection, invoice, holes):
        legal_entity = self._find_legal_entity(connection, invoice)
        if not legal_entity.journal_id:
            holes.setdefault(legal_entity, set()).add(self.env._("a journal (Create Journal)"))
        for line in invoice.get("ProductLines") or []:
            group_id = (line.get("VatGroup") or {}).get("ID")
            ledger_id = ((line.get("Product") or {}).get("GeneralLedgerAccount") or {}).get("ID")
            group, ledger = self._mapping_rows(legal_entity, group_id, ledger_id)
            if group and not group.tax_id:
                holes.setdefault(legal_entity, set()).add(group.name)
            if not (ledger.account_id or group.account_id) and (ledger or group):
                holes.setdefault(legal_entity, set()).add((ledger or group).display_name)

    def _prepare(self, session, entities, failures):
        """What is to be booked (``_Booking``); what cannot be goes to ``failures``."""
        known = self.env["tribe.link"]._of_tribe(session.connection, entities)
        wanted = []
        for tribe_id, entity in entities.items():
            if tribe_id in known:
                self._compare(session, known[tribe_id], entity)
                continue
            try:
                booking = self._read(session, entity)
            except Exception as error:  # noqa: BLE001 - classified by the session
                failures[tribe_id] = (error, entity.get("Number") or entity.get("Subject"))
                continue
            if booking:
                wanted.append(booking)
        self._find_customers(session, wanted, failures)
        self._read_terms(session, wanted)
        # A new transaction sees what whoever had the leases before us did.
        session.commit()
        return [booking for booking in wanted if booking.invoice.tribe_id not in failures]

    def _compare(self, session, link, entity):
        """An invoice that is booked already: note its phase, and what changed in Tribe since."""
        phase = self._phase(session.connection, entity)
        if link.phase_id != phase:
            is_paid = phase.code == PAID_CODE
            if is_paid and not link.told_paid and link.move_id:
                self._note_paid_in_tribe(link.move_id)
            link.write(
                {
                    "phase_id": phase.id,
                    "told_paid": is_paid,
                    "paid_by_us": is_paid and link.paid_by_us,
                }
            )
        if link.state in ("linked", "differs", "gone"):
            link._note_difference(
                self._tribe_difference(session, link, entity) or link._move_difference()
            )

    def _tribe_difference(self, session, link, entity):
        """What is not what it was when the invoice was booked; empty when nothing is."""
        try:
            invoice = self._read_booking(session.connection, entity).invoice
        except (NeedsPerson, InvoiceUnreadable) as error:
            return str(error)
        booked, now = link.agreed or {}, _facts(invoice)
        return "\n".join(
            self.env._(
                "%(what)s: %(now)s in Tribe, booked as %(booked)s.",
                what=FACT_NAMES[name],
                now=now[name],
                booked=booked[name],
            )
            for name in now
            if name in booked and booked[name] != now[name]
        )

    def _note_gone(self, session, tribe_ids):
        """Booked invoices that are no longer in Tribe: shown, and kept."""
        for link in self.env["tribe.link"]._of_tribe(session.connection, tribe_ids).values():
            if link.state in ("linked", "differs"):
                link.write(
                    {"state": "gone", "difference": self.env._("The invoice was deleted in Tribe.")}
                )

    def _phase(self, connection, entity):
        phase_id = (entity.get("Phase") or {}).get("ID")
        return connection.phase_ids.filtered(lambda phase: phase.tribe_id == phase_id)

    def _read(self, session, entity):
        """One invoice with its legal entity, or None where it is not to be booked."""
        connection = session.connection
        if not self._phase(connection, entity).is_booked:
            return None
        booking = self._read_booking(connection, entity)
        if connection.invoices_from and booking.invoice.date < connection.invoices_from:
            return None
        self._check_open(booking)
        for line in booking.invoice.lines:
            self._account_and_tax(booking, line)
        return booking

    def _read_booking(self, connection, entity):
        """What an invoice says and means, checked but for the mapping.

        :raises NeedsPerson, InvoiceUnreadable: with what is missing and the remedy
        """
        self._check_fields(connection, entity)
        legal_entity = self._legal_entity(connection, entity)
        currency = self._currency(entity)
        invoice = read_invoice(
            entity,
            connection._invoice_fields(),
            timezone=legal_entity.timezone,
            digits=currency.decimal_places,
            base_currency=legal_entity.company_id.currency_id.name,
        )
        return _Booking(invoice, entity, legal_entity, currency, self._phase(connection, entity))

    def _check_fields(self, connection, entity):
        """Refuse an invoice without a field that this tenant had when it was connected."""
        names = connection._invoice_fields().as_dict().values()
        missing = [name for name in names if name and name not in entity]
        if missing:
            raise NeedsPerson(
                self.env._(
                    "Tribe's invoices no longer have the field %(names)s (invoice %(number)s). "
                    "Connect again to read what they have now.",
                    names=", ".join(missing),
                    number=entity.get("Number") or entity["ID"],
                )
            )

    def _find_legal_entity(self, connection, entity):
        """The legal entity that an invoice names, else the default one; may be empty."""
        name = connection._invoice_fields().legal_entity
        tribe_id = (entity.get(name) or {}).get("ID") if name else None
        entities = connection.legal_entity_ids
        if tribe_id:
            return entities.filtered(lambda each: each.tribe_id == tribe_id)
        return entities.filtered("is_default")

    def _legal_entity(self, connection, entity):
        """The legal entity of an invoice, with all that booking needs.

        :raises NeedsPerson: when it is unknown here, or has no company or journal
        """
        legal_entity = self._find_legal_entity(connection, entity)
        number = entity.get("Number") or entity["ID"]
        if not legal_entity:
            raise NeedsPerson(
                self.env._(
                    "Invoice %s belongs to a legal entity that is not known here. Connect again to "
                    "read Tribe's legal entities.",
                    number,
                )
            )
        if not legal_entity.company_id or not legal_entity.journal_id:
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s belongs to legal entity “%(entity)s”, which has no company "
                    "or no journal. Choose them under Legal Entities.",
                    number=number,
                    entity=legal_entity.name,
                )
            )
        return legal_entity

    def _currency(self, entity):
        code = (entity.get("Currency") or "").strip().upper()
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)], limit=1)
        )
        if not currency.active:
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s is in %(currency)s, which is not an active currency in "
                    "Odoo. Activate it under Accounting > Configuration > Currencies.",
                    number=entity.get("Number") or entity["ID"],
                    currency=code or self.env._("no currency"),
                )
            )
        return currency

    # Customers

    def _find_customers(self, session, bookings, failures):
        """Fill in the partner of each booking; a customer that is missing in Odoo is made first."""
        relationships = {booking.invoice.relationship_id for booking in bookings}
        partners = self._linked_partners(session, relationships)
        missing = [
            booking for booking in bookings if booking.invoice.relationship_id not in partners
        ]
        problems = {}
        if missing:
            partners |= self._import_customers(session, missing, problems)
        for booking in bookings:
            booking.partner = partners.get(booking.invoice.relationship_id)
            if not booking.partner:
                failures[booking.invoice.tribe_id] = (
                    self._customer_problem(booking, problems),
                    booking.invoice.number,
                )
            elif not self._take_leases(session, booking):
                failures[booking.invoice.tribe_id] = (
                    self._busy(booking.partner),
                    booking.invoice.number,
                )

    def _take_leases(self, session, booking):
        """Book alone in a journal, since a new number touches its neighbours, and alone for a
        customer, whose rank it raises."""
        return session.leases.take(
            partner_key(session.connection.id, booking.partner.id)
        ) and session.leases.take(journal_key(booking.journal.id))

    def _busy(self, partner):
        return Busy(
            self.env._("%s is being synchronized right now.", partner.display_name), BUSY_SECONDS
        )

    def _read_terms(self, session, bookings):
        """Fill in payment term and salesperson of each booking, in one call per kind."""
        connection = session.connection
        for kind, entity_set in CUSTOMER_SETS.items():
            of_kind = [booking for booking in bookings if booking.relation_kind == kind]
            if not of_kind:
                continue
            has_manager = f"{entity_set}/AccountManager" not in connection._absent()
            rows = session.client.by_values(
                entity_set,
                "ID",
                {Guid(booking.invoice.relationship_id) for booking in of_kind},
                expand=ACCOUNT_MANAGER if has_manager else None,
            )
            by_id = {row["ID"]: row for row in rows}
            for booking in of_kind:
                row = by_id.get(booking.invoice.relationship_id, {})
                booking.payment_term_days = row.get("PaymentTermInDays")
                booking.salesperson = self._salesperson(booking, row.get("AccountManager"))

    def _salesperson(self, booking, employee):
        """The user whose e-mail address is that of Tribe's account manager; may be empty."""
        employee = employee or {}
        addresses = [
            address.strip().lower()
            for address in (
                employee.get("EmailAddress"),
                (employee.get("Person") or {}).get("EmailAddress"),
            )
            if address
        ]
        users = self.env["res.users"].search(
            [
                ("company_ids", "in", booking.company.id),
                "|",
                ("login", "in", addresses),
                ("email_normalized", "in", addresses),
            ],
            limit=2,
        )
        return users if len(users) == 1 else users.browse()

    def _due_date(self, booking):
        if booking.invoice.due_date:
            return booking.invoice.due_date
        return booking.invoice.date + timedelta(days=int(booking.payment_term_days or 0))

    def _linked_partners(self, session, tribe_ids):
        """The partners of some relations or relationships: ``{tribe_id: partner}``."""
        links = self.env["tribe.link"]._of_tribe(session.connection, tribe_ids)
        return {tribe_id: link.partner_id for tribe_id, link in links.items() if link.partner_id}

    def _import_customers(self, session, bookings, problems):
        """Make the customers of some invoices: ``{relationship_id: partner}``.

        :param problems: gets ``{relationship_id: exception}`` for the ones that could not be
        """
        found = {}
        for kind, entity_set in CUSTOMER_SETS.items():
            relationships = {
                booking.invoice.relationship_id
                for booking in bookings
                if booking.relation_kind == kind
            }
            if not relationships:
                continue
            relations = relation_ids_of(session.client, kind, entity_set, relationships)
            remotes = load_relations(
                session.connection, session.client, kind, set(relations.values())
            )
            failures = {}
            self.env["tribe.relation.importer"]._import(session, list(remotes.values()), failures)
            partners = self._linked_partners(session, set(relations.values()))
            for relationship_id, relation_id in relations.items():
                if relation_id in partners:
                    found[relationship_id] = partners[relation_id]
                elif relation_id in failures:
                    problems[relationship_id] = failures[relation_id][0]
        return found

    def _customer_problem(self, booking, problems):
        error = problems.get(booking.invoice.relationship_id)
        if isinstance(error, TryAgain):
            return error
        if error:
            return NeedsPerson(
                self.env._(
                    "Invoice %(number)s waits for its customer: %(problem)s",
                    number=booking.invoice.number,
                    problem=error,
                )
            )
        return NeedsPerson(
            self.env._(
                "The customer of invoice %s cannot be found in Tribe, or was deleted in Odoo. "
                "Restore the contact, or choose another customer in Tribe.",
                booking.invoice.number,
            )
        )

    # Booking

    def _book(self, session, bookings):
        """Create, correct, post and check some invoices of one company, all or nothing."""
        company = bookings[0].company
        for booking in bookings:
            self._check_open(booking)
        moves = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True, tribe_booking=True)
            .create([self._move_values(booking) for booking in bookings])
        )
        # Linked first: what is linked gets Tribe's VAT, and no other totals, when it is posted.
        self._link_moves(session, bookings, moves)
        moves._post(soft=False)
        for booking, move in zip(bookings, moves, strict=True):
            self._check_posted(booking, move)
            self._credit(session, booking, move)
            if booking.phase.code == PAID_CODE:
                self._note_paid_in_tribe(move)
            session.log("post", move.name, move=move)
        if session.connection.fetch_documents:
            self.env["tribe.work"]._add(
                session.connection,
                "inbound",
                "document",
                [booking.invoice.tribe_id for booking in bookings],
                "follow",
            )

    def _credit(self, session, booking, move):
        """Link a credit note to the invoice that Tribe says it credits, and settle both."""
        credited_id = booking.invoice.credited_invoice_id
        if not credited_id or move.move_type != "out_refund":
            return
        credited = self.env["tribe.link"]._of_tribe(session.connection, [credited_id])
        invoice = credited.get(credited_id, self.env["tribe.link"]).move_id
        if invoice.state != "posted" or invoice.company_id != move.company_id:
            return
        move.reversed_entry_id = invoice
        receivable = (move | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        if len(receivable.account_id) == 1 and len(receivable.move_id) == 2:
            receivable.reconcile()

    def _note_paid_in_tribe(self, move):
        """Tribe's word about a payment is no payment in the books: it is only noted."""
        move.message_post(
            body=self.env._("This invoice is marked as paid in Tribe; no payment was booked.")
        )

    def _check_open(self, booking):
        """Refuse before booking what Odoo would silently move to another date or number."""
        self._check_period(booking)
        self._check_rate(booking)
        self._check_number(booking)

    def _check_period(self, booking):
        locks = self._locks(booking, booking.invoice.date)
        if locks and booking.legal_entity.locked_period == "hold":
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s is dated %(date)s, in a period that is locked until "
                    "%(lock)s. Open the period in Odoo, book the invoice by hand, or let its legal "
                    "entity book on the first open day.",
                    number=booking.invoice.number,
                    date=booking.invoice.date,
                    lock=max(lock for lock, _name in locks),
                )
            )

    def _accounting_date(self, booking):
        """The date of the entry: the invoice's, or the first open day where that is allowed."""
        date = booking.invoice.date
        while locks := self._locks(booking, date):
            date = max(lock for lock, _name in locks) + timedelta(days=1)
        return date

    def _locks(self, booking, date):
        return booking.company._get_violated_lock_dates(date, True, booking.journal)

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
                self.env._(
                    "Invoice %(number)s is in %(currency)s, of which Odoo has no rate for %(date)s "
                    "or before. Enter one under Accounting > Configuration > Currencies.",
                    number=booking.invoice.number,
                    currency=booking.currency.name,
                    date=booking.invoice.date,
                )
            )

    def _check_number(self, booking):
        """Refuse a number that is in use: Odoo would refuse it late, or book the sale twice."""
        number = booking.invoice.number
        taken = self._moves_with_number(booking.company, number)
        if booking.keeps_number:
            taken |= self.env["account.move"].search(
                [("name", "=", number), ("journal_id", "=", booking.journal.id)]
            )
        if taken:
            raise NeedsPerson(
                self.env._(
                    "Number %(number)s is taken by the invoice %(move)s in the journal "
                    "%(journal)s, which did not come from Tribe. If it is the same sale, adopt it; "
                    "if not, give that one another number, or ignore the one of Tribe.",
                    number=number,
                    move=taken[0].name,
                    journal=taken[0].journal_id.display_name,
                )
            )

    def _moves_with_number(self, company, number):
        """Customer invoices of a company, typed by hand, with a number of Tribe as number or
        reference."""
        moves = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "!=", "cancel"),
                "|",
                ("name", "=", number),
                ("ref", "=", number),
            ]
        )
        return moves.filtered(lambda move: not move.tribe_link_ids)

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
            "currency_id": booking.currency.id,
            "invoice_date": invoice.date,
            "date": self._accounting_date(booking),
            # Both set by us: the customer's own term could carry a discount that changes amounts.
            "invoice_payment_term_id": False,
            "invoice_date_due": self._due_date(booking),
            "invoice_user_id": booking.salesperson.id,
            "fiscal_position_id": False,
            "ref": invoice.reference
            or (invoice.subject if booking.keeps_number else invoice.number),
            "payment_reference": invoice.number,
            "invoice_line_ids": [
                fields.Command.create(self._line_values(booking, line, sign))
                for line in invoice.lines
            ],
        }

    def _line_values(self, booking, line, sign):
        account, tax = self._account_and_tax(booking, line)
        quantity, price, discount = self._amounts(booking, line)
        return {
            "name": self._line_text(line) or booking.invoice.number,
            "product_id": self._product(booking, line).id,
            "quantity": float(quantity),
            "price_unit": float(sign * price),
            "discount": float(discount),
            "account_id": account.id,
            "tax_ids": [fields.Command.set(tax.ids)],
        }

    def _line_text(self, line):
        """Description, extra description and period, a line each."""
        period = ""
        if line.start_date or line.end_date:
            dates = (line.start_date, line.end_date)
            period = " - ".join(format_date(self.env, date) for date in dates if date)
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
                ("company_id", "in", [False, booking.company.id]),
            ],
            limit=2,
        )
        return found if len(found) == 1 else products

    def _amounts(self, booking, line):
        """Quantity, price and discount that give the net total to the cent.

        Tribe's own where they do; else the net price at full precision. Odoo keeps quantities and
        discounts with two decimals (its settings), so more of them would change the total.
        """
        precisions = self.env["decimal.precision"]
        quantity = _rounded(line.quantity, precisions.precision_get("Product Unit")) or Decimal(1)
        discount = _rounded(line.discount, precisions.precision_get("Discount"))
        total = quantity * line.price * (1 - discount / 100)
        # To the last digit: Odoo adds the lines up before it rounds.
        if total == line.net_total:
            return quantity, line.price, discount
        return quantity, line.net_total / quantity, Decimal(0)

    def _mapping_rows(self, legal_entity, group_id, ledger_id):
        """The VAT group and the ledger account with some IDs of Tribe; each may be empty."""
        return (
            legal_entity.vat_group_ids.filtered(lambda group: group.tribe_id == group_id),
            legal_entity.ledger_account_ids.filtered(lambda ledger: ledger.tribe_id == ledger_id),
        )

    def _account_and_tax(self, booking, line):
        """What a line is booked on; the ledger account also tells goods from services."""
        group, ledger = self._mapping_rows(
            booking.legal_entity, line.vat_group_id, line.ledger_account_id
        )
        tax = (ledger.is_service and group.service_tax_id) or group.tax_id
        account = ledger.account_id or group.account_id
        if not tax:
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s uses VAT group “%(group)s”, which has no sales tax for "
                    "“%(entity)s”. Choose one under VAT Groups.",
                    number=booking.invoice.number,
                    group=group.name or self.env._("none (line “%s”)", line.description),
                    entity=booking.legal_entity.name,
                )
            )
        if not account:
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s uses general ledger account “%(ledger)s”, which has no "
                    "account for “%(entity)s”. Choose one under General Ledger Accounts, or an "
                    "income account under VAT Groups.",
                    number=booking.invoice.number,
                    ledger=ledger.display_name or self.env._("none (line “%s”)", line.description),
                    entity=booking.legal_entity.name,
                )
            )
        archived = [
            record.with_company(booking.company).display_name
            for record in (account, tax)
            if not record.active
        ]
        if archived:
            raise NeedsPerson(
                self.env._(
                    "Invoice %(number)s would be booked on %(archived)s, which is archived. "
                    "Unarchive it, or choose another one for “%(entity)s”.",
                    number=booking.invoice.number,
                    archived=" / ".join(archived),
                    entity=booking.legal_entity.name,
                )
            )
        return account, tax

    def _vat_by_tax(self, booking):
        """Tribe's VAT per tax of Odoo: ``{account.tax: Decimal}``, as on the credit note itself."""
        digits = booking.currency.decimal_places
        sign = -1 if booking.invoice.is_credit else 1
        of_groups = booking.invoice.vat_by_group(digits)
        by_tax, largest = {}, {}
        for line in booking.invoice.lines:
            tax = self._account_and_tax(booking, line)[1]
            by_tax[tax] = by_tax.get(tax, Decimal(0)) + line.vat_amount
            of_groups[line.vat_group_id] -= line.vat_amount
            best = largest.get(line.vat_group_id)
            if best is None or abs(line.net_total) > best[0]:
                largest[line.vat_group_id] = (abs(line.net_total), tax)
        for group_id, rest in of_groups.items():
            if rest:
                by_tax[largest[group_id][1]] += rest
        return {tax: sign * vat for tax, vat in by_tax.items()}

    def _check_posted(self, booking, move):
        """Refuse a number or date that Odoo made different from what Tribe sent.

        :raises NeedsPerson: naming the first difference
        """
        invoice = booking.invoice
        expected = {
            "date": (self._accounting_date(booking), move.date),
            "invoice date": (invoice.date, move.invoice_date),
        }
        if booking.keeps_number:
            expected["number"] = (invoice.number, move.name)
        for what, (tribe, odoo) in expected.items():
            if tribe != odoo:
                raise NeedsPerson(
                    self.env._(
                        "Invoice %(number)s was not booked: its %(what)s is %(tribe)s in Tribe and "
                        "would be %(odoo)s in Odoo. Check the journal, or book it by hand.",
                        number=invoice.number,
                        what=what,
                        tribe=tribe,
                        odoo=odoo,
                    )
                )

    def _link_moves(self, session, bookings, moves):
        self.env["tribe.link"].create(
            [
                {
                    "connection_id": session.connection.id,
                    "kind": "invoice",
                    "tribe_id": booking.invoice.tribe_id,
                    "move_id": move.id,
                    "phase_id": booking.phase.id,
                    "told_paid": booking.phase.code == PAID_CODE,
                    "agreed": {
                        **_facts(booking.invoice),
                        "vat_by_tax": {
                            str(tax.id): str(vat) for tax, vat in self._vat_by_tax(booking).items()
                        },
                    },
                }
                for booking, move in zip(bookings, moves, strict=True)
            ]
        )


class _Booking:
    """One invoice on its way: what Tribe says, and what it means in Odoo."""

    def __init__(self, invoice, entity, legal_entity, currency, phase):
        self.invoice = invoice
        self.legal_entity = legal_entity
        self.company = legal_entity.company_id
        self.journal = legal_entity.journal_id
        self.currency = currency
        self.phase = phase
        self.partner = None
        self.payment_term_days = None
        self.salesperson = legal_entity.env["res.users"]
        # A set is named like the type, with dots turned into underscores.
        relationship_set = ((entity.get("Relationship") or {}).get("_Type") or "").replace(".", "_")
        kinds = {entity_set: kind for kind, entity_set in CUSTOMER_SETS.items()}
        self.relation_kind = kinds.get(relationship_set)

    @property
    def keeps_number(self):
        """Whether Tribe's number is the name of the move."""
        return self.legal_entity.number_policy == "tribe"


def _facts(invoice):
    """What was booked, for comparing with Tribe later: texts, so that JSON keeps them exact."""
    return {
        "number": invoice.number,
        "date": invoice.date.isoformat(),
        "currency": invoice.currency,
        "untaxed": str(invoice.untaxed),
        "vat": str(invoice.vat),
        "total": str(invoice.total),
    }


def _by_company(bookings):
    companies = {}
    for booking in bookings:
        companies.setdefault(booking.company, []).append(booking)
    return companies.values()


def _rounded(number, digits):
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
