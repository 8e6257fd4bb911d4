"""Relations as Tribe has them, read in as few calls as possible."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain

from odoo import fields

from ..codes import ADDRESS_MARK
from ..mapping import (
    ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS,
    PersonName,
    ValueUnreadable,
    address_body,
    canonical,
    check_storable,
    clean_start,
    has_country_code,
    is_before,
    organization_address,
    organization_from_tribe,
    paths_not_shown,
    person_address,
    person_from_tribe,
    person_name,
)
from ..sentence import LONGEST_ITEM, shortened
from ..tribe_api import Guid, Room, contains, either, in_calls
from ..tribe_names import ADDRESS_NAVIGATIONS, NAVIGATIONS, RELATION_SETS, RELATIONSHIP_SETS, STAMP


@dataclass
class RemoteRelation:
    """One organization or person of Tribe with its customer and supplier relationships."""

    kind: str
    entity: dict
    # A moment before it was read: what is decided later goes by what a read of then need not show.
    read_at: datetime
    relationships: dict[str, dict] = field(default_factory=dict)
    # Those of which another one of the same kind counts.
    others: dict[str, list[dict]] = field(default_factory=dict)
    # The neutral fields that this tenant can hold, and Odoo's state codes by country and ID.
    fields: frozenset[str] = frozenset()
    state_codes: dict[tuple[str, str], str] = field(default_factory=dict)
    # What it has by now of what it was told, although this read does not show it yet.
    hidden: dict = field(default_factory=dict)
    # From when on no read is from before a backup of Tribe was restored, if one was.
    restored_at: datetime | None = None
    # What is not shown of it (``ADDRESS_MARK``, "customer", "supplier"), as of so many others that
    # nobody need have deleted it.
    doubted: frozenset[str] = frozenset()

    @property
    def tribe_id(self) -> str:
        """Tribe's ID of the relation."""
        return self.entity["ID"]

    @property
    def name(self) -> str:
        """What a person calls it."""
        try:
            return shortened(self.values().get("name") or self.tribe_id, LONGEST_ITEM)
        except ValueUnreadable:
            return self.tribe_id

    def check(self) -> None:
        """Raise ``ValueUnreadable`` when Tribe sent what Odoo cannot have."""
        check_storable(self.values())

    @property
    def is_current(self) -> bool:
        """Whether it is a customer or supplier now."""
        return any(not _is_former(row) for row in self.relationships.values())

    @property
    def roles_held(self) -> list[str]:
        """What it is now (``"customer"``, ``"supplier"``); what it was, where all have ended."""
        current = [kind for kind, row in self.relationships.items() if not _is_former(row)]
        return current or list(self.relationships)

    def values(self) -> dict:
        """Neutral values of the fields that this tenant has.

        Without ``active`` where no relationship tells it. Raises ``ValueUnreadable``.
        """
        shown = self.shown()
        return shown | {name: value for name, value in self.hidden.items() if name in shown}

    def shown(self) -> dict:
        """As ``values``, as they were read."""
        return dict(self._shown)

    @cached_property
    def _shown(self) -> dict:
        # Everybody asks for them, and Tribe says how long it takes to read them.
        read = organization_from_tribe if self.kind == "organization" else person_from_tribe
        values = read(self.entity, self.relationships, self.state_codes)
        if not self.relationships or self.doubted & RELATIONSHIP_SETS[self.kind].keys():
            del values["active"]
        # A contact has to be called something, so a name that is not whole is left to the merge.
        not_shown = self.not_shown.keys() - {"name"}
        if ADDRESS_MARK in self.doubted:
            not_shown |= {*ADDRESS_FIELDS}
        return {n: value for n, value in values.items() if n in self.fields and n not in not_shown}

    @cached_property
    def not_shown(self) -> dict[str, set[str]]:
        """The fields of which Tribe does not even send that they are empty, each with their paths.

        The tenant has them no more, or the application may not read them: nobody emptied them.
        """
        relationship_sets = RELATIONSHIP_SETS[self.kind]
        rows = {RELATION_SETS[self.kind]: self.entity, "Address": self.shown_address() or {}}
        rows |= {relationship_sets[name]: row for name, row in self.relationships.items()}
        return paths_not_shown(self.kind, self.fields, rows)

    def note_former(self, relationship: str, is_former: bool) -> None:
        """Note what Tribe was told of one of its relationships."""
        self.relationships[relationship]["IsFormer"] = is_former
        self.__dict__.pop("_shown", None)

    def roles(self) -> dict[str, str]:
        """Whether each relationship is ended: ``{"customer_role": "former"}``."""
        return {
            role_name(kind): role_value(not _is_former(row))
            for kind, row in self.relationships.items()
        }

    def stamps(self) -> dict[str, object]:
        """The mutation date of the record that each value is read from, where it has one."""
        return {name: row.get(STAMP) for name, row in self._rows(self.shown_address()).items()}

    def _rows(self, address: dict | None) -> dict[str, dict]:
        """The record that each value is read from."""
        rows = dict.fromkeys(self.shown(), self.entity) | dict.fromkeys(
            ADDRESS_FIELDS, address or {}
        )
        for kind, row in self.relationships.items():
            rows |= dict.fromkeys((role_name(kind), PAYMENT_TERM_FIELDS[kind]), row)
        return rows

    def marks(self) -> dict[str, str]:
        """When the records that it is read from were last changed: ``{ID: date}``.

        Under ``ADDRESS_MARK`` which of them is the address.
        """
        address = self.shown_address() or {}
        rows = [self.entity, address, *self.relationships.values()]
        marks = {row["ID"]: changed_at(row) for row in rows if row.get("ID") and changed_at(row)}
        return marks | ({ADDRESS_MARK: address["ID"]} if address.get("ID") in marks else {})

    def has_address_of(self, marks: dict[str, str]) -> bool:
        """Whether its address is surely the one of which ``marks`` are, and unchanged."""
        before, now = (
            (each.get(ADDRESS_MARK), each.get(each.get(ADDRESS_MARK)))
            for each in (marks, self.marks())
        )
        is_dated = bool(marks) and bool(now[0]) == bool(self.shown_address())
        return is_dated and before == now

    def marks_of_lost_address(self, marks: dict[str, str]) -> dict[str, str]:
        """Those of ``marks`` that are of an address that is not there, where nobody need have taken
        it away: an old copy does not have it yet, nor does a backup that was restored. Else ``{}``.

        An organization is changed itself when it loses an address, a person is not. And what
        shows something unchanged that is as new as the address is no older than that.
        """
        address_id = marks.get(ADDRESS_MARK)
        slots = (self.entity.get(slot) or {} for slot in ADDRESS_NAVIGATIONS[self.kind])
        if not address_id or address_id in {slot.get("ID") for slot in slots}:
            return {}
        if self.kind == "organization" and is_before(
            marks.get(self.tribe_id), changed_at(self.entity)
        ):
            return {}
        made_at = marks.get(address_id)
        shown = {row["ID"]: changed_at(row) for row in (self.entity, *self.relationships.values())}
        unchanged = [mark for tribe_id, mark in shown.items() if mark == marks.get(tribe_id)]
        if any(not is_before(mark, made_at) for mark in unchanged):
            return {}
        return {ADDRESS_MARK: address_id, address_id: made_at}

    def older_than(self, marks: dict[str, str]) -> set[str]:
        """The fields that are read as they were before ``marks``, or what is part of it."""

        def is_older(row):
            return bool(row) and _is_older(row, marks.get(row.get("ID")))

        if is_older(self.entity):
            return set(self.shown())
        has_older_address = is_older(self.shown_address()) or self.marks_of_lost_address(marks)
        older = {*ADDRESS_FIELDS} if has_older_address else set()
        for kind, row in self.relationships.items():
            older |= {PAYMENT_TERM_FIELDS[kind], "active"} if is_older(row) else set()
        return older

    def edited_since(self, marks: dict[str, str]) -> set[str]:
        """The fields that are read from what was changed, or made, after ``marks``."""

        def is_as_marked(row):
            mark, at = marks.get(row.get("ID")), changed_at(row)
            is_dated = STAMP in row or at == mark
            return bool(mark and at) and is_dated and not is_before(mark, at)

        # An address that is not there was taken away where the relation is another one now, or
        # where a webhook told of it.
        was_told = ADDRESS_MARK in marks and not marks[ADDRESS_MARK]
        rows = self._rows(self.shown_address() or (None if was_told else self.entity))
        edited = {name for name, row in rows.items() if not is_as_marked(row)} - {"active"}
        is_active_edited = not all(map(is_as_marked, self.relationships.values()))
        return edited | ({"active"} if is_active_edited else set())

    def is_older_than(self, marks: dict[str, str]) -> bool:
        """Whether Tribe shows some of it by its date as it was before ``marks``."""
        rows = [self.entity, self.shown_address() or {}, *self.relationships.values()]
        return any(_is_older(row, marks.get(row.get("ID"))) for row in rows)

    def with_hidden(self, hidden: dict) -> "RemoteRelation":
        """The relation with what it has by now, although the read does not show it."""
        relationships = {
            kind: {**row, "IsFormer": hidden[role_name(kind)] == role_value(False)}
            if role_name(kind) in hidden
            else row
            for kind, row in self.relationships.items()
        }
        # Whether it is active follows from its relationships.
        values = {name: value for name, value in hidden.items() if name != "active"}
        return replace(self, relationships=relationships, hidden=values)

    @property
    def lacks_address(self) -> bool:
        """Whether it is read without any address, although one could be."""
        slots = ADDRESS_NAVIGATIONS[self.kind]
        return bool(self.fields & {*ADDRESS_FIELDS}) and not any(map(self.entity.get, slots))

    @property
    def is_address_hidden(self) -> bool:
        """Whether the read does not show yet what its address was told."""
        return any(name in self.hidden for name in ADDRESS_FIELDS)

    def person_name(self) -> PersonName | None:
        """The parts of a person's name; None for an organization."""
        return person_name(self.entity) if self.kind == "person" else None

    def invoice_address(self) -> dict | None:
        """The address in the slot that is ours to write, with its ID."""
        return self.entity.get(ADDRESS_NAVIGATIONS[self.kind][0])

    def address_changes(self, changed: dict, country_ids: dict, state_ids: dict | None) -> dict:
        """What the slot that is ours must get for some neutral address fields to change.

        What did not change keeps its parts; ``{}`` when the slot has all of it. Raises
        ``CountryUnknown``.
        """
        shown = self.values()
        after = {name: shown[name] for name in ADDRESS_FIELDS if name in shown} | changed
        if "country_code" not in changed and not has_country_code(after):
            # Tribe has it already where it has a name alone.
            after.pop("country_code", None)
        slot = self.invoice_address()
        wanted = after
        if slot and slot is self.shown_address():
            wanted = dict(changed)
            if "country_code" in changed and "street" in after:
                # Street and house number are split the way of the country.
                wanted["street"] = after["street"]
        body = address_body(wanted, country_ids, after.get("country_code"), state_ids)
        # What is held by now is not known from an old copy.
        held = {} if self.is_address_hidden else slot or {}
        return {wire: value for wire, value in body.items() if not _is_same(held.get(wire), value)}

    def with_address(self, body: dict, changed: dict) -> "RemoteRelation":
        """The relation once the slot that is ours got a body that tells of changed fields."""
        slot = ADDRESS_NAVIGATIONS[self.kind][0]
        # Also of a first address it is known what it does not have.
        empty = address_body(dict.fromkeys(ADDRESS_FIELDS), {})
        address = {**(self.invoice_address() or empty), **body}
        if "Country" in body:
            code = changed.get("country_code", self.values().get("country_code"))
            address["Country"] = {"Code": code}
        hidden = {name: value for name, value in self.hidden.items() if name not in changed}
        return replace(self, entity={**self.entity, slot: address}, hidden=hidden)

    def shown_address(self) -> dict | None:
        """The address that the neutral values are taken from."""
        read = organization_address if self.kind == "organization" else person_address
        return read(self.entity)


def role_name(kind: str) -> str:
    """What is kept of a relationship (``"customer"``, ``"supplier"``) when Tribe is told of it."""
    return f"{kind}_role"


def role_value(is_current: bool) -> str:
    """Whether a relationship is one now, in a word."""
    return "current" if is_current else "former"


def load_relations(connection, client, kind: str, relation_ids) -> dict[str, RemoteRelation]:
    """The relations of one kind by ID: ``{tribe_id: RemoteRelation}``; gone ones are absent.

    In the order of the IDs asked for. One call for the relations and, for those that there are,
    one for each set of relationships, per 40 IDs. The first call has witnesses as well: other
    linked relations, by which it shows when a backup of Tribe was restored.
    """
    positions = {relation_id: position for position, relation_id in enumerate(relation_ids)}
    if not positions:
        return {}
    read_at = fields.Datetime.now()
    links = connection.env["tribe.link"]
    witnesses = links._witnesses(connection, kind, positions)
    rows = load_entities(connection, client, kind, _guids(positions), _guids(witnesses))
    known = {
        "read_at": read_at,
        "fields": connection._synchronized_fields(kind),
        "state_codes": connection._state_codes(),
    }
    rows.sort(key=lambda row: positions.get(row["ID"], len(positions)))
    relations = {row["ID"]: RemoteRelation(kind, row, **known) for row in rows}
    _load_relationships(connection, client, kind, relations, witnesses)
    restored_at = links._restored_at(connection, relations)
    for relation in relations.values():
        relation.restored_at = restored_at
    connection.env["tribe.relation.comparer"]._doubt(connection, client, kind, relations)
    return {tribe_id: each for tribe_id, each in relations.items() if tribe_id not in witnesses}


def _load_relationships(connection, client, kind, relations, witnesses) -> None:
    """Read the customer and supplier relationships of some relations, ``{ID: relation}``."""
    navigation = NAVIGATIONS[kind]
    ids, beside = (
        _guids(tribe_id for tribe_id in relations if (tribe_id in witnesses) == is_witness)
        for is_witness in (False, True)
    )
    for relationship, entity_set in RELATIONSHIP_SETS[kind].items():
        if not ids or entity_set in connection._absent():
            continue
        expand = f"{navigation}($select=ID)"
        rows = client.by_values(entity_set, f"{navigation}/ID", ids, expand=expand, beside=beside)
        of_relation: dict[str, list[dict]] = {}
        for row in rows:
            of_relation.setdefault((row.get(navigation) or {}).get("ID"), []).append(row)
        # Which of them is linked says something only where a relation has more than one, or does
        # not show whether it has ended.
        unsure = [
            row["ID"]
            for each in of_relation.values()
            if len(each) > 1 or not all(map(_shows_former, each))
            for row in each
        ]
        linked = connection.env["tribe.link"]._of_tribe(connection, unsure)
        for relation_id, each in of_relation.items():
            if relation := relations.get(relation_id):
                _keep_former(each, linked)
                *others, counting = sorted(each, key=lambda row: _precedence(row, linked))
                relation.relationships[relationship] = counting
                relation.others[relationship] = others


def changed_at(row: dict) -> str | None:
    """When a record was last changed, or made, as Tribe writes it."""
    stamps = (row.get(STAMP), row.get("CreationDate"))
    return next((each for each in stamps if isinstance(each, str) and len(each) < 50), None)


def name_of(row: dict) -> str:
    """What people are told that a relation is called, which may be called anything in Tribe."""
    return shortened(clean_start(row.get("Name")) or row["ID"], LONGEST_ITEM)


def load_entities(connection, client, kind: str, ids, beside=()) -> list[dict]:
    """The rows of some relations (``Guid``) with their addresses; gone ones are absent.

    So is the organization with which writing was tried, by this database or another one.
    """
    rows = client.by_values(
        RELATION_SETS[kind], "ID", ids, expand=_addresses(connection, kind), beside=beside
    )
    return connection._without_tests(rows)


def relation_ids_of(client, kind: str, entity_set: str, relationship_ids) -> dict[str, str]:
    """The relations that some relationships are about: ``{relationship_id: relation_id}``."""
    navigation = NAVIGATIONS[kind]
    rows = client.by_values(
        entity_set,
        "ID",
        [Guid(relationship_id) for relationship_id in relationship_ids],
        expand=f"{navigation}($select=ID)",
        select="ID",
    )
    return {row["ID"]: row[navigation]["ID"] for row in rows if row.get(navigation)}


def find_by_import_ids(client, kind: str, import_ids) -> dict[str, list[dict]]:
    """Relations that carry one of our ``ImportId``: ``{import_id: [row, ...]}``.

    Asked with ``contains`` and compared here (docs/tribe-api.md, Writing).
    """
    found: dict[str, list[dict]] = {}

    room = Room()

    def has(import_id):
        return contains("ImportId", import_id)

    for chunk in in_calls(import_ids, has):
        pages = client.pages(
            RELATION_SETS[kind],
            room=room,
            filter=either(*map(has, chunk)),
            select="ID,Name,ImportId",
        )
        for row in chain.from_iterable(pages):
            if row.get("ImportId") in chunk:
                found.setdefault(row["ImportId"], []).append(row)
    return found


def find_by_numbers(connection, client, field_name: str, numbers) -> dict[str, list[dict]]:
    """Relations of both kinds with a debtor or creditor number: ``{number: [row, ...]}``.

    However it is written: by the number that was asked for. Each row gets its ``kind``.
    """
    found: dict[str, list[dict]] = {}
    asked = {number: canonical("debtor_number", number) for number in numbers}
    # Not every Tribe takes capitals for the same as small letters.
    ways = [way for each in asked for way in ways_to_write(each)]
    room = Room()
    for kind, entity_set in RELATION_SETS.items():
        absent = connection._absent()
        if not ways or entity_set in absent or f"{entity_set}/{field_name}" in absent:
            continue
        rows = client.by_values(
            entity_set, field_name, ways, select=f"ID,Name,{field_name}", room=room
        )
        for row in connection._without_tests(rows):
            number = canonical("debtor_number", row.get(field_name))
            found.setdefault(number, []).append({**row, "kind": kind})
    return {number: found[each] for number, each in asked.items() if each in found}


def ways_to_write(number: str) -> list[str]:
    """A number as it is, in small letters, and in capitals; without the space around it."""
    number = number.strip()
    return list(dict.fromkeys([number, number.lower(), number.upper()]))


def _addresses(connection, kind: str) -> str | None:
    fields = connection._synchronized_fields(kind)
    name_of_country = "" if connection._lacks("Datastore_Country", "Name") else ",Name"
    parts = [
        part
        for name, part in (
            ("country_code", f"Country($select=ID,Code{name_of_country})"),
            ("state_code", "State($select=ID,Code,Name)"),
        )
        if name in fields
    ]
    expand = f"($expand={','.join(parts)})" if parts else ""
    present = [
        f"{navigation}{expand}"
        for navigation in ADDRESS_NAVIGATIONS[kind]
        if f"{RELATION_SETS[kind]}/{navigation}" not in connection._absent()
    ]
    return ",".join(present) or None


def _guids(tribe_ids: Iterable[str]) -> list[Guid]:
    return [Guid(tribe_id) for tribe_id in tribe_ids]


def _is_same(held: object, value: object) -> bool:
    if isinstance(held, dict) or isinstance(value, dict):
        return (held or {}).get("ID") == (value or {}).get("ID")
    return held == value or clean_start(held) == clean_start(value)


def _precedence(row: dict, linked: Collection[str]) -> tuple:
    """What says which of several relationships of one kind counts: the greatest.

    One that is not former goes before those that are, as one that is linked does before others; of
    the others the one that was changed last.
    """
    return not _is_former(row), row["ID"] in linked, changed_at(row) or ""


def _shows_former(row: dict) -> bool:
    return "IsFormer" in row


def _keep_former(rows: list[dict], linked: dict) -> None:
    """Take relationships of one kind that do not show whether they have ended for what they were.

    One that is new is current. Tribe sends ``null`` for what was never ended.
    """
    was_former = any(linked[row["ID"]]._was_former() for row in rows if row["ID"] in linked)
    for row in rows:
        row.setdefault("IsFormer", was_former)


def _is_older(row: dict, mark: str | None) -> bool:
    """Whether a record shows as it was before a mark; not where its date shows no more."""
    return STAMP in row and is_before(changed_at(row), mark)


def _is_former(row: dict) -> bool:
    return row.get("IsFormer") is True
