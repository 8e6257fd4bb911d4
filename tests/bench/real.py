"""What rows with real processes share: relations of Tribe that are to come in."""

import itertools

from end_to_end.world import World

from .in_tribe import make_relation

# Due a while ago: Odoo's present moment has no fraction of a second.
INSERT = """
    INSERT INTO tribe_work (connection_id, direction, kind, reference, reason, due, created, tries)
    SELECT %s, 'inbound', 'organization', unnest(%s), 'poll',
           now() AT TIME ZONE 'UTC' - interval '1 minute', now() AT TIME ZONE 'UTC', 0
"""
_numbers = itertools.count(1)


def make_relations(both: World, count: int) -> list[str]:
    """Customers in Tribe, each with a number; the IDs of the organizations. No webhook tells."""
    (own,) = both.odoo.rows(
        "tribe.connection", [["id", "=", both.connection_id]], ["own_organization_id"]
    )
    both.sandbox.switch(webhook_drop_rate=1.0)
    made = [
        make_relation(both.sandbox, own["own_organization_id"], number)
        for number in itertools.islice(_numbers, count)
    ]
    both.sandbox.switch(webhook_drop_rate=0.0)
    return made


def note(both: World, ids: list[str]) -> None:
    """Note that organizations are to be looked at, and start the lanes."""
    both.server.execute(INSERT, [both.connection_id, ids])
    both.tick()
