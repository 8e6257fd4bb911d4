"""Leases by names that are partly Tribe's."""

import hashlib
import zlib
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.tribe_connector.engine import leases
from odoo.addons.tribe_connector.engine.leases import (
    Leases,
    journal_key,
    number_key,
)


@tagged("standard", "post_install", "-at_install")
class TestLeases(TransactionCase):
    """Whoever enters numbers in Tribe keeps nobody from anything else."""

    def colliding(self):
        """Two names of leases with the same checksum (CRC32), and so of any text before them."""
        seen = {}
        for number in range(10**6):
            name = number_key(1, "debtor_number", hashlib.sha256(b"%d" % number).hexdigest())
            other = seen.setdefault(zlib.crc32(name.encode()), name)
            if other != name:
                return name, other
        raise AssertionError("no two names collide")

    def keys_of_locks(self):
        self.env.cr.execute(
            "SELECT classid, objid, objsubid FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
        )
        return set(self.env.cr.fetchall())

    def test_two_names_with_one_checksum_are_two_leases(self):
        names = [*self.colliding(), journal_key(1)]
        before = self.keys_of_locks()
        with self.enter_registry_test_mode(), Leases(self.registry) as leases:
            for name in names:
                self.assertTrue(leases.take(name))
            self.assertEqual(len(self.keys_of_locks() - before), len(names))
        self.assertEqual(self.keys_of_locks(), before)

    def test_no_worker_fills_the_table_that_all_databases_share(self):
        before = self.keys_of_locks()
        with (
            patch.object(leases, "MOST_HELD", 3),
            self.enter_registry_test_mode(),
            Leases(self.registry) as held,
        ):
            taken = [held.take(f"name {number}") for number in range(5)]
            self.assertEqual(taken, [True, True, True, False, False])
            self.assertEqual(len(self.keys_of_locks() - before), 3)
            self.assertTrue(held.take("name 0"))
            held.give_back(["name 0"])
            self.assertTrue(held.take("name 3"))
        self.assertEqual(self.keys_of_locks(), before)
