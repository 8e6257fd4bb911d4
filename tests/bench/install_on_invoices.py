"""Installing on very many invoices: what is read and changed of the rows that are there."""

import contextlib
import time
from pathlib import Path

import psycopg2

from host import odoo_command, postgresql
from host.databases import Databases
from host.odoo_source import find_or_fetch

from .core import Measured

INVOICES = 100_000
DATABASE = "tribe_bench_install"
SEED = Path(__file__).with_name("invoices_seed.py")
TABLES = ("account_move", "account_move_line")
# What PostgreSQL has counted of a table; a scan that builds an index counts as well.
STATISTICS = """
    SELECT seq_tup_read, COALESCE(idx_tup_fetch, 0), n_tup_upd, n_live_tup,
           (SELECT count(*) FROM pg_indexes WHERE tablename = relname)
      FROM pg_stat_user_tables WHERE relname = %s
"""


def measure(quick: bool) -> Measured:
    """Without demo data; autovacuum is off, as it reads the rows too."""
    count = INVOICES // 10 if quick else INVOICES
    odoo = find_or_fetch()
    with postgresql.running() as server:
        databases = Databases(server, odoo)
        databases.create(DATABASE)
        databases.leave_unvacuumed(DATABASE)
        empty_seconds = install(server, odoo)
        databases.create(DATABASE)
        databases.leave_unvacuumed(DATABASE)
        odoo_command.run_script(server, odoo, DATABASE, SEED, TRIBE_BENCH_INVOICES=str(count))
        before = counted(server)
        seconds = install(server, odoo)
        after = counted(server)
        databases.drop(DATABASE)
    tables = {table: difference(before[table], after[table]) for table in TABLES}
    changed = sum(each["changed"] for each in tables.values())
    reads = sum(each["reads_beside_indexes"] for each in tables.values())
    return Measured(
        f"{changed} rows changed, all rows read {reads:.1f} times beside {new_indexes(tables)}"
        f" indexes; {seconds:.1f} s ({empty_seconds:.1f} s without invoices)",
        not changed and reads < 1,
        {"invoices": count, "seconds": seconds, "seconds_empty": empty_seconds, "tables": tables},
    )


def install(server, odoo) -> float:
    """Install the addon; returns how many seconds it took."""
    started = time.monotonic()
    odoo_command.install(server, odoo, DATABASE, ["tribe_connector"])
    return time.monotonic() - started


def counted(server) -> dict[str, tuple]:
    """PostgreSQL's own counts of each table."""
    connection = psycopg2.connect(dbname=DATABASE, **server.connection_options())
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(STATISTICS, [table])
            found[table] = cursor.fetchone()
        return found


def difference(before: tuple, after: tuple) -> dict:
    """What was done with the rows of a table between two counts."""
    scanned, fetched, changed, _rows, indexes = (
        new - old for new, old in zip(after, before, strict=True)
    )
    rows = before[3]
    return {
        "rows": rows,
        "changed": changed,
        "new_indexes": indexes,
        "rows_scanned": scanned,
        "rows_fetched_by_index": fetched,
        "reads_beside_indexes": max((scanned + fetched) / max(rows, 1) - indexes, 0),
    }


def new_indexes(tables: dict[str, dict]) -> int:
    """How many indexes were built on them."""
    return sum(each["new_indexes"] for each in tables.values())
