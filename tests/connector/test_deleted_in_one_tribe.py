"""Customers that one Tribe deleted are never sent to another, whatever was decided about them."""

from .test_two_tenants import TenantsCase


class TestDeletedInOneTribe(TenantsCase):
    """Nobody in the company of A asked for them: A is the only one that runs in the end."""

    def setUp(self):
        super().setUp()
        self.b.settle_seconds = 0
        self.count = 0

    def deleted(self):
        """A contact that came from B's Tribe, which deleted it."""
        self.count += 1
        partner = self.customer_of(
            self.b,
            f"Van B {self.count}",
            DebtorNumber=f"500{self.count}",
            EmailAddress=f"b{self.count}@b.example",
        )
        self.deleted_there(self.b, partner)
        return partner

    def alike(self, partner):
        """The same customer, made anew in B's Tribe without its number: a possible match."""
        with self.in_tenant(self.b):
            row = self.organization(Name=partner.name, EmailAddress=partner.email)
            self.look_at("organization", row["ID"])
        suggestion = self.env["tribe.suggestion"].search([("tribe_id", "=", row["ID"])])
        self.assertEqual(suggestion.partner_id, partner)
        return suggestion

    def delete_in_b(self, tribe_id):
        """Delete a relation of B's Tribe, which nobody looks at yet."""
        with self.in_tenant(self.b):
            self.sandbox.delete("Relation_Organization", tribe_id)
        self.no_old_copies()

    def link_with_what_is_gone(self, partner):
        suggestion = self.alike(partner)
        tribe_id = suggestion.tribe_id
        self.delete_in_b(tribe_id)
        suggestion.action_link()
        self.look_at_it(tribe_id)

    def look_at_it(self, tribe_id):
        with self.in_tenant(self.b):
            self.look_at("organization", tribe_id)
            self.run_nightly()
        self.run_lanes()

    def assert_stays(self, *partners):
        """None of them is sent to A's Tribe once B is deactivated; a person may choose them."""
        partners = self.env["res.partner"].union(*partners)
        self.b.action_deactivate()
        self.run_lanes()

        self.a.action_run_nightly()
        self.run_lanes()

        self.assertFalse(self.in_tribe(self.a) & set(partners.mapped("name")))
        self.assertEqual(self.connections_of(partners), self.b)
        self.assertEqual(self.a._unplaced(self.env.companies, 10), partners)

    def test_linked_with_what_is_gone(self):
        once, twice = self.deleted(), self.deleted()
        for partner in (once, twice, twice):
            self.link_with_what_is_gone(partner)
        of_relations = (once | twice).tribe_link_ids.filtered(lambda link: link.kind != "customer")
        self.assertEqual(of_relations.mapped("state"), ["gone", "gone"])
        self.assert_stays(once, twice)

    def test_linked_with_what_is_gone_although_no_relationship_was_left(self):
        partner = self.deleted()
        partner.tribe_link_ids.filtered(lambda link: link.kind == "customer").unlink()
        self.link_with_what_is_gone(partner)
        self.assert_stays(partner)

    def test_linked_with_that_of_a_contact_that_was_deleted_in_odoo(self):
        partner = self.deleted()
        suggestion = self.alike(partner)
        self.env["tribe.link"].create(
            {
                "connection_id": self.b.id,
                "kind": "organization",
                "tribe_id": suggestion.tribe_id,
                "state": "unlinked",
            }
        )
        self.delete_in_b(suggestion.tribe_id)
        tribe_id = suggestion.tribe_id
        suggestion.action_link()
        self.look_at_it(tribe_id)
        self.assert_stays(partner)

    def test_kept_apart(self):
        partner = self.deleted()
        suggestion = self.alike(partner)
        suggestion.action_refuse()
        tribe_id = suggestion.tribe_id
        self.run_lanes()
        self.deleted_there(self.b, self.link(tribe_id).partner_id)
        self.assert_stays(partner, self.link(tribe_id).partner_id)

    def test_merged(self):
        """Into one whom somebody made in Odoo."""
        partner = self.deleted()
        other = self.env["res.partner"].create({"name": "Samen B.V.", "is_company": True})
        self.env["base.partner.merge.automatic.wizard"]._merge([partner.id, other.id], other)
        other.customer_rank = 1
        self.link_with_what_is_gone(other)
        self.assert_stays(other)

    def test_of_what_was_left_by_an_earlier_version(self):
        """It took the link with the relation away, and left that with the relationship."""
        partner = self.deleted()
        partner.tribe_link_ids.filtered(lambda link: link.kind == "organization").unlink()
        self.assertEqual(partner.tribe_link_ids.kind, "customer")
        self.assert_stays(partner)

    def test_whoever_was_never_there_is_decided_about_anew(self):
        """Nothing ever went through the link that a person made with what is gone."""
        with self.in_tenant(self.b):
            partner = self.customer("In Odoo B.V.", email="odoo@b.example")
            self.b._take(partner)
            row = self.organization(Name=partner.name, EmailAddress=partner.email)
            self.look_at("organization", row["ID"])
            suggestion = self.env["tribe.suggestion"].search([("tribe_id", "=", row["ID"])])
            self.delete_in_b(row["ID"])
            suggestion.action_link()
        self.look_at_it(row["ID"])
        self.assertEqual(partner.tribe_state, "linked")
        self.assertIn(partner.name, self.in_tribe(self.b))
