"""One door to Tribe: what is sent, what comes back, and what may have happened when it fails."""

import contextlib
import datetime
import email.utils
import itertools
import math

import pytest
from end_to_end.waiting import until
from told import assert_says, raises_sentence

from tribe_connector.tribe_api import (
    Addresses,
    Client,
    Guid,
    TribeAddressInvalid,
    TribeError,
    TribeNotFound,
    TribePaused,
    TribeRateLimited,
    TribeRecordUnreadable,
    TribeRefused,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
    TribeWriteForbidden,
)
from tribe_connector.tribe_api import client as client_module
from tribe_connector.tribe_api.listing import Listing

from .conftest import RECORD, Answer, skip_of


def rows(first, last, count=None):
    """A page, with the number of all rows where Tribe tells it."""
    found = [{"ID": f"00000000-0000-4000-8000-{number:012}"} for number in range(first, last)]
    return {"value": found} if count is None else {"value": found, "@odata.count": count}


def olingo(message):
    return {"error": {"code": None, "message": message}}


# What is sent


def test_a_record_is_read_by_its_id_with_our_token(client, tribe):
    assert client.get("Activity_Invoice", RECORD, expand="Phase")["ID"] == RECORD
    (request,) = tribe.requests
    assert request.path == f"/v1/odata/Activity_Invoice({RECORD})?$expand=Phase"
    assert request.headers["Authorization"] == "Bearer tok-1"


def test_a_space_in_a_query_is_never_a_plus(client, tribe):
    tribe.answers(Answer(body=rows(0, 0)))
    client.page("Relation", filter="Name eq 'A + B'", orderby="ID asc")
    path = tribe.requests[0].path
    assert "+" not in path
    assert "Name%20eq%20'A%20%2B%20B'" in path


def test_an_update_is_a_put_with_only_the_changed_fields(client, tribe):
    client.update("Relation_Organization", RECORD, {"DebtorNumber": "10042"})
    (request,) = tribe.requests
    assert (request.method, request.json()) == ("PUT", {"DebtorNumber": "10042"})


def test_a_phase_is_changed_by_a_post_with_the_id(client, tribe):
    client.update_by_post("Activity_Invoice", RECORD, {"Phase": {"ID": "f1"}})
    (request,) = tribe.requests
    assert (request.method, request.path) == ("POST", "/v1/odata/Activity_Invoice")
    assert request.json() == {"ID": RECORD, "Phase": {"ID": "f1"}}


@pytest.mark.parametrize("entity_id", ["", "a/b", "1) or (1", "x" * 65, "a'b"])
def test_an_id_cannot_change_the_address(client, tribe, entity_id):
    with pytest.raises(ValueError):
        client.get("Relation", entity_id)
    assert tribe.requests == []


def test_every_call_passes_the_limiter_and_is_counted(client, tribe, limiter):
    client.get("Relation", RECORD)
    client.update("Relation", RECORD, {})
    assert client.calls == limiter.acquired == len(tribe.requests) == 2


def test_a_netrc_file_does_not_replace_our_token(client, tribe, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client.get("Relation", RECORD)
    assert tribe.requests[0].headers["Authorization"] == "Bearer tok-1"


def test_a_proxy_of_the_environment_does_not_carry_loopback_traffic(client, tribe, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert client.get("Relation", RECORD)["ID"] == RECORD


# Tribe's clock


def http_date(moment):
    return email.utils.format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("minutes", [-10, 0, 10, -1430, 1430])
@pytest.mark.parametrize("status", [200, 400, 404])
def test_tribes_clock_is_that_of_its_last_answer(client, tribe, minutes, status):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    then = now + datetime.timedelta(minutes=minutes)
    tribe.answers(Answer(status=status, body={"ID": RECORD}, headers={"Date": http_date(then)}))
    with contextlib.suppress(TribeRefused):
        client.get("Relation", RECORD)
    assert client.clock() == then


@pytest.mark.parametrize(
    "told",
    [
        *("", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
        *("Sun, 99 Nov 2026 16:00:00 GMT", "2026-11-29T16:00:00Z", "1" * 5000),
    ],
)
def test_ours_is_the_clock_where_tribe_does_not_tell(client, tribe, told):
    before = datetime.datetime.now(datetime.timezone.utc)
    assert client.clock() >= before
    tribe.answers(Answer(body={"ID": RECORD}, headers={"Date": told}))
    client.get("Relation", RECORD)
    assert before <= client.clock() <= datetime.datetime.now(datetime.timezone.utc)


# Pages


def skips(tribe):
    return [skip_of(each.path) for each in tribe.requests]


class Rows:
    """The rows of a set, which a test may change between two pages: ``tribe.lists(Rows(60))``."""

    def __init__(self, total, size=100, *, is_counted=True):
        self.rows = rows(0, total)["value"]
        self.size, self.is_counted = size, is_counted
        # What happens before a page is answered, by its number.
        self.before = {}
        self.asked = 0

    def __call__(self, skip):
        self.before.get(self.asked, lambda: None)()
        self.asked += 1
        page = {"value": self.rows[skip : skip + self.size]}
        return {**page, "@odata.count": len(self.rows)} if self.is_counted else page

    def ids(self):
        return [row["ID"] for row in self.rows]


def listed(client, *, seen=(), place=None, **options):
    options["listing"] = Listing(seen, place)
    return [row["ID"] for page in client.pages("Relation", **options) for row in page]


@pytest.mark.parametrize("size", [1, 2, 7, 40, 50, 99, 100])
@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize("total", [0, 1, 2, 7, 60, 80, 99, 100, 130, 199, 200])
def test_a_listing_is_whole_whatever_the_size_of_a_page(client, tribe, size, total, is_counted):
    kept = Rows(total, size, is_counted=is_counted)
    tribe.lists(kept)

    assert listed(client) == kept.ids()
    # Each page after the first begins with the last row of the one before.
    step = max(size - 1, 1)
    pages = 1 + max(0, math.ceil((total - size) / step))
    assert skips(tribe)[:pages] == [step * number for number in range(pages)]
    # Where Tribe says how many there are, nobody looks for more, but after a page that is full.
    assert len(tribe.requests) <= pages + (not is_counted or size == 100)


def test_pages_overlap_at_hardly_any_cost(client, tribe):
    tribe.lists(Rows(3_000))
    assert len(listed(client)) == 3_000
    assert client.calls <= 3_000 / 99 + 1


def gone(kept, first, last):
    """Have some rows go away."""

    def remove():
        del kept.rows[first:last]

    return remove


@pytest.mark.parametrize("size", [7, 50, 100])
@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize(
    ("before", "first", "last"),
    [
        pytest.param(1, 0, 1, id="the first"),
        pytest.param(1, 3, 4, id="one of the page before"),
        pytest.param(2, 0, 9, id="more than a small page"),
        pytest.param(3, 0, 250, id="several pages"),
        pytest.param(2, 5, 310, id="nearly all"),
        pytest.param(1, 0, 330, id="all"),
        pytest.param(1, 100, 330, id="all that is to come"),
        pytest.param(1, -1, 331, id="the last"),
    ],
)
def test_no_row_is_skipped_when_others_go_away(
    client, tribe, size, is_counted, before, first, last
):
    kept = Rows(330, size, is_counted=is_counted)
    kept.before[before] = gone(kept, first, last)
    tribe.lists(kept)

    ids = listed(client)

    assert len(ids) == len(set(ids))
    assert set(kept.ids()) <= set(ids)


def test_no_row_is_skipped_when_rows_keep_going_away(client, tribe):
    kept = Rows(500)
    kept.before = dict.fromkeys(range(1, 12), gone(kept, 0, 20))
    tribe.lists(kept)

    assert set(kept.ids()) <= set(listed(client))
    assert client.calls < 20


def test_rows_that_come_meanwhile_hide_no_other(client, tribe):
    kept = Rows(300)
    everything = kept.ids()
    kept.rows = kept.rows[50:]

    def come():
        kept.rows = rows(0, 300)["value"]

    kept.before[1] = come
    tribe.lists(kept)

    assert set(everything[50:]) <= set(listed(client))


def test_a_tribe_from_which_rows_go_away_without_end_does_not_hold_us(client, tribe):
    numbers = itertools.count()

    def page(_skip):
        first = next(numbers) * 100
        return rows(first, first + 100)

    tribe.lists(page)
    with raises_sentence("found_endless_list", TribeUnavailable):
        listed(client)
    assert client.calls < 250


def test_a_listing_goes_on_behind_the_rows_that_came_before(client, tribe):
    kept = Rows(250)
    everything = kept.ids()
    tribe.lists(kept)
    assert listed(client, seen=everything[:120]) == everything[120:]
    assert skips(tribe) == [119, 218]


@pytest.mark.parametrize("size", [7, 25, 100])
def test_a_listing_that_goes_on_finds_what_moved_up_meanwhile(client, tribe, size):
    kept = Rows(400, size)
    everything = kept.ids()
    del kept.rows[10:260]
    tribe.lists(kept)
    assert listed(client, seen=everything[:300]) == everything[300:]


def interrupted(client, pages):
    """What comes of so many pages, and the place behind them."""
    listing, ids = Listing(), []
    for page in itertools.islice(client.pages("Relation", listing=listing), pages):
        ids += [row["ID"] for row in page]
    return ids, listing.place


@pytest.mark.parametrize("size", [1, 2, 7, 25, 100])
@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_listing_goes_on_behind_a_place(client, tribe, size, pages):
    kept = Rows(330, size)
    tribe.lists(kept)
    first, place = interrupted(client, pages)
    calls = client.calls

    assert first + listed(client, place=place) == kept.ids()
    assert client.calls - calls <= (330 - len(first)) / max(size - 1, 1) + 2


@pytest.mark.parametrize("size", [7, 25, 100])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(0, 1, id="the first"),
        pytest.param(0, 6, id="nearly a page"),
        pytest.param(5, 150, id="several pages"),
        pytest.param(100, 330, id="most of what is to come"),
        pytest.param(0, 330, id="all"),
    ],
)
def test_behind_a_place_no_row_is_skipped_when_others_went_away(client, tribe, size, first, last):
    kept = Rows(330, size)
    tribe.lists(kept)
    known, place = interrupted(client, 3)
    del kept.rows[first:last]

    assert set(kept.ids()) <= {*known, *listed(client, place=place)}


def test_behind_a_place_whose_row_went_away_all_is_read_again(client, tribe):
    kept = Rows(330)
    tribe.lists(kept)
    known, place = interrupted(client, 2)
    kept.rows = [row for row in kept.rows if row["ID"] != known[-1]]

    assert listed(client, place=place) == kept.ids()


@pytest.mark.parametrize("count", [1, 50, 99, 100, 250])
def test_behind_a_place_no_row_is_skipped_when_others_came_before_it(client, tribe, count):
    kept = Rows(330 + count)
    come, kept.rows = kept.rows[-count:], kept.rows[:-count]
    tribe.lists(kept)
    known, place = interrupted(client, 2)
    left = kept.ids()[len(known) :]
    kept.rows = come + kept.rows

    assert set(left) <= set(listed(client, place=place))


def test_of_a_record_that_cannot_be_read_the_id_comes_where_that_is_asked_for(client, tribe):
    page = rows(0, 3, 3)
    for row in page["value"]:
        row["Phase"] = {"ID": RECORD}
    page["value"][1]["Phase"] = "Sent"
    tribe.answers(Answer(body=page))
    with pytest.raises(TribeRecordUnreadable):
        list(client.pages("Relation", expand="Phase"))
    (listed_rows,) = client.pages("Relation", expand="Phase", spares_unreadable=True)
    assert ["Phase" in row for row in listed_rows] == [True, False, True]

    page["value"][1]["ID"] = "not one"
    tribe.answers(Answer(body=page))
    with pytest.raises(TribeRecordUnreadable):
        list(client.pages("Relation", expand="Phase", spares_unreadable=True))


def test_a_list_is_asked_for_as_the_tenant_works(make_client, tribe):
    client = make_client(page_size=40, counts=False)
    tribe.answers(*(Answer(body=rows(*each)) for each in ((0, 40), (39, 45), (44, 45))))

    assert len(client.all_rows("Relation")) == 45

    for request in tribe.requests:
        assert "$top=40" in request.path and "$count" not in request.path


def test_a_page_as_tribe_answers_one_query(client, tribe):
    page = {**rows(0, 2, 7), "@odata.nextLink": "more"}
    tribe.answers(Answer(body=page))

    found = client.look("Relation", "$filter=Number+eq+1")

    assert (len(found.rows), found.count, found.is_announced) == (2, 7, True)
    assert tribe.requests[0].path.endswith("/Relation?$filter=Number+eq+1")


def test_counting_takes_one_row(client, tribe):
    tribe.answers(Answer(body=rows(0, 1, 4711)))
    assert client.count("Relation", filter="Name eq 'A'") == 4711
    assert "$top=1&" in tribe.requests[0].path
    for answer in (rows(0, 1), {**rows(0, 1), "@odata.count": "many"}):
        tribe.answers(Answer(body=answer))
        assert client.count("Relation") is None


def test_the_size_of_a_page_may_shrink_later(client, tribe):
    for sizes in ((100, 20), (40, 40, 40), (7, 100, 13)):
        kept = Rows(sum(sizes))
        left = list(sizes)

        def page(skip, kept=kept, left=left):
            kept.size = left.pop(0) if left else 5
            return kept(skip)

        tribe.lists(page)
        assert listed(client) == kept.ids()


def test_a_count_that_cannot_be_right_ends_nothing(client, tribe):
    for count in (-1, 0, 7, 10**9, "60", 60.5, True, None):
        kept = Rows(60, 40)
        tribe.lists(lambda skip, kept=kept, count=count: {**kept(skip), "@odata.count": count})
        assert len(listed(client)) == 60


def test_a_tribe_that_refuses_to_count_is_asked_once(client, tribe):
    tribe.answers(
        Answer(status=400, body=olingo("$count is not allowed")),
        Answer(body=rows(0, 40)),
        Answer(body=rows(39, 60)),
        Answer(body=rows(59, 60)),
    )
    assert sum(map(len, client.pages("Relation"))) == 60
    assert ["$count" in request.path for request in tribe.requests] == [True, *[False] * 3]


def test_a_refusal_that_is_not_about_counting_stays_one(client, tribe):
    tribe.answers(Answer(status=400, body=olingo("the property Foo is not defined")))
    for _time in range(2):
        with raises_sentence("tribe_says", TribeRefused, said="the property Foo is not defined"):
            list(client.pages("Relation", filter="Foo eq 1"))
    assert ["$count" in request.path for request in tribe.requests] == [True, False] * 2


def test_a_page_that_shows_a_row_twice_hides_no_other(client, tribe):
    first = rows(0, 40, 60)
    first["value"] += first["value"][:2]
    tribe.answers(Answer(body=first), Answer(body=rows(39, 60, 60)))
    assert sum(map(len, client.pages("Relation"))) == 60
    assert skips(tribe) == [0, 39]


def test_a_row_that_moved_to_the_next_page_is_given_once(client, tribe):
    pages = (rows(0, 100), rows(98, 120), rows(119, 120))
    tribe.answers(*[Answer(body=page) for page in pages])
    ids = listed(client)
    assert len(ids) == len(set(ids)) == 120


def test_a_server_that_ignores_skip_does_not_hold_us_for_ever(client, tribe):
    tribe.answers(Answer(body=rows(0, 100)))
    with raises_sentence("found_same_page_twice", TribeUnavailable):
        list(client.pages("Relation"))


def test_a_page_that_announces_another_is_not_the_last(client, tribe):
    first = {**rows(0, 50, 50), "@odata.nextLink": "somewhere"}
    tribe.answers(Answer(body=first), Answer(body=rows(49, 60, 60)))
    assert sum(map(len, client.pages("Relation"))) == 60
    assert "$skip=49" in tribe.requests[1].path


def guids(count):
    return [Guid(row["ID"]) for row in rows(0, count)["value"]]


def test_many_values_are_asked_in_chunks_of_forty(client, tribe):
    tribe.answers(Answer(body=rows(0, 40)), Answer(body=rows(40, 50)))
    wanted = guids(50)
    assert len(client.by_values("Relation", "ID", [*wanted, wanted[0]])) == 50
    assert [request.path.count("%20eq%20") for request in tribe.requests] == [40, 10]
    assert len(tribe.requests[0].path) < 4096


def test_long_values_are_asked_few_at_a_time(client, tribe):
    tribe.answers(Answer(body=rows(0, 0)))
    values = [f"{number:03}" + "é" * 197 for number in range(40)]
    client.by_values("Relation", "EmailAddress", values, select="ID,Name,EmailAddress")
    assert sum(request.path.count("%20eq%20") for request in tribe.requests) == 40
    assert max(len(request.path) for request in tribe.requests) < 8_000


def test_a_value_that_is_too_long_for_any_call_goes_alone(client, tribe):
    tribe.answers(Answer(body=rows(0, 0)))
    client.by_values("Relation", "Name", ["a", "b" * 20_000, "c", "d"])
    terms = [request.path.count("%20eq%20") for request in tribe.requests]
    assert terms == [1, 1, 2]


def test_when_all_records_that_were_asked_for_have_come_nobody_looks_for_more(client, tribe):
    tribe.answers(Answer(body=rows(0, 7)), Answer(body=rows(6, 10)), Answer(body=rows(9, 10)))
    assert len(client.by_values("Relation", "ID", guids(10))) == 10
    assert skips(tribe) == [0, 6]


def test_a_record_that_is_gone_is_looked_for_to_the_end(client, tribe):
    tribe.answers(Answer(body=rows(0, 7)), Answer(body=rows(6, 9)), Answer(body=rows(8, 9)))
    assert len(client.by_values("Relation", "ID", guids(10))) == 9
    assert skips(tribe) == [0, 6, 8]


def test_what_nobody_asked_for_is_left_out(client, tribe):
    """Each record that comes is work: a Tribe that answers more than it was asked makes none."""
    answer = rows(0, 60)
    for number in range(26):
        spelled = answer["value"][number]["ID"].upper()
        answer["value"] += [{"ID": spelled}, {"ID": spelled.capitalize()}]
    tribe.answers(Answer(body=answer))
    found = client.by_values("Relation", "ID", guids(3))
    assert [row["ID"] for row in found] == guids(3)


def test_a_record_that_fits_two_chunks_is_given_once(client, tribe):
    tribe.answers(Answer(body=rows(0, 10, 10)))
    assert len(client.by_values("Relation", "Name", map(str, range(50)))) == 10
    assert len(tribe.requests) == 2


def test_no_values_are_no_call(client, tribe):
    assert client.by_values("Relation", "ID", []) == []
    assert tribe.requests == []


# Answers to writes


@pytest.mark.parametrize("header", ["Location", "OData-EntityId"])
def test_an_empty_answer_to_a_create_takes_the_id_from_its_header(client, tribe, header):
    where = f"{tribe.url}/v1/odata/Relation_Organization({RECORD})"
    tribe.answers(Answer(status=204, headers={header: where}))
    assert client.create("Relation_Organization", {"Name": "Klant"}) == {"ID": RECORD}


def test_an_empty_answer_without_a_header_names_nothing(client, tribe):
    tribe.answers(Answer(status=204))
    assert client.create("Relation_Organization", {"Name": "Klant"}) == {}


def test_a_created_record_comes_back_whole(client, tribe):
    tribe.answers(Answer(status=201, body={"ID": RECORD, "Name": "Klant"}))
    assert client.create("Relation_Organization", {"Name": "Klant"})["Name"] == "Klant"


# Failures


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Sign in</html>"),
        Answer(body=b'{"ID": "' + RECORD.encode()),
        Answer(body=b'{"ID": "' + RECORD.encode() + b'", "Amount": NaN}'),
        Answer(body=b"[" * 100_000),
        Answer(body=b"\xff\xfe"),
        Answer(body=[1]),
        Answer(body={"ID": 7}),
        Answer(body={"ID": RECORD}, trouble="cut"),
        Answer(trouble="reset"),
        Answer(trouble="silent"),
        Answer(status=500),
        Answer(status=503, body=b"<html>busy</html>"),
        Answer(status=307, headers={"Location": "https://elsewhere.example/"}),
    ],
    ids=lambda answer: f"{answer.status}-{answer.trouble or answer.content()[:12]}",
)
def test_a_failed_write_may_have_been_applied_and_is_sent_once(make_client, tribe, answer):
    tribe.answers(answer)
    with pytest.raises(TribeUnavailable) as caught:
        client = make_client(longest_exchange=answer.patience)
        client.create("Relation_Organization", {"Name": "Geheim BV"})
    assert caught.value.outcome_unknown
    until("the request", lambda: tribe.requests)
    assert len(tribe.requests) == 1
    assert "Geheim" not in str(caught.value) and "tok-1" not in str(caught.value)


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"value": {}}', b"[]"])
def test_an_answer_that_is_no_list_of_records_is_unreadable(client, tribe, content):
    tribe.answers(Answer(body=content))
    with raises_sentence("answer_unreadable", TribeUnavailable) as caught:
        client.page("Relation")
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    "record", [1, None, {"ID": 1}, {"ID": RECORD, "Phase": "Sent"}, {"ID": RECORD, "Phase": {}}]
)
def test_one_unreadable_record_is_no_sign_of_a_tribe_that_is_down(client, tribe, limiter, record):
    tribe.answers(Answer(body={"value": [{"ID": RECORD, "Phase": None}, record]}))
    with raises_sentence("record_unreadable", TribeRecordUnreadable):
        client.page("Activity_Invoice", expand="Phase")
    assert (limiter.answers, limiter.failures) == (1, [])


def test_a_refused_connection_leaves_no_doubt_about_a_write(make_client, tribe):
    closed = Addresses(api="http://127.0.0.1:9", auth=tribe.url, app=tribe.url)
    with pytest.raises(TribeUnavailable) as caught:
        make_client(addresses=closed).create("Relation_Organization", {})
    assert not caught.value.outcome_unknown


def test_a_read_whose_connection_breaks_is_tried_twice_more(client, tribe):
    broken = Answer(trouble="reset")
    tribe.answers(broken, broken, Answer(body={"ID": RECORD}))
    assert client.get("Relation", RECORD)["ID"] == RECORD
    assert client.calls == 3


def test_a_read_is_not_tried_for_ever(client, tribe):
    tribe.answers(Answer(body={"ID": RECORD}, trouble="cut"))
    with pytest.raises(TribeUnavailable):
        client.get("Relation", RECORD)
    assert client.calls == 3


@pytest.mark.parametrize("answer", [Answer(status=500), Answer(trouble="silent")])
def test_a_read_that_the_server_failed_is_left_to_the_engine(make_client, tribe, answer):
    tribe.answers(answer)
    with pytest.raises(TribeUnavailable):
        make_client(longest_exchange=answer.patience).get("Relation", RECORD)
    until("the request", lambda: tribe.requests)
    assert len(tribe.requests) == 1


def test_an_answer_larger_than_the_cap_is_not_read(client, tribe, monkeypatch):
    monkeypatch.setattr(client_module, "FILE_BYTES", 1000)
    tribe.answers(Answer(body=b"x" * 1001))
    with raises_sentence("answer_too_large", TribeUnavailable):
        client.download("Attachment", RECORD, "File")


def test_a_redirect_is_a_wrong_address_and_our_token_does_not_follow_it(client, tribe):
    tribe.answers(Answer(status=302, headers={"Location": f"{tribe.url}/elsewhere"}))
    with raises_sentence("address_redirects", TribeUnavailable):
        client.get("Relation", RECORD)
    assert len(tribe.requests) == 1


# Tokens and limits


def test_a_refused_token_is_renewed_once(client, tribe, tokens):
    tribe.answers(Answer(status=401), Answer(body={"ID": RECORD}))
    client.update("Relation", RECORD, {"Name": "x"})
    assert tokens.refused == ["tok-1"]
    assert [request.headers["Authorization"] for request in tribe.requests] == [
        "Bearer tok-1",
        "Bearer tok-2",
    ]


def test_a_token_refused_twice_needs_a_person(client, tribe, tokens):
    tribe.answers(Answer(status=401, body=olingo("no tok-2 here")))
    with pytest.raises(TribeUnauthorized) as caught:
        client.get("Relation", RECORD)
    assert len(tribe.requests) == 2 and tokens.refused == ["tok-1"]
    assert caught.value.detail == "no *** here"


def test_a_lack_of_rights_is_not_cured_by_another_token(client, tribe, tokens):
    tribe.answers(Answer(status=403))
    with pytest.raises(TribeUnauthorized):
        client.get("Relation", RECORD)
    assert tokens.refused == []


def test_a_token_that_cannot_be_a_header_is_not_shown(client, tribe, tokens):
    tokens.access_token = lambda: "top\nsecret"
    with pytest.raises(TribeUnavailable) as caught:
        client.get("Relation", RECORD)
    assert "secret" not in str(caught.value)
    assert tribe.requests == []


@pytest.mark.parametrize(
    ("hint", "pause"),
    [
        ({}, 60.0),
        ({"Retry-After": "5"}, 60.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "soon"}, 60.0),
        ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, 60.0),
        ({"Retry-After": "9" * 400}, 86400.0),
    ],
    ids=["none", "short", "long", "words", "past date", "absurd"],
)
def test_after_a_429_we_wait_a_minute_or_what_tribe_says(client, tribe, limiter, hint, pause):
    tribe.answers(Answer(status=429, headers=hint))
    with pytest.raises(TribeRateLimited) as caught:
        client.create("Relation_Organization", {})
    assert caught.value.retry_after == pause
    assert limiter.noted == [pause]
    assert not caught.value.outcome_unknown
    assert len(tribe.requests) == 1


@pytest.mark.parametrize(
    ("answer", "is_failure"),
    [
        (Answer(status=503), True),
        (Answer(status=429), True),
        (Answer(trouble="reset"), True),
        (Answer(trouble="cut", body=rows(0, 1)), True),
        (Answer(body=b"<html>Sign in to this network</html>"), True),
        (Answer(body=b'{"value": 7}'), True),
        (Answer(body=rows(0, 1)), False),
        (Answer(status=404), False),
        (Answer(status=403), False),
    ],
    ids=["503", "429", "reset", "cut", "portal", "nonsense", "rows", "404", "403"],
)
def test_the_limiter_hears_whether_tribe_is_there(client, tribe, limiter, answer, is_failure):
    tribe.answers(answer)
    with contextlib.suppress(TribeError):
        client.page("Relation")
    assert (len(limiter.failures), limiter.answers) == ((1, 0) if is_failure else (0, 1))


def test_a_call_that_was_not_made_tells_nothing_about_tribe(make_client, limiter, tribe):
    def pause():
        raise TribePaused("wait", retry_after=3.0)

    limiter.acquire = pause
    with pytest.raises(TribePaused):
        make_client().page("Relation")
    assert (limiter.failures, limiter.answers, tribe.requests) == ([], 0, [])


def test_the_pause_after_a_429_is_a_setting(addresses, tokens, limiter, tribe):
    tribe.answers(Answer(status=429, headers={"Retry-After": "1"}))
    client = Client(addresses, tokens, limiter, mode="live", rate_limit_pause=2.0)
    with pytest.raises(TribeRateLimited) as caught:
        client.page("Relation")
    assert caught.value.retry_after == 2.0


# Refusals


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=404), TribeNotFound),
        (Answer(status=410), TribeNotFound),
        (Answer(status=404, body=olingo("Entity not found")), TribeNotFound),
        (Answer(status=404, body=olingo("Entity type not found: Foo")), TribeUnknownSet),
        (Answer(status=400, body=olingo("Cannot find EntitySet, Singleton")), TribeUnknownSet),
        (Answer(status=400, body=olingo("The property 'Foo' is not defined")), TribeRefused),
        (Answer(status=409, body=b"<html>"), TribeRefused),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value.status),
)
def test_a_refusal_says_what_is_missing(client, tribe, answer, kind):
    tribe.answers(answer)
    with pytest.raises(TribeRefused) as caught:
        client.get("Activity_Invoice", RECORD)
    assert type(caught.value) is kind
    assert caught.value.status == answer.status
    assert not caught.value.outcome_unknown


def test_a_404_without_a_word_on_a_set_is_an_unknown_set(client, tribe):
    tribe.answers(Answer(status=404))
    with raises_sentence("set_unknown_in_tribe", TribeUnknownSet, set="Activity_Invoice"):
        client.page("Activity_Invoice")


def test_tribes_own_words_are_passed_on_in_one_short_line(client, tribe):
    tribe.answers(Answer(status=400, body=olingo("Bad\n  name " + "x" * 1000)))
    with pytest.raises(TribeRefused) as caught:
        client.update("Relation", RECORD, {})
    assert caught.value.detail.startswith("Bad name x")
    assert len(caught.value.detail) == 300
    assert_says(caught.value, "tribe_says", said=caught.value.detail)


# Modes


@pytest.mark.parametrize(
    ("mode", "reads_only", "reads", "writes"),
    [
        ("off", False, False, False),
        ("dry_run", False, True, False),
        ("demo", False, True, True),
        ("live", False, True, True),
        ("off", True, False, False),
        ("dry_run", True, True, False),
        ("demo", True, True, False),
        ("live", True, True, False),
    ],
)
def test_the_client_is_the_last_barrier(make_client, tribe, mode, reads_only, reads, writes):
    client = make_client(mode, reads_only=reads_only)
    calls = [
        (reads, lambda: client.get("Relation", RECORD)),
        (reads, lambda: client.current_employee()),
        (writes, lambda: client.create("Relation", {})),
        (writes, lambda: client.update("Relation", RECORD, {})),
        (writes, lambda: client.update_by_post("Relation", RECORD, {})),
        (writes, lambda: client.create_webhook("Relation.Person", "https://odoo.example", {})),
        (writes, lambda: client.delete_webhook("hook-1")),
    ]
    for allowed, call in calls:
        if allowed:
            call()
        else:
            with pytest.raises(TribeWriteForbidden):
                call()
    assert len(tribe.requests) == sum(allowed for allowed, _call in calls)


def test_the_demo_never_leaves_this_machine(make_client):
    real = Addresses(
        api="https://api.tribecrm.nl",
        auth="https://auth.tribecrm.nl",
        app="https://app.tribecrm.nl",
    )
    client = make_client("demo", addresses=real)
    with pytest.raises(TribeAddressInvalid):
        client.get("Relation", RECORD)
    assert client.calls == 0


def test_an_unknown_mode_is_no_mode(make_client):
    with pytest.raises(ValueError):
        make_client("Live")


# Webhooks, files, and the kinship of errors


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"value": x}, lambda x: {"data": x}])
def test_webhooks_are_listed_whatever_wraps_them(client, tribe, wrap):
    tribe.answers(Answer(body=wrap([{"id": 7, "entityType": "Activity.Invoice"}])))
    assert client.webhooks()[0]["ID"] == "7"


def test_a_webhook_is_registered_with_our_own_header(client, tribe):
    tribe.answers(Answer(body={"id": "hook-1"}))
    created = client.create_webhook("Activity.Invoice", "https://odoo.example/x", {"X-A": "b"})
    assert created["ID"] == "hook-1"
    assert tribe.requests[0].json()["headers"] == [{"name": "X-A", "value": "b"}]
    client.delete_webhook("hook-1")
    assert (tribe.requests[1].method, tribe.requests[1].path) == ("DELETE", "/v1/webhooks/hook-1")


def test_a_file_is_downloaded_as_it_is(client, tribe):
    tribe.answers(Answer(body=b"%PDF-1.7\x00"))
    assert client.download("Attachment", RECORD, "File") == b"%PDF-1.7\x00"
    assert tribe.requests[0].path == f"/v1/odata-file/Attachment/{RECORD}/File"


def test_all_errors_are_tribe_errors():
    for kind in (TribeRateLimited, TribeUnknownSet, TribeWriteForbidden, TribeAddressInvalid):
        assert issubclass(kind, TribeError)
    assert issubclass(TribeRateLimited, TribeUnavailable)
