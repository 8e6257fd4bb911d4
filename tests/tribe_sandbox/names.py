"""Display names: what Tribe computes for ``_Name``, ``Name``, ``SortName`` and ``BirthDay``."""


def person_names(row):
    """Return the computed columns of a person. docs/tribe-api.md."""
    parts = [row.get("FirstName"), row.get("MiddleName"), row.get("LastName")]
    name = " ".join(part for part in parts if part)
    first = " ".join(part for part in parts[:2] if part)
    sort_name = ", ".join(part for part in (row.get("LastName"), first) if part)
    birth_date = row.get("BirthDate")
    return {
        "_Name": name,
        "Name": name,
        "SortName": sort_name,
        "BirthDay": birth_date[5:] if birth_date else None,
    }


def address_name(row):
    """Return an address on one line."""
    number = row.get("HouseNumber")
    written = "" if number is None else f"{number:g}"
    first = " ".join(
        filter(None, [row.get("Street"), f"{written}{row.get('HouseNumberSuffix') or ''}"])
    )
    return ", ".join(filter(None, [first, row.get("City")]))


def computed_names(family, wire_type, row):
    """Return the computed columns of any record, given its stored row."""
    if wire_type == "Relation.Person":
        return person_names(row)
    if family == "Address":
        return {"_Name": address_name(row)}
    if family == "Relationship":
        return {"_Name": row.get("Name"), "SortName": row.get("Name")}
    if wire_type == "Activity.Invoice":
        return {"_Name": row.get("Number") or row.get("Subject")}
    if family == "Note":
        return {"_Name": (row.get("Content") or "")[:40]}
    for column in ("Name", "Description", "Reference", "EntityType"):
        if row.get(column):
            return {"_Name": row[column]}
    return {"_Name": None}
