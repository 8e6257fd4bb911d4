"""Odoo's command line: its configuration file, and commands that end by themselves."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import foreground
from .console import Failure
from .odoo_source import OdooSource
from .paths import CHECKOUT, LOGS, ODOO_DATA, PYTHON
from .postgresql import Server

SCRIPT = Path(__file__).with_name("run_odoo.py")
# How many words of a command line name Odoo's command, before its options.
SUBCOMMAND_WORDS = {"shell": 1, "i18n": 2}


def environment(odoo: OdooSource) -> dict[str, str]:
    """The environment in which Odoo runs."""
    return {
        **os.environ,
        "PYTHONPATH": str(odoo.python_path),
        "PYTHONUNBUFFERED": "1",
    }


def configuration(server: Server, odoo: OdooSource, database: str, **options) -> dict[str, object]:
    """Odoo's configuration options for one database of this host."""
    connection = {
        "db_host": server.host,
        "db_port": server.port,
        "db_user": server.user,
    }
    return {
        **{name: value for name, value in connection.items() if value is not None},
        "db_name": database,
        "dbfilter": f"^{database}$",
        "list_db": False,
        "addons_path": ",".join(str(path) for path in (*odoo.addons, CHECKOUT)),
        "data_dir": str(ODOO_DATA),
        "http_interface": "127.0.0.1",
        # Nothing of this host leaves the machine.
        "publisher_warranty_url": "http://127.0.0.1:9",
        "admin_passwd": "this-host-listens-on-loopback-only",
        **options,
    }


def write_configuration(path: Path, options: dict[str, object]) -> Path:
    """Write Odoo's configuration file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["[options]", *(f"{name} = {value}" for name, value in options.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def command(*arguments: str) -> list[str]:
    """The command line that runs Odoo in this host's Python."""
    return [str(PYTHON), str(SCRIPT), *arguments]


def install(
    server: Server, odoo: OdooSource, database: str, modules: list[str], *options: str
) -> None:
    """Install modules in a database that nobody serves; without demo data, unless the options of
    Odoo's command line say otherwise.

    :raises Failure: when Odoo ends with an error, with the log's last one.
    """
    arguments = ["-i", ",".join(modules), *options, "--stop-after-init", "--no-http"]
    _run(server, odoo, database, arguments)


def run_script(
    server: Server, odoo: OdooSource, database: str, script: Path, **variables: str
) -> None:
    """Run a script in Odoo's shell; variables are given to it in its environment.

    :raises Failure: when the script raises.
    """
    guarded = f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'), globals())"
    _run(
        server,
        odoo,
        database,
        ["shell", "--no-http", "--shell-interface=python"],
        given=f"{guarded}\nprint('the script ended well')\n",
        expected="the script ended well",
        variables=variables,
    )


def run_in_foreground(
    server: Server, odoo: OdooSource, database: str, arguments: Sequence[str]
) -> int:
    """Run Odoo's own command line on a database, for somebody at the terminal; its exit code."""
    path = write_configuration(
        LOGS / f"{database}.command.conf", configuration(server, odoo, database)
    )
    return foreground.run(command(*arguments), {**environment(odoo), "ODOO_RC": str(path)})


def export_terms(
    server: Server, odoo: OdooSource, database: str, module: str, target: Path
) -> None:
    """Write the translatable terms of a module that the database has installed (a ``.pot``).

    :raises Failure: when Odoo ends with an error, with the log's last one.
    """
    _run(server, odoo, database, ["i18n", "export", module, "--output", str(target)])


def _run(
    server: Server,
    odoo: OdooSource,
    database: str,
    arguments: list[str],
    *,
    given: str = "",
    expected: str = "",
    variables: dict[str, str] | None = None,
) -> None:
    path = write_configuration(
        LOGS / f"{database}.command.conf", configuration(server, odoo, database)
    )
    position = SUBCOMMAND_WORDS.get(arguments[0], 0)
    result = subprocess.run(
        command(*arguments[:position], "-c", str(path), *arguments[position:]),
        env={**environment(odoo), **(variables or {})},
        input=given,
        text=True,
        capture_output=True,
        check=False,
    )
    log = result.stdout + result.stderr
    (LOGS / f"{database}.command.log").write_text(log)
    if result.returncode or expected not in result.stdout or " CRITICAL " in log:
        raise Failure(f"Odoo failed on the database {database}: {last_error(log)}")


def last_error(log: str) -> str:
    """The line of a log that says what went wrong."""
    lines = [line for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or " ERROR " in line]
    return (errors or lines or ["no output"])[-1].strip()
