"""Looking into a database from outside, as who holds a copy of it does."""

import contextlib

import psycopg2


def rows(server, database: str, query: str) -> list[tuple]:
    """The rows of a query in a database of a ``host.postgresql.Server``."""
    connection = psycopg2.connect(
        dbname=database, host=server.host, port=server.port, user=server.user
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    finally:
        connection.close()


def execute(server, database: str, query: str, parameters: list) -> None:
    """Change a database of a ``host.postgresql.Server``, for good."""
    connection = psycopg2.connect(
        dbname=database, host=server.host, port=server.port, user=server.user
    )
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)


def columns(server, database: str, table: str) -> list[str]:
    """The names of a table's columns."""
    query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
    return [name for (name,) in rows(server, database, query)]


def credential_values(server, database: str) -> dict[str, list]:
    """What each column of the table of secrets holds: ``{column: [value of each row]}``."""
    return {
        name: [value for (value,) in rows(server, database, f"SELECT {name} FROM tribe_credential")]
        for name in columns(server, database, "tribe_credential")
    }
