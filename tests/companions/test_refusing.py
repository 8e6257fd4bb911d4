"""With addons of the Odoo Community Association that refuse or reset what other tests rely on.

``partner_email_check``, ``partner_vat_unique``, ``partner_country_state_required``,
``partner_manual_rank`` and ``account_journal_restrict_mode``, in a database with nothing else.
"""

from connector.test_relation_fields import FieldCase
from invoices.invoice_case import InvoiceCase

VAT = "NL123456782B90"


class WithoutStates:
    """No country requires a state, unless a test says so."""

    @classmethod
    def activate_for_all_tests(cls):
        cls.env["res.country"].search([]).state_required = False
        super().activate_for_all_tests()


class RefusedCase(WithoutStates, FieldCase):
    def new(self, **fields):
        """A new relation of Tribe, looked at; returns its row."""
        row = self.organization(**{"Name": "A", "DebtorNumber": "1001", **fields})
        self.look_at("organization", row["ID"])
        return row

    def assertRefused(self, row):
        self.assertAsked("odoo_refuses_relation")
        self.assertAsked("relation_with_numbers", relation=row["Name"])
        self.assertAsked("number_of_relation", number=row["DebtorNumber"])
        self.assertAsked("said_by_odoo")
        self.assertEqual(self.problematic().cause, "odoo")

    def assertTakenAtNight(self, row):
        self.run_nightly()
        self.assertFalse(self.problems())
        self.assertSettled(self.link(row["ID"]).partner_id)


class TestEmail(RefusedCase):
    """partner_email_check."""

    def test_an_address_that_is_none(self):
        good = self.organization(Name="B", DebtorNumber="1002", EmailAddress="een@klant.nl")
        row = self.organization(Name="A", DebtorNumber="1001", EmailAddress="geen adres")
        self.look_at("organization", row["ID"], good["ID"])

        self.assertTrue(self.link(good["ID"]).partner_id)
        self.assertFalse(self.link(row["ID"]).partner_id)
        self.assertRefused(row)
        self.sandbox.change("Relation_Organization", row["ID"], {"EmailAddress": "a@klant.nl"})
        self.assertTakenAtNight(row)

    def test_one_that_is_written_otherwise_is_no_change(self):
        partner = self.link(self.new(EmailAddress="Verkoop@Klant.NL")["ID"]).partner_id
        self.assertEqual(partner.email, "verkoop@klant.nl")
        self.assertSettled(partner)

    def test_one_that_another_has(self):
        self.company.partner_email_check_filter_duplicates = True
        self.customer("Een ander", email="een@klant.nl", customer_rank=0)
        row = self.new()

        self.change_relation(self.link(row["ID"]).partner_id, EmailAddress="een@klant.nl")

        self.assertRefused(row)
        self.company.partner_email_check_filter_duplicates = False
        self.assertTakenAtNight(row)

    def test_nobody_is_asked_whether_it_can_be_delivered_to(self):
        self.company.partner_email_check_check_deliverability = True
        row = self.new(EmailAddress="een@klant.example")
        self.assertEqual(self.link(row["ID"]).partner_id.email, "een@klant.example")


class TestVat(RefusedCase):
    """partner_vat_unique."""

    def test_a_number_that_another_has(self):
        self.env["ir.config_parameter"].set_param("partner_vat_unique.partner_vat_unique", "True")
        other = self.customer("Een ander", vat=VAT, customer_rank=0)
        row = self.new()

        self.change_relation(self.link(row["ID"]).partner_id, VATNumber=VAT)

        self.assertRefused(row)
        other.vat = False
        self.assertTakenAtNight(row)


class TestState(RefusedCase):
    """partner_country_state_required."""

    def test_a_country_with_states(self):
        country = self.env.ref("base.be")
        country.state_required = True
        self.env["res.country.state"].create(
            {"name": "Provincie", "code": "X1", "country_id": country.id}
        )
        belgium = {"ID": self.connection.country_ids["BE"]}
        row = self.new(InvoiceAddress={"Country": belgium})

        self.assertFalse(self.link(row["ID"]).partner_id)
        self.assertRefused(row)
        country.state_required = False
        self.assertTakenAtNight(row)


class TestRanks(RefusedCase):
    """With partner_manual_rank, which sets the ranks to zero when a contact is made."""

    def test_who_was_imported_is_a_customer_with_a_number(self):
        row = self.organization(Name="Zonder nummer B.V.")
        self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        self.assertEqual((partner.customer_rank, partner.supplier_rank), (1, 0))
        self.run_nightly()
        self.assertTrue(partner.debtor_number)
        self.assertSettled(partner)


class TestHashedJournals(WithoutStates, InvoiceCase):
    """account_journal_restrict_mode hashes every journal."""

    def setUp(self):
        super().setUp()
        self.entity = self.connection.legal_entity_ids[:1]
        self.entity.journal_id = False
        self.entity = self.entity.with_context(test_account_journal_restrict_mode=True)

    def test_create_journal_says_what_can_be_done(self):
        with self.assert_refused("journal_hashed"), self.env.cr.savepoint():
            self.entity.action_create_journal()

    def test_with_odoos_number_all_of_it_works(self):
        self.entity.number_policy = "odoo"
        self.entity.action_create_journal()
        self.assertTrue(self.entity.journal_id.restrict_mode_hash_table)

        tribe_id = self.send_new(self.line(100.0), Identity={"ID": self.entity.tribe_id})

        move = self.booked_move(tribe_id)
        self.assertEqual(move.state, "posted", self.problems())
        self.assertTrue(move.inalterable_hash)
        self.assertFalse(self.problems())
