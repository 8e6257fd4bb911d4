"""./dev messages: docs/messages.md, made from the table of messages, and the table of readings in
docs/tribe-api.md, made from the probe's catalogue.
"""

import re
import runpy

from .console import say
from .paths import ADDON, CHECKOUT

# Run by itself: the addon's package needs Odoo.
_table = runpy.run_path(str(CHECKOUT / ADDON / "sentence.py"))
MESSAGES, SEVERITIES, TOPICS = (_table[name] for name in ("MESSAGES", "SEVERITIES", "TOPICS"))
_catalogue = runpy.run_path(str(CHECKOUT / ADDON / "probe" / "catalogue.py"))
READINGS, WORDS = _catalogue["READINGS"], _catalogue["WORDS"]

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
PLACEHOLDER = re.compile(r"%\(\w+\)s")
INTRODUCTION = """# Messages

<!-- Made by ./dev messages from tribe_connector/data/tribe.message.csv; change that. -->

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

| Severity | What it means |
|---|---|
| Needs a Person | it waits until somebody fixes the cause, and is retried once a night |
| Tries Again | it is retried automatically |
| Bug | the connector itself is wrong; the server log has the details |
| Differs | an invoice or contact is not the same on both sides |
| To Be Mended, Good to Know, In Order | what *Check* says, and notes in runs |
| Refused | to whoever pressed a button or saved; nothing was changed |
| State | the headline of a connection |
| Part of Another Message | it stands within another sentence |
"""
HEAD = "| It says | More | Severity | Code |\n|---|---|---|---|"


def run() -> int:
    """Write the page. Returns 0."""
    PAGE.write_text(page())
    API_PAGE.write_text(with_readings(API_PAGE.read_text()))
    say(f"   {PAGE.name}: {len(MESSAGES)} messages")
    return 0


def page() -> str:
    """The page as the table of messages makes it."""
    sections = [_section(title, _of_topic(topic)) for topic, title in TOPICS.items()]
    parts = [row for row in MESSAGES.values() if row["severity"] == "part"]
    return "\n".join([INTRODUCTION, *sections, _section(SEVERITIES["part"], parts)])


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


def _section(title: str, rows: list[dict]) -> str:
    return "\n".join([f"## {title}", "", HEAD, *map(_row, rows), ""])


def _row(row: dict) -> str:
    said = PLACEHOLDER.sub("…", row["sentence"])
    cells = (said, row["advice"], SEVERITIES[row["severity"]], f"`{row['code']}`")
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
