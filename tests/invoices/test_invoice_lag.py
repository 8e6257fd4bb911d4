"""Invoices of a Tribe whose queries lag, whose answers are lost, or whose customers are former."""

from datetime import timedelta

from connector.common import ORGANIZATION_CUSTOMER

from odoo.addons.tribe_connector.sentence import sentence

from .test_payment import PaymentCase

# Longer than any test.
FOR_GOOD = 10.0**9


class TestInvoiceLag(PaymentCase):
    def lag(self):
        """From now on queries show what is there now."""
        self.sandbox.switch(query_lag=FOR_GOOD)

    def catch_up(self):
        self.sandbox.switch(query_lag=0.0)

    def pass_time(self):
        """Let what waits to be looked at once more be due."""
        wait = timedelta(seconds=2 * self.connection.settle_seconds)
        for work in self.env["tribe.work"].search([("reason", "=", "again")]):
            work.due -= wait
        self.run_lanes()

    def written(self, work):
        self.sandbox.reset_calls()
        work()
        return self.sandbox.calls()["writes"]

    def assertNoWord(self, move):
        """Nothing says that Tribe calls the invoice paid."""
        words = sentence("paid_in_tribe_not_booked")
        self.assertFalse(move.message_ids.filtered(lambda each: words in each.body))

    def test_our_own_paid_is_not_taken_back_by_an_old_copy(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.lag()
        self.run_nightly()
        for _number in range(2):
            self.look_at("invoice", tribe_id)
            link = self.link(tribe_id)
            self.assertTrue(link.told_paid and link.paid_by_us)
            self.assertEqual(link.phase_id.code, "Paid")
            self.assertEqual(self.written(self.run_nightly), 0)

        self.catch_up()
        self.pass_time()

        self.assertTrue(self.link(tribe_id).paid_by_us)
        self.assertFalse(self.env["tribe.work"].search([]))
        self.assertNoWord(move)

    def test_nor_by_one_that_is_decided_on_late(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.lag()
        self.run_nightly()

        importer = type(self.env["tribe.invoice.importer"])
        with self.late_after(importer, "_phase_of"):
            self.look_at("invoice", tribe_id)

        link = self.link(tribe_id)
        self.assertTrue(link.told_paid and link.paid_by_us)
        self.assertEqual(link.phase_id.code, "Paid")
        self.assertNoWord(move)

    def test_what_differs_is_looked_at_once_more_and_not_for_ever(self):
        self.sandbox.switch(final_invoice_writable="all")
        tribe_id = self.send_new(self.line(100.0))
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"Price": 50.0})
        self.look_at("invoice", tribe_id)
        self.look_at("invoice", tribe_id)
        self.assertEqual(self.link(tribe_id).state, "differs")

        self.pass_time()

        waiting = self.work(tribe_id).filtered(lambda work: not work.error_class)
        self.assertFalse(waiting.mapped("reason"))
        self.assert_told(self.problematic(), "invoice_differs")

        with self.subTest("and again when a webhook tells of it"):
            self.look_at("invoice", tribe_id)
            self.assertEqual(set(self.work(tribe_id).mapped("reason")), {"again", "webhook"})

    def test_a_look_in_between_leaves_the_last_one(self):
        tribe_id = self.send_new(self.line(100.0))
        self.lag()
        self.sandbox.set_phase(tribe_id, "Paid")
        self.look_at("invoice", tribe_id)
        self.env["tribe.work"]._add(self.connection, "inbound", "invoice", [tribe_id], "poll")
        self.run_lanes()

        self.catch_up()
        self.pass_time()

        self.assertEqual(self.link(tribe_id).phase_id.code, "Paid")
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_that_tribe_told_of_what_is_held_is_no_news_the_next_night(self):
        """It stays the reason of the problem's row, for which nothing is looked at once more."""
        self.sandbox.switch(final_invoice_writable="all")
        changes = {
            "draft": lambda tribe_id: self.sandbox.set_phase(tribe_id, "Draft"),
            "deleted": lambda tribe_id: self.sandbox.delete("Activity_Invoice", tribe_id),
            "changed": lambda tribe_id: self.sandbox.change(
                "Activity_Invoice", tribe_id, {"DiscountPercentage": 5.0}
            ),
        }
        for name, change in changes.items():
            with self.subTest(name):
                tribe_id = self.send_new(self.line(100.0))
                change(tribe_id)
                self.look_at("invoice", tribe_id)
                self.assertEqual(self.work(tribe_id).mapped("cause"), ["differs"])

                self.run_nightly()

                self.assertEqual(self.work(tribe_id).mapped("cause"), ["differs"])
                self.pass_time()
                self.assertEqual(self.work(tribe_id).mapped("cause"), ["differs"])

    def test_nor_what_was_taken_back(self):
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.run_nightly()
        self.lag()
        move.line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")

        self.look_at("invoice", tribe_id)
        self.catch_up()
        self.look_at("invoice", tribe_id)

        self.assertNoWord(move)
        self.assertFalse(self.link(tribe_id).told_paid)
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_paid_whose_answer_was_lost_is_ours(self):
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.sandbox.fault("lose_answer", method="POST", path_contains="Invoice", times=1)
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")

        self.look_at("invoice", tribe_id)

        self.assertNoWord(move)
        self.assertTrue(self.link(tribe_id).paid_by_us)
        move.line_ids.remove_move_reconcile()
        self.env["tribe.work"].search([]).action_retry()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Sent")
        self.assertFalse(self.problems())

    def test_what_somebody_in_tribe_moves_afterwards_is_theirs(self):
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.pay(move)
        self.run_nightly()
        self.look_at("invoice", tribe_id)
        for code in ("Sent", "Paid"):
            self.sandbox.set_phase(tribe_id, code)
            self.look_at("invoice", tribe_id)

        move.line_ids.remove_move_reconcile()
        self.run_nightly()

        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_an_invoice_whose_read_is_a_draft_still_is_booked_later(self):
        tribe_id = self.draft(self.line(100.0))
        self.lag()
        self.sandbox.set_phase(tribe_id, "Sent")
        self.look_at("invoice", tribe_id)
        self.assertFalse(self.booked_move(tribe_id))

        self.catch_up()
        self.pass_time()

        self.assert_booked_to_the_cent(tribe_id)
        self.assertFalse(self.env["tribe.work"].search([]))

    def test_a_booked_one_that_shows_nothing_new_is_looked_at_once_more(self):
        tribe_id = self.send_new(self.line(100.0))
        self.lag()
        self.sandbox.set_phase(tribe_id, "Paid")
        for _number in range(3):
            self.look_at("invoice", tribe_id)
        self.assertEqual(len(self.work(tribe_id)), 1)
        self.catch_up()
        self.pass_time()
        self.assertTrue(self.link(tribe_id).told_paid)
        self.assertFalse(self.work(tribe_id))

        self.look_at("invoice", tribe_id)
        self.pass_time()
        self.assertFalse(self.work(tribe_id))


class TestFormerCustomer(PaymentCase):
    """An invoice for a customer that is former in Tribe by now, and not in Odoo."""

    def former(self):
        """A customer that Odoo does not have; returns its relationship."""
        known = self.env["tribe.link"].search([]).mapped("tribe_id")
        row = next(
            row
            for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)
            if row["Organization"] not in known and not row["IsFormer"]
        )
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        # Else it gets one, and is looked at for that.
        number = {"DebtorNumber": "D-1", "CreditorNumber": "C-1"}
        self.sandbox.change("Relation_Organization", row["Organization"], number)
        return row

    def assertArchivedOnce(self, row, tribe_id):
        """The customer is archived, its invoice booked, and a second run changes neither side."""
        self.assert_booked_to_the_cent(tribe_id)
        partner = self.link(row["Organization"]).partner_id
        self.assertFalse(partner.active)
        self.run_nightly()
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        self.sandbox.reset_calls()
        self.look_at("organization", row["Organization"])
        self.look_at("customer", row["ID"])
        self.run_nightly()
        self.assertEqual(self.sandbox.calls()["writes"], 0)
        self.assertEqual(partner.write_date.year, 2020)
        self.assertFalse(self.problems())
        return partner

    def test_it_is_archived_from_the_start(self):
        row = self.former()
        tribe_id = self.send_new(self.line(100.0), Relationship={"ID": row["ID"]})

        partner = self.assertArchivedOnce(row, tribe_id)

        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": False})
        self.look_at("customer", row["ID"])
        self.assertTrue(partner.active)

    def test_at_the_first_synchronization_too(self):
        row = self.former()
        tribe_id = self.draft(self.line(100.0), Relationship={"ID": row["ID"]})
        self.sandbox.set_phase(tribe_id, "Sent")
        self.connection.action_deactivate()
        self.run_lanes()
        self.press_activate()
        self.run_lanes()

        self.assertArchivedOnce(row, tribe_id)

    def test_whoever_is_a_supplier_still_is_active(self):
        row = self.former()
        self.sandbox.create(
            "Relationship_Organization_Supplier",
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": row["Organization"]},
            },
        )
        self.send_new(self.line(100.0), Relationship={"ID": row["ID"]})
        self.assertTrue(self.link(row["Organization"]).partner_id.active)
