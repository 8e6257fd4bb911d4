"""Each kind of change of a booked invoice, of which no webhook and no date tells."""

from datetime import timedelta

from connector.common import ORGANIZATION_CUSTOMER

from odoo.addons.tribe_connector.tribe_api import exchange

from .test_looking import LookingCase


class TestLostWebhooks(LookingCase):
    """A tenant from before the strict policy: all of a sent invoice can be changed."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all", page_limit=5)
        self.shown = {}
        parse = exchange.parsed_json

        def parsed(body):
            found = parse(body)
            for row in found.get("value", []) if isinstance(found, dict) else []:
                row.update(self.shown.get(row.get("ID"), {}))
            return found

        self.patch(exchange, "parsed_json", parsed)

    def test_each_is_shown_after_a_look_and_a_night(self):
        changes = self.changes()
        tribe_ids = dict(zip(changes, self.all_sent(len(changes)), strict=True))
        self.look()
        self.assert_booked(*tribe_ids.values())
        # The first night is that of the weekly look.
        self.pass_night()
        for name, change in changes.items():
            change(tribe_ids[name])
        self.forget_changes()

        self.look()
        self.pass_night()

        for name, tribe_id in tribe_ids.items():
            with self.subTest(name):
                link = self.link(tribe_id)
                self.assertEqual(
                    link.state, {"deleted": "gone", "paid": "linked"}.get(name, "differs")
                )
                self.assertEqual(link.phase_id.code == "Paid", name == "paid")

    def changes(self):
        """What may become of an invoice, by name: what does it."""
        earlier = f"{self.today - timedelta(days=3)}T22:00:00Z"
        credited = self.sent()
        return {
            "paid": lambda one: self.sandbox.set_phase(one, "Paid"),
            "draft again": lambda one: self.sandbox.set_phase(one, "Draft"),
            "price": lambda one: self.change_line(one, Price=1.0),
            "vat group": lambda one: self.change_line(one, VatGroup={"ID": self.vat_group("NL9")}),
            "line more": self.add_line,
            "line less": lambda one: self.sandbox.delete("ProductLine", self.line_of(one)),
            "currency": lambda one: self.change(one, Currency="USD"),
            "customer": lambda one: self.change(one, Relationship={"ID": self.other_customer()}),
            "credits": lambda one: self.change(one, CreditedInvoice={"ID": credited}),
            "deleted": lambda one: self.sandbox.delete("Activity_Invoice", one),
            # How these are changed Tribe does not say.
            "number": lambda one: self.shown.update({one: {"Number": "2019-7"}}),
            "date": lambda one: self.shown.update({one: {"InvoiceDate": earlier}}),
            "no date": lambda one: self.shown.update({one: {"InvoiceDate": None}}),
            "due date": lambda one: self.shown.update({one: {"DueDate": earlier}}),
        }

    def change(self, tribe_id, **values):
        self.sandbox.change("Activity_Invoice", tribe_id, values)

    def line_of(self, tribe_id):
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        return line["ID"]

    def change_line(self, tribe_id, **values):
        self.sandbox.change("ProductLine", self.line_of(tribe_id), values)

    def add_line(self, tribe_id):
        self.sandbox.create("ProductLine", {**self.line(5.0), "Activity": {"ID": tribe_id}})

    def other_customer(self):
        rows = self.sandbox.rows(ORGANIZATION_CUSTOMER)
        others = [row["ID"] for row in rows if not row["IsFormer"]]
        return next(each for each in others if each != self.customer["ID"])
