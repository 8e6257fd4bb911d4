"""The helpers by which tests assert sentences (``told.py``) fail where they should."""

import pytest
from told import (
    assert_never_says,
    assert_only_says,
    assert_says,
    beginning,
    containing,
    raises_sentence,
    sentences_of,
)

from tribe_connector.sentence import sentence, together

INNER = sentence("tribe_has_problem", host="api.tribecrm.nl", status=503)
OUTER = sentence("given_up_after_tries", tries=3, reason=INNER)
OTHER = sentence("invoice_waits_for_customer", number="1", problem="Odoo says no.")


@pytest.mark.parametrize("code", ["one_after_the_other", "one_on_each_line"])
def test_joined_sentences_are_told_one_by_one(code):
    assert sentences_of([together([OUTER, OTHER, "text"], code), None]) == [OUTER, OTHER, "text"]
    assert sentences_of(ValueError(OUTER)) == [OUTER]


def test_a_sentence_within_another_is_told():
    assert_says([OTHER, OUTER], "tribe_has_problem", status=503)
    assert_says(OUTER, "given_up_after_tries", reason=INNER)
    assert_only_says(OUTER, "tribe_has_problem", host=containing("api", "nl"))
    assert_never_says(OUTER, "invoice_waits_for_customer")


@pytest.mark.parametrize(
    ("code", "parameters"),
    [
        ("bug", {}),
        ("tribe_has_problem", {"status": 500}),
        ("tribe_has_problem", {"code": 503}),
        ("tribe_has_problem", {"host": containing("api", "com")}),
        ("given_up_after_tries", {"reason": OTHER}),
        ("given_up_after_tries", {"reason": str(OUTER)}),
    ],
)
def test_another_code_or_parameter_is_not_told(code, parameters):
    with pytest.raises(AssertionError, match=r"given_up_after_tries\(tries=3"):
        assert_says(OUTER, code, **parameters)
    with pytest.raises(AssertionError):
        assert_only_says(OUTER, code, **parameters)
    assert_never_says(OUTER, code, **parameters)


def test_two_sentences_are_not_only_one():
    with pytest.raises(AssertionError):
        assert_only_says([OUTER, OTHER], "given_up_after_tries")


def test_the_words_before_what_is_not_known():
    said = beginning(sentence, "tribe_has_problem", "status", host="api.tribecrm.nl")
    assert said.startswith("api.tribecrm.nl ") and INNER.startswith(f"{said}503")


def test_what_is_told_is_not_never_told():
    with pytest.raises(AssertionError):
        assert_never_says([OTHER, OUTER], "tribe_has_problem", status=503)


def test_a_text_without_a_code_is_not_told():
    with pytest.raises(AssertionError):
        assert_says(str.__str__(OUTER), "given_up_after_tries")


def test_what_is_raised_is_asserted():
    with raises_sentence("tribe_has_problem", ValueError, status=503) as caught:
        raise ValueError(OUTER)
    assert caught.value.args == (OUTER,)
    with (
        pytest.raises(AssertionError),
        raises_sentence("tribe_has_problem", ValueError, status=500),
    ):
        raise ValueError(OUTER)
    with pytest.raises(KeyError), raises_sentence("tribe_has_problem", ValueError):
        raise KeyError(OUTER)
