"""The tables, in SQLite: one per family of types, one column per property and per link to one.

All access is serialised by one lock, so that a write and what follows from it are one transaction.
"""

import contextlib
import sqlite3
import threading
import time

from .schema import BOOLEAN, DOUBLE, LONG

COLUMN_TYPES = {DOUBLE: "REAL", LONG: "INTEGER", BOOLEAN: "INTEGER"}
ALWAYS_THERE = ("ImportId",)
INDEXED = ("ImportId", "DebtorNumber", "CreditorNumber", "Code", "Number")
SORTED = ("LastMutationDate", "CreationDate", "ID")


def fold(text):
    """Return *text* for a comparison that ignores case, or None."""
    return None if text is None else str(text).casefold()


def quote(name):
    """Return *name* as an SQL identifier. Names come from the schema, never from a request."""
    return f'"{name}"'


class Store:
    """All records of the tenant. Rows are dicts, column -> value; moments are text in UTC."""

    def __init__(self, path):
        """Open the SQLite file at *path*, or ``:memory:``."""
        self._connection = _connect(path)
        self._snapshot = _connect(":memory:")
        self._backup = _connect(":memory:")
        self._has_backup = False
        self._snapshot_time = 0.0
        self._last_write = 0.0
        self._lock = threading.RLock()
        self._families = {}
        self._lag = 0.0
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER)"
        )

    @property
    def families(self):
        """Names of all tables, each with the set of its columns."""
        return self._families

    def ensure(self, schema):
        """Create the tables, columns and indexes that *schema* needs and that are not there."""
        with self._lock:
            for one in schema.types.values():
                if one.family != "Entity":
                    self._ensure_type(one)

    def _ensure_type(self, one):
        wanted = {name: "" for name in (*ALWAYS_THERE, *one.columns)}
        wanted.update(
            {p.column: COLUMN_TYPES.get(p.edm_type, "TEXT") for p in one.properties.values()}
        )
        links = [n.column for n in one.navigations.values() if not n.is_collection]
        wanted.update({column: "TEXT" for column in links})
        family = quote(one.family)
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {family} (ID TEXT PRIMARY KEY, _Type TEXT NOT NULL)"
        )
        present = {row["name"] for row in self._connection.execute(f"PRAGMA table_info({family})")}
        for column, column_type in wanted.items():
            if column not in present:
                self._connection.execute(
                    f"ALTER TABLE {family} ADD COLUMN {quote(column)} {column_type}"
                )
        self._families[one.family] = present | set(wanted)
        hidden_links = [column for column in one.columns if column.endswith("_ID")]
        self._ensure_indexes(one.family, [*links, *hidden_links])

    def _ensure_indexes(self, family, links):
        columns = self._families[family]
        for column in (*links, *[name for name in INDEXED if name in columns]):
            self._ensure_index(family, column, quote(column))
        for column in SORTED:
            self._ensure_index(family, f"by_{column}", f"_Type, {quote(column)}, ID")
        self._ensure_index(family, "by_type", "_Type")

    def _ensure_index(self, family, name, columns):
        index = quote(f"{family}.{name}")
        self._connection.execute(
            f"CREATE INDEX IF NOT EXISTS {index} ON {quote(family)} ({columns})"
        )

    @contextlib.contextmanager
    def transaction(self):
        """Hold the lock; commit at the end, roll back on any exception."""
        with self._lock:
            self._keep_snapshot()
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()
            self._last_write = time.monotonic()

    def query(self, sql, parameters=()):
        """Return rows as the API's queries see them: behind the writes, when there is a lag."""
        with self._lock:
            behind = self._lag and time.monotonic() - self._last_write < self._lag
            connection = self._snapshot if behind else self._connection
            return [dict(row) for row in connection.execute(sql, parameters)]

    def select(self, sql, parameters=()):
        """Return rows as they are now."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, parameters)]

    def rows(self, family, where="", parameters=()):
        """Return the rows of a family in the order they were made; *where* is an SQL condition."""
        condition = f" WHERE {where}" if where else ""
        return self.select(f"SELECT * FROM {quote(family)}{condition} ORDER BY rowid", parameters)

    def row(self, family, identifier):
        """Return one row, or None."""
        found = self.rows(family, "ID = ?", (identifier,))
        return found[0] if found else None

    def insert(self, family, row):
        """Add one row."""
        self.insert_many(family, [row])

    def insert_many(self, family, rows):
        """Add rows that all have the same columns."""
        if not rows:
            return
        columns = list(rows[0])
        marks = ", ".join("?" for _ in columns)
        names = ", ".join(quote(column) for column in columns)
        self._connection.executemany(
            f"INSERT INTO {quote(family)} ({names}) VALUES ({marks})",
            [tuple(row[column] for column in columns) for row in rows],
        )

    def multiply(self, family, of_type, times):
        """Have each row of a type so many times, at most 1,000, each with an ID of its own.

        Random UUIDs have a 4 where the copies have their number.
        """
        columns = ", ".join(quote(column) for column in sorted(self._families[family] - {"ID"}))
        self._connection.execute(
            f"""WITH RECURSIVE copy (at) AS (
                    SELECT 1 WHERE ? > 1 UNION ALL SELECT at + 1 FROM copy WHERE at < ? - 1
                )
                INSERT INTO {quote(family)} (ID, {columns})
                SELECT substr(ID, 1, 14) || printf('%03x', at) || substr(ID, 18), {columns}
                  FROM {quote(family)} JOIN copy WHERE _Type = ?""",
            (times, times, of_type),
        )

    def update(self, family, identifier, changes):
        """Set columns of one row."""
        if not changes:
            return
        sets = ", ".join(f"{quote(column)} = ?" for column in changes)
        self._connection.execute(
            f"UPDATE {quote(family)} SET {sets} WHERE ID = ?", (*changes.values(), identifier)
        )

    def execute(self, sql, parameters=()):
        """Run a statement that answers nothing."""
        self._connection.execute(sql, parameters)

    def delete(self, family, identifier):
        """Remove one row."""
        self._connection.execute(f"DELETE FROM {quote(family)} WHERE ID = ?", (identifier,))

    def next_number(self, counter):
        """Return 1, 2, 3 ... for each counter name."""
        self._connection.execute(
            "INSERT INTO counter VALUES (?, 1) ON CONFLICT(name) DO UPDATE SET value = value + 1",
            (counter,),
        )
        return self.select("SELECT value FROM counter WHERE name = ?", (counter,))[0]["value"]

    def is_empty(self):
        """Tell whether nothing was ever seeded."""
        return all(
            not self.select(f"SELECT 1 FROM {quote(family)} LIMIT 1") for family in self._families
        )

    def clear(self, keep=()):
        """Remove all rows of all families but those in *keep*, and all counters."""
        for family in self._families:
            if family not in keep:
                self._connection.execute(f"DELETE FROM {quote(family)}")
        self._connection.execute("DELETE FROM counter")

    def lag_behind(self, seconds):
        """Let queries lag so many seconds behind writes; what is there now, they see.

        For good, where the seconds are more than the process will live.
        """
        with self._lock:
            self._lag = seconds
            if seconds:
                self._take_snapshot()

    def back_up(self):
        """Keep all that is there now for ``restore``, instead of what was kept before."""
        with self._lock:
            self._connection.backup(self._backup)
            self._has_backup = True

    def forget_backup(self):
        """From now on there is nothing to restore."""
        self._has_backup = False

    def restore(self):
        """Return to what ``back_up`` kept; tell whether there is such a thing."""
        with self._lock:
            if self._has_backup:
                self._backup.backup(self._connection)
                self._take_snapshot()
            return self._has_backup

    def close(self):
        """Close the database."""
        with self._lock:
            self._snapshot.close()
            self._backup.close()
            self._connection.close()

    def _keep_snapshot(self):
        if self._lag and time.monotonic() - self._snapshot_time >= self._lag:
            self._take_snapshot()

    def _take_snapshot(self):
        self._connection.backup(self._snapshot)
        self._snapshot_time = time.monotonic()


def _connect(path):
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")
    return connection
