"""The clock of a snapshot: the same day every time, for Odoo and for the stand-in.

It stands still while the connector works, and goes on by a second with each step of a person and
each run of the lanes. How many calls something takes moves no date.
"""

import datetime
import os
from pathlib import Path

from freezegun.api import freeze_time

FILE = "TRIBE_SNAPSHOT_CLOCK"
# A Wednesday, far from the end of a month or a year, and from the night.
BEGINNING = datetime.datetime(2030, 3, 6, 10, tzinfo=datetime.timezone.utc)
STEP = datetime.timedelta(seconds=1)


def now():
    """What time it is, where the file in the environment says so."""
    return datetime.datetime.fromisoformat(Path(os.environ[FILE]).read_text())


class Clock:
    """Stops Odoo's time, and tells other processes of it by a file."""

    def __init__(self, path):
        self._path = path
        self._freezer = freeze_time(BEGINNING, ignore=["_pytest"])
        self._frozen = None
        self._now = BEGINNING

    def start(self):
        """Stop the time."""
        os.environ[FILE] = str(self._path)
        self._frozen = self._freezer.start()
        self._tell()

    def go_on(self):
        """Let a step's time pass."""
        self._now += STEP
        self._frozen.tick(STEP)
        self._tell()

    def stop(self):
        """Let time go on as it does."""
        self._freezer.stop()
        del os.environ[FILE]
        self._path.unlink(missing_ok=True)

    def _tell(self):
        # Whole at any moment: somebody may be reading it.
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(self._now.isoformat())
        unfinished.replace(self._path)
