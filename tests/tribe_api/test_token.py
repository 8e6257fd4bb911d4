"""Getting an access token, and being told plainly why not."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from told import assert_says, raises_sentence

from tribe_connector.sentence import sentence
from tribe_connector.tribe_api import (
    Addresses,
    Token,
    TribeAddressInvalid,
    TribeCredentialsRefused,
    TribeProofRefused,
    TribeRateLimited,
    TribeSignInEnded,
    TribeUnavailable,
    consent_address,
    consent_refusal,
    create_session,
    exchange_code,
    new_code_verifier,
    refresh_token,
    request_token,
)
from tribe_connector.tribe_api import token as token_module

from .conftest import HASTY, PATIENT, Answer

GRANTED = {"access_token": "tok-1", "token_type": "bearer", "expires_in": 3600, "scope": "read"}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(token_module.time, "time", lambda: 1000.0)


def ask(addresses, scope="read write", seconds=PATIENT):
    with create_session() as session:
        return request_token(
            session,
            addresses,
            client_id="CID",
            client_secret="geheim",
            scope=scope,
            seconds=seconds,
        )


def renew(addresses, seconds=PATIENT):
    with create_session() as session:
        return refresh_token(
            session,
            addresses,
            client_id="CID",
            client_secret="geheim",
            refresh_token="old-refresh",
            seconds=seconds,
        )


def form_of(request):
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def test_credentials_go_in_the_form_body_and_nowhere_else(addresses, tribe):
    tribe.answers(Answer(body=GRANTED))
    token = ask(addresses)
    (request,) = tribe.requests
    assert (request.method, request.path) == ("POST", "/oauth2/token")
    assert form_of(request) == {
        "grant_type": "client_credentials",
        "client_id": "CID",
        "client_secret": "geheim",
        "scope": "read write",
    }
    assert "Authorization" not in request.headers
    assert (token.access_token, token.expires_at, token.scope) == ("tok-1", 4600.0, "read")


@pytest.mark.parametrize("scope", ["", "  "])
def test_an_empty_scope_is_left_out(addresses, tribe, scope):
    tribe.answers(Answer(body=GRANTED))
    ask(addresses, scope=scope)
    assert "scope" not in form_of(tribe.requests[0])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (60, 1060.0),
        ("60", 1060.0),
        (None, 4600.0),
        ("soon", 4600.0),
        (-5, 1000.0),
        (10**400, 4600.0),
    ],
)
def test_the_lifetime_is_what_tribe_says_else_an_hour(addresses, tribe, given, expected):
    tribe.answers(Answer(body={**GRANTED, "expires_in": given}))
    assert ask(addresses).expires_at == expected


def jwt(**claims):
    parts = [{"alg": "RS256"}, claims]
    return ".".join([*(encoded(json.dumps(part).encode()) for part in parts), "signature"])


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("token", "lifetime", "end_told"),
    [
        (jwt(exp=1500), 500.0, "jwt"),
        (jwt(exp=1500, iat=1200), 300.0, "jwt"),
        (jwt(exp=10**12), 86400.0, "jwt"),
        (jwt(exp=900), 3600.0, "nothing"),
        (jwt(exp=10**400), 3600.0, "nothing"),
        (jwt(exp="soon"), 3600.0, "nothing"),
        (jwt(), 3600.0, "nothing"),
        (f"a.{encoded(b'[]')}.c", 3600.0, "nothing"),
        (f"a.{encoded(b'no json')}.c", 3600.0, "nothing"),
        (f"a.{encoded(b'[' * 40_000)}.c", 3600.0, "nothing"),
        ("a.é.c", None, None),
        ("a.b.c", 3600.0, "nothing"),
        ("tok-1", 3600.0, "nothing"),
    ],
)
def test_where_tribe_does_not_say_when_a_token_ends_it_says_so_itself(
    addresses, tribe, token, lifetime, end_told
):
    tribe.answers(Answer(body={**GRANTED, "expires_in": None, "access_token": token}))
    if end_told is None:
        with raises_sentence("no_token_in_answer", TribeUnavailable):
            ask(addresses)
        return
    found = ask(addresses)
    assert (found.lifetime, found.end_told) == (lifetime, end_told)
    assert found.expires_at == 1000.0 + lifetime


def test_what_tribe_says_of_the_end_of_a_token_counts_first(addresses, tribe):
    tribe.answers(Answer(body={**GRANTED, "access_token": jwt(exp=1500)}))
    found = ask(addresses)
    assert (found.lifetime, found.end_told) == (3600.0, "expires_in")


def test_a_token_is_renewed_a_minute_before_its_end():
    token = Token("tok-1", expires_at=1000.0)
    assert token.is_fresh(939.0)
    assert not token.is_fresh(940.0)
    assert token.is_fresh(940.0, margin=10)


def test_a_token_does_not_show_its_secrets():
    shown = repr(Token("tok-1", 1.0, "refresh-1", "read"))
    assert "tok-1" not in shown and "refresh-1" not in shown and "read" in shown


def test_a_refresh_token_rotates(addresses, tribe):
    tribe.answers(Answer(body={**GRANTED, "refresh_token": "new-refresh"}))
    assert renew(addresses).refresh_token == "new-refresh"
    assert form_of(tribe.requests[0])["refresh_token"] == "old-refresh"


def test_a_refresh_token_that_is_not_replaced_stays(addresses, tribe):
    tribe.answers(Answer(body=GRANTED))
    assert renew(addresses).refresh_token == "old-refresh"


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, "invalid_client", "token_invalid_client"),
        (400, "invalid_scope", "token_invalid_scope"),
        (400, "invalid_grant", "token_invalid_scope"),
        (400, "unauthorized_client", "token_unauthorized_client"),
        (400, "unsupported_grant_type", "token_unsupported_grant"),
        (403, "access_denied", "token_access_denied"),
        (400, "something_new", "token_refused"),
    ],
)
def test_a_refusal_names_the_reason_and_the_remedy(addresses, tribe, status, code, told):
    body = {"error": code, "error_description": "No geheim for you", "error_hint": "Look"}
    tribe.answers(Answer(status=status, body=body))
    with raises_sentence("tribe_says", TribeCredentialsRefused, sentence=sentence(told)) as caught:
        ask(addresses)
    assert caught.value.args[0].parameters["said"] == "No *** for you Look"
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {"error_description": "Authentication failed.", "error_hint": "Authentication failed."},
        {"error_description": "Authentication failed.", "error_hint": "Authentication failed"},
        {"error_description": "Authentication failed"},
    ],
)
def test_what_tribe_says_is_quoted_once(addresses, tribe, body):
    tribe.answers(Answer(status=401, body={"error": "invalid_client", **body}))
    with pytest.raises(TribeCredentialsRefused) as caught:
        ask(addresses)
    assert str(caught.value).endswith("Applications). Tribe says: “Authentication failed”.")


@pytest.mark.parametrize("secret", ["the_secret", "the_code", "the_verifier"])
def test_no_reason_tells_what_was_sent(addresses, tribe, secret):
    for body in ({"error": secret}, {"error": "x", "error_description": f"no {secret[:8]}"}):
        tribe.answers(Answer(status=400, body=body))
        with pytest.raises(TribeCredentialsRefused) as caught, create_session() as session:
            exchange_code(
                session,
                addresses,
                client_id="CID",
                client_secret="the_secret",
                code="the_code",
                redirect_uri="https://odoo.example/tribe/callback",
                code_verifier="the_verifier",
                seconds=PATIENT,
            )
        assert secret[:8] not in str(caught.value)


def test_a_spent_refresh_token_asks_to_sign_in_again(addresses, tribe):
    body = {"error": "invalid_grant", "error_description": "old-refresh was used"}
    tribe.answers(Answer(status=400, body=body))
    with raises_sentence("token_refresh_ended", TribeSignInEnded) as caught:
        renew(addresses)
    assert "old-refresh" not in str(caught.value)


def test_another_refusal_does_not_end_the_sign_in(addresses, tribe):
    tribe.answers(Answer(status=401, body={"error": "invalid_client"}))
    with raises_sentence("token_invalid_client", TribeCredentialsRefused) as caught:
        renew(addresses)
    assert not isinstance(caught.value, TribeSignInEnded)


def test_a_401_without_a_reason_is_about_the_secret(addresses, tribe):
    tribe.answers(Answer(status=401, body=b"<html>"))
    with raises_sentence("token_invalid_client", TribeCredentialsRefused):
        ask(addresses)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Welcome</html>"),
        Answer(body={"token_type": "bearer"}),
        Answer(body={"access_token": "line\nbreak"}),
        Answer(body=GRANTED, trouble="cut"),
        Answer(status=404, body=b"<html>"),
        Answer(status=400, body={"error": "temporarily_unavailable"}),
        Answer(status=502),
        Answer(status=302, headers={"Location": "/login"}),
        Answer(trouble="silent"),
    ],
    ids=lambda answer: f"{answer.status}-{answer.trouble or answer.content()[:14]}",
)
def test_what_is_no_token_is_no_token(addresses, tribe, answer):
    tribe.answers(answer)
    with pytest.raises(TribeUnavailable) as caught:
        ask(addresses, seconds=answer.patience)
    assert not caught.value.outcome_unknown
    assert "geheim" not in str(caught.value)


def test_a_lost_answer_may_have_spent_the_refresh_token(addresses, tribe):
    tribe.answers(Answer(trouble="silent"))
    with pytest.raises(TribeUnavailable) as caught:
        renew(addresses, seconds=HASTY)
    assert caught.value.outcome_unknown


def test_the_sign_in_has_a_limit_too(addresses, tribe):
    tribe.answers(Answer(status=429))
    with pytest.raises(TribeRateLimited):
        ask(addresses)


def test_a_secret_is_never_sent_in_clear_over_a_network(tribe):
    clear = Addresses(api=tribe.url, auth="http://auth.tribecrm.nl", app=tribe.url)
    with raises_sentence(
        "address_without_https", TribeAddressInvalid, address="http://auth.tribecrm.nl"
    ):
        ask(clear)


REDIRECT = "https://odoo.example/tribe/callback"


def consent(addresses, state="0123456789", scope="read write", **options):
    return consent_address(
        addresses, client_id="C&D", redirect_uri=REDIRECT, state=state, scope=scope, **options
    )


def exchange(addresses, seconds=PATIENT, **options):
    with create_session() as session:
        return exchange_code(
            session,
            addresses,
            client_id="CID",
            client_secret="geheim",
            code="the-code",
            redirect_uri=REDIRECT,
            seconds=seconds,
            **options,
        )


def test_the_consent_page_is_asked_for_a_code_that_lasts(addresses, tribe):
    address = consent(addresses)
    assert address.startswith(f"{tribe.url}/oauth2/auth?")
    assert "+" not in address
    assert {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} == {
        "client_id": "C&D",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "read write offline",
        "state": "0123456789",
    }


# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_sign_in_is_bound_to_who_began_it(addresses, tribe):
    asked = parse_qs(urlsplit(consent(addresses, code_verifier=VERIFIER)).query)
    assert (asked["code_challenge"], asked["code_challenge_method"]) == ([CHALLENGE], ["S256"])
    tribe.answers(Answer(body=GRANTED))
    exchange(addresses, code_verifier=VERIFIER)
    assert form_of(tribe.requests[0])["code_verifier"] == VERIFIER


def test_a_verifier_is_random_and_as_long_as_it_may_be():
    assert new_code_verifier() != new_code_verifier()
    assert 43 <= len(new_code_verifier()) <= 128


def test_a_tribe_that_does_not_know_the_proof_is_told_apart(addresses, tribe):
    refusal = consent_refusal("invalid_request", "Who knows", with_proof=True)
    assert isinstance(refusal, TribeProofRefused)
    assert not isinstance(consent_refusal("invalid_request"), TribeProofRefused)
    assert not isinstance(consent_refusal("access_denied", with_proof=True), TribeProofRefused)
    body = {"error": "invalid_request", "error_hint": f"What is {VERIFIER}?"}
    tribe.answers(Answer(status=400, body=body), Answer(status=400, body=body))
    with pytest.raises(TribeProofRefused) as caught:
        exchange(addresses, code_verifier=VERIFIER)
    assert VERIFIER not in str(caught.value)
    with pytest.raises(TribeCredentialsRefused) as caught:
        exchange(addresses)
    assert not isinstance(caught.value, TribeProofRefused)


@pytest.mark.parametrize("scope", ["", "offline", "read offline"])
def test_offline_is_asked_for_once(addresses, scope):
    (asked,) = parse_qs(urlsplit(consent(addresses, scope=scope)).query)["scope"]
    assert asked.split().count("offline") == 1


def test_a_state_that_tribe_would_refuse_is_not_sent(addresses):
    with pytest.raises(ValueError, match="too short"):
        consent(addresses, state="1234567")


def test_nobody_is_sent_to_a_sign_in_page_without_https(tribe):
    with raises_sentence(
        "address_without_https", TribeAddressInvalid, address="http://auth.tribecrm.nl"
    ):
        consent(Addresses(api=tribe.url, auth="http://auth.tribecrm.nl", app=tribe.url))


def test_a_code_becomes_tokens(addresses, tribe):
    tribe.answers(Answer(body={**GRANTED, "refresh_token": "refresh-1"}))
    token = exchange(addresses)
    assert form_of(tribe.requests[0]) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "client_id": "CID",
        "client_secret": "geheim",
    }
    assert (token.access_token, token.refresh_token) == ("tok-1", "refresh-1")


def test_a_spent_code_asks_to_sign_in_again(addresses, tribe):
    tribe.answers(Answer(status=400, body={"error": "invalid_grant", "error_hint": "the-code"}))
    with raises_sentence("token_code_ended", TribeSignInEnded) as caught:
        exchange(addresses)
    assert "the-code" not in str(caught.value)


def test_a_lost_answer_may_have_spent_the_code(addresses, tribe):
    tribe.answers(Answer(trouble="silent"))
    with pytest.raises(TribeUnavailable) as caught:
        exchange(addresses, seconds=HASTY)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("access_denied", "consent_access_denied"),
        ("invalid_scope", "consent_invalid_scope"),
        ("something_new", "sign_in_refused"),
    ],
)
def test_a_refused_consent_names_the_reason_and_the_remedy(error, told):
    refusal = consent_refusal(error, "Long story", "Look  here")
    assert_says(refusal, "tribe_says", sentence=sentence(told), said="Look here")
    assert_says(consent_refusal(error), "tribe_says", sentence=sentence(told), said=error)


def test_what_comes_back_from_a_browser_is_not_trusted():
    refusal = consent_refusal("<script>", "x" * 10000)
    assert "<script>" not in str(refusal)
    assert len(str(consent_refusal("access_denied", "x" * 10000))) < 600
    assert "exe.pdf" in str(consent_refusal("access_denied", "\u202eexe\u3164.pdf\x00"))
