"""What people do with invoices in Tribe and in Odoo while everything between these goes wrong."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from end_to_end.waiting import ZONE
from end_to_end.world import INCOME_ACCOUNT, TAXES

from .laboratory import Laboratory
from .reference_model import CHANGED, DRAFT, GONE, ReferenceModel

INVOICE = "Activity_Invoice"
VAT_PERCENTAGES = (21, 9, 0)
# Of whom nobody else makes anything in a storm: its mapping is emptied, and filled again.
UNMAPPED = "NLVERLEGD"
# So many steps has the longest work.
STEPS = 3


class Books:
    """The invoices of one storm (or kill). Each work has a part in the calm, then its steps."""

    def __init__(self, chance, model: ReferenceModel, works):
        self.chance = chance
        self.model = model
        self.works = list(works)
        self._begun: list[Iterator] = []

    def prepare(self, lab: Laboratory, customers) -> None:
        """Do what comes before the storm, each work with one of some customers."""
        self._begun = [
            WORKS[name](self, lab, customers[number % len(customers)])
            for number, name in enumerate(self.works)
        ]
        for work in self._begun:
            next(work)

    def steps(self) -> list:
        """What is to be done in the storm, as often as each is called; in order within a work."""
        return [
            lambda work=work: next(work, None) for work in self._begun for _step in range(STEPS)
        ]

    # What there is to be done

    def _credited(self, lab, customer):
        invoice_id = self.send(lab, customer)
        yield
        invoice = self.model.invoices[invoice_id]
        lines = self._some_back(invoice.lines)
        self.send(lab, customer, lines=lines, credits=invoice_id, entity=invoice.entity)

    def _credited_first(self, lab, customer):
        """The credit is final before its invoice is."""
        yield
        entity, lines = self.chance.choice(lab.legal_entities), self._lines()
        invoice_id = lab.make_invoice(customer.relationship_id, lines, Identity={"ID": entity})
        self.send(lab, customer, lines=self._some_back(lines), credits=invoice_id, entity=entity)
        yield
        lab.sandbox.set_phase(invoice_id, "Sent")
        self.model.sent(invoice_id, customer.marker, lines, entity)

    def _changed(self, lab, customer):
        """And paid then, of which Tribe is not told, until it is as it was."""
        invoice_id = self.send(lab, customer)
        yield
        line, *_others = lab.sandbox.rows("ProductLine", Activity=invoice_id)
        self._change_line(lab, line, line["Price"] + 7)
        self.model.in_tribe(invoice_id, CHANGED)
        yield
        lab.pay(invoice_id)
        self.model.paid(invoice_id)
        yield
        if self.chance.random() < 1 / 2:
            self._change_line(lab, line, line["Price"])
            self.model.in_tribe(invoice_id)

    def _deleted(self, lab, customer):
        invoice_id = self.send(lab, customer)
        yield
        with _all_writable(lab):
            lab.sandbox.delete(INVOICE, invoice_id)
        self.model.in_tribe(invoice_id, GONE)

    def _draft_again(self, lab, customer):
        """And perhaps sent again."""
        invoice_id = self.send(lab, customer)
        yield
        self._set_phase(lab, invoice_id, "Draft")
        self.model.in_tribe(invoice_id, DRAFT)
        yield
        if self.chance.random() < 1 / 2:
            self._set_phase(lab, invoice_id, "Sent")
            self.model.in_tribe(invoice_id)

    def _payment_undone(self, lab, customer):
        invoice_id = self.send(lab, customer)
        yield
        lab.pay(invoice_id)
        yield
        paid = [["invoice_ids", "in", [lab.move_of(invoice_id)]]]
        payments = [row["id"] for row in lab.odoo.rows("account.payment", paid, ["id"])]
        lab.odoo.call("account.payment", "action_draft", payments)
        lab.odoo.call("account.payment", "action_cancel", payments)

    def _confirmed_again(self, lab, customer):
        invoice_id = self.send(lab, customer)
        yield
        move_id = lab.move_of(invoice_id)
        lab.odoo.call("account.move", "button_draft", [move_id])
        yield
        lab.odoo.call("account.move", "action_post", [move_id])

    def _booked_again(self, lab, customer):
        invoice_id = self.send(lab, customer)
        yield
        move_id = lab.move_of(invoice_id)
        lab.odoo.call("account.move", "button_draft", [move_id])
        lab.odoo.call("account.move", "button_cancel", [move_id])
        yield
        links = lab.odoo.rows("tribe.link", [["tribe_id", "=", invoice_id]], ["id"])
        lab.odoo.call("tribe.link", "action_book_again", [link["id"] for link in links])

    def _adopted(self, lab, customer):
        """Somebody typed it by hand before Tribe told of it."""
        price = self._price()
        # Neither is a webhook to come first, nor a look for which others asked.
        lab.sandbox.deliveries()
        lab.wait_until_idle()
        lab.sandbox.switch(webhook_drop_rate=1.0)
        invoice_id = self.send(lab, customer, lines=[(Decimal(1), price, 21)])
        lab.sandbox.switch(webhook_drop_rate=0.0)
        self._type_by_hand(lab, customer, invoice_id, price)
        self.model.typed(invoice_id)
        yield
        held = [["reference", "=", invoice_id], ["cause", "=", "number"]]
        (row, *_others) = lab.odoo.rows("tribe.work", held, ["id"])
        lab.odoo.call("tribe.work", "action_adopt", [row["id"]])
        self.model.adopted(invoice_id)

    def _mapped_later(self, lab, customer):
        """Somebody emptied a row of the mapping, and fills it in when it is missed."""
        yield
        code = [["code", "=", UNMAPPED], ["connection_id", "=", lab.connection_id]]
        rows = lab.odoo.rows("tribe.vat.group", code, ["tax_id", "tribe_id"])
        lab.odoo.write("tribe.vat.group", [row["id"] for row in rows], tax_id=False)
        self.send(lab, customer, lines=[(Decimal(1), self._price(), 0)], group=rows[0]["tribe_id"])
        yield
        tax_id = lab._tax(lab.company_id, TAXES[UNMAPPED])
        lab.odoo.write("tribe.vat.group", [row["id"] for row in rows], tax_id=tax_id)

    # The steps

    def send(self, lab, customer, *, lines=None, entity="", credits="", group="") -> str:
        """Send an invoice, of one of the legal entities; returns its ID in Tribe."""
        lines = lines or self._lines()
        entity = entity or self.chance.choice(lab.legal_entities)
        columns = {"CreditedInvoice": {"ID": credits}} if credits else {}
        invoice_id = lab.make_invoice(
            customer.relationship_id, lines, group=group, Identity={"ID": entity}, **columns
        )
        lab.sandbox.set_phase(invoice_id, "Sent")
        self.model.sent(invoice_id, customer.marker, lines, entity, credits=credits)
        return invoice_id

    def _lines(self) -> list[tuple]:
        return [
            (Decimal(self.chance.randint(1, 9)), self._price(), self.chance.choice(VAT_PERCENTAGES))
            for _line in range(self.chance.randint(1, 4))
        ]

    def _some_back(self, lines) -> list[tuple]:
        """Lines that credit the first ones of some, or all."""
        some = lines[: self.chance.randint(1, len(lines))]
        return [(-quantity, price, vat) for quantity, price, vat in some]

    def _price(self) -> Decimal:
        return Decimal(self.chance.randint(1, 99999)) / 100

    def _set_phase(self, lab, invoice_id: str, code: str) -> None:
        with _all_writable(lab):
            lab.sandbox.set_phase(invoice_id, code)

    def _change_line(self, lab, line, price: float) -> None:
        with _all_writable(lab):
            lab.sandbox.change("ProductLine", line["ID"], {"Price": price})

    def _type_by_hand(self, lab, customer, invoice_id: str, price: Decimal) -> None:
        """An invoice of one line, with Tribe's number as reference."""
        (row,) = lab.sandbox.rows(INVOICE, ID=invoice_id)
        date, due_date = (
            datetime.fromisoformat(row[name]).astimezone(ZONE).date()
            for name in ("InvoiceDate", "DueDate")
        )
        line = {
            "name": "Werk",
            "price_unit": float(price),
            "account_id": lab._account(lab.company_id, INCOME_ACCOUNT),
            "tax_ids": [[6, 0, [lab._tax(lab.company_id, TAXES["NL21"])]]],
        }
        move_id = lab.odoo.create(
            "account.move",
            move_type="out_invoice",
            partner_id=customer.partner_id,
            ref=row["Number"],
            invoice_date=f"{date}",
            invoice_date_due=f"{due_date}",
            invoice_line_ids=[[0, 0, line]],
        )
        lab.odoo.call("account.move", "action_post", [move_id])


@contextlib.contextmanager
def _all_writable(lab: Laboratory) -> Iterator[None]:
    """Let a person change what is final in Tribe."""
    lab.sandbox.switch(final_invoice_writable="all")
    try:
        yield
    finally:
        lab.sandbox.switch(final_invoice_writable="phase")


WORKS = {
    "credited": Books._credited,
    "credited first": Books._credited_first,
    "changed": Books._changed,
    "deleted": Books._deleted,
    "draft again": Books._draft_again,
    "payment undone": Books._payment_undone,
    "confirmed again": Books._confirmed_again,
    "booked again": Books._booked_again,
    "adopted": Books._adopted,
    "mapped later": Books._mapped_later,
}
