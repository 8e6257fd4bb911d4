"""What happens to an invoice when it is written: defaults, freezing, phases, totals.

docs/tribe-api.md. ``Writer`` calls this; invoices.py does the sums.
"""

import datetime
import uuid

from . import invoices, moments
from .errors import bad_request
from .schema import INVOICE

# What stays writable on a final invoice beside the phase, under the switch "non_money".
NON_MONEY = {"ImportId", "Subject", "RelationDescription", "PaymentMethod", "Contact", "Notes"}


def touch_parent(store, switches, family, identifier):
    """Note on a parent that a child changed, when the tenant's switch says that it does."""
    if identifier and switches.child_touches_parent:
        store.update(family, identifier, {"LastMutationDate": moments.now()})


class InvoiceRules:
    """The rules of one transaction. *note* is told of mutations: (kind, entity type, ID)."""

    def __init__(self, schema, store, switches, note):
        self._schema = schema
        self._store = store
        self._switches = switches
        self._note = note

    def invoice_defaults(self, row):
        """Return the columns that a new invoice gets by itself."""
        return {
            "Currency": row["Currency"] or self._switches.base_currency,
            "IsVatIncluded": row["IsVatIncluded"] or 0,
            "IsFinal": 0,
            "Identity_ID": row["Identity_ID"] or self._default_identity(),
        }

    def _default_identity(self):
        found = self._store.rows("Relationship", "_Type = 'Relationship.Organization.Identity'")
        return found[0]["ID"] if found else None

    def take_phase(self, entity_type, body):
        """Take the phase out of an invoice's body: linking it is more than setting a column."""
        if entity_type.name != INVOICE or "Phase" not in body.names():
            return None
        if not body.links.get("Phase"):
            raise bad_request("An invoice needs an existing phase.")
        return body.links.pop("Phase")

    def start(self, identifier, phase):
        """Make a new invoice a draft with totals, then move it to *phase* (an ID or None)."""
        draft = self._draft_phase()
        self._store.update("Activity", identifier, {"Phase_ID": draft["ID"]})
        self.recompute(identifier)
        if phase and phase != draft["ID"]:
            self.move_to_phase(identifier, phase)

    def _draft_phase(self):
        code = self._switches.draft_code
        found = self._store.rows(
            "Datastore", "_Type = 'Datastore.Phase.ActivityInvoice' AND Code IS ?", (code or None,)
        )
        if not found:
            raise bad_request(f"There is no invoice phase '{code}'.")
        return found[0]

    def check_not_frozen(self, entity_type, row, body):
        """Refuse a change that a final invoice does not allow; raises ApiError."""
        if entity_type.name == "ProductLine":
            self.check_line_is_free(row["Activity_ID"])
            self.check_line_is_free(body.links.get(self._switches.line_invoice_name))
        if entity_type.name != INVOICE or not self.is_frozen(row):
            return
        allowed = {"Phase"}
        if self._switches.final_invoice_writable == "non_money":
            allowed |= NON_MONEY
        refused = sorted(body.names() - allowed)
        if refused:
            raise bad_request(f"The invoice is final: '{refused[0]}' cannot be changed.")

    def is_frozen(self, invoice):
        """Whether an invoice (a row) is final, and final means frozen in this tenant."""
        return bool(invoice["IsFinal"]) and self._switches.final_invoice_writable != "all"

    def check_line_is_free(self, invoice):
        """Refuse to touch the lines of a final invoice (an ID or None)."""
        row = self._store.row("Activity", invoice) if invoice else None
        if row and self.is_frozen(row):
            raise bad_request("The invoice is final: its lines cannot be changed.")

    def move_to_phase(self, identifier, phase):
        """Link another phase; the first one after Draft makes the invoice final."""
        row = self._store.row("Activity", identifier)
        is_draft = phase == self._draft_phase()["ID"]
        changes = {"Phase_ID": phase}
        if is_draft and self.is_frozen(row):
            raise bad_request("A final invoice cannot become a draft again.")
        if not is_draft and not row["IsFinal"]:
            changes.update({} if row["Number"] else self._finalise(row))
            changes["IsFinal"] = int(self._switches.sending_finalises)
        if self._switches.phase_touches_invoice:
            changes["LastMutationDate"] = moments.now()
        self._store.update("Activity", identifier, changes)
        self._note("phase", self._schema.types[INVOICE], identifier)

    def _finalise(self, row):
        if not row["Relationship_ID"]:
            raise bad_request("An invoice without Relationship cannot be sent.")
        if not self._store.rows("ProductLine", "Activity_ID = ?", (row["ID"],)):
            raise bad_request("An invoice without lines cannot be sent.")
        day = self._day() + datetime.timedelta(days=self._switches.invoice_day_offset)
        number = invoices.next_number(self._store, day, self._switches.number_format)
        customer = self._store.row("Relationship", row["Relationship_ID"])
        term = customer["PaymentTermInDays"]
        if term is None:
            term = invoices.DEFAULT_PAYMENT_TERM_IN_DAYS
        self._attach_pdf(row["ID"], number)
        return invoices.number_and_dates(number, day, term)

    def _day(self):
        written = self._switches.invoice_day
        return datetime.date.fromisoformat(written) if written else moments.today()

    def _attach_pdf(self, invoice, number):
        attachment, file = str(uuid.uuid4()), str(uuid.uuid4())
        self._insert("File", file, invoices.pdf_file(number, attachment))
        columns = {
            "_Name": f"{number}.pdf",
            "Description": f"{number}.pdf",
            "Entity_ID": invoice,
            "Invoice_ID": invoice,
            "File_ID": file,
        }
        self._insert("Attachment", attachment, columns)
        self._note("created", self._schema.types["Attachment"], attachment)

    def _insert(self, family, identifier, columns):
        row = dict.fromkeys(self._store.families[family])
        row.update(ID=identifier, _Type=family, CreationDate=moments.now(), **columns)
        self._store.insert(family, row)

    def line_defaults(self, row):
        """Return what a new line takes over from its product, and its price in both currencies."""
        product = self._store.row("Product", row["Product_ID"]) if row["Product_ID"] else None
        defaults = {"Quantity": 1.0 if row["Quantity"] is None else row["Quantity"]}
        if product and not row["Description"]:
            defaults["Description"] = product["Name"]
        if product and not row["VatGroup_ID"]:
            defaults["VatGroup_ID"] = product["VatGroup_ID"]
        price = row["Price"]
        if product and price is None and row["PriceInCurrency"] is None:
            price = product["SalesPrice"]
        invoice = self._store.row("Activity", row["Activity_ID"]) if row["Activity_ID"] else None
        currency = invoice["Currency"] if invoice else None
        both = self._prices(price, row["PriceInCurrency"], currency)
        defaults["Price"], defaults["PriceInCurrency"] = both
        return defaults

    def line_changes(self, row, changes):
        """Return both prices when one of them changes."""
        if not {"Price", "PriceInCurrency"} & set(changes):
            return {}
        in_currency = changes.get("PriceInCurrency")
        both = self._prices(changes.get("Price"), in_currency, row["Currency"])
        return {"Price": both[0], "PriceInCurrency": both[1]}

    def _prices(self, price, in_currency, currency):
        return invoices.prices_in_both_currencies(
            price, in_currency, currency, self._switches.base_currency
        )

    def line_moved(self, row, changes):
        """Recompute the invoice that a changed line is on, and the one it was on."""
        for invoice in {row["Activity_ID"], changes.get("Activity_ID", row["Activity_ID"])}:
            self.line_changed(invoice)

    def line_changed(self, invoice):
        """Recompute an invoice (an ID or None) after one of its lines changed."""
        if invoice:
            self.recompute(invoice)
            touch_parent(self._store, self._switches, "Activity", invoice)

    def recompute(self, identifier):
        """Store the totals of an invoice that is not frozen, and of its lines."""
        invoice = self._store.row("Activity", identifier)
        if self.is_frozen(invoice):
            return
        lines = self._store.rows("ProductLine", "Activity_ID = ?", (identifier,))
        for line in lines:
            line["VatPercentage"] = self._vat_percentage(line)
        totals, line_totals = invoices.compute_totals(invoice, lines, self._switches)
        totals["Amount"] = totals.get(invoices.AMOUNT_COLUMNS[self._switches.amount_means])
        self._store.update("Activity", identifier, totals)
        for line, columns in zip(lines, line_totals, strict=True):
            columns["VatPercentage"] = line["VatPercentage"]
            both = self._prices(line["Price"], line["PriceInCurrency"], invoice["Currency"])
            columns["Price"], columns["PriceInCurrency"] = both
            self._store.update("ProductLine", line["ID"], columns)

    def _vat_percentage(self, line):
        group = self._store.row("Datastore", line["VatGroup_ID"]) if line["VatGroup_ID"] else None
        return group["Percentage"] if group else None
