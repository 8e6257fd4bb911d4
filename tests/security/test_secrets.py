"""After a day with everything logged, no secret is anywhere but in its table."""

import pytest

EXPECTED = {"client_secret", "access_token", "refresh_token", "webhook_token", "webhook_secret"}
EXPECTED_USED = {"code", "first access_token", "used access_token", "used refresh_token"}


def test_there_were_secrets_to_leak(day):
    assert day.secrets.keys() >= EXPECTED
    assert day.used_secrets.keys() == EXPECTED_USED
    assert all(len(secret) >= 12 for secret in (day.secrets | day.used_secrets).values())


def test_the_log_told_everything_else(day):
    for expected in (
        "DEBUG",
        "query: UPDATE",
        "/tribe/webhook/",
        "/tribe/sign-in",
        "is not shown",
        "Nieuwe Klant",
    ):
        assert expected in day.log, expected
    for expected in ("api_address", "Nieuwe Klant", "datas", "Welcome to Odoo"):
        assert expected in day.answers, expected


@pytest.mark.parametrize("where", ["log", "answers"])
def test_no_secret_is_in(day, where):
    text = getattr(day, where)
    found = {
        name: text[max(0, at - 300) : at]
        for name, secret in (day.secrets | day.used_secrets).items()
        if (at := text.find(secret)) >= 0
    }
    assert not found
