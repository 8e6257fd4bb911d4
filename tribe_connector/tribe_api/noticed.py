"""What a call shows by the way of how a tenant works, as readings by their code. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .errors import TribeRefused, TribeUnauthorized, TribeUnknownSet
from .listing import Page

BAD_REQUEST = 400
# So many alternatives are what is refused, and not what they ask for.
MANY_TERMS = 20
# What a filter needs of Tribe, each by how it is written.
_NEEDED = {
    "contains": re.compile(r"\bcontains\("),
    "null_filter": re.compile(r"\b(eq|ne) null\b"),
    "date_filter": re.compile(r"\b(CreationDate|LastMutationDate) ge \d"),
    "path_filter": re.compile(r"\b\w+/\w+ eq "),
}
# A field that is not there is no filter that is refused.
_OF_A_FIELD = re.compile(r"propert|navigation|not defined|unknown field", re.IGNORECASE)


def noticed_of_refusal(error: TribeRefused, condition: object) -> dict[str, str]:
    """Of which kind the filter is that Tribe refuses; nothing where it may be something else."""
    if (
        not isinstance(condition, str)
        or error.status != BAD_REQUEST
        or isinstance(error, (TribeUnauthorized, TribeUnknownSet))
        or _OF_A_FIELD.search(error.detail)
    ):
        return {}
    needed = [code for code, written in _NEEDED.items() if written.search(condition)]
    if condition.count(" or ") >= MANY_TERMS:
        needed.append("or_terms")
    return {needed[0]: "refused"} if len(needed) == 1 else {}


def noticed_of_page(page: Page, options: Mapping[str, object]) -> dict[str, str]:
    """How many rows a page has that has fewer than were asked for, although more follow."""
    noticed = {"next_link": "yes"} if page.is_announced else {}
    asked, skipped, shown = options.get("$top"), options.get("$skip"), len(page.rows)
    behind = (page.count or 0) > (skipped if isinstance(skipped, int) else 0) + shown
    if isinstance(asked, int) and 0 < shown < asked and (page.is_announced or behind):
        noticed["page_size"] = str(shown)
    return noticed
