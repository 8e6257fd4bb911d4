"""A system administrator signs in on Tribe's consent page, in a browser without a screen."""

from urllib.parse import parse_qs, urlsplit

import requests

SECONDS = 900


def sign_in_on_the_consent_page(both) -> str:
    """Sign in, and connect with the tokens that this gives; returns the code that was used."""
    browser = requests.Session()
    browser.trust_env = False
    _log_in(browser, both.server)
    both.odoo.write("tribe.connection", [both.connection_id], sign_in="authorization_code")
    (row,) = both.odoo.rows("tribe.connection", [], ["redirect_address"])
    both.sandbox.switch(
        redirect_uris=[row["redirect_address"]], allowed_scopes=["read", "write", "offline"]
    )
    consent = _sent_to(browser, _pressed(browser, both))
    back = both.sandbox.answer_consent(consent)
    assert browser.get(back, timeout=SECONDS).ok
    (code,) = parse_qs(urlsplit(back).query)["code"]
    return code


def _log_in(browser, server) -> None:
    answer = browser.post(
        f"{server.address}/web/session/authenticate",
        json={"params": {"db": server.database, "login": "admin", "password": "admin"}},
        timeout=SECONDS,
    )
    assert "error" not in answer.json(), answer.json()


def _pressed(browser, both) -> str:
    """Press Sign In with Tribe; the address that the browser is to open."""
    params = {"model": "tribe.connection", "method": "action_sign_in"}
    answer = browser.post(
        f"{both.server.address}/web/dataset/call_button/tribe.connection/action_sign_in",
        json={"params": {**params, "args": [[both.connection_id]], "kwargs": {}}},
        timeout=SECONDS,
    )
    return f"{both.server.address}{answer.json()['result']['url']}"


def _sent_to(browser, address: str) -> str:
    """Where a page sends the browser."""
    answer = browser.get(address, allow_redirects=False, timeout=SECONDS)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
