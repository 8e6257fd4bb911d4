"""An answer that is not what was asked for is not read."""

import pytest
from told import raises_sentence

from tribe_connector.sentence import sentence
from tribe_connector.tribe_api import TribeUnavailable
from tribe_connector.tribe_api.shape import expansions, is_record, is_written

from .conftest import RECORD, Answer

OTHER = "b2000000-0000-4000-8000-000000000002"
RUBBISH = [None, True, 5, 1.5, "", "text", [], [None], {"ID": None}, {"ID": "x"}, {"Name": "x"}]


@pytest.mark.parametrize(
    ("expand", "named"),
    [
        (None, {}),
        ("", {}),
        ("Phase", {"Phase": ""}),
        ("A($select=ID,Name),B", {"A": "", "B": ""}),
        (
            "A($select=ID;$expand=B($expand=C,D($select=ID))),E($expand=F)",
            {"A": "B($expand=C,D($select=ID))", "E": "F"},
        ),
    ],
)
def test_expansions(expand, named):
    assert expansions(expand) == named


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_is_no_record(rubbish):
    assert not is_record(rubbish)


@pytest.mark.parametrize("rubbish", [each for each in RUBBISH if each is not None])
def test_rubbish_in_place_of_an_expanded_record(rubbish):
    inside = {"ID": RECORD, "Organization": {"ID": OTHER, "Address": rubbish}}
    assert not is_record({"ID": RECORD, "Phase": rubbish}, "Phase($select=ID)")
    assert not is_record(inside, "Organization($expand=Address)")
    assert is_record(inside, "Organization")


def test_several_records_only_where_there_are_several():
    lines = [{"ID": OTHER, "VatGroup": {"ID": RECORD}}, {"ID": RECORD, "VatGroup": None}]
    expand = "ProductLines($expand=VatGroup)"
    assert is_record({"ID": RECORD, "ProductLines": lines}, expand)
    assert is_record({"ID": RECORD, "ProductLines": []}, expand)
    assert is_record({"ID": RECORD, "ProductLines": None}, expand)
    assert is_record({"ID": RECORD}, expand)
    assert not is_record({"ID": RECORD, "ProductLines": lines[0]}, expand)
    assert not is_record({"ID": RECORD, "ProductLines": [*lines, None]}, expand)
    assert not is_record({"ID": RECORD, "Phase": lines}, "Phase")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ID": RECORD},
        {"ID": RECORD, "Organization": None},
        {"ID": RECORD, "Organization": {}},
        {"ID": RECORD, "Organization": {"ID": OTHER}, "Relation": {"ID": OTHER}},
    ],
)
def test_answers_to_a_write(answer):
    assert is_written(answer, {"Organization": {"Name": "Klant"}, "Relation": {"ID": OTHER}})


@pytest.mark.parametrize("rubbish", [True, 5, "", "text", [], [None], {"ID": "x"}])
def test_what_answers_no_write(rubbish):
    assert not is_written(rubbish, {})
    assert not is_written({"ID": RECORD, "Organization": rubbish}, {"Organization": {}})


def test_an_odd_answer_to_a_write_may_be_a_write_that_was_applied(client, tribe):
    tribe.answers(Answer(status=201, body={"ID": RECORD, "Organization": "odd"}))
    with pytest.raises(TribeUnavailable) as caught:
        client.create("Relation_Organization", {"Organization": {"Name": "Klant"}})
    assert caught.value.outcome_unknown


def test_texts_come_without_what_no_database_keeps(client, tribe):
    tribe.answers(
        Answer(body=b'{"ID": "%s", "Name": "a\\u0000b\\ud800\\ud83d\\ude00"}' % RECORD.encode())
    )
    assert client.get("Relation", RECORD)["Name"] == "ab\N{GRINNING FACE}"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_what_is_no_number_is_not_read(client, tribe, number):
    tribe.answers(Answer(body=b'{"ID": "%s", "Amount": %s}' % (RECORD.encode(), number)))
    with raises_sentence("answer_unreadable", TribeUnavailable, found=sentence("found_no_json")):
        client.get("Relation", RECORD)
