from connector.common import ConnectorCase

from odoo.exceptions import UserError


class TestMappingSuggestion(ConnectorCase):
    sandbox_options = {"relations": 5, "invoices": 0}

    def setUp(self):
        super().setUp()
        self.connect()
        self.entity = self.connection.legal_entity_ids[0]
        self.entity.company_id = self.company
        self.entity.action_create_journal()

    def group(self, code):
        return self.entity.vat_group_ids.filtered(lambda group: group.code == code)

    def ledger(self, code):
        return self.entity.ledger_account_ids.filtered(lambda ledger: ledger.code == code)

    def test_the_dutch_chart_is_suggested_for_goods_and_services(self):
        self.entity.action_suggest()

        suggested = {
            group.code: (group.tax_id.name, group.service_tax_id.name or None)
            for group in self.entity.vat_group_ids
        }
        self.assertEqual(
            suggested,
            {
                "NL21": ("21% ST", "21% ST S"),
                "NL9": ("9% ST", "9% ST S"),
                "NL0": ("0%", "0% ST S"),
                "NLVERLEGD": ("0% R", None),
                "EUIC": ("0% EX EU G", "0% EX EU S"),
            },
        )
        self.assertFalse(self.entity.unmapped_vat_groups)
        self.assertTrue(all(group.account_id for group in self.entity.vat_group_ids))

    def test_what_a_person_chose_stays(self):
        chosen = self.tax("0% EX")
        self.group("NL0").tax_id = chosen

        self.entity.action_suggest()

        self.assertEqual(self.group("NL0").tax_id, chosen)

    def test_ledger_accounts_are_found_by_code_and_services_by_name(self):
        account = self.env["account.account"].create(
            {
                "name": "Omzet",
                "code": "800000",
                "account_type": "income",
                "company_ids": [(6, 0, self.company.ids)],
            }
        )

        self.entity.action_suggest()

        self.assertEqual(self.ledger("8000").account_id, account)
        self.assertTrue(self.ledger("8030").is_service)
        self.assertFalse(self.ledger("8000").is_service)

    def test_without_a_company_nothing_can_be_suggested(self):
        entity = self.connection.legal_entity_ids[1]
        entity.company_id = False

        with self.assertRaisesRegex(UserError, "Choose the company"):
            entity.action_suggest()
