"""A backup of Tribe was restored, and somebody edits there before the connector has looked."""

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.tribe_connector.relations import relation_reader
from odoo.addons.tribe_connector.tribe_names import STAMP

from .common import ORGANIZATION_CUSTOMER
from .relation_case import RelationCase

ORGANIZATIONS = "Relation_Organization"
ADDRESS = {"street": "Dorpsstraat 1", "zip": "1012 AB", "city": "Amsterdam"}


def wait_for_next_second():
    """Until what changes gets a later date than what changed before: Tribe's have seconds."""
    begun = int(time.time())
    while int(time.time()) == begun:
        time.sleep(0.02)


class RestoredCase(RelationCase):
    """Two customers who were changed in Odoo since the backup, and one who was not."""

    def setUp(self):
        super().setUp()
        self.partner = self.linked("Klant A", phone="030 1", email="a@a.example", **ADDRESS)
        self.other = self.linked("Klant B", phone="040 1", email="b@b.example")
        self.third = self.linked("Klant C", phone="050 1", email="c@c.example")
        self.partners = self.partner + self.other + self.third
        self.look()
        self.back_up()
        self.change_since()

    def back_up(self):
        """A backup of Tribe is made, long after all was linked."""
        self.pass_time(days=40)
        self.sandbox.back_up()

    def change_since(self, digit=2):
        """What happens after the backup was made."""
        wait_for_next_second()
        self.partner.phone = f"030 {digit}"
        self.other.phone = f"040 {digit}"
        self.run_nightly()
        self.look()

    def look(self, partners=None, reason="webhook"):
        """Have relations looked at."""
        for partner in self.partners if partners is None else partners:
            kind = "organization" if partner.is_company else "person"
            self.env["tribe.work"]._add(
                self.connection, "inbound", kind, [partner.tribe_id], reason
            )
        self.run_lanes()

    def pass_time(self, **time):
        """Let so much time pass for all that is linked, and that waits."""
        moment = timedelta(**time)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_link SET shown_at = shown_at - %s, create_date = create_date - %s,"
            " sent_at = sent_at - %s",
            [moment, moment, moment],
        )
        self.env.cr.execute(
            "UPDATE tribe_cursor SET position = position - %s WHERE stream = 'restored'", [moment]
        )
        self.env.cr.execute("UPDATE tribe_work SET due = due - %s", [moment])
        self.env.invalidate_all()
        for link in self.env["tribe.link"].search([("being_told", "!=", False)]):
            told = {
                name: {**entry, "at": str(fields.Datetime.to_datetime(entry["at"]) - moment)}
                for name, entry in link.being_told.items()
            }
            link.being_told = told

    def restore(self, **change):
        """A while later; then somebody edits the first customer at once."""
        self.pass_time(hours=1)
        self.sandbox.restore()
        if change:
            self.edit(self.partner, **change)

    def edit(self, partner, **change):
        """Somebody edits a relation in Tribe, and its webhook comes."""
        wait_for_next_second()
        self.sandbox.change(ORGANIZATIONS, partner.tribe_id, change)
        self.look(partner)

    def asked(self):
        """The fields that are asked about: ``{(contact, field)}``."""
        conflicts = self.env["tribe.conflict"].search([])
        return {(each.partner_id.name, each.field_name) for each in conflicts}

    def comparisons(self):
        works = self.env["tribe.work"].search([("kind", "=", "comparison")])
        return works.mapped("reference")

    def finish_look(self):
        """The time is over in which Tribe may answer from a copy of before it was restored."""
        self.pass_time(hours=1)
        self.run_lanes()


class TestEditedBeforeItWasLookedAt(RestoredCase):
    def assert_only_restored_is_told(self):
        """Nobody changed it on both sides, and Both Sides Changed does not decide it."""
        self.assert_told(self.problematic(), "restored_in_tribe_differs", relation="Klant A")
        for code in ("both_sides_changed", "both_sides_differ"):
            self.assert_never_told(self.problematic(), code)

    def assert_asked_and_then_alike(self, policy):
        self.connection.conflict_policy = policy
        self.restore(EmailAddress="nieuw@a.example")
        self.run_nightly()

        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.partner.email, "a@a.example")
        self.assertLessEqual({("Klant A", "phone"), ("Klant A", "email")}, self.asked())
        self.assert_only_restored_is_told()

        self.env["tribe.conflict"].search([("field_name", "=", "email")]).action_take_tribe()
        self.finish_look()
        self.run_nightly()
        self.env["tribe.conflict"].search([("field_name", "=", "phone")]).action_take_odoo()
        self.run_lanes()
        for partner, phone in ((self.partner, "030 2"), (self.other, "040 2")):
            self.assertEqual(partner.phone, phone)
            self.assertEqual(self.tribe_of(partner)["PhoneNumber"], phone)
        self.assertEqual(self.partner.email, "nieuw@a.example")
        self.assertFalse(self.problems())

    def test_who_is_edited_keeps_what_odoo_has_and_a_person_is_asked(self):
        self.assert_asked_and_then_alike("ask")

    def test_also_where_tribe_wins(self):
        self.assert_asked_and_then_alike("tribe")

    def test_and_where_odoo_wins(self):
        """What was truly edited is not overwritten."""
        self.assert_asked_and_then_alike("odoo")

    def test_all_that_is_linked_is_looked_at_and_told_again(self):
        self.connection.conflict_policy = "odoo"
        self.restore(Website="https://a.example")
        self.assertEqual(set(self.comparisons()), {"organization:0", "person:0"})

        self.finish_look()
        self.run_nightly()

        self.assertFalse(self.comparisons())
        self.assertEqual(self.tribe_of(self.other)["PhoneNumber"], "040 2")
        self.assertEqual(self.other.phone, "040 2")

    def test_what_was_looked_at_since_is_edited_as_ever(self):
        self.connection.conflict_policy = "odoo"
        self.restore(Website="https://a.example")
        self.finish_look()
        self.run_nightly()
        self.look()

        for partner in (self.other, self.third):
            self.edit(partner, PhoneNumber="060 9", EmailAddress="ander@x.example")
            self.assertEqual(partner.phone, "060 9")
            self.assertEqual(partner.email, "ander@x.example")
        self.assertNotIn("Klant B", {name for name, _field in self.asked()})

    def test_it_is_said_for_a_day(self):
        self.restore(EmailAddress="nieuw@a.example")
        self.assert_trouble(self.connection, "tribe_restored")

        self.pass_time(days=1, hours=1)
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.trouble)

    def test_it_costs_no_call(self):
        # Looks of before that are due by then have calls of their own.
        self.finish_look()
        self.sandbox.reset_calls()

        self.look(self.partner)

        # The relation, and its relationships as customer and supplier.
        self.assertEqual(self.sandbox.calls()["total"], 3)

    def test_a_full_batch_has_witnesses_too(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Nummer {number}", "is_company": True, "customer_rank": 1}
                for number in range(40)
            ]
        )
        self.synchronize(partners)
        self.pass_time(hours=1)
        self.run_lanes()
        self.sandbox.reset_calls()
        self.look(partners)
        self.assertEqual(self.sandbox.calls()["total"], 3)

    def test_when_something_is_to_be_sent(self):
        """Who is saved in Odoo is read before Tribe is told."""
        self.restore()
        self.sandbox.change(ORGANIZATIONS, self.partner.tribe_id, {"Website": "https://a.example"})
        self.partner.email = "odoo@a.example"

        self.run_nightly()

        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.partner.email, "odoo@a.example")

    def test_an_open_question_outlives_another_edit(self):
        self.connection.conflict_policy = "ask"
        self.restore()
        self.look(self.partner)
        self.assertIn(("Klant A", "phone"), self.asked())
        self.finish_look()

        self.edit(self.partner, EmailAddress="nieuw@a.example")

        self.assertEqual(self.partner.phone, "030 2")
        self.assertLessEqual({("Klant A", "phone"), ("Klant A", "email")}, self.asked())
        self.env["tribe.conflict"].search([]).action_take_tribe()
        self.run_lanes()
        self.assertEqual(self.partner.phone, "030 1")
        self.assertEqual(self.partner.email, "nieuw@a.example")
        self.edit(self.partner, PhoneNumber="030 3")
        self.assertEqual(self.partner.phone, "030 3")

    def test_nobody_is_archived_by_what_is_from_the_backup(self):
        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.look()
        self.back_up()
        self.change_since(digit=3)
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": False})
        self.look()
        self.assertTrue(self.partner.active)
        self.restore()

        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"PaymentTermInDays": 30})
        self.look(self.partner)
        self.run_nightly()

        self.assertTrue(self.partner.active)

    def test_what_odoo_cannot_have_stays_in_tribe(self):
        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"PaymentTermInDays": 17})
        self.look()
        self.back_up()
        self.change_since(digit=3)
        self.connection.conflict_policy = "odoo"
        self.restore(Website="https://a.example")
        self.finish_look()
        self.run_nightly()

        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.assertEqual(row["PaymentTermInDays"], 17)

    def test_what_was_emptied_in_odoo_since_the_backup_stays_so(self):
        self.connection.conflict_policy = "odoo"
        self.other.email = False
        self.run_nightly()
        self.look()
        self.restore(Website="https://a.example")

        self.finish_look()
        self.run_nightly()

        self.assertFalse(self.other.email)
        self.assertFalse(self.tribe_of(self.other)["EmailAddress"])
        self.assertEqual(self.tribe_of(self.other)["PhoneNumber"], "040 2")

    def test_what_no_read_had_shown_is_told_again(self):
        """Odoo told it shortly before the restore."""
        self.connection.conflict_policy = "odoo"
        self.third.phone = "050 2"
        self.run_nightly()
        self.env["tribe.work"].search([]).unlink()
        self.restore(Website="https://a.example")

        self.finish_look()
        self.run_nightly()

        self.assertEqual(self.third.phone, "050 2")
        self.assertEqual(self.tribe_of(self.third)["PhoneNumber"], "050 2")

    def test_who_was_never_edited_before_the_backup_is_from_it(self):
        """Tribe has no mutation date of whom nobody has ever edited, and so none again."""
        self.connection.conflict_policy = "odoo"
        new = self.linked("Klant D", phone="060 1")
        self.look(new)
        self.assertIsNone(self.tribe_of(new)["LastMutationDate"])
        self.back_up()
        wait_for_next_second()
        new.phone = "060 2"
        self.run_nightly()
        self.look(new)
        self.restore()

        self.look(new)
        self.finish_look()
        self.run_nightly()

        self.assertEqual(new.phone, "060 2")
        self.assertEqual(self.tribe_of(new)["PhoneNumber"], "060 2")

    def test_it_is_asked_about_where_something_else_is_told_again(self):
        """Both sides are not alike as long as a read need not show what Odoo told."""
        self.connection.conflict_policy = "odoo"
        self.third.email = "ander@c.example"
        self.run_nightly()
        self.look()
        self.pass_time(hours=1)
        self.third.phone = "050 2"
        self.run_nightly()
        self.env["tribe.work"].search([]).unlink()
        self.sandbox.restore()
        self.edit(self.partner, Website="https://a.example")
        self.look(self.third)
        self.run_nightly()
        self.assertEqual(self.tribe_of(self.third)["EmailAddress"], "ander@c.example")

        for _night in range(2):
            self.finish_look()
            self.run_nightly()

        self.assertEqual(self.third.phone, "050 2")
        self.assertEqual(self.asked() & {("Klant C", "phone")}, {("Klant C", "phone")})

    def test_what_odoo_tells_while_it_may_be_an_old_copy(self):
        """By that its date is a new one, with all that is from the backup."""
        self.connection.conflict_policy = "tribe"
        self.back_up()
        wait_for_next_second()
        self.third.phone = "050 2"
        self.run_nightly()
        self.look(self.third)
        self.sandbox.restore()
        wait_for_next_second()
        self.third.email = "odoo@c.example"
        self.run_nightly()

        for _night in range(2):
            self.finish_look()
            self.run_nightly()

        self.assertEqual(self.third.phone, "050 2")
        self.assertIn(("Klant C", "phone"), self.asked())


class TestWhatProvesNothing(RestoredCase):
    def assertArrives(self):
        self.assertEqual(self.partner.email, "nieuw@a.example")
        self.assertFalse(self.asked())
        self.assertFalse(self.comparisons())

    def test_nothing_was_restored(self):
        self.pass_time(hours=1)
        self.edit(self.partner, EmailAddress="nieuw@a.example")
        self.assertArrives()

    def test_an_old_copy(self):
        """What was read of the others is too new for a read to be older for good."""
        self.sandbox.restore()
        self.edit(self.partner, EmailAddress="nieuw@a.example")
        self.assertFalse(self.comparisons())
        self.assertFalse(self.env["tribe.cursor"]._position(self.connection, "restored"))

    def test_a_relation_that_is_gone(self):
        self.pass_time(hours=1)
        for partner in (self.other, self.third):
            self.sandbox.delete(ORGANIZATIONS, partner.tribe_id)
        self.edit(self.partner, EmailAddress="nieuw@a.example")
        self.assertArrives()

    def test_mutation_dates_that_tribe_sends_no_more(self):
        def without_dates(*args, **options):
            rows = load_entities(*args, **options)
            return [{n: value for n, value in row.items() if n != STAMP} for row in rows]

        load_entities = relation_reader.load_entities
        self.connection.conflict_policy = "odoo"
        self.pass_time(hours=1)
        with patch.object(relation_reader, "load_entities", without_dates):
            self.edit(self.partner, EmailAddress="nieuw@a.example")
            self.run_nightly()
        self.assertArrives()

    def test_a_tribe_without_mutation_dates(self):
        self.env["tribe.link"].search([]).write({"shown": False, "shown_at": False})
        self.restore(EmailAddress="nieuw@a.example")
        self.assertArrives()


class TestRestoredTwice(RestoredCase):
    def test_it_is_noticed_again(self):
        self.connection.conflict_policy = "odoo"
        self.restore(Website="https://a.example")
        self.finish_look()
        self.run_nightly()
        self.look()
        self.pass_time(hours=1)
        first = self.env["tribe.cursor"]._position(self.connection, "restored")
        # What the connector told since is not in the backup.
        self.restore(Website="https://aa.example")

        self.assertGreater(self.env["tribe.cursor"]._position(self.connection, "restored"), first)
        self.assertEqual(self.partner.phone, "030 2")
        self.finish_look()
        self.run_nightly()
        self.assertEqual(self.tribe_of(self.other)["PhoneNumber"], "040 2")

    def test_once_is_once(self):
        """What stays as it was in the backup is no second restore."""
        self.connection.conflict_policy = "ask"
        self.restore(Website="https://a.example")
        moment = fields.Datetime.now() + timedelta(seconds=self.connection.settle_seconds)
        for _time in range(3):
            self.finish_look()
            self.look()
            self.pass_time(hours=1)
        self.look()
        position = self.env["tribe.cursor"]._position(self.connection, "restored")
        self.assertLess(position, moment)
        self.assertFalse(self.comparisons())


class TestLookThatIsInterrupted(RestoredCase):
    def test_who_was_not_looked_at_is_still_in_doubt(self):
        self.restore(Website="https://a.example")
        self.env["tribe.work"].search([("kind", "=", "comparison")]).unlink()
        self.finish_look()

        self.edit(self.other, EmailAddress="nieuw@b.example")

        self.assertEqual(self.other.phone, "040 2")
        self.assertLessEqual({("Klant B", "phone"), ("Klant B", "email")}, self.asked())

    def test_who_was_not_changed_since_the_backup_is_alike_once_looked_at(self):
        self.restore(Website="https://a.example")
        self.env["tribe.work"].search([("kind", "=", "comparison")]).unlink()
        self.finish_look()
        self.look(self.third)

        self.edit(self.third, PhoneNumber="050 9")

        self.assertEqual(self.third.phone, "050 9")
