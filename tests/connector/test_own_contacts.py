from odoo.exceptions import UserError

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

                with self.assertRaisesRegex(UserError, "never synchronized"):
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
        self.assertAsked("Dochter B.V.", "Leave to Odoo", "Linked Relations")

    def test_nothing_is_sent_once_it_is_a_company(self):
        partner = self.linked("Dochter B.V.", email="info@dochter.example")
        self.become_a_company(partner)
        partner.email = "nieuw@dochter.example"

        self.assertEqual(self.written(self.run_nightly), 0)

        self.assertEqual(self.tribe_of(partner)["EmailAddress"], "info@dochter.example")
        self.assertAsked("Dochter B.V.", "Leave to Odoo")

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

        link.action_leave_to_odoo()
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
