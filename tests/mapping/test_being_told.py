"""What Tribe was told: which read is an old copy, which one shows it, and what is newer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.mapping import answer, is_unanswered, look, oldest, tell, without_unanswered

EARLIER, THEN, NOW = "2026-01-01 10:00:00", "2026-01-01 10:05:00", "2026-01-01 10:15:00"


def seen(told, phone, *, stamp=None, since=EARLIER):
    return look(told, {"phone": phone}, stamps={"phone": stamp}, since=since)


def one_after_the_other(*phones, stamp=None):
    """What is kept once Tribe was told of each but the first, which it had, and answered."""
    told = {}
    for before, phone in zip(phones, phones[1:], strict=False):
        told = tell(told, {"phone": phone}, {"phone": before}, THEN)
        told = answer(told, {"phone": phone}, {"phone": stamp})
    return told


def test_an_old_copy_hides_what_tribe_has():
    told = one_after_the_other("1", "2")
    found = seen(told, "1")
    assert (found.hidden, found.told, found.is_old, found.is_news) == (
        {"phone": "2"},
        told,
        True,
        False,
    )


def test_what_shows_is_forgotten():
    found = seen(one_after_the_other("1", "2"), "2")
    assert (found.hidden, found.told, found.is_old, found.is_news) == ({}, {}, False, True)


def test_what_is_newer_counts():
    found = seen(one_after_the_other("1", "2"), "7")
    assert (found.hidden, found.told, found.is_old, found.is_news) == ({}, {}, False, False)


@pytest.mark.parametrize("phone", ["1", "2", "3"])
def test_all_that_it_had_before_is_old(phone):
    assert seen(one_after_the_other("1", "2", "3", "4"), phone).hidden == {"phone": "4"}


def test_told_back_what_came_between_is_old_although_the_value_showed():
    told = one_after_the_other("1", "2", "1")
    found = seen(told, "1")
    assert (found.hidden, found.told, found.is_old) == ({}, told, False)
    assert seen(found.told, "2").hidden == {"phone": "1"}


def test_after_a_time_it_is_an_edit():
    found = seen(one_after_the_other("1", "2"), "1", since=NOW)
    assert (found.hidden, found.told, found.is_old) == ({}, {}, False)


def test_so_it_is_at_once_where_the_record_was_changed_since():
    told = one_after_the_other("1", "2", stamp="2026-01-01T10:05:00Z")
    assert not seen(told, "1", stamp="2026-01-01T10:05:00Z").is_old
    assert seen(told, "1", stamp="2026-01-01T10:04:59Z").is_old
    assert seen(told, "1", stamp=None).is_old


def test_a_form_is_no_difference():
    told = answer(
        tell({}, {"phone": "+31 30 123 45 67"}, {"phone": "030 1"}, THEN),
        {"phone": "030 1234567"},
        {},
    )
    found = look(told, {"phone": "030-1234567"}, stamps={}, since=EARLIER, country_code="NL")
    assert found.is_news


def test_without_an_answer_it_may_have_arrived_or_not():
    told = tell({}, {"phone": "2"}, {"phone": "1"}, THEN)
    assert is_unanswered(told)
    assert seen(told, "2").arrived == {"phone": "2"}
    unknown = seen(told, "1")
    assert (unknown.hidden, unknown.arrived, unknown.told) == ({}, {}, told)
    assert seen(told, "1", since=NOW).told == told
    assert seen(told, "7").told == {}
    assert without_unanswered(told, EARLIER) == told
    assert without_unanswered(told, NOW) == {}


def test_what_was_kept_by_an_older_version_is_unanswered():
    told = {"phone": "2", "active": False}
    assert is_unanswered(told)
    assert seen(told, "2").arrived == {"phone": "2"}
    assert seen(told, "1").arrived == {}
    assert oldest({**told, **one_after_the_other("1", "2")}) == THEN
    assert oldest({"email": "x", **one_after_the_other("1", "2")}) == THEN


@pytest.mark.parametrize("nothing", [None, False, {}])
def test_nothing_told_is_nothing_to_see(nothing):
    found = seen(nothing, "1")
    assert not (found.hidden or found.arrived or found.told or found.is_old or found.is_news)
    assert not is_unanswered(nothing)
    assert tell(nothing, {"phone": "2"}, {}, THEN)["phone"]["value"] == "2"


PHONES = st.lists(st.sampled_from("12345"), min_size=2, max_size=8)


@given(PHONES, st.data())
def test_whatever_state_of_before_is_read_our_last_word_stays(phones, data):
    """As a copy shows it: some earlier state, then later ones, at last the one of now."""
    told = one_after_the_other(*phones)
    states = data.draw(st.lists(st.integers(0, len(phones) - 1), max_size=6).map(sorted))
    for state in [*states, len(phones) - 1]:
        found = seen(told, phones[state])
        assert {"phone": phones[state], **found.hidden} == {"phone": phones[-1]}
        told = found.told


@given(PHONES, st.data())
def test_whatever_was_not_answered_nothing_of_ours_is_an_edit_in_tribe(phones, data):
    told = {}
    for before, phone in zip(phones, phones[1:], strict=False):
        told = tell(told, {"phone": phone}, {"phone": before}, THEN)
        if data.draw(st.booleans()):
            told = answer(told, {"phone": phone}, {})
    assert seen(told, data.draw(st.sampled_from(phones))).ours == {"phone"}


@given(PHONES, st.sampled_from("6789"))
def test_whatever_was_told_an_edit_counts(phones, edit):
    found = seen(one_after_the_other(*phones), edit)
    assert not (found.hidden or found.is_old or found.ours)


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=30, max_size=40))
def test_it_does_not_grow_without_end(phones):
    assert len(one_after_the_other(*phones)["phone"]["before"]) <= 10
