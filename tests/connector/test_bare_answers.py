"""A Tribe that answers a create with 204 and no address: what was made is found, and made once."""

from datetime import timedelta

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

# Longer than any test.
FOR_GOOD = 10.0**9


class TestBareAnswers(RelationCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(write_answer="bare")

    def have_tried(self, partners):
        """Synchronize, and let what waits for its time be due some times."""
        partners.action_synchronize_with_tribe()
        for _number in range(3):
            self.run_lanes()
            for work in self.env["tribe.work"].search([]):
                work.due -= timedelta(hours=2)
        self.run_lanes()

    def assertMadeOnce(self, partner, *sets):
        self.assertFalse(self.problems())
        self.assertTrue(partner.tribe_id)
        entity_set = "Relation_Organization" if partner.is_company else "Relation_Person"
        self.assertEqual(len(self.named(partner.name, entity_set)), 1)
        for each in sets:
            navigation = "Person" if each == PERSON_CUSTOMER else "Organization"
            rows = self.sandbox.rows(each, **{navigation: partner.tribe_id})
            self.assertEqual(len(rows), 1, each)
            self.assertEqual(self.link(rows[0]["ID"]).partner_id, partner)
            self.assertEqual(self.link(rows[0]["ID"]).state, "linked")
        links = self.env["tribe.link"].search([("partner_id", "=", partner.id)])
        self.assertEqual(len(links), 1 + len(sets), links.mapped("kind"))
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)
        self.assertEqual(self.written(self.run_nightly), 0)

    def all_kinds(self):
        return (
            (self.customer("Klant B.V.", city="Utrecht"), (ORGANIZATION_CUSTOMER,)),
            (
                self.customer("Beide B.V.", supplier_rank=1),
                (ORGANIZATION_CUSTOMER, SUPPLIER),
            ),
            (self.customer("Leverancier B.V.", customer_rank=0, supplier_rank=1), (SUPPLIER,)),
            (self.customer("Jan Jansen", is_company=False, city="Breda"), (PERSON_CUSTOMER,)),
        )

    def test_new_relations(self):
        made = self.all_kinds()
        self.have_tried(self.env["res.partner"].union(*(partner for partner, _sets in made)))
        for partner, sets in made:
            with self.subTest(partner.name):
                self.assertMadeOnce(partner, *sets)

    def test_new_relations_of_a_tribe_that_lags(self):
        made = self.all_kinds()
        partners = self.env["res.partner"].union(*(partner for partner, _sets in made))
        self.sandbox.switch(query_lag=FOR_GOOD)
        partners.action_synchronize_with_tribe()
        self.run_lanes()
        self.sandbox.switch(query_lag=0.0)
        for work in self.env["tribe.work"].search([]):
            work.due -= timedelta(hours=2)
        self.have_tried(partners)
        for partner, sets in made:
            with self.subTest(partner.name):
                self.assertMadeOnce(partner, *sets)

    def test_a_customer_that_supplies_later_on(self):
        partner = self.customer()
        self.have_tried(partner)
        partner.supplier_rank = 1
        self.have_tried(partner)
        self.assertMadeOnce(partner, ORGANIZATION_CUSTOMER, SUPPLIER)

    def test_that_needs_no_other_reason_to_be_found(self):
        """Nobody has to save it once more."""
        partner = self.customer()
        self.have_tried(partner)
        partner.supplier_rank = 1
        self.run_nightly()
        (row,) = self.sandbox.rows(SUPPLIER, Organization=partner.tribe_id)
        self.assertEqual(self.link(row["ID"]).partner_id, partner)
        self.assertFalse(self.env["tribe.link"].search([("state", "=", "sending")]))

    def test_a_first_address(self):
        for is_company in (True, False):
            partner = self.customer("Jan Jansen", is_company=is_company)
            self.have_tried(partner)
            before = len(self.sandbox.rows("Address"))
            partner.city = "Breda"
            self.have_tried(partner)
            self.assertEqual(len(self.sandbox.rows("Address")), before + 1)
            self.assertEqual(self.address_of(partner)["City"], "Breda")

    def test_without_import_ids_the_number_tells(self):
        self.connection.has_import_id = False
        partner = self.customer()
        self.have_tried(partner)
        self.assertMadeOnce(partner, ORGANIZATION_CUSTOMER)
