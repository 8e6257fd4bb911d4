"""Odoo in this process, with real commits, and the stand-in for Tribe beside it.

For rows that count queries, or compare with bare ORM code in the same database.
"""

import contextlib
import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from end_to_end.waiting import far_hour
from tribe_sandbox.process import SandboxProcess

import odoo.tools
from odoo import SUPERUSER_ID, api, fields
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import SQL

from host import odoo_command, postgresql
from host.databases import Databases
from host.odoo_source import find_or_fetch
from host.paths import LOGS

from .in_tribe import make_relation

# The second lane for what comes in differs from the first in nothing but its lock.
CRONS = {"outbound": "cron_outbound", "inbound": "cron_inbound_1"}
# Nobody's limit is met, and no webhook is sent: what is looked at is asked for.
SWITCHES = {"rate_limit": 10**9, "webhook_paused": True}
UNLIMITED = 10**6
TAXES = {
    "NL21": "21% ST",
    "NL9": "9% ST",
    "NL0": "0% ST S",
    "NLVERLEGD": "0% R",
    "EUIC": "0% EX EU G",
}


class Inside:
    """Both systems, in the hands of one thread. Made by ``inside``."""

    def __init__(self, env, sandbox: SandboxProcess):
        self.env = env
        self.sandbox = sandbox
        # How many seconds this process waited for Tribe's answers.
        self.waited = 0.0
        self.connection = env["tribe.connection"]
        self._numbers = itertools.count(1)

    # The steps of an administrator

    def new_connection(self, sandbox: SandboxProcess | None = None, **values):
        """A connection with a stand-in, not yet connected."""
        sandbox = sandbox or self.sandbox
        connection = self.env["tribe.connection"].create(
            {
                "name": "Tribe CRM",
                "company_id": self.env.ref("base.main_company").id,
                "mode": "demo",
                "api_address": sandbox.address,
                "authorization_address": sandbox.address,
                "web_address": sandbox.address,
                "webhook_address": "http://127.0.0.1:9",
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "calls_per_window": UNLIMITED,
                "invoices_from": False,
                "nightly_hour": far_hour(),
                **values,
            }
        )
        self.commit()
        return connection

    def activate(self, **values) -> None:
        """Connect, map and activate; the initial synchronization is over afterwards."""
        self.connection = self.new_connection(**values)
        self.connection.action_connect()
        self.map(self.connection)
        self.connection.action_activate()
        self.commit()
        self.run_lanes()

    def map(self, connection) -> None:
        """Give each legal entity this company, a journal, and the taxes of the Dutch chart."""
        company = connection.company_id
        income = self.env["account.account"].search(
            [("account_type", "=", "income"), ("company_ids", "in", company.ids)], limit=1
        )
        taxes = self.env["account.tax"].search(
            [("company_id", "=", company.id), ("type_tax_use", "=", "sale")]
        )
        for entity in connection.legal_entity_ids:
            entity.company_id = company
            entity.action_create_journal()
            for group in entity.vat_group_ids:
                tax = taxes.filtered(lambda tax, group=group: tax.name == TAXES[group.code])[:1]
                group.write({"tax_id": tax.id, "account_id": income.id})
        self.commit()

    # The clock

    def commit(self) -> None:
        """Commit, as at the end of a request; what comes next reads all anew."""
        self.env.flush_all()
        self.env.cr.commit()
        self.env.invalidate_all()

    def run_lanes(self) -> None:
        """Run the scheduled actions that have due work, until none is due and all is done."""
        self.run_due_work()
        if problems := self.problems():
            raise AssertionError(f"not everything was done: {problems[:5]}")

    def problems(self) -> list[str]:
        """What the connector says needs attention."""
        return self.env["tribe.work"].search([("error_class", "!=", False)]).mapped("error")

    def run_due_work(self) -> None:
        """Run the scheduled actions that have due work, until none is due."""
        while directions := self.due_directions():
            for direction in directions:
                self.env.ref(f"tribe_connector.{CRONS[direction]}").method_direct_trigger()
                self.commit()

    def timed(self, work) -> float:
        """How long something takes, without the time that Tribe's answers are waited for."""
        waited, started = self.waited, time.perf_counter()
        work()
        return time.perf_counter() - started - (self.waited - waited)

    # In Tribe

    def relations(self, count: int) -> list[str]:
        """New organizations in Tribe, each with a number and a customer relationship: the IDs."""
        own = self.connection.own_organization_id
        numbers = itertools.islice(self._numbers, count)
        return [make_relation(self.sandbox, own, number) for number in numbers]

    def note(self, kind: str, references, reason: str = "poll") -> None:
        """Note that records of Tribe are to be looked at, as who finds them does."""
        self.env["tribe.work"]._add(self.connection, "inbound", kind, references, reason)
        self.commit()

    def due_directions(self) -> list[str]:
        """In which directions work is due, or will be within a moment."""
        # Odoo's present moment has no fraction of a second.
        soon = fields.Datetime.now() + timedelta(seconds=1)
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT direction FROM tribe_work WHERE due <= %s", soon)
        )
        self.env.cr.commit()
        return sorted(direction for (direction,) in rows)


@contextlib.contextmanager
def inside(database: str, *, switches: dict | None = None, **sandbox_options) -> Iterator[Inside]:
    """Both systems, not yet connected. Odoo is loaded once per process: one row, one process."""
    source = find_or_fetch()
    options = {"relations": 0, "invoices": 0, **sandbox_options}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql.running())
        databases = Databases(server, source)
        databases.create_with_addon(database)
        stack.callback(databases.drop, database)
        settings = odoo_command.configuration(
            server, source, database, max_cron_threads=0, log_level="error"
        )
        path = odoo_command.write_configuration(LOGS / f"{database}.conf", settings)
        sandbox = stack.enter_context(
            SandboxProcess(switches={**SWITCHES, **(switches or {})}, **options)
        )
        env = stack.enter_context(loaded(path, database))
        # Odoo's own partners are no customers of ours.
        env["res.partner"].search([]).write({"customer_rank": 0, "supplier_rank": 0})
        both = Inside(env, sandbox)
        both.commit()
        stack.enter_context(waiting_for_tribe(both))
        yield both


@contextlib.contextmanager
def loaded(configuration: Path, database: str) -> Iterator[api.Environment]:
    """Odoo in this process, by a configuration file: the administrator's environment."""
    odoo.tools.config.parse_config(["-c", str(configuration)], setup_logging=True)
    initialize_sys_path()
    registry = Registry(database)
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            yield env(user=env.ref("base.user_admin"), su=True)
    finally:
        odoo.sql_db.close_all()


@contextlib.contextmanager
def waiting_for_tribe(both: Inside) -> Iterator[None]:
    """Add up how long each exchange with Tribe takes."""
    from odoo.addons.tribe_connector.tribe_api import exchange  # noqa: PLC0415 - Odoo comes first

    send = exchange.send

    def timed(*arguments, **options):
        started = time.perf_counter()
        try:
            return send(*arguments, **options)
        finally:
            both.waited += time.perf_counter() - started

    with patch.object(exchange, "send", timed):
        yield


@contextlib.contextmanager
def capturing_creates(env, model: str) -> Iterator[list]:
    """Note with which environment and values records of a model are created: ``[(env, vals)]``."""
    cls = env.registry[model]
    create, noted = cls.create, []

    def noting(records, vals_list):
        vals_list = [vals_list] if isinstance(vals_list, dict) else list(vals_list)
        noted.append((records.env, [dict(vals) for vals in vals_list]))
        return create(records, vals_list)

    with patch.object(cls, "create", noting):
        yield noted
