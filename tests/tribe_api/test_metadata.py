"""The tenant's schema, with what it inherits."""

import pytest

from tribe_connector.tribe_api import Schema, TribeUnavailable

from .conftest import Answer

EDMX = b"""<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
 <edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="OData">
   <EntityType Name="Entity" Abstract="true">
    <Property Name="ID" Type="Edm.Guid"/><Property Name="ImportId" Type="Edm.String"/>
   </EntityType>
   <EntityType Name="Activity" BaseType="OData.Entity">
    <Property Name="Subject" Type="Edm.String"/>
   </EntityType>
   <EntityType Name="Activity_Invoice" BaseType="OData.Activity">
    <Property Name="Number" Type="Edm.String"/>
    <NavigationProperty Name="Phase" Type="OData.InvoicePhase"/>
    <NavigationProperty Name="ProductLines" Type="Collection(OData.ProductLine)"/>
   </EntityType>
   <EntityType Name="InvoicePhase" BaseType="OData.Entity">
    <Property Name="Code" Type="Edm.String"/>
   </EntityType>
   <EntityType Name="ProductLine" BaseType="OData.Entity">
    <Property Name="Price" Type="Edm.Double"/>
    <NavigationProperty Name="Activity" Type="OData.Activity_Invoice"/>
   </EntityType>
   <EntityContainer Name="Container">
    <EntitySet Name="Activity_Invoice" EntityType="OData.Activity_Invoice"/>
    <EntitySet Name="Datastore_Phase_ActivityInvoice" EntityType="OData.InvoicePhase"/>
    <EntitySet Name="ProductLine" EntityType="OData.ProductLine"/>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""


@pytest.fixture
def schema():
    return Schema.from_edmx(EDMX)


def test_a_type_without_a_set_is_not_a_set(schema):
    assert schema.has_set("Activity_Invoice")
    assert not schema.has_set("Entity")


def test_properties_of_base_types_are_there(schema):
    assert schema.properties("Activity_Invoice") == {
        "ID": "Edm.Guid",
        "ImportId": "Edm.String",
        "Subject": "Edm.String",
        "Number": "Edm.String",
    }
    assert schema.properties("Nowhere") == schema.navigations("Nowhere") == {}


def test_a_navigation_leads_to_the_set_of_its_type(schema):
    assert schema.navigations("Activity_Invoice") == {
        "Phase": "Datastore_Phase_ActivityInvoice",
        "ProductLines": "ProductLine",
    }


@pytest.mark.parametrize(
    ("path", "exists"),
    [
        ("Number", True),
        ("Phase", True),
        ("Phase/Code", True),
        ("Phase/ImportId", True),
        ("ProductLines/Activity/Phase/Code", True),
        ("number", False),
        ("Phase/Colour", False),
        ("Number/Code", False),
    ],
)
def test_a_path_exists(schema, path, exists):
    assert schema.has("Activity_Invoice", path) is exists


def test_a_schema_survives_being_stored(schema):
    stored = schema.as_dict()
    assert stored["Activity_Invoice"]["navigations"]["ProductLines"] == {
        "type": "ProductLine",
        "collection": True,
    }
    assert Schema.from_dict(stored).as_dict() == stored


def test_types_that_inherit_from_each_other_end():
    circle = EDMX.replace(
        b'Name="Entity" Abstract="true"', b'Name="Entity" BaseType="OData.Activity"'
    )
    assert "Subject" in Schema.from_edmx(circle).properties("Activity_Invoice")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"<html></html>",
        EDMX[:-20],
        b"\xff\xfe<a/>",
        EDMX.decode().encode("utf-16"),
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + EDMX.partition(b"?>")[2],
        b'{"$Version": "4.0"}',
    ],
    ids=["empty", "open", "html", "cut", "binary", "utf-16", "entities", "json"],
)
def test_what_is_no_metadata_is_unreadable(document):
    with pytest.raises(TribeUnavailable):
        Schema.from_edmx(document)


def test_the_schema_is_read_from_the_tenant(client, tribe):
    tribe.answers(Answer(body=EDMX))
    assert client.schema().has_set("ProductLine")
    assert tribe.requests[0].path == "/v1/odata/$metadata"
