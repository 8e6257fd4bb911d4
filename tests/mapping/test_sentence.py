"""A sentence is English text that still knows its code and what it was filled in with."""

import copy
import datetime
import pickle
from decimal import Decimal

import pytest

from tribe_connector.sentence import (
    Name,
    Sentence,
    filled,
    in_language,
    read_stored,
    said,
    sentence,
    stored,
)

DUTCH = {"difference_of_fact": "%(what)s: %(now)s", "compared_total": "Totaal"}


class Dutch:
    """An environment in which sentences are read in Dutch."""

    def __getitem__(self, model):
        assert model == "tribe.message"
        return self

    def _text(self, text):
        shown = {name: in_language(self, value) for name, value in text.parameters.items()}
        return DUTCH[text.code] % shown


SENTENCE = sentence(
    "difference_of_fact", what=sentence("compared_total"), now=Decimal("12.50"), booked="9%1"
)
ENGLISH = "Total: 12.50 in Tribe, booked as 9%1."


def test_the_name_of_a_record_is_kept_with_the_record():
    name = Name("Omzet", "account.account", 7)
    for kept in (name, copy.deepcopy(name), pickle.loads(pickle.dumps(name))):
        said_of_it = sentence("difference_of_fact", what=[kept], now="1", booked=kept)
        (read,) = read_stored(stored(said_of_it))
        assert read == "Omzet: 1 in Tribe, booked as Omzet."
        for found in (read.parameters["booked"], *read.parameters["what"]):
            assert (found, found.model, found.record_id) == ("Omzet", "account.account", 7)
    assert len(Name("x" * 10_000, "account.account", 7)) < 1_000


def test_a_sentence_is_its_english_text():
    assert SENTENCE == ENGLISH
    assert str(ValueError(SENTENCE)) == ENGLISH


@pytest.mark.parametrize(("code", "parameters"), [("no_such_code", {}), ("sign_in_refused_", {})])
def test_a_code_that_is_not_in_the_table_is_a_mistake(code, parameters):
    with pytest.raises(KeyError):
        sentence(code, **parameters)


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("Sold to %(name)s.", "Verkoop B.V.", "Sold to Verkoop B.V."),
        ("Sold to %(name)s. Mend it.", "Verkoop B.V.", "Sold to Verkoop B.V. Mend it."),
        ("Sold to %(name)s.", "Verkoop", "Sold to Verkoop."),
        ("Sold to “%(name)s”.", "Verkoop B.V.", "Sold to “Verkoop B.V.”."),
        ("See %(name)s.example.", "www.", "See www..example."),
        ("To %(name)s, to %(name)s.", "A B.V.", "To A B.V., to A B.V."),
    ],
)
def test_a_sentence_ends_once(template, value, text):
    assert filled(template, {"name": value}, str) == text


def test_a_parameter_that_is_missing_is_a_mistake():
    with pytest.raises(KeyError):
        sentence("difference_of_fact", what="Total")


def test_a_sentence_in_a_sentence_is_translated_too():
    assert in_language(Dutch(), SENTENCE) == "Totaal: 12.50"


def test_an_error_is_what_it_was_raised_with():
    assert in_language(Dutch(), ValueError(SENTENCE)) == "Totaal: 12.50"
    assert said(ValueError(SENTENCE)) == [SENTENCE]
    assert said(ValueError("else")) == ["else"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_can_be_translated(copied):
    assert in_language(Dutch(), copied(SENTENCE)) == "Totaal: 12.50"


def test_other_texts_stay_as_they_are():
    assert in_language(Dutch(), "Tribe says 100%") == "Tribe says 100%"
    assert in_language(Dutch(), KeyError("name")) == "'name'"
    assert in_language(Dutch(), ValueError()) == ""


def test_what_is_kept_is_read_again_with_its_parameters():
    moment = datetime.datetime(2026, 11, 29, 6, 15)
    parameters = {
        "what": [sentence("compared_total"), "plain"],
        "now": moment,
        "booked": moment.date(),
    }
    (read,) = read_stored(stored(Sentence("difference_of_fact", parameters)))
    assert (read.code, read.parameters) == ("difference_of_fact", parameters)
    assert read_stored(stored(SENTENCE)) == [ENGLISH]


def test_texts_are_kept_as_they_are():
    assert stored("Tribe says no.") == "Tribe says no."
    assert stored(["a", "", None, "b"]) == "a\nb"
    assert stored([]) is stored("") is stored(None) is None
    assert read_stored("Tribe says no.") == ["Tribe says no."]


def test_a_sentence_and_a_text_are_kept_together():
    assert read_stored(stored([SENTENCE, "Odoo says no."])) == [ENGLISH, "Odoo says no."]


@pytest.mark.parametrize(
    "text",
    [
        '[{"',
        '[{"code": "x"}]',
        '[{"code": "difference_of_fact", "parameters": 5}]',
        '[{"code": [], "parameters": {}}]',
        '[{"a": 1}]',
    ],
)
def test_a_text_that_only_looks_like_a_sentence_is_shown_as_it_is(text):
    assert read_stored(text) == [text]


def test_a_code_that_is_gone_still_says_what_it_was_about():
    kept = '[{"code": "of_another_addon", "parameters": {"name": "Jansen"}}]'
    assert read_stored(kept) == ["of_another_addon: Jansen"]


def test_what_a_later_version_fills_in_otherwise_still_says_what_it_was_about():
    kept = '[{"code": "difference_of_fact", "parameters": {"what": "Total"}}]'
    assert read_stored(kept) == ["difference_of_fact: Total"]


def test_an_error_within_a_sentence_is_what_it_says():
    error = ValueError(sentence("compared_total"))
    text = sentence("difference_of_fact", what=error, now=1, booked=2)
    assert in_language(Dutch(), text) == "Totaal: 1"


NAMES = [f"{number} {'x' * 2000}" for number in range(4000)]


def test_of_a_long_list_the_first_are_told_and_how_many_more_there_are():
    asked = sentence("contact_could_be_several_relations", partner="P", count=4000, names=NAMES)
    assert "9 xx" in asked and "10 xx" not in asked and ", and 3990 more. " in asked
    assert len(asked) < 3000
    assert len(stored(asked)) < 3000
    assert read_stored(stored(asked)) == [asked]


def test_what_is_little_is_told_whole():
    names = list("abcdefghijk")
    asked = sentence("contact_could_be_several_relations", partner="P", count=11, names=names)
    assert ": a, b, c, d, e, f, g, h, i, j, k. " in asked
    assert in_language(Dutch(), "x" * 3000) == "x" * 3000


def test_of_many_sentences_the_first_are_kept():
    kept = read_stored(stored([SENTENCE] * 4000))
    assert kept == [SENTENCE] * 10 + ["and 3990 more"]


def test_sentences_within_sentences_have_an_end():
    said = sentence("difference_of_fact", what=NAMES, now=NAMES, booked=NAMES)
    for _level in range(4):
        said = sentence("difference_of_fact", what=[said] * 20, now=said, booked=NAMES)
    kept = stored([said, "x" * 10**6])
    assert len(kept) <= 20_000
    assert read_stored(kept)[0].startswith("0 xxx")


@pytest.mark.parametrize("text", ["x" * 10**6, ["x" * 10**6] * 4000, '[{"' * 10**6])
def test_a_text_that_is_no_sentence_has_an_end(text):
    assert len(stored(text)) < 30_000
    assert len(stored(text, 200)) < 3_000
