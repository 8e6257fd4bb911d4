"""Text from Tribe is text in Odoo, whatever it says: nowhere does it become a part of the page."""

import html

import pytest
import requests
from end_to_end.web_client import web_client
from playwright.sync_api import expect

from host.odoo_server import OdooServer

from .conftest import DATABASE, MARK

ACTION = "/odoo/action-tribe_connector."
SEEN = "img src=x"


@pytest.fixture(scope="module")
def odoo(day, databases):
    with OdooServer(databases.server, databases.odoo, DATABASE, max_cron_threads=0) as process:
        yield process


@pytest.fixture(scope="module")
def person(odoo):
    with web_client(odoo.address) as client:
        client.log_in("admin", "admin")
        yield client


# The page of the portal shows the printed invoice in a frame.
@pytest.mark.parametrize(("report", "texts"), [("", 0), ("&report_type=html", 3)])
def test_the_portal_and_the_printed_invoice(odoo, day, report, texts):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{odoo.address}{day.portal_url}{report}", timeout=900)

    assert answer.status_code == 200
    assert "/my/invoices" in answer.url
    assert html.unescape(answer.text).count(MARK) >= texts
    assert f"<{SEEN}" not in answer.text
    assert "<script>window.tribe" not in answer.text


def screens(day):
    """Where an employee meets texts of Tribe, with what is there when all of it is."""
    return {
        f"/odoo/res.partner/{day.marked_partner}": ".o-mail-Thread",
        f"/odoo/account.move/{day.marked_move}": ".o-mail-Thread",
        f"{ACTION}action_tribe_work_attention": ".o_data_row",
        f"{ACTION}action_tribe_run": ".o_data_row",
        f"{ACTION}action_tribe_link_relations": ".o_data_row",
        f"{ACTION}action_tribe_link_invoices": ".o_data_row",
    }


def test_every_screen_shows_it_as_text(person, odoo, day):
    for path, visible in screens(day).items():
        person.page.goto(f"{odoo.address}{path}")
        expect(person.page.locator(visible).first).to_be_visible()
        assert person.page.evaluate("window.tribeWasHere") is None, path
        assert person.page.locator("img[src='x']").count() == 0, path


def test_a_problem_tells_the_name_as_it_is(person, odoo, day):
    person.page.goto(f"{odoo.address}{ACTION}action_tribe_work_attention")

    expect(person.page.locator(".o_data_row").filter(has_text=SEEN).first).to_be_visible()
