"""Odoo's hierarchy of contacts and companies: who of it is a relation of Tribe, and who is not."""

import time
from unittest.mock import patch

from odoo import Command
from odoo.tests import Form, new_test_user

from .relation_case import RelationCase

HOME = {"street": "Dorpsweg 9", "zip": "3500 AB", "city": "Utrecht"}
OFFICE = {"street": "Kerkstraat 1", "zip": "1011 AB", "city": "Amsterdam"}


class HierarchyCase(RelationCase):
    """A mother company that is nobody's customer, unless a test says so."""

    def setUp(self):
        super().setUp()
        self.mother = self.env["res.partner"].create({"name": "Moeder B.V.", "is_company": True})

    def daughter(self, name="Dochter B.V.", **values):
        """A company under the mother company, with a number of her own."""
        return self.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "parent_id": self.mother.id,
                "debtor_number": "1001",
                **values,
            }
        )

    def contact(self, name="Jan de Vries", **values):
        """A person under the mother company."""
        return self.env["res.partner"].create({"name": name, "parent_id": self.mother.id, **values})

    def imported(self, **values):
        """The partner of a new customer of Tribe; empty while somebody is asked."""
        row = self.organization(**values)
        self.look_at("organization", row["ID"])
        return self.link(row["ID"]).partner_id

    def address(self, partner):
        return {name: partner[name] for name in HOME}

    def in_tribe(self, partner):
        """The street and city of a partner in Tribe; nothing without an address."""
        slot = "InvoiceAddress" if partner.is_company else "Address"
        if not self.tribe_of(partner)[slot]:
            return None
        row = self.address_of(partner)
        return row["Street"], row["City"]

    def assertNothingMore(self):
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)
        for link in self.env["tribe.link"].search([("kind", "in", ("organization", "person"))]):
            self.look_at(link.kind, link.tribe_id)
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)


class TestSubsidiary(HierarchyCase):
    """A company under a company is a relation like any other."""

    def test_she_is_sent_and_her_mother_is_not(self):
        daughter = self.daughter()
        self.run_nightly()

        self.assertEqual(self.tribe_of(daughter)["DebtorNumber"], "1001")
        self.assertFalse(self.mother.tribe_link_ids)
        self.assertNothingMore()

    def test_whatever_makes_a_customer_makes_her_one(self):
        for name, values in {
            "Met factuur": {"customer_rank": 1},
            "Met inkoopfactuur": {"supplier_rank": 1},
            "Aangevinkt": {"tribe_synchronize": True},
            "Met crediteurnummer": {"creditor_number": "C-1"},
            "Dieper": {"customer_rank": 1, "parent_id": self.daughter(debtor_number=False).id},
        }.items():
            with self.subTest(name):
                daughter = self.daughter(name, **{"debtor_number": False, **values})
                self.run_nightly()
                self.assertTrue(daughter.tribe_id, self.problems())
        self.assertNothingMore()

    def test_a_relation_with_her_number_is_she(self):
        daughter = self.daughter()

        self.assertEqual(self.imported(Name="Dochter B.V.", DebtorNumber="1001"), daughter)

        self.assertEqual(self.env["res.partner"].search_count([("name", "=", daughter.name)]), 1)
        self.assertNothingMore()

    def test_a_relation_with_her_import_id_is_she(self):
        daughter = self.daughter()
        import_id = self.connection._import_id(daughter, "organization")
        self.assertEqual(self.imported(Name="Dochter B.V.", ImportId=import_id), daughter)

    def test_a_relation_like_her_is_a_possible_match(self):
        for name, share, in_tribe in (
            ("Zelfde btw", {"vat": "NL123456782B90"}, {"VATNumber": "NL123456782B90"}),
            ("Zelfde e-mail", {"email": "d@klant.example"}, {"EmailAddress": "d@klant.example"}),
        ):
            with self.subTest(name):
                daughter = self.daughter(name, debtor_number=False, customer_rank=1, **share)
                self.assertFalse(self.imported(Name="In Tribe", **in_tribe))
                suggestions = self.env["tribe.suggestion"].search([])
                self.assertEqual(suggestions.partner_id, daughter)
                suggestions.action_link()
                self.run_lanes()
                self.assertTrue(daughter.tribe_id)

    def test_the_plan_has_her(self):
        daughter = self.daughter()
        self.connection.action_plan()
        self.run_lanes()
        line = self.connection.plan_id.line_ids
        self.assertEqual((line.partner_id, line.action), (daughter, "create_tribe"))

    def test_edits_go_both_ways(self):
        daughter = self.daughter()
        self.synchronize(daughter)
        daughter.phone = "030 1"
        self.run_nightly()
        self.assertEqual(self.tribe_of(daughter)["PhoneNumber"], "030 1")

        self.sandbox.change(
            "Relation_Organization", daughter.tribe_id, {"EmailAddress": "d@klant.example"}
        )
        self.look_at("organization", daughter.tribe_id)
        self.assertEqual(daughter.email, "d@klant.example")
        self.assertFalse(self.mother.email)
        self.assertNothingMore()

    def test_her_number_is_taken(self):
        daughter = self.daughter()
        self.customer("Ander B.V.", debtor_number="1001")
        self.synchronize(daughter)
        self.assertAsked("number_of_two_contacts", number="1001", partner=daughter.display_name)

    def test_the_sequence_passes_her_number_over(self):
        sequence = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        taken = sequence.get_next_char(sequence.number_next_actual)
        self.daughter(debtor_number=taken, active=False)
        self.assertNotEqual(self.linked("Nieuw B.V.").debtor_number, taken)

    def test_her_number_follows_her_reference(self):
        self.connection.number_source = "ref"
        daughter = self.daughter(debtor_number=False, customer_rank=1, ref="D-1")
        # A person has the reference of the company, with base_partner_sequence.
        self.contact(ref="D-1")
        self.synchronize(daughter)
        self.assertEqual(daughter.debtor_number, "D-1", self.problems())
        daughter.ref = "D-2"
        self.run_nightly()
        self.assertEqual(self.tribe_of(daughter)["DebtorNumber"], "D-2")

    def test_a_contact_shows_the_numbers_of_who_is_a_relation(self):
        user = new_test_user(
            self.env,
            "gebruiker",
            groups="tribe_connector.group_user,base.group_partner_manager",
        )
        linked = self.linked("Piet", is_company=False)
        linked.parent_id = self.mother
        for partner, is_shown in (
            (self.daughter(), True),
            (self.mother, True),
            (linked, True),
            (self.contact(), False),
        ):
            form = Form(partner.with_user(user))
            self.assertEqual(form._get_modifier("debtor_number", "invisible"), not is_shown)


class TestShared(HierarchyCase):
    """What Odoo shares between a company and who is under it, and what it does not."""

    def setUp(self):
        super().setUp()
        self.mother.write({"customer_rank": 1, **OFFICE})
        self.child = self.daughter()
        self.synchronize(self.mother | self.child)

    def move_in_tribe(self, partner, street, city="Utrecht"):
        """Tribe gives the relation of a partner another address."""
        values = {"Street": street, "HouseNumber": 9, "Postalcode": "3500 AB", "City": city}
        kind = "Organization" if partner.is_company else "Person"
        row = self.tribe_of(partner)
        slot = "InvoiceAddress" if partner.is_company else "Address"
        if row[slot]:
            self.sandbox.change("Address", row[slot], values)
        else:
            self.sandbox.change(f"Relation_{kind}", row["ID"], {slot: values})
        self.look_at(kind.lower(), row["ID"])

    def notes(self):
        return self.env["tribe.run.line"].search([("action", "=", "note")])

    def test_another_address_in_tribe_moves_nobody_in_odoo(self):
        self.assertEqual(self.address(self.child), OFFICE)
        self.move_in_tribe(self.child, "Dorpsweg")

        self.assertEqual(self.address(self.mother), OFFICE)
        self.assertEqual(self.address(self.child), OFFICE)
        self.assertEqual(self.in_tribe(self.mother), ("Kerkstraat", "Amsterdam"))
        self.assertEqual(self.in_tribe(self.child), ("Dorpsweg", "Utrecht"))
        (note,) = self.notes()
        self.assert_told(note, "address_of_parent", field="text", partner=self.child.display_name)
        self.assertNothingMore()
        self.assertEqual(len(self.notes()), 1)

    def test_an_address_of_odoo_is_sent_where_it_was_entered(self):
        self.mother.write(HOME)
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.mother), ("Dorpsweg", "Utrecht"))
        self.assertEqual(self.in_tribe(self.child), ("Kerkstraat", "Amsterdam"))
        self.assertNothingMore()

    def test_what_she_enters_is_her_mothers(self):
        self.child.write(HOME)
        self.run_nightly()
        self.assertEqual(self.address(self.mother), HOME)
        self.assertEqual(self.in_tribe(self.mother), ("Dorpsweg", "Utrecht"))
        self.assertNothingMore()

    def test_an_invoice_contact_is_an_address_of_her_own(self):
        self.env["res.partner"].create(
            {"name": "Crediteuren", "type": "invoice", "parent_id": self.child.id, **HOME}
        )
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.child), ("Dorpsweg", "Utrecht"))
        self.move_in_tribe(self.child, "Bosweg")
        self.assertEqual(self.child.child_ids.street, "Bosweg 9")
        self.assertEqual(self.address(self.mother), OFFICE)
        self.assertNothingMore()

    def test_another_type_is_an_address_of_her_own(self):
        self.child.write({"type": "other", **HOME})
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.child), ("Dorpsweg", "Utrecht"))
        self.move_in_tribe(self.child, "Bosweg")
        self.assertEqual(self.child.street, "Bosweg 9")
        self.assertEqual(self.address(self.mother), OFFICE)
        self.assertNothingMore()

    def test_who_gets_a_company_keeps_its_address_in_tribe(self):
        for name, is_company in (("Los B.V.", True), ("Jan de Vries", False)):
            with self.subTest(name):
                partner = self.linked(name, is_company=is_company, **HOME)
                partner.parent_id = self.mother
                self.run_nightly()
                self.assertEqual(self.address(partner), OFFICE)
                self.assertEqual(self.in_tribe(partner), ("Dorpsweg", "Utrecht"))
                self.move_in_tribe(partner, "Bosweg")
                self.assertEqual(self.address(self.mother), OFFICE)
                self.assertEqual(self.in_tribe(self.mother), ("Kerkstraat", "Amsterdam"))
                self.assertNothingMore()
                # And comes back to it.
                partner.parent_id = False
                self.run_nightly()
                self.assertEqual(partner.street, "Bosweg 9")
                self.assertEqual(self.in_tribe(partner), ("Bosweg", "Utrecht"))
                self.assertNothingMore()

    def test_who_has_no_company_any_more_and_gets_a_new_address_keeps_that(self):
        """Tribe's was there all the time: nobody changed it."""
        for policy in ("odoo", "ask", "tribe"):
            for is_company in (True, False):
                with self.subTest(policy, is_company=is_company):
                    self.connection.conflict_policy = policy
                    partner = self.linked(f"Los {policy}", is_company=is_company, **HOME)
                    partner.parent_id = self.mother
                    self.run_nightly()
                    self.assertEqual(self.in_tribe(partner), ("Dorpsweg", "Utrecht"))

                    partner.parent_id = False
                    partner.write({"street": "Bosweg 3", "zip": "5000 AA", "city": "Tilburg"})
                    self.run_nightly()

                    self.assertEqual(partner.street, "Bosweg 3")
                    self.assertEqual(self.in_tribe(partner), ("Bosweg", "Tilburg"))
                    self.assertEqual(self.in_tribe(self.mother), ("Kerkstraat", "Amsterdam"))
                    self.assertNothingMore()

    def test_what_it_got_by_mistake_is_no_address_of_its_own(self):
        """Put under a company and taken out again before anybody looked: nobody entered that."""
        for name, leave in (
            ("Nacht", lambda partner, mother: partner.write({"parent_id": False})),
            ("Soort", lambda partner, mother: partner.write({"type": "other"})),
            ("Weg", lambda partner, mother: mother.unlink()),
        ):
            for is_company in (True, False):
                with self.subTest(name, is_company=is_company):
                    mother = self.env["res.partner"].create(
                        {"name": f"Fout {name}", "is_company": True, **OFFICE}
                    )
                    partner = self.linked(f"{name} B.V.", is_company=is_company, **HOME)
                    partner.parent_id = mother
                    self.assertEqual(self.address(partner), OFFICE)
                    leave(partner, mother)
                    self.run_nightly()
                    self.assertEqual(self.in_tribe(partner), ("Dorpsweg", "Utrecht"))
                    self.assertEqual(self.address(partner), HOME)
                    self.assertNothingMore()

    def test_nor_is_one_to_which_the_company_moved_meanwhile(self):
        partner = self.linked("Jan de Vries", is_company=False, **HOME)
        partner.parent_id = self.mother
        self.run_nightly()
        self.mother.street = "Kanaal 7"
        partner.parent_id = False
        self.run_nightly()
        self.assertEqual(self.in_tribe(partner), ("Dorpsweg", "Utrecht"))
        self.assertEqual(self.address(partner), HOME)
        self.assertNothingMore()

    def test_what_is_entered_as_it_leaves_is_its_own(self):
        new = {"street": "Bosweg 3", "zip": "5000 AA", "city": "Tilburg"}
        partner = self.linked("Jan de Vries", is_company=False, **HOME)
        partner.parent_id = self.mother
        partner.write({"parent_id": False, **new})
        self.run_nightly()
        self.assertEqual(self.in_tribe(partner), ("Bosweg", "Tilburg"))
        self.assertEqual(self.address(partner), new)
        self.assertNothingMore()

    def test_what_tribe_changed_meanwhile_is_a_change_of_both(self):
        self.connection.conflict_policy = "ask"
        partner = self.linked("Los B.V.", **HOME)
        partner.parent_id = self.mother
        self.run_nightly()
        # Tribe's mutation dates have seconds.
        time.sleep(1.1)
        self.sandbox.change("Address", self.tribe_of(partner)["InvoiceAddress"], {"City": "Ede"})

        partner.parent_id = False
        partner.write({"street": "Bosweg 3", "zip": "5000 AA", "city": "Tilburg"})
        self.run_nightly()

        self.assertEqual(partner.city, "Tilburg")
        self.assertEqual(self.in_tribe(partner), ("Dorpsweg", "Ede"))
        self.assertAsked("both_sides_changed")

    def private_customer(self, **values):
        """A linked person who gets a company with another address."""
        partner = self.linked("Jan de Vries", is_company=False, **{**HOME, **values})
        partner.parent_id = self.mother
        return partner

    def test_what_is_invoiced_to_who_gets_a_company_is_told_in_one_note(self):
        partner = self.private_customer()
        self.run_nightly()
        (note,) = self.notes()
        names = {"partner": partner.display_name}
        self.assert_told(note, "address_of_parent", field="text", **names)
        self.assert_told(
            note,
            "claimed_from_company",
            field="text",
            # Odoo's name has the company in front, which the sentence names itself.
            partner="Jan de Vries",
            company=self.mother.name,
        )
        self.move_in_tribe(partner, "Bosweg")
        self.synchronize(partner)
        self.assertEqual(self.notes(), note)
        self.assertNothingMore()

    def test_it_is_told_whatever_address_that_contact_has(self):
        for name, values in (
            ("Zelfde adres", OFFICE),
            ("Zonder adres", dict.fromkeys(HOME, False)),
            ("Ander soort", {"type": "other"}),
            ("Factuuradres", {"child_ids": [Command.create({"type": "invoice", **HOME})]}),
        ):
            with self.subTest(name):
                before = self.notes()
                partner = self.private_customer(**values)
                self.run_nightly()
                (note,) = self.notes() - before
                self.assertEqual(note.partner_id, partner)
                self.assert_told(
                    note, "claimed_from_company", field="text", company=self.mother.name
                )
                self.assertNothingMore()
                # Gone by itself, and told anew.
                partner.parent_id = False
                self.run_nightly()
                partner.parent_id = self.mother
                self.run_nightly()
                self.assertEqual(len(self.notes() - before), 2)

    def test_the_form_tells_it_before_it_is_saved(self):
        partner = self.linked("Jan de Vries", is_company=False, **HOME)
        user = new_test_user(
            self.env,
            "gebruiker",
            groups="tribe_connector.group_user,base.group_partner_manager",
        )
        form = Form(partner.with_user(user))
        self.assertFalse(form.tribe_note)
        form.parent_id = self.mother
        self.assertIn(self.mother.name, form.tribe_note)
        form.parent_id = self.env["res.partner"]
        self.assertFalse(form.tribe_note)
        # Nobody of Tribe: Odoo's own affair. A subsidiary owes what she is invoiced.
        for other in (self.contact(), self.child):
            self.assertFalse(Form(other.with_user(user)).tribe_note)

    def test_the_plan_tells_it_before_it_happens(self):
        partner = self.private_customer()
        self.connection.action_plan()
        self.run_lanes()
        line = self.connection.plan_id.line_ids.filtered(lambda line: line.partner_id == partner)
        self.assert_told(line, "claimed_from_company", field="text", company=self.mother.name)
        self.assertFalse(line.changes)
        self.assertEqual(len(line.text.splitlines()), 1)

    def test_at_first_sight_each_side_keeps_its_address(self):
        address = {"Street": "Dorpsweg", "HouseNumber": 9, "City": "Utrecht"}
        daughter = self.daughter("Andere Dochter B.V.", debtor_number="1002")
        self.imported(Name=daughter.name, DebtorNumber="1002", InvoiceAddress=address)
        self.run_nightly()
        self.assertTrue(daughter.tribe_id)
        self.assertEqual(self.address(self.mother), OFFICE)
        self.assertEqual(self.in_tribe(daughter), ("Dorpsweg", "Utrecht"))
        self.assertNothingMore()

    def test_vat_number_and_terms_are_each_ones_own(self):
        days = self.env["account.payment.term"].search([])._tribe_of_days(self.company, 30)
        self.assertTrue(days)
        self.mother.write({"vat": "NL123456782B90", "property_payment_term_id": days.id})
        self.run_nightly()
        self.assertFalse(self.tribe_of(self.child)["VATNumber"])
        self.sandbox.change(
            "Relation_Organization", self.child.tribe_id, {"VATNumber": "NL820646660B01"}
        )
        self.look_at("organization", self.child.tribe_id)
        self.assertEqual(self.child.vat, "NL820646660B01")
        self.assertEqual(self.mother.vat, "NL123456782B90")
        self.assertFalse(self.child.property_payment_term_id)
        self.assertNothingMore()

    def test_what_a_linked_person_shares_does_not_go_to_and_fro(self):
        person = self.linked("Jan de Vries", is_company=False)
        person.parent_id = self.mother
        self.run_nightly()
        days = self.env["account.payment.term"].search([])._tribe_of_days(self.company, 30)
        self.mother.write({"vat": "NL123456782B90", "property_payment_term_id": days.id})
        self.run_nightly()
        self.assertEqual(person.property_payment_term_id, days)
        self.assertNothingMore()

    def test_terms_that_it_got_by_mistake_are_not_its_own(self):
        """Put under a company and taken out again before anybody looked: nobody chose those."""
        terms = self.env["account.payment.term"].search([])
        own, others = (terms._tribe_of_days(self.company, days) for days in (15, 30))
        for name, leave in (
            ("Nacht", lambda partner, mother: partner.write({"parent_id": False})),
            ("Weg", lambda partner, mother: mother.unlink()),
        ):
            with self.subTest(name):
                mother = self.env["res.partner"].create(
                    {"name": f"Fout {name}", "is_company": True}
                )
                mother.property_payment_term_id = others
                partner = self.linked(
                    f"Jan {name}", is_company=False, property_payment_term_id=own.id
                )
                partner.parent_id = mother
                self.assertEqual(partner.property_payment_term_id, others)
                leave(partner, mother)
                self.run_nightly()
                (row,) = self.relationships(partner).values()
                self.assertEqual(row["PaymentTermInDays"], 15)
                self.assertEqual(partner.property_payment_term_id, own)
                self.assertNothingMore()

    def test_terms_that_are_chosen_as_it_leaves_are_its_own(self):
        terms = self.env["account.payment.term"].search([])
        own, others, new = (terms._tribe_of_days(self.company, days) for days in (15, 30, 45))
        self.mother.property_payment_term_id = others
        partner = self.linked("Jan", is_company=False, property_payment_term_id=own.id)
        partner.parent_id = self.mother
        partner.write({"parent_id": False, "property_payment_term_id": new.id})
        self.run_nightly()
        (row,) = self.relationships(partner).values()
        self.assertEqual(row["PaymentTermInDays"], 45)
        self.assertEqual(partner.property_payment_term_id, new)
        self.assertNothingMore()

    def test_a_customer_is_not_the_invoice_address_of_her_mother(self):
        """As Odoo looks for it (``address_get``): not beyond another company."""
        self.child.write({"type": "invoice", **HOME})
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.mother), ("Kerkstraat", "Amsterdam"))
        self.assertEqual(self.in_tribe(self.child), ("Dorpsweg", "Utrecht"))
        self.move_in_tribe(self.mother, "Bosweg")
        self.assertEqual(self.address(self.child), HOME)
        self.assertEqual(self.mother.street, "Bosweg 9")
        self.assertNothingMore()

    def test_an_invoice_address_that_becomes_a_supplier_stays_in_tribe(self):
        for number, own in enumerate(({}, OFFICE)):
            with self.subTest(own=own):
                customer = self.linked(f"Klant {number} B.V.", **own)
                keeper = self.daughter(
                    f"Kantoor {number} B.V.",
                    parent_id=customer.id,
                    debtor_number=False,
                    type="invoice",
                    **HOME,
                )
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))

                keeper.supplier_rank = 1
                self.run_nightly()
                self.synchronize(customer)
                told = self.notes().filtered(lambda note: note.partner_id == customer)
                self.assert_only_told(
                    told,
                    "invoice_contact_became_customer",
                    field="text",
                    partner=customer.name,
                    contact=keeper.display_name,
                )
                self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))
                self.assertNothingMore()

                # He moves; it is still nobody's word that the customer does.
                keeper.street = "Nieuweweg 7"
                self.run_nightly()
                self.synchronize(customer)
                self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))
                self.assertNothingMore()

                values = {"type": "invoice", "parent_id": customer.id, "street": "Kade 3"}
                self.env["res.partner"].create({"name": "Crediteuren", "city": "Ede", **values})
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Kade", "Ede"))
                self.assertNothingMore()

    def keep_apart(self, **own):
        """A customer whose invoice contact became a supplier; and that contact."""
        customer = self.linked(**own)
        values = {"parent_id": customer.id, "debtor_number": False, "type": "invoice"}
        keeper = self.daughter("Kantoor B.V.", **values, **HOME)
        self.run_nightly()
        keeper.supplier_rank = 1
        self.run_nightly()
        self.synchronize(customer)
        self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))
        return customer, keeper

    def test_an_own_address_that_is_entered_beside_it_is_told(self):
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                customer, keeper = self.keep_apart(name=f"Klant {policy}", **OFFICE)
                customer.write({"street": "Nieuw 2", "zip": "2801 AB", "city": "Gouda"})
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Nieuw", "Gouda"))
                self.assertEqual(self.address(keeper), HOME)
                self.assertNothingMore()

                self.move_in_tribe(customer, "Bosweg")
                self.assertEqual(customer.street, "Bosweg 9")
                self.assertNothingMore()

    def test_what_is_edited_in_tribe_of_such_an_address_stays_there(self):
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                customer, keeper = self.keep_apart(name=f"Klant {policy}", **OFFICE)
                self.move_in_tribe(customer, "Bosweg", "Breda")
                self.assertEqual(self.address(customer), OFFICE)
                self.assertEqual(self.in_tribe(customer), ("Bosweg", "Breda"))
                self.assertNothingMore()

                customer.write({"street": "Nieuw 2", "zip": "2801 AB", "city": "Gouda"})
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Nieuw", "Gouda"))
                self.assertNothingMore()

    def test_an_own_address_that_is_emptied_beside_it_leaves_it_in_tribe(self):
        for policy in ("odoo", "tribe", "ask"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                customer, _keeper = self.keep_apart(name=f"Klant {policy}", **OFFICE)
                customer.write({"street": False, "zip": False, "city": False})
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))
                self.assertNothingMore()

                self.move_in_tribe(customer, "Bosweg", "Breda")
                self.assertFalse(customer.city)
                self.assertNothingMore()

                customer.write({"street": "Nieuw 2", "zip": "2801 AB", "city": "Gouda"})
                self.run_nightly()
                self.assertEqual(self.in_tribe(customer), ("Nieuw", "Gouda"))
                self.assertNothingMore()

    def test_once_it_gets_another_type_the_own_address_is_told(self):
        customer, keeper = self.keep_apart(**OFFICE)
        keeper.type = "other"
        self.synchronize(customer)
        self.assertEqual(self.in_tribe(customer), ("Kerkstraat", "Amsterdam"))
        self.assertNothingMore()

    def test_an_invoice_address_of_another_type_gives_way(self):
        customer = self.linked(**OFFICE)
        keeper = {"parent_id": customer.id, "debtor_number": False, "type": "invoice", **HOME}
        keeper = self.daughter("Kantoor B.V.", **keeper)
        self.run_nightly()
        self.assertEqual(self.in_tribe(customer), ("Dorpsweg", "Utrecht"))

        keeper.write({"supplier_rank": 1, "type": "other"})
        self.synchronize(customer | keeper)
        self.assertEqual(self.in_tribe(customer), ("Kerkstraat", "Amsterdam"))
        self.assertNothingMore()

    def test_a_linked_person_is_not_the_invoice_address_of_her_company(self):
        """Two relations, each with an address of its own, until one of them is none any more."""
        person = self.linked("Jan de Vries", is_company=False, **HOME)
        person.write({"parent_id": self.mother.id, "type": "invoice"})
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.mother), ("Kerkstraat", "Amsterdam"))
        self.assertEqual(self.in_tribe(person), ("Dorpsweg", "Utrecht"))

        self.move_in_tribe(self.mother, "Bosweg")
        self.assertEqual((self.mother.street, person.street), ("Bosweg 9", HOME["street"]))
        self.assertEqual(self.in_tribe(person), ("Dorpsweg", "Utrecht"))
        self.move_in_tribe(person, "Laan")
        self.assertEqual((self.mother.street, person.street), ("Bosweg 9", "Laan 9"))
        self.assertNothingMore()

        self.connection.settle_seconds = 0
        self.sandbox.delete("Relation_Person", person.tribe_id)
        self.look_at("person", person.tribe_id)
        self.synchronize(self.mother)
        self.assertEqual(self.in_tribe(self.mother), ("Laan", "Utrecht"))

    def test_what_happens_to_one_does_not_happen_to_the_other(self):
        self.mother.action_archive()
        self.run_nightly()
        self.assertTrue(self.child.active)
        self.assertTrue(all(r["IsFormer"] for r in self.relationships(self.mother).values()))
        self.assertFalse(any(r["IsFormer"] for r in self.relationships(self.child).values()))
        self.mother.action_unarchive()
        self.mother.child_ids.parent_id = False
        self.run_nightly()
        self.assertNothingMore()


class TestOthersOfTheHierarchy(HierarchyCase):
    """Contacts under a company, branches, own companies, intercompany customers."""

    def test_a_contact_under_a_company_is_nobody_in_tribe(self):
        self.contact(customer_rank=1)
        self.contact("Aangevinkt", tribe_synchronize=True)
        self.contact("Adres", type="delivery", customer_rank=1)
        self.run_nightly()
        self.assertFalse(self.env["tribe.link"].search([]))

    def test_an_invoice_to_a_contact_is_its_companys(self):
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "sale")], limit=1
        )
        contact = self.contact()
        line = {"name": "Werk", "quantity": 1, "price_unit": 10, "tax_ids": []}
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": contact.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        move.action_post()
        self.run_nightly()
        self.assertTrue(self.mother.tribe_id)
        self.assertFalse(contact.tribe_link_ids)
        self.assertNothingMore()

    def test_the_number_of_a_linked_person_stays_taken_under_a_company(self):
        person = self.linked("Jan de Vries", is_company=False, debtor_number="5001")
        person.parent_id = self.mother
        other = self.customer("Piet", debtor_number="5001", is_company=False)
        self.synchronize(other)
        self.assertAsked("number_of_two_contacts", number="5001", partner=other.display_name)
        self.assertFalse(self.named("Piet", "Relation_Person"))

    def test_the_reference_of_the_company_is_no_number_of_a_linked_person(self):
        self.connection.number_source = "ref"
        person = self.linked("Jan de Vries", is_company=False, ref="P-1")
        self.mother.write({"ref": "M-1", "customer_rank": 1})
        # As base_partner_sequence does it.
        person.write({"parent_id": self.mother.id, "ref": "M-1"})
        self.run_nightly()
        self.assertEqual((person.debtor_number, self.mother.debtor_number), ("P-1", "M-1"))
        self.assertNothingMore()

    def test_a_branch_that_nobody_invoices_is_an_address(self):
        branch = self.daughter("Vestiging", debtor_number=False, type="delivery")
        self.mother.customer_rank = 1
        self.run_nightly()
        self.assertFalse(branch.tribe_link_ids)
        self.assertTrue(self.mother.tribe_id)

    def test_a_branch_as_invoice_address_is_its_companys(self):
        self.daughter("Administratie", debtor_number=False, type="invoice", **HOME)
        self.mother.customer_rank = 1
        self.run_nightly()
        self.assertEqual(self.in_tribe(self.mother), ("Dorpsweg", "Utrecht"))

    def test_a_customer_under_an_own_company_is_one(self):
        own = self.company.partner_id
        own.write(OFFICE)
        daughter = self.daughter(parent_id=own.id, type="contact")
        self.run_nightly()
        self.assertTrue(daughter.tribe_id)
        self.assertFalse(own.tribe_link_ids)
        for each in self.sandbox.rows("Address", City="Amsterdam"):
            self.sandbox.change("Address", each["ID"], {"City": "Elders"})
        self.look_at("organization", daughter.tribe_id)
        self.assertEqual(own.city, "Amsterdam")
        self.assertNothingMore()

    def test_an_own_company_is_no_customer_of_another_one(self):
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        for company in (branch, self.env["res.company"].search([("parent_id", "=", False)])[1]):
            partner = company.partner_id
            partner.write({"debtor_number": f"I-{company.id}", "customer_rank": 1})
            before = partner.read(["name", "email", "vat"])
            self.run_nightly()
            self.assertFalse(partner.tribe_link_ids)
            other = self.imported(Name="Onderling B.V.", DebtorNumber=partner.debtor_number)
            self.assertTrue(other)
            self.assertNotEqual(other, partner)
            self.assertEqual(partner.read(["name", "email", "vat"]), before)


class TestBranchOfOdoo(RelationCase):
    """A connection that works in a branch: the contacts of the company above are its own."""

    def setUp(self):
        super().setUp()
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        self.give(self.connection, branch)
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_legal_entity SET company_id = %s", [branch.id])
        self.env.invalidate_all()

    def test_a_contact_of_the_company_above_is_sent_and_found(self):
        sent = self.linked("Hoofdklant B.V.", company_id=self.company.id, debtor_number="1001")
        self.assertEqual(self.tribe_of(sent)["Name"], "Hoofdklant B.V.")

        found = self.customer("Tweede B.V.", company_id=self.company.id, debtor_number="1002")
        row = self.organization(Name="Tweede B.V.", DebtorNumber="1002")
        self.look_at("organization", row["ID"])
        self.assertEqual(found.tribe_id, row["ID"])

        alike = self.customer("Derde B.V.", company_id=self.company.id, vat="NL123456782B90")
        row = self.organization(Name="Derde B.V.", VATNumber="NL123456782B90")
        self.look_at("organization", row["ID"])
        suggestion = self.env["tribe.suggestion"].search([])
        self.assertEqual((suggestion.partner_id, suggestion.tribe_id), (alike, row["ID"]))

    def test_the_number_of_a_linked_one_stays_taken(self):
        partner = self.linked("Hoofdklant B.V.", debtor_number="1001")
        partner.company_id = self.company
        row = self.organization(Name="Ander B.V.", DebtorNumber="1001")
        self.look_at("organization", row["ID"])
        self.assertAsked("number_of_linked_contact", partner=partner.name)


class TestCompanyOfContacts(HierarchyCase):
    """Whose company a contact is: set on purpose for a new one, never for another."""

    def test_a_new_contact_is_without_one_whatever_the_default(self):
        other = self.env["res.company"].search([("id", "!=", self.company.id)], limit=1)
        for name, value in (("company_id", other.id), ("parent_id", self.mother.id)):
            with self.subTest(name):
                self.env["ir.default"].set("res.partner", name, value)
                partner = self.imported(Name="Nieuw B.V.", DebtorNumber=name)
                self.assertTrue(partner)
                self.assertFalse(partner.company_id)
                self.assertFalse(partner.parent_id)

    def test_nor_does_an_addon_fill_it(self):
        other = self.env["res.company"].search([("id", "!=", self.company.id)], limit=1)
        partners = type(self.env["res.partner"])
        create = partners.create

        def where_it_is_missing(records, vals_list):
            return create(
                records,
                [{**vals, "company_id": vals.get("company_id", other.id)} for vals in vals_list],
            )

        def where_it_is_empty(records, vals_list):
            return create(
                records,
                [{**vals, "company_id": vals.get("company_id") or other.id} for vals in vals_list],
            )

        def afterwards(records, vals_list):
            created = create(records, vals_list)
            created.company_id = other
            return created

        for create_with_company in (where_it_is_missing, where_it_is_empty, afterwards):
            with (
                self.subTest(create_with_company.__name__),
                patch.object(partners, "create", create_with_company),
            ):
                name = f"Nieuw {create_with_company.__name__} B.V."
                partner = self.imported(Name=name)
                self.assertEqual(partner.name, name)
                self.assertFalse(partner.company_id)

    def test_nor_does_the_company_of_an_existing_contact_change(self):
        for company in (self.company, self.company.browse()):
            for number, matches in enumerate(("DebtorNumber", "ImportId", "linked")):
                number = f"E-{company.id}-{number}"
                partner = self.customer(number, debtor_number=number, company_id=company.id)
                values = {
                    "DebtorNumber": {"DebtorNumber": number},
                    "ImportId": {"ImportId": self.connection._import_id(partner, "organization")},
                }
                if matches == "linked":
                    self.synchronize(partner)
                    self.sandbox.change(
                        "Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 1"}
                    )
                    self.look_at("organization", partner.tribe_id)
                else:
                    self.assertEqual(self.imported(Name=number, **values[matches]), partner)
                self.run_nightly()
                self.assertEqual(partner.company_id, company)
        self.assertFalse(self.problems())
