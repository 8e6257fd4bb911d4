"""Suggest on the charts of Belgium, Denmark, Sweden and Norway, as Odoo's own modules bring them.

The VAT groups have names that a tenant of that country might give them. What is expected are the
taxes' names in ``data/template/account.tax-*.csv`` of ``l10n_be``, ``l10n_dk``, ``l10n_se`` and
``l10n_no``, by what their descriptions there say.
"""

from decimal import Decimal

from connector.common import ConnectorCase
from invoices.invoice_case import InvoiceCase, cents

NOTHING = (None, None)


class ChartCase(ConnectorCase):
    """Companies with a chart of their country, and a legal entity of Tribe for each."""

    sandbox_options = {"relations": 5, "invoices": 0}

    @classmethod
    def company_with_chart(cls, country, chart):
        """A new company of a country with one of its charts."""
        company = cls.env["res.company"].create(
            {"name": f"Example {chart}", "country_id": cls.env.ref(f"base.{country}").id}
        )
        cls.env["account.chart.template"].try_loading(chart, company=company, install_demo=False)
        return company

    @classmethod
    def entity_of(cls, company):
        """A legal entity that Tribe would tell of, for a company."""
        entity = cls.env["tribe.legal.entity"].create(
            {"connection_id": cls.connection.id, "tribe_id": company.name, "name": company.name}
        )
        entity.company_id = company
        return entity

    def add_groups(self, entity, *groups):
        """List VAT groups, each a name and a percentage, as connecting would."""
        return self.env["tribe.vat.group"].create(
            [
                {
                    "legal_entity_id": entity.id,
                    "tribe_id": name,
                    "name": name,
                    "percentage": percentage,
                }
                for name, percentage in groups
            ]
        )

    def suggested(self, entity):
        """The names of the taxes for goods and for services, by VAT group."""
        return {
            group.name: (group.tax_id.name or None, group.service_tax_id.name or None)
            for group in entity.vat_group_ids
        }

    def suggested_for(self, company, *groups):
        """What Suggest gives for some VAT groups of a company."""
        entity = self.entity_of(company)
        self.add_groups(entity, *groups)
        entity.action_suggest()
        return self.suggested(entity)

    def sales_tax(self, company, name):
        """A sales tax by its name, archived or not."""
        (tax,) = (
            self.env["account.tax"]
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "=", company.id),
                    ("type_tax_use", "=", "sale"),
                    ("name", "=", name),
                ]
            )
        )
        return tax


class TestScandinavianCharts(ChartCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.danish = cls.company_with_chart("dk", "dk")
        cls.swedish = cls.company_with_chart("se", "se")
        cls.norwegian = cls.company_with_chart("no", "no")

    def test_denmark(self):
        suggested = self.suggested_for(
            self.danish,
            ("DK - 25%", 25.0),
            ("Moms 25%", 25.0),
            ("EU-levering", 0.0),
            ("Eksport", 0.0),
            ("Salg uden for EU", 0.0),
            ("Momsfritaget", 0.0),
            ("Udenfor momsloven", 0.0),
            # The chart has several, or none.
            ("DK - 0%", 0.0),
            ("Omvendt betalingspligt", 0.0),
            ("Trekantshandel EU", 0.0),
        )

        goods_and_services = ("S_DK_25", "S_DK_Y_25")
        export = ("S_ejEU_Varer_MomsNulPct", "S_ejEU_Ydelser_MomsNulPct")
        self.assertEqual(
            suggested,
            {
                "DK - 25%": goods_and_services,
                "Moms 25%": goods_and_services,
                "EU-levering": ("S_EU_Varer_MomsNulPct", "S_EU_Ydelser_MomsNulPct"),
                "Eksport": export,
                "Salg uden for EU": export,
                "Momsfritaget": ("S_DK_Momsfritaget", None),
                "Udenfor momsloven": ("S_DK_UdenforMomslov", None),
                "DK - 0%": NOTHING,
                "Omvendt betalingspligt": NOTHING,
                "Trekantshandel EU": NOTHING,
            },
        )

    def test_sweden(self):
        suggested = self.suggested_for(
            self.swedish,
            ("SE - 25%", 25.0),
            ("Moms 12%", 12.0),
            ("Moms 6%", 6.0),
            ("Försäljning till annat EU-land", 0.0),
            ("Export utanför EU", 0.0),
            # The chart has none for these.
            ("Momsfri", 0.0),
            ("Omvänd betalningsskyldighet", 0.0),
            ("Trepartshandel EU", 0.0),
        )

        self.assertEqual(
            suggested,
            {
                "SE - 25%": ("25% G", "25% S"),
                "Moms 12%": ("12% G", "12% S"),
                "Moms 6%": ("6% G", "6% S"),
                "Försäljning till annat EU-land": ("0% EU G", "0% EU S"),
                "Export utanför EU": ("0% EX G", "0% EU RS"),
                "Momsfri": NOTHING,
                "Omvänd betalningsskyldighet": NOTHING,
                "Trepartshandel EU": NOTHING,
            },
        )

    def test_norway(self):
        suggested = self.suggested_for(
            self.norwegian,
            ("NO - 25%", 25.0),
            ("Mva 15%", 15.0),
            ("Mva 12%", 12.0),
            ("Råfisk", 11.0),
            ("Fritatt for mva", 0.0),
            ("Unntatt", 0.0),
            ("Omsetning utenfor mva-loven", 0.0),
            ("Omvendt avgiftsplikt", 0.0),
            ("Utførsel", 0.0),
            # For Norway the EU is abroad.
            ("Salg til EU", 0.0),
            ("Uten mva", 0.0),
        )

        self.assertEqual(
            {name: goods for name, (goods, _services) in suggested.items()},
            {
                "NO - 25%": "25%",
                "Mva 15%": "15%",
                "Mva 12%": "12%",
                "Råfisk": "11% Fish",
                "Fritatt for mva": "0%",
                "Unntatt": "0% T",
                "Omsetning utenfor mva-loven": "0% T",
                "Omvendt avgiftsplikt": "0% R",
                "Utførsel": "0% EX",
                "Salg til EU": "0% EX",
                "Uten mva": None,
            },
        )
        self.assertFalse(any(services for _goods, services in suggested.values()))

    def test_what_is_suggested_for_goods_and_for_services_is_of_the_company(self):
        entity = self.entity_of(self.swedish)
        self.add_groups(entity, ("SE - 25%", 25.0))

        entity.action_suggest()

        taxes = entity.vat_group_ids.tax_id + entity.vat_group_ids.service_tax_id
        self.assertEqual(taxes.company_id, self.swedish)
        self.assertEqual(len(taxes), 2)

    def test_a_chart_that_is_not_known_gives_the_ordinary_domestic_tax(self):
        for company, taxes in (
            (self.danish, {25: "S_DK_25"}),
            (self.swedish, {25: "25% G", 12: "12% G", 6: "6% G"}),
            (self.norwegian, {25: "25%", 15: "15%", 12: "12%"}),
        ):
            with self.subTest(company.name):
                company.chart_template = False
                suggested = self.suggested_for(
                    company,
                    *((f"{percentage} %", float(percentage)) for percentage in taxes),
                    # Of 0 %, each chart has several: only a person knows.
                    *((name, 0.0) for name in ("0 %", "EU", "Export", "Reverse charge")),
                )
                self.assertEqual(
                    suggested,
                    {
                        **{f"{percentage} %": (name, None) for percentage, name in taxes.items()},
                        **dict.fromkeys(("0 %", "EU", "Export", "Reverse charge"), NOTHING),
                    },
                )

    def test_of_an_unknown_chart_the_order_of_taxes_for_other_cases_does_not_matter(self):
        """Odoo's own triangular tax of 12 %, one for services and one due on payment come first."""
        self.swedish.chart_template = False
        ordinary = self.sales_tax(self.swedish, "12% G")
        ordinary.sequence = 5
        self.sales_tax(self.swedish, "12% S").sequence = 6
        self.assertEqual(self.sales_tax(self.swedish, "12% EU G Tr").sequence, 1)
        ordinary.copy({"sequence": 1, "tax_scope": "service"})
        ordinary.copy(
            {
                "sequence": 1,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": self.account(
                    "asset_receivable", self.swedish
                ).id,
            }
        )

        suggested = self.suggested_for(self.swedish, ("Moms 12%", 12.0))

        self.assertEqual(suggested, {"Moms 12%": ("12% G", None)})

    def test_the_company_s_own_default_comes_before_others_of_that_percentage(self):
        """Denmark's tax on a dealer's margin is 25 % too."""
        self.danish.chart_template = False
        self.sales_tax(self.danish, "S_DK_Marginmoms").write({"active": True, "sequence": 1})

        suggested = self.suggested_for(self.danish, ("Moms 25%", 25.0))

        self.assertEqual(suggested, {"Moms 25%": ("S_DK_25", None)})

    def test_a_tax_of_another_country_that_the_company_has_is_not_taken(self):
        """A company that is registered abroad has taxes of two countries."""
        self.norwegian.chart_template = False
        abroad = self.sales_tax(self.norwegian, "25%").copy({"name": "25% SE", "sequence": 0})
        self.norwegian.account_sale_tax_id = False
        group = self.env["account.tax.group"].create(
            {
                "name": "Moms",
                "company_id": self.norwegian.id,
                "country_id": self.env.ref("base.se").id,
            }
        )
        abroad.write({"country_id": self.env.ref("base.se").id, "tax_group_id": group.id})

        suggested = self.suggested_for(self.norwegian, ("NO - 25%", 25.0), ("SE - 25%", 25.0))

        self.assertEqual(suggested, {"NO - 25%": ("25%", None), "SE - 25%": NOTHING})

    def test_of_0_percent_the_only_domestic_tax_is_taken_where_the_chart_is_not_known(self):
        """Where it is known, the one that is left may be for something else."""
        for name in ("0%", "0% T", "0% EXEMPT", "0% EX"):
            self.sales_tax(self.norwegian, name).active = False
        groups = (("NO - 0%", 0.0), ("Eksport", 0.0))

        self.assertEqual(
            self.suggested_for(self.norwegian, *groups), {"NO - 0%": NOTHING, "Eksport": NOTHING}
        )
        self.norwegian.chart_template = False
        self.connection.legal_entity_ids.filtered(
            lambda entity: entity.company_id == self.norwegian
        ).unlink()
        self.assertEqual(
            self.suggested_for(self.norwegian, *groups),
            {"NO - 0%": ("0% R", None), "Eksport": NOTHING},
        )

    def test_archived_taxes_are_not_suggested(self):
        """Denmark's taxes of 20 % and 5 % are archived until somebody wants them."""
        self.sales_tax(self.danish, "S_EU_Ydelser_MomsNulPct").active = False

        suggested = self.suggested_for(
            self.danish, ("Moms 20%", 20.0), ("Moms 5%", 5.0), ("EU-levering", 0.0)
        )

        self.assertEqual(
            suggested,
            {
                "Moms 20%": NOTHING,
                "Moms 5%": NOTHING,
                "EU-levering": ("S_EU_Varer_MomsNulPct", None),
            },
        )

    def test_taxes_that_are_included_in_the_price_are_not_suggested(self):
        """Odoo decides by the tax, and by the company where the tax says nothing."""
        groups = (("Moms 25%", 25.0), ("EU", 0.0))
        self.sales_tax(self.swedish, "0% EU G").price_include_override = "tax_excluded"
        for company in (self.danish, self.swedish):
            company.account_price_include = "tax_included"

        self.assertEqual(
            self.suggested_for(self.danish, *groups), {"Moms 25%": NOTHING, "EU": NOTHING}
        )
        self.assertEqual(
            self.suggested_for(self.swedish, *groups),
            {"Moms 25%": NOTHING, "EU": ("0% EU G", None)},
        )

        self.norwegian.chart_template = False
        self.norwegian.account_price_include = "tax_included"
        self.assertEqual(
            self.suggested_for(self.norwegian, ("Mva 25%", 25.0)), {"Mva 25%": NOTHING}
        )

    def test_accounts_are_found_by_code_and_by_a_name_that_is_there_once(self):
        """Norway's chart has several accounts "Earned income that has not been invoiced"."""
        for company, ledgers in (
            (self.danish, {("1010", "Omsætning"): "1010", ("105", "EU"): "1050"}),
            (
                self.swedish,
                {
                    ("3001", "Försäljning varor"): None,
                    ("30011", "Försäljning varor"): "30011",
                    ("K1", "Sale of services to another EU country"): "3308",
                },
            ),
            (
                self.norwegian,
                {
                    ("302", "Tjenester"): "3020",
                    (None, "Earned income that has not been invoiced"): None,
                },
            ),
        ):
            with self.subTest(company.name):
                entity = self.entity_of(company)
                self.add_ledgers(entity, *ledgers)

                entity.action_suggest()

                self.assertEqual(self.accounts_of(entity), ledgers)

    def add_ledgers(self, entity, *ledgers):
        """List general ledger accounts, each a code and a name, as connecting would."""
        self.env["tribe.ledger.account"].create(
            [
                {
                    "legal_entity_id": entity.id,
                    "tribe_id": f"{code} {name}",
                    "code": code,
                    "name": name,
                }
                for code, name in ledgers
            ]
        )

    def accounts_of(self, entity):
        """The codes that the accounts have in the company, by Tribe's code and name."""
        return {
            (ledger.code or None, ledger.name): (
                ledger.with_company(entity.company_id).account_id.code or None
            )
            for ledger in entity.ledger_account_ids
        }

    def test_the_income_account_of_a_vat_group_is_the_one_of_the_chart(self):
        for company, code in (
            (self.danish, "1010"),
            (self.swedish, "30011"),
            (self.norwegian, "3000"),
        ):
            with self.subTest(company.name):
                entity = self.entity_of(company)
                group = self.add_groups(entity, ("25%", 25.0))
                entity.action_create_journal()

                entity.action_suggest()

                self.assertEqual(group.with_company(company).account_id.code, code)
                self.assertEqual(group.account_id.company_ids, company)


class TestBelgianChart(ChartCase, InvoiceCase):
    """Two legal entities of Tribe: a company of the Netherlands and one of Belgium."""

    # Code, name, percentage.
    BELGIAN_GROUPS = (
        ("BE21", "BE - 21%", 21.0),
        ("BE12", "BE - 12%", 12.0),
        ("BE6", "BE - 6%", 6.0),
        ("BE0", "BE - 0%", 0.0),
        ("BEMC", "Medecontractant", 0.0),
        ("BEIC", "Intracommunautair", 0.0),
        ("BEEX", "Export", 0.0),
    )

    @classmethod
    def map(cls):
        """The first legal entity with the Dutch chart, the second with the Belgian one."""
        # Belgium's companies and associations have charts that are based on "be".
        cls.belgian_company = cls.company_with_chart("be", "be_comp")
        cls.dutch, cls.belgian = cls.connection.legal_entity_ids
        cls.dutch.company_id = cls.company
        cls.belgian.company_id = cls.belgian_company
        cls.connection.action_suggest()

    def setUp(self):
        super().setUp()
        self.add_what_a_belgian_tenant_has()
        self.connect()
        self.connection.action_suggest()

    def add_what_a_belgian_tenant_has(self):
        """VAT groups and general ledger accounts in Tribe."""
        for code, name, percentage in self.BELGIAN_GROUPS:
            self.sandbox.create(
                "Datastore_VatGroup", {"Code": code, "Name": name, "Percentage": percentage}
            )
        for code, name in (("7000", "Verkopen"), ("V1", "Services in Belgium")):
            self.sandbox.create("Datastore_GeneralLedgerAccount", {"Code": code, "Name": name})

    def test_each_company_gets_the_taxes_of_its_country(self):
        self.assertEqual(
            self.suggested(self.belgian),
            {
                "BE - 21%": ("21%", None),
                "BE - 12%": ("12%", None),
                "BE - 6%": ("6%", None),
                "BE - 0%": ("0%", None),
                "Medecontractant": ("0% Cocont", None),
                "Intracommunautair": ("0% EU M", "0% EU S"),
                "EU - Intracommunautair": ("0% EU M", "0% EU S"),
                "Export": ("0% EX", None),
                **dict.fromkeys(("NL - 21%", "NL - 9%", "NL - 0%", "NL - Verlegd"), NOTHING),
            },
        )
        self.assertEqual(
            self.suggested(self.dutch),
            {
                "NL - 21%": ("21% ST", "21% ST S"),
                "NL - 9%": ("9% ST", "9% ST S"),
                "NL - 0%": ("0%", "0% ST S"),
                "NL - Verlegd": ("0% R", None),
                "Medecontractant": ("0% R", None),
                "Intracommunautair": ("0% EX EU G", "0% EX EU S"),
                "EU - Intracommunautair": ("0% EX EU G", "0% EX EU S"),
                "Export": ("0% EX", None),
                **dict.fromkeys(("BE - 21%", "BE - 12%", "BE - 6%", "BE - 0%"), NOTHING),
            },
        )
        for entity in (self.dutch, self.belgian):
            taxes = entity.vat_group_ids.tax_id + entity.vat_group_ids.service_tax_id
            self.assertEqual(taxes.company_id, entity.company_id)

    def test_the_taxes_for_services_are_suggested_where_they_are_wanted(self):
        """They are archived in Odoo's chart."""
        for name in ("21% S", "12% S", "6% S", "0% S"):
            self.sales_tax(self.belgian_company, name).active = True

        self.belgian.action_suggest()

        suggested = self.suggested(self.belgian)
        self.assertEqual(suggested["BE - 21%"], ("21%", "21% S"))
        self.assertEqual(suggested["BE - 12%"], ("12%", "12% S"))
        self.assertEqual(suggested["BE - 6%"], ("6%", "6% S"))
        self.assertEqual(suggested["BE - 0%"], ("0%", "0% S"))

    def test_accounts_are_found_by_code_and_by_name(self):
        ledgers = self.belgian.ledger_account_ids.with_company(self.belgian_company)
        codes = {ledger.code: ledger.account_id.code or None for ledger in ledgers}
        self.assertEqual((codes["7000"], codes["V1"], codes["8000"]), ("700000", "700100", None))
        self.assertEqual(
            self.belgian.vat_group_ids.with_company(self.belgian_company).account_id.code, "700000"
        )

    def send_together(self, *invoices):
        """Send invoices, each a legal entity and its lines, and look at all in one batch."""
        tribe_ids = []
        for entity, *lines in invoices:
            tribe_id = self.draft(*lines, Identity={"ID": entity.tribe_id})
            self.sandbox.set_phase(tribe_id, "Sent")
            tribe_ids.append(tribe_id)
        self.look_at("invoice", *tribe_ids)
        return [self.assert_booked_to_the_cent(tribe_id) for tribe_id in tribe_ids]

    def taxes_and_boxes(self, move):
        """By tax: the net amount, the VAT, and the boxes of the return that each goes to."""
        found = {}
        for tax in move.invoice_line_ids.tax_ids:
            base = move.invoice_line_ids.filtered(lambda line, tax=tax: tax in line.tax_ids)
            vat = move.line_ids.filtered(lambda line, tax=tax: line.tax_line_id == tax)
            found[tax.name] = (
                cents(-sum(base.mapped("balance"))),
                base.tax_tag_ids.mapped("name"),
                cents(-sum(vat.mapped("balance"))),
                vat.tax_tag_ids.mapped("name"),
            )
        return found

    def test_invoices_of_both_in_one_batch_have_their_own_taxes_accounts_and_tags(self):
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "BEIC").sells = "goods"
        belgian, dutch, abroad = self.send_together(
            (
                self.belgian,
                self.line(99.99, 3, vat="BE21"),
                self.line(10.05, vat="BE21"),
                self.line(33.33, vat="BE6"),
                self.line(50.00, vat="BEMC"),
            ),
            (self.dutch, self.line(99.99, 3), self.line(33.33, vat="NL9")),
            (
                self.belgian,
                self.line(12.50, vat="BEIC"),
                self.line(20.00, vat="BEIC", Product={"ID": self.service()}),
                self.line(30.00, vat="BEEX"),
            ),
        )

        self.assertEqual(
            self.taxes_and_boxes(belgian),
            {
                "21%": (Decimal("310.02"), ["03"], Decimal("65.10"), ["54"]),
                "6%": (Decimal("33.33"), ["01"], Decimal("2.00"), ["54"]),
                "0% Cocont": (Decimal("50.00"), ["45"], Decimal("0.00"), []),
            },
        )
        self.assertEqual(
            self.taxes_and_boxes(dutch),
            {
                "21% ST": (Decimal("299.97"), ["1a (omzet)"], Decimal("62.99"), ["1a (BTW)"]),
                "9% ST": (Decimal("33.33"), ["1b (omzet)"], Decimal("3.00"), ["1b (BTW)"]),
            },
        )
        self.assertEqual(
            self.taxes_and_boxes(abroad),
            {
                "0% EU M": (Decimal("12.50"), ["46L"], Decimal("0.00"), []),
                "0% EU S": (Decimal("20.00"), ["44"], Decimal("0.00"), []),
                "0% EX": (Decimal("30.00"), ["47"], Decimal("0.00"), []),
            },
        )
        for move, entity in (
            (belgian, self.belgian),
            (dutch, self.dutch),
            (abroad, self.belgian),
        ):
            self.assertEqual(move.company_id, entity.company_id)
            self.assertEqual(move.journal_id, entity.journal_id)
            self.assertEqual(move.line_ids.account_id.company_ids, entity.company_id)
            self.assertEqual(
                move.line_ids.tax_tag_ids.country_id, entity.company_id.account_fiscal_country_id
            )
        self.assertEqual(self.code_of_vat(belgian), "451000")

    def code_of_vat(self, move):
        """The code of the account of the VAT."""
        lines = move.line_ids.filtered("tax_line_id").with_company(move.company_id)
        return lines.account_id.code

    def service(self):
        """A product of Tribe with the ledger account "Omzet diensten"."""
        ledgers = self.sandbox.rows("Datastore_GeneralLedgerAccount", Code="8030")
        return self.sandbox.rows("Product", GeneralLedgerAccount=ledgers[0]["ID"])[0]["ID"]
