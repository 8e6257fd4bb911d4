"""What ./dev tells the person at the terminal."""

import contextlib
import sys
import time
from collections.abc import Iterator


class Failure(Exception):
    """Something this host cannot do; its text is one sentence with the remedy."""


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step that takes time, and tell how long it took when it ends."""
    say(f"-> {what} ...")
    started = time.monotonic()
    yield
    say(f"   {what}: done in {time.monotonic() - started:.1f} s")


def complain(text: str) -> None:
    """Print a failure to standard error."""
    print(f"./dev: {text}", file=sys.stderr, flush=True)
