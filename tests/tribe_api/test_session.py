"""Whom a name leads to is looked at when it is reached, not when it is entered."""

import socket
import threading

import pytest
from told import raises_sentence

from tribe_connector.tribe_api import Addresses, Client, TribeAddressInvalid, create_session
from tribe_connector.tribe_api.addresses import check_peer
from tribe_connector.tribe_api.token import request_token

from .conftest import PATIENT

TRIBE = "api.tribecrm.example"
PUBLIC = "93.184.215.14"


class Listener:
    """Takes connections on the loopback and keeps what it is sent; answers nothing."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.received = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(60)
                self.received.append(connection.recv(65536))

    def close(self):
        # Closing alone does not wake a thread that waits in accept.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(60)


@pytest.fixture
def listener():
    listening = Listener()
    yield listening
    listening.close()


@pytest.fixture
def name_server(monkeypatch):
    """Gives the answers that a test puts in it, one per question, the last one for ever."""
    answers = []
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **options):
        if host != TRIBE:
            return real(host, port, *arguments, **options)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return real(answer, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("NO_PROXY", "*")
    return answers


def tribe_at(port):
    return Addresses(*[f"https://{TRIBE}:{port}"] * 3)


def test_a_name_that_leads_to_this_machine_is_sent_nothing(listener, name_server, tokens, limiter):
    name_server.append("127.0.0.1")
    client = Client(tribe_at(listener.port), tokens, limiter, mode="live", longest_exchange=PATIENT)

    with raises_sentence(
        "address_leads_to_private_network", TribeAddressInvalid, host=TRIBE, peer="127.0.0.1"
    ):
        client.current_employee()

    assert set(listener.received) <= {b""}


def test_a_client_secret_does_not_go_there_either(listener, name_server):
    name_server.append("127.0.0.1")

    with (
        raises_sentence(
            "address_leads_to_private_network", TribeAddressInvalid, host=TRIBE, peer="127.0.0.1"
        ),
        create_session() as session,
    ):
        request_token(session, tribe_at(listener.port), client_id="id", client_secret="secret")

    assert set(listener.received) <= {b""}


def test_what_counts_is_whom_was_reached_and_not_what_the_name_led_to_before(
    listener, name_server, tokens, limiter
):
    name_server += [PUBLIC, "127.0.0.1"]
    assert socket.getaddrinfo(TRIBE, listener.port)[0][4][0] == PUBLIC
    client = Client(tribe_at(listener.port), tokens, limiter, mode="live", longest_exchange=PATIENT)

    with pytest.raises(TribeAddressInvalid):
        client.current_employee()

    assert set(listener.received) <= {b""}


def test_an_address_on_this_machine_is_reached_there(client, tribe):
    client.current_employee()

    assert len(tribe.requests) == 1


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        (TRIBE, PUBLIC),
        (TRIBE, "2606:2800:220:1::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_peers_that_are_who_they_should_be(host, peer):
    check_peer(host, peer)


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        *((TRIBE, peer) for peer in ("10.1.2.3", "192.168.1.1", "172.16.9.9", "169.254.169.254")),
        *((TRIBE, peer) for peer in ("100.64.0.1", "0.0.0.0", "127.0.0.1", "::1", "fd00::1")),
        *((TRIBE, peer) for peer in ("fe80::1%2", "::ffff:10.0.0.1", "not an address")),
        # A name of this machine that was pointed elsewhere.
        ("localhost", "10.0.0.1"),
        ("localhost", PUBLIC),
    ],
)
def test_peers_that_are_refused(host, peer):
    with raises_sentence(
        "address_leads_to_private_network", TribeAddressInvalid, host=host, peer=peer
    ):
        check_peer(host, peer)
