"""What differed goes by itself when both sides agree again, also on what is new to both."""

from datetime import timedelta

from connector.common import ORGANIZATION_CUSTOMER
from told import assert_never_says

from odoo import Command

from odoo.addons.tribe_connector.sentence import say, sentence

from . import test_facts, test_legal_entity
from .test_credit_note import CreditCase


class AgreeingCase(test_facts.FactCase, CreditCase):
    def change_line(self, tribe_id, **values):
        """Change the only line of an invoice in Tribe, and look at it."""
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], values)
        self.look_at("invoice", tribe_id)

    def change_due_date(self, tribe_id, day):
        name = self.connection._invoice_fields().due_date
        self.change_shown(tribe_id, **{name: f"{day}T10:00:00Z"})

    def change_shown(self, tribe_id, **values):
        """Have Tribe show other values of what nobody can change in the sandbox."""
        self.enterContext(test_facts.TestEveryFactInEveryPlace.tribe_shows(self, **values))
        self.look_at("invoice", tribe_id)

    def move_relationship(self, relationship, organization_id):
        """Give a customer relationship of Tribe to another organization; look at all of them."""
        before = self.tribe_row(ORGANIZATION_CUSTOMER, relationship["ID"])["Organization"]
        self.sandbox.change(
            ORGANIZATION_CUSTOMER, relationship["ID"], {"Organization": {"ID": organization_id}}
        )
        self.look_at("organization", organization_id, before)

    def confirm_with(self, move, change):
        """Reset an invoice, change something and confirm it again; all or nothing."""
        with self.env.cr.savepoint():
            move.button_draft()
            change(move)
            move.action_post()

    def assert_differs(self, tribe_id, *facts):
        self.assert_needs_attention(tribe_id, *facts)

    def assert_well(self, *tribe_ids):
        """Both sides agree, nobody is asked anything, and a payment is told."""
        for tribe_id in tribe_ids:
            link = self.link(tribe_id)
            self.assertEqual((link.state, link.difference_shown), ("linked", False))
        self.assertFalse(self.problems())
        for tribe_id in tribe_ids:
            self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assertEqual([self.phase(each) for each in tribe_ids], ["Paid"] * len(tribe_ids))
        self.assertFalse(self.problems())


class TestToldAnew(AgreeingCase):
    def test_what_was_reset_and_is_cancelled_is_told_so_without_the_night(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        move.button_draft()
        self.run_nightly()
        link = self.link(tribe_id)
        self.assertEqual(link.difference_shown, say(self.env, "difference_draft_in_odoo"))

        move.button_cancel()
        self.run_lanes()

        self.assertEqual(link.difference_shown, say(self.env, "difference_cancelled_in_odoo"))


class TestBothChanged(AgreeingCase):
    def test_the_due_date_of_a_posted_invoice(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        day = move.invoice_date_due + timedelta(days=9)
        self.change_due_date(tribe_id, day)
        self.assert_differs(tribe_id, "due_date")

        move.invoice_date_due = day
        self.run_nightly()

        self.assert_well(tribe_id)

    def test_what_is_changed_and_confirmed_is_refused_only_where_it_is_like_neither(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        before = move.invoice_date_due
        new, third = before + timedelta(days=9), before + timedelta(days=4)
        self.change_due_date(tribe_id, new)

        def due(day):
            return lambda move: move.write({"invoice_date_due": day})

        with self.assert_refused(
            "invoice_differs_from_tribe", what=sentence("fact_due_date"), tribe=new, odoo=third
        ):
            self.confirm_with(move, due(third))
        self.confirm_with(move, due(before))
        self.run_lanes()
        self.assert_told(self.problematic(), "difference_of_fact", now=new, booked=before)
        self.confirm_with(move, due(new))
        self.run_lanes()
        self.assert_well(tribe_id)
        with self.assert_refused("invoice_differs_from_tribe", tribe=new, odoo=before):
            self.confirm_with(move, due(before))

    def test_what_is_like_neither_is_told_once_with_what_both_have(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        new, third = [move.invoice_date_due + timedelta(days=days) for days in (9, 4)]
        self.change_due_date(tribe_id, new)
        move.invoice_date_due = third
        self.run_nightly()
        link = self.link(tribe_id)
        self.assert_only_told(link, "difference_of_fact", field="difference", now=new, booked=third)

    def test_prices_and_the_cents_of_their_vat(self):
        for price in (200.0, 10.07):
            with self.subTest(price):
                tribe_id = self.send_new(*[self.line(100.0)] * 3)
                move = self.booked_move(tribe_id)
                for line in self.sandbox.rows("ProductLine", Activity=tribe_id):
                    self.sandbox.change("ProductLine", line["ID"], {"Price": price})
                self.look_at("invoice", tribe_id)
                self.assert_differs(tribe_id, "total")

                self.confirm_with(
                    move,
                    lambda move, price=price: move.invoice_line_ids.write({"price_unit": price}),
                )
                self.run_lanes()

                self.assert_booked_to_the_cent(tribe_id)
                self.assert_well(tribe_id)

    def test_another_vat_group(self):
        tribe_id = self.send_new(self.line(100.0, vat="NLVERLEGD"))
        move = self.booked_move(tribe_id)
        self.change_line(tribe_id, VatGroup={"ID": self.vat_group("EUIC")})
        self.assert_differs(tribe_id, "lines")
        group = self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda each: each.code == "EUIC" and each.tax_id
        )[:1]
        tax = group._tax_of(self.env["tribe.ledger.account"])

        self.confirm_with(move, lambda move: move.invoice_line_ids.write({"tax_ids": tax.ids}))
        self.run_lanes()

        self.assert_well(tribe_id)

    def test_one_of_two_facts_is_followed_and_the_other_stays(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        day = move.invoice_date_due + timedelta(days=9)
        self.change_due_date(tribe_id, day)
        self.change_line(tribe_id, Price=200.0)
        move.invoice_date_due = day
        self.run_nightly()
        self.assert_differs(tribe_id, "total")
        self.assert_never_told(
            self.problematic(), "difference_of_fact", what=sentence("compared_due_date")
        )

    def test_what_is_not_mapped_is_followed_by_nobody(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        groups = self.connection.legal_entity_ids.vat_group_ids
        groups.filtered(lambda group: group.code == "NL9").tax_id = False
        self.change_line(tribe_id, VatGroup={"ID": self.vat_group("NL9")})
        self.assert_differs(tribe_id, "lines")
        with self.assert_refused("invoice_differs_from_tribe"):
            self.confirm_with(
                move, lambda move: move.invoice_line_ids.write({"tax_ids": self.tax("9% ST").ids})
            )
        self.confirm_with(move, lambda move: None)
        self.run_lanes()
        self.assert_differs(tribe_id, "lines")

    def test_the_number_where_odoo_numbers(self):
        self.connection.legal_entity_ids.number_policy = "odoo"
        tribe_id = self.send_new(self.line(100.0))
        self.change_shown(tribe_id, Number="ANDERS")
        self.assert_differs(tribe_id, "number")
        self.booked_move(tribe_id).payment_reference = "ANDERS"
        self.run_nightly()
        self.assert_well(tribe_id)


class TestArchivedConnection(AgreeingCase):
    """What an archived connection booked was adopted by another one."""

    def test_what_counts_is_what_the_other_one_agreed_on(self):
        tribe_id = self.send_new(self.line(100.0))
        link, move = self.link(tribe_id), self.booked_move(tribe_id)
        archived = self.connection.copy({"name": "Tribe CRM, vroeger"})
        archived.active = False
        older = link.copy({"connection_id": archived.id, "agreed": dict(link.agreed)})
        self.assertEqual((older.move_id, older.state), (move, "linked"))
        day, third = [move.invoice_date_due + timedelta(days=days) for days in (9, 4)]
        self.change_due_date(tribe_id, day)

        def due(day):
            return lambda move: move.write({"invoice_date_due": day})

        with self.assert_refused("invoice_differs_from_tribe", tribe=day, odoo=third):
            self.confirm_with(move, due(third))
        self.confirm_with(move, due(day))
        self.run_lanes()
        self.assertEqual((link.state, link.difference), ("linked", False))

        link.action_leave_to_odoo()
        self.confirm_with(move, due(third))
        self.assertEqual(move.state, "posted")

    def test_alone_it_counts(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.connection.active = False
        with self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_due_date")):
            self.confirm_with(
                move,
                lambda move: move.write(
                    {"invoice_date_due": move.invoice_date_due + timedelta(days=9)}
                ),
            )


class TestCustomersOfBoth(AgreeingCase):
    def setUp(self):
        super().setUp()
        self.first = self.customer
        self.another_customer()
        self.second = {**self.customer}
        self.second["Organization"] = self.tribe_row(ORGANIZATION_CUSTOMER, self.second["ID"])[
            "Organization"
        ]
        self.second_partner = self.booked_move(self.send_new(self.line(10.0))).partner_id
        self.customer = self.first

    def merge_in_odoo(self, kept):
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((self.partner | self.second_partner).ids, kept)
        self.run_lanes()

    def test_contacts_and_relations_that_are_merged(self):
        """Whichever is kept in Odoo, and whichever the invoice was of."""
        tribe_id = self.send_new(self.line(100.0))
        self.merge_in_odoo(self.second_partner)
        self.move_relationship(self.first, self.second["Organization"])
        self.look_at("invoice", tribe_id)
        self.problematic().filtered(lambda work: work.kind != "invoice").unlink()
        self.assert_well(tribe_id)

    def test_the_invoices_one_is_kept(self):
        self.customer = self.second
        tribe_id = self.send_new(self.line(100.0))
        self.merge_in_odoo(self.partner)
        self.move_relationship(self.second, self.first["Organization"])
        self.look_at("invoice", tribe_id)
        self.problematic().filtered(lambda work: work.kind != "invoice").unlink()
        self.assert_well(tribe_id)

    def test_the_invoice_gets_the_relationship_of_the_contact_that_is_kept(self):
        tribe_id = self.send_new(self.line(100.0))
        self.merge_in_odoo(self.second_partner)
        self.sandbox.change(
            "Activity_Invoice", tribe_id, {"Relationship": {"ID": self.second["ID"]}}
        )
        self.look_at("invoice", tribe_id)
        self.problematic().filtered(lambda work: work.kind != "invoice").unlink()
        self.assert_well(tribe_id)

    def test_a_relationship_that_was_moved_and_an_invoice_that_follows(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.move_relationship(self.first, self.second["Organization"])
        self.look_at("invoice", tribe_id)
        self.assert_differs(tribe_id, "customer")
        stranger = self.another_contact()
        with self.assert_refused("invoice_customer_differs"):
            self.confirm_with(move, lambda move: move.write({"partner_id": stranger.id}))
        self.confirm_with(move, lambda move: move.write({"partner_id": self.second_partner.id}))
        self.run_lanes()
        self.assert_well(tribe_id)

    def test_who_is_not_in_odoo_is_nobody_there(self):
        tribe_id = self.send_new(self.line(100.0))
        organization = self.sandbox.create("Relation_Organization", {"Name": "Onbekend B.V."})
        self.sandbox.change(
            ORGANIZATION_CUSTOMER, self.first["ID"], {"Organization": {"ID": organization["ID"]}}
        )
        self.look_at("invoice", tribe_id)
        self.assert_differs(tribe_id, "customer")


class TestProducts(AgreeingCase):
    def setUp(self):
        super().setUp()
        ledgers = self.connection.legal_entity_ids.ledger_account_ids
        ledgers.account_id = self.account("income")
        self.ledger, self.other_ledger = ledgers[:2]
        self.other_ledger.account_id = self.another_account()
        self.product = self.sandbox.rows("Product", GeneralLedgerAccount=self.ledger.tribe_id)[0]
        self.other_product = self.sandbox.rows(
            "Product", GeneralLedgerAccount=self.other_ledger.tribe_id
        )[0]

    def send_to_the_eu(self):
        """Goods to another country of the EU: services are on another line of the VAT return."""
        self.other_ledger.is_service = True
        groups = self.connection.legal_entity_ids.vat_group_ids
        group = groups.filtered(lambda group: group.code == "EUIC")
        self.services = self.tax("0% EX EU S")
        group.write({"service_tax_id": self.services.id, "sells": "goods"})
        return self.send_new(self.line(100.0, vat="EUIC", Product={"ID": self.product["ID"]}))

    def sell(self, tribe_id, product):
        """Give the only line of an invoice another product in Tribe; nobody looks at it."""
        (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        product = product and {"ID": product["ID"]}
        self.sandbox.change("ProductLine", line["ID"], {"Product": product})

    def assert_other_nets(self, tribe_id):
        """What is told is what the other product would be booked on."""
        self.assert_told(self.problematic(), "difference_of_fact", what=sentence("compared_nets"))
        self.assert_differs(tribe_id, "nets")

    def test_another_product_is_told_by_what_it_would_be_booked_on(self):
        tribe_id = self.send_to_the_eu()
        move = self.booked_move(tribe_id)
        self.sell(tribe_id, self.other_product)
        self.look_at("invoice", tribe_id)
        self.assert_other_nets(tribe_id)
        self.confirm_with(move, lambda move: None)
        self.run_nightly()
        self.assert_other_nets(tribe_id)

        line = {
            "account_id": self.other_ledger.account_id.id,
            "tax_ids": [Command.set(self.services.ids)],
        }
        self.confirm_with(move, lambda move: move.invoice_line_ids.write(line))
        self.run_lanes()

        self.assert_well(tribe_id)

    def test_it_is_seen_before_tribe_is_told_that_it_is_paid(self):
        tribe_id = self.send_to_the_eu()
        self.sell(tribe_id, self.other_product)
        self.pay(self.booked_move(tribe_id))
        self.run_nightly()
        self.assert_other_nets(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Sent")

        self.sell(tribe_id, self.product)
        self.run_nightly()
        self.assertEqual(self.phase(tribe_id), "Paid")
        self.assertFalse(self.problems())

    def test_another_product_that_is_booked_alike_is_followed(self):
        self.other_ledger.account_id = self.ledger.account_id
        tribe_id = self.send_new(self.line(100.0, Product={"ID": self.product["ID"]}))
        for product in (self.other_product, None):
            self.sell(tribe_id, product)
            self.look_at("invoice", tribe_id)
            self.assertEqual(self.link(tribe_id).state, "linked")
            self.assertFalse(self.problems())
        self.assert_well(tribe_id)

    def test_another_product_whose_account_is_not_mapped(self):
        tribe_id = self.send_new(self.line(100.0, Product={"ID": self.product["ID"]}))
        self.other_ledger.account_id = False
        self.connection.legal_entity_ids.vat_group_ids.account_id = False
        self.sell(tribe_id, self.other_product)
        self.look_at("invoice", tribe_id)
        self.assertEqual(self.link(tribe_id).state, "differs")
        self.assert_told(self.problematic(), "difference_of_products")

        self.other_ledger.account_id = self.ledger.account_id
        self.run_nightly()
        self.assert_well(tribe_id)

    def test_what_an_older_version_booked_has_the_products_of_its_next_look(self):
        tribe_id = self.send_to_the_eu()
        link = self.link(tribe_id)
        link.agreed = {name: value for name, value in link.agreed.items() if name != "products"}
        self.look_at("invoice", tribe_id)
        self.assertEqual((link.state, link.difference), ("linked", False))

        self.sell(tribe_id, self.other_product)
        self.look_at("invoice", tribe_id)
        self.assert_other_nets(tribe_id)

    def test_it_does_not_take_them_from_what_differs(self):
        tribe_id = self.send_to_the_eu()
        link = self.link(tribe_id)
        before = link.agreed["products"]
        link.agreed = {name: value for name, value in link.agreed.items() if name != "products"}
        self.change_line(tribe_id, Price=200.0)
        self.assert_differs(tribe_id, "total")
        self.assertNotIn("products", link.agreed)
        self.change_line(tribe_id, Price=100.0)
        self.assertEqual((link.state, link.difference), ("linked", False))
        self.assertEqual(link.agreed["products"], before)

    def test_another_price_is_not_another_product(self):
        tribe_id = self.send_to_the_eu()
        self.change_line(tribe_id, Price=200.0)
        self.assert_differs(tribe_id, "lines")
        assert_never_says(self.sentences_told(self.problematic()), "difference_of_products")

    def test_another_ledger_account_of_a_product_changes_no_invoice(self):
        tribe_id = self.send_new(self.line(100.0, Product={"ID": self.product["ID"]}))
        self.sandbox.change(
            "Product",
            self.product["ID"],
            {"GeneralLedgerAccount": {"ID": self.other_ledger.tribe_id}},
        )
        self.look_at("invoice", tribe_id)
        self.assert_well(tribe_id)

    def test_what_an_older_version_kept_is_read_by_vat_group(self):
        tribe_id = self.send_new(
            *[self.line(price, Product={"ID": self.product["ID"]}) for price in (60.0, 40.0)]
        )
        link, group = self.link(tribe_id), self.vat_group("NL21")
        lines = {f"{group}/{self.ledger.tribe_id}": "60.00", f"{group}/": "40.00"}
        link.agreed = {**link.agreed, "lines": lines}
        self.look_at("invoice", tribe_id)
        self.assertEqual(link.state, "linked")
        (line, _other) = self.sandbox.rows("ProductLine", Activity=tribe_id)
        self.sandbox.change("ProductLine", line["ID"], {"VatGroup": {"ID": self.vat_group("EUIC")}})
        self.look_at("invoice", tribe_id)
        self.assert_differs(tribe_id, "lines")


class TestSharedAccounts(AgreeingCase):
    """Odoo gives what is booked on an account of two companies another one, and back."""

    map = classmethod(test_legal_entity.TestLegalEntity.map.__func__)
    send_for = test_legal_entity.TestLegalEntity.send_for

    def shared(self):
        account = self.env["account.account"].create(
            {
                "name": "Gedeeld",
                "code": "809998",
                "account_type": "income",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        account.with_company(self.other_company).sudo().write(
            {"company_ids": [Command.link(self.other_company.id)], "code": "809999"}
        )
        return account

    def booked_on(self, account):
        """An invoice of each company, on that account and another one."""
        ids = []
        for entity in (self.dutch, self.generic):
            ledger, other = entity.ledger_account_ids[:2]
            ledger.account_id = account
            company = entity.company_id
            other.account_id = self.account("income", company)
            products = [
                self.sandbox.rows("Product", GeneralLedgerAccount=each.tribe_id)[0]
                for each in (ledger, other)
            ]
            ids.append(
                self.send_for(
                    entity,
                    *[self.line(50.0, Product={"ID": product["ID"]}) for product in products],
                )
            )
        return ids

    def split(self, account):
        companies = (self.company | self.other_company).ids
        self.env.flush_all()
        account.with_context(
            allowed_company_ids=companies, account_unmerge_confirm=True
        ).action_unmerge()
        self.env.invalidate_all()

    def assert_accounts_agreed(self, ids):
        for tribe_id in ids:
            link, move = self.link(tribe_id), self.booked_move(tribe_id)
            self.confirm_with(move, lambda move: None)
            self.run_nightly()
            self.assertEqual((link.state, link.difference), ("linked", False))
            # From now on it is this one.
            others = self.env["account.account"].search(
                [("company_ids", "in", move.company_id.ids), ("account_type", "=", "income")]
            )
            other = (others - move.invoice_line_ids.account_id)[0]
            with self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_nets")):
                self.confirm_with(
                    move,
                    lambda move, other=other: move.invoice_line_ids.write({"account_id": other.id}),
                )
        self.assertFalse(self.problems())

    def test_one_that_is_split_by_company(self):
        shared = self.shared()
        ids = self.booked_on(shared)
        self.split(shared)
        self.assertNotEqual(
            *[self.booked_move(each).invoice_line_ids.account_id & shared for each in ids]
        )
        self.look_at("invoice", *ids)
        self.assert_accounts_agreed(ids)

    def test_ones_that_are_merged(self):
        shared = self.shared()
        self.split(shared)
        both = self.env["account.account"].search([("name", "=", "Gedeeld")])
        self.assertEqual(len(both), 2)
        ids = []
        for account in both:
            entity = self.dutch if self.company in account.company_ids else self.generic
            entity.vat_group_ids.account_id = account
            ids.append(self.send_for(entity, self.line(100.0)))
        self.env.flush_all()
        self.env["account.merge.wizard"]._action_merge(both)
        self.env.invalidate_all()
        self.assertEqual(len(both.exists()), 1)
        self.assert_accounts_agreed(ids)

    def test_what_is_booked_elsewhere_meanwhile_is_none_of_it(self):
        shared = self.shared()
        ids = self.booked_on(shared)
        moves = [self.booked_move(each) for each in ids]
        self.split(shared)
        (moved,) = [move for move in moves if shared not in move.invoice_line_ids.account_id]
        line = moved.invoice_line_ids[0]
        with self.assert_refused("invoice_differs_from_tribe", what=sentence("fact_nets")):
            self.confirm_with(moved, lambda move: line.write({"price_unit": 20.0}))


class TestLockedSince(AgreeingCase):
    """A period is locked between the reset of an invoice and its confirmation."""

    def setUp(self):
        super().setUp()
        self.sandbox.switch(invoice_day_offset=-10)
        self.day = self.today - timedelta(days=10)
        self.tribe_id, self.move = self.booked()

    def booked(self):
        """An invoice in the period that is still open."""
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.assertEqual((move.invoice_date, move.date), (self.day, self.day))
        return tribe_id, move

    def lock(self):
        self.company.sale_lock_date = self.today - timedelta(days=5)

    def on(self, day):
        return lambda move: move.write({"date": day})

    def test_it_is_confirmed_on_any_later_date(self):
        for chosen in (None, self.today - timedelta(days=4), self.today):
            with self.subTest(chosen):
                tribe_id, move = self.booked()
                move.button_draft()
                self.lock()
                if chosen:
                    move.date = chosen
                move.action_post()
                self.assertEqual((move.invoice_date, move.date), (self.day, chosen or move.date))
                self.assertGreater(move.date, self.company.sale_lock_date)
                # It stays there when the period is opened again.
                self.company.sale_lock_date = False
                self.confirm_with(move, self.on(move.date))
                self.run_nightly()
                with self.assert_refused(
                    "invoice_differs_from_tribe", what=sentence("fact_accounting_date")
                ):
                    self.confirm_with(move, self.on(move.date - timedelta(days=1)))
                self.look_at("invoice", tribe_id)
                self.assert_well(tribe_id)

    def test_in_an_open_period_it_stays_on_its_date(self):
        with self.assert_refused(
            "invoice_differs_from_tribe", what=sentence("fact_accounting_date")
        ):
            self.confirm_with(self.move, self.on(self.today))

    def test_the_date_changes_in_tribe_and_in_odoo(self):
        name = self.connection._invoice_fields().date
        day = self.day - timedelta(days=3)
        self.change_shown(self.tribe_id, **{name: f"{day}T12:00:00Z"})
        self.assert_differs(self.tribe_id, "date")
        self.move.button_draft()
        due = self.move.invoice_date_due
        self.lock()
        self.move.invoice_date = day
        self.move.invoice_date_due = due
        self.move.action_post()
        self.run_lanes()
        self.assertGreater(self.move.date, self.company.sale_lock_date)
        self.assert_well(self.tribe_id)

    def test_the_date_moves_into_a_locked_period_and_somebody_follows(self):
        """On any day that is open, as for one that is booked there."""
        self.sandbox.switch(invoice_day_offset=-5)
        name = self.connection._invoice_fields().date
        ids = [self.send_new(self.line(100.0)) for _number in range(3)]
        self.company.sale_lock_date = self.today - timedelta(days=8)
        self.change_shown(ids[0], **{name: f"{self.day}T12:00:00Z"})
        self.look_at("invoice", *ids)
        first_open = self.today - timedelta(days=7)
        for tribe_id, chosen in zip(ids, (None, first_open, self.today), strict=True):
            with self.subTest(chosen):
                move = self.booked_move(tribe_id)
                self.assertEqual(self.link(tribe_id).state, "differs")
                due = move.invoice_date_due
                move.button_draft()
                move.invoice_date = self.day
                if chosen:
                    move.date = chosen
                move.invoice_date_due = due
                move.action_post()
                self.run_lanes()
                self.assertEqual(self.link(tribe_id).state, "linked")
                self.assertEqual((move.invoice_date, move.date), (self.day, chosen or move.date))
                with self.assert_refused(
                    "invoice_differs_from_tribe", what=sentence("fact_accounting_date")
                ):
                    self.confirm_with(move, self.on(move.date + timedelta(days=1)))


class TestCompanyAbove(AgreeingCase):
    def test_a_customer_who_got_a_company_above_it_is_the_same_one(self):
        """A posted invoice keeps the company that it had."""
        tribe_id = self.send_new(self.line(100.0))
        holding = self.env["res.partner"].create({"name": "Holding", "is_company": True})
        self.partner.parent_id = holding
        self.partner.is_company = False
        self.run_lanes()
        credit = self.credit_of(tribe_id)
        move, refund = self.booked_move(tribe_id), self.booked_move(credit)
        self.assertEqual(self.partner.commercial_partner_id, holding)
        self.assertEqual(
            (move.commercial_partner_id, refund.commercial_partner_id), (self.partner, holding)
        )
        self.assert_settled(tribe_id, credit)
