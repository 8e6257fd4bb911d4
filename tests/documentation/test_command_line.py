"""./dev: what it passes on, and who has the terminal."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host import command_line

CHECKOUT = Path(__file__).resolve().parents[2]
IN_FOREGROUND = """
import os, sys
from host import foreground
sys.exit(foreground.run([sys.executable, "-c", sys.argv[1]], dict(os.environ)))
"""
ASKS = "print('told', input())"
IS_INTERRUPTED = """
import signal, sys
try:
    print("ready", flush=True)
    signal.pause()
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [
        ("test tests/mapping -- -k vat -x --pdb", "-k vat -x --pdb"),
        ("test tests/mapping --full", ""),
        ("test -- --full", "--full"),
        ("odoo -u tribe_connector --stop-after-init", "-u tribe_connector --stop-after-init"),
        ("odoo --help", "--help"),
        ("odoo server -- -x", "server -- -x"),
        ("shell --shell-interface=python", "--shell-interface=python"),
        ("lint", ""),
    ],
)
def test_what_is_passed_on(arguments, passed_on):
    options = command_line.parsed(arguments.split())
    assert options.command == arguments.split()[0]
    assert options.passed_on == passed_on.split()


def test_what_is_before_the_dashes_is_ours():
    options = command_line.parsed(["test", "tests/mapping", "--full", "--", "-k", "vat"])
    assert (options.paths, options.full) == (["tests/mapping"], True)


def test_a_command_that_passes_nothing_on_says_so(capsys):
    with pytest.raises(SystemExit):
        command_line.parsed(["lint", "--", "-k", "vat"])
    assert "lint passes nothing on" in capsys.readouterr().err


def test_who_is_in_the_foreground_has_the_terminal():
    result = _in_foreground(ASKS, stdin=subprocess.PIPE)
    assert result.communicate("yes")[0] == "told yes\n"
    assert result.returncode == 0


def test_who_is_in_the_foreground_answers_an_interrupt():
    result = _in_foreground(IS_INTERRUPTED, start_new_session=True)
    assert result.stdout.readline() == "ready\n"
    os.killpg(result.pid, signal.SIGINT)
    result.communicate()
    assert result.returncode == 7


def test_the_page_for_developers_names_every_command():
    page = (CHECKOUT / "docs/developing.md").read_text()
    (commands,) = [
        action.choices
        for action in command_line._parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    assert [name for name in commands if f"`./dev {name}" not in page] == []


def _in_foreground(program: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", IN_FOREGROUND, program],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
