"""Locks between several ./dev that run at the same time in one checkout."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file alone; wait for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class SharedUse:
    """Counts the users of a shared service by shared locks, so that the last one stops it."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")

    def begin(self) -> None:
        """Become one of the users."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def end(self) -> bool:
        """Stop being a user. True when nobody else is one (the lock is then held alone)."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            return False
        return True

    def close(self) -> None:
        """Let go of the lock file."""
        self._file.close()
