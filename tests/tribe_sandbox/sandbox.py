"""The stand-in as a whole: its parts, and what concerns several of them at once."""

import threading
from dataclasses import dataclass, replace

from . import moments, seed
from .calls import CallLog
from .errors import not_found
from .faults import FaultInjector
from .oauth import AuthorizationServer
from .odata import write_once
from .rate_limit import RateLimiter
from .schema import build_schema
from .store import Store
from .switches import Switches, UnknownSwitch
from .webhooks import Webhooks

CLIENT_ID = "tribe-sandbox-client"
CLIENT_SECRET = "tribe-sandbox-secret"
WEBHOOK_SECRET = "tribe-sandbox-webhook-secret"


@dataclass(frozen=True)
class Settings:
    """How the server was started. *store_path* is a file or ``:memory:``; *switches* a dict."""

    store_path: str
    size: seed.Size
    is_empty: bool
    switches: dict


class Sandbox:
    """Everything behind the one address. ``address`` is set once the port is known."""

    def __init__(self, settings):
        """Raises UnknownSwitch for a wrong switch in *settings*."""
        self._settings = settings
        self._lock = threading.RLock()
        self.address = ""
        self.switches = Switches(settings.switches)
        self.store = Store(settings.store_path)
        self.faults = FaultInjector()
        self.calls = CallLog()
        self.limiter = RateLimiter(self.switches)
        self.oauth = AuthorizationServer(CLIENT_ID, CLIENT_SECRET, self.switches)
        self._followed = None
        self._follow_switches()
        self.webhooks = Webhooks(self.store, self.switches, WEBHOOK_SECRET)
        if self.store.is_empty():
            self._fill(settings.size, settings.is_empty)

    def write(self, actor, work):
        """Run *work* (a function of a Writer) as *actor*; webhooks follow. Raises ApiError."""
        return write_once(self, actor, work)

    def change_switches(self, changes):
        """Move switches (dict name -> value); raises UnknownSwitch."""
        with self._lock:
            before = self.switches.as_dict()
            self.switches.change(changes)
            try:
                self._follow_switches()
            except (KeyError, TypeError) as error:
                self.switches.change(before)
                raise UnknownSwitch("A custom field names an unknown type or has no id.") from error
            self._add_phases()
            self.webhooks.wake()

    def reset(self, order):
        """Reseed and forget; *order* is the body of the control call. Raises UnknownSwitch.

        Fields: seed, relations, invoices, empty, keep_webhooks, and switches (dict): when it is
        there, all other switches return to where they were at the start.
        """
        with self._lock:
            if "switches" in order:
                self.switches.restart()
                self.change_switches(order["switches"] or {})
            size = replace(
                self._settings.size,
                **{
                    name: order[name] for name in ("seed", "relations", "invoices") if name in order
                },
            )
            keep = ("Webhook",) if order.get("keep_webhooks") else ()
            self.faults.clear()
            self.webhooks.forget_deliveries()
            self.store.forget_backup()
            self._fill(size, order.get("empty", self._settings.is_empty), keep)
            self.calls.reset()
            self.limiter.reset()
            if not order.get("keep_webhooks"):
                self.oauth.revoke_all()

    def multiply_invoices(self, times):
        """Have each invoice so many times, without lines and PDFs: for what only lists them."""
        with self.store.transaction():
            self.store.multiply("Activity", seed.INVOICE, times)

    def back_up(self):
        """Keep today's records, for another day."""
        self.store.back_up()

    def restore(self):
        """Return to the records of the day of the backup; raises ApiError (404) without one.

        Nobody is told: it is as if what happened since had not happened.
        """
        if not self.store.restore():
            raise not_found("There is no backup.")
        # Switches may have added columns since.
        self._followed = None
        self._follow_switches()

    def close(self):
        """Stop the deliveries and close the store."""
        self.faults.clear()
        self.webhooks.stop()
        self.store.close()

    def _follow_switches(self):
        positions = self.switches.as_dict()
        if positions == self._followed:
            return
        everything = Switches({**positions, "billing_module": True, "absent_fields": []})
        schema = build_schema(self.switches)
        with self.store.transaction():
            self.store.ensure(build_schema(everything))
        self.store.lag_behind(self.switches.query_lag)
        self.schema = schema
        self._followed = positions

    def _fill(self, size, is_empty, keep=()):
        if is_empty:
            size = replace(size, relations=0, invoices=0)
        with self.store.transaction():
            self.store.clear(keep)
            seed.fill(self.store, self.switches, size)
        self._add_phases()
        self.store.lag_behind(self.switches.query_lag)

    def _add_phases(self):
        with self.store.transaction():
            for code in self.switches.extra_phases:
                self._add_phase(code, code)
            for name in self.switches.uncoded_phases:
                self._add_phase(name, None)

    def _add_phase(self, name, code):
        identifier = seed.phase_row_id(name)
        if self.store.row("Datastore", identifier):
            return
        row = dict.fromkeys(self.store.families["Datastore"])
        row.update(
            ID=identifier,
            _Type="Datastore.Phase.ActivityInvoice",
            _Name=name,
            Name=name,
            LocalizedName=name,
            Code=code,
            CreationDate=moments.now(),
        )
        self.store.insert("Datastore", row)
