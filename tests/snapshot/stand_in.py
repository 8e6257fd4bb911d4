"""``python -m snapshot.stand_in``: the stand-in on the clock of a snapshot.

Its IDs are the same every time: they decide the order of pages.
"""

import random
import sys
import time
import uuid

from tribe_sandbox import __main__ as stand_in
from tribe_sandbox import moments
from tribe_sandbox.sandbox import Sandbox

from . import clock


class Drawn:
    """IDs that look as if drawn by chance, others after each reset."""

    def __init__(self):
        # No two stand-ins of a test have the same options, nor may they have the same IDs.
        self._options = " ".join(sys.argv[1:])
        self._resets = 0
        self._draw_anew()

    def _draw_anew(self):
        self._chance = random.Random(f"{self._options} {self._resets}")

    def uuid4(self):
        """One more ID."""
        return uuid.UUID(int=self._chance.getrandbits(128), version=4)

    def reset(self, sandbox, order):
        """As the stand-in does; what was drawn before decides nothing any more."""
        self._resets += 1
        self._draw_anew()
        return reset(sandbox, order)


reset = Sandbox.reset


def main():
    """Serve as the stand-in does."""
    drawn = Drawn()
    uuid.uuid4 = drawn.uuid4
    Sandbox.reset = lambda sandbox, order: drawn.reset(sandbox, order)
    time.time = lambda: clock.now().timestamp()
    moments.now = lambda: moments.written(clock.now())
    moments.today = lambda: clock.now().astimezone(moments.AMSTERDAM).date()
    stand_in.main()


if __name__ == "__main__":
    main()
