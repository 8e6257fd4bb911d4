"""What all rows of the benchmark share: pairs, counts, and how a row is told."""

import contextlib
import math
import statistics
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# A pair is measured at least so often.
TURNS = 7


@dataclass
class Measured:
    """What came of a row: for people, whether the target is held, and all figures."""

    text: str
    # None where the target cannot be said of this size of run.
    held: bool | None
    figures: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """How long each of two things took, in turn. The first is compared with the second."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the first in terms of the median of the second."""
        return statistics.median(self.first) / statistics.median(self.second)

    def figures(self) -> dict:
        """Medians, ratio, and the spread of both and of the ratios of each turn."""
        ratios = [a / b for a, b in zip(self.first, self.second, strict=True)]
        return {
            "ratio": round(self.ratio, 3),
            "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
            "first_median": statistics.median(self.first),
            "first_spread": [min(self.first), max(self.first)],
            "second_median": statistics.median(self.second),
            "second_spread": [min(self.second), max(self.second)],
            "turns": len(self.first),
        }


def pair(first: Callable[[], float], second: Callable[[], float], turns: int = TURNS) -> Pair:
    """Measure two things in turn. Each returns its own figure, as it may prepare something."""
    figures = [(first(), second()) for _turn in range(turns)]
    return Pair(*zip(*figures, strict=True))


class Counted:
    """How many queries were made between two moments, filled at the second one."""

    queries = 0


@contextlib.contextmanager
def counting_queries() -> Iterator[Counted]:
    """Count the queries of this thread with Odoo's own counter: those of all its cursors."""
    thread = threading.current_thread()
    if not hasattr(thread, "query_count"):
        thread.query_count, thread.query_time = 0, 0.0
    counted, before = Counted(), thread.query_count
    try:
        yield counted
    finally:
        counted.queries = thread.query_count - before


def percentile(figures, share: float) -> float:
    """The smallest figure that so large a share (0 to 1) of all is not above."""
    ordered = sorted(figures)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
