"""Organizations and persons of Tribe as flat, neutral values, and back.

Neutral values are joined (one name, one street line), so that only a real change is a change.
Field names of Tribe: docs/tribe-api.md, Relations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..sentence import sentence
from .address import (
    join_street,
    split_street,
    street_for_tribe,
    suffix_for_tribe,
    suffix_from_tribe,
)
from .merge import ADDRESS, ADDRESS_FIELDS
from .normalization import check_length, clean, whole_number
from .person_name import PersonName, join, split_like

# The payment term belongs to a relationship, so a customer who supplies too has two.
PAYMENT_TERM_FIELDS: dict[str, str] = {
    "customer": "customer_payment_term_days",
    "supplier": "supplier_payment_term_days",
}
_ORGANIZATION_WIRE = {
    "name": "Name",
    "email": "EmailAddress",
    "phone": "PhoneNumber",
    "website": "Website",
    "vat": "VATNumber",
    "debtor_number": "DebtorNumber",
    "creditor_number": "CreditorNumber",
}
_PERSON_WIRE = {
    "email": "EmailAddress",
    "phone": "PhoneNumber",
    "mobile": "MobilePhoneNumber",
    "debtor_number": "DebtorNumber",
}
ORGANIZATION_FIELDS: tuple[str, ...] = (
    *_ORGANIZATION_WIRE,
    *ADDRESS_FIELDS,
    *PAYMENT_TERM_FIELDS.values(),
    "active",
)
PERSON_FIELDS: tuple[str, ...] = (
    "name",
    *_PERSON_WIRE,
    *ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS["customer"],
    "active",
)

# What a person calls a neutral field, and that there is a customer or a supplier.
FIELD_LABELS: dict[str, str] = {
    "name": sentence("field_name"),
    "email": sentence("field_email"),
    "phone": sentence("field_phone"),
    "mobile": sentence("field_mobile"),
    "website": sentence("field_website"),
    "vat": sentence("field_vat"),
    "debtor_number": sentence("field_debtor_number"),
    "creditor_number": sentence("field_creditor_number"),
    ADDRESS: sentence("field_address"),
    "street": sentence("field_street"),
    "street2": sentence("field_street2"),
    "zip": sentence("field_zip"),
    "city": sentence("field_city"),
    "country_code": sentence("field_country"),
    "state_code": sentence("field_state"),
    "customer_payment_term_days": sentence("field_customer_payment_term"),
    "supplier_payment_term_days": sentence("field_supplier_payment_term"),
    "active": sentence("field_active"),
    "customer": sentence("field_customer"),
    "supplier": sentence("field_supplier"),
}

LONGEST_TERM_IN_DAYS = 3650
# ISO 3166-1 alpha-2, as Odoo's.
COUNTRY_CODE_LENGTH = 2
# Tribe's own links to accounting keep the invoice address; the others only fill in for it.
_ORGANIZATION_ADDRESSES = ("InvoiceAddress", "PostalAddress", "VisitingAddress")

# Where a field lives in Tribe: without one of these it is not synchronized.
_ADDRESS_PATHS = {
    "street": ("Address/Street", "Address/HouseNumber", "Address/HouseNumberSuffix"),
    "street2": ("Address/Extra",),
    "zip": ("Address/Postalcode",),
    "city": ("Address/City",),
    "country_code": ("Address/Country", "Datastore_Country/Code"),
    "state_code": (
        "Address/State",
        "Address/Country",
        "Datastore_State/Code",
        "Datastore_State/Name",
        "Datastore_State/Country",
    ),
}
_CUSTOMER_SETS = {
    "organization": "Relationship_Organization_CommercialRelationship_Customer",
    "person": "Relationship_Person_CommercialRelationship_Customer",
}
_SUPPLIER_SET = "Relationship_Organization_Supplier"


def _paths(relation_set: str, wires: Mapping[str, str], slot: str) -> dict[str, tuple[str, ...]]:
    return {field: (f"{relation_set}/{wire}",) for field, wire in wires.items()} | {
        field: (f"{relation_set}/{slot}", *paths) for field, paths in _ADDRESS_PATHS.items()
    }


FIELD_PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "organization": {
        **_paths("Relation_Organization", _ORGANIZATION_WIRE, "InvoiceAddress"),
        "customer_payment_term_days": (f"{_CUSTOMER_SETS['organization']}/PaymentTermInDays",),
        "supplier_payment_term_days": (f"{_SUPPLIER_SET}/PaymentTermInDays",),
    },
    "person": {
        **_paths("Relation_Person", _PERSON_WIRE, "Address"),
        "customer_payment_term_days": (f"{_CUSTOMER_SETS['person']}/PaymentTermInDays",),
    },
}


# A person has a name in any case; without a part of it, it is not the whole one.
_PERSON_NAME_PATHS = tuple(
    f"Relation_Person/{wire}" for wire in ("FirstName", "MiddleName", "LastName")
)
# What a row leads to.
_NAVIGATIONS = {*_ORGANIZATION_ADDRESSES, "Address", "Country", "State"}


class CountryUnknown(ValueError):
    """Tribe has no such country, so an address cannot be told to it."""


def synchronized_fields(kind: str, absent: Collection[str]) -> frozenset[str]:
    """The neutral fields of a kind (``"organization"``, ``"person"``) that a tenant can hold.

    ``absent`` has the sets and ``set/field`` paths that it lacks.
    """
    fields = ORGANIZATION_FIELDS if kind == "organization" else PERSON_FIELDS
    paths = FIELD_PATHS[kind]
    return frozenset(
        field for field in fields if not any(path in absent for path in paths.get(field, ()))
    )


def paths_not_shown(
    kind: str, fields: Collection[str], rows: Mapping[str, Mapping]
) -> dict[str, set[str]]:
    """Which of some fields some rows of Tribe do not have, and the paths: ``{field: {path}}``.

    ``rows`` has one by its set; an empty one is not there. Tribe sends ``null`` for what is empty,
    but nothing that it leads to has to be there.
    """
    paths = FIELD_PATHS[kind] | ({"name": _PERSON_NAME_PATHS} if kind == "person" else {})
    found = {
        field: {path for path in paths.get(field, ()) if _is_not_shown(path, rows)}
        for field in fields
    }
    return {field: each for field, each in found.items() if each}


def _is_not_shown(path: str, rows: Mapping[str, Mapping]) -> bool:
    entity_set, _slash, name = path.partition("/")
    row = rows.get(entity_set)
    return row is not None and bool(row) and name not in _NAVIGATIONS and name not in row


def organization_from_tribe(
    organization: Mapping,
    relationships: Mapping[str, Mapping],
    state_codes: Mapping[tuple[str, str], str] | None = None,
) -> dict:
    """Neutral values (of ``ORGANIZATION_FIELDS``) of a ``Relation_Organization``.

    Needs the three addresses expanded with their ``Country`` and ``State``. ``relationships``
    are its ``"customer"`` and ``"supplier"``: there is a payment term for each, and without any
    it is not active. ``state_codes`` has Odoo's code by the country and Tribe's ID of a state; a
    state without one, or of another country than the address, has Tribe's name, which Odoo cannot
    hold.
    """
    return {
        **{field: clean(organization.get(wire)) for field, wire in _ORGANIZATION_WIRE.items()},
        **_address_from_tribe(organization_address(organization), state_codes or {}),
        **_relationship_values(relationships),
    }


def person_from_tribe(
    person: Mapping,
    relationships: Mapping[str, Mapping],
    state_codes: Mapping[tuple[str, str], str] | None = None,
) -> dict:
    """As ``organization_from_tribe``, of a ``Relation_Person`` with ``Address`` expanded."""
    return {
        "name": join(*person_name(person)) or clean(person.get("Name")),
        **{field: clean(person.get(wire)) for field, wire in _PERSON_WIRE.items()},
        **_address_from_tribe(person_address(person), state_codes or {}),
        **_relationship_values(relationships),
    }


def check_storable(values: Mapping) -> None:
    """Raise ``ValueUnreadable`` when some neutral value is too long to be stored."""
    for field, value in values.items():
        if isinstance(value, str):
            check_length(value, FIELD_LABELS.get(field, field))


def person_name(person: Mapping) -> PersonName:
    """The parts of a name as Tribe has them."""
    parts = (clean(person.get(wire)) or "" for wire in ("FirstName", "MiddleName", "LastName"))
    return PersonName(*parts)


def organization_address(organization: Mapping) -> Mapping | None:
    """The address (with its ``ID``) that the neutral values are taken from, if any."""
    return _first_filled([organization.get(slot) for slot in _ORGANIZATION_ADDRESSES])


def person_address(person: Mapping) -> Mapping | None:
    """The address (with its ``ID``) that the neutral values are taken from, if any."""
    return _first_filled([person.get("Address")])


def organization_body(values: Mapping) -> dict:
    """The fields of ``values`` that live on a ``Relation_Organization``, as Tribe names them.

    An empty value clears the field, but a name is never cleared: Tribe requires one.
    """
    body = {
        wire: clean(values[field]) for field, wire in _ORGANIZATION_WIRE.items() if field in values
    }
    if body.get("Name", "") is None:
        del body["Name"]
    return body


def person_body(values: Mapping, before: PersonName | None = None) -> dict:
    """The fields of ``values`` that live on a ``Relation_Person``, as Tribe names them.

    An empty value clears the field, but a name is never cleared: Tribe requires a last name.
    ``before`` are the parts so far: the ones that were not edited stay as they are.
    """
    body = {}
    if clean(values.get("name")):
        name = split_like(values["name"], before)
        body = {
            "FirstName": name.first or None,
            "MiddleName": name.middle or None,
            "LastName": name.last,
        }
    body.update(
        {wire: clean(values[field]) for field, wire in _PERSON_WIRE.items() if field in values}
    )
    return body


def address_body(
    values: Mapping,
    country_ids: Mapping[str, str],
    country_code: str | None = None,
    state_ids: Mapping[str, Mapping[str, str]] | None = None,
) -> dict:
    """The address fields of ``values`` as a Tribe ``Address``; ``{}`` when there are none.

    ``country_ids`` has Tribe's IDs by ISO code in upper case, ``state_ids`` those of its states
    by the country's code and Odoo's code of the state. A street is split, and a state found, in
    the country in ``values``, else in ``country_code``; so give the street along when the
    country changes. A state that Tribe does not have is left out. Raises ``CountryUnknown``.
    """
    body: dict = {}
    country = values.get("country_code", country_code)
    if "street" in values:
        parts = split_street(values["street"], country)
        body["Street"] = street_for_tribe(parts)
        body["HouseNumber"] = parts.house_number
        body["HouseNumberSuffix"] = suffix_for_tribe(parts.suffix)
    for field, wire in (("street2", "Extra"), ("zip", "Postalcode"), ("city", "City")):
        if field in values:
            body[wire] = clean(values[field])
    if "country_code" in values:
        body["Country"] = _country_link(values["country_code"], country_ids)
    if "state_code" in values and is_state_known(values["state_code"], country, state_ids):
        body["State"] = _state_link(values["state_code"], country, state_ids or {})
    return body


def has_country_code(values: Mapping) -> bool:
    """Whether the country of some neutral values is no mere name, nor missing."""
    return len(clean(values.get("country_code")) or "") == COUNTRY_CODE_LENGTH


def is_state_known(
    state_code: object,
    country_code: object,
    state_ids: Mapping[str, Mapping[str, str]] | None,
) -> bool:
    """Whether Tribe has a state of Odoo; no state at all is known everywhere."""
    return not clean(state_code) or bool(_state_link(state_code, country_code, state_ids or {}))


def relationship_body(relationship: str, values: Mapping) -> dict:
    """The fields of ``values`` that live on a ``"customer"`` or ``"supplier"`` relationship."""
    field = PAYMENT_TERM_FIELDS[relationship]
    return {"PaymentTermInDays": _days(values[field])} if field in values else {}


def _first_filled(addresses: Iterable) -> Mapping | None:
    """The first address with something in it; a mere country counts where there is no other."""
    present = [address for address in addresses if isinstance(address, Mapping)]
    filled = (address for address in present if _is_filled(address))
    with_country = (each for each in present if each.get("Country") or each.get("State"))
    return next(filled, None) or next(with_country, None)


def _is_filled(address: Mapping) -> bool:
    return any(clean(address.get(field)) for field in ("Street", "Extra", "Postalcode", "City"))


def _address_from_tribe(address: Mapping | None, state_codes: Mapping[tuple, str]) -> dict:
    address = address or {}
    country = address.get("Country") or {}
    # As of a state: one without a code is one that Odoo cannot hold, and not none.
    country_code = (clean(country.get("Code")) or "").upper() or clean(country.get("Name"))
    street = join_street(
        address.get("Street"),
        address.get("HouseNumber"),
        suffix_from_tribe(address.get("HouseNumberSuffix")),
        country_code,
    )
    state = address.get("State") or {}
    return {
        "street": street or None,
        "street2": clean(address.get("Extra")),
        "zip": clean(address.get("Postalcode")),
        "city": clean(address.get("City")),
        "country_code": country_code,
        "state_code": state_codes.get((country_code, state.get("ID")))
        or clean(state.get("Name"))
        or clean(state.get("Code")),
    }


def _relationship_values(relationships: Mapping[str, Mapping]) -> dict:
    terms = {
        PAYMENT_TERM_FIELDS[kind]: _days(row.get("PaymentTermInDays"))
        for kind, row in relationships.items()
    }
    # Tribe leaves unset booleans null.
    return {
        **terms,
        "active": any(row.get("IsFormer") is not True for row in relationships.values()),
    }


def _days(value: object) -> int | None:
    return whole_number(value, LONGEST_TERM_IN_DAYS)


def _country_link(country_code: object, country_ids: Mapping[str, str]) -> dict | None:
    code = (clean(country_code) or "").upper()
    if not code:
        return None
    if code not in country_ids:
        raise CountryUnknown(
            sentence(
                "country_not_in_tribe",
                code=code,
            )
        )
    return {"ID": country_ids[code]}


def _state_link(
    state_code: object, country_code: object, state_ids: Mapping[str, Mapping[str, str]]
) -> dict | None:
    country, state = (clean(country_code) or "").upper(), (clean(state_code) or "").upper()
    tribe_id = state_ids.get(country, {}).get(state)
    return {"ID": tribe_id} if tribe_id else None
