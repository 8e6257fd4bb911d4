"""Organizations and persons: Tribe's nested records as flat values, and back."""

import pytest
from told import raises_sentence

from tribe_connector.mapping import (
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
    person_name,
    relationship_body,
    synchronized_fields,
)

COUNTRIES = {"NL": "nl-id", "BE": "be-id"}
STATES = {"NL": {"UT": "ut-id"}}
STATE_CODES = {("NL", "ut-id"): "UT"}


def relationship(former=None, days=None):
    return {"IsFormer": former, "PaymentTermInDays": days}


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
        "State": {"ID": "ut-id", "Code": "NL-UT", "Name": "Utrecht"},
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


def test_a_state_of_another_country_than_the_address_has_no_code():
    codes = {("US", "ca-id"): "CA", ("IT", "ca-it-id"): "CA"}
    for country, code in (("US", "CA"), ("us", "CA"), ("IT", "California"), (None, "California")):
        there = {
            "Country": country and {"Code": country},
            "State": {"ID": "ca-id", "Name": "California"},
        }
        assert organization_from_tribe({"InvoiceAddress": there}, {}, codes)["state_code"] == code
        assert person_from_tribe({"Address": there}, {}, codes)["state_code"] == code


def test_an_organization_is_flat():
    relationships = {"customer": relationship(days=30.0), "supplier": relationship()}
    assert organization_from_tribe(ORGANIZATION, relationships, STATE_CODES) == {
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
        "state_code": "UT",
        "customer_payment_term_days": 30,
        "supplier_payment_term_days": None,
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
    values = person_from_tribe(person, {"customer": relationship()})
    assert set(values) == set(PERSON_FIELDS)
    assert (values["name"], values["mobile"], values["city"]) == (
        "Jan de Vries",
        "06 12345678",
        "Ede",
    )


def test_a_person_without_parts_has_the_computed_name():
    assert person_from_tribe({"Name": " Jan Jansen"}, {})["name"] == "Jan Jansen"


def test_an_empty_record_has_all_fields_and_no_values():
    values = organization_from_tribe({}, {"customer": {}, "supplier": {"IsFormer": True}})
    assert set(values) == set(ORGANIZATION_FIELDS)
    assert set(values.values()) == {None, True}


def test_persons_and_organizations_differ_in_five_fields():
    assert set(ORGANIZATION_FIELDS) - set(PERSON_FIELDS) == {
        "website",
        "vat",
        "creditor_number",
        "supplier_payment_term_days",
    }
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
    assert organization_from_tribe(organization, {})["city"] == expected
    chosen = organization_address(organization)
    assert (chosen["ID"] if chosen else None) == (f"{expected}-id" if expected else None)


def test_an_address_may_be_a_country_only_and_then_is_the_last_choice():
    country_only = {"ID": "1", "Country": {"Code": "DE"}}
    values = organization_from_tribe({"InvoiceAddress": country_only}, {})
    assert values["country_code"] == "DE"
    assert person_from_tribe({"Address": country_only}, {})["country_code"] == "DE"
    both = {"InvoiceAddress": country_only, "VisitingAddress": address("Zwolle")}
    assert organization_from_tribe(both, {})["city"] == "Zwolle"


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
    kinds = ("customer", "supplier")
    relationships = {
        kind: relationship(former=each) for kind, each in zip(kinds, former, strict=False)
    }
    assert organization_from_tribe({}, relationships)["active"] is active


def test_each_relationship_has_its_own_payment_term():
    values = organization_from_tribe(
        {}, {"customer": relationship(days=0), "supplier": relationship(former=True, days=60.0)}
    )
    assert values["customer_payment_term_days"] == 0
    assert values["supplier_payment_term_days"] == 60
    assert "supplier_payment_term_days" not in organization_from_tribe(
        {}, {"customer": relationship(days=14)}
    )


def test_a_state_that_odoo_lacks_has_tribes_name():
    assert organization_from_tribe(ORGANIZATION, {}, {})["state_code"] == "Utrecht"


def test_only_what_changed_is_written():
    assert organization_body({"vat": "NL1", "city": "Ede", "active": True}) == {"VATNumber": "NL1"}
    assert person_body({"mobile": "06"}) == {"MobilePhoneNumber": "06"}
    assert organization_body({}) == person_body({}) == relationship_body("customer", {}) == {}
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


@pytest.mark.parametrize(
    ("street", "country"),
    [("Rue de la Loi, 16", "BE"), ("16, Rue de la Loi", "FR"), ("16 bis, Rue de la Loi", "FR")],
)
def test_a_comma_between_street_and_number_is_no_part_of_either(street, country):
    body = address_body({"street": street}, COUNTRIES, country)
    assert (body["Street"], body["HouseNumber"]) == ("Rue de la Loi", 16)
    assert body["HouseNumberSuffix"] in (None, "bis")


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
    with raises_sentence("country_not_in_tribe", CountryUnknown, code="XK"):
        address_body({"country_code": "XK"}, COUNTRIES)


@pytest.mark.parametrize(
    ("code", "country", "body"),
    [
        ("ut", "NL", {"State": {"ID": "ut-id"}}),
        (None, "NL", {"State": None}),
        ("UT", "BE", {}),
        ("UT", None, {}),
    ],
)
def test_a_state_is_a_link_where_tribe_has_it(code, country, body):
    assert address_body({"state_code": code}, COUNTRIES, country, STATES) == body


def test_what_was_read_can_be_written_back():
    kinds = ("customer", "supplier")
    relationships = {"customer": relationship(days=30), "supplier": relationship(days=None)}
    values = organization_from_tribe(ORGANIZATION, relationships, STATE_CODES)
    address_written = address_body(values, COUNTRIES, None, STATES)
    assert address_written["State"] == {"ID": "ut-id"}
    written = {
        **ORGANIZATION,
        **organization_body(values),
        "InvoiceAddress": {**address_written, "Country": {"Code": "NL"}},
        "VisitingAddress": None,
    }
    relationships = {kind: relationship_body(kind, values) for kind in kinds}
    assert organization_from_tribe(written, relationships, STATE_CODES) == values


def test_a_persons_name_keeps_the_parts_that_were_not_edited():
    before = person_name({"FirstName": "Jan", "MiddleName": None, "LastName": "Willem Smit"})
    assert person_body({"name": "Johan Willem Smit"}, before) == {
        "FirstName": "Johan",
        "MiddleName": None,
        "LastName": "Willem Smit",
    }


def test_what_a_tenant_lacks_is_not_synchronized():
    absent = {"Relation_Person/MobilePhoneNumber", "Address/State"}
    assert set(PERSON_FIELDS) - synchronized_fields("person", absent) == {"mobile", "state_code"}
    assert set(ORGANIZATION_FIELDS) - synchronized_fields("organization", absent) == {"state_code"}
    no_address = {"Relation_Organization/InvoiceAddress"}
    assert not synchronized_fields("organization", no_address) & set(ADDRESS_FIELDS)
    assert synchronized_fields("person", no_address) == set(PERSON_FIELDS)
