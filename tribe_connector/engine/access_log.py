"""Keeps the codes of a sign-in out of Odoo's log of requests.

An authorization code arrives in the address of a request, and werkzeug logs addresses.
"""

import logging
import re

# The logger of every request (odoo/service/server.py, CommonRequestHandler.log_request).
REQUEST_LOGGER = "werkzeug"


class _WithoutQuery(logging.Filter):
    """Shortens the address of one path in log records, also where it is quoted in another."""

    def __init__(self, path: str):
        super().__init__()
        written = re.escape(path).replace("/", "(?:/|%2F)")
        self._query = re.compile(rf"({written}(?:\?|%3F))[^\s\"]*", re.IGNORECASE)

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        shortened = self._query.sub(r"\1***", message)
        if shortened != message:
            record.msg, record.args = shortened, None
        return True


def hide_codes(path: str) -> None:
    """From now on show requests to a path (``/tribe/callback``) without their query."""
    logging.getLogger(REQUEST_LOGGER).addFilter(_WithoutQuery(path))
