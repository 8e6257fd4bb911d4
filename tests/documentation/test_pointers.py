"""What code and pages point to is there: pages, headings, files, and what the manifest names."""

import ast
import re
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ADDON = CHECKOUT / "tribe_connector"
PAGES = [CHECKOUT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING")]
PAGES += sorted((CHECKOUT / "docs").rglob("*.md"))
SOURCES = [
    path
    for folder in ("tribe_connector", "host", "tests")
    for path in sorted((CHECKOUT / folder).rglob("*.py"))
]
# "docs/relations.md, Who is who": a heading begins with a capital. No section has a number.
POINTER = re.compile(r"\bdocs/([\w-]+\.md)(?:,\s+([A-Z][\w' ]+)|,? ((?:section )?\d+))?")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# In backticks, with a folder: `host/test_groups.py`.
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|md|xml|csv|sql|txt|po|pot|html))`")
FOLDERS = (CHECKOUT, ADDON)
# What the server of Odoo itself cannot do without.
OF_ODOO = {"dateutil", "markupsafe", "psycopg2", "pytz", "werkzeug"}
DISTRIBUTIONS = {"stdnum": "python-stdnum"}


def _headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_code_points_to_pages_and_headings_that_exist():
    wrong = []
    for source in SOURCES:
        for name, *headings in POINTER.findall(source.read_text()):
            heading = "".join(headings)
            page = CHECKOUT / "docs" / name
            is_there = page.exists() and any(
                each.startswith(heading.strip()) for each in _headings(page)
            )
            if not is_there:
                wrong.append(f"{source.relative_to(CHECKOUT)}: {name} {heading}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page):
    wrong = []
    for link in LINK.findall(page.read_text()):
        if "://" in link:
            continue
        path, _hash, anchor = link.partition("#")
        target = page.parent / path if path else page
        has_anchor = not anchor or anchor in map(_anchor, _headings(target))
        if not target.exists() or not has_anchor:
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_files_that_a_page_names_are_there(page):
    named = FILE.findall(page.read_text())
    assert [name for name in named if not any((folder / name).exists() for folder in FOLDERS)] == []


def test_the_manifest_declares_what_the_addon_imports():
    manifest = ast.literal_eval((ADDON / "__manifest__.py").read_text())
    imported = set()
    for path in ADDON.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    others = imported - sys.stdlib_module_names - OF_ODOO - {"odoo"}
    assert sorted(DISTRIBUTIONS.get(name, name) for name in others) == sorted(
        manifest["external_dependencies"]["python"]
    )
