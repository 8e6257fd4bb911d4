"""A customer of two Tribes: its number in the one; and ended in it while the other one is off."""

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .test_two_tenants import CustomerOfBothCase

WIRE = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
SETS = {"debtor_number": ORGANIZATION_CUSTOMER, "creditor_number": SUPPLIER}


class TestNumberKeptInOne(CustomerOfBothCase):
    """It keeps its own number in a Tribe where somebody else has the one that it got in Odoo."""

    def keep(self, name, kept, now):
        """Have it keep a number in B; returns who has the other number there."""
        self.partner.supplier_rank = int(name == "creditor_number")
        self.partner[name] = kept
        self.nights()
        self.assertEqual(self.in_each(WIRE[name]), [kept, kept])
        other = self.one_of_b(f"Ander {now}", name, now)
        self.partner[name] = now
        self.nights()
        self.assertEqual(self.in_each(WIRE[name]), [now, kept])
        self.assertFalse(self.problems())
        return other

    def one_of_b(self, called, name, number):
        values = {WIRE[name]: number, "roles": (SETS[name],)}
        return self.customer_of(self.b, called, **values)

    def in_b(self, name, number):
        """What those are called that have a number in B."""
        with self.in_tenant(self.b):
            rows = self.sandbox.rows("Relation_Organization", **{WIRE[name]: number})
        return [row["Name"] for row in rows]

    def assertAskedInB(self, partner, *codes):
        work = self.problematic()
        self.assertEqual((work.connection_id, work.partner_id), (self.b, partner), self.problems())
        self.assertEqual(work.error_class, "person")
        self.assertIn(work.error.code, codes)

    def assertGivenAway(self, name, number, taker):
        """Once the number that it has in Odoo is free in B, all is as Odoo has it."""
        self.partner.phone = "030 9"
        for _night in range(2):
            self.nights()
        self.assertFalse(self.problems())
        self.assertEqual(self.in_b(name, number), [taker.name])
        self.assertEqual(self.in_each(WIRE[name]), [self.partner[name]] * 2)

    def test_nobody_there_gets_it(self):
        for name in WIRE:
            number = f"50{len(name)}"
            with self.subTest(name):
                other = self.keep(name, f"{number}1", f"{number}2")
                taker = self.one_of_b(f"Derde {number}", name, f"{number}3")
                taker[name] = f"{number}1"
                for _night in range(2):
                    self.nights()

                self.assertEqual(len(self.in_b(name, f"{number}1")), 1)
                self.assertEqual(self.in_b(name, f"{number}3"), [taker.name])
                self.assertAskedInB(taker, "number_taken_in_tribe")
                other[name] = f"{number}9"
                self.nights()
                self.assertGivenAway(name, f"{number}1", taker)

    def test_nor_a_new_one(self):
        for name in WIRE:
            number = f"60{len(name)}"
            with self.subTest(name):
                other = self.keep(name, f"{number}1", f"{number}2")
                ranks = {"customer_rank": 0, "supplier_rank": 1}
                ranks = ranks if name == "creditor_number" else {}
                taker = self.customer(
                    f"Nieuw {number}", company_id=self.other.id, **ranks, **{name: f"{number}1"}
                )
                for _night in range(2):
                    self.nights()

                self.assertEqual(len(self.in_b(name, f"{number}1")), 1)
                self.assertAskedInB(taker, "number_of_linked_relation")
                other[name] = f"{number}9"
                self.nights()
                self.assertGivenAway(name, f"{number}1", taker)

    def test_in_the_other_it_is_free(self):
        self.keep("debtor_number", "7001", "7002")
        taker = self.customer_of(self.a, "Derde van A", DebtorNumber="7003")
        taker.debtor_number = "7001"
        self.nights()

        self.assertFalse(self.problems())
        with self.in_tenant(self.a):
            rows = self.sandbox.rows("Relation_Organization", DebtorNumber="7001")
        self.assertEqual([row["Name"] for row in rows], ["Derde van A"])


class TestEndedWhileTheOtherIsOff(CustomerOfBothCase):
    """Ended in one Tribe while nothing goes through the connection of the other one."""

    ways = ("deactivated", "archived", "left")

    def switch_off(self, connection, way):
        if way == "deactivated":
            with self.enter_registry_test_mode():
                connection.action_deactivate()
        elif way == "archived":
            connection.action_archive()
        elif way == "paused":
            connection.action_pause()
        else:
            self.partner.company_id = (self.a + self.b - connection).company_id
            self.nights()
            link = self.link(self.ids[connection])
            link.action_leave_to_odoo()
            self.run_lanes()

    def switch_on(self, connection, way):
        if way == "deactivated":
            with self.enter_registry_test_mode():
                connection.action_activate()
        elif way == "archived":
            connection.action_unarchive()
        elif way == "paused":
            connection.action_resume()
        else:
            self.partner.company_id = False
            self.link(self.ids[connection]).action_follow_again()
        self.run_lanes()
        for _night in range(2):
            self.nights()

    def end(self, connection, is_former=True):
        row = self.relationship(connection)
        with self.in_tenant(connection):
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": is_former})
            self.look_at("organization", self.ids[connection])
        connection.action_run_nightly()
        self.run_lanes()

    def assert_current_again(self, way, on, off):
        self.switch_off(off, way)
        self.end(on)
        self.assertFalse(self.partner.active)
        self.switch_on(off, way)

        current = {"a": self.a == off, "b": self.b == off}
        self.assertCurrent(odoo=True, **current)
        for connection in (self.a, self.b):
            with self.in_tenant(connection):
                self.assertEqual(self.written(self.nights), 0)
        # And back.
        self.end(on, is_former=False)
        self.nights()
        self.assertCurrent(odoo=True, a=True, b=True)

    def test_nobody_ended_it_in_the_other(self):
        for way in self.ways:
            for on, off in ((self.a, self.b), (self.b, self.a)):
                with self.subTest(way, off=off.name):
                    self.assert_current_again(way, on, off)

    def test_whatever_policy(self):
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy):
                (self.a + self.b).conflict_policy = policy
                self.assert_current_again("archived", self.a, self.b)

    def test_also_where_the_relation_was_deleted_there_since(self):
        self.switch_off(self.b, "archived")
        self.end(self.a)
        self.env["tribe.link"].search([]).shown_at = False
        self.a.settle_seconds = 0
        with self.in_tenant(self.a):
            self.sandbox.delete("Relation_Organization", self.ids[self.a])
            self.look_at("organization", self.ids[self.a])
        self.assertEqual(self.link(self.ids[self.a]).state, "gone")
        self.switch_on(self.b, "archived")

        self.assertTrue(self.partner.active)
        self.assertFalse(self.relationship(self.b)["IsFormer"])

    def test_also_where_that_one_is_off_by_then(self):
        self.switch_off(self.b, "archived")
        self.end(self.a)
        self.switch_off(self.a, "archived")
        self.b.action_unarchive()
        for _night in range(2):
            self.b.action_run_nightly()
            self.run_lanes()

        self.assertTrue(self.partner.active)
        self.assertFalse(self.relationship(self.b)["IsFormer"])
        # Who archives it now is a person.
        self.partner.action_archive()
        self.b.action_run_nightly()
        self.run_lanes()
        self.assertFalse(self.partner.active)
        self.assertTrue(self.relationship(self.b)["IsFormer"])

    def test_ended_in_the_other_as_well_it_is_archived(self):
        self.switch_off(self.b, "archived")
        self.end(self.a)
        row = self.relationship(self.b)
        with self.in_tenant(self.b):
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.switch_on(self.b, "archived")

        self.assertCurrent(odoo=False, a=False, b=False)

    def test_archived_by_a_person_it_ends_there_too(self):
        self.switch_off(self.b, "archived")
        self.partner.action_archive()
        self.a.action_run_nightly()
        self.run_lanes()
        self.switch_on(self.b, "archived")

        self.assertCurrent(odoo=False, a=False, b=False)
