from .relation_case import RelationCase

# What nobody may find changed on a contact of Odoo's own.
KEPT = ("name", "email", "vat", "city", "active", "customer_rank", "supplier_rank", "debtor_number")


class TestOwnContacts(RelationCase):
    """The contacts of Odoo's own companies and of its system users: never linked, nor written."""

    def setUp(self):
        super().setUp()
        self.other = self.env["res.company"].search([("id", "!=", self.company.id)], limit=1)

    def own(self):
        """Contacts of Odoo's own, as if somebody had taken them for customers."""
        contacts = {
            "our company": self.company.partner_id,
            "another company": self.other.partner_id,
            "OdooBot": self.env.ref("base.partner_root"),
            "the public": self.env.ref("base.public_user").sudo().partner_id,
        }
        for number, contact in enumerate(contacts.values(), 1):
            contact.write(
                {
                    "is_company": True,
                    "customer_rank": 1,
                    "debtor_number": f"8000{number}",
                    "email": f"eigen{number}@odoo.example",
                }
            )
        return contacts

    def now(self, contact):
        return {name: contact[name] for name in KEPT}

    def assertNotTouched(self, contact, before):
        self.assertEqual(self.now(contact), before)
        self.assertFalse(contact.tribe_link_ids)

    def test_an_invoice_makes_no_own_contact_a_customer(self):
        own = self.company.partner_id
        below = self.env["res.partner"].create({"name": "Onder", "parent_id": own.id})
        own.customer_rank = 0
        below._tribe_become_customer()
        self.assertEqual((own.customer_rank, below.customer_rank), (0, 1))

    def test_not_by_number(self):
        for who, contact in self.own().items():
            with self.subTest(who=who):
                before = self.now(contact)
                row = self.organization(
                    Name=f"Klant {who}",
                    DebtorNumber=contact.debtor_number,
                    EmailAddress="klant@elders.example",
                )

                self.look_at("organization", row["ID"])

                self.assertNotTouched(contact, before)
                self.assertEqual(self.link(row["ID"]).partner_id.name, f"Klant {who}")

    def test_not_by_import_id(self):
        for who, contact in self.own().items():
            with self.subTest(who=who):
                before = self.now(contact)
                row = self.organization(
                    Name=f"Klant {who}",
                    ImportId=self.connection._import_id(contact, "organization"),
                )

                self.look_at("organization", row["ID"])

                self.assertNotTouched(contact, before)

    def test_not_sent_when_asked_or_at_night(self):
        contacts = self.own()
        before = {who: self.now(contact) for who, contact in contacts.items()}
        in_tribe = {who: self.named(contact.name) for who, contact in contacts.items()}

        for contact in contacts.values():
            self.synchronize(contact)
        self.run_nightly()

        for who, contact in contacts.items():
            with self.subTest(who=who):
                self.assertNotTouched(contact, before[who])
                self.assertEqual(self.named(contact.name), in_tribe[who])

    def test_not_by_a_possible_match(self):
        for who, contact in self.own().items():
            with self.subTest(who=who):
                row = self.organization(Name=f"Klant {who}", EmailAddress=contact.email)
                suggestion = self.env["tribe.suggestion"].create(
                    {
                        "connection_id": self.connection.id,
                        "partner_id": contact.id,
                        "kind": "organization",
                        "tribe_id": row["ID"],
                        "tribe_name": row["Name"],
                        "basis": "email",
                    }
                )

                name = contact.display_name
                with self.assert_refused("contact_of_own_company", partner=name):
                    suggestion.action_link()

                self.assertFalse(contact.tribe_link_ids)

    # A company that was made of a linked contact later

    def become_a_company(self, partner):
        self.env["res.company"].create({"name": partner.name, "partner_id": partner.id})
        self.env.invalidate_all()

    def test_nothing_is_written_once_it_is_a_company(self):
        partner = self.linked("Dochter B.V.", email="info@dochter.example")
        self.become_a_company(partner)
        before = self.now(partner)
        self.sandbox.change(
            "Relation_Organization",
            partner.tribe_id,
            {"Name": "Kwaad B.V.", "EmailAddress": "kwaad@elders.example"},
        )

        self.look_at("organization", partner.tribe_id)

        self.assertEqual(self.now(partner), before)
        self.assertAsked("contact_of_own_company", partner="Dochter B.V.")

    def test_nothing_is_sent_once_it_is_a_company(self):
        partner = self.linked("Dochter B.V.", email="info@dochter.example")
        self.become_a_company(partner)
        partner.email = "nieuw@dochter.example"

        self.assertEqual(self.written(self.run_nightly), 0)

        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "info@dochter.example")
        self.assertAsked("contact_of_own_company", partner="Dochter B.V.")

    def test_it_is_not_archived_once_it_is_a_company(self):
        partner = self.linked("Dochter B.V.")
        self.become_a_company(partner)
        for entity_set, row in self.relationships(partner).items():
            self.sandbox.change(entity_set, row["ID"], {"IsFormer": True})

        self.look_at("organization", partner.tribe_id)

        self.assertTrue(partner.active)

    def test_leave_to_odoo_ends_it(self):
        partner = self.linked("Dochter B.V.", email="info@dochter.example")
        tribe_id = partner.tribe_id
        self.become_a_company(partner)
        self.sandbox.change("Relation_Organization", tribe_id, {"Name": "Kwaad B.V."})
        self.look_at("organization", tribe_id)
        self.synchronize(partner)
        link = self.link(tribe_id)
        self.assertTrue(link.can_leave_to_odoo)

        self.problematic().action_leave_to_odoo()
        self.run_lanes()

        self.assertFalse(self.problems())
        self.assertEqual(link.state, "left_to_odoo")
        partner.email = "nieuw@dochter.example"
        self.sandbox.change("Relation_Organization", tribe_id, {"EmailAddress": "x@y.example"})
        self.look_at("organization", tribe_id)
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)
        self.assertEqual(partner.name, "Dochter B.V.")
        self.assertFalse(self.problems())

    def test_what_was_being_sent_is_not_sent_again(self):
        self.connection.settle_seconds = 0
        partner = self.customer("Dochter B.V.", debtor_number="7001")
        self.env["tribe.link"].create(
            {
                "connection_id": self.connection.id,
                "kind": "organization",
                "partner_id": partner.id,
                "state": "sending",
                "sent_at": "2020-01-01",
                "agreed": {"debtor_number": "7001"},
            }
        )
        self.become_a_company(partner)
        row = self.organization(Name="Kwaad B.V.", DebtorNumber="7001")

        self.look_at("organization", row["ID"])
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)

        self.assertEqual(partner.name, "Dochter B.V.")
        self.assertFalse(self.named("Dochter B.V."))

    def test_a_customer_beside_an_own_company_does_not_change_it(self):
        """Odoo shares address and VAT number of a contact and the company above it."""
        for who in ("above", "below"):
            with self.subTest(who=who):
                partner = self.linked(
                    f"Jan {who}", is_company=who == "below", city="Utrecht", zip="3511 AA"
                )
                if who == "above":
                    partner.parent_id = self.other.partner_id
                else:
                    self.other.partner_id.write({"parent_id": partner.id, "type": "contact"})
                city = self.other.partner_id.city
                self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Elders"})

                self.look_at("organization" if partner.is_company else "person", partner.tribe_id)

                self.assertEqual(self.other.partner_id.city, city)
                self.other.partner_id.parent_id = False

    # What Odoo shares goes further than one contact

    def shared(self, partner):
        """What Tribe changes of a linked company that Odoo gives to others as well."""
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Elders"})
        self.sandbox.change(
            "Relation_Organization", partner.tribe_id, {"VATNumber": "NL820646660B01"}
        )
        self.look_at("organization", partner.tribe_id)

    def assertKept(self, partner, own):
        before = (own.city, own.vat, own.zip)
        name = partner.name
        self.shared(partner)
        self.assertEqual((own.city, own.vat, own.zip), before)
        self.assertEqual(partner.name, name)
        self.assertFalse(self.problems())

    def test_a_sibling_of_a_customer(self):
        holding = self.customer("Holding B.V.", customer_rank=0, city="Oud", zip="1000 AA")
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                partner = self.linked(f"Zuster {is_company}", city="Oud", zip="1000 AA")
                partner.parent_id = holding
                own = self.other.partner_id
                own.write({"parent_id": holding.id, "type": "contact", "is_company": is_company})

                self.assertKept(partner, own)
                own.parent_id = False

    def test_a_contact_far_below_a_customer(self):
        for is_company in (True, False):
            with self.subTest(is_company=is_company):
                partner = self.linked(
                    f"Boven {is_company}", city="Oud", zip="1000 AA", vat="NL123456782B90"
                )
                between = self.env["res.partner"].create(
                    {"name": "Tussen", "parent_id": partner.id, "type": "contact"}
                )
                own = self.other.partner_id
                own.write({"parent_id": between.id, "type": "contact", "is_company": is_company})

                self.assertKept(partner, own)
                own.parent_id = False

    def test_a_contact_far_above_a_customer(self):
        own = self.other.partner_id
        between = self.env["res.partner"].create(
            {"name": "Tussen", "parent_id": own.id, "type": "contact"}
        )
        partner = self.linked("Onder B.V.", city="Oud", zip="1000 AA")
        partner.write({"parent_id": between.id, "is_company": True})

        self.assertKept(partner, own)

    def test_a_contact_under_the_invoice_address(self):
        partner = self.linked("Klant B.V.", city="Oud", zip="1000 AA")
        address = self.env["res.partner"].create(
            {"name": "Post", "parent_id": partner.id, "type": "invoice", "city": "Postdorp"}
        )
        own = self.other.partner_id
        own.write({"parent_id": address.id, "type": "contact"})
        self.run_nightly()

        self.assertKept(partner, own)

    def test_an_archived_contact_of_a_company(self):
        partner = self.linked("Klant B.V.", city="Oud", zip="1000 AA")
        own = self.other.partner_id
        between = self.env["res.partner"].create(
            {"name": "Tussen", "parent_id": partner.id, "type": "contact", "active": False}
        )
        own.write({"parent_id": between.id, "type": "contact"})

        self.assertKept(partner, own)

    def test_it_takes_no_more_queries_for_many_contacts(self):
        partner = self.linked("Groot B.V.")
        values = {"city": "Elders", "vat": "NL820646660B01"}

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partner._tribe_untouchable(self.connection, values)
            return self.env.cr.sql_log_count - before

        def with_contacts(count):
            self.env["res.partner"].create(
                [{"name": f"Contact {number}", "parent_id": partner.id} for number in range(count)]
            )
            return queries()

        with_contacts(1)
        self.assertEqual(with_contacts(1), with_contacts(50))

    # Left to Odoo

    def test_what_was_left_stays_left_once_the_company_has_another_contact(self):
        partner = self.linked("Was eigen B.V.", email="was@eigen.example")
        tribe_id = partner.tribe_id
        self.become_a_company(partner)
        company = self.env["res.company"].search([("partner_id", "=", partner.id)])
        self.look_at("organization", tribe_id)
        link = self.link(tribe_id)
        link.action_leave_to_odoo()
        self.run_lanes()
        company.partner_id = self.env["res.partner"].create({"name": "Ander B.V."})

        self.sandbox.change("Relation_Organization", tribe_id, {"Name": "Uit Tribe"})
        self.look_at("organization", tribe_id)
        self.assertEqual(partner.name, "Was eigen B.V.")
        partner.phone = "030 9"
        self.assertEqual(self.written(lambda: self.synchronize(partner)), 0)
        self.assertEqual(self.written(self.run_nightly), 0)
        import_id = self.connection._import_id(partner, "organization")
        self.assertFalse(self.connection._partner_of_import_id(import_id))
        link.action_follow_again()
        self.run_lanes()
        self.assertEqual((link.state, partner.name), ("linked", "Uit Tribe"))
        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 9")
        self.assertFalse(self.problems())

    def test_what_was_left_stays_left_when_tribe_deletes_it(self):
        partner = self.linked("Was eigen B.V.")
        tribe_id = partner.tribe_id
        self.become_a_company(partner)
        link = self.link(tribe_id)
        link.action_leave_to_odoo()

        self.sandbox.delete("Relation_Organization", tribe_id)
        self.look_at("organization", tribe_id)
        self.assertEqual(link.state, "left_to_odoo")
        self.assertFalse(self.problems())
