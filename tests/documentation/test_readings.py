"""The probe's catalogue, and the table of it in docs/tribe-api.md."""

import pytest

from host import messages
from tribe_connector.probe import LATER, METADATA, READING, READINGS, WORDS, WRITING
from tribe_connector.sentence import MESSAGES


def test_the_table_is_made_from_the_catalogue():
    page = messages.API_PAGE.read_text()
    assert messages.with_readings(page) == page, "run ./dev messages"


def test_every_word_is_used_and_said():
    assert {word for each in READINGS.values() for word in each.values} >= set(WORDS)
    assert set(WORDS.values()) <= set(MESSAGES)


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_a_reading_is_whole(reading):
    assert reading.how in (METADATA, READING, WRITING, LATER)
    assert reading.takes(reading.assumed)
    assert set(reading.unsupported) < set(reading.values)
    assert {reading.unseen, *reading.unsupported.values()} <= set(MESSAGES)
    assert reading.assumed not in reading.unsupported
    assert reading.use and "|" not in reading.use


@pytest.mark.parametrize(
    ("code", "value", "is_taken"),
    [
        ("count", "refused", True),
        ("count", "inherited", False),
        ("count", "more or less", False),
        ("page_size", "50", True),
        ("page_size", "0", False),
        ("page_size", "-1", False),
        ("page_size", "many", False),
        ("invoice_date", "Datum", True),
        ("invoice_date", "", False),
        ("count", "", False),
        ("invoice_date", "none", True),
    ],
)
def test_what_a_reading_takes(code, value, is_taken):
    assert READINGS[code].takes(value) is is_taken
