"""Relations of Tribe, read and looked for in as few calls as possible."""

from collections.abc import Collection, Iterable
from itertools import chain

from odoo import fields

from ..mapping import canonical, clean_start
from ..sentence import LONGEST_ITEM, shortened
from ..tribe_api import Guid, Room, contains, either, in_calls
from ..tribe_names import ADDRESS_NAVIGATIONS, NAVIGATIONS, RELATION_SETS, RELATIONSHIP_SETS
from .remote_relation import RemoteRelation, changed_at, is_former


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


def _precedence(row: dict, linked: Collection[str]) -> tuple:
    """What says which of several relationships of one kind counts: the greatest.

    One that is not former goes before those that are, as one that is linked does before others; of
    the others the one that was changed last.
    """
    return not is_former(row), row["ID"] in linked, changed_at(row) or ""


def _shows_former(row: dict) -> bool:
    return "IsFormer" in row


def _keep_former(rows: list[dict], linked: dict) -> None:
    """Take relationships of one kind that do not show whether they have ended for what they were.

    One that is new is current. Tribe sends ``null`` for what was never ended.
    """
    was_former = any(linked[row["ID"]]._was_former() for row in rows if row["ID"] in linked)
    for row in rows:
        row.setdefault("IsFormer", was_former)
