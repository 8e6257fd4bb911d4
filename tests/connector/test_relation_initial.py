from datetime import timedelta

from odoo import fields

from odoo.addons.base.tests.common import new_test_user
from odoo.addons.tribe_connector.engine import claiming

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import RelationCase


class TestRelationInitial(RelationCase):
    """The initial synchronization: who is matched, who is created, who is left alone."""

    activated = False

    def activate(self):
        self.press_activate()
        self.run_lanes()

    def test_who_has_the_number_of_a_relation_is_that_relation(self):
        customer = self.customer("Klant B.V.", debtor_number="D-1")
        supplier = self.customer("Leverancier", customer_rank=0, creditor_number="C-1")
        person = self.customer("Jan Smit", is_company=False, debtor_number="D-2")
        rows = [
            self.organization(Name="Klant", DebtorNumber="D-1"),
            self.organization(roles=[SUPPLIER], Name="Leverancier", CreditorNumber="C-1"),
            self.person(LastName="Smit", DebtorNumber="D-2"),
        ]
        before = len(self.sandbox.rows("Relation"))

        self.activate()

        partners = customer | supplier | person
        self.assertEqual(partners.mapped("tribe_id"), [row["ID"] for row in rows])
        self.assertEqual(len(self.sandbox.rows("Relation")), before)
        self.assertFalse(self.problems())
        for partner in partners:
            self.assertEqual(len(self.relationships(partner)), 1)
        self.assertEqual(self.tribe_of(customer)["Name"], "Klant B.V.")

    def test_a_reinstalled_addon_knows_its_relations_by_import_id(self):
        partner = self.customer(email="info@klant.example")
        row = self.organization(
            Name="Anders",
            EmailAddress="info@klant.example",
            ImportId=self.connection._import_id(partner, "organization"),
        )

        self.activate()

        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertFalse(self.named("Klant B.V.")[1:])

    def test_two_candidates_are_a_question(self):
        partner = self.customer(debtor_number="D-1")
        self.organization(Name="Eerste", DebtorNumber="D-1")
        self.organization(Name="Tweede", DebtorNumber="D-1")
        before = len(self.sandbox.rows("Relation"))

        self.activate()

        self.assertAsked(
            "contact_could_be_several_relations",
            partner="Klant B.V.",
            names=["Eerste", "Tweede"],
        )
        self.assertFalse(partner.tribe_id)
        self.assertEqual(len(self.sandbox.rows("Relation")), before)

    def test_the_number_of_the_other_kind_is_a_question(self):
        partner = self.customer("Jan Smit", is_company=False, debtor_number="D-1")
        self.organization(Name="Smit B.V.", DebtorNumber="D-1")

        self.activate()

        self.assertAsked("contact_of_other_kind", partner="Jan Smit", relation="Smit B.V.")
        self.assertFalse(partner.tribe_id)

    def test_a_number_of_another_partners_relation_is_a_question(self):
        self.connection.number_source = "tribe"
        linked = self.customer("Eerste")
        row = self.organization(
            Name="Eerste",
            DebtorNumber="D-1",
            ImportId=self.connection._import_id(linked, "organization"),
        )
        partner = self.customer("Tweede", debtor_number="D-1")

        self.activate()

        self.assertFalse((partner | linked).filtered("tribe_id"))
        self.assertFalse(self.named("Tweede"))
        matches = self.env["tribe.suggestion"].search([("tribe_id", "=", row["ID"])])
        self.assertEqual(matches.partner_id, partner | linked)

    def test_customer_and_supplier_is_one_organization(self):
        partner = self.customer(supplier_rank=1)

        self.activate()

        self.assertEqual(len(self.named("Klant B.V.")), 1)
        self.assertEqual(set(self.relationships(partner)), {ORGANIZATION_CUSTOMER, SUPPLIER})
        row = self.tribe_of(partner)
        self.assertTrue(partner.debtor_number and partner.creditor_number)
        self.assertEqual(row["DebtorNumber"], partner.debtor_number)
        self.assertEqual(row["CreditorNumber"], partner.creditor_number)

    def test_a_private_supplier_stays_in_odoo(self):
        partner = self.customer("Jan Smit", is_company=False, customer_rank=0, supplier_rank=1)
        other = self.customer("Klant B.V.")

        self.activate()

        self.assertFalse(self.problems())
        self.assertFalse(partner.tribe_id or partner.debtor_number)
        notes = self.env["tribe.run.line"].search([("action", "=", "note")])
        self.assert_told(notes, "private_supplier_stays_in_odoo", field="text", contact="Jan Smit")
        self.assertTrue(other.tribe_id)
        self.assertEqual(self.connection.state, "active")

    def test_a_person_has_a_first_a_middle_and_a_last_name(self):
        partner = self.customer("Jan van der Berg", is_company=False, **{self.mobile: "0612345678"})

        self.activate()

        row = self.tribe_of(partner)
        names = (row["FirstName"], row["MiddleName"], row["LastName"])
        self.assertEqual(names, ("Jan", "van der", "Berg"))
        self.assertEqual(row["MobilePhoneNumber"], "0612345678")
        self.assertEqual(set(self.relationships(partner)), {PERSON_CUSTOMER})

    def test_an_address_is_split_into_the_parts_of_tribe(self):
        address = {
            "street": "Nieuwe Gracht 12 bis",
            "street2": "t.a.v. de administratie",
            "zip": "3512 LR",
            "city": "Utrecht",
            "country_id": self.env.ref("base.nl").id,
        }
        company = self.customer(**address)
        person = self.customer("Jan Smit", is_company=False, **address)

        self.activate()

        country = next(row for row in self.sandbox.rows("Datastore_Country") if row["Code"] == "NL")
        for partner in company | person:
            row = self.address_of(partner)
            self.assertEqual(row["Street"], "Nieuwe Gracht")
            self.assertEqual(row["HouseNumber"], 12)
            self.assertEqual(row["HouseNumberSuffix"], "bis")
            self.assertEqual(row["Extra"], "t.a.v. de administratie")
            self.assertEqual((row["Postalcode"], row["City"]), ("3512 LR", "Utrecht"))
            self.assertEqual(row["Country"], country["ID"])

    def test_only_customers_and_suppliers_are_sent(self):
        nobody = self.customer("Niemand", customer_rank=0)
        contact = self.customer("Contactpersoon", is_company=False, parent_id=nobody.id)
        archived = self.customer("Gearchiveerd", active=False)
        own = self.company.partner_id
        own.write({"name": "Wijzelf B.V.", "customer_rank": 1})
        foreign = self.env["res.company"].create({"name": "Ander bedrijf"})
        elsewhere = self.customer("Elders", company_id=foreign.id)
        marked = self.customer("Gemerkt", customer_rank=0, tribe_synchronize=True)

        self.activate()

        left_alone = nobody | contact | archived | own | elsewhere
        self.assertFalse(any(left_alone.mapped("tribe_id")))
        for partner in left_alone:
            self.assertFalse(self.named(partner.name), partner.name)
        self.assertTrue(marked.tribe_id)

    def test_numbers_of_odoo_win_and_those_of_tribe_fill_in(self):
        self.connection.number_source = "tribe"
        keeps = self.customer("Houdt", debtor_number="D-1", supplier_rank=1)
        takes = self.customer("Neemt")
        row = self.organization(
            Name="Houdt", ImportId=self.connection._import_id(keeps, "organization")
        )
        self.sandbox.change(
            "Relation_Organization", row["ID"], {"DebtorNumber": "T-1", "CreditorNumber": "T-2"}
        )
        self.organization(
            Name="Neemt",
            DebtorNumber="T-3",
            ImportId=self.connection._import_id(takes, "organization"),
        )

        self.activate()

        self.assertEqual((keeps.debtor_number, keeps.creditor_number), ("D-1", "T-2"))
        self.assertEqual(self.tribe_of(keeps)["DebtorNumber"], "D-1")
        self.assertEqual(takes.debtor_number, "T-3")

    def test_a_fresh_number_is_used_nowhere_yet(self):
        upcoming = self.env.ref("tribe_connector.sequence_debtor").number_next_actual
        self.organization(roles=[], DebtorNumber=str(upcoming))
        self.customer("Gearchiveerd", debtor_number=str(upcoming + 1), active=False)
        partner = self.customer()

        self.activate()

        self.assertEqual(partner.debtor_number, str(upcoming + 2))

    def test_nothing_of_tribe_comes_in_before_the_initial_synchronization_is_over(self):
        self.connection.state = "initial"
        row = self.organization(Name="Nieuw in Tribe")
        self.env["tribe.work"]._add(
            self.connection, "inbound", "organization", [row["ID"]], "webhook"
        )

        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_inbound_1").method_direct_trigger()
        self.assertFalse(self.link(row["ID"]))

        self.connection.state = "active"
        self.run_lanes()
        self.assertEqual(self.link(row["ID"]).partner_id.name, "Nieuw in Tribe")

    def test_it_is_over_once_everybody_had_a_turn(self):
        """Whoever Tribe answers with an error is tried again, and keeps nobody waiting."""
        self.patch(claiming, "BATCH", 2)
        partners = self.env["res.partner"].concat(
            *(self.customer(name) for name in ("Pech", "Twee", "Onheil", "Vier", "Vijf"))
        )
        unlucky = partners[0] | partners[2]
        for partner in unlucky:
            self.sandbox.fault("status", status=500, body_contains=partner.name, times=None)
        row = self.organization(roles=[], Name="Nieuw in Tribe")

        self.activate()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(partners.filtered("tribe_id"), partners - unlucky)
        self.assertEqual(set(self.problematic().mapped("error_class")), {"again"})
        self.assertTrue(self.env["tribe.cursor"]._position(self.connection, "invoice"))
        self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.look_at("organization", row["ID"])
        self.assertTrue(self.link(row["ID"]))

        self.sandbox.clear_faults()
        self.connection.settle_seconds = 0
        self.problematic().action_retry()
        self.run_lanes()
        self.assertEqual(partners.filtered("tribe_id"), partners)
        self.assertFalse(self.problems())

    def test_it_is_over_where_all_of_a_batch_failed(self):
        """As when they cannot be looked for together."""
        partner = self.customer()
        self.sandbox.fault("status", status=500, path_contains="Relation_Organization", times=None)

        self.activate()

        self.assertFalse(partner.tribe_id)
        self.assertEqual(self.problematic().mapped("error_class"), ["again"])
        self.assertEqual(self.connection.state, "active")

    def test_who_waits_for_a_first_turn_keeps_it_open(self):
        self.patch(claiming, "BATCH", 1)
        self.customer("Pech")
        other = self.customer("Ander")
        self.sandbox.fault("status", status=500, body_contains="Pech", times=None)
        later = fields.Datetime.now().replace(microsecond=0) + timedelta(hours=1)
        works = self.env["tribe.work"]
        self.connection._enqueue_initial()
        works.search([("reference", "=", str(other.id))]).due = later
        self.connection.state = "initial"

        self.run_lanes()
        self.assertEqual(self.connection.state, "initial")

        works.search([("due", "=", later)]).due = fields.Datetime.now()
        self.run_lanes()
        self.assertEqual(self.connection.state, "active")

    def test_changes_are_looked_for_from_its_beginning_on(self):
        self.customer()
        self.activate()
        beginning = fields.Datetime.now() - timedelta(hours=1)
        streams = ["organization", "person", "customer", "supplier", "person_customer", "address"]
        cursors = self.env["tribe.cursor"].search([("stream", "in", streams)])
        cursors.position = beginning

        self.sandbox.clear_faults()
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.connection.state, "active")
        self.assertEqual(cursors.mapped("stream"), streams)
        self.assertEqual(set(cursors.mapped("position")), {beginning.replace(microsecond=0)})

    def test_a_second_activation_compares_and_changes_nothing(self):
        partners = self.customer(supplier_rank=1) | self.customer("Jan Smit", is_company=False)
        self.activate()
        self.connection.action_deactivate()
        self.run_lanes()
        relations = len(self.sandbox.rows("Relation"))

        self.assertEqual(self.written(self.activate), 0)

        self.assertEqual(len(self.sandbox.rows("Relation")), relations)
        self.assertEqual(len(partners.tribe_link_ids), 5)

    def test_a_pause_in_between_does_not_end_it(self):
        self.press_activate()
        self.connection.action_pause()
        partner = self.customer()
        self.run_lanes_once()
        self.assertFalse(self.sandbox.rows(ORGANIZATION_CUSTOMER))

        self.connection.action_resume()
        self.run_lanes()
        self.run_nightly()

        self.assertEqual(self.connection.state, "active")
        self.assertTrue(partner.tribe_id)

    def run_lanes_once(self):
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
        self.env.invalidate_all()

    def test_users_of_other_groups_save_partners_as_ever(self):
        self.activate()
        user = new_test_user(
            self.env, "verkoper", groups="base.group_user,base.group_partner_manager"
        )
        partner = self.env(user=user, su=False)["res.partner"].create(
            {"name": "Verkoopklant", "is_company": True, "tribe_synchronize": True}
        )

        self.run_nightly()

        self.assertTrue(self.env["res.partner"].browse(partner.id).tribe_id)
