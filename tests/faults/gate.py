"""A gate in the database: whoever comes to it stays in the middle of a transaction."""

import contextlib
import hashlib
from collections.abc import Iterator

from end_to_end.waiting import until

# Any number: nobody else takes this lock.
GATE = 4711
# Not a lock that is waited for: that would have an end of its own.
HOLD = f"""
CREATE OR REPLACE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WHILE NOT pg_try_advisory_xact_lock_shared({GATE}) LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN NEW;
END $$
"""
AT_THE_GATE = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event = 'PgSleep'
"""
WAITING = """
SELECT activity.query FROM pg_locks lock JOIN pg_stat_activity activity USING (pid)
 WHERE NOT lock.granted AND activity.datname = current_database()
"""


@contextlib.contextmanager
def gate(lab, when: str, table: str, condition: str = "TRUE") -> Iterator[None]:
    """Hold whoever does something with a table, from the first one on until this is left.

    :param when: ``"BEFORE INSERT"``, say, or ``"AT COMMIT AFTER INSERT"``
    :param condition: of the rows that are meant, as in ``WHEN``
    """
    at_commit = when.startswith("AT COMMIT ")
    lab.query(HOLD)
    lab.query(
        f"CREATE {'CONSTRAINT ' if at_commit else ''}TRIGGER test_gate"
        f" {when.removeprefix('AT COMMIT ')} ON {table}"
        f" {'DEFERRABLE INITIALLY DEFERRED' if at_commit else ''}"
        f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION test_gate()"
    )
    try:
        lab.query("SELECT pg_advisory_lock(%s)", [GATE])
        yield
    finally:
        lab.query("SELECT pg_advisory_unlock_all()")
        lab.query(f"DROP TRIGGER test_gate ON {table}")


def wait_at_gate(lab) -> None:
    """Wait until somebody is at the gate."""
    until("somebody at the gate", lambda: lab.query(AT_THE_GATE) != [(0,)], pause=0.05)


def assert_nobody_waits(lab, future):
    """What somebody does (a future) comes to its end, and never waits for a lock."""
    waited_for = until(
        "the work or a lock",
        lambda: future.done() and [] or lab.query(WAITING) or (future.done() and ["done"]),
        pause=0.01,
    )
    assert waited_for == ["done"], waited_for
    return future.result()


def lease_number(name: str) -> int:
    """The advisory lock that is the lease of a name (engine/leases.py)."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, person=b"tribe_connector").digest()
    return int.from_bytes(digest, "big", signed=True)
