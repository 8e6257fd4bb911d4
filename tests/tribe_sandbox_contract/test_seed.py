"""What the tenant contains at first, the same every time. docs/tribe-api.md."""

import datetime
import re
from collections import Counter

import pytest
from tribe_sandbox import moments

from .client import CUSTOMERS, PERSON_CUSTOMERS, Api

SUPPLIERS = "Relationship_Organization_Supplier"


@pytest.fixture
def full(sandbox):
    sandbox.reset(relations=300, invoices=120)
    return sandbox


def everything(sandbox):
    names = "Relation Relationship Address Activity ProductLine Product Datastore Attachment"
    return {name: sandbox.rows(name) for name in names.split()}


def test_same_seed_gives_the_same_rows_and_another_seed_others(sandbox):
    first = everything(sandbox)
    sandbox.create("Relation_Organization", {"Name": "weg bij de volgende"})
    sandbox.reset()
    assert everything(sandbox) == first
    sandbox.reset(seed=2)
    assert everything(sandbox)["Relation"] != first["Relation"]


def test_numbers_of_relations_and_invoices(full):
    kinds = Counter(row["_Type"] for row in full.rows("Relation"))
    assert kinds == {"Relation.Organization": 200 + 3, "Relation.Person": 100 + 2}
    phases = {row["ID"]: row["Code"] for row in full.rows("Datastore_Phase_ActivityInvoice")}
    codes = Counter(phases[row["Phase"]] for row in full.rows("Activity_Invoice"))
    assert codes == {"Draft": 30, "Sent": 60, "Paid": 30}
    assert len(full.rows("Product")) == 30


def test_two_legal_entities_share_one_parent(sandbox):
    rows = sandbox.rows("Relationship_Organization_Identity")
    assert [row["Name"] for row in rows] == ["Voorbeeld Verkoop B.V.", "Voorbeeld Diensten B.V."]
    assert len({row["Relation"] for row in rows}) == 1
    assert len({row["Identity"] for row in sandbox.rows("Activity_Invoice")}) == 2
    sandbox.reset(switches={"legal_entities": 1})
    (only,) = sandbox.rows("Relationship_Organization_Identity")
    assert only["Relation"] == only["Organization"]


def test_debtor_and_creditor_numbers_are_unique_and_often_there(full):
    relations = full.rows("Relation")
    debtors = [row["DebtorNumber"] for row in relations if row["DebtorNumber"]]
    creditors = [row["CreditorNumber"] for row in relations if row["CreditorNumber"]]
    assert len(set(debtors)) == len(debtors)
    assert len(set(creditors)) == len(creditors)
    assert min(debtors) == "10001" and min(creditors) == "50001"
    customers = len(full.rows(CUSTOMERS)) + len(full.rows(PERSON_CUSTOMERS))
    assert 0.6 < len(debtors) / customers < 0.8


def test_roles_are_of_every_kind(full):
    customers = {row["Organization"] for row in full.rows(CUSTOMERS)}
    suppliers = {row["Organization"] for row in full.rows(SUPPLIERS)}
    assert customers & suppliers and customers - suppliers and suppliers - customers
    relationships = full.rows("Relationship")
    assert any(row["IsFormer"] for row in relationships)
    assert any(row["_Type"].endswith("Lead") for row in relationships)
    assert full.rows("Relationship_Person_Contact_Standard")


def test_awkward_values_are_there(full):
    relations = full.rows("Relation")
    names = [row["Name"] for row in relations]
    assert any(name != name.strip() for name in names)
    assert any("O'Brien" in name for name in names)
    assert any(not name.isascii() for name in names)
    assert any(row["EmailAddress"] == "" for row in relations)
    assert any(row["LastMutationDate"] is None for row in relations)
    suffixes = {row["HouseNumberSuffix"] for row in full.rows("Address")}
    assert {"bis", "-14", None} <= suffixes
    organisations = full.rows("Relation_Organization")
    shared = [r for r in organisations if r["VisitingAddress"] == r["InvoiceAddress"] is not None]
    assert shared


def test_vat_numbers_have_the_right_shape(full):
    shapes = r"NL\d{9}B\d\d|BE0\d{9}|DE\d{9}|DK\d{8}|SE\d{10}01"
    numbers = [row["VATNumber"] for row in full.rows("Relation_Organization")]
    assert all(re.fullmatch(shapes, number) for number in numbers if number)
    assert None in numbers


def test_vat_groups_tell_apart_what_has_the_same_rate(sandbox):
    groups = {row["Name"]: row["Percentage"] for row in sandbox.rows("Datastore_VatGroup")}
    assert groups == {
        "NL - 21%": 21.0,
        "NL - 9%": 9.0,
        "NL - 0%": 0.0,
        "NL - Verlegd": 0.0,
        "EU - Intracommunautair": 0.0,
    }


def test_final_invoices_have_a_number_and_a_date_of_this_year(full):
    invoices = full.rows("Activity_Invoice")
    final = [row for row in invoices if row["IsFinal"]]
    assert len({row["Number"] for row in final}) == 90
    assert all(row["InvoiceDate"] and row["DueDate"] for row in final)
    in_order = sorted(final, key=lambda row: row["Number"])
    dates = [row["InvoiceDate"] for row in in_order]
    assert dates == sorted(dates)
    assert dates[0].endswith("12-31T23:00:00Z")
    drafts = [row for row in invoices if not row["IsFinal"]]
    assert all(row["Number"] is None and row["InvoiceDate"] is None for row in drafts)


def test_foreign_and_credit_invoices_come_by_switch(full):
    assert {row["Currency"] for row in full.rows("Activity_Invoice")} == {"EUR"}
    assert not any(row["CreditedInvoice"] for row in full.rows("Activity_Invoice"))
    full.switch(foreign_currency=True, credit_invoices=True)
    full.reset(relations=300, invoices=120)
    invoices = full.rows("Activity_Invoice")
    assert {row["Currency"] for row in invoices} == {"EUR", "USD", "DKK"}
    credits = [row for row in invoices if row["CreditedInvoice"]]
    assert credits and all(row["TotalIncludingVat"] < 0 for row in credits)


def test_empty_tenant_has_only_its_settings(sandbox):
    sandbox.reset(empty=True)
    assert len(sandbox.rows("Relation")) == 5
    assert sandbox.rows("Datastore_VatGroup") and sandbox.rows("Product")
    assert not sandbox.rows("Activity_Invoice")
    assert Api(sandbox).new_customer()["ID"]


def test_nothing_was_made_or_changed_today(full):
    """So no row is always newer than the last look, at whatever hour that is."""
    midnight = f"{moments.today() - datetime.timedelta(days=1)}T23"
    for rows in everything(full).values():
        for row in rows:
            dates = filter(None, (row["CreationDate"], row["LastMutationDate"]))
            assert max(dates, default="") < midnight


def test_what_was_changed_before_is_dated_as_the_tenant_dates_it(sandbox):
    def passed_over():
        relations = {row["ID"]: row for row in sandbox.rows("Relation")}
        paid = [row for row in sandbox.rows("Activity_Invoice") if row["Number"]]
        addresses = sandbox.rows("Address")
        return (
            any(
                (row["LastMutationDate"] or "") > (relation["LastMutationDate"] or "")
                for row in addresses
                for relation in [relations[row["Relation"]]]
            ),
            any(row["LastMutationDate"] is None for row in paid),
        )

    assert passed_over() == (True, True)
    sandbox.reset(switches={"child_touches_parent": True, "phase_touches_invoice": True})
    assert passed_over() == (False, False)
