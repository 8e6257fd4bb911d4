"""How the files of a snapshot are written: the same text for the same state, on any day.

No IDs of records, no dates of the day, nothing drawn by chance.
"""

import hashlib
import json
import re
from pathlib import Path

# What differs with each database and each run, by what it is called in a snapshot.
DRAWN = re.compile(
    r"(?P<id>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"
    r"|(?P<secret>\b[0-9a-f]{64}\b)"
    r"|(?<=\bres\.partner:)(?P<contact>\d+)\b"
    r"|(?<=//127\.0\.0\.1:)(?P<port>\d+)\b"
)


class Placeholders:
    """Names for what is drawn, counted in the order in which it is first met."""

    def __init__(self):
        self._names = {}
        self._counts = {}

    def name(self, kind, value):
        """What a value is called: ``<id 3>``."""
        key = kind, str(value).lower()
        if key not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[key] = f"<{kind} {self._counts[kind]}>"
        return self._names[key]

    def settle(self, text):
        """A text with names instead of what is drawn."""
        return DRAWN.sub(lambda found: self.name(found.lastgroup, found[0]), text)


def write(path, lines):
    """Write a file of some lines, and its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def shown(value):
    """A value as one line, whatever it is."""
    if isinstance(value, bytes):
        return f"sha256 {hashlib.sha256(value).hexdigest()}" if value else "nothing"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return repr(str(value)) if isinstance(value, str) else str(value)
