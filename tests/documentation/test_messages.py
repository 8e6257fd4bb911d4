"""Sentences about problems stand in one table, and docs/messages.md is made from it."""

import ast
import re
from pathlib import Path

import pytest

from host import messages
from tribe_connector.sentence import MESSAGES, SEVERITIES, TOPICS, sentence

CHECKOUT = Path(__file__).resolve().parents[2]
ADDON = CHECKOUT / "tribe_connector"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SOURCE = "\n".join(
    path.read_text() for ending in ("py", "xml") for path in ADDON.rglob(f"*.{ending}")
)
# What is shorter is a label, or the name of a button.
WORDS_OF_A_SENTENCE = 4
# Said by a button that did what it was asked for, or how far something is: no problem.
NO_PROBLEM = {
    "It is being tried. What was found shows here after some minutes.",
    "It is being done now. What came of it is under Synchronized > Runs.",
    "%s are being worked on; look again soon.",
    "%s conflicts decided. The values are set now.",
    "%s pairs kept apart.",
    "%s pairs linked. They are brought together now.",
    "%(count)s contacts go through “%(connection)s” now.",
    "%(done)s of %(total)s records were looked at so far. Nothing is written, in Odoo or in Tribe.",
    "%(field)s of %(contact)s: Odoo's value goes to Tribe.",
    "%(field)s of %(contact)s: Tribe's value comes to Odoo.",
    "%(progress)s · about %(minutes)s minutes left",
    "Adopt All That Agree",
    "All contacts that no connection sends go through “%s” now.",
    "Contacts That No Connection Sends",
    "Everything is the same on both sides: nothing is to be done.",
    "Ignored: %s is left to Odoo. It is listed under Booked Invoices.",
    "Ignored: %s rests until it changes again.",
    "Invoice %s is booked.",
    "It is being worked on. Look again in a moment.",
    "Left to Odoo: %s.",
    "Linked: %s. Both are brought together now.",
    "Nothing needs attention any more.",
    "Tribe CRM needs attention",
    "“%s” is searched by its words.",
}


def _calls():
    for path in sorted(ADDON.rglob("*.py")):
        if not {"tests", "demo"} & set(path.relative_to(ADDON).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path.name, node


def _name(call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _texts() -> set[str]:
    """The sentences that stand in the source instead of the table."""
    found = set()
    for _file, call in _calls():
        arguments = [
            each.value
            for each in call.args
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if _name(call) == "_":
            found.update(arguments[:1])
        elif _name(call) == "Constraint" and arguments[0].startswith("CHECK"):
            found.update(arguments[1:])
    return {text for text in found if len(text.split()) >= WORDS_OF_A_SENTENCE}


def test_the_page_is_made_from_the_table():
    assert messages.PAGE.read_text() == messages.page(), "run ./dev messages"
    for language in messages.LANGUAGES:
        page = messages.translated_page(language).read_text()
        assert page == messages.page(language), "run ./dev messages"


def test_no_sentence_about_a_problem_stands_outside_the_table():
    assert _texts() - NO_PROBLEM == set(), "give it a code in data/tribe.message.csv"


def test_what_is_no_problem_is_still_said():
    assert _texts() >= NO_PROBLEM


@pytest.mark.parametrize("row", MESSAGES.values(), ids=MESSAGES)
def test_a_message_is_whole(row):
    assert row["id"] == f"message_{row['code']}"
    assert row["topic"] in TOPICS
    assert row["severity"] in SEVERITIES
    assert row["sentence"].strip() == row["sentence"] != ""
    # A sentence with a comma stands between quotation marks: else the rest is in other columns.
    assert None not in row
    assert row["advice"].strip() == row["advice"]
    names = PLACEHOLDER.findall(row["sentence"])
    assert "%" not in PLACEHOLDER.sub("", row["sentence"])
    said = sentence(row["code"], **{name: f"<{name}>" for name in names})
    assert all(f"<{name}>" in said for name in names)


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_is_said_somewhere(code):
    assert f'"{code}"' in SOURCE


@pytest.mark.parametrize(
    ("file", "call"),
    [each for each in _calls() if _name(each[1]) in ("sentence", "say")],
    ids=lambda value: value if isinstance(value, str) else str(value.lineno),
)
def test_a_sentence_is_given_what_it_is_filled_in_with(file, call):
    codes = [each.value for each in call.args if isinstance(each, ast.Constant)]
    given = {each.arg for each in call.keywords}
    if codes and None not in given:
        assert given == set(PLACEHOLDER.findall(MESSAGES[codes[0]]["sentence"]))


@pytest.mark.parametrize(
    ("page", "section", "said_as"),
    [
        ("README.md", "When something is wrong", str),
        ("docs/nl/index.md", "Als er iets mis is", messages.translation("nl")),
    ],
    ids=["en", "nl"],
)
def test_the_first_page_quotes_the_table(page, section, said_as):
    text = (CHECKOUT / page).read_text().split(f"## {section}")[1].split("## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    quoted = [quote.strip(" .") for line in rows[1:] for quote in line.split("|")[1].split(" / ")]
    said = [PLACEHOLDER.sub("…", said_as(row["sentence"])) for row in MESSAGES.values()]
    assert quoted
    for quote in quoted:
        pattern = re.escape(quote).replace("…", ".*")
        assert any(re.match(pattern, sentence) for sentence in said), quote
