"""How long a worker may still talk to Tribe before Odoo takes it for one that hangs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ..sentence import sentence
from .errors import TribePaused

# With less time left no exchange is begun: Tribe answers in a second or two.
SHORTEST_EXCHANGE_SECONDS = 10.0
# The rest of the work comes again in the next turn, which begins at once.
NEXT_TURN_SECONDS = 1.0


class Turn:
    """The time of one worker, which ends at a moment of the monotonic clock; without one, never.

    ``when_over`` is the sentence for whom nothing goes on by itself.
    """

    def __init__(
        self,
        ends_at: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        when_over: str = "",
    ):
        self._ends_at = ends_at
        self._clock = clock
        self._when_over = when_over

    def seconds_left(self) -> float:
        """How much of it is left; 0 after its end."""
        return max(self._ends_at - self._clock(), 0.0)

    def is_over(self, longest: float) -> bool:
        """Whether no exchange that may take ``longest`` seconds is to be begun any more."""
        return self.seconds_left() < min(longest, SHORTEST_EXCHANGE_SECONDS)

    def seconds_for(self, longest: float) -> float:
        """How long an exchange may take that is begun now: ``longest``, or what is left.

        Raises ``TribePaused`` when that is too little.
        """
        if self.is_over(longest):
            raise self.over()
        return min(longest, self.seconds_left())

    def over(self) -> TribePaused:
        """Why what is left is not begun any more."""
        return TribePaused(
            self._when_over or sentence("turn_over"),
            retry_after=NEXT_TURN_SECONDS,
        )
