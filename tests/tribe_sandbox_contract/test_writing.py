"""Creating and changing. docs/tribe-api.md."""

import pytest

from .client import CUSTOMERS, PERSON_CUSTOMERS, UNKNOWN_ID, message_of

SUPPLIERS = "Relationship_Organization_Supplier"
LEADS = "Relationship_Organization_CommercialRelationship_Lead"


@pytest.fixture
def organisation(api):
    return api.created("Relation_Organization", {"Name": "Klant B.V.", "EmailAddress": "a@b.nl"})


def test_customer_with_a_new_organisation_and_its_address(api):
    customer = api.created(
        CUSTOMERS,
        {
            "Relation": api.own_organisation(),
            "Organization": {
                "Name": "Klant BV",
                "DebtorNumber": "20042",
                "ImportId": "odoo:42",
                "InvoiceAddress": {
                    "Street": "Dorpsstraat",
                    "HouseNumber": 12,
                    "Country": api.with_code("Datastore_Country", "NL"),
                },
            },
            "PaymentTermInDays": 30,
            "ImportId": "odoo:42:customer",
        },
    )
    assert customer["@odata.context"] == f"$metadata#OData.{CUSTOMERS}"
    assert customer["_Type"] == "Relationship.Organization.CommercialRelationship.Customer"
    assert customer["Name"] == customer["_Name"] == "Klant BV"
    assert customer["IsFormer"] is None
    stored = api.read(
        f"{CUSTOMERS}({customer['ID']})",
        expand="Organization($expand=InvoiceAddress($expand=Country,Organization),Addresses)",
    )["Organization"]
    assert stored["DebtorNumber"] == "20042"
    assert stored["InvoiceAddress"]["HouseNumber"] == 12
    assert stored["InvoiceAddress"]["Country"]["Code"] == "NL"
    assert stored["InvoiceAddress"]["Organization"]["ID"] == stored["ID"]
    assert [row["ID"] for row in stored["Addresses"]] == [stored["InvoiceAddress"]["ID"]]


def test_existing_organisation_becomes_customer_and_supplier(api, organisation):
    link = {"Relation": api.own_organisation(), "Organization": {"ID": organisation["ID"]}}
    for set_name in (CUSTOMERS, SUPPLIERS):
        api.created(set_name, link)
    roles = api.read(f"Relation_Organization({organisation['ID']})", expand="Relationships")
    assert len(roles["Relationships"]) == 2


def test_person_customer_and_a_later_address(api):
    customer = api.created(
        PERSON_CUSTOMERS,
        {"Relation": api.own_organisation(), "Person": {"FirstName": "Jan", "LastName": "Berg"}},
    )
    person = api.read(f"{PERSON_CUSTOMERS}({customer['ID']})", expand="Person")["Person"]
    assert person["Name"] == "Jan Berg"
    address = api.created("Address", {"City": "Utrecht", "Person": {"ID": person["ID"]}})
    stored = api.read(f"Relation_Person({person['ID']})", expand="Address")
    assert stored["Address"]["ID"] == address["ID"]


def test_new_row_has_no_mutation_date_unless_the_switch_says_so(api, sandbox, organisation):
    path = f"Relation_Organization({organisation['ID']})"
    assert organisation["CreationDate"]
    assert organisation["LastMutationDate"] is None
    sandbox.switch(last_mutation_on_new="creation")
    assert api.read(path)["LastMutationDate"] == organisation["CreationDate"]
    found = api.rows("Relation_Organization", filter="LastMutationDate eq null")
    assert not found


def test_put_changes_only_what_it_names(api, organisation):
    answer = api.put(f"Relation_Organization({organisation['ID']})", {"DebtorNumber": "10042"})
    assert answer.status_code == 200
    changed = answer.json()
    assert changed["DebtorNumber"] == "10042"
    assert changed["EmailAddress"] == "a@b.nl"
    assert changed["LastMutationDate"] >= changed["CreationDate"]


def test_post_with_id_is_an_update(api, organisation):
    answer = api.post("Relation_Organization", {"ID": organisation["ID"], "Website": "x.nl"})
    assert answer.status_code == 200
    assert answer.json()["Website"] == "x.nl"
    assert answer.json()["Name"] == "Klant B.V."


def test_patch_does_not_exist(api, organisation):
    path = f"odata/Relation_Organization({organisation['ID']})"
    answer = api.call("PATCH", path, json={"Name": "x"})
    assert answer.status_code == 405
    assert message_of(answer)


def test_null_clears_a_value_and_a_link(api, organisation):
    path = f"Relation_Organization({organisation['ID']})"
    api.put(path, {"InvoiceAddress": {"City": "Utrecht"}})
    assert api.put(path, {"EmailAddress": None, "InvoiceAddress": None}).status_code == 200
    stored = api.read(path, expand="InvoiceAddress")
    assert stored["EmailAddress"] is None
    assert stored["InvoiceAddress"] is None


def test_nested_address_without_id_makes_a_new_one(api, organisation):
    path = f"Relation_Organization({organisation['ID']})"
    seen = set()
    for city in ("Utrecht", "Amsterdam"):
        api.put(path, {"InvoiceAddress": {"City": city}})
        stored = api.read(path, expand="InvoiceAddress,Addresses")
        assert stored["InvoiceAddress"]["City"] == city
        seen.add(stored["InvoiceAddress"]["ID"])
    assert {row["ID"] for row in stored["Addresses"]} == seen


def test_changing_an_address_does_not_touch_its_relation(api, sandbox, organisation):
    path = f"Relation_Organization({organisation['ID']})"
    api.put(path, {"InvoiceAddress": {"City": "Utrecht"}})
    address = api.read(path, expand="InvoiceAddress")["InvoiceAddress"]["ID"]
    relation = api.created("Relation_Organization", {"Name": "Nieuw"})["ID"]
    api.put(f"Address({address})", {"Organization": {"ID": relation}, "City": "Ede"})
    assert api.read(f"Relation_Organization({relation})")["LastMutationDate"] is None
    sandbox.switch(child_touches_parent=True)
    api.put(f"Address({address})", {"City": "Breda"})
    assert api.read(f"Relation_Organization({relation})")["LastMutationDate"]


def test_notes_are_created_with_their_parent(api):
    body = {"Name": "X", "Notes": [{"Content": "Bel terug", "IsPinned": True}]}
    created = api.created("Relation_Organization", body)
    stored = api.read(f"Relation_Organization({created['ID']})", expand="Notes")
    assert [note["Content"] for note in stored["Notes"]] == ["Bel terug"]


@pytest.mark.parametrize(
    ("position", "status", "keys"),
    [
        ("full", 201, None),
        ("id", 201, {"@odata.context", "ID"}),
        ("empty", 204, None),
        ("bare", 204, None),
    ],
)
def test_answer_to_a_write(api, sandbox, position, status, keys):
    sandbox.switch(write_answer=position)
    answer = api.post("Relation_Organization", {"Name": "Antwoord"})
    assert answer.status_code == status
    assert keys is None or set(answer.json()) == keys
    stored = sandbox.rows("Relation_Organization", Name="Antwoord")[0]["ID"]
    location = answer.headers.get("Location", "")
    assert location.endswith(f"Relation_Organization({stored})") is (position != "bare")


def test_deactivation_is_former(api):
    customer = api.new_customer()
    answer = api.put(f"{CUSTOMERS}({customer['ID']})", {"IsFormer": True}).json()
    assert answer["IsFormer"] is True
    assert answer["FormerDate"]


def test_lead_becomes_a_customer_and_keeps_its_id(api):
    lead = api.created(
        LEADS, {"Relation": api.own_organisation(), "Organization": {"Name": "Kans"}}
    )["ID"]
    answer = api.post(LEADS, {"ID": lead, "_UpgradeType": CUSTOMERS})
    assert answer.status_code == 200
    assert answer.json()["_Type"].endswith("CommercialRelationship.Customer")
    assert api.get(f"{LEADS}({lead})").status_code == 404
    assert api.read(f"{CUSTOMERS}({lead})")["UpgradeDate"]
    assert api.post(CUSTOMERS, {"ID": lead, "_UpgradeType": SUPPLIERS}).status_code == 400


def test_renaming_an_organisation_renames_its_relationships(api):
    customer = api.new_customer()
    organisation = api.read(f"{CUSTOMERS}({customer['ID']})/Organization")["ID"]
    api.put(f"Relation_Organization({organisation})", {"Name": "Nieuw B.V."})
    assert api.read(f"{CUSTOMERS}({customer['ID']})")["Name"] == "Nieuw B.V."


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Name": ""},
        {"Name": None},
        {"name": "klein"},
        {"Name": "X", "Foo": 1},
        {"Name": 12},
        {"Name": "X", "RSIN": "12"},
        {"Name": "X", "RSIN": 1.5},
        {"Name": "X", "RSIN": True},
        {"Name": "X", "FoundingDate": "2026-02-31"},
        {"Name": "X", "FoundingDate": "2026-01-01T00:00:00Z"},
        {"Name": "X", "IsActive": "true"},
        {"Name": "X", "CreationDate": "2026-01-01T00:00:00Z"},
        {"Name": "X", "_Name": "Y"},
        {"Name": "X", "InvoiceAddress": "Dorpsstraat"},
        {"Name": "X", "InvoiceAddress": {"ID": UNKNOWN_ID}},
        {"Name": "X", "InvoiceAddress": {"ID": "1"}},
        {"Name": "X", "InvoiceAddress": {"City": "X", "Foo": 1}},
        {"Name": "X", "InvoiceAddress": {"HouseNumber": "12"}},
        {"Name": "X", "Notes": {"Content": "x"}},
        {"Name": "X", "Relationships": []},
        [],
    ],
)
def test_wrong_body_is_400_and_nothing_is_kept(api, sandbox, body):
    before = len(sandbox.rows("Relation")), len(sandbox.rows("Address"))
    answer = api.post("Relation_Organization", body)
    assert answer.status_code == 400, answer.text
    assert message_of(answer)
    assert (len(sandbox.rows("Relation")), len(sandbox.rows("Address"))) == before


def test_link_to_another_type_is_refused(api, organisation):
    body = {"Relation": api.own_organisation(), "Person": {"ID": organisation["ID"]}}
    assert api.post(PERSON_CUSTOMERS, body).status_code == 400


@pytest.mark.parametrize("missing", ["Relation", "Organization"])
def test_relationship_needs_both_ends(api, organisation, missing):
    body = {"Relation": api.own_organisation(), "Organization": {"ID": organisation["ID"]}}
    del body[missing]
    assert api.post(CUSTOMERS, body).status_code == 400
    assert api.post("Relation_Person", {"FirstName": "Jan"}).status_code == 400


def test_required_values_cannot_be_cleared(api, organisation):
    customer = api.new_customer()["ID"]
    path = f"Relation_Organization({organisation['ID']})"
    assert api.put(path, {"Name": None}).status_code == 400
    assert api.put(f"{CUSTOMERS}({customer})", {"Organization": None}).status_code == 400


@pytest.mark.parametrize("base", ["Relation", "Relationship", "Activity", "Datastore"])
def test_base_sets_cannot_be_created_into(api, base):
    assert api.post(base, {"Name": "X"}).status_code == 405


def test_datastores_are_read_only(api):
    group = api.rows("Datastore_VatGroup")[0]["ID"]
    assert api.post("Datastore_VatGroup", {"Name": "X"}).status_code == 405
    assert api.put(f"Datastore_VatGroup({group})", {"Name": "X"}).status_code == 405
    assert api.delete(f"Datastore_VatGroup({group})").status_code == 405


def test_unknown_or_differing_id_is_refused(api):
    assert api.put(f"Relation_Organization({UNKNOWN_ID})", {"Name": "X"}).status_code == 404
    product = api.rows("Product", top=1)[0]["ID"]
    assert api.put(f"Product({product})", []).status_code == 400
    assert api.put(f"Product({product})", {"ID": UNKNOWN_ID}).status_code == 400
    body = {"ID": UNKNOWN_ID, "Name": "X"}
    assert api.post("Relation_Organization", body).status_code == 404


def test_body_must_be_json(api):
    as_form = api.call("POST", "odata/Relation_Organization", data={"Name": "X"})
    assert as_form.status_code == 415
    headers = {"Content-Type": "application/json"}
    for data in ("{", '{"Name": NaN}', "\xff".encode("latin-1")):
        answer = api.call("POST", "odata/Relation_Organization", data=data, headers=headers)
        assert answer.status_code == 400


def test_payment_is_a_row_of_its_own(api):
    invoice = api.rows("Activity_Invoice", filter="Phase/Code eq 'Sent'")[0]["ID"]
    body = {"Amount": 12.5, "Currency": "EUR", "Invoice": {"ID": invoice}}
    payment = api.created("Payment", body)
    stored = api.read(f"Activity_Invoice({invoice})", expand="Payments,Phase")
    assert [row["ID"] for row in stored["Payments"]] == [payment["ID"]]
    assert stored["Phase"]["Code"] == "Sent"
