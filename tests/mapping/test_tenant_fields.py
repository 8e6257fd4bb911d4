"""What a tenant calls things, and what it lacks."""

import copy

import pytest
from told import assert_says, is_sentence

from tribe_connector.mapping import (
    InvoiceFields,
    absent_relation_paths,
    missing_requirements,
    resolve_invoice_fields,
)

IDENTITY = "Relationship_Organization_Identity"
CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"


def made(properties="", **navigations):
    return {
        "properties": dict.fromkeys(["ID", "ImportId", *properties.split()], "Edm.String"),
        "navigations": {
            name: {"type": target, "collection": False} for name, target in navigations.items()
        },
    }


COMPLETE = {
    "Relation_Organization": made(
        "Name DebtorNumber CreditorNumber VATNumber EmailAddress PhoneNumber Website",
        InvoiceAddress="Address",
    ),
    "Relation_Person": made(
        "LastName DebtorNumber EmailAddress PhoneNumber MobilePhoneNumber", Address="Address"
    ),
    CUSTOMER: made(
        "PaymentTermInDays IsFormer", Organization="Relation_Organization", Relation="Relation"
    ),
    PERSON_CUSTOMER: made("PaymentTermInDays", Person="Relation_Person"),
    "Relationship_Organization_Supplier": made(
        "PaymentTermInDays", Organization="Relation_Organization"
    ),
    IDENTITY: made("Name", Relation="Relation", Organization="Relation_Organization"),
    "Address": made(
        "Street HouseNumber HouseNumberSuffix Extra Postalcode City",
        Country="Datastore_Country",
        State="Datastore_State",
    ),
    "Datastore_Country": made("Code"),
    "Datastore_State": made("Code Name", Country="Datastore_Country"),
    "Datastore_Phase_ActivityInvoice": made("Code"),
    "Datastore_VatGroup": made("Code Percentage"),
    "Datastore_GeneralLedgerAccount": made("Code"),
    "Product": made("Code", GeneralLedgerAccount="Datastore_GeneralLedgerAccount"),
    "ProductLine": made("TotalExcludingVat", VatGroup="Datastore_VatGroup", Product="Product"),
    "Activity_Invoice": made(
        "Number Currency InvoiceDate DueDate IsFinal IsCredit Reference"
        " TotalExcludingVat VatAmount TotalIncludingVat"
        " TotalExcludingVatInCurrency VatAmountInCurrency TotalIncludingVatInCurrency",
        Phase="Datastore_Phase_ActivityInvoice",
        ProductLines="ProductLine",
        Relationship="Relationship",
        Identity=IDENTITY,
        CreditedInvoice="Activity_Invoice",
    ),
}


def without(path):
    schema = copy.deepcopy(COMPLETE)
    entity_set, _slash, field = path.partition("/")
    if not field:
        del schema[entity_set]
        return schema
    schema[entity_set]["properties"].pop(field, None)
    schema[entity_set]["navigations"].pop(field, None)
    return schema


def invoices(properties="", **navigations):
    return resolve_invoice_fields({"Activity_Invoice": made(properties, **navigations)})[0]


def test_a_tenant_with_everything_lacks_nothing():
    fields, missing = resolve_invoice_fields(COMPLETE)
    assert missing == []
    assert None not in fields.as_dict().values()
    assert missing_requirements(COMPLETE) == []
    assert absent_relation_paths(COMPLETE) == set()


@pytest.mark.parametrize(
    "path",
    [
        "Relation_Organization/Website",
        "Relation_Person/MobilePhoneNumber",
        "Address/State",
        "Address/Extra",
        "Relationship_Organization_Supplier/PaymentTermInDays",
    ],
)
def test_a_field_of_relations_that_is_absent_is_noticed(path):
    assert absent_relation_paths(without(path)) == {path}


def test_the_likelier_name_is_taken():
    assert invoices("Date InvoiceDate").date == "InvoiceDate"
    assert invoices("Date").date == "Date"
    assert invoices("ExpirationDate").due_date == "ExpirationDate"
    assert invoices("Final").final == "Final"
    assert invoices("IsCreditInvoice").credit == "IsCreditInvoice"
    assert invoices(CreditInvoiceFor="Activity_Invoice").credited == "CreditInvoiceFor"


def test_a_link_to_an_identity_is_the_legal_entity_whatever_it_is_called():
    assert invoices(Seller=IDENTITY, Organization="Relation_Organization").legal_entity == "Seller"
    assert invoices(Seller=IDENTITY, LegalEntity=IDENTITY).legal_entity == "LegalEntity"
    assert invoices(Organization="Relation_Organization").legal_entity == "Organization"


def test_a_tenant_without_any_of_it_is_told_what_that_means():
    fields, missing = resolve_invoice_fields({})
    assert fields == InvoiceFields()
    assert len(missing) == 9
    assert_says(missing, "invoices_without_date_field")
    assert all(is_sentence(each) for each in missing)


@pytest.mark.parametrize(
    ("totals", "are_too_few"),
    [
        ("", True),
        ("TotalIncludingVat", True),
        ("VatAmount", True),
        ("TotalIncludingVat TotalExcludingVat", False),
        ("TotalIncludingVat TotalVat", False),
    ],
)
def test_rounding_that_nothing_tells_of_is_said(totals, are_too_few):
    """Any rounding of the VAT agrees with one total."""
    _fields, notes = resolve_invoice_fields({"Activity_Invoice": made(totals)})
    assert ("invoices_with_too_few_totals" in [note.code for note in notes]) is are_too_few


@pytest.mark.parametrize(
    ("path", "blocking"),
    [
        ("Relation_Organization", True),
        ("Relation_Organization/DebtorNumber", True),
        (f"{CUSTOMER}/Relation", True),
        (IDENTITY, True),
        ("Activity_Invoice", True),
        ("Activity_Invoice/Phase", True),
        ("Datastore_Phase_ActivityInvoice", True),
        ("Datastore_VatGroup", True),
        ("Relation_Person", False),
        ("Relation_Person/ImportId", False),
        ("Relationship_Organization_Supplier", False),
        ("Datastore_GeneralLedgerAccount", False),
        ("Address/Country", False),
        ("Address/Street", False),
        ("Relation_Organization/EmailAddress", False),
        ("Relation_Person/MobilePhoneNumber", False),
        ("Relation_Organization/Website", False),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(path, blocking):
    (missing,) = [each for each in missing_requirements(without(path)) if each.path == path]
    assert missing.blocking is blocking
    assert missing.why.endswith(".") and missing.remedy.endswith(".")


def test_a_missing_module_is_named_once():
    paths = [each.path for each in missing_requirements(without("Activity_Invoice"))]
    assert paths == ["Activity_Invoice"]


def test_a_field_of_the_lines_is_found_through_the_invoice():
    paths = [each.path for each in missing_requirements(without("ProductLine/VatGroup"))]
    assert paths == ["Activity_Invoice/ProductLines/VatGroup"]


def test_what_blocks_comes_first():
    blocking = [each.blocking for each in missing_requirements({})]
    assert blocking == sorted(blocking, reverse=True)
    assert set(blocking) == {True, False}
