"""With demo data every screen is alive without a Tribe, and nothing ever runs."""

from ast import literal_eval

import pytest
from playwright.sync_api import expect

from . import screens
from .odoo_log import alarms
from .session_api import SessionApi
from .waiting import until
from .web_client import OdooRefused, web_client
from .world import odoo_with_demo_data

DATABASE = "tribe_demo_data"
NAME = "Tribe CRM (demo data)"
CUSTOMER = "Bakker Software B.V."
# What a bookkeeper of Odoo may do, without any of our groups.
BOOKKEEPER = ("base.group_user", "base.group_partner_manager", "account.group_account_invoice")
# What of ours a screen shows: fields, and words other than those of the link button. The journal's
# name is a bookkeeper's.
OF_OURS = """() => [
    ...document.querySelectorAll(
        "[name^='tribe_']:not([name='tribe_id']), [name='debtor_number'], [name='creditor_number']"
    ),
].map((element) => element.outerHTML.slice(0, 200)).concat(
    document.body.innerText
        .split("\\n")
        .filter((line) => /Tribe|Debtor Number|Creditor Number/.test(line))
        .filter((line) => !["Open in Tribe", "Tribe CRM invoices"].includes(line.trim()))
)"""


@pytest.fixture(scope="module")
def server():
    with odoo_with_demo_data(DATABASE) as process:
        yield process


@pytest.fixture(scope="module")
def person(server):
    with web_client(server.address) as client:
        client.log_in("admin", "admin")
        yield client


def rows(person, model, domain, fields):
    return person.call(model, "search_read", domain=domain, fields=fields)


def open_action(person, name, record=""):
    person.go(f"action-tribe_connector.{name}{record}")


def connection_of(person):
    (row,) = rows(person, "tribe.connection", [], ["name", "mode", "is_demo_data"])
    return row


def test_the_connection_says_that_it_is_an_example(person):
    connection = connection_of(person)
    assert (connection["name"], connection["mode"]) == (NAME, "demo")
    open_action(person, "action_tribe_connection", f"/{connection['id']}")
    expect(person.page.get_by_text("Demo data.")).to_be_visible()


def test_a_real_connection_finds_nobody_who_is_made_up(person):
    """Who is linked with the example is the example's alone."""
    whoever_goes = ["customer_rank", "supplier_rank", "debtor_number", "creditor_number"]
    partners = rows(person, "res.partner", [["tribe_id", "=", False]], ["name", *whoever_goes])
    assert partners
    assert [row["name"] for row in partners if any(row[name] for name in whoever_goes)] == []


@pytest.mark.parametrize(
    ("action", "least"),
    [
        ("action_tribe_connection", 1),
        ("action_tribe_work_attention", 4),
        ("action_tribe_work_waiting", 3),
        ("action_tribe_suggestion", 1),
        ("action_tribe_conflict", 1),
        ("action_tribe_plan", 1),
        ("action_tribe_plan_line", 2),
        ("action_tribe_link_relations", 7),
        ("action_tribe_link_invoices", 6),
        ("action_tribe_run", 30),
        ("action_tribe_legal_entity", 1),
        ("action_tribe_vat_group", 5),
        ("action_tribe_ledger_account", 4),
    ],
)
def test_every_list_has_something_to_show(person, action, least):
    (found,) = person.call(
        "ir.model.data",
        "search_read",
        domain=[["module", "=", "tribe_connector"], ["name", "=", action]],
        fields=["res_id"],
    )
    (window,) = rows(
        person, "ir.actions.act_window", [["id", "=", found["res_id"]]], ["res_model", "domain"]
    )
    domain = [] if not window["domain"] else literal_eval(window["domain"])
    assert len(rows(person, window["res_model"], domain, ["id"])) >= least
    open_action(person, action)
    expect(person.page.locator(".o_view_nocontent")).to_have_count(0)


def test_the_invoices_of_the_example_are_posted_and_partly_paid(person):
    moves = rows(
        person,
        "account.move",
        [["tribe_id", "!=", False]],
        ["state", "payment_state", "amount_untaxed", "amount_total"],
    )
    assert {move["state"] for move in moves} == {"posted"}
    assert {"not_paid"} < {move["payment_state"] for move in moves}
    assert all(move["amount_total"] > move["amount_untaxed"] for move in moves)


def test_a_partner_of_the_example_has_its_number_and_its_link(person):
    (partner,) = rows(person, "res.partner", [["debtor_number", "=", "10001"]], ["tribe_id"])
    assert partner["tribe_id"]


def test_nothing_runs_and_nothing_is_noted(person):
    before = rows(person, "tribe.work", [], ["error"])
    runs = person.call("tribe.run", "search_count", domain=[])
    (partner,) = rows(person, "res.partner", [["debtor_number", "=", "10001"]], ["name"])
    person.call("res.partner", "write", [partner["id"]], vals={"phone": "030 1"})
    person.call("res.partner", "action_synchronize_with_tribe", [partner["id"]])
    person.call("tribe.work", "action_retry", [row["id"] for row in before])
    # Every cron runs when Odoo starts; the lanes that were woken just now run once more.
    until("the crons", lambda: all(cron["lastcall"] for cron in crons(person)))
    until("the woken lanes", lambda: not woken(person))

    assert rows(person, "tribe.work", [], ["error"]) == before
    assert person.call("tribe.run", "search_count", domain=[]) == runs


def crons(person):
    return rows(person, "ir.cron", [["name", "like", "Tribe CRM"]], ["lastcall"])


def woken(person):
    return rows(person, "ir.cron.trigger", [["cron_id.name", "like", "Tribe CRM"]], ["call_at"])


def test_nobody_complained(person, server):
    assert person.complaints == []
    assert alarms(server.log_text()) == []


# The last one: Odoo logs every refusal as a warning.
@pytest.mark.parametrize("button", ["action_connect", "action_run_nightly"])
def test_a_button_says_that_there_is_no_tribe(person, button):
    with pytest.raises(OdooRefused, match="is an example: there is no Tribe behind it"):
        person.call("tribe.connection", button, [connection_of(person)["id"]])


# Somebody of our groups without any right in accounting


def test_a_user_without_accounting_opens_every_screen_of_ours(person):
    odoo = SessionApi(person)
    odoo.create_user("verkoper", "base.group_user", "tribe_connector.group_user")
    ours = [screen for screen in screens.all_screens(odoo) if not screen.is_odoos]
    with person.somebody_else() as client:
        client.log_in("verkoper", "verkoper")

        assert screens.faults_of(client, ours) == []


# Somebody without our groups


@pytest.fixture(scope="module")
def bookkeeper(person):
    """Somebody who may work with contacts and invoices, logged in."""
    SessionApi(person).create_user("boekhouder", *BOOKKEEPER)
    with person.somebody_else() as client:
        client.log_in("boekhouder", "boekhouder")
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "action-account.res_partner_action_customer",
        "action-account.res_partner_action_customer?view_type=list",
        "action-account.action_move_out_invoice_type",
        "action-account.action_move_out_invoice_type?view_type=kanban",
    ],
)
def test_who_has_none_of_our_groups_sees_nothing_of_ours_in_lists(bookkeeper, path):
    bookkeeper.go(path)
    bookkeeper.page.locator(".o_searchview_dropdown_toggler").click()
    expect(bookkeeper.page.locator(".o_filter_menu")).to_be_visible()

    assert bookkeeper.page.evaluate(OF_OURS) == []


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("res.partner", "action-account.res_partner_action_customer"),
        ("account.move", "action-account.action_move_out_invoice_type"),
    ],
)
def test_who_has_none_of_our_groups_sees_only_the_link_button(person, bookkeeper, model, action):
    (row, *_) = rows(person, model, [["tribe_id", "!=", False]], ["id"])
    bookkeeper.go(f"{action}/{row['id']}")
    expect(bookkeeper.page.get_by_role("button", name="Open in Tribe")).to_be_visible()
    for tab in bookkeeper.page.get_by_role("tab").all():
        tab.click()
        assert bookkeeper.page.evaluate(OF_OURS) == []
    bookkeeper.page.locator(".o_cp_action_menus button").first.click()
    expect(bookkeeper.page.locator(".o-dropdown--menu").first).to_be_visible()
    assert bookkeeper.page.evaluate(OF_OURS) == []


def test_who_has_none_of_our_groups_has_no_app_and_no_records_of_ours(person, bookkeeper):
    assert "Tribe CRM" not in bookkeeper.apps()
    models = rows(
        person, "ir.model", [["model", "=like", "tribe.%"], ["abstract", "=", False]], ["model"]
    )
    assert len(models) > 10
    for model in models:
        with pytest.raises(OdooRefused):
            bookkeeper.call(model["model"], "search_read", domain=[], fields=["id"])
    assert bookkeeper.complaints == []


# The end


def uninstall(person, module, server) -> int:
    """As a person does it, who presses again where Odoo says to try again later.

    Where in Odoo's log the last attempt begins: each refusal before it is logged.
    """

    def attempt():
        begin = len(server.log_text())
        try:
            person.call("ir.module.module", "button_immediate_uninstall", ids=[module])
        except OdooRefused as refused:
            if "scheduled action" in str(refused):
                return None
            raise
        return begin

    return until("Odoo uninstalls the app between two scheduled actions", attempt)


def test_the_app_is_uninstalled_with_its_demo_data(person, server):
    fields = ["name", "state", "amount_total", "partner_id"]
    moves = rows(person, "account.move", [], fields)
    assert moves
    (module,) = rows(person, "ir.module.module", [["name", "=", "tribe_connector"]], ["id"])
    begin = uninstall(person, module["id"], server)

    assert rows(person, "ir.model", [["model", "=like", "tribe.%"]], ["model"]) == []
    left = rows(person, "ir.model.data", [["module", "=", "tribe_connector"]], ["name", "model"])
    assert rows(person, "account.move", [], fields) == moves
    # What nobody uses goes along with the app; customers with invoices stay.
    assert {row["model"] for row in left} == {"res.partner"}
    names = {move["partner_id"][1] for move in moves}
    assert names <= {row["name"] for row in rows(person, "res.partner", [], ["name"])}
    # Odoo tries to delete those too, and says so.
    said = alarms(server.log_text()[begin:])
    assert [entry for entry in said if 'DELETE FROM "res_partner"' not in entry] == []
