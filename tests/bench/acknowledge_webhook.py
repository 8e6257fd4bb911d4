"""Acknowledging a webhook, compared with a bare controller that inserts one row."""

import json
import time
import uuid
from pathlib import Path

import requests
from end_to_end.world import World, world
from tribe_sandbox.webhooks import sign

from host.odoo_source import find_or_fetch
from host.paths import CHECKOUT

from .core import Measured, pair, percentile

ADDONS = Path(__file__).with_name("addons")
BARE = "tribe_bench_bare"
ENTITY_TYPE = "Relation.Organization"
# All of them are less than what makes one look of all that is unknown.
EACH = 100
QUICK_EACH = 30
MOST_RATIO = 1.25
SWITCHES = {"rate_limit": 10**6, "webhook_paused": True}


def measure(quick: bool) -> Measured:
    """One after the other, over one connection; no lane runs meanwhile."""
    each = QUICK_EACH if quick else EACH
    odoo = find_or_fetch()
    options = {
        "addons_path": ",".join(map(str, (*odoo.addons, CHECKOUT, ADDONS))),
        "server_wide_modules": f"base,rpc,web,{BARE}",
    }
    sandbox_options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world(
        "tribe_bench_webhook", seed=None, sandbox_options=sandbox_options, **options
    ) as both:
        both.connect()
        both.map()
        both.activate()
        both.server.execute("CREATE TABLE tribe_bench_bare (id serial, body text)", [])
        # Its lanes would be at the same processor.
        both.server.execute("UPDATE ir_cron SET active = FALSE", [])
        figures = Requests(both).measure(each)
    return Measured(
        f"p50 {figures['p50_ratio']:.2f} x, p99 {figures['p99_ratio']:.2f} x"
        f" ({figures['p50_milliseconds']:.1f} ms against {figures['bare_p50_milliseconds']:.1f})",
        figures["p50_ratio"] <= MOST_RATIO,
        figures,
    )


class Requests:
    """Requests to both controllers."""

    def __init__(self, both: World):
        (hook,) = [hook for hook in both.tribe.webhooks() if hook["entityType"] == ENTITY_TYPE]
        self._secret = both.sandbox.webhook_secret
        self._address, self._id = hook["webhookUrl"], hook["id"]
        self._headers = {each["name"]: each["value"] for each in hook["headers"]}
        self._bare = f"{both.server.address}/tribe_bench/bare"
        self._session = requests.Session()
        self._session.trust_env = False
        self.took: dict[str, list[float]] = {self._address: [], self._bare: []}

    def measure(self, each: int) -> dict:
        """Figures of so many requests of each kind a turn."""
        self._turn(self._address, 5), self._turn(self._bare, 5)
        self.took = {self._address: [], self._bare: []}
        took = pair(
            lambda: self._turn(self._address, each),
            lambda: self._turn(self._bare, each),
        )
        ours, bare = self.took[self._address], self.took[self._bare]
        return {
            "p50_ratio": percentile(ours, 0.5) / percentile(bare, 0.5),
            "p99_ratio": percentile(ours, 0.99) / percentile(bare, 0.99),
            "p50_milliseconds": percentile(ours, 0.5) * 1000,
            "bare_p50_milliseconds": percentile(bare, 0.5) * 1000,
            "p99_milliseconds": percentile(ours, 0.99) * 1000,
            "bare_p99_milliseconds": percentile(bare, 0.99) * 1000,
            "requests": len(ours),
            "medians_of_turns": took.figures(),
        }

    def _turn(self, address: str, count: int) -> float:
        """Send so many; returns the median of their seconds."""
        seconds = [self._send(address) for _number in range(count)]
        self.took[address] += seconds
        return percentile(seconds, 0.5)

    def _send(self, address: str) -> float:
        message = {"webhookId": self._id, "payload": {"entityId": str(uuid.uuid4())}}
        body = json.dumps(message, separators=(",", ":")).encode()
        headers = {
            **self._headers,
            "Content-Type": "application/json",
            "X-Tribe-Webhook-Signature": sign(self._secret, body),
        }
        started = time.perf_counter()
        answer = self._session.post(address, data=body, headers=headers, timeout=60)
        took = time.perf_counter() - started
        if answer.status_code != 204:
            raise AssertionError(f"{address}: {answer.status_code} {answer.text[:500]}")
        return took
