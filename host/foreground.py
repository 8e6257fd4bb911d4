"""A program that has the terminal to itself: a shell, a debugger."""

import signal
import subprocess

from .paths import CHECKOUT


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run a program in the foreground; it alone answers Ctrl-C. Returns its exit code."""
    # A handler, not SIG_IGN: that one would be inherited.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
