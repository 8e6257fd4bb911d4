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

RECORD = re.compile(r"(?P<time>\S+ \S+) \d+ [A-Z]+ \S+ (?P<logger>\S+): (?P<text>.*)")
STARTED = re.compile(r"Starting (?P<test>\S+) \.\.\.$")
# A setUpClass that fails is reported in the same way, with its class in brackets.
UNSUCCESSFUL = re.compile(
    r"(?:(?P<flavour>FAIL|ERROR): (?:Subtest )?|(?P<skipped>skipped) )"
    r"(?P<test>\w+ \(\S+\)|\S+)"
)
SUMMARY = re.compile(
    r"(?P<failures>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<tests>\d+) tests"
)


@dataclass(frozen=True)
class Result:
    """What one run's log says.

    ``outcomes`` is ``{test: outcome}``, an outcome being ``"passed"`` or what was reported, such
    as ``"skipped"`` or ``"2 FAIL"`` (of subtests). ``reasons`` is ``{test: last line}`` of the
    last thing reported. ``finished`` tells whether Odoo came to its summary.
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
        return self.log.read_text(errors="replace").count(": Starting ")

    def result(self) -> Result:
        """What the run came to.

        :raises Failure: when Odoo ended before its summary, or found no test
        """
        result = read(self.log)
        if not result.finished or not result.tests:
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
        say(f"-> Odoo's own tests {tags}, without and with the addon (long) ...")
        try:
            for each in (without, with_addon):
                each.start(server, odoo, tags)
            _wait(without, with_addon)
        finally:
            for each in (without, with_addon):
                each.kill()
    return report(without.result(), with_addon.result())


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
    reported: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    times: list[str] = []
    summary = None
    latest = None
    for line in log.read_text(errors="replace").splitlines():
        record = RECORD.fullmatch(line)
        if not record:
            # The lines after a report are its traceback; the last one is the reason.
            if latest and line.strip():
                reasons[latest] = line.strip()
            continue
        times.append(record["time"])
        summary = SUMMARY.match(record["text"]) or summary
        latest = _note(record["logger"], record["text"], reported)
    figures = {name: int(count) for name, count in summary.groupdict().items()} if summary else {}
    return Result(
        outcomes={test: _outcome(events) for test, events in reported.items()},
        reasons=reasons,
        tests=figures.get("tests", 0),
        failures=figures.get("failures", 0),
        errors=figures.get("errors", 0),
        seconds=_seconds(times),
        finished=summary is not None,
    )


def _note(logger: str, text: str, reported: dict[str, list[str]]) -> str | None:
    """Note in ``{test: [event]}`` what a record says of a test; the test whose report this is.

    A subtest counts for its test: its description may hold the IDs of records.
    """
    if started := STARTED.match(text):
        reported.setdefault(_test(logger, started), [])
        return None
    if unsuccessful := UNSUCCESSFUL.match(text):
        test = _test(logger, unsuccessful)
        reported.setdefault(test, []).append(unsuccessful["flavour"] or unsuccessful["skipped"])
        return test
    return None


def _test(logger: str, match: re.Match) -> str:
    return f"{logger.rpartition('.')[2]}: {match['test']}"


def _outcome(events: list[str]) -> str:
    counted = collections.Counter(events)
    return ", ".join(f"{counted[event]} {event}" for event in sorted(counted)) or "passed"


def _seconds(times: list[str]) -> float:
    if not times:
        return 0.0
    first, last = (
        datetime.strptime(each, "%Y-%m-%d %H:%M:%S,%f") for each in (times[0], times[-1])
    )
    return (last - first).total_seconds()


def report(without: Result, with_addon: Result) -> int:
    """Print both runs and how they differ. 0 when each test came out the same in both."""
    for name, result in {"without the addon": without, "with the addon": with_addon}.items():
        skipped = sum("skipped" in outcome for outcome in result.outcomes.values())
        say(
            f"   {name}: {result.tests} tests, {result.failures} failures, "
            f"{result.errors} errors, {skipped} skipped, {result.seconds:.0f} s"
        )
    differences = different(without, with_addon)
    for test in differences:
        say(f"   DIFFERENT {test}")
        for name, result in {"without": without, "with": with_addon}.items():
            outcome = result.outcomes.get(test, "not run")
            say(f"      {name}: {outcome} {result.reasons.get(test, '')}".rstrip())
    same = sorted(
        test
        for test, outcome in without.outcomes.items()
        if outcome != "passed" and test not in differences
    )
    for test in same:
        say(f"   the same in both: {without.outcomes[test]}: {test}")
    say(f"   account tests: {len(differences)} of them differ.")
    return 1 if differences else 0


def different(without: Result, with_addon: Result) -> list[str]:
    """The tests with another outcome, or in one of the runs only, by name."""
    tests = without.outcomes.keys() | with_addon.outcomes.keys()
    return sorted(
        test for test in tests if without.outcomes.get(test) != with_addon.outcomes.get(test)
    )
