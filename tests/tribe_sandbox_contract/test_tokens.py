"""The authorization server. docs/tribe-api.md 1.4 to 1.7."""

from urllib.parse import parse_qs, urlsplit

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


def authorization_code(sandbox, state="12345678", scope="read write offline"):
    answer = requests.get(
        f"{sandbox.address}/oauth2/auth",
        params={
            "client_id": sandbox.client_id,
            "redirect_uri": REDIRECT,
            "state": state,
            "response_type": "code",
            "scope": scope,
        },
        allow_redirects=False,
        timeout=SECONDS,
    )
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_authorization_code_works_once(sandbox):
    sandbox.switch(allowed_scopes=["read", "write", "offline"])
    callback = authorization_code(sandbox)
    assert callback["state"] == "12345678"
    form = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": REDIRECT,
    }
    assert request_token(sandbox, **form).json()["refresh_token"]
    assert request_token(sandbox, **form).json()["error"] == "invalid_grant"


def test_short_state_is_refused_at_the_callback(sandbox):
    assert "error" in authorization_code(sandbox, state="1234567", scope="read")


def test_refresh_token_rotates(sandbox):
    sandbox.switch(allowed_scopes=["read", "write", "offline"])
    first = request_token(
        sandbox,
        grant_type="authorization_code",
        code=authorization_code(sandbox)["code"],
        redirect_uri=REDIRECT,
    ).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = request_token(sandbox, **form).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert request_token(sandbox, **form).status_code == 400


def test_without_offline_there_is_no_refresh_token(sandbox):
    code = authorization_code(sandbox, scope="read write")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert "refresh_token" not in request_token(sandbox, **form).json()
