"""What lanes claim, batch by batch, where very much waits."""

import uuid
from typing import NamedTuple
from unittest.mock import patch

from odoo.tools import SQL


class Batch(NamedTuple):
    """What a lane claims at once."""

    connection: object
    kind: str
    references: set


class Batches:
    """For a test case: rows of work by the thousand, and in which order lanes come to them."""

    def batches(self, most, *, meanwhile=None):
        """The first batches that lanes claim; nothing is done with them.

        :param meanwhile: called after each of them, with how many there were
        """
        done = []

        def remove(_engine, claimed, _leases):
            references = set(claimed.mapped("reference"))
            done.append(Batch(claimed.connection_id, claimed[0].kind, references))
            claimed._remove()
            if len(done) == most:
                # By itself, as there are thousands.
                self.env.cr.execute("DELETE FROM tribe_work")
                self.env.invalidate_all()
            elif meanwhile:
                meanwhile(len(done))

        with patch.object(type(self.env["tribe.engine"]), "_do", remove):
            self.run_lanes()
        return done

    def insert(self, connection, kind, count, *, direction="inbound", **values):
        """Rows as of an hour ago, quickly."""
        values = {"reason": "webhook", "error_class": None, **values}
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO tribe_work (connection_id, direction, kind, reference, reason,
                                        error_class, due, created, tries)
                SELECT %s, %s, %s, CASE %s WHEN 'inbound' THEN gen_random_uuid()::text
                                           ELSE (1000000 + number)::text END,
                       %s, %s, now() AT TIME ZONE 'UTC' - interval '1 hour',
                       now() AT TIME ZONE 'UTC', 0
                  FROM generate_series(1, %s) AS number
                """,
                connection.id,
                direction,
                kind,
                direction,
                values["reason"],
                values["error_class"],
                count,
            )
        )


def invented(count):
    """IDs that Tribe does not have."""
    return [str(uuid.uuid4()) for _number in range(count)]
