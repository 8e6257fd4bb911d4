"""From Apps to uninstalling, as a person does it in a real browser, in English and in Dutch.

One person in one browser with a second tab for Tribe; every fixture is a step further than the
one it needs, and the tests follow each other. What is pressed is named in English here and looked
up in the translation for the tour in Dutch. Odoo's own buttons are found by what they do.
"""

import contextlib
import pprint
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

import pytest
from playwright.sync_api import expect
from tribe_sandbox.process import SandboxProcess

from . import screens
from .accessibility import CONTENT, OUR_PARTS, violations
from .language import DUTCH, ENGLISH, Language
from .odoo_log import alarms
from .session_api import SessionApi
from .waiting import until
from .web_client import Effort, web_client
from .world import World, odoo_without_addon

APP = "Tribe CRM"
MENU = "tribe_connector.menu_root"
APPS_MENU = "base.menu_management"
INVOICING_MENU = "account.menu_finance"
MOST_CLICKS = 12
MOST_TYPED = 6
CUSTOMER = "Nieuwe klant B.V."
COLLEAGUE = "boekhouder"
# A bookkeeper who sees what is synchronized, and administrates nothing.
PLAIN_USER = ("base.group_user", "account.group_account_invoice", "tribe_connector.group_user")
PHONE = "+31 30 765 43 21"
TABS = ("legal_entities", "vat_groups", "ledger_accounts", "numbers")
UNMAPPED = (
    "Invoice %(number)s uses VAT group “%(group)s”, which has no sales tax for “%(entity)s”. "
    "Choose one under VAT Groups."
)
# Seconds of a fast clock.
WAITS = {"settle_seconds": 3, "back_off_seconds": 1}
# Until the test lets the answer go. An answer is waited for longer.
SLOW_SECONDS = 600
PARTNER_FIELDS = ["name", "email", "phone", "street", "zip", "city", "vat", "active", "is_company"]
MOVE_FIELDS = ["name", "state", "move_type", "partner_id", "journal_id", "invoice_date"]
MOVE_FIELDS += ["amount_untaxed", "amount_tax", "amount_total", "amount_residual", "payment_state"]


@dataclass
class Seen:
    """What a step showed, for the tests to judge."""

    text: str = ""
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=[ENGLISH, DUTCH])
def language(request):
    """The language of the person."""
    return Language(request.param)


@pytest.fixture(scope="module")
def said(language):
    """What a text of ours is called in the language: ``said("Show Plan")``."""
    return language.said


@pytest.fixture(scope="module")
def sandbox(language):
    with SandboxProcess(relations=12, invoices=12, switches={"legal_entities": 1}) as process:
        yield process


@pytest.fixture(scope="module")
def server(language):
    """Odoo with the Dutch chart, without the addon and without demo data."""
    database = f"tribe_tour_{language}".lower()
    with odoo_without_addon(database, str(language), max_cron_threads=3) as process:
        yield process


@pytest.fixture(scope="module")
def person(server, language):
    """The administrator, logged in, who chose the language before."""
    with web_client(server.address, locale=str(language).replace("_", "-")) as client:
        client.log_in("admin", "admin")
        _speak(client, str(language))
        yield client


def _speak(person, code):
    """Give a language to the person, whose name is no word of it, and to the companies' books."""
    api = SessionApi(person)
    companies = api.rows("res.company", [], ["partner_id"])
    api.write("res.partner", [company["partner_id"][0] for company in companies], lang=code)
    (user,) = api.rows("res.users", [["login", "=", "admin"]], ["id"])
    api.write("res.users", [user["id"]], lang=code, name="Femke de Vries")
    with person.reloading():
        person.page.reload()


@pytest.fixture(scope="module")
def telephone(installed):
    """The administrator's other screen, a narrow one."""
    with installed.on_telephone() as client:
        yield client


@pytest.fixture(scope="module")
def wrong_on(language):
    """``wrong_on(person)``: what is wrong on a screen: grave violations, and English words.

    axe-core looks in English only, as the markup is the same in every language.
    """

    def wrong(client, content=CONTENT):
        found = violations(client, content) if str(language) == ENGLISH else []
        return [*found, *language.english_on(client.page)]

    return wrong


@pytest.fixture(scope="module")
def look(person, telephone, wrong_on):
    """``look()``: what is wrong on the current screen, and on the same one of a telephone."""

    def wrong(tab=""):
        wide = wrong_on(person)
        with _in_front(telephone.page, person):
            telephone.go(person.page.url.partition("/odoo/")[2])
            if tab:
                telephone.turn_to_tab(tab)
            return [*wide, *(f"narrow: {each}" for each in wrong_on(telephone))]

    return wrong


@pytest.fixture(scope="module")
def effort(person):
    """What the administrator does from here on is counted."""
    return Effort(person.page)


# From an empty database to activated


@pytest.fixture(scope="module")
def installed(person, effort, sandbox):
    """The app was activated in Apps."""
    _wait_for_scheduled_actions(person)
    person.open_app(APPS_MENU)
    person.search("Tribe")
    # Nothing but what was searched for: the list before it goes away under the pointer.
    card = person.page.locator(".o_kanban_record:not(.o_kanban_ghost)")
    expect(card).to_have_count(1)
    expect(card).to_contain_text(APP)
    with person.reloading():
        card.locator("button[name='button_immediate_install']").click()
    _make_the_stand_in_the_usual_tribe(person, sandbox)
    return person


def _wait_for_scheduled_actions(person):
    """Until those that are due when Odoo starts have run: beside one Odoo installs nothing."""

    def due():
        now = f"{datetime.now(timezone.utc):%F %T}"
        domain = [["active", "=", True], ["nextcall", "<=", now]]
        return SessionApi(person).rows("ir.cron", domain, ["id"])

    until("Odoo's scheduled actions have run", lambda: not due())


def _make_the_stand_in_the_usual_tribe(person, sandbox):
    """The addresses of Tribe are proposed, so nobody types them: here those of the stand-in."""
    defaults = {
        "mode": "demo",
        "api_address": sandbox.address,
        "authorization_address": sandbox.address,
        "web_address": sandbox.address,
        **WAITS,
    }
    for name, value in defaults.items():
        person.call(
            "ir.default", "set", model_name="tribe.connection", field_name=name, value=value
        )


@pytest.fixture(scope="module")
def connected(installed, sandbox, said):
    """A new connection was filled in, and Connect was pressed."""
    person = installed
    person.open_app(MENU)
    person.page.locator(".o-kanban-button-new").click()
    expect(person.field("client_id").locator("input")).to_be_focused()
    person.page.keyboard.type(sandbox.client_id)
    person.page.keyboard.press("Tab")
    person.page.keyboard.type(sandbox.client_secret)
    person.press(said("Connect"))
    expect(person.state()).to_have_text(said("Map"))
    return person


@pytest.fixture(scope="module")
def found(connected, look):
    """What the tab Check says."""
    checks = connected.page.locator("[name='check_ids'] .o_data_row")
    expect(checks.first).to_be_visible()
    return Seen("\n".join(checks.all_inner_texts()), look())


@pytest.fixture(scope="module")
def suggested(connected, found, said):
    """Suggest was pressed: everything is mapped."""
    connected.press(said("Suggest"))
    expect(connected.state()).to_have_text(said("Plan"))
    return connected


@pytest.fixture(scope="module")
def mapping(suggested, look):
    """The tabs of the mapping: ``{tab: Seen}``. The test turns them, not the person."""
    seen = {}
    for tab in TABS:
        suggested.turn_to_tab(tab)
        pane = suggested.page.locator(".o_notebook .tab-pane.active")
        seen[tab] = Seen(pane.inner_text(), look(tab))
    return seen


@pytest.fixture(scope="module")
def planned(suggested, mapping, said, look):
    """Show Plan was pressed, and the plan was read, in another tab, so that this form stays."""
    SessionApi(suggested).create("res.partner", name=CUSTOMER, is_company=True, customer_rank=1)
    suggested.press(said("Show Plan"))
    # The plan's own button, which is there when the plan is ready.
    expect(suggested.page.get_by_role("button", name=said("Make Again"))).to_be_visible()
    summary, wrong = suggested.value("summary"), look()
    tab = suggested.page.context.new_page()
    tab.goto(f"{suggested.address}/odoo/action-tribe_connector.action_tribe_plan_line")
    rows = tab.locator(".o_data_row")
    expect(rows.first).to_be_visible()
    text = "\n".join(rows.all_inner_texts())
    tab.close()
    return Seen(f"{summary}\n{text}", wrong)


@pytest.fixture(scope="module")
def activated(suggested, planned, sandbox, said):
    """Activate was pressed; Tribe is slow until the test has seen enough of it."""
    sandbox.fault("slow", method="POST", path_contains="Customer", seconds=SLOW_SECONDS)
    suggested.press(said("Activate"))
    suggested.confirm()
    return suggested


@pytest.fixture(scope="module")
def watched(activated, sandbox, said, look):
    """The bar was seen, and the form went on to Active by itself."""
    bar = activated.page.get_by_role("progressbar", name=said("Progress"))
    expect(bar).to_be_visible()
    seen = Seen(bar.inner_text(), look())
    sandbox.clear_faults()
    expect(activated.state()).to_have_text(said("Active"))
    expect(bar).to_be_hidden()
    return seen


@pytest.fixture(scope="module")
def both(activated, watched, server, sandbox):
    """Both systems, synchronized."""
    world = World(server, sandbox, key="")
    world.odoo = SessionApi(activated)
    (connection,) = world.odoo.rows("tribe.connection", [], ["id"])
    world.connection_id = connection["id"]
    world.wait_until_idle()
    return world


def test_the_app_is_installed_from_apps(installed):
    assert APP in installed.apps()


def test_what_was_found_is_shown_line_by_line(found, language):
    assert language.said("Signed in to Tribe") in found.text
    assert found.wrong == []


def test_a_secret_is_never_shown_again(connected, sandbox):
    assert sandbox.client_secret not in connected.page.content()
    (row,) = connected.call(
        "tribe.connection", "search_read", domain=[], fields=["client_secret", "has_client_secret"]
    )
    assert row["client_secret"] is False
    assert row["has_client_secret"] is True


def test_every_tab_shows_how_complete_it_is(mapping):
    assert "5 / 5" in " ".join(mapping["vat_groups"].text.split())
    for tab, seen in mapping.items():
        assert seen.wrong == [], tab


def test_the_plan_is_seen_before_anything_is_written(planned, suggested, said):
    assert CUSTOMER in planned.text
    assert said("Create in Tribe") in planned.text
    assert planned.wrong == []


def test_the_progress_is_seen_without_reloading(watched):
    assert watched.wrong == []


def test_from_nothing_to_activated_takes_few_clicks(activated, effort, said):
    print(f"{len(effort.clicks)} clicks {effort.clicks}, {len(effort.typed)} fields {effort.typed}")
    ours = [said(button) for button in ("Connect", "Suggest", "Show Plan", "Activate")]
    # It counts: what the person cannot do without is in it.
    assert [click for click in effort.clicks if click in ours][-len(ours) :] == ours
    assert {"client_id", "client_secret"} < effort.typed
    assert len(effort.clicks) <= MOST_CLICKS, effort.clicks
    assert len(effort.typed) <= MOST_TYPED, effort.typed


def test_our_webhooks_are_registered_without_a_typed_secret(both, effort):
    assert both.tribe.webhooks()
    assert "webhook_secret" not in effort.typed


def test_after_activation_the_new_customer_is_in_tribe(both):
    assert len(both.sandbox.rows("Relation_Organization", Name=CUSTOMER)) == 1


# A day


@pytest.fixture(scope="module")
def tribe(both, person):
    """The same person's tab with Tribe."""
    page = person.page.context.new_page()
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.goto(both.sandbox.address)
    person.page.bring_to_front()
    return page


@pytest.fixture(scope="module")
def sent(both, tribe, person):
    """An invoice was sent in Tribe: its number, its total as Tribe shows it, and Odoo's move."""
    with _in_front(tribe, person):
        number = _send_a_draft(tribe)
        total = tribe.locator(".totals .total dd").inner_text().removesuffix(" EUR")
    (move,) = until(
        f"invoice {number} in Odoo",
        lambda: both.odoo.rows("account.move", [["name", "=", number]], ["amount_total", "state"]),
    )
    return number, total, move


@contextlib.contextmanager
def _in_front(other, person):
    """Turn to another tab, then back: the browser is slow in a tab that nobody sees."""
    other.bring_to_front()
    yield
    person.page.bring_to_front()


def _send_a_draft(tribe):
    """Send the first draft in Tribe; returns its number."""
    tribe.get_by_role("link", name="Invoices", exact=True).click()
    tribe.locator("tbody").get_by_role("link", name="Draft").first.click()
    tribe.get_by_role("button", name="Send", exact=True).click()
    said = tribe.get_by_role("status")
    expect(said).to_contain_text("is now Verzonden")
    return said.inner_text().split()[1]


def _edit_relation(tribe, name, **fields):
    """Type values into the page of a relation in Tribe, by their labels, and save."""
    tribe.get_by_role("link", name="Relations", exact=True).click()
    tribe.get_by_label("Search relations").fill(name)
    tribe.get_by_role("button", name="Search").click()
    tribe.locator("tbody").get_by_role("link", name=name).first.click()
    for label, value in fields.items():
        tribe.get_by_label(label, exact=True).fill(value)
    tribe.get_by_role("button", name="Save").click()
    expect(tribe.get_by_role("status")).to_have_text("Saved.")


def _open_connection(person, both):
    person.go(f"tribe-crm/{both.connection_id}")
    expect(person.page.locator(".o_form_view")).to_be_visible()


def test_a_relation_edited_in_tribe_arrives_in_odoo(both, tribe, person):
    with _in_front(tribe, person):
        _edit_relation(tribe, CUSTOMER, Phone=PHONE)

    (row,) = until(
        "the phone in Odoo",
        lambda: both.odoo.rows("res.partner", [["phone", "=", PHONE]], ["name"]),
    )
    assert row["name"] == CUSTOMER
    person.go(f"res.partner/{row['id']}")
    expect(person.field("phone").locator("input")).to_have_value(PHONE)


def test_an_invoice_sent_in_tribe_is_opened_as_a_posted_move(sent, person, said):
    number, total, move = sent
    assert f"{move['amount_total']:,.2f}" == total
    person.open_app(MENU)
    person.open_menu(said("Synchronized"), said("Booked Invoices"))
    person.open_row(number)
    person.field("move_id").get_by_role("link").first.click()
    expect(person.page.locator(".o_breadcrumb")).to_contain_text(number)
    expect(person.page.locator(".o_arrow_button_current[data-value='posted']")).to_be_visible()
    expect(person.page.get_by_role("button", name=said("Open in Tribe"))).to_be_visible()


def test_contacts_and_invoices_show_how_they_stand(sent, person, look, said):
    person.go("action-account.action_move_out_invoice_type")
    badges = person.page.locator(".o_data_row [name='tribe_state']")
    expect(badges.first).to_have_text(said("In Sync"))
    person.go("action-account.res_partner_action_customer")
    person.page.locator(".o_searchview_dropdown_toggler").click()
    person.page.get_by_role("menuitemcheckbox", name=said("In Sync with Tribe")).click()
    expect(person.page.locator(".o_searchview_facet")).to_contain_text([said("In Sync with Tribe")])
    expect(person.view().get_by_text(CUSTOMER)).to_be_visible()


def test_a_customer_shows_its_debtor_number_and_opens_in_tribe(both, person, said):
    (row,) = both.odoo.rows("res.partner", [["name", "=", CUSTOMER]], ["debtor_number"])
    assert row["debtor_number"]
    person.go(f"res.partner/{row['id']}")
    expect(person.page.get_by_role("button", name=said("Open in Tribe"))).to_be_visible()
    person.page.locator(".o_notebook [name='sales_purchases']").click()
    expect(person.field("debtor_number").locator("input")).to_have_value(row["debtor_number"])


# Trouble


@pytest.fixture(scope="module")
def unmapped(both, tribe, person, sent):
    """An invoice was sent that uses VAT groups without a tax: the groups, and its number."""
    groups = both.odoo.rows("tribe.vat.group", [["tax_id", "!=", False]], ["name", "tax_id"])
    both.odoo.write("tribe.vat.group", [group["id"] for group in groups], tax_id=False)
    with _in_front(tribe, person):
        number = _send_a_draft(tribe)
    until("the problem", both.problems)
    return groups, number


@pytest.fixture(scope="module")
def in_conflict(both, tribe, person, sent, said):
    """A name was changed in Odoo, and in Tribe, where the connection asks a person."""
    _open_connection(person, both)
    person.open_tab(said("Synchronization"))
    person.choose("conflict_policy", said("Ask a Person"))
    person.save()
    (row,) = both.odoo.rows("res.partner", [["name", "=", CUSTOMER]], ["id"])
    person.go(f"res.partner/{row['id']}")
    person.fill(name="Naam in Odoo")
    person.save()
    with _in_front(tribe, person):
        _edit_relation(tribe, CUSTOMER, Name="Naam in Tribe")
    until("the conflict", lambda: both.odoo.rows("tribe.conflict", [], ["odoo_value"]))
    return row["id"]


def test_no_screen_of_ours_has_a_grave_fault(
    unmapped, in_conflict, both, person, telephone, wrong_on
):
    """In English for axe-core, in Dutch for English words; wide and narrow."""
    wrong = {}
    for client in (person, telephone):
        client.page.bring_to_front()
        for screen in screens.all_screens(both.odoo):
            screens.open_screen(client, screen)
            if found := wrong_on(client, OUR_PARTS if screen.is_odoos else CONTENT):
                wrong[screen.name, client.page.viewport_size["width"]] = found
    person.page.bring_to_front()
    assert wrong == {}, pprint.pformat(wrong, width=200)


def test_an_unmapped_vat_group_is_mended_from_the_list_of_problems(
    unmapped, both, person, said, language, look
):
    groups, number = unmapped
    person.open_app(MENU)
    person.page.get_by_label(said("Invoices that need attention")).click()
    cause = person.page.locator(".o_group_header").filter(
        has_text=said("A VAT group has no sales tax")
    )
    expect(cause).to_be_visible()
    row = person.page.locator(".o_data_row")
    expect(row).to_contain_text(number)
    assert language.pattern(UNMAPPED).search(row.inner_text())
    assert look() == []
    row.get_by_role("button", name=said("Open the Mapping")).click()
    expect(person.page.locator(".o_breadcrumb")).to_contain_text(said("VAT Groups"))
    for group in groups:
        _choose_tax(person, group["name"], group["tax_id"][1])

    (move,) = until(
        "the booked invoice",
        lambda: both.odoo.rows("account.move", [["name", "=", number]], ["state"]),
        60,
    )
    assert move["state"] == "posted"
    both.wait_until_idle()
    assert not [problem for problem in both.problems() if number in problem]


def _choose_tax(person, group, tax):
    """Choose the sales tax of a VAT group in the list of the unmapped ones, and save."""
    row = person.page.locator(".o_data_row").filter(has_text=group).first
    row.locator("td[name='tax_id']").click()
    person.page.locator(".o_selected_row [name='tax_id'] input").fill(tax)
    person.page.get_by_role("option", name=tax, exact=True).first.click()
    person.page.locator(".o_list_button_save").first.click()
    expect(person.page.locator(".o_selected_row")).to_have_count(0)


def test_a_conflict_is_decided_side_by_side(in_conflict, both, person, said, look):
    person.open_app(MENU)
    person.open_menu(said("To Decide"), said("Conflicts"))
    row = person.page.locator(".o_data_row")
    expect(row).to_contain_text("Naam in Odoo")
    expect(row).to_contain_text("Naam in Tribe")
    assert look() == []
    row.get_by_role("button", name=said("Keep Tribe's")).click()

    until(
        "Tribe's name in Odoo",
        lambda: both.odoo.rows(
            "res.partner", [["id", "=", in_conflict], ["name", "=", "Naam in Tribe"]], ["id"]
        ),
        60,
    )
    both.wait_until_idle()
    assert both.problems() == []


def test_an_invoice_paid_in_odoo_is_paid_in_tribe(sent, both, person, tribe, said):
    number, _total, move = sent
    person.go(f"action-account.action_move_out_invoice_type/{move['id']}")
    person.press_odoos("action_register_payment")
    person.page.locator(".modal button[name='action_create_payments']:visible").click()
    expect(person.page.locator(".modal")).to_have_count(0)
    _open_connection(person, both)
    person.press(said("Run Nightly Job Now"))
    (paid,) = both.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")
    until(
        "Paid in Tribe",
        lambda: both.sandbox.rows("Activity_Invoice", Number=number)[0]["Phase"] == paid["ID"],
        60,
    )
    tribe.get_by_role("link", name="Invoices", exact=True).click()
    row = tribe.locator("tbody tr").filter(has_text=number)
    expect(row.locator(".badge")).to_have_text("Betaald")


def test_the_dashboard_leads_to_the_lists_behind_its_numbers(both, person, said):
    person.open_app(MENU)
    card = person.page.locator(".o_tribe_dashboard .o_kanban_record").first
    expect(card).to_contain_text(said("Active"))
    number = card.get_by_label(said("Relations in sync"))
    in_sync = number.inner_text()
    number.click()
    expect(person.page.locator(".o_pager_limit")).to_have_text(in_sync)


def test_a_plain_user_opens_every_screen(both, person, language):
    both.odoo.create_user(COLLEAGUE, *PLAIN_USER, lang=str(language))
    # Odoo's settings are for administrators.
    every = [screen for screen in screens.all_screens(both.odoo) if screen.name != "settings"]
    with person.somebody_else() as colleague:
        colleague.log_in(COLLEAGUE, COLLEAGUE)

        assert screens.faults_of(colleague, every) == []


def test_odoos_settings_lead_to_the_app(both, person, said):
    person.go("settings")
    person.page.locator(".settings_tab [data-key='tribe_connector']").click()
    person.page.get_by_role("button", name=said("Open Tribe CRM")).click()
    expect(person.page.locator(".o_tribe_dashboard")).to_be_visible()


# The end


def test_pausing_and_going_on(both, person, look, said):
    _open_connection(person, both)
    person.press(said("Pause"))
    resume = person.page.get_by_role("button", name=said("Resume"), exact=True)
    expect(resume).to_be_visible()
    assert both.state() == "paused"
    assert look() == []
    resume.click()
    expect(resume).to_be_hidden()
    assert both.state() == "active"


def test_deactivating_removes_our_webhooks_from_tribe(both, person, said, look):
    _open_connection(person, both)
    person.press(said("Deactivate"))
    person.confirm()
    until("the end", lambda: both.state() == "connected")
    until("no webhooks", lambda: both.tribe.webhooks() == [])
    assert look() == []


@pytest.fixture(scope="module")
def holdings(both):
    """What Odoo holds at the end: ``([partner], [move])``. Synchronizing goes on, until then."""
    both.press("action_activate")
    until("the second activation", lambda: both.state() == "active")
    both.wait_until_idle()
    assert both.tribe.webhooks()
    return _holdings(both.odoo)


@pytest.fixture(scope="module")
def uninstalled(person, telephone, holdings):
    """The app was uninstalled through Apps; nothing of it is open elsewhere."""
    telephone.page.goto("about:blank")
    person.go("apps")
    person.search("Tribe")
    card = person.page.locator(".o_kanban_record:not(.o_kanban_ghost)")
    expect(card).to_have_count(1)
    card.hover()
    card.locator(".o_dropdown_kanban button").click()
    person.page.locator(".o-dropdown--menu [name='button_uninstall_wizard']").click()
    with person.reloading():
        person.page.locator(".modal button[name='action_uninstall']").click()
    return person


def _holdings(odoo):
    return (
        odoo.rows("res.partner", [], PARTNER_FIELDS, order="id"),
        odoo.rows("account.move", [], MOVE_FIELDS, order="id"),
    )


def test_uninstalling_leaves_partners_and_invoices_whole(uninstalled, holdings):
    _partners, moves = holdings
    assert {"paid", "not_paid"} <= {move["payment_state"] for move in moves}
    assert _holdings(SessionApi(uninstalled)) == holdings


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


def test_uninstalling_removes_our_webhooks_from_tribe(uninstalled, both):
    assert both.tribe.webhooks() == []


def test_odoo_works_without_the_app(uninstalled, holdings):
    _partners, (move, *_others) = holdings
    uninstalled.open_app(INVOICING_MENU)
    uninstalled.go(f"res.partner/{move['partner_id'][0]}")
    assert uninstalled.value("name") == move["partner_id"][1]
    uninstalled.go("action-account.action_move_out_invoice_type")
    uninstalled.open_row(re.sub(r"\D+$", "", move["name"]))
    expect(uninstalled.errors()).to_have_count(0)


def test_nobody_complained(uninstalled, telephone, server):
    assert uninstalled.complaints == []
    assert telephone.complaints == []
    assert alarms(server.log_text()) == []
