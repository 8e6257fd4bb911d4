"""Both systems on a fast clock, and the hands that break them, wait, and look at what is left."""

import concurrent.futures
import contextlib
import functools
import random
import re
import threading
import time
from collections.abc import Iterator

import psycopg2
import requests
from end_to_end.odoo_api import OdooError
from end_to_end.waiting import SECONDS, until
from end_to_end.world import World, world
from psycopg2 import sql
from tribe_sandbox.process import SandboxProcess

from host.odoo_server import OdooServer

from .reference_model import INTERNAL, PORTAL, Contents, ReferenceModel
from .tenant import Tenant, marker_of

# The scaled clock. The settle time is longer than any request is on its way here.
WAITS = {
    "settle_seconds": 8,
    "back_off_seconds": 1,
    "longest_back_off_seconds": 2,
    "rate_limit_pause_seconds": 1,
    "probe_seconds": 1,
    # In a storm it is as short as its faults need (storm.py).
    "answer_seconds": 30,
    # Looked for when a test says so.
    "poll_seconds": 3600,
    "overlap_seconds": 5,
}
# Two Odoo processes on one database, each with a web server and crons of its own. Processes as
# workers (prefork) are in test_crash.py.
PROCESSES = {"max_cron_threads": 2}
# As many trials as get their customers in the time to settle, with Tribe's limit of calls.
PREPARED_AT_ONCE = 20
USER_GROUPS = {INTERNAL: "group_user", PORTAL: "group_portal"}
# Another one than the laboratory's: the same would be the same tenant.
NEIGHBOUR_SEED = 77
# The code of a sentence as the database has it.
CODE = re.compile(r'"code": "(\w+)"')
# How the name of each customer begins.
MARKER = re.compile(r"\b[A-Z]\d*-\d+\b")
# After the faults: how often everything is run again before both systems must be right.
MOST_RUNS = 4
TICK_SECONDS = 1.0
PAUSE_SECONDS = 0.6
# What is due within so many seconds is waited for.
SOON_SECONDS = 12


class Laboratory(Tenant):
    """A world in which things go wrong, and a reference model says what must come out.

    ``neighbour`` is another tenant, with a company of its own in the same Odoo, once there is one.
    """

    def __init__(self, both: World, second: OdooServer, database: str, postgresql):
        self.__dict__.update(both.__dict__)
        self.servers = (self.server, second)
        self._postgresql = psycopg2.connect(dbname=database, **postgresql.connection_options())
        self._postgresql.autocommit = True
        self.neighbour: Tenant | None = None
        # The invoices of all models, by their IDs in Tribe.
        self._made: set[str] = set()

    @property
    def tenants(self) -> list[Tenant]:
        """All that are connected with this Odoo."""
        return [self, self.neighbour] if self.neighbour else [self]

    @property
    def connection_ids(self) -> list[int]:
        """The connections of all tenants."""
        return [tenant.connection_id for tenant in self.tenants]

    # What people do

    def make_user(self, partner_id: int, login: str, kind: str) -> None:
        """Let somebody sign in to Odoo with a customer: an internal user, or one of the portal."""
        (group,) = self.odoo.rows(
            "ir.model.data",
            [["module", "=", "base"], ["name", "=", USER_GROUPS[kind]]],
            ["res_id"],
        )
        self.odoo.call(
            "res.users",
            "create",
            vals_list=[
                {
                    "partner_id": partner_id,
                    "login": login,
                    "group_ids": [[6, 0, [group["res_id"]]]],
                }
            ],
            context={"no_reset_password": True},
        )

    @functools.cached_property
    def vat_groups(self) -> dict[int, str]:
        """The IDs of Tribe's VAT groups of the Netherlands by their percentage."""
        ids = {row["Code"]: row["ID"] for row in self.sandbox.rows("Datastore_VatGroup")}
        return {percentage: ids[f"NL{percentage}"] for percentage in (21, 9, 0)}

    @functools.cached_property
    def legal_entities(self) -> list[str]:
        """The Tribe IDs of the legal entities, the default one first."""
        own = [["connection_id", "=", self.connection_id]]
        rows = self.odoo.rows("tribe.legal.entity", own, ["tribe_id", "is_default"])
        return [row["tribe_id"] for row in sorted(rows, key=lambda row: not row["is_default"])]

    def send_invoice(self, relationship_id: str, lines, **columns) -> str:
        """Make an invoice in Tribe and send it; returns its ID. Lines: (quantity, price, VAT)."""
        invoice_id = self.make_invoice(relationship_id, lines, **columns)
        self.sandbox.set_phase(invoice_id, "Sent")
        return invoice_id

    def make_invoice(self, relationship_id: str, lines, group: str = "", **columns) -> str:
        """Make an invoice in Tribe that is not sent yet; returns its ID.

        :param group: the VAT group of all lines, instead of the one with their percentage
        """
        row = self.sandbox.create(
            "Activity_Invoice",
            {
                "Subject": "Onderhoud",
                "Currency": "EUR",
                "Relationship": {"ID": relationship_id},
                "ProductLines": [
                    {
                        "Description": "Werk",
                        "Quantity": float(quantity),
                        "Price": float(price),
                        "VatGroup": {"ID": group or self.vat_groups[vat]},
                    }
                    for quantity, price, vat in lines
                ],
                **columns,
            },
        )
        self._made.add(row["ID"])
        return row["ID"]

    def move_of(self, invoice_id: str) -> int:
        """What is booked of an invoice of Tribe."""
        (move,) = self.odoo.rows("account.move", [["tribe_id", "=", invoice_id]], ["id"])
        return move["id"]

    def pay(self, invoice_id: str) -> None:
        """Register the payment of an invoice in Odoo."""
        (move,) = self.odoo.rows(
            "account.move", [["tribe_id", "=", invoice_id]], ["id", "company_id"]
        )
        context = {
            "active_model": "account.move",
            "active_ids": [move["id"]],
            "allowed_company_ids": [move["company_id"][0]],
        }
        wizard = self.odoo.call(
            "account.payment.register", "create", vals_list=[{}], context=context
        )
        self.odoo.call(
            "account.payment.register", "action_create_payments", wizard, context=context
        )

    def prepare(self, trials) -> dict:
        """Make the customers of all storms (or kills), in the calm: ``{seed: trial}``."""
        self.odoo.write("tribe.connection", [self.connection_id], tell_unpaid=True)
        for start in range(0, len(trials), PREPARED_AT_ONCE):
            some = trials[start : start + PREPARED_AT_ONCE]
            for trial in some:
                trial.make_customers(self)
            self.run_once()
            for trial in some:
                trial.send_first_invoice(self)
            self.run_once()
        return {trial.seed: trial for trial in trials}

    # The clock

    def run_each_lane(self) -> None:
        """Run every lane once more, each after what it does now."""
        crons = self.odoo.rows("ir.cron", [["cron_name", "like", "Tribe CRM: "]], ["cron_name"])
        for cron in crons:
            if cron["id"] != self.schedule_id:
                until(cron["cron_name"], lambda cron=cron: self.run_cron(cron["id"]))

    def look(self) -> None:
        """Let so much time pass that changes in Tribe are looked for."""
        self.query("DELETE FROM tribe_cursor WHERE stream = 'schedule:poll'")
        self.tick()

    def calm_down(self) -> None:
        """End all faults and odd switches; what Tribe still has to say is said."""
        for tenant in self.tenants:
            tenant.sandbox.clear_faults()
            tenant.sandbox.switch(
                query_lag=0.0,
                expires_in=3600,
                webhook_paused=False,
                webhook_reorder=False,
                webhook_drop_rate=0.0,
                webhook_duplicate_rate=0.0,
                webhook_delay=0.0,
            )
            tenant.sandbox.deliveries()

    def run_once(self) -> None:
        """One round of everything: look, night, and wait until nothing is due."""
        self.look()
        for tenant in self.tenants:
            tenant.press("action_run_nightly")
        self.wait_until_idle()

    def go_on(self, seconds: float, until) -> None:
        """Let the clock go on for so long, or until something is so, or nothing is due."""
        clock = threading.Event()
        give_up_at = time.monotonic() + seconds
        while self._due_work() and not until() and time.monotonic() < give_up_at:
            self.tick()
            # The machine is for the lanes.
            clock.wait(PAUSE_SECONDS)

    def wait_until_idle(self, seconds: float = SECONDS) -> None:
        """Wait until no work is due, while the clock goes on."""
        ticked = time.monotonic()

        def is_idle():
            nonlocal ticked
            if not self._due_work():
                return True
            if time.monotonic() - ticked > TICK_SECONDS:
                self.tick()
                ticked = time.monotonic()
            return False

        until("the work to be done", is_idle, seconds, pause=0.1)

    def recover(self, model: ReferenceModel) -> tuple[int, list[str]]:
        """Run everything until both systems are right, a bounded number of times.

        Returns how often it was run, and the differences that are left.
        """
        self.calm_down()
        differences: list[str] = []
        for run in range(1, MOST_RUNS + 1):
            self.run_once()
            self.keep_what_odoo_has()
            differences = model.differences(self.contents(model))
            if not differences:
                return run, []
        return MOST_RUNS, differences

    def keep_what_odoo_has(self) -> None:
        """Answer what is asked about the addresses with which people sign in.

        And about what a restored backup shows of a customer of the neighbour.
        """
        asked = self.odoo.rows(
            "tribe.conflict",
            [
                ["decision", "=", False],
                "|",
                ["field_name", "=", "email"],
                ["connection_id", "!=", self.connection_id],
            ],
            ["id"],
        )
        if asked:
            self.odoo.call("tribe.conflict", "action_take_odoo", [each["id"] for each in asked])
            self.wait_until_idle()

    # Looking

    def unseen(self, tenant: Tenant) -> set[str]:
        """The markers of customers of which no read shows yet what Tribe was told."""
        told = self.query(
            """SELECT partner.name FROM tribe_link link
                 JOIN res_partner partner ON partner.id = link.partner_id
                WHERE link.connection_id = %s AND link.being_told IS NOT NULL""",
            [tenant.connection_id],
        )
        return {marker_of(name) for (name,) in told}

    def contents(self, model: ReferenceModel) -> Contents:
        """What both systems contain of what the model knows."""
        links = self._links(model.invoices)
        return Contents(
            tribe=self._in_tribe(model.relations),
            relationships=self._relationships(),
            odoo=self._in_odoo(model.relations),
            moves=self._moves(model.invoices, {link["move"]: each for each, link in links.items()}),
            links=links,
            settled=self._settled(links),
            phases=self._phases(model.invoices),
            problems=self._problems_of(model.invoices),
            leftovers=self._leftovers(model),
        )

    def _in_tribe(self, markers) -> dict[str, list[dict]]:
        """In whichever tenant: what is in two of them is there twice."""
        found: dict[str, list[dict]] = {}
        for tenant in self.tenants:
            for marker, rows in tenant.relations(markers).items():
                found.setdefault(marker, []).extend(rows)
        return found

    def _relationships(self) -> dict[str, list[dict]]:
        return {
            relation: rows
            for tenant in self.tenants
            for relation, rows in tenant.relationships().items()
        }

    def _in_odoo(self, markers) -> dict[str, list[dict]]:
        names = ["name", "email", "phone", "city", "debtor_number", "active", "tribe_id"]
        found: dict[str, list[dict]] = {}
        relations = ["|", ["parent_id", "=", False], ["is_company", "=", True]]
        for row in self.odoo.rows("res.partner", relations, [*names, "company_id"]):
            marker = marker_of(row["name"])
            if marker in markers:
                # Whom Tribe brings has no company; the neighbour's are made in Odoo.
                company = row["company_id"][0] if row["company_id"] else self.company_id
                found.setdefault(marker, []).append(
                    {**row, "number": row["debtor_number"], "company": company}
                )
        return found

    def _links(self, invoices) -> dict[str, dict]:
        """How each invoice stands, by its ID in Tribe."""
        rows = self.query(
            """SELECT tribe_id, move_id, state, difference FROM tribe_link
                WHERE kind = 'invoice' AND tribe_id = ANY(%s)""",
            [list(invoices)],
        )
        return {
            tribe_id: {"move": move_id, "state": state, "codes": CODE.findall(difference or "")}
            for tribe_id, move_id, state, difference in rows
        }

    def _settled(self, links) -> dict[frozenset, float]:
        """Which two invoices of Tribe are reconciled with each other, and how much of them."""
        rows = self.query(
            """SELECT debit.move_id, credit.move_id, sum(partial.amount)
                 FROM account_partial_reconcile partial
                 JOIN account_move_line debit ON debit.id = partial.debit_move_id
                 JOIN account_move_line credit ON credit.id = partial.credit_move_id
             GROUP BY 1, 2"""
        )
        by_move = {link["move"]: tribe_id for tribe_id, link in links.items()}
        return {
            frozenset((by_move[debit], by_move[credit])): amount
            for debit, credit, amount in rows
            if debit in by_move and credit in by_move
        }

    def _problems_of(self, invoices) -> dict[str, list[str]]:
        """The causes of the problems of invoices, by their IDs in Tribe."""
        found: dict[str, list[str]] = {}
        for tribe_id, cause in self.query(
            """SELECT reference, COALESCE(cause, error_class) FROM tribe_work
                WHERE kind = 'invoice' AND error_class IS NOT NULL AND reference = ANY(%s)""",
            [list(invoices)],
        ):
            found.setdefault(tribe_id, []).append(cause)
        return found

    def _moves(self, invoices, tribe_ids) -> dict[str, list[dict]]:
        """By link, and by Tribe's number: a move that lost its link counts too.

        But for what was cancelled by hand.
        """
        numbers = {
            row["Number"]: row["ID"]
            for row in self.sandbox.rows("Activity_Invoice")
            if row["ID"] in invoices
        }
        entities = {
            row["journal_id"][0]: row["tribe_id"]
            for row in self.odoo.rows("tribe.legal.entity", [], ["journal_id", "tribe_id"])
            if row["journal_id"]
        }
        names = ["name", "state", "amount_total", "partner_id", "move_type", "journal_id"]
        of_customers = [
            ["move_type", "in", ["out_invoice", "out_refund"]],
            ["state", "!=", "cancel"],
        ]
        found: dict[str, list[dict]] = {}
        for row in self.odoo.rows("account.move", of_customers, names):
            tribe_id = tribe_ids.get(row["id"]) or numbers.get(row["name"])
            if tribe_id in invoices:
                sign = -1 if row["move_type"] == "out_refund" else 1
                found.setdefault(tribe_id, []).append(
                    {
                        "state": row["state"],
                        "total": sign * row["amount_total"],
                        "partner": row["partner_id"][0],
                        "entity": entities.get(row["journal_id"][0]),
                    }
                )
        return found

    def _phases(self, invoices) -> dict[str, str]:
        codes = {
            row["ID"]: row["Code"] for row in self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        }
        return {
            row["ID"]: codes[row["Phase"]]
            for row in self.sandbox.rows("Activity_Invoice")
            if row["ID"] in invoices
        }

    def _leftovers(self, model: ReferenceModel) -> list[str]:
        """What is still to be done, but for what is about the customers of another model.

        And for the problems of invoices, which each model asks for (``_problems_of``).
        """
        markers = model.relations
        problems = self.odoo.rows(
            "tribe.work", [["error_class", "!=", False]], ["kind", "reference", "error"]
        )
        sending = self.odoo.rows("tribe.link", [["state", "=", "sending"]], ["display_name"])
        leftovers = [
            *(
                row["error"]
                for row in problems
                if row["kind"] != "invoice" or row["reference"] not in self._made
            ),
            *(f"{link['display_name']} is being sent" for link in sending),
        ]
        named = {leftover: set(MARKER.findall(leftover)) for leftover in leftovers}
        return [one for one in leftovers if not named[one] or named[one] & markers.keys()]

    def kill_odoo(self) -> None:
        """End all Odoo processes at once, as a power failure would."""
        for server in self.servers:
            server.kill()

    def start_odoo(self) -> None:
        """Start all Odoo processes again."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(OdooServer.start, self.servers))

    def restart_postgresql(self, seconds: float) -> None:
        """End all sessions of Odoo and let no new ones in for so long, as a restart does.

        The server itself goes on: the tests beside this one use it.
        """
        name = sql.Identifier(self.server.database)
        options = self.server._server.connection_options()
        with contextlib.closing(psycopg2.connect(dbname="postgres", **options)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                refuse = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
                cursor.execute(refuse.format(name, sql.SQL("false")))
                # Odoo's application name is "odoo-" and its process ID: odoo/sql_db.py.
                cursor.execute(
                    """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE application_name = ANY(%s)""",
                    [[f"odoo-{server.pid}" for server in self.servers]],
                )
                assert cursor.fetchone()[0] > 0
                threading.Event().wait(seconds)
                cursor.execute(refuse.format(name, sql.SQL("true")))
        until("Odoo to answer again", self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.state())
        except (OdooError, requests.RequestException):
            return False

    @staticmethod
    def summary(differences) -> str:
        """How many differences of each kind."""
        return ", ".join(
            f"{sum(difference.startswith(kind) for difference in differences)} {kind}"
            for kind in ("lost", "doubled", "half")
        )

    # The database itself

    def query(self, statement: str, parameters=()) -> list[tuple]:
        """Rows of a statement, or none where it has no rows; committed."""
        with self._postgresql.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def age(self, seconds: float) -> None:
        """Have that much time pass for everything that waits."""
        for table, column in (
            ("tribe_work", "due"),
            ("tribe_work", "created"),
            ("tribe_cursor", "position"),
            ("tribe_availability", "failing_since"),
            ("tribe_availability", "unavailable_since"),
            ("tribe_availability", "next_probe"),
        ):
            self.query(
                f"UPDATE {table} SET {column} = {column} - make_interval(secs => %s)", [seconds]
            )
        self.query("UPDATE tribe_rate_limit SET position = position - %s", [seconds])

    def is_unreachable(self) -> bool:
        """Whether the connection leaves Tribe alone."""
        return bool(
            self.query("SELECT 1 FROM tribe_availability WHERE unavailable_since IS NOT NULL")
        )

    def seconds_of_pause(self) -> float:
        """How long Tribe wants no calls; 0 or less without a pause."""
        ((seconds,),) = self.query(
            """SELECT (position - EXTRACT(epoch FROM clock_timestamp())
                       - call_window_seconds * 0.25)::float
                 FROM tribe_rate_limit JOIN tribe_connection ON connection_id = tribe_connection.id
            """
        )
        return seconds

    def _due_work(self) -> list:
        return self.query(
            """SELECT id FROM tribe_work
                WHERE due <= now() AT TIME ZONE 'UTC' + make_interval(secs => %s)""",
            [SOON_SECONDS],
        )


def values_of(marker: str, chance: random.Random) -> dict:
    """What is typed for a new customer; everything in it is unique."""
    number = chance.randrange(10**6)
    return {
        "name": f"{marker} Klant {number}",
        "email": f"{marker.lower()}.{number}@klant.example",
        "phone": f"+31 20 {number:06d}",
        "city": f"Stad {number}",
    }


@contextlib.contextmanager
def laboratory(database: str = "tribe_faults", **settings) -> Iterator[Laboratory]:
    """Both systems, active, on the fast clock, with real processes for workers and crons."""
    with world(
        database,
        seed=None,
        sandbox_options={"relations": 5, "invoices": 0},
        **PROCESSES,
    ) as both:
        both.connect(export_moment="minute", **{**WAITS, **settings})
        both.map()
        both.activate()
        first = both.server
        with OdooServer(first._server, first._odoo, database, **PROCESSES) as second:
            yield Laboratory(both, second, database, first._server)


@contextlib.contextmanager
def with_neighbour(lab: Laboratory) -> Iterator[Laboratory]:
    """The laboratory with another tenant beside it, active, on the same clock."""
    company = _company_of_neighbour(lab)
    with SandboxProcess(seed=NEIGHBOUR_SEED, relations=0, invoices=0) as sandbox:
        lab.neighbour = Tenant(lab.server, sandbox, lab.key)
        lab.neighbour.connect(
            name="Tribe CRM (Buren)", company_id=company, export_moment="minute", **WAITS
        )
        # The two have the same names in both tenants.
        of_neighbour = [["connection_id", "=", lab.neighbour.connection_id]]
        entities = lab.odoo.rows("tribe.legal.entity", of_neighbour, ["id"])
        lab.odoo.write("tribe.legal.entity", [each["id"] for each in entities], company_id=company)
        lab.neighbour.activate()
        yield lab
        lab.neighbour.press("action_deactivate")
        lab.wait_until_idle()
        lab.odoo.call("tribe.connection", "unlink", [lab.neighbour.connection_id])
        lab.neighbour = None


def _company_of_neighbour(lab: Laboratory) -> int:
    """Its company, which is there already where it was a neighbour before."""
    name = "Buren B.V."
    for company in lab.odoo.rows("res.company", [["name", "=", name]], ["id"]):
        return company["id"]
    (country,) = lab.odoo.call("res.country", "search", domain=[["code", "=", "NL"]])
    return lab.odoo.create("res.company", name=name, country_id=country)
