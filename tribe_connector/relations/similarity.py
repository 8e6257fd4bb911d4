"""Relations of Tribe that share with a contact what only suggests that they are the same
(``mapping.evidence``). Of what many share, no more is read than says so.
"""

from ..mapping import canonical
from ..mapping.evidence import MOST_SHARING
from ..mapping.likeness import EMAIL, REGISTRY, VAT, Facts, address_key_of_parts, key_of
from ..tribe_api import LONGEST_SOUGHT, PAGE_SIZE, Room, both, either, equals, in_calls
from ..tribe_names import NAVIGATIONS, RELATION_SETS

_WIRE = {VAT: "VATNumber", REGISTRY: "ChamberOfCommerceNumber", EMAIL: "EmailAddress"}
# A house number with more addresses is a block of offices or flats: whoever is there is not read.
MOST_AT_ONE_PLACE = 20


def variants(text) -> list[str]:
    """Ways to write a value for which Tribe is asked; it only compares them as they stand."""
    text = str(text).strip()
    compact = "".join(character for character in text if character.isalnum())
    return list(dict.fromkeys([text, text.lower(), text.upper(), compact, compact.upper()]))


def find_by_value(connection, client, kind: str, basis: str, texts) -> dict[str, list[dict]]:
    """Relations of a kind with one of some values: ``{compared value: [row, ...]}``.

    Of a value that more than ``MOST_SHARING`` have, one more than that at least; of what is too
    long to ask for, none.
    """
    entity_set, wire = RELATION_SETS[kind], _WIRE[basis]
    terms = {
        equals(wire, each): key_of(basis, text)
        for text in texts
        if _is_sought(text) and key_of(basis, text)
        for each in variants(text)
    }
    if not terms or connection._lacks(entity_set, wire):
        return {}

    room = Room()

    def pages(condition):
        return client.pages(entity_set, room=room, filter=condition, select=f"ID,Name,{wire}")

    found = _few_of_each(terms, pages, lambda row: key_of(basis, row.get(wire)), MOST_SHARING)
    return {key: connection._without_tests(rows) for key, rows in found.items()}


def find_by_address(connection, client, kind: str, places) -> dict[tuple, list[dict]]:
    """Relations of a kind at some places: ``{address_key: [row, ...]}``.

    :param places: postcodes with house numbers; a postcode alone can be a whole city
    """
    navigation = NAVIGATIONS[kind]
    terms = {
        both(equals("Postalcode", each), equals("HouseNumber", number)): (compact, number)
        for postcode, number in sorted(places)
        if _is_sought(postcode) and (compact := canonical("zip", postcode))
        for each in (postcode, compact)
    }
    if not terms or connection._lacks("Address", navigation):
        return {}

    room = Room()

    def pages(condition):
        return client.pages(
            "Address",
            room=room,
            filter=condition,
            expand=f"{navigation}($select=ID,Name)",
            select="ID,Postalcode,HouseNumber",
        )

    at_places = _few_of_each(terms, pages, _place_of, MOST_AT_ONE_PLACE)
    found: dict[tuple, list[dict]] = {}
    for row in (row for rows in at_places.values() for row in rows):
        relation = row.get(navigation) or {}
        key = address_key_of_parts(
            relation.get("Name"), row.get("Postalcode"), row.get("HouseNumber")
        )
        if key and relation.get("ID") and connection._without_tests([relation]):
            found.setdefault(key, []).append(relation)
    return found


def facts_of_row(row):
    """What a row of Tribe, with its kind, tells of its relation."""
    return Facts(row["kind"], {"name": row.get("Name")})


def _is_sought(text) -> bool:
    return len(str(text)) <= LONGEST_SOUGHT


def _place_of(row) -> tuple | None:
    number = row.get("HouseNumber")
    return (canonical("zip", row.get("Postalcode")), number) if _is_number(number) else None


def _is_number(value) -> bool:
    return isinstance(value, (int, float))


def _few_of_each(terms: dict, pages, key_of_row, most: int) -> dict:
    """Rows for some keys: ``{key: [row, ...]}``; of a key that more than ``most`` have, not all.

    What many share would fill page after page. So it is left out as soon as that is seen, and the
    others are asked for anew: as many calls more, at most, as there are such keys.

    :param terms: the filters that are asked for, each with the key that it is for
    :param pages: reads the rows of a filter, page by page
    """
    rows_of: dict = {}

    def is_crowded(key):
        return len(rows_of.get(key, ())) > most

    for asked in in_calls(terms, str):
        while asked := [term for term in asked if not is_crowded(terms[term])]:
            seen, keys = 0, {terms[term] for term in asked}
            for page in pages(either(*asked)):
                seen += len(page)
                for row in page:
                    # Tribe may answer with others, and with as many as it likes of one.
                    if (key := key_of_row(row)) in keys and not is_crowded(key):
                        rows_of.setdefault(key, {})[row["ID"]] = row
                if seen >= PAGE_SIZE and any(is_crowded(terms[term]) for term in asked):
                    break
            else:
                break
    return {key: list(rows.values()) for key, rows in rows_of.items()}
