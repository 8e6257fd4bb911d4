"""After a day with everything logged, no secret is anywhere but in its table."""

import pytest

EXPECTED = {"client_secret", "access_token", "webhook_token", "webhook_secret"}


def test_there_were_secrets_to_leak(day):
    assert day.secrets.keys() >= EXPECTED
    assert all(len(secret) >= 12 for secret in day.secrets.values())


def test_the_log_told_everything_else(day):
    for expected in ("DEBUG", "query: UPDATE", "/tribe/webhook/", "is not shown", "Nieuwe Klant"):
        assert expected in day.log, expected
    for expected in ("api_address", "Nieuwe Klant", "datas", "Welcome to Odoo"):
        assert expected in day.answers, expected


@pytest.mark.parametrize("where", ["log", "answers"])
def test_no_secret_is_in(day, where):
    text = getattr(day, where)
    found = {
        name: text[max(0, at - 300) : at]
        for name, secret in day.secrets.items()
        if (at := text.find(secret)) >= 0
    }
    assert not found
