"""Tenants whose phases or pages are not like ours: nothing is passed over, and nothing is stuck."""

from .test_payment import PaymentCase


class TenantCase(PaymentCase):
    """What both have in common."""

    def vat_groups(self, code):
        """The VAT group with a code, of each legal entity."""
        groups = self.connection.legal_entity_ids.vat_group_ids
        return groups.filtered(lambda group: group.code == code)

    def holes(self):
        """What open invoices use and is not mapped, as activating would tell: names."""
        with self.enter_registry_test_mode():
            holes = self.env["tribe.invoice.importer"]._unmapped(
                self.connection, self.connection._client()
            )
        return set().union(*holes.values())


class TestPhases(TenantCase):
    """Phases without a code, and a draft that is called otherwise."""

    def start_with(self, **switches):
        """Have a Tribe with some switches, and connect again as a tenant that is new to us."""
        self.seed_tribe(**switches)
        self.connection.phase_ids.unlink()
        self.connect()

    def phase_called(self, name):
        """The phase with a name of Tribe."""
        return self.connection.phase_ids.filtered(lambda phase: phase.name == name)

    def move_to(self, tribe_id, name):
        """Have a person in Tribe move an invoice to a phase."""
        self.sandbox.change(
            "Activity_Invoice", tribe_id, {"Phase": {"ID": self.phase_called(name).tribe_id}}
        )

    def test_a_phase_without_a_code_is_booked_and_stops_nothing(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        first, second = self.draft(self.line(10.0)), self.draft(self.line(20.0))
        self.move_to(first, "Herinnerd")
        self.sandbox.set_phase(second, "Sent")

        with self.subTest("from the beginning"):
            self.env["tribe.cursor"].search([("stream", "=", "invoice")]).unlink()
            self.poll("invoice")
            self.assert_booked_to_the_cent(first)
            self.assert_booked_to_the_cent(second)
        with self.subTest("later looks"):
            third = self.draft(self.line(30.0))
            self.move_to(third, "Herinnerd")
            self.poll("invoice")
            self.assert_booked_to_the_cent(third)
        with self.subTest("coverage"):
            self.assertFalse(self.holes())
        self.assertFalse(self.problems())

    def phase_name(self, tribe_id):
        phase_id = self.tribe_row("Activity_Invoice", tribe_id)["Phase"]
        return self.tribe_row("Datastore_Phase_ActivityInvoice", phase_id)["Name"]

    def test_an_own_phase_is_left_for_paid_unless_nothing_is_booked_in_it(self):
        self.start_with(uncoded_phases=["Herinnerd", "Vervallen"])
        self.phase_called("Vervallen").is_booked = False
        reminded, written_off = self.send_new(self.line(10.0)), self.send_new(self.line(20.0))
        paid = self.send_new(self.line(30.0))
        self.pay(self.booked_move(paid))
        self.run_nightly()
        self.look_at("invoice", paid)
        for tribe_id, name in (
            (reminded, "Herinnerd"),
            (written_off, "Vervallen"),
            (paid, "Vervallen"),
        ):
            self.move_to(tribe_id, name)
        # Also where nobody looked since.
        self.look_at("invoice", reminded, paid)

        self.pay(self.booked_move(reminded), self.booked_move(written_off))
        self.run_nightly()
        self.run_nightly()

        self.assertEqual(self.phase(reminded), "Paid")
        self.assertEqual([*map(self.phase_name, (written_off, paid))], ["Vervallen"] * 2)
        self.assertFalse(self.problems())

        self.connection.tell_unpaid = True
        self.booked_move(paid).line_ids.remove_move_reconcile()
        self.run_nightly()
        self.assertEqual(self.phase_name(paid), "Vervallen")

    def reminded_and_paid(self, phase="Herinnerd"):
        """An invoice that was told Paid, and that was reminded of before; nobody looked since."""
        tribe_id = self.send_new(self.line(10.0))
        self.move_to(tribe_id, phase)
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        return tribe_id

    def undo_payment(self, tribe_id):
        self.booked_move(tribe_id).line_ids.remove_move_reconcile()
        self.run_nightly()

    def test_an_undone_payment_goes_back_to_the_phase_that_it_had_before(self):
        self.start_with(uncoded_phases=["Herinnerd", "Aangemaand"])
        self.connection.tell_unpaid = True
        tribe_id = self.reminded_and_paid()

        self.booked_move(tribe_id).line_ids.remove_move_reconcile()
        self.assertIn("Herinnerd", self.booked_move(tribe_id).tribe_untold)
        self.run_nightly()
        self.assertEqual(self.phase_name(tribe_id), "Herinnerd")

        # The next time it is another one.
        self.move_to(tribe_id, "Aangemaand")
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.undo_payment(tribe_id)
        self.assertEqual(self.phase_name(tribe_id), "Aangemaand")
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_so_it_does_where_somebody_says_so(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        tribe_id = self.reminded_and_paid()
        self.undo_payment(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.assertFalse(self.booked_move(tribe_id).tribe_untold)

        self.problematic().action_move_back()
        self.run_lanes()

        self.assertEqual(self.phase_name(tribe_id), "Herinnerd")
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_also_where_the_answer_to_paid_was_lost(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        self.connection.tell_unpaid = True
        tribe_id = self.send_new(self.line(10.0))
        self.move_to(tribe_id, "Herinnerd")
        self.pay(self.booked_move(tribe_id))
        self.sandbox.fault("lose_answer", method="POST", path_contains="Activity_Invoice")
        self.run_nightly()
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.undo_payment(tribe_id)
        self.assertEqual(self.phase_name(tribe_id), "Herinnerd")

    def test_one_that_is_no_more_in_tribe_is_sent(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        self.connection.tell_unpaid = True
        tribe_id = self.reminded_and_paid()
        self.sandbox.delete(
            "Datastore_Phase_ActivityInvoice", self.phase_called("Herinnerd").tribe_id
        )
        self.undo_payment(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Sent")
        self.assertFalse(self.problems())

    def test_so_is_one_in_which_nothing_is_booked_any_more(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        self.connection.tell_unpaid = True
        tribe_id = self.reminded_and_paid()
        self.phase_called("Herinnerd").is_booked = False
        self.undo_payment(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Sent")

    def test_so_does_one_that_is_booked_again(self):
        """Also where it was held in between."""
        self.start_with(uncoded_phases=["Herinnerd"])
        self.connection.tell_unpaid = True
        tribe_id = self.reminded_and_paid()
        move = self.booked_move(tribe_id)
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        move.button_cancel()
        self.run_nightly()
        groups = self.vat_groups("NL21")
        taxes = [group.tax_id for group in groups]
        groups.tax_id = False
        self.link(tribe_id).action_book_again()
        self.run_lanes()
        self.assert_held(tribe_id, "vat_group_without_tax")
        for group, tax in zip(groups, taxes, strict=True):
            group.tax_id = tax
        self.run_nightly()
        self.run_nightly()

        self.assertEqual(self.booked_move(tribe_id).state, "posted")
        self.assertEqual(self.phase_name(tribe_id), "Herinnerd")

    def test_what_is_not_mapped_in_a_phase_without_a_code_is_told_before_activating(self):
        self.start_with(uncoded_phases=["Herinnerd"])
        self.move_to(self.draft(self.line(10.0)), "Herinnerd")
        self.vat_groups("NL21").tax_id = False

        self.assertIn(self.vat_groups("NL21")[0].name, self.holes())

    def test_with_no_phase_to_be_booked_nothing_is_and_nothing_is_in_trouble(self):
        self.start_with()
        tribe_id = self.draft(self.line(10.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        self.connection.phase_ids.is_booked = False
        self.env["tribe.cursor"].search([("stream", "=", "invoice")]).unlink()

        self.poll("invoice")

        self.assertFalse(self.booked_move(tribe_id))
        self.assertFalse(self.problems())

    def test_the_draft_is_known_whatever_its_code(self):
        for number, code in enumerate(("Draft", "CONCEPT", "")):
            with self.subTest(code):
                self.start_with(draft_code=code, number_format=f"{number}-{{sequence:04d}}")
                tribe_id = self.draft(self.line(10.0))

                self.look_at("invoice", tribe_id)
                self.poll("invoice")

                self.assertEqual(self.connection.phase_ids.filtered("is_draft").name, "Concept")
                self.assertEqual(
                    self.connection._booking_phases().mapped("name"), ["Verzonden", "Betaald"]
                )
                self.assertFalse(self.booked_move(tribe_id))
                self.assertFalse(self.problems())
                self.send(tribe_id)
                self.assert_booked_to_the_cent(tribe_id)

    def test_the_invoices_tell_where_neither_code_nor_default_does(self):
        self.seed_tribe(draft_code="A", extra_phases=["B", "C"])
        phases = {
            row["Code"]: row["ID"] for row in self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        }
        self.sandbox.change("Datastore_Phase_ActivityInvoice", phases["A"], {"IsDefault": False})
        self.draft(self.line(10.0))
        self.sandbox.change(
            "Activity_Invoice", self.draft(self.line(10.0)), {"Phase": {"ID": phases["B"]}}
        )
        self.connection.phase_ids.unlink()

        self.connect()

        drafts = self.connection.phase_ids.filtered("is_draft")
        self.assertEqual(drafts.mapped("tribe_id"), [phases["A"]])
        self.assertEqual(self.connection.phase_ids - drafts, self.connection._booking_phases())

    def test_a_tenant_of_tribes_own_phases_costs_no_call_for_them(self):
        self.sandbox.reset_calls()
        self.start_with()
        asked = [call["path"] for call in self.sandbox.call_log()]
        self.assertFalse([path for path in asked if path.endswith("/Activity_Invoice")])

    def test_what_a_person_decided_stays_when_connecting_again(self):
        self.start_with(draft_code="CONCEPT", extra_phases=["Wacht"])
        self.phase_called("Concept").is_draft = False
        self.phase_called("Wacht").is_draft = True

        self.connect()

        self.assertEqual(self.connection.phase_ids.filtered("is_draft").name, "Wacht")
        self.assertTrue(self.phase_called("Wacht").is_booked)
        self.assertNotIn(self.phase_called("Wacht"), self.connection._booking_phases())

    def test_a_draft_again_is_known_by_its_mark(self):
        self.start_with(draft_code="CONCEPT", final_invoice_writable="all")
        tribe_id = self.send_new(self.line(10.0))

        self.sandbox.set_phase(tribe_id, "CONCEPT")
        self.look_at("invoice", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "differs")
        self.assert_told(self.link(tribe_id), "difference_draft_in_tribe", field="difference")

    def test_an_update_marks_the_draft_by_its_code_and_the_next_connect_what_had_none(self):
        for code in ("Draft", "CONCEPT"):
            with self.subTest(code):
                self.start_with(draft_code=code)
                numbers = self.connection.phase_ids.mapped("tribe_id")
                self.phase_called("Concept").is_booked = True
                self.phase_called("Verzonden").is_booked = False
                # As the column is when it was just added.
                self.env.flush_all()
                self.env.cr.execute("UPDATE tribe_phase SET is_draft = NULL")

                self.env["tribe.phase"]._decide_by_code()
                self.connection.phase_ids.invalidate_recordset()

                self.assertEqual(self.phase_called("Concept").is_draft, code == "Draft")
                self.connect()
                self.assertEqual(self.connection.phase_ids.filtered("is_draft").name, "Concept")
                self.assertEqual(self.connection.phase_ids.mapped("tribe_id"), numbers)
                self.assertEqual(self.connection._booking_phases().name, "Betaald")


class TestPages(TenantCase):
    """Tenants whose pages have less than 100 rows."""

    def send_many(self, count):
        """Send some invoices in Tribe; returns their IDs."""
        ids = [self.draft(self.line(10.0 + number)) for number in range(count)]
        for tribe_id in ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        return ids

    def assert_all_booked(self, ids):
        booked = self.env["tribe.link"].search([("tribe_id", "in", ids)]).move_id
        self.assertEqual(len(booked), len(ids), self.problems())
        self.assertEqual(set(booked.mapped("state")), {"posted"})

    def look_from_the_beginning(self):
        self.env["tribe.cursor"].search([("stream", "=", "invoice")]).unlink()
        self.poll("invoice")

    def test_30_invoices_on_pages_of_25(self):
        self.sandbox.switch(page_limit=25)
        ids = self.send_many(30)
        self.poll("invoice")
        self.assert_all_booked(ids)

    def test_24_invoices_on_pages_of_12_from_the_beginning_where_nothing_is_counted(self):
        self.sandbox.switch(page_limit=12, count_option="ignored")
        ids = self.send_many(24)
        self.look_from_the_beginning()
        self.assert_all_booked(ids)

    def test_40_invoices_on_pages_of_7_that_were_longer_before(self):
        ids = self.send_many(10)
        self.poll("invoice")
        self.assert_all_booked(ids)
        self.sandbox.switch(page_limit=7)
        ids += self.send_many(30)
        self.poll("invoice")
        self.assert_all_booked(ids)

    def test_coverage_sees_the_last_page(self):
        for count_option in ("answered", "ignored", "refused"):
            with self.subTest(count_option):
                self.seed_tribe(page_limit=7, count_option=count_option)
                self.send_many(8)
                self.vat_groups("NL9").tax_id = False
                last = max(row["ID"] for row in self.sandbox.rows("Activity_Invoice"))
                (line,) = self.sandbox.rows("ProductLine", Activity=last)
                self.sandbox.switch(final_invoice_writable="all")
                self.sandbox.change(
                    "ProductLine", line["ID"], {"VatGroup": {"ID": self.vat_group("NL9")}}
                )

                self.assertIn(self.vat_groups("NL9")[0].name, self.holes())
