"""Combinations of what a test tries: each value of everything, or all of them with --full."""

import itertools
import os
from collections.abc import Iterable

IS_FULL = bool(os.environ.get("TRIBE_FULL_TESTS"))


def each_choice(*dimensions: Iterable) -> list[tuple]:
    """Combinations in which each value of each dimension is at least once; with --full all.

    As many as the longest dimension has values.
    """
    dimensions = [list(values) for values in dimensions]
    if IS_FULL:
        return list(itertools.product(*dimensions))
    longest = max(map(len, dimensions))
    return [tuple(values[i % len(values)] for values in dimensions) for i in range(longest)]
