"""No call to Tribe while a lock is held that a user's save can meet: every lane is looked at."""

import contextlib
import re
from unittest.mock import patch

from odoo.tests.test_cursor import TestCursor
from odoo.tools import SQL

from odoo.addons.tribe_connector.tribe_api.client import Client

# What people save. Rows of ours (tribe_…) only buttons meet, and a row that is new nobody.
LOCKING = re.compile(
    r"\s*(?:UPDATE|DELETE\s+FROM)\s+\"?(res_partner|res_company|account_\w+|ir_sequence)\b", re.I
)


class Locks:
    """What calls to Tribe left while their lane had changed something and not committed it."""

    def __init__(self):
        self.met = []
        self._held = {}

    @contextlib.contextmanager
    def watched(self):
        """Look at the transactions of all lanes that run meanwhile."""
        execute, commit, rollback = TestCursor.execute, TestCursor.commit, TestCursor.rollback
        pass_barrier = Client._pass_barrier

        def execute_and_note(cursor, query, *arguments, **options):
            code = query.code if isinstance(query, SQL) else str(query)
            if found := LOCKING.match(code):
                self._held.setdefault(cursor, set()).add(found[1].lower())
            return execute(cursor, query, *arguments, **options)

        def commit_and_forget(cursor):
            commit(cursor)
            self._held.pop(cursor, None)

        def rollback_and_forget(cursor):
            rollback(cursor)
            self._held.pop(cursor, None)

        def look_and_pass(client, method):
            for tables in self._held.values():
                self.met += sorted(tables)
            return pass_barrier(client, method)

        with (
            patch.object(TestCursor, "execute", execute_and_note),
            patch.object(TestCursor, "commit", commit_and_forget),
            patch.object(TestCursor, "rollback", rollback_and_forget),
            patch.object(Client, "_pass_barrier", look_and_pass),
        ):
            yield
