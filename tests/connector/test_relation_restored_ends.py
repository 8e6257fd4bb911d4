"""What ended, came back or was deleted in a Tribe of which a backup was restored."""

from told import assert_says, containing

from .common import ORGANIZATION_CUSTOMER
from .test_relation_restored import ADDRESS, ORGANIZATIONS, RestoredCase, wait_for_next_second


class EndsCase(RestoredCase):
    def is_former(self, partner):
        return self.relationships(partner)[ORGANIZATION_CUSTOMER]["IsFormer"]

    def end(self, partner, *, is_former=True):
        """Somebody ends the relationship of a customer in Tribe, or reopens it."""
        wait_for_next_second()
        row = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": is_former})
        self.look(partner)

    def finish(self):
        """The look that the restore begins is over, and so are the nights after it."""
        for _night in range(2):
            self.finish_look()
            self.run_nightly()

    def questions(self, partner):
        """The fields that are asked about of one partner."""
        return {field for name, field in self.asked() if name == partner.name}

    def decide(self, partner, side):
        """A person decides all questions about one partner."""
        conflicts = self.env["tribe.conflict"].search([("partner_id", "=", partner.id)])
        getattr(conflicts, f"action_take_{side}")()
        self.run_lanes()
        self.assertFalse(self.questions(partner))


class TestEndedAndReopened(EndsCase):
    """Whether a relation has ended is edited in the restored Tribe like any other field."""

    def end_before_backup(self):
        self.end(self.third)
        self.assertFalse(self.third.active)
        self.back_up()
        self.change_since(digit=4)

    def assert_reopened_after_question(self, policy):
        self.connection.conflict_policy = policy
        self.end_before_backup()
        self.restore()
        self.end(self.third, is_former=False)
        self.finish()

        self.assertFalse(self.is_former(self.third))
        self.assertEqual(self.questions(self.third), {"active"})
        self.decide(self.third, "tribe")
        self.assertTrue(self.third.active)
        self.finish()
        self.assertTrue(self.third.active)
        self.assertFalse(self.is_former(self.third))

    def test_who_is_reopened_is_asked_about(self):
        self.assert_reopened_after_question("ask")

    def test_also_where_odoo_wins(self):
        self.assert_reopened_after_question("odoo")

    def test_and_where_tribe_wins(self):
        self.assert_reopened_after_question("tribe")

    def test_who_is_reopened_stays_archived_where_a_person_says_so(self):
        self.end_before_backup()
        self.restore()
        self.end(self.third, is_former=False)
        self.finish()

        self.decide(self.third, "odoo")

        self.assertFalse(self.third.active)
        self.assertTrue(self.is_former(self.third))

    def test_who_is_reopened_beside_an_open_question(self):
        self.connection.conflict_policy = "ask"
        self.end_before_backup()
        self.third.phone = "050 4"
        self.run_nightly()
        self.look()
        self.restore(Website="https://a.example")
        self.finish()
        self.assertEqual(self.questions(self.third), {"phone"})

        self.pass_time(days=5)
        self.end(self.third, is_former=False)
        self.run_nightly()

        self.assertEqual(self.questions(self.third), {"phone", "active"})
        self.assertFalse(self.is_former(self.third))
        self.decide(self.third, "tribe")
        self.assertTrue(self.third.active)
        self.assertEqual(self.third.phone, "050 1")

    def test_what_is_shown_of_the_question(self):
        self.connection.conflict_policy = "ask"
        self.end_before_backup()
        self.restore()
        self.end(self.third, is_former=False)
        self.finish()

        conflict = self.env["tribe.conflict"].search([("field_name", "=", "active")])
        self.assertEqual((conflict.odoo_shown, conflict.tribe_shown), ("no", "yes"))

    def assert_ended_after_question(self, policy):
        self.connection.conflict_policy = policy
        self.restore()
        self.end(self.third)
        self.finish()

        self.assertTrue(self.third.active)
        self.assertEqual(self.questions(self.third), {"active"})
        self.decide(self.third, "tribe")
        self.assertFalse(self.third.active)
        self.finish()
        self.assertTrue(self.is_former(self.third))
        self.end(self.third, is_former=False)
        self.assertTrue(self.third.active)

    def test_who_is_ended_is_asked_about(self):
        self.assert_ended_after_question("ask")

    def test_who_is_ended_where_odoo_wins(self):
        self.assert_ended_after_question("odoo")

    def test_who_is_ended_where_tribe_wins(self):
        self.assert_ended_after_question("tribe")

    def test_who_is_ended_stays_active_where_a_person_says_so(self):
        """Nobody reopens in Tribe what the connector did not end."""
        self.restore()
        self.end(self.third)
        self.finish()

        self.decide(self.third, "odoo")
        self.finish()

        self.assertTrue(self.third.active)
        self.assertTrue(self.is_former(self.third))
        self.assertFalse(self.problems())

    def test_who_is_ended_after_the_look_beside_an_open_question(self):
        self.connection.conflict_policy = "ask"
        self.restore(Website="https://a.example")
        self.finish()
        self.assertEqual(self.questions(self.other), {"phone"})

        self.end(self.other)
        self.finish()

        self.assertTrue(self.other.active)
        self.assertEqual(self.questions(self.other), {"phone", "active"})
        self.decide(self.other, "tribe")
        self.assertFalse(self.other.active)

    def test_who_was_archived_since_the_backup_is_ended_again(self):
        """Nobody edited that: it is from the backup."""
        self.third.active = False
        self.run_nightly()
        self.look()
        self.restore(Website="https://a.example")
        self.finish()

        self.assertTrue(self.is_former(self.third))
        self.assertFalse(self.third.active)
        self.assertFalse(self.questions(self.third))


class TestDeletedAndRestored(EndsCase):
    """A relation that was deleted by mistake: why backups are restored."""

    def delete(self):
        self.pass_time(days=1)
        self.tribe_id = self.partner.tribe_id
        self.sandbox.delete(ORGANIZATIONS, self.tribe_id)
        self.look(self.partner)
        self.assertEqual(self.link(self.tribe_id).state, "gone")
        self.pass_time(hours=1)

    def restore_deleted(self, **change):
        """The relation is there again, and may be edited before it is looked at."""
        self.sandbox.restore()
        if change:
            wait_for_next_second()
            self.sandbox.change(ORGANIZATIONS, self.tribe_id, change)
            self.look_at("organization", self.tribe_id)
        self.env["tribe.relation.comparer"]._enqueue_parts(self.connection)
        self.run_lanes()
        self.finish()
        self.assertEqual(self.link(self.tribe_id).state, "linked")

    def test_what_odoo_told_since_the_backup_is_asked_about_where_tribe_wins(self):
        self.connection.conflict_policy = "tribe"
        self.delete()
        self.restore_deleted()

        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.questions(self.partner), {"phone"})
        self.decide(self.partner, "odoo")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")

    def test_it_is_told_again_where_odoo_wins(self):
        self.connection.conflict_policy = "odoo"
        self.delete()
        self.restore_deleted()

        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertFalse(self.questions(self.partner))

    def assert_edited_in_odoo_meanwhile(self, before_finish):
        self.connection.conflict_policy = "tribe"
        self.delete()
        self.partner.email = "odoo@a.example"
        self.run_nightly()
        self.sandbox.restore()
        wait_for_next_second()
        self.env["tribe.relation.comparer"]._enqueue_parts(self.connection)
        self.run_lanes()
        before_finish()
        self.finish()

        self.assertEqual(self.partner.email, "odoo@a.example")
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "odoo@a.example")
        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.questions(self.partner), {"phone"})
        self.decide(self.partner, "odoo")
        self.finish()
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertEqual(self.partner.phone, "030 2")

    def test_what_was_edited_in_odoo_meanwhile_is_told(self):
        self.assert_edited_in_odoo_meanwhile(lambda: None)

    def test_also_with_the_date_that_it_had_before(self):
        """Tribe's dates have seconds: it may be told in the one in which it was shown last."""

        def have_same_date():
            link = self.link(self.tribe_id)
            at = self.tribe_of(self.partner)["LastMutationDate"]
            link.shown = {**link.shown, self.tribe_id: at}

        self.assert_edited_in_odoo_meanwhile(have_same_date)

    def assert_edit_in_odoo_told_though_no_other_is_older(self, policy):
        """Nothing was changed in Tribe since the backup: it is there again as it was."""
        self.connection.conflict_policy = policy
        self.back_up()
        self.delete()
        self.partner.email = "odoo@a.example"
        self.run_nightly()
        self.restore_deleted()

        self.assertEqual(self.partner.email, "odoo@a.example")
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "odoo@a.example")
        self.assertFalse(self.asked())

    def test_it_is_told_though_nothing_shows_that_a_backup_was_restored(self):
        self.assert_edit_in_odoo_told_though_no_other_is_older("tribe")

    def test_nor_is_it_asked_about(self):
        self.assert_edit_in_odoo_told_though_no_other_is_older("ask")

    def assert_asked_about_edited(self, policy):
        self.connection.conflict_policy = policy
        self.delete()
        self.restore_deleted(EmailAddress="nieuw@a.example")

        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.partner.email, "a@a.example")
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "nieuw@a.example")
        self.assertEqual(self.questions(self.partner), {"phone", "email"})

    def test_what_was_edited_in_tribe_before_the_look_is_asked_about(self):
        self.assert_asked_about_edited("odoo")

    def test_also_where_tribe_wins(self):
        self.assert_asked_about_edited("tribe")

    def test_who_was_archived_in_odoo_meanwhile_is_ended(self):
        self.delete()
        self.partner.active = False
        self.run_nightly()
        self.restore_deleted()

        self.assertFalse(self.partner.active)
        self.assertTrue(self.is_former(self.partner))


class TestAddressTakenAway(EndsCase):
    """A person's address is a record of its own, with which no other date changes."""

    def setUp(self):
        super().setUp()
        persons = [
            self.linked(f"Jan {letter}", is_company=False, phone="070 1", **ADDRESS)
            for letter in "PQR"
        ]
        self.person, *others = persons
        self.new = self.linked("Jan N", is_company=False, phone="070 1")
        self.partners = self.env["res.partner"].concat(*persons, self.new)
        self.look()
        self.back_up()
        wait_for_next_second()
        for person in others:
            person.phone = "070 2"
        self.new.write(ADDRESS)
        self.run_nightly()
        self.look()

    def take_away(self):
        """Somebody deletes the address of the person who was not changed since the backup."""
        self.restore()
        wait_for_next_second()
        address = self.address_of(self.person)
        self.sandbox.delete("Address", address["ID"])
        self.look_at("address", address["ID"])
        self.finish()

    def test_it_is_asked_about_where_odoo_wins(self):
        self.connection.conflict_policy = "odoo"
        self.take_away()

        self.assertFalse(self.tribe_of(self.person)["Address"])
        self.assertEqual(self.person.street, ADDRESS["street"])
        self.assertEqual(self.questions(self.person), {"address"})
        self.decide(self.person, "tribe")
        self.assertFalse(self.person.street)
        self.finish()
        self.assertFalse(self.tribe_of(self.person)["Address"])

    def test_it_is_told_again_where_a_person_says_so(self):
        self.connection.conflict_policy = "tribe"
        self.take_away()
        self.assertEqual(self.questions(self.person), {"address"})

        self.decide(self.person, "odoo")

        self.assertEqual(self.address_of(self.person)["Street"], "Dorpsstraat")

    def test_one_that_the_backup_lacks_is_not_taken_out_of_odoo(self):
        """Its webhook waited while Tribe was restored. It is like that of a deletion."""
        self.connection.conflict_policy = "tribe"
        address = self.address_of(self.new)
        self.restore()
        self.look_at("address", address["ID"])
        self.finish()

        self.assertEqual(self.new.street, ADDRESS["street"])
        self.assertEqual(self.questions(self.new), {"address"})
        self.decide(self.new, "odoo")
        self.assertEqual(self.address_of(self.new)["Street"], "Dorpsstraat")

    def test_that_it_comes_back_is_told(self):
        """Without a webhook it looks as what a backup lacks, where nothing is as new as it was."""
        self.connection.write({"conflict_policy": "odoo", "export_moment": "minute"})
        address = self.address_of(self.person)
        wait_for_next_second()
        self.sandbox.change("Address", address["ID"], {"City": "Zwolle"})
        self.look(self.person)
        self.assertEqual(self.person.city, "Zwolle")
        self.pass_time(hours=1)
        self.sandbox.delete("Address", address["ID"])

        self.look(self.person)
        # Nothing is told as long as what was read may be an old copy. No night comes before that,
        # which would find that the address is gone.
        for _time in range(2):
            self.finish_look()

        self.assertEqual(self.address_of(self.person)["City"], "Zwolle")
        notes = self.env["tribe.run.line"].search(
            [("action", "=", "note"), ("partner_id", "=", self.person.id)]
        )
        self.assert_told(notes, "address_comes_back", field="text", partner=self.person.name)
        # Once.
        self.assertEqual(len(notes), 1)

    def test_another_one_that_is_entered_afterwards_arrives(self):
        self.take_away()
        self.decide(self.person, "tribe")
        values = {"Street": "Pad", "HouseNumber": 3, "City": "Breda"}
        self.sandbox.create("Address", {**values, "Person": {"ID": self.person.tribe_id}})

        self.look(self.person)

        self.assertEqual((self.person.street, self.person.city), ("Pad 3", "Breda"))


class TestManyMadeSinceTheBackup(EndsCase):
    """Tribe does not show them any more: a person is asked whether they were deleted."""

    def restore_go_live(self):
        new = self.env["res.partner"].create(
            [
                {"name": f"Nieuw {number}", "is_company": True, "customer_rank": 1}
                for number in range(10)
            ]
        )
        self.synchronize(new)
        self.pass_time(days=2)
        self.restore(Website="https://a.example")
        self.finish()

    def test_the_others_are_looked_at_all_the_same(self):
        self.connection.conflict_policy = "odoo"
        self.restore_go_live()

        problem = self.problematic().filtered(lambda work: work.kind == "comparison")
        assert_says(problem.error, "too_many_relations_missing", linked=13, missing=10)
        self.assertEqual(self.tribe_of(self.other)["PhoneNumber"], "040 2")
        for partner in (self.other, self.third):
            self.edit(partner, EmailAddress="nieuw@x.example")
            self.assertEqual(partner.email, "nieuw@x.example")
        self.assertFalse(self.questions(self.other) | self.questions(self.third))


class TestEditedOnBothSides(EndsCase):
    def test_it_is_asked_about_where_odoo_wins(self):
        """Nobody can tell that Odoo's is the later one; what was truly edited waits."""
        self.connection.conflict_policy = "odoo"
        self.restore(EmailAddress="nieuw@a.example")
        self.assertIn("email", self.questions(self.partner))

        self.partner.email = "odoo@a.example"
        self.finish()

        self.assertIn("email", self.questions(self.partner))
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "nieuw@a.example")
        self.assertEqual(self.partner.email, "odoo@a.example")
        self.decide(self.partner, "odoo")
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "odoo@a.example")


class TestMergedSinceTheBackup(EndsCase):
    def test_who_is_there_again_is_asked_about_as_before(self):
        """The other relation was deleted in Tribe, as the question asked."""
        merged = self.other.tribe_id, self.third.tribe_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"partner_ids": [(6, 0, (self.other + self.third).ids)], "state": "selection"}
        )
        wizard.dst_partner_id = self.other
        wizard.action_merge()
        self.run_lanes()
        (gone,) = {*merged} - {self.other.tribe_id}
        self.pass_time(hours=1)
        self.sandbox.delete(ORGANIZATIONS, gone)
        self.look_at("organization", gone)
        self.assertEqual(self.link(gone).state, "gone")
        self.partners = self.partner + self.other

        self.restore(Website="https://a.example")
        self.finish()

        problem = self.problematic().filtered(lambda work: work.reference == gone)
        assert_says(
            problem.error, "relation_of_merged_contact", partner=containing(self.other.name)
        )
        self.link(gone).action_leave_to_odoo()
        self.run_lanes()
        self.assertEqual(self.link(gone).state, "left_to_odoo")
        self.assertFalse(self.problematic().filtered(lambda work: work.reference == gone))


class TestEnteredAnewSinceTheBackup(EndsCase):
    """A relation was deleted and entered anew; the backup has the first one, not the second."""

    def enter_anew(self, kind):
        """A customer whose relation was replaced since the backup, and edited in Odoo after that.

        Returns it, and both relations.
        """
        number, entity_set = f"70{len(kind)}", f"Relation_{kind.title()}"
        is_company = kind == "organization"
        names = (
            {"Name": "Anders Jansen"}
            if is_company
            else {"FirstName": "Anders", "LastName": "Jansen"}
        )
        partner = self.linked(
            "Anders Jansen",
            is_company=is_company,
            debtor_number=number,
            phone="030 1",
            email="anders@x.example",
        )
        self.partners += partner
        self.look(partner)
        self.back_up()
        self.change_since(digit=5)
        first = partner.tribe_id
        self.pass_time(hours=1)
        self.sandbox.delete(entity_set, first)
        self.look_at(kind, first)
        make = self.organization if is_company else self.person
        row = make(DebtorNumber=number, PhoneNumber="030 8", **names)
        self.look_at(kind, row["ID"])
        self.run_nightly()
        self.assertEqual(partner.tribe_id, row["ID"], self.problems())
        partner.phone = "030 9"
        self.run_nightly()
        self.look()
        return partner, first, row["ID"]

    def restore_after(self, kind="organization", *, is_second_first=False):
        """The backup is restored, and Tribe's webhooks tell of both; returns the customer."""
        partner, *both = self.enter_anew(kind)
        first = both[0]
        self.restore()
        self.look(self.other)
        for tribe_id in reversed(both) if is_second_first else both:
            self.look_at(kind, tribe_id)
            self.pass_time(hours=1)
            self.run_lanes()
        self.finish()
        self.assertEqual(partner.tribe_id, first, self.problems())
        return partner

    def assert_asked(self, policy, side, **options):
        self.connection.conflict_policy = policy
        partner = self.restore_after(**options)
        self.finish()
        self.assertEqual(partner.phone, "030 9")
        self.assertEqual(self.questions(partner), {"phone"})

        self.decide(partner, side)

        phone = {"odoo": "030 9", "tribe": "030 1"}[side]
        self.assertEqual((partner.phone, self.tribe_of(partner)["PhoneNumber"]), (phone, phone))

    def test_what_differs_is_asked_about_where_tribe_wins(self):
        self.assert_asked("tribe", "odoo")

    def test_whichever_is_looked_at_first(self):
        self.assert_asked("tribe", "tribe", is_second_first=True)

    def test_where_a_person_is_asked_anyway(self):
        self.assert_asked("ask", "odoo")

    def test_of_a_person_too(self):
        self.assert_asked("tribe", "tribe", kind="person")

    def test_where_odoo_wins_it_is_told(self):
        self.connection.conflict_policy = "odoo"
        partner = self.restore_after()

        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 9")
        self.assertFalse(self.questions(partner))
