"""docs/messages.md has every sentence that tells of a problem, and no other."""

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ADDON = CHECKOUT / "tribe_connector"
PAGE = CHECKOUT / "docs" / "messages.md"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]")
TRANSLATES = ("_", "_lt")
# What is shorter is a word or two inside of a sentence.
WORDS_OF_A_MESSAGE = 4
# Said when nothing is wrong, or only a part of another sentence.
NO_PROBLEM = {
    "The initial synchronization is running.",
    "All in sync. Last look at Tribe: %s.",
    "%(changes)s, since %(moment)s",
    "It is being worked on. Look again in a moment.",
    "%s are being worked on; look again soon.",
    "Invoice %s is booked.",
    "Ignored: %s is left to Odoo. It is listed under Booked Invoices.",
    "Ignored: %s rests until it changes again.",
    "Left to Odoo: %s.",
    "Linked: %s. Both are brought together now.",
    "%s pairs linked. They are brought together now.",
    "%s pairs kept apart.",
    "%s conflicts decided. The values are set now.",
    "%(field)s of %(contact)s: Odoo's value goes to Tribe.",
    "%(field)s of %(contact)s: Tribe's value comes to Odoo.",
    "%(progress)s · about %(minutes)s minutes left",
    "%(done)s of %(total)s records were looked at so far. Nothing is written, in Odoo or in Tribe.",
    "Everything is the same on both sides: nothing is to be done.",
    "Invoices are being booked.",
    "Nothing needs attention any more.",
    "Tribe CRM needs attention",
    "Signed in to Tribe",
    "Tribe reports changes to %s",
    "Your own organization: %(name)s",
    "Payment term of a customer (days)",
    "Payment term of a supplier (days)",
    "a journal (Create Journal)",
    "it has the user %s.",
    "the same page twice",
    "no list of webhooks",
    "no list of records",
    "Invoice %(invoice)s %(cause)s. %(remedy)s.",
    "%(sentence)s Tribe says: %(said)s",
    "Legal entities: %(entities)s. VAT groups: %(groups)s. General ledger accounts: "
    "%(accounts)s. Invoice phases: %(phases)s.",
}


def _calls():
    for path in sorted(ADDON.rglob("*.py")):
        if not {"tests", "demo"} & set(path.relative_to(ADDON).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield node


def _name(call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _texts(call) -> list[str]:
    return [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def messages() -> set[str]:
    """The templates of all sentences that tell of a problem, as the source has them."""
    found = set()
    for call in _calls():
        if _name(call) in TRANSLATES:
            found.update(_texts(call)[:1])
        elif _name(call) == "Constraint" and _texts(call)[0].startswith("CHECK"):
            found.update(_texts(call)[1:])
    return set(filter(_is_message, found)) - NO_PROBLEM


def _is_message(text: str) -> bool:
    # "has no customer" is a part of a sentence, too, and has a remedy of its own.
    return len(text.split()) >= WORDS_OF_A_MESSAGE or text.startswith("has no ")


def _plain(text: str) -> str:
    return " ".join(PLACEHOLDER.sub("…", text).replace("*", "").split())


def _rows() -> list[tuple[str, str]]:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines()]
    return [tuple(map(_plain, row)) for row in rows if len(row) == 2 and row[0] != "It says"]


def test_the_page_has_every_message_with_its_remedy():
    page = "\n".join(" ".join(row) for row in _rows())
    missing = sorted(text for text in messages() if _plain(text) not in page)
    assert not missing, "not in docs/messages.md"


def test_every_row_has_a_remedy():
    assert [row for row in _rows() if not all(row)] == []


def test_the_page_has_no_message_that_is_gone():
    source = "\n".join(map(_plain, messages()))
    # An invoice's problem is put together from its cause and its remedy.
    causes = [row[0].removeprefix("Invoice … ").rstrip(".") for row in _rows()]
    gone = [
        cause
        for cause, (said, _remedy) in zip(causes, _rows(), strict=True)
        if said not in source and cause not in source
    ]
    assert not gone


def test_every_text_that_is_no_problem_is_in_the_source():
    texts = {text for call in _calls() if _name(call) in TRANSLATES for text in _texts(call)}
    assert texts >= NO_PROBLEM
