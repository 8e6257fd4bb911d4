"""A batch is read at once, and decided on one by one: what was an old copy then stays one."""

from odoo import fields

from odoo.addons.tribe_connector.relations import relation_reader

from .relation_case import RelationCase
from .test_relation_right_lost import SETS_OF_ROLES, no_roles, without_right

# Longer than any test.
FOR_GOOD = 10.0**9
DIRECTIONS = ("inbound", "outbound")


class LateCase(RelationCase):
    def lag(self):
        """From now on queries show what is there now."""
        self.sandbox.switch(query_lag=FOR_GOOD)

    def read(self, direction, partner):
        """Have a partner looked at, and decided on late."""
        kind, reference = "partner", str(partner.id)
        if direction == "inbound":
            kind, reference = partner._tribe_kind(), partner.tribe_id
        self.env["tribe.work"]._add(self.connection, direction, kind, [reference], "person")
        with self.late_after(relation_reader, "_load_relationships"):
            self.run_lanes()

    def tell(self, partner, **values):
        """Tribe is told some values, which its queries do not show yet."""
        self.synchronize(partner)
        self.lag()
        partner.write(values)
        self.run_nightly()


class TestTold(LateCase):
    """What Odoo told is not undone by a copy of before."""

    def test_a_value(self):
        for direction in DIRECTIONS:
            with self.subTest(direction):
                partner = self.linked(direction, phone="030 1")
                self.tell(partner, phone="030 2")
                self.read(direction, partner)
                self.assertEqual(partner.phone, "030 2")
                self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 2")
                self.assertFalse(self.problems())

    def test_an_address(self):
        for direction in DIRECTIONS:
            with self.subTest(direction):
                partner = self.linked(direction, city="Assen")
                self.tell(partner, city="Emmen")
                self.read(direction, partner)
                self.assert_one_address(partner, "Emmen")

    def test_a_first_address(self):
        for direction in DIRECTIONS:
            for is_company in (True, False):
                with self.subTest(direction, is_company=is_company):
                    partner = self.linked(f"{direction} {is_company}", is_company=is_company)
                    before = len(self.sandbox.rows("Address"))
                    self.tell(partner, city="Assen")
                    self.read(direction, partner)
                    self.assert_one_address(partner, "Assen")
                    self.assertEqual(len(self.sandbox.rows("Address")), before + 1)

    def test_an_end(self):
        for direction in DIRECTIONS:
            with self.subTest(direction):
                partner = self.linked(direction)
                self.tell(partner, active=False)
                self.read(direction, partner)
                self.assertFalse(partner.active)
                (row,) = self.relationships(partner).values()
                self.assertTrue(row["IsFormer"])

    def assert_one_address(self, partner, city):
        self.assertEqual(partner.city, city)
        self.assertEqual(self.address_of(partner)["City"], city)
        self.assertFalse(self.problems())


class TestMade(LateCase):
    """A relationship that a copy of before does not have yet is not made a second time."""

    def test_a_relationship(self):
        for role, is_company in (("customer", True), ("customer", False), ("supplier", True)):
            for direction in DIRECTIONS:
                with self.subTest(direction, role=role, is_company=is_company):
                    ranks = {"customer_rank": 0, f"{role}_rank": 1}
                    name = f"{role} {direction} {is_company}"
                    partner = self.linked(name, is_company=is_company, **ranks)
                    self.synchronize(partner)
                    before = self.count()
                    with without_right(no_roles):
                        self.read(direction, partner)
                    self.assertEqual(self.count(), before)
                    self.assertFalse(self.problems())

    def count(self):
        return sum(len(self.sandbox.rows(name)) for name in SETS_OF_ROLES)


class TestShown(LateCase):
    """What Tribe showed once is not undone by a copy of before: it may have several."""

    def test_a_value(self):
        for direction in DIRECTIONS:
            with self.subTest(direction):
                partner = self.linked(direction, phone="030 1")
                self.synchronize(partner)
                self.show_newer(partner, "030 2")
                self.read(direction, partner)
                self.assertEqual(partner.phone, "030 2")
                self.assertFalse(self.connection.trouble)
                self.assertFalse(self.problems())

    def show_newer(self, partner, phone):
        """As if Tribe had just shown another telephone number than it shows from now on."""
        link = self.link(partner.tribe_id)
        partner._tribe_import_context().phone = phone
        link.write(
            {
                "agreed": {**link.agreed, "phone": phone},
                "shown": {**link.shown, link.tribe_id: "2099-01-01T00:00:00Z"},
                "shown_at": fields.Datetime.now(),
                "being_told": False,
            }
        )
