"""The tools of the tour count and see what they should."""

import pytest

from .accessibility import violations_of_page
from .language import DUTCH, Language
from .web_client import Effort, web_client

FORM = """
<html lang="en"><title>Form</title><main>
<button id="press">Press</button>
<div name="first"><label>First <input></label></div>
<div name="second"><label>Second <input></label></div>
</main></html>
"""


@pytest.fixture
def page():
    with web_client("") as person:
        yield person.page


@pytest.fixture
def effort(page):
    page.set_content(FORM)
    return Effort(page)


def test_each_click_of_a_person_counts(page, effort):
    page.get_by_role("button").click()
    page.get_by_role("button").click()

    assert effort.clicks == ["Press", "Press"]


def test_what_a_script_or_a_key_does_is_no_click(page, effort):
    page.evaluate("() => document.getElementById('press').click()")
    page.get_by_role("button").press("Enter")

    assert effort.clicks == []


def test_each_field_counts_once(page, effort):
    page.get_by_label("First").press_sequentially("one")
    page.get_by_label("Second").press_sequentially("two")
    page.get_by_label("First").fill("three")
    page.evaluate("() => { document.querySelector('input').value = 'four' }")

    assert effort.typed == {"first", "second"}


def test_counting_goes_on_after_a_page_is_loaded_anew(page, effort):
    page.goto("data:text/html,<button>Again</button>")
    page.get_by_role("button").click()

    assert effort.clicks == ["Again"]


def test_english_is_found_wherever_it_is(page):
    page.set_content(
        """<p>Alles in orde</p><p>Show Plan</p><button title="Try Again">x</button>
        <p>Connected. <b>Suggest</b> creates a journal for the invoices of each legal entity,
        and fills in the taxes and accounts that are obvious. Read them with your accountant.
        Nothing is booked yet.</p><p hidden>Needs Attention</p>"""
    )

    found = Language(DUTCH).english_on(page)

    assert {"Show Plan", "Try Again"} < found
    assert any(text.startswith("Connected. Suggest creates") for text in found)
    assert "Needs Attention" not in found


def test_a_grave_fault_is_found(page):
    page.set_content("<html lang='en'><title>x</title><main><input></main></html>")

    assert any(text.startswith("label") for text in violations_of_page(page))
