"""Sentences for people, known by their code: shown in the language of whoever reads them.

Every sentence that tells of a problem is a row of ``data/tribe.message.csv``. Code writes
``sentence("code", name=value)``; ``str()`` of it is English. What Odoo shows is translated
(``say``), and what it keeps is the code with its parameters (``stored``), so that each reader sees
it in their own language.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parent / "data" / "tribe.message.csv"
# A text that is kept starts so when it is one or more sentences.
MARK = '[{"'
TOPICS = {
    "sign_in": "Connecting and Signing In",
    "network": "Addresses and the Network",
    "check": "What Check Says about Your Tribe",
    "readings": "How Your Tribe Works",
    "relations": "Contacts and Relations",
    "invoices": "Invoices",
    "links": "Links and Payments",
    "tries": "Tries",
    "settings": "Settings and Buttons",
    "state": "The State of a Connection",
}
SEVERITIES = {
    "person": "Needs a Person",
    "again": "Tries Again",
    "bug": "Bug",
    "difference": "Differs",
    "blocking": "To Be Mended",
    "note": "Good to Know",
    "ok": "In Order",
    "refused": "Refused",
    "headline": "State",
    "part": "Part of Another Message",
}
# Of a parameter that is a text; of each text in a list; and of what is kept of all sentences of a
# problem together. Names come from Tribe, which can send a million characters.
LONGEST_TEXT = 2000
LONGEST_ITEM = 200
LONGEST_KEPT = 20_000
# Of a list in a sentence, and of sentences that are told together.
MOST_ITEMS = 10
# What separates the items of a list within a sentence, and sentences from each other.
COMMA, LINE = ", ", "\n"


def read_table() -> dict[str, dict[str, str]]:
    """All messages by code: the columns of the table as texts."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


MESSAGES = read_table()


class Money(NamedTuple):
    """An amount of a currency (its ISO code), as a parameter of a sentence."""

    amount: Decimal
    currency: str

    def __str__(self):
        return f"{self.currency} {self.amount}"


class Choice(NamedTuple):
    """A value of a selection field of Odoo, as a parameter: readers see its label."""

    model: str
    field: str
    value: str

    def __str__(self):
        return self.value


class Label(NamedTuple):
    """What a field of Odoo is called, as a parameter."""

    model: str
    field: str

    def __str__(self):
        return self.field


class Name(str):
    """What a record of Odoo is called, as a parameter: readers see it in their language.

    Of one that is gone, or called otherwise since, it stays what it was.
    """

    def __new__(cls, text: str, model: str, record_id: int):
        name = super().__new__(cls, shortened(text, LONGEST_ITEM))
        name.model = model
        name.record_id = record_id
        return name

    def __getnewargs__(self):
        return str(self), self.model, self.record_id

    @classmethod
    def of(cls, record) -> Name:
        """What a record is called now."""
        return cls(record.display_name or "", record._name, record.id)


class Sentence(str):
    """A text that still knows its code and parameters, some of which may be sentences.

    The text itself is in the language in which it was said; English, unless ``say`` said it.
    """

    def __new__(cls, code: str, parameters: dict[str, object], text: str | None = None):
        if text is None:
            text = filled(MESSAGES[code]["sentence"], parameters, _in_english)
        said = super().__new__(cls, text)
        said.code = code
        said.parameters = parameters
        return said

    def __getnewargs__(self):
        return self.code, self.parameters, str(self)


def sentence(code: str, /, **parameters: object) -> Sentence:
    """A sentence of the table.

    :param parameters: texts, numbers, dates, moments (datetime, UTC), amounts (Decimal or
        ``Money``), choices of a field (``Choice``), names of fields (``Label``) and of records
        (``Name``), other sentences, or lists of these
    :raises KeyError: for a code or a parameter that the table does not have
    """
    return Sentence(code, {name: _bounded(value) for name, value in parameters.items()})


def _bounded(value: object, longest: int = LONGEST_TEXT) -> object:
    """A parameter as it is, but for texts and lists without end; what an exception says."""
    if isinstance(value, Exception):
        value = together(said(value))
    if _is_list(value):
        first, more = first_of(value)
        return [_bounded(each, LONGEST_ITEM) for each in [*first, *more]]
    if isinstance(value, str) and not isinstance(value, (Name, Sentence)):
        return shortened(value, longest)
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and not isinstance(value, (Money, Choice, Label))


def first_of(items: list) -> tuple[list, list]:
    """The first of some items, and a list with how many more there are; empty if none."""
    if len(items) <= MOST_ITEMS + 1:
        return items, []
    return items[:MOST_ITEMS], [sentence("and_more", count=len(items) - MOST_ITEMS)]


def shortened(text: str, longest: int) -> str:
    """A text that may go on, and then ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def filled(template: str, parameters: dict[str, object], shown: Callable[[object], str]) -> str:
    """A template with its parameters, each as ``shown`` shows it.

    What ends with a full stop ("B.V.") is followed by no other one.
    """
    texts = {name: shown(value) for name, value in parameters.items()}
    ended = "|".join(re.escape(name) for name, text in texts.items() if text.endswith("."))
    if ended:
        template = re.sub(rf"(%\((?:{ended})\)s)\.(?!\w)", r"\1", template)
    return template % texts


def _in_english(value: object) -> str:
    if _is_list(value):
        return COMMA.join(map(_in_english, value))
    return str(value)


def said(error: Exception) -> list[str]:
    """What an exception says: its sentences, or its text."""
    return [each for each in error.args if isinstance(each, Sentence)] or [str(error)]


def together(texts: list[str], code: str = "one_after_the_other") -> str:
    """Several sentences or texts as one: after each other, or one on each line (by ``code``)."""
    first, *others = texts
    return sentence(code, first=first, rest=together(others, code)) if others else first


def codes_of(text: object) -> list[str]:
    """The codes of a sentence, or of a list of these, also of what ``together`` joined.

    A text that is no sentence stands for itself.
    """
    if isinstance(text, (list, tuple)):
        return [code for each in text for code in codes_of(each)]
    if isinstance(text, Sentence) and text.code in ("one_after_the_other", "one_on_each_line"):
        return codes_of([text.parameters["first"], text.parameters["rest"]])
    return [getattr(text, "code", text)]


def in_language(env, text: object) -> str:
    """A sentence in the language of an environment; any other text as it is.

    ``text`` may be an exception, or a list, whose sentences are lines.
    """
    if isinstance(text, Exception):
        text = said(text)
    if isinstance(text, (list, tuple)):
        texts = [each for each in text if each]
        if not any(isinstance(each, Sentence) for each in texts):
            return LINE.join(map(str, texts))
        # Still known by its codes, where it becomes a part of another sentence.
        text = together(texts, "one_on_each_line")
    if not isinstance(text, Sentence):
        return str(text)
    return Sentence(text.code, text.parameters, env["tribe.message"]._text(text))


def say(env, code: str, /, **parameters: object) -> Sentence:
    """A sentence of the table in the language of an environment, for who reads it at once.

    :param parameters: as of ``sentence``
    """
    return in_language(env, sentence(code, **parameters))


class Kept(str):
    """What ``stored`` made: no text of somebody that only looks like it."""


def stored(text: object, longest: int = LONGEST_TEXT) -> Kept | None:
    """What the database keeps of a text, a sentence, or a list of these.

    A text that looks like what is kept of sentences stays a text: anybody may be called so.

    :param longest: of a text that is no sentence
    """
    if isinstance(text, Kept):
        return text
    texts = list(text) if isinstance(text, (list, tuple)) else [text]
    first, more = first_of([each for each in texts if each])
    texts = [_bounded(each, longest) for each in [*first, *more]]
    if not texts:
        return None
    if any(isinstance(each, Sentence) or str(each).startswith(MARK) for each in texts):
        kept = _as_json(texts)
        # Sentences in sentences: then it is told in English, and not to the end.
        return kept if len(kept) <= LONGEST_KEPT else _as_json([_bounded(str(LINE.join(texts)))])
    return Kept(LINE.join(map(str, texts)))


def _as_json(texts: list) -> Kept:
    return Kept(json.dumps([_kept(each) for each in texts], ensure_ascii=False))


def _kept(value: object) -> object:
    """A sentence or a text as JSON: each is an object, so that they are told apart."""
    if isinstance(value, Sentence):
        parameters = {name: _kept_parameter(each) for name, each in value.parameters.items()}
        return {"code": value.code, "parameters": parameters}
    return {"text": str(value)}


def _kept_parameter(value: object) -> object:
    if isinstance(value, Sentence):
        return _kept(value)
    for kind, keep in _KEEPERS.items():
        if isinstance(value, kind):
            return keep(value)
    if isinstance(value, Decimal):
        return {"amount": str(value)}
    if isinstance(value, datetime):
        return {"moment": value.isoformat(sep=" ", timespec="seconds")}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, (list, tuple)):
        return [_kept_parameter(each) for each in value]
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return str(value)


_KEEPERS: dict[type, Callable] = {
    Name: lambda name: {"name": [str(name), name.model, name.record_id]},
    Money: lambda money: {"money": [str(money.amount), money.currency]},
    Choice: lambda choice: {"choice": list(choice)},
    Label: lambda label: {"label": list(label)},
}


def read_stored(kept: str) -> list[str | Sentence]:
    """The texts and sentences that were kept, in English.

    A text of before there were codes is itself, whatever it looks like.
    """
    if not kept.startswith(MARK):
        return [kept]
    try:
        return [_read(each) for each in json.loads(kept)]
    except Exception:  # noqa: BLE001 - a text of before may look like anything
        return [kept]


def _read(kept: dict) -> str | Sentence:
    if "text" in kept:
        return kept["text"]
    parameters = {name: _read_parameter(each) for name, each in kept["parameters"].items()}
    try:
        return Sentence(kept["code"], parameters)
    except KeyError:
        # Of another version, or of an addon that is gone.
        return f"{kept['code']}: {COMMA.join(map(_in_english, parameters.values()))}"


def _read_parameter(kept: object) -> object:
    if isinstance(kept, list):
        return [_read_parameter(each) for each in kept]
    if not isinstance(kept, dict):
        return kept
    for name, read in _READERS.items():
        if name in kept:
            return read(kept[name])
    return _read(kept)


_READERS: dict[str, Callable] = {
    "money": lambda kept: Money(Decimal(kept[0]), kept[1]),
    "choice": lambda kept: Choice(*kept),
    "label": lambda kept: Label(*kept),
    "name": lambda kept: Name(*kept),
    "amount": Decimal,
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
}
