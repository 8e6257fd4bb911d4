"""$metadata describes exactly what is served, under every switch. docs/tribe-api.md."""

from xml.etree import ElementTree

import pytest

from .client import message_of

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
CUSTOM = {
    "type": "Relation_Organization",
    "id": "9ecc8d21-f69a-4f4c-a239-5db7a5f21ddd",
    "edm_type": "Edm.String",
}


class Metadata:
    """The parsed EDMX: names of properties and navigations per type, inherited included."""

    def __init__(self, api):
        answer = api.get("$metadata")
        assert answer.headers["Content-Type"].startswith("application/xml")
        self._types = {
            one.get("Name"): one
            for one in ElementTree.fromstring(answer.content).iter(f"{EDM}EntityType")
        }
        self.sets = {
            one.get("Name")
            for one in ElementTree.fromstring(answer.content).iter(f"{EDM}EntitySet")
        }

    def members(self, name, tag):
        element = self._types[name]
        own = {one.get("Name"): one.get("Type") for one in element.findall(f"{EDM}{tag}")}
        base = element.get("BaseType")
        inherited = self.members(base.rpartition(".")[2], tag) if base else {}
        return {**inherited, **own}

    def properties(self, name):
        return self.members(name, "Property")

    def navigations(self, name):
        return self.members(name, "NavigationProperty")


@pytest.mark.parametrize("style", ["inherited", "flat"])
def test_every_set_serves_what_metadata_says(api, sandbox, style):
    sandbox.switch(metadata_style=style)
    metadata = Metadata(api)
    for set_name in sorted(metadata.sets):
        for row in api.rows(set_name, top=3):
            shown = {name for name in row if not name.startswith("@")}
            assert shown == set(metadata.properties(set_name)), set_name
        expand = ",".join(sorted(metadata.navigations(set_name)))
        assert api.get(set_name, top=1, expand=expand).status_code == 200, set_name


def test_every_set_of_the_reference_is_there(api):
    wanted = """
        Relation Relation_Organization Relation_Person Address Relationship Activity ProductLine
        Relationship_Organization_CommercialRelationship_Customer Relationship_Person_Contact
        Relationship_Organization_CommercialRelationship_HotProspect Activity_Invoice Product
        Relationship_Person_CommercialRelationship_Customer Relationship_Organization_Supplier
        Relationship_Person_Contact_Employee Relationship_Organization_Identity Payment Attachment
        Datastore Datastore_Phase Datastore_Phase_ActivityInvoice Datastore_VatGroup Webhook
        Datastore_GeneralLedgerAccount Datastore_Country Datastore_AdressType
    """
    assert set(wanted.split()) <= Metadata(api).sets


def test_types_are_those_of_the_reference(api):
    metadata = Metadata(api)
    invoice = metadata.properties("Activity_Invoice")
    assert invoice["Number"] == "Edm.String"
    assert invoice["Amount"] == "Edm.Double"
    assert invoice["InvoiceDate"] == "Edm.DateTimeOffset"
    assert metadata.properties("Address")["HouseNumber"] == "Edm.Double"
    assert metadata.navigations("Activity_Invoice")["ProductLines"] == (
        "Collection(OData.ProductLine)"
    )


def test_json_form_names_the_same_members(api):
    as_json = api.read("$metadata", format="json")["OData"]
    metadata = Metadata(api)
    described = {name for name in as_json["Product"] if not name.startswith("$")}
    assert described <= set(metadata.properties("Product")) | set(metadata.navigations("Product"))
    assert as_json["Product"]["SalesPrice"]["$Type"] == "Edm.Double"


def test_tenant_names_follow_the_switches(api, sandbox):
    sandbox.switch(
        invoice_date_name="Date",
        due_date_name="",
        invoice_date_type="Edm.Date",
        legal_entity_name="LegalEntity",
        final_flag_name="",
        total_including_vat_name="Total",
        credit_link_name="",
    )
    metadata = Metadata(api)
    properties = metadata.properties("Activity_Invoice")
    assert properties["Date"] == "Edm.Date"
    assert {"Total", "TotalInCurrency"} <= set(properties)
    assert not {"InvoiceDate", "DueDate", "IsFinal", "TotalIncludingVat"} & set(properties)
    navigations = metadata.navigations("Activity_Invoice")
    assert "LegalEntity" in navigations
    assert not {"Identity", "CreditedInvoice"} & set(navigations)
    row = api.rows("Activity_Invoice", filter="Date ne null", expand="LegalEntity", top=1)[0]
    assert len(row["Date"]) == 10
    assert row["LegalEntity"]["Name"]
    assert "IsFinal" not in row


def test_tenant_without_import_id(api, sandbox):
    sandbox.switch(import_id=False)
    assert "ImportId" not in Metadata(api).properties("Relation_Organization")
    assert api.get("Relation_Organization", filter="contains(ImportId,'x')").status_code == 400
    assert api.post("Relation_Organization", {"Name": "X", "ImportId": "1"}).status_code == 400


def test_tenant_without_invoicing(api, sandbox):
    sandbox.switch(billing_module=False)
    assert not {"Activity_Invoice", "ProductLine"} & Metadata(api).sets
    answer = api.get("Activity_Invoice")
    assert answer.status_code == 404
    assert "Entity type not found" in message_of(answer)
    assert api.get("Attachment", expand="Invoice").status_code == 400


def test_custom_field_has_an_encoded_name(api, sandbox):
    sandbox.switch(custom_fields=[CUSTOM])
    name = "_9ecc8d21__f69a__4f4c__a239__5db7a5f21ddd"
    assert Metadata(api).properties("Relation_Organization")[name] == "Edm.String"
    created = api.created("Relation_Organization", {"Name": "X", name: "waarde"})
    found = api.rows("Relation_Organization", filter=f"{name} eq 'waarde'")
    assert [row["ID"] for row in found] == [created["ID"]]


def test_only_a_leading_digit_gets_an_underscore(api, sandbox):
    sandbox.switch(custom_fields=[{**CUSTOM, "id": "e4d6da94-fe9d-43e8-be1f-8a359911b9a8"}])
    properties = Metadata(api).properties("Relation_Organization")
    assert "e4d6da94__fe9d__43e8__be1f__8a359911b9a8" in properties


def test_phases_that_the_tenant_added(api, sandbox):
    sandbox.switch(extra_phases=["Reminded"])
    codes = {row["Code"] for row in api.rows("Datastore_Phase_ActivityInvoice")}
    assert codes == {"Draft", "Sent", "Paid", "Reminded"}
