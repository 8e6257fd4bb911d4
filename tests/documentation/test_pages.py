"""The pages for users: made from the docs, the same in each language, and whole by themselves."""

import re
from pathlib import Path

import polib
import pytest
from lxml import html

from host import messages, pages
from tribe_connector import help_page

CHECKOUT = Path(__file__).resolve().parents[2]
MADE = pages.all_pages()
FILES = sorted(pages.FOLDER.rglob("*.html"))
OTHERS = [language for language in pages.LANGUAGES if language != "en"]
# Pages of Tribe's own site for developers, which is English.
OF_TRIBE = {("2-what-tribes-developer-site-says", "Invoices")}
TRANSLATED = [(language, name) for language in OTHERS for name in pages.SOURCES]


def _read(path):
    return html.document_fromstring(path.read_text())


def _page(language, name):
    return pages.FOLDER / language / f"{name}.html"


def _name(path):
    return str(path.relative_to(pages.FOLDER))


def test_the_pages_are_made_from_the_docs():
    assert set(FILES) == set(MADE), "run ./dev pages"
    other = [_name(path) for path in FILES if path.read_text() != MADE[path]]
    assert other == [], "run ./dev pages"


def test_the_app_links_to_the_languages_that_there_are():
    assert list(pages.LANGUAGES) == ["en", *messages.LANGUAGES] == list(help_page.LANGUAGES)
    assert f"/{pages.FOLDER.relative_to(CHECKOUT)}" == help_page.FOLDER


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_a_translation_has_what_the_english_page_has(language, name):
    """The same headings, anchors and links, and as many paragraphs, points and rows."""
    outline, links = _outline(_page(language, name))
    english_outline, english_links = _outline(_page("en", name))
    assert outline == english_outline
    assert sorted(links) == sorted(english_links)


def _outline(path):
    main = _read(path).find(".//main")
    wanted = ("h1", "h2", "h3", "p", "li", "tr", "td")
    return [(each.tag, each.get("id")) for each in main.iter(*wanted)], main.xpath(".//a/@href")


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_links_lead_somewhere(path):
    wrong = []
    for link in _read(path).xpath("//a/@href | //link/@href"):
        if "://" in link:
            continue
        file, _hash, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and not _read(target).xpath(f"//*[@id='{anchor}']")):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_an_anchor_is_there_once(path):
    anchors = _read(path).xpath("//@id")
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_is_loaded_from_elsewhere(path):
    page = _read(path)
    assert page.xpath("//script | //img | //iframe | //style | //@style | //@onclick") == []
    assert page.xpath("//link/@href") == ["../pages.css"]
    assert "url(" not in (pages.FOLDER / "pages.css").read_text()
    assert "@import" not in (pages.FOLDER / "pages.css").read_text()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_mark_of_markdown_is_left(path):
    text = _read(path).find(".//main").text_content()
    assert re.findall(r"\*\*|\]\(|^#+ |^\|.*\|$", text, re.MULTILINE) == []


@pytest.mark.parametrize("language", pages.LANGUAGES)
def test_every_message_can_be_linked_to(language):
    anchors = set(_read(_page(language, "messages")).xpath("//tr/@id"))
    assert set(messages.MESSAGES) <= anchors


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_buttons_and_fields_are_called_as_on_the_screen(language, name):
    """What is emphasized and is a term of the addon has the addon's translation."""
    terms = polib.pofile(str(CHECKOUT / "tribe_connector" / "i18n" / f"{language}.po"))
    translation = {entry.msgid: entry.msgstr for entry in terms}
    english = _emphasized(_page("en", name))
    translated = _emphasized(_page(language, name))
    wrong = [
        (section, term, translation[term])
        for section, terms in english.items()
        for term in terms
        if (section, term) not in OF_TRIBE
        and term in translation
        and translation[term] not in translated[section]
    ]
    assert wrong == []


def _emphasized(path):
    """What is emphasized, by section; of "A > B" each part."""
    found, section = {}, ""
    for each in _read(path).find(".//main").iter("h1", "h2", "em", "strong"):
        if each.tag in ("h1", "h2"):
            section = each.get("id")
        text = " ".join(each.text_content().split()).strip(" .")
        found.setdefault(section, set()).update(re.split(r" > |: ", text))
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_all_that_only_the_page_of_messages_says_is_translated(language):
    known = {
        entry.msgid: entry.msgstr for entry in polib.pofile(str(messages.advice_file(language)))
    }
    said = {row["advice"] for row in messages.MESSAGES.values() if row["advice"]}
    said.update(messages.INTRODUCTION, messages.MEANINGS.values())
    assert [text for text in said if not known.get(text)] == []
    labels = {*messages.HEAD, messages.MEANING}
    assert known.keys() - said - labels == set(), "nothing says it any more"
