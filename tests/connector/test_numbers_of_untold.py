"""Tribe is not told just now which number a contact has: there it still has the one before."""

from choices import each_choice
from told import assert_says

from .relation_case import RelationCase

WIRE = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
ROLES = {
    "debtor_number": {"customer_rank": 1, "supplier_rank": 0},
    "creditor_number": {"customer_rank": 0, "supplier_rank": 1},
}


class UntoldCase(RelationCase):
    def some(self, name, *numbers):
        """Linked contacts, each with one of some numbers."""
        return [
            self.linked(f"Klant {number}", **ROLES[name], **{name: number}) for number in numbers
        ]

    def with_number(self, name, number):
        """The IDs of the relations that have a number in Tribe."""
        rows = self.sandbox.rows("Relation_Organization", **{WIRE[name]: number})
        return [row["ID"] for row in rows]

    def problem_of(self, partner):
        works = self.problematic()
        return works.filtered(lambda each: each.kind == "partner" and each.partner_id == partner)

    def asked_of(self, partner, *codes):
        """Ask that a person decides about one contact, by one of some codes."""
        work = self.problem_of(partner)
        self.assertEqual(work.mapped("error_class"), ["person"], self.problems())
        self.assertIn(work.error.code, codes)
        return work

    def nights(self):
        for _night in range(2):
            self.run_nightly()

    def assertNumbers(self, name, **partners):
        """Who has a number on both sides, each alone: ``{_number: contact}``; nobody is asked."""
        self.assertFalse(self.problems())
        for number, partner in partners.items():
            self.assertEqual(partner[name], number.strip("_"))
            self.assertEqual(self.with_number(name, number.strip("_")), [partner.tribe_id])
        self.assertEqual(self.written(self.run_nightly), 0)


class TestNumberOfWhoIsNotTold(UntoldCase):
    """Nobody else gets that number in Tribe."""

    def get_number_in_odoo(self, one, name):
        (other,) = self.some(name, f"{one[name]}9")
        one[name] = other[name]

    def get_number_in_tribe(self, one, name):
        number = f"{one[name]}8"
        fields = {"Name": f"Vreemde {number}", WIRE[name]: number}
        # One that does not come to Odoo.
        self.organization(roles=(), **fields)
        one[name] = number

    def get_another_company(self, one, name):
        one.company_id = self.env["res.company"].search([("id", "!=", self.company.id)], limit=1)
        one[name] = f"{one[name]}7"

    def get_another_kind(self, one, name):
        one.is_company = False
        one[name] = f"{one[name]}6"

    def wait_for_one_that_is_asked(self, one, name):
        """It gets the number of another one, which is not told either."""
        number = one[name]
        (other,) = self.some(name, f"{number}5")
        self.get_number_in_odoo(other, name)
        one[name] = f"{number}5"

    ways = {
        "odoo": get_number_in_odoo,
        "tribe": get_number_in_tribe,
        "company": get_another_company,
        "kind": get_another_kind,
        "chain": wait_for_one_that_is_asked,
    }

    def assert_asked_until_told(self, prefix, have, codes):
        """Somebody gets the number of one that is not told, each way and in each field.

        :param have: a function that has somebody get the number: ``(field, number, how)``
        """
        for (label, how), name in each_choice(self.ways.items(), WIRE):
            number = f"{prefix}{label}{len(name)}"
            with self.subTest(label, field=name):
                (one,) = self.some(name, number)
                taker = have(name, number, lambda how=how, one=one, name=name: how(self, one, name))

                self.assertEqual(self.with_number(name, number), [one.tribe_id])
                work = self.asked_of(taker, *codes)
                self.assertIn(taker.name, str(work.error))
                self.assertEqual(self.written(self.run_nightly), 0)

                free = f"{number}free"
                one.write({"company_id": False, "is_company": True, name: free})
                self.nights()

                self.assertFalse(self.problem_of(taker), self.problems())
                self.assertEqual(self.with_number(name, number), [taker.tribe_id])
                self.assertEqual(self.with_number(name, free), [one.tribe_id])

    def test_at_night(self):
        def have(name, number, leave):
            leave()
            self.run_nightly()
            (taker,) = self.some(name, f"{number}0")
            taker[name] = number
            self.run_nightly()
            return taker

        self.assert_asked_until_told("A", have, ["number_taken_in_tribe"])

    def test_in_the_same_night(self):
        def have(name, number, leave):
            (taker,) = self.some(name, f"{number}0")
            leave()
            taker[name] = number
            self.run_nightly()
            return taker

        self.assert_asked_until_told("B", have, ["number_taken_in_tribe"])

    def test_a_new_one(self):
        """It does not wait for what does not come."""

        def have(name, number, leave):
            leave()
            self.run_nightly()
            taker = self.customer(f"Nieuw {number}", **ROLES[name], **{name: number})
            self.run_nightly()
            return taker

        self.assert_asked_until_told("C", have, ["number_of_linked_relation"])

    def test_one_that_tribe_refuses(self):
        """What waits for a person there is no question about the number."""
        for name in WIRE:
            number = f"D{len(name)}"
            with self.subTest(name):
                one, taker = self.some(name, number, f"{number}0")
                one[name] = f"{number}4"
                self.sandbox.fault("status", status=400, method="PUT", times=None)
                self.synchronize(one)
                self.sandbox.clear_faults()
                self.assertTrue(self.problem_of(one))
                taker[name] = number
                self.synchronize(taker)

                self.assertEqual(self.with_number(name, number), [one.tribe_id])
                assert_says(self.problem_of(taker).error, "number_given_up_first", other=one.name)
                self.nights()
                self.assertNumbers(name, **{number: taker, f"{number}4": one})


class TestNumbersThatGoAround(UntoldCase):
    """Each gets the number of another one, who gets another one too: it goes without a question."""

    def test_swapped_one_after_the_other(self):
        """The first one is a question until the other one has given its number up."""
        for name in WIRE:
            number = f"E{len(name)}"
            with self.subTest(name):
                one, other = self.some(name, f"{number}1", f"{number}2")
                one[name] = f"{number}2"
                self.synchronize(one)
                self.asked_of(one, "number_of_two_contacts")
                other[name] = f"{number}1"
                self.synchronize(other)
                self.nights()

                self.assertNumbers(name, **{f"{number}2": one, f"{number}1": other})

    def test_around_three_and_to_a_free_one(self):
        for name in WIRE:
            for last in ("1", "4"):
                number = f"F{len(name)}{last}"
                with self.subTest(name, last=last):
                    partners = self.some(name, *(f"{number}{each}" for each in "123"))
                    numbers = [f"{number}{each}" for each in ("2", "3", last)]
                    for partner, its_number in zip(partners, numbers, strict=True):
                        partner[name] = its_number
                    self.run_nightly()

                    self.assertNumbers(name, **dict(zip(numbers, partners, strict=True)))

    def test_swapped_beside_an_open_question_about_something_else(self):
        self.connection.conflict_policy = "ask"
        one, other = self.some("debtor_number", "311", "312")
        for partner in (one, other):
            self.sandbox.change(
                "Relation_Organization", partner.tribe_id, {"EmailAddress": "t@klant.example"}
            )
            partner.email = "o@klant.example"
        self.run_nightly()
        for partner in (one, other):
            assert_says(self.problem_of(partner).error, "both_sides_changed")
        one.debtor_number, other.debtor_number = "312", "311"
        self.run_nightly()

        self.assertEqual(self.with_number("debtor_number", "311"), [other.tribe_id])
        self.assertEqual(self.with_number("debtor_number", "312"), [one.tribe_id])
