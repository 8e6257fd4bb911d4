"""Faults and counters of the control API: what a client must live with. docs/tribe-api.md."""

import pytest
import requests
from end_to_end.waiting import until

from .client import SECONDS, message_of

NAME = "Precies een keer"
BODY = {"Name": NAME}


def made(sandbox):
    return len(sandbox.rows("Relation_Organization", Name=NAME))


def struck(sandbox, kind):
    return [call for call in sandbox.call_log() if call.get("answer") == kind]


def test_lost_answer_means_applied_but_not_told(api, sandbox):
    sandbox.fault("lose_answer", method="POST", path_contains="Relation_Organization")
    with pytest.raises(requests.ConnectionError):
        api.post("Relation_Organization", BODY)
    assert made(sandbox) == 1
    assert api.post("Relation_Organization", BODY).status_code == 201


@pytest.mark.parametrize("applied", [False, True])
def test_reset_connection(api, sandbox, applied):
    sandbox.fault("reset", applied=applied)
    with pytest.raises(requests.ConnectionError):
        api.post("Relation_Organization", BODY)
    assert made(sandbox) == int(applied)


@pytest.mark.parametrize("applied", [False, True])
def test_time_out_before_or_after_the_write(api, sandbox, applied):
    sandbox.fault("timeout", applied=applied)
    with pytest.raises(requests.Timeout):
        api.call("POST", "odata/Relation_Organization", json=BODY, timeout=0.2)
    # We gave up; the stand-in may only now begin.
    until("the fault", lambda: struck(sandbox, "timeout"), SECONDS)
    if applied:
        until("the write", lambda: made(sandbox), SECONDS)
    assert made(sandbox) == int(applied)


@pytest.mark.parametrize("applied", [False, True])
def test_status_of_choice(api, sandbox, applied):
    sandbox.fault("status", status=503, headers={"Retry-After": "7"}, applied=applied)
    answer = api.post("Relation_Organization", BODY)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert message_of(answer)
    assert made(sandbox) == int(applied)


def test_body_that_ends_too_early(api, sandbox):
    sandbox.fault("cut_body")
    with pytest.raises(requests.RequestException):
        api.get("Product").json()


def test_html_from_the_gateway(api, sandbox):
    sandbox.fault("html")
    answer = api.get("Product")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("kind", ["empty", "broken_json"])
def test_success_that_cannot_be_parsed(api, sandbox, kind):
    sandbox.fault(kind)
    answer = api.get("Product")
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()


def test_slow_answer_is_still_right(api, sandbox):
    sandbox.fault("slow", seconds=0.05)
    answer = api.get("Product")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.05


def test_answer_that_drips_is_whole_in_the_end(api, sandbox):
    sandbox.fault("drip", seconds=0.2)
    answer = api.get("Product")
    assert answer.json()["value"]
    sandbox.fault("drip")
    with pytest.raises(requests.RequestException):
        api.call("GET", "odata/Product", timeout=0.2).json()


def test_answer_that_drips_byte_by_byte_keeps_every_time_out_between_two_pieces(api, sandbox):
    sandbox.fault("drip", seconds=2.0, pieces=0)
    answer = api.call("GET", "odata/Product?$top=0", timeout=1.5)
    assert answer.json()["value"] == []
    assert answer.elapsed.total_seconds() > 0.2, "the headers drip, too"


def test_page_that_shows_rows_twice(api, sandbox):
    rows = api.get("Product").json()["value"]
    sandbox.fault("repeat_rows")
    assert api.get("Product").json()["value"] == rows + rows[:2]


def test_page_of_a_set_that_moved_lacks_a_row(api, sandbox):
    rows = api.get("Product").json()["value"]
    sandbox.fault("moving_page")
    assert api.get("Product").json()["value"] == rows[1:]


def test_fault_strikes_only_what_it_means_and_as_often_as_it_says(api, sandbox):
    sandbox.fault("status", method="GET", path_contains="Product", times=2, skip=1)
    statuses = [api.get("Product").status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    sandbox.fault("status", method="PUT", times=None)
    assert api.get("Product").status_code == 200


def test_fault_can_mean_one_body_or_the_token(api, sandbox):
    sandbox.fault("status", body_contains="alleen deze", times=None)
    assert api.post("Relation_Organization", {"Name": "alleen deze"}).status_code == 503
    assert api.post("Relation_Organization", {"Name": "niet deze"}).status_code == 201
    sandbox.fault("status", path_contains="/oauth2/token")
    assert requests.post(f"{sandbox.address}/oauth2/token", timeout=SECONDS).status_code == 503


def test_a_refusal_is_never_made_to_look_like_a_success(api, sandbox):
    sandbox.fault("empty", applied=True)
    assert api.post("Relation_Organization", {"NoSuchField": 1}).status_code == 400


def test_faults_by_chance_strike_sometimes(api, sandbox):
    sandbox.fault("status", times=None, probability=0.5)
    statuses = {api.get("Product", top=0).status_code for _ in range(40)}
    assert statuses == {200, 503}
    sandbox.clear_faults()
    assert api.get("Product").status_code == 200


def test_unknown_fault_is_refused(sandbox):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.fault("explode")


def test_calls_are_counted_by_set(api, sandbox):
    sandbox.reset_calls()
    api.get("Product", top=1)
    api.get("Product", top=1)
    api.post("Relation_Organization", BODY)
    api.call("GET", "webhooks")
    sandbox.create("Relation_Organization", {"Name": "niet geteld"})
    counts = sandbox.calls()
    assert counts["by"] == {
        "GET Product": 2,
        "POST Relation_Organization": 1,
        "GET webhooks": 1,
    }
    assert (counts["total"], counts["writes"]) == (4, 1)
    assert sandbox.call_log()[0]["query"] == "$top=1"


def test_struck_calls_count_too(api, sandbox):
    sandbox.reset_calls()
    sandbox.fault("status")
    api.get("Product")
    assert sandbox.calls()["total"] == 1
