"""./dev messages: docs/messages.md and its translations, made from the table of messages, and the
table of readings in docs/tribe-api.md, made from the probe's catalogue.
"""

import importlib.util
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polib

from .console import say
from .paths import ADDON, CHECKOUT


def _package(folder: Path) -> ModuleType:
    """A package that imports nothing from outside its folder, by itself."""
    path, name = folder / "__init__.py", f"_{folder.name}"
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)]
    )
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


# Loaded without the addon's package, which needs Odoo.
_table = runpy.run_path(str(CHECKOUT / ADDON / "sentence.py"))
MESSAGES, SEVERITIES, TOPICS = (_table[name] for name in ("MESSAGES", "SEVERITIES", "TOPICS"))
_catalogue = _package(CHECKOUT / ADDON / "probe" / "catalogue")
READINGS, WORDS = _catalogue.READINGS, _catalogue.WORDS

API_PAGE = CHECKOUT / "docs" / "tribe-api.md"
# Between these the table of readings stands.
BEGIN, END = "<!-- Readings, made by ./dev messages. -->\n", "<!-- End of the readings. -->\n"
READINGS_HEAD = (
    "| Reading | Code | We assume | The probe finds it | It may be | What is done with it |\n"
    "|---|---|---|---|---|---|\n"
)
FOUND = {
    "metadata": "in `$metadata`",
    "reading": "by reading",
    "writing": "by *Try Writing*",
    "later": "only in use",
}
PAGE = CHECKOUT / "docs" / "messages.md"
# Besides English: the addon's translations, and docs/LANGUAGE/messages.po.
LANGUAGES = ("nl",)
HEAD = ("It says", "More", "Severity", "Code")
MEANING = "What it means"
PLACEHOLDER = re.compile(r"%\(\w+\)s")
MADE = "<!-- Made by ./dev messages from {}; change that. -->"
TABLE_OF_MESSAGES = f"{ADDON}/data/tribe.message.csv"
INTRODUCTION = """\
Every sentence in which the connector tells of a problem; `…` stands for a name, a number or a
date. Hints on a screen, and what Odoo says of a record that would be there twice, are not among
them. Problems of records are under **Tribe CRM > Needs Attention**, those of a whole connection
on its form. Fix the cause: what waited is retried automatically, or press **Try Again**.
*Ignore* leaves a record alone until it changes again; an invoice for good. What Tribe itself says
is added to a sentence: “… Tribe says: …”.

What is kept is the code and what the sentence is filled in with, so everybody reads it in their
own language. A system administrator can word a message otherwise under **Tribe CRM >
Configuration > Messages**, in each language; the search in *Needs Attention* finds those words.
An upgrade of the app renews the English, and leaves translations as they are. A sentence that
cannot be filled in is read in English.
""".strip().split("\n\n")
# What one or several severities mean.
MEANINGS = {
    ("person",): "it waits until somebody fixes the cause, and is retried once a night",
    ("again",): "it is retried automatically",
    ("bug",): "the connector itself is wrong; the server log has the details",
    ("difference",): "an invoice or contact is not the same on both sides",
    ("blocking", "note", "ok"): "what *Check* says, and notes in runs",
    ("refused",): "to whoever pressed a button or saved; nothing was changed",
    ("headline",): "the headline of a connection",
    ("part",): "it stands within another sentence",
}


def run() -> int:
    """Write the pages, in each language. Returns 0."""
    PAGE.write_text(page())
    for language in LANGUAGES:
        translated_page(language).write_text(page(language))
    API_PAGE.write_text(with_readings(API_PAGE.read_text()))
    say(f"   {PAGE.name}: {len(MESSAGES)} messages")
    return 0


def page(language: str = "") -> str:
    """The page as the table of messages makes it, in English or in one of ``LANGUAGES``."""
    tr = translation(language) if language else str
    sections = [_section(title, _of_topic(topic), tr) for topic, title in TOPICS.items()]
    parts = [row for row in MESSAGES.values() if row["severity"] == "part"]
    source = " and ".join([TABLE_OF_MESSAGES, *(language and _translations(language))])
    return "\n".join(
        [
            f"# {tr('Messages')}\n",
            f"{MADE.format(source)}\n",
            *(f"{tr(paragraph)}\n" for paragraph in INTRODUCTION),
            f"{_severities(tr)}\n",
            *sections,
            _section(SEVERITIES["part"], parts, tr),
        ]
    )


def translated_page(language: str) -> Path:
    """Where the page of a language is."""
    return CHECKOUT / "docs" / language / PAGE.name


def advice_file(language: str) -> Path:
    """The translations of what only the page says: the addon's file has the rest."""
    return translated_page(language).with_suffix(".po")


def _translations(language: str) -> tuple[str, str]:
    files = (CHECKOUT / ADDON / "i18n" / f"{language}.po", advice_file(language))
    return tuple(str(file.relative_to(CHECKOUT)) for file in files)


def translation(language: str) -> Callable[[str], str]:
    """A function that translates a text; it stays English where nobody translated it."""
    known = {
        entry.msgid: entry.msgstr
        for file in _translations(language)
        for entry in polib.pofile(str(CHECKOUT / file))
    }
    return lambda text: known.get(text) or text


def _severities(tr: Callable[[str], str]) -> str:
    rows = [
        f"| {', '.join(tr(SEVERITIES[each]) for each in severities)} | {tr(meaning)} |"
        for severities, meaning in MEANINGS.items()
    ]
    return "\n".join([f"| {tr('Severity')} | {tr(MEANING)} |", "|---|---|", *rows])


def with_readings(text: str) -> str:
    """A page with the table of readings between its marks as the catalogue makes it."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    rows = "".join(_reading_row(reading) for reading in READINGS.values())
    return f"{before}{BEGIN}{READINGS_HEAD}{rows}{END}{after}"


def _reading_row(reading) -> str:
    values = [
        f"**`{each}`**" if each in reading.unsupported else f"`{each}`" if each in WORDS else each
        for each in reading.values
    ]
    found = FOUND[reading.how]
    cells = (reading.title, f"`{reading.code}`", f"`{reading.assumed}`", found, ", ".join(values))
    return f"| {' | '.join((*cells, reading.use))} |\n"


def _of_topic(topic: str) -> list[dict]:
    return [row for row in MESSAGES.values() if row["topic"] == topic and row["severity"] != "part"]


def _section(title: str, rows: list[dict], tr: Callable[[str], str]) -> str:
    head = " | ".join(map(tr, HEAD))
    lines = [f"| {head} |", "|---|---|---|---|", *(_row(row, tr) for row in rows)]
    return "\n".join([f"## {tr(title)}", "", *lines, ""])


def _row(row: dict, tr: Callable[[str], str]) -> str:
    said = PLACEHOLDER.sub("…", tr(row["sentence"]))
    advice = row["advice"] and tr(row["advice"])
    cells = (said, advice, tr(SEVERITIES[row["severity"]]), f"`{row['code']}`")
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
