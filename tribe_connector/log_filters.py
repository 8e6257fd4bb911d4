"""What is kept out of Odoo's log: codes of a sign-in, and queries about the table of secrets.

An authorization code arrives in the address of a request, and werkzeug logs addresses.

Odoo logs a query that fails with its values, at level ERROR, and every query at the level
``debug_sql`` (odoo/sql_db.py). Whatever touches the table of secrets is not shown.
"""

import logging
import posixpath
import re
from urllib.parse import unquote

# The logger of every request (odoo/service/server.py, CommonRequestHandler.log_request).
REQUEST_LOGGER = "werkzeug"
# An address may be quoted in the query of another one; nobody quotes it more often than this.
_MOST_QUOTED = 9
# Method and plain path, all that is between them and the end, and the end: version and status.
_REQUEST = re.compile(
    r"""(?P<begin>[^"']*["'](?:\x1b\[[\d;]*m)*[A-Za-z]*\s+[\w/.:~-]*)
        (?P<hidden>.*?)
        (?P<end>(?:\sHTTP/[\d.]+)?(?:\x1b\[0m){0,3}"\s(?:\d+|-)\s\S+\s*)?$""",
    re.DOTALL | re.VERBOSE,
)
# The piece at which reading a request failed, which is told apart from the path before it. What
# Python calls it ("request version") is short; a path may begin so, again and again.
_BAD_PIECE = re.compile(r"(code \d+, message Bad [^(]{1,40}\().*", re.DOTALL)
SECRET_TABLE = "tribe_credential"
_NOT_SHOWN = f"A query about {SECRET_TABLE} is not shown: it may hold secrets."


class _PlainPathOnly(logging.Filter):
    """Shortens requests that name a path in log records, however they are written.

    Odoo answers many spellings of one path, and logs those that it does not answer as well. So no
    address is looked for: what is not surely a path goes, up to the end of the request.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        shortened = _BAD_PIECE.sub(r"\1***)", message)
        if self._is_named(shortened):
            shortened = self._shortened(shortened)
        if shortened != message:
            record.msg, record.args = shortened, None
        return True

    def _is_named(self, message: str) -> bool:
        plain = message
        for _time in range(_MOST_QUOTED):
            quoted, plain = plain, unquote(plain)
            if plain == quoted:
                break
        else:
            # Nobody knows what it would lead to.
            return True
        plain = re.sub(r"[/\\]+", "/", plain).lower()
        return self._path in plain or self._path in posixpath.normpath(plain)

    def _shortened(self, message: str) -> str:
        request = _REQUEST.match(message)
        if not request:
            return f"{self._path}***"
        shown = message[: request.end("begin")] + ("***" if request["hidden"] else "")
        return shown + (request["end"] or "")


def hide_codes(path: str) -> None:
    """From now on show requests that name a path (``/tribe/callback``) without their query."""
    logging.getLogger(REQUEST_LOGGER).addFilter(_PlainPathOnly(path))


def hide_secrets() -> None:
    """Have Odoo's log of SQL leave out queries about the table of secrets, from now on."""
    logging.getLogger("odoo.sql_db").addFilter(_without_secrets)


def _without_secrets(record: logging.LogRecord) -> bool:
    if SECRET_TABLE in record.getMessage():
        record.msg, record.args = _NOT_SHOWN, ()
        # The error of a query repeats what the query says.
        record.exc_info = record.exc_text = None
    return True
