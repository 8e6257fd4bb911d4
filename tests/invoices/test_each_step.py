from connector.common import ORGANIZATION_CUSTOMER
from connector.each_step import EachStep

from .test_payment import PaymentCase


class TestInvoiceSteps(EachStep, PaymentCase):
    """Three invoices at once, of which one cannot be done: booked, looked at, paid, with PDFs."""

    fetches_documents = True

    def begin(self, flow):
        """Have three invoices of a flow wait for the lanes; what the one in the middle is."""
        return {each for each in getattr(self, f"begin_{flow}")() if each}

    def is_done(self, flow, numbers):
        self.env.invalidate_all()
        return all(getattr(self, f"is_{flow}")(self.tribe_ids[number]) for number in numbers)

    def note(self, kind="invoice"):
        self.env["tribe.work"]._add(self.connection, "inbound", kind, self.tribe_ids, "webhook")

    def three_sent(self):
        self.tribe_ids = [self.draft(self.line(100)) for _number in range(3)]
        for tribe_id in self.tribe_ids:
            self.sandbox.set_phase(tribe_id, "Sent")

    def three_booked(self):
        self.three_sent()
        self.note()
        self.run_lanes()
        return [self.booked_move(tribe_id) for tribe_id in self.tribe_ids]

    def begin_booked(self):
        self.three_sent()
        self.note()
        return [self.tribe_ids[1]]

    def is_booked(self, tribe_id):
        move = self.booked_move(tribe_id)
        return move.state == "posted" and move.message_main_attachment_id

    def test_booked(self):
        self.assert_each_step_may_fail("booked")

    def begin_booked_for_new(self):
        """Each for a customer that is not in Odoo yet."""
        known = self.customer
        organizations = []
        self.tribe_ids = []
        for name in "ABC":
            row = self.sandbox.create("Relation_Organization", {"Name": name})
            organizations.append(row["ID"])
            self.customer = self.sandbox.create(
                ORGANIZATION_CUSTOMER,
                {
                    "Relation": {"ID": self.connection.own_organization_id},
                    "Organization": {"ID": row["ID"]},
                },
            )
            self.tribe_ids.append(self.draft(self.line(100)))
            self.sandbox.set_phase(self.tribe_ids[-1], "Sent")
        self.customer = known
        self.note()
        return [self.tribe_ids[1], organizations[1]]

    is_booked_for_new = is_booked

    def test_booked_for_new_customers(self):
        self.assert_each_step_may_fail("booked_for_new")

    def begin_paid_in_tribe(self):
        moves = self.three_booked()
        for tribe_id in self.tribe_ids:
            self.sandbox.set_phase(tribe_id, "Paid")
        self.note()
        return [self.tribe_ids[1], moves[1]]

    def is_paid_in_tribe(self, tribe_id):
        return self.link(tribe_id).phase_id.code == "Paid"

    def test_paid_in_tribe(self):
        self.assert_each_step_may_fail("paid_in_tribe")

    def begin_paid(self):
        moves = self.three_booked()
        for move in moves:
            self.pay(move)
        self.env["tribe.work"]._add(
            self.connection, "outbound", "payment", [move.id for move in moves], "save"
        )
        return [self.tribe_ids[1], moves[1], str(moves[1].id)]

    def is_paid(self, tribe_id):
        return self.phase(tribe_id) == "Paid" and self.link(tribe_id).told_paid

    def test_paid_in_odoo(self):
        self.assert_each_step_may_fail("paid")
