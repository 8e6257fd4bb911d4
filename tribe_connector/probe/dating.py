"""Whether what has a changed part is dated with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The date of a change, in all sets.
CHANGED = "LastMutationDate"
# So many records that were dated in the second of their part are no chance.
ENOUGH = 3


def touch(part: Mapping, whole: Mapping) -> str | None:
    """When something was dated of which a part was changed, as a word; None: it was not."""
    changed = part.get(CHANGED)
    if not isinstance(changed, str) or changed == part.get("CreationDate"):
        return None
    dated = whole.get(CHANGED)
    if not isinstance(dated, str) or dated < changed:
        return "before"
    return "together" if dated == changed else "after"


def is_touched(touches: Sequence[str | None]) -> str | None:
    """Whether what has a changed part was dated with it; None where that cannot be told."""
    if "before" in touches:
        return "no"
    return "yes" if touches.count("together") >= ENOUGH else None
