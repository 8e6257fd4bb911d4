"""What an import of relations costs in queries: those of the batch, and none of each record."""

from itertools import count as numbers_from
from itertools import islice

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase

FEW, MANY = 5, 20


class TestImportQueries(RelationCase):
    """Look-ups are made for a batch, not for each of its relations."""

    def setUp(self):
        super().setUp()
        self.numbers = numbers_from(1)

    def new(self, count, **values):
        """So many new relations; returns their IDs."""
        return [
            self.organization(**{name: text.format(number) for name, text in values.items()})["ID"]
            for number in islice(self.numbers, count)
        ]

    def queries(self, tribe_ids):
        """How many queries it is to import some relations, as if nothing were known."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.look_at("organization", *tribe_ids)
        self.env.flush_all()
        spent = self.env.cr.sql_log_count - before
        self.assertFalse(self.problems())
        self.assertTrue(all(self.link(each).partner_id for each in tribe_ids))
        return spent

    def assertEach(self, most, new):
        """Each relation more is so many queries more at most; ``new`` makes some."""
        self.queries(new(2))
        few, many = self.queries(new(FEW)), self.queries(new(MANY))
        self.assertLessEqual(many - few, most * (MANY - FEW), f"{few} for {FEW}, {many} for {MANY}")

    def test_new_contacts(self):
        self.assertEach(
            0,
            lambda count: self.new(
                count, Name="Nieuw {}", DebtorNumber="D{}", PhoneNumber="030 {}"
            ),
        )

    def test_new_contacts_with_addresses_and_payment_terms(self):
        country = {"ID": self.connection.country_ids["NL"]}

        def new(count):
            tribe_ids = self.new(count, Name="Nieuw {}", DebtorNumber="D{}")
            for number, tribe_id in enumerate(tribe_ids, 1):
                address = {"Street": "Straat", "HouseNumber": number, "Country": country}
                self.sandbox.change("Relation_Organization", tribe_id, {"InvoiceAddress": address})
                for row in self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=tribe_id):
                    self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"PaymentTermInDays": 30})
            return tribe_ids

        # Terms are looked up for each.
        self.assertEach(2, new)
