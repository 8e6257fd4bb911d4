"""Keeps secrets out of Odoo's log of SQL.

Odoo logs a query that fails with its values, at level ERROR, and every query at the level
``debug_sql`` (odoo/sql_db.py). Whatever touches the table of secrets is not shown.
"""

import logging

SECRET_TABLE = "tribe_credential"
_NOT_SHOWN = f"A query about {SECRET_TABLE} is not shown: it may hold secrets."


def hide_secrets() -> None:
    """Have Odoo's log of SQL leave out queries about the table of secrets, from now on."""
    logging.getLogger("odoo.sql_db").addFilter(_without_secrets)


def _without_secrets(record: logging.LogRecord) -> bool:
    if SECRET_TABLE in record.getMessage():
        record.msg, record.args = _NOT_SHOWN, ()
        # The error of a query repeats what the query says.
        record.exc_info = record.exc_text = None
    return True
