"""Whoever presses a button for a problem sees what came of it, and presses no button twice.

One person in a browser, real lanes behind it. Each test makes its own problem: an invoice of Tribe
that falls in a locked period, or whose number is that of an invoice in Odoo.
"""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from .accessibility import violations
from .odoo_log import alarms
from .session_api import SessionApi
from .waiting import until
from .web_client import NARROW, SIZE, web_client
from .world import world

DATABASE = "tribe_outcomes"
SANDBOX = {"relations": 6, "invoices": 0, "switches": {"legal_entities": 1}}
# A trouble of the whole connection ends with the next look whether Tribe is back.
WAITS = {"settle_seconds": 3, "back_off_seconds": 1, "probe_seconds": 2}
# Less than an answer is waited for.
SLOW_SECONDS = 45
CUSTOMER_SET = "Relationship_Organization_CommercialRelationship_Customer"
ATTENTION = "action-tribe_connector.action_tribe_work_attention"
MATCHES = "action-tribe_connector.action_tribe_suggestion"


@pytest.fixture(scope="module")
def both():
    with world(DATABASE, seed=None, sandbox_options=SANDBOX, max_cron_threads=3) as systems:
        systems.connect(**WAITS)
        systems.map()
        systems.activate()
        yield systems


@pytest.fixture(scope="module")
def person(both):
    with web_client(both.server.address) as client:
        client.log_in("admin", "admin")
        yield client


@pytest.fixture
def colleague(person):
    """A plain user, on a narrow screen."""
    SessionApi(person).create_user("colleague", "base.group_user", "tribe_connector.group_user")
    with person.somebody_else() as client:
        client.log_in("colleague", "colleague")
        client.page.set_viewport_size({**SIZE, "width": NARROW})
        yield client


@pytest.fixture
def told(person):
    """The last thing that a notification says."""
    return person.page.locator(".o_notification").last


@pytest.fixture(autouse=True)
def nothing_is_told_yet(person):
    for close in person.page.locator(".o_notification_close").all():
        close.click()
    expect(person.page.locator(".o_notification")).to_have_count(0)


@pytest.fixture
def locked(both):
    """``locked(count=1)``: invoices of Tribe that the lock date holds: rows of work."""

    def make(count=1):
        # Beyond today, wherever that has begun.
        lock(both, date.today() + timedelta(days=2))
        return [held(both, send(both, draft(both))) for _number in range(count)]

    yield make
    lock(both, False)


@pytest.fixture
def taken(both):
    """An invoice of Tribe whose number one in Odoo has: the row of work, and that one."""
    tribe_id = draft(both)
    number = next_number(both)
    # Of the same customer: Odoo's log would tell of each other's postings.
    both.wait_until_idle()
    move = invoice_in_odoo(both, number)
    return held(both, send(both, tribe_id)), move


def lock(both, day):
    (company,) = both.odoo.rows("res.company", [], ["id"], limit=1)
    both.odoo.write("res.company", [company["id"]], sale_lock_date=day and str(day))


def draft(both):
    """An invoice in Tribe that is not sent yet: its ID."""
    customer = next(row for row in both.sandbox.rows(CUSTOMER_SET) if not row["IsFormer"])
    (group,) = both.odoo.rows("tribe.vat.group", [["code", "=", "NL21"]], ["tribe_id"])
    vat = {"ID": group["tribe_id"]}
    line = {"Description": "Werk", "Quantity": 1, "Price": 100.0, "VatGroup": vat}
    row = both.sandbox.create(
        "Activity_Invoice",
        {
            "Subject": "Onderhoud",
            "Currency": "EUR",
            "Relationship": {"ID": customer["ID"]},
            "ProductLines": [line],
        },
    )
    return row["ID"]


def send(both, tribe_id):
    both.sandbox.set_phase(tribe_id, "Sent")
    return tribe_id


def next_number(both):
    """The number that Tribe gives to what is sent next."""
    number = send(both, draft(both))
    (row,) = both.sandbox.rows("Activity_Invoice", ID=number)
    return re.sub(r"\d+$", lambda last: f"{int(last[0]) + 1:0{len(last[0])}}", row["Number"])


def invoice_in_odoo(both, number):
    """A posted invoice that a bookkeeper typed, with Tribe's number as its reference: its ID."""
    (link, *_) = both.odoo.rows("tribe.link", [["kind", "=", "organization"]], ["partner_id"])
    (tax,) = both.odoo.rows(
        "account.tax", [["name", "=", "21% ST"], ["type_tax_use", "=", "sale"]], ["id"]
    )
    line = {"name": "Werk", "price_unit": 100.0, "tax_ids": [[6, 0, [tax["id"]]]]}
    move = both.odoo.create(
        "account.move",
        move_type="out_invoice",
        partner_id=link["partner_id"][0],
        invoice_date=str(date.today() - timedelta(days=1)),
        ref=number,
        invoice_line_ids=[[0, 0, line]],
    )
    both.odoo.call("account.move", "action_post", [move])
    return move


def held(both, tribe_id):
    """The row of work that says why an invoice is not booked."""
    domain = [["reference", "=", tribe_id], ["error_class", "=", "person"]]
    (row,) = until(
        "the problem",
        lambda: both.odoo.rows("tribe.work", domain, ["record_name", "reference"]),
        30,
    )
    return row


def is_problem(both, row):
    domain = [["id", "=", row["id"]], ["error_class", "!=", False]]
    return bool(both.odoo.rows("tribe.work", domain, ["id"]))


def open_problem(person, row):
    person.go(f"{ATTENTION}/{row['id']}")
    expect(person.page.locator(".o_form_view h1")).to_contain_text(row["record_name"])


def is_on_list(person, row):
    """Wait until the list is there, without a problem."""
    expect(person.page.locator(".o_list_view, .o_view_nocontent").first).to_be_visible()
    expect(person.page.locator(".o_data_row").filter(has_text=row["record_name"])).to_have_count(0)


def move_of(both, row):
    (link,) = both.odoo.rows("tribe.link", [["tribe_id", "=", row["reference"]]], ["move_id"])
    return link["move_id"] and link["move_id"][0]


def test_try_again_says_that_the_invoice_is_booked_and_opens_it(both, person, locked, told):
    (row,) = locked()
    lock(both, False)
    open_problem(person, row)

    person.press("Try Again")

    expect(told).to_contain_text(f"Invoice {row['record_name']} is booked.")
    is_on_list(person, row)
    told.get_by_role("button", name="Open Invoice").click()
    expect(person.page.locator(".o_breadcrumb")).to_contain_text(row["record_name"])


def test_try_again_says_why_it_still_does_not_do(both, person, locked, told):
    (row,) = locked()
    open_problem(person, row)

    person.press("Try Again")

    expect(told).to_contain_text("Still not done")
    expect(told).to_contain_text("locked")
    expect(told).to_contain_text(row["record_name"])
    # And its list, where it still is.
    expect(person.page.locator(".o_list_view")).to_be_visible()
    expect(person.page.locator(".o_data_row").filter(has_text=row["record_name"])).to_have_count(1)
    assert violations(person) == []


def test_try_again_for_several_says_how_many_are_done(both, person, locked, told):
    rows = locked(2)
    person.go(ATTENTION)
    person.select_all()
    lock(both, False)

    person.page.get_by_role("button", name="Try Again").first.click()

    expect(told).to_contain_text(re.compile(r"\d+ done\."))
    for row in rows:
        is_on_list(person, row)
        assert move_of(both, row)


def test_while_it_is_worked_on_no_button_can_be_pressed(both, person, locked, told):
    (row,) = locked()
    lock(both, False)
    open_problem(person, row)
    both.sandbox.fault("slow", path_contains="Activity_Invoice", seconds=SLOW_SECONDS, times=None)

    person.press("Try Again")

    buttons = person.page.locator(".o_form_statusbar .o_statusbar_buttons button:visible")
    expect(buttons.first).to_be_disabled()
    assert all(button.is_disabled() for button in buttons.all())
    both.sandbox.clear_faults()
    expect(told).to_contain_text("is booked")


def test_whoever_went_elsewhere_meanwhile_stays_there_and_is_told(both, person, locked, told):
    (row,) = locked()
    lock(both, False)
    open_problem(person, row)
    both.sandbox.fault("slow", path_contains="Activity_Invoice", seconds=SLOW_SECONDS, times=None)
    # Odoo forgets a button whose answer is not there yet.
    with person.page.expect_request(lambda request: "look_at_outcome" in request.url):
        person.press("Try Again")

    person.go(MATCHES)
    both.sandbox.clear_faults()

    expect(told).to_contain_text("is booked")
    expect(person.page.locator(".o_breadcrumb")).to_contain_text("Possible Matches")


def test_what_somebody_decided_elsewhere_is_said(both, person, locked, told):
    (row,) = locked()
    lock(both, False)
    open_problem(person, row)
    SessionApi(person).call("tribe.work", "action_retry", [row["id"]])
    until("the invoice", lambda: not is_problem(both, row), 60)

    person.press("Try Again")

    expect(told).to_contain_text("done or decided meanwhile")
    is_on_list(person, row)
    expect(person.errors()).to_have_count(0)


def test_adopting_says_what_was_adopted(both, person, taken, told):
    row, move = taken
    open_problem(person, row)

    person.press("Adopt")
    person.confirm()

    expect(told).to_contain_text("Adopted")
    is_on_list(person, row)
    assert move_of(both, row) == move
    told.get_by_role("button", name="Open Invoice").click()
    expect(person.page.locator(".o_breadcrumb")).to_contain_text("INV")


def test_booking_anyway_says_that_it_is_booked(both, person, taken, told):
    row, move = taken
    open_problem(person, row)

    person.press("Book Anyway")
    person.confirm()

    expect(told).to_contain_text(f"Invoice {row['record_name']} is booked.")
    is_on_list(person, row)
    assert move_of(both, row) not in (False, move)


def test_ignoring_says_that_it_is_left_to_odoo(both, person, locked, told):
    (row,) = locked()
    open_problem(person, row)

    person.press("Ignore")
    person.confirm()

    expect(told).to_contain_text("is left to Odoo")
    is_on_list(person, row)
    assert not move_of(both, row)


# Odoo logs what it refuses somebody.
REFUSED = "comes from Tribe, where its breakdown by account and tax is"


def test_confirming_other_amounts_than_tribes_says_what_differs(both, person, locked):
    (row,) = locked()
    lock(both, False)
    SessionApi(person).call("tribe.work", "action_retry", [row["id"]])
    of_it = [["reference", "=", row["reference"]], ["error_class", "!=", False]]
    until("the invoice", lambda: not both.odoo.rows("tribe.work", of_it, ["id"]), 60)
    # Its PDF, too: a lane that attaches it meets whoever saves the invoice at that moment.
    both.wait_until_idle()
    move = move_of(both, row)
    both.odoo.call("account.move", "button_draft", [move])
    line = ["&", ["move_id", "=", move], ["display_type", "=", "product"]]
    (product,) = both.odoo.rows("account.move.line", line, ["id"])
    both.odoo.write("account.move.line", [product["id"]], price_unit=500.0)
    person.go(f"action-account.action_move_out_invoice_type/{move}")

    person.press_odoos("action_post")

    dialog = person.page.locator(".modal")
    expect(dialog).to_contain_text(row["record_name"])
    expect(dialog).to_contain_text(REFUSED)
    expect(dialog).not_to_contain_text("Oops")
    dialog.get_by_role("button", name="Close").first.click()


def test_several_pairs_are_linked_only_after_a_question(both, person, told):
    pairs = 2
    for number in range(pairs):
        both.sandbox.create(
            "Relation_Organization",
            {"Name": f"Twijfel {number}", "EmailAddress": f"info@twijfel{number}.example"},
        )
        both.odoo.create(
            "res.partner",
            name=f"Misschien {number}",
            email=f"info@twijfel{number}.example",
            is_company=True,
            customer_rank=1,
        )
    both.run_nightly()
    until("the matches", lambda: len(both.odoo.rows("tribe.suggestion", [], ["id"])) == pairs, 60)
    person.go(MATCHES)
    person.select_all()

    person.page.locator(".o_control_panel").get_by_role("button", name="Different").click()
    expect(person.page.locator(".modal")).to_contain_text("stay apart")
    person.confirm()

    expect(told).to_contain_text("2 pairs kept apart.")
    expect(person.page.locator(".o_data_row")).to_have_count(0)


def test_the_dashboard_says_that_tribe_is_down_and_then_that_it_is_back(both, person, colleague):
    both.odoo.write("tribe.connection", [both.connection_id], failures_before_pause=1)
    both.sandbox.fault("status", status=503, times=None)
    both.odoo.create("res.partner", name="Na de storing", is_company=True, customer_rank=1)
    both.press("action_run_nightly")
    until("the trouble", lambda: trouble_of(both), 60)
    for client in (person, colleague):
        client.go("tribe-crm")
        headline = headline_of(client)
        expect(headline).to_contain_text("Tribe cannot be reached since")
        expect(headline).to_have_class(re.compile("alert-danger"))
        badge = client.page.locator("[name='state'] .badge")
        expect(badge).to_have_text("Active")
        expect(badge).not_to_have_class(re.compile("success"))
        assert violations(client) == []

    both.sandbox.clear_faults()
    # The schedule sees that Tribe is back.
    until("the end of the trouble", lambda: both.tick() or not trouble_of(both))
    both.wait_until_idle()
    person.go(ATTENTION)
    person.go("tribe-crm")
    expect(headline_of(person)).not_to_contain_text("cannot be reached")


def headline_of(client):
    return client.page.locator(".o_tribe_headline")


def trouble_of(both):
    """What the connection says is wrong with it as a whole."""
    (row,) = both.odoo.rows("tribe.connection", [], ["trouble"])
    return row["trouble"]


def test_nobody_complained(person, both):
    assert person.complaints == []
    assert [each for each in alarms(both.server.log_text()) if REFUSED not in each] == []
