"""Reading sets and records. docs/tribe-api.md."""

import re

import pytest

from .client import CUSTOMERS, SECONDS, UNKNOWN_ID, message_of


def test_collection_has_its_context_and_no_next_link(api):
    answer = api.read("Relation_Organization", top=2)
    assert answer["@odata.context"] == "$metadata#OData.Relation_Organization"
    assert set(answer) == {"@odata.context", "value"}
    assert len(answer["value"]) == 2


def test_single_record_has_its_context_and_fields_at_top_level(api):
    row = api.rows("Product", top=1)[0]
    single = api.read(f"Product({row['ID']})")
    assert single.pop("@odata.context") == "$metadata#OData.Product"
    assert single == row


def test_unset_scalars_are_null_and_links_are_absent(api):
    person = api.rows("Relation_Person", top=1)[0]
    assert person["IsActive"] is None
    assert person["IBAN"] is None
    assert "Address" not in person
    assert "Relationships" not in person


def test_every_entity_has_the_standard_fields(api):
    standard = {"ID", "_Type", "_Name", "ImportId", "CreationDate", "LastMutationDate", "SortIndex"}
    for set_name in ("Relation_Person", "Address", "Product", "Datastore_VatGroup", CUSTOMERS):
        assert standard <= set(api.rows(set_name, top=1)[0]), set_name


def test_moments_are_utc_with_whole_seconds(api):
    for row in api.rows("Activity_Invoice"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["CreationDate"])


def test_person_has_computed_names_and_birthday(api):
    person = next(row for row in api.rows("Relation_Person") if row["BirthDate"])
    assert person["BirthDay"] == person["BirthDate"][5:]
    assert person["Name"].endswith(person["LastName"])


def test_base_set_mixes_its_types(api):
    types = {row["_Type"] for row in api.all_rows("Relation")}
    assert types == {"Relation.Organization", "Relation.Person"}
    stages = {row["_Type"] for row in api.rows("Relationship_Organization_CommercialRelationship")}
    assert len(stages) > 1


def test_rows_of_base_sets_show_derived_fields_by_switch(api, sandbox):
    assert "VATNumber" not in api.rows("Relation", top=1)[0]
    sandbox.switch(base_set_fields="derived")
    assert "VATNumber" in api.rows("Relation", top=1)[0]


def test_at_most_100_rows_per_call(api, sandbox):
    sandbox.reset(relations=240)
    api.authorize()
    assert len(api.rows("Relation_Organization")) == 100
    assert len(api.rows("Relation_Organization", top=500)) == 100
    assert len(api.all_rows("Relation_Organization")) == 163
    sandbox.switch(top_over_limit="error")
    assert api.get("Relation_Organization", top=500).status_code == 400


def test_count_only_when_asked(api):
    answer = api.read("Product", top=0, count="true")
    assert answer["@odata.count"] == 30
    assert answer["value"] == []
    assert "@odata.count" not in api.read("Product", count="false")


def test_select_always_gives_the_id(api):
    assert set(api.rows("Product", select="Code", top=1)[0]) == {"ID", "Code"}


def test_order_and_paging_go_through_all_rows_once(api):
    rows = api.all_rows("Relation_Organization", orderby="LastMutationDate desc,ID asc")
    dates = [row["LastMutationDate"] or "" for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert len({row["ID"] for row in rows}) == len(rows)


def test_navigation_path_gives_the_linked_record_or_204(api):
    customer = api.rows(CUSTOMERS, expand="Organization", top=1)[0]
    linked = api.read(f"{CUSTOMERS}({customer['ID']})/Organization", select="Name")
    assert linked["ID"] == customer["Organization"]["ID"]
    assert api.get(f"{CUSTOMERS}({customer['ID']})/AccountManager").status_code == 204
    invoice = api.rows("Activity_Invoice", top=1)[0]["ID"]
    assert api.rows(f"Activity_Invoice({invoice})/ProductLines")


def test_space_must_be_percent_encoded(api, sandbox):
    spaces, pluses = (f"odata/Product?$filter=Code{s}eq{s}'ART-001'" for s in ("%20", "+"))
    assert len(api.call("GET", spaces).json()["value"]) == 1
    assert api.call("GET", pluses).status_code == 400
    sandbox.switch(plus_is_space=True)
    assert len(api.call("GET", pluses).json()["value"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "Foo",
        "relation_organization",
        "Employee",
        f"Product({UNKNOWN_ID})",
        f"Relation_Person({UNKNOWN_ID})/Address",
    ],
)
def test_unknown_set_or_id_is_404(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert message_of(answer)


def test_record_of_another_type_is_not_in_the_set(api):
    person = api.rows("Relation_Person", top=1)[0]["ID"]
    assert api.get(f"Relation_Organization({person})").status_code == 404
    assert api.get(f"Relation({person})").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "$select=Foo",
        "$select=name",
        "$expand=Foo",
        "$expand=Name",
        "$orderby=Foo",
        "$orderby=Name%20up",
        "$top=-1",
        "$skip=x",
        "$search=klant",
        "$apply=x",
        "$top=1&$top=2",
        "$expand=InvoiceAddress($filter=City%20eq%20'x')",
        "$expand=InvoiceAddress($select=Foo)",
        "$expand=InvoiceAddress($expand=Country",
    ],
)
def test_what_is_not_understood_is_400(api, query):
    answer = api.call("GET", f"odata/Relation_Organization?{query}")
    assert answer.status_code == 400
    assert message_of(answer)


def test_unknown_property_is_named_as_olingo_does(api):
    answer = api.get("Activity_Invoice", filter="Foo eq 1")
    assert message_of(answer) == (
        "The property 'Foo', used in a query expression, is not defined in type "
        "'OData.Activity_Invoice'."
    )


def test_key_in_quotes_is_refused(api):
    assert api.get(f"Product('{UNKNOWN_ID}')").status_code == 400


def test_connection_is_kept_alive(api):
    connections = set()
    for _ in range(3):
        answer = api.session.get(
            f"{api.sandbox.address}/v1/odata/Product?$top=1", stream=True, timeout=SECONDS
        )
        connections.add(id(answer.raw._connection))
        answer.json()
    assert len(connections) == 1


def test_a_tenant_with_shorter_pages(api, sandbox):
    sandbox.reset(relations=240)
    api.authorize()
    sandbox.switch(page_limit=40)
    assert len(api.rows("Relation_Organization", top=100)) == 40
    assert len(api.rows("Relation_Organization", top=10)) == 10
    assert len(api.all_rows("Relation_Organization")) == 163


def test_the_count_is_of_all_that_match_and_not_of_the_page(api, sandbox):
    sandbox.switch(page_limit=7)
    answer = api.read("Product", filter="contains(Code,'ART')", skip=7, count="true")
    assert (answer["@odata.count"], len(answer["value"])) == (30, 7)


def test_a_tenant_that_does_not_count(api, sandbox):
    sandbox.switch(count_option="ignored")
    assert "@odata.count" not in api.read("Product", count="true")
    sandbox.switch(count_option="refused")
    assert api.get("Product", count="true").status_code == 400
    assert len(api.rows("Product")) == 30


@pytest.mark.parametrize("set_name", ["Relation_Organization", CUSTOMERS, "Address", "Product"])
def test_any_record_is_found_by_its_id(api, set_name):
    row = api.rows(set_name, top=1)[0]
    found = api.read(f"Entity({row['ID'].upper()})")
    assert found.pop("@odata.context") == "$metadata#OData.Entity"
    assert found["_Type"] == set_name.replace("_", ".")
    assert found == {name: row[name] for name in found}
    assert api.read(f"Entity({row['ID']})", select="_Type")["_Type"] == found["_Type"]


def test_what_any_record_has_is_written_by_its_id(api):
    row = api.rows("Relation_Organization", top=1)[0]
    assert api.put(f"Entity({row['ID']})", {"ImportId": "x"}).status_code == 200
    changed = api.read(f"Relation_Organization({row['ID']})")
    assert (changed["ImportId"], changed["Name"]) == ("x", row["Name"])
    refused = api.put(f"Entity({row['ID']})", {"VATNumber": "x"})
    assert "VATNumber" in message_of(refused)


def test_there_is_no_set_of_all_records_and_not_always_a_way_to_find_one(api, sandbox):
    row = api.rows("Address", top=1)[0]
    assert api.get(f"Entity({UNKNOWN_ID})").status_code == 404
    assert api.get("Entity").status_code == 404
    assert api.delete(f"Entity({row['ID']})").status_code == 405
    sandbox.switch(entity_by_id=False)
    assert api.get(f"Entity({row['ID']})").status_code == 404


def test_ids_in_capital_letters(api, sandbox):
    sandbox.switch(id_case="upper")
    row = api.rows("Relation_Organization", top=1, expand="Relationships($select=ID)")[0]
    created = api.created("Relation_Organization", {"Name": "Nieuw B.V."})
    ids = [row["ID"], created["ID"], *(each["ID"] for each in row["Relationships"])]
    assert ids == [each.upper() for each in ids] != [each.lower() for each in ids]
    for identifier in (row["ID"], row["ID"].lower()):
        assert api.read(f"Relation_Organization({identifier})")["ID"] == row["ID"]
        assert len(api.rows("Relation_Organization", filter=f"ID eq {identifier}")) == 1


def test_names_of_efficys_own_examples(api, sandbox):
    assert api.get("Relation", select="Name").status_code == 400
    assert api.get("Product", select="Name,Price").status_code == 400
    sandbox.switch(relation_name=True, product_price=True)
    assert all("Name" in row for row in api.rows("Relation", select="Name"))
    products = api.rows("Product", select="Name,Price,SalesPrice")
    assert all(row["Price"] == row["SalesPrice"] for row in products)
