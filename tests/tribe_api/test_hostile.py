"""A hostile Tribe costs bounded memory and few calls, and is told from one that is well.

Run a second time with the oldest libraries that Odoo 19 has (host/old_libraries.py): what a limit
is must not depend on them.
"""

import contextlib
import gc
import itertools
import os
import random
import re
import tracemalloc
from urllib.parse import quote

import pytest
import requests
import urllib3
from told import raises_sentence

from tribe_connector.tribe_api import (
    Addresses,
    Schema,
    TribeEndless,
    TribeError,
    TribeRefused,
    TribeUnavailable,
    bounds,
    create_session,
    exchange,
    request_token,
)
from tribe_connector.tribe_api import listing as listing_module
from tribe_connector.tribe_api import transport as transport_module
from tribe_connector.tribe_api.bounds import MOST_NAMES

from .conftest import PATIENT, RECORD, Answer
from .hostile_server import (
    BOMBS,
    HEADS,
    LIES,
    LISTINGS,
    MARKUP,
    WHOLE,
    answer,
    derived_types,
    listing,
    metadata,
    plain,
    rows,
    whole,
)

OLD_LIBRARIES = os.environ.get("TRIBE_OLD_LIBRARIES")
MEBIBYTE = 1024 * 1024
# Of everything that an exchange builds; a worker of Odoo may grow by 150.
MOST = 110 * MEBIBYTE
# What of these is no bomb, only odd, and is read as it is meant.
READ = {"what is no header"}


class Peak:
    """The most memory that Python had inside, beyond what it had before."""

    def __enter__(self):
        tracemalloc.start()
        return self

    def __exit__(self, *_exception):
        self.bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


@pytest.fixture
def without_garbage_collection():
    """What refers to itself stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def client_of(make_client):
    def make(server):
        return make_client(addresses=Addresses(*[f"http://{server.host}"] * 3))

    return make


CALLS = {
    "record": lambda client: client.get("Relation", RECORD),
    "page": lambda client: client.page("Relation"),
    "webhooks": lambda client: client.webhooks(),
}


@pytest.mark.parametrize("kind", sorted({**BOMBS, **LIES, **HEADS}.keys() - READ))
def test_a_hostile_answer_is_a_failure_within_its_memory(hostile, client_of, limiter, kind):
    content = WHOLE[kind]()
    server = hostile(answer(lambda: content))

    with Peak() as peak, pytest.raises((TribeUnavailable, TribeRefused)) as caught:
        client_of(server).get("Relation", RECORD)

    assert peak.bytes < MOST
    assert len(str(caught.value)) < 700
    if isinstance(caught.value, TribeUnavailable):
        assert limiter.failures == [caught.value]


@pytest.mark.parametrize("call", ["page", "webhooks"])
@pytest.mark.parametrize("kind", sorted(BOMBS))
def test_every_list_is_bounded(hostile, client_of, call, kind):
    content = BOMBS[kind]()
    server = hostile(answer(lambda: content))
    with Peak() as peak, pytest.raises(TribeUnavailable):
        CALLS[call](client_of(server))
    assert peak.bytes < MOST


@pytest.mark.parametrize("kind", sorted(BOMBS.keys() - {"a little too deep"}))
def test_an_answer_for_a_token_is_bounded(hostile, kind):
    content = BOMBS[kind]()
    server = hostile(answer(lambda: content))
    with Peak() as peak, pytest.raises(TribeUnavailable):
        request_token(
            create_session(),
            Addresses(*[f"http://{server.host}"] * 3),
            client_id="CID",
            client_secret="geheim",
            seconds=PATIENT,
        )
    assert peak.bytes < 2 * MEBIBYTE


# What was read is parsed without the libraries of HTTP.
@pytest.mark.parametrize("kind", ["elements", "too large"] if OLD_LIBRARIES else sorted(MARKUP))
def test_metadata_is_bounded(hostile, client_of, limiter, kind):
    content = MARKUP[kind]()
    server = hostile(answer(lambda: content))
    with Peak() as peak, pytest.raises(TribeUnavailable):
        client_of(server).schema()
    assert peak.bytes < MOST
    assert len(limiter.failures) == 1


@pytest.mark.parametrize("markup", ["<q{0}/>", '<a q{0}=""/>'])
def test_the_names_of_a_description_are_bounded(markup):
    """The parser keeps each until it ends, where Python does not see the memory."""
    of_one_set = '<EntityType Name="T"/><EntitySet Name="S" EntityType="O.T"/>'
    few, many = (
        metadata(of_one_set + "".join(map(markup.format, range(count)))).partition(b"\r\n\r\n")[2]
        for count in (MOST_NAMES - 100, MOST_NAMES + 1)
    )
    assert Schema.from_edmx(few).has_set("S")
    with raises_sentence("metadata_unreadable", TribeUnavailable):
        Schema.from_edmx(many)


def test_long_names_are_not_inherited():
    """Once in memory for all sets, but once for each of them where the schema is kept."""
    properties = "".join(
        f'<Property Name="{"x" * 180_000}{n}" Type="Edm.Int32"/>' for n in range(100)
    )
    named = f'<EntityType Name="B">{properties}</EntityType>' + "".join(
        f'<EntityType Name="T{n}" BaseType="O.B"/><EntitySet Name="S{n}" EntityType="O.T{n}"/>'
        for n in range(2_000)
    )
    with raises_sentence("metadata_unreadable", TribeUnavailable):
        Schema.from_edmx(metadata(named).partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("attribute", ["Name", "Type", "BaseType", "EntityType"])
def test_a_name_of_metadata_has_an_end(attribute):
    for length, is_read in ((500, True), (600, False)):
        given = {"Name": "P", "Type": "T", attribute: "x" * length}
        markup = " ".join(f'{name}="{value}"' for name, value in given.items())
        document = f'<EntityType Name="T"><Property {markup}/></EntityType>'
        document += '<EntitySet Name="S" EntityType="O.T"/>'
        body = metadata(document).partition(b"\r\n\r\n")[2]
        if is_read:
            assert Schema.from_edmx(body).has_set("S")
        else:
            with pytest.raises(TribeUnavailable):
                Schema.from_edmx(body)


def test_a_long_line_of_derived_types_is_read():
    document = metadata(derived_types(20_000, 1)).partition(b"\r\n\r\n")[2]
    assert len(Schema.from_edmx(document).properties("S19999")) == 20_000


def test_many_types_of_one_base_are_read():
    types = '<EntityType Name="B"><Property Name="ID" Type="Edm.Guid"/></EntityType>' + "".join(
        f'<EntityType Name="T{n}" BaseType="O.B"><Property Name="P" Type="Edm.Int32"/></EntityType>'
        f'<EntitySet Name="S{n}" EntityType="O.T{n}"/>'
        for n in range(20_000)
    )
    schema = Schema.from_edmx(metadata(types).partition(b"\r\n\r\n")[2])
    assert schema.properties("S7") == {"ID": "Edm.Guid", "P": "Edm.Int32"}


def test_nothing_is_asked_for_compressed(client, tribe):
    client.get("Relation", RECORD)
    assert tribe.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_a_plain_answer_may_say_so(client, tribe, encoding):
    tribe.answers(Answer(body={"ID": RECORD}, headers={"Content-Encoding": encoding}))
    assert client.get("Relation", RECORD)["ID"] == RECORD


def test_a_header_that_is_none_is_left_out_and_not_complained_about(hostile, client_of, caplog):
    content = plain(b'{"ID": "%s"}' % RECORD.encode(), "this is no header", "X-After: it")
    assert client_of(hostile(answer(lambda: content))).get("Relation", RECORD)["ID"] == RECORD
    assert caplog.records == []


def test_a_file_may_be_larger_than_a_page(hostile, client_of):
    content = plain(b"%PDF" + b"x" * 20 * MEBIBYTE)
    with Peak() as peak:
        file = client_of(hostile(answer(lambda: content))).download("Attachment", RECORD, "File")
    assert len(file) == 20 * MEBIBYTE + 4
    # Once, and what a growing buffer has to spare.
    assert peak.bytes < 2.2 * len(file)


@pytest.mark.parametrize(
    "promised", [f"Content-Length: {11 * MEBIBYTE}", "Transfer-Encoding: chunked"]
)
def test_of_a_file_that_is_cut_nothing_is_kept(
    hostile, client_of, monkeypatch, without_garbage_collection, promised
):
    monkeypatch.setattr(exchange, "RETRY_PAUSES", ())
    body = b"%PDF" + b"x" * 10 * MEBIBYTE
    if "chunked" in promised:
        body = b"%x\r\n%b\r\n" % (len(body), body)
    client = client_of(hostile(answer(lambda: whole(body, promised))))
    with Peak() as peak:
        for _number in range(6):
            with pytest.raises(TribeUnavailable):
                client.download("Attachment", RECORD, "File")
        held, _peak = tracemalloc.get_traced_memory()
    assert held < MEBIBYTE
    # One, what a growing buffer has to spare, and what the server sends.
    assert peak.bytes < 4 * len(body)


def test_a_file_has_an_end(hostile, client_of):
    content = plain(b"x" * (51 * MEBIBYTE))
    with Peak() as peak, raises_sentence("answer_too_large", TribeUnavailable):
        client_of(hostile(answer(lambda: content))).download("Attachment", RECORD, "File")
    # What is promised is refused before it is read.
    assert peak.bytes < MEBIBYTE


def test_a_file_without_a_length_has_an_end(hostile, client_of):
    def serve(_target, send, _wait):
        send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            send(b"x" * 100_000)

    with Peak() as peak, raises_sentence("answer_too_large", TribeUnavailable):
        client_of(hostile(serve)).download("Attachment", RECORD, "File")
    assert peak.bytes < MOST


# Heads of which every part is made up

ODD = [
    *(
        "",
        "-1",
        "0",
        "9" * 30,
        "9" * 400,
        "1e400",
        "1e308",
        "nan",
        "\xff\xfe",
        "\0",
        "é",
        "\t",
        ";",
    ),
    *("http://[", "http://\xff/", "//:x", "?", "http://a:99999999/", "x(y)", "gzip", "identity"),
    *("chunked", "chunked, gzip", "a=b", "a=b; Max-Age=9e99", "Mon, 01 Jan 2020 00:00:00"),
    *("Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2020 00:00:00 +9999999999999"),
    *(
        "Basic realm=",
        'Digest realm="\\',
        "application/json; charset=\xff",
        "text/html; charset=zlib",
    ),
]
NAMES = (
    "Location Retry-After Content-Length Content-Type Content-Encoding Transfer-Encoding Set-Cookie"
    " WWW-Authenticate Proxy-Authenticate Date Connection Link OData-EntityId Refresh"
).split()
STATUSES = [
    *("200 OK", "201 Created", "204 No Content", "206 Part", "300 x", "301 x", "302 x", "304 x"),
    *("308 x", "400 x", "401 x", "407 x", "408 x", "413 x", "425 x", "429 x", "500 x", "503 x"),
    *("999", "-1 x", "0200 x", "2e2 x", "\xff\xff", "20", "99999 x", ""),
]
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"ID": []}',
    b'{"error": [{}]}',
    b"\xff",
    b"1e400",
    b'{"value": 1}',
]
WAYS = {
    "get": lambda client: client.get("Relation", RECORD),
    "page": lambda client: client.page("Relation"),
    "create": lambda client: client.create("Relation", {"Name": "x"}),
    "download": lambda client: client.download("Attachment", RECORD, "File"),
    "schema": lambda client: client.schema(),
    "webhooks": lambda client: client.webhooks(),
    "create_webhook": lambda client: client.create_webhook("Relation.Person", "u", {}),
    "delete_webhook": lambda client: client.delete_webhook("w1"),
    "token": lambda client: request_token(
        create_session(), client._addresses, client_id="CID", client_secret="geheim"
    ),
}


def made_up(chance):
    """A whole answer of which little is as it should be."""
    headers = [
        f"{chance.choice(NAMES)}: {''.join(chance.choices(ODD, k=chance.randint(1, 2)))}"
        for _header in range(chance.randint(0, 4))
    ]
    return whole(chance.choice(BODIES), *headers, status=chance.choice(STATUSES))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_nothing_but_our_own_errors_comes_out(hostile, client_of, way):
    chance = random.Random(way)
    server = hostile(lambda _target, send, _wait: send(made_up(chance)))
    for _time in range(60):
        with contextlib.suppress(TribeError):
            WAYS[way](client_of(server))


@pytest.mark.parametrize("raised", [ValueError, OverflowError, RecursionError, KeyError, TypeError])
def test_what_reading_an_answer_raises_is_an_unreadable_answer(
    client, tribe, limiter, monkeypatch, raised
):
    def fail(*_arguments):
        raise raised("of Tribe's making")

    monkeypatch.setattr(exchange, "parsed_json", fail)
    with pytest.raises(TribeUnavailable) as caught:
        client.get("Relation", RECORD)
    assert limiter.failures == [caught.value] and not caught.value.outcome_unknown
    with pytest.raises(TribeUnavailable) as caught:
        client.create("Relation", {"Name": "x"})
    assert limiter.failures[1:] == [caught.value] and caught.value.outcome_unknown
    assert len(tribe.requests) == 2


@pytest.mark.parametrize("raised", [ValueError, OverflowError, RecursionError, KeyError, TypeError])
def test_what_an_exchange_raises_is_an_unreadable_answer(client, tribe, monkeypatch, raised):
    def fail(*_arguments):
        raise raised("of Tribe's making")

    monkeypatch.setattr(transport_module, "_read", fail)
    with pytest.raises(TribeUnavailable) as caught:
        client.get("Relation", RECORD)
    assert not caught.value.outcome_unknown
    with pytest.raises(TribeUnavailable) as caught:
        client.create("Relation", {"Name": "x"})
    assert caught.value.outcome_unknown
    # Again would be the same.
    assert len(tribe.requests) == 2


def test_a_mistake_of_the_caller_stays_one(client, tribe):
    for mistake in (
        lambda: client.page("no set"),
        lambda: client.get("Relation", "no id"),
        lambda: client.create("Relation", {"Amount": float("nan")}),
        lambda: client.delete_webhook("no id"),
    ):
        with pytest.raises(ValueError):
            mistake()
    assert not tribe.requests


def test_no_cookie_is_kept_or_sent(client, tribe):
    for number, path in enumerate(["/", "/v1", "/v1/odata"]):
        cookie = f"c{number}=x; Path={path}; Max-Age=9999"
        tribe.answers(Answer(body={"ID": RECORD}, headers={"Set-Cookie": cookie}))
        client.get("Relation", RECORD)
    client.get("Relation", RECORD)
    assert not any("Cookie" in request.headers for request in tribe.requests)
    assert not list(client._session.cookies)


# Listings


@pytest.mark.parametrize("kind", sorted(LISTINGS))
def test_a_listing_has_an_end(hostile, client_of, limiter, kind):
    server = hostile(listing(LISTINGS[kind]))
    with pytest.raises(TribeEndless):
        list(client_of(server).pages("Relation"))
    # A page counts as an answer; so that there are no three failures in a row.
    assert isinstance(limiter.failures[-1], TribeEndless)
    assert server.asked <= 110


def test_pages_without_end_and_without_a_count_end(make_client, tribe, monkeypatch):
    monkeypatch.setattr(listing_module, "MOST_ROWS", 1000)
    tribe.lists(lambda skip: {"value": rows(skip, 100)})
    with raises_sentence("found_endless_list", TribeEndless):
        list(make_client().pages("Relation"))
    assert len(tribe.requests) == 11


def test_rows_that_are_kept_together_have_an_end(make_client, tribe, monkeypatch):
    monkeypatch.setattr(bounds, "COLLECTED_BYTES", 50_000)
    wide = [
        Answer(body={"value": [{**row, "Name": "x" * 1000} for row in rows(n, 10)]})
        for n in range(0, 200, 9)
    ]
    for collect in (
        lambda client: client.all_rows("Relation"),
        lambda client: client.by_values("Relation", "Name", ["a"]),
    ):
        tribe.answers(*wide)
        with raises_sentence("found_endless_list", TribeEndless):
            collect(make_client())
    # Nobody keeps the pages of the others.
    tribe.answers(*wide, Answer(body={"value": rows(207, 1)}))
    assert sum(map(len, make_client().pages("Relation"))) == 208


def test_rows_of_several_sets_that_are_kept_together_have_one_end(client, tribe, monkeypatch):
    monkeypatch.setattr(bounds, "COLLECTED_BYTES", 60_000)
    wide = [{**row, "Name": "x" * 1000} for row in rows(0, 20)]
    room, read = bounds.Room(), []
    with pytest.raises(TribeEndless, match="endless list"):
        for name in ("Phase", "VatGroup", "Country"):
            tribe.answers(Answer(body={"value": wide, "@odata.count": 20}))
            read.append(list(client.pages(name, room=room)))
    # Each alone has room, and two together.
    assert len(read) == 2


def test_what_is_small_in_an_answer_and_large_in_memory_has_an_end(hostile, client_of):
    numbers = itertools.count()

    def page():
        number = next(numbers)
        ids = [b"00000000-0000-0000-0000-%012d" % each for each in (number, number + 1)]
        row = b'{"ID": "%s"}, {"ID": "%s", "x": [' % tuple(ids)
        return plain(b'{"value": [' + row + b"[]," * 80_000 + b"1]}]}")

    with Peak() as peak, pytest.raises(TribeEndless):
        client_of(hostile(answer(page))).all_rows("Relation")
    assert peak.bytes < MOST


def test_a_large_tenant_is_listed_whole(monkeypatch, make_client, tribe):
    """As many relations as the largest tenants have, while others are being made."""
    client = make_client()
    total = 100_000

    def page(_set, options, _spares_unreadable):
        first = options["$skip"]
        found = rows(first, min(100, total + 50 - first))
        return listing_module.Page(found, total)

    monkeypatch.setattr(client, "_counted_rows", page)
    with Peak() as peak:
        assert sum(map(len, client.pages("Relation"))) == total + 50
    assert peak.bytes < 40 * MEBIBYTE


def test_a_page_may_show_nothing_new(client, tribe):
    tribe.answers(
        Answer(body={"value": rows(0, 10)}),
        Answer(body={"value": rows(3, 7)}),
        Answer(body={"value": rows(9, 11)}),
        Answer(body={"value": rows(19, 1)}),
    )
    assert sum(map(len, client.pages("Relation"))) == 20


def test_there_are_not_so_many_webhooks(client, tribe):
    hooks = [{"id": f"h{n}", "webhookUrl": "u"} for n in range(bounds.MOST_WEBHOOKS + 1)]
    tribe.answers(Answer(body=hooks))
    with raises_sentence("found_too_many_webhooks", TribeUnavailable):
        client.webhooks()


def test_a_secret_at_the_end_of_a_long_reason_is_blotted_out(client, tribe):
    for message in ("tok-1", " " * 2997 + "tok-1", "x" * 297 + " tok-1"):
        tribe.answers(Answer(status=400, body={"error": {"message": message}}))
        with pytest.raises(TribeRefused) as caught:
            client.get("Relation", RECORD)
        assert "tok" not in str(caught.value)


def said_by_tribe(error):
    return error.args[0].parameters["said"]


HOOK_TOKEN = "Wq7.x~2Lk9_bT4/ZpR8+vN3mYc6HsJ1d=eF5gA0uQiXo"


@pytest.mark.parametrize(
    "said",
    [
        HOOK_TOKEN,
        HOOK_TOKEN[:20] + "...",
        "..." + HOOK_TOKEN[-12:],
        quote(HOOK_TOKEN, safe=""),
        "\u200b".join([HOOK_TOKEN[:9], HOOK_TOKEN[9:]]),
        "tok-1",
    ],
)
def test_no_reason_tells_what_a_request_kept_secret(client, tribe, said):
    message = f"invalid header value {said} in it"
    tribe.answers(Answer(status=400, body={"error": {"message": message}}))
    with raises_sentence("tribe_says", TribeRefused) as caught:
        client.create_webhook("Relation.Person", "https://odoo.example", {"X-Token": HOOK_TOKEN})
    assert re.search(r"invalid header value .*\*\*\*.* in it", said_by_tribe(caught.value))
    told = str(caught.value) + caught.value.detail
    assert not [n for n in range(len(HOOK_TOKEN) - 7) if HOOK_TOKEN[n : n + 8] in told]
    assert "tok-1" not in told


def test_a_token_that_was_renewed_is_not_told_either(client, tribe):
    tribe.answers(
        Answer(status=401), Answer(status=400, body={"error": {"message": "not tok-1 nor tok-2"}})
    )
    with raises_sentence("tribe_says", TribeRefused, said="not *** nor ***"):
        client.get("Relation", RECORD)


def test_a_reason_turns_no_text_around(client, tribe):
    tribe.answers(Answer(status=400, body={"error": {"message": "ge\u202eheim\x1b[31m"}}))
    with raises_sentence("tribe_says", TribeRefused, said="geheim[31m"):
        client.get("Relation", RECORD)


def test_a_connection_is_kept_for_the_next_call(client_of, hostile):
    """What is read whole is not thrown away, whichever way it is read."""
    taken = []

    def serve(_target, send, wait):
        taken.append(1)
        for _request in range(3):
            send(plain(b'{"ID": "%s"}' % RECORD.encode()))
            wait(0.2)

    client = client_of(hostile(serve))
    client.get("Relation", RECORD)
    client.get("Relation", RECORD)
    assert len(taken) == 1


@pytest.mark.skipif(not OLD_LIBRARIES, reason="only where the old libraries are to be used")
def test_these_are_the_old_libraries():
    assert f"requests {requests.__version__}, urllib3 {urllib3.__version__}" == OLD_LIBRARIES
