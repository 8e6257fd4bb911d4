"""Runs in Odoo's shell: writes what is installed, and what overrides what, as text files."""

# ruff: noqa: F821 - the shell provides env
import os
import sys
from pathlib import Path

sys.path[:0] = os.environ["TRIBE_SNAPSHOT_PATH"].split(os.pathsep)

from snapshot import installed, overrides  # noqa: E402 - needs the path set above

folder = Path(os.environ["TRIBE_SNAPSHOT"])
parts = os.environ["TRIBE_SNAPSHOT_PARTS"].split()
if "installed" in parts:
    installed.write_all(env, folder / "installed")
if "overrides" in parts:
    overrides.write_all(env, folder / "overrides.txt")
