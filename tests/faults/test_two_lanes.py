"""Two lanes, in two processes, book in one company while people save and pay there."""

import contextlib
import copy
import random
import statistics
import threading
import time
from collections import Counter
from decimal import Decimal

import psycopg2
import pytest
from choices import IS_FULL
from end_to_end.odoo_api import OdooApi, OdooError
from end_to_end.odoo_log import alarms
from end_to_end.waiting import until

from host.odoo_server import OdooServer

from .laboratory import PROCESSES, values_of
from .reference_model import ODOO, ReferenceModel

# More than a lane takes at once.
INVOICES = 500 if IS_FULL else 60
# So many of before are there to be paid meanwhile.
EARLIER = 100 if IS_FULL else 16
CUSTOMERS = 40 if IS_FULL else 8
VAT_PERCENTAGES = (21, 9, 0)
# Two of each, who have customers of their own: Odoo has who saves a contact wait for who registers
# a payment of it.
SAVERS = (0, 1)
PAYERS = (2, 3)
LEAST_TURNS = 100 if IS_FULL else 3
PAUSE_SECONDS = 0.05
LOOK_SECONDS = 0.01
# What lanes may add to the median of all saves, and how much of all that people do may be waiting
# for what a lane holds.
MOST_ADDED_SECONDS = 0.1
MOST_WAITING = 1 / 20
BEGUN_ANEW = "tries left, try again"
# How the names of the customers begin.
LETTER = "B"
# Who waits for whom. The name of each session of Odoo ends with the number of its process.
WAITS = """
SELECT lock.waitstart::text, waiting.application_name, blocking.application_name,
       EXTRACT(epoch FROM clock_timestamp() - lock.waitstart)::float,
       waiting.query, blocking.query
  FROM pg_locks lock JOIN pg_stat_activity waiting USING (pid)
  JOIN pg_stat_activity blocking ON blocking.pid = ANY(pg_blocking_pids(lock.pid))
 WHERE NOT lock.granted AND waiting.datname = current_database()
"""


class Office:
    """Who saves and who pays in the company, each in a thread of their own."""

    def __init__(self, lab, server: OdooServer):
        self.lab = lab
        self.server = server
        self.chance = random.Random(LETTER)
        self.model = ReferenceModel(ODOO)
        self.partners: dict[str, int] = {}
        self.relationships: dict[str, str] = {}
        # Those that are booked and not paid, by who pays them.
        self.unpaid: dict[int, list[str]] = {number: [] for number in PAYERS}

    # In the calm

    def make_customers(self) -> None:
        """Customers that both sides know, with invoices of before."""
        for number in range(CUSTOMERS):
            marker = f"{LETTER}-{number}"
            values = values_of(marker, self.chance)
            self.model.created(marker, values)
            _relation, self.relationships[marker] = self.lab.make_in_tribe(marker, values)
        self.lab.run_once()
        found = self.lab.contents(self.model).odoo
        self.partners = {marker: rows[0]["id"] for marker, rows in found.items()}

    def markers_of(self, number: int) -> list[str]:
        """The customers of one of the four."""
        return list(self.relationships)[number :: len(SAVERS + PAYERS)]

    def send_earlier(self) -> None:
        """Have some invoices booked that can be paid."""
        for number in PAYERS:
            sent = self.send(EARLIER // len(PAYERS), self.markers_of(number))
            self.unpaid[number] += sent
        self.lab.run_once()

    def send(self, count: int, markers=None, entities=None) -> list[str]:
        """Send so many invoices, of each legal entity in turn; no webhook tells of them."""
        entities = entities or self.lab.legal_entities
        self.lab.sandbox.deliveries()
        self.lab.sandbox.switch(webhook_drop_rate=1.0)
        sent = [
            self._send_one(markers or list(self.relationships), entities[number % len(entities)])
            for number in range(count)
        ]
        self.lab.sandbox.deliveries()
        self.lab.sandbox.switch(webhook_drop_rate=0.0)
        return sent

    def _send_one(self, markers, legal_entity: str) -> str:
        marker = self.chance.choice(markers)
        lines = [
            (
                Decimal(self.chance.randint(1, 9)),
                Decimal(self.chance.randint(1, 99999)) / 100,
                self.chance.choice(VAT_PERCENTAGES),
            )
            for _line in range(self.chance.randint(1, 3))
        ]
        invoice_id = self.lab.send_invoice(
            self.relationships[marker], lines, Identity={"ID": legal_entity}
        )
        self.model.sent(invoice_id, marker, lines)
        return invoice_id

    # While lanes book

    def work(self, until_done) -> "Day":
        """Have everybody work while something is done, and each several times at least."""
        day = Day()
        options = self.server._server.connection_options()
        with contextlib.closing(
            psycopg2.connect(dbname=self.server.database, **options)
        ) as connection:
            connection.autocommit = True
            tasks = [
                lambda: self._look(day, connection),
                *(self._saver(day, number) for number in SAVERS),
                *(self._payer(day, number) for number in PAYERS),
            ]
            with day.everybody(tasks):
                until_done()
                until("everybody's turns", lambda: day.had_turns(tasks))
        return day

    def _saver(self, day, number: int):
        odoo = OdooApi(self.server.address, self.lab.key)
        chance = random.Random(number)

        def save():
            marker = chance.choice(self.markers_of(number))
            phone = values_of(marker, chance)["phone"]
            with day.counted(day.saves):
                odoo.write("res.partner", [self.partners[marker]], phone=phone)
            self.model.edited(marker, ODOO, "phone", phone)
            time.sleep(PAUSE_SECONDS)

        return save

    def _payer(self, day, number: int):
        person = copy.copy(self.lab)
        person.odoo = OdooApi(self.server.address, self.lab.key)

        def pay():
            if not self.unpaid[number]:
                raise StopIteration
            invoice_id = self.unpaid[number].pop()
            with day.counted(day.payments):
                person.pay(invoice_id)
            self.model.paid(invoice_id)
            time.sleep(PAUSE_SECONDS)

        return pay

    def _look(self, day, connection) -> None:
        """Look who of the people waits for a lock of a lane."""
        own = f"odoo-{self.server.pid}"
        with connection.cursor() as cursor:
            cursor.execute(WAITS)
            for began, who, whom, seconds, *queries in cursor.fetchall():
                if who == own != whom:
                    day.waits[began] = (seconds, *queries)
        time.sleep(LOOK_SECONDS)


class Day:
    """What came of everybody's work."""

    def __init__(self):
        self._is_over = threading.Event()
        self._turns = Counter()
        # How long each took.
        self.saves: list[float] = []
        self.payments: list[float] = []
        # What people waited for that a lane held: how long, what they did, and what it did.
        self.waits: dict[str, tuple[float, str, str]] = {}
        self.failures: list[str] = []

    @contextlib.contextmanager
    def everybody(self, tasks):
        """Have each task done again and again, in a thread of its own, until this is left."""
        threads = [threading.Thread(target=self._repeat, args=(task,)) for task in tasks]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def _repeat(self, task) -> None:
        while not self._is_over.is_set():
            try:
                task()
            except StopIteration:
                # It is all done.
                self._turns[task] = LEAST_TURNS
                return
            except Exception as error:  # noqa: BLE001 - told by the test
                self.failures.append(f"{type(error).__name__}: {error}")
            self._turns[task] += 1

    def had_turns(self, tasks) -> bool:
        """Whether each was done so often that something can be said."""
        return all(self._turns[task] >= LEAST_TURNS for task in tasks)

    @staticmethod
    @contextlib.contextmanager
    def counted(durations: list[float]):
        """Note how long something takes."""
        started = time.monotonic()
        yield
        durations.append(time.monotonic() - started)

    @property
    def share_of_waiting(self) -> float:
        """How much of people's time was waiting for what a lane held."""
        return sum(wait[0] for wait in self.waits.values()) / sum(self.saves + self.payments)

    def __str__(self) -> str:
        return (
            f"{len(self.saves)} saves (median {statistics.median(self.saves):.2f} s, longest "
            f"{max(self.saves):.2f} s), {len(self.payments)} payments (median "
            f"{statistics.median(self.payments):.2f} s), {len(self.waits)} waits for a lane "
            f"({self.share_of_waiting:.1%} of the time)"
        )


@pytest.fixture(scope="module")
def people(lab):
    """An Odoo for people alone; each of the two others has one thread for lanes."""
    lab.wait_until_idle()
    _start_anew(lab, max_cron_threads=1)
    first = lab.server
    with OdooServer(first._server, first._odoo, first.database, max_cron_threads=0) as server:
        yield server
    lab.wait_until_idle()
    _start_anew(lab, **PROCESSES)


def _start_anew(lab, **options) -> None:
    for server in lab.servers:
        server._options.update(options)
    lab.kill_odoo()
    lab.start_odoo()


@pytest.fixture(scope="module")
def office(lab, people):
    """Customers with invoices, and who works on them."""
    lab.odoo.write(
        "tribe.connection", [lab.connection_id], export_moment="nightly", conflict_policy=ODOO
    )
    office = Office(lab, people)
    office.make_customers()
    return office


def look_until_idle(lab) -> None:
    """Have lanes do all that there is."""
    lab.look()
    lab.wait_until_idle()


@contextlib.contextmanager
def books_of(lab, company_id: int):
    """Have the legal entities be booked in another company for so long."""
    own = [["connection_id", "=", lab.connection_id]]
    before = lab.odoo.rows("tribe.legal.entity", own, ["company_id", "journal_id"])
    ids = [row["id"] for row in before]
    _move_books(lab, ids, company_id)
    lab.map()
    try:
        yield
    finally:
        _move_books(lab, ids, lab.company_id)
        for row in before:
            lab.odoo.write("tribe.legal.entity", [row["id"]], journal_id=row["journal_id"][0])
        lab.map()


def _move_books(lab, entity_ids, company_id: int) -> None:
    """Have legal entities be booked in a company, without a mapping."""
    of_entities = [["legal_entity_id", "in", entity_ids]]
    lab.odoo.write("tribe.legal.entity", entity_ids, journal_id=False)
    for model, values in (
        ("tribe.vat.group", {"tax_id": False, "account_id": False}),
        ("tribe.ledger.account", {"account_id": False}),
    ):
        rows = lab.odoo.rows(model, of_entities, ["id"])
        lab.odoo.write(model, [row["id"] for row in rows], **values)
    lab.odoo.write("tribe.legal.entity", entity_ids, company_id=company_id)


def another_company(lab) -> int:
    """A company with books of its own."""
    (country,) = lab.odoo.call("res.country", "search", domain=[["code", "=", "NL"]])

    def create():
        # Odoo looks for modules of its country, which it refuses while any scheduled action runs.
        try:
            return lab.odoo.create("res.company", name="Ernaast B.V.", country_id=country)
        except OdooError:
            return None

    company_id = until("a company", create)
    lab.odoo.call("account.chart.template", "try_loading", template_code="nl", company=company_id)
    return company_id


@pytest.mark.skipif(not IS_FULL, reason="measures the machine: only with --full")
def test_no_save_takes_longer_than_while_lanes_book_elsewhere(lab, office, report):
    """The machine is as busy in both cases: the same lanes book as many, in another company."""
    office.send_earlier()
    with books_of(lab, another_company(lab)):
        elsewhere = office.send(INVOICES)
        day_elsewhere = office.work(lambda: look_until_idle(lab))
        assert {state for _id, state in booked(lab, elsewhere)} == {"posted"}
    for invoice_id in elsewhere:
        del office.model.invoices[invoice_id]
    office.send_earlier()
    here = office.send(INVOICES)
    day = office.work(lambda: look_until_idle(lab))

    report(f"{INVOICES} invoices in another company: {day_elsewhere}")
    report(f"{INVOICES} invoices in the same company: {day}")
    assert len(booked(lab, here)) == INVOICES
    assert day_elsewhere.failures == day.failures == []
    added = statistics.median(day.saves) - statistics.median(day_elsewhere.saves)
    assert added <= MOST_ADDED_SECONDS


def booked(lab, invoice_ids) -> list[tuple]:
    """What is booked of some invoices: their IDs in Tribe and states."""
    return lab.query(
        "SELECT tribe_id, state FROM account_move WHERE tribe_id = ANY(%s)", [invoice_ids]
    )


@pytest.mark.parametrize("entities", [2, 1], ids=["two journals", "one journal"])
def test_two_lanes_book_while_people_save_and_pay(lab, people, office, report, entities):
    office.send_earlier()
    servers = (*lab.servers, people)
    lengths = [len(server.log_text()) for server in servers]
    office.send(INVOICES, entities=lab.legal_entities[:entities])

    day = office.work(lambda: look_until_idle(lab))

    logs = [server.log_text()[length:] for server, length in zip(servers, lengths, strict=True)]
    runs, differences = lab.recover(office.model)
    report(
        f"{INVOICES} invoices in {entities} journals: {day}, {logs[-1].count(BEGUN_ANEW)} begun "
        f"anew; right after {runs} runs; {lab.summary(differences)}"
    )
    for wait in day.waits.values():
        report(f"  {wait}")
    assert day.failures == []
    # The laboratory presses a button of the schedule, which may be running.
    found = [each for log in logs for each in alarms(log) if "already executing" not in each]
    assert found == []
    assert differences == []
    assert day.share_of_waiting < MOST_WAITING
    for log in logs[:2]:
        assert "'Tribe CRM: receive, lane" in log
