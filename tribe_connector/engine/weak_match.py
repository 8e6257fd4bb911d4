"""Relations that a contact could be, judged by what is no proof: VAT, registry number, e-mail,
or name, postcode and house number. A person decides.
"""

from ..mapping import canonical, split_street
from ..tribe_api import LONGEST_SOUGHT, Guid, both, either, equals, in_calls
from .remote_relation import NAVIGATIONS, RELATION_SETS, name_of

VAT = "vat"
REGISTRY = "company_registry"
EMAIL = "email"
ADDRESS = "address"
BASES = (VAT, REGISTRY, EMAIL, ADDRESS)
_WIRE = {VAT: "VATNumber", REGISTRY: "ChamberOfCommerceNumber", EMAIL: "EmailAddress"}


def key_of(basis: str, text) -> str | None:
    """A value as it is compared, or None: what is too short proves nothing at all.

    And for what is too long Tribe cannot be asked.
    """
    value = canonical(basis, text) if basis != REGISTRY else canonical("vat", text)
    return value if value and len(value) > 3 and _is_sought(text) else None


def address_key(name, zip_code, street, country_code=None) -> tuple | None:
    """Name, postcode and house number as they are compared; None unless all three are there."""
    parts = split_street(street, country_code)
    return address_key_of_parts(name, zip_code, parts.house_number)


def address_key_of_parts(name, zip_code, house_number) -> tuple | None:
    """As ``address_key``, of an address whose house number stands apart (a number)."""
    named, postcode = canonical("name", name), canonical("zip", zip_code)
    if not _is_sought(zip_code):
        return None
    if not named or not postcode or not house_number or not isinstance(house_number, (int, float)):
        return None
    return named.casefold(), postcode, int(house_number)


def _is_sought(text):
    return len(str(text)) <= LONGEST_SOUGHT


def variants(text) -> list[str]:
    """Ways to write a value for which Tribe is asked; it only compares them as they stand."""
    text = str(text).strip()
    compact = "".join(character for character in text if character.isalnum())
    return list(dict.fromkeys([text, text.lower(), text.upper(), compact, compact.upper()]))


def find_by_value(connection, client, kind: str, basis: str, texts) -> dict[str, list[dict]]:
    """Relations of a kind with one of some values: ``{compared value: [row, ...]}``."""
    entity_set, wire = RELATION_SETS[kind], _WIRE[basis]
    wanted = {key_of(basis, text): text for text in texts if key_of(basis, text)}
    if not wanted or connection._lacks(entity_set, wire):
        return {}
    written = dict.fromkeys(each for text in wanted.values() for each in variants(text))
    found: dict[str, list[dict]] = {}
    for row in client.by_values(entity_set, wire, written, select=f"ID,Name,{wire}"):
        key = key_of(basis, row.get(wire))
        if key in wanted:
            found.setdefault(key, []).append(row)
    return found


def find_by_address(connection, client, kind: str, places) -> dict[tuple, list[dict]]:
    """Relations of a kind at some places: ``{address_key: [row, ...]}``.

    :param places: postcodes with house numbers; a postcode alone can be a whole city
    """
    navigation = NAVIGATIONS[kind]
    asked = sorted(
        {
            (each, house_number)
            for postcode, house_number in places
            for each in (postcode, postcode.replace(" ", ""))
        }
    )
    if not asked or connection._lacks("Address", navigation):
        return {}
    found: dict[tuple, list[dict]] = {}
    for row in _rows_at(client, navigation, asked):
        relation = row.get(navigation) or {}
        key = address_key_of_parts(
            relation.get("Name"), row.get("Postalcode"), row.get("HouseNumber")
        )
        if key and relation.get("ID"):
            found.setdefault(key, []).append(relation)
    return found


def _rows_at(client, navigation: str, places: list[tuple]):
    def at(place):
        postcode, house_number = place
        return both(equals("Postalcode", postcode), equals("HouseNumber", house_number))

    for asked in in_calls(places, at):
        yield from client.all_rows(
            "Address",
            filter=either(*map(at, asked)),
            expand=f"{navigation}($select=ID,Name)",
            select="ID,Postalcode,HouseNumber",
        )


def names_of(client, kind: str, tribe_ids) -> dict[str, str]:
    """The names of some relations: ``{tribe_id: name}``."""
    ids = [Guid(tribe_id) for tribe_id in tribe_ids]
    rows = client.by_values(RELATION_SETS[kind], "ID", ids, select="ID,Name")
    return {row["ID"]: name_of(row) for row in rows}
