"""Which company keeps the books of a legal entity: Tribe proposes, people decide."""

from told import assert_only_says

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import ConnectorCase

VERKOOP, DIENSTEN = "Voorbeeld Verkoop B.V.", "Voorbeeld Diensten B.V."


class TestCompanyOfLegalEntity(ConnectorCase):
    """A legal entity gets a company of whoever connects, and no other."""

    sandbox_options = {"relations": 0, "invoices": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.name = "Een ander bedrijf"
        cls.manager = new_test_user(
            cls.env,
            "manager of one company",
            groups="tribe_connector.group_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def connect_as(self, user):
        """Press Connect."""
        with self.enter_registry_test_mode():
            self.connection.with_user(user).action_connect()

    def entity(self, name=VERKOOP):
        (entity,) = self.connection.legal_entity_ids.filtered(lambda each: each.name == name)
        return entity

    def vat_in_tribe(self, name=VERKOOP):
        """The VAT number of a legal entity, as Tribe types it."""
        rows = self.sandbox.rows("Relation_Organization")
        return next(row["VATNumber"] for row in rows if row["Name"] == name)

    def company_elsewhere(self, **values):
        """A company in which the manager does not work."""
        return self.env["res.company"].create(values)

    def notes(self):
        """What Check says is good to know."""
        return self.connection.check_ids.filtered(lambda check: check.state == "note")

    # What is proposed

    def test_no_company_is_taken_because_it_has_the_name_that_tribe_typed(self):
        self.company_elsewhere(name=VERKOOP)
        self.company_elsewhere(name="Met het nummer", vat=self.vat_in_tribe(DIENSTEN))

        self.connect_as(self.manager)

        self.assertFalse(self.connection.legal_entity_ids.company_id)
        self.assertEqual(self.connection._companies(), self.company)

    def test_the_only_company_is_not_taken_without_a_word(self):
        companies = self.env["res.company"].search([])
        (companies - self.company).active = False

        self.connect_as(self.manager)

        self.assertFalse(self.connection.legal_entity_ids.company_id)
        self.assertEqual(self.connection.step, "map")

    def test_the_name_proposes_a_company_of_who_connects(self):
        self.company.name = VERKOOP

        self.connect_as(self.manager)

        self.assertEqual(self.entity().company_id, self.company)
        self.assertFalse(self.entity(DIENSTEN).company_id)
        self.assertFalse(self.notes())

    def test_the_vat_number_proposes_it_however_it_is_written(self):
        number = self.vat_in_tribe()
        written = f"{number[:2].lower()} {number[2:6]}.{number[6:8]}.{number[8:11]} {number[11:]}"
        for vat in (number, written, number[2:]):
            with self.subTest(vat=vat):
                self.connection.legal_entity_ids.unlink()
                self.write_vat(self.company, vat)

                self.connect_as(self.manager)

                self.assertEqual(self.entity().company_id, self.company)
                self.assertFalse(self.notes())

    def write_vat(self, company, vat):
        """A VAT number as it may stand in a database, also where Odoo would write it otherwise."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET vat = %s WHERE id = %s", [vat or None, company.partner_id.id]
        )
        self.env.invalidate_all()

    def test_the_vat_number_comes_before_the_name(self):
        other = self.company_elsewhere(name=VERKOOP)
        self.manager.company_ids |= other
        self.write_vat(self.company, self.vat_in_tribe())

        self.connect_as(self.manager)

        self.assertEqual(self.entity().company_id, self.company)

    def test_a_branch_that_has_the_number_of_its_company_is_not_taken(self):
        self.write_vat(self.company, self.vat_in_tribe())
        branch = self.env["res.company"].create({"name": "Filiaal", "parent_id": self.company.id})
        self.write_vat(branch, self.vat_in_tribe())
        self.manager.company_ids |= branch

        self.connect_as(self.manager)

        self.assertEqual(self.entity().company_id, self.company)

    def test_two_companies_with_the_number_are_a_question(self):
        other = self.company_elsewhere(name="Nog een")
        self.manager.company_ids |= other
        for company in (self.company, other):
            self.write_vat(company, self.vat_in_tribe())

        self.connect_as(self.manager)

        self.assertFalse(self.entity().company_id)

    def test_connecting_again_by_somebody_else_keeps_what_was_chosen(self):
        self.connect()
        self.entity().company_id = self.company

        self.connect_as(self.manager)

        self.assertEqual(self.entity().company_id, self.company)

    def test_a_connection_that_runs_takes_no_company_by_what_tribe_types(self):
        """Nobody would look at it before its customers are sent."""
        other = self.company_elsewhere(name=DIENSTEN)
        self.write_vat(other, self.vat_in_tribe(DIENSTEN))
        self.manager.company_ids |= other
        self.connect_as(self.manager)
        self.entity().company_id = self.company
        for state in ("active", "initial", "paused"):
            with self.subTest(state):
                self.connection._write_as_connector({"state": state})
                self.entity(DIENSTEN).unlink()

                self.connect_as(self.manager)

                self.assertFalse(self.entity(DIENSTEN).company_id)
                self.assertEqual(self.connection._companies(), self.company)

    # What is said of it

    def test_another_vat_number_is_said_with_both(self):
        self.company.name = VERKOOP
        self.write_vat(self.company, "NL002342672B42")

        self.connect_as(self.manager)

        self.assertEqual(self.entity().company_id, self.company)
        (note,) = self.notes()
        differs = "check_vat_number_of_company_differs"
        self.assert_only_told(
            note,
            differs,
            field="name",
            entity=VERKOOP,
            vat=self.vat_in_tribe(),
            company=VERKOOP,
            other="NL002342672B42",
        )
        self.assert_only_told(note, f"{differs}_remedy", field="remedy")

    def test_a_company_that_is_chosen_by_hand_is_looked_at_too(self):
        self.write_vat(self.company, "NL002342672B42")
        self.connect_as(self.manager)
        self.assertFalse(self.notes())

        self.entity().with_user(self.manager).company_id = self.company
        (note,) = self.notes()
        differs = "check_vat_number_of_company_differs"
        self.assert_only_told(note, differs, field="name", other="NL002342672B42")

        self.entity().with_user(self.manager).company_id = False
        self.assertFalse(self.notes())

    def test_a_company_without_a_number_is_nothing_to_tell(self):
        for vat in (False, "/"):
            self.write_vat(self.company, vat)
            self.connect_as(self.manager)
            self.entity().company_id = self.company

            self.assertFalse(self.notes())

    # Who chooses which

    def test_nobody_chooses_a_company_in_which_they_do_not_work(self):
        theirs = self.company_elsewhere(name="Van een ander")
        self.connect_as(self.manager)
        entity = self.entity().with_user(self.manager)

        for values in ({"company_id": theirs.id}, {"company_id": (theirs.id, "x")}):
            with self.assert_refused("company_not_own", AccessError):
                entity.write(values)
        with self.assert_refused("company_not_own", AccessError):
            self.connection.with_user(self.manager).write(
                {"legal_entity_ids": [Command.update(entity.id, {"company_id": theirs.id})]}
            )
        entity.write({"company_id": self.company.id})

        self.assertEqual(self.entity().company_id, self.company)

    def test_nobody_gives_the_connection_to_a_company_in_which_they_do_not_work(self):
        theirs = self.company_elsewhere(name="Van een ander")
        connection = self.connection.with_user(self.manager)

        with self.assert_refused("company_not_own", AccessError):
            connection.write({"company_id": theirs.id})
        with self.assertRaises(AccessError):
            connection.create({"name": "Nog een", "company_id": theirs.id})
        with self.assertRaises(AccessError):
            connection.with_context(default_company_id=theirs.id).create({"name": "Nog een"})
        with self.assertRaises(AccessError):
            connection.copy({"company_id": theirs.id})

        self.assertEqual(self.connection.company_id, self.company)

    def test_nobody_activates_for_a_company_in_which_they_do_not_work(self):
        theirs = self.company_elsewhere(name="Van een ander")
        self.connect()
        self.map()
        self.entity().journal_id = False
        self.entity().company_id = theirs
        self.entity().action_create_journal()

        with self.assertRaises(UserError) as caught, self.enter_registry_test_mode():
            self.connection.with_user(self.manager).action_activate()
        assert_only_says(
            caught.exception, "activate_in_company_elsewhere", entity=VERKOOP, name="Tribe CRM"
        )
        self.assertNotIn("Van een ander", str(caught.exception))
        self.assertEqual(self.connection.state, "connected")

        self.manager.company_ids |= theirs
        with self.enter_registry_test_mode():
            self.connection.with_user(self.manager).action_activate()
        self.assertEqual(self.connection.state, "initial")

    # Books that are elsewhere

    def test_books_that_are_elsewhere_need_no_company(self):
        self.connect_as(self.manager)
        self.entity().company_id = self.company
        self.connection.action_suggest()
        self.assertEqual(self.connection.step, "map")
        with self.assert_refused("activate_without_company", entity=DIENSTEN):
            self.press_activate()

        self.entity(DIENSTEN).with_user(self.manager).is_booked = False

        self.assertFalse(self.connection.has_gaps)
        self.assertEqual(self.connection.step, "plan")
        self.assertEqual(self.connection.vat_group_mapped_count, self.connection.vat_group_count)
        self.assertFalse(self.entity(DIENSTEN).unmapped_vat_groups)
        (note,) = self.notes()
        self.assert_only_told(note, "check_legal_entity_not_booked", field="name", entity=DIENSTEN)
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")

    def test_switching_it_on_again_asks_for_its_company(self):
        self.connect_as(self.manager)
        self.connection.legal_entity_ids.is_booked = False
        self.assertFalse(self.connection.has_gaps)

        self.entity().is_booked = True

        self.assertTrue(self.connection.has_gaps)
        self.assertEqual(len(self.notes()), 1)

    def test_suggest_leaves_out_books_that_are_elsewhere(self):
        self.connect_as(self.manager)
        self.connection.legal_entity_ids.company_id = self.company
        self.entity(DIENSTEN).is_booked = False

        self.connection.action_suggest()

        self.assertTrue(self.entity().journal_id)
        self.assertFalse(self.entity(DIENSTEN).journal_id)
        self.assertFalse(self.entity(DIENSTEN).vat_group_ids.tax_id)

    def test_contacts_of_a_company_whose_books_are_elsewhere_stay(self):
        other = self.company_elsewhere(name="Andere boeken")
        self.connect()
        self.entity(DIENSTEN).company_id = other
        self.assertIn(other, self.connection._companies())

        self.entity(DIENSTEN).is_booked = False

        self.assertNotIn(other, self.connection._companies())


class TestFieldOfTheLegalEntity(ConnectorCase):
    """Without a field that says of which legal entity an invoice is, one company is booked in."""

    sandbox_options = {"relations": 0, "invoices": 0}

    def test_several_companies_are_not_booked_in_without_it(self):
        self.seed_tribe(legal_entity_name="")
        self.connect()
        self.map()
        entity = self.connection.legal_entity_ids[-1]
        entity.write({"journal_id": False, "company_id": self.other_company().id})

        with self.assert_refused("activate_without_legal_entity_field"):
            self.press_activate()
        self.assertEqual(self.connection.state, "connected")
        entity.company_id = self.company
        self.map()
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")

    def test_a_field_that_a_person_chose_is_one(self):
        self.seed_tribe(legal_entity_name="Onderneming", legal_entity_means="organization")
        self.connect()
        self.map()
        entity = self.connection.legal_entity_ids[-1]
        entity.write({"journal_id": False, "company_id": self.other_company().id})
        fields = self.connection.invoice_field_ids
        fields.filtered(lambda row: row.meaning == "legal_entity").name = "Onderneming"

        self.press_activate()

        self.assertEqual(self.connection.state, "initial")

    def other_company(self):
        other = self.env["res.company"].create({"name": "Voorbeeld Diensten B.V."})
        self.env.user.company_ids += other
        return other
