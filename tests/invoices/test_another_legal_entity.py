"""A booked invoice gets another legal entity in Tribe: it is in the wrong books then."""

from . import test_legal_entity
from .test_payment import PaymentCase


class TestAnotherLegalEntity(PaymentCase):
    map = classmethod(test_legal_entity.TestLegalEntity.map.__func__)
    send_for = test_legal_entity.TestLegalEntity.send_for

    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all")

    def move_to(self, legal_entity, tribe_id):
        """Give an invoice another legal entity in Tribe, and look at it."""
        identity = {"ID": legal_entity.tribe_id} if legal_entity else None
        self.sandbox.change("Activity_Invoice", tribe_id, {"Identity": identity})
        self.look_at("invoice", tribe_id)

    def assert_differs(self, tribe_id, code="difference_of_legal_entity", **parameters):
        """It is told, and a payment is not told to Tribe."""
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual(self.link(tribe_id).state, "differs")
        self.assert_told(self.problematic(), code, **parameters)
        self.assertEqual(self.phase(tribe_id), "Sent")

    def assert_well(self, tribe_id):
        link = self.link(tribe_id)
        self.assertEqual((link.state, link.difference), ("linked", False))
        self.assertFalse(self.problems())

    def test_one_of_another_company(self):
        tribe_id = self.send_for(self.dutch, self.line(100.0))
        self.move_to(self.generic, tribe_id)
        self.assert_differs(tribe_id)
        # Who works here need not know what there is in the other company.
        self.assertNotIn(self.generic.name, self.link(tribe_id).difference)

        self.move_to(self.dutch, tribe_id)
        self.run_nightly()

        self.assert_well(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_one_whose_books_are_elsewhere(self):
        self.generic.is_booked = False
        for company in (self.other_company, self.env["res.company"]):
            with self.subTest(company.name):
                if not company:
                    self.generic.write({"company_id": False, "journal_id": False})
                tribe_id = self.send_for(self.dutch, self.line(100.0))
                (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
                self.sandbox.change("ProductLine", line["ID"], {"Price": 200.0})
                self.move_to(self.generic, tribe_id)
                self.assert_told(self.problematic(), "difference_of_fact", booked=100)
                if company:
                    self.assert_differs(tribe_id)
                else:
                    now, booked = self.generic.name, self.dutch.name
                    self.assert_differs(tribe_id, "difference_of_fact", now=now, booked=booked)
                self.link(tribe_id).action_leave_to_odoo()
                self.run_lanes()

    def test_cancelled_it_is_booked_again_for_the_other_one(self):
        tribe_id = self.send_for(self.dutch, self.line(100.0))
        self.move_to(self.generic, tribe_id)
        move = self.booked_move(tribe_id)
        move.button_draft()
        move.button_cancel()
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.assertEqual(self.booked_move(tribe_id).company_id, self.other_company)
        self.assert_well(tribe_id)

    def test_one_of_the_same_company(self):
        tribe_id = self.send_for(self.dutch, self.line(100.0))
        self.generic.journal_id = False
        self.generic.company_id = self.company
        self.move_to(self.generic, tribe_id)
        self.assert_well(tribe_id)

    def test_one_of_the_same_company_whose_books_are_elsewhere(self):
        self.generic.journal_id = False
        self.generic.write({"company_id": self.company.id, "is_booked": False})
        tribe_id = self.send_for(self.dutch, self.line(100.0))
        self.move_to(self.generic, tribe_id)
        now, booked = self.generic.name, self.dutch.name
        self.assert_differs(tribe_id, "difference_of_fact", now=now, booked=booked)

        self.move_to(self.dutch, tribe_id)
        self.run_nightly()

        self.assert_well(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_switched_off_it_is_no_longer_compared(self):
        tribe_id = self.send_for(self.generic, self.line(100.0))
        self.generic.is_booked = False
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"Price": 200.0})
        self.look_at("invoice", tribe_id)
        self.assert_well(tribe_id)

    def test_what_names_none_is_not_moved_by_another_default(self):
        self.dutch.is_default = True
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.change("Activity_Invoice", tribe_id, {"Identity": None})
        self.send(tribe_id)
        self.dutch.is_default, self.generic.is_default = False, True
        self.look_at("invoice", tribe_id)
        self.assert_well(tribe_id)
        self.move_to(self.generic, tribe_id)
        self.assertEqual(self.link(tribe_id).state, "differs")

    def test_what_an_older_version_booked(self):
        for is_looked_at in (True, False):
            with self.subTest(is_looked_at=is_looked_at):
                tribe_id = self.send_for(self.dutch, self.line(100.0))
                link = self.link(tribe_id)
                agreed = {**link.agreed}
                agreed.pop("legal_entity", None)
                link.agreed = agreed
                if is_looked_at:
                    self.look_at("invoice", tribe_id)
                    self.assert_well(tribe_id)
                self.move_to(self.generic, tribe_id)
                self.assert_differs(tribe_id)
                self.link(tribe_id).action_leave_to_odoo()
                self.run_lanes()
