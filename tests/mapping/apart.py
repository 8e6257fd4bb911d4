"""Run what would hang if it were wrong in a process of its own; the bound only ends that."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
HEAD = (
    "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/mapping']\n"
    "import addon_without_odoo\n"
)


def run(program: str, *arguments: str) -> None:
    """Run a program with ``sys.argv[2:]``; the connector's pure parts can be imported in it.

    :raises subprocess.SubprocessError: when it fails, or does not end
    """
    command = [sys.executable, "-c", HEAD + program, str(TESTS), *arguments]
    subprocess.run(command, check=True, timeout=60)
