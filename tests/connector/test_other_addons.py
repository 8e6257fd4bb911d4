"""Contacts in an Odoo with other addons: their automations, constraints, fields and look-ups."""

import contextlib
from unittest.mock import patch

from choices import each_choice

from odoo import fields, models
from odoo.exceptions import RedirectWarning, ValidationError
from odoo.tools import mute_logger

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER
from .other_addons import have_fields, overriding
from .test_relation_fields import FieldCase

POLICIES = ("odoo", "tribe", "ask")
VIES = "odoo.addons.base_vat.models.res_partner.check_vies"
FRENCH = "FR23334175221"
BELGIAN = "BE0477472701"


class OutsideCase(FieldCase):
    """Notes who outside is asked about a contact."""

    def setUp(self):
        super().setUp()
        self.company.vat_check_vies = True

    @contextlib.contextmanager
    def noting_who_is_asked(self):
        asked = []

        def ask(partner, company=None):
            asked.append(f"Peppol: {partner.peppol_endpoint}")

        with contextlib.ExitStack() as stack:
            stack.enter_context(
                patch(
                    VIES, side_effect=lambda vat, **_options: asked.append(vat) or {"valid": True}
                )
            )
            if "peppol_verification_state" in self.env["res.partner"]._fields:
                stack.enter_context(
                    patch.object(
                        self.registry["res.partner"],
                        "button_account_peppol_check_partner_endpoint",
                        ask,
                    )
                )
            yield asked

    @contextlib.contextmanager
    def asking_nobody(self):
        with self.noting_who_is_asked() as asked:
            yield
            self.env.flush_all()
        self.assertFalse(asked)

    def country(self, code):
        return self.connection.country_ids[code]


class TestNobodyOutsideIsAsked(OutsideCase):
    """By Odoo's own addons, about a contact that we write: neither in a lane nor at a save."""

    def test_a_new_relation(self):
        row = self.organization(
            VATNumber=FRENCH,
            InvoiceAddress={"City": "Paris", "Country": {"ID": self.country("FR")}},
        )
        person = self.person(FirstName="Jan", LastName="Smit")

        with self.asking_nobody():
            self.look_at("organization", row["ID"])
            self.look_at("person", person["ID"])

        partner = self.link(row["ID"]).partner_id
        self.assertEqual((partner.vat, partner.vies_valid), (FRENCH, False))
        self.assertFalse(self.problems())

    def test_a_changed_number_and_one_that_is_emptied(self):
        with self.noting_who_is_asked() as asked:
            partner = self.linked(vat=BELGIAN)
            child = self.env["res.partner"].create({"name": "Kind", "parent_id": partner.id})
            self.assertTrue(asked)
            self.assertTrue(partner.vies_valid)

        for vat in (FRENCH, None, BELGIAN):
            with self.subTest(vat=vat), self.asking_nobody():
                self.change_relation(partner, VATNumber=vat)

                self.assertEqual(partner.vat or None, vat)
                self.assertEqual((child.vat or None, child.vies_valid), (vat, False))
                self.assertFalse(partner.vies_valid)
        self.assertSettled(partner)

    def test_what_vies_said_stays_while_the_number_does(self):
        with self.noting_who_is_asked():
            partner = self.linked(
                vat=BELGIAN, city="Gent", street="Weg 1", country_id=self.env.ref("base.be").id
            )
            self.assertTrue(partner.vies_valid)

        with self.asking_nobody():
            self.change_address(partner, City="Brugge", Country={"ID": self.country("FR")})
            self.change_relation(partner, PhoneNumber="030 1", VATNumber="BE 0477.472.701")

        self.assertEqual(partner.country_id.code, "FR")
        self.assertEqual((partner.vat, partner.vies_valid), (BELGIAN, True))

    def test_a_contact_that_is_found_by_its_number(self):
        partner = self.customer("Klant B.V.", debtor_number="1001")
        row = self.organization(Name="Klant B.V.", DebtorNumber="1001", VATNumber=FRENCH)

        with self.asking_nobody():
            self.look_at("organization", row["ID"])

        self.assertEqual((partner.tribe_id, partner.vat), (row["ID"], FRENCH))

    def test_what_is_sent(self):
        with self.noting_who_is_asked():
            partner = self.customer("Klant B.V.", vat=FRENCH)

        with self.asking_nobody():
            self.synchronize(partner)
            partner.write({"ref": "K-1", "phone": "030 2"})
            self.run_nightly()

        self.assertEqual(self.tribe_of(partner)["VATNumber"], FRENCH)

    def test_whether_an_address_can_be_delivered_to(self):
        """As partner_email_check asks, for each e-mail address that is written."""
        asked = []

        def check(original, records, values):
            for vals in values if isinstance(values, list) else [values]:
                if vals.get("email") and records._should_check_deliverability():
                    asked.append(vals["email"])
            return original(records, values)

        with (
            patch.object(
                models.BaseModel, "_should_check_deliverability", lambda _self: True, create=True
            ),
            overriding(self.registry, "res.partner", create=check, write=check),
        ):
            row = self.organization(EmailAddress="een@klant.example")
            self.look_at("organization", row["ID"])
            partner = self.link(row["ID"]).partner_id
            self.change_relation(partner, EmailAddress="twee@klant.example")
            self.assertEqual(partner.email, "twee@klant.example")
            self.assertFalse(asked)

            partner.email = "drie@klant.example"
            self.assertEqual(asked, ["drie@klant.example"])


class TestAutomations(FieldCase):
    """Something in Odoo makes another value of what Tribe has."""

    def normalized(self, vals):
        changes = {"city": str.upper, "phone": lambda text: f"tel. {text.removeprefix('tel. ')}"}
        return {
            name: changes[name](value) if name in changes and value else value
            for name, value in vals.items()
        }

    def by_override(self):
        """It changes what is written."""

        def change(original, records, values):
            if isinstance(values, list):
                return original(records, [self.normalized(vals) for vals in values])
            return original(records, self.normalized(values))

        return overriding(self.registry, "res.partner", create=change, write=change)

    def by_another_write(self):
        """It writes once more, as an automated action does."""

        def change(original, records, values):
            result = original(records, values)
            for partner in records or result:
                vals = {name: partner[name] for name in ("city", "phone")}
                if self.normalized(vals) != vals:
                    partner.write(self.normalized(vals))
            return result

        return overriding(self.registry, "res.partner", create=change, write=change)

    def in_each_way(self, test):
        """Call a test with the policy, while an automation is at work."""
        for policy, way in each_choice(POLICIES, (self.by_override, self.by_another_write)):
            with self.subTest(policy=policy, way=way.__name__), way():
                self.connection.conflict_policy = policy
                test(policy)

    def in_tribe(self, partner):
        return self.tribe_of(partner)["PhoneNumber"], self.address_of(partner)["City"]

    def assertMadeOfIt(self, partner, policy, phone, city):
        """Odoo has its own; Tribe has Odoo's as well, or its own, by policy. Then all is still."""
        self.run_nightly()
        odoos = (f"tel. {phone}", city.upper())
        self.assertEqual((partner.phone, partner.city), odoos)
        self.assertEqual(self.in_tribe(partner), odoos if policy == "odoo" else (phone, city))
        self.assertSettled(partner)

    def test_a_new_relation(self):
        def new(policy):
            row = self.organization(PhoneNumber="030 1", InvoiceAddress={"City": "Utrecht"})
            self.look_at("organization", row["ID"])
            self.assertMadeOfIt(self.link(row["ID"]).partner_id, policy, "030 1", "Utrecht")

        self.in_each_way(new)

    def test_a_changed_relation(self):
        def change(policy):
            partner = self.linked(phone="030 1", city="Utrecht")
            self.change_relation(partner, PhoneNumber="030 2")
            self.change_address(partner, City="Zeist")
            self.assertMadeOfIt(partner, policy, "030 2", "Zeist")
            # An edit on either side is one all the same, and no conflict.
            self.change_address(partner, City="Doorn")
            self.run_nightly()
            self.assertEqual(partner.city, "DOORN")
            self.assertSettled(partner)
            partner.write({"phone": "030 3", "city": "Ede"})
            self.run_nightly()
            self.assertEqual(self.in_tribe(partner), ("tel. 030 3", "EDE"))
            self.assertSettled(partner)

        self.in_each_way(change)

    def test_a_contact_that_is_found_by_its_number(self):
        numbers = iter(range(10))

        def find(policy):
            name = f"Klant {next(numbers)}"
            partner = self.customer(name, debtor_number=name)
            row = self.organization(
                Name=name,
                DebtorNumber=name,
                PhoneNumber="030 1",
                InvoiceAddress={"City": "Utrecht"},
            )
            self.look_at("organization", row["ID"])
            self.assertEqual(partner.tribe_id, row["ID"])
            self.assertMadeOfIt(partner, policy, "030 1", "Utrecht")

        self.in_each_way(find)

    def tribe_normalizes(self, partner):
        """Tribe has an automation of its own, and sends webhooks of what that changed."""
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"PhoneNumber": "030 1"})
        self.change_address(partner, City="Utrecht")
        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

    def test_both_sides_normalize_differently(self):
        def normalize(_policy):
            partner = self.linked(phone="030 1", city="utrecht")
            writes = [self.written(lambda: self.tribe_normalizes(partner)) for _ in range(4)]
            self.assertEqual(writes[1:], [0, 0, 0])
            self.assertEqual((partner.phone, partner.city), ("tel. 030 1", "UTRECHT"))
            self.assertFalse(self.problems())

        self.in_each_way(normalize)

    def test_an_automation_that_comes_later(self):
        """After the commit, on a schedule; and Tribe writes it its own way as well."""
        for policy in POLICIES:
            with self.subTest(policy=policy):
                self.connection.conflict_policy = policy
                partner = self.linked(phone="030 1", city="Utrecht")

                def later(partner=partner):
                    self.tribe_normalizes(partner)
                    partner.city = partner.city.upper()
                    self.run_nightly()

                writes = [self.written(later) for _ in range(5)]
                self.assertEqual(writes[2:], [0, 0, 0])
                self.assertEqual(partner.city, "UTRECHT")
                self.assertFalse(self.problems())

    def test_an_automation_that_unarchives(self):
        def keep_active(original, records, vals):
            return original(records, {**vals, "active": True} if "active" in vals else vals)

        partner = self.linked()
        for row in self.relationships(partner).values():
            self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        with overriding(self.registry, "res.partner", write=keep_active):
            self.look_at("organization", partner.tribe_id)
            self.assertTrue(partner.active)
            self.assertSettled(partner)

    def test_numbers_with_zeros(self):
        def fill(original, records, values):
            lists = values if isinstance(values, list) else [values]
            for vals in lists:
                if vals.get("debtor_number"):
                    vals["debtor_number"] = vals["debtor_number"].zfill(6)
            return original(records, values)

        with overriding(self.registry, "res.partner", create=fill, write=fill):
            row = self.organization(DebtorNumber="1234")
            self.look_at("organization", row["ID"])
            partner = self.link(row["ID"]).partner_id
            self.run_nightly()
            self.assertEqual(self.tribe_of(partner)["DebtorNumber"], "001234")
            self.assertSettled(partner)


class TestResetWhenMade(FieldCase):
    """partner_manual_rank writes the ranks anew when a contact is made."""

    def test_who_was_imported_is_a_customer_with_a_number(self):
        def reset(original, records, vals_list):
            partners = original(records, vals_list)
            partners.write({"customer_rank": 0, "supplier_rank": 0})
            return partners

        row = self.organization(Name="Zonder nummer B.V.")
        with overriding(self.registry, "res.partner", create=reset):
            self.look_at("organization", row["ID"])

        partner = self.link(row["ID"]).partner_id
        self.assertEqual((partner.customer_rank, partner.supplier_rank), (1, 0))
        self.run_nightly()
        self.assertTrue(partner.debtor_number)
        self.assertEqual(self.tribe_of(partner)["DebtorNumber"], partner.debtor_number)
        self.assertSettled(partner)


class TestRefusals(FieldCase):
    """What Odoo or an addon refuses is told of the relation, its number and both systems."""

    def required(self, ttype="char", **values):
        field = self.env["ir.model.fields"].create(
            {
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "name": "x_soort",
                "field_description": "Soort",
                "ttype": ttype,
                **values,
            }
        )
        self.env.cr.execute("UPDATE res_partner SET x_soort = 'x'")
        field.required = True
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE res_partner ALTER x_soort SET NOT NULL")
        return field

    def test_a_required_field(self):
        self.required()
        row = self.organization(Name="Klant B.V.", DebtorNumber="1001")

        with mute_logger("odoo.sql_db"):
            self.look_at("organization", row["ID"])

        self.assertAsked("required_in_odoo", model="Contact")
        self.assertAsked("odoo_refuses_relation")
        self.assertAsked("relation_with_numbers", relation="Klant B.V.")
        self.assertAsked("number_of_relation", number="1001")
        self.assertIn("Soort", self.problems()[0])
        self.assertEqual(self.problematic().cause, "odoo")
        self.env["ir.default"].set("res.partner", "x_soort", "klant")
        self.run_nightly()
        self.assertEqual(self.link(row["ID"]).partner_id.x_soort, "klant")
        self.assertFalse(self.problems())

    def test_what_the_database_refuses(self):
        self.env.cr.execute(
            "ALTER TABLE res_partner ADD CONSTRAINT x_no_b CHECK (name NOT LIKE 'B%%')"
        )
        rows = [self.organization(Name=name, DebtorNumber=f"D-{name}") for name in "ABC"]

        with mute_logger("odoo.sql_db"):
            self.look_at("organization", *(row["ID"] for row in rows))

        self.assertEqual([bool(self.link(row["ID"])) for row in rows], [True, False, True])
        self.assertAsked("odoo_refuses_relation")

    def test_a_number_that_the_database_has_already(self):
        """A unique index of another addon is no other worker that was faster."""
        self.env.cr.execute("CREATE UNIQUE INDEX x_one_phone ON res_partner (phone)")
        self.customer("Een ander", customer_rank=0, phone="030 1")
        row = self.organization(Name="Klant B.V.", PhoneNumber="030 1")

        with mute_logger("odoo.sql_db"):
            self.look_at("organization", row["ID"])

        self.assertAsked("odoo_refuses_relation", relation="Klant B.V.")

    def refusals(self):
        return {
            "with a full stop": ValidationError("De provincie ontbreekt."),
            "bare": ValidationError("Cannot deliver to email address x"),
            "on two lines": ValidationError("Dit btw-nummer\nbestaat al"),
            "with a button": RedirectWarning("Ga naar de instellingen", 1, "Openen"),
        }

    def refusing(self, error):
        def refuse(original, records, values):
            lists = values if isinstance(values, list) else [values]
            if any(vals.get("email") == "geweigerd@klant.example" for vals in lists):
                raise error
            return original(records, values)

        return overriding(self.registry, "res.partner", create=refuse, write=refuse)

    def assertToldOfRelation(self, name, number):
        self.assertAsked(
            "odoo_refuses_relation",
            relation=sentence("relation_with_numbers", relation=name, numbers=[number]),
        )
        for text in (name, "D-1", "Odoo", "Tribe"):
            self.assertIn(text, self.problems()[0])

    def test_a_new_relation(self):
        number = sentence("number_of_relation", field=sentence("field_debtor_number"), number="D-1")
        for why, error in self.refusals().items():
            with self.subTest(why=why), self.refusing(error):
                row = self.organization(
                    Name="Klant B.V.", DebtorNumber="D-1", EmailAddress="geweigerd@klant.example"
                )
                self.look_at("organization", row["ID"])
                self.assertToldOfRelation("Klant B.V.", number)
                self.env["tribe.work"].search([]).unlink()
                self.sandbox.delete("Relation_Organization", row["ID"])

    def test_a_changed_relation_from_either_side(self):
        partner = self.linked("Klant B.V.", debtor_number="D-1")
        number = sentence("number_of_relation", field=sentence("field_debtor_number"), number="D-1")
        for way in ("in", "out"):
            for why, error in self.refusals().items():
                with self.subTest(way=way, why=why), self.refusing(error):
                    self.sandbox.change(
                        "Relation_Organization",
                        partner.tribe_id,
                        {"EmailAddress": "geweigerd@klant.example"},
                    )
                    if way == "in":
                        self.look_at("organization", partner.tribe_id)
                    else:
                        self.synchronize(partner)
                    self.assertToldOfRelation("Klant B.V.", number)
                    self.env["tribe.work"].search([]).unlink()

    def test_a_relation_without_a_number(self):
        with self.refusing(ValidationError("Nee.")):
            row = self.organization(Name="Klant B.V.", EmailAddress="geweigerd@klant.example")
            self.look_at("organization", row["ID"])

        self.assertAsked("odoo_refuses_relation", relation="Klant B.V.")


class TestChosenInvoiceContact(FieldCase):
    """partner_contact_address_default: the invoice contact that somebody chose."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        have_fields(cls, partner_invoice_id=fields.Many2one("res.partner"))

    def with_two(self):
        partner = self.linked(city="Hoofddorp")
        first, second = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": partner.id, "type": "invoice", "city": name}
                for name in ("Eerst", "Tweede")
            ]
        )
        return partner, first, second

    def city(self, partner):
        return self.address_of(partner)["City"]

    def test_the_chosen_one_goes_and_comes(self):
        partner, first, second = self.with_two()
        self.run_nightly()
        self.assertEqual(self.city(partner), "Eerst")

        partner.partner_invoice_id = second
        self.run_nightly()
        self.assertEqual(self.city(partner), "Tweede")

        self.change_address(partner, City="Zeist")
        self.assertEqual((first.city, second.city, partner.city), ("Eerst", "Zeist", "Hoofddorp"))
        second.city = "Ede"
        self.run_nightly()
        self.assertEqual(self.city(partner), "Ede")
        self.assertSettled(partner)

    def test_one_far_below(self):
        partner, first, _second = self.with_two()
        below = self.env["res.partner"].create(
            {"name": "Onder", "parent_id": first.id, "type": "invoice", "city": "Onder"}
        )
        partner.partner_invoice_id = below
        self.run_nightly()
        below.city = "Dieper"
        self.run_nightly()
        self.assertEqual(self.city(partner), "Dieper")

    def test_one_that_is_anothers_or_archived_or_has_no_address_is_passed_over(self):
        partner, _first, second = self.with_two()
        another = self.customer("Boekhouder B.V.", customer_rank=0, city="Elders")
        for chosen in (another, partner, second):
            with self.subTest(chosen=chosen.name):
                partner.partner_invoice_id = chosen
                if chosen == second:
                    second.city = False
                self.run_nightly()
                self.assertEqual(self.city(partner), "Eerst")
