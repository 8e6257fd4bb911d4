"""A real Odoo with the addon, a stand-in for Tribe beside it, and a connection between them."""

import contextlib
import functools
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tribe_sandbox.process import SandboxProcess

from host import odoo_command, postgresql
from host.console import step
from host.databases import Databases
from host.odoo_server import OdooServer
from host.odoo_source import find_or_fetch

from . import api_key
from .odoo_api import OdooApi, OdooError
from .tribe_reader import TribeReader
from .waiting import SECONDS, far_hour, until

FULL_SEED = Path(__file__).with_name("odoo_seed.py")
LANGUAGE_SCRIPT = Path(__file__).with_name("language_script.py")
# How the stand-in's VAT groups and ledger accounts are booked with the Dutch chart.
TAXES = {
    "NL21": "21% ST",
    "NL9": "9% ST",
    "NL0": "0% ST S",
    "NLVERLEGD": "0% R",
    "EUIC": "0% EX EU G",
}
# Nothing of the demo data's connection is ever done.
NOT_OF_DEMO_DATA = ["connection_id.is_demo_data", "=", False]
SOON_SECONDS = 15
INCOME_ACCOUNT = "800100"
LEDGER_ACCOUNTS = {"8000": "800100", "8010": "801100", "8020": "802100", "8030": "800500"}


class World:
    """Both systems, and the API clients to look at them. Made by ``world``."""

    def __init__(self, odoo: OdooServer, tribe: SandboxProcess, key: str, *, is_told: bool = True):
        self.server = odoo
        self.sandbox = tribe
        self.key = key
        # Whether Tribe's webhooks arrive.
        self.is_told = is_told
        self.odoo = OdooApi(odoo.address, key)
        self.tribe = TribeReader(tribe.address, tribe.client_id, tribe.client_secret)
        self.connection_id: int | None = None

    @property
    def own(self) -> list:
        """The domain of what is of this connection: the demo data have one of their own."""
        return [["connection_id", "=", self.connection_id]]

    # The steps of an administrator

    def connect(self, **settings) -> None:
        """Make the connection, press Connect, and choose the companies of the legal entities."""
        self.make_connection(**settings)
        self.press("action_connect")
        self.choose_companies(self.connection_id)

    def choose_companies(self, connection_id: int) -> None:
        """Give each legal entity for which no company was proposed that of the connection."""
        (own,) = self.odoo.rows("tribe.connection", [["id", "=", connection_id]], ["company_id"])
        without = self.odoo.rows(
            "tribe.legal.entity",
            [["connection_id", "=", connection_id], ["company_id", "=", False]],
            ["id"],
        )
        self.odoo.write(
            "tribe.legal.entity",
            [entity["id"] for entity in without],
            company_id=own["company_id"][0],
        )

    def make_connection(self, **settings) -> None:
        """Enter what Tribe shows of its application."""
        self.connection_id = self.odoo.create(
            "tribe.connection",
            mode="demo",
            api_address=self.sandbox.address,
            authorization_address=self.sandbox.address,
            web_address=self.sandbox.address,
            webhook_address=self.server.address,
            client_id=self.sandbox.client_id,
            client_secret=self.sandbox.client_secret,
            **{
                "name": "Tribe CRM",
                "invoices_from": False,
                "nightly_hour": far_hour(),
                **settings,
            },
        )

    def map(self) -> None:
        """Give each legal entity its journal, taxes and accounts."""
        entities = self.odoo.rows("tribe.legal.entity", self.own, ["company_id", "name"])
        self.odoo.call("tribe.legal.entity", "action_create_journal", [e["id"] for e in entities])
        for entity in entities:
            company = entity["company_id"][0]
            for group in self.odoo.rows(
                "tribe.vat.group", [["legal_entity_id", "=", entity["id"]]], ["code"]
            ):
                self.odoo.write(
                    "tribe.vat.group",
                    [group["id"]],
                    tax_id=self._tax(company, TAXES[group["code"]]),
                    account_id=self._account(company, INCOME_ACCOUNT),
                )
            for ledger in self.odoo.rows(
                "tribe.ledger.account", [["legal_entity_id", "=", entity["id"]]], ["code"]
            ):
                self.odoo.write(
                    "tribe.ledger.account",
                    [ledger["id"]],
                    account_id=self._account(
                        company, LEDGER_ACCOUNTS.get(ledger["code"], INCOME_ACCOUNT)
                    ),
                )

    def activate(self) -> None:
        """Press Activate, and wait until the initial synchronization and the booking are over."""
        self.press("action_activate")
        until("the initial synchronization", lambda: self.state() == "active")
        self.wait_until_idle()

    def press(self, button: str) -> None:
        """Press a button of the connection."""
        self.odoo.call("tribe.connection", button, [self.connection_id])

    def state(self) -> str:
        """The connection's state."""
        (row,) = self.odoo.rows("tribe.connection", [["id", "=", self.connection_id]], ["state"])
        return row["state"]

    def tick(self) -> None:
        """Let a minute of the schedule pass; that of this very moment may be running already."""
        self.run_cron(self.schedule_id)

    @functools.cached_property
    def schedule_id(self) -> int:
        """The scheduled action that comes each minute."""
        domain = [["cron_name", "=", "Tribe CRM: schedule"]]
        (schedule,) = self.odoo.call("ir.cron", "search", domain=domain)
        return schedule

    def run_cron(self, cron_id: int) -> bool:
        """Run a cron now. False when it is running already."""
        try:
            self.odoo.call("ir.cron", "method_direct_trigger", [cron_id])
        except OdooError as error:
            if "already executing" not in str(error):
                raise
            return False
        return True

    def run_nightly(self) -> None:
        """Press the button that does what is otherwise done at night, and wait until it is done."""
        self.press("action_run_nightly")
        self.wait_until_idle()

    def look(self) -> None:
        """Let the time come to look for changes, and wait until what is found is done."""
        self.odoo.write("tribe.connection", [self.connection_id], poll_seconds=1)
        until("the schedule", lambda: self.run_cron(self.schedule_id))
        self.wait_until_idle()

    def wait_until_idle(self, seconds: float = SECONDS) -> None:
        """Wait until no work is due: what is left waits for the night or for a person.

        First until Tribe has told everything: what is on its way is work, too.
        """
        self.sandbox.deliveries()
        until("the work to be done", lambda: not self._due_work(), seconds)

    def problems(self) -> list[str]:
        """What the connector says needs attention."""
        domain = [NOT_OF_DEMO_DATA, ["error_class", "!=", False]]
        rows = self.odoo.rows("tribe.work", domain, ["error"])
        return [row["error"] for row in rows]

    def linked(self, field: str, domain: list) -> list[int]:
        """The contacts or invoices of some links."""
        rows = self.odoo.rows("tribe.link", [*domain, [field, "!=", False]], [field])
        return sorted({row[field][0] for row in rows})

    def linked_elsewhere(self, field: str) -> list[int]:
        """The contacts or invoices of other connections, as that of the demo data."""
        return self.linked(field, [["connection_id", "!=", self.connection_id]])

    def _due_work(self) -> list:
        # Also what is due in a moment, because another worker was at it.
        moment = datetime.now(timezone.utc) + timedelta(seconds=SOON_SECONDS)
        due = ["due", "<=", f"{moment:%F %T}"]
        # What a webhook or the schedule noted while it was deactivated waits for ever.
        is_on = ["connection_id.state", "in", ["initial", "active"]]
        is_of_any_state = ["kind", "in", ["deactivate", "plan"]]
        domain = [NOT_OF_DEMO_DATA, due, "|", is_on, is_of_any_state]
        return self.odoo.rows("tribe.work", domain, ["id"])

    def _tax(self, company: int, name: str) -> int:
        domain = [["company_id", "=", company], ["name", "=", name]]
        domain.append(["type_tax_use", "=", "sale"])
        return self.odoo.rows("account.tax", domain, ["id"])[0]["id"]

    def _account(self, company: int, code: str) -> int:
        (account,) = self.odoo.call(
            "account.account",
            "search_read",
            domain=[["code", "=", code], ["company_ids", "in", [company]]],
            fields=["id"],
            context={"allowed_company_ids": [company]},
        )
        return account["id"]


@contextlib.contextmanager
def world(
    database: str,
    *,
    seed: Path | None = FULL_SEED,
    sandbox_options: dict | None = None,
    is_told: bool = True,
    create: Callable[[Databases, str], None] = Databases.create_with_addon,
    **odoo_options,
) -> Iterator[World]:
    """Both systems running, seeded, not yet connected.

    ``seed`` is a script for Odoo's shell, which finds Tribe's organizations in the file SEED_TRIBE;
    None where the tests make their own data. Unless ``is_told``, every webhook is lost. ``create``
    makes the database.
    """
    odoo = find_or_fetch()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql.running())
        create(Databases(server, odoo), database)
        with step("start the stand-in for Tribe"):
            sandbox = stack.enter_context(SandboxProcess(**(sandbox_options or {})))
            if not is_told:
                sandbox.switch(webhook_drop_rate=1.0)
        if seed:
            _seed(server, odoo, database, sandbox, seed)
        key = api_key.make(server, database)
        with step("start Odoo"):
            process = stack.enter_context(OdooServer(server, odoo, database, **odoo_options))
        yield World(process, sandbox, key, is_told=is_told)


def odoo_without_addon(database: str, language: str, **options):
    """An Odoo with the Dutch chart and a language, without the addon and without demo data."""

    def create(databases: Databases, name: str) -> None:
        databases.create(name)
        odoo_command.run_script(
            databases.server, databases.odoo, name, LANGUAGE_SCRIPT, LANGUAGE=language
        )

    return _odoo(create, database, **options)


def odoo_with_demo_data(database: str, **options):
    """An Odoo with the Dutch chart, the addon and its demo data."""
    return _odoo(Databases.create_with_demo_data, database, **options)


@contextlib.contextmanager
def _odoo(create, database: str, **options) -> Iterator[OdooServer]:
    odoo = find_or_fetch()
    with postgresql.running() as server:
        create(Databases(server, odoo), database)
        with OdooServer(server, odoo, database, **options) as process:
            yield process


def _seed(server, odoo, database: str, sandbox: SandboxProcess, seed: Path) -> None:
    customers = sandbox.rows("Relationship_Organization_CommercialRelationship_Customer")
    current = {row["Organization"] for row in customers if not row["IsFormer"]}
    organizations = [
        row
        for row in sandbox.rows("Relation_Organization")
        if row["DebtorNumber"] and row["ID"] in current
    ]
    with tempfile.TemporaryDirectory() as folder:
        tribe = Path(folder) / "tribe.json"
        tribe.write_text(json.dumps({"organizations": organizations}))
        with step("fill Odoo"):
            odoo_command.run_script(server, odoo, database, seed, SEED_TRIBE=str(tribe))
