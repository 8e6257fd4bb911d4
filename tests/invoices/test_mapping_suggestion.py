from connector.common import ConnectorCase


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

    def test_goods_or_services_without_an_account_is_asked_unless_a_name_tells(self):
        self.entity.action_suggest()
        # Domestic ones are on the same line of the VAT return.
        asked = self.entity.vat_group_ids.filtered("asks_what_it_sells")
        self.assertEqual(asked, self.group("EUIC"))
        self.assertFalse(self.entity.vat_group_ids.filtered("sells"))

        self.group("EUIC").sudo().name = "EU - Intracommunautaire diensten"
        self.entity.action_suggest()
        self.assertEqual(self.group("EUIC").sells, "services")

        self.group("EUIC").sells = "goods"
        self.entity.action_suggest()
        self.assertEqual(self.group("EUIC").sells, "goods")

    def test_where_only_services_are_sold_so_is_what_has_no_account(self):
        self.entity.ledger_account_ids.is_service = True
        self.entity.action_suggest()
        self.assertEqual(self.group("EUIC").sells, "services")

    def test_what_a_person_chose_stays(self):
        chosen = self.tax("0% EX")
        self.group("NL0").tax_id = chosen

        self.entity.action_suggest()

        self.assertEqual(self.group("NL0").tax_id, chosen)
        # "0% ST S" belongs to another tax for goods than the one they chose.
        self.assertFalse(self.group("NL0").service_tax_id)

    def test_a_group_of_another_country_s_vat_is_left_to_a_person(self):
        """Every legal entity lists all VAT groups of Tribe, also those of one in Belgium."""
        for name in ("BE - 21%", "21% BE"):
            self.group("NL21").sudo().write(
                {
                    "name": name,
                    "country_code": False,
                    "tax_id": False,
                    "service_tax_id": False,
                }
            )

            self.entity.action_suggest()

            self.assertFalse(self.group("NL21").tax_id, name)
            self.assertFalse(self.group("NL21").service_tax_id, name)

    def test_the_vat_of_another_country_is_not_suggested_whatever_its_name(self):
        countries = {row["Code"]: row["ID"] for row in self.sandbox.rows("Datastore_Country")}
        group = self.group("NL9")
        self.sandbox.change(
            "Datastore_VatGroup", group.tribe_id, {"Country": {"ID": countries["DE"]}}
        )
        self.connect()

        self.entity.action_suggest()

        self.assertFalse(group.tax_id)
        self.assertTrue(self.group("NL21").tax_id)

    def test_a_tenant_whose_vat_groups_have_no_country_gets_the_same(self):
        self.sandbox.switch(absent_fields=["Datastore_VatGroup/Country"])
        self.connect()

        self.entity.action_suggest()

        self.assertEqual(self.group("NL9").tax_id.name, "9% ST")

    def test_a_tax_that_was_changed_to_another_percentage_is_not_suggested(self):
        self.tax("9% ST").amount = 6
        self.tax("9% ST S").amount = 6

        self.entity.action_suggest()

        self.assertFalse(self.group("NL9").tax_id)
        self.assertFalse(self.group("NL9").service_tax_id)

    def test_taxes_that_are_included_in_the_price_are_not_suggested(self):
        self.tax("9% ST").price_include_override = "tax_included"
        self.tax("9% ST S").price_include_override = "tax_included"
        self.entity.action_suggest()
        self.assertFalse(self.group("NL9").tax_id)
        self.assertTrue(self.group("NL21").tax_id)

        self.entity.vat_group_ids.write({"tax_id": False, "service_tax_id": False})
        self.company.account_price_include = "tax_included"
        # As the next request would: Odoo does not compute its taxes anew for this.
        self.env.invalidate_all()
        self.entity.action_suggest()
        self.assertFalse(self.entity.vat_group_ids.tax_id)
        self.assertFalse(self.entity.vat_group_ids.service_tax_id)

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

    def test_an_account_is_not_chosen_by_a_name_that_several_have(self):
        for code in ("801111", "802222"):
            self.env["account.account"].create(
                {
                    "name": "Omzet hoog",
                    "code": code,
                    "account_type": "income",
                    "company_ids": [(6, 0, self.company.ids)],
                }
            )
            self.entity.action_suggest()
            found = self.ledger("8000").account_id.code
            self.assertEqual(found, "801111" if code == "801111" else False)
            self.ledger("8000").account_id = False

    def test_without_a_company_nothing_can_be_suggested(self):
        entity = self.connection.legal_entity_ids[1]
        entity.company_id = False

        with self.assert_refused("choose_company_first", entity=entity.name):
            entity.action_suggest()
