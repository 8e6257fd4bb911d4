"""Relations as Tribe has them."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from ..codes import ADDRESS_MARK
from ..mapping import (
    ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS,
    PersonName,
    ValueUnreadable,
    address_body,
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
from ..tribe_names import ADDRESS_NAVIGATIONS, RELATION_SETS, RELATIONSHIP_SETS, STAMP


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
        return any(not is_former(row) for row in self.relationships.values())

    @property
    def roles_held(self) -> list[str]:
        """What it is now (``"customer"``, ``"supplier"``); what it was, where all have ended."""
        current = [kind for kind, row in self.relationships.items() if not is_former(row)]
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
            role_name(kind): role_value(not is_former(row))
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


def changed_at(row: dict) -> str | None:
    """When a record was last changed, or made, as Tribe writes it."""
    stamps = (row.get(STAMP), row.get("CreationDate"))
    return next((each for each in stamps if isinstance(each, str) and len(each) < 50), None)


def _is_same(held: object, value: object) -> bool:
    if isinstance(held, dict) or isinstance(value, dict):
        return (held or {}).get("ID") == (value or {}).get("ID")
    return held == value or clean_start(held) == clean_start(value)


def _is_older(row: dict, mark: str | None) -> bool:
    """Whether a record shows as it was before a mark; not where its date shows no more."""
    return STAMP in row and is_before(changed_at(row), mark)


def is_former(row: dict) -> bool:
    """Whether a relationship has ended."""
    return row.get("IsFormer") is True
