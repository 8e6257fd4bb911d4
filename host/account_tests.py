"""./dev test account --full: Odoo's own tests of `account`, without and with the addon.

Some of them fail on any such host, so it is the comparison that counts: test by test, the
addon may change nothing. Both runs go on at the same time, each in a database of its own.

There is no ``-u account``: tests marked *post_install*, which nearly all are, then run on the
complete registry. The few marked *at_install* run when `account` itself has been loaded, which
is before the addon with an update and without one: for them the addon is only in the database.
"""

import collections
import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2

from . import browser, odoo_command, postgresql
from .console import Failure, say
from .databases import Databases
from .odoo_server import free_port
from .odoo_source import OdooSource, find_or_fetch
from .paths import LOGS
from .postgresql import Server

NAME = "account"
# Narrows what runs, to look into one difference: Odoo's --test-tags.
TAGS_VARIABLE = "TRIBE_ACCOUNT_TAGS"
ALL_TAGS = "/account"
PROGRESS_SECONDS = 60
# What a test writes is never committed, so a vacuum in the middle finds the tables empty and says
# so to the planner, whose plans then take minutes for a query of milliseconds.
WITHOUT_VACUUM = """
    DO $$ DECLARE name regclass; BEGIN
        FOR name IN SELECT oid FROM pg_class
                    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name);
        END LOOP;
    END $$
"""

# A record of Odoo's log, with the lines of the traceback that may follow it.
RECORD = re.compile(
    r"^(?P<time>\d{4}-\S+ \S+) \d+ [A-Z]+ \S+ (?P<logger>\S+): (?P<text>.*)"
    r"(?P<traceback>(?:\n(?!\d{4}-\d\d-\d\d \d\d:).*)*)",
    re.MULTILINE,
)
# The line of a traceback that names the exception.
EXCEPTION = re.compile(r"^[\w.]+: .*|^[\w.]+$", re.MULTILINE)
STARTED = re.compile(r"Starting (?P<test>\S+) \.\.\.")
# A setUpClass that fails is reported in the same way, with its class in brackets.
UNSUCCESSFUL = re.compile(
    r"(?:(?P<flavour>FAIL|ERROR):|(?P<skipped>skipped)) (?:Subtest )?(?P<test>\w+ \(\S+\)|\S+)"
)
SUMMARY = re.compile(
    r"(?P<failures>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<tests>\d+) tests"
)


@dataclass(frozen=True)
class Result:
    """What one run's log says.

    ``outcomes`` is ``{test: outcome}``, an outcome being ``"passed"`` or what was reported, such
    as ``"skipped"`` or ``"2 FAIL"`` (of subtests). ``reasons`` is ``{test: exception}``, the
    last one reported. ``finished`` tells whether Odoo came to its summary.
    """

    outcomes: dict[str, str]
    reasons: dict[str, str]
    tests: int
    failures: int
    errors: int
    seconds: float
    finished: bool


class Run:
    """One Odoo that runs the tests in one database and ends; a process, its log and a name."""

    def __init__(self, name: str, database: str):
        self.name = name
        self.database = database
        self.log = LOGS / f"{database}.log"
        self.process: subprocess.Popen | None = None

    def start(self, server: Server, odoo: OdooSource, tags: str) -> None:
        """Start Odoo on the database, which must be there."""
        configuration = odoo_command.configuration(
            server,
            odoo,
            self.database,
            http_port=free_port(),
            gevent_port=free_port(),
            max_cron_threads=0,
            screenshots=str(LOGS / f"{self.database}.screenshots"),
        )
        path = odoo_command.write_configuration(LOGS / f"{self.database}.conf", configuration)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                odoo_command.command(
                    *("server", "-c", str(path), "--stop-after-init"),
                    *("--test-enable", "--test-tags", tags),
                ),
                env=odoo_command.environment(odoo),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def running(self) -> bool:
        """Whether Odoo has not ended yet."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End Odoo, and the browser it may have started, if it still runs."""
        if self.running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def started_tests(self) -> int:
        """How many tests have been started so far."""
        return len(STARTED.findall(self.log.read_text(errors="replace")))

    def result(self) -> Result:
        """What the run came to.

        :raises Failure: when Odoo ended before its summary, or found no test
        """
        result = read(self.log)
        if result.finished and not result.tests:
            raise Failure(f"Odoo found no tests to run {self.name}; check {TAGS_VARIABLE}.")
        if not result.finished:
            reason = odoo_command.last_error(self.log.read_text(errors="replace"))
            raise Failure(f"Odoo did not run the tests {self.name} (see {self.log}): {reason}")
        return result


def run() -> int:
    """Run Odoo's tests of `account` twice and compare. 0 when every test came out the same.

    :raises Failure: when Odoo cannot run them
    """
    tags = os.environ.get(TAGS_VARIABLE) or ALL_TAGS
    without = Run("without the addon", "tribe_account_without")
    with_addon = Run("with the addon", "tribe_account_with")
    odoo = find_or_fetch()
    browser.ensure()
    with postgresql.running() as server:
        databases = Databases(server, odoo)
        databases.create(without.database)
        databases.create_with_addon(with_addon.database)
        for each in (without, with_addon):
            _switch_off_vacuum(server, each.database)
        say(f"-> Odoo's own tests {tags}, without and with the addon (long) ...")
        try:
            for each in (without, with_addon):
                each.start(server, odoo, tags)
            _wait(without, with_addon)
        finally:
            for each in (without, with_addon):
                each.kill()
    return report(without.result(), with_addon.result())


def _switch_off_vacuum(server: Server, database: str) -> None:
    connection = psycopg2.connect(dbname=database, **server.connection_options())
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(WITHOUT_VACUUM)


def _wait(*runs: Run) -> None:
    """Wait until all have ended; say now and then how far they are."""
    started = time.monotonic()
    while running := [each for each in runs if each.running()]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running[0].process.wait(PROGRESS_SECONDS)
        counts = ", ".join(f"{each.started_tests()} {each.name}" for each in runs)
        say(f"   {(time.monotonic() - started) / 60:.0f} min: tests started: {counts}")


def read(log: Path) -> Result:
    """Read the log of a run, also of one that has not ended."""
    records = list(RECORD.finditer(log.read_text(errors="replace")))
    reported: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for record in records:
        _note(record, reported, reasons)
    summaries = [summary for record in records if (summary := SUMMARY.match(record["text"]))]
    figures = {name: int(n) for name, n in summaries[-1].groupdict().items()} if summaries else {}
    return Result(
        outcomes={test: _outcome(events) for test, events in reported.items()},
        reasons=reasons,
        tests=figures.get("tests", 0),
        failures=figures.get("failures", 0),
        errors=figures.get("errors", 0),
        seconds=_seconds([record["time"] for record in records]),
        finished=bool(summaries),
    )


def _note(record: re.Match, reported: dict[str, list[str]], reasons: dict[str, str]) -> None:
    """Note what a record says of a test in ``{test: [event]}`` and ``{test: reason}``.

    A subtest counts for its test: its description may hold the IDs of records.
    """
    if started := STARTED.match(record["text"]):
        reported.setdefault(_test(record["logger"], started), [])
    elif unsuccessful := UNSUCCESSFUL.match(record["text"]):
        test = _test(record["logger"], unsuccessful)
        reported.setdefault(test, []).append(unsuccessful["flavour"] or unsuccessful["skipped"])
        reasons[test] = (EXCEPTION.findall(record["traceback"]) or [record["text"]])[-1].strip()


def _test(logger: str, match: re.Match) -> str:
    return f"{logger.rpartition('.')[2]}: {match['test']}"


def _outcome(events: list[str]) -> str:
    counted = collections.Counter(events)
    several = (f"{count} {event}" if count > 1 else event for event, count in counted.items())
    return ", ".join(sorted(several)) or "passed"


def _seconds(times: list[str]) -> float:
    if not times:
        return 0.0
    first, last = (
        datetime.strptime(each, "%Y-%m-%d %H:%M:%S,%f") for each in (times[0], times[-1])
    )
    return (last - first).total_seconds()


def report(without: Result, with_addon: Result) -> int:
    """Print both runs and how they differ. 0 when each test came out the same in both."""
    _say_figures("without the addon", without)
    _say_figures("with the addon", with_addon)
    differences = different(without, with_addon)
    for test in sorted(without.outcomes.keys() - differences):
        if without.outcomes[test] != "passed":
            say(f"   {without.outcomes[test]} in both: {test}: {without.reasons[test]}")
    for test in sorted(differences):
        say(f"   DIFFERENT: {test}")
        say(f"      without the addon: {_told(without, test)}")
        say(f"      with the addon: {_told(with_addon, test)}")
    say(f"   account tests that came out differently: {len(differences)}")
    return 1 if differences else 0


def different(without: Result, with_addon: Result) -> set[str]:
    """The tests with another outcome, or in one of the runs only."""
    tests = without.outcomes.keys() | with_addon.outcomes.keys()
    return {test for test in tests if without.outcomes.get(test) != with_addon.outcomes.get(test)}


def _say_figures(name: str, result: Result) -> None:
    skipped = sum("skipped" in outcome for outcome in result.outcomes.values())
    say(
        f"   {name}: {result.tests} tests, {result.failures} failures, "
        f"{result.errors} errors, {skipped} skipped, {result.seconds:.0f} s"
    )


def _told(result: Result, test: str) -> str:
    return f"{result.outcomes.get(test, 'not run')} {result.reasons.get(test, '')}".rstrip()
