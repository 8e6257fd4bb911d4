"""The page in Odoo's Apps store is for everybody."""

import pytest

from host.paths import ADDON, CHECKOUT

from .accessibility import violations_of_page
from .web_client import SIZE, WIDTHS, web_client

PAGE = CHECKOUT / ADDON / "static" / "description" / "index.html"
IS_LOADED = "() => [...document.images].every((picture) => picture.naturalWidth)"
# Odoo puts the page into one of its own, which has these.
OF_THE_STORE = ("document-title", "html-has-lang")


@pytest.fixture(scope="module")
def page():
    with web_client("") as person:
        yield person.page


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_has_no_grave_fault(page, width):
    page.set_viewport_size({**SIZE, "width": width})
    page.goto(PAGE.as_uri())
    page.wait_for_function(IS_LOADED)

    found = violations_of_page(page)

    assert not [each for each in found if not each.startswith(OF_THE_STORE)]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
