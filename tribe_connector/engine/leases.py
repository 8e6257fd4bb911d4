"""Leases on records that are being worked on, and their names.

A lease is a PostgreSQL advisory lock of a session of its own: no user's save ever meets it,
it outlives the commits of the work, and it ends with the process, however that ends.
"""

import hashlib
from collections.abc import Iterable
from itertools import islice

import psycopg2.errors

from ..mapping import canonical
from .kinds import IN_TRIBE, PARTNER

# Of one worker. Each takes a place in a table of PostgreSQL that all databases of the server share
# (``max_locks_per_transaction`` times ``max_connections``: 6,400 by its defaults).
MOST_HELD = 1_000
# What tells our advisory locks from those of others with the same name.
PERSON = b"tribe_connector"


def record_key(connection_id: int, leased: str, reference: str | int) -> str:
    """The name of the lease on a record, of Tribe or of a model of Odoo (``Kind.leased``)."""
    return f"{connection_id}:{leased}:{reference}"


def tribe_key(connection_id: int, tribe_id: str) -> str:
    """The name of the lease on a record of Tribe."""
    return record_key(connection_id, IN_TRIBE, tribe_id)


def partner_key(connection_id: int, partner_id: int) -> str:
    """The name of the lease on a partner."""
    return record_key(connection_id, PARTNER, partner_id)


def number_key(connection_id: int, name: str, number: str) -> str:
    """The name of the lease on giving somebody a debtor or creditor number (``name``)."""
    return f"{connection_id}:{name}:{canonical(name, number)}"


def journal_key(journal_id: int) -> str:
    """The name of the lease on booking in a journal, whichever connection books."""
    return f"account.journal:{journal_id}"


def button_keys(user_id: int, company_id: int) -> list[str]:
    """The names of the leases on a worker of the web, for a button that asks Tribe."""
    return [f"button:res.users:{user_id}", f"button:res.company:{company_id}"]


class Leases:
    """The leases of one worker. Use as a context manager; leaving it gives all of them back.

    Reading what a lease protects needs a transaction that began after the lease was taken:
    Odoo's cursors keep the snapshot of their first statement.
    """

    def __init__(self, registry):
        self._cursor = registry.cursor()
        self._held: dict[str, int] = {}

    def __enter__(self) -> "Leases":
        return self

    def __exit__(self, *exception) -> None:
        try:
            self.give_back_all()
        finally:
            self._cursor.close()

    def take(self, key: str) -> bool:
        """Take a lease if it is free. True when this worker holds it now.

        With as many as a worker may hold, every other one counts as taken.
        """
        return bool(self.take_each([key]))

    def take_each(self, keys: Iterable[str]) -> list[str]:
        """Take those leases that are free, at the cost of one: the names that are held now."""
        keys = list(keys)
        room = max(MOST_HELD - len(self._held), 0)
        numbers = {key: _number(key) for key in dict.fromkeys(keys) if key not in self._held}
        asked = dict(islice(numbers.items(), room))
        if asked:
            self._cursor.execute(
                "SELECT number, pg_try_advisory_lock(number) FROM unnest(%s::bigint[]) AS number",
                [list(asked.values())],
            )
            taken = dict(self._cursor.fetchall())
            self._cursor.commit()
            self._held |= {key: number for key, number in asked.items() if taken[number]}
        return [key for key in keys if key in self._held]

    def wait_for(self, key: str, seconds: float) -> bool:
        """Take a lease, waiting at most so many seconds for who holds it."""
        number = _number(key)
        try:
            self._cursor.execute(
                "SELECT set_config('lock_timeout', %s, true)", [str(int(seconds * 1000))]
            )
            self._cursor.execute("SELECT pg_advisory_lock(%s)", [number], log_exceptions=False)
        except psycopg2.errors.LockNotAvailable:
            self._cursor.rollback()
            return False
        self._cursor.commit()
        self._held[key] = number
        return True

    def holds(self, key: str) -> bool:
        """Whether this worker has a lease."""
        return key in self._held

    def give_back(self, keys: Iterable[str]) -> None:
        """Let go of some leases that this worker holds."""
        numbers = [self._held.pop(key) for key in keys]
        if numbers:
            self._cursor.execute(
                "SELECT pg_advisory_unlock(number) FROM unnest(%s::bigint[]) AS number", [numbers]
            )
            self._cursor.commit()

    def give_back_all(self) -> None:
        """Let go of everything this worker holds."""
        self.give_back(list(self._held))


def _number(key: str) -> int:
    """The key of the advisory lock: 64 bits that nobody can find a second name for.

    Parts of a name are Tribe's, such as a debtor number: with a mere checksum one could be made
    up that has the lease on a journal.
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8, person=PERSON).digest()
    return int.from_bytes(digest, "big", signed=True)
