"""Each kind of change of a relation of which no webhook tells."""

from .common import SUPPLIER
from .test_looking import LookingCase

STREAMS = ("organization", "person", "customer", "person_customer", "supplier", "address")


class TestLostWebhooks(LookingCase):
    """Found by looks, and what is gone at night."""

    def setUp(self):
        super().setUp()
        self.connection.settle_seconds = 0
        # That all of a few are gone is no question here.
        self.connection.missing_percent = 100
        self.sandbox.switch(page_limit=4)
        # The second is the weekly one, so no later one is.
        self.pass_nights(7)
        self.pass_nights(7)

    def pass_nights(self, days=1):
        """Let so many days pass, and then a night."""
        self.env.cr.execute(
            "UPDATE tribe_cursor SET position = position - %s * interval '1 day'"
            " WHERE stream LIKE 'schedule:%%'",
            [days],
        )
        self.env.invalidate_all()
        self.run_nightly()

    def change(self, partner, **values):
        self.sandbox.change("Relation_Organization", partner.tribe_id, values)

    def role(self, partner):
        """Its only relationship: the set and the ID."""
        ((entity_set, row),) = self.relationships(partner).items()
        return entity_set, row["ID"]

    def test_each_is_found_by_looks_and_a_night(self):
        changed, address, emptied, former, back, supplier, deleted = (
            self.linked(f"Klant {number} B.V.", street="Kade 1", city="Assen")
            for number in range(7)
        )
        person = self.linked("Jan Smit", is_company=False, street="Kade 2", city="Assen")
        stopped = self.linked("Piet Smit", is_company=False)
        self.sandbox.change(*self.role(back), {"IsFormer": True})
        self.poll(*STREAMS)
        self.assertFalse(back.active)

        self.change(
            changed,
            Name="Anders B.V.",
            PhoneNumber="020 1",
            VATNumber="NL123456782B12",
            Website="https://www.anders.example",
        )
        self.sandbox.change(*self.role(changed), {"PaymentTermInDays": 45})
        self.sandbox.change("Address", self.address_of(address)["ID"], {"City": "Zwolle"})
        self.sandbox.delete("Address", self.address_of(emptied)["ID"])
        self.sandbox.change(*self.role(former), {"IsFormer": True})
        self.sandbox.change(*self.role(back), {"IsFormer": False})
        self.relate(SUPPLIER, Organization=supplier.tribe_id)
        self.sandbox.delete("Relation_Organization", deleted.tribe_id)
        self.sandbox.change("Relation_Person", person.tribe_id, {"LastName": "Pietersen"})
        self.sandbox.change("Address", self.address_of(person)["ID"], {"City": "Zwolle"})
        self.sandbox.change(*self.role(stopped), {"IsFormer": True})
        new = self.organization(Name="Nieuw B.V.")
        no_role = self.person(LastName="Nieuw")
        gone = self.link(deleted.tribe_id)

        self.poll(*STREAMS)
        self.pass_nights()

        self.assertEqual(
            (changed.name, changed.phone, changed.vat, changed.website),
            ("Anders B.V.", "020 1", "NL123456782B12", "https://www.anders.example"),
        )
        self.assertEqual(changed.property_payment_term_id.line_ids.nb_days, 45)
        self.assertEqual([address.city, emptied.city, person.city], ["Zwolle", False, "Zwolle"])
        self.assertEqual(
            [former.active, back.active, stopped.active, deleted.active],
            [False, True, False, True],
        )
        self.assertEqual(supplier.supplier_rank, 1)
        self.assertEqual(gone.state, "gone")
        self.assertIn("Pietersen", person.name)
        for row in (new, no_role):
            self.assertTrue(self.link(row["ID"]).partner_id)
        self.assertFalse(self.problems())
