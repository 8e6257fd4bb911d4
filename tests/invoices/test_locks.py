"""While Tribe is asked, nobody waits for the connector: an invoice that changes contacts first."""

from connector.common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER

from .invoice_case import InvoiceCase


class TestLocks(InvoiceCase):
    """``run_lanes`` of every test looks; these are the ways to invoices that meet many calls."""

    def relation(self, entity_set, customer_set, link, **fields):
        """A new customer of Tribe; returns the relationship that an invoice names."""
        row = self.sandbox.create(entity_set, fields)
        return self.sandbox.create(
            customer_set,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                link: {"ID": row["ID"]},
            },
        )

    def invoice_of(self, relationship, **values):
        draft = self.draft(self.line(10.0), Relationship={"ID": relationship["ID"]}, **values)
        self.sandbox.set_phase(draft, "Sent")
        return draft

    def test_contacts_that_invoices_link_and_change(self):
        """The relations have the numbers of contacts, and other telephone numbers."""
        self.connection.conflict_policy = "tribe"
        partners = self.env["res.partner"]
        drafts = []
        for name, is_company in (("Bestaand B.V.", True), ("Els Bestaand", False)):
            number = f"77{int(is_company)}1"
            partners |= partners.create(
                {
                    "name": name,
                    "is_company": is_company,
                    "customer_rank": 1,
                    "debtor_number": number,
                }
            )
            fields = {"DebtorNumber": number, "PhoneNumber": "020 7654321"}
            if is_company:
                relationship = self.relation(
                    "Relation_Organization",
                    ORGANIZATION_CUSTOMER,
                    "Organization",
                    Name=name,
                    **fields,
                )
            else:
                relationship = self.relation(
                    "Relation_Person", PERSON_CUSTOMER, "Person", LastName=name, **fields
                )
            drafts.append(self.invoice_of(relationship))
        # Only the lane of invoices comes to them.
        self.env["tribe.work"].search([("kind", "!=", "invoice")]).unlink()

        self.look_at("invoice", *drafts)

        moves = self.env["account.move"].union(*map(self.booked_move, drafts))
        self.assertEqual(moves.partner_id, partners, self.problems())
        self.assertEqual(set(partners.mapped("phone")), {"020 7654321"})

    def test_a_booked_invoice_that_is_paid_in_tribe_beside_a_new_customer(self):
        known = self.send_new(self.line(10.0))
        self.sandbox.set_phase(known, "Paid")
        relationship = self.relation(
            "Relation_Organization", ORGANIZATION_CUSTOMER, "Organization", Name="Nieuw B.V."
        )

        new = self.invoice_of(relationship)
        self.look_at("invoice", known, new)

        self.assertTrue(self.booked_move(new), self.problems())
        self.assertTrue(self.link(known).told_paid)
