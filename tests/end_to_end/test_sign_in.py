"""A person signs in on Tribe's consent page; then the sign-in ends.

One person with two tabs; the tests follow each other. The last ones are about real processes:
several workers, and a crash at the worst moment. And all pages of the stand-in are looked at.
"""

import itertools
import re

import pytest
from playwright.sync_api import expect

from .accessibility import violations_of_page
from .odoo_log import alarms
from .waiting import until
from .web_client import WIDTHS, web_client
from .world import world

DATABASE = "tribe_sign_in"
SANDBOX = {"relations": 20, "invoices": 8, "switches": {"legal_entities": 1}}
# A trouble of the whole connection ends with the next look whether Tribe is back.
WAITS = {"settle_seconds": 3, "back_off_seconds": 1, "probe_seconds": 2}
# Until Odoo is killed. An answer is waited for longer.
ANSWER_HELD_BACK_SECONDS = 600
SLOW_SECONDS = 3
COLORS = ("light", "dark")
# Who asks like this is told so, and is sent nowhere.
UNKNOWN_APPLICATION = "oauth2/auth?client_id=unknown"


@pytest.fixture(scope="module")
def both():
    with world(DATABASE, seed=None, sandbox_options=SANDBOX, max_cron_threads=3) as systems:
        yield systems


@pytest.fixture(scope="module")
def person(both):
    """The administrator in Odoo."""
    with web_client(both.server.address) as client:
        client.log_in("admin", "admin")
        yield client


@pytest.fixture(scope="module")
def tribe(person, both):
    """The same person's tab with Tribe."""
    page = person.page.context.new_page()
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.goto(both.sandbox.address)
    return page


@pytest.fixture(scope="module")
def connection(both, person):
    """A connection that nobody has signed in for; its form is open."""
    both.make_connection(sign_in="authorization_code", export_moment="minute", **WAITS)
    open_connection(person, both)
    return both


@pytest.fixture(scope="module")
def registered(tribe, connection, person):
    """The application in Tribe knows the redirect address that the form shows."""
    address = person.value("redirect_address")
    tribe.get_by_role("link", name="Application").click()
    tribe.get_by_label("Redirect addresses").fill(address)
    tribe.get_by_label("offline").check()
    tribe.get_by_role("button", name="Save").click()
    expect(tribe.get_by_role("status")).to_have_text("Saved.")
    person.page.bring_to_front()
    return tribe


@pytest.fixture(scope="module")
def signed_in(registered, person):
    sign_in(person)
    return person


@pytest.fixture(scope="module")
def active(signed_in, both):
    both.map()
    both.activate()
    return both


def open_connection(person, both):
    form = f"/odoo/action-tribe_connector.action_tribe_connection/{both.connection_id}"
    person.page.bring_to_front()
    person.page.goto(f"{both.server.address}{form}")
    expect(person.field("name").locator("input")).to_have_value("Tribe CRM")


def sign_in(person):
    """Press the button in Odoo, and Allow on Tribe's page; ends on the form."""
    person.press("Sign In with Tribe")
    expect(person.page.get_by_role("heading")).to_have_text("Odoo asks for access")
    assert wrong_at_all_widths(person.page) == []
    person.page.get_by_role("button", name="Allow").click()
    expect(person.page.locator(".o_form_view")).to_be_visible()
    expect(person.page.get_by_role("button", name="Sign In with Tribe")).to_have_count(0)


def wrong_at_all_widths(page):
    """The grave violations on a page of the stand-in: wide and narrow, light and dark."""
    size = page.viewport_size
    found = []
    for width, colors in itertools.product(WIDTHS, COLORS):
        page.set_viewport_size({**size, "width": width})
        page.emulate_media(color_scheme=colors)
        found += [f"{width}, {colors}: {each}" for each in violations_of_page(page)]
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=COLORS[0])
    return found


def test_who_denies_is_told_on_the_form(registered, person):
    person.press("Sign In with Tribe")
    person.page.get_by_role("button", name="Deny").click()
    expect(person.page.get_by_text("choose Allow")).to_be_visible()
    expect(person.state()).to_have_text("Connect")


def test_who_allows_is_connected(signed_in):
    expect(signed_in.state()).to_have_text("Map")
    expect(signed_in.page.get_by_text("choose Allow")).to_have_count(0)


def test_the_log_of_odoo_shows_no_code(signed_in, both):
    log = both.server.log_text()
    assert len(re.findall(r"/tribe/callback/[0-9a-f-]{36}\*\*\*", log)) == 2
    assert "code_challenge" not in log
    assert "code=" not in log
    assert "state=" not in log


def test_no_page_of_the_stand_in_has_a_grave_fault(active, tribe):
    (relation, *_) = active.sandbox.rows("Relation_Organization")
    (invoice, *_) = active.sandbox.rows("Activity_Invoice")
    paths = ["", f"relations/{relation['ID']}", "relations/new?kind=person"]
    paths += ["invoices", "invoices/new", f"invoices/{invoice['ID']}"]
    paths += ["traffic", "trouble", "application", UNKNOWN_APPLICATION]
    wrong = {}
    for path in paths:
        answer = tribe.goto(f"{active.sandbox.address}/{path}")
        assert answer.ok is (path != UNKNOWN_APPLICATION), path
        if found := wrong_at_all_widths(tribe):
            wrong[path] = found
    assert wrong == {}


def test_workers_that_all_need_a_token_ask_for_one(active):
    active.wait_until_idle()
    organizations = active.sandbox.rows("Relation_Organization")
    active.sandbox.reset_calls()
    # Slow enough that all lanes need a token while one of them is asking.
    active.sandbox.fault("slow", path_contains="/oauth2/token", seconds=SLOW_SECONDS, times=None)
    active.sandbox.expire_access_tokens()
    for number, row in enumerate(organizations[:8]):
        content = {"ChamberOfCommerceNumber": f"7000000{number}"}
        active.sandbox.change("Relation_Organization", row["ID"], content)
        active.odoo.create("res.partner", name=f"Klant {number}", is_company=True, customer_rank=1)
    active.press("action_run_nightly")
    active.wait_until_idle()
    active.sandbox.clear_faults()
    assert active.problems() == []
    assert active.sandbox.calls()["token_requests"] == 1


def test_a_renewal_cut_off_by_a_crash_asks_to_sign_in_again(active):
    active.sandbox.expire_access_tokens()
    active.sandbox.reset_calls()
    active.sandbox.fault(
        "timeout",
        path_contains="/oauth2/token",
        applied=True,
        seconds=ANSWER_HELD_BACK_SECONDS,
        times=1,
    )
    active.odoo.create("res.partner", name="Na de Klap B.V.", is_company=True, customer_rank=1)
    # Wakes the lanes now; by itself it would be the schedule, within a minute.
    active.press("action_run_nightly")
    # Tribe has spent our refresh token, and keeps back the one that replaces it.
    until("the renewal", lambda: active.sandbox.calls()["token_requests"])

    active.server.kill()
    active.server.start()
    active.press("action_run_nightly")

    trouble = until("the trouble", lambda: trouble_of(active))
    assert "press Sign In with Tribe" in trouble
    assert active.problems() == []


def trouble_of(both):
    """What the connection says is wrong with it as a whole."""
    (row,) = both.odoo.rows("tribe.connection", [], ["trouble"])
    return row["trouble"]


def test_after_signing_in_again_everything_that_waited_is_done(active, person):
    open_connection(person, active)
    expect(person.page.get_by_text("Nobody is signed in.")).to_be_visible()
    sign_in(person)
    active.wait_until_idle()
    assert active.problems() == []
    assert len(active.sandbox.rows("Relation_Organization", Name="Na de Klap B.V.")) == 1


def test_nobody_complained(person, both):
    assert person.complaints == []
    assert alarms(both.server.log_text()) == []
