"""./dev bench: how fast it is, as ratios and counts; each row in a process of its own."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

from . import odoo_command, postgresql
from .console import Failure, complain, say
from .databases import Databases
from .odoo_source import OdooSource, find_or_fetch
from .paths import CHECKOUT, PYTHON

PROCESSOR = "model name"


def run(names: list[str], *, quick: bool, target: str | None) -> int:
    """Measure some rows, or all; print a table, and write all figures to a file. 0 when all ran.

    :raises Failure: for a name of no row
    """
    sys.path[:0] = [str(CHECKOUT / "tests")]
    from bench.rows import ROWS  # noqa: PLC0415 - needs the path set above

    if unknown := set(names) - set(ROWS):
        raise Failure(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    odoo = find_or_fetch()
    with postgresql.running() as server:
        Databases(server, odoo).prepare()
        rows = [_measured(name, odoo, quick=quick) for name in names or ROWS]
        found = {"machine": _machine(server), "quick": quick, "rows": rows}
    _say_table(rows)
    if target:
        Path(target).write_text(json.dumps(found, indent=1) + "\n")
    return int(any("failed" in row for row in rows))


def _measured(name: str, odoo: OdooSource, *, quick: bool) -> dict:
    """What a process of its own found out about a row, or that it failed."""
    say(f"-> measure {name} ...")
    environment = odoo_command.environment(odoo)
    path = [environment["PYTHONPATH"], str(CHECKOUT), str(CHECKOUT / "tests")]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "row.json"
        code = subprocess.run(
            [
                *(str(PYTHON), "-m", "bench", name, str(target)),
                *(["--quick"] if quick else []),
            ],
            cwd=CHECKOUT,
            env={**environment, "PYTHONPATH": os.pathsep.join(path)},
            check=False,
        ).returncode
        if code:
            complain(f"{name} could not be measured.")
            return {"name": name, "failed": code}
        row = json.loads(target.read_text())
    say(f"   {row['text']}")
    return row


def _say_table(rows: list[dict]) -> None:
    say("")
    for row in rows:
        if "failed" in row:
            say(f"  -  {row['name']}: FAILED")
            continue
        held = {True: "held", False: "NOT HELD", None: ""}[row["held"]]
        say(f" {row['number']:2}  {row['work']}")
        say(f"     {row['text']}")
        say(f"     target: {row['target']}  {held}")


def _machine(server: postgresql.Server) -> dict:
    """On what it was measured."""
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in cpus if line.startswith(PROCESSOR)]
    connection = psycopg2.connect(dbname="postgres", **server.connection_options())
    version = connection.server_version
    connection.close()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else platform.processor(),
        "python": platform.python_version(),
        "postgresql": f"{version // 10000}.{version % 10000}",
        "commit": commit.stdout.strip(),
    }
