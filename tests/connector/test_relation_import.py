import random
import string

from odoo.addons.base.tests.common import new_test_user
from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .relation_case import LEAD, RelationCase

FIELD = sentence("field_debtor_number")


class TestRelationImport(RelationCase):
    def test_a_customer_moves_to_another_country_with_its_peppol_endpoint(self):
        belgium, france = self.env.ref("base.be"), self.env.ref("base.fr")
        partner = self.linked(vat="BE0477472701", street="Weg 1", country_id=belgium.id)
        self.assertEqual(partner.peppol_endpoint, "0477472701")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"VATNumber": None})
        country = {"ID": self.connection.country_ids["FR"]}
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"Country": country})

        self.look_at("organization", partner.tribe_id)

        self.assertFalse(self.problems())
        self.assertEqual((partner.country_id, partner.vat), (france, False))
        self.assertFalse(partner.peppol_endpoint)

    def test_a_customer_keeps_its_peppol_endpoint_otherwise(self):
        partner = self.linked(vat="BE0477472701", country_id=self.env.ref("base.be").id)
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"VATNumber": None})

        self.look_at("organization", partner.tribe_id)

        self.assertFalse(self.problems())
        self.assertFalse(partner.vat)
        self.assertEqual(partner.peppol_endpoint, "0477472701")

    """Tribe to Odoo: what changed in Tribe, on an active connection."""

    def change(self, partner, **fields):
        """Change the relation of a partner in Tribe, and have it noticed."""
        kind = "Organization" if partner.is_company else "Person"
        self.sandbox.change(f"Relation_{kind}", partner.tribe_id, fields)
        self.look_at(kind.lower(), partner.tribe_id)

    def end(self, partner, is_former=True):
        """End (or reopen) the relationships of a partner in Tribe, and have it noticed."""
        kinds = {ORGANIZATION_CUSTOMER: "customer", SUPPLIER: "supplier"}
        for entity_set, row in self.relationships(partner).items():
            self.sandbox.change(entity_set, row["ID"], {"IsFormer": is_former})
            self.look_at(kinds[entity_set], row["ID"])

    def imported(self, tribe_id):
        """The partner of a relation of Tribe."""
        return self.link(tribe_id).partner_id

    # What changed

    def test_a_changed_organization(self):
        partner = self.linked(email="oud@klant.example")

        self.change(
            partner,
            Name="Nieuwe Naam B.V.",
            EmailAddress="nieuw@klant.example",
            PhoneNumber="030 1234567",
            Website="https://klant.example",
        )

        self.assertEqual(partner.name, "Nieuwe Naam B.V.")
        self.assertEqual(partner.email, "nieuw@klant.example")
        self.assertEqual(partner.phone, "030 1234567")
        self.assertEqual(partner.website, "https://klant.example")

    def test_a_relationship_that_tribe_moved_here_from_another_organization(self):
        """Also where it is a supplier besides: its link of before is gone by then."""
        partner = self.linked(supplier_rank=1)
        other = self.linked("Andere B.V.")
        links = partner.tribe_link_ids.filtered(lambda link: link.kind == "customer")
        theirs = other.tribe_link_ids.filtered(lambda link: link.kind == "customer")
        moved = links.tribe_id
        links.tribe_id = "0f0e0d0c-0000-4000-8000-000000000001"
        links.flush_recordset()
        theirs.tribe_id = moved

        self.change(partner, PhoneNumber="030 7")

        self.assertEqual(partner.phone, "030 7", self.problems())
        self.assertEqual(self.problems(), [])
        self.assertEqual(links.tribe_id, moved)

    def test_a_changed_person(self):
        partner = self.linked("Jan Smit", is_company=False)

        self.change(
            partner,
            FirstName="Johan",
            MiddleName="van der",
            LastName="Berg",
            MobilePhoneNumber="06 12345678",
        )

        self.assertEqual(partner.name, "Johan van der Berg")
        self.assertEqual(partner[self.mobile], "06 12345678")

    def test_a_changed_address(self):
        partner = self.linked(street="Oudeweg 1", city="Utrecht")
        address = self.address_of(partner)

        self.sandbox.change(
            "Address", address["ID"], {"Street": "Nieuweweg", "HouseNumber": 7, "City": "Zeist"}
        )
        self.look_at("address", address["ID"])

        self.assertEqual((partner.street, partner.city), ("Nieuweweg 7", "Zeist"))

    def test_an_invoice_address_of_odoo_gets_what_tribe_changed(self):
        partner = self.customer(street="Bezoekweg 1")
        invoice_address = self.customer(
            "Crediteuren", type="invoice", parent_id=partner.id, customer_rank=0, street="Postbus 1"
        )
        self.synchronize(partner)

        address = self.address_of(partner)
        self.sandbox.change("Address", address["ID"], {"Street": "Postbus", "HouseNumber": 99})
        self.look_at("address", address["ID"])

        self.assertEqual(invoice_address.street, "Postbus 99")
        self.assertEqual(partner.street, "Bezoekweg 1")

    def test_a_field_that_was_emptied(self):
        partner = self.linked(phone="030 1", street="Oudeweg 1", vat="NL123456782B90")

        address = self.address_of(partner)
        self.sandbox.change("Address", address["ID"], {"Street": None, "HouseNumber": None})
        self.change(partner, PhoneNumber=None, VATNumber=None)

        self.assertFalse(partner.phone or partner.street or partner.vat)

    def test_a_vat_number_is_stored_as_sent(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)

        self.change(partner, VATNumber="NL000000000B00")

        self.assertIn(partner.vat, ("NL000000000B00", "000000000B00"))
        self.assertFalse(self.problems())

    # Nothing goes back

    def test_what_was_received_is_not_sent_back(self):
        partner = self.linked(street="Oudeweg 1")
        rows = [
            self.organization(
                Name="  Ruime   Naam ",
                VATNumber="nl 1234.56.782.b90",
                EmailAddress="Info@Klant.example",
                Website="www.klant.example/",
                PhoneNumber="+31 (0)30 123 45 67",
                DebtorNumber="T-1",
                InvoiceAddress={"Street": "Straat", "HouseNumber": 12, "HouseNumberSuffix": "a-2"},
            ),
            self.person(FirstName="Jan", MiddleName="van 't", LastName="Hof", DebtorNumber="T-2"),
        ]
        self.change(partner, PhoneNumber="030 7", VATNumber="be0477472701")
        self.look_at("organization", rows[0]["ID"])
        self.look_at("person", rows[1]["ID"])

        self.assertFalse(self.env["tribe.work"].search([("kind", "=", "partner")]))
        self.assertEqual(self.written(self.run_nightly), 0)
        self.assertEqual(self.imported(rows[0]["ID"]).name, "Ruime Naam")
        self.assertFalse(self.due_work())
        self.assertFalse(self.problems())

    def test_what_odoo_stores_in_its_own_format_is_not_sent_back(self):
        partner = self.linked(country_id=self.env.ref("base.nl").id)
        country = {"ID": self.connection.country_ids["NL"]}
        row = self.organization(
            VATNumber="GR094019245",
            DebtorNumber="T-1",
            InvoiceAddress={"City": "Utrecht", "Country": country},
        )
        self.change(partner, VATNumber="GR094019245")
        self.look_at("organization", row["ID"])
        stored = self.imported(row["ID"]) | partner
        self.assertEqual(set(stored.mapped("vat")), {"EL094019245"})
        stored.phone = "030 1"

        # The phone numbers only.
        self.assertEqual(self.written(self.run_nightly), 2)
        self.assertEqual(self.tribe_of(partner)["VATNumber"], "GR094019245")
        self.assertEqual(self.tribe_of(stored[0])["VATNumber"], "GR094019245")

    def test_what_both_sides_agree_on_changes_nothing_in_odoo(self):
        partner = self.linked(street="Oudeweg 1", vat="NL123456782B90")
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01'")
        self.env.invalidate_all()

        self.look_at("organization", partner.tribe_id)

        self.assertEqual(partner.write_date.year, 2020)

    # Who is new

    def test_new_customers_come_in_as_one_batch(self):
        numbers = range(5)
        rows = [self.organization(Name=f"Nieuw {number}") for number in numbers]
        supplier = self.organization(Name="Leverancier", roles=[SUPPLIER])

        self.look_at("organization", *(row["ID"] for row in [*rows, supplier]))

        partners = self.imported([row["ID"] for row in rows][0])
        for number, row in zip(numbers, rows, strict=True):
            partner = self.imported(row["ID"])
            self.assertEqual(partner.name, f"Nieuw {number}")
            self.assertTrue(partner.is_company and partner.customer_rank)
            self.assertFalse(partner.supplier_rank)
            self.assertTrue(partner.debtor_number)
            self.assertEqual(self.tribe_of(partner)["DebtorNumber"], partner.debtor_number)
            partners |= partner
        self.assertEqual(len(set(partners.mapped("debtor_number"))), 5)
        self.assertTrue(self.imported(supplier["ID"]).supplier_rank)
        self.assertTrue(self.imported(supplier["ID"]).creditor_number)

    def test_one_that_odoo_refuses_does_not_stop_the_others(self):
        # Odoo's own constraint: a contact needs a name.
        rows = [self.organization(Name=f"Nieuw {number}") for number in range(4)]
        nameless = self.person(LastName="\u200b")

        self.look_at("organization", *(row["ID"] for row in rows))
        self.look_at("person", nameless["ID"], self.person(LastName="Smit")["ID"])

        self.assertTrue(all(self.imported(row["ID"]) for row in rows))
        self.assertTrue(self.env["res.partner"].search([("name", "=", "Smit")]))
        self.assertFalse(self.imported(nameless["ID"]))

    def test_a_lead_is_no_customer_until_it_becomes_one(self):
        row = self.organization(roles=[LEAD], Name="Wie weet B.V.")
        self.look_at("organization", row["ID"])
        self.assertFalse(self.imported(row["ID"]))

        self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        customer = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"])[0]
        self.look_at("customer", customer["ID"])

        self.assertEqual(self.imported(row["ID"]).name, "Wie weet B.V.")

    def test_a_private_customer_is_a_person(self):
        row = self.person(FirstName="Jan", LastName="Smit")
        customer = self.sandbox.rows(PERSON_CUSTOMER, Person=row["ID"])[0]

        self.look_at("person_customer", customer["ID"])

        partner = self.imported(row["ID"])
        self.assertEqual((partner.name, partner.is_company), ("Jan Smit", False))

    def test_who_becomes_a_supplier_in_tribe_is_one_in_odoo(self):
        partner = self.linked()
        supplier = self.relate(SUPPLIER, Organization=partner.tribe_id)

        self.look_at("supplier", supplier["ID"])

        self.assertTrue(partner.supplier_rank)
        self.assertEqual(self.link(supplier["ID"]).partner_id, partner)

    # Matching

    def test_an_archived_partner_with_the_number_is_that_relation(self):
        partner = self.customer(debtor_number="D-1", active=False)
        row = self.organization(Name="Relatie B.V.", DebtorNumber="D-1")

        self.look_at("organization", row["ID"])
        self.run_nightly()

        self.assertEqual(self.imported(row["ID"]), partner)
        self.assertFalse(partner.active)
        # Nobody archived the partner because of this relation, or ended it because of the partner.
        self.assertFalse(self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"])

    def test_the_number_of_the_other_kind_is_a_question(self):
        self.customer("Jan Smit", is_company=False, debtor_number="D-1", active=False)
        row = self.organization(Name="Smit B.V.", DebtorNumber="D-1")

        self.look_at("organization", row["ID"])

        self.assertAsked("relation_of_other_kind", relation="Smit B.V.", partner="Jan Smit")
        self.assertFalse(self.imported(row["ID"]))

    def test_a_number_of_a_linked_partner_is_a_question(self):
        partner = self.linked(debtor_number="D-1")
        row = self.organization(Name="Dubbel B.V.", DebtorNumber="D-1")

        self.look_at("organization", row["ID"])

        number = sentence("number_of_relation", field=FIELD, number="D-1")
        self.assertAsked(
            "number_of_linked_contact",
            relation="Dubbel B.V.",
            numbers=[number],
            partner="Klant B.V.",
        )
        self.assertEqual(self.problematic().cause, "number")
        self.assertNotEqual(partner.tribe_id, row["ID"])

    def test_only_the_number_that_the_linked_partner_has_is_named(self):
        self.linked(debtor_number="D-1")
        row = self.organization(
            roles=[ORGANIZATION_CUSTOMER, SUPPLIER],
            Name="Dubbel B.V.",
            DebtorNumber="d-1",
            CreditorNumber="C-9",
        )

        self.look_at("organization", row["ID"])

        number = sentence("number_of_relation", field=FIELD, number="d-1")
        self.assertAsked("number_of_linked_contact", numbers=[number])

    def test_two_new_relations_with_one_number_are_a_question(self):
        partner = self.customer(debtor_number="D-1", active=False)
        rows = [self.organization(Name=name, DebtorNumber="D-1") for name in ("Een", "Twee")]
        rows += [self.organization(Name=name, DebtorNumber="D-2") for name in ("Drie", "Vier")]

        self.look_at("organization", *(row["ID"] for row in rows))

        linked = [self.imported(row["ID"]) for row in rows]
        # Which of the two an existing contact is, a person tells.
        self.assertFalse(linked[0] or linked[1] or partner.tribe_id)
        self.assertEqual(len(linked[2] | linked[3]), 1)
        # Which of two comes first depends on their IDs.
        works = self.problematic()
        self.assert_told(
            works,
            "contact_could_be_several_relations",
            partner="Klant B.V.",
            count=2,
            names=["Een", "Twee"],
        )
        same = [
            (told.parameters["relation"], told.parameters["other"])
            for told in self.sentences_told(works)
            if told.code == "relations_with_same_number"
        ]
        self.assertTrue({("Drie", "Vier"), ("Vier", "Drie")} & set(same), same)

    def test_a_number_that_another_partner_has_is_a_question(self):
        self.connection.number_source = "tribe"
        partner = self.linked(customer_rank=0, supplier_rank=1)
        other = self.customer("Ander", debtor_number="D-1", active=False)

        self.change(partner, DebtorNumber="D-1", PhoneNumber="030 1")
        self.assertAsked(
            "number_taken_in_odoo",
            field=sentence("field_debtor_number"),
            number="D-1",
            relation="Klant B.V.",
            partner="Ander",
        )
        self.assertFalse(partner.debtor_number)

        other.debtor_number = False
        self.env["tribe.work"].search([("error_class", "=", "person")]).action_retry()
        self.run_lanes()
        self.assertEqual((partner.debtor_number, partner.phone), ("D-1", "030 1"))
        self.assertFalse(self.problems())

    def test_a_number_of_odoo_that_tribe_changed_is_changed_back(self):
        partner = self.linked(debtor_number="D-1")

        self.change(partner, DebtorNumber="T-9")
        self.run_nightly()

        self.assertEqual(partner.debtor_number, "D-1")
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "D-1")

    def test_an_address_that_only_names_a_country_comes_and_stays(self):
        germany = {"ID": self.connection.country_ids["DE"]}
        row = self.organization(VisitingAddress={"Country": germany})
        self.look_at("organization", row["ID"])
        self.assertEqual(self.imported(row["ID"]).country_id.code, "DE")

        partner = self.linked("In Odoo", country_id=self.env.ref("base.nl").id)
        self.change(partner, PhoneNumber="030 1")
        self.run_nightly()
        self.assertEqual(partner.country_id.code, "NL")

    def test_a_creditor_number_typed_in_tribe_makes_a_supplier_on_both_sides(self):
        partner = self.linked()

        self.change(partner, CreditorNumber="C-9")
        supplier = self.relationships(partner)[SUPPLIER]
        self.look_at("supplier", supplier["ID"])

        self.assertEqual((partner.creditor_number, partner.supplier_rank), ("C-9", 1))
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)

    # Former, deleted

    def test_former_is_archived_and_current_is_unarchived(self):
        partner = self.linked(supplier_rank=1)
        self.end(partner)
        self.assertFalse(partner.active)

        self.end(partner, is_former=False)
        self.assertTrue(partner.active)
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_who_is_a_supplier_still_is_not_archived(self):
        partner = self.linked(supplier_rank=1)
        customer = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, customer["ID"], {"IsFormer": True})
        self.look_at("customer", customer["ID"])

        self.assertTrue(partner.active)

    def test_only_what_we_archived_is_unarchived(self):
        partner = self.linked()
        self.end(partner)
        partner.action_unarchive()
        self.run_nightly()
        partner.action_archive()
        self.run_nightly()

        self.end(partner, is_former=False)

        self.assertFalse(partner.active)
        self.assertStaysArchived(partner)

    def notes_of(self, partner):
        lines = self.env["tribe.run.line"].search([("action", "=", "note")])
        return lines.filtered(lambda line: line.partner_id == partner)

    def assertStaysArchived(self, partner):
        """A person reads once that it is archived and current in Tribe; nothing is a problem."""
        notes = self.notes_of(partner)
        self.assert_told(notes, "contact_stays_archived", field="text", partner=partner.name)
        self.assertFalse(partner.active)
        self.assertFalse(self.problems())
        self.synchronize(partner)
        self.run_nightly()
        self.assertEqual(self.notes_of(partner), notes)
        self.assertEqual(self.written(self.run_nightly), 0)
        # Where somebody looks who wonders about it.
        partner.invalidate_recordset(["tribe_note"])
        told = sentence("contact_stays_archived", partner=partner.display_name)
        self.assertIn(told, partner.tribe_note or "")

    def test_who_is_unarchived_stays_archived_no_more(self):
        partner = self.customer(debtor_number="D-1", active=False)
        row = self.organization(Name="Relatie B.V.", DebtorNumber="D-1")
        self.look_at("organization", row["ID"])
        self.assertStaysArchived(partner)

        partner.active = True
        self.assertFalse(partner.tribe_note)
        self.run_nightly()
        self.assertFalse(self.link(row["ID"]).noted)
        self.assertFalse(self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"])

        partner.active = False
        self.run_nightly()
        self.assertTrue(self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"])
        self.assertFalse(self.problems())

    def test_the_plan_says_who_stays_archived(self):
        partner = self.linked()
        partner.active = False
        self.run_nightly()
        relationship = self.relationships(partner)[ORGANIZATION_CUSTOMER]["ID"]
        self.sandbox.change(ORGANIZATION_CUSTOMER, relationship, {"IsFormer": False})
        self.env["tribe.work"]._add(
            self.connection, "inbound", "organization", [partner.tribe_id], "webhook"
        )
        action = self.connection.action_plan()
        self.env["tribe.work"].search([("kind", "=", "organization")]).due = "2050-01-01"
        self.run_lanes()

        lines = self.env["tribe.plan"].browse(action["res_id"]).line_ids
        self.assert_told(lines, "contact_stays_archived", field="text", partner=partner.name)
        self.assertFalse(partner.active)

    def test_a_partner_with_a_user_cannot_be_archived(self):
        user = new_test_user(self.env, "klant", groups="base.group_portal")
        partner = user.partner_id
        partner.write({"is_company": True, "customer_rank": 1, "phone": "030 1"})
        self.synchronize(partner)
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 2"})

        self.end(partner)
        self.assertTrue(partner.active)
        self.assertAsked(
            "contact_cannot_be_archived",
            partner=partner.display_name,
            reason=sentence("contact_has_user", users=user.display_name),
        )

        user.active = False
        self.env["tribe.work"].search([("error_class", "=", "person")]).action_retry()
        self.run_lanes()
        self.assertFalse(partner.active)
        self.assertEqual(partner.phone, "030 2")

    def test_what_was_deleted_in_tribe_stays_in_odoo(self):
        partner = self.linked()
        tribe_id = partner.tribe_id
        self.forget_sending(partner)
        self.sandbox.delete("Relation_Organization", tribe_id)

        self.look_at("organization", tribe_id)

        self.assertTrue(partner.active)
        self.assertEqual(self.link(tribe_id).state, "gone")
        self.assertFalse(partner.tribe_id)
        partner.phone = "030 1"
        self.assertEqual(self.written(self.run_nightly), 0)

        anew = self.organization(Name="Klant B.V.", DebtorNumber=partner.debtor_number)
        self.look_at("organization", anew["ID"])
        self.assertEqual(partner.tribe_id, anew["ID"])

    def test_what_was_just_sent_is_not_gone_because_it_does_not_show_yet(self):
        partner = self.linked()
        tribe_id = partner.tribe_id
        self.sandbox.delete("Relation_Organization", tribe_id)

        self.look_at("organization", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "linked")
        works = self.env["tribe.work"].search([("reference", "=", tribe_id)])
        self.assertEqual(works.error_class, "again")

    def forget_sending(self, partner):
        """It is long ago that a partner was created in Tribe."""
        partner.tribe_link_ids.sent_at = "2020-01-01"

    def test_who_was_deleted_in_odoo_is_not_made_again(self):
        partner = self.linked(street="Oudeweg 1")
        tribe_id, number = partner.tribe_id, partner.debtor_number
        relationship = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        partner.unlink()

        self.sandbox.change("Relation_Organization", tribe_id, {"PhoneNumber": "030 1"})
        self.look_at("organization", tribe_id)
        self.look_at("customer", relationship["ID"])
        self.run_nightly()

        self.assertFalse(self.imported(tribe_id))
        self.assertFalse(self.env["res.partner"].search([("debtor_number", "=", number)]))

        # Somebody who makes the contact anew, with its number, has it linked again.
        anew = self.customer(debtor_number=number)
        self.synchronize(anew)
        self.assertEqual(anew.tribe_id, tribe_id)
        self.assertEqual(self.link(relationship["ID"]).partner_id, anew)
        self.assertEqual(anew.phone, "030 1")

    def test_merged_contacts_leave_one_relation_and_no_new_contact(self):
        stays, goes = self.linked("Blijft"), self.linked("Gaat")
        gone_id, stays_id = goes.tribe_id, stays.tribe_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})

        wizard._merge((stays | goes).ids, stays)
        self.sandbox.change("Relation_Organization", gone_id, {"PhoneNumber": "030 1"})
        self.look_at("organization", gone_id)

        self.assertEqual(stays.tribe_id, stays_id)
        self.assertEqual(len(stays.tribe_link_ids), 2)
        self.assertFalse(self.imported(gone_id))
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Gaat")]), 0)

    def test_nothing_is_kept_of_a_contact_that_was_merged_away(self):
        stays, goes = self.linked("Blijft"), self.linked("Gaat")
        link = self.link(goes.tribe_id)
        kept = {
            "agreed": {"phone": "030 1"},
            "being_told": {"phone": ["030 1"]},
            "made": {"phone": ["030 1", "030 2", "030 1"]},
            "noted": {"phone": "030 1"},
        }
        link.write(kept)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((stays | goes).ids, stays)
        self.assertEqual(link.state, "merged")
        self.assertEqual({name: link[name] for name in kept}, dict.fromkeys(kept, False))

    def test_a_link_that_is_taken_over_keeps_nothing_of_who_had_it(self):
        link = self.link(self.linked("Was").tribe_id)
        link.write({"partner_id": False, "made": {"phone": ["030 1", "030 2", "030 1"]}})
        partner = self.customer("Nieuw")
        self.env["tribe.link"]._join(self.connection, "organization", link.tribe_id, partner)
        self.assertEqual((link.partner_id, link.made), (partner, False))

    def test_a_contact_merged_into_an_unlinked_one_brings_its_relation(self):
        stays, goes = self.customer("Blijft", customer_rank=0), self.linked("Gaat")
        tribe_id = goes.tribe_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})

        wizard._merge((stays | goes).ids, stays)

        self.assertEqual(self.imported(tribe_id), stays)

    def test_a_name_that_no_index_takes_together_with_another_is_held(self):
        partner = self.linked("Klant B.V.")
        texts = random.Random(1).choices(string.ascii_letters, k=3700)
        contact = {"name": "".join(texts[:1000]), "parent_id": partner.id, "is_company": False}
        self.env["res.partner"].create(contact)
        name = "".join(texts[1000:2900])
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"Name": name})
        self.look_at("organization", partner.tribe_id)

        (problem,) = self.problems()
        self.assertIn("Name has 1900 characters in Tribe", problem)
        self.assertEqual(partner.name, "Klant B.V.")

    def test_work_about_what_is_no_contact_hides_no_contact(self):
        partner = self.linked("Klant B.V.")
        self.env["tribe.work"]._add(self.connection, "outbound", "partner", [partner.id], "follow")
        self.env["tribe.work"].search([("reference", "=", str(partner.id))]).reference = "x"
        self.env.invalidate_all()
        self.assertEqual(partner.tribe_state, "linked")
        self.assertIn(partner, partner.search([("tribe_state", "=", "linked")]))
