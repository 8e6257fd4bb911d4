"""Deleting, and what refuses to go. docs/tribe-api.md."""

from .client import CUSTOMERS, UNKNOWN_ID, message_of


def test_delete_is_204_and_then_404(api):
    product = api.created("Product", {"Name": "Weg"})["ID"]
    assert api.delete(f"Product({product})").status_code == 204
    assert api.get(f"Product({product})").status_code == 404
    assert api.delete(f"Product({UNKNOWN_ID})").status_code == 404


def test_any_relationship_goes_through_the_base_set(api):
    customer = api.new_customer()["ID"]
    organisation = api.read(f"{CUSTOMERS}({customer})/Organization")["ID"]
    assert api.delete(f"Relationship({customer})").status_code == 204
    assert api.get(f"Relation_Organization({organisation})").status_code == 200
    assert api.delete(f"Relation({organisation})").status_code == 405


def test_employee_stays(api):
    employee = api.read("GetCurrentEmployee()")["ID"]
    for path in ("Relationship_Person_Contact_Employee", "Relationship"):
        answer = api.delete(f"{path}({employee})")
        assert answer.status_code == 400
        assert message_of(answer)


def test_relation_with_activities_stays(api):
    customer = api.new_customer()["ID"]
    organisation = api.read(f"{CUSTOMERS}({customer})/Organization")["ID"]
    api.new_invoice([(1, 10, "NL21", None)], Relationship={"ID": customer})
    assert api.delete(f"Relation_Organization({organisation})").status_code == 400
    assert api.delete(f"Relationship({customer})").status_code == 400


def test_deleted_relation_takes_its_relationships_along_or_not(api, sandbox):
    kept_by_switch = {"cascade": 404, "keep": 200}
    for position, status in kept_by_switch.items():
        sandbox.switch(relation_deletion=position)
        customer = api.new_customer(InvoiceAddress={"City": "Ede"})["ID"]
        organisation = api.read(f"{CUSTOMERS}({customer})/Organization", expand="InvoiceAddress")
        assert api.delete(f"Relation_Organization({organisation['ID']})").status_code == 204
        assert api.get(f"{CUSTOMERS}({customer})").status_code == status
        address = organisation["InvoiceAddress"]["ID"]
        assert api.get(f"Address({address})").status_code == status


def test_deleted_address_is_unlinked(api):
    organisation = api.created(
        "Relation_Organization", {"Name": "X", "VisitingAddress": {"City": "Ede"}}
    )["ID"]
    path = f"Relation_Organization({organisation})"
    address = api.read(path, expand="VisitingAddress")["VisitingAddress"]["ID"]
    assert api.delete(f"Address({address})").status_code == 204
    assert api.read(path, expand="VisitingAddress")["VisitingAddress"] is None
