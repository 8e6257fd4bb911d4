"""How much VAT is on which account is a fact, also where a tax divides it between several."""

from told import says, sentences_of, with_inner

from odoo import Command

from odoo.addons.tribe_connector.sentence import sentence

from .test_both_agree import AgreeingCase

PLACES = sentence("fact_vat_places")


class DividedCase(AgreeingCase):
    """Of 21 % VAT 60 % comes on one account, and 40 % on another one."""

    def setUp(self):
        super().setUp()
        self.divided = self.tax("21% ST")
        self.first = self.repartition().account_id
        self.second = self.first.copy({"name": "Btw, tweede deel", "code": "159990"})
        self.divide((60, self.first), (40, self.second))

    def repartition(self, kind="invoice"):
        """Those of the tax for its VAT, on invoices or on credit notes."""
        return self.divided[f"{kind}_repartition_line_ids"].filtered(
            lambda line: line.repartition_type == "tax"
        )

    def divide(self, *shares):
        """Have the VAT of invoices and credit notes come on accounts: ``(percent, account)``."""
        commands = {}
        for kind in ("invoice", "refund"):
            lines = self.repartition(kind)
            grids = [Command.set(lines[0].tag_ids.ids)]
            commands[f"{kind}_repartition_line_ids"] = [
                Command.update(lines[number].id, values)
                if number < len(lines)
                else Command.create({"repartition_type": "tax", "tag_ids": grids, **values})
                for number, (percent, account) in enumerate(shares)
                for values in [{"factor_percent": percent, "account_id": account.id}]
            ]
        self.divided.write(commands)

    def vat_lines(self, move):
        return move.line_ids.filtered("tax_line_id").sorted(lambda line: line.account_id.code)

    def divided_in(self, move):
        return [abs(line.amount_currency) for line in self.vat_lines(move)]

    def move_amounts(self, *amounts):
        """Enter other amounts of VAT under Journal Items, in the order of their accounts."""

        def change(move):
            lines = self.vat_lines(move)
            sign = -1 if sum(lines.mapped("amount_currency")) < 0 else 1
            move.write(
                {
                    "line_ids": [
                        Command.update(line.id, {"amount_currency": sign * amount})
                        for line, amount in zip(lines, amounts, strict=True)
                    ]
                }
            )

        return change

    def recalculate(self, move):
        """Have Odoo calculate VAT anew."""
        for line in move.invoice_line_ids:
            taxes = line.tax_ids
            line.tax_ids = False
            line.tax_ids = taxes

    def assert_refused_to_move(self, move, *amounts):
        before = self.divided_in(move)
        self.assertAlmostEqual(sum(before), sum(amounts))
        with self.assert_refused("invoice_differs_from_tribe", what=PLACES):
            self.confirm_with(move, self.move_amounts(*amounts))
        move.invalidate_recordset()
        move.line_ids.invalidate_recordset()
        self.assertEqual(self.divided_in(move), before)

    def assert_alike(self, *ids):
        """Both sides agree, looked at in Odoo and in Tribe."""
        for look in (self.run_nightly, lambda: self.look_at("invoice", *ids)):
            look()
            for tribe_id in ids:
                link = self.link(tribe_id)
                self.assertEqual((link.state, link.difference_shown), ("linked", False))
        self.assertFalse(self.problems())


class TestDivided(DividedCase):
    def test_amounts_that_are_moved_between_its_accounts_are_refused(self):
        invoice = self.send_new(self.line(100.0))
        credit = self.send_new(self.line(-100.0))
        for tribe_id in (invoice, credit):
            move = self.booked_move(tribe_id)
            self.assertEqual(self.divided_in(move), [12.6, 8.4])
            # All of them, a cent, and each in the place of the other.
            for amounts in ((1.0, 20.0), (12.59, 8.41), (8.4, 12.6), (21.0, 0.0)):
                with self.subTest(amounts, kind=move.move_type):
                    self.assert_refused_to_move(move, *amounts)
            self.confirm_with(move, lambda move: None)
            self.confirm_with(move, self.recalculate)
            self.assertEqual(self.divided_in(move), [12.6, 8.4])
        self.assert_alike(invoice, credit)

    def test_they_are_found_at_night_and_before_tribe_is_told(self):
        self.run_nightly()
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        with self.unasserted():
            self.confirm_with(move, self.move_amounts(1.0, 20.0))
        self.pay(move)
        self.run_nightly()
        self.assert_differs(tribe_id, "vat_places")
        self.assertEqual(self.phase(tribe_id), "Sent")
        (told,) = [
            each
            for each in with_inner(sentences_of([self.link(tribe_id).difference]))
            if says(each, "difference_of_fact", {"what": sentence("compared_vat_places")})
        ]
        for amount in ("12.60", "8.40", "1.00", "20.00", self.first.name, self.second.name):
            self.assertIn(amount, str(told))

        self.confirm_with(move, self.move_amounts(12.6, 8.4))
        self.run_nightly()
        self.assert_alike(tribe_id)
        self.assertEqual(self.phase(tribe_id), "Paid")

    def test_cents_that_tribe_rounds_otherwise_are_on_any_of_them(self):
        for sign in (1, -1):
            lines = [self.line(sign * 0.07)] * 7 + [self.line(sign * 33.33)]
            tribe_id = self.send_new(*lines)
            move = self.assert_booked_to_the_cent_of(tribe_id, sign)
            booked = self.divided_in(move)
            for change in (lambda move: None, self.recalculate):
                self.confirm_with(move, change)
                self.assertAlmostEqual(sum(self.divided_in(move)), sum(booked))
            # A line without VAT has Odoo divide what is there, Tribe's cents included.
            self.confirm_with(
                move,
                lambda move: move.write(
                    {"invoice_line_ids": [Command.create({"name": "Nul", "tax_ids": False})]}
                ),
            )
            self.assert_alike(tribe_id)
            self.assert_refused_to_move(move, booked[0] - 1, booked[1] + 1)
            self.assert_alike(tribe_id)

    def assert_booked_to_the_cent_of(self, tribe_id, sign):
        row = self.tribe_row("Activity_Invoice", tribe_id)
        move = self.booked_move(tribe_id)
        calculated = round(abs(row["TotalExcludingVat"]) * 0.21, 2)
        self.assertNotEqual(sign * row["VatAmount"], calculated)
        self.assertAlmostEqual(sum(self.divided_in(move)), sign * row["VatAmount"])
        return move

    def test_in_another_currency(self):
        dollar = self.dollar()
        dollar.rate_ids.unlink()
        dollar.rate_ids.create({"currency_id": dollar.id, "name": "2020-01-01", "rate": 1.37})
        line = self.line(100.0, PriceInCurrency=137.0)
        tribe_id = self.send_new(line, Currency="USD")
        move = self.booked_move(tribe_id)
        self.assertEqual(self.divided_in(move), [17.26, 11.51])
        self.assert_refused_to_move(move, 17.25, 11.52)
        self.confirm_with(move, self.recalculate)
        self.assert_alike(tribe_id)

    def test_what_is_new_to_both_is_divided_by_the_tax(self):
        for change in ({"Price": 200.0}, {"VatGroup": {"ID": self.vat_group("NL21")}}):
            tribe_id = self.send_new(self.line(100.0, vat="NL21" if "Price" in change else "NL9"))
            move = self.booked_move(tribe_id)
            self.change_line(tribe_id, **change)
            total = 42.0 if "Price" in change else 21.0

            def follow(move, change=change):
                if "Price" in change:
                    move.invoice_line_ids.price_unit = 200.0
                else:
                    move.invoice_line_ids.tax_ids = self.divided

            def follow_and_move(move, follow=follow, total=total):
                follow(move)
                self.move_amounts(1.0, total - 1)(move)

            with self.subTest(change):
                with self.assert_refused("invoice_differs_from_tribe", what=PLACES):
                    self.confirm_with(move, follow_and_move)
                self.confirm_with(move, follow)
                self.run_lanes()
                self.assert_alike(tribe_id)
                self.assert_refused_to_move(move, 1.0, total - 1)

    def test_a_part_on_the_account_of_the_net_amount(self):
        self.divide((60, self.first), (40, self.env["account.account"]))
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        income = move.invoice_line_ids.account_id
        self.assertIn(income, self.vat_lines(move).account_id)
        (part,) = self.vat_lines(move).filtered(lambda line: line.account_id == income)
        with self.assert_refused("invoice_differs_from_tribe", what=PLACES):
            self.confirm_with(
                move, lambda move: part.write({"account_id": self.another_account().id})
            )
        self.assert_refused_to_move(move, *reversed(self.divided_in(move)))
        self.confirm_with(move, self.recalculate)
        self.assert_alike(tribe_id)

    def test_parts_in_other_grids_of_the_vat_return(self):
        grid = self.repartition()[0].tag_ids[:1].copy({"name": "ander vak"})
        for kind in ("invoice", "refund"):
            self.repartition(kind)[1].write(
                {"tag_ids": [Command.set(grid.ids)], "account_id": self.first.id}
            )
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.assertEqual(self.vat_lines(move).account_id, self.first)
        self.assert_refused_to_move(move, *reversed(self.divided_in(move)))
        self.confirm_with(move, self.recalculate)
        self.assert_alike(tribe_id)

    def test_vat_that_the_customer_owes_on_two_accounts(self):
        self.divide((100, self.first), (-100, self.second))
        self.connection.legal_entity_ids.vat_group_ids.filtered(
            lambda group: group.code == "NLVERLEGD"
        ).tax_id = self.divided
        tribe_id = self.send_new(self.line(100.0, vat="NLVERLEGD"))
        move = self.booked_move(tribe_id)
        self.assertEqual(self.vat_lines(move).mapped("amount_currency"), [-21.0, 21.0])
        first, second = self.vat_lines(move)
        with self.assert_refused("invoice_differs_from_tribe", what=PLACES):
            self.confirm_with(
                move,
                lambda move: move.write(
                    {
                        "line_ids": [
                            Command.update(first.id, {"amount_currency": -1.0}),
                            Command.update(second.id, {"amount_currency": 1.0}),
                        ]
                    }
                ),
            )
        self.confirm_with(move, self.recalculate)
        self.assert_alike(tribe_id)


class TestChangedSince(DividedCase):
    def test_a_tax_that_divides_otherwise_since_may_be_followed_or_not(self):
        ids = [self.send_new(self.line(100.0)) for _number in range(2)]
        stays, follows = [self.booked_move(each) for each in ids]
        self.divide((50, self.first), (50, self.second))
        # Odoo calculates VAT anew when it is reset.
        self.confirm_with(follows, lambda move: None)
        self.assertEqual(
            [self.divided_in(each) for each in (stays, follows)], [[12.6, 8.4], [10.5] * 2]
        )
        self.assert_alike(*ids)
        self.divide((70, self.first), (30, self.second))
        self.assert_alike(*ids)
        for move in (stays, follows):
            self.assert_refused_to_move(move, 1.0, 20.0)
            self.confirm_with(move, lambda move: None)
            self.assertEqual(self.divided_in(move), [14.7, 6.3])
        self.assert_alike(*ids)

    def test_a_tax_of_another_percentage_since_gives_no_room_to_move(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.divided.amount = 25
        self.assert_refused_to_move(move, 12.0, 9.0)
        # Odoo calculates VAT anew when it is reset.
        self.confirm_with(move, self.move_amounts(12.6, 8.4))
        self.assert_alike(tribe_id)

    def test_a_third_part_since(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        third = self.first.copy({"name": "Btw, derde deel", "code": "159991"})
        self.divide((60, self.first), (20, self.second), (20, third))
        self.assert_alike(tribe_id)
        self.assertEqual(self.divided_in(move), [12.6, 8.4])
        self.confirm_with(move, lambda move: None)
        self.assertEqual(self.divided_in(move), [12.6, 4.2, 4.2])
        self.assert_alike(tribe_id)
        self.assert_refused_to_move(move, 12.6, 4.0, 4.4)

    def test_its_accounts_are_merged(self):
        ids = [self.send_new(self.line(100.0)) for _number in range(2)]
        # One is as its tax has it no more.
        self.repartition()[1].account_id = self.first.copy({"code": "159992"})
        self.env.flush_all()
        self.env["account.merge.wizard"]._action_merge(self.first | self.second)
        self.env.invalidate_all()
        for tribe_id in ids:
            move = self.booked_move(tribe_id)
            self.assertEqual(len(self.vat_lines(move).account_id), 1)
            self.confirm_with(move, lambda move: None)
        self.assert_alike(*ids)

    def test_one_of_its_accounts_is_merged_with_another(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        kept = self.first.copy({"code": "159992"})
        self.repartition()[1].account_id = self.first.copy({"code": "159993"})
        self.env.flush_all()
        self.env["account.merge.wizard"]._action_merge(kept | self.second)
        self.env.invalidate_all()
        self.assertIn(kept, self.vat_lines(move).account_id)
        self.confirm_with(move, lambda move: None)
        self.assert_alike(tribe_id)
        self.assert_refused_to_move(move, 1.0, 20.0)


class TestOfOlderVersions(DividedCase):
    def forget_amounts(self, tribe_id):
        """What was agreed by a version that kept places alone."""
        link = self.link(tribe_id)
        places = {what: sorted(each) for what, each in link.agreed["vat_places"].items()}
        link.agreed = {**link.agreed, "vat_places": places}

    def test_how_much_is_where_is_as_in_the_books(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        with self.unasserted():
            self.confirm_with(move, self.move_amounts(1.0, 20.0))
        self.forget_amounts(tribe_id)
        self.assert_alike(tribe_id)
        # From the next look on it is agreed.
        self.assert_refused_to_move(move, 2.0, 19.0)

    def test_another_place_differs_as_before(self):
        tribe_id = self.send_new(self.line(100.0))
        move = self.booked_move(tribe_id)
        self.forget_amounts(tribe_id)
        other = self.first.copy({"code": "159994"})
        with self.assert_refused("invoice_differs_from_tribe", what=PLACES):
            self.confirm_with(
                move, lambda move: self.vat_lines(move)[0].write({"account_id": other.id})
            )
        with self.unasserted():
            self.confirm_with(
                move, lambda move: self.vat_lines(move)[0].write({"account_id": other.id})
            )
        for _time in range(2):
            self.look_at("invoice", tribe_id)
            self.assert_differs(tribe_id, "vat_places")


class TestAdopted(DividedCase):
    def typed(self, change=None):
        number = str(int(self.booked_move(self.send_new(self.line(10.0))).name) + 1)
        by_hand = self.typed_by_hand(100.0, ref=number, invoice_date=self.today)
        by_hand.invoice_line_ids.account_id = self.account("income")
        if change:
            change(by_hand)
        by_hand.action_post()
        tribe_id = self.send_new(self.line(100.0))
        self.work(tribe_id).action_adopt()
        self.run_lanes()
        return tribe_id, by_hand

    def test_one_whose_vat_is_divided_as_its_tax_says(self):
        tribe_id, by_hand = self.typed()
        self.assertEqual(self.booked_move(tribe_id), by_hand)
        self.assert_alike(tribe_id)
        self.assert_refused_to_move(by_hand, 1.0, 20.0)

    def test_one_whose_vat_is_divided_otherwise(self):
        tribe_id, _by_hand = self.typed(self.move_amounts(1.0, 20.0))
        self.assert_differs(tribe_id, "vat_places")
