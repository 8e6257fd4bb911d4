"""The rate limit: a sliding window per client. docs/tribe-api.md."""

from .client import request_token


def statuses(api, count):
    return [api.get("Product", top=0).status_code for _ in range(count)]


def test_a_thousand_calls_a_minute_is_the_default(sandbox):
    positions = sandbox.switch()
    assert (positions["rate_limit"], positions["rate_window"]) == (1000, 60.0)


def test_calls_over_the_limit_are_429_with_nothing_in_it(api, sandbox):
    sandbox.switch(rate_limit=3)
    assert statuses(api, 5) == [200, 200, 200, 429, 429]
    answer = api.get("Product")
    assert answer.content == b""
    assert "Retry-After" not in answer.headers
    assert sandbox.calls()["refused"] == 3


def test_window_slides(api, sandbox):
    sandbox.switch(rate_limit=2)
    assert statuses(api, 3) == [200, 200, 429]
    sandbox.switch(rate_window=0.000001)
    assert statuses(api, 3) == [200, 200, 200]


def test_refused_calls_may_count(api, sandbox):
    sandbox.switch(rate_limit=1, rate_counts_refused=True)
    assert statuses(api, 3) == [200, 429, 429]
    sandbox.switch(rate_limit=3)
    assert statuses(api, 1) == [429]


def test_retry_after_by_switch(api, sandbox):
    sandbox.switch(rate_limit=0, retry_after=True)
    assert api.get("Product").headers["Retry-After"] == "60"


def test_tokens_and_control_are_not_limited(sandbox):
    sandbox.switch(rate_limit=0)
    assert request_token(sandbox).status_code == 200
    assert sandbox.rows("Product")
