"""A day with the connector, in English and in Dutch: plan, activate, decide, pay, pause, stop.

One person in one browser; the tests follow each other. What is pressed is named in English here,
and looked up in the translation for the day in Dutch; no screen may show English then.
"""

from pathlib import Path

import polib
import pytest
from playwright.sync_api import expect

from host.paths import ADDON, CHECKOUT

from .waiting import until
from .web_client import web_client
from .world import world

DUTCH = "nl_NL"
TRANSLATION = CHECKOUT / ADDON / "i18n" / "nl.po"
# Makes an API key and nothing else.
SEED = Path(__file__).parents[1] / "faults" / "odoo_seed.py"
SANDBOX = {"relations": 8, "invoices": 6, "switches": {"legal_entities": 1}}
WAITS = {"settle_seconds": 3, "back_off_seconds": 1}
SCREENS = (
    "action_tribe_dashboard",
    "action_tribe_connection",
    "action_tribe_work_attention",
    "action_tribe_work_waiting",
    "action_tribe_link_relations",
    "action_tribe_link_invoices",
    "action_tribe_suggestion",
    "action_tribe_conflict",
    "action_tribe_plan",
    "action_tribe_plan_line",
    "action_tribe_run",
    "action_tribe_legal_entity",
    "action_tribe_vat_group",
    "action_tribe_ledger_account",
)


@pytest.fixture(scope="module", params=["en_US", DUTCH])
def language(request):
    """The language of the person, and of the company's mails."""
    return request.param


@pytest.fixture(scope="module")
def said(language):
    """What a text of ours is called in the language: ``said("Show Plan")``."""
    if language != DUTCH:
        return lambda text: text
    entries = {entry.msgid: entry.msgstr for entry in polib.pofile(str(TRANSLATION))}
    return lambda text: entries.get(text) or text


@pytest.fixture(scope="module")
def both(language):
    with world(
        f"tribe_day_{language[:2]}", seed=SEED, sandbox_options=SANDBOX, max_cron_threads=3
    ) as systems:
        if language == DUTCH:
            _speak(systems, language)
        systems.connect(export_moment="minute", conflict_policy="ask", **WAITS)
        systems.map()
        yield systems


def _speak(systems, language):
    """Install a language, and give it to the administrator."""
    wizard = systems.odoo.create(
        "base.language.install",
        lang_ids=[[6, 0, [_language_id(systems, language)]]],
        overwrite=False,
    )
    systems.odoo.call("base.language.install", "lang_install", [wizard])
    (admin,) = systems.odoo.rows("res.users", [["login", "=", "admin"]], ["id"])
    systems.odoo.write("res.users", [admin["id"]], lang=language)


def _language_id(systems, language):
    (row,) = systems.odoo.call(
        "res.lang",
        "search_read",
        domain=[["code", "=", language]],
        fields=["id"],
        context={"active_test": False},
    )
    return row["id"]


@pytest.fixture(scope="module")
def person(both, language):
    """The administrator, in their language."""
    with web_client(both.server.address, locale=language.replace("_", "-")) as client:
        client.log_in("admin", "admin")
        yield client


@pytest.fixture(scope="module")
def planned(both, person, said):
    """Show Plan was pressed, and the plan is ready."""
    both.odoo.create("res.partner", name="Nieuwe klant B.V.", is_company=True, customer_rank=1)
    _open_connection(person, both)
    person.press(said("Show Plan"))
    until("the plan", lambda: both.odoo.rows("tribe.plan", [["state", "=", "ready"]], ["id"]), 60)
    activate = person.page.get_by_role("button", name=said("Activate"), exact=True)
    expect(activate).to_be_visible(timeout=30_000)
    return person


@pytest.fixture(scope="module")
def active(planned, both, person, said):
    """Activate was pressed; everything is synchronized."""
    person.page.get_by_role("button", name=said("Activate"), exact=True).click()
    person.confirm_any()
    until("the initial synchronization", lambda: both.state() == "active", 120)
    both.wait_until_idle()
    return both


def _open_connection(person, both):
    form = f"/odoo/action-tribe_connector.action_tribe_connection/{both.connection_id}"
    person.page.goto(f"{both.server.address}{form}")
    expect(person.page.locator(".o_form_view")).to_be_visible()


def test_the_plan_is_seen_before_anything_is_written(planned, both):
    plans = both.odoo.rows("tribe.plan", [], ["state", "create_tribe_count"])
    assert plans == [{"id": plans[0]["id"], "state": "ready", "create_tribe_count": 1}]
    assert both.sandbox.rows("Relation_Organization", Name="Nieuwe klant B.V.") == []


def test_after_activation_the_new_customer_is_in_tribe(active):
    assert len(active.sandbox.rows("Relation_Organization", Name="Nieuwe klant B.V.")) == 1


def test_a_conflict_is_decided_side_by_side(active, person, said):
    both = active
    (partner,) = both.odoo.rows(
        "res.partner", [["name", "=", "Nieuwe klant B.V."]], ["tribe_id", "name"]
    )
    both.sandbox.switch(webhook_paused=True)
    both.sandbox.change("Relation_Organization", partner["tribe_id"], {"Name": "Naam in Tribe"})
    both.odoo.write("res.partner", [partner["id"]], name="Naam in Odoo")
    until("the conflict", lambda: both.odoo.rows("tribe.conflict", [], ["odoo_value"]), 60)

    person.page.goto(f"{person.address}/odoo/action-tribe_connector.action_tribe_conflict")
    row = person.page.locator(".o_data_row")
    expect(row).to_contain_text("Naam in Odoo")
    expect(row).to_contain_text("Naam in Tribe")
    row.get_by_role("button", name=said("Keep Tribe's")).click()

    until(
        "Tribe's name in Odoo",
        lambda: both.odoo.rows("res.partner", [["name", "=", "Naam in Tribe"]], ["id"]),
        60,
    )
    both.sandbox.switch(webhook_paused=False)
    both.wait_until_idle()
    assert both.problems() == []


def test_a_paid_invoice_is_paid_in_tribe(active):
    both = active
    (move, *_others) = both.odoo.rows(
        "account.move",
        [["tribe_id", "!=", False], ["payment_state", "=", "not_paid"]],
        ["tribe_id"],
    )
    wizard = both.odoo.call(
        "account.payment.register",
        "create",
        vals_list=[{}],
        context={"active_model": "account.move", "active_ids": [move["id"]]},
    )
    both.odoo.call("account.payment.register", "action_create_payments", wizard)
    both.press("action_run_nightly")

    (paid,) = both.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Paid")
    until(
        "Paid in Tribe",
        lambda: (
            both.sandbox.rows("Activity_Invoice", ID=move["tribe_id"])[0]["Phase"] == paid["ID"]
        ),
        60,
    )


@pytest.mark.parametrize("action", SCREENS)
def test_no_screen_shows_english_to_who_reads_dutch(active, person, language, action):
    person.page.goto(f"{person.address}/odoo/action-tribe_connector.{action}")
    expect(person.view()).to_be_visible()

    shown = {line.strip() for line in person.page.locator("body").inner_text().splitlines()}
    assert not shown & _english_of(language)


def _english_of(language):
    """Our English texts that are another text in the language."""
    if language != DUTCH:
        return set()
    return {
        entry.msgid.strip()
        for entry in polib.pofile(str(TRANSLATION))
        if entry.msgstr and entry.msgstr.strip() != entry.msgid.strip()
    }


def test_pausing_and_stopping(active, person, said):
    both = active
    _open_connection(person, both)
    person.press(said("Pause"))
    until("the pause", lambda: both.state() == "paused", 30)
    person.press(said("Resume"))
    until("going on", lambda: both.state() == "active", 30)

    person.press(said("Deactivate"))
    person.confirm_any()
    until("the end", lambda: both.state() == "connected", 30)
    until("no webhooks", lambda: both.tribe.webhooks() == [], 60)


def test_nobody_complained(person):
    assert person.complaints == []
