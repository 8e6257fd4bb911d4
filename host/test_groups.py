"""./dev test: which tests run how.

Groups for different needs: plain Python, Odoo in the test's own process (alone, and with addons
that it is used with), real Odoo processes.
"""

import concurrent.futures
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import account_tests, browser, foreground, odoo_command, old_libraries, postgresql
from .console import Failure, say
from .databases import CHART, COMPANY, Databases, Ground
from .odoo_source import OdooSource, find_or_fetch
from .paths import ADDON, CHECKOUT, LOGS, PYTHON

NO_TESTS_COLLECTED = 5
FAILURE_TITLES = (" FAILURES ", " ERRORS ", " short test summary info ")
# Of each group that failed, shown again at the end.
FAILURE_LINES = 60
FAILURE_WIDTH = 160


@dataclass(frozen=True)
class Group:
    """Folders (relative to the checkout) whose tests run in one pytest."""

    name: str
    folders: tuple[str, ...]
    needs_database: bool = True
    needs_odoo_inside: bool = False
    # With the oldest libraries that Odoo 19 runs with, instead of the newest.
    has_old_libraries: bool = False
    # Installed beside the addon.
    modules: tuple[str, ...] = ()
    # What its database has before the addon.
    ground: Ground = CHART
    # Files in its folders that are another group's, as patterns.
    left_out: tuple[str, ...] = ()
    # Tests, classes or files that do not run in its database.
    deselected: tuple[str, ...] = ()

    @property
    def database(self) -> str:
        """The database of a group that needs Odoo inside."""
        return f"tribe_test_{self.name}"


@dataclass(frozen=True)
class Run:
    """A group, with the paths in it and the options of pytest that it runs with this time."""

    group: Group
    paths: list[str]
    for_pytest: Sequence[str]
    environment: dict[str, str]
    server: postgresql.Server
    odoo: OdooSource

    def command_and_environment(self) -> tuple[list[str], dict[str, str]]:
        """What runs it; makes the database of a group that needs Odoo inside."""
        group = self.group
        command = [str(PYTHON), "-m", "pytest", "-q", "--tb=short", "--durations=5", *self.paths]
        command += [f"--ignore-glob={CHECKOUT / pattern}" for pattern in group.left_out]
        command += [f"--deselect={test}" for test in group.deselected]
        if group.needs_odoo_inside:
            environment = {**self.environment, **self._odoo_environment()}
            command = ["nice", "-n", str(NICE_INSIDE_ODOO), *command]
            command += ["--odoo-http", "-p", "garbage"]
        else:
            environment = {**self.environment, "PYTHONPATH": _plain_path()}
            if group.has_old_libraries:
                environment |= _old_libraries()
            command += ["-p", "no:odoo"]
        # Last, so that they prevail.
        return [*command, *self.for_pytest], environment

    def _odoo_environment(self) -> dict[str, str]:
        group, odoo = self.group, self.odoo
        database = group.database
        databases = Databases(self.server, odoo)
        databases.create_with_addon(database, group.modules, group.ground)
        databases.leave_unvacuumed(database)
        options = odoo_command.configuration(
            self.server, odoo, database, max_cron_threads=0, log_level="error"
        )
        configuration = odoo_command.write_configuration(LOGS / f"{database}.conf", options)
        environment = odoo_command.environment(odoo)
        path = os.pathsep.join([environment["PYTHONPATH"], _plain_path()])
        return {**environment, "PYTHONPATH": path, "ODOO_RC": str(configuration)}


@dataclass(frozen=True)
class Outcome:
    """What became of a group: pytest's code and all that it printed."""

    group: str
    code: int
    lines: tuple[str, ...]

    def failures(self) -> list[str]:
        """The tracebacks and the summary, without what the tests printed and logged."""
        shown = []
        section = telling = False
        for line in self.lines:
            if line.startswith("==="):
                section = any(title in line for title in FAILURE_TITLES)
            telling = section and not line.startswith("---") and (telling or line[:3] in "===___")
            if telling:
                shown.append(line)
        # A process that a signal ended has no section of failures.
        return shown or list(self.lines)


def _files(pattern: str) -> tuple[str, ...]:
    return tuple(sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob(pattern)))


# Thirds of what Odoo does in the test's own process: side by side they keep both cores at work.
RELATIONS = "tests/connector/test_relation_*.py"
FIRST_LETTERS = "tests/connector/test_[a-m]*.py"
# With those of relations, to make the thirds alike.
TWO_TENANTS = "tests/connector/test_two_tenants.py"
# Of the companions: what has databases of its own.
COMPANY_JOB = "tests/companions/test_company.py"
APPS = "tests/companions/test_apps_*.py"
REFUSING = "tests/companions/test_refusing.py"
# In the order in which they begin: first what runs while the template is made, then what is long.
GROUPS = (
    Group(
        "plain",
        ("tests/mapping", "tests/tribe_api", "tests/tribe_sandbox_contract", "tests/documentation"),
        needs_database=False,
    ),
    Group("old_libraries", ("tests/tribe_api",), needs_database=False, has_old_libraries=True),
    Group("faults", ("tests/faults",)),
    Group("end_to_end", ("tests/end_to_end",)),
    Group(
        "odoo",
        ("tests/connector", f"{ADDON}/tests"),
        needs_odoo_inside=True,
        left_out=(RELATIONS, FIRST_LETTERS, TWO_TENANTS),
    ),
    Group("invoices", ("tests/invoices",), needs_odoo_inside=True),
    Group("odoo_a_to_m", _files(FIRST_LETTERS), needs_odoo_inside=True),
    Group("relations", _files(RELATIONS) + _files(TWO_TENANTS), needs_odoo_inside=True),
    Group("security", ("tests/security",)),
    Group(
        "companions",
        ("tests/companions",),
        needs_odoo_inside=True,
        modules=(
            "account_peppol",
            "base_address_extended",
            "base_partner_sequence",
            # Charts of accounts.
            "l10n_be",
            "l10n_dk",
            "l10n_no",
            "l10n_se",
            "partner_firstname",
            "partner_mobile",
        ),
        left_out=(COMPANY_JOB, APPS, REFUSING),
    ),
    Group(
        "refusing",
        _files(REFUSING),
        needs_odoo_inside=True,
        modules=(
            "account_journal_restrict_mode",
            "partner_country_state_required",
            "partner_email_check",
            "partner_manual_rank",
            "partner_vat_unique",
        ),
    ),
)
# What only holds in a database with nothing but the addon, and why.
ONLY_BARE = {
    "tests/connector/test_translations.py::TestTranslations::"
    "test_the_template_has_the_terms_of_the_addon": (
        "the terms that Odoo exports for the addon are others where other addons change its models"
    ),
    "tests/connector/test_relation_fields.py::TestRelationFields::"
    "test_a_name_that_is_turned_around_stays_so_in_odoo": (
        "partner_firstname keeps a person's name in two fields, and they come to be right"
    ),
    **dict.fromkeys(
        (
            "tests/connector/test_endless_texts.py::TestEndlessTexts::test_a_name_of_blanks",
            "tests/connector/test_endless_texts.py::TestEndlessTexts::"
            "test_the_name_of_the_company_of_a_person",
            "tests/invoices/test_one_bad_invoice.py::TestEndlessTexts::"
            "test_a_name_that_odoo_cannot_show",
        ),
        "partner_firstname leaves one blank of many in a name, so that it is short",
    ),
}
# What runs in a company's database: the main job, what is about its apps, and all that runs in the
# test's own process once more. They take long: only with --full, and as a part of COMPANIONS.
COMPANIONS = "tests/companions"
COMPANY_GROUPS = (
    Group("company_job", _files(COMPANY_JOB), ground=COMPANY),
    Group("company_apps", _files(APPS), needs_odoo_inside=True, ground=COMPANY),
    *(
        replace(group, name=f"company_{group.name}", ground=COMPANY, deselected=tuple(ONLY_BARE))
        for group in GROUPS
        if group.needs_odoo_inside and not group.modules
    ),
)
# Groups with a browser.
BROWSER = {"end_to_end", "security"}
# Options of pytest that ask the terminal.
DEBUGGERS = {"--pdb", "--trace"}
# So many groups run at the same time. More than there are cores: with real processes and a browser
# much is waited for, and what begins last would leave one core idle.
AT_ONCE = 6
# A group that only computes takes what those leave: they are the longest ones.
NICE_INSIDE_ODOO = 5


def run(
    paths: list[str], *, full: bool, in_company: bool = False, for_pytest: Sequence[str] = ()
) -> int:
    """Run the tests at some paths, or all of them. 0 when all passed.

    The path ``account`` means Odoo's own tests of that module; they come last. With ``in_company``
    they run in a company's database, and no others do. ``for_pytest`` are options of pytest.

    :raises Failure: for a path without tests, or for ``account`` without ``full``
    """
    if account_tests.NAME in paths and not full:
        raise Failure("the tests of account take long: they need --full.")
    codes = []
    own = [path for path in paths if path != account_tests.NAME]
    if own or not paths:
        codes.append(_run_own(own, for_pytest, full=full, in_company=in_company))
    if account_tests.NAME in paths or (full and not paths):
        codes.append(account_tests.run())
    # A code may be negative: a process that a signal ended.
    return next(filter(None, codes), 0)


def _run_own(paths: list[str], for_pytest: Sequence[str], *, full: bool, in_company: bool) -> int:
    paths = [_relative(path) for path in paths]
    if in_company:
        chosen = _chosen(paths, COMPANY_GROUPS)
    else:
        chosen = _chosen(paths, GROUPS)
        if full and (not paths or COMPANIONS in paths):
            chosen |= _chosen([], COMPANY_GROUPS)
    environment = {**os.environ, "TRIBE_FULL_TESTS": "1" if full else ""}
    odoo = find_or_fetch()
    groups = [group for group in (*GROUPS, *COMPANY_GROUPS) if chosen.get(group.name)]
    with postgresql.running() as server:
        runs = [
            Run(group, chosen[group.name], for_pytest, environment, server, odoo)
            for group in groups
        ]
        if len(runs) == 1 or DEBUGGERS.intersection(for_pytest):
            return _run_in_foreground(runs)
        return _run_side_by_side(runs)


def _run_in_foreground(runs: list[Run]) -> int:
    """One after the other, each with the terminal: for a debugger, and for a break point."""
    _prepare(runs)
    codes = [foreground.run(*run.command_and_environment()) for run in runs]
    with_tests = [code for code in codes if code != NO_TESTS_COLLECTED]
    return next(filter(None, with_tests), 0) if with_tests else NO_TESTS_COLLECTED


def _run_side_by_side(runs: list[Run]) -> int:
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(_outcome, run) for run in runs if not run.group.needs_database]
        _prepare(runs)
        running += [pool.submit(_outcome, run) for run in runs if run.group.needs_database]
        outcomes = [run.result() for run in running]
    _say_failures(outcomes)
    # A code may be negative: a process that a signal ended.
    return next((outcome.code for outcome in outcomes if outcome.code), 0)


def _prepare(runs: list[Run]) -> None:
    """Make once what the groups then only copy or use."""
    groups = [run.group for run in runs]
    if BROWSER.intersection(group.name for group in groups):
        browser.ensure()
    grounds = {group.ground for group in groups if group.needs_database}
    if grounds:
        Databases(runs[0].server, runs[0].odoo).prepare(grounds)


def _relative(path: str) -> str:
    return os.path.relpath(Path(path.partition("::")[0]).resolve(), CHECKOUT) + "".join(
        path.partition("::")[1:]
    )


def _chosen(paths: list[str], all_groups: tuple[Group, ...]) -> dict[str, list[str]]:
    """What each group runs: ``{group: [path]}``."""
    if not paths:
        return {
            group.name: [folder for folder in group.folders if (CHECKOUT / folder).exists()]
            for group in all_groups
        }
    chosen: dict[str, list[str]] = {}
    for path in paths:
        groups = _groups_of(path, all_groups)
        inside = [
            (group, folder)
            for group in all_groups
            for folder in group.folders
            if folder.startswith(f"{path}/")
        ]
        if not groups and not inside:
            raise Failure(f"there are no tests at {path}.")
        for group in groups:
            chosen.setdefault(group.name, []).append(path)
        for group, folder in inside:
            chosen.setdefault(group.name, []).append(folder)
    return chosen


def _groups_of(path: str, all_groups: tuple[Group, ...]) -> list[Group]:
    """The groups that a path is in: those that name it most closely."""
    within = {
        group: max((len(each) for each in group.folders if path.startswith(each)), default=0)
        for group in all_groups
    }
    closest = max(within.values())
    return [group for group, length in within.items() if length and length == closest]


def _outcome(run: Run) -> Outcome:
    """What becomes of a group whose output is shown line by line, with its name."""
    group = run.group
    say(f"-> {group.name} tests ...")
    started = time.monotonic()
    command, environment = run.command_and_environment()
    lines = []
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**environment, "COLUMNS": str(FAILURE_WIDTH)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as tests:
        # Line by line, with the group's name: two groups speak at the same time.
        for line in tests.stdout:
            lines.append(line.rstrip())
            say(f"{group.name} | {lines[-1]}")
    say(f"   {group.name} tests: {time.monotonic() - started:.1f} s")
    code = 0 if tests.returncode == NO_TESTS_COLLECTED else tests.returncode
    return Outcome(group.name, code, tuple(lines))


def _say_failures(outcomes: list[Outcome]) -> None:
    """Once more at the end, where it is found, and where a log that is cut still has it."""
    for outcome in outcomes:
        if outcome.code:
            say(f"== {outcome.group}: pytest ended with {outcome.code}")
            for line in outcome.failures()[-FAILURE_LINES:]:
                say(f"{outcome.group} | {line[:FAILURE_WIDTH]}")


def _old_libraries() -> dict[str, str]:
    path = os.pathsep.join([str(old_libraries.folder()), _plain_path()])
    return {"PYTHONPATH": path, "TRIBE_OLD_LIBRARIES": old_libraries.versions()}


def _plain_path() -> str:
    return os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "tests")])
