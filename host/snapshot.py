"""./dev snapshot: what is installed, what overrides what, and what is sent to Tribe, as text files.

Two snapshots of the same state are the same to the letter, so `diff -r` shows what a change to the
code changed.
"""

import os
import shutil
from pathlib import Path

from . import foreground, odoo_command, postgresql, test_groups
from .console import Failure, say, step
from .databases import Databases
from .odoo_source import OdooSource, find_or_fetch
from .paths import CHECKOUT

DATABASE = "tribe_snapshot"
SCRIPT = Path(__file__).with_name("snapshot_script.py")
# What each part writes, in the order in which they are made.
PARTS = {"installed": "installed", "overrides": "overrides.txt", "traffic": "traffic"}
TRAFFIC = test_groups.Group("snapshot", ("tests/snapshot",), needs_odoo_inside=True)
HISTORIES = "tests/snapshot/traffic.py"
# Sets of texts have the same order every time.
SAME_ORDER = {"PYTHONHASHSEED": "0"}


def run(folder: str, only: str | None = None) -> int:
    """Write a snapshot, or one part of it, to a folder. 0 when all of it was written.

    :raises Failure: when the folder has something else, or Odoo cannot be asked
    """
    target = Path(folder).resolve()
    parts = [only] if only else list(PARTS)
    _make_room(target, parts)
    odoo = find_or_fetch()
    with postgresql.running() as server:
        code = 0
        in_shell = [part for part in parts if part != "traffic"]
        if in_shell:
            _write_from_shell(server, odoo, target, in_shell)
        if "traffic" in parts:
            code = _write_traffic(server, odoo, target)
    say(f"   {target}: {sum(path.is_file() for path in target.rglob('*'))} files")
    return code


def _make_room(target: Path, parts: list[str]) -> None:
    known = set(PARTS.values())
    if target.exists() and any(path.name not in known for path in target.iterdir()):
        raise Failure(f"{target} has something that is no snapshot: name an empty folder.")
    for part in parts:
        path = target / PARTS[part]
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    target.mkdir(parents=True, exist_ok=True)


def _write_from_shell(
    server: postgresql.Server, odoo: OdooSource, target: Path, parts: list[str]
) -> None:
    databases = Databases(server, odoo)
    databases.create_with_addon(DATABASE)
    try:
        with step(f"write {' and '.join(parts)}"):
            odoo_command.run_script(
                server,
                odoo,
                DATABASE,
                SCRIPT,
                TRIBE_SNAPSHOT=str(target),
                TRIBE_SNAPSHOT_PARTS=" ".join(parts),
                TRIBE_SNAPSHOT_PATH=str(CHECKOUT / "tests"),
                **SAME_ORDER,
            )
    finally:
        databases.drop(DATABASE)


def _write_traffic(server: postgresql.Server, odoo: OdooSource, target: Path) -> int:
    environment = {
        **os.environ,
        **SAME_ORDER,
        "TRIBE_FULL_TESTS": "",
        "TRIBE_SNAPSHOT": str(target),
    }
    run_of_tests = test_groups.Run(TRAFFIC, [HISTORIES], (), environment, server, odoo)
    try:
        return foreground.run(*run_of_tests.command_and_environment())
    finally:
        Databases(server, odoo).drop(TRAFFIC.database)
