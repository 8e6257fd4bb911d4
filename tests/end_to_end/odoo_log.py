"""What Odoo logged that somebody should look at."""

import re

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (?P<level>[A-Z]+) ")
ALARMING = {"WARNING", "ERROR", "CRITICAL"}
# Not ours: what Odoo or its libraries say on this host, whatever addons there are.
NOT_OURS = (
    # Two requests of one page note what a person read; Odoo tries the second one again.
    'UPDATE "discuss_channel_member"',
    # Crons wait while an app is installed or uninstalled.
    "because of modules to install/upgrade/remove",
    # Odoo would propose companies of the internet while somebody types a name; not from here.
    "/api/dnb/1/search_by_name",
    "partner_autocomplete",
)


def alarms(log: str) -> list[str]:
    """The entries at WARNING or above, and deprecations, each with its traceback."""
    entries: list[str] = []
    for line in log.splitlines():
        if LINE.match(line) or not entries:
            entries.append(line)
        else:
            entries[-1] += f"\n{line}"
    return [entry for entry in entries if _is_alarming(entry)]


def _is_alarming(entry: str) -> bool:
    line = LINE.match(entry)
    loud = bool(line) and line["level"] in ALARMING
    return (loud or "DeprecationWarning" in entry) and not any(text in entry for text in NOT_OURS)
