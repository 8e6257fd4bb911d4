"""With demo data every screen is alive without a Tribe, and nothing ever runs."""

from ast import literal_eval

import pytest
from playwright.sync_api import expect

from host import postgresql
from host.databases import Databases
from host.odoo_server import OdooServer
from host.odoo_source import find_or_fetch

from .odoo_log import alarms
from .waiting import until
from .web_client import OdooRefused, web_client

DATABASE = "tribe_demo_data"
NAME = "Tribe CRM (demo data)"


@pytest.fixture(scope="module")
def server():
    odoo = find_or_fetch()
    with postgresql.running() as database_server:
        Databases(database_server, odoo).create_with_demo_data(DATABASE)
        with OdooServer(database_server, odoo, DATABASE) as process:
            yield process


@pytest.fixture(scope="module")
def person(server):
    with web_client(server.address) as client:
        client.log_in("admin", "admin")
        yield client


def rows(person, model, domain, fields):
    return person.call(model, "search_read", domain=domain, fields=fields)


def open_action(person, name, record=""):
    person.page.goto(f"{person.address}/odoo/action-tribe_connector.{name}{record}")
    expect(person.page.locator(".o_action_manager .o_view_controller")).to_be_visible()


def connection_of(person):
    (row,) = rows(person, "tribe.connection", [], ["name", "mode", "is_demo_data"])
    return row


def test_the_connection_says_that_it_is_an_example(person):
    connection = connection_of(person)
    assert (connection["name"], connection["mode"]) == (NAME, "demo")
    open_action(person, "action_tribe_connection", f"/{connection['id']}")
    expect(person.page.get_by_text("Demo data.")).to_be_visible()


@pytest.mark.parametrize(
    ("action", "least"),
    [
        ("action_tribe_connection", 1),
        ("action_tribe_work_attention", 4),
        ("action_tribe_work_waiting", 3),
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
    until("the crons", lambda: all(cron["lastcall"] for cron in crons(person)), seconds=120)
    until("the woken lanes", lambda: not woken(person), seconds=120)

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
