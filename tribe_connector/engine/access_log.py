"""Keeps the codes of a sign-in out of Odoo's log of requests.

An authorization code arrives in the address of a request, and werkzeug logs addresses.
"""

import logging
import re
from urllib.parse import unquote

# The logger of every request (odoo/service/server.py, CommonRequestHandler.log_request).
REQUEST_LOGGER = "werkzeug"
_ADDRESS = re.compile(r"[^\s\"']+")
# Also where the address is quoted in the query of another one, once or twice over.
_QUERY = re.compile(r"(\?|%(?:25)*3F).*", re.IGNORECASE | re.DOTALL)


class _WithoutQuery(logging.Filter):
    """Shortens addresses that lead below a path in log records, however they are written.

    Odoo answers many spellings of one path, and logs those that it does not answer as well.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        shortened = _ADDRESS.sub(self._shortened, message)
        if shortened != message:
            record.msg, record.args = shortened, None
        return True

    def _shortened(self, address: re.Match) -> str:
        plain = re.sub("/+", "/", unquote(unquote(address[0]))).lower()
        return _QUERY.sub(r"\1***", address[0]) if self._path in plain else address[0]


def hide_codes(path: str) -> None:
    """From now on show requests below a path (``/tribe/callback``) without their query."""
    logging.getLogger(REQUEST_LOGGER).addFilter(_WithoutQuery(path))
