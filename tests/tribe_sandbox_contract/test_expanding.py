"""$expand, nested as real clients write it. docs/tribe-api.md."""

from .client import CUSTOMERS, SECONDS


def test_empty_link_to_one_is_null(api):
    row = api.rows(CUSTOMERS, expand="AccountManager", top=1)[0]
    assert row["AccountManager"] is None


def test_empty_link_to_many_is_an_empty_list(api):
    assert api.rows("Product", expand="Notes", top=1)[0]["Notes"] == []


def test_options_nest_with_semicolons(api):
    expand = "Organization($select=Name;$expand=VisitingAddress($select=City;$expand=Country))"
    rows = api.rows(CUSTOMERS, expand=expand, select="Name")
    organisation = next(r["Organization"] for r in rows if r["Organization"]["VisitingAddress"])
    assert set(organisation) == {"ID", "Name", "VisitingAddress"}
    assert set(organisation["VisitingAddress"]) == {"ID", "City", "Country"}
    assert len(organisation["VisitingAddress"]["Country"]["Code"]) == 2


def test_invoice_with_everything_needed_to_book_it(api):
    expand = (
        "Phase,Relationship($expand=Organization,Person),Contact,Identity,"
        "ProductLines($expand=Product($expand=GeneralLedgerAccount),VatGroup)"
    )
    for invoice in api.rows("Activity_Invoice", expand=expand):
        relationship = invoice["Relationship"]
        assert relationship["Organization"] or relationship["Person"]
        assert invoice["Identity"]["Name"].startswith("Voorbeeld")
        for line in invoice["ProductLines"]:
            assert line["Product"]["GeneralLedgerAccount"]["Code"]
            assert line["VatGroup"]["Percentage"] == line["VatPercentage"]


def test_relationships_of_a_relation_are_its_roles_and_its_contacts(api):
    contact = api.rows(
        "Relationship_Person_Contact_Standard", expand="Relation($expand=Relationships)"
    )[0]
    types = {row["_Type"] for row in contact["Relation"]["Relationships"]}
    assert "Relationship.Person.Contact.Standard" in types
    assert "Relationship.Organization.CommercialRelationship.Customer" in types


def test_lists_can_be_filtered_ordered_and_cut(api):
    expand = "ProductLines($filter=Quantity ge 1;$orderby=Price desc;$top=2;$select=Price,Quantity)"
    for invoice in api.rows("Activity_Invoice", expand=expand):
        lines = invoice["ProductLines"]
        assert len(lines) <= 2
        assert all(line["Quantity"] >= 1 for line in lines)
        assert [line["Price"] for line in lines] == sorted(
            (line["Price"] for line in lines), reverse=True
        )


def test_file_of_an_invoice_is_a_pdf(api):
    invoice = api.rows(
        "Activity_Invoice", filter="Phase/Code eq 'Sent'", expand="Attachments($expand=File)"
    )[0]
    file = invoice["Attachments"][0]["File"]
    assert file["MimeType"] == "application/pdf"
    assert file["Name"] == f"{invoice['Number']}.pdf"
    raw = api.session.get(file["Url"], timeout=SECONDS)
    assert raw.headers["Content-Type"].startswith("application/pdf")
    assert raw.content.startswith(b"%PDF-")
    assert raw.content.rstrip().endswith(b"%%EOF")
