"""Is it Tribe that calls, and what is it about."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribe_connector.tribe_api import (
    TOKEN_HEADER,
    Event,
    WebhookUnreadable,
    header_of_signature,
    is_authentic,
    parse_event,
    shape_of_payload,
    signature,
)

BODY = b'{"webhookId":"w","payload":{}}'
SECRET = "shared secret"
TOKEN = "our random token"


def test_a_signature_is_the_base64_of_64_bytes_and_known_beforehand():
    # RFC 4231, test case 2.
    expected = bytes.fromhex(
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
    written = signature("Jefe", b"what do ya want for nothing?")
    assert base64.b64decode(written) == expected
    assert len(written) == 88


@pytest.mark.parametrize("header", ["X-Tribe-Signature", "signature", "Anything-At-All"])
def test_whatever_the_header_is_called_the_signature_proves_the_secret(header):
    headers = [("Host", "odoo.example"), (header, f" {signature(SECRET, BODY)} "), ("A", "b")]
    assert is_authentic(headers, BODY, secret=SECRET, token=None)


@pytest.mark.parametrize(
    "value",
    [
        "",
        signature("another secret", BODY),
        signature(SECRET, BODY + b" "),
        signature(SECRET, BODY).lower(),
        signature(SECRET, BODY)[:-1],
        base64.b64decode(signature(SECRET, BODY)).hex(),
        SECRET,
        "\u00e9\ud800",
    ],
)
def test_a_signature_that_does_not_fit_proves_nothing(value):
    assert not is_authentic([("X-Signature", value)], BODY, secret=SECRET, token=None)


def test_our_token_counts_in_our_header_only():
    assert is_authentic([(TOKEN_HEADER.lower(), TOKEN)], BODY, secret=None, token=TOKEN)
    assert not is_authentic([("X-Other", TOKEN)], BODY, secret=None, token=TOKEN)
    assert not is_authentic([(TOKEN_HEADER, TOKEN + "x")], BODY, secret=None, token=TOKEN)


def test_either_proof_is_enough():
    assert is_authentic([(TOKEN_HEADER, TOKEN)], BODY, secret=SECRET, token=TOKEN)
    assert is_authentic([("X", signature(SECRET, BODY))], BODY, secret=SECRET, token=TOKEN)


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_secret_and_a_token_nobody_is_authentic(nothing):
    headers = [("X", signature("", BODY)), (TOKEN_HEADER, ""), ("Y", "")]
    assert not is_authentic(headers, BODY, secret=nothing, token=nothing)


def test_an_event_names_what_changed():
    body = {
        "webhookId": "77000000-0000-4000-8000-000000000001",
        "payload": {
            "type": "EntityUpdateMutation",
            "entityId": "a1",
            "relationshipId": "b2",
            "entityType": "Activity.Invoice",
        },
    }
    assert parse_event(json.dumps(body).encode()) == Event(
        webhook_id="77000000-0000-4000-8000-000000000001",
        entity_id="a1",
        relationship_id="b2",
        entity_type="Activity.Invoice",
        mutation="EntityUpdateMutation",
    )


def test_a_type_that_is_no_mutation_is_the_entity_type():
    event = parse_event(b'{"payload": {"entityId": "a1", "type": "Relation.Person"}}')
    assert (event.entity_type, event.mutation) == ("Relation.Person", None)


@pytest.mark.parametrize("odd", [None, 7, "", "a b", "a" * 65, "a'b", ["a"], {"ID": "a"}])
def test_an_id_that_does_not_look_like_one_is_unknown(odd):
    body = json.dumps({"webhookId": odd, "payload": {"entityId": odd}}).encode()
    assert parse_event(body) == Event()


@pytest.mark.parametrize("payload", [None, [], "x"])
def test_an_event_without_a_payload_is_still_an_event(payload):
    assert (
        parse_event(json.dumps({"webhookId": "w", "payload": payload}).encode()).webhook_id == "w"
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_unreadable(body):
    with pytest.raises(WebhookUnreadable):
        parse_event(body)


@given(st.binary(max_size=200))
def test_no_body_does_anything_worse_than_being_unreadable(body):
    with contextlib.suppress(WebhookUnreadable):
        assert isinstance(parse_event(body), Event)


def test_the_header_of_the_signature_is_known_by_the_secret_or_by_its_name():
    headers = [("X-Other-Signature", "x"), ("X-Hash", signature("secret", BODY)), ("Host", "a")]
    assert header_of_signature(headers, BODY, "secret") == "X-Hash"
    assert header_of_signature(headers, BODY, None) == "X-Other-Signature"
    assert header_of_signature(headers[1:], BODY, "another") is None
    assert header_of_signature([("X Signature\n: 1", "x")], BODY, None) is None


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (b'{"webhookId": "w", "payload": {"type": "Klant", "entityId": "a1"}}', "entityId, type"),
        (b'{"payload": {"jan@klant.example": 1, "06 123": 2, "__typename": "x"}}', "__typename"),
        (b'{"entityId": "a1"}', "entityId"),
        (json.dumps({"payload": dict.fromkeys("abcdefghi")}).encode(), "a, b, c, d, e, f, g, h"),
        (b"[]", ""),
        (b"\xff", ""),
    ],
)
def test_of_a_payload_only_names_are_told(body, shape):
    assert shape_of_payload(body) == shape


@given(st.binary(max_size=200))
def test_no_payload_has_a_shape_that_fails(body):
    assert isinstance(shape_of_payload(body), str)
