"""Single statements in a cursor of their own, which outlive the roll-back of the work."""

import psycopg2.errors

# Workers that change one row at the same moment try again at once, so many times.
ATTEMPTS = 20


def execute_apart(registry, query: str, parameters: list):
    """Execute one statement, commit it, and return its first row (None without rows)."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _execute_once(registry, query, parameters)
        except psycopg2.errors.SerializationFailure:
            # Another worker changed the same row; ours simply comes after it.
            continue
    return _execute_once(registry, query, parameters)


def _execute_once(registry, query: str, parameters: list):
    with registry.cursor() as cursor:
        cursor.execute(query, parameters, log_exceptions=False)
        return cursor.fetchone() if cursor.description else None
