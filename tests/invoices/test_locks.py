"""While Tribe is asked, nobody waits for the connector: an invoice that changes contacts first."""

import contextlib
from unittest.mock import patch

from connector.common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER

from odoo.exceptions import AccessError, UserError

from odoo.addons.base.tests.common import new_test_user

from .invoice_case import InvoiceCase


class TestLocks(InvoiceCase):
    """``run_lanes`` of every test looks; these are the ways to invoices that meet many calls."""

    fetches_documents = True

    def relation(self, entity_set, customer_set, link, **fields):
        """A new customer of Tribe; returns the relationship that an invoice names."""
        row = self.sandbox.create(entity_set, fields)
        return self.sandbox.create(
            customer_set,
            {
                "Relation": {"ID": self.connection.own_organization_id},
                link: {"ID": row["ID"]},
            },
        )

    def invoice_of(self, relationship, **values):
        draft = self.draft(self.line(10.0), Relationship={"ID": relationship["ID"]}, **values)
        self.sandbox.set_phase(draft, "Sent")
        return draft

    def test_contacts_that_invoices_link_and_change(self):
        """The relations have the numbers of contacts, and other telephone numbers."""
        self.connection.conflict_policy = "tribe"
        partners = self.env["res.partner"]
        drafts = []
        for name, is_company in (("Bestaand B.V.", True), ("Els Bestaand", False)):
            number = f"77{int(is_company)}1"
            partners |= partners.create(
                {
                    "name": name,
                    "is_company": is_company,
                    "customer_rank": 1,
                    "debtor_number": number,
                }
            )
            fields = {"DebtorNumber": number, "PhoneNumber": "020 7654321"}
            if is_company:
                relationship = self.relation(
                    "Relation_Organization",
                    ORGANIZATION_CUSTOMER,
                    "Organization",
                    Name=name,
                    **fields,
                )
            else:
                relationship = self.relation(
                    "Relation_Person", PERSON_CUSTOMER, "Person", LastName=name, **fields
                )
            drafts.append(self.invoice_of(relationship))
        # Only the lane of invoices comes to them.
        self.env["tribe.work"].search([("kind", "!=", "invoice")]).unlink()

        self.look_at("invoice", *drafts)

        moves = self.env["account.move"].union(*map(self.booked_move, drafts))
        self.assertEqual(moves.partner_id, partners, self.problems())
        self.assertEqual(set(partners.mapped("phone")), {"020 7654321"})

    def test_a_booked_invoice_that_is_paid_in_tribe_beside_a_new_customer(self):
        known = self.send_new(self.line(10.0))
        self.sandbox.set_phase(known, "Paid")
        relationship = self.relation(
            "Relation_Organization", ORGANIZATION_CUSTOMER, "Organization", Name="Nieuw B.V."
        )

        new = self.invoice_of(relationship)
        self.look_at("invoice", known, new)

        self.assertTrue(self.booked_move(new), self.problems())
        self.assertTrue(self.link(known).told_paid)


class TestWhoHoldsInvoices(InvoiceCase):
    """Lanes give way to whoever works on an invoice, and to nobody who may not."""

    def held_by(self, user, do):
        """The invoices that lanes are kept off while somebody tries something."""
        held = []

        def note(records, with_links=False):
            held.extend(records.sudo())

        mixin = self.registry["tribe.synchronized"]
        with (
            patch.object(mixin, "_tribe_keep_lanes_off", note),
            contextlib.suppress(AccessError, UserError),
            self.env.cr.savepoint(),
        ):
            do(user)
        return held

    def test_only_who_may_change_them(self):
        move = self.booked_move(self.send_new(self.line(10.0)))
        elsewhere = self.env["res.company"].create({"name": "Elders B.V."})
        accountant = {"groups": "account.group_account_manager"}
        ours = new_test_user(self.env, "ours", **accountant)
        theirs = new_test_user(
            self.env, "theirs", company_id=elsewhere.id, company_ids=elsewhere.ids, **accountant
        )
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        ways = {
            "confirm": lambda user: move.with_user(user).action_post(),
            "write": lambda user: move.with_user(user).write({"ref": "x"}),
            "nothing": lambda user: move.with_user(user).write({}),
            "reset": lambda user: move.with_user(user).button_draft(),
            "reconcile": lambda user: move.with_user(user).line_ids.reconcile(),
            "deletion": lambda user: move.with_user(user).unlink(),
        }
        for name, do in ways.items():
            with self.subTest(name):
                self.assertFalse(self.held_by(theirs, do))
                self.assertFalse(self.held_by(portal, do))
        self.assertTrue(self.held_by(ours, ways["write"]))
        # Before anything that the connector says of the invoice.
        for user in (theirs, portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                ways["confirm"](user)

    def test_who_may_not_write_learns_nothing_of_an_entry(self):
        """Odoo's own checks, which come before that of the user, do not answer by what we read."""
        booked = self.booked_move(self.send_new(self.line(10.0)))
        typed = self.typed_by_hand()
        typed.action_post()
        elsewhere = self.env["res.company"].create({"name": "Elders B.V."})
        of_elsewhere = {"company_id": elsewhere.id, "company_ids": elsewhere.ids}
        users = (
            new_test_user(self.env, "portal_user", groups="base.group_portal"),
            new_test_user(self.env, "employee", groups="base.group_user", **of_elsewhere),
            new_test_user(
                self.env, "bookkeeper", groups="account.group_account_manager", **of_elsewhere
            ),
        )
        other_journal = self.env["account.journal"].search([("id", "!=", booked.journal_id.id)])[:1]
        for move in (booked, typed):
            for vals in (
                {"partner_id": 1},
                {"journal_id": other_journal.id, "partner_id": 1},
                {"name": move.name, "partner_id": 1},
                {"date": "2020-01-01"},
            ):
                for user in users:
                    with self.subTest(user.login, move=move.name, vals=vals):
                        self.env.flush_all()
                        self.env.invalidate_all()
                        with self.assertRaises(AccessError):
                            move.with_user(user).write(dict(vals))
