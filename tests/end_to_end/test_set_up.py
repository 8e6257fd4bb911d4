"""An administrator sets the connector up as a guided form, and lives with it.

One person in one browser; every fixture is a step further than the one it needs.
"""

import pytest
from playwright.sync_api import expect
from tribe_sandbox.process import SandboxProcess

from host import postgresql
from host.databases import Databases
from host.odoo_server import OdooServer
from host.odoo_source import find_or_fetch

from .accessibility import violations
from .session_api import SessionApi
from .waiting import until
from .web_client import Effort, web_client
from .world import World

DATABASE = "tribe_set_up"
APP = "Tribe CRM"
MOST_CLICKS = 12
MOST_TYPED = 6


@pytest.fixture(scope="module")
def tribe():
    with SandboxProcess(relations=12, invoices=6, switches={"legal_entities": 1}) as sandbox:
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
def effort(person):
    """What the administrator does from here on is counted."""
    return Effort(person)


@pytest.fixture(scope="module")
def installed(person, effort, tribe):
    """The app was activated in Apps."""
    person.open_app("Apps")
    person.search_by_keyboard("Tribe")
    # Nothing but what was searched for: the list before it goes away under the pointer.
    card = person.page.locator(".o_kanban_record:not(.o_kanban_ghost)")
    expect(card).to_have_count(1)
    expect(card).to_contain_text(APP)
    with person.reloading():
        card.get_by_role("button", name="Activate", exact=True).click()
    _make_the_stand_in_the_usual_tribe(person, tribe)
    return person


def _make_the_stand_in_the_usual_tribe(person, tribe):
    """The addresses of Tribe are proposed, so nobody types them: here those of the stand-in."""
    defaults = {
        "mode": "demo",
        "api_address": tribe.address,
        "authorization_address": tribe.address,
        "web_address": tribe.address,
    }
    for name, value in defaults.items():
        person.call(
            "ir.default", "set", model_name="tribe.connection", field_name=name, value=value
        )


@pytest.fixture(scope="module")
def connected(installed, tribe):
    """A new connection was filled in, and Connect was pressed."""
    person = installed
    person.open_app(APP)
    person.page.get_by_role("button", name="New", exact=True).click()
    expect(person.field("client_id").locator("input")).to_be_focused()
    person.page.keyboard.type(tribe.client_id)
    person.page.keyboard.press("Tab")
    person.page.keyboard.type(tribe.client_secret)
    person.press("Connect")
    expect(person.state()).to_have_text("Map")
    return person


@pytest.fixture(scope="module")
def found(connected):
    """What the tab Check says."""
    checks = connected.page.locator("[name='check_ids'] .o_data_row")
    expect(checks.first).to_be_visible()
    return checks.all_inner_texts(), violations(connected)


@pytest.fixture(scope="module")
def suggested(connected, found):
    """Suggest was pressed: everything is mapped."""
    connected.press("Suggest")
    expect(connected.state()).to_have_text("Plan")
    return connected


@pytest.fixture(scope="module")
def mapping_looked_at(suggested):
    """The tabs of the mapping, each with what axe says of it: ``{tab: (text, violations)}``."""
    seen = {}
    for tab in ("Legal Entities", "VAT Groups", "General Ledger Accounts", "Numbers"):
        suggested.page.get_by_role("tab", name=tab, exact=True).evaluate("tab => tab.click()")
        pane = suggested.page.locator(".o_notebook .tab-pane.active")
        seen[tab] = (pane.inner_text(), violations(suggested))
    return seen


@pytest.fixture(scope="module")
def activated(suggested, mapping_looked_at, tribe):
    """Activate was pressed; Tribe is slow, so that there is something to watch."""
    tribe.fault("slow", method="POST", path_contains="Customer", times=2, seconds=4)
    SessionApi(suggested).create("res.partner", name="Nieuwe klant B.V.", customer_rank=1)
    suggested.press("Show Plan")
    # The plan is made in the background, and shown when it is ready.
    activate = suggested.page.get_by_role("button", name="Activate", exact=True)
    expect(activate).to_be_visible(timeout=90_000)
    activate.click()
    suggested.confirm("Ok")
    return suggested


@pytest.fixture(scope="module")
def watched(activated):
    """The bar was seen, and the form went on to Active by itself."""
    bar = activated.page.get_by_role("progressbar", name="Progress")
    expect(bar).to_be_visible()
    problems = violations(activated)
    expect(activated.state()).to_have_text("Active", timeout=90_000)
    expect(bar).to_be_hidden()
    return problems


@pytest.fixture(scope="module")
def both(activated, watched, server, tribe):
    """Both systems, synchronized."""
    world = World(server, tribe, key="")
    world.odoo = SessionApi(activated)
    (connection,) = world.odoo.rows("tribe.connection", [], ["id"])
    world.connection_id = connection["id"]
    world.wait_until_idle(90)
    return world


@pytest.fixture(scope="module")
def mended(both, activated, tribe):
    """An invoice that used unmapped VAT groups was mended, from the problem to the mapping.

    ``(what the problem said, what axe says of that screen, the invoice in Odoo)``
    """
    person = activated
    invoice = _draft(both)
    groups = both.odoo.rows(
        "tribe.vat.group",
        [["tribe_id", "in", [line["VatGroup"]["ID"] for line in invoice["ProductLines"]]]],
        ["name", "tax_id"],
    )
    both.odoo.write("tribe.vat.group", [group["id"] for group in groups], tax_id=False)
    tribe.set_phase(invoice["ID"], "Sent")
    until("the problem", both.problems, 60)

    person.open_app(APP)
    person.page.get_by_label("Invoices that need attention").click()
    cause = person.page.locator(".o_group_header").filter(has_text="VAT group has no sales tax")
    expect(cause).to_be_visible()
    row = person.page.locator(".o_data_row")
    expect(row).to_be_visible()
    sentence, problems = row.inner_text(), violations(person)
    row.get_by_role("button", name="Open the Mapping").click()
    expect(person.page.locator(".o_breadcrumb")).to_contain_text("VAT Groups")
    for group in groups:
        _choose_tax(person, group["name"], group["tax_id"][1])

    moves = until(
        "the booked invoice",
        lambda: both.odoo.rows("account.move", [["tribe_id", "=", invoice["ID"]]], ["state"]),
        60,
    )
    return sentence, problems, moves


def _choose_tax(person, group, tax):
    """Choose the sales tax of a VAT group in the list of the unmapped ones, and save."""
    row = person.page.locator(".o_data_row").filter(has_text=group).first
    row.locator("td[name='tax_id']").click()
    person.page.locator(".o_selected_row [name='tax_id'] input").fill(tax)
    person.page.get_by_role("option", name=tax, exact=True).first.click()
    person.page.locator(".o_list_button_save").first.click()
    expect(person.page.locator(".o_selected_row")).to_have_count(0)


def test_from_nothing_to_activated_takes_few_clicks(activated, effort):
    clicks, typed = effort.clicks, effort.typed

    print(f"from an empty database to activated: {len(clicks)} clicks, {len(typed)} fields")
    assert len(clicks) <= MOST_CLICKS, clicks
    assert len(typed) <= MOST_TYPED, typed


def test_what_was_found_is_shown_line_by_line(found):
    lines, problems = found
    assert any("Signed in" in line for line in lines)
    assert any("Legal entities: 1. VAT groups: 5." in line for line in lines)
    assert not problems


def test_every_tab_shows_how_complete_it_is(mapping_looked_at):
    assert "5 / 5" in " ".join(mapping_looked_at["VAT Groups"][0].split())
    for tab, (_text, problems) in mapping_looked_at.items():
        assert not problems, (tab, problems)


def test_the_progress_is_seen_without_reloading(watched):
    assert not watched


def test_the_dashboard_leads_to_the_lists_behind_its_numbers(both, activated):
    person = activated
    person.open_app(APP)
    card = person.page.locator(".o_tribe_dashboard .o_kanban_record").first
    expect(card).to_contain_text("Active")
    assert not violations(person)
    number = card.get_by_label("Relations in sync")
    in_sync = number.inner_text()
    number.click()
    expect(person.page.locator(".o_pager_limit")).to_have_text(in_sync)
    assert not violations(person)


def test_an_unmapped_vat_group_is_mended_from_the_list_of_problems(mended, both):
    sentence, problems, moves = mended
    assert "has no sales tax" in sentence
    assert "Choose one under VAT Groups" in sentence
    assert not problems
    assert [move["state"] for move in moves] == ["posted"]
    assert both.problems() == []


def test_contacts_and_invoices_show_how_they_stand(mended, activated):
    person = activated
    person.open_app("Invoicing")
    person.open_menu("Customers", "Invoices")
    badges = person.page.locator(".o_data_row [name='tribe_state']")
    expect(badges.first).to_have_text("In Sync")
    person.open_menu("Customers", "Customers")
    person.page.locator(".o_searchview_dropdown_toggler").click()
    person.page.get_by_role("menuitemcheckbox", name="In Sync with Tribe").click()
    expect(person.page.locator(".o_searchview_facet")).to_contain_text(["In Sync with Tribe"])


def test_pausing_and_going_on(both, activated):
    person = activated
    person.open_app(APP)
    person.page.get_by_role("button", name="Open", exact=True).click()
    person.press("Pause")
    expect(person.page.get_by_text("Paused. What changes meanwhile waits")).to_be_visible()
    assert not violations(person)
    person.press("Resume")
    expect(person.page.get_by_text("Paused. What changes meanwhile waits")).to_be_hidden()


def test_odoos_settings_lead_to_the_app(both, activated):
    person = activated
    person.page.goto(f"{person.address}/odoo/settings")
    person.page.locator(".settings_tab [data-key='tribe_connector']").click()
    person.page.get_by_role("button", name="Open Tribe CRM").click()
    expect(person.page.locator(".o_tribe_dashboard")).to_be_visible()


@pytest.mark.parametrize(
    "action",
    [
        "action_tribe_connection",
        "action_tribe_work_attention",
        "action_tribe_work_waiting",
        "action_tribe_link_invoices",
        "action_tribe_run",
        "action_tribe_legal_entity",
        "action_tribe_vat_group",
        "action_tribe_ledger_account",
    ],
)
def test_every_list_can_be_used_by_everybody(both, activated, action):
    activated.page.goto(f"{activated.address}/odoo/action-tribe_connector.{action}")
    expect(activated.view()).to_be_visible()

    assert not violations(activated)


def test_the_console_shows_no_error(both, activated):
    assert activated.complaints == []


def _draft(both):
    return next(
        row
        for row in both.tribe.rows("Activity_Invoice", "Phase,ProductLines($expand=VatGroup)")
        if row["Phase"]["Code"] == "Draft" and row["ProductLines"]
    )
