"""Writes: create, deep insert, partial update, change of type, delete. docs/tribe-api.md.

One ``Writer`` serves one transaction. It collects the mutations that webhooks report afterwards.
"""

import enum
import re
import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

from . import moments
from .errors import bad_request, method_not_allowed, not_found
from .invoice_rules import InvoiceRules, touch_parent
from .names import computed_names
from .schema import INVOICE, ROOT
from .store import quote
from .values import stored_value

GUID_PATTERN = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
EMPLOYEE = "Relationship_Person_Contact_Employee"
ADDRESS_SLOTS = ("VisitingAddress", "PostalAddress", "InvoiceAddress", "Address")


class Actor(enum.Enum):
    """Who writes: a program through the API, or a person in Tribe, who may do a little more."""

    PROGRAM = "program"
    PERSON = "person"


class Mutation(NamedTuple):
    """What happened to one record: created, updated, deleted, phase."""

    kind: str
    wire_type: str
    identifier: str


@dataclass
class Body:
    """A request body, sorted by what its members are. Columns are already in stored form."""

    scalars: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    new_ones: dict = field(default_factory=dict)
    collections: dict = field(default_factory=dict)

    def names(self):
        """Return the names of everything that was sent."""
        return {*self.scalars, *self.links, *self.new_ones, *self.collections}


class Writer:
    """Applies writes inside a transaction that the caller holds. Raises ApiError on refusal."""

    def __init__(self, schema, store, switches, actor):
        self._schema = schema
        self._store = store
        self._switches = switches
        self._actor = actor
        self._invoices = InvoiceRules(schema, store, switches, self._note)
        self.mutations = []

    # --- create ---------------------------------------------------------------------------

    def create(self, entity_type, content, attached=None):
        """Create a record and its nested new ones; return its ID.

        *attached* are columns that a parent sets on its nested child.
        """
        self._check_creatable(entity_type)
        body = self._sort_body(entity_type, content)
        self._check_complete(entity_type, body, attached or {})
        if entity_type.name == "ProductLine":
            self._invoices.check_line_is_free(body.links.get(self._switches.line_invoice_name))
        phase = self._invoices.take_phase(entity_type, body)
        row = self._new_row(entity_type, body, attached or {})
        self._store.insert(entity_type.family, row)
        self._after_row(entity_type, row, body)
        self._create_children(entity_type, row["ID"], body.collections)
        self._note("created", entity_type, row["ID"])
        if entity_type.name == INVOICE:
            self._invoices.start(row["ID"], phase)
        if entity_type.name == "ProductLine":
            self._invoices.line_changed(row["Activity_ID"])
        return row["ID"]

    def _check_creatable(self, entity_type):
        if entity_type.is_abstract:
            raise method_not_allowed(f"'{entity_type.name}' is abstract: nothing can be created.")
        self._check_writable(entity_type)

    def _check_writable(self, entity_type):
        if entity_type.is_read_only and self._actor is Actor.PROGRAM:
            raise method_not_allowed(f"'{entity_type.name}' is read-only.")

    def _check_complete(self, entity_type, body, attached):
        for name in entity_type.required:
            given = str(body.scalars.get(name) or "").strip() or body.links.get(name)
            column = getattr(entity_type.navigations.get(name), "column", "")
            if not given and name not in body.new_ones and not attached.get(column):
                raise bad_request(f"The property '{name}' is required.")

    def _new_row(self, entity_type, body, attached):
        row = dict.fromkeys(self._store.families[entity_type.family])
        row.update(ID=str(uuid.uuid4()), _Type=entity_type.wire_type, CreationDate=moments.now())
        row.update(self._scalar_columns(entity_type, body))
        row.update(self._link_columns(entity_type, body))
        row.update(attached)
        row.update(self._defaults(entity_type, row))
        row.update(computed_names(entity_type.family, entity_type.wire_type, row))
        return row

    def _scalar_columns(self, entity_type, body):
        return {entity_type.properties[name].column: v for name, v in body.scalars.items()}

    def _link_columns(self, entity_type, body):
        columns = {entity_type.navigations[name].column: v for name, v in body.links.items()}
        for name, content in body.new_ones.items():
            navigation = entity_type.navigations[name]
            target = self._schema.types[navigation.target]
            columns[navigation.column] = self.create(target, content)
        return columns

    def _defaults(self, entity_type, row):
        if entity_type.family == "Relationship":
            return self._relationship_defaults(row)
        if entity_type.name == INVOICE:
            return self._invoices.invoice_defaults(row)
        if entity_type.name == "ProductLine":
            return self._invoices.line_defaults(row)
        if entity_type.name == "Address":
            return {"Relation_ID": row["Relation_ID"] or row["Organization_ID"] or row["Person_ID"]}
        return {}

    def _relationship_defaults(self, row):
        defaults = self._former_columns(row, row)
        if not row["Name"]:
            child = self._store.row("Relation", row["Organization_ID"] or row["Person_ID"])
            defaults["Name"] = child["_Name"] if child else None
        return defaults

    def _former_columns(self, row, changes):
        if changes.get("IsFormer") and not changes.get("FormerDate"):
            return {"FormerDate": row.get("FormerDate") or moments.now()}
        if "IsFormer" in changes and not changes["IsFormer"] and "FormerDate" not in changes:
            return {"FormerDate": None}
        return {}

    def _after_row(self, entity_type, row, body):
        """Set what points back from other records to a new or changed one."""
        if entity_type.family == "Relation":
            for name in ADDRESS_SLOTS:
                if name in body.new_ones:
                    self._own_address(entity_type, row[f"{name}_ID"], row["ID"])
        if entity_type.name == "Address" and body.links.get("Person"):
            self._store.update("Relation", body.links["Person"], {"Address_ID": row["ID"]})

    def _own_address(self, entity_type, address, relation):
        kind = "Person_ID" if entity_type.name == "Relation_Person" else "Organization_ID"
        self._store.update("Address", address, {"Relation_ID": relation, kind: relation})

    def _create_children(self, entity_type, parent, collections):
        for name, children in collections.items():
            navigation = entity_type.navigations[name]
            target = self._schema.types[navigation.target]
            for child in children:
                if "ID" in child:
                    self._adopt(target, navigation, self._linked(target, child), parent)
                else:
                    self.create(target, child, {navigation.inverse[0]: parent})

    def _adopt(self, target, navigation, child, parent):
        if target.name == "ProductLine":
            self._invoices.check_line_is_free(self._store.row("ProductLine", child)["Activity_ID"])
        self._store.update(target.family, child, {navigation.inverse[0]: parent})
        self._note("updated", target, child)

    # --- update ---------------------------------------------------------------------------

    def update(self, entity_type, identifier, content):
        """Change only what *content* names. Raises ApiError (404 for an unknown ID)."""
        if entity_type.is_abstract:
            raise method_not_allowed(f"'{entity_type.name}' is abstract: nothing can be changed.")
        self._check_writable(entity_type)
        if not isinstance(content, dict):
            raise bad_request("A JSON object was expected.")
        row = self.existing(entity_type, identifier)
        if str(content.get("ID", identifier)).lower() != row["ID"]:
            raise bad_request("The ID in the body is not the ID in the address.")
        content = {name: value for name, value in content.items() if name != "ID"}
        body = self._sort_body(entity_type, content)
        self._check_stays_complete(entity_type, body)
        self._invoices.check_not_frozen(entity_type, row, body)
        phase = self._invoices.take_phase(entity_type, body)
        self._apply(entity_type, row, body)
        if phase:
            self._invoices.move_to_phase(row["ID"], phase)

    def _apply(self, entity_type, row, body):
        changes = {
            **self._scalar_columns(entity_type, body),
            **self._link_columns(entity_type, body),
        }
        if entity_type.family == "Relationship":
            changes.update(self._former_columns(row, changes))
        if changes:
            self._change_row(entity_type, row, body, changes)
        self._create_children(entity_type, row["ID"], body.collections)
        if entity_type.name == INVOICE:
            self._invoices.recompute(row["ID"])
        if entity_type.name == "ProductLine":
            self._invoices.line_moved(row, changes)

    def _change_row(self, entity_type, row, body, changes):
        merged = {**row, **changes}
        if entity_type.name == "ProductLine":
            changes.update(self._invoices.line_changes(row, changes))
        if entity_type.name == "Address" and "Organization_ID" in changes:
            changes.setdefault("Relation_ID", changes["Organization_ID"])
        changes.update(computed_names(entity_type.family, entity_type.wire_type, merged))
        changes["LastMutationDate"] = moments.now()
        self._store.update(entity_type.family, row["ID"], changes)
        merged.update(changes)
        self._after_row(entity_type, merged, body)
        self._rename_relationships(entity_type, row, merged)
        self._note("updated", entity_type, row["ID"])
        if entity_type.name == "Address":
            touch_parent(self._store, self._switches, "Relation", merged.get("Relation_ID"))

    def _rename_relationships(self, entity_type, before, after):
        if entity_type.family != "Relation" or before["_Name"] == after["_Name"]:
            return
        self._store.execute(
            'UPDATE "Relationship" SET Name = ?, _Name = ?, SortName = ? '
            "WHERE (Organization_ID = ? OR Person_ID = ?) AND Name = ?",
            (*[after["_Name"]] * 3, before["ID"], before["ID"], before["_Name"]),
        )

    def _check_stays_complete(self, entity_type, body):
        for name, value in {**body.scalars, **body.links}.items():
            if name in entity_type.required and not str(value or "").strip():
                raise bad_request(f"The property '{name}' is required.")

    # --- change of type -------------------------------------------------------------------

    def upgrade(self, entity_type, identifier, new_type_name, content):
        """Turn a relationship into another type of the same level, then apply *content*."""
        row = self.existing(entity_type, identifier)
        new_type = self._schema.types.get(str(new_type_name))
        if new_type is None or new_type.is_abstract or new_type.base != entity_type.base:
            raise bad_request(f"'{entity_type.name}' cannot become '{new_type_name}'.")
        if not self._schema.is_a(entity_type.name, "Relationship"):
            raise bad_request("Only a relationship can change its type.")
        changes = {"_Type": new_type.wire_type, "LastMutationDate": moments.now()}
        changes.update(self._upgrade_date(entity_type, new_type))
        self._store.update(entity_type.family, row["ID"], changes)
        self._note("updated", new_type, row["ID"])
        if content:
            self.update(new_type, row["ID"], content)
        return new_type

    def _upgrade_date(self, entity_type, new_type):
        order = list(self._schema.types)
        upward = order.index(new_type.name) > order.index(entity_type.name)
        column = "UpgradeDate" if upward else "DowngradeDate"
        is_commercial = "CommercialRelationship" in entity_type.name
        return {column: moments.now()} if is_commercial else {}

    # --- delete ---------------------------------------------------------------------------

    def delete(self, entity_type, identifier):
        """Delete a record and what belongs to it. Raises ApiError when it may not go."""
        if entity_type.is_abstract and entity_type.name != "Relationship":
            raise method_not_allowed(f"Nothing can be deleted through '{entity_type.name}'.")
        self._check_writable(entity_type)
        row = self.existing(entity_type, identifier)
        concrete = self._schema.of_wire_type(row["_Type"])
        self._check_deletable(concrete, row)
        self._delete_dependants(concrete, row)
        self._remove(concrete, row["ID"])
        if concrete.name == "ProductLine":
            self._invoices.line_changed(row["Activity_ID"])

    def _check_deletable(self, entity_type, row):
        if entity_type.name == EMPLOYEE and self._actor is Actor.PROGRAM:
            raise bad_request("An employee cannot be deleted through the API.")
        if entity_type.family == "Relation" and self._has_activities(self._roles(row["ID"])):
            raise bad_request("The relation has activities and cannot be deleted.")
        if entity_type.family == "Relationship" and self._has_activities([row["ID"]]):
            raise bad_request("The relationship has activities and cannot be deleted.")
        if entity_type.name == INVOICE and self._invoices.is_frozen(row):
            raise bad_request("A final invoice cannot be deleted.")
        if entity_type.name == "ProductLine":
            self._invoices.check_line_is_free(row["Activity_ID"])

    def _roles(self, relation):
        rows = self._store.rows(
            "Relationship",
            "Relation_ID = ? OR Organization_ID = ? OR Person_ID = ?",
            (relation, relation, relation),
        )
        return [row["ID"] for row in rows]

    def _has_activities(self, relationships):
        if "Activity" not in self._store.families:
            return False
        marks = ", ".join("?" for _ in relationships)
        return bool(
            self._store.rows(
                "Activity",
                f"Relationship_ID IN ({marks}) OR Contact_ID IN ({marks})",
                (*relationships, *relationships),
            )
        )

    def _delete_dependants(self, entity_type, row):
        cascade = self._switches.relation_deletion == "cascade"
        if entity_type.family == "Relation" and cascade:
            self._remove_all(
                "Relationship", "Relation_ID = ? OR Organization_ID = ? OR Person_ID = ?", row, 3
            )
            self._remove_all("Address", "Relation_ID = ?", row, 1)
        if entity_type.name == INVOICE:
            self._remove_all("ProductLine", "Activity_ID = ?", row, 1)
        for family in ("Attachment", "Note"):
            self._remove_all(family, "Entity_ID = ?", row, 1)

    def _remove_all(self, family, condition, row, times):
        for dependant in self._store.rows(family, condition, (row["ID"],) * times):
            self._remove(self._schema.of_wire_type(dependant["_Type"]), dependant["ID"])

    def _remove(self, entity_type, identifier):
        self._store.delete(entity_type.family, identifier)
        for other in self._schema.types.values():
            for navigation in other.navigations.values():
                if navigation.target == ROOT or navigation.is_collection or other.name == ROOT:
                    continue
                if self._schema.types[navigation.target].family == entity_type.family:
                    self._unlink(other.family, navigation.column, identifier)
        self._note("deleted", entity_type, identifier)

    def _unlink(self, family, column, identifier):
        name = quote(column)
        self._store.execute(
            f"UPDATE {quote(family)} SET {name} = NULL WHERE {name} = ?", (identifier,)
        )

    # --- bodies ---------------------------------------------------------------------------

    def existing(self, entity_type, identifier):
        """Return the stored row of a set's record; raises ApiError (404)."""
        row = self._store.row(entity_type.family, identifier.lower())
        if row is None or row["_Type"] not in self._schema.concrete_wire_types(entity_type.name):
            raise not_found(f"No entity found in '{entity_type.name}' with ID {identifier}.")
        return row

    def _sort_body(self, entity_type, content):
        if not isinstance(content, dict):
            raise bad_request("A JSON object was expected.")
        body = Body()
        for name, value in content.items():
            if name.startswith("@odata."):
                continue
            if name in entity_type.properties:
                body.scalars[name] = self._scalar(entity_type.properties[name], value)
            elif name in entity_type.navigations:
                self._sort_link(entity_type.navigations[name], value, body)
            else:
                raise bad_request(
                    f"The property '{name}' is not defined in type 'OData.{entity_type.name}'."
                )
        return body

    def _scalar(self, one, value):
        if one.read_only:
            raise bad_request(f"The property '{one.name}' is read-only.")
        return stored_value(one, value)

    def _sort_link(self, navigation, value, body):
        if navigation.read_only:
            raise bad_request(f"The navigation property '{navigation.name}' is read-only.")
        if navigation.is_collection:
            body.collections[navigation.name] = _list_of_objects(navigation, value)
        elif value is None:
            body.links[navigation.name] = None
        elif not isinstance(value, dict):
            raise bad_request(f"Invalid value for navigation property '{navigation.name}'.")
        elif "ID" in value:
            target = self._schema.types[navigation.target]
            body.links[navigation.name] = self._linked(target, value)
        else:
            body.new_ones[navigation.name] = value

    def _linked(self, target, value):
        extra = [name for name in value if name != "ID" and not name.startswith("@odata.")]
        if extra:
            raise bad_request(f"A link takes only an ID, not '{extra[0]}'.")
        identifier = value["ID"]
        if not isinstance(identifier, str) or not GUID_PATTERN.fullmatch(identifier):
            raise bad_request("Invalid value for property 'ID'.")
        if target.name == ROOT:
            return self._linked_to_any(identifier.lower())
        row = self._store.row(target.family, identifier.lower())
        if row is None or row["_Type"] not in self._schema.concrete_wire_types(target.name):
            raise bad_request(f"No entity found in '{target.name}' with ID {identifier}.")
        return row["ID"]

    def _linked_to_any(self, identifier):
        if not any(self._store.row(family, identifier) for family in self._store.families):
            raise bad_request(f"No entity found with ID {identifier}.")
        return identifier

    def _note(self, kind, entity_type, identifier):
        self.mutations.append(Mutation(kind, entity_type.wire_type, identifier))


def _list_of_objects(navigation, value):
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise bad_request(f"Invalid value for navigation property '{navigation.name}'.")
    return value
