from .common import ORGANIZATION_CUSTOMER
from .each_step import EachStep
from .relation_case import RelationCase

NAMES = ("A", "B", "C")
PHONE = "030 2"


class RelationSteps(EachStep, RelationCase):
    """Three customers, or their relations."""

    def begin(self, flow):
        """Have three records of a flow wait for the lanes; what the one in the middle is."""
        partner, tribe_id = getattr(self, f"begin_{flow}")()
        return {each for each in (partner, tribe_id, partner and str(partner.id)) if each}

    def is_done(self, flow, numbers):
        self.env.invalidate_all()
        return all(getattr(self, f"is_{flow}")(NAMES[number]) for number in numbers)

    def three(self, **values):
        self.partners = self.env["res.partner"].union(
            *(self.customer(name, debtor_number=f"D-{name}", **values) for name in NAMES)
        )
        return self.partners

    def three_linked(self, **values):
        partners = self.three(**values)
        self.synchronize(partners)
        self.assertEqual(len(partners.filtered("tribe_id")), 3, self.problems())
        return partners

    def relations(self, **fields):
        return [self.organization(Name=name, DebtorNumber=f"D-{name}", **fields) for name in NAMES]

    def note(self, kind, tribe_ids):
        self.env["tribe.work"]._add(self.connection, "inbound", kind, tribe_ids, "webhook")

    def partner(self, name):
        found = self.env["res.partner"].with_context(active_test=False)
        return found.search([("debtor_number", "=", f"D-{name}")])


class TestRelationsIn(RelationSteps):
    """From Tribe to Odoo."""

    def begin_new(self):
        rows = self.relations(PhoneNumber=PHONE)
        self.note("organization", [row["ID"] for row in rows])
        return None, rows[1]["ID"]

    def is_new(self, name):
        partner = self.partner(name)
        return len(partner) == 1 and partner.tribe_id and partner.phone == PHONE

    def test_new(self):
        self.assert_each_step_may_fail("new")

    def begin_known(self):
        partners = self.three(email=False)
        rows = self.relations(PhoneNumber=PHONE)
        self.env["tribe.work"].search([]).unlink()
        self.note("organization", [row["ID"] for row in rows])
        return partners[1], rows[1]["ID"]

    is_known = is_new

    def test_known_by_number(self):
        self.assert_each_step_may_fail("known")

    def begin_changed(self):
        partners = self.three_linked(city="Utrecht", zip="3511 AA")
        for partner in partners:
            self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": PHONE})
            self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Zeist"})
        self.note("organization", partners.mapped("tribe_id"))
        return partners[1], partners[1].tribe_id

    def is_changed(self, name):
        partner = self.partner(name)
        return (partner.phone, partner.city) == (PHONE, "Zeist")

    def test_changed(self):
        self.assert_each_step_may_fail("changed")

    def begin_former(self):
        partners = self.three_linked()
        for row in self.sandbox.rows(ORGANIZATION_CUSTOMER):
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.note("organization", partners.mapped("tribe_id"))
        return partners[1], partners[1].tribe_id

    def is_former(self, name):
        return not self.partner(name).active

    def test_former(self):
        self.assert_each_step_may_fail("former")

    def begin_deleted(self):
        partners = self.three_linked()
        tribe_ids = partners.mapped("tribe_id")
        for tribe_id in tribe_ids:
            self.sandbox.delete("Relation_Organization", tribe_id)
        self.connection.settle_seconds = 0
        self.note("organization", tribe_ids)
        return partners[1], tribe_ids[1]

    def is_deleted(self, name):
        links = self.env["tribe.link"].search([("partner_id", "=", self.partner(name).id)])
        return set(links.filtered(lambda link: link.kind == "organization").mapped("state")) == {
            "gone"
        }

    def test_deleted(self):
        self.assert_each_step_may_fail("deleted")

    def begin_told_of_customer(self):
        partners = self.three_linked()
        for partner in partners:
            self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": PHONE})
        rows = {row["Organization"]: row["ID"] for row in self.sandbox.rows(ORGANIZATION_CUSTOMER)}
        self.note("customer", [rows[partner.tribe_id] for partner in partners])
        return partners[1], partners[1].tribe_id

    def is_told_of_customer(self, name):
        return self.partner(name).phone == PHONE

    def test_told_of_customer(self):
        self.assert_each_step_may_fail("told_of_customer")


class TestRelationsOut(RelationSteps):
    """From Odoo to Tribe."""

    def begin_new(self):
        partners = self.three(phone=PHONE, supplier_rank=1)
        self.env["tribe.work"]._ask_for_partners(self.connection, partners)
        return partners[1], None

    def is_new(self, name):
        rows = self.named(name)
        partner = self.partner(name)
        return (
            len(rows) == 1
            and partner.tribe_id == rows[0]["ID"]
            and rows[0]["PhoneNumber"] == PHONE
            and len(self.relationships(partner)) == 2
        )

    def test_new(self):
        self.connection.settle_seconds = 0
        self.assert_each_step_may_fail("new")

    def begin_known(self):
        partners = self.three(phone=PHONE)
        rows = self.relations()
        self.env["tribe.work"]._ask_for_partners(self.connection, partners)
        return partners[1], rows[1]["ID"]

    def is_known(self, name):
        rows = self.named(name)
        return len(rows) == 1 and rows[0]["PhoneNumber"] == PHONE and self.partner(name).tribe_id

    def test_known_by_number(self):
        self.assert_each_step_may_fail("known")

    def begin_changed(self):
        partners = self.three_linked(city="Utrecht", zip="3511 AA")
        partners.write({"phone": PHONE, "city": "Zeist"})
        self.run_nightly_of_contacts()
        return partners[1], partners[1].tribe_id

    def run_nightly_of_contacts(self):
        self.env["tribe.work"].search([]).due = "2020-01-01"

    def is_changed(self, name):
        partner = self.partner(name)
        told = (self.tribe_of(partner)["PhoneNumber"], self.address_of(partner)["City"])
        return told == (PHONE, "Zeist")

    def test_changed(self):
        self.assert_each_step_may_fail("changed")

    def begin_archived(self):
        partners = self.three_linked()
        partners.action_archive()
        self.run_nightly_of_contacts()
        return partners[1], partners[1].tribe_id

    def is_archived(self, name):
        rows = self.relationships(self.partner(name)).values()
        return all(row["IsFormer"] for row in rows)

    def test_archived(self):
        self.assert_each_step_may_fail("archived")

    def begin_sent_before(self):
        partners = self.three()
        rows = [
            self.organization(
                Name=each.name, ImportId=self.connection._import_id(each, "organization")
            )
            for each in partners
        ]
        self.env["tribe.link"].create(
            [
                {
                    "connection_id": self.connection.id,
                    "kind": "organization",
                    "partner_id": partner.id,
                    "state": "sending",
                    "sent_at": "2020-01-01",
                }
                for partner in partners
            ]
        )
        self.env["tribe.work"]._ask_for_partners(self.connection, partners)
        return partners[1], rows[1]["ID"]

    def is_sent_before(self, name):
        rows = self.named(name)
        return len(rows) == 1 and self.partner(name).tribe_id == rows[0]["ID"]

    def test_sent_before(self):
        self.assert_each_step_may_fail("sent_before")
