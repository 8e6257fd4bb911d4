"""Invoices: a list, one with its lines, and what moves it on."""

from flask import abort, flash, redirect, render_template, request, url_for

from ..schema import INVOICE
from ..writes import Actor
from . import forms
from .relations import ROLES

PER_PAGE = 25
ACTIONS = {"Sent": "Send", "Paid": "Mark as paid"}


def add_routes(blueprint, sandbox):
    """Add the pages about invoices to the *blueprint*."""
    tenant = Invoices(sandbox)

    @blueprint.before_request
    def need_the_billing_module():
        if request.path.startswith("/invoices") and not sandbox.switches.billing_module:
            abort(404)

    @blueprint.get("/invoices")
    def invoice_list():
        phase = request.args.get("phase", "")
        found = [one for one in tenant.all() if not phase or one["phase"]["Code"] == phase]
        first = max(request.args.get("from", 0, int), 0)
        return render_template(
            "invoices.html",
            phase=phase,
            phases=tenant.phases(),
            total=len(found),
            first=first,
            per_page=PER_PAGE,
            invoices=found[first : first + PER_PAGE],
        )

    @blueprint.get("/invoices/new")
    def new_invoice():
        return render_template(
            "invoice_new.html",
            customers=tenant.customers(),
            chosen=request.args.get("customer", ""),
            legal_entities=tenant.legal_entities(),
            products=tenant.products(),
        )

    @blueprint.post("/invoices/new")
    def create_invoice():
        identifier = tenant.create()
        flash("The invoice is a draft: it can still be changed.")
        return redirect(url_for("pages.invoice", identifier=identifier), 303)

    @blueprint.get("/invoices/<identifier>")
    def invoice(identifier):
        shown = tenant.one(identifier)
        return render_template(
            "invoice.html",
            invoice=shown,
            lines=tenant.lines(shown),
            actions=tenant.actions(shown),
            products=tenant.products(),
        )

    @blueprint.post("/invoices/<identifier>/phase")
    def change_phase(identifier):
        tenant.move(identifier, request.form.get("phase", ""))
        shown = tenant.one(identifier)
        flash(f"Invoice {shown['Number']} is now {shown['phase']['Name']}.")
        return redirect(url_for("pages.invoice", identifier=identifier), 303)

    @blueprint.post("/invoices/<identifier>/lines")
    def add_line(identifier):
        tenant.add_line(identifier)
        flash("The line was added.")
        return redirect(url_for("pages.invoice", identifier=identifier), 303)

    @blueprint.post("/invoices/<identifier>/lines/<line>/remove")
    def remove_line(identifier, line):
        tenant.remove_line(line)
        flash("The line was removed.")
        return redirect(url_for("pages.invoice", identifier=identifier), 303)


class Invoices:
    """What the pages read and write; a person writes, so webhooks follow."""

    def __init__(self, sandbox):
        self._sandbox = sandbox

    @property
    def _store(self):
        return self._sandbox.store

    def _write(self, work):
        return self._sandbox.write(Actor.PERSON, work)

    def _type(self, set_name):
        return self._sandbox.schema.types[set_name]

    def phases(self):
        """Return the phases in their order."""
        return self._store.rows("Datastore", "_Type = 'Datastore.Phase.ActivityInvoice'")

    def all(self):
        """Return all invoices, drafts first, then the newest."""
        rows = [self._described(row) for row in self._store.rows("Activity")]
        return sorted(rows, key=_newest_first, reverse=True)

    def one(self, identifier):
        """Return an invoice with its phase and customer; 404 when there is none."""
        return self._described(self._store.row("Activity", identifier.lower()) or abort(404))

    def _described(self, row):
        customer = self._store.row("Relationship", row["Relationship_ID"] or "") or {}
        identity = self._store.row("Relationship", row["Identity_ID"] or "") or {}
        return {
            **row,
            "phase": self._store.row("Datastore", row["Phase_ID"]),
            "customer": customer.get("Name"),
            "relation": customer.get("Organization_ID") or customer.get("Person_ID"),
            "legal_entity": identity.get("Name"),
        }

    def lines(self, invoice):
        """Return the lines of an invoice, each with the name of its VAT group."""
        return [
            {**row, "vat_group": self._store.row("Datastore", row["VatGroup_ID"] or "") or {}}
            for row in self._store.rows("ProductLine", "Activity_ID = ?", (invoice["ID"],))
        ]

    def actions(self, invoice):
        """Return the phases that an invoice may be moved to, as (code, label of the button)."""
        current = invoice["phase"]["Code"]
        left_out = (None, self._sandbox.switches.draft_code, current)
        return [
            (phase["Code"], ACTIONS.get(phase["Code"], f"Move to {phase['Name']}"))
            for phase in self.phases()
            if phase["Code"] not in left_out
        ]

    def customers(self):
        """Return the customers that are not former, by name."""
        labels = [wire_type for wire_type, label in ROLES.items() if label == "Customer"]
        marks = ", ".join("?" for _ in labels)
        rows = self._store.rows("Relationship", f"_Type IN ({marks})", labels)
        current = [row for row in rows if not row["IsFormer"]]
        return sorted(current, key=lambda row: (row["Name"] or "").strip().casefold())

    def legal_entities(self):
        """Return our own legal entities."""
        return self._store.rows("Relationship", "_Type = 'Relationship.Organization.Identity'")

    def products(self):
        """Return the products."""
        return self._store.rows("Product")

    def create(self):
        """Create a draft with one line from the form; return its ID."""
        content = {
            "Subject": forms.text("subject"),
            "Relationship": {"ID": request.form.get("customer", "")},
            "ProductLines": [self._line()],
        }
        legal_entity = self._sandbox.switches.legal_entity_name
        if legal_entity and forms.text("legal_entity"):
            content[legal_entity] = {"ID": forms.text("legal_entity")}
        return self._write(lambda writer: writer.create(self._type(INVOICE), content))

    def _line(self):
        product = self._store.row("Product", request.form.get("product", "")) or abort(400)
        price = forms.number("price", "Price")
        quantity = forms.number("quantity", "Quantity")
        return {
            "Product": {"ID": product["ID"]},
            "VatGroup": {"ID": product["VatGroup_ID"]},
            "Description": forms.text("description") or product["Name"],
            "Quantity": 1.0 if quantity is None else quantity,
            "Price": product["SalesPrice"] if price is None else price,
        }

    def add_line(self, identifier):
        """Add a line from the form to a draft."""
        content = {"ProductLines": [self._line()]}
        self._write(lambda writer: writer.update(self._type(INVOICE), identifier, content))

    def remove_line(self, identifier):
        """Take a line off a draft."""
        self._write(lambda writer: writer.delete(self._type("ProductLine"), identifier))

    def move(self, identifier, code):
        """Move an invoice to the phase with a code; the first after the draft makes it final."""
        phase = next((one for one in self.phases() if one["Code"] == code), None) or abort(400)
        content = {"Phase": {"ID": phase["ID"]}}
        self._write(lambda writer: writer.update(self._type(INVOICE), identifier, content))


def _newest_first(invoice):
    return invoice["Number"] is None, invoice["InvoiceDay"] or "", invoice["Number"] or ""
