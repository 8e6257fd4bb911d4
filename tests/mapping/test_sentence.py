"""A sentence is English text that can still be translated."""

import copy

from tribe_connector.sentence import _lt, in_language

DUTCH = {
    "Invoice %(invoice)s %(cause)s.": "Factuur %(invoice)s %(cause)s.",
    "has %(count)s lines": "heeft %(count)s regels",
}


class Dutch:
    """An environment that reads Dutch."""

    def _(self, template, **arguments):
        return DUTCH[template] % arguments


SENTENCE = _lt(
    "Invoice %(invoice)s %(cause)s.", invoice="F%1", cause=_lt("has %(count)s lines", count=2)
)


def test_a_sentence_is_its_english_text():
    assert SENTENCE == "Invoice F%1 has 2 lines."
    assert str(ValueError(SENTENCE)) == "Invoice F%1 has 2 lines."


def test_a_template_without_arguments_may_have_a_percent_sign():
    assert _lt("9% is not 21%") == "9% is not 21%"


def test_a_sentence_in_a_sentence_is_translated_too():
    assert in_language(Dutch(), SENTENCE) == "Factuur F%1 heeft 2 regels."


def test_an_error_is_what_it_was_raised_with():
    assert in_language(Dutch(), ValueError(SENTENCE)) == "Factuur F%1 heeft 2 regels."


def test_a_copy_can_be_translated():
    assert in_language(Dutch(), copy.deepcopy(SENTENCE)) == "Factuur F%1 heeft 2 regels."


def test_other_texts_stay_as_they_are():
    assert in_language(Dutch(), "Tribe says 100%") == "Tribe says 100%"
    assert in_language(Dutch(), KeyError("name")) == "'name'"
    assert in_language(Dutch(), ValueError()) == ""
