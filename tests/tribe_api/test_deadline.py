"""A whole exchange ends in its time, whatever the other side does, and nothing is left of it.

Each of these servers keeps every time-out between two pieces. What they do goes on until they are
cut off, so a test that would wait for them never ends by itself.
"""

import contextlib
import socket
import threading

import pytest
from told import raises_sentence

from tribe_connector.tribe_api import (
    Addresses,
    Client,
    TribePaused,
    TribeUnavailable,
    Turn,
    create_session,
    deadline,
    refresh_token,
    request_token,
)
from tribe_connector.tribe_api.turn import SHORTEST_EXCHANGE_SECONDS

from .conftest import RECORD, Answer
from .hostile_server import DRIPS, LONG, drip, silence

# Of an exchange.
SECONDS = 0.3


def addresses_of(server, scheme="http"):
    return Addresses(*[f"{scheme}://{server.host}"] * 3)


@pytest.fixture
def client_of(tokens, limiter):
    def make(addresses, **options):
        return Client(
            addresses, tokens, limiter, mode="live", **{"longest_exchange": SECONDS, **options}
        )

    return make


@pytest.fixture(autouse=True)
def nothing_left_of_earlier_tests():
    wait_for_the_end()


def wait_for_the_end():
    """Wait until no exchange that was given up runs any more."""
    for _host, thread in list(deadline._Exchange.abandoned):
        thread.join(LONG)
        assert not thread.is_alive()


@pytest.mark.parametrize("kind", DRIPS)
def test_an_exchange_ends_in_its_time_and_so_does_its_thread(hostile, client_of, limiter, kind):
    server = hostile(DRIPS[kind])

    with raises_sentence("no_answer_within", TribeUnavailable, host=server.host, seconds="0.3"):
        client_of(addresses_of(server)).current_employee()

    assert server.cut.wait(LONG)
    wait_for_the_end()
    assert deadline._Exchange.count_abandoned(server.host) == 0
    assert (server.asked, len(limiter.failures)) == (1, 1)


CALLS = {
    "metadata": lambda client: client.schema(),
    "download": lambda client: client.download("Attachment", RECORD, "File"),
    "webhooks": lambda client: client.webhooks(),
    "page": lambda client: client.page("Relation"),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_kind_of_call_ends_in_its_time(hostile, client_of, call):
    server = hostile(DRIPS["body"])

    with raises_sentence("no_answer_within", TribeUnavailable) as caught:
        CALLS[call](client_of(addresses_of(server)))

    assert not caught.value.outcome_unknown


def test_a_write_that_was_given_up_may_have_arrived(hostile, client_of):
    server = hostile(DRIPS["headers"])

    with raises_sentence("no_answer_within", TribeUnavailable) as caught:
        client_of(addresses_of(server)).create("Relation_Organization", {"Name": "Geheim B.V."})

    assert caught.value.outcome_unknown
    assert "Geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("request_it", "options", "may_be_spent"),
    [(request_token, {}, False), (refresh_token, {"refresh_token": "old"}, True)],
)
def test_a_request_for_a_token_ends_in_its_time(hostile, request_it, options, may_be_spent):
    server = hostile(DRIPS["headers"])

    with raises_sentence("no_answer_within", TribeUnavailable) as caught:
        request_it(
            create_session(),
            addresses_of(server),
            client_id="CID",
            client_secret="geheim",
            seconds=SECONDS,
            **options,
        )

    assert caught.value.outcome_unknown == may_be_spent
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "serve", [silence, drip(b"", b"\x16\x03\x01\x40")], ids=["silence", "drip"]
)
def test_tls_that_never_comes_about_ends_in_its_time(hostile, client_of, serve):
    server = hostile(serve)

    with pytest.raises(TribeUnavailable):
        client_of(addresses_of(server, "https")).current_employee()

    wait_for_the_end()


def test_a_server_that_never_takes_the_connection_was_sent_nothing(client_of):
    with socket.socket() as listening, contextlib.ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        # The queue of those who wait to be taken is full.
        for _number in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        addresses = Addresses(*[f"http://127.0.0.1:{address[1]}"] * 3)

        with pytest.raises(TribeUnavailable) as caught:
            client_of(addresses).create("Relation_Organization", {"Name": "x"})

        # Whichever of the two bounds comes first.
        assert caught.value.args[0].code in ("no_answer_within", "no_answer_in_time")
        assert not caught.value.outcome_unknown
        wait_for_the_end()


class HangingNameServer:
    """Looks up no name until it is told to."""

    def __init__(self, monkeypatch):
        self.released = threading.Event()
        self.asked = 0
        real = socket.getaddrinfo

        def resolve(*arguments, **options):
            self.asked += 1
            self.released.wait(LONG)
            return real(*arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture
def name_server(monkeypatch):
    hanging = HangingNameServer(monkeypatch)
    yield hanging
    hanging.released.set()
    wait_for_the_end()


def test_what_was_given_up_while_the_name_was_looked_up_is_never_sent(
    tribe, client_of, addresses, name_server
):
    client = client_of(addresses)

    with raises_sentence("no_answer_within", TribeUnavailable) as caught:
        client.create("Relation_Organization", {"Name": "x"})

    assert not caught.value.outcome_unknown
    name_server.released.set()
    wait_for_the_end()
    assert tribe.requests == []


def test_what_was_given_up_does_not_pile_up(tribe, client_of, addresses, name_server):
    client = client_of(addresses)
    for _number in range(deadline.MOST_ABANDONED):
        with raises_sentence("no_answer_within", TribeUnavailable):
            client.current_employee()

    with raises_sentence("requests_kept_open", TribeUnavailable) as caught:
        client.create("Relation_Organization", {"Name": "x"})

    assert name_server.asked == deadline.MOST_ABANDONED
    assert not caught.value.outcome_unknown
    # Another host has nothing to do with it, and this one is asked again when they have ended.
    assert deadline._Exchange.count_abandoned("elsewhere.example") == 0
    name_server.released.set()
    wait_for_the_end()
    assert client_of(addresses, longest_exchange=60).current_employee()["ID"] == RECORD


def test_after_an_exchange_was_given_up_the_client_goes_on(tribe, make_client):
    client = make_client(longest_exchange=SECONDS)
    client.current_employee()
    tribe.answers(Answer(trouble="silent"), Answer(body={"ID": RECORD}))
    with raises_sentence("no_answer_within", TribeUnavailable):
        client.current_employee()

    assert client.current_employee()["ID"] == RECORD


def test_an_exchange_in_time_leaves_no_thread(client):
    client.current_employee()
    assert "tribe_connector.exchange" not in {thread.name for thread in threading.enumerate()}


# The turn of a worker


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_an_exchange_gets_what_is_left_of_the_turn(clock):
    turn = Turn(clock.now + 45, clock)
    assert turn.seconds_for(30) == 30
    clock.now += 20
    assert turn.seconds_for(30) == 25
    assert turn.seconds_for(5) == 5
    clock.now += 20
    assert turn.seconds_left() == 5
    with pytest.raises(TribePaused):
        turn.seconds_for(30)
    assert turn.seconds_for(3) == 3


def test_without_a_turn_an_exchange_has_all_its_time():
    assert Turn().seconds_for(30) == 30


def begins_nothing(call, clock, tribe, limiter, *, after):
    """A call whose turn ends after so many exchanges begins no further one."""
    with pytest.raises(TribePaused) as caught:
        call()
    assert len(tribe.requests) == after
    assert caught.value.retry_after < 5
    assert not caught.value.outcome_unknown
    assert limiter.failures == []


@pytest.fixture
def until(clock, tribe):
    """The turn is over as soon as the server was asked so often."""

    def make(count):
        turn = Turn(clock.now + 60, clock)

        class Requests(list):
            def append(self, request):
                super().append(request)
                if len(self) == count:
                    clock.now += 60 - SHORTEST_EXCHANGE_SECONDS + 1

        tribe.requests = Requests()
        return turn

    return make


@pytest.mark.parametrize("trouble", ["cut", "reset"])
def test_a_turn_that_is_over_tries_nothing_again(
    make_client, clock, tribe, limiter, until, trouble
):
    tribe.answers(Answer(trouble=trouble))
    client = make_client(longest_exchange=30.0, turn=until(1))
    begins_nothing(client.current_employee, clock, tribe, limiter, after=1)


def test_a_turn_that_is_over_reads_no_further_page(make_client, clock, tribe, limiter, until):
    rows = [{"ID": f"a1000000-0000-4000-8000-{number:012}"} for number in range(100)]
    tribe.answers(Answer(body={"value": rows}))
    client = make_client(longest_exchange=30.0, turn=until(1))
    begins_nothing(lambda: list(client.pages("Relation")), clock, tribe, limiter, after=1)


def test_a_turn_that_is_over_reads_no_further_chunk(make_client, clock, tribe, limiter, until):
    tribe.answers(Answer(body={"value": []}))
    client = make_client(longest_exchange=30.0, turn=until(1))
    begins_nothing(
        lambda: client.by_values("Relation", "Name", map(str, range(50))),
        clock,
        tribe,
        limiter,
        after=1,
    )


def test_a_turn_that_is_over_does_not_repeat_with_a_renewed_token(
    make_client, clock, tribe, limiter, until
):
    tribe.answers(Answer(status=401), Answer(body={"ID": RECORD}))
    client = make_client(longest_exchange=30.0, turn=until(1))
    begins_nothing(client.current_employee, clock, tribe, limiter, after=1)


def test_a_turn_that_is_over_writes_nothing(make_client, clock, tribe, limiter, until):
    client = make_client(longest_exchange=30.0, turn=until(1))
    client.update("Relation", RECORD, {"Name": "x"})
    begins_nothing(
        lambda: client.update("Relation", RECORD, {"Name": "y"}), clock, tribe, limiter, after=1
    )
