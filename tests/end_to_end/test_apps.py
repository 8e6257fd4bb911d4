"""An administrator installs the app from Apps, connects, and takes it away again.

One person in one browser; every fixture is a step further than the one it needs.
"""

import pytest
from playwright.sync_api import expect
from tribe_sandbox.process import SandboxProcess

from host import postgresql
from host.databases import Databases
from host.odoo_server import OdooServer
from host.odoo_source import find_or_fetch

from .odoo_log import alarms
from .session_api import SessionApi
from .waiting import until
from .web_client import web_client
from .world import World

DATABASE = "tribe_apps"
APP = "Tribe CRM"
COMPANY = "Voorbeeld Verkoop B.V."
PARTNER_FIELDS = ["name", "email", "phone", "street", "zip", "city", "vat", "active", "is_company"]
MOVE_FIELDS = ["name", "state", "move_type", "partner_id", "journal_id", "invoice_date"]
MOVE_FIELDS += ["amount_untaxed", "amount_tax", "amount_total", "amount_residual", "payment_state"]


@pytest.fixture(scope="module")
def tribe():
    with SandboxProcess(relations=20, invoices=8, switches={"legal_entities": 1}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def server():
    """Odoo with the Dutch chart, without the addon and without demo data."""
    odoo = find_or_fetch()
    with postgresql.running() as database_server:
        Databases(database_server, odoo).create(DATABASE)
        with OdooServer(database_server, odoo, DATABASE) as process:
            yield process


@pytest.fixture(scope="module")
def person(server):
    """The administrator, logged in."""
    with web_client(server.address) as client:
        client.log_in("admin", "admin")
        yield client


@pytest.fixture(scope="module")
def installed(person):
    """The app was activated in Apps."""
    person.open_app("Apps")
    person.search("Tribe")
    card = person.page.locator(".o_kanban_record").filter(has_text=APP)
    with person.reloading():
        card.get_by_role("button", name="Activate", exact=True).click()
    return person


@pytest.fixture(scope="module")
def connected(installed, tribe):
    """A connection was made by hand, and Connect was pressed."""
    person = installed
    person.open_app(APP)
    person.page.get_by_role("button", name="New", exact=True).click()
    person.fill(client_id=tribe.client_id, client_secret=tribe.client_secret)
    person.clear_date("invoices_from")
    person.choose("mode", "Demo")
    person.open_tab("Addresses and Limits")
    person.fill(
        api_address=tribe.address,
        authorization_address=tribe.address,
        web_address=tribe.address,
    )
    person.open_tab("Synchronization")
    person.fill(webhook_address=person.address)
    person.press("Connect")
    expect(person.state()).to_have_text("Map")
    return person


@pytest.fixture(scope="module")
def mapped(connected):
    """The legal entity was opened, and its journal created."""
    person = connected
    person.open_menu("Configuration", "Legal Entities")
    person.open_row(COMPANY)
    person.press("Create Journal")
    expect(person.field("journal_id").locator("input")).not_to_have_value("")
    return person


@pytest.fixture(scope="module")
def synchronized(mapped, server, tribe):
    """Activate was pressed, and the invoices of Tribe are booked: both systems."""
    both = World(server, tribe, key="")
    both.odoo = SessionApi(mapped)
    (connection,) = both.odoo.rows("tribe.connection", [], ["id"])
    both.connection_id = connection["id"]
    both.map()
    mapped.open_app(APP)
    mapped.page.get_by_role("button", name="Continue Set-up").click()
    mapped.press("Activate")
    mapped.confirm("Ok")
    until("the initial synchronization", lambda: both.state() == "active", 60)
    both.wait_until_idle(60)
    return both


@pytest.fixture(scope="module")
def before(synchronized):
    """What Odoo holds when everything is synchronized."""
    return _holdings(synchronized.odoo)


@pytest.fixture(scope="module")
def uninstalled(person, before):
    """The app was uninstalled through Apps."""
    person.open_app("Apps")
    person.search("Tribe")
    card = person.page.locator(".o_kanban_record").filter(has_text=APP)
    card.hover()
    card.locator(".o_dropdown_kanban button").click()
    person.page.get_by_role("menuitem", name="Uninstall").click()
    with person.reloading():
        person.page.locator(".modal").get_by_role("button", name="Uninstall", exact=True).click()
    return person


def test_the_app_installs_from_apps_without_demo_data(installed):
    assert APP in installed.apps()


def test_connect_shows_what_was_found(connected):
    connected.open_tab("Check")
    checks = connected.field("check_ids")
    expect(checks).to_contain_text("Signed in")
    expect(checks).to_contain_text("Legal entities: 1. VAT groups: 5.")


def test_a_secret_is_never_shown_again(connected, tribe):
    assert tribe.client_secret not in connected.page.content()
    (row,) = connected.call(
        "tribe.connection", "search_read", domain=[], fields=["client_secret", "has_client_secret"]
    )
    assert row["client_secret"] is False
    assert row["has_client_secret"] is True


def test_a_legal_entity_gets_a_journal_of_its_own(mapped):
    assert "Tribe" in mapped.value("journal_id")


def test_what_was_synchronized_is_posted_and_linked(synchronized, before):
    partners, moves = before
    assert len(moves) > 3
    assert {move["state"] for move in moves} == {"posted"}
    linked = synchronized.odoo.rows("res.partner", [["tribe_id", "!=", False]], ["id"])
    assert {move["partner_id"][0] for move in moves} <= {row["id"] for row in linked}
    assert synchronized.problems() == []
    assert synchronized.tribe.webhooks()


def test_a_customer_shows_its_debtor_number_and_opens_in_tribe(person, before):
    _partners, moves = before
    person.open_app("Invoicing")
    person.open_menu("Customers", "Customers")
    person.open_row(moves[0]["partner_id"][1])
    expect(person.page.get_by_role("button", name="Open in Tribe")).to_be_visible()
    person.open_tab("Sales & Purchase")
    assert person.value("debtor_number")


def test_uninstalling_leaves_partners_and_invoices_whole(uninstalled, before):
    assert _holdings(SessionApi(uninstalled)) == before


def test_uninstalling_takes_everything_of_ours_along(uninstalled):
    assert APP not in uninstalled.apps()
    for model, domain in {
        "ir.model": [["model", "=like", "tribe.%"]],
        "ir.model.fields": [["name", "in", ["tribe_id", "debtor_number", "tribe_link_ids"]]],
        "ir.model.data": [["module", "=", "tribe_connector"]],
        "ir.cron": [["name", "like", "Tribe"]],
        "ir.sequence": [["code", "=like", "tribe.%"]],
    }.items():
        assert SessionApi(uninstalled).rows(model, domain, ["id"]) == [], model


def test_uninstalling_removes_our_webhooks_from_tribe(uninstalled, synchronized):
    assert synchronized.tribe.webhooks() == []


def test_odoo_works_without_the_app(uninstalled, before):
    _partners, moves = before
    customer = moves[0]["partner_id"][1]
    uninstalled.open_app("Invoicing")
    uninstalled.open_menu("Customers", "Customers")
    uninstalled.open_row(customer)
    assert uninstalled.value("name") == customer
    uninstalled.open_menu("Customers", "Invoices")
    uninstalled.open_row(moves[0]["name"])
    expect(uninstalled.state()).to_have_text("Posted")
    expect(uninstalled.errors()).to_have_count(0)


def test_nobody_complained(uninstalled, server):
    assert uninstalled.complaints == []
    assert alarms(server.log_text()) == []


def _holdings(odoo):
    """The partners and the invoices: ``([partner], [move])``."""
    return (
        odoo.rows("res.partner", [], PARTNER_FIELDS, order="id"),
        odoo.rows("account.move", [], MOVE_FIELDS, order="id"),
    )
