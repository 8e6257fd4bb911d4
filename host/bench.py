"""./dev bench: what the connector costs, as counts."""

import sys

from .console import say
from .paths import CHECKOUT


def run() -> int:
    """Print the API calls of each part of the work."""
    sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]
    from bench import calls  # noqa: PLC0415 - needs the path set above

    rows = calls.run()
    width = max(len(what) for what, _records, _calls in rows)
    say(f"\n {'API calls'.ljust(width)}  records  calls")
    for what, records, count in rows:
        say(f" {what.ljust(width)}  {records:7}  {count:5}")
    return 0
