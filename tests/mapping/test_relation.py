"""Organizations and persons: Tribe's nested records as flat values, and back."""

import pytest
from mapping import (
    ADDRESS_FIELDS,
    ORGANIZATION_FIELDS,
    PERSON_FIELDS,
    CountryUnknown,
    address_body,
    organization_address,
    organization_body,
    organization_from_tribe,
    person_body,
    person_from_tribe,
    relationship_body,
)

CUSTOMER = "Relationship.Organization.CommercialRelationship.Customer"
SUPPLIER = "Relationship.Organization.Supplier"
COUNTRIES = {"NL": "nl-id", "BE": "be-id"}


def relationship(kind=CUSTOMER, former=None, days=None):
    return {"_Type": kind, "IsFormer": former, "PaymentTermInDays": days}


def address(city):
    return {
        "ID": f"{city}-id",
        "Street": " Dorpsstraat ",
        "HouseNumber": 34.0,
        "HouseNumberSuffix": "a",
        "Extra": "2e verdieping",
        "Postalcode": "1234 AB",
        "City": city,
        "Country": {"ID": "nl-id", "Code": "nl"},
    }


ORGANIZATION = {
    "ID": "o1",
    "Name": "\n\nKlant  BV ",
    "EmailAddress": "info@klant.example",
    "PhoneNumber": "020 1234567",
    "Website": "",
    "VATNumber": "NL001234567B01",
    "DebtorNumber": 10042,
    "CreditorNumber": None,
    "InvoiceAddress": address("Utrecht"),
    "VisitingAddress": address("Zwolle"),
}


def test_an_organization_is_flat():
    assert organization_from_tribe(ORGANIZATION, [relationship(days=30.0)]) == {
        "name": "Klant BV",
        "email": "info@klant.example",
        "phone": "020 1234567",
        "website": None,
        "vat": "NL001234567B01",
        "debtor_number": "10042",
        "creditor_number": None,
        "street": "Dorpsstraat 34a",
        "street2": "2e verdieping",
        "zip": "1234 AB",
        "city": "Utrecht",
        "country_code": "NL",
        "payment_term_days": 30,
        "active": True,
    }


def test_a_person_is_flat():
    person = {
        "FirstName": "Jan",
        "MiddleName": "de",
        "LastName": " Vries",
        "MobilePhoneNumber": "06 12345678",
        "Address": address("Ede"),
    }
    values = person_from_tribe(person, [relationship()])
    assert set(values) == set(PERSON_FIELDS)
    assert (values["name"], values["mobile"], values["city"]) == (
        "Jan de Vries",
        "06 12345678",
        "Ede",
    )


def test_a_person_without_parts_has_the_computed_name():
    assert person_from_tribe({"Name": " Jan Jansen"}, [])["name"] == "Jan Jansen"


def test_an_empty_record_has_all_fields_and_no_values():
    values = organization_from_tribe({}, [])
    assert set(values) == set(ORGANIZATION_FIELDS)
    assert set(values.values()) == {None, False}


def test_persons_and_organizations_differ_in_four_fields():
    assert set(ORGANIZATION_FIELDS) - set(PERSON_FIELDS) == {"website", "vat", "creditor_number"}
    assert set(PERSON_FIELDS) - set(ORGANIZATION_FIELDS) == {"mobile"}
    assert set(ADDRESS_FIELDS) < set(PERSON_FIELDS)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        (("InvoiceAddress", "PostalAddress", "VisitingAddress"), "InvoiceAddress"),
        (("PostalAddress", "VisitingAddress"), "PostalAddress"),
        (("VisitingAddress",), "VisitingAddress"),
        ((), None),
    ],
)
def test_the_invoice_address_goes_before_the_others(slots, expected):
    organization = {slot: address(slot) for slot in slots}
    organization.setdefault("InvoiceAddress", {"ID": "empty", "City": " ", "Street": None})
    organization.setdefault("PostalAddress", None)
    assert organization_from_tribe(organization, [])["city"] == expected
    chosen = organization_address(organization)
    assert (chosen["ID"] if chosen else None) == (f"{expected}-id" if expected else None)


@pytest.mark.parametrize(
    ("former", "active"),
    [
        ((None,), True),
        ((False,), True),
        ((True,), False),
        ((True, None), True),
        ((True, True), False),
        ((), False),
    ],
)
def test_a_relation_is_active_while_one_relationship_is_not_former(former, active):
    relationships = [relationship(former=each) for each in former]
    assert organization_from_tribe({}, relationships)["active"] is active


@pytest.mark.parametrize(
    ("relationships", "days"),
    [
        ([], None),
        ([relationship(days=0)], 0),
        ([relationship(days=14), relationship(days=30)], 14),
        ([relationship(former=True, days=14), relationship(days=30)], 30),
        ([relationship(SUPPLIER, days=60), relationship(days=30)], 30),
        ([relationship(SUPPLIER, days=60), relationship(days=None)], None),
        ([relationship(SUPPLIER, days=60), relationship(former=True, days=30)], 30),
        ([relationship(SUPPLIER, days=60)], 60),
        ([{"PaymentTermInDays": 7.0}], 7),
    ],
)
def test_the_payment_term_is_that_of_the_present_customer(relationships, days):
    assert organization_from_tribe({}, relationships)["payment_term_days"] == days


def test_only_what_changed_is_written():
    assert organization_body({"vat": "NL1", "city": "Ede", "active": True}) == {"VATNumber": "NL1"}
    assert person_body({"mobile": "06"}) == {"MobilePhoneNumber": "06"}
    assert organization_body({}) == person_body({}) == relationship_body({}) == {}
    assert address_body({"name": "x"}, COUNTRIES) == {}


@pytest.mark.parametrize("empty", [None, "", False, " "])
def test_an_emptied_field_is_cleared_but_never_a_name(empty):
    assert organization_body({"name": empty, "email": empty}) == {"EmailAddress": None}
    assert person_body({"name": empty, "phone": empty}) == {"PhoneNumber": None}


def test_a_persons_name_is_written_in_three_parts():
    assert person_body({"name": "Jan de Vries"}) == {
        "FirstName": "Jan",
        "MiddleName": "de",
        "LastName": "Vries",
    }
    assert person_body({"name": "Vries"}) == {
        "FirstName": None,
        "MiddleName": None,
        "LastName": "Vries",
    }


def test_a_street_is_written_in_three_parts():
    assert address_body({"street": "Dorpsstraat 12 A", "zip": " 1234 AB"}, COUNTRIES) == {
        "Street": "Dorpsstraat",
        "HouseNumber": 12,
        "HouseNumberSuffix": "A",
        "Postalcode": "1234 AB",
    }


def test_an_emptied_street_clears_all_three_parts():
    assert address_body({"street": None, "street2": ""}, COUNTRIES) == {
        "Street": None,
        "HouseNumber": None,
        "HouseNumberSuffix": None,
        "Extra": None,
    }


@pytest.mark.parametrize(
    ("values", "given", "street"),
    [
        ({"country_code": "FR"}, None, "rue X"),
        ({}, "FR", "rue X"),
        ({"country_code": "NL"}, "FR", "12 rue X"),
    ],
)
def test_a_street_is_split_the_way_of_its_country(values, given, street):
    body = address_body(
        {"street": "12 rue X", **values}, {"FR": "fr-id", "NL": "nl-id"}, country_code=given
    )
    assert body["Street"] == street


@pytest.mark.parametrize(("code", "link"), [("be", {"ID": "be-id"}), (None, None), ("", None)])
def test_a_country_is_a_link(code, link):
    assert address_body({"country_code": code}, COUNTRIES) == {"Country": link}


def test_a_country_that_tribe_does_not_have_needs_a_person():
    with pytest.raises(CountryUnknown, match="XK"):
        address_body({"country_code": "XK"}, COUNTRIES)


def test_what_was_read_can_be_written_back():
    values = organization_from_tribe(ORGANIZATION, [relationship(days=30)])
    written = {
        **ORGANIZATION,
        **organization_body(values),
        "InvoiceAddress": {**address_body(values, COUNTRIES), "Country": {"Code": "NL"}},
        "VisitingAddress": None,
    }
    again = organization_from_tribe(written, [relationship(days=relationship_days(values))])
    assert again == values


def relationship_days(values):
    return relationship_body(values)["PaymentTermInDays"]
