from .common import ORGANIZATION_CUSTOMER, ConnectorCase


class TestMainPath(ConnectorCase):
    def test_customers_of_odoo_are_created_in_tribe_with_a_number(self):
        partner = self.env["res.partner"].create(
            {"name": "Klant B.V.", "is_company": True, "customer_rank": 1, "city": "Utrecht"}
        )

        self.activate()

        self.assertEqual(self.connection.state, "active")
        row = self.tribe_row("Relation_Organization", partner.tribe_id)
        self.assertEqual(row["Name"], "Klant B.V.")
        self.assertTrue(partner.debtor_number)
        self.assertEqual(row["DebtorNumber"], partner.debtor_number)
        customers = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=partner.tribe_id)
        self.assertEqual(len(customers), 1)
        self.assertFalse(self.problems())
