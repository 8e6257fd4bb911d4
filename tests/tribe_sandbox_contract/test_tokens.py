"""The authorization server. docs/tribe-api.md."""

import base64
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from .client import SECONDS, Api, request_token

REDIRECT = "https://odoo.example/tribe/callback"


def test_client_credentials_give_a_bearer_token(sandbox):
    answer = request_token(sandbox, scope="read write")
    token = answer.json()
    assert answer.status_code == 200
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 3600
    assert token["scope"] == "read write"


def test_a_token_may_say_itself_when_it_ends(sandbox):
    sandbox.switch(token_style="jwt", expires_in=1200)
    answer = request_token(sandbox).json()
    assert "expires_in" not in answer
    claims = answer["access_token"].split(".")[1]
    content = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert content["exp"] - content["iat"] == 1200
    assert Api(sandbox).read("GetCurrentEmployee()")["ID"]


def test_scope_may_be_left_out(sandbox):
    assert request_token(sandbox).status_code == 200


def test_wrong_secret_is_invalid_client(sandbox):
    answer = request_token(sandbox, client_secret="wrong")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_scope"])
def test_scope_that_is_not_configured_is_refused(sandbox, error):
    sandbox.switch(refused_scope_error=error)
    answer = request_token(sandbox, scope="read write offline")
    assert answer.status_code == 400
    assert answer.json()["error"] == error


def test_only_a_form_is_read(sandbox):
    fields = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
    }
    address = f"{sandbox.address}/oauth2/token"
    assert requests.post(address, json=fields, timeout=SECONDS).status_code == 400
    assert requests.post(address, params=fields, timeout=SECONDS).status_code == 400


def test_secret_in_a_basic_header_is_not_read(sandbox):
    answer = requests.post(
        f"{sandbox.address}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(sandbox.client_id, sandbox.client_secret),
        timeout=SECONDS,
    )
    assert answer.status_code == 401


def test_unknown_grant_type_is_refused(sandbox):
    answer = request_token(sandbox, grant_type="password")
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


def test_call_without_token_is_refused_with_json(sandbox):
    answer = requests.get(f"{sandbox.address}/v1/odata/Relation", timeout=SECONDS)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_token_in_the_query_is_not_read(api):
    token = api.session.headers.pop("Authorization").split()[1]
    assert api.call("GET", f"odata/Relation?access_token={token}").status_code == 401


def test_expired_token_is_refused(sandbox):
    sandbox.switch(expires_in=0)
    assert Api(sandbox).get("Relation").status_code == 401


def test_revoked_token_is_refused_and_a_new_one_works(api, sandbox):
    sandbox.revoke_tokens()
    assert api.get("Relation").status_code == 401
    api.authorize()
    assert api.get("Relation").status_code == 200


def test_health_check_names_the_current_employee(api):
    employee = api.read("GetCurrentEmployee()", expand="Person")
    assert employee["_Type"] == "Relationship.Person.Contact.Employee"
    assert employee["Person"]["LastName"]
    assert api.get("GetCurrentEmployee").status_code == 404


@pytest.fixture
def registered(sandbox):
    """The application may send people back to REDIRECT, and may ask for `offline`."""
    sandbox.switch(redirect_uris=[REDIRECT], allowed_scopes=["read", "write", "offline"])
    return sandbox


def ask(sandbox, **fields):
    """Open the authorization endpoint, as a browser does; *fields* replace or add parameters."""
    query = {
        "client_id": sandbox.client_id,
        "redirect_uri": REDIRECT,
        "state": "12345678",
        "response_type": "code",
        "scope": "read write offline",
        **fields,
    }
    address = f"{sandbox.address}/oauth2/auth?{urlencode(query)}"
    return requests.get(address, allow_redirects=False, timeout=SECONDS)


def challenge_of(page):
    """The hidden field of the consent page."""
    return re.search(r'name="challenge" value="([^"]+)"', page.text)[1]


def decide(sandbox, page, decision="allow"):
    """Press a button of the consent page; returns the answer."""
    return requests.post(
        f"{sandbox.address}/oauth2/auth",
        data={"challenge": challenge_of(page), "decision": decision},
        allow_redirects=False,
        timeout=SECONDS,
    )


def callback_of(answer):
    """The parameters with which the browser goes back to the application."""
    address = answer.headers["Location"]
    assert address.startswith(f"{REDIRECT}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def code_of(sandbox, **fields):
    """An authorization code that a person allowed."""
    return callback_of(decide(sandbox, ask(sandbox, **fields)))["code"]


def exchange(sandbox, code, **fields):
    """Ask for the tokens of a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return request_token(sandbox, **{**form, **fields})


def refresh(sandbox, refresh_token):
    """Ask for new tokens."""
    return request_token(sandbox, grant_type="refresh_token", refresh_token=refresh_token)


def is_accepted(sandbox, access_token):
    """Whether a call with this access token is answered."""
    answer = requests.get(
        f"{sandbox.address}/v1/odata/GetCurrentEmployee()",
        headers={"Authorization": f"Bearer {access_token}"},
        timeout=SECONDS,
    )
    return answer.status_code == 200


def test_the_consent_page_names_the_application_and_what_it_asks_for(registered):
    page = ask(registered)
    assert page.status_code == 200
    for text in ("Odoo", "Read relations", "Create and change", "Stay signed in", REDIRECT):
        assert text in page.text


def test_a_code_gives_tokens_that_work(registered):
    callback = callback_of(decide(registered, ask(registered)))
    assert callback["state"] == "12345678"
    token = exchange(registered, callback["code"]).json()
    assert token["scope"] == "read write offline"
    assert token["refresh_token"]
    assert is_accepted(registered, token["access_token"])


# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
PROOF = {
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@pytest.mark.parametrize("reading", ["required", "checked"])
@pytest.mark.parametrize("verifier", ["", "x" * 43, VERIFIER])
def test_a_code_with_a_proof_is_good_for_who_asked(registered, reading, verifier):
    registered.switch(pkce=reading)
    answer = exchange(registered, code_of(registered, **PROOF), code_verifier=verifier)
    assert answer.status_code == (200 if verifier == VERIFIER else 400)


@pytest.mark.parametrize(
    ("reading", "proof", "error"),
    [
        ("required", {}, "invalid_request"),
        ("checked", {**PROOF, "code_challenge_method": "plain"}, "invalid_request"),
        ("refused", PROOF, "invalid_request"),
        ("checked", {}, None),
        ("ignored", PROOF, None),
        ("ignored", {}, None),
        ("refused", {}, None),
        ("refused_at_exchange", PROOF, None),
    ],
)
def test_a_proof_is_required_checked_passed_over_or_refused(registered, reading, proof, error):
    registered.switch(pkce=reading)
    page = ask(registered, **proof)
    if error:
        assert callback_of(page)["error"] == error
    else:
        assert page.status_code == 200


def test_a_proof_may_be_refused_only_at_the_exchange(registered):
    registered.switch(pkce="refused_at_exchange")
    answer = exchange(registered, code_of(registered, **PROOF), code_verifier=VERIFIER)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert exchange(registered, code_of(registered)).status_code == 200


def test_a_proof_that_is_passed_over_changes_nothing(registered):
    registered.switch(pkce="ignored")
    code = code_of(registered, **PROOF)
    assert exchange(registered, code, code_verifier="whatever").status_code == 200


def test_a_code_used_twice_takes_its_tokens_along(registered):
    code = code_of(registered)
    token = exchange(registered, code).json()
    again = exchange(registered, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not is_accepted(registered, token["access_token"])
    assert refresh(registered, token["refresh_token"]).status_code == 400


def test_a_code_expires(registered):
    registered.switch(code_lifetime=0)
    answer = exchange(registered, code_of(registered))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_for_the_address_it_was_sent_to(registered):
    code = code_of(registered)
    answer = exchange(registered, code, redirect_uri=f"{REDIRECT}/")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_denying_goes_back_with_the_reason(registered):
    callback = callback_of(decide(registered, ask(registered), "deny"))
    assert callback["error"] == "access_denied"
    assert callback["error_description"] and callback["error_hint"]
    assert callback["state"] == "12345678"


def test_a_question_is_answered_once(registered):
    page = ask(registered)
    decide(registered, page)
    again = decide(registered, page)
    assert again.status_code == 400
    assert "Location" not in again.headers


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://elsewhere.example/tribe/callback"},
        {"redirect_uri": f"{REDIRECT}/"},
        {"client_id": "somebody-else"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(registered, wrong):
    answer = ask(registered, **wrong)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"state": "1234567"}, "invalid_state"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "read everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_question_goes_back_with_the_reason(registered, wrong, error):
    assert callback_of(ask(registered, **wrong))["error"] == error


def test_a_refresh_token_rotates(registered):
    first = exchange(registered, code_of(registered)).json()
    second = refresh(registered, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    third = refresh(registered, second["refresh_token"]).json()
    assert is_accepted(registered, third["access_token"])


def test_a_refresh_token_used_twice_ends_the_whole_family(registered):
    first = exchange(registered, code_of(registered)).json()
    second = refresh(registered, first["refresh_token"]).json()
    again = refresh(registered, first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not is_accepted(registered, second["access_token"])
    assert refresh(registered, second["refresh_token"]).status_code == 400


def test_other_sign_ins_survive_the_end_of_a_family(registered):
    other = exchange(registered, code_of(registered)).json()
    first = exchange(registered, code_of(registered)).json()
    for _time in range(2):
        refresh(registered, first["refresh_token"])
    assert is_accepted(registered, other["access_token"])
    assert refresh(registered, other["refresh_token"]).status_code == 200


def test_without_offline_there_is_no_refresh_token(registered):
    code = code_of(registered, scope="read write")
    assert "refresh_token" not in exchange(registered, code).json()


def test_expired_access_tokens_leave_the_refresh_token_good(registered):
    token = exchange(registered, code_of(registered)).json()
    registered.expire_access_tokens()
    assert not is_accepted(registered, token["access_token"])
    assert refresh(registered, token["refresh_token"]).status_code == 200
