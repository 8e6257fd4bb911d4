"""Characters that nobody sees, and that make a text look like another one."""

from __future__ import annotations

import re

# Control characters that are no white space, which PostgreSQL (NUL) refuses; halves of surrogate
# pairs; zero-width marks that word processors leave behind; marks that turn the direction of
# writing, with which "fdp.exe" is read as "exe.pdf".
_HIDDEN = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff"
    "\\u00ad\\u200b\\u2060\\ufeff"
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]"
)


def without_hidden(text: str) -> str:
    """A text without them; white space of any kind stays."""
    return _HIDDEN.sub("", text)
