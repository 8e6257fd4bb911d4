"""./dev pages: the pages for users, in the addon (``static/docs``), made from the docs by language.

English is made from the docs themselves, of some of which a user needs only sections; every other
language from ``docs/LANGUAGE``. A heading has the same anchor in each language, so a link of the
app, such as ``invoices.html#the-journal``, is good in all of them.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from . import messages
from .console import Failure, say
from .paths import ADDON, CHECKOUT

FOLDER = CHECKOUT / ADDON / "static" / "docs"
DOCS = CHECKOUT / "docs"
# What each page is made from in English, and the sections that are kept: all of them if none is
# named. In their order of the navigation.
SOURCES = {
    "index": ("README.md", ("Connect your Tribe", "When something is wrong")),
    "relations": ("docs/relations.md", ()),
    "invoices": ("docs/invoices.md", ()),
    "messages": ("docs/messages.md", ()),
    "security": (
        "docs/security.md",
        (
            "Secrets",
            "What Tribe can never write in Odoo",
            "Copies of a database",
            "How long things are kept",
        ),
    ),
    "first-tenant": (
        "docs/first-tenant.md",
        (
            "1. Before",
            "2. What Tribe's developer site says",
            "3. Connect, in dry run",
            "4. Send the report",
            "5. Map, and read the plan",
            "6. Live, with little",
        ),
    ),
}
# What the frame of a page says, by language: its name, and the labels of what is around the text.
LANGUAGES = {
    "en": ("English", "Pages", "On this page"),
    "nl": ("Nederlands", "Pagina's", "Op deze pagina"),
}
APP = "Tribe CRM"

SECTION = re.compile(r"^(?=## )", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
# "(`mapping/evidence.py`)" tells developers where it is done, and users nothing.
FOR_DEVELOPERS = re.compile(r"\s\((?:\w+ in )?`[\w/]+\.py`(?:, `[\w/]+\.py`)*\)")
# A link that is called as the file it leads to gets the title of the page.
FILE_NAME = re.compile(r"(?:docs/)?[\w-]+\.md")
# What begins and what ends it.
MAY_BE_EMPTY = {"paragraph_open": "paragraph_close", "thead_open": "thead_close"}
# On a narrow screen it scrolls, with the keys as well.
TABLE = '<div class="table" tabindex="0"><table>\n'
PAGE = """<!DOCTYPE html>
<!-- Made by ./dev pages from {source}; change that. -->
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – {app}</title>
<link rel="stylesheet" href="../pages.css">
</head>
<body>
<header>
<nav aria-label="{pages}">
{navigation}
</nav>
</header>
<main>
{content}
</main>
</body>
</html>
"""


class Page(NamedTuple):
    """A page in one language: its name, where it is made from, and its text in Markdown."""

    language: str
    name: str
    source: str
    text: str

    @property
    def headings(self) -> list[str]:
        """All of its headings, the title first."""
        return re.findall(r"^#+ (.+)$", self.text, re.MULTILINE)


def run() -> int:
    """Write the pages, after those of ``./dev messages`` that they are made from. Returns 0."""
    messages.run()
    made = all_pages()
    for old in set(FOLDER.rglob("*.html")) - set(made):
        old.unlink()
    for path, html in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html)
    size = sum(len(html.encode()) for html in made.values())
    say(f"   {FOLDER.relative_to(CHECKOUT)}: {len(made)} pages, {size // 1024} KiB")
    return 0


def all_pages() -> dict[Path, str]:
    """All pages as HTML, by the file that each is written to.

    :raises Failure: where a page has other headings in another language, or lacks a section
    """
    pages = {language: {name: _read(language, name) for name in SOURCES} for language in LANGUAGES}
    return {
        FOLDER / language / f"{name}.html": _Writer(pages, page).html()
        for language, of_language in pages.items()
        for name, page in of_language.items()
    }


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _read(language: str, name: str) -> Page:
    source, wanted = SOURCES[name]
    if language != "en":
        source, wanted = f"docs/{language}/{name}.md", ()
    text = COMMENT.sub("", (CHECKOUT / source).read_text())
    before, *sections = SECTION.split(text)
    by_title = {each.partition("\n")[0].removeprefix("## "): each for each in sections}
    if missing := set(wanted) - set(by_title):
        raise Failure(f"{source} has no section {', '.join(sorted(missing))}")
    kept = [by_title[title] for title in wanted] or sections
    return Page(language, name, source, FOR_DEVELOPERS.sub("", "".join([before, *kept])))


class _Writer:
    """Makes the HTML of one page, which links to the others of its language."""

    def __init__(self, pages: dict[str, dict[str, Page]], page: Page):
        self.page, self.pages = page, pages[page.language]
        self.anchors = {
            name: _anchors(each, pages["en"][name]) for name, each in self.pages.items()
        }
        self.by_source = {CHECKOUT / each.source: each for each in self.pages.values()}

    def html(self) -> str:
        """The whole page."""
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        markdown.add_render_rule("table_open", lambda *_: TABLE)
        markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
        tokens = self._shown(markdown.parse(self.page.text))
        self._set_anchors(tokens)
        if self.page.name == "messages":
            _name_rows(tokens)
        content = markdown.renderer.render(tokens, markdown.options, {})
        title, contents = content.split("</h1>\n", 1)
        _name, pages, on_this_page = LANGUAGES[self.page.language]
        return PAGE.format(
            source=self.page.source,
            language=self.page.language,
            title=escape(self.page.headings[0]),
            app=APP,
            pages=escape(pages),
            navigation="\n".join(self._navigation()),
            content=f"{title}</h1>\n{self._contents(on_this_page)}{contents}".rstrip(),
        )

    def _navigation(self) -> Iterator[str]:
        for name, each in self.pages.items():
            current = ' aria-current="page"' if each == self.page else ""
            yield f'<a href="{name}.html"{current}>{escape(each.headings[0])}</a>'
        for language, (name, *_labels) in LANGUAGES.items():
            if language != self.page.language:
                address = f"../{language}/{self.page.name}.html"
                yield f'<a class="language" href="{address}" lang="{language}">{name}</a>'

    def _contents(self, label: str) -> str:
        sections = re.findall(r"^## (.+)$", self.page.text, re.MULTILINE)
        known = self.anchors[self.page.name]
        links = [f'<a href="#{known[anchor(each)]}">{escape(each)}</a>' for each in sections]
        lines = "\n".join(f"<li>{link}</li>" for link in links)
        return (
            f'<nav class="contents" aria-label="{escape(label)}">\n<ul>\n{lines}\n</ul>\n</nav>\n'
        )

    def _shown(self, tokens: list[Token]) -> list[Token]:
        for token in tokens:
            if token.type == "inline":
                token.children = list(self._inline(token.children))
        return list(_without_empty(tokens))

    def _inline(self, tokens: list[Token]) -> Iterator[Token]:
        """A text without pictures of the app, and with links between the pages.

        A link to anything else of the repository is mere text.
        """
        leads_to = None
        for place, token in enumerate(tokens):
            if token.type == "link_open":
                leads_to = self._address(token.attrGet("href"))
                if leads_to:
                    token.attrSet("href", leads_to)
                    yield token
            elif token.type == "link_close":
                if leads_to:
                    yield token
                leads_to = None
            elif token.type == "text" and leads_to and FILE_NAME.fullmatch(token.content):
                token.content = self._title(tokens[place - 1].attrGet("href"))
                yield token
            elif token.type != "image":
                yield token

    def _address(self, link: str) -> str | None:
        if "://" in link:
            return link
        path, _hash, part = unquote(link).partition("#")
        source = CHECKOUT / self.page.source
        page = self.by_source.get((source.parent / path).resolve() if path else source)
        if page is None or (part and part not in self.anchors[page.name]):
            return None
        address = f"{page.name}.html" if path else ""
        return f"{address}#{self.anchors[page.name][part]}" if part else address

    def _title(self, address: str) -> str:
        return self.pages[address.partition(".html")[0]].headings[0]

    def _set_anchors(self, tokens: list[Token]):
        headings = [token for token in tokens if token.type == "heading_open"]
        for token, name in zip(headings, self.anchors[self.page.name].values(), strict=True):
            token.attrSet("id", name)


def _anchors(page: Page, english: Page) -> dict[str, str]:
    """The anchors of a page by those of its source."""
    if len(page.headings) != len(english.headings):
        raise Failure(f"{page.source} has other headings than {english.source}")
    return dict(zip(map(anchor, page.headings), map(anchor, english.headings), strict=True))


def _without_empty(tokens: list[Token]) -> Iterator[Token]:
    """The tokens without paragraphs and table heads that say nothing."""
    held = []
    for token in tokens:
        held.append(token)
        if MAY_BE_EMPTY.get(held[0].type, token.type) == token.type:
            if len(held) == 1 or any(each.children for each in held):
                yield from held
            held = []


def _name_rows(tokens: list[Token]):
    """Give each row of the table of messages its code as its anchor."""
    row = None
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            row = token
        elif token.type == "tr_close":
            # Before it: the last cell's content and end.
            code = tokens[place - 2].content.strip("`")
            if code in messages.MESSAGES:
                row.attrSet("id", code)
