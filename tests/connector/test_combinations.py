"""The main job, with tenants that work in any way at once: combinations of the stand-in's switches.

They are drawn from a seed of chance, which is printed and can be given as TRIBE_COMBINATION_SEED;
TRIBE_COMBINATIONS says how many. Each has a seed of its own, the next number; a failure names it.
Of two things one is true of each: all that `./dev demo --check` verifies holds; or the connector
does not claim it, *Activate* is refused with a sentence, and nothing was written on either side.
"""

import os
import random
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from choices import IS_FULL
from tribe_sandbox.combinations import HIGHEST_SEED, drawn
from tribe_sandbox.switches import SWITCHES

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.tribe_connector.sentence import codes_of

from .common import TAXES, ConnectorCase

COMBINATIONS = int(os.environ.get("TRIBE_COMBINATIONS") or (200 if IS_FULL else 10))
# Switches that say nothing of a tenant in the test's own process: of the limit, which only slows
# everything down, of webhooks, which do not arrive here, and of who signs in as a person.
LEFT_ALONE = {
    *("rate_limit", "rate_window", "rate_counts_refused", "retry_after"),
    *("redirect_uris", "code_lifetime", "pkce", "allowed_scopes", "invoice_day"),
    *("webhook_timeout", "webhook_retry_delays", "webhook_duplicate_rate", "webhook_drop_rate"),
    *("webhook_delay", "webhook_paused", "webhook_reorder"),
    # The main job has invoices of two.
    *("billing_module", "legal_entities"),
}
TOTALS = ("total_excluding_vat_name", "total_including_vat_name", "vat_amount_name")
NUMBERS = ("DebtorNumber", "CreditorNumber")
# Under these names the stand-in shows an invoice whatever this tenant calls them.
PLAIN_NAMES = {
    name: SWITCHES[name].default
    for name in (
        *("invoice_date_name", "due_date_name", "legal_entity_name", "legal_entity_means"),
        *("total_excluding_vat_name", "total_including_vat_name", "vat_amount_name"),
        *("final_flag_name", "credit_link_name", "line_invoice_name", "absent_fields"),
    )
}
# What journal items are of, by their kind.
WHAT = {"product": "untaxed", "tax": "vat", "payment_term": "total"}
CENT = Decimal("0.01")
CUSTOMER = {"is_company": True, "customer_rank": 1}


class Refused(Exception):
    """The connector does not claim this tenant."""


class TestCombinations(ConnectorCase):
    looks_how_tribe_works = True
    sandbox_options = {"relations": 12, "invoices": 12}

    @pytest.fixture(autouse=True)
    def _terminal(self, capsys):
        self.terminal = capsys

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["res.company"].create(
            {
                "name": "Voorbeeld Diensten B.V.",
                "country_id": cls.env.ref("base.nl").id,
                "currency_id": cls.env.ref("base.EUR").id,
            }
        )
        cls.env["account.chart.template"].try_loading("nl", cls.second, install_demo=False)
        cls.env.user.company_ids += cls.second
        currencies = cls.env["res.currency"].with_context(active_test=False)
        foreign = currencies.search([("name", "in", ("USD", "DKK", "SEK"))])
        foreign.active = True
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": each.id, "company_id": company.id, "name": "2020-01-01", "rate": 2}
                for each in foreign
                for company in (cls.company, cls.second)
            ]
        )

    def test_combinations(self):
        seed = os.environ.get("TRIBE_COMBINATION_SEED")
        first = int(seed) if seed else random.randrange(HIGHEST_SEED)
        self.tell(f"\nTRIBE_COMBINATION_SEED={first} TRIBE_COMBINATIONS={COMBINATIONS}")
        outcomes = Counter()
        for each in range(first, first + COMBINATIONS):
            switches = drawn(each, LEFT_ALONE)
            with self.subTest(TRIBE_COMBINATION_SEED=each, switches=switches):
                outcomes[self.outcome(switches)] += 1
        self.tell(f"{dict(outcomes)}")

    def tell(self, text):
        with self.terminal.disabled():
            print(text)

    def outcome(self, switches):
        """Do the main job once, and take it back. Returns what came of it, as a word."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint()
        try:
            self.seed_tribe(**switches)
            self.switches = switches
            self.fill_odoo()
            try:
                self.start()
            except Refused as refused:
                self.check_nothing_was_written()
                return f"refused: {refused}"
            self.do_the_main_job()
            return "all facts hold"
        finally:
            self.env.invalidate_all(flush=False)
            self.env.transaction.clear()
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    # What there is before

    def fill_odoo(self):
        """Customers and suppliers, five of whom Tribe has too."""
        known = [row for row in self.sandbox.rows("Relation_Organization") if row["DebtorNumber"]]
        both = [
            {**CUSTOMER, "name": row["Name"].strip(), "debtor_number": row["DebtorNumber"]}
            for row in known[:5]
        ]
        street = {"street": "Kerkstraat 12 bis", "zip": "3512 LR", "city": "Utrecht"}
        new = [
            {
                **CUSTOMER,
                **street,
                "name": "Bouwbedrijf Een B.V.",
                "website": "https://een.example",
            },
            {**CUSTOMER, **street, "name": "Bouwbedrijf Twee B.V.", "debtor_number": "20001"},
            {"is_company": True, "supplier_rank": 1, "name": "Bouwbedrijf Drie B.V.", **street},
            {**CUSTOMER, "supplier_rank": 1, "name": "Bouwbedrijf Vier B.V.", "phone": "030 1"},
            {"customer_rank": 1, "name": "Femke de Vries", "email": "f@vries.example", **street},
            {"customer_rank": 1, "name": "Maria O'Brien"},
        ]
        nl = self.env.ref("base.nl").id
        partners = self.env["res.partner"].create(
            [{"country_id": nl, **values} for values in (*both, *new)]
        )
        self.partners, self.new = partners, partners[len(both) :]
        self.env["res.partner"].create({"name": "Alleen een contact", "is_company": True})
        self.relations_before = self.relations()
        self.sandbox.reset_calls()

    def start(self):
        """Connect, map, activate.

        :raises Refused: where this is refused with a sentence
        """
        try:
            self.connect()
            if self.connection.state == "connected":
                self.map()
            self.press_activate()
        except UserError as refusal:
            code = getattr(refusal.args[0], "code", None)
            self.assertTrue(code, refusal)
            raise Refused(self.why(code)) from None
        self.run_lanes()
        self.catch_up()

    def why(self, code):
        """The code of the refusal, and what is to be mended."""
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        codes = {getattr(check.name, "code", "?") for check in blocking}
        readings = self.connection._blocking_readings().mapped("code")
        return " ".join([code, *sorted(codes), *readings])

    def map(self):
        """Give each legal entity a company of its own, its journal, and the taxes of the chart."""
        companies = [self.company, self.second]
        for entity, company in zip(self.connection.legal_entity_ids, companies, strict=True):
            entity.company_id = company
            entity.action_create_journal()
            account = self.account("income", company)
            for group in entity.vat_group_ids:
                tax = self.env["account.tax"].search(
                    [
                        ("company_id", "=", company.id),
                        ("name", "=", TAXES[group.code]),
                        ("type_tax_use", "=", "sale"),
                    ]
                )
                group.write({"tax_id": tax.id, "account_id": account.id})

    def catch_up(self):
        """From now on queries show all that was written; what waited for that is done.

        So is what was made by an answer that tells nothing: it is looked for.
        """
        if "query_lag" in self.switches:
            self.sandbox.switch(query_lag=0.0)
        for _time in range(3):
            for work in self.env["tribe.work"].search([("due", ">", fields.Datetime.now())]):
                work.due = fields.Datetime.now()
            self.run_lanes()

    def check_nothing_was_written(self):
        self.assertEqual(self.sandbox.calls()["writes"], 0)
        self.assertFalse(
            self.env["tribe.link"].search([("connection_id", "=", self.connection.id)])
        )
        self.assertEqual(self.relations(), self.relations_before)

    # The facts of ./dev demo --check

    def do_the_main_job(self):
        self.assertEqual(self.connection.state, "active", self.problems())
        self.check_relations()
        self.check_invoices()
        self.change_in_tribe()
        self.change_in_odoo()
        self.send_an_invoice()
        self.pay()
        self.run_again()
        if not self.shows_too_few_totals():
            self.check_trial_balance()
        self.assertEqual(self.problems(), [])

    def check_relations(self):
        """Linked once; created once; with numbers, none of which is there twice."""
        tribe_ids = [(tribe_id or "").lower() for tribe_id in self.partners.mapped("tribe_id")]
        self.assertNotIn("", tribe_ids)
        self.assertEqual(len(set(tribe_ids)), len(self.partners))
        relations = self.relations()
        self.assertLessEqual(set(tribe_ids), relations)
        self.assertEqual(relations - self.relations_before, set(tribe_ids[-len(self.new) :]))
        for name in NUMBERS:
            numbers = [
                row[name]
                for kind in ("Relation_Organization", "Relation_Person")
                for row in self.sandbox.rows(kind)
                if row[name]
            ]
            self.assertEqual(len(numbers), len(set(numbers)), name)
        for partner in self.partners:
            self.assertTrue(partner.debtor_number or partner.creditor_number, partner.name)

    def check_invoices(self):
        """Sent and paid ones are posted once, to the cent; drafts are not."""
        booked = self.booked_in_tribe()
        moves = self.moves()
        self.assertEqual(set(moves), {row["ID"] for row in booked}, self.problems())
        for row in booked:
            self.assertBooked(row, moves[row["ID"]])

    def assertBooked(self, row, move):
        """To the cent; *Check* says where nothing tells how Tribe rounded the VAT."""
        tribe, odoo = self.of_tribe(row), self.of_odoo(move)
        if self.shows_too_few_totals():
            spare = len(self.lines_of(row["ID"])) * CENT
            for what in WHAT.values():
                self.assertLessEqual(abs(tribe.pop(what) - odoo.pop(what)), spare, row["Number"])
        self.assertEqual(tribe, odoo, row["Number"])

    def shows_too_few_totals(self):
        codes = {code for check in self.connection.check_ids for code in codes_of(check.name)}
        is_said = "invoices_with_too_few_totals" in codes
        self.assertEqual(is_said, [self.switches.get(name) for name in TOTALS].count("") > 1)
        return is_said

    def change_in_tribe(self):
        partner = self.partners[0]
        phone = "+31 30 765 43 21"
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": phone})
        self.poll("organization")
        self.assertEqual(partner.phone, phone)

    def change_in_odoo(self):
        partner = self.partners[1]
        email = "nieuw@klant.example"
        partner.write({"email": email, "street": "Nieuweweg 7 hs"})
        self.run_nightly()
        row = self.tribe_row("Relation_Organization", partner.tribe_id)
        self.assertEqual(row["EmailAddress"], email)
        address = self.tribe_row("Address", row["InvoiceAddress"])
        self.assertEqual(address["Street"], "Nieuweweg")

    def send_an_invoice(self):
        sent = {row["ID"] for row in self.booked_in_tribe()}
        draft = next(
            row
            for row in self.sandbox.rows("Activity_Invoice")
            if row["ID"] not in sent and self.lines_of(row["ID"])
        )
        self.sandbox.set_phase(draft["ID"], "Sent")
        self.poll("invoice")
        self.check_invoices()
        self.assertIn(draft["ID"], self.moves())

    def pay(self):
        phases = self.codes_of_phases()
        open_ids = {row["ID"] for row in self.booked_in_tribe() if phases[row["Phase"]] == "Sent"}
        move = next(
            move
            for tribe_id, move in self.moves().items()
            if tribe_id in open_ids and move.amount_total > 0 and move.payment_state == "not_paid"
        )
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move",
            active_ids=move.ids,
            allowed_company_ids=move.company_id.ids,
        )
        wizard.create({})._create_payments()
        self.run_nightly()
        row = self.tribe_row("Activity_Invoice", move.tribe_id)
        self.assertEqual(phases[row["Phase"]], "Paid")

    def run_again(self):
        """A second run of everything writes nothing."""
        self.run_nightly()
        before = self.fingerprint()
        self.sandbox.reset_calls()
        self.env["tribe.link"].search([]).partner_id.action_synchronize_with_tribe()
        self.run_lanes()
        self.run_nightly()
        self.assertEqual(self.sandbox.calls()["writes"], 0)
        self.assertEqual(self.fingerprint(), before)

    def check_trial_balance(self):
        """What customers owe, and income and VAT per company and currency."""
        tribe, odoo = defaultdict(Decimal), defaultdict(Decimal)
        companies = {
            entity.tribe_id.lower(): entity.company_id
            for entity in self.connection.legal_entity_ids
        }
        for row in self.booked_in_tribe():
            company = companies[row["Identity"]]
            for what, amount in self.amounts_of(row).items():
                tribe[company, row["Currency"], what] += amount
        for move in self.moves().values():
            for line in move.line_ids:
                what = WHAT.get(line.display_type)
                sign = 1 if what == "total" else -1
                key = (move.company_id, move.currency_id.name, what)
                odoo[key] += sign * cents(line.amount_currency)
        self.assertEqual(without_zeros(tribe), without_zeros(odoo))

    # Looking

    def relations(self):
        return {row["ID"] for row in self.sandbox.rows("Relation")}

    def codes_of_phases(self):
        rows = self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        return {row["ID"]: row["Code"] for row in rows}

    def plain_rows(self, entity_set):
        """Rows by the names of public documentation, whatever this tenant calls them."""
        others = {name: self.switches[name] for name in PLAIN_NAMES if name in self.switches}
        if not others:
            return self.sandbox.rows(entity_set)
        self.sandbox.switch(**{name: PLAIN_NAMES[name] for name in others})
        try:
            return self.sandbox.rows(entity_set)
        finally:
            self.sandbox.switch(**others)

    def booked_in_tribe(self):
        """The invoices that are sent, or further."""
        sent = {key for key, code in self.codes_of_phases().items() if code in ("Sent", "Paid")}
        return [row for row in self.plain_rows("Activity_Invoice") if row["Phase"] in sent]

    def lines_of(self, invoice_id):
        return [row for row in self.plain_rows("ProductLine") if row["Activity"] == invoice_id]

    def moves(self):
        links = self.env["tribe.link"].search([("move_id", "!=", False)])
        return {link.tribe_id.lower(): link.move_id for link in links}

    def tribe_row(self, entity_set, tribe_id):
        """One row: the stand-in itself has small letters, whatever this tenant shows."""
        return super().tribe_row(entity_set, tribe_id.lower())

    @staticmethod
    def amounts_of(row):
        return {
            "untaxed": cents(row["TotalExcludingVatInCurrency"]),
            "vat": cents(row["VatAmountInCurrency"]),
            "total": cents(row["TotalIncludingVatInCurrency"]),
        }

    def of_tribe(self, row):
        sign = -1 if row["TotalIncludingVatInCurrency"] < 0 else 1
        amounts = {what: sign * amount for what, amount in self.amounts_of(row).items()}
        return {"state": "posted", "number": row["Number"], **amounts}

    @staticmethod
    def of_odoo(move):
        return {
            "state": move.state,
            "number": move.name,
            "untaxed": cents(move.amount_untaxed),
            "vat": cents(move.amount_tax),
            "total": cents(move.amount_total),
        }

    def fingerprint(self):
        self.env.flush_all()
        found = []
        for table in ("res_partner", "account_move", "account_move_line"):
            self.env.cr.execute(f"SELECT to_jsonb(t) - 'write_date' FROM {table} t ORDER BY id")
            found.append([row for (row,) in self.env.cr.fetchall()])
        return found


def cents(amount):
    return Decimal(str(amount or 0)).quantize(Decimal("0.01"))


def without_zeros(balances):
    return {key: balance for key, balance in balances.items() if balance}
