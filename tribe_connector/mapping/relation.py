"""Organizations and persons of Tribe as flat, neutral values, and back.

Neutral values are joined (one name, one street line), so that only a real change is a change.
Field names of Tribe: docs/tribe-api.md, relations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .address import join_street, split_street, suffix_for_tribe, suffix_from_tribe
from .normalization import clean
from .person_name import join, split

ADDRESS_FIELDS: tuple[str, ...] = ("street", "street2", "zip", "city", "country_code")
_RELATIONSHIP_FIELDS = ("payment_term_days", "active")
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
    *_RELATIONSHIP_FIELDS,
)
PERSON_FIELDS: tuple[str, ...] = ("name", *_PERSON_WIRE, *ADDRESS_FIELDS, *_RELATIONSHIP_FIELDS)

# Tribe's own links to accounting keep the invoice address; the others only fill in for it.
_ORGANIZATION_ADDRESSES = ("InvoiceAddress", "PostalAddress", "VisitingAddress")


class CountryUnknown(ValueError):
    """Tribe has no such country, so an address cannot be told to it."""


def organization_from_tribe(organization: Mapping, relationships: Iterable[Mapping]) -> dict:
    """Neutral values (``ORGANIZATION_FIELDS``) of a ``Relation_Organization``.

    Needs the three addresses expanded with their ``Country``. ``relationships`` are all its
    customer and supplier relationships; without any it is not active.
    """
    return {
        **{field: clean(organization.get(wire)) for field, wire in _ORGANIZATION_WIRE.items()},
        **_address_from_tribe(organization_address(organization)),
        **_relationship_values(relationships),
    }


def person_from_tribe(person: Mapping, relationships: Iterable[Mapping]) -> dict:
    """Neutral values (``PERSON_FIELDS``) of a ``Relation_Person`` with ``Address`` expanded."""
    name = join(person.get("FirstName"), person.get("MiddleName"), person.get("LastName"))
    return {
        "name": name or clean(person.get("Name")),
        **{field: clean(person.get(wire)) for field, wire in _PERSON_WIRE.items()},
        **_address_from_tribe(person_address(person)),
        **_relationship_values(relationships),
    }


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


def person_body(values: Mapping) -> dict:
    """The fields of ``values`` that live on a ``Relation_Person``, as Tribe names them.

    An empty value clears the field, but a name is never cleared: Tribe requires a last name.
    """
    body = {}
    if clean(values.get("name")):
        name = split(values["name"])
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
    values: Mapping, country_ids: Mapping[str, str], country_code: str | None = None
) -> dict:
    """The address fields of ``values`` as a Tribe ``Address``; ``{}`` when there are none.

    ``country_ids`` has Tribe's IDs by ISO code in upper case. A street is split the way of the
    country in ``values``, else of ``country_code``; so give the street along when the country
    changes. Raises ``CountryUnknown``.
    """
    body: dict = {}
    if "street" in values:
        country = values.get("country_code", country_code)
        parts = split_street(values["street"], country)
        body["Street"] = parts.street or None
        body["HouseNumber"] = parts.house_number
        body["HouseNumberSuffix"] = suffix_for_tribe(parts.suffix)
    for field, wire in (("street2", "Extra"), ("zip", "Postalcode"), ("city", "City")):
        if field in values:
            body[wire] = clean(values[field])
    if "country_code" in values:
        body["Country"] = _country_link(values["country_code"], country_ids)
    return body


def relationship_body(values: Mapping) -> dict:
    """The fields of ``values`` that live on a customer relationship, as Tribe names them."""
    if "payment_term_days" not in values:
        return {}
    return {"PaymentTermInDays": _days(values["payment_term_days"])}


def _first_filled(addresses: Iterable) -> Mapping | None:
    """The first address with something in it; a mere country counts where there is no other."""
    present = [address for address in addresses if isinstance(address, Mapping)]
    filled = (address for address in present if _is_filled(address))
    with_country = (address for address in present if (address.get("Country") or {}).get("Code"))
    return next(filled, None) or next(with_country, None)


def _is_filled(address: Mapping) -> bool:
    return any(clean(address.get(field)) for field in ("Street", "Extra", "Postalcode", "City"))


def _address_from_tribe(address: Mapping | None) -> dict:
    address = address or {}
    country_code = clean((address.get("Country") or {}).get("Code"))
    street = join_street(
        address.get("Street"),
        address.get("HouseNumber"),
        suffix_from_tribe(address.get("HouseNumberSuffix")),
        country_code,
    )
    return {
        "street": street or None,
        "street2": clean(address.get("Extra")),
        "zip": clean(address.get("Postalcode")),
        "city": clean(address.get("City")),
        "country_code": country_code.upper() if country_code else None,
    }


def _relationship_values(relationships: Iterable[Mapping]) -> dict:
    all_of_them = list(relationships)
    return {
        "payment_term_days": _payment_term(all_of_them),
        "active": any(not _is_former(each) for each in all_of_them),
    }


def _payment_term(relationships: list[Mapping]) -> int | None:
    # A sort keeps the order of equals: the first customer that is not former, else any.
    ranked = sorted(relationships, key=lambda each: (not _is_customer(each), _is_former(each)))
    return _days(ranked[0].get("PaymentTermInDays")) if ranked else None


def _is_customer(relationship: Mapping) -> bool:
    return str(relationship.get("_Type") or "").replace("_", ".").endswith(".Customer")


def _is_former(relationship: Mapping) -> bool:
    # Tribe leaves unset booleans null.
    return relationship.get("IsFormer") is True


def _days(value: object) -> int | None:
    if value is None or value is False or value == "":
        return None
    return int(float(value))  # type: ignore[arg-type]


def _country_link(country_code: object, country_ids: Mapping[str, str]) -> dict | None:
    code = (clean(country_code) or "").upper()
    if not code:
        return None
    if code not in country_ids:
        raise CountryUnknown(
            f"Tribe has no country with the code {code}. Add it in Tribe, or choose another "
            "country on the contact in Odoo."
        )
    return {"ID": country_ids[code]}
