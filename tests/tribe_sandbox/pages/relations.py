"""Organizations and persons: a list, a form, and their roles."""

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for

from ..writes import Actor
from . import forms

PER_PAGE = 25
ROLES = {
    "Relationship.Organization.CommercialRelationship.Customer": "Customer",
    "Relationship.Person.CommercialRelationship.Customer": "Customer",
    "Relationship.Organization.Supplier": "Supplier",
}
ROLE_SETS = {
    ("organization", "customer"): "Relationship_Organization_CommercialRelationship_Customer",
    ("organization", "supplier"): "Relationship_Organization_Supplier",
    ("person", "customer"): "Relationship_Person_CommercialRelationship_Customer",
}
SETS = {"organization": "Relation_Organization", "person": "Relation_Person"}
CHILDREN = {"organization": "Organization", "person": "Person"}
ADDRESS_SLOTS = {"organization": "InvoiceAddress", "person": "Address"}


@dataclass(frozen=True)
class Field:
    """An input: the wire name and the label of a property, and the kind of input."""

    name: str
    label: str
    kind: str = "text"

    def read(self):
        """What was typed: a text, a number, or None."""
        if self.kind == "number":
            return forms.number(self.name, self.label)
        return forms.text(self.name)


CONTACT_FIELDS = (
    Field("EmailAddress", "E-mail", "email"),
    Field("PhoneNumber", "Phone", "tel"),
)
NUMBER_FIELDS = (
    Field("DebtorNumber", "Debtor number"),
    Field("CreditorNumber", "Creditor number"),
)
FIELDS = {
    "organization": (
        Field("Name", "Name"),
        *CONTACT_FIELDS,
        Field("Website", "Website"),
        Field("VATNumber", "VAT number"),
        Field("ChamberOfCommerceNumber", "Chamber of Commerce number"),
        *NUMBER_FIELDS,
    ),
    "person": (
        Field("FirstName", "First name"),
        Field("MiddleName", "Prefix"),
        Field("LastName", "Last name"),
        *CONTACT_FIELDS,
        Field("MobilePhoneNumber", "Mobile", "tel"),
        *NUMBER_FIELDS,
    ),
}
ADDRESS_FIELDS = (
    Field("Street", "Street"),
    Field("HouseNumber", "House number", "number"),
    Field("HouseNumberSuffix", "Suffix"),
    Field("Postalcode", "Postal code"),
    Field("City", "City"),
)


def add_routes(blueprint, sandbox):
    """Add the pages about relations to the *blueprint*."""
    tenant = Relations(sandbox)

    @blueprint.get("/")
    def relation_list():
        query = request.args.get("q", "").strip()
        found = tenant.search(query)
        first = max(request.args.get("from", 0, int), 0)
        return render_template(
            "relations.html",
            query=query,
            total=len(found),
            first=first,
            per_page=PER_PAGE,
            relations=[tenant.summary(row) for row in found[first : first + PER_PAGE]],
        )

    @blueprint.get("/entity/<identifier>")
    def entity(identifier):
        return redirect(tenant.page_of(identifier.lower()) or abort(404), 302)

    @blueprint.get("/relations/new")
    def new_relation():
        kind = request.args.get("kind", "organization")
        return render_template(
            "relation_new.html", kind=kind, fields=FIELDS.get(kind) or abort(404)
        )

    @blueprint.post("/relations/new")
    def create_relation():
        kind, role = request.form.get("kind", ""), request.form.get("role", "")
        identifier = tenant.create(kind, role)
        flash(f"{tenant.row(identifier)['_Name']} was created.")
        return redirect(url_for("pages.relation", identifier=identifier), 303)

    @blueprint.get("/relations/<identifier>")
    def relation(identifier):
        row = tenant.row(identifier)
        kind = kind_of(row)
        return render_template(
            "relation.html",
            relation=row,
            kind=kind,
            fields=FIELDS[kind],
            address=tenant.address(row) or {},
            address_fields=ADDRESS_FIELDS,
            roles=tenant.roles(row),
            free_roles=tenant.free_roles(row),
            invoices=tenant.invoices(row),
        )

    @blueprint.post("/relations/<identifier>")
    def change_relation(identifier):
        row = tenant.row(identifier)
        flash("Saved." if tenant.change(row) else "Nothing was changed.")
        return redirect(url_for("pages.relation", identifier=identifier), 303)

    @blueprint.post("/relations/<identifier>/roles")
    def add_role(identifier):
        tenant.add_role(tenant.row(identifier), request.form.get("role", ""))
        flash("Saved.")
        return redirect(url_for("pages.relation", identifier=identifier), 303)

    @blueprint.post("/relations/<identifier>/roles/<role>")
    def change_role(identifier, role):
        is_former = request.form.get("former") == "yes"
        tenant.change_role(role, is_former)
        flash("Now former." if is_former else "No longer former.")
        return redirect(url_for("pages.relation", identifier=identifier), 303)


def kind_of(row):
    """Return ``organization`` or ``person``."""
    return "person" if row["_Type"] == "Relation.Person" else "organization"


class Relations:
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

    def row(self, identifier):
        """Return the stored row of a relation; 404 when there is none."""
        return self._store.row("Relation", identifier.lower()) or abort(404)

    def page_of(self, identifier):
        """Return the path of the page about a record of any kind, or None."""
        if self._store.row("Relation", identifier):
            return url_for("pages.relation", identifier=identifier)
        if "Activity" in self._store.families and self._store.row("Activity", identifier):
            return url_for("pages.invoice", identifier=identifier)
        role = self._store.row("Relationship", identifier)
        relation = role and (role["Organization_ID"] or role["Person_ID"])
        return relation and url_for("pages.relation", identifier=relation)

    def search(self, query):
        """Return the rows with *query* in name, number or e-mail, by name."""
        columns = ("_Name", "DebtorNumber", "CreditorNumber", "EmailAddress")
        condition = " OR ".join(f"fold({column}) LIKE fold(?)" for column in columns)
        pattern = f"%{query}%"
        rows = self._store.rows("Relation", condition, (pattern,) * len(columns))
        return sorted(rows, key=lambda row: (row["_Name"] or "").strip().casefold())

    def summary(self, row):
        """Return what the list shows of one relation."""
        address = self.address(row) or {}
        return {**row, "kind": kind_of(row), "roles": self.roles(row), "city": address.get("City")}

    def roles(self, row):
        """Return the relationships that matter to an accounting program, as dicts."""
        column = f"{CHILDREN[kind_of(row)]}_ID"
        found = self._store.rows("Relationship", f"{column} = ?", (row["ID"],))
        return [{**role, "label": ROLES[role["_Type"]]} for role in found if role["_Type"] in ROLES]

    def free_roles(self, row):
        """Return the roles that a relation does not have yet."""
        taken = {role["label"].lower() for role in self.roles(row)}
        return [role for kind, role in ROLE_SETS if kind == kind_of(row) and role not in taken]

    def address(self, row):
        """Return the address that is edited here: the invoice address, or a person's own."""
        identifier = row[f"{ADDRESS_SLOTS[kind_of(row)]}_ID"]
        return self._store.row("Address", identifier) if identifier else None

    def invoices(self, row):
        """Return the invoices of a relation, newest first."""
        if "Activity" not in self._store.families:
            return []
        roles = [role["ID"] for role in self.roles(row)]
        marks = ", ".join("?" for _ in roles)
        return self._store.rows("Activity", f"Relationship_ID IN ({marks})", roles)[::-1]

    def create(self, kind, role):
        """Create a relation with a role from the form; return its ID."""
        role_set = ROLE_SETS.get((kind, role)) or abort(400)
        child = {field.name: field.read() for field in FIELDS[kind] if field.read() is not None}
        content = {"Relation": {"ID": self._own()}, CHILDREN[kind]: child}
        created = self._write(lambda writer: writer.create(self._type(role_set), content))
        return self._store.row("Relationship", created)[f"{CHILDREN[kind]}_ID"]

    def _own(self):
        identity = "_Type = 'Relationship.Organization.Identity'"
        return self._store.rows("Relationship", identity)[0]["Relation_ID"]

    def change(self, row):
        """Write what was changed on the form; return whether anything was."""
        kind, address = kind_of(row), self.address(row)
        changed = forms.changes(FIELDS[kind], row)
        moved = forms.changes(ADDRESS_FIELDS, address or {})
        if moved and not address:
            changed[ADDRESS_SLOTS[kind]] = moved

        def write(writer):
            if changed:
                writer.update(self._type(SETS[kind]), row["ID"], changed)
            if moved and address:
                writer.update(self._type("Address"), address["ID"], moved)

        self._write(write)
        return bool(changed or moved)

    def add_role(self, row, role):
        """Make a relation a customer or supplier."""
        kind = kind_of(row)
        role_set = ROLE_SETS.get((kind, role)) or abort(400)
        content = {"Relation": {"ID": self._own()}, CHILDREN[kind]: {"ID": row["ID"]}}
        self._write(lambda writer: writer.create(self._type(role_set), content))

    def change_role(self, identifier, is_former):
        """End a relationship, or take it up again."""
        role = self._store.row("Relationship", identifier.lower()) or abort(404)
        entity_type = self._sandbox.schema.of_wire_type(role["_Type"])
        self._write(lambda writer: writer.update(entity_type, role["ID"], {"IsFormer": is_former}))
