import tracemalloc
from datetime import date
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER
from connector.mutations import OddAnswers
from told import with_inner

from odoo.tools import mute_logger

from odoo.addons.tribe_connector.sentence import Label
from odoo.addons.tribe_connector.tribe_api import Client

from .invoice_case import InvoiceCase

PAID = "Paid"
PDF = "application/pdf"


class TestOneBadInvoice(InvoiceCase):
    """Three booked invoices are looked at again at once, of which one cannot be compared."""

    def test_the_others_are_compared(self):
        tribe_ids = [self.send_new(self.line(100)) for _number in range(3)]
        bad = self.booked_move(tribe_ids[1])
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, PAID)

        def fail(_booker, move):
            if move == bad:
                # What PostgreSQL refuses ends the transaction with all that is in it.
                self.env.cr.execute("SELECT 1 / 0")

        with (
            patch.object(self.registry["tribe.invoice.booker"], "_note_paid_in_tribe", fail),
            mute_logger("odoo.sql_db"),
            patch("odoo.addons.tribe_connector.engine.problems._logger.error"),
        ):
            self.look_at("invoice", *tribe_ids)

        phases = [self.link(tribe_id).phase_id.code for tribe_id in tribe_ids]
        self.assertEqual((phases[0], phases[2]), (PAID, PAID))
        self.assertNotEqual(phases[1], PAID)
        self.assertEqual(len(self.problems()), 1)


class TestOneBadFile(InvoiceCase):
    """The PDFs of three booked invoices are fetched at once, of which one cannot be had."""

    fetches_documents = True

    def fetch(self, **patches):
        tribe_ids = [self.draft(self.line(100)) for _number in range(3)]
        for tribe_id in tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")
        bad = tribe_ids[1]
        with patch.multiple(Client, **{name: make(bad) for name, make in patches.items()}):
            self.look_at("invoice", *tribe_ids)
        moves = [self.booked_move(tribe_id) for tribe_id in tribe_ids]
        self.assertEqual([move.state for move in moves], ["posted"] * 3, self.problems())
        self.assertEqual(
            [bool(move.message_main_attachment_id) for move in moves], [True, False, True]
        )
        self.assertEqual(len(self.problems()), 1)
        return self.problematic()

    def test_its_name_is_none(self):
        read = Client.by_values

        def rename(bad):
            def renamed(client, entity_set, *arguments, **options):
                rows = read(client, entity_set, *arguments, **options)
                for row in rows:
                    if entity_set == "Attachment" and row["Invoice"]["ID"] == bad:
                        row["File"]["Name"] = ["a"]
                return rows

            return renamed

        self.assert_only_told(self.fetch(by_values=rename), "value_is_list")

    def test_it_is_gone(self):
        download = Client.download

        def lose(bad):
            def lost(client, entity_set, entity_id, file_property):
                attachment = self.tribe_row("Attachment", entity_id)
                if attachment["Invoice"] == bad:
                    entity_id = "00000000-0000-4000-8000-00000000dead"
                return download(client, entity_set, entity_id, file_property)

            return lost

        self.assert_only_told(self.fetch(download=lose), "record_not_in_tribe")


class TestLargeFiles(InvoiceCase):
    """The PDFs of many invoices are fetched at once, and never held at once."""

    SIZE = 4 * 1024 * 1024

    def booked_without_pdf(self, count):
        self.connection.fetch_documents = False
        tribe_ids = [self.send_new(self.line(100.0)) for _number in range(count)]
        self.connection.fetch_documents = True
        return tribe_ids

    def memory_of(self, count):
        """What is held after so many were fetched, and at most meanwhile, in PDFs."""
        tribe_ids = self.booked_without_pdf(count)
        contents = (b"%PDF" + bytes([count, number]) * (self.SIZE // 2) for number in range(count))
        with patch.object(Client, "download", lambda *_arguments: next(contents)):
            tracemalloc.start()
            self.look_at("document", *tribe_ids)
            held, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        for tribe_id in tribe_ids:
            attachment = self.booked_move(tribe_id).message_main_attachment_id
            self.assertEqual((attachment.file_size, attachment.mimetype), (self.SIZE + 4, PDF))
            self.assertTrue(attachment.raw.startswith(b"%PDF"))
        return held / self.SIZE, peak / self.SIZE

    def test_one_is_let_go_before_the_next(self):
        for location in ("file", "db"):
            with self.subTest(location):
                self.env["ir.config_parameter"].set_param("ir_attachment.location", location)
                _held, peak_of_one = self.memory_of(1)
                held, peak = self.memory_of(6)
                self.assertLess(held, 1)
                self.assertLess(peak, peak_of_one + 1)


class TestOneOddCustomer(OddAnswers, InvoiceCase):
    """Invoices that are read at once, and something odd at the customer of one of them."""

    def setUp(self):
        super().setUp()
        self.known_customer = self.customer
        self.make_some()

    def make_some(self):
        """Three invoices of a customer that is as it should be; and another customer."""
        self.customer = self.known_customer
        self.invoices = [self.sent() for _number in range(3)]
        organization = self.sandbox.create("Relation_Organization", {"Name": "Vreemd B.V."})
        self.customer = self.sandbox.create(
            ORGANIZATION_CUSTOMER,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                "Organization": {"ID": organization["ID"]},
            },
        )

    def sent(self):
        tribe_id = self.draft(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_id

    def assert_only_the_odd_one_is_held(self, odd):
        """Returns what is told of it: one problem."""
        for tribe_id in self.invoices:
            self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())
        self.assertFalse(self.booked_move(odd))
        (work,) = self.problematic()
        return work

    def test_a_payment_term_that_is_none(self):
        self.sandbox.switch(due_date_name="")
        self.connect()
        for is_known in (True, False):
            for days in (-1, 4000):
                with self.subTest(days=days, is_known=is_known):
                    self.make_some()
                    if is_known:
                        self.send(self.draft(self.line(100.0)))
                    self.of_customer(days)
                    odd = self.sent()

                    self.look_at("invoice", *self.invoices, odd)

                    self.assert_only_told(
                        self.assert_only_the_odd_one_is_held(odd),
                        "value_not_a_whole_number",
                        value=str(days),
                        largest=3650,
                    )
                    self.of_customer(30)
                    self.run_nightly()
                    self.assertEqual(self.booked_move(odd).state, "posted", self.problems())

    def of_customer(self, days):
        self.sandbox.change(ORGANIZATION_CUSTOMER, self.customer["ID"], {"PaymentTermInDays": days})

    def test_the_term_does_not_matter_where_tribe_tells_the_due_date(self):
        self.send(self.draft(self.line(100.0)))
        odd = self.sent()
        self.of_customer(-1)

        self.look_at("invoice", *self.invoices, odd)

        for tribe_id in (*self.invoices, odd):
            self.assertEqual(self.booked_move(tribe_id).state, "posted", self.problems())
        self.assertFalse(self.problems())

    def test_a_relationship_of_another_shape(self):
        employee = {"ID": self.customer["ID"]}
        for values in (
            {"AccountManager": "Jan"},
            {"AccountManager": {**employee, "EmailAddress": {"a": 1}}},
            {"AccountManager": {**employee, "Person": "Jan"}},
            {"Organization": "Vreemd"},
            {"Organization": {"ID": "vreemd"}},
        ):
            for is_known in (True, False):
                with self.subTest(values=values, is_known=is_known):
                    if is_known and "Organization" in values:
                        continue
                    if is_known:
                        self.send(self.draft(self.line(100.0)))
                    odd = self.sent()

                    with self.answering(ORGANIZATION_CUSTOMER, self.customer["ID"], values):
                        self.look_at("invoice", *self.invoices, odd)

                    work = self.assert_only_the_odd_one_is_held(odd)
                    codes = {told.code for told in with_inner(self.sentences_told(work))}
                    self.assertTrue(codes & {"record_unreadable", "value_is_list"}, codes)
                    self.assertFalse(self.connection.trouble)
                    self.env["tribe.work"].search([]).unlink()
                    self.make_some()

    def test_an_invoice_of_another_shape(self):
        for values in (
            {"Phase": "Sent"},
            {"Relationship": "Vreemd"},
            {"ProductLines": {"ID": "x"}},
            {"ProductLines": ["x"]},
        ):
            with self.subTest(values=values):
                odd = self.sent()

                with self.answering("Activity_Invoice", odd, values):
                    self.look_at("invoice", *self.invoices, odd)

                self.assert_only_told(
                    self.assert_only_the_odd_one_is_held(odd), "record_unreadable"
                )
                self.env["tribe.work"].search([]).unlink()
                self.make_some()


class TestEndlessTexts(InvoiceCase):
    """Texts of customers and of invoices without end, each in one of two invoices."""

    def test_a_name_that_odoo_cannot_show(self):
        self.partner.name = "a" + " " * 2000 + "b"

        tribe_id = self.send_new(self.line(100))

        self.assert_held(
            tribe_id, "contact_value_too_long", what=Label("res.partner", "name"), contact="a …"
        )

    def test_of_whom_the_rest_is_too_long_is_booked(self):
        self.partner.write({"city": "é" * 60_000, "street": "é" * 60_000})

        self.assert_booked_to_the_cent(self.send_new(self.line(100)))

    def test_a_line_without_end_is_not_booked_in_part(self):
        bad = self.draft(self.line(100, ExtraDescription="é" * 60_000))
        good = self.draft(self.line(100, ExtraDescription="é" * 40_000))
        for tribe_id in (bad, good):
            self.sandbox.set_phase(tribe_id, "Sent")

        self.look_at("invoice", bad, good)

        self.assert_held(bad, "value_too_long", count=60_000)
        self.assertIn("é" * 40_000, self.booked_move(good).invoice_line_ids.name)


class TestDatesWithoutEnd(OddAnswers, InvoiceCase):
    """Dates at the ends of what Python and PostgreSQL know, which Odoo reckons from."""

    DATES = ("9999-12-31", "9999-12-30T12:00:00Z", "0001-01-01", "0001-01-02T00:00:00Z")

    def sent(self):
        tribe_id = self.draft(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        return tribe_id

    def assert_only_held(self, odd, good, text):
        self.assertEqual(self.booked_move(good).state, "posted", self.problems())
        self.assert_held(
            odd,
            "invoice_date_out_of_range",
            invoice=self.number_of(odd),
            date=date.fromisoformat(text[:10]),
        )

    def test_the_invoice_date_and_the_due_date(self):
        names = self.connection._invoice_fields()
        for text in self.DATES:
            for name in (names.date, names.due_date):
                with self.subTest(text, name=name):
                    odd, good = self.sent(), self.sent()

                    with self.answering("Activity_Invoice", odd, {name: text}):
                        self.look_at("invoice", odd, good)

                    self.assert_only_held(odd, good, text)
                    self.run_nightly()
                    self.assertEqual(self.booked_move(odd).state, "posted", self.problems())

    def test_where_the_payment_term_tells_the_due_date(self):
        self.sandbox.switch(due_date_name="")
        self.connect()
        name = self.connection._invoice_fields().date
        for text in self.DATES:
            with self.subTest(text):
                odd, good = self.sent(), self.sent()

                with self.answering("Activity_Invoice", odd, {name: text}):
                    self.look_at("invoice", odd, good)

                self.assert_only_held(odd, good, text)
                self.env["tribe.work"].search([]).unlink()

    def test_of_a_booked_one_it_is_a_difference(self):
        tribe_id = self.send_new(self.line(100.0))
        name = self.connection._invoice_fields().date
        for text in self.DATES:
            with self.subTest(text):
                with self.answering("Activity_Invoice", tribe_id, {name: text}):
                    self.look_at("invoice", tribe_id)

                self.assertTrue(self.link(tribe_id).difference)
                self.assert_only_told(self.problematic(), "invoice_date_out_of_range")

    def test_a_look_through_all_and_the_dates_of_changes(self):
        names = (self.connection._invoice_fields().date, "CreationDate", "LastMutationDate")
        comparer = self.env["tribe.invoice.comparer"]
        for text in self.DATES:
            with self.subTest(text):
                odd, good = self.sent(), self.sent()
                with self.answering("Activity_Invoice", odd, dict.fromkeys(names, text)):
                    self.poll("invoice")
                    self.assert_only_held(odd, good, text)
                    comparer._begin(self.connection, None, "initial")
                    self.run_lanes()

                self.assert_only_held(odd, good, text)
                self.env["tribe.work"].search([]).unlink()

    def test_the_period_of_a_line_has_no_end(self):
        period = {"StartDate": "1900-01-01T00:00:00Z", "EndDate": "9999-12-31T00:00:00Z"}

        tribe_id = self.send_new(self.line(100.0, **period))

        self.assert_booked_to_the_cent(tribe_id)
        self.assertIn("9999", self.booked_move(tribe_id).invoice_line_ids.name)

    def test_the_books_are_locked_for_good(self):
        self.connection.legal_entity_ids.locked_period = "first_open_day"
        for lock in ("9999-12-31", "9999-12-30"):
            with self.subTest(lock):
                self.company.sale_lock_date = lock

                tribe_id = self.send_new(self.line(100.0))

                self.assert_held(
                    tribe_id,
                    "invoice_in_locked_period",
                    number=self.number_of(tribe_id),
                    lock=date.fromisoformat(lock),
                )
                self.company.sale_lock_date = False
                self.run_nightly()

    def test_invoices_are_booked_from_such_a_date(self):
        for text in ("0001-01-01", "9999-12-31"):
            with self.subTest(text):
                self.connection.invoices_from = text
                self.run_lanes()
                tribe_id = self.sent()

                self.poll("invoice")
                self.env["tribe.invoice.comparer"]._begin_night(
                    self.connection, self.connection.invoices_from
                )
                self.run_lanes()

                self.assertFalse(self.problematic())
                self.assertEqual(bool(self.booked_move(tribe_id)), text.startswith("0"))
