"""The pages on which a person works in the stand-in: what is pressed there happens in Tribe."""

import html

import pytest
import requests

from .client import CUSTOMERS, SECONDS, UNKNOWN_ID, Api

ORGANIZATION = "Relation_Organization"


class Browser:
    """Opens pages and sends their forms, as a browser does."""

    def __init__(self, sandbox):
        self.address = sandbox.address
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, path):
        """The text of a page."""
        answer = self.session.get(f"{self.address}{path}", timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def send(self, path, page=None, **fields):
        """Send a form of a page (by default the one of the same path); the page that follows."""
        answer = self.session.post(
            f"{self.address}{path}",
            data=fields,
            headers={"Referer": f"{self.address}{page or path}"},
            timeout=SECONDS,
        )
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)


@pytest.fixture
def browser(sandbox):
    return Browser(sandbox)


@pytest.fixture
def customer(api, sandbox):
    """A customer relationship with its organization, as rows."""
    role = api.new_customer(Name="Klant & Zoon <b>B.V.</b>", EmailAddress="oud@klant.example")
    (row,) = sandbox.rows(CUSTOMERS, ID=role["ID"])
    return row


def typed(row, **changes):
    """The form of an organization with its values, some of them changed."""
    names = ("Name", "EmailAddress", "PhoneNumber", "Website", "VATNumber")
    return {**{name: row[name] or "" for name in names}, **changes}


@pytest.mark.parametrize(
    "path", ["/", "/invoices", "/invoices/new", "/traffic", "/trouble", "/application"]
)
def test_every_page_opens(browser, path):
    assert "Tribe" in browser.open(path)


def test_a_changed_relation_is_changed_in_the_api_and_told_by_webhook(
    browser, sandbox, api, customer, receiver
):
    api.call(
        "POST",
        "webhooks",
        json={"entityType": "Relation.Organization", "webhookUrl": receiver.address},
    )
    (row,) = sandbox.rows(ORGANIZATION, ID=customer["Organization"])
    path = f"/relations/{row['ID']}"

    page = browser.send(path, **typed(row, EmailAddress="nieuw@klant.example"), City="Zeist")

    assert "Saved." in page
    expand = "InvoiceAddress($select=City)"
    changed = api.read(f"{ORGANIZATION}({row['ID']})", expand=expand)
    assert changed["EmailAddress"] == "nieuw@klant.example"
    assert changed["InvoiceAddress"]["City"] == "Zeist"
    sandbox.deliveries()
    assert any(row["ID"].encode() in body for _headers, body in receiver.requests)


def test_a_form_that_was_not_changed_changes_nothing(browser, sandbox, customer):
    (row,) = sandbox.rows(ORGANIZATION, ID=customer["Organization"])
    page = browser.send(f"/relations/{row['ID']}", **typed(row))
    assert "Nothing was changed." in page
    assert sandbox.rows(ORGANIZATION, ID=row["ID"]) == [row]


def test_names_are_text_and_not_html(sandbox, customer):
    answer = requests.get(f"{sandbox.address}/?q=Zoon", timeout=SECONDS)
    assert "<b>B.V." not in answer.text
    assert "Klant &amp; Zoon &lt;b&gt;B.V.&lt;/b&gt;" in answer.text


def test_what_is_refused_is_said_on_the_page_that_asked(browser, sandbox, customer):
    (row,) = sandbox.rows(ORGANIZATION, ID=customer["Organization"])
    path = f"/relations/{row['ID']}"
    assert "House number must be a number, not “twelf”." in browser.send(
        path, **typed(row), HouseNumber="twelf"
    )
    assert "required" in browser.send(path, **typed(row, Name=""))


def test_a_customer_becomes_former_and_current_again(browser, sandbox, customer):
    path = f"/relations/{customer['Organization']}"
    for answer, is_former in (("yes", True), ("no", False)):
        browser.send(f"{path}/roles/{customer['ID']}", path, former=answer)
        (row,) = sandbox.rows(CUSTOMERS, ID=customer["ID"])
        assert row["IsFormer"] is is_former


def test_a_new_customer_and_a_second_role(browser, sandbox):
    browser.send("/relations/new", kind="organization", role="customer", Name="Nieuw B.V.")
    (row,) = sandbox.rows(ORGANIZATION, Name="Nieuw B.V.")
    assert len(sandbox.rows(CUSTOMERS, Organization=row["ID"])) == 1
    browser.send(f"/relations/{row['ID']}/roles", f"/relations/{row['ID']}", role="supplier")
    assert len(sandbox.rows("Relationship_Organization_Supplier", Organization=row["ID"])) == 1


def test_a_new_invoice_is_sent_and_paid(browser, sandbox, api, customer):
    product = sandbox.rows("Product")[0]["ID"]
    page = browser.send(
        "/invoices/new", customer=customer["ID"], subject="Werk", product=product, price="10,50"
    )
    assert "Draft invoice" in page
    (invoice,) = sandbox.rows("Activity_Invoice", Relationship=customer["ID"])
    path = f"/invoices/{invoice['ID']}"
    browser.send(f"{path}/lines", path, product=product, price="5", quantity="2")
    (first, _second) = sandbox.rows("ProductLine", Activity=invoice["ID"])
    assert "20.50 EUR" in browser.open(path)
    browser.send(f"{path}/lines/{first['ID']}/remove", path)
    assert "10.00 EUR" in browser.open(path)

    for code in ("Sent", "Paid"):
        browser.send(f"{path}/phase", path, phase=code)
        shown = api.read(f"Activity_Invoice({invoice['ID']})", expand="Phase")
        assert shown["Phase"]["Code"] == code
    assert f"Invoice {shown['Number']}" in browser.open(path)
    assert "cannot become a draft" in browser.send(f"{path}/phase", path, phase="Draft")


def test_trouble_begins_and_ends(browser, sandbox, api):
    assert "Going on now" in browser.send("/trouble", trouble="down")
    assert api.get("Relation").status_code == 503
    assert "(on)" in browser.open("/")
    browser.send("/trouble", trouble="mend")
    assert api.get("Relation").status_code == 200
    browser.send("/trouble", trouble="sign_out")
    assert api.get("Relation").status_code == 401


def test_webhooks_that_were_held_back_are_sent_when_mended(browser, sandbox, api, receiver):
    api.call(
        "POST",
        "webhooks",
        json={"entityType": "Relation.Organization", "webhookUrl": receiver.address},
    )
    browser.send("/trouble", trouble="held")
    api.new_customer()
    assert not receiver.requests
    browser.send("/trouble", trouble="mend")
    sandbox.deliveries()
    assert receiver.requests


def test_traffic_shows_calls_with_their_answer_and_no_page(browser, sandbox, api):
    sandbox.reset_calls()
    api.get("Relation_Person", top=1)
    api.get("Nonsense")
    browser.open("/")
    shown = browser.open("/traffic/recent")
    assert "Relation_Person" in shown and "404" in shown
    assert sandbox.calls()["total"] == 2


def test_the_application_is_configured_on_its_page(browser, sandbox):
    browser.send(
        "/application", redirect_uris="https://a.example/x\nhttps://b.example", scopes="read"
    )
    switches = sandbox.switch()
    assert switches["redirect_uris"] == ["https://a.example/x", "https://b.example"]
    assert switches["allowed_scopes"] == ["read"]


def test_the_link_to_a_record_opens_its_page(browser, sandbox, api, customer):
    assert "Klant & Zoon" in browser.open(f"/entity/{customer['Organization']}")
    assert "Klant & Zoon" in browser.open(f"/entity/{customer['ID'].upper()}")
    invoice = api.new_invoice([(1, 10, "NL21", None)])
    assert "Draft invoice" in browser.open(f"/entity/{invoice}")
    unknown = requests.get(f"{sandbox.address}/entity/{UNKNOWN_ID}", timeout=SECONDS)
    assert unknown.status_code == 404


def test_without_the_billing_module_relations_still_have_pages(browser, sandbox):
    sandbox.switch(billing_module=False)
    first = sandbox.rows(ORGANIZATION)[0]["ID"]
    browser.open(f"/relations/{first}")
    answer = requests.get(f"{sandbox.address}/invoices", timeout=SECONDS)
    assert answer.status_code == 404
    assert Api(sandbox).get("Relation").status_code == 200
