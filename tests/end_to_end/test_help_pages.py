"""The pages for users are for everybody, wide and narrow, light and dark."""

import pytest

from host.pages import FOLDER

from .accessibility import violations_of_page
from .web_client import SIZE, WIDTHS, web_client

# Another language has the same markup.
FILES = sorted((FOLDER / "en").glob("*.html"))


@pytest.fixture(scope="module")
def page():
    with web_client("") as person:
        yield person.page


@pytest.mark.parametrize(("width", "scheme"), [*zip(WIDTHS, ("light", "dark"), strict=True)])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_has_no_grave_fault(page, path, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({**SIZE, "width": width})
    page.goto(path.as_uri())

    assert violations_of_page(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
